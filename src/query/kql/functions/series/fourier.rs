//! The discrete Fourier transform and its inverse.

use arrow::array::ArrayRef;

use super::super::json::ArrayWriter;
use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Part, Returns, takes};
use super::numbers::{complete, reals};
use crate::query::kql::tree::ScalarType::{self, Dynamic};

type Result<T> = std::result::Result<T, KernelError>;

const PARTS: Returns = Returns::Several(parts);
const SERIES: &[Parameter] = &[takes("series", Dynamic), takes("series_imaginary", Dynamic)];

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "series_fft",
        Family::Series,
        "Gives the frequencies of a series: real and imaginary parts.",
        &[form(SERIES, 1, PARTS, |call| transformed(call, -1.0))],
    ),
    Function::new(
        "series_ifft",
        Family::Series,
        "Gives the series of frequencies: real and imaginary parts.",
        &[form(SERIES, 1, PARTS, |call| transformed(call, 1.0))],
    ),
];

fn parts(_: &[ScalarType]) -> Vec<Part> {
    vec![Part { name: "real", kind: Dynamic }, Part { name: "imag", kind: Dynamic }]
}

/// A complex number.
type Complex = (f64, f64);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn transformed(call: &Arguments, sign: f64) -> Result<ArrayRef> {
    Ok(call.jsons(|row| {
        let real = complete(call, 0, row)?;
        let imaginary = if call.len() > 1 { complete(call, 1, row)? } else { vec![0.0; real.len()] };
        if real.len() != imaginary.len() {
            return None;
        }
        let values = transform(real.into_iter().zip(imaginary).collect(), sign);
        let scale = if sign > 0.0 { 1.0 / values.len() as f64 } else { 1.0 };
        let mut out = ArrayWriter::default();
        out.push(&reals(values.iter().map(|value| value.0 * scale)));
        out.push(&reals(values.iter().map(|value| value.1 * scale)));
        Some(out.finish())
    }))
}

/// The transform of values of any number.
fn transform(values: Vec<Complex>, sign: f64) -> Vec<Complex> {
    if values.len().is_power_of_two() || values.is_empty() { by_halves(values, sign) } else { by_chirps(&values, sign) }
}

/// The transform of a power of two of values: that of the even and that of the odd ones.
fn by_halves(values: Vec<Complex>, sign: f64) -> Vec<Complex> {
    let count = values.len();
    if count <= 1 {
        return values;
    }
    let half = |from: usize| by_halves(values.iter().skip(from).step_by(2).copied().collect(), sign);
    let (even, odd) = (half(0), half(1));
    let turned = |place: usize| {
        let angle = sign * std::f64::consts::TAU * place as f64 / count as f64;
        times(odd[place], (angle.cos(), angle.sin()))
    };
    let sums = (0..count / 2).map(|place| (even[place].0 + turned(place).0, even[place].1 + turned(place).1));
    let differences = (0..count / 2).map(|place| (even[place].0 - turned(place).0, even[place].1 - turned(place).1));
    sums.chain(differences).collect()
}

/// The transform of any number of values as a convolution with a chirp (Bluestein's way).
fn by_chirps(values: &[Complex], sign: f64) -> Vec<Complex> {
    let count = values.len();
    let size = (2 * count - 1).next_power_of_two();
    let chirp = |place: usize| {
        // The square modulo 2n keeps the angle small and exact.
        let square = (place as u128 * place as u128) % (2 * count as u128);
        let angle = sign * std::f64::consts::PI * square as f64 / count as f64;
        (angle.cos(), angle.sin())
    };
    let mut left = vec![(0.0, 0.0); size];
    let mut right = vec![(0.0, 0.0); size];
    for (place, value) in values.iter().enumerate() {
        let (cos, sin) = chirp(place);
        left[place] = times(*value, (cos, sin));
        right[place] = (cos, -sin);
        right[(size - place) % size] = (cos, -sin);
    }
    let products = by_halves(left, -1.0).into_iter().zip(by_halves(right, -1.0)).map(|(a, b)| times(a, b)).collect();
    let back = by_halves(products, 1.0);
    (0..count).map(|place| times((back[place].0 / size as f64, back[place].1 / size as f64), chirp(place))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Complex, transform};

    /// The transform as it is defined.
    fn defined(values: &[Complex]) -> Vec<Complex> {
        let count = values.len();
        let term = |frequency: usize, place: usize| {
            let angle = -std::f64::consts::TAU * (frequency * place % count) as f64 / count as f64;
            super::times(values[place], (angle.cos(), angle.sin()))
        };
        let sum = |frequency: usize| (0..count).map(|place| term(frequency, place)).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        (0..count).map(sum).collect()
    }

    #[test]
    fn the_fast_ways_give_what_the_definition_gives() {
        for count in [0, 1, 2, 3, 5, 8, 12, 17, 64, 97] {
            let values: Vec<Complex> = (0..count).map(|place| ((place * place % 7) as f64, (place % 3) as f64)).collect();
            for (fast, slow) in transform(values.clone(), -1.0).into_iter().zip(defined(&values)) {
                assert!((fast.0 - slow.0).abs() < 1e-9 && (fast.1 - slow.1).abs() < 1e-9, "{count} values: {fast:?}, {slow:?}");
            }
        }
    }
}

//! Fitting a polynomial to points.

use arrow::array::ArrayRef;

use super::super::json::{self, ArrayWriter};
use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Part, Returns, takes};
use super::numbers::{complete, reals, variance};
use crate::query::kql::tree::ScalarType::{self, Dynamic, Long, Real};

type Result<T> = std::result::Result<T, KernelError>;

const PARTS: Returns = Returns::Several(parts);
const Y: Parameter = takes("y_series", Dynamic);

pub(super) static FUNCTIONS: &[Function] = &[Function::new(
    "series_fit_poly",
    Family::Series,
    "Fits a polynomial to a series over its places, or over another series; its degree is 1 unless given.",
    &[form(&[Y, takes("x_series", Dynamic), takes("degree", Long)], 1, PARTS, fit), form(&[Y, takes("degree", Long)], 2, PARTS, fit)],
)];

/// The greatest degree: beyond it the digits of a float say nothing.
const DEGREE_MAX: usize = 20;

fn parts(_: &[ScalarType]) -> Vec<Part> {
    vec![
        Part { name: "rsquare", kind: Real },
        Part { name: "coefficients", kind: Dynamic },
        Part { name: "variance", kind: Real },
        Part { name: "rvariance", kind: Real },
        Part { name: "poly_fit", kind: Dynamic },
    ]
}

fn fit(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.jsons(|row| {
        let y = complete(call, 0, row)?;
        let has_x = call.len() > 1 && call.kind(1) == Dynamic;
        let x = if has_x { complete(call, 1, row)? } else { (0..y.len()).map(|place| place as f64).collect() };
        let degree = if call.len() > usize::from(has_x) + 1 { call.long(call.len() - 1, row)? } else { 1 };
        let degree = usize::try_from(degree).ok().filter(|degree| *degree <= DEGREE_MAX)?;
        if x.len() != y.len() {
            return None;
        }
        let coefficients = polynomial(&x, &y, degree)?;
        let fitted: Vec<f64> = x.iter().map(|x| coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)).collect();
        let total = variance(&y);
        let residual = y.iter().zip(&fitted).map(|(y, fitted)| (y - fitted).powi(2)).sum::<f64>() / (y.len() as f64 - 1.0);
        let mut out = ArrayWriter::default();
        out.push(&json::real_of(if total > 0.0 { (1.0 - residual / total).clamp(0.0, 1.0) } else { 1.0 }));
        out.push(&reals(coefficients.iter().rev().copied()));
        out.push(&json::real_of(total));
        out.push(&json::real_of(residual));
        out.push(&reals(fitted));
        Some(out.finish())
    }))
}

/// The coefficients of the polynomial of least squares, lowest power first; none if there are too few points.
fn polynomial(x: &[f64], y: &[f64], degree: usize) -> Option<Vec<f64>> {
    let (low, high) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
    if x.len() < degree + 1 || !(low.is_finite() && high.is_finite()) || x.len() < 2 {
        return None;
    }
    // Powers of numbers from -1 to 1 stay apart.
    let (center, width) = ((low + high) / 2.0, if high > low { (high - low) / 2.0 } else { 1.0 });
    let scaled: Vec<f64> = x.iter().map(|x| (x - center) / width).collect();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut power = vec![1.0; x.len()];
    for _ in 0..=degree {
        columns.push(power.clone());
        power.iter_mut().zip(&scaled).for_each(|(power, x)| *power *= x);
    }
    Some(unscaled(&least_squares(columns, y)?, center, width))
}

/// Solves for the weights of columns whose sum is nearest to y, by Gram and Schmidt's orthogonal columns.
fn least_squares(columns: Vec<Vec<f64>>, y: &[f64]) -> Option<Vec<f64>> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let count = columns.len();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut triangle = vec![vec![0.0; count]; count];
    for (place, mut column) in columns.into_iter().enumerate() {
        let length = dot(&column, &column).sqrt();
        for (row, unit) in basis.iter().enumerate() {
            let along = dot(unit, &column);
            triangle[row][place] = along;
            column.iter_mut().zip(unit).for_each(|(value, unit)| *value -= along * unit);
        }
        let left = dot(&column, &column).sqrt();
        if left <= 1e-12 * length {
            return None;
        }
        triangle[place][place] = left;
        column.iter_mut().for_each(|value| *value /= left);
        basis.push(column);
    }
    let mut rest = y.to_vec();
    let mut weights: Vec<f64> = Vec::new();
    for unit in &basis {
        let along = dot(unit, &rest);
        rest.iter_mut().zip(unit).for_each(|(value, unit)| *value -= along * unit);
        weights.push(along);
    }
    for row in (0..count).rev() {
        let known: f64 = (row + 1..count).map(|column| triangle[row][column] * weights[column]).sum();
        weights[row] = (weights[row] - known) / triangle[row][row];
    }
    Some(weights)
}

/// The polynomial in x of one in (x - center) / width, by Horner's scheme over polynomials.
fn unscaled(coefficients: &[f64], center: f64, width: f64) -> Vec<f64> {
    let mut out = vec![0.0; coefficients.len()];
    for coefficient in coefficients.iter().rev() {
        for place in (0..out.len()).rev() {
            let below = if place > 0 { out[place - 1] } else { 0.0 };
            out[place] = (below - center * out[place]) / width;
        }
        out[0] += coefficient;
    }
    out
}

//! Functions and comparisons of each element, and of the elements of two series at the same place.

use arrow::array::ArrayRef;

use super::super::json::{self, ArrayWriter, Json, Kind};
use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Returns, takes};
use super::numbers::{array, number, numbers, reals_or_null, takes_number};
use crate::query::kql::tree::ScalarType::{Dynamic, Int, Long};

type Result<T> = std::result::Result<T, KernelError>;

const JSON: Returns = Returns::Always(Dynamic);

macro_rules! of_one {
    ($name:literal, $summary:literal, $compute:expr) => {
        Function::new(
            $name,
            Family::Series,
            $summary,
            &[form(&[takes("series", Dynamic)], 1, JSON, |call| {
                Ok(call.jsons(|row| Some(reals_or_null(numbers(array(call, 0, row)?).into_iter().map(|value| value.map($compute))))))
            })],
        )
    };
}

/// A function of two series, or of a series and a number.
macro_rules! of_two {
    ($name:literal, $summary:literal, $kernel:expr) => {
        Function::new(
            $name,
            Family::Series,
            $summary,
            &[
                form(&[takes("left", Dynamic), takes("right", Dynamic)], 2, JSON, $kernel),
                form(&[takes("left", Dynamic), takes_number("right")], 2, JSON, $kernel),
                form(&[takes_number("left"), takes("right", Dynamic)], 2, JSON, $kernel),
            ],
        )
    };
}

macro_rules! compares {
    ($name:literal, $summary:literal, $test:expr) => {
        of_two!($name, $summary, |call| combined(call, |out, a, b| out.push_str(if $test(&a.real, &b.real) { "true" } else { "false" })))
    };
}

macro_rules! computes {
    ($name:literal, $summary:literal, $whole:expr, $real:expr) => {
        of_two!($name, $summary, |call| combined(call, |out, a, b| arithmetic(out, a, b, $whole, $real)))
    };
}

const NOT_WHOLE: fn(i64, i64) -> Option<i64> = |_, _| None;

pub(super) static FUNCTIONS: &[Function] = &[
    computes!("series_add", "Adds two series element by element.", i64::checked_add, |a, b| a + b),
    computes!("series_subtract", "Takes one series from another element by element.", i64::checked_sub, |a, b| a - b),
    computes!("series_multiply", "Multiplies two series element by element.", i64::checked_mul, |a, b| a * b),
    computes!("series_divide", "Divides two series element by element, as reals.", NOT_WHOLE, |a, b| a / b),
    computes!("series_pow", "Raises each element to the power of another.", NOT_WHOLE, f64::powf),
    compares!("series_equals", "Tells of each element whether it equals another.", f64::eq),
    compares!("series_not_equals", "Tells of each element whether it differs from another.", f64::ne),
    compares!("series_less", "Tells of each element whether it is less than another.", f64::lt),
    compares!("series_less_equals", "Tells of each element whether it is not above another.", f64::le),
    compares!("series_greater", "Tells of each element whether it is greater than another.", f64::gt),
    compares!("series_greater_equals", "Tells of each element whether it is not below another.", f64::ge),
    Function::new(
        "series_abs",
        Family::Series,
        "Gives each element without its sign.",
        &[form(&[takes("series", Dynamic)], 1, JSON, |call| {
            Ok(call.jsons(|row| {
                let mut out = ArrayWriter::default();
                for element in array(call, 0, row)?.elements() {
                    match (element.long().and_then(i64::checked_abs), element.real()) {
                        (Some(value), _) => out.push(&value.to_string()),
                        (None, Some(value)) => json::real(out.begin(), value.abs()),
                        (None, None) => out.push("null"),
                    }
                }
                Some(out.finish())
            }))
        })],
    ),
    of_one!("series_sign", "Gives -1, 0 or 1 for each element, as its sign.", |value: f64| if value == 0.0 { 0.0 } else { value.signum() }),
    of_one!("series_ceiling", "Rounds each element up.", f64::ceil),
    of_one!("series_floor", "Rounds each element down.", f64::floor),
    of_one!("series_exp", "Gives e to the power of each element.", f64::exp),
    of_one!("series_log", "Gives the natural logarithm of each element.", f64::ln),
    of_one!("series_sin", "Gives the sine of each element.", f64::sin),
    of_one!("series_cos", "Gives the cosine of each element.", f64::cos),
    of_one!("series_tan", "Gives the tangent of each element.", f64::tan),
    of_one!("series_asin", "Gives the angle of each sine.", f64::asin),
    of_one!("series_acos", "Gives the angle of each cosine.", f64::acos),
    of_one!("series_atan", "Gives the angle of each tangent.", f64::atan),
];

/// An element that is a number.
#[derive(Clone, Copy)]
struct Element {
    /// Its value if it is whole.
    long: Option<i64>,
    real: f64,
}

impl Element {
    fn of(value: Json<'_>) -> Option<Self> {
        Some(Self { long: value.long(), real: value.real()? })
    }
}

/// A series, or one number for all elements of the other.
enum Operand {
    Series(Vec<Option<Element>>),
    Number(Element),
}

impl Operand {
    fn of(call: &Arguments, argument: usize, row: usize) -> Option<Self> {
        if call.kind(argument) != Dynamic {
            let long = match call.kind(argument) {
                Int => call.int(argument, row).map(i64::from),
                Long => call.long(argument, row),
                _ => None,
            };
            return Some(Self::Number(Element { long, real: number(call, argument, row)? }));
        }
        let value = Json::new(call.json(argument, row)?);
        match value.kind() {
            Kind::Array => Some(Self::Series(value.elements().map(Element::of).collect())),
            _ => Element::of(value).map(Self::Number),
        }
    }

    fn at(&self, place: usize) -> Option<Element> {
        match self {
            Self::Series(elements) => elements.get(place).copied().flatten(),
            Self::Number(number) => Some(*number),
        }
    }

    fn length(&self) -> Option<usize> {
        if let Self::Series(elements) = self { Some(elements.len()) } else { None }
    }
}

/// Writes what becomes of the elements at each place; null where one is missing or no number.
fn combined(call: &Arguments, write: impl Fn(&mut String, Element, Element)) -> Result<ArrayRef> {
    Ok(call.jsons(|row| {
        let (left, right) = (Operand::of(call, 0, row)?, Operand::of(call, 1, row)?);
        let length = left.length().max(right.length())?;
        let mut out = ArrayWriter::default();
        for place in 0..length {
            match (left.at(place), right.at(place)) {
                (Some(a), Some(b)) => write(out.begin(), a, b),
                _ => out.push("null"),
            }
        }
        Some(out.finish())
    }))
}

fn arithmetic(out: &mut String, a: Element, b: Element, whole: impl Fn(i64, i64) -> Option<i64>, real: impl Fn(f64, f64) -> f64) {
    match a.long.zip(b.long).and_then(|(a, b)| whole(a, b)) {
        Some(value) => out.push_str(&value.to_string()),
        None => json::real(out, real(a.real, b.real)),
    }
}

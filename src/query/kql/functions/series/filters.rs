//! Digital filters.

use arrow::array::ArrayRef;

use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Returns, takes};
use super::numbers::{complete, reals};
use crate::query::kql::tree::ScalarType::{Bool, Dynamic};

type Result<T> = std::result::Result<T, KernelError>;

const JSON: Returns = Returns::Always(Dynamic);

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "series_fir",
        Family::Series,
        "Applies a filter of coefficients: moving averages, differences; what lies before the series counts as zero.",
        &[form(&[takes("series", Dynamic), takes("filter", Dynamic), takes("normalize", Bool), takes("center", Bool)], 2, JSON, fir)],
    ),
    Function::new(
        "series_iir",
        Family::Series,
        "Applies a recursive filter, given by the coefficients of its numerator and denominator.",
        &[form(&[takes("series", Dynamic), takes("numerators", Dynamic), takes("denominators", Dynamic)], 3, JSON, iir)],
    ),
];

fn fir(call: &Arguments) -> Result<ArrayRef> {
    let flag = |argument: usize, row: usize, default: bool| {
        if argument < call.len() { call.bool(argument, row).unwrap_or(default) } else { default }
    };
    Ok(call.jsons(|row| {
        let (series, mut filter) = (complete(call, 0, row)?, complete(call, 1, row)?);
        let sum: f64 = filter.iter().sum();
        if flag(2, row, true) && sum != 0.0 {
            filter.iter_mut().for_each(|coefficient| *coefficient /= sum);
        }
        let ahead = if flag(3, row, false) { filter.len().saturating_sub(1) / 2 } else { 0 };
        let at = |place: usize, back: usize| (place + ahead).checked_sub(back).and_then(|place| series.get(place)).copied().unwrap_or(0.0);
        let filtered = |place: usize| filter.iter().enumerate().map(|(back, coefficient)| coefficient * at(place, back)).sum();
        Some(reals((0..series.len()).map(filtered)))
    }))
}

fn iir(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.jsons(|row| {
        let (series, numerators, denominators) = (complete(call, 0, row)?, complete(call, 1, row)?, complete(call, 2, row)?);
        let (first, feedback) = denominators.split_first()?;
        if *first == 0.0 {
            return None;
        }
        let mut out: Vec<f64> = Vec::with_capacity(series.len());
        for place in 0..series.len() {
            let input: f64 = numerators.iter().zip(series[..=place].iter().rev()).map(|(coefficient, value)| coefficient * value).sum();
            let output: f64 = feedback.iter().zip(out.iter().rev()).map(|(coefficient, value)| coefficient * value).sum();
            out.push((input - output) / first);
        }
        Some(reals(out))
    }))
}

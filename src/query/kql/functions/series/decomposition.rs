//! A series taken apart into what repeats, a trend, and a rest.

use super::super::KernelError;
use super::lines::line;
use super::numbers::mean;
use super::periods::{best_period, repeating_part};

/// How the trend is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trend {
    Average,
    Line,
    None,
}

impl Trend {
    pub(super) fn named(name: &str) -> Result<Self, KernelError> {
        match name.to_ascii_lowercase().as_str() {
            "avg" => Ok(Self::Average),
            "linefit" => Ok(Self::Line),
            "none" => Ok(Self::None),
            _ => Err(KernelError::new(format!("expected the trend `avg`, `linefit` or `none`, found `{name}`"))),
        }
    }
}

/// What to take a series apart by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// The period; none is found, zero is none.
    pub(super) period: Option<usize>,
    pub(super) trend: Trend,
    /// Points at the end that nothing is learned from.
    pub(super) test_points: usize,
    /// The score from which on a found period counts.
    pub(super) threshold: f64,
}

/// The parts of a series; baseline is seasonal and trend together.
#[derive(Clone, Debug)]
pub(super) struct Decomposition {
    pub(super) seasonal: Vec<f64>,
    pub(super) trend: Vec<f64>,
    pub(super) baseline: Vec<f64>,
    pub(super) residual: Vec<f64>,
}

/// Takes a series apart.
pub(super) fn decompose(values: &[f64], rules: Rules) -> Decomposition {
    let known = values.len().saturating_sub(rules.test_points);
    let period = match rules.period {
        None => best_period(&values[..known], rules.threshold),
        Some(0) => None,
        given => given,
    };
    let seasonal = repeating_part(values, known, period);
    let rest: Vec<f64> = values[..known].iter().zip(&seasonal).map(|(value, seasonal)| value - seasonal).collect();
    let trend: Vec<f64> = match (rules.trend, line(&rest)) {
        (Trend::Average, Some(_)) => vec![mean(&rest); values.len()],
        (Trend::Line, Some(line)) => (0..values.len()).map(|place| line.at(place)).collect(),
        _ => vec![0.0; values.len()],
    };
    let baseline: Vec<f64> = seasonal.iter().zip(&trend).map(|(seasonal, trend)| seasonal + trend).collect();
    let residual = values.iter().zip(&baseline).map(|(value, baseline)| value - baseline).collect();
    Decomposition { seasonal, trend, baseline, residual }
}

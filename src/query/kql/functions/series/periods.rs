//! Periods in a series, and what repeats with them.

use arrow::array::ArrayRef;

use super::super::json::ArrayWriter;
use super::super::table::{form, repeating};
use super::super::{Arguments, Family, Function, KernelError, Part, Returns, takes};
use super::numbers::{complete, mean, median, number, reals, takes_number};
use crate::query::kql::tree::ScalarType::{self, Dynamic, Long};

type Result<T> = std::result::Result<T, KernelError>;

const PARTS: Returns = Returns::Several(parts);
const DIFFERENCE: &str = "Scores are autocorrelations weighed by the share of points compared; Kusto's are not published.";

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "series_periods_detect",
        Family::Series,
        "Finds the periods of a series within bounds, the most significant first; zeros fill up.",
        &[form(
            &[takes("series", Dynamic), takes_number("min_period"), takes_number("max_period"), takes("num_periods", Long)],
            4,
            PARTS,
            detect,
        )],
    )
    .differs(DIFFERENCE),
    Function::new(
        "series_periods_validate",
        Family::Series,
        "Tells how significant each of the given periods is.",
        &[repeating(&[takes("series", Dynamic), takes_number("period")], 2, 1, PARTS, validate)],
    )
    .differs(DIFFERENCE),
    Function::new(
        "series_seasonal",
        Family::Series,
        "Gives what repeats in a series: for each place the median of those a period apart; the period is found unless given.",
        &[form(&[takes("series", Dynamic), takes("period", Long), takes("test_points", Long)], 1, Returns::Always(Dynamic), seasonal)],
    ),
];

fn parts(_: &[ScalarType]) -> Vec<Part> {
    vec![Part { name: "periods", kind: Dynamic }, Part { name: "scores", kind: Dynamic }]
}

/// Points of a period at least.
const PERIOD_MIN: usize = 4;
/// Periods looked for at most.
const PERIODS_MAX: usize = 100;
/// The score from which on a period counts.
pub(super) const SCORE_MIN: f64 = 0.6;

/// How alike a series is to itself a period later, from 0 to 1, for all periods that can be told.
struct Correlations {
    scores: Vec<f64>,
    /// Points of the series.
    count: usize,
}

impl Correlations {
    fn new(values: &[f64]) -> Self {
        let mean = mean(values);
        let total: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let count = values.len();
        let score = |period: usize| {
            let together: f64 = values.iter().zip(&values[period..]).map(|(a, b)| (a - mean) * (b - mean)).sum();
            let share = (count - period) as f64 / count as f64;
            if total > 0.0 { (together / total / share.sqrt()).clamp(0.0, 1.0) } else { 0.0 }
        };
        Self { scores: (0..count.div_ceil(2)).map(score).collect(), count }
    }

    /// The score of a period, if no other near to it is better.
    fn peak(&self, period: usize) -> Option<f64> {
        let score = *self.scores.get(period).filter(|_| period >= PERIOD_MIN)?;
        let reach = (period / 3).max(1);
        let near = period - reach..=(period + reach).min(self.scores.len() - 1);
        // Noise reaches so far in one of twenty.
        let noise = 2.0 / (self.count as f64).sqrt();
        let is_best = score > noise && near.filter(|other| *other != period).all(|other| self.scores[other] < score);
        is_best.then_some(score)
    }

    /// Periods and scores, best first; multiples of a better one say nothing new.
    fn peaks(&self, low: f64, high: f64) -> Vec<(usize, f64)> {
        let inside = |period: &usize| (low..=high).contains(&(*period as f64));
        let mut peaks: Vec<_> =
            (PERIOD_MIN..self.scores.len()).filter(inside).filter_map(|period| Some((period, self.peak(period)?))).collect();
        peaks.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut kept: Vec<(usize, f64)> = Vec::new();
        for (period, score) in peaks {
            if !kept.iter().any(|(better, _)| period % better == 0) {
                kept.push((period, score));
            }
        }
        kept
    }
}

fn written(found: &[(f64, f64)]) -> String {
    let mut out = ArrayWriter::default();
    out.push(&reals(found.iter().map(|(period, _)| *period)));
    out.push(&reals(found.iter().map(|(_, score)| *score)));
    out.finish()
}

fn detect(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.jsons(|row| {
        let values = complete(call, 0, row)?;
        let (low, high) = (number(call, 1, row)?, number(call, 2, row)?);
        let count = usize::try_from(call.long(3, row)?).ok()?.min(PERIODS_MAX);
        let found = Correlations::new(&values).peaks(low, high).into_iter().map(|(period, score)| (period as f64, score));
        let found: Vec<_> = found.chain(std::iter::repeat((0.0, 0.0))).take(count).collect();
        Some(written(&found))
    }))
}

fn validate(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.jsons(|row| {
        let values = complete(call, 0, row)?;
        let correlations = Correlations::new(&values);
        let score = |period: f64| if period >= 0.0 { correlations.peak(period.round() as usize).unwrap_or(0.0) } else { 0.0 };
        let periods = (1..call.len()).map(|argument| number(call, argument, row)).collect::<Option<Vec<_>>>()?;
        Some(written(&periods.into_iter().map(|period| (period, score(period))).collect::<Vec<_>>()))
    }))
}

/// The period of a series with the best score, if that reaches a threshold.
pub(super) fn best_period(values: &[f64], threshold: f64) -> Option<usize> {
    let peaks = Correlations::new(values).peaks(0.0, f64::INFINITY);
    peaks.first().filter(|(_, score)| *score >= threshold).map(|(period, _)| *period)
}

/// What repeats: the median of the known points that lie whole periods apart; zeros if nothing repeats.
pub(super) fn repeating_part(values: &[f64], known: usize, period: Option<usize>) -> Vec<f64> {
    let Some(period) = period.filter(|period| (1..=known).contains(period)) else { return vec![0.0; values.len()] };
    let phases: Vec<f64> = (0..period).map(|phase| median(values[..known].iter().skip(phase).step_by(period).copied().collect())).collect();
    (0..values.len()).map(|place| phases[place % period]).collect()
}

fn seasonal(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.jsons(|row| {
        let values = complete(call, 0, row)?;
        let test_points = if call.len() > 2 { usize::try_from(call.long(2, row)?).ok()? } else { 0 };
        let known = values.len().saturating_sub(test_points);
        let period = if call.len() > 1 { call.long(1, row)? } else { -1 };
        let period = if period < 0 { best_period(&values[..known], SCORE_MIN) } else { usize::try_from(period).ok() };
        Some(reals(repeating_part(&values, known, period)))
    }))
}

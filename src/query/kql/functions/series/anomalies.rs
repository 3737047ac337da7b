//! Decomposition, forecasts, and points that stand out.

use arrow::array::ArrayRef;

use super::super::json::ArrayWriter;
use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Part, Returns, takes};
use super::decomposition::{Rules, Trend, decompose};
use super::numbers::{array, complete, number_or, numbers, percentile, reals, takes_number, text_or};
use super::periods::SCORE_MIN;
use crate::query::kql::tree::ScalarType::{self, Dynamic, Long, String as Text};

type Result<T> = std::result::Result<T, KernelError>;

const DIFFERENCE: &str = "Periods that are not given are found by autocorrelation; percentiles lie on a line between two points.";
const PERIOD: Parameter = takes("seasonality", Long);
const TREND: Parameter = takes("trend", Text);
const TEST_POINTS: Parameter = takes("test_points", Long);
const THRESHOLD: Parameter = takes_number("seasonality_threshold");
const SERIES: Parameter = takes("series", Dynamic);

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "series_decompose",
        Family::Series,
        "Takes a series apart into what repeats, a trend and a rest.",
        &[form(&[SERIES, PERIOD, TREND, TEST_POINTS, THRESHOLD], 1, Returns::Several(four_parts), decomposed)],
    )
    .differs(DIFFERENCE),
    Function::new(
        "series_decompose_forecast",
        Family::Series,
        "Continues what repeats and the trend of a series over its last points.",
        &[form(&[SERIES, takes("points", Long), PERIOD, TREND, THRESHOLD], 2, Returns::Several(four_parts), forecast)],
    )
    .differs(DIFFERENCE),
    Function::new(
        "series_decompose_anomalies",
        Family::Series,
        "Marks the points of a series that stand out from what repeats and the trend: 1 up, -1 down; with scores and baseline.",
        &[form(
            &[SERIES, takes_number("threshold"), PERIOD, TREND, TEST_POINTS, takes("method", Text), THRESHOLD],
            1,
            Returns::Several(anomaly_parts),
            anomalies,
        )],
    )
    .differs(DIFFERENCE),
    Function::new(
        "series_outliers",
        Family::Series,
        "Scores how far each point lies outside of the range of the others; beyond 1.5 it stands out.",
        &[form(
            &[
                SERIES,
                takes("kind", Text),
                takes_number("ignore_val"),
                takes_number("min_percentile"),
                takes_number("max_percentile"),
                TEST_POINTS,
            ],
            1,
            Returns::Always(Dynamic),
            outliers,
        )],
    )
    .differs(DIFFERENCE),
];

fn four_parts(_: &[ScalarType]) -> Vec<Part> {
    ["baseline", "seasonal", "trend", "residual"].map(|name| Part { name, kind: Dynamic }).to_vec()
}

fn anomaly_parts(_: &[ScalarType]) -> Vec<Part> {
    ["ad_flag", "ad_score", "baseline"].map(|name| Part { name, kind: Dynamic }).to_vec()
}

/// A whole number that may be left out or null.
fn whole_or(call: &Arguments, argument: usize, row: usize, default: i64) -> i64 {
    if argument < call.len() { call.long(argument, row).unwrap_or(default) } else { default }
}

/// Where the arguments that say how to decompose stand; none where a function has them not.
struct Places {
    period: usize,
    trend: usize,
    default_trend: &'static str,
    test_points: usize,
    threshold: usize,
}

fn rules(call: &Arguments, places: &Places, row: usize) -> Result<Rules> {
    Ok(Rules {
        period: usize::try_from(whole_or(call, places.period, row, -1)).ok(),
        trend: Trend::named(text_or(call, places.trend, row, places.default_trend))?,
        test_points: usize::try_from(whole_or(call, places.test_points, row, 0)).unwrap_or(0),
        threshold: number_or(call, places.threshold, row, SCORE_MIN),
    })
}

/// Rows to JSON, each of which may end the query with an error.
fn rows(call: &Arguments, compute: impl Fn(usize) -> Result<Option<String>>) -> Result<ArrayRef> {
    let values = (0..call.rows).map(compute).collect::<Result<Vec<_>>>()?;
    Ok(call.jsons(|row| values[row].as_deref()))
}

fn in_parts(call: &Arguments, places: &Places) -> Result<ArrayRef> {
    rows(call, |row| {
        let rules = rules(call, places, row)?;
        Ok(complete(call, 0, row).map(|values| {
            let parts = decompose(&values, rules);
            let mut out = ArrayWriter::default();
            for part in [parts.baseline, parts.seasonal, parts.trend, parts.residual] {
                out.push(&reals(part));
            }
            out.finish()
        }))
    })
}

fn decomposed(call: &Arguments) -> Result<ArrayRef> {
    in_parts(call, &Places { period: 1, trend: 2, default_trend: "avg", test_points: 3, threshold: 4 })
}

fn forecast(call: &Arguments) -> Result<ArrayRef> {
    in_parts(call, &Places { period: 2, trend: 3, default_trend: "linefit", test_points: 1, threshold: 4 })
}

/// The percentiles between which points are taken to be normal.
fn range_of(kind: &str) -> Result<(f64, f64)> {
    match kind.to_ascii_lowercase().as_str() {
        "ctukey" => Ok((10.0, 90.0)),
        "tukey" => Ok((25.0, 75.0)),
        _ => Err(KernelError::new(format!("expected the method `ctukey` or `tukey`, found `{kind}`"))),
    }
}

/// How far each value lies outside of the normal range of the known ones, in units of that range.
fn scores(values: &[Option<f64>], known: usize, (low, high): (f64, f64)) -> Vec<f64> {
    let mut sorted: Vec<f64> = values[..known].iter().filter_map(|value| value.filter(|value| value.is_finite())).collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.is_empty() {
        return vec![0.0; values.len()];
    }
    let (low, high) = (percentile(&sorted, low), percentile(&sorted, high));
    // Where all normal points are the same, any other stands out, by a finite score.
    let range = (high - low).max(1e-9 * high.abs().max(low.abs()).max(1.0));
    let score = |value: f64| match value {
        _ if value > high => (value - high) / range,
        _ if value < low => (value - low) / range,
        _ => 0.0,
    };
    values.iter().map(|value| value.map_or(0.0, score)).collect()
}

fn anomalies(call: &Arguments) -> Result<ArrayRef> {
    const PLACES: Places = Places { period: 2, trend: 3, default_trend: "avg", test_points: 4, threshold: 6 };
    rows(call, |row| {
        let rules = rules(call, &PLACES, row)?;
        let range = range_of(text_or(call, 5, row, "ctukey"))?;
        let threshold = number_or(call, 1, row, 1.5);
        Ok(complete(call, 0, row).map(|values| {
            let parts = decompose(&values, rules);
            let residual: Vec<_> = parts.residual.into_iter().map(Some).collect();
            let scores = scores(&residual, residual.len().saturating_sub(rules.test_points), range);
            let flags = scores.iter().map(|score| {
                if *score >= threshold {
                    "1"
                } else if *score <= -threshold {
                    "-1"
                } else {
                    "0"
                }
            });
            let mut out = ArrayWriter::default();
            out.push(&super::numbers::array_of(flags));
            out.push(&reals(scores.iter().copied()));
            out.push(&reals(parts.baseline));
            out.finish()
        }))
    })
}

fn outliers(call: &Arguments) -> Result<ArrayRef> {
    /// The percentiles that may be asked for.
    const PERCENTILES: (f64, f64) = (2.0, 98.0);
    rows(call, |row| {
        let kind = text_or(call, 1, row, "ctukey");
        let (low, high) = range_of(kind)?;
        let bounded = |value: f64| value.clamp(PERCENTILES.0, PERCENTILES.1);
        let range = match kind.eq_ignore_ascii_case("ctukey") {
            true => (bounded(number_or(call, 3, row, low)), bounded(number_or(call, 4, row, high))),
            false => (low, high),
        };
        let ignored = number_or(call, 2, row, f64::NAN);
        Ok(array(call, 0, row).map(|series| {
            let values: Vec<_> = numbers(series).into_iter().map(|value| value.filter(|value| *value != ignored)).collect();
            let test_points = usize::try_from(whole_or(call, 5, row, 0)).unwrap_or(0);
            reals(scores(&values, values.len().saturating_sub(test_points), range))
        }))
    })
}

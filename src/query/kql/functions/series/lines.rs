//! Fitting one line, or two that meet at a break, to a series.

use super::super::json::{self, ArrayWriter, BagWriter};
use super::super::table::form;
use super::super::{Family, Function, Part, Returns, takes};
use super::numbers::{complete, reals};
use crate::query::kql::tree::ScalarType::{self, Dynamic, Long, Real};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "series_fit_line",
        Family::Series,
        "Fits a line to a series: how well, its slope, the variance before and after, where it starts, its points.",
        &[form(&[takes("series", Dynamic)], 1, Returns::Several(line_parts), |call| {
            Ok(call.jsons(|row| Some(array_of(&line_values(&complete(call, 0, row)?)?))))
        })],
    ),
    Function::new(
        "series_fit_line_dynamic",
        Family::Series,
        "Fits a line to a series and gives the result as a bag.",
        &[form(&[takes("series", Dynamic)], 1, Returns::Always(Dynamic), |call| {
            Ok(call.jsons(|row| Some(bag_of(&line_values(&complete(call, 0, row)?)?))))
        })],
    ),
    Function::new(
        "series_fit_2lines",
        Family::Series,
        "Fits two lines to a series, which change where it is best to.",
        &[form(&[takes("series", Dynamic)], 1, Returns::Several(two_lines_parts), |call| {
            Ok(call.jsons(|row| Some(array_of(&two_lines_values(&complete(call, 0, row)?, "right_", "left_")?))))
        })],
    ),
    Function::new(
        "series_fit_2lines_dynamic",
        Family::Series,
        "Fits two lines to a series and gives the result as a bag.",
        &[form(&[takes("series", Dynamic)], 1, Returns::Always(Dynamic), |call| {
            Ok(call.jsons(|row| Some(nested(&two_lines_values(&complete(call, 0, row)?, "right.", "left.")?))))
        })],
    ),
];

/// Names and values as JSON.
type Values = Vec<(String, String)>;

fn array_of(values: &Values) -> String {
    let mut out = ArrayWriter::default();
    for (_, value) in values {
        out.push(value);
    }
    out.finish()
}

fn bag_of(values: &Values) -> String {
    let mut out = BagWriter::default();
    for (name, value) in values {
        out.begin(name).push_str(value);
    }
    out.finish()
}

/// A bag in which names with a point are those of bags inside.
fn nested(values: &Values) -> String {
    let inner = |side: &str| -> Values {
        values.iter().filter_map(|(name, value)| Some((name.strip_prefix(side)?.to_owned(), value.clone()))).collect()
    };
    let mut whole: Values = values.iter().filter(|(name, _)| !name.contains('.')).cloned().collect();
    whole.push(("right".to_owned(), bag_of(&inner("right."))));
    whole.push(("left".to_owned(), bag_of(&inner("left."))));
    bag_of(&whole)
}

const fn real(name: &'static str) -> Part {
    Part { name, kind: Real }
}

fn line_parts(_: &[ScalarType]) -> Vec<Part> {
    let fit = Part { name: "line_fit", kind: Dynamic };
    vec![real("rsquare"), real("slope"), real("variance"), real("rvariance"), real("interception"), fit]
}

fn two_lines_parts(_: &[ScalarType]) -> Vec<Part> {
    let mut parts = vec![
        real("rsquare"),
        Part { name: "split_idx", kind: Long },
        real("variance"),
        real("rvariance"),
        Part { name: "line_fit", kind: Dynamic },
    ];
    parts.extend(["right_rsquare", "right_slope", "right_interception", "right_variance", "right_rvariance"].map(real));
    parts.extend(["left_rsquare", "left_slope", "left_interception", "left_variance", "left_rvariance"].map(real));
    parts
}

/// A line fitted by least squares to points that start at some place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    slope: f64,
    interception: f64,
    /// The sum of squares around the mean.
    total: f64,
    /// The sum of squares around the line.
    residual: f64,
    count: usize,
}

impl Line {
    pub(super) fn at(&self, place: usize) -> f64 {
        self.slope * place as f64 + self.interception
    }

    /// Its value one place before the first: where it starts, for who counts places from 1.
    fn before_first(&self) -> f64 {
        self.interception - self.slope
    }

    fn variance(&self) -> f64 {
        self.total / self.count.saturating_sub(1).max(1) as f64
    }

    fn residual_variance(&self) -> f64 {
        self.residual / self.count.saturating_sub(1).max(1) as f64
    }

    fn rsquare(&self) -> f64 {
        rsquare(self.total, self.residual)
    }
}

fn rsquare(total: f64, residual: f64) -> f64 {
    if total > 0.0 { (1.0 - residual / total).clamp(0.0, 1.0) } else { 1.0 }
}

/// Sums over the first points of a series, from which a line through any stretch of it follows at once.
struct Sums {
    /// Of y, of x * y and of y * y before each place.
    sums: Vec<[f64; 3]>,
    /// What was taken from each y, to keep the sums small.
    shift: f64,
}

impl Sums {
    fn new(values: &[f64]) -> Self {
        let shift = super::numbers::mean(values);
        let mut sums = vec![[0.0; 3]];
        let mut last = [0.0; 3];
        for (x, y) in values.iter().enumerate() {
            let y = y - shift;
            last = [last[0] + y, last[1] + x as f64 * y, last[2] + y * y];
            sums.push(last);
        }
        Self { sums, shift }
    }

    fn line(&self, from: usize, to: usize) -> Line {
        let n = (to - from) as f64;
        let [y, xy, yy] = [0, 1, 2].map(|sum| self.sums[to][sum] - self.sums[from][sum]);
        let x_mean = (from + to - 1) as f64 / 2.0;
        // The squares of n neighbouring places around their mean.
        let xx = n * (n * n - 1.0) / 12.0;
        let covariance = xy - x_mean * y;
        let slope = if xx > 0.0 { covariance / xx } else { 0.0 };
        let total = (yy - y * y / n).max(0.0);
        let residual = (total - slope * covariance).max(0.0);
        Line { slope, interception: y / n - slope * x_mean + self.shift, total, residual, count: to - from }
    }
}

/// The line through a series; none of an empty one.
pub(super) fn line(values: &[f64]) -> Option<Line> {
    (!values.is_empty()).then(|| Sums::new(values).line(0, values.len()))
}

fn entry(name: &str, value: f64) -> (String, String) {
    (name.to_owned(), json::real_of(value))
}

fn line_values(values: &[f64]) -> Option<Values> {
    let line = line(values)?;
    Some(vec![
        entry("rsquare", line.rsquare()),
        entry("slope", line.slope),
        entry("variance", line.variance()),
        entry("rvariance", line.residual_variance()),
        entry("interception", line.before_first()),
        ("line_fit".to_owned(), reals((0..values.len()).map(|place| line.at(place)))),
    ])
}

/// Points of a line at least.
const POINTS_MIN: usize = 2;

fn two_lines_values(values: &[f64], right_prefix: &str, left_prefix: &str) -> Option<Values> {
    let whole = line(values)?;
    let sums = Sums::new(values);
    let splits = POINTS_MIN..=values.len().checked_sub(POINTS_MIN)?;
    let sides = |split: usize| (sums.line(0, split), sums.line(split, values.len()));
    let residual = |split: &usize| {
        let (left, right) = sides(*split);
        left.residual + right.residual
    };
    let split = splits.min_by(|a, b| residual(a).total_cmp(&residual(b)))?;
    let (left, right) = sides(split);
    let all_residual = left.residual + right.residual;
    let mut out = vec![
        entry("rsquare", rsquare(whole.total, all_residual)),
        ("split_idx".to_owned(), split.to_string()),
        entry("variance", whole.variance()),
        entry("rvariance", all_residual / (values.len() - 1) as f64),
        ("line_fit".to_owned(), reals((0..values.len()).map(|place| if place < split { left.at(place) } else { right.at(place) }))),
    ];
    for (prefix, side) in [(right_prefix, right), (left_prefix, left)] {
        out.push(entry(&format!("{prefix}rsquare"), side.rsquare()));
        out.push(entry(&format!("{prefix}slope"), side.slope));
        out.push(entry(&format!("{prefix}interception"), side.before_first()));
        out.push(entry(&format!("{prefix}variance"), side.variance()));
        out.push(entry(&format!("{prefix}rvariance"), side.residual_variance()));
    }
    Some(out)
}

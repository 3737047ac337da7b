//! How values are spread: all of them while few differ, then means of neighbours, many at both ends and few in the middle (a t-digest).

use super::super::functions::json::{Json, real};
use super::super::tree::ScalarType;

/// Different values that a digest keeps as they are.
const POINTS_MAX: usize = 4096;
/// Means that are made of more.
const MEANS: f64 = 400.0;
/// What stands in front in the text of a digest.
const HEAD: &str = "[[7],[";

/// Values with their weights.
#[derive(Clone, Debug)]
pub struct Digest {
    is_real: bool,
    /// Values in an order-preserving form, and weights.
    points: Vec<(i64, i64)>,
    /// So many of the points are sorted and differ.
    sorted: usize,
}

/// A value that a digest gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measured {
    /// A whole number, or ticks.
    Long(i64),
    /// A float.
    Real(f64),
}

impl Digest {
    /// A digest of floats or of whole numbers.
    pub fn new(is_real: bool) -> Self {
        Self { is_real, points: Vec::new(), sorted: 0 }
    }

    /// A digest of points in their order-preserving form.
    pub(super) fn of_points(is_real: bool, points: Vec<(i64, i64)>) -> Self {
        Self { is_real, points, sorted: 0 }
    }

    /// Whether values of a type are kept as floats.
    pub(super) fn keeps_real(kind: ScalarType) -> bool {
        matches!(kind, ScalarType::Real | ScalarType::Decimal)
    }

    /// Adds a whole number.
    pub fn add_long(&mut self, value: i64, weight: i64) {
        let value = if self.is_real { ordered(value as f64) } else { value };
        self.add_point(value, weight);
    }

    /// Adds a float.
    pub fn add_real(&mut self, value: f64, weight: i64) {
        let value = if self.is_real { ordered(value) } else { value.round() as i64 };
        self.add_point(value, weight);
    }

    /// Adds a value in its order-preserving form; gives by how many points there are more.
    pub(super) fn add_point(&mut self, value: i64, weight: i64) -> usize {
        if weight <= 0 {
            return 0;
        }
        let before = self.points.len();
        self.points.push((value, weight));
        if self.points.len() >= 2 * POINTS_MAX.max(self.sorted) {
            self.settle();
        }
        self.points.len().saturating_sub(before)
    }

    /// Adds all values of another digest, floats make all values floats; gives by how many points there are more.
    pub fn merge(&mut self, other: &Self) -> usize {
        let before = self.points.len();
        if other.is_real {
            self.turn_real();
        }
        for (value, weight) in &other.points {
            match other.measured(*value) {
                Measured::Long(value) => self.add_long(value, *weight),
                Measured::Real(value) => self.add_real(value, *weight),
            }
        }
        self.points.len().saturating_sub(before)
    }

    /// Turns whole numbers into floats.
    pub(super) fn turn_real(&mut self) {
        if !self.is_real {
            self.points.iter_mut().for_each(|(value, _)| *value = ordered(*value as f64));
            self.is_real = true;
            self.sorted = 0;
        }
    }

    /// Whether its values are floats.
    pub(super) fn is_real(&self) -> bool {
        self.is_real
    }

    /// Values and weights, sorted, in their order-preserving form.
    pub(super) fn points(&mut self) -> &[(i64, i64)] {
        self.settle();
        &self.points
    }

    /// The same, of a digest that [`Self::points`] has sorted.
    pub(super) fn settled(&self) -> &[(i64, i64)] {
        &self.points
    }

    /// The smallest value that so many percent of all are not greater than; none if there is no value.
    pub fn percentile(&mut self, percent: f64) -> Option<Measured> {
        self.settle();
        let total: i128 = self.points.iter().map(|(_, weight)| i128::from(*weight)).sum();
        let rank = (percent.clamp(0.0, 100.0) * total as f64 / 100.0).ceil().max(1.0);
        let mut passed: i128 = 0;
        for (value, weight) in &self.points {
            passed += i128::from(*weight);
            // A rank such as 99.9 % of 1000 must not miss its value by the last bit of a float.
            if passed as f64 >= rank - 1e-9 * rank {
                return Some(self.measured(*value));
            }
        }
        self.points.last().map(|(value, _)| self.measured(*value))
    }

    /// How many percent of all values are not greater than this one; none if there is no value.
    pub fn percent_rank(&mut self, value: f64) -> Option<f64> {
        self.settle();
        let total: f64 = self.points.iter().map(|(_, weight)| *weight as f64).sum();
        let below: f64 = self.points.iter().filter(|(point, _)| self.float(*point) <= value).map(|(_, weight)| *weight as f64).sum();
        (total > 0.0).then(|| 100.0 * below / total)
    }

    /// How many values are not greater than this one.
    pub fn rank(&mut self, value: f64) -> i64 {
        self.settle();
        self.points.iter().filter(|(point, _)| self.float(*point) <= value).map(|(_, weight)| weight).sum()
    }

    /// Its text: a dynamic array of a head, the values and the weights.
    pub fn text(&mut self) -> String {
        self.settle();
        let mut text = HEAD.to_owned();
        for (place, (value, _)) in self.points.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            match self.measured(*value) {
                Measured::Long(value) => text.push_str(&value.to_string()),
                Measured::Real(value) => real(&mut text, value),
            }
        }
        text.push_str("],[");
        let weights: Vec<String> = self.points.iter().map(|(_, weight)| weight.to_string()).collect();
        text.push_str(&weights.join(","));
        text.push_str("]]");
        text
    }

    /// Reads the text of a digest.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = Json::new(text).elements();
        let (_, values, weights) = (parts.next()?, parts.next()?, parts.next()?);
        let is_real = values.elements().any(|value| value.long().is_none());
        let mut digest = Self::new(is_real);
        for (value, weight) in values.elements().zip(weights.elements()) {
            match value.long() {
                Some(value) => digest.add_long(value, weight.long()?),
                None => digest.add_real(value.real()?, weight.long()?),
            }
        }
        Some(digest)
    }

    /// How many points there are.
    pub(super) fn held(&self) -> usize {
        self.points.len()
    }

    fn measured(&self, value: i64) -> Measured {
        if self.is_real { Measured::Real(float(value)) } else { Measured::Long(value) }
    }

    fn float(&self, value: i64) -> f64 {
        if self.is_real { float(value) } else { value as f64 }
    }

    /// Sorts the points, puts equal ones together, and neighbours once there are too many.
    fn settle(&mut self) {
        if self.sorted == self.points.len() {
            return;
        }
        self.points.sort_unstable();
        self.points.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            same
        });
        if self.points.len() > POINTS_MAX {
            self.thin_out();
        }
        self.sorted = self.points.len();
    }

    fn thin_out(&mut self) {
        let total: f64 = self.points.iter().map(|(_, weight)| *weight as f64).sum();
        let mut means: Vec<(i64, i64)> = Vec::new();
        let mut passed = 0.0;
        for (value, weight) in std::mem::take(&mut self.points) {
            let middle = (passed + weight as f64 / 2.0) / total;
            let most = (4.0 * total * middle * (1.0 - middle) / MEANS).floor() as i64;
            match means.last_mut() {
                Some(last) if means_fit(last.1, weight, most) => *last = self.mean(*last, (value, weight)),
                _ => means.push((value, weight)),
            }
            passed += weight as f64;
        }
        self.points = means;
    }

    fn mean(&self, a: (i64, i64), b: (i64, i64)) -> (i64, i64) {
        let weight = a.1.saturating_add(b.1);
        let value = if self.is_real {
            ordered(float(a.0) + (float(b.0) - float(a.0)) * (b.1 as f64 / weight as f64))
        } else {
            let sum = i128::from(a.0) * i128::from(a.1) + i128::from(b.0) * i128::from(b.1);
            i64::try_from(sum / i128::from(weight)).unwrap_or(b.0)
        };
        (value, weight)
    }
}

fn means_fit(held: i64, weight: i64, most: i64) -> bool {
    held.saturating_add(weight) <= most
}

/// A whole number that is in the order of floats.
pub(super) fn ordered(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

fn float(value: i64) -> f64 {
    let bits = if value < 0 { value ^ i64::MAX } else { value };
    f64::from_bits(bits.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::{Digest, Measured};

    fn longs(values: impl IntoIterator<Item = i64>) -> Digest {
        let mut digest = Digest::new(false);
        values.into_iter().for_each(|value| digest.add_long(value, 1));
        digest
    }

    #[test]
    fn few_values_give_the_nearest_rank() {
        for (percent, expected) in [(0.0, 1), (5.0, 1), (10.0, 1), (10.1, 2), (50.0, 5), (90.0, 9), (99.9, 10), (100.0, 10)] {
            assert_eq!(longs((1..=10).rev()).percentile(percent), Some(Measured::Long(expected)), "{percent}");
        }
        assert_eq!(longs([]).percentile(50.0), None);
        let mut reals = Digest::new(true);
        [2.5, -1.0, 0.25].into_iter().for_each(|value| reals.add_real(value, 1));
        assert_eq!(reals.percentile(50.0), Some(Measured::Real(0.25)));
    }

    #[test]
    fn many_values_come_near_and_the_ends_are_exact() {
        // 200,003 is prime: the values come in no order.
        let mut digest = longs((0..200_003).map(|step| step * 7919 % 200_003));
        assert!(digest.points().len() <= 4096);
        assert_eq!(digest.percentile(0.0), Some(Measured::Long(0)));
        assert_eq!(digest.percentile(100.0), Some(Measured::Long(200_002)));
        for percent in [1.0, 25.0, 50.0, 75.0, 99.0, 99.9] {
            let Some(Measured::Long(value)) = digest.percentile(percent) else { panic!("a digest of whole numbers gives one") };
            assert!((value as f64 - percent * 2000.03).abs() < 400.0, "{percent}: {value}");
        }
    }

    #[test]
    fn a_text_says_all() {
        let mut digest = longs([3, 1, 1]);
        assert_eq!(digest.text(), "[[7],[1,3],[2,1]]");
        assert_eq!(Digest::parse("[[7],[1,3],[2,1]]").and_then(|mut digest| digest.percentile(50.0)), Some(Measured::Long(1)));
    }
}

//! Aggregates: what rows of a group have in common.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use crate::model::Fault;

use super::evaluate::wrong_type;
use super::tree::Expr;
use super::value::Value;

/// A call of an aggregate.
#[derive(Clone, Debug)]
pub(super) struct Aggregate {
    function: Function,
    pub(super) distinct: bool,
    pub(super) arguments: Vec<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    /// `count(*)`
    Rows,
    Count,
    Sum,
    Average,
    Min,
    Max,
    Collect,
    Deviation,
    DeviationOfAll,
}

impl Aggregate {
    /// The aggregate of this name and number of arguments.
    pub(super) fn named(name: &str, arguments: usize, star: bool) -> Option<Self> {
        let function = match (name.to_ascii_lowercase().as_str(), arguments) {
            ("count", 0) if star => Function::Rows,
            ("count", 1) => Function::Count,
            ("sum", 1) => Function::Sum,
            ("avg", 1) => Function::Average,
            ("min", 1) => Function::Min,
            ("max", 1) => Function::Max,
            ("collect" | "collect_list", 1) => Function::Collect,
            ("stdev" | "stddev_samp", 1) => Function::Deviation,
            ("stdevp" | "stddev_pop", 1) => Function::DeviationOfAll,
            _ => return None,
        };
        Some(Self { function, distinct: false, arguments: Vec::new() })
    }

    /// The aggregate of no row.
    pub(super) fn start(&self) -> Accumulator {
        Accumulator {
            seen: self.distinct.then(HashSet::new),
            count: 0,
            values: Vec::new(),
            sum: Value::Long(0),
            best: Value::Null,
            mean: 0.0,
            spread: 0.0,
        }
    }
}

/// An aggregate of the rows so far.
pub(super) struct Accumulator {
    seen: Option<HashSet<Vec<u8>>>,
    count: i64,
    values: Vec<Value>,
    sum: Value,
    best: Value,
    mean: f64,
    spread: f64,
}

impl Accumulator {
    /// Adds a row; nulls do not count.
    pub(super) fn add(&mut self, aggregate: &Aggregate, value: Value) -> Result<(), Fault> {
        if aggregate.function == Function::Rows {
            self.count += 1;
            return Ok(());
        }
        if value.is_null() {
            return Ok(());
        }
        if let Some(seen) = &mut self.seen {
            let mut key = Vec::new();
            value.write_key(&mut key);
            if !seen.insert(key) {
                return Ok(());
            }
        }
        self.count += 1;
        let span = aggregate.arguments.first().map(|argument| argument.span).unwrap_or(crate::model::Span { start: 0, end: 0 });
        match aggregate.function {
            Function::Rows | Function::Count => {}
            Function::Collect => self.values.push(value),
            Function::Min if self.best.is_null() || value.order(&self.best) == Ordering::Less => self.best = value,
            Function::Max if self.best.is_null() || value.order(&self.best) == Ordering::Greater => self.best = value,
            Function::Min | Function::Max => {}
            Function::Sum | Function::Average => {
                self.sum = match (&self.sum, &value) {
                    (Value::Long(sum), Value::Long(value)) => {
                        sum.checked_add(*value).map_or(Value::Real(*sum as f64 + *value as f64), Value::Long)
                    }
                    (Value::Long(0), Value::Duration(value)) => Value::Duration(*value),
                    (Value::Duration(sum), Value::Duration(value)) => Value::Duration(sum.saturating_add(*value)),
                    (sum, value) => match (sum.number(), value.number()) {
                        (Some(sum), Some(value)) => Value::Real(sum + value),
                        _ => return Err(wrong_type(span, "numbers to add up", value)),
                    },
                };
            }
            Function::Deviation | Function::DeviationOfAll => {
                let Some(number) = value.number() else { return Err(wrong_type(span, "numbers", &value)) };
                let distance = number - self.mean;
                self.mean += distance / self.count as f64;
                self.spread += distance * (number - self.mean);
            }
        }
        Ok(())
    }

    /// The aggregate of all rows.
    pub(super) fn finish(self, aggregate: &Aggregate) -> Value {
        match aggregate.function {
            Function::Rows | Function::Count => Value::Long(self.count),
            Function::Sum => self.sum,
            Function::Average => match self.sum {
                _ if self.count == 0 => Value::Null,
                Value::Duration(sum) => Value::Duration(sum / self.count),
                sum => sum.number().map_or(Value::Null, |sum| Value::Real(sum / self.count as f64)),
            },
            Function::Min | Function::Max => self.best,
            Function::Collect => Value::List(Arc::new(self.values)),
            Function::Deviation if self.count < 2 => Value::Real(0.0),
            Function::Deviation => Value::Real((self.spread / (self.count - 1) as f64).sqrt()),
            Function::DeviationOfAll if self.count == 0 => Value::Real(0.0),
            Function::DeviationOfAll => Value::Real((self.spread / self.count as f64).sqrt()),
        }
    }
}

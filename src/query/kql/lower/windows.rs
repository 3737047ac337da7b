//! Functions of neighbouring rows: `prev`, `next`, `row_number`, `row_cumsum`, `row_rank_dense`, `row_rank_min`, `row_window_session`.
//!
//! They are computed by one operator over all rows in their order; what reads them is an ordinary projection above it.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch, Scalar, UInt64Array, make_comparator,
};
use arrow::compute::{SortOptions, is_not_null, take};
use arrow::datatypes::{DataType, Decimal128Type, Field, Float64Type, Int32Type, Int64Type};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::Expr;

use super::super::bound::{self, ExprKind};
use super::super::functions::{Arguments, KernelError};
use super::super::rows::{Narrowed, RowsOperator, Running};
use super::super::tree::ScalarType;
use super::super::types::arrow_type;
use super::error::LowerError;
use super::expressions::{converted, kernel};
use super::flow::{Flow, columns_of, project};
use super::node::{RowsInput, RowsNode};
use super::{Lowering, constant, named, walk};

/// Whether a value is null or no number.
pub(super) fn is_odd(value: Expr) -> Expr {
    fn odd(call: &Arguments) -> Result<ArrayRef, KernelError> {
        Ok(call.bools(|row| Some(call.real(0, row).is_none_or(f64::is_nan))))
    }
    kernel("is_odd", odd, vec![(value, ScalarType::Real)], ScalarType::Bool)
}

/// What a call computes.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// The value so many rows before; behind if negative.
    Shift(i64),
    /// Numbers from a first one on.
    Number(i64),
    /// The running sum.
    Sum,
    /// The number of the present group of equal values.
    RankDense,
    /// The number of the first row of the present group.
    RankMin,
    /// The first instant of the present session: how long it lasts at most, and how long a pause.
    Session(i64, i64),
}

/// A call: which columns of the input it reads.
#[derive(Clone, Debug)]
struct Call {
    kind: Kind,
    value: Option<usize>,
    /// What stands where there is no such row, or whether the count begins anew.
    second: Option<usize>,
    returns: ScalarType,
}

fn window_kind(name: &str) -> bool {
    matches!(name, "prev" | "next" | "row_number" | "row_cumsum" | "row_rank_dense" | "row_rank_min" | "row_window_session")
}

fn is_window(expression: &bound::Expr) -> bool {
    matches!(&expression.kind, ExprKind::Call { function, .. } if window_kind(function.name))
}

fn has_window(expression: &bound::Expr) -> bool {
    let mut found = false;
    walk::expressions(expression, &mut |node| found |= is_window(node));
    found
}

/// Takes the innermost calls out of an expression; columns of these numbers stand in their places.
fn take_calls(expression: &mut bound::Expr, first: usize, calls: &mut Vec<bound::Expr>) {
    let nested = walk::children_mut(expression).into_iter().any(|inner| has_window(inner));
    if is_window(expression) && !nested {
        let (ty, place) = (expression.ty, expression.place);
        let column = bound::Expr { kind: ExprKind::Column(first + calls.len()), ty, place };
        calls.push(std::mem::replace(expression, column));
        return;
    }
    walk::children_mut(expression).into_iter().for_each(|inner| take_calls(inner, first, calls));
}

impl Lowering<'_> {
    /// Computes the window functions in expressions; gives the values of the expressions that have some.
    pub(super) fn windows(&mut self, flow: Flow, asked: &[(usize, &bound::Expr)]) -> Result<(Flow, Vec<Option<Expr>>), LowerError> {
        let mut rewritten: Vec<Option<bound::Expr>> =
            asked.iter().map(|(_, expression)| has_window(expression).then(|| (*expression).clone())).collect();
        if rewritten.iter().all(Option::is_none) {
            return Ok((flow, vec![None; asked.len()]));
        }
        let given = flow.columns.len();
        let mut flow = flow;
        loop {
            let mut calls = Vec::new();
            let first = flow.columns.len();
            rewritten.iter_mut().flatten().for_each(|expression| take_calls(expression, first, &mut calls));
            if calls.is_empty() {
                break;
            }
            flow = self.compute_windows(flow, &calls)?;
        }
        let mut values = Vec::new();
        for expression in &rewritten {
            values.push(match expression {
                Some(expression) => Some(self.value(expression, &flow.columns)?),
                None => None,
            });
        }
        flow.columns.truncate(given);
        Ok((flow, values))
    }

    fn compute_windows(&mut self, flow: Flow, calls: &[bound::Expr]) -> Result<Flow, LowerError> {
        let mut arguments: Vec<(String, Expr)> = Vec::new();
        let mut specified = Vec::new();
        for call in calls {
            let ExprKind::Call { function, arguments: given, .. } = &call.kind else { continue };
            let mut argument = |lowering: &mut Self, place: usize, wanted: Option<ScalarType>| -> Result<Option<usize>, LowerError> {
                let Some(expression) = given.get(place) else { return Ok(None) };
                let value = lowering.value(expression, &flow.columns)?;
                let value = wanted.map_or_else(|| value.clone(), |wanted| converted(value.clone(), expression.ty, wanted));
                arguments.push((lowering.name("argument"), value));
                Ok(Some(arguments.len() - 1))
            };
            let long = |lowering: &mut Self, place: usize, default: i64| -> Result<i64, LowerError> {
                let Some(expression) = given.get(place) else { return Ok(default) };
                match lowering.constant(expression)?.cast_to(&DataType::Int64)? {
                    datafusion::common::ScalarValue::Int64(Some(value)) => Ok(value),
                    _ => Err(LowerError::value("expected a number that is known beforehand", expression.place)),
                }
            };
            let (kind, value, second) = match function.name {
                "prev" => (Kind::Shift(long(self, 1, 1)?), argument(self, 0, None)?, argument(self, 2, Some(call.ty))?),
                "next" => (Kind::Shift(long(self, 1, 1)?.wrapping_neg()), argument(self, 0, None)?, argument(self, 2, Some(call.ty))?),
                "row_number" => (Kind::Number(long(self, 0, 1)?), None, argument(self, 1, None)?),
                "row_cumsum" => (Kind::Sum, argument(self, 0, Some(call.ty))?, argument(self, 1, None)?),
                "row_rank_dense" => (Kind::RankDense, argument(self, 0, None)?, argument(self, 1, None)?),
                "row_rank_min" => (Kind::RankMin, argument(self, 0, None)?, argument(self, 1, None)?),
                _ => (Kind::Session(long(self, 1, 0)?, long(self, 2, 0)?), argument(self, 0, None)?, argument(self, 3, None)?),
            };
            specified.push(Call { kind, value, second, returns: call.ty });
        }
        self.run_windows(flow, arguments, specified)
    }

    fn run_windows(&mut self, flow: Flow, arguments: Vec<(String, Expr)>, calls: Vec<Call>) -> Result<Flow, LowerError> {
        let kept = flow.columns.clone();
        let flow = flow.computing(Vec::new(), &kept)?.and_computing(arguments.clone())?;
        let fields = flow.plan.schema().clone();
        let passed = fields.fields().len() - arguments.len();
        let part = match &flow.part {
            Some(part) => fields.maybe_index_of_column(&part.id),
            None => None,
        };
        let mut output: Vec<(Option<datafusion::common::TableReference>, Arc<Field>)> =
            fields.iter().take(passed).map(|(qualifier, field)| (qualifier.cloned(), Arc::clone(field))).collect();
        let mut columns = flow.columns.clone();
        for call in &calls {
            let name = self.name("window");
            columns.push(Some(named(&name)));
            output.push((None, Arc::new(Field::new(name, arrow_type(call.returns), true))));
        }
        let number = self.name("row");
        output.push((None, Arc::new(Field::new(&number, DataType::Int64, true))));
        let schema = Arc::new(DFSchema::new_with_metadata(output, Default::default())?);
        let calls = calls
            .into_iter()
            .map(|call| Call { value: call.value.map(|place| place + passed), second: call.second.map(|place| place + passed), ..call })
            .collect();
        // Rows of a part stand together, whatever orders the parts.
        let outer = flow.part.as_ref().map_or(0, |part| part.outer);
        let mut order = flow.order.clone();
        if let Some(part) = &flow.part {
            order.insert(outer.min(order.len()), Expr::Column(part.id.clone()).sort(true, false));
        }
        let operator = Arc::new(Windows { passed, part, calls });
        let plan = RowsNode::plan(operator, vec![RowsInput { plan: flow.plan, order }], schema, true);
        let mut order = flow.order;
        order.truncate(outer);
        order.push(named(&number).sort(true, false));
        Ok(Flow { plan, columns, order, part: flow.part })
    }
}

impl Flow {
    /// The rows with further columns of the plan behind those that it has.
    fn and_computing(mut self, computed: Vec<(String, Expr)>) -> Result<Self, LowerError> {
        let mut expressions: Vec<Expr> = self.plan.schema().columns().into_iter().map(Expr::Column).collect();
        debug_assert!(self.columns.iter().flatten().flat_map(columns_of).all(|column: Column| self.plan.schema().has_column(&column)));
        expressions.extend(computed.into_iter().map(|(name, value)| value.alias(name)));
        self.plan = project(self.plan, expressions)?;
        Ok(self)
    }
}

/// Computes calls over rows in their order.
#[derive(Clone, Debug)]
struct Windows {
    /// How many of the first columns are passed on.
    passed: usize,
    /// The column that parts the rows.
    part: Option<usize>,
    calls: Vec<Call>,
}

impl RowsOperator for Windows {
    fn name(&self) -> &'static str {
        "windows"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let Some(input) = inputs.first() else { return Ok(Vec::new()) };
        let rows = input.num_rows();
        let starts = self.starts(input)?;
        let mut columns: Vec<ArrayRef> = input.columns().iter().take(self.passed).cloned().collect();
        for call in &self.calls {
            running.go_on()?;
            let value = call.value.map(|place| input.column(place));
            let second = call.second.map(|place| input.column(place));
            let restart = |row: usize| {
                starts[row]
                    || second.is_some_and(|flags| flags.as_boolean_opt().is_some_and(|flags| flags.is_valid(row) && flags.value(row)))
            };
            columns.push(match (call.kind, value) {
                (Kind::Shift(by), Some(value)) => shifted(value, second, by, &starts, call.returns)?,
                (Kind::Number(first), _) => numbers(rows, first, restart),
                (Kind::Sum, Some(value)) => sums(value, restart)?,
                (Kind::RankDense, Some(value)) => ranks(value, restart, false)?,
                (Kind::RankMin, Some(value)) => ranks(value, restart, true)?,
                (Kind::Session(whole, pause), Some(value)) => sessions(value, whole, pause, restart),
                _ => return Err(KernelError::new("a function of neighbouring rows lacks its value")),
            });
        }
        Ok(columns)
    }

    fn needed(&self, wanted: &[usize]) -> Option<Vec<usize>> {
        let mut needed: Vec<usize> = wanted.iter().copied().filter(|place| *place < self.passed).chain(self.read()).collect();
        needed.sort_unstable();
        needed.dedup();
        Some(needed)
    }

    fn narrowed(&self, kept: &[usize]) -> Option<Narrowed> {
        let moved = |place: Option<usize>| place.map_or(Some(None), |before| kept.binary_search(&before).ok().map(Some));
        let calls = self.calls.iter().map(|call| Some(Call { value: moved(call.value)?, second: moved(call.second)?, ..call.clone() }));
        let calls = calls.collect::<Option<Vec<_>>>()?;
        let passed: Vec<usize> = kept.iter().copied().filter(|place| *place < self.passed).collect();
        let narrowed = Self { passed: passed.len(), part: moved(self.part)?, calls };
        let given = passed.into_iter().chain(self.passed..self.passed + self.calls.len());
        kept.is_sorted().then(|| (Arc::new(narrowed) as Arc<dyn RowsOperator>, given.collect()))
    }
}

impl Windows {
    /// Places of the columns that are read, passed on or not.
    fn read(&self) -> impl Iterator<Item = usize> + '_ {
        self.calls.iter().flat_map(|call| [call.value, call.second]).flatten().chain(self.part)
    }

    /// Whether a part begins at each row.
    fn starts(&self, input: &RecordBatch) -> Result<Vec<bool>, KernelError> {
        let rows = input.num_rows();
        let Some(part) = self.part else { return Ok((0..rows).map(|row| row == 0).collect()) };
        let same = comparator(input.column(part))?;
        Ok((0..rows).map(|row| row == 0 || same(row - 1, row) != Ordering::Equal).collect())
    }
}

fn comparator(values: &ArrayRef) -> Result<Box<dyn Fn(usize, usize) -> Ordering + Send + Sync>, KernelError> {
    make_comparator(values, values, SortOptions::default()).map_err(|error| KernelError::new(error.to_string()))
}

fn failed(error: impl std::fmt::Display) -> KernelError {
    KernelError::new(error.to_string())
}

fn shifted(values: &ArrayRef, default: Option<&ArrayRef>, by: i64, starts: &[bool], kind: ScalarType) -> Result<ArrayRef, KernelError> {
    let rows = values.len();
    // The part of each row, so that a shift does not leave it.
    let mut part = 0;
    let parts: Vec<usize> = starts
        .iter()
        .map(|start| {
            part += usize::from(*start);
            part
        })
        .collect();
    let source = |row: usize| {
        let from = usize::try_from(i64::try_from(row).ok()?.checked_sub(by)?).ok()?;
        (from < rows && parts[from] == parts[row]).then_some(from as u64)
    };
    let indices: UInt64Array = (0..rows).map(source).collect();
    let taken = take(values, &indices, None).map_err(failed)?;
    let there = is_not_null(&indices).map_err(failed)?;
    match default {
        Some(default) => arrow::compute::kernels::zip::zip(&there, &taken, default).map_err(failed),
        None if kind == ScalarType::String => {
            let empty = constant::null(kind).to_array().map_err(failed)?;
            arrow::compute::kernels::zip::zip(&there, &taken, &Scalar::new(empty)).map_err(failed)
        }
        None => Ok(taken),
    }
}

fn numbers(rows: usize, first: i64, restart: impl Fn(usize) -> bool) -> ArrayRef {
    let mut next = first;
    let number = |row| {
        if restart(row) {
            next = first;
        }
        let number = next;
        next = next.wrapping_add(1);
        number
    };
    Arc::new((0..rows).map(number).collect::<Int64Array>())
}

fn running<T: Copy>(
    rows: usize,
    zero: T,
    value: impl Fn(usize) -> Option<T>,
    add: impl Fn(T, T) -> T,
    restart: impl Fn(usize) -> bool,
) -> Vec<T> {
    let mut sum = zero;
    (0..rows)
        .map(|row| {
            if restart(row) {
                sum = zero;
            }
            if let Some(value) = value(row) {
                sum = add(sum, value);
            }
            sum
        })
        .collect()
}

fn sums(values: &ArrayRef, restart: impl Fn(usize) -> bool) -> Result<ArrayRef, KernelError> {
    let rows = values.len();
    Ok(match values.data_type() {
        DataType::Int32 => {
            let values = values.as_primitive::<Int32Type>();
            let value = |row| values.is_valid(row).then(|| values.value(row));
            Arc::new(Int32Array::from(running(rows, 0, value, i32::wrapping_add, restart)))
        }
        DataType::Int64 => {
            let values = values.as_primitive::<Int64Type>();
            let value = |row| values.is_valid(row).then(|| values.value(row));
            Arc::new(Int64Array::from(running(rows, 0, value, i64::wrapping_add, restart)))
        }
        DataType::Float64 => {
            let values = values.as_primitive::<Float64Type>();
            let value = |row| values.is_valid(row).then(|| values.value(row));
            Arc::new(Float64Array::from(running(rows, 0.0, value, |a, b| a + b, restart)))
        }
        DataType::Decimal128(..) => {
            let kind = values.data_type().clone();
            let values = values.as_primitive::<Decimal128Type>();
            let value = |row| values.is_valid(row).then(|| values.value(row));
            Arc::new(Decimal128Array::from(running(rows, 0, value, i128::wrapping_add, restart)).with_data_type(kind))
        }
        other => return Err(KernelError::new(format!("expected numbers to add up, found {other}"))),
    })
}

fn ranks(values: &ArrayRef, restart: impl Fn(usize) -> bool, by_row: bool) -> Result<ArrayRef, KernelError> {
    let order = comparator(values)?;
    let (mut rank, mut number) = (0, 0);
    let ranked = |row: usize| {
        let anew = restart(row);
        number = if anew { 1 } else { number + 1 };
        if anew {
            rank = 1;
        } else if order(row - 1, row) != Ordering::Equal {
            rank = if by_row { number } else { rank + 1 };
        }
        rank
    };
    Ok(Arc::new((0..values.len()).map(ranked).collect::<Int64Array>()))
}

fn sessions(values: &ArrayRef, whole: i64, pause: i64, restart: impl Fn(usize) -> bool) -> ArrayRef {
    let values = values.as_primitive::<Int64Type>();
    let mut present: Option<(i64, i64)> = None;
    let session = |row: usize| {
        let value = values.is_valid(row).then(|| values.value(row))?;
        let start = match present {
            Some((start, last)) if !restart(row) && value.saturating_sub(start) <= whole && value.saturating_sub(last) <= pause => start,
            _ => value,
        };
        present = Some((start, value));
        Some(start)
    };
    Arc::new((0..values.len()).map(session).collect::<Int64Array>())
}

#[cfg(test)]
mod tests {
    use arrow::array::BooleanArray;

    use super::*;

    #[test]
    fn shifts_stay_in_their_part() {
        let values: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4]));
        let starts = [true, false, true, false];
        let shifted = shifted(&values, None, 1, &starts, ScalarType::Long).expect("shifts");
        assert_eq!(shifted.as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [None, Some(1), None, Some(3)]);
        let flags = BooleanArray::from(vec![false, false, true, false]);
        let ranks = ranks(&values, |row| row == 0 || flags.value(row), true).expect("ranks");
        assert_eq!(ranks.as_primitive::<Int64Type>().values(), &[1, 2, 1, 2]);
    }
}

//! An aggregate of the table as DataFusion calls it.

use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type, Schema};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::utils::collect_columns;

use super::super::tree::ScalarType;
use super::super::types::arrow_type;
use super::Call;

/// How an aggregate is computed.
pub(super) trait Body: Debug + Send + Sync {
    /// Which argument says whether a row counts; the body sees the call without it.
    fn predicate(&self) -> Option<usize> {
        None
    }

    /// The Arrow type of the result.
    fn result(&self, arguments: &[ScalarType]) -> DataType;

    /// The Arrow types of what is remembered of a group; the place of a row follows by itself if it needs one.
    fn state(&self, arguments: &[ScalarType]) -> Vec<DataType>;

    /// The memory of all groups.
    fn groups(&self, made: &Made) -> Result<Box<dyn Groups>>;
}

/// An aggregate made for a call.
#[derive(Debug)]
pub(super) struct Made {
    /// The types of the arguments, without a predicate.
    pub(super) arguments: Vec<ScalarType>,
    /// The values of those that are constants.
    pub(super) constants: Vec<Option<ScalarValue>>,
    /// Whether the place of each row is known.
    pub(super) ordered: bool,
}

impl Made {
    /// A `long` constant.
    pub(super) fn long(&self, argument: usize) -> Result<Option<i64>> {
        match self.constants.get(argument) {
            None => Ok(None),
            Some(Some(ScalarValue::Int64(value))) => Ok(*value),
            Some(Some(ScalarValue::Int32(value))) => Ok(value.map(i64::from)),
            Some(other) => plan_err!("expected a constant of type `long` as argument {}, found {other:?}", argument + 1),
        }
    }

    /// A `real` constant.
    pub(super) fn real(&self, argument: usize) -> Result<f64> {
        match self.constants.get(argument) {
            Some(Some(ScalarValue::Float64(Some(value)))) => Ok(*value),
            Some(Some(ScalarValue::Int64(Some(value)))) => Ok(*value as f64),
            other => plan_err!("expected a constant of type `real` as argument {}, found {other:?}", argument + 1),
        }
    }

    /// The text of a `string` or `dynamic` constant.
    pub(super) fn text(&self, argument: usize) -> Result<&str> {
        match self.constants.get(argument) {
            Some(Some(ScalarValue::Utf8View(Some(text)) | ScalarValue::Utf8(Some(text)))) => Ok(text),
            other => plan_err!("expected a constant of type `dynamic` as argument {}, found {other:?}", argument + 1),
        }
    }
}

/// Rows that are added to groups.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    /// The arguments.
    pub(super) columns: &'a [ArrayRef],
    /// The group of each row.
    pub(super) groups: &'a [usize],
    /// Which rows count; all if absent.
    pub(super) filter: Option<&'a BooleanArray>,
    /// The place of each row in the order.
    pub(super) order: Option<&'a Int64Array>,
}

impl Rows<'_> {
    /// Whether a row counts.
    pub(super) fn counts(&self, row: usize) -> bool {
        self.filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
    }
}

/// What an aggregate remembers of groups.
pub(super) trait Groups: Debug + Send + Sync {
    /// Makes room for as many groups.
    fn grow(&mut self, groups: usize);
    /// Adds rows.
    fn update(&mut self, rows: &Rows<'_>) -> Result<()>;
    /// Adds what others remember.
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()>;
    /// Gives the results of the first groups, or of all, and forgets these.
    fn finish(&mut self, emit: EmitTo) -> Result<ArrayRef>;
    /// Gives what is remembered of the first groups, or of all, and forgets these.
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>>;
    /// Bytes in use.
    fn size(&self) -> usize;
}

pub(super) fn make(name: &'static str, body: &'static dyn Body, call: Call<'_>) -> Arc<AggregateUDF> {
    let arity = call.arguments.len() + usize::from(call.ordered);
    // Without any column nobody could tell how many rows there are: a call without arguments is given the literal `true`.
    let signature = Signature::any(arity.max(1), Volatility::Immutable);
    Arc::new(AggregateUDF::from(KqlAggregate { name, body, arguments: call.arguments.to_vec(), ordered: call.ordered, signature }))
}

#[derive(Clone, Debug)]
struct KqlAggregate {
    name: &'static str,
    body: &'static dyn Body,
    arguments: Vec<ScalarType>,
    ordered: bool,
    signature: Signature,
}

// The name decides the body.
impl PartialEq for KqlAggregate {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.arguments == other.arguments && self.ordered == other.ordered
    }
}

impl Eq for KqlAggregate {}

impl Hash for KqlAggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.name, &self.arguments, self.ordered).hash(state);
    }
}

impl KqlAggregate {
    fn seen(&self) -> Vec<ScalarType> {
        let predicate = self.body.predicate();
        self.arguments.iter().enumerate().filter(|(place, _)| Some(*place) != predicate).map(|(_, kind)| *kind).collect()
    }

    fn accumulator(&self, exprs: &[Arc<dyn PhysicalExpr>]) -> Result<Adapter> {
        let predicate = self.body.predicate();
        let places = (0..self.arguments.len()).filter(|place| Some(*place) != predicate);
        let constants = places.map(|place| exprs.get(place).and_then(constant)).collect();
        let made = Arc::new(Made { arguments: self.seen(), constants, ordered: self.ordered });
        let groups = self.body.groups(&made)?;
        Ok(Adapter { aggregate: self.clone(), made, groups })
    }
}

impl AggregateUDFImpl for KqlAggregate {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.body.result(&self.seen()))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let field = |(place, kind)| Arc::new(Field::new(format!("{}[{place}]", arguments.name), kind, true));
        Ok(self.body.state(&self.seen()).into_iter().enumerate().map(field).collect())
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(self.accumulator(arguments.exprs)?.into_one_group()))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.accumulator(arguments.exprs)?))
    }
}

/// [`Groups`] as DataFusion drives them: columns in their forms, the predicate and the order taken out.
#[derive(Debug)]
pub(super) struct Adapter {
    aggregate: KqlAggregate,
    made: Arc<Made>,
    groups: Box<dyn Groups>,
}

impl Adapter {
    pub(super) fn into_one_group(mut self) -> OneGroup {
        self.groups.grow(1);
        OneGroup { adapter: self, zeros: Vec::new() }
    }

    fn add(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let predicate = self.aggregate.body.predicate();
        let mut columns = Vec::with_capacity(values.len());
        let mut chosen = None;
        for (place, (kind, column)) in self.aggregate.arguments.iter().zip(values).enumerate() {
            let column = in_form(column, &arrow_type(*kind))?;
            if Some(place) == predicate {
                chosen = Some(column.as_boolean().clone());
            } else {
                columns.push(column);
            }
        }
        let filter = match (chosen, filter) {
            (Some(chosen), Some(filter)) => Some(arrow::compute::and(&chosen, filter)?),
            (Some(chosen), None) => Some(chosen),
            (None, filter) => filter.cloned(),
        };
        let order = if self.aggregate.ordered { values.get(self.aggregate.arguments.len()) } else { None };
        let order = order.map(|order| in_form(order, &DataType::Int64)).transpose()?;
        let order = order.as_ref().map(|order| order.as_primitive::<Int64Type>());
        self.groups.update(&Rows { columns: &columns, groups, filter: filter.as_ref(), order })
    }
}

/// The value of an expression that reads no column.
fn constant(expr: &Arc<dyn PhysicalExpr>) -> Option<ScalarValue> {
    if !collect_columns(expr).is_empty() {
        return None;
    }
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let nothing = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).ok()?;
    let value = expr.evaluate(&nothing).ok()?.into_array(1).ok()?;
    ScalarValue::try_from_array(&value, 0).ok()
}

fn in_form(column: &ArrayRef, wanted: &DataType) -> Result<ArrayRef> {
    Ok(if column.data_type() == wanted { Arc::clone(column) } else { arrow::compute::cast(column, wanted)? })
}

impl GroupsAccumulator for Adapter {
    fn update_batch(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>, total: usize) -> Result<()> {
        self.groups.grow(total);
        self.add(values, groups, filter)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        self.groups.finish(emit)
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        self.groups.state(emit)
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.groups.grow(total);
        self.groups.merge(values, groups)
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, Array::len);
        let mut fresh =
            Self { aggregate: self.aggregate.clone(), made: Arc::clone(&self.made), groups: self.aggregate.body.groups(&self.made)? };
        fresh.groups.grow(rows);
        fresh.add(values, &(0..rows).collect::<Vec<_>>(), filter)?;
        fresh.groups.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.groups.size()
    }
}

/// One group, for a `summarize` without `by`.
#[derive(Debug)]
pub(super) struct OneGroup {
    adapter: Adapter,
    zeros: Vec<usize>,
}

impl OneGroup {
    fn zeros(&mut self, rows: usize) -> Vec<usize> {
        let mut zeros = std::mem::take(&mut self.zeros);
        zeros.resize(rows, 0);
        zeros
    }
}

impl Accumulator for OneGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let zeros = self.zeros(values.first().map_or(0, Array::len));
        self.adapter.add(values, &zeros, None)?;
        self.zeros = zeros;
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let result = self.adapter.groups.finish(EmitTo::All)?;
        self.adapter.groups.grow(1);
        ScalarValue::try_from_array(&result, 0)
    }

    fn size(&self) -> usize {
        self.adapter.groups.size() + self.zeros.capacity() * size_of::<usize>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let states = self.adapter.groups.state(EmitTo::All)?;
        self.adapter.groups.grow(1);
        states.iter().map(|state| ScalarValue::try_from_array(state, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let zeros = self.zeros(states.first().map_or(0, Array::len));
        self.adapter.groups.merge(states, &zeros)?;
        self.zeros = zeros;
        Ok(())
    }
}

/// A body whose rows must fulfil the predicate at a place.
#[derive(Debug)]
pub(super) struct If(pub(super) &'static dyn Body, pub(super) usize);

impl Body for If {
    fn predicate(&self) -> Option<usize> {
        Some(self.1)
    }

    fn result(&self, arguments: &[ScalarType]) -> DataType {
        self.0.result(arguments)
    }

    fn state(&self, arguments: &[ScalarType]) -> Vec<DataType> {
        self.0.state(arguments)
    }

    fn groups(&self, made: &Made) -> Result<Box<dyn Groups>> {
        self.0.groups(made)
    }
}

/// The results of all groups at once, without a plan. Constants stand in for their columns.
pub(super) fn compute(
    name: &'static str,
    body: &'static dyn Body,
    arguments: &[ScalarType],
    values: &[ColumnarValue],
    groups: &[usize],
    total: usize,
) -> Result<ArrayRef> {
    let aggregate =
        KqlAggregate { name, body, arguments: arguments.to_vec(), ordered: false, signature: Signature::any(1, Volatility::Immutable) };
    let exprs = values.iter().map(|value| -> Arc<dyn PhysicalExpr> {
        match value {
            ColumnarValue::Scalar(constant) => Arc::new(Literal::new(constant.clone())),
            ColumnarValue::Array(_) => Arc::new(Column::new("column", 0)),
        }
    });
    let mut adapter = aggregate.accumulator(&exprs.collect::<Vec<_>>())?;
    let columns = values.iter().map(|value| value.to_array(groups.len())).collect::<Result<Vec<_>>>()?;
    adapter.update_batch(&columns, groups, None, total)?;
    adapter.evaluate(EmitTo::All)
}

/// What runs a call, for tests.
#[cfg(test)]
pub(super) fn adapter(aggregate: &'static super::Aggregate, call: Call<'_>, exprs: &[Arc<dyn PhysicalExpr>]) -> Result<Adapter> {
    let made = make(aggregate.name, aggregate.body, call);
    made.inner().downcast_ref::<KqlAggregate>().expect("it was made here").accumulator(exprs)
}

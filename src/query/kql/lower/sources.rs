//! Where rows come from: stored tables, rows that stand in the text, `range`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DFSchema, ScalarValue, TableReference};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{EmptyRelation, Expr, LogicalPlan, LogicalPlanBuilder};

use super::super::bound::{self, Constant, ExprKind, Relation, RelationKind};
use super::super::tree::{Place, ScalarType};
use super::super::types::{LAST_TICK, arrow_type};
use super::constant::{self, value_of};
use super::error::LowerError;
use super::flow::{Flow, Needed};
use super::{Lowering, convert, named};

/// Rows of one `range`.
const RANGE_ROWS_MAX: u64 = 10_000_000;
/// The column that numbers rows that stand in the text.
const ROW: &str = "row";

impl Lowering<'_> {
    /// A stored table, read column by column as they are asked for.
    pub(super) fn table(&mut self, relation: &Relation, provider: Arc<dyn TableProvider>, needed: &Needed) -> Result<Flow, LowerError> {
        let schema = provider.schema();
        let title = match &relation.kind {
            RelationKind::Table { table } => table.as_ref(),
            RelationKind::Watchlist { name } | RelationKind::TableFunction { name, .. } => name,
            _ => "external",
        };
        let reference = TableReference::bare(self.name(title));
        let mut columns = vec![None; relation.columns.len()];
        let mut projection = Vec::new();
        for place in needed.places() {
            let column = &relation.columns[place];
            let stored = column.lineage.as_ref().map_or(column.name.as_str(), |lineage| &lineage.column);
            columns[place] = match schema.index_of(stored) {
                Ok(index) => {
                    projection.push(index);
                    let value = Expr::Column(Column::new(Some(reference.clone()), stored));
                    Some(convert::from_stored(value, schema.field(index), column.kind))
                }
                Err(_) => Some(Expr::Literal(constant::null(column.kind), None)),
            };
        }
        projection.sort_unstable();
        projection.dedup();
        let plan = LogicalPlanBuilder::scan(reference, provider_as_source(provider), Some(projection))?.build()?;
        Ok(Flow::new(plan, columns))
    }

    /// No row, with all columns.
    pub(super) fn empty(&mut self, relation: &Relation) -> Result<Flow, LowerError> {
        let names: Vec<String> = relation.columns.iter().map(|column| self.name(&column.name)).collect();
        let fields = relation.columns.iter().zip(&names).map(|(column, name)| Field::new(name, arrow_type(column.kind), true));
        let schema = DFSchema::try_from(Schema::new(fields.collect::<Vec<_>>()))?;
        let plan = LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema: Arc::new(schema) });
        Ok(Flow::new(plan, names.iter().map(|name| Some(named(name))).collect()))
    }

    /// One row without columns.
    pub(super) fn one_row(&self) -> Flow {
        let plan = EmptyRelation { produce_one_row: true, schema: Arc::new(DFSchema::empty()) };
        Flow::new(LogicalPlan::EmptyRelation(plan), Vec::new())
    }

    /// The rows of a text.
    pub(super) fn data_table(&mut self, relation: &Relation, rows: &[Vec<Constant>], needed: &Needed) -> Result<Flow, LowerError> {
        let nothing = Constant::Null;
        let mut columns = Vec::new();
        for place in needed.places() {
            let kind = relation.columns[place].kind;
            let cells = rows.iter().map(|row| row.get(place).unwrap_or(&nothing));
            columns.push((place, constant::array(cells, kind)?));
        }
        self.in_memory(relation, columns, rows.len())
    }

    /// The rows of a `materialize` that has run.
    pub(super) fn kept(&mut self, relation: &Relation, batches: &[RecordBatch], needed: &Needed) -> Result<Flow, LowerError> {
        let mut columns = Vec::new();
        for place in needed.places() {
            let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(place).as_ref()).collect();
            let kind = relation.columns[place].kind;
            let whole = if parts.is_empty() { constant::array([].iter(), kind)? } else { arrow::compute::concat(&parts)? };
            columns.push((place, whole));
        }
        self.in_memory(relation, columns, batches.iter().map(RecordBatch::num_rows).sum())
    }

    /// Rows in memory, numbered in their order.
    fn in_memory(&mut self, relation: &Relation, arrays: Vec<(usize, ArrayRef)>, rows: usize) -> Result<Flow, LowerError> {
        let mut columns = vec![None; relation.columns.len()];
        let mut fields = Vec::new();
        let mut values: Vec<ArrayRef> = Vec::new();
        let reference = TableReference::bare(self.name("rows"));
        let mut add = |name: String, array: ArrayRef| {
            fields.push(Field::new(&name, array.data_type().clone(), true));
            values.push(array);
            Expr::Column(Column::new(Some(reference.clone()), name))
        };
        for (place, array) in arrays {
            columns[place] = Some(add(self.name(&relation.columns[place].name), array));
        }
        let number = add(self.name(ROW), Arc::new((0..rows as i64).collect::<Int64Array>()));
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), values, &options)?;
        let table = MemTable::try_new(schema, vec![vec![batch]])?;
        let plan = LogicalPlanBuilder::scan(reference, provider_as_source(Arc::new(table)), None)?.build()?;
        let mut flow = Flow::new(plan, columns);
        flow.order = vec![number.sort(true, false)];
        Ok(flow)
    }

    /// The value of an expression that reads no row.
    pub(super) fn constant(&mut self, expression: &bound::Expr) -> Result<ScalarValue, LowerError> {
        if let ExprKind::Literal(value) = &expression.kind {
            return Ok(constant::scalar(value, expression.ty));
        }
        value_of(&self.value(expression, &[])?)
    }

    /// A constant number of rows.
    pub(super) fn count(&mut self, expression: &bound::Expr) -> Result<usize, LowerError> {
        let number = match self.constant(expression)? {
            ScalarValue::Int64(Some(number)) => Some(number),
            ScalarValue::Int32(Some(number)) => Some(i64::from(number)),
            _ => None,
        };
        match number.map(usize::try_from) {
            Some(Ok(number)) => Ok(number),
            _ => Err(LowerError::value("expected a number of rows from 0 on, known beforehand", expression.place)),
        }
    }

    /// `range`
    pub(super) fn range(&mut self, relation: &Relation, parts: [&bound::Expr; 3], needed: &Needed) -> Result<Flow, LowerError> {
        let kind = relation.columns.first().map_or(ScalarType::Long, |column| column.kind);
        let values = [self.constant(parts[0])?, self.constant(parts[1])?, self.constant(parts[2])?];
        let array = range_values(&values, kind, relation.place)?;
        let rows = array.len();
        self.in_memory(relation, if needed.has(0) { vec![(0, array)] } else { Vec::new() }, rows)
    }
}

fn range_values(parts: &[ScalarValue; 3], kind: ScalarType, place: Place) -> Result<ArrayRef, LowerError> {
    let limit = || LowerError::Limit { name: "range_rows_max", limit: RANGE_ROWS_MAX, place: Some(place) };
    if kind == ScalarType::Real {
        let real = |value: &ScalarValue| match value.cast_to(&DataType::Float64) {
            Ok(ScalarValue::Float64(value)) => value,
            _ => None,
        };
        let [Some(from), Some(to), Some(step)] = [real(&parts[0]), real(&parts[1]), real(&parts[2])] else {
            return constant::array([].iter(), kind);
        };
        let steps = ((to - from) / step).floor();
        if steps.is_nan() || steps < 0.0 || step == 0.0 {
            return constant::array([].iter(), kind);
        }
        if steps >= RANGE_ROWS_MAX as f64 {
            return Err(limit());
        }
        return Ok(Arc::new((0..=steps as u64).map(|n| from + n as f64 * step).collect::<Float64Array>()));
    }
    let whole = |value: &ScalarValue| match value {
        ScalarValue::Int64(value) => value.map(i128::from),
        ScalarValue::Int32(value) => value.map(i128::from),
        ScalarValue::Decimal128(value, ..) => *value,
        _ => None,
    };
    let [Some(from), Some(to), Some(step)] = [whole(&parts[0]), whole(&parts[1]), whole(&parts[2])] else {
        return constant::array([].iter(), kind);
    };
    let span = to.saturating_sub(from);
    if step == 0 || (span != 0 && (span < 0) != (step < 0)) {
        return constant::array([].iter(), kind);
    }
    let steps = span / step;
    if steps >= i128::from(RANGE_ROWS_MAX) {
        return Err(limit());
    }
    let values = (0..=steps).map(|n| from + n * step);
    Ok(match kind {
        ScalarType::Int => Arc::new(values.map(|value| value as i32).collect::<Int32Array>()),
        ScalarType::DateTime => {
            Arc::new(values.map(|ticks| ticks as i64).filter(|ticks| (0..=LAST_TICK).contains(ticks)).collect::<Int64Array>())
        }
        ScalarType::Decimal => Arc::new(values.collect::<Decimal128Array>().with_data_type(arrow_type(kind))),
        _ => Arc::new(values.map(|value| value as i64).collect::<Int64Array>()),
    })
}

//! Operators that take fewer rows at once where those of a batch would make too much: computed columns, filters, and lists that become rows.
//!
//! Put into a finished plan. Rows, their order and their columns stay as they were; only the borders of batches move.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::projection::{ProjectionExpr, Projector};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{TryStreamExt, stream};

use super::super::functions::KernelError;
use super::super::functions::budget::{EXPRESSION_BYTES_MAX, EXPRESSION_BYTES_NAME, Scope};

/// Constants whose bytes in a row are fewer than this are written out for every row of a batch.
const LITERAL_BYTES_MIN: usize = 8 << 10;
/// Elements of lists that become rows at once.
const ELEMENTS_MAX: usize = 8_192;

/// Bytes of texts in a batch from which on its rows are looked at.
const LARGE_BATCH_BYTES: usize = 16 << 20;
/// Bytes of texts in a row of which a batch of the usual number of rows must not be put together.
const LARGE_ROW_BYTES: usize = 64 << 10;

/// Puts the operators of this file where a plan may need them.
pub(super) fn slicing(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let sliced = plan.transform_up(|node| {
        if let Some(projection) = node.downcast_ref::<ProjectionExec>()
            && projection.expr().iter().any(|column| may_grow(&column.expr))
        {
            return Ok(Transformed::yes(SlicedExec::computing(projection)?));
        }
        if let Some(filter) = node.downcast_ref::<FilterExec>()
            && may_grow(filter.predicate())
        {
            return Ok(Transformed::yes(filtered(filter)?));
        }
        if let Some(unnest) = node.downcast_ref::<UnnestExec>() {
            let lists = unnest.list_column_indices().iter().map(|list| list.index_in_input_schema).collect();
            let input: Arc<dyn ExecutionPlan> =
                Arc::new(SlicedExec { work: Work::Lists(lists), inner: Arc::clone(unnest.input()), input: Arc::clone(unnest.input()) });
            return Ok(Transformed::yes(
                node.replace_children(vec![input], ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))?,
            ));
        }
        Ok(Transformed::no(node))
    })?;
    Ok(sliced.data)
}

/// A filter whose condition is computed as a column first.
fn filtered(filter: &FilterExec) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = filter.input().schema();
    let column = |(place, field): (usize, &Arc<arrow::datatypes::Field>)| {
        let expr: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), place));
        ProjectionExpr { expr, alias: field.name().clone() }
    };
    let mut columns: Vec<ProjectionExpr> = schema.fields().iter().enumerate().map(column).collect();
    let alias = "condition".to_owned();
    columns.push(ProjectionExpr { expr: Arc::clone(filter.predicate()), alias: alias.clone() });
    let width = schema.fields().len();
    let shown = filter.projection().as_ref().map_or_else(|| (0..width).collect(), |shown| shown.to_vec());
    let computed = ProjectionExec::try_new(columns, Arc::clone(filter.input()))?;
    let builder = FilterExecBuilder::new(Arc::new(Column::new(&alias, width)), SlicedExec::computing(&computed)?)
        .apply_projection(Some(shown))?
        .with_default_selectivity(filter.default_selectivity())
        .with_batch_size(filter.batch_size())
        .with_fetch(filter.fetch());
    Ok(Arc::new(builder.build()?))
}

/// Whether an expression may make much more of a row than stands in it.
fn may_grow(expression: &Arc<dyn PhysicalExpr>) -> bool {
    let makes_more = expression.downcast_ref::<ScalarFunctionExpr>().is_some_and(|call| {
        // Parts of stored values and their other forms are no longer than these.
        let is_part = call.name() == "part" || super::convert::is_conversion(call.name());
        let is_long = matches!(call.return_type(), DataType::Utf8View | DataType::Utf8 | DataType::List(_) | DataType::Struct(_));
        is_long && !is_part
    });
    makes_more || literal_bytes(expression) > LITERAL_BYTES_MIN || expression.children().into_iter().any(may_grow)
}

/// Bytes of the constants that are written out for each row; a function takes its own as they are.
fn literal_bytes(expression: &Arc<dyn PhysicalExpr>) -> usize {
    if let Some(literal) = expression.downcast_ref::<Literal>() {
        return literal.value().size();
    }
    let is_call = expression.downcast_ref::<ScalarFunctionExpr>().is_some();
    let own = |child: &&Arc<dyn PhysicalExpr>| !is_call || child.downcast_ref::<Literal>().is_none();
    expression.children().into_iter().filter(own).map(literal_bytes).sum()
}

/// What is done with slices of batches.
#[derive(Clone, Debug)]
enum Work {
    /// Columns are computed; at most so many rows at once, because constants are written out for each.
    Columns(Arc<Projector>, usize),
    /// The lists in these columns are cut, so that few elements become rows at once.
    Lists(Vec<usize>),
}

/// A projection, or what feeds an unnesting, that works slice by slice.
#[derive(Debug)]
struct SlicedExec {
    work: Work,
    /// What it stands for: gives its properties.
    inner: Arc<dyn ExecutionPlan>,
    input: Arc<dyn ExecutionPlan>,
}

impl SlicedExec {
    fn computing(projection: &ProjectionExec) -> Result<Arc<dyn ExecutionPlan>> {
        let input = Arc::clone(projection.input());
        let projector = projection.projection_expr().make_projector_with_schema_metadata(&input.schema(), &projection.schema())?;
        let literals: usize = projection.expr().iter().map(|column| literal_bytes(&column.expr)).sum();
        let rows_max = EXPRESSION_BYTES_MAX / literals.max(1);
        let work = Work::Columns(Arc::new(projector), rows_max.max(1));
        let sliced = Self { work, inner: Arc::new(projection.clone()), input };
        Ok(Arc::new(sliced))
    }
}

impl DisplayAs for SlicedExec {
    fn fmt_as(&self, form: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.work {
            Work::Columns(..) => self.inner.fmt_as(form, f),
            Work::Lists(_) => f.write_str("CutListsExec"),
        }
    }
}

impl ExecutionPlan for SlicedExec {
    fn name(&self) -> &str {
        "SlicedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.inner.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(&self, _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(input) = children.first().cloned() else { return Ok(self) };
        let inner = match self.work {
            Work::Columns(..) => Arc::clone(&self.inner).replace_children(children, options)?,
            Work::Lists(_) => Arc::clone(&input),
        };
        Ok(Arc::new(Self { work: self.work.clone(), inner, input }))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let schema: SchemaRef = self.schema();
        let wary = context.session_config().get_extension::<Wary>().is_some();
        let uncounted = context.session_config().get_extension::<Uncounted>().is_some();
        let input = self.input.execute(partition, context)?;
        let batches = match &self.work {
            Work::Columns(projector, rows_max) => {
                let (projector, rows_max) = (Arc::clone(projector), *rows_max);
                // How many rows did in the last batch.
                let did = Arc::new(AtomicUsize::new(if uncounted { 0 } else { rows_max }));
                let slices = move |batch: RecordBatch| {
                    let rows_max = rows_max.min(did.load(Ordering::Relaxed).saturating_mul(2)).max(1);
                    let (projector, did) = (Arc::clone(&projector), Arc::clone(&did));
                    stream::iter(Computed { batch, at: 0, rows_max, projector, did, uncounted })
                };
                // Of one batch it may make thousands, each of which takes its time: whoever waits is asked again after each.
                let pausing = move |batch: RecordBatch| async move {
                    if wary && has_large_rows(&batch) {
                        return Err(DataFusionError::External(Box::new(LargeRows)));
                    }
                    tokio::task::yield_now().await;
                    Ok(batch)
                };
                let batches = input.map_ok(slices).try_flatten().and_then(pausing);
                return Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)));
            }
            Work::Lists(lists) => {
                let lists: Arc<[usize]> = lists.as_slice().into();
                input.map_ok(move |batch| stream::iter(Cut::new(batch, Arc::clone(&lists)))).try_flatten()
            }
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}

/// Set in a session whose plans are run again in small batches if their rows turn out to be large: operators that put batches together until they have
/// enough rows count no bytes.
#[derive(Debug)]
pub struct Wary;

/// Set in a session whose functions do not count what they make: slices begin with one row and grow as long as their rows stay small.
#[derive(Debug)]
pub struct Uncounted;

/// Ends a plan whose rows are too large for batches of the usual number of rows.
#[derive(Debug, thiserror::Error)]
#[error("expected rows that many together are no burden, found larger ones")]
pub struct LargeRows;

impl LargeRows {
    /// Whether this is why a plan ended.
    pub fn is(error: &DataFusionError) -> bool {
        matches!(error.find_root(), DataFusionError::External(inner) if inner.is::<Self>())
    }
}

/// Whether the texts of a batch are so long that many batches of the kind would be too much.
fn has_large_rows(batch: &RecordBatch) -> bool {
    let bytes = text_bytes(batch);
    bytes > LARGE_BATCH_BYTES && bytes / batch.num_rows().max(1) > LARGE_ROW_BYTES
}

/// Bytes of the texts and lists of a batch.
fn text_bytes(batch: &RecordBatch) -> usize {
    let length = |values: &ArrayRef| match values.data_type() {
        DataType::Utf8View => values.as_string_view().total_bytes_len(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::List(_) => values.to_data().get_slice_memory_size().unwrap_or_default(),
        _ => 0,
    };
    batch.columns().iter().map(length).sum()
}

/// The slices of a batch with computed columns.
struct Computed {
    batch: RecordBatch,
    at: usize,
    rows_max: usize,
    projector: Arc<Projector>,
    did: Arc<AtomicUsize>,
    /// Whether what was made is only known once it is there.
    uncounted: bool,
}

impl Computed {
    /// Takes as many rows at once from here on as what these rows became allows; fails if one row alone is too large.
    fn settle(&mut self, computed: &RecordBatch) -> Result<()> {
        let (rows, bytes) = (computed.num_rows().max(1), text_bytes(computed));
        if bytes / rows > EXPRESSION_BYTES_MAX {
            return Err(DataFusionError::External(Box::new(KernelError::limit(EXPRESSION_BYTES_NAME, EXPRESSION_BYTES_MAX))));
        }
        let fitting = EXPRESSION_BYTES_MAX / (bytes / rows).max(1);
        self.rows_max = self.rows_max.saturating_mul(2).min(fitting).max(1);
        Ok(())
    }
}

impl Iterator for Computed {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = self.batch.num_rows();
        while self.at < rows {
            let wanted = self.rows_max.min(rows - self.at);
            let slice = self.batch.slice(self.at, wanted);
            let scope = Scope::open();
            let computed = self.projector.project_batch(&slice);
            drop(scope);
            match computed {
                Err(error) if wanted > 1 && KernelError::from(&error).is_limit() => self.rows_max = wanted / 2,
                Err(error) => {
                    self.at = rows;
                    return Some(Err(error));
                }
                Ok(computed) => {
                    self.at += wanted;
                    if self.uncounted
                        && let Err(error) = self.settle(&computed)
                    {
                        self.at = rows;
                        return Some(Err(error));
                    }
                    self.did.store(self.rows_max, Ordering::Relaxed);
                    return Some(if wanted < rows { alone(&computed) } else { Ok(computed) });
                }
            }
        }
        None
    }
}

/// A slice that holds no more bytes than its rows have: else each slice of a batch would count as all of it.
fn alone(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(|values| match values.as_string_view_opt() {
        Some(texts) => Arc::new(texts.gc()) as ArrayRef,
        None => Arc::clone(values),
    });
    Ok(RecordBatch::try_new(batch.schema(), columns.collect())?)
}

/// The pieces of a batch in which few elements of lists stand. A list with more of them is cut: its row comes several times.
struct Cut {
    batch: RecordBatch,
    lists: Arc<[usize]>,
    lengths: Vec<usize>,
    row: usize,
    /// Elements of the row that were given already.
    given: usize,
}

impl Cut {
    fn new(batch: RecordBatch, lists: Arc<[usize]>) -> Self {
        let longest = |row: usize| {
            let length = |list: &usize| batch.column(*list).as_list_opt::<i32>().map_or(0, |list| list.value_length(row).max(0) as usize);
            lists.iter().map(length).max().unwrap_or(0)
        };
        let lengths = (0..batch.num_rows()).map(longest).collect();
        Self { batch, lists, lengths, row: 0, given: 0 }
    }

    /// A part of one row.
    fn part(&self, row: usize, from: usize, count: usize) -> Result<RecordBatch> {
        let place = UInt64Array::from(vec![row as u64]);
        let column = |(index, values): (usize, &ArrayRef)| match values.as_list_opt::<i32>() {
            Some(list) if self.lists.contains(&index) => cut_list(list, row, from, count),
            _ => Ok(take(values.as_ref(), &place, None)?),
        };
        let columns = self.batch.columns().iter().enumerate().map(column).collect::<Result<Vec<_>>>()?;
        Ok(RecordBatch::try_new(self.batch.schema(), columns)?)
    }
}

/// The elements of a list from a place on, as a list of their own.
fn cut_list(list: &ListArray, row: usize, from: usize, count: usize) -> Result<ArrayRef> {
    let DataType::List(field) = list.data_type() else { return internal_err!("a list is of the type of lists") };
    let offsets = list.value_offsets();
    let (start, end) = (offsets[row] as usize, offsets[row + 1] as usize);
    let start = (start + from).min(end);
    let count = count.min(end - start);
    let values = list.values().slice(start, count);
    let values = values.as_string_view_opt().map_or(values.clone(), |texts| Arc::new(texts.gc()) as ArrayRef);
    Ok(Arc::new(ListArray::try_new(Arc::clone(field), OffsetBuffer::from_lengths([count]), values, None)?))
}

impl Iterator for Cut {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let length = *self.lengths.get(self.row)?;
        if length > ELEMENTS_MAX {
            let (row, from) = (self.row, self.given);
            self.given += ELEMENTS_MAX;
            if self.given >= length {
                (self.row, self.given) = (row + 1, 0);
            }
            return Some(self.part(row, from, ELEMENTS_MAX));
        }
        let (start, mut elements) = (self.row, 0);
        while let Some(length) = self.lengths.get(self.row)
            && (self.row == start || elements + length <= ELEMENTS_MAX)
        {
            elements += length;
            self.row += 1;
        }
        Some(Ok(self.batch.slice(start, self.row - start)))
    }
}

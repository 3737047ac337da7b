//! Tables of other workspaces beside the own ones: one by its workspace's name, or the rows of all under one name. What a row's
//! workspace does not have is null; the files of each are read from where that workspace keeps them.

use std::fmt;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::datasource::TableType;
use datafusion::execution::object_store::DefaultObjectStoreRegistry;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties};
use futures::StreamExt;

use super::Source;
use crate::columns::{ColumnType, ColumnsSnapshot, kind_of_field};

/// A workspace that a query may name.
#[derive(Clone, Debug)]
pub struct Peer {
    /// What the query calls it.
    pub name: String,
    /// Whether its rows are among those of every table.
    pub united: bool,
    /// What it shows; nothing for the own one.
    pub source: Option<Arc<Source>>,
}

impl Peer {
    /// What the names of its tables begin with.
    pub(super) fn prefix(&self) -> String {
        self.source.as_ref().map_or_else(String::new, |_| format!("workspace('{}').", self.name.to_lowercase()))
    }

    /// One of its tables, as others may read it.
    pub(super) fn part(&self, table: &str) -> Option<Part> {
        let source = self.source.as_ref()?;
        Some(Part { table: source.own(table)?, columns: source.columns.clone() })
    }
}

/// A table of one workspace.
#[derive(Clone)]
pub(super) struct Part {
    /// Its rows.
    pub(super) table: Arc<dyn TableProvider>,
    /// Where its files are; none if they are where those of the query are.
    pub(super) columns: Option<ColumnsSnapshot>,
}

/// The rows of a table in several workspaces.
pub(super) struct United {
    parts: Vec<Part>,
    schema: SchemaRef,
}

impl United {
    /// The rows of these parts: columns of the first one in its order, then those that only others have. Where two have other types
    /// for a column of one name, it is a number that holds both, or else text.
    pub(super) fn of(parts: Vec<Part>) -> Self {
        let mut fields: Vec<arrow::datatypes::Field> = Vec::new();
        for field in parts.iter().flat_map(|part| part.table.schema().fields().iter().cloned().collect::<Vec<_>>()) {
            match fields.iter_mut().find(|known| known.name() == field.name()) {
                None => fields.push(field.as_ref().clone().with_nullable(true)),
                Some(known) if kind_of_field(known) != kind_of_field(&field) => {
                    *known = super::field(field.name(), common_type(kind_of_field(known), kind_of_field(&field)));
                }
                Some(_) => {}
            }
        }
        Self { parts, schema: Arc::new(Schema::new(fields)) }
    }
}

/// The type of a column that two workspaces have in different ones: that of their numbers, or else text.
fn common_type(a: ColumnType, b: ColumnType) -> ColumnType {
    use ColumnType::{Int, Long, Real, String};
    match (a, b) {
        (Int | Long, Int | Long) => Long,
        (Int | Long | Real, Int | Long | Real) => Real,
        _ => String,
    }
}

impl fmt::Debug for United {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("United").field("parts", &self.parts.len()).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for United {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted = match projection {
            Some(places) => Arc::new(self.schema.project(places)?),
            None => Arc::clone(&self.schema),
        };
        let mut pieces = Vec::new();
        for part in &self.parts {
            let schema = part.table.schema();
            let same = |name: &str| {
                let (own, all) = (schema.field_with_name(name), self.schema.field_with_name(name));
                own.is_ok_and(|own| all.is_ok_and(|all| own.data_type() == all.data_type()))
            };
            // A filter over a column that the part has otherwise is left to whoever reads the union.
            let fitting: Vec<Expr> =
                filters.iter().filter(|filter| filter.column_refs().iter().all(|column| same(column.name()))).cloned().collect();
            let limit = limit.filter(|_| fitting.len() == filters.len());
            let (mut read, mut sources) = (Vec::new(), Vec::new());
            for field in wanted.fields() {
                sources.push(schema.index_of(field.name()).ok().map(|place| {
                    read.push(place);
                    read.len() - 1
                }));
            }
            let plan = part.table.scan(state, Some(&read), &fitting, limit).await?;
            pieces.push(Piece { plan, sources, columns: part.columns.clone() });
        }
        Ok(Arc::new(UnitedExec::new(pieces, wanted)))
    }
}

/// The rows of one part, and from which of its columns each wanted one comes.
#[derive(Clone)]
struct Piece {
    plan: Arc<dyn ExecutionPlan>,
    sources: Vec<Option<usize>>,
    columns: Option<ColumnsSnapshot>,
}

impl Piece {
    /// What the part's plan runs with: all that the query has, and the files of the part.
    fn context(&self, context: &Arc<TaskContext>) -> Result<Arc<TaskContext>> {
        let Some(columns) = &self.columns else { return Ok(Arc::clone(context)) };
        let runtime = RuntimeEnvBuilder::from_runtime_env(&context.runtime_env())
            .with_object_store_registry(Arc::new(DefaultObjectStoreRegistry::new()))
            .build_arc()?;
        let (url, store) = columns.object_store();
        runtime.register_object_store(url.as_ref(), store);
        Ok(Arc::new(TaskContext::new(
            context.task_id(),
            context.session_id(),
            context.session_config().clone(),
            context.scalar_functions().clone(),
            context.higher_order_functions().clone(),
            context.aggregate_functions().clone(),
            context.window_functions().clone(),
            runtime,
        )))
    }
}

/// A batch of a part as the union has it.
fn fitted(batch: &RecordBatch, sources: &[Option<usize>], schema: &SchemaRef) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let columns = sources.iter().zip(schema.fields()).map(|(source, field)| match source {
        Some(place) if batch.column(*place).data_type() == field.data_type() => Ok(Arc::clone(batch.column(*place))),
        Some(place) => Ok(cast(batch.column(*place), field.data_type())?),
        None => Ok(new_null_array(field.data_type(), rows)),
    });
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns.collect::<Result<_>>()?, &options)?)
}

/// [`United`] as it runs: the partitions of each part, one behind the other.
struct UnitedExec {
    pieces: Vec<Piece>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl UnitedExec {
    fn new(pieces: Vec<Piece>, schema: SchemaRef) -> Self {
        let partitions = pieces.iter().map(|piece| piece.plan.output_partitioning().partition_count()).sum();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { pieces, schema, properties: Arc::new(properties) }
    }
}

impl fmt::Debug for UnitedExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnitedExec").field("pieces", &self.pieces.len()).finish_non_exhaustive()
    }
}

impl DisplayAs for UnitedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnitedExec: workspaces={}", self.pieces.len())
    }
}

impl ExecutionPlan for UnitedExec {
    fn name(&self) -> &str {
        "UnitedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    // A leaf: the plans inside belong to other workspaces, and no rule of this query rewrites them.
    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(&self, _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>, _: ReplaceChildrenOptions) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let mut inside = partition;
        for piece in &self.pieces {
            let count = piece.plan.output_partitioning().partition_count();
            if inside >= count {
                inside -= count;
                continue;
            }
            let stream = piece.plan.execute(inside, piece.context(&context)?)?;
            let (sources, schema) = (piece.sources.clone(), Arc::clone(&self.schema));
            let fit = Arc::clone(&schema);
            let batches = stream.map(move |batch| fitted(&batch?, &sources, &fit));
            return Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)));
        }
        internal_err!("a union of workspaces has no partition {partition}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::arrow_type;
    use arrow::array::{Array, Int64Array, StringViewArray};
    use datafusion::datasource::MemTable;

    fn part(columns: Vec<(&str, ColumnType, Arc<dyn Array>)>) -> Part {
        let fields: Vec<_> = columns.iter().map(|(name, kind, _)| super::super::field(name, *kind)).collect();
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns.into_iter().map(|(_, _, array)| array).collect());
        let table = MemTable::try_new(schema, vec![vec![batch.expect("columns of one length")]]).expect("a table");
        Part { table: Arc::new(table), columns: None }
    }

    #[tokio::test]
    async fn rows_of_all_parts_come_with_the_columns_of_all() {
        let texts = |values: &[&str]| Arc::new(StringViewArray::from_iter_values(values)) as Arc<dyn Array>;
        let longs = |values: &[i64]| Arc::new(Int64Array::from_iter_values(values.iter().copied())) as Arc<dyn Array>;
        let one = part(vec![("B", ColumnType::String, texts(&["b1"])), ("A", ColumnType::Long, longs(&[1]))]);
        let other = part(vec![("A", ColumnType::String, texts(&["two", "three"])), ("C", ColumnType::Long, longs(&[2, 3]))]);
        let united = United::of(vec![one, other]);
        let schema = united.schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(names, ["B", "A", "C"]);
        assert_eq!(schema.field(1).data_type(), &arrow_type(ColumnType::String), "types that differ become text");
        let session = datafusion::prelude::SessionContext::new();
        let read = async |projection: Option<&Vec<usize>>| {
            let plan = united.scan(&session.state(), projection, &[], None).await.expect("a plan");
            let batches = datafusion::physical_plan::collect(plan, session.task_ctx()).await.expect("rows");
            arrow::util::pretty::pretty_format_batches(&batches).expect("text").to_string()
        };
        let whole = read(None).await;
        let expected = ["| b1 | 1     |   |", "|    | two   | 2 |", "|    | three | 3 |"];
        assert!(expected.iter().all(|row| whole.contains(row)), "{whole}");
        let some = read(Some(&vec![2])).await;
        assert!(some.contains("| C |") && some.matches("| 3 |").count() == 1 && !some.contains("two"), "{some}");
    }
}

//! The node of a plan that gives rows many columns of which they have few: a union of unlike tables, or a result with columns that no row fills.
//!
//! The inputs stay narrow: they are planned, filtered and cut under their own columns, and a batch gets the absent ones as it passes. An optimizer
//! looks at each column of each projection, again for each other one; unions of all tables have thousands. Knows nothing of the language.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchemaRef, Result, ScalarValue, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, Extension, Filter, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::StreamExt;

/// Where a column of the result comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Cells {
    /// The column of the input at this place.
    Column(usize),
    /// The same value in all rows.
    Same(ScalarValue),
}

/// Rows of one plan, and what each column of the result is in them.
pub(super) struct WideInput {
    /// The rows.
    pub(super) plan: LogicalPlan,
    /// One for each column of the result.
    pub(super) cells: Vec<Cells>,
}

/// Puts the rows of all inputs under the columns of `schema`.
pub(super) fn plan(inputs: Vec<WideInput>, schema: DFSchemaRef) -> LogicalPlan {
    let (inputs, cells) = inputs.into_iter().map(|input| (input.plan, Arc::new(Padding::new(input.cells)))).unzip();
    LogicalPlan::Extension(Extension { node: Arc::new(WideNode { inputs, cells, schema }) })
}

/// The columns of a result over those of an input; equal values stand once.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Padding {
    cells: Vec<Cell>,
    values: Vec<ScalarValue>,
}

/// A place among the columns of the input or among the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Cell {
    Column(usize),
    Value(usize),
}

impl Padding {
    fn new(cells: Vec<Cells>) -> Self {
        let mut values: Vec<ScalarValue> = Vec::new();
        let mut places: HashMap<ScalarValue, usize> = HashMap::new();
        let cells = cells.into_iter().map(|cell| match cell {
            Cells::Column(place) => Cell::Column(place),
            Cells::Same(value) => Cell::Value(*places.entry(value).or_insert_with_key(|value| {
                values.push(value.clone());
                values.len() - 1
            })),
        });
        let cells = cells.collect();
        Self { cells, values }
    }

    fn pad(&self, batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let values = self.values.iter().map(|value| value.to_array_of_size(rows)).collect::<Result<Vec<ArrayRef>>>()?;
        let column = |cell: &Cell| match cell {
            Cell::Column(place) => Arc::clone(batch.column(*place)),
            Cell::Value(place) => Arc::clone(&values[*place]),
        };
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(schema), self.cells.iter().map(column).collect(), &options)?)
    }
}

/// Narrow plans under many columns, as a logical plan holds them.
#[derive(Clone, Debug)]
struct WideNode {
    inputs: Vec<LogicalPlan>,
    cells: Vec<Arc<Padding>>,
    schema: DFSchemaRef,
}

impl WideNode {
    /// A condition on the result as one on the rows of an input.
    fn within(&self, condition: &Expr, input: usize, names: &HashMap<&str, usize>) -> Result<Expr> {
        let (padding, schema) = (&self.cells[input], self.inputs[input].schema());
        let own = condition.clone().transform(|node| {
            let Expr::Column(column) = &node else { return Ok(Transformed::no(node)) };
            let cell = names.get(column.name.as_str()).and_then(|place| padding.cells.get(*place));
            match cell {
                Some(Cell::Column(place)) => Ok(Transformed::yes(Expr::Column(schema.columns().swap_remove(*place)))),
                Some(Cell::Value(place)) => Ok(Transformed::yes(Expr::Literal(padding.values[*place].clone(), None))),
                None => internal_err!("no column `{}` below a condition", column.name),
            }
        })?;
        Ok(own.data)
    }
}

impl PartialEq for WideNode {
    fn eq(&self, other: &Self) -> bool {
        self.cells == other.cells && self.schema == other.schema && self.inputs == other.inputs
    }
}

impl Eq for WideNode {}

impl std::hash::Hash for WideNode {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.cells.hash(state);
        self.inputs.hash(state);
    }
}

impl PartialOrd for WideNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl UserDefinedLogicalNodeCore for WideNode {
    fn name(&self) -> &str {
        "Wide"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        self.inputs.iter().collect()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Wide: {} columns", self.schema.fields().len())
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        if inputs.len() != self.cells.len() {
            return internal_err!("{} inputs of a wide node became {}", self.cells.len(), inputs.len());
        }
        Ok(Self { inputs, cells: self.cells.clone(), schema: Arc::clone(&self.schema) })
    }

    fn supports_limit_pushdown(&self) -> bool {
        // Each round of the optimizer asks again.
        !self.inputs.iter().all(|input| matches!(input, LogicalPlan::Limit(_)))
    }
}

/// Asks conditions on wide rows of the narrow ones.
#[derive(Debug)]
pub struct NarrowFilters;

impl OptimizerRule for NarrowFilters {
    fn name(&self) -> &str {
        "narrow_filters"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Filter(filter) = &plan else { return Ok(Transformed::no(plan)) };
        let LogicalPlan::Extension(extension) = filter.input.as_ref() else { return Ok(Transformed::no(plan)) };
        let Some(node) = extension.node.as_any().downcast_ref::<WideNode>() else { return Ok(Transformed::no(plan)) };
        let names = node.schema.fields().iter().enumerate().map(|(place, field)| (field.name().as_str(), place)).collect();
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for (place, input) in node.inputs.iter().enumerate() {
            let condition = node.within(&filter.predicate, place, &names)?;
            inputs.push(LogicalPlan::Filter(Filter::try_new(condition, Arc::new(input.clone()))?));
        }
        let narrow = WideNode { inputs, ..node.clone() };
        Ok(Transformed::yes(LogicalPlan::Extension(Extension { node: Arc::new(narrow) })))
    }
}

/// Makes wide nodes physical.
#[derive(Debug)]
pub(super) struct WidePlanner;

#[async_trait]
impl ExtensionPlanner for WidePlanner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<WideNode>() else { return Ok(None) };
        Ok(Some(Arc::new(WideExec::new(inputs.to_vec(), node.cells.clone(), Arc::clone(node.schema.inner())))))
    }
}

/// A wide node as it runs: the partitions of its inputs, one after the other.
#[derive(Debug)]
struct WideExec {
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    cells: Vec<Arc<Padding>>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

fn partitions(input: &Arc<dyn ExecutionPlan>) -> usize {
    input.properties().output_partitioning().partition_count()
}

impl WideExec {
    fn new(inputs: Vec<Arc<dyn ExecutionPlan>>, cells: Vec<Arc<Padding>>, schema: SchemaRef) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(inputs.iter().map(partitions).sum()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { inputs, cells, schema, properties: Arc::new(properties) }
    }

    /// The input that owns a partition, and which one it is there.
    fn owner(&self, partition: usize) -> Option<(usize, usize)> {
        let mut left = partition;
        for (place, input) in self.inputs.iter().enumerate() {
            let count = partitions(input);
            if left < count {
                return Some((place, left));
            }
            left -= count;
        }
        None
    }
}

impl DisplayAs for WideExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WideExec: {} columns", self.schema.fields().len())
    }
}

impl ExecutionPlan for WideExec {
    fn name(&self) -> &str {
        "WideExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![self.inputs.len() == 1; self.inputs.len()]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; self.inputs.len()]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn apply_expressions(&self, _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::new(children, self.cells.clone(), Arc::clone(&self.schema))))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::new(children, self.cells.clone(), Arc::clone(&self.schema))))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some((place, partition)) = self.owner(partition) else {
            return internal_err!("a wide node has no partition {partition}");
        };
        let rows = self.inputs[place].execute(partition, context)?;
        let (padding, schema) = (Arc::clone(&self.cells[place]), Arc::clone(&self.schema));
        let padded = rows.map(move |batch| padding.pad(&batch?, &schema));
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), padded)))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};
    use datafusion::common::DFSchema;
    use datafusion::datasource::{MemTable, provider_as_source};
    use datafusion::execution::session_state::SessionStateBuilder;
    use datafusion::logical_expr::{LogicalPlanBuilder, lit};
    use datafusion::prelude::{SessionConfig, SessionContext, ident};

    use super::super::RowsQueryPlanner;
    use super::*;
    use datafusion::execution::context::QueryPlanner as _;

    fn long(name: &str) -> Field {
        Field::new(name, DataType::Int64, true)
    }

    fn table(column: &str, values: Vec<i64>) -> LogicalPlan {
        let schema = Arc::new(Schema::new(vec![long(column)]));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(Int64Array::from(values))]).expect("fits");
        let table = MemTable::try_new(schema, vec![vec![batch]]).expect("fits");
        LogicalPlanBuilder::scan(column, provider_as_source(Arc::new(table)), None).and_then(|b| b.build()).expect("plans")
    }

    /// `a` with 1 to 3 and `b` with 2 to 4, the column of the other null.
    fn wide() -> LogicalPlan {
        let schema = Arc::new(DFSchema::try_from(Schema::new(vec![long("a"), long("b")])).expect("is a schema"));
        let null = || Cells::Same(ScalarValue::Int64(None));
        let inputs = vec![
            WideInput { plan: table("a", vec![1, 2, 3]), cells: vec![Cells::Column(0), null()] },
            WideInput { plan: table("b", vec![2, 3, 4]), cells: vec![null(), Cells::Column(0)] },
        ];
        plan(inputs, schema)
    }

    async fn run(plan: &LogicalPlan) -> (String, Vec<(Option<i64>, Option<i64>)>) {
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
        let state = SessionStateBuilder::new_from_existing(context.state()).with_optimizer_rule(Arc::new(NarrowFilters)).build();
        let plan = state.optimize(plan).expect("optimizes");
        let shown = plan.display_indent().to_string();
        let plan = RowsQueryPlanner.create_physical_plan(&plan, &state).await.expect("plans");
        let batches = datafusion::physical_plan::collect(plan, context.task_ctx()).await.expect("runs");
        let mut rows = Vec::new();
        for batch in &batches {
            let (a, b) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_primitive::<Int64Type>());
            rows.extend(a.iter().zip(b));
        }
        rows.sort_unstable();
        (shown, rows)
    }

    #[tokio::test]
    async fn absent_columns_are_null() {
        let expected = vec![(None, Some(2)), (None, Some(3)), (None, Some(4)), (Some(1), None), (Some(2), None), (Some(3), None)];
        assert_eq!(run(&wide()).await.1, expected);
    }

    #[tokio::test]
    async fn conditions_and_limits_reach_the_scans() {
        let filtered = LogicalPlanBuilder::from(wide()).filter(ident("a").gt(lit(2i64)).or(ident("b").gt(lit(3i64)))).expect("fits");
        let plan = filtered.limit(0, Some(5)).and_then(|b| b.build()).expect("plans");
        let (shown, rows) = run(&plan).await;
        assert_eq!(rows, vec![(None, Some(4)), (Some(3), None)]);
        let below = shown.split("Wide").nth(1).expect("has a wide node").to_owned();
        assert!(below.contains("a.a > Int64(2)") && below.contains("b.b > Int64(3)"), "{shown}");
        assert_eq!(below.matches("fetch=5").count(), 2, "{shown}");
    }
}

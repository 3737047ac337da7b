//! The node of a plan that runs a [`RowsOperator`]: collects its inputs in their order, runs the arm, gives batches.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayData, ArrayRef, Int64Array, RecordBatch};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, DFSchemaRef, DataFusionError, Result, internal_err};
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, SortExpr, UserDefinedLogicalNode, UserDefinedLogicalNodeCore};
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, OrderingRequirements, PhysicalExpr, create_physical_sort_exprs};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, InputDistributionRequirements, Partitioning, PlanProperties,
};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use futures::{StreamExt, TryStreamExt};
use hashbrown::HashSet;

use super::super::rows::{RowsOperator, Running};
use super::slices::slicing;
use super::wide::WidePlanner;

/// An input of an operator.
#[derive(Clone, Debug)]
pub struct RowsInput {
    /// Its rows.
    pub plan: LogicalPlan,
    /// The order in which the operator gets them; empty if it does not matter.
    pub order: Vec<SortExpr>,
}

/// An operator with its inputs, as a logical plan holds it.
#[derive(Clone, Debug)]
pub struct RowsNode {
    operator: Arc<dyn RowsOperator>,
    inputs: Vec<LogicalPlan>,
    orders: Vec<Vec<SortExpr>>,
    schema: DFSchemaRef,
    numbered: bool,
}

impl RowsNode {
    /// The plan of an operator that gives the columns of `schema`. If `numbered`, a last `Int64` column of the schema is not the operator's:
    /// it gets the number of the row.
    pub fn plan(operator: Arc<dyn RowsOperator>, inputs: Vec<RowsInput>, schema: DFSchemaRef, numbered: bool) -> LogicalPlan {
        let (inputs, orders) = inputs.into_iter().map(|input| (input.plan, input.order)).unzip();
        LogicalPlan::Extension(Extension { node: Arc::new(Self { operator, inputs, orders, schema, numbered }) })
    }

    /// The node over inputs that may have lost columns that it does not need.
    fn over(&self, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let same = |(before, now): (&LogicalPlan, &LogicalPlan)| before.schema().fields().len() == now.schema().fields().len();
        if self.inputs.iter().zip(&inputs).all(same) {
            return Ok(Self { inputs, ..self.clone() });
        }
        let [(before, now)] = self.inputs.iter().zip(&inputs).collect::<Vec<_>>()[..] else {
            return internal_err!("`{}` takes all columns of its inputs", self.operator.name());
        };
        let kept: Option<Vec<usize>> = now.schema().columns().iter().map(|column| before.schema().maybe_index_of_column(column)).collect();
        let Some((operator, mut places)) = kept.and_then(|kept| self.operator.narrowed(&kept)) else {
            return internal_err!("`{}` cannot do with these columns of its input", self.operator.name());
        };
        places.extend(self.numbered.then(|| self.schema.fields().len() - 1));
        let fields =
            places.iter().map(|place| self.schema.qualified_field(*place)).map(|(table, field)| (table.cloned(), Arc::clone(field)));
        let schema = DFSchema::new_with_metadata(fields.collect(), self.schema.metadata().clone())?;
        Ok(Self { operator, inputs, schema: Arc::new(schema), ..self.clone() })
    }

    fn operator_address(&self) -> usize {
        Arc::as_ptr(&self.operator).cast::<()>() as usize
    }
}

// Two nodes are the same if they run the same value of an operator on the same inputs.
impl PartialEq for RowsNode {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.operator, &other.operator) && self.inputs == other.inputs && self.orders == other.orders
    }
}

impl Eq for RowsNode {}

impl Hash for RowsNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.operator_address().hash(state);
        self.inputs.hash(state);
        self.orders.hash(state);
    }
}

impl PartialOrd for RowsNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl UserDefinedLogicalNodeCore for RowsNode {
    fn name(&self) -> &str {
        "Rows"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        self.inputs.iter().collect()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        self.orders.iter().flatten().map(|key| key.expr.clone()).collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Rows: {}", self.operator.name())
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let [_] = self.inputs.as_slice() else { return None };
        let own = self.schema.fields().len() - usize::from(self.numbered);
        let wanted: Vec<usize> = output_columns.iter().copied().filter(|place| *place < own).collect();
        self.operator.needed(&wanted).map(|needed| vec![needed])
    }

    fn with_exprs_and_inputs(&self, expressions: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let mut node = self.over(inputs)?;
        for (key, expr) in node.orders.iter_mut().flatten().zip(expressions) {
            key.expr = expr;
        }
        Ok(node)
    }
}

/// Makes [`RowsNode`]s physical.
#[derive(Debug)]
pub struct RowsPlanner;

#[async_trait]
impl ExtensionPlanner for RowsPlanner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        logical: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        planning: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<RowsNode>() else { return Ok(None) };
        let schema = Arc::clone(node.schema.inner());
        let sorted = |(order, input): (&Vec<SortExpr>, &&LogicalPlan)| {
            let keys = create_physical_sort_exprs(order, input.schema(), session.execution_props(), planning)?;
            Ok(LexOrdering::new(keys))
        };
        let orders = node.orders.iter().zip(logical).map(sorted).collect::<Result<Vec<_>>>()?;
        let work = Work { operator: Arc::clone(&node.operator), orders, schema, numbered: node.numbered };
        Ok(Some(Arc::new(RowsExec::new(Arc::new(work), inputs.to_vec()))))
    }
}

/// Plans queries that may hold [`RowsNode`]s and wide unions.
#[derive(Debug)]
pub struct RowsQueryPlanner;

#[async_trait]
impl QueryPlanner for RowsQueryPlanner {
    async fn create_physical_plan(&self, plan: &LogicalPlan, session: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(RowsPlanner), Arc::new(WidePlanner)])
            .create_physical_plan(plan, session)
            .await
            .and_then(slicing)
    }
}

/// What a node does once its inputs are there.
#[derive(Debug)]
struct Work {
    operator: Arc<dyn RowsOperator>,
    orders: Vec<Option<LexOrdering>>,
    schema: SchemaRef,
    numbered: bool,
}

impl Work {
    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<RecordBatch> {
        let mut columns = self.operator.run(inputs, running).map_err(|error| DataFusionError::External(Box::new(error)))?;
        running.go_on().map_err(|error| DataFusionError::External(Box::new(error)))?;
        if self.numbered {
            let rows = columns.first().map_or(0, |column| column.len());
            columns.push(Arc::new((0..rows as i64).collect::<Int64Array>()) as ArrayRef);
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// [`RowsNode`] as it runs: one partition, nothing before all inputs are read.
#[derive(Debug)]
struct RowsExec {
    work: Arc<Work>,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
}

impl RowsExec {
    fn new(work: Arc<Work>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&work.schema)),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self { work, inputs, properties: Arc::new(properties) }
    }
}

impl DisplayAs for RowsExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowsExec: {}", self.work.operator.name())
    }
}

impl ExecutionPlan for RowsExec {
    fn name(&self) -> &str {
        "RowsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition; self.inputs.len()])
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        self.work.orders.iter().map(|order| order.clone().map(OrderingRequirements::from)).collect()
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
        Ok(Arc::new(Self::new(Arc::clone(&self.work), children)))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::new(Arc::clone(&self.work), children)))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("a rows node has one partition, asked for {partition}");
        }
        let memory = MemoryConsumer::new(self.work.operator.name()).register(context.memory_pool());
        let streams = self.inputs.iter().map(|input| input.execute(0, Arc::clone(&context))).collect::<Result<Vec<_>>>()?;
        let (work, rows_max) = (Arc::clone(&self.work), context.session_config().batch_size());
        let batches =
            futures::stream::once(async move { Ok::<_, DataFusionError>(slices(compute(work, streams, memory).await?, rows_max)) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.work.schema), batches.try_flatten())))
    }
}

/// Collects the inputs and runs the operator where blocking is no harm.
async fn compute(work: Arc<Work>, streams: Vec<SendableRecordBatchStream>, memory: MemoryReservation) -> Result<RecordBatch> {
    let mut inputs = Vec::with_capacity(streams.len());
    for stream in streams {
        inputs.push(collect(stream, &memory).await?);
    }
    let running = Arc::new(Running::within(memory));
    let _stop = StopOnDrop(Arc::clone(&running));
    let job = tokio::task::spawn_blocking(move || work.run(inputs, &running));
    job.await.map_err(|error| DataFusionError::Execution(format!("an operator ended without an answer: {error}")))?
}

async fn collect(mut stream: SendableRecordBatchStream, memory: &MemoryReservation) -> Result<RecordBatch> {
    let schema = stream.schema();
    let mut batches = Vec::new();
    let mut held = Held::default();
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        memory.try_grow(held.add(&batch))?;
        batches.push(batch);
    }
    Ok(concat_batches(&schema, &batches)?)
}

/// The memory of batches that are held together, and of the one that holds their rows afterwards. Groups come as slices of one batch,
/// texts as views into common buffers: what several batches share counts once.
#[derive(Default)]
struct Held(HashSet<usize>);

impl Held {
    /// Adds a batch; gives the bytes that nothing before it held, and those that its rows take once more.
    fn add(&mut self, batch: &RecordBatch) -> usize {
        let added = |column: &ArrayRef| {
            let data = column.to_data();
            let held = self.array(&data);
            // What stands below an array is not cut with it.
            let again = if data.child_data().is_empty() { data.get_slice_memory_size().unwrap_or(held) } else { held };
            held + again
        };
        batch.columns().iter().map(added).sum()
    }

    fn array(&mut self, data: &ArrayData) -> usize {
        let nulls = data.nulls().map(NullBuffer::buffer);
        let own: usize = data.buffers().iter().chain(nulls).map(|buffer| self.buffer(buffer)).sum();
        own + data.child_data().iter().map(|child| self.array(child)).sum::<usize>()
    }

    fn buffer(&mut self, buffer: &Buffer) -> usize {
        if self.0.insert(buffer.data_ptr().as_ptr().addr()) { buffer.capacity() } else { 0 }
    }
}

fn slices(batch: RecordBatch, rows_max: usize) -> impl futures::Stream<Item = Result<RecordBatch>> {
    let rows = batch.num_rows();
    let starts = (0..rows).step_by(rows_max.max(1));
    futures::stream::iter(starts.map(move |start| Ok(batch.slice(start, rows_max.min(rows - start)))))
}

/// Ends the work of a node whose answer nobody waits for any more.
struct StopOnDrop(Arc<Running>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, RecordBatchOptions};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};
    use datafusion::common::DFSchema;
    use datafusion::datasource::{MemTable, provider_as_source};
    use datafusion::execution::session_state::SessionStateBuilder;
    use datafusion::logical_expr::LogicalPlanBuilder;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::super::super::functions::KernelError;
    use super::*;

    /// Sums of neighbours, to see that the rows come in their order.
    #[derive(Debug)]
    struct Neighbours;

    impl RowsOperator for Neighbours {
        fn name(&self) -> &'static str {
            "neighbours"
        }

        fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
            running.go_on()?;
            let values = inputs[0].column(0).as_primitive::<Int64Type>().values();
            Ok(vec![Arc::new(values.windows(2).map(|pair| pair[0] + pair[1]).collect::<Int64Array>())])
        }
    }

    #[tokio::test]
    async fn inputs_come_in_order_and_rows_are_numbered() {
        let long = |name: &str| Field::new(name, DataType::Int64, true);
        let schema = Arc::new(Schema::new(vec![long("value"), long("order")]));
        let batch = |values: [i64; 2], order: [i64; 2]| {
            let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(values.to_vec())), Arc::new(Int64Array::from(order.to_vec()))];
            RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &RecordBatchOptions::new()).expect("fits")
        };
        let parts = vec![vec![batch([30, 10], [2, 0])], vec![batch([20, 100], [1, 3])]];
        let table = MemTable::try_new(Arc::clone(&schema), parts).expect("fits");
        let input = LogicalPlanBuilder::scan("t", provider_as_source(Arc::new(table)), None).and_then(|b| b.build()).expect("plans");
        let result = Arc::new(DFSchema::try_from(Schema::new(vec![long("sum"), long("row")])).expect("is a schema"));
        let node = RowsNode::plan(
            Arc::new(Neighbours),
            vec![RowsInput { plan: input, order: vec![datafusion::prelude::ident("order").sort(true, false)] }],
            result,
            true,
        );

        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
        let state = SessionStateBuilder::new_from_existing(context.state()).build();
        let plan = state.optimize(&node).expect("optimizes");
        let plan = RowsQueryPlanner.create_physical_plan(&plan, &state).await.expect("plans");
        let rows = datafusion::physical_plan::collect(plan, context.task_ctx()).await.expect("runs");
        let columns = |place: usize| -> Vec<i64> {
            rows.iter().flat_map(|batch| batch.column(place).as_primitive::<Int64Type>().values().to_vec()).collect()
        };
        assert_eq!((columns(0), columns(1)), (vec![30, 50, 130], vec![0, 1, 2]));
    }
}

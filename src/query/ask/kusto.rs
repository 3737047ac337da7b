//! KQL on a snapshot: its limits around every plan that runs, and what an explained query read.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use datafusion::common::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio::runtime::Handle;

use super::super::Stop;
use super::super::answer::{Column, Render, Table};
use super::super::kql::bind::Given;
use super::super::kql::lower::{LargeRows, LowerError};
use super::super::kql::run::{Answer, Collected, Engine, QueryError, explain, run};
use super::super::kql::{cells, diagnostics::Diagnostic, export};
use super::super::session::{Limits, Room, Source, planning};
use super::export::Rows;
use super::results::NamedTable;
use super::world::{World, ticks};
use crate::columns::ScanLog;
use crate::model::{Fault, FaultClass, Object, Time};

/// What a text is bound with.
pub(super) fn given(now: Time, parameters: &Object) -> Given {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let parameters = parameters.iter().map(|(name, value)| (name.trim_start_matches('$').to_owned(), text(value))).collect();
    Given { now: ticks(now), parameters, ..Given::default() }
}

/// Runs a query; its first result is the answer. Blocks.
pub(super) fn answer(
    world: &World<'_>,
    source: &Source,
    runtime: &Handle,
    text: &str,
    given: Given,
    limits: &Limits,
    only_plan: bool,
) -> Result<Table, Fault> {
    let mut engine = Bounded::open(source, limits)?;
    if only_plan {
        engine.room = engine.room.logging(Arc::clone(&engine.log));
    }
    engine.wait(runtime, async {
        if only_plan {
            return explain(text, world, &engine, given).await.map(|plan| plan_table(&plan));
        }
        let mut answers = run(text, world, &engine, given).await?;
        Ok(if answers.is_empty() { Table { complete: true, ..Table::default() } } else { table(answers.swap_remove(0), source) })
    })
}

/// Runs a query; gives all of its results. Blocks.
pub(super) fn answers(
    world: &World<'_>,
    source: &Source,
    runtime: &Handle,
    text: &str,
    given: Given,
    limits: &Limits,
) -> Result<Vec<NamedTable>, Fault> {
    let engine = Bounded::open(source, limits)?;
    engine.wait(runtime, async {
        let answers = run(text, world, &engine, given).await?;
        Ok(answers.into_iter().map(|answer| NamedTable { name: answer.name.clone(), table: table(answer, source) }).collect())
    })
}

/// Runs a query; its first result as Arrow columns that other programs know. Blocks.
pub(super) fn rows(world: &World<'_>, source: &Source, runtime: &Handle, text: &str, given: Given, limits: &Limits) -> Result<Rows, Fault> {
    let engine = Bounded::open(source, limits)?;
    engine.wait(runtime, async {
        let answer = run(text, world, &engine, given).await?.into_iter().next();
        let (columns, collected) = answer.map(|answer| (answer.columns, answer.rows)).unwrap_or_default();
        let (schema, batches) = export::batches(collected.batches, &columns).map_err(DataFusionError::from)?;
        let cut = collected.cut.map(str::to_owned).or_else(|| source.cuts.first());
        Ok(Rows { schema, batches, cut })
    })
}

/// All that is wrong with a text, against the tables of a source.
pub(super) fn check(world: &World<'_>, text: &str, given: &Given) -> Result<Vec<Diagnostic>, Fault> {
    on_a_large_stack(|| super::super::kql::run::check(text, world, given))
}

/// Binding and planning recurse as deep as the text nests.
pub(super) fn on_a_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Fault> {
    let failed = |found: String| Fault::new(FaultClass::Internal, "query_failed", format!("query failed: {found}"));
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("query".into()).stack_size(planning::STACK_BYTES).spawn_scoped(scope, work);
        thread.map_err(|error| failed(error.to_string()))?.join().map_err(|_| failed("it panicked".to_owned()))
    })
}

fn table(answer: Answer, source: &Source) -> Table {
    let columns = answer.columns.iter().map(|(name, kind)| Column { name: name.clone(), type_name: kind.as_str().to_owned() }).collect();
    let mut rows = Vec::new();
    answer.rows.batches.iter().for_each(|batch| cells::append(batch, &answer.columns, &mut rows));
    let render = answer.render.map(|render| Render { chart: render.chart, properties: render.properties.into_iter().collect() });
    let cut = answer.rows.cut.map(str::to_owned).or_else(|| source.cuts.first());
    Table { columns, rows, complete: cut.is_none(), cut, render, ..Table::default() }
}

fn plan_table(plan: &str) -> Table {
    let column = Column { name: "Plan".to_owned(), type_name: "string".to_owned() };
    Table { columns: vec![column], rows: plan.lines().map(|line| vec![line.into()]).collect(), complete: true, ..Table::default() }
}

/// Runs plans under the limits of a query.
struct Bounded<'a> {
    room: Room,
    limits: &'a Limits,
    /// What scans read, if the room writes it down.
    log: Arc<ScanLog>,
    /// The end of the time that the query has; planning counts.
    deadline: Instant,
    /// Ends the query then, or when nobody waits for it any longer.
    stop: Stop,
}

impl<'a> Bounded<'a> {
    /// What runs a query from now on.
    fn open(source: &Source, limits: &'a Limits) -> Result<Self, Fault> {
        let deadline = Instant::now() + limits.time_max;
        let room = Room::open(limits, source.columns.as_ref(), &source.spill).map_err(LowerError::from)?;
        Ok(Self { room, limits, log: Arc::default(), deadline, stop: source.stop.at(deadline) })
    }

    /// Waits for an answer on a thread with a large stack, until the time of the query is over or nobody waits any longer.
    fn wait<T: Send>(&self, runtime: &Handle, work: impl Future<Output = Result<T, QueryError>> + Send) -> Result<T, Fault> {
        let timed = async {
            match tokio::time::timeout_at(self.deadline.into(), work).await {
                Ok(Ok(answer)) => Ok(answer),
                // What plans may notice it first.
                Ok(Err(error)) if Instant::now() < self.deadline => Err(error.into()),
                Ok(Err(_)) | Err(_) => {
                    let message = format!("expected an answer within {} s, found none", self.limits.time_max.as_secs());
                    let fault = Fault::new(FaultClass::Limit, "query_timeout", message);
                    Err(fault.with_hint("narrow the time window, or filter on an entity"))
                }
            }
        };
        on_a_large_stack(|| planning::under(&self.stop, || runtime.block_on(self.stop.during(timed))))?
    }

    async fn collect(&self, plan: LogicalPlan, rows_max: usize, bytes_max: usize) -> Result<Collected, DataFusionError> {
        let (batches, cut) = self.room.collect(&plan, rows_max, bytes_max, &self.stop).await?;
        Ok(Collected { batches, cut })
    }

    /// Runs a plan and says what its scans read: what is known of files beforehand, and what the scans counted.
    async fn reads(&self, physical: Arc<dyn ExecutionPlan>, task: Arc<TaskContext>, log: &ScanLog) -> Result<String, DataFusionError> {
        let mut text = String::from("reads\n");
        let scans = log.scans();
        for scan in &scans {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "  {scan}");
        }
        if scans.is_empty() {
            text.push_str("  no stored table\n");
        }
        let mut stream = execute_stream(Arc::clone(&physical), task)?;
        let mut rows = 0;
        while let Some(batch) = stream.next().await {
            rows += batch?.num_rows();
            if rows > self.limits.rows_max {
                break;
            }
        }
        let _ = writeln!(text, "rows\n  {rows}{}", if rows > self.limits.rows_max { " and more" } else { "" });
        counted(&physical, &mut text);
        Ok(text)
    }
}

/// What the scans of a plan that ran counted: row groups and pages passed over, rows that filters inside of them dropped, bytes.
fn counted(plan: &Arc<dyn ExecutionPlan>, text: &mut String) {
    if plan.name() == "DataSourceExec"
        && let Some(metrics) = plan.metrics()
    {
        let wanted = |name: &str| name.contains("pruned") || matches!(name, "bytes_scanned" | "output_rows");
        let metrics = metrics.aggregate_by_name().sorted_for_display();
        let shown: Vec<String> = metrics
            .iter()
            .map(|metric| metric.value())
            .filter(|value| wanted(value.name()))
            .map(|value| format!("{}={value}", value.name()))
            .collect();
        if !shown.is_empty() {
            let _ = writeln!(text, "scan\n  {}", shown.join(", "));
        }
    }
    plan.children().into_iter().for_each(|child| counted(child, text));
}

impl Engine for Bounded<'_> {
    fn answer(&self, plan: LogicalPlan) -> BoxFuture<'_, Result<Collected, DataFusionError>> {
        Box::pin(async move {
            // One row more tells that the answer is cut; a sort below keeps only as many.
            let plan = LogicalPlanBuilder::from(plan).limit(0, Some(self.limits.rows_max.saturating_add(1)))?.build()?;
            self.collect(plan, self.limits.rows_max, self.limits.bytes_max).await
        })
    }

    fn needed(&self, plan: LogicalPlan, rows_max: usize) -> BoxFuture<'_, Result<Collected, DataFusionError>> {
        Box::pin(self.collect(plan, rows_max, self.limits.memory_max))
    }

    fn explain(&self, plan: LogicalPlan) -> BoxFuture<'_, Result<String, DataFusionError>> {
        Box::pin(async move {
            let (room, logical) = (self.room.clone(), plan.clone());
            let optimized = planning::apart(&self.stop, move || room.state().optimize(&logical)).await??;
            let physical = self.room.planned(&plan, &self.stop).await?;
            let shown = displayable(physical.as_ref()).indent(false).to_string();
            let reads = match self.reads(physical, self.room.wary_task(), &self.log).await {
                Err(error) if LargeRows::is(&error) => {
                    let log = Arc::new(ScanLog::default());
                    let room = self.room.in_small_batches().logging(Arc::clone(&log));
                    self.reads(room.planned(&plan, &self.stop).await?, room.task(), &log).await?
                }
                reads => reads?,
            };
            Ok(format!("{}\n\n{shown}\n{reads}", optimized.display_indent()))
        })
    }
}

//! KQL on a snapshot: its tables as the binder and the plans see them, its limits around every plan that runs.

use std::sync::Arc;
use std::time::Instant;

use datafusion::catalog::TableProvider;
use datafusion::common::DataFusionError;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::displayable;
use futures::future::BoxFuture;
use tokio::runtime::Handle;

use super::super::Context;
use super::super::answer::{Column, Render, Table};
use super::super::kql::bind::{Given, Schemas, TableFunction};
use super::super::kql::bound::{Constant, ExternalFormat, Field};
use super::super::kql::graph::PatternGraph;
use super::super::kql::lower::{LowerError, Tables};
use super::super::kql::run::{self, Answer, Collected, Engine, QueryError, explain};
use super::super::kql::tree::{Place, ScalarType};
use super::super::kql::types::UNIX_EPOCH_TICKS;
use super::super::kql::{cells, diagnostics::Diagnostic};
use super::super::live_graph::{self, LiveGraph};
use super::super::session::{Limits, PLANNING_STACK_BYTES, Room, Source};
use super::results::NamedTable;
use crate::catalog::tables::ColumnType;
use crate::columns::kind_of_field;
use crate::model::{Fault, FaultClass, Object, Time};

/// Runs a query on everything that a context shows.
pub(super) fn on_snapshot(context: &Context, text: &str, parameters: &Object, limits: &Limits, only_plan: bool) -> Result<Table, Fault> {
    answer(&Source::of(context), &context.runtime, text, given(context.now, parameters), limits, only_plan)
}

/// What a text is bound with.
pub(super) fn given(now: Time, parameters: &Object) -> Given {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let parameters = parameters.iter().map(|(name, value)| (name.trim_start_matches('$').to_owned(), text(value))).collect();
    Given { now: now.micros().saturating_mul(10).saturating_add(UNIX_EPOCH_TICKS), parameters, ..Given::default() }
}

/// Runs a query; its first result is the answer. Blocks.
pub(super) fn answer(
    source: &Source,
    runtime: &Handle,
    text: &str,
    given: Given,
    limits: &Limits,
    only_plan: bool,
) -> Result<Table, Fault> {
    if only_plan {
        return bounded(source, runtime, limits, async |engine| {
            explain(text, &World(source), engine, given).await.map(|plan| plan_table(&plan))
        });
    }
    let mut answers = answers(source, runtime, text, given, limits)?;
    Ok(if answers.is_empty() { Table { complete: true, ..Table::default() } } else { answers.swap_remove(0).table })
}

/// Runs a query; gives all of its results. Blocks.
pub(super) fn answers(source: &Source, runtime: &Handle, text: &str, given: Given, limits: &Limits) -> Result<Vec<NamedTable>, Fault> {
    bounded(source, runtime, limits, async |engine| {
        let answers = run::run(text, &World(source), engine, given).await?;
        Ok(answers.into_iter().map(|answer| NamedTable { name: answer.name.clone(), table: table(answer) }).collect())
    })
}

/// Does work on a large stack within the limits of a query. Blocks.
fn bounded<T: Send>(
    source: &Source,
    runtime: &Handle,
    limits: &Limits,
    work: impl AsyncFnOnce(&Bounded<'_>) -> Result<T, QueryError> + Send,
) -> Result<T, Fault> {
    let deadline = Instant::now() + limits.time_max;
    let room = Room::open(limits, source.columns.as_ref(), &source.spill).map_err(LowerError::from)?;
    let engine = Bounded { room, limits };
    let timeout = || {
        let message = format!("expected an answer within {} s, found none", limits.time_max.as_secs());
        Fault::new(FaultClass::Limit, "query_timeout", message).with_hint("narrow the time window, or filter on an entity")
    };
    on_a_large_stack(|| match runtime.block_on(async { tokio::time::timeout_at(deadline.into(), work(&engine)).await }) {
        Err(_) => Err(timeout()),
        Ok(result) => Ok(result?),
    })?
}

/// All that is wrong with a text, against the tables of a source.
pub(super) fn check(source: &Source, text: &str, given: &Given) -> Result<Vec<Diagnostic>, Fault> {
    on_a_large_stack(|| super::super::kql::run::check(text, &World(source), given))
}

/// Binding and planning recurse as deep as the text nests.
pub(super) fn on_a_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Fault> {
    let failed = |found: String| Fault::new(FaultClass::Internal, "query_failed", format!("query failed: {found}"));
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("query".into()).stack_size(PLANNING_STACK_BYTES).spawn_scoped(scope, work);
        thread.map_err(|error| failed(error.to_string()))?.join().map_err(|_| failed("it panicked".to_owned()))
    })
}

fn table(answer: Answer) -> Table {
    let columns = answer.columns.iter().map(|(name, kind)| Column { name: name.clone(), type_name: kind.as_str().to_owned() }).collect();
    let mut rows = Vec::new();
    answer.rows.batches.iter().for_each(|batch| cells::append(batch, &answer.columns, &mut rows));
    let render = answer.render.map(|render| Render { chart: render.chart, properties: render.properties.into_iter().collect() });
    let cut = answer.rows.cut.map(str::to_owned);
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
}

impl Bounded<'_> {
    async fn collect(&self, plan: LogicalPlan, rows_max: usize, bytes_max: usize) -> Result<Collected, DataFusionError> {
        let (batches, cut) = self.room.collect(&plan, rows_max, bytes_max).await?;
        Ok(Collected { batches, cut })
    }
}

impl Engine for Bounded<'_> {
    fn answer(&self, plan: LogicalPlan) -> BoxFuture<'_, Result<Collected, DataFusionError>> {
        Box::pin(self.collect(plan, self.limits.rows_max, self.limits.bytes_max))
    }

    fn needed(&self, plan: LogicalPlan, rows_max: usize) -> BoxFuture<'_, Result<Collected, DataFusionError>> {
        Box::pin(self.collect(plan, rows_max, self.limits.memory_max))
    }

    fn explain(&self, plan: LogicalPlan) -> BoxFuture<'_, Result<String, DataFusionError>> {
        Box::pin(async move {
            let optimized = self.room.state().optimize(&plan)?;
            let physical = self.room.physical(&plan).await?;
            Ok(format!("{}\n\n{}", optimized.display_indent(), displayable(physical.as_ref()).indent(false)))
        })
    }
}

/// The name of the live entity graph: `graph("entities")`.
const ENTITY_GRAPH: &str = "entities";

/// The tables of a source.
pub(super) struct World<'a>(pub(super) &'a Source);

/// The type of the language for one of the catalog.
pub(super) fn scalar(kind: ColumnType) -> ScalarType {
    ScalarType::from_word(kind.as_str()).unwrap_or(ScalarType::Dynamic)
}

fn fields(provider: &dyn TableProvider) -> Vec<Field> {
    provider.schema().fields().iter().map(|field| (field.name().clone(), scalar(kind_of_field(field)))).collect()
}

impl Schemas for World<'_> {
    fn table(&self, name: &str) -> Option<Vec<Field>> {
        self.0.table(name).map(|provider| fields(provider.as_ref()))
    }

    fn tables(&self) -> Vec<String> {
        self.0.names()
    }

    fn table_function(&self, name: &str) -> Option<TableFunction> {
        let (_, call) = self.0.functions.iter().find(|(known, _)| known == name)?;
        let columns = call.columns().iter().map(|(name, kind)| ((*name).to_owned(), scalar(*kind))).collect();
        let parameters = call.parameters().iter().map(|(name, required)| ((*name).to_owned(), ScalarType::String, *required)).collect();
        Some(TableFunction { takes_rows: false, parameters, columns, keeps_rows: false })
    }

    fn table_functions(&self) -> Vec<String> {
        self.0.functions.iter().map(|(name, _)| name.clone()).collect()
    }

    fn graph(&self, name: &str) -> Option<(Vec<Field>, Vec<Field>)> {
        (name == ENTITY_GRAPH && self.0.graph.is_some()).then(live_graph::properties)
    }
}

impl Tables for World<'_> {
    fn table(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        self.0.table(name)
    }

    fn watchlist(&self, _: &str) -> Option<Arc<dyn TableProvider>> {
        None
    }

    fn function(&self, name: &str, arguments: &[Constant]) -> Result<Arc<dyn TableProvider>, LowerError> {
        let unknown = || LowerError::unsupported(format!("function `{name}`"), Place::default());
        let (_, call) = self.0.functions.iter().find(|(known, _)| known == name).ok_or_else(unknown)?;
        let texts: Vec<String> = arguments
            .iter()
            .filter_map(|argument| match argument {
                Constant::String(text) => Some(text.to_string()),
                _ => None,
            })
            .collect();
        let batch = call.rows(&texts)?;
        Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
    }

    fn graph(&self, name: &str, arguments: &[Constant]) -> Result<Arc<dyn PatternGraph>, LowerError> {
        let Some(graph) = self.0.graph.as_ref().filter(|_| name == ENTITY_GRAPH) else {
            return Err(LowerError::unsupported(format!("the graph `{name}`"), Place::default()));
        };
        let until = match arguments {
            [] => None,
            [Constant::DateTime(ticks)] => Some(Time::from_micros((ticks - UNIX_EPOCH_TICKS).div_euclid(10))),
            _ => {
                return Err(LowerError::value(
                    "expected an instant behind the name of the graph, as in `graph('entities', ago(1d))`",
                    Place::default(),
                ));
            }
        };
        Ok(Arc::new(LiveGraph::new(graph.clone(), until)))
    }

    fn external(
        &self,
        sources: &[String],
        _: ExternalFormat,
        _: &[(String, Constant)],
        _: &[(String, ScalarType)],
    ) -> Result<Arc<dyn TableProvider>, LowerError> {
        let found = sources.first().map_or("", String::as_str);
        Err(LowerError::unsupported(
            format!("`externaldata` from `{found}`: clew reads nothing outside of its data directory; it"),
            Place::default(),
        ))
    }
}

//! SQL: DataFusion's, read-only, on one snapshot of the tables.
//!
//! A text is bounded before it is planned, planned on a thread with a large stack (planning recurses and cannot be
//! interrupted), and run on a task that is dropped at the deadline. Names are written as the tables spell them, without quotes.

mod error;
mod gate;
mod json;
mod parameters;
mod text;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use datafusion::catalog::TableProvider;
use datafusion::common::{DataFusionError, TableReference};
use datafusion::execution::TaskContext;
use datafusion::execution::context::{SQLOptions, SessionContext};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;

pub use error::SqlError;
pub use parameters::Parameters;

use super::answer::Table;
use super::session::{Limits, PLANNING_STACK_BYTES, Room, Source};
use super::{Context, cells};
use crate::model::Fault;
use error::classify;
use text::{Text, similar};

/// Runs a query on everything that a context shows.
pub(super) fn on_snapshot(context: &Context, text: &str, parameters: Parameters, limits: &Limits) -> Result<Table, Fault> {
    context.runtime.block_on(run(Source::of(context), text, parameters, limits))
}

/// Runs a query and returns its rows, at most as many as the limits allow.
///
/// It must be called within a Tokio runtime with several threads; rows are computed there. Dropping the future ends the query.
pub async fn run(source: Source, sql: &str, parameters: Parameters, limits: &Limits) -> Result<Table, Fault> {
    Ok(answer(source, sql.to_owned(), parameters, limits.clone()).await?)
}

async fn answer(source: Source, sql: String, parameters: Parameters, limits: Limits) -> Result<Table, SqlError> {
    let timeout = SqlError::Timeout { seconds: limits.time_max.as_secs() };
    let deadline = Instant::now() + limits.time_max;
    let (send, receive) = tokio::sync::oneshot::channel();
    let (planning_limits, planning_text) = (limits.clone(), sql.clone());
    let runtime = tokio::runtime::Handle::current();
    let work = move || {
        let _inside = runtime.enter();
        let _ = send.send(plan(&source, &planning_text, parameters, &planning_limits));
    };
    let thread = std::thread::Builder::new().name("query-planning".into()).stack_size(PLANNING_STACK_BYTES).spawn(work);
    thread.map_err(|error| SqlError::Internal { found: error.to_string() })?;
    let planned = match tokio::time::timeout_at(deadline.into(), receive).await {
        Err(_) => return Err(timeout),
        Ok(Err(_)) => return Err(SqlError::Internal { found: "the planner ended without an answer".to_owned() }),
        Ok(Ok(planned)) => planned?,
    };
    let mut task = AbortOnDrop(tokio::spawn(collect(planned, limits.clone())));
    match tokio::time::timeout_at(deadline.into(), &mut task.0).await {
        Err(_) => Err(timeout),
        Ok(Err(error)) => Err(SqlError::Internal { found: if error.is_panic() { "the query panicked".into() } else { error.to_string() } }),
        Ok(Ok(Err(error))) => Err(classify(&error, &Text::new(&sql, limits.depth_max), limits.memory_max)),
        Ok(Ok(Ok(table))) => Ok(table),
    }
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Planned {
    plan: Arc<dyn ExecutionPlan>,
    task: Arc<TaskContext>,
}

/// From the text to a plan that can run. Blocks.
fn plan(source: &Source, sql: &str, parameters: Parameters, limits: &Limits) -> Result<Planned, SqlError> {
    let mut text = Text::new(sql, limits.depth_max);
    let statement = gate::admit(&mut text, sql, limits)?;
    let failed = |error: DataFusionError| classify(&error, &text, limits.memory_max);
    let room = Room::open(limits, source.columns.as_ref(), &source.spill).map_err(failed)?;
    let context = SessionContext::new_with_state(room.state().clone());
    context.register_udf(json::json_text());
    for (name, function) in &source.functions {
        context.register_udtf(name, Arc::new(function.clone()));
    }
    for reference in context.state().resolve_table_references(&statement).map_err(failed)? {
        match resolve(&reference, source) {
            Some(Named::Table(provider)) => {
                context.register_table(reference, provider).map_err(failed)?;
            }
            Some(Named::Function) => {}
            None => return Err(unknown(&reference, source, &text)),
        }
    }
    let room = room.with_state(context.state());
    let planning = async {
        let plan = room.state().statement_to_plan(statement).await?;
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false).verify_plan(&plan)?;
        let plan = parameters.bind(plan)?;
        room.physical(&plan).await
    };
    let plan = futures::executor::block_on(planning).map_err(failed)?;
    Ok(Planned { plan, task: room.task() })
}

enum Named {
    Table(Arc<dyn TableProvider>),
    Function,
}

/// What a name of the query stands for. Only what is named is put before the planner.
fn resolve(reference: &TableReference, source: &Source) -> Option<Named> {
    let name = reference.table();
    if reference.schema().is_some() {
        return None;
    }
    let own = source.tables.iter().any(|(known, _)| known == name);
    if !own && source.functions.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Some(Named::Function);
    }
    source.table(name).map(Named::Table)
}

/// Says which table is like the one that is not there.
fn unknown(reference: &TableReference, source: &Source, text: &Text<'_>) -> SqlError {
    let tables = source.names();
    let functions = source.functions.iter().map(|(name, _)| name.as_str());
    let similar = similar(reference.table(), functions.chain(tables.iter().map(String::as_str)));
    SqlError::UnknownTable { name: reference.to_string(), similar, at: text.find(reference.table()) }
}

async fn collect(planned: Planned, limits: Limits) -> Result<Table, DataFusionError> {
    let Planned { plan, task } = planned;
    let mut table = Table { columns: cells::columns(&plan.schema()), complete: true, ..Table::default() };
    let mut stream = execute_stream(plan, task)?;
    let mut bytes = 0;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let left = limits.rows_max - table.rows.len();
        bytes += cells::append(&batch, &mut table.rows, left);
        let cut = if batch.num_rows() > left {
            Some("rows_max")
        } else if bytes > limits.bytes_max {
            Some("bytes_max")
        } else {
            None
        };
        if let Some(limit) = cut {
            table.complete = false;
            table.cut = Some(limit.to_owned());
            break;
        }
    }
    Ok(table)
}

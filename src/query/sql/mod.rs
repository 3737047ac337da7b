//! SQL: DataFusion's, read-only, on one snapshot of the tables.
//!
//! A text is bounded before it is planned, planned on a thread with a large stack (planning recurses and cannot be
//! interrupted), and run on a task that is dropped at the deadline. Names are written as the tables spell them, without quotes.

mod error;
mod functions;
mod gate;
mod json;
mod limits;
mod live;
mod parameters;
mod question;
mod text;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use datafusion::catalog::{TableFunctionImpl, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, TableReference};
use datafusion::execution::context::{SQLOptions, SessionContext, SessionState};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionConfig;
use futures::StreamExt;

pub use error::SqlError;
pub use limits::Limits;
pub use parameters::Parameters;
pub(super) use question::on_snapshot;
pub use question::{QueryRequest, TableDetail, TableRequest, TableRow, Tables, TablesRequest};

use super::answer::Table;
use super::cells;
use crate::columns::ColumnsSnapshot;
use crate::model::Fault;
use error::classify;
use text::{Text, similar};

/// Stack of the thread that plans.
const PLANNING_STACK_BYTES: usize = 64 << 20;

/// What a query sees.
#[derive(Clone, Debug)]
pub struct Source {
    /// The stored tables.
    pub columns: ColumnsSnapshot,
    /// Further tables (`Entities`, `Relations`), under their names; they go before stored ones of the same name.
    pub tables: Vec<(String, Arc<dyn TableProvider>)>,
    /// Table functions (`neighbors`, `paths`, `search`), under lower-case names.
    pub functions: Vec<(String, Arc<dyn TableFunctionImpl>)>,
    /// Folder for what sorts and joins spill; made when it is first needed.
    pub spill: PathBuf,
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
    state: SessionState,
}

/// From the text to a plan that can run. Blocks.
fn plan(source: &Source, sql: &str, parameters: Parameters, limits: &Limits) -> Result<Planned, SqlError> {
    let mut text = Text::new(sql, limits.depth_max);
    let statement = gate::admit(&mut text, sql, limits)?;
    let failed = |error: DataFusionError| classify(&error, &text, limits.memory_max);
    let context = session(source, limits).map_err(failed)?;
    for reference in context.state().resolve_table_references(&statement).map_err(failed)? {
        match resolve(&reference, source) {
            Some(Named::Table(provider)) => {
                context.register_table(reference, provider).map_err(failed)?;
            }
            Some(Named::Function) => {}
            None => return Err(unknown(&reference, source, &text)),
        }
    }
    let state = context.state();
    let planning = async {
        let plan = state.statement_to_plan(statement).await?;
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false).verify_plan(&plan)?;
        let plan = parameters.bind(plan)?;
        yielding(state.create_physical_plan(&plan).await?)
    };
    let plan = futures::executor::block_on(planning).map_err(failed)?;
    Ok(Planned { plan, state })
}

/// Puts a place to pause behind every join and unnesting.
///
/// They make many batches of one, and whoever counts these in a loop would else neither see the deadline nor be stopped.
fn yielding(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let multiplies = |node: &Arc<dyn ExecutionPlan>| node.children().len() > 1 || node.name().contains("Unnest");
    let paused = plan.transform_up(|node| {
        Ok(if multiplies(&node) {
            Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<dyn ExecutionPlan>)
        } else {
            Transformed::no(node)
        })
    })?;
    Ok(paused.data)
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
    if let Some((_, provider)) = source.tables.iter().find(|(known, _)| known == name) {
        return Some(Named::Table(Arc::clone(provider)));
    }
    if source.functions.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Some(Named::Function);
    }
    source.columns.provider(name).map(Named::Table)
}

/// Says which table is like the one that is not there.
fn unknown(reference: &TableReference, source: &Source, text: &Text<'_>) -> SqlError {
    let stored = source.columns.names();
    let given = source.tables.iter().map(|(name, _)| name.as_str()).chain(source.functions.iter().map(|(name, _)| name.as_str()));
    let similar = similar(reference.table(), given.chain(stored.iter().map(|name| &**name)));
    SqlError::UnknownTable { name: reference.to_string(), similar, at: text.find(reference.table()) }
}

fn session(source: &Source, limits: &Limits) -> Result<SessionContext, DataFusionError> {
    let mut config = SessionConfig::new().with_target_partitions(limits.partitions.max(1)).with_information_schema(false);
    let options = config.options_mut();
    options.sql_parser.enable_ident_normalization = false;
    options.execution.enable_recursive_ctes = false;
    options.catalog.create_default_catalog_and_schema = true;
    let disk = DiskManagerBuilder::default()
        .with_mode(DiskManagerMode::Directories(vec![source.spill.clone()]))
        .with_max_temp_directory_size(limits.spill_max);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(limits.memory_max)))
        .with_disk_manager_builder(disk)
        .build_arc()?;
    let (url, store) = source.columns.object_store();
    runtime.register_object_store(url.as_ref(), store);
    let context = SessionContext::new_with_config_rt(config, runtime);
    context.register_udf(json::json_text());
    for (name, function) in &source.functions {
        context.register_udtf(name, Arc::clone(function));
    }
    Ok(context)
}

async fn collect(planned: Planned, limits: Limits) -> Result<Table, DataFusionError> {
    let Planned { plan, state } = planned;
    let mut table = Table { columns: cells::columns(&plan.schema()), complete: true, ..Table::default() };
    let mut stream = execute_stream(plan, state.task_ctx())?;
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

//! SQL: DataFusion's, read-only, on one snapshot of the tables.
//!
//! A text is bounded before it is planned, planned on a thread of its own ([`planning`]), and run on a task that is dropped at the deadline. Names are written as the tables spell them, without quotes.

mod error;
mod gate;
mod json;
mod parameters;
mod text;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::{DataFusionError, TableReference};
use datafusion::execution::TaskContext;
use datafusion::execution::context::{SQLOptions, SessionContext};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;

pub use error::SqlError;
pub use parameters::Parameters;

use super::answer::Table;
use super::ask::Rows;
use super::kql::lower::LargeRows;
use super::session::{Limits, Room, Source, goes_on, planning};
use super::{Context, Stop, cells};
use crate::model::Fault;
use error::classify;
use text::{Text, similar};

/// Runs a query on everything that a context shows.
pub(super) fn on_snapshot(context: &Context, text: &str, parameters: Parameters, limits: &Limits) -> Result<Table, Fault> {
    context.runtime.block_on(context.stop.during(run(Source::of(context), text, parameters, limits)))
}

/// Runs a query and returns its rows, at most as many as the limits allow.
///
/// It must be called within a Tokio runtime with several threads; rows are computed there. Dropping the future ends the query.
pub async fn run(source: Source, sql: &str, parameters: Parameters, limits: &Limits) -> Result<Table, Fault> {
    Ok(answer(source, sql.to_owned(), parameters, limits.clone()).await?)
}

/// Runs a query and returns its rows as they are, texts as every reader knows them.
pub(super) async fn rows(source: Source, sql: &str, parameters: Parameters, limits: &Limits) -> Result<Rows, Fault> {
    let cuts = source.cuts.clone();
    let (limits, max) = (limits.clone(), limits.clone());
    let found = work(source, sql.to_owned(), parameters, limits, move |planned| batches(planned, max.clone())).await?;
    Ok(Rows { cut: found.cut.or_else(|| cuts.first()), ..found })
}

async fn answer(source: Source, sql: String, parameters: Parameters, limits: Limits) -> Result<Table, SqlError> {
    let cuts = source.cuts.clone();
    let max = limits.clone();
    let mut table = work(source, sql, parameters, limits, move |planned| collect(planned, max.clone())).await?;
    if let (true, Some(cut)) = (table.complete, cuts.first()) {
        (table.complete, table.cut) = (false, Some(cut));
    }
    Ok(table)
}

/// How many rows operators put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Batches {
    /// As many as are quick to work on; the plan ends where their rows turn out to be large.
    Usual,
    /// Few.
    Small,
}

/// Plans a text and runs what `collect` makes of the plan, until the time of the query is over; again in small batches if its rows are large.
async fn work<T, F>(
    source: Source,
    sql: String,
    parameters: Parameters,
    limits: Limits,
    collect: impl Fn(Planned) -> F,
) -> Result<T, SqlError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, DataFusionError>> + Send + 'static,
{
    let timeout = || SqlError::Timeout { seconds: limits.time_max.as_secs() };
    let deadline = Instant::now() + limits.time_max;
    let stop = source.stop.at(deadline);
    let mut batches = Batches::Usual;
    loop {
        let planned = match tokio::time::timeout_at(deadline.into(), planned(&source, &sql, &parameters, &limits, batches, &stop)).await {
            Err(_) => return Err(timeout()),
            // A planner that noticed it first.
            Ok(Err(_)) if Instant::now() >= deadline => return Err(timeout()),
            Ok(planned) => planned?,
        };
        let mut task = AbortOnDrop(tokio::spawn(collect(planned)));
        match tokio::time::timeout_at(deadline.into(), &mut task.0).await {
            Err(_) => return Err(timeout()),
            Ok(Err(error)) => {
                let found = if error.is_panic() { "the query panicked".into() } else { error.to_string() };
                return Err(SqlError::Internal { found });
            }
            Ok(Ok(Err(error))) if batches == Batches::Usual && LargeRows::is(&error) => batches = Batches::Small,
            Ok(Ok(Err(error))) => return Err(classify(&error, &Text::new(&sql, limits.depth_max), &limits)),
            Ok(Ok(Ok(found))) => return Ok(found),
        }
    }
}

/// Plans a text on a thread of its own.
async fn planned(
    source: &Source,
    sql: &str,
    parameters: &Parameters,
    limits: &Limits,
    batches: Batches,
    stop: &Stop,
) -> Result<Planned, SqlError> {
    let (source, sql, parameters, limits) = (source.clone(), sql.to_owned(), parameters.clone(), limits.clone());
    let planned = planning::apart(stop, move || plan(&source, &sql, parameters, &limits, batches)).await;
    planned.map_err(|error| SqlError::Internal { found: error.to_string() })?
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
fn plan(source: &Source, sql: &str, parameters: Parameters, limits: &Limits, batches: Batches) -> Result<Planned, SqlError> {
    let mut text = Text::new(sql, limits.depth_max);
    let statement = gate::admit(&mut text, sql, limits)?;
    let failed = |error: DataFusionError| classify(&error, &text, limits);
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
    let room = room.with_state(context.state()).uncounted();
    let room = if batches == Batches::Small { room.in_small_batches() } else { room };
    let planning = async {
        let plan = room.state().statement_to_plan(statement).await?;
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false).verify_plan(&plan)?;
        let plan = parameters.bind(plan)?;
        room.physical(&plan).await
    };
    let plan = futures::executor::block_on(planning).map_err(failed)?;
    let task = if batches == Batches::Small { room.task() } else { room.wary_task() };
    Ok(Planned { plan, task })
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

/// The rows of a plan with plain texts, as many as the limits allow.
async fn batches(planned: Planned, limits: Limits) -> Result<Rows, DataFusionError> {
    let Planned { plan, task } = planned;
    let plain = |kind: &DataType| if matches!(kind, DataType::Utf8View | DataType::LargeUtf8) { DataType::Utf8 } else { kind.clone() };
    let fields =
        plan.schema().fields().iter().map(|field| field.as_ref().clone().with_data_type(plain(field.data_type()))).collect::<Vec<_>>();
    let schema = Arc::new(Schema::new(fields));
    let mut found = Rows { batches: Vec::new(), schema: Arc::clone(&schema), cut: None };
    let mut stream = execute_stream(plan, task)?;
    let (mut rows, mut bytes) = (0, 0);
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let left = limits.rows_max - rows;
        let batch = if batch.num_rows() > left {
            found.cut = Some("rows_max".to_owned());
            batch.slice(0, left)
        } else {
            batch
        };
        rows += batch.num_rows();
        bytes += batch.get_array_memory_size();
        let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| arrow::compute::cast(column, field.data_type()));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        found.batches.push(RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)?);
        if found.cut.is_none() && bytes > limits.bytes_max {
            found.cut = goes_on(&mut stream).await.then(|| "bytes_max".to_owned());
            break;
        }
        if found.cut.is_some() {
            break;
        }
    }
    Ok(found)
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
            goes_on(&mut stream).await.then_some("bytes_max")
        } else {
            continue;
        };
        table.complete = cut.is_none();
        table.cut = cut.map(str::to_owned);
        break;
    }
    Ok(table)
}

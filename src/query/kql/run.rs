//! From a text to its rows: binds, runs what must be known beforehand, lowers, hands plans to whoever runs them.
//!
//! Knows no session, no limit and no snapshot: those are the [`World`] that is asked for tables, and the [`Engine`] that runs plans.

use arrow::array::RecordBatch;
use datafusion::common::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use futures::future::BoxFuture;

use super::bind::{Binding, Given, Schemas, bind};
use super::bound::{BoundQuery, Field, Relation, Render, ResultTable};
use super::diagnostics::{Code, Diagnostic, Severity};
use super::lower::{Environment, LowerError, Need, SET_MAX, Tables, Values, lower, needs};
use super::parse;
use crate::model::{Fault, FaultClass};

/// Times that a text is bound again because data told further columns.
const LEARNED_MAX: usize = 16;
/// Rows that a `materialize` keeps.
const KEPT_ROWS_MAX: usize = 5_000_000;

/// What a query may name.
pub trait World: Schemas + Tables {
    /// The same as [`Schemas`].
    fn as_schemas(&self) -> &dyn Schemas;
    /// The same as [`Tables`].
    fn as_tables(&self) -> &dyn Tables;
}

impl<T: Schemas + Tables> World for T {
    fn as_schemas(&self) -> &dyn Schemas {
        self
    }

    fn as_tables(&self) -> &dyn Tables {
        self
    }
}

/// Rows that came out of a plan.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// The rows.
    pub batches: Vec<RecordBatch>,
    /// Name of the limit that cut them.
    pub cut: Option<&'static str>,
}

/// Runs plans.
pub trait Engine: Sync {
    /// The rows of a plan: those of an answer, under its limits.
    fn answer(&self, plan: LogicalPlan) -> BoxFuture<'_, Result<Collected, DataFusionError>>;

    /// The rows of a plan that another one needs: not more than `rows_max`, or a cut.
    fn needed(&self, plan: LogicalPlan, rows_max: usize) -> BoxFuture<'_, Result<Collected, DataFusionError>>;

    /// The plan as text.
    fn explain(&self, plan: LogicalPlan) -> BoxFuture<'_, Result<String, DataFusionError>>;
}

/// One tabular result.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The name that the query gives it.
    pub name: Option<String>,
    /// Names and types of its columns.
    pub columns: Vec<Field>,
    /// Its rows, in the forms of a query.
    pub rows: Collected,
    /// How a client should draw it.
    pub render: Option<Render>,
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The text has mistakes.
    #[error("the query has mistakes")]
    Mistakes(Vec<Diagnostic>),
    /// It cannot be planned, or its plan failed.
    #[error(transparent)]
    Failed(#[from] LowerError),
}

impl From<DataFusionError> for QueryError {
    fn from(error: DataFusionError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Mistakes(diagnostics) => match diagnostics.into_iter().find(|one| one.severity == Severity::Error) {
                Some(first) => first.into(),
                None => Self::new(FaultClass::Internal, "kql_failed", "a query without an answer and without a mistake"),
            },
            QueryError::Failed(error) => error.into(),
        }
    }
}

/// A bound text with what it knows of its data.
struct Prepared {
    bound: BoundQuery,
    values: Values,
}

/// All that is wrong with a text, without running anything.
pub fn check(text: &str, schemas: &dyn Schemas, given: &Given) -> Vec<Diagnostic> {
    let parsed = parse(text);
    let mut diagnostics = parsed.diagnostics;
    if !diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        // Whoever asks gives the parameters; their absence is no mistake of the text.
        let found = bind(&parsed.query, schemas, given).diagnostics.into_iter();
        let found = found.filter(|diagnostic| diagnostic.code != Code::MissingParameter).map(|mut diagnostic| {
            // Which lists there are is a matter of the data: a text that names another one is right all the same.
            if diagnostic.code == Code::UnknownWatchlist {
                diagnostic.severity = Severity::Warning;
            }
            diagnostic
        });
        diagnostics.extend(found);
    }
    diagnostics
}

/// The answers of a text.
pub async fn run(text: &str, world: &dyn World, engine: &dyn Engine, given: Given) -> Result<Vec<Answer>, QueryError> {
    let now = given.now;
    let mut prepared = prepare(text, world, engine, given).await?;
    let mut answers = Vec::new();
    for result in std::mem::take(&mut prepared.bound.results) {
        let plan = prepared.plan(&result, world, engine, now).await?;
        let rows = engine.answer(plan).await?;
        let columns = result.relation.columns.iter().map(|column| (column.name.clone(), column.kind)).collect();
        answers.push(Answer { name: result.name, columns, rows, render: result.render });
    }
    Ok(answers)
}

/// The plan of the last result of a text, as text.
pub async fn explain(text: &str, world: &dyn World, engine: &dyn Engine, given: Given) -> Result<String, QueryError> {
    let now = given.now;
    let mut prepared = prepare(text, world, engine, given).await?;
    let Some(result) = prepared.bound.results.pop() else { return Ok(String::new()) };
    let plan = prepared.plan(&result, world, engine, now).await?;
    Ok(engine.explain(plan).await?)
}

/// Binds a text, again for each relation whose columns only its rows tell.
async fn prepare(text: &str, world: &dyn World, engine: &dyn Engine, mut given: Given) -> Result<Prepared, QueryError> {
    let parsed = parse(text);
    if parsed.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(QueryError::Mistakes(parsed.diagnostics));
    }
    for _ in 0..LEARNED_MAX {
        let Binding { query, unknown, diagnostics } = bind(&parsed.query, world.as_schemas(), &given);
        let mistaken = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        let Some(first) = unknown.into_iter().next() else {
            return if mistaken {
                Err(QueryError::Mistakes(diagnostics))
            } else {
                Ok(Prepared { bound: query, values: Values::default() })
            };
        };
        // A mistake may come of columns that are not known yet: it stays one if what they come from does not run either.
        match learn(&first.relation, world, engine, given.now).await {
            Err(_) if mistaken => return Err(QueryError::Mistakes(diagnostics)),
            learned => given.learned.push(learned?),
        }
    }
    Err(LowerError::Limit { name: "learned_max", limit: LEARNED_MAX as u64, place: None }.into())
}

impl Prepared {
    async fn plan(&mut self, result: &ResultTable, world: &dyn World, engine: &dyn Engine, now: i64) -> Result<LogicalPlan, QueryError> {
        satisfy(&result.relation, &mut self.values, world, engine, now).await?;
        Ok(lower(&result.relation, Environment { tables: world.as_tables(), values: &self.values, now })?)
    }
}

/// Runs what a relation needs, unless it is known.
async fn satisfy(
    relation: &std::sync::Arc<Relation>,
    values: &mut Values,
    world: &dyn World,
    engine: &dyn Engine,
    now: i64,
) -> Result<(), QueryError> {
    for need in needs(relation) {
        if values.knows(&need) {
            continue;
        }
        let plan = lower(need.relation(), Environment { tables: world.as_tables(), values, now })?;
        let (rows_max, name) = match need {
            Need::Scalar(_) => (1, ""),
            Need::Set(_) => (SET_MAX, "set_max"),
            Need::Rows(..) => (KEPT_ROWS_MAX, "kept_rows_max"),
        };
        let collected = engine.needed(plan, rows_max).await?;
        if collected.cut.is_some() && !name.is_empty() {
            return Err(LowerError::Limit { name, limit: rows_max as u64, place: Some(need.relation().place) }.into());
        }
        values.insert(&need, collected.batches)?;
    }
    Ok(())
}

/// The columns of a plugin, which its rows tell.
async fn learn(relation: &std::sync::Arc<Relation>, world: &dyn World, engine: &dyn Engine, now: i64) -> Result<Vec<Field>, QueryError> {
    let mut values = Values::default();
    satisfy(relation, &mut values, world, engine, now).await?;
    let environment = Environment { tables: world.as_tables(), values: &values, now };
    let survey = super::lower::survey(relation, environment)?;
    let collected = engine.needed(survey.plan.clone(), KEPT_ROWS_MAX).await?;
    Ok(survey.columns(&collected.batches)?)
}

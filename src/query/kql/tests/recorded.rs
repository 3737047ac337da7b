//! Queries with the answers that Microsoft's engine gave, against what this one gives (`tests/cases/kql/README.md`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionConfig;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;

use super::super::bind::{Given, Schemas};
use super::super::bound::{Constant, ExternalFormat, Field};
use super::super::cells;
use super::super::lower::{LowerError, RowsQueryPlanner, Tables};
use super::super::run::{Collected, Engine, run};
use super::super::tree::{Place, ScalarType};
use super::super::values::read;
use crate::model::Fault;

const RECORDED: &str = include_str!("../../../../tests/cases/kql/recorded.jsonl");
/// A line for each case that fails: its id, and why.
const FAILING: &str = include_str!("../../../../tests/cases/kql/failing.txt");
/// 2026-01-01 in ticks.
const NOW: i64 = 639_028_224_000_000_000;

#[derive(Deserialize)]
struct Case {
    id: String,
    page: String,
    query: String,
    expected_columns: Vec<String>,
    expected_types: Vec<String>,
    expected_rows: Vec<Vec<Value>>,
    expected_error: bool,
    ordered: bool,
    /// Whether only the first rows were recorded.
    truncated: bool,
}

/// A world without tables.
pub(super) struct Nothing;

impl Schemas for Nothing {
    fn table(&self, _: &str) -> Option<Vec<Field>> {
        None
    }

    fn tables(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Tables for Nothing {
    fn table(&self, _: &str) -> Option<Arc<dyn TableProvider>> {
        None
    }

    fn watchlist(&self, _: &str) -> Option<Arc<dyn TableProvider>> {
        None
    }

    fn function(&self, name: &str, _: &[Constant]) -> Result<Arc<dyn TableProvider>, LowerError> {
        Err(LowerError::unsupported(name, Place::default()))
    }

    fn external(
        &self,
        _: &[String],
        _: ExternalFormat,
        _: &[(String, Constant)],
        _: &[(String, ScalarType)],
    ) -> Result<Arc<dyn TableProvider>, LowerError> {
        Err(LowerError::unsupported("data from elsewhere", Place::default()))
    }
}

/// Runs plans, without limits unless told otherwise.
pub(super) struct Plain(SessionState);

impl Plain {
    pub(super) fn new() -> Self {
        let config = SessionConfig::new().with_target_partitions(2);
        Self(SessionStateBuilder::new().with_config(config).with_query_planner(Arc::new(RowsQueryPlanner)).build())
    }

    /// Runs plans in so many bytes.
    pub(super) fn within(bytes: usize) -> Self {
        let runtime = RuntimeEnvBuilder::new().with_memory_limit(bytes, 1.0).build_arc().expect("limits");
        let builder = SessionStateBuilder::new().with_runtime_env(runtime);
        Self(builder.with_query_planner(Arc::new(RowsQueryPlanner)).build())
    }

    async fn collect(&self, plan: LogicalPlan) -> Result<Collected, DataFusionError> {
        let plan = self.0.create_physical_plan(&plan).await?;
        let batches = datafusion::physical_plan::collect(plan, self.0.task_ctx()).await?;
        Ok(Collected { batches, cut: None })
    }
}

impl Engine for Plain {
    fn answer(&self, plan: LogicalPlan) -> BoxFuture<'_, Result<Collected, DataFusionError>> {
        Box::pin(self.collect(plan))
    }

    fn needed(&self, plan: LogicalPlan, _: usize) -> BoxFuture<'_, Result<Collected, DataFusionError>> {
        Box::pin(self.collect(plan))
    }

    fn explain(&self, plan: LogicalPlan) -> BoxFuture<'_, Result<String, DataFusionError>> {
        Box::pin(async move { Ok(plan.display_indent().to_string()) })
    }
}

/// The first result of a text: columns and rows as JSON.
pub(super) async fn answer(engine: &Plain, text: &str) -> Result<(Vec<Field>, Vec<Vec<Value>>), Fault> {
    let given = Given { now: NOW, ..Given::default() };
    let mut answers = run(text, &Nothing, engine, given).await?;
    let answer = answers.swap_remove(0);
    let mut rows = Vec::new();
    answer.rows.batches.iter().for_each(|batch| cells::append(batch, &answer.columns, &mut rows));
    Ok((answer.columns, rows))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn near(a: f64, b: f64) -> bool {
    (a.is_nan() && b.is_nan()) || a == b || (a - b).abs() <= 1e-6 * a.abs().max(b.abs())
}

pub(super) fn same_json(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || near(a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN)),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b)),
        (Value::Object(a), Value::Object(b)) => a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same_json(a, b))),
        _ => a == b || (text_of(a).is_none() && text_of(b).is_none()),
    }
}

/// Whether two cells hold the same value of the recorded type.
fn same(kind: &str, expected: &Value, found: &Value) -> bool {
    if kind == "Dynamic" {
        return same_json(expected, found);
    }
    let (Some(expected), Some(found)) = (text_of(expected), text_of(found)) else {
        return text_of(expected).is_none() && text_of(found).is_none();
    };
    let number = |text: &str| text.replace("Infinity", "inf").parse::<f64>();
    match kind {
        "Int" | "Real" => match (number(&expected), number(&found)) {
            (Ok(a), Ok(b)) => expected == found || near(a, b),
            _ => false,
        },
        "Bool" => expected.eq_ignore_ascii_case(&found),
        "DateTime" => read::datetime(&expected) == read::datetime(&found),
        "TimeSpan" => read::timespan(&expected) == read::timespan(&found),
        _ => expected == found,
    }
}

fn same_row(kinds: &[String], expected: &[Value], found: &[Value]) -> bool {
    expected.len() == found.len() && kinds.iter().zip(expected).zip(found).all(|((kind, a), b)| same(kind, a, b))
}

fn same_rows(case: &Case, found: &[Vec<Value>]) -> bool {
    let found = if case.truncated { &found[..found.len().min(case.expected_rows.len())] } else { found };
    if case.expected_rows.len() != found.len() {
        return false;
    }
    if case.ordered {
        return case.expected_rows.iter().zip(found).all(|(a, b)| same_row(&case.expected_types, a, b));
    }
    let mut left: Vec<&Vec<Value>> = found.iter().collect();
    case.expected_rows.iter().all(|row| match left.iter().position(|other| same_row(&case.expected_types, row, other)) {
        Some(place) => {
            left.swap_remove(place);
            true
        }
        None => false,
    })
}

/// What is wrong with the answer to a case.
async fn fault(engine: &Plain, case: &Case) -> Option<String> {
    match answer(engine, &case.query).await {
        Err(_) if case.expected_error => None,
        Err(fault) => Some(format!("refused {}: {}", fault.code, fault.message)),
        Ok((_, rows)) if case.expected_error => Some(format!("answered with {} rows what is to be refused", rows.len())),
        Ok((columns, rows)) => {
            let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            if names != case.expected_columns {
                return Some(format!("columns {names:?}, expected {:?}", case.expected_columns));
            }
            let show = |rows: &[Vec<Value>]| serde_json::to_string(rows).unwrap_or_default();
            (!same_rows(case, &rows)).then(|| format!("rows {}\n    expected {}", show(&rows), show(&case.expected_rows)))
        }
    }
}

#[test]
fn recorded_answers() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let engine = Arc::new(Plain::new());
    let known: BTreeMap<&str, &str> =
        FAILING.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' ')).collect();
    let only = std::env::var("CLEW_CASE").ok();
    let (mut report, mut total, mut passed) = (String::new(), BTreeMap::new(), BTreeMap::new());
    for line in RECORDED.lines() {
        let case: Case = serde_json::from_str(line).expect("a case");
        if only.as_ref().is_some_and(|only| !case.id.contains(only.as_str())) {
            continue;
        }
        let (page, id, query) = (case.page.clone(), case.id.clone(), case.query.clone());
        let engine = Arc::clone(&engine);
        let fault = runtime.block_on(async move {
            let found = tokio::spawn(async move { fault(&engine, &case).await });
            found.await.unwrap_or_else(|error| Some(format!("panicked: {error}")))
        });
        *total.entry(page.clone()).or_insert(0) += 1;
        *passed.entry(page).or_insert(0) += usize::from(fault.is_none());
        match (fault, known.get(id.as_str())) {
            (Some(fault), None) => writeln!(report, "{id}\n    {query}\n    {fault}").expect("strings take everything"),
            (None, Some(_)) => writeln!(report, "{id} passes and is listed as failing").expect("strings take everything"),
            _ => {}
        }
    }
    let rates: Vec<String> = total.iter().map(|(page, all)| format!("{page} {}/{all}", passed[page])).collect();
    let sum = |counts: &BTreeMap<String, usize>| counts.values().sum::<usize>();
    println!("{} of {}: {}", sum(&passed), sum(&total), rates.join(", "));
    assert!(report.is_empty(), "\n{report}");
}

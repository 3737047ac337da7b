//! Queries as questions: the text, its language, its parameters and limits.

mod complete;
mod export;
mod given;
mod hunting;
mod kusto;
mod outside;
mod patterns;
mod results;
mod walks;
mod world;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::runtime::Handle;
use utoipa::ToSchema;

pub use complete::{CompleteRequest, CompletionItem, Completions};
pub(super) use export::Rows;
pub use export::{Encoding, ExportRequest, Exported, export_without_data};

use super::answer::Table;
use super::cypher;
use super::kql::bind::{Given, Schemas, Tables};
use super::kql::tree::ScalarType;
use super::kql::{self, Diagnostic};
use super::reference::{limit, word};
use super::session::{Limits, Source};
use super::sql::{self, Parameters};
use super::{Context, Question};
use crate::catalog::tables;
use crate::model::{Fault, FaultClass, Object, Time};
pub use given::{GivenRows, GivenTable, Sketch, Sketched};
pub use results::{Beside, NamedTable, Results, ResultsRequest, homes_named, workspaces_named};
use world::World;

/// Rows of an answer at the most.
const ROWS_MAX: u32 = 1_000_000;
/// Seconds of a query at the most; no question has more.
const SECONDS_MAX: u32 = 60;

/// A language in which queries are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// The Kusto query language.
    #[default]
    Kql,
    /// SQL.
    Sql,
    /// openCypher and GQL, on the entity graph.
    Cypher,
}

impl Language {
    /// The names of all.
    pub const NAMES: &'static [&'static str] = &["kql", "sql", "cypher"];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "kql" => Some(Self::Kql),
            "sql" => Some(Self::Sql),
            "cypher" | "opencypher" | "gql" => Some(Self::Cypher),
            _ => None,
        }
    }
}

/// A read-only query on the tables.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QueryRequest {
    /// Language of the text: `kql` (default), `sql` or `cypher`.
    pub lang: Option<String>,
    /// The query; `query` means the same.
    #[serde(alias = "query")]
    pub text: String,
    /// Values for `$name` in SQL and openCypher, for `declare query_parameters` in KQL; they never become part of the text. One that the text does
    /// not name is a mistake, and so is one that is no value of the type that it declares.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub parameters: Object,
    /// Rows of the answer (default 10,000).
    pub limit: Option<u32>,
    /// Seconds after which the query is given up (default 30, at most 60).
    pub timeout_seconds: Option<u32>,
    /// Whether to answer with the plan, and with what scans read when it ran, instead of the rows.
    pub explain: bool,
    /// How the answer is written: `json` (default), `arrow` (IPC stream) or `parquet`; without it `Accept` says so.
    pub format: Option<String>,
    /// Workspaces that a KQL text may name beside the one that is asked; no client says which.
    #[serde(skip)]
    #[schema(ignore)]
    pub beside: Vec<Beside>,
}

impl QueryRequest {
    fn language(&self) -> Result<Language, Fault> {
        match &self.lang {
            Some(name) => word("lang", name, Language::parse, Language::NAMES),
            None => Ok(Language::default()),
        }
    }

    fn limits(&self) -> Result<Limits, Fault> {
        let hint = "let the query aggregate, or ask for a part with `where`";
        let rows_max = limit(self.limit, Limits::default().rows_max as u32, ROWS_MAX).map_err(|fault| fault.with_hint(hint))?;
        let mut limits = Limits { rows_max, ..Limits::default() };
        if let Some(seconds) = self.timeout_seconds {
            if !(1..=SECONDS_MAX).contains(&seconds) {
                let message = format!("expected `timeout_seconds` from 1 to {SECONDS_MAX}, found {seconds}");
                return Err(Fault::new(FaultClass::Invalid, "limit_invalid", message).with_hint("narrow the query if it needs more time"));
            }
            limits.time_max = Duration::from_secs(u64::from(seconds));
        }
        Ok(limits)
    }
}

impl Question for QueryRequest {
    type Answer = Table;
    const NAME: &'static str = "query";

    fn is_query(&self) -> bool {
        true
    }

    fn answer(self, context: &Context) -> Result<Table, Fault> {
        let limits = self.limits()?;
        match self.language()? {
            Language::Kql => {
                let mut source = Source::of(context);
                source.peers = self.beside.iter().map(Beside::peer).collect();
                let given = kusto::given(context.now, &self.parameters);
                kusto::answer(&World::new(&source, Some(context)), &source, &context.runtime, &self.text, given, &limits, self.explain)
            }
            Language::Sql => {
                let text = if self.explain { format!("EXPLAIN {}", self.text) } else { self.text };
                let parameters = if self.parameters.is_empty() { Parameters::None } else { Parameters::Named(self.parameters) };
                sql::on_snapshot(context, &text, parameters, &limits)
            }
            Language::Cypher => patterns::on_snapshot(context, &self.text, &self.parameters, &limits, self.explain),
        }
    }
}

/// Runs a KQL query on everything that a context shows; of the parameters it takes those that it declares.
pub(super) fn kql_on_snapshot(context: &Context, text: &str, parameters: &Object, limits: &Limits) -> Result<Table, Fault> {
    let source = Source::of(context);
    let given = Given { offered: true, ..kusto::given(context.now, parameters) };
    kusto::answer(&World::new(&source, Some(context)), &source, &context.runtime, text, given, limits, false)
}

/// Answers a query that brings its own rows (`print`, `datatable`), where there is no data directory. Blocks.
pub fn without_data(request: QueryRequest, runtime: &Handle, spill: PathBuf) -> Result<Table, Fault> {
    let limits = request.limits()?;
    let source = Source::empty(spill);
    match request.language()? {
        Language::Kql => {
            let given = kusto::given(Time::now(), &request.parameters);
            kusto::answer(&World::new(&source, None), &source, runtime, &request.text, given, &limits, request.explain)
        }
        Language::Sql => {
            let parameters = if request.parameters.is_empty() { Parameters::None } else { Parameters::Named(request.parameters) };
            runtime.block_on(sql::run(source, &request.text, parameters, &limits))
        }
        Language::Cypher => {
            Err(Fault::new(FaultClass::Invalid, "cypher_unsupported", "expected a data directory: a graph query brings no graph"))
        }
    }
}

/// Asks what is wrong with a KQL text.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CheckRequest {
    /// Language of the text: `kql` (default) or `cypher`.
    pub lang: Option<String>,
    /// The text; `query` means the same.
    #[serde(alias = "query")]
    pub text: String,
    /// Workspaces that the text may name beside the one that is asked; no client says which.
    #[serde(skip)]
    #[schema(ignore)]
    pub beside: Vec<Beside>,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Remarks {
    /// Mistakes and warnings, in the order of the text: `code`, `kind` (`syntax`: the text cannot be read; `semantic`: it can, and means nothing),
    /// `severity`, `span`, `message`, `help`.
    #[schema(value_type = Vec<Value>)]
    pub errors: Vec<Diagnostic>,
}

impl CheckRequest {
    /// What is wrong with a text that needs no tables to be checked; none for KQL.
    fn without_tables(&self) -> Result<Option<Vec<Diagnostic>>, Fault> {
        // A text in SQL is planned to be checked, which is what `explain` does.
        let read = |name: &str| Language::parse(name).filter(|language| *language != Language::Sql);
        match self.lang.as_deref().map(|name| word("lang", name, read, &["kql", "cypher"])).transpose()? {
            Some(Language::Cypher) => kusto::on_a_large_stack(|| cypher::check(&self.text)).map(Some),
            _ => Ok(None),
        }
    }
}

impl Question for CheckRequest {
    type Answer = Remarks;
    const NAME: &'static str = "check";

    fn answer(self, context: &Context) -> Result<Remarks, Fault> {
        if let Some(errors) = self.without_tables()? {
            return Ok(Remarks { errors });
        }
        let given = kusto::given(context.now, &Object::new());
        let mut source = Source::of(context);
        source.peers = self.beside.iter().map(Beside::peer).collect();
        Ok(Remarks { errors: kusto::check(&World::new(&source, Some(context)), &self.text, &given)? })
    }
}

/// Says what is wrong with a text where there is no data directory: against the given tables, else those of the catalog.
pub fn check_without_data(request: &CheckRequest, schema: Option<&Tables>) -> Result<Remarks, Fault> {
    if let Some(errors) = request.without_tables()? {
        return Ok(Remarks { errors });
    }
    let given = kusto::given(Time::now(), &Object::new());
    let known;
    let schemas: &Tables = match schema {
        Some(tables) => tables,
        None => {
            known = catalog();
            &known
        }
    };
    Ok(Remarks { errors: kusto::on_a_large_stack(|| kql::run::check(&request.text, schemas as &dyn Schemas, &given))? })
}

/// Tables from `{table: {column: type}}`.
pub fn declared(given: &BTreeMap<String, Map<String, Value>>) -> Result<Tables, Fault> {
    let mut tables = Tables::default();
    for (table, columns) in given {
        let mut fields = Vec::new();
        for (column, kind) in columns {
            let name = kind.as_str().unwrap_or_default();
            let kind = ScalarType::from_word(name).or_else(|| ScalarType::from_word(&name.to_ascii_lowercase()));
            let kind = kind.ok_or_else(|| {
                let message = format!("expected a type of the language for `{table}.{column}`, found `{name}`");
                Fault::new(FaultClass::Invalid, "schema_invalid", message).with_hint(ScalarType::WORDS.join(", "))
            })?;
            fields.push((column.clone(), kind));
        }
        tables.insert(table.clone(), fields);
    }
    Ok(tables)
}

/// The tables that the catalog declares.
fn catalog() -> Tables {
    let mut known = Tables::default();
    for table in tables::all() {
        let own =
            [("_Entities", ScalarType::Dynamic), ("_Seq", ScalarType::Long), ("_Source", ScalarType::String), ("_Line", ScalarType::Long)];
        let fields = table.columns.iter().map(|column| (column.name.to_string(), world::scalar(column.kind)));
        let alias = tables::time_alias(&table.name).map(|alias| (alias.to_owned(), ScalarType::DateTime));
        let columns = fields.filter(|(name, _)| alias.as_ref().is_none_or(|(alias, _)| alias != name));
        let own = own.map(|(name, kind)| (name.to_owned(), kind));
        known.insert(table.name.to_string(), columns.chain(alias.clone()).chain(own).collect());
    }
    known
}

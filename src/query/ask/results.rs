//! KQL for clients of other products: every result of a text, tables seen through a window of time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::super::answer::Table;
use super::super::kql::bind::{Given, workspace_word};
use super::super::kql::lexer::{TokenKind, decode, lex};
use super::super::session::{Limits, Peer, ResourceScope, Source, Watchlists};
use super::super::{Context, Question};
use super::given::GivenTable;
use super::world::World;
use super::{hunting, kusto};
use crate::model::{Fault, FaultClass, Object, Window};

/// A KQL query with everything that the protocols of other products say beside the text.
#[derive(Clone, Debug, Default)]
pub struct ResultsRequest {
    /// The text.
    pub text: String,
    /// Values for `declare query_parameters`.
    pub parameters: Object,
    /// Rows of tables with `TimeGenerated` count only inside.
    pub window: Window,
    /// Identifier of a resource of Azure: only rows about it, or about what lies under it, count. One that nothing is known of stands for the
    /// whole workspace.
    pub resource: Option<String>,
    /// Bounds of the answer.
    pub limits: Limits,
    /// Tables beside those of the workspace; they go before stored ones of the same name.
    pub tables: Vec<GivenTable>,
    /// Workspaces beside the one that is asked.
    pub beside: Vec<Beside>,
    /// Whether tables that the text names call their `TimeGenerated` also `Timestamp`, as advanced hunting does.
    pub timestamp: bool,
}

/// A workspace that a text may name (`workspace("soc").Alerts`), or whose rows are among those of every table.
#[derive(Clone)]
pub struct Beside {
    /// What the text calls it, as `workspace_word` has it.
    pub name: String,
    /// Whether its rows are among those of every table.
    pub united: bool,
    /// What it knows; nothing for the workspace that is asked.
    pub context: Option<Context>,
}

impl std::fmt::Debug for Beside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beside").field("name", &self.name).field("united", &self.united).finish_non_exhaustive()
    }
}

impl Beside {
    /// Whether it is the workspace of a context.
    pub fn is_of(&self, context: &Context) -> bool {
        self.context.as_ref().is_some_and(|own| own.spill == context.spill)
    }

    /// The workspace as a query sees it.
    pub(super) fn peer(&self) -> Peer {
        let source = self.context.as_ref().map(|context| Arc::new(Source::of(context)));
        Peer { name: self.name.clone(), united: self.united, source }
    }
}

/// The names by which a text calls other workspaces, as `workspace_word` has them.
pub fn workspaces_named(text: &str) -> Vec<String> {
    named_in(text, &["workspace"])
}

/// The names by which a text calls other workspaces and what stands for one in the language: databases.
pub fn homes_named(text: &str) -> Vec<String> {
    named_in(text, &["workspace", "database"])
}

/// The names in calls of one of these functions.
fn named_in(text: &str, functions: &[&str]) -> Vec<String> {
    if !functions.iter().any(|function| text.contains(function)) {
        return Vec::new();
    }
    let (tokens, _) = lex(text);
    let tokens: Vec<_> = tokens.into_iter().filter(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment)).collect();
    let words = |place: usize| text.get(tokens[place].start as usize..tokens[place].end as usize).unwrap_or_default();
    let calls = (0..tokens.len().saturating_sub(2)).filter(|place| functions.contains(&words(*place)) && words(place + 1) == "(");
    let mut named: Vec<String> = calls
        .filter(|place| tokens[place + 2].kind == TokenKind::String)
        .map(|place| {
            let mut name = String::new();
            decode(words(place + 2), &mut name);
            workspace_word(&name).to_lowercase()
        })
        .collect();
    named.sort();
    named.dedup();
    named
}

/// One result of a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedTable {
    /// The name that the text gives it (`fork`, `as`).
    pub name: Option<String>,
    /// The rows.
    pub table: Table,
}

/// All results of a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// The results, in the order of the text; at least one.
    pub tables: Vec<NamedTable>,
    /// How long the query ran.
    pub took: Duration,
}

impl Question for ResultsRequest {
    type Answer = Results;
    const NAME: &'static str = "kql_results";

    fn is_query(&self) -> bool {
        true
    }

    fn answer(self, context: &Context) -> Result<Results, Fault> {
        let began = Instant::now();
        if self.text.trim().is_empty() {
            return Err(Fault::new(FaultClass::Invalid, "kql_expected", "expected a query, found an empty text"));
        }
        let scope = self.resource.as_deref().and_then(|id| ResourceScope::of(context, id));
        let mut source = Source { window: self.window, scope, ..Source::of(context) };
        source.watchlists = source.watchlists.map(Watchlists::lenient);
        for table in &self.tables {
            source.tables.insert(0, (table.name.clone(), table.provider(context.runtime.clone())));
        }
        source.peers = self.beside.iter().map(Beside::peer).collect();
        if self.timestamp {
            hunting::add(&mut source, &self.text);
        }
        // Clients of other products send parameters along whether the text declares them or not.
        let given = Given { offered: true, ..kusto::given(context.now, &self.parameters) };
        let mut tables = kusto::answers(&World::new(&source, Some(context)), &source, &context.runtime, &self.text, given, &self.limits)?;
        if tables.is_empty() {
            tables.push(NamedTable { name: None, table: Table { complete: true, ..Table::default() } });
        }
        Ok(Results { tables, took: began.elapsed() })
    }
}

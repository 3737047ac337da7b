//! What may be written at a place of a query: the question, and its answer for KQL and SQL.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::kql::bind::{self, Candidate, CandidateKind, Schemas};
use super::super::reference::word;
use super::super::session::Source;
use super::super::{Context, Question};
use super::world::World;
use super::{Language, kusto};
use crate::model::{Fault, Span};

/// Items of one answer about SQL at the most.
const ITEMS_MAX: usize = 200;
/// Words that a SQL query is made of.
const SQL_WORDS: &[&str] = &[
    "AND",
    "AS",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COUNT",
    "DESC",
    "DISTINCT",
    "ELSE",
    "END",
    "EXISTS",
    "FROM",
    "GROUP",
    "HAVING",
    "IN",
    "INNER",
    "IS",
    "JOIN",
    "LEFT",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "ON",
    "OR",
    "ORDER",
    "OVER",
    "PARTITION",
    "SELECT",
    "THEN",
    "UNION",
    "WHEN",
    "WHERE",
    "WITH",
];

/// Asks what may be written at a place of a query.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CompleteRequest {
    /// Language of the text: `kql` (default), `sql` or `cypher`; of `cypher` nothing is known before the query runs, so there are no items.
    pub lang: Option<String>,
    /// The text; `query` means the same.
    #[serde(alias = "query")]
    pub text: String,
    /// The place, in bytes of UTF-8 from the begin of the text; default: its end.
    pub offset: Option<u32>,
}

/// What may be written.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Completions {
    /// The letters that an item replaces, in bytes: `{start, end}`.
    #[schema(value_type = Value)]
    pub span: Span,
    /// The items, best first.
    pub items: Vec<CompletionItem>,
}

/// One thing that may be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CompletionItem {
    /// Its name.
    pub label: String,
    /// `column`, `name`, `table`, `operator`, `aggregate`, `function`, `plugin`, `exploration` or `keyword`.
    #[schema(value_type = String)]
    pub kind: CandidateKind,
    /// Its type, or what it does.
    pub detail: String,
    /// What to write in the place of the span.
    pub insert: String,
}

impl From<Candidate> for CompletionItem {
    fn from(candidate: Candidate) -> Self {
        Self { label: candidate.label, kind: candidate.kind, detail: candidate.detail, insert: candidate.insert }
    }
}

impl Question for CompleteRequest {
    type Answer = Completions;
    const NAME: &'static str = "complete";

    fn answer(self, context: &Context) -> Result<Completions, Fault> {
        let source = Source::of(context);
        let language = self.lang.as_deref().map_or(Ok(Language::Kql), |name| word("lang", name, Language::parse, Language::NAMES))?;
        let offset = self.offset.map_or(self.text.len(), |offset| offset as usize);
        match language {
            Language::Kql => kusto::on_a_large_stack(|| of_kql(&self.text, offset, &World::new(&source, Some(context)))),
            Language::Sql => Ok(of_sql(&self.text, offset, &World::new(&source, Some(context)))),
            // Labels and relations are data; no list of them is complete.
            Language::Cypher => Ok(Completions { span: Span { start: offset, end: offset }, items: Vec::new() }),
        }
    }
}

fn of_kql(text: &str, offset: usize, schemas: &dyn Schemas) -> Completions {
    let found = bind::complete(text, offset, schemas);
    Completions { span: found.span, items: found.candidates.into_iter().map(CompletionItem::from).collect() }
}

/// Tables, the columns of those that the text names, functions and words of the language.
fn of_sql(text: &str, offset: usize, schemas: &dyn Schemas) -> Completions {
    let offset = text.floor_char_boundary(offset);
    let before = &text[..offset];
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let start = before.trim_end_matches(is_part).len();
    let typed = before[start..].to_lowercase();
    let item = |label: &str, kind: CandidateKind, detail: &str, insert: String| CompletionItem {
        label: label.to_owned(),
        kind,
        detail: detail.to_owned(),
        insert,
    };
    let tables = schemas.tables();
    let mut items = Vec::new();
    let mut words: Vec<&str> = text.split(|letter: char| !is_part(letter)).collect();
    words.sort_unstable();
    words.dedup();
    for table in tables.iter().filter(|table| words.binary_search(&table.as_str()).is_ok()) {
        let columns = schemas.table(table).unwrap_or_default();
        items.extend(columns.iter().map(|(name, kind)| item(name, CandidateKind::Column, kind.as_str(), name.clone())));
    }
    items.extend(tables.iter().map(|name| item(name, CandidateKind::Table, "table", name.clone())));
    let functions = schemas.table_functions();
    items.extend(functions.iter().map(|name| item(name, CandidateKind::Function, "table function", format!("{name}("))));
    items.extend(SQL_WORDS.iter().map(|word| item(word, CandidateKind::Keyword, "keyword", (*word).to_owned())));
    items.retain(|item| item.label.to_lowercase().contains(&typed));
    items.sort_by_cached_key(|item| (!item.label.to_lowercase().starts_with(&typed), item.kind, item.label.to_lowercase()));
    items.dedup_by(|a, b| a.label == b.label && a.kind == b.kind);
    items.truncate(ITEMS_MAX);
    Completions { span: Span { start, end: offset }, items }
}

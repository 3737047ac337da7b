//! Queries and functions that people put through the API, as resources, and the questions about all of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::super::kql::bind::StoredFunction;
use super::super::{Context, Question};
use super::{Exploration, Library, Origin, parse};
use crate::model::{Fault, FaultClass};

/// Kind of the resources that are queries.
pub const QUERY: &str = "query";
/// Kind of the resources that are functions.
pub const FUNCTION: &str = "function";
/// Bytes of a query or function at the most.
const TEXT_MAX: usize = 64 << 10;

/// A query as people put it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QueryBody {
    /// Lines `// title: ...`, `// input: host`, `// window: 1d/1d` and so on, an empty line, then KQL, as in the files of `queries`.
    pub text: String,
}

impl QueryBody {
    /// Says what is wrong with it, under the name that it gets.
    pub fn check(&self, name: &str) -> Result<(), Fault> {
        named(name, |letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/'))?;
        sized(&self.text)?;
        parse(name, &self.text).map(drop).map_err(Fault::from)
    }
}

/// A function as people put it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FunctionBody {
    /// Its parameters, as `(host: string, since: datetime = datetime(null))`; without them it takes none.
    pub parameters: String,
    /// Its body, without braces.
    pub body: String,
    /// What it is for.
    pub description: String,
}

impl FunctionBody {
    /// The function under its name.
    pub fn read(&self, name: &str) -> Result<StoredFunction, Fault> {
        named(name, |letter| letter.is_ascii_alphanumeric() || letter == '_')?;
        sized(&self.body)?;
        let parameters = match self.parameters.trim() {
            "" => "()",
            parameters => parameters,
        };
        StoredFunction::parse(name, parameters, &self.body).map_err(|diagnostics| match diagnostics.into_iter().next() {
            // Places are those of the whole declaration, which nobody wrote.
            Some(first) => Fault { span: None, ..Fault::from(first) },
            None => Fault::new(FaultClass::Invalid, "function_invalid", "expected parameters and a body, found something else"),
        })
    }
}

fn named(name: &str, fits: impl Fn(char) -> bool) -> Result<(), Fault> {
    let good = (1..=128).contains(&name.len())
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && name.chars().all(fits);
    if good {
        return Ok(());
    }
    let message = format!("expected a name of letters, digits and `_` (in queries also `-`, `.` and `/`), found `{name}`");
    Err(Fault::new(FaultClass::Invalid, "name_invalid", message).with_hint("begin with a letter, and use at most 128"))
}

fn sized(text: &str) -> Result<(), Fault> {
    if text.len() <= TEXT_MAX {
        return Ok(());
    }
    let message = format!("expected at most {TEXT_MAX} bytes, found {}", text.len());
    Err(Fault::new(FaultClass::Invalid, "text_too_long", message).with_hint("keep lists in watchlists"))
}

/// Adds what people put through the API.
pub(super) fn stored(context: &Context, library: &mut Library) -> Result<(), Fault> {
    for stored in context.snapshot.resources(QUERY)? {
        let text = stored.resource.value["text"].as_str().unwrap_or_default();
        library.add(Origin::Api, &stored.resource.id, text);
    }
    for stored in context.snapshot.resources(FUNCTION)? {
        let name = &*stored.resource.id;
        let body = FunctionBody::deserialize(&*stored.resource.value).map_err(|error| {
            Fault::new(
                FaultClass::Internal,
                "function_unreadable",
                format!("the function `{name}` is stored in a form that is not known: {error}"),
            )
        });
        match body.and_then(|body| Ok((body.read(name)?, body.description))) {
            Ok((function, description)) => library.add_function(function, description),
            Err(fault) => library.add_problem(name, fault),
        }
    }
    Ok(())
}

/// Lists the saved queries.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SavedQueriesRequest {
    /// Only those for this purpose: `explore`, `activity` or `hunt`.
    pub purpose: Option<String>,
    /// Only those of this origin: `built-in`, `file` or `api`.
    pub origin: Option<String>,
}

/// Shows one saved query.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SavedQueryRequest {
    /// Name (`account/failed-logons`) or public id.
    pub id: String,
}

/// A saved query in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueryRow {
    /// Name.
    pub name: String,
    /// Public id, where the query has one.
    pub id: String,
    /// `explore`, `activity` or `hunt`.
    pub purpose: String,
    /// `built-in`, `file` or `api`.
    pub origin: String,
    /// Title.
    pub title: String,
    /// What it answers.
    pub question: String,
    /// Kind of the entity that it takes; empty if it takes none.
    pub input: String,
    /// Tables that it reads.
    pub tables: Vec<String>,
    /// ATT&CK tactics that it looks for.
    pub tactics: Vec<String>,
}

/// The saved queries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SavedQueries {
    /// The queries, by name.
    pub value: Vec<QueryRow>,
    /// What cannot be read, by name: a message for each.
    pub problems: BTreeMap<String, String>,
    /// Always true: the list is whole.
    pub complete: bool,
}

/// A saved query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueryDetail {
    /// What lists show of it.
    #[serde(flatten)]
    pub row: QueryRow,
    /// Identifier sets of which the entity needs one.
    pub identifiers: Vec<String>,
    /// Kinds of the entities that it finds.
    pub outputs: Vec<String>,
    /// Seconds of the window before the anchor.
    pub before_seconds: i64,
    /// Seconds of the window behind the anchor.
    pub after_seconds: i64,
    /// Results when the request names no limit.
    pub limit: u32,
    /// The text with its header.
    pub text: String,
    /// Names the version for conditional changes; only of queries that came through the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

/// Lists the functions.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FunctionsRequest {
    /// Only the one of this name.
    pub name: Option<String>,
}

/// A function that queries can call by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FunctionRow {
    /// Name.
    pub name: String,
    /// Its parameters.
    pub parameters: String,
    /// Its body.
    pub body: String,
    /// What it is for.
    pub description: String,
    /// Names the version for conditional changes.
    pub etag: String,
}

/// The functions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Functions {
    /// The functions, by name.
    pub value: Vec<FunctionRow>,
    /// Always true: the list is whole.
    pub complete: bool,
}

fn row(origin: Origin, query: &Exploration) -> QueryRow {
    QueryRow {
        name: query.name.clone(),
        id: query.id.clone(),
        purpose: query.purpose.as_str().to_owned(),
        origin: origin.as_str().to_owned(),
        title: query.title.clone(),
        question: query.question.clone(),
        input: query.input.clone(),
        tables: query.tables.clone(),
        tactics: query.tactics.clone(),
    }
}

impl Question for SavedQueriesRequest {
    type Answer = SavedQueries;
    const NAME: &'static str = "saved_queries";

    fn answer(self, context: &Context) -> Result<SavedQueries, Fault> {
        let library = Library::of(context)?;
        let wanted = |asked: &Option<String>, found: &str| asked.as_deref().is_none_or(|asked| asked == found);
        let rows = library.queries().map(|(origin, query)| row(origin, query));
        let mut value: Vec<QueryRow> =
            rows.filter(|row| wanted(&self.purpose, &row.purpose) && wanted(&self.origin, &row.origin)).collect();
        value.sort_by(|a, b| a.name.cmp(&b.name));
        let problems = library.problems().iter().map(|(name, fault)| (name.clone(), fault.message.clone())).collect();
        Ok(SavedQueries { value, problems, complete: true })
    }
}

impl Question for SavedQueryRequest {
    type Answer = QueryDetail;
    const NAME: &'static str = "saved_query";

    fn answer(self, context: &Context) -> Result<QueryDetail, Fault> {
        let library = Library::of(context)?;
        let named = |query: &Exploration| query.name == self.id || query.id.eq_ignore_ascii_case(&self.id);
        let found =
            library.queries().find(|(_, query)| query.name == self.id).or_else(|| library.queries().find(|(_, query)| named(query)));
        let (origin, query) = found.ok_or_else(|| {
            Fault::new(FaultClass::NotFound, "query_unknown", format!("no saved query has the name or id `{}`", self.id))
                .with_hint("`GET /v1/queries` lists them")
        })?;
        let etag = match origin {
            Origin::Api => context.snapshot.resource(QUERY, &query.name)?.map(|stored| stored.etag()),
            Origin::BuiltIn | Origin::File => None,
        };
        Ok(QueryDetail {
            row: row(origin, query),
            identifiers: query.identifiers.clone(),
            outputs: query.outputs.clone(),
            before_seconds: query.before / 1_000_000,
            after_seconds: query.after / 1_000_000,
            limit: query.limit,
            text: query.text.clone(),
            etag,
        })
    }
}

impl Question for FunctionsRequest {
    type Answer = Functions;
    const NAME: &'static str = "functions";

    fn answer(self, context: &Context) -> Result<Functions, Fault> {
        let mut value = Vec::new();
        for stored in context.snapshot.resources(FUNCTION)? {
            let text = |member: &str| stored.resource.value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
            value.push(FunctionRow {
                name: stored.resource.id.to_string(),
                parameters: text("parameters"),
                body: text("body"),
                description: text("description"),
                etag: stored.etag(),
            });
        }
        if let Some(name) = &self.name {
            value.retain(|function| function.name == *name);
        }
        Ok(Functions { value, complete: true })
    }
}

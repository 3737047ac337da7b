//! Log Analytics: KQL over HTTP, by workspace, by resource and in batches.
//!
//! A query is the engine's own; here its answer only changes clothes: `dynamic` cells become JSON text, a cut answer carries a
//! partial error. A workspace is an engine of its own; those that a request names beside that of its path (`workspaces`, `workspace("soc")`) are read
//! as far as its caller may, each at a snapshot of its own.

mod answer;
mod error;
mod metadata;
pub(super) mod timespan;

pub(super) use answer::size;
pub(super) use error::{Mistake, mistake, place};

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::HeaderName;
use serde_json::{Value, json};

use super::{Call, Dialect, Members, Reply, Route, answers, lenient};
use crate::engine::Lent;
use crate::model::{Fault, FaultClass};
use crate::query::ask::{Beside, ResultsRequest, workspaces_named};
use crate::query::kql::bind::workspace_word;
use crate::query::session::Limits;
use crate::query::{Context, Question};

/// The dialect.
pub(super) static DIALECT: Dialect = Dialect {
    name: "logs",
    aliases: &[],
    owns: &["/workspaces/{ws}/{*rest}", "/v1/workspaces/{ws}/{*rest}"],
    routes: &[ROUTES],
    known: &["api", "metadata", "query", "search"],
    fault: error::fault,
};

const ROUTES: &[Route] = &[
    answers("POST", "/v1/workspaces/{ws}/query", "logs.query", 1, query),
    answers("POST", "/workspaces/{ws}/query", "logs.query", 1, query),
    answers("GET", "/v1/workspaces/{ws}/query", "logs.query", 1, query),
    answers("GET", "/workspaces/{ws}/query", "logs.query", 1, query),
    answers("POST", "/v1/subscriptions/{*resource}/query", "logs.query_resource", 1, query),
    answers("POST", "/subscriptions/{*resource}/query", "logs.query_resource", 1, query),
    answers("GET", "/v1/subscriptions/{*resource}/query", "logs.query_resource", 1, query),
    answers("GET", "/subscriptions/{*resource}/query", "logs.query_resource", 1, query),
    answers("POST", "/v1/$batch", "logs.batch", 1, batch),
    answers("POST", "/$batch", "logs.batch", 1, batch),
    answers("GET", "/v1/workspaces/{ws}/metadata", "logs.metadata", 2, metadata::metadata),
    answers("POST", "/v1/workspaces/{ws}/metadata", "logs.metadata", 2, metadata::metadata),
    answers("GET", "/workspaces/{ws}/metadata", "logs.metadata", 2, metadata::metadata),
    answers("POST", "/workspaces/{ws}/metadata", "logs.metadata", 2, metadata::metadata),
];

/// Says how long a query may take, and what its answer shall carry.
const PREFER: HeaderName = HeaderName::from_static("prefer");
/// Rows of an answer at the most, as the service has it.
pub(super) const ROWS_MAX: usize = 500_000;
/// Bytes of an answer's cells at the most.
pub(super) const BYTES_MAX: usize = 64 << 20;
/// Longest time of a query; a little less than the time of a question, so that the error is that of the query.
pub(super) const TIME_MAX: Duration = Duration::from_secs(55);
/// Members of a query that name workspaces, as the service's clients send them.
const EVERYWHERE: [&str; 4] = ["workspaces", "workspaceIds", "azureResourceIds", "qualifiedNames"];
/// Queries of one batch at the most, as the service has it.
const BATCH_MAX: usize = 100;

/// What the header `Prefer` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Preference {
    wait_seconds: Option<u64>,
    statistics: bool,
    render: bool,
}

impl Preference {
    /// Reads `wait=600,include-statistics=true,include-render=true`; what is not known is passed over, as HTTP has it.
    fn read(text: &str) -> Self {
        let mut preference = Self::default();
        for item in text.split([',', ';']) {
            let (name, value) = item.split_once('=').unwrap_or((item, "true"));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "wait" => preference.wait_seconds = value.parse().ok(),
                "include-statistics" => preference.statistics = value.eq_ignore_ascii_case("true"),
                "include-render" | "include-visualization" => preference.render = value.eq_ignore_ascii_case("true"),
                _ => {}
            }
        }
        preference
    }

    fn limits(self) -> Limits {
        let time_max = self.wait_seconds.map_or(TIME_MAX, |seconds| Duration::from_secs(seconds.max(1)).min(TIME_MAX));
        Limits { rows_max: ROWS_MAX, bytes_max: BYTES_MAX, time_max, ..Limits::default() }
    }
}

/// A query by its workspace, whose every row counts, or by a resource of it: only rows about the resource count.
fn query(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let body = asked(&call.json()?, &call.options);
    let (status, answer) = run(call, None, &body, Preference::read(call.header(PREFER).unwrap_or_default()), context);
    Ok(Reply::ok(answer).status(status))
}

/// The resource that a path names; none if that is a workspace.
fn resource(call: &Call) -> Option<String> {
    let named = call.parameter("resource");
    let is_workspace = named.to_lowercase().contains("/providers/microsoft.operationalinsights/workspaces/");
    (!named.is_empty() && !is_workspace).then(|| format!("/subscriptions/{named}"))
}

/// What a query asks for: the body, or the options of the address where that asks for nothing.
fn asked(body: &Value, options: &[(String, String)]) -> Members {
    let body = Members::of(body);
    if body.get("query").is_some() {
        return body;
    }
    let option = |name: &str| {
        options
            .iter()
            .find(|(known, value)| known == name && !value.trim().is_empty())
            .map_or(Value::Null, |(_, value)| value.as_str().into())
    };
    Members::of(&json!({"query": option("query"), "timespan": option("timespan")}))
}

/// A workspace that a request names beside that of its path.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// What the request calls it, as `word` has it.
    pub(super) word: String,
    /// Its engine, nothing if it is that of the path; or why it cannot be read.
    pub(super) engine: Result<Option<Arc<Lent>>, Fault>,
}

/// The name of a workspace of which a request may say more.
fn word(text: &str) -> String {
    workspace_word(text).to_lowercase()
}

/// What a workspace that a request names knows.
fn reach(call: &Call, said: &str, context: &Context) -> Result<Context, Fault> {
    let word = word(said);
    let named = call.beside.iter().find(|named| named.word == word);
    let engine = named.map_or_else(
        || Err(Fault::new(FaultClass::NotFound, "workspace_unknown", format!("no workspace is named `{said}`"))),
        |named| named.engine.clone(),
    )?;
    Ok(engine.map_or_else(|| context.clone(), |engine| Context { stop: context.stop.clone(), now: context.now, ..engine.context() }))
}

/// The workspaces that a query about `own` names, in its body or text.
fn beside(call: &Call, body: &Members, text: &str, own: &Context, context: &Context) -> Result<Vec<Beside>, Fault> {
    let mut beside: Vec<Beside> = Vec::new();
    let united = EVERYWHERE.iter().flat_map(|name| body.texts(name)).map(|name| (word(&name), true));
    for (name, united) in united.chain(workspaces_named(text).into_iter().map(|name| (name, false))) {
        if beside.iter().any(|known| known.name == name) {
            continue;
        }
        let there = reach(call, &name, context)?;
        let itself = there.spill == own.spill;
        // Two names of one workspace give its rows once.
        let united = united && !itself && !beside.iter().any(|known| known.united && known.is_of(&there));
        beside.push(Beside { name, united, context: Some(there).filter(|_| !itself) });
    }
    Ok(beside)
}

/// The answer of one query and its status.
fn run(call: &Call, workspace: Option<&str>, body: &Members, preference: Preference, context: &Context) -> (StatusCode, Value) {
    let text = body.text("query").unwrap_or_default();
    let results = (|| {
        let own = workspace.map(|workspace| reach(call, workspace, context)).transpose()?;
        let own = own.as_ref().unwrap_or(context);
        let window = body.text("timespan").map_or(Ok(crate::model::Window::ALL), |timespan| timespan::read(&timespan, own.now))?;
        let beside = beside(call, body, &text, own, context)?;
        ResultsRequest {
            text: text.clone(),
            window,
            limits: preference.limits(),
            beside,
            resource: resource(call),
            ..ResultsRequest::default()
        }
        .answer(own)
    })();
    match results {
        Ok(results) => (StatusCode::OK, answer::write(results, preference.statistics, preference.render)),
        Err(fault) => error::of_query(&fault, &text),
    }
}

/// Several queries at once; each answers for itself.
fn batch(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let body = Members::of(&call.json()?);
    let requests = body.list("requests");
    if requests.is_empty() || requests.len() > BATCH_MAX {
        let message = format!("expected 1 to {BATCH_MAX} `requests`, found {}", requests.len());
        return Err(Fault::new(FaultClass::Invalid, "batch_invalid", message));
    }
    let responses = requests.iter().enumerate().map(|(place, request)| {
        let request = Members::of(request);
        let preference = Preference::read(&request.inner("headers").text("prefer").unwrap_or_default());
        let workspace = request.word("workspace");
        let (status, answer) = run(call, workspace.as_deref(), &request.inner("body"), preference, context);
        let id = request.get("id").cloned().unwrap_or_else(|| place.to_string().into());
        json!({"id": id, "status": status.as_u16(), "headers": {"Content-Type": "application/json; charset=utf-8"}, "body": answer})
    });
    Ok(Reply::ok(json!({"responses": responses.collect::<Vec<_>>()})))
}

/// The workspaces that a request names beside that of its path, as `word` has them.
pub(super) fn workspaces(operation: &str, options: &[(String, String)], body: &[u8]) -> Vec<String> {
    if !matches!(operation, "logs.query" | "logs.query_resource" | "logs.batch") {
        return Vec::new();
    }
    let Ok(body) = lenient::read(body) else { return Vec::new() };
    let body = if operation == "logs.batch" { Members::of(&body) } else { asked(&body, options) };
    let of = |query: &Members| {
        let listed: Vec<String> = EVERYWHERE.iter().flat_map(|name| query.texts(name)).map(|name| word(&name)).collect();
        [listed, workspaces_named(&query.text("query").unwrap_or_default())].concat()
    };
    let mut named = of(&body);
    for request in body.list("requests").iter().take(BATCH_MAX).map(Members::of) {
        named.extend(request.word("workspace").map(|name| word(&name)));
        named.extend(of(&request.inner("body")));
    }
    named.sort();
    named.dedup();
    named
}

/// The workspace of the first query of a batch, whose path names none.
pub(super) fn first(operation: &str, body: &[u8]) -> Option<String> {
    let body = Members::of(&lenient::read(body).ok().filter(|_| operation == "logs.batch")?);
    body.list("requests").iter().map(Members::of).find_map(|request| request.word("workspace"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_are_read_in_every_writing_of_the_clients() {
        let read = |text| {
            let preference = Preference::read(text);
            (preference.wait_seconds, preference.statistics, preference.render)
        };
        assert_eq!(read("wait=180,include-statistics=true,include-render=true"), (Some(180), true, true));
        assert_eq!(read("include-statistics=true, wait=600"), (Some(600), true, false));
        assert_eq!(read("respond-async; Include-Render=TRUE"), (None, false, true));
        assert_eq!(read(""), (None, false, false));
        assert_eq!(Preference::read("wait=600").limits().time_max, TIME_MAX);
        assert_eq!(Preference::read("wait=3").limits().time_max, Duration::from_secs(3));
    }
}

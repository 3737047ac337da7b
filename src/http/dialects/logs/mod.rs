//! Log Analytics: KQL over HTTP, by workspace, by resource and in batches.
//!
//! A query is the engine's own; here its answer only changes clothes: `dynamic` cells become JSON text, a cut answer carries a
//! partial error. A workspace is an engine of its own, and a query reads one: names of others beside it, and batches over several, are refused.

mod answer;
mod error;
mod metadata;
pub(super) mod timespan;

pub(super) use answer::size;
pub(super) use error::{Mistake, mistake, place};

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::HeaderName;
use serde_json::{Value, json};

use super::{Call, Dialect, Members, Reply, Route, answers, lenient};
use crate::model::{Fault, FaultClass};
use crate::query::ask::ResultsRequest;
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

/// A query by its workspace or by a resource of it: every table of the workspace answers.
fn query(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let mut body = Members::of(&call.json()?);
    if body.get("query").is_none() {
        let named = |name: &str| call.option(name).map_or(Value::Null, Value::from);
        body = Members::of(&json!({"query": named("query"), "timespan": named("timespan")}));
    }
    let (status, answer) = run(&body, Preference::read(call.header(PREFER).unwrap_or_default()), context);
    Ok(Reply::ok(answer).status(status))
}

/// The answer of one query and its status.
fn run(body: &Members, preference: Preference, context: &Context) -> (StatusCode, Value) {
    let text = body.text("query").unwrap_or_default();
    let asked = body.text("timespan").map_or(Ok(crate::model::Window::ALL), |timespan| timespan::read(&timespan, context.now));
    let results = asked.and_then(|window| {
        let request = ResultsRequest { text: text.clone(), window, limits: preference.limits(), ..ResultsRequest::default() };
        request.answer(context)
    });
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
        let (status, answer) = run(&request.inner("body"), preference, context);
        let id = request.get("id").cloned().unwrap_or_else(|| place.to_string().into());
        json!({"id": id, "status": status.as_u16(), "headers": {"Content-Type": "application/json; charset=utf-8"}, "body": answer})
    });
    Ok(Reply::ok(json!({"responses": responses.collect::<Vec<_>>()})))
}

/// The workspaces that the body of a query or batch names beside the path.
pub(super) fn workspaces(operation: &str, body: &[u8]) -> Option<Vec<String>> {
    if !matches!(operation, "logs.query" | "logs.batch") {
        return None;
    }
    let body = Members::of(&lenient::read(body).ok()?);
    let mut named = body.texts("workspaces");
    for request in body.list("requests").iter().take(BATCH_MAX).map(Members::of) {
        named.extend(request.word("workspace"));
        named.extend(request.inner("body").texts("workspaces"));
    }
    named.sort();
    named.dedup();
    Some(named)
}

/// The refusal of a query that would read several workspaces.
pub(super) fn several(named: &str) -> Fault {
    let message = format!("a query reads one workspace, found `{named}` beside it");
    Fault::new(FaultClass::Invalid, "workspaces_several", message).with_hint("ask each workspace by itself, and put the answers together")
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

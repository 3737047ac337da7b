//! Kusto: queries (v2 frames, v1 tables) and the commands with which its tools look around. Commands that change are refused.

mod commands;
mod error;
mod frames;
mod properties;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{CLIENT_REQUEST_ID, Call, Dialect, Members, Reply, Route, answers, lenient};
use crate::model::{Fault, Time};
use crate::query::ask::{Results, ResultsRequest};
use crate::query::{Context, Question};
use properties::Properties;

pub(in crate::http::dialects) use frames::data_type;

/// The dialect.
pub(super) static DIALECT: Dialect = Dialect {
    name: "kusto",
    aliases: &[],
    owns: &["/v1/rest/{*rest}", "/v2/rest/{*rest}"],
    routes: &[ROUTES],
    known: &["ingest", "mgmt", "ping", "query"],
    fault: error::fault,
};

const ROUTES: &[Route] = &[
    answers("POST", "/v2/rest/query", "kusto.query", 1, query_v2),
    answers("POST", "/v1/rest/query", "kusto.query_v1", 1, query_v1),
    answers("GET", "/v1/rest/query", "kusto.query_v1", 1, query_v1),
    answers("POST", "/v1/rest/mgmt", "kusto.mgmt", 1, manage),
    answers("GET", "/v1/rest/ping", "kusto.ping", 2, ping),
];

/// The database that the body of an operation names: a workspace in the words of this dialect.
pub(super) fn database(operation: &str, body: &[u8]) -> Option<String> {
    if !operation.starts_with("kusto.") {
        return None;
    }
    let named = Members::of(&lenient::read(body).ok()?).word("db")?;
    Some(if named.eq_ignore_ascii_case("NetDefaultDB") { commands::DATABASE.to_owned() } else { named })
}

/// A request as it stands in the body, or in the query string of a GET.
struct Asked {
    database: String,
    text: String,
    properties: Properties,
    /// Id by which the client knows its request.
    id: String,
}

impl Asked {
    fn read(call: &Call) -> Result<Self, Fault> {
        let body = match call.json()? {
            Value::Null => json!({"db": call.option("db"), "csl": call.option("csl"), "properties": call.option("properties")}),
            body => body,
        };
        let body = Members::of(&body);
        let text = body.text("csl").unwrap_or_default();
        let properties = Properties::read(body.get("properties"), &text)?;
        let id = call.header(CLIENT_REQUEST_ID).or(properties.request_id.as_deref()).unwrap_or("unspecified").to_owned();
        Ok(Self { database: body.word("db").unwrap_or_else(|| commands::DATABASE.to_owned()), text, properties, id })
    }

    /// Runs the text, a command or a query.
    fn results(&self, context: &Context) -> Result<Results, Fault> {
        let mut context = context.clone();
        context.now = self.properties.now.unwrap_or(context.now);
        let request = ResultsRequest {
            text: self.text.clone(),
            parameters: self.properties.parameters.clone(),
            window: self.properties.window,
            limits: self.properties.limits.clone(),
            ..ResultsRequest::default()
        };
        match commands::split(&self.text) {
            Some(command) => commands::answer(command, &self.database, request, &context),
            None => request.answer(&context),
        }
    }

    fn failed(&self, fault: &Fault) -> Reply {
        let (status, body) = error::of_query(fault, &self.text, &self.id);
        Reply::ok(body).status(status)
    }
}

fn query_v2(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let asked = Asked::read(call)?;
    Ok(match asked.results(context) {
        Ok(results) => Reply::ok(frames::v2(results, &asked.id, asked.properties.defers_errors, Time::now())),
        Err(fault) => asked.failed(&fault),
    })
}

fn query_v1(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let asked = Asked::read(call)?;
    Ok(match asked.results(context) {
        Ok(results) => Reply::ok(frames::v1(results, &asked.id, Time::now())),
        Err(fault) => asked.failed(&fault),
    })
}

/// A command; its answer is its tables alone.
fn manage(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let asked = Asked::read(call)?;
    Ok(match asked.results(context) {
        Ok(results) => Reply::ok(frames::tables(results)),
        Err(fault) => asked.failed(&fault),
    })
}

fn ping(_: &Call, _: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(Value::from("Pong!")).status(StatusCode::OK))
}

//! Searches that a workspace keeps: its saved queries as `savedSearches`, and the summaries that notebooks leave behind. Runs none of them.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::desk::{Scope, missing};
use super::{list, stored};
use crate::engine::Engine;
use crate::http::dialects::{Call, Reply, Right, Route, answers, changes};
use crate::model::{Fault, Stored};
use crate::query::library::{QueryDetail, SavedQueriesRequest, SavedQueryRequest};
use crate::query::session::SUMMARY;
use crate::query::{Context, Question};

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "LA/savedSearches", "sentinel.saved_searches.list", 2, searches),
    answers("GET", "LA/savedSearches/{id}", "sentinel.saved_searches.get", 2, search),
    answers("GET", "WS/dynamicSummaries", "sentinel.dynamic_summaries.list", 2, summaries),
    answers("GET", "WS/dynamicSummaries/{id}", "sentinel.dynamic_summaries.get", 2, summary),
    changes("PUT", "WS/dynamicSummaries/{id}", "sentinel.dynamic_summaries.put", 2, Right::Respond, put_summary),
    changes("DELETE", "WS/dynamicSummaries/{id}", "sentinel.dynamic_summaries.delete", 2, Right::Respond, delete_summary),
];

const NAMESPACE: Uuid = Uuid::from_u128(0x8c1e_6d52_0f3b_4a97_b1d8_94e2_7c05_63fa);

/// Names of queries have slashes, names of resources none.
fn id_of(name: &str) -> String {
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string()
}

/// The groups under which clients look for queries.
fn category(purpose: &str) -> &'static str {
    match purpose {
        "hunt" => "Hunting Queries",
        "activity" => "Activity Queries",
        _ => "Exploration Queries",
    }
}

fn resource(call: &Call, query: &QueryDetail) -> Value {
    let id = id_of(&query.row.name);
    let workspace = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.OperationalInsights/workspaces/{}",
        call.parameter("sub"),
        call.parameter("rg"),
        call.parameter("ws")
    );
    let tag = |name: &str, value: String| json!({"name": name, "value": value});
    let mut tags = vec![tag("description", query.row.question.clone())];
    if !query.row.tactics.is_empty() {
        tags.push(tag("tactics", query.row.tactics.join(",")));
    }
    let properties = Map::from_iter([
        ("category".to_owned(), Value::from(category(&query.row.purpose))),
        ("displayName".to_owned(), query.row.title.clone().into()),
        ("query".to_owned(), query.text.clone().into()),
        ("tags".to_owned(), tags.into()),
        ("version".to_owned(), 2.into()),
    ]);
    json!({
        "id": format!("{workspace}/savedSearches/{id}"), "name": id, "type": "Microsoft.OperationalInsights/savedSearches",
        "etag": query.etag, "properties": properties,
    })
}

/// Every saved query under the name that it has here.
fn saved(context: &Context) -> Result<Vec<String>, Fault> {
    Ok(SavedQueriesRequest::default().answer(context)?.value.into_iter().map(|row| row.name).collect())
}

fn searches(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let read = |id| SavedQueryRequest { id }.answer(context).map(|query| resource(call, &query));
    let value: Vec<Value> = saved(context)?.into_iter().map(read).collect::<Result<_, _>>()?;
    // The service has no pages here, and its clients follow no link.
    Ok(Reply::ok(json!({ "value": value })))
}

fn search(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let asked = call.parameter("id");
    let name = saved(context)?.into_iter().find(|name| id_of(name).eq_ignore_ascii_case(asked));
    let query = SavedQueryRequest { id: name.ok_or_else(|| missing("saved search", asked))? }.answer(context)?;
    Ok(Reply::ok(resource(call, &query)))
}

fn written(scope: &Scope, stored: &Stored) -> Value {
    stored::resource(scope, &["dynamicSummaries", &stored.resource.id], "dynamicSummaries", stored)
}

fn summaries(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let scope = Scope::of(call);
    let values: Vec<Value> = context.snapshot.resources(SUMMARY)?.iter().map(|stored| written(&scope, stored)).collect();
    Ok(Reply::ok(list::of_values(call, "name", values, context.now)?))
}

fn summary(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let id = call.parameter("id");
    let found = context.snapshot.resource(SUMMARY, id)?.ok_or_else(|| missing("dynamic summary", id))?;
    Ok(Reply::ok(written(&Scope::of(call), &found)))
}

fn put_summary(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let body = Value::Object(call.object()?);
    let properties = stored::properties(&body, &["summaryName"])?;
    stored::put(call, engine, SUMMARY, call.parameter("id"), &body, json!({ "properties": properties }), written)
}

/// Deletes a summary and answers what it was: its clients read the body of any answer.
fn delete_summary(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let id = call.parameter("id");
    let present = engine.context().snapshot.resource(SUMMARY, id)?;
    let gone = present.map_or_else(|| json!({"name": id}), |stored| written(&Scope::of(call), &stored));
    stored::delete(call, engine, SUMMARY, id)?;
    Ok(Reply::ok(gone))
}

//! `alerts`: lists at four scopes, one alert at two, and the four changes of its state.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alert;
use super::scope::Scope;
use crate::engine::Engine;
use crate::graph::AlertRef;
use crate::http::dialects::{Call, Reply, arm, read_token, write_token};
use crate::model::{AlertStatus, Fault, Time};
use crate::query::Context;
use crate::query::details::AlertRequest;
use crate::triage::alert::{AlertFields, AlertUpdate};

/// Alerts of a page; clients cannot ask for a size.
const PAGE: usize = 500;

/// Where a page ended: time and id of its last alert.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place(std::cmp::Reverse<i64>, String);

impl Place {
    fn of(alert: &AlertRef<'_>) -> Self {
        Self(std::cmp::Reverse(alert.time().map_or(i64::MIN, Time::micros)), alert.id().to_owned())
    }
}

/// Lists alerts, newest first.
pub(super) fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let graph = &context.snapshot.graph;
    let after: Option<Place> = call.option("$skipToken").map(read_token).transpose()?;
    let scope = Scope::of(call, graph);
    let mut places: Vec<Place> = graph
        .all_alerts()
        .filter(|alert| alert.known() && scope.holds(graph, alert))
        .map(|alert| Place::of(&alert))
        .filter(|place| after.as_ref().is_none_or(|after| after < place))
        .collect();
    places.sort_unstable();
    let region = call.parameter("region").to_lowercase();
    let mut value: Vec<Value> = Vec::new();
    let mut left = places.into_iter().peekable();
    let mut last = None;
    while let Some(place) = left.next_if(|_| value.len() < PAGE) {
        let alert = alert::Whole::read(context, &place.1)?;
        if region.is_empty() || alert.region().is_none_or(|own| own.eq_ignore_ascii_case(&region)) {
            value.push(alert.write(call));
        }
        last = Some(place);
    }
    let next = match (left.peek(), last) {
        (Some(_), Some(last)) => Some(call.next_link(&write_token(&last)?)),
        _ => None,
    };
    Ok(Reply::ok(arm::list(value, next)))
}

/// One alert, whatever scope its path names.
pub(super) fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(alert::Whole::read(context, call.parameter("alert"))?.write(call)))
}

pub(super) fn dismiss(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    set(call, engine, AlertStatus::Dismissed)
}

pub(super) fn resolve(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    set(call, engine, AlertStatus::Resolved)
}

pub(super) fn activate(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    set(call, engine, AlertStatus::New)
}

pub(super) fn in_progress(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    set(call, engine, AlertStatus::InProgress)
}

/// Changes the state; an alert that has it already stays as it is.
fn set(call: &Call, engine: &Engine, status: AlertStatus) -> Result<Reply, Fault> {
    let found = engine.answer(AlertRequest { id: call.parameter("alert").to_owned() })?;
    engine.change_alerts(&AlertUpdate { alert: found.row.id, fields: AlertFields::status(status) }, call.actor())?;
    Ok(Reply::nothing())
}

//! Secure scores: of a subscription, and of each control of it.

use serde_json::Value;

use super::{Document, Row, cell, whole};
use crate::model::Event;

/// Puts what score and control have in common; the current score is the stated one, else the one that `resources` give.
fn put(document: &Document<'_>, row: &mut Row, resources: Option<(f64, f64)>) {
    let max = document.number(&["score", "max"]);
    let computed = match (max, resources) {
        (Some(max), Some((healthy, unhealthy))) if healthy + unhealthy > 0.0 => Some(max * healthy / (healthy + unhealthy)),
        _ => None,
    };
    let current = document.number(&["score", "current"]).or(computed);
    let share = match (max, current) {
        (Some(max), Some(current)) if max > 0.0 => Some(current / max),
        _ => None,
    };
    row.put("AssessedResourceId", document.id.as_ref());
    row.put("SecureScoresSubscriptionId", document.part("subscriptions"));
    row.put("MaxScore", whole(max));
    row.put("CurrentScore", current.map_or(Value::Null, Value::from));
    row.put("PercentageScore", document.number(&["score", "percentage"]).or(share).map_or(Value::Null, Value::from));
    row.put("Weight", whole(document.number(&["weight"])));
    row.put("Environment", cell(document.text(&["environment"])));
    row.put("Properties", document.properties());
}

pub(super) fn score(document: &Document<'_>) -> Vec<Event> {
    let mut row = document.row("SecureScores", document.time(&["timeGenerated"]));
    row.put("DisplayName", cell(document.text(&["displayName"])));
    put(document, &mut row, None);
    vec![row.finish()]
}

pub(super) fn control(document: &Document<'_>) -> Vec<Event> {
    let mut row = document.row("SecureScoreControls", document.time(&["timeGenerated"]));
    let count = |name: &str| document.number(&[name]);
    let (healthy, unhealthy) = (count("healthyResourceCount"), count("unhealthyResourceCount"));
    row.put("ControlId", document.name());
    row.put("ControlName", cell(document.text(&["displayName"])));
    row.put("ControlType", cell(document.text(&["definition", "properties", "source", "sourceType"])));
    row.put("Description", cell(document.text(&["definition", "properties", "description"])));
    row.put("RecommendationResourceIds", definitions(document));
    row.put("HealthyResources", whole(healthy));
    row.put("UnhealthyResources", whole(unhealthy));
    row.put("NotApplicableResources", whole(count("notApplicableResourceCount")));
    put(document, &mut row, healthy.zip(unhealthy));
    vec![row.finish()]
}

/// Identifiers of the assessments that a control counts.
fn definitions(document: &Document<'_>) -> Value {
    let listed = document.get(&["definition", "properties", "assessmentDefinitions"]).and_then(Value::as_array);
    let ids: Vec<Value> = listed.into_iter().flatten().filter_map(|item| item.get("id").cloned()).collect();
    if ids.is_empty() { Value::Null } else { ids.into() }
}

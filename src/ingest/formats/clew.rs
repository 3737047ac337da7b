//! What clew itself writes into its journal: versions of incidents and alerts, decisions of people and rules, resources. Never detected in
//! data.

use serde_json::Value;

use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, Body, Incident, Object, Resource};

/// Incidents as `model::Incident` writes itself.
pub(crate) const INCIDENT: Format = Format { name: "clew-incident", title: "clew incident", detect: never, read: incident };

/// Versions of alerts that people or rules made, as `model::Alert` writes itself.
pub(crate) const ALERT: Format = Format { name: "clew-alert", title: "clew alert", detect: never, read: alert };

/// Decisions, kept as they were written.
pub(crate) const DECISION: Format = Format { name: "clew-decision", title: "clew decision", detect: never, read: decision };

/// Resources as `model::Resource` writes itself.
pub(crate) const RESOURCE: Format = Format { name: "clew-resource", title: "clew resource", detect: never, read: resource };

fn never(_: &Object) -> u8 {
    0
}

fn incident(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let incident: Incident =
        serde_json::from_value(Value::Object(object.clone())).map_err(|error| Reject::new("incident_invalid", error.to_string()))?;
    if incident.id.is_empty() {
        return Err(Reject::new("incident_without_id", "expected a member `id` that is not empty, found none"));
    }
    Ok(vec![Body::Incident(Box::new(incident))])
}

fn alert(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let alert: Alert =
        serde_json::from_value(Value::Object(object.clone())).map_err(|error| Reject::new("alert_invalid", error.to_string()))?;
    if alert.id.is_empty() || alert.partial {
        return Err(Reject::new("alert_without_id", "expected a whole alert with a member `id` that is not empty"));
    }
    Ok(vec![Body::Alert(Box::new(alert))])
}

fn decision(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    if object.get("kind").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(Reject::new("decision_without_kind", "expected a member `kind` that is not empty, found none"));
    }
    Ok(vec![Body::Decision(std::sync::Arc::new(Value::Object(object.clone())))])
}

fn resource(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let resource: Resource =
        serde_json::from_value(Value::Object(object.clone())).map_err(|error| Reject::new("resource_invalid", error.to_string()))?;
    if resource.kind.is_empty() || resource.id.is_empty() {
        return Err(Reject::new("resource_without_id", "expected members `kind` and `id` that are not empty"));
    }
    let event = super::bookmark::event(&resource).map(|event| Body::Event(Box::new(event)));
    let row = super::listed::row(&resource);
    Ok([Body::Resource(Box::new(resource))].into_iter().chain(event).chain(row).collect())
}

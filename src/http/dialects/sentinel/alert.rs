//! An alert as an entity: the alerts of an incident, and alerts that are asked for by their id.

use serde_json::{Map, Value, json};

use super::desk::Desk;
use crate::graph::NodeId;
use crate::http::dialects::arm::{put, when};
use crate::model::{Alert, AlertStatus, Fault};
use crate::query::details;

/// The words of the kill chain that the dialect knows; all others are `Unknown`.
const INTENTS: [&str; 13] = [
    "Probing",
    "Exploitation",
    "Persistence",
    "PrivilegeEscalation",
    "DefenseEvasion",
    "CredentialAccess",
    "Discovery",
    "LateralMovement",
    "Execution",
    "Collection",
    "Exfiltration",
    "CommandAndControl",
    "Impact",
];

/// The place of a tactic in the kill chain that the dialect knows.
pub(super) fn intent<'a>(mut tactics: impl Iterator<Item = &'a str>) -> &'static str {
    let first = tactics.next().unwrap_or_default();
    match first {
        "Reconnaissance" | "ResourceDevelopment" | "PreAttack" => "Probing",
        "InitialAccess" => "Exploitation",
        other => INTENTS.iter().find(|intent| **intent == other).copied().unwrap_or("Unknown"),
    }
}

/// The state of an alert in the dialect's words.
pub(super) fn status(status: AlertStatus) -> &'static str {
    status.as_str()
}

/// The whole alert; one that is only referred to is empty.
pub(super) fn whole(desk: &Desk<'_>, node: NodeId) -> Result<Alert, Fault> {
    let Some(alert) = desk.graph().alert_node(node) else { return Ok(Alert::default()) };
    let (whole, _) = details::whole_alert(desk.context, alert.id(), node)?;
    Ok(whole.unwrap_or_else(|| Alert { id: alert.id().to_owned(), ..Alert::default() }))
}

/// An alert as an entity.
pub(super) fn resource(desk: &Desk<'_>, node: NodeId) -> Result<Value, Fault> {
    Ok(of(desk, node, &whole(desk, node)?))
}

/// An alert that was read as an entity.
pub(super) fn of(desk: &Desk<'_>, node: NodeId, whole: &Alert) -> Value {
    let graph = desk.graph();
    let Some(alert) = graph.alert_node(node) else { return Value::Null };
    let mut properties = Map::new();
    properties.insert("systemAlertId".into(), alert.id().into());
    properties.insert("alertDisplayName".into(), alert.title().into());
    put(&mut properties, "friendlyName", alert.title());
    put(&mut properties, "description", whole.description.clone());
    properties.insert("severity".into(), super::incident::severity(alert.severity()).into());
    properties.insert("status".into(), status(alert.status()).into());
    put(&mut properties, "alertType", alert.alert_type());
    put(&mut properties, "startTimeUtc", when(alert.start().or(alert.time())));
    put(&mut properties, "endTimeUtc", when(alert.end().or(alert.start()).or(alert.time())));
    put(&mut properties, "timeGenerated", when(alert.created().or(alert.time())));
    put(&mut properties, "processingEndTime", when(alert.modified().or(alert.created()).or(alert.time())));
    put(&mut properties, "vendorName", whole.vendor.clone());
    put(&mut properties, "productName", alert.product());
    put(&mut properties, "productComponentName", whole.product_component.clone());
    put(&mut properties, "providerAlertId", whole.vendor_original_id.clone().unwrap_or_else(|| alert.id().to_owned()));
    properties.insert("tactics".into(), alert.tactics().collect());
    properties.insert("intent".into(), intent(alert.tactics()).into());
    put(&mut properties, "compromisedEntity", whole.compromised_entity.clone());
    let confidence = whole.confidence_level.as_deref().filter(|level| ["low", "high"].contains(&level.to_lowercase().as_str()));
    properties.insert(
        "confidenceLevel".into(),
        confidence.map_or("Unknown", |level| if level.eq_ignore_ascii_case("low") { "Low" } else { "High" }).into(),
    );
    put(&mut properties, "confidenceScore", whole.confidence_score);
    put(&mut properties, "remediationSteps", json!(whole.remediation));
    put(&mut properties, "alertLink", whole.url.clone());
    properties.insert("resourceIdentifiers".into(), json!(resource_identifiers(whole)));
    let mut additional = Map::new();
    for (name, value) in &whole.extended {
        if let Value::Object(inner) = value
            && name == "ExtendedProperties"
        {
            for (name, value) in inner {
                put(&mut additional, name, value.clone());
            }
        } else {
            put(&mut additional, name, value.clone());
        }
    }
    put(&mut additional, "ProviderName", alert.provider());
    put(&mut additional, "Techniques", json!(alert.techniques().collect::<Vec<_>>()));
    properties.insert("additionalData".into(), Value::Object(additional));
    let mut resource = desk.scope.resource(&["Entities", alert.id()], "Entities", None, properties);
    resource["kind"] = "SecurityAlert".into();
    resource
}

/// The Azure resources that an alert names.
fn resource_identifiers(alert: &Alert) -> Vec<Value> {
    let resources = alert.entities.iter().filter(|evidence| evidence.entity.kind.as_str() == "azure-resource");
    let id = |properties: &crate::model::Object| properties.get("ResourceId").and_then(Value::as_str).map(str::to_owned);
    resources
        .filter_map(|evidence| id(&evidence.entity.properties))
        .map(|id| json!({"type": "AzureResource", "azureResourceId": id}))
        .collect()
}

//! Alerts of Microsoft Defender for Cloud as Azure's activity log tells of them: rows of `AzureActivity` whose operation says that
//! an alert was raised. The row names the resource and no other entities; it stays a row as well.

use std::borrow::Cow;

use serde_json::Value;

use super::shared;
use crate::ingest::decode::scan::Member;
use crate::ingest::identify::{EntityList, parts};
use crate::ingest::value::{self, at, first, text_of};
use crate::ingest::{Context, Format, Reject, events};
use crate::model::{Alert, AlertStatus, Body, Object, Severity};

/// The format. It claims no document by its looks: rows of the activity log look alike, whatever they tell of.
pub(crate) const FORMAT: Format =
    Format { name: "defender-activity-alert", title: "Microsoft Defender for Cloud alert in the activity log", detect: |_| 0, read };

/// The table of the activity log.
const TABLE: &str = "AzureActivity";

/// The operation by which an alert is raised.
const OPERATION: &str = "Microsoft.Security/locations/alerts/activate/action";

/// Where the writings of the activity log name the operation.
const OPERATION_NAMES: [&str; 3] = ["OperationNameValue", "operationName", "OperationName"];

/// Whether a row of a table tells of an alert.
pub(crate) fn tells(table: &str, raw: &[u8], members: &[Member]) -> bool {
    let names = || members.iter().filter(|member| OPERATION_NAMES.iter().any(|name| member.key(raw) == name.as_bytes()));
    table == TABLE && names().any(|member| holds(member.value(raw)))
}

/// Whether the text or object is, or has, the operation's name.
fn holds(value: &[u8]) -> bool {
    let escaped = || String::from_utf8_lossy(value).replace("\\/", "/").to_ascii_lowercase().contains(&OPERATION.to_ascii_lowercase());
    value.len() >= OPERATION.len() && escaped()
}

fn read(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let event = Body::Event(Box::new(events::row(TABLE, object)?));
    // A row that gives its alert no id is a row all the same.
    Ok(alert(object).map(|alert| Body::Alert(Box::new(alert))).into_iter().chain([event]).collect())
}

fn alert(row: &Object) -> Option<Alert> {
    let properties = first(row, &["properties", "Properties_d", "Properties"]).map(value::parsed);
    let empty = Object::new();
    let properties = properties.as_deref().and_then(Value::as_object).unwrap_or(&empty);
    let resource = text_of(row, &["resourceId", "_ResourceId"]);
    // The alert has the name of a resource of its own, by which Defender's API knows it.
    let named = resource.as_deref().or_else(|| row.get("id")?.as_str()).and_then(alert_name);
    let id = ["correlationId", "eventDataId", "operationId"].iter().find_map(|name| text_of(row, &[name])).map(Cow::into_owned);
    let id = id.or_else(|| named.map(str::to_owned))?;
    let says = |names: &[&str]| text_of(properties, names).or_else(|| text_of(row, names)).map(Cow::into_owned);
    let time = first(row, &["eventTimestamp", "TimeGenerated", "time"]).and_then(value::time);
    let title = worded(row, "eventName").or_else(|| worded(properties, "eventName")).or_else(|| says(&["alertDisplayName", "displayName"]));
    let mut alert = Alert {
        vendor_original_id: named.filter(|named| **named != id).map(str::to_owned),
        title: title.unwrap_or_else(|| "Security alert".to_owned()),
        alert_type: says(&["alertType"]).unwrap_or_default(),
        description: says(&["description"]).unwrap_or_default(),
        severity: says(&["severity"]).and_then(|word| Severity::parse(&word)).unwrap_or_default(),
        status: AlertStatus::New,
        vendor: "Microsoft".to_owned(),
        product: "Microsoft Defender for Cloud".to_owned(),
        provider: "Azure Activity Log".to_owned(),
        compromised_entity: says(&["compromisedEntity"]).unwrap_or_default(),
        remediation: first(properties, &["remediationSteps"]).map(shared::read_steps).unwrap_or_default(),
        start: time,
        end: time,
        created: time,
        modified: first(row, &["submissionTimestamp", "EventSubmissionTimestamp"]).and_then(value::time).or(time),
        id,
        ..Alert::default()
    };
    if let Some(intent) = first(properties, &["intent"]) {
        shared::add_tactics(&mut alert.tactics, &value::texts(&value::parsed(intent)), &mut alert.extended, "OtherTactics");
    }
    if !properties.is_empty() {
        alert.extended.insert("ExtendedProperties".to_owned(), Value::Object(properties.clone()));
    }
    let mut list = EntityList::new();
    if let Some(resource) =
        resource.as_deref().filter(|resource| alert_name(resource).is_none() && parts::azure_resource(resource).is_some())
    {
        shared::add_resource(&mut list, resource);
    }
    shared::set_entities(&mut alert, list);
    Some(alert)
}

/// The name of an alert in the id of its resource.
fn alert_name(id: &str) -> Option<&str> {
    const STEP: &str = "/alerts/";
    let place = id.to_ascii_lowercase().find(STEP)? + STEP.len();
    id.get(place..)?.split('/').next().filter(|name| !name.is_empty())
}

/// A word that is written as a text, or as a value with its translation.
fn worded(object: &Object, name: &str) -> Option<String> {
    text_of(object, &[name])
        .or_else(|| value::text(at(object, &[name, "localizedValue"]).or_else(|| at(object, &[name, "value"]))?))
        .map(Cow::into_owned)
}

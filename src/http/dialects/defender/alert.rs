//! An alert in the shape of version 2022-01-01 of the alerts API.

use serde_json::{Map, Value, json};

use crate::graph::AlertRef;
use crate::http::dialects::Call;
use crate::http::dialects::arm::{put, time};
use crate::ingest::value;
use crate::model::{Fault, Object};
use crate::query::Context;
use crate::query::details::{AlertDetail, EvidenceRow, alert_alone, document, earlier};

/// Type of the resources that alerts are.
pub(in crate::http::dialects) const ALERT_TYPE: &str = "Microsoft.Security/Locations/alerts";
/// Members of the properties that `known_member` gives, in both cases in which queries write them.
pub(in crate::http::dialects) const KNOWN_MEMBERS: [&str; 18] = [
    "alertDisplayName",
    "AlertDisplayName",
    "alertType",
    "AlertType",
    "endTimeUtc",
    "EndTimeUtc",
    "intent",
    "Intent",
    "productName",
    "ProductName",
    "severity",
    "Severity",
    "startTimeUtc",
    "StartTimeUtc",
    "status",
    "Status",
    "systemAlertId",
    "SystemAlertId",
];
/// The region of an alert that says none.
pub(super) const REGION: &str = "local";
/// The subscription of an alert that says none: that of scripts without one of their own.
const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";

/// An alert with the identifier that its source gave it.
pub(in crate::http::dialects) struct Whole {
    alert: AlertDetail,
    /// The identifier in the source, where it is one of a resource.
    id: Option<String>,
}

impl Whole {
    /// Reads an alert by its name.
    pub(in crate::http::dialects) fn read(context: &Context, name: &str) -> Result<Self, Fault> {
        let alert = alert_alone(context, name)?;
        let id = match resource_id(&alert.raw) {
            Some(id) => Some(id),
            // The present version may be a change of ours; the source's own stands before it.
            None => earlier_id(context, &alert)?,
        };
        Ok(Self { alert, id })
    }

    /// The region, if the source says one.
    pub(super) fn region(&self) -> Option<&str> {
        part(self.id.as_deref()?, "locations")
    }

    /// Writes the alert under an identifier in the scope of the request.
    pub(super) fn write(&self, call: &Call) -> Value {
        let group = Some(call.parameter("rg")).filter(|group| !group.is_empty()).or_else(|| self.own("resourceGroups"));
        write(&self.alert, call.parameter("sub"), group, self.region().unwrap_or(REGION))
    }

    /// Writes the alert under its own identifier.
    pub(in crate::http::dialects) fn whole(&self) -> Value {
        let subscription = self.own("subscriptions").unwrap_or(SUBSCRIPTION);
        write(&self.alert, subscription, self.own("resourceGroups"), self.region().unwrap_or(REGION))
    }

    fn own(&self, word: &str) -> Option<&str> {
        part(self.id.as_deref()?, word)
    }
}

/// The segment behind a word of an identifier.
fn part<'a>(id: &'a str, word: &str) -> Option<&'a str> {
    let mut segments = id.split('/');
    segments.find(|segment| segment.eq_ignore_ascii_case(word))?;
    segments.next().filter(|segment| !segment.is_empty())
}

fn resource_id(raw: &Value) -> Option<String> {
    let id = raw.get("id")?.as_str()?;
    (id.starts_with('/') && part(id, "locations").is_some()).then(|| id.to_owned())
}

fn earlier_id(context: &Context, alert: &AlertDetail) -> Result<Option<String>, Fault> {
    for seq in earlier(&context.snapshot.graph, &alert.row.id) {
        let raw = document(context, seq)?.raw;
        if let Some(id) = serde_json::from_slice(&raw).ok().as_ref().and_then(resource_id) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Writes an alert under a subscription, a group and a region.
fn write(alert: &AlertDetail, subscription: &str, group: Option<&str>, region: &str) -> Value {
    let name = &alert.row.id;
    let group = group.map(|group| format!("/resourceGroups/{group}")).unwrap_or_default();
    json!({
        "id": format!("/subscriptions/{subscription}{group}/providers/Microsoft.Security/locations/{region}/alerts/{name}"),
        "name": name,
        "type": ALERT_TYPE,
        "properties": properties(alert),
    })
}

fn properties(alert: &AlertDetail) -> Map<String, Value> {
    let mut own = Map::new();
    let said = |name: &str| value::first(&alert.extended, &[name]).cloned();
    let (techniques, subs): (Vec<&String>, Vec<&String>) = alert.techniques.iter().partition(|technique| !technique.contains('.'));
    own.insert("version".to_owned(), said("version").unwrap_or_else(|| "2022-01-01".into()));
    own.insert("alertType".to_owned(), alert.alert_type.as_str().into());
    own.insert("systemAlertId".to_owned(), alert.row.id.as_str().into());
    put(&mut own, "productComponentName", alert.product_component.as_deref());
    own.insert("alertDisplayName".to_owned(), alert.row.title.as_str().into());
    own.insert("description".to_owned(), alert.description.as_str().into());
    own.insert("severity".to_owned(), severity(&alert.row.severity).into());
    own.insert("intent".to_owned(), intent(&alert.row.tactics).into());
    put(&mut own, "startTimeUtc", alert.row.start.map(time));
    put(&mut own, "endTimeUtc", alert.row.end.or(alert.row.start).map(time));
    own.insert("resourceIdentifiers".to_owned(), said("resourceIdentifiers").unwrap_or_else(|| resources(&alert.entities_list)));
    own.insert("remediationSteps".to_owned(), json!(alert.remediation));
    own.insert("vendorName".to_owned(), alert.vendor.as_str().into());
    own.insert("status".to_owned(), status(&alert.row.status).into());
    own.insert("extendedLinks".to_owned(), said("extendedLinks").filter(Value::is_array).unwrap_or_else(|| json!([])));
    put(&mut own, "alertUri", alert.url.as_deref());
    put(&mut own, "timeGeneratedUtc", alert.created.or(alert.row.end).map(time));
    own.insert("productName".to_owned(), alert.row.product.as_str().into());
    put(&mut own, "processingEndTimeUtc", alert.modified.or(alert.created).map(time));
    own.insert("entities".to_owned(), alert.entities_list.iter().map(entity).collect());
    own.insert("isIncident".to_owned(), (!alert.members.is_empty() || said("isIncident") == Some(true.into())).into());
    put(&mut own, "correlationKey", said("correlationKey").unwrap_or_default());
    own.insert("extendedProperties".to_owned(), Value::Object(extended(&alert.extended)));
    own.insert("compromisedEntity".to_owned(), alert.compromised_entity.as_str().into());
    own.insert("techniques".to_owned(), json!(techniques));
    own.insert("subTechniques".to_owned(), json!(subs));
    put(&mut own, "supportingEvidence", said("supportingEvidence").unwrap_or_default());
    own
}

/// A member of the properties that is known of an alert before it is read.
pub(in crate::http::dialects) fn known_member(alert: &AlertRef<'_>, name: &str) -> Option<Value> {
    let tactics = || alert.tactics().map(str::to_owned).collect::<Vec<_>>();
    Some(match camel(name).as_str() {
        "alertDisplayName" => alert.title().into(),
        "alertType" => alert.alert_type().into(),
        "endTimeUtc" => time(alert.end().or(alert.start())?).into(),
        "intent" => intent(&tactics()).into(),
        "productName" => alert.product().into(),
        "severity" => severity(alert.severity().as_str()).into(),
        "startTimeUtc" => time(alert.start()?).into(),
        "status" => status(alert.status().as_str()).into(),
        "systemAlertId" => alert.id().into(),
        _ => return None,
    })
}

fn severity(own: &str) -> &str {
    match own {
        "Critical" => "High",
        "Unknown" => "Informational",
        other => other,
    }
}

fn status(own: &str) -> &str {
    match own {
        "New" | "Unknown" => "Active",
        other => other,
    }
}

/// Tactics as the kill chain's intents.
fn intent(tactics: &[String]) -> String {
    if tactics.is_empty() { "Unknown".to_owned() } else { tactics.join(", ") }
}

/// The resources that an alert names, where its source lists none.
fn resources(entities: &[EvidenceRow]) -> Value {
    let named = entities.iter().filter(|entity| entity.kind == "azure-resource");
    let ids = named.filter_map(|entity| value::text_of(&entity.properties, &["ResourceId"]));
    ids.map(|id| json!({"type": "AzureResource", "azureResourceId": id})).collect()
}

/// An entity: its type and its properties in camel case.
fn entity(evidence: &EvidenceRow) -> Value {
    let mut members = Map::new();
    for (name, value) in &evidence.properties {
        members.insert(camel(name), value.clone());
    }
    members.insert("type".to_owned(), evidence.kind.as_str().into());
    Value::Object(members)
}

/// A name in Pascal case in camel case: `HostName` becomes `hostName`, `OSFamily` `osFamily`.
pub(in crate::http::dialects) fn camel(name: &str) -> String {
    let capitals = name.chars().take_while(char::is_ascii_uppercase).count();
    let small = if capitals > 1 && capitals < name.len() { capitals - 1 } else { capitals };
    name.char_indices().map(|(place, letter)| if place < small { letter.to_ascii_lowercase() } else { letter }).collect()
}

/// Extended properties; clients take texts only.
fn extended(of: &Object) -> Map<String, Value> {
    let inner = value::first(of, &["ExtendedProperties"]).map(value::parsed);
    let members = inner.as_deref().and_then(Value::as_object).into_iter().flatten();
    let text = |value: &Value| match value {
        Value::String(_) => value.clone(),
        Value::Null => Value::from(""),
        other => Value::from(other.to_string()),
    };
    members.map(|(name, value)| (name.clone(), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_camel_case_without_losing_capitals_inside() {
        for (name, expected) in
            [("HostName", "hostName"), ("OSFamily", "osFamily"), ("Address", "address"), ("SID", "sid"), ("aB", "aB"), ("", "")]
        {
            assert_eq!(camel(name), expected);
        }
    }

    #[test]
    fn parts_of_identifiers_are_found_in_any_case() {
        let id = "/SUBSCRIPTIONS/s/resourcegroups/g/providers/Microsoft.Security/Locations/centralus/alerts/a";
        assert_eq!([part(id, "resourceGroups"), part(id, "locations"), part(id, "zones")], [Some("g"), Some("centralus"), None]);
    }
}

//! Incidents of Microsoft Sentinel: rows of `SecurityIncident`, the REST resource, and the resource flattened to
//! `properties.x` with its entities and alerts.

use std::borrow::Cow;

use serde_json::Value;

use super::{powershell, sentinel_alert, shared};
use crate::ingest::identify::EntityList;
use crate::ingest::value::{self, Fields};
use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, Body, Incident, IncidentStatus, Object};

/// The format.
pub(crate) const FORMAT: Format = Format { name: "sentinel-incident", title: "Microsoft Sentinel incident", detect, read };

fn detect(object: &Object) -> u8 {
    if triggered(object).is_some() {
        return 100;
    }
    if object.get("Type").is_some_and(|name| name == "SecurityIncident")
        || object.get("$table").is_some_and(|name| name == "SecurityIncident")
    {
        return 100;
    }
    let resource = object.get("type").and_then(Value::as_str).unwrap_or_default();
    if resource.eq_ignore_ascii_case("Microsoft.SecurityInsights/Incidents")
        || is_python(object)
        || powershell::is_sentinel_incident(object)
    {
        return 100;
    }
    let row = value::get(object, "IncidentNumber").is_some() && value::get(object, "IncidentName").is_some();
    if row {
        return 90;
    }
    let inner = object.get("properties").and_then(Value::as_object).is_some_and(|inner| value::get(inner, "incidentNumber").is_some());
    if inner || object.contains_key("properties.incidentNumber") { 90 } else { 0 }
}

/// The resource that a playbook is triggered with, or the body of that call.
fn triggered(object: &Object) -> Option<&Object> {
    let call = object.get("body").filter(|_| object.len() <= 2).and_then(Value::as_object).unwrap_or(object);
    let resource = call.get("object")?.as_object()?;
    let kind = resource.get("type")?.as_str()?;
    kind.eq_ignore_ascii_case("Microsoft.SecurityInsights/Incidents").then_some(resource)
}

/// Whether the library for Python wrote the incident. Other products number their incidents by the same name.
fn is_python(object: &Object) -> bool {
    let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
    let ours = kind.eq_ignore_ascii_case("Microsoft.SecurityInsights/Incidents") || object.contains_key("additional_data");
    ours && object.contains_key("incident_number")
}

fn read(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let object = triggered(object).unwrap_or(object);
    let python = || is_python(object).then(|| value::camel(object.clone()));
    let respelt = powershell::is_sentinel_incident(object).then(|| powershell::sentinel_incident(object)).or_else(python);
    let nested = nested(respelt.as_ref().unwrap_or(object));
    let object = nested.as_ref();
    let mut bodies = Vec::new();
    let mut incident = match object.get("properties").and_then(Value::as_object) {
        Some(properties) => resource(object, properties)?,
        None => row(object)?,
    };
    let mut list = EntityList::new();
    // A playbook gets entities and alerts among the properties.
    let among = |name: &str| value::at(object, &["properties", name]);
    let entities = value::first(object, &["Entities"]).or_else(|| among("relatedEntities"));
    if let Some(Value::Array(items)) = entities.map(value::parsed).as_deref() {
        list.add_list(items);
    }
    (incident.entities, incident.links) = list.finish();

    let alerts = value::first(object, &["Alerts"]).or_else(|| among("alerts"));
    if let Some(Value::Array(items)) = alerts.map(value::parsed).as_deref() {
        let alerts = shared::contained_alerts(&mut incident, items, contained_alert);
        bodies.extend(alerts.into_iter().map(|alert| Body::Alert(Box::new(alert))));
    }
    bodies.insert(0, Body::Incident(Box::new(incident)));
    Ok(bodies)
}

/// The object with `properties.a.b` members put back into nested objects.
fn nested(object: &Object) -> Cow<'_, Object> {
    if !object.keys().any(|key| key.starts_with("properties.")) {
        return Cow::Borrowed(object);
    }
    let mut result = Object::new();
    for (key, value) in object {
        if key.starts_with("properties.") {
            put(&mut result, key, value);
        } else {
            result.insert(key.clone(), value.clone());
        }
    }
    Cow::Owned(result)
}

fn put(object: &mut Object, path: &str, value: &Value) {
    let Some((head, tail)) = path.split_once('.') else {
        object.insert(path.to_owned(), value.clone());
        return;
    };
    match object.entry(head).or_insert_with(|| Value::Object(Object::new())) {
        Value::Object(inner) => put(inner, tail, value),
        // A value stands where an object is meant: the flat name survives.
        _ => {
            object.insert(path.to_owned(), value.clone());
        }
    }
}

fn resource(object: &Object, properties: &Object) -> Result<Incident, Reject> {
    let name = value::text_of(object, &["name"]).map(Cow::into_owned);
    let id = name.or_else(|| shared::last_segment(&value::text_of(object, &["id"])?).map(str::to_owned));
    let mut incident = incident(properties, id)?;
    for member in ["id", "etag"] {
        if let Some(value) = value::first(object, &[member]) {
            incident.extended.insert(member.to_owned(), value.clone());
        }
    }
    Ok(incident)
}

/// A row of the table, or the resource with its properties beside its name as the command line of Azure writes it.
fn row(object: &Object) -> Result<Incident, Reject> {
    let resource =
        value::text_of(object, &["type"]).is_some_and(|kind| kind.to_ascii_lowercase().starts_with("microsoft.securityinsights/"));
    incident(object, if resource { value::text_of(object, &["name"]).map(Cow::into_owned) } else { None })
}

fn incident(object: &Object, id: Option<String>) -> Result<Incident, Reject> {
    let mut fields = Fields::new(object);
    let number = fields.integer(&["incidentNumber"]);
    let named = fields.text(&["IncidentName"]);
    let id = id.or(named).or_else(|| number.map(|number| number.to_string()));
    let id = id.ok_or_else(|| shared::incident_without_id("`name`, `IncidentName` or `IncidentNumber`"))?;
    let mut incident = Incident { id, number, ..Incident::default() };
    describe(&mut incident, &mut fields);
    times(&mut incident, &mut fields);
    let additional = fields.nested(&["additionalData"]);
    fields.skip(&["Type", "$table", "Entities", "relatedEntities", "Alerts", "additionalProperties"]);
    incident.extended = fields.rest();
    if let Some(additional) = additional {
        extend(&mut incident, additional);
    }
    Ok(incident)
}

fn describe(incident: &mut Incident, fields: &mut Fields<'_>) {
    incident.provider_incident_id = fields.text(&["providerIncidentId"]);
    incident.title = fields.text(&["title"]).unwrap_or_default();
    incident.description = fields.text(&["description"]).unwrap_or_default();
    incident.severity = shared::severity(fields, &["severity"]);
    incident.status = fields.read(&["status"], |value| IncidentStatus::parse(&value::text(value)?)).unwrap_or_default();
    incident.classification = shared::classification(fields, &["classification"]);
    incident.classification_reason = fields.text(&["classificationReason"]);
    incident.classification_comment = fields.text(&["classificationComment"]);
    incident.owner = shared::owner(fields, &["owner"]);
    incident.tags = shared::labels(fields, &["labels"]);
    incident.alert_ids = fields.texts(&["alertIds"]);
    incident.provider = fields.text(&["providerName"]).unwrap_or_else(|| "Azure Sentinel".to_owned());
    incident.url = fields.text(&["incidentUrl"]);
    incident.modified_by = fields.text(&["modifiedBy"]);
    incident.comments = shared::comments(fields, &["comments"]);
}

fn times(incident: &mut Incident, fields: &mut Fields<'_>) {
    incident.first_activity = fields.time(&["firstActivityTimeUtc", "FirstActivityTime", "firstActivityTimeGenerated"]);
    incident.last_activity = fields.time(&["lastActivityTimeUtc", "LastActivityTime", "lastActivityTimeGenerated"]);
    incident.created = fields.time(&["createdTimeUtc", "CreatedTime"]);
    incident.closed = fields.time(&["closedTimeUtc", "ClosedTime"]);
    incident.modified = fields.time(&["lastModifiedTimeUtc", "LastModifiedTime"]).or_else(|| fields.time(&["TimeGenerated"]));
}

fn extend(incident: &mut Incident, additional: Object) {
    let list = |name: &str| value::first(&additional, &[name]).map(value::texts).unwrap_or_default();
    incident.products = list("alertProductNames");
    shared::add_tactics(&mut incident.tactics, &list("tactics"), &mut incident.extended, "OtherTactics");
    shared::add_techniques(&mut incident.techniques, &list("techniques"), &mut incident.extended, "OtherTechniques");
    incident.extended.insert("AdditionalData".to_owned(), Value::Object(additional));
}

/// An alert inside an incident: whole, or only its id, name and entities, which makes it a piece of one.
fn contained_alert(object: &Object, incident: &str) -> Result<Alert, Reject> {
    let members = value::object_at(object, &["properties"]).unwrap_or(object);
    let id = value::text_of(object, &["ID", "SystemAlertId", "name"]);
    let mut alert = sentinel_alert::alert(members, id.as_deref())?;
    alert.row = false;
    if alert.title.is_empty() {
        alert.title = value::text_of(members, &["Name"]).map(Cow::into_owned).unwrap_or_default();
    }
    for name in ["ID", "Name"] {
        alert.extended.shift_remove(name);
    }
    alert.incident = Some(incident.to_owned());
    alert.partial = value::first(members, &["Severity", "AlertSeverity", "StartTime", "StartTimeUtc", "TimeGenerated"]).is_none();
    Ok(alert)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Classification, Severity, Time};

    fn one(value: Value) -> Incident {
        let context = Context { table: None, received: Time::default() };
        let bodies = read(value.as_object().expect("an object"), &context).expect("an incident");
        match bodies.into_iter().next() {
            Some(Body::Incident(incident)) => *incident,
            other => panic!("expected an incident, found {other:?}"),
        }
    }

    #[test]
    fn a_row_with_dynamic_columns_as_text_reads_like_the_resource() {
        let row = one(json!({
            "TenantId": "t", "TimeGenerated": "2022-01-11T20:05:00Z", "IncidentName": "fac7e091", "IncidentNumber": "7", "Title": "T", "Severity": "High",
            "Status": "Closed", "Classification": "BenignPositive", "ClassificationReason": "SuspiciousButExpected", "ClassificationComment": "test",
            "Owner": "{\"objectId\":null,\"email\":\"a@b.c\",\"assignedTo\":\"Ann\",\"userPrincipalName\":\"a@b.c\"}",
            "AlertIds": "[\"a1\",\"a2\"]", "Labels": "[{\"labelName\":\"vip\",\"labelType\":\"User\"}]",
            "Comments": "[{\"message\":\"second\",\"createdTimeUtc\":\"2022-01-12T00:00:00Z\",\"author\":{\"name\":\"Bo\"}},{\"message\":\"first\",\"createdTimeUtc\":\"2022-01-11T00:00:00Z\"}]",
            "AdditionalData": "{\"alertsCount\":2,\"alertProductNames\":[\"Azure Sentinel\"],\"tactics\":[\"Execution\"],\"techniques\":[\"T1059\"]}",
            "CreatedTime": "2022-01-11T20:01:37Z", "LastModifiedTime": "2022-01-11T20:04:00Z", "ClosedTime": "", "ProviderName": "Azure Sentinel", "Type": "SecurityIncident"
        }));
        let resource = one(json!({
            "id": "/x/Incidents/fac7e091", "name": "fac7e091", "type": "Microsoft.SecurityInsights/Incidents", "properties": {
                "incidentNumber": 7, "title": "T", "severity": "High", "status": "Closed", "classification": "BenignPositive",
                "classificationReason": "SuspiciousButExpected", "classificationComment": "test", "alertIds": ["a1", "a2"], "labels": [{"labelName": "vip"}],
                "owner": {"objectId": null, "email": "a@b.c", "assignedTo": "Ann", "userPrincipalName": "a@b.c"},
                "comments": [{"properties": {"message": "first", "createdTimeUtc": "2022-01-11T00:00:00Z"}},
                    {"properties": {"message": "second", "createdTimeUtc": "2022-01-12T00:00:00Z", "author": {"name": "Bo"}}}],
                "additionalData": {"alertsCount": 2, "alertProductNames": ["Azure Sentinel"], "tactics": ["Execution"], "techniques": ["T1059"]},
                "createdTimeUtc": "2022-01-11T20:01:37Z", "lastModifiedTimeUtc": "2022-01-11T20:04:00Z", "providerName": "Azure Sentinel"}
        }));
        assert_eq!(Incident { extended: Object::new(), ..row.clone() }, Incident { extended: Object::new(), ..resource });
        assert_eq!(
            (row.severity, row.status, row.classification),
            (Severity::High, IncidentStatus::Closed, Some(Classification::BenignPositive))
        );
        assert_eq!(row.alert_ids, ["a1", "a2"]);
        assert_eq!(row.comments.iter().map(|c| c.message.as_str()).collect::<Vec<_>>(), ["first", "second"]);
        assert_eq!(row.owner.and_then(|owner| owner.name).as_deref(), Some("Ann"));
    }

    #[test]
    fn an_incident_without_id_is_refused() {
        let context = Context { table: None, received: Time::default() };
        let code = |value: Value| read(value.as_object().expect("an object"), &context).map_err(|reject| reject.code);
        assert_eq!(code(json!({"Title": "x", "Type": "SecurityIncident"})), Err("incident_without_id"));
    }
}

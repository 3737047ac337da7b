//! Incidents of Defender XDR, `/api/incidents`: the incident with its alerts, flat entities and devices; and alerts that stand
//! alone, as `/api/alerts` of Defender for Endpoint gives them.

use serde_json::Value;

use super::flat::{self, FlatList};
use super::shape::copy;
use super::shared;
use crate::ingest::identify::parts;
use crate::ingest::value::{self, Fields};
use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, Body, Incident, IncidentStatus, Object};

/// The format.
pub(crate) const FORMAT: Format = Format { name: "xdr-incident", title: "Microsoft Defender XDR incident", detect, read };

/// The format of an alert alone.
pub(crate) const ALERT: Format =
    Format { name: "xdr-alert", title: "Microsoft Defender XDR or Defender for Endpoint alert", detect: detect_alert, read: read_alert };

fn detect_alert(object: &Object) -> u8 {
    let has = |name: &str| object.contains_key(name);
    let endpoint = has("machineId") && has("detectionSource") && (has("alertCreationTime") || has("evidence"));
    let listed = has("alertId") && has("incidentId") && has("entities") && has("devices");
    if has("title") && (endpoint || listed) { 90 } else { 0 }
}

fn read_alert(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let incident = value::text_of(object, &["incidentId"]).filter(|id| id != "0").unwrap_or_default();
    let mut alert = alert(object, &incident)?;
    alert.incident = Some(incident.into_owned()).filter(|id| !id.is_empty());
    Ok(vec![Body::Alert(Box::new(alert))])
}

fn detect(object: &Object) -> u8 {
    let has = |name: &str| object.contains_key(name);
    match (has("incidentId"), has("incidentName"), has("alerts")) {
        (true, true, true) => 100,
        (true, true, false) => 80,
        (true, false, true) => 70,
        _ => 0,
    }
}

fn read(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let mut fields = Fields::new(object);
    let id = fields.text(&["incidentId"]).ok_or_else(|| shared::incident_without_id("`incidentId`"))?;
    let mut incident = Incident { number: id.parse().ok(), id, ..Incident::default() };
    incident.title = fields.text(&["incidentName"]).unwrap_or_default();
    incident.description = fields.text(&["description", "summary"]).unwrap_or_default();
    incident.severity = shared::severity(&mut fields, &["severity"]);
    incident.status = fields.read(&["status"], |value| IncidentStatus::parse(&value::text(value)?)).unwrap_or_default();
    incident.classification = shared::classification(&mut fields, &["classification"]);
    incident.classification_reason = fields.text(&["determination"]).filter(|word| !shared::is_unknown(word) && word != "NotAvailable");
    incident.owner = shared::owner(&mut fields, &["assignedTo"]);
    incident.tags = shared::labels(&mut fields, &["tags"]);
    incident.created = fields.time(&["createdTime"]);
    incident.modified = fields.time(&["lastUpdateTime"]).or(incident.created);
    incident.url = fields.text(&["incidentUri"]);
    incident.comments = shared::comments(&mut fields, &["comments"]);
    incident.redirect = fields.text(&["redirectIncidentId"]);
    incident.provider = "Microsoft Defender XDR".to_owned();
    let alerts = fields.items(&["alerts"]).unwrap_or_default();
    incident.extended = fields.rest();

    let alerts = shared::contained_alerts(&mut incident, &alerts, alert);
    let mut bodies = vec![Body::Incident(Box::new(incident))];
    bodies.extend(alerts.into_iter().map(|alert| Body::Alert(Box::new(alert))));
    Ok(bodies)
}

fn alert(object: &Object, incident: &str) -> Result<Alert, Reject> {
    let mut fields = Fields::new(object);
    let id = fields.text(&["alertId", "id"]).ok_or_else(|| shared::alert_without_id("`alertId`"))?;
    let mut alert = Alert { id, vendor: "Microsoft".to_owned(), ..Alert::default() };
    alert.vendor_original_id = fields.text(&["providerAlertId"]).filter(|original| *original != alert.id);
    alert.title = fields.text(&["title"]).unwrap_or_default();
    alert.description = fields.text(&["description"]).unwrap_or_default();
    alert.severity = shared::severity(&mut fields, &["severity"]);
    alert.status = shared::alert_status(&mut fields, &["status"]);
    let endpoint = object.contains_key("machineId");
    let source = || if endpoint { "microsoftDefenderForEndpoint".to_owned() } else { String::new() };
    alert.provider = fields.text(&["serviceSource"]).unwrap_or_else(source);
    alert.product = shared::product_title(&alert.provider);
    if endpoint {
        alert.compromised_entity = value::text_of(object, &["computerDnsName"]).unwrap_or_default().into_owned();
    }
    alert.product_component = fields.text(&["detectionSource"]);
    alert.alert_type = fields.text(&["detectorId"]).unwrap_or_default();
    alert.incident = fields.text(&["incidentId"]).or_else(|| Some(incident.to_owned()));
    alert.start = fields.time(&["firstActivity", "firstEventTime"]);
    alert.end = fields.time(&["lastActivity", "lastEventTime"]);
    alert.created = fields.time(&["creationTime", "alertCreationTime"]);
    alert.modified = fields.time(&["lastUpdatedTime", "lastUpdateTime"]).or(alert.created);
    let techniques = fields.texts(&["mitreTechniques"]);
    let category = fields.text(&["category"]);
    let devices = fields.items(&["devices"]).unwrap_or_default();
    let entities = fields.items(&["entities", "evidence"]).unwrap_or_default();
    fields.skip(&["machineId", "computerDnsName", "relatedUser", "domains"]);
    alert.extended = fields.rest();
    shared::add_techniques(&mut alert.techniques, &techniques, &mut alert.extended, "OtherTechniques");
    shared::set_category(&mut alert, category);

    let mut list = FlatList::default();
    for device in devices.iter().filter_map(Value::as_object) {
        flat::add_device(&mut list, device, false);
    }
    if endpoint {
        read_machine(object, &mut list);
    }
    for entity in entities.iter().filter_map(Value::as_object) {
        let kind = value::text_of(entity, &["entityType"]);
        flat::add(&mut list, kind.as_deref().unwrap_or("generic-entity"), entity, None);
    }
    shared::set_entities(&mut alert, list.into_list());
    Ok(alert)
}

/// The machine of an alert of Defender for Endpoint, and who and what stands beside it.
fn read_machine(object: &Object, list: &mut FlatList) {
    const MACHINE: [(&str, &str); 3] =
        [("machineId", "deviceId"), ("computerDnsName", "deviceDnsName"), ("rbacGroupName", "rbacGroupName")];
    let host = flat::add_device(list, &copy(object, &MACHINE), false);
    if let Some(user) = value::object_at(object, &["relatedUser"]) {
        let account = copy(user, &[("userName", "accountName"), ("domainName", "domainName")]);
        if let Some(account) = flat::add_account_object(list, &account, None, false) {
            flat::refer_host(list, account, host);
        }
    }
    for domain in value::first(object, &["domains"]).and_then(Value::as_array).into_iter().flatten() {
        let name = domain.as_object().and_then(|domain| value::text_of(domain, &["host"]));
        if let Some(domain) = name.as_deref().and_then(parts::dns) {
            list.add_evidence("dns", domain, None, false);
        }
    }
}

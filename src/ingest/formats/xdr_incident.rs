//! Incidents of Defender XDR, `/api/incidents`: the incident with its alerts, flat entities and devices.

use serde_json::Value;

use super::flat::{self, FlatList};
use super::shared;
use crate::ingest::value::{self, Fields};
use crate::ingest::{Context, Format, Reject};
use crate::model::{Alert, Body, Incident, IncidentStatus, Object};

/// The format.
pub(crate) const FORMAT: Format = Format { name: "xdr-incident", title: "Microsoft Defender XDR incident", detect, read };

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
    let id = fields.text(&["alertId"]).ok_or_else(|| shared::alert_without_id("`alertId`"))?;
    let mut alert = Alert { id, vendor: "Microsoft".to_owned(), ..Alert::default() };
    alert.vendor_original_id = fields.text(&["providerAlertId"]).filter(|original| *original != alert.id);
    alert.title = fields.text(&["title"]).unwrap_or_default();
    alert.description = fields.text(&["description"]).unwrap_or_default();
    alert.severity = shared::severity(&mut fields, &["severity"]);
    alert.status = shared::alert_status(&mut fields, &["status"]);
    alert.provider = fields.text(&["serviceSource"]).unwrap_or_default();
    alert.product = shared::product_title(&alert.provider);
    alert.product_component = fields.text(&["detectionSource"]);
    alert.alert_type = fields.text(&["detectorId"]).unwrap_or_default();
    alert.incident = fields.text(&["incidentId"]).or_else(|| Some(incident.to_owned()));
    alert.start = fields.time(&["firstActivity"]);
    alert.end = fields.time(&["lastActivity"]);
    alert.created = fields.time(&["creationTime"]);
    alert.modified = fields.time(&["lastUpdatedTime"]).or(alert.created);
    let techniques = fields.texts(&["mitreTechniques"]);
    let category = fields.text(&["category"]);
    let devices = fields.items(&["devices"]).unwrap_or_default();
    let entities = fields.items(&["entities"]).unwrap_or_default();
    alert.extended = fields.rest();
    shared::add_techniques(&mut alert.techniques, &techniques, &mut alert.extended, "OtherTechniques");
    shared::set_category(&mut alert, category);

    let mut list = FlatList::default();
    for device in devices.iter().filter_map(Value::as_object) {
        flat::add_device(&mut list, device, false);
    }
    for entity in entities.iter().filter_map(Value::as_object) {
        let kind = value::text_of(entity, &["entityType"]);
        flat::add(&mut list, kind.as_deref().unwrap_or("generic-entity"), entity, None);
    }
    shared::set_entities(&mut alert, list.into_list());
    Ok(alert)
}

//! Incidents of Microsoft Graph, `security/incidents`, with their alerts where the request expanded them.

use super::{graph_alert, powershell, shared};
use crate::ingest::value::{self, Fields};
use crate::ingest::{Context, Format, Reject};
use crate::model::{Body, Incident, IncidentStatus, Object};

/// The format.
pub(crate) const FORMAT: Format = Format { name: "graph-incident", title: "Microsoft Graph incident", detect, read };

fn detect(object: &Object) -> u8 {
    if object.get("@odata.type").is_some_and(|name| name == "#microsoft.graph.security.incident") {
        return 100;
    }
    let has = |name: &str| object.contains_key(name);
    if has("IncidentWebUrl") && has("DisplayName") && has("Id") {
        return 95;
    }
    if has("incidentWebUrl") && has("displayName") && !has("evidence") {
        return 95;
    }
    if has("redirectIncidentId") && has("displayName") && has("id") { 85 } else { 0 }
}

fn read(object: &Object, _: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let plain = powershell::graph(object);
    let mut fields = Fields::new(plain.as_ref().unwrap_or(object));
    let id = fields.text(&["id"]).ok_or_else(|| shared::incident_without_id("`id`"))?;
    let mut incident = Incident { number: id.parse().ok(), id, ..Incident::default() };
    incident.title = fields.text(&["displayName"]).unwrap_or_default();
    incident.description = fields.text(&["description", "summary"]).unwrap_or_default();
    incident.severity = shared::severity(&mut fields, &["severity"]);
    incident.status = fields.read(&["status"], |value| status(&value::text(value)?)).unwrap_or_default();
    incident.classification = shared::classification(&mut fields, &["classification"]);
    incident.classification_reason = fields.text(&["determination"]).filter(|word| !shared::is_unknown(word));
    incident.classification_comment = fields.text(&["resolvingComment"]);
    incident.owner = shared::owner(&mut fields, &["assignedTo"]);
    incident.tags = shared::labels(&mut fields, &["customTags"]);
    for tag in shared::labels(&mut fields, &["systemTags"]) {
        if !incident.tags.contains(&tag) {
            incident.tags.push(tag);
        }
    }
    incident.created = fields.time(&["createdDateTime"]);
    incident.modified = fields.time(&["lastUpdateDateTime"]).or(incident.created);
    incident.modified_by = fields.text(&["lastModifiedBy"]);
    incident.url = fields.text(&["incidentWebUrl"]);
    incident.comments = shared::comments(&mut fields, &["comments"]);
    incident.redirect = fields.text(&["redirectIncidentId"]);
    incident.provider = "Microsoft Graph".to_owned();
    let alerts = fields.items(&["alerts"]).unwrap_or_default();
    fields.skip(&["@odata.type", "@odata.context"]);
    incident.extended = fields.rest();

    let alerts = shared::contained_alerts(&mut incident, &alerts, |object, id| graph_alert::alert(object, Some(id)));
    let mut bodies = vec![Body::Incident(Box::new(incident))];
    bodies.extend(alerts.into_iter().map(|alert| Body::Alert(Box::new(alert))));
    Ok(bodies)
}

/// What is active here, nobody has taken up: it becomes `inProgress` then.
fn status(word: &str) -> Option<IncidentStatus> {
    if word.trim().eq_ignore_ascii_case("active") { Some(IncidentStatus::New) } else { IncidentStatus::parse(word) }
}

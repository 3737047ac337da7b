//! From records to rows: which table a record goes to, and its cells under that table's columns.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::cell::Cell;
use super::types::TIME;
use crate::catalog::entities::{self, REFERS_TO};
use crate::catalog::tables;
use crate::ingest::events::UNPARSED;
use crate::model::{Alert, Evidence, Incident, Link, Object, Owner, Time};

/// Table of alerts.
pub const ALERTS: &str = "SecurityAlert";
/// Table of incidents.
pub const INCIDENTS: &str = "SecurityIncident";
/// Table of the pieces of alerts that come in several documents.
pub const EVIDENCE: &str = "AlertEvidence";

/// Columns that every table of a Log Analytics workspace has.
const WORKSPACE_COLUMNS: [&str; 2] = ["TenantId", "SourceSystem"];

type Cells<'a> = Vec<(&'a str, Cell<'a>)>;

/// The column of a table that a member of a document belongs to, whatever the case of its first letter.
fn column_of(table: &str, member: &str) -> Option<&'static str> {
    let declared = tables::table(table).and_then(|table| table.column(member)).map(|column| &*column.name);
    declared.or_else(|| WORKSPACE_COLUMNS.into_iter().find(|name| name.eq_ignore_ascii_case(member)))
}

/// Adds the members that are columns of the table, in the place of a cell that the model gave; `whole` holds what is no column.
/// Gives those members that are none.
fn add_columns<'a>(table: &str, whole: &str, members: &'a Object, cells: &mut Cells<'a>) -> Vec<(&'a String, &'a Value)> {
    let mut others = Vec::new();
    for (member, value) in members {
        match column_of(table, member).filter(|column| *column != whole && !matches!(*column, "Type" | "TimeGenerated")) {
            Some(column) => match cells.iter_mut().find(|(name, _)| *name == column) {
                Some((_, cell)) if member == column => *cell = Cell::of(value),
                Some(_) => {}
                None => cells.push((column, Cell::of(value))),
            },
            None => others.push((member, value)),
        }
    }
    others
}

fn text(text: &str) -> Cell<'_> {
    if text.is_empty() { Cell::Null } else { Cell::text(text) }
}

fn optional(value: Option<&str>) -> Cell<'_> {
    value.map_or(Cell::Null, text)
}

fn time(time: Option<Time>) -> Cell<'static> {
    time.map_or(Cell::Null, Cell::Time)
}

fn owned(text: String) -> Cell<'static> {
    Cell::Text(Cow::Owned(text))
}

fn list<'a, T: AsRef<str> + 'a>(items: impl Iterator<Item = &'a T>) -> Cell<'static> {
    let items: Vec<Value> = items.map(|item| Value::from(item.as_ref())).collect();
    if items.is_empty() { Cell::Null } else { Cell::JsonText(Value::Array(items).to_string()) }
}

fn object(object: &Object) -> Cell<'static> {
    if object.is_empty() { Cell::Null } else { Cell::JsonText(serde_json::to_string(object).unwrap_or_default()) }
}

/// `TimeGenerated` of an alert: when this version came into being, as far as the source says.
pub(super) fn alert_time(alert: &Alert) -> Option<Time> {
    alert.created.or(alert.modified).or(alert.end).or(alert.start)
}

/// Cells of a row of `SecurityAlert`.
pub(super) fn alert(alert: &Alert) -> Cells<'_> {
    let main = |t: &&String| !t.contains('.');
    let mut cells = vec![
        ("AlertLink", optional(alert.url.as_deref())),
        ("AlertName", text(&alert.title)),
        ("AlertSeverity", Cell::text(alert.severity.as_str())),
        ("AlertType", text(&alert.alert_type)),
        ("CompromisedEntity", text(&alert.compromised_entity)),
        ("ConfidenceLevel", optional(alert.confidence_level.as_deref())),
        ("ConfidenceScore", alert.confidence_score.map_or(Cell::Null, Cell::Real)),
        ("Description", text(&alert.description)),
        ("DisplayName", text(&alert.title)),
        ("EndTime", time(alert.end)),
        ("Entities", alert.entities_text.as_deref().map_or_else(|| entities(&alert.entities, &alert.links), Cell::text)),
        ("IsIncident", Cell::Bool(alert.is_incident)),
        ("ProductComponentName", optional(alert.product_component.as_deref())),
        ("ProductName", text(&alert.product)),
        ("ProviderName", text(&alert.provider)),
        ("RemediationSteps", list(alert.remediation.iter())),
        ("StartTime", time(alert.start)),
        ("Status", Cell::text(alert.status.as_str())),
        ("SubTechniques", list(alert.techniques.iter().filter(|t| t.contains('.')))),
        ("SystemAlertId", text(&alert.id)),
        ("Tactics", if alert.tactics.is_empty() { Cell::Null } else { owned(alert.tactics.join(",")) }),
        ("Techniques", list(alert.techniques.iter().filter(main))),
        ("VendorName", text(&alert.vendor)),
        ("VendorOriginalId", optional(alert.vendor_original_id.as_deref())),
    ];
    properties(alert, &mut cells);
    cells
}

/// What the source says beyond the model: cells of their own where the table has such columns, the others as `ExtendedProperties`.
fn properties<'a>(alert: &'a Alert, cells: &mut Cells<'a>) {
    const OWN: &str = "ExtendedProperties";
    cells.push((OWN, Cell::Null));
    let place = cells.len() - 1;
    let others = add_columns(ALERTS, OWN, &alert.extended, cells);
    let own = alert.extended.get(OWN).and_then(Value::as_object);
    let mut shown: Vec<(&String, &Value)> = own.into_iter().flatten().collect();
    for (name, value) in others.into_iter().filter(|(name, _)| *name != OWN) {
        if name.eq_ignore_ascii_case(TIME) {
            // What is left of it could not be read.
            cells.push((UNPARSED, Cell::JsonText(json!({ TIME: value }).to_string())));
            continue;
        }
        // A row of the table itself may have columns that a workspace added.
        if alert.row {
            if !MADE.contains(&name.as_str()) {
                cells.push((name, Cell::of(value)));
            }
        } else if !own.is_some_and(|own| own.contains_key(name)) {
            shown.push((name, value));
        }
    }
    if !shown.is_empty() {
        cells[place].1 = Cell::JsonText(serde_json::to_string(&Members(&shown)).unwrap_or_default());
    }
}

/// Members that reading a row of `SecurityAlert` adds to those that it has.
const MADE: [&str; 3] = ["OtherTactics", "OtherTechniques", "MemberAlerts"];

/// Members of an object that is put together.
struct Members<'a>(&'a [(&'a String, &'a Value)]);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

/// The list of entities as a row of `SecurityAlert` writes it, where the source is none.
fn entities(evidence: &[Evidence], links: &[Link]) -> Cell<'static> {
    if evidence.is_empty() {
        return Cell::Null;
    }
    let mut list: Vec<Listed<'_>> =
        evidence.iter().enumerate().map(|(place, evidence)| Listed { id: place + 1, evidence, references: Vec::new() }).collect();
    for link in links {
        let Some((holder, property, held)) = reference(link) else { continue };
        let (Some(holder), true) = (list.get_mut(holder as usize), (held as usize) < evidence.len()) else { continue };
        let reference = json!({"$ref": (held + 1).to_string()});
        match holder.references.iter_mut().find(|(name, _)| *name == property) {
            None => holder.references.push((property, reference)),
            Some((_, Value::Array(several))) => several.push(reference),
            Some((_, one)) => *one = Value::Array(vec![one.take(), reference]),
        }
    }
    Cell::JsonText(serde_json::to_string(&list).unwrap_or_default())
}

/// The property behind a link: which entity has it, its name, and which entity it names.
fn reference(link: &Link) -> Option<(u32, &str, u32)> {
    let (kind, property) = link.rule.split_once('.')?;
    match entities::kind(kind).and_then(|kind| kind.reference(property)) {
        Some(reference) if reference.relation == link.relation && reference.reverse => Some((link.to, property, link.from)),
        Some(reference) if reference.relation == link.relation => Some((link.from, property, link.to)),
        _ => (link.relation == REFERS_TO).then_some((link.from, property, link.to)),
    }
}

/// An entity as the list of an alert writes it.
struct Listed<'a> {
    id: usize,
    evidence: &'a Evidence,
    references: Vec<(&'a str, Value)>,
}

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entity = &self.evidence.entity;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("$id", &self.id.to_string())?;
        for (name, value) in entity.properties.iter().filter(|(name, _)| !matches!(name.as_str(), "$id" | "Type")) {
            map.serialize_entry(name, value)?;
        }
        for (name, value) in self.references.iter().filter(|(name, _)| !entity.properties.contains_key(*name)) {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("Type", entity.kind.as_str())?;
        map.end()
    }
}

/// Cells of a row of `AlertEvidence`: one entity of a piece of an alert.
pub(super) fn evidence<'a>(alert: &'a Alert, evidence: Option<&'a Evidence>) -> Cells<'a> {
    let mut cells = vec![
        ("AlertId", text(&alert.id)),
        ("Title", text(&alert.title)),
        ("Severity", Cell::text(alert.severity.as_str())),
        ("ServiceSource", text(&alert.product)),
        ("DetectionSource", text(&alert.provider)),
        ("Categories", list(alert.tactics.iter())),
        ("AttackTechniques", list(alert.techniques.iter())),
        ("Timestamp", time(alert_time(alert))),
    ];
    if let Some(evidence) = evidence {
        cells.push(("EntityType", text(evidence.entity.kind.as_str())));
        cells.push(("EvidenceRole", optional(evidence.role.as_deref())));
        cells.push(("AdditionalFields", object(&evidence.entity.properties)));
    } else {
        cells.push(("AdditionalFields", object(&alert.extended)));
    }
    cells
}

/// `TimeGenerated` of an incident: when this version was made.
pub(super) fn incident_time(incident: &Incident) -> Option<Time> {
    incident.modified.or(incident.created).or(incident.first_activity)
}

/// Cells of a row of `SecurityIncident`.
pub(super) fn incident(incident: &Incident) -> Cells<'_> {
    let comments: Vec<Value> = incident
        .comments
        .iter()
        .map(|c| json!({"message": c.message, "createdTimeUtc": c.created, "author": {"name": c.author}}))
        .collect();
    let labels: Vec<Value> = incident.tags.iter().map(|tag| json!({"labelName": tag, "labelType": "User"})).collect();
    // The field's queries read members of these columns without asking whether there is anything.
    let json_list = |items: Vec<Value>| Cell::JsonText(Value::Array(items).to_string());
    let mut cells = vec![
        ("AlertIds", list(incident.alert_ids.iter())),
        ("Classification", optional(incident.classification.map(|c| c.as_str()))),
        ("ClassificationComment", optional(incident.classification_comment.as_deref())),
        ("ClassificationReason", optional(incident.classification_reason.as_deref())),
        ("ClosedTime", time(incident.closed)),
        ("Comments", json_list(comments)),
        ("CreatedTime", time(incident.created)),
        ("Description", text(&incident.description)),
        ("FirstActivityTime", time(incident.first_activity)),
        ("IncidentName", text(&incident.id)),
        ("IncidentNumber", incident.number.map_or(Cell::Null, Cell::Long)),
        ("IncidentUrl", optional(incident.url.as_deref())),
        ("Labels", json_list(labels)),
        ("LastActivityTime", time(incident.last_activity)),
        ("LastModifiedTime", time(incident.modified)),
        ("ModifiedBy", optional(incident.modified_by.as_deref())),
        ("Owner", owner(incident.owner.as_ref().unwrap_or(&Owner::default()))),
        ("ProviderIncidentId", optional(incident.provider_incident_id.as_deref())),
        ("ProviderName", text(&incident.provider)),
        ("Severity", Cell::text(incident.severity.as_str())),
        ("Status", Cell::text(incident.status.as_str())),
        ("Title", text(&incident.title)),
        ("AdditionalData", Cell::Null),
    ];
    let place = cells.len() - 1;
    let others = add_columns(INCIDENTS, "AdditionalData", &incident.extended, &mut cells);
    cells[place].1 = Cell::JsonText(additional(incident, others).to_string());
    cells
}

fn owner(owner: &Owner) -> Cell<'static> {
    Cell::JsonText(
        json!({"objectId": owner.object_id, "email": owner.email, "assignedTo": owner.name, "userPrincipalName": owner.upn}).to_string(),
    )
}

/// `AdditionalData`: what the source has under that name, and what the table has no column for.
fn additional(incident: &Incident, others: Vec<(&String, &Value)>) -> Value {
    let mut data = Object::new();
    for (name, value) in others {
        match value {
            Value::Object(inner) if name.eq_ignore_ascii_case("AdditionalData") => data.extend(inner.clone()),
            _ => {
                data.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    data.insert("alertsCount".into(), json!(incident.alert_ids.len()));
    data.insert("commentsCount".into(), json!(incident.comments.len()));
    data.insert("alertProductNames".into(), json!(incident.products));
    data.insert("tactics".into(), json!(incident.tactics));
    data.insert("techniques".into(), json!(incident.techniques));
    if let Some(redirect) = &incident.redirect {
        data.insert("redirectIncidentName".into(), json!(redirect));
    }
    if !incident.entities.is_empty() {
        let entities: Vec<Value> =
            incident.entities.iter().map(|e| json!({"kind": e.entity.kind, "properties": e.entity.properties})).collect();
        data.insert("entities".into(), Value::Array(entities));
    }
    Value::Object(data)
}

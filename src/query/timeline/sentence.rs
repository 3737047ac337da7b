//! What an alert, an incident, a change or a row says, in one line for people.

use crate::columns::TrailRow;
use crate::graph::{AlertRef, IncidentRef};
use crate::ingest;
use crate::model::{Body, Fault, Incident, Object};

use super::super::Context;
use super::no_row;
use super::requests::TimelineItem;

/// Characters of a message at the most.
const MESSAGE_CHARS_MAX: usize = 400;
/// Columns that say most about a row, in the order in which a message names them.
const TELLING: [&str; 28] = [
    "Activity",
    "OperationName",
    "OperationNameValue",
    "Operation",
    "EventName",
    "ActionType",
    "ResultType",
    "Account",
    "UserPrincipalName",
    "UserId",
    "Caller",
    "TargetAccount",
    "User",
    "IPAddress",
    "IpAddress",
    "ClientIP",
    "CallerIpAddress",
    "SourceIP",
    "SourceIp",
    "DestinationIP",
    "DestinationIp",
    "RemoteIP",
    "NewProcessName",
    "Image",
    "CommandLine",
    "ProcessCommandLine",
    "TargetFilename",
    "SyslogMessage",
];

pub(super) fn of_alert(alert: &AlertRef<'_>, touches: Vec<String>) -> TimelineItem {
    let time = alert.time();
    TimelineItem {
        time,
        end: alert.end().filter(|end| Some(*end) > time),
        kind: "alert".to_owned(),
        message: alert.title().to_owned(),
        source: alert.product().to_owned(),
        severity: Some(alert.severity().as_str().to_owned()),
        tactics: alert.tactics().map(str::to_owned).collect(),
        node: Some(format!("alert:{}", alert.id())),
        touches,
        seq: alert.seq().map_or(0, |seq| seq.0),
        place: 0,
        row: no_row(),
    }
}

pub(super) fn of_incident(incident: &IncidentRef<'_>, touches: Vec<String>) -> TimelineItem {
    let number = incident.number().map(|number| format!("#{number} ")).unwrap_or_default();
    TimelineItem {
        time: incident.created().or(incident.time()),
        end: None,
        kind: "incident".to_owned(),
        message: format!("incident {number}opened: {}", incident.title()),
        source: incident.provider().to_owned(),
        severity: Some(incident.severity().as_str().to_owned()),
        tactics: incident.tactics().map(str::to_owned).collect(),
        node: Some(format!("incident:{}", incident.id())),
        touches,
        seq: incident.seq().map_or(0, |seq| seq.0),
        place: 0,
        row: no_row(),
    }
}

/// Changes of status, severity, owner and classification between the versions of an incident.
pub(super) fn changes(context: &Context, incident: &IncidentRef<'_>, touches: &[String]) -> Result<Vec<TimelineItem>, Fault> {
    let mut versions = Vec::new();
    for version in context.snapshot.graph.versions(incident.node()).iter().rev() {
        let Some(document) = context.journal.document(version.seq)? else { continue };
        let bodies = ingest::read(&document).unwrap_or_default();
        versions.extend(bodies.into_iter().find_map(|body| match body {
            Body::Incident(found) if found.id == incident.id() => Some((version.seq, *found)),
            _ => None,
        }));
    }
    let mut items = Vec::new();
    for pair in versions.windows(2) {
        let ((_, before), (seq, after)) = (&pair[0], &pair[1]);
        let said = differences(before, after);
        if said.is_empty() {
            continue;
        }
        let by = after.modified_by.as_deref().filter(|by| !by.is_empty()).map(|by| format!(" by {by}")).unwrap_or_default();
        items.push(TimelineItem {
            time: after.modified,
            kind: "status".to_owned(),
            message: format!("{}{by}", said.join(", ")),
            seq: seq.0,
            place: seq.0,
            severity: Some(after.severity.as_str().to_owned()),
            ..of_incident(incident, touches.to_vec())
        });
    }
    Ok(items)
}

fn differences(before: &Incident, after: &Incident) -> Vec<String> {
    let mut said = Vec::new();
    if before.status != after.status {
        said.push(format!("status {} -> {}", before.status.as_str(), after.status.as_str()));
    }
    if before.severity != after.severity {
        said.push(format!("severity {} -> {}", before.severity.as_str(), after.severity.as_str()));
    }
    if before.owner != after.owner {
        let name = |incident: &Incident| {
            let owner = incident.owner.clone().unwrap_or_default();
            owner.name.or(owner.upn).or(owner.email).unwrap_or_else(|| "nobody".to_owned())
        };
        said.push(format!("owner {} -> {}", name(before), name(after)));
    }
    if before.classification != after.classification
        && let Some(classification) = after.classification
    {
        said.push(format!("classified {}", classification.as_str()));
    }
    said
}

pub(super) fn of_row(row: &TrailRow, touches: Vec<String>) -> TimelineItem {
    let cells = row.cells();
    TimelineItem {
        time: row.time,
        end: None,
        kind: "event".to_owned(),
        message: message(&cells),
        source: row.table.to_string(),
        severity: None,
        tactics: Vec::new(),
        node: None,
        touches,
        seq: row.seq.0,
        place: row.seq.0,
        row: cells,
    }
}

fn message(cells: &Object) -> String {
    let text = |name: &str| match cells.get(name)? {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Null => None,
        other => Some(other.to_string()),
    };
    let mut parts: Vec<String> = Vec::new();
    if text("Activity").is_none() {
        parts.extend(text("EventID").map(|id| format!("EventID {id}")));
    }
    for name in TELLING {
        if let Some(value) = text(name)
            && !parts.iter().any(|part| part.ends_with(&value))
        {
            parts.push(if parts.is_empty() { value } else { format!("{name}={value}") });
        }
        if parts.len() >= 6 {
            break;
        }
    }
    if parts.is_empty() {
        parts = cells
            .iter()
            .filter(|(name, _)| *name != "TimeGenerated")
            .take(5)
            .filter_map(|(name, _)| Some(format!("{name}={}", text(name)?)))
            .collect();
    }
    parts.join(" ").chars().take(MESSAGE_CHARS_MAX).collect()
}

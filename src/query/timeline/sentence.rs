//! What an alert, an incident, a change or a row says, in one line for people.

use crate::columns::TrailRow;
use crate::graph::{AlertRef, IncidentRef, Standing};

use super::super::reference::name_of;
use super::no_row;
use super::requests::TimelineItem;
use super::wording;

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
        node: Some(format!("incident:{}", name_of(incident))),
        touches,
        seq: incident.seq().map_or(0, |seq| seq.0),
        place: 0,
        row: no_row(),
    }
}

/// A change of status, severity, owner or classification from one version of an incident to the next.
pub(super) fn of_change(incident: &IncidentRef<'_>, before: &Standing<'_>, after: &Standing<'_>, touches: Vec<String>) -> TimelineItem {
    let by = if after.by.is_empty() { String::new() } else { format!(" by {}", after.by) };
    TimelineItem {
        time: after.modified,
        kind: "status".to_owned(),
        message: format!("{}{by}", differences(before, after).join(", ")),
        seq: after.seq.0,
        severity: Some(after.severity.to_owned()),
        ..of_incident(incident, touches)
    }
}

/// Whether there is anything to tell of a change.
pub(super) fn differs(before: &Standing<'_>, after: &Standing<'_>) -> bool {
    (before.status, before.severity, before.owner, before.group) != (after.status, after.severity, after.owner, after.group)
        || (before.classification != after.classification && !after.classification.is_empty())
}

fn differences(before: &Standing<'_>, after: &Standing<'_>) -> Vec<String> {
    let mut said = Vec::new();
    if before.status != after.status {
        said.push(format!("status {} -> {}", before.status, after.status));
    }
    if before.severity != after.severity {
        said.push(format!("severity {} -> {}", before.severity, after.severity));
    }
    if (before.owner, before.group) != (after.owner, after.group) {
        let name = |standing: &Standing<'_>| {
            let [name, upn, email, _] = standing.owner;
            [name, upn, email].into_iter().find(|part| !part.is_empty()).unwrap_or("nobody").to_owned()
        };
        said.push(format!("owner {} -> {}", name(before), name(after)));
    }
    if before.classification != after.classification && !after.classification.is_empty() {
        said.push(format!("classified {}", after.classification));
    }
    said
}

pub(super) fn of_row(row: &TrailRow, touches: Vec<String>) -> TimelineItem {
    let cells = row.cells();
    TimelineItem {
        time: row.time,
        end: None,
        kind: "event".to_owned(),
        message: wording::message(&row.table, &cells),
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

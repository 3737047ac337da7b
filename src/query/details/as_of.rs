//! An incident as it was known at an instant: by what clew had taken in until then.

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};
use serde_json::json;

use crate::catalog::attack;
use crate::graph::{NodeId, Version};
use crate::model::{Alert, Body, Fault, FaultClass, Incident, Owner, Seq, Severity, Time};

use super::super::lists::{AlertRow, EntityRow, IncidentRow};
use super::super::{Context, bookmarks, render};
use super::requests::VersionRow;
use super::{IncidentDetail, VERSIONS_MAX, bodies, document, family, members};

/// The last document that clew had taken in at an instant.
pub(in crate::query) fn cut(context: &Context, at: Time) -> Result<Seq, Fault> {
    // Documents are taken in one after the other, so their times of arrival follow their numbers.
    let (mut known, mut beyond) = (0, context.snapshot.seq.0 + 1);
    while beyond - known > 1 {
        let middle = known + (beyond - known) / 2;
        if document(context, Seq(middle))?.received <= at { known = middle } else { beyond = middle }
    }
    Ok(Seq(known))
}

/// The versions of an alert or incident up to a document, in the order of the journal, pieces among them.
fn versions(context: &Context, node: Option<NodeId>, until: Seq) -> Vec<Version> {
    let mut versions = node.map(|node| context.snapshot.graph.versions(node)).unwrap_or_default();
    versions.retain(|version| version.seq <= until);
    versions.sort_unstable_by_key(|version| (version.seq, version.piece));
    // A document that tells of an alert twice is one version of it.
    versions.dedup_by_key(|version| version.seq);
    versions
}

/// The document of the newest version, else of the first piece.
fn newest(versions: &[Version]) -> Option<Seq> {
    let whole = versions.iter().filter(|version| !version.piece).max_by_key(|version| (version.modified, version.seq));
    whole.or(versions.first()).map(|version| version.seq)
}

/// The alert as its newest version and its pieces until then say it.
pub(in crate::query) fn alert(context: &Context, id: &str, until: Seq) -> Result<Option<(Seq, Alert)>, Fault> {
    let versions = versions(context, context.snapshot.graph.alert(id), until);
    let Some(seq) = newest(&versions) else { return Ok(None) };
    let read = |seq: Seq| -> Result<Option<Alert>, Fault> {
        let mut found = bodies(&document(context, seq)?)?.into_iter();
        Ok(found.find_map(|body| if let Body::Alert(alert) = body { (alert.id == id).then_some(*alert) } else { None }))
    };
    let mut pieces: Option<Alert> = None;
    for version in versions.iter().filter(|version| version.piece) {
        pieces = match (pieces, read(version.seq)?) {
            (Some(known), Some(piece)) => Some(join(known, piece)),
            (known, piece) => known.or(piece),
        };
    }
    let whole = if versions.iter().any(|version| !version.piece) { read(seq)? } else { None };
    let alert = match (whole, pieces) {
        (Some(whole), Some(pieces)) => Some(fill(whole, pieces)),
        (whole, pieces) => whole.or(pieces),
    };
    Ok(alert.map(|alert| (seq, alert)))
}

/// Two pieces of an alert as one: what the graph shows of them.
fn join(a: Alert, b: Alert) -> Alert {
    let least = |a: String, b: String| if a.is_empty() || (!b.is_empty() && b < a) { b } else { a };
    Alert {
        title: least(a.title, b.title),
        product: least(a.product, b.product),
        tactics: union(a.tactics, b.tactics),
        techniques: union(a.techniques, b.techniques),
        start: a.start.into_iter().chain(b.start).min(),
        end: a.end.max(b.end),
        created: a.created.into_iter().chain(b.created).min(),
        severity: a.severity.max(b.severity),
        status: a.status.max(b.status),
        incident: a.incident.or(b.incident),
        entities: a.entities.into_iter().chain(b.entities).collect(),
        ..a
    }
}

/// A version, with what it leaves absent from the pieces of its alert.
fn fill(whole: Alert, pieces: Alert) -> Alert {
    let text = |a: String, b: String| if a.is_empty() { b } else { a };
    let list = |a: Vec<_>, b: Vec<_>| if a.is_empty() { b } else { a };
    Alert {
        title: text(whole.title, pieces.title),
        product: text(whole.product, pieces.product),
        tactics: list(whole.tactics, pieces.tactics),
        techniques: if whole.techniques.is_empty() { pieces.techniques } else { whole.techniques },
        start: whole.start.or(pieces.start),
        end: whole.end.or(pieces.end),
        created: whole.created.or(pieces.created),
        severity: if whole.severity == Severity::Unknown { pieces.severity } else { whole.severity },
        incident: whole.incident.or(pieces.incident),
        entities: whole.entities.into_iter().chain(pieces.entities).collect(),
        ..whole
    }
}

fn union<T: Ord>(a: Vec<T>, b: Vec<T>) -> Vec<T> {
    a.into_iter().chain(b).collect::<BTreeSet<T>>().into_iter().collect()
}

/// The document of an incident's newest version until then.
pub(super) fn newest_incident(context: &Context, id: &str, until: Seq) -> Option<Seq> {
    newest(&versions(context, context.snapshot.graph.incident(id), until))
}

/// The incident as its newest version until then says it.
pub(in crate::query) fn incident_version(context: &Context, id: &str, until: Seq) -> Result<Option<(Seq, Incident)>, Fault> {
    let Some(seq) = newest_incident(context, id, until) else { return Ok(None) };
    let found = bodies(&document(context, seq)?)?.into_iter().find_map(|body| match body {
        Body::Incident(incident) if incident.id == id => Some((seq, *incident)),
        _ => None,
    });
    Ok(found)
}

/// The owner of an incident as lists show it: a name, else another part.
pub(in crate::query) fn owner(incident: &Incident) -> Option<String> {
    let named = |owner: &Owner| [&owner.name, &owner.upn, &owner.email, &owner.object_id].into_iter().flatten().next().cloned();
    incident.owner.as_ref().and_then(named)
}

/// The incident as it was known at `at`.
pub(in crate::query) fn incident(context: &Context, node: NodeId, at: Time) -> Result<IncidentDetail, Fault> {
    let graph = &context.snapshot.graph;
    let id = graph.incident_node(node).map(|incident| incident.id().to_owned()).unwrap_or_default();
    let until = cut(context, at)?;
    let versions = versions(context, Some(node), until);
    let unknown = |why: &str| {
        Fault::new(FaultClass::NotFound, "incident_not_known_then", format!("the incident `{id}` was {why} at {at}"))
            .with_hint(format!("`clew incident activity {id}` lists its versions with their times"))
    };
    let seq = newest(&versions).ok_or_else(|| unknown("not known"))?;
    let whole = bodies(&document(context, seq)?)?.into_iter().find_map(|body| match body {
        Body::Incident(incident) if incident.id == id => Some(*incident),
        _ => None,
    });
    let whole = whole.unwrap_or_default();
    if whole.deleted {
        return Err(unknown("deleted"));
    }
    let (mut alerts, mut missing) = (Vec::new(), Vec::new());
    for id in &whole.alert_ids {
        match alert(context, id, until)? {
            Some(found) => alerts.push(found),
            None => missing.push(id.clone()),
        }
    }
    // An alert may say itself that it belongs to the incident.
    for member in members(graph, node).into_iter().filter_map(|member| graph.alert_node(member)) {
        if whole.alert_ids.iter().all(|listed| listed != member.id())
            && let Some((seq, alert)) = alert(context, member.id(), until)?
            && alert.incident.as_deref() == Some(&id)
        {
            alerts.push((seq, alert));
        }
    }
    alerts.sort_by(|(_, a), (_, b)| (a.time(), &a.id).cmp(&(b.time(), &b.id)));
    let versions_total = versions.len() as u64;
    let newest = &versions[versions.len().saturating_sub(VERSIONS_MAX)..];
    let rows = newest.iter().map(|version| version_row(context, version, seq)).collect::<Result<_, Fault>>()?;
    let (children, children_total) = family::rows_then(context, &id, until)?;
    let mut techniques: Vec<String> =
        whole.techniques.iter().chain(alerts.iter().flat_map(|(_, alert)| &alert.techniques)).cloned().collect();
    techniques.sort();
    techniques.dedup();
    Ok(IncidentDetail {
        row: row(&whole, &alerts, seq),
        description: whole.description,
        classification_reason: whole.classification_reason,
        classification_comment: whole.classification_comment,
        determination: whole.determination,
        techniques,
        comments: whole.comments.iter().map(|comment| json!(comment)).collect(),
        tasks: whole.tasks.iter().map(|task| json!(task)).collect(),
        bookmarks: bookmarks::of_incident(context, until, &id)?,
        parent: whole.parent,
        children,
        children_total,
        etag: seq.to_string(),
        url: whole.url,
        redirect: whole.redirect.and_then(|id| Some(render::reference(graph, graph.incident(&id)?))),
        entities: entities(context, &alerts),
        alerts_list: alerts.iter().map(|(seq, alert)| alert_row(&id, alert, *seq)).collect(),
        alerts_missing: missing,
        extended: whole.extended,
        versions: rows,
        versions_total,
    })
}

/// The row of another incident as its newest version and the alerts that it lists had it.
pub(super) fn row_then(context: &Context, incident: &Incident, seq: Seq, until: Seq) -> Result<IncidentRow, Fault> {
    let mut alerts = Vec::new();
    for id in &incident.alert_ids {
        alerts.extend(alert(context, id, until)?);
    }
    Ok(row(incident, &alerts, seq))
}

fn version_row(context: &Context, version: &Version, current: Seq) -> Result<VersionRow, Fault> {
    let document = document(context, version.seq)?;
    Ok(VersionRow {
        seq: version.seq.0,
        modified: version.modified,
        received: document.received,
        source: document.origin.source.to_string(),
        line: document.origin.line,
        current: version.seq == current,
        partial: version.piece,
    })
}

fn row(incident: &Incident, alerts: &[(Seq, Alert)], seq: Seq) -> IncidentRow {
    let mut products: Vec<String> = incident.products.iter().chain(alerts.iter().map(|(_, alert)| &alert.product)).cloned().collect();
    products.retain(|product| !product.is_empty());
    products.sort();
    products.dedup();
    let mut tactics: Vec<String> =
        incident.tactics.iter().chain(alerts.iter().flat_map(|(_, alert)| &alert.tactics)).map(|tactic| tactic.to_string()).collect();
    tactics.sort_by_key(|tactic| (attack::tactic_order(tactic).unwrap_or(u8::MAX), tactic.clone()));
    tactics.dedup();
    IncidentRow {
        id: incident.id.clone(),
        number: incident.number,
        title: incident.title.clone(),
        severity: incident.severity.as_str().to_owned(),
        status: incident.status.as_str().to_owned(),
        owner: owner(incident),
        classification: incident.classification.map(|classification| classification.as_str().to_owned()),
        products,
        tactics,
        tags: incident.tags.clone(),
        alerts: alerts.len() as u64,
        first_activity: incident.first_activity.into_iter().chain(alerts.iter().filter_map(|(_, alert)| alert.time())).min(),
        last_activity: incident.last_activity.into_iter().chain(alerts.iter().filter_map(|(_, alert)| alert.end.or(alert.time()))).max(),
        created: incident.created,
        modified: incident.modified,
        closed: incident.closed,
        seq: seq.0,
    }
}

fn alert_row(incident: &str, alert: &Alert, seq: Seq) -> AlertRow {
    AlertRow {
        id: alert.id.clone(),
        title: alert.title.clone(),
        severity: alert.severity.as_str().to_owned(),
        status: alert.status.as_str().to_owned(),
        product: alert.product.clone(),
        tactics: alert.tactics.iter().map(|tactic| tactic.to_string()).collect(),
        incidents: vec![incident.to_owned()],
        entities: alert.entities.len() as u64,
        group: None,
        start: alert.start,
        end: alert.end,
        seq: seq.0,
    }
}

/// The entities that the alerts name, those that most of them name first; degree and times count these alerts alone.
pub(in crate::query) fn entities(context: &Context, alerts: &[(Seq, Alert)]) -> Vec<EntityRow> {
    let graph = &context.snapshot.graph;
    let mut found: HashMap<String, EntityRow> = HashMap::new();
    for (_, alert) in alerts {
        let mut seen = HashSet::new();
        for entity in alert.entities.iter().map(|evidence| &evidence.entity) {
            let node = graph.mentioned(&entity.kind, &entity.keys);
            let Some(id) = node.filter(|node| seen.insert(*node)).map(|node| render::reference(graph, node)) else { continue };
            let row = found.entry(id.clone()).or_insert_with(|| EntityRow {
                id,
                kind: entity.kind.to_string(),
                label: entity.label.clone(),
                degree: 0,
                first: None,
                last: None,
            });
            row.degree += 1;
            row.first = row.first.into_iter().chain(alert.time()).min();
            row.last = row.last.max(alert.time());
        }
    }
    let mut rows: Vec<EntityRow> = found.into_values().collect();
    rows.sort_by(|a, b| b.degree.cmp(&a.degree).then_with(|| a.id.cmp(&b.id)));
    rows
}

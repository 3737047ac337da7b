//! One incident, alert or entity with everything that is known of it.

pub(in crate::query) mod as_of;
pub(in crate::query) mod family;
mod records;
mod requests;

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};
use serde_json::{Value, json};

use crate::graph::{AlertRef, Direction, EdgeFilter, GraphSnapshot, NodeId, NodeKind, Version};
use crate::ingest;
use crate::model::{Alert, AlertStatus, Body, Document, Evidence, Fault, FaultClass, Incident, Object, Relation, Seq};

use super::answer::Page;
use super::cursor::Seal;
use super::lists::{AlertRow, EntityRow, alert_resource, alert_row, containers, entity_row, incident_row, members};
use super::{Context, Question, bookmarks, listed, posture, reference, render};

pub use records::{RecordPlaces, RecordsRequest, place};
pub use requests::{
    AlertDetail, AlertRequest, AlertVersions, AlertVersionsRequest, EntityDetail, EntityRequest, EvidenceRow, IncidentDetail,
    IncidentRequest, ListedRow, MergeRow, SameResource, VersionRow,
};

/// Other alerts on the resource of an alert that its details list.
const SAME_RESOURCE_MAX: usize = 5;
/// The action of a change by which a suppression rule dismisses an alert.
pub const SUPPRESS: &str = "suppress";
/// Alerts of an entity whose documents are read for its properties, newest first.
const PROPERTY_ALERTS_MAX: usize = 25;
/// Incidents that an entity's details list.
const INCIDENTS_MAX: usize = 50;
/// Versions that the details of an incident or alert list.
const VERSIONS_MAX: usize = 100;
/// Versions of a page of their list when the request names no limit.
const PAGE_VERSIONS_DEFAULT: u32 = 1_000;
/// Versions of such a page at the most.
const PAGE_VERSIONS_MAX: u32 = 10_000;
/// Other entities that an entity's details list as possibly the same.
const POSSIBLY_SAME_MAX: usize = 50;

/// Reads a document of the journal; that it is there is an invariant of the engine.
pub fn document(context: &Context, seq: Seq) -> Result<Document, Fault> {
    let found = context.journal.document(seq)?;
    found.ok_or_else(|| {
        Fault::new(FaultClass::Internal, "document_missing", format!("the journal has no document {seq}")).with_hint("run `clew verify`")
    })
}

/// Everything that a document of the journal says.
pub fn bodies(document: &Document) -> Result<Vec<Body>, Fault> {
    ingest::read(document)
        .map_err(|reject| Fault::new(FaultClass::Internal, "document_unreadable", format!("{}: {}", reject.code, reject.message)))
}

/// The newest versions of a node, oldest first, with where they came from: their documents say that.
fn versions(context: &Context, node: NodeId, most: usize) -> Result<Vec<VersionRow>, Fault> {
    let versions = context.snapshot.graph.versions(node);
    versions.iter().take(most).rev().map(|version| version_row(context, version)).collect()
}

fn version_row(context: &Context, version: &Version) -> Result<VersionRow, Fault> {
    let document = document(context, version.seq)?;
    Ok(VersionRow {
        seq: version.seq.0,
        modified: version.modified,
        received: document.received,
        source: document.origin.source.to_string(),
        line: document.origin.line,
        current: version.current,
        partial: version.piece,
    })
}

/// The documents that make up the present state of a node: its newest version, then its pieces, oldest first.
pub fn present(graph: &GraphSnapshot, node: NodeId) -> Vec<Seq> {
    let mut versions: Vec<Version> = graph.versions(node).into_iter().filter(|version| version.current).collect();
    versions.sort_by_key(|version| (version.piece, version.seq));
    versions.into_iter().map(|version| version.seq).collect()
}

/// The alert as its present documents say it, pieces adding what the version leaves out.
pub fn whole_alert(context: &Context, id: &str, node: NodeId) -> Result<(Option<Alert>, Option<Document>), Fault> {
    let mut whole: Option<Alert> = None;
    let mut first = None;
    for seq in present(&context.snapshot.graph, node) {
        let document = document(context, seq)?;
        for body in bodies(&document)? {
            let Body::Alert(alert) = body else { continue };
            if alert.id != id {
                continue;
            }
            match &mut whole {
                None => whole = Some(*alert),
                Some(whole) => add_piece(whole, *alert),
            }
        }
        first = first.or(Some(document));
    }
    // Of a version that people made, the document is the one that the source gave.
    if let Some(given) = whole.as_ref().and_then(|alert| alert.change.as_ref()) {
        let piece = || first_piece(&context.snapshot.graph, node);
        first = match given.source.map(Seq).or_else(piece) {
            Some(seq) => Some(document(context, seq)?),
            None => first,
        };
    }
    Ok((whole, first))
}

/// The first piece of an alert.
fn first_piece(graph: &GraphSnapshot, node: NodeId) -> Option<Seq> {
    graph.versions(node).iter().filter(|version| version.piece).map(|version| version.seq).min()
}

fn add_piece(whole: &mut Alert, piece: Alert) {
    let fill = |mine: &mut String, other: String| {
        if mine.is_empty() {
            *mine = other;
        }
    };
    fill(&mut whole.title, piece.title);
    fill(&mut whole.description, piece.description);
    fill(&mut whole.alert_type, piece.alert_type);
    fill(&mut whole.provider, piece.provider);
    fill(&mut whole.vendor, piece.vendor);
    whole.entities.extend(piece.entities);
    for (name, value) in piece.extended {
        whole.extended.entry(name).or_insert(value);
    }
}

impl Question for AlertRequest {
    type Answer = AlertDetail;
    const NAME: &'static str = "alert";

    fn answer(self, context: &Context) -> Result<AlertDetail, Fault> {
        let graph = &context.snapshot.graph;
        let detail = alert_alone(context, &self.id)?;
        let alert = graph.alert(&detail.row.id).and_then(|node| graph.alert_node(node));
        let same_resource = alert.and_then(|alert| same_resource(graph, &alert));
        Ok(AlertDetail { same_resource, ..detail })
    }
}

impl Question for AlertVersionsRequest {
    type Answer = AlertVersions;
    const NAME: &'static str = "alert_versions";

    fn answer(self, context: &Context) -> Result<AlertVersions, Fault> {
        let node = reference::alert(&context.snapshot.graph, &self.id)?;
        let limit = reference::limit(self.limit, PAGE_VERSIONS_DEFAULT, PAGE_VERSIONS_MAX)?;
        let seal = Seal::of(context, Self::NAME, &self.id);
        let after = seal.place(self.cursor.as_deref(), |place| place.parse().ok().map(Seq))?;
        let mut all = context.snapshot.graph.versions(node);
        all.reverse();
        // A version keeps its place among the others.
        let from = match after {
            Some(seq) => all.iter().position(|version| version.seq == seq).map(|place| place + 1).ok_or_else(|| {
                Fault::new(
                    FaultClass::Invalid,
                    "cursor_invalid",
                    "expected the cursor of an earlier answer, found one of a version that is gone",
                )
                .with_hint("begin again without `cursor`")
            })?,
            None => 0,
        };
        let page = &all[from..all.len().min(from.saturating_add(limit))];
        let complete = from + page.len() == all.len();
        let cursor = page.last().filter(|_| !complete).map(|last| seal.close(&last.seq.0.to_string()));
        let value = page.iter().map(|version| version_row(context, version)).collect::<Result<_, _>>()?;
        Ok(AlertVersions { page: Page { value, total: all.len() as u64, complete, cursor } })
    }
}

/// The documents of an alert that are not its present ones, newest first.
pub fn earlier(graph: &GraphSnapshot, id: &str) -> Vec<Seq> {
    let versions = graph.alert(id).map(|node| graph.versions(node)).unwrap_or_default();
    versions.into_iter().filter(|version| !version.current).map(|version| version.seq).collect()
}

/// An alert without what others know of its resource, which is much where many alerts are on one.
pub fn alert_alone(context: &Context, id: &str) -> Result<AlertDetail, Fault> {
    let graph = &context.snapshot.graph;
    let node = reference::alert(graph, id)?;
    let alert = graph.alert_node(node).filter(AlertRef::known).ok_or_else(|| {
        let message = format!("the alert `{id}` is referred to, but no document describes it");
        Fault::new(FaultClass::NotFound, "alert_not_seen", message)
            .with_hint(format!("`clew neighbors alert:{id}` shows what refers to it"))
    })?;
    let (whole, document) = whole_alert(context, alert.id(), node)?;
    let whole = whole.unwrap_or_default();
    let mut techniques: Vec<String> = alert.techniques().map(str::to_owned).collect();
    techniques.dedup();
    Ok(AlertDetail {
        row: alert_row(graph, &alert),
        description: whole.description,
        alert_type: alert.alert_type().to_owned(),
        provider: alert.provider().to_owned(),
        vendor: whole.vendor,
        product_component: whole.product_component,
        techniques,
        compromised_entity: whole.compromised_entity,
        remediation: whole.remediation,
        url: whole.url,
        created: alert.created(),
        modified: alert.modified(),
        members: whole.members,
        entities_list: evidence_rows(graph, whole.entities),
        extended: whole.extended,
        owner: whole.owner.map(|owner| json!(owner)),
        tags: whole.tags,
        comments: whole.comments.iter().map(|comment| json!(comment)).collect(),
        classification: whole.classification.map(|classification| classification.as_str().to_owned()),
        determination: whole.determination,
        suppressed_by: whole.change.filter(|_| alert.status() == AlertStatus::Dismissed).and_then(|change| change.rule),
        same_resource: None,
        etag: present(graph, node).first().map(Seq::to_string).unwrap_or_default(),
        versions: versions(context, node, VERSIONS_MAX)?,
        versions_total: graph.versions_len(node) as u64,
        raw: document.map_or(Value::Null, |document| serde_json::from_slice(&document.raw).unwrap_or(Value::Null)),
    })
}

/// Other alerts on the resource of an alert.
fn same_resource(graph: &GraphSnapshot, alert: &AlertRef<'_>) -> Option<SameResource> {
    let (resource, reference) = alert_resource(graph, alert)?;
    let filter = EdgeFilter { relations: vec![Relation::INVOLVES], direction: Direction::In, ..EdgeFilter::default() };
    let mut seen = HashSet::new();
    let others = graph.edges(resource, &filter).map(|edge| edge.from).filter(|node| *node != alert.node() && seen.insert(*node));
    let mut others: Vec<AlertRef<'_>> = others.filter_map(|node| graph.alert_node(node)).filter(AlertRef::known).collect();
    others.sort_by(|a, b| (b.time(), a.id()).cmp(&(a.time(), b.id())));
    let newest = others.iter().take(SAME_RESOURCE_MAX).map(|alert| alert_row(graph, alert)).collect();
    Some(SameResource { resource: reference, total: others.len() as u64, newest })
}

/// The raw document of an alert's newest version, byte for byte as it was given.
pub fn raw_alert(context: &Context, id: &str) -> Result<bytes::Bytes, Fault> {
    let graph = &context.snapshot.graph;
    let node = reference::alert(graph, id)?;
    let id = graph.alert_node(node).map(|alert| alert.id().to_owned()).unwrap_or_default();
    let document = whole_alert(context, &id, node)?.1;
    let not_seen = || Fault::new(FaultClass::NotFound, "alert_not_seen", format!("no document describes the alert `{id}`"));
    Ok(document.ok_or_else(not_seen)?.raw)
}

fn evidence_rows(graph: &GraphSnapshot, entities: Vec<Evidence>) -> Vec<EvidenceRow> {
    let row = |evidence: Evidence| {
        let entity = evidence.entity;
        let node = graph.mentioned(&entity.kind, &entity.keys);
        let written = entity.keys.strong.first().or(entity.keys.weak.first()).map(|key| format!("{}:{key}", entity.kind));
        EvidenceRow {
            id: node.map(|node| render::reference(graph, node)).or(written).unwrap_or_default(),
            kind: entity.kind.to_string(),
            label: entity.label,
            role: evidence.role.map(|role| role.into_owned()),
            nested: evidence.nested,
            properties: entity.properties,
        }
    };
    entities.into_iter().map(row).collect()
}

impl Question for IncidentRequest {
    type Answer = IncidentDetail;
    const NAME: &'static str = "incident";

    fn answer(self, context: &Context) -> Result<IncidentDetail, Fault> {
        let graph = &context.snapshot.graph;
        let node = reference::incident(graph, &self.id)?;
        if let Some(text) = &self.as_of {
            return as_of::incident(context, node, reference::time(text, context.now)?);
        }
        let incident = graph.incident_node(node).expect("the reference names an incident");
        let whole = incident_of(context, incident.id(), node)?;
        let (mut alerts, mut missing) = (Vec::new(), Vec::new());
        for member in members(graph, node).into_iter().filter_map(|member| graph.alert_node(member)) {
            if member.known() { alerts.push(member) } else { missing.push(member.id().to_owned()) }
        }
        alerts.sort_by_key(|alert| (alert.time(), alert.id()));
        let mut techniques: Vec<String> =
            incident.techniques().chain(alerts.iter().flat_map(AlertRef::techniques)).map(str::to_owned).collect();
        techniques.sort();
        techniques.dedup();
        let mut row = incident_row(graph, &incident);
        if row.title.is_empty() {
            row.title.clone_from(&whole.title);
        }
        let (children, children_total) = family::rows(context, incident.id())?;
        Ok(IncidentDetail {
            row,
            description: whole.description,
            classification_reason: whole.classification_reason,
            classification_comment: whole.classification_comment,
            determination: whole.determination,
            techniques,
            comments: whole.comments.iter().map(|comment| json!(comment)).collect(),
            tasks: whole.tasks.iter().map(|task| json!(task)).collect(),
            bookmarks: bookmarks::of_incident(context, context.snapshot.seq, incident.id())?,
            parent: whole.parent,
            children,
            children_total,
            etag: present(graph, node).first().map(Seq::to_string).unwrap_or_default(),
            url: whole.url,
            redirect: incident.redirect().map(|node| render::reference(graph, node)),
            entities: entities_of(graph, node, &alerts),
            alerts_list: alerts.iter().map(|alert| alert_row(graph, alert)).collect::<Vec<AlertRow>>(),
            alerts_missing: missing,
            extended: whole.extended,
            versions: versions(context, node, VERSIONS_MAX)?,
            versions_total: graph.versions_len(node) as u64,
        })
    }
}

/// The newest version of an incident; one that is only referred to is empty.
pub fn incident_of(context: &Context, id: &str, node: NodeId) -> Result<Incident, Fault> {
    let Some(seq) = present(&context.snapshot.graph, node).first().copied() else { return Ok(Incident::default()) };
    let found = bodies(&document(context, seq)?)?.into_iter().find_map(|body| match body {
        Body::Incident(incident) if incident.id == id => Some(*incident),
        _ => None,
    });
    Ok(found.unwrap_or_default())
}

/// Entities that the incident and its alerts name, those that most of them name first.
fn entities_of(graph: &GraphSnapshot, incident: NodeId, alerts: &[AlertRef<'_>]) -> Vec<EntityRow> {
    let filter = EdgeFilter { relations: vec![Relation::INVOLVES], direction: Direction::Out, ..EdgeFilter::default() };
    let mut named: HashMap<NodeId, u64> = HashMap::new();
    for node in alerts.iter().map(AlertRef::node).chain([incident]) {
        graph.edges(node, &filter).for_each(|edge| *named.entry(edge.to).or_default() += 1);
    }
    let mut rows: Vec<(u64, EntityRow)> =
        named.into_iter().filter_map(|(node, times)| Some((times, entity_row(graph, &graph.entity_node(node)?)))).collect();
    rows.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.id.cmp(&right.id)));
    rows.into_iter().map(|(_, row)| row).collect()
}

impl Question for EntityRequest {
    type Answer = EntityDetail;
    const NAME: &'static str = "entity";

    fn answer(self, context: &Context) -> Result<EntityDetail, Fault> {
        let graph = &context.snapshot.graph;
        let node = reference::entity(graph, &self.entity)?;
        let entity = graph.entity_node(node).expect("the reference names an entity");
        let (strong, weak): (Vec<_>, Vec<_>) = entity.keys().into_iter().partition(|(_, strong)| *strong);
        let texts = |keys: Vec<(&str, bool)>| keys.into_iter().map(|(key, _)| key.to_owned()).collect::<Vec<_>>();
        let mut relations: BTreeMap<&str, u64> = BTreeMap::new();
        let mut incidents = Vec::new();
        let mut seen = HashSet::new();
        let mut alerts: Vec<NodeId> = Vec::new();
        for edge in graph.edges(node, &EdgeFilter::default()) {
            *relations.entry(graph.relation(&edge)).or_default() += 1;
            let other = edge.other(node);
            match other.kind() {
                NodeKind::Alert if seen.insert(other) => {
                    alerts.push(other);
                    incidents.extend(containers(graph, other));
                }
                NodeKind::Incident => incidents.push(other),
                NodeKind::Alert | NodeKind::Entity => {}
            }
        }
        let mut listed = HashSet::new();
        incidents.retain(|incident| listed.insert(*incident));
        let incidents_total = incidents.len() as u64;
        incidents.truncate(INCIDENTS_MAX);
        let mut possibly_same = entity.possibly_same(POSSIBLY_SAME_MAX + 1);
        let possibly_same_complete = possibly_same.len() <= POSSIBLY_SAME_MAX;
        possibly_same.truncate(POSSIBLY_SAME_MAX);
        Ok(EntityDetail {
            row: entity_row(graph, &entity),
            keys: texts(strong),
            weak_keys: texts(weak),
            properties: properties(context, node, entity.kind(), &alerts)?,
            relations: relations.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
            merges: entity.merges().into_iter().map(|merge| MergeRow { key: merge.key, seq: merge.seq.0 }).collect(),
            listed: listed::matches(context, node)?.into_iter().map(ListedRow::of).collect(),
            possibly_same_complete,
            incidents_total,
            possibly_same: possibly_same.into_iter().map(|(other, _)| render::reference(graph, other)).collect(),
            alerts: alerts.len() as u64,
            incidents: incidents.into_iter().map(|incident| render::reference(graph, incident)).collect(),
            posture: posture::of_entity(context, &entity)?,
        })
    }
}

/// Properties that the newest alerts give the entity; a newer alert's word stands before an older one's.
fn properties(context: &Context, node: NodeId, kind: &str, alerts: &[NodeId]) -> Result<Object, Fault> {
    let graph = &context.snapshot.graph;
    let mut properties = Object::new();
    for alert in alerts.iter().take(PROPERTY_ALERTS_MAX) {
        let Some(alert) = graph.alert_node(*alert) else { continue };
        let (whole, _) = whole_alert(context, alert.id(), alert.node())?;
        let mentions = whole.unwrap_or_default().entities.into_iter().map(|evidence| evidence.entity);
        for entity in mentions.filter(|entity| entity.kind.as_str() == kind && graph.mentioned(&entity.kind, &entity.keys) == Some(node)) {
            for (name, value) in entity.properties {
                properties.entry(name).or_insert(value);
            }
        }
    }
    Ok(properties)
}

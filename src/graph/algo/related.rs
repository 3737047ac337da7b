//! What an incident holds, and which alerts and incidents share an entity.

use crate::model::{Seq, Window};

use hashbrown::HashSet;

use super::super::edges::{EdgeFilter, Edges};
use super::super::ids::{By, NodeId, NodeKind, Source};
use super::super::nodes::EMPTY;
use super::super::read::Snapshot;
use super::super::store::BY_REDIRECT;
use super::super::walk::{Cut, Extent, Scope};

/// Alerts or incidents that share an entity with something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Each with the entity by which it was found, newest first.
    pub nodes: Vec<(NodeId, NodeId)>,
    /// How far the search went.
    pub extent: Extent,
}

impl Snapshot {
    /// Returns the alerts of an incident, or the members of a kill-chain alert, newest first.
    pub fn contained(&self, node: NodeId) -> Vec<NodeId> {
        self.members(node, true)
    }

    /// Returns the alerts of an incident, or the members of a kill-chain alert, each once, in no particular order.
    pub fn held(&self, node: NodeId) -> Vec<NodeId> {
        if node.kind() == NodeKind::Entity {
            return Vec::new();
        }
        let store = &self.0;
        let held = store
            .members_of(node, true)
            .filter(|entry| entry.label != BY_REDIRECT && store.holds(entry.by))
            .map(|entry| NodeId::from_raw(entry.other));
        let mut found: Vec<NodeId> = held.collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Returns the alerts of an incident that it did not hold when a document was the last one, each once, in no particular order.
    pub fn held_since(&self, incident: NodeId, since: Seq) -> Vec<NodeId> {
        let mut found = self.held(incident);
        found.retain(|alert| !self.holders(*alert, Some(since)).any(|holder| holder == incident));
        found
    }

    /// Returns the alerts that some version of an incident, or of themselves, ever put into it, in no particular order and with repeats.
    pub fn ever_held(&self, incident: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let entries = (incident.kind() == NodeKind::Incident).then(|| self.0.members_of(incident, true)).into_iter().flatten();
        entries.filter(|entry| entry.label != BY_REDIRECT).map(|entry| NodeId::from_raw(entry.other))
    }

    /// Returns the incidents and kill-chain alerts that contain a node, newest first.
    pub fn containers(&self, node: NodeId) -> Vec<NodeId> {
        self.members(node, false)
    }

    /// Returns what contains a node, in no particular order and with repeats: the alert and the incident may both say it.
    ///
    /// With `until`, what the versions say that were the newest when that document was the last one.
    pub fn holders(&self, node: NodeId, until: Option<Seq>) -> impl Iterator<Item = NodeId> + '_ {
        let store = &*self.0;
        let entries = (node.kind() != NodeKind::Entity).then(|| store.members_of(node, false)).into_iter().flatten();
        let said = move |by: u32| match (until, By(by).source()) {
            (Some(until), Source::Doc(doc)) => store.stood(doc, until),
            _ => store.holds(by),
        };
        entries.filter(move |entry| entry.label != BY_REDIRECT && said(entry.by)).map(|entry| NodeId::from_raw(entry.other))
    }

    /// Returns the alerts and incidents that name an entity, in no particular order and with repeats.
    ///
    /// With `until`, those whose versions named it that were the newest when that document was the last one.
    pub fn naming(&self, entity: NodeId, until: Option<Seq>) -> impl Iterator<Item = NodeId> + '_ {
        let store = &*self.0;
        let atoms = (entity.kind() == NodeKind::Entity).then(|| store.entities.group(entity.index() as u32)).into_iter().flatten();
        let docs = atoms.flat_map(|atom| store.mentioned.slices(atom)).flatten().map(|mention| mention.doc);
        let stood = move |doc: &u32| until.map_or_else(|| !store.docs.get(*doc).superseded(), |until| store.stood(*doc, until));
        docs.filter(stood).map(|doc| NodeId::from_raw(store.docs.get(doc).node))
    }

    /// Returns the incidents that were merged into one, directly or one through the other, in no particular order.
    ///
    /// With `until`, those that its newest versions said so of when that document was the last one.
    pub fn merged_into(&self, incident: NodeId, until: Option<Seq>) -> Vec<NodeId> {
        let store = &*self.0;
        let said = |by: u32| match (until, By(by).source()) {
            (Some(until), Source::Doc(doc)) => store.stood(doc, until),
            _ => store.holds(by),
        };
        let mut found = vec![incident];
        let mut seen: HashSet<NodeId> = HashSet::from([incident]);
        let mut at = 0;
        while let Some(into) = found.get(at).copied().filter(|node| node.kind() == NodeKind::Incident) {
            at += 1;
            let entries = store.members_of(into, false).filter(|entry| entry.label == BY_REDIRECT && said(entry.by));
            found.extend(entries.map(|entry| NodeId::from_raw(entry.other)).filter(|other| seen.insert(*other)));
        }
        found.split_off(1)
    }

    fn members(&self, node: NodeId, down: bool) -> Vec<NodeId> {
        if node.kind() == NodeKind::Entity {
            return Vec::new();
        }
        let store = &self.0;
        let mut found: Vec<NodeId> = store
            .members_of(node, down)
            .filter(|entry| entry.label != BY_REDIRECT && store.holds(entry.by))
            .map(|entry| NodeId::from_raw(entry.other))
            .collect();
        found.sort_unstable();
        found.dedup();
        found.sort_by_cached_key(|node| (std::cmp::Reverse(store.node_time(*node)), self.rank_key(*node)));
        found
    }

    /// Returns the entities of an alert, or of an incident and all alerts inside it, in canonical order.
    pub fn entities_of(&self, node: NodeId) -> Vec<NodeId> {
        let store = &self.0;
        let mut records = vec![node];
        let mut seen: HashSet<NodeId> = HashSet::from([node]);
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(record) = records.get(at).copied() {
            at += 1;
            for doc in store.docs_of(record).filter(|doc| !store.docs.get(*doc).superseded()) {
                found.extend(store.mentions_of(doc).map(|mention| store.entity_of(mention.atom)));
            }
            if record.kind() == NodeKind::Incident || node.kind() == NodeKind::Incident {
                records.extend(self.contained(record).into_iter().filter(|member| seen.insert(*member)));
            }
        }
        self.in_order(found)
    }

    /// Returns products, tactics and techniques of an incident: its own and those of its alerts, sorted.
    pub fn inherited(&self, incident: NodeId) -> (Vec<&str>, Vec<&str>, Vec<&str>) {
        let store = &*self.0;
        let (mut products, mut tactics, mut techniques) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(row) = self.incident_node(incident) {
            products.extend(row.products());
            tactics.extend(row.tactics());
            techniques.extend(row.techniques());
        }
        for alert in self.contained(incident) {
            if let Some(row) = self.alert_node(alert) {
                products.extend((!row.product().is_empty()).then(|| row.product()));
                tactics.extend(row.tactics());
                techniques.extend(row.techniques());
            }
        }
        debug_assert_eq!(store.name(EMPTY), "");
        for list in [&mut products, &mut tactics, &mut techniques] {
            list.sort_unstable();
            list.dedup();
        }
        (products, tactics, techniques)
    }

    /// Returns the newest alerts that share an entity with a node (or name it), newest first, at most `limit`.
    ///
    /// Entities above `scope.hub_degree` relate nothing, unless the node is one itself.
    pub fn related_alerts(&self, node: NodeId, scope: &Scope, limit: usize) -> Related {
        let mut extent = Extent::default();
        let mut seen: HashSet<NodeId> = self.contained(node).into_iter().chain([node]).collect();
        let mut nodes = Vec::new();
        self.each_alert(node, scope, &mut extent, |alert, entity, extent| {
            if seen.insert(alert) {
                if nodes.len() == limit {
                    extent.cut = Some(Cut::Results(limit));
                    return false;
                }
                nodes.push((alert, entity));
            }
            true
        });
        extent.hubs = self.in_order(extent.hubs);
        Related { nodes, extent }
    }

    /// Returns the incidents whose alerts share an entity with a node (or name it), by their newest such alert, at most `limit`.
    pub fn related_incidents(&self, node: NodeId, scope: &Scope, limit: usize) -> Related {
        let mut extent = Extent::default();
        let mut seen: HashSet<NodeId> = HashSet::from([node]);
        let mut nodes: Vec<(NodeId, NodeId)> = Vec::new();
        self.each_alert(node, scope, &mut extent, |alert, entity, extent| {
            let mut up = self.containers(alert);
            if alert.kind() == NodeKind::Incident {
                up.push(alert);
            }
            for incident in up.into_iter().filter(|node| node.kind() == NodeKind::Incident) {
                if seen.insert(incident) {
                    if nodes.len() == limit {
                        extent.cut = Some(Cut::Results(limit));
                        return false;
                    }
                    nodes.push((incident, entity));
                }
            }
            true
        });
        extent.hubs = self.in_order(extent.hubs);
        Related { nodes, extent }
    }

    /// Calls `each` with the alerts and incidents that name one of the node's entities, newest first, until it says stop.
    fn each_alert(&self, node: NodeId, scope: &Scope, extent: &mut Extent, mut each: impl FnMut(NodeId, NodeId, &mut Extent) -> bool) {
        let node = self.canonical(node);
        let entities = if node.kind() == NodeKind::Entity { vec![node] } else { self.entities_of(node) };
        let filter = EdgeFilter {
            relations: vec![crate::model::Relation::INVOLVES],
            direction: super::super::edges::Direction::In,
            window: scope.window,
            ..EdgeFilter::default()
        };
        let mut streams: Vec<(NodeId, Edges, Option<super::super::edges::Edge>)> = Vec::new();
        for entity in entities {
            if entity != node && self.degree(entity) > scope.hub_degree {
                extent.hubs.push(entity);
                continue;
            }
            let mut edges = self.edges(entity, &filter);
            let first = edges.next();
            streams.push((entity, edges, first));
        }
        debug_assert!(Window::ALL.from.is_none());
        // The newest head of all streams; equal times by the record, then by the canonical order of the entities.
        while let Some(place) = (0..streams.len())
            .filter(|place| streams[*place].2.is_some())
            .max_by_key(|place| (streams[*place].2.map(|e| (e.interval().1, self.print(e.from))), std::cmp::Reverse(*place)))
        {
            let (entity, edges, head) = &mut streams[place];
            let Some(edge) = head.take() else { break };
            *head = edges.next();
            if extent.edges_read == scope.edges_max {
                extent.cut = Some(Cut::Edges(scope.edges_max));
                break;
            }
            extent.edges_read += 1;
            if !each(edge.from, *entity, extent) {
                break;
            }
        }
    }
}

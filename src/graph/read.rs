//! The read side: an immutable state of the graph and the nodes in it.

use std::sync::Arc;

use crate::model::{Keys, Kind, Seq, Severity, Time, Window, canonical_id};

use super::ids::{NodeId, NodeKind, fingerprint, sort_key, time};
use super::keys::Way;
use super::refs::{AlertRef, EntityRef, IncidentRef, NodeRef};
use super::runs::within;
use super::store::{Store, order_of};

/// One state of the graph: cheap to clone, unchanged by later writes, read without locks.
#[derive(Clone, Debug)]
pub struct Snapshot(pub(super) Arc<Store>);

/// A version or piece of an alert, or a version of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// When the version was made.
    pub modified: Option<Time>,
    /// Its document.
    pub seq: Seq,
    /// Whether it is part of the present state.
    pub current: bool,
    /// Whether it is a piece, which adds to every version.
    pub piece: bool,
}

impl Snapshot {
    /// Returns the last document whose records the snapshot shows.
    pub fn applied(&self) -> Seq {
        self.0.applied
    }

    /// Returns the alert of this id, whose case counts unless it is a GUID, known or only referred to.
    pub fn alert(&self, id: &str) -> Option<NodeId> {
        self.0.alert_by_id(&canonical_id(id)).map(NodeId::alert)
    }

    /// Returns the incident of this id, whose case counts unless it is a GUID, known or only referred to.
    pub fn incident(&self, id: &str) -> Option<NodeId> {
        self.0.incident_by_id(&canonical_id(id)).map(NodeId::incident)
    }

    /// Returns the number that the next new incident gets: one more than the greatest, that of deleted ones included.
    pub fn number_next(&self) -> i64 {
        self.0.number_next()
    }

    /// Returns the incident of this number. Only directories of earlier versions may hold several: then one whose id is not that
    /// number, and of those the one whose id sorts first.
    pub fn incident_by_number(&self, number: i64) -> Option<NodeId> {
        self.0.incident_by_number(number).map(NodeId::incident)
    }

    /// Returns the entities of a kind that hold one of the keys: by the strong ones, else by the weak ones.
    pub fn entities(&self, kind: &Kind, keys: &Keys) -> Vec<NodeId> {
        let store = &self.0;
        let Some(kind) = store.names.find(&store.hasher, &store.texts, kind.as_str()) else { return Vec::new() };
        let find = |key: &str| store.entities.find_key(&store.hasher, &store.texts, kind, key);
        let mut found: Vec<NodeId> = Vec::new();
        for key in keys.strong.iter().filter_map(|key| find(key.as_str())) {
            let known = |atom: &u32| store.entities.is_named_by(store.rules, &store.texts, key, *atom);
            found.extend(store.entities.holders(key, Way::Strong).filter(known).map(|atom| store.entity_of(atom)));
        }
        if found.is_empty() {
            for key in keys.weak.iter().filter_map(|key| find(key.as_str())) {
                let holders = [Way::Only, Way::Weak].into_iter().flat_map(|way| store.entities.holders(key, way));
                found.extend(holders.map(|atom| store.entity_of(atom)));
            }
        }
        self.in_order(found)
    }

    /// Returns the entity that a mention is of: the one to which a record that names it so is linked, else the first of [`Self::entities`].
    pub fn mentioned(&self, kind: &Kind, keys: &Keys) -> Option<NodeId> {
        let store = &self.0;
        let atom = store.entities.find(&store.hasher, &store.texts, &store.names, kind.as_str(), keys);
        atom.map(|atom| store.entity_of(atom)).or_else(|| self.entities(kind, keys).into_iter().next())
    }

    /// Returns the entities that hold a key, strong or weak.
    pub fn entities_by_key(&self, kind: &str, key: &str) -> Vec<NodeId> {
        let store = &self.0;
        let kind = store.names.find(&store.hasher, &store.texts, kind);
        let Some(key) = kind.and_then(|kind| store.entities.find_key(&store.hasher, &store.texts, kind, key)) else { return Vec::new() };
        let atoms = Way::ALL.into_iter().flat_map(|way| store.entities.holders(key, way));
        self.in_order(atoms.map(|atom| store.entity_of(atom)).collect())
    }

    /// Returns the number of keys of entities; they are numbered from 0 in the order in which they came, for good.
    pub fn keys_len(&self) -> u32 {
        self.0.entities.keys.len() as u32
    }

    /// Returns kind and text of the key of a number below `keys_len`.
    pub fn key_at(&self, number: u32) -> (&str, &str) {
        let (entities, texts) = (&self.0.entities, &self.0.texts);
        (self.0.name(entities.keys.get(number).kind), entities.key_text(texts, number))
    }

    /// Sorts nodes in the order that does not depend on arrival, and drops repeats.
    pub(super) fn in_order(&self, mut nodes: Vec<NodeId>) -> Vec<NodeId> {
        if nodes.len() < 2 {
            return nodes;
        }
        nodes.sort_unstable();
        nodes.dedup();
        nodes.sort_by_cached_key(|node| self.rank_key(*node));
        nodes
    }

    /// A number by which nodes are ordered alike in every run.
    pub(super) fn rank_key(&self, node: NodeId) -> (NodeKind, u64) {
        (node.kind(), self.print(node))
    }

    pub(super) fn print(&self, node: NodeId) -> u64 {
        let n = node.index() as u32;
        match node.kind() {
            NodeKind::Entity => {
                let lead = self.0.entities.ring(*self.0.entities.rep.get(n)).lead;
                self.0.entities.atoms.get(lead).print
            }
            NodeKind::Alert => fingerprint([self.0.texts.get(self.0.alerts.get(n).id)]),
            NodeKind::Incident => fingerprint([self.0.texts.get(self.0.incidents.get(n).id)]),
        }
    }

    /// Returns the node that stands for the whole entity; alerts and incidents stand for themselves.
    pub fn canonical(&self, node: NodeId) -> NodeId {
        if node.kind() == NodeKind::Entity { self.0.entity_of(node.index() as u32) } else { node }
    }

    /// Returns a node with its columns.
    pub fn node(&self, node: NodeId) -> NodeRef<'_> {
        let (store, n) = (&*self.0, node.index() as u32);
        match node.kind() {
            NodeKind::Entity => NodeRef::Entity(EntityRef { store, rep: *store.entities.rep.get(n) }),
            NodeKind::Alert => NodeRef::Alert(AlertRef { store, n, row: store.alerts.get(n) }),
            NodeKind::Incident => NodeRef::Incident(IncidentRef { store, n, row: store.incidents.get(n) }),
        }
    }

    /// Returns an entity with its columns, if the node is one.
    pub fn entity_node(&self, node: NodeId) -> Option<EntityRef<'_>> {
        if let NodeRef::Entity(entity) = self.node(node) { Some(entity) } else { None }
    }

    /// Returns an alert with its columns, if the node is one.
    pub fn alert_node(&self, node: NodeId) -> Option<AlertRef<'_>> {
        if let NodeRef::Alert(alert) = self.node(node) { Some(alert) } else { None }
    }

    /// Returns an incident with its columns, if the node is one.
    pub fn incident_node(&self, node: NodeId) -> Option<IncidentRef<'_>> {
        if let NodeRef::Incident(incident) = self.node(node) { Some(incident) } else { None }
    }

    /// Returns `kind:key` of an entity, `alert:id` or `incident:id`.
    pub fn entity_ref(&self, node: NodeId) -> String {
        match self.node(node) {
            NodeRef::Entity(entity) => format!("{}:{}", entity.kind(), entity.key()),
            NodeRef::Alert(alert) => format!("alert:{}", alert.id()),
            NodeRef::Incident(incident) => format!("incident:{}", incident.id()),
        }
    }

    /// Returns the text that people read first.
    pub fn label(&self, node: NodeId) -> &str {
        match self.node(node) {
            NodeRef::Entity(entity) => entity.label(),
            NodeRef::Alert(alert) => alert.title(),
            NodeRef::Incident(incident) => incident.title(),
        }
    }

    /// Returns all entities, once each, in no particular order.
    pub fn all_entities(&self) -> impl Iterator<Item = NodeId> + '_ {
        let rep = &self.0.entities.rep;
        rep.iter().enumerate().filter(|(n, rep)| *n as u32 == **rep).map(|(n, _)| NodeId::entity(n as u32))
    }

    /// Returns all known alerts in no particular order.
    pub fn all_alerts(&self) -> impl Iterator<Item = AlertRef<'_>> {
        let store = &*self.0;
        store.alerts.iter().enumerate().filter(|(_, row)| row.known()).map(|(n, row)| AlertRef { store, n: n as u32, row })
    }

    /// Returns all known incidents in no particular order.
    pub fn all_incidents(&self) -> impl Iterator<Item = IncidentRef<'_>> {
        let store = &*self.0;
        store.incidents.iter().enumerate().filter(|(_, row)| row.known()).map(|(n, row)| IncidentRef { store, n: n as u32, row })
    }

    /// Returns the known alerts inside a window, newest first, those without time last (only in a window without bounds).
    ///
    /// `after` continues behind an alert of an earlier answer, named by its time and id.
    pub fn alerts_newest<'a>(&'a self, window: Window, after: Option<(Option<Time>, &'a str)>) -> impl Iterator<Item = AlertRef<'a>> {
        let store = &*self.0;
        Timeline::new(store, 0, window, after).map(move |n| AlertRef { store, n, row: store.alerts.get(n) })
    }

    /// Returns the known incidents inside a window, newest first, as [`Self::alerts_newest`].
    pub fn incidents_newest<'a>(&'a self, window: Window, after: Option<(Option<Time>, &'a str)>) -> impl Iterator<Item = IncidentRef<'a>> {
        let store = &*self.0;
        let known = move |n: &u32| store.incidents.get(*n).known();
        Timeline::new(store, 1, window, after).filter(known).map(move |n| IncidentRef { store, n, row: store.incidents.get(n) })
    }

    /// Returns the known incidents by severity, the greatest first, and inside one by their last activity, newest first.
    ///
    /// `after` continues behind an incident of an earlier answer, named by severity, activity in microseconds and id.
    pub fn incidents_by_severity<'a>(&'a self, after: Option<(Severity, i64, &'a str)>) -> impl Iterator<Item = IncidentRef<'a>> {
        let store = &*self.0;
        let severities = Severity::ALL.into_iter().rev().filter(move |severity| after.is_none_or(|(last, ..)| *severity <= last));
        severities.flat_map(move |severity| {
            let after = after.filter(|(last, ..)| *last == severity).map(|(_, activity, id)| (time(activity), id));
            Timeline::new(store, order_of(severity), Window::ALL, after).map(move |n| IncidentRef { store, n, row: store.incidents.get(n) })
        })
    }

    /// Returns the known incidents of some severities by their last activity, newest first.
    ///
    /// `after` continues behind an incident of an earlier answer, named by its activity in microseconds and its id.
    pub fn incidents_by_activity<'a>(
        &'a self,
        severities: impl IntoIterator<Item = Severity>,
        after: Option<(i64, &'a str)>,
    ) -> impl Iterator<Item = IncidentRef<'a>> {
        let store = &*self.0;
        let after = after.map(|(activity, id)| (time(activity), id));
        let mut lists: Vec<_> =
            severities.into_iter().map(|severity| Timeline::new(store, order_of(severity), Window::ALL, after).peekable()).collect();
        let place = |n: u32| (store.incidents.get(n).activity(), std::cmp::Reverse(store.texts.get(store.incidents.get(n).id)));
        std::iter::from_fn(move || {
            let heads = lists.iter_mut().enumerate().filter_map(|(at, list)| Some((place(*list.peek()?), at)));
            let (_, at) = heads.max()?;
            lists[at].next()
        })
        .map(move |n| IncidentRef { store, n, row: store.incidents.get(n) })
    }

    /// Returns the number of known alerts by status and severity, each in its declared order.
    pub fn alert_counts(&self) -> [[u32; 6]; 5] {
        self.0.alert_counts
    }

    /// Returns the number of known incidents by status and severity, each in its declared order.
    pub fn incident_counts(&self) -> [[u32; 6]; 3] {
        self.0.incident_counts
    }

    /// Counts the known alerts that pass `filter` by status and severity.
    pub fn count_alerts(&self, mut filter: impl FnMut(&AlertRef) -> bool) -> [[u32; 6]; 5] {
        let mut counts = [[0; 6]; 5];
        for alert in self.all_alerts().filter(|alert| filter(alert)) {
            counts[alert.status() as usize][alert.severity() as usize] += 1;
        }
        counts
    }

    /// Counts the known incidents that pass `filter` by status and severity.
    pub fn count_incidents(&self, mut filter: impl FnMut(&IncidentRef) -> bool) -> [[u32; 6]; 3] {
        let mut counts = [[0; 6]; 3];
        for incident in self.all_incidents().filter(|incident| filter(incident)) {
            counts[incident.row.status as usize][incident.row.severity as usize] += 1;
        }
        counts
    }

    /// Returns the first document that spoke of an alert or incident, in whatever version.
    pub fn first_seq(&self, node: NodeId) -> Option<Seq> {
        self.0.docs_of(node).map(|doc| Seq(self.0.docs.get(doc).seq())).min()
    }

    /// Returns the versions and pieces of an alert or incident, newest first.
    pub fn versions(&self, node: NodeId) -> Vec<Version> {
        let mut versions: Vec<Version> = self
            .0
            .docs_of(node)
            .map(|doc| {
                let row = self.0.docs.get(doc);
                Version { modified: time(row.modified), seq: Seq(row.seq()), current: !row.superseded(), piece: row.piece() }
            })
            .collect();
        versions.sort_unstable_by_key(|v| std::cmp::Reverse((v.modified, v.seq)));
        versions
    }
}

/// Alerts or incidents by time, newest first.
struct Timeline<'a> {
    store: &'a Store,
    row: u32,
    window: Window,
    after: Option<(i64, &'a str)>,
    /// What is left of each run, and its newest key.
    runs: Vec<&'a [super::runs::Mention]>,
    /// Numbers of one key, newest last.
    ready: Vec<u32>,
}

impl<'a> Timeline<'a> {
    fn new(store: &'a Store, row: u32, window: Window, after: Option<(Option<Time>, &'a str)>) -> Self {
        let after = after.map(|(time, id)| (super::ids::micros(time), id));
        let to = window.to.map_or(u32::MAX, |t| sort_key(t.micros())).min(after.map_or(u32::MAX, |(t, _)| sort_key(t)));
        let from = match (window.from, window.to) {
            (Some(from), _) => sort_key(from.micros()),
            (None, Some(_)) => 1,
            (None, None) => 0,
        };
        let runs = store.order.slices(row).map(|slice| within(slice, from, to)).collect();
        Self { store, row, window, after, runs, ready: Vec::new() }
    }

    fn time(&self, n: u32) -> i64 {
        match self.row {
            0 => self.store.alerts.get(n).time(),
            1 => self.store.incidents.get(n).time(),
            _ => self.store.incidents.get(n).activity(),
        }
    }

    fn id(&self, n: u32) -> &'a str {
        self.store.texts.get(if self.row == 0 { self.store.alerts.get(n).id } else { self.store.incidents.get(n).id })
    }

    /// Whether the incident still is one of the row's severity; other rows never lose what they hold.
    fn stands(&self, n: u32) -> bool {
        self.row < 2 || matches!(self.store.incidents.get(n), row if row.known() && order_of(row.severity) == self.row)
    }

    fn fill(&mut self) -> Option<()> {
        let key = self.runs.iter().filter_map(|run| run.last()).map(|entry| entry.key).max()?;
        let mut found = std::mem::take(&mut self.ready);
        for run in &mut self.runs {
            while let [rest @ .., last] = run
                && last.key == key
            {
                found.push(last.doc);
                *run = rest;
            }
        }
        if found.len() > 1 {
            found.sort_unstable();
            found.dedup();
        }
        found.retain(|n| {
            let time = self.time(*n);
            sort_key(time) == key
                && self.stands(*n)
                && super::ids::time(time).is_none_or(|t| self.window.contains(t))
                && self.after.is_none_or(|(t, id)| (time, std::cmp::Reverse(self.id(*n))) < (t, std::cmp::Reverse(id)))
        });
        if found.len() > 1 {
            found.sort_by_cached_key(|n| (self.time(*n), std::cmp::Reverse(self.id(*n))));
        }
        self.ready = found;
        Some(())
    }
}

impl Iterator for Timeline<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            if let Some(n) = self.ready.pop() {
                return Some(n);
            }
            self.fill()?;
        }
    }
}

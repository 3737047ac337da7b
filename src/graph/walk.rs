//! The fast, unordered way over edges, under limits: what the algorithms stand on.

use std::cell::RefCell;
use std::ops::ControlFlow;

use crate::model::Window;

use super::edges::{Edge, key_range, overlaps};
use super::ids::{By, HOUR, NO_TIME, NONE, NodeId, NodeKind, time};
use super::read::Snapshot;
use super::runs::within;
use super::store::{BY_ENTITIES_OF_ALERT, BY_ENTITIES_OF_INCIDENT, BY_REDIRECT, Store};

/// Which part of the graph an algorithm sees, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Only edges inside the window count. Containment has no time of its own and always counts.
    pub window: Window,
    /// Whether alerts are nodes on the way; without them only entities that are linked directly meet.
    pub alerts: bool,
    /// Whether incidents are nodes on the way.
    pub incidents: bool,
    /// Entities with more edges are reached but not passed, unless one starts there.
    pub hub_degree: usize,
    /// Most nodes that are reached.
    pub nodes_max: usize,
    /// Most edges that are read.
    pub edges_max: usize,
    /// Most edges between a start and what is reached.
    pub hops_max: u32,
}

impl Default for Scope {
    fn default() -> Self {
        Self { window: Window::ALL, alerts: true, incidents: true, hub_degree: 1000, nodes_max: 100_000, edges_max: 5_000_000, hops_max: 6 }
    }
}

/// The limit that cut an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// `nodes_max` of the scope.
    Nodes(usize),
    /// `edges_max` of the scope.
    Edges(usize),
    /// `hops_max` of the scope: something further away may have been left out.
    Hops(u32),
    /// The number of results that was asked for.
    Results(usize),
    /// The newest edges that each node gives.
    PerNode(usize),
}

/// How far an algorithm looked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The limit that cut the answer, if one did.
    pub cut: Option<Cut>,
    /// Entities that were reached but not passed, because they have too many edges.
    pub hubs: Vec<NodeId>,
    /// Nodes that have more edges than each node gives.
    pub partial: Vec<NodeId>,
    /// Edges that were read.
    pub edges_read: usize,
}

/// One edge as a walk meets it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) other: NodeId,
    pub(super) by: u32,
    pub(super) label: u32,
    pub(super) out: bool,
}

impl Step {
    fn is_timeless(&self) -> bool {
        self.label < BY_REDIRECT
    }
}

impl Store {
    /// Turns a step from `node` into an edge as a window shows it.
    pub(super) fn edge(&self, node: NodeId, step: &Step, window: &Window) -> Edge {
        let (from, to) = if step.out { (node, step.other) } else { (step.other, node) };
        let (first, last, count) = if step.is_timeless() {
            let at = self.node_time(to);
            (at, at, 1)
        } else {
            // A step that is taken happened inside.
            self.inside(step.by, window).unwrap_or((NO_TIME, NO_TIME, 1))
        };
        Edge { from, to, first: time(first), last: time(last), count, by: step.by, label: step.label, named: NONE }
    }

    /// Returns the earliest instant, not before `from`, at which a step can be taken.
    pub(super) fn taken(&self, step: &Step, from: i64) -> Option<i64> {
        if step.is_timeless() { Some(from) } else { self.happened_from(step.by, from) }
    }
}

/// Walks a snapshot inside a scope and counts what it costs.
pub(super) struct Walk<'a> {
    pub(super) store: &'a Store,
    snapshot: &'a Snapshot,
    pub(super) scope: &'a Scope,
    pub(super) extent: Extent,
    mention_keys: (u32, u32),
    link_keys: (u32, u32),
    all: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, scope: &'a Scope) -> Self {
        Self {
            store: &snapshot.0,
            snapshot,
            scope,
            extent: Extent::default(),
            mention_keys: key_range(&scope.window, 0),
            link_keys: key_range(&scope.window, HOUR),
            all: scope.window == Window::ALL,
        }
    }

    pub(super) fn finish(mut self) -> Extent {
        self.extent.hubs = self.snapshot.in_order(std::mem::take(&mut self.extent.hubs));
        self.extent.partial = self.snapshot.in_order(std::mem::take(&mut self.extent.partial));
        self.extent
    }

    /// Whether the walk may go on from a node that is no start; remembers the hubs at which it stops.
    pub(super) fn passes(&mut self, node: NodeId) -> bool {
        let passes = node.kind() != NodeKind::Entity || self.store.degree(node) <= self.scope.hub_degree;
        if !passes {
            self.extent.hubs.push(node);
        }
        passes
    }

    pub(super) fn cut(&mut self, cut: Cut) {
        self.extent.cut.get_or_insert(cut);
    }

    /// Whether a node takes part.
    pub(super) fn sees(&self, node: NodeId) -> bool {
        match node.kind() {
            NodeKind::Entity => true,
            NodeKind::Alert => self.scope.alerts,
            NodeKind::Incident => self.scope.incidents,
        }
    }

    /// Calls `each` with every edge of a node that is in scope, in no particular order; false once the edges run out.
    pub(super) fn steps(&mut self, node: NodeId, mut each: impl FnMut(Step) -> ControlFlow<()>) -> bool {
        let left = self.scope.edges_max.saturating_sub(self.extent.edges_read);
        let mut read = 0;
        let mut counted = |step: Step| {
            if read == left {
                return ControlFlow::Break(true);
            }
            read += 1;
            each(step).map_break(|()| false)
        };
        let flow = match node.kind() {
            NodeKind::Entity => self.entity_steps(node, &mut counted),
            NodeKind::Alert | NodeKind::Incident => self.record_steps(node, &mut counted),
        };
        self.extent.edges_read += read;
        if flow == ControlFlow::Break(true) {
            self.cut(Cut::Edges(self.scope.edges_max));
            return false;
        }
        true
    }

    fn entity_steps<B>(&self, node: NodeId, each: &mut impl FnMut(Step) -> ControlFlow<B>) -> ControlFlow<B> {
        let store = self.store;
        for atom in store.entities.group(node.index() as u32) {
            if self.scope.alerts || self.scope.incidents {
                for slice in store.mentioned.slices(atom) {
                    for entry in within(slice, self.mention_keys.0, self.mention_keys.1) {
                        let doc = store.docs.get(entry.doc);
                        let other = NodeId::from_raw(doc.node);
                        if !doc.superseded() && self.sees(other) && self.touches(doc.time, doc.time) {
                            let label = if other.kind() == NodeKind::Alert { BY_ENTITIES_OF_ALERT } else { BY_ENTITIES_OF_INCIDENT };
                            each(Step { other, by: By::doc(entry.doc).0, label, out: false })?;
                        }
                    }
                }
            }
            for (out, family) in [(true, &store.links_out), (false, &store.links_in)] {
                for slice in family.slices(atom) {
                    for entry in within(slice, self.link_keys.0, self.link_keys.1) {
                        let other = store.entity_of(entry.other);
                        if other != node && store.holds(entry.by) && (self.all || store.happened(entry.by, &self.scope.window)) {
                            each(Step { other, by: entry.by, label: entry.label, out })?;
                        }
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn record_steps<B>(&self, node: NodeId, each: &mut impl FnMut(Step) -> ControlFlow<B>) -> ControlFlow<B> {
        let store = self.store;
        let label = if node.kind() == NodeKind::Alert { BY_ENTITIES_OF_ALERT } else { BY_ENTITIES_OF_INCIDENT };
        for doc in store.docs_of(node) {
            let row = store.docs.get(doc);
            if row.superseded() || !self.touches(row.time, row.time) {
                continue;
            }
            for mention in store.mentions_of(doc) {
                each(Step { other: store.entity_of(mention.atom), by: By::doc(doc).0, label, out: true })?;
            }
        }
        for out in [true, false] {
            for entry in store.members_of(node, out) {
                let other = NodeId::from_raw(entry.other);
                if entry.label != BY_REDIRECT && self.sees(other) && store.holds(entry.by) {
                    each(Step { other, by: entry.by, label: entry.label, out })?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn touches(&self, first: i64, last: i64) -> bool {
        self.all || overlaps(&self.scope.window, first, last)
    }
}

/// Numbers all nodes of a store without gaps between the kinds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dense {
    atoms: u32,
    alerts: u32,
    len: usize,
}

impl Dense {
    pub(super) fn of(store: &Store) -> Self {
        let (atoms, alerts) = (store.entities.atoms.len() as u32, store.alerts.len() as u32);
        Self { atoms, alerts, len: atoms as usize + alerts as usize + store.incidents.len() }
    }

    pub(super) fn place(&self, node: NodeId) -> usize {
        let index = node.index();
        match node.kind() {
            NodeKind::Entity => index,
            NodeKind::Alert => self.atoms as usize + index,
            NodeKind::Incident => self.atoms as usize + self.alerts as usize + index,
        }
    }
}

/// A map from nodes to numbers that is emptied by counting up, reused by its thread.
pub(super) struct Marks {
    dense: Dense,
    slots: Slots,
}

#[derive(Default)]
struct Slots {
    /// Stamp and value; a value counts only under the present stamp.
    cells: Vec<(u32, u32)>,
    stamp: u32,
}

thread_local! {
    static SPARE: RefCell<Vec<Slots>> = const { RefCell::new(Vec::new()) };
}

impl Marks {
    pub(super) fn of(store: &Store) -> Self {
        let dense = Dense::of(store);
        let mut slots = SPARE.with(|spare| spare.borrow_mut().pop()).unwrap_or_default();
        if slots.stamp == u32::MAX {
            slots = Slots::default();
        }
        slots.stamp += 1;
        if slots.cells.len() < dense.len {
            slots.cells.resize(dense.len, (0, 0));
        }
        Self { dense, slots }
    }

    pub(super) fn get(&self, node: NodeId) -> Option<u32> {
        let (stamp, value) = self.slots.cells[self.dense.place(node)];
        (stamp == self.slots.stamp).then_some(value)
    }

    pub(super) fn set(&mut self, node: NodeId, value: u32) {
        self.slots.cells[self.dense.place(node)] = (self.slots.stamp, value);
    }
}

impl Drop for Marks {
    fn drop(&mut self) {
        let slots = std::mem::take(&mut self.slots);
        // A few maps are in use at once at most; what is beyond that is not worth its memory.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < 4 {
                spare.push(slots);
            }
        });
    }
}

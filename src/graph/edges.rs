//! Edges of a node: newest first, inside a window, without walking the rest.

use std::collections::BinaryHeap;

use crate::model::{Kind, Relation, Seq, Time, Window};

use super::ids::{By, HOUR, NO_TIME, NONE, NodeId, NodeKind, Source, hour, micros, sort_key, time};
use super::nodes::{NESTED, NO_ROLE};
use super::position::EdgePosition;
use super::read::Snapshot;
use super::runs::{Entry, Link, Mention, within};
use super::store::{BY_ENTITIES_OF_ALERT, BY_ENTITIES_OF_INCIDENT, BY_KILL_CHAIN, BY_REDIRECT, Store, member_row};
use super::wanted::{Item, Wanted};

/// Which end of an edge a node is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Either end.
    #[default]
    Both,
    /// The node is the source.
    Out,
    /// The node is the target.
    In,
}

/// Which edges of a node are wanted; the default is all of the present state.
#[derive(Clone, Debug, Default)]
pub struct EdgeFilter {
    /// Relations; none means all.
    pub relations: Vec<Relation>,
    /// Kinds of the other node, `alert` and `incident` among them; none means all.
    pub kinds: Vec<Kind>,
    /// Which end the node is.
    pub direction: Direction,
    /// Time: an edge is shown as far as its records lie inside, and not at all if none does. Edges without time are wanted only if it has
    /// no bounds.
    pub window: Window,
    /// Whether edges of superseded versions are wanted too.
    pub superseded: bool,
    /// The last document that counts: what stood when it had been taken in. An hour of events that goes on behind it counts whole.
    pub until: Option<Seq>,
}

/// A directed edge with one assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Source.
    pub from: NodeId,
    /// Target.
    pub to: NodeId,
    /// First instant; absent if the records give no time.
    pub first: Option<Time>,
    /// Last instant.
    pub last: Option<Time>,
    /// Number of records behind it.
    pub count: u32,
    pub(super) by: u32,
    pub(super) label: u32,
    /// The identity by which the document names the entity, if one does: its role is looked up when asked for.
    pub(super) named: u32,
}

/// The records behind an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assertion {
    /// A version or piece of an alert or incident.
    Document {
        /// The alert or incident.
        node: NodeId,
        /// The document.
        seq: Seq,
        /// Whether it is part of the present state.
        current: bool,
    },
    /// Raw events of one hour.
    Events {
        /// The first document in the journal.
        first: Seq,
        /// The last document in the journal.
        last: Seq,
    },
}

/// Whether an interval in microseconds touches a window; one without time touches only the window without bounds.
pub(super) fn overlaps(window: &Window, first: i64, last: i64) -> bool {
    match (time(first), time(last)) {
        (Some(first), Some(last)) => window.overlaps(first, last),
        _ => *window == Window::ALL,
    }
}

/// Returns the keys between which entries of a window may lie; `slack` is how long an entry may last behind its key.
pub(super) fn key_range(window: &Window, slack: i64) -> (u32, u32) {
    let to = window.to.map_or(u32::MAX, |t| sort_key(t.micros()));
    let from = match window.from {
        Some(from) => sort_key(from.micros().saturating_sub(slack).max(NO_TIME + 1)),
        None => u32::from(window.to.is_some()),
    };
    (from, to)
}

/// What is left of one sorted slice, read from its end.
#[derive(Clone, Copy, Debug)]
enum Rest<'a> {
    Mentions(u32, &'a [Mention]),
    Links { row: u32, out: bool, rest: &'a [Link] },
}

impl Rest<'_> {
    /// An instant that lies behind every entry that is left; mentions last no time.
    fn bound(&self) -> Option<i64> {
        match self {
            Self::Mentions(_, rest) => rest.last().map(|entry| behind(entry.key(), 0)),
            Self::Links { rest, .. } => rest.last().map(|entry| bound(entry.key())),
        }
    }
}

/// Edges of one node, newest first.
pub struct Edges<'a> {
    store: &'a Store,
    node: NodeId,
    wanted: Wanted,
    after: Option<EdgePosition>,
    rests: Vec<Rest<'a>>,
    /// Instants behind everything that the slices still hold, with their places.
    heads: BinaryHeap<(i64, u32)>,
    ready: BinaryHeap<Item>,
}

impl Snapshot {
    /// Returns the edges of a node, newest first by their last instant, those without time at the end.
    ///
    /// Reads as far as it is asked to: the newest few of a node with a million edges cost a few steps.
    pub fn edges(&self, node: NodeId, filter: &EdgeFilter) -> Edges<'_> {
        self.edges_after(node, filter, None)
    }

    /// Returns the edges behind a place in the order of [`Self::edges`].
    pub fn edges_after(&self, node: NodeId, filter: &EdgeFilter, after: Option<EdgePosition>) -> Edges<'_> {
        let store = &*self.0;
        let node = self.canonical(node);
        let mut edges = Edges {
            store,
            node,
            wanted: Wanted::new(store, filter),
            after,
            rests: Vec::new(),
            heads: BinaryHeap::new(),
            ready: BinaryHeap::new(),
        };
        match node.kind() {
            NodeKind::Entity => edges.open_entity(node.index() as u32),
            NodeKind::Alert | NodeKind::Incident => edges.read_record(),
        }
        edges
    }

    /// Returns the number of edges that are stored at a node, superseded versions included, without reading them.
    pub fn degree(&self, node: NodeId) -> usize {
        self.0.degree(self.canonical(node))
    }

    /// Returns the number of edges of an entity inside a window, superseded versions included, by binary search.
    pub fn count_in(&self, node: NodeId, window: &Window) -> usize {
        if *window == Window::ALL || node.kind() != NodeKind::Entity {
            let filter = EdgeFilter { window: *window, superseded: true, ..EdgeFilter::default() };
            return if *window == Window::ALL { self.degree(node) } else { self.edges(node, &filter).count() };
        }
        let store = &*self.0;
        let mut count = 0;
        for atom in store.entities.group(node.index() as u32) {
            count += store
                .mentioned
                .slices(atom)
                .map(|slice| count_slice(slice, window, 0, |m| store.happened(By::doc(m.doc).0, window)))
                .sum::<usize>();
            for family in [&store.links_out, &store.links_in] {
                count += family.slices(atom).map(|slice| count_slice(slice, window, HOUR, |l| store.happened(l.by, window))).sum::<usize>();
            }
        }
        count
    }

    /// Returns every edge between two nodes, newest first: why they are linked.
    pub fn assertions(&self, a: NodeId, b: NodeId, filter: &EdgeFilter) -> impl Iterator<Item = Edge> + '_ {
        let (a, b) = (self.canonical(a), self.canonical(b));
        // Reading the edges of the lesser node spares walking a hub.
        let (near, far) = if self.degree(a) <= self.degree(b) { (a, b) } else { (b, a) };
        let direction = match filter.direction {
            Direction::Out if near == b => Direction::In,
            Direction::In if near == b => Direction::Out,
            direction => direction,
        };
        let filter = EdgeFilter { direction, kinds: Vec::new(), ..filter.clone() };
        self.edges(near, &filter).filter(move |edge| edge.other(near) == far)
    }

    /// Returns whether some document asserted edges of this relation, or the graph itself can.
    pub fn has_relation(&self, name: &str) -> bool {
        self.0.labels.iter().any(|label| self.0.name(label.relation) == name)
    }

    /// Returns the relation of an edge.
    pub fn relation(&self, edge: &Edge) -> &str {
        self.0.name(self.0.labels.get(edge.label).relation)
    }

    /// Returns the rule or reference that asserts an edge.
    pub fn rule(&self, edge: &Edge) -> &str {
        self.0.name(self.0.labels.get(edge.label).rule)
    }

    /// Returns the part that the entity plays in the alert, where the source says one.
    pub fn role(&self, edge: &Edge) -> Option<&str> {
        let role = self.0.role(edge) & !NESTED;
        (role != NO_ROLE).then(|| self.0.name(role))
    }

    /// Whether the entity stands only inside another one in the alert's list.
    pub fn is_nested(&self, edge: &Edge) -> bool {
        self.0.role(edge) & NESTED != 0
    }

    /// Returns the records behind an edge.
    pub fn assertion(&self, edge: &Edge) -> Assertion {
        match By(edge.by).source() {
            Source::Doc(doc) => {
                let row = self.0.docs.get(doc);
                Assertion::Document { node: NodeId::from_raw(row.node), seq: Seq(row.seq()), current: !row.superseded() }
            }
            Source::Events(events) => {
                let row = self.0.events.get(events);
                Assertion::Events { first: Seq(row.seq_min), last: Seq(row.seq_max) }
            }
        }
    }
}

fn count_slice<E: Entry>(slice: &[E], window: &Window, slack: i64, happened: impl Fn(&E) -> bool) -> usize {
    let (from, to) = key_range(window, slack);
    let slice = within(slice, from, to);
    // Only entries at the rims can lie outside.
    let low = window.from.map_or(0, |t| sort_key(t.micros()));
    let high = window.to.map_or(u32::MAX, |t| if slack == 0 { sort_key(t.micros()) } else { sort_key(hour(t.micros())) });
    let start = slice.partition_point(|e| e.key() <= low);
    let end = slice.partition_point(|e| e.key() < high).max(start);
    let rim = |part: &[E]| part.iter().filter(|entry| happened(entry)).count();
    rim(&slice[..start]) + (end - start) + rim(&slice[end..])
}

impl Store {
    pub(super) fn degree(&self, node: NodeId) -> usize {
        match node.kind() {
            NodeKind::Entity => self.entities.group(node.index() as u32).map(|atom| *self.degrees.get(atom) as usize).sum(),
            NodeKind::Alert | NodeKind::Incident => {
                let row = member_row(node);
                let mentions: usize = self.docs_of(node).map(|doc| self.mention_range(doc).len()).sum();
                mentions + self.members.degree(row) + self.containers.degree(row)
            }
        }
    }

    /// Returns the role that the document behind an edge gives the entity.
    fn role(&self, edge: &Edge) -> u32 {
        match By(edge.by).source() {
            Source::Doc(doc) if edge.named != NONE => self.role_of(doc, edge.named),
            Source::Doc(_) | Source::Events(_) => NO_ROLE,
        }
    }

    /// Returns the role by which a document names an atom: one of the list itself before a nested one.
    fn role_of(&self, doc: u32, atom: u32) -> u32 {
        let roles = self.mentions_of(doc).filter(|mention| mention.atom == atom).map(|mention| mention.role);
        roles.min_by_key(|role| (role & NESTED, role & !NESTED == NO_ROLE, self.role_text(*role))).unwrap_or(NO_ROLE)
    }

    pub(super) fn role_text(&self, role: u32) -> &str {
        if role & !NESTED == NO_ROLE { "" } else { self.name(role & !NESTED) }
    }
}

impl<'a> Edges<'a> {
    fn open_entity(&mut self, atom: u32) {
        let store = self.store;
        let limit = self.after.map_or(u32::MAX, |after| sort_key(after.time));
        let involves = self.wanted.label(store, BY_ENTITIES_OF_ALERT) && self.wanted.goes(false);
        let involves = involves && (self.wanted.alerts || self.wanted.incidents);
        for atom in store.entities.group(atom) {
            if involves {
                let (from, to) = key_range(&self.wanted.window, 0);
                self.rests.extend(store.mentioned.slices(atom).map(|s| Rest::Mentions(atom, within(s, from, to.min(limit)))));
            }
            let (from, to) = key_range(&self.wanted.window, HOUR);
            for (out, family) in [(true, &store.links_out), (false, &store.links_in)] {
                if self.wanted.goes(out) {
                    let slices = family.slices(atom).map(|s| within(s, from, to.min(limit)));
                    self.rests.extend(slices.map(|rest| Rest::Links { row: atom, out, rest }));
                }
            }
        }
        self.heads = self.rests.iter().enumerate().filter_map(|(n, rest)| Some((rest.bound()?, n as u32))).collect();
    }

    /// Moves the newest entry of the slices to the ready ones, if it is wanted.
    fn pull(&mut self) {
        let Some(mut head) = self.heads.peek_mut() else { return };
        let rest = &mut self.rests[head.1 as usize];
        let item = match rest {
            Rest::Mentions(atom, slice) => {
                let Some((entry, left)) = slice.split_last() else { return };
                let (atom, entry) = (*atom, *entry);
                *slice = left;
                self.wanted.mention(self.store, self.node, atom, entry)
            }
            Rest::Links { row, out, rest } => {
                let Some((entry, left)) = rest.split_last() else { return };
                let (row, out, entry) = (*row, *out, *entry);
                *rest = left;
                self.wanted.link(self.store, self.node, row, out, entry)
            }
        };
        match rest.bound() {
            Some(bound) => {
                head.0 = bound;
                drop(head);
            }
            None => {
                std::collections::binary_heap::PeekMut::pop(head);
            }
        }
        if let Some(item) = item {
            self.offer(item);
        }
    }

    /// Calls `each` with what is left, in no particular order.
    pub(super) fn each(self, mut each: impl FnMut(Edge)) {
        for rest in &self.rests {
            match rest {
                Rest::Mentions(atom, slice) => {
                    slice
                        .iter()
                        .filter_map(|entry| self.wanted.mention(self.store, self.node, *atom, *entry))
                        .for_each(|item| each(item.edge));
                }
                Rest::Links { row, out, rest } => {
                    rest.iter()
                        .filter_map(|entry| self.wanted.link(self.store, self.node, *row, *out, *entry))
                        .for_each(|item| each(item.edge));
                }
            }
        }
        self.ready.into_iter().for_each(|item| each(item.edge));
    }

    fn offer(&mut self, item: Item) {
        if self.after.is_none_or(|after| item.position < after) {
            self.ready.push(item);
        }
    }

    /// Reads all edges of an alert or incident: they are as many as its documents list.
    fn read_record(&mut self) {
        let (store, node) = (self.store, self.node);
        let label = if node.kind() == NodeKind::Alert { BY_ENTITIES_OF_ALERT } else { BY_ENTITIES_OF_INCIDENT };
        if self.wanted.label(store, label) && self.wanted.goes(true) {
            let mut atoms: Vec<u32> = Vec::new();
            for doc in store.docs_of(node) {
                if !self.wanted.holds(store, store.docs.get(doc)) {
                    continue;
                }
                atoms.clear();
                atoms.extend(store.mentions_of(doc).map(|mention| mention.atom));
                atoms.sort_unstable();
                atoms.dedup();
                for atom in &atoms {
                    if let Some(item) = self.wanted.named(store, node, doc, *atom) {
                        self.offer(item);
                    }
                }
            }
        }
        for out in [true, false] {
            if self.wanted.goes(out) {
                for entry in store.members_of(node, out) {
                    if let Some(item) = self.wanted.member(store, node, out, entry) {
                        self.offer(item);
                    }
                }
            }
        }
    }

    /// Returns the next edge together with its place, for a cursor.
    pub fn next_placed(&mut self) -> Option<(EdgePosition, Edge)> {
        loop {
            let bound = self.heads.peek().map(|(bound, _)| *bound);
            if let Some(item) = self.ready.peek()
                && bound.is_none_or(|bound| item.position.time >= bound)
            {
                return self.ready.pop().map(|item| (item.position, item.edge));
            }
            bound?;
            self.pull();
        }
    }
}

/// An instant that lies behind every entry with this key: aggregates last up to an hour, and keys hold whole seconds.
pub(super) fn bound(key: u32) -> i64 {
    behind(key, HOUR)
}

/// An instant that lies behind every entry with this key that lasts up to `slack` behind it.
fn behind(key: u32, slack: i64) -> i64 {
    match key {
        0 => NO_TIME + 1,
        u32::MAX => i64::MAX,
        key => (i64::from(key) + 1) * 1_000_000 + slack,
    }
}

impl Iterator for Edges<'_> {
    type Item = Edge;

    fn next(&mut self) -> Option<Edge> {
        self.next_placed().map(|(_, edge)| edge)
    }
}

impl Edge {
    /// Returns the end that is not `node`.
    pub fn other(&self, node: NodeId) -> NodeId {
        if self.from == node { self.to } else { self.from }
    }

    /// Whether the edge says that one record contains another.
    pub(super) fn is_timeless(&self) -> bool {
        self.label <= BY_KILL_CHAIN || self.label == BY_REDIRECT
    }

    pub(super) fn interval(&self) -> (i64, i64) {
        (micros(self.first), micros(self.last))
    }
}

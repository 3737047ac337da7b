//! Ways that respect time: each edge is taken at an instant not before the one at which its source was reached.
//!
//! An edge of an alert can be taken at the alert's time, an edge of raw events at the instant of each of them. Containment takes
//! no time. Edges without time cannot be taken.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use hashbrown::HashMap;

use crate::model::Time;

use super::super::edges::Edge;
use super::super::ids::{NodeId, NodeKind, micros, time};
use super::super::read::Snapshot;
use super::super::walk::{Cut, Extent, Scope, Step, Walk};

/// A node reached in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The node.
    pub node: NodeId,
    /// The earliest instant at which it can be reached; absent for what needs no edge with a time.
    pub at: Option<Time>,
    /// Edges on the way.
    pub hops: u32,
    /// The edge by which it is reached; absent for the start.
    pub by: Option<Edge>,
}

/// What can be reached from a node forward in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlastRadius {
    /// The start and everything that was reached, in the order of arrival.
    pub arrivals: Vec<Arrival>,
    /// How far the search went.
    pub extent: Extent,
}

/// The earliest way from one node to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedPath {
    /// The nodes on the way with the instants at which each is reached; empty if there is none.
    pub arrivals: Vec<Arrival>,
    /// How far the search went.
    pub extent: Extent,
}

/// Instant, hops, canonical order of the node before, and of the edge.
type Key = (i64, u32, u64, u64);

struct Reached {
    key: Key,
    before: NodeId,
    step: Option<Step>,
}

impl Snapshot {
    /// Returns the way from one node to another with the earliest arrival, edges in non-decreasing time.
    ///
    /// The journey begins with the window, or with the first edge if the window has no beginning.
    pub fn timed_path(&self, from: NodeId, to: NodeId, scope: &Scope) -> TimedPath {
        let mut walk = Walk::new(self, scope);
        let (from, to) = (self.canonical(from), self.canonical(to));
        let (reached, _) = self.spread(&mut walk, from, Some(to));
        let mut arrivals = Vec::new();
        let mut at = reached.contains_key(&to).then_some(to);
        while let Some(node) = at {
            arrivals.push(self.arrival(&walk, &reached, node));
            let before = reached[&node].before;
            at = (before != node).then_some(before);
        }
        arrivals.reverse();
        if !arrivals.is_empty() {
            walk.extent.cut = None;
        }
        TimedPath { arrivals, extent: walk.finish() }
    }

    /// Returns everything that can be reached from a node forward in time, with the earliest instant for each.
    pub fn blast_radius(&self, from: NodeId, scope: &Scope) -> BlastRadius {
        let mut walk = Walk::new(self, scope);
        let (reached, order) = self.spread(&mut walk, self.canonical(from), None);
        let arrivals = order.into_iter().map(|node| self.arrival(&walk, &reached, node)).collect();
        BlastRadius { arrivals, extent: walk.finish() }
    }

    fn arrival(&self, walk: &Walk, reached: &HashMap<NodeId, Reached>, node: NodeId) -> Arrival {
        let Reached { key, before, step } = &reached[&node];
        Arrival { node, at: time(key.0), hops: key.1, by: step.map(|step| walk.store.edge(*before, &step, &walk.scope.window)) }
    }

    /// Searches in the order of arrival; returns what was reached for good, in that order.
    fn spread(&self, walk: &mut Walk, from: NodeId, to: Option<NodeId>) -> (HashMap<NodeId, Reached>, Vec<NodeId>) {
        let scope = walk.scope;
        let begin = micros(scope.window.from);
        let mut best: HashMap<NodeId, Reached> = HashMap::new();
        let mut done: hashbrown::HashSet<NodeId> = hashbrown::HashSet::new();
        let mut order = Vec::new();
        best.insert(from, Reached { key: (begin, 0, 0, 0), before: from, step: None });
        let mut open = BinaryHeap::from([Reverse(((begin, 0, 0, 0), self.rank_key(from), from))]);
        while let Some(Reverse((key, _, node))) = open.pop() {
            if !done.insert(node) {
                continue;
            }
            // What is reached later than the last node that there is room for stays out; what is open meanwhile is bounded by
            // the edges that may be read.
            if order.len() > scope.nodes_max {
                walk.cut(Cut::Nodes(scope.nodes_max));
                break;
            }
            order.push(node);
            if Some(node) == to {
                break;
            }
            if key.1 == scope.hops_max {
                walk.cut(Cut::Hops(scope.hops_max));
                continue;
            }
            if node != from && !walk.passes(node) {
                continue;
            }
            let print = self.print(node);
            let store = walk.store;
            let complete = walk.steps(node, |step| {
                let Some(at) = store.taken(&step, key.0) else { return ControlFlow::Continue(()) };
                // A window that ends inside the aggregate must not be left through a later event.
                if scope.window.to.is_some_and(|end| at > end.micros()) || done.contains(&step.other) {
                    return ControlFlow::Continue(());
                }
                let new = (at, key.1 + 1, print, edge_order(store, &step));
                if best.get(&step.other).is_none_or(|old| new < old.key) {
                    best.insert(step.other, Reached { key: new, before: node, step: Some(step) });
                    open.push(Reverse((new, self.rank_key(step.other), step.other)));
                }
                ControlFlow::Continue(())
            });
            if !complete {
                break;
            }
        }
        let settled: hashbrown::HashSet<NodeId> = order.iter().copied().collect();
        best.retain(|node, _| settled.contains(node));
        (best, order)
    }
}

/// Orders parallel edges by their records and label, not by internal numbers.
fn edge_order(store: &super::super::store::Store, step: &Step) -> u64 {
    use super::super::ids::{By, Source};
    let seq = match By(step.by).source() {
        Source::Doc(doc) => store.docs.get(doc).seq(),
        Source::Events(events) => store.events.get(events).seq_min,
    };
    debug_assert!(step.other.kind() != NodeKind::Entity || step.other.index() < store.entities.atoms.len());
    seq << 1 ^ store.labels.get(step.label).print >> 32 ^ u64::from(step.out)
}

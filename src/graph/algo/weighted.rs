//! The path that avoids popular nodes: each node on the way costs log2(1 + degree), so that hubs do not win.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use hashbrown::HashMap;

use super::super::ids::NodeId;
use super::super::read::Snapshot;
use super::super::walk::{Cut, Extent, Scope, Walk};
use super::path::Path;

/// The rarest way between two nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedPath {
    /// The way, if there is one.
    pub path: Option<Path>,
    /// Its cost: the sum of log2(1 + degree) over all its nodes but the first.
    pub cost: f64,
    /// How far the search went.
    pub extent: Extent,
}

/// Costs are whole multiples of 1/65536, so that sums are equal in any order.
const UNIT: f64 = 65_536.0;

/// Cost, hops, and canonical order of the node before.
type Distance = (u64, u32, u64);

impl Snapshot {
    /// Returns the cheapest path between two nodes by the rarity of the nodes on it.
    ///
    /// Hubs are not shut out but pay for their edges; `hub_degree` does not apply. Of equally cheap paths the one with fewer
    /// edges wins, then the first in canonical order. `hops_max` bounds the edges of the cheapest way to each node.
    pub fn rarest_path(&self, from: NodeId, to: NodeId, scope: &Scope) -> WeightedPath {
        let mut walk = Walk::new(self, scope);
        let (from, to) = (self.canonical(from), self.canonical(to));
        let mut best: HashMap<NodeId, (Distance, NodeId)> = HashMap::new();
        let mut costs: HashMap<NodeId, u64> = HashMap::new();
        let mut done: hashbrown::HashSet<NodeId> = hashbrown::HashSet::new();
        let mut open = BinaryHeap::from([Reverse(((0, 0, 0), self.rank_key(from), from))]);
        best.insert(from, ((0, 0, 0), from));
        while let Some(Reverse((distance, _, node))) = open.pop() {
            if !done.insert(node) {
                continue;
            }
            if node == to {
                break;
            }
            if distance.1 == scope.hops_max {
                walk.cut(Cut::Hops(scope.hops_max));
                continue;
            }
            let print = self.print(node);
            let store = walk.store;
            let mut full = false;
            let complete = walk.steps(node, |step| {
                let other = step.other;
                if done.contains(&other) {
                    return ControlFlow::Continue(());
                }
                if !best.contains_key(&other) && best.len() == scope.nodes_max {
                    full = true;
                    return ControlFlow::Break(());
                }
                let cost = *costs.entry(other).or_insert_with(|| ((1.0 + store.degree(other) as f64).log2() * UNIT).round() as u64);
                let new = (distance.0 + cost, distance.1 + 1, print);
                let old = best.get(&other).map(|(old, _)| *old);
                if old.is_none_or(|old| new < old) {
                    best.insert(other, (new, node));
                    open.push(Reverse((new, self.rank_key(other), other)));
                }
                ControlFlow::Continue(())
            });
            if full {
                walk.cut(Cut::Nodes(scope.nodes_max));
            }
            if full || !complete {
                break;
            }
        }
        if !done.contains(&to) {
            return WeightedPath { path: None, cost: 0.0, extent: walk.finish() };
        }
        walk.extent.cut = None;
        let mut nodes = vec![to];
        while nodes[nodes.len() - 1] != from {
            nodes.push(best[&nodes[nodes.len() - 1]].1);
        }
        nodes.reverse();
        let cost = best[&to].0.0 as f64 / UNIT;
        WeightedPath { path: Some(self.path(nodes, scope)), cost, extent: walk.finish() }
    }
}

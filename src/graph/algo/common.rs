//! What two nodes have in common.

use std::ops::ControlFlow;

use super::super::ids::NodeId;
use super::super::read::Snapshot;
use super::super::walk::{Cut, Extent, Marks, Scope, Walk};

/// A neighbour of both nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The neighbour.
    pub node: NodeId,
    /// Number of its edges: the fewer, the more it says.
    pub degree: usize,
}

/// The neighbours that two nodes share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// The neighbours, rarest first.
    pub nodes: Vec<Shared>,
    /// How far the search went.
    pub extent: Extent,
}

impl Snapshot {
    /// Returns the nodes next to both `a` and `b`, those with the fewest edges first, at most `limit`.
    pub fn common_neighbors(&self, a: NodeId, b: NodeId, scope: &Scope, limit: usize) -> Common {
        let mut walk = Walk::new(self, scope);
        let (a, b) = (self.canonical(a), self.canonical(b));
        let mut marks = Marks::of(walk.store);
        walk.steps(a, |step| {
            marks.set(step.other, 1);
            ControlFlow::Continue(())
        });
        let mut found = Vec::new();
        walk.steps(b, |step| {
            if marks.get(step.other) == Some(1) && step.other != a && step.other != b {
                marks.set(step.other, 2);
                found.push(step.other);
            }
            ControlFlow::Continue(())
        });
        let mut nodes: Vec<Shared> = found.into_iter().map(|node| Shared { node, degree: self.degree(node) }).collect();
        nodes.sort_by_cached_key(|shared| (shared.degree, self.rank_key(shared.node)));
        if nodes.len() > limit {
            nodes.truncate(limit);
            walk.cut(Cut::Results(limit));
        }
        Common { nodes, extent: walk.finish() }
    }
}

//! Everything that is connected with a node inside a window.

use std::ops::ControlFlow;

use super::super::ids::NodeId;
use super::super::read::Snapshot;
use super::super::walk::{Cut, Extent, Marks, Scope, Walk};

/// A connected part of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Its nodes in canonical order: entities, alerts, incidents.
    pub nodes: Vec<NodeId>,
    /// How far the search went.
    pub extent: Extent,
}

impl Snapshot {
    /// Returns everything that is connected with a node; `hops_max` does not apply.
    ///
    /// Hubs belong to the component but connect nothing.
    pub fn component(&self, node: NodeId, scope: &Scope) -> Component {
        let mut walk = Walk::new(self, scope);
        let start = self.canonical(node);
        let mut seen = Marks::of(walk.store);
        seen.set(start, 0);
        let mut nodes = vec![start];
        let mut at = 0;
        while let Some(node) = nodes.get(at).copied() {
            at += 1;
            if node != start && !walk.passes(node) {
                continue;
            }
            let mut full = false;
            let complete = walk.steps(node, |step| {
                if seen.get(step.other).is_none() {
                    if nodes.len() == scope.nodes_max {
                        full = true;
                        return ControlFlow::Break(());
                    }
                    seen.set(step.other, 0);
                    nodes.push(step.other);
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
        Component { nodes: self.in_order(nodes), extent: walk.finish() }
    }
}

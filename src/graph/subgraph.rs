//! Extracted parts of the graph as plain petgraph graphs, so that petgraph's algorithms run on them.

use std::ops::ControlFlow;

use hashbrown::HashMap;
use petgraph::graph::{DiGraph, NodeIndex};

use super::edges::Edge;
use super::ids::NodeId;
use super::read::Snapshot;
use super::walk::{Scope, Walk};

/// Some nodes and the edges among them.
#[derive(Clone, Debug, Default)]
pub struct Subgraph {
    /// The nodes, each once.
    pub nodes: Vec<NodeId>,
    /// The edges; both ends are among the nodes.
    pub edges: Vec<Edge>,
}

impl Subgraph {
    /// Returns the same as a petgraph graph, with the place of each node in it.
    pub fn to_petgraph(&self) -> (DiGraph<NodeId, Edge>, HashMap<NodeId, NodeIndex>) {
        let mut graph = DiGraph::with_capacity(self.nodes.len(), self.edges.len());
        let places: HashMap<NodeId, NodeIndex> = self.nodes.iter().map(|node| (*node, graph.add_node(*node))).collect();
        for edge in &self.edges {
            if let (Some(from), Some(to)) = (places.get(&edge.from), places.get(&edge.to)) {
                graph.add_edge(*from, *to, *edge);
            }
        }
        (graph, places)
    }
}

impl Snapshot {
    /// Returns the edges of the present state among some nodes, inside the scope's window and budget of edges.
    ///
    /// The edges of one pair stand in no particular order.
    pub fn subgraph(&self, nodes: &[NodeId], scope: &Scope) -> (Subgraph, super::walk::Extent) {
        let mut walk = Walk::new(self, scope);
        let nodes = self.in_order(nodes.iter().map(|node| self.canonical(*node)).collect());
        let inside: hashbrown::HashSet<NodeId> = nodes.iter().copied().collect();
        let mut edges = Vec::new();
        let mut known = hashbrown::HashSet::new();
        for node in &nodes {
            let store = walk.store;
            let complete = walk.steps(*node, |step| {
                if inside.contains(&step.other) {
                    let edge = store.edge(*node, &step, &scope.window);
                    if known.insert((edge.by, edge.label, edge.from, edge.to)) {
                        edges.push(edge);
                    }
                }
                ControlFlow::Continue(())
            });
            if !complete {
                break;
            }
        }
        (Subgraph { nodes, edges }, walk.finish())
    }
}

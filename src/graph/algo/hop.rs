//! What lies around nodes: the newest neighbours of one, and all within some hops with a cap for each node.

use super::super::edges::{Edge, EdgeFilter};
use super::super::ids::NodeId;
use super::super::read::Snapshot;
use super::super::walk::{Cut, Extent, Marks, Scope, Walk};

/// A neighbour of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbor {
    /// The neighbour.
    pub node: NodeId,
    /// The newest edge to it.
    pub newest: Edge,
    /// Edges to it that were read before the limit was reached.
    pub edges: usize,
}

/// The newest neighbours of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighborhood {
    /// Neighbours by their newest edge, newest first.
    pub neighbors: Vec<Neighbor>,
    /// The limit that cut the answer, if one did.
    pub extent: Extent,
}

/// A node within some hops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HopNode {
    /// The node.
    pub node: NodeId,
    /// Its distance from the nearest start.
    pub hops: u32,
}

/// How many edges each node of a walk gives, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Edges of a node that the walk starts from.
    pub starts: usize,
    /// Edges of every other node.
    pub others: usize,
}

impl From<usize> for Newest {
    fn from(each: usize) -> Self {
        Self { starts: each, others: each }
    }
}

/// What lies around some nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vicinity {
    /// The starts and what was reached, nearest first.
    pub nodes: Vec<HopNode>,
    /// The edges by which it was reached, each one once.
    pub edges: Vec<Edge>,
    /// How far the search went.
    pub extent: Extent,
}

impl Snapshot {
    /// Returns the `limit` neighbours of a node with the newest edges.
    ///
    /// Reads only the newest edges that it takes to find them.
    pub fn neighbors(&self, node: NodeId, filter: &EdgeFilter, limit: usize) -> Neighborhood {
        let node = self.canonical(node);
        let mut places = Marks::of(&self.0);
        let mut neighbors: Vec<Neighbor> = Vec::new();
        let mut extent = Extent::default();
        for edge in self.edges(node, filter) {
            extent.edges_read += 1;
            let other = edge.other(node);
            if let Some(place) = places.get(other) {
                neighbors[place as usize].edges += 1;
                continue;
            }
            if neighbors.len() == limit {
                extent.cut = Some(Cut::Results(limit));
                break;
            }
            places.set(other, neighbors.len() as u32);
            neighbors.push(Neighbor { node: other, newest: edge, edges: 1 });
        }
        Neighborhood { neighbors, extent }
    }

    /// Returns all nodes within `scope.hops_max` edges of the starts, following the `newest` edges of each node.
    ///
    /// The scope's window takes the place of the filter's; hubs are passed too, because the cap keeps them cheap. What has more edges
    /// than it gives is named in the extent.
    pub fn hop(&self, starts: &[NodeId], filter: &EdgeFilter, newest: impl Into<Newest>, scope: &Scope) -> Vicinity {
        let newest = newest.into();
        let mut walk = Walk::new(self, scope);
        let filter = EdgeFilter { window: scope.window, ..filter.clone() };
        let mut seen = Marks::of(walk.store);
        let mut nodes: Vec<HopNode> = Vec::new();
        for node in self.in_order(starts.iter().map(|node| self.canonical(*node)).collect()) {
            seen.set(node, 0);
            nodes.push(HopNode { node, hops: 0 });
        }
        let mut edges: Vec<Edge> = Vec::new();
        let mut known: hashbrown::HashSet<(u32, u32, NodeId, NodeId)> = hashbrown::HashSet::with_capacity(256);
        let mut at = 0;
        'search: while let Some(HopNode { node, hops }) = nodes.get(at).copied() {
            at += 1;
            if hops == scope.hops_max {
                break;
            }
            let most = if hops == 0 { newest.starts } else { newest.others };
            for (place, edge) in self.edges(node, &filter).enumerate() {
                if place == most {
                    walk.extent.partial.push(node);
                    break;
                }
                if walk.extent.edges_read == scope.edges_max {
                    walk.cut(Cut::Edges(scope.edges_max));
                    break 'search;
                }
                walk.extent.edges_read += 1;
                let other = edge.other(node);
                if !walk.sees(other) {
                    continue;
                }
                if seen.get(other).is_none() {
                    if nodes.len() == scope.nodes_max {
                        walk.cut(Cut::Nodes(scope.nodes_max));
                        break 'search;
                    }
                    seen.set(other, hops + 1);
                    nodes.push(HopNode { node: other, hops: hops + 1 });
                }
                if known.insert((edge.by, edge.label, edge.from, edge.to)) {
                    edges.push(edge);
                }
            }
        }
        if !walk.extent.partial.is_empty() {
            walk.cut(Cut::PerNode(newest.others));
        }
        Vicinity { nodes, edges, extent: walk.finish() }
    }
}

//! Shortest paths by the number of edges: one, all, and the k shortest without loops.

use std::ops::ControlFlow;

use hashbrown::{HashMap, HashSet};

use super::super::edges::{Edge, EdgeFilter};
use super::super::ids::NodeId;
use super::super::read::Snapshot;
use super::super::walk::{Cut, Extent, Marks, Scope, Walk};

/// A way from one node to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The nodes, both ends included.
    pub nodes: Vec<NodeId>,
    /// For each pair of neighbours on the way the newest edge between them.
    pub edges: Vec<Edge>,
}

/// Some ways from one node to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The ways, shortest first.
    pub paths: Vec<Path>,
    /// How far the search went.
    pub extent: Extent,
}

/// What a search must leave out, for the k shortest paths.
#[derive(Debug, Default)]
struct Banned {
    nodes: HashSet<NodeId>,
    steps: HashSet<(NodeId, NodeId)>,
}

/// All shortest ways from one node to another: for each node the next ones, in canonical order.
struct Ways {
    next: HashMap<NodeId, Vec<NodeId>>,
    length: u32,
}

/// One side of a search from both ends.
struct Side {
    seen: Marks,
    frontier: Vec<NodeId>,
    hops: u32,
    /// (node, the node before it) of every edge that reached a node in its first round.
    before: Vec<(NodeId, NodeId)>,
}

impl Side {
    fn new(walk: &Walk, start: NodeId) -> Self {
        let mut seen = Marks::of(walk.store);
        seen.set(start, 0);
        Self { seen, frontier: vec![start], hops: 0, before: Vec::new() }
    }

    /// Goes one edge further; false if a limit stopped it.
    fn advance(&mut self, walk: &mut Walk, start: NodeId, end: NodeId, banned: &Banned, forward: bool, nodes: &mut usize) -> bool {
        let hops = self.hops + 1;
        let mut next = Vec::new();
        for node in std::mem::take(&mut self.frontier) {
            if node != start && node != end && !walk.passes(node) {
                continue;
            }
            let (seen, before, max) = (&mut self.seen, &mut self.before, walk.scope.nodes_max);
            let mut full = false;
            let complete = walk.steps(node, |step| {
                let other = step.other;
                let pair = if forward { (node, other) } else { (other, node) };
                if banned.nodes.contains(&other) || banned.steps.contains(&pair) {
                    return ControlFlow::Continue(());
                }
                match seen.get(other) {
                    None if *nodes == max => {
                        full = true;
                        return ControlFlow::Break(());
                    }
                    None => {
                        *nodes += 1;
                        seen.set(other, hops);
                        next.push(other);
                        before.push((other, node));
                    }
                    Some(known) if known == hops => before.push((other, node)),
                    Some(_) => {}
                }
                ControlFlow::Continue(())
            });
            if full {
                walk.cut(Cut::Nodes(max));
            }
            if full || !complete {
                return false;
            }
        }
        (self.frontier, self.hops) = (next, hops);
        true
    }
}

impl Snapshot {
    /// Returns the shortest path between two nodes; of several the first in canonical order.
    pub fn shortest_path(&self, from: NodeId, to: NodeId, scope: &Scope) -> Paths {
        let mut found = self.all_shortest_paths(from, to, scope, 1);
        if found.extent.cut == Some(Cut::Results(1)) {
            found.extent.cut = None;
        }
        found
    }

    /// Returns all shortest paths between two nodes, in canonical order, at most `limit`.
    pub fn all_shortest_paths(&self, from: NodeId, to: NodeId, scope: &Scope, limit: usize) -> Paths {
        let mut walk = Walk::new(self, scope);
        let (from, to) = (self.canonical(from), self.canonical(to));
        let ways = self.ways(&mut walk, from, to, &Banned::default(), scope.hops_max);
        let mut lists: Vec<Vec<NodeId>> = Vec::new();
        if let Some(ways) = ways {
            let mut open = vec![vec![from]];
            while let Some(path) = open.pop() {
                let last = path[path.len() - 1];
                if path.len() as u32 == ways.length + 1 {
                    if lists.len() == limit {
                        walk.cut(Cut::Results(limit));
                        break;
                    }
                    lists.push(path);
                    continue;
                }
                for next in ways.next.get(&last).into_iter().flatten().rev() {
                    let mut longer = path.clone();
                    longer.push(*next);
                    open.push(longer);
                }
            }
        }
        Paths { paths: lists.into_iter().map(|nodes| self.path(nodes, scope)).collect(), extent: walk.finish() }
    }

    /// Returns the `k` shortest paths without loops between two nodes, by length, then in canonical order.
    pub fn k_shortest_paths(&self, from: NodeId, to: NodeId, scope: &Scope, k: usize) -> Paths {
        let mut walk = Walk::new(self, scope);
        let (from, to) = (self.canonical(from), self.canonical(to));
        let mut found: Vec<Vec<NodeId>> = Vec::new();
        let mut candidates: Vec<Vec<NodeId>> = Vec::new();
        candidates.extend(self.first_way(&mut walk, from, to, &Banned::default(), scope.hops_max));
        while found.len() < k && !candidates.is_empty() {
            candidates.sort_by_cached_key(|path| (path.len(), path.iter().map(|node| self.rank_key(*node)).collect::<Vec<_>>()));
            candidates.dedup();
            let path = candidates.remove(0);
            for turn in 0..path.len() - 1 {
                let root = &path[..=turn];
                let mut banned = Banned { nodes: root[..turn].iter().copied().collect(), steps: HashSet::new() };
                for known in found.iter().chain([&path]).filter(|known| known.len() > turn + 1 && known[..=turn] == *root) {
                    banned.steps.insert((known[turn], known[turn + 1]));
                }
                // A turn at a hub would pass through it.
                if turn > 0 && !walk.passes(path[turn]) {
                    continue;
                }
                let left = scope.hops_max.saturating_sub(turn as u32);
                if let Some(rest) = self.first_way(&mut walk, path[turn], to, &banned, left) {
                    candidates.push(root[..turn].iter().copied().chain(rest).collect());
                }
            }
            found.push(path);
        }
        if !candidates.is_empty() {
            walk.cut(Cut::Results(k));
        }
        Paths { paths: found.into_iter().map(|nodes| self.path(nodes, scope)).collect(), extent: walk.finish() }
    }

    fn first_way(&self, walk: &mut Walk, from: NodeId, to: NodeId, banned: &Banned, hops_max: u32) -> Option<Vec<NodeId>> {
        let ways = self.ways(walk, from, to, banned, hops_max)?;
        let mut path = vec![from];
        while path.len() as u32 <= ways.length {
            path.push(*ways.next.get(&path[path.len() - 1])?.first()?);
        }
        Some(path)
    }

    /// Searches from both ends until they meet.
    fn ways(&self, walk: &mut Walk, from: NodeId, to: NodeId, banned: &Banned, hops_max: u32) -> Option<Ways> {
        if from == to {
            return Some(Ways { next: HashMap::new(), length: 0 });
        }
        let (mut left, mut right) = (Side::new(walk, from), Side::new(walk, to));
        let mut nodes = 2;
        let meeting: Vec<NodeId> = loop {
            if left.frontier.is_empty() || right.frontier.is_empty() {
                return None;
            }
            if left.hops + right.hops == hops_max {
                walk.cut(Cut::Hops(walk.scope.hops_max));
                return None;
            }
            let forward = left.frontier.len() <= right.frontier.len();
            let (side, other, start, end) = if forward { (&mut left, &right, from, to) } else { (&mut right, &left, to, from) };
            if !side.advance(walk, start, end, banned, forward, &mut nodes) {
                return None;
            }
            let met: Vec<NodeId> = side.frontier.iter().copied().filter(|node| other.seen.get(*node) == Some(other.hops)).collect();
            // A hub where the two sides meet would be passed.
            let met: Vec<NodeId> = met.into_iter().filter(|node| *node == from || *node == to || walk.passes(*node)).collect();
            if !met.is_empty() {
                break met;
            }
        };
        Some(Ways { length: left.hops + right.hops, next: self.join(&left, &right, &meeting) })
    }

    /// Links both sides through the nodes where they met.
    fn join(&self, left: &Side, right: &Side, meeting: &[NodeId]) -> HashMap<NodeId, Vec<NodeId>> {
        let mut next: HashMap<NodeId, Vec<NodeId>> = HashMap::new();
        for (side, forward) in [(left, true), (right, false)] {
            let mut wanted = Marks::of(&self.0);
            meeting.iter().for_each(|node| wanted.set(*node, 0));
            // What was reached later stands later: one pass from the end meets each node before the nodes before it.
            for (node, earlier) in side.before.iter().rev() {
                if wanted.get(*node).is_none() {
                    continue;
                }
                let (a, b) = if forward { (*earlier, *node) } else { (*node, *earlier) };
                next.entry(a).or_default().push(b);
                wanted.set(*earlier, 0);
            }
        }
        next.into_iter().map(|(node, list)| (node, self.in_order(list))).collect()
    }

    /// Adds the edges to the nodes of a path.
    pub(super) fn path(&self, nodes: Vec<NodeId>, scope: &Scope) -> Path {
        let filter = EdgeFilter { window: scope.window, ..EdgeFilter::default() };
        let all = EdgeFilter::default();
        let edges = nodes.windows(2).filter_map(|pair| {
            let mut edges = self.assertions(pair[0], pair[1], &filter);
            // Containment counts in every window.
            edges.next().or_else(|| self.assertions(pair[0], pair[1], &all).find(Edge::is_timeless))
        });
        Path { edges: edges.collect(), nodes }
    }
}

//! Every algorithm against the plainest one that can be right, on small random graphs with windows, hubs and old versions.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::model::{Time, Window};

use super::super::read::Snapshot;
use super::super::{EdgeFilter, NodeId, Scope};
use super::naive::{Naive, NaiveEdge};
use super::{any_records, at, built, every_node, name};

/// The part of the naive graph that a scope sees.
struct Seen<'a> {
    edges: Vec<&'a NaiveEdge>,
    naive: &'a Naive,
    hub: usize,
}

fn is_containment(edge: &NaiveEdge) -> bool {
    edge.relation == "contains"
}

impl<'a> Seen<'a> {
    fn new(naive: &'a Naive, scope: &Scope) -> Self {
        let sees = |node: &str| (scope.alerts || !node.starts_with("alert:")) && (scope.incidents || !node.starts_with("incident:"));
        let inside = |e: &NaiveEdge| is_containment(e) || e.inside(scope.window).is_some();
        let edges = naive.edges.iter().filter(|e| e.relation != "merged_into" && sees(&e.from) && sees(&e.to) && inside(e)).collect();
        Self { edges, naive, hub: scope.hub_degree }
    }

    fn next(&self, node: &str) -> BTreeSet<&'a str> {
        let ends = self.edges.iter().flat_map(|e| [(e.from.as_str(), e.to.as_str()), (e.to.as_str(), e.from.as_str())]);
        ends.filter(|(from, _)| *from == node).map(|(_, to)| to).collect()
    }

    fn degree(&self, node: &str) -> usize {
        self.naive.degrees.get(node).copied().unwrap_or(0)
    }

    fn passes(&self, node: &str) -> bool {
        node.starts_with("alert:") || node.starts_with("incident:") || self.degree(node) <= self.hub
    }

    /// Every path without loops of at most `hops` edges.
    fn simple_paths(&self, from: &'a str, to: &'a str, hops: usize) -> Vec<Vec<&'a str>> {
        let (mut open, mut found) = (vec![vec![from]], Vec::new());
        while let Some(path) = open.pop() {
            let last = path[path.len() - 1];
            if last == to {
                found.push(path);
            } else if path.len() <= hops && (last == from || self.passes(last)) {
                for next in self.next(last).into_iter().filter(|next| !path.contains(next)) {
                    open.push(path.iter().copied().chain([next]).collect());
                }
            }
        }
        found.sort_by_key(|path| path.len());
        found
    }

    /// Earliest arrivals by going round until nothing changes.
    fn arrivals(&self, from: &'a str, window: Window) -> BTreeMap<&'a str, Option<Time>> {
        let mut best: BTreeMap<&str, Option<Time>> = BTreeMap::from([(from, window.from)]);
        loop {
            let before = best.clone();
            for edge in &self.edges {
                for (a, b) in [(edge.from.as_str(), edge.to.as_str()), (edge.to.as_str(), edge.from.as_str())] {
                    let Some(here) = before.get(a).copied().filter(|_| a == from || self.passes(a)) else { continue };
                    let next = || edge.instants.iter().copied().map(Some).find(|at| here <= *at);
                    let Some(there) = (if is_containment(edge) { Some(here) } else { next() }) else { continue };
                    if window.to.is_some() && there > window.to {
                        continue;
                    }
                    best.entry(b).and_modify(|known| *known = (*known).min(there)).or_insert(there);
                }
            }
            if best == before {
                return best;
            }
        }
    }
}

fn any_scope() -> impl Strategy<Value = Scope> {
    let window = prop_oneof![
        2 => Just(Window::ALL),
        1 => (0i64..180, 0i64..180).prop_map(|(a, b)| Window { from: Some(at(a.min(b))), to: Some(at(a.max(b))) }),
        1 => (0i64..180).prop_map(|a| Window { from: Some(at(a)), to: None }),
    ];
    (window, prop::bool::weighted(0.8), prop::bool::weighted(0.8), prop_oneof![Just(1000usize), 1usize..8]).prop_map(
        |(window, alerts, incidents, hub_degree)| Scope { window, alerts, incidents, hub_degree, hops_max: 7, ..Scope::default() },
    )
}

fn names(snapshot: &Snapshot, nodes: &[NodeId]) -> Vec<String> {
    nodes.iter().map(|node| name(snapshot, *node)).collect()
}

fn sees(scope: &Scope, node: &str) -> bool {
    (scope.alerts || !node.starts_with("alert:")) && (scope.incidents || !node.starts_with("incident:"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn paths(records in any_records(9), scope in any_scope(), pick in any::<(usize, usize)>()) {
        let snapshot = built(&records);
        let naive = Naive::of(&records);
        let nodes: Vec<&String> = naive.nodes.iter().filter(|node| sees(&scope, node)).collect();
        prop_assume!(!nodes.is_empty());
        let (from, to) = (nodes[pick.0 % nodes.len()].as_str(), nodes[pick.1 % nodes.len()].as_str());
        let seen = Seen::new(&naive, &scope);
        let expected = seen.simple_paths(from, to, 7);
        let (a, b) = (super::find(&snapshot, from), super::find(&snapshot, to));

        let found = snapshot.all_shortest_paths(a, b, &scope, 1000).paths;
        let mut found_names: Vec<Vec<String>> = found.iter().map(|p| names(&snapshot, &p.nodes)).collect();
        let mut shortest: Vec<Vec<&str>> = expected.iter().filter(|p| p.len() == expected[0].len()).cloned().collect();
        found_names.sort();
        shortest.sort();
        prop_assert_eq!(found_names, shortest);
        for path in &found {
            prop_assert_eq!(path.edges.len() + 1, path.nodes.len());
        }

        let one = snapshot.shortest_path(a, b, &scope);
        prop_assert_eq!(one.paths.first(), found.first());

        let several = snapshot.k_shortest_paths(a, b, &scope, 5).paths;
        let lengths: Vec<usize> = several.iter().map(|p| p.nodes.len()).collect();
        prop_assert_eq!(lengths, expected.iter().take(5).map(|p| p.len()).collect::<Vec<_>>());
        for path in &several {
            let path = names(&snapshot, &path.nodes);
            prop_assert!(expected.iter().any(|e| *e == path), "{:?}", path);
        }
        prop_assert_eq!(several.iter().map(|p| names(&snapshot, &p.nodes)).collect::<BTreeSet<_>>().len(), several.len());

        let open = Scope { hub_degree: usize::MAX, hops_max: 50, ..scope.clone() };
        let all = Seen::new(&naive, &open);
        let cost = |node: &str| (1.0 + all.degree(node) as f64).log2();
        let mut best: BTreeMap<&str, f64> = BTreeMap::from([(from, 0.0)]);
        for _ in 0..naive.nodes.len() {
            for (node, sum) in best.clone() {
                for next in all.next(node) {
                    let sum = sum + cost(next);
                    best.entry(next).and_modify(|known| *known = known.min(sum)).or_insert(sum);
                }
            }
        }
        let rarest = snapshot.rarest_path(a, b, &open);
        match (best.get(to), rarest.path) {
            (Some(cost), Some(_)) => prop_assert!((rarest.cost - cost).abs() < 0.001, "{} {}", rarest.cost, cost),
            (None, None) => {}
            (expected, found) => prop_assert!(false, "{:?} {:?}", expected, found),
        }
    }

    #[test]
    fn reach_in_time(records in any_records(14), scope in any_scope(), pick in any::<(usize, usize)>()) {
        let snapshot = built(&records);
        let naive = Naive::of(&records);
        let nodes: Vec<&String> = naive.nodes.iter().filter(|node| sees(&scope, node)).collect();
        prop_assume!(!nodes.is_empty());
        let (from, to) = (nodes[pick.0 % nodes.len()].as_str(), nodes[pick.1 % nodes.len()].as_str());
        let scope = Scope { hops_max: 50, ..scope };
        let seen = Seen::new(&naive, &scope);
        let expected = seen.arrivals(from, scope.window);
        let (a, b) = (super::find(&snapshot, from), super::find(&snapshot, to));
        let blast = snapshot.blast_radius(a, &scope);
        prop_assert!(blast.extent.cut.is_none());
        let found: BTreeMap<String, Option<Time>> = blast.arrivals.iter().map(|r| (name(&snapshot, r.node), r.at)).collect();
        let expected: BTreeMap<String, Option<Time>> = expected.into_iter().map(|(node, at)| (node.to_owned(), at)).collect();
        prop_assert_eq!(&found, &expected);
        prop_assert!(blast.arrivals.is_sorted_by_key(|r| r.at));

        let path = snapshot.timed_path(a, b, &scope).arrivals;
        prop_assert_eq!(path.last().map(|r| r.at), expected.get(to).copied());
        for pair in path.windows(2) {
            prop_assert!(pair[0].at <= pair[1].at);
            let edge = pair[1].by.expect("only the start has none");
            prop_assert_eq!(edge.other(pair[0].node), pair[1].node);
        }
    }

    #[test]
    fn components_and_common_neighbors(records in any_records(14), scope in any_scope(), pick in any::<(usize, usize)>()) {
        let snapshot = built(&records);
        let naive = Naive::of(&records);
        let nodes: Vec<&String> = naive.nodes.iter().filter(|node| sees(&scope, node)).collect();
        prop_assume!(!nodes.is_empty());
        let (from, to) = (nodes[pick.0 % nodes.len()].as_str(), nodes[pick.1 % nodes.len()].as_str());
        let seen = Seen::new(&naive, &scope);
        let mut expected = BTreeSet::from([from]);
        let mut open = vec![from];
        while let Some(node) = open.pop() {
            if node == from || seen.passes(node) {
                open.extend(seen.next(node).into_iter().filter(|next| expected.insert(next)));
            }
        }
        let (a, b) = (super::find(&snapshot, from), super::find(&snapshot, to));
        let component = snapshot.component(a, &scope);
        let found: BTreeSet<String> = names(&snapshot, &component.nodes).into_iter().collect();
        prop_assert_eq!(found, expected.iter().map(|n| (*n).to_owned()).collect());
        let hubs: BTreeSet<String> = names(&snapshot, &component.extent.hubs).into_iter().collect();
        prop_assert_eq!(hubs, expected.iter().filter(|n| **n != from && !seen.passes(n)).map(|n| (*n).to_owned()).collect());

        let common = snapshot.common_neighbors(a, b, &scope, 100);
        let found: BTreeSet<String> = common.nodes.iter().map(|s| name(&snapshot, s.node)).collect();
        let expected = &seen.next(from) & &seen.next(to);
        prop_assert_eq!(found, expected.into_iter().filter(|n| *n != from && *n != to).map(str::to_owned).collect());
        prop_assert!(common.nodes.is_sorted_by_key(|s| s.degree));
    }

    #[test]
    fn neighbors_and_hops(records in any_records(14), scope in any_scope(), limit in 1usize..5) {
        let snapshot = built(&records);
        let naive = Naive::of(&records);
        for node in every_node(&snapshot) {
            let this = name(&snapshot, node);
            let mut newest: BTreeMap<&str, Option<Time>> = BTreeMap::new();
            for edge in naive.edges.iter().filter(|e| e.from == this || e.to == this) {
                let other = if edge.from == this { &edge.to } else { &edge.from };
                let known = newest.entry(other).or_insert(edge.last);
                *known = (*known).max(edge.last);
            }
            let mut times: Vec<Option<Time>> = newest.values().copied().collect();
            times.sort_by_key(|t| std::cmp::Reverse(*t));
            let found = snapshot.neighbors(node, &EdgeFilter::default(), limit);
            prop_assert_eq!(found.extent.cut.is_some(), times.len() > limit);
            times.truncate(limit);
            prop_assert_eq!(found.neighbors.iter().map(|n| n.newest.last).collect::<Vec<_>>(), times);
            for neighbor in &found.neighbors {
                prop_assert_eq!(newest.get(name(&snapshot, neighbor.node).as_str()), Some(&neighbor.newest.last));
                let newest = snapshot.assertions(node, neighbor.node, &EdgeFilter::default()).next();
                prop_assert_eq!(newest.map(|edge| edge.last), Some(neighbor.newest.last));
            }
            // Without caps, hops are distances; hubs are passed.
            let wide = Scope { hops_max: 2, window: Window::ALL, alerts: true, incidents: true, ..scope.clone() };
            let hop = snapshot.hop(&[node], &EdgeFilter::default(), usize::MAX, &wide);
            let next = |n: &str| -> BTreeSet<&str> {
                let ends = naive.edges.iter().flat_map(|e| [(&e.from, &e.to), (&e.to, &e.from)]);
                ends.filter(|(a, _)| *a == n).map(|(_, b)| b.as_str()).collect()
            };
            let one = next(&this);
            let two: BTreeSet<&str> = one.iter().flat_map(|n| next(n)).filter(|n| !one.contains(n) && *n != this).collect();
            let at_distance = |hops| hop.nodes.iter().filter(|h| h.hops == hops).map(|h| name(&snapshot, h.node)).collect::<BTreeSet<_>>();
            prop_assert_eq!(at_distance(1), one.iter().map(|n| (*n).to_owned()).collect());
            prop_assert_eq!(at_distance(2), two.iter().map(|n| (*n).to_owned()).collect());
        }
    }

    #[test]
    fn petgraph_agrees(records in any_records(14)) {
        let snapshot = built(&records);
        let nodes = every_node(&snapshot);
        let scope = Scope { hub_degree: usize::MAX, hops_max: 50, ..Scope::default() };
        let (subgraph, extent) = snapshot.subgraph(&nodes, &scope);
        prop_assert!(extent.cut.is_none());
        let (directed, places) = subgraph.to_petgraph();
        let undirected = directed.into_edge_type::<petgraph::Undirected>();
        for from in nodes.iter().take(3) {
            let distances = petgraph::algo::dijkstra(&undirected, places[from], None, |_| 1u32);
            for to in &nodes {
                let path = snapshot.shortest_path(*from, *to, &scope);
                let expected = distances.get(&places[to]).copied();
                prop_assert_eq!(path.paths.first().map(|p| p.nodes.len() as u32 - 1), expected);
            }
        }
    }
}

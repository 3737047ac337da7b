//! On random graphs the matcher finds exactly what the naive one does.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::{
    Budget, Condition, EdgeColumn, EdgePattern, ElementTest, Hops, Labels, Meter, NodePattern, PathOutput, Pattern, PatternGraph, Rows,
    Rule, TransientGraph, Walked, Way, find, shortest, strong_components, weak_components,
};
use super::graph;
use super::naive::{self, Match};

/// Runs a search to its end and gives its matches in the form of the naive matcher.
fn run(search: impl FnOnce(&mut Meter, &mut dyn FnMut(Rows) -> Result<ControlFlow<()>, crate::model::Fault>)) -> Vec<Match> {
    let mut found = Vec::new();
    let mut meter = Meter::new(Budget { time_max: None, ..Budget::default() });
    search(&mut meter, &mut |rows| {
        for row in 0..rows.len() {
            let nodes: Vec<u32> = rows.nodes.iter().map(|column| column[row]).collect();
            let paths = rows.edges.iter().map(|column| match column {
                EdgeColumn::Unbound => panic!("a match knows all edges"),
                EdgeColumn::Edge(edges) => Walked { edges: vec![edges[row]], nodes: Vec::new() },
                EdgeColumn::Path(paths) => (*paths[row]).clone(),
            });
            found.push((nodes.clone(), paths.collect()));
        }
        Ok(ControlFlow::Continue(()))
    });
    assert_eq!(meter.cut(), None);
    found
}

/// The nodes of single edges are those of the pattern; only paths list theirs.
fn compared(pattern: &Pattern, found: Vec<Match>) -> Vec<Match> {
    let mut found: Vec<Match> = found
        .into_iter()
        .map(|(nodes, mut paths)| {
            for (of, path) in pattern.edges.iter().zip(&mut paths) {
                if of.hops.is_none() {
                    path.nodes.clear();
                }
            }
            (nodes, paths)
        })
        .collect();
    found.sort();
    found
}

fn matched(graph: &TransientGraph, pattern: &Pattern, input: Rows) -> Vec<Match> {
    run(|meter, sink| find(graph, pattern, input, meter, sink).expect("tests do not fail"))
}

fn modulo(by: u32, rest: u32) -> Option<Arc<dyn ElementTest>> {
    Some(Arc::new(move |element: u32| Ok(element % by == rest)))
}

fn test() -> impl Strategy<Value = Option<Arc<dyn ElementTest>>> {
    prop_oneof![3 => Just(None), 1 => (0..2u32).prop_map(|rest| modulo(2, rest)), 1 => Just(modulo(3, 1))]
}

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![2 => Just(Way::Out), 1 => Just(Way::In), 1 => Just(Way::Either)]
}

fn hops() -> impl Strategy<Value = Option<Hops>> {
    prop_oneof![2 => Just(None), 2 => (0..3u32, 0..3u32).prop_map(|(min, more)| Some(Hops { min, max: (min + more).min(3) }))]
}

fn labels() -> impl Strategy<Value = Labels> {
    prop_oneof![3 => Just(Labels::Any), 1 => Just(Labels::Named("A".to_owned())), 1 => Just(Labels::Named("none has it".to_owned()))]
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![Just(Rule::Walk), Just(Rule::Trail), Just(Rule::Acyclic)]
}

fn edges(nodes: usize, count: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<EdgePattern>> {
    let edge = (0..nodes, 0..nodes, way(), hops(), labels(), test(), test());
    let edge = edge.prop_map(|(from, to, way, hops, labels, test, inner)| EdgePattern { from, to, way, hops, labels, test, inner });
    prop::collection::vec(edge, count)
}

/// A condition on two nodes: the number of one is at most that of the other.
fn ordered(nodes: usize) -> impl Strategy<Value = Vec<Condition>> {
    prop::collection::vec((0..nodes, 0..nodes), 0..=1).prop_map(|pairs| {
        let condition = |(a, b): (usize, usize)| Condition {
            nodes: vec![a, b],
            edges: Vec::new(),
            test: Arc::new(move |rows: &Rows| Ok((0..rows.len()).map(|row| rows.nodes[a][row] <= rows.nodes[b][row]).collect())),
        };
        pairs.into_iter().map(condition).collect()
    })
}

/// A condition on a path: the sum of the numbers of its edges is even.
fn even(edge: usize) -> Condition {
    let is_even = |edges: &[u32]| edges.iter().sum::<u32>() % 2 == 0;
    let keep = move |rows: &Rows| match &rows.edges[edge] {
        EdgeColumn::Unbound => panic!("a condition is asked when all that it reads is known"),
        EdgeColumn::Edge(edges) => edges.iter().map(|edge| is_even(&[*edge])).collect(),
        EdgeColumn::Path(paths) => paths.iter().map(|path| is_even(&path.edges)).collect(),
    };
    Condition { nodes: Vec::new(), edges: vec![edge], test: Arc::new(move |rows: &Rows| Ok(keep(rows))) }
}

fn pattern() -> impl Strategy<Value = Pattern> {
    (1..=3usize).prop_flat_map(|nodes| {
        let tests = prop::collection::vec(test(), nodes);
        (tests, edges(nodes, 0..=3), ordered(nodes), rule()).prop_map(|(tests, edges, conditions, rule)| Pattern {
            nodes: tests.into_iter().map(|test| NodePattern { test, ..NodePattern::default() }).collect(),
            edges,
            conditions,
            rule,
        })
    })
}

/// Chains of different nodes, as shortest paths take them.
fn chain() -> impl Strategy<Value = Pattern> {
    (1..=2usize).prop_flat_map(|length| {
        let nodes = length + 1;
        let tests = prop::collection::vec(test(), nodes);
        (tests, edges(1, length..=length), ordered(nodes), any::<bool>()).prop_map(|(tests, mut edges, mut conditions, is_even)| {
            for (n, edge) in edges.iter_mut().enumerate() {
                (edge.from, edge.to) = (n, n + 1);
                if n == 0 && edge.hops.is_none() {
                    edge.hops = Some(Hops { min: 1, max: 3 });
                }
            }
            if is_even {
                conditions.push(even(0));
            }
            let nodes = tests.into_iter().map(|test| NodePattern { test, ..NodePattern::default() }).collect();
            Pattern { nodes, edges, conditions, rule: Rule::Trail }
        })
    })
}

fn graphs() -> impl Strategy<Value = TransientGraph> {
    (2..6u32, any::<bool>()).prop_flat_map(|(nodes, directed)| {
        let edges = prop::collection::vec((0..nodes, 0..nodes, 0..3u8), 0..8);
        edges.prop_map(move |edges| graph(nodes.into(), &edges, directed))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_match_is_found_once(graph in graphs(), pattern in pattern()) {
        let found = compared(&pattern, matched(&graph, &pattern, Rows::start(pattern.nodes.len(), pattern.edges.len())));
        prop_assert_eq!(found, compared(&pattern, naive::matches(&graph, &pattern)));
    }

    #[test]
    fn a_search_that_knows_a_node_continues_each_row_in_turn(graph in graphs(), mut pattern in pattern()) {
        pattern.conditions.clear();
        let count = graph.node_count() as u32;
        let mut input = Rows::start(pattern.nodes.len(), pattern.edges.len());
        input.origin = (0..count).collect();
        input.nodes[0] = (0..count).rev().collect();
        let found = matched(&graph, &pattern, input);
        prop_assert!(found.is_sorted_by_key(|(nodes, _)| count - nodes[0]));
        prop_assert_eq!(compared(&pattern, found), compared(&pattern, naive::matches(&graph, &pattern)));
    }

    #[test]
    fn all_shortest_matches_are_found(graph in graphs(), pattern in chain()) {
        let last = pattern.nodes.len() - 1;
        let expected = compared(&pattern, naive::shortest(&graph, &pattern, 0, last));
        let start = || Rows::start(pattern.nodes.len(), pattern.edges.len());
        let all = run(|meter, sink| shortest(&graph, &pattern, PathOutput::All, start(), meter, sink).expect("tests do not fail"));
        prop_assert_eq!(compared(&pattern, all), expected);
    }

    #[test]
    fn one_shortest_match_is_found_for_each_pair(graph in graphs(), pattern in chain(), are_ends_known in any::<bool>()) {
        let last = pattern.nodes.len() - 1;
        let expected = compared(&pattern, naive::shortest(&graph, &pattern, 0, last));
        let mut input = Rows::start(pattern.nodes.len(), pattern.edges.len());
        if are_ends_known {
            let count = graph.node_count() as u32;
            input.origin = (0..count * count).collect();
            input.nodes[0] = (0..count * count).map(|pair| pair / count).collect();
            input.nodes[last] = (0..count * count).map(|pair| pair % count).collect();
        }
        let any = run(|meter, sink| shortest(&graph, &pattern, PathOutput::Any, input, meter, sink).expect("tests do not fail"));
        let any = compared(&pattern, any);
        prop_assert!(any.iter().all(|found| expected.contains(found)));
        let pairs = |all: &[Match]| all.iter().map(|(nodes, _)| (nodes[0], nodes[last])).collect::<Vec<_>>();
        let wanted: BTreeSet<(u32, u32)> = pairs(&expected).into_iter().collect();
        let mut given = pairs(&any);
        given.sort_unstable();
        prop_assert_eq!(given, wanted.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn components_are_what_reaches_each_other(graph in graphs()) {
        let count = graph.node_count();
        let reach = |way: Way| -> Vec<BTreeSet<u32>> {
            (0..count as u32).map(|start| {
                let (mut seen, mut stack) = (BTreeSet::from([start]), vec![start]);
                while let Some(node) = stack.pop() {
                    let mut next = Vec::new();
                    graph.adjacent(node, way, &mut next);
                    stack.extend(next.into_iter().map(|step| step.node).filter(|node| seen.insert(*node)));
                }
                seen
            }).collect()
        };
        let (weak, strong) = (weak_components(&graph), strong_components(&graph));
        let (either, out) = (reach(Way::Either), reach(Way::Out));
        for a in 0..count {
            for b in 0..count {
                prop_assert_eq!(weak[a] == weak[b], either[a].contains(&(b as u32)));
                prop_assert_eq!(strong[a] == strong[b], out[a].contains(&(b as u32)) && out[b].contains(&(a as u32)));
            }
        }
        for numbers in [weak, strong] {
            let mut firsts: Vec<u32> = Vec::new();
            numbers.into_iter().for_each(|n| if !firsts.contains(&n) { firsts.push(n) });
            prop_assert!(firsts.iter().enumerate().all(|(n, first)| n as u32 == *first));
        }
    }
}

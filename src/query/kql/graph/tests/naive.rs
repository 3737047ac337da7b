//! A matcher that tries everything and checks at the end: slow, short and recursive.

use super::super::{Adjacent, Condition, EdgeColumn, Hops, Labels, Pattern, PatternGraph, Rows, Rule, Walked, Way};

/// A match: what each node is, and the path that each edge is.
pub(super) type Match = (Vec<u32>, Vec<Walked>);

pub(super) fn matches(graph: &dyn PatternGraph, pattern: &Pattern) -> Vec<Match> {
    let mut found = Vec::new();
    edge(graph, pattern, &mut vec![None; pattern.nodes.len()], &mut Vec::new(), &mut found);
    found.sort();
    found
}

/// Those of the smallest number of edges for each pair of ends.
pub(super) fn shortest(graph: &dyn PatternGraph, pattern: &Pattern, first: usize, last: usize) -> Vec<Match> {
    let all = matches(graph, &Pattern { rule: Rule::Acyclic, ..pattern.clone() });
    let length = |found: &Match| found.1.iter().map(|path| path.edges.len()).sum::<usize>();
    let least =
        |found: &Match| all.iter().filter(|other| other.0[first] == found.0[first] && other.0[last] == found.0[last]).map(length).min();
    all.iter().filter(|found| Some(length(found)) == least(found)).cloned().collect()
}

fn edge(graph: &dyn PatternGraph, pattern: &Pattern, nodes: &mut Vec<Option<u32>>, paths: &mut Vec<Walked>, found: &mut Vec<Match>) {
    let Some(of) = pattern.edges.get(paths.len()) else {
        return loose(graph, pattern, nodes, paths, found);
    };
    let hops = of.hops.unwrap_or(Hops { min: 1, max: 1 });
    for start in 0..graph.node_count() as u32 {
        if nodes[of.from].is_some_and(|known| known != start) {
            continue;
        }
        let mut walks = Vec::new();
        walk(graph, of.way, hops, &mut Walked { edges: Vec::new(), nodes: vec![start] }, &mut walks);
        for path in walks {
            let end = path.nodes[path.nodes.len() - 1];
            if nodes[of.to].is_some_and(|known| known != end) || (of.from == of.to && start != end) {
                continue;
            }
            let before = nodes.clone();
            nodes[of.from] = Some(start);
            nodes[of.to] = Some(end);
            paths.push(path);
            edge(graph, pattern, nodes, paths, found);
            paths.pop();
            *nodes = before;
        }
    }
}

/// Nodes without edges can be any.
fn loose(graph: &dyn PatternGraph, pattern: &Pattern, nodes: &mut Vec<Option<u32>>, paths: &[Walked], found: &mut Vec<Match>) {
    let Some(open) = nodes.iter().position(Option::is_none) else {
        let all: Vec<u32> = nodes.iter().flatten().copied().collect();
        if passes(graph, pattern, &all, paths) {
            found.push((all, paths.to_vec()));
        }
        return;
    };
    for node in 0..graph.node_count() as u32 {
        nodes[open] = Some(node);
        loose(graph, pattern, nodes, paths, found);
    }
    nodes[open] = None;
}

fn walk(graph: &dyn PatternGraph, way: Way, hops: Hops, path: &mut Walked, found: &mut Vec<Walked>) {
    if path.edges.len() >= hops.min as usize {
        found.push(path.clone());
    }
    if path.edges.len() == hops.max as usize {
        return;
    }
    let mut next = Vec::new();
    graph.adjacent(path.nodes[path.nodes.len() - 1], way, &mut next);
    for Adjacent { edge, node } in next {
        path.edges.push(edge);
        path.nodes.push(node);
        walk(graph, way, hops, path, found);
        path.edges.pop();
        path.nodes.pop();
    }
}

fn passes(graph: &dyn PatternGraph, pattern: &Pattern, nodes: &[u32], paths: &[Walked]) -> bool {
    let holds = |test: &Option<std::sync::Arc<dyn super::super::ElementTest>>, element: u32| {
        test.as_ref().is_none_or(|test| test.holds(element).expect("tests of tests do not fail"))
    };
    let is_labelled = |labels: &Labels, edge: u32| match labels {
        Labels::Any => true,
        Labels::Named(name) => graph.edge_labels(edge).contains(name),
        other => panic!("the naive matcher knows one label or none, not {other:?}"),
    };
    pattern.nodes.iter().zip(nodes).all(|(of, node)| holds(&of.test, *node))
        && pattern.edges.iter().zip(paths).all(|(of, path)| {
            path.edges.iter().all(|edge| holds(&of.test, *edge) && is_labelled(&of.labels, *edge))
                && path.inner_nodes().iter().all(|node| holds(&of.inner, *node))
        })
        && keeps(pattern, nodes, paths)
        && pattern.conditions.iter().all(|condition| row_holds(pattern, condition, nodes, paths))
}

fn row_holds(pattern: &Pattern, condition: &Condition, nodes: &[u32], paths: &[Walked]) -> bool {
    let edges = pattern.edges.iter().zip(paths).map(|(of, path)| match of.hops {
        None => EdgeColumn::Edge(path.edges.clone()),
        Some(_) => EdgeColumn::Path(vec![path.clone().into()]),
    });
    let rows = Rows { origin: vec![0], nodes: nodes.iter().map(|node| vec![*node]).collect(), edges: edges.collect() };
    condition.test.keep(&rows).expect("conditions of tests do not fail") == [true]
}

/// Whether a match keeps to its rule.
fn keeps(pattern: &Pattern, nodes: &[u32], paths: &[Walked]) -> bool {
    match pattern.rule {
        Rule::Walk => true,
        Rule::Trail => are_distinct(paths.iter().flat_map(|path| path.edges.iter().copied()).collect()),
        Rule::Acyclic => {
            // Nodes of the pattern that a path of no edge joins are one place.
            let mut place: Vec<usize> = (0..nodes.len()).collect();
            for (of, path) in pattern.edges.iter().zip(paths).filter(|(_, path)| path.edges.is_empty()) {
                assert_eq!(path.nodes.len(), 1);
                let (old, new) = (place[of.from], place[of.to]);
                place.iter_mut().filter(|place| **place == old).for_each(|place| *place = new);
            }
            let mut visited: Vec<u32> = (0..nodes.len()).filter(|node| place[*node] == *node).map(|node| nodes[node]).collect();
            visited.extend(paths.iter().flat_map(|path| path.inner_nodes().iter().copied()));
            // What further paths join must not hang together before.
            let mut group = place.clone();
            let is_forest = pattern.edges.iter().zip(paths).filter(|(_, path)| !path.edges.is_empty()).all(|(of, _)| {
                let (old, new) = (group[of.from], group[of.to]);
                group.iter_mut().filter(|group| **group == old).for_each(|group| *group = new);
                old != new
            });
            is_forest && are_distinct(visited)
        }
    }
}

fn are_distinct(mut elements: Vec<u32>) -> bool {
    let count = elements.len();
    elements.sort_unstable();
    elements.dedup();
    elements.len() == count
}

//! Growth: the same questions at N and 8 N. What a graph question reads is counted, so that the machine's load does not matter.

use clew::engine::Engine;
use clew::graph::{EdgeFilter, GraphSnapshot, NodeId, Scope};
use clew::query::Question;
use clew::query::lists::IncidentFilter;
use clew::query::search::SearchRequest;

use crate::fixture;
use crate::measure::{Report, Times};

/// Caps and pages decide, not the data.
const CAPPED: f64 = 4.0;
/// As much as the data, with a little to spare.
const LINEAR: f64 = 9.0;

/// Edges that an operation reads over some nodes, on average.
fn edges(nodes: &[NodeId], mut read: impl FnMut(NodeId) -> usize) -> f64 {
    nodes.iter().map(|node| read(*node)).sum::<usize>() as f64 / nodes.len() as f64
}

/// Work of each operation, with the growth that is allowed from N to 8 N.
fn work(engine: &Engine) -> Vec<(&'static str, f64, f64)> {
    let context = engine.context();
    let graph: &GraphSnapshot = &context.snapshot.graph;
    let (entities, incidents) = (fixture::entities(graph, 200), fixture::incidents(graph, 200));
    let filter = EdgeFilter::default();
    let scope = Scope::default();
    let two = Scope { hops_max: 2, ..Scope::default() };
    let best = |times: Times| times.at(1);
    vec![
        ("edges of hop 2, 50 newest", edges(&entities, |node| graph.hop(&[node], &filter, 50, &two).extent.edges_read), CAPPED),
        ("edges of similar", edges(&incidents, |node| graph.similar_incidents(node, &scope, 20).extent.edges_read), LINEAR),
        ("edges of path, 6 hops", edges(&entities, |node| graph.shortest_path(node, entities[0], &scope).extent.edges_read), LINEAR),
        ("edges of related incidents", edges(&entities, |node| graph.related_incidents(node, &scope, 20).extent.edges_read), CAPPED),
        ("ms of span", best(Times::of(&entities[..1], 50, |node| graph.span(*node))), CAPPED),
        ("ms of the incident list", best(Times::of(&[()], 9, |()| IncidentFilter::default().answer(&context))), LINEAR),
        ("ms of the search page", best(Times::of(&[()], 9, |()| SearchRequest::default().answer(&context))), LINEAR),
    ]
}

/// Measures at N and 8 N.
pub(crate) fn run(small: &Engine, large: &Engine, report: &mut Report) {
    for ((name, at_n, allowed), (_, at_8n, _)) in work(small).into_iter().zip(work(large)) {
        report.growth(name, at_n, at_8n, allowed);
    }
}

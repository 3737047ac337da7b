//! Questions that walk the graph: hops, paths, common neighbours, components, reach, rank, likeness.

use std::collections::BTreeMap;

use hashbrown::HashSet;

use crate::catalog::entities;
use crate::graph::{Cut, Edge, EdgeFilter, Extent, GraphSnapshot, Newest, NodeId, Path, Rank, Scope, Term};
use crate::model::{Fault, Kind, Time};

use super::super::answer::Subgraph;
use super::super::lists::incident_row;
use super::super::reference::{BRIEF_EDGES, incident, limit, node, window, word};
use super::super::{Context, Question, render};
use super::requests::{
    BlastRadiusAnswer, BlastRadiusRequest, CommonRequest, ComponentRequest, NeighborsRequest, PathRow, PathsAnswer, PathsRequest,
    RankAnswer, RankRequest, RankRow, ReachedRow, SimilarAnswer, SimilarRequest, SimilarRow, SimilarTerm,
};

/// Hops of any walk at the most.
const HOPS_MAX: u32 = 16;
/// Edges that a ranking reads at the most.
const RANK_EDGES_MAX: usize = 20_000_000;
/// Edges that each node of a walk may be asked to give.
const PER_NODE_MAX: u32 = 10_000;
/// Edges that each node of a walk over several hops gives, but the one that it starts from.
pub(super) const NEWEST_PER_NODE: usize = 50;

fn scope(context: &Context, from: Option<&str>, to: Option<&str>, hub_degree: Option<u64>) -> Result<Scope, Fault> {
    let mut scope = Scope { window: window(from, to, context.now)?, ..Scope::default() };
    match hub_degree {
        None => {}
        Some(0) => scope.hub_degree = usize::MAX,
        Some(degree) => scope.hub_degree = usize::try_from(degree).unwrap_or(usize::MAX),
    }
    Ok(scope)
}

/// The name of the limit that cut a walk; hubs that were not passed through are one.
fn cut(extent: &Extent) -> Option<String> {
    let Some(cut) = extent.cut else { return (!extent.hubs.is_empty()).then(|| "hub_degree".to_owned()) };
    let name = match cut {
        Cut::Nodes(_) => "nodes_max",
        Cut::Edges(_) => "edges_max",
        Cut::Hops(_) => "hops",
        Cut::Results(_) => "limit",
        Cut::PerNode(_) => "per_node",
    };
    Some(name.to_owned())
}

/// How to see more than a limit lets through; `nodes` says it of the limit of nodes, which is a parameter of some questions only.
pub(super) fn hint(cut: Option<&str>, nodes: &str) -> Option<String> {
    let hint = match cut? {
        "nodes_max" => nodes,
        "edges_max" => "narrow the time with `from` and `to`, or stop at hubs with a lower `hub_degree`",
        "hops" => "raise `hops`",
        "hub_degree" => "pass through hubs with `hub_degree=0`",
        "per_node" => "raise `per_node`, or ask for the neighbors of a node of `partial`",
        "k" => "raise `k`",
        _ => "raise `limit`",
    };
    Some(hint.to_owned())
}

/// How to see more nodes where the limit of them is the limit of the answer.
const MORE_NODES: &str = "raise `limit`";
/// How to see more where the nodes that a search may reach are fixed.
const FEWER_NODES: &str = "lower `hops`, or narrow the time with `from` and `to`";

fn hubs(graph: &GraphSnapshot, extent: &Extent) -> Vec<String> {
    extent.hubs.iter().map(|hub| render::reference(graph, *hub)).collect()
}

impl NeighborsRequest {
    /// The nodes within some hops, and the edges by which they were reached; the nodes of the graph that the answer begins with.
    pub(super) fn hop(
        &self,
        context: &Context,
        start: NodeId,
        filter: &EdgeFilter,
        nodes: usize,
    ) -> Result<(Vec<NodeId>, Subgraph), Fault> {
        let graph = &context.snapshot.graph;
        let hops = limit(self.hops, 1, HOPS_MAX)?;
        let scope = Scope { window: filter.window, hops_max: hops as u32, nodes_max: nodes, ..Scope::default() };
        let newest = match self.per_node {
            None => Newest { starts: nodes.max(NEWEST_PER_NODE), others: NEWEST_PER_NODE },
            asked => limit(asked, 0, PER_NODE_MAX)?.into(),
        };
        let vicinity = graph.hop(&[start], filter, newest, &scope);
        let reached: Vec<NodeId> = vicinity.nodes.iter().map(|reached| reached.node).collect();
        let (shown, mut answer) = render::linked(graph, &reached, &graph.links(&vicinity.edges));
        answer.cut = cut(&vicinity.extent).filter(|name| name != "hops");
        answer.complete = answer.cut.is_none();
        answer.hint = hint(answer.cut.as_deref(), MORE_NODES);
        answer.partial = vicinity.extent.partial.iter().map(|node| render::reference(graph, *node)).collect();
        Ok((shown, answer))
    }
}

#[derive(Clone, Copy)]
enum Mode {
    Shortest,
    All,
    K,
    Rare,
    Time,
}

impl Question for PathsRequest {
    type Answer = PathsAnswer;
    const NAME: &'static str = "paths";

    fn is_query(&self) -> bool {
        self.as_of.is_some()
    }

    fn answer(self, context: &Context) -> Result<PathsAnswer, Fault> {
        let context = &*context.as_of(self.as_of.as_deref())?;
        let graph = &context.snapshot.graph;
        let (a, b) = (node(graph, &self.a)?, node(graph, &self.b)?);
        let mut scope = scope(context, self.from.as_deref(), self.to.as_deref(), self.hub_degree)?;
        scope.hops_max = limit(self.hops, 8, HOPS_MAX)? as u32;
        let k = limit(self.k, 10, 1_000)?;
        let read = |text: &str| match text {
            "shortest" => Some(Mode::Shortest),
            "all" => Some(Mode::All),
            "k" => Some(Mode::K),
            "rare" => Some(Mode::Rare),
            "time" => Some(Mode::Time),
            _ => None,
        };
        let mode = word("mode", self.mode.as_deref().unwrap_or("shortest"), read, &["shortest", "all", "k", "rare", "time"])?;
        let (paths, extent) = match mode {
            Mode::Shortest => plain(graph, graph.shortest_path(a, b, &scope)),
            Mode::All => plain(graph, graph.all_shortest_paths(a, b, &scope, k)),
            Mode::K => plain(graph, graph.k_shortest_paths(a, b, &scope, k)),
            Mode::Rare => {
                let found = graph.rarest_path(a, b, &scope);
                (found.path.iter().map(|path| row(graph, path, found.cost, None)).collect(), found.extent)
            }
            Mode::Time => {
                let found = graph.timed_path(a, b, &scope);
                let path = Path {
                    nodes: found.arrivals.iter().map(|at| at.node).collect(),
                    edges: found.arrivals.iter().filter_map(|at| at.by).collect(),
                };
                let arrival = found.arrivals.last().and_then(|last| last.at);
                let rows = if path.nodes.is_empty() { Vec::new() } else { vec![row(graph, &path, path.edges.len() as f64, arrival)] };
                (rows, found.extent)
            }
        };
        let mut seen = HashSet::new();
        let names = paths.iter().flat_map(|path| &path.nodes).filter(|name| seen.insert((*name).clone()));
        let nodes = names.filter_map(|name| Some(render::node(graph, node(graph, name).ok()?))).collect();
        // The limit of paths is called `k`.
        let cut = cut(&extent).map(|name| if name == "limit" { "k".to_owned() } else { name });
        let hint = hint(cut.as_deref(), FEWER_NODES);
        Ok(PathsAnswer { nodes, paths, complete: cut.is_none(), cut, hint, hubs: hubs(graph, &extent) })
    }
}

fn plain(graph: &GraphSnapshot, found: crate::graph::Paths) -> (Vec<PathRow>, Extent) {
    (found.paths.iter().map(|path| row(graph, path, path.edges.len() as f64, None)).collect(), found.extent)
}

fn row(graph: &GraphSnapshot, path: &Path, cost: f64, arrival: Option<Time>) -> PathRow {
    PathRow {
        nodes: path.nodes.iter().map(|node| render::reference(graph, *node)).collect(),
        edges: render::edges(graph, &path.edges),
        cost,
        arrival,
    }
}

impl Question for CommonRequest {
    type Answer = Subgraph;
    const NAME: &'static str = "common";

    fn is_query(&self) -> bool {
        self.as_of.is_some()
    }

    fn answer(self, context: &Context) -> Result<Subgraph, Fault> {
        let context = &*context.as_of(self.as_of.as_deref())?;
        let graph = &context.snapshot.graph;
        let (a, b) = (node(graph, &self.a)?, node(graph, &self.b)?);
        let found = graph.common_neighbors(a, b, &Scope { hub_degree: usize::MAX, ..Scope::default() }, limit(self.limit, 100, 10_000)?);
        let filter = EdgeFilter::default();
        let edges: Vec<Edge> =
            found.nodes.iter().flat_map(|shared| [a, b].map(|end| graph.assertions(end, shared.node, &filter).next())).flatten().collect();
        let mut answer = render::subgraph(graph, &[a, b], &edges);
        answer.cut = cut(&found.extent);
        answer.complete = answer.cut.is_none();
        answer.hint = hint(answer.cut.as_deref(), MORE_NODES);
        Ok(answer)
    }
}

impl Question for ComponentRequest {
    type Answer = Subgraph;
    const NAME: &'static str = "component";

    fn is_query(&self) -> bool {
        self.as_of.is_some()
    }

    fn answer(self, context: &Context) -> Result<Subgraph, Fault> {
        let context = &*context.as_of(self.as_of.as_deref())?;
        let graph = &context.snapshot.graph;
        let start = node(graph, &self.node)?;
        let mut scope = scope(context, self.from.as_deref(), self.to.as_deref(), self.hub_degree)?;
        scope.hops_max = u32::MAX;
        scope.nodes_max = limit(self.limit, 1_000, 100_000)?;
        let found = graph.component(start, &scope);
        let (inner, extent) = graph.subgraph(&found.nodes, &scope);
        let mut answer = render::subgraph(graph, &found.nodes, &inner.edges);
        answer.cut = cut(&found.extent).or(cut(&extent));
        answer.complete = answer.cut.is_none();
        answer.hint = hint(answer.cut.as_deref(), MORE_NODES);
        answer.hubs = hubs(graph, &found.extent);
        Ok(answer)
    }
}

impl Question for BlastRadiusRequest {
    type Answer = BlastRadiusAnswer;
    const NAME: &'static str = "blast-radius";

    fn is_query(&self) -> bool {
        self.as_of.is_some()
    }

    fn answer(self, context: &Context) -> Result<BlastRadiusAnswer, Fault> {
        let context = &*context.as_of(self.as_of.as_deref())?;
        let graph = &context.snapshot.graph;
        let start = node(graph, &self.node)?;
        let mut scope = scope(context, self.from.as_deref(), self.to.as_deref(), self.hub_degree)?;
        scope.window.from = scope.window.from.or(graph.span(start).0);
        scope.hops_max = limit(self.hops, 4, HOPS_MAX)? as u32;
        scope.nodes_max = limit(self.limit, 500, 100_000)?;
        let found = graph.blast_radius(start, &scope);
        let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
        let reached = |arrival: &crate::graph::Arrival| ReachedRow {
            node: render::node(graph, arrival.node),
            arrival: arrival.at,
            hops: arrival.hops,
            via: arrival.by.map(|edge| render::reference(graph, edge.other(arrival.node))),
        };
        let reached: Vec<ReachedRow> = found.arrivals.iter().filter(|arrival| arrival.by.is_some()).map(reached).collect();
        reached.iter().for_each(|row| *kinds.entry(row.node.kind.clone()).or_default() += 1);
        let edges: Vec<Edge> = found.arrivals.iter().filter_map(|arrival| arrival.by).collect();
        let cut = cut(&found.extent).filter(|name| name != "hops");
        Ok(BlastRadiusAnswer {
            reached,
            edges: render::edges(graph, &edges),
            kinds,
            complete: cut.is_none(),
            hint: hint(cut.as_deref(), MORE_NODES),
            cut,
            hubs: hubs(graph, &found.extent),
        })
    }
}

#[derive(Clone, Copy)]
enum RankBy {
    Degree,
    Alerts,
    PageRank,
}

impl Question for RankRequest {
    type Answer = RankAnswer;
    const NAME: &'static str = "rank";

    fn is_query(&self) -> bool {
        self.as_of.is_some()
    }

    fn answer(self, context: &Context) -> Result<RankAnswer, Fault> {
        let context = &*context.as_of(self.as_of.as_deref())?;
        let graph = &context.snapshot.graph;
        let window = window(self.from.as_deref(), self.to.as_deref(), context.now)?;
        let limit = limit(self.limit, 20, 10_000)?;
        let kinds: Vec<Kind> = self.kind.iter().map(|text| entities::kind_named(text)).collect();
        let read = |text: &str| match text {
            "degree" => Some(RankBy::Degree),
            "alerts" => Some(RankBy::Alerts),
            "pagerank" => Some(RankBy::PageRank),
            _ => None,
        };
        let by = match word("by", self.by.as_deref().unwrap_or("degree"), read, &["degree", "alerts", "pagerank"])? {
            RankBy::Degree => return Ok(by_degree(graph, &kinds, &window, limit)),
            RankBy::Alerts => Rank::Alerts,
            RankBy::PageRank => Rank::PageRank,
        };
        let found = graph.rank(by, &kinds, window, RANK_EDGES_MAX, limit);
        let value = found.entities.iter().map(|ranked| RankRow { node: render::node(graph, ranked.node), score: ranked.score }).collect();
        Ok(ranking(value, cut(&found.extent)))
    }
}

fn ranking(value: Vec<RankRow>, cut: Option<String>) -> RankAnswer {
    RankAnswer { value, complete: cut.is_none(), hint: hint(cut.as_deref(), MORE_NODES), cut }
}

fn by_degree(graph: &GraphSnapshot, kinds: &[Kind], window: &crate::model::Window, limit: usize) -> RankAnswer {
    let wanted = |node: &NodeId| {
        kinds.is_empty() || graph.entity_node(*node).is_some_and(|entity| kinds.iter().any(|kind| kind.as_str() == entity.kind()))
    };
    let mut ranked: Vec<(usize, NodeId)> =
        graph.all_entities().filter(wanted).map(|node| (graph.count_in(node, window), node)).filter(|(n, _)| *n > 0).collect();
    let total = ranked.len();
    if total > limit {
        ranked.select_nth_unstable_by(limit, |(a, _), (b, _)| b.cmp(a));
        // Equal ranks at the rim are all kept until their names decide.
        let least = ranked[limit].0;
        ranked.retain(|(n, _)| *n >= least);
    }
    let mut rows: Vec<RankRow> = ranked.into_iter().map(|(n, node)| RankRow { node: render::node(graph, node), score: n as f64 }).collect();
    rows.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.node.id.cmp(&b.node.id)));
    rows.truncate(limit);
    ranking(rows, (total > limit).then(|| "limit".to_owned()))
}

impl Question for SimilarRequest {
    type Answer = SimilarAnswer;
    const NAME: &'static str = "similar";

    fn is_brief(&self, context: &Context) -> bool {
        let graph = &context.snapshot.graph;
        let hub = Scope::default().hub_degree;
        let edges = |start: NodeId| -> usize {
            graph.entities_of(start).into_iter().map(|entity| graph.degree(entity)).filter(|edges| *edges <= hub).sum()
        };
        self.as_of.is_none()
            && self.limit.is_none_or(|limit| limit <= 100)
            && incident(graph, &self.incident).is_ok_and(|start| edges(start) <= BRIEF_EDGES)
    }

    fn is_query(&self) -> bool {
        self.as_of.is_some()
    }

    fn answer(self, context: &Context) -> Result<SimilarAnswer, Fault> {
        let context = &*context.as_of(self.as_of.as_deref())?;
        let graph = &context.snapshot.graph;
        let start = incident(graph, &self.incident)?;
        let title = graph.label(start).to_owned();
        let found = graph.similar_incidents(start, &Scope::default(), limit(self.limit, 20, 1_000)?);
        let term = |term: &Term| {
            let (kind, value) = match term {
                Term::Entity { node, .. } => ("entity", render::reference(graph, *node)),
                Term::Title { .. } => ("title", title.clone()),
                Term::Tactic { tactic, .. } => ("tactic", tactic.clone()),
            };
            SimilarTerm { kind: kind.to_owned(), value, weight: term.weight() }
        };
        let row = |similar: &crate::graph::SimilarIncident| {
            let mut terms: Vec<SimilarTerm> = similar.terms.iter().map(term).collect();
            terms.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.value.cmp(&b.value)));
            Some(SimilarRow { incident: incident_row(graph, &graph.incident_node(similar.node)?), score: similar.score, terms })
        };
        let value = found.incidents.iter().filter_map(row).collect();
        let hubs = hubs(graph, &found.extent);
        // That hubs say nothing of likeness is part of the measure and cuts no answer.
        let cut = cut(&Extent { hubs: Vec::new(), ..found.extent });
        Ok(SimilarAnswer { value, complete: cut.is_none(), hint: hint(cut.as_deref(), MORE_NODES), cut, hubs })
    }
}

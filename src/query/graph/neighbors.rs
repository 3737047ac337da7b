//! The edges of a node, newest first, a page at a time.

use crate::catalog::{entities, relations};
use crate::graph::{Direction, EdgeFilter, EdgePosition, GraphSnapshot, NodeId};
use crate::model::{Fault, FaultClass, Kind, Relation, Window};

use super::super::answer::{Edge, Subgraph};
use super::super::cursor::Seal;
use super::super::reference::{BRIEF_ITEMS, are_brief, limit, nearest, node, window, word};
use super::super::{Context, Question, listed, render};
use super::past::Past;
use super::requests::NeighborsRequest;
use super::walks::NEWEST_PER_NODE;

/// Edges of an answer when the request names no limit.
const LIMIT_DEFAULT: u32 = 100;
/// Edges of an answer at the most.
const LIMIT_MAX: u32 = 10_000;

/// Refuses the name of a relation that neither the catalog nor any document has: every edge would be left out.
fn check_relation(graph: &GraphSnapshot, name: &str) -> Result<(), Fault> {
    let lists = [listed::ON_LIST, listed::MATCHES_INDICATOR];
    let known = relations::relations()
        .iter()
        .map(|relation| relation.name)
        .chain(entities::relations().iter().map(|relation| relation.name))
        .chain(lists);
    if known.clone().any(|known| known == name) || graph.has_relation(name) {
        return Ok(());
    }
    let fault = Fault::new(FaultClass::Invalid, "relation_unknown", format!("expected a relation, found `{name}`"));
    Err(match nearest(name, known) {
        Some(near) => fault.with_hint(format!("a similar relation is `{near}`")),
        None => fault.with_hint("`clew entity` counts the relations of an entity"),
    })
}

/// Reads which edges are wanted.
fn filter(graph: &GraphSnapshot, relations: &[String], kinds: &[String], direction: Option<&str>) -> Result<EdgeFilter, Fault> {
    relations.iter().try_for_each(|name| check_relation(graph, name))?;
    let read = |text: &str| match text {
        "out" => Some(Direction::Out),
        "in" => Some(Direction::In),
        "both" => Some(Direction::Both),
        _ => None,
    };
    Ok(EdgeFilter {
        relations: relations.iter().map(|text| Relation::met(text.clone())).collect(),
        kinds: kinds.iter().map(|text| kind(text)).collect(),
        direction: direction.map_or(Ok(Direction::Both), |text| word("direction", text, read, &["out", "in", "both"]))?,
        ..EdgeFilter::default()
    })
}

/// The kind of a neighbour in any spelling; alerts and incidents are kinds too.
fn kind(text: &str) -> Kind {
    match text {
        "alert" | "incident" | "watchlist" | "indicator" => Kind::met(text),
        other => entities::kind_named(other),
    }
}

impl Question for NeighborsRequest {
    type Answer = Subgraph;
    const NAME: &'static str = "neighbors";

    fn is_brief(&self, context: &Context) -> bool {
        let small = |number: Option<u32>, most: u32| number.is_none_or(|number| number <= most);
        self.as_of.is_none()
            && small(self.limit, BRIEF_ITEMS)
            && small(self.hops, 2)
            && small(self.per_node, NEWEST_PER_NODE as u32)
            && are_brief(&context.snapshot.graph, [&self.node])
    }

    fn answer(self, context: &Context) -> Result<Subgraph, Fault> {
        let graph = &context.snapshot.graph;
        if let Some(listed) = listed::of_list(context, &self.node, self.limit)? {
            return Ok(listed);
        }
        let start = node(graph, &self.node)?;
        let mut filter = filter(graph, &self.relation, &self.kind, self.direction.as_deref())?;
        filter.window = window(self.from.as_deref(), self.to.as_deref(), context.now)?;
        let past = self.as_of.as_deref().map(|text| Past::read(context, text)).transpose()?;
        filter.until = past.as_ref().map(|past| past.until);
        let limit = limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        if self.hops.unwrap_or(1) > 1 {
            if self.cursor.is_some() {
                let message = "expected no `cursor` with `hops` above 1: a walk has no pages";
                return Err(Fault::new(FaultClass::Invalid, "cursor_invalid", message)
                    .with_hint("raise `limit` and `per_node`, or take the neighbors of one node page by page"));
            }
            let (reached, mut answer) = self.hop(context, start, &filter, limit)?;
            past.map_or(Ok(()), |past| past.tell(context, start, &reached, &mut answer))?;
            return Ok(answer);
        }
        let seal = || Seal::of(context, Self::NAME, &Self { limit: None, cursor: None, ..self.clone() });
        let after = self.cursor.as_deref().map_or(Ok(None), |cursor| seal().place(Some(cursor), EdgePosition::from_text))?;
        let found = graph.linked(start, &filter, after, limit);
        let (shown, mut answer) = render::linked(graph, &[start], &found.links);
        answer.total = found.total.map(|total| total as u64);
        if self.cursor.is_none() && filter.direction != Direction::In && filter.window == Window::ALL {
            add_listed(context, start, &filter, &mut answer)?;
        }
        if found.more {
            answer.complete = false;
            answer.cut = Some("limit".to_owned());
            answer.cursor = found.last.map(|place| seal().close(&place.to_text()));
        }
        past.map_or(Ok(()), |past| past.tell(context, start, &shown, &mut answer))?;
        Ok(answer)
    }
}

/// Adds the watchlists and threat indicators that a node is in, beside the edges of the first page.
fn add_listed(context: &Context, start: NodeId, filter: &EdgeFilter, answer: &mut Subgraph) -> Result<(), Fault> {
    let (nodes, mut edges) = listed::edges(context, start)?;
    let named = |relation: &str| filter.relations.is_empty() || filter.relations.iter().any(|wanted| wanted.as_str() == relation);
    let of_kind = |target: &str| {
        let kind = target.split(':').next().unwrap_or_default();
        filter.kinds.is_empty() || filter.kinds.iter().any(|wanted| wanted.as_str() == kind)
    };
    let stood = |edge: &Edge| filter.until.is_none_or(|until| edge.evidence.iter().all(|seq| *seq <= until.0));
    edges.retain(|edge| named(&edge.relation) && of_kind(&edge.target) && stood(edge));
    answer.nodes.extend(nodes.into_iter().filter(|node| edges.iter().any(|edge| edge.target == node.id)));
    answer.total = answer.total.map(|total| total + edges.len() as u64);
    answer.edges.extend(edges);
    Ok(())
}

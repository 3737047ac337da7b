//! The edges of a node, newest first, a page at a time.

use crate::catalog::entities;
use crate::graph::{Direction, EdgeFilter, EdgePosition, NodeId};
use crate::model::{Fault, FaultClass, Kind, Relation, Window};

use super::super::answer::Subgraph;
use super::super::cursor::Seal;
use super::super::reference::{limit, node, window, word};
use super::super::{Context, Question, listed, render};
use super::requests::NeighborsRequest;

/// Edges of an answer when the request names no limit.
const LIMIT_DEFAULT: u32 = 100;
/// Edges of an answer at the most.
const LIMIT_MAX: u32 = 10_000;

/// Reads which edges are wanted.
pub(super) fn filter(relations: &[String], kinds: &[String], direction: Option<&str>) -> Result<EdgeFilter, Fault> {
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

    fn answer(self, context: &Context) -> Result<Subgraph, Fault> {
        let graph = &context.snapshot.graph;
        if let Some(listed) = listed::of_list(context, &self.node, self.limit)? {
            return Ok(listed);
        }
        let start = node(graph, &self.node)?;
        let mut filter = filter(&self.relation, &self.kind, self.direction.as_deref())?;
        filter.window = window(self.from.as_deref(), self.to.as_deref(), context.now)?;
        let limit = limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        if self.hops.unwrap_or(1) > 1 {
            if self.cursor.is_some() {
                let message = "expected no `cursor` with `hops` above 1: a walk has no pages";
                return Err(Fault::new(FaultClass::Invalid, "cursor_invalid", message)
                    .with_hint("raise `limit` and `per_node`, or take the neighbors of one node page by page"));
            }
            return self.hop(context, start, &filter, limit);
        }
        let seal = Seal::of(context, Self::NAME, &Self { limit: None, cursor: None, ..self.clone() });
        let after = seal.place(self.cursor.as_deref(), EdgePosition::from_text)?;
        let mut edges = graph.edges_after(start, &filter, after);
        let (mut found, mut last) = (Vec::new(), None);
        while found.len() < limit
            && let Some((position, edge)) = edges.next_placed()
        {
            found.push(edge);
            last = Some(position);
        }
        let more = edges.next().is_some();
        let mut answer = render::subgraph(graph, &[start], &found);
        if !more && self.cursor.is_none() {
            answer.total = Some(answer.edges.len() as u64);
        } else if filter.relations.is_empty() && filter.kinds.is_empty() && filter.direction == Direction::Both {
            answer.total = Some(graph.count_in(start, &filter.window) as u64);
        }
        if self.cursor.is_none() && filter.direction != Direction::In && filter.window == Window::ALL {
            add_listed(context, start, &filter, &mut answer)?;
        }
        if more {
            answer.complete = false;
            answer.cut = Some("limit".to_owned());
            answer.cursor = last.map(|position| seal.close(&position.to_text()));
        }
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
    edges.retain(|edge| named(&edge.relation) && of_kind(&edge.target));
    answer.nodes.extend(nodes.into_iter().filter(|node| edges.iter().any(|edge| edge.target == node.id)));
    answer.total = answer.total.map(|total| total + edges.len() as u64);
    answer.edges.extend(edges);
    Ok(())
}

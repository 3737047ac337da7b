//! Why two nodes are linked: every assertion, down to source and line.

use std::sync::Arc;

use crate::columns::{Order, TrailRequest, entity_hash};
use crate::graph::{Assertion, Edge, EdgeFilter, NodeId, NodeKind};
use crate::ingest;
use crate::model::{Body, Event, Fault, Kind, Seq, Window};

use super::super::details::place;
use super::super::reference::{limit, node};
use super::super::{Context, Question, render};
use super::requests::{AssertionRow, PathsRequest, RecordPlace, WhyAnswer, WhyRequest};

/// Assertions of an answer when the request names no limit.
const LIMIT_DEFAULT: u32 = 100;
/// Assertions of an answer at the most.
const LIMIT_MAX: u32 = 10_000;
/// Records that an assertion by raw events lists.
const RECORDS_MAX: usize = 20;

impl Question for WhyRequest {
    type Answer = WhyAnswer;
    const NAME: &'static str = "why";

    fn answer(self, context: &Context) -> Result<WhyAnswer, Fault> {
        let graph = &context.snapshot.graph;
        let (a, b) = (node(graph, &self.a)?, node(graph, &self.b)?);
        let limit = limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let filter = EdgeFilter { superseded: true, ..EdgeFilter::default() };
        let edges: Vec<Edge> = graph.assertions(a, b, &filter).take(limit + 1).collect();
        let complete = edges.len() <= limit;
        let assertions = edges.iter().take(limit).map(|edge| row(context, edge)).collect::<Result<Vec<_>, Fault>>()?;
        let path = match assertions.is_empty() {
            false => None,
            true => Some(PathsRequest { a: self.a, b: self.b, ..PathsRequest::default() }.answer(context)?),
        };
        Ok(WhyAnswer { assertions, path, complete })
    }
}

fn row(context: &Context, edge: &Edge) -> Result<AssertionRow, Fault> {
    let graph = &context.snapshot.graph;
    let mut row = AssertionRow {
        source: render::reference(graph, edge.from),
        relation: graph.relation(edge).to_owned(),
        target: render::reference(graph, edge.to),
        rule: Some(graph.rule(edge).to_owned()).filter(|rule| !rule.is_empty()),
        asserted_by: None,
        table: None,
        first: edge.first,
        last: edge.last,
        count: u64::from(edge.count),
        records: Vec::new(),
    };
    match graph.assertion(edge) {
        Assertion::Document { node, seq, .. } => {
            row.asserted_by = Some(render::reference(graph, node));
            row.records.extend(place(context, seq)?);
        }
        Assertion::Events { first, last } => {
            let (table, records) = events(context, edge, first, last)?;
            row.table = table;
            row.records = records;
        }
    }
    Ok(row)
}

/// The raw events behind an edge: rows that name both ends in its time, whose rules assert just this relation.
fn events(context: &Context, edge: &Edge, first: Seq, last: Seq) -> Result<(Option<String>, Vec<RecordPlace>), Fault> {
    let ends = [hashes(context, edge.from), hashes(context, edge.to)];
    let request = TrailRequest {
        hashes: ends[0].clone(),
        tables: None,
        window: Window { from: edge.first, to: edge.last },
        order: Order::OldestFirst,
        after: None,
        limit: 10_000,
    };
    let columns = &context.snapshot.columns;
    let page = match edge.first {
        Some(_) => context.runtime.block_on(columns.rows_of_entities(&request))?,
        None => context.runtime.block_on(columns.undated_rows_of_entities(&request))?,
    };
    let both = page.rows.iter().filter(|row| (first..=last).contains(&row.seq) && ends[1].iter().any(|hash| row.names(*hash)));
    let (mut table, mut records) = (None, Vec::new());
    for found in both {
        if records.len() >= RECORDS_MAX {
            break;
        }
        if asserts(context, edge, found.seq)? {
            table = table.or(Some(Arc::clone(&found.table)));
            records.extend(place(context, found.seq)?);
        }
    }
    records.dedup();
    Ok((table.map(|table| table.to_string()), records))
}

/// Whether the rules of an event's table assert the edge for this very event.
fn asserts(context: &Context, edge: &Edge, seq: Seq) -> Result<bool, Fault> {
    let graph = &context.snapshot.graph;
    let Some(document) = context.journal.document(seq)? else { return Ok(false) };
    let Ok(bodies) = ingest::read(&document) else { return Ok(false) };
    let is = |event: &Event, at: u32, node: NodeId| {
        event.entities.get(at as usize).is_some_and(|entity| graph.entities(&entity.kind, &entity.keys).contains(&node))
    };
    let holds = |event: &Event| {
        event
            .links
            .iter()
            .any(|link| link.relation.as_str() == graph.relation(edge) && is(event, link.from, edge.from) && is(event, link.to, edge.to))
    };
    Ok(bodies.iter().any(|body| matches!(body, Body::Event(event) if holds(event))))
}

/// Hashes by which rows name an entity: its strong keys, or for a thing known by a name its weak ones.
pub(in super::super) fn hashes(context: &Context, node: NodeId) -> Vec<i64> {
    if node.kind() != NodeKind::Entity {
        return Vec::new();
    }
    let Some(entity) = context.snapshot.graph.entity_node(node) else { return Vec::new() };
    let kind = Kind::met(entity.kind());
    let keys = entity.keys();
    let only_weak = keys.iter().all(|(_, strong)| !strong);
    let joined: Vec<String> = entity.merges().into_iter().filter(|merge| merge.weak).map(|merge| merge.key).collect();
    let wanted = keys.iter().filter(|(key, strong)| *strong || only_weak || joined.iter().any(|weak| weak == key));
    wanted.map(|(key, _)| entity_hash(&kind, key)).collect()
}

//! Why two nodes are linked: every assertion, down to source and line.

use std::sync::Arc;

use hashbrown::HashSet;

use crate::columns::{Order, TrailRequest, entity_hash};
use crate::graph::{Assertion, Edge, EdgeFilter, NodeId, NodeKind};
use crate::ingest;
use crate::model::{Body, Cut, Event, Fault, Kind, Seq, Window};

use super::super::details::place;
use super::super::reference::{self, limit, node};
use super::super::{Context, Question, render};
use super::requests::{AssertionRow, PathsRequest, RecordPlace, WhyAnswer, WhyRequest};
use super::walks::hint;

/// Assertions of an answer when the request names no limit.
const LIMIT_DEFAULT: u32 = 100;
/// Assertions of an answer at the most.
const LIMIT_MAX: u32 = 10_000;
/// Records that an assertion by raw events lists when the request names no number.
const RECORDS_DEFAULT: u32 = 20;
/// Rows of an entity that are read at a time to find the records of an assertion.
const ROWS_READ: usize = 10_000;
/// Such readings for one assertion at the most.
const READINGS_MAX: usize = 50;
/// Documents of the journal that are read for one assertion whose rows left their table, at the most.
const DOCUMENTS_READ_MAX: usize = 10_000;

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
        let records = reference::limit(self.records, RECORDS_DEFAULT, LIMIT_MAX)?;
        let assertions = edges.iter().take(limit).map(|edge| row(context, edge, records)).collect::<Result<Vec<_>, Fault>>()?;
        let path = match assertions.is_empty() {
            false => None,
            true => Some(PathsRequest { a: self.a, b: self.b, ..PathsRequest::default() }.answer(context)?),
        };
        let cut = (!complete).then(|| "limit".to_owned());
        Ok(WhyAnswer { assertions, path, complete, hint: hint(cut.as_deref(), ""), cut })
    }
}

fn row(context: &Context, edge: &Edge, records: usize) -> Result<AssertionRow, Fault> {
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
        records_complete: true,
    };
    match graph.assertion(edge) {
        Assertion::Document { node, seq, .. } => {
            row.asserted_by = Some(render::reference(graph, node));
            row.records.extend(place(context, seq)?);
        }
        Assertion::Events { first, last } => {
            (row.table, row.records, row.records_complete) = events(context, edge, first, last, records)?;
            if row.records.len() < records && row.records_complete && was_cut(context)? {
                (row.records, row.records_complete) = journaled(context, edge, first, last, records)?;
            }
        }
    }
    Ok(row)
}

/// The raw events behind an edge: rows that name both ends in its time, whose rules assert just this relation; at most `wanted`, and
/// whether these are all.
fn events(context: &Context, edge: &Edge, first: Seq, last: Seq, wanted: usize) -> Result<(Option<String>, Vec<RecordPlace>, bool), Fault> {
    let ends = [hashes(context, edge.from), hashes(context, edge.to)];
    let mut request = TrailRequest {
        hashes: ends[0].clone(),
        tables: None,
        window: Window { from: edge.first, to: edge.last },
        order: Order::OldestFirst,
        after: None,
        until: None,
        limit: ROWS_READ,
    };
    let columns = &context.snapshot.columns;
    let (mut table, mut records, mut seen) = (None, Vec::new(), HashSet::new());
    for _ in 0..READINGS_MAX {
        let page = match edge.first {
            Some(_) => context.runtime.block_on(columns.rows_of_entities(&request))?,
            None => context.runtime.block_on(columns.undated_rows_of_entities(&request))?,
        };
        let both = page.rows.iter().filter(|row| (first..=last).contains(&row.seq) && ends[1].iter().any(|hash| row.names(*hash)));
        for found in both {
            if !seen.insert(found.seq) || !asserts(context, edge, found.seq)? {
                continue;
            }
            if records.len() == wanted {
                return Ok((table.map(|table: Arc<str>| table.to_string()), records, false));
            }
            table = table.or(Some(Arc::clone(&found.table)));
            records.extend(place(context, found.seq)?);
        }
        request.after = page.rows.last().and_then(|row| Some((row.time?, row.seq)));
        if page.complete || request.after.is_none() {
            return Ok((table.map(|table| table.to_string()), records, page.complete));
        }
    }
    Ok((table.map(|table| table.to_string()), records, false))
}

/// Whether rows ever left a table for their age.
fn was_cut(context: &Context) -> Result<bool, Fault> {
    Ok(!context.snapshot.resources(Cut::KIND)?.is_empty())
}

/// The raw events behind an edge by the journal, which keeps the documents of rows that left their table.
fn journaled(context: &Context, edge: &Edge, first: Seq, last: Seq, wanted: usize) -> Result<(Vec<RecordPlace>, bool), Fault> {
    let mut records = Vec::new();
    for seq in (first.0..=last.0).take(DOCUMENTS_READ_MAX) {
        if !asserts(context, edge, Seq(seq))? {
            continue;
        }
        if records.len() == wanted {
            return Ok((records, false));
        }
        records.extend(place(context, Seq(seq))?);
    }
    Ok((records, last.0 - first.0 < DOCUMENTS_READ_MAX as u64))
}

/// Whether the rules of an event's table assert the edge for this very event.
fn asserts(context: &Context, edge: &Edge, seq: Seq) -> Result<bool, Fault> {
    let graph = &context.snapshot.graph;
    let Some(document) = context.journal.document(seq)? else { return Ok(false) };
    let Ok(bodies) = ingest::read(&document) else { return Ok(false) };
    let is = |event: &Event, at: u32, node: NodeId| {
        event.entities.get(at as usize).is_some_and(|entity| graph.mentioned(&entity.kind, &entity.keys) == Some(node))
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

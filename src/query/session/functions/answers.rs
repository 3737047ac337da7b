//! The answers of questions as rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{Schema, SchemaRef};

use super::super::super::answer::Edge;
use super::super::super::graph::{
    BlastRadiusRequest, CommonRequest, ComponentRequest, NeighborsRequest, PathsRequest, RankRequest, SimilarRequest, WhyRequest,
};
use super::super::super::search::{LIMIT_MAX as HITS_MAX, SearchRequest};
use super::super::super::timeline::TimelineRequest;
use super::super::super::{Context, Question, render};
use super::super::live::field;
use super::{Answered, Given, SHAPES};
use crate::fulltext::DocKind;
use crate::model::{Fault, FaultClass, Time};

/// Rows of one answer at the most.
const ROWS_MAX: u32 = 10_000;
/// Nodes of one walk at the most.
const NODES_MAX: u32 = 100_000;

fn batch(name: &str, arrays: Vec<ArrayRef>) -> Result<RecordBatch, Fault> {
    let columns = SHAPES.iter().find(|shape| shape.name == name).map(|shape| shape.columns).unwrap_or_default();
    let schema: SchemaRef = Arc::new(Schema::new(columns.iter().map(|(name, kind)| field(name, *kind)).collect::<Vec<_>>()));
    RecordBatch::try_new(schema, arrays).map_err(|error| {
        let message = format!("the rows of `{name}` do not fit its columns: {error}");
        Fault::new(FaultClass::Internal, "function_failed", message)
    })
}

fn text<I: AsRef<str>>(values: impl Iterator<Item = Option<I>>) -> ArrayRef {
    Arc::new(values.collect::<StringViewArray>())
}

fn times(values: impl Iterator<Item = Option<Time>>) -> ArrayRef {
    Arc::new(values.map(|time| time.map(Time::micros)).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}

fn longs(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<Int64Array>())
}

fn reals(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<Float64Array>())
}

fn required(given: Given<'_>, place: usize) -> String {
    given[place].clone().unwrap_or_default()
}

fn number(name: &str, text: Option<&String>) -> Result<Option<u32>, Fault> {
    text.map(|text| {
        let message = || format!("expected a whole number for `{name}`, found `{text}`");
        text.parse().map_err(|_| Fault::new(FaultClass::Invalid, "parameter_invalid", message()))
    })
    .transpose()
}

fn edges(name: &str, edges: &[Edge]) -> Result<RecordBatch, Fault> {
    let arrays = vec![
        text(edges.iter().map(|edge| Some(&edge.source))),
        text(edges.iter().map(|edge| Some(&edge.relation))),
        text(edges.iter().map(|edge| Some(&edge.target))),
        text(edges.iter().map(|edge| edge.role.as_ref())),
        times(edges.iter().map(|edge| edge.first)),
        times(edges.iter().map(|edge| edge.last)),
        longs(edges.iter().map(|edge| edge.count as i64)),
    ];
    batch(name, arrays)
}

pub(super) fn blast_radius(context: &Context, given: Given<'_>) -> Answered {
    let request = BlastRadiusRequest {
        node: required(given, 0),
        hops: number("hops", given[1].as_ref())?,
        from: given[2].clone(),
        to: given[3].clone(),
        limit: Some(NODES_MAX),
        ..BlastRadiusRequest::default()
    };
    let answer = request.answer(context)?;
    let rows = &answer.reached;
    let arrays = vec![
        text(rows.iter().map(|row| Some(&row.node.id))),
        text(rows.iter().map(|row| Some(&row.node.kind))),
        text(rows.iter().map(|row| Some(&row.node.label))),
        longs(rows.iter().map(|row| i64::from(row.hops))),
        times(rows.iter().map(|row| row.arrival)),
        text(rows.iter().map(|row| row.via.as_ref())),
    ];
    Ok((batch("blast_radius", arrays)?, answer.cut))
}

pub(super) fn common(context: &Context, given: Given<'_>) -> Answered {
    let request = CommonRequest { a: required(given, 0), b: required(given, 1), limit: Some(ROWS_MAX), as_of: None };
    let (a, b) = (request.a.clone(), request.b.clone());
    let answer = request.answer(context)?;
    let asked: Vec<_> = [a, b].iter().filter_map(|text| super::super::super::reference::node(&context.snapshot.graph, text).ok()).collect();
    let asked: Vec<String> = asked.into_iter().map(|node| super::super::super::render::reference(&context.snapshot.graph, node)).collect();
    let nodes: Vec<_> = answer.nodes.iter().filter(|node| !asked.contains(&node.id)).collect();
    let arrays = vec![
        text(nodes.iter().map(|node| Some(&node.id))),
        text(nodes.iter().map(|node| Some(&node.kind))),
        text(nodes.iter().map(|node| Some(&node.label))),
    ];
    Ok((batch("common", arrays)?, answer.cut))
}

pub(super) fn component(context: &Context, given: Given<'_>) -> Answered {
    let request = ComponentRequest {
        node: required(given, 0),
        from: given[1].clone(),
        to: given[2].clone(),
        limit: Some(NODES_MAX),
        ..ComponentRequest::default()
    };
    let answer = request.answer(context)?;
    Ok((edges("component", &answer.edges)?, answer.cut))
}

pub(super) fn neighbors(context: &Context, given: Given<'_>) -> Answered {
    let request = NeighborsRequest {
        node: required(given, 0),
        relation: given[1..].iter().flatten().cloned().collect(),
        limit: Some(ROWS_MAX),
        ..NeighborsRequest::default()
    };
    let answer = request.answer(context)?;
    Ok((edges("neighbors", &answer.edges)?, answer.cut))
}

pub(super) fn paths(context: &Context, given: Given<'_>) -> Answered {
    let request = PathsRequest { a: required(given, 0), b: required(given, 1), mode: given[2].clone(), ..PathsRequest::default() };
    let answer = request.answer(context)?;
    let rows: Vec<_> = answer
        .paths
        .iter()
        .enumerate()
        .flat_map(|(path, row)| row.edges.iter().enumerate().map(move |(step, edge)| (path, step, edge)))
        .collect();
    let arrays = vec![
        longs(rows.iter().map(|(path, ..)| *path as i64 + 1)),
        longs(rows.iter().map(|(_, step, _)| *step as i64 + 1)),
        text(rows.iter().map(|(.., edge)| Some(&edge.source))),
        text(rows.iter().map(|(.., edge)| Some(&edge.relation))),
        text(rows.iter().map(|(.., edge)| Some(&edge.target))),
        times(rows.iter().map(|(.., edge)| edge.first)),
        times(rows.iter().map(|(.., edge)| edge.last)),
    ];
    Ok((batch("paths", arrays)?, answer.cut))
}

pub(super) fn rank(context: &Context, given: Given<'_>) -> Answered {
    let limit = number("limit", given[2].as_ref())?;
    let request = RankRequest {
        by: given[0].clone(),
        kind: given[1].iter().cloned().collect(),
        limit: limit.or(Some(ROWS_MAX)),
        ..RankRequest::default()
    };
    let answer = request.answer(context)?;
    let rows = &answer.value;
    let arrays = vec![
        text(rows.iter().map(|row| Some(&row.node.id))),
        text(rows.iter().map(|row| Some(&row.node.kind))),
        text(rows.iter().map(|row| Some(&row.node.label))),
        reals(rows.iter().map(|row| row.score)),
    ];
    Ok((batch("rank", arrays)?, (!answer.complete && limit.is_none()).then(|| "rank_limit".to_owned())))
}

/// The reference of an incident by its id.
fn incident_reference(context: &Context, id: &str) -> String {
    let graph = &context.snapshot.graph;
    graph.incident(id).map_or_else(|| format!("incident:{id}"), |node| render::reference(graph, node))
}

pub(super) fn search(context: &Context, given: Given<'_>) -> Answered {
    let request = SearchRequest::of(&required(given, 0), given[1].as_deref(), HITS_MAX as u32)?;
    let answer = request.answer(context)?;
    let hits = &answer.hits;
    let node = |kind: DocKind, id: &str| match kind {
        DocKind::Incident => incident_reference(context, id),
        DocKind::Alert => format!("alert:{id}"),
        DocKind::Entity => id.to_owned(),
    };
    let arrays = vec![
        text(hits.iter().map(|hit| Some(hit.kind.as_str()))),
        text(hits.iter().map(|hit| Some(&hit.id))),
        text(hits.iter().map(|hit| Some(&hit.title))),
        reals(hits.iter().map(|hit| f64::from(hit.score))),
        longs(hits.iter().map(|hit| hit.seq as i64)),
        text(hits.iter().map(|hit| Some(node(hit.kind, &hit.id)))),
    ];
    Ok((batch("search", arrays)?, (hits.len() == HITS_MAX).then(|| "search_hits_max".to_owned())))
}

pub(super) fn similar(context: &Context, given: Given<'_>) -> Answered {
    let limit = number("limit", given[1].as_ref())?;
    let incident = required(given, 0);
    let incident = incident.strip_prefix("incident:").unwrap_or(&incident).to_owned();
    let answer = SimilarRequest { incident, limit: limit.or(Some(1_000)), as_of: None }.answer(context)?;
    let rows = &answer.value;
    let reasons = rows.iter().map(|row| row.terms.iter().map(|term| term.value.as_str()).collect::<Vec<_>>().join(", "));
    let arrays = vec![
        text(rows.iter().map(|row| Some(&row.incident.id))),
        text(rows.iter().map(|row| Some(&row.incident.title))),
        text(rows.iter().map(|row| Some(&row.incident.severity))),
        text(rows.iter().map(|row| Some(&row.incident.status))),
        reals(rows.iter().map(|row| row.score)),
        text(reasons.map(Some)),
        text(rows.iter().map(|row| Some(incident_reference(context, &row.incident.id)))),
    ];
    Ok((batch("similar", arrays)?, (!answer.complete && limit.is_none()).then(|| "similar_limit".to_owned())))
}

pub(super) fn timeline(context: &Context, given: Given<'_>) -> Answered {
    let request = TimelineRequest {
        of: vec![required(given, 0)],
        from: given[1].clone(),
        to: given[2].clone(),
        limit: Some(ROWS_MAX),
        ..TimelineRequest::default()
    };
    let answer = request.answer(context)?;
    let rows: Vec<_> = answer.value.iter().chain(&answer.undated).collect();
    let arrays = vec![
        times(rows.iter().map(|row| row.time)),
        times(rows.iter().map(|row| row.end)),
        text(rows.iter().map(|row| Some(&row.kind))),
        text(rows.iter().map(|row| Some(&row.message))),
        text(rows.iter().map(|row| Some(&row.source))),
        text(rows.iter().map(|row| row.severity.as_ref())),
        text(rows.iter().map(|row| row.node.as_ref())),
        longs(rows.iter().map(|row| row.seq as i64)),
    ];
    Ok((batch("timeline_of", arrays)?, (!answer.complete).then(|| answer.cut.unwrap_or_else(|| "timeline_rows_max".to_owned()))))
}

pub(super) fn why(context: &Context, given: Given<'_>) -> Answered {
    let answer =
        WhyRequest { a: required(given, 0), b: required(given, 1), limit: Some(ROWS_MAX), ..WhyRequest::default() }.answer(context)?;
    let rows: Vec<_> = answer.assertions.iter().flat_map(|row| row.records.iter().map(move |record| (row, record))).collect();
    let arrays = vec![
        text(rows.iter().map(|(row, _)| Some(&row.source))),
        text(rows.iter().map(|(row, _)| Some(&row.relation))),
        text(rows.iter().map(|(row, _)| Some(&row.target))),
        text(rows.iter().map(|(row, _)| row.rule.as_ref())),
        text(rows.iter().map(|(row, _)| row.asserted_by.as_ref())),
        text(rows.iter().map(|(row, _)| row.table.as_ref())),
        longs(rows.iter().map(|(_, record)| record.seq as i64)),
        text(rows.iter().map(|(_, record)| Some(&record.source))),
        longs(rows.iter().map(|(_, record)| record.line as i64)),
    ];
    Ok((batch("why", arrays)?, (!answer.complete).then(|| "why_rows_max".to_owned())))
}

//! `$search` of lists: the full-text search, as ids of what it finds. Knows no dialect.

use std::collections::HashSet;

use crate::model::Fault;
use crate::query::search::SearchRequest;
use crate::query::{Context, Question};

/// Hits of one page of the full-text search.
const PAGE: usize = 1_000;
/// Fields of incidents that are looked in.
const INCIDENT_FIELDS: [&str; 9] = ["id", "number", "title", "tag", "owner", "product", "description", "comment", "entity"];
/// Fields of alerts that are looked in.
const ALERT_FIELDS: [&str; 4] = ["id", "title", "description", "entity"];

/// The incidents that a text is found in: in their own words, or in those of an alert that they contain.
pub(super) fn incidents(context: &Context, text: &str) -> Result<HashSet<String>, Fault> {
    let graph = &context.snapshot.graph;
    let mut found = hits(context, text, "incident", &INCIDENT_FIELDS)?;
    for alert in alerts(context, text)?.iter().filter_map(|alert| graph.alert(alert)) {
        let containers = crate::query::lists::containers(graph, alert);
        found.extend(containers.filter_map(|incident| Some(graph.incident_node(incident)?.id().to_owned())));
    }
    Ok(found)
}

/// The alerts that a text is found in.
pub(super) fn alerts(context: &Context, text: &str) -> Result<HashSet<String>, Fault> {
    hits(context, text, "alert", &ALERT_FIELDS)
}

fn hits(context: &Context, text: &str, kind: &str, fields: &[&str]) -> Result<HashSet<String>, Fault> {
    // One client encodes the text before the encoding of the address.
    let mut request = SearchRequest::of(&decoded(text), Some(kind), PAGE as u32)?;
    request.highlight = false;
    request.fields = fields.iter().map(|field| (*field).to_owned()).collect();
    let mut found = HashSet::new();
    loop {
        let answer = request.clone().answer(context)?;
        found.extend(answer.hits.into_iter().map(|hit| hit.id));
        request.cursor = answer.cursor;
        if request.cursor.is_none() {
            return Ok(found);
        }
    }
}

fn decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    super::segments(&text.replace('/', "%2F")).join("")
}

//! Answers as people and programs read them, made from the JSON of the API and from nothing else.

mod detail;
mod graph;
mod grid;
mod sheet;
mod timeline;

use serde_json::Value;

use super::output::Style;
use grid::Grid;

pub(crate) use sheet::{csv, json_lines, markdown};

/// The shape of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// Hits of a search.
    Search,
    /// A page of incidents.
    Incidents,
    /// One incident.
    Incident,
    /// A page of alerts.
    Alerts,
    /// One alert.
    Alert,
    /// A page of entities.
    Entities,
    /// One entity.
    Entity,
    /// The answer of an exploration query.
    Explore,
    /// Exploration queries.
    Explorations,
    /// A timeline.
    Timeline,
    /// Nodes and edges.
    Subgraph,
    /// Paths.
    Paths,
    /// What a node reaches.
    BlastRadius,
    /// Ranked nodes.
    Rank,
    /// Similar incidents.
    Similar,
    /// Assertions behind edges.
    Why,
    /// Columns and rows.
    Table,
    /// What an ingest did.
    Report,
    /// Anything else.
    Any,
    /// Bytes that are printed as they are.
    Bytes,
}

/// Columns of a list: heading and member.
type Columns = &'static [(&'static str, &'static str)];

const INCIDENTS: Columns = &[
    ("NUMBER", "number"),
    ("SEVERITY", "severity"),
    ("STATUS", "status"),
    ("TITLE", "title"),
    ("ALERTS", "alerts"),
    ("OWNER", "owner"),
    ("TACTICS", "tactics"),
    ("LAST ACTIVITY", "last_activity"),
    ("ID", "id"),
];
const ALERTS: Columns = &[
    ("SEVERITY", "severity"),
    ("STATUS", "status"),
    ("TITLE", "title"),
    ("PRODUCT", "product"),
    ("ENTITIES", "entities"),
    ("START", "start"),
    ("ID", "id"),
];
const ENTITIES: Columns = &[("ENTITY", "id"), ("LABEL", "label"), ("EDGES", "degree"), ("FIRST", "first"), ("LAST", "last")];
const EXPLORATIONS: Columns =
    &[("QUERY", "name"), ("TITLE", "title"), ("ANSWERS", "question"), ("RESULTS", "results"), ("PROBLEM", "problem")];
const HITS: Columns = &[
    ("KIND", "kind"),
    ("NUMBER", "number"),
    ("SEVERITY", "severity"),
    ("STATUS", "status"),
    ("TITLE", "title"),
    ("OWNER", "owner"),
    ("MODIFIED", "modified"),
    ("ID", "id"),
];
const RANK: Columns = &[("SCORE", "score"), ("NODE", "id"), ("LABEL", "label"), ("EDGES", "degree")];

/// Writes an answer for people.
pub(crate) fn for_people(view: View, answer: &Value, style: Style) -> String {
    match view {
        View::Incidents => page(answer, INCIDENTS, "incidents", style),
        View::Alerts => page(answer, ALERTS, "alerts", style),
        View::Entities => page(answer, ENTITIES, "entities", style),
        View::Explorations => page(answer, EXPLORATIONS, "queries", style),
        View::Rank => page(answer, RANK, "nodes", style),
        View::Search => search(answer, style),
        View::Incident => detail::incident(answer, style),
        View::Alert => detail::alert(answer, style),
        View::Entity => detail::entity(answer, style),
        View::Report => detail::report(answer),
        View::Explore => explore(answer, style),
        View::Timeline => timeline::for_people(answer, style),
        View::Subgraph => graph::subgraph(answer, style),
        View::Paths => graph::paths(answer),
        View::BlastRadius => graph::blast_radius(answer, style),
        View::Similar => graph::similar(answer, style),
        View::Why => graph::why(answer, style),
        View::Table => table(answer, style),
        View::Any | View::Bytes => detail::any(answer, style),
    }
}

/// What a person must know of an answer that is not whole.
pub(crate) fn notice(answer: &Value) -> Option<String> {
    let answer = if answer["complete"].is_null() && !answer["table"].is_null() { &answer["table"] } else { answer };
    if answer["complete"] != Value::Bool(false) {
        return None;
    }
    let cut = answer["cut"].as_str().map(|limit| format!("cut by the limit `{limit}`"));
    let next = answer["cursor"].as_str().map(|cursor| format!("next page: --cursor {cursor}"));
    let parts: Vec<String> = cut.into_iter().chain(next).collect();
    Some(if parts.is_empty() { "there is more: raise --limit".to_owned() } else { parts.join("; ") })
}

/// A list with its counts below.
fn page(answer: &Value, columns: Columns, things: &str, style: Style) -> String {
    let items = list(answer, "value");
    let mut out = rows(items, columns, style);
    let total = answer["total"].as_u64().unwrap_or(items.len() as u64);
    out.push_str(&footer(items.len(), total, things, answer));
    for counter in ["status", "severity"] {
        out.push_str(&counts(counter, &answer["counters"][counter]));
    }
    out.push_str(&counts("kinds", &answer["kinds"]));
    out
}

fn rows(items: &[Value], columns: Columns, style: Style) -> String {
    // A column that no item fills tells nothing.
    let filled = columns.iter().filter(|(_, member)| items.iter().any(|item| !grid::text(&item[*member]).is_empty()));
    let columns: Vec<_> = filled.collect();
    let mut grid = Grid::new(columns.iter().map(|(heading, _)| (*heading).to_owned()));
    for item in items {
        grid.row(columns.iter().map(|(_, member)| &item[*member]));
    }
    if items.is_empty() { String::new() } else { grid.write(style) }
}

/// `20 of 340 incidents`, and how to go on.
fn footer(shown: usize, total: u64, things: &str, answer: &Value) -> String {
    let mut line = if total == shown as u64 { format!("{total} {things}") } else { format!("{shown} of {total} {things}") };
    if let Some(notice) = notice(answer) {
        line = format!("{line}; {notice}");
    }
    line + "\n"
}

/// `status: New 3, Closed 1`.
fn counts(name: &str, counts: &Value) -> String {
    let Some(counts) = counts.as_object().filter(|counts| !counts.is_empty()) else { return String::new() };
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{} {count}", super::fault::plain(name))).collect();
    format!("{name}: {}\n", counts.join(", "))
}

fn list<'a>(answer: &'a Value, member: &str) -> &'a [Value] {
    answer[member].as_array().map_or(&[], Vec::as_slice)
}

/// Hits, with the places of their words, and the facets.
fn search(answer: &Value, style: Style) -> String {
    let hits = list(answer, "hits");
    let mut out = rows(hits, HITS, style);
    out.push_str(&footer(hits.len(), answer["total"].as_u64().unwrap_or(hits.len() as u64), "hits", answer));
    for facet in list(answer, "facets") {
        let values = list(facet, "values").iter();
        let values: serde_json::Map<String, Value> = values.map(|value| (grid::text(&value["value"]), value["count"].clone())).collect();
        out.push_str(&counts(&grid::text(&facet["facet"]), &values.into()));
    }
    out
}

fn table(answer: &Value, style: Style) -> String {
    let sheet = sheet::Sheet::of_table(answer);
    let rows = sheet.rows.len();
    let mut out = sheet.grid(style);
    out.push_str(&footer(rows, rows as u64, "rows", answer));
    out
}

fn explore(answer: &Value, style: Style) -> String {
    let exploration = &answer["exploration"];
    let mut out = format!("{}: {}\n\n", grid::text(&exploration["name"]), grid::text(&exploration["question"]));
    out.push_str(&table(&answer["table"], style));
    if !list(&answer["graph"], "edges").is_empty() {
        out.push_str("\nadds to the graph:\n");
        out.push_str(&graph::subgraph(&answer["graph"], style));
    }
    out
}

#[cfg(test)]
mod tests;

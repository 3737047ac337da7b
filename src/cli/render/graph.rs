//! Answers of the graph: edges, paths, reached nodes, similar incidents, assertions.

use std::fmt::Write;

use serde_json::Value;

use super::super::output::Style;
use super::grid::{Grid, text};
use super::{Columns, INCIDENTS, counts, footer, list, notice, number, rows};

const EDGES: Columns = &[
    ("SOURCE", "source"),
    ("RELATION", "relation"),
    ("TARGET", "target"),
    ("ROLE", "role"),
    ("FIRST", "first"),
    ("LAST", "last"),
    ("COUNT", "count"),
    ("RECORDS", "evidence"),
];
const NODES: Columns = &[("NODE", "id"), ("LABEL", "label"), ("EDGES", "degree")];
const REACHED: Columns = &[("HOPS", "hops"), ("ARRIVAL", "arrival"), ("NODE", "id"), ("LABEL", "label"), ("VIA", "via")];

/// Nodes whose label says more than their name, then the edges.
pub(super) fn subgraph(answer: &Value, style: Style) -> String {
    let (nodes, edges) = (list(answer, "nodes"), list(answer, "edges"));
    let mut out = rows(nodes, NODES, style);
    if !nodes.is_empty() && !edges.is_empty() {
        out.push('\n');
    }
    out.push_str(&rows(edges, EDGES, style));
    if edges.is_empty() && answer["complete"] == true {
        let first = nodes.first().map_or("REFERENCE".to_owned(), |node| text(&node["id"]));
        return format!("no edges of this kind and time; `clew entity '{first}'` counts the relations of an entity\n");
    }
    out.push_str(&format!("{}, ", number(nodes.len() as u64, "nodes")));
    out.push_str(&footer(edges.len(), answer["total"].as_u64().unwrap_or(edges.len() as u64), "edges", answer));
    out.push_str(&hubs(answer));
    out
}

fn hubs(answer: &Value) -> String {
    let hubs = text(&answer["hubs"]);
    if hubs.is_empty() { hubs } else { format!("hubs that were not passed through: {hubs}\n") }
}

/// What two nodes share, or that they share nothing.
pub(super) fn common(answer: &Value, style: Style) -> String {
    if list(answer, "edges").is_empty() && answer["complete"] == true {
        return "they have no neighbour in common; `clew paths A B` looks further\n".to_owned();
    }
    subgraph(answer, style)
}

/// Each path as a chain.
pub(super) fn paths(answer: &Value) -> String {
    let paths = list(answer, "paths");
    let mut out = String::new();
    for (place, path) in paths.iter().enumerate() {
        let arrival = path["arrival"].as_str().map(|arrival| format!(", arrives {arrival}")).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "path {} (cost {}{arrival})", place + 1, text(&path["cost"]));
        for (edge, at) in list(path, "edges").iter().zip(list(path, "nodes")) {
            let forward = edge["source"] == *at;
            let (arrow, other) = if forward { ("->", &edge["target"]) } else { ("<-", &edge["source"]) };
            let times = text(&edge["first"]);
            let _ = writeln!(out, "  {} {arrow} {} {arrow} {}  {times}", text(at), text(&edge["relation"]), text(other));
        }
    }
    out.push_str(&footer(paths.len(), paths.len() as u64, "paths", answer));
    if paths.is_empty() {
        out.push_str("--hops N looks further, --hub-degree 0 passes through hubs, --mode shortest takes edges in any order of time\n");
    }
    out.push_str(&hubs(answer));
    out
}

/// What is reached, nearest first, and how much by kind.
pub(super) fn blast_radius(answer: &Value, style: Style) -> String {
    let reached = list(answer, "reached");
    let mut out = rows(reached, REACHED, style);
    out.push_str(&footer(reached.len(), reached.len() as u64, "nodes reached", answer));
    out.push_str(&counts("kinds", &answer["kinds"]));
    out.push_str(&hubs(answer));
    out
}

/// Incidents with their scores and the terms of each.
pub(super) fn similar(answer: &Value, style: Style) -> String {
    let items = list(answer, "value");
    let mut out = String::new();
    for item in items {
        let _ = writeln!(out, "score {}", text(&item["score"]));
        out.push_str(&rows(std::slice::from_ref(item), INCIDENTS, style));
        for term in list(item, "terms") {
            let _ = writeln!(out, "  {}  {} {}", text(&term["weight"]), text(&term["kind"]), text(&term["value"]));
        }
        out.push('\n');
    }
    out.push_str(&footer(items.len(), items.len() as u64, "incidents", answer));
    if items.is_empty() {
        out.push_str("no other incident shares a rare entity, the title or tactics with it\n");
    }
    out.push_str(&hubs(answer));
    out
}

/// Every assertion with its records.
pub(super) fn why(answer: &Value, style: Style) -> String {
    let assertions = list(answer, "assertions");
    let mut out = String::new();
    for assertion in assertions {
        let _ = writeln!(out, "{} -{}-> {}", text(&assertion["source"]), text(&assertion["relation"]), text(&assertion["target"]));
        for (name, member) in
            [("rule", "rule"), ("asserted by", "asserted_by"), ("table", "table"), ("first", "first"), ("last", "last"), ("count", "count")]
        {
            let value = text(&assertion[member]);
            if !value.is_empty() {
                let _ = writeln!(out, "  {name}: {value}");
            }
        }
        let mut grid = Grid::new(["SEQ", "SOURCE", "LINE"].map(str::to_owned));
        let records = list(assertion, "records");
        for record in records {
            grid.row([&record["seq"], &record["source"], &record["line"]]);
        }
        if !records.is_empty() {
            out.extend(grid.write(style).lines().map(|line| format!("  {line}\n")));
        }
    }
    if assertions.is_empty() {
        out.push_str("no edge links them directly\n");
    }
    let path = &answer["path"];
    if !list(path, "paths").is_empty() {
        out.push_str("\na path between them:\n");
        out.push_str(&paths(path));
    } else if !path.is_null() {
        out.push_str("nor does a path; `clew paths A B --hops N` looks further\n");
    }
    out.extend(notice(answer).map(|notice| notice + "\n"));
    out
}

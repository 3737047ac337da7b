//! Counts of what there is, and of what was generated.

use std::fmt::Write;

use serde_json::Value;

use super::super::output::Style;
use super::grid::Grid;

/// Records, edges, tables, and the memory of the graph.
pub(super) fn stats(answer: &Value, style: Style) -> String {
    let graph = &answer["graph"];
    let count = |name: &str| graph[name].as_u64().unwrap_or(0);
    let edges = ["contains", "involves", "links", "aggregates"].map(count).iter().sum::<u64>();
    let megabytes = format!("{:.1} MB", count("bytes") as f64 / 1e6);
    let lines = [
        ("documents", answer["seq"].clone()),
        ("incidents", count("incidents").into()),
        ("alerts", count("alerts").into()),
        ("entities", count("entities").into()),
        ("edges", edges.into()),
        ("searchable", answer["fulltext"].clone()),
        ("graph in memory", megabytes.into()),
    ];
    let mut out = pairs(lines.into_iter(), style);
    let tables = answer["tables"].as_object().into_iter().flatten().map(|(name, rows)| (name.as_str(), rows.clone()));
    let tables = pairs(tables, style);
    if !tables.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(out, "\nrows by table\n{tables}");
    }
    out
}

/// The sizes; the truth of each case is in the file.
pub(super) fn generated(answer: &Value, style: Style) -> String {
    let simple = answer.as_object().into_iter().flatten().filter(|(_, value)| value.is_number());
    let mut out = pairs(simple.map(|(name, value)| (name.as_str(), value.clone())), style).replace('_', " ");
    out.push_str("what the files hold, case by case: `truth.json` beside them\n");
    out
}

fn pairs<'a>(lines: impl Iterator<Item = (&'a str, Value)>, style: Style) -> String {
    let mut grid = Grid::new(["", ""].map(str::to_owned));
    let mut any = false;
    for (name, value) in lines {
        grid.row([&format!("  {name}").into(), &value]);
        any = true;
    }
    if any { grid.headless().write(style) } else { String::new() }
}

//! Any answer as rows: CSV, JSON lines, Markdown.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::super::fault::steers;
use super::super::output::Style;
use super::grid::{self, Grid};
use super::{View, list, timeline};

/// Rows under named columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sheet {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Value>>,
}

impl Sheet {
    fn of(view: View, answer: &Value) -> Self {
        match view {
            View::Table => Self::of_table(answer),
            View::Explore => Self::of_table(&answer["table"]),
            View::Timeline => Self::of_objects(&timeline::events(answer)),
            View::Subgraph | View::Common => Self::of_objects(list(answer, "edges")),
            View::Search => Self::of_objects(list(answer, "hits")),
            View::BlastRadius => Self::of_objects(list(answer, "reached")),
            View::Why => Self::of_objects(list(answer, "assertions")),
            View::Paths => Self::of_objects(&path_edges(answer)),
            _ => match answer["value"].as_array() {
                Some(items) => Self::of_objects(items),
                None => Self::of_members(answer),
            },
        }
    }

    /// Columns and rows as they are.
    pub(super) fn of_table(answer: &Value) -> Self {
        let columns = list(answer, "columns").iter().map(|column| column["name"].as_str().unwrap_or_default().to_owned()).collect();
        let rows = list(answer, "rows").iter().map(|row| row.as_array().cloned().unwrap_or_default()).collect();
        Self { columns, rows }
    }

    /// A column for every member of any item, in the order in which they come.
    pub(super) fn of_objects(items: &[Value]) -> Self {
        let mut columns: Vec<String> = Vec::new();
        let mut known = std::collections::HashSet::new();
        for name in items.iter().filter_map(Value::as_object).flat_map(Map::keys) {
            if known.insert(name) {
                columns.push(name.clone());
            }
        }
        let row = |item: &Value| match item {
            Value::Object(members) => columns.iter().map(|name| members.get(name).cloned().unwrap_or_default()).collect(),
            other => vec![other.clone()],
        };
        let rows = items.iter().map(row).collect();
        if columns.is_empty() {
            columns.push("value".to_owned());
        }
        Self { columns, rows }
    }

    fn of_members(answer: &Value) -> Self {
        let rows = answer.as_object().into_iter().flatten().map(|(name, value)| vec![name.clone().into(), value.clone()]).collect();
        Self { columns: vec!["field".to_owned(), "value".to_owned()], rows }
    }

    /// Aligned columns.
    pub(super) fn grid(&self, style: Style) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let mut grid = Grid::new(self.columns.iter().cloned());
        self.rows.iter().for_each(|row| grid.row(row));
        grid.write(style)
    }
}

/// The edges of all paths, each with the number of its path.
fn path_edges(answer: &Value) -> Vec<Value> {
    let mut edges = Vec::new();
    for (place, path) in list(answer, "paths").iter().enumerate() {
        for edge in list(path, "edges") {
            let mut row = Map::new();
            row.insert("path".to_owned(), (place + 1).into());
            row.extend(edge.as_object().cloned().unwrap_or_default());
            edges.push(row.into());
        }
    }
    edges
}

/// Comma-separated values under a header; every cell quoted, none a formula.
pub(crate) fn csv(view: View, answer: &Value) -> String {
    let sheet = Sheet::of(view, answer);
    let mut out = String::new();
    let mut write = |cells: Vec<Cow<'_, str>>| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    };
    write(sheet.columns.iter().map(|name| unarmed(name)).collect());
    for row in &sheet.rows {
        write(row.iter().map(cell).collect());
    }
    out
}

fn cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => unarmed(text),
        Value::Array(items) if items.iter().all(|item| item.is_string()) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            Cow::Owned(unarmed(&texts.join("; ")).into_owned())
        }
        other => Cow::Owned(other.to_string()),
    }
}

/// Text that no spreadsheet takes for a formula.
fn unarmed(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// One JSON object a line.
pub(crate) fn json_lines(view: View, answer: &Value) -> String {
    let mut out = String::new();
    let mut write = |value: &Value| {
        out.push_str(&value.to_string());
        out.push('\n');
    };
    match (view, answer["value"].as_array()) {
        (View::Timeline, _) => timeline::lines(answer).iter().for_each(&mut write),
        (View::Search, _) => list(answer, "hits").iter().for_each(write),
        (View::Table | View::Explore | View::Subgraph | View::Common | View::BlastRadius | View::Why | View::Paths, _) => {
            let sheet = Sheet::of(view, answer);
            for row in sheet.rows {
                let members: Map<String, Value> = sheet.columns.iter().cloned().zip(row).collect();
                write(&members.into());
            }
        }
        (_, Some(items)) => items.iter().for_each(write),
        (_, None) => write(answer),
    }
    out
}

/// A table of Markdown; a timeline becomes a list under its days.
pub(crate) fn markdown(view: View, answer: &Value) -> String {
    if view == View::Timeline {
        return timeline::markdown(answer);
    }
    let sheet = Sheet::of(view, answer);
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = line(sheet.columns.iter().map(|name| escape(name)).collect());
    out.push_str(&line(sheet.columns.iter().map(|_| "---".to_owned()).collect()));
    for row in &sheet.rows {
        out.push_str(&line(row.iter().map(|value| escape(&grid::text(value))).collect()));
    }
    out
}

/// Text that Markdown shows as it is.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#') {
            out.push('\\');
        }
        out.push(if steers(c) { ' ' } else { c });
    }
    out
}

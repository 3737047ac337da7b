//! One thing with everything that is known of it: names and values, then its lists.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::super::fault::plain;
use super::super::output::Style;
use super::grid::{Grid, text};
use super::sheet::Sheet;
use super::{ALERTS, Columns, ENTITIES, INCIDENTS, counts, list, rows};

const EVIDENCE: Columns = &[("ENTITY", "id"), ("LABEL", "label"), ("ROLE", "role")];
const VERSIONS: Columns =
    &[("SEQ", "seq"), ("MODIFIED", "modified"), ("RECEIVED", "received"), ("SOURCE", "source"), ("LINE", "line"), ("CURRENT", "current")];
const MERGES: Columns = &[("KEY", "key"), ("SEQ", "seq")];
const WARNED: Columns = &[("SOURCE", "source"), ("LINE", "line"), ("COLUMN", "column"), ("MESSAGE", "message")];
const REJECTS: Columns = &[("CODE", "code"), ("SOURCE", "source"), ("LINE", "line"), ("MESSAGE", "message")];

/// An incident.
pub(super) fn incident(answer: &Value, style: Style) -> String {
    let number = answer["number"].as_i64().map(|number| format!(" {number}")).unwrap_or_default();
    let mut out = format!("incident{number}: {}\n", text(&answer["title"]));
    out.push_str(&members(answer, &["title", "number", "description", "alerts", "alerts_missing", "seq"], style));
    out.push_str(&prose(&answer["description"]));
    out.push_str(&section("alerts", list(answer, "alerts_list"), ALERTS, style));
    let missing = text(&answer["alerts_missing"]);
    if !missing.is_empty() {
        let _ = writeln!(out, "\nalerts that it names but that were never seen: {missing}");
    }
    out.push_str(&section("children", list(answer, "children"), INCIDENTS, style));
    out.push_str(&section("entities", list(answer, "entities"), ENTITIES, style));
    for comment in list(answer, "comments") {
        let _ = writeln!(out, "\n{} {}: {}", text(&comment["created"]), text(&comment["author"]), text(&comment["message"]));
    }
    out.push_str(&section("versions", list(answer, "versions"), VERSIONS, style));
    out
}

/// An alert; its document is left to `--raw`.
pub(super) fn alert(answer: &Value, style: Style) -> String {
    let mut out = format!("alert: {}\n", text(&answer["title"]));
    out.push_str(&members(answer, &["title", "description", "entities", "raw", "seq"], style));
    out.push_str(&prose(&answer["description"]));
    out.push_str(&section("entities", list(answer, "entities_list"), EVIDENCE, style));
    out.push_str(&extended(answer, style));
    out.push_str(&section("versions", list(answer, "versions"), VERSIONS, style));
    out
}

/// An entity.
pub(super) fn entity(answer: &Value, style: Style) -> String {
    let mut out = format!("{}: {}\n", text(&answer["kind"]), text(&answer["label"]));
    out.push_str(&members(answer, &["kind", "label"], style));
    out.push_str(&object("properties", &answer["properties"], style));
    out.push_str(&object("relations", &answer["relations"], style));
    out.push_str(&section("merged by", list(answer, "merges"), MERGES, style));
    out
}

/// What an earlier ingest did.
pub(super) fn ingest_record(answer: &Value, style: Style) -> String {
    const OWN: [&str; 9] = ["id", "by", "via", "begun", "ended", "sources", "requests", "format", "table"];
    let own: Map<String, Value> = OWN.iter().filter_map(|name| Some(((*name).to_owned(), answer.get(*name)?.clone()))).collect();
    let mut out = members(&Value::Object(own), &[], style);
    out.push_str(&object("documents by file", &answer["files"], style));
    if let Some(more) = answer["files_more"].as_u64().filter(|more| *more > 0) {
        let _ = writeln!(out, "and {more} documents of other files");
    }
    out.push('\n');
    out.push_str(&report(answer));
    out
}

/// What an ingest did.
pub(super) fn report(answer: &Value) -> String {
    let style = Style::default();
    let number = |name: &str| answer[name].as_u64().unwrap_or(0);
    let seconds = answer["seconds"].as_f64().unwrap_or(0.0);
    let mut out = format!("{} documents in {seconds:.1} s", number("documents"));
    if seconds > 0.0 {
        let _ = write!(out, " ({:.0}/s, {:.1} MB/s)", number("documents") as f64 / seconds, number("bytes") as f64 / seconds / 1e6);
    }
    out.push('\n');
    let mut grid = Grid::new(["", ""].map(str::to_owned));
    for name in ["new", "updated", "duplicate", "rejected", "alerts", "incidents"] {
        grid.row([&format!("  {name}").into(), &answer[name]]);
    }
    out.push_str(&grid.headless().write(style));
    if let (Some(first), Some(last)) = (answer["first"].as_str(), answer["last"].as_str()) {
        let _ = writeln!(out, "time span: {first} to {last}");
    }
    out.push_str(&object("formats", &answer["formats"], style));
    out.push_str(&object("entities by kind", &answer["entities"], style));
    out.push_str(&object("rows by table", &answer["events"], style));
    let unmapped = answer["unmapped"].as_object().map(Map::len).unwrap_or(0);
    if unmapped > 0 {
        let names: Vec<&str> = answer["unmapped"].as_object().into_iter().flat_map(Map::keys).take(12).map(String::as_str).collect();
        let more = if unmapped > names.len() { format!(" and {} more (--json shows them)", unmapped - names.len()) } else { String::new() };
        let _ = writeln!(out, "\nmembers that no mapping reads, kept with their records: {}{more}", plain(&names.join(", ")));
    }
    out.push_str(&object("rejected by code", &answer["rejected_by_code"], style));
    out.push_str(&section("rejected documents", list(answer, "rejects"), REJECTS, style));
    if let Some(file) = answer["rejects_file"].as_str() {
        let _ = writeln!(out, "all rejects: {}", plain(file));
    }
    if number("warnings") > 0 {
        let _ = writeln!(out, "\n{} values could not be read; their rows went in and keep them as they were written", number("warnings"));
        out.push_str(&object("such values by column", &answer["warnings_by_column"], style));
        out.push_str(&section("unreadable values", list(answer, "warned"), WARNED, style));
    }
    out
}

/// Any answer: lists as columns, objects as names and values.
pub(super) fn any(answer: &Value, style: Style) -> String {
    if let Some(items) = answer["value"].as_array() {
        let mut out = Sheet::of_objects(items).grid(style);
        out.extend(super::notice(answer).map(|notice| notice + "\n"));
        return out;
    }
    let mut out = members(answer, &[], style);
    for (name, value) in answer.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) if items.iter().any(Value::is_object) => {
                let _ = write!(out, "\n{name}\n{}", Sheet::of_objects(items).grid(style));
            }
            Value::Object(_) => out.push_str(&object(name, value, style)),
            _ => {}
        }
    }
    out
}

/// Names and values of the members that are neither objects nor lists of objects, nor empty, nor named in `without`.
fn members(answer: &Value, without: &[&str], style: Style) -> String {
    let mut grid = Grid::new(["", ""].map(str::to_owned));
    let mut any = false;
    for (name, value) in answer.as_object().into_iter().flatten() {
        let simple = match value {
            Value::Object(_) => false,
            Value::Array(items) => items.iter().all(|item| !item.is_object()),
            _ => true,
        };
        if simple && !without.contains(&name.as_str()) && !text(value).is_empty() {
            grid.row([&format!("  {}", name.replace('_', " ")).into(), value]);
            any = true;
        }
    }
    if any { grid.headless().write(style) } else { String::new() }
}

/// The members of an object under its name.
fn object(name: &str, value: &Value, style: Style) -> String {
    let Some(values) = value.as_object().filter(|values| !values.is_empty()) else { return String::new() };
    if values.values().all(Value::is_u64) && values.len() <= 6 {
        return format!("\n{}", counts(name, value));
    }
    let mut grid = Grid::new(["", ""].map(str::to_owned));
    values.iter().for_each(|(name, value)| grid.row([&format!("  {name}").into(), value]));
    format!("\n{name}\n{}", grid.headless().write(style))
}

fn extended(answer: &Value, style: Style) -> String {
    object("further properties", &answer["extended"], style)
}

fn section(name: &str, items: &[Value], columns: Columns, style: Style) -> String {
    if items.is_empty() {
        return String::new();
    }
    let table: String = rows(items, columns, style).lines().map(|line| format!("  {line}\n")).collect();
    format!("\n{name}\n{table}")
}

fn prose(value: &Value) -> String {
    match value.as_str().map(str::trim) {
        None | Some("") => String::new(),
        Some(text) => format!("\n{}\n", text.lines().map(|line| plain(line.trim_end())).collect::<Vec<_>>().join("\n")),
    }
}

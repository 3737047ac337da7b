//! Timelines: days and times for people, rows that Timesketch imports, Markdown for reports.

use serde_json::{Map, Value};

use super::super::output::Style;
use super::grid;
use super::sheet::escape;
use super::{counts, footer, list};

/// Times of the day, kinds and texts, under their days; aligned over the whole page.
pub(super) fn for_people(answer: &Value, style: Style) -> String {
    let (items, undated) = (list(answer, "value"), list(answer, "undated"));
    let lines: Vec<Line> = items.iter().chain(undated).map(Line::of).collect();
    let width = |column: fn(&Line) -> &str| lines.iter().map(|line| column(line).chars().count()).max().unwrap_or(0);
    let widths = [width(|line| &line.clock), width(|line| &line.kind), width(|line| &line.severity)];
    let (dated, rest) = lines.split_at(items.len());
    let mut out = String::new();
    let mut left = dated;
    for (day, items) in days(items) {
        let (block, behind) = left.split_at(items.len());
        left = behind;
        out.push_str(&format!("{day}\n"));
        out.extend(block.iter().map(|line| line.write(widths, style)));
    }
    if !rest.is_empty() {
        out.push_str("without a time\n");
        out.extend(rest.iter().map(|line| line.write(widths, style)));
    }
    let total = answer["counts"].as_object().map(|counts| counts.values().filter_map(Value::as_u64).sum());
    out.push_str(&footer(items.len(), total.unwrap_or(items.len() as u64), "items", answer));
    out.push_str(&counts("kinds", &answer["counts"]));
    out.push_str(&counts("tables", &answer["tables"]));
    out.push_str(&histogram(list(answer, "buckets")));
    out
}

/// The columns of one item.
struct Line {
    clock: String,
    kind: String,
    severity: String,
    message: String,
}

impl Line {
    fn of(item: &Value) -> Self {
        let kind = if item["kind"] == "event" { grid::text(&item["source"]) } else { grid::text(&item["kind"]) };
        Self { clock: clock(item), kind, severity: grid::text(&item["severity"]), message: grid::text(&item["message"]) }
    }

    fn write(&self, widths: [usize; 3], style: Style) -> String {
        let mut line = String::from(" ");
        for (column, width) in [&self.clock, &self.kind, &self.severity].into_iter().zip(widths).filter(|(_, width)| *width > 0) {
            let gap = " ".repeat(width - column.chars().count() + 1);
            let text = if std::ptr::eq(column, &self.severity) { grid::painted(column, style) } else { column.clone() };
            line.push_str(&format!(" {text}{gap}"));
        }
        format!("{line} {}\n", self.message)
    }
}

/// Consecutive items of one day.
fn days(items: &[Value]) -> Vec<(&str, &[Value])> {
    items.chunk_by(|a, b| day(a) == day(b)).map(|items| (items.first().map_or("", day), items)).collect()
}

fn day(item: &Value) -> &str {
    item["time"].as_str().and_then(|time| time.split_once('T')).map_or("", |(day, _)| day)
}

/// The time of the day, and the end of what lasts: the time alone on the same day.
fn clock(item: &Value) -> String {
    let time = |text: &str| text.split_once('T').map_or(text, |(_, time)| time).to_owned();
    let Some(start) = item["time"].as_str() else { return String::new() };
    match item["end"].as_str() {
        Some(end) if end != start && end.starts_with(day(item)) => format!("{} - {}", time(start), time(end)),
        Some(end) if end != start => format!("{} - {end}", time(start)),
        _ => time(start),
    }
}

/// A bar for each bucket.
fn histogram(buckets: &[Value]) -> String {
    let total = |bucket: &Value| bucket["counts"].as_object().into_iter().flat_map(Map::values).filter_map(Value::as_u64).sum::<u64>();
    let most = buckets.iter().map(total).max().unwrap_or(0).max(1);
    let line = |bucket: &Value| {
        let count = total(bucket);
        let bar = "#".repeat(usize::try_from((count * 40).div_ceil(most)).unwrap_or(40));
        format!("{}  {bar} {count}\n", grid::text(&bucket["start"]))
    };
    buckets.iter().map(line).collect()
}

/// The dated items as Timesketch imports them: `message`, `datetime` and `timestamp_desc` first.
pub(super) fn events(answer: &Value) -> Vec<Value> {
    list(answer, "value").iter().map(|item| Value::Object(event(item))).collect()
}

fn event(item: &Value) -> Map<String, Value> {
    let mut event = Map::new();
    let description = match item["kind"].as_str().unwrap_or_default() {
        "alert" => "Alert Activity Start",
        "incident" => "Incident First Activity",
        "status" => "Status Change",
        _ => "Event Logged",
    };
    event.insert("message".to_owned(), item["message"].clone());
    event.insert("datetime".to_owned(), item["time"].clone());
    event.insert("timestamp_desc".to_owned(), description.into());
    for member in ["end", "kind", "source", "severity", "tactics", "node", "touches", "seq"] {
        event.insert(member.to_owned(), item[member].clone());
    }
    event
}

/// The same with the cells of events beside, where their names are free.
pub(super) fn lines(answer: &Value) -> Vec<Value> {
    let line = |item: &Value| {
        let mut line = event(item);
        line.retain(|_, value| !value.is_null());
        for (name, value) in item["row"].as_object().into_iter().flatten() {
            line.entry(name.clone()).or_insert_with(|| value.clone());
        }
        Value::Object(line)
    };
    list(answer, "value").iter().map(line).collect()
}

/// Lists under the days, for a report.
pub(super) fn markdown(answer: &Value) -> String {
    let mut out = String::from("# Timeline\n");
    let line = |item: &Value| {
        let severity = item["severity"].as_str().map(|severity| format!(" ({severity})")).unwrap_or_default();
        let time = clock(item);
        let time = if time.is_empty() { time } else { format!("**{time}** ") };
        format!("- {time}{}{severity}: {}\n", escape(&grid::text(&item["kind"])), escape(&grid::text(&item["message"])))
    };
    for (day, items) in days(list(answer, "value")) {
        out.push_str(&format!("\n## {day}\n\n"));
        out.extend(items.iter().map(line));
    }
    let undated = list(answer, "undated");
    if !undated.is_empty() {
        out.push_str("\n## Without a time\n\n");
        out.extend(undated.iter().map(line));
    }
    out
}

//! Answers as people and programs read them, made from the JSON of the API and from nothing else.

mod detail;
mod graph;
mod grid;
mod sheet;
mod system;
mod timeline;
mod triage;

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
    /// What two nodes share.
    Common,
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
    /// What earlier ingests did.
    Ingests,
    /// What an earlier ingest did.
    IngestRecord,
    /// What a correlation found and did.
    Correlation,
    /// A decision on entities.
    Decision,
    /// A change of incidents.
    Changed,
    /// The changes of an incident.
    Activity,
    /// Rules, exports, watchlists: what people defined.
    Definitions,
    /// Changes that somebody asked for.
    Proposals,
    /// What became of a change that somebody asked for.
    Decided,
    /// What somebody is told.
    Notifications,
    /// Runs of automation rules.
    Runs,
    /// Counts of what there is.
    Stats,
    /// What was generated.
    Generated,
    /// Anything else.
    Any,
    /// Bytes that are printed as they are.
    Bytes,
}

impl View {
    /// The member that holds the items of a list with further pages.
    pub(crate) fn paged(self) -> Option<&'static str> {
        match self {
            Self::Incidents | Self::Alerts | Self::Entities | Self::Timeline | Self::Proposals | Self::Ingests | Self::Notifications => {
                Some("value")
            }
            Self::Search => Some("hits"),
            _ => None,
        }
    }
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
    ("REPEATS", "group"),
    ("START", "start"),
    ("ID", "id"),
];
const ENTITIES: Columns = &[("ENTITY", "id"), ("LABEL", "label"), ("EDGES", "degree"), ("FIRST", "first"), ("LAST", "last")];
const EXPLORATIONS: Columns =
    &[("QUERY", "name"), ("TITLE", "title"), ("ANSWERS", "question"), ("RESULTS", "results"), ("PROBLEM", "problem")];
const DEFINITIONS: Columns = &[
    ("ID", "id"),
    ("NAME", "name"),
    ("STATE", "state"),
    ("ENABLED", "enabled"),
    ("TYPE", "alert_type"),
    ("REASON", "reason"),
    ("TRIGGER", "trigger"),
    ("KEY", "key"),
    ("PATTERN", "pattern"),
    ("COUNT", "count"),
    ("EXPIRES", "expires"),
    ("MODIFIED", "modified"),
    ("BY", "modified_by"),
];
const INGESTS: Columns = &[
    ("BEGUN", "begun"),
    ("BY", "by"),
    ("VIA", "via"),
    ("SOURCE", "source"),
    ("DOCUMENTS", "documents"),
    ("NEW", "new"),
    ("UPDATED", "updated"),
    ("DUPLICATE", "duplicate"),
    ("REJECTED", "rejected"),
    ("WARNINGS", "warnings"),
    ("ERROR", "error"),
    ("ID", "id"),
];
const RUNS: Columns =
    &[("STARTED", "started"), ("RULE", "name"), ("TARGET", "target"), ("WHEN", "when"), ("ACTIONS", "actions"), ("ID", "id")];
const PROPOSALS: Columns = &[
    ("STATE", "state"),
    ("STALE", "stale"),
    ("INCIDENT", "number"),
    ("TITLE", "title"),
    ("ACTION", "action"),
    ("CHANGE", "change"),
    ("REASON", "reason"),
    ("BY", "created_by"),
    ("ID", "id"),
];
const NOTIFICATIONS: Columns = &[
    ("TIME", "time"),
    ("KIND", "kind"),
    ("SEVERITY", "severity"),
    ("NUMBER", "number"),
    ("TITLE", "title"),
    ("WHAT HAPPENED", "text"),
    ("BY", "actor"),
    ("READ", "read"),
    ("ABOUT", "target"),
    ("ID", "id"),
];
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
        View::Incidents => page(answer, numbered(answer), "incidents", style),
        View::Alerts => page(answer, ALERTS, "alerts", style),
        View::Entities => page(answer, ENTITIES, "entities", style),
        View::Explorations => page(answer, EXPLORATIONS, "queries", style),
        View::Proposals => page(answer, PROPOSALS, "proposals", style),
        View::Notifications => notifications(answer, style),
        View::Ingests => page(answer, INGESTS, "ingests", style),
        View::IngestRecord => detail::ingest_record(answer, style),
        View::Runs => page(answer, RUNS, "runs", style),
        View::Definitions => page(answer, DEFINITIONS, "definitions", style),
        View::Rank => page(answer, RANK, "nodes", style),
        View::Search => search(answer, style),
        View::Incident => detail::incident(answer, style),
        View::Alert => detail::alert(answer, style),
        View::Entity => detail::entity(answer, style),
        View::Report => detail::report(answer),
        View::Explore => explore(answer, style),
        View::Timeline => timeline::for_people(answer, style),
        View::Subgraph => graph::subgraph(answer, style),
        View::Common => graph::common(answer, style),
        View::Paths => graph::paths(answer),
        View::BlastRadius => graph::blast_radius(answer, style),
        View::Similar => graph::similar(answer, style),
        View::Why => graph::why(answer, style),
        View::Table => table(answer, style),
        View::Correlation => triage::correlation(answer, style),
        View::Decision => triage::decision(answer),
        View::Changed => triage::changed(answer),
        View::Decided => triage::decided(answer),
        View::Activity => triage::activity(answer),
        View::Stats => system::stats(answer, style),
        View::Generated => system::generated(answer, style),
        View::Any | View::Bytes => detail::any(answer, style),
    }
}

/// What a person must know of an answer that is not whole.
pub(crate) fn notice(answer: &Value) -> Option<String> {
    let answer = if answer["complete"].is_null() && !answer["table"].is_null() { &answer["table"] } else { answer };
    if answer["complete"] != Value::Bool(false) {
        return None;
    }
    let next = answer["cursor"].as_str().map(|cursor| format!("next page: --cursor {cursor}"));
    let cut = match answer["cut"].as_str() {
        // A full page is no news to who reads how to go on.
        None | Some("limit") if next.is_some() => None,
        None | Some("limit") => Some("there is more: raise --limit".to_owned()),
        Some("k") => Some("there are more: raise -k".to_owned()),
        Some(limit) => {
            let hint = answer["hint"].as_str().map(|hint| format!(": {}", hint.replace('_', "-"))).unwrap_or_default();
            Some(format!("cut by the limit `{limit}`{hint}"))
        }
    };
    Some(cut.into_iter().chain(next).collect::<Vec<_>>().join("; "))
}

/// The columns of incidents; who sees their numbers has no need of their ids.
fn numbered(answer: &Value) -> Columns {
    let all = list(answer, "value").iter().all(|incident| incident["number"].is_i64());
    if all { &INCIDENTS[..INCIDENTS.len() - 1] } else { INCIDENTS }
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
    let filled = columns.iter().filter(|(_, member)| items.iter().any(|item| !grid::text(shown(item, member)).is_empty()));
    let columns: Vec<_> = filled.collect();
    let mut grid = Grid::new(columns.iter().map(|(heading, _)| (*heading).to_owned()));
    for item in items {
        grid.row(columns.iter().map(|(_, member)| shown(item, member)));
    }
    if items.is_empty() { String::new() } else { grid.write(style) }
}

/// The cell of an item; none where a label only repeats the reference beside it.
fn shown<'a>(item: &'a Value, member: &str) -> &'a Value {
    let value = &item[member];
    if member == "group" {
        return &value["count"];
    }
    if member == "error" && value.is_object() {
        return &value["code"];
    }
    let said = || item["id"].as_str().and_then(|id| id.split_once(':')).map(|(_, name)| name.to_lowercase());
    if member == "label" && value.as_str().map(str::to_lowercase) == said() { &Value::Null } else { value }
}

/// `20 of 340 incidents`, and how to go on.
fn footer(shown: usize, total: u64, things: &str, answer: &Value) -> String {
    let mut line = if total == shown as u64 { number(total, things) } else { format!("{shown} of {total} {things}") };
    if let Some(notice) = notice(answer) {
        line = format!("{line}; {notice}");
    }
    line + "\n"
}

/// `1 entity`, `3 entities`.
fn number(count: u64, things: &str) -> String {
    if count != 1 {
        return format!("{count} {things}");
    }
    let (thing, rest) = things.split_once(' ').map_or((things, String::new()), |(thing, rest)| (thing, format!(" {rest}")));
    match thing.strip_suffix("ies") {
        Some(stem) => format!("1 {stem}y{rest}"),
        None => format!("1 {}{rest}", thing.strip_suffix('s').unwrap_or(thing)),
    }
}

/// `status: New 3, Closed 1`; what counts nothing is left out.
fn counts(name: &str, counts: &Value) -> String {
    let counts = counts.as_object().into_iter().flatten().filter(|(_, count)| count.as_u64() != Some(0));
    let counts: Vec<String> = counts.map(|(name, count)| format!("{} {count}", super::fault::plain(name))).collect();
    if counts.is_empty() { String::new() } else { format!("{name}: {}\n", counts.join(", ")) }
}

fn list<'a>(answer: &'a Value, member: &str) -> &'a [Value] {
    answer[member].as_array().map_or(&[], Vec::as_slice)
}

/// What somebody is told; behind it, how many are unread.
fn notifications(answer: &Value, style: Style) -> String {
    let items = list(answer, "value");
    let mut out = rows(items, NOTIFICATIONS, style);
    out.push_str(&footer(items.len(), items.len() as u64, "notifications", answer));
    out.push_str(&format!("{} unread\n", answer["unread"].as_u64().unwrap_or_default()));
    out
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
    out + &elsewhere(answer)
}

/// Of a search without hits: in which fields it looked, and where it would find something.
fn elsewhere(answer: &Value) -> String {
    let texts = |value: &Value| list_of(value).iter().map(grid::text).collect::<Vec<_>>();
    if answer["total"].as_u64() != Some(0) || list(answer, "fields").is_empty() {
        return String::new();
    }
    let mut out = format!("words were looked for in {}\n", texts(&answer["fields"]).join(", "));
    for place in list(answer, "elsewhere") {
        let kind = grid::text(&place["kind"]);
        let things = if kind == "entity" { "entities".to_owned() } else { format!("{kind}s") };
        let fields = texts(&place["fields"]);
        let field = if fields.is_empty() { String::new() } else { format!(" --field {}", fields.join(",")) };
        out.push_str(&format!("{} with --kind {kind}{field}\n", number(place["total"].as_u64().unwrap_or(0), &things)));
    }
    if list(answer, "elsewhere").is_empty() {
        out.push_str("nothing else fits either; `begin*` finds words by their beginning, `slip~` words with a slip\n");
    }
    out
}

fn list_of(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
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

//! Activities of an entity: what saved queries say that it did, row by row put together by hour and title.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::super::answer::Table;
use super::super::explore::{asked_window, parameters};
use super::super::reference::{entity, limit};
use super::super::session::Limits;
use super::super::{Context, Question, ask};
use super::{Body, Exploration, Library, Purpose};
use crate::model::{Fault, Object, Time};

/// Items of an answer when the request names no limit.
const LIMIT_DEFAULT: u32 = 200;
/// Items of an answer at the most.
const LIMIT_MAX: u32 = 10_000;
/// Rows that one query gives at the most.
const ROWS_MAX: usize = 100_000;
/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// Tells what an entity did.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActivitiesRequest {
    /// Reference of the entity, `KIND:VALUE`.
    pub entity: String,
    /// Begin of the window; default: the entity's first activity.
    pub from: Option<String>,
    /// End of the window; default: the entity's last activity.
    pub to: Option<String>,
    /// Only the query of this name.
    pub query: Option<String>,
    /// Hours of a bucket, 1 to 168 (default 1).
    pub hours: Option<u32>,
    /// Items of the answer (default 200).
    pub limit: Option<u32>,
}

/// What an entity did in a bucket of time.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ActivityItem {
    /// Name of the query that found it.
    pub query: String,
    /// What happened, for people.
    pub title: String,
    /// Begin of the bucket.
    #[schema(value_type = String)]
    pub bucket_start: Time,
    /// Begin of the next bucket.
    #[schema(value_type = String)]
    pub bucket_end: Time,
    /// First time in the bucket.
    #[schema(value_type = String)]
    pub first: Time,
    /// Last time in the bucket.
    #[schema(value_type = String)]
    pub last: Time,
    /// How often.
    pub count: u64,
    /// The first row.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub row: Object,
}

/// What an entity did.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Activities {
    /// The items, oldest first.
    pub value: Vec<ActivityItem>,
    /// Queries that failed, by name: why.
    pub problems: BTreeMap<String, String>,
    /// Whether these are all.
    pub complete: bool,
    /// Name of the limit that cut the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
}

impl Question for ActivitiesRequest {
    type Answer = Activities;
    const NAME: &'static str = "activities";

    fn answer(self, context: &Context) -> Result<Activities, Fault> {
        let graph = &context.snapshot.graph;
        let start = entity(graph, &self.entity)?;
        let kind = graph.entity_node(start).map(|entity| entity.kind().to_owned()).unwrap_or_default();
        let most = limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let width = limit(self.hours, 1, 168)? as i64 * HOUR;
        let library = Library::of(context)?;
        let limits = Limits { rows_max: ROWS_MAX, ..Limits::default() };
        let mut answer = Activities { value: Vec::new(), problems: BTreeMap::new(), complete: true, cut: None };
        for (_, query) in library.queries().filter(|(_, query)| query.fits(&kind)) {
            let (Purpose::Activity(title), Body::Kql(text, _)) = (&query.purpose, &query.body) else { continue };
            if self.query.as_ref().is_some_and(|asked| *asked != query.name) {
                continue;
            }
            let window = asked_window(context, start, query, self.from.as_deref(), self.to.as_deref())?;
            match ask::kql_on_snapshot(context, text, &parameters(context, start, &window)?, &limits) {
                Ok(table) => {
                    answer.cut = answer.cut.or_else(|| table.cut.clone());
                    answer.value.extend(items(query, title, &table, width));
                }
                Err(fault) => drop(answer.problems.insert(query.name.clone(), format!("{}: {}", fault.code, fault.message))),
            }
        }
        answer.value.sort_by(|a, b| (a.first, &a.query, &a.title).cmp(&(b.first, &b.query, &b.title)));
        if answer.value.len() > most {
            answer.value.truncate(most);
            answer.cut = Some("limit".to_owned());
        }
        answer.complete = answer.cut.is_none();
        Ok(answer)
    }
}

/// The rows of a table by bucket and title. A row without `TimeGenerated` has no place in time.
fn items(query: &Exploration, template: &str, table: &Table, width: i64) -> Vec<ActivityItem> {
    let Some(time) = table.columns.iter().position(|column| column.name == "TimeGenerated") else { return Vec::new() };
    let mut found: BTreeMap<(i64, String), ActivityItem> = BTreeMap::new();
    for row in &table.rows {
        let Some(at) = row[time].as_str().and_then(|text| Time::parse(text).ok()) else { continue };
        let bucket = at.micros().div_euclid(width);
        let title = filled(template, |name| {
            let place = table.columns.iter().position(|column| column.name == name)?;
            Some(shown(&row[place]))
        });
        let item = found.entry((bucket, title.clone())).or_insert_with(|| ActivityItem {
            query: query.name.clone(),
            title,
            bucket_start: Time::from_micros(bucket * width),
            bucket_end: Time::from_micros((bucket + 1) * width),
            first: at,
            last: at,
            count: 0,
            row: table.columns.iter().zip(row).map(|(column, cell)| (column.name.clone(), cell.clone())).collect(),
        });
        item.count += 1;
        (item.first, item.last) = (item.first.min(at), item.last.max(at));
    }
    let mut items: Vec<ActivityItem> = found.into_values().collect();
    for item in &mut items {
        let (count, first, last) = (item.count, item.first, item.last);
        item.title = filled(&item.title, |name| match name {
            "Count" => Some(count.to_string()),
            "StartTimeUTC" => Some(first.to_string()),
            "EndTimeUTC" => Some(last.to_string()),
            _ => None,
        });
    }
    items
}

fn shown(cell: &Value) -> String {
    match cell {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A template with the names in `{{Name}}` that are known filled in.
fn filled(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let (mut out, mut rest) = (String::new(), template);
    while let Some((before, behind)) = rest.split_once("{{") {
        out.push_str(before);
        match behind.split_once("}}").and_then(|(name, after)| Some((value(name.trim())?, after))) {
            Some((text, after)) => {
                out.push_str(&text);
                rest = after;
            }
            None => {
                out.push_str("{{");
                rest = behind;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn templates_are_filled_with_what_is_known() {
        let known = |name: &str| (name == "A").then(|| "{{B}}".to_owned());
        for (template, expected) in
            [("x {{A}} y", "x {{B}} y"), ("{{ A }}", "{{B}}"), ("{{Z}} {{A}}", "{{Z}} {{B}}"), ("{{A", "{{A"), ("", "")]
        {
            assert_eq!(filled(template, known), expected, "{template}");
        }
    }
}

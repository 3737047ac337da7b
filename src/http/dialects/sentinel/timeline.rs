//! The timeline of an entity: alerts that name it, bookmarks of it, and its activities by bucket.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::activities::{self, Activity};
use super::alert;
use super::desk::{Desk, person};
use super::entity::Subject;
use super::expand::{alerts_of, reference_of, window};
use super::incident::severity;
use super::kinds::rest_kind;
use crate::graph::NodeId;
use crate::http::dialects::arm::{put, time, when};
use crate::http::dialects::{Members, Reply};
use crate::model::{Fault, FaultClass, Time, Window};
use crate::query::Question;
use crate::query::timeline::TimelineRequest;

const KINDS: [&str; 4] = ["Activity", "Bookmark", "SecurityAlert", "Anomaly"];
/// Buckets of activities when the request names no number.
const BUCKETS_DEFAULT: i64 = 24;
/// Buckets of activities at the most.
const BUCKETS_MAX: i64 = 1_000;
/// Events that are read for activities at the most; more are said in `errors`.
const EVENTS_MAX: usize = 50_000;
/// Events of one page.
const PAGE: u32 = 5_000;

/// The timeline that a body asks for.
pub(super) fn answer(desk: &Desk<'_>, subject: &Subject, body: &Value) -> Result<Reply, Fault> {
    let members = Members::of(body);
    let window = window(&members)?;
    let kinds = members.texts("kinds");
    if let Some(unknown) = kinds.iter().find(|kind| !KINDS.iter().any(|known| known.eq_ignore_ascii_case(kind))) {
        let message = format!("Invalid value of property 'kinds': expected one of {}, found '{unknown}'", KINDS.join(", "));
        return Err(Fault::new(FaultClass::Invalid, "kind_invalid", message));
    }
    let wants = |kind: &str| kinds.is_empty() || kinds.iter().any(|wanted| wanted.eq_ignore_ascii_case(kind));
    let buckets = members.number("numberOfBucket").unwrap_or(BUCKETS_DEFAULT).clamp(1, BUCKETS_MAX);
    let mut items: Vec<(Option<Time>, Value)> = Vec::new();
    let mut errors = Vec::new();
    if wants("SecurityAlert") || wants("Anomaly") {
        let alerts = match subject {
            Subject::Entity(node) => alerts_of(desk, *node, &window),
            Subject::Alert(node) => vec![*node],
            Subject::Bookmark(_) => Vec::new(),
        };
        for alert in alerts {
            let (at, item) = alert_item(desk, alert)?;
            items.extend(Some((at, item)).filter(|(_, item)| item["kind"].as_str().is_some_and(&wants)));
        }
    }
    if wants("Bookmark") {
        items.extend(bookmarks(desk, subject, &window)?);
    }
    if let Subject::Entity(node) = subject
        && wants("Activity")
    {
        let (found, cut) = activity_items(desk, *node, &window, buckets)?;
        items.extend(found);
        if cut {
            errors.push(json!({"kind": "Activity", "queryId": activities::OTHER, "errorMessage": format!("only the newest {EVENTS_MAX} events were counted; narrow the window")}));
        }
    }
    items.sort_by(|(a, left), (b, right)| a.cmp(b).then_with(|| left.to_string().cmp(&right.to_string())));
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, item) in &items {
        *counts.entry(item["kind"].as_str().unwrap_or_default()).or_default() += 1;
    }
    let aggregations: Vec<Value> = counts.into_iter().map(|(kind, count)| json!({"kind": kind, "count": count})).collect();
    let value: Vec<Value> = items.into_iter().map(|(_, item)| item).collect();
    Ok(Reply::ok(json!({"metaData": {"totalCount": value.len(), "aggregations": aggregations, "errors": errors}, "value": value})))
}

/// An alert as an item; one of a product that finds anomalies is an anomaly.
fn alert_item(desk: &Desk<'_>, node: NodeId) -> Result<(Option<Time>, Value), Fault> {
    let graph = desk.graph();
    let Some(known) = graph.alert_node(node) else { return Ok((None, Value::Null)) };
    let whole = alert::whole(desk, node)?;
    let anomaly = known.alert_type().to_lowercase().contains("anomaly") && known.severity() <= crate::model::Severity::Informational;
    let start = known.start().or(known.time());
    let mut item = Map::from_iter([
        ("kind".to_owned(), Value::from(if anomaly { "Anomaly" } else { "SecurityAlert" })),
        ("azureResourceId".to_owned(), desk.scope.id(&["entities", known.id()]).into()),
        ("displayName".to_owned(), known.title().into()),
        ("severity".to_owned(), severity(known.severity()).into()),
        ("alertType".to_owned(), known.alert_type().into()),
        ("intent".to_owned(), alert::intent(known.tactics()).into()),
        ("techniques".to_owned(), json!(known.techniques().collect::<Vec<_>>())),
    ]);
    put(&mut item, "productName", known.product());
    put(&mut item, "description", whole.description);
    put(&mut item, "startTimeUtc", when(start));
    put(&mut item, "endTimeUtc", when(known.end().or(start)));
    put(&mut item, "timeGenerated", when(known.created().or(start)));
    if anomaly {
        put(&mut item, "vendor", whole.vendor);
        put(&mut item, "reasons", json!(whole.category.into_iter().collect::<Vec<_>>()));
    }
    Ok((start, Value::Object(item)))
}

fn bookmarks(desk: &Desk<'_>, subject: &Subject, window: &Window) -> Result<Vec<(Option<Time>, Value)>, Fault> {
    let mut found = Vec::new();
    for stored in desk.context.snapshot.resources(super::bookmarks::KIND)? {
        let of = match subject {
            Subject::Entity(node) => super::bookmarks::entities_of(desk, &stored).contains(node),
            Subject::Bookmark(bookmark) => bookmark.resource.id == stored.resource.id,
            Subject::Alert(_) => false,
        };
        if !of {
            continue;
        }
        let value = Members::of(&stored.resource.value);
        let read = |name: &str| value.text(name).and_then(|text| Time::parse(&text).ok());
        let at = read("event_time").unwrap_or(stored.resource.created);
        if !window.contains(at) {
            continue;
        }
        let mut item = Map::from_iter([
            ("kind".to_owned(), Value::from("Bookmark")),
            ("azureResourceId".to_owned(), desk.scope.id(&["Bookmarks", &stored.resource.id]).into()),
            ("displayName".to_owned(), value.text("name").unwrap_or_default().into()),
            ("createdBy".to_owned(), person(&stored.resource.created_by)),
            ("labels".to_owned(), json!(value.texts("labels"))),
        ]);
        put(&mut item, "notes", value.text("notes"));
        put(&mut item, "eventTime", time(at));
        put(&mut item, "startTimeUtc", when(read("query_start")));
        put(&mut item, "endTimeUtc", when(read("query_end")));
        found.push((Some(at), Value::Object(item)));
    }
    Ok(found)
}

/// Events of one activity in one bucket.
struct Bucket {
    first: Time,
    last: Time,
    count: u64,
    sample: String,
}

/// The activities of an entity: its events by activity and bucket of time.
fn activity_items(desk: &Desk<'_>, node: NodeId, window: &Window, buckets: i64) -> Result<(Vec<(Option<Time>, Value)>, bool), Fault> {
    let show = |time: Option<Time>| time.map(|time| time.to_string());
    let mut request = TimelineRequest {
        of: vec![reference_of(desk, node)],
        from: show(window.from),
        to: show(window.to),
        kind: vec!["event".to_owned()],
        order: Some("newest".to_owned()),
        limit: Some(PAGE),
        ..TimelineRequest::default()
    };
    let input = rest_kind(desk.graph().entity_node(node).map_or("", |entity| entity.kind()));
    let mut events: Vec<(Time, String, Option<&'static Activity>, String)> = Vec::new();
    let mut cut = false;
    loop {
        let page = request.clone().answer(desk.context)?;
        for item in page.value {
            let Some(at) = item.time else { continue };
            let cell = |column: &str| match item.row.get(column)? {
                Value::String(text) => Some(text.clone()),
                Value::Null => None,
                other => Some(other.to_string()),
            };
            let activity = activities::of_event(input, &item.source, cell);
            events.push((at, item.source, activity, item.message));
        }
        request.cursor = page.cursor;
        if request.cursor.is_none() {
            break;
        }
        if events.len() >= EVENTS_MAX {
            cut = true;
            break;
        }
    }
    Ok((bucketed(&events, window, buckets), cut))
}

fn bucketed(events: &[(Time, String, Option<&'static Activity>, String)], window: &Window, buckets: i64) -> Vec<(Option<Time>, Value)> {
    let (Some(first), Some(last)) = (events.iter().map(|event| event.0).min(), events.iter().map(|event| event.0).max()) else {
        return Vec::new();
    };
    let (from, to) = (window.from.unwrap_or(first), window.to.unwrap_or(last));
    // The narrowest whole width whose buckets hold the window; what happens at its very end is in the last of them.
    let width = ((to.micros() - from.micros() + buckets - 1) / buckets).max(1);
    let mut found: BTreeMap<(i64, &str, &str), Bucket> = BTreeMap::new();
    for (at, table, activity, message) in events {
        let place = (at.micros() - from.micros()).div_euclid(width).min(buckets - 1);
        let id = activity.map_or(activities::OTHER, |activity| activity.id);
        let bucket = found.entry((place, id, table)).or_insert_with(|| Bucket { first: *at, last: *at, count: 0, sample: message.clone() });
        (bucket.first, bucket.last) = (bucket.first.min(*at), bucket.last.max(*at));
        bucket.count += 1;
    }
    let titled = |id: &str, table: &str, count: u64| match activities::ALL.iter().find(|activity| activity.id == id) {
        Some(activity) => activity.titled(count),
        None => format!("{count} events in {table}"),
    };
    found
        .into_iter()
        .map(|((place, id, table), bucket)| {
            let start = from.plus(place * width);
            let item = json!({
                "kind": "Activity", "queryId": id, "bucketStartTimeUTC": time(start), "bucketEndTimeUTC": time(start.plus(width)),
                "firstActivityTimeUTC": time(bucket.first), "lastActivityTimeUTC": time(bucket.last),
                "title": titled(id, table, bucket.count), "content": bucket.sample,
            });
            (Some(bucket.first), item)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_divide_the_window_evenly() {
        let at = |text: &str| Time::parse(text).expect("a time");
        let window = Window { from: Some(at("2018-01-01")), to: Some(at("2020-01-01")) };
        let event = |text: &str| (at(text), "T".to_owned(), None, String::new());
        let events = [event("2018-01-01"), event("2018-07-02T12:00:00Z"), event("2019-01-01"), event("2020-01-01")];
        let bounds: Vec<Value> = bucketed(&events, &window, 4)
            .into_iter()
            .map(|(_, item)| json!([item["bucketStartTimeUTC"], item["bucketEndTimeUTC"]]))
            .collect();
        // 730 days by four are 182 days and a half.
        let expected = [
            ["2018-01-01T00:00:00.0000000Z", "2018-07-02T12:00:00.0000000Z"],
            ["2018-07-02T12:00:00.0000000Z", "2019-01-01T00:00:00.0000000Z"],
            ["2019-01-01T00:00:00.0000000Z", "2019-07-02T12:00:00.0000000Z"],
            ["2019-07-02T12:00:00.0000000Z", "2020-01-01T00:00:00.0000000Z"],
        ];
        assert_eq!(bounds, expected.map(|bound| json!(bound)));
    }
}

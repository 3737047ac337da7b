//! Envelopes: objects that only wrap a list of documents. Recognised by their members; everything else in them is paging
//! and statistics of the answer.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::ingest::{events, value};
use crate::model::Object;

use super::Limits;
use super::emit::{Emitter, Place};
use super::scan::{Member, Stop, scan};

/// What stands in the list of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Documents.
    Documents,
    /// Tables of a query answer: columns and rows.
    Tables,
}

/// An envelope whose list begins inside the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Byte behind the `[` of the list.
    pub(super) list: usize,
    /// Containers that are open there besides the list.
    pub(super) depth: usize,
    pub(super) content: Content,
}

const LISTS: [&[u8]; 23] = [
    b"value",
    b"Value",
    b"records",
    b"Records",
    b"alerts",
    b"Alerts",
    b"incidents",
    b"findings",
    b"Findings",
    b"hits",
    b"items",
    b"Items",
    b"events",
    b"Events",
    b"data",
    b"results",
    b"logs",
    b"documents",
    b"entries",
    b"rows",
    b"logEvents",
    b"Results",
    b"Incidents",
];

/// Objects that stand between the envelope and its list.
const STEPS: [&[u8]; 6] = [b"responses", b"200", b"body", b"hits", b"data", b"result"];

/// Members of an envelope that say nothing of its documents.
const ASIDE: [&[u8]; 56] = [
    b"nextLink",
    b"NextToken",
    b"nextToken",
    b"next_token",
    b"next",
    b"previous",
    b"count",
    b"Count",
    b"total",
    b"Total",
    b"totalCount",
    b"status",
    b"Status",
    b"success",
    b"statistics",
    b"stats",
    b"render",
    b"dataSources",
    b"took",
    b"timed_out",
    b"_shards",
    b"_scroll_id",
    b"max_score",
    b"meta",
    b"metadata",
    b"paging",
    b"links",
    b"parameters",
    b"operationId",
    b"title",
    b"headers",
    b"error",
    b"errors",
    b"ResponseMetadata",
    b"aggregations",
    b"schema",
    b"Schema",
    b"Stats",
    b"messageType",
    b"owner",
    b"logGroup",
    b"logStream",
    b"subscriptionFilters",
    b"searchedLogStreams",
    b"nextForwardToken",
    b"nextBackwardToken",
    b"pit_id",
    b"num_reduce_phases",
    b"_clusters",
    b"skipToken",
    b"Exceptions",
    // Answers of Azure Resource Graph.
    b"totalRecords",
    b"total_records",
    b"facets",
    b"resultTruncated",
    b"skip_token",
];

/// Members by which a listing leads to its next page, or tells of itself.
const PAGING: &[&[u8]] = &[
    b"nextLink",
    b"@odata.context",
    b"@odata.nextLink",
    b"@odata.count",
    b"@odata.deltaLink",
    b"$skipToken",
    b"skipToken",
    b"NextToken",
    b"nextToken",
    b"nextForwardToken",
    b"ResponseMetadata",
];

/// Whether an object can be an envelope: of few members one is a list of documents, the others say nothing of them.
pub(super) fn may_wrap(raw: &[u8], members: &[Member]) -> bool {
    let list = |member: &Member| {
        let value = member.value(raw).first();
        (value == Some(&b'[') && LISTS.contains(&member.key(raw))) || (value == Some(&b'{') && STEPS.contains(&member.key(raw)))
    };
    members.len() <= 24
        && members.iter().any(list)
        && members.iter().all(|member| list(member) || aside(member.key(raw)) || is_scalar_aside(member, raw))
}

/// Whether an object in an array is a page of a listing: only then is it taken apart, as a document of its own may hold a list too.
pub(super) fn is_page(raw: &[u8], members: &[Member]) -> bool {
    let value = |member: &Member| raw.get(member.value..).unwrap_or_default();
    let documents = |member: &Member| {
        let mut signs = value(member).iter().filter(|sign| !sign.is_ascii_whitespace());
        signs.next() == Some(&b'[') && signs.next() == Some(&b'{') && LISTS.contains(&member.key(raw))
    };
    let steps = |member: &Member| value(member).first() == Some(&b'{') && STEPS.contains(&member.key(raw));
    let listing = members.len() == 1 || members.iter().any(|member| PAGING.contains(&member.key(raw)));
    may_wrap(raw, members) && members.iter().any(|member| steps(member) || listing && documents(member))
}

/// Finds the list of an envelope in an object that may be cut off behind the bytes.
pub(super) fn find(bytes: &[u8], limits: &Limits) -> Option<Envelope> {
    descend(bytes, 0, 1, limits)
}

fn descend(bytes: &[u8], base: usize, depth: usize, limits: &Limits) -> Option<Envelope> {
    let mut members = Vec::new();
    let complete = match scan(&bytes[base..], limits, &mut members) {
        Ok(_) => true,
        Err(Stop::Incomplete | Stop::Flaw { .. }) => false,
    };
    let (last, whole) = if complete { (None, &members[..]) } else { members.split_last().map(|(m, rest)| (Some(m), rest))? };
    let mut found = None;
    for member in whole.iter().chain(last) {
        let key = member.key(&bytes[base..]);
        let value = bytes[base + member.value..].first();
        let documents = |at: usize| {
            let first = bytes[at + 1..].iter().find(|b| !b.is_ascii_whitespace());
            matches!(first, Some(b'{' | b']') | None)
        };
        match value {
            Some(b'[') if found.is_none() && matches!(key, b"tables" | b"Tables") && documents(base + member.value) => {
                found = Some(Envelope { list: base + member.value + 1, depth, content: Content::Tables });
            }
            Some(b'[') if found.is_none() && LISTS.contains(&key) && documents(base + member.value) => {
                found = Some(Envelope { list: base + member.value + 1, depth, content: Content::Documents });
            }
            Some(b'{') if found.is_none() && depth < 5 && STEPS.contains(&key) => {
                match descend(bytes, base + member.value, depth + 1, limits) {
                    Some(inner) => found = Some(inner),
                    None if aside(key) => {}
                    None => return None,
                }
            }
            _ if aside(key) || is_scalar_aside(member, &bytes[base..]) => {}
            _ => return None,
        }
    }
    found
}

fn aside(key: &[u8]) -> bool {
    key.starts_with(b"@") || key.starts_with(b"odata.") || key.starts_with(b"x-") || ASIDE.contains(&key)
}

/// Numeric status codes of an answer (`"201": {}`) and empty values.
fn is_scalar_aside(member: &Member, bytes: &[u8]) -> bool {
    let value = bytes.get(member.value..member.value_end).unwrap_or_default();
    (member.key(bytes).len() == 3 && member.key(bytes).iter().all(u8::is_ascii_digit)) || matches!(value, b"null" | b"{}" | b"\"\"")
}

/// The document of a wrapper that holds it alone.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrapped<'a> {
    /// A member: `_source` of a search hit, `properties` of a streamed record of the table.
    Inner(Cow<'a, [u8]>, Option<Arc<str>>),
    /// The record of a diagnostic setting itself, of this table.
    Record(Arc<str>),
}

/// Finds the documents that common wrappers hold alone.
pub(super) fn unwrap<'a>(raw: &'a [u8], members: &[Member]) -> Option<Wrapped<'a>> {
    let get = |name: &[u8]| members.iter().find(|member| member.key(raw) == name).map(|member| member.value(raw));
    // Few documents are wrapped: one pass over the members tells.
    const MARKS: [&[u8]; 7] = [b"_source", b"detail", b"CloudTrailEvent", b"result", b"category", b"timestamp", b"value"];
    if !members.iter().any(|member| MARKS.contains(&member.key(raw))) {
        return None;
    }
    if let Some(source) = get(b"_source").filter(|source| source.starts_with(b"{")) {
        // An alert of Elastic is known by the id of its hit.
        let alert = get(b"_id").is_some() && [&b"\"signal"[..], b"\"kibana"].iter().any(|mark| holds(source, mark));
        let hit = get(b"_index").or_else(|| get(b"_id")).is_some() && !alert;
        return hit.then(|| Wrapped::Inner(source.into(), None));
    }
    // A call that EventBridge brings, or `lookup-events` as a text.
    if let Some(detail) = get(b"detail").filter(|detail| detail.starts_with(b"{")) {
        let kind = get(b"detail-type").and_then(|kind| std::str::from_utf8(kind).ok())?;
        return kind.ends_with("via CloudTrail\"").then(|| Wrapped::Inner(detail.into(), Some("AWSCloudTrail".into())));
    }
    if let Some(call) = get(b"CloudTrailEvent") {
        let inner = serde_json::from_slice::<String>(call).ok().filter(|inner| inner.starts_with('{'))?;
        return Some(Wrapped::Inner(inner.into_bytes().into(), Some("AWSCloudTrail".into())));
    }
    // An event of CloudWatch Logs whose message is a document.
    if get(b"timestamp").is_some() && (get(b"ingestionTime").is_some() || (get(b"id").is_some() && members.len() <= 4)) {
        let inner = serde_json::from_slice::<String>(get(b"message")?).ok().filter(|inner| inner.trim_start().starts_with('{'))?;
        return Some(Wrapped::Inner(inner.into_bytes().into(), None));
    }
    // The answer of an API that was asked for one thing.
    if let Some(value) = get(b"value").filter(|value| value.starts_with(b"{")) {
        let only = members.iter().all(|member| member.key(raw) == b"value" || aside(member.key(raw)));
        return only.then(|| Wrapped::Inner(value.into(), None));
    }
    // A result that Splunk streams.
    if let Some(result) = get(b"result").filter(|result| result.starts_with(b"{")) {
        return get(b"preview").or_else(|| get(b"offset")).map(|_| Wrapped::Inner(result.into(), None));
    }
    let text = |value: &'a [u8]| std::str::from_utf8(value).ok()?.strip_prefix('"')?.strip_suffix('"');
    let category = get(b"category").and_then(text)?;
    if get(b"time").is_none() && get(b"operationName").is_none() {
        return None;
    }
    let properties = get(b"properties").filter(|row| row.starts_with(b"{"));
    match events::record(category, get(b"resourceId").and_then(text), properties)? {
        events::Record::Properties(table) => {
            properties.map(|row| Wrapped::Inner(dated(row, get(b"time")).map_or_else(|| row.into(), Into::into), Some(table)))
        }
        events::Record::Whole(table) => Some(Wrapped::Record(table)),
    }
}

/// A streamed row that does not say when it happened, with the time at which it was sent.
fn dated(row: &[u8], time: Option<&[u8]>) -> Option<Vec<u8>> {
    let time = time.filter(|time| time.starts_with(b"\""))?;
    // Nearly all rows do, and need no second look.
    if row.split(|byte| *byte == b'"').any(|word| word == b"Timestamp") {
        return None;
    }
    let mut members = Vec::new();
    scan(row, &Limits::default(), &mut members).ok()?;
    let known = |name: &[u8]| ["Timestamp", "TimeGenerated", "RawXml"].iter().any(|time| name.eq_ignore_ascii_case(time.as_bytes()));
    if members.is_empty() || members.iter().any(|member| known(member.key(row))) {
        return None;
    }
    Some([b"{\"Timestamp\":", time, b",", &row[1..]].concat())
}

/// What a frame of a streamed answer of Kusto holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// Columns and rows that were asked for.
    Rows,
    /// How the answer was made.
    Aside,
}

/// Whether an object is a frame of Kusto's second protocol.
pub(super) fn frame(raw: &[u8], members: &[Member]) -> Option<Frame> {
    let get = |name: &[u8]| members.iter().find(|member| member.key(raw) == name).map(|member| member.value(raw));
    if members.first()?.key(raw) != b"FrameType" {
        return None;
    }
    match get(b"FrameType")? {
        b"\"DataTable\"" if get(b"TableKind")? == b"\"PrimaryResult\"" => Some(Frame::Rows),
        b"\"DataTable\"" | b"\"DataSetHeader\"" | b"\"DataSetCompletion\"" | b"\"TableCompletion\"" | b"\"TableProgress\"" => {
            Some(Frame::Aside)
        }
        _ => None,
    }
}

/// Whether a table of Kusto's first protocol only tells how the answer was made: it is not the first, and its columns are known.
fn is_about_answer(name: Option<&[u8]>, names: &[String]) -> bool {
    const KNOWN: [&[&str]; 4] = [
        &["\"Value\""],
        &["\"TableId\"", "\"Key\"", "\"Value\""],
        &["\"Timestamp\"", "\"Severity\"", "\"SeverityName\"", "\"StatusCode\""],
        &["\"Ordinal\"", "\"Kind\"", "\"Name\"", "\"Id\""],
    ];
    let later = name.is_some_and(|name| name.starts_with(b"\"Table_") && name != b"\"Table_0\"");
    later && KNOWN.iter().any(|known| names.len() >= known.len() && names.iter().zip(*known).all(|(name, known)| name == known))
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Gives the rows of one table of a query answer, `{name, columns: [{name, type}], rows: [[..]]}`, as objects of their cells.
pub(super) fn rows(raw: &[u8], members: &[Member], emitter: &mut Emitter<'_>, place: Place) -> ControlFlow<()> {
    let get = |name: &[u8]| members.iter().find(|member| member.key(raw).eq_ignore_ascii_case(name)).map(|member| member.value(raw));
    let names = get(b"columns").and_then(|columns| serde_json::from_slice::<Vec<Object>>(columns).ok()).map(|columns| {
        let name = |column: &Object| value::text_of(column, &["name", "ColumnName"]).map(|name| serde_json::Value::from(name).to_string());
        columns.iter().map(name).collect::<Option<Vec<String>>>()
    });
    let (Some(Some(names)), Some(rows)) = (names, get(b"rows")) else {
        return emitter.reject("table_answer_invalid", "expected `columns` with names, and `rows`", place, raw);
    };
    if is_about_answer(get(b"TableName"), &names) {
        return ControlFlow::Continue(());
    }
    let limits = emitter.limits().clone();
    let mut scratch = Vec::new();
    let mut object = Vec::new();
    let mut number = 0;
    let mut at = 1;
    loop {
        at += rows[at..].iter().take_while(|b| b.is_ascii_whitespace() || **b == b',').count();
        if rows.get(at).is_none_or(|b| *b == b']') {
            return ControlFlow::Continue(());
        }
        let Ok(row) = scan(&rows[at..], &limits, &mut scratch) else {
            return ControlFlow::Continue(());
        };
        let cells = &rows[at..at + row.end];
        at += row.end;
        number += 1;
        let place = Place { line: number, ..place };
        let flow = match row_object(cells, &names, &limits, &mut object) {
            true => match scan(&object, &limits, &mut scratch) {
                Ok(done) => emitter.document(&object, &scratch, done.spaced, place),
                Err(_) => emitter.reject("table_answer_invalid", "expected a row of cells", place, cells),
            },
            false => emitter.reject("table_answer_invalid", format!("expected a row of {} cells", names.len()), place, cells),
        };
        if flow.is_break() {
            return flow;
        }
    }
}

/// Writes a row as an object without its empty cells; false if it does not fit the columns.
fn row_object(cells: &[u8], names: &[String], limits: &Limits, object: &mut Vec<u8>) -> bool {
    object.clear();
    object.push(b'{');
    let mut scratch = Vec::new();
    let mut at = 1;
    let mut column = 0;
    loop {
        at += cells[at..].iter().take_while(|b| b.is_ascii_whitespace() || **b == b',').count();
        if cells.first() != Some(&b'[') || cells[at] == b']' {
            break;
        }
        let (Ok(cell), Some(name)) = (scan(&cells[at..], limits, &mut scratch), names.get(column)) else {
            return false;
        };
        let text = &cells[at..at + cell.end];
        if !matches!(text, b"null" | b"\"\"") {
            if object.len() > 1 {
                object.push(b',');
            }
            object.extend_from_slice(name.as_bytes());
            object.push(b':');
            object.extend_from_slice(text);
        }
        at += cell.end;
        column += 1;
    }
    object.push(b'}');
    column == names.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<(&str, usize)> {
        find(text.as_bytes(), &Limits::default()).map(|envelope| (&text[envelope.list..], envelope.depth))
    }

    #[test]
    fn finds_lists_of_documents_only() {
        assert_eq!(at(r#"{"@odata.context":"x","value":[{}],"nextLink":null}"#), Some((r#"{}],"nextLink":null}"#, 1)));
        assert_eq!(at(r#"{"Records":[{"a":1}"#), Some((r#"{"a":1}"#, 1)), "cut off");
        assert_eq!(at(r#"{"parameters":{"a":1},"responses":{"200":{"body":{"value":[{}]}}}}"#), Some((r#"{}]}}}}"#, 4)));
        assert_eq!(at(r#"{"took":1,"hits":{"total":{"value":1},"hits":[{}]}}"#), Some((r#"{}]}}"#, 2)));
        for text in [
            r#"{"incidentId":1,"alerts":[{}]}"#,
            r#"{"alerts":[{}],"incidentId":1}"#,
            r#"{"type":"bundle","objects":[{}]}"#,
            r#"{"value":[1,2]}"#,
            r#"{"a":{"value":[{}]}}"#,
            r#"{"value":{"a":1}}"#,
            r#"{}"#,
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn unwraps_hits_and_records() {
        let check = |text: &'static str| {
            let mut members = Vec::new();
            scan(text.as_bytes(), &Limits::default(), &mut members).expect("valid");
            unwrap(text.as_bytes(), &members)
        };
        let inner = |table: Option<&str>| Some(Wrapped::Inner(br#"{"a":1}"#[..].into(), table.map(Into::into)));
        let cases = [
            (r#"{"_index":"i","_source":{"a":1}}"#, inner(None)),
            (r#"{"time":1,"category":"AdvancedHunting-DeviceEvents","properties":{"a":1}}"#, inner(Some("DeviceEvents"))),
            (
                r#"{"time":"t","category":"AdvancedHunting-DeviceEvents","properties":{"a":1}}"#,
                Some(Wrapped::Inner(br#"{"Timestamp":"t","a":1}"#[..].into(), Some("DeviceEvents".into()))),
            ),
            (r#"{"detail-type":"AWS API Call via CloudTrail","detail":{"a":1}}"#, inner(Some("AWSCloudTrail"))),
            (r#"{"EventId":"e","CloudTrailEvent":"{\"a\":1}"}"#, inner(Some("AWSCloudTrail"))),
            (r#"{"preview":false,"result":{"a":1}}"#, inner(None)),
            (r#"{"@odata.context":"x","value":{"a":1}}"#, inner(None)),
            (r#"{"name":"x","value":{"a":1}}"#, None),
            (r#"{"id":"1","timestamp":2,"message":"{\"a\":1}"}"#, inner(None)),
            (r#"{"timestamp":2,"message":"{\"a\":1}"}"#, None),
            (r#"{"time":"t","category":"RiskyUsers","properties":{"a":1}}"#, Some(Wrapped::Record("AADRiskyUsers".into()))),
            (r#"{"detail-type":"GuardDuty Finding","detail":{"a":1}}"#, None),
            (r#"{"category":"x","properties":{"a":1}}"#, None),
            (r#"{"name":"n","properties":{"a":1}}"#, None),
        ];
        for (text, expected) in cases {
            assert_eq!(check(text), expected, "{text}");
        }
    }
}

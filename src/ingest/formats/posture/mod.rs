//! Posture as Defender for Cloud states it: assessments, findings, secure scores, compliance, allowed connections, tasks, topologies.
//!
//! A document of the REST API or of continuous export (which writes the same shape) becomes rows of the table that the vendor's export
//! to a workspace fills; rows that come from there already need no format. The declared rules of the tables find the entities, so that
//! both ways give the same graph. Scores are taken as stated and computed where they are not: max * healthy / (healthy + unhealthy).

mod assessments;
mod compliance;
mod connections;
mod scores;

use std::borrow::Cow;

use serde_json::Value;

use crate::ingest::{Context, Format, Reject, events, value};
use crate::model::{Body, ColumnName, Event, Object, Time};

/// The format.
pub(crate) const FORMAT: Format = Format { name: "defender-posture", title: "Microsoft Defender for Cloud posture", detect, read };

/// Writes rows for one type of documents.
type Read = fn(&Document<'_>) -> Vec<Event>;

/// Types of resources by what stands behind the provider, and how they are read.
const TYPES: [(&str, Read); 15] = [
    ("assessments", assessments::assessment),
    ("assessments/subassessments", assessments::finding),
    ("subassessments", assessments::finding),
    ("assessmentmetadata", assessments::metadata),
    ("securescores", scores::score),
    ("securescores/securescorecontrols", scores::control),
    ("securescorecontrols", scores::control),
    ("regulatorycompliancestandards", compliance::standard),
    ("regulatorycompliancestandards/regulatorycompliancecontrols", compliance::control),
    ("regulatorycompliancestandards/regulatorycompliancecontrols/regulatorycomplianceassessments", compliance::assessment),
    ("allowedconnections", connections::allowed),
    ("locations/allowedconnections", connections::allowed),
    ("tasks", connections::task),
    ("locations/tasks", connections::task),
    ("locations/topologies", connections::topology),
];

/// How documents of this type are read.
fn reader(object: &Object) -> Option<Read> {
    let kind = object.get("type").and_then(Value::as_str)?.to_ascii_lowercase();
    let kind = kind.strip_prefix("microsoft.security/")?;
    let kind = if kind == "topologies" { "locations/topologies" } else { kind };
    TYPES.iter().find(|(known, _)| *known == kind).map(|(_, read)| *read)
}

fn detect(object: &Object) -> u8 {
    if reader(object).is_some() && object.get("properties").is_some_and(Value::is_object) { 100 } else { 0 }
}

fn read(object: &Object, context: &Context<'_>) -> Result<Vec<Body>, Reject> {
    let refused = |expected: &str| Reject::new("posture_invalid", format!("expected {expected}, found none"));
    let read = reader(object).ok_or_else(|| refused("a `type` of Microsoft.Security"))?;
    let properties = object.get("properties").and_then(Value::as_object).ok_or_else(|| refused("a member `properties`"))?;
    let id = value::text_of(object, &["id"]).ok_or_else(|| refused("a member `id`"))?;
    let document = Document { object, properties, id, received: context.received };
    Ok(read(&document).into_iter().map(|event| Body::Event(Box::new(event))).collect())
}

/// A document while it is read.
struct Document<'a> {
    object: &'a Object,
    properties: &'a Object,
    id: Cow<'a, str>,
    received: Time,
}

impl<'a> Document<'a> {
    /// The resource that the document is about: what stands in front of the last provider of its identifier.
    fn resource(&self) -> &str {
        let lower = self.id.to_ascii_lowercase();
        lower.rfind("/providers/microsoft.security").map_or(&self.id, |end| &self.id[..end])
    }

    /// The last segment of the identifier.
    fn name(&self) -> &str {
        self.id.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }

    /// The segment behind a word of the identifier.
    fn part(&self, word: &str) -> Option<&str> {
        let mut segments = self.id.split('/');
        segments.find(|segment| segment.eq_ignore_ascii_case(word))?;
        segments.next()
    }

    /// A property by its path.
    fn get(&self, path: &[&str]) -> Option<&'a Value> {
        value::at(self.properties, path).filter(|value| !value.is_null())
    }

    fn text(&self, path: &[&str]) -> Option<Cow<'a, str>> {
        value::text_at(self.properties, path)
    }

    fn number(&self, path: &[&str]) -> Option<f64> {
        self.get(path).and_then(value::number)
    }

    fn time(&self, path: &[&str]) -> Option<Time> {
        self.get(path).and_then(value::time)
    }

    /// Whether the document is part of a snapshot: continuous export says so in a member beside the properties.
    fn snapshot(&self) -> Option<bool> {
        let mut enrichments = self.object.iter().filter(|(name, _)| name.to_ascii_lowercase().ends_with("eventdataenrichment"));
        let found = enrichments.find_map(|(_, value)| value::get(value.as_object()?, "isSnapshot").and_then(value::flag));
        found.or_else(|| value::get(self.object, "isSnapshot").and_then(value::flag))
    }

    /// The properties as a cell.
    fn properties(&self) -> Value {
        Value::Object(self.properties.clone())
    }

    /// Begins a row; what the document does not date was so when clew took it in.
    fn row(&self, table: &'static str, time: Option<Time>) -> Row {
        let time = time.unwrap_or(self.received);
        let mut row = Row { table, time, columns: Vec::new() };
        row.put("TimeGenerated", time.to_string());
        if let Some(snapshot) = self.snapshot() {
            row.put("IsSnapshot", snapshot);
        }
        row.put("TenantId", value::text_of(self.object, &["tenantId"]).map(Cow::into_owned));
        row
    }
}

/// A row while it is made.
struct Row {
    table: &'static str,
    time: Time,
    columns: Vec<(ColumnName, Value)>,
}

impl Row {
    /// Puts a cell that holds something.
    fn put(&mut self, column: &'static str, value: impl Into<Value>) {
        let value = value.into();
        if !value.is_null() && value != "" {
            self.columns.push((column.into(), value));
        }
    }

    fn finish(self) -> Event {
        events::made(self.table, self.time, self.columns)
    }
}

/// A text as a cell.
fn cell(text: Option<Cow<'_, str>>) -> Value {
    text.map_or(Value::Null, |text| text.into_owned().into())
}

/// A whole number as a cell.
fn whole(number: Option<f64>) -> Value {
    number.map_or(Value::Null, |number| Value::from(number.round() as i64))
}

#[cfg(test)]
mod tests;

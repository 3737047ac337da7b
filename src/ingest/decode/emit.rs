//! Turns the bytes of one document into a `Document`: recognises its format or table, makes its fingerprint.

use std::hash::{BuildHasher, Hasher};
use std::ops::ControlFlow;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::catalog::entities;
use crate::ingest::events::Route;
use crate::ingest::formats::activity_alert;
use crate::ingest::reject::excerpt;
use crate::ingest::{Context, EVENT, Format, Rejected, detect, events, formats, parse};
use crate::model::{Body, Document, Object, Origin, Time, name_hash};

use super::envelope::{Frame, Wrapped};
use super::scan::{self, Member};
use super::window::Window;
use super::{Item, Limits, Options, envelope};

/// Where a document stands in its source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) offset: u64,
}

impl Place {
    pub(super) fn of(window: &Window<'_>) -> Self {
        Self { line: window.line(), offset: window.offset() }
    }
}

/// What documents of one shape (the same keys in the same order) are.
#[derive(Clone)]
enum Shape {
    /// Alerts or incidents: name of the format, table that the documents name.
    Format(Arc<str>, Option<Arc<str>>),
    /// Rows of events.
    Event(Route),
    /// None of the format that the caller named: why.
    Foreign(String),
}

/// Shapes that a source may have before the memory of them is dropped.
const SHAPES_MAX: usize = 4096;
/// Members whose values tell documents with equal keys apart, and the length up to which they do.
const TELLING: [&[u8]; 10] =
    [b"Type", b"$table", b"source", b"detail-type", b"type", b"class_uid", b"kind", b"@odata.type", b"category", b"TableName"];
const TELLING_BYTES: usize = 64;

/// Gives the documents of one source to the sink.
pub(super) struct Emitter<'a> {
    options: &'a Options,
    received: Time,
    source: Arc<str>,
    sink: &'a mut dyn FnMut(Item) -> ControlFlow<()>,
    event: Arc<str>,
    formats: HashMap<&'static str, Arc<str>>,
    shapes: HashMap<u64, Shape>,
    hasher: DefaultHashBuilder,
    /// How often each row was seen, by the first half of its fingerprint.
    equal: HashMap<u64, u32>,
    /// Columns of a source with a header: rows leave out empty cells, so their own keys tell less.
    header: Option<Vec<String>>,
    scratch: Vec<u8>,
    inner: Vec<Member>,
    /// The document at hand as it was parsed to recognise it.
    parsed: Option<Object>,
}

impl<'a> Emitter<'a> {
    pub(super) fn new(source: &str, options: &'a Options, received: Time, sink: &'a mut dyn FnMut(Item) -> ControlFlow<()>) -> Self {
        Self {
            options,
            received,
            source: source.into(),
            sink,
            event: EVENT.into(),
            formats: HashMap::new(),
            shapes: HashMap::new(),
            hasher: DefaultHashBuilder::default(),
            equal: HashMap::new(),
            header: None,
            scratch: Vec::new(),
            inner: Vec::new(),
            parsed: None,
        }
    }

    pub(super) fn limits(&self) -> &'a Limits {
        &self.options.limits
    }

    /// Names the columns of all rows to come.
    pub(super) fn columns<'k>(&mut self, keys: impl Iterator<Item = &'k [u8]>) {
        self.header = Some(keys.map(|key| String::from_utf8_lossy(key).into_owned()).collect());
    }

    pub(super) fn reject(&mut self, code: &'static str, message: impl Into<String>, place: Place, raw: &[u8]) -> ControlFlow<()> {
        (self.sink)(Item::Reject(Rejected {
            code,
            message: message.into(),
            source: self.source.to_string(),
            line: place.line,
            offset: place.offset,
            excerpt: excerpt(raw),
        }))
    }

    /// The name of the source.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Whether the caller says what the documents are.
    pub(super) fn is_told(&self) -> bool {
        self.options.format.is_some() || self.options.table.is_some()
    }

    /// Gives a row on that was made of a line, for a table if the line tells it.
    pub(super) fn row(&mut self, table: Option<Arc<str>>, row: &Object, place: Place) -> ControlFlow<()> {
        let raw = serde_json::to_vec(row).unwrap_or_default();
        let mut members = Vec::new();
        match scan::scan(&raw, self.limits(), &mut members) {
            Ok(done) => self.plain(&raw, &members, done.spaced, place, table),
            Err(_) => self.reject("line_invalid", "expected a line within the limits of a document", place, &raw),
        }
    }

    /// Gives one document on; `raw` is a valid JSON object with these members.
    pub(super) fn document(&mut self, raw: &[u8], members: &[Member], spaced: bool, place: Place) -> ControlFlow<()> {
        if let Err(error) = std::str::from_utf8(raw) {
            let message = format!("expected UTF-8, found `0x{:02x}` at byte {}", raw[error.valid_up_to()], error.valid_up_to());
            return self.reject("utf8_invalid", message, place, raw);
        }
        match envelope::frame(raw, members) {
            Some(Frame::Rows) => return envelope::rows(raw, members, self, place),
            Some(Frame::Aside) => return ControlFlow::Continue(()),
            None => {}
        }
        match envelope::unwrap(raw, members) {
            Some(Wrapped::Inner(inner, table)) => {
                let mut inner_members = std::mem::take(&mut self.inner);
                let flow = match scan::scan(&inner, self.limits(), &mut inner_members) {
                    Ok(done) => self.plain(&inner, &inner_members, done.spaced, place, table),
                    Err(_) => self.plain(raw, members, spaced, place, None),
                };
                self.inner = inner_members;
                flow
            }
            Some(Wrapped::Record(table)) => self.plain(raw, members, spaced, place, Some(table)),
            None => self.plain(raw, members, spaced, place, None),
        }
    }

    fn plain(&mut self, raw: &[u8], members: &[Member], spaced: bool, place: Place, category: Option<Arc<str>>) -> ControlFlow<()> {
        self.parsed = None;
        let key = self.shape_key(raw, members, category.as_deref());
        if !self.shapes.contains_key(&key) {
            if self.shapes.len() >= SHAPES_MAX {
                self.shapes.clear();
            }
            let shape = self.recognise(raw, members, category);
            self.shapes.insert(key, shape);
        }
        let (format, table) = match self.shapes.get(&key) {
            Some(Shape::Format(format, table)) => (format.clone(), table.clone()),
            Some(Shape::Event(route)) => match route.table(raw, members) {
                Some(table) if activity_alert::tells(&table, raw, members) => (self.format(activity_alert::FORMAT.name), None),
                Some(table) => (self.event.clone(), Some(table)),
                None => {
                    if let Some(number) = entities_alone(raw) {
                        let message = format!(
                            "expected an alert or an incident, found {number} entities without one; put them under `Entities` of an alert"
                        );
                        return self.reject("entities_alone", message, place, raw);
                    }
                    let names: Vec<String> = members.iter().take(8).map(|m| format!("`{}`", String::from_utf8_lossy(m.key(raw)))).collect();
                    let names = names.join(", ");
                    let message = match &self.options.table {
                        Some(table) => {
                            format!("expected an alert or an incident, which is all that `{table}` takes, found an object with {names}")
                        }
                        None => format!(
                            "expected an alert, an incident or a row of a known table, found an object with {names}; name the table with `--table NAME`"
                        ),
                    };
                    return self.reject("table_unknown", message, place, raw);
                }
            },
            Some(Shape::Foreign(message)) => {
                let message = message.clone();
                return self.reject("format_mismatch", message, place, raw);
            }
            None => return ControlFlow::Continue(()),
        };
        let row = table.as_deref().filter(|_| format == self.event);
        let hash = self.fingerprint(raw, spaced, row);
        let raw = bytes::Bytes::copy_from_slice(raw);
        if let Some(parsed) = self.parsed.take() {
            parse::keep(&raw, parsed);
        }
        let origin = Origin { source: self.source.clone(), line: place.line };
        (self.sink)(Item::Document(Document { format, table, origin, received: self.received, hash, raw }))
    }

    fn shape_key(&self, raw: &[u8], members: &[Member], category: Option<&str>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        for member in members {
            let key = member.key(raw);
            if self.header.is_none() {
                hasher.write(key);
                hasher.write_u8(0xff);
            }
            if TELLING.contains(&key) && member.value_end - member.value <= TELLING_BYTES {
                hasher.write(member.value(raw));
                hasher.write_u8(0xfe);
            }
        }
        hasher.write(category.unwrap_or_default().as_bytes());
        hasher.finish()
    }

    /// Recognises documents of a shape that was not seen yet in this source.
    fn recognise(&mut self, raw: &[u8], members: &[Member], category: Option<Arc<str>>) -> Shape {
        let asked = self.options.table.as_deref().map(events::table_name);
        let named = category.or_else(|| events::named_table(raw, members));
        let table = asked.clone().or_else(|| named.clone());
        let alerts = table.as_deref().is_some_and(events::is_alert_table);
        match self.options.format.as_deref() {
            Some(EVENT) => {}
            Some(name) => {
                let (object, fault) = told(name, raw, table.as_deref(), self.received);
                self.parsed = object;
                return match fault {
                    Some(message) => Shape::Foreign(message),
                    None => Shape::Format(self.format(name), table),
                };
            }
            // A row that names a table of events is no alert, whatever its columns look like.
            None if table.is_some() && !alerts => {}
            None => {
                if let Ok(mut object) = parse::object(raw) {
                    for column in self.header.iter().flatten() {
                        if !object.contains_key(column) {
                            object.insert(column.clone(), serde_json::Value::String(String::new()));
                        }
                    }
                    if let Some(format) = detect(&object) {
                        self.parsed = self.header.is_none().then_some(object);
                        return Shape::Format(self.format(format.name), table.filter(|_| alerts));
                    }
                }
            }
        }
        if let Some(table) = asked.filter(|_| !alerts || self.options.format.is_some()) {
            return Shape::Event(Route::fixed(table));
        }
        let keys: Vec<&str> = match &self.header {
            Some(header) => header.iter().map(String::as_str).collect(),
            None => members.iter().filter_map(|member| std::str::from_utf8(member.key(raw)).ok()).collect(),
        };
        Shape::Event(Route::find(raw, members, &keys, named, &self.source))
    }

    fn format(&mut self, name: &str) -> Arc<str> {
        match self.formats.get(name) {
            Some(format) => format.clone(),
            None => {
                let shared: Arc<str> = name.into();
                if let Some(format) = formats().find(|format| format.name == name) {
                    self.formats.insert(format.name, shared.clone());
                }
                shared
            }
        }
    }

    /// The fingerprint of the text without white space; for rows of a table, with the number of equal ones before in this source.
    fn fingerprint(&mut self, raw: &[u8], spaced: bool, row: Option<&str>) -> [u8; 16] {
        let text = if spaced {
            scan::compact(raw, &mut self.scratch);
            &self.scratch[..]
        } else {
            raw
        };
        let short = |hash: blake3::Hash| -> [u8; 16] { std::array::from_fn(|place| hash.as_bytes()[place]) };
        let hash = short(blake3::hash(text));
        let Some(table) = row else { return hash };
        let half = u64::from_le_bytes(std::array::from_fn(|place| hash[place])) ^ name_hash(table);
        if self.equal.len() >= self.options.limits.equal_rows {
            self.equal.clear();
        }
        let before = self.equal.entry(half).or_insert(0);
        let number = *before;
        *before += 1;
        if number == 0 {
            return hash;
        }
        short(blake3::Hasher::new().update(text).update(&number.to_le_bytes()).finalize())
    }
}

/// How many entities an object is that is nothing else: one, or several by their ids.
fn entities_alone(raw: &[u8]) -> Option<usize> {
    let is_entity = |object: &Object| {
        let named = object.get("Type").or_else(|| object.get("type"))?.as_str()?;
        entities::kind(named).map(|_| ())
    };
    let object = parse::object(raw).ok()?;
    if object.contains_key("$id") && is_entity(&object).is_some() {
        return Some(1);
    }
    let all = object.values().all(|value| value.as_object().and_then(is_entity).is_some());
    (all && !object.is_empty()).then_some(object.len())
}

/// A document of a source whose format the caller named, parsed; and why it is none of that format, if it is not.
fn told(name: &str, raw: &[u8], table: Option<&str>, received: Time) -> (Option<Object>, Option<String>) {
    let (Some(format), Ok(object)) = (formats().find(|format| format.name == name), parse::object(raw)) else { return (None, None) };
    let fault = if (format.detect)(&object) > 0 { None } else { foreign(format, &object, table, received) };
    (Some(object), fault)
}

/// Why an object that its format does not know by its looks is none of it: it is another one's, or gives nothing when it is read.
fn foreign(format: &Format, object: &Object, table: Option<&str>, received: Time) -> Option<String> {
    let name = format.name;
    if let Some(other) = detect(object) {
        return Some(format!("expected a document of the format `{name}`, found one of `{}`; leave `--format` out", other.name));
    }
    let hollow = |body: &Body| match body {
        Body::Alert(alert) => alert.title.is_empty() && alert.entities.is_empty() && alert.members.is_empty(),
        Body::Incident(incident) => incident.title.is_empty() && incident.entities.is_empty() && incident.alert_ids.is_empty(),
        Body::Event(_) | Body::Decision(_) | Body::Resource(_) => false,
    };
    let bodies = (format.read)(object, &Context { table, received }).ok()?;
    bodies.iter().all(hollow).then(|| {
        let names: Vec<String> = object.keys().take(8).map(|name| format!("`{name}`")).collect();
        format!("expected a document of the format `{name}`, found an object with {}", names.join(", "))
    })
}

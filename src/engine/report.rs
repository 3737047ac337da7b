//! What an ingest did, in numbers that a person can check.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::catalog::tables::{self, ColumnType};
use crate::ingest::Rejected;
use crate::ingest::events::UNPARSED;
use crate::model::{Body, Document, Object, Time};

/// Outcome of one ingest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IngestReport {
    /// Documents read: new + updated + duplicate + rejected.
    pub documents: u64,
    /// Documents that say something not known before.
    pub new: u64,
    /// Documents that are a further version of a known alert or incident.
    pub updated: u64,
    /// Documents that are known already, byte for byte or but for white space.
    pub duplicate: u64,
    /// Documents that could not be read.
    pub rejected: u64,
    /// Rejected documents by code.
    pub rejected_by_code: BTreeMap<String, u64>,
    /// The first rejects; all of them stand in `rejects_file`.
    pub rejects: Vec<RejectedDocument>,
    /// File that holds every reject as a JSON line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejects_file: Option<String>,
    /// Values that are none of their column's type (a time that cannot be read): the rest of their documents went in, and they
    /// are kept as they were written, in `_Unparsed` or `_Extra` of the row.
    pub warnings: u64,
    /// Such values by column.
    pub warnings_by_column: BTreeMap<String, u64>,
    /// The first of them.
    pub warned: Vec<UnreadValue>,
    /// Alerts read, pieces of one alert counting each.
    pub alerts: u64,
    /// Incidents read.
    pub incidents: u64,
    /// Events read, by table.
    pub events: BTreeMap<String, u64>,
    /// Entity records in the lists of the alerts and incidents read, by kind; an entity in two lists counts twice.
    pub entities: BTreeMap<String, u64>,
    /// Members of documents that no mapping reads, by name; they are kept with the record.
    pub unmapped: BTreeMap<String, u64>,
    /// Documents by format.
    pub formats: BTreeMap<String, u64>,
    /// Earliest activity time among the documents read.
    #[schema(value_type = Option<String>)]
    pub first: Option<Time>,
    /// Latest activity time among the documents read.
    #[schema(value_type = Option<String>)]
    pub last: Option<Time>,
    /// Sequence number of the last document that this ingest wrote; 0 when it wrote none.
    pub seq: u64,
    /// Bytes of documents, unpacked.
    pub bytes: u64,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Documents by file; what is kept of the ingest tells them.
    #[serde(skip)]
    pub(crate) files: BTreeMap<String, u64>,
    /// Documents of files that `files` has no room for.
    #[serde(skip)]
    pub(crate) files_more: u64,
}

/// A document that could not be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RejectedDocument {
    /// Stable name of the reason.
    pub code: String,
    /// What was expected and what was found.
    pub message: String,
    /// File, archive member or name that the sender gave.
    pub source: String,
    /// Line of the source, from 1.
    pub line: u64,
    /// First characters of the document.
    pub excerpt: String,
}

/// A value that is none of its column's type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UnreadValue {
    /// Stable name of what is wrong: `value_unreadable`.
    pub code: String,
    /// What was expected and what was found.
    pub message: String,
    /// File, archive member or name that the sender gave.
    pub source: String,
    /// Line of the source, from 1.
    pub line: u64,
    /// The table and its column, `SigninLogs.TimeGenerated`.
    pub column: String,
    /// First characters of the value.
    pub value: String,
}

impl IngestReport {
    /// Characters of a value that a warning shows.
    pub const WARNED_CHARS: usize = 100;
    /// Rejects that the report itself lists.
    pub const REJECTS_MAX: usize = 20;
    /// Different unmapped members that the report counts.
    pub const UNMAPPED_MAX: usize = 200;
    /// Files whose documents are counted apart.
    pub const FILES_MAX: usize = 200;

    /// Counts a reject.
    pub(crate) fn reject(&mut self, rejected: &Rejected) {
        self.documents += 1;
        self.rejected += 1;
        self.of_file(&rejected.source, 1);
        *self.rejected_by_code.entry(rejected.code.to_owned()).or_default() += 1;
        if self.rejects.len() < Self::REJECTS_MAX {
            self.rejects.push(RejectedDocument {
                code: rejected.code.to_owned(),
                message: rejected.message.clone(),
                source: rejected.source.clone(),
                line: rejected.line,
                excerpt: rejected.excerpt.clone(),
            });
        }
    }

    /// Counts what a readable document says.
    pub(crate) fn read(&mut self, document: &Document, bodies: &[Body]) {
        self.documents += 1;
        self.bytes += document.raw.len() as u64;
        self.of_file(&document.origin.source, 1);
        count(&mut self.formats, &document.format);
        for body in bodies {
            match body {
                Body::Alert(alert) => {
                    self.alerts += 1;
                    self.see(alert.start);
                    self.see(alert.end);
                    self.see(alert.time());
                    self.mentions(alert.entities.iter().filter(|e| !e.nested).map(|e| e.entity.kind.as_str()));
                    self.unmapped("SecurityAlert", &alert.extended);
                    self.unread_times(document, "SecurityAlert", &alert.extended);
                    self.unread_entities(document, &alert.extended);
                }
                Body::Incident(incident) => {
                    self.incidents += 1;
                    self.see(incident.time());
                    self.see(incident.last_activity);
                    self.mentions(incident.entities.iter().filter(|e| !e.nested).map(|e| e.entity.kind.as_str()));
                    self.unmapped("SecurityIncident", &incident.extended);
                    self.unread_times(document, "SecurityIncident", &incident.extended);
                }
                Body::Event(event) => {
                    count(&mut self.events, &event.table);
                    let unparsed = event.columns.iter().find(|(name, _)| &**name == UNPARSED).and_then(|(_, cells)| cells.as_object());
                    for (column, value) in unparsed.into_iter().flatten() {
                        let kind = tables::table(&event.table).and_then(|table| table.column(column)).map(|column| column.kind);
                        self.warn(document, &event.table, column, kind.map_or("another type", ColumnType::as_str), value);
                    }
                    self.see(event.time);
                    self.mentions(event.entities.iter().map(|entity| entity.kind.as_str()));
                }
                Body::Decision(_) | Body::Resource(_) => {}
            }
        }
    }

    /// Counts documents of a file.
    fn of_file(&mut self, file: &str, documents: u64) {
        if let Some(number) = self.files.get_mut(file) {
            *number += documents;
        } else if self.files.len() < Self::FILES_MAX {
            self.files.insert(file.to_owned(), documents);
        } else {
            self.files_more += documents;
        }
    }

    fn see(&mut self, time: Option<Time>) {
        let Some(time) = time else { return };
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
    }

    fn mentions<'a>(&mut self, kinds: impl Iterator<Item = &'a str>) {
        for kind in kinds {
            count(&mut self.entities, kind);
        }
    }

    /// Counts what a format keeps without use and the table has no column for.
    fn unmapped(&mut self, table: &str, members: &Object) {
        let table = tables::table(table);
        for name in members.keys().filter(|name| table.is_none_or(|table| table.column(name).is_none())) {
            if self.unmapped.len() < Self::UNMAPPED_MAX || self.unmapped.contains_key(name) {
                count(&mut self.unmapped, name);
            }
        }
    }

    /// Counts the times of alerts and incidents that could not be read.
    fn unread_times(&mut self, document: &Document, table: &str, members: &Object) {
        if members.is_empty() {
            return;
        }
        let Some(known) = tables::table(table) else { return };
        for (name, value) in members {
            let column = known.column(name).filter(|column| column.kind == ColumnType::DateTime);
            if let Some(column) = column.filter(|_| !is_instant(value)) {
                self.warn(document, table, &column.name, column.kind.as_str(), value);
            }
        }
    }

    /// Tells of a list of entities that is none: its alert went in without them.
    fn unread_entities(&mut self, document: &Document, members: &Object) {
        const FORMATS: [&str; 2] = ["sentinel-alert", "defender-alert"];
        if !FORMATS.contains(&&*document.format) {
            return;
        }
        if let Some((_, value)) = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("Entities")) {
            self.warn(document, "SecurityAlert", "Entities", "a list of entities", value);
        }
    }

    fn warn(&mut self, document: &Document, table: &str, column: &str, expected: &str, value: &Value) {
        self.warnings += 1;
        let column = format!("{table}.{column}");
        if self.warnings_by_column.len() < Self::UNMAPPED_MAX || self.warnings_by_column.contains_key(&column) {
            count(&mut self.warnings_by_column, &column);
        }
        if self.warned.len() < Self::REJECTS_MAX {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let value: String = text.chars().take(Self::WARNED_CHARS).collect();
            self.warned.push(UnreadValue {
                code: "value_unreadable".to_owned(),
                message: format!("expected {expected}, found `{value}`"),
                source: document.origin.source.to_string(),
                line: document.origin.line,
                column,
                value,
            });
        }
    }

    /// Adds the numbers of another ingest.
    pub fn add(&mut self, other: Self) {
        self.documents += other.documents;
        self.new += other.new;
        self.updated += other.updated;
        self.duplicate += other.duplicate;
        self.rejected += other.rejected;
        self.alerts += other.alerts;
        self.incidents += other.incidents;
        self.bytes += other.bytes;
        self.seconds += other.seconds;
        self.seq = self.seq.max(other.seq);
        let maps = [
            (&mut self.rejected_by_code, other.rejected_by_code),
            (&mut self.warnings_by_column, other.warnings_by_column),
            (&mut self.events, other.events),
            (&mut self.entities, other.entities),
            (&mut self.unmapped, other.unmapped),
            (&mut self.formats, other.formats),
        ];
        for (mine, theirs) in maps {
            for (name, number) in theirs {
                *mine.entry(name).or_default() += number;
            }
        }
        other.files.iter().for_each(|(file, documents)| self.of_file(file, *documents));
        self.files_more += other.files_more;
        self.rejects.extend(other.rejects);
        self.rejects.truncate(Self::REJECTS_MAX);
        self.warnings += other.warnings;
        self.warned.extend(other.warned);
        self.warned.truncate(Self::REJECTS_MAX);
        self.rejects_file = self.rejects_file.take().or(other.rejects_file);
        self.see(other.first);
        self.see(other.last);
    }
}

/// Whether a value can be read as an instant, be it one that stands for none.
fn is_instant(value: &Value) -> bool {
    match value {
        Value::String(text) => Time::parse(text).is_ok(),
        Value::Number(number) => number.as_f64().is_some_and(|number| number == 0.0 || Time::from_epoch(number).is_ok()),
        _ => false,
    }
}

fn count(map: &mut BTreeMap<String, u64>, name: &str) {
    match map.get_mut(name) {
        Some(number) => *number += 1,
        None => {
            map.insert(name.to_owned(), 1);
        }
    }
}

//! What an ingest did, in numbers that a person can check.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::catalog::tables;
use crate::ingest::Rejected;
use crate::model::{Body, Object, Time};

/// Outcome of one ingest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
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
}

/// A document that could not be read.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
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

impl IngestReport {
    /// Rejects that the report itself lists.
    pub const REJECTS_MAX: usize = 20;
    /// Different unmapped members that the report counts.
    pub const UNMAPPED_MAX: usize = 200;

    /// Counts a reject.
    pub(crate) fn reject(&mut self, rejected: &Rejected) {
        self.documents += 1;
        self.rejected += 1;
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
    pub(crate) fn read(&mut self, format: &str, bytes: usize, bodies: &[Body]) {
        self.documents += 1;
        self.bytes += bytes as u64;
        count(&mut self.formats, format);
        for body in bodies {
            match body {
                Body::Alert(alert) => {
                    self.alerts += 1;
                    self.see(alert.start);
                    self.see(alert.end);
                    self.see(alert.time());
                    self.mentions(alert.entities.iter().filter(|e| !e.nested).map(|e| e.entity.kind.as_str()));
                    self.unmapped("SecurityAlert", &alert.extended);
                }
                Body::Incident(incident) => {
                    self.incidents += 1;
                    self.see(incident.time());
                    self.see(incident.last_activity);
                    self.mentions(incident.entities.iter().filter(|e| !e.nested).map(|e| e.entity.kind.as_str()));
                    self.unmapped("SecurityIncident", &incident.extended);
                }
                Body::Event(event) => {
                    count(&mut self.events, &event.table);
                    self.see(event.time);
                    self.mentions(event.entities.iter().map(|entity| entity.kind.as_str()));
                }
                Body::Decision(_) | Body::Resource(_) => {}
            }
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
        self.rejects.extend(other.rejects);
        self.rejects.truncate(Self::REJECTS_MAX);
        self.rejects_file = self.rejects_file.take().or(other.rejects_file);
        self.see(other.first);
        self.see(other.last);
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

//! What is kept of an ingest, in full and as a row of a list. Knows nothing of files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::engine::report::IngestReport;
use crate::model::{Fault, Time};

/// Sources that one report names (`sources`).
const SOURCES_MAX: usize = 100;
/// Letters of a source's name that a report keeps.
const NAME_MAX: usize = 500;
/// Names that each count of a report keeps apart (`names_max`).
const NAMES_MAX: usize = 500;

/// What an ingest was, beside what became of its documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngestNote {
    /// Who gave the documents.
    pub by: String,
    /// The way that they came: `command`, `http`, `demo`.
    pub via: &'static str,
    /// Name that the sender gave to several requests that belong together.
    pub run: Option<String>,
    /// Names of what was given: paths, `stdin`, the name that a sender gave.
    pub sources: Vec<String>,
    /// The format that the sender named.
    pub format: Option<String>,
    /// The table that the sender named.
    pub table: Option<String>,
}

/// What ended an ingest before its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IngestError {
    /// Stable code of the error.
    pub code: String,
    /// What was expected and what was found.
    pub message: String,
}

/// What is kept of an ingest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IngestRecord {
    /// Identifies the report; later ones are greater.
    pub id: String,
    /// Who gave the documents.
    pub by: String,
    /// The way that they came: `command`, `http`, `demo`.
    pub via: String,
    /// When it began.
    #[schema(value_type = Option<String>)]
    pub begun: Option<Time>,
    /// When it was done.
    #[schema(value_type = Option<String>)]
    pub ended: Option<Time>,
    /// Names of what was given, the first 100: paths, `stdin`, the name that the sender gave.
    pub sources: Vec<String>,
    /// How many such names there were, repeats among them.
    pub sources_total: u64,
    /// Requests that the report counts: those of one run, or of one sender who sends again and again.
    pub requests: u64,
    /// The format that the sender named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The table that the sender named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Documents by file: members of archives and files of folders by their own names.
    pub files: BTreeMap<String, u64>,
    /// Documents of files that `files` has no room for; it holds 200.
    pub files_more: u64,
    /// Counts that name only the 500 most frequent, by `events`, `entities` and so on; the sums count all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
    /// What ended the latest request that did not come to its end: what is counted here was acknowledged by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<IngestError>,
    /// Requests that did not come to their end.
    #[serde(default, skip_serializing_if = "is_none")]
    pub failed: u64,
    /// What became of the documents.
    #[serde(flatten)]
    pub report: IngestReport,
}

fn is_none(number: &u64) -> bool {
    *number == 0
}

/// A report as a row of the list.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct IngestRow {
    /// Identifies the report.
    pub id: String,
    /// Who gave the documents.
    pub by: String,
    /// The way that they came: `command`, `http`, `demo`.
    pub via: String,
    /// When it began.
    #[schema(value_type = Option<String>)]
    pub begun: Option<Time>,
    /// When it was done.
    #[schema(value_type = Option<String>)]
    pub ended: Option<Time>,
    /// Name of what was given first.
    pub source: String,
    /// How many sources were given, repeats among them.
    pub sources_total: u64,
    /// Requests that the report counts.
    pub requests: u64,
    /// Documents read: new + updated + duplicate + rejected.
    pub documents: u64,
    /// Documents that say something not known before.
    pub new: u64,
    /// Documents that are a further version of a known alert or incident.
    pub updated: u64,
    /// Documents that were known already.
    pub duplicate: u64,
    /// Documents that could not be read.
    pub rejected: u64,
    /// Values that are none of their column's type.
    pub warnings: u64,
    /// Different members of documents that no mapping reads.
    pub unmapped: u64,
    /// Documents by format.
    pub formats: BTreeMap<String, u64>,
    /// Alerts read.
    pub alerts: u64,
    /// Incidents read.
    pub incidents: u64,
    /// Events read, by table.
    pub events: BTreeMap<String, u64>,
    /// Earliest activity time among the documents read.
    #[schema(value_type = Option<String>)]
    pub first: Option<Time>,
    /// Latest activity time among the documents read.
    #[schema(value_type = Option<String>)]
    pub last: Option<Time>,
    /// Bytes of documents, unpacked.
    pub bytes: u64,
    /// Seconds that the work took.
    pub seconds: f64,
    /// What ended the latest request that did not come to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<IngestError>,
}

/// Which reports.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IngestFilter {
    /// Reports of the page (default 50).
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// A page of reports.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct IngestPage {
    /// The reports, the latest begun first.
    pub value: Vec<IngestRow>,
    /// How many are kept; the newest 1,000 are.
    pub total: u64,
    /// Whether nothing is left behind this page.
    pub complete: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl IngestRow {
    pub(super) fn of(record: IngestRecord) -> Self {
        let IngestRecord { id, by, via, begun, ended, sources, sources_total, requests, error, report, .. } = record;
        Self {
            id,
            by,
            via,
            begun,
            ended,
            source: sources.into_iter().next().unwrap_or_default(),
            sources_total,
            requests,
            documents: report.documents,
            new: report.new,
            updated: report.updated,
            duplicate: report.duplicate,
            rejected: report.rejected,
            warnings: report.warnings,
            unmapped: report.unmapped.len() as u64,
            formats: report.formats,
            alerts: report.alerts,
            incidents: report.incidents,
            events: report.events,
            first: report.first,
            last: report.last,
            bytes: report.bytes,
            seconds: report.seconds,
            error,
        }
    }
}

impl IngestRecord {
    pub(super) fn new(id: String, note: &IngestNote, begun: Time) -> Self {
        Self {
            id,
            by: note.by.clone(),
            via: note.via.to_owned(),
            begun: Some(begun),
            format: note.format.clone(),
            table: note.table.clone(),
            ..Self::default()
        }
    }

    /// Counts a request.
    pub(super) fn add(&mut self, note: &IngestNote, ended: Time, report: &IngestReport, fault: Option<&Fault>) {
        self.requests += 1;
        if let Some(fault) = fault {
            self.failed += 1;
            self.error = Some(IngestError { code: fault.code.to_string(), message: fault.message.chars().take(NAME_MAX).collect() });
        }
        self.ended = self.ended.max(Some(ended));
        self.sources_total += note.sources.len() as u64;
        for source in &note.sources {
            let source: String = source.chars().take(NAME_MAX).collect();
            if self.sources.len() < SOURCES_MAX && !self.sources.contains(&source) {
                self.sources.push(source);
            }
        }
        self.report.add(report.clone());
        self.files.clone_from(&self.report.files);
        self.files_more = self.report.files_more;
        self.bound();
    }

    /// Keeps the report small, whatever names the documents have.
    fn bound(&mut self) {
        let report = &mut self.report;
        let counts = [
            ("files", &mut self.files),
            ("events", &mut report.events),
            ("entities", &mut report.entities),
            ("formats", &mut report.formats),
            ("unmapped", &mut report.unmapped),
            ("rejected_by_code", &mut report.rejected_by_code),
            ("warnings_by_column", &mut report.warnings_by_column),
        ];
        for (name, counts) in counts {
            if bound(counts) && !self.cut.iter().any(|cut| cut == name) {
                self.cut.push(name.to_owned());
            }
        }
    }
}

/// Shortens long names and keeps the greatest counts; says whether some went.
fn bound(counts: &mut BTreeMap<String, u64>) -> bool {
    if counts.len() <= NAMES_MAX && counts.keys().all(|name| name.len() <= NAME_MAX) {
        return false;
    }
    let mut short: BTreeMap<String, u64> = BTreeMap::new();
    for (name, number) in std::mem::take(counts) {
        *short.entry(name.chars().take(NAME_MAX).collect()).or_default() += number;
    }
    let mut all: Vec<(String, u64)> = short.into_iter().collect();
    let cut = all.len() > NAMES_MAX;
    all.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    all.truncate(NAMES_MAX);
    *counts = all.into_iter().collect();
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_documents_make_no_report_large() {
        let events = (0..2 * NAMES_MAX as u64).map(|place| (format!("T{place:05}"), place));
        let entities = [("x".repeat(1 << 20), 1), ("x".repeat(1 << 21), 2)];
        let report = IngestReport { events: events.collect(), entities: entities.into(), ..IngestReport::default() };
        let mut record = IngestRecord::new("id".to_owned(), &IngestNote::default(), Time::from_micros(0));
        record.add(&IngestNote::default(), Time::from_micros(0), &report, None);
        assert_eq!((record.cut.as_slice(), record.report.events.len()), (&["events".to_owned()][..], NAMES_MAX));
        assert_eq!(record.report.events.first_key_value(), Some((&"T00500".to_owned(), &500)), "the greatest stay");
        assert_eq!(record.report.entities, [("x".repeat(NAME_MAX), 3)].into());
    }
}

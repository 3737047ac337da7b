//! Reports of ingests: one file for each, `ingests/ID.json`, the newest of them kept.
//!
//! A report tells what became of documents, of those too that changed nothing or could not be read. So it is no document itself: the
//! journal would grow by an export that it knows already. Like the rejects, the reports lie beside the journal, no view is made of
//! them, and nothing but these questions reads them.

mod folder;
mod record;

use super::Engine;
use super::report::IngestReport;
use crate::model::{Fault, FaultClass, Time};
use crate::query::reference::limit;
pub(super) use folder::Ingests;
use folder::is_id;
pub use record::{IngestError, IngestFilter, IngestNote, IngestPage, IngestRecord, IngestRow};

/// Reports of a page when the request names no limit.
const LIMIT_DEFAULT: u32 = 50;
/// Reports of a page at the most.
const LIMIT_MAX: u32 = 1_000;

impl Engine {
    /// Keeps the report of an ingest that is over, and what ended it early. The documents are in already, so a report that cannot be
    /// written is told in the log.
    pub fn note_ingest(&self, note: &IngestNote, begun: Time, report: &IngestReport, fault: Option<&Fault>) {
        if let Err(error) = self.ingests.note(note, begun, Time::now(), report, fault) {
            tracing::error!(%error, folder = %self.ingests.place().display(), "the report of an ingest cannot be kept");
        }
    }

    /// Counts an ingest that is over in the report of earlier ones that it belongs to, if that takes no wait for a disk; says whether it did.
    pub fn count_ingest(&self, note: &IngestNote, report: &IngestReport, fault: Option<&Fault>) -> bool {
        self.ingests.count(note, Time::now(), report, fault)
    }

    /// A page of the reports that are kept, newest first.
    pub fn ingests(&self, filter: &IngestFilter) -> Result<IngestPage, Fault> {
        let limit = limit(filter.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let ids = self.ingests.ids().map_err(|error| self.ingests.fault(&error))?;
        let before = filter.cursor.as_deref().filter(|cursor| !cursor.is_empty());
        if let Some(cursor) = before.filter(|cursor| !is_id(cursor)) {
            let message = format!("expected a whole cursor of an earlier answer, found `{cursor}`");
            return Err(Fault::new(FaultClass::Invalid, "cursor_invalid", message)
                .with_hint("copy it whole, or leave it out to begin with the first page"));
        }
        let total = ids.len() as u64;
        let mut rest = ids.iter().rev().filter(|id| before.is_none_or(|before| id.as_str() < before)).peekable();
        let mut value = Vec::new();
        while value.len() < limit
            && let Some(id) = rest.next()
        {
            // One that went meanwhile, or that a crash left half written, is left out.
            value.extend(self.ingests.read(id).map(IngestRow::of));
        }
        let complete = rest.peek().is_none();
        let cursor = value.last().filter(|_| !complete).map(|row| row.id.clone());
        Ok(IngestPage { value, total, complete, cursor })
    }

    /// The report of this id.
    pub fn ingest_record(&self, id: &str) -> Result<IngestRecord, Fault> {
        self.ingests.flush().map_err(|error| self.ingests.fault(&error))?;
        let found = if is_id(id) { self.ingests.read(id) } else { None };
        found.ok_or_else(|| {
            Fault::new(FaultClass::NotFound, "ingest_unknown", format!("no report of an ingest is kept under `{id}`"))
                .with_hint("`clew ingests` lists those that are kept")
        })
    }
}

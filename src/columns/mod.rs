//! The columnar view: one append-only table per kind of record and per raw-event table, as in Sentinel.
//!
//! New rows wait in memory, visible at once; a thread beside writes them as Parquet files of a Delta table per table, one folder
//! per day, sorted by time. A snapshot sees exactly the rows up to one document. The module never reads documents and
//! never asks another view.

mod buffer;
mod cache;
mod cell;
mod compact;
mod convert;
mod counted;
mod cut;
mod delta;
mod digest;
mod error;
mod fetch;
mod files;
mod flush;
mod hash;
mod indexes;
mod narrow;
mod picked;
mod postings;
mod provider;
mod rows;
mod snapshot;
mod store;
mod table;
mod trail;
mod types;
mod widen;
mod words;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;

pub use cell::timespan_text;
pub use cut::{Past, can_be_cut, day};
pub use error::ColumnsError;
pub use hash::{entity_hash, entity_hashes};
pub use narrow::{Scan, ScanLog};
pub use rows::{ALERTS, EVIDENCE, INCIDENTS};
pub use snapshot::{ColumnsSnapshot, TableInfo};
pub use store::DurableLocal;
pub use trail::{Bucket, Order, Trail, TrailPage, TrailRequest, TrailRow};
pub use types::{
    COLUMNS_MAX, Column, ColumnType, ENTITIES, EXTRA, LINE, SEQ, SOURCE, TIME, TYPE, TYPE_KEY, TableSchema, arrow_type, kind_of_field,
};

use crate::journal::View;
use crate::model::{Batch, Body, Entity, Fault, RecentEntities, Record, Seq, Time};
use buffer::RowHead;
use cell::Cell;
use flush::{Done, Flusher, Job, Opened};
use snapshot::Shared;
use table::{Flushed, Table};

/// Number of tables; rows for further ones go to the table `_Overflow`, their `_Extra` naming the table.
pub const TABLES_MAX: usize = 1_000;
/// Table of rows that found no table of their own.
const OVERFLOW: &str = "_Overflow";
/// Rows of a table that wait in memory before they are written.
pub const BUFFER_ROWS_MAX: usize = 128 * 1_024;
/// Bytes of a table that wait in memory before they are written.
pub const BUFFER_BYTES_MAX: usize = 64 << 20;
/// Bytes of all tables that wait in memory; beyond it the largest buffer is written.
pub const BUFFERS_BYTES_MAX: usize = 160 << 20;
/// Bytes that are being written; beyond it `apply` waits for the writer.
pub const WRITING_BYTES_MAX: usize = 128 << 20;
/// Time between the first and the last row of a buffer, by the clock of ingest, after which it is written, in microseconds.
pub const BUFFER_MICROS_MAX: i64 = 10 * 60 * 1_000_000;

/// The columnar view of one workspace; the single writer of its folder.
#[derive(Debug)]
pub struct Columns {
    applied: Seq,
    durable: Seq,
    /// The latest time of intake that was met.
    clock: Time,
    /// The document that last gave a row of `AlertEvidence` itself.
    evidence: Seq,
    /// A position that the writer was asked to note.
    marking: Option<Seq>,
    tables: Vec<Table>,
    by_name: HashMap<Box<str>, usize>,
    /// Lower-case names; looked at when `by_name` knows nothing.
    by_folded: Arc<HashMap<Box<str>, usize>>,
    flusher: Flusher,
    shared: Arc<Shared>,
    /// Hashes of the entities of the row at hand.
    hashes: Vec<i64>,
    /// Hashes of the entities met lately.
    recent: RecentEntities<Vec<i64>>,
}

impl Columns {
    /// Opens the view in a folder, which is made if need be.
    ///
    /// A folder whose logs cannot be read is set aside under another name, and the view starts empty.
    pub fn open(dir: &Path) -> Result<Self, Fault> {
        match flush::open(dir) {
            Err(error @ ColumnsError::Log { .. }) => {
                let aside = set_aside(dir)?;
                tracing::error!(%error, aside = %aside.display(), "columns were set aside and start empty");
                Ok(Self::start(flush::open(dir)?))
            }
            other => Ok(Self::start(other?)),
        }
    }

    fn start(opened: Opened) -> Self {
        let shared = Arc::new(Shared::new(opened.store));
        let mut columns = Self {
            applied: Seq(opened.durable),
            durable: Seq(opened.durable),
            clock: Time::MIN,
            evidence: Seq(0),
            marking: None,
            tables: Vec::new(),
            by_name: HashMap::new(),
            by_folded: Arc::default(),
            flusher: opened.flusher,
            shared,
            hashes: Vec::new(),
            recent: RecentEntities::default(),
        };
        for found in opened.tables {
            columns.add_table(Table::found(found));
        }
        columns
    }

    /// The rows of all tables as they are now; later batches do not change it.
    pub fn snapshot(&mut self) -> Result<ColumnsSnapshot, Fault> {
        self.collect();
        let tables = self.tables.iter_mut().map(Table::view).collect();
        Ok(ColumnsSnapshot::new(self.applied, tables, Arc::clone(&self.by_folded), Arc::clone(&self.shared)))
    }

    fn add_table(&mut self, table: Table) -> usize {
        let place = self.tables.len();
        let name = &table.layout.schema.name;
        self.by_name.insert((**name).into(), place);
        Arc::make_mut(&mut self.by_folded).insert(name.to_ascii_lowercase().into(), place);
        self.tables.push(table);
        place
    }

    /// The place of a table, made if need be; and whether the name found a table of its own.
    fn table(&mut self, name: &str) -> (usize, bool) {
        if let Some(place) = self.by_name.get(name) {
            return (*place, true);
        }
        if let Some(place) = self.by_folded.get(name.to_ascii_lowercase().as_str()) {
            return (*place, true);
        }
        if self.tables.len() >= TABLES_MAX && name != OVERFLOW {
            return (self.table(OVERFLOW).0, false);
        }
        (self.add_table(Table::declared(name)), true)
    }

    fn take(&mut self, record: &Record) {
        match &record.body {
            // The document gave its row of the table already.
            Body::Alert(alert) if alert.partial && self.evidence == record.seq => {}
            Body::Alert(alert) if alert.partial => {
                let time = rows::alert_time(alert).map(Time::micros);
                if alert.entities.is_empty() {
                    self.append(record, EVIDENCE, time, &mut std::iter::empty(), &rows::evidence(alert, None));
                }
                for evidence in &alert.entities {
                    let cells = rows::evidence(alert, Some(evidence));
                    self.append(record, EVIDENCE, time, &mut std::iter::once(&evidence.entity), &cells);
                }
            }
            Body::Alert(alert) => {
                let time = rows::alert_time(alert).map(Time::micros);
                self.append(record, ALERTS, time, &mut alert.entities.iter().map(|e| &e.entity), &rows::alert(alert));
            }
            Body::Incident(incident) => {
                let time = rows::incident_time(incident).map(Time::micros);
                self.append(record, INCIDENTS, time, &mut incident.entities.iter().map(|e| &e.entity), &rows::incident(incident));
            }
            Body::Event(event) => {
                if &*event.table == EVIDENCE {
                    self.evidence = record.seq;
                }
                let cells: Vec<(&str, Cell<'_>)> = event.columns.iter().map(|(name, value)| (&**name, Cell::of(value))).collect();
                self.append(record, &event.table, event.time.map(Time::micros), &mut event.entities.iter().map(|entity| &**entity), &cells);
            }
            // Decisions change incidents; their versions are rows of their own. Resources are read from the records.
            Body::Decision(_) | Body::Resource(_) => {}
        }
    }

    fn append(
        &mut self,
        record: &Record,
        name: &str,
        time: Option<i64>,
        entities: &mut dyn Iterator<Item = &Entity>,
        cells: &[(&str, Cell<'_>)],
    ) {
        let (place, own) = self.table(name);
        hash::collect(&mut self.hashes, &mut self.recent, entities);
        let line = i64::try_from(record.origin.line).unwrap_or(i64::MAX);
        let head = RowHead { time, seq: record.seq.0 as i64, source: &record.origin.source, line, entities: &self.hashes };
        let table = &mut self.tables[place];
        if own {
            table.append(record, head, cells);
        } else {
            let mut cells = cells.to_vec();
            cells.push((TYPE, Cell::text(name)));
            table.append(record, head, &cells);
        }
    }

    /// Sends buffers that have reached a bound to the writer.
    fn rotate(&mut self) -> Result<(), ColumnsError> {
        for place in 0..self.tables.len() {
            if self.tables[place].is_full(self.clock) {
                self.freeze(place)?;
            }
        }
        while self.tables.iter().map(|table| table.open_bytes).sum::<usize>() > BUFFERS_BYTES_MAX {
            let Some(largest) = (0..self.tables.len()).max_by_key(|place| self.tables[*place].open_bytes) else { break };
            self.freeze(largest)?;
        }
        Ok(())
    }

    fn freeze(&mut self, place: usize) -> Result<(), ColumnsError> {
        self.tables[place].freeze(self.applied);
        self.send_next(place)
    }

    /// Asks the writer for the oldest generation of a table that waits.
    fn send_next(&mut self, place: usize) -> Result<(), ColumnsError> {
        match self.tables[place].next_job(place) {
            Some(job) => self.flusher.send(job),
            None => Ok(()),
        }
    }

    /// Takes in what the writer has done so far.
    fn collect(&mut self) {
        while let Ok(done) = self.flusher.done.try_recv() {
            if let Err(error) = self.settle(done) {
                tracing::error!(%error, "rows stay in memory: their files could not be written");
            }
        }
    }

    fn wait(&mut self) -> Result<(), ColumnsError> {
        let done = self.flusher.done.recv().map_err(|_| ColumnsError::WriterGone)?;
        self.settle(done)
    }

    fn settle(&mut self, done: Done) -> Result<(), ColumnsError> {
        match done {
            Done::Flushed { table, files } => {
                self.tables[table].flushed(Flushed::Written(files));
                self.send_next(table)?;
                self.mark()
            }
            Done::Failed { table, error } => {
                self.tables[table].flushed(Flushed::Failed);
                Err(error)
            }
            Done::Cut { table, files } => {
                files?.into_iter().for_each(|files| self.tables[table].cut(files));
                Ok(())
            }
            Done::Marked(result) => {
                self.marking = None;
                self.durable = self.durable.max(Seq(result?));
                Ok(())
            }
        }
    }

    /// Has the writer note how far all tables have come, when that is news.
    fn mark(&mut self) -> Result<(), ColumnsError> {
        let reached = self.tables.iter().filter_map(Table::reached).min().unwrap_or(self.applied);
        if self.marking.is_some() || reached <= self.durable {
            return Ok(());
        }
        self.marking = Some(reached);
        self.flusher.send(Job::Mark(reached.0))
    }

    fn writing_bytes(&self) -> usize {
        self.tables.iter().map(Table::writing_bytes).sum()
    }

    /// Asks again for what failed before, and waits while too much is being written.
    fn make_room(&mut self) -> Result<(), ColumnsError> {
        self.collect();
        for place in 0..self.tables.len() {
            self.send_next(place)?;
        }
        while self.writing_bytes() > WRITING_BYTES_MAX {
            self.wait()?;
        }
        Ok(())
    }

    fn persist_all(&mut self) -> Result<(), ColumnsError> {
        self.collect();
        for place in 0..self.tables.len() {
            self.freeze(place)?;
        }
        while self.tables.iter().any(Table::is_writing) {
            self.wait()?;
        }
        while self.durable < self.applied {
            self.mark()?;
            self.wait()?;
        }
        Ok(())
    }
}

impl View for Columns {
    fn name(&self) -> &'static str {
        "columns"
    }

    fn applied(&self) -> Seq {
        self.applied
    }

    fn durable(&self) -> Seq {
        self.durable
    }

    fn apply(&mut self, batch: &Batch) -> Result<(), Fault> {
        if batch.last <= self.applied {
            return Ok(());
        }
        // All that can fail comes first: from here on the batch goes into memory as a whole.
        self.make_room()?;
        let cuts = self.cut(batch)?;
        self.rotate()?;
        for record in &batch.records {
            self.clock = self.clock.max(record.received);
            if !cuts.take(record) {
                self.take(record);
            }
        }
        self.applied = batch.last;
        Ok(())
    }

    fn persist(&mut self) -> Result<(), Fault> {
        Ok(self.persist_all()?)
    }

    fn digest(&self) -> Result<String, Fault> {
        let tables = self.tables.iter().map(|table| Arc::new(table.fresh_view())).collect();
        Ok(digest::of(&ColumnsSnapshot::new(self.applied, tables, Arc::clone(&self.by_folded), Arc::clone(&self.shared)))?)
    }
}

fn set_aside(dir: &Path) -> Result<PathBuf, ColumnsError> {
    let mut name = dir.as_os_str().to_owned();
    name.push(format!(".bad-{}", chrono::Utc::now().timestamp_millis()));
    let aside = PathBuf::from(name);
    std::fs::rename(dir, &aside).map_err(|source| ColumnsError::Io { action: "set aside", path: dir.display().to_string(), source })?;
    Ok(aside)
}

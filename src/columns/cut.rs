//! Cuts of the past: the files of the days before a cut leave their table, in one commit.
//!
//! A cut comes behind everything that was applied before it, so all of that is brought into files first; a day has files of its own. What a
//! replay does again finds nothing left to do: the files that a cut means hold no row that came after it.

use std::time::{Duration, Instant};

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::delta::{Change, Log};
use super::error::ColumnsError;
use super::flush::{Done, Job};
use super::table::Table;
use super::{ALERTS, Columns, EVIDENCE, INCIDENTS, files};
use crate::model::{Batch, Body, Cut, Record, Seq, Time};

/// How long the bytes of a file stay after it left its table, for questions that began before.
pub(super) const STAYS: Duration = Duration::from_secs(15 * 60);

/// The rows of a table that a cut would take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Rows.
    pub rows: u64,
    /// Files.
    pub files: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

/// Whether a table can be cut: those of alerts and incidents are not.
pub fn can_be_cut(table: &str) -> bool {
    ![ALERTS, INCIDENTS, EVIDENCE, "AlertInfo"].iter().any(|kept| kept.eq_ignore_ascii_case(table))
}

/// The cuts of a batch, each with its document.
fn cuts(batch: &Batch) -> Vec<(Seq, Cut)> {
    let cut = |record: &Record| match &record.body {
        Body::Resource(resource) => Cut::of(resource).filter(|cut| can_be_cut(&cut.table)).map(|cut| (record.seq, cut)),
        _ => None,
    };
    batch.records.iter().filter_map(cut).collect()
}

/// What the cuts of one batch mean for the rows of the same batch.
pub(super) struct Cuts(Vec<(Seq, Cut)>);

impl Cuts {
    /// Whether a record is a row that a later cut of its own batch takes.
    pub(super) fn take(&self, record: &Record) -> bool {
        let Body::Event(event) = &record.body else { return false };
        let Some(day) = event.time.map(day) else { return false };
        self.0.iter().any(|(seq, cut)| record.seq < *seq && cut.table.eq_ignore_ascii_case(&event.table) && day < cut.before)
    }
}

/// The day of an instant, as files are partitioned by it.
pub fn day(time: Time) -> String {
    files::day(time.micros())
}

impl Columns {
    /// Carries out the cuts of a batch on what was applied before it.
    pub(super) fn cut(&mut self, batch: &Batch) -> Result<Cuts, ColumnsError> {
        let cuts = cuts(batch);
        if cuts.is_empty() {
            return Ok(Cuts(cuts));
        }
        self.persist_all()?;
        for (seq, cut) in &cuts {
            let Some(table) = self.by_folded.get(cut.table.to_ascii_lowercase().as_str()).copied() else { continue };
            let root = self.tables[table].root();
            self.flusher.send(Job::Cut { table, root, before: cut.before.clone(), seq: seq.0 })?;
            while self.wait_for_cut()? {}
        }
        Ok(Cuts(cuts))
    }

    /// Waits for one answer of the writer; says whether the cut is still to come.
    fn wait_for_cut(&mut self) -> Result<bool, ColumnsError> {
        let done = self.flusher.done.recv().map_err(|_| ColumnsError::WriterGone)?;
        let waits = !matches!(done, Done::Cut { .. });
        self.settle(done).map(|()| waits)
    }
}

impl Table {
    /// Folder of the table in the store.
    fn root(&self) -> Path {
        self.files().root.clone()
    }
}

/// Lets the files of the days before `before` that hold nothing newer than the cut leave the table; gives them.
pub(super) async fn run(store: &dyn ObjectStore, log: &mut Log, before: &str, seq: u64, now: i64) -> Result<Vec<Path>, ColumnsError> {
    let older = |day: &Option<String>| day.as_deref().is_some_and(|day| day < before);
    let meant = log.files.values().filter(|file| older(&file.day) && u64::try_from(file.stats.seq.1).is_ok_and(|last| last < seq));
    let remove: Vec<String> = meant.map(|file| file.path.clone()).collect();
    let Some(schema) = log.schema.clone().filter(|_| !remove.is_empty()) else { return Ok(Vec::new()) };
    let places = remove.iter().map(|path| path.split('/').fold(log.root.clone(), |at, part| at.join(part))).collect();
    let position = log.position;
    log.commit(store, Change { schema, position, add: Vec::new(), remove, data_change: true, now }).await?;
    Ok(places)
}

/// Files that left their tables and still have readers.
#[derive(Debug, Default)]
pub(super) struct Leaving(Vec<(Instant, Path)>);

impl Leaving {
    pub(super) fn add(&mut self, paths: Vec<Path>) {
        let now = Instant::now();
        self.0.extend(paths.into_iter().map(|path| (now, path)));
    }

    /// Deletes those that no question can still read.
    pub(super) async fn sweep(&mut self, store: &dyn ObjectStore) {
        let due = self.0.partition_point(|(left, _)| left.elapsed() >= STAYS);
        for (_, path) in self.0.drain(..due) {
            if let Err(error) = store.delete(&path).await {
                tracing::warn!(%path, %error, "a file that left its table was not deleted; the next start tries again");
            }
        }
    }
}

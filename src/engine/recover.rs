//! Recovery, rebuild and verification: every view from the journal, through the same `apply` as live ingest.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::ingest;
use crate::journal::{self, Journal};
use crate::model::{Fault, FaultClass, Seq};

use super::ahead::read_ahead;
use super::views::Views;
use super::{Engine, Options};

/// Applies what the journal holds beyond the views, batch by batch.
pub(super) fn catch_up(views: &mut Views, journal: &Journal) -> Result<(), Fault> {
    let from = views.applied();
    let last = journal.last();
    for view in views.each() {
        if view.applied() > last {
            let message = format!("the journal ends at {last}, but the view `{}` holds {}", view.name(), view.applied());
            return Err(Fault::new(FaultClass::Internal, "journal_behind", message)
                .with_hint("bring back the journal's last segment, or run `clew rebuild`"));
        }
    }
    if from == last {
        return Ok(());
    }
    tracing::info!(from = from.0, last = last.0, "views catch up with the journal");
    views.fulltext.set_alone(true);
    let caught_up = read_ahead(journal.read_from(from), |read| {
        let batch = read.batch(views);
        views.apply(&batch)?;
        Ok(batch.records)
    });
    views.fulltext.set_alone(false);
    caught_up
}

/// Folders of the views below a data directory.
const VIEWS: [&str; 4] = ["graph", "columns", "fulltext", "records"];

/// File of a data directory that says by which reading of the documents its views were made.
const READING_FILE: &str = "READING";

/// Whether another reading of the documents made the views, or none is noted.
fn is_outdated(dir: &Path) -> bool {
    !std::fs::read_to_string(dir.join(READING_FILE)).is_ok_and(|found| found.trim() == ingest::READING.to_string())
}

fn has_views(dir: &Path) -> bool {
    VIEWS.iter().any(|view| dir.join(view).exists())
}

/// Drops views that another reading of the documents made, for the journal to make them anew.
pub(super) fn drop_outdated(dir: &Path) -> Result<(), Fault> {
    if !is_outdated(dir) {
        return Ok(());
    }
    if has_views(dir) {
        tracing::info!("documents are read in another way since the views were made: they are made anew");
    }
    for view in VIEWS {
        remove(&dir.join(view))?;
    }
    let file = dir.join(READING_FILE);
    std::fs::write(&file, ingest::READING.to_string()).map_err(|error| {
        let message = format!("the file `{}` cannot be written: {error}", file.display());
        Fault::new(FaultClass::Internal, "reading_unwritable", message)
    })
}

/// Deletes every view of a data directory and makes it anew from the journal.
pub fn rebuild(dir: &Path, options: Options) -> Result<Seq, Fault> {
    // The lock is taken first, so that no running engine loses its files.
    let journal = Journal::open(&dir.join("journal"), options.journal.clone())?;
    for view in VIEWS {
        remove(&dir.join(view))?;
    }
    drop(journal);
    let engine = Engine::open(dir, options)?;
    engine.close()?;
    Ok(engine.seq())
}

/// Whether one view equals its rebuild.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ViewVerification {
    /// Name of the view.
    pub view: String,
    /// Fingerprint of the view as it is.
    pub digest: String,
    /// Fingerprint of the view made anew from the journal.
    pub rebuilt: String,
    /// Whether the two are equal.
    pub equal: bool,
}

/// Outcome of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Verification {
    /// Documents in the journal, all of them readable.
    pub documents: u64,
    /// The views, one by one.
    pub views: Vec<ViewVerification>,
    /// Whether every view equals its rebuild.
    pub equal: bool,
}

/// Reads the whole journal, rebuilds every view beside the present one and compares the two.
pub fn verify(dir: &Path, options: Options) -> Result<Verification, Fault> {
    let report = journal::verify(&dir.join("journal"))?;
    if let Some(damage) = report.damage {
        let message = format!("the journal is damaged in `{}` at byte {}: {}", damage.segment.display(), damage.offset, damage.reason);
        return Err(Fault::new(FaultClass::Internal, "journal_corrupt", message)
            .with_hint("`clew repair` cuts it before the damage and keeps the rest aside"));
    }
    let journal = Journal::open(&dir.join("journal"), options.journal)?;
    if has_views(dir) && is_outdated(dir) {
        let message = "the journal is whole; the views were made by another version of clew, which read some documents in another way";
        return Err(Fault::new(FaultClass::Conflict, "reading_outdated", message)
            .with_hint("the next start, or `clew rebuild`, makes them anew; verify again after it"));
    }
    let mut present = Views::open(dir)?;
    catch_up(&mut present, &journal)?;
    compare(&mut present, &journal, dir)
}

/// Compares views that have caught up with their rebuild.
fn compare(present: &mut Views, journal: &Journal, dir: &Path) -> Result<Verification, Fault> {
    let beside = dir.join("verify");
    remove(&beside)?;
    let mut rebuilt = Views::open(&beside)?;
    catch_up(&mut rebuilt, journal)?;
    let mut views = Vec::new();
    for (present, rebuilt) in present.each().into_iter().zip(rebuilt.each()) {
        let (digest, again) = (present.digest()?, rebuilt.digest()?);
        views.push(ViewVerification { view: present.name().to_owned(), equal: digest == again, digest, rebuilt: again });
    }
    drop(rebuilt);
    remove(&beside)?;
    Ok(Verification { documents: journal.last().0, equal: views.iter().all(|view| view.equal), views })
}

impl Engine {
    /// Rebuilds every view beside the present one and compares the two, as [`verify`] does for a directory that nobody has open.
    ///
    /// Questions go on; what is submitted meanwhile waits. Every record of the journal is read and checked on the way.
    pub fn verify(&self) -> Result<Verification, Fault> {
        let (journal, dir) = (Arc::clone(&self.journal), self.dir.clone());
        self.committer.exclusively(move |present| compare(present, &journal, &dir))
    }

    /// Makes every view anew from the journal and puts it in the place of the present one.
    ///
    /// Questions go on while the new views are made and wait only while they change places; what is submitted meanwhile waits.
    pub fn rebuild(self: &Arc<Self>) -> Result<Seq, Fault> {
        let (journal, dir) = (Arc::clone(&self.journal), self.dir.clone());
        let lending = Arc::clone(&self.lending);
        let (permits, all, runtime) = (Arc::clone(&self.turns.questions), self.options.questions_max as u32, self.handle());
        self.committer.exclusively(move |present| {
            let beside = dir.join("rebuild");
            remove(&beside)?;
            let mut rebuilt = Views::open(&beside)?;
            catch_up(&mut rebuilt, &journal)?;
            rebuilt.persist()?;
            drop(rebuilt);
            // A question that runs reads files of the views by their paths. Those of other workspaces first: they wait for turns of their own,
            // and those turns must not be taken meanwhile by another rebuild that waits.
            let _unlent = runtime.block_on(lending.write_owned());
            let _alone = runtime.block_on(permits.acquire_many_owned(all));
            // Nothing may hold the present folders open when others take their names.
            *present = Views::open(&beside.join("empty"))?;
            for view in VIEWS {
                remove(&dir.join(view))?;
                std::fs::rename(beside.join(view), dir.join(view)).map_err(|error| {
                    let message = format!("the rebuilt view `{view}` cannot take its place: {error}");
                    Fault::new(FaultClass::Internal, "view_unmovable", message).with_hint("start clew again: it makes what is missing anew")
                })?;
            }
            *present = Views::open(&dir)?;
            catch_up(present, &journal)?;
            remove(&beside)?;
            Ok(journal.last())
        })
    }
}

fn remove(folder: &Path) -> Result<(), Fault> {
    match std::fs::remove_dir_all(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Fault::new(
            FaultClass::Internal,
            "view_undeletable",
            format!("the folder `{}` cannot be removed: {error}", folder.display()),
        )),
    }
}

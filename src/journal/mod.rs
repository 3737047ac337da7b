//! The durable append-only log of documents: the truth from which every view is rebuilt.
//!
//! A folder of segments, a `FORMAT` file and a `LOCK`. Batches are appended whole, numbered in the order of the calls,
//! and durable once their [`Ticket`] says so; everybody who waits shares an fsync. Opening proves the chain of records,
//! cuts what an interrupted write left at the very end, and refuses any other damage.
//!
//! The journal never reads what a document says, and never deletes one.

mod backup;
mod block;
mod disk;
mod error;
mod frame;
mod index;
mod queue;
mod read;
mod tend;
mod ticket;
mod view;
mod walk;
mod writer;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub use backup::{Import, LINE_BYTES_MAX, export};
use disk::{Disk, LocalDisk, Lock};
pub use error::JournalError;
use frame::{SEGMENT_HEADER, SegmentHeader};
use index::{Durable, Index, Segment};
use queue::Queue;
pub use read::{Entries, Entry};
pub use tend::{Report, repair, verify};
pub use ticket::Ticket;
pub use view::View;
pub use walk::Damage;
use walk::{Depth, Survey, survey};
use writer::{Position, Writer, create_segment, random_mark};

use crate::model::{Document, Seq};

/// The most bytes, and the most documents, of one appended batch; replay holds one batch in memory.
pub const BATCH_BYTES_MAX: usize = 256 * 1024 * 1024;

/// How a journal writes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes after which a segment is full.
    pub segment_bytes: u64,
    /// The longest wait for batches of clients that are known to send, before an fsync.
    pub group_wait: Duration,
    /// Bytes for which an fsync does not wait longer.
    pub group_bytes: usize,
    /// Bytes of batches that one fsync covers at most, one batch more or less.
    pub group_bytes_max: usize,
    /// Bytes of batches that wait for the disk; [`Journal::append`] waits while there are more.
    pub queue_bytes_max: usize,
    /// Level of zstd.
    pub compression_level: i32,
    /// Bytes of unpacked blocks that are kept for [`Journal::document`].
    pub cache_bytes: usize,
    /// Bytes on the disk that must stay free; what would leave less is refused.
    pub free_bytes_min: u64,
    /// Tells how many bytes are free where a folder lies.
    pub free_space: fn(&Path) -> io::Result<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * 1024 * 1024,
            group_wait: Duration::from_millis(2),
            group_bytes: 1024 * 1024,
            group_bytes_max: 8 * 1024 * 1024,
            queue_bytes_max: 32 * 1024 * 1024,
            compression_level: 1,
            cache_bytes: 8 * 1024 * 1024,
            free_bytes_min: 1024 * 1024 * 1024,
            free_space: disk::free_bytes,
        }
    }
}

/// An open journal; all methods may be called from any thread.
///
/// Dropping it, like [`Journal::close`], writes what was appended.
pub struct Journal {
    folder: PathBuf,
    queue: Arc<Queue>,
    index: Arc<Index>,
    writer: Option<JoinHandle<Result<(), JournalError>>>,
    cut: Option<Damage>,
    _lock: Lock,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("last", &self.last()).field("durable", &self.durable()).finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the journal of a folder, or begins one.
    ///
    /// Reads all headers and the whole last segment. What an interrupted write left at the very end is cut; nothing of it
    /// was acknowledged.
    pub fn open(folder: &Path, options: Options) -> Result<Self, JournalError> {
        Self::open_on(Arc::new(LocalDisk), folder, options)
    }

    fn open_on(disk: Arc<dyn Disk>, folder: &Path, options: Options) -> Result<Self, JournalError> {
        disk::create_folder(folder)?;
        let lock = Lock::take(folder)?;
        if disk::segments(folder)?.is_empty() && !folder.join("FORMAT").exists() {
            disk::write_format(folder)?;
        }
        disk::check_format(folder)?;
        let mut survey = survey(folder, Depth::Headers)?;
        let cut = survey.damage.take();
        if let Some(damage) = &cut {
            cut_tail(&*disk, folder, damage)?;
        }
        if survey.segments.is_empty() {
            survey.segments.push(first_segment(&*disk, folder)?);
        }
        let (path, position, durable) = take_up(survey);
        let next = position.next;
        let queue = Arc::new(Queue::new(next, options.queue_bytes_max));
        let index = Arc::new(Index::new(durable, options.cache_bytes));
        let writer = Writer::new(folder, disk, options, (Arc::clone(&queue), Arc::clone(&index)), (&path, position))?;
        let writer = thread::Builder::new()
            .name("clew-journal".to_owned())
            .spawn(move || writer.run())
            .map_err(|source| JournalError::io("start the writing thread of", folder, source))?;
        Ok(Self { folder: folder.to_owned(), queue, index, writer: Some(writer), cut, _lock: lock })
    }

    /// Number of the last document that was appended.
    pub fn last(&self) -> Seq {
        Seq(self.queue.last())
    }

    /// Number of the last document that is durable.
    pub fn durable(&self) -> Seq {
        Seq(self.index.durable.read().unwrap_or_else(PoisonError::into_inner).next - 1)
    }

    /// Files beside the segments that hold what opening or repairing cut off, until somebody removes them.
    pub fn kept(&self) -> Result<Vec<PathBuf>, JournalError> {
        tend::kept(&self.folder)
    }

    /// The tail that is no record and that opening cut.
    pub fn cut(&self) -> Option<&Damage> {
        self.cut.as_ref()
    }

    /// Numbers the documents and hands them to the disk as one batch, which becomes visible whole or not at all.
    ///
    /// Returns at once, or as soon as the queue has room. Batches get their numbers and become durable in the order of the
    /// calls; when one fails, those behind it fail too.
    pub fn append(&self, documents: Vec<Document>) -> Result<Ticket, JournalError> {
        self.queue.push(documents)
    }

    /// The document with the number `seq`, if it is durable.
    ///
    /// Costs the unpacking of one block, unless that was among those read last.
    pub fn document(&self, seq: Seq) -> Result<Option<Document>, JournalError> {
        self.index.document(seq)
    }

    /// How many documents were looked up by their numbers since the journal was opened.
    pub fn looked_up(&self) -> u64 {
        self.index.looked_up.load(Ordering::Relaxed)
    }

    /// All documents behind `after` that are durable now, batch by batch, checking every byte.
    ///
    /// Holds one batch in memory. A batch that begins before `after` comes without its first documents.
    pub fn read_from(&self, after: Seq) -> Entries {
        let durable = self.index.durable.read().unwrap_or_else(PoisonError::into_inner);
        let place = durable.segments.partition_point(|segment| segment.header.first <= after.0.saturating_add(1)).saturating_sub(1);
        Entries::new(durable.segments[place..].to_vec(), after)
    }

    /// Writes what was appended and closes the journal.
    pub fn close(mut self) -> Result<(), JournalError> {
        self.finish()
    }

    fn finish(&mut self) -> Result<(), JournalError> {
        self.queue.close();
        match self.writer.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(JournalError::Stopped { cause: "the writing thread panicked".to_owned() }),
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            tracing::error!(%error, "the journal did not close in good order");
        }
    }
}

/// Drops a torn tail; refuses any other damage.
fn cut_tail(disk: &dyn Disk, folder: &Path, damage: &Damage) -> Result<(), JournalError> {
    let Damage { segment, offset, reason, torn } = damage;
    if !torn {
        return Err(JournalError::Corrupt { segment: segment.clone(), offset: *offset, reason });
    }
    let cut = || -> io::Result<()> {
        // A changed byte in the last record looks the same: whoever looks into it needs the bytes.
        let kept = tend::keep_beside(segment, *offset)?;
        tracing::warn!(segment = %segment.display(), offset, reason, kept = %kept.display(), "cut the end of the journal, which is no record");
        if *offset > 0 {
            return disk.open(segment)?.cut(*offset);
        }
        std::fs::remove_file(segment)?;
        disk.sync_folder(folder)
    };
    cut().map_err(|source| JournalError::io("cut", segment, source))
}

fn first_segment(disk: &dyn Disk, folder: &Path) -> Result<Segment, JournalError> {
    let path = disk::segment_path(folder, 1);
    let header = SegmentHeader { mark: random_mark(), first: 1, previous: 0 };
    let create = || -> io::Result<()> {
        create_segment(disk, &path, &header)?.sync()?;
        disk.sync_folder(folder)
    };
    create().map_err(|source| JournalError::io("create", &path, source))?;
    Ok(Segment { path: path.as_path().into(), header, end: SEGMENT_HEADER as u64 })
}

/// Where to go on after a survey.
fn take_up(survey: Survey) -> (PathBuf, Position, Durable) {
    let last = survey.segments.last().expect("a journal has a segment");
    let position = Position {
        segment: survey.segments.len() as u32 - 1,
        mark: last.header.mark,
        first: last.header.first,
        at: last.end,
        chain: survey.chain,
        next: survey.next,
        sealed: survey.sealed,
    };
    (last.path.to_path_buf(), position, Durable { segments: survey.segments, blocks: survey.blocks, next: survey.next })
}

//! The one thread that writes: packs groups of batches into records, one fsync for each group, and rolls segments.
//!
//! It never changes bytes that were durable. After a failed fsync it writes nothing more, because the system may have
//! dropped the bytes and forgotten that it did.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use crc32c::crc32c;

use super::disk::{Disk, SegmentFile, segment_path};
use super::frame::{BlockEntry, RECORD_HEADER, RecordHeader, RecordKind, SEGMENT_HEADER, SegmentHeader, TABLE_ENTRY};
use super::index::{Block, Index, Segment};
use super::queue::{Grouping, Pending, Queue};
use super::walk::Found;
use super::{JournalError, Options, block};

/// Bytes written between two looks at the free space.
const SPACE_CHECK_BYTES: u64 = 4 * 1024 * 1024;

/// Bytes after which a segment is full whatever the options say: places in it are 32-bit numbers.
const SEGMENT_BYTES_MAX: u64 = 1 << 31;

/// Where the next record goes.
pub(super) struct Position {
    /// Place of the segment in the list.
    pub(super) segment: u32,
    pub(super) mark: u32,
    /// Number of the segment's first document.
    pub(super) first: u64,
    /// Bytes of the segment so far.
    pub(super) at: u64,
    /// Check of the last record.
    pub(super) chain: u32,
    /// Number of the next document.
    pub(super) next: u64,
    /// Whether the last record is a seal.
    pub(super) sealed: bool,
}

pub(super) struct Writer {
    folder: PathBuf,
    disk: Arc<dyn Disk>,
    options: Options,
    queue: Arc<Queue>,
    index: Arc<Index>,
    file: Box<dyn SegmentFile>,
    path: PathBuf,
    position: Position,
    packer: block::Packer,
    out: Vec<u8>,
    unchecked: u64,
}

/// An error, and whether the journal can go on after it.
enum Failure {
    /// Nothing was kept of the group; the next may go through.
    Refused(JournalError),
    /// It is unknown what the disk holds.
    Fatal(JournalError),
}

impl Writer {
    pub(super) fn new(
        folder: &Path,
        disk: Arc<dyn Disk>,
        options: Options,
        (queue, index): (Arc<Queue>, Arc<Index>),
        (path, position): (&Path, Position),
    ) -> Result<Self, JournalError> {
        let file = disk.open(path).map_err(|source| JournalError::io("open", path, source))?;
        let packer = block::Packer::new(options.compression_level).map_err(|source| JournalError::io("compress for", path, source))?;
        let (folder, path) = (folder.to_owned(), path.to_owned());
        Ok(Self { folder, disk, options, queue, index, file, path, position, packer, out: Vec::new(), unchecked: SPACE_CHECK_BYTES })
    }

    /// Writes until the queue is closed and empty, or the disk fails.
    pub(super) fn run(mut self) -> Result<(), JournalError> {
        let grouping = Grouping { wait: self.options.group_wait, bytes: self.options.group_bytes, bytes_max: self.options.group_bytes_max };
        let mut before = 0;
        while let Some(group) = self.queue.take(before, &grouping) {
            before = group.len();
            match self.write(&group) {
                Ok(()) => {
                    self.queue.release(group.iter().map(|pending| pending.bytes).sum());
                    for pending in group {
                        pending.promise.settle(Ok(()));
                    }
                }
                Err(Failure::Refused(error)) => {
                    tracing::warn!(%error, "the journal refused a group of batches");
                    self.queue.fail(group, self.position.next, &error, false);
                }
                Err(Failure::Fatal(error)) => {
                    tracing::error!(%error, "the journal stops writing");
                    let stopped = JournalError::Stopped { cause: error.to_string() };
                    self.queue.fail(group, self.position.next, &stopped, true);
                    return Err(stopped);
                }
            }
        }
        self.seal()
    }

    fn write(&mut self, group: &[Pending]) -> Result<(), Failure> {
        if group.iter().all(|pending| pending.documents.is_empty()) {
            return Ok(());
        }
        self.check_space(group.iter().map(|pending| pending.bytes as u64).sum())?;
        if self.position.at >= self.options.segment_bytes.min(SEGMENT_BYTES_MAX) && self.position.next > self.position.first {
            self.roll()?;
        }
        self.out.clear();
        let mut blocks = Vec::new();
        let mut next = self.position.next;
        let mut chain = self.position.chain;
        for pending in group.iter().filter(|pending| !pending.documents.is_empty()) {
            debug_assert_eq!(pending.first, next, "batches are written in the order of their numbers");
            chain = self.encode(pending, chain, &mut blocks)?;
            next += pending.documents.len() as u64;
        }
        self.flush(chain)?;
        self.position.next = next;
        self.position.sealed = false;
        let mut durable = self.index.durable.write().unwrap_or_else(PoisonError::into_inner);
        durable.blocks.extend(blocks);
        durable.segments[self.position.segment as usize].end = self.position.at;
        durable.next = next;
        Ok(())
    }

    /// Appends the record of a batch to the output and returns its check.
    fn encode(&mut self, pending: &Pending, chain: u32, blocks: &mut Vec<Block>) -> Result<u32, Failure> {
        let start = self.out.len();
        let mut packed = Vec::with_capacity(pending.bytes / 2 + 64);
        let mut table = Vec::new();
        let mut rest = &pending.documents[..];
        while !rest.is_empty() {
            let before = packed.len();
            let count = self.packer.pack(rest, &mut packed);
            rest = &rest[count..];
            let stored = &packed[before..];
            table.push(BlockEntry { count: count as u32, length: stored.len() as u32, crc: crc32c(stored) });
        }
        let mut header = RecordHeader {
            previous: chain,
            first: pending.first,
            count: pending.documents.len() as u32,
            blocks: table.len() as u32,
            length: packed.len() as u32,
            group: self.position.at as u32,
            kind: RecordKind::Documents,
            check: 0,
        };
        let at = self.position.at + start as u64;
        if at + header.whole_length() > u64::from(u32::MAX) {
            return Err(Failure::Refused(JournalError::TooLarge { found: header.whole_length(), most: u64::from(u32::MAX) }));
        }
        self.out.resize(start + RECORD_HEADER + table.len() * TABLE_ENTRY, 0);
        let check = header.write(self.position.mark, &table, &mut self.out[start..]);
        self.out.extend_from_slice(&packed);
        let blocks_at = at + RECORD_HEADER as u64 + header.table_length();
        Block::list(&Found { header, table, blocks_at }, self.position.segment, blocks);
        Ok(check)
    }

    /// Writes the output and makes it durable.
    fn flush(&mut self, chain: u32) -> Result<(), Failure> {
        if let Err(source) = self.file.append(&self.out) {
            let error = self.refusal("write", source);
            return Err(match self.file.cut(self.position.at) {
                Ok(()) => Failure::Refused(error),
                Err(source) => Failure::Fatal(JournalError::io("cut", &self.path, source)),
            });
        }
        self.file.sync().map_err(|source| Failure::Fatal(JournalError::io("sync", &self.path, source)))?;
        self.position.at += self.out.len() as u64;
        self.position.chain = chain;
        self.unchecked += self.out.len() as u64;
        if self.out.capacity() > 4 * self.options.group_bytes_max {
            self.out = Vec::new();
        }
        Ok(())
    }

    /// Goes on in a new segment, which is durable with its name before it is used.
    fn roll(&mut self) -> Result<(), Failure> {
        let first = self.position.next;
        let header = SegmentHeader { mark: random_mark(), first, previous: self.position.chain };
        let path = segment_path(&self.folder, first);
        let mut file = create_segment(&*self.disk, &path, &header).map_err(|source| Failure::Refused(self.refusal("create", source)))?;
        file.sync().map_err(|source| Failure::Fatal(JournalError::io("sync", &path, source)))?;
        self.disk.sync_folder(&self.folder).map_err(|source| Failure::Fatal(JournalError::io("sync", &self.folder, source)))?;
        let segment = Segment { path: path.as_path().into(), header, end: SEGMENT_HEADER as u64 };
        let mut durable = self.index.durable.write().unwrap_or_else(PoisonError::into_inner);
        durable.segments.push(segment);
        self.position.segment = durable.segments.len() as u32 - 1;
        (self.position.mark, self.position.first) = (header.mark, first);
        self.position.at = SEGMENT_HEADER as u64;
        self.file = file;
        self.path = path;
        Ok(())
    }

    /// Marks the end of a journal that was closed in good order.
    fn seal(&mut self) -> Result<(), JournalError> {
        if self.position.sealed || self.position.next == 1 {
            return Ok(());
        }
        let mut header = RecordHeader {
            previous: self.position.chain,
            first: self.position.next,
            count: 0,
            blocks: 0,
            length: 0,
            group: self.position.at as u32,
            kind: RecordKind::Seal,
            check: 0,
        };
        self.out.clear();
        self.out.resize(RECORD_HEADER, 0);
        let check = header.write(self.position.mark, &[], &mut self.out);
        match self.flush(check) {
            Ok(()) => Ok(()),
            Err(Failure::Refused(error) | Failure::Fatal(error)) => Err(error),
        }
    }

    /// Refuses a group that would leave less free space than must stay.
    fn check_space(&mut self, bytes: u64) -> Result<(), Failure> {
        if self.unchecked + bytes < SPACE_CHECK_BYTES {
            return Ok(());
        }
        let free = (self.options.free_space)(&self.folder)
            .map_err(|source| Failure::Refused(JournalError::io("measure", &self.folder, source)))?;
        let needed = self.options.free_bytes_min.saturating_add(bytes);
        if free < needed {
            // The next group looks again, so that freed space is seen at once.
            self.unchecked = SPACE_CHECK_BYTES;
            return Err(Failure::Refused(JournalError::Full { path: self.folder.clone(), free, needed }));
        }
        self.unchecked = 0;
        Ok(())
    }

    fn refusal(&self, action: &'static str, source: io::Error) -> JournalError {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                JournalError::Full { path: self.folder.clone(), free: 0, needed: self.out.len() as u64 }
            }
            _ => JournalError::io(action, &self.path, source),
        }
    }
}

/// Creates a segment that holds its header; the caller makes it durable.
pub(super) fn create_segment(disk: &dyn Disk, path: &Path, header: &SegmentHeader) -> io::Result<Box<dyn SegmentFile>> {
    let mut file = disk.create(path)?;
    file.append(&header.encode())?;
    Ok(file)
}

/// A mark that no document can know beforehand.
pub(super) fn random_mark() -> u32 {
    // Zeros are what a disk shows that never wrote; a mark must differ from them.
    (uuid::Uuid::new_v4().as_u128() >> 96) as u32 | 1
}

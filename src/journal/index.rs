//! Where each document lies: one small entry a block in memory, and the blocks read last. Writes no file.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;
use crc32c::crc32c;

use super::frame::SegmentHeader;
use super::walk::Found;
use super::{JournalError, block};
use crate::model::{Document, Seq};

/// A segment as far as it is durable.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) path: Arc<Path>,
    pub(super) header: SegmentHeader,
    /// Byte behind the last durable record.
    pub(super) end: u64,
}

/// Place of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Number of the block's first document.
    pub(super) first: u64,
    segment: u32,
    offset: u32,
    length: u32,
    crc: u32,
}

impl Block {
    /// Appends the blocks of a record to `out`.
    pub(super) fn list(found: &Found, segment: u32, out: &mut Vec<Self>) {
        let (mut first, mut offset) = (found.header.first, found.blocks_at);
        for entry in &found.table {
            out.push(Self { first, segment, offset: offset as u32, length: entry.length, crc: entry.crc });
            first += u64::from(entry.count);
            offset += u64::from(entry.length);
        }
    }
}

/// What is durable.
#[derive(Debug, Default)]
pub(super) struct Durable {
    pub(super) segments: Vec<Segment>,
    pub(super) blocks: Vec<Block>,
    /// Number of the next document.
    pub(super) next: u64,
}

/// Finds documents by their numbers.
pub(super) struct Index {
    pub(super) durable: RwLock<Durable>,
    recent: Mutex<Recent>,
    /// Documents that were looked up.
    pub(super) looked_up: AtomicU64,
}

/// Blocks read last, the latest first.
struct Recent {
    blocks: VecDeque<(u64, Bytes)>,
    bytes: usize,
    bytes_max: usize,
}

impl Index {
    pub(super) fn new(durable: Durable, cache_bytes: usize) -> Self {
        Self {
            durable: RwLock::new(durable),
            recent: Mutex::new(Recent { blocks: VecDeque::new(), bytes: 0, bytes_max: cache_bytes }),
            looked_up: AtomicU64::new(0),
        }
    }

    /// The document with the number `seq`, if it is durable.
    pub(super) fn document(&self, seq: Seq) -> Result<Option<Document>, JournalError> {
        self.looked_up.fetch_add(1, Ordering::Relaxed);
        let durable = self.durable.read().unwrap_or_else(PoisonError::into_inner);
        if seq.0 == 0 || seq.0 >= durable.next {
            return Ok(None);
        }
        let place = durable.blocks.partition_point(|block| block.first <= seq.0);
        let Some(found) = place.checked_sub(1).map(|place| durable.blocks[place]) else { return Ok(None) };
        let end = durable.blocks.get(place).map_or(durable.next, |block| block.first);
        let path = Arc::clone(&durable.segments[found.segment as usize].path);
        drop(durable);
        let corrupt = |reason| JournalError::Corrupt { segment: path.to_path_buf(), offset: u64::from(found.offset), reason };
        let plain = match self.recall(found.first) {
            Some(plain) => plain,
            None => {
                let stored = read_block(&path, &found).map_err(|source| JournalError::io("read", &path, source))?;
                if crc32c(&stored) != found.crc {
                    return Err(corrupt("a block fails its checksum"));
                }
                let plain = block::unpack(&stored).map_err(corrupt)?;
                self.keep(found.first, plain.clone());
                plain
            }
        };
        block::document(&plain, (end - found.first) as usize, (seq.0 - found.first) as usize).map(Some).map_err(corrupt)
    }

    fn recall(&self, first: u64) -> Option<Bytes> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let place = recent.blocks.iter().position(|(known, _)| *known == first)?;
        let block = recent.blocks.remove(place)?;
        let plain = block.1.clone();
        recent.blocks.push_front(block);
        Some(plain)
    }

    fn keep(&self, first: u64, plain: Bytes) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.blocks.iter().any(|(known, _)| *known == first) {
            return;
        }
        recent.bytes += plain.len();
        recent.blocks.push_front((first, plain));
        while recent.bytes > recent.bytes_max && recent.blocks.len() > 1 {
            recent.bytes -= recent.blocks.pop_back().map_or(0, |(_, plain)| plain.len());
        }
    }
}

fn read_block(path: &Path, block: &Block) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(u64::from(block.offset)))?;
    let mut stored = vec![0; block.length as usize];
    file.read_exact(&mut stored)?;
    Ok(stored)
}

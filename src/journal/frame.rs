//! The layout of segments and records: fixed headers, little-endian, each with a checksum. Reads and writes no file.
//!
//! ```text
//! segment = header (32 B), record...
//! record  = header (40 B), table (12 B a block: documents, bytes, CRC32C), blocks
//! ```
//! A record's `check` covers its header and its table, and so the checksums of its blocks; `previous` repeats the check
//! of the record before it, across segments. Reading headers alone therefore proves that no record is missing,
//! exchanged or older than its place.
//!
//! `mark` is drawn at random for each segment. It makes records findable behind damage, and no document can contain a
//! forged one.
//!
//! `group` is the offset at which the write began that ended with one fsync. Of the records of one group any may be
//! missing after a power cut; a good record whose group begins behind a bad one proves that the bad one was durable once.

use crc32c::{crc32c, crc32c_append};

/// Bytes of a segment's header.
pub(super) const SEGMENT_HEADER: usize = 32;
/// Bytes of a record's header.
pub(super) const RECORD_HEADER: usize = 40;
/// Bytes of one entry in a record's table of blocks.
pub(super) const TABLE_ENTRY: usize = 12;

const MAGIC: [u8; 8] = *b"clewlog\n";
const VERSION: u32 = 1;

/// Start of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// Begins every record of the segment.
    pub(super) mark: u32,
    /// Number of the first document.
    pub(super) first: u64,
    /// Check of the last record of the segment before, 0 for the first.
    pub(super) previous: u32,
}

impl SegmentHeader {
    pub(super) fn encode(&self) -> [u8; SEGMENT_HEADER] {
        let mut bytes = [0; SEGMENT_HEADER];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.mark.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.previous.to_le_bytes());
        let check = crc32c(&bytes[..28]);
        bytes[28..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8; SEGMENT_HEADER]) -> Result<Self, &'static str> {
        if crc32c(&bytes[..28]) != u32_at(bytes, 28) || bytes[..8] != MAGIC {
            return Err("the segment header fails its checksum");
        }
        if u32_at(bytes, 8) != VERSION {
            return Err("the segment header names an unknown version");
        }
        Ok(Self { mark: u32_at(bytes, 12), first: u64_at(bytes, 16), previous: u32_at(bytes, 24) })
    }
}

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordKind {
    /// Documents that were appended together.
    Documents = 1,
    /// Nothing: the journal was closed in good order here, so that damage before it is damage and not an interrupted write.
    Seal = 2,
}

/// Start of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordHeader {
    /// Check of the record before; for the first of a segment, the `previous` of the segment's header.
    pub(super) previous: u32,
    /// Number of the first document.
    pub(super) first: u64,
    /// How many documents.
    pub(super) count: u32,
    /// How many blocks.
    pub(super) blocks: u32,
    /// Bytes of all blocks.
    pub(super) length: u32,
    /// Offset in the segment at which the record's sync group begins.
    pub(super) group: u32,
    /// What it holds.
    pub(super) kind: RecordKind,
    /// CRC32C of the header before it, and the table.
    pub(super) check: u32,
}

impl RecordHeader {
    /// Writes the header and its table into `bytes`, which begins with room for both, and returns the check.
    pub(super) fn write(&mut self, mark: u32, table: &[BlockEntry], bytes: &mut [u8]) -> u32 {
        bytes[..4].copy_from_slice(&mark.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.previous.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.first.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.count.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.blocks.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.length.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.group.to_le_bytes());
        bytes[32..36].copy_from_slice(&(self.kind as u32).to_le_bytes());
        for (entry, bytes) in table.iter().zip(bytes[RECORD_HEADER..].chunks_exact_mut(TABLE_ENTRY)) {
            bytes[..4].copy_from_slice(&entry.count.to_le_bytes());
            bytes[4..8].copy_from_slice(&entry.length.to_le_bytes());
            bytes[8..].copy_from_slice(&entry.crc.to_le_bytes());
        }
        self.check = crc32c_append(crc32c(&bytes[..36]), &bytes[RECORD_HEADER..RECORD_HEADER + table.len() * TABLE_ENTRY]);
        bytes[36..RECORD_HEADER].copy_from_slice(&self.check.to_le_bytes());
        self.check
    }

    /// Reads a header; [`RecordHeader::table`] proves it.
    pub(super) fn decode(bytes: &[u8; RECORD_HEADER], mark: u32) -> Result<Self, &'static str> {
        if u32_at(bytes, 0) != mark {
            return Err("the record does not begin with the segment's mark");
        }
        let kind = match u32_at(bytes, 32) {
            1 => RecordKind::Documents,
            2 => RecordKind::Seal,
            _ => return Err("the record is of an unknown kind"),
        };
        Ok(Self {
            previous: u32_at(bytes, 4),
            first: u64_at(bytes, 8),
            count: u32_at(bytes, 16),
            blocks: u32_at(bytes, 20),
            length: u32_at(bytes, 24),
            group: u32_at(bytes, 28),
            kind,
            check: u32_at(bytes, 36),
        })
    }

    /// Reads the table behind the header and checks both.
    pub(super) fn table(&self, header: &[u8; RECORD_HEADER], bytes: &[u8]) -> Result<Vec<BlockEntry>, &'static str> {
        if crc32c_append(crc32c(&header[..36]), bytes) != self.check {
            return Err("the record header fails its checksum");
        }
        let table: Vec<BlockEntry> = bytes
            .chunks_exact(TABLE_ENTRY)
            .map(|entry| BlockEntry { count: u32_at(entry, 0), length: u32_at(entry, 4), crc: u32_at(entry, 8) })
            .collect();
        let sum = |part: fn(&BlockEntry) -> u32| table.iter().map(|entry| u64::from(part(entry))).sum::<u64>();
        if sum(|entry| entry.count) != u64::from(self.count) || sum(|entry| entry.length) != u64::from(self.length) {
            return Err("the record's table of blocks contradicts its header");
        }
        Ok(table)
    }

    /// Bytes of the table behind the header.
    pub(super) fn table_length(&self) -> u64 {
        u64::from(self.blocks) * TABLE_ENTRY as u64
    }

    /// Bytes of the whole record.
    pub(super) fn whole_length(&self) -> u64 {
        RECORD_HEADER as u64 + self.table_length() + u64::from(self.length)
    }
}

/// One block in a record's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockEntry {
    /// How many documents.
    pub(super) count: u32,
    /// How many bytes as stored.
    pub(super) length: u32,
    /// CRC32C of the stored bytes.
    pub(super) crc: u32,
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

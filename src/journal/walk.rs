//! Walks through the records of a segment and through the segments of a folder, and judges damage. Changes no file.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crc32c::crc32c;

use super::frame::{BlockEntry, RECORD_HEADER, RecordHeader, RecordKind, SEGMENT_HEADER, SegmentHeader, u32_at};
use super::index::{Block, Segment};
use super::{JournalError, disk};

const BUFFER_BYTES: usize = 64 * 1024;

/// How closely records are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Headers and tables: proves that every record is in its place.
    Headers,
    /// Blocks too: proves every byte.
    Blocks,
}

/// A record that a walk came to.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) header: RecordHeader,
    pub(super) table: Vec<BlockEntry>,
    /// Offset of the first block in the segment.
    pub(super) blocks_at: u64,
}

/// What a walk came to.
#[derive(Debug)]
pub(super) enum Step {
    /// A good record.
    Record(Found),
    /// The end of the segment.
    End,
    /// A bad record.
    Bad(&'static str),
}

/// A walk through one segment.
pub(super) struct Walk {
    reader: BufReader<File>,
    mark: u32,
    /// Where the next record begins.
    pub(super) at: u64,
    /// Where the walk ends.
    length: u64,
    /// Check of the last record.
    pub(super) chain: u32,
    /// Number of the next document.
    pub(super) next: u64,
    /// The blocks of the last record, if they were read.
    pub(super) blocks: Vec<u8>,
}

impl Walk {
    /// Begins behind the header of a segment whose good part is `length` bytes long.
    pub(super) fn begin(path: &Path, header: &SegmentHeader, length: u64) -> io::Result<Self> {
        let mut reader = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
        reader.seek(SeekFrom::Start(SEGMENT_HEADER as u64))?;
        let at = SEGMENT_HEADER as u64;
        Ok(Self { reader, mark: header.mark, at, length, chain: header.previous, next: header.first, blocks: Vec::new() })
    }

    /// Goes to the next record. After `Bad` the walk is over.
    pub(super) fn step(&mut self, depth: Depth) -> io::Result<Step> {
        let left = self.length - self.at;
        if left == 0 {
            return Ok(Step::End);
        }
        const SHORT: &str = "the record is cut short";
        if left < RECORD_HEADER as u64 {
            return Ok(Step::Bad(SHORT));
        }
        let mut head = [0; RECORD_HEADER];
        self.reader.read_exact(&mut head)?;
        let header = match RecordHeader::decode(&head, self.mark) {
            Ok(header) => header,
            Err(reason) => return Ok(Step::Bad(reason)),
        };
        if left < RECORD_HEADER as u64 + header.table_length() {
            return Ok(Step::Bad(SHORT));
        }
        let mut table = vec![0; header.table_length() as usize];
        self.reader.read_exact(&mut table)?;
        let table = match header.table(&head, &table) {
            Ok(table) => table,
            Err(reason) => return Ok(Step::Bad(reason)),
        };
        if header.previous != self.chain {
            return Ok(Step::Bad("the record does not follow the one before it"));
        }
        if header.first != self.next {
            return Ok(Step::Bad("the record does not continue the sequence numbers"));
        }
        if left < header.whole_length() {
            return Ok(Step::Bad(SHORT));
        }
        match depth {
            Depth::Headers => self.reader.seek_relative(i64::from(header.length))?,
            Depth::Blocks => {
                self.blocks.resize(header.length as usize, 0);
                self.reader.read_exact(&mut self.blocks)?;
                if !sound(&self.blocks, &table) {
                    return Ok(Step::Bad("a block fails its checksum"));
                }
            }
        }
        let blocks_at = self.at + RECORD_HEADER as u64 + header.table_length();
        self.at += header.whole_length();
        self.chain = header.check;
        self.next += u64::from(header.count);
        Ok(Step::Record(Found { header, table, blocks_at }))
    }
}

fn sound(blocks: &[u8], table: &[BlockEntry]) -> bool {
    let mut rest = blocks;
    table.iter().all(|entry| match rest.split_at_checked(entry.length as usize) {
        Some((block, behind)) => {
            rest = behind;
            crc32c(block) == entry.crc
        }
        None => false,
    })
}

/// The first bad place of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The segment.
    pub segment: PathBuf,
    /// Where in it the first bad record begins; 0 for the segment's own header.
    pub offset: u64,
    /// What is wrong.
    pub reason: &'static str,
    /// Whether it is what an interrupted write leaves: at the very end, with nothing behind it that was durable later.
    ///
    /// Opening the journal cuts such a tail. Nothing in it was acknowledged.
    pub torn: bool,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Good segments; the last one ends before the damage, if there is some.
    pub(super) segments: Vec<Segment>,
    pub(super) blocks: Vec<Block>,
    /// Number of the next document.
    pub(super) next: u64,
    /// Check of the last record.
    pub(super) chain: u32,
    pub(super) records: u64,
    /// Whether the last record is a seal.
    pub(super) sealed: bool,
    pub(super) damage: Option<Damage>,
    /// All segment files, the damaged and those behind it as well.
    pub(super) files: Vec<PathBuf>,
}

/// Walks through all segments of a folder, up to the first damage.
///
/// The blocks of the last segment, where interrupted writes leave their traces, are read whatever the depth is.
pub(super) fn survey(folder: &Path, depth: Depth) -> Result<Survey, JournalError> {
    let files = disk::segments(folder)?;
    let mut survey = Survey { next: 1, files: files.iter().map(|(_, path)| path.clone()).collect(), ..Survey::default() };
    for (place, (named, path)) in files.iter().enumerate() {
        let last = place + 1 == files.len();
        let depth = if last { Depth::Blocks } else { depth };
        let damage = survey_segment(&mut survey, *named, path, depth).map_err(|source| JournalError::io("read", path, source))?;
        if let Some((offset, reason)) = damage {
            let torn =
                last && is_torn(path, survey.segments.get(place), offset).map_err(|source| JournalError::io("read", path, source))?;
            survey.damage = Some(Damage { segment: path.clone(), offset, reason, torn });
            break;
        }
    }
    Ok(survey)
}

fn survey_segment(survey: &mut Survey, named: u64, path: &Path, depth: Depth) -> io::Result<Option<(u64, &'static str)>> {
    let mut head = [0; SEGMENT_HEADER];
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if length < SEGMENT_HEADER as u64 {
        return Ok(Some((0, "the segment header is cut short")));
    }
    file.read_exact(&mut head)?;
    let header = match SegmentHeader::decode(&head) {
        Ok(header) => header,
        Err(reason) => return Ok(Some((0, reason))),
    };
    if header.first != named || header.first != survey.next || header.previous != survey.chain {
        return Ok(Some((0, "the segment does not follow the one before it: a segment or its end is missing")));
    }
    let place = survey.segments.len() as u32;
    survey.segments.push(Segment { path: path.into(), header, end: SEGMENT_HEADER as u64 });
    let mut walk = Walk::begin(path, &header, length)?;
    loop {
        match walk.step(depth)? {
            Step::End => return Ok(None),
            Step::Bad(reason) => return Ok(Some((walk.at, reason))),
            Step::Record(found) => {
                Block::list(&found, place, &mut survey.blocks);
                survey.records += u64::from(found.header.kind == RecordKind::Documents);
                survey.sealed = found.header.kind == RecordKind::Seal;
            }
        }
        (survey.next, survey.chain) = (walk.next, walk.chain);
        survey.segments[place as usize].end = walk.at;
    }
}

/// Whether the damage at `offset` of the last segment is what an interrupted write leaves.
///
/// It is, unless a good record behind it belongs to a later sync group: then the damaged bytes were durable once. A
/// segment's header is durable before the first record is written, so behind a torn one there is nothing.
fn is_torn(path: &Path, segment: Option<&Segment>, offset: u64) -> io::Result<bool> {
    let Some(segment) = segment else {
        let bytes = fs::read(path)?;
        return Ok(match bytes.first_chunk::<SEGMENT_HEADER>() {
            Some(header) => bytes.len() == SEGMENT_HEADER && SegmentHeader::decode(header).is_err(),
            None => true,
        });
    };
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let mark = segment.header.mark.to_le_bytes();
    let later = |at: usize| -> bool {
        let Some(head) = tail[at..].first_chunk::<RECORD_HEADER>() else { return false };
        if u32_at(head, 0) != segment.header.mark {
            return false;
        }
        let Ok(header) = RecordHeader::decode(head, segment.header.mark) else { return false };
        let table_end = RECORD_HEADER as u64 + header.table_length();
        let whole = header.whole_length();
        if whole > (tail.len() - at) as u64 || u64::from(header.group) <= offset {
            return false;
        }
        let record = &tail[at..at + whole as usize];
        let Ok(table) = header.table(head, &record[RECORD_HEADER..table_end as usize]) else { return false };
        sound(&record[table_end as usize..], &table)
    };
    let starts = tail.windows(4).enumerate().skip(1).filter(|(_, bytes)| *bytes == mark);
    Ok(!starts.map(|(at, _)| at).any(later))
}

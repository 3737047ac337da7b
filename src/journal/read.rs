//! Reading a journal in order: recovery, rebuild, export. Changes no file.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use super::frame::RecordKind;
use super::index::Segment;
use super::walk::{Depth, Step, Walk};
use super::{JournalError, block};
use crate::model::{Document, Seq};

/// One batch as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Number of the first document.
    pub first: Seq,
    /// The documents, numbered from `first` on. Their raw bytes share the batch's memory.
    pub documents: Vec<Document>,
}

impl Entry {
    /// Number of the last document.
    pub fn last(&self) -> Seq {
        Seq(self.first.0 + self.documents.len() as u64 - 1)
    }
}

/// The batches of a journal in order; after an error there are no more.
pub struct Entries {
    segments: VecDeque<Segment>,
    walk: Option<(Arc<Path>, Walk)>,
    after: Seq,
}

impl Entries {
    pub(super) fn new(segments: Vec<Segment>, after: Seq) -> Self {
        Self { segments: segments.into(), walk: None, after }
    }

    fn read(&mut self) -> Result<Option<Entry>, JournalError> {
        loop {
            let (path, walk) = match &mut self.walk {
                Some(walk) => walk,
                None => {
                    let Some(segment) = self.segments.pop_front() else { return Ok(None) };
                    let walk = Walk::begin(&segment.path, &segment.header, segment.end)
                        .map_err(|source| JournalError::io("read", &segment.path, source))?;
                    self.walk.insert((segment.path, walk))
                }
            };
            let offset = walk.at;
            let step = walk.step(Depth::Blocks).map_err(|source| JournalError::io("read", path, source))?;
            let corrupt = |reason| JournalError::Corrupt { segment: path.to_path_buf(), offset, reason };
            match step {
                Step::End => self.walk = None,
                Step::Bad(reason) => return Err(corrupt(reason)),
                Step::Record(found) if found.header.kind == RecordKind::Seal || walk.next <= self.after.0.saturating_add(1) => {}
                Step::Record(found) => {
                    let mut documents = Vec::with_capacity(found.header.count as usize);
                    let mut rest = &walk.blocks[..];
                    for entry in &found.table {
                        let (stored, behind) = rest.split_at(entry.length as usize);
                        rest = behind;
                        let plain = block::unpack(stored).map_err(corrupt)?;
                        block::documents(&plain, entry.count as usize, &mut documents).map_err(corrupt)?;
                    }
                    let skipped = (self.after.0 + 1).saturating_sub(found.header.first);
                    documents.drain(..skipped as usize);
                    return Ok(Some(Entry { first: Seq(found.header.first + skipped), documents }));
                }
            }
        }
    }
}

impl Iterator for Entries {
    type Item = Result<Entry, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = self.read();
        if result.is_err() {
            (self.walk, self.segments) = (None, VecDeque::new());
        }
        result.transpose()
    }
}

//! Backup and way out: the journal as JSON lines, and back.

use std::io::{BufRead, Write};
use std::path::Path;

use super::commit::{Outcome, Parsed};
use super::{Engine, Options};
use crate::ingest;
use crate::journal::{self, Import, Journal};
use crate::model::{Fault, FaultClass};

/// Documents of a backup that are taken in together.
const CHUNK_DOCUMENTS: usize = 1_024;
/// Bytes of documents that are taken in together.
const CHUNK_BYTES: usize = 8 << 20;

/// Writes every document of a data directory as a JSON line; returns how many.
pub fn export(dir: &Path, options: Options, out: &mut dyn Write) -> Result<u64, Fault> {
    let journal = Journal::open(&dir.join("journal"), options.journal)?;
    Ok(journal::export(&journal, out)?)
}

impl Engine {
    /// Writes every durable document as a JSON line while the writer goes on; returns how many.
    pub fn export(&self, out: &mut dyn Write) -> Result<u64, Fault> {
        Ok(journal::export(&self.journal, out)?)
    }

    /// Takes in what [`export`] wrote; known documents change nothing. Returns how many were new.
    pub fn import(&self, input: &mut dyn BufRead) -> Result<u64, Fault> {
        let mut chunk = Vec::new();
        let (mut bytes, mut new) = (0, 0);
        let mut commit = |chunk: Vec<Parsed>| -> Result<(), Fault> {
            let outcomes = self.committer.submit(chunk)?;
            new += outcomes.iter().filter(|outcome| !matches!(outcome, Outcome::Duplicate)).count() as u64;
            Ok(())
        };
        for document in Import::new(input) {
            let document = document?;
            let bodies = ingest::read(&document).map_err(|reject| {
                let place = format!("{} line {}", document.origin.source, document.origin.line);
                Fault::new(FaultClass::Invalid, "backup_unreadable", format!("{place}: {}: {}", reject.code, reject.message))
            })?;
            bytes += document.raw.len();
            chunk.push(Parsed { document, bodies });
            if chunk.len() == CHUNK_DOCUMENTS || bytes >= CHUNK_BYTES {
                bytes = 0;
                commit(std::mem::take(&mut chunk))?;
            }
        }
        commit(chunk)?;
        Ok(new)
    }
}

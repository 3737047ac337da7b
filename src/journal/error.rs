//! What can go wrong with the journal. Never decides what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::{Fault, FaultClass};

/// An error of the journal; cloned to everyone who waits for a batch.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refused an operation.
    #[error("expected to {action} `{}`, found: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// Another process, or another part of this one, has the journal open.
    #[error("expected a free journal, found `{}` locked by process `{holder}`", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// What the holder wrote into it.
        holder: String,
    },
    /// The journal was written in a format that this program does not know.
    #[error("expected format `{known}` in `{}`, found `{found}`", path.display())]
    UnknownFormat {
        /// The file that states the format.
        path: PathBuf,
        /// What it states.
        found: String,
        /// What this program reads and writes.
        known: &'static str,
    },
    /// Stored bytes are damaged, and not in the way that an interrupted write leaves behind.
    #[error("expected a sound record at offset {offset} of segment `{}`, found damage: {reason}", segment.display())]
    Corrupt {
        /// The damaged segment.
        segment: PathBuf,
        /// Where the first bad record begins.
        offset: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The disk has no room; nothing of the batch was kept, and a later one may go through.
    #[error("expected at least {needed} bytes free at `{}`, found {free}", path.display())]
    Full {
        /// Folder of the journal.
        path: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that must be free.
        needed: u64,
    },
    /// A batch is larger than one record may be.
    #[error("expected a batch of at most {most} bytes and {most} documents, found {found}")]
    TooLarge {
        /// Bytes or documents of the batch.
        found: u64,
        /// The most that a record takes.
        most: u64,
    },
    /// An earlier error left it unknown what is on the disk, so that nothing more is written.
    #[error("expected a journal that accepts writes, found it stopped by an earlier error: {cause}")]
    Stopped {
        /// The earlier error.
        cause: String,
    },
    /// The journal was closed before the batch was written.
    #[error("expected an open journal, found it closed")]
    Closed,
    /// A line of a backup is not what `export` writes.
    #[error("expected a document of a backup in line {line}, found: {problem}")]
    Backup {
        /// Line of the backup, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
}

impl JournalError {
    /// Wraps an error of the system with what was tried.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source: Arc::new(source) }
    }
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Self {
        let message = error.to_string();
        match error {
            JournalError::Io { .. } => Self::new(FaultClass::Unavailable, "journal_io", message),
            JournalError::Locked { .. } => Self::new(FaultClass::Unavailable, "journal_locked", message)
                .with_hint("stop the process that uses the data directory, or send the request to its server"),
            JournalError::UnknownFormat { .. } => Self::new(FaultClass::Unavailable, "journal_unknown_format", message)
                .with_hint("open the journal with the version of clew that wrote it, and move it by `clew export` and `clew import`"),
            JournalError::Corrupt { .. } => Self::new(FaultClass::Internal, "journal_corrupt", message)
                .with_hint("restore the segment from a backup, or run `clew repair` to cut the journal before the damage"),
            JournalError::Full { .. } => {
                Self::new(FaultClass::Unavailable, "journal_full", message).with_hint("free some disk space and send the request again")
            }
            JournalError::TooLarge { .. } => {
                Self::new(FaultClass::Limit, "journal_batch_too_large", message).with_hint("send fewer documents at once")
            }
            JournalError::Stopped { .. } => Self::new(FaultClass::Unavailable, "journal_stopped", message)
                .with_hint("mend the disk and start clew again: everything that was acknowledged is kept"),
            JournalError::Closed => Self::new(FaultClass::Unavailable, "journal_closed", message),
            JournalError::Backup { .. } => {
                Self::new(FaultClass::Invalid, "backup_invalid", message).with_hint("give a file that `clew export` wrote")
            }
        }
    }
}

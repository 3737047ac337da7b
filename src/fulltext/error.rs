//! What can go wrong in the full-text view.

use std::path::PathBuf;

use crate::model::{Fault, FaultClass};

/// An error of the full-text view.
#[derive(Debug, thiserror::Error)]
pub enum FulltextError {
    /// The folder of the index cannot be made, read or set aside.
    #[error("the folder `{}` of the full-text index cannot be used: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Another process writes the index.
    #[error("the full-text index in `{}` is in use by another process", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The index cannot be written.
    #[error("the full-text index cannot be written: {0}")]
    Write(tantivy::TantivyError),
    /// The index cannot be read.
    #[error("the full-text index cannot be read: {0}")]
    Read(tantivy::TantivyError),
    /// A stored document is not what this version writes.
    #[error("a stored document of the full-text index cannot be read: {0}")]
    Stored(String),
    /// An earlier write failed; the view takes nothing until it is opened again.
    #[error("the full-text index stopped after an earlier error: {0}")]
    Stopped(String),
}

impl From<FulltextError> for Fault {
    fn from(error: FulltextError) -> Self {
        let (class, code, hint) = match &error {
            FulltextError::Folder { .. } => {
                (FaultClass::Unavailable, "fulltext_folder", "check the rights and the free space of the data directory")
            }
            FulltextError::Busy { .. } => (FaultClass::Unavailable, "fulltext_busy", "stop the other process or ask through its server"),
            FulltextError::Write(_) => (FaultClass::Unavailable, "fulltext_write", "check the free space of the data directory"),
            FulltextError::Read(_) | FulltextError::Stored(_) => {
                (FaultClass::Internal, "fulltext_read", "`clew rebuild` makes the index anew from the journal")
            }
            FulltextError::Stopped(_) => {
                (FaultClass::Unavailable, "fulltext_stopped", "restart clew; what was acknowledged is in the journal")
            }
        };
        Self::new(class, code, error.to_string()).with_hint(hint)
    }
}

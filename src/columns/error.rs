//! What can go wrong in the columnar store.

use crate::model::{Fault, FaultClass};

/// An error of the columnar store.
#[derive(Debug, thiserror::Error)]
pub enum ColumnsError {
    /// A file of a table could not be read or written.
    #[error("table store failed: {0}")]
    Store(#[from] object_store::Error),
    /// A folder or file outside the tables could not be read or written.
    #[error("cannot {action} `{path}`: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Arrow data does not have the expected form.
    #[error("arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A Parquet file could not be read or written.
    #[error("parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The log of a table holds something that it must not.
    #[error("expected a readable table log in `{table}`, found {found}")]
    Log {
        /// Folder of the table.
        table: String,
        /// What was found.
        found: String,
    },
    /// Another process wrote to the table.
    #[error("expected to be the only writer of table `{table}`, found version {version} already written")]
    Conflict {
        /// Folder of the table.
        table: String,
        /// The version that was to be written.
        version: u64,
    },
    /// The thread that writes files has ended.
    #[error("expected the writer of table files to run, found it ended")]
    WriterGone,
}

impl From<ColumnsError> for Fault {
    fn from(error: ColumnsError) -> Self {
        let message = error.to_string();
        match error {
            ColumnsError::Log { .. } => Self::new(FaultClass::Internal, "columns_log_damaged", message)
                .with_hint("delete the folder `columns`; it is rebuilt from the journal"),
            ColumnsError::Conflict { .. } => {
                Self::new(FaultClass::Internal, "columns_second_writer", message).with_hint("let no other program write to the tables")
            }
            ColumnsError::Arrow(_) | ColumnsError::Parquet(_) => Self::new(FaultClass::Internal, "columns_data_damaged", message),
            ColumnsError::Store(_) | ColumnsError::Io { .. } | ColumnsError::WriterGone => {
                Self::new(FaultClass::Unavailable, "columns_store_failed", message)
            }
        }
    }
}

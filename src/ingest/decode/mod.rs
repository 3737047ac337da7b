//! Bytes to documents: files, folders, archives, JSON in all its arrangements, CSV. Memory is bounded by the limits,
//! whatever the size of the source. Never looks inside a document further than its form and format ask for.
//!
//! A source of which nothing can be read is an error of the call. Everything that concerns one document is a reject, and
//! so is a source that breaks among others or behind documents that were read: the rest goes in.

mod csv;
mod emit;
mod envelope;
mod guide;
mod json;
mod lines;
pub(crate) mod scan;
mod source;
mod text;
mod window;
mod xml;

use std::cell::Cell;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::model::{Document, Fault, FaultClass, Time};

pub(crate) use lines::{syslog_facility, syslog_severity};
pub use source::{entries, readable};

use super::Rejected;

/// Where bytes come from.
pub enum Input {
    /// A file, an archive, or a folder that is walked in the order of its names.
    Path(PathBuf),
    /// An open stream with the name that rejects and origins show.
    Reader {
        /// Name of the stream (`stdin`, `POST /v1/ingest`, a file name that hints at the table).
        name: String,
        /// The stream.
        reader: Box<dyn Read + Send>,
    },
}

/// How to read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Name of the format of every document (`guardduty`, `event`); recognised by content if none.
    pub format: Option<String>,
    /// Table of every row; recognised by content if none. Tables of alerts and incidents only help to recognise.
    pub table: Option<String>,
    /// What a source may ask of this machine.
    pub limits: Limits,
}

/// What a source may ask of this machine. Each limit has the name under which rejects show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one document, one CSV row or one row answer (`document_bytes`).
    pub document_bytes: usize,
    /// Levels of nesting in a document (`depth`); at most 128.
    pub depth: usize,
    /// Members of the outermost object of a document, columns of a CSV (`members`).
    pub members: usize,
    /// Values in a document (`values`).
    pub values: usize,
    /// Members of an archive (`archive_members`).
    pub archive_members: usize,
    /// Unpacked bytes for each packed byte (`archive_ratio`); checked from 64 MiB of unpacked bytes on.
    pub archive_ratio: u64,
    /// Unpacked bytes of a whole archive (`archive_bytes`).
    pub archive_bytes: u64,
    /// Archives inside archives (`archive_depth`).
    pub archive_depth: usize,
    /// Distinct rows of a source among which equal ones are counted (`equal_rows`); about 32 bytes each.
    ///
    /// Equal rows that stand further apart count as one.
    pub equal_rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: 8 << 20,
            depth: 64,
            members: 20_000,
            values: 250_000,
            archive_members: 100_000,
            archive_ratio: 1_000,
            archive_bytes: 256 << 30,
            archive_depth: 4,
            equal_rows: 4 << 20,
        }
    }
}

/// What decoding gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A document of a known format, ready for the journal.
    Document(Document),
    /// A document that cannot be read.
    Reject(Rejected),
}

/// Why a source cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The operating system refuses.
    #[error("cannot read `{source_name}`: {error}")]
    Io {
        /// File, archive member or stream.
        source_name: String,
        /// What it says.
        error: io::Error,
    },
    /// An archive is broken or of an unknown make.
    #[error("cannot unpack `{source_name}`: {message}")]
    Archive {
        /// The archive.
        source_name: String,
        /// What is wrong with it.
        message: String,
    },
    /// A limit on archives is reached.
    #[error("expected at most {allowed} ({limit}) in `{source_name}`")]
    Limit {
        /// The archive.
        source_name: String,
        /// Name of the limit.
        limit: &'static str,
        /// Its value.
        allowed: u64,
    },
    /// The asked table has a name that no table can have.
    #[error("expected a table name of letters, digits and `_` that is no table of clew's own, found `{0}`")]
    Table(String),
    /// The asked format does not exist.
    #[error("expected a known format, found `{0}`")]
    Format(String),
}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        let message = error.to_string();
        match error {
            DecodeError::Io { error, .. } if error.kind() == io::ErrorKind::NotFound => {
                Self::new(FaultClass::NotFound, "source_not_found", message)
            }
            DecodeError::Io { .. } => Self::new(FaultClass::Unavailable, "source_unreadable", message),
            DecodeError::Archive { .. } => {
                Self::new(FaultClass::Invalid, "archive_invalid", message).with_hint("unpack it with another tool and ingest the folder")
            }
            DecodeError::Limit { .. } => {
                Self::new(FaultClass::Limit, "archive_limit", message).with_hint("unpack it with another tool and ingest the folder")
            }
            DecodeError::Table(_) => Self::new(FaultClass::Invalid, "table_name_invalid", message),
            DecodeError::Format(_) => {
                let known: Vec<&str> = super::foreign_formats().map(|format| format.name).chain([super::EVENT]).collect();
                Self::new(FaultClass::Invalid, "format_unknown", message).with_hint(format!("known formats: {}", known.join(", ")))
            }
        }
    }
}

/// Refuses a format that there is not, and a table with a name that none can have.
pub fn check(options: &Options) -> Result<(), DecodeError> {
    if let Some(name) = &options.format
        && name != super::EVENT
        && !super::foreign_formats().any(|format| format.name == name)
    {
        return Err(DecodeError::Format(name.clone()));
    }
    if let Some(table) = &options.table
        && !super::events::is_table_name(table)
    {
        return Err(DecodeError::Table(table.clone()));
    }
    Ok(())
}

/// Reads a source from beginning to end and gives its documents and rejects in their order to `sink`.
///
/// `progress` gets the number of bytes read from the outside (packed ones of an archive) since it was last called. Stops
/// without error as soon as `sink` breaks. Holds at most a few times `document_bytes` and the table of equal rows.
pub fn decode(
    input: Input,
    options: &Options,
    received: Time,
    progress: &dyn Fn(u64),
    sink: &mut dyn FnMut(Item) -> ControlFlow<()>,
) -> Result<(), DecodeError> {
    check(options)?;
    let given = Cell::new(false);
    let mut sink = |item| {
        given.set(true);
        sink(item)
    };
    source::Walk { options, received, progress, sink: &mut sink, given: &given }.input(input).map(|_| ())
}

/// Bytes of a line `Record 17`, which dumps of event logs write before each record.
fn record_line(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_prefix(b"Record ")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    (digits > 0 && rest[digits..line].trim_ascii().is_empty()).then_some(b"Record ".len() + line)
}

#[cfg(test)]
mod tests;

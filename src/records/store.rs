//! The seam between records and the engine that stores them. Knows no engine and no record.

use std::ops::ControlFlow;
use std::path::PathBuf;

use bytes::Bytes;

use crate::model::{Fault, FaultClass, Seq};

/// A change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Sets the value of a key.
    Put {
        /// The key; its first byte is not 0.
        key: Vec<u8>,
        /// The value.
        value: Bytes,
    },
    /// Removes a key.
    Delete {
        /// The key; its first byte is not 0.
        key: Vec<u8>,
    },
}

impl Op {
    /// The key that changes.
    pub fn key(&self) -> &[u8] {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }
}

/// The keys from `start` on, before `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key inside.
    pub start: Vec<u8>,
    /// The first key behind; absent: there is none.
    pub end: Option<Vec<u8>>,
}

impl KeyRange {
    /// All keys of records; those that begin with 0 belong to the store.
    pub fn all() -> Self {
        Self { start: vec![1], end: None }
    }

    /// All keys that begin with `prefix`.
    pub fn prefix(prefix: Vec<u8>) -> Self {
        let end = prefix.iter().rposition(|byte| *byte != u8::MAX).map(|place| {
            let mut end = prefix[..=place].to_vec();
            end[place] += 1;
            end
        });
        Self { start: prefix, end }
    }

    /// Whether no key can lie inside.
    pub fn is_empty(&self) -> bool {
        self.end.as_ref().is_some_and(|end| *end <= self.start)
    }
}

/// Called with each key and value of a scan; says whether to go on.
pub type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// An ordered store of keys and values that knows how far in the journal it is.
///
/// It can be deleted and rebuilt, so nobody waits for its disk but [`RecordStore::persist`].
pub trait RecordStore: Send + Sync {
    /// Makes all changes and moves the position to `seq`, both or neither; does nothing if the position is there already.
    fn apply(&self, seq: Seq, ops: &[Op]) -> Result<(), StoreError>;

    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError>;

    /// Visits the keys of a range in order.
    fn scan(&self, range: &KeyRange, visit: Visit<'_>) -> Result<(), StoreError>;

    /// The position in the journal that the last change moved to.
    fn applied_seq(&self) -> Seq;

    /// Makes all changes so far outlive a power cut.
    fn persist(&self) -> Result<(), StoreError>;
}

/// An error of the record store; nothing is lost by it, because the journal has everything.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine refused an operation, or the file system did.
    #[error("expected to {action} the records, found: {problem}")]
    Failed {
        /// What was tried.
        action: &'static str,
        /// What the engine said.
        problem: String,
    },
    /// A stored value is damaged.
    #[error("expected a sound value under key `{key}`, found damage")]
    Damaged {
        /// The key, in hexadecimal digits.
        key: String,
    },
    /// Another process has the store open.
    #[error("expected free records, found `{}` locked", path.display())]
    Locked {
        /// Folder of the store.
        path: PathBuf,
    },
    /// The store was written in a format that this program does not know.
    #[error("expected format {known} in `{}`, found {found}", path.display())]
    UnknownFormat {
        /// Folder of the store.
        path: PathBuf,
        /// What it states.
        found: u64,
        /// What this program reads and writes.
        known: u64,
    },
}

impl StoreError {
    /// Wraps what an engine said.
    pub(super) fn failed(action: &'static str, problem: impl ToString) -> Self {
        Self::Failed { action, problem: problem.to_string() }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        const REBUILD: &str = "run `clew rebuild`: the journal has everything";
        let message = error.to_string();
        match error {
            StoreError::Failed { .. } => Self::new(FaultClass::Unavailable, "records_failed", message).with_hint(REBUILD),
            StoreError::Damaged { .. } => Self::new(FaultClass::Internal, "records_damaged", message).with_hint(REBUILD),
            StoreError::Locked { .. } => Self::new(FaultClass::Unavailable, "records_locked", message)
                .with_hint("stop the process that uses the data directory, or send the request to its server"),
            StoreError::UnknownFormat { .. } => Self::new(FaultClass::Unavailable, "records_unknown_format", message).with_hint(REBUILD),
        }
    }
}

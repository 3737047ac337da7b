//! Why a bound query has no plan, or its plan no answer.

use arrow::error::ArrowError;
use datafusion::common::DataFusionError;

use super::super::functions::KernelError;
use super::super::functions::budget::EXPRESSION_BYTES_NAME;
use super::super::tree::Place;
use crate::model::{Fault, FaultClass};

/// Why a query cannot be planned or ended without an answer.
#[derive(Debug, thiserror::Error)]
pub enum LowerError {
    /// The language has it, clew does not.
    #[error("{what} is not supported")]
    Unsupported {
        /// What.
        what: String,
        /// Where.
        place: Option<Place>,
    },
    /// A value that must be known beforehand is not what is wanted.
    #[error("{message}")]
    Value {
        /// Expected and found.
        message: String,
        /// Where.
        place: Option<Place>,
    },
    /// A bound was passed.
    #[error("expected at most {limit} for `{name}`, found more")]
    Limit {
        /// Name of the bound.
        name: &'static str,
        /// The bound.
        limit: u64,
        /// Where.
        place: Option<Place>,
    },
    /// A function gave up.
    #[error(transparent)]
    Kernel(KernelError),
    /// The planner or the execution failed.
    #[error("{0}")]
    Engine(Box<DataFusionError>),
}

impl LowerError {
    /// Something that is refused by its name.
    pub fn unsupported(what: impl Into<String>, place: Place) -> Self {
        Self::Unsupported { what: what.into(), place: Some(place) }
    }

    /// A value that does not do.
    pub fn value(message: impl Into<String>, place: Place) -> Self {
        Self::Value { message: message.into(), place: Some(place) }
    }
}

impl From<DataFusionError> for LowerError {
    fn from(error: DataFusionError) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<ArrowError> for LowerError {
    fn from(error: ArrowError) -> Self {
        DataFusionError::from(error).into()
    }
}

impl From<KernelError> for LowerError {
    fn from(error: KernelError) -> Self {
        Self::Kernel(error)
    }
}

impl From<LowerError> for Fault {
    fn from(error: LowerError) -> Self {
        let message = error.to_string();
        let at = |fault: Self, place: Option<Place>| match place.map(Place::span) {
            Some(span) if span.end > span.start => fault.at(span.start, span.end),
            _ => fault,
        };
        match error {
            LowerError::Unsupported { place, .. } => at(Self::new(FaultClass::Invalid, "kql_unsupported", message), place),
            LowerError::Kernel(error) if error.is_limit() => Self::new(FaultClass::Limit, "kql_limit", message),
            LowerError::Kernel(_) => Self::new(FaultClass::Invalid, "kql_invalid_value", message),
            LowerError::Value { place, .. } => at(Self::new(FaultClass::Invalid, "kql_invalid_value", message), place),
            LowerError::Limit { place, .. } => at(Self::new(FaultClass::Limit, "kql_limit", message), place),
            LowerError::Engine(error) => engine_fault(&error),
        }
    }
}

/// What a plan that ran had too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// Memory.
    Memory,
    /// Space on disk for what does not fit into memory.
    Spill,
}

impl Exhausted {
    /// What a failed plan had too little of, if that is why it failed.
    pub fn of(error: &DataFusionError) -> Option<Self> {
        let full = |error: &std::io::Error| {
            use std::io::ErrorKind::{QuotaExceeded, StorageFull};
            // The spill writer has no other words of its bound than these.
            matches!(error.kind(), StorageFull | QuotaExceeded) || error.to_string().contains("used disk space during the spilling process")
        };
        match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => Some(Self::Memory),
            DataFusionError::IoError(error) if full(error) => Some(Self::Spill),
            DataFusionError::ArrowError(error, _) => match error.as_ref() {
                ArrowError::IoError(_, error) if full(error) => Some(Self::Spill),
                _ => None,
            },
            _ => None,
        }
    }

    /// What was needed, and the bound by its name.
    pub fn message(self) -> &'static str {
        match self {
            Self::Memory => "the query needs more memory than `memory_max` allows",
            Self::Spill => "sorts, joins and groups of the query need more space on disk than `spill_max` allows",
        }
    }

    /// What to try.
    pub fn hint(self) -> &'static str {
        "filter first, or sort, join and group fewer rows or columns"
    }
}

/// What DataFusion says, to a person.
pub fn engine_fault(error: &DataFusionError) -> Fault {
    if let Some(exhausted) = Exhausted::of(error) {
        return Fault::new(FaultClass::Limit, "kql_limit", exhausted.message()).with_hint(exhausted.hint());
    }
    let root = error.find_root();
    let text = root.strip_backtrace();
    let shown: String = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest).trim_end_matches('.').chars().take(1_000).collect();
    match root {
        DataFusionError::Execution(_) | DataFusionError::ArrowError(..) => Fault::new(FaultClass::Invalid, "kql_failed", shown),
        DataFusionError::External(inner) if inner.downcast_ref::<KernelError>().is_some_and(KernelError::is_limit) => {
            let message = inner.to_string();
            let is_growth = message.contains(EXPRESSION_BYTES_NAME);
            let hint = if is_growth { "make shorter texts and arrays, or fewer in one `extend`" } else { Exhausted::Memory.hint() };
            Fault::new(FaultClass::Limit, "kql_limit", message).with_hint(hint)
        }
        DataFusionError::External(inner) => Fault::new(FaultClass::Invalid, "kql_failed", inner.to_string()),
        DataFusionError::NotImplemented(_) => Fault::new(FaultClass::Invalid, "kql_unsupported", shown),
        _ => Fault::new(FaultClass::Internal, "query_failed", shown),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn what_is_exhausted_is_named() {
        let spill = || Error::other("The used disk space during the spilling process has exceeded the allowable limit of 1.0 MB.");
        let exhausted = [
            (DataFusionError::ResourcesExhausted("no more for a sort".to_owned()), "memory_max"),
            (DataFusionError::External(Box::new(KernelError::memory())), "memory_max"),
            (DataFusionError::from(ArrowError::from(spill())).context("a sort"), "spill_max"),
            (DataFusionError::from(Error::from(ErrorKind::StorageFull)), "spill_max"),
        ];
        for (error, name) in exhausted {
            let fault = engine_fault(&error);
            assert_eq!((fault.code, fault.class), ("kql_limit", FaultClass::Limit), "{error}");
            assert!(fault.message.contains(name), "{}", fault.message);
            assert_eq!(fault.hint.as_deref(), Some(Exhausted::Memory.hint()));
        }
        let other = DataFusionError::from(Error::other("a file is gone"));
        assert_eq!(Exhausted::of(&other), None);
    }
}

//! Why a bound query has no plan, or its plan no answer.

use datafusion::common::DataFusionError;

use super::super::functions::KernelError;
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

impl From<arrow::error::ArrowError> for LowerError {
    fn from(error: arrow::error::ArrowError) -> Self {
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

/// What DataFusion says, to a person.
pub fn engine_fault(error: &DataFusionError) -> Fault {
    let root = error.find_root();
    let text = root.strip_backtrace();
    let shown: String = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest).trim_end_matches('.').chars().take(1_000).collect();
    match root {
        DataFusionError::ResourcesExhausted(_) => {
            Fault::new(FaultClass::Limit, "query_memory", shown).with_hint("sort, join or group fewer rows or columns")
        }
        DataFusionError::Execution(_) | DataFusionError::ArrowError(..) => Fault::new(FaultClass::Invalid, "kql_failed", shown),
        DataFusionError::External(inner) if inner.downcast_ref::<KernelError>().is_some_and(KernelError::is_limit) => {
            Fault::new(FaultClass::Limit, "kql_limit", inner.to_string())
                .with_hint("make shorter texts and arrays, or fewer in one `extend`")
        }
        DataFusionError::External(inner) => Fault::new(FaultClass::Invalid, "kql_failed", inner.to_string()),
        DataFusionError::NotImplemented(_) => Fault::new(FaultClass::Invalid, "kql_unsupported", shown),
        _ => Fault::new(FaultClass::Internal, "query_failed", shown),
    }
}

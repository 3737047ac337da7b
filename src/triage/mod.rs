//! What changes incidents and alerts: the work of people on them, correlation of alerts into incidents, and decisions on entities.
//!
//! Nothing here writes. A decision or incident is planned from a snapshot; the engine journals it.

pub mod alert;
pub mod automation;
pub mod bookmark;
pub mod correlate;
pub mod definition;
pub mod egress;
mod entities;
pub mod export;
pub mod incident;
mod incidents;
pub mod listed;
mod merge;
pub mod notification;
pub mod proposal;
pub mod retention;
pub mod suppression;
pub mod versioned;

use serde_json::Value;

use crate::model::Fault;
use crate::query::Context;

pub use entities::{Decided, EntityMerge, EntitySplit, EntityUndo};
pub use incidents::{Correlation, CorrelationRequest, plan};
pub use merge::{Merged, merge};

/// Something that a person decides.
pub trait Decide: Send + 'static {
    /// The decision as the journal keeps it, planned from one fixed state of all views.
    fn decision(self, context: &Context) -> Result<Value, Fault>;
}

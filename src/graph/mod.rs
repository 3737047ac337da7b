//! The entity graph: entities, alerts and incidents as nodes, typed directed edges between them, each with the records
//! that assert it. A view of the journal that can be deleted and rebuilt.
//!
//! One writer ([`Graph`]) applies batches; readers hold a [`GraphSnapshot`], which never changes and takes no locks. Tables are
//! chunks behind `Arc` that the writer copies when a snapshot still holds them; adjacency is a short list of immutable
//! runs, each sorted by node and time, merged geometrically. Which mentions are one entity is a pure function of what has
//! been applied, never of its order.
//!
//! Nothing here reads documents, makes keys, or decides what an incident is.

mod algo;
mod apply;
mod column;
mod decision;
mod digest;
mod edges;
mod entities;
mod error;
mod file;
mod ids;
mod index;
mod instants;
mod keys;
mod linked;
mod named;
mod nodes;
mod plain;
mod position;
mod read;
mod refs;
mod resolve;
mod runs;
mod section;
mod span;
mod standing;
mod stats;
mod store;
mod subgraph;
#[cfg(test)]
mod tests;
mod view;
mod walk;
mod wanted;

pub use algo::*;
pub use edges::{Assertion, Direction, Edge, EdgeFilter, Edges};
pub use error::GraphError;
pub use ids::{NodeId, NodeKind};
pub use linked::Linked;
pub use position::EdgePosition;
pub use read::{Snapshot as GraphSnapshot, Version};
pub use refs::{AlertRef, EntityRef, IncidentRef, Merge, NodeRef};
pub use standing::Standing;
pub use stats::Stats;
pub use store::Rules;
pub use subgraph::Subgraph;
pub use view::Graph;
pub use walk::{Cut, Extent, Scope};

//! Questions about the shape of the graph, one file each. All work under a [`Scope`](super::Scope): what they may see and
//! how much, with an [`Extent`](super::Extent) that says what cut them. Answers do not depend on internal numbers.

mod common;
mod component;
mod hop;
mod path;
mod rank;
mod related;
mod similar;
mod temporal;
mod weighted;

pub use common::{Common, Shared};
pub use component::Component;
pub use hop::{HopNode, Neighbor, Neighborhood, Newest, Vicinity};
pub use path::{Path, Paths};
pub use rank::{Rank, Ranked, Ranking};
pub use related::Related;
pub use similar::{Similar, SimilarIncident, Term};
pub use temporal::{Arrival, BlastRadius, TimedPath};
pub use weighted::WeightedPath;

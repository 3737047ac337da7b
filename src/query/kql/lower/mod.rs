//! From the bound tree to a DataFusion plan. Never looks at a text.

mod node;

pub use node::{RowsInput, RowsNode, RowsPlanner};

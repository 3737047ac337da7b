//! Patterns in graphs: one algebra, one matcher, and the graphs that it runs on.
//!
//! A [`Pattern`] names nodes and edges, what each must be, and which may be visited twice. [`find`] gives every match and
//! [`shortest`] those of the smallest length, as columns of element numbers ([`Rows`]). Both know a graph only as [`PatternGraph`]:
//! [`TransientGraph`] is one made of Arrow tables, the live entity graph is another and lies outside of this module.
//!
//! Every search runs on a [`Meter`], which ends it at a named [`Cut`]. Nothing here recurses on data, reads a query text or knows a
//! language; conditions come in as [`ElementTest`] and [`RowTest`].

mod budget;
mod build;
mod checks;
mod components;
mod labels;
mod matcher;
mod model;
mod operator;
mod pattern;
mod plan;
mod rows;
mod shortest;
mod terms;
mod transient;
mod walk;

#[cfg(test)]
mod tests;

pub use budget::{Budget, Cut, Meter};
pub use build::{EdgeTable, NodeSource, NodeTable, partitions};
pub use components::{strong_components, weak_components};
pub use labels::Labels;
pub use matcher::find;
pub use model::{Adjacent, Cell, PatternGraph, Property, Way, column};
pub use operator::{GraphOperator, Made, Matches, Output, Source};
pub use pattern::{Condition, ELEMENTS_MAX, EdgePattern, ElementTest, Hops, NodePattern, Pattern, RowTest, Rule};
pub use rows::{EdgeColumn, Rows, Walked};
pub use shortest::{PathOutput, shortest};
pub use terms::{ElementTerm, Formula, PartTerm, Term};
pub use transient::TransientGraph;

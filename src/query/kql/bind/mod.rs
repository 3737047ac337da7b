//! The binder: names, types, implicit columns, scopes and functions of a query, against schemas and without data.
//!
//! [`bind`] turns a tree into a [`super::bound::BoundQuery`] whose result columns are known before anything runs, and reports every mistake with its
//! code, place and advice. Nothing here reads rows, opens files or plans.

mod binder;
mod calls;
mod cells;
mod check;
mod complete;
mod expanding;
mod exploring;
mod expressions;
mod finding;
mod graphs;
mod homes;
mod invoking;
mod joining;
mod membership;
mod names;
mod parameters;
mod parsing;
mod patterns;
mod pipeline;
mod plugins;
mod projecting;
mod schemas;
mod scopes;
mod sequences;
mod shapes;
mod sources;
mod special;
mod statements;
mod summarizing;
mod typing;
mod uniting;

pub(super) use plugins::{refused as refused_plugins, running as running_plugins};

pub use check::check;
pub use complete::{Candidate, CandidateKind, Completion, complete};
pub use homes::workspace_word;
pub use schemas::{Explored, Refusal, Schemas, StoredFunction, TableFunction, Tables};
pub use statements::{Binding, Given, bind};

#[cfg(test)]
mod tests;

//! KQL, first stage: text to tokens to a tree with places and diagnostics, and back to canonical text.
//!
//! ```text
//! text -> lexer (tokens that lose nothing) -> parser (tree, all diagnostics at once) -> print (canonical text, comments kept)
//! ```
//!
//! [`parse`] never fails as a whole: what cannot be read becomes an error node and a [`Diagnostic`], the rest is read on.
//! Nothing here knows a table, a column or a function; names are resolved by the stage behind.

pub mod aggregates;
pub mod bind;
pub mod bound;
pub mod cells;
pub mod diagnostics;
pub mod export;
pub mod external;
pub mod functions;
pub mod graph;
pub mod lexer;
pub mod lower;
mod operators;
mod parser;
mod print;
mod reference;
pub mod rows;
pub mod run;
mod similar;
pub mod tree;
pub mod types;
pub mod values;

pub use diagnostics::{Code, Diagnostic, Severity};
pub use parser::{DEPTH_MAX, Parsed, TEXT_BYTES_MAX, TOKENS_MAX, parse};
pub use print::{format, print};
pub use reference::{ENGINE, EngineFunction, reference};

#[cfg(test)]
mod tests;

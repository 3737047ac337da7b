//! openCypher and GQL, read-only: `MATCH ... WHERE ... RETURN` over a graph.
//!
//! ```text
//! text -> lexer -> parser (tree, all diagnostics at once) -> resolve (names are places, patterns are searches) -> run (rows through clauses)
//! ```
//!
//! Patterns run on the algebra of [`crate::query::kql::graph`], over any [`PatternGraph`]. What both languages share is read alike; of GQL there is
//! also `NEXT`, `LET`, `FILTER`, `FOR`, quantified edges (`->{1,3}`, `->*`), path modes of each path and `ANY SHORTEST`. `EXISTS { }`, `COUNT { }`
//! and `COLLECT { }` hold a pattern or a whole query over the names around them. Clauses that write are refused by name.
//!
//! Properties are those of the graph. The entity graph has for its nodes the properties that the catalog names as identifiers, and beside them
//! `id` (`kind:key`, the text by which every door names the node), `kind` and `label`; [`crate::query::live_graph`] lists all of them.

mod aggregates;
mod answer;
mod evaluate;
mod functions;
mod lexer;
mod operators;
mod parser;
mod plan;
mod resolve;
mod run;
mod search;
mod tree;
mod value;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Fault, Span};
use crate::query::kql::graph::{Budget, PatternGraph};
use crate::query::kql::{Code, Diagnostic};

pub use answer::{Answer, AnswerColumn};
pub use parser::{CLAUSES_MAX, DEPTH_MAX, Parsed, TEXT_BYTES_MAX, parse};
pub use value::Value;

/// What a query runs with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Values of `$name`.
    pub parameters: HashMap<String, Value>,
    /// The present instant, ticks since the year 1.
    pub now: i64,
    /// What it may use.
    pub budget: Budget,
}

/// Reads a query and resolves its names; gives everything that is wrong with it.
pub fn check(text: &str) -> Vec<Diagnostic> {
    let parsed = parse(text);
    if !parsed.is_valid() {
        return parsed.diagnostics;
    }
    resolve::resolve(&parsed.query).err().into_iter().collect()
}

/// Answers a query from a graph.
pub fn run(text: &str, graph: Arc<dyn PatternGraph>, settings: &Settings) -> Result<Answer, Fault> {
    let mut parsed = parse(text);
    if !parsed.is_valid() {
        return Err(parsed.diagnostics.remove(0).into());
    }
    if let Some(name) = settings.parameters.keys().filter(|name| !parsed.parameters.contains(*name)).min() {
        let message = format!("expected a value for a parameter that the query names, found one for `${name}`");
        let unused = Diagnostic::error(Code::CypherUnusedParameter, Span { start: 0, end: 0 }, message);
        return Err(unused.with_help("leave it out, or name it in the query").into());
    }
    let plan = resolve::resolve(&parsed.query)?;
    run::run(&plan, graph, settings)
}

//! Checks a text without running it.

use super::super::diagnostics::{DIAGNOSTICS_MAX, Diagnostic};
use super::super::parse;
use super::{Given, Schemas, bind};

/// Everything that is wrong with a text, of its syntax and of its names and types, in the order of the text.
pub fn check(text: &str, schemas: &dyn Schemas) -> Vec<Diagnostic> {
    let parsed = parse(text);
    let mut diagnostics = parsed.diagnostics;
    let binding = bind(&parsed.query, schemas, &Given::default());
    for diagnostic in binding.diagnostics {
        if !diagnostics.iter().any(|other| other.span == diagnostic.span) {
            diagnostics.push(diagnostic);
        }
    }
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    diagnostics.truncate(DIAGNOSTICS_MAX);
    diagnostics
}

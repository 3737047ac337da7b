//! Tokens to a tree: recursive descent for statements and operators, operator precedence for expressions.
//!
//! No error ends the parse: it is reported once, stands in the tree as an error node, and reading goes on behind the next `|`, `;` or
//! closing bracket. Nesting is bounded, so that no text exhausts the stack; every loop consumes, so that time is linear.

mod cursor;
mod expressions;
mod finders;
mod functions;
mod graph;
mod joins;
mod literals;
mod names;
mod operators;
mod series;
mod settings;
mod shapes;
mod statements;
mod values;

pub(super) use operators::{CHARTS, OPERATORS};

use super::diagnostics::{Code, DIAGNOSTICS_MAX, Diagnostic, Severity};
use super::lexer::{Token, lex};
use super::tree::{Place, Query};
use crate::model::Span;

/// Longest query text in bytes.
pub const TEXT_BYTES_MAX: usize = 512 * 1024;

/// Most tokens of a query text, without white space and comments.
pub const TOKENS_MAX: usize = 128 * 1024;

/// Deepest nesting of groups, calls, operators and bodies.
pub const DEPTH_MAX: u32 = 128;

/// Levels that an operator counts for: its frames are large.
const OPERATOR_LEVELS: u32 = 4;

/// Highest tree: nesting and chains (`a + b + ...`, `a.b.c`) together.
const HEIGHT_MAX: u32 = 256;

/// A text that has been read as far as it could be.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree; has error nodes where diagnostics are errors.
    pub query: Query,
    /// All tokens, white space and comments too; joined they are the text.
    pub tokens: Vec<Token>,
    /// What is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether the text can be understood whole.
    pub fn is_valid(&self) -> bool {
        self.diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error)
    }
}

/// Reads a query text.
///
/// Never fails as a whole and never panics. Takes time linear in the text, which may be [`TEXT_BYTES_MAX`] and [`TOKENS_MAX`] long. What stands
/// behind the [`DIAGNOSTICS_MAX`]th mistake is not read.
pub fn parse(text: &str) -> Parsed {
    if text.len() > TEXT_BYTES_MAX {
        return too_long(text, Vec::new(), "bytes", TEXT_BYTES_MAX, text.len());
    }
    let (tokens, diagnostics) = lex(text);
    let mut parser = Parser::new(text, &tokens, diagnostics);
    let count = parser.tokens.len();
    if count > TOKENS_MAX {
        return too_long(text, tokens, "words and signs", TOKENS_MAX, count);
    }
    let query = parser.query();
    let mut diagnostics = parser.diagnostics;
    // A text with mistakes never passes for one without, however many other remarks there are.
    diagnostics.sort_by_key(|diagnostic| diagnostic.severity != Severity::Error);
    diagnostics.truncate(DIAGNOSTICS_MAX);
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    Parsed { query, tokens, diagnostics }
}

/// A text that is not read because it is too long.
fn too_long(text: &str, tokens: Vec<Token>, what: &str, limit: usize, found: usize) -> Parsed {
    let message = format!("expected at most {limit} {what}, found {found}");
    let diagnostic = Diagnostic::error(Code::TooLong, Span { start: 0, end: text.len() }, message)
        .with_help("put long lists into a table or a watchlist and join it");
    Parsed { query: Query { statements: Vec::new(), place: Place::default() }, tokens, diagnostics: vec![diagnostic] }
}

struct Parser<'a> {
    text: &'a str,
    /// The tokens that mean something; the last one is the end.
    tokens: Vec<Token>,
    at: usize,
    /// Present nesting.
    depth: u32,
    /// No less than the height of what has been read at the present nesting.
    height: u32,
    /// Where the last complaint about a token was made: one is enough.
    complained: Option<usize>,
    /// Whether a limit has ended the parse.
    stopped: bool,
    /// Mistakes so far.
    errors: usize,
    diagnostics: Vec<Diagnostic>,
}

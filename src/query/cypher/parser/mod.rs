//! Tokens to a tree. What cannot be read becomes a diagnostic; the clause behind it is read on.

mod clauses;
mod expressions;
mod patterns;

use std::collections::BTreeSet;

use crate::model::Span;
use crate::query::kql::{Code, Diagnostic};

use super::lexer::{Lexed, Token, lex};
use super::tree::{Name, Query};

/// Longest text that is read.
pub const TEXT_BYTES_MAX: usize = 1 << 20;
/// How deep parentheses, lists and calls may nest.
pub const DEPTH_MAX: usize = 64;
/// Most clauses of a query.
pub const CLAUSES_MAX: usize = 256;
/// Most diagnostics of one text.
const DIAGNOSTICS_MAX: usize = 100;

/// A text that was read.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// What it says, as far as it could be read.
    pub(super) query: Query,
    /// The parameters that it names.
    pub(super) parameters: BTreeSet<String>,
    /// What is wrong with it, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether it can be run.
    pub fn is_valid(&self) -> bool {
        self.diagnostics.is_empty()
    }
}

/// Reads a query.
pub fn parse(text: &str) -> Parsed {
    let mut diagnostics = Vec::new();
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("expected at most {TEXT_BYTES_MAX} bytes, found {}", text.len());
        diagnostics.push(Diagnostic::error(Code::CypherTooLong, Span { start: 0, end: 0 }, message));
        return Parsed { query: Query::default(), parameters: BTreeSet::new(), diagnostics };
    }
    let tokens = lex(text, &mut diagnostics);
    let parameters = tokens
        .iter()
        .filter_map(|lexed| match &lexed.token {
            Token::Parameter(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    let closes = closes(&tokens);
    let work_left = 1000 + 64 * tokens.len();
    let mut parser = Parser { text, tokens, closes, at: 0, depth: 0, locals: 0, work_left, is_over: false, diagnostics };
    let query = parser.query();
    let mut diagnostics = parser.diagnostics;
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    diagnostics.truncate(DIAGNOSTICS_MAX);
    Parsed { query, parameters, diagnostics }
}

/// What could not be read; a diagnostic says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unread;

type Read<T> = Result<T, Unread>;

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Lexed>,
    /// The token that closes the parenthesis at each token.
    closes: Vec<Option<usize>>,
    at: usize,
    depth: usize,
    /// Names of elements around the present place.
    locals: usize,
    /// What may be tried in one way is tried in another if it fails: this bounds how often.
    work_left: usize,
    /// Whether something was too deep: nothing is tried any more.
    is_over: bool,
    diagnostics: Vec<Diagnostic>,
}

/// The closing parenthesis of each opening one.
fn closes(tokens: &[Lexed]) -> Vec<Option<usize>> {
    let mut closes = vec![None; tokens.len()];
    let mut open = Vec::new();
    for (at, lexed) in tokens.iter().enumerate() {
        match lexed.token {
            Token::Sign("(") => open.push(at),
            Token::Sign(")") => {
                if let Some(start) = open.pop() {
                    closes[start] = Some(at);
                }
            }
            _ => {}
        }
    }
    closes
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> &Token {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.at + ahead).min(last)].token
    }

    fn span(&self) -> Span {
        let last = self.tokens.len() - 1;
        self.tokens[self.at.min(last)].span
    }

    /// From a place to the token that was read last.
    fn since(&self, start: usize) -> Span {
        let end = self.at.checked_sub(1).map_or(start, |last| self.tokens[last].span.end);
        Span { start, end: end.max(start) }
    }

    fn step(&mut self) -> Token {
        let token = self.peek().clone();
        if token != Token::End {
            self.at += 1;
        }
        token
    }

    fn is_sign(&self, sign: &str) -> bool {
        self.is_sign_at(0, sign)
    }

    fn is_sign_at(&self, ahead: usize, sign: &str) -> bool {
        matches!(self.peek_at(ahead), Token::Sign(found) if *found == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        self.is_word_at(0, word)
    }

    fn is_word_at(&self, ahead: usize, word: &str) -> bool {
        matches!(self.peek_at(ahead), Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    fn eat_sign(&mut self, sign: &str) -> bool {
        let is_there = self.is_sign(sign);
        self.at += usize::from(is_there);
        is_there
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let is_there = self.is_word(word);
        self.at += usize::from(is_there);
        is_there
    }

    /// Steps over words that follow each other.
    fn eat_words(&mut self, words: &[&str]) -> bool {
        let are_there = words.iter().enumerate().all(|(n, word)| self.is_word_at(n, word));
        self.at += if are_there { words.len() } else { 0 };
        are_there
    }

    fn expect_sign(&mut self, sign: &str) -> Read<()> {
        if self.eat_sign(sign) { Ok(()) } else { self.expected(&format!("`{sign}`")) }
    }

    fn expect_word(&mut self, word: &str) -> Read<()> {
        if self.eat_word(word) { Ok(()) } else { self.expected(&format!("`{word}`")) }
    }

    fn expected<T>(&mut self, what: &str) -> Read<T> {
        let found = self.found();
        self.complain(Code::CypherExpected, self.span(), format!("expected {what}, found {found}"));
        Err(Unread)
    }

    fn complain(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, message));
    }

    /// The present token as messages show it.
    fn found(&self) -> String {
        match self.peek() {
            Token::End => "the end of the text".to_owned(),
            _ => {
                let span = self.span();
                let written: String = self.text[span.start..span.end].chars().take(40).collect();
                format!("`{written}`")
            }
        }
    }

    fn name(&mut self) -> Read<Name> {
        let span = self.span();
        match self.peek().clone() {
            Token::Word(text) | Token::Quoted(text) => {
                self.at += 1;
                Ok(Name { text, span })
            }
            _ => self.expected("a name"),
        }
    }

    /// Reads something nested, unless it lies too deep.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.is_over {
            return Err(Unread);
        }
        if self.depth == DEPTH_MAX || self.work_left == 0 {
            self.is_over = true;
            self.complain(Code::CypherTooDeep, self.span(), format!("expected at most {DEPTH_MAX} nested levels"));
            return Err(Unread);
        }
        self.work_left -= 1;
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut all = vec![read(self)?];
        while self.eat_sign(",") {
            all.push(read(self)?);
        }
        Ok(all)
    }
}

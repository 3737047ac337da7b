//! Comments of the source on their way into the formatted text.
//!
//! The tree has no comments. While it is printed in the order of the source, every break first takes the comments that stand in front of what
//! comes next, so that none is lost and each stays near its neighbours.

use std::collections::VecDeque;

use super::super::lexer::{Token, TokenKind};
use super::doc::Doc;

/// A comment that has not been printed.
struct Comment {
    start: u32,
    text: String,
    /// Whether it stands behind something on its line.
    trailing: bool,
    /// Whether an empty line stands in front of it.
    blank: bool,
}

/// The comments of a text in order.
pub(super) struct Comments {
    all: VecDeque<Comment>,
    /// Where tokens begin that an empty line stands in front of (sorted).
    blanks: Vec<u32>,
}

impl Comments {
    /// None at all.
    pub(super) fn none() -> Self {
        Self { all: VecDeque::new(), blanks: Vec::new() }
    }

    /// Those among the tokens of a text.
    pub(super) fn of(text: &str, tokens: &[Token]) -> Self {
        let mut comments = Self::none();
        let mut is_first = true;
        let mut line_ends = 0;
        for token in tokens {
            let piece = token.text(text);
            match token.kind {
                TokenKind::Space => {
                    line_ends += piece.matches('\n').count();
                    continue;
                }
                TokenKind::Comment | TokenKind::Directive => comments.all.push_back(Comment {
                    start: token.start,
                    text: piece.trim_end().to_owned(),
                    trailing: !is_first && line_ends == 0 && token.kind == TokenKind::Comment,
                    blank: !is_first && line_ends > 1,
                }),
                _ if line_ends > 1 && !is_first => comments.blanks.push(token.start),
                _ => {}
            }
            is_first = false;
            line_ends = 0;
        }
        comments
    }

    /// A break in front of what begins at `at`: `otherwise`, unless comments must come first.
    pub(super) fn break_before(&mut self, at: u32, otherwise: Doc) -> Doc {
        let mut docs = self.take(at);
        if docs.is_empty() {
            return otherwise;
        }
        docs.push(Doc::hard());
        Doc::all(docs)
    }

    /// The comments in front of the first thing of a text.
    pub(super) fn heading(&mut self, at: u32) -> Doc {
        let mut docs = self.take(at);
        if docs.is_empty() {
            return Doc::nothing();
        }
        // The first one needs no line end in front.
        docs.remove(0);
        docs.push(Doc::hard());
        Doc::all(docs)
    }

    /// A line end between statements, with the comments and the empty line in front of what begins at `at`.
    pub(super) fn between_statements(&mut self, at: u32) -> Doc {
        let mut docs = self.take(at);
        if self.blanks.binary_search(&at).is_ok() {
            docs.push(Doc::blank());
        }
        docs.push(Doc::hard());
        Doc::all(docs)
    }

    /// The comments behind everything.
    pub(super) fn rest(&mut self, is_first: bool) -> Doc {
        let mut docs = self.take(u32::MAX);
        if is_first && !docs.is_empty() {
            docs.remove(0);
        }
        Doc::all(docs)
    }

    /// Comments that begin before `at`, each on a line of its own but the first if it trails.
    fn take(&mut self, at: u32) -> Vec<Doc> {
        let mut docs = Vec::new();
        while self.all.front().is_some_and(|comment| comment.start < at) {
            let Some(comment) = self.all.pop_front() else { break };
            if docs.is_empty() && comment.trailing {
                docs.push(Doc::text(format!(" {}", comment.text)));
                continue;
            }
            if comment.blank {
                docs.push(Doc::blank());
            }
            docs.push(Doc::hard());
            docs.push(Doc::text(comment.text));
        }
        docs
    }
}

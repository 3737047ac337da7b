//! Moving over tokens, complaining and going on.

use super::super::diagnostics::{Code, DIAGNOSTICS_MAX, Diagnostic, Severity};
use super::super::lexer::{Token, TokenKind};
use super::super::tree::{Expr, ExprKind, Operator, Place};
use super::{DEPTH_MAX, HEIGHT_MAX, OPERATOR_LEVELS, Parser};

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, tokens: &[Token], diagnostics: Vec<Diagnostic>) -> Self {
        let tokens: Vec<Token> = tokens.iter().filter(|token| !token.is_trivia() && token.kind != TokenKind::Directive).copied().collect();
        let mut parser = Self { text, tokens, at: 0, depth: 0, height: 0, complained: None, stopped: false, errors: 0, diagnostics };
        parser.errors = parser.diagnostics.len();
        if parser.errors >= DIAGNOSTICS_MAX {
            parser.stop();
        }
        parser
    }

    /// The token `ahead` places from here.
    pub(super) fn peek(&self, ahead: usize) -> Token {
        let last = self.tokens.len() - 1;
        self.tokens[(self.at + ahead).min(last)]
    }

    pub(super) fn kind(&self) -> TokenKind {
        self.peek(0).kind
    }

    /// The word `ahead` places from here; empty if something else stands there.
    pub(super) fn word_at(&self, ahead: usize) -> &'a str {
        let token = self.peek(ahead);
        match token.kind {
            TokenKind::Name | TokenKind::Word => token.text(self.text),
            _ => "",
        }
    }

    pub(super) fn word(&self) -> &'a str {
        self.word_at(0)
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.word() == word
    }

    /// Steps over the present token.
    pub(super) fn step(&mut self) -> Token {
        let token = self.peek(0);
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    pub(super) fn eat(&mut self, kind: TokenKind) -> bool {
        let is_here = self.kind() == kind;
        if is_here {
            self.step();
        }
        is_here
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let is_here = self.is(word);
        if is_here {
            self.step();
        }
        is_here
    }

    /// Steps over a token that must be here.
    pub(super) fn expect(&mut self, kind: TokenKind, sign: &str) -> bool {
        self.eat(kind) || self.complain_expected(sign)
    }

    /// Steps over a word that must be here.
    pub(super) fn expect_word(&mut self, word: &str) -> bool {
        self.eat_word(word) || self.complain_expected(word)
    }

    fn complain_expected(&mut self, sign: &str) -> bool {
        let message = format!("expected `{sign}`, found {}", self.found());
        self.complain(Code::Expected, message, None);
        false
    }

    /// First byte of the present token.
    pub(super) fn here(&self) -> u32 {
        self.peek(0).start
    }

    /// The place from `start` to the end of the last token that was stepped over.
    pub(super) fn since(&self, start: u32) -> Place {
        let end = if self.at == 0 { start } else { self.tokens[self.at - 1].end };
        Place { start, end: end.max(start) }
    }

    /// The present token for messages.
    pub(super) fn found(&self) -> String {
        const LENGTH_MAX: usize = 40;
        let token = self.peek(0);
        let text = token.text(self.text);
        match token.kind {
            TokenKind::End => "the end of the text".to_owned(),
            TokenKind::String => "a string".to_owned(),
            _ if text.len() > LENGTH_MAX => format!("`{}...`", text.chars().take(LENGTH_MAX).collect::<String>()),
            _ => format!("`{text}`"),
        }
    }

    /// Reports something about the present token, unless something has been said about it.
    pub(super) fn complain(&mut self, code: Code, message: String, help: Option<String>) {
        if self.complained == Some(self.at) {
            return;
        }
        self.complained = Some(self.at);
        let token = self.peek(0);
        if token.kind == TokenKind::Unknown {
            let message = format!("unexpected character {}", self.found());
            return self.report(Diagnostic::error(Code::UnexpectedCharacter, token.span(), message));
        }
        let diagnostic = Diagnostic::error(code, token.span(), message);
        self.report(match help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        });
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        if self.stopped {
            return;
        }
        match diagnostic.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning if self.diagnostics.len() >= self.errors + DIAGNOSTICS_MAX => return,
            Severity::Warning => {}
        }
        self.diagnostics.push(diagnostic);
        if self.errors >= DIAGNOSTICS_MAX {
            self.stop();
        }
    }

    /// Ends the parse: nothing that follows is read.
    fn stop(&mut self) {
        self.stopped = true;
        self.at = self.tokens.len() - 1;
    }

    /// An expression that is missing here.
    pub(super) fn missing(&mut self) -> Expr {
        let help = match self.word() {
            "" => None,
            word => Some(format!("if `{word}` is a name, write `['{word}']`")),
        };
        let message = format!("expected an expression, found {}", self.found());
        self.complain(Code::MissingExpression, message, help);
        self.error()
    }

    pub(super) fn error(&self) -> Expr {
        Expr { kind: ExprKind::Error, place: Place { start: self.here(), end: self.here() } }
    }

    /// Reads something that may hold its like; `otherwise` stands for what is too deep.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> T, otherwise: impl FnOnce(&Self) -> T) -> T {
        self.nested_by(1, read, otherwise)
    }

    /// Reads an operator, which may hold others.
    pub(super) fn nested_operator(&mut self) -> Operator {
        self.nested_by(OPERATOR_LEVELS, Self::operator, Self::operator_error)
    }

    fn nested_by<T>(&mut self, levels: u32, read: impl FnOnce(&mut Self) -> T, otherwise: impl FnOnce(&Self) -> T) -> T {
        if self.depth + levels > DEPTH_MAX {
            self.too_deep();
        }
        if self.stopped {
            return otherwise(self);
        }
        let outside = std::mem::take(&mut self.height);
        self.depth += levels;
        let inside = read(self);
        self.depth -= levels;
        self.height = outside.max(self.height + 1);
        inside
    }

    /// Reads something beside what has been read: the higher one counts.
    pub(super) fn beside<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let outside = std::mem::take(&mut self.height);
        let inside = read(self);
        self.height = outside.max(self.height);
        inside
    }

    /// Counts a link of a chain. Tells whether the tree may still grow.
    pub(super) fn grow(&mut self) -> bool {
        self.height += 1;
        if self.height + self.depth > HEIGHT_MAX {
            self.too_deep();
        }
        !self.stopped
    }

    /// Ends the parse at a limit of depth.
    fn too_deep(&mut self) {
        let message = format!("expected at most {DEPTH_MAX} levels of nesting and {HEIGHT_MAX} links of a chain");
        self.complain(Code::TooDeep, message, Some("name parts with `let`".to_owned()));
        self.stop();
    }

    /// Whether something around goes on here: nothing is left over.
    pub(super) fn is_boundary(&self) -> bool {
        use TokenKind::{Bar, CloseBrace, CloseBracket, CloseParen, Comma, End, Semicolon};
        matches!(self.kind(), Bar | CloseBrace | CloseBracket | CloseParen | Comma | End | Semicolon)
    }

    /// Complains about what continues nothing and steps over it up to the next `|`, `;` or closing bracket.
    pub(super) fn skip_fragment(&mut self) {
        let message = format!("unexpected {}", self.found());
        self.complain(Code::UnexpectedFragment, message, None);
        let mut open = 0_usize;
        loop {
            use TokenKind::{Bar, CloseBrace, CloseBracket, CloseParen, End, OpenBrace, OpenBracket, OpenParen, Semicolon};
            match self.kind() {
                End => return,
                Bar | Semicolon | CloseBrace | CloseBracket | CloseParen if open == 0 => return,
                OpenParen | OpenBracket | OpenBrace => open += 1,
                CloseParen | CloseBracket | CloseBrace => open -= 1,
                _ => {}
            }
            self.step();
        }
    }

    /// Items with commas between, at least one.
    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut items = vec![item(self)];
        while self.eat(TokenKind::Comma) {
            items.push(item(self));
        }
        items
    }

    /// Items with commas between up to `close`, which is stepped over; may be none.
    pub(super) fn list_until<T>(
        &mut self,
        close: TokenKind,
        sign: &str,
        trailing: Trailing,
        mut item: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        let mut items = Vec::new();
        if trailing == Trailing::Around {
            self.eat(TokenKind::Comma);
        }
        while self.kind() != close && self.kind() != TokenKind::End {
            items.push(item(self));
            if !self.eat(TokenKind::Comma) {
                break;
            }
            if self.kind() == close && trailing == Trailing::Refused {
                self.missing();
            }
        }
        self.close(close, sign);
        items
    }

    /// Steps over a closing bracket; what stands in front of it is too much.
    pub(super) fn close(&mut self, close: TokenKind, sign: &str) {
        if !self.expect(close, sign) {
            self.skip_fragment();
            self.eat(close);
        }
    }
}

/// Whether a comma may stand behind the last item.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trailing {
    /// It may, and one in front of the first as well.
    Around,
    /// It may.
    Allowed,
    /// It may not.
    Refused,
}

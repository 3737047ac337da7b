//! Names, names with stars, and how far a name reaches.

use super::super::diagnostics::{Code, Diagnostic};
use super::super::lexer::{TokenKind, decode, is_declared_name, is_name};
use super::super::similar::similar;
use super::super::tree::{ByName, Name, Place, StringLiteral, Wildcard};
use super::Parser;

/// Which keywords are names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Those that may stand in any expression.
    Plain,
    /// Also those that are clear where a name is declared.
    Declared,
}

impl Parser<'_> {
    /// How many tokens the name `ahead` places from here has; 0 if none stands there.
    pub(super) fn name_length(&self, ahead: usize, names: Names) -> usize {
        match self.peek(ahead).kind {
            TokenKind::Name | TokenKind::Word => {
                let word = self.word_at(ahead);
                let is_word = self.peek(ahead).kind == TokenKind::Word;
                let is_name = match names {
                    Names::Plain => is_name(word) && !is_word,
                    Names::Declared if is_word => matches!(word, "sample-distinct" | "top-nested" | "top-hitters"),
                    Names::Declared => is_declared_name(word),
                };
                usize::from(is_name)
            }
            TokenKind::OpenBracket => {
                let mut length = 1;
                while self.peek(ahead + length).kind == TokenKind::String {
                    length += 1;
                }
                if length > 1 && self.peek(ahead + length).kind == TokenKind::CloseBracket { length + 1 } else { 0 }
            }
            _ => 0,
        }
    }

    pub(super) fn has_name(&self, names: Names) -> bool {
        self.name_length(0, names) > 0
    }

    /// The name here, if one is here.
    pub(super) fn name_if(&mut self, names: Names) -> Option<Name> {
        self.has_name(names).then(|| self.any_name())
    }

    /// The name that must be here.
    pub(super) fn name(&mut self, names: Names) -> Name {
        if self.has_name(names) {
            return self.any_name();
        }
        let place = Place { start: self.here(), end: self.peek(0).end };
        let word = self.word();
        if !word.is_empty() {
            self.complain_reserved(word);
            self.step();
            return Name { text: word.to_owned(), place };
        }
        let message = format!("expected a name, found {}", self.found());
        self.complain(Code::MissingName, message, None);
        Name { text: String::new(), place: Place { start: place.start, end: place.start } }
    }

    /// Says that a keyword is a name only in brackets.
    pub(super) fn complain_reserved(&mut self, word: &str) {
        let message = format!("keyword `{word}` stands where a name is expected");
        self.complain(Code::ReservedName, message, Some(format!("write `['{word}']` if it is a name")));
    }

    /// Whatever stands here as a name: a word as it is, or the text in brackets.
    pub(super) fn any_name(&mut self) -> Name {
        let start = self.here();
        if self.eat(TokenKind::OpenBracket) {
            let text = self.string().value;
            self.eat(TokenKind::CloseBracket);
            return Name { text, place: self.since(start) };
        }
        let token = self.step();
        Name { text: token.text(self.text).to_owned(), place: self.since(start) }
    }

    /// The strings side by side here; the caller saw one.
    pub(super) fn string(&mut self) -> StringLiteral {
        let start = self.here();
        let mut string = StringLiteral { value: String::new(), text: String::new(), hidden: false, place: Place::default() };
        while self.kind() == TokenKind::String {
            let literal = self.step().text(self.text);
            string.hidden |= decode(literal, &mut string.value);
            if !string.text.is_empty() {
                string.text.push(' ');
            }
            string.text.push_str(literal);
        }
        string.place = self.since(start);
        string
    }

    /// The string that must be here.
    pub(super) fn expect_string(&mut self) -> StringLiteral {
        if self.kind() == TokenKind::String {
            return self.string();
        }
        let message = format!("expected a string, found {}", self.found());
        self.complain(Code::Expected, message, None);
        StringLiteral::new("")
    }

    /// A name with stars, if one stands here; its pieces touch one another.
    pub(super) fn wildcard_if(&mut self) -> Option<Wildcard> {
        let is_piece = |kind| matches!(kind, TokenKind::Name | TokenKind::Long | TokenKind::Star);
        let touches = |ahead: usize| self.peek(ahead - 1).end == self.peek(ahead).start;
        let begins = match self.kind() {
            TokenKind::Star => true,
            TokenKind::Name => self.peek(1).kind == TokenKind::Star && touches(1),
            _ => false,
        };
        if !begins {
            return None;
        }
        let mut length = 1;
        while is_piece(self.peek(length).kind) && touches(length) {
            length += 1;
        }
        let start = self.here();
        for _ in 0..length {
            self.step();
        }
        let place = self.since(start);
        Some(Wildcard { pattern: self.text[place.start as usize..place.end as usize].to_owned(), place })
    }

    /// A column or columns by name.
    pub(super) fn by_name(&mut self) -> ByName {
        match self.wildcard_if() {
            Some(wildcard) => ByName::Wildcard(wildcard),
            None => ByName::Name(self.name(Names::Plain)),
        }
    }

    /// Reports a word that is none of a closed set, with the nearest one.
    pub(super) fn report_unknown(&mut self, code: Code, what: &str, word: &str, place: Place, known: &[&'static str]) {
        let message = format!("expected {what}, found `{word}`");
        let help = match similar(word, known.iter().copied()) {
            Some(similar) => format!("did you mean `{similar}`?"),
            None => format!("one of {}", known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")),
        };
        self.report(Diagnostic::error(code, place.span(), message).with_help(help));
    }
}

//! Types, columns with types, and lists of them.

use super::super::diagnostics::Code;
use super::super::lexer::TokenKind;
use super::super::tree::{Column, ScalarType, TypeOf};
use super::Parser;
use super::cursor::Trailing;
use super::names::Names;

impl Parser<'_> {
    /// A type that must be here.
    pub(super) fn scalar_type(&mut self) -> ScalarType {
        let word = self.word();
        if let Some(kind) = ScalarType::from_word(word) {
            self.step();
            return kind;
        }
        if word.is_empty() {
            let message = format!("expected a type, found {}", self.found());
            self.complain(Code::UnknownType, message, Some("for example `string`, `long` or `datetime`".to_owned()));
        } else {
            let start = self.here();
            self.step();
            let place = self.since(start);
            self.report_unknown(Code::UnknownType, "a type", word, place, ScalarType::WORDS);
        }
        ScalarType::Dynamic
    }

    /// `name: type`
    pub(super) fn column(&mut self) -> Column {
        let start = self.here();
        let name = self.name(Names::Declared);
        self.expect(TokenKind::Colon, ":");
        let kind = self.scalar_type();
        Column { name, kind, place: self.since(start) }
    }

    /// `(name: type, ...)`
    pub(super) fn columns(&mut self) -> Vec<Column> {
        if !self.expect(TokenKind::OpenParen, "(") {
            return Vec::new();
        }
        self.list_until(TokenKind::CloseParen, ")", Trailing::Around, Self::column)
    }

    /// `typeof(...)`, whose word has been seen.
    pub(super) fn type_of(&mut self) -> TypeOf {
        self.expect_word("typeof");
        if !self.expect(TokenKind::OpenParen, "(") {
            return TypeOf::Scalar(ScalarType::Dynamic);
        }
        let is_scalar = !self.word().is_empty() && self.peek(1).kind == TokenKind::CloseParen;
        if is_scalar {
            let kind = self.scalar_type();
            self.close(TokenKind::CloseParen, ")");
            return TypeOf::Scalar(kind);
        }
        let star = self.eat(TokenKind::Star);
        if star {
            self.eat(TokenKind::Comma);
        }
        let columns = self.list_until(TokenKind::CloseParen, ")", Trailing::Refused, Self::column);
        TypeOf::Table { star, columns }
    }

    /// `to typeof(type)`, if it is here.
    pub(super) fn element_type(&mut self) -> Option<ScalarType> {
        if !self.eat_word("to") {
            return None;
        }
        match self.type_of() {
            TypeOf::Scalar(kind) => Some(kind),
            TypeOf::Table { .. } => {
                let message = "expected the type of a value, found columns".to_owned();
                self.complain(Code::UnknownType, message, None);
                None
            }
        }
    }
}

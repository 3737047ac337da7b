//! Literals and the content of `dynamic(...)`.

use super::super::diagnostics::{Code, Diagnostic};
use super::super::lexer::{TokenKind, Typed, decode};
use super::super::tree::{Expr, ExprKind, Json, Literal, StringLiteral, Value};
use super::super::values::read;
use super::Parser;
use super::cursor::Trailing;
use super::values;

impl Parser<'_> {
    /// Whether a literal that is one token stands here.
    pub(super) fn has_literal(&self) -> bool {
        use TokenKind::{Bool, Long, RawGuid, Real, Timespan};
        matches!(self.kind(), Bool | Long | Real | Timespan | RawGuid | TokenKind::Typed(_))
    }

    /// The literal of one token that the caller has seen.
    pub(super) fn literal(&mut self) -> Literal {
        let token = self.step();
        let text = token.text(self.text);
        let value = match token.kind {
            TokenKind::Bool => Value::Bool(Some(text.eq_ignore_ascii_case("true"))),
            TokenKind::Long => read::long(text).map_or(Value::Invalid(Typed::Long), |value| Value::Long(Some(value))),
            TokenKind::Real => values::real(text).map_or(Value::Invalid(Typed::Real), |value| Value::Real(Some(value))),
            TokenKind::Timespan => read::timespan(text).map_or(Value::Invalid(Typed::Timespan), |value| Value::Timespan(Some(value))),
            TokenKind::Typed(typed) => {
                let open = text.find('(').map_or(0, |at| at + 1);
                values::typed(typed, text[open..].trim_end_matches(')').trim())
            }
            _ => Value::Guid(read::guid(text)),
        };
        let place = self.since(token.start);
        if token.kind == TokenKind::RawGuid {
            let message = format!("expected `guid({text})`, found the bare identifier");
            self.report(Diagnostic::error(Code::RawGuid, token.span(), message).with_help(format!("write `guid({text})` or a string")));
        }
        if let Value::Invalid(typed) = value {
            let message = format!("`{text}` is no value of type {}", format!("{typed:?}").to_lowercase());
            self.report(Diagnostic::warning(Code::InvalidLiteral, token.span(), message));
        }
        Literal { value, text: text.to_owned(), place }
    }

    /// A literal where nothing else may stand: a cell of a table, a default, a setting.
    pub(super) fn literal_expr_if(&mut self) -> Option<Expr> {
        let start = self.here();
        let kind = match self.kind() {
            TokenKind::String => ExprKind::String(self.string()),
            TokenKind::Plus | TokenKind::Minus if self.has_signed_number() => {
                let is_negative = self.step().kind == TokenKind::Minus;
                let inside = self.here();
                let literal = ExprKind::Literal(self.literal());
                let operand = Box::new(Expr { kind: literal, place: self.since(inside) });
                if is_negative { ExprKind::Negative(operand) } else { ExprKind::Positive(operand) }
            }
            TokenKind::OpenBrace => ExprKind::Placeholder(self.placeholder_if()?),
            TokenKind::Name if self.is("dynamic") && self.peek(1).kind == TokenKind::OpenParen => ExprKind::Dynamic(self.dynamic()),
            TokenKind::Name if self.is("typeof") && self.peek(1).kind == TokenKind::OpenParen => ExprKind::TypeOf(self.type_of()),
            _ if self.has_literal() => ExprKind::Literal(self.literal()),
            _ => return None,
        };
        Some(Expr { kind, place: self.since(start) })
    }

    /// Whether a sign and a number that touch stand here.
    fn has_signed_number(&self) -> bool {
        let number = self.peek(1);
        matches!(number.kind, TokenKind::Long | TokenKind::Real | TokenKind::Timespan) && self.peek(0).end == number.start
    }

    /// `dynamic(...)`, whose word and parenthesis have been seen.
    pub(super) fn dynamic(&mut self) -> Json {
        self.step();
        self.step();
        let json = self.json();
        self.close(TokenKind::CloseParen, ")");
        json
    }

    /// A key: one string; strings side by side are one value, but never one key.
    fn key(&mut self) -> StringLiteral {
        if self.kind() != TokenKind::String {
            return self.expect_string();
        }
        let token = self.step();
        let mut value = String::new();
        let hidden = decode(token.text(self.text), &mut value);
        StringLiteral { value, text: token.text(self.text).to_owned(), hidden, place: self.since(token.start) }
    }

    fn json(&mut self) -> Json {
        self.nested(Self::json_value, |parser| Json::Error(parser.error().place))
    }

    fn json_value(&mut self) -> Json {
        let start = self.here();
        match self.kind() {
            TokenKind::String => Json::String(self.string()),
            TokenKind::Minus if matches!(self.peek(1).kind, TokenKind::Long | TokenKind::Real) => {
                self.step();
                let literal = self.literal();
                Json::Literal(values::negated(literal, self.since(start)))
            }
            TokenKind::OpenBracket => {
                self.step();
                let values = self.list_until(TokenKind::CloseBracket, "]", Trailing::Refused, Self::json);
                Json::Array(values, self.since(start))
            }
            TokenKind::OpenBrace => {
                self.step();
                let pairs = self.list_until(TokenKind::CloseBrace, "}", Trailing::Refused, |parser| {
                    let key = parser.key();
                    parser.expect(TokenKind::Colon, ":");
                    (key, parser.json())
                });
                Json::Object(pairs, self.since(start))
            }
            TokenKind::Name if self.is("null") => {
                self.step();
                Json::Null(self.since(start))
            }
            TokenKind::Name if self.is("dynamic") && self.peek(1).kind == TokenKind::OpenParen => {
                let inner = self.dynamic();
                Json::Nested(Box::new(inner), self.since(start))
            }
            _ if self.has_literal() => Json::Literal(self.literal()),
            _ => {
                let message = format!("expected a value, found {}", self.found());
                let help = (!self.word().is_empty()).then(|| "texts and keys stand in quotes".to_owned());
                self.complain(Code::MissingExpression, message, help);
                Json::Error(self.error().place)
            }
        }
    }
}

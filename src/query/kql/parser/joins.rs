//! `join`, `lookup`, `invoke`, and the `parse` family.

use super::super::diagnostics::Code;
use super::super::lexer::TokenKind;
use super::super::tree::{Expr, ExprKind, Join, JoinKind, JoinOn, Parse, ParseKind, ParseKv, ParsePart};
use super::Parser;
use super::cursor::Trailing;
use super::names::Names;

impl Parser<'_> {
    pub(super) fn join(&mut self) -> Join {
        let mut join = self.join_side();
        join.on = match self.word() {
            "on" => self.join_keys(),
            "where" => {
                self.step();
                Some(JoinOn::Condition(self.unnamed()))
            }
            // The binder says what is missing.
            _ => None,
        };
        join
    }

    pub(super) fn lookup(&mut self) -> Join {
        let mut join = self.join_side();
        join.on = match self.is("on") {
            true => self.join_keys(),
            false => {
                self.expect_word("on");
                None
            }
        };
        join
    }

    fn join_side(&mut self) -> Join {
        let mut settings = self.settings(&[]);
        let kind = self.take_kind(&mut settings, "kind", JoinKind::WORDS, JoinKind::from_word);
        Join { kind, settings, right: self.unnamed(), on: None }
    }

    fn join_keys(&mut self) -> Option<JoinOn> {
        self.step();
        Some(JoinOn::Keys(self.list(Self::unnamed)))
    }

    /// Calls with dots between.
    pub(super) fn invoke(&mut self) -> Expr {
        let start = self.here();
        let call = self.expect_call();
        let mut expr = Expr { kind: ExprKind::Call(call), place: self.since(start) };
        while self.eat(TokenKind::Dot) {
            if !self.grow() {
                break;
            }
            let call = self.expect_call();
            expr = Expr { kind: ExprKind::Method(Box::new(expr), call), place: self.since(start) };
        }
        expr
    }

    /// What stands behind `parse` and `parse-where`.
    pub(super) fn parse_pattern(&mut self) -> Parse {
        let mut settings = self.settings(&["flags"]);
        let kind = self.take_kind(&mut settings, "kind", ParseKind::WORDS, ParseKind::from_word);
        let value = self.unnamed();
        self.expect_word("with");
        let mut pattern = Vec::new();
        loop {
            pattern.push(match self.kind() {
                TokenKind::Star => {
                    self.step();
                    ParsePart::Star
                }
                TokenKind::String => ParsePart::Text(self.string()),
                _ if self.has_name(Names::Declared) => {
                    let name = self.any_name();
                    ParsePart::Column(name, self.eat(TokenKind::Colon).then(|| self.scalar_type()))
                }
                _ => break,
            });
        }
        if pattern.is_empty() {
            let message = format!("expected a pattern, found {}", self.found());
            self.complain(Code::MissingExpression, message, Some("for example `* \"from \" Sender \" to \" Receiver:string`".to_owned()));
        }
        Parse { kind, settings, value, pattern }
    }

    pub(super) fn parse_kv(&mut self) -> ParseKv {
        const WITH: &[&str] = &["pair_delimiter", "kv_delimiter", "regex", "quote", "escape", "greedy"];
        let value = self.unnamed();
        self.expect_word("as");
        let columns = self.columns();
        let mut settings = Vec::new();
        if self.eat_word("with") && self.expect(TokenKind::OpenParen, "(") {
            settings = self.list_until(TokenKind::CloseParen, ")", Trailing::Refused, |parser| parser.setting(WITH));
        }
        ParseKv { value, columns, settings }
    }
}

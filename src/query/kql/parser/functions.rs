//! Calls, subqueries, and tables that are written out.

use super::super::lexer::TokenKind;
use super::super::tree::{Call, DataTable, Expr, ExprKind, ExternalData, Name, Named, Place, Setting, Subquery};
use super::Parser;
use super::cursor::Trailing;
use super::names::Names;

impl Parser<'_> {
    /// `name(...)`, whose name and parenthesis have been seen.
    pub(super) fn call(&mut self) -> Call {
        let start = self.here();
        let name = self.any_name();
        self.step();
        let arguments = self.list_until(TokenKind::CloseParen, ")", Trailing::Refused, Self::argument);
        Call { name, arguments, place: self.since(start) }
    }

    /// Tokens of the name of a plugin or function that is called: `search` is a plugin's name as well as an operator's.
    pub(super) fn plugin_length(&self, ahead: usize) -> usize {
        match self.name_length(ahead, Names::Plain) {
            0 if self.word_at(ahead) == "search" && self.peek(ahead + 1).kind == TokenKind::OpenParen => 1,
            length => length,
        }
    }

    /// A call that must be here.
    pub(super) fn expect_call(&mut self) -> Call {
        let length = self.plugin_length(0);
        if length > 0 && self.peek(length).kind == TokenKind::OpenParen {
            return self.call();
        }
        let start = self.here();
        let name = match length {
            0 => Name { text: String::new(), place: Place { start, end: start } },
            _ => self.any_name(),
        };
        self.expect(TokenKind::OpenParen, "(");
        Call { name, arguments: Vec::new(), place: self.since(start) }
    }

    fn argument(&mut self) -> Named {
        let is_star = self.kind() == TokenKind::Star && matches!(self.peek(1).kind, TokenKind::CloseParen | TokenKind::Comma);
        if is_star {
            let place = Place { start: self.here(), end: self.step().end };
            return Named { target: None, value: Expr { kind: ExprKind::Star, place } };
        }
        self.named()
    }

    /// `toscalar(...)` or `totable(...)`, whose word has been seen.
    pub(super) fn subquery(&mut self) -> ExprKind {
        let is_scalar = self.step().text(self.text) == "toscalar";
        let no_optimization = self.is("kind") && self.peek(1).kind == TokenKind::Equal && self.word_at(2) == "nooptimization";
        if no_optimization {
            self.step();
            self.step();
            self.step();
        }
        if !self.expect(TokenKind::OpenParen, "(") {
            return ExprKind::Error;
        }
        let body = self.expression();
        self.close(TokenKind::CloseParen, ")");
        let subquery = Box::new(Subquery { no_optimization, body });
        if is_scalar { ExprKind::ToScalar(subquery) } else { ExprKind::ToTable(subquery) }
    }

    /// `materialize(...)`, whose word and parenthesis have been seen.
    pub(super) fn materialize(&mut self) -> Expr {
        let start = self.step().start;
        self.step();
        let inner = self.nested(Self::expression, Self::error);
        self.close(TokenKind::CloseParen, ")");
        Expr { kind: ExprKind::Materialize(Box::new(inner)), place: self.since(start) }
    }

    /// `datatable(...)[...]`, whose word has been seen.
    pub(super) fn data_table(&mut self) -> ExprKind {
        self.step();
        let settings = self.settings(&[]);
        let columns = self.columns();
        let values = match self.expect(TokenKind::OpenBracket, "[") {
            true => self.list_until(TokenKind::CloseBracket, "]", Trailing::Around, |parser| match parser.literal_expr_if() {
                Some(literal) => literal,
                None => parser.missing(),
            }),
            false => Vec::new(),
        };
        ExprKind::DataTable(Box::new(DataTable { settings, columns, values }))
    }

    /// `externaldata(...)[...] with (...)`, whose word has been seen.
    pub(super) fn external_data(&mut self) -> ExprKind {
        self.step();
        let settings = self.settings(&[]);
        let columns = self.columns();
        let sources = match self.expect(TokenKind::OpenBracket, "[") {
            true => self.list_until(TokenKind::CloseBracket, "]", Trailing::Allowed, Self::unnamed),
            false => Vec::new(),
        };
        let mut properties = Vec::new();
        if self.eat_word("with") && self.expect(TokenKind::OpenParen, "(") {
            properties = self.list_until(TokenKind::CloseParen, ")", Trailing::Refused, Self::property);
        }
        ExprKind::ExternalData(Box::new(ExternalData { settings, columns, sources, properties }))
    }

    /// `name = value`
    fn property(&mut self) -> Setting {
        let start = self.here();
        let name = self.name(Names::Declared).text;
        self.expect(TokenKind::Equal, "=");
        let value = match self.name_if(Names::Declared) {
            Some(name) => Expr { place: name.place, kind: ExprKind::Name(name) },
            None => self.setting_value(),
        };
        Setting { name, values: vec![value], place: self.since(start) }
    }
}

//! Statements, functions and their parameters.

use super::super::diagnostics::Code;
use super::super::lexer::TokenKind;
use super::super::tree::{
    Alias, Body, Expr, ExprKind, Function, Let, LetValue, Parameter, ParameterKind, PatternDeclaration, PatternRule, Place, Query,
    SetOption, Statement, StatementKind,
};
use super::Parser;
use super::cursor::Trailing;
use super::names::Names;

impl Parser<'_> {
    /// The whole text.
    pub(super) fn query(&mut self) -> Query {
        let statements = self.statements(TokenKind::End);
        Query { statements, place: Place { start: 0, end: self.peek(0).end } }
    }

    /// Statements up to `close`, which is not stepped over.
    pub(super) fn statements(&mut self, close: TokenKind) -> Vec<Statement> {
        let mut statements = Vec::new();
        while self.kind() != close && self.kind() != TokenKind::End {
            if self.kind() == TokenKind::Semicolon {
                self.missing();
                self.step();
                continue;
            }
            let before = self.at;
            let statement = self.statement();
            statements.push(statement);
            self.end_statement(&mut statements, close);
            if self.at == before {
                // A closing bracket that nothing opens.
                self.skip_fragment();
                self.step();
            }
        }
        statements
    }

    /// What stands between a statement and the next one.
    fn end_statement(&mut self, statements: &mut [Statement], close: TokenKind) {
        loop {
            if self.eat(TokenKind::Semicolon) || self.kind() == close || self.kind() == TokenKind::End {
                return;
            }
            if self.kind() == TokenKind::Bar {
                // The pipeline goes on behind what could not be read.
                if let Some(Statement { kind: StatementKind::Expression(expr), .. }) = statements.last_mut() {
                    let source = std::mem::replace(expr, Expr { kind: ExprKind::Error, place: Place::default() });
                    *expr = self.piped(source);
                    continue;
                }
            }
            if self.begins_statement() {
                let message = format!("expected `;` in front of {}", self.found());
                return self.complain(Code::MissingSemicolon, message, None);
            }
            let before = self.at;
            self.skip_fragment();
            let closes = matches!(self.kind(), TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace);
            if closes && self.kind() != close || self.at == before && self.kind() != TokenKind::Semicolon {
                self.step();
            }
        }
    }

    /// Whether a statement surely begins here.
    fn begins_statement(&self) -> bool {
        let is_let = self.is("let") && self.name_length(1, Names::Plain) > 0;
        let is_declare = self.is("declare") && matches!(self.word_at(1), "query_parameters" | "pattern");
        let is_alias = self.is("alias") && self.word_at(1) == "database";
        let is_restrict = self.is("restrict") && self.word_at(1) == "access";
        let is_set = self.is("set") && self.name_length(1, Names::Plain) > 0;
        let is_pipeline = self.has_name(Names::Plain) && self.peek(self.name_length(0, Names::Plain)).kind == TokenKind::Bar;
        is_let || is_declare || is_alias || is_restrict || is_set || is_pipeline
    }

    fn statement(&mut self) -> Statement {
        let start = self.here();
        let kind = match self.word() {
            "let" if self.name_length(1, Names::Plain) > 0 => StatementKind::Let(self.let_statement()),
            "set" => StatementKind::Set(self.set_statement()),
            "alias" if self.word_at(1) == "database" => StatementKind::Alias(self.alias()),
            "restrict" if self.word_at(1) == "access" => StatementKind::Restrict(self.restrict()),
            "declare" if self.word_at(1) == "query_parameters" => {
                self.step();
                self.step();
                self.expect(TokenKind::OpenParen, "(");
                if self.kind() == TokenKind::CloseParen {
                    self.missing();
                }
                let parameters = self.list_until(TokenKind::CloseParen, ")", Trailing::Refused, Self::parameter);
                StatementKind::Parameters(parameters)
            }
            "declare" if self.word_at(1) == "pattern" => StatementKind::Pattern(self.pattern_declaration()),
            _ => StatementKind::Expression(self.expression()),
        };
        Statement { kind, place: self.since(start) }
    }

    fn let_statement(&mut self) -> Let {
        self.step();
        let name = self.name(Names::Plain);
        self.expect(TokenKind::Equal, "=");
        let is_materialized = self.is("materialize") && self.peek(1).kind == TokenKind::OpenParen;
        let value = match self.begins_function() {
            true => LetValue::Function(self.function()),
            false if is_materialized => {
                let rows = self.materialize();
                if self.kind() == TokenKind::Bar {
                    let message = "unexpected `|` behind `materialize(...)`".to_owned();
                    self.complain(Code::UnexpectedFragment, message, Some("write the operators inside, or behind the name".to_owned()));
                }
                LetValue::Expr(self.piped(rows))
            }
            false => LetValue::Expr(self.expression()),
        };
        Let { name, value }
    }

    fn begins_function(&self) -> bool {
        let ahead = usize::from(self.is("view"));
        if self.peek(ahead).kind != TokenKind::OpenParen {
            return false;
        }
        match self.peek(ahead + 1).kind {
            TokenKind::CloseParen | TokenKind::Star => true,
            _ => {
                let length = self.name_length(ahead + 1, Names::Declared);
                length > 0 && self.peek(ahead + 1 + length).kind == TokenKind::Colon
            }
        }
    }

    fn function(&mut self) -> Function {
        let view = self.eat_word("view");
        self.expect(TokenKind::OpenParen, "(");
        let parameters = self.list_until(TokenKind::CloseParen, ")", Trailing::Refused, Self::parameter);
        Function { view, parameters, body: self.body() }
    }

    fn body(&mut self) -> Body {
        self.nested(Self::body_inside, |parser| Body { statements: Vec::new(), result: None, place: parser.error().place })
    }

    fn body_inside(&mut self) -> Body {
        let start = self.here();
        let mut statements = Vec::new();
        if !self.expect(TokenKind::OpenBrace, "{") {
            return Body { statements, result: None, place: self.since(start) };
        }
        while self.begins_statement() && matches!(self.word(), "let" | "declare") {
            let statement = self.statement();
            statements.push(statement);
            if !self.eat(TokenKind::Semicolon) && !self.begins_statement() {
                self.expect(TokenKind::Semicolon, ";");
                break;
            }
        }
        let result = match self.kind() {
            TokenKind::CloseBrace | TokenKind::End => None,
            _ => Some(self.expression()),
        };
        self.eat(TokenKind::Semicolon);
        self.close(TokenKind::CloseBrace, "}");
        Body { statements, result, place: self.since(start) }
    }

    /// A parameter of a function, a query or a scan.
    pub(super) fn parameter(&mut self) -> Parameter {
        let start = self.here();
        let name = self.name(Names::Declared);
        self.expect(TokenKind::Colon, ":");
        let kind = match self.kind() {
            TokenKind::OpenParen if self.peek(1).kind == TokenKind::Star => {
                self.step();
                self.step();
                self.close(TokenKind::CloseParen, ")");
                ParameterKind::AnyTable
            }
            TokenKind::OpenParen => ParameterKind::Table(self.columns()),
            _ => ParameterKind::Scalar(self.scalar_type()),
        };
        let default = self.eat(TokenKind::Equal).then(|| self.setting_value());
        Parameter { name, kind, default, place: self.since(start) }
    }

    fn set_statement(&mut self) -> SetOption {
        self.step();
        let name = self.name(Names::Plain);
        let value = self.eat(TokenKind::Equal).then(|| self.unnamed());
        SetOption { name, value }
    }

    fn alias(&mut self) -> Alias {
        self.step();
        self.step();
        let name = self.name(Names::Plain);
        self.expect(TokenKind::Equal, "=");
        Alias { name, database: self.unnamed() }
    }

    fn restrict(&mut self) -> Vec<Expr> {
        self.step();
        self.step();
        self.expect_word("to");
        if !self.expect(TokenKind::OpenParen, "(") {
            return Vec::new();
        }
        self.list_until(TokenKind::CloseParen, ")", Trailing::Refused, Self::table)
    }

    fn pattern_declaration(&mut self) -> PatternDeclaration {
        self.step();
        self.step();
        let name = self.name(Names::Plain);
        let mut declaration = PatternDeclaration { name, parameters: Vec::new(), path: None, rules: Vec::new() };
        if !self.eat(TokenKind::Equal) {
            return declaration;
        }
        declaration.parameters = self.columns();
        if self.eat(TokenKind::OpenBracket) {
            declaration.path = Some(self.column());
            self.close(TokenKind::CloseBracket, "]");
        }
        self.expect(TokenKind::OpenBrace, "{");
        while self.kind() == TokenKind::OpenParen {
            declaration.rules.push(self.pattern_rule());
        }
        self.close(TokenKind::CloseBrace, "}");
        declaration
    }

    fn pattern_rule(&mut self) -> PatternRule {
        self.step();
        let arguments = self.list_until(TokenKind::CloseParen, ")", Trailing::Refused, Self::unnamed);
        let path = self.eat(TokenKind::Dot).then(|| {
            self.expect(TokenKind::OpenBracket, "[");
            let text = self.expect_string();
            self.close(TokenKind::CloseBracket, "]");
            text
        });
        self.expect(TokenKind::Equal, "=");
        let body = self.body();
        self.expect(TokenKind::Semicolon, ";");
        PatternRule { arguments, path, body }
    }
}

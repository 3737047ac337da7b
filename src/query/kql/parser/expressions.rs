//! Expressions by operator precedence, and pipelines.
//!
//! From loose to tight: `or`, `and`, equality and membership, order, `+ -`, `* / %`, text operators, signs, paths.
//! Operators of equality, order and text stand once: `a == b == c` is a mistake.

use super::super::diagnostics::Code;
use super::super::lexer::TokenKind;
use super::super::tree::{
    Between, Binary, BinaryOperator, Expr, ExprKind, Membership, MembershipOperator, Name, Named, Pipe, Place, Target,
};
use super::Parser;
use super::cursor::Trailing;
use super::names::Names;

const OR: u8 = 1;
const AND: u8 = 2;
const EQUALITY: u8 = 3;
const ORDER: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const TEXT: u8 = 7;

/// What stands between operands.
#[derive(Clone, Copy)]
enum Infix {
    Or,
    And,
    Binary(BinaryOperator),
    Membership(MembershipOperator),
    Between { negated: bool },
}

impl Parser<'_> {
    /// A pipeline, or an expression alone.
    pub(super) fn expression(&mut self) -> Expr {
        let start = self.here();
        let source = match self.has_source_operator() {
            true => {
                let operator = self.source_operator();
                Expr { kind: ExprKind::Source(Box::new(operator)), place: self.since(start) }
            }
            false => self.unnamed(),
        };
        self.piped(source)
    }

    /// The operators behind a source, if there are any.
    pub(super) fn piped(&mut self, source: Expr) -> Expr {
        if self.kind() != TokenKind::Bar {
            return source;
        }
        self.step();
        let operators = self.operators();
        let place = Place { start: source.place.start, end: self.since(source.place.start).end };
        match source.kind {
            ExprKind::Pipe(mut pipe) => {
                pipe.operators.extend(operators);
                Expr { kind: ExprKind::Pipe(pipe), place }
            }
            _ => Expr { kind: ExprKind::Pipe(Box::new(Pipe { source, operators })), place },
        }
    }

    /// An expression without name and without pipe.
    pub(super) fn unnamed(&mut self) -> Expr {
        self.nested(|parser| parser.binary(OR), Self::error)
    }

    /// An expression with or without a name.
    pub(super) fn named(&mut self) -> Named {
        let target = self.target_if();
        Named { target, value: self.unnamed() }
    }

    fn target_if(&mut self) -> Option<Target> {
        let length = self.name_length(0, Names::Declared);
        if length > 0 && self.peek(length).kind == TokenKind::Equal {
            let name = self.any_name();
            self.step();
            return Some(Target::One(name));
        }
        if !self.has_name_tuple() {
            return None;
        }
        self.step();
        let names = self.list(|parser| parser.name(Names::Declared));
        self.close(TokenKind::CloseParen, ")");
        self.expect(TokenKind::Equal, "=");
        Some(Target::Many(names))
    }

    /// Whether `(a, b) =` stands here.
    fn has_name_tuple(&self) -> bool {
        if self.kind() != TokenKind::OpenParen {
            return false;
        }
        let mut ahead = 1;
        loop {
            let length = self.name_length(ahead, Names::Declared);
            ahead += length;
            match self.peek(ahead).kind {
                _ if length == 0 => return false,
                TokenKind::Comma => ahead += 1,
                TokenKind::CloseParen => return self.peek(ahead + 1).kind == TokenKind::Equal,
                _ => return false,
            }
        }
    }

    fn infix(&self) -> Option<(Infix, u8)> {
        use BinaryOperator as B;
        let binary = |operator, power| Some((Infix::Binary(operator), power));
        match self.kind() {
            TokenKind::EqualEqual => binary(B::Equal, EQUALITY),
            TokenKind::BangEqual | TokenKind::LessGreater => binary(B::NotEqual, EQUALITY),
            TokenKind::Less => binary(B::Less, ORDER),
            TokenKind::LessEqual => binary(B::LessOrEqual, ORDER),
            TokenKind::Greater => binary(B::Greater, ORDER),
            TokenKind::GreaterEqual => binary(B::GreaterOrEqual, ORDER),
            TokenKind::Plus => binary(B::Add, SUM),
            TokenKind::Minus => binary(B::Subtract, SUM),
            TokenKind::Star => binary(B::Multiply, PRODUCT),
            TokenKind::Slash => binary(B::Divide, PRODUCT),
            TokenKind::Percent => binary(B::Modulo, PRODUCT),
            TokenKind::EqualTilde => binary(B::EqualFold, TEXT),
            TokenKind::BangTilde => binary(B::NotEqualFold, TEXT),
            TokenKind::Colon => binary(B::Search, TEXT),
            TokenKind::Name | TokenKind::Word => match self.word() {
                "or" => Some((Infix::Or, OR)),
                "and" => Some((Infix::And, AND)),
                "between" => Some((Infix::Between { negated: false }, EQUALITY)),
                "!between" => Some((Infix::Between { negated: true }, EQUALITY)),
                "in" if self.word_at(1) == "range" => None,
                word => match MembershipOperator::from_text(word) {
                    Some(operator) => Some((Infix::Membership(operator), EQUALITY)),
                    None => binary(BinaryOperator::from_text(word)?, TEXT),
                },
            },
            _ => None,
        }
    }

    /// Operands and operators that bind at least as tightly as `least`.
    fn binary(&mut self, least: u8) -> Expr {
        let mut left = self.signed();
        let mut most = u8::MAX;
        while let Some((infix, power)) = self.infix().filter(|(_, power)| (least..=most).contains(power)) {
            if !self.grow() {
                break;
            }
            let start = left.place.start;
            most = if matches!(power, EQUALITY | ORDER | TEXT) { power - 1 } else { power };
            let kind = match infix {
                Infix::Or => ExprKind::Or(self.chain(left, "or", AND)),
                Infix::And => ExprKind::And(self.chain(left, "and", EQUALITY)),
                Infix::Binary(operator) => {
                    self.step();
                    let right = self.beside(|parser| parser.binary(power + 1));
                    ExprKind::Binary(Box::new(Binary { left, operator, right }))
                }
                Infix::Membership(operator) => {
                    self.step();
                    let list = self.members();
                    ExprKind::Membership(Box::new(Membership { left, operator, list }))
                }
                Infix::Between { negated } => self.between(left, negated),
            };
            left = Expr { kind, place: self.since(start) };
        }
        left
    }

    /// Operands with one word between: they are one node, however many.
    fn chain(&mut self, first: Expr, word: &str, power: u8) -> Vec<Expr> {
        let mut all = vec![first];
        while self.eat_word(word) {
            all.push(self.beside(|parser| parser.binary(power)));
        }
        all
    }

    fn members(&mut self) -> Vec<Expr> {
        if !self.expect(TokenKind::OpenParen, "(") {
            return Vec::new();
        }
        if self.eat(TokenKind::CloseParen) {
            self.at -= 1;
            let missing = self.missing();
            self.step();
            return vec![missing];
        }
        let mut is_table = false;
        self.list_until(TokenKind::CloseParen, ")", Trailing::Refused, |parser| {
            if is_table {
                // A pipeline is the whole list.
                parser.at -= 1;
                parser.skip_fragment();
                return parser.error();
            }
            let member = parser.expression();
            is_table = matches!(member.kind, ExprKind::Pipe(_) | ExprKind::Source(_));
            member
        })
    }

    fn between(&mut self, value: Expr, negated: bool) -> ExprKind {
        self.step();
        self.expect(TokenKind::OpenParen, "(");
        let from = self.unnamed();
        self.expect(TokenKind::DotDot, "..");
        let to = self.unnamed();
        self.close(TokenKind::CloseParen, ")");
        ExprKind::Between(Box::new(Between { value, negated, from, to }))
    }

    fn signed(&mut self) -> Expr {
        let start = self.here();
        let is_negative = match self.kind() {
            TokenKind::Minus => true,
            TokenKind::Plus => false,
            _ => return self.path(),
        };
        self.step();
        let operand = Box::new(self.path());
        let kind = if is_negative { ExprKind::Negative(operand) } else { ExprKind::Positive(operand) };
        Expr { kind, place: self.since(start) }
    }

    /// An operand and the path behind it: `a.b["c"].f(d)`.
    pub(super) fn path(&mut self) -> Expr {
        let mut expr = self.primary();
        if matches!(expr.kind, ExprKind::Name(_) | ExprKind::Call(_)) && self.has_data_scope() {
            let start = expr.place.start;
            let kind = ExprKind::DataScope(Box::new(expr), self.data_scope());
            expr = Expr { kind, place: self.since(start) };
        }
        loop {
            let start = expr.place.start;
            let kind = match self.kind() {
                TokenKind::Dot if self.grow() => {
                    self.step();
                    self.field(expr)
                }
                TokenKind::OpenBracket if self.grow() => self.index(expr),
                _ => return expr,
            };
            expr = Expr { kind, place: self.since(start) };
        }
    }

    fn has_data_scope(&self) -> bool {
        self.is("datascope") && self.peek(1).kind == TokenKind::Equal
    }

    /// `datascope=all` behind a table.
    fn data_scope(&mut self) -> Name {
        self.step();
        self.step();
        if !matches!(self.word(), "all" | "hotcache") {
            let message = format!("expected `all` or `hotcache`, found {}", self.found());
            self.complain(Code::Expected, message, None);
        }
        self.any_name()
    }

    /// What stands behind a dot.
    pub(super) fn field(&mut self, of: Expr) -> ExprKind {
        let length = self.name_length(0, Names::Plain);
        if length > 0 && self.peek(length).kind == TokenKind::OpenParen {
            let call = self.call();
            return ExprKind::Method(Box::new(of), call);
        }
        if length > 0 || self.has_special_name() {
            let name = self.any_name();
            return ExprKind::Field(Box::new(of), name);
        }
        match self.kind() {
            TokenKind::OpenBracket => self.index(of),
            TokenKind::Star => match self.wildcard_if() {
                Some(wildcard) => ExprKind::FieldWildcard(Box::new(of), wildcard),
                None => ExprKind::Field(Box::new(of), self.name(Names::Plain)),
            },
            _ => {
                let name = self.name(Names::Plain);
                ExprKind::Field(Box::new(of), name)
            }
        }
    }

    fn index(&mut self, of: Expr) -> ExprKind {
        self.step();
        let at = self.unnamed();
        self.close(TokenKind::CloseBracket, "]");
        ExprKind::Index(Box::new(of), Box::new(at))
    }

    /// Whether a keyword stands here that is a name all the same.
    pub(super) fn has_special_name(&self) -> bool {
        matches!(self.word(), "kind" | "withsource" | "with_source")
    }

    fn primary(&mut self) -> Expr {
        let start = self.here();
        let kind = match self.kind() {
            TokenKind::String => ExprKind::String(self.string()),
            TokenKind::OpenParen => {
                self.step();
                let inner = self.expression();
                self.close(TokenKind::CloseParen, ")");
                ExprKind::Group(Box::new(inner))
            }
            TokenKind::At => {
                self.step();
                ExprKind::Row
            }
            TokenKind::Star if self.star_is_operand() => {
                self.step();
                ExprKind::Star
            }
            TokenKind::OpenBrace => match self.placeholder_if() {
                Some(name) => ExprKind::Placeholder(name),
                None => return self.missing(),
            },
            TokenKind::OpenBracket if self.has_name(Names::Plain) => self.name_or_call(),
            TokenKind::OpenBracket if self.peek(1).kind != TokenKind::CloseBracket => return self.bare_brackets(),
            TokenKind::Name | TokenKind::Word => return self.word_operand(),
            _ if self.has_literal() => ExprKind::Literal(self.literal()),
            _ => return self.missing(),
        };
        Expr { kind, place: self.since(start) }
    }

    /// `[name]`, which only means something with quotes inside.
    fn bare_brackets(&mut self) -> Expr {
        let help = Some(format!("write `['{}']` if it is a name, `dynamic([...])` if it is an array", self.word_at(1)));
        self.complain(Code::Misplaced, "expected a quoted name in brackets".to_owned(), help);
        self.step();
        self.unnamed();
        self.close(TokenKind::CloseBracket, "]");
        self.error()
    }

    /// Whether the star here is all columns: `* has "a"`, `* == 1`.
    fn star_is_operand(&self) -> bool {
        let next = self.peek(1).kind;
        matches!(next, TokenKind::EqualEqual | TokenKind::EqualTilde | TokenKind::BangTilde | TokenKind::Colon)
            || BinaryOperator::from_text(self.word_at(1)).is_some()
    }

    fn word_operand(&mut self) -> Expr {
        let start = self.here();
        let word = self.word();
        let next = self.peek(1).kind;
        let kind = match word {
            "dynamic" if next == TokenKind::OpenParen => ExprKind::Dynamic(self.dynamic()),
            "typeof" if next == TokenKind::OpenParen => ExprKind::TypeOf(self.type_of()),
            "datatable" => self.data_table(),
            "externaldata" | "external_data" => self.external_data(),
            "toscalar" | "totable" => self.subquery(),
            "materialize" if next == TokenKind::OpenParen => {
                let message = "expected `materialize` only behind `let name =`".to_owned();
                self.complain(Code::MissingExpression, message, Some("name it first: `let Rows = materialize(...);`".to_owned()));
                return self.materialize();
            }
            "entity_group" if next == TokenKind::OpenBracket && self.peek(2).kind != TokenKind::String => {
                self.step();
                self.step();
                let members = self.list_until(TokenKind::CloseBracket, "]", Trailing::Refused, Self::unnamed);
                ExprKind::EntityGroup(members)
            }
            _ if self.has_name(Names::Plain) || self.has_special_name() => self.name_or_call(),
            _ if self.keyword_is_meant_as_name() => {
                self.complain_reserved(word);
                ExprKind::Name(self.any_name())
            }
            _ => return self.missing(),
        };
        Expr { kind, place: self.since(start) }
    }

    /// Whether what stands behind the keyword here stands only behind names.
    fn keyword_is_meant_as_name(&self) -> bool {
        use TokenKind as T;
        match self.peek(1).kind {
            T::EqualEqual | T::BangEqual | T::EqualTilde | T::BangTilde | T::Greater | T::GreaterEqual | T::Less | T::LessEqual => true,
            T::Star | T::Slash | T::Percent | T::CloseParen | T::CloseBracket | T::CloseBrace | T::Dot | T::Comma | T::Colon | T::Bar => {
                true
            }
            T::Name | T::Word => {
                let word = self.word_at(1);
                matches!(word, "and" | "or" | "between" | "!between")
                    || MembershipOperator::from_text(word).is_some()
                    || BinaryOperator::from_text(word).is_some()
            }
            _ => false,
        }
    }

    fn name_or_call(&mut self) -> ExprKind {
        let length = self.name_length(0, Names::Plain);
        if length > 0 && self.peek(length).kind == TokenKind::OpenParen {
            return ExprKind::Call(self.call());
        }
        ExprKind::Name(self.any_name())
    }

    /// `{name}`, if it is here.
    pub(super) fn placeholder_if(&mut self) -> Option<super::super::tree::Name> {
        let is_word = matches!(self.peek(1).kind, TokenKind::Name | TokenKind::Word);
        if !is_word || self.peek(2).kind != TokenKind::CloseBrace {
            return None;
        }
        self.step();
        let name = self.any_name();
        self.step();
        Some(name)
    }

    /// A table or tables by name, as `union`, `find` and `search` take them.
    pub(super) fn table(&mut self) -> Expr {
        let start = self.here();
        if self.kind() == TokenKind::OpenParen {
            return self.nested(Self::primary, Self::error);
        }
        if let Some(wildcard) = self.wildcard_if() {
            return Expr { kind: ExprKind::Wildcard(wildcard), place: self.since(start) };
        }
        if !self.has_name(Names::Plain) && !self.has_special_name() {
            let message = format!("expected a table, found {}", self.found());
            self.complain(Code::MissingExpression, message, None);
            return self.error();
        }
        let mut expr = Expr { kind: self.name_or_call(), place: self.since(start) };
        while matches!(self.kind(), TokenKind::Dot | TokenKind::OpenBracket) && self.grow() {
            let kind = if self.eat(TokenKind::Dot) {
                match self.wildcard_if() {
                    Some(wildcard) => ExprKind::FieldWildcard(Box::new(expr), wildcard),
                    None => self.field(expr),
                }
            } else {
                self.index(expr)
            };
            expr = Expr { kind, place: self.since(start) };
        }
        expr
    }
}

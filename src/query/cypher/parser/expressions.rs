//! Expressions, by binding power: `OR`, `XOR`, `AND`, `NOT`, comparisons, `+ -`, `* / %`, `^`, signs, what follows a value.

use std::sync::Arc;

use crate::query::kql::Code;
use crate::query::kql::graph::Rule;

use super::super::lexer::{Lexed, Token};
use super::super::tree::{Asked, Call, CastType, Clause, Each, Expr, ExprKind, Match, Operator, Quantifier, Slot};
use super::super::value::Value;
use super::{CLAUSES_MAX, Parser, Read, Unread};

/// How many expressions may lie in each other; each operator of a chain counts.
const EXPRESSION_DEPTH_MAX: u32 = 200;

/// Words that end an expression; in backticks they are names.
const CLAUSE_WORDS: [&str; 20] = [
    "MATCH", "RETURN", "WHERE", "WITH", "UNION", "UNWIND", "LIMIT", "SKIP", "WHEN", "THEN", "ELSE", "END", "AS", "AND", "OR", "XOR",
    "CREATE", "MERGE", "DELETE", "DETACH",
];

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Read<Expr> {
        self.nested(Self::or)
    }

    /// An expression, unless too many lie in each other.
    fn made(&mut self, start: usize, kind: ExprKind) -> Read<Expr> {
        let mut depth = 0;
        kind.each_child(&mut |child| depth = depth.max(child.depth));
        if depth >= EXPRESSION_DEPTH_MAX {
            self.is_over = true;
            self.complain(
                Code::CypherTooDeep,
                self.since(start),
                format!("expected at most {EXPRESSION_DEPTH_MAX} expressions in each other"),
            );
            return Err(Unread);
        }
        Ok(Expr { kind, span: self.since(start), depth: depth + 1 })
    }

    fn or(&mut self) -> Read<Expr> {
        let start = self.span().start;
        let mut all = vec![self.xor()?];
        while self.eat_word("OR") {
            all.push(self.xor()?);
        }
        if all.len() == 1 { Ok(all.remove(0)) } else { self.made(start, ExprKind::Or(all)) }
    }

    fn xor(&mut self) -> Read<Expr> {
        let start = self.span().start;
        let mut left = self.and()?;
        while self.eat_word("XOR") {
            let right = self.and()?;
            left = self.made(start, ExprKind::Binary(Operator::Xor, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Read<Expr> {
        let start = self.span().start;
        let mut all = vec![self.not()?];
        while self.eat_word("AND") {
            all.push(self.not()?);
        }
        if all.len() == 1 { Ok(all.remove(0)) } else { self.made(start, ExprKind::And(all)) }
    }

    fn not(&mut self) -> Read<Expr> {
        let start = self.span().start;
        if self.eat_word("NOT") {
            let inner = self.nested(Self::not)?;
            return self.made(start, ExprKind::Not(Box::new(inner)));
        }
        self.comparison()
    }

    /// Reads comparisons; `a < b <= c` means `a < b AND b <= c`.
    fn comparison(&mut self) -> Read<Expr> {
        let start = self.span().start;
        let first = self.predicate()?;
        let mut all: Vec<Expr> = Vec::new();
        let mut left = first;
        while let Some(operator) = self.comparison_operator() {
            let right = self.predicate()?;
            let compared = ExprKind::Binary(operator, Box::new(left), Box::new(right.clone()));
            all.push(self.made(start, compared)?);
            left = right;
        }
        match all.len() {
            0 => Ok(left),
            1 => Ok(all.remove(0)),
            _ => self.made(start, ExprKind::And(all)),
        }
    }

    fn comparison_operator(&mut self) -> Option<Operator> {
        let signs = [
            ("=", Operator::Equal),
            ("<>", Operator::NotEqual),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
            ("=~", Operator::Matches),
        ];
        signs.into_iter().find(|(sign, _)| self.eat_sign(sign)).map(|(_, operator)| operator)
    }

    /// Reads what may follow a sum: `IN`, `STARTS WITH`, `IS NULL` and their like.
    fn predicate(&mut self) -> Read<Expr> {
        let start = self.span().start;
        let mut left = self.sum()?;
        loop {
            if self.is_word("IS") {
                let negated = self.is_word_at(1, "NOT");
                if self.is_word_at(1 + usize::from(negated), "NULL") {
                    self.at += 2 + usize::from(negated);
                    left = self.made(start, ExprKind::IsNull(Box::new(left), negated))?;
                    continue;
                }
                if self.is_word_at(1 + usize::from(negated), "LABELED") {
                    self.at += 2 + usize::from(negated);
                    let labels = self.labels()?;
                    left = self.made(start, ExprKind::HasLabels(Box::new(left), labels))?;
                    if negated {
                        left = self.made(start, ExprKind::Not(Box::new(left)))?;
                    }
                    continue;
                }
            }
            let before = self.at;
            let negated = self.eat_word("NOT");
            let operator = if self.eat_word("IN") {
                Operator::In
            } else if self.eat_words(&["STARTS", "WITH"]) {
                Operator::StartsWith
            } else if self.eat_words(&["ENDS", "WITH"]) {
                Operator::EndsWith
            } else if self.eat_word("CONTAINS") {
                Operator::Contains
            } else {
                self.at = before;
                return Ok(left);
            };
            let right = self.sum()?;
            left = self.made(start, ExprKind::Binary(operator, Box::new(left), Box::new(right)))?;
            if negated {
                left = self.made(start, ExprKind::Not(Box::new(left)))?;
            }
        }
    }

    fn sum(&mut self) -> Read<Expr> {
        let start = self.span().start;
        let mut left = self.product()?;
        loop {
            let operator = if self.eat_sign("+") {
                Operator::Add
            } else if self.eat_sign("-") {
                Operator::Subtract
            } else if self.eat_sign("||") {
                Operator::Join
            } else {
                return Ok(left);
            };
            let right = self.product()?;
            left = self.made(start, ExprKind::Binary(operator, Box::new(left), Box::new(right)))?;
        }
    }

    fn product(&mut self) -> Read<Expr> {
        let start = self.span().start;
        let mut left = self.power()?;
        loop {
            let operator = if self.eat_sign("*") {
                Operator::Multiply
            } else if self.eat_sign("/") {
                Operator::Divide
            } else if self.eat_sign("%") {
                Operator::Modulo
            } else {
                return Ok(left);
            };
            let right = self.power()?;
            left = self.made(start, ExprKind::Binary(operator, Box::new(left), Box::new(right)))?;
        }
    }

    fn power(&mut self) -> Read<Expr> {
        let start = self.span().start;
        let mut left = self.signed()?;
        while self.eat_sign("^") {
            let right = self.signed()?;
            left = self.made(start, ExprKind::Binary(Operator::Power, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn signed(&mut self) -> Read<Expr> {
        let start = self.span().start;
        if self.eat_sign("-") {
            let inner = self.nested(Self::signed)?;
            return self.made(start, ExprKind::Negate(Box::new(inner)));
        }
        if self.eat_sign("+") {
            return self.nested(Self::signed);
        }
        self.followed()
    }

    /// Reads a value and what follows it: `.name`, `[index]`, `:Label`.
    fn followed(&mut self) -> Read<Expr> {
        let start = self.span().start;
        let mut value = self.value()?;
        loop {
            if self.eat_sign(".") {
                let name = self.name()?;
                value = self.made(start, ExprKind::Property(Box::new(value), name.text))?;
            } else if self.eat_sign("[") {
                value = self.indexed(start, value)?;
            } else if self.is_sign(":") && matches!(value.kind, ExprKind::Variable(..)) {
                let mut labels = crate::query::kql::graph::Labels::Any;
                while self.eat_sign(":") {
                    labels = labels.and(self.labels()?);
                }
                value = self.made(start, ExprKind::HasLabels(Box::new(value), labels))?;
            } else {
                return Ok(value);
            }
        }
    }

    fn indexed(&mut self, start: usize, value: Expr) -> Read<Expr> {
        let first = if self.is_sign("..") { None } else { Some(Box::new(self.expression()?)) };
        let kind = if self.eat_sign("..") {
            let last = if self.is_sign("]") { None } else { Some(Box::new(self.expression()?)) };
            ExprKind::Slice(Box::new(value), first, last)
        } else {
            match first {
                Some(index) => ExprKind::Index(Box::new(value), index),
                None => return self.expected("an index"),
            }
        };
        self.expect_sign("]")?;
        self.made(start, kind)
    }

    fn value(&mut self) -> Read<Expr> {
        let start = self.span().start;
        let kind = match self.peek().clone() {
            Token::Text(text) => self.literal(Value::Text(text.into())),
            Token::Integer(number) => self.literal(Value::Long(number)),
            Token::Float(number) => self.literal(Value::Real(number)),
            Token::Parameter(name) => {
                self.at += 1;
                ExprKind::Parameter(name)
            }
            Token::Quoted(name) => {
                self.at += 1;
                ExprKind::Variable(name, Slot::Open)
            }
            Token::Sign("[") => self.bracket()?,
            Token::Sign("{") => self.expression_map()?,
            Token::Sign("(") => return self.parenthesis(),
            Token::Word(word) if !CLAUSE_WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)) => self.word_value(&word)?,
            _ => return self.expected("an expression"),
        };
        self.made(start, kind)
    }

    fn literal(&mut self, value: Value) -> ExprKind {
        self.at += 1;
        ExprKind::Literal(value)
    }

    fn word_value(&mut self, word: &str) -> Read<ExprKind> {
        let upper = word.to_ascii_uppercase();
        match upper.as_str() {
            "TRUE" => return Ok(self.literal(Value::Bool(true))),
            "FALSE" => return Ok(self.literal(Value::Bool(false))),
            "NULL" => return Ok(self.literal(Value::Null)),
            "CASE" => return self.case(),
            "CURRENT_TIMESTAMP" if !self.is_sign_at(1, "(") => {
                self.at += 1;
                return Ok(ExprKind::Call(Call { name: word.to_owned(), distinct: false, star: false, arguments: Vec::new() }));
            }
            "EXISTS" | "COUNT" | "COLLECT" if self.is_sign_at(1, "{") => {
                self.at += 1;
                return self.subquery(match upper.as_str() {
                    "EXISTS" => Asked::Exists,
                    "COUNT" => Asked::Count,
                    _ => Asked::Collect,
                });
            }
            _ => {}
        }
        if self.is_sign_at(1, "(") {
            return self.call(word, &upper);
        }
        self.at += 1;
        Ok(ExprKind::Variable(word.to_owned(), Slot::Open))
    }

    fn call(&mut self, word: &str, upper: &str) -> Read<ExprKind> {
        let quantifier = match upper {
            "ALL" => Some(Quantifier::All),
            "ANY" => Some(Quantifier::Any),
            "NONE" => Some(Quantifier::None),
            "SINGLE" => Some(Quantifier::Single),
            _ => None,
        };
        if upper == "EXISTS"
            && let Some(kind) = self.attempt(|parser| {
                parser.at += 2;
                let kind = parser.pattern_predicate()?;
                parser.expect_sign(")")?;
                Ok(kind)
            })
        {
            return Ok(kind);
        }
        self.at += 2;
        if let Some(quantifier) = quantifier
            && self.is_word_at(1, "IN")
        {
            return self.quantified(quantifier);
        }
        if upper == "REDUCE" {
            return self.reduce();
        }
        if upper == "CAST" {
            let value = self.expression()?;
            self.expect_word("AS")?;
            let kind = self.cast_type()?;
            self.expect_sign(")")?;
            return Ok(ExprKind::Cast(Box::new(value), kind));
        }
        let mut call = Call { name: word.to_owned(), distinct: false, star: false, arguments: Vec::new() };
        if self.eat_sign("*") {
            call.star = true;
        } else {
            call.distinct = self.eat_word("DISTINCT");
            if !self.is_sign(")") {
                call.arguments = self.list(Self::expression)?;
            }
        }
        self.expect_sign(")")?;
        Ok(ExprKind::Call(call))
    }

    fn cast_type(&mut self) -> Read<CastType> {
        let span = self.span();
        let mut name = self.name()?.text.to_ascii_lowercase();
        if name == "any" || name == "zoned" {
            name = self.name()?.text.to_ascii_lowercase();
        }
        Ok(match name.as_str() {
            "string" | "char" | "varchar" => CastType::Text,
            "bool" | "boolean" => CastType::Bool,
            "int" | "int32" | "integer" | "int64" | "integer64" | "uint" | "uint32" | "uint64" | "long" | "bigint" | "smallint" => {
                CastType::Integer
            }
            "float" | "float32" | "real" | "double" | "float64" | "decimal" => CastType::Float,
            "list" => CastType::List,
            "record" | "map" => CastType::Record,
            "datetime" | "timestamp" => CastType::Instant,
            other => {
                self.complain(Code::CypherUnsupported, span, format!("expected the name of a type, found `{other}`"));
                return Err(Unread);
            }
        })
    }

    /// Reads an element of a list by name: the name is known inside `body` only.
    fn each<T>(&mut self, body: impl FnOnce(&mut Self) -> Read<T>) -> Read<(Each, T)> {
        let name = self.name()?;
        self.expect_word("IN")?;
        let list = Box::new(self.expression()?);
        let slot = self.locals;
        self.locals += 1;
        let body = body(self);
        self.locals -= 1;
        Ok((Each { name: name.text, slot, list }, body?))
    }

    fn quantified(&mut self, quantifier: Quantifier) -> Read<ExprKind> {
        let (each, condition) = self.each(|parser| {
            parser.expect_word("WHERE")?;
            parser.expression()
        })?;
        self.expect_sign(")")?;
        Ok(ExprKind::Quantified { quantifier, each, condition: Box::new(condition) })
    }

    fn reduce(&mut self) -> Read<ExprKind> {
        let name = self.name()?.text;
        self.expect_sign("=")?;
        let first = Box::new(self.expression()?);
        self.expect_sign(",")?;
        self.locals += 1;
        let read = self.each(|parser| {
            parser.expect_sign("|")?;
            parser.expression()
        });
        self.locals -= 1;
        let (each, body) = read?;
        self.expect_sign(")")?;
        Ok(ExprKind::Reduce { name, first, each, body: Box::new(body) })
    }

    fn bracket(&mut self) -> Read<ExprKind> {
        self.expect_sign("[")?;
        if self.is_word_at(1, "IN") {
            let comprehension = self.attempt(|parser| {
                let (each, (condition, body)) = parser.each(|parser| {
                    let condition = if parser.eat_word("WHERE") { Some(Box::new(parser.expression()?)) } else { None };
                    let body = if parser.eat_sign("|") { Some(Box::new(parser.expression()?)) } else { None };
                    Ok((condition, body))
                })?;
                parser.expect_sign("]")?;
                Ok(ExprKind::Comprehension { each, condition, body })
            });
            if let Some(comprehension) = comprehension {
                return Ok(comprehension);
            }
        }
        let items = if self.is_sign("]") { Vec::new() } else { self.list(Self::expression)? };
        self.expect_sign("]")?;
        Ok(ExprKind::List(items))
    }

    pub(super) fn expression_map(&mut self) -> Read<ExprKind> {
        self.expect_sign("{")?;
        let mut entries = Vec::new();
        if !self.is_sign("}") {
            entries = self.list(|parser| {
                let name = match parser.peek().clone() {
                    Token::Text(text) => {
                        parser.at += 1;
                        text
                    }
                    _ => parser.name()?.text,
                };
                parser.expect_sign(":")?;
                Ok((Arc::from(name), parser.expression()?))
            })?;
        }
        self.expect_sign("}")?;
        Ok(ExprKind::Map(entries))
    }

    /// Reads a pattern, else an expression in parentheses.
    fn parenthesis(&mut self) -> Read<Expr> {
        let start = self.span().start;
        if self.is_pattern_ahead()
            && let Some(kind) = self.attempt(Self::pattern_predicate)
        {
            return self.made(start, kind);
        }
        self.expect_sign("(")?;
        let inner = self.expression()?;
        self.expect_sign(")")?;
        Ok(Expr { span: self.since(start), ..inner })
    }

    /// Whether an edge follows the closing parenthesis. `(a)-(b)` and `(a)<-(b)` are arithmetic here.
    fn is_pattern_ahead(&self) -> bool {
        let Some(close) = self.closes.get(self.at).copied().flatten() else { return false };
        let behind =
            |n: usize, sign: &str| matches!(self.tokens.get(close + n), Some(Lexed { token: Token::Sign(found), .. }) if *found == sign);
        let is_line = |n: usize| behind(n, "-") && (behind(n + 1, "[") || behind(n + 1, "-") || behind(n + 1, ">"));
        is_line(1) || (behind(1, "<") && is_line(2))
    }

    /// Reads a path with at least one edge in the place of a truth.
    fn pattern_predicate(&mut self) -> Read<ExprKind> {
        let path = self.nested(|parser| parser.chain(parser.span().start))?;
        if path.edges.is_empty() {
            return Err(Unread);
        }
        Ok(ExprKind::Exists(Arc::new(Match { optional: false, paths: vec![path], condition: None, rule: Rule::Trail })))
    }

    /// Reads `{ (a)-->(b) WHERE ... }`, or clauses between the braces.
    fn subquery(&mut self, asked: Asked) -> Read<ExprKind> {
        self.expect_sign("{")?;
        let clauses = self.nested(|parser| {
            let mut clauses = Vec::new();
            let begins_pattern = parser.is_sign("(") || parser.is_sign_at(1, "=");
            if begins_pattern {
                clauses.push(Clause::Match(parser.matched(false)?));
            }
            while !parser.is_sign("}") {
                let start = parser.span();
                clauses.extend(parser.clause()?);
                if clauses.len() > CLAUSES_MAX {
                    parser.complain(Code::CypherTooLong, start, format!("expected at most {CLAUSES_MAX} clauses"));
                    return Err(Unread);
                }
            }
            Ok(clauses)
        })?;
        if clauses.is_empty() || (asked == Asked::Collect && !matches!(clauses.last(), Some(Clause::Project(_)))) {
            return self.expected(if clauses.is_empty() { "a pattern" } else { "`RETURN`" });
        }
        self.expect_sign("}")?;
        Ok(match <[Clause; 1]>::try_from(clauses) {
            Ok([Clause::Match(matched)]) if asked == Asked::Exists && !matched.optional => ExprKind::Exists(Arc::new(matched)),
            Ok(one) => ExprKind::Subquery(asked, Arc::new(one.into())),
            Err(several) => ExprKind::Subquery(asked, Arc::new(several)),
        })
    }

    /// Tries to read; if that fails, nothing has happened.
    fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Option<T> {
        let (at, depth, locals, complaints) = (self.at, self.depth, self.locals, self.diagnostics.len());
        match read(self) {
            Ok(read) if self.diagnostics.len() == complaints => Some(read),
            _ if self.is_over => None,
            _ => {
                (self.at, self.depth, self.locals) = (at, depth, locals);
                self.diagnostics.truncate(complaints);
                None
            }
        }
    }

    fn case(&mut self) -> Read<ExprKind> {
        self.expect_word("CASE")?;
        let operand = if self.is_word("WHEN") { None } else { Some(Box::new(self.expression()?)) };
        let mut branches = Vec::new();
        while self.eat_word("WHEN") {
            let condition = self.expression()?;
            self.expect_word("THEN")?;
            branches.push((condition, self.expression()?));
        }
        if branches.is_empty() {
            return self.expected("`WHEN`");
        }
        let otherwise = if self.eat_word("ELSE") { Some(Box::new(self.expression()?)) } else { None };
        self.expect_word("END")?;
        Ok(ExprKind::Case { operand, branches, otherwise })
    }
}

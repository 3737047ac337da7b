//! Words to the tree of a filter; properties are resolved on the way, so that an unknown one is named with its place.

use super::lexer::{Lexeme, Token, lex};
use super::tree::{Comparison, Expr, Filter, Function, Term};
use super::{DEPTH_MAX, Schema, TEXT_BYTES_MAX, syntax, unknown_property};
use crate::model::{Fault, FaultClass};

const OPTION: &str = "$filter";

impl Filter {
    /// Reads a filter over the rows of a list.
    pub fn read(text: &str, schema: &Schema) -> Result<Self, Fault> {
        if text.len() > TEXT_BYTES_MAX {
            let message = format!("expected a filter of at most {TEXT_BYTES_MAX} bytes, found {}", text.len());
            return Err(Fault::new(FaultClass::Limit, "filter_too_long", message));
        }
        let mut parser = Parser { text, lexemes: lex(OPTION, text)?, at: 0, schema, items: Vec::new() };
        let expr = parser.or(0)?;
        match parser.peek() {
            Token::End => Ok(Self(expr)),
            _ => Err(parser.expected("`and`, `or` or the end")),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    lexemes: Vec<Lexeme>,
    at: usize,
    schema: &'a Schema,
    /// Names of the items of the lists around, the innermost last.
    items: Vec<String>,
}

/// What brackets or an operator may follow: a value, or something that is true or not.
enum Part {
    Term(Term),
    Expr(Expr),
}

impl Parser<'_> {
    fn lexeme(&self) -> &Lexeme {
        // The last one is the end, and nothing goes past it.
        &self.lexemes[self.at.min(self.lexemes.len() - 1)]
    }

    fn peek(&self) -> &Token {
        &self.lexeme().token
    }

    fn take(&mut self) -> Lexeme {
        let lexeme = self.lexeme().clone();
        self.at = (self.at + 1).min(self.lexemes.len() - 1);
        lexeme
    }

    fn expected(&self, what: &str) -> Fault {
        let lexeme = self.lexeme();
        syntax(OPTION, what, &self.text[lexeme.start..lexeme.end], lexeme.start, lexeme.end)
    }

    fn eat(&mut self, sign: char) -> bool {
        let found = *self.peek() == Token::Sign(sign);
        if found {
            self.take();
        }
        found
    }

    fn need(&mut self, sign: char) -> Result<(), Fault> {
        if self.eat(sign) { Ok(()) } else { Err(self.expected(&format!("`{sign}`"))) }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    fn shallow(&self, depth: usize) -> Result<(), Fault> {
        if depth <= DEPTH_MAX {
            return Ok(());
        }
        let message = format!("expected at most {DEPTH_MAX} brackets, functions and `not` inside each other");
        Err(Fault::new(FaultClass::Limit, "filter_too_deep", message).at(self.lexeme().start, self.lexeme().end))
    }

    fn or(&mut self, depth: usize) -> Result<Expr, Fault> {
        self.or_from(None, depth)
    }

    /// An expression whose first part may have been read already.
    fn or_from(&mut self, first: Option<Part>, depth: usize) -> Result<Expr, Fault> {
        let mut parts = vec![self.and(first, depth)?];
        while self.is_word("or") {
            self.take();
            parts.push(self.and(None, depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expr::Or(parts) })
    }

    fn and(&mut self, first: Option<Part>, depth: usize) -> Result<Expr, Fault> {
        let mut parts = match first {
            Some(first) => vec![self.comparison(first, depth)?],
            None => vec![self.not(depth)?],
        };
        while self.is_word("and") {
            self.take();
            parts.push(self.not(depth)?);
        }
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        parts.sort_by_key(|part| costs(part, self.schema));
        Ok(Expr::And(parts))
    }

    fn not(&mut self, depth: usize) -> Result<Expr, Fault> {
        self.shallow(depth)?;
        if self.is_word("not") && self.lexemes.get(self.at + 1).is_some_and(|next| next.token != Token::Sign('/')) {
            self.take();
            return Ok(Expr::Not(Box::new(self.not(depth + 1)?)));
        }
        let left = self.part(depth)?;
        self.comparison(left, depth)
    }

    /// A comparison that begins with `left`, or `left` alone.
    fn comparison(&mut self, left: Part, depth: usize) -> Result<Expr, Fault> {
        let operator = match self.peek() {
            Token::Word(word) => Comparison::read(word),
            _ => None,
        };
        let left = match (left, operator, self.is_word("in")) {
            (Part::Expr(expr), None, false) => return Ok(expr),
            (Part::Term(term), None, false) => return self.holds(term),
            (Part::Term(term), Some(_), _) | (Part::Term(term), None, true) => term,
            // `contains(..) eq true` and its kin.
            (Part::Expr(expr), Some(operator), _) => return self.truth(expr, operator, depth),
            (Part::Expr(_), None, true) => return Err(self.expected("`and`, `or` or the end")),
        };
        self.take();
        let Some(operator) = operator else { return self.list_of_values(left, depth) };
        let place = self.lexeme().start;
        let Part::Term(right) = self.part(depth)? else {
            return Err(syntax(OPTION, "a value", &self.text[place..], place, place));
        };
        let ranks = [&left, &right].into_iter().find_map(|term| match term {
            Term::Property(path) => self.schema.ranks_of(path),
            _ => None,
        });
        Ok(Expr::Compare(operator, left, right, ranks))
    }

    fn truth(&mut self, expr: Expr, operator: Comparison, depth: usize) -> Result<Expr, Fault> {
        self.take();
        let place = self.lexeme().start;
        let wanted = match (self.part(depth)?, operator) {
            (Part::Term(Term::Bool(flag)), Comparison::Equal) => flag,
            (Part::Term(Term::Bool(flag)), Comparison::NotEqual) => !flag,
            _ => return Err(syntax(OPTION, "true or false", &self.text[place..], place, place)),
        };
        Ok(if wanted { expr } else { Expr::Not(Box::new(expr)) })
    }

    fn list_of_values(&mut self, left: Term, depth: usize) -> Result<Expr, Fault> {
        self.need('(')?;
        let mut values = Vec::new();
        loop {
            let place = self.lexeme().start;
            match self.part(depth + 1)? {
                Part::Term(term) => values.push(term),
                Part::Expr(_) => return Err(syntax(OPTION, "a value", &self.text[place..], place, place)),
            }
            if !self.eat(',') {
                break;
            }
        }
        self.need(')')?;
        Ok(Expr::In(left, values))
    }

    fn holds(&self, term: Term) -> Result<Expr, Fault> {
        match term {
            Term::Bool(_) | Term::Property(_) | Term::Item(..) => Ok(Expr::Holds(term)),
            Term::Call(Function::Contains | Function::StartsWith | Function::EndsWith, _) => Ok(Expr::Holds(term)),
            _ => Err(self.expected("a comparison (`eq`, `ne`, `gt`, `ge`, `lt`, `le`, `in`)")),
        }
    }

    fn part(&mut self, depth: usize) -> Result<Part, Fault> {
        self.shallow(depth)?;
        let lexeme = self.take();
        let term = match lexeme.token {
            Token::Text(text) => Term::Text(text),
            Token::Number(number) => Term::Number(number),
            Token::Time(time) => Term::Time(time),
            Token::Sign('(') => return self.bracketed(depth + 1),
            Token::Word(word) => return self.word(word, lexeme.start, depth),
            Token::Sign(_) | Token::End => {
                self.at = self.at.saturating_sub(usize::from(lexeme.token != Token::End));
                return Err(syntax(OPTION, "a property or a value", &self.text[lexeme.start..lexeme.end], lexeme.start, lexeme.end));
            }
        };
        Ok(Part::Term(term))
    }

    /// What stands in brackets: a value alone, or something that is true or not.
    fn bracketed(&mut self, depth: usize) -> Result<Part, Fault> {
        if self.is_word("not") {
            let expr = self.or(depth)?;
            self.need(')')?;
            return Ok(Part::Expr(expr));
        }
        let first = self.part(depth)?;
        if self.eat(')') {
            return Ok(first);
        }
        let expr = self.or_from(Some(first), depth)?;
        self.need(')')?;
        Ok(Part::Expr(expr))
    }

    fn word(&mut self, word: String, start: usize, depth: usize) -> Result<Part, Fault> {
        if *self.peek() == Token::Sign('(') {
            return self.call(&word, start, depth).map(Part::Term);
        }
        if *self.peek() != Token::Sign('/') && !self.items.iter().any(|item| item.eq_ignore_ascii_case(&word)) {
            match word.to_ascii_lowercase().as_str() {
                "null" => return Ok(Part::Term(Term::Null)),
                "true" => return Ok(Part::Term(Term::Bool(true))),
                "false" => return Ok(Part::Term(Term::Bool(false))),
                _ => {}
            }
        }
        self.path(word, start, depth)
    }

    fn call(&mut self, name: &str, start: usize, depth: usize) -> Result<Term, Fault> {
        let Some((function, least, most)) = Function::read(name) else {
            let end = start + name.len();
            return Err(syntax(OPTION, &format!("one of {}", Function::NAMES), name, start, end));
        };
        self.need('(')?;
        let mut arguments = Vec::new();
        while arguments.len() < most {
            if arguments.len() >= least && *self.peek() == Token::Sign(')') {
                break;
            }
            if !arguments.is_empty() {
                self.need(',')?;
            }
            let place = self.lexeme().start;
            match self.part(depth + 1)? {
                Part::Term(term) => arguments.push(term),
                Part::Expr(_) => return Err(syntax(OPTION, "a value", &self.text[place..], place, place)),
            }
        }
        self.need(')')?;
        if name.eq_ignore_ascii_case("substringof") {
            arguments.reverse();
        }
        Ok(Term::Call(function, arguments))
    }

    /// A path of properties, or a question about the items of the list at its end.
    fn path(&mut self, first: String, start: usize, depth: usize) -> Result<Part, Fault> {
        let mut segments: Vec<String> = first.split('.').map(str::to_owned).collect();
        let mut end = start + first.len();
        while self.eat('/') {
            let lexeme = self.take();
            let Token::Word(word) = lexeme.token else {
                return Err(syntax(OPTION, "a property", &self.text[lexeme.start..lexeme.end], lexeme.start, lexeme.end));
            };
            let all = word.eq_ignore_ascii_case("all");
            if (all || word.eq_ignore_ascii_case("any")) && *self.peek() == Token::Sign('(') {
                let list = self.resolve(&segments, start, end)?;
                return self.items_of(list, all, depth).map(Part::Expr);
            }
            segments.push(word);
            end = lexeme.end;
        }
        self.resolve(&segments, start, end).map(Part::Term)
    }

    fn resolve(&self, segments: &[String], start: usize, end: usize) -> Result<Term, Fault> {
        if let Some(level) = self.items.iter().rposition(|item| item.eq_ignore_ascii_case(&segments[0])) {
            return Ok(Term::Item(level, segments[1..].join("/").to_lowercase()));
        }
        let path = segments.join("/");
        match self.schema.resolve(&path) {
            Some(path) => Ok(Term::Property(path)),
            None => Err(unknown_property(self.schema, OPTION, &path, start, end)),
        }
    }

    fn items_of(&mut self, list: Term, all: bool, depth: usize) -> Result<Expr, Fault> {
        self.need('(')?;
        if !all && self.eat(')') {
            return Ok(Expr::Items { all, list, test: None });
        }
        let lexeme = self.take();
        let Token::Word(item) = lexeme.token else {
            return Err(syntax(OPTION, "a name of the item", &self.text[lexeme.start..lexeme.end], lexeme.start, lexeme.end));
        };
        self.need(':')?;
        self.items.push(item);
        let test = self.or(depth + 1);
        self.items.pop();
        let test = test?;
        self.need(')')?;
        Ok(Expr::Items { all, list, test: Some(Box::new(test)) })
    }
}

/// Whether looking at a row for this costs more than a look.
fn costs(expr: &Expr, schema: &Schema) -> bool {
    fn of(term: &Term, schema: &Schema) -> bool {
        match term {
            Term::Property(path) => schema.is_costly(path),
            Term::Call(_, arguments) => arguments.iter().any(|argument| of(argument, schema)),
            _ => false,
        }
    }
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().any(|part| costs(part, schema)),
        Expr::Not(inner) => costs(inner, schema),
        Expr::Compare(_, left, right, _) => of(left, schema) || of(right, schema),
        Expr::In(term, _) | Expr::Holds(term) => of(term, schema),
        Expr::Items { list, test, .. } => of(list, schema) || test.as_deref().is_some_and(|test| costs(test, schema)),
    }
}

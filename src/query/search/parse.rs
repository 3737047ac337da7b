//! From a search text to its tree: recursive descent with limits on length, depth and terms.
//!
//! ```text
//! or      = and { ("OR" | "||") and }
//! and     = operand { ["AND" | "&&"] operand }
//! operand = ("NOT" | "-" | "!" | "+") operand | "(" or ")" | field value | value
//! value   = "(" or ")" | "[" bound "TO" bound "]" | ("<" | "<=" | ">" | ">=") bound | phrase | word ["*" | "~" ["1" | "2"]]
//! ```
//!
//! A backslash is an ordinary mark (paths, `DOMAIN\user`); a quote inside a phrase is written twice.

use crate::model::Span;

use super::error::SearchError;
use super::fields::{Name, similar};
use super::tree::{Comparison, Expr, Term, Test};

/// Longest search text in bytes.
pub const TEXT_BYTES_MAX: usize = 1024;

/// Deepest nesting of groups and negations.
pub const DEPTH_MAX: usize = 32;

/// Most terms of a search text.
pub const TERMS_MAX: usize = 128;

/// Parses a search text; an empty one is every document.
pub fn parse(text: &str) -> Result<Expr, SearchError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(SearchError::TooLong(text.len()));
    }
    let mut parser = Parser { text, at: 0, depth: 0, terms: 0, field: None };
    parser.space();
    if parser.rest().is_empty() {
        return Ok(Expr::All);
    }
    let expr = parser.or()?;
    match parser.rest() {
        "" => Ok(expr),
        _ => Err(SearchError::Unopened(Span { start: parser.at, end: parser.at + 1 })),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    terms: usize,
    /// The field of the group around: `title:(a OR b)`.
    field: Option<Name>,
}

/// What stands between operands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    And,
    Or,
    Not,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn span(&self, start: usize) -> Span {
        Span { start, end: self.at }
    }

    /// The operator that stands here and its length.
    fn operator(&self) -> Option<(Operator, usize)> {
        let rest = self.rest();
        for (sign, operator) in [("AND", Operator::And), ("OR", Operator::Or), ("NOT", Operator::Not)] {
            let behind = rest.strip_prefix(sign).map(|behind| behind.chars().next());
            if behind.is_some_and(|next| next.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | '"'))) {
                return Some((operator, sign.len()));
            }
        }
        match rest.get(..2) {
            Some("&&") => Some((Operator::And, 2)),
            Some("||") => Some((Operator::Or, 2)),
            _ => None,
        }
    }

    fn or(&mut self) -> Result<Expr, SearchError> {
        let mut all = vec![self.and()?];
        while let Some((Operator::Or, length)) = self.operator() {
            self.step(length)?;
            all.push(self.and()?);
        }
        Ok(Expr::or(all))
    }

    fn and(&mut self) -> Result<Expr, SearchError> {
        let mut all = vec![self.operand()?];
        loop {
            self.space();
            match self.operator() {
                Some((Operator::And, length)) => self.step(length)?,
                Some((Operator::Or, _)) => break,
                _ if self.rest().is_empty() || self.rest().starts_with(')') => break,
                _ => {}
            }
            all.push(self.operand()?);
        }
        Ok(Expr::and(all))
    }

    /// Steps over an operator, which something must follow.
    fn step(&mut self, length: usize) -> Result<(), SearchError> {
        let start = self.at;
        self.at += length;
        let span = self.span(start);
        self.space();
        if self.rest().is_empty() || self.rest().starts_with(')') {
            return Err(SearchError::Missing { after: self.text[span.start..span.end].to_owned(), span });
        }
        Ok(())
    }

    fn operand(&mut self) -> Result<Expr, SearchError> {
        self.space();
        let start = self.at;
        match self.operator() {
            Some((Operator::Not, length)) => {
                self.step(length)?;
                return self.deeper(start, |parser| Ok(Expr::Not(Box::new(parser.operand()?))));
            }
            Some((_, length)) => {
                self.at += length;
                return Err(SearchError::Missing { after: self.text[start..self.at].to_owned(), span: self.span(start) });
            }
            None => {}
        }
        let mut chars = self.rest().chars();
        let sign = chars.next();
        // A sign alone is a word without letters.
        let is_sign = chars.next().is_some_and(|next| !next.is_whitespace() && next != ')');
        match sign {
            Some('-' | '!') if is_sign => {
                self.at += 1;
                self.deeper(start, |parser| Ok(Expr::Not(Box::new(parser.operand()?))))
            }
            Some('+') if is_sign => {
                self.at += 1;
                self.deeper(start, Self::operand)
            }
            Some('(') => self.group(self.field),
            _ => self.term(start),
        }
    }

    fn deeper<T>(&mut self, start: usize, inner: impl FnOnce(&mut Self) -> Result<T, SearchError>) -> Result<T, SearchError> {
        if self.depth == DEPTH_MAX {
            return Err(SearchError::TooDeep(self.span(start)));
        }
        self.depth += 1;
        let inner = inner(self);
        self.depth -= 1;
        inner
    }

    fn group(&mut self, field: Option<Name>) -> Result<Expr, SearchError> {
        let start = self.at;
        let outer = std::mem::replace(&mut self.field, field);
        self.step(1)?;
        let expr = self.deeper(start, Self::or)?;
        self.field = outer;
        self.space();
        if !self.rest().starts_with(')') {
            return Err(SearchError::Unclosed { expected: ')', span: Span { start, end: start + 1 } });
        }
        self.at += 1;
        Ok(expr)
    }

    fn term(&mut self, start: usize) -> Result<Expr, SearchError> {
        let Some((name, behind)) = self.name() else { return self.value(start, self.field) };
        let Some(field) = Name::parse(name) else {
            return Err(SearchError::UnknownField {
                name: name.to_owned(),
                similar: similar(name),
                span: Span { start, end: start + name.len() },
            });
        };
        self.at = behind;
        let span = self.span(start);
        self.space();
        match self.rest().chars().next() {
            None | Some(')') => Err(SearchError::Missing { after: self.text[span.start..span.end].to_owned(), span }),
            Some('(') => self.group(Some(field)),
            _ => self.value(start, Some(field)),
        }
    }

    /// A name with a sign behind it that makes it a field, and where its value begins.
    ///
    /// Names that are no fields are words where colons are usual: addresses, drives, URLs.
    fn name(&self) -> Option<(&'a str, usize)> {
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (name, behind) = rest.split_at(length);
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let is_known = Name::parse(name).is_some();
        let begin = self.at + length;
        let apart = behind.trim_start();
        if is_known && apart.starts_with(['<', '>']) {
            // The comparison is read with the value.
            return Some((name, self.text.len() - apart.len()));
        }
        match behind.chars().next()? {
            ':' if is_known => Some((name, begin + 1)),
            '=' if is_known => Some((name, begin + 1)),
            ':' => {
                let word = &rest[..rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"')).unwrap_or(rest.len())];
                let is_drive = length == 1 && behind[1..].starts_with(['\\', '/']);
                let is_address = word.parse::<std::net::IpAddr>().is_ok() || word.matches(':').count() > 1;
                let is_url = behind.starts_with("://");
                (!is_drive && !is_address && !is_url).then_some((name, begin + 1))
            }
            '<' | '>' | '=' if similar(name).is_some() => Some((name, begin)),
            _ => None,
        }
    }

    fn value(&mut self, start: usize, field: Option<Name>) -> Result<Expr, SearchError> {
        self.terms += 1;
        if self.terms > TERMS_MAX {
            return Err(SearchError::TooManyTerms(self.span(start)));
        }
        let first = self.rest().chars().next();
        let test = match (first, field) {
            (Some('"'), _) => self.phrase()?,
            (Some('[' | '{'), Some(_)) => self.range()?,
            (Some('<' | '>'), Some(_)) => self.comparison(start)?,
            _ => match self.word(start)? {
                Test::Exists if field.is_none() => return Ok(Expr::All),
                test => test,
            },
        };
        Ok(Expr::Term(Term { field, test, span: self.span(start) }))
    }

    fn comparison(&mut self, start: usize) -> Result<Test, SearchError> {
        let all = [Comparison::GreaterOrEqual, Comparison::LessOrEqual, Comparison::Greater, Comparison::Less];
        let comparison =
            all.into_iter().find(|comparison| self.rest().starts_with(comparison.as_str())).expect("the caller saw `<` or `>`");
        self.at += comparison.as_str().len();
        self.space();
        let value = self.bound("")?;
        if value.is_empty() {
            return Err(SearchError::Missing { after: self.text[start..self.at].to_owned(), span: self.span(start) });
        }
        Ok(Test::Compare(comparison, value))
    }

    fn range(&mut self) -> Result<Test, SearchError> {
        let start = self.at;
        let from_inside = self.rest().starts_with('[');
        self.at += 1;
        self.space();
        let from = self.range_bound()?;
        self.space();
        let bad = |parser: &Self| SearchError::BadRange(parser.span(start));
        match self.rest().strip_prefix("TO") {
            Some(behind) if behind.starts_with(char::is_whitespace) => self.at += 2,
            _ => return Err(bad(self)),
        }
        self.space();
        let to = self.range_bound()?;
        self.space();
        let to_inside = match self.rest().chars().next() {
            Some(']') => true,
            Some('}') => false,
            _ => return Err(bad(self)),
        };
        self.at += 1;
        if from.as_deref() == Some("") || to.as_deref() == Some("") {
            return Err(bad(self));
        }
        Ok(Test::Range { from, from_inside, to, to_inside })
    }

    /// A bound of a range; `*` is none.
    fn range_bound(&mut self) -> Result<Option<String>, SearchError> {
        let is_quoted = self.rest().starts_with('"');
        let bound = self.bound("]}")?;
        Ok((is_quoted || bound != "*").then_some(bound))
    }

    /// A phrase, or a word that `ends` end too.
    fn bound(&mut self, ends: &str) -> Result<String, SearchError> {
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let rest = self.rest();
        let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"') || ends.contains(c)).unwrap_or(rest.len());
        self.at += length;
        Ok(rest[..length].to_owned())
    }

    fn phrase(&mut self) -> Result<Test, SearchError> {
        let start = self.at;
        let text = self.quoted()?;
        match self.rest().chars().next() {
            Some('~') => Err(SearchError::Distance(self.span(start))),
            Some('*') => Err(SearchError::Star(self.span(start))),
            _ => Ok(Test::Phrase(text)),
        }
    }

    fn quoted(&mut self) -> Result<String, SearchError> {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' if chars.next_if(|(_, next)| *next == '"').is_some() => text.push('"'),
                '"' => {
                    self.at += at + 1;
                    return Ok(text);
                }
                c => text.push(c),
            }
        }
        Err(SearchError::Unclosed { expected: '"', span: Span { start, end: start + 1 } })
    }

    fn word(&mut self, start: usize) -> Result<Test, SearchError> {
        let from = self.at;
        let rest = self.rest();
        let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"')).unwrap_or(rest.len());
        self.at += length;
        let word = &rest[..length];
        let stem = word.trim_end_matches('*');
        if stem.contains('*') {
            return Err(SearchError::Star(self.span(from)));
        }
        if stem.len() < word.len() {
            return Ok(if stem.is_empty() { Test::Exists } else { Test::Prefix(stem.to_owned()) });
        }
        match word.rsplit_once('~') {
            // Short names of files (`PROGRA~1`) stand in paths.
            Some((stem, distance)) if !stem.is_empty() && !word.contains(['\\', '/']) && distance.bytes().all(|b| b.is_ascii_digit()) => {
                match distance {
                    "" | "1" => Ok(Test::Fuzzy(stem.to_owned(), 1)),
                    "2" => Ok(Test::Fuzzy(stem.to_owned(), 2)),
                    _ => Err(SearchError::Distance(self.span(start))),
                }
            }
            _ => Ok(Test::Word(word.to_owned())),
        }
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;

//! `$orderby`, and the page of a list behind a place. The order is total, so that pages neither repeat nor skip.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::lexer::{Lexeme, Token, lex};
use super::{Cell, Record, Schema, syntax, unknown_property};
use crate::model::Fault;

const OPTION: &str = "$orderby";

/// What a list is sorted by.
#[derive(Clone, Debug, PartialEq)]
pub struct Order(Vec<By>);

#[derive(Clone, Debug, PartialEq)]
struct By {
    path: String,
    descending: bool,
    ranks: Option<&'static [&'static str]>,
}

/// A value that rows are sorted by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Key {
    #[serde(rename = "-")]
    Null,
    #[serde(rename = "b")]
    Bool(bool),
    #[serde(rename = "n")]
    Number(f64),
    #[serde(rename = "t")]
    Time(i64),
    #[serde(rename = "s")]
    Text(String),
}

/// Where a page ended: the keys of its last row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    #[serde(rename = "k")]
    keys: Vec<Key>,
    #[serde(rename = "n")]
    number: i64,
    #[serde(rename = "i")]
    id: String,
}

impl Order {
    /// Reads an order; properties without a direction rise.
    pub fn read(text: &str, schema: &Schema) -> Result<Self, Fault> {
        let lexemes = lex(OPTION, text)?;
        let mut order = Vec::new();
        let mut rest = lexemes.as_slice();
        loop {
            let (by, behind) = By::read(text, rest, schema)?;
            order.push(by);
            rest = behind;
            match rest {
                [Lexeme { token: Token::Sign(','), .. }, more @ ..] => rest = more,
                [Lexeme { token: Token::End, .. }] | [] => return Ok(Self(order)),
                [other, ..] => return Err(wrong(text, "`asc`, `desc`, `,` or the end", other)),
            }
        }
    }

    fn place(&self, record: &impl Record) -> Place {
        let (number, id) = record.tie();
        Place { keys: self.0.iter().map(|by| by.key(record)).collect(), number, id: id.to_owned() }
    }

    fn compare(&self, a: &Place, b: &Place) -> Ordering {
        let mut descending = false;
        for ((by, a), b) in self.0.iter().zip(&a.keys).zip(&b.keys) {
            descending = by.descending;
            let order = a.compare(b);
            let order = if descending { order.reverse() } else { order };
            if order.is_ne() {
                return order;
            }
        }
        let ties = a.number.cmp(&b.number).then_with(|| a.id.cmp(&b.id));
        if descending { ties.reverse() } else { ties }
    }
}

fn wrong(text: &str, expected: &str, lexeme: &Lexeme) -> Fault {
    syntax(OPTION, expected, &text[lexeme.start..lexeme.end], lexeme.start, lexeme.end)
}

impl By {
    fn read<'a>(text: &str, lexemes: &'a [Lexeme], schema: &Schema) -> Result<(Self, &'a [Lexeme]), Fault> {
        let mut segments: Vec<&str> = Vec::new();
        let mut rest = lexemes;
        let (start, mut end) = lexemes.first().map_or((0, 0), |first| (first.start, first.end));
        loop {
            match rest {
                [Lexeme { token: Token::Word(word), end: close, .. }, more @ ..] => {
                    segments.extend(word.split('.'));
                    (end, rest) = (*close, more);
                }
                [other, ..] => return Err(wrong(text, "a property", other)),
                [] => return Err(syntax(OPTION, "a property", "", end, end)),
            }
            match rest {
                [Lexeme { token: Token::Sign('/'), .. }, more @ ..] => rest = more,
                _ => break,
            }
        }
        let path = segments.join("/");
        let path = schema.resolve(&path).ok_or_else(|| unknown_property(schema, OPTION, &path, start, end))?;
        let direction = match rest {
            [Lexeme { token: Token::Word(word), .. }, ..] if word.eq_ignore_ascii_case("asc") => Some(false),
            [Lexeme { token: Token::Word(word), .. }, ..] if word.eq_ignore_ascii_case("desc") => Some(true),
            _ => None,
        };
        let behind = if direction.is_some() { &rest[1..] } else { rest };
        Ok((Self { ranks: schema.ranks_of(&path), path, descending: direction.unwrap_or_default() }, behind))
    }

    fn key(&self, record: &impl Record) -> Key {
        match record.get(&self.path) {
            Cell::Null | Cell::List(_) | Cell::Object(_) | Cell::Members(_) => Key::Null,
            Cell::Bool(flag) => Key::Bool(flag),
            Cell::Number(number) => Key::Number(number),
            Cell::Time(time) => Key::Time(time.micros()),
            Cell::Text(text) => match self.ranks.and_then(|words| words.iter().position(|word| word.eq_ignore_ascii_case(&text))) {
                Some(rank) => Key::Number(rank as f64),
                None => Key::Text(text.to_lowercase()),
            },
        }
    }
}

impl Key {
    /// What is absent comes first.
    fn compare(&self, other: &Self) -> Ordering {
        let rank = |key: &Self| match key {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Time(_) => 3,
            Self::Text(_) => 4,
        };
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Time(a), Self::Time(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

/// The first `limit` rows behind a place, in order, and where the next page begins if rows are left.
pub fn page<R: Record>(records: impl Iterator<Item = R>, order: &Order, after: Option<&Place>, limit: usize) -> (Vec<R>, Option<Place>) {
    let placed = records.map(|record| (order.place(&record), record));
    let mut rows: Vec<(Place, R)> = placed.filter(|(place, _)| after.is_none_or(|after| order.compare(place, after).is_gt())).collect();
    let more = rows.len() > limit;
    if more && limit > 0 {
        rows.select_nth_unstable_by(limit - 1, |(a, _), (b, _)| order.compare(a, b));
    }
    rows.truncate(limit);
    rows.sort_unstable_by(|(a, _), (b, _)| order.compare(a, b));
    let next = rows.last().filter(|_| more).map(|(place, _)| place.clone());
    (rows.into_iter().map(|(_, record)| record).collect(), next)
}

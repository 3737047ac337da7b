//! From the tree of a search to a question that the full-text view answers: names become fields, values become typed.

use crate::fulltext::{DocKind, Field, Match, Query, has_words};
use crate::model::{Severity, Span, Time, Window};

use super::error::SearchError;
use super::fields::{Name, Values, similar_value};
use super::tree::{Comparison, Expr, Term, Test};
use super::values::{CLASSIFICATIONS, Period, SEVERITIES, STATUSES, classification, kind, period, severity, statuses};

/// What binding needs to know besides the tree.
pub(crate) struct Binder<'a> {
    /// Fields of terms that name none.
    pub(crate) defaults: &'a [Field],
    /// The present instant, for `7d` and `today`.
    pub(crate) now: Time,
}

/// Bounds of an ordered value, in periods: what is written without its last parts stands for all that begins so.
struct Bounds<T> {
    from: Option<T>,
    to: Option<T>,
}

impl Binder<'_> {
    /// Binds a whole search.
    pub(crate) fn bind(&self, expr: &Expr) -> Result<Query, SearchError> {
        match self.expr(expr)? {
            Some(query) => Ok(query),
            None => Err(SearchError::NoWords(first_span(expr).unwrap_or(Span { start: 0, end: 0 }))),
        }
    }

    /// `None` for terms of marks only: they ask for nothing.
    fn expr(&self, expr: &Expr) -> Result<Option<Query>, SearchError> {
        let list = |all: &[Expr], make: fn(Vec<Query>) -> Query| -> Result<Option<Query>, SearchError> {
            let mut bound: Vec<Query> = Vec::with_capacity(all.len());
            for expr in all {
                bound.extend(self.expr(expr)?);
            }
            Ok(match bound.len() {
                0 | 1 => bound.pop(),
                _ => Some(make(bound)),
            })
        };
        match expr {
            Expr::All => Ok(Some(Query::All)),
            Expr::And(all) => list(all, Query::And),
            Expr::Or(all) => list(all, Query::Or),
            Expr::Not(inner) => Ok(self.expr(inner)?.map(|query| Query::Not(Box::new(query)))),
            Expr::Term(term) => self.term(term),
        }
    }

    fn term(&self, term: &Term) -> Result<Option<Query>, SearchError> {
        let Some(name) = term.field else { return Ok(self.words(self.defaults, &term.test)) };
        let row = name.row();
        match (name, &term.test) {
            (Name::Field(field), Test::Exists) => return Ok(Some(Query::Has(field))),
            (Name::Kind, Test::Exists) => return Ok(Some(Query::All)),
            (Name::Field(Field::Owner), Test::Word(word)) if matches!(word.to_lowercase().as_str(), "unassigned" | "none") => {
                return Ok(Some(Query::Not(Box::new(Query::Has(Field::Owner)))));
            }
            _ => {}
        }
        let no_order = || SearchError::NoOrder { field: row.name, span: term.span };
        match (name, row.values) {
            (Name::Field(field), Values::Text | Values::Exact) => match &term.test {
                Test::Compare(..) | Test::Range { .. } => Err(no_order()),
                // Who writes `id:5` means the incident of that number too.
                test if field == Field::Id => Ok(self.words(&[Field::Id, Field::Number], test)),
                test => Ok(self.words(&[field], test)),
            },
            (_, Values::Number) => {
                let bounds = self.bounds(term, "a whole number", |text| {
                    let number: i64 = text.strip_prefix('#').unwrap_or(text).parse().ok()?;
                    Some((number, number))
                })?;
                Ok(Some(Query::Number { from: bounds.from, to: bounds.to }))
            }
            (Name::Field(field), Values::Time) => {
                let expected = "a time such as `2021-04-28`, `2021-04-28T14:31:30Z` or `7d`";
                let bounds = self
                    .bounds(term, expected, |text| period(text, self.now).map(|Period { first, last }| (first.micros(), last.micros())))?;
                let window = Window { from: bounds.from.map(Time::from_micros), to: bounds.to.map(Time::from_micros) };
                Ok(Some(Query::Time { field, window }))
            }
            (_, Values::Severity) => {
                let bounds =
                    self.bounds(term, "Informational, Low, Medium, High or Critical", |text| severity(text).map(|s| (s as i64, s as i64)))?;
                let inside = |s: &Severity| bounds.from.is_none_or(|from| from <= *s as i64) && bounds.to.is_none_or(|to| *s as i64 <= to);
                Ok(Some(Query::Severity(Severity::ALL.into_iter().filter(inside).collect())))
            }
            (_, Values::Status) => {
                let expected = "New, Active, Closed, InProgress, Resolved, Dismissed or Open";
                let (incidents, alerts) = statuses(self.word(term, expected)?).ok_or_else(|| bad(term, expected))?;
                Ok(Some(Query::Status { incidents, alerts }))
            }
            (_, Values::Classification) => {
                let expected = "TruePositive, BenignPositive, FalsePositive or Undetermined";
                let found = classification(self.word(term, expected)?).ok_or_else(|| bad(term, expected))?;
                Ok(Some(Query::Classification(found)))
            }
            _ => Ok(Some(self.kind(term)?)),
        }
    }

    /// `incident`, `alert`, `entity`, or the kind of an entity (`host`).
    fn kind(&self, term: &Term) -> Result<Query, SearchError> {
        let word = self.word(term, "incident, alert, entity, or a kind of entity such as host")?;
        Ok(match kind(word) {
            Some(kind) => Query::Kind(kind),
            None => Query::Text { fields: vec![Field::EntityKind], text: word.to_owned(), how: Match::Words },
        })
    }

    fn words(&self, fields: &[Field], test: &Test) -> Option<Query> {
        let (text, how) = match test {
            Test::Word(text) | Test::Phrase(text) => (text, Match::Words),
            Test::Prefix(text) => (text, Match::Prefix),
            Test::Fuzzy(text, distance) => (text, Match::Fuzzy(*distance)),
            Test::Exists | Test::Compare(..) | Test::Range { .. } => return None,
        };
        has_words(text).then(|| {
            // `#116294` is how people write the number of an incident.
            let text = text.strip_prefix('#').filter(|number| number.bytes().all(|b| b.is_ascii_digit())).unwrap_or(text);
            Query::Text { fields: fields.to_vec(), text: text.to_owned(), how }
        })
    }

    /// The single value of a field that knows no order.
    fn word<'t>(&self, term: &'t Term, expected: &'static str) -> Result<&'t str, SearchError> {
        match &term.test {
            Test::Word(text) | Test::Phrase(text) => Ok(text),
            Test::Compare(..) | Test::Range { .. } => {
                Err(SearchError::NoOrder { field: term.field.map_or("", Name::as_str), span: term.span })
            }
            Test::Prefix(_) | Test::Fuzzy(..) | Test::Exists => Err(bad(term, expected)),
        }
    }

    /// The bounds of a test; `read` gives the first and last value that a text stands for.
    fn bounds(&self, term: &Term, expected: &'static str, read: impl Fn(&str) -> Option<(i64, i64)>) -> Result<Bounds<i64>, SearchError> {
        let read = |text: &str| read(text).ok_or_else(|| bad_text(term, text, expected));
        Ok(match &term.test {
            Test::Word(text) | Test::Phrase(text) => {
                let (first, last) = read(text)?;
                Bounds { from: Some(first), to: Some(last) }
            }
            Test::Compare(comparison, text) => {
                let (first, last) = read(text)?;
                match comparison {
                    Comparison::Less => Bounds { from: None, to: Some(first.saturating_sub(1)) },
                    Comparison::LessOrEqual => Bounds { from: None, to: Some(last) },
                    Comparison::Greater => Bounds { from: Some(last.saturating_add(1)), to: None },
                    Comparison::GreaterOrEqual => Bounds { from: Some(first), to: None },
                }
            }
            Test::Range { from, from_inside, to, to_inside } => {
                let from = from.as_deref().map(read).transpose()?;
                let to = to.as_deref().map(read).transpose()?;
                Bounds {
                    from: from.map(|(first, last)| if *from_inside { first } else { last.saturating_add(1) }),
                    to: to.map(|(first, last)| if *to_inside { last } else { first.saturating_sub(1) }),
                }
            }
            Test::Prefix(_) | Test::Fuzzy(..) | Test::Exists => return Err(bad(term, expected)),
        })
    }
}

fn bad(term: &Term, expected: &'static str) -> SearchError {
    let value = match &term.test {
        Test::Word(text) | Test::Phrase(text) => text.clone(),
        Test::Prefix(text) => format!("{text}*"),
        Test::Fuzzy(text, distance) => format!("{text}~{distance}"),
        Test::Exists => "*".to_owned(),
        Test::Compare(comparison, text) => format!("{}{text}", comparison.as_str()),
        Test::Range { .. } => "a range".to_owned(),
    };
    bad_text(term, &value, expected)
}

fn bad_text(term: &Term, value: &str, expected: &'static str) -> SearchError {
    let values = term.field.map_or(Values::Text, |name| name.row().values);
    let similar = match values {
        Values::Severity => similar_value(&SEVERITIES, value),
        Values::Status => similar_value(&STATUSES, value),
        Values::Classification => similar_value(&CLASSIFICATIONS, value),
        _ => None,
    };
    SearchError::BadValue { field: term.field.map_or("", Name::as_str), expected, value: value.to_owned(), similar, span: term.span }
}

fn first_span(expr: &Expr) -> Option<Span> {
    match expr {
        Expr::All => None,
        Expr::And(all) | Expr::Or(all) => all.iter().find_map(first_span),
        Expr::Not(inner) => first_span(inner),
        Expr::Term(term) => Some(term.span),
    }
}

/// Whether the search itself says which kinds of documents it wants.
pub(crate) fn names_kind(expr: &Expr) -> bool {
    match expr {
        Expr::All => false,
        Expr::And(all) | Expr::Or(all) => all.iter().any(names_kind),
        Expr::Not(inner) => names_kind(inner),
        Expr::Term(term) => matches!(term.field, Some(Name::Kind | Name::Field(Field::EntityKind))),
    }
}

/// All kinds of documents.
pub(crate) const ALL_KINDS: [DocKind; 3] = DocKind::ALL;

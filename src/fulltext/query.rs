//! Questions in the terms of the index, and their translation into tantivy's.
//!
//! The tree is already bound: it names fields, not text, and nothing in it can fail. Words score, everything else filters.

use std::ops::Bound;
use std::sync::Arc;

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, ExistsQuery, FuzzyTermQuery, InvertedIndexRangeQuery, Occur,
    PhrasePrefixQuery, PhraseQuery, Query as IndexQuery, RangeQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::{Field as IndexField, IndexRecordOption};
use tantivy::tokenizer::TextAnalyzer;

use crate::model::{AlertStatus, Classification, IncidentStatus, Severity, Window};

use super::entry::document_hash;
use super::schema::{DocKind, Field, Fields, alert_status_code, classification_code, incident_status_code, severity_code};
use super::tokens::{chunks, squeeze};

/// How many words of the index a phrase that ends in a prefix may stand for.
const PHRASE_PREFIX_WORDS_MAX: u32 = 1024;

/// A bound question.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// Every document.
    All,
    /// No document.
    Nothing,
    /// Documents with a text in any of the fields.
    Text {
        /// Fields that may hold it; those that hold no words take it as their value.
        fields: Vec<Field>,
        /// What is looked for.
        text: String,
        /// How it is looked for.
        how: Match,
    },
    /// Documents of a kind.
    Kind(DocKind),
    /// Documents with one of the severities.
    Severity(Vec<Severity>),
    /// Incidents and alerts with one of the statuses.
    Status {
        /// Statuses of incidents.
        incidents: Vec<IncidentStatus>,
        /// Statuses of alerts.
        alerts: Vec<AlertStatus>,
    },
    /// Incidents with the classification.
    Classification(Classification),
    /// Incidents whose number lies between the bounds, both inside.
    Number {
        /// Smallest number.
        from: Option<i64>,
        /// Greatest number.
        to: Option<i64>,
    },
    /// Documents with a time inside the window.
    Time {
        /// `Created`, `Modified`, `First` or `Last`.
        field: Field,
        /// The window.
        window: Window,
    },
    /// Documents that have the field at all.
    Has(Field),
    /// The documents of a kind with these ids.
    Ids(DocKind, Vec<String>),
    /// Incidents and alerts that name one of these entities, by the hashes of their documents.
    Names(Arc<[u64]>),
    /// Documents for which all hold.
    And(Vec<Query>),
    /// Documents for which any holds.
    Or(Vec<Query>),
    /// Documents for which it does not hold.
    Not(Box<Query>),
}

/// How a text is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The words, one behind the other.
    Words,
    /// The words, the last one only begun.
    Prefix,
    /// A word within so many edits (1 or 2).
    Fuzzy(u8),
}

impl Query {
    /// Whether any part of the question gives scores.
    pub fn has_scores(&self) -> bool {
        match self {
            Self::Text { .. } => true,
            Self::And(all) | Self::Or(all) => all.iter().any(Self::has_scores),
            _ => false,
        }
    }

    /// Whether any part of the question asks for words of entities.
    pub(crate) fn asks_entities(&self) -> bool {
        match self {
            Self::Text { fields, .. } => fields.contains(&Field::Entity),
            Self::And(all) | Self::Or(all) => all.iter().any(Self::asks_entities),
            Self::Not(inner) => inner.asks_entities(),
            _ => false,
        }
    }

    /// The question with `names` beside each part that asks for words of entities.
    pub(crate) fn with_names<E>(&self, names: &mut impl FnMut(&str, Match) -> Result<Arc<[u64]>, E>) -> Result<Self, E> {
        let mut all = |queries: &[Self]| queries.iter().map(|query| query.with_names(names)).collect::<Result<Vec<_>, E>>();
        Ok(match self {
            Self::And(queries) => Self::And(all(queries)?),
            Self::Or(queries) => Self::Or(all(queries)?),
            Self::Not(inner) => Self::Not(Box::new(inner.with_names(names)?)),
            Self::Text { fields, text, how } if fields.contains(&Field::Entity) => match names(text, *how)? {
                entities if entities.is_empty() => self.clone(),
                entities => Self::Or(vec![self.clone(), Self::Names(entities)]),
            },
            other => other.clone(),
        })
    }

    /// Whether the question alone leads to few documents, so that the kind need not lead.
    pub(crate) fn is_selective(&self) -> bool {
        match self {
            Self::Text { .. } | Self::Ids(..) | Self::Names(_) | Self::Nothing | Self::Kind(_) => true,
            Self::And(all) => all.iter().any(Self::is_selective),
            Self::Or(all) => all.iter().all(Self::is_selective),
            _ => false,
        }
    }
}

/// How much a word in the field counts.
fn weight(field: Field) -> f32 {
    match field {
        Field::Id | Field::Number => 10.0,
        Field::Title => 3.0,
        Field::Tag => 2.5,
        Field::Owner => 2.0,
        Field::Product => 1.5,
        Field::Description | Field::Comment => 0.6,
        _ => 1.0,
    }
}

/// Translates questions for one schema.
pub(crate) struct Compiler<'a> {
    pub(crate) fields: &'a Fields,
    pub(crate) analyzer: TextAnalyzer,
}

impl Compiler<'_> {
    /// The question in tantivy's terms.
    pub(crate) fn compile(&mut self, query: &Query) -> Box<dyn IndexQuery> {
        match query {
            Query::All => filter(AllQuery),
            Query::Nothing => Box::new(EmptyQuery),
            Query::Text { fields, text, how } => self.text(fields, text, *how),
            Query::Kind(kind) => self.codes(self.fields.kind, [kind.code()]),
            Query::Severity(severities) => self.codes(self.fields.severity, severities.iter().map(|s| severity_code(*s))),
            Query::Status { incidents, alerts } => {
                let incidents = incidents.iter().map(|status| incident_status_code(*status));
                self.codes(self.fields.status, incidents.chain(alerts.iter().map(|status| alert_status_code(*status))))
            }
            Query::Classification(classification) => self.codes(self.fields.classification, [classification_code(*classification)]),
            Query::Number { from, to } => range(self.fields.number, *from, *to, || self.has(Field::Number)),
            Query::Time { field, window } => {
                let (from, to) = (window.from.map(|t| t.micros()), window.to.map(|t| t.micros()));
                range(self.index_field(*field), from, to, || self.has(*field))
            }
            Query::Has(field) => self.has(*field),
            Query::Ids(kind, ids) => one_of(self.fields.key, ids.iter().map(|id| document_hash(*kind, id))),
            Query::Names(entities) => one_of(self.fields.names, entities.iter().copied()),
            Query::And(all) => self.and(all),
            Query::Or(all) => any(all.iter().map(|query| self.compile(query)).collect()),
            Query::Not(inner) => {
                let inner = self.compile(inner);
                Box::new(BooleanQuery::new(vec![(Occur::Must, filter(AllQuery)), (Occur::MustNot, inner)]))
            }
        }
    }

    fn and(&mut self, all: &[Query]) -> Box<dyn IndexQuery> {
        let mut clauses: Vec<(Occur, Box<dyn IndexQuery>)> = Vec::with_capacity(all.len() + 1);
        for query in all {
            match query {
                Query::Not(inner) => clauses.push((Occur::MustNot, self.compile(inner))),
                Query::All => {}
                other => clauses.push((Occur::Must, self.compile(other))),
            }
        }
        if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            clauses.push((Occur::Must, filter(AllQuery)));
        }
        Box::new(BooleanQuery::new(clauses))
    }

    /// Documents that have the field: by its column, else by its code.
    fn has(&self, field: Field) -> Box<dyn IndexQuery> {
        match field.column() {
            Some(column) => filter(ExistsQuery::new(column.to_owned(), false)),
            None => self.codes(self.fields.has, [field.code()]),
        }
    }

    fn codes(&self, field: IndexField, codes: impl IntoIterator<Item = u64>) -> Box<dyn IndexQuery> {
        let terms = codes
            .into_iter()
            .map(|code| -> Box<dyn IndexQuery> { Box::new(TermQuery::new(Term::from_field_u64(field, code), IndexRecordOption::Basic)) });
        Box::new(ConstScoreQuery::new(any(terms.collect()), 0.0))
    }

    fn text(&mut self, fields: &[Field], text: &str, how: Match) -> Box<dyn IndexQuery> {
        let mut choices: Vec<Box<dyn IndexQuery>> = Vec::with_capacity(fields.len());
        for field in fields {
            let query = match field {
                Field::Number => {
                    text.trim().parse().ok().map(|n| term(Term::from_field_i64(self.fields.number, n), IndexRecordOption::Basic))
                }
                Field::Id | Field::EntityKind => exact(self.index_field(*field), &text.trim().to_lowercase(), how),
                Field::Tactic => exact(self.fields.tactic, &squeeze(text), how),
                Field::Entity => {
                    let both = [self.fields.entity, self.fields.own].map(|field| self.words(field, text, how));
                    Some(any(both.into_iter().flatten().collect()))
                }
                _ => self.words(self.index_field(*field), text, how),
            };
            let weight = weight(*field);
            choices.extend(
                query.map(|query| if weight == 1.0 { query } else { Box::new(BoostQuery::new(query, weight)) as Box<dyn IndexQuery> }),
            );
        }
        any(choices)
    }

    /// Documents of entities whose keys have the words.
    pub(crate) fn keys(&mut self, text: &str, how: Match) -> Box<dyn IndexQuery> {
        self.words(self.fields.entity, text, how).unwrap_or_else(|| Box::new(EmptyQuery))
    }

    fn words(&mut self, field: IndexField, text: &str, how: Match) -> Option<Box<dyn IndexQuery>> {
        let chunks = chunks(&mut self.analyzer, text);
        let of = |text: &str| Term::from_field_text(field, text);
        let first = chunks.first()?;
        match (how, chunks.as_slice()) {
            (Match::Words, [chunk]) if chunk.is_name() => Some(term(of(&chunk.whole), IndexRecordOption::WithFreqs)),
            (Match::Fuzzy(distance), [chunk]) if chunk.whole.chars().count() > usize::from(distance) + 1 => {
                let near = FuzzyTermQuery::new(of(&chunk.whole), distance, true);
                Some(any(vec![Box::new(near), term(of(&chunk.whole), IndexRecordOption::WithFreqs)]))
            }
            (Match::Prefix, _) => {
                let parts: Vec<(usize, Term)> = chunks.iter().flat_map(|c| &c.parts).map(|part| (part.position, of(&part.text))).collect();
                let phrase = (parts.len() > 1).then(|| {
                    let mut query = PhrasePrefixQuery::new_with_offset(parts);
                    query.set_max_expansions(PHRASE_PREFIX_WORDS_MAX);
                    Box::new(query) as Box<dyn IndexQuery>
                });
                // Marks behind the last word count: `10.0.1.*` is no `10.0.11.5`.
                let marks = &text[text.trim_end_matches(['.', '-', '_', '@', ':']).len()..];
                let whole = (chunks.len() == 1).then(|| begins(field, &format!("{}{marks}", first.whole)));
                Some(any(whole.into_iter().chain(phrase.filter(|_| chunks.len() > 1 || marks.is_empty())).collect()))
            }
            _ => {
                let parts: Vec<(usize, Term)> = chunks.iter().flat_map(|c| &c.parts).map(|part| (part.position, of(&part.text))).collect();
                match parts.as_slice() {
                    [] => None,
                    [(_, one)] => Some(term(one.clone(), IndexRecordOption::WithFreqs)),
                    _ => Some(Box::new(PhraseQuery::new_with_offset(parts))),
                }
            }
        }
    }

    fn index_field(&self, field: Field) -> IndexField {
        let fields = self.fields;
        match field {
            Field::Id => fields.id,
            Field::Number => fields.number,
            Field::Title => fields.title,
            Field::Description => fields.description,
            Field::Tag => fields.tag,
            Field::Owner => fields.owner,
            Field::Product => fields.product,
            Field::Provider => fields.provider,
            Field::Severity => fields.severity,
            Field::Status => fields.status,
            Field::Classification => fields.classification,
            Field::Tactic => fields.tactic,
            Field::Technique => fields.technique,
            Field::Entity => fields.entity,
            Field::EntityKind => fields.entity_kind,
            Field::Comment => fields.comment,
            Field::Type => fields.alert_type,
            Field::Created => fields.created,
            Field::Modified => fields.modified,
            Field::First => fields.first,
            Field::Last => fields.last,
        }
    }
}

/// Documents with one of the numbers.
fn one_of(field: IndexField, numbers: impl Iterator<Item = u64>) -> Box<dyn IndexQuery> {
    let terms = numbers.map(|number| Term::from_field_u64(field, number));
    Box::new(ConstScoreQuery::new(Box::new(TermSetQuery::new(terms)), 0.5))
}

fn term(term: Term, option: IndexRecordOption) -> Box<dyn IndexQuery> {
    Box::new(TermQuery::new(term, option))
}

fn filter(query: impl IndexQuery) -> Box<dyn IndexQuery> {
    Box::new(ConstScoreQuery::new(Box::new(query), 0.0))
}

fn any(mut choices: Vec<Box<dyn IndexQuery>>) -> Box<dyn IndexQuery> {
    match choices.len() {
        0 => Box::new(EmptyQuery),
        1 => choices.remove(0),
        _ => Box::new(BooleanQuery::union(choices)),
    }
}

/// A value that is one term of its field.
fn exact(field: IndexField, value: &str, how: Match) -> Option<Box<dyn IndexQuery>> {
    if value.is_empty() {
        return None;
    }
    Some(match how {
        Match::Words => term(Term::from_field_text(field, value), IndexRecordOption::Basic),
        Match::Prefix => begins(field, value),
        Match::Fuzzy(distance) => Box::new(FuzzyTermQuery::new(Term::from_field_text(field, value), distance, true)),
    })
}

/// Terms that begin with `prefix`.
fn begins(field: IndexField, prefix: &str) -> Box<dyn IndexQuery> {
    let from = Bound::Included(Term::from_field_text(field, prefix));
    // The last character gives way to the next one; surrogates are stepped over by `Range<char>`.
    let mut chars: Vec<char> = prefix.chars().collect();
    let to = loop {
        match chars.pop() {
            None => break Bound::Unbounded,
            Some(last) => {
                if let Some(next) = (last..=char::MAX).nth(1) {
                    let behind: String = chars.iter().copied().chain([next]).collect();
                    break Bound::Excluded(Term::from_field_text(field, &behind));
                }
            }
        }
    };
    Box::new(InvertedIndexRangeQuery::new(from, to))
}

fn range(field: IndexField, from: Option<i64>, to: Option<i64>, open: impl FnOnce() -> Box<dyn IndexQuery>) -> Box<dyn IndexQuery> {
    if from.is_none() && to.is_none() {
        return open();
    }
    let bound = |value: Option<i64>| value.map_or(Bound::Unbounded, |value| Bound::Included(Term::from_field_i64(field, value)));
    filter(RangeQuery::new(bound(from), bound(to)))
}

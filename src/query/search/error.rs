//! What can be wrong with a search.

use crate::catalog::entities;
use crate::model::{Fault, FaultClass, Span};

use super::fields::ROWS;
use super::order::Order;
use super::parse::{DEPTH_MAX, TERMS_MAX, TEXT_BYTES_MAX};

/// An error in a search request; those about the text say where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// The text is too long.
    #[error("expected at most {TEXT_BYTES_MAX} bytes of search text, found {0}")]
    TooLong(usize),
    /// Groups and negations are nested too deep.
    #[error("expected at most {DEPTH_MAX} nested groups")]
    TooDeep(Span),
    /// The text has too many terms.
    #[error("expected at most {TERMS_MAX} terms")]
    TooManyTerms(Span),
    /// A bracket or quote that is never closed.
    #[error("expected `{expected}` before the end of the text")]
    Unclosed {
        /// What is missing.
        expected: char,
        /// Where it was opened.
        span: Span,
    },
    /// A closing bracket that was never opened.
    #[error("found `)` that closes nothing")]
    Unopened(Span),
    /// A value or term is missing.
    #[error("expected a term after `{after}`")]
    Missing {
        /// What stands before.
        after: String,
        /// Where that stands.
        span: Span,
    },
    /// A name before a colon that is no field.
    #[error("expected a field, found `{name}`")]
    UnknownField {
        /// The name.
        name: String,
        /// A field with a similar name.
        similar: Option<&'static str>,
        /// Where it stands.
        span: Span,
    },
    /// A value that the field cannot have.
    #[error("expected {expected} for `{field}`, found `{value}`")]
    BadValue {
        /// The field.
        field: &'static str,
        /// What it takes.
        expected: &'static str,
        /// The value.
        value: String,
        /// A similar value.
        similar: Option<&'static str>,
        /// Where it stands.
        span: Span,
    },
    /// A comparison or range of a field that has no order.
    #[error("expected a value of `{field}`, found a comparison or range")]
    NoOrder {
        /// The field.
        field: &'static str,
        /// Where it stands.
        span: Span,
    },
    /// A star that is not at the end of a word.
    #[error("expected `*` only at the end of a word")]
    Star(Span),
    /// A distance that is not 1 or 2, or behind a phrase.
    #[error("expected `~`, `~1` or `~2` behind a word")]
    Distance(Span),
    /// A range that is not `[from TO to]`.
    #[error("expected a range such as `[2021-04-01 TO 2021-04-30]`")]
    BadRange(Span),
    /// Only marks, no words.
    #[error("expected a word, found only marks")]
    NoWords(Span),
    /// A default field that holds no words.
    #[error("expected fields with words to search by default, found `{0}`")]
    BadDefault(String),
    /// A kind of documents that does not exist.
    #[error("expected `incident`, `alert` or `entity`, found `{0}`")]
    BadKind(String),
    /// A page size outside the limits.
    #[error("expected a limit from 0 to {max}, found {found}")]
    BadLimit {
        /// The greatest.
        max: usize,
        /// What was asked for.
        found: usize,
    },
    /// A part of the request that is about alerts, in a search of something else.
    #[error("expected a search of alerts beside `{0}`, found other kinds")]
    NotAlerts(&'static str),
    /// An order of groups in a search without any, or one of hits in a search of groups.
    #[error("expected {expected}, found `{}`", order.as_str())]
    WrongOrder {
        /// The order.
        order: Order,
        /// What fits.
        expected: &'static str,
    },
    /// The name of a group without the grouping.
    #[error("expected `group` beside `group_key`, found none")]
    NoGrouping,
}

impl SearchError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "search_too_long",
            Self::TooDeep(_) => "search_too_deep",
            Self::TooManyTerms(_) => "search_too_many_terms",
            Self::Unclosed { .. } => "search_unclosed",
            Self::Unopened(_) => "search_unopened",
            Self::Missing { .. } => "search_missing_term",
            Self::UnknownField { .. } => "search_unknown_field",
            Self::BadValue { .. } => "search_bad_value",
            Self::NoOrder { .. } => "search_no_order",
            Self::Star(_) => "search_star",
            Self::Distance(_) => "search_distance",
            Self::BadRange(_) => "search_bad_range",
            Self::NoWords(_) => "search_no_words",
            Self::BadDefault(_) => "search_bad_default_field",
            Self::BadKind(_) => "search_bad_kind",
            Self::BadLimit { .. } => "search_bad_limit",
            Self::NotAlerts(_) => "search_not_alerts",
            Self::WrongOrder { .. } => "search_wrong_order",
            Self::NoGrouping => "parameter_invalid",
        }
    }

    fn span(&self) -> Option<Span> {
        match self {
            Self::TooLong(_)
            | Self::BadDefault(_)
            | Self::BadKind(_)
            | Self::BadLimit { .. }
            | Self::NotAlerts(_)
            | Self::WrongOrder { .. }
            | Self::NoGrouping => None,
            Self::TooDeep(span)
            | Self::TooManyTerms(span)
            | Self::Unopened(span)
            | Self::Star(span)
            | Self::Distance(span)
            | Self::BadRange(span)
            | Self::NoWords(span)
            | Self::Unclosed { span, .. }
            | Self::Missing { span, .. }
            | Self::UnknownField { span, .. }
            | Self::BadValue { span, .. }
            | Self::NoOrder { span, .. } => Some(*span),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::UnknownField { name, .. } if entities::kind(name).is_some() => {
                format!("`entity:VALUE` finds what names an entity; `{name}:VALUE` is for `entity`, `neighbors` and `timeline`")
            }
            Self::UnknownField { similar: Some(similar), .. } => format!("did you mean `{similar}`? quote the text to search for a colon"),
            Self::UnknownField { .. } | Self::BadDefault(_) => {
                let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
                format!("fields are {}; quote the text to search for a colon", names.join(", "))
            }
            Self::BadValue { similar: Some(similar), .. } => format!("did you mean `{similar}`?"),
            Self::BadValue { expected, .. } => format!("give {expected}"),
            Self::TooLong(_) | Self::TooDeep(_) | Self::TooManyTerms(_) => "search for less at a time".to_owned(),
            Self::Unclosed { expected: '"', .. } => "close the phrase; a quote inside a phrase is written twice".to_owned(),
            Self::Unclosed { expected, .. } => format!("add `{expected}`"),
            Self::Unopened(_) => "quote the text to search for brackets".to_owned(),
            Self::Missing { .. } => "add a term, or quote the word to search for it".to_owned(),
            Self::NoOrder { field, .. } => format!("write `{field}:value`; times, numbers and severities can be compared"),
            Self::Star(_) => "write the beginning of the word and `*`".to_owned(),
            Self::Distance(_) => "write a word and `~` for one slip, `~2` for two".to_owned(),
            Self::BadRange(_) => "write `[from TO to]`, or `{from TO to}` without the bounds; `*` for no bound".to_owned(),
            Self::NoWords(_) => "add letters or digits".to_owned(),
            Self::BadKind(_) => "leave the kind out to search incidents".to_owned(),
            Self::BadLimit { .. } => "ask for further hits with the cursor".to_owned(),
            Self::NotAlerts(_) => "ask for `kind=alert`, or leave the kind out".to_owned(),
            Self::WrongOrder { order: Order::Count, .. } => "give `group` too: `title`, `entity` or `rule`".to_owned(),
            Self::WrongOrder { expected, .. } => format!("give {expected}, or leave the order out"),
            Self::NoGrouping => "give the grouping that the key came from".to_owned(),
        }
    }
}

impl From<SearchError> for Fault {
    fn from(error: SearchError) -> Self {
        let fault = Self::new(FaultClass::Invalid, error.code(), error.to_string()).with_hint(error.hint());
        match error.span() {
            Some(span) => fault.at(span.start, span.end),
            None => fault,
        }
    }
}

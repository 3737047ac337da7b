//! A text against a list: `in~`, `has_any`, `has_all`.

use std::borrow::Cow;
use std::collections::HashSet;

use super::super::super::tree::ScalarType;
use super::super::Arguments;
use super::super::conversion::push_text;
use super::needle::{Case, Needle, Relation, folded, is_term, terms};

/// The texts of a list: all arguments from a place on, arrays taken apart.
pub(in super::super) fn listed<'a>(call: &'a Arguments, from: usize, row: usize) -> Vec<Cow<'a, str>> {
    let mut texts = Vec::new();
    for argument in from..call.len() {
        match call.kind(argument) {
            ScalarType::String | ScalarType::Guid => texts.push(Cow::Borrowed(call.text(argument, row))),
            ScalarType::Dynamic => {
                if let Some(json) = call.json(argument, row).and_then(|json| serde_json::from_str(json).ok()) {
                    push_json(&mut texts, json);
                }
            }
            _ if call.is_null(argument, row) => {}
            _ => {
                let mut text = String::new();
                push_text(&mut text, call, argument, row);
                texts.push(Cow::Owned(text));
            }
        }
    }
    texts
}

fn push_json(texts: &mut Vec<Cow<'_, str>>, json: serde_json::Value) {
    use serde_json::Value;
    match json {
        Value::Null => {}
        Value::String(text) => texts.push(Cow::Owned(text)),
        Value::Array(values) => values.into_iter().for_each(|value| push_json(texts, value)),
        other => texts.push(Cow::Owned(other.to_string())),
    }
}

/// From how many needles on the terms of a text are looked up instead of each needle being searched for.
const LOOKUP_MIN: usize = 6;

/// A list of needles of which any or all must be terms of a text.
#[derive(Debug)]
pub(in super::super) enum Terms<'a> {
    /// Few needles, or such that are not whole terms.
    Each(Vec<Needle<'a>>),
    /// Whole terms without case, and which lengths they have.
    Lookup { terms: HashSet<String>, lengths: u64 },
}

impl<'a> Terms<'a> {
    pub(in super::super) fn new(texts: &'a [Cow<'a, str>]) -> Self {
        if texts.len() >= LOOKUP_MIN && texts.iter().all(|text| is_term(text)) {
            let terms: HashSet<String> = texts.iter().map(|text| folded(text)).collect();
            let lengths = terms.iter().fold(0, |lengths, term| lengths | length_bit(term.len()));
            return Self::Lookup { terms, lengths };
        }
        Self::Each(texts.iter().map(|text| Needle::new(text, Relation::Term, Case::Folded)).collect())
    }

    /// Whether any of them is in the text.
    pub(in super::super) fn any(&self, text: &str, buffer: &mut String) -> bool {
        match self {
            Self::Each(needles) => needles.iter().any(|needle| needle.matches(text, buffer)),
            Self::Lookup { terms: wanted, lengths } => terms(text).any(|term| look_up(wanted, *lengths, term, buffer)),
        }
    }

    /// Whether all of them are in the text.
    pub(in super::super) fn all(&self, text: &str, buffer: &mut String) -> bool {
        match self {
            Self::Each(needles) => needles.iter().all(|needle| needle.matches(text, buffer)),
            Self::Lookup { terms: wanted, .. } => {
                let found: HashSet<String> = terms(text).map(folded).collect();
                wanted.is_subset(&found)
            }
        }
    }
}

fn length_bit(length: usize) -> u64 {
    1 << length.min(63)
}

fn look_up(wanted: &HashSet<String>, lengths: u64, term: &str, buffer: &mut String) -> bool {
    // Folding may change the length of letters outside ASCII.
    if term.is_ascii() && lengths & length_bit(term.len()) == 0 {
        return false;
    }
    buffer.clear();
    super::fold::push_folded(buffer, term);
    wanted.contains(buffer.as_str())
}

//! The patterns of `parse` and `parse-where`: compiled once, then matched row by row.
//!
//! A simple pattern is walked from part to part: a capture reaches to the next place of the text behind it. A pattern of regular expressions
//! becomes one expression. Both match the whole text.

use std::fmt::Write;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use regex::{CaptureLocations, Regex, RegexBuilder};

use super::super::bound::ParsePart;
use super::super::functions::KernelError;
use super::super::tree::{ParseKind, ScalarType};
use super::super::types::arrow_type;
use super::typed::TypedBuilder;

/// The field of the result that says whether a row matched.
pub const MATCHED: &str = "matched";
/// The size that a compiled expression may have.
const REGEX_BYTES_MAX: usize = 10 << 20;

/// A compiled pattern.
#[derive(Debug)]
pub struct Pattern {
    kinds: Vec<ScalarType>,
    /// Whether a capture that is no value of its type is null; else it makes the row one that does not match.
    relaxed: bool,
    matcher: Matcher,
    /// What it was made of.
    written: String,
}

#[derive(Debug)]
enum Matcher {
    Walk(Vec<ParsePart>),
    /// The expression and the groups of its captures.
    Regex(Regex, Vec<usize>),
}

impl Pattern {
    /// Compiles a pattern. Flags are letters of `imsU`, for regular expressions only.
    ///
    /// # Errors
    /// A regular expression that is none, or too large.
    pub fn new(kind: ParseKind, flags: &str, parts: &[ParsePart]) -> Result<Self, KernelError> {
        let kinds = parts.iter().filter_map(|part| if let ParsePart::Capture(kind) = part { Some(*kind) } else { None }).collect();
        let matcher = match kind {
            ParseKind::Simple | ParseKind::Relaxed => Matcher::Walk(parts.to_vec()),
            ParseKind::Regex => {
                let regex = regex(flags, parts)?;
                let named = regex.capture_names().enumerate().filter(|(_, name)| name.is_some_and(|name| name.starts_with(GROUP)));
                let groups = named.map(|(group, _)| group).collect();
                Matcher::Regex(regex, groups)
            }
        };
        Ok(Self { kinds, relaxed: kind == ParseKind::Relaxed, matcher, written: format!("{kind:?} {flags} {parts:?}") })
    }

    /// The types of the captures.
    pub fn kinds(&self) -> &[ScalarType] {
        &self.kinds
    }

    /// A column for each capture, and which rows matched. Where a row did not, all its captures are null.
    pub fn apply(&self, texts: &ArrayRef) -> (Vec<ArrayRef>, BooleanArray) {
        let texts = texts.as_string_view();
        let mut columns: Vec<TypedBuilder> = self.kinds.iter().map(|kind| TypedBuilder::new(*kind)).collect();
        let mut spans = Vec::with_capacity(columns.len());
        let mut locations = if let Matcher::Regex(regex, _) = &self.matcher { Some(regex.capture_locations()) } else { None };
        let matched = (0..texts.len())
            .map(|row| {
                let text = if texts.is_valid(row) { texts.value(row) } else { "" };
                spans.clear();
                let fits = self.find(text, &mut locations, &mut spans)
                    && (self.relaxed || columns.iter().zip(&spans).all(|(column, span)| column.reads(span)));
                for (place, column) in columns.iter_mut().enumerate() {
                    if !fits || !column.append_text(spans[place]) {
                        column.append_null();
                    }
                }
                Some(fits)
            })
            .collect();
        (columns.into_iter().map(TypedBuilder::finish).collect(), matched)
    }

    fn find<'a>(&self, text: &'a str, locations: &mut Option<CaptureLocations>, spans: &mut Vec<&'a str>) -> bool {
        match (&self.matcher, locations) {
            (Matcher::Regex(regex, groups), Some(locations)) => {
                if regex.captures_read(locations, text).is_none() {
                    return false;
                }
                spans.extend(groups.iter().map(|group| locations.get(*group).map_or("", |(start, end)| &text[start..end])));
                true
            }
            (Matcher::Walk(parts), _) => walk(parts, text, spans),
            (Matcher::Regex(..), None) => false,
        }
    }

    /// The pattern as a function of a text in a plan: it gives a struct of [`MATCHED`] and the captures, named by
    /// [`field_name`](super::super::aggregates::field_name).
    pub fn udf(self) -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::from(PatternUdf { pattern: Arc::new(self), signature: Signature::any(1, Volatility::Immutable) }))
    }
}

/// Walks a text from part to part; fails where a part is not there.
fn walk<'a>(parts: &[ParsePart], text: &'a str, spans: &mut Vec<&'a str>) -> bool {
    let mut rest = text;
    let mut skips = false;
    let mut place = 0;
    while let Some(part) = parts.get(place) {
        place += 1;
        match part {
            ParsePart::Star => skips = true,
            ParsePart::Text(wanted) => {
                // The last text stands at the end.
                let found = match (skips, place == parts.len()) {
                    (true, true) => {
                        if rest.ends_with(wanted.as_str()) {
                            Some(rest.len() - wanted.len())
                        } else {
                            None
                        }
                    }
                    (true, false) => rest.find(wanted.as_str()),
                    (false, _) => rest.starts_with(wanted.as_str()).then_some(0),
                };
                let Some(at) = found else { return false };
                rest = &rest[at + wanted.len()..];
                skips = false;
            }
            ParsePart::Capture(kind) => {
                if skips {
                    rest = &rest[start_of(*kind, rest)..];
                    skips = false;
                }
                let end = match parts.get(place) {
                    None => Some(rest.len()),
                    Some(ParsePart::Text(next)) if place + 1 == parts.len() => {
                        if rest.ends_with(next.as_str()) {
                            Some(rest.len() - next.len())
                        } else {
                            None
                        }
                    }
                    Some(ParsePart::Text(next)) => rest.find(next.as_str()),
                    Some(ParsePart::Star | ParsePart::Capture(_)) => Some(length_of(*kind, rest)),
                };
                let Some(end) = end else { return false };
                spans.push(&rest[..end]);
                rest = &rest[end..];
            }
        }
    }
    skips || rest.is_empty()
}

fn is_number(kind: ScalarType) -> bool {
    matches!(kind, ScalarType::Int | ScalarType::Long | ScalarType::Real | ScalarType::Decimal)
}

/// Where a value starts behind text that is passed over.
fn start_of(kind: ScalarType, text: &str) -> usize {
    if !is_number(kind) {
        return 0;
    }
    let digit = text.find(|letter: char| letter.is_ascii_digit()).unwrap_or(0);
    if digit > 0 && matches!(text.as_bytes()[digit - 1], b'-' | b'+') { digit - 1 } else { digit }
}

/// The length of a value that no text ends.
fn length_of(kind: ScalarType, text: &str) -> usize {
    let is_real = matches!(kind, ScalarType::Real | ScalarType::Decimal);
    match kind {
        ScalarType::String | ScalarType::Dynamic => text.len(),
        _ if is_number(kind) => {
            let inside = |(at, letter): (usize, char)| {
                letter.is_ascii_digit()
                    || (at == 0 && matches!(letter, '-' | '+'))
                    || (is_real && matches!(letter, '.' | 'e' | 'E' | '-' | '+'))
            };
            text.char_indices().find(|place| !inside(*place)).map_or(text.len(), |(at, _)| at)
        }
        _ => text.find(char::is_whitespace).unwrap_or(text.len()),
    }
}

/// The start of the names of the groups that are captures; groups of the pattern itself have others.
const GROUP: &str = "clew_capture_";

fn regex(flags: &str, parts: &[ParsePart]) -> Result<Regex, KernelError> {
    let mut pattern = String::from("^");
    let mut captures = 0;
    for part in parts {
        match part {
            ParsePart::Star => pattern.push_str(".*?"),
            ParsePart::Text(text) => pattern.extend(["(?:", text, ")"]),
            ParsePart::Capture(kind) => {
                let value = match kind {
                    ScalarType::Int | ScalarType::Long => r"\s*[-+]?\d+\s*",
                    ScalarType::Real | ScalarType::Decimal => r"\s*[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?\s*",
                    _ => ".*",
                };
                let _ = write!(pattern, "(?P<{GROUP}{captures}>{value})");
                captures += 1;
            }
        }
    }
    pattern.push('$');
    let has = |flag| flags.contains(flag);
    RegexBuilder::new(&pattern)
        .case_insensitive(has('i'))
        .multi_line(has('m'))
        .dot_matches_new_line(has('s'))
        .swap_greed(has('U'))
        .size_limit(REGEX_BYTES_MAX)
        .build()
        .map_err(|error| KernelError::new(format!("the pattern of `parse` is no regular expression: {error}")))
}

#[derive(Debug)]
struct PatternUdf {
    pattern: Arc<Pattern>,
    signature: Signature,
}

impl PartialEq for PatternUdf {
    fn eq(&self, other: &Self) -> bool {
        self.pattern.written == other.pattern.written
    }
}

impl Eq for PatternUdf {}

impl Hash for PatternUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.pattern.written.hash(state);
    }
}

impl PatternUdf {
    fn fields(&self) -> Fields {
        let captures = self.pattern.kinds.iter().enumerate();
        let captures = captures.map(|(place, kind)| Field::new(super::super::aggregates::field_name(place), arrow_type(*kind), true));
        [Field::new(MATCHED, DataType::Boolean, false)].into_iter().chain(captures).collect()
    }
}

impl ScalarUDFImpl for PatternUdf {
    fn name(&self) -> &str {
        "parse"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(self.fields()))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [text] = call.args.as_slice() else {
            return Err(DataFusionError::Internal("a pattern is called with one text".to_owned()));
        };
        let texts = text.to_array(call.number_rows)?;
        let texts = if *texts.data_type() == DataType::Utf8View { texts } else { arrow::compute::cast(&texts, &DataType::Utf8View)? };
        let (captures, matched) = self.pattern.apply(&texts);
        let columns = [Arc::new(matched) as ArrayRef].into_iter().chain(captures).collect();
        Ok(ColumnarValue::Array(Arc::new(StructArray::try_new(self.fields(), columns, None)?)))
    }
}

//! Regular expressions: the RE2 dialect of the language on Rust's, compiled once, and the functions that take one.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use ::regex::{Captures, Regex, RegexBuilder};
use arrow::array::ArrayRef;

use super::super::tree::ScalarType;
use super::super::values::write;
use super::json::{self, ArrayWriter};
use super::{
    Arguments, Column, Family, Function, KernelError, Overload, Parameter, Returns, Takes, budget, conversion_to, takes, takes_as_text,
    takes_constant,
};
use ScalarType::{Dynamic, Long, String as Text};

type Result<T = ArrayRef> = std::result::Result<T, KernelError>;

/// Expressions that are kept compiled.
const KEPT_MAX: usize = 256;
/// Bytes that one compiled expression may take.
const COMPILED_BYTES_MAX: usize = 32 << 20;
/// Texts that [`extract_all`] may take from one match.
const GROUPS_MAX: usize = 16;

const REGEX: Parameter = takes("regex", Text);
const SOURCE: Parameter = takes("source", Text);
const TYPE: Parameter = Parameter { name: "type", takes: Takes::TypeName, constant: true };

const fn function(name: &'static str, summary: &'static str, overloads: &'static [Overload]) -> Function {
    Function::new(name, Family::Text, summary, overloads)
}

/// The functions of this family.
pub(super) static FUNCTIONS: &[Function] = &[
    function(
        "extract",
        "Gives a group of the first match, converted to a type if one is named.",
        &[Overload::new(&[REGEX, takes("group", Long), SOURCE, TYPE], Text, extract).optional(1).returning(Returns::Named(Text))],
    ),
    function(
        "extract_all",
        "Gives the groups of all matches: an array of texts for one group, of arrays for several; null if nothing matches.",
        &[
            Overload::new(&[REGEX, SOURCE], Dynamic, extract_all),
            Overload::new(&[REGEX, takes_constant("groups", Dynamic), SOURCE], Dynamic, extract_all),
        ],
    )
    .aliases(&["extractall"]),
    function(
        "replace_regex",
        r"Replaces all matches; `\1` stands for the first group, `\0` for the match.",
        &[Overload::new(&[SOURCE, REGEX, takes("rewrite", Text)], Text, replace_regex)],
    ),
    function(
        "replace",
        r"Replaces all matches of the first argument in the last; `replace_regex` with another order.",
        &[Overload::new(&[REGEX, takes("rewrite", Text), SOURCE], Text, replace)],
    ),
    function(
        "indexof_regex",
        "Gives the place of a match, counted in letters; -1 if there is none.",
        &[Overload::new(
            &[takes_as_text("source"), REGEX, takes("start", Long), takes("length", Long), takes("occurrence", Long)],
            Long,
            index_of,
        )
        .optional(3)],
    ),
    function(
        "trim",
        "Takes a match off the start and off the end of a text.",
        &[Overload::new(&[REGEX, SOURCE], Text, |call| trim(call, true, true))],
    ),
    function(
        "trim_start",
        "Takes a match off the start of a text.",
        &[Overload::new(&[REGEX, SOURCE], Text, |call| trim(call, true, false))],
    ),
    function("trim_end", "Takes a match off the end of a text.", &[Overload::new(&[REGEX, SOURCE], Text, |call| trim(call, false, true))]),
    function(
        "regex_quote",
        "Escapes all letters that mean something in a regular expression.",
        &[Overload::new(&[takes_as_text("source")], Text, quote)],
    ),
];

/// The compiled expression, kept for the next call.
pub(super) fn compiled(pattern: &str) -> Result<Arc<Regex>> {
    static KEPT: LazyLock<Mutex<HashMap<String, Arc<Regex>>>> = LazyLock::new(Mutex::default);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = kept.get(pattern) {
        return Ok(Arc::clone(regex));
    }
    let regex = RegexBuilder::new(&translated(pattern)).size_limit(COMPILED_BYTES_MAX).build();
    let regex = Arc::new(regex.map_err(|error| KernelError::new(refusal(pattern, &error)))?);
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(pattern.to_owned(), Arc::clone(&regex));
    Ok(regex)
}

/// Why an expression is none, in one line.
fn refusal(pattern: &str, error: &::regex::Error) -> String {
    let why = match error {
        ::regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        other => other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    };
    format!("expected a regular expression, found `{pattern}`: {why}")
}

/// RE2 as Rust's dialect reads it. What is the same in both stays.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(letter) = rest.chars().next() {
        let tail = &rest[letter.len_utf8()..];
        rest = match letter {
            '\\' => escape(&mut out, tail),
            '[' if in_class && !tail.starts_with(':') => {
                out.push_str(r"\[");
                tail
            }
            '[' if in_class => match tail.find(":]") {
                Some(at) => {
                    out.push_str(&rest[..at + 3]);
                    &tail[at + 2..]
                }
                None => {
                    out.push_str(r"\[");
                    tail
                }
            },
            '[' => {
                in_class = true;
                out.push('[');
                let tail = tail.strip_prefix('^').inspect(|_| out.push('^')).unwrap_or(tail);
                // A bracket that closes at once is a letter.
                tail.strip_prefix(']').inspect(|_| out.push_str(r"\]")).unwrap_or(tail)
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
                tail
            }
            // Twice, these are operations on classes in Rust's dialect.
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(letter);
                tail
            }
            '-' if in_class && tail.starts_with('-') => {
                out.push_str(r"\-");
                tail
            }
            '{' if !in_class && !is_repetition(tail) => {
                out.push_str(r"\{");
                tail
            }
            _ => {
                out.push(letter);
                tail
            }
        };
    }
    out
}

/// Translates what stands behind a backslash and gives what is left.
fn escape<'a>(out: &mut String, tail: &'a str) -> &'a str {
    let Some(letter) = tail.chars().next() else {
        out.push('\\');
        return tail;
    };
    let rest = &tail[letter.len_utf8()..];
    match letter {
        'Q' => {
            let (quoted, rest) = rest.split_once(r"\E").unwrap_or((rest, ""));
            out.push_str(&::regex::escape(quoted));
            rest
        }
        '0'..='7' => {
            let length = tail.bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            let code = u32::from_str_radix(&tail[..length], 8).unwrap_or_default();
            out.push_str(&format!(r"\x{{{code:x}}}"));
            &tail[length..]
        }
        // Edges of words in Rust's dialect; no letter outside ASCII may have a backslash there.
        '<' | '>' | '_' | '\u{80}'.. => {
            out.push(letter);
            rest
        }
        _ => {
            out.push('\\');
            out.push(letter);
            // The braces of a class or a code belong to it.
            match rest.strip_prefix('{').filter(|_| matches!(letter, 'p' | 'P' | 'x')).and_then(|inner| inner.find('}')) {
                Some(at) => {
                    out.push_str(&rest[..at + 2]);
                    &rest[at + 2..]
                }
                None => rest,
            }
        }
    }
}

/// Whether `n}`, `n,}` or `n,m}` follows.
fn is_repetition(tail: &str) -> bool {
    let Some((inner, _)) = tail.split_once('}') else { return false };
    let (from, to) = inner.split_once(',').unwrap_or((inner, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !from.is_empty() && is_number(from) && is_number(to)
}

/// Expressions by row: one for all, or each looked up again.
enum Patterns<'a> {
    One(Arc<Regex>),
    Each(super::arguments::Texts<'a>),
}

impl<'a> Patterns<'a> {
    fn new(call: &'a Arguments, argument: usize) -> Result<Self> {
        Ok(match call.constant_text(argument) {
            Some(pattern) => Self::One(compiled(pattern)?),
            None => Self::Each(call.text_column(argument)),
        })
    }

    fn at(&self, row: usize) -> Result<Arc<Regex>> {
        match self {
            Self::One(regex) => Ok(Arc::clone(regex)),
            Self::Each(patterns) => compiled(patterns.value(row)),
        }
    }
}

/// Computes all rows and stops at the first error.
fn rows<T>(call: &Arguments, value: impl FnMut(usize) -> Result<T>) -> Result<Vec<T>> {
    (0..call.rows).map(value).collect()
}

pub(super) fn matches_regex(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    let matched = match Patterns::new(call, 1)? {
        Patterns::One(regex) => return Ok(call.truths(|row| regex.is_match(texts.value(row)))),
        each => rows(call, |row| Ok(each.at(row)?.is_match(texts.value(row))))?,
    };
    Ok(call.truths(|row| matched[row]))
}

fn extract(call: &Arguments) -> Result {
    let (patterns, sources) = (Patterns::new(call, 0)?, call.text_column(2));
    let found = rows(call, |row| {
        let regex = patterns.at(row)?;
        let group = call.long(1, row).and_then(|group| usize::try_from(group).ok()).filter(|group| *group < regex.captures_len());
        let Some(group) = group else {
            let last = regex.captures_len() - 1;
            return Err(KernelError::new(format!("expected a group from 0 to {last} of `{}` in extract()", regex.as_str())));
        };
        Ok(match group {
            0 => regex.find(sources.value(row)),
            _ => regex.captures(sources.value(row)).and_then(|captures| captures.get(group)),
        }
        .map(|found| found.as_str()))
    })?;
    let texts = call.texts(|row| found[row]);
    if call.returns == Text {
        return Ok(texts);
    }
    if call.returns == Dynamic {
        return Ok(call.jsons(|row| found[row].map(|text| if is_json(text) { text.to_owned() } else { write::json_string(text) })));
    }
    let converted = conversion_to(call.returns).choose(&[Text], None).map(|chosen| chosen.overload.body);
    let Some(super::Body::Kernel(kernel)) = converted else {
        return Err(KernelError::new(format!("extract() gives no {}", call.returns.as_str())));
    };
    let column = Column { kind: Text, values: texts, constant: false };
    kernel(&Arguments { rows: call.rows, columns: &[column], returns: call.returns })
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn extract_all(call: &Arguments) -> Result {
    let (patterns, sources) = (Patterns::new(call, 0)?, call.text_column(call.len() - 1));
    let listed = if call.len() == 3 { call.json(1, 0) } else { None };
    let mut failed = None;
    let found = call.jsons(|row| {
        if failed.is_some() {
            return None;
        }
        let groups = patterns.at(row).and_then(|regex| Ok((groups(&regex, listed)?, regex)));
        let (groups, regex) = groups.map_err(|error| failed = Some(error)).ok()?;
        let mut matches = regex.captures_iter(sources.value(row)).peekable();
        matches.peek()?;
        let mut out = ArrayWriter::default();
        matches.for_each(|captures| write_captured(&mut out, &captures, &groups));
        Some(out.finish())
    });
    failed.map_or(Ok(found), Err)
}

/// Writes the groups of one match: the only one as a text, several as an array.
fn write_captured(out: &mut ArrayWriter, captures: &Captures<'_>, groups: &[usize]) {
    let text = |group: usize| captures.get(group).map_or("", |found| found.as_str());
    match groups {
        [group] => json::string(out.begin(), text(*group)),
        _ => {
            let mut inner = ArrayWriter::default();
            groups.iter().for_each(|group| json::string(inner.begin(), text(*group)));
            out.push(&inner.finish());
        }
    }
}

/// The groups that are wanted: by number or name, else all.
fn groups(regex: &Regex, listed: Option<&str>) -> Result<Vec<usize>> {
    let count = regex.captures_len() - 1;
    let Some(listed) = listed else {
        if (1..=GROUPS_MAX).contains(&count) {
            return Ok((1..=count).collect());
        }
        return Err(KernelError::new(format!("expected 1 to {GROUPS_MAX} groups in the expression of extract_all(), found {count}")));
    };
    let listed: Vec<serde_json::Value> = serde_json::from_str(listed).unwrap_or_default();
    let group = |wanted: &serde_json::Value| {
        let group = match wanted {
            serde_json::Value::String(name) => regex.capture_names().position(|found| found == Some(name.as_str())),
            number => number.as_u64().and_then(|number| usize::try_from(number).ok()).filter(|number| *number <= count),
        };
        group.ok_or_else(|| KernelError::new(format!("expected a group of `{}` in extract_all(), found {wanted}", regex.as_str())))
    };
    if listed.is_empty() {
        return Err(KernelError::new("expected an array of groups in extract_all()"));
    }
    listed.iter().map(group).collect()
}

fn replace_regex(call: &Arguments) -> Result {
    replaced(call, 0, 1, 2)
}

fn replace(call: &Arguments) -> Result {
    replaced(call, 2, 0, 1)
}

fn replaced(call: &Arguments, source: usize, regex: usize, rewrite: usize) -> Result {
    let (patterns, sources, rewrites) = (Patterns::new(call, regex)?, call.text_column(source), call.text_column(rewrite));
    call.try_texts(|row| {
        let (regex, rewrite, refers) = (patterns.at(row)?, rewrites.value(row), rewrites.value(row).contains('\\'));
        let mut written = 0_usize;
        let replaced = regex.replace_all(sources.value(row), |captures: &Captures<'_>| {
            if written > budget::EXPRESSION_BYTES_MAX && budget::exceed() {
                return Cow::Borrowed("");
            }
            let text = if refers { Cow::Owned(rewritten(rewrite, captures)) } else { Cow::Borrowed(rewrite) };
            written += text.len();
            text
        });
        Ok(replaced)
    })
}

/// The replacement of one match.
fn rewritten(rewrite: &str, captures: &Captures<'_>) -> String {
    let mut out = String::new();
    let mut letters = rewrite.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        if out.len() > budget::EXPRESSION_BYTES_MAX && budget::exceed() {
            break;
        }
        match letters.next() {
            Some(digit) if digit.is_ascii_digit() => {
                let group = digit.to_digit(10).and_then(|group| usize::try_from(group).ok()).unwrap_or_default();
                out.push_str(captures.get(group).map_or("", |found| found.as_str()));
            }
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

fn trim(call: &Arguments, start: bool, end: bool) -> Result {
    let anchored = |pattern: &str| Ok::<_, KernelError>((compiled(&format!("^(?:{pattern})"))?, compiled(&format!("(?:{pattern})$"))?));
    let constant = call.constant_text(0).map(anchored).transpose()?;
    let (patterns, sources) = (call.text_column(0), call.text_column(1));
    let texts = rows(call, |row| {
        let (at_start, at_end) = match &constant {
            Some((at_start, at_end)) => (Arc::clone(at_start), Arc::clone(at_end)),
            None => anchored(patterns.value(row))?,
        };
        let mut text = sources.value(row);
        if start && let Some(found) = at_start.find(text) {
            text = &text[found.end()..];
        }
        if end && let Some(found) = at_end.find(text) {
            text = &text[..found.start()];
        }
        Ok(text)
    })?;
    Ok(call.texts(|row| Some(texts[row])))
}

fn quote(call: &Arguments) -> Result {
    let sources = call.text_column(0);
    Ok(call.texts(|row| Some(::regex::escape(sources.value(row)))))
}

/// How many matches a text has that do not overlap.
pub(super) fn count(text: &str, pattern: &str) -> Result<usize> {
    Ok(compiled(pattern)?.find_iter(text).filter(|found| !found.is_empty()).count())
}

fn index_of(call: &Arguments) -> Result {
    let (sources, patterns) = (call.text_column(0), Patterns::new(call, 1)?);
    let places = rows(call, |row| {
        let regex = patterns.at(row)?;
        let find = |text: &str| regex.find(text).map(|found| (found.start(), found.end().max(found.start() + 1)));
        Ok(super::text::place_of(call, row, sources.value(row), true, find))
    })?;
    Ok(call.longs(|row| places[row]))
}

//! Texts: joined, cut, searched, replaced. Lengths and places count letters (code points).

mod codes;
mod cut;
mod place;
mod replace;
mod structure;

use arrow::array::{Array, ArrayRef, AsArray};

use super::super::tree::ScalarType;
use super::conversion::push_text;
use super::{
    Arguments, Family, Function, KernelError, Overload, Parameter, TextsBuilder, budget, matching, takes, takes_any, takes_as_text,
    takes_constant,
};
use ScalarType::{Bool, Dynamic, Long, Real, String as Text};

pub(super) use place::place_of;

type Result = std::result::Result<ArrayRef, KernelError>;

const TEXT: Parameter = takes("text", Text);
const ANY: Parameter = takes_any("value");
const AS_TEXT: Parameter = takes_as_text("value");
const DELIMITER: Parameter = takes("delimiter", Text);

const fn function(name: &'static str, summary: &'static str, overloads: &'static [Overload]) -> Function {
    Function::new(name, Family::Text, summary, overloads)
}

/// The functions of this family.
pub(super) static FUNCTIONS: &[Function] = &[
    function("strcat", "Joins values as texts.", &[Overload::new(&[ANY], Text, |call| joined(call, 0)).repeating(1)]),
    function(
        "strcat_delim",
        "Joins values as texts with a delimiter between.",
        &[Overload::new(&[DELIMITER, ANY], Text, |call| joined(call, 1)).repeating(1)],
    ),
    function("strlen", "Counts the letters of a text.", &[Overload::new(&[TEXT], Long, length)]),
    function("string_size", "Counts the bytes of a text in UTF-8.", &[Overload::new(&[TEXT], Long, size)]),
    function("isempty", "Whether a text is empty or a value null.", &[Overload::new(&[ANY], Bool, |call| is_empty(call, false))]),
    function(
        "isnotempty",
        "Whether a text is not empty and a value not null.",
        &[Overload::new(&[ANY], Bool, |call| is_empty(call, true))],
    )
    .aliases(&["notempty"]),
    function("isascii", "Whether a text holds ASCII letters only.", &[Overload::new(&[AS_TEXT], Bool, |call| holds(call, str::is_ascii))]),
    function(
        "isutf8",
        "Whether a text is valid UTF-8, which every text here is.",
        &[Overload::new(&[AS_TEXT], Bool, |call| holds(call, |_| true))],
    ),
    function(
        "tolower",
        "Gives a text in small letters.",
        &[Overload::new(&[AS_TEXT], Text, |call| mapped(call, matching::lower, str::make_ascii_lowercase))],
    ),
    function(
        "toupper",
        "Gives a text in capital letters.",
        &[Overload::new(&[AS_TEXT], Text, |call| mapped(call, matching::upper, str::make_ascii_uppercase))],
    ),
    function("reverse", "Gives the letters of a value from the last to the first.", &[Overload::new(&[AS_TEXT], Text, reverse)]),
    function(
        "strrep",
        "Repeats a value, at most 1,024 times.",
        &[Overload::new(&[AS_TEXT, takes("times", Long), DELIMITER], Text, repeat).optional(1)],
    ),
    function("strcmp", "Compares two texts: -1, 0 or 1.", &[Overload::new(&[AS_TEXT, takes_as_text("other")], Long, compare)]),
    function(
        "substring",
        "Gives the letters from a place on, counted from the end if below zero.",
        &[Overload::new(&[AS_TEXT, takes("start", Long), takes("length", Long)], Text, cut::substring).optional(1)],
    ),
    function(
        "split",
        "Gives the pieces between delimiters as an array, or an array of the one piece asked for.",
        &[Overload::new(&[AS_TEXT, DELIMITER, takes("index", Long)], Dynamic, cut::split).optional(1)],
    ),
    function(
        "indexof",
        "Gives the place of a text in another, counted in letters; -1 if it is not there.",
        &[Overload::new(
            &[AS_TEXT, takes_as_text("searched"), takes("start", Long), takes("length", Long), takes("occurrence", Long)],
            Long,
            place::index_of,
        )
        .optional(3)],
    ),
    function(
        "countof",
        "Counts where a text stands in another, overlaps included, or the matches of a regular expression.",
        &[Overload::new(&[TEXT, takes("searched", Text), takes_constant("kind", Text)], Long, place::count_of).optional(1)],
    ),
    function(
        "has_any_index",
        "Gives the place of the first listed term that a text has; -1 if it has none.",
        &[Overload::new(&[AS_TEXT, takes("listed", Dynamic)], Long, place::has_any_index)],
    ),
    function(
        "replace_string",
        "Replaces a text wherever it stands.",
        &[Overload::new(&[TEXT, takes("searched", Text), takes("rewrite", Text)], Text, replace::replace_string)],
    ),
    function(
        "replace_strings",
        "Replaces each text of a list by that of another; what an earlier one matches is not looked at again.",
        &[Overload::new(&[TEXT, takes("searched", Dynamic), takes("rewrites", Dynamic)], Text, replace::replace_strings)],
    ),
    function(
        "translate",
        "Replaces letters of a list by those of another; the last stands for all that are missing.",
        &[Overload::new(&[takes("searched", Text), takes("rewrites", Text), TEXT], Text, replace::translate)],
    ),
    function(
        "unicode_codepoints_from_string",
        "Gives the codes of the letters as an array.",
        &[Overload::new(&[AS_TEXT], Dynamic, codes::from_string)],
    )
    .aliases(&["to_utf8"]),
    function(
        "unicode_codepoints_to_string",
        "Gives the letters of codes; arrays are taken apart.",
        &[Overload::new(&[takes_any("code")], Text, codes::to_string).repeating(1)],
    )
    .aliases(&["make_string"]),
    function(
        "parse_csv",
        "Gives the values of the first record of a CSV text as an array.",
        &[Overload::new(&[TEXT], Dynamic, structure::csv)],
    ),
    function("parse_path", "Gives the parts of a path of a file as a bag.", &[Overload::new(&[TEXT], Dynamic, structure::path)]),
    function(
        "parse_command_line",
        "Gives the arguments of a command line of Windows as an array.",
        &[Overload::new(&[AS_TEXT, takes_constant("parser", Text)], Dynamic, structure::command_line)],
    ),
    function(
        "format_bytes",
        "Writes a size with its unit.",
        &[Overload::new(&[takes("size", Real), takes("precision", Long), takes("unit", Text)], Text, structure::format_bytes).optional(2)],
    ),
];

/// The arguments from `first` on, with the first of all between them if that is the delimiter.
fn joined(call: &Arguments, first: usize) -> Result {
    let is_text = |argument: usize| matches!(call.kind(argument), Text | ScalarType::Guid);
    let columns: Vec<_> = (0..call.len()).map(|argument| is_text(argument).then(|| call.text_column(argument))).collect();
    let mut built = TextsBuilder::new(call.rows);
    let mut text = String::new();
    for row in 0..call.rows {
        if !built.room() {
            break;
        }
        text.clear();
        for (argument, column) in columns.iter().enumerate().skip(first) {
            if text.len() > budget::EXPRESSION_BYTES_MAX && budget::exceed() {
                break;
            }
            if argument > first && first == 1 {
                text.push_str(call.text(0, row));
            }
            match column {
                Some(texts) => text.push_str(texts.value(row)),
                None => push_text(&mut text, call, argument, row),
            }
        }
        built.append(&text);
    }
    Ok(built.finish())
}

fn count(length: usize) -> Option<i64> {
    i64::try_from(length).ok()
}

fn length(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.longs(|row| {
        let text = texts.value(row);
        count(if text.is_ascii() { text.len() } else { text.chars().count() })
    }))
}

fn size(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.longs(|row| count(texts.value(row).len())))
}

fn is_empty(call: &Arguments, negated: bool) -> Result {
    if call.kind(0) != Text {
        let is_nothing =
            |row: usize| call.is_null(0, row) || (call.kind(0) == Dynamic && matches!(call.text(0, row).trim(), "" | "null" | "\"\""));
        return Ok(call.truths(|row| is_nothing(row) != negated));
    }
    // The length of a view is in its lowest bits: no text is looked at.
    let values = call.columns[0].values.as_string_view();
    let is_constant = call.columns[0].constant;
    Ok(call.truths(|row| {
        let row = if is_constant { 0 } else { row };
        (values.is_null(row) || values.views()[row] as u32 == 0) != negated
    }))
}

fn holds(call: &Arguments, rule: fn(&str) -> bool) -> Result {
    let texts = call.text_column(0);
    Ok(call.truths(|row| rule(texts.value(row))))
}

fn mapped(call: &Arguments, letter: fn(char) -> char, ascii: fn(&mut str)) -> Result {
    let texts = call.text_column(0);
    let mut built = TextsBuilder::new(call.rows);
    let mut text = String::new();
    for row in 0..call.rows {
        if !built.room() {
            break;
        }
        text.clear();
        let value = texts.value(row);
        if value.is_ascii() {
            text.push_str(value);
            ascii(&mut text);
        } else {
            text.extend(value.chars().map(letter));
        }
        built.append(&text);
    }
    Ok(built.finish())
}

fn reverse(call: &Arguments) -> Result {
    Ok(call.texts(|row| Some(call.text(0, row).chars().rev().collect::<String>())))
}

/// How often a text is repeated at most.
const REPEATS_MAX: usize = 1024;

fn repeat(call: &Arguments) -> Result {
    call.try_texts(|row| {
        let (text, delimiter) = (call.text(0, row), if call.len() > 2 { call.text(2, row) } else { "" });
        let times = call.long(1, row).map_or(0, |times| usize::try_from(times).unwrap_or(0)).min(REPEATS_MAX);
        budget::fits(text.len().saturating_add(delimiter.len()), times)?;
        Ok(vec![text; times].join(delimiter))
    })
}

fn compare(call: &Arguments) -> Result {
    let (left, right) = (call.text_column(0), call.text_column(1));
    Ok(call.longs(|row| Some(left.value(row).cmp(right.value(row)) as i64)))
}

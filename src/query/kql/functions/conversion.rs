//! Conversions between types: what does not fit is null, nothing fails.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::ArrayRef;

use super::super::tree::ScalarType;
use super::super::types::{DECIMAL_SCALE, LAST_TICK};
use super::super::values::{read, write};
use super::{Arguments, Family, Function, KernelError, Overload, Parameter, Takes, TextsBuilder, takes, takes_any};
use ScalarType::{Bool, DateTime, Decimal, Dynamic, Guid, Int, Long, Real, String as Text, Timespan};

type Result = std::result::Result<ArrayRef, KernelError>;

/// Unscaled value of the decimal 1.
const DECIMAL_ONE: i128 = 10_i128.pow(DECIMAL_SCALE.unsigned_abs() as u32);

const fn form(parameters: &'static [Parameter], returns: ScalarType, kernel: super::Kernel) -> Overload {
    Overload::new(parameters, returns, kernel)
}

const fn function(name: &'static str, summary: &'static str, overloads: &'static [Overload]) -> Function {
    Function::new(name, Family::Conversion, summary, overloads)
}

const NUMBER: Parameter = Parameter { name: "value", takes: Takes::Number, constant: false };
const TEXT: Parameter = takes("value", Text);
const JSON: Parameter = takes("value", Dynamic);
const TRUTH: Parameter = takes("value", Bool);
const INSTANT: Parameter = takes("value", DateTime);
const DURATION: Parameter = takes("value", Timespan);
const IDENTIFIER: Parameter = takes("value", Guid);

/// The functions of this family.
pub(super) static FUNCTIONS: &[Function] = &[
    function("tostring", "Gives a value as text; null is the empty text.", &[form(&[takes_any("value")], Text, to_string)]),
    function(
        "toint",
        "Converts to a 32-bit integer, towards zero; null if a text is no integer.",
        &[form(&[TEXT], Int, to_int), form(&[NUMBER], Int, to_int), form(&[TRUTH], Int, to_int), form(&[JSON], Int, to_int)],
    ),
    function(
        "tolong",
        "Converts to a 64-bit integer, towards zero; times become ticks of 100 ns.",
        &[
            form(&[TEXT], Long, to_long),
            form(&[NUMBER], Long, to_long),
            form(&[TRUTH], Long, to_long),
            form(&[INSTANT], Long, to_long),
            form(&[DURATION], Long, to_long),
            form(&[JSON], Long, to_long),
        ],
    ),
    function(
        "toreal",
        "Converts to a 64-bit float; times become ticks of 100 ns.",
        &[
            form(&[TEXT], Real, to_real),
            form(&[NUMBER], Real, to_real),
            form(&[TRUTH], Real, to_real),
            form(&[INSTANT], Real, to_real),
            form(&[DURATION], Real, to_real),
            form(&[JSON], Real, to_real),
        ],
    )
    .aliases(&["todouble"]),
    function(
        "todecimal",
        "Converts to a decimal.",
        &[form(&[TEXT], Decimal, to_decimal), form(&[NUMBER], Decimal, to_decimal), form(&[JSON], Decimal, to_decimal)],
    )
    .differs("A decimal keeps 14 digits behind the point."),
    function(
        "tobool",
        "Converts to a truth: `true`, `false` or an integer.",
        &[form(&[TEXT], Bool, to_bool), form(&[TRUTH], Bool, to_bool), form(&[NUMBER], Bool, to_bool), form(&[JSON], Bool, to_bool)],
    )
    .aliases(&["toboolean"]),
    function(
        "todatetime",
        "Converts to an instant: ISO 8601, RFC 822, RFC 850, month first with slashes, or ticks.",
        &[
            form(&[TEXT], DateTime, to_datetime),
            form(&[INSTANT], DateTime, to_datetime),
            form(&[takes("ticks", Long)], DateTime, to_datetime),
            form(&[JSON], DateTime, to_datetime),
        ],
    ),
    function(
        "totimespan",
        "Converts to a duration: `1.02:03:04.5`, `90m` or ticks.",
        &[
            form(&[TEXT], Timespan, to_timespan),
            form(&[DURATION], Timespan, to_timespan),
            form(&[takes("ticks", Long)], Timespan, to_timespan),
            form(&[JSON], Timespan, to_timespan),
        ],
    )
    .aliases(&["totime"]),
    function(
        "toguid",
        "Converts to a GUID; null if the text is none.",
        &[form(&[TEXT], Guid, to_guid), form(&[IDENTIFIER], Guid, to_guid), form(&[JSON], Guid, to_guid)],
    ),
    function("gettype", "Names the type of a value; that of the content for `dynamic`.", &[form(&[takes_any("value")], Text, get_type)]),
];

/// The function that converts a value to a type; `dynamic` takes `todynamic`, which belongs to another family.
pub fn conversion_to(kind: ScalarType) -> &'static Function {
    let name = match kind {
        Bool => "tobool",
        DateTime => "todatetime",
        Decimal => "todecimal",
        Dynamic => "todynamic",
        Guid => "toguid",
        Int => "toint",
        Long => "tolong",
        Real => "toreal",
        Text => "tostring",
        Timespan => "totimespan",
    };
    super::find(name).expect("each type has its conversion in the table")
}

/// What the JSON text of a dynamic value holds, as far as conversions care.
enum Scalar<'a> {
    Text(Cow<'a, str>),
    Bool(bool),
    Long(i64),
    Real(f64),
    /// An array or a bag.
    Other,
}

fn scalar(json: &str) -> Option<Scalar<'_>> {
    let json = json.trim();
    Some(match json.as_bytes().first()? {
        b'"' => Scalar::Text(string(json)?),
        b't' => Scalar::Bool(true),
        b'f' => Scalar::Bool(false),
        b'n' => return None,
        b'[' | b'{' => Scalar::Other,
        _ => match json.parse() {
            Ok(long) => Scalar::Long(long),
            Err(_) => Scalar::Real(json.parse().ok()?),
        },
    })
}

/// The content of a JSON string.
fn string(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(json).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// Runs over the rows of a text, be it that of a dynamic string.
fn text_or<T>(
    call: &Arguments,
    row: usize,
    from_text: impl Fn(&str) -> Option<T>,
    from_scalar: impl Fn(Scalar<'_>) -> Option<T>,
) -> Option<T> {
    if call.kind(0) != Dynamic {
        return from_text(call.text(0, row));
    }
    match scalar(call.json(0, row)?)? {
        Scalar::Text(text) => from_text(&text),
        other => from_scalar(other),
    }
}

fn long_of(scalar: Scalar<'_>) -> Option<i64> {
    match scalar {
        Scalar::Bool(value) => Some(i64::from(value)),
        Scalar::Long(value) => Some(value),
        Scalar::Real(value) => truncated(value),
        Scalar::Text(_) | Scalar::Other => None,
    }
}

/// A float towards zero; one that is too large is the largest.
fn truncated(value: f64) -> Option<i64> {
    // `as` stops at the ends of the range, which is what is wanted here.
    (!value.is_nan()).then_some(value as i64)
}

fn decimal_to_i128(unscaled: i128) -> i128 {
    unscaled / DECIMAL_ONE
}

/// The lowest 32 bits: an integer that is too large wraps around.
fn wrapped(value: i64) -> i32 {
    value as i32
}

fn to_int(call: &Arguments) -> Result {
    let from_text = |text: &str| read::long(text.trim()).and_then(|value| i32::try_from(value).ok());
    let from_real = |value: f64| (!value.is_nan()).then_some(value as i32);
    Ok(match call.kind(0) {
        Int => return Ok(own(call)),
        Long => call.ints(|row| call.long(0, row).map(wrapped)),
        Real => call.ints(|row| call.real(0, row).and_then(from_real)),
        Decimal => call.ints(|row| call.decimal(0, row).and_then(|value| i32::try_from(decimal_to_i128(value)).ok())),
        Bool => call.ints(|row| call.bool(0, row).map(i32::from)),
        _ => call.ints(|row| {
            text_or(call, row, from_text, |scalar| match scalar {
                Scalar::Real(value) => from_real(value),
                other => long_of(other).map(wrapped),
            })
        }),
    })
}

fn to_long(call: &Arguments) -> Result {
    Ok(match call.kind(0) {
        Int => call.longs(|row| call.int(0, row).map(i64::from)),
        Long | DateTime | Timespan => return Ok(own(call)),
        Real => call.longs(|row| call.real(0, row).and_then(truncated)),
        Decimal => call.longs(|row| call.decimal(0, row).and_then(|value| i64::try_from(decimal_to_i128(value)).ok())),
        Bool => call.longs(|row| call.bool(0, row).map(i64::from)),
        _ => call.longs(|row| text_or(call, row, |text| read::long(text.trim()), long_of)),
    })
}

fn to_real(call: &Arguments) -> Result {
    Ok(match call.kind(0) {
        Int => call.reals(|row| call.int(0, row).map(f64::from)),
        Long | DateTime | Timespan => call.reals(|row| call.long(0, row).map(|value| value as f64)),
        Real => return Ok(own(call)),
        Decimal => call.reals(|row| call.decimal(0, row).map(|value| value as f64 / DECIMAL_ONE as f64)),
        Bool => call.reals(|row| call.bool(0, row).map(|value| f64::from(u8::from(value)))),
        _ => call.reals(|row| {
            text_or(
                call,
                row,
                |text| read::real(text.trim()),
                |scalar| match scalar {
                    Scalar::Real(value) => Some(value),
                    other => long_of(other).map(|value| value as f64),
                },
            )
        }),
    })
}

fn to_decimal(call: &Arguments) -> Result {
    let from_long = |value: i64| i128::from(value) * DECIMAL_ONE;
    let from_real = |value: f64| read::decimal(&format!("{value:e}"));
    Ok(match call.kind(0) {
        Int => call.decimals(|row| call.int(0, row).map(|value| from_long(i64::from(value)))),
        Long => call.decimals(|row| call.long(0, row).map(from_long)),
        Real => call.decimals(|row| call.real(0, row).and_then(from_real)),
        Decimal => return Ok(own(call)),
        _ => call.decimals(|row| {
            text_or(
                call,
                row,
                |text| read::decimal(text.trim()),
                |scalar| match scalar {
                    Scalar::Real(value) => from_real(value),
                    other => long_of(other).map(from_long),
                },
            )
        }),
    })
}

fn to_bool(call: &Arguments) -> Result {
    let from_text = |text: &str| match text.trim() {
        word if word.eq_ignore_ascii_case("true") => Some(true),
        word if word.eq_ignore_ascii_case("false") => Some(false),
        number => read::long(number).map(|value| value != 0),
    };
    Ok(match call.kind(0) {
        Bool => return Ok(own(call)),
        Int => call.bools(|row| call.int(0, row).map(|value| value != 0)),
        Long => call.bools(|row| call.long(0, row).map(|value| value != 0)),
        Real => call.bools(|row| call.real(0, row).map(|value| value != 0.0)),
        Decimal => call.bools(|row| call.decimal(0, row).map(|value| value != 0)),
        _ => call.bools(|row| {
            text_or(call, row, from_text, |scalar| match scalar {
                Scalar::Real(value) => Some(value != 0.0),
                other => long_of(other).map(|value| value != 0),
            })
        }),
    })
}

fn to_datetime(call: &Arguments) -> Result {
    let from_ticks = |ticks: i64| (0..=LAST_TICK).contains(&ticks).then_some(ticks);
    Ok(match call.kind(0) {
        DateTime => return Ok(own(call)),
        Long => call.longs(|row| call.long(0, row).and_then(from_ticks)),
        _ => call.longs(|row| text_or(call, row, read::datetime, |scalar| long_of(scalar).and_then(from_ticks))),
    })
}

fn to_timespan(call: &Arguments) -> Result {
    Ok(match call.kind(0) {
        Timespan | Long => return Ok(own(call)),
        _ => call.longs(|row| text_or(call, row, |text| read::timespan(text.trim()), long_of)),
    })
}

fn to_guid(call: &Arguments) -> Result {
    if call.kind(0) == Guid {
        return Ok(own(call));
    }
    let from_text = |text: &str| read::guid(text.trim()).map(write::guid);
    Ok(call.jsons(|row| text_or(call, row, from_text, |_| None)))
}

/// The argument itself.
fn own(call: &Arguments) -> ArrayRef {
    let column = &call.columns[0];
    if column.constant && call.rows != 1 {
        let first = arrow::array::UInt32Array::from(vec![0; call.rows]);
        return arrow::compute::take(&column.values, &first, None).expect("a constant has a row");
    }
    Arc::clone(&column.values)
}

fn to_string(call: &Arguments) -> Result {
    if call.kind(0) == Text {
        return Ok(own(call));
    }
    let mut built = TextsBuilder::new(call.rows);
    let mut text = String::new();
    for row in 0..call.rows {
        if !built.room() {
            break;
        }
        text.clear();
        push_text(&mut text, call, 0, row);
        built.append(&text);
    }
    Ok(built.finish())
}

/// Appends the value of an argument as `tostring` gives it; nothing for null.
pub(super) fn push_text(text: &mut String, call: &Arguments, argument: usize, row: usize) {
    if call.is_null(argument, row) {
        return;
    }
    // Writing to a text cannot fail.
    match call.kind(argument) {
        Bool => text.push_str(if call.bool(argument, row) == Some(true) { "True" } else { "False" }),
        Int => drop(write!(text, "{}", call.int(argument, row).unwrap_or_default())),
        Long => drop(write!(text, "{}", call.long(argument, row).unwrap_or_default())),
        Real => write::push_real(text, call.real(argument, row).unwrap_or_default()),
        Decimal => text.push_str(&write::decimal(call.decimal(argument, row).unwrap_or_default())),
        DateTime => write::push_datetime(text, call.datetime(argument, row).unwrap_or_default()),
        Timespan => write::push_timespan(text, call.timespan(argument, row).unwrap_or_default()),
        Text | Guid => text.push_str(call.text(argument, row)),
        Dynamic => push_json_text(text, call.text(argument, row)),
    }
}

/// Appends a dynamic value as text: a string without its quotes, anything else as JSON without spaces.
fn push_json_text(text: &mut String, json: &str) {
    match scalar(json) {
        None => {}
        Some(Scalar::Text(string)) => text.push_str(&string),
        Some(_) => push_compact(text, json),
    }
}

/// Appends JSON without the spaces between its parts.
fn push_compact(text: &mut String, json: &str) {
    if !json.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return text.push_str(json);
    }
    let (mut in_string, mut escaped) = (false, false);
    for letter in json.chars() {
        if in_string || !letter.is_ascii_whitespace() {
            text.push(letter);
        }
        in_string ^= letter == '"' && !escaped;
        escaped = letter == '\\' && in_string && !escaped;
    }
}

fn get_type(call: &Arguments) -> Result {
    let kind = call.kind(0);
    if kind != Dynamic {
        return Ok(call.texts(|_| Some(kind.as_str())));
    }
    Ok(call.texts(|row| {
        Some(match call.json(0, row).and_then(scalar) {
            None => "null",
            Some(Scalar::Text(_)) => "string",
            Some(Scalar::Bool(_)) => "bool",
            Some(Scalar::Long(_)) => "long",
            Some(Scalar::Real(_)) => "real",
            Some(Scalar::Other) if call.text(0, row).trim_start().starts_with('[') => "array",
            Some(Scalar::Other) => "dictionary",
        })
    }))
}

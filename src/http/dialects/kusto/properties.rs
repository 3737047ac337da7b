//! What a client says beside the text: parameters and options, as a JSON string or an object.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

use crate::http::dialects::Members;
use crate::http::dialects::logs::{BYTES_MAX, ROWS_MAX, TIME_MAX};
use crate::model::{Fault, FaultClass, Object, Time, Window};
use crate::query::kql::tree::{ParameterKind, ScalarType, StatementKind};
use crate::query::kql::values::read;
use crate::query::kql::{self, types::UNIX_EPOCH_TICKS};
use crate::query::session::Limits;

/// Rows that `notruncation` allows.
const ROWS_UNTRUNCATED: usize = 5_000_000;
/// Bytes that `notruncation` allows.
const BYTES_UNTRUNCATED: usize = 256 << 20;

/// Parameters and options of a request, read.
#[derive(Clone, Debug)]
pub(super) struct Properties {
    /// Values for `declare query_parameters`.
    pub(super) parameters: Object,
    /// Bounds of the answer.
    pub(super) limits: Limits,
    /// `query_datetimescope_from` and `_to`.
    pub(super) window: Window,
    /// `query_now`.
    pub(super) now: Option<Time>,
    /// Whether an answer that a limit cut says so at its end only.
    pub(super) defers_errors: bool,
    /// The client's id of the request.
    pub(super) request_id: Option<String>,
}

impl Properties {
    /// Reads the member `properties`; the text says the types of its parameters.
    pub(super) fn read(given: Option<&Value>, text: &str) -> Result<Self, Fault> {
        let parsed = match given {
            Some(Value::String(text)) if !text.trim().is_empty() => serde_json::from_str(text).map_err(|error| {
                Fault::new(FaultClass::Invalid, "properties_invalid", format!("expected JSON in `properties`: {error}"))
            })?,
            Some(other) => other.clone(),
            None => Value::Null,
        };
        let properties = Members::of(&parsed);
        let options = properties.inner("Options");
        let flag = |name: &str| options.flag(name).unwrap_or(false);
        Ok(Self {
            parameters: parameters(properties.get("Parameters"), text),
            limits: limits(&options)?,
            window: window(&options)?,
            now: instant(&options, "query_now")?,
            defers_errors: flag("deferpartialqueryfailures"),
            request_id: properties.word("ClientRequestId"),
        })
    }
}

fn invalid(name: &str, expected: &str, found: &str) -> Fault {
    let found: String = found.chars().take(64).collect();
    Fault::new(FaultClass::Invalid, "option_invalid", format!("expected {expected} for the option `{name}`, found `{found}`"))
}

fn limits(options: &Members) -> Result<Limits, Fault> {
    let whole = options.flag("notruncation").unwrap_or(false);
    let (rows, bytes) = if whole { (ROWS_UNTRUNCATED, BYTES_UNTRUNCATED) } else { (ROWS_MAX, BYTES_MAX) };
    let count = |name: &str, most: usize| match options.text(name) {
        None => Ok(most),
        Some(text) => match text.parse::<u64>() {
            Ok(count) if count > 0 => Ok(usize::try_from(count).unwrap_or(most).min(most)),
            _ => Err(invalid(name, "a count", &text)),
        },
    };
    let rows = count("truncationmaxrecords", rows)?.min(count("query_take_max_records", rows)?);
    let mut time_max = TIME_MAX;
    for name in ["servertimeout", "request_timeout"] {
        if let Some(text) = options.text(name) {
            let ticks =
                read::timespan(&text).filter(|ticks| *ticks > 0).ok_or_else(|| invalid(name, "a time such as `00:04:00`", &text))?;
            time_max = time_max.min(Duration::from_nanos(ticks.unsigned_abs().saturating_mul(100)));
        }
    }
    Ok(Limits { rows_max: rows, bytes_max: count("truncationmaxsize", bytes)?, time_max, ..Limits::default() })
}

/// The scope of time; it may only be that of the column by which tables are dated.
fn window(options: &Members) -> Result<Window, Fault> {
    let column = options.word("query_datetimescope_column");
    if let Some(column) = column.filter(|column| !column.eq_ignore_ascii_case("TimeGenerated")) {
        return Err(invalid("query_datetimescope_column", "`TimeGenerated`", &column));
    }
    Ok(Window { from: instant(options, "query_datetimescope_from")?, to: instant(options, "query_datetimescope_to")? })
}

fn instant(options: &Members, name: &str) -> Result<Option<Time>, Fault> {
    let Some(text) = options.word(name) else { return Ok(None) };
    let inner = literal(&text).map_or_else(|| Cow::Borrowed(text.as_str()), |(_, inner)| inner);
    let ticks = read::datetime(&inner).ok_or_else(|| invalid(name, "an instant", &text))?;
    Ok(Some(Time::from_micros((ticks - UNIX_EPOCH_TICKS).div_euclid(10))))
}

/// Values of parameters as the binder takes them: literals of the language (`datetime(2024-01-01)`) become their content.
fn parameters(given: Option<&Value>, text: &str) -> Object {
    let texts: Vec<String> = texts_of(text);
    let value = |name: &str, value: &Value| match value {
        Value::String(literal_text) if !texts.iter().any(|known| known == name) => match literal(literal_text) {
            Some((_, inner)) => Value::from(inner.into_owned()),
            None => value.clone(),
        },
        _ => value.clone(),
    };
    let members = given.and_then(Value::as_object).into_iter().flatten();
    members.map(|(name, given)| (name.clone(), value(name, given))).collect()
}

/// The parameters that a text declares as texts: their values are taken as they stand.
fn texts_of(text: &str) -> Vec<String> {
    let parsed = kql::parse(text);
    let declared = parsed.query.statements.iter().filter_map(|statement| match &statement.kind {
        StatementKind::Parameters(parameters) => Some(parameters),
        _ => None,
    });
    let texts = declared.flatten().filter(|parameter| matches!(parameter.kind, ParameterKind::Scalar(ScalarType::String)));
    texts.map(|parameter| parameter.name.text.to_string()).collect()
}

/// The type and content of `long(5)`, `datetime('2024-01-01')`.
fn literal(text: &str) -> Option<(ScalarType, Cow<'_, str>)> {
    let (word, rest) = text.trim().split_once('(')?;
    let inner = rest.strip_suffix(')')?.trim();
    let kind = ScalarType::from_word(word.trim())?;
    let quoted = ['\'', '"'].iter().find_map(|quote| inner.strip_prefix(*quote)?.strip_suffix(*quote));
    Some((kind, quoted.map_or_else(|| inner.into(), Cow::Borrowed)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_are_read_from_a_string_and_from_an_object() {
        let text = "declare query_parameters(n: long, s: string, t: datetime); print n, s, t";
        let object = json!({
            "ClientRequestId": "KPC.execute;1",
            "Options": {"servertimeout": "00:00:20", "truncationmaxrecords": 10, "query_now": "datetime(2024-01-02)", "deferpartialqueryfailures": true},
            "Parameters": {"n": "long(5)", "s": "long(5)", "t": "datetime(2024-01-01)"},
        });
        for given in [object.clone(), Value::from(object.to_string())] {
            let properties = Properties::read(Some(&given), text).expect("properties");
            assert_eq!(Value::Object(properties.parameters), json!({"n": "5", "s": "long(5)", "t": "2024-01-01"}));
            assert_eq!((properties.limits.rows_max, properties.limits.time_max), (10, Duration::from_secs(20)));
            assert_eq!(properties.now.map(|now| now.to_string()).as_deref(), Some("2024-01-02T00:00:00Z"));
            assert!(properties.defers_errors);
            assert_eq!(properties.request_id.as_deref(), Some("KPC.execute;1"));
        }
    }

    #[test]
    fn options_that_say_nothing_are_refused_by_name() {
        for (name, value) in
            [("servertimeout", "soon"), ("query_now", "x"), ("query_datetimescope_column", "Start"), ("truncationmaxrecords", "0")]
        {
            let given = json!({"Options": {name: value}});
            let fault = Properties::read(Some(&given), "print 1").expect_err("no option");
            assert!(fault.code == "option_invalid" && fault.message.contains(name), "{fault}");
        }
    }
}

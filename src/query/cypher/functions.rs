//! Functions of one row.

use std::sync::Arc;

use crate::model::{Fault, Span, Time};
use crate::query::kql::graph::Way;
use crate::query::kql::types::{TICKS_PER_DAY, TICKS_PER_SECOND, UNIX_EPOCH_TICKS};
use crate::query::kql::{Code, Diagnostic};

use super::evaluate::{Context, fault, wrong_type};
use super::tree::Call;
use super::value::Value;

/// Longest list that `range` makes.
const RANGE_MAX: i64 = 1_000_000;

type Body = fn(&Context, &[Value], Span) -> Result<Value, Fault>;

/// A function: its names, fewest and most arguments, whether null is handed to it, how it is computed.
struct Function {
    names: &'static [&'static str],
    arguments: (usize, usize),
    takes_null: bool,
    body: Body,
}

const fn plain(names: &'static [&'static str], arguments: (usize, usize), body: Body) -> Function {
    Function { names, arguments, takes_null: false, body }
}

/// All functions; names are compared without regard to case.
static FUNCTIONS: &[Function] = &[
    // Nodes, edges, paths.
    plain(&["id"], (1, 1), id),
    plain(&["elementid", "element_id"], (1, 1), |context, values, span| match id(context, values, span)? {
        Value::Long(number) => Ok(Value::text(format!("{}:{number}", if matches!(values[0], Value::Node(_)) { "n" } else { "e" }))),
        other => Ok(other),
    }),
    plain(&["labels"], (1, 1), |context, values, span| match &values[0] {
        element @ (Value::Node(_) | Value::Edge(_)) => Ok(Value::list(context.labels(element).into_iter().map(Value::text).collect())),
        other => Err(wrong_type(span, "a node or an edge", other)),
    }),
    plain(&["type"], (1, 1), |context, values, span| match &values[0] {
        edge @ Value::Edge(_) => Ok(context.labels(edge).into_iter().next().map_or(Value::Null, Value::text)),
        other => Err(wrong_type(span, "an edge", other)),
    }),
    plain(&["properties"], (1, 1), |context, values, span| match &values[0] {
        element @ (Value::Node(_) | Value::Edge(_)) => Ok(Value::of_json(&element.to_json(&*context.graph))),
        map @ Value::Map(_) => Ok(map.clone()),
        other => Err(wrong_type(span, "a node or an edge", other)),
    }),
    plain(&["keys"], (1, 1), |context, values, span| match &values[0] {
        value @ (Value::Node(_) | Value::Edge(_) | Value::Map(_)) => match Value::of_json(&value.to_json(&*context.graph)) {
            Value::Map(entries) => Ok(Value::list(entries.iter().map(|(name, _)| Value::Text(Arc::clone(name))).collect())),
            _ => Ok(Value::list(Vec::new())),
        },
        other => Err(wrong_type(span, "a node, an edge or a record", other)),
    }),
    plain(&["startnode"], (1, 1), |context, values, span| match &values[0] {
        Value::Edge(edge) => Ok(Value::Node(context.graph.ends(*edge).0)),
        other => Err(wrong_type(span, "an edge", other)),
    }),
    plain(&["endnode"], (1, 1), |context, values, span| match &values[0] {
        Value::Edge(edge) => Ok(Value::Node(context.graph.ends(*edge).1)),
        other => Err(wrong_type(span, "an edge", other)),
    }),
    plain(&["nodes"], (1, 1), |_, values, span| match &values[0] {
        Value::Path(path) => Ok(Value::list(path.nodes.iter().map(|node| Value::Node(*node)).collect())),
        other => Err(wrong_type(span, "a path", other)),
    }),
    plain(&["relationships", "edges"], (1, 1), |_, values, span| match &values[0] {
        Value::Path(path) => Ok(Value::list(path.edges.iter().map(|edge| Value::Edge(*edge)).collect())),
        edges @ Value::List(_) => Ok(edges.clone()),
        other => Err(wrong_type(span, "a path", other)),
    }),
    plain(&["length", "path_length"], (1, 1), |_, values, span| match &values[0] {
        Value::Path(path) => Ok(Value::Long(path.edges.len() as i64)),
        Value::List(list) => Ok(Value::Long(list.len() as i64)),
        Value::Text(text) => Ok(Value::Long(text.chars().count() as i64)),
        other => Err(wrong_type(span, "a path", other)),
    }),
    plain(&["indegree"], (1, 1), |context, values, span| degree(context, &values[0], Way::In, span)),
    plain(&["outdegree"], (1, 1), |context, values, span| degree(context, &values[0], Way::Out, span)),
    // Lists.
    plain(&["size", "cardinality"], (1, 1), |_, values, span| match &values[0] {
        Value::Text(text) => Ok(Value::Long(text.chars().count() as i64)),
        Value::Map(entries) => Ok(Value::Long(entries.len() as i64)),
        other => Ok(Value::Long(list(other, span)?.len() as i64)),
    }),
    plain(&["head"], (1, 1), |_, values, span| Ok(list(&values[0], span)?.first().cloned().unwrap_or_default())),
    plain(&["last"], (1, 1), |_, values, span| Ok(list(&values[0], span)?.last().cloned().unwrap_or_default())),
    plain(&["tail"], (1, 1), |_, values, span| Ok(Value::list(list(&values[0], span)?.get(1..).unwrap_or_default().to_vec()))),
    plain(&["reverse"], (1, 1), |_, values, span| match &values[0] {
        Value::Text(text) => Ok(Value::text(text.chars().rev().collect::<String>())),
        other => Ok(Value::list(list(other, span)?.iter().rev().cloned().collect())),
    }),
    plain(&["range"], (2, 3), range),
    plain(&["isempty"], (1, 1), |_, values, span| match &values[0] {
        Value::Text(text) => Ok(Value::Bool(text.is_empty())),
        Value::Map(entries) => Ok(Value::Bool(entries.is_empty())),
        other => Ok(Value::Bool(list(other, span)?.is_empty())),
    }),
    // Nulls.
    Function {
        names: &["coalesce"],
        arguments: (1, usize::MAX),
        takes_null: true,
        body: |_, values, _| Ok(values.iter().find(|value| !value.is_null()).cloned().unwrap_or_default()),
    },
    Function {
        names: &["nullif"],
        arguments: (2, 2),
        takes_null: true,
        body: |_, values, _| Ok(if values[0].equals(&values[1]) == Some(true) { Value::Null } else { values[0].clone() }),
    },
    Function { names: &["exists"], arguments: (1, 1), takes_null: true, body: |_, values, _| Ok(Value::Bool(!values[0].is_null())) },
    // Texts.
    plain(&["tolower", "lower"], (1, 1), |_, values, span| Ok(Value::text(text(&values[0], span)?.to_lowercase()))),
    plain(&["toupper", "upper"], (1, 1), |_, values, span| Ok(Value::text(text(&values[0], span)?.to_uppercase()))),
    plain(&["trim", "btrim"], (1, 1), |_, values, span| Ok(Value::text(text(&values[0], span)?.trim()))),
    plain(&["ltrim"], (1, 1), |_, values, span| Ok(Value::text(text(&values[0], span)?.trim_start()))),
    plain(&["rtrim"], (1, 1), |_, values, span| Ok(Value::text(text(&values[0], span)?.trim_end()))),
    plain(&["char_length", "character_length"], (1, 1), |_, values, span| Ok(Value::Long(text(&values[0], span)?.chars().count() as i64))),
    plain(&["replace"], (3, 3), |_, values, span| {
        Ok(Value::text(text(&values[0], span)?.replace(text(&values[1], span)?, text(&values[2], span)?)))
    }),
    plain(&["split"], (2, 2), |_, values, span| {
        Ok(Value::list(text(&values[0], span)?.split(text(&values[1], span)?).map(Value::text).collect()))
    }),
    plain(&["substring"], (2, 3), |_, values, span| {
        let letters = text(&values[0], span)?.chars().skip(count(&values[1], span)?);
        let most = values.get(2).map_or(Ok(usize::MAX), |most| count(most, span))?;
        Ok(Value::text(letters.take(most).collect::<String>()))
    }),
    plain(&["left"], (2, 2), |_, values, span| {
        Ok(Value::text(text(&values[0], span)?.chars().take(count(&values[1], span)?).collect::<String>()))
    }),
    plain(&["right"], (2, 2), |_, values, span| {
        let (whole, most) = (text(&values[0], span)?, count(&values[1], span)?);
        let skipped = whole.chars().count().saturating_sub(most);
        Ok(Value::text(whole.chars().skip(skipped).collect::<String>()))
    }),
    // Conversions.
    plain(&["tostring"], (1, 1), |context, values, _| Ok(values[0].to_text(&*context.graph).map_or(Value::Null, Value::text))),
    plain(&["tointeger", "toint"], (1, 1), |_, values, _| Ok(to_integer(&values[0]))),
    plain(&["tofloat"], (1, 1), |_, values, _| Ok(to_float(&values[0]))),
    plain(&["toboolean"], (1, 1), |_, values, _| Ok(to_bool(&values[0]))),
    plain(&["to_json_string"], (1, 1), |context, values, _| Ok(Value::text(values[0].to_json(&*context.graph).to_string()))),
    plain(&["parse_json_string"], (1, 1), |_, values, span| {
        Ok(serde_json::from_str(text(&values[0], span)?).map_or(Value::Null, |json| Value::of_json(&json)))
    }),
    // Numbers.
    plain(&["abs"], (1, 1), |_, values, span| match &values[0] {
        Value::Long(value) => Ok(Value::Long(value.wrapping_abs())),
        other => real(other, span).map(|value| Value::Real(value.abs())),
    }),
    plain(&["sign"], (1, 1), |_, values, span| {
        let value = real(&values[0], span)?;
        Ok(Value::Long(i64::from(value > 0.0) - i64::from(value < 0.0)))
    }),
    plain(&["ceil", "ceiling"], (1, 1), |_, values, span| Ok(Value::Real(real(&values[0], span)?.ceil()))),
    plain(&["floor"], (1, 1), |_, values, span| Ok(Value::Real(real(&values[0], span)?.floor()))),
    plain(&["round"], (1, 2), |_, values, span| {
        let scale = 10f64.powi(values.get(1).map_or(Ok(0), |digits| count(digits, span))?.min(15) as i32);
        Ok(Value::Real((real(&values[0], span)? * scale).round() / scale))
    }),
    plain(&["sqrt"], (1, 1), |_, values, span| Ok(Value::Real(real(&values[0], span)?.sqrt()))),
    plain(&["exp"], (1, 1), |_, values, span| Ok(Value::Real(real(&values[0], span)?.exp()))),
    plain(&["log", "ln"], (1, 1), |_, values, span| Ok(Value::Real(real(&values[0], span)?.ln()))),
    plain(&["log10"], (1, 1), |_, values, span| Ok(Value::Real(real(&values[0], span)?.log10()))),
    plain(&["mod"], (2, 2), |context, values, span| {
        super::operators::binary(context, super::tree::Operator::Modulo, &values[0], &values[1], span)
    }),
    plain(&["power"], (2, 2), |context, values, span| {
        super::operators::binary(context, super::tree::Operator::Power, &values[0], &values[1], span)
    }),
    // Time.
    plain(&["datetime", "zoned_datetime", "localdatetime"], (0, 1), |context, values, _| {
        Ok(values.first().map_or(Value::Instant(context.now), to_instant))
    }),
    plain(&["current_timestamp"], (0, 0), |context, _, _| Ok(Value::Instant(context.now))),
    plain(&["timestamp"], (0, 0), |context, _, _| Ok(Value::Long((context.now - UNIX_EPOCH_TICKS).div_euclid(TICKS_PER_SECOND / 1000)))),
    plain(&["duration"], (1, 1), duration),
    plain(&["duration_between"], (2, 2), |_, values, span| match (&values[0], &values[1]) {
        (Value::Instant(from), Value::Instant(to)) => Ok(Value::Duration(to.saturating_sub(*from))),
        (Value::Instant(_), other) | (other, _) => Err(wrong_type(span, "two instants", other)),
    }),
];

fn find(name: &str) -> Option<&'static Function> {
    let name = name.to_ascii_lowercase();
    FUNCTIONS.iter().find(|function| function.names.contains(&name.as_str()))
}

/// Whether a call names a function and gives it as many arguments as it takes.
pub(super) fn check(call: &Call, span: Span) -> Result<(), Diagnostic> {
    let Some(function) = find(&call.name) else {
        let message = format!("no function is called `{}`", call.name);
        let close = FUNCTIONS
            .iter()
            .flat_map(|function| function.names)
            .min_by_key(|name| strsim::damerau_levenshtein(name, &call.name.to_ascii_lowercase()));
        let help = close.filter(|name| strsim::damerau_levenshtein(name, &call.name.to_ascii_lowercase()) <= 2);
        let diagnostic = Diagnostic::error(Code::CypherUnknownFunction, span, message);
        return Err(match help {
            Some(name) => diagnostic.with_help(format!("a function with a similar name is `{name}`")),
            None => diagnostic,
        });
    };
    let (min, max) = function.arguments;
    if call.star || call.distinct || !(min..=max).contains(&call.arguments.len()) {
        let wanted = if min == max { min.to_string() } else { format!("{min} to {max}") };
        let message = format!("expected {wanted} arguments of `{}`, found {}", call.name, call.arguments.len());
        return Err(Diagnostic::error(Code::CypherArguments, span, message));
    }
    Ok(())
}

/// Computes a call; null in makes null out, but for functions that say else.
pub(super) fn call(context: &Context, call: &Call, values: &[Value], span: Span) -> Result<Value, Fault> {
    let Some(function) = find(&call.name) else {
        return Err(fault(Code::CypherUnknownFunction, span, format!("no function is called `{}`", call.name)));
    };
    if !function.takes_null && values.iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    (function.body)(context, values, span)
}

fn id(context: &Context, values: &[Value], span: Span) -> Result<Value, Fault> {
    match &values[0] {
        Value::Node(node) => Ok(Value::Long(context.graph.node_hash(*node))),
        Value::Edge(edge) => Ok(Value::Long(i64::from(*edge))),
        other => Err(wrong_type(span, "a node or an edge", other)),
    }
}

fn degree(context: &Context, value: &Value, way: Way, span: Span) -> Result<Value, Fault> {
    match value {
        Value::Node(node) => Ok(Value::Long(context.graph.degree(*node, way) as i64)),
        other => Err(wrong_type(span, "a node", other)),
    }
}

fn list(value: &Value, span: Span) -> Result<Arc<Vec<Value>>, Fault> {
    value.elements().ok_or_else(|| wrong_type(span, "a list", value))
}

fn text(value: &Value, span: Span) -> Result<&str, Fault> {
    if let Value::Text(text) = value { Ok(text) } else { Err(wrong_type(span, "a text", value)) }
}

fn real(value: &Value, span: Span) -> Result<f64, Fault> {
    value.number().ok_or_else(|| wrong_type(span, "a number", value))
}

fn count(value: &Value, span: Span) -> Result<usize, Fault> {
    match value {
        Value::Long(count) => {
            usize::try_from(*count).map_err(|_| fault(Code::CypherInvalid, span, format!("expected a number from 0, found {count}")))
        }
        other => Err(wrong_type(span, "a whole number", other)),
    }
}

fn range(_: &Context, values: &[Value], span: Span) -> Result<Value, Fault> {
    let whole = |value: &Value| if let Value::Long(value) = value { Ok(*value) } else { Err(wrong_type(span, "a whole number", value)) };
    let (first, last) = (whole(&values[0])?, whole(&values[1])?);
    let step = values.get(2).map_or(Ok(1), whole)?;
    if step == 0 {
        return Err(fault(Code::CypherInvalid, span, "expected a step other than 0"));
    }
    let mut all = Vec::new();
    let mut next = Some(first);
    while let Some(value) = next.filter(|value| if step > 0 { *value <= last } else { *value >= last }) {
        if all.len() as i64 == RANGE_MAX {
            return Err(fault(Code::CypherInvalid, span, format!("expected a range of at most {RANGE_MAX} numbers")));
        }
        all.push(Value::Long(value));
        next = value.checked_add(step);
    }
    Ok(Value::list(all))
}

fn duration(_: &Context, values: &[Value], span: Span) -> Result<Value, Fault> {
    let Value::Map(entries) = &values[0] else { return Err(wrong_type(span, "a record of units such as `{hours: 3}`", &values[0])) };
    let mut ticks = 0.0;
    for (unit, value) in entries.iter() {
        let scale = match unit.to_ascii_lowercase().trim_end_matches('s') {
            "week" => 7.0 * TICKS_PER_DAY as f64,
            "day" => TICKS_PER_DAY as f64,
            "hour" => 3600.0 * TICKS_PER_SECOND as f64,
            "minute" => 60.0 * TICKS_PER_SECOND as f64,
            "second" => TICKS_PER_SECOND as f64,
            "millisecond" => TICKS_PER_SECOND as f64 / 1e3,
            "microsecond" => TICKS_PER_SECOND as f64 / 1e6,
            "nanosecond" => TICKS_PER_SECOND as f64 / 1e9,
            _ => return Err(fault(Code::CypherInvalid, span, format!("expected a unit from `weeks` to `nanoseconds`, found `{unit}`"))),
        };
        ticks += real(value, span)? * scale;
    }
    Ok(Value::Duration(ticks.round() as i64))
}

/// A whole number; null if it is none.
pub(super) fn to_integer(value: &Value) -> Value {
    let of_real = |value: f64| (value.abs() < 9.3e18).then_some(value.trunc() as i64);
    let number = match value {
        Value::Long(value) => Some(*value),
        Value::Real(value) => of_real(*value),
        Value::Bool(value) => Some(i64::from(*value)),
        Value::Text(text) => text.trim().parse().ok().or_else(|| of_real(text.trim().parse().ok()?)),
        _ => None,
    };
    number.map_or(Value::Null, Value::Long)
}

/// A number with a point; null if it is none.
pub(super) fn to_float(value: &Value) -> Value {
    match value {
        Value::Text(text) => text.trim().parse().map_or(Value::Null, Value::Real),
        other => other.number().map_or(Value::Null, Value::Real),
    }
}

/// A truth; null if it is none.
pub(super) fn to_bool(value: &Value) -> Value {
    match value {
        Value::Bool(value) => Value::Bool(*value),
        Value::Long(value) => Value::Bool(*value != 0),
        Value::Text(text) if text.trim().eq_ignore_ascii_case("true") => Value::Bool(true),
        Value::Text(text) if text.trim().eq_ignore_ascii_case("false") => Value::Bool(false),
        _ => Value::Null,
    }
}

/// An instant; null if it is none.
pub(super) fn to_instant(value: &Value) -> Value {
    match value {
        Value::Instant(ticks) => Value::Instant(*ticks),
        Value::Text(text) => Time::parse(text).map_or(Value::Null, |time| Value::Instant(time.micros() * 10 + UNIX_EPOCH_TICKS)),
        _ => Value::Null,
    }
}

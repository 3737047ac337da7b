//! Evaluates an expression of literals and calls, as binder and plan would.

use std::sync::Arc;

use super::super::super::parse;
use super::super::super::tree::{Call, Expr, ExprKind, OperatorKind, ScalarType, StatementKind, TypeOf};
use super::super::super::types::arrow_type;
use super::super::dynamic::path;
use super::super::{Arguments, Body, Column, Function, conversion_to, find, membership, operator};
use super::values::Value;

/// The value of an expression, given as text.
pub(super) fn evaluate(text: &str) -> Result<Value, String> {
    let parsed = parse(&format!("print {text}"));
    if let Some(diagnostic) = parsed.diagnostics.first() {
        return Err(format!("cannot be read: {}", diagnostic.message));
    }
    let Some(StatementKind::Expression(Expr { kind: ExprKind::Source(operator), .. })) =
        parsed.query.statements.first().map(|statement| &statement.kind)
    else {
        return Err("expected one expression".to_owned());
    };
    match &operator.kind {
        OperatorKind::Print(values) if values.len() == 1 => expression(&values[0].value),
        _ => Err("expected one expression".to_owned()),
    }
}

fn expression(expr: &Expr) -> Result<Value, String> {
    match &expr.kind {
        ExprKind::Literal(literal) => Value::literal(literal),
        ExprKind::String(text) => Ok(Value::text(ScalarType::String, Some(&text.value))),
        ExprKind::Dynamic(json) => Value::json(json),
        ExprKind::Group(inner) | ExprKind::Positive(inner) => expression(inner),
        ExprKind::Negative(inner) => expression(inner)?.negative(),
        ExprKind::Call(call) => function_call(call),
        ExprKind::Binary(binary) => {
            let function = operator(binary.operator).ok_or("no operator with a kernel")?;
            apply(function, vec![expression(&binary.left)?, expression(&binary.right)?], None)
        }
        ExprKind::Membership(member) => {
            let values = std::iter::once(&member.left).chain(&member.list).map(expression).collect::<Result<_, _>>()?;
            apply(membership(member.operator).ok_or("no operator of lists")?, values, None)
        }
        ExprKind::Field(value, name) => apply(path(), vec![expression(value)?, Value::text(ScalarType::String, Some(&name.text))], None),
        ExprKind::Index(value, step) => apply(path(), vec![expression(value)?, expression(step)?], None),
        _ => Err("only literals, calls and operators of texts are evaluated here".to_owned()),
    }
}

fn function_call(call: &Call) -> Result<Value, String> {
    let function = find(&call.name.text).ok_or_else(|| format!("no function `{}`", call.name.text))?;
    let mut named = None;
    let mut arguments = Vec::new();
    for argument in &call.arguments {
        match &argument.value.kind {
            ExprKind::TypeOf(TypeOf::Scalar(kind)) => named = Some(*kind),
            _ => arguments.push(expression(&argument.value)?),
        }
    }
    apply(function, arguments, named)
}

/// Calls a function: the first overload that fits, arguments converted.
pub(super) fn apply(function: &'static Function, arguments: Vec<Value>, named: Option<ScalarType>) -> Result<Value, String> {
    let kinds: Vec<ScalarType> = arguments.iter().map(|argument| argument.kind).collect();
    let chosen = function.choose(&kinds, named).ok_or_else(|| format!("no overload of `{}` takes {kinds:?}", function.name))?;
    let (overload, returns) = (chosen.overload, chosen.returns);
    let arguments = arguments.into_iter().zip(chosen.arguments).map(|(argument, wanted)| converted(argument, wanted));
    let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
    let Body::Kernel(kernel) = overload.body else { return Err(format!("`{}` is part of a plan", function.name)) };
    let run = |constant: bool| {
        let columns: Vec<Column> = arguments
            .iter()
            .enumerate()
            .map(|(index, argument)| argument.column(constant || overload.parameter(index).is_some_and(|parameter| parameter.constant)))
            .collect();
        let rows = if constant { 1 } else { 3 };
        let values = kernel(&Arguments { rows, columns: &columns, returns }).map_err(|error| error.message)?;
        assert_eq!(values.len(), rows, "rows of `{}`", function.name);
        assert_eq!(*values.data_type(), arrow_type(returns), "type of `{}`", function.name);
        Ok::<_, String>(values)
    };
    let alone = Value { kind: returns, values: run(true)? };
    let batch = run(false)?;
    for row in 0..batch.len() {
        let row = Value { kind: returns, values: batch.slice(row, 1) };
        let is_same = alone.equals(&row) || function.name == "new_guid" || function.name == "rand";
        assert!(is_same, "`{}` gives {alone} for a constant, {row} in a batch", function.name);
    }
    Ok(alone)
}

fn converted(argument: Value, wanted: ScalarType) -> Result<Value, String> {
    if argument.kind == wanted {
        return Ok(argument);
    }
    if wanted == ScalarType::Dynamic {
        return Ok(Value::text(ScalarType::Dynamic, to_json(&argument).as_deref()));
    }
    apply(conversion_to(wanted), vec![argument], None)
}

fn to_json(value: &Value) -> Option<String> {
    use arrow::array::Array as _;
    if value.values.is_null(0) {
        return None;
    }
    Some(match value.kind {
        ScalarType::Bool | ScalarType::Long => value.to_string(),
        ScalarType::String => serde_json::to_string(arrow::array::AsArray::as_string_view(&Arc::clone(&value.values)).value(0)).ok()?,
        _ => {
            let text = value.to_string();
            let inner = text.find('(').map_or(text.as_str(), |at| &text[at + 1..text.len() - 1]);
            if matches!(value.kind, ScalarType::Int | ScalarType::Real) { inner.to_owned() } else { format!("\"{inner}\"") }
        }
    })
}

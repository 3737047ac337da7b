//! `declare query_parameters`: values that are given beside the text.

use super::super::bound::{Constant, Expr, ExprKind};
use super::super::diagnostics::{Code, DIAGNOSTICS_MAX, Diagnostic};
use super::super::functions;
use super::super::similar::similar;
use super::super::tree::{self, Float, ParameterKind, Place, Query, ScalarType, StatementKind};
use super::super::values::{read, write};
use super::binder::{Binder, Meaning, mistake, mistake_of};
use super::expressions::{null, text};
use super::typing::convert;

/// Values that are given beside a text; none is null.
type Values = [(String, Option<String>)];

/// Letters of a value that a message shows at most.
const SHOWN_MAX: usize = 60;

impl<'t> Binder<'t> {
    /// Declares the parameters of a query with the values that are given, else their defaults.
    pub(super) fn query_parameters(&mut self, parameters: &'t [tree::Parameter], given: &Values) {
        for parameter in parameters {
            let ParameterKind::Scalar(wanted) = parameter.kind else {
                self.error(Code::Misplaced, parameter.place, "a query takes values, found a table");
                continue;
            };
            let name = &parameter.name.text;
            let place = parameter.place;
            let value = match (given.iter().find(|(given, _)| given == name), &parameter.default) {
                (Some((_, value)), _) => self.given_value(name, value.as_deref(), wanted, place),
                (None, Some(default)) => {
                    let value = self.without_rows(|binder| binder.value(default));
                    self.wanted(value, wanted, name)
                }
                (None, None) => {
                    self.error_with(
                        Code::MissingParameter,
                        place,
                        format!("the parameter '{name}' has no value"),
                        "give one, or declare a default: `(x: long = 1)`",
                    );
                    mistake_of(wanted, place)
                }
            };
            let meaning = if value.is_mistake() { Meaning::Error } else { Meaning::Value(value, None) };
            let id = self.declare(name, meaning);
            self.names[id].used = true;
        }
    }

    /// Reports values for parameters that a query does not declare.
    pub(super) fn undeclared(&mut self, query: &Query, given: &Values) {
        let declared: Vec<&str> = query
            .statements
            .iter()
            .filter_map(|statement| match &statement.kind {
                StatementKind::Parameters(parameters) => Some(parameters),
                _ => None,
            })
            .flatten()
            .map(|parameter| parameter.name.text.as_str())
            .collect();
        for (name, _) in given.iter().filter(|(name, _)| !declared.contains(&name.as_str())).take(DIAGNOSTICS_MAX) {
            let help = match similar(name, declared.iter().copied()) {
                Some(near) => format!("did you mean '{near}'?"),
                None if declared.is_empty() => format!("declare it in front: `declare query_parameters({name}: string);`, or leave it out"),
                None => format!("it declares {}", declared.join(", ")),
            };
            let message = format!("expected a value for a parameter that the query declares, found one for '{name}'");
            // Each is reported, though none has a place in the text.
            self.diagnostics.push(Diagnostic::error(Code::UnknownParameter, Place::default().span(), message).with_help(help));
        }
    }

    /// A text from outside as a value of a type.
    fn given_value(&mut self, name: &str, value: Option<&str>, wanted: ScalarType, place: Place) -> Expr {
        let Some(value) = value.filter(|value| wanted == ScalarType::String || value.trim() != "null") else { return null(wanted, place) };
        if wanted == ScalarType::String {
            return text(value, place);
        }
        if wanted == ScalarType::Dynamic {
            // Any text is a dynamic value.
            let function =
                functions::find("parse_json").and_then(|function| Some((function, function.choose(&[ScalarType::String], None)?)));
            return match function {
                Some((function, chosen)) => {
                    let value = convert(text(value, place), chosen.arguments[0]);
                    self.built_call(function, &chosen, vec![value], place)
                }
                None => mistake(place),
            };
        }
        match constant(value.trim(), wanted) {
            Some(constant) => Expr { kind: ExprKind::Literal(constant), ty: wanted, place },
            None => {
                let shown: String = value.chars().take(SHOWN_MAX).collect();
                let message = format!("expected a value of type {} for the parameter '{name}', found '{shown}'", wanted.as_str());
                self.error_with(Code::BadParameter, place, message, format!("give one such as `{name}={}`, or `null`", example(wanted)));
                mistake_of(wanted, place)
            }
        }
    }
}

/// What a text says in a type; none if it says nothing there.
fn constant(value: &str, wanted: ScalarType) -> Option<Constant> {
    Some(match wanted {
        ScalarType::Bool => Constant::Bool(match value {
            word if word.eq_ignore_ascii_case("true") => true,
            word if word.eq_ignore_ascii_case("false") => false,
            number => read::long(number)? != 0,
        }),
        ScalarType::Int => Constant::Int(i32::try_from(read::long(value)?).ok()?),
        ScalarType::Long => Constant::Long(read::long(value)?),
        ScalarType::Real => Constant::Real(Float(read::real(value)?)),
        ScalarType::Decimal => Constant::Decimal(read::decimal(value)?),
        ScalarType::DateTime => Constant::DateTime(read::datetime(value)?),
        ScalarType::Timespan => Constant::Timespan(read::timespan(value)?),
        ScalarType::Guid => Constant::Guid(write::guid(read::guid(value)?).into()),
        ScalarType::String | ScalarType::Dynamic => return None,
    })
}

/// A value of a type, for advice.
fn example(kind: ScalarType) -> &'static str {
    match kind {
        ScalarType::Bool => "true",
        ScalarType::Int | ScalarType::Long => "42",
        ScalarType::Real | ScalarType::Decimal => "2.5",
        ScalarType::DateTime => "2024-01-31T12:00:00Z",
        ScalarType::Timespan => "1.12:30:00",
        ScalarType::Guid => "74be27de-1e4e-49d9-b579-fe0b331d3642",
        ScalarType::String | ScalarType::Dynamic => "text",
    }
}

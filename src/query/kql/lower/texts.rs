//! Tests of texts: which function of the library is which operator.

use datafusion::logical_expr::{Expr, Operator, binary_expr, lit};

use super::super::bound::{SearchMatch, TextMatch};
use super::super::functions::{self, Body, Function};
use super::super::tree::{BinaryOperator, MembershipOperator, Place, ScalarType};
use super::error::LowerError;
use super::expressions::kernel;

/// Before the name of a test that asks many columns.
const ANY: &str = "any_";

/// A text without case, for sets.
pub(super) fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

fn call(function: Option<&'static Function>, arguments: Vec<(Expr, ScalarType)>, place: Place) -> Result<Expr, LowerError> {
    let missing = || LowerError::unsupported("this test of a text", place);
    let function = function.ok_or_else(missing)?;
    let kinds: Vec<ScalarType> = arguments.iter().map(|(_, kind)| *kind).collect();
    let chosen = function.choose(&kinds, None).ok_or_else(missing)?;
    match chosen.overload.body {
        Body::Kernel(body) => Ok(kernel(function.name, body, arguments, ScalarType::Bool)),
        Body::Plan => Err(missing()),
    }
}

/// Whether a text matches.
pub(super) fn matches(operator: TextMatch, case_sensitive: bool, text: Expr, needle: Expr, place: Place) -> Result<Expr, LowerError> {
    use BinaryOperator as B;
    let operator = match (operator, case_sensitive) {
        (TextMatch::Equals, true) => return Ok(binary_expr(text, Operator::Eq, needle)),
        (TextMatch::Equals, false) => B::EqualFold,
        (TextMatch::Has, false) => B::Has,
        (TextMatch::Has, true) => B::HasCs,
        (TextMatch::HasPrefix, false) => B::HasPrefix,
        (TextMatch::HasPrefix, true) => B::HasPrefixCs,
        (TextMatch::HasSuffix, false) => B::HasSuffix,
        (TextMatch::HasSuffix, true) => B::HasSuffixCs,
        (TextMatch::Contains, false) => B::Contains,
        (TextMatch::Contains, true) => B::ContainsCs,
        (TextMatch::StartsWith, false) => B::StartsWith,
        (TextMatch::StartsWith, true) => B::StartsWithCs,
        (TextMatch::EndsWith, false) => B::EndsWith,
        (TextMatch::EndsWith, true) => B::EndsWithCs,
        (TextMatch::Regex, _) => B::MatchesRegex,
        (TextMatch::Like, false) => B::Like,
        (TextMatch::Like, true) => B::LikeCs,
    };
    call(functions::operator(operator), vec![(text, ScalarType::String), (needle, ScalarType::String)], place)
}

/// Whether a term of `search` is found in a text.
pub(super) fn searched(matching: SearchMatch, case_sensitive: bool, text: Expr, needle: Expr, place: Place) -> Result<Expr, LowerError> {
    let operator = match matching {
        SearchMatch::Any => return Ok(binary_expr(text, Operator::NotEq, lit(""))),
        SearchMatch::Has => TextMatch::Has,
        SearchMatch::HasPrefix => TextMatch::HasPrefix,
        SearchMatch::HasSuffix => TextMatch::HasSuffix,
        SearchMatch::Contains => TextMatch::Contains,
        SearchMatch::Regex => TextMatch::Regex,
        SearchMatch::Equals => TextMatch::Equals,
        SearchMatch::StartsWith => TextMatch::StartsWith,
        SearchMatch::EndsWith => TextMatch::EndsWith,
    };
    matches(operator, case_sensitive, text, needle, place)
}

/// What a test of one column is called where it is asked of many.
pub(super) fn name_in_any(test: Option<&Expr>) -> String {
    match test {
        Some(Expr::ScalarFunction(call)) => format!("{ANY}{}", call.func.name()),
        _ => format!("{ANY}text"),
    }
}

/// Whether a text has any, or all, of the terms; elements of dynamic arrays count.
pub(super) fn has_list(text: Expr, terms: Vec<(Expr, ScalarType)>, all: bool, place: Place) -> Result<Expr, LowerError> {
    if terms.is_empty() {
        return Ok(lit(all));
    }
    let operator = if all { MembershipOperator::HasAll } else { MembershipOperator::HasAny };
    let arguments = std::iter::once((text, ScalarType::String)).chain(terms).collect();
    call(functions::membership(operator), arguments, place)
}

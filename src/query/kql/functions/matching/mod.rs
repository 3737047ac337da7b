//! The operators that compare texts: `has`, `contains`, `=~`, `in~`, `matches regex` and their kin.
//!
//! A term is a longest run of letters and digits. What is constant is prepared once for all rows of a batch.

mod fold;
mod list;
mod needle;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use arrow::array::ArrayRef;

use super::super::tree::{BinaryOperator, MembershipOperator, ScalarType};
use super::super::values::read;
use super::{Arguments, Family, Function, Kernel, KernelError, Overload, Parameter, regexes, takes, takes_any};
use ScalarType::{Bool, DateTime, Decimal, Dynamic, Int, Long, Real, String as Text, Timespan};
use list::Terms;
use needle::{Case, Needle, Relation};

pub(super) use fold::{equal as equal_folded, lower, upper};
pub(super) use list::listed;

type Result = std::result::Result<ArrayRef, KernelError>;

const PAIR: &[Parameter] = &[takes("text", Text), takes("searched", Text)];
const LISTED: &[Parameter] = &[takes("text", Text), takes_any("value")];
const ANY_LISTED: &[Parameter] = &[takes_any("value"), takes_any("listed")];

const fn form(kernel: Kernel) -> Overload {
    Overload::new(PAIR, Bool, kernel)
}

const fn operator_of(name: &'static str, summary: &'static str, overloads: &'static [Overload]) -> Function {
    Function::new(name, Family::Operator, summary, overloads)
}

/// The operators; their names are no functions of the language.
pub(super) static OPERATORS: &[Function] = &[
    operator_of("=~", "Whether two texts are the same but for case.", &[form(|call| compare(call, Relation::Equal, Case::Folded, false))]),
    operator_of("!~", "The opposite of `=~`.", &[form(|call| compare(call, Relation::Equal, Case::Folded, true))]),
    operator_of("has", "Whether a text has a term.", &[form(|call| compare(call, Relation::Term, Case::Folded, false))]),
    operator_of("!has", "The opposite of `has`.", &[form(|call| compare(call, Relation::Term, Case::Folded, true))]),
    operator_of("has_cs", "Whether a text has a term in this case.", &[form(|call| compare(call, Relation::Term, Case::Sensitive, false))]),
    operator_of("!has_cs", "The opposite of `has_cs`.", &[form(|call| compare(call, Relation::Term, Case::Sensitive, true))]),
    operator_of("hasprefix", "Whether a term starts with a text.", &[form(|call| compare(call, Relation::TermStart, Case::Folded, false))]),
    operator_of("!hasprefix", "The opposite of `hasprefix`.", &[form(|call| compare(call, Relation::TermStart, Case::Folded, true))]),
    operator_of(
        "hasprefix_cs",
        "Whether a term starts with a text in this case.",
        &[form(|call| compare(call, Relation::TermStart, Case::Sensitive, false))],
    ),
    operator_of(
        "!hasprefix_cs",
        "The opposite of `hasprefix_cs`.",
        &[form(|call| compare(call, Relation::TermStart, Case::Sensitive, true))],
    ),
    operator_of("hassuffix", "Whether a term ends with a text.", &[form(|call| compare(call, Relation::TermEnd, Case::Folded, false))]),
    operator_of("!hassuffix", "The opposite of `hassuffix`.", &[form(|call| compare(call, Relation::TermEnd, Case::Folded, true))]),
    operator_of(
        "hassuffix_cs",
        "Whether a term ends with a text in this case.",
        &[form(|call| compare(call, Relation::TermEnd, Case::Sensitive, false))],
    ),
    operator_of(
        "!hassuffix_cs",
        "The opposite of `hassuffix_cs`.",
        &[form(|call| compare(call, Relation::TermEnd, Case::Sensitive, true))],
    ),
    operator_of(
        "contains",
        "Whether a text stands anywhere in another.",
        &[form(|call| compare(call, Relation::Contained, Case::Folded, false))],
    ),
    operator_of("!contains", "The opposite of `contains`.", &[form(|call| compare(call, Relation::Contained, Case::Folded, true))]),
    operator_of(
        "contains_cs",
        "Whether a text stands anywhere in another in this case.",
        &[form(|call| compare(call, Relation::Contained, Case::Sensitive, false))],
    ),
    operator_of(
        "!contains_cs",
        "The opposite of `contains_cs`.",
        &[form(|call| compare(call, Relation::Contained, Case::Sensitive, true))],
    ),
    operator_of("startswith", "Whether a text starts with another.", &[form(|call| compare(call, Relation::Start, Case::Folded, false))]),
    operator_of("!startswith", "The opposite of `startswith`.", &[form(|call| compare(call, Relation::Start, Case::Folded, true))]),
    operator_of(
        "startswith_cs",
        "Whether a text starts with another in this case.",
        &[form(|call| compare(call, Relation::Start, Case::Sensitive, false))],
    ),
    operator_of(
        "!startswith_cs",
        "The opposite of `startswith_cs`.",
        &[form(|call| compare(call, Relation::Start, Case::Sensitive, true))],
    ),
    operator_of("endswith", "Whether a text ends with another.", &[form(|call| compare(call, Relation::End, Case::Folded, false))]),
    operator_of("!endswith", "The opposite of `endswith`.", &[form(|call| compare(call, Relation::End, Case::Folded, true))]),
    operator_of(
        "endswith_cs",
        "Whether a text ends with another in this case.",
        &[form(|call| compare(call, Relation::End, Case::Sensitive, false))],
    ),
    operator_of("!endswith_cs", "The opposite of `endswith_cs`.", &[form(|call| compare(call, Relation::End, Case::Sensitive, true))]),
    operator_of("matches regex", "Whether a regular expression finds something in a text.", &[form(regexes::matches_regex)]),
    operator_of(
        "like",
        "Whether a text has a form in which `%` stands for any letters and `_` for one.",
        &[form(|call| like(call, Case::Folded, false))],
    ),
    operator_of("notlike", "The opposite of `like`.", &[form(|call| like(call, Case::Folded, true))]),
    operator_of("likecs", "As `like`, in this case.", &[form(|call| like(call, Case::Sensitive, false))]),
    operator_of("notlikecs", "The opposite of `likecs`.", &[form(|call| like(call, Case::Sensitive, true))]),
    operator_of(
        "in",
        "Whether a value is among others; arrays are taken apart.",
        &[Overload::new(ANY_LISTED, Bool, |call| is_in(call, false)).repeating(1)],
    ),
    operator_of("!in", "The opposite of `in`.", &[Overload::new(ANY_LISTED, Bool, |call| is_in(call, true)).repeating(1)]),
    operator_of(
        "in~",
        "Whether a text is among others but for case.",
        &[Overload::new(LISTED, Bool, |call| is_in_folded(call, false)).repeating(1)],
    ),
    operator_of("!in~", "The opposite of `in~`.", &[Overload::new(LISTED, Bool, |call| is_in_folded(call, true)).repeating(1)]),
    operator_of(
        "has_any",
        "Whether a text has any of the terms.",
        &[Overload::new(LISTED, Bool, |call| has_listed(call, |terms, text, buffer| terms.any(text, buffer))).repeating(1)],
    ),
    operator_of(
        "has_all",
        "Whether a text has all of the terms.",
        &[Overload::new(LISTED, Bool, |call| has_listed(call, |terms, text, buffer| terms.all(text, buffer))).repeating(1)],
    ),
];

/// The operator of two texts, or none if plans have one of their own.
pub(super) fn operator(operator: BinaryOperator) -> Option<&'static Function> {
    named(operator.as_str())
}

/// The operator of a value and a list: the list is one or more arguments, single values or `dynamic` arrays.
pub fn membership(operator: MembershipOperator) -> Option<&'static Function> {
    named(operator.as_str())
}

fn named(name: &str) -> Option<&'static Function> {
    OPERATORS.iter().find(|function| function.name == name)
}

/// A term to search for without regard to case.
pub(super) fn term_needle(text: &str) -> Needle<'_> {
    Needle::new(text, Relation::Term, Case::Folded)
}

fn compare(call: &Arguments, relation: Relation, case: Case, negated: bool) -> Result {
    let mut buffer = String::new();
    let texts = call.text_column(0);
    if let Some(searched) = call.constant_text(1) {
        let needle = Needle::new(searched, relation, case);
        return Ok(call.truths(|row| needle.matches(texts.value(row), &mut buffer) != negated));
    }
    let searched = call.text_column(1);
    Ok(call.truths(|row| Needle::new(searched.value(row), relation, case).matches(texts.value(row), &mut buffer) != negated))
}

fn like(call: &Arguments, case: Case, negated: bool) -> Result {
    let texts = call.text_column(0);
    let pattern = |form: &str| {
        let mut pattern = String::from(if case == Case::Folded { "(?si)^" } else { "(?s)^" });
        for letter in form.chars() {
            match letter {
                '%' => pattern.push_str(".*"),
                '_' => pattern.push('.'),
                _ => pattern.push_str(&::regex::escape(letter.encode_utf8(&mut [0; 4]))),
            }
        }
        pattern.push('$');
        regexes::compiled(&pattern)
    };
    if let Some(form) = call.constant_text(1) {
        let regex = pattern(form)?;
        return Ok(call.truths(|row| regex.is_match(texts.value(row)) != negated));
    }
    let forms = call.text_column(1);
    let matched = (0..call.rows).map(|row| Ok(pattern(forms.value(row))?.is_match(texts.value(row)) != negated));
    let matched = matched.collect::<std::result::Result<Vec<_>, KernelError>>()?;
    Ok(call.truths(|row| matched[row]))
}

fn has_listed(call: &Arguments, holds: fn(&Terms<'_>, &str, &mut String) -> bool) -> Result {
    let mut buffer = String::new();
    let texts = call.text_column(0);
    if call.constant_from(1) {
        let listed = listed(call, 1, 0);
        let terms = Terms::new(&listed);
        return Ok(call.truths(|row| holds(&terms, texts.value(row), &mut buffer)));
    }
    Ok(call.truths(|row| holds(&Terms::new(&listed(call, 1, row)), texts.value(row), &mut buffer)))
}

fn is_in_folded(call: &Arguments, negated: bool) -> Result {
    let texts = call.text_column(0);
    if call.constant_from(1) {
        let wanted: HashSet<String> = listed(call, 1, 0).iter().map(|text| needle::folded(text)).collect();
        let mut buffer = String::new();
        return Ok(call.truths(|row| {
            buffer.clear();
            buffer.extend(texts.value(row).chars().map(fold::fold));
            wanted.contains(&buffer) != negated
        }));
    }
    Ok(call.truths(|row| listed(call, 1, row).iter().any(|text| equal_folded(text, texts.value(row))) != negated))
}

/// Values of any type; null is in no list.
fn is_in(call: &Arguments, negated: bool) -> Result {
    let kind = call.kind(0);
    let is_among = |listed: &HashSet<String>, row: usize| match kind {
        Text | ScalarType::Guid => listed.contains(call.text(0, row)),
        _ if kind != Dynamic && call.is_null(0, row) => false,
        _ => {
            let mut text = String::new();
            super::conversion::push_text(&mut text, call, 0, row);
            listed.contains(&text)
        }
    };
    let listed = |row: usize| listed(call, 1, row).iter().filter_map(|text| normal(kind, text)).collect::<HashSet<String>>();
    if call.constant_from(1) {
        let listed = listed(0);
        return Ok(call.truths(|row| is_among(&listed, row) != negated));
    }
    Ok(call.truths(|row| is_among(&listed(row), row) != negated))
}

/// The text that `tostring` gives for a listed value of the type; none if it is no value of the type.
fn normal(kind: ScalarType, text: &str) -> Option<String> {
    use super::super::values::write;
    match kind {
        Int | Long => read::long(text)
            .or_else(|| read::real(text).filter(|real| real.fract() == 0.0).map(|real| real as i64))
            .map(|long| long.to_string()),
        Real => read::real(text).map(write::real),
        Decimal => read::decimal(text).map(write::decimal),
        DateTime => read::datetime(text).map(write::datetime),
        Timespan => read::timespan(text).map(write::timespan),
        Bool if text.eq_ignore_ascii_case("true") => Some("True".to_owned()),
        Bool if text.eq_ignore_ascii_case("false") => Some("False".to_owned()),
        Text | ScalarType::Guid | Dynamic | Bool => Some(text.to_owned()),
    }
}

//! How columns are called where the query gives no name, and how names are kept apart.

use std::collections::{HashMap, HashSet};

use super::super::aggregates;
use super::super::tree::{Expr, ExprKind, Named, Value};

/// Functions whose column is called as their first argument is.
const FIRST_ARGUMENT: &[&str] = &[
    "abs",
    "acos",
    "asin",
    "atan",
    "atan2",
    "bin",
    "bin_at",
    "bin_auto",
    "binary_and",
    "binary_not",
    "binary_or",
    "binary_shift_left",
    "binary_shift_right",
    "binary_xor",
    "bitset_count_ones",
    "ceiling",
    "cos",
    "erf",
    "erfc",
    "exp",
    "exp10",
    "exp2",
    "floor",
    "format_bytes",
    "format_datetime",
    "format_timespan",
    "gamma",
    "log",
    "log10",
    "log2",
    "loggamma",
    "parse_csv",
    "parse_json",
    "parse_xml",
    "parsejson",
    "pow",
    "rand",
    "round",
    "series_fill_backward",
    "series_fill_const",
    "series_fill_forward",
    "series_fill_linear",
    "series_fir",
    "series_iir",
    "series_outliers",
    "sin",
    "split",
    "sqrt",
    "startofday",
    "tan",
    "tobool",
    "toboolean",
    "todatetime",
    "todecimal",
    "todouble",
    "todynamic",
    "toguid",
    "tohex",
    "toint",
    "tolong",
    "toobject",
    "toreal",
    "tostring",
    "totime",
    "totimespan",
];

/// Functions whose column has their name and that of their first argument.
const NAME_AND_FIRST_ARGUMENT: &[&str] = &["dcount_hll", "percentile_tdigest", "repeat", "string_size", "strlen"];

/// Words that stand for a function in the name of its column.
const PREFIXES: &[(&str, &str)] = &[("gettype", "type"), ("treepath", "tree"), ("percentiles_array_tdigest", "percentile_tdigest")];

/// Functions whose column always has the same name.
const FIXED: &[(&str, &str)] = &[
    ("hll_merge", "hll_merged_result"),
    ("ingestion_time", "$IngestionTime"),
    ("merge_tdigest", "tdigests_merge_result"),
    ("tdigest_merge", "tdigests_merge_result"),
];

/// Aggregates that may give several columns: inside another call, none of these names its column.
const SEVERAL: &[&str] = &["arg_max", "arg_min", "percentile", "percentiles", "percentilesw", "percentilew", "take_any"];

/// The name that an expression gives its column; none if only its place names it.
pub(super) fn implied(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.text.clone()),
        ExprKind::Group(inner) => implied(inner),
        ExprKind::Field(base, name) => Some(joined(implied(base), &name.text)),
        ExprKind::Index(base, index) => {
            let key = match &index.kind {
                ExprKind::String(string) => string.value.clone(),
                ExprKind::Literal(literal) => match &literal.value {
                    Value::Long(Some(number)) => number.to_string(),
                    Value::Int(Some(number)) => number.to_string(),
                    _ => String::new(),
                },
                _ => String::new(),
            };
            match implied(base) {
                Some(base) => Some(format!("{base}_{key}")),
                None => (!key.is_empty()).then_some(key),
            }
        }
        ExprKind::Call(call) => of_call(&call.name.text, &call.arguments),
        _ => None,
    }
}

fn joined(base: Option<String>, name: &str) -> String {
    match base.as_deref() {
        Some("$left" | "$right") | None => name.to_owned(),
        Some(base) => format!("{base}_{name}"),
    }
}

fn of_call(name: &str, arguments: &[Named]) -> Option<String> {
    let first = || arguments.first().and_then(named);
    if let Some((_, fixed)) = FIXED.iter().find(|(function, _)| *function == name) {
        return Some((*fixed).to_owned());
    }
    if FIRST_ARGUMENT.binary_search(&name).is_ok() {
        return first();
    }
    if NAME_AND_FIRST_ARGUMENT.contains(&name) {
        return Some(format!("{name}_{}", first().unwrap_or_default()));
    }
    if let Some((_, prefix)) = PREFIXES.iter().find(|(function, _)| *function == name) {
        return Some(format!("{prefix}_{}", first().unwrap_or_default()));
    }
    if matches!(name, "column_ifexists" | "columnifexists") {
        return arguments.first().and_then(|argument| match &argument.value.kind {
            ExprKind::String(string) => Some(string.value.clone()),
            _ => implied(&argument.value),
        });
    }
    let aggregate = aggregates::find(name)?;
    if SEVERAL.contains(&aggregate.name) {
        return None;
    }
    of_aggregate(aggregate, arguments).into_iter().next().flatten()
}

/// The names of the columns of an aggregate.
pub(super) fn of_aggregate(aggregate: &aggregates::Aggregate, arguments: &[Named]) -> Vec<Option<String>> {
    let names: Vec<(Option<String>, Option<String>)> =
        arguments.iter().map(|argument| (named(argument), constant(&argument.value))).collect();
    let names: Vec<aggregates::ArgumentName<'_>> =
        names.iter().map(|(name, constant)| aggregates::ArgumentName { name: name.as_deref(), constant: constant.as_deref() }).collect();
    aggregate.column_names(&names)
}

fn named(argument: &Named) -> Option<String> {
    match &argument.target {
        Some(super::super::tree::Target::One(name)) => Some(name.text.clone()),
        _ => implied(&argument.value),
    }
}

fn constant(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Literal(literal) => Some(literal.text.clone()),
        ExprKind::String(string) => Some(string.value.clone()),
        _ => None,
    }
}

/// Names of columns that are all different.
#[derive(Debug, Default)]
pub(super) struct Unique {
    taken: HashSet<String>,
    /// The smallest number that may be free behind a name: names are never given back.
    next: HashMap<String, usize>,
}

impl Unique {
    /// Takes a name if it is free.
    pub(super) fn take(&mut self, name: &str) -> bool {
        self.taken.insert(name.to_owned())
    }

    /// Takes the name, or the name with the smallest number behind it that is free.
    pub(super) fn make(&mut self, name: &str) -> String {
        if self.take(name) {
            return name.to_owned();
        }
        self.numbered(name)
    }

    /// Takes the name with the smallest number behind it that is free.
    pub(super) fn numbered(&mut self, name: &str) -> String {
        let mut number = self.next.get(name).copied().unwrap_or(1);
        loop {
            let candidate = format!("{name}{number}");
            number += 1;
            if self.take(&candidate) {
                self.next.insert(name.to_owned(), number);
                return candidate;
            }
        }
    }

    /// Takes a name made of the implied one, or one for a column without any.
    pub(super) fn implied(&mut self, name: Option<&str>) -> String {
        match name {
            Some(name) => self.make(name),
            None => self.unnamed(),
        }
    }

    /// Takes a name for a column without any: `Column1`.
    pub(super) fn unnamed(&mut self) -> String {
        self.numbered("Column")
    }
}

/// Whether a name fits a pattern whose stars stand for any letters.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{FIRST_ARGUMENT, Unique, fits};

    #[test]
    fn names_fit_patterns() {
        for (pattern, name, expected) in [
            ("Device*", "DeviceEvents", true),
            ("*Events", "DeviceEvents", true),
            ("D*E*s", "DeviceEvents", true),
            ("D*E*x", "DeviceEvents", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("abc", "abc", true),
            ("abc", "abcd", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn doubled_names_are_numbered() {
        let mut unique = Unique::default();
        let names: Vec<String> = ["k", "k", "k1", "k"].iter().map(|name| unique.make(name)).collect();
        assert_eq!(names, ["k", "k1", "k11", "k2"]);
        assert_eq!((unique.unnamed(), unique.unnamed()), ("Column1".into(), "Column2".into()));
    }

    #[test]
    fn the_list_is_sorted() {
        assert!(FIRST_ARGUMENT.is_sorted());
    }
}

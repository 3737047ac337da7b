//! Tests of the binder: columns and types of queries, what is refused, typical hunting queries, and laws that hold of any text.

mod columns;
mod hunting;
mod laws;
mod refused;

use std::collections::BTreeMap;

use super::{Binding, Given, StoredFunction, Tables, bind};
use crate::query::kql::diagnostics::Severity;
use crate::query::kql::tree::ScalarType;

/// An instant of the year 2020.
const NOW: i64 = 637_134_336_000_000_000;

/// The tables that the product ships with, a watchlist and a stored function.
fn shipped() -> Tables {
    let texts = [include_str!("../../../../schema/tables/core.json"), include_str!("../../../../schema/tables/more.json")];
    let mut merged: BTreeMap<String, Vec<(String, ScalarType)>> = BTreeMap::new();
    for text in texts {
        let read: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_str(text).expect("the shipped schemas are JSON");
        for (table, columns) in read {
            let known = merged.entry(table).or_default();
            for (name, kind) in columns {
                if let Some(kind) = ScalarType::from_word(&kind)
                    && !known.iter().any(|(other, _)| *other == name)
                {
                    known.push((name, kind));
                }
            }
        }
    }
    let mut tables = Tables::default();
    for (table, columns) in merged {
        tables.insert(table, columns);
    }
    tables.insert_watchlist("vips", vec![("SearchKey".into(), ScalarType::String), ("Role".into(), ScalarType::String)]);
    let stored = StoredFunction::parse(
        "Failures",
        "(since: timespan = 1d)",
        "SigninLogs | where TimeGenerated > ago(since) | where ResultType != '0'",
    );
    tables.insert_function(stored.expect("the function is well formed"));
    tables
}

/// A text bound against some tables, syntax errors first.
fn bound(text: &str, tables: &Tables) -> Binding {
    let parsed = crate::query::kql::parse(text);
    let given = Given { now: NOW, ..Given::default() };
    let mut binding = bind(&parsed.query, tables, &given);
    binding.diagnostics.splice(0..0, parsed.diagnostics);
    binding
}

/// The columns of the last result, as `name: type`.
fn schema(binding: &Binding) -> String {
    let columns = binding.query.results.last().map(|result| result.relation.columns.as_slice()).unwrap_or_default();
    columns.iter().map(|column| format!("{}: {}", column.name, column.kind.as_str())).collect::<Vec<_>>().join(", ")
}

/// The codes of all errors with the text that they point at.
fn errors(text: &str, binding: &Binding) -> Vec<String> {
    let errors = binding.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.map(|error| format!("{} `{}`", error.code, &text[error.span.start..error.span.end])).collect()
}

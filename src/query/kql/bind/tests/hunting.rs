//! Queries in the styles of hunters, against the shipped tables: every one binds.

use super::{bound, errors, shipped};

#[test]
fn typical_queries_bind() {
    let tables = shipped();
    let texts: Vec<&str> = include_str!("hunting.kql").split("\n---\n").collect();
    assert!(texts.len() > 100, "{} queries", texts.len());
    let failed: Vec<String> = texts
        .iter()
        .filter_map(|text| {
            let errors = errors(text, &bound(text, &tables));
            (!errors.is_empty()).then(|| format!("{text}\n    {}", errors.join("\n    ")))
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

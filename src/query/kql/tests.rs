//! The syntax stage against tables of cases, recorded queries and laws.

mod bounds;
mod diagnoses;
mod documented;
mod formatting;
mod graphs;
mod laws;
mod names;
mod recorded;
mod trees;

use std::fmt::Write as _;

/// The tree of a text without places, absent fields and empty lists.
fn tree(text: &str) -> String {
    let parsed = super::parse(text);
    let mut out = String::new();
    for statement in &parsed.query.statements {
        let separator = if out.is_empty() { "" } else { "; " };
        write!(out, "{separator}{:?}", statement.kind).expect("strings take everything");
    }
    compact(&out)
}

/// Drops `name: None`, `name: []` and `place: _` from derived debug text.
fn compact(text: &str) -> String {
    let mut out = text.to_owned();
    for empty in ["None", "[]", "_"] {
        while let Some(at) = find_field(&out, empty) {
            out.replace_range(at, "");
        }
    }
    out.replace(",  }", " }").replace(" {  }", "").replace("Some(", "(")
}

/// Where a field with an empty value stands, with the comma behind it.
fn find_field(text: &str, empty: &str) -> Option<std::ops::Range<usize>> {
    let needle = format!(": {empty}");
    let mut from = 0;
    while let Some(found) = text[from..].find(&needle) {
        let at = from + found;
        let begin = text[..at].rfind(|c: char| !c.is_ascii_lowercase() && c != '_').map_or(0, |before| before + 1);
        let behind = &text[at + needle.len()..];
        let is_field = begin < at && text[..begin].ends_with(' ') && (behind.starts_with(", ") || behind.starts_with(" }"));
        if is_field {
            let end = at + needle.len() + if behind.starts_with(", ") { 2 } else { 0 };
            return Some(begin..end);
        }
        from = at + needle.len();
    }
    None
}

/// The diagnostics of a text: code, bytes, message and help.
fn diagnoses(text: &str) -> Vec<String> {
    super::parse(text)
        .diagnostics
        .iter()
        .map(|it| {
            let help = it.help.as_deref().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{} {}..{} {}{help}", it.code, it.span.start, it.span.end, it.message)
        })
        .collect()
}

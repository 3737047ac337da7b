//! Names and lists of columns as text.

use super::super::lexer::{encode, has_letters_of_name, is_declared_name, is_name};
use super::super::tree::{ByName, Column, Name, Target};

/// A name as it stands in expressions.
pub(super) fn name(name: &Name) -> String {
    // These keywords are names in front of operators and behind dots, but not wherever a name may stand.
    written(name, is_name(&name.text))
}

/// A name as it stands in front of `=` or `:`.
pub(super) fn declared(name: &Name) -> String {
    written(name, is_declared_name(&name.text))
}

fn written(name: &Name, is_free: bool) -> String {
    if is_free && has_letters_of_name(&name.text) { name.text.clone() } else { format!("[{}]", bracketed(&name.text)) }
}

fn bracketed(text: &str) -> String {
    let is_plain = !text.chars().any(|c| c == '\'' || c == '\\' || c.is_control());
    if is_plain { format!("'{text}'") } else { encode(text) }
}

pub(super) fn by_name(column: &ByName) -> String {
    match column {
        ByName::Name(it) => name(it),
        ByName::Wildcard(wildcard) => wildcard.pattern.clone(),
    }
}

pub(super) fn columns(columns: &[Column]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| format!("{}: {}", declared(&column.name), column.kind.as_str())).collect();
    columns.join(", ")
}

/// What is in front of a named expression.
pub(super) fn target(target: &Target) -> String {
    match target {
        Target::One(name) => format!("{} = ", declared(name)),
        Target::Many(names) => format!("({}) = ", names.iter().map(declared).collect::<Vec<_>>().join(", ")),
    }
}

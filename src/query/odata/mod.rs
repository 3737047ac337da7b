//! OData query options (`$filter`, `$orderby`, `$top`) as a language of its own: text to tree with places of errors, tree to
//! predicate and order over any list whose rows can say their properties. Knows no dialect and no store.

mod evaluate;
mod lexer;
mod order;
mod parser;
mod tree;

use crate::model::{Fault, FaultClass};

pub use evaluate::{Cell, Record, json_cell};
pub use order::{Order, Place, page};
pub use tree::Filter;

/// Bytes of an option at the most.
pub const TEXT_BYTES_MAX: usize = 16 << 10;
/// Brackets, functions and `not` inside each other at the most.
pub const DEPTH_MAX: usize = 64;

/// The properties of the rows of a list; paths are in lower case, their segments divided by `/`.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Paths that there are; empty if rows may have any.
    pub properties: &'static [&'static str],
    /// Segment that a path may leave out in front (`properties`).
    pub prefix: &'static str,
    /// Words of a property in their order, the least first.
    pub ranks: &'static [(&'static str, &'static [&'static str])],
    /// Properties that cost more than a look: what asks for them is looked at last.
    pub costly: &'static [&'static str],
}

impl Schema {
    /// Rows that may have any property.
    pub const ANY: Self = Self { properties: &[], prefix: "", ranks: &[], costly: &[] };

    /// The full path of a property, in any case.
    fn resolve(&self, path: &str) -> Option<String> {
        let path = path.to_lowercase();
        if self.properties.is_empty() || self.properties.contains(&path.as_str()) {
            return Some(path);
        }
        let full = format!("{}/{path}", self.prefix);
        self.properties.contains(&full.as_str()).then_some(full)
    }

    fn ranks_of(&self, path: &str) -> Option<&'static [&'static str]> {
        self.ranks.iter().find(|(known, _)| *known == path).map(|(_, words)| *words)
    }

    fn is_costly(&self, path: &str) -> bool {
        self.costly.contains(&path)
    }
}

/// A text that is no option, with its place.
fn syntax(option: &str, expected: &str, found: &str, start: usize, end: usize) -> Fault {
    let found = if found.is_empty() { "the end".to_owned() } else { format!("`{}`", found.chars().take(40).collect::<String>()) };
    let message = format!("OData query syntax error in {option} at position {start}: expected {expected}, found {found}");
    Fault::new(FaultClass::Invalid, "odata_syntax", message).at(start, end)
}

/// A property that rows do not have.
fn unknown_property(schema: &Schema, option: &str, path: &str, start: usize, end: usize) -> Fault {
    let message = format!("OData query syntax error in {option} at position {start}: no property has the path `{path}`");
    let fault = Fault::new(FaultClass::Invalid, "odata_property", message).at(start, end);
    let short = path.rsplit('/').next().unwrap_or(path);
    let last = |known: &'static str| known.rsplit('/').next().unwrap_or(known);
    let near = super::reference::nearest(path, schema.properties.iter().copied())
        .or_else(|| super::reference::nearest(short, schema.properties.iter().copied().map(last)));
    match near {
        Some(near) => fault.with_hint(format!("a similar property is `{near}`")),
        None => fault,
    }
}

#[cfg(test)]
mod tests;

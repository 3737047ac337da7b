//! The columns of a table as they are met: each key of a document is resolved once and remembered.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::catalog::tables::{self, ColumnType, Table};
use crate::model::ColumnName;

use super::plain_name;
use super::sources::{self, Source};

/// What becomes of a member of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A cell of a column.
    Cell(ColumnNumber),
    /// Its members are cells of their own.
    Spread,
    /// Its members are cells under their own names, and count more than what stands around it.
    Flat,
    /// Says nothing that the row does not say otherwise.
    Drop,
}

/// A column of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ColumnNumber(usize);

/// A column as rows of it are read.
#[derive(Debug)]
pub(super) struct ColumnSlot {
    pub(super) name: ColumnName,
    pub(super) kind: Option<ColumnType>,
    /// The row in which it was last met.
    met: u64,
}

/// Keys that a layout remembers; documents whose keys are data must not fill the memory.
const KEYS_MAX: usize = 4096;

/// Letters of a column's name.
const NAME_MAX: usize = 256;

/// The columns of one table.
pub(super) struct Layout {
    pub(super) table: Arc<str>,
    pub(super) known: Option<&'static Table>,
    pub(super) source: &'static Source,
    /// Keys whose members are cells under their own names.
    pub(super) flat: Vec<&'static str>,
    slots: HashMap<Box<str>, Slot>,
    /// Columns by their name: those of the catalog in any case, others as they are written.
    by_name: HashMap<Box<str>, ColumnNumber>,
    columns: Vec<ColumnSlot>,
    row: u64,
    /// Whether the row is one of a download of the portal, which has words of its own for columns.
    pub(super) downloaded: bool,
}

impl Layout {
    pub(super) fn new(table: &Arc<str>) -> Self {
        Self {
            table: table.clone(),
            known: tables::table(table).filter(|known| known.name == *table),
            source: sources::of(table),
            flat: sources::of(table).flat().collect(),
            slots: HashMap::new(),
            by_name: HashMap::new(),
            columns: Vec::new(),
            row: 0,
            downloaded: false,
        }
    }

    /// Begins a row.
    pub(super) fn begin(&mut self) {
        self.row += 1;
        if self.slots.len() > KEYS_MAX || self.columns.len() > KEYS_MAX {
            self.slots.clear();
            self.by_name.clear();
            self.columns.clear();
        }
    }

    /// What becomes of the member of this name, found at the top of a document or inside one that is spread.
    pub(super) fn slot(&mut self, key: &str) -> Slot {
        if !self.downloaded && sources::DOWNLOAD_WORDS.contains(&key) {
            return Slot::Cell(self.column(key));
        }
        if let Some(slot) = self.slots.get(key) {
            return *slot;
        }
        // Searches write nested names with dots.
        let flat = |prefix| key.strip_prefix(prefix).filter(|_| self.source.windows);
        let name = flat("winlog.event_data.").or_else(|| flat("winlog.")).unwrap_or(key);
        let slot = match self.source.renamed(name) {
            Some("") => Slot::Drop,
            Some("*") => Slot::Spread,
            Some("**") => Slot::Flat,
            Some(name) => Slot::Cell(self.column(name)),
            None => {
                let name = if self.known.is_some_and(|table| table.column(name).is_some()) { name } else { plain_name(name) };
                Slot::Cell(self.column(&identifier(name)))
            }
        };
        self.slots.insert(key.into(), slot);
        slot
    }

    /// What becomes of the member of this name whose value is an object.
    pub(super) fn object_slot(&mut self, key: &str) -> Slot {
        match self.source.renamed_object(key) {
            Some("*") => Slot::Spread,
            Some(name) => Slot::Cell(self.column(name)),
            None => self.slot(key),
        }
    }

    /// The column of this name.
    pub(super) fn column(&mut self, name: &str) -> ColumnNumber {
        if let Some(number) = self.by_name.get(name) {
            return *number;
        }
        let known = self.known.and_then(|table| table.column(name));
        if let Some(column) = known.filter(|column| *column.name != *name) {
            let number = self.column(&column.name);
            self.by_name.insert(name.into(), number);
            return number;
        }
        let number = ColumnNumber(self.columns.len());
        self.columns.push(ColumnSlot {
            name: known.map_or_else(|| name.to_owned().into(), |column| ColumnName::Known(&column.name)),
            kind: known.map(|column| column.kind),
            met: 0,
        });
        self.by_name.insert(name.into(), number);
        number
    }

    /// A column by its number.
    pub(super) fn get(&self, number: ColumnNumber) -> &ColumnSlot {
        &self.columns[number.0]
    }

    /// Takes back that a column was met in this row.
    pub(super) fn unmark(&mut self, number: ColumnNumber) {
        self.columns[number.0].met = self.row.wrapping_sub(1);
    }

    /// Marks a column as met in this row; false if it was already.
    pub(super) fn mark(&mut self, number: ColumnNumber) -> bool {
        let column = &mut self.columns[number.0];
        let fresh = column.met != self.row;
        column.met = self.row;
        fresh
    }
}

/// A name that a column can have: letters, digits and `_`, not beginning with a digit.
pub(super) fn identifier(name: &str) -> String {
    let mut clean: String = name.chars().take(NAME_MAX).map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if clean.is_empty() || clean.starts_with(|c: char| c.is_ascii_digit()) {
        clean.insert(0, '_');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::identifier;

    #[test]
    fn names_become_identifiers() {
        for (name, expected) in [
            ("@timestamp", "_timestamp"),
            ("id.orig_h", "id_orig_h"),
            ("Policy Identity", "Policy_Identity"),
            ("1st", "_1st"),
            ("", "_"),
            ("größe", "gr__e"),
        ] {
            assert_eq!(identifier(name), expected);
        }
    }
}

//! Aggregates that gather values into one dynamic value: `make_list`, `make_set`, `make_bag` and their kin.
//!
//! The values of all groups stand one after the other in one text, so that a group costs no allocation of its own.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, StringViewArray, StringViewBuilder};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;
use hashbrown::HashTable;

use super::super::functions::json::{Json, Kind};
use super::super::tree::ScalarType;
use super::cells::push_json;
use super::hash::hash_bytes;
use super::udaf::{Body, Groups, Made, Rows};

/// Most values of a group.
pub(super) const VALUES_MAX: i64 = 1_048_576;
/// Most values of a group in the older names.
pub(super) const VALUES_MAX_BEFORE: i64 = 128;

/// What is made of the values of a group. Arrays among them are taken apart, one level deep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// All in their order; nulls are skipped.
    List,
    /// All in their order, nulls too.
    ListWithNulls,
    /// Each once, in the order in which they first came.
    Set,
    /// The properties of bags; of those with one name the first stays.
    Bag,
}

/// A shape and how many values it holds unless the call says how many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Collect(pub(super) Shape, pub(super) i64);

impl Body for Collect {
    fn result(&self, _: &[ScalarType]) -> DataType {
        DataType::Utf8View
    }

    fn state(&self, _: &[ScalarType]) -> Vec<DataType> {
        vec![DataType::List(item(DataType::Utf8View)), DataType::List(item(DataType::Int64))]
    }

    fn groups(&self, made: &Made) -> Result<Box<dyn Groups>> {
        let limit = made.long(1)?.unwrap_or(self.1).clamp(0, VALUES_MAX);
        Ok(Box::new(Collected {
            shape: self.0,
            kind: made.arguments[0],
            limit: usize::try_from(limit).unwrap_or_default(),
            ordered: made.ordered,
            heads: Vec::new(),
            entries: Vec::new(),
            text: String::new(),
            index: HashTable::new(),
            rows_seen: 0,
        }))
    }
}

fn item(kind: DataType) -> Arc<Field> {
    Arc::new(Field::new_list_field(kind, true))
}

/// A value of a group: its text ends here; the part that tells it from others is that long.
#[derive(Clone, Copy, Debug)]
struct Entry {
    group: usize,
    start: usize,
    end: usize,
    key: usize,
    order: Order,
}

/// The order of the row, then the place of the value in it.
type Order = (i64, usize);

#[derive(Clone, Copy, Debug)]
struct Head {
    count: usize,
    /// The last order among the values.
    last: Order,
}

const EMPTY: Head = Head { count: 0, last: (i64::MIN, 0) };

#[derive(Debug)]
struct Collected {
    shape: Shape,
    kind: ScalarType,
    limit: usize,
    ordered: bool,
    heads: Vec<Head>,
    entries: Vec<Entry>,
    text: String,
    /// Entries by group and key, where values must differ.
    index: HashTable<usize>,
    rows_seen: i64,
}

impl Collected {
    /// Takes over the value whose text was appended behind `start`.
    fn add(&mut self, group: usize, start: usize, key: usize, order: Order) {
        let head = &mut self.heads[group];
        // A value behind all that are kept cannot be among the first any more. One in front may still replace them when all is put in order.
        let is_full = head.count >= self.limit && order >= head.last;
        let differs = matches!(self.shape, Shape::Set | Shape::Bag);
        if is_full {
            self.text.truncate(start);
            return;
        }
        if differs {
            let (text, entries) = (&self.text, &mut self.entries);
            let hash = hash_key(group, &text.as_bytes()[start..start + key]);
            let same = |entry: &Entry| {
                entry.group == group && text.as_bytes()[entry.start..entry.start + entry.key] == text.as_bytes()[start..start + key]
            };
            if let Some(place) = self.index.find(hash, |place| same(&entries[*place])) {
                let known = &mut entries[*place];
                if order < known.order {
                    // The value of a bag goes with the first name.
                    *known = Entry { group, start, end: text.len(), key, order };
                } else {
                    self.text.truncate(start);
                }
                return;
            }
            let rehash = |place: &usize| {
                hash_key(entries[*place].group, &text.as_bytes()[entries[*place].start..entries[*place].start + entries[*place].key])
            };
            self.index.insert_unique(hash, entries.len(), rehash);
        }
        head.count += 1;
        head.last = head.last.max(order);
        self.entries.push(Entry { group, start, end: self.text.len(), key, order });
    }

    fn add_text(&mut self, group: usize, value: &str, order: Order) {
        let start = self.text.len();
        self.text.push_str(value);
        self.add(group, start, value.len(), order);
    }

    fn add_dynamic(&mut self, group: usize, value: &str, order: i64) {
        let value = Json::new(value);
        match (self.shape, value.kind()) {
            (Shape::Bag, Kind::Bag) => {
                for (place, (key, value)) in value.entries().enumerate() {
                    let start = self.text.len();
                    self.text.extend(["\"", key.raw(), "\":", value.text()]);
                    self.add(group, start, key.raw().len() + 2, (order, place));
                }
            }
            (Shape::Bag, _) => {}
            (_, Kind::Array) => {
                value.elements().enumerate().for_each(|(place, element)| self.add_text(group, element.text(), (order, place)));
            }
            (Shape::ListWithNulls, _) => self.add_text(group, value.text(), (order, 0)),
            (_, Kind::Null) => {}
            _ => self.add_text(group, value.text(), (order, 0)),
        }
    }

    /// The entries of each of the first groups, in their order; the entries of the others stay.
    fn take(&mut self, emit: EmitTo) -> (Vec<Vec<Entry>>, String) {
        let groups = emit.take_needed(&mut self.heads).len();
        let mut taken: Vec<Vec<Entry>> = vec![Vec::new(); groups];
        let text = std::mem::take(&mut self.text);
        self.index.clear();
        let entries = std::mem::take(&mut self.entries);
        let mut kept = Vec::new();
        for entry in entries {
            match entry.group.checked_sub(groups) {
                None => taken[entry.group].push(entry),
                Some(group) => kept.push(Entry { group, ..entry }),
            }
        }
        for entries in &mut taken {
            entries.sort_by_key(|entry| entry.order);
            entries.truncate(self.limit);
        }
        self.keep(&kept, &text);
        (taken, text)
    }

    fn keep(&mut self, entries: &[Entry], text: &str) {
        self.heads.iter_mut().for_each(|head| *head = EMPTY);
        for entry in entries {
            let start = self.text.len();
            self.text.push_str(&text[entry.start..entry.end]);
            self.add(entry.group, start, entry.key, entry.order);
        }
    }
}

fn hash_key(group: usize, key: &[u8]) -> u64 {
    hash_bytes(group as u64, key)
}

impl Groups for Collected {
    fn grow(&mut self, groups: usize) {
        self.heads.resize(groups.max(self.heads.len()), EMPTY);
    }

    fn update(&mut self, rows: &Rows<'_>) -> Result<()> {
        let column = &rows.columns[0];
        for (row, group) in rows.groups.iter().copied().enumerate() {
            if !rows.counts(row) {
                continue;
            }
            let order = if self.ordered { rows.order.map_or(0, |order| order.value(row)) } else { self.rows_seen + row as i64 };
            if column.is_null(row) {
                if self.shape == Shape::ListWithNulls {
                    self.add_text(group, "null", (order, 0));
                }
            } else if self.kind == ScalarType::Dynamic {
                self.add_dynamic(group, column.as_string_view().value(row), order);
            } else if self.shape != Shape::Bag {
                let start = self.text.len();
                push_json(&mut self.text, self.kind, column, row);
                self.add(group, start, self.text.len() - start, (order, 0));
            }
        }
        self.rows_seen += rows.groups.len() as i64;
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let (lists, orders) = (states[0].as_list::<i32>(), states[1].as_list::<i32>());
        for (row, group) in groups.iter().copied().enumerate() {
            let (values, orders) = (lists.value(row), orders.value(row));
            let (values, orders) = (values.as_string_view(), orders.as_primitive::<Int64Type>());
            for (place, (value, order)) in values.iter().flatten().zip(orders.values()).enumerate() {
                let order = (if self.ordered { *order } else { self.rows_seen }, place);
                self.rows_seen += 1;
                let start = self.text.len();
                self.text.push_str(value);
                let key = if self.shape == Shape::Bag { name_length(value) } else { value.len() };
                self.add(group, start, key, order);
            }
        }
        Ok(())
    }

    fn finish(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let (taken, text) = self.take(emit);
        let (open, close) = if self.shape == Shape::Bag { ('{', '}') } else { ('[', ']') };
        let mut built = StringViewBuilder::with_capacity(taken.len());
        let mut out = String::new();
        for entries in &taken {
            out.clear();
            out.push(open);
            for (place, entry) in entries.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                out.push_str(&text[entry.start..entry.end]);
            }
            out.push(close);
            built.append_value(&out);
        }
        Ok(Arc::new(built.finish()))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let (taken, text) = self.take(emit);
        let offsets = OffsetBuffer::<i32>::from_lengths(taken.iter().map(Vec::len));
        let texts: StringViewArray = taken.iter().flatten().map(|entry| Some(&text[entry.start..entry.end])).collect();
        let orders: Int64Array = taken.iter().flatten().map(|entry| Some(entry.order.0)).collect();
        Ok(vec![
            Arc::new(ListArray::try_new(item(DataType::Utf8View), offsets.clone(), Arc::new(texts), None)?),
            Arc::new(ListArray::try_new(item(DataType::Int64), offsets, Arc::new(orders), None)?),
        ])
    }

    fn size(&self) -> usize {
        self.text.capacity()
            + self.entries.capacity() * size_of::<Entry>()
            + self.heads.capacity() * size_of::<Head>()
            + self.index.capacity() * 9
    }
}

/// The length of the name at the start of `"name":value`, with its quotes.
fn name_length(property: &str) -> usize {
    let mut is_escaped = false;
    let end = property.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(property.len(), |end| end + 2)
}

//! Aggregates that choose one row of each group: `arg_max`, `arg_min`, `take_any`.
//!
//! Batches that hold a leading row are kept and the rows gathered from them at the end, so that a new leader costs no copy.
//! Once most of the kept rows lead nothing any more, the leaders are gathered into one batch and the rest is let go.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringViewArray, StructArray, new_null_array};
use arrow::compute::{cast, interleave, is_not_null};
use arrow::datatypes::{DataType, Decimal128Type, Field, Fields, Float64Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;

use super::super::tree::ScalarType;
use super::super::types::arrow_type;
use super::field_name;
use super::fold::Extreme;
use super::udaf::{Body, Groups, Made, Rows};

/// Which row is chosen. Of equal ones it is the first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Winner {
    /// That with the smallest or greatest first argument; null wins only over nothing.
    Extreme(Extreme),
    /// The first; of a single column the first that holds something.
    #[default]
    Any,
    /// The first value of one column that holds something, not as a struct.
    AnyValue,
}

/// Rows that may be kept beyond twice the leaders.
const SPARE_ROWS: usize = 65_536;

impl Body for Winner {
    fn result(&self, arguments: &[ScalarType]) -> DataType {
        match self {
            Self::AnyValue => arrow_type(arguments[0]),
            _ => DataType::Struct(fields(arguments)),
        }
    }

    fn state(&self, arguments: &[ScalarType]) -> Vec<DataType> {
        arguments.iter().map(|kind| arrow_type(*kind)).chain([DataType::Int64]).collect()
    }

    fn groups(&self, made: &Made) -> Result<Box<dyn Groups>> {
        let keys = match (self, made.arguments.first()) {
            (Self::Any | Self::AnyValue, _) | (_, None) => Keys::None,
            (_, Some(ScalarType::Real)) => Keys::Reals(Vec::new()),
            (_, Some(ScalarType::Decimal)) => Keys::Decimals(Vec::new()),
            (_, Some(ScalarType::String | ScalarType::Guid | ScalarType::Dynamic)) => Keys::Texts,
            (_, Some(_)) => Keys::Longs(Vec::new()),
        };
        Ok(Box::new(Winners { rule: *self, kinds: made.arguments.clone(), ordered: made.ordered, keys, ..Winners::default() }))
    }
}

fn fields(arguments: &[ScalarType]) -> Fields {
    arguments.iter().enumerate().map(|(place, kind)| Field::new(field_name(place), arrow_type(*kind), true)).collect()
}

/// What the leaders are measured by.
#[derive(Debug, Default)]
enum Keys {
    /// Nothing: the first wins.
    #[default]
    None,
    /// Whole numbers, instants, durations and truths.
    Longs(Vec<i64>),
    Reals(Vec<f64>),
    Decimals(Vec<i128>),
    /// Texts are read where the leader stands.
    Texts,
}

/// The row that leads a group.
#[derive(Clone, Copy, Debug)]
struct Leader {
    batch: usize,
    row: usize,
    order: i64,
    /// 0: there is none; 1: its key is null; 2: it has a key.
    rank: u8,
}

#[derive(Debug, Default)]
struct Winners {
    rule: Winner,
    kinds: Vec<ScalarType>,
    ordered: bool,
    keys: Keys,
    leaders: Vec<Leader>,
    batches: Vec<Vec<ArrayRef>>,
    rows_kept: usize,
    rows_seen: i64,
}

impl Winners {
    fn add(&mut self, columns: &[ArrayRef], rows: &Rows<'_>) -> Result<()> {
        let batch = self.batches.len();
        self.batches.push(columns.to_vec());
        let (seen, ordered) = (self.rows_seen, self.ordered);
        let order = |row: usize| if ordered { rows.order.map_or(0, |order| order.value(row)) } else { seen + row as i64 };
        let race = Race { rows, batch, order: &order };
        let leaders = self.leaders.as_mut_slice();
        let key = &columns[0];
        let has_key = |row| if key.is_null(row) { 1 } else { 2 };
        let won = match (&mut self.keys, self.rule) {
            (Keys::Longs(held), Winner::Extreme(side)) => {
                held.resize(leaders.len(), 0);
                let key = cast(key, &DataType::Int64)?;
                let values = key.as_primitive::<Int64Type>();
                race.run(leaders, held, has_key, |row| values.value(row), |row, old, _| decide(values.value(row), old, side))
            }
            (Keys::Reals(held), Winner::Extreme(side)) => {
                held.resize(leaders.len(), 0.0);
                let values = key.as_primitive::<Float64Type>();
                let beats = |row: usize, old: f64, _: &Leader| {
                    let new = values.value(row);
                    if new == old || new.is_nan() && old.is_nan() { None } else { Some(side.wins_float(new, old)) }
                };
                race.run(leaders, held, has_key, |row| values.value(row), beats)
            }
            (Keys::Decimals(held), Winner::Extreme(side)) => {
                held.resize(leaders.len(), 0);
                let values = key.as_primitive::<Decimal128Type>();
                race.run(leaders, held, has_key, |row| values.value(row), |row, old, _| decide(values.value(row), old, side))
            }
            (Keys::Texts, Winner::Extreme(side)) => {
                let (values, batches) = (key.as_string_view(), &self.batches);
                let beats = |row: usize, (), leader: &Leader| {
                    decide(values.value(row), batches[leader.batch][0].as_string_view().value(leader.row), side)
                };
                race.run(leaders, &mut vec![(); leaders.len()], has_key, |_| (), beats)
            }
            _ => {
                let is_text = self.kinds[0] == ScalarType::String;
                let is_blank = |row| key.is_null(row) || (is_text && key.as_string_view().value(row).is_empty());
                let alone = columns.len() == 1;
                let rank = |row| if alone && is_blank(row) { 1 } else { 2 };
                race.run(leaders, &mut vec![(); leaders.len()], rank, |_| (), |_, (), _| None)
            }
        };
        self.rows_seen += rows.groups.len() as i64;
        if won {
            self.rows_kept += rows.groups.len();
        } else {
            self.batches.pop();
        }
        if self.rows_kept > 2 * self.leaders.len() + SPARE_ROWS { self.compact() } else { Ok(()) }
    }

    /// The columns of the leaders of the first groups; null where there is none.
    fn gather(&self, leaders: &[Leader]) -> Result<Vec<ArrayRef>> {
        let nowhere = (self.batches.len(), 0);
        let places: Vec<_> = leaders.iter().map(|leader| if leader.rank == 0 { nowhere } else { (leader.batch, leader.row) }).collect();
        (0..self.kinds.len())
            .map(|column| {
                let nothing = new_null_array(&arrow_type(self.kinds[column]), 1);
                let parts: Vec<&dyn Array> = self.batches.iter().map(|batch| batch[column].as_ref()).chain([nothing.as_ref()]).collect();
                let gathered = interleave(&parts, &places)?;
                // Views would keep the texts of all batches alive.
                Ok(match gathered.as_string_view_opt() {
                    Some(views) => Arc::new(views.gc()),
                    None => gathered,
                })
            })
            .collect()
    }

    fn compact(&mut self) -> Result<()> {
        let leaders = std::mem::take(&mut self.leaders);
        let columns = self.gather(&leaders)?;
        self.rows_kept = leaders.len();
        self.batches = vec![columns];
        self.leaders = leaders.into_iter().enumerate().map(|(row, leader)| Leader { batch: 0, row, ..leader }).collect();
        Ok(())
    }

    fn take(&mut self, emit: EmitTo) -> Vec<Leader> {
        let leaders = emit.take_needed(&mut self.leaders);
        match &mut self.keys {
            Keys::None | Keys::Texts => {}
            Keys::Longs(held) => drop(held.drain(..leaders.len().min(held.len()))),
            Keys::Reals(held) => drop(held.drain(..leaders.len().min(held.len()))),
            Keys::Decimals(held) => drop(held.drain(..leaders.len().min(held.len()))),
        }
        leaders
    }

    fn forget_if_empty(&mut self) {
        if self.leaders.is_empty() {
            self.batches.clear();
            self.rows_kept = 0;
        }
    }
}

/// Whether the new wins; none if both are equal.
fn decide<T: PartialOrd>(new: T, old: T, side: Extreme) -> Option<bool> {
    if new == old { None } else { Some(side.wins(&new, &old)) }
}

/// Rows that run against the leaders of their groups.
struct Race<'a, O> {
    rows: &'a Rows<'a>,
    batch: usize,
    order: &'a O,
}

impl<O: Fn(usize) -> i64> Race<'_, O> {
    /// Whether any row won. The rank of a row decides first, then its value against that of the leader, then its order.
    fn run<K: Copy>(
        &self,
        leaders: &mut [Leader],
        keys: &mut [K],
        rank: impl Fn(usize) -> u8,
        value: impl Fn(usize) -> K,
        beats: impl Fn(usize, K, &Leader) -> Option<bool>,
    ) -> bool {
        let mut any = false;
        for (row, group) in self.rows.groups.iter().copied().enumerate() {
            if !self.rows.counts(row) {
                continue;
            }
            let (leader, key) = (&mut leaders[group], &mut keys[group]);
            let (rank, order) = (rank(row), (self.order)(row));
            let wins = match rank.cmp(&leader.rank) {
                Ordering::Equal => {
                    let decided = if rank == 2 { beats(row, *key, leader) } else { None };
                    decided.unwrap_or(order < leader.order)
                }
                higher => higher == Ordering::Greater,
            };
            if wins {
                *leader = Leader { batch: self.batch, row, order, rank };
                *key = value(row);
                any = true;
            }
        }
        any
    }
}

impl Groups for Winners {
    fn grow(&mut self, groups: usize) {
        self.leaders.resize(groups.max(self.leaders.len()), Leader { batch: 0, row: 0, order: 0, rank: 0 });
    }

    fn update(&mut self, rows: &Rows<'_>) -> Result<()> {
        self.add(rows.columns, rows)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let (columns, order) = states.split_at(self.kinds.len());
        let filter = is_not_null(&order[0])?;
        self.add(columns, &Rows { columns, groups, filter: Some(&filter), order: Some(order[0].as_primitive::<Int64Type>()) })
    }

    fn finish(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let leaders = self.take(emit);
        let mut columns = self.gather(&leaders)?;
        self.forget_if_empty();
        for (column, kind) in columns.iter_mut().zip(&self.kinds) {
            if *kind == ScalarType::String && column.null_count() > 0 {
                *column = Arc::new(column.as_string_view().iter().map(|text| Some(text.unwrap_or_default())).collect::<StringViewArray>());
            }
        }
        Ok(match self.rule {
            Winner::AnyValue => columns.swap_remove(0),
            _ => Arc::new(StructArray::try_new(fields(&self.kinds), columns, None)?),
        })
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let leaders = self.take(emit);
        let mut columns = self.gather(&leaders)?;
        self.forget_if_empty();
        let orders = leaders.iter().map(|leader| (leader.rank > 0).then_some(leader.order)).collect::<Int64Array>();
        columns.push(Arc::new(orders));
        Ok(columns)
    }

    fn size(&self) -> usize {
        let held: usize = self.batches.iter().flatten().map(|column| column.get_array_memory_size()).sum();
        held + self.leaders.capacity() * (size_of::<Leader>() + size_of::<i128>())
    }
}

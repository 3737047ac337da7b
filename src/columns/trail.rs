//! The rows that name some entities, in time order: what timelines read.
//!
//! The index of entities of each file, and of each batch in memory, says which rows these are; both stand in order of time. So
//! rows are counted without being read, and a page is a merge of sorted lists that ends with the page.

use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::Int64Type;
use futures::{StreamExt, TryStreamExt};

use super::buffer::widened;
use super::convert::value;
use super::delta::Add;
use super::error::ColumnsError;
use super::indexes::{indexed, keys};
use super::picked::{Picked, pick};
use super::postings::{Indexed, UNDATED};
use super::snapshot::{ColumnsSnapshot, TableView};
use super::types::{ENTITIES, kind_of_field};
use crate::model::{Fault, Object, Seq, Time, Window};

/// Files of one page that are read at the same time.
const READS_AT_ONCE: usize = 4;

/// In which order rows are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// From the first to the last.
    #[default]
    OldestFirst,
    /// From the last to the first.
    NewestFirst,
}

/// Which rows are wanted.
#[derive(Clone, Debug)]
pub struct TrailRequest {
    /// Hashes of keys (`entity_hash`): a row counts if it names any of them.
    pub hashes: Vec<i64>,
    /// Only these tables, in any case; all if none is named.
    pub tables: Option<Vec<String>>,
    /// Only rows of this time.
    pub window: Window,
    /// The order.
    pub order: Order,
    /// Only rows behind this place of the order.
    pub after: Option<(Time, Seq)>,
    /// Only rows of documents up to this one.
    pub until: Option<Seq>,
    /// Number of rows; rows of one document at one instant are never parted, so a page may hold a few more.
    pub limit: usize,
}

/// A row that names a wanted entity.
#[derive(Clone, Debug)]
pub struct TrailRow {
    /// Its time; none for undated rows.
    pub time: Option<Time>,
    /// Its document.
    pub seq: Seq,
    /// Its table.
    pub table: Arc<str>,
    /// A batch that holds it; columns without a value in the batch may be absent.
    pub batch: Arc<RecordBatch>,
    /// Its place in the batch.
    pub row: usize,
}

impl TrailRow {
    /// The cells that hold something, without the columns that begin with `_`.
    pub fn cells(&self) -> Object {
        let schema = self.batch.schema_ref();
        let data = schema.fields().iter().enumerate().filter(|(_, field)| !field.name().starts_with('_'));
        let cell = |(place, field): (usize, &Arc<arrow::datatypes::Field>)| {
            let column = self.batch.column(place);
            if column.is_null(self.row) {
                return None;
            }
            let found = value(column.as_ref(), kind_of_field(field), self.row)?;
            (!matches!(&found, serde_json::Value::String(text) if text.is_empty())).then(|| (field.name().clone(), found))
        };
        data.filter_map(cell).collect()
    }

    /// Whether the row names the entity of this hash.
    pub fn names(&self, hash: i64) -> bool {
        self.entities().contains(&hash)
    }

    /// Hashes of the entities that the row names.
    pub fn entities(&self) -> &[i64] {
        let Some(lists) = self.batch.column_by_name(ENTITIES).map(|column| column.as_list::<i32>()) else { return &[] };
        let (from, to) = (lists.value_offsets()[self.row] as usize, lists.value_offsets()[self.row + 1] as usize);
        &lists.values().as_primitive::<Int64Type>().values()[from..to]
    }
}

/// A page of rows.
#[derive(Clone, Debug, Default)]
pub struct TrailPage {
    /// The rows in the wanted order.
    pub rows: Vec<TrailRow>,
    /// Whether no row lies behind the last one.
    pub complete: bool,
}

/// Number of rows of a table in a span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The table.
    pub table: Arc<str>,
    /// First instant of the span.
    pub start: Time,
    /// Number of rows.
    pub count: u64,
}

/// A row that may come into the page. Sorts by time, then document, then place.
type Candidate = (i64, i64, usize, u32);

/// The rows of a snapshot that name some entities, found once: counts, span and pages are read from it.
#[derive(Debug)]
pub struct Trail<'a> {
    snapshot: &'a ColumnsSnapshot,
    sources: Vec<Found<'a>>,
}

/// The rows of one file or batch.
#[derive(Debug)]
struct Found<'a> {
    view: &'a TableView,
    rows: Rows<'a>,
    /// Those without a time; they come first.
    undated: Range<usize>,
    /// Those inside the window.
    dated: Range<usize>,
}

#[derive(Debug)]
enum Rows<'a> {
    /// Rows of a file, ascending and so in order of time.
    File { file: &'a Add, indexed: Arc<Indexed>, rows: Vec<u32> },
    /// Rows of a batch with time and document, in order of time.
    Memory { batch: RecordBatch, rows: Vec<(i64, i64, u32)> },
}

impl Rows<'_> {
    fn len(&self) -> usize {
        match self {
            Self::File { rows, .. } => rows.len(),
            Self::Memory { rows, .. } => rows.len(),
        }
    }

    /// Time, document and place of the nth row.
    fn at(&self, n: usize) -> (i64, i64, u32) {
        match self {
            Self::File { indexed, rows, .. } => {
                let (time, seq) = indexed.keys.get(rows[n]);
                (time, seq, rows[n])
            }
            Self::Memory { rows, .. } => rows[n],
        }
    }

    /// The first of some rows for which `before` does not hold.
    fn first(&self, range: Range<usize>, before: impl Fn((i64, i64)) -> bool) -> usize {
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = low.midpoint(high);
            let (time, seq, _) = self.at(middle);
            if before((time, seq)) { low = middle + 1 } else { high = middle }
        }
        low
    }
}

impl<'a> Found<'a> {
    fn new(view: &'a TableView, rows: Rows<'a>, window: &Window) -> Self {
        let all = rows.len();
        let may_be_undated = match &rows {
            Rows::File { file, .. } => file.stats.undated > 0,
            Rows::Memory { .. } => true,
        };
        let undated = if may_be_undated { rows.first(0..all, |(time, _)| time == UNDATED) } else { 0 };
        let from = window.from.map_or(undated, |from| rows.first(undated..all, |(time, _)| time < from.micros()));
        let to = window.to.map_or(all, |to| rows.first(from..all, |(time, _)| time <= to.micros()));
        Self { view, rows, undated: 0..undated, dated: from..to }
    }
}

impl ColumnsSnapshot {
    /// Finds the rows that name any of the entities; order, place and limit of the request do not count.
    pub async fn trail(&self, request: &TrailRequest) -> Result<Trail<'_>, Fault> {
        let named =
            |view: &TableView| request.tables.as_ref().is_none_or(|names| names.iter().any(|n| n.eq_ignore_ascii_case(&view.schema.name)));
        let window = request.window;
        let wanted = |file: &Add| {
            let touched = |(first, last)| window.overlaps(Time::from_micros(first), Time::from_micros(last));
            file.stats.undated > 0 || file.stats.time.is_some_and(touched)
        };
        let until = request.until.map_or(i64::MAX, |until| i64::try_from(until.0).unwrap_or(i64::MAX));
        let mut sources = Vec::new();
        for view in self.views().iter().filter(|view| named(view)) {
            for sealed in view.sealed() {
                let rows = sealed.rows(&request.hashes);
                if rows.is_empty() {
                    continue;
                }
                let (time, seq) = keys(&sealed.batch)?;
                let at = |row: u32| {
                    let place = row as usize;
                    (if time.is_valid(place) { time.value(place) } else { UNDATED }, seq.value(place), row)
                };
                let mut rows: Vec<(i64, i64, u32)> = rows.into_iter().map(at).filter(|(_, seq, _)| *seq <= until).collect();
                rows.sort_unstable();
                sources.push(Found::new(view, Rows::Memory { batch: sealed.batch, rows }, &window));
            }
            for file in view.files.files.iter().filter(|file| wanted(file)) {
                let indexed = indexed(&self.shared, view, file).await?;
                let mut rows = indexed.postings.rows(&request.hashes);
                if request.until.is_some() {
                    rows.retain(|row| indexed.keys.get(*row).1 <= until);
                }
                if !rows.is_empty() {
                    sources.push(Found::new(view, Rows::File { file, indexed, rows }, &window));
                }
            }
        }
        Ok(Trail { snapshot: self, sources })
    }

    /// Returns the rows that name any of the entities, a page at a time.
    pub async fn rows_of_entities(&self, request: &TrailRequest) -> Result<TrailPage, Fault> {
        self.trail(request).await?.page(request.order, request.after, request.limit).await
    }

    /// Returns rows without a time that name any of the entities, in the order of their documents.
    pub async fn undated_rows_of_entities(&self, request: &TrailRequest) -> Result<TrailPage, Fault> {
        self.trail(request).await?.undated(request.limit).await
    }
}

impl Trail<'_> {
    /// Returns the number of dated rows.
    pub fn count(&self) -> u64 {
        self.sources.iter().map(|found| found.dated.len() as u64).sum()
    }

    /// Returns the number of dated rows of each table that has any.
    pub fn count_by_table(&self) -> BTreeMap<Arc<str>, u64> {
        let mut counts = BTreeMap::new();
        for found in self.sources.iter().filter(|found| !found.dated.is_empty()) {
            *counts.entry(Arc::clone(&found.view.schema.name)).or_default() += found.dated.len() as u64;
        }
        counts
    }

    /// Returns the first and the last instant of the dated rows.
    pub fn span(&self) -> Option<(Time, Time)> {
        let dated = || self.sources.iter().filter(|found| !found.dated.is_empty());
        let first = dated().map(|found| found.rows.at(found.dated.start).0).min()?;
        let last = dated().map(|found| found.rows.at(found.dated.end - 1).0).max()?;
        Some((Time::from_micros(first), Time::from_micros(last)))
    }

    /// Counts the dated rows by table and span of `width_micros`, spans beginning at multiples of it.
    pub fn buckets(&self, width_micros: i64) -> Vec<Bucket> {
        let width = width_micros.max(1);
        let mut counts: BTreeMap<(Arc<str>, i64), u64> = BTreeMap::new();
        for found in &self.sources {
            let mut at = found.dated.start;
            while at < found.dated.end {
                // Rows stand in order of time: one search finds the end of a bucket.
                let start = found.rows.at(at).0.div_euclid(width) * width;
                let end = found.rows.first(at + 1..found.dated.end, |(time, _)| time - start < width);
                *counts.entry((Arc::clone(&found.view.schema.name), start)).or_default() += (end - at) as u64;
                at = end;
            }
        }
        counts.into_iter().map(|((table, start), count)| Bucket { table, start: Time::from_micros(start), count }).collect()
    }

    /// Returns the first rows of an order, or those behind a place; rows of one document at one instant are never parted.
    pub async fn page(&self, order: Order, after: Option<(Time, Seq)>, limit: usize) -> Result<TrailPage, Fault> {
        // The greatest comes first out of a heap: oldest first, numbers are turned round.
        let turned = |(time, seq, source, row): Candidate| match order {
            Order::OldestFirst => (!time, !seq, !source, !row),
            Order::NewestFirst => (time, seq, source, row),
        };
        let after = after.map(|(time, seq)| (time.micros(), i64::try_from(seq.0).unwrap_or(i64::MAX)));
        let mut left: Vec<Range<usize>> = Vec::with_capacity(self.sources.len());
        let mut heads: BinaryHeap<Candidate> = BinaryHeap::with_capacity(self.sources.len());
        let pull = |source: usize, left: &mut Range<usize>| {
            let n = match order {
                Order::OldestFirst => left.next(),
                Order::NewestFirst => left.next_back(),
            }?;
            let (time, seq, row) = self.sources[source].rows.at(n);
            Some(turned((time, seq, source, row)))
        };
        for (source, found) in self.sources.iter().enumerate() {
            let mut range = found.dated.clone();
            if let Some(after) = after {
                match order {
                    Order::OldestFirst => range.start = found.rows.first(range.clone(), |key| key <= after),
                    Order::NewestFirst => range.end = found.rows.first(range.clone(), |key| key < after),
                }
            }
            heads.extend(pull(source, &mut range));
            left.push(range);
        }
        let mut page: Vec<Candidate> = Vec::with_capacity(limit.min(1_024));
        let mut complete = true;
        while let Some(head) = heads.pop() {
            let next = turned(head);
            if page.len() >= limit && page.last().is_none_or(|last| (last.0, last.1) != (next.0, next.1)) {
                complete = false;
                break;
            }
            page.push(next);
            heads.extend(pull(next.2, &mut left[next.2]));
        }
        Ok(TrailPage { rows: self.read(&page).await?, complete })
    }

    /// Returns the rows without a time, in the order of their documents.
    pub async fn undated(&self, limit: usize) -> Result<TrailPage, Fault> {
        let mut found: Vec<Candidate> = Vec::new();
        for (source, Found { rows, undated, .. }) in self.sources.iter().enumerate() {
            found.extend(undated.clone().map(|n| rows.at(n)).map(|(_, seq, row)| (UNDATED, seq, source, row)));
        }
        found.sort_unstable();
        let complete = found.len() <= limit;
        found.truncate(limit);
        let mut rows = self.read(&found).await?;
        rows.iter_mut().for_each(|row| row.time = None);
        Ok(TrailPage { rows, complete })
    }

    /// Reads the rows of a page.
    async fn read(&self, page: &[Candidate]) -> Result<Vec<TrailRow>, ColumnsError> {
        let mut by_source: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        page.iter().for_each(|(_, _, source, row)| by_source.entry(*source).or_default().push(*row));
        let reads = by_source.into_iter().map(|(source, mut rows)| async move {
            rows.sort_unstable();
            Ok::<_, ColumnsError>((source, self.read_source(&self.sources[source], rows).await?))
        });
        let read: BTreeMap<usize, Arc<Picked>> = futures::stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
        let row = |(time, seq, source, row): &Candidate| {
            let picked = read.get(source)?;
            let table = Arc::clone(&self.sources[*source].view.schema.name);
            let row = picked.place(*row)?;
            Some(TrailRow { time: Some(Time::from_micros(*time)), seq: Seq(*seq as u64), table, batch: Arc::clone(&picked.batch), row })
        };
        Ok(page.iter().filter_map(row).collect())
    }

    async fn read_source(&self, found: &Found<'_>, rows: Vec<u32>) -> Result<Arc<Picked>, ColumnsError> {
        match &found.rows {
            Rows::Memory { batch, .. } => {
                let taken = take_record_batch(batch, &UInt32Array::from(rows.clone()))?;
                Ok(Arc::new(Picked::of(rows, widened(&taken, &found.view.schema)?, &found.view.schema)))
            }
            Rows::File { file, indexed, .. } => pick(&self.snapshot.shared, found.view, file, indexed, &rows).await,
        }
    }
}

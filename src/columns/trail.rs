//! The rows that name some entities, in time order: what timelines read.
//!
//! Files are chosen by their times, rows by the index of entities that each file carries; only the rows of the page are read whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use futures::TryStreamExt;
use hashbrown::HashSet;
use object_store::ObjectStoreExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, RowSelection};
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use parquet::file::metadata::PageIndexPolicy;

use super::buffer::widened;
use super::convert::value;
use super::delta::Add;
use super::error::ColumnsError;
use super::fetch::FileReader;
use super::postings::{Indexed, POSTINGS_KEY, Postings, RowKeys, UNDATED};
use super::snapshot::{ColumnsSnapshot, Shared, TableView};
use super::types::{ENTITIES, SEQ, TIME, kind_of_field};
use super::words::{WORDS_KEY, Words};
use crate::model::{Fault, Object, Seq, Time, Window};

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
            let found = value(self.batch.column(place).as_ref(), kind_of_field(field), self.row)?;
            (!matches!(&found, serde_json::Value::String(text) if text.is_empty())).then(|| (field.name().clone(), found))
        };
        data.filter_map(cell).collect()
    }

    /// Whether the row names the entity of this hash.
    pub fn names(&self, hash: i64) -> bool {
        let Some(lists) = self.batch.column_by_name(ENTITIES) else { return false };
        lists.as_list::<i32>().value(self.row).as_primitive::<Int64Type>().values().contains(&hash)
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    time: i64,
    seq: i64,
    source: usize,
    row: u32,
}

/// A file or a batch in memory.
enum Source<'a> {
    File(&'a TableView, &'a Add),
    Memory(&'a TableView, RecordBatch),
}

impl ColumnsSnapshot {
    /// Returns the rows that name any of the entities, a page at a time.
    pub async fn rows_of_entities(&self, request: &TrailRequest) -> Result<TrailPage, Fault> {
        let sources = self.sources(request, |file| file.stats.time.is_some_and(|(first, last)| request.overlaps(first, last)))?;
        let mut found: Vec<Candidate> = Vec::new();
        let mut dropped = false;
        for (place, source) in sources.iter().enumerate() {
            if found.len() >= request.limit
                && found.get(request.limit.saturating_sub(1)).is_some_and(|last| request.lies_behind(source, last))
            {
                // Whatever is left comes behind the page; whether there is anything costs a look only at the files' indexes.
                dropped = true;
                break;
            }
            let rows = self.hits(source, request).await?;
            found.extend(
                rows.into_iter()
                    .filter_map(|(time, seq, row)| Some(Candidate { time: time?, seq, source: place, row }))
                    .filter(|c| request.admits(c)),
            );
            request.sort(&mut found);
            dropped |= request.cut(&mut found);
        }
        let rows = self.read_page(&sources, &found).await?;
        Ok(TrailPage { rows, complete: !dropped })
    }

    /// Returns rows without a time that name any of the entities, in the order of their documents.
    pub async fn undated_rows_of_entities(&self, request: &TrailRequest) -> Result<TrailPage, Fault> {
        let sources = self.sources(request, |file| file.stats.undated > 0)?;
        let mut found: Vec<Candidate> = Vec::new();
        for (place, source) in sources.iter().enumerate() {
            let rows = self.hits(source, request).await?;
            found.extend(rows.into_iter().filter(|(time, ..)| time.is_none()).map(|(_, seq, row)| Candidate {
                time: 0,
                seq,
                source: place,
                row,
            }));
        }
        found.sort_unstable();
        let complete = found.len() <= request.limit;
        found.truncate(request.limit);
        let mut rows = self.read_page(&sources, &found).await?;
        rows.iter_mut().for_each(|row| row.time = None);
        Ok(TrailPage { rows, complete })
    }

    /// Returns the first and the last instant of the rows that name any of the entities.
    ///
    /// Order, place and limit of the request do not count.
    pub async fn span_of_entities(&self, request: &TrailRequest) -> Result<Option<(Time, Time)>, Fault> {
        let window = TrailRequest { after: None, ..request.clone() };
        let mut span: Option<(i64, i64)> = None;
        for source in self.sources(&window, |file| file.stats.time.is_some_and(|(first, last)| window.overlaps(first, last)))? {
            let times = self.hits(&source, &window).await?.into_iter().filter_map(|(time, ..)| time);
            for time in times.filter(|time| window.window.contains(Time::from_micros(*time))) {
                span = Some(span.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
            }
        }
        Ok(span.map(|(first, last)| (Time::from_micros(first), Time::from_micros(last))))
    }

    /// Counts the rows that name any of the entities by table and span of `width_micros`, spans beginning at multiples of it.
    ///
    /// Order, place and limit of the request do not count.
    pub async fn count_by_table_and_bucket(&self, request: &TrailRequest, width_micros: i64) -> Result<Vec<Bucket>, Fault> {
        let window = TrailRequest { after: None, ..request.clone() };
        let width = width_micros.max(1);
        let mut counts: BTreeMap<(Arc<str>, i64), u64> = BTreeMap::new();
        for source in self.sources(&window, |file| file.stats.time.is_some_and(|(first, last)| window.overlaps(first, last)))? {
            let table = &source.view().schema.name;
            for (time, _, _) in self.hits(&source, &window).await? {
                if let Some(time) = time.filter(|time| window.window.contains(Time::from_micros(*time))) {
                    *counts.entry((Arc::clone(table), time.div_euclid(width) * width)).or_default() += 1;
                }
            }
        }
        Ok(counts.into_iter().map(|((table, start), count)| Bucket { table, start: Time::from_micros(start), count }).collect())
    }

    /// Memory first, then files in the order of the request.
    fn sources(&self, request: &TrailRequest, wanted: impl Fn(&Add) -> bool) -> Result<Vec<Source<'_>>, Fault> {
        let named =
            |view: &TableView| request.tables.as_ref().is_none_or(|names| names.iter().any(|n| n.eq_ignore_ascii_case(&view.schema.name)));
        let mut sources = Vec::new();
        let mut files: Vec<(&TableView, &Add)> = Vec::new();
        for view in self.views().iter().filter(|view| named(view)) {
            for batch in view.raw().map_err(Fault::from)? {
                sources.push(Source::Memory(view, batch));
            }
            files.extend(view.files.files.iter().filter(|file| wanted(file)).map(|file| (&**view, &**file)));
        }
        match request.order {
            Order::OldestFirst => files.sort_by_key(|(_, file)| file.stats.time),
            Order::NewestFirst => files.sort_by_key(|(_, file)| std::cmp::Reverse(file.stats.time.map(|(_, last)| last))),
        }
        sources.extend(files.into_iter().map(|(view, file)| Source::File(view, file)));
        Ok(sources)
    }

    /// Time, document and place of the rows of a source that name any of the hashes, as far as their documents are wanted.
    async fn hits(&self, source: &Source<'_>, request: &TrailRequest) -> Result<Vec<(Option<i64>, i64, u32)>, ColumnsError> {
        let mut hits = self.hits_of(source, &request.hashes).await?;
        if let Some(until) = request.until {
            hits.retain(|(_, seq, _)| *seq as u64 <= until.0);
        }
        Ok(hits)
    }

    async fn hits_of(&self, source: &Source<'_>, hashes: &[i64]) -> Result<Vec<(Option<i64>, i64, u32)>, ColumnsError> {
        let (places, batch) = match source {
            Source::Memory(_, batch) => (rows_naming(batch, hashes), batch.clone()),
            Source::File(view, file) => {
                let indexed = self.indexed(view, file).await?;
                let hit = |row| {
                    let (time, seq) = indexed.keys.get(row);
                    (time, seq, row)
                };
                return Ok(indexed.postings.rows(hashes).into_iter().map(hit).collect());
            }
        };
        let (time, seq) = keys(&batch)?;
        let hit = |row: u32| (time.is_valid(row as usize).then(|| time.value(row as usize)), seq.value(row as usize), row);
        Ok(places.into_iter().map(hit).collect())
    }

    async fn read_page(&self, sources: &[Source<'_>], page: &[Candidate]) -> Result<Vec<TrailRow>, ColumnsError> {
        let mut by_source: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        page.iter().for_each(|c| by_source.entry(c.source).or_default().push(c.row));
        let mut read: BTreeMap<usize, (Vec<u32>, Arc<RecordBatch>)> = BTreeMap::new();
        for (place, mut rows) in by_source {
            rows.sort_unstable();
            rows.dedup();
            let batch = match &sources[place] {
                Source::Memory(_, batch) => take_record_batch(batch, &UInt32Array::from(rows.clone()))?,
                Source::File(view, file) => {
                    let indexed = self.indexed(view, file).await?;
                    self.read_rows(view, file, &indexed, &rows).await?
                }
            };
            read.insert(place, (rows, Arc::new(batch)));
        }
        let row = |c: &Candidate| {
            let (rows, batch) = read.get(&c.source)?;
            let row = rows.binary_search(&c.row).ok()?;
            let table = Arc::clone(&sources[c.source].view().schema.name);
            Some(TrailRow { time: Some(Time::from_micros(c.time)), seq: Seq(c.seq as u64), table, batch: Arc::clone(batch), row })
        };
        Ok(page.iter().filter_map(row).collect())
    }

    async fn indexed(&self, view: &TableView, file: &Add) -> Result<Indexed, ColumnsError> {
        indexed(&self.shared, view, file).await
    }
    /// Some rows of a file, ascending.
    async fn read_rows(&self, view: &TableView, file: &Add, indexed: &Indexed, rows: &[u32]) -> Result<RecordBatch, ColumnsError> {
        let reader = FileReader { store: Arc::clone(&self.shared.store), path: view.path(file), size: file.size };
        let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, indexed.metadata.clone());
        let selection = RowSelection::from_consecutive_ranges(ranges(rows).into_iter(), file.stats.rows as usize);
        let stream = builder.with_row_selection(selection).with_batch_size(rows.len().clamp(1, 8_192)).build()?;
        let batches: Vec<RecordBatch> = stream.try_collect().await?;
        let schema = batches.first().map(RecordBatch::schema).ok_or_else(|| ColumnsError::Log {
            table: view.files.root.to_string(),
            found: format!("the file `{}` without the rows of its index", file.path),
        })?;
        widened(&concat_batches(&schema, &batches)?, &view.schema)
    }
}

/// Footer and index of a file, from the cache if they were used before.
pub(super) async fn indexed(shared: &Shared, view: &TableView, file: &Add) -> Result<Indexed, ColumnsError> {
    let path = view.path(file);
    if let Some(known) = shared.postings.get(path.as_ref()) {
        return Ok(known);
    }
    let damaged = || ColumnsError::Log { table: view.files.root.to_string(), found: format!("the file `{}` without its index", file.path) };
    let mut reader = FileReader { store: Arc::clone(&shared.store), path: path.clone(), size: file.size };
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let metadata = ArrowReaderMetadata::load_async(&mut reader, options).await?;
    let pairs = metadata.metadata().file_metadata().key_value_metadata();
    let text = pairs.and_then(|pairs| pairs.iter().find(|pair| pair.key == POSTINGS_KEY)?.value.clone()).ok_or_else(damaged)?;
    let place: Option<(u64, u64)> = text.split_once(',').and_then(|(from, length)| Some((from.parse().ok()?, length.parse().ok()?)));
    let (from, length) = place.filter(|(from, length)| from.saturating_add(*length) <= file.size).ok_or_else(damaged)?;
    let bytes = shared.store.get_range(&path, from..from + length).await?;
    let keys = Arc::new(row_keys(shared, view, file, metadata.clone()).await?);
    let indexed = Indexed { postings: Postings::open(bytes).ok_or_else(damaged)?, metadata, keys };
    shared.postings.put(path.as_ref().into(), indexed.clone());
    Ok(indexed)
}

/// The index of words of a file; none if it has none that can be read.
pub(super) async fn words(shared: &Shared, view: &TableView, file: &Add) -> Option<Words> {
    let path = view.path(file);
    if let Some(known) = shared.words.get(path.as_ref()) {
        return known;
    }
    let mut reader = FileReader { store: Arc::clone(&shared.store), path: path.clone(), size: file.size };
    // A file that cannot be read now may be later: only what is known of it is kept.
    let metadata = ArrowReaderMetadata::load_async(&mut reader, ArrowReaderOptions::new()).await.ok()?;
    let pairs = metadata.metadata().file_metadata().key_value_metadata();
    let text = pairs.and_then(|pairs| pairs.iter().find(|pair| pair.key == WORDS_KEY)?.value.clone());
    let place: Option<(u64, u64)> =
        text.and_then(|text| text.split_once(',').and_then(|(from, length)| Some((from.parse().ok()?, length.parse().ok()?))));
    let words = match place.filter(|(from, length)| from.saturating_add(*length) <= file.size) {
        Some((from, length)) => Words::open(shared.store.get_range(&path, from..from + length).await.ok()?),
        None => None,
    };
    shared.words.put(path.as_ref(), words.clone());
    words
}

/// Time and document of all rows of a file.
async fn row_keys(shared: &Shared, view: &TableView, file: &Add, metadata: ArrowReaderMetadata) -> Result<RowKeys, ColumnsError> {
    let reader = FileReader { store: Arc::clone(&shared.store), path: view.path(file), size: file.size };
    let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, metadata);
    let mask = ProjectionMask::columns(builder.parquet_schema(), [TIME, SEQ]);
    let mut stream = builder.with_projection(mask).with_batch_size(8_192).build()?;
    let mut found = RowKeys::default();
    while let Some(batch) = stream.try_next().await? {
        let (time, seq) = keys(&batch)?;
        found.times.extend(time.iter().map(|time| time.unwrap_or(UNDATED)));
        found.seqs.extend_from_slice(seq.values());
    }
    Ok(found)
}

impl<'a> Source<'a> {
    fn view(&self) -> &'a TableView {
        match self {
            Self::File(view, _) | Self::Memory(view, _) => view,
        }
    }
}

impl TrailRequest {
    fn overlaps(&self, first: i64, last: i64) -> bool {
        let after = self.after.is_none_or(|(time, _)| match self.order {
            Order::OldestFirst => last >= time.micros(),
            Order::NewestFirst => first <= time.micros(),
        });
        after && self.window.overlaps(Time::from_micros(first), Time::from_micros(last))
    }

    fn admits(&self, c: &Candidate) -> bool {
        let place = (Time::from_micros(c.time), Seq(c.seq as u64));
        let after = self.after.is_none_or(|after| match self.order {
            Order::OldestFirst => place > after,
            Order::NewestFirst => place < after,
        });
        after && self.window.contains(place.0)
    }

    fn sort(&self, found: &mut [Candidate]) {
        match self.order {
            Order::OldestFirst => found.sort_unstable(),
            Order::NewestFirst => found.sort_unstable_by(|a, b| b.cmp(a)),
        }
    }

    /// Cuts to the limit, but never between rows of one document at one instant. Says whether anything was cut.
    fn cut(&self, found: &mut Vec<Candidate>) -> bool {
        if found.len() <= self.limit {
            return false;
        }
        let last = self.limit.checked_sub(1).map(|at| (found[at].time, found[at].seq));
        let end = (self.limit..found.len()).find(|at| Some((found[*at].time, found[*at].seq)) != last).unwrap_or(found.len());
        let cut = end < found.len();
        found.truncate(end);
        cut
    }

    /// Whether every row of a source comes behind a row in the order. Sources come in that order, memory aside.
    fn lies_behind(&self, source: &Source<'_>, last: &Candidate) -> bool {
        match source {
            Source::Memory(..) => false,
            Source::File(_, file) => file.stats.time.is_some_and(|(first, end)| match self.order {
                Order::OldestFirst => first > last.time,
                Order::NewestFirst => end < last.time,
            }),
        }
    }
}

type Keys<'a> = (&'a arrow::array::TimestampMicrosecondArray, &'a arrow::array::Int64Array);

fn keys(batch: &RecordBatch) -> Result<Keys<'_>, ColumnsError> {
    let column = |name: &str| {
        batch.column_by_name(name).ok_or_else(|| ColumnsError::Log { table: String::new(), found: format!("rows without `{name}`") })
    };
    Ok((column(TIME)?.as_primitive::<TimestampMicrosecondType>(), column(SEQ)?.as_primitive::<Int64Type>()))
}

fn rows_naming(batch: &RecordBatch, hashes: &[i64]) -> Vec<u32> {
    let Some(lists) = batch.column_by_name(ENTITIES).map(|c| c.as_list::<i32>()) else { return Vec::new() };
    let values = lists.values().as_primitive::<Int64Type>().values();
    let wanted: HashSet<i64> = hashes.iter().copied().collect();
    let names = |row: &u32| {
        let (from, to) = (lists.value_offsets()[*row as usize] as usize, lists.value_offsets()[*row as usize + 1] as usize);
        values[from..to].iter().any(|hash| wanted.contains(hash))
    };
    (0..lists.len() as u32).filter(names).collect()
}

/// Rows, ascending, as ranges.
pub(super) fn ranges(rows: &[u32]) -> Vec<std::ops::Range<usize>> {
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for row in rows.iter().map(|row| *row as usize) {
        match ranges.last_mut() {
            Some(last) if last.end == row => last.end = row + 1,
            _ => ranges.push(row..row + 1),
        }
    }
    ranges
}

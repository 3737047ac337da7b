//! Single rows of data files, read whole. What was read is kept: people page back and forth over the same hours.
//!
//! To read one row of a column costs about as much as to read a page of it, so that small files are read and kept as a whole.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Schema};
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder, RowSelection};
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;

use super::buffer::widened;
use super::cache::Cache;
use super::delta::Add;
use super::error::ColumnsError;
use super::fetch::FileReader;
use super::postings::Indexed;
use super::snapshot::{Shared, TableView};
use super::types::TableSchema;

/// Files up to this number of rows and of bytes are read as a whole: it is the number of rows of a page.
const WHOLE_ROWS_MAX: u64 = 4_096;
const WHOLE_BYTES_MAX: u64 = 4 << 20;
/// Bytes of rows kept in memory.
pub(super) const PICKED_BYTES_MAX: usize = 64 << 20;
/// Picks of one file that are kept.
const PICKS_MAX: usize = 16;

/// Rows of one file under the present types of their table.
#[derive(Debug)]
pub(super) struct Picked {
    /// Which rows these are, ascending; none means all.
    rows: Option<Vec<u32>>,
    schema: Arc<TableSchema>,
    pub(super) batch: Arc<RecordBatch>,
}

/// Picks of files.
pub(super) type PickedCache = Cache<Arc<[Arc<Picked>]>>;

impl Picked {
    /// Rows that are in memory already.
    pub(super) fn of(rows: Vec<u32>, batch: RecordBatch, schema: &Arc<TableSchema>) -> Self {
        Self { rows: Some(rows), schema: Arc::clone(schema), batch: Arc::new(batch) }
    }

    /// The place in the batch of a row of the file.
    pub(super) fn place(&self, row: u32) -> Option<usize> {
        match &self.rows {
            None => Some(row as usize).filter(|row| *row < self.batch.num_rows()),
            Some(rows) => rows.binary_search(&row).ok(),
        }
    }

    fn holds(&self, rows: &[u32]) -> bool {
        rows.iter().all(|row| self.place(*row).is_some())
    }

    fn bytes(&self) -> usize {
        self.batch.get_array_memory_size() + self.rows.as_ref().map_or(0, |rows| rows.len() * 4)
    }
}

/// Some rows of a file, ascending.
pub(super) async fn pick(
    shared: &Shared,
    view: &TableView,
    file: &Add,
    indexed: &Indexed,
    rows: &[u32],
) -> Result<Arc<Picked>, ColumnsError> {
    let kept = shared.picked.get(&file.path).unwrap_or_else(|| Arc::from([]));
    // Columns may have been widened since.
    let current = |picked: &&Arc<Picked>| Arc::ptr_eq(&picked.schema, &view.schema) || picked.schema.same_as(&view.schema);
    if let Some(found) = kept.iter().filter(current).find(|picked| picked.holds(rows)) {
        return Ok(Arc::clone(found));
    }
    let whole = file.stats.rows <= WHOLE_ROWS_MAX && file.size <= WHOLE_BYTES_MAX;
    let found =
        Arc::new(if whole { read_whole(shared, view, file, indexed).await? } else { read_some(shared, view, file, indexed, rows).await? });
    let others = kept.iter().filter(|picked| !whole && picked.schema.same_as(&view.schema)).take(PICKS_MAX - 1);
    let picks: Arc<[Arc<Picked>]> = std::iter::once(&found).chain(others).cloned().collect();
    shared.picked.put(&file.path, Arc::clone(&picks), picks.iter().map(|picked| picked.bytes()).sum());
    Ok(found)
}

async fn read_whole(shared: &Shared, view: &TableView, file: &Add, indexed: &Indexed) -> Result<Picked, ColumnsError> {
    let bytes = shared.store.get_range(&view.path(file), 0..file.size).await?;
    let (metadata, schema) = (indexed.metadata.clone(), Arc::clone(&view.schema));
    let decode = move || decode(bytes, metadata, &schema);
    // Decoding is work for a processor: several files are decoded side by side.
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(decode).await.map_err(|source| object_store::Error::JoinError { source })?,
        Err(_) => decode(),
    }
}

fn decode(bytes: Bytes, metadata: ArrowReaderMetadata, schema: &Arc<TableSchema>) -> Result<Picked, ColumnsError> {
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, metadata).with_batch_size(WHOLE_ROWS_MAX as usize).build()?;
    let batches = reader.collect::<Result<Vec<RecordBatch>, _>>()?;
    let first = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
    let batch = widened(&concat_batches(&first, &batches)?, schema)?;
    Ok(Picked { rows: None, schema: Arc::clone(schema), batch: Arc::new(batch) })
}

async fn read_some(shared: &Shared, view: &TableView, file: &Add, indexed: &Indexed, rows: &[u32]) -> Result<Picked, ColumnsError> {
    let reader = FileReader { store: Arc::clone(&shared.store), path: view.path(file), size: file.size };
    let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, indexed.metadata.clone());
    let selection = RowSelection::from_consecutive_ranges(ranges(rows).into_iter(), file.stats.rows as usize);
    let stream = builder.with_row_selection(selection).with_batch_size(rows.len().clamp(1, 8_192)).build()?;
    let batches: Vec<RecordBatch> = stream.try_collect().await?;
    let schema = batches.first().map(RecordBatch::schema).ok_or_else(|| ColumnsError::Log {
        table: view.files.root.to_string(),
        found: format!("the file `{}` without the rows of its index", file.path),
    })?;
    let batch = widened(&concat_batches(&schema, &batches)?, &view.schema)?;
    // The texts of a few rows must not hold the pages that they were read from.
    let columns = batch.columns().iter().map(compacted).collect();
    Ok(Picked::of(rows.to_vec(), RecordBatch::try_new(batch.schema(), columns)?, &view.schema))
}

fn compacted(column: &ArrayRef) -> ArrayRef {
    if *column.data_type() == DataType::Utf8View { Arc::new(column.as_string_view().gc()) } else { Arc::clone(column) }
}

/// Rows, ascending, as ranges.
pub(super) fn ranges(rows: &[u32]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for row in rows.iter().map(|row| *row as usize) {
        match ranges.last_mut() {
            Some(last) if last.end == row => last.end = row + 1,
            _ => ranges.push(row..row + 1),
        }
    }
    ranges
}

//! What a data file carries beside its rows: footer, index of entities, index of words; read once and kept.

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use parquet::file::metadata::PageIndexPolicy;

use super::delta::Add;
use super::error::ColumnsError;
use super::fetch::FileReader;
use super::postings::{Indexed, POSTINGS_KEY, Postings, RowKeys, UNDATED};
use super::snapshot::{Shared, TableView};
use super::types::{SEQ, TIME};
use super::words::{WORDS_KEY, Words};

/// Footer and index of entities of a file, from the cache if they were used before.
pub(super) async fn indexed(shared: &Shared, view: &TableView, file: &Add) -> Result<Arc<Indexed>, ColumnsError> {
    if let Some(known) = shared.postings.get(&file.path) {
        return Ok(known);
    }
    let path = view.path(file);
    let damaged = || ColumnsError::Log { table: view.files.root.to_string(), found: format!("the file `{}` without its index", file.path) };
    let mut reader = FileReader { store: Arc::clone(&shared.store), path: path.clone(), size: file.size };
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let metadata = ArrowReaderMetadata::load_async(&mut reader, options).await?;
    let pairs = metadata.metadata().file_metadata().key_value_metadata();
    let text = pairs.and_then(|pairs| pairs.iter().find(|pair| pair.key == POSTINGS_KEY)?.value.clone()).ok_or_else(damaged)?;
    let place: Option<(u64, u64)> = text.split_once(',').and_then(|(from, length)| Some((from.parse().ok()?, length.parse().ok()?)));
    let (from, length) = place.filter(|(from, length)| from.saturating_add(*length) <= file.size).ok_or_else(damaged)?;
    let bytes = shared.store.get_range(&path, from..from + length).await?;
    let keys = row_keys(shared, view, file, metadata.clone()).await?;
    let indexed = Arc::new(Indexed { postings: Postings::open(bytes).ok_or_else(damaged)?, metadata, keys });
    shared.postings.put(&file.path, Arc::clone(&indexed), indexed.size());
    Ok(indexed)
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

/// The columns of a batch by which rows are put in order.
pub(super) fn keys(batch: &RecordBatch) -> Result<(&TimestampMicrosecondArray, &Int64Array), ColumnsError> {
    let column = |name: &str| {
        batch.column_by_name(name).ok_or_else(|| ColumnsError::Log { table: String::new(), found: format!("rows without `{name}`") })
    };
    Ok((column(TIME)?.as_primitive::<TimestampMicrosecondType>(), column(SEQ)?.as_primitive::<Int64Type>()))
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

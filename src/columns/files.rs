//! Data files: rows sorted by time, one Parquet file per day, with statistics, bloom filters, and the indexes of entities and words.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take};
use arrow::datatypes::{Int64Type, SchemaRef, TimestampMicrosecondType};
use bytes::Bytes;
use chrono::DateTime;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

use super::buffer::widened;
use super::delta::{Add, FileStats};
use super::error::ColumnsError;
use super::postings::{self, POSTINGS_KEY};
use super::types::{DAY, SEQ, TIME, TableSchema};
use super::words::{self, WORDS_KEY};

/// Rows of a row group.
const ROW_GROUP_ROWS: usize = 128 * 1_024;
/// Rows of a page: the grain at which a read skips.
const PAGE_ROWS: usize = 4_096;
/// Level of zstd.
const ZSTD_LEVEL: i32 = 3;
/// Files of one flush that are written at the same time, so that their fsyncs share the disk's journal commits.
const WRITES_AT_ONCE: usize = 8;
const MICROS_A_DAY: i64 = 86_400_000_000;

/// Parts of column names that mark identifiers: such columns get a bloom filter.
const BLOOM_NAMES: [&str; 21] = [
    "systemalertid",
    "alertid",
    "alertids",
    "incidentname",
    "vendororiginalid",
    "correlationid",
    "computer",
    "hostname",
    "devicename",
    "deviceid",
    "account",
    "accountname",
    "userprincipalname",
    "userid",
    "ipaddress",
    "clientip",
    "sourceip",
    "destinationip",
    "remoteip",
    "sha256",
    "sha1",
];
const BLOOM_ENDS: [&str; 10] = ["hash", "md5", "username", "upn", "ip", "processguid", "processid", "domain", "url", "resourceid"];

/// Sorts rows by time, undated ones first, and within a time by document.
pub(super) fn sort(batches: &[RecordBatch], schema: &SchemaRef) -> Result<RecordBatch, ColumnsError> {
    let whole = concat_batches(schema, batches)?;
    let column = |name: &str| whole.column_by_name(name).map(Arc::clone);
    let (Some(time), Some(seq)) = (column(TIME), column(SEQ)) else { return Ok(whole) };
    let (time, seq) = (time.as_primitive::<TimestampMicrosecondType>(), seq.as_primitive::<Int64Type>());
    let keys: Vec<(Option<i64>, i64)> = time.iter().zip(seq.values().iter().copied()).collect();
    if keys.is_sorted() {
        return Ok(whole);
    }
    // Sources write nearly in the order of time, of which this sort makes use.
    let mut order: Vec<u32> = (0..keys.len() as u32).collect();
    order.sort_by_key(|row| keys[*row as usize]);
    let order = UInt32Array::from(order);
    let columns = whole.columns().iter().map(|column| take(column, &order, None)).collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// Writes sorted rows as one file per day and returns the files in the order of days.
pub(super) async fn write(store: &dyn ObjectStore, root: &Path, sorted: &RecordBatch, now: i64) -> Result<Vec<Add>, ColumnsError> {
    let writes = days(sorted).into_iter().map(|(day, from, rows)| async move {
        let slice = sorted.slice(from, rows);
        let bytes = encode(&slice)?;
        let folder = day.as_deref().map_or_else(|| format!("{DAY}=__HIVE_DEFAULT_PARTITION__"), |day| format!("{DAY}={day}"));
        let path = format!("{folder}/part-{}.zstd.parquet", uuid::Uuid::new_v4());
        let size = bytes.len() as u64;
        let target = path.split('/').fold(root.clone(), |at, part| at.join(part));
        store.put(&target, PutPayload::from(bytes)).await?;
        Ok(Add { path, day, size, modified: now, stats: stats(&slice) })
    });
    futures::stream::iter(writes).buffered(WRITES_AT_ONCE).try_collect().await
}

/// The day of an instant in microseconds, as the partitions are called.
pub(super) fn day(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).unwrap_or_default().format("%Y-%m-%d").to_string()
}

/// Ranges of rows that share a day, as (day, first row, number of rows).
fn days(sorted: &RecordBatch) -> Vec<(Option<String>, usize, usize)> {
    let Some(time) = sorted.column_by_name(TIME).map(|c| c.as_primitive::<TimestampMicrosecondType>()) else { return Vec::new() };
    let day = |row: usize| time.is_valid(row).then(|| time.value(row).div_euclid(MICROS_A_DAY));
    let mut ranges = Vec::new();
    let mut from = 0;
    while from < time.len() {
        let this = day(from);
        let rows = (from..time.len()).take_while(|row| day(*row) == this).count();
        let name = this.map(|number| self::day(number * MICROS_A_DAY));
        ranges.push((name, from, rows));
        from += rows;
    }
    ranges
}

fn stats(rows: &RecordBatch) -> FileStats {
    let time = rows.column_by_name(TIME).map(|c| c.as_primitive::<TimestampMicrosecondType>());
    let seq = rows.column_by_name(SEQ).map(|c| c.as_primitive::<Int64Type>());
    let span = |values: &mut dyn Iterator<Item = i64>| {
        values.fold(None, |span: Option<(i64, i64)>, n| Some(span.map_or((n, n), |(a, b)| (a.min(n), b.max(n)))))
    };
    FileStats {
        rows: rows.num_rows() as u64,
        time: time.and_then(|t| span(&mut t.iter().flatten())),
        undated: time.map_or(0, |t| t.null_count() as u64),
        seq: seq.and_then(|s| span(&mut s.iter().flatten())).unwrap_or_default(),
    }
}

fn encode(rows: &RecordBatch) -> Result<Bytes, ColumnsError> {
    let options = ArrowWriterOptions::new().with_properties(properties(&rows.schema(), rows.num_rows())?);
    let mut writer = ArrowWriter::try_new_with_options(Vec::with_capacity(1 << 16), rows.schema(), options)?;
    writer.write(rows)?;
    writer.flush()?;
    let index = postings::render(rows);
    let offset = writer.bytes_written();
    writer.write_all(&index).map_err(parquet::errors::ParquetError::from)?;
    writer.append_key_value_metadata(KeyValue::new(POSTINGS_KEY.to_owned(), format!("{offset},{}", index.len())));
    let (offset, index) = (writer.bytes_written(), words::render(rows));
    writer.write_all(&index).map_err(parquet::errors::ParquetError::from)?;
    writer.append_key_value_metadata(KeyValue::new(WORDS_KEY.to_owned(), format!("{offset},{}", index.len())));
    Ok(Bytes::from(writer.into_inner()?))
}

/// How a file of so many rows is written.
fn properties(schema: &SchemaRef, rows: usize) -> Result<WriterProperties, ColumnsError> {
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(PAGE_ROWS / 4)
        .set_statistics_enabled(EnabledStatistics::Page)
        // A filter begins at the size for so many values and is folded: the days of a slow source have few rows.
        .set_bloom_filter_max_ndv(rows.clamp(1, ROW_GROUP_ROWS) as u64)
        .set_created_by(concat!("clew ", env!("CARGO_PKG_VERSION")).to_owned());
    for name in [TIME, SEQ] {
        let path = ColumnPath::new(vec![name.to_owned()]);
        properties = properties.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    for field in schema.fields() {
        if wants_bloom(field.name()) {
            properties = properties.set_column_bloom_filter_enabled(ColumnPath::new(vec![field.name().clone()]), true);
        }
    }
    Ok(properties.build())
}

fn wants_bloom(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    BLOOM_NAMES.contains(&name.as_str()) || BLOOM_ENDS.iter().any(|end| name.ends_with(end))
}

/// Reads a whole file under the present types of its table.
pub(super) async fn read(store: &dyn ObjectStore, root: &Path, file: &Add, schema: &TableSchema) -> Result<Vec<RecordBatch>, ColumnsError> {
    let path = file.path.split('/').fold(root.clone(), |at, part| at.join(part));
    let bytes = store.get(&path).await?.bytes().await?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)?.with_batch_size(ROW_GROUP_ROWS).build()?;
    reader.map(|batch| widened(&batch?, schema)).collect()
}

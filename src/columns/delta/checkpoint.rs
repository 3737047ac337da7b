//! Checkpoints: the state of a log as one Parquet file, so that a start does not read every commit.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, Int32Builder, Int64Builder, ListBuilder, MapBuilder, MapFieldNames, RecordBatch,
    StringBuilder, StructArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields, Int64Type, Schema};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use super::{APP_ID, Log};
use crate::columns::error::ColumnsError;
use crate::columns::types::DAY;

/// The version of the last checkpoint, if there is one.
pub(super) async fn last(store: &dyn ObjectStore, root: &Path) -> Result<Option<u64>, ColumnsError> {
    match store.get(&root.clone().join("_delta_log").join("_last_checkpoint")).await {
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
        Ok(found) => {
            let hint: Option<Value> = serde_json::from_slice(&found.bytes().await?).ok();
            Ok(hint.and_then(|hint| hint.get("version")?.as_u64()))
        }
    }
}

fn path(root: &Path, version: u64) -> Path {
    root.clone().join("_delta_log").join(format!("{version:020}.checkpoint.parquet"))
}

/// Reads a checkpoint back as the actions that it stands for.
pub(super) async fn read(store: &dyn ObjectStore, root: &Path, version: u64) -> Result<Vec<Value>, ColumnsError> {
    let bytes = store.get(&path(root, version)).await?.bytes().await?;
    let mut actions = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(bytes)?.build()? {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            actions.extend(action(&batch, row));
        }
    }
    Ok(actions)
}

fn action(batch: &RecordBatch, row: usize) -> Option<Value> {
    let member = |name: &str| batch.column_by_name(name).map(|c| c.as_struct()).filter(|c| c.is_valid(row)).cloned();
    let text = |s: &StructArray, name: &str| {
        s.column_by_name(name).map(|c| c.as_string::<i32>()).filter(|c| c.is_valid(row)).map(|c| c.value(row).to_owned())
    };
    let long = |s: &StructArray, name: &str| s.column_by_name(name).map(|c| c.as_primitive::<Int64Type>().value(row));
    let map = |s: &StructArray, name: &str| -> Option<Value> {
        let entries = s.column_by_name(name)?.as_map().value(row);
        let (keys, values) = (entries.column(0).as_string::<i32>(), entries.column(1).as_string::<i32>());
        Some(
            keys.iter()
                .zip(values)
                .filter_map(|(k, v)| Some((k?.to_owned(), v.map_or(Value::Null, Value::from))))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        )
    };
    if let Some(add) = member("add") {
        return Some(json!({"add": {
            "path": text(&add, "path"), "partitionValues": map(&add, "partitionValues"), "size": long(&add, "size"),
            "modificationTime": long(&add, "modificationTime"), "stats": text(&add, "stats"), "tags": map(&add, "tags"),
        }}));
    }
    if let Some(txn) = member("txn") {
        return Some(json!({"txn": {"appId": text(&txn, "appId"), "version": long(&txn, "version")}}));
    }
    let metadata = member("metaData")?;
    Some(json!({"metaData": {
        "id": text(&metadata, "id"), "name": text(&metadata, "name"), "schemaString": text(&metadata, "schemaString"),
        "createdTime": long(&metadata, "createdTime"),
    }}))
}

/// Writes the checkpoint of a log's present state, then the hint that names it.
pub(super) async fn write(store: &dyn ObjectStore, log: &Log) -> Result<(), ColumnsError> {
    let (Some(version), Some(schema)) = (log.version, log.schema.as_ref()) else { return Ok(()) };
    let batch = batch(log, &log.metadata(schema)["metaData"])?;
    let rows = batch.num_rows();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None)?;
    writer.write(&batch)?;
    let bytes = writer.into_inner()?;
    store.put(&path(&log.root, version), PutPayload::from(Bytes::from(bytes))).await?;
    let hint = json!({"version": version, "size": rows}).to_string();
    store.put(&log.root.clone().join("_delta_log").join("_last_checkpoint"), PutPayload::from(hint)).await?;
    Ok(())
}

/// Rows: protocol, metadata, position, then one per file.
fn batch(log: &Log, metadata: &Value) -> Result<RecordBatch, ColumnsError> {
    let rows = 3 + log.files.len();
    let columns = [
        ("protocol", one(rows, 0, vec![int32("minReaderVersion", rows, 0, 1), int32("minWriterVersion", rows, 0, 2)])),
        ("metaData", metadata_column(rows, metadata)),
        (
            "txn",
            one(
                rows,
                2,
                vec![
                    texts("appId", rows, |r| (r == 2).then(|| APP_ID.to_owned())),
                    longs("version", rows, |r| (r == 2).then_some(log.position as i64)),
                ],
            ),
        ),
        ("add", adds(log, rows)),
    ];
    let fields: Vec<Field> = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, array)| array).collect())?)
}

type Member = (Field, ArrayRef);

/// A struct column that is null in all rows but one.
fn one(rows: usize, at: usize, members: Vec<Member>) -> ArrayRef {
    record(members, &|row| row == at, rows)
}

fn record(members: Vec<Member>, valid: &dyn Fn(usize) -> bool, rows: usize) -> ArrayRef {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = members.into_iter().unzip();
    let nulls: NullBuffer = (0..rows).map(valid).collect();
    Arc::new(StructArray::new(Fields::from(fields), arrays, Some(nulls)))
}

fn texts(name: &str, rows: usize, value: impl Fn(usize) -> Option<String>) -> Member {
    let mut builder = StringBuilder::new();
    (0..rows).for_each(|row| builder.append_option(value(row)));
    (Field::new(name, DataType::Utf8, true), Arc::new(builder.finish()))
}

fn longs(name: &str, rows: usize, value: impl Fn(usize) -> Option<i64>) -> Member {
    let mut builder = Int64Builder::new();
    (0..rows).for_each(|row| builder.append_option(value(row)));
    (Field::new(name, DataType::Int64, true), Arc::new(builder.finish()))
}

fn int32(name: &str, rows: usize, at: usize, value: i32) -> Member {
    let mut builder = Int32Builder::new();
    (0..rows).for_each(|row| builder.append_option((row == at).then_some(value)));
    (Field::new(name, DataType::Int32, true), Arc::new(builder.finish()))
}

fn bools(name: &str, rows: usize, value: impl Fn(usize) -> Option<bool>) -> Member {
    let mut builder = BooleanBuilder::new();
    (0..rows).for_each(|row| builder.append_option(value(row)));
    (Field::new(name, DataType::Boolean, true), Arc::new(builder.finish()))
}

fn maps(name: &str, rows: usize, value: impl Fn(usize) -> Vec<(String, Option<String>)>) -> Member {
    let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
    let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for row in 0..rows {
        for (key, value) in value(row) {
            builder.keys().append_value(key);
            builder.values().append_option(value);
        }
        // Keys and values were appended in pairs, so their lengths agree.
        let _ = builder.append(true);
    }
    let array = builder.finish();
    (Field::new(name, array_type(&array), true), Arc::new(array))
}

fn array_type(array: &dyn arrow::array::Array) -> DataType {
    array.data_type().clone()
}

fn metadata_column(rows: usize, metadata: &Value) -> ArrayRef {
    let at = 1;
    let text = |name: &str| metadata.get(name).and_then(Value::as_str).map(str::to_owned);
    let format = record(
        vec![texts("provider", rows, |r| (r == at).then(|| "parquet".to_owned())), maps("options", rows, |_| Vec::new())],
        &|row| row == at,
        rows,
    );
    let mut partitions = ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, true));
    for row in 0..rows {
        if row == at {
            partitions.values().append_value(DAY);
        }
        partitions.append(true);
    }
    let partitions = partitions.finish();
    one(
        rows,
        at,
        vec![
            texts("id", rows, |r| (r == at).then(|| text("id")).flatten()),
            texts("name", rows, |r| (r == at).then(|| text("name")).flatten()),
            (Field::new("format", format.data_type().clone(), true), format),
            texts("schemaString", rows, |r| (r == at).then(|| text("schemaString")).flatten()),
            (Field::new("partitionColumns", array_type(&partitions), true), Arc::new(partitions)),
            maps("configuration", rows, |_| Vec::new()),
            longs("createdTime", rows, |r| (r == at).then(|| metadata.get("createdTime").and_then(Value::as_i64)).flatten()),
        ],
    )
}

fn adds(log: &Log, rows: usize) -> ArrayRef {
    let actions: Vec<Value> = log.files.values().map(|add| add.to_json(false)).collect();
    let member = |row: usize, name: &str| actions.get(row.wrapping_sub(3)).and_then(|a| a.get(name)).cloned();
    let text = |row: usize, name: &str| member(row, name).and_then(|v| v.as_str().map(str::to_owned));
    let long = |row: usize, name: &str| member(row, name).and_then(|v| v.as_i64());
    let map = |row: usize, name: &str| -> Vec<(String, Option<String>)> {
        let pairs: HashMap<String, Option<String>> = member(row, name).and_then(|v| serde_json::from_value(v).ok()).unwrap_or_default();
        pairs.into_iter().collect()
    };
    record(
        vec![
            texts("path", rows, |r| text(r, "path")),
            maps("partitionValues", rows, |r| map(r, "partitionValues")),
            longs("size", rows, |r| long(r, "size")),
            longs("modificationTime", rows, |r| long(r, "modificationTime")),
            bools("dataChange", rows, |r| (r >= 3).then_some(false)),
            texts("stats", rows, |r| text(r, "stats")),
            maps("tags", rows, |r| map(r, "tags")),
        ],
        &|row| row >= 3,
        rows,
    )
}

//! A fingerprint of all rows that does not depend on batches, flushes or the order of rows in files.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;

use super::convert::value;
use super::error::ColumnsError;
use super::files;
use super::snapshot::{ColumnsSnapshot, TableView};
use super::types::{EXTRA, SEQ, TableSchema};

/// Returns the fingerprint of a snapshot: BLAKE3 over each table's name and the sum of its rows' fingerprints.
pub(super) fn of(snapshot: &ColumnsSnapshot) -> Result<String, ColumnsError> {
    // The caller may stand inside a runtime, in which another one must not be driven: a thread of its own is safe.
    let sums = std::thread::scope(|scope| scope.spawn(|| sums(snapshot)).join().unwrap_or(Err(ColumnsError::WriterGone)))?;
    let mut hasher = blake3::Hasher::new();
    for (table, (rows, sum)) in sums {
        hasher.update(format!("{table}\0{rows}\0{sum:032x}\n").as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

type Sums = BTreeMap<Arc<str>, (u64, u128)>;

fn sums(snapshot: &ColumnsSnapshot) -> Result<Sums, ColumnsError> {
    let start = |source| ColumnsError::Io { action: "start", path: "runtime".into(), source };
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(start)?;
    let mut sums = Sums::new();
    for view in snapshot.views().iter().filter(|view| view.rows > 0) {
        let sum = runtime.block_on(table(snapshot, view))?;
        sums.insert(Arc::clone(&view.schema.name), sum);
    }
    Ok(sums)
}

async fn table(snapshot: &ColumnsSnapshot, view: &TableView) -> Result<(u64, u128), ColumnsError> {
    let (mut rows, mut sum) = (0, 0u128);
    for file in &view.files.files {
        for batch in files::read(snapshot.shared.store.as_ref(), &view.files.root, file, &view.schema).await? {
            add(&batch, &view.schema, &mut rows, &mut sum);
        }
    }
    for batch in view.batches(&view.schema.arrow())? {
        add(&batch, &view.schema, &mut rows, &mut sum);
    }
    Ok((rows, sum))
}

fn add(batch: &RecordBatch, schema: &TableSchema, rows: &mut u64, sum: &mut u128) {
    let Some(seq) = batch.column_by_name(SEQ).map(|c| c.as_primitive::<Int64Type>()) else { return };
    let extra = batch.column_by_name(EXTRA);
    let mut columns: Vec<_> = schema.columns.iter().filter_map(|c| Some((&c.name, c.kind, batch.column_by_name(&c.name)?))).collect();
    columns.sort_by(|a, b| a.0.cmp(b.0));
    for row in 0..batch.num_rows() {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seq.value(row).to_le_bytes());
        for (name, kind, array) in &columns {
            if let Some(value) = value(array.as_ref(), *kind, row) {
                hasher.update(format!("{name}\0{value}\0").as_bytes());
            }
        }
        if let Some(extra) = extra.filter(|extra| extra.is_valid(row)) {
            hasher.update(extra.as_string_view().value(row).as_bytes());
        }
        let mut first = [0; 16];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        *sum = sum.wrapping_add(u128::from_le_bytes(first));
        *rows += 1;
    }
}

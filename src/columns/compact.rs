//! Joins the small files of a day into one, sorted by time, in one commit that changes no row.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use hashbrown::HashSet;
use object_store::ObjectStore;

use super::buffer::adapt;
use super::delta::{Add, Change, Log};
use super::error::ColumnsError;
use super::files;
use super::types::{SYSTEM, TIME, field, system_field};

/// Small files that a day may have before they are joined.
const SMALL_FILES_MAX: usize = 8;
/// A file with this many rows is not small.
const SMALL_ROWS_MAX: u64 = 128 * 1_024;
/// Rows that are joined at once: bounds the memory of a run.
const RUN_ROWS_MAX: u64 = 512 * 1_024;

/// Joins the small files of each day that has too many.
pub(super) async fn run(store: &dyn ObjectStore, log: &mut Log, now: i64) -> Result<(), ColumnsError> {
    let mut days: BTreeMap<Option<String>, Vec<Add>> = BTreeMap::new();
    for file in log.files.values().filter(|file| file.stats.rows < SMALL_ROWS_MAX) {
        days.entry(file.day.clone()).or_default().push(file.clone());
    }
    let Some(schema) = log.schema.clone() else { return Ok(()) };
    let (mut add, mut remove) = (Vec::new(), Vec::new());
    for files in days.into_values().filter(|files| files.len() > SMALL_FILES_MAX) {
        let mut rows = 0;
        let run: Vec<Add> = files
            .into_iter()
            .take_while(|file| {
                rows += file.stats.rows;
                rows <= RUN_ROWS_MAX
            })
            .collect();
        let mut batches = Vec::new();
        for file in &run {
            batches.extend(files::read(store, &log.root, file, &schema).await?);
        }
        let present: HashSet<String> =
            batches.iter().flat_map(|b| b.schema_ref().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>()).collect();
        let mut fields: Vec<Field> =
            schema.columns.iter().filter(|c| *c.name == *TIME || present.contains(&*c.name)).map(|c| field(&c.name, c.kind)).collect();
        fields.extend(SYSTEM.map(system_field));
        let wanted = Arc::new(Schema::new(fields));
        let batches = batches.iter().map(|batch| adapt(batch, &schema, &wanted)).collect::<Result<Vec<_>, _>>()?;
        add.extend(files::write(store, &log.root, &files::sort(&batches, &wanted)?, now).await?);
        remove.extend(run.into_iter().map(|file| file.path));
    }
    if remove.is_empty() {
        return Ok(());
    }
    let position = log.position;
    log.commit(store, Change { schema, position, add, remove, data_change: false, now }).await
}

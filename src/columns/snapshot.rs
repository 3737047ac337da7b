//! What readers hold: every table at one document, never changing.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::execution::cache::cache_manager::{CacheManager, CacheManagerConfig, FileMetadataCache};
use datafusion::execution::object_store::ObjectStoreUrl;
use hashbrown::HashMap;
use object_store::ObjectStore;
use object_store::path::Path;

use super::buffer::{Generation, Sealed};
use super::cut::Past;
use super::delta::Add;
use super::error::ColumnsError;
use super::flush::FileSet;
use super::picked::{PICKED_BYTES_MAX, PickedCache};
use super::postings::{POSTINGS_BYTES_MAX, PostingsCache};
use super::provider::ColumnsTable;
use super::table::Table;
use super::types::TableSchema;
use super::words::WordsCache;
use crate::catalog::tables;
use crate::model::{Fault, FaultClass, Seq};

/// Footers of data files and the indexes of their pages that are kept, in bytes.
const METADATA_BYTES_MAX: usize = 128 << 20;

/// What all snapshots of a view share: the store and the caches over it.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) metadata: Arc<FileMetadataCache>,
    pub(super) postings: PostingsCache,
    pub(super) words: WordsCache,
    pub(super) picked: PickedCache,
}

impl Shared {
    pub(super) fn new(store: Arc<dyn ObjectStore>) -> Self {
        let config = CacheManagerConfig { metadata_cache_limit: METADATA_BYTES_MAX, ..CacheManagerConfig::default() };
        let cache = CacheManager::try_new(&config).expect("the default configuration of the cache is valid");
        Self {
            store,
            metadata: cache.get_file_metadata_cache(),
            postings: PostingsCache::new(POSTINGS_BYTES_MAX),
            words: WordsCache::default(),
            picked: PickedCache::new(PICKED_BYTES_MAX),
        }
    }
}

/// A table at one document.
#[derive(Debug)]
pub(super) struct TableView {
    pub(super) schema: Arc<TableSchema>,
    pub(super) files: Arc<FileSet>,
    /// Buffers and how many of their rows belong to the view.
    pub(super) memory: Vec<(Arc<Generation>, usize)>,
    pub(super) rows: u64,
}

impl TableView {
    /// The rows in memory under the columns of `wanted`.
    pub(super) fn batches(&self, wanted: &SchemaRef) -> Result<Vec<RecordBatch>, ColumnsError> {
        let mut batches = Vec::new();
        for (generation, rows) in &self.memory {
            batches.extend(generation.batches(&self.schema, wanted, *rows)?);
        }
        Ok(batches)
    }

    /// The rows in memory as they were sealed, under the types that their columns had then.
    pub(super) fn sealed(&self) -> impl Iterator<Item = Sealed> {
        self.memory.iter().flat_map(|(generation, rows)| generation.sealed(*rows))
    }

    /// Place of a file in the store.
    pub(super) fn path(&self, file: &Add) -> Path {
        file.path.split('/').fold(self.files.root.clone(), |at, part| at.join(part))
    }
}

/// A table as lists show it.
#[derive(Clone, Debug)]
pub struct TableInfo {
    /// Its name.
    pub name: Arc<str>,
    /// Number of rows.
    pub rows: u64,
    /// Number of files.
    pub files: usize,
    /// Bytes of the files.
    pub bytes: u64,
}

/// All tables at one document.
///
/// Cheap to clone. Rows that join later, flushes and compactions do not change it.
#[derive(Clone, Debug)]
pub struct ColumnsSnapshot {
    seq: Seq,
    tables: Arc<[Arc<TableView>]>,
    by_folded: Arc<HashMap<Box<str>, usize>>,
    pub(super) shared: Arc<Shared>,
}

impl ColumnsSnapshot {
    pub(super) fn new(seq: Seq, tables: Vec<Arc<TableView>>, by_folded: Arc<HashMap<Box<str>, usize>>, shared: Arc<Shared>) -> Self {
        Self { seq, tables: tables.into(), by_folded, shared }
    }

    /// The last document whose rows the snapshot holds.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// The rows of a table that are of days before one; none if the table has no rows. Rows that still wait in memory do not count.
    pub fn past(&self, table: &str, before: &str) -> Option<(Arc<str>, Past)> {
        let view = self.tables.get(*self.by_folded.get(table.to_ascii_lowercase().as_str())?).filter(|view| view.rows > 0)?;
        let mut past = Past::default();
        for file in view.files.files.iter().filter(|file| file.day.as_deref().is_some_and(|day| day < before)) {
            past = Past { rows: past.rows + file.stats.rows, files: past.files + 1, bytes: past.bytes + file.size };
        }
        Some((Arc::clone(&view.schema.name), past))
    }

    /// The tables, sorted by name.
    pub fn tables(&self) -> Vec<TableInfo> {
        let info = |table: &Arc<TableView>| TableInfo {
            name: Arc::clone(&table.schema.name),
            rows: table.rows,
            files: table.files.files.len(),
            bytes: table.files.files.iter().map(|file| file.size).sum(),
        };
        let mut tables: Vec<TableInfo> = self.tables.iter().filter(|table| table.rows > 0).map(info).collect();
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        tables
    }

    /// Whether a table has no rows, or is not there.
    pub fn is_empty(&self, table: &str) -> bool {
        self.view(table).is_none_or(|view| view.rows == 0)
    }

    /// Name and number of rows of each table, sorted by name.
    pub fn row_counts(&self) -> std::collections::BTreeMap<String, u64> {
        self.tables().into_iter().map(|table| (table.name.to_string(), table.rows)).collect()
    }

    /// The columns of a table, whatever the case of its name; also of one that the catalog declares and that has no rows yet.
    pub fn schema(&self, table: &str) -> Result<Arc<TableSchema>, Fault> {
        self.known(table).map(|view| Arc::clone(&view.schema)).ok_or_else(|| {
            let message = format!("expected the name of a table, found `{table}`");
            Fault::new(FaultClass::NotFound, "table_not_found", message)
        })
    }

    /// Names of all tables that can be read, also those that the catalog declares and that have no rows yet.
    pub fn names(&self) -> Vec<Arc<str>> {
        let declared = tables::all().iter().map(|table| Arc::clone(&table.name));
        let mut names: Vec<Arc<str>> = self.tables.iter().map(|table| Arc::clone(&table.schema.name)).chain(declared).collect();
        names.sort();
        names.dedup();
        names
    }

    /// A table as DataFusion reads it, by its exact name; one that the catalog declares is empty before its first row.
    pub fn provider(&self, table: &str) -> Option<Arc<dyn TableProvider>> {
        self.known(table).filter(|view| *view.schema.name == *table).map(|view| self.table_of(&view))
    }

    fn known(&self, table: &str) -> Option<Arc<TableView>> {
        let declared =
            || tables::table(table).map(|_| Arc::new(Table::declared(table).fresh_view())).filter(|view| view.schema.columns.len() > 1);
        self.view(table).cloned().or_else(declared)
    }

    /// The store that holds the files, under the address by which plans name it.
    pub fn object_store(&self) -> (ObjectStoreUrl, Arc<dyn ObjectStore>) {
        (store_url(), Arc::clone(&self.shared.store))
    }

    fn table_of(&self, view: &Arc<TableView>) -> Arc<dyn TableProvider> {
        Arc::new(ColumnsTable::new(Arc::clone(view), Arc::clone(&self.shared)))
    }

    pub(super) fn view(&self, table: &str) -> Option<&Arc<TableView>> {
        self.by_folded.get(table.to_ascii_lowercase().as_str()).map(|place| &self.tables[*place])
    }

    pub(super) fn views(&self) -> &[Arc<TableView>] {
        &self.tables
    }
}

/// The address by which plans name the store.
pub(super) fn store_url() -> ObjectStoreUrl {
    ObjectStoreUrl::parse("clew://columns").expect("a scheme and a host are an address")
}

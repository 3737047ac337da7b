//! A table as DataFusion reads it: Parquet files pruned by time, row group, page and bloom filter, and the rows in memory.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, TimestampMicrosecondArray, UInt64Array};
use arrow::datatypes::SchemaRef;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, DataFusionError, Result, ScalarValue};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{CachedParquetFileReaderFactory, ParquetRowSelection};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::union::UnionExec;
use hashbrown::HashSet;

use super::counted;
use super::delta::Add;
use super::fetch::ScanReaders;
use super::indexes::{indexed, words};
use super::narrow::{self, Scan, ScanLog};
use super::picked::ranges;
use super::snapshot::{Shared, TableView, store_url};
use super::types::{SEQ, TIME};
use super::widen;
use super::words::Test;
use parquet::arrow::arrow_reader::RowSelection;

/// Share of a file's rows above which it is read whole: many small ranges cost more than they spare.
const SELECTED_SHARE_MAX: u64 = 4;

/// Columns beside those of the filter from which on they are decoded for the rows that are left alone: to spare fewer costs more than it
/// brings, as long as not nearly all rows go.
const LATE_COLUMNS: usize = 5;

/// A file to read, and of its rows only these if an index chose them.
struct Chosen {
    file: Arc<Add>,
    rows: Option<Vec<Range<usize>>>,
}

impl Chosen {
    fn count(&self) -> u64 {
        self.rows.as_ref().map_or(self.file.stats.rows, |rows| rows.iter().map(|range| range.len() as u64).sum())
    }
}

/// The rows that lie in both.
fn both(a: &[Range<usize>], b: &[Range<usize>]) -> Vec<Range<usize>> {
    let (mut found, mut i, mut j) = (Vec::new(), 0, 0);
    while let (Some(one), Some(other)) = (a.get(i), b.get(j)) {
        let (from, to) = (one.start.max(other.start), one.end.min(other.end));
        if from < to {
            found.push(from..to);
        }
        if one.end <= other.end { i += 1 } else { j += 1 }
    }
    found
}

/// One table of a snapshot.
pub(super) struct ColumnsTable {
    view: Arc<TableView>,
    shared: Arc<Shared>,
    schema: SchemaRef,
}

impl ColumnsTable {
    pub(super) fn new(view: Arc<TableView>, shared: Arc<Shared>) -> Self {
        let schema = view.schema.arrow();
        Self { view, shared, schema }
    }

    /// The files that may hold rows which fulfil the filters.
    fn files(&self, filter: Option<&Arc<dyn PhysicalExpr>>) -> Vec<Arc<Add>> {
        let files = &self.view.files.files;
        let Some(filter) = filter else { return files.clone() };
        // What cannot be pruned is read: an error here costs time, never rows.
        let keep = PruningPredicateBuilder::new()
            .with_file_schema(Arc::clone(&self.schema))
            .try_build(Arc::clone(filter))
            .and_then(|p| p.prune(&Bounds(files)));
        match keep {
            Ok(keep) => files.iter().zip(keep).filter(|(_, keep)| *keep).map(|(file, _)| Arc::clone(file)).collect(),
            Err(_) => files.clone(),
        }
    }

    fn scan_files(
        &self,
        state: &dyn Session,
        files: &[Chosen],
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let stale = self.view.files.schema.differs_in_type(&self.view.schema);
        let schema = if stale { widen::old_schema(&self.schema, &self.view.files.schema) } else { Arc::clone(&self.schema) };
        let mut options = state.config_options().execution.parquet.clone();
        options.pushdown_filters = self.beside(projection, filters) >= LATE_COLUMNS;
        options.reorder_filters = true;
        let options = datafusion::config::TableParquetOptions { global: options, ..Default::default() };
        let readers = ScanReaders(CachedParquetFileReaderFactory::new(Arc::clone(&self.shared.store), Arc::clone(&self.shared.metadata)));
        // The optimizer hands the filter above the scan to this source, which prunes row groups and pages by it and decodes
        // many other columns late.
        let source =
            ParquetSource::new(Arc::clone(&schema)).with_table_parquet_options(options).with_parquet_file_reader_factory(Arc::new(readers));
        let config = FileScanConfigBuilder::new(store_url(), Arc::new(source))
            .with_file_groups(self.groups(files, state.config().target_partitions()))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        let scan: Arc<dyn ExecutionPlan> = DataSourceExec::from_data_source(config);
        if stale { widen::plan(scan, &self.schema) } else { Ok(scan) }
    }

    /// How many columns are read that no filter asks for.
    fn beside(&self, projection: Option<&Vec<usize>>, filters: &[Expr]) -> usize {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let asked: HashSet<&str> = filters.iter().flat_map(Expr::column_refs).map(|column| column.name.as_str()).collect();
        let beside = |place: &&usize| !asked.contains(self.schema.field(**place).name().as_str());
        projection.unwrap_or(&all).iter().filter(beside).count()
    }

    /// Deals the files out to partitions, each about as large, the newest files first: what asks for the newest rows passes over the others
    /// once it has them.
    fn groups(&self, files: &[Chosen], partitions: usize) -> Vec<FileGroup> {
        let mut groups: Vec<(u64, FileGroup)> = Vec::new();
        groups.resize_with(partitions.clamp(1, files.len().max(1)), Default::default);
        let mut newest: Vec<&Chosen> = files.iter().collect();
        newest.sort_by_key(|chosen| std::cmp::Reverse(chosen.file.stats.time.map(|(_, last)| last)));
        for chosen in newest {
            if let Some((bytes, group)) = groups.iter_mut().min_by_key(|(bytes, _)| *bytes) {
                *bytes += chosen.file.size;
                group.push(self.partitioned(chosen));
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    fn partitioned(&self, Chosen { file, rows }: &Chosen) -> PartitionedFile {
        let mut part = PartitionedFile::new(String::new(), file.size);
        part.object_meta.location = self.view.path(file);
        part.object_meta.last_modified = chrono::DateTime::from_timestamp_millis(file.modified).unwrap_or_default();
        if let Some(rows) = rows {
            let selection = RowSelection::from_consecutive_ranges(rows.iter().cloned(), file.stats.rows as usize);
            part = part.with_extension(ParquetRowSelection::new(selection));
        }
        part
    }

    /// What is read of each file if only rows that name one of the entities count. A file whose index cannot be read is read whole.
    async fn naming(&self, files: Vec<Arc<Add>>, hashes: &[i64]) -> Vec<Chosen> {
        let mut chosen = Vec::with_capacity(files.len());
        for file in files {
            let rows = indexed(&self.shared, &self.view, &file).await.ok().map(|index| index.postings.rows(hashes));
            match rows {
                Some(rows) if rows.is_empty() => {}
                Some(rows) if rows.len() as u64 * SELECTED_SHARE_MAX > file.stats.rows => chosen.push(Chosen { file, rows: None }),
                rows => chosen.push(Chosen { file, rows: rows.map(|rows| ranges(&rows)) }),
            }
        }
        chosen
    }

    /// What is read of each file if only rows with certain words count. A file without an index of words is read as before.
    async fn with_words(&self, files: Vec<Chosen>, test: &Test) -> Vec<Chosen> {
        let mut chosen = Vec::with_capacity(files.len());
        for Chosen { file, rows } in files {
            let Some(index) = words(&self.shared, &self.view, &file).await else {
                chosen.push(Chosen { file, rows });
                continue;
            };
            let whole = file.stats.rows as usize;
            let left = index.rows(test, whole);
            let rows = match rows {
                Some(rows) => Some(both(&rows, &left)),
                None if left.iter().map(Range::len).sum::<usize>() == whole => None,
                None => Some(left),
            };
            if rows.as_ref().is_none_or(|rows| !rows.is_empty()) {
                chosen.push(Chosen { file, rows });
            }
        }
        chosen
    }

    async fn plan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let filter = match conjunction(filters.to_vec()) {
            Some(filter) => Some(state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&self.schema))?)?),
            None => None,
        };
        let projected = match projection {
            Some(places) => Arc::new(self.schema.project(places)?),
            None => Arc::clone(&self.schema),
        };
        let all = self.view.files.files.len();
        let bounded = self.files(filter.as_ref());
        let mut scan = Scan { table: Arc::clone(&self.view.schema.name), files: all, by_bounds: all - bounded.len(), ..Scan::default() };
        let mut files = match narrow::wanted(filters) {
            Some(hashes) => {
                let within = bounded.len();
                let files = self.naming(bounded, &hashes).await;
                scan.by_entities = within - files.len();
                scan.asked = "the index of entities";
                files
            }
            None => bounded.into_iter().map(|file| Chosen { file, rows: None }).collect(),
        };
        let counted = filters.is_empty() && projected.fields().is_empty();
        if let Some(test) = Test::of(filters, &self.schema) {
            let within = files.len();
            files = self.with_words(files, &test).await;
            scan.by_words = within - files.len();
            scan.asked = if scan.asked.is_empty() { "the index of words" } else { "the indexes of entities and words" };
        }
        if !scan.asked.is_empty() {
            scan.left = Some(files.iter().map(Chosen::count).sum());
        }
        if let Some(log) = state.config().get_extension::<ScanLog>() {
            scan.rows = files.iter().map(|chosen| chosen.file.stats.rows).sum();
            scan.memory = self.view.rows.saturating_sub(self.view.files.files.iter().map(|file| file.stats.rows).sum());
            scan.columns = (projected.fields().len(), self.schema.fields().len());
            scan.counted = counted;
            log.add(scan);
        }
        let batches = self.view.batches(&projected).map_err(|error| DataFusionError::External(Box::new(error)))?;
        if counted {
            let rows = files.iter().map(Chosen::count).sum::<u64>() + batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
            return counted::plan(&projected, rows, state.config().target_partitions());
        }
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if !files.is_empty() {
            // With a filter still to be checked above, the first rows of a file need not be the ones that remain.
            let limit = limit.filter(|_| filters.is_empty());
            inputs.push(self.scan_files(state, &files, projection, filters, limit)?);
        }
        if !batches.is_empty() || inputs.is_empty() {
            inputs.push(MemorySourceConfig::try_new_exec(&[batches], projected, None)?);
        }
        UnionExec::try_new(inputs)
    }
}

impl fmt::Debug for ColumnsTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColumnsTable").field("name", &self.view.schema.name).field("rows", &self.view.rows).finish_non_exhaustive()
    }
}

// `scan` is written as `async_trait` expands it, which spares a direct dependency.
impl TableProvider for ColumnsTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    fn scan<'s, 't, 'p, 'f, 'a>(
        &'s self,
        state: &'t dyn Session,
        projection: Option<&'p Vec<usize>>,
        filters: &'f [Expr],
        limit: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<dyn ExecutionPlan>>> + Send + 'a>>
    where
        's: 'a,
        't: 'a,
        'p: 'a,
        'f: 'a,
        Self: 'a,
    {
        Box::pin(self.plan(state, projection, filters, limit))
    }
}

/// What the log knows of files, for pruning.
struct Bounds<'a>(&'a [Arc<Add>]);

impl Bounds<'_> {
    fn times(&self, side: impl Fn((i64, i64)) -> i64) -> ArrayRef {
        let values: TimestampMicrosecondArray = self.0.iter().map(|file| file.stats.time.map(&side)).collect();
        Arc::new(values.with_timezone("UTC"))
    }

    fn side(&self, column: &Column, side: impl Fn((i64, i64)) -> i64) -> Option<ArrayRef> {
        match column.name.as_str() {
            TIME => Some(self.times(side)),
            SEQ => Some(Arc::new(self.0.iter().map(|file| side(file.stats.seq)).collect::<Int64Array>())),
            _ => None,
        }
    }
}

impl PruningStatistics for Bounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.side(column, |span| span.0)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.side(column, |span| span.1)
    }

    fn num_containers(&self) -> usize {
        self.0.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let counts: UInt64Array = match column.name.as_str() {
            TIME => self.0.iter().map(|file| file.stats.undated).collect::<Vec<_>>().into(),
            SEQ => vec![0; self.0.len()].into(),
            _ => return None,
        };
        Some(Arc::new(counts))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        let rows: UInt64Array = self.0.iter().map(|file| file.stats.rows).collect::<Vec<_>>().into();
        Some(Arc::new(rows))
    }

    fn contained(&self, _: &Column, _: &std::collections::HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

//! One table on the writer's side: the open buffer, the buffers that are being written, the files.

use std::collections::VecDeque;
use std::sync::Arc;

use object_store::path::Path;

use super::buffer::{Generation, Layout, RowHead};
use super::cell::Cell;
use super::flush::{FileSet, Found, Job};
use super::snapshot::TableView;
use super::types::TableSchema;
use super::{BUFFER_BYTES_MAX, BUFFER_MICROS_MAX, BUFFER_ROWS_MAX};
use crate::catalog::tables;
use crate::model::{Record, Seq, Time};

/// A table that takes rows in.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) layout: Layout,
    files: Arc<FileSet>,
    frozen: VecDeque<Frozen>,
    open: Arc<Generation>,
    open_rows: usize,
    pub(super) open_bytes: usize,
    /// Document and time of intake of the first row of the open buffer.
    first: Option<(Seq, Time)>,
    /// What readers see, until something changes.
    view: Option<Arc<TableView>>,
    /// The last document whose rows are in the files.
    position: Seq,
    /// Rows in files and memory.
    rows: u64,
}

/// A buffer that takes no more rows.
#[derive(Debug)]
pub(super) struct Frozen {
    generation: Arc<Generation>,
    rows: usize,
    bytes: usize,
    schema: Arc<TableSchema>,
    first: Seq,
    position: Seq,
    sent: bool,
}

/// What came of the oldest frozen buffer.
#[derive(Debug)]
pub(super) enum Flushed {
    Written(Arc<FileSet>),
    Failed,
}

impl Table {
    /// A table without rows, with the columns that the catalog declares.
    pub(super) fn declared(name: &str) -> Self {
        let known = tables::table(name).filter(|table| table.name.eq_ignore_ascii_case(name));
        let schema = match known {
            Some(table) => TableSchema::new(Arc::clone(&table.name), table.columns.iter().map(|c| (Arc::clone(&c.name), c.kind))),
            None => TableSchema::new(name, []),
        };
        let root = Path::from(folder(&schema.name));
        let schema = Arc::new(schema);
        let files = FileSet { root, schema: Arc::clone(&schema), files: Vec::new() };
        Self::with(schema, Seq(0), Arc::new(files))
    }

    /// A table as it was found on disk.
    pub(super) fn found(found: Found) -> Self {
        Self::with(found.schema, Seq(found.position), found.files)
    }

    fn with(schema: Arc<TableSchema>, position: Seq, files: Arc<FileSet>) -> Self {
        let rows = files.rows();
        Self {
            layout: Layout::new(schema),
            files,
            frozen: VecDeque::new(),
            open: Arc::new(Generation::new()),
            open_rows: 0,
            open_bytes: 0,
            first: None,
            view: None,
            position,
            rows,
        }
    }

    /// Appends a row, unless the files hold it already.
    pub(super) fn append(&mut self, record: &Record, head: RowHead<'_>, cells: &[(&str, Cell<'_>)]) {
        if record.seq <= self.position {
            return;
        }
        self.open_bytes += self.open.append(&mut self.layout, head, cells, self.rows);
        self.open_rows += 1;
        self.rows += 1;
        self.first.get_or_insert((record.seq, record.received));
        self.view = None;
    }

    /// Whether the open buffer has reached a bound, at a time of the clock of ingest.
    pub(super) fn is_full(&self, clock: Time) -> bool {
        let age = self.first.map_or(0, |(_, received)| clock.micros().saturating_sub(received.micros()));
        self.open_rows >= BUFFER_ROWS_MAX || self.open_bytes >= BUFFER_BYTES_MAX || age >= BUFFER_MICROS_MAX
    }

    /// Closes the open buffer at a position, to be written.
    pub(super) fn freeze(&mut self, position: Seq) {
        let Some((first, _)) = self.first.take() else { return };
        let generation = std::mem::replace(&mut self.open, Arc::new(Generation::new()));
        let (rows, bytes) = (std::mem::take(&mut self.open_rows), std::mem::take(&mut self.open_bytes));
        let schema = Arc::clone(&self.layout.schema);
        self.view = None;
        self.frozen.push_back(Frozen { generation, rows, bytes, schema, first, position, sent: false });
    }

    /// The job for the oldest frozen buffer, if it is not under way.
    pub(super) fn next_job(&mut self, table: usize) -> Option<Job> {
        let root = self.files.root.clone();
        let frozen = self.frozen.front_mut().filter(|frozen| !frozen.sent)?;
        frozen.sent = true;
        Some(Job::Flush {
            table,
            root,
            generation: Arc::clone(&frozen.generation),
            rows: frozen.rows,
            schema: Arc::clone(&frozen.schema),
            position: frozen.position.0,
        })
    }

    /// Takes in what came of the oldest frozen buffer.
    pub(super) fn flushed(&mut self, outcome: Flushed) {
        match outcome {
            Flushed::Written(files) => {
                self.files = files;
                self.view = None;
                if let Some(written) = self.frozen.pop_front() {
                    self.position = written.position;
                }
            }
            Flushed::Failed => {
                if let Some(frozen) = self.frozen.front_mut() {
                    frozen.sent = false;
                }
            }
        }
    }

    /// The files of the table.
    pub(super) fn files(&self) -> &FileSet {
        &self.files
    }

    /// Takes over the files that a cut left.
    pub(super) fn cut(&mut self, files: Arc<FileSet>) {
        let waiting: usize = self.frozen.iter().map(|frozen| frozen.rows).sum::<usize>() + self.open_rows;
        self.rows = files.rows() + waiting as u64;
        self.files = files;
        self.view = None;
    }

    /// The last document before the first row that a crash would lose; none if it would lose none.
    pub(super) fn reached(&self) -> Option<Seq> {
        let first = self.frozen.front().map(|frozen| frozen.first).or(self.first.map(|(seq, _)| seq))?;
        Some(Seq(first.0.saturating_sub(1)))
    }

    /// What readers see now.
    pub(super) fn view(&mut self) -> Arc<TableView> {
        if let Some(view) = &self.view {
            return Arc::clone(view);
        }
        let view = Arc::new(self.fresh_view());
        self.view = Some(Arc::clone(&view));
        view
    }

    /// What readers see now, made anew.
    pub(super) fn fresh_view(&self) -> TableView {
        let frozen = self.frozen.iter().map(|frozen| (Arc::clone(&frozen.generation), frozen.rows));
        let open = (self.open_rows > 0).then(|| (Arc::clone(&self.open), self.open_rows));
        TableView {
            schema: Arc::clone(&self.layout.schema),
            files: Arc::clone(&self.files),
            memory: frozen.chain(open).collect(),
            rows: self.rows,
        }
    }

    pub(super) fn is_writing(&self) -> bool {
        !self.frozen.is_empty()
    }

    pub(super) fn writing_bytes(&self) -> usize {
        self.frozen.iter().map(|frozen| frozen.bytes).sum()
    }
}

/// Folder of a table: its name, with every sign that a file system or an address may not like written as `-XX`.
fn folder(name: &str) -> String {
    let mut folder = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            folder.push(char::from(byte));
        } else {
            folder.push_str(&format!("-{byte:02x}"));
        }
    }
    // File systems end names at 255 bytes.
    if folder.len() > 200 {
        folder = format!("{}-{}", &folder[..120], &blake3::hash(name.as_bytes()).to_hex()[..32]);
    }
    folder
}

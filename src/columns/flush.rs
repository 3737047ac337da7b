//! The thread that writes data files and table logs, beside the thread that takes in records.
//!
//! It alone owns the logs. One job is one commit: rows of one generation become files, the log takes them in together with the
//! position that they reach. A job that was done before (same position) does nothing.

use std::path::Path as FsPath;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

use futures::TryStreamExt;
use hashbrown::{HashMap, HashSet};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use serde_json::{Value, json};

use super::buffer::Generation;
use super::compact;
use super::cut::{self, Leaving};
use super::delta::{Add, Change, Log};
use super::error::ColumnsError;
use super::files;
use super::store::DurableLocal;
use super::types::TableSchema;

/// File that holds the last document that survives a crash without replay.
const POSITION_FILE: &str = "position.json";
/// Age from which a file that no log names is taken for a left-over of a crash, in seconds.
const ORPHAN_SECONDS: i64 = 24 * 3_600;

/// The files of a table at one moment.
#[derive(Clone, Debug)]
pub(super) struct FileSet {
    /// Folder of the table.
    pub(super) root: Path,
    /// The columns that the files were written under.
    pub(super) schema: Arc<TableSchema>,
    /// The files in the order of their paths, which begin with the day.
    pub(super) files: Vec<Arc<Add>>,
}

impl FileSet {
    fn of(log: &Log, schema: &Arc<TableSchema>) -> Arc<Self> {
        Arc::new(Self { root: log.root.clone(), schema: Arc::clone(schema), files: log.files.values().cloned().map(Arc::new).collect() })
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.stats.rows).sum()
    }
}

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    /// Writes the first rows of a generation.
    Flush { table: usize, root: Path, generation: Arc<Generation>, rows: usize, schema: Arc<TableSchema>, position: u64 },
    /// Lets the days before one leave a table, of the rows that came before a document.
    Cut { table: usize, root: Path, before: String, seq: u64 },
    /// Notes the position that all tables have reached.
    Mark(u64),
}

/// What came of a job.
#[derive(Debug)]
pub(super) enum Done {
    /// A generation is in files now.
    Flushed { table: usize, files: Arc<FileSet> },
    /// A generation could not be written; it stays in memory.
    Failed { table: usize, error: ColumnsError },
    /// A table was cut; none if it has no files.
    Cut { table: usize, files: Result<Option<Arc<FileSet>>, ColumnsError> },
    /// A position is noted, or not.
    Marked(Result<u64, ColumnsError>),
}

/// A table as it was found on disk.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) schema: Arc<TableSchema>,
    pub(super) position: u64,
    pub(super) files: Arc<FileSet>,
}

/// The writing thread, its queue and its answers.
#[derive(Debug)]
pub(super) struct Flusher {
    jobs: Option<Sender<Job>>,
    pub(super) done: Receiver<Done>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What a store holds when it is opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) flusher: Flusher,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) tables: Vec<Found>,
    pub(super) durable: u64,
}

/// Opens the folder, reads every log, and starts the thread.
pub(super) fn open(dir: &FsPath) -> Result<Opened, ColumnsError> {
    let io = |source| ColumnsError::Io { action: "make", path: dir.display().to_string(), source };
    std::fs::create_dir_all(dir).map_err(io)?;
    let store: Arc<dyn ObjectStore> = Arc::new(DurableLocal::new(dir)?);
    // Opening may be asked from within a runtime, in which a second one must not be driven: a thread of its own is safe.
    let (jobs, queue) = channel();
    let (answers, done) = channel();
    let (opened, first) = channel();
    let writer_store = Arc::clone(&store);
    let work = move || run(&writer_store, &queue, &answers, &opened);
    let spawned = std::thread::Builder::new().name("columns-writer".into()).spawn(work);
    let thread = spawned.map_err(|source| ColumnsError::Io { action: "start", path: "columns-writer".into(), source })?;
    let (tables, durable) = first.recv().map_err(|_| ColumnsError::WriterGone)??;
    Ok(Opened { flusher: Flusher { jobs: Some(jobs), done, thread: Some(thread) }, store, tables, durable })
}

impl Flusher {
    /// Queues a job.
    pub(super) fn send(&self, job: Job) -> Result<(), ColumnsError> {
        let jobs = self.jobs.as_ref().ok_or(ColumnsError::WriterGone)?;
        jobs.send(job).map_err(|_| ColumnsError::WriterGone)
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when its answers ended.
            let _ = thread.join();
        }
    }
}

type First = Result<(Vec<Found>, u64), ColumnsError>;

fn run(store: &Arc<dyn ObjectStore>, queue: &Receiver<Job>, answers: &Sender<Done>, opened: &Sender<First>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().build() {
        Ok(runtime) => runtime,
        Err(source) => {
            let _ = opened.send(Err(ColumnsError::Io { action: "start", path: "runtime".into(), source }));
            return;
        }
    };
    let mut logs = match runtime.block_on(read_all(store.as_ref())) {
        Ok((logs, durable)) => {
            let found = logs.iter().filter_map(|log| {
                let schema = log.schema.clone()?;
                Some(Found { position: log.position, files: FileSet::of(log, &schema), schema })
            });
            let _ = opened.send(Ok((found.collect(), durable)));
            logs.into_iter().map(|log| (log.root.clone(), log)).collect::<HashMap<Path, Log>>()
        }
        Err(error) => {
            let _ = opened.send(Err(error));
            return;
        }
    };
    for log in logs.values() {
        if let Err(error) = runtime.block_on(sweep(store.as_ref(), log)) {
            tracing::warn!(table = %log.root, %error, "left-over files were not removed");
        }
    }
    let mut leaving = Leaving::default();
    loop {
        let job = queue.recv_timeout(cut::STAYS);
        runtime.block_on(leaving.sweep(store.as_ref()));
        let job = match job {
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let done = match job {
            Job::Cut { table, root, before, seq } => {
                let files =
                    logs.get_mut(&root).map_or(Ok(None), |log| runtime.block_on(cut_one(store.as_ref(), log, &before, seq, &mut leaving)));
                Done::Cut { table, files }
            }
            Job::Mark(position) => Done::Marked(runtime.block_on(mark(store.as_ref(), position)).map(|()| position)),
            Job::Flush { table, root, generation, rows, schema, position } => {
                let log = logs.entry(root.clone()).or_insert_with(|| Log::new(root, now()));
                let rows = Rows { generation: &generation, rows, schema: &schema, position };
                match runtime.block_on(flush(store.as_ref(), log, &rows)) {
                    Ok(()) => Done::Flushed { table, files: FileSet::of(log, log.schema.as_ref().unwrap_or(&schema)) },
                    Err(error) => Done::Failed { table, error },
                }
            }
        };
        if answers.send(done).is_err() {
            return;
        }
    }
}

fn now() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

async fn read_all(store: &dyn ObjectStore) -> Result<(Vec<Log>, u64), ColumnsError> {
    let durable = match store.get(&Path::from(POSITION_FILE)).await {
        Err(object_store::Error::NotFound { .. }) => 0,
        Err(error) => return Err(error.into()),
        Ok(found) => {
            let noted: Option<Value> = serde_json::from_slice(&found.bytes().await?).ok();
            noted.and_then(|noted| noted.get("durable")?.as_u64()).unwrap_or_default()
        }
    };
    let mut logs = Vec::new();
    for root in store.list_with_delimiter(None).await?.common_prefixes {
        let name = root.filename().unwrap_or_default().to_owned();
        logs.extend(Log::read(store, root, &name).await?);
    }
    Ok((logs, durable))
}

async fn cut_one(
    store: &dyn ObjectStore,
    log: &mut Log,
    before: &str,
    seq: u64,
    leaving: &mut Leaving,
) -> Result<Option<Arc<FileSet>>, ColumnsError> {
    leaving.add(cut::run(store, log, before, seq, now()).await?);
    Ok(log.schema.clone().map(|schema| FileSet::of(log, &schema)))
}

async fn mark(store: &dyn ObjectStore, position: u64) -> Result<(), ColumnsError> {
    let text = json!({"format": 1, "durable": position}).to_string();
    store.put(&Path::from(POSITION_FILE), PutPayload::from(text)).await?;
    Ok(())
}

struct Rows<'a> {
    generation: &'a Generation,
    rows: usize,
    schema: &'a Arc<TableSchema>,
    position: u64,
}

async fn flush(store: &dyn ObjectStore, log: &mut Log, rows: &Rows<'_>) -> Result<(), ColumnsError> {
    if log.version.is_some() && log.position >= rows.position {
        return Ok(());
    }
    let wanted = rows.generation.filled(rows.schema);
    let batches = rows.generation.batches(rows.schema, &wanted, rows.rows)?;
    let sorted = files::sort(&batches, &wanted)?;
    let mut add = files::write(store, &log.root, &sorted, now()).await?;
    let mut remove = Vec::new();
    if log.schema.as_ref().is_some_and(|old| old.differs_in_type(rows.schema)) {
        // Readers of the format expect one type in all files: those of a widened column are written anew in the same commit.
        for file in log.files.values() {
            let batches = files::read(store, &log.root, file, rows.schema).await?;
            if let Some(first) = batches.first() {
                let whole = files::sort(&batches, &first.schema())?;
                add.extend(files::write(store, &log.root, &whole, now()).await?);
            }
            remove.push(file.path.clone());
        }
    }
    let schema = Arc::clone(rows.schema);
    log.commit(store, Change { schema, position: rows.position, add, remove, data_change: true, now: now() }).await?;
    if let Err(error) = compact::run(store, log, now()).await {
        tracing::warn!(table = %log.root, %error, "small files were not joined");
    }
    Ok(())
}

/// Removes files that a crash left between their writing and their commit, or that a compaction replaced long ago.
async fn sweep(store: &dyn ObjectStore, log: &Log) -> Result<(), ColumnsError> {
    let known: HashSet<Path> = log.files.keys().map(|path| path.split('/').fold(log.root.clone(), |at, part| at.join(part))).collect();
    let old = chrono::Utc::now() - chrono::Duration::seconds(ORPHAN_SECONDS);
    let mut listed = store.list(Some(&log.root));
    while let Some(meta) = listed.try_next().await? {
        let data = meta.location.as_ref().ends_with(".zstd.parquet");
        if data && meta.last_modified < old && !known.contains(&meta.location) {
            store.delete(&meta.location).await?;
        }
    }
    Ok(())
}

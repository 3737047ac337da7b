//! The index on disk: opening it, setting a damaged one aside, and the thread that writes and commits.
//!
//! The commit's payload carries the layout's number and the position in the journal, so both are as durable as the documents.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, UserOperation};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyError, Term};

use crate::model::Seq;

use super::error::FulltextError;
use super::fresh::Chunk;
use super::schema::{FORMAT, Fields};
use super::shared::{Shared, Step};
use super::tokens::{TOKENIZER, analyzer};

/// Memory in which the writer gathers documents before it writes a segment.
const WRITER_BYTES: usize = 64 * 1024 * 1024;

/// An index up to this size is checked byte for byte when it is opened; a larger one by `verify`.
const CHECK_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Size of a compressed block of stored documents: small, because a page of hits reads as many blocks as it has hits.
const STORE_BLOCK_BYTES: usize = 4096;

/// Documents that the indexing thread is given at once: it is woken for them together, not for each.
const FED_DOCUMENTS: usize = 128;

/// What the payload of a commit says.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    format: u32,
    seq: u64,
}

/// An opened index.
pub(crate) struct Disk {
    pub(crate) index: Index,
    pub(crate) reader: IndexReader,
    pub(crate) position: Seq,
    /// Why an earlier index was set aside, if one was.
    pub(crate) damage: Option<String>,
}

/// Returns the tokenisers that the schema names.
pub(crate) fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::default();
    tokenizers.register(TOKENIZER, analyzer());
    tokenizers
}

/// Opens the index in `dir`, or makes an empty one; what cannot be used is set aside as `<dir>.damaged`.
pub(crate) fn open(dir: &Path, fields: &Fields) -> Result<Disk, FulltextError> {
    let folder = |source| FulltextError::Folder { path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(folder)?;
    let mut damage = None;
    if fs::read_dir(dir).map_err(folder)?.next().is_some() {
        // A damaged file can make tantivy panic; that says as much as an error.
        match catch_unwind(AssertUnwindSafe(|| open_existing(dir, fields))) {
            Ok(Ok((index, reader, position))) => return Ok(Disk { index, reader, position, damage: None }),
            Ok(Err(reason)) => damage = Some(reason),
            Err(_) => damage = Some("its files contradict each other".to_owned()),
        }
        set_aside(dir).map_err(folder)?;
        fs::create_dir_all(dir).map_err(folder)?;
    }
    // Blocks are so small that handing one to a thread costs more than compressing it.
    let settings =
        IndexSettings { docstore_blocksize: STORE_BLOCK_BYTES, docstore_compress_dedicated_thread: false, ..IndexSettings::default() };
    let builder = Index::builder().schema(fields.schema.clone()).settings(settings).tokenizers(tokenizers());
    let index = builder.create_in_dir(dir).map_err(FulltextError::Write)?;
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(FulltextError::Read)?;
    Ok(Disk { index, reader, position: Seq(0), damage })
}

fn open_existing(dir: &Path, fields: &Fields) -> Result<(Index, IndexReader, Seq), String> {
    let text = |error: TantivyError| error.to_string();
    let mut index = Index::open_in_dir(dir).map_err(text)?;
    index.set_tokenizers(tokenizers());
    let metas = index.load_metas().map_err(text)?;
    let payload = match metas.payload.as_deref() {
        Some(payload) => serde_json::from_str(payload).map_err(|error| format!("its position cannot be read: {error}"))?,
        None if metas.segments.is_empty() => Payload { format: FORMAT, seq: 0 },
        None => return Err("its position is missing".to_owned()),
    };
    if payload.format != FORMAT || index.schema() != fields.schema {
        return Err(format!("its layout is number {}, expected {FORMAT}", payload.format));
    }
    if size(dir).unwrap_or(0) <= CHECK_BYTES_MAX {
        check(&index)?;
    }
    let reader: IndexReader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(text)?;
    Ok((index, reader, Seq(payload.seq)))
}

/// Compares every file of the index with its checksum.
pub(crate) fn check(index: &Index) -> Result<(), String> {
    let bad = index.validate_checksum().map_err(|error| error.to_string())?;
    match bad.iter().min() {
        Some(file) => Err(format!("its file `{}` does not match its checksum", file.display())),
        None => Ok(()),
    }
}

fn size(dir: &Path) -> io::Result<u64> {
    fs::read_dir(dir)?.map(|entry| Ok(entry?.metadata()?.len())).sum()
}

fn set_aside(dir: &Path) -> io::Result<()> {
    let mut aside = dir.as_os_str().to_owned();
    aside.push(".damaged");
    let aside = PathBuf::from(aside);
    match fs::remove_dir_all(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::rename(dir, aside)
}

/// Opens the writer of the index; there is one for all processes.
pub(crate) fn writer(index: &Index, dir: &Path) -> Result<IndexWriter, FulltextError> {
    let options = IndexWriterOptions::builder().memory_budget_per_thread(WRITER_BYTES).num_worker_threads(1).num_merge_threads(1).build();
    let writer = index.writer_with_options(options).map_err(|error| match error {
        TantivyError::LockFailure(..) => FulltextError::Busy { path: dir.to_owned() },
        other => FulltextError::Write(other),
    })?;
    Ok(writer)
}

/// Which segments are merged, and how many of them at once.
fn merging(segments: usize) -> Box<LogMergePolicy> {
    let mut policy = LogMergePolicy::default();
    policy.set_del_docs_ratio_before_merge(0.3);
    policy.set_min_num_segments(segments);
    Box::new(policy)
}

/// Feeds chunks to the writer and commits, until the view is closed; what is not committed then comes from the journal again.
pub(crate) fn run(shared: &Arc<Shared>, mut writer: IndexWriter, reader: &IndexReader, fields: &Fields) {
    let mut merged = 0;
    let work = || -> tantivy::Result<()> {
        loop {
            match shared.next_step(Instant::now) {
                Step::Feed(chunks) => chunks.iter().try_for_each(|chunk| feed(&writer, fields, chunk))?,
                Step::Commit { through, position, merge } => {
                    if std::mem::replace(&mut merged, merge) != merge {
                        writer.set_merge_policy(merging(merge));
                    }
                    commit(&mut writer, position)?;
                    reader.reload()?;
                    shared.committed(through, position, reader.searcher());
                }
                Step::Stop => return Ok(()),
            }
        }
    };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => shared.fail(error.to_string()),
        Err(_) => shared.fail("the writer of the index panicked".to_owned()),
    }
}

fn feed(writer: &IndexWriter, fields: &Fields, chunk: &Chunk) -> tantivy::Result<()> {
    let mut operations = Vec::with_capacity(FED_DOCUMENTS);
    for documents in chunk.documents.chunks(FED_DOCUMENTS) {
        for document in documents {
            if document.replaces {
                operations.push(UserOperation::Delete(Term::from_field_u64(fields.key, document.hash)));
            }
            operations.push(UserOperation::Add(document.document.clone()));
        }
        writer.run(operations.drain(..))?;
    }
    Ok(())
}

fn commit(writer: &mut IndexWriter, position: Seq) -> tantivy::Result<()> {
    let payload = serde_json::to_string(&Payload { format: FORMAT, seq: position.0 }).expect("two numbers are JSON");
    let mut commit = writer.prepare_commit()?;
    commit.set_payload(&payload);
    commit.commit()?;
    Ok(())
}

const DAY: Duration = Duration::from_secs(86_400);

/// When documents are committed, and what becomes of the segments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How long documents wait for the next commit while readers see them from memory.
    pub(crate) visible: Duration,
    /// The same while they are too many for that.
    pub(crate) hidden: Duration,
    /// A commit follows after so many documents, whatever the time.
    pub(crate) documents: usize,
    /// Memory of documents that wait for a commit: it follows at half of that, and `apply` waits while there is more.
    pub(crate) bytes: usize,
    /// Segments of about the same size that become one.
    pub(crate) merge: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { visible: Duration::from_secs(5), hidden: Duration::from_millis(400), documents: 20_000, bytes: 64 << 20, merge: 8 }
    }
}

impl Pace {
    /// While nobody reads: few large segments, each merged but once, cost least.
    pub(crate) const ALONE: Self = Self { visible: DAY, hidden: DAY, documents: 80_000, bytes: 128 << 20, merge: 32 };
}

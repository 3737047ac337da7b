//! Ingest: decodes on the calling thread, reads documents on every core, submits them in order.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::Instant;

use crate::ingest::{self, Input, Item, Rejected};
use crate::model::{Body, Document, Fault, FaultClass, Time};

use super::Engine;
use super::commit::{Back, Offered, Outcome, Parsed};
use super::report::IngestReport;

/// Documents that are read and submitted together.
const CHUNK_DOCUMENTS: usize = 1_024;
/// Bytes of documents that are read and submitted together.
const CHUNK_BYTES: usize = 2 << 20;
/// Chunks that are under way from decoding to the writer; with `CHUNK_BYTES` and `CHUNKS_OFFERED` the bound of memory, whatever
/// the input's size. A chunk that is slow to read holds up those behind it, so they all count until their turn has come.
const CHUNKS_UNDER_WAY: usize = 8;
/// Chunks that are handed to the writer before the first of them is durable: it commits those that wait together.
const CHUNKS_OFFERED: usize = 4;

/// Is told how far an ingest has come.
pub trait Progress: Sync {
    /// `bytes` more of the input were read.
    fn read(&self, bytes: u64);
    /// `documents` more are durable and visible.
    fn committed(&self, documents: u64);
}

/// Listens to nothing.
impl Progress for () {
    fn read(&self, _: u64) {}
    fn committed(&self, _: u64) {}
}

/// A piece of the input, in the order in which it was decoded.
struct Chunk {
    place: u64,
    items: Vec<Item>,
}

/// A chunk after reading.
struct ReadChunk {
    place: u64,
    parsed: Vec<Parsed>,
    report: IngestReport,
    rejects: Vec<Rejected>,
    back: Option<Back>,
}

impl Engine {
    /// Takes in everything that `input` holds and reports what became of it. Blocks until all of it is durable.
    ///
    /// Memory stays bounded by a few chunks of `CHUNK_BYTES`, however large the input is.
    pub fn ingest(&self, input: Input, options: &ingest::Options, progress: &dyn Progress) -> Result<IngestReport, Fault> {
        let Ingested { report, fault } = self.ingest_as_far(input, options, progress);
        fault.map_or(Ok(report), Err)
    }

    /// Takes in what `input` holds as far as it goes: what ends it early leaves what was durable by then, and its report.
    pub fn ingest_as_far(&self, input: Input, options: &ingest::Options, progress: &dyn Progress) -> Ingested {
        let begun = Instant::now();
        let received = Time::now();
        let mut ingested = thread::scope(|scope| {
            // Many clients send a few documents each: threads for one chunk would cost more than they bring.
            let mut first = None;
            let mut pipeline: Option<Pipeline<'_>> = None;
            let decoded = decode(input, options, received, progress, &mut |items| {
                let running = match (&mut pipeline, first.take()) {
                    (Some(running), _) => running,
                    (None, None) => {
                        first = Some(items);
                        return ControlFlow::Continue(());
                    }
                    (None, Some(earlier)) => {
                        let running = pipeline.insert(self.start(scope, received, progress));
                        running.send(earlier)?;
                        running
                    }
                };
                running.send(items)
            });
            let ingested = match pipeline {
                Some(running) => running.finish(),
                None => self.commit_chunks(first.map(|items| read_chunk(Chunk { place: 0, items })), &|| {}, received, progress),
            };
            // A stopped writer ends the decoding too: its fault is the cause.
            Ingested { fault: ingested.fault.or(decoded.err()), ..ingested }
        });
        ingested.report.seconds = begun.elapsed().as_secs_f64();
        ingested
    }

    /// Takes in a source that is in memory and so short that reading it costs less than handing it to another thread.
    pub async fn ingest_brief(&self, input: Input, options: &ingest::Options) -> Ingested {
        let begun = Instant::now();
        let received = Time::now();
        let mut items = Vec::new();
        let decoded = decode(input, options, received, &(), &mut |more| {
            items.extend(more);
            ControlFlow::Continue(())
        });
        let mut rejects = RejectsFile::new(self.dir.join("rejects"), received);
        let mut waiting = None;
        let offered = self.offer_chunks([read_chunk(Chunk { place: 0, items })], &|| {}, &mut rejects, &mut |chunk| {
            waiting = Some(chunk);
            Ok(())
        });
        let mut report = IngestReport::default();
        let settled = match waiting {
            Some(Waiting { offered: Some(offered), read }) => offered.done().await.map(|outcomes| count(read, &outcomes, &mut report)),
            Some(Waiting { offered: None, read }) => {
                report.add(read);
                Ok(())
            }
            None => Ok(()),
        };
        let rejected = rejects.finish().map(|file| report.rejects_file = file);
        report.seconds = begun.elapsed().as_secs_f64();
        Ingested { report, fault: offered.and(settled).and(rejected).and(decoded).err() }
    }

    /// Starts the threads that read and commit chunks.
    fn start<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, received: Time, progress: &'scope dyn Progress) -> Pipeline<'scope> {
        let workers = thread::available_parallelism().map_or(2, usize::from);
        let (to_read, chunks) = sync_channel::<Chunk>(CHUNKS_UNDER_WAY);
        let (to_commit, read) = sync_channel::<ReadChunk>(CHUNKS_UNDER_WAY);
        let (done, places) = sync_channel::<()>(CHUNKS_UNDER_WAY);
        while done.try_send(()).is_ok() {}
        let chunks = Arc::new(Mutex::new(chunks));
        for _ in 0..workers {
            let (chunks, to_commit) = (Arc::clone(&chunks), to_commit.clone());
            scope.spawn(move || ingest::remembering(|| read_chunks(&chunks, &to_commit)));
        }
        let committing = scope.spawn(move || {
            // Nobody waits for a place any more once the input is decoded.
            let done = || done.try_send(()).unwrap_or_default();
            self.commit_chunks(read, &done, received, progress)
        });
        Pipeline { to_read, places, committing, next: 0 }
    }

    /// Submits chunks in the order of the input and sums the reports of those that became durable.
    fn commit_chunks(
        &self,
        read: impl IntoIterator<Item = ReadChunk>,
        done: &dyn Fn(),
        received: Time,
        progress: &dyn Progress,
    ) -> Ingested {
        let mut report = IngestReport::default();
        let mut rejects = RejectsFile::new(self.dir.join("rejects"), received);
        let mut offered = VecDeque::new();
        let mut outcome = self.offer_chunks(read, done, &mut rejects, &mut |chunk| {
            offered.push_back(chunk);
            if offered.len() <= CHUNKS_OFFERED {
                return Ok(());
            }
            offered.pop_front().map_or(Ok(()), |chunk| settle(chunk, &mut report, progress))
        });
        // What the writer has may become durable whatever happened to the rest.
        for chunk in offered {
            outcome = outcome.and(settle(chunk, &mut report, progress));
        }
        match rejects.finish() {
            Ok(file) => report.rejects_file = file,
            Err(fault) => outcome = outcome.and(Err(fault)),
        }
        Ingested { report, fault: outcome.err() }
    }

    /// Hands chunks to the writer in the order of the input.
    fn offer_chunks(
        &self,
        read: impl IntoIterator<Item = ReadChunk>,
        done: &dyn Fn(),
        rejects: &mut RejectsFile,
        wait: &mut dyn FnMut(Waiting) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut early = BTreeMap::new();
        let mut next = 0;
        for chunk in read {
            early.insert(chunk.place, chunk);
            while let Some(chunk) = early.remove(&next) {
                next += 1;
                done();
                chunk.rejects.iter().try_for_each(|rejected| rejects.write(rejected))?;
                let offered = if chunk.parsed.is_empty() { None } else { Some(self.committer.offer(chunk.parsed, chunk.back)?) };
                wait(Waiting { offered, read: chunk.report })?;
            }
        }
        Ok(())
    }
}

/// What became of an input, as far as it went.
#[derive(Debug, Default)]
pub struct Ingested {
    /// What was acknowledged.
    pub report: IngestReport,
    /// What ended it early.
    pub fault: Option<Fault>,
}

/// A chunk that the writer has, if there is anything in it to write.
struct Waiting {
    offered: Option<Offered>,
    /// What its documents say.
    read: IngestReport,
}

/// Waits for a chunk and counts its documents and what became of them.
fn settle(chunk: Waiting, report: &mut IngestReport, progress: &dyn Progress) -> Result<(), Fault> {
    let outcomes = chunk.offered.map_or_else(|| Ok(Vec::new()), Offered::wait)?;
    count(chunk.read, &outcomes, report);
    progress.committed(outcomes.len() as u64);
    Ok(())
}

/// Counts the documents of a chunk and what became of them.
fn count(read: IngestReport, outcomes: &[Outcome], report: &mut IngestReport) {
    report.add(read);
    for outcome in outcomes {
        match outcome {
            Outcome::New(seq) => (report.new, report.seq) = (report.new + 1, report.seq.max(seq.0)),
            Outcome::Updated(seq) => (report.updated, report.seq) = (report.updated + 1, report.seq.max(seq.0)),
            Outcome::Duplicate => report.duplicate += 1,
        }
    }
}

/// The threads behind the decoding.
struct Pipeline<'scope> {
    to_read: SyncSender<Chunk>,
    /// Gives a place for each chunk that may be under way.
    places: Receiver<()>,
    committing: ScopedJoinHandle<'scope, Ingested>,
    /// Place of the next chunk.
    next: u64,
}

impl Pipeline<'_> {
    /// Hands a chunk on; breaks when nobody takes it, because committing failed.
    fn send(&mut self, items: Vec<Item>) -> ControlFlow<()> {
        let place = self.next;
        self.next += 1;
        let taken = self.places.recv().is_ok() && self.to_read.send(Chunk { place, items }).is_ok();
        if taken { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Waits until everything is durable.
    fn finish(self) -> Ingested {
        drop(self.to_read);
        let failed = || Fault::new(FaultClass::Internal, "ingest_failed", "the ingest failed while it committed");
        self.committing.join().unwrap_or_else(|_| Ingested { fault: Some(failed()), ..Ingested::default() })
    }
}

/// Decodes the input into chunks; ends early when nobody takes them any more.
fn decode(
    input: Input,
    options: &ingest::Options,
    received: Time,
    progress: &dyn Progress,
    send: &mut dyn FnMut(Vec<Item>) -> ControlFlow<()>,
) -> Result<(), Fault> {
    let mut items = Vec::new();
    let mut bytes = 0;
    ingest::decode(input, options, received, &|bytes| progress.read(bytes), &mut |item| {
        bytes += match &item {
            Item::Document(document) => document.raw.len(),
            Item::Reject(_) => 0,
        };
        items.push(item);
        if items.len() < CHUNK_DOCUMENTS && bytes < CHUNK_BYTES {
            return ControlFlow::Continue(());
        }
        bytes = 0;
        send(std::mem::take(&mut items))
    })?;
    if !items.is_empty() {
        // Nobody left to take the last chunk means that committing failed, which says why by itself.
        let _ = send(items);
    }
    Ok(())
}

fn read_chunks(chunks: &Mutex<Receiver<Chunk>>, to_commit: &SyncSender<ReadChunk>) {
    let (back, applied) = channel();
    loop {
        let chunk = chunks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(chunk) = chunk else { return };
        applied.try_iter().for_each(drop);
        let read = ReadChunk { back: Some(back.clone()), ..read_chunk(chunk) };
        if to_commit.send(read).is_err() {
            return;
        }
    }
}

fn read_chunk(chunk: Chunk) -> ReadChunk {
    let mut read = ReadChunk {
        place: chunk.place,
        parsed: Vec::with_capacity(chunk.items.len()),
        report: IngestReport::default(),
        rejects: Vec::new(),
        back: None,
    };
    for item in chunk.items {
        let outcome = match item {
            Item::Document(document) => read_document(document),
            Item::Reject(rejected) => Err(rejected),
        };
        match outcome {
            Ok(parsed) => {
                read.report.read(&parsed.document, &parsed.bodies);
                read.parsed.push(parsed);
            }
            Err(rejected) => {
                read.report.reject(&rejected);
                read.rejects.push(rejected);
            }
        }
    }
    read
}

fn read_document(document: Document) -> Result<Parsed, Rejected> {
    let bodies: Result<Vec<Body>, _> = ingest::read(&document);
    match bodies {
        Ok(bodies) => Ok(Parsed { document, bodies }),
        Err(reject) => Err(Rejected::at(reject, &document.origin, &document.raw)),
    }
}

/// The file of all rejects of one ingest; made when the first one comes.
struct RejectsFile {
    folder: PathBuf,
    name: String,
    file: Option<BufWriter<File>>,
}

impl RejectsFile {
    fn new(folder: PathBuf, received: Time) -> Self {
        Self { folder, name: format!("{}.jsonl", received.to_string().replace(':', "-")), file: None }
    }

    fn write(&mut self, rejected: &Rejected) -> Result<(), Fault> {
        if self.file.is_none() {
            std::fs::create_dir_all(&self.folder).map_err(|error| self.fault(&error))?;
            let file = File::create(self.folder.join(&self.name)).map_err(|error| self.fault(&error))?;
            self.file = Some(BufWriter::new(file));
        }
        let line = serde_json::to_string(rejected).unwrap_or_default();
        let file = self.file.as_mut().expect("the file was made above");
        writeln!(file, "{line}").map_err(|error| self.fault(&error))
    }

    fn finish(mut self) -> Result<Option<String>, Fault> {
        let Some(mut file) = self.file.take() else { return Ok(None) };
        file.flush().map_err(|error| self.fault(&error))?;
        Ok(Some(self.folder.join(&self.name).display().to_string()))
    }

    fn fault(&self, error: &std::io::Error) -> Fault {
        let message = format!("the rejects file `{}` cannot be written: {error}", self.folder.join(&self.name).display());
        Fault::new(FaultClass::Internal, "rejects_unwritable", message)
    }
}

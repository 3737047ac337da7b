//! What the view, its writer thread and its readers share: the chunks that are not committed, and the index that is.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tantivy::Searcher as IndexSearcher;

use crate::model::Seq;

use super::disk::Pace;
use super::error::FulltextError;
use super::fresh::{Chunk, LayerCache};

/// Most documents that readers search in memory; what comes on top becomes visible with the next commit, within a second.
pub const FRESH_DOCUMENTS_MAX: usize = 4096;

/// What the writer does next.
pub(crate) enum Step {
    Feed(Vec<Arc<Chunk>>),
    Commit { through: u64, position: Seq, merge: usize },
    Stop,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) main: IndexSearcher,
    pub(crate) durable: Seq,
    /// The last document that a call of `apply` took.
    pub(crate) applied: Seq,
    /// Number of the last committed chunk.
    pub(crate) committed: u64,
    /// Number of the last chunk that the writer has.
    fed: u64,
    /// The chunks behind the last commit, oldest first.
    pub(crate) chunks: VecDeque<Arc<Chunk>>,
    documents: usize,
    bytes: usize,
    /// When the oldest chunk came.
    since: Option<Instant>,
    pace: Pace,
    persist: bool,
    stop: bool,
    failed: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// There is work for the writer.
    work: Condvar,
    /// A commit is done, or failed.
    done: Condvar,
    pub(crate) layers: Arc<LayerCache>,
}

impl Shared {
    pub(crate) fn new(main: IndexSearcher, position: Seq, pace: Pace) -> Self {
        let state = State {
            main,
            durable: position,
            applied: position,
            committed: 0,
            fed: 0,
            chunks: VecDeque::new(),
            documents: 0,
            bytes: 0,
            since: None,
            pace,
            persist: false,
            stop: false,
            failed: None,
        };
        Self { state: Mutex::new(state), work: Condvar::new(), done: Condvar::new(), layers: Arc::default() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the documents of a batch, waiting while too many are pending.
    pub(crate) fn push(&self, chunk: Chunk) -> Result<(), FulltextError> {
        let mut state = self.lock();
        while state.bytes > state.pace.bytes && state.failed.is_none() {
            state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.check()?;
        state.applied = chunk.last;
        if !chunk.documents.is_empty() {
            state.documents += chunk.documents.len();
            state.bytes += chunk.bytes;
            state.since.get_or_insert_with(Instant::now);
            state.chunks.push_back(Arc::new(chunk));
            self.work.notify_one();
        }
        Ok(())
    }

    /// Waits until everything that is applied is committed.
    pub(crate) fn persist(&self) -> Result<(), FulltextError> {
        let mut state = self.lock();
        while state.durable < state.applied {
            state.check()?;
            state.persist = true;
            self.work.notify_one();
            state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.check()
    }

    /// Waits for work; feeding comes first, so that indexing runs while a commit is not yet due.
    pub(crate) fn next_step(&self, now: impl Fn() -> Instant) -> Step {
        let mut state = self.lock();
        loop {
            if state.stop {
                return Step::Stop;
            }
            let fed = state.fed;
            let from = state.chunks.partition_point(|chunk| chunk.number <= fed);
            let new: Vec<Arc<Chunk>> = state.chunks.range(from..).cloned().collect();
            if let Some(last) = new.last() {
                state.fed = last.number;
                return Step::Feed(new);
            }
            let pace = state.pace;
            let patience = if state.documents > FRESH_DOCUMENTS_MAX { pace.hidden } else { pace.visible };
            let wait = state.since.map(|since| patience.saturating_sub(now().saturating_duration_since(since)));
            let full = state.documents >= pace.documents || state.bytes > pace.bytes / 2;
            if state.persist || full || wait.is_some_and(|wait| wait.is_zero()) {
                state.persist = false;
                // All chunks are with the writer, so the commit covers whatever was applied, batches without documents too.
                return Step::Commit { through: state.fed, position: state.applied, merge: pace.merge };
            }
            state = match wait {
                Some(wait) => self.work.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0,
                None => self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Takes in a commit that is done: its documents are on disk, so memory lets them go.
    pub(crate) fn committed(&self, through: u64, position: Seq, main: IndexSearcher) {
        let mut state = self.lock();
        state.main = main;
        state.durable = position;
        state.committed = through;
        while let Some(chunk) = state.chunks.pop_front_if(|chunk| chunk.number <= through) {
            state.documents -= chunk.documents.len();
            state.bytes -= chunk.bytes;
        }
        state.since = (!state.chunks.is_empty()).then(Instant::now);
        self.done.notify_all();
    }

    /// Goes on at another pace.
    pub(crate) fn set_pace(&self, pace: Pace) {
        self.lock().pace = pace;
        self.work.notify_one();
    }

    pub(crate) fn fail(&self, reason: String) {
        tracing::error!(reason, "full-text index stopped");
        self.lock().failed = Some(reason);
        self.done.notify_all();
    }

    pub(crate) fn stop(&self) {
        self.lock().stop = true;
        self.work.notify_all();
    }
}

impl State {
    pub(crate) fn check(&self) -> Result<(), FulltextError> {
        match &self.failed {
            Some(reason) => Err(FulltextError::Stopped(reason.clone())),
            None => Ok(()),
        }
    }

    /// The oldest chunks that readers see from memory, and the position that they reach.
    pub(crate) fn visible(&self) -> (Vec<Arc<Chunk>>, Seq) {
        let mut documents = 0;
        let fits = |chunk: &&Arc<Chunk>| {
            documents += chunk.documents.len();
            documents <= FRESH_DOCUMENTS_MAX
        };
        let chunks: Vec<Arc<Chunk>> = self.chunks.iter().take_while(fits).cloned().collect();
        let position = match chunks.last() {
            _ if chunks.len() == self.chunks.len() => self.applied,
            Some(last) => last.last,
            None => self.durable,
        };
        (chunks, position)
    }
}

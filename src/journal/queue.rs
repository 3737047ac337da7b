//! Batches on their way to the disk: numbers are given here, in the order of the calls. Writes nothing.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::block::HEAD_BYTES;
use super::ticket::{Promise, Ticket};
use super::{BATCH_BYTES_MAX, JournalError};
use crate::model::Document;

/// A batch that waits for the disk.
pub(super) struct Pending {
    pub(super) first: u64,
    pub(super) documents: Vec<Document>,
    pub(super) bytes: usize,
    pub(super) promise: Promise,
}

/// The queue between those who append and the thread that writes.
pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    room: Condvar,
    bytes_max: usize,
}

struct State {
    pending: VecDeque<Pending>,
    bytes: usize,
    /// Number of the next document.
    next: u64,
    closed: bool,
    stopped: Option<JournalError>,
    /// Batches for which the writing thread wants to be woken; `usize::MAX` while it is busy.
    wanted: usize,
    /// Bytes for which it wants to be woken earlier.
    wanted_bytes: usize,
}

/// When a group of batches is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grouping {
    /// The longest wait for batches that are expected to come.
    pub(super) wait: Duration,
    /// Bytes after which no more are waited for.
    pub(super) bytes: usize,
    /// Bytes after which no more are taken into a group, though they are there.
    pub(super) bytes_max: usize,
}

impl Queue {
    pub(super) fn new(next: u64, bytes_max: usize) -> Self {
        let state =
            State { pending: VecDeque::new(), bytes: 0, next, closed: false, stopped: None, wanted: usize::MAX, wanted_bytes: usize::MAX };
        Self { state: Mutex::new(state), arrived: Condvar::new(), room: Condvar::new(), bytes_max }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of the last document that was given one.
    pub(super) fn last(&self) -> u64 {
        self.state().next - 1
    }

    /// Numbers the documents and puts them at the end; waits while the queue is full.
    pub(super) fn push(&self, documents: Vec<Document>) -> Result<Ticket, JournalError> {
        let bytes = documents.iter().map(|document| document.raw.len() + HEAD_BYTES).sum();
        for found in [bytes, documents.len()] {
            if found > BATCH_BYTES_MAX {
                return Err(JournalError::TooLarge { found: found as u64, most: BATCH_BYTES_MAX as u64 });
            }
        }
        let mut state = self.state();
        while state.bytes > 0 && state.bytes + bytes > self.bytes_max && state.stopped.is_none() && !state.closed {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(error) = &state.stopped {
            return Err(error.clone());
        }
        if state.closed {
            return Err(JournalError::Closed);
        }
        let first = state.next;
        state.next += documents.len() as u64;
        let (ticket, promise) = Ticket::new(first, state.next - 1);
        state.bytes += bytes;
        state.pending.push_back(Pending { first, documents, bytes, promise });
        if state.pending.len() >= state.wanted || state.bytes >= state.wanted_bytes {
            self.arrived.notify_one();
        }
        Ok(ticket)
    }

    /// The next group of batches, or nothing once the queue is closed and empty.
    ///
    /// A group is written as soon as everyone who is likely to come is there: those who waited for the group before
    /// (`before` batches), and those who came meanwhile. So a single client never waits for others, and many clients
    /// share one fsync instead of falling into two halves.
    pub(super) fn take(&self, before: usize, grouping: &Grouping) -> Option<Vec<Pending>> {
        let mut state = self.state();
        let expected = before + state.pending.len();
        (state.wanted, state.wanted_bytes) = (1, usize::MAX);
        while state.pending.is_empty() {
            if state.closed {
                return None;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        (state.wanted, state.wanted_bytes) = (expected, grouping.bytes);
        let deadline = Instant::now() + grouping.wait;
        while state.pending.len() < expected && state.bytes < grouping.bytes && !state.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        (state.wanted, state.wanted_bytes) = (usize::MAX, usize::MAX);
        let (mut group, mut bytes) = (Vec::new(), 0);
        while bytes < grouping.bytes_max
            && let Some(pending) = state.pending.pop_front()
        {
            bytes += pending.bytes;
            group.push(pending);
        }
        Some(group)
    }

    /// Gives room for batches that left the queue.
    pub(super) fn release(&self, bytes: usize) {
        self.state().bytes -= bytes;
        self.room.notify_all();
    }

    /// Fails a group and everything behind it, whose numbers would leave a gap; the numbers go on at `next`.
    ///
    /// With `stop` no batch is taken any more.
    pub(super) fn fail(&self, group: Vec<Pending>, next: u64, error: &JournalError, stop: bool) {
        let mut state = self.state();
        let behind = std::mem::take(&mut state.pending);
        (state.next, state.bytes) = (next, 0);
        if stop {
            state.stopped = Some(error.clone());
        }
        drop(state);
        self.room.notify_all();
        for pending in group.into_iter().chain(behind) {
            pending.promise.settle(Err(error.clone()));
        }
    }

    /// Takes no more batches; those that are there are still written.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.arrived.notify_all();
        self.room.notify_all();
    }
}

//! Writes that follow behind: a thread brings changes into the store, and reads see them before they are there.
//!
//! Bounded: whoever is too far ahead waits.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::ops::{Bound, ControlFlow};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use bytes::Bytes;

use super::store::{KeyRange, Op, RecordStore, StoreError, Visit};
use crate::model::Seq;

/// Changes that may wait for the store; about 20 MB.
pub(super) const WAITING_OPS_MAX: usize = 65_536;

/// Changes that one write takes at most, one batch more or less.
const WRITE_OPS_MAX: usize = 8_192;

/// A store with the changes on their way to it.
pub(super) struct Behind {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

pub(super) struct Shared {
    store: Arc<dyn RecordStore>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// The latest change of each key that is not in the store, with the batch that made it.
    overlay: BTreeMap<Vec<u8>, (Seq, Option<Bytes>)>,
    queue: VecDeque<(Seq, Vec<Op>)>,
    /// The last batch that was taken.
    taken: Seq,
    /// Changes in the queue and in the write that is going on.
    waiting: usize,
    closed: bool,
    failed: Option<StoreError>,
}

impl Behind {
    pub(super) fn new(store: Arc<dyn RecordStore>) -> Result<Self, StoreError> {
        let state = State { overlay: BTreeMap::new(), queue: VecDeque::new(), taken: Seq(0), waiting: 0, closed: false, failed: None };
        let shared = Arc::new(Shared { store, state: Mutex::new(state), changed: Condvar::new() });
        let worker = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("clew-records".to_owned())
            .spawn(move || worker.run())
            .map_err(|error| StoreError::failed("start the writing thread of", error))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Takes the changes of a batch: at once visible, later in the store. Waits while too many are on their way.
    pub(super) fn apply(&self, seq: Seq, ops: Vec<Op>) -> Result<(), StoreError> {
        let mut state = self.shared.state();
        while state.waiting >= WAITING_OPS_MAX && state.failed.is_none() {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(error) = &state.failed {
            return Err(error.clone());
        }
        state.taken = seq;
        if ops.is_empty() {
            // Nothing but the position, which can wait until it is made durable.
            return Ok(());
        }
        for op in &ops {
            let (key, value) = match op {
                Op::Put { key, value } => (key, Some(value.clone())),
                Op::Delete { key } => (key, None),
            };
            state.overlay.insert(key.clone(), (seq, value));
        }
        state.waiting += ops.len();
        state.queue.push_back((seq, ops));
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Waits until the store has everything, and makes it durable there.
    pub(super) fn persist(&self) -> Result<(), StoreError> {
        let mut state = self.shared.state();
        while state.waiting > 0 && state.failed.is_none() {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(error) = &state.failed {
            return Err(error.clone());
        }
        let taken = state.taken;
        drop(state);
        self.shared.store.apply(taken, &[])?;
        self.shared.store.persist()
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.changed.notify_all();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that writes records panicked");
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        loop {
            let mut state = self.state();
            while state.queue.is_empty() {
                if state.closed {
                    return;
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let (mut last, mut ops, mut taken) = (Seq(0), Vec::new(), 0);
            while taken < WRITE_OPS_MAX
                && let Some((seq, batch)) = state.queue.pop_front()
            {
                last = seq;
                taken += batch.len();
                ops.extend(batch);
            }
            drop(state);
            let result = self.store.apply(last, &ops);
            let mut state = self.state();
            if let Err(error) = result {
                tracing::error!(%error, "the records fell behind for good");
                state.failed = Some(error);
                self.changed.notify_all();
                return;
            }
            for op in ops {
                let (Op::Put { key, .. } | Op::Delete { key }) = op;
                if let Entry::Occupied(entry) = state.overlay.entry(key)
                    && entry.get().0 <= last
                {
                    entry.remove();
                }
            }
            state.waiting -= taken;
            self.changed.notify_all();
        }
    }

    /// Visits the keys of a range in order, as of the last change.
    pub(super) fn scan(&self, range: &KeyRange, visit: Visit<'_>) -> Result<(), StoreError> {
        if range.is_empty() {
            return Ok(());
        }
        // First what is on its way, then the store: a change that moves over in between is met in both, never in neither.
        let end = range.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let recent: Vec<(Vec<u8>, Option<Bytes>)> = self
            .state()
            .overlay
            .range::<[u8], _>((Bound::Included(&range.start[..]), end))
            .map(|(key, (_, value))| (key.clone(), value.clone()))
            .collect();
        let mut recent = recent.into_iter().peekable();
        let mut flow = ControlFlow::Continue(());
        self.store.scan(range, &mut |key, value| {
            while let Some((newer, changed)) = recent.next_if(|(newer, _)| newer.as_slice() < key) {
                if let Some(changed) = changed {
                    flow = visit(&newer, &changed);
                    if flow.is_break() {
                        return flow;
                    }
                }
            }
            flow = match recent.next_if(|(newer, _)| newer.as_slice() == key) {
                Some((_, Some(changed))) => visit(key, &changed),
                Some((_, None)) => ControlFlow::Continue(()),
                None => visit(key, value),
            };
            flow
        })?;
        for (key, changed) in recent {
            if flow.is_break() {
                break;
            }
            if let Some(changed) = changed {
                flow = visit(&key, &changed);
            }
        }
        Ok(())
    }
}

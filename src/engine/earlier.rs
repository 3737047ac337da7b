//! The entity graph of earlier documents: made from the journal by the same `apply`, and kept a while for the next question about then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::graph::{Graph, GraphSnapshot, Rules};
use crate::journal::{Journal, View};
use crate::model::{Fault, Seq};
use crate::query::{self, Stop, given_up};

use super::recover::read_entry;

/// How long a graph is kept that nobody asks for.
const KEPT: Duration = Duration::from_secs(600);
/// How often somebody who waits for the graph looks whether it is free.
const WAIT: Duration = Duration::from_millis(10);

/// Makes graphs of earlier documents. In memory is one at a time: a later instant goes on from it, an earlier one begins anew.
pub(super) struct Earlier {
    journal: Arc<Journal>,
    runtime: Handle,
    graph: Mutex<Option<Graph>>,
    /// Counts the questions, so that a graph goes only when none came since.
    asked: AtomicU64,
    own: Weak<Self>,
}

impl Earlier {
    pub(super) fn new(journal: Arc<Journal>, runtime: Handle) -> Arc<Self> {
        Arc::new_cyclic(|own| Self { journal, runtime, graph: Mutex::default(), asked: AtomicU64::new(0), own: own.clone() })
    }

    /// Applies what the journal holds up to a document; what was applied stays applied if nobody waits any longer.
    fn advance(&self, graph: &mut Graph, until: Seq, stop: &Stop) -> Result<(), Fault> {
        if graph.applied() >= until {
            return Ok(());
        }
        for entry in self.journal.read_from(graph.applied()) {
            if stop.is_over() {
                return Err(given_up());
            }
            let mut entry = entry?;
            // A batch may hold documents of before and after the instant.
            entry.documents.truncate(usize::try_from(until.0 + 1 - entry.first.0).unwrap_or(usize::MAX));
            let known = usize::try_from((graph.applied().0 + 1).saturating_sub(entry.first.0)).unwrap_or(usize::MAX);
            entry.documents.drain(..known.min(entry.documents.len()));
            entry.first = Seq(entry.first.0 + known as u64);
            let batch = read_entry(entry, &*graph);
            graph.apply(&batch)?;
            if graph.applied() >= until {
                break;
            }
        }
        Ok(())
    }

    /// Waits for the graph as long as somebody waits for the answer.
    fn lock(&self, stop: &Stop) -> Result<MutexGuard<'_, Option<Graph>>, Fault> {
        loop {
            match self.graph.try_lock() {
                Ok(graph) => return Ok(graph),
                Err(TryLockError::Poisoned(graph)) => return Ok(graph.into_inner()),
                Err(TryLockError::WouldBlock) if stop.is_over() => return Err(given_up()),
                Err(TryLockError::WouldBlock) => std::thread::sleep(WAIT),
            }
        }
    }

    /// Lets the graph go once nobody has asked for it in a while.
    fn let_go_later(&self) {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let own = self.own.clone();
        self.runtime.spawn(async move {
            tokio::time::sleep(KEPT).await;
            if let Some(earlier) = own.upgrade().filter(|earlier| earlier.asked.load(Ordering::Relaxed) == asked) {
                earlier.graph.lock().unwrap_or_else(PoisonError::into_inner).take();
            }
        });
    }
}

impl query::Earlier for Earlier {
    fn graph(&self, until: Seq, stop: &Stop) -> Result<GraphSnapshot, Fault> {
        let mut kept = self.lock(stop)?;
        let mut graph = kept.take().filter(|graph| graph.applied() <= until).unwrap_or_else(|| Graph::in_memory(Rules::default()));
        let outcome = self.advance(&mut graph, until, stop);
        let snapshot = graph.snapshot();
        *kept = Some(graph);
        drop(kept);
        self.let_go_later();
        outcome.map(|()| snapshot)
    }
}

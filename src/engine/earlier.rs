//! The entity graph of earlier documents: made from the journal by the same `apply`, and kept a while for the next question about then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::graph::{Graph, GraphSnapshot, Rules};
use crate::journal::{Entry, Journal, JournalError, View};
use crate::model::{Fault, Seq};
use crate::query::{self, Stop, given_up};

use super::ahead::read_ahead;

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
        let until_then = |entry: Result<Entry, JournalError>| match entry {
            Ok(entry) if entry.first > until => None,
            Ok(mut entry) => {
                // A batch may hold documents of before and after the instant.
                entry.documents.truncate(usize::try_from(until.0 + 1 - entry.first.0).unwrap_or(usize::MAX));
                Some(Ok(entry))
            }
            error => Some(error),
        };
        read_ahead(self.journal.read_from(graph.applied()).map_while(until_then), |read| {
            if stop.is_over() {
                return Err(given_up());
            }
            let batch = read.batch(graph);
            graph.apply(&batch)?;
            Ok(batch.records)
        })
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::{Engine, Options};
    use crate::ingest::{self, Input};
    use crate::query::explore::ExplorationsRequest;
    use crate::query::graph::{BlastRadiusRequest, CommonRequest, ComponentRequest, PathsRequest, RankRequest, SimilarRequest};
    use crate::query::{Earlier as _, Question};

    /// Longest wait for what must come: who waits in vain fails.
    const IN_VAIN: Duration = Duration::from_secs(60);

    fn engine(folder: &std::path::Path) -> Arc<Engine> {
        let engine = Engine::open(folder, Options { questions_max: 2, queries_max: 1, ..Options::default() }).expect("the folder opens");
        for id in ["a1", "a2"] {
            let alert = json!({"SystemAlertId": id, "DisplayName": "x", "AlertSeverity": "Low", "ProviderName": "Test", "AlertType": "t",
                "TimeGenerated": "2026-01-01T10:00:00Z", "StartTime": "2026-01-01T10:00:00Z", "Type": "SecurityAlert",
                "Entities": "[{\"$id\":\"1\",\"Address\":\"9.9.9.9\",\"Type\":\"ip\"}]"});
            let reader = Box::new(std::io::Cursor::new(alert.to_string().into_bytes()));
            let input = Input::Reader { name: id.to_owned(), reader };
            engine.ingest(input, &ingest::Options::default(), &()).expect("it can be read");
        }
        engine
    }

    #[test]
    fn who_waits_for_the_graph_waits_no_longer_than_for_the_answer() {
        let folder = tempfile::tempdir().expect("a folder");
        let engine = engine(folder.path());
        let (gone, seq) = (Stop::default(), engine.seq());
        drop(gone.waiting());
        let (sent, got) = std::sync::mpsc::channel();
        let made = engine.earlier.graph.lock().expect("nobody panicked");
        let earlier = Arc::clone(&engine.earlier);
        std::thread::spawn(move || sent.send(earlier.graph(seq, &gone).map(|_| ()).map_err(|fault| fault.code)));
        assert_eq!(got.recv_timeout(IN_VAIN).expect("it ends while the graph is still being made"), Err(given_up().code));
        drop(made);
        assert!(engine.earlier.graph(seq, &Stop::default()).is_ok());
    }

    /// A question about an instant between the two alerts.
    fn asked<Q: Question + serde::de::DeserializeOwned>(members: Value, then: &str) -> Q {
        let mut members = members;
        members["as_of"] = then.into();
        serde_json::from_value(members).expect("a question")
    }

    #[test]
    fn questions_about_then_leave_turns_to_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let engine = engine(folder.path());
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let first = engine.journal.document(Seq(1)).expect("readable").expect("a document");
        let then = &first.received.to_string();
        let making = engine.earlier.graph.lock().expect("nobody panicked");
        let mut waiting = Vec::new();
        macro_rules! ask {
            ($($request:ty: $members:expr;)*) => {$(
                let (asking, question) = (Arc::clone(&engine), asked::<$request>($members, then));
                waiting.push(runtime.spawn(async move { asking.ask(question).await.map(|_| ()) }));
            )*};
        }
        ask! {
            PathsRequest: json!({"a": "alert:a1", "b": "ip:9.9.9.9"});
            CommonRequest: json!({"a": "alert:a1", "b": "ip:9.9.9.9"});
            ComponentRequest: json!({"node": "ip:9.9.9.9"});
            BlastRadiusRequest: json!({"node": "ip:9.9.9.9"});
            RankRequest: json!({});
            SimilarRequest: json!({"incident": "i"});
            ExplorationsRequest: json!({"entity": "ip:9.9.9.9"});
        }
        let now: RankRequest = serde_json::from_value(json!({})).expect("a question");
        let answered = runtime.block_on(async {
            // As many as may have begun.
            while engine.turns.questions.available_permits() > 1 {
                tokio::task::yield_now().await;
            }
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            tokio::time::timeout(IN_VAIN, engine.ask(now)).await
        });
        assert!(answered.expect("a turn is left to what is asked about now").is_ok());
        drop(making);
        for question in waiting {
            let answer = runtime.block_on(question).expect("nobody panicked");
            // No incident was known then.
            assert!(answer.as_ref().map_or_else(|fault| fault.code == "incident_unknown", |()| true), "{answer:?}");
        }
    }
}

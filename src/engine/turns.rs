//! Turns of questions: how many are answered at a time. Queries, which may read everything, never take all of them, so that an incident
//! opens while others search; and when too many wait, the next is told at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Options;
use crate::model::{Fault, FaultClass};

/// The turns of an engine.
#[derive(Debug)]
pub(super) struct Turns {
    /// Of all questions.
    pub(super) questions: Arc<Semaphore>,
    /// Of queries among them.
    queries: Arc<Semaphore>,
    queries_max: usize,
    waiting: AtomicUsize,
    waiting_max: usize,
}

/// A turn; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _question: OwnedSemaphorePermit,
    _query: Option<OwnedSemaphorePermit>,
}

/// A query that waits.
struct Waits<'a>(&'a AtomicUsize);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Turns {
    pub(super) fn of(options: &Options) -> Self {
        // One turn at least is left to what is no query.
        let queries_max = options.queries_max.min(options.questions_max.saturating_sub(1)).max(1);
        Self {
            questions: Arc::new(Semaphore::new(options.questions_max)),
            queries: Arc::new(Semaphore::new(queries_max)),
            queries_max,
            waiting: AtomicUsize::new(0),
            waiting_max: options.queries_waiting_max,
        }
    }

    /// Waits for a turn.
    ///
    /// Errors: `busy`, of a query that too many others wait before.
    pub(super) async fn take(&self, is_query: bool) -> Result<Turn, Fault> {
        let query = if is_query { Some(self.query().await?) } else { None };
        let question = Arc::clone(&self.questions).acquire_owned().await.map_err(|_| super::closed())?;
        Ok(Turn { _question: question, _query: query })
    }

    async fn query(&self) -> Result<OwnedSemaphorePermit, Fault> {
        if let Ok(turn) = Arc::clone(&self.queries).try_acquire_owned() {
            return Ok(turn);
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waits = Waits(&self.waiting);
        if before >= self.waiting_max {
            let message = format!("{} queries run (`queries_max`) and {} wait (`queries_waiting_max`)", self.queries_max, self.waiting_max);
            return Err(Fault::new(FaultClass::Limit, "busy", message).with_hint("ask again in a moment").retry_after(1));
        }
        Arc::clone(&self.queries).acquire_owned().await.map_err(|_| super::closed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(questions_max: usize, queries_max: usize, queries_waiting_max: usize) -> Turns {
        Turns::of(&Options { questions_max, queries_max, queries_waiting_max, ..Options::default() })
    }

    #[tokio::test]
    async fn queries_leave_turns_to_other_questions_and_do_not_wait_without_end() {
        let turns = turns(3, 2, 1);
        let (first, second) = (turns.take(true).await.expect("a turn"), turns.take(true).await.expect("a turn"));
        let other = turns.take(false).await.expect("a question that is no query has a turn");
        let mut third = std::pin::pin!(turns.take(true));
        assert!(futures::poll!(&mut third).is_pending());
        assert_eq!(turns.take(true).await.map(|_| ()).map_err(|fault| fault.code), Err("busy"));
        drop(first);
        assert!(third.await.is_ok());
        assert_eq!(turns.waiting.load(Ordering::Relaxed), 0);
        drop((second, other));
    }

    #[tokio::test]
    async fn who_gives_up_waiting_makes_room() {
        let turns = turns(2, 9, 1);
        let first = turns.take(true).await.expect("a turn");
        for _ in 0..3 {
            let mut given_up = Box::pin(turns.take(true));
            assert!(futures::poll!(&mut given_up).is_pending(), "one turn is left to what is no query");
        }
        drop(first);
        assert!(turns.take(true).await.is_ok());
    }
}

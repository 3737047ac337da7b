//! The promise that an append gives: who waits for a batch to become durable, and how it is told. Writes nothing.

use std::future::Future;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use futures::channel::oneshot;

use super::JournalError;
use crate::model::Seq;

type Callback = Box<dyn FnOnce(Result<Seq, JournalError>) + Send>;

/// The place of an appended batch, and the way to learn that it is durable.
#[derive(Debug)]
pub struct Ticket {
    first: Seq,
    last: Seq,
    outcome: Arc<Outcome>,
}

impl Ticket {
    pub(super) fn new(first: u64, last: u64) -> (Self, Promise) {
        let outcome = Arc::new(Outcome::default());
        (Self { first: Seq(first), last: Seq(last), outcome: Arc::clone(&outcome) }, Promise { last: Seq(last), outcome: Some(outcome) })
    }

    /// Number of the batch's first document.
    pub fn first(&self) -> Seq {
        self.first
    }

    /// Number of the batch's last document; one less than `first` for an empty batch.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// Waits until the batch, and so everything before it, is durable, and returns its last number.
    ///
    /// After an error nothing of the batch is in the journal, or ever comes into it; only after
    /// [`JournalError::Stopped`] it is unknown until the journal is opened again.
    pub fn wait(&self) -> Result<Seq, JournalError> {
        let mut state = self.outcome.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let State::Done(result) = &*state {
                return result.clone().map(|()| self.last);
            }
            state = self.outcome.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Calls `call` once with what [`Ticket::wait`] would return, on the journal's thread or at once.
    ///
    /// The journal writes nothing while `call` runs, so it should do no more than pass the word on.
    pub fn on_durable(self, call: impl FnOnce(Result<Seq, JournalError>) + Send + 'static) {
        let mut state = self.outcome.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Done(result) => {
                let result = result.clone();
                drop(state);
                call(result.map(|()| self.last));
            }
            State::Open(_) => *state = State::Open(Some(Box::new(call))),
        }
    }

    /// A future of what [`Ticket::wait`] returns.
    pub fn durable(self) -> impl Future<Output = Result<Seq, JournalError>> + Send + 'static {
        let (sender, receiver) = oneshot::channel();
        self.on_durable(move |result| {
            // A receiver that is gone has stopped waiting.
            let _ = sender.send(result);
        });
        async move { receiver.await.unwrap_or(Err(JournalError::Closed)) }
    }
}

#[derive(Debug, Default)]
struct Outcome {
    state: Mutex<State>,
    done: Condvar,
}

enum State {
    Open(Option<Callback>),
    Done(Result<(), JournalError>),
}

impl Default for State {
    fn default() -> Self {
        Self::Open(None)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(_) => f.write_str("Open"),
            Self::Done(result) => f.debug_tuple("Done").field(result).finish(),
        }
    }
}

/// The journal's side of a ticket; dropped without a word it says that the journal is closed.
#[derive(Debug)]
pub(super) struct Promise {
    last: Seq,
    outcome: Option<Arc<Outcome>>,
}

impl Promise {
    /// Tells whoever waits, now or later.
    pub(super) fn settle(mut self, result: Result<(), JournalError>) {
        self.tell(result);
    }

    fn tell(&mut self, result: Result<(), JournalError>) {
        let Some(outcome) = self.outcome.take() else { return };
        let mut state = outcome.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *state, State::Done(result.clone()));
        drop(state);
        outcome.done.notify_all();
        if let State::Open(Some(call)) = before {
            call(result.map(|()| self.last));
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.tell(Err(JournalError::Closed));
    }
}

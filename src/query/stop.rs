//! Whether anyone still waits for an answer.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use crate::model::{Fault, FaultClass};

/// Ends the work on a question when whoever asked it is gone, or when its time is over.
#[derive(Clone, Debug)]
pub struct Stop {
    gone: Arc<watch::Sender<bool>>,
    deadline: Option<Instant>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { gone: Arc::new(watch::Sender::new(false)), deadline: None }
    }
}

/// Whoever waits for an answer; when it is dropped, the work ends.
#[derive(Debug)]
pub struct Waiting(Stop);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.gone.send_replace(true);
    }
}

impl Stop {
    /// Someone who waits from now on.
    pub fn waiting(&self) -> Waiting {
        Waiting(self.clone())
    }

    /// The same, with an instant at which it is over.
    pub fn at(&self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self.clone() }
    }

    /// Whether who waited is gone, or the time is over.
    pub fn is_over(&self) -> bool {
        *self.gone.borrow() || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Does work for as long as someone waits for it.
    pub async fn during<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let mut gone = self.gone.subscribe();
        tokio::select! {
            result = work => result,
            _ = gone.wait_for(|is_gone| *is_gone) => Err(given_up()),
        }
    }
}

/// The error of a question for whose answer nobody waits any longer.
pub fn given_up() -> Fault {
    Fault::new(FaultClass::Limit, "query_given_up", "nobody waits for the answer any longer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_ends_with_the_one_who_waits() {
        let stop = Stop::default();
        let waiting = stop.waiting();
        assert_eq!(stop.during(async { Ok(1) }).await, Ok(1));
        let work = tokio::spawn({
            let stop = stop.clone();
            async move { stop.during(std::future::pending::<Result<(), Fault>>()).await }
        });
        drop(waiting);
        assert_eq!(work.await.expect("it does not panic").map_err(|fault| fault.code.to_string()), Err("query_given_up".to_owned()));
    }
}

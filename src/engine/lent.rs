//! An engine that a question about another workspace reads too: its folders stay where they are until the question is over.

use std::sync::Arc;

use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use super::Engine;
use crate::query::Context;

/// Held by what reads an engine beside its own questions, and by whoever moves its folders.
pub(super) type Lending = Arc<RwLock<()>>;

/// A right to read an engine's views by their paths; it ends with the last context that it gave.
#[derive(Clone, Debug)]
pub struct Lent {
    engine: Arc<Engine>,
    stays: Arc<OwnedRwLockReadGuard<()>>,
}

impl Engine {
    /// Lends the engine to a question about another workspace. Waits while a rebuild moves its folders.
    ///
    /// Whoever needs several takes each once, in the order of their names: two who wait for each other's would wait for ever.
    pub async fn lend(self: &Arc<Self>) -> Lent {
        let stays = Arc::clone(&self.lending).read_owned().await;
        Lent { engine: Arc::clone(self), stays: Arc::new(stays) }
    }
}

impl Lent {
    /// A fixed state of all views, whose folders stay where they are while it is there.
    pub fn context(&self) -> Context {
        Context { stays: Some(self.stays.clone()), ..self.engine.context() }
    }
}

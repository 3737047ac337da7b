//! Operators that look at many rows at once and have no node of their own in a plan: what they are to the plan, never how a plan runs them.
//!
//! An arm of [`RowsOperator`] is plain code over whole columns. The lowering puts it into a plan as one node, which collects
//! the inputs in their order, reserves memory for them and runs the arm on a thread where it may take its time.

pub mod activity;
pub mod bags;
pub mod cohorts;
pub mod each;
mod keys;
pub mod lookup;
pub mod near;
pub mod nested;
pub mod pairs;
pub mod parse;
pub mod patterns;
pub mod places;
pub mod reduce;
pub mod scan;
pub mod schemas;
pub mod sequences;
pub mod series;
mod typed;

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, RecordBatch};
use datafusion::execution::memory_pool::MemoryReservation;

use super::functions::KernelError;

/// An operator over whole inputs.
pub trait RowsOperator: Debug + Send + Sync + 'static {
    /// What a plan calls it: the keyword of the language.
    fn name(&self) -> &'static str;

    /// Computes the columns of the result from the rows of each input, which come in their order.
    ///
    /// Columns have the forms that `types` declares. The columns of an input are those that whoever made the operator asked for; those of the
    /// result must be as many, and of the types, that the node declares, all of the same length. Rows are given in the order that they shall keep.
    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError>;

    /// The places of the columns of its only input without which it cannot give the columns of the result at the places `wanted`; none if it
    /// always takes all of them.
    fn needed(&self, _wanted: &[usize]) -> Option<Vec<usize>> {
        None
    }

    /// The operator over those columns of its only input alone that stood at the places `kept`, and the places of the columns of its result
    /// that it still gives. Asked of operators that say what is [`needed`](Self::needed).
    fn narrowed(&self, _kept: &[usize]) -> Option<Narrowed> {
        None
    }
}

/// An operator over fewer columns of its input, and where the columns of its result stood before, ascending.
pub type Narrowed = (Arc<dyn RowsOperator>, Vec<usize>);

/// The query around an operator that runs: its memory, and whether anyone still waits for the answer.
#[derive(Debug)]
pub struct Running {
    stopped: AtomicBool,
    memory: Option<Mutex<MemoryReservation>>,
}

impl Running {
    /// A run under the limits of a query.
    pub fn within(memory: MemoryReservation) -> Self {
        Self { stopped: AtomicBool::new(false), memory: Some(Mutex::new(memory)) }
    }

    /// A run without limits, for tests.
    pub fn unbounded() -> Self {
        Self { stopped: AtomicBool::new(false), memory: None }
    }

    /// Fails once the query is over; loops ask about every thousand steps.
    pub fn go_on(&self) -> Result<(), KernelError> {
        if self.stopped.load(Ordering::Relaxed) { Err(KernelError::new("the query was ended")) } else { Ok(()) }
    }

    /// Takes further bytes out of the memory of the query; fails if it has none left. They are given back when the run ends.
    pub fn reserve(&self, bytes: usize) -> Result<(), KernelError> {
        let Some(memory) = &self.memory else { return Ok(()) };
        let reservation = memory.lock().map_err(|_| KernelError::new("the memory account of the query is broken"))?;
        reservation.try_grow(bytes).map_err(|_| KernelError::memory())
    }

    /// Tells the operator to end.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;

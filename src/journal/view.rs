//! The contract of everything that is derived from the journal.

use crate::model::{Batch, Fault, Seq};

/// A store that is derived from the journal and can be deleted and rebuilt from it.
///
/// One `apply` serves live ingest, recovery and rebuild. A view skips a batch that it has already applied
/// (`batch.last <= applied()`), so that replaying a part of the journal again changes nothing.
pub trait View: Send {
    /// Name of the view, also of its folder in the data directory (`graph`).
    fn name(&self) -> &'static str;

    /// The last document whose records readers of the next snapshot see.
    fn applied(&self) -> Seq;

    /// The last document that survives a crash without replay; stored atomically with the view's data.
    fn durable(&self) -> Seq;

    /// Applies a batch as a whole or not at all.
    fn apply(&mut self, batch: &Batch) -> Result<(), Fault>;

    /// Makes everything that is applied durable: afterwards `durable() == applied()`.
    fn persist(&mut self) -> Result<(), Fault>;

    /// A fingerprint of the content that does not depend on how the journal was split into batches.
    ///
    /// `clew verify` compares it with that of a view rebuilt from the journal.
    fn digest(&self) -> Result<String, Fault>;
}

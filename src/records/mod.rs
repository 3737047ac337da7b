//! Record store view on sled: known documents, decisions, resources.
//!
//! [`Records`] is the view, [`Reader`] its lookups. Below lies [`RecordStore`], an ordered store behind five methods, so
//! that the engine can be exchanged; beside it a file of fingerprints, because sled is too slow for every raw event.
//! Writes follow behind the view, bounded, and reads see them at once. Everything here is derived from the journal.

mod behind;
mod fingerprints;
mod keys;
mod memory;
mod news;
mod sled;
mod store;
mod view;

#[cfg(test)]
mod tests;

pub use self::memory::MemoryStore;
pub use self::news::NewsClass;
pub use self::sled::{SetAside, SledOptions, SledStore};
pub use self::store::{KeyRange, Op, RecordStore, StoreError, Visit};
pub use self::view::{Decision, Reader, Records, fingerprint};

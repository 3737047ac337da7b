//! What entities are called in answers, kept from question to question until some entity changes.
//!
//! The graph does not know how names are made; it keeps those that readers made of a state in which every entity is what it was.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::ids::{NodeId, NodeKind};
use super::read::Snapshot;

/// Names of a part, as a power of two.
const BITS: usize = 9;
const SIZE: usize = 1 << BITS;
/// Names that are kept: some megabytes.
const NAMES_MAX: usize = 1 << 16;

type Part = OnceLock<Box<[OnceLock<Box<str>>]>>;

/// The names that were made so far; read without locks.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// By the number of the representative; made when the first name is.
    parts: OnceLock<Box<[Part]>>,
    len: AtomicUsize,
}

impl Named {
    /// Forgets all names, because an entity is about to change. Snapshots of before keep theirs.
    pub(super) fn reset(named: &mut Arc<Self>) {
        match Arc::get_mut(named) {
            // No reader has it, and none had since the last change.
            Some(own) if own.parts.get().is_none() => {}
            Some(own) => *own = Self::default(),
            None => *named = Arc::default(),
        }
    }

    fn slot(&self, atoms: usize, n: usize) -> Option<&OnceLock<Box<str>>> {
        let parts = self.parts.get_or_init(|| (0..atoms.div_ceil(SIZE)).map(|_| Part::new()).collect());
        let part = parts.get(n >> BITS)?.get_or_init(|| (0..SIZE).map(|_| OnceLock::new()).collect());
        part.get(n & (SIZE - 1))
    }
}

impl Snapshot {
    /// Returns what an entity is called, as `make` says it: of an entity that was named before and has not changed, without asking again.
    ///
    /// `make` must be a function of the entities of this snapshot alone, and the same one in every call.
    pub fn named(&self, entity: NodeId, make: impl FnOnce() -> String) -> Cow<'_, str> {
        debug_assert_eq!(entity.kind(), NodeKind::Entity);
        let entities = &self.0.entities;
        let Some(slot) = entities.named.slot(entities.atoms.len(), entity.index()) else { return make().into() };
        if let Some(name) = slot.get() {
            return Cow::Borrowed(name);
        }
        let name = make();
        if entities.named.len.fetch_add(1, Ordering::Relaxed) < NAMES_MAX {
            let _ = slot.set(name.as_str().into());
        }
        Cow::Owned(name)
    }
}

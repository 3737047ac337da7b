//! Records in memory: the plainest store, the model that others are held against. Writes no file.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::{PoisonError, RwLock};

use bytes::Bytes;

use super::store::{KeyRange, Op, RecordStore, StoreError, Visit};
use crate::model::Seq;

/// A store that is gone with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    applied: Seq,
    values: BTreeMap<Vec<u8>, Bytes>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl RecordStore for MemoryStore {
    fn apply(&self, seq: Seq, ops: &[Op]) -> Result<(), StoreError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if seq <= state.applied {
            return Ok(());
        }
        for op in ops {
            match op {
                Op::Put { key, value } => state.values.insert(key.clone(), value.clone()),
                Op::Delete { key } => state.values.remove(key),
            };
        }
        state.applied = seq;
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.state.read().unwrap_or_else(PoisonError::into_inner).values.get(key).cloned())
    }

    fn scan(&self, range: &KeyRange, visit: Visit<'_>) -> Result<(), StoreError> {
        if range.is_empty() {
            return Ok(());
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let end = range.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        for (key, value) in state.values.range::<[u8], _>((Bound::Included(&range.start[..]), end)) {
            if let ControlFlow::Break(()) = visit(key, value) {
                break;
            }
        }
        Ok(())
    }

    fn applied_seq(&self) -> Seq {
        self.state.read().unwrap_or_else(PoisonError::into_inner).applied
    }

    fn persist(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

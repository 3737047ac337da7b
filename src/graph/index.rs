//! Hash indexes and interned names that a snapshot shares with the writer.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::column::{Column, TextRef, Texts};

const SHARDS: usize = 1024;

/// A number and the half of its hash that the shard does not tell: a table that grows hashes nothing again, and a number that
/// only shares its place with the wanted one is passed over without a look at what it stands for.
#[derive(Clone, Copy, Debug)]
struct Slot {
    id: u32,
    mark: u32,
}

/// A set of numbers found by a hash and a test of equality.
///
/// Cut into shards so that a writer copies only those that it touches while a snapshot holds them.
#[derive(Clone, Debug)]
pub(super) struct Index {
    shards: Arc<Vec<Arc<HashTable<Slot>>>>,
}

impl Default for Index {
    fn default() -> Self {
        Self { shards: Arc::new(vec![Arc::default(); SHARDS]) }
    }
}

const fn shard(hash: u64) -> usize {
    (hash >> 32) as usize % SHARDS
}

/// The lower half of a hash.
const fn mark(hash: u64) -> u32 {
    hash as u32
}

/// The hash inside a shard: a mark spread over all bits.
const fn spread(mark: u32) -> u64 {
    (mark as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Index {
    /// Returns an empty index with room for `len` numbers.
    pub(super) fn with_capacity(len: usize) -> Self {
        let each = len / SHARDS;
        if each == 0 {
            return Self::default();
        }
        // Shards fill unevenly.
        Self { shards: Arc::new((0..SHARDS).map(|_| Arc::new(HashTable::with_capacity(each + each / 8 + 8))).collect()) }
    }

    pub(super) fn find(&self, hash: u64, mut equal: impl FnMut(u32) -> bool) -> Option<u32> {
        let mark = mark(hash);
        self.shards[shard(hash)].find(spread(mark), |slot| slot.mark == mark && equal(slot.id)).map(|slot| slot.id)
    }

    /// Calls `each` with every number that may have the hash.
    pub(super) fn each(&self, hash: u64, mut each: impl FnMut(u32)) {
        let mark = mark(hash);
        for slot in self.shards[shard(hash)].iter_hash(spread(mark)).filter(|slot| slot.mark == mark) {
            each(slot.id);
        }
    }

    pub(super) fn insert(&mut self, hash: u64, id: u32) {
        let shard = &mut Arc::make_mut(&mut self.shards)[shard(hash)];
        let mark = mark(hash);
        Arc::make_mut(shard).insert_unique(spread(mark), Slot { id, mark }, |slot| spread(slot.mark));
    }

    pub(super) fn bytes(&self) -> usize {
        self.shards.iter().map(|shard| shard.allocation_size() + 48).sum()
    }
}

/// The hasher of a graph's indexes: seeded anew in each process, so that chosen keys cannot pile up.
#[derive(Clone, Debug, Default)]
pub(super) struct Hasher(DefaultHashBuilder);

impl Hasher {
    pub(super) fn of(&self, value: impl Hash) -> u64 {
        self.0.hash_one(value)
    }
}

/// Texts stored once and numbered: titles, kinds, relations, roles, rules, lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    refs: Column<TextRef>,
    index: Index,
}

/// Separates the members of a list that is interned as one text.
const LIST: char = '\u{1f}';

impl Names {
    pub(super) fn find(&self, hasher: &Hasher, texts: &Texts, name: &str) -> Option<u32> {
        self.index.find(hasher.of(name), |id| texts.get(*self.refs.get(id)) == name)
    }

    pub(super) fn intern(&mut self, hasher: &Hasher, texts: &mut Texts, name: &str) -> u32 {
        let hash = hasher.of(name);
        if let Some(id) = self.index.find(hash, |id| texts.get(*self.refs.get(id)) == name) {
            return id;
        }
        let id = self.refs.push(texts.push(name));
        self.index.insert(hash, id);
        id
    }

    pub(super) fn intern_list<'a>(&mut self, hasher: &Hasher, texts: &mut Texts, list: impl IntoIterator<Item = &'a str>) -> u32 {
        let mut joined = String::new();
        for item in list {
            joined.push_str(item);
            joined.push(LIST);
        }
        self.intern(hasher, texts, &joined)
    }

    pub(super) fn get<'a>(&self, texts: &'a Texts, id: u32) -> &'a str {
        texts.get(*self.refs.get(id))
    }

    pub(super) fn list<'a>(&self, texts: &'a Texts, id: u32) -> impl Iterator<Item = &'a str> + use<'a> {
        self.get(texts, id).split_terminator(LIST)
    }

    pub(super) fn refs(&self) -> &Column<TextRef> {
        &self.refs
    }

    /// Takes names from a file; they are found once [`Self::reindex`] has run.
    pub(super) fn from_refs(refs: Column<TextRef>) -> Self {
        Self { refs, index: Index::default() }
    }

    pub(super) fn reindex(&mut self, hasher: &Hasher, texts: &Texts) {
        let refs = &self.refs;
        self.index = Index::with_capacity(refs.len());
        for id in 0..refs.len() as u32 {
            self.index.insert(hasher.of(texts.get(*refs.get(id))), id);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.refs.bytes() + self.index.bytes()
    }
}

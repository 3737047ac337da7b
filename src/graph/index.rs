//! Hash indexes and interned names that a snapshot shares with the writer.

use std::hash::{BuildHasher, Hash, Hasher as _, RandomState};
use std::sync::Arc;

use super::column::{Column, TextRef, Texts};
use super::ids::Print;

/// Slots of a shard at the most, on average: what a commit copies for a number that it adds while a snapshot holds the index, however
/// large the index is.
const SLOTS: usize = 256;
/// Bits of a mark that tell its shard, at the most.
const BITS_MAX: u32 = 24;

/// A number and half of its hash: a number that only stands where the wanted one would is passed over without a look at what it
/// stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) mark: u32,
    pub(super) id: u32,
}

/// A set of numbers found by a hash and a test of equality.
///
/// The slots stand in the order of their marks, cut into shards by the first bits of these, so that a writer copies only the shards that
/// it touches while a snapshot holds them. There are twice as many shards once they are full on average. Marks are spread evenly, so a
/// mark tells about where its slot is.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// As many as the bits of a mark that tell its shard can tell apart.
    shards: Arc<Vec<Arc<Vec<Slot>>>>,
    bits: u32,
    len: usize,
}

impl Default for Index {
    fn default() -> Self {
        Self { shards: Arc::new(vec![Arc::default()]), bits: 0, len: 0 }
    }
}

/// The half of a hash that is kept.
const fn mark(hash: u64) -> u32 {
    hash as u32
}

/// The shard that the first bits of a mark tell.
const fn shard(mark: u32, bits: u32) -> usize {
    ((mark as u64) << bits >> 32) as usize
}

/// Returns the place in its shard of the first slot whose mark is not less: looks where it should be, and from there in growing steps.
fn place(slots: &[Slot], mark: u32, bits: u32) -> usize {
    let guess = ((u64::from(mark << bits) * slots.len() as u64) >> 32) as usize;
    let mut step = 8;
    let (low, high) = if slots.get(guess).is_some_and(|slot| slot.mark < mark) {
        let mut low = guess + 1;
        while slots.get(low + step).is_some_and(|slot| slot.mark < mark) {
            low += step + 1;
            step *= 2;
        }
        (low, (low + step).min(slots.len()))
    } else {
        let mut high = guess;
        while high >= step && slots[high - step].mark >= mark {
            high -= step;
            step *= 2;
        }
        (high.saturating_sub(step), high)
    };
    low + slots[low..high].partition_point(|slot| slot.mark < mark)
}

impl Index {
    /// The numbers that may have the hash.
    fn candidates(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let mark = mark(hash);
        let slots = &self.shards[shard(mark, self.bits)][..];
        slots[place(slots, mark, self.bits)..].iter().take_while(move |slot| slot.mark == mark).map(|slot| slot.id)
    }

    pub(super) fn find(&self, hash: u64, mut equal: impl FnMut(u32) -> bool) -> Option<u32> {
        self.candidates(hash).find(|id| equal(*id))
    }

    /// Calls `each` with every number that may have the hash.
    pub(super) fn each(&self, hash: u64, each: impl FnMut(u32)) {
        self.candidates(hash).for_each(each);
    }

    pub(super) fn insert(&mut self, hash: u64, id: u32) {
        if self.len >= SLOTS * self.shards.len() && self.bits < BITS_MAX {
            self.split();
        }
        let mark = mark(hash);
        let slots = Arc::make_mut(&mut Arc::make_mut(&mut self.shards)[shard(mark, self.bits)]);
        if slots.len() == slots.capacity() {
            // Doubling would leave a quarter of all indexes empty.
            slots.reserve_exact(slots.len() / 8 + 4);
        }
        slots.insert(place(slots, mark, self.bits), Slot { mark, id });
        self.len += 1;
    }

    /// Cuts each shard in two.
    fn split(&mut self) {
        self.bits += 1;
        let halves = |slots: &Arc<Vec<Slot>>| {
            // The first bits of all marks of a shard are the same, so the last of the bits that count now parts them.
            let upper = |slot: &Slot| shard(slot.mark, self.bits) & 1 == 1;
            let (lower, upper) = slots.split_at(slots.partition_point(|slot| !upper(slot)));
            [lower, upper].map(|half| Arc::new(half.to_vec()))
        };
        self.shards = Arc::new(self.shards.iter().flat_map(halves).collect());
    }

    pub(super) fn bytes(&self) -> usize {
        self.shards.iter().map(|shard| shard.capacity() * size_of::<Slot>() + 48).sum()
    }

    /// Returns the slots of each shard, for a snapshot file.
    pub(super) fn shards(&self) -> impl ExactSizeIterator<Item = &[Slot]> {
        self.shards.iter().map(|shard| &shard[..])
    }

    /// Takes shards from a file; none if they are not what [`Self::shards`] gives.
    pub(super) fn from_shards(shards: Vec<Vec<Slot>>) -> Option<Self> {
        let bits = shards.len().is_power_of_two().then(|| shards.len().trailing_zeros()).filter(|bits| *bits <= BITS_MAX)?;
        let sound = |(n, slots): (usize, &Vec<Slot>)| {
            slots.is_sorted_by_key(|slot| slot.mark) && slots.iter().all(|slot| shard(slot.mark, bits) == n)
        };
        let len = shards.iter().map(Vec::len).sum();
        let shards = shards.iter().enumerate().all(sound).then_some(shards)?;
        Some(Self { shards: Arc::new(shards.into_iter().map(Arc::new).collect()), bits, len })
    }
}

/// The hasher of a graph's indexes: seeded anew for each graph, so that chosen keys cannot pile up.
///
/// A snapshot file keeps the seed, and with it the indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hasher {
    pub(super) seed: u64,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { seed: RandomState::new().hash_one(0) }
    }
}

impl Hasher {
    pub(super) fn of(&self, value: impl Hash) -> u64 {
        let mut print = Print::new(self.seed);
        value.hash(&mut print);
        print.finish()
    }

    /// What the seed makes of values of each type that is indexed: by it a file shows that its indexes were made by the same hash.
    pub(super) fn proof(&self) -> u64 {
        self.of(("text", 1_u16, 2_u32, 3_i64, Some(4_i64)))
    }
}

/// Texts stored once and numbered: titles, kinds, relations, roles, rules, lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) refs: Column<TextRef>,
    pub(super) index: Index,
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

    pub(super) fn bytes(&self) -> usize {
        self.refs.bytes() + self.index.bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_index_finds_what_was_inserted(hashes in prop::collection::vec(prop_oneof![any::<u64>(), 0u64..40, (0u64..3000).prop_map(|n| n << 20)], 0..3000)) {
            let mut index = Index::default();
            let mut naive: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
            for (id, hash) in hashes.iter().enumerate() {
                index.insert(*hash, id as u32);
                naive.entry(*hash).or_default().push(id as u32);
            }
            let again = Index::from_shards(index.shards().map(<[Slot]>::to_vec).collect()).expect("what was given is taken");
            for index in [&index, &again] {
                for (hash, ids) in &naive {
                    for id in ids {
                        prop_assert_eq!(index.find(*hash, |found| found == *id), Some(*id));
                    }
                    let mut found = Vec::new();
                    index.each(*hash, |id| found.push(id));
                    prop_assert!(ids.iter().all(|id| found.contains(id)));
                    prop_assert!(found.iter().all(|id| hashes[*id as usize] as u32 == *hash as u32));
                    prop_assert_eq!(index.find(*hash, |_| false), None);
                }
            }
            let slots = index.shards().map(<[Slot]>::len).sum::<usize>();
            prop_assert_eq!(slots, hashes.len());
        }
    }

    #[test]
    fn a_clone_keeps_what_it_saw() {
        let mut index = Index::default();
        index.insert(7, 1);
        let seen = index.clone();
        index.insert(7, 2);
        assert_eq!((seen.find(7, |id| id == 2), index.find(7, |id| id == 2)), (None, Some(2)));
    }

    #[test]
    fn what_is_no_index_is_not_taken() {
        let slot = |mark| Slot { mark, id: 0 };
        let (low, high) = (vec![slot(1), slot(2)], vec![slot(1 << 31)]);
        assert!(Index::from_shards(vec![low.clone(), high.clone()]).is_some());
        for shards in [vec![], vec![vec![slot(2), slot(1)]], vec![high, low.clone()], vec![low, vec![], vec![]]] {
            assert!(Index::from_shards(shards.clone()).is_none(), "{shards:?}");
        }
    }

    #[test]
    fn what_a_commit_copies_does_not_grow() {
        let (mut index, hasher) = (Index::default(), Hasher { seed: 1 });
        for id in 0..100_000_u32 {
            index.insert(hasher.of(id), id);
        }
        let largest = index.shards().map(<[Slot]>::len).max();
        assert!(largest < Some(2 * SLOTS), "{largest:?}");
        assert!((0..100_000).all(|id| index.find(hasher.of(id), |found| found == id) == Some(id)));
    }

    #[test]
    fn hashes_belong_to_their_seed() {
        let (one, same, other) = (Hasher { seed: 1 }, Hasher { seed: 1 }, Hasher { seed: 2 });
        assert_eq!((one.of("a"), one.proof()), (same.of("a"), same.proof()));
        assert_ne!(one.of("a"), other.of("a"));
        assert_ne!(one.of("a"), one.of("a\0"));
        assert_ne!(one.of(("ab", "c")), one.of(("a", "bc")));
    }
}

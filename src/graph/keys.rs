//! Keys of entities, and the atoms that hold each, latest first.
//!
//! Nearly every key is held in one way only, and by one atom: such a key names its atom itself, and needs no list.

use super::column::TextRef;
use super::entities::Entities;
use super::ids::{INDEX_LIMIT, NONE};

/// How an atom holds a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As a strong one.
    Strong,
    /// As a weak one beside strong ones.
    Weak,
    /// As a weak one, without strong ones.
    Only,
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Strong, Self::Weak, Self::Only];
}

/// A key of a kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyRow {
    pub(super) text: TextRef,
    pub(super) kind: u32,
    /// The list of its holders; of a key that is held in several ways, the place of its lists.
    pub(super) holders: u32,
    /// The way in which all hold it; none if there are several.
    pub(super) way: Option<Way>,
    /// Whether a decision keeps the key from uniting anything.
    pub(super) cut: bool,
    /// Whether an atom without strong keys joins by it.
    pub(super) joins: bool,
    /// Whether it names a domain by a short name that its atoms mean several DNS domains by.
    pub(super) torn: bool,
}

impl Default for KeyRow {
    fn default() -> Self {
        Self { text: TextRef::default(), kind: 0, holders: NONE, way: Some(Way::Strong), cut: false, joins: false, torn: false }
    }
}

/// A list of holders for each way.
pub(super) type Lists = [u32; 3];

/// A holder before others. A list is the place of one, or the last holder itself behind [`LAST`], or [`NONE`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Holder {
    pub(super) atom: u32,
    pub(super) next: u32,
}

/// Marks the atom that ends a list.
const LAST: u32 = 1 << 31;
const _: () = assert!(INDEX_LIMIT as u32 - 1 < NONE & !LAST, "no atom with the mark is `NONE`");

impl Entities {
    fn list(&self, key: u32, way: Way) -> u32 {
        let row = self.keys.get(key);
        match row.way {
            Some(only) if only == way => row.holders,
            Some(_) => NONE,
            None => self.lists.get(row.holders)[way as usize],
        }
    }

    /// Returns the atoms that hold a key in a way, the latest first.
    pub(super) fn holders(&self, key: u32, way: Way) -> impl Iterator<Item = u32> + '_ {
        let mut at = self.list(key, way);
        std::iter::from_fn(move || {
            if at == NONE {
                return None;
            }
            if at & LAST != 0 {
                return Some(std::mem::replace(&mut at, NONE) & !LAST);
            }
            let holder = self.holders.get(at);
            at = holder.next;
            Some(holder.atom)
        })
    }

    /// Notes that an atom holds a key.
    pub(super) fn hold(&mut self, key: u32, way: Way, atom: u32) {
        let row = *self.keys.get(key);
        match row.way {
            _ if row.holders == NONE => {
                let row = self.keys.get_mut(key);
                (row.way, row.holders) = (Some(way), atom | LAST);
            }
            Some(only) if only == way => self.keys.get_mut(key).holders = self.before(atom, row.holders),
            Some(only) => {
                let mut lists = [NONE; 3];
                (lists[only as usize], lists[way as usize]) = (row.holders, atom | LAST);
                let place = self.lists.push(lists);
                let row = self.keys.get_mut(key);
                (row.way, row.holders) = (None, place);
            }
            None => {
                let list = self.before(atom, self.lists.get(row.holders)[way as usize]);
                self.lists.get_mut(row.holders)[way as usize] = list;
            }
        }
    }

    /// The list that begins with an atom and goes on with another list.
    fn before(&mut self, atom: u32, next: u32) -> u32 {
        if next == NONE { atom | LAST } else { self.holders.push(Holder { atom, next }) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn holders_come_latest_first_in_each_way(held in prop::collection::vec((0u32..6, 0usize..3, 0u32..INDEX_LIMIT as u32), 0..60)) {
            let mut entities = Entities::default();
            for _ in 0..6 {
                entities.keys.push(KeyRow::default());
            }
            for (key, way, atom) in &held {
                entities.hold(*key, Way::ALL[*way], *atom);
            }
            for key in 0..6 {
                for (n, way) in Way::ALL.into_iter().enumerate() {
                    let naive: Vec<u32> = held.iter().rev().filter(|(k, w, _)| (*k, *w) == (key, n)).map(|(.., atom)| *atom).collect();
                    prop_assert_eq!(entities.holders(key, way).collect::<Vec<_>>(), naive);
                }
            }
        }
    }
}

//! What was found out about things that came lately, by the texts that name them. Decides nothing: a thing that is not there is looked
//! up again.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use super::Identity;

/// Things that are remembered at the most; a further one takes the place of an earlier one.
const SLOTS: usize = 8_192;

/// Longest name that is remembered, in bytes.
const NAME_BYTES_MAX: usize = 1_024;

/// Remembers something of the things met last, in about 2 MB: records name the same few entities over and over, and one look at one
/// place costs less than a walk through tables of all that were ever met.
#[derive(Clone, Debug)]
pub struct Recent<T> {
    slots: Vec<Slot<T>>,
    /// The name that was asked for last.
    name: Vec<u8>,
    /// Its hash, which tells where it belongs.
    hash: u64,
    hasher: DefaultHashBuilder,
}

#[derive(Clone, Debug)]
struct Slot<T> {
    name: Vec<u8>,
    value: Option<T>,
    /// Hash of the name that was last asked for in vain.
    missed: u64,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), name: Vec::new(), hash: 0, hasher: DefaultHashBuilder::default() }
    }
}

impl<T> Recent<T> {
    /// What is remembered of the thing that is named by these texts in this order.
    pub fn find<'a, N: AsRef<[u8]> + ?Sized + 'a>(&mut self, texts: impl Iterator<Item = &'a N>) -> Option<&T> {
        self.name.clear();
        for text in texts {
            let text = text.as_ref();
            // Lengths tell where a text ends, whatever stands in it.
            self.name.extend_from_slice(&(text.len() as u32).to_le_bytes());
            self.name.extend_from_slice(text);
        }
        self.hash = self.hasher.hash_one(&self.name[..]);
        let slot = self.slots.get(self.place()).filter(|slot| slot.name == self.name)?;
        slot.value.as_ref()
    }

    /// Remembers something of the thing that `find` was asked for last.
    pub fn note(&mut self, value: T) {
        if self.name.len() > NAME_BYTES_MAX {
            return;
        }
        let place = self.make_place();
        let slot = &mut self.slots[place];
        slot.name.clone_from(&self.name);
        slot.value = Some(value);
    }

    /// Whether `find` was asked in vain for the same thing before, and for none in its place since: what comes but once is not worth
    /// remembering.
    pub fn comes_again(&mut self) -> bool {
        let place = self.make_place();
        std::mem::replace(&mut self.slots[place].missed, self.hash) == self.hash && self.name.len() <= NAME_BYTES_MAX
    }

    fn place(&self) -> usize {
        self.hash as usize % SLOTS
    }

    fn make_place(&mut self) -> usize {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || Slot { name: Vec::new(), value: None, missed: 0 });
        }
        self.place()
    }
}

/// Remembers something of the entities met last, like [`Recent`], by their identities.
#[derive(Clone, Debug)]
pub struct RecentEntities<T> {
    slots: Vec<Option<(Identity, T)>>,
}

impl<T> Default for RecentEntities<T> {
    fn default() -> Self {
        Self { slots: Vec::new() }
    }
}

impl<T> RecentEntities<T> {
    /// What is remembered of an entity.
    pub fn find(&self, identity: &Identity) -> Option<&T> {
        let (known, value) = self.slots.get(place(identity))?.as_ref()?;
        (known == identity).then_some(value)
    }

    /// Remembers something of an entity.
    pub fn note(&mut self, identity: &Identity, value: T) {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || None);
        }
        self.slots[place(identity)] = Some((*identity, value));
    }
}

/// Identities are spread evenly.
fn place(identity: &Identity) -> usize {
    usize::from(u16::from_le_bytes([identity[0], identity[1]])) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_same_name_is_found() {
        let mut recent = Recent::default();
        assert_eq!(recent.find(["ab", "c"].into_iter()), None);
        recent.note(1);
        assert_eq!(recent.find(["a", "bc"].into_iter()), None);
        recent.note(2);
        assert_eq!(recent.find(["ab", "c"].into_iter()), Some(&1));
        assert_eq!(recent.find(["a", "bc"].into_iter()), Some(&2));
        assert_eq!(recent.find(["abc"].into_iter()), None);
    }

    #[test]
    fn entities_are_told_apart_by_the_whole_identity() {
        let mut recent = RecentEntities::default();
        let (one, other) = ([7; 16], [&[7; 15][..], &[8]].concat().try_into().expect("16 bytes"));
        assert_eq!(recent.find(&one), None);
        recent.note(&one, 1);
        assert_eq!((recent.find(&one), recent.find(&other)), (Some(&1), None));
        recent.note(&other, 2);
        assert_eq!((recent.find(&one), recent.find(&other)), (None, Some(&2)), "the later one takes the place");
    }

    #[test]
    fn what_comes_but_once_is_told_from_what_comes_again() {
        let mut recent = Recent::<u8>::default();
        for again in [false, true, true] {
            assert_eq!(recent.find(["a"].into_iter()), None);
            assert_eq!(recent.comes_again(), again);
        }
        recent.find(["x".repeat(NAME_BYTES_MAX + 1).as_str()].into_iter());
        assert!(![recent.comes_again(), recent.comes_again()].contains(&true), "long names are not kept");
    }

    #[test]
    fn a_later_value_takes_the_place_of_an_earlier_one() {
        let mut recent = Recent::default();
        for n in 0..3 * SLOTS {
            let name = n.to_string();
            assert_eq!(recent.find([name.as_str()].into_iter()), None);
            recent.note(n);
            assert_eq!(recent.find([name.as_str()].into_iter()), Some(&n));
        }
        let long = "x".repeat(NAME_BYTES_MAX + 1);
        assert_eq!(recent.find([long.as_str()].into_iter()), None);
        recent.note(7);
        assert_eq!(recent.find([long.as_str()].into_iter()), None, "long names are not kept");
    }
}

//! What was found out about things that came lately, by the texts that name them. Decides nothing: a thing that is not there is looked
//! up again.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

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
    /// Where it belongs.
    place: usize,
    hasher: DefaultHashBuilder,
}

#[derive(Clone, Debug)]
struct Slot<T> {
    name: Vec<u8>,
    value: Option<T>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), name: Vec::new(), place: 0, hasher: DefaultHashBuilder::default() }
    }
}

impl<T> Recent<T> {
    /// What is remembered of the thing that is named by these texts in this order.
    pub fn find<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> Option<&T> {
        self.name.clear();
        for text in texts {
            // Lengths tell where a text ends, whatever stands in it.
            self.name.extend_from_slice(&(text.len() as u32).to_le_bytes());
            self.name.extend_from_slice(text.as_bytes());
        }
        self.place = self.hasher.hash_one(&self.name[..]) as usize % SLOTS;
        let slot = self.slots.get(self.place).filter(|slot| slot.name == self.name)?;
        slot.value.as_ref()
    }

    /// Remembers something of the thing that `find` was asked for last.
    pub fn note(&mut self, value: T) {
        if self.name.len() > NAME_BYTES_MAX {
            return;
        }
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || Slot { name: Vec::new(), value: None });
        }
        let slot = &mut self.slots[self.place];
        slot.name.clone_from(&self.name);
        slot.value = Some(value);
    }
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

//! A set of fingerprints of which there may be hundreds of millions.

use hashbrown::HashSet;

/// Fingerprints that are always kept unsorted before they join the others.
const FRESH_MIN: usize = 65_536;

/// A set of eight-byte fingerprints that are spread evenly, as parts of good hashes are: eight bytes of memory for nearly all of them.
#[derive(Debug, Default)]
pub struct FingerprintSet {
    /// Most of them: eight bytes each.
    sorted: Vec<u64>,
    /// The latest, at most an eighth of the others.
    fresh: HashSet<u64, Spread>,
}

/// Takes a fingerprint as its own hash.
#[derive(Clone, Copy, Debug, Default)]
struct Spread(u64);

impl std::hash::BuildHasher for Spread {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

impl std::hash::Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

impl FingerprintSet {
    /// Whether a fingerprint is in the set.
    pub fn contains(&self, fingerprint: u64) -> bool {
        self.fresh.contains(&fingerprint) || self.in_sorted(fingerprint)
    }

    /// Looks where an evenly spread number must be, and from there in growing steps.
    fn in_sorted(&self, fingerprint: u64) -> bool {
        let sorted = &self.sorted[..];
        let guess = ((u128::from(fingerprint) * sorted.len() as u128) >> 64) as usize;
        let Some(found) = sorted.get(guess) else { return false };
        let mut step = 8;
        let (low, high) = if *found < fingerprint {
            let mut low = guess;
            while low + step < sorted.len() && sorted[low + step] < fingerprint {
                low += step;
                step *= 2;
            }
            (low, (low + step + 1).min(sorted.len()))
        } else {
            let mut high = guess;
            while high >= step && sorted[high - step] > fingerprint {
                high -= step;
                step *= 2;
            }
            (high.saturating_sub(step), high + 1)
        };
        sorted[low..high].binary_search(&fingerprint).is_ok()
    }

    /// Adds a fingerprint and says whether it is new.
    pub fn insert(&mut self, fingerprint: u64) -> bool {
        if self.in_sorted(fingerprint) || !self.fresh.insert(fingerprint) {
            return false;
        }
        if self.fresh.len() >= FRESH_MIN.max(self.sorted.len() / 8) {
            self.settle();
        }
        true
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.sorted.len() + self.fresh.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Moves the fresh ones to their places among the others, from the end on, without a second copy.
    fn settle(&mut self) {
        let mut fresh: Vec<u64> = self.fresh.drain().collect();
        fresh.sort_unstable();
        let mut from = self.sorted.len();
        self.sorted.reserve_exact(fresh.len());
        self.sorted.resize(from + fresh.len(), 0);
        for to in (0..self.sorted.len()).rev() {
            let Some(newest) = fresh.last() else { break };
            if from > 0 && self.sorted[from - 1] > *newest {
                from -= 1;
                self.sorted[to] = self.sorted[from];
            } else {
                self.sorted[to] = *newest;
                fresh.pop();
            }
        }
    }

    /// All fingerprints in order.
    pub fn in_order(&self) -> impl Iterator<Item = u64> + '_ {
        let mut fresh: Vec<u64> = self.fresh.iter().copied().collect();
        fresh.sort_unstable();
        let mut fresh = fresh.into_iter().peekable();
        let mut sorted = self.sorted.iter().copied().peekable();
        std::iter::from_fn(move || match (sorted.peek(), fresh.peek()) {
            (Some(old), Some(new)) if new < old => fresh.next(),
            (Some(_), _) => sorted.next(),
            (None, _) => fresh.next(),
        })
    }
}

impl From<Vec<u64>> for FingerprintSet {
    fn from(mut fingerprints: Vec<u64>) -> Self {
        fingerprints.sort_unstable();
        fingerprints.dedup();
        Self { sorted: fingerprints, fresh: HashSet::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_fingerprint_set_is_a_set() {
        let mut set = FingerprintSet::default();
        let mut model = BTreeSet::new();
        let mut number = 1u64;
        for turn in 0..400_000u64 {
            number = number.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            // Some come again, and some lie at the ends and close together.
            let fingerprint = match turn % 17 {
                0 => turn % 1000,
                1 => u64::MAX - turn % 1000,
                2 => number >> 40,
                _ => number,
            };
            assert_eq!(set.insert(fingerprint), model.insert(fingerprint));
            assert!(set.contains(fingerprint));
            assert_eq!(set.contains(!number), model.contains(&!number));
        }
        assert_eq!(set.len(), model.len());
        assert!(set.in_order().eq(model.into_iter()));
    }

    #[test]
    fn a_list_becomes_a_set() {
        let mut set = FingerprintSet::from(vec![7, 3, 7, u64::MAX, 0]);
        assert!(set.insert(5) && !set.insert(7));
        assert_eq!(set.in_order().collect::<Vec<_>>(), [0, 3, 5, 7, u64::MAX]);
        assert_eq!((set.len(), set.is_empty(), FingerprintSet::default().is_empty()), (5, false, true));
    }
}

//! A small seeded generator of numbers. Integers only, so that a seed means the same bytes on every machine.

/// SplitMix64: one word of state, enough for test data and nothing else.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// A stream of its own for each (seed, salt, index), so that any record can be written again without its neighbours.
    pub(super) fn new(seed: u64, salt: u64, index: u64) -> Self {
        Self(mix(mix(seed ^ mix(salt)) ^ index))
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number from 0 to `n - 1`; 0 for an `n` of 0.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True in `per_mille` of 1,000 draws.
    pub(super) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of a list that is not empty.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }

    /// The place of a draw among `weights`.
    pub(super) fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (place, weight) in weights.iter().enumerate() {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        weights.len().saturating_sub(1)
    }

    /// A number below `n` whose frequency falls with 1/rank from rank `2^head` on and is even before it.
    ///
    /// Octaves are drawn evenly and a place within the octave evenly: Zipf's law with exponent 1 without a logarithm.
    pub(super) fn skewed(&mut self, n: u64, head: u32) -> u64 {
        let octaves = 64 - n.leading_zeros();
        let octave = u64::from(head) + self.below(u64::from(octaves.saturating_sub(head).max(1)));
        let low = (1u64 << octave.min(62)) - 1;
        if octave == u64::from(head) || low >= n {
            return self.below(n.min((2u64 << head) - 1));
        }
        low + self.below((low + 1).min(n - low))
    }
}

/// The finaliser of SplitMix64: a bijection of the 64-bit numbers.
pub(super) fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published first outputs of SplitMix64 for state 1234567.
    #[test]
    fn numbers_are_those_of_splitmix64() {
        let mut random = Random(1_234_567);
        let numbers: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(numbers, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn draws_stay_inside() {
        let mut random = Random::new(7, 1, 2);
        for n in [1, 2, 3, 31, 32, 33, 1000] {
            for _ in 0..2000 {
                assert!(random.below(n) < n && random.skewed(n, 0) < n && random.skewed(n, 5) < n, "{n}");
            }
        }
    }

    #[test]
    fn skew_follows_rank() {
        let mut random = Random::new(7, 1, 3);
        let mut octaves = [0u32; 10];
        for _ in 0..100_000 {
            octaves[(random.skewed(1023, 0) + 1).ilog2() as usize] += 1;
        }
        assert!(octaves.iter().all(|n| (9_000..11_000).contains(n)), "{octaves:?}");
    }
}

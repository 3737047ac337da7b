//! How many values differ: exactly while there are few, then by HyperLogLog registers.
//!
//! Sketches of the same accuracy can be put together in any order and give the same; those of different accuracy become one of the lower.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;

use super::super::functions::json::Json;

/// Hashes that a sketch keeps as they are.
const EXACT_MAX: usize = 4096;
/// Sketches whose common values can be counted.
const COMMON_MAX: usize = 8;
/// The name at the front of the text of a sketch.
const NAME: &str = "hll";

/// The bits of a hash that choose the register, for the accuracies that the language knows (0 to 4).
pub(super) fn bits_of(accuracy: Option<i64>) -> Option<u8> {
    match accuracy.unwrap_or(1) {
        0 => Some(12),
        1 => Some(14),
        2 => Some(16),
        3 => Some(17),
        4 => Some(18),
        _ => None,
    }
}

/// Hashes that were seen.
#[derive(Clone, Debug)]
pub struct Sketch {
    bits: u8,
    held: Held,
}

#[derive(Clone, Debug)]
enum Held {
    /// The hashes themselves; without a limit if all must stay.
    Exact { hashes: HashSet<u64, Unhashed>, limit: usize },
    /// For each register the longest run of zeros, plus one.
    Registers(Vec<u8>),
}

impl Sketch {
    /// A sketch that chooses registers by so many bits.
    pub(super) fn new(bits: u8) -> Self {
        Self { bits, held: Held::Exact { hashes: HashSet::default(), limit: EXACT_MAX } }
    }

    /// A set that never loses a hash.
    pub(super) fn exact() -> Self {
        Self { bits: 18, held: Held::Exact { hashes: HashSet::default(), limit: usize::MAX } }
    }

    /// Adds the hash of a value; gives the bytes that it takes.
    pub(super) fn add(&mut self, hash: u64) -> usize {
        let before = self.held();
        match &mut self.held {
            Held::Registers(registers) => raise(registers, self.bits, hash),
            Held::Exact { hashes, limit } => {
                hashes.insert(hash);
                if hashes.len() > *limit {
                    self.coarsen(self.bits);
                }
            }
        }
        self.held().saturating_sub(before)
    }

    /// Adds what another one has seen; gives the bytes that it takes.
    pub fn merge(&mut self, other: &Self) -> usize {
        let before = self.held();
        let bits = self.bits.min(other.bits);
        match &other.held {
            Held::Exact { hashes, .. } => {
                if matches!(self.held, Held::Registers(_)) {
                    self.coarsen(bits);
                }
                self.bits = bits;
                for hash in hashes {
                    self.add(*hash);
                }
            }
            Held::Registers(theirs) => {
                self.coarsen(bits);
                if let Held::Registers(registers) = &mut self.held {
                    for (register, rank) in folded(theirs, other.bits, bits).into_iter().enumerate() {
                        registers[register] = registers[register].max(rank);
                    }
                }
            }
        }
        self.held().saturating_sub(before)
    }

    /// Turns into registers chosen by so many bits.
    fn coarsen(&mut self, bits: u8) {
        let registers = match &self.held {
            Held::Registers(registers) => folded(registers, self.bits, bits),
            Held::Exact { hashes, .. } => {
                let mut registers = vec![0; 1 << bits];
                hashes.iter().for_each(|hash| raise(&mut registers, bits, *hash));
                registers
            }
        };
        self.bits = bits;
        self.held = Held::Registers(registers);
    }

    /// How many values differ.
    pub fn count(&self) -> i64 {
        match &self.held {
            Held::Exact { hashes, .. } => hashes.len() as i64,
            Held::Registers(registers) => estimate(registers, self.bits),
        }
    }

    /// How many values all of some sketches have seen: exactly while all hold their hashes, else by counting what some of them have seen.
    pub fn common(sketches: &[Self]) -> i64 {
        let hashes: Option<Vec<_>> = sketches
            .iter()
            .map(|sketch| match &sketch.held {
                Held::Exact { hashes, .. } => Some(hashes),
                Held::Registers(_) => None,
            })
            .collect();
        if let Some([first, others @ ..]) = hashes.as_deref() {
            return first.iter().filter(|hash| others.iter().all(|hashes| hashes.contains(hash))).count() as i64;
        }
        // Inclusion and exclusion: the unions of each choice of sketches, with the sign of its size.
        let choices = 1_u32..1 << sketches.len().min(COMMON_MAX);
        let of_choice = |choice: u32| {
            let mut chosen = sketches.iter().enumerate().filter(|(place, _)| choice >> place & 1 == 1).map(|(_, sketch)| sketch);
            let mut union = chosen.next().cloned()?;
            for sketch in chosen {
                union.merge(sketch);
            }
            Some(if choice.count_ones() % 2 == 1 { union.count() } else { -union.count() })
        };
        choices.filter_map(of_choice).sum::<i64>().max(0)
    }

    /// Its text: a dynamic array of a name, the bits and what is held in base 64.
    pub fn text(&self) -> String {
        format!("[\"{NAME}\",{},\"{}\"]", self.bits, BASE64.encode(self.bytes()))
    }

    /// Reads the text of a sketch.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = Json::new(text).elements();
        let (name, _, bytes) = (parts.next()?.string()?, parts.next()?, parts.next()?.string()?);
        if name == NAME { Self::of_bytes(&BASE64.decode(bytes.as_bytes()).ok()?) } else { None }
    }

    /// The bytes in which it travels.
    pub(super) fn bytes(&self) -> Vec<u8> {
        match &self.held {
            Held::Exact { hashes, limit } => {
                let mut sorted: Vec<u64> = hashes.iter().copied().collect();
                sorted.sort_unstable();
                let head = [self.bits, if *limit == usize::MAX { 2 } else { 0 }];
                head.into_iter().chain(sorted.iter().flat_map(|hash| hash.to_le_bytes())).collect()
            }
            Held::Registers(registers) => [self.bits, 1].into_iter().chain(registers.iter().copied()).collect(),
        }
    }

    /// Reads the bytes of a sketch.
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (&bits, rest) = bytes.split_first()?;
        let (&form, rest) = rest.split_first()?;
        let held = match form {
            _ if !(4..=18).contains(&bits) => return None,
            1 if rest.len() == 1 << bits && rest.iter().all(|rank| *rank <= 65) => Held::Registers(rest.to_vec()),
            0 | 2 if rest.len().is_multiple_of(8) => {
                let hashes = rest.chunks_exact(8).map(|chunk| u64::from_le_bytes(chunk.try_into().unwrap_or_default())).collect();
                Held::Exact { hashes, limit: if form == 2 { usize::MAX } else { EXACT_MAX } }
            }
            _ => return None,
        };
        Some(Self { bits, held })
    }

    /// Bytes that it holds beyond its own size.
    pub(super) fn held(&self) -> usize {
        match &self.held {
            Held::Exact { hashes, .. } => hashes.capacity() * 9,
            Held::Registers(registers) => registers.capacity(),
        }
    }
}

fn raise(registers: &mut [u8], bits: u8, hash: u64) {
    let register = (hash >> (64 - bits)) as usize;
    let rank = ((hash << bits) | (1 << (bits - 1))).leading_zeros() as u8 + 1;
    registers[register] = registers[register].max(rank);
}

/// Registers chosen by fewer bits: those that fall together keep the longest run, the bits that no longer choose count as its start.
fn folded(registers: &[u8], bits: u8, fewer: u8) -> Vec<u8> {
    let dropped = bits - fewer;
    let mut folded = vec![0; 1 << fewer];
    for (register, rank) in registers.iter().copied().enumerate().filter(|(_, rank)| *rank > 0) {
        let low = register & ((1 << dropped) - 1);
        let rank = if low == 0 { rank + dropped } else { (dropped as u32 - (usize::BITS - low.leading_zeros())) as u8 + 1 };
        let target = &mut folded[register >> dropped];
        *target = rank.max(*target);
    }
    folded
}

/// The estimate of Ertl (2017), which needs no tables and no switch between ranges.
fn estimate(registers: &[u8], bits: u8) -> i64 {
    let registers_count = registers.len() as f64;
    let runs = 64 - usize::from(bits);
    let mut histogram = vec![0.0_f64; runs + 2];
    registers.iter().for_each(|rank| histogram[usize::from(*rank).min(runs + 1)] += 1.0);
    let mut z = registers_count * tau(1.0 - histogram[runs + 1] / registers_count);
    for rank in (1..=runs).rev() {
        z = 0.5 * (z + histogram[rank]);
    }
    z += registers_count * sigma(histogram[0] / registers_count);
    (registers_count * registers_count / (2.0 * std::f64::consts::LN_2 * z)).round() as i64
}

fn sigma(mut x: f64) -> f64 {
    let (mut y, mut z) = (1.0, x);
    if x >= 1.0 {
        return f64::INFINITY;
    }
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

/// Hashes are spread already.
#[derive(Clone, Copy, Debug, Default)]
struct Unhashed;

impl std::hash::BuildHasher for Unhashed {
    type Hasher = Itself;

    fn build_hasher(&self) -> Itself {
        Itself(0)
    }
}

#[derive(Clone, Copy, Debug)]
struct Itself(u64);

impl std::hash::Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash::hash_number;
    use super::{Sketch, bits_of};

    fn of(numbers: impl Iterator<Item = u64>, bits: u8) -> Sketch {
        let mut sketch = Sketch::new(bits);
        for number in numbers {
            sketch.add(hash_number(number));
        }
        sketch
    }

    #[test]
    fn few_values_are_counted_exactly_and_many_within_the_accuracy() {
        for (accuracy, error) in [(0, 0.05), (1, 0.025), (2, 0.013), (3, 0.009), (4, 0.006)] {
            let bits = bits_of(Some(accuracy)).expect("an accuracy of the language");
            for count in [0, 1, 100, 4096, 5000, 20_000, 300_000] {
                let counted = of(0..count, bits).count() as f64;
                let allowed = if count <= 4096 { 0.0 } else { count as f64 * error };
                assert!((counted - count as f64).abs() <= allowed, "{count} values at accuracy {accuracy}: {counted}");
            }
        }
    }

    #[test]
    fn parts_put_together_give_what_the_whole_gives() {
        for count in [10, 5000, 50_000] {
            let whole = of(0..count, 14);
            let mut parts = Sketch::new(14);
            for part in 0..5 {
                parts.merge(&of((0..count).filter(|number| number % 5 == part), 14));
            }
            assert_eq!(parts.count(), whole.count(), "{count}");
            assert_eq!(Sketch::parse(&whole.text()).map(|sketch| sketch.count()), Some(whole.count()));
        }
    }

    #[test]
    fn common_values_are_counted() {
        for (count, error) in [(100, 0.0), (50_000, 0.05)] {
            let sets = [2, 3, 5].map(|divisor| of((1..=count).filter(|number| number % divisor == 0), 16));
            for (first, divisor) in [(1, 2), (2, 6), (3, 30)] {
                let (counted, wanted) = (Sketch::common(&sets[..first]) as f64, (count / divisor) as f64);
                assert!((counted - wanted).abs() <= error * count as f64, "{counted} of {wanted}");
            }
        }
    }

    #[test]
    fn the_lower_accuracy_is_that_of_the_sum() {
        let mut fine = of(0..20_000, 16);
        fine.merge(&of(10_000..30_000, 12));
        assert_eq!(fine.count(), of(0..30_000, 12).count());
    }
}

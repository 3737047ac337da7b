//! Digests and hashes of values.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;

use super::super::super::tree::ScalarType;
use super::super::super::values::read;
use super::super::{Arguments, Column, KernelError};

type Result = std::result::Result<ArrayRef, KernelError>;

pub(super) fn md5(call: &Arguments) -> Result {
    digest::<Md5>(call)
}

pub(super) fn sha1(call: &Arguments) -> Result {
    digest::<Sha1>(call)
}

pub(super) fn sha256(call: &Arguments) -> Result {
    digest::<Sha256>(call)
}

fn digest<D: Digest>(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.texts(|row| {
        let digest = D::digest(texts.value(row).as_bytes());
        let mut hex = String::with_capacity(digest.len() * 2);
        for byte in digest {
            // Writing to a text cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        Some(hex)
    }))
}

pub(super) fn xxhash(call: &Arguments) -> Result {
    Ok(call.longs(|row| {
        let hash = of_value(call, 0, row)?;
        if call.len() == 1 {
            return Some(hash.cast_signed());
        }
        let divisor = call.long(1, row)?;
        hash.cast_signed().checked_rem_euclid(divisor)
    }))
}

/// The hash of each value of a column in the forms of a query, as the function `hash` gives it; 0 for null.
pub fn hashes(values: &ArrayRef, kind: ScalarType) -> Vec<i64> {
    let columns = [Column { kind, values: Arc::clone(values), constant: false }];
    let call = Arguments { rows: values.len(), columns: &columns, returns: ScalarType::Long };
    (0..call.rows).map(|row| of_value(&call, 0, row).map_or(0, u64::cast_signed)).collect()
}

/// The hash of a value: of the bytes of a text, of the little-endian bytes of anything else.
fn of_value(call: &Arguments, argument: usize, row: usize) -> Option<u64> {
    if call.is_null(argument, row) && call.kind(argument) != ScalarType::String {
        return None;
    }
    Some(match call.kind(argument) {
        ScalarType::String | ScalarType::Dynamic => xxhash64(call.text(argument, row).as_bytes()),
        ScalarType::Guid => xxhash64(&uuid::Uuid::from_u128(read::guid(call.text(argument, row))?).to_bytes_le()),
        ScalarType::Bool => xxhash64(&[u8::from(call.bool(argument, row)?)]),
        ScalarType::Int => xxhash64(&call.int(argument, row)?.to_le_bytes()),
        ScalarType::Long | ScalarType::DateTime | ScalarType::Timespan => xxhash64(&call.long(argument, row)?.to_le_bytes()),
        ScalarType::Real => xxhash64(&call.real(argument, row)?.to_le_bytes()),
        ScalarType::Decimal => xxhash64(&call.decimal(argument, row)?.to_le_bytes()),
    })
}

const PRIMES: [u64; 5] =
    [0x9e37_79b1_85eb_ca87, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0x85eb_ca77_c2b2_ae63, 0x27d4_eb2f_1656_67c5];

fn round(state: u64, word: u64) -> u64 {
    state.wrapping_add(word.wrapping_mul(PRIMES[1])).rotate_left(31).wrapping_mul(PRIMES[0])
}

/// XXH64 with seed 0.
fn xxhash64(bytes: &[u8]) -> u64 {
    let word = |chunk: &[u8]| chunk.iter().rev().fold(0, |word: u64, byte| word << 8 | u64::from(*byte));
    let (stripes, rest) = bytes.as_chunks::<32>();
    let mut hash = PRIMES[4];
    if !stripes.is_empty() {
        let mut lanes = [PRIMES[0].wrapping_add(PRIMES[1]), PRIMES[1], 0, 0_u64.wrapping_sub(PRIMES[0])];
        for stripe in stripes {
            for (lane, chunk) in lanes.iter_mut().zip(stripe.chunks_exact(8)) {
                *lane = round(*lane, word(chunk));
            }
        }
        hash = [1, 7, 12, 18].iter().zip(lanes).fold(0, |hash: u64, (turn, lane)| hash.wrapping_add(lane.rotate_left(*turn)));
        for lane in lanes {
            hash = (hash ^ round(0, lane)).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]);
        }
    }
    hash = hash.wrapping_add(bytes.len() as u64);
    let (words, rest) = rest.as_chunks::<8>();
    for chunk in words {
        hash = (hash ^ round(0, word(chunk))).rotate_left(27).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]);
    }
    let (halves, rest) = rest.as_chunks::<4>();
    for chunk in halves {
        hash = (hash ^ word(chunk).wrapping_mul(PRIMES[0])).rotate_left(23).wrapping_mul(PRIMES[1]).wrapping_add(PRIMES[2]);
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte).wrapping_mul(PRIMES[4])).rotate_left(11).wrapping_mul(PRIMES[0]);
    }
    hash = (hash ^ hash >> 33).wrapping_mul(PRIMES[1]);
    hash = (hash ^ hash >> 29).wrapping_mul(PRIMES[2]);
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::xxhash64;

    /// Values of the reference implementation.
    #[test]
    fn hashes_are_those_of_the_reference() {
        for (text, hash) in [
            ("", 0xef46_db37_51d8_e999_u64),
            ("a", 0xd24e_c4f1_a98c_6e5b),
            ("abc", 0x44bc_2cf5_ad77_0999),
            ("World", 1_846_988_464_401_551_951),
            ("Nobody inspects the spammish repetition", 0xfbce_a83c_8a37_8bf1),
        ] {
            assert_eq!(xxhash64(text.as_bytes()), hash, "{text}");
        }
    }
}

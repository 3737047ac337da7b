//! A hash of bytes that is the same in each process, so that sketches of different times can be put together.

const MULTIPLIERS: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0xD1B5_4A32_D192_ED03];

/// The hash of some bytes and a seed.
pub(super) fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let mut hash = mix(seed ^ MULTIPLIERS[0], bytes.len() as u64 ^ MULTIPLIERS[1]);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        hash = mix(hash ^ u64::from_le_bytes(chunk.try_into().unwrap_or_default()), MULTIPLIERS[1]);
    }
    let mut tail = [0; 8];
    tail[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    finish(mix(hash ^ u64::from_le_bytes(tail), MULTIPLIERS[0]))
}

/// The hash of a number.
pub(super) fn hash_number(number: u64) -> u64 {
    finish(number.wrapping_add(MULTIPLIERS[0]))
}

/// Both halves of the product, so that high bits count as much as low ones.
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Spreads each bit over all others.
fn finish(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

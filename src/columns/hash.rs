//! The one hash by which rows name their entities.

use crate::model::{Entity, Keys, Kind, RecentEntities};

/// Kind and key that are hashed as one text.
const SHORT_BYTES: usize = 256;

/// Returns the hash that stands for a key of a kind in `_Entities` and in the index of each file.
///
/// It is stored on disk: it never changes. Strong and weak keys are hashed alike.
pub fn entity_hash(kind: &Kind, key: &str) -> i64 {
    let (kind, key) = (kind.as_str().as_bytes(), key.as_bytes());
    let mut whole = [0; SHORT_BYTES];
    let length = kind.len() + 1 + key.len();
    // Hot path: of one short text the hash is much cheaper than of parts.
    let hash = if let Some(whole) = whole.get_mut(..length) {
        whole[..kind.len()].copy_from_slice(kind);
        whole[kind.len() + 1..].copy_from_slice(key);
        blake3::hash(whole)
    } else {
        blake3::Hasher::new().update(kind).update(&[0]).update(key).finalize()
    };
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    i64::from_le_bytes(first)
}

/// Returns the hashes of all keys of an entity.
pub fn entity_hashes(kind: &Kind, keys: &Keys) -> impl Iterator<Item = i64> {
    keys.strong.iter().chain(&keys.weak).map(move |key| entity_hash(kind, key.as_str()))
}

/// Collects the hashes of the entities of one row: sorted, without repeats. `recent` are those of entities met before.
pub(super) fn collect<'a>(into: &mut Vec<i64>, recent: &mut RecentEntities<Vec<i64>>, entities: impl Iterator<Item = &'a Entity>) {
    into.clear();
    for entity in entities {
        if let Some(hashes) = recent.find(entity.identity()) {
            into.extend_from_slice(hashes);
            continue;
        }
        let hashes: Vec<i64> = entity_hashes(&entity.kind, &entity.keys).collect();
        into.extend_from_slice(&hashes);
        recent.note(entity.identity(), hashes);
    }
    into.sort_unstable();
    into.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_the_first_eight_bytes_of_blake3_over_kind_nul_key() {
        let whole = blake3::hash(b"ip\0address=175.45.176.99");
        let expected = i64::from_le_bytes(whole.as_bytes()[..8].try_into().expect("eight bytes"));
        assert_eq!(entity_hash(&Kind::IP, "address=175.45.176.99"), expected);
        assert_ne!(expected, entity_hash(&Kind::HOST, "address=175.45.176.99"));
        let long = "x".repeat(SHORT_BYTES);
        let whole = blake3::hash(format!("ip\0{long}").as_bytes());
        assert_eq!(entity_hash(&Kind::IP, &long), i64::from_le_bytes(whole.as_bytes()[..8].try_into().expect("eight bytes")));
    }
}

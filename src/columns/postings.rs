//! The index of a data file: for each entity hash the rows that name it, in the order of the file, which is that of time.
//!
//! It lies inside the Parquet file, between the data and the footer, where other readers pass over it; the footer's metadata says
//! where. So it shares the life of the file, and no second file can be missing.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

use super::types::ENTITIES;

/// Key of the footer metadata that holds `offset,length` of the index.
pub(super) const POSTINGS_KEY: &str = "clew.postings";
const MAGIC: &[u8; 8] = b"CLEWPOS1";
const HEAD: usize = 16;

/// The index of one file.
#[derive(Clone, Debug)]
pub(super) struct Postings {
    bytes: Bytes,
    keys: usize,
}

/// Writes the index of the rows of a batch.
pub(super) fn render(batch: &RecordBatch) -> Vec<u8> {
    let mut pairs: Vec<(i64, u32)> = Vec::new();
    if let Some(column) = batch.column_by_name(ENTITIES) {
        let lists = column.as_list::<i32>();
        let values = lists.values().as_primitive::<Int64Type>();
        for row in (0..lists.len()).filter(|row| lists.is_valid(*row)) {
            let (from, to) = (lists.value_offsets()[row] as usize, lists.value_offsets()[row + 1] as usize);
            pairs.extend(values.values()[from..to].iter().map(|hash| (*hash, row as u32)));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    let mut keys: Vec<i64> = Vec::new();
    let mut ends: Vec<u32> = Vec::new();
    for (place, (hash, _)) in pairs.iter().enumerate() {
        if keys.last() != Some(hash) {
            keys.push(*hash);
            ends.push(0);
        }
        if let Some(end) = ends.last_mut() {
            *end = place as u32 + 1;
        }
    }
    let mut bytes = Vec::with_capacity(HEAD + keys.len() * 12 + pairs.len() * 4);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&(keys.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&(pairs.len() as u32).to_le_bytes());
    keys.iter().for_each(|key| bytes.extend_from_slice(&key.to_le_bytes()));
    ends.iter().for_each(|end| bytes.extend_from_slice(&end.to_le_bytes()));
    pairs.iter().for_each(|(_, row)| bytes.extend_from_slice(&row.to_le_bytes()));
    bytes
}

impl Postings {
    /// Takes an index as it was written; none if it is damaged.
    pub(super) fn open(bytes: Bytes) -> Option<Self> {
        let keys = u32_at(&bytes, 8)? as usize;
        let rows = u32_at(&bytes, 12)? as usize;
        (bytes.starts_with(MAGIC) && bytes.len() == HEAD + keys * 12 + rows * 4).then_some(Self { bytes, keys })
    }

    fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The rows that name any of the hashes, ascending, without repeats.
    pub(super) fn rows(&self, hashes: &[i64]) -> Vec<u32> {
        let mut rows: Vec<u32> = hashes.iter().flat_map(|hash| self.rows_of(*hash)).collect();
        if hashes.len() > 1 {
            rows.sort_unstable();
            rows.dedup();
        }
        rows
    }

    fn rows_of(&self, hash: i64) -> impl Iterator<Item = u32> + '_ {
        let (mut low, mut high) = (0, self.keys);
        while low < high {
            let middle = low.midpoint(high);
            if self.key(middle) < hash { low = middle + 1 } else { high = middle }
        }
        let found = low < self.keys && self.key(low) == hash;
        let (from, to) = if found { (if low == 0 { 0 } else { self.end(low - 1) }, self.end(low)) } else { (0, 0) };
        let base = HEAD + self.keys * 12;
        (from..to).filter_map(move |place| u32_at(&self.bytes, base + place * 4))
    }

    fn key(&self, place: usize) -> i64 {
        let from = HEAD + place * 8;
        self.bytes.get(from..from + 8).and_then(|b| b.try_into().ok()).map_or(i64::MAX, i64::from_le_bytes)
    }

    fn end(&self, place: usize) -> usize {
        u32_at(&self.bytes, HEAD + self.keys * 8 + place * 4).unwrap_or_default() as usize
    }
}

fn u32_at(bytes: &[u8], from: usize) -> Option<u32> {
    bytes.get(from..from + 4)?.try_into().ok().map(u32::from_le_bytes)
}

/// A file's index together with its footer, and the keys by which its rows are put in order.
#[derive(Clone, Debug)]
pub(super) struct Indexed {
    pub(super) postings: Postings,
    pub(super) metadata: ArrowReaderMetadata,
    pub(super) keys: Arc<RowKeys>,
}

/// Time and document of each row of a file: whole in memory, because every question that goes by time needs those of its hits.
#[derive(Clone, Debug, Default)]
pub(super) struct RowKeys {
    /// `UNDATED` for rows without a time.
    pub(super) times: Vec<i64>,
    pub(super) seqs: Vec<i64>,
}

/// *No time*; no instant has this number.
pub(super) const UNDATED: i64 = i64::MIN;

impl RowKeys {
    /// Time and document of a row.
    pub(super) fn get(&self, row: u32) -> (Option<i64>, i64) {
        let at = |column: &[i64]| column.get(row as usize).copied();
        (at(&self.times).filter(|time| *time != UNDATED), at(&self.seqs).unwrap_or_default())
    }
}

impl Indexed {
    fn size(&self) -> usize {
        self.postings.size() + self.metadata.metadata().memory_size() + self.keys.times.len() * 16
    }
}

/// Keeps the indexes that were used last, up to a number of bytes.
#[derive(Debug, Default)]
pub(super) struct PostingsCache {
    entries: std::sync::Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    by_path: hashbrown::HashMap<Arc<str>, (Indexed, u64)>,
    bytes: usize,
    clock: u64,
}

/// Bytes of file indexes kept in memory.
const CACHE_BYTES: usize = 128 << 20;

impl PostingsCache {
    pub(super) fn get(&self, path: &str) -> Option<Indexed> {
        let mut entries = self.entries.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        entries.clock += 1;
        let now = entries.clock;
        let (postings, used) = entries.by_path.get_mut(path)?;
        *used = now;
        Some(postings.clone())
    }

    pub(super) fn put(&self, path: Arc<str>, postings: Indexed) {
        let mut entries = self.entries.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        entries.clock += 1;
        let now = entries.clock;
        entries.bytes += postings.size();
        if let Some((old, _)) = entries.by_path.insert(path, (postings, now)) {
            entries.bytes -= old.size();
        }
        if entries.bytes > CACHE_BYTES {
            // Half goes at once, so that the sort is rare.
            let mut ages: Vec<(u64, Arc<str>)> = entries.by_path.iter().map(|(path, (_, used))| (*used, Arc::clone(path))).collect();
            ages.sort_unstable();
            for (_, path) in ages {
                if entries.bytes <= CACHE_BYTES / 2 {
                    break;
                }
                if let Some((old, _)) = entries.by_path.remove(&path) {
                    entries.bytes -= old.size();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use arrow::array::{Int64Builder, ListBuilder};
    use arrow::datatypes::{DataType, Field, Schema};
    use proptest::prelude::*;

    use super::*;
    use crate::columns::types::entity_item;

    proptest! {
        #[test]
        fn index_gives_the_rows_that_name_a_hash(rows in prop::collection::vec(prop::collection::vec(-5i64..5, 0..4), 0..40)) {
            let mut builder = ListBuilder::new(Int64Builder::new()).with_field(entity_item());
            let mut expected: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
            for (row, hashes) in rows.iter().enumerate() {
                builder.values().append_slice(hashes);
                builder.append(true);
                for hash in hashes {
                    let list = expected.entry(*hash).or_default();
                    if list.last() != Some(&(row as u32)) { list.push(row as u32); }
                }
            }
            let schema = Schema::new(vec![Field::new(ENTITIES, DataType::List(entity_item()), true)]);
            let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(builder.finish())]).expect("one column");
            let postings = Postings::open(Bytes::from(render(&batch))).expect("as written");
            for hash in -6..6 {
                prop_assert_eq!(postings.rows(&[hash]), expected.get(&hash).cloned().unwrap_or_default());
            }
        }
    }

    #[test]
    fn damage_is_seen() {
        assert!(Postings::open(Bytes::from_static(b"CLEWPOS1\x01\0\0\0\0\0\0\0")).is_none());
        assert!(Postings::open(Bytes::new()).is_none());
    }
}

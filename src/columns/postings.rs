//! The index of a data file: for each entity hash the rows that name it, in the order of the file, which is that of time.
//!
//! It lies inside the Parquet file, between the data and the footer, where other readers pass over it; the footer's metadata says
//! where. So it shares the life of the file, and no second file can be missing.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

use super::cache::Cache;
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

    /// The index of rows that are in no file.
    pub(super) fn of(batch: &RecordBatch) -> Self {
        Self::open(Bytes::from(render(batch))).expect("what `render` writes can be opened")
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
        let (from, to) = match self.find(hash) {
            Some(0) => (0, self.end(0)),
            Some(place) => (self.end(place - 1), self.end(place)),
            None => (0, 0),
        };
        let base = HEAD + self.keys * 12;
        (from..to).filter_map(move |place| u32_at(&self.bytes, base + place * 4))
    }

    /// The place of a key. Hashes are spread evenly, so that their values tell about where to look: two or three looks find most.
    fn find(&self, hash: i64) -> Option<usize> {
        let (mut low, mut high) = (0, self.keys);
        let (mut least, mut most) = (i64::MIN, i64::MAX);
        let mut guesses = 0;
        while low < high {
            let middle = if guesses < GUESSES_MAX {
                let share = (i128::from(hash) - i128::from(least)) as f64 / (i128::from(most) - i128::from(least)).max(1) as f64;
                (low + (share * (high - low) as f64) as usize).clamp(low, high - 1)
            } else {
                low.midpoint(high)
            };
            guesses += 1;
            let key = self.key(middle);
            match key.cmp(&hash) {
                Ordering::Equal => return Some(middle),
                Ordering::Less => (low, least) = (middle + 1, key),
                Ordering::Greater => (high, most) = (middle, key),
            }
        }
        None
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
    pub(super) keys: RowKeys,
}

/// Looks by value before the search halves what is left: chosen hashes must not make it slow.
const GUESSES_MAX: usize = 8;

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
    pub(super) fn get(&self, row: u32) -> (i64, i64) {
        let row = row as usize;
        (self.times.get(row).copied().unwrap_or(UNDATED), self.seqs.get(row).copied().unwrap_or_default())
    }
}

impl Indexed {
    /// Bytes in memory.
    pub(super) fn size(&self) -> usize {
        self.postings.size() + self.metadata.metadata().memory_size() + self.keys.times.len() * 16
    }
}

/// Bytes of file indexes kept in memory.
pub(super) const POSTINGS_BYTES_MAX: usize = 128 << 20;

/// Indexes of files.
pub(super) type PostingsCache = Cache<Arc<Indexed>>;

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
        fn index_gives_the_rows_that_name_a_hash(rows in prop::collection::vec(prop::collection::vec(prop_oneof![-5i64..5, any::<i64>()], 0..4), 0..40)) {
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
            for hash in (-6..6).chain([i64::MIN, i64::MAX]) {
                prop_assert_eq!(postings.rows(&[hash]), expected.get(&hash).cloned().unwrap_or_default());
            }
            for (hash, rows) in &expected {
                prop_assert_eq!(&postings.rows(&[*hash]), rows);
            }
        }
    }

    #[test]
    fn damage_is_seen() {
        assert!(Postings::open(Bytes::from_static(b"CLEWPOS1\x01\0\0\0\0\0\0\0")).is_none());
        assert!(Postings::open(Bytes::new()).is_none());
    }
}

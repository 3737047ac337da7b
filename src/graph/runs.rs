//! Adjacency: families of immutable CSR runs, sorted by time inside each row and merged geometrically.
//!
//! Each batch adds one small run; a run is merged with its elder when that one is less than three times as large, so
//! that a family has a logarithmic number of runs and every entry is moved a logarithmic number of times.

use std::sync::Arc;

/// An entry of a row; its order begins with its key, and beyond that only makes equal builds equal.
pub(super) trait Entry: Copy + Ord {
    /// Sort key of the entry's time.
    fn key(&self) -> u32;
}

/// A document that mentions the row's atom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mention {
    pub(super) key: u32,
    pub(super) doc: u32,
}

/// A directed edge to or from the row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Link {
    pub(super) key: u32,
    /// The atom or raw node at the other end.
    pub(super) other: u32,
    /// Raw [`By`](super::ids::By).
    pub(super) by: u32,
    pub(super) label: u32,
}

/// What a record contains or is contained in, and the document that says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    /// Raw node at the other end.
    pub(super) other: u32,
    pub(super) doc: u32,
}

impl Entry for Member {
    /// What contains something has no time of its own.
    fn key(&self) -> u32 {
        0
    }
}

impl Entry for Mention {
    fn key(&self) -> u32 {
        self.key
    }
}

impl Entry for Link {
    fn key(&self) -> u32 {
        self.key
    }
}

/// Finds the entries of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// Every row from `first` on has a start.
    Dense { first: u32 },
    /// The rows that have entries, sorted.
    Sparse { rows: Vec<u32> },
}

/// Immutable adjacency of some rows.
#[derive(Clone, Debug)]
pub(super) struct Run<E> {
    pub(super) rows: Rows,
    /// Where the entries of each row begin, and where the last ones end.
    pub(super) starts: Vec<u32>,
    pub(super) entries: Vec<E>,
}

impl<E: Entry> Run<E> {
    /// Builds a run from entries sorted by row and order.
    fn from_sorted(sorted: impl ExactSizeIterator<Item = (u32, E)>) -> Self {
        let (mut rows, mut starts, mut entries) = (Vec::new(), Vec::new(), Vec::with_capacity(sorted.len()));
        for (row, entry) in sorted {
            if rows.last() != Some(&row) {
                rows.push(row);
                starts.push(entries.len() as u32);
            }
            entries.push(entry);
        }
        Self::from_parts(rows, starts, entries)
    }

    /// Takes the parts of a run from a file; none if they do not fit together.
    pub(super) fn checked(rows: Rows, starts: Vec<u32>, entries: Vec<E>) -> Option<Self> {
        let fits = match &rows {
            Rows::Dense { first } => u32::try_from(starts.len()).is_ok_and(|len| first.checked_add(len).is_some()),
            Rows::Sparse { rows } => rows.len() + 1 == starts.len() && rows.is_sorted_by(|a, b| a < b),
        };
        let whole = starts.first() == Some(&0) && starts.last().is_some_and(|end| *end as usize == entries.len());
        (fits && whole && starts.is_sorted()).then_some(Self { rows, starts, entries })
    }

    /// Takes the rows that have entries, where each begins, and the entries.
    fn from_parts(mut rows: Vec<u32>, mut starts: Vec<u32>, entries: Vec<E>) -> Self {
        starts.push(entries.len() as u32);
        let (first, last) = (rows.first().copied().unwrap_or(0), rows.last().copied().unwrap_or(0));
        let span = (last - first) as usize + 1;
        if rows.is_empty() || rows.len() * 3 < span {
            rows.shrink_to_fit();
            starts.shrink_to_fit();
            return Self { rows: Rows::Sparse { rows }, starts, entries };
        }
        let mut dense = Vec::with_capacity(span + 1);
        let mut place = 0;
        for row in first..=last {
            dense.push(starts[place]);
            if rows[place] == row {
                place += 1;
            }
        }
        dense.push(entries.len() as u32);
        Self { rows: Rows::Dense { first }, starts: dense, entries }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns the entries of a row, oldest first.
    pub(super) fn row(&self, row: u32) -> &[E] {
        let place = match &self.rows {
            Rows::Dense { first } => match row.checked_sub(*first) {
                Some(place) if (place as usize) < self.starts.len() - 1 => place as usize,
                _ => return &[],
            },
            Rows::Sparse { rows } => match rows.binary_search(&row) {
                Ok(place) => place,
                Err(_) => return &[],
            },
        };
        &self.entries[self.starts[place] as usize..self.starts[place + 1] as usize]
    }

    /// Calls `each` with every row that has entries, in rising order.
    fn rows(&self) -> impl Iterator<Item = (u32, &[E])> {
        (0..self.starts.len().saturating_sub(1)).filter_map(|place| {
            let entries = &self.entries[self.starts[place] as usize..self.starts[place + 1] as usize];
            let row = match &self.rows {
                Rows::Dense { first } => first + place as u32,
                Rows::Sparse { rows } => rows[place],
            };
            (!entries.is_empty()).then_some((row, entries))
        })
    }

    fn merge(old: &Self, new: &Self) -> Self {
        let mut entries = Vec::with_capacity(old.len() + new.len());
        let (mut rows, mut starts) = (Vec::new(), Vec::new());
        let (mut left, mut right) = (old.rows().peekable(), new.rows().peekable());
        loop {
            let row = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some((row, _)), None) | (None, Some((row, _))) => *row,
                (Some((a, _)), Some((b, _))) => *a.min(b),
            };
            rows.push(row);
            starts.push(entries.len() as u32);
            let a = left.next_if(|(r, _)| *r == row).map_or(&[][..], |(_, e)| e);
            let b = right.next_if(|(r, _)| *r == row).map_or(&[][..], |(_, e)| e);
            merge_into(&mut entries, a, b);
        }
        Self::from_parts(rows, starts, entries)
    }

    fn bytes(&self) -> usize {
        let rows = match &self.rows {
            Rows::Dense { .. } => 0,
            Rows::Sparse { rows } => rows.capacity() * 4,
        };
        rows + self.starts.capacity() * 4 + self.entries.capacity() * size_of::<E>()
    }
}

fn merge_into<E: Entry>(into: &mut Vec<E>, mut a: &[E], mut b: &[E]) {
    while let ([x, rest_a @ ..], [y, rest_b @ ..]) = (a, b) {
        if x <= y {
            into.push(*x);
            a = rest_a;
        } else {
            into.push(*y);
            b = rest_b;
        }
    }
    into.extend_from_slice(a);
    into.extend_from_slice(b);
}

/// All runs of one direction of one type of edge.
#[derive(Clone, Debug)]
pub(super) struct Family<E> {
    runs: Arc<Vec<Arc<Run<E>>>>,
}

impl<E> Default for Family<E> {
    fn default() -> Self {
        Self { runs: Arc::default() }
    }
}

impl<E: Entry> Family<E> {
    /// Adds the entries of a batch.
    pub(super) fn add(&mut self, batch: &mut Vec<(u32, E)>) {
        if batch.is_empty() {
            return;
        }
        batch.sort_unstable();
        let runs = Arc::make_mut(&mut self.runs);
        let mut new = Run::from_sorted(batch.drain(..));
        while let Some(old) = runs.pop_if(|old| old.len() < 3 * new.len()) {
            new = Run::merge(&old, &new);
        }
        runs.push(Arc::new(new));
    }

    /// Joins all runs into one: readers then look in one place.
    pub(super) fn compact(&mut self) {
        let runs = Arc::make_mut(&mut self.runs);
        while runs.len() > 1
            && let (Some(new), Some(old)) = (runs.pop(), runs.pop())
        {
            runs.push(Arc::new(Run::merge(&old, &new)));
        }
    }

    /// Returns the row's entries in each run that has any; each slice is sorted by time.
    pub(super) fn slices(&self, row: u32) -> impl Iterator<Item = &[E]> {
        self.runs.iter().map(move |run| run.row(row)).filter(|slice| !slice.is_empty())
    }

    /// Returns the number of entries in a row.
    pub(super) fn degree(&self, row: u32) -> usize {
        self.runs.iter().map(|run| run.row(row).len()).sum()
    }

    pub(super) fn len(&self) -> usize {
        self.runs.iter().map(|run| run.len()).sum()
    }

    pub(super) fn runs(&self) -> usize {
        self.runs.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.runs.iter().map(|run| run.bytes()).sum()
    }

    /// Returns every entry with its row; rows rise inside each run.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &E)> {
        self.runs.iter().flat_map(|run| run.rows()).flat_map(|(row, entries)| entries.iter().map(move |entry| (row, entry)))
    }

    /// Returns the runs, oldest and largest first, for a snapshot file.
    pub(super) fn each_run(&self) -> impl ExactSizeIterator<Item = &Run<E>> {
        self.runs.iter().map(|run| &**run)
    }

    pub(super) fn from_runs(runs: Vec<Run<E>>) -> Self {
        Self { runs: Arc::new(runs.into_iter().map(Arc::new).collect()) }
    }
}

/// Returns the part of a row whose keys lie in `from..=to`.
pub(super) fn within<E: Entry>(slice: &[E], from: u32, to: u32) -> &[E] {
    let start = if from == 0 { 0 } else { slice.partition_point(|entry| entry.key() < from) };
    let end = if to == u32::MAX { slice.len() } else { slice.partition_point(|entry| entry.key() <= to) };
    &slice[start.min(end)..end]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_hold_what_was_added(batches in prop::collection::vec(prop::collection::vec((0u32..400, 0u32..50, any::<u32>()), 0..60), 0..12)) {
            let mut family: Family<Mention> = Family::default();
            let mut naive: Vec<(u32, u32, u32)> = Vec::new();
            for batch in &batches {
                naive.extend(batch);
                family.add(&mut batch.iter().map(|(row, key, doc)| (*row, Mention { doc: *doc, key: *key })).collect());
            }
            naive.sort_unstable();
            for row in 0..401 {
                let mut found: Vec<(u32, u32)> = Vec::new();
                for slice in family.slices(row) {
                    prop_assert!(slice.is_sorted_by_key(|m| (m.key, m.doc)));
                    found.extend(slice.iter().map(|m| (m.key, m.doc)));
                }
                found.sort_unstable();
                let expected: Vec<(u32, u32)> = naive.iter().filter(|(r, ..)| *r == row).map(|(_, k, d)| (*k, *d)).collect();
                prop_assert_eq!(family.degree(row), expected.len());
                prop_assert_eq!(found, expected);
            }
            let mut whole = family.clone();
            whole.compact();
            prop_assert!(whole.runs() <= 1);
            for row in 0..401 {
                let mut entries: Vec<Mention> = family.slices(row).flatten().copied().collect();
                entries.sort_unstable();
                prop_assert_eq!(whole.slices(row).flatten().copied().collect::<Vec<_>>(), entries);
            }
            let runs = family.each_run().map(|run| {
                Run::checked(run.rows.clone(), run.starts.clone(), run.entries.clone()).expect("they were a run")
            });
            let again = Family::from_runs(runs.collect());
            prop_assert_eq!(again.iter().collect::<Vec<_>>(), family.iter().collect::<Vec<_>>());
            prop_assert!(family.runs() <= 12);
        }
    }

    #[test]
    fn what_is_no_run_is_not_taken() {
        let entries = |len| vec![Mention::default(); len];
        let sparse = |rows: &[u32]| Rows::Sparse { rows: rows.to_vec() };
        let taken = |rows: Rows, starts: &[u32], len| Run::checked(rows, starts.to_vec(), entries(len)).is_some();
        assert!(taken(sparse(&[3, 9]), &[0, 1, 2], 2) && taken(Rows::Dense { first: 3 }, &[0, 0, 2], 2) && taken(sparse(&[]), &[0], 0));
        assert!(!taken(sparse(&[9, 3]), &[0, 1, 2], 2), "rows rise");
        assert!(!taken(sparse(&[3]), &[0, 1, 2], 2), "each row begins somewhere");
        assert!(!taken(sparse(&[3, 9]), &[0, 2, 1], 1) && !taken(sparse(&[3, 9]), &[1, 1, 2], 2), "no row ends before it begins");
        assert!(!taken(Rows::Dense { first: 3 }, &[0, 1], 2), "the last row ends with the entries");
        assert!(!taken(Rows::Dense { first: u32::MAX }, &[0, 1], 1), "rows have numbers");
    }

    #[test]
    fn within_takes_both_ends() {
        let slice: Vec<Mention> = [0, 1, 3, 3, 5].iter().map(|key| Mention { doc: 0, key: *key }).collect();
        let keys = |from, to| within(&slice, from, to).iter().map(|m| m.key).collect::<Vec<_>>();
        assert_eq!(keys(0, u32::MAX), [0, 1, 3, 3, 5]);
        assert_eq!(keys(1, 3), [1, 3, 3]);
        assert_eq!(keys(4, 4), [0; 0]);
        assert_eq!(keys(6, 2), [0; 0]);
    }
}

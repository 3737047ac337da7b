//! When the events happened that one aggregate counts: its row has the first and the last instant, a list the ones between.

use crate::model::{Time, Window};

use super::edges::{Edge, overlaps};
use super::ids::{By, NO_TIME, NONE, Source, hour, time};
use super::read::Snapshot;
use super::store::{EventsRow, Store};

/// An instant between the first and the last one of an aggregate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Instant {
    /// Microseconds behind the beginning of its hour.
    pub(super) after: u32,
    /// The next one of its aggregate, in no particular order.
    pub(super) next: u32,
}

impl Store {
    /// Counts a further event of an aggregate.
    pub(super) fn count_event(&mut self, n: u32, at: i64, seq: u64) {
        let old = *self.events.get(n);
        let (first, last) = (old.first.min(at), old.last.max(at));
        // What was the first or the last one may lie between now.
        let between = if at < old.first {
            old.first
        } else if at > old.last {
            old.last
        } else {
            at
        };
        let mut head = old.between;
        if between != first && between != last {
            let after = (between - hour(between)) as u32;
            head = self.instants.push(Instant { after, next: head });
        }
        *self.events.get_mut(n) = EventsRow {
            count: old.count.saturating_add(1),
            first,
            last,
            seq_min: old.seq_min.min(seq),
            seq_max: old.seq_max.max(seq),
            between: head,
            ..old
        };
    }

    /// The instants between the first and the last one, in no particular order; some of them more than once.
    fn between(&self, row: &EventsRow) -> impl Iterator<Item = i64> + '_ {
        let begin = hour(row.first);
        let mut next = row.between;
        std::iter::from_fn(move || {
            let instant = (next != NONE).then(|| self.instants.get(next))?;
            next = instant.next;
            Some(begin + i64::from(instant.after))
        })
    }

    /// Every instant of an aggregate, ascending.
    pub(super) fn instants_of(&self, row: &EventsRow) -> Vec<i64> {
        let mut all: Vec<i64> = [row.first, row.last].into_iter().chain(self.between(row)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether what stands behind an edge happened inside a window, at any of its instants.
    pub(super) fn happened(&self, by: u32, window: &Window) -> bool {
        let at = |instant: i64| overlaps(window, instant, instant);
        match By(by).source() {
            Source::Doc(doc) => at(self.docs.get(doc).time),
            Source::Events(events) => {
                let row = self.events.get(events);
                at(row.first) || at(row.last) || overlaps(window, row.first, row.last) && self.between(row).any(at)
            }
        }
    }

    /// The earliest instant of what stands behind an edge that is not before another one; what has no time has none.
    pub(super) fn happened_from(&self, by: u32, from: i64) -> Option<i64> {
        let (first, last) = self.interval(by);
        if first == NO_TIME || last < from {
            return None;
        }
        if from <= first {
            return Some(first);
        }
        match By(by).source() {
            Source::Doc(_) => Some(last),
            Source::Events(events) => self.between(self.events.get(events)).filter(|at| *at >= from).chain([last]).min(),
        }
    }
}

impl Snapshot {
    /// Every instant at which records assert an edge, ascending; none if they give no time.
    pub fn instants(&self, edge: &Edge) -> Vec<Time> {
        match By(edge.by).source() {
            Source::Events(events) => self.0.instants_of(self.0.events.get(events)).into_iter().filter_map(time).collect(),
            Source::Doc(_) => edge.first.into_iter().collect(),
        }
    }
}

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
        let mut between = old.between;
        if old.count > 1 {
            // What was the first or the last one lies between now.
            let middle = if at < old.first { old.first } else { at.min(old.last) };
            between = self.instants.push(Instant { after: (middle - hour(middle)) as u32, next: between });
        }
        let (seq_min, seq_max) = (old.seq_min.min(seq), old.seq_max.max(seq));
        *self.events.get_mut(n) = EventsRow { count: old.count.saturating_add(1), first, last, seq_min, seq_max, between, ..old };
    }

    /// The instants of the events between the first and the last one, in no particular order.
    fn between(&self, row: &EventsRow) -> impl Iterator<Item = i64> + '_ {
        let begin = hour(row.first);
        let mut next = row.between;
        std::iter::from_fn(move || {
            let instant = (next != NONE).then(|| self.instants.get(next))?;
            next = instant.next;
            Some(if begin == NO_TIME { NO_TIME } else { begin + i64::from(instant.after) })
        })
    }

    /// The instants of the events of an aggregate, in no particular order.
    fn events_of(&self, row: &EventsRow) -> impl Iterator<Item = i64> + '_ {
        std::iter::once(row.first).chain((row.count > 1).then_some(row.last)).chain(self.between(row))
    }

    /// The same, ascending.
    pub(super) fn instants_of(&self, row: &EventsRow) -> Vec<i64> {
        let mut all: Vec<i64> = self.events_of(row).collect();
        all.sort_unstable();
        all
    }

    /// First and last instant inside a window of what stands behind an edge, and how many records there are; none if there is none.
    pub(super) fn inside(&self, by: u32, window: &Window) -> Option<(i64, i64, u32)> {
        let is_in = |at: i64| overlaps(window, at, at);
        match By(by).source() {
            Source::Doc(doc) => {
                let at = self.docs.get(doc).time;
                is_in(at).then_some((at, at, 1))
            }
            Source::Events(events) => {
                let row = self.events.get(events);
                if is_in(row.first) && is_in(row.last) {
                    return Some((row.first, row.last, row.count));
                }
                if !overlaps(window, row.first, row.last) {
                    return None;
                }
                let mut inside: Option<(i64, i64, u32)> = None;
                for at in self.events_of(row).filter(|at| is_in(*at)) {
                    let (first, last, count) = inside.unwrap_or((at, at, 0));
                    inside = Some((first.min(at), last.max(at), count + 1));
                }
                inside
            }
        }
    }

    /// Whether what stands behind an edge happened inside a window, at any of its instants.
    pub(super) fn happened(&self, by: u32, window: &Window) -> bool {
        self.inside(by, window).is_some()
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
    /// The instants of the records behind an edge, ascending; none if they give no time.
    pub fn instants(&self, edge: &Edge) -> Vec<Time> {
        match By(edge.by).source() {
            Source::Events(events) => self.0.instants_of(self.0.events.get(events)).into_iter().filter_map(time).collect(),
            Source::Doc(_) => edge.first.into_iter().collect(),
        }
    }
}

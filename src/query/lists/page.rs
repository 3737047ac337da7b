//! The page of a list that is wanted, chosen in one pass; it holds however the list changes in between.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::model::{Fault, FaultClass, Time};

use super::super::answer::Page;
use super::super::cursor::Seal;

/// What a list is sorted by; of one list all keys are of the same form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::query) enum Key {
    /// Two numbers, the first before the second.
    Numbers(i64, i64),
    /// A text, by its bytes.
    Text(String),
}

impl Key {
    /// Sorts by an instant; an absent one comes before all.
    pub(in crate::query) fn time(time: Option<Time>) -> Self {
        Self::ranked(0, time)
    }

    /// Sorts by a rank, then by an instant.
    pub(in crate::query) fn ranked(rank: u8, time: Option<Time>) -> Self {
        Self::Numbers(i64::from(rank), time.map_or(i64::MIN, Time::micros))
    }

    /// Sorts by a text without regard to case.
    pub(in crate::query) fn text(text: &str) -> Self {
        Self::Text(text.to_lowercase().replace('\0', ""))
    }

    /// Sorts by a number; an absent one comes before all.
    pub(in crate::query) fn number(number: Option<i64>) -> Self {
        Self::Numbers(i64::from(number.is_some()), number.unwrap_or_default())
    }
}

/// The place of a row in its list: its key, and its id among rows of equal keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::query) struct Place<'a> {
    key: Key,
    id: Cow<'a, str>,
}

impl Place<'_> {
    /// Keys run in the direction of the list, ids always upward.
    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let keys = if descending { other.key.cmp(&self.key) } else { self.key.cmp(&other.key) };
        keys.then_with(|| self.id.cmp(&other.id))
    }

    fn write(&self) -> String {
        match &self.key {
            Key::Numbers(a, b) => format!("n{:016x}{:016x}{}", *a as u64, *b as u64, self.id),
            Key::Text(text) => format!("t{text}\0{}", self.id),
        }
    }

    fn read(text: &str) -> Option<Place<'static>> {
        let (key, id) = if let Some(numbers) = text.strip_prefix('n') {
            let number = |from: usize| Some(u64::from_str_radix(numbers.get(from..from + 16)?, 16).ok()? as i64);
            (Key::Numbers(number(0)?, number(16)?), numbers.get(32..)?)
        } else {
            let (key, id) = text.strip_prefix('t')?.split_once('\0')?;
            (Key::Text(key.to_owned()), id)
        };
        Some(Place { key, id: Cow::Owned(id.to_owned()) })
    }
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::query) enum Begin {
    /// Behind the row that a cursor names.
    After(Place<'static>),
    /// At a row, counted from 0.
    At(usize),
}

impl Begin {
    /// Reads where the request wants its page to begin: with the first row if it does not say.
    pub(in crate::query) fn read(seal: Seal, cursor: Option<&str>, offset: Option<u32>) -> Result<Self, Fault> {
        match (seal.place(cursor, Place::read)?, offset) {
            (None, offset) => Ok(Self::At(offset.unwrap_or(0) as usize)),
            (Some(place), None) => Ok(Self::After(place)),
            (Some(_), Some(_)) => Err(Fault::new(FaultClass::Invalid, "cursor_invalid", "expected `cursor` or `offset`, found both")
                .with_hint("`offset` jumps, `cursor` goes on")),
        }
    }
}

impl Begin {
    /// Rank and instant in microseconds, and id, of the row that the page begins behind, in a list that is sorted by both.
    pub(in crate::query) fn ranked(&self) -> Option<(i64, i64, &str)> {
        match self {
            Self::After(Place { key: Key::Numbers(rank, time), id }) => Some((*rank, *time, id)),
            Self::After(Place { key: Key::Text(_), .. }) | Self::At(_) => None,
        }
    }

    /// Whether a list sorted by rank and time, with ranks below `ranks`, can go on behind it.
    pub(in crate::query) fn is_ranked(&self, ranks: usize) -> bool {
        match self {
            Self::At(_) => true,
            Self::After(_) => self.ranked().is_some_and(|(rank, ..)| usize::try_from(rank).is_ok_and(|rank| rank < ranks)),
        }
    }

    /// The page of a list whose rows come in their order and from behind the cursor, each made by `row` from what `place` tells the place of.
    pub(in crate::query) fn in_order<R, T>(
        &self,
        seal: Seal,
        limit: usize,
        total: u64,
        rows: impl Iterator<Item = R>,
        place: impl Fn(&R) -> (Key, String),
        row: impl Fn(R) -> T,
    ) -> Page<T> {
        let skip = if let Self::At(skip) = self { *skip } else { 0 };
        let mut rows = rows.skip(skip);
        let mut value: Vec<T> = Vec::new();
        let mut last = None;
        while value.len() < limit
            && let Some(next) = rows.next()
        {
            if value.len() + 1 == limit {
                let (key, id) = place(&next);
                last = Some(Place { key, id: Cow::Owned(id) });
            }
            value.push(row(next));
        }
        let complete = rows.next().is_none();
        let cursor = last.filter(|_| !complete).map(|place| seal.close(&place.write()));
        Page { value, total, complete, cursor }
    }
}

/// Rows that are offered one by one, of which the page is kept.
///
/// In memory are at most twice as many rows as stand between the begin that the request names and the end of the page. The
/// cursor is the place of the last row of a page.
pub(in crate::query) struct Top<'a, R> {
    seal: Seal,
    descending: bool,
    /// Rows that the page leaves out before it begins.
    skip: usize,
    /// Rows up to the end of the page.
    limit: usize,
    after: Option<Place<'static>>,
    /// Rows behind the cursor, of which the first ones are wanted.
    kept: Vec<(Place<'a>, R)>,
    /// The last place that can still stand on the page, once there are enough rows.
    rim: Option<Place<'a>>,
    total: u64,
    behind: u64,
}

impl<'a, R> Top<'a, R> {
    /// A page of `limit` rows that begins where the request says.
    pub(in crate::query) fn new(seal: Seal, begin: Begin, limit: usize, descending: bool) -> Self {
        let (skip, after) = match begin {
            Begin::At(skip) => (skip, None),
            Begin::After(place) => (0, Some(place)),
        };
        Self { seal, descending, skip, limit: limit.saturating_add(skip), after, kept: Vec::new(), rim: None, total: 0, behind: 0 }
    }

    /// Offers a row; `id` is asked for only where the key alone does not decide.
    pub(in crate::query) fn offer(&mut self, key: Key, id: impl FnOnce() -> Cow<'a, str>, row: R) {
        self.total += 1;
        let past_rim = |rim: &Place<'_>| if self.descending { key < rim.key } else { key > rim.key };
        // What is past the rim is behind the cursor too.
        if self.rim.as_ref().is_some_and(past_rim) {
            self.behind += 1;
            return;
        }
        let place = Place { key, id: id() };
        if self.after.as_ref().is_some_and(|after| place.compare(after, self.descending).is_le()) {
            return;
        }
        self.behind += 1;
        if self.rim.as_ref().is_some_and(|rim| place.compare(rim, self.descending).is_gt()) {
            return;
        }
        self.kept.push((place, row));
        if self.kept.len() >= 2 * self.limit.max(16) {
            self.prune();
        }
    }

    /// Keeps only the rows of the page.
    fn prune(&mut self) {
        if self.kept.len() <= self.limit || self.limit == 0 {
            return;
        }
        let descending = self.descending;
        self.kept.select_nth_unstable_by(self.limit - 1, |(a, _), (b, _)| a.compare(b, descending));
        self.kept.truncate(self.limit);
        self.rim = self.kept.last().map(|(place, _)| place.clone());
    }

    /// The page, each row made by `row`.
    pub(in crate::query) fn page<T>(mut self, row: impl Fn(R) -> T) -> Page<T> {
        self.prune();
        let descending = self.descending;
        self.kept.sort_unstable_by(|(a, _), (b, _)| a.compare(b, descending));
        self.kept.truncate(self.limit);
        let complete = self.behind <= self.limit as u64;
        let cursor = self.kept.last().filter(|_| !complete).map(|(place, _)| self.seal.close(&place.write()));
        Page { value: self.kept.into_iter().skip(self.skip).map(|(_, item)| row(item)).collect(), total: self.total, complete, cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> Seal {
        Seal::new(1, "rows", &())
    }

    fn pages(rows: &[(Key, &'static str)], descending: bool, limit: usize) -> Vec<&'static str> {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let begin = Begin::read(seal(), cursor.as_deref(), None).expect("the cursor is good");
            let mut top = Top::new(seal(), begin, limit, descending);
            rows.iter().for_each(|(key, id)| top.offer(key.clone(), || Cow::Borrowed(id), *id));
            let page = top.page(|id| id);
            assert_eq!(page.total, rows.len() as u64);
            found.extend(page.value);
            cursor = page.cursor;
            if page.complete {
                return found;
            }
        }
    }

    #[test]
    fn pages_cover_everything_once_in_both_directions() {
        let texts = [("b", "1"), ("a", "2"), ("a", "1x"), ("", "3"), ("c", "9")].map(|(key, id)| (Key::Text(key.to_owned()), id));
        assert_eq!(pages(&texts, false, 2), ["3", "1x", "2", "1", "9"]);
        assert_eq!(pages(&texts, true, 2), ["9", "1", "1x", "2", "3"]);
        let numbers = [(Some(5), "five"), (None, "none"), (Some(-5), "minus"), (Some(0), "zero")].map(|(n, id)| (Key::number(n), id));
        assert_eq!(pages(&numbers, false, 1), ["none", "minus", "zero", "five"]);
        assert_eq!(pages(&numbers, true, 3), ["five", "zero", "minus", "none"]);
    }

    #[test]
    fn long_lists_are_cut_to_the_page_as_they_come() {
        let names: Vec<&'static str> = (0..1_000).map(|n| &*Box::leak(format!("{n:04}").into_boxed_str())).collect();
        let rows: Vec<(Key, &'static str)> =
            names.iter().map(|name| (Key::number(Some(name.parse::<i64>().expect("a number") * 7_919 % 10)), *name)).collect();
        let mut expected = rows.clone();
        expected.sort();
        assert_eq!(pages(&rows, false, 17), expected.iter().map(|(_, name)| *name).collect::<Vec<_>>());
        expected.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        assert_eq!(pages(&rows, true, 100), expected.iter().map(|(_, name)| *name).collect::<Vec<_>>());
    }

    #[test]
    fn a_page_begins_at_any_row() {
        let rows: Vec<(i64, String)> = (0..100).map(|n| (n * 37 % 100, format!("{n}"))).collect();
        let page = |offset: u32| {
            let mut top = Top::new(seal(), Begin::read(seal(), None, Some(offset)).expect("a row"), 3, false);
            rows.iter().for_each(|(key, id)| top.offer(Key::number(Some(*key)), || Cow::Borrowed(id), *key));
            let page = top.page(|key| key);
            (page.value, page.complete, page.cursor.is_some())
        };
        assert_eq!(page(0), (vec![0, 1, 2], false, true));
        assert_eq!(page(50), (vec![50, 51, 52], false, true));
        assert_eq!(page(98), (vec![98, 99], true, false));
        assert_eq!(page(1_000), (vec![], true, false));
        let both = Some(seal().close("tx\0y"));
        assert_eq!(Begin::read(seal(), both.as_deref(), Some(1)).map_err(|fault| fault.code), Err("cursor_invalid"));
    }

    #[test]
    fn a_strange_cursor_is_refused() {
        for place in ["x", "", "n0", "n00000000000000010000000", "tno end"] {
            assert_eq!(Begin::read(seal(), Some(&seal().close(place)), None).map_err(|fault| fault.code), Err("cursor_invalid"), "{place}");
        }
    }
}

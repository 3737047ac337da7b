//! Sorted rows, cut into pages that hold however the list changes in between.

use crate::model::{Fault, FaultClass, Time};

use super::super::answer::Page;

/// Rows sorted by a key, cut into a page.
///
/// The cursor is the place behind the last row of the page: the key and id of that row, so that a page holds however the
/// lists change in between.
pub(super) struct Sorted<R> {
    rows: Vec<(String, R)>,
}

impl<R> Sorted<R> {
    /// Sorts items by `key` and then by id; `key` gives text whose byte order is the order that is wanted.
    pub(super) fn new(items: impl Iterator<Item = (String, R)>, descending: bool) -> Self {
        let mut rows: Vec<(String, R)> = items.collect();
        if descending {
            rows.sort_by(|(a, _), (b, _)| split(b).0.cmp(split(a).0).then_with(|| split(a).1.cmp(split(b).1)));
        } else {
            rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        Self { rows }
    }

    /// The page behind a cursor, each row made by `row`.
    pub(super) fn page<T>(self, cursor: Option<&str>, limit: usize, descending: bool, row: impl Fn(R) -> T) -> Result<Page<T>, Fault> {
        let total = self.rows.len() as u64;
        let begin = match cursor {
            None => 0,
            Some(cursor) => {
                let last = decode(cursor).ok_or_else(|| {
                    Fault::new(FaultClass::Invalid, "cursor_invalid", format!("expected a cursor of an earlier answer, found `{cursor}`"))
                        .with_hint("leave the cursor out to begin with the first page")
                })?;
                self.rows.partition_point(|(key, _)| !behind(key, &last, descending))
            }
        };
        let complete = begin + limit >= self.rows.len();
        let page: Vec<(String, R)> = self.rows.into_iter().skip(begin).take(limit).collect();
        let cursor = page.last().filter(|_| !complete).map(|(key, _)| encode(key));
        Ok(Page { value: page.into_iter().map(|(_, item)| row(item)).collect(), total, complete, cursor })
    }
}

/// Key and id of a sort key, which are joined by a NUL.
fn split(key: &str) -> (&str, &str) {
    key.split_once('\0').unwrap_or((key, ""))
}

fn behind(key: &str, last: &str, descending: bool) -> bool {
    let ((a, id), (b, last_id)) = (split(key), split(last));
    let order = if descending { b.cmp(a) } else { a.cmp(b) };
    order.then_with(|| id.cmp(last_id)).is_gt()
}

fn encode(key: &str) -> String {
    key.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn decode(cursor: &str) -> Option<String> {
    let digits = cursor.as_bytes();
    if digits.len() % 2 != 0 || !cursor.is_ascii() {
        return None;
    }
    let bytes = digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

/// Text whose byte order is the order of times; an absent time comes before all.
pub(super) fn time_key(time: Option<Time>) -> String {
    time.map_or_else(String::new, |time| format!("{:020}", i128::from(time.micros()) - i128::from(Time::MIN.micros())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_everything_once_in_both_directions() {
        let keys = ["b\0 1", "a\0 2", "a\0 1", "\0 3", "c\0 9"];
        let expected = [["\0 3", "a\0 1", "a\0 2", "b\0 1", "c\0 9"], ["c\0 9", "b\0 1", "a\0 1", "a\0 2", "\0 3"]];
        for (descending, expected) in [(false, expected[0]), (true, expected[1])] {
            let mut found = Vec::new();
            let mut cursor: Option<String> = None;
            loop {
                let sorted = Sorted::new(keys.iter().map(|key| ((*key).to_owned(), *key)), descending);
                let page = sorted.page(cursor.as_deref(), 2, descending, |key| key).expect("the cursor is good");
                assert_eq!(page.total, 5);
                found.extend(page.value);
                cursor = page.cursor;
                if page.complete {
                    break;
                }
            }
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_strange_cursor_is_refused() {
        for cursor in ["x", "zz", "é", "ff"] {
            let sorted = Sorted::new(std::iter::once((String::new(), ())), false);
            assert_eq!(sorted.page(Some(cursor), 1, false, |()| ()).map_err(|fault| fault.code), Err("cursor_invalid"), "{cursor}");
        }
    }
}

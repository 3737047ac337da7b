//! Where a text stands in another, and how often.

use arrow::array::ArrayRef;

use super::super::matching::listed;
use super::super::matching::term_needle;
use super::super::{Arguments, KernelError, regexes};

type Result = std::result::Result<ArrayRef, KernelError>;

pub(super) fn index_of(call: &Arguments) -> Result {
    let (texts, searched) = (call.text_column(0), call.text_column(1));
    Ok(call.longs(|row| {
        let searched = searched.value(row);
        // Occurrences overlap: the next one may start at the next letter.
        let first = searched.chars().next().map_or(1, char::len_utf8);
        place_of(call, row, texts.value(row), false, |text| text.find(searched).map(|at| (at, at + first)))
    }))
}

/// The place at which `find` sees an occurrence, counted in letters: -1 if it sees none, null if start, length or occurrence, the arguments from
/// the third on, are out of range. The length holds for the search of each occurrence. `find` gives the place and from where to search on.
pub(in super::super) fn place_of(
    call: &Arguments,
    row: usize,
    text: &str,
    refuses_negative: bool,
    find: impl Fn(&str) -> Option<(usize, usize)>,
) -> Option<i64> {
    let given = |argument: usize, otherwise: i64| if call.len() > argument { call.long(argument, row) } else { Some(otherwise) };
    let (start, length, occurrence) = (given(2, 0)?, given(3, -1)?, given(4, 1)?);
    if (refuses_negative && start < 0) || length < -1 || occurrence < 1 {
        return None;
    }
    let letters = i64::try_from(text.chars().count()).ok()?;
    let first = if start < 0 { (letters + start).max(0) } else { start };
    let byte =
        |text: &str, letter: i64| text.char_indices().nth(usize::try_from(letter).unwrap_or(usize::MAX)).map_or(text.len(), |(at, _)| at);
    if first > letters {
        return Some(-1);
    }
    let mut from = byte(text, first);
    for left in (0..occurrence).rev() {
        let Some(rest) = text.get(from..) else { return Some(-1) };
        let range = if length < 0 { rest } else { &rest[..byte(rest, length)] };
        match find(range) {
            None => return Some(-1),
            Some((at, _)) if left == 0 => return i64::try_from(text[..from + at].chars().count()).ok(),
            Some((_, next)) => from += next,
        }
    }
    None
}

/// All places where a text starts in another, overlaps included.
fn starts<'a>(text: &'a str, searched: &'a str) -> impl Iterator<Item = usize> + 'a {
    let mut from = Some(0);
    std::iter::from_fn(move || {
        let start = from?;
        let at = start + text.get(start..)?.find(searched)?;
        from = text[at..].chars().next().map(|letter| at + letter.len_utf8());
        Some(at)
    })
}

pub(super) fn count_of(call: &Arguments) -> Result {
    let (texts, searched) = (call.text_column(0), call.text_column(1));
    let is_regex = match if call.len() > 2 { call.text(2, 0) } else { "normal" } {
        "normal" => false,
        "regex" => true,
        other => return Err(KernelError::new(format!("expected `normal` or `regex` as kind of countof(), found `{other}`"))),
    };
    if !is_regex {
        let count = |row: usize| {
            let searched = searched.value(row);
            if searched.is_empty() { 0 } else { starts(texts.value(row), searched).count() }
        };
        return Ok(call.longs(|row| i64::try_from(count(row)).ok()));
    }
    let counts = (0..call.rows).map(|row| regexes::count(texts.value(row), searched.value(row)));
    let counts = counts.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(call.longs(|row| i64::try_from(counts[row]).ok()))
}

pub(super) fn has_any_index(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    let mut buffer = String::new();
    let place = |found: Option<usize>| Some(found.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1));
    if call.constant_from(1) {
        let listed = listed(call, 1, 0);
        let needles: Vec<_> = listed.iter().map(|text| term_needle(text)).collect();
        return Ok(call.longs(|row| place(needles.iter().position(|needle| needle.matches(texts.value(row), &mut buffer)))));
    }
    Ok(call.longs(|row| place(listed(call, 1, row).iter().position(|text| term_needle(text).matches(texts.value(row), &mut buffer)))))
}

//! `substring` and `split`.

use arrow::array::ArrayRef;

use super::super::super::values::write;
use super::super::{Arguments, KernelError};

type Result = std::result::Result<ArrayRef, KernelError>;

pub(super) fn substring(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.texts(|row| {
        let length = if call.len() > 2 { call.long(2, row)? } else { i64::MAX };
        part(texts.value(row), call.long(1, row)?, length)
    }))
}

/// So many letters from a place on; nothing if there is no such place.
fn part(text: &str, start: i64, length: i64) -> Option<&str> {
    let length = usize::try_from(length).ok()?;
    if text.is_ascii() {
        let start = from_end(start, || text.len())?;
        return text.get(start..start.saturating_add(length).min(text.len()));
    }
    let start = from_end(start, || text.chars().count())?;
    let rest = skipped(text, start)?;
    let end = rest.char_indices().nth(length).map_or(rest.len(), |(at, _)| at);
    Some(&rest[..end])
}

/// A place that may be counted from the end.
fn from_end(place: i64, length: impl FnOnce() -> usize) -> Option<usize> {
    match usize::try_from(place) {
        Ok(place) => Some(place),
        Err(_) => length().checked_sub(usize::try_from(place.unsigned_abs()).ok()?),
    }
}

fn skipped(text: &str, letters: usize) -> Option<&str> {
    let mut rest = text.chars();
    match letters.checked_sub(1) {
        Some(last) => rest.nth(last).map(|_| rest.as_str()),
        None => Some(text),
    }
}

pub(super) fn split(call: &Arguments) -> Result {
    let (texts, delimiters) = (call.text_column(0), call.text_column(1));
    Ok(call.jsons(|row| {
        let (text, delimiter) = (texts.value(row), delimiters.value(row));
        let wanted = if call.len() > 2 { Some(call.long(2, row)?) } else { None };
        let piece = |index: i64| text.split(delimiter).nth(usize::try_from(index).ok()?);
        Some(match wanted {
            None if delimiter.is_empty() => write::json_strings([text]),
            None => write::json_strings(text.split(delimiter)),
            Some(index) => write::json_strings(piece(index)),
        })
    }))
}

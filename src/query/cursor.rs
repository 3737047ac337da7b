//! Cursors: where a page ended, sealed with the question that it belongs to. Knows no list and no order of its own.
//!
//! A cursor names a place (what the last row is sorted by, and its id), never a number of rows, and the next page begins behind it. So a
//! row that keeps its place comes exactly once, whatever comes or goes while somebody pages. A row whose place changes meanwhile stands
//! where it belongs by then: an incident that is modified between two pages of a list by `modified` may come twice or not at all.

use std::cmp::Reverse;
use std::fmt::Debug;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Context;
use crate::model::{Fault, FaultClass, Time};

/// Bytes of the check sum and of the mark before the place.
const HEAD: usize = 8;
/// Characters of a bad cursor that an error shows.
const SHOWN: usize = 64;

/// What the cursors of one question have in common: its data directory, its name and everything asked but the size of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal(u32);

impl Seal {
    /// The seal of a question; `asked` is the request without what may differ from page to page.
    pub fn of(context: &Context, question: &str, asked: &impl Debug) -> Self {
        Self::new(context.directory, question, asked)
    }

    /// The seal of a question about the data directory that `directory` stands for.
    pub fn new(directory: u32, question: &str, asked: &impl Debug) -> Self {
        Self(crc32c::crc32c_append(directory, format!("{question} {asked:?}").as_bytes()))
    }

    /// The cursor of a place.
    pub fn close(self, place: &str) -> String {
        let mut bytes = vec![0; 4];
        bytes.extend_from_slice(&self.0.to_le_bytes());
        bytes.extend_from_slice(place.as_bytes());
        let check = crc32c::crc32c(&bytes[4..]).to_le_bytes();
        bytes[..4].copy_from_slice(&check);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place of a cursor, if it is whole and belongs to this question.
    pub fn open(self, cursor: &str) -> Result<String, Fault> {
        let (mark, place) = unpack(cursor).ok_or_else(|| invalid(cursor))?;
        if mark != self.0 {
            let message = "expected a cursor of this very question, found one of other filters, another order or another workspace";
            let hint = "send the parameters of the answer that the cursor came with (`limit` may differ), or leave the cursor out to begin \
                        with the first page";
            return Err(Fault::new(FaultClass::Invalid, "cursor_foreign", message).with_hint(hint));
        }
        Ok(place)
    }

    /// The place of a cursor, read by `read`; none if there is no cursor.
    pub fn place<T>(self, cursor: Option<&str>, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Fault> {
        cursor.map(|cursor| read(&self.open(cursor)?).ok_or_else(|| invalid(cursor))).transpose()
    }
}

/// The place of a thing in a list of the newest ones first, by id among those of one instant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Newest(Reverse<Option<Time>>, String);

impl Newest {
    /// The place of what was made at an instant.
    pub fn of(created: Option<Time>, id: &str) -> Self {
        Self(Reverse(created), id.to_owned())
    }

    /// The place as text.
    pub fn write(&self) -> String {
        let time = self.0.0.map_or(String::new(), |time| time.micros().to_string());
        format!("{time}.{}", self.1)
    }

    /// Reads [`Self::write`].
    pub fn read(text: &str) -> Option<Self> {
        let (time, id) = text.split_once('.')?;
        let time = if time.is_empty() { None } else { Some(Time::from_micros(time.parse().ok()?)) };
        Some(Self::of(time, id))
    }
}

fn unpack(cursor: &str) -> Option<(u32, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (head, place) = bytes.split_at_checked(HEAD)?;
    let number = |from: usize| Some(u32::from_le_bytes(head[from..from + 4].try_into().ok()?));
    if crc32c::crc32c(&bytes[4..]) != number(0)? {
        return None;
    }
    Some((number(4)?, std::str::from_utf8(place).ok()?.to_owned()))
}

/// The error of a text that is no cursor, or a damaged one.
fn invalid(cursor: &str) -> Fault {
    let shown: String = cursor.chars().take(SHOWN).collect();
    Fault::new(FaultClass::Invalid, "cursor_invalid", format!("expected a whole cursor of an earlier answer, found `{shown}`"))
        .with_hint("copy it whole, or leave it out to begin with the first page")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_under_its_own_seal() {
        let seal = Seal::new(1, "alerts", &("High", "title"));
        for place in ["", "n.1.2.alert:é", "\0"] {
            assert_eq!(seal.open(&seal.close(place)).as_deref(), Ok(place));
        }
        let others = [
            Seal::new(2, "alerts", &("High", "title")),
            Seal::new(1, "incidents", &("High", "title")),
            Seal::new(1, "alerts", &("Low", "title")),
        ];
        for other in others {
            assert_eq!(seal.open(&other.close("x")).map_err(|fault| fault.code), Err("cursor_foreign"));
        }
    }

    #[test]
    fn a_damaged_cursor_is_told_from_a_foreign_one() {
        let seal = Seal::new(1, "alerts", &());
        let good = seal.close("n.1.2.alert:a");
        let mut damaged: Vec<String> = (0..good.len()).map(|cut| good[..cut].to_owned()).collect();
        damaged.extend((0..good.len()).map(|at| {
            let other = if good.as_bytes()[at] == b'A' { 'B' } else { 'A' };
            format!("{}{other}{}", &good[..at], &good[at + 1..])
        }));
        damaged.extend(["x", "é", "====", "%"].map(str::to_owned));
        for cursor in damaged {
            let fault = seal.open(&cursor).expect_err(&cursor);
            assert_eq!((fault.code, fault.hint.is_some()), ("cursor_invalid", true), "{cursor}");
        }
    }
}

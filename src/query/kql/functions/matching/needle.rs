//! Finds one text in many: a needle is prepared once, then asked of each row.
//!
//! A needle of ASCII letters is searched in the bytes as they are. One with other letters is searched in the text without case, which is built
//! in a buffer that the rows share.

use std::borrow::Cow;

use super::fold::{self, push_folded};

/// How a text must stand in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Relation {
    /// It is the other.
    Equal,
    /// Anywhere.
    Contained,
    /// At the start.
    Start,
    /// At the end.
    End,
    /// With both ends at edges of terms.
    Term,
    /// With its start at the edge of a term.
    TermStart,
    /// With its end at the edge of a term.
    TermEnd,
}

/// Whether capitals and small letters differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Case {
    /// They do.
    Sensitive,
    /// They do not.
    Folded,
}

/// Positions that are looked at together.
const BLOCK: usize = 16;

/// A text to search for.
#[derive(Debug)]
pub(in super::super) struct Needle<'a> {
    relation: Relation,
    /// Folded unless case matters.
    text: Cow<'a, str>,
    /// Whether the bytes of the haystack are compared without the case of ASCII letters.
    ascii_fold: bool,
    /// Whether the haystack is folded before the search.
    folds_haystack: bool,
    probes: [Probe; 2],
}

/// A byte of the needle that is looked for first.
#[derive(Clone, Copy, Debug, Default)]
struct Probe {
    at: usize,
    /// Bits set before the comparison: the one that makes a letter small.
    mask: u8,
    value: u8,
}

impl<'a> Needle<'a> {
    pub(in super::super) fn new(text: &'a str, relation: Relation, case: Case) -> Self {
        let is_ascii = text.is_ascii();
        let text = match case {
            Case::Sensitive => Cow::Borrowed(text),
            Case::Folded if is_ascii && !text.bytes().any(|byte| byte.is_ascii_uppercase()) => Cow::Borrowed(text),
            Case::Folded => {
                let mut folded = String::with_capacity(text.len());
                push_folded(&mut folded, text);
                Cow::Owned(folded)
            }
        };
        let ascii_fold = case == Case::Folded && is_ascii;
        let probes = probes(text.as_bytes(), ascii_fold);
        Self { relation, text, ascii_fold, folds_haystack: case == Case::Folded && !is_ascii, probes }
    }

    /// Whether the needle stands in the text as its relation says. The buffer is for use inside.
    pub(in super::super) fn matches(&self, haystack: &str, buffer: &mut String) -> bool {
        if !self.folds_haystack {
            return self.stands_in(haystack);
        }
        // ASCII holds no letter that folds to one outside.
        if haystack.is_ascii() {
            return false;
        }
        buffer.clear();
        push_folded(buffer, haystack);
        self.stands_in(buffer)
    }

    fn stands_in(&self, haystack: &str) -> bool {
        let (bytes, length) = (haystack.as_bytes(), self.text.len());
        match self.relation {
            Relation::Equal => bytes.len() == length && self.is_at(bytes, 0),
            Relation::Start => bytes.len() >= length && self.is_at(bytes, 0),
            Relation::End => bytes.len() >= length && self.is_at(bytes, bytes.len() - length),
            Relation::Contained if !self.ascii_fold => haystack.contains(self.text.as_ref()),
            Relation::Contained => self.find(bytes, 0).is_some(),
            Relation::Term | Relation::TermStart | Relation::TermEnd => {
                let mut from = 0;
                while let Some(at) = self.find(bytes, from) {
                    let starts = self.relation == Relation::TermEnd || is_edge(haystack, at);
                    if starts && (self.relation == Relation::TermStart || is_edge(haystack, at + length)) {
                        return true;
                    }
                    from = at + 1;
                }
                // The empty needle stands everywhere, also where no edge is.
                length == 0
            }
        }
    }

    /// The first place from `from` on where the needle stands.
    fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let last = bytes.len().checked_sub(self.text.len())?;
        let [first, second] = self.probes;
        let is_hit = |a: u8, b: u8| ((a | first.mask) == first.value) & ((b | second.mask) == second.value);
        if self.text.is_empty() {
            return (from <= last).then_some(from);
        }
        let (firsts, seconds) = (bytes.get(first.at..)?, bytes.get(second.at..)?);
        let places = last + 1;
        if places - from.min(places) < BLOCK {
            return (from..places).find(|place| is_hit(firsts[*place], seconds[*place]) && self.is_at(bytes, *place));
        }
        let mut at = from;
        loop {
            let found = self.find_in_block(bytes, at, firsts[at..].first_chunk()?, seconds[at..].first_chunk()?);
            if found.is_some() || at + BLOCK >= places {
                return found;
            }
            // The last block overlaps the one before, so that no place is left over.
            at = (at + BLOCK).min(places - BLOCK);
        }
    }

    fn find_in_block(&self, bytes: &[u8], at: usize, a: &[u8; BLOCK], b: &[u8; BLOCK]) -> Option<usize> {
        let [first, second] = self.probes;
        // Zero where both bytes are right; one answer for the whole block, so that it is computed side by side.
        let mut misses = [0_u8; BLOCK];
        for (miss, (a, b)) in misses.iter_mut().zip(a.iter().zip(b)) {
            *miss = ((a | first.mask) ^ first.value) | ((b | second.mask) ^ second.value);
        }
        if misses.iter().fold(u8::MAX, |least, miss| least.min(*miss)) > 0 {
            return None;
        }
        misses.iter().enumerate().filter(|(_, miss)| **miss == 0).map(|(place, _)| at + place).find(|place| self.is_at(bytes, *place))
    }

    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        let (found, needle) = (&bytes[at..at + self.text.len()], self.text.as_bytes());
        if self.ascii_fold { found.eq_ignore_ascii_case(needle) } else { found == needle }
    }
}

/// The two bytes that occur least often in texts.
fn probes(needle: &[u8], ascii_fold: bool) -> [Probe; 2] {
    let probe = |at: usize| {
        let is_letter = ascii_fold && needle[at].is_ascii_lowercase();
        Probe { at, mask: if is_letter { 0x20 } else { 0 }, value: needle[at] }
    };
    // A byte that is no letter is rare as well, but `|` with a mask of none is exact.
    let mut best: [Option<(u8, usize)>; 2] = [None; 2];
    for (at, byte) in needle.iter().enumerate() {
        let rank = Some((frequency(*byte), at));
        if best[0].is_none() || rank < best[0] {
            best = [rank, best[0]];
        } else if best[1].is_none() || rank < best[1] {
            best[1] = rank;
        }
    }
    match best {
        [Some((_, a)), Some((_, b))] => [probe(a), probe(b)],
        [Some((_, a)), None] => [probe(a), probe(a)],
        _ => [Probe::default(); 2],
    }
}

/// How often a byte occurs in logs, roughly.
fn frequency(byte: u8) -> u8 {
    match byte.to_ascii_lowercase() {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b' ' => 9,
        b'.' | b'/' | b'\\' | b'0' | b'1' | b'2' | b'-' => 8,
        b'c' | b'd' | b'l' | b'm' | b'p' | b'u' | b'h' => 7,
        b'3'..=b'9' | b'f' | b'g' | b'w' | b'b' | b'y' | b':' | b'_' | b'"' | b',' => 5,
        b'k' | b'v' | b'x' => 3,
        _ => 1,
    }
}

/// Whether the letters on the two sides of a place do not belong to one term.
fn is_edge(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at(at);
    let joins = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    !(joins(before.chars().next_back()) && joins(after.chars().next()))
}

/// The terms of a text: its longest runs of letters and digits.
pub(in super::super) fn terms(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|term| !term.is_empty())
}

/// Whether a needle is one whole term.
pub(in super::super) fn is_term(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_alphanumeric)
}

/// A text without case, to be looked up among others.
pub(in super::super) fn folded(text: &str) -> String {
    text.chars().map(fold::fold).collect()
}

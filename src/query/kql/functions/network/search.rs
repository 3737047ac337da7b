//! Addresses inside texts: `has_ipv4` and its kin.

use super::address::dotted;

/// An address or the beginning of one, to be found in texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sought {
    bits: u32,
    /// How many of the four numbers are given.
    parts: u32,
}

impl Sought {
    /// A whole address.
    pub(super) fn address(text: &str) -> Option<Self> {
        Some(Self { bits: dotted(text)?, parts: 4 })
    }

    /// A whole address, or its first numbers with a dot behind.
    pub(super) fn prefix(text: &str) -> Option<Self> {
        let given = text.strip_suffix('.');
        let parts = given.map_or(4, |given| 1 + given.bytes().filter(|byte| *byte == b'.').count());
        match given {
            None => Self::address(text),
            Some(given) if parts < 4 => {
                let padded = format!("{given}{}", ".0".repeat(4 - parts));
                Some(Self { bits: dotted(&padded)?, parts: u32::try_from(parts).ok()? })
            }
            Some(_) => None,
        }
    }

    fn is(self, address: u32) -> bool {
        let shift = 32 - self.parts * 8;
        address >> shift == self.bits >> shift
    }
}

/// Whether one of those sought stands in a text, with neither letter nor digit beside it.
pub(super) fn has_any(text: &str, sought: &[Sought]) -> bool {
    !sought.is_empty() && addresses(text).any(|address| sought.iter().any(|sought| sought.is(address)))
}

/// The addresses in a text.
fn addresses(text: &str) -> impl Iterator<Item = u32> + '_ {
    let is_part = |letter: char| letter.is_ascii_digit() || letter == '.';
    let mut rest = text;
    let mut before = None;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find(|letter: char| letter.is_ascii_digit())?;
            let before_it = rest[..start].chars().next_back().or(before);
            let run = &rest[start..];
            let end = run.find(|letter: char| !is_part(letter)).unwrap_or(run.len());
            let (run, behind) = run.split_at(end);
            rest = behind;
            before = run.chars().next_back();
            let is_alone = !before_it.is_some_and(char::is_alphanumeric) && !behind.chars().next().is_some_and(char::is_alphanumeric);
            // A sentence may end behind an address.
            if is_alone && let Some(address) = dotted(run.trim_end_matches('.')) {
                return Some(address);
            }
        }
    })
}

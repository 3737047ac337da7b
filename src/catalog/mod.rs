//! The only owner of names and types: tables, columns, entity kinds and their identifiers, relations, tactics and
//! techniques. Parsed once from `schema/`; never reads a document.

pub mod attack;
pub mod entities;
pub mod relations;
pub mod sentences;
pub mod tables;

/// Folds a name for comparison: ASCII lower case, without `-`, `_`, `.` and blanks; at most `N` bytes.
///
/// Works on the stack, because it runs for every property of every entity.
#[derive(Clone, Copy)]
pub(crate) struct Folded<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Folded<N> {
    /// Folds `text`; none if what remains is longer than `N`.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut folded = Self { bytes: [0; N], length: 0 };
        for byte in text.bytes() {
            if matches!(byte, b'-' | b'_' | b' ' | b'.') {
                continue;
            }
            *folded.bytes.get_mut(folded.length)? = byte.to_ascii_lowercase();
            folded.length += 1;
        }
        Some(folded)
    }

    /// The folded name.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

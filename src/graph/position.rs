//! The order of a node's edges, and places in it that outlive a snapshot.

/// Place of an edge in the order of a node's edges, for continuing behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EdgePosition {
    pub(super) time: i64,
    pub(super) seq: u64,
    /// Fingerprint of the identities at both ends.
    pub(super) ends: u64,
    pub(super) label: u64,
    pub(super) out: bool,
    pub(super) tie: u32,
}

impl EdgePosition {
    /// Returns the place as text, for a cursor.
    pub fn to_text(self) -> String {
        format!("{:x}.{:x}.{:x}.{:x}.{}.{:x}", self.time, self.seq, self.ends, self.label, u8::from(self.out), self.tie)
    }

    /// Reads [`Self::to_text`].
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut next = || u64::from_str_radix(parts.next()?, 16).ok();
        let position = Self {
            time: next()? as i64,
            seq: next()?,
            ends: next()?,
            label: next()?,
            out: next()? == 1,
            tie: u32::try_from(next()?).ok()?,
        };
        parts.next().is_none().then_some(position)
    }
}

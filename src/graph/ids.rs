//! Identifiers of the graph: nodes, documents, assertions, and instants as sort keys.
//!
//! Numbers are dense by arrival and mean something inside one snapshot only; nothing outside may keep them.

use std::fmt;
use std::hash::Hasher;

use crate::model::Time;

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// A thing that records name.
    Entity,
    /// An alert.
    Alert,
    /// An incident.
    Incident,
}

/// A node of one snapshot.
///
/// For an entity it is the group's representative; [`GraphSnapshot::canonical`](super::GraphSnapshot::canonical) maps any other
/// number of the group to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

/// Number of indices that a kind of node has room for.
pub(super) const INDEX_LIMIT: usize = 1 << 30;

impl NodeId {
    pub(super) const fn entity(index: u32) -> Self {
        Self(index)
    }

    pub(super) const fn alert(index: u32) -> Self {
        Self(index | 1 << 30)
    }

    pub(super) const fn incident(index: u32) -> Self {
        Self(index | 2 << 30)
    }

    pub(super) const fn raw(self) -> u32 {
        self.0
    }

    pub(super) const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// Returns what the node stands for.
    pub const fn kind(self) -> NodeKind {
        match self.0 >> 30 {
            0 => NodeKind::Entity,
            1 => NodeKind::Alert,
            _ => NodeKind::Incident,
        }
    }

    /// Returns the place of the node among those of its kind.
    pub const fn index(self) -> usize {
        (self.0 & ((1 << 30) - 1)) as usize
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}#{}", self.kind(), self.index())
    }
}

/// *No such number* in every column of numbers.
pub(super) const NONE: u32 = u32::MAX;

/// What stands behind an edge: a document (version or piece of an alert, version of an incident), or the aggregate of
/// the events of one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct By(pub(super) u32);

/// Unpacked [`By`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Doc(u32),
    Events(u32),
}

impl By {
    pub(super) const fn doc(doc: u32) -> Self {
        Self(doc)
    }

    pub(super) const fn events(aggregate: u32) -> Self {
        Self(aggregate | 1 << 31)
    }

    pub(super) const fn source(self) -> Source {
        if self.0 >> 31 == 0 { Source::Doc(self.0) } else { Source::Events(self.0 & !(1 << 31)) }
    }
}

/// Microseconds in the hour by which events are aggregated.
pub(super) const HOUR: i64 = 3_600_000_000;

/// *No time* in columns of microseconds; sorts before every instant.
pub(super) const NO_TIME: i64 = i64::MIN;

pub(super) fn micros(time: Option<Time>) -> i64 {
    time.map_or(NO_TIME, Time::micros)
}

pub(super) fn time(micros: i64) -> Option<Time> {
    (micros != NO_TIME).then(|| Time::from_micros(micros))
}

/// Returns the sort key of an instant: whole seconds since 1970, held inside 1 to `u32::MAX`; 0 means *no time*.
///
/// It never decreases as time grows; instants outside the years 1970 to 2106 share the outermost keys, and readers
/// compare exact times wherever keys are equal.
pub(super) fn sort_key(micros: i64) -> u32 {
    if micros == NO_TIME { 0 } else { micros.div_euclid(1_000_000).clamp(1, i64::from(u32::MAX)) as u32 }
}

/// Returns the first instant of the hour of `micros`.
pub(super) fn hour(micros: i64) -> i64 {
    if micros == NO_TIME { NO_TIME } else { micros.div_euclid(HOUR) * HOUR }
}

/// Mixes bytes into a 64-bit fingerprint that is the same in every run.
///
/// Used where an order must not depend on internal numbers. It is no defence against chosen collisions, so equality is
/// never decided by it.
pub(super) fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut print = Print::new(0x9E37_79B9_7F4A_7C15);
    parts.into_iter().for_each(|part| print.write(part.as_bytes()));
    print.finish()
}

/// Bytes and numbers mixed into 64 bits, the same in every run that begins with the same seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print(u64);

impl Print {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn mix(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word) * 0xA076_1D64_78BD_642F_u128;
        self.0 = ((wide >> 64) as u64 ^ wide as u64).rotate_left(23).wrapping_add(0x5851_F42D_4C95_7F2D);
    }
}

impl Hasher for Print {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.mix(u64::from_le_bytes(word));
        }
        // Zeros behind the end would be none of the text.
        self.mix(bytes.len() as u64 | 1 << 63);
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(number.into());
    }

    fn write_u16(&mut self, number: u16) {
        self.mix(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sort_keys_follow_time_over_the_whole_range() {
        let times = [NO_TIME, Time::MIN.micros(), -1, 0, 999_999, 1_000_000, 2_000_000, 1_619_620_290_021_000, Time::MAX.micros()];
        let keys: Vec<u32> = times.iter().map(|t| sort_key(*t)).collect();
        assert_eq!(keys, [0, 1, 1, 1, 1, 1, 2, 1_619_620_290, u32::MAX]);
    }

    #[test]
    fn node_numbers_keep_kind_and_index() {
        for (node, kind) in
            [(NodeId::entity(7), NodeKind::Entity), (NodeId::alert(7), NodeKind::Alert), (NodeId::incident(7), NodeKind::Incident)]
        {
            assert_eq!((node.kind(), node.index(), NodeId::from_raw(node.raw())), (kind, 7, node));
        }
    }

    #[test]
    fn a_fingerprint_is_for_good() {
        // Computed by hand from the definition: names of entities stand in order by it, in cursors too.
        assert_eq!(fingerprint([]), 0x9E37_79B9_7F4A_7C15);
        let word = |state: u64, word: u64| {
            let wide = u128::from(state ^ word) * 0xA076_1D64_78BD_642F_u128;
            ((wide >> 64) as u64 ^ wide as u64).rotate_left(23).wrapping_add(0x5851_F42D_4C95_7F2D)
        };
        let eight = word(0x9E37_79B9_7F4A_7C15, u64::from_le_bytes(*b"hostname"));
        let nine = word(eight, u64::from(b'='));
        assert_eq!(fingerprint(["hostname"]), word(eight, 8 | 1 << 63));
        assert_eq!(fingerprint(["hostname=", ""]), word(word(nine, 9 | 1 << 63), 1 << 63));
    }

    #[test]
    fn fingerprints_tell_parts_apart() {
        let all = [vec!["ab", "c"], vec!["a", "bc"], vec!["abc"], vec!["abc", ""], vec!["abc\0"], vec![]];
        let prints: std::collections::BTreeSet<u64> = all.iter().map(|p| fingerprint(p.iter().copied())).collect();
        assert_eq!(prints.len(), all.len());
    }
}

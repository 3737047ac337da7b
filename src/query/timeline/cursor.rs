//! The place of an item in a timeline, as a cursor that pages hold on to in both directions.

use std::cmp::Ordering;

use crate::model::Time;

use super::requests::TimelineItem;

/// Whether a page follows a place or comes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    On,
    Back,
}

/// The place of an item: by time, then the first document that spoke of it, then what it speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) way: Way,
    pub(super) time: Time,
    pub(super) seq: u64,
    pub(super) name: String,
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.time, self.seq, &self.name).cmp(&(other.time, other.seq, &other.name))
    }
}

impl Place {
    /// The place of an item; an undated one has none of its own.
    pub(super) fn of(item: &TimelineItem) -> Self {
        let name = format!("{}{}", item.kind, item.node.as_deref().unwrap_or_default());
        Self { way: Way::On, time: item.time.unwrap_or(Time::MIN), seq: item.place, name }
    }

    /// The place as text.
    pub(super) fn write(&self) -> String {
        let way = if self.way == Way::On { 'n' } else { 'p' };
        format!("{way}.{}.{}.{}", self.time.micros(), self.seq, self.name)
    }

    /// Reads [`Self::write`].
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '.');
        let way = match parts.next()? {
            "n" => Way::On,
            "p" => Way::Back,
            _ => return None,
        };
        let time = Time::from_micros(parts.next()?.parse().ok()?);
        Some(Self { way, time, seq: parts.next()?.parse().ok()?, name: parts.next()?.to_owned() })
    }
}

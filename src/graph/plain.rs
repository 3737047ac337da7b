//! Values as bytes of a snapshot file: each with a fixed form, little-endian.

use crate::model::{AlertStatus, Classification, IncidentStatus, Severity};

use super::column::TextRef;
use super::decision::Decision;
use super::entities::{AtomRow, Ring};
use super::index::Slot;
use super::instants::Instant;
use super::keys::{Holder, KeyRow, Way};
use super::nodes::{AlertRow, DocPlace, DocRow, IncidentRow, MentionTo, Traits};
use super::runs::{Link, Member, Mention};
use super::store::{EventsRow, Label, Mixed};

/// A value with a fixed place in the file.
pub(super) trait Plain: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(input: &mut &[u8]) -> Option<Self>;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Plain for $type {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(input: &mut &[u8]) -> Option<Self> {
                let (bytes, rest) = input.split_first_chunk()?;
                *input = rest;
                Some(Self::from_le_bytes(*bytes))
            }
        }
    )*};
}
numbers!(u8, u16, u32, u64, i64);

macro_rules! rows {
    ($($type:ident { $($field:ident),* })*) => {$(
        impl Plain for $type {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }

            fn take(input: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: Plain::take(input)?),* })
            }
        }
    )*};
}
rows! {
    TextRef { chunk, start, len }
    KeyRow { text, kind, holders, way, cut, joins, torn }
    Holder { atom, next }
    AtomRow { kind, held, strong, weak, label, ring, first, print }
    Ring { next, lead, size, joined, fixed }
    DocRow { node, next, mentions, standing, time, modified, place }
    MentionTo { atom, role }
    Traits { alert_type, product, provider, tactics, techniques, severity, status, is_incident }
    AlertRow { id, title, traits, start, end, created, modified, docs, current }
    IncidentRow {
        id, number, title, owner, provider, reason, tags, products, tactics, techniques, redirect, first, last, created, modified, closed,
        docs, current, severity, status, classification
    }
    Label { relation, rule, print }
    EventsRow { from, to, label, count, first, last, seq_min, seq_max, between }
    Instant { after, next }
    Mention { key, doc }
    Member { other, doc }
    Link { key, other, by, label }
    Mixed { version, pieces }
    Slot { mark, id }
}

impl Plain for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        Some(u8::take(input)? != 0)
    }
}

impl Plain for DocPlace {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        u64::take(input).map(Self)
    }
}

impl<T: Plain, const N: usize> Plain for [T; N] {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|value| value.put(out));
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        let values: Vec<T> = (0..N).map(|_| T::take(input)).collect::<Option<_>>()?;
        values.try_into().ok()
    }
}

impl<T: Plain> Plain for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        if bool::take(input)? { Some(Some(T::take(input)?)) } else { Some(None) }
    }
}

const CLASSIFICATIONS: [Classification; 4] =
    [Classification::TruePositive, Classification::BenignPositive, Classification::FalsePositive, Classification::Undetermined];

macro_rules! choices {
    ($($type:ty = $all:expr;)*) => {$(
        impl Plain for $type {
            fn put(&self, out: &mut Vec<u8>) {
                out.push($all.iter().position(|one| one == self).expect("the list holds every variant") as u8);
            }

            fn take(input: &mut &[u8]) -> Option<Self> {
                $all.get(usize::from(u8::take(input)?)).copied()
            }
        }
    )*};
}
choices! {
    Way = Way::ALL;
    Severity = Severity::ALL;
    AlertStatus = AlertStatus::ALL;
    IncidentStatus = IncidentStatus::ALL;
    Classification = CLASSIFICATIONS;
}

impl Plain for String {
    fn put(&self, out: &mut Vec<u8>) {
        put_text(self, out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        let len = usize::try_from(u64::take(input)?).ok()?;
        let (bytes, rest) = input.split_at_checked(len)?;
        *input = rest;
        String::from_utf8(bytes.to_vec()).ok()
    }
}

pub(super) fn put_text(text: &str, out: &mut Vec<u8>) {
    (text.len() as u64).put(out);
    out.extend_from_slice(text.as_bytes());
}

impl Plain for Decision {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Split((kind, key)) => (0u8.put(out), kind.put(out), key.put(out)).0,
            Self::Merge(a, b) => {
                1u8.put(out);
                for text in [&a.0, &a.1, &b.0, &b.1] {
                    text.put(out);
                }
            }
            Self::Undo(seq) => (2u8.put(out), seq.put(out)).0,
        }
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        Some(match u8::take(input)? {
            0 => Self::Split((String::take(input)?, String::take(input)?)),
            1 => Self::Merge((String::take(input)?, String::take(input)?), (String::take(input)?, String::take(input)?)),
            2 => Self::Undo(u64::take(input)?),
            _ => return None,
        })
    }
}

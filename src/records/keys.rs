//! The keys and values of records: typed prefixes, texts that keep their order, small values. Reads and writes no store.

use bytes::Bytes;

use super::news::NewsClass;
use crate::model::Seq;

const DECISION: u8 = b'd';
const CHANGE: u8 = b'c';
const RESOURCE: u8 = b'r';
const SUPPRESSED: u8 = b's';
const LISTED: u8 = b'l';
const TARGET: u8 = b't';
const EVIDENCE: u8 = b'e';
const CHILD: u8 = b'p';
const NEWS: u8 = b'w';

/// The longest text that stands in a key as it is.
const TEXT_BYTES_MAX: usize = 400;

/// The last change of the chain of changes.
pub(super) fn last_change() -> Vec<u8> {
    vec![CHANGE]
}

/// All decisions of a kind.
pub(super) fn decisions(kind: &str) -> Vec<u8> {
    let mut key = vec![DECISION];
    push_text(kind, &mut key);
    key
}

/// All decisions about something.
pub(super) fn about(target: &str) -> Vec<u8> {
    let mut key = vec![TARGET];
    push_text(target, &mut key);
    key
}

/// All bookmarks that were ever evidence of an incident.
pub(super) fn evidence(incident: &str) -> Vec<u8> {
    let mut key = vec![EVIDENCE];
    push_text(incident, &mut key);
    key
}

/// All incidents that were ever under another.
pub(super) fn children(incident: &str) -> Vec<u8> {
    let mut key = vec![CHILD];
    push_text(incident, &mut key);
    key
}

/// The last change of a list or indicator.
pub(super) fn last_listed() -> Vec<u8> {
    vec![LISTED]
}

/// All versions of the resources of a kind whose ids begin with a text.
pub(super) fn resources_under(kind: &str, prefix: &str) -> Vec<u8> {
    let mut key = resources(kind);
    key.extend_from_slice(prefix.as_bytes());
    key
}

/// All alerts that a rule dismissed.
pub(super) fn suppressed(rule: &str) -> Vec<u8> {
    let mut key = vec![SUPPRESSED];
    push_text(rule, &mut key);
    key
}

/// All versions of all resources of a kind.
pub(super) fn resources(kind: &str) -> Vec<u8> {
    let mut key = vec![RESOURCE];
    push_text(kind, &mut key);
    key
}

/// All documents of a class of news, the latest first.
pub(super) fn news(class: NewsClass) -> Vec<u8> {
    vec![NEWS, class.code()]
}

/// Adds the number of a document to a key so that later ones come first.
pub(super) fn with_seq_down(mut key: Vec<u8>, seq: Seq) -> Vec<u8> {
    key.extend_from_slice(&(!seq.0).to_be_bytes());
    key
}

/// The number of a document at the end of such a key.
pub(super) fn seq_down_of(key: &[u8]) -> Option<Seq> {
    seq_of(key).map(|seq| Seq(!seq.0))
}

/// Adds a text to a key.
pub(super) fn with_text(mut key: Vec<u8>, text: &str) -> Vec<u8> {
    push_text(text, &mut key);
    key
}

/// Adds the number of a document to a key.
pub(super) fn with_seq(mut key: Vec<u8>, seq: Seq) -> Vec<u8> {
    key.extend_from_slice(&seq.0.to_be_bytes());
    key
}

/// The number of a document at the end of a key.
pub(super) fn seq_of(key: &[u8]) -> Option<Seq> {
    key.last_chunk().map(|bytes| Seq(u64::from_be_bytes(*bytes)))
}

/// Writes a text so that no key of one text is a prefix of another's; a very long one gets its tail hashed.
fn push_text(text: &str, key: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let (shown, whole) = if bytes.len() > TEXT_BYTES_MAX { (&bytes[..TEXT_BYTES_MAX], false) } else { (bytes, true) };
    for byte in shown {
        key.push(*byte);
        if *byte == 0 {
            key.push(0xff);
        }
    }
    if whole {
        key.extend_from_slice(&[0, 1]);
    } else {
        key.extend_from_slice(&[0, 2]);
        key.extend_from_slice(blake3::hash(bytes).as_bytes());
    }
}

/// The value under a rule: the document that dismissed the alert last, and the alert's id.
pub(super) fn dismissed_value(seq: Seq, id: &str) -> Bytes {
    [&seq.0.to_le_bytes(), id.as_bytes()].concat().into()
}

/// Reads a value under a rule.
pub(super) fn dismissed_of(value: &[u8]) -> Option<(Seq, String)> {
    let (seq, id) = value.split_first_chunk()?;
    Some((Seq(u64::from_le_bytes(*seq)), std::str::from_utf8(id).ok()?.to_owned()))
}

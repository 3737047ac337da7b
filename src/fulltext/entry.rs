//! What of a record is searchable: the neutral entry between the model and the index.
//!
//! An alert that comes in pieces is one entry: the newest whole version (if any) with what its pieces add. The parts stay
//! stored beside the joined entry, so that a later piece or version joins in the same way whatever the batches were.

use std::borrow::Cow;

use hashbrown::HashSet;
use serde::{Deserialize, Serialize};
use tantivy::TantivyDocument;

use crate::model::{Alert, Classification, Comment, Entity, Evidence, Incident, Keys, Kind, Owner, Severity, Time};

use super::schema::{DocKind, Field, Fields, alert_status_code, classification_code, incident_status_code, severity_code};
use super::tokens::squeeze;

/// Longest text in bytes that is searched and shown in one piece; the rest of a longer one stays in the journal only.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// The searchable side of one incident, alert or identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    #[serde(rename = "k")]
    pub(crate) kind: DocKind,
    #[serde(rename = "i")]
    pub(crate) id: String,
    #[serde(rename = "x", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) other_ids: Vec<String>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<i64>,
    #[serde(rename = "t", default, skip_serializing_if = "String::is_empty")]
    pub(crate) title: String,
    #[serde(rename = "d", default, skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<Owner>,
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) products: Vec<String>,
    #[serde(rename = "v", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) providers: Vec<String>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(crate) severity: Option<Severity>,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u64>,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub(crate) classification: Option<Classification>,
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tactics: Vec<Cow<'static, str>>,
    #[serde(rename = "h", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) techniques: Vec<String>,
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) entities: Vec<String>,
    /// Those of them that are no values of keys; what is read from the index has none.
    #[serde(skip)]
    pub(crate) own: Vec<String>,
    /// Hashes of the documents of entities that have the others.
    #[serde(skip)]
    pub(crate) names: Vec<u64>,
    #[serde(rename = "ek", default, skip_serializing_if = "Option::is_none")]
    pub(crate) entity_kind: Option<Kind>,
    #[serde(rename = "ey", default, skip_serializing_if = "no_keys")]
    pub(crate) keys: Keys,
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) comments: Vec<String>,
    #[serde(rename = "y", default, skip_serializing_if = "String::is_empty")]
    pub(crate) alert_type: String,
    #[serde(rename = "1", default, skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<Micros>,
    #[serde(rename = "2", default, skip_serializing_if = "Option::is_none")]
    pub(crate) modified: Option<Micros>,
    #[serde(rename = "3", default, skip_serializing_if = "Option::is_none")]
    pub(crate) first: Option<Micros>,
    #[serde(rename = "4", default, skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<Micros>,
    #[serde(rename = "q")]
    pub(crate) seq: u64,
}

/// A document that is ready for the index.
pub(crate) struct Made {
    pub(crate) document: TantivyDocument,
    /// Hash of what it says.
    pub(crate) content: u64,
    /// About how much memory it takes.
    pub(crate) bytes: usize,
}

/// An instant as a number in the stored JSON: quicker to write and read than its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Micros(pub(crate) i64);

impl Micros {
    pub(crate) fn time(self) -> Time {
        Time::from_micros(self.0)
    }
}

fn micros(time: Option<Time>) -> Option<Micros> {
    time.map(|time| Micros(time.micros()))
}

/// Whether nothing identifies the entity: then it has no document of its own.
pub(crate) fn no_keys(keys: &Keys) -> bool {
    keys.strong.is_empty() && keys.weak.is_empty()
}

/// The parts of an alert that comes in pieces.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parts {
    /// The newest whole version.
    pub(crate) whole: Option<Entry>,
    /// What the pieces say together.
    pub(crate) pieces: Option<Entry>,
}

impl Parts {
    /// Takes in a piece, or a newer whole version.
    pub(crate) fn take(&mut self, entry: Entry, partial: bool) {
        match (&mut self.pieces, partial) {
            (_, false) => self.whole = Some(entry),
            (Some(pieces), true) => pieces.fill(entry),
            (pieces @ None, true) => *pieces = Some(entry),
        }
    }

    /// The entry that readers see; `None` only before the first part.
    pub(crate) fn join(&self) -> Option<Entry> {
        match (&self.whole, &self.pieces) {
            (Some(whole), Some(pieces)) => {
                let mut entry = whole.clone();
                entry.fill(pieces.clone());
                Some(entry)
            }
            (one, other) => one.as_ref().or(other.as_ref()).cloned(),
        }
    }
}

impl Entry {
    fn empty(kind: DocKind, id: &str, seq: u64) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            other_ids: Vec::new(),
            number: None,
            title: String::new(),
            description: String::new(),
            tags: Vec::new(),
            owner: None,
            products: Vec::new(),
            providers: Vec::new(),
            severity: None,
            status: None,
            classification: None,
            tactics: Vec::new(),
            techniques: Vec::new(),
            entities: Vec::new(),
            own: Vec::new(),
            names: Vec::new(),
            entity_kind: None,
            keys: Keys::default(),
            comments: Vec::new(),
            alert_type: String::new(),
            created: None,
            modified: None,
            first: None,
            last: None,
            seq,
        }
    }

    /// The searchable side of an incident; `names` are the documents of its entities.
    pub(crate) fn of_incident(incident: &Incident, names: Vec<u64>, seq: u64) -> Self {
        let closing = incident.classification_comment.as_deref().into_iter().map(text);
        Self {
            other_ids: incident.provider_incident_id.iter().filter(|id| **id != incident.id).cloned().collect(),
            number: incident.number,
            title: text(&incident.title),
            description: text(&incident.description),
            tags: distinct(&incident.tags),
            owner: incident.owner.clone(),
            products: distinct(&incident.products),
            providers: Vec::from_iter((!incident.provider.is_empty()).then(|| incident.provider.clone())),
            severity: Some(incident.severity),
            status: Some(incident_status_code(incident.status)),
            classification: incident.classification,
            tactics: incident.tactics.clone(),
            techniques: incident.techniques.clone(),
            entities: entity_texts(&incident.entities),
            own: own_texts(&incident.entities),
            names,
            comments: incident.comments.iter().map(comment).chain(closing).filter(|comment| !comment.is_empty()).collect(),
            created: micros(incident.created),
            modified: micros(incident.modified),
            first: micros(incident.first_activity),
            last: micros(incident.last_activity),
            ..Self::empty(DocKind::Incident, &incident.id, seq)
        }
    }

    /// The searchable side of an alert or of a piece of one; `names` are the documents of its entities.
    pub(crate) fn of_alert(alert: &Alert, names: Vec<u64>, seq: u64) -> Self {
        let absent = alert.partial && alert.severity == Severity::Unknown;
        let mut providers: Vec<String> = Vec::new();
        for name in [&alert.provider, &alert.vendor] {
            if !name.is_empty() && !providers.contains(name) {
                providers.push(name.clone());
            }
        }
        let (mut entities, mut own) = (entity_texts(&alert.entities), own_texts(&alert.entities));
        if !alert.compromised_entity.is_empty() && !entities.contains(&alert.compromised_entity) {
            entities.push(text(&alert.compromised_entity));
            own.push(text(&alert.compromised_entity));
        }
        Self {
            other_ids: alert.vendor_original_id.iter().filter(|id| **id != alert.id).cloned().collect(),
            title: text(&alert.title),
            description: text(&alert.description),
            products: Vec::from_iter((!alert.product.is_empty()).then(|| alert.product.clone())),
            providers,
            severity: (!absent).then_some(alert.severity),
            status: Some(alert_status_code(alert.status)),
            tactics: alert.tactics.clone(),
            techniques: alert.techniques.clone(),
            entities,
            own,
            names,
            alert_type: text(&alert.alert_type),
            created: micros(alert.created),
            modified: micros(alert.modified),
            first: micros(alert.start),
            last: micros(alert.end),
            ..Self::empty(DocKind::Alert, &alert.id, seq)
        }
    }

    /// The searchable side of an identity.
    pub(crate) fn of_entity(entity: &Entity, identity: &str, seq: u64) -> Self {
        let mut entities = Vec::new();
        push_texts(entity, &mut entities, &mut HashSet::new());
        Self {
            title: text(&entity.label),
            own: own(entity).filter(|text| !text.is_empty() && !in_keys(text, &entity.keys)).map(text).collect(),
            entities,
            entity_kind: Some(entity.kind.clone()),
            keys: entity.keys.clone(),
            ..Self::empty(DocKind::Entity, identity, seq)
        }
    }

    /// Adds what a later part says: lists grow, everything else fills only what is absent.
    fn fill(&mut self, other: Self) {
        fn fill<T>(mine: &mut Option<T>, other: Option<T>) {
            if mine.is_none() {
                *mine = other;
            }
        }
        fn fill_text(mine: &mut String, other: String) {
            if mine.is_empty() {
                *mine = other;
            }
        }
        fn grow<T: PartialEq>(mine: &mut Vec<T>, other: Vec<T>) {
            for item in other {
                if !mine.contains(&item) {
                    mine.push(item);
                }
            }
        }
        fill(&mut self.number, other.number);
        fill_text(&mut self.title, other.title);
        fill_text(&mut self.description, other.description);
        fill(&mut self.owner, other.owner);
        fill(&mut self.severity, other.severity);
        fill(&mut self.status, other.status);
        fill(&mut self.classification, other.classification);
        fill_text(&mut self.alert_type, other.alert_type);
        fill(&mut self.created, other.created);
        fill(&mut self.modified, other.modified);
        fill(&mut self.first, other.first);
        fill(&mut self.last, other.last);
        grow(&mut self.other_ids, other.other_ids);
        grow(&mut self.tags, other.tags);
        grow(&mut self.products, other.products);
        grow(&mut self.providers, other.providers);
        grow(&mut self.tactics, other.tactics);
        grow(&mut self.techniques, other.techniques);
        grow(&mut self.comments, other.comments);
        let known: HashSet<&str> = self.entities.iter().map(String::as_str).collect();
        let mut new: Vec<String> = other.entities;
        new.retain(|text| !known.contains(text.as_str()));
        drop(known);
        self.entities.extend(new);
        self.seq = self.seq.max(other.seq);
    }

    /// The owner as facets count it.
    pub(crate) fn owner_shown(&self) -> Option<&str> {
        let owner = self.owner.as_ref()?;
        [&owner.name, &owner.upn, &owner.email].into_iter().find_map(|name| name.as_deref().filter(|name| !name.is_empty()))
    }

    /// Every way to name the owner.
    pub(crate) fn owner_texts(&self) -> impl Iterator<Item = &str> {
        let owner = self.owner.iter().flat_map(|owner| [&owner.name, &owner.upn, &owner.email, &owner.object_id]);
        owner.filter_map(|name| name.as_deref().filter(|name| !name.is_empty()))
    }

    /// Builds the document, `parts` beside it where the alert comes in pieces.
    pub(crate) fn document(&self, fields: &Fields, hash: u64, parts: Option<&Parts>) -> Made {
        let mut doc = TantivyDocument::new();
        let source = serde_json::to_vec(self).expect("an entry has text keys only");
        let parts = parts.map(|parts| serde_json::to_vec(parts).expect("an entry has text keys only"));
        doc.add_u64(fields.hash, hash);
        if self.kind != DocKind::Entity {
            doc.add_u64(fields.key, hash);
        }
        let content = hash64(&source);
        doc.add_u64(fields.content, content);
        doc.add_u64(fields.kind, self.kind.code());
        doc.add_u64(fields.seq, self.seq);
        // Pieces are read from the index to be joined, and what is read from there knows no names.
        self.add_texts(fields, &mut doc);
        let own = if parts.is_some() { &self.entities } else { &self.own };
        own.iter().for_each(|text| doc.add_text(fields.own, text));
        if parts.is_none() {
            self.names.iter().for_each(|name| doc.add_u64(fields.names, *name));
        }
        self.add_values(fields, &mut doc);
        doc.add_bytes(fields.source, &source);
        let bytes = source.len() + parts.as_ref().map_or(0, Vec::len);
        if let Some(parts) = parts {
            doc.add_u64(fields.pieced, 1);
            doc.add_bytes(fields.parts, &parts);
        }
        // Words and their stored form take about the same room.
        Made { document: doc, content, bytes: 256 + 2 * bytes }
    }

    fn add_texts(&self, fields: &Fields, doc: &mut TantivyDocument) {
        let mut add = |field, code: Field, texts: &mut dyn Iterator<Item = &str>| {
            let mut any = false;
            for text in texts.filter(|text| !text.is_empty()) {
                doc.add_text(field, text);
                any = true;
            }
            if any && code.column().is_none() {
                doc.add_u64(fields.has, code.code());
            }
        };
        add(fields.title, Field::Title, &mut std::iter::once(self.title.as_str()));
        add(fields.description, Field::Description, &mut std::iter::once(self.description.as_str()));
        add(fields.tag, Field::Tag, &mut self.tags.iter().map(String::as_str));
        add(fields.owner, Field::Owner, &mut self.owner_texts());
        add(fields.product, Field::Product, &mut self.products.iter().map(String::as_str));
        add(fields.provider, Field::Provider, &mut self.providers.iter().map(String::as_str));
        add(fields.technique, Field::Technique, &mut self.techniques.iter().map(String::as_str));
        add(fields.entity, Field::Entity, &mut key_values(&self.keys).map(capped));
        add(fields.comment, Field::Comment, &mut self.comments.iter().map(String::as_str));
        add(fields.alert_type, Field::Type, &mut std::iter::once(self.alert_type.as_str()));
    }

    fn add_values(&self, fields: &Fields, doc: &mut TantivyDocument) {
        if self.kind != DocKind::Entity {
            doc.add_text(fields.id, self.id.to_lowercase());
        }
        for id in &self.other_ids {
            doc.add_text(fields.id, id.to_lowercase());
        }
        if let Some(halves) = guid_halves(&self.id) {
            fields.guid.iter().zip(halves).for_each(|(field, half)| doc.add_u64(*field, half));
        }
        if let Some(owner) = self.owner_shown() {
            doc.add_text(fields.owner_shown, owner);
        }
        for tactic in &self.tactics {
            doc.add_text(fields.tactic, squeeze(tactic));
            doc.add_text(fields.tactic_shown, tactic);
        }
        if let Some(kind) = &self.entity_kind {
            doc.add_text(fields.entity_kind, kind.as_str().to_lowercase());
        }
        let codes = [
            (fields.severity, self.severity.map(severity_code)),
            (fields.status, self.status),
            (fields.classification, self.classification.map(classification_code)),
        ];
        for (field, value) in codes {
            if let Some(value) = value {
                doc.add_u64(field, value);
            }
        }
        let numbers = [
            (fields.number, self.number),
            (fields.created, self.created.map(|time| time.0)),
            (fields.modified, self.modified.map(|time| time.0)),
            (fields.first, self.first.map(|time| time.0)),
            (fields.last, self.last.map(|time| time.0)),
        ];
        for (field, value) in numbers {
            if let Some(value) = value {
                doc.add_i64(field, value);
            }
        }
        for (code, has) in [
            (Field::EntityKind, self.entity_kind.is_some()),
            (Field::Id, !self.id.is_empty()),
            // Those with keys have it already.
            (Field::Entity, no_keys(&self.keys) && !self.entities.is_empty()),
        ] {
            if has {
                doc.add_u64(fields.has, code.code());
            }
        }
    }
}

/// First eight bytes of BLAKE3: the same on every machine and not to be made to collide.
pub(crate) fn hash64(bytes: &[u8]) -> u64 {
    let hash = blake3::hash(bytes);
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
}

/// What names a document of the index.
pub(crate) fn document_hash(kind: DocKind, id: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_str().as_bytes());
    hasher.update(&[0]);
    hasher.update(id.as_bytes());
    u64::from_le_bytes(hasher.finalize().as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
}

/// The halves of an id that is a GUID in small letters; others are no numbers.
fn guid_halves(id: &str) -> Option<[u64; 2]> {
    let bytes = id.as_bytes();
    let is_guid = bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
        });
    let half = |parts: &[std::ops::Range<usize>]| {
        let digits: String = parts.iter().map(|part| &id[part.clone()]).collect();
        u64::from_str_radix(&digits, 16).ok()
    };
    is_guid.then(|| Some([half(&[0..8, 9..13, 14..18])?, half(&[19..23, 24..36])?])).flatten()
}

/// The GUID of two halves.
pub(crate) fn guid([upper, lower]: [u64; 2]) -> String {
    let (first, second, third) = (upper >> 32, upper >> 16 & 0xffff, upper & 0xffff);
    format!("{first:08x}-{second:04x}-{third:04x}-{:04x}-{:012x}", lower >> 48, lower & 0xffff_ffff_ffff)
}

/// The list without repeats: facets count a document once for each value.
fn distinct(list: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    list.iter().filter(|item| seen.insert(item.as_str())).cloned().collect()
}

fn text(text: &str) -> String {
    capped(text).to_owned()
}

fn comment(comment: &Comment) -> String {
    match comment.author.as_deref().filter(|author| !author.is_empty()) {
        Some(author) => text(&format!("{author}: {}", comment.message)),
        None => text(&comment.message),
    }
}

fn entity_texts(list: &[Evidence]) -> Vec<String> {
    let (mut texts, mut seen) = (Vec::with_capacity(2 * list.len()), HashSet::with_capacity(2 * list.len()));
    for evidence in list {
        push_texts(&evidence.entity, &mut texts, &mut seen);
    }
    texts
}

/// The texts of entities that the documents of these entities need not have: names and commands differ between mentions of
/// one identity, and what has no identity has no document.
fn own_texts(list: &[Evidence]) -> Vec<String> {
    let (mut texts, mut seen) = (Vec::new(), HashSet::new());
    for Evidence { entity, .. } in list {
        if no_keys(&entity.keys) {
            push_texts(entity, &mut texts, &mut seen);
            continue;
        }
        for one in own(entity).filter(|one| !one.is_empty() && !in_keys(one, &entity.keys)) {
            let one = capped(one);
            if seen.insert(one) {
                texts.push(one.to_owned());
            }
        }
    }
    texts
}

/// Whether a key's value gives all tokens of the text: it holds the text between its ends and marks that part tokens.
fn in_keys(text: &str, keys: &Keys) -> bool {
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '\\' | '/' | '|' | ';' | ',');
    key_values(keys).any(|value| {
        let mut starts = value.len().checked_sub(text.len()).into_iter().flat_map(|last| [0, last]);
        starts.any(|start| {
            let end = start + text.len();
            value.as_bytes()[start..end].eq_ignore_ascii_case(text.as_bytes())
                && value.get(..start).is_some_and(|before| before.chars().next_back().is_none_or(is_mark))
                && value.get(end..).is_some_and(|behind| behind.chars().next().is_none_or(is_mark))
        })
    })
}

/// The values of keys that say something to a person.
fn key_values(keys: &Keys) -> impl Iterator<Item = &str> {
    keys.strong.iter().chain(&keys.weak).filter(|key| !["content", "mention"].contains(&key.set())).map(|key| key.value())
}

/// What a mention says of an entity besides its keys: the label, and a process's command line.
fn own(entity: &Entity) -> impl Iterator<Item = &str> {
    std::iter::once(entity.label.as_str()).chain(entity.properties.get("CommandLine").and_then(|value| value.as_str()))
}

fn capped(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

/// Adds the words by which an entity is looked for: its label, the values of its keys, and a process's command line.
fn push_texts<'a>(entity: &'a Entity, texts: &mut Vec<String>, seen: &mut HashSet<&'a str>) {
    let mut own = own(entity);
    let all = own.next().into_iter().chain(key_values(&entity.keys)).chain(own);
    for one in all.filter(|text| !text.is_empty()) {
        let one = capped(one);
        if seen.insert(one) {
            texts.push(one.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Key;

    use super::*;

    #[test]
    fn a_text_is_in_the_keys_only_as_whole_tokens() {
        let keys =
            Keys { strong: vec![Key::new("directory+name", r"c:\tools\nc.exe")], weak: vec![Key::new("host+name", "www.evil.com|nc")] };
        for (text, expected) in [
            (r"C:\Tools\nc.exe", true),
            ("NC.exe", true),
            ("nc", true),
            ("www.evil.com", true),
            ("c.exe", false),
            ("evil.com", false),
            ("tools", false),
            ("www.evil.com|nc|x", false),
            ("é", false),
        ] {
            assert_eq!(in_keys(text, &keys), expected, "{text}");
        }
    }

    #[test]
    fn guids_come_back_from_their_halves() {
        let id = "00a3c2e1-0d5e-4f7a-0b1c-00000000f001";
        assert_eq!(guid_halves(id).map(guid).as_deref(), Some(id));
        for id in ["00A3C2E1-0d5e-4f7a-0b1c-00000000f001", "00a3c2e1-0d5e-4f7a-0b1c-00000000f0010", "00a3c2e10d5e4f7a0b1c00000000f001", ""]
        {
            assert_eq!(guid_halves(id), None, "{id}");
        }
    }
}

//! Keys of a list's entities: runs the rule of each kind, in the order in which entities need each other's keys.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use serde_json::Value;

use super::list::{Draft, Place};
use super::{account, host, normalise, things};
use crate::catalog::entities::EntityKind;
use crate::ingest::value;
use crate::model::{Entity, Key, Keys, Kind};

/// Properties by which a source names a thing of a kind that does not declare them.
const OWN_NAMES: [&str; 8] = ["Id", "Uid", "Guid", "Code", "Name", "DisplayName", "MergeByKey", "Value"];

/// Longest value that stands in a key as it is; longer ones are replaced by their digest.
const VALUE_BYTES: usize = 240;

/// The keys of one entity while they are being made.
#[derive(Default)]
pub(super) struct Sink {
    keys: Keys,
}

impl Sink {
    /// Adds a key that identifies alone.
    pub(super) fn strong(&mut self, set: &str, value: &str) {
        self.keys.strong.push(key(set, value));
    }

    /// Adds a key that identifies only together with others.
    pub(super) fn weak(&mut self, set: &str, value: &str) {
        self.keys.weak.push(key(set, value));
    }

    /// Where nothing identifies alone: keeps the keys of the first of the sets that is there, and of the one that it holds.
    pub(super) fn keep_surest(&mut self, sets: &[(&str, Option<&str>)]) {
        let weak = &mut self.keys.weak;
        if self.keys.strong.is_empty()
            && let Some((surest, inner)) = sets.iter().find(|(set, _)| weak.iter().any(|key| key.set() == *set))
        {
            weak.retain(|key| key.set() == *surest || Some(key.set()) == *inner);
        }
    }

    /// Whether nothing identifies alone so far.
    pub(super) fn is_weak(&self) -> bool {
        self.keys.strong.is_empty()
    }
}

fn key(set: &str, value: &str) -> Key {
    if value.len() <= VALUE_BYTES {
        // Hot path: one allocation of the exact size.
        let mut text = String::with_capacity(set.len() + 1 + value.len());
        text.push_str(set);
        text.push('=');
        text.push_str(value);
        return Key::from_text(text);
    }
    Key::new(set, &format!("blake3:{}", &blake3::hash(value.as_bytes()).to_hex()[..32]))
}

/// Makes the keys of all entities of a list; the time grows with the list, whatever refers to what.
pub(super) struct KeyMaker<'a> {
    drafts: &'a [Draft],
    keys: Vec<State>,
    hosts: Hosts<'a>,
}

/// The short names of the hosts of a list, each read when it is first asked for.
struct Hosts<'a> {
    drafts: &'a [Draft],
    names: Vec<(usize, OnceCell<Option<String>>)>,
    only: OnceCell<Option<usize>>,
    /// Whether anybody asked for the only one since this was last set.
    asked: Cell<bool>,
}

impl<'a> Hosts<'a> {
    fn new(drafts: &'a [Draft]) -> Self {
        let hosts = drafts.iter().enumerate().filter(|(_, draft)| draft.kind == Kind::HOST);
        let names = hosts.map(|(index, _)| (index, OnceCell::new())).collect();
        Self { drafts, names, only: OnceCell::new(), asked: Cell::new(false) }
    }

    fn name(&self, entry: usize) -> Option<&str> {
        let (index, name) = &self.names[entry];
        name.get_or_init(|| host::name_on(&self.drafts[*index])).as_deref()
    }

    /// The name of the one host that a list names.
    fn only(&self) -> Option<&str> {
        self.asked.set(true);
        let only = self.only.get_or_init(|| {
            let mut named = (0..self.names.len()).filter(|entry| self.name(*entry).is_some());
            let first = named.next()?;
            named.all(|entry| self.name(entry) == self.name(first)).then_some(first)
        });
        self.name((*only)?)
    }

    /// The name of the host that the `Host` of an entity refers to.
    fn of(&self, draft: &Draft) -> Option<&str> {
        let place = referred(self.drafts, draft, "Host")?;
        let entry = self.names.binary_search_by_key(&place.index(), |(index, _)| *index).ok()?;
        self.name(entry)
    }
}

enum State {
    New,
    /// Being made: an entity that needs itself, over others, does without.
    Open,
    Made(Keys),
    /// Made before.
    Known(Arc<Entity>),
}

/// References in identifier sets nest no deeper: container, pod, namespace, cluster, cloud resource.
const DEPTH: u8 = 8;

impl<'a> KeyMaker<'a> {
    pub(super) fn new(drafts: &'a [Draft]) -> Self {
        let mut keys = Vec::with_capacity(drafts.len());
        keys.resize_with(drafts.len(), || State::New);
        Self { drafts, keys, hosts: Hosts::new(drafts) }
    }

    /// The keys of all entities but those that are known.
    pub(super) fn make(mut self) -> Vec<Option<Keys>> {
        for index in 0..self.drafts.len() {
            self.make_one(index, DEPTH);
        }
        let made = self.keys.into_iter().map(|state| match state {
            State::Made(keys) => Some(keys),
            State::Known(_) => None,
            State::New | State::Open => Some(Keys::default()),
        });
        made.collect()
    }

    /// The keys of one entity, which is made known next.
    pub(super) fn one(&mut self, index: usize) -> Keys {
        self.hosts.asked.set(false);
        self.make_one(index, DEPTH);
        match std::mem::replace(&mut self.keys[index], State::Open) {
            State::Made(keys) => keys,
            State::New | State::Open | State::Known(_) => Keys::default(),
        }
    }

    /// Takes an entity as it was made before.
    pub(super) fn know(&mut self, index: usize, entity: &Arc<Entity>) {
        self.keys[index] = State::Known(Arc::clone(entity));
    }

    /// Whether the keys that [`one`](Self::one) gave may be others beside other hosts.
    pub(super) fn asked_for_only_host(&self) -> bool {
        self.hosts.asked.get()
    }

    /// The name of the one host of the list.
    pub(super) fn only_host(&self) -> Option<&str> {
        self.hosts.only()
    }

    fn make_one(&mut self, index: usize, depth: u8) {
        if !matches!(self.keys[index], State::New) {
            return;
        }
        self.keys[index] = State::Open;
        let drafts = self.drafts;
        let draft = &drafts[index];
        let mut sink = Sink::default();
        match draft.known.and_then(|kind| kind.rule) {
            Some("account") => account::keys(draft, self.hosts.of(draft), || self.hosts.only(), &mut sink),
            Some("host") => {
                host::keys(draft, &mut sink);
                if let Some(device) = self.referred_key(draft, "IoTDevice", depth) {
                    sink.strong("iotdevice", &device);
                }
            }
            Some("ip") => things::ip(draft, &mut sink),
            Some("url") => things::url(draft, &mut sink),
            Some("dns") => things::dns(draft, &mut sink),
            Some("file") => things::file(draft, drafts, &mut sink),
            Some("filehash") => things::filehash(draft, &mut sink),
            Some("process") => things::process(draft, drafts, self.hosts.of(draft), &mut sink),
            Some("registry-key") => things::registry_key(draft, &mut sink),
            Some("registry-value") => things::registry_value(draft, drafts, &mut sink),
            Some("service") => things::service(draft, self.hosts.of(draft), &mut sink),
            Some("azure-resource") => things::azure_resource(draft, &mut sink),
            Some("host-logon-session") => {
                let account = self.referred_key(draft, "Account", depth);
                things::session(draft, self.hosts.of(draft), account.as_deref(), &mut sink);
            }
            _ => match draft.known {
                Some(kind) => self.declared(draft, kind, depth, &mut sink),
                None => unknown(draft, &mut sink),
            },
        }
        if sink.keys.is_empty() && self.is_told_apart(draft, depth) {
            sink.keys.weak.push(self.content_key(draft, depth));
        }
        self.keys[index] = State::Made(sorted(sink.keys));
    }

    /// Keys as the catalog's sets say.
    fn declared(&mut self, draft: &Draft, kind: &'static EntityKind, depth: u8, sink: &mut Sink) {
        for set in &kind.strong {
            if let Some(value) = self.joined(draft, set, depth) {
                sink.strong(&set_name(set), &value);
            }
        }
        for set in &kind.weak {
            if let Some(value) = self.joined(draft, set, depth) {
                sink.weak(&set_name(set), &value);
            }
        }
    }

    /// The values of a set joined by `|`, if all are there.
    fn joined(&mut self, draft: &Draft, set: &[&'static str], depth: u8) -> Option<String> {
        let mut joined = String::new();
        for property in set {
            let part = match draft.get(property) {
                Some(value) => component(value)?,
                None => self.referred_key(draft, property, depth)?,
            };
            if !joined.is_empty() {
                joined.push('|');
            }
            joined.push_str(&part);
        }
        Some(joined)
    }

    /// Whether what nothing identifies is still told from other things: by all that is said of an unknown kind, by a name of its source's own, or by
    /// what it refers to.
    fn is_told_apart(&mut self, draft: &Draft, depth: u8) -> bool {
        let names = |name: &str| OWN_NAMES.iter().any(|own| name.eq_ignore_ascii_case(own));
        let tells = |name: &str| draft.known.is_none_or(|kind| kind.property(name).is_none() && names(name));
        draft.properties.iter().any(|(name, _)| name != "Count" && tells(name))
            || draft.references.iter().any(|(_, place)| self.key_at(*place, depth).is_some())
    }

    /// The key of an entity that nothing identifies: a digest of what describes it and of what it refers to.
    ///
    /// It does not depend on the order of the properties, nor on how often something was counted.
    fn content_key(&mut self, draft: &Draft, depth: u8) -> Key {
        let mut members: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(draft.properties.len());
        for (name, value) in draft.properties.iter().filter(|(name, _)| *name != "Count") {
            members.push((name, value::text(value).unwrap_or_else(|| Cow::Owned(value.to_string()))));
        }
        for (property, place) in &draft.references {
            if let Some(key) = self.key_at(*place, depth) {
                members.push((property, Cow::Owned(key)));
            }
        }
        members.sort_unstable();
        let mut hasher = blake3::Hasher::new();
        for (name, value) in &members {
            for part in [name.as_bytes(), b"\0", value.as_bytes(), b"\0"] {
                hasher.update(part);
            }
        }
        Key::new("content", &hasher.finalize().to_hex()[..32])
    }

    /// The value of the first key of the entity that a property refers to.
    fn referred_key(&mut self, draft: &Draft, property: &'static str, depth: u8) -> Option<String> {
        let place = referred(self.drafts, draft, property)?;
        self.key_at(place, depth)
    }

    fn key_at(&mut self, place: Place, depth: u8) -> Option<String> {
        if depth > 0 {
            self.make_one(place.index(), depth - 1);
        }
        let keys = match &self.keys[place.index()] {
            State::Made(keys) => keys,
            State::Known(entity) => &entity.keys,
            State::New | State::Open => return None,
        };
        let named = keys.weak.iter().find(|key| key.set() != "content");
        keys.strong.first().or(named).map(|key| key.value().to_owned())
    }
}

/// The entity of a declared kind that a property refers to.
pub(super) fn referred(drafts: &[Draft], draft: &Draft, property: &str) -> Option<Place> {
    let kinds = &draft.known?.reference(property)?.kinds;
    draft.referred(property).find(|place| kinds.contains(&drafts[place.index()].kind.as_str()))
}

fn set_name(set: &[&'static str]) -> String {
    let mut name = String::with_capacity(32);
    for (place, property) in set.iter().enumerate() {
        if place > 0 {
            name.push('+');
        }
        name.extend(property.chars().map(|letter| letter.to_ascii_lowercase()));
    }
    name
}

fn component(value: &Value) -> Option<String> {
    match value::text(value) {
        Some(text) => normalise::identifier(&text),
        // A reference to nothing means something inside its own list only.
        None if value.get("$ref").is_some() => None,
        None if value.is_object() || value.is_array() => Some(normalise::lower(&value.to_string())),
        None => None,
    }
}

/// An entity of an unknown kind is known by what looks like its name; nothing identifies it alone.
fn unknown(draft: &Draft, sink: &mut Sink) {
    for property in ["Name", "Id", "DisplayName"] {
        if let Some(value) = value::get(&draft.properties, property).and_then(component) {
            sink.weak(&property.to_ascii_lowercase(), &value);
            return;
        }
    }
}

/// Sorts the keys and drops repeats.
fn sorted(mut keys: Keys) -> Keys {
    for list in [&mut keys.strong, &mut keys.weak] {
        list.sort_unstable();
        list.dedup();
    }
    keys
}

/// The keys of one entity that stands alone.
pub(super) fn of(kind: &Kind, draft: Draft) -> Keys {
    debug_assert_eq!(*kind, draft.kind);
    KeyMaker::new(&[draft]).make().pop().flatten().unwrap_or_default()
}

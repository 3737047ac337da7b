//! Reads a list of entities as Sentinel, Defender and Graph write it: `$id` and `$ref`, nesting, any case of names.
//!
//! An id means something inside its list only; a reference may stand before the entity, and references may form cycles.
//! Walks with a list of work instead of recursion, so that no nesting is too deep.

use std::borrow::Cow;

use hashbrown::HashMap;
use serde_json::Value;

use super::list::{EntityList, Place, insert};
use super::parts;
use crate::catalog::entities::{self, EntityKind};
use crate::ingest::value;
use crate::model::{Kind, Object};

/// An object that waits to be read, with the entity and property that hold it.
struct Waiting {
    object: Object,
    holder: Option<(Place, Cow<'static, str>)>,
    /// Kind by the reference that holds it, where the object names none.
    kind: Option<&'static str>,
}

/// What is known of one list while it is being read.
#[derive(Default)]
struct Reading {
    waiting: Vec<Waiting>,
    by_id: HashMap<String, Place>,
    /// References whose entity may still come.
    open: Vec<(Place, Cow<'static, str>, Value)>,
    /// References that stand in the list itself.
    listed: Vec<String>,
}

impl EntityList {
    /// Reads a list as Sentinel and Defender write it; entities that stand only inside others are marked as nested.
    pub fn add_list(&mut self, list: &[Value]) {
        self.read(list.iter().cloned());
    }

    /// Reads a list that nobody else needs, without copying it.
    pub fn add_owned_list(&mut self, list: Vec<Value>) {
        self.read(list.into_iter());
    }

    /// Reads one entity with everything that is nested in it, and returns its place.
    pub fn add_object(&mut self, object: Object) -> Option<Place> {
        let place = self.drafts.len();
        self.read(std::iter::once(Value::Object(object)));
        (self.drafts.len() > place).then(|| Place::new(place))
    }

    fn read(&mut self, list: impl Iterator<Item = Value>) {
        let mut reading = Reading::default();
        for item in list {
            let Some((object, kind)) = listed_object(item) else { continue };
            if let Some(id) = reference_id(&object) {
                reading.listed.push(id);
                continue;
            }
            reading.waiting.push(Waiting { object, holder: None, kind: None });
            self.read_waiting(&mut reading, kind);
        }
        for (from, property, reference) in std::mem::take(&mut reading.open) {
            let id = reference.as_object().and_then(reference_id);
            match id.and_then(|id| reading.by_id.get(&id)) {
                Some(to) => self.refer_by(from, property, *to),
                // A reference to nothing stays visible as a property.
                None => {
                    self.drafts[from.index()].properties_mut().insert(property.into_owned(), reference);
                }
            }
        }
        for id in reading.listed {
            if let Some(place) = reading.by_id.get(&id) {
                self.drafts[place.index()].nested = false;
            }
        }
    }

    fn read_waiting(&mut self, reading: &mut Reading, named: Option<String>) {
        let mut named = named;
        while let Some(Waiting { object, holder, kind }) = reading.waiting.pop() {
            let own = named.take();
            let place = self.read_object(reading, object, own.as_deref(), kind, holder.is_some());
            if let (Some(place), Some((holder, property))) = (place, holder) {
                self.refer_by(holder, property, place);
            }
        }
    }

    /// Reads one object as an entity; none if it is a reference to member alerts or says nothing.
    fn read_object(
        &mut self,
        reading: &mut Reading,
        object: Object,
        named: Option<&str>,
        held_as: Option<&'static str>,
        nested: bool,
    ) -> Option<Place> {
        let written = named.map(Cow::Borrowed).or_else(|| type_of(&object));
        let name = written.as_deref().or(held_as).or_else(|| guess(&object)).unwrap_or("generic-entity");
        let members = name.eq_ignore_ascii_case("alerts") || name.eq_ignore_ascii_case("SecurityAlert");
        let known = entities::kind(name);
        let kind = known.map_or_else(|| entities::kind_named(name), EntityKind::kind);
        if members {
            self.members.push(object);
            return None;
        }
        let id = object.get("$id").and_then(value::text).map(Cow::into_owned);
        let mut object = object;
        let mut others = take_others(&mut object, known);
        let same = id.as_ref().and_then(|id| reading.by_id.get(id)).copied();
        if let Some(place) = same.filter(|place| self.is_same(*place, &kind, &object, &others)) {
            // The same entity written out again where a reference would do.
            let draft = &mut self.drafts[place.index()];
            draft.nested &= nested;
            others.retain(|(name, _)| !draft.has(name));
            object.retain(|name, _| !draft.has(name));
            if !object.is_empty() {
                draft.properties_mut().extend(object);
            }
            self.read_others(reading, place, known, others);
            return Some(place);
        }
        let place = self.push(kind, known, object, None, nested);
        self.read_others(reading, place, known, others);
        if let Some(id) = id {
            reading.by_id.entry(id).or_insert(place);
        }
        Some(place)
    }

    /// Whether what stands under an id that an entity has already can be said of that one.
    fn is_same(&self, place: Place, kind: &Kind, object: &Object, others: &[(String, Value)]) -> bool {
        let draft = &self.drafts[place.index()];
        let agrees = |name: &str, value: &Value| {
            value.is_object() || value.is_array() || draft.get(draft.stored(name)).is_none_or(|known| known == value)
        };
        let said = object.iter().chain(others.iter().map(|(name, value)| (name, value)));
        draft.kind == *kind && said.into_iter().all(|(name, value)| agrees(name, value))
    }

    fn read_others(&mut self, reading: &mut Reading, place: Place, known: Option<&'static EntityKind>, others: Vec<(String, Value)>) {
        let first = reading.waiting.len();
        for (name, value) in others {
            self.read_property(reading, place, known, name, value);
        }
        // The last one waiting is read first.
        reading.waiting[first..].reverse();
    }

    fn read_property(&mut self, reading: &mut Reading, owner: Place, known: Option<&'static EntityKind>, name: String, value: Value) {
        let stored = known.and_then(|kind| kind.property(&name));
        let reference = known.zip(stored).and_then(|(kind, stored)| kind.reference(stored));
        let property = |name: &String| stored.map_or_else(|| Cow::Owned(name.clone()), Cow::Borrowed);
        // What a known kind declares as a plain property is one, even if it looks like an entity.
        let may_hold = reference.is_some() || stored.is_none();
        let held_as = reference.map(|reference| reference.kinds[0]);
        match value {
            Value::Object(object) if may_hold && holds_entity(&object, held_as.is_some()) => {
                self.hold(reading, owner, property(&name), held_as, object);
            }
            Value::Array(items) if may_hold && items.iter().any(|item| item_holds_entity(item, held_as)) => {
                for item in items {
                    match (item, held_as) {
                        (Value::Object(object), _) => self.hold(reading, owner, property(&name), held_as, object),
                        (Value::String(text), Some(kind)) => self.hold_text(owner, property(&name), kind, &text),
                        _ => {}
                    }
                }
            }
            Value::String(text) => {
                if let Some(kind) = held_as {
                    self.hold_text(owner, property(&name), kind, &text);
                }
                insert(self.drafts[owner.index()].properties_mut(), known, name, Value::String(text));
            }
            value => insert(self.drafts[owner.index()].properties_mut(), known, name, value),
        }
    }

    fn hold(&mut self, reading: &mut Reading, owner: Place, property: Cow<'static, str>, kind: Option<&'static str>, object: Object) {
        match reference_id(&object) {
            Some(id) => match reading.by_id.get(&id) {
                Some(place) => self.refer_by(owner, property, *place),
                None => reading.open.push((owner, property, Value::Object(object))),
            },
            None => reading.waiting.push(Waiting { object, holder: Some((owner, property)), kind }),
        }
    }

    /// An entity that stands as a text in a property which holds entities (the URLs of a mail).
    fn hold_text(&mut self, owner: Place, property: Cow<'static, str>, kind: &'static str, text: &str) {
        if let Some(parts) = parts::of(kind, text)
            && let Some(place) = self.add_evidence(kind, parts, None, true)
        {
            self.refer_by(owner, property, place);
        }
    }
}

/// Takes out what is no plain property under its stored name, and drops absent values, types and ids.
///
/// Hot path: what stays is not hashed again.
fn take_others(object: &mut Object, known: Option<&'static EntityKind>) -> Vec<(String, Value)> {
    let mut others = Vec::new();
    object.retain(|name, value| {
        if value::is_absent(value) || is_type_or_id(name, known) {
            return false;
        }
        let stored = known.and_then(|kind| kind.property(name));
        let reference = known.zip(stored).is_some_and(|(kind, stored)| kind.reference(stored).is_some());
        let nested = value.is_object() || value.is_array();
        let plain = !reference && (!nested || stored.is_some());
        if plain && stored.is_none_or(|stored| stored == name) {
            return true;
        }
        others.push((name.clone(), value.take()));
        false
    });
    others
}

/// The object of an item and the kind that stands beside it: `{..}`, `["Account", {..}]` or a REST resource.
fn listed_object(item: Value) -> Option<(Object, Option<String>)> {
    match item {
        Value::Object(mut object) => {
            let resource = object.get("kind").is_some_and(Value::is_string) && object.get("properties").is_some_and(Value::is_object);
            if let (true, Some(Value::Object(properties)), Some(Value::String(kind))) =
                (resource, object.remove("properties"), object.remove("kind"))
            {
                return Some((resource_properties(properties, object.remove("id"), &kind), Some(kind)));
            }
            Some((object, None))
        }
        Value::Array(pair) => match <[Value; 2]>::try_from(pair) {
            Ok([Value::String(kind), Value::Object(properties)]) => Some((properties, Some(kind))),
            _ => None,
        },
        _ => None,
    }
}

/// The properties of a REST resource, which name other entities by their resource ids: `hostEntityId`, `fileHashEntityIds`.
fn resource_properties(properties: Object, id: Option<Value>, kind: &str) -> Object {
    let known = entities::kind(kind);
    let refers = |id: Value| Value::Object(Object::from_iter([("$ref".to_owned(), id)]));
    // `file` stands for `Files`, `hostLogonSession` for `LogonSession`.
    let property = |base: &str| {
        let kind = known?;
        let short = base.get(4..).filter(|_| base.starts_with("host")).map(str::to_owned);
        let spellings = [Some(base.to_owned()), Some(format!("{base}s")), Some(format!("{base}es")), short];
        spellings.into_iter().flatten().find_map(|name| kind.property(&name).filter(|name| kind.reference(name).is_some()))
    };
    let mut read = Object::with_capacity(properties.len() + 1);
    for (name, value) in properties {
        let base = name.strip_suffix("EntityIds").or_else(|| name.strip_suffix("EntityId")).filter(|base| !base.is_empty());
        let stored = base.and_then(property);
        match (stored, value) {
            (Some(stored), Value::Array(ids)) => drop(read.insert(stored.to_owned(), ids.into_iter().map(refers).collect())),
            (Some(stored), id @ Value::String(_)) => drop(read.insert(stored.to_owned(), refers(id))),
            (_, value) => drop(read.insert(name, value)),
        }
    }
    if let Some(id) = id {
        read.insert("$id".to_owned(), id);
    }
    read
}

fn reference_id(object: &Object) -> Option<String> {
    value::text(object.get("$ref")?).map(Cow::into_owned)
}

const TYPE_NAMES: [&str; 3] = ["Type", "EntityType", "@odata.type"];

fn type_of(object: &Object) -> Option<Cow<'_, str>> {
    // Hot path: nearly every producer writes one of these two.
    let value = object.get("Type").or_else(|| object.get("type")).or_else(|| value::first(object, &TYPE_NAMES))?;
    value::text(value)
}

fn is_type_or_id(name: &str, known: Option<&'static EntityKind>) -> bool {
    name == "$id"
        || (TYPE_NAMES.iter().any(|word| name.eq_ignore_ascii_case(word))
            && known.is_none_or(|kind| kind.property(name).is_none() || name.eq_ignore_ascii_case("Type")))
}

/// Whether an object is an entity or a reference to one; inside a declared reference everything with content is.
fn holds_entity(object: &Object, declared: bool) -> bool {
    object.contains_key("$ref") || (declared && !object.is_empty()) || type_of(object).is_some_and(|name| entities::kind(&name).is_some())
}

fn item_holds_entity(item: &Value, held_as: Option<&'static str>) -> bool {
    match item {
        Value::Object(object) => holds_entity(object, held_as.is_some()),
        Value::String(text) => held_as.is_some_and(|kind| parts::of(kind, text).is_some()),
        _ => false,
    }
}

/// The kind of an object that names none, by a property that only this kind has.
fn guess(object: &Object) -> Option<&'static str> {
    let has = |name: &str| value::first(object, &[name]).is_some();
    let signs: [(&[&str], &'static str); 10] = [
        (&["SystemAlertIds"], "alerts"),
        (&["HostName", "NetBiosName", "AzureID"], "host"),
        (&["Address"], "ip"),
        (&["Algorithm"], "filehash"),
        (&["ProcessId", "CommandLine"], "process"),
        (&["Directory"], "file"),
        (&["UPNSuffix", "AadUserId", "NTDomain", "Sid"], "account"),
        (&["ResourceId"], "azure-resource"),
        (&["Hive"], "registry-key"),
        (&["Url"], "url"),
    ];
    signs.iter().find(|(names, _)| names.iter().any(|name| has(name))).map(|(_, kind)| *kind)
}

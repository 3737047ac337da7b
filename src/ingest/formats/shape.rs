//! Builders that formats of several vendors share: property lists, entity lists without repeats. Knows no format.

use std::borrow::Cow;

use hashbrown::HashMap;
use serde_json::Value;

use crate::ingest::identify::{EntityList, Place};
use crate::ingest::value;
use crate::model::{Evidence, Link, Object, Relation, Role};

/// Properties from the members that have a value, under new names.
pub(super) fn copy(from: &Object, names: &[(&str, &str)]) -> Object {
    let found = names.iter().filter_map(|(name, property)| Some(((*property).to_owned(), value::first(from, &[name])?.clone())));
    found.collect()
}

/// The members of an object that are no lists or objects and none of `without`.
pub(super) fn scalars(from: &Object, without: &[&str]) -> Object {
    let keep = |name: &str, value: &Value| {
        !value.is_object() && !value.is_array() && !value::is_absent(value) && !without.iter().any(|w| w.eq_ignore_ascii_case(name))
    };
    from.iter().filter(|(name, value)| keep(name, value)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The objects of a list, or the one object that stands for a list.
pub(super) fn objects(value: Option<&Value>) -> impl Iterator<Item = &Object> {
    let (one, many) = match value {
        Some(Value::Object(object)) => (Some(object), &[][..]),
        Some(Value::Array(items)) => (None, items.as_slice()),
        _ => (None, &[][..]),
    };
    one.into_iter().chain(many.iter().filter_map(Value::as_object))
}

/// Adds a member that has a value.
pub(super) fn put(to: &mut Object, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value.map(Into::into).filter(|value| !value::is_absent(value)) {
        to.insert(name.to_owned(), value);
    }
}

/// An entity list in which equal things stand once.
#[derive(Default)]
pub(super) struct Cast {
    list: EntityList,
    seen: HashMap<(String, String), Place>,
}

impl Cast {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds an entity, or finds the equal one; an empty property list adds none.
    pub(super) fn add(&mut self, kind: &str, properties: Object, role: Option<&'static str>) -> Option<Place> {
        self.add_with(kind, properties, role.map(Cow::Borrowed), false)
    }

    /// Adds an entity that stands only inside another one.
    pub(super) fn add_nested(&mut self, kind: &str, properties: Object) -> Option<Place> {
        self.add_with(kind, properties, None, true)
    }

    pub(super) fn add_with(&mut self, kind: &str, properties: Object, role: Option<Role>, nested: bool) -> Option<Place> {
        let key = (kind.to_owned(), serde_json::to_string(&properties).unwrap_or_default());
        if let Some(place) = self.seen.get(&key) {
            return Some(*place);
        }
        let place = self.list.add_evidence(kind, properties, role, nested)?;
        self.seen.insert(key, place);
        Some(place)
    }

    /// Whether an entity of the kind has this value in a property.
    pub(super) fn has(&self, kind: &str, property: &str, value: &Value) -> bool {
        let written = format!("{}:{value}", Value::from(property));
        self.seen.keys().any(|(known, properties)| known == kind && properties.contains(&written))
    }

    /// Adds an entity with references of its own, which is never the same as another one.
    pub(super) fn add_apart(&mut self, kind: &str, properties: Object, role: Option<&'static str>, nested: bool) -> Option<Place> {
        self.list.add_evidence(kind, properties, role.map(Cow::Borrowed), nested)
    }

    pub(super) fn refer(&mut self, from: Option<Place>, property: &'static str, to: Option<Place>) {
        if let (Some(from), Some(to)) = (from, to) {
            self.list.refer(from, property, to);
        }
    }

    pub(super) fn relate(&mut self, from: Option<Place>, relation: Relation, to: Option<Place>, rule: impl Into<Cow<'static, str>>) {
        if let (Some(from), Some(to)) = (from, to) {
            self.list.relate(from, relation, to, rule);
        }
    }

    pub(super) fn finish(self) -> (Vec<Evidence>, Vec<Link>) {
        self.list.finish()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Read;

    use super::*;
    use crate::ingest::{Context, Reject};
    use crate::model::{Alert, Body, Time};

    pub(crate) fn context() -> Context<'static> {
        Context { table: None, received: Time::from_micros(0) }
    }

    /// One JSON value of the shared data.
    pub(crate) fn json(name: &str) -> Value {
        let path = format!("{}/../shared/data/{name}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut text = String::new();
        if name.ends_with(".gz") {
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("gzip");
        } else {
            text = String::from_utf8(bytes).expect("UTF-8");
        }
        serde_json::from_str(&text).expect("JSON")
    }

    pub(crate) fn data(name: &str) -> Object {
        json(name).as_object().expect("an object").clone()
    }

    pub(crate) fn alerts(read: fn(&Object, &Context<'_>) -> Result<Vec<Body>, Reject>, object: &Object) -> Vec<Alert> {
        let bodies = read(object, &context()).expect("readable");
        let alerts = bodies.into_iter().filter_map(|body| match body {
            Body::Alert(alert) => Some(*alert),
            _ => None,
        });
        alerts.collect()
    }

    /// Kinds of the entities of an alert, sorted.
    pub(crate) fn entities(alert: &Alert) -> Vec<String> {
        let mut kinds: Vec<String> = alert.entities.iter().map(|e| e.entity.kind.to_string()).collect();
        kinds.sort();
        kinds
    }
}

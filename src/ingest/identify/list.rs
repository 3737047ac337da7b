//! The list of one record's entities while it is being made.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashSet;
use serde_json::Value;

use super::keys::KeyMaker;
use super::label;
use super::memory::{Description, Memory};
use crate::catalog::entities::{self, EntityKind, REFERS_TO};
use crate::ingest::value;
use crate::model::{Entity, Evidence, Keys, Kind, Link, Object, Relation, Role};

/// The place of an entity in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u32);

impl Place {
    pub(super) fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("a document holds fewer than 2^32 entities"))
    }

    /// Place as an index of the list that `finish` gives.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An entity whose keys are not made yet.
pub(super) struct Draft {
    pub(super) kind: Kind,
    pub(super) known: Option<&'static EntityKind>,
    pub(super) properties: Rc<Object>,
    pub(super) role: Option<Role>,
    pub(super) nested: bool,
    pub(super) references: Vec<(Cow<'static, str>, Place)>,
    /// Number of its description in a memory, if it came from there.
    pub(super) number: Option<u64>,
}

impl Draft {
    /// A property by its stored name.
    ///
    /// Hot path: entities have few properties, and comparing their names is cheaper than hashing one.
    pub(super) fn get(&self, property: &str) -> Option<&Value> {
        if self.properties.len() > 24 {
            return self.properties.get(property);
        }
        self.properties.iter().find(|(name, _)| *name == property).map(|(_, value)| value)
    }

    /// The name by which a property is stored.
    pub(super) fn stored<'a>(&self, name: &'a str) -> &'a str {
        self.known.and_then(|kind| kind.property(name)).unwrap_or(name)
    }

    /// Whether anything is said under a property's name.
    pub(super) fn has(&self, name: &str) -> bool {
        let name = self.stored(name);
        self.get(name).is_some() || self.referred(name).next().is_some()
    }

    /// Its properties, to be changed: it is no longer what was described before.
    pub(super) fn properties_mut(&mut self) -> &mut Object {
        self.number = None;
        Rc::make_mut(&mut self.properties)
    }

    /// The text of a property, if it has one.
    pub(super) fn text(&self, property: &str) -> Option<Cow<'_, str>> {
        value::text(self.get(property)?)
    }

    /// The flag of a property, if it has one.
    pub(super) fn flag(&self, property: &str) -> Option<bool> {
        value::flag(self.get(property)?)
    }

    /// The entities that a property refers to.
    pub(super) fn referred<'a>(&'a self, property: &'a str) -> impl Iterator<Item = Place> + 'a {
        self.references.iter().filter(move |(name, _)| name == property).map(|(_, place)| *place)
    }
}

/// Collects the entities of one record and the references among them; keys and labels are made in [`finish`](Self::finish).
#[derive(Default)]
pub struct EntityList {
    pub(super) drafts: Vec<Draft>,
    relations: Vec<Link>,
    pub(super) members: Vec<Object>,
}

impl EntityList {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entity of `kind`, in any spelling of the field, with its properties.
    ///
    /// Known properties get the catalog's names, unknown kinds and properties are kept. Returns its place, or none if
    /// nothing in it identifies or describes anything.
    pub fn add(&mut self, kind: &str, properties: Object) -> Option<Place> {
        self.add_evidence(kind, properties, None, false)
    }

    /// Adds an entity with the part that it plays, and whether it stands only inside another one.
    pub fn add_evidence(&mut self, kind: &str, properties: Object, role: Option<Role>, nested: bool) -> Option<Place> {
        let known = entities::kind(kind);
        let properties = canonical(known, properties);
        if properties.is_empty() {
            return None;
        }
        Some(self.push(known.map_or_else(|| entities::kind_named(kind), EntityKind::kind), known, properties, role, nested))
    }

    pub(super) fn push(
        &mut self,
        kind: Kind,
        known: Option<&'static EntityKind>,
        properties: Object,
        role: Option<Role>,
        nested: bool,
    ) -> Place {
        let place = Place::new(self.drafts.len());
        self.drafts.push(Draft { kind, known, properties: Rc::new(properties), role, nested, references: Vec::new(), number: None });
        place
    }

    /// Adds an entity as it was described before.
    pub fn add_described(&mut self, described: &Description) -> Place {
        let place = Place::new(self.drafts.len());
        let Description { kind, known, properties, number } = described;
        let (kind, properties) = (kind.clone(), Rc::clone(properties));
        self.drafts.push(Draft { kind, known: *known, properties, role: None, nested: false, references: Vec::new(), number: *number });
        place
    }

    /// States that a property of `from` refers to `to` (`process`, `Host`, `host`).
    ///
    /// The catalog turns it into a relation with the declared direction, and keys use it.
    pub fn refer(&mut self, from: Place, property: &'static str, to: Place) {
        self.refer_by(from, Cow::Borrowed(property), to);
    }

    pub(super) fn refer_by(&mut self, from: Place, property: Cow<'static, str>, to: Place) {
        self.drafts[from.index()].references.push((property, to));
    }

    /// States a relation outright.
    pub fn relate(&mut self, from: Place, relation: Relation, to: Place, rule: impl Into<Cow<'static, str>>) {
        self.relations.push(Link { from: from.0, relation, to: to.0, rule: rule.into() });
    }

    /// Adds properties that the entity does not have yet.
    pub fn fill(&mut self, place: Place, properties: Object) {
        let draft = &mut self.drafts[place.index()];
        let known = draft.known;
        let own = draft.properties_mut();
        for (name, value) in properties {
            let stored = known.and_then(|kind| kind.property(&name)).unwrap_or(&name);
            if !value::is_absent(&value) && !own.contains_key(stored) {
                own.insert(stored.to_owned(), value);
            }
        }
    }

    /// Whether a property of the entity refers to another one.
    pub fn refers(&self, from: Place, property: &str) -> bool {
        self.drafts[from.index()].referred(property).next().is_some()
    }

    /// The kind of the entity.
    pub fn kind(&self, place: Place) -> &Kind {
        &self.drafts[place.index()].kind
    }

    /// The first entity of the list that `wanted` says yes to, by kind and properties.
    pub fn find(&self, wanted: impl Fn(&Kind, &Object) -> bool) -> Option<Place> {
        self.drafts.iter().position(|draft| wanted(&draft.kind, &draft.properties)).map(Place::new)
    }

    /// Sets the part that the entity plays.
    pub fn set_role(&mut self, place: Place, role: Role) {
        self.drafts[place.index()].role = Some(role);
    }

    /// How many entities the list has.
    pub fn len(&self) -> usize {
        self.drafts.len()
    }

    /// Whether the list has no entity.
    pub fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    /// The `alerts` objects met in the lists that were read: references to member alerts, which are no entities.
    pub fn take_members(&mut self) -> Vec<Object> {
        std::mem::take(&mut self.members)
    }

    /// Makes keys, labels and relations.
    pub fn finish(self) -> (Vec<Evidence>, Vec<Link>) {
        let keys: Vec<Keys> = KeyMaker::new(&self.drafts).make().into_iter().map(Option::unwrap_or_default).collect();
        let labels: Vec<String> = self.drafts.iter().zip(&keys).map(|(draft, keys)| label::label(&self.drafts, draft, keys)).collect();
        let links = self.links();
        let evidence = self.drafts.into_iter().zip(keys).zip(labels).map(|((draft, keys), label)| Evidence {
            role: draft.role,
            nested: draft.nested,
            entity: Entity::new(draft.kind, keys, label, Rc::unwrap_or_clone(draft.properties)),
        });
        (evidence.collect(), links)
    }

    /// Makes keys, labels and relations of entities alone; those that the memory knows are not made again.
    pub fn finish_by(self, memory: &mut Memory) -> (Vec<Arc<Entity>>, Vec<Link>) {
        let mut maker = KeyMaker::new(&self.drafts);
        let mut known: Vec<Option<Arc<Entity>>> = vec![None; self.drafts.len()];
        let mut numbers = vec![None; self.drafts.len()];
        for index in self.referred_first() {
            let draft = &self.drafts[index];
            if !memory.turn_to(draft, &numbers) {
                continue;
            }
            let (number, entity) = memory.find(&maker).unwrap_or_else(|| {
                let keys = maker.one(index);
                let label = label::label(&self.drafts, draft, &keys);
                let entity = Entity::new(draft.kind.clone(), keys, label, Object::clone(&draft.properties));
                let entity = Arc::new(identified(entity));
                (memory.note(&entity, &maker), entity)
            });
            maker.know(index, &entity);
            (numbers[index], known[index]) = (Some(number), Some(entity));
        }
        let keys = maker.make();
        let label = |(draft, keys): (&Draft, &Option<Keys>)| keys.as_ref().map(|keys| label::label(&self.drafts, draft, keys));
        let labels: Vec<Option<String>> = self.drafts.iter().zip(&keys).map(label).collect();
        let links = self.links();
        let made = self.drafts.into_iter().zip(known).zip(keys.into_iter().zip(labels));
        let made = made.map(|((draft, known), (keys, label))| {
            let new = || {
                let properties = Rc::unwrap_or_clone(draft.properties);
                identified(Entity::new(draft.kind, keys.unwrap_or_default(), label.unwrap_or_default(), properties))
            };
            known.unwrap_or_else(|| Arc::new(new()))
        });
        (made.collect(), links)
    }

    /// The places of the drafts, each behind those that it refers to; those that refer to themselves, over others, are left out.
    fn referred_first(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.drafts.len());
        let mut placed = vec![false; self.drafts.len()];
        loop {
            let before = order.len();
            for (index, draft) in self.drafts.iter().enumerate() {
                if !placed[index] && draft.references.iter().all(|(_, to)| placed[to.index()]) {
                    placed[index] = true;
                    order.push(index);
                }
            }
            if order.len() == before {
                return order;
            }
        }
    }

    fn links(&self) -> Vec<Link> {
        let mut links = Vec::new();
        for (from, draft) in self.drafts.iter().enumerate() {
            for (property, to) in &draft.references {
                if to.index() != from {
                    links.push(self.link(Place::new(from), draft, property, *to));
                }
            }
        }
        links.extend(self.relations.iter().filter(|link| link.from != link.to).cloned());
        drop_repeats(&mut links);
        links
    }

    fn link(&self, from: Place, draft: &Draft, property: &str, to: Place) -> Link {
        let reference = draft.known.and_then(|kind| kind.reference(property));
        let target = self.drafts[to.index()].kind.as_str();
        match reference.filter(|reference| reference.kinds.contains(&target)) {
            Some(reference) => {
                let (from, to) = if reference.reverse { (to, from) } else { (from, to) };
                Link { from: from.0, relation: reference.relation.clone(), to: to.0, rule: Cow::Borrowed(reference.rule) }
            }
            None => Link { from: from.0, relation: REFERS_TO, to: to.0, rule: Cow::Owned(format!("{}.{property}", draft.kind)) },
        }
    }
}

/// Makes the identity on the thread that reads the document: the writer has enough to do.
fn identified(entity: Entity) -> Entity {
    entity.identity();
    entity
}

/// Drops relations that are stated twice.
fn drop_repeats(links: &mut Vec<Link>) {
    // Hot path: most lists are short.
    if links.len() <= 32 {
        let mut kept = 0;
        for place in 0..links.len() {
            let link = &links[place];
            if !links[..kept].iter().any(|other| (other.from, other.to) == (link.from, link.to) && other.relation == link.relation) {
                links.swap(kept, place);
                kept += 1;
            }
        }
        links.truncate(kept);
        return;
    }
    let mut seen = HashSet::with_capacity(links.len());
    let fresh: Vec<bool> = links.iter().map(|link| seen.insert((link.from, link.to, link.relation.as_str()))).collect();
    drop(seen);
    let mut fresh = fresh.into_iter();
    links.retain(|_| fresh.next().unwrap_or(true));
}

/// Properties under the catalog's names, without absent values.
pub(super) fn canonical(known: Option<&'static EntityKind>, properties: Object) -> Object {
    // Hot path: the rules of events write the catalog's names, and then nothing is hashed again.
    let stays = |name: &String| known.and_then(|kind| kind.property(name)).is_none_or(|stored| stored == name);
    if properties.iter().all(|(name, value)| !value::is_absent(value) && stays(name)) {
        return properties;
    }
    let mut result = Object::with_capacity(properties.len());
    for (name, value) in properties {
        if !value::is_absent(&value) {
            insert(&mut result, known, name, value);
        }
    }
    result
}

/// Adds a property under the catalog's name; of two spellings of one name the first stands, the other keeps its own.
pub(super) fn insert(properties: &mut Object, known: Option<&'static EntityKind>, name: String, value: Value) {
    match known.and_then(|kind| kind.property(&name)) {
        Some(stored) if stored == name => {
            properties.insert(name, value);
        }
        Some(stored) if !properties.contains_key(stored) => {
            properties.insert(stored.to_owned(), value);
        }
        _ => {
            properties.insert(name, value);
        }
    }
}

//! Entities that were met lately. Rows of events name the same few hosts, accounts and addresses over and over: their keys and labels
//! are made once.
//!
//! Decides nothing: what is forgotten is made anew, and is the same.

use std::rc::Rc;
use std::sync::Arc;

use super::keys::KeyMaker;
use super::list::{Draft, canonical};
use crate::catalog::entities::{self, EntityKind};
use crate::model::{Entity, Kind, Object, Recent};

/// What a record says of an entity itself, under the catalog's names.
#[derive(Debug)]
pub struct Description {
    pub(super) kind: Kind,
    pub(super) known: Option<&'static EntityKind>,
    pub(super) properties: Rc<Object>,
    /// Its number in a memory; none if it is not worth remembering.
    pub(super) number: Option<u64>,
}

impl Description {
    /// Describes an entity of `kind`, in any spelling of the field; none if nothing identifies or describes anything.
    pub fn new(kind: &str, properties: Object) -> Option<Self> {
        let known = entities::kind(kind);
        let properties = canonical(known, properties);
        let kind = || known.map_or_else(|| entities::kind_named(kind), EntityKind::kind);
        (!properties.is_empty()).then(|| Self { kind: kind(), known, properties: Rc::new(properties), number: None })
    }

    /// Gives the description a number, by which a memory knows it again.
    pub fn remember(&mut self, memory: &mut Memory) {
        self.number = Some(memory.next_number());
    }
}

/// Remembers entities by what was said of them and of those that they refer to.
#[derive(Debug, Default)]
pub struct Memory {
    finished: Recent<Finished>,
    numbers: u64,
    /// What stands for the entity at hand.
    name: Vec<u8>,
    /// Whether the one host of the list is in it.
    by_host: bool,
}

/// What is remembered of a description together with its references.
#[derive(Clone, Debug)]
enum Finished {
    /// The entity, with a number of its own.
    Entity(u64, Arc<Entity>),
    /// The one host of the list makes a difference.
    ByHost,
}

impl Memory {
    fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Turns to a draft; `numbers` are those of the entities of its list. False if the draft is not worth remembering, or refers to such a one.
    pub(super) fn turn_to(&mut self, draft: &Draft, numbers: &[Option<u64>]) -> bool {
        self.name.clear();
        self.by_host = false;
        let own = draft.number.map(|number| (number, ""));
        let others = draft.references.iter().map(|(property, place)| numbers[place.index()].map(|number| (number, &**property)));
        for part in std::iter::once(own).chain(others) {
            let Some((number, property)) = part else { return false };
            self.name.extend_from_slice(&number.to_le_bytes());
            self.name.extend_from_slice(property.as_bytes());
        }
        true
    }

    /// The entity of the draft at hand as it was made before, with its number.
    pub(super) fn find(&mut self, maker: &KeyMaker<'_>) -> Option<(u64, Arc<Entity>)> {
        match self.finished.find([&self.name].into_iter())? {
            Finished::Entity(number, entity) => return Some((*number, Arc::clone(entity))),
            Finished::ByHost => self.add_host(maker),
        }
        match self.finished.find([&self.name].into_iter())? {
            Finished::Entity(number, entity) => Some((*number, Arc::clone(entity))),
            Finished::ByHost => None,
        }
    }

    /// Remembers the entity of the draft at hand, which `find` did not know and `maker` just made, and gives its number.
    pub(super) fn note(&mut self, entity: &Arc<Entity>, maker: &KeyMaker<'_>) -> u64 {
        if maker.asked_for_only_host() && !self.by_host {
            self.finished.note(Finished::ByHost);
            self.add_host(maker);
            self.finished.find([&self.name].into_iter());
        }
        let number = self.next_number();
        self.finished.note(Finished::Entity(number, Arc::clone(entity)));
        number
    }

    fn add_host(&mut self, maker: &KeyMaker<'_>) {
        self.by_host = true;
        self.name.push(b'@');
        if let Some(host) = maker.only_host() {
            self.name.push(b'=');
            self.name.extend_from_slice(host.as_bytes());
        }
    }
}

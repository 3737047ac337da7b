//! What was made of cells that were met lately: rows name the same few hosts, accounts and addresses over and over.

use std::cell::RefCell;
use std::hash::{BuildHasher, Hash, Hasher};
use std::rc::Rc;
use std::sync::OnceLock;

use hashbrown::DefaultHashBuilder;
use serde_json::Value;

use crate::catalog::relations::{EntityRule, Piece, Source};
use crate::ingest::identify::{Description, Memory};
use crate::model::{Object, Recent};

use super::rules::{Row, column, properties};

thread_local! {
    /// The result of a read never depends on it.
    static MET: RefCell<Option<Met>> = const { RefCell::new(None) };
}

/// Runs work that reads many documents: the rows of events among them share what they name. It takes up to 20 MB meanwhile.
pub fn remembering<T>(work: impl FnOnce() -> T) -> T {
    MET.set(Some(Met::default()));
    let done = work();
    MET.set(None);
    done
}

/// Gives what the thread remembers, if it reads many documents.
pub(super) fn with_met<T>(work: impl FnOnce(Option<&mut Met>) -> T) -> T {
    MET.with_borrow_mut(|met| work(met.as_mut()))
}

/// What was made of cells that were met lately.
#[derive(Default)]
pub(super) struct Met {
    /// By the entity of a rule and its cells.
    things: Recent<Rc<[Rc<Thing>]>>,
    pub(super) memory: Memory,
}

/// An entity as cells of a row describe it.
pub(super) struct Thing {
    pub(super) kind: &'static str,
    pub(super) description: Description,
    /// Fingerprint of kind and properties.
    pub(super) content: u64,
    /// Domain of an account, name of a host, in lower case.
    pub(super) home: Option<String>,
    /// Whether the account is known by a directory.
    pub(super) global: bool,
}

/// The entities that an entity of a rule becomes.
pub(super) fn things(met: Option<&mut Met>, entity: &'static EntityRule, row: Row<'_>) -> Rc<[Rc<Thing>]> {
    match met {
        Some(met) => met.things(entity, row),
        None => made(entity, row).map(Rc::new).collect(),
    }
}

fn made(entity: &'static EntityRule, row: Row<'_>) -> impl Iterator<Item = Thing> {
    properties(entity, row).into_iter().filter_map(|object| Thing::new(entity.kind, object))
}

impl Met {
    fn things(&mut self, entity: &'static EntityRule, row: Row<'_>) -> Rc<[Rc<Thing>]> {
        let place = std::ptr::from_ref(entity).addr().to_le_bytes();
        let cells = texts(entity, row);
        let known = cells.as_ref().and_then(|cells| self.things.find(std::iter::once(&place[..]).chain(cells.iter().copied())));
        if let Some(things) = known {
            return Rc::clone(things);
        }
        let again = cells.is_some() && self.things.comes_again();
        let made = made(entity, row).map(|mut thing| {
            if again {
                thing.description.remember(&mut self.memory);
            }
            Rc::new(thing)
        });
        let things: Rc<[Rc<Thing>]> = made.collect();
        if again {
            self.things.note(Rc::clone(&things));
        }
        things
    }
}

/// The texts of the columns that an entity is made of, each behind a mark; none if something else than texts is in them.
fn texts<'a>(entity: &EntityRule, row: Row<'a>) -> Option<Vec<&'a [u8]>> {
    let mut texts: Vec<&[u8]> = Vec::with_capacity(16);
    let mut add = |name: &str| {
        match column(row, name) {
            Some(Value::String(text)) => texts.extend([&b"="[..], text.as_bytes()]),
            Some(Value::Null) | None => texts.push(b""),
            Some(_) => return None,
        }
        Some(())
    };
    for (_, source) in &entity.gives {
        match source {
            Source::Constant(_) => {}
            Source::Pair(first, second) => [first, second].into_iter().try_for_each(|name| add(name))?,
            Source::Cells(cells) => cells.iter().try_for_each(|cell| add(cell.column))?,
            Source::Template(pieces) => pieces.iter().try_for_each(|piece| match piece {
                Piece::Text(_) => Some(()),
                Piece::Cell(cell) => add(cell.column),
            })?,
        }
    }
    Some(texts)
}

impl Thing {
    pub(super) fn new(kind: &'static str, object: Object) -> Option<Self> {
        let content = content(kind, &object);
        let home = match kind {
            "account" => object.get("NTDomain"),
            "host" => object.get("HostName"),
            _ => None,
        };
        let home = home.and_then(Value::as_str).map(str::to_lowercase);
        let global = object.contains_key("UPNSuffix") || object.contains_key("AadUserId");
        Some(Self { kind, description: Description::new(kind, object)?, content, home, global })
    }
}

/// A fingerprint of an entity within one row.
fn content(kind: &str, object: &Object) -> u64 {
    static STATE: OnceLock<DefaultHashBuilder> = OnceLock::new();
    let mut hasher = STATE.get_or_init(DefaultHashBuilder::default).build_hasher();
    hasher.write(kind.as_bytes());
    for (name, value) in object {
        hasher.write(name.as_bytes());
        value.hash(&mut hasher);
    }
    hasher.finish()
}

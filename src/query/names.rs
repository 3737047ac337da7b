//! Names of entities for clients that know things by GUIDs: made from a key of the entity, found again through an index of keys.
//!
//! The name of an entity is a UUID of version 5 over kind and naming key. Every key that the entity has names it too, so that a
//! name given once goes on to find the entity when more becomes known of it.

use std::sync::{Mutex, PoisonError};

use hashbrown::HashTable;
use uuid::Uuid;

use crate::graph::{EntityRef, GraphSnapshot, NodeId};

/// Namespace of the names: chosen once, never changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x9d1c_73a4_5b0e_4f6f_8a51_c1e7_02d4_66b9);

/// Finds entities by their names; grows with the keys of the graph, from the first search on.
#[derive(Debug, Default)]
pub struct EntityNames(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    /// First half of the name of each key, by the key's number.
    halves: Vec<u64>,
    table: HashTable<u32>,
}

/// The name that a key gives.
fn of_key(kind: &str, key: &str) -> Uuid {
    let mut text = String::with_capacity(kind.len() + 1 + key.len());
    text.push_str(kind);
    text.push('\0');
    text.push_str(key);
    Uuid::new_v5(&NAMESPACE, text.as_bytes())
}

/// The name of an entity.
pub fn entity_name(entity: &EntityRef<'_>) -> String {
    of_key(entity.kind(), entity.key()).to_string()
}

fn half(name: Uuid) -> u64 {
    name.as_u64_pair().0
}

impl EntityNames {
    /// Finds the entity of a name.
    pub fn find(&self, graph: &GraphSnapshot, name: &str) -> Option<NodeId> {
        let wanted = Uuid::try_parse(name).ok()?;
        let known = graph.keys_len();
        let number = {
            let mut index = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            index.grow(graph, known);
            let named = |n: &u32| {
                *n < known && {
                    let (kind, key) = graph.key_at(*n);
                    of_key(kind, key) == wanted
                }
            };
            index.table.find(half(wanted), named).copied()?
        };
        let (kind, key) = graph.key_at(number);
        let found = graph.entities_by_key(kind, key);
        // Others may have the key beside a stronger one of their own.
        let goes_by = |node: &&NodeId| graph.entity_node(**node).is_some_and(|entity| entity.key() == key);
        found.iter().find(goes_by).or(found.first()).copied()
    }
}

impl Index {
    fn grow(&mut self, graph: &GraphSnapshot, known: u32) {
        let Self { halves, table } = self;
        for number in halves.len() as u32..known {
            let (kind, key) = graph.key_at(number);
            let hash = half(of_key(kind, key));
            halves.push(hash);
            table.insert_unique(hash, number, |n| halves[*n as usize]);
        }
    }
}

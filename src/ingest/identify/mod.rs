//! Who is who: properties of entities become canonical keys and labels, here and nowhere else.
//!
//! Formats and event rules give properties in any writing and say which entity refers to which; [`EntityList::finish`]
//! gives the entities with their keys, and the relations that the references assert. Nothing here knows a format, and
//! nothing decides whether two mentions are one entity: that is the graph's business, by the keys.

mod account;
mod host;
mod keys;
mod label;
mod list;
mod memory;
mod normalise;
pub mod parts;
mod read_list;
mod reference;
#[cfg(test)]
mod tests;
mod things;

pub use list::{EntityList, Place};
pub use memory::{Description, Memory};
pub use reference::{ReferenceError, reference};

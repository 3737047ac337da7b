//! JSON text as it stands in a `dynamic` column: reading parts of it without building the whole, comparing and writing it.
//!
//! A [`Json`] is a slice of the text. Reading walks over the text and gives slices of it; nothing is copied before a text with escapes is wanted.
//! Text that is no JSON is read as far as it goes: what cannot be read is not there, and nothing panics.

mod order;
mod parse;
mod scan;
mod write;

pub use order::{compare, equal, identity};
pub use parse::parse;
pub use scan::{Elements, Entries, Json, Key, Kind};
pub use write::{ArrayWriter, BagWriter, real, real_of, string, string_of};

/// Levels below which comparing and canonical writing do not go; deeper values count as their text.
const DEPTH_MAX: usize = 256;

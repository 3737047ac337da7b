//! Functions over `dynamic` values: reading, building and changing arrays and property bags, all on their JSON text.

mod arrays;
mod bags;
mod documents;
mod jsonpath;
mod parts;
mod path;
mod ranges;
mod sets;
mod sort;
mod values;

pub use parts::texts;
pub use path::path;
pub use values::{append, to_text};

use super::Function;

/// The functions of this family.
pub(super) fn families() -> [&'static [Function]; 6] {
    [documents::FUNCTIONS, arrays::FUNCTIONS, sort::FUNCTIONS, sets::FUNCTIONS, bags::FUNCTIONS, ranges::FUNCTIONS]
}

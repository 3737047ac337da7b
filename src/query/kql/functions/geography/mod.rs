//! Places on the globe: distances, directions, areas, geohashes. Longitudes come first; what lies outside of the globe gives null.

mod geohash;
mod measures;
mod shapes;
mod sphere;

use super::Function;

/// The functions of this family.
pub(super) fn families() -> [&'static [Function]; 2] {
    [measures::FUNCTIONS, geohash::FUNCTIONS]
}

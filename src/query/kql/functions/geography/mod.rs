//! Places on the globe: distances, directions, areas, geohashes. Longitudes come first; what lies outside of the globe gives null.

mod along;
mod cells;
mod geohash;
mod measures;
mod shapes;
mod sphere;
mod wkt;

use super::Function;

/// The functions of this family.
pub(super) fn families() -> [&'static [Function]; 5] {
    [measures::FUNCTIONS, along::FUNCTIONS, geohash::FUNCTIONS, cells::FUNCTIONS, wkt::FUNCTIONS]
}

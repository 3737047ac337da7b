//! Places on the globe: distances, directions, areas, geohashes. Longitudes come first; what lies outside of the globe gives null.

mod cells;
mod geohash;
mod measures;
mod shapes;
mod sphere;
mod wkt;

use super::Function;

/// The functions of this family.
pub(super) fn families() -> [&'static [Function]; 4] {
    [measures::FUNCTIONS, geohash::FUNCTIONS, cells::FUNCTIONS, wkt::FUNCTIONS]
}

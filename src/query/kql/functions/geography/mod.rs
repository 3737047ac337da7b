//! Places on the globe: distances, directions, areas, geohashes. Longitudes come first; what lies outside of the globe gives null.

mod along;
mod borders;
mod buffers;
mod cells;
mod coverings;
mod geohash;
mod geojson;
mod h3;
mod measures;
mod outline;
mod outlines;
mod overlay;
mod shapes;
mod sphere;
mod wkt;

use super::Function;

pub use outlines::Outline;

/// The functions of this family.
pub(super) fn families() -> [&'static [Function]; 9] {
    [
        measures::FUNCTIONS,
        along::FUNCTIONS,
        geohash::FUNCTIONS,
        cells::FUNCTIONS,
        coverings::FUNCTIONS,
        h3::FUNCTIONS,
        outline::FUNCTIONS,
        buffers::FUNCTIONS,
        wkt::FUNCTIONS,
    ]
}

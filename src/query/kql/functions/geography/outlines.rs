//! Lines and polygons read once, to be asked how far away many places are.

use super::super::json::Json;
use super::along::{degrees, inside, nearest, of_lines, of_polygons};
use super::shapes::{Polygon, lines, polygons};
use super::sphere::{Place, angle};

/// A line or polygon with a circle around it.
#[derive(Clone, Debug)]
pub struct Outline {
    edges: Vec<(Place, Place)>,
    areas: Vec<Polygon>,
    middle: Place,
    /// The angle from the middle within which all of it lies.
    reach: f64,
}

impl Outline {
    /// The line or lines of a GeoJSON text.
    pub fn line(json: &str) -> Option<Self> {
        Self::around(of_lines(&lines(Json::new(json))?), Vec::new())
    }

    /// The polygon or polygons of a GeoJSON text.
    pub fn polygon(json: &str) -> Option<Self> {
        let areas = polygons(Json::new(json))?;
        Self::around(of_polygons(&areas), areas)
    }

    fn around(edges: Vec<(Place, Place)>, areas: Vec<Polygon>) -> Option<Self> {
        let vectors = || edges.iter().flat_map(|(from, to)| [from.vector(), to.vector()]);
        let (first, _) = edges.first()?;
        let total = vectors().fold([0.0; 3], |total: [f64; 3], one| [total[0] + one[0], total[1] + one[1], total[2] + one[2]]);
        let middle = if total == [0.0; 3] { *first } else { degrees(total) };
        let reach = vectors().map(|one| angle(middle.vector(), one)).fold(0.0, f64::max);
        // Edges bend away from the middle, and an area of half the globe has no outside.
        let reach = if reach > 1.0 { std::f64::consts::PI } else { reach };
        Some(Self { edges, areas, middle, reach })
    }

    /// Whether a place lies within so many metres of the line or area.
    pub fn is_within(&self, longitude: f64, latitude: f64, metres: f64) -> bool {
        let Some(place) = Place::new(longitude, latitude) else { return false };
        if angle(self.middle.vector(), place.vector()) > self.reach + metres / super::sphere::RADIUS {
            return false;
        }
        inside(&self.areas, place) || nearest(place, self.edges.iter().copied()).is_some_and(|near| near.distance(place) <= metres)
    }
}

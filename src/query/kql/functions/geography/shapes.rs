//! Lines and polygons in GeoJSON, with edges along great circles.

use super::super::json::Json;
use super::sphere::{Place, RADIUS, Vector, angle, cross, dot};

/// A line of two places or more.
#[derive(Clone, Debug)]
pub(super) struct Line(Vec<Place>);

/// A ring around an area and rings around its holes.
#[derive(Clone, Debug)]
pub(super) struct Polygon(Vec<Vec<Place>>);

fn place(value: Json<'_>) -> Option<Place> {
    Place::new(value.element(0)?.real()?, value.element(1)?.real()?)
}

fn places(value: Json<'_>) -> Option<Vec<Place>> {
    value.elements().map(place).collect()
}

/// A closed ring of three different places at least.
fn ring(value: Json<'_>) -> Option<Vec<Place>> {
    const PLACES_MIN: usize = 4;
    let ring = places(value)?;
    let is_closed = ring.len() >= PLACES_MIN && ring.first() == ring.last();
    let inner = &ring[..ring.len().saturating_sub(1)];
    let is_distinct = inner.iter().enumerate().all(|(at, place)| !inner[..at].contains(place));
    (is_closed && is_distinct).then_some(ring)
}

fn polygon(value: Json<'_>) -> Option<Polygon> {
    let rings = value.elements().map(ring).collect::<Option<Vec<_>>>()?;
    (!rings.is_empty()).then_some(Polygon(rings))
}

/// The coordinates of a shape of a type, or of the several of its plural.
fn shapes<'a, T>(value: Json<'a>, one: &str, many: &str, read: impl Fn(Json<'a>) -> Option<T>) -> Option<Vec<T>> {
    let kind = value.property("type")?.string()?;
    let coordinates = value.property("coordinates")?;
    match () {
        () if kind == one => Some(vec![read(coordinates)?]),
        () if kind == many => coordinates.elements().map(read).collect(),
        () => None,
    }
}

/// The polygons of a Polygon or MultiPolygon.
pub(super) fn polygons(value: Json<'_>) -> Option<Vec<Polygon>> {
    shapes(value, "Polygon", "MultiPolygon", polygon)
}

/// The lines of a LineString or MultiLineString.
pub(super) fn lines(value: Json<'_>) -> Option<Vec<Line>> {
    let line = |value: Json<'_>| places(value).filter(|places| places.len() > 1).map(Line);
    shapes(value, "LineString", "MultiLineString", line)
}

/// The edges between places that follow each other.
pub(super) fn edges(places: &[Place]) -> impl Iterator<Item = (Place, Place)> {
    places.iter().copied().zip(places.iter().skip(1).copied())
}

fn way(places: &[Place]) -> f64 {
    edges(places).map(|(from, to)| from.distance(to)).sum()
}

impl Line {
    /// The edge between two places.
    pub(super) fn between(from: Place, to: Place) -> Self {
        Self(vec![from, to])
    }

    /// Its places in order.
    pub(super) fn places(&self) -> &[Place] {
        &self.0
    }

    /// Its length in metres.
    pub(super) fn length(&self) -> f64 {
        way(&self.0)
    }

    /// The distance from a place to the nearest point of it, in metres.
    pub(super) fn distance(&self, place: Place) -> f64 {
        edges(&self.0).map(|(from, to)| distance_to_edge(place, from, to)).fold(f64::INFINITY, f64::min)
    }
}

/// The distance from a place to an edge, in metres.
pub(super) fn distance_to_edge(place: Place, from: Place, to: Place) -> f64 {
    let (point, a, b): (Vector, Vector, Vector) = (place.vector(), from.vector(), to.vector());
    let normal = cross(a, b);
    // The nearest point of the great circle counts if it lies between the ends.
    let lies_between = dot(cross(normal, a), point) >= 0.0 && dot(cross(b, normal), point) >= 0.0;
    let to_ends = angle(point, a).min(angle(point, b));
    let size = dot(normal, normal).sqrt();
    let to_circle = if size > 0.0 { (dot(normal, point) / size).clamp(-1.0, 1.0).asin().abs() } else { to_ends };
    RADIUS * if lies_between && size > 0.0 { to_circle } else { to_ends }
}

/// How often a ring goes round a place.
fn winding(ring: &[Place], place: Place) -> f64 {
    let turns = edges(ring).filter_map(|(from, to)| {
        let turn = place.azimuth(to)? - place.azimuth(from)?;
        Some((turn + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU) - std::f64::consts::PI)
    });
    turns.sum::<f64>().abs()
}

fn encloses(ring: &[Place], place: Place) -> bool {
    let middle = ring.iter().fold([0.0; 3], |sum: Vector, corner| {
        let corner = corner.vector();
        [sum[0] + corner[0], sum[1] + corner[1], sum[2] + corner[2]]
    });
    // A ring goes round the antipode too: the side on which most of it lies is meant.
    winding(ring, place) > std::f64::consts::PI && dot(middle, place.vector()) > 0.0
}

/// The area inside of a ring in square metres: its spherical excess.
fn area(ring: &[Place]) -> f64 {
    let excess = edges(ring).map(|(from, to)| {
        let difference = (to.longitude - from.longitude + 540.0).rem_euclid(360.0) - 180.0;
        let (a, b) = ((from.latitude.to_radians() / 2.0).tan(), (to.latitude.to_radians() / 2.0).tan());
        2.0 * ((difference.to_radians() / 2.0).tan() * (a + b)).atan2(1.0 + a * b)
    });
    excess.sum::<f64>().abs() * RADIUS * RADIUS
}

/// Whether what a ring goes around lies on its left.
pub(super) fn goes_left(ring: &[Place]) -> bool {
    let add = |a: Vector, b: Vector| [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
    let middle = ring.iter().fold([0.0; 3], |sum: Vector, corner| add(sum, corner.vector()));
    let around = edges(ring).fold([0.0; 3], |sum: Vector, (from, to)| add(sum, cross(from.vector(), to.vector())));
    dot(around, middle) > 0.0
}

impl Polygon {
    /// A polygon of closed rings, the outer one first.
    pub(super) fn new(rings: Vec<Vec<Place>>) -> Self {
        Self(rings)
    }

    /// Its rings, the outer one first.
    pub(super) fn rings(&self) -> impl Iterator<Item = &[Place]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// Whether another polygon may share an area with it: their shells reach over the same longitudes and latitudes.
    pub(super) fn may_overlap(&self, other: &Self) -> bool {
        let reach = |polygon: &Self, value: fn(&Place) -> f64| {
            let values = polygon.0.iter().take(1).flatten().map(value);
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
        };
        let meet = |value: fn(&Place) -> f64| {
            let (a, b) = (reach(self, value), reach(other, value));
            a.0 < b.1 && b.0 < a.1
        };
        meet(|place| place.longitude) && meet(|place| place.latitude)
    }

    /// Whether a place lies inside and in no hole.
    pub(super) fn contains(&self, place: Place) -> bool {
        let mut rings = self.0.iter();
        rings.next().is_some_and(|shell| encloses(shell, place)) && !rings.any(|hole| encloses(hole, place))
    }

    /// Its area in square metres.
    pub(super) fn area(&self) -> f64 {
        let (shell, holes) =
            self.0.split_first().map_or((0.0, 0.0), |(shell, holes)| (area(shell), holes.iter().map(|hole| area(hole)).sum()));
        shell - holes
    }

    /// The length of its rings in metres.
    pub(super) fn perimeter(&self) -> f64 {
        self.0.iter().map(|ring| way(ring)).sum()
    }
}

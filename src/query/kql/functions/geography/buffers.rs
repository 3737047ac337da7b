//! Areas of what lies within so many metres of points, lines and polygons.
//!
//! A border touches the ideal one from outside, so that nothing within the radius is missing.

use std::f64::consts::PI;

use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, takes};
use super::along::{degrees, lines_of, polygons_of, scaled, sum};
use super::geojson;
use super::measures::place;
use super::outline::{fallible, rings, simplified, simplified_ring};
use super::overlay;
use super::shapes::{Line, Polygon, edges};
use super::sphere::{Place, RADIUS, Vector, angle, cross, dot};
use crate::query::kql::tree::ScalarType::{Dynamic, Real};

/// Metres by which a border may lie outside of the ideal one if nothing is said.
const TOLERANCE: f64 = 10.0;
/// The least tolerance, as a share of the radius.
const TOLERANCE_SHARE_MIN: f64 = 1e-6;
/// Radii in metres: from what coordinates can tell to an eighth of the way around the globe.
const RADII: std::ops::RangeInclusive<f64> = 0.001..=5_000_000.0;
/// Corners of the areas around the edges of a shape at most.
const CORNERS_MAX: usize = 1 << 18;

type Result<T> = std::result::Result<T, KernelError>;

/// How far an area reaches, and how finely its border is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// The least angle between what is inside and the border.
    least: f64,
    /// Half of the turn that a straight piece of the border may stand for.
    half_turn: f64,
    /// Metres by which lines may be made simpler beforehand.
    slack: f64,
}

impl Reach {
    /// Around a place, with radius and tolerance in metres; none if they are not above zero.
    fn of_place(radius: f64, tolerance: f64) -> Result<Option<Self>> {
        Self::between(radius, tolerance, 0.0, 1.0)
    }

    /// Around lines and polygons. Corners that hardly bend are left out before, since edges that nearly lie on each other cannot be told apart.
    fn of_shape(radius: f64, tolerance: f64) -> Result<Option<Self>> {
        Self::between(radius, tolerance, 0.25, 0.5)
    }

    /// For a border between two shares of the tolerance.
    fn between(radius: f64, tolerance: f64, least: f64, most: f64) -> Result<Option<Self>> {
        if !(radius > 0.0 && tolerance > 0.0) {
            return Ok(None);
        }
        if !RADII.contains(&radius) {
            let (least, most) = (RADII.start(), RADII.end());
            return Err(KernelError::new(format!("expected a radius of {least} to {most} metres, found {radius}")));
        }
        let tolerance = tolerance.clamp(radius * TOLERANCE_SHARE_MIN, radius);
        let slack = least * tolerance;
        let [least, most] = [least, most].map(|share| (radius + share * tolerance) / RADIUS);
        Ok(Some(Self { least, half_turn: (least.tan() / most.tan()).acos(), slack }))
    }

    /// For a shape with a radius in metres and the tolerance that is usual.
    pub(super) fn usual(radius: f64) -> Result<Option<Self>> {
        Self::of_shape(radius, TOLERANCE)
    }

    /// How many corners a circle has, and the angle from its middle to them; the pieces between touch the circle from outside.
    fn circle(self) -> (f64, f64) {
        let count = (PI / self.half_turn).ceil().max(4.0);
        (count, (self.least.tan() / (PI / count).cos()).atan())
    }

    /// What lies around a place.
    fn around_place(self, place: Place) -> Polygon {
        let (middle, (count, reach)) = (place.vector(), self.circle());
        closed((0..count as usize).map(|number| corner(place, middle, number as f64 / count, reach)).collect())
    }

    /// The corners of the half of a circle around a place to the left of a direction, and those at its ends. Others are those of the whole circle, so
    /// that halves around one place have them in common.
    fn half(self, place: Place, from: Vector) -> Vec<Place> {
        /// Corners that are nearer to each other, as a share of the circle, are one.
        const NEAR: f64 = 1e-6;
        let (middle, (count, reach)) = (place.vector(), self.circle());
        let [east, north] = compass(place, middle);
        let start = dot(from, north).atan2(dot(from, east)) / (2.0 * PI);
        let first = ((start + NEAR) * count).ceil() as i64;
        let last = ((start + 0.5 - NEAR) * count).floor() as i64;
        let mut corners = vec![off(middle, from, reach)];
        corners.extend((first..=last).map(|number| corner(place, middle, number.rem_euclid(count as i64) as f64 / count, reach)));
        corners.push(off(middle, scaled(from, -1.0), reach));
        corners
    }

    /// What lies around an edge; none if its ends are opposite places.
    fn around_edge(self, (from, to): (Place, Place)) -> Option<Polygon> {
        let (start, end) = (from.vector(), to.vector());
        let normal = cross(start, end);
        let size = dot(normal, normal).sqrt();
        if size == 0.0 {
            return (dot(start, end) > 0.0).then(|| self.around_place(from));
        }
        let left = scaled(normal, 1.0 / size);
        let right = scaled(left, -1.0);
        let (ahead, behind) = (self.half(to, right), self.half(from, left));
        // The shortest way between two places beside the edge bends away from it as the border of a circle does.
        let whole = angle(start, end);
        let parts = (whole / (2.0 * self.half_turn)).ceil() as usize;
        let beside = |part: usize, side: Vector| {
            let at = whole * part as f64 / parts as f64;
            let along = sum(scaled(start, at.cos()), scaled(cross(left, start), at.sin()));
            off(along, side, self.circle().1)
        };
        let mut corners: Vec<Place> = (1..parts).map(|part| beside(part, right)).collect();
        corners.extend(ahead);
        corners.extend((1..parts).rev().map(|part| beside(part, left)));
        corners.extend(behind);
        Some(closed(corners))
    }

    /// What lies around lines, as areas that may overlap; none if an edge of a line is none.
    pub(super) fn around<'a>(self, lines: impl Iterator<Item = &'a [Place]>) -> Result<Option<Vec<Polygon>>> {
        let (mut areas, mut corners) = (Vec::new(), 0);
        for line in lines {
            let is_ring = line.len() > 2 && line.first() == line.last();
            let line = if is_ring { simplified_ring(line, self.slack) } else { Some(simplified(line, self.slack)) };
            for edge in edges(&line.unwrap_or_default()) {
                let Some(area) = self.around_edge(edge) else { return Ok(None) };
                corners += area.rings().map(<[Place]>::len).sum::<usize>();
                if corners > CORNERS_MAX {
                    return Err(KernelError::new("areas with so many edges are not supported; ask for a greater tolerance"));
                }
                areas.push(area);
            }
        }
        Ok(Some(areas))
    }
}

/// The directions to the east and to the north of a place.
fn compass(place: Place, middle: Vector) -> [Vector; 2] {
    let longitude = place.longitude.to_radians();
    let east = [-longitude.sin(), longitude.cos(), 0.0];
    [east, cross(middle, east)]
}

/// The place at an angle from a place, in the direction of a share of the circle from east to the left.
fn corner(place: Place, middle: Vector, share: f64, angle: f64) -> Place {
    let ([east, north], (sine, cosine)) = (compass(place, middle), (share * 2.0 * PI).sin_cos());
    off(middle, sum(scaled(east, cosine), scaled(north, sine)), angle)
}

/// The place at an angle from a place in a direction.
fn off(place: Vector, direction: Vector, angle: f64) -> Place {
    degrees(sum(scaled(place, angle.cos()), scaled(direction, angle.sin())))
}

fn closed(mut corners: Vec<Place>) -> Polygon {
    corners.extend(corners.first().copied());
    Polygon::new(vec![corners])
}

/// The radius and the tolerance that arguments ask for; none if they are null.
fn asked(call: &Arguments, argument: usize, row: usize) -> Option<(f64, f64)> {
    let tolerance = if call.len() > argument + 1 { call.real(argument + 1, row)? } else { TOLERANCE };
    Some((call.real(argument, row)?, tolerance))
}

/// Shares of the tolerance that are tried one after the other, as borders whose edges nearly lie on each other cannot be put together.
const TRIED: [f64; 4] = [1.0, 0.87, 0.71, 0.53];

/// What lies around lines and in polygons, as areas that do not overlap; none without a radius.
fn united(polygons: &[Polygon], lines: &[&[Place]], radius: f64, tolerance: f64) -> Result<Option<Vec<Polygon>>> {
    let attempt = |share: f64| {
        let reach = Reach::of_shape(radius, tolerance * share)?;
        let areas = reach.map(|reach| reach.around(lines.iter().copied())).transpose()?.flatten();
        areas.map(|areas| overlay::united(areas.into_iter().chain(polygons.iter().cloned()).collect())).transpose()
    };
    let mut found = attempt(TRIED[0]);
    for share in &TRIED[1..] {
        if found.is_ok() {
            break;
        }
        found = attempt(*share);
    }
    // What is smaller than the surroundings of a single place is what rounding leaves.
    Ok(found?.map(|areas| areas.into_iter().filter(|area| area.area() >= radius * radius).collect()))
}

/// What lies in polygons, and around their borders or around lines; none without a radius.
fn buffer(polygons: &[Polygon], lines: &[Line], asked: Option<(f64, f64)>) -> Result<Option<String>> {
    let Some((radius, tolerance)) = asked else { return Ok(None) };
    let borders: Vec<&[Place]> = polygons.iter().flat_map(Polygon::rings).chain(lines.iter().map(Line::places)).collect();
    Ok(united(polygons, &borders, radius, tolerance)?.map(|areas| geojson::polygons(&rings(&areas))))
}

const JSON: Returns = Returns::Always(Dynamic);
const POINT: &[Parameter] = &[takes("longitude", Real), takes("latitude", Real), takes("radius", Real), takes("tolerance", Real)];
const LINE: &[Parameter] = &[takes("lineString", Dynamic), takes("radius", Real), takes("tolerance", Real)];
const POLYGON: &[Parameter] = &[takes("polygon", Dynamic), takes("radius", Real), takes("tolerance", Real)];
const CORNERS: &str = "Which corners the border has may differ; it lies within the tolerance outside of the ideal one. A border that would nearly lie on itself is refused.";

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "geo_point_buffer",
        Family::Geography,
        "Gives a polygon around what lies within so many metres of a place, as GeoJSON.",
        &[form(POINT, 3, JSON, |call| {
            fallible(call, |row| {
                let (Some(place), Some((radius, tolerance))) = (place(call, 0, row), asked(call, 2, row)) else { return Ok(None) };
                let reach = Reach::of_place(radius, tolerance)?;
                Ok(reach.map(|reach| geojson::polygons(&rings(&[reach.around_place(place)]))))
            })
        })],
    )
    .differs(CORNERS),
    Function::new(
        "geo_line_buffer",
        Family::Geography,
        "Gives the polygons around what lies within so many metres of a line, as GeoJSON.",
        &[form(LINE, 2, JSON, |call| {
            fallible(call, |row| {
                let lines = lines_of(call, 0, row);
                lines.map_or(Ok(None), |lines| buffer(&[], &lines, asked(call, 1, row)))
            })
        })],
    )
    .differs(CORNERS),
    Function::new(
        "geo_polygon_buffer",
        Family::Geography,
        "Gives the polygons around what lies in a polygon or within so many metres of it, as GeoJSON.",
        &[form(POLYGON, 2, JSON, |call| {
            fallible(call, |row| {
                let polygons = polygons_of(call, 0, row);
                polygons.map_or(Ok(None), |polygons| buffer(&polygons, &[], asked(call, 1, row)))
            })
        })],
    )
    .differs(CORNERS),
];

#[cfg(test)]
mod tests {
    use super::super::along::{halfway, of_polygons};
    use super::super::shapes::{distance_to_edge, goes_left};
    use super::*;

    fn place_at(longitude: f64, latitude: f64) -> Place {
        Place::new(longitude, latitude).expect("a place")
    }

    /// Corners of areas and places between them lie at the radius or outside of it by no more than the tolerance.
    fn hugs(areas: &[Polygon], radius: f64, tolerance: f64, distance: impl Fn(Place) -> f64) {
        for (from, to) in of_polygons(areas) {
            for place in [from, halfway(from, to)] {
                let distance = distance(place);
                let fits = (radius * (1.0 - 1e-6)..=(radius + tolerance) * (1.0 + 1e-6)).contains(&distance);
                assert!(fits, "{distance} for {radius}, {tolerance}");
            }
        }
    }

    /// The areas around a line as one, held against the line.
    fn check(line: &[Place], radius: f64, tolerance: f64) -> usize {
        let areas = united(&[], &[line], radius, tolerance);
        let areas = areas.unwrap_or_else(|error| panic!("{line:?}, {radius}, {tolerance}: {}", error.message)).expect("areas");
        hugs(&areas, radius, tolerance, |place| edges(line).map(|(a, b)| distance_to_edge(place, a, b)).fold(f64::INFINITY, f64::min));
        areas.len()
    }

    #[test]
    fn circles_lie_within_the_tolerance() {
        for (longitude, latitude) in [(-115.17, 36.15), (0.0, 90.0), (179.99, -89.9), (180.0, 0.0), (0.0, 0.0)] {
            let place = place_at(longitude, latitude);
            for (radius, tolerance) in [(20_000.0, 10.0), (1.0, 10.0), (0.5, 1e-9), (3_000_000.0, 1000.0)] {
                let reach = Reach::of_place(radius, tolerance).expect("a radius that is supported").expect("a radius");
                let circle = reach.around_place(place);
                assert!(goes_left(circle.rings().next().expect("a ring")));
                hugs(&[circle], radius, tolerance.max(radius * TOLERANCE_SHARE_MIN), |corner| corner.distance(place));
            }
        }
    }

    #[test]
    fn lines_lie_within_the_tolerance() {
        let edges = [((-80.666, 24.894), (-80.673, 24.890)), ((0.0, 10.0), (90.0, 60.0)), ((179.9, 1.0), (-179.9, -1.0))];
        for ((a, b), (c, d)) in edges {
            for (radius, tolerance) in [(4.0, 0.1), (1000.0, 10.0), (200_000.0, 50.0)] {
                assert_eq!(check(&[place_at(a, b), place_at(c, d)], radius, tolerance), 1);
            }
        }
    }

    fn places(all: &[(f64, f64)]) -> Vec<Place> {
        all.iter().map(|(longitude, latitude)| place_at(*longitude, *latitude)).collect()
    }

    fn zigzag(step: f64) -> Vec<Place> {
        places(&(0..16).map(|n| (14.0 + f64::from(n) * 1e-3, 50.0 + f64::from(n % 2) * step)).collect::<Vec<_>>())
    }

    #[test]
    fn lines_that_bend_give_one_area() {
        for line in [1e-3, 1e-5].map(zigzag) {
            for (radius, tolerance) in [(15.0, 0.1), (15.0, 10.0), (500.0, 10.0)] {
                assert_eq!(check(&line, radius, tolerance), 1);
            }
        }
    }

    #[test]
    fn corners_on_the_way_are_left_out() {
        for line in [1e-7, 1e-9, 0.0].map(zigzag) {
            for (radius, tolerance) in [(15.0, 10.0), (500.0, 10.0)] {
                assert_eq!(check(&line, radius, tolerance), 1);
            }
        }
        let straight = places(&[(14.43, 50.10), (14.431, 50.1003), (14.432, 50.1001), (14.432, 50.1), (14.432, 50.0999)]);
        assert_eq!(check(&straight, 15.0, 0.1), 1);
    }
}

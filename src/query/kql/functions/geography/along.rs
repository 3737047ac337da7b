//! Points along lines and borders, and which shapes meet.

use arrow::array::ArrayRef;

use super::super::json::Json;
use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, takes};
use super::geojson::{coordinates, geojson};
use super::measures::place;
use super::shapes::{Line, Polygon, edges, lines, polygons};
use super::sphere::{Place, Vector, angle, cross, dot};
use crate::query::kql::tree::ScalarType::{Bool, Dynamic, Real};

type Result = std::result::Result<ArrayRef, KernelError>;

pub(super) fn scaled(vector: Vector, by: f64) -> Vector {
    vector.map(|part| part * by)
}

pub(super) fn sum(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn degrees([x, y, z]: Vector) -> Place {
    Place { longitude: y.atan2(x).to_degrees(), latitude: z.atan2(x.hypot(y)).to_degrees() }
}

/// The point in the middle of the way between two places.
pub(super) fn halfway(from: Place, to: Place) -> Place {
    degrees(sum(from.vector(), to.vector()))
}

/// The point behind a place, seen from another one not far away, by a share of the way between them.
pub(super) fn beyond(from: Place, place: Place, share: f64) -> Place {
    degrees(sum(scaled(place.vector(), 1.0 + share), scaled(from.vector(), -share)))
}

/// The point of an edge that is nearest to a place.
fn nearest_on(place: Place, (from, to): (Place, Place)) -> Place {
    let (point, a, b) = (place.vector(), from.vector(), to.vector());
    let normal = cross(a, b);
    let size = dot(normal, normal);
    let lies_between = dot(cross(normal, a), point) >= 0.0 && dot(cross(b, normal), point) >= 0.0;
    if lies_between && size > 0.0 {
        return degrees(sum(point, scaled(normal, -dot(normal, point) / size)));
    }
    if angle(point, a) <= angle(point, b) { from } else { to }
}

/// The point of several edges that is nearest to a place.
pub(super) fn nearest(place: Place, edges: impl Iterator<Item = (Place, Place)>) -> Option<Place> {
    edges.map(|edge| nearest_on(place, edge)).min_by(|a, b| place.distance(*a).total_cmp(&place.distance(*b)))
}

/// The point at a share of the length of a line.
fn interpolated(line: &Line, share: f64) -> Option<Place> {
    if !(0.0..=1.0).contains(&share) {
        return None;
    }
    let mut left = share * line.length();
    for (from, to) in edges(line.places()) {
        let length = from.distance(to);
        if left <= length && length > 0.0 {
            let (a, b) = (from.vector(), to.vector());
            let (whole, part) = (angle(a, b), left / length);
            let (near, far) = (((1.0 - part) * whole).sin() / whole.sin(), (part * whole).sin() / whole.sin());
            return Some(degrees(sum(scaled(a, near), scaled(b, far))));
        }
        left -= length;
    }
    line.places().last().copied()
}

/// The share of the length of a line at which the point lies that is nearest to a place.
fn located(line: &Line, place: Place) -> Option<f64> {
    let (mut before, mut best) = (0.0, None);
    for edge in edges(line.places()) {
        let point = nearest_on(place, edge);
        let distance = place.distance(point);
        if best.is_none_or(|(nearest, _)| distance < nearest) {
            best = Some((distance, before + edge.0.distance(point)));
        }
        before += edge.0.distance(edge.1);
    }
    best.filter(|_| before > 0.0).map(|(_, at)| (at / before).clamp(0.0, 1.0))
}

/// Sines of angles below this one are zero but for how numbers are rounded.
const SAME: f64 = 1e-14;

/// Whether the great circles with these normals are the same one.
pub(super) fn is_parallel(first: Vector, second: Vector) -> bool {
    let normal = cross(first, second);
    dot(normal, normal) <= SAME * SAME * dot(first, first) * dot(second, second)
}

/// Whether two edges have a point in common.
pub(super) fn meet((a, b): (Place, Place), (c, d): (Place, Place)) -> bool {
    if [a, b].iter().any(|end| *end == c || *end == d) {
        return true;
    }
    let [a, b, c, d] = [a, b, c, d].map(Place::vector);
    let (first, second) = (cross(a, b), cross(c, d));
    if is_parallel(first, second) {
        let lies_on = |point: Vector, from: Vector, to: Vector, normal: Vector| {
            let off = dot(normal, point).abs() / dot(normal, normal).sqrt();
            off < SAME && dot(cross(normal, from), point) >= 0.0 && dot(cross(to, normal), point) >= 0.0
        };
        return [c, d].iter().any(|end| lies_on(*end, a, b, first)) || [a, b].iter().any(|end| lies_on(*end, c, d, second));
    }
    let apart = |normal: Vector, one: Vector, other: Vector| dot(normal, one) * dot(normal, other) > 0.0;
    // The great circles meet at two opposite points: the edges do if they are on the same half of the globe.
    !apart(first, c, d) && !apart(second, a, b) && dot(sum(a, b), sum(c, d)) > 0.0
}

pub(super) fn any_meet(one: &[(Place, Place)], other: &[(Place, Place)]) -> bool {
    one.iter().any(|a| other.iter().any(|b| meet(*a, *b)))
}

pub(super) fn of_lines(lines: &[Line]) -> Vec<(Place, Place)> {
    lines.iter().flat_map(|line| edges(line.places())).collect()
}

pub(super) fn of_polygons(polygons: &[Polygon]) -> Vec<(Place, Place)> {
    polygons.iter().flat_map(Polygon::rings).flat_map(edges).collect()
}

pub(super) fn inside(polygons: &[Polygon], place: Place) -> bool {
    polygons.iter().any(|polygon| polygon.contains(place))
}

pub(super) fn lines_of(call: &Arguments, argument: usize, row: usize) -> Option<Vec<Line>> {
    lines(Json::new(call.json(argument, row)?)).filter(|lines| !lines.is_empty())
}

/// The lines of all shapes of an array; none if one of them is no line.
pub(super) fn all_lines_of(call: &Arguments, argument: usize, row: usize) -> Option<Vec<Line>> {
    let shapes = Json::new(call.json(argument, row)?).elements().map(lines).collect::<Option<Vec<_>>>()?;
    Some(shapes.into_iter().flatten().collect()).filter(|lines: &Vec<Line>| !lines.is_empty())
}

/// The polygons of all shapes of an array; none if one of them is no polygon.
pub(super) fn all_polygons_of(call: &Arguments, argument: usize, row: usize) -> Option<Vec<Polygon>> {
    let shapes = Json::new(call.json(argument, row)?).elements().map(polygons).collect::<Option<Vec<_>>>()?;
    Some(shapes.into_iter().flatten().collect()).filter(|polygons: &Vec<Polygon>| !polygons.is_empty())
}

pub(super) fn polygons_of(call: &Arguments, argument: usize, row: usize) -> Option<Vec<Polygon>> {
    polygons(Json::new(call.json(argument, row)?)).filter(|polygons| !polygons.is_empty())
}

pub(super) fn line_of(call: &Arguments, argument: usize, row: usize) -> Option<Line> {
    let mut lines = lines_of(call, argument, row)?;
    lines.pop().filter(|_| lines.is_empty())
}

pub(super) fn points(call: &Arguments, point: impl Fn(usize) -> Option<Place>) -> Result {
    Ok(call.jsons(|row| Some(geojson("Point", &coordinates(point(row)?)))))
}

fn closest_on_polygon(call: &Arguments, row: usize) -> Option<Place> {
    let (place, polygons) = (place(call, 0, row)?, polygons_of(call, 2, row)?);
    if inside(&polygons, place) { Some(place) } else { nearest(place, of_polygons(&polygons).into_iter()) }
}

fn polygons_meet(call: &Arguments, row: usize) -> Option<bool> {
    let (one, other) = (polygons_of(call, 0, row)?, polygons_of(call, 1, row)?);
    let (a, b) = (of_polygons(&one), of_polygons(&other));
    let within = |edges: &[(Place, Place)], polygons: &[Polygon]| edges.iter().any(|(place, _)| inside(polygons, *place));
    Some(any_meet(&a, &b) || within(&a, &other) || within(&b, &one))
}

const JSON: Returns = Returns::Always(Dynamic);
const TRUTH: Returns = Returns::Always(Bool);
const TO_LINE: &[Parameter] = &[takes("longitude", Real), takes("latitude", Real), takes("lineString", Dynamic)];
const TO_POLYGON: &[Parameter] = &[takes("longitude", Real), takes("latitude", Real), takes("polygon", Dynamic)];

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "geo_closest_point_on_line",
        Family::Geography,
        "Gives the point of a line that is nearest to a place, as GeoJSON.",
        &[form(TO_LINE, 3, JSON, |call| points(call, |row| nearest(place(call, 0, row)?, of_lines(&lines_of(call, 2, row)?).into_iter())))],
    ),
    Function::new(
        "geo_closest_point_on_polygon",
        Family::Geography,
        "Gives the point of a polygon that is nearest to a place, as GeoJSON.",
        &[form(TO_POLYGON, 3, JSON, |call| points(call, |row| closest_on_polygon(call, row)))],
    ),
    Function::new(
        "geo_distance_point_to_polygon",
        Family::Geography,
        "Gives the shortest way from a place to a polygon in metres; 0 inside.",
        &[form(TO_POLYGON, 3, Returns::Always(Real), |call| {
            Ok(call.reals(|row| Some(place(call, 0, row)?.distance(closest_on_polygon(call, row)?))))
        })],
    ),
    Function::new(
        "geo_line_interpolate_point",
        Family::Geography,
        "Gives the point at a share of the length of a line, as GeoJSON.",
        &[form(&[takes("lineString", Dynamic), takes("fraction", Real)], 2, JSON, |call| {
            points(call, |row| interpolated(&line_of(call, 0, row)?, call.real(1, row)?))
        })],
    ),
    Function::new(
        "geo_line_locate_point",
        Family::Geography,
        "Gives the share of the length of a line at which the point lies that is nearest to a place.",
        &[form(&[takes("lineString", Dynamic), takes("longitude", Real), takes("latitude", Real)], 3, Returns::Always(Real), |call| {
            Ok(call.reals(|row| located(&line_of(call, 0, row)?, place(call, 1, row)?)))
        })],
    ),
    Function::new(
        "geo_intersects_2lines",
        Family::Geography,
        "Tells whether two lines have a point in common.",
        &[form(&[takes("lineString1", Dynamic), takes("lineString2", Dynamic)], 2, TRUTH, |call| {
            Ok(call.bools(|row| Some(any_meet(&of_lines(&lines_of(call, 0, row)?), &of_lines(&lines_of(call, 1, row)?)))))
        })],
    ),
    Function::new(
        "geo_intersects_2polygons",
        Family::Geography,
        "Tells whether two polygons have a point in common.",
        &[form(&[takes("polygon1", Dynamic), takes("polygon2", Dynamic)], 2, TRUTH, |call| Ok(call.bools(|row| polygons_meet(call, row))))],
    ),
    Function::new(
        "geo_intersects_line_with_polygon",
        Family::Geography,
        "Tells whether a line and a polygon have a point in common.",
        &[form(&[takes("lineString", Dynamic), takes("polygon", Dynamic)], 2, TRUTH, |call| {
            Ok(call.bools(|row| {
                let (line, polygons) = (of_lines(&lines_of(call, 0, row)?), polygons_of(call, 1, row)?);
                let starts_inside = line.iter().any(|(place, _)| inside(&polygons, *place));
                Some(starts_inside || any_meet(&line, &of_polygons(&polygons)))
            }))
        })],
    ),
];

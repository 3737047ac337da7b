//! New shapes out of lines and polygons: with more points or fewer, their middles, what they have in common.

use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, takes};
use super::along::{
    any_meet, degrees, halfway, inside, is_parallel, lines_of, meet, of_lines, of_polygons, points, polygons_of, scaled, sum,
};
use super::borders::simplified_together;
use super::geojson;
use super::measures::apart;
use super::overlay;
use super::shapes::{Line, Polygon, edges};
use super::sphere::{Place, Vector, angle, cross, dot};
use crate::query::kql::tree::ScalarType::{Dynamic, Real};

/// Metres by which a new shape may differ from the old one if nothing is said.
const TOLERANCE: f64 = 10.0;
/// Metres for which `densify` and `simplify` may be asked.
const TOLERANCES: std::ops::RangeInclusive<f64> = 0.1..=10_000.0;
/// Points of a shape at most.
const POINTS_MAX: usize = 1 << 20;

type Edge = (Place, Place);

/// The tolerance that an argument asks for; none if it is out of range.
fn tolerance(call: &Arguments, row: usize) -> Option<f64> {
    let asked = if call.len() > 1 { call.real(1, row)? } else { TOLERANCE };
    Some(asked).filter(|asked| TOLERANCES.contains(asked))
}

/// The point at a share of an edge that is straight on a map of longitudes and latitudes.
fn on_map((from, to): Edge, share: f64) -> Place {
    let between = |from: f64, to: f64| from + (to - from) * share;
    Place { longitude: between(from.longitude, to.longitude), latitude: between(from.latitude, to.latitude) }
}

/// The point at a share of the shortest way between two places.
fn on_way((from, to): Edge, share: f64) -> Place {
    let (a, b) = (from.vector(), to.vector());
    let whole = angle(a, b);
    if whole == 0.0 {
        return from;
    }
    degrees(sum(scaled(a, ((1.0 - share) * whole).sin()), scaled(b, (share * whole).sin())))
}

/// How far apart an edge on the map and the shortest way are: measured at the two places at which their distance is greatest as a rule.
fn deviation(edge: Edge) -> f64 {
    const PLACE: f64 = 0.312_156_910_822_482_3;
    if dot(edge.0.vector(), edge.1.vector()) < -1e-14 {
        return f64::INFINITY;
    }
    [PLACE, 1.0 - PLACE].map(|share| on_map(edge, share).distance(on_way(edge, share))).into_iter().fold(0.0, f64::max)
}

/// Adds points on the edge of a map until the shortest ways between them stay near to it.
fn densify_edge(edge: Edge, tolerance: f64, out: &mut Vec<Place>) -> bool {
    /// The deviation elsewhere on an edge is greater than where it is measured by this factor.
    const SCALE: f64 = 0.838_299_925_698_888_5;
    if deviation(edge) <= tolerance * SCALE {
        out.push(edge.1);
        return out.len() <= POINTS_MAX;
    }
    let middle = on_map(edge, 0.5);
    densify_edge((edge.0, middle), tolerance, out) && densify_edge((middle, edge.1), tolerance, out)
}

fn densified(places: &[Place], tolerance: f64) -> Option<Vec<Place>> {
    let mut out: Vec<Place> = places.first().copied().into_iter().collect();
    edges(places).all(|edge| densify_edge(edge, tolerance, &mut out)).then_some(out)
}

/// Leaves out points that lie nearer to the line between those that stay.
pub(super) fn simplified(places: &[Place], tolerance: f64) -> Vec<Place> {
    let Some(last) = places.len().checked_sub(1) else { return Vec::new() };
    let mut kept: Vec<bool> = (0..=last).map(|place| place == 0 || place == last).collect();
    let mut open = vec![(0, last)];
    while let Some((start, end)) = open.pop() {
        let chord = Line::between(places[start], places[end]);
        let farthest = (start + 1..end).map(|place| (chord.distance(places[place]), place)).max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, place)) = farthest.filter(|(distance, _)| *distance > tolerance) {
            kept[place] = true;
            open.extend([(start, place), (place, end)]);
        }
    }
    places.iter().zip(kept).filter(|(_, kept)| *kept).map(|(place, _)| *place).collect()
}

/// The middle of lines: of each edge its middle, weighed by how the sphere bends.
fn middle_of_lines(lines: &[Line]) -> Option<Place> {
    let total = lines.iter().flat_map(|line| edges(line.places())).fold([0.0; 3], |total: Vector, (from, to)| {
        let (a, b) = (from.vector(), to.vector());
        let (whole, apart) = (sum(a, b), sum(a, scaled(b, -1.0)));
        let weight = (dot(apart, apart) / dot(whole, whole)).sqrt();
        sum(total, scaled(whole, if weight.is_finite() { weight } else { 0.0 }))
    });
    (dot(total, total) > 0.0).then(|| degrees(total))
}

/// The middle of areas: half of what the normals of their edges, as long as these, add up to.
fn middle_of_polygons(polygons: &[Polygon]) -> Option<Place> {
    let around = |ring: &[Place]| {
        edges(ring).fold([0.0; 3], |total: Vector, (from, to)| {
            let (a, b) = (from.vector(), to.vector());
            let normal = cross(a, b);
            let length = dot(normal, normal).sqrt();
            sum(total, if length > 0.0 { scaled(normal, angle(a, b) / length) } else { [0.0; 3] })
        })
    };
    let mut total: Vector = [0.0; 3];
    for (number, ring) in polygons.iter().flat_map(|polygon| polygon.rings().enumerate()) {
        let inner = ring.iter().fold([0.0; 3], |sum_of: Vector, place| sum(sum_of, place.vector()));
        let area = around(ring);
        // Outer rings count towards their own side of the globe, holes away from it.
        let is_right = (dot(area, inner) > 0.0) == (number == 0);
        total = sum(total, scaled(area, if is_right { 1.0 } else { -1.0 }));
    }
    (dot(total, total) > 0.0).then(|| degrees(total))
}

/// Where two edges cross or touch.
pub(super) fn meeting((a, b): Edge, (c, d): Edge) -> Place {
    for end in [a, b] {
        if end == c || end == d {
            return end;
        }
    }
    let [from, to, start, end] = [a, b, c, d].map(Place::vector);
    let point = cross(cross(from, to), cross(start, end));
    let is_here = dot(point, sum(from, to)) > 0.0;
    degrees(if is_here { point } else { scaled(point, -1.0) })
}

fn is_same((a, b): Edge, (c, d): Edge) -> bool {
    (a == c && b == d) || (a == d && b == c)
}

fn chained(edges: &[Edge]) -> Vec<Vec<Place>> {
    let mut left: Vec<Edge> = edges.to_vec();
    let mut lines = Vec::new();
    while !left.is_empty() {
        let degree = |place: Place, left: &[Edge]| left.iter().filter(|(a, b)| *a == place || *b == place).count();
        // A line starts at an end, and goes on for as long as there is one way.
        let start = left.iter().position(|(a, _)| degree(*a, &left) != 2).unwrap_or(0);
        let (first, next) = left.remove(start);
        let mut line = vec![first, next];
        while let Some(end) = line.last().copied().filter(|end| degree(*end, edges) == 2) {
            let Some(place) = left.iter().position(|(a, b)| *a == end || *b == end) else { break };
            let (a, b) = left.remove(place);
            line.push(if a == end { b } else { a });
        }
        lines.push(line);
    }
    lines
}

/// What two lines have in common.
fn common_of_lines(one: &[Line], other: &[Line]) -> Result<String, KernelError> {
    let (one, other) = (of_lines(one), of_lines(other));
    let (mut places, mut shared): (Vec<Place>, Vec<Edge>) = (Vec::new(), Vec::new());
    for a in &one {
        for b in other.iter().filter(|b| meet(*a, **b)) {
            if is_same(*a, *b) {
                shared.push(*a);
                continue;
            }
            let touching = [a.0, a.1].into_iter().find(|end| *end == b.0 || *end == b.1);
            if touching.is_none() && is_parallel(cross(a.0.vector(), a.1.vector()), cross(b.0.vector(), b.1.vector())) {
                return Err(KernelError::new("lines that lie on each other in part are not supported"));
            }
            let place = meeting(*a, *b);
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    places.retain(|place| !shared.iter().any(|(a, b)| a == place || b == place));
    Ok(geojson::points_and_lines(&places, &chained(&shared)))
}

/// The parts of lines inside of polygons.
fn inside_of_polygons(lines: &[Line], polygons: &[Polygon]) -> String {
    let border = of_polygons(polygons);
    let mut parts: Vec<Vec<Place>> = Vec::new();
    for line in lines {
        let mut open = false;
        for edge in edges(line.places()) {
            let mut cuts: Vec<Place> = border.iter().filter(|other| meet(edge, **other)).map(|other| meeting(edge, *other)).collect();
            cuts.sort_by(|a, b| edge.0.distance(*a).total_cmp(&edge.0.distance(*b)));
            cuts.push(edge.1);
            let mut from = edge.0;
            for to in cuts {
                if from == to {
                    continue;
                }
                let is_inside = inside(polygons, halfway(from, to));
                match parts.last_mut().filter(|_| open && is_inside) {
                    Some(part) => part.push(to),
                    None if is_inside => parts.push(vec![from, to]),
                    None => {}
                }
                open = is_inside;
                from = to;
            }
        }
    }
    geojson::points_and_lines(&[], &parts)
}

/// The edges of several lines, each once.
fn united(lines: &[Line]) -> Result<Vec<Vec<Place>>, KernelError> {
    let mut all: Vec<Edge> = Vec::new();
    for edge in of_lines(lines) {
        if !all.iter().any(|known| is_same(*known, edge)) {
            all.push(edge);
        }
    }
    let apart = |(a, b): Edge, (c, d): Edge| a != c && a != d && b != c && b != d;
    for (number, edge) in all.iter().enumerate() {
        if all[..number].iter().any(|other| apart(*edge, *other) && any_meet(&[*edge], &[*other])) {
            return Err(KernelError::new("lines that cross are not supported"));
        }
    }
    Ok(chained(&all))
}

fn shape(lines: &[Vec<Place>]) -> Option<String> {
    (!lines.is_empty()).then(|| geojson::lines(lines))
}

/// Polygons with every ring made anew; none if one of them is no ring any longer.
fn reshaped(polygons: &[Polygon], ring: impl Fn(&[Place]) -> Option<Vec<Place>>) -> Option<String> {
    let rings = |polygon: &Polygon| polygon.rings().map(|old| ring(old).filter(|new| new.len() > 3)).collect::<Option<Vec<_>>>();
    Some(geojson::polygons(&polygons.iter().map(rings).collect::<Option<Vec<_>>>()?))
}

/// A ring is opened at the point that is farthest from its first one.
pub(super) fn simplified_ring(ring: &[Place], tolerance: f64) -> Option<Vec<Place>> {
    let first = *ring.first()?;
    let far = (1..ring.len()).max_by(|a, b| first.distance(ring[*a]).total_cmp(&first.distance(ring[*b])))?;
    let mut out = simplified(&ring[..=far], tolerance);
    out.extend(simplified(&ring[far..], tolerance).into_iter().skip(1));
    Some(out)
}

/// Runs over the rows; the first error ends the query.
pub(super) fn fallible(
    call: &Arguments,
    mut row_of: impl FnMut(usize) -> Result<Option<String>, KernelError>,
) -> Result<arrow::array::ArrayRef, KernelError> {
    let mut failed = None;
    let array = call.jsons(|row| {
        if failed.is_some() {
            return None;
        }
        row_of(row).unwrap_or_else(|error| {
            failed = Some(error);
            None
        })
    });
    failed.map_or(Ok(array), Err)
}

pub(super) fn rings(polygons: &[Polygon]) -> Vec<Vec<Vec<Place>>> {
    polygons.iter().map(|polygon| polygon.rings().map(<[Place]>::to_vec).collect()).collect()
}

const JSON: Returns = Returns::Always(Dynamic);
const LINE: &[Parameter] = &[takes("lineString", Dynamic)];
const POLYGON: &[Parameter] = &[takes("polygon", Dynamic)];
const LINE_WITHIN: &[Parameter] = &[takes("lineString", Dynamic), takes("tolerance", Real)];
const POLYGON_WITHIN: &[Parameter] = &[takes("polygon", Dynamic), takes("tolerance", Real)];

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "geo_line_densify",
        Family::Geography,
        "Adds points to a line whose edges are straight on a map, until the shortest ways between them stay within so many metres of it.",
        &[form(LINE_WITHIN, 1, JSON, |call| {
            Ok(call.jsons(|row| {
                let (lines, tolerance) = (lines_of(call, 0, row)?, tolerance(call, row)?);
                shape(&lines.iter().map(|line| densified(line.places(), tolerance)).collect::<Option<Vec<_>>>()?)
            }))
        })],
    ),
    Function::new(
        "geo_polygon_densify",
        Family::Geography,
        "Adds points to a polygon whose edges are straight on a map, until the shortest ways between them stay within so many metres of it.",
        &[form(POLYGON_WITHIN, 1, JSON, |call| {
            Ok(call.jsons(|row| {
                let tolerance = tolerance(call, row)?;
                reshaped(&polygons_of(call, 0, row)?, |ring| densified(ring, tolerance))
            }))
        })],
    ),
    Function::new(
        "geo_line_simplify",
        Family::Geography,
        "Leaves out points of a line that lie within so many metres of the line without them.",
        &[form(LINE_WITHIN, 1, JSON, |call| {
            Ok(call.jsons(|row| {
                let (lines, tolerance) = (lines_of(call, 0, row)?, tolerance(call, row)?);
                shape(&lines.iter().map(|line| simplified(line.places(), tolerance)).collect::<Vec<_>>())
            }))
        })],
    )
    .differs(CHOICE),
    Function::new(
        "geo_polygon_simplify",
        Family::Geography,
        "Leaves out points of a polygon that lie within so many metres of the border without them; null if nothing is left.",
        &[form(POLYGON_WITHIN, 1, JSON, |call| {
            Ok(call.jsons(|row| {
                let tolerance = tolerance(call, row)?;
                reshaped(&polygons_of(call, 0, row)?, |ring| simplified_ring(ring, tolerance))
            }))
        })],
    )
    .differs(CHOICE),
    Function::new(
        "geo_line_centroid",
        Family::Geography,
        "Gives the middle of a line as GeoJSON.",
        &[form(LINE, 1, JSON, |call| points(call, |row| middle_of_lines(&lines_of(call, 0, row)?)))],
    ),
    Function::new(
        "geo_polygon_centroid",
        Family::Geography,
        "Gives the middle of a polygon as GeoJSON.",
        &[form(POLYGON, 1, JSON, |call| {
            let polygons = apart(call)?;
            points(call, |row| middle_of_polygons(polygons[row].as_ref()?))
        })],
    ),
    Function::new(
        "geo_intersection_2lines",
        Family::Geography,
        "Gives the points and edges that two lines have in common, as GeoJSON.",
        &[form(&[takes("lineString1", Dynamic), takes("lineString2", Dynamic)], 2, JSON, |call| {
            fallible(call, |row| match (lines_of(call, 0, row), lines_of(call, 1, row)) {
                (Some(one), Some(other)) => common_of_lines(&one, &other).map(Some),
                _ => Ok(None),
            })
        })],
    )
    .differs("Edges that lie on each other in part are refused."),
    Function::new(
        "geo_intersection_line_with_polygon",
        Family::Geography,
        "Gives the parts of a line inside of a polygon, as GeoJSON.",
        &[form(&[takes("lineString", Dynamic), takes("polygon", Dynamic)], 2, JSON, |call| {
            Ok(call.jsons(|row| Some(inside_of_polygons(&lines_of(call, 0, row)?, &polygons_of(call, 1, row)?))))
        })],
    )
    .differs("Single points that a line and a border have in common are left out."),
    Function::new(
        "geo_intersection_2polygons",
        Family::Geography,
        "Gives what two polygons have in common, as GeoJSON.",
        &[form(&[takes("polygon1", Dynamic), takes("polygon2", Dynamic)], 2, JSON, |call| {
            fallible(call, |row| match (polygons_of(call, 0, row), polygons_of(call, 1, row)) {
                (Some(one), Some(other)) => {
                    let (polygons, places) = overlay::shared(one, other)?;
                    Ok(Some(geojson::points_and_polygons(&places, &rings(&polygons))))
                }
                _ => Ok(None),
            })
        })],
    )
    .differs("Polygons that lie side by side, with a border in common, are refused."),
    Function::new(
        "geo_simplify_polygons_array",
        Family::Geography,
        "Leaves out points of the polygons of an array, the same ones where they lie side by side; null if one of them is no polygon or nothing is left.",
        &[form(&[takes("polygons", Dynamic), takes("tolerance", Real)], 1, JSON, |call| {
            Ok(call.jsons(|row| {
                let tolerance = tolerance(call, row)?;
                let left = simplified_together(&super::along::all_polygons_of(call, 0, row)?, tolerance);
                (!left.is_empty()).then(|| geojson::polygons(&left))
            }))
        })],
    )
    .differs(CHOICE),
    Function::new(
        "geo_union_polygons_array",
        Family::Geography,
        "Gives what the polygons of an array cover together, as GeoJSON; null if one of them is no polygon.",
        &[form(&[takes("polygons", Dynamic)], 1, JSON, |call| {
            fallible(call, |row| match super::along::all_polygons_of(call, 0, row) {
                Some(polygons) => Ok(Some(geojson::polygons(&rings(&overlay::united(polygons)?)))),
                None => Ok(None),
            })
        })],
    ),
    Function::new(
        "geo_union_lines_array",
        Family::Geography,
        "Gives the lines of an array as one shape in which each edge occurs once.",
        &[form(&[takes("lineStrings", Dynamic)], 1, JSON, |call| {
            fallible(call, |row| {
                let lines = super::along::all_lines_of(call, 0, row);
                lines.map(|lines| united(&lines).map(|lines| shape(&lines))).transpose().map(Option::flatten)
            })
        })],
    )
    .differs("Lines that cross are refused."),
];

const CHOICE: &str = "Which of several points stay may differ.";

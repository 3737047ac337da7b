//! Shapes written as GeoJSON.

use super::sphere::Place;

/// A shape of a type.
pub(super) fn geojson(kind: &str, coordinates: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"coordinates\":{coordinates}}}")
}

pub(super) fn coordinates(Place { longitude, latitude }: Place) -> String {
    format!("[{longitude},{latitude}]")
}

/// Coordinates between brackets.
fn list(parts: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", parts.into_iter().collect::<Vec<_>>().join(","))
}

fn places(places: &[Place]) -> String {
    list(places.iter().copied().map(coordinates))
}

fn rings(rings: &[Vec<Place>]) -> String {
    list(rings.iter().map(|ring| places(ring)))
}

/// A polygon of closed rings.
pub(super) fn polygon(shape: &[Vec<Place>]) -> String {
    geojson("Polygon", &rings(shape))
}

/// A shape of one part, or the one of its plural.
fn one_or_many(kind: &str, mut parts: Vec<String>) -> String {
    match parts.len() {
        1 => geojson(kind, &parts.swap_remove(0)),
        _ => geojson(&format!("Multi{kind}"), &list(parts)),
    }
}

/// A polygon, or several.
pub(super) fn polygons(shapes: &[Vec<Vec<Place>>]) -> String {
    one_or_many("Polygon", shapes.iter().map(|shape| rings(shape)).collect())
}

/// A line, or several.
pub(super) fn lines(shapes: &[Vec<Place>]) -> String {
    one_or_many("LineString", shapes.iter().map(|shape| places(shape)).collect())
}

/// Points and lines: the simplest type that holds them, an empty collection for none.
pub(super) fn points_and_lines(points: &[Place], shapes: &[Vec<Place>]) -> String {
    collected(points, (!shapes.is_empty()).then(|| lines(shapes)))
}

/// Points and polygons: the simplest type that holds them, an empty collection for none.
pub(super) fn points_and_polygons(points: &[Place], shapes: &[Vec<Vec<Place>>]) -> String {
    collected(points, (!shapes.is_empty()).then(|| polygons(shapes)))
}

fn collected(points: &[Place], shape: Option<String>) -> String {
    let several = || one_or_many("Point", points.iter().copied().map(coordinates).collect());
    let points = (!points.is_empty()).then(several);
    match (points, shape) {
        (Some(only), None) | (None, Some(only)) => only,
        (points, shape) => {
            let parts = points.into_iter().chain(shape);
            format!("{{\"type\":\"GeometryCollection\",\"geometries\":{}}}", list(parts))
        }
    }
}

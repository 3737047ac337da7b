//! Distances, directions, areas.

use arrow::array::ArrayRef;

use super::super::json::Json;
use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, takes};
use super::overlay;
use super::shapes::{Polygon, lines, polygons};
use super::sphere::Place;
use crate::query::kql::tree::ScalarType::{Bool, Dynamic, Real};

type Result<T> = std::result::Result<T, KernelError>;

const REAL: Returns = Returns::Always(Real);
const TWO_PLACES: &[Parameter] =
    &[takes("p1_longitude", Real), takes("p1_latitude", Real), takes("p2_longitude", Real), takes("p2_latitude", Real)];
const POLYGON: &[Parameter] = &[takes("polygon", Dynamic)];
const ONE_SHAPE: &str = "The lines of a MultiLineString are added up, not united.";

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "geo_distance_2points",
        Family::Geography,
        "Gives the shortest way between two places in metres, on the sphere or, if asked for, on the spheroid.",
        &[form(
            &[
                takes("p1_longitude", Real),
                takes("p1_latitude", Real),
                takes("p2_longitude", Real),
                takes("p2_latitude", Real),
                takes("use_spheroid", Bool),
            ],
            4,
            REAL,
            distance,
        )],
    ),
    Function::new(
        "geo_azimuth",
        Family::Geography,
        "Gives the direction from one place to another, clockwise from north, in radians.",
        &[form(TWO_PLACES, 4, REAL, |call| Ok(call.reals(|row| place(call, 0, row)?.azimuth(place(call, 2, row)?))))],
    ),
    Function::new(
        "geo_angle",
        Family::Geography,
        "Gives the angle at the second of three places, clockwise from the first to the third, in radians.",
        &[form(
            &[
                takes("p1_longitude", Real),
                takes("p1_latitude", Real),
                takes("p2_longitude", Real),
                takes("p2_latitude", Real),
                takes("p3_longitude", Real),
                takes("p3_latitude", Real),
            ],
            6,
            REAL,
            corner,
        )],
    ),
    Function::new(
        "geo_point_in_circle",
        Family::Geography,
        "Tells whether a place lies within so many metres of another.",
        &[form(
            &[
                takes("p_longitude", Real),
                takes("p_latitude", Real),
                takes("pc_longitude", Real),
                takes("pc_latitude", Real),
                takes("c_radius", Real),
            ],
            5,
            Returns::Always(Bool),
            in_circle,
        )],
    ),
    Function::new(
        "geo_point_in_polygon",
        Family::Geography,
        "Tells whether a place lies in a polygon, given as GeoJSON.",
        &[form(&[takes("longitude", Real), takes("latitude", Real), takes("polygon", Dynamic)], 3, Returns::Always(Bool), in_polygon)],
    ),
    Function::new(
        "geo_distance_point_to_line",
        Family::Geography,
        "Gives the shortest way from a place to a line, given as GeoJSON, in metres.",
        &[form(&[takes("longitude", Real), takes("latitude", Real), takes("lineString", Dynamic)], 3, REAL, |call| {
            Ok(call.reals(|row| {
                let (place, lines) = (place(call, 0, row)?, lines(Json::new(call.json(2, row)?))?);
                lines.iter().map(|line| line.distance(place)).reduce(f64::min)
            }))
        })],
    ),
    Function::new(
        "geo_line_length",
        Family::Geography,
        "Gives the length of a line, given as GeoJSON, in metres.",
        &[form(&[takes("lineString", Dynamic)], 1, REAL, |call| {
            Ok(call.reals(|row| Some(lines(Json::new(call.json(0, row)?))?.iter().map(super::shapes::Line::length).sum())))
        })],
    )
    .differs(ONE_SHAPE),
    Function::new(
        "geo_polygon_area",
        Family::Geography,
        "Gives the area of a polygon in square metres.",
        &[form(POLYGON, 1, REAL, |call| summed(call, Polygon::area))],
    ),
    Function::new(
        "geo_polygon_perimeter",
        Family::Geography,
        "Gives the length around a polygon in metres.",
        &[form(POLYGON, 1, REAL, |call| summed(call, Polygon::perimeter))],
    ),
];

/// The place whose longitude and latitude start at an argument.
pub(super) fn place(call: &Arguments, argument: usize, row: usize) -> Option<Place> {
    Place::new(call.real(argument, row)?, call.real(argument + 1, row)?)
}

/// The polygons of each row, as such that have nothing in common.
pub(super) fn apart(call: &Arguments) -> Result<Vec<Option<Vec<Polygon>>>> {
    let separate = |row| call.json(0, row).and_then(|text| polygons(Json::new(text))).map(overlay::apart).transpose();
    (0..call.rows).map(separate).collect()
}

/// What is measured of polygons that have nothing in common, added up.
fn summed(call: &Arguments, measure: fn(&Polygon) -> f64) -> Result<ArrayRef> {
    let polygons = apart(call)?;
    Ok(call.reals(|row| Some(polygons[row].as_ref()?.iter().map(measure).sum())))
}

fn distance(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.reals(|row| {
        let (from, to) = (place(call, 0, row)?, place(call, 2, row)?);
        let on_spheroid = call.len() > 4 && call.bool(4, row)?;
        Some(if on_spheroid { from.distance_on_spheroid(to) } else { from.distance(to) })
    }))
}

fn corner(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.reals(|row| {
        let [first, second, third] = [place(call, 0, row)?, place(call, 2, row)?, place(call, 4, row)?];
        Some((second.azimuth(third)? - second.azimuth(first)?).rem_euclid(std::f64::consts::TAU))
    }))
}

fn in_circle(call: &Arguments) -> Result<ArrayRef> {
    Ok(call.bools(|row| {
        let (place, centre, radius) = (place(call, 0, row)?, place(call, 2, row)?, call.real(4, row)?);
        (radius >= 0.0 && radius.is_finite()).then(|| place.distance(centre) <= radius)
    }))
}

fn in_polygon(call: &Arguments) -> Result<ArrayRef> {
    let fixed = if call.columns[2].constant { Some(call.json(2, 0).and_then(|text| polygons(Json::new(text)))) } else { None };
    Ok(call.bools(|row| {
        let place = place(call, 0, row)?;
        let own;
        let polygons = match &fixed {
            Some(polygons) => polygons.as_ref()?,
            None => {
                own = polygons(Json::new(call.json(2, row)?))?;
                &own
            }
        };
        Some(polygons.iter().any(|polygon| polygon.contains(place)))
    }))
}

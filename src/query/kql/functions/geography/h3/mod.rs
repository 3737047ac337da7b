//! H3 cells: hexagons that cover the globe, in sixteen sizes.

mod cell;
mod grid;
mod lattice;

use std::collections::HashSet;

use super::super::table::form;
use super::super::{Arguments, Family, Function, Parameter, Returns, takes};
use super::along::{halfway, points, polygons_of};
use super::geojson::polygon;
use super::measures::place;
use super::shapes::{Polygon, edges};
use super::sphere::Place;
use crate::query::kql::functions::json::ArrayWriter;
use crate::query::kql::tree::ScalarType::{Dynamic, Int, Long, Real, String as Text};
use cell::{Cell, LEVELS};

/// The level if none is asked for.
const LEVEL: u32 = 6;
/// Levels from a cell down to those inside of it at most.
const DEPTH_MAX: u32 = 5;
/// Rings around a cell at most.
const RINGS_MAX: i64 = 142;
/// Cells of a polygon at most.
const CELLS_MAX: usize = 65_536;
/// The longest edge of a cell of the first level, in metres.
const EDGE: f64 = 1_281_256.0;

/// The level that an argument asks for.
fn level(call: &Arguments, argument: usize, row: usize) -> Option<u32> {
    if call.len() <= argument {
        return Some(LEVEL);
    }
    u32::try_from(call.long(argument, row)?).ok().filter(|level| *level <= LEVELS)
}

fn cell(call: &Arguments, row: usize) -> Option<Cell> {
    Cell::read(call.text(0, row))
}

fn list(cells: impl IntoIterator<Item = Cell>) -> String {
    let mut out = ArrayWriter::default();
    for cell in cells {
        out.push(&format!("\"{}\"", cell.text()));
    }
    out.finish()
}

/// Points of an edge that lie so close to each other that no cell between them is passed over.
fn along_edge(from: Place, to: Place, gap: f64, out: &mut Vec<Place>) {
    out.push(from);
    if from.distance(to) > gap && out.len() <= CELLS_MAX * 4 {
        let middle = halfway(from, to);
        along_edge(from, middle, gap, out);
        along_edge(middle, to, gap, out);
    }
}

/// The cells of a level whose middle lies inside of a polygon; none if there are too many.
fn inside(polygons: &[Polygon], level: u32) -> Option<Vec<Cell>> {
    let gap = EDGE / 7_f64.sqrt().powi(level.cast_signed()) / 4.0;
    let mut points = Vec::new();
    for (from, to) in polygons.iter().flat_map(Polygon::rings).flat_map(edges) {
        along_edge(from, to, gap, &mut points);
    }
    if points.len() > CELLS_MAX * 4 {
        return None;
    }
    let is_inside = |cell: &Cell| {
        let middle = cell.middle();
        polygons.iter().any(|polygon| polygon.contains(middle))
    };
    // From the cells on the border inwards.
    let mut seen: HashSet<Cell> = points.into_iter().filter_map(|point| Cell::of(point, level)).collect();
    let border: Vec<Cell> = seen.iter().copied().collect();
    let mut found: Vec<Cell> = border.iter().copied().filter(is_inside).collect();
    let mut waiting = border;
    while let Some(cell) = waiting.pop() {
        for next in cell.neighbours() {
            if seen.insert(next) && is_inside(&next) {
                found.push(next);
                waiting.push(next);
            }
        }
        if found.len() > CELLS_MAX {
            return None;
        }
    }
    found.sort_unstable();
    Some(found)
}

const JSON: Returns = Returns::Always(Dynamic);
const CELL: &[Parameter] = &[takes("h3cell", Text)];
const CELL_AND_LEVEL: &[Parameter] = &[takes("h3cell", Text), takes("resolution", Long)];

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "geo_point_to_h3cell",
        Family::Geography,
        "Gives the H3 cell of a level, 6 if none is given, in which a place lies.",
        &[form(&[takes("longitude", Real), takes("latitude", Real), takes("resolution", Long)], 2, Returns::Always(Text), |call| {
            Ok(call.texts(|row| Some(Cell::of(place(call, 0, row)?, level(call, 2, row)?)?.text())))
        })],
    ),
    Function::new(
        "geo_h3cell_to_central_point",
        Family::Geography,
        "Gives the middle of an H3 cell as GeoJSON.",
        &[form(CELL, 1, JSON, |call| points(call, |row| Some(cell(call, row)?.middle())))],
    ),
    Function::new(
        "geo_h3cell_to_polygon",
        Family::Geography,
        "Gives the border of an H3 cell as a polygon in GeoJSON.",
        &[form(CELL, 1, JSON, |call| {
            Ok(call.jsons(|row| {
                let mut border = cell(call, row)?.border();
                border.extend(border.first().copied());
                Some(polygon(&[border]))
            }))
        })],
    ),
    Function::new(
        "geo_h3cell_level",
        Family::Geography,
        "Gives the level of an H3 cell, from 0 to 15.",
        &[form(CELL, 1, Returns::Always(Int), |call| Ok(call.ints(|row| i32::try_from(cell(call, row)?.level()).ok())))],
    ),
    Function::new(
        "geo_h3cell_parent",
        Family::Geography,
        "Gives the H3 cell of a coarser level, the next one if none is given, around an H3 cell.",
        &[form(CELL_AND_LEVEL, 1, Returns::Always(Text), |call| {
            Ok(call.texts(|row| {
                let cell = cell(call, row)?;
                let level = if call.len() > 1 { level(call, 1, row)? } else { cell.level().checked_sub(1)? };
                Some(cell.parent(level)?.text())
            }))
        })],
    ),
    Function::new(
        "geo_h3cell_children",
        Family::Geography,
        "Gives the H3 cells of a finer level, the next one if none is given, inside of an H3 cell.",
        &[form(CELL_AND_LEVEL, 1, JSON, |call| {
            Ok(call.jsons(|row| {
                let cell = cell(call, row)?;
                let level = if call.len() > 1 { level(call, 1, row)? } else { cell.level() + 1 };
                let is_finer = level <= LEVELS && level.checked_sub(cell.level()).is_some_and(|depth| (1..=DEPTH_MAX).contains(&depth));
                is_finer.then(|| list(cell.children(level)))
            }))
        })],
    ),
    Function::new(
        "geo_h3cell_neighbors",
        Family::Geography,
        "Gives the H3 cells around an H3 cell.",
        &[form(CELL, 1, JSON, |call| Ok(call.jsons(|row| Some(list(cell(call, row)?.neighbours())))))],
    ),
    Function::new(
        "geo_h3cell_rings",
        Family::Geography,
        "Gives the H3 cells at each distance up to one from an H3 cell, as an array of rings.",
        &[form(&[takes("h3cell", Text), takes("distance", Long)], 2, JSON, |call| {
            Ok(call.jsons(|row| {
                let distance = call.long(1, row).filter(|distance| (0..=RINGS_MAX).contains(distance))?;
                let mut out = ArrayWriter::default();
                for ring in cell(call, row)?.rings(usize::try_from(distance).ok()?) {
                    out.push(&list(ring));
                }
                Some(out.finish())
            }))
        })],
    ),
    Function::new(
        "geo_polygon_to_h3cells",
        Family::Geography,
        "Gives the H3 cells of a level, 6 if none is given, whose middle lies inside of a polygon; null if there are more than 65,536.",
        &[form(&[takes("polygon", Dynamic), takes("resolution", Long)], 1, JSON, |call| {
            Ok(call.jsons(|row| Some(list(inside(&polygons_of(call, 0, row)?, level(call, 1, row)?)?))))
        })],
    )
    .differs("The cells come in the order of their numbers."),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn at(longitude: f64, latitude: f64, level: u32) -> Cell {
        Cell::of(Place::new(longitude, latitude).expect("a place"), level).expect("a cell")
    }

    /// Cells, middles and borders of the reference.
    #[test]
    fn cells_are_those_of_the_reference() {
        assert_eq!(at(-74.016_008_479_792_45, 40.704_167_908_350_4, 6).text(), "862a1072fffffff");
        let cell = Cell::read("862a1072fffffff").expect("a cell");
        assert_eq!(cell.parent(1).map(Cell::text).as_deref(), Some("812a3ffffffffff"));
        assert_eq!(cell.children(9).len(), 343);
        assert_eq!(["abc", "123", "", "@", "1", "ffffffffffffffff"].map(Cell::read), [None; 6]);
    }

    /// At every level, cells hold their middles, know their neighbours as neighbours, and lie inside of their parents.
    #[test]
    fn cells_hold_together() {
        let mut pentagons = 0;
        for level in 0..=LEVELS {
            for number in 0..400 {
                let (turn, rise) = (f64::from(number) * 0.618_033_988_75, (f64::from(number) + 0.5) / 400.0);
                let (longitude, latitude) = (turn.fract() * 360.0 - 180.0, (2.0 * rise - 1.0).asin().to_degrees());
                let cell = at(longitude, latitude, level);
                assert_eq!(Cell::read(&cell.text()), Some(cell));
                assert_eq!(Cell::of(cell.middle(), level), Some(cell), "{} at {longitude} {latitude}", cell.text());
                let around = cell.neighbours();
                assert!(matches!(around.len(), 5 | 6), "{} has {} neighbours", cell.text(), around.len());
                pentagons += usize::from(around.len() == 5);
                for next in around {
                    assert!(next.neighbours().contains(&cell), "{} is a neighbour of {}", next.text(), cell.text());
                }
            }
        }
        assert!(pentagons > 0);
        // Each of the twelve pentagons is found on the way down from the first level.
        let firsts: HashSet<Cell> = (0..4000)
            .map(|number| {
                let rise = (f64::from(number) + 0.5) / 4000.0;
                at((f64::from(number) * 0.618_033_988_75).fract() * 360.0 - 180.0, (2.0 * rise - 1.0).asin().to_degrees(), 0)
            })
            .collect();
        assert_eq!(firsts.len(), 122);
        assert_eq!(firsts.iter().filter(|cell| cell.neighbours().len() == 5).count(), 12);
        assert_eq!(firsts.iter().map(|cell| cell.children(3).len()).sum::<usize>(), 41_162);
        for cell in firsts.iter().flat_map(|cell| cell.children(2)) {
            assert_eq!(Cell::of(cell.middle(), 2), Some(cell), "{}", cell.text());
        }
    }
}

//! The S2 cells that shapes touch.

use std::collections::HashSet;

use super::super::json::ArrayWriter;
use super::super::table::form;
use super::super::{Arguments, Family, Function, Parameter, Returns, takes};
use super::along::{any_meet, inside, lines_of, of_lines, of_polygons, polygons_of};
use super::cells::{Cell, LEVEL, LEVELS};
use super::shapes::Polygon;
use super::sphere::Place;
use crate::query::kql::tree::ScalarType::{Dynamic, Long, String as Text};

/// Cells of a shape at most.
const CELLS_MAX: usize = 65_536;

/// The cells of a level that edges and areas touch, by number; none if there are too many.
fn touched(edges: &[(Place, Place)], areas: &[Polygon], level: u32) -> Option<Vec<String>> {
    let touches = |cell: &Cell, corners: [Place; 4]| {
        let [a, b, c, d] = corners;
        edges.iter().any(|(from, _)| Cell::of(*from, level) == *cell)
            || any_meet(&[(a, b), (b, c), (c, d), (d, a)], edges)
            || inside(areas, a)
    };
    // Shapes hold together, so do the cells that they touch.
    let mut seen: HashSet<Cell> = edges.iter().map(|(from, _)| Cell::of(*from, level)).collect();
    let mut waiting: Vec<Cell> = seen.iter().copied().collect();
    let mut found: Vec<String> = waiting.iter().map(|cell| cell.token()).collect();
    while let Some(cell) = waiting.pop() {
        for next in cell.neighbours() {
            if seen.insert(next) && touches(&next, next.corners()) {
                found.push(next.token());
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

/// The level that the second argument asks for.
fn level(call: &Arguments, row: usize) -> Option<u32> {
    let level = if call.len() > 1 { call.long(1, row)? } else { LEVEL };
    u32::try_from(level).ok().filter(|level| *level <= LEVELS)
}

fn list(tokens: &[String]) -> String {
    let mut out = ArrayWriter::default();
    for token in tokens {
        out.push(&format!("\"{token}\""));
    }
    out.finish()
}

const JSON: Returns = Returns::Always(Dynamic);
const LINE: &[Parameter] = &[takes("lineString", Dynamic), takes("level", Long)];
const POLYGON: &[Parameter] = &[takes("polygon", Dynamic), takes("level", Long)];

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "geo_s2cell_neighbors",
        Family::Geography,
        "Gives the S2 cells around an S2 cell.",
        &[form(&[takes("s2cell", Text)], 1, JSON, |call| {
            Ok(call.jsons(|row| {
                let around = Cell::read(call.text(0, row))?.neighbours();
                Some(list(&around.into_iter().map(Cell::token).collect::<Vec<_>>()))
            }))
        })],
    ),
    Function::new(
        "geo_line_to_s2cells",
        Family::Geography,
        "Gives the S2 cells of a level, 11 if none is given, that a line touches; null if there are more than 65,536.",
        &[form(LINE, 1, JSON, |call| {
            Ok(call.jsons(|row| Some(list(&touched(&of_lines(&lines_of(call, 0, row)?), &[], level(call, row)?)?))))
        })],
    ),
    Function::new(
        "geo_polygon_to_s2cells",
        Family::Geography,
        "Gives the S2 cells of a level, 11 if none is given, that a polygon touches; null if there are more than 65,536.",
        &[form(POLYGON, 1, JSON, |call| {
            Ok(call.jsons(|row| {
                let polygons = polygons_of(call, 0, row)?;
                Some(list(&touched(&of_polygons(&polygons), &polygons, level(call, row)?)?))
            }))
        })],
    ),
];

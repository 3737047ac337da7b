//! The S2 cells that shapes touch.

use std::collections::HashSet;

use super::super::json::ArrayWriter;
use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, takes};
use super::along::{any_meet, inside, lines_of, of_lines, of_polygons, polygons_of};
use super::buffers::Reach;
use super::cells::{Cell, LEVEL, LEVELS};
use super::outline::fallible;
use super::shapes::{Line, Polygon};
use super::sphere::Place;
use crate::query::kql::tree::ScalarType::{Dynamic, Long, Real, String as Text};

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

/// The cells of a level that lines, or what lies within a radius of them, touch; none if there is no radius or there are too many cells.
fn touched_around(lines: &[Line], level: u32, radius: Option<f64>) -> Result<Option<String>, KernelError> {
    let areas = match radius {
        Some(0.0) => Vec::new(),
        Some(radius) => {
            let reach = Reach::usual(radius)?;
            let areas = reach.map(|reach| reach.around(lines.iter().map(Line::places))).transpose()?;
            let Some(areas) = areas.flatten() else { return Ok(None) };
            areas
        }
        None => return Ok(None),
    };
    let border = if areas.is_empty() { of_lines(lines) } else { of_polygons(&areas) };
    Ok(touched(&border, &areas, level).map(|tokens| list(&tokens)))
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
const LINE: &[Parameter] = &[takes("lineString", Dynamic), takes("level", Long), takes("radius", Real)];
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
        "Gives the S2 cells of a level, 11 if none is given, that a line or what lies within so many metres of it touches; null if there are more than 65,536.",
        &[form(LINE, 1, JSON, |call| {
            fallible(call, |row| match (lines_of(call, 0, row), level(call, row)) {
                (Some(lines), Some(level)) => touched_around(&lines, level, if call.len() > 2 { call.real(2, row) } else { Some(0.0) }),
                _ => Ok(None),
            })
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

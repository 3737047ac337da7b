//! S2 cells: squares on the sides of a cube around the globe, each cut into four again and again, numbered along a curve that fills the side.

use super::super::table::form;
use super::super::{Family, Function, Parameter, Returns, takes};
use super::along::{degrees, points};
use super::geojson::polygon;
use super::measures::place;
use super::sphere::{Place, Vector};
use crate::query::kql::tree::ScalarType::{Dynamic, Long, Real, String as Text};

/// How often a side is cut at most.
pub(super) const LEVELS: u32 = 30;
/// The level of a cell if none is asked for.
pub(super) const LEVEL: i64 = 11;
/// By the direction of the curve: the quarter (two bits) at each place of it, and the other way round.
const QUARTERS: [[u64; 4]; 4] = [[0, 1, 3, 2], [0, 2, 3, 1], [3, 2, 0, 1], [3, 1, 0, 2]];
const PLACES: [[u64; 4]; 4] = [[0, 1, 3, 2], [0, 3, 1, 2], [2, 3, 1, 0], [2, 1, 3, 0]];
/// How the direction changes inside of the quarter at each place.
const TURNS: [usize; 4] = [1, 0, 0, 3];

/// A square: its side of the cube, column and row among those of its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cell {
    side: u64,
    column: u64,
    row: u64,
    level: u32,
}

/// From the distance on a side, from -1 to 1, to the share of it that keeps areas alike.
fn share(distance: f64) -> f64 {
    if distance >= 0.0 { 0.5 * (1.0 + 3.0 * distance).sqrt() } else { 1.0 - 0.5 * (1.0 - 3.0 * distance).sqrt() }
}

fn distance(share: f64) -> f64 {
    if share >= 0.5 { (4.0 * share * share - 1.0) / 3.0 } else { (1.0 - 4.0 * (1.0 - share) * (1.0 - share)) / 3.0 }
}

impl Cell {
    pub(super) fn of(place: Place, level: u32) -> Self {
        let [x, y, z] = place.vector();
        let (side, u, v) = if x.abs() >= y.abs() && x.abs() >= z.abs() {
            if x > 0.0 { (0, y / x, z / x) } else { (3, z / x, y / x) }
        } else if y.abs() >= z.abs() {
            if y > 0.0 { (1, -x / y, z / y) } else { (4, z / y, -x / y) }
        } else if z > 0.0 {
            (2, -x / z, -y / z)
        } else {
            (5, -y / z, -x / z)
        };
        let count = 1_u64 << level;
        let at = |distance: f64| ((share(distance) * count as f64).floor().max(0.0) as u64).min(count - 1);
        Self { side, column: at(u), row: at(v), level }
    }

    /// The number of the cell, which says where on the curve it lies.
    pub(super) fn number(self) -> u64 {
        let (mut direction, mut curve) = ((self.side & 1) as usize, 0);
        for bit in (0..self.level).rev() {
            let quarter = (self.column >> bit & 1) << 1 | (self.row >> bit & 1);
            let place = PLACES[direction][quarter as usize];
            curve = curve << 2 | place;
            direction ^= TURNS[place as usize];
        }
        self.side << 61 | (curve << 1 | 1) << (60 - 2 * self.level)
    }

    /// The number of the cell in hexadecimal digits, without zeros at the end.
    pub(super) fn token(self) -> String {
        format!("{:016x}", self.number()).trim_end_matches('0').to_owned()
    }

    pub(super) fn read(token: &str) -> Option<Self> {
        if token.is_empty() || token.len() > 16 || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = u64::from_str_radix(&format!("{token:0<16}"), 16).ok()?;
        let end = number.trailing_zeros();
        let side = number >> 61;
        if side > 5 || end > 60 || end % 2 == 1 {
            return None;
        }
        let level = LEVELS - end / 2;
        let (mut direction, mut column, mut row) = ((side & 1) as usize, 0, 0);
        for step in 1..=level {
            let place = (number >> (61 - 2 * step) & 3) as usize;
            let quarter = QUARTERS[direction][place];
            column = column << 1 | quarter >> 1;
            row = row << 1 | quarter & 1;
            direction ^= TURNS[place];
        }
        Some(Self { side, column, row, level })
    }

    /// A point of the cell, or one not far from it, given by its shares of width and height.
    fn point(self, across: f64, up: f64) -> Place {
        let count = (1_u64 << self.level) as f64;
        let (u, v) = (distance((self.column as f64 + across) / count), distance((self.row as f64 + up) / count));
        let [x, y, z]: Vector = match self.side {
            0 => [1.0, u, v],
            1 => [-u, 1.0, v],
            2 => [-u, -v, 1.0],
            3 => [-1.0, -v, -u],
            4 => [v, -1.0, -u],
            _ => [v, u, -1.0],
        };
        degrees([x, y, z])
    }

    /// Its corners, to the left.
    pub(super) fn corners(self) -> [Place; 4] {
        [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map(|(across, up)| self.point(across, up))
    }

    /// The cells of its level around it, in the order of the reference's example.
    pub(super) fn neighbours(self) -> Vec<Self> {
        const WAYS: [(f64, f64); 8] =
            [(1.5, 1.5), (-0.5, -0.5), (1.5, -0.5), (0.5, -0.5), (0.5, 1.5), (1.5, 0.5), (-0.5, 0.5), (-0.5, 1.5)];
        let mut found: Vec<Self> = Vec::with_capacity(WAYS.len());
        for (across, up) in WAYS {
            let cell = Self::of(self.point(across, up), self.level);
            if cell != self && !found.contains(&cell) {
                found.push(cell);
            }
        }
        found
    }
}

const JSON: Returns = Returns::Always(Dynamic);
const CELL: &[Parameter] = &[takes("s2cell", Text)];

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "geo_point_to_s2cell",
        Family::Geography,
        "Gives the S2 cell of a level, 11 if none is given, in which a place lies.",
        &[form(&[takes("longitude", Real), takes("latitude", Real), takes("level", Long)], 2, Returns::Always(Text), |call| {
            Ok(call.texts(|row| {
                let level = if call.len() > 2 { call.long(2, row)? } else { LEVEL };
                let level = u32::try_from(level).ok().filter(|level| *level <= LEVELS)?;
                Some(Cell::of(place(call, 0, row)?, level).token())
            }))
        })],
    ),
    Function::new(
        "geo_s2cell_to_central_point",
        Family::Geography,
        "Gives the middle of an S2 cell as GeoJSON.",
        &[form(CELL, 1, JSON, |call| points(call, |row| Some(Cell::read(call.text(0, row))?.point(0.5, 0.5))))],
    ),
    Function::new(
        "geo_s2cell_to_polygon",
        Family::Geography,
        "Gives the corners of an S2 cell as a polygon in GeoJSON.",
        &[form(CELL, 1, JSON, |call| {
            Ok(call.jsons(|row| {
                let cell = Cell::read(call.text(0, row))?;
                let [first, second, third, fourth] = cell.corners();
                Some(polygon(&[vec![first, second, third, fourth, first]]))
            }))
        })],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_those_of_the_reference() {
        for (longitude, latitude, level, token) in
            [(-80.195_829, 25.802_215, 8, "88d9b"), (10.1234, 53.0, 8, "47b1d"), (10.6842, 53.0, 8, "47ae3")]
        {
            let cell = Cell::of(Place::new(longitude, latitude).expect("a place"), level);
            assert_eq!(cell.token(), token);
            assert_eq!(Cell::read(token), Some(cell));
        }
        for level in 0..=LEVELS {
            for (longitude, latitude) in [(0.0, 0.0), (179.9, -89.0), (-90.0, 45.0), (90.0, -1.0), (12.0, 88.0)] {
                let cell = Cell::of(Place::new(longitude, latitude).expect("a place"), level);
                assert_eq!(Cell::read(&cell.token()), Some(cell), "{level} {longitude} {latitude}");
            }
        }
        assert_eq!(["a", "", "x", "f", "12345678901234567"].map(Cell::read), [None; 5]);
    }
}

//! Geohashes: places as texts of which a shared start means nearness.

use arrow::array::ArrayRef;

use super::super::json::{self, ArrayWriter, BagWriter};
use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, takes};
use super::measures::place;
use super::sphere::Place;
use crate::query::kql::tree::ScalarType::{Dynamic, Long, Real, String as Text};

type Result<T> = std::result::Result<T, KernelError>;

const HASH: &[Parameter] = &[takes("geohash", Text)];
const JSON: Returns = Returns::Always(Dynamic);

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "geo_point_to_geohash",
        Family::Geography,
        "Gives the geohash of a place, of 5 letters unless told otherwise.",
        &[form(&[takes("longitude", Real), takes("latitude", Real), takes("accuracy", Long)], 2, Returns::Always(Text), encode)],
    ),
    Function::new(
        "geo_geohash_to_central_point",
        Family::Geography,
        "Gives the middle of a geohash as GeoJSON.",
        &[form(HASH, 1, JSON, |call| Ok(call.jsons(|row| Some(Cell::read(call.text(0, row))?.central_point()))))],
    ),
    Function::new(
        "geo_geohash_to_polygon",
        Family::Geography,
        "Gives the rectangle of a geohash as GeoJSON.",
        &[form(HASH, 1, JSON, |call| Ok(call.jsons(|row| Some(Cell::read(call.text(0, row))?.polygon()))))],
    ),
    Function::new(
        "geo_geohash_neighbors",
        Family::Geography,
        "Lists the geohashes around one.",
        &[form(HASH, 1, JSON, |call| Ok(call.jsons(|row| Some(Cell::read(call.text(0, row))?.neighbors()))))],
    ),
];

const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
/// Letters of a geohash at most.
const LETTERS_MAX: usize = 18;

/// A cell of the grid of geohashes of a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    column: i64,
    row: i64,
    letters: usize,
}

impl Cell {
    /// Bits of the column and of the row: the first bit is the column's, then they alternate.
    fn bits(letters: usize) -> (u32, u32) {
        let bits = letters * 5;
        (bits.div_ceil(2) as u32, (bits / 2) as u32)
    }

    fn of(place: Place, letters: usize) -> Self {
        let (columns, rows) = Self::bits(letters);
        let at = |share: f64, bits: u32| ((share * (1_i64 << bits) as f64) as i64).clamp(0, (1 << bits) - 1);
        Self { column: at((place.longitude + 180.0) / 360.0, columns), row: at((place.latitude + 90.0) / 180.0, rows), letters }
    }

    fn read(text: &str) -> Option<Self> {
        let mut cell = Self { column: 0, row: 0, letters: text.len() };
        if !(1..=LETTERS_MAX).contains(&text.len()) {
            return None;
        }
        let mut is_column = true;
        for letter in text.bytes() {
            let value = LETTERS.iter().position(|known| *known == letter.to_ascii_lowercase())?;
            for bit in (0..5).rev() {
                let number = if is_column { &mut cell.column } else { &mut cell.row };
                *number = *number << 1 | i64::from(value >> bit & 1 == 1);
                is_column = !is_column;
            }
        }
        Some(cell)
    }

    fn text(self) -> String {
        let (mut columns, mut rows) = Self::bits(self.letters);
        let mut is_column = true;
        let letter = |_| {
            let mut value = 0;
            for _ in 0..5 {
                let (number, left) = if is_column { (self.column, &mut columns) } else { (self.row, &mut rows) };
                *left -= 1;
                value = value << 1 | (number >> *left & 1) as usize;
                is_column = !is_column;
            }
            char::from(LETTERS[value])
        };
        (0..self.letters).map(letter).collect()
    }

    /// West, south, east and north.
    fn edges(self) -> [f64; 4] {
        let (columns, rows) = Self::bits(self.letters);
        let (width, height) = (360.0 / (1_i64 << columns) as f64, 180.0 / (1_i64 << rows) as f64);
        let (west, south) = (self.column as f64 * width - 180.0, self.row as f64 * height - 90.0);
        [west, south, west + width, south + height]
    }

    fn central_point(self) -> String {
        let [west, south, east, north] = self.edges();
        let mut out = BagWriter::default();
        json::string(out.begin("type"), "Point");
        out.begin("coordinates").push_str(&pair((west + east) / 2.0, (south + north) / 2.0));
        out.finish()
    }

    fn polygon(self) -> String {
        let [west, south, east, north] = self.edges();
        let mut ring = ArrayWriter::default();
        for (longitude, latitude) in [(west, south), (east, south), (east, north), (west, north), (west, south)] {
            ring.push(&pair(longitude, latitude));
        }
        let mut out = BagWriter::default();
        json::string(out.begin("type"), "Polygon");
        out.begin("coordinates").push_str(&format!("[{}]", ring.finish()));
        out.finish()
    }

    /// The cells around, in the order in which the reference lists them; there are none beyond the poles.
    fn neighbors(self) -> String {
        const STEPS: [(i64, i64); 8] = [(-1, -1), (-1, 1), (1, -1), (0, 1), (-1, 0), (1, 1), (1, 0), (0, -1)];
        let (columns, rows) = Self::bits(self.letters);
        let mut out = ArrayWriter::default();
        for (right, up) in STEPS {
            let row = self.row + up;
            if (0..1 << rows).contains(&row) {
                let column = (self.column + right).rem_euclid(1 << columns);
                json::string(out.begin(), &Self { column, row, ..self }.text());
            }
        }
        out.finish()
    }
}

fn pair(longitude: f64, latitude: f64) -> String {
    let mut out = ArrayWriter::default();
    json::real(out.begin(), longitude);
    json::real(out.begin(), latitude);
    out.finish()
}

fn encode(call: &Arguments) -> Result<ArrayRef> {
    /// Letters where no accuracy is given.
    const LETTERS_DEFAULT: i64 = 5;
    Ok(call.texts(|row| {
        let letters = if call.len() > 2 { call.long(2, row)? } else { LETTERS_DEFAULT };
        let letters = usize::try_from(letters).ok().filter(|letters| (1..=LETTERS_MAX).contains(letters))?;
        Some(Cell::of(place(call, 0, row)?, letters).text())
    }))
}

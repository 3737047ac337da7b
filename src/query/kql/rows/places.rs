//! `geo_line_lookup`, `geo_polygon_lookup`: rows beside those of a table whose line or polygon is near to their place.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::Float64Type;

use super::super::functions::{KernelError, Outline};
use super::super::tree::ScalarType;
use super::lookup::beside;
use super::{RowsOperator, Running};

/// The operator. Its first input are the rows, its second the table of shapes. The result has the columns of the rows, then the chosen columns of
/// the table; a row is given once for each shape that is near.
#[derive(Debug)]
pub struct PlaceLookup {
    /// Whether the shapes are polygons.
    pub polygons: bool,
    /// The `real` columns of the rows with longitude and latitude.
    pub place: [usize; 2],
    /// The `dynamic` column of the table with the shape.
    pub shape: usize,
    /// How far from a shape a place may lie, in metres.
    pub radius: f64,
    /// The columns of the table that the result has, with their types.
    pub columns: Vec<(usize, ScalarType)>,
    /// Whether rows to which no shape is near are given too, with nulls.
    pub keep_unmatched: bool,
}

fn failed(error: impl std::fmt::Display) -> KernelError {
    KernelError::new(error.to_string())
}

impl RowsOperator for PlaceLookup {
    fn name(&self) -> &'static str {
        if self.polygons { "geo_polygon_lookup" } else { "geo_line_lookup" }
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let [rows, table] = inputs.as_slice() else { return Err(KernelError::new("a lookup of places has two inputs")) };
        let texts = table.column(self.shape).as_string_view();
        let read = if self.polygons { Outline::polygon } else { Outline::line };
        running.reserve(table.column(self.shape).get_array_memory_size() * 4)?;
        let shapes: Vec<(u32, Outline)> = (0_u32..).zip(texts.iter()).filter_map(|(row, text)| Some((row, read(text?)?))).collect();
        let [longitudes, latitudes] = self.place.map(|column| rows.column(column).as_primitive::<Float64Type>());
        let (mut left, mut right): (Vec<u32>, Vec<Option<u32>>) = (Vec::new(), Vec::new());
        for (row, place) in longitudes.iter().zip(latitudes).enumerate() {
            running.go_on()?;
            let number = u32::try_from(row).map_err(failed)?;
            let found = left.len();
            if let (Some(longitude), Some(latitude)) = place {
                for (shape, _) in shapes.iter().filter(|(_, shape)| shape.is_within(longitude, latitude, self.radius)) {
                    left.push(number);
                    right.push(Some(*shape));
                }
            }
            if left.len() == found && self.keep_unmatched {
                left.push(number);
                right.push(None);
            }
        }
        beside(rows, left, table, right, &self.columns)
    }
}

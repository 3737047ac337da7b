//! `schema_merge`: columns of several tables, as `getschema` tells them, as those of one table.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int32Array, RecordBatch, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};

use super::super::functions::KernelError;
use super::{RowsOperator, Running};

/// What stands in the place of the type of a column that has no fixed place.
const NO_PLACE: &str = "ERROR(columns are out of order)";
/// The same in the words of the engine's own types.
const NO_PLACE_TYPE: &str = "ERROR(unknown CSL type:ERROR(columns are out of order))";

/// The plugin: the input has names, places, and the two words for the types of columns.
#[derive(Debug)]
pub struct SchemaMerge {
    /// Whether a column must stand where the first table that has it tells.
    pub preserve_order: bool,
}

/// A column of the merged table.
struct Merged<'a> {
    name: &'a str,
    data_type: &'a str,
    column_type: &'a str,
    /// Its place in the first table that has it.
    place: i64,
    /// The last place that any table gives it.
    last: i64,
    moved: bool,
}

impl RowsOperator for SchemaMerge {
    fn name(&self) -> &'static str {
        "schema_merge"
    }

    fn run(&self, inputs: Vec<RecordBatch>, _: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = inputs.first().ok_or_else(|| KernelError::new("`schema_merge` has no input"))?;
        let texts = |column: usize| input.column(column).as_string_view();
        let places = cast(input.column(1), &DataType::Int64).map_err(|error| KernelError::new(error.to_string()))?;
        let (names, places, data_types, column_types) = (texts(0), places.as_primitive::<Int64Type>(), texts(2), texts(3));
        let mut merged: Vec<Merged<'_>> = Vec::new();
        for row in 0..input.num_rows() {
            let (name, place) = (names.value(row), places.value(row));
            match merged.iter_mut().find(|column| column.name == name) {
                Some(column) => {
                    if column.column_type != column_types.value(row) {
                        let (one, other) = (column.column_type, column_types.value(row));
                        return Err(KernelError::new(format!("expected one type for the column `{name}`, found `{one}` and `{other}`")));
                    }
                    column.moved |= column.place != place;
                    column.last = column.last.max(place);
                }
                None => merged.push(Merged {
                    name,
                    data_type: data_types.value(row),
                    column_type: column_types.value(row),
                    place,
                    last: place,
                    moved: false,
                }),
            }
        }
        merged.sort_by_key(|column| column.last);
        // Two columns that want one place have no order that is known.
        if let Some(pair) = merged.windows(2).find(|pair| pair[0].last == pair[1].last) {
            let (one, other) = (pair[0].name, pair[1].name);
            return Err(KernelError::new(format!("expected a place of its own for each column, found one for `{one}` and `{other}`")));
        }
        let lost = |column: &Merged<'_>| self.preserve_order && column.moved;
        let numbers = merged.iter().zip(0_i32..).map(|(column, place)| if lost(column) { -1 } else { place });
        let told = |column: &Merged<'_>, kind: &'static str, of: fn(&Merged<'_>) -> String| {
            if lost(column) { kind.to_owned() } else { of(column) }
        };
        Ok(vec![
            Arc::new(merged.iter().map(|column| Some(column.name)).collect::<StringViewArray>()),
            Arc::new(numbers.collect::<Int32Array>()),
            Arc::new(
                merged.iter().map(|one| Some(told(one, NO_PLACE_TYPE, |column| column.data_type.to_owned()))).collect::<StringViewArray>(),
            ),
            Arc::new(
                merged.iter().map(|one| Some(told(one, NO_PLACE, |column| column.column_type.to_owned()))).collect::<StringViewArray>(),
            ),
        ])
    }
}

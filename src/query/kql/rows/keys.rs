//! Rows that have the same values in some columns.

use arrow::array::ArrayRef;
use arrow::row::{RowConverter, SortField};
use hashbrown::HashMap;

use super::super::functions::KernelError;

/// The number of the group of each row, groups numbered as they first come, and how many there are.
pub(super) fn group_numbers(keys: &[ArrayRef], rows: usize) -> Result<(Vec<usize>, usize), KernelError> {
    if keys.is_empty() {
        return Ok((vec![0; rows], rows.min(1)));
    }
    let failed = |error: arrow::error::ArrowError| KernelError::new(error.to_string());
    let converter = RowConverter::new(keys.iter().map(|column| SortField::new(column.data_type().clone())).collect()).map_err(failed)?;
    let converted = converter.convert_columns(keys).map_err(failed)?;
    let mut numbers: HashMap<&[u8], usize> = HashMap::new();
    let numbered: Vec<usize> = (0..rows)
        .map(|row| {
            let next = numbers.len();
            *numbers.entry(converted.row(row).data()).or_insert(next)
        })
        .collect();
    let count = numbers.len();
    Ok((numbered, count))
}

/// The rows of each group, groups in the order in which they first come.
pub(super) fn group_rows(keys: &[ArrayRef], rows: usize) -> Result<Vec<Vec<usize>>, KernelError> {
    let (numbers, count) = group_numbers(keys, rows)?;
    let mut groups = vec![Vec::new(); count];
    for (row, number) in numbers.into_iter().enumerate() {
        groups[number].push(row);
    }
    Ok(groups)
}

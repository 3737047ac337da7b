//! Loops that all numeric aggregates share: values to groups, without nulls and without rows that do not count.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow::buffer::NullBuffer;

use super::udaf::Rows;

/// The rows that count and hold a value; all if none.
pub(super) fn present(nulls: Option<&NullBuffer>, filter: Option<&BooleanArray>) -> Option<NullBuffer> {
    let filter = filter.map(|filter| match filter.nulls() {
        Some(nulls) => NullBuffer::new(filter.values() & nulls.inner()),
        None => NullBuffer::new(filter.values().clone()),
    });
    NullBuffer::union(nulls, filter.as_ref())
}

/// Gives each value and its group.
pub(super) fn each<T: ArrowPrimitiveType>(
    values: &PrimitiveArray<T>,
    groups: &[usize],
    filter: Option<&BooleanArray>,
    mut add: impl FnMut(usize, T::Native),
) {
    match present(values.nulls(), filter) {
        None => groups.iter().zip(values.values()).for_each(|(group, value)| add(*group, *value)),
        Some(present) => present.valid_indices().for_each(|row| add(groups[row], values.values()[row])),
    }
}

/// Gives each row whose value in a column is not null and that counts.
pub(super) fn each_row(column: &ArrayRef, rows: &Rows<'_>, mut add: impl FnMut(usize)) {
    match present(column.nulls(), rows.filter) {
        None => (0..rows.groups.len()).for_each(add),
        Some(present) => present.valid_indices().for_each(&mut add),
    }
}

//! Sorting one array and others along with it.

use std::cmp::Ordering;

use arrow::array::ArrayRef;

use super::super::json::{self, ArrayWriter, Json};
use super::super::table::repeating;
use super::super::{Arguments, Family, Function, KernelError, Part, Returns, takes_any};
use super::arrays::trailing_bool;
use super::values::{array_of, elements};
use crate::query::kql::tree::ScalarType;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "array_sort_asc",
        Family::Dynamic,
        "Sorts an array, smallest first, and others in the order of its elements; nulls last unless told otherwise.",
        &[repeating(&[takes_any("array")], 1, 1, Returns::Several(columns), ascending)],
    ),
    Function::new(
        "array_sort_desc",
        Family::Dynamic,
        "Sorts an array, greatest first, and others in the order of its elements; nulls last unless told otherwise.",
        &[repeating(&[takes_any("array")], 1, 1, Returns::Several(columns), descending)],
    ),
];

/// One column for each array.
fn columns(kinds: &[ScalarType]) -> Vec<Part> {
    kinds.iter().filter(|kind| **kind == ScalarType::Dynamic).map(|_| Part { name: "sorted", kind: ScalarType::Dynamic }).collect()
}

fn ascending(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    sorted(arguments, |order| order)
}

fn descending(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    sorted(arguments, Ordering::reverse)
}

fn sorted(arguments: &Arguments, direction: fn(Ordering) -> Ordering) -> Result<ArrayRef, KernelError> {
    let nulls_last = trailing_bool(arguments);
    let arrays = nulls_last.unwrap_or(arguments.len());
    if let Some(other) = (0..arrays).find(|argument| arguments.kind(*argument) != ScalarType::Dynamic) {
        return Err(KernelError::new(format!("expected an array to sort, found a `{}`", arguments.kind(other).as_str())));
    }
    Ok(arguments.jsons(|row| {
        let Some(first) = elements(arguments, 0, row) else {
            return Some(array_of((0..arrays).map(|_| "null")));
        };
        let last = nulls_last.is_none_or(|argument| arguments.bool(argument, row) != Some(false));
        let order = order_of(&first, direction, last);
        let mut out = ArrayWriter::default();
        for argument in 0..arrays {
            let values = elements(arguments, argument, row).filter(|values| values.len() == first.len());
            out.push(&values.map_or("null".to_owned(), |values| array_of(order.iter().map(|place| values[*place].text()))));
        }
        Some(out.finish())
    }))
}

/// The places of elements in their order; equal ones keep theirs.
fn order_of(values: &[Json<'_>], direction: fn(Ordering) -> Ordering, nulls_last: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (values[*a], values[*b]);
        match (a.is_null(), b.is_null()) {
            (true, true) => Ordering::Equal,
            (a_null, b_null) if a_null != b_null => {
                if a_null == nulls_last {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            _ => direction(json::compare(a, b)),
        }
    });
    order
}

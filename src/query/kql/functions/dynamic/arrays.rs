//! Arrays: length, parts, places of elements, and their text.

use std::borrow::Cow;

use arrow::array::ArrayRef;

use super::super::json::{self, ArrayWriter, Json, Kind};
use super::super::table::{form, repeating};
use super::super::{Arguments, Family, Function, KernelError, Returns, budget, takes, takes_any};
use super::values::{append, array, array_of, elements, json_of, to_text};
use crate::query::kql::tree::ScalarType::{Bool, Dynamic, Long, Real, String as Text};

const JSON: Returns = Returns::Always(Dynamic);

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "array_length",
        Family::Dynamic,
        "Counts the elements of an array; null for anything else.",
        &[form(&[takes("array", Dynamic)], 1, Returns::Always(Long), length)],
    )
    .aliases(&["arraylength"]),
    Function::new(
        "array_concat",
        Family::Dynamic,
        "Puts arrays one behind another.",
        &[repeating(&[takes("array", Dynamic)], 1, 1, JSON, concat)],
    ),
    Function::new(
        "array_slice",
        Family::Dynamic,
        "Gives the elements from one place to another, both included; negative places count from the end.",
        &[form(&[takes("array", Dynamic), takes("start", Long), takes("end", Long)], 3, JSON, slice)],
    ),
    Function::new(
        "array_split",
        Family::Dynamic,
        "Cuts an array at the given places into an array of arrays.",
        &[
            form(&[takes("array", Dynamic), takes("index", Long)], 2, JSON, split_once),
            form(&[takes("array", Dynamic), takes("indices", Dynamic)], 2, JSON, split_many),
        ],
    ),
    Function::new(
        "array_index_of",
        Family::Dynamic,
        "Gives the place of a value in an array, -1 if it is not there.",
        &[form(
            &[takes("array", Dynamic), takes_any("value"), takes("start", Long), takes("length", Long), takes("occurrence", Long)],
            2,
            Returns::Always(Long),
            index_of,
        )],
    ),
    Function::new("array_reverse", Family::Dynamic, "Turns an array round.", &[form(&[takes("array", Dynamic)], 1, JSON, reverse)]),
    Function::new(
        "array_rotate_left",
        Family::Dynamic,
        "Moves elements to the left; those that fall out come in again at the end.",
        &[form(&[takes("array", Dynamic), takes("count", Long)], 2, JSON, rotate_left)],
    ),
    Function::new(
        "array_rotate_right",
        Family::Dynamic,
        "Moves elements to the right; those that fall out come in again at the start.",
        &[form(&[takes("array", Dynamic), takes("count", Long)], 2, JSON, rotate_right)],
    ),
    Function::new(
        "array_shift_left",
        Family::Dynamic,
        "Moves elements to the left and fills up with a default.",
        &[form(&[takes("array", Dynamic), takes("count", Long), takes_any("default")], 2, JSON, shift_left)],
    ),
    Function::new(
        "array_shift_right",
        Family::Dynamic,
        "Moves elements to the right and fills up with a default.",
        &[form(&[takes("array", Dynamic), takes("count", Long), takes_any("default")], 2, JSON, shift_right)],
    ),
    Function::new(
        "array_sum",
        Family::Dynamic,
        "Adds up the numbers of an array.",
        &[form(&[takes("array", Dynamic)], 1, Returns::Always(Real), sum)],
    ),
    Function::new(
        "array_iff",
        Family::Dynamic,
        "Takes each element from one of two arrays or values, as an array of conditions says.",
        &[form(&[takes("conditions", Dynamic), takes_any("when_true"), takes_any("when_false")], 3, JSON, iff)],
    )
    .aliases(&["array_iif"]),
    Function::new(
        "strcat_array",
        Family::Dynamic,
        "Joins the texts of the elements of an array.",
        &[form(&[takes("array", Dynamic), takes_any("delimiter")], 2, Returns::Always(Text), join)],
    )
    .aliases(&["array_strcat"]),
    Function::new("pack_array", Family::Dynamic, "Makes an array of values.", &[repeating(&[takes_any("value")], 1, 1, JSON, pack)]),
    Function::new(
        "zip",
        Family::Dynamic,
        "Makes an array of arrays: the first elements, the second ones, and so on; what is missing is null.",
        &[repeating(&[takes("array", Dynamic)], 1, 1, JSON, zip)],
    ),
];

fn length(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.longs(|row| array(arguments, 0, row).and_then(|array| i64::try_from(array.elements().count()).ok())))
}

fn concat(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let mut out = ArrayWriter::default();
        for argument in 0..arguments.len() {
            // The inside of an array is the text between its brackets: it is taken over as it is.
            let inside = array(arguments, argument, row)?.text().strip_prefix('[')?.strip_suffix(']')?.trim_ascii();
            if !inside.is_empty() {
                out.push(inside);
            }
        }
        Some(out.finish())
    }))
}

/// A place that may count from the end.
fn place(at: i64, length: usize) -> i64 {
    if at < 0 { at.saturating_add(i64::try_from(length).unwrap_or(i64::MAX)) } else { at }
}

/// A place inside `0..=length`.
fn clamped(at: i64, length: usize) -> usize {
    usize::try_from(place(at, length).max(0)).map_or(length, |at| at.min(length))
}

fn texts<'a, 'b: 'a>(values: &'a [Json<'b>]) -> impl Iterator<Item = &'b str> + 'a {
    values.iter().map(|value| value.text())
}

fn slice(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let values = elements(arguments, 0, row)?;
        let (start, end) = (arguments.long(1, row)?, arguments.long(2, row)?);
        let end = place(end, values.len()).saturating_add(1);
        if end <= 0 {
            return Some("[]".to_owned());
        }
        let (start, end) = (clamped(start, values.len()), clamped(end, values.len()));
        Some(array_of(texts(values.get(start..end).unwrap_or_default())))
    }))
}

fn split_at(values: &[Json<'_>], cuts: impl IntoIterator<Item = i64>) -> String {
    let mut out = ArrayWriter::default();
    let mut from = 0;
    for cut in cuts {
        let to = clamped(cut, values.len()).max(from);
        out.push(&array_of(texts(&values[from..to])));
        from = to;
    }
    out.push(&array_of(texts(&values[from..])));
    out.finish()
}

fn split_once(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| Some(split_at(&elements(arguments, 0, row)?, [arguments.long(1, row)?]))))
}

fn split_many(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let cuts: Vec<i64> = elements(arguments, 1, row)?.into_iter().map(Json::long).collect::<Option<_>>()?;
        Some(split_at(&elements(arguments, 0, row)?, cuts))
    }))
}

fn index_of(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    let optional = |argument: usize, row: usize, default: i64| {
        if argument < arguments.len() { arguments.long(argument, row) } else { Some(default) }
    };
    Ok(arguments.longs(|row| {
        let array = array(arguments, 0, row)?;
        let (start, length, occurrence) = (optional(2, row, 0)?, optional(3, row, -1)?, optional(4, row, 1)?);
        if length < -1 || occurrence < 1 {
            return None;
        }
        let wanted = json_of(arguments, 1, row);
        let wanted = json::identity(Json::new(&wanted));
        let values: Vec<_> = array.elements().collect();
        let start = clamped(start, values.len());
        let end = if length < 0 { values.len() } else { clamped(length.saturating_add(i64::try_from(start).ok()?), values.len()) };
        let mut found = (start..end).filter(|place| json::identity(values[*place]) == wanted);
        Some(found.nth(usize::try_from(occurrence - 1).ok()?).and_then(|place| i64::try_from(place).ok()).unwrap_or(-1))
    }))
}

fn reverse(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| elements(arguments, 0, row).map(|values| array_of(values.iter().rev().map(|value| value.text())))))
}

fn rotate(arguments: &Arguments, to_left: impl Fn(i64) -> i64) -> ArrayRef {
    arguments.jsons(|row| {
        let mut values = elements(arguments, 0, row)?;
        let count = arguments.long(1, row)?;
        if !values.is_empty() {
            let length = i64::try_from(values.len()).ok()?;
            values.rotate_left(usize::try_from(to_left(count % length).rem_euclid(length)).ok()?);
        }
        Some(array_of(texts(&values)))
    })
}

fn rotate_left(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(rotate(arguments, |count| count))
}

fn rotate_right(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(rotate(arguments, |count| -count))
}

fn shift(arguments: &Arguments, to_left: impl Fn(i64) -> i64) -> ArrayRef {
    arguments.jsons(|row| {
        let values = elements(arguments, 0, row)?;
        let count = to_left(arguments.long(1, row)?);
        let default = if arguments.len() > 2 {
            json_of(arguments, 2, row)
        } else if !values.is_empty() && values.iter().all(|value| value.kind() == Kind::Text) {
            Cow::Borrowed("\"\"")
        } else {
            Cow::Borrowed("null")
        };
        let value = |place: usize| {
            let from = i64::try_from(place).ok()?.checked_add(count)?;
            usize::try_from(from).ok().and_then(|from| values.get(from))
        };
        Some(array_of((0..values.len()).map(|place| value(place).map_or(&*default, |value| value.text()))))
    })
}

fn shift_left(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(shift(arguments, |count| count))
}

fn shift_right(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(shift(arguments, i64::saturating_neg))
}

fn sum(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.reals(|row| {
        let values = array(arguments, 0, row)?.elements().filter(|value| !value.is_null());
        values.map(|value| value.real().or(value.bool().map(f64::from))).try_fold(0.0, |total, value| Some(total + value?))
    }))
}

fn iff(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let conditions = elements(arguments, 0, row)?;
        let sides = [1, 2].map(|argument| json_of(arguments, argument, row));
        let sides = sides.each_ref().map(|side| {
            let value = Json::new(side);
            (value, (value.kind() == Kind::Array).then(|| value.elements().collect::<Vec<_>>()))
        });
        let pick = |place: usize, condition: &Json<'_>| {
            let holds = condition.bool().or_else(|| condition.real().map(|number| number != 0.0))?;
            let (whole, elements) = &sides[usize::from(!holds)];
            elements.as_ref().map_or(Some(*whole), |elements| elements.get(place).copied())
        };
        Some(array_of(conditions.iter().enumerate().map(|(place, condition)| pick(place, condition).map_or("null", Json::text))))
    }))
}

fn join(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.texts(|row| {
        let array = array(arguments, 0, row)?;
        let delimiter = json_of(arguments, 1, row);
        let delimiter = to_text(&delimiter);
        let mut out = String::new();
        for (place, element) in array.elements().enumerate() {
            if out.len() > budget::EXPRESSION_BYTES_MAX && budget::exceed() {
                break;
            }
            if place > 0 {
                out.push_str(&delimiter);
            }
            out.push_str(&to_text(element.text()));
        }
        Some(out)
    }))
}

fn pack(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let mut out = ArrayWriter::default();
        for argument in 0..arguments.len() {
            append(out.begin(), arguments, argument, row);
        }
        Some(out.finish())
    }))
}

fn zip(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let arrays = (0..arguments.len()).map(|argument| elements(arguments, argument, row)).collect::<Option<Vec<_>>>()?;
        let longest = arrays.iter().map(Vec::len).max().unwrap_or(0);
        let mut out = ArrayWriter::default();
        for place in 0..longest {
            out.push(&array_of(arrays.iter().map(|array| array.get(place).map_or("null", |value| value.text()))));
        }
        Some(out.finish())
    }))
}

/// Whether a value is a truth, for the arguments that may follow arrays.
pub(super) fn trailing_bool(arguments: &Arguments) -> Option<usize> {
    arguments.len().checked_sub(1).filter(|last| *last > 0 && arguments.kind(*last) == Bool)
}

//! Arrays as sets.

use std::borrow::Cow;

use arrow::array::ArrayRef;
use hashbrown::{HashMap, HashSet};

use super::super::json::{self, ArrayWriter, Json};
use super::super::table::{form, repeating};
use super::super::{Arguments, Family, Function, KernelError, Returns, takes, takes_any};
use super::values::{array, json_of};
use crate::query::kql::tree::ScalarType::{Bool, Dynamic};

const JSON: Returns = Returns::Always(Dynamic);

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "set_union",
        Family::Dynamic,
        "Gives the distinct elements of all arrays, in the order of their first place.",
        &[repeating(&[takes("set", Dynamic), takes("set", Dynamic)], 2, 1, JSON, union)],
    ),
    Function::new(
        "set_intersect",
        Family::Dynamic,
        "Gives the distinct elements that all arrays hold.",
        &[repeating(&[takes("set", Dynamic), takes("set", Dynamic)], 2, 1, JSON, intersect)],
    ),
    Function::new(
        "set_difference",
        Family::Dynamic,
        "Gives the distinct elements of the first array that no other holds.",
        &[repeating(&[takes("set", Dynamic), takes("set", Dynamic)], 2, 1, JSON, difference)],
    ),
    Function::new(
        "set_equals",
        Family::Dynamic,
        "Tells whether two arrays hold the same elements, whatever their order and number.",
        &[form(&[takes("set1", Dynamic), takes("set2", Dynamic)], 2, Returns::Always(Bool), equals)],
    ),
    Function::new(
        "set_has_element",
        Family::Dynamic,
        "Tells whether an array holds a value.",
        &[form(&[takes("set", Dynamic), takes_any("value")], 2, Returns::Always(Bool), has)],
    ),
    Function::new(
        "jaccard_index",
        Family::Dynamic,
        "Gives how much two sets have in common, from 0 to 1.",
        &[form(&[takes("set1", Dynamic), takes("set2", Dynamic)], 2, JSON, jaccard)],
    ),
];

type Set<'a> = HashSet<Cow<'a, str>>;

/// The sets of all arguments; none if one is no array.
fn sets<'a>(arguments: &'a Arguments, row: usize) -> Option<Vec<Json<'a>>> {
    (0..arguments.len()).map(|argument| array(arguments, argument, row)).collect()
}

fn set(array: Json<'_>) -> Set<'_> {
    array.elements().map(json::identity).collect()
}

fn union(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let arrays = sets(arguments, row)?;
        let (mut seen, mut out) = (Set::new(), ArrayWriter::default());
        for element in arrays.iter().flat_map(|array| array.elements()) {
            if seen.insert(json::identity(element)) {
                out.push(element.text());
            }
        }
        Some(out.finish())
    }))
}

/// The distinct elements of the first set which the others, given by how many of them hold an element, let through.
fn filtered(arguments: &Arguments, keep: fn(in_others: usize, others: usize) -> bool) -> ArrayRef {
    arguments.jsons(|row| {
        let arrays = sets(arguments, row)?;
        let (first, others) = arrays.split_first()?;
        let mut counts: HashMap<Cow<'_, str>, usize> = HashMap::new();
        for element in others.iter().flat_map(|other| set(*other)) {
            *counts.entry(element).or_default() += 1;
        }
        let (mut seen, mut out) = (Set::new(), ArrayWriter::default());
        for element in first.elements() {
            let identity = json::identity(element);
            if keep(counts.get(&identity).copied().unwrap_or(0), others.len()) && seen.insert(identity) {
                out.push(element.text());
            }
        }
        Some(out.finish())
    })
}

fn intersect(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(filtered(arguments, |in_others, others| in_others == others))
}

fn difference(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(filtered(arguments, |in_others, _| in_others == 0))
}

fn equals(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.bools(|row| {
        let arrays = sets(arguments, row)?;
        Some(set(arrays[0]) == set(arrays[1]))
    }))
}

fn has(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.bools(|row| {
        let array = array(arguments, 0, row)?;
        let wanted = json_of(arguments, 1, row);
        let wanted = json::identity(Json::new(&wanted));
        Some(array.elements().any(|element| json::identity(element) == wanted))
    }))
}

fn jaccard(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let arrays = sets(arguments, row)?;
        let (a, b) = (set(arrays[0]), set(arrays[1]));
        let common = a.intersection(&b).count();
        let all = a.len() + b.len() - common;
        let mut out = String::new();
        json::real(&mut out, if all == 0 { f64::NAN } else { common as f64 / all as f64 });
        Some(out)
    }))
}

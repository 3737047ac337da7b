//! Property bags.

use std::borrow::Cow;

use arrow::array::ArrayRef;
use hashbrown::HashSet;

use super::super::json::{ArrayWriter, BagWriter, Json, Kind};
use super::super::table::{form, planned, repeating};
use super::super::{Arguments, Family, Function, KernelError, Returns, takes, takes_any};
use super::jsonpath::JsonPath;
use super::values::{append, bag, elements, json_of};
use crate::query::kql::tree::ScalarType::{Bool, Dynamic, String as Text};

const JSON: Returns = Returns::Always(Dynamic);

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "bag_pack",
        Family::Dynamic,
        "Makes a bag of names and values.",
        &[repeating(&[takes("key", Text), takes_any("value")], 2, 2, JSON, pack)],
    )
    .aliases(&["pack", "pack_dictionary"]),
    Function::new(
        "bag_pack_columns",
        Family::Dynamic,
        "Makes a bag of columns under their own names.",
        &[planned(&[takes_any("column")], 1, JSON)],
    ),
    Function::new(
        "pack_all",
        Family::Dynamic,
        "Makes a bag of all columns, on demand without those that are null or empty.",
        &[planned(&[takes("ignore_null_empty", Bool)], 0, JSON)],
    ),
    Function::new(
        "bag_keys",
        Family::Dynamic,
        "Lists the names of the properties of a bag.",
        &[form(&[takes("bag", Dynamic)], 1, JSON, keys)],
    ),
    Function::new(
        "bag_has_key",
        Family::Dynamic,
        "Tells whether a bag has a property, given by its name or a JSONPath.",
        &[form(&[takes("bag", Dynamic), takes("key", Text)], 2, Returns::Always(Bool), has_key)],
    ),
    Function::new(
        "bag_merge",
        Family::Dynamic,
        "Makes one bag of several; the first value of a name is taken.",
        &[repeating(&[takes("bag", Dynamic), takes("bag", Dynamic)], 2, 1, JSON, merge)],
    ),
    Function::new(
        "bag_remove_keys",
        Family::Dynamic,
        "Gives a bag without some properties, given by names or JSONPaths.",
        &[form(&[takes("bag", Dynamic), takes("keys", Dynamic)], 2, JSON, remove_keys)],
    ),
    Function::new(
        "bag_set_key",
        Family::Dynamic,
        "Gives a bag with a property set, given by its name or a JSONPath.",
        &[form(&[takes("bag", Dynamic), takes("key", Text), takes_any("value")], 3, JSON, set_key)],
    ),
    Function::new(
        "bag_zip",
        Family::Dynamic,
        "Makes a bag of an array of names and an array of values.",
        &[form(&[takes("keys", Dynamic), takes("values", Dynamic)], 2, JSON, zip)],
    ),
];

/// Levels that a path into a bag may have.
const LEVELS_MAX: usize = 64;

fn pack(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    if !arguments.len().is_multiple_of(2) {
        return Err(KernelError::new(format!("expected a value for each name, found {} arguments", arguments.len())));
    }
    Ok(arguments.jsons(|row| {
        let mut out = BagWriter::default();
        for pair in (0..arguments.len()).step_by(2) {
            let name = arguments.text(pair, row);
            // Of equal names the last one counts.
            if (pair + 2..arguments.len()).step_by(2).any(|later| arguments.text(later, row) == name) {
                continue;
            }
            append(out.begin(name), arguments, pair + 1, row);
        }
        Some(out.finish())
    }))
}

fn keys(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let bag = bag(arguments, 0, row)?;
        let mut out = ArrayWriter::default();
        for (key, _) in bag.entries() {
            out.begin().extend(["\"", key.raw(), "\""]);
        }
        Some(out.finish())
    }))
}

/// The names that lead to a property: a JSONPath starts with `$`, all else is one name.
fn names(key: &str) -> Vec<Cow<'_, str>> {
    let path = key.strip_prefix('$').filter(|rest| rest.starts_with(['.', '['])).and_then(|_| JsonPath::new(key));
    match path.as_ref().and_then(JsonPath::names) {
        Some(names) if !names.is_empty() && names.len() <= LEVELS_MAX => {
            names.into_iter().map(|name| Cow::Owned(name.to_owned())).collect()
        }
        _ => vec![Cow::Borrowed(key)],
    }
}

fn has_key(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.bools(|row| {
        let bag = bag(arguments, 0, row)?;
        Some(names(arguments.text(1, row)).iter().try_fold(bag, |value, name| value.property(name)).is_some())
    }))
}

fn merge(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let mut bags = (0..arguments.len()).filter_map(|argument| bag(arguments, argument, row)).peekable();
        bags.peek()?;
        let (mut seen, mut out) = (HashSet::new(), BagWriter::default());
        for (key, value) in bags.flat_map(Json::entries) {
            if seen.insert(key.name()) {
                out.push(key.raw(), value.text());
            }
        }
        Some(out.finish())
    }))
}

fn remove_keys(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let bag = bag(arguments, 0, row)?;
        let keys: Vec<_> = elements(arguments, 1, row)?.into_iter().filter_map(Json::string).collect();
        let paths: Vec<_> = keys.iter().map(|key| names(key)).collect();
        let mut out = String::new();
        without(&mut out, bag, &paths.iter().map(Vec::as_slice).collect::<Vec<_>>());
        Some(out)
    }))
}

/// Writes a bag without the properties at the given paths.
fn without(out: &mut String, bag: Json<'_>, paths: &[&[Cow<'_, str>]]) {
    let mut written = BagWriter::default();
    for (key, value) in bag.entries() {
        let below: Vec<_> =
            paths.iter().filter_map(|path| path.split_first()).filter(|(first, _)| key.is(first)).map(|(_, rest)| rest).collect();
        if below.iter().any(|rest| rest.is_empty()) {
            continue;
        }
        if below.is_empty() || value.kind() != Kind::Bag {
            written.push(key.raw(), value.text());
        } else {
            without(written.begin(&key.name()), value, &below);
        }
    }
    out.push_str(&written.finish());
}

fn set_key(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let bag = bag(arguments, 0, row)?;
        let value = json_of(arguments, 2, row);
        let mut out = String::new();
        with(&mut out, Some(bag), &names(arguments.text(1, row)), &value);
        Some(out)
    }))
}

/// Writes a bag with the property at a path set; bags on the way that are not there are made.
fn with(out: &mut String, bag: Option<Json<'_>>, path: &[Cow<'_, str>], value: &str) {
    let Some((first, rest)) = path.split_first() else { return out.push_str(value) };
    let mut written = BagWriter::default();
    let mut found = false;
    for (key, old) in bag.into_iter().flat_map(Json::entries) {
        if key.is(first) {
            found = true;
            with(written.begin(first), (old.kind() == Kind::Bag).then_some(old), rest, value);
        } else {
            written.push(key.raw(), old.text());
        }
    }
    if !found {
        with(written.begin(first), None, rest, value);
    }
    out.push_str(&written.finish());
}

fn zip(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        // A value that is no array has no element for any key.
        let (keys, values) = (elements(arguments, 0, row)?, elements(arguments, 1, row).unwrap_or_default());
        let (mut seen, mut out) = (HashSet::new(), BagWriter::default());
        for (place, key) in keys.iter().enumerate() {
            if let Some(name) = key.string()
                && seen.insert(name.clone())
            {
                out.begin(&name).push_str(values.get(place).map_or("null", |value| value.text()));
            }
        }
        Some(out.finish())
    }))
}

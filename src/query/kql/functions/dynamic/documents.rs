//! From JSON documents to `dynamic` values and back.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray};

use super::super::json::{self, Json, Kind};
use super::super::table::form;
use super::super::{Arguments, Family, Function, KernelError, Parameter, Returns, Takes, takes, takes_any, takes_constant};
use super::jsonpath::JsonPath;
use super::parts::Parts;
use super::values::{append, array_of, to_text};
use crate::query::kql::tree::ScalarType;
use crate::query::kql::values::read;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "parse_json",
        Family::Dynamic,
        "Reads a text as JSON; a text that is none stays a text, an empty one is null.",
        &[
            form(&[takes("value", ScalarType::Dynamic)], 1, Returns::Always(ScalarType::Dynamic), same),
            form(&[takes("value", ScalarType::String)], 1, Returns::Always(ScalarType::Dynamic), parse),
        ],
    )
    .aliases(&["parsejson", "todynamic", "toobject"]),
    Function::new(
        "dynamic_to_json",
        Family::Dynamic,
        "Gives the canonical JSON of a value: names sorted, no space between parts.",
        &[form(&[takes_any("value")], 1, Returns::Always(ScalarType::String), to_json)],
    ),
    Function::new(
        "extract_json",
        Family::Dynamic,
        "Reads what a JSONPath points at out of a JSON document.",
        &[form(
            &[
                takes_constant("path", ScalarType::String),
                takes("document", ScalarType::String),
                Parameter { name: "type", takes: Takes::TypeName, constant: true },
            ],
            2,
            Returns::Named(ScalarType::String),
            extract,
        )],
    )
    .aliases(&["extractjson"]),
    Function::new(
        "treepath",
        Family::Dynamic,
        "Lists the paths to all parts of a value.",
        &[form(&[takes("value", ScalarType::Dynamic)], 1, Returns::Always(ScalarType::Dynamic), tree_path)],
    ),
];

fn same(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| arguments.json(0, row)))
}

fn parse(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    let column = &arguments.columns[0];
    let values = column.values.as_string_view();
    let mut parts = Parts::new(values, arguments.rows);
    for row in 0..arguments.rows {
        let place = if column.constant { 0 } else { row };
        let parsed = if values.is_null(place) { None } else { json::parse(values.value(place)) };
        match parsed {
            None | Some(Cow::Borrowed("null")) => parts.push(place, None),
            Some(Cow::Borrowed(text)) => parts.push(place, Some(text)),
            Some(Cow::Owned(text)) => parts.push_own(&text),
        }
    }
    Ok(parts.finish())
}

fn to_json(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.texts(|row| {
        if arguments.is_null(0, row) {
            return None;
        }
        let mut text = String::new();
        append(&mut text, arguments, 0, row);
        let value = Json::new(&text);
        Some(match value.kind() {
            Kind::Array | Kind::Bag => json::identity(value).into_owned(),
            _ if arguments.kind(0) == ScalarType::Dynamic => text,
            _ => to_text(&text).into_owned(),
        })
    }))
}

/// The value at the path as the type that was asked for; the text where none was.
fn extract(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    let fixed = arguments.constant_text(0).map(JsonPath::new);
    let found = |row: usize| -> Option<String> {
        let parsed = json::parse(arguments.text(1, row))?;
        let own;
        let path = match &fixed {
            Some(path) => path.as_ref()?,
            None => {
                own = JsonPath::new(arguments.text(0, row))?;
                &own
            }
        };
        path.find(Json::new(&parsed)).map(|value| value.text().to_owned())
    };
    let number = |row| {
        let json = found(row)?;
        let value = Json::new(&json);
        value.real().or_else(|| value.string()?.trim().parse().ok()).or_else(|| value.bool().map(f64::from))
    };
    let whole = |row| {
        let json = found(row)?;
        let value = Json::new(&json);
        let text = value.string();
        value
            .long()
            .or_else(|| text?.trim().parse().ok())
            .or_else(|| value.real().map(|number| number as i64))
            .or(value.bool().map(i64::from))
    };
    Ok(match arguments.returns {
        ScalarType::Dynamic => arguments.jsons(found),
        ScalarType::Bool => arguments.bools(|row| {
            let json = found(row)?;
            let value = Json::new(&json);
            let text = to_text(&json);
            value.bool().or_else(|| text.parse::<f64>().ok().map(|number| number != 0.0)).or_else(|| text.to_ascii_lowercase().parse().ok())
        }),
        ScalarType::Int => arguments.ints(|row| whole(row).and_then(|number| i32::try_from(number).ok())),
        ScalarType::Long => arguments.longs(whole),
        ScalarType::Real => arguments.reals(number),
        ScalarType::Decimal => arguments.decimals(|row| read::decimal(to_text(&found(row)?).trim())),
        ScalarType::DateTime => arguments.longs(|row| read::datetime(&to_text(&found(row)?))),
        ScalarType::Timespan => arguments.longs(|row| read::timespan(to_text(&found(row)?).trim())),
        ScalarType::String | ScalarType::Guid => arguments.texts(|row| found(row).map(|json| to_text(&json).into_owned())),
    })
}

/// Levels below which no path is listed.
const LEVELS_MAX: usize = 64;

fn tree_path(arguments: &Arguments) -> Result<ArrayRef, KernelError> {
    Ok(arguments.jsons(|row| {
        let value = Json::new(arguments.json(0, row)?);
        if !matches!(value.kind(), Kind::Bag | Kind::Array) {
            return None;
        }
        let mut paths: Vec<String> = Vec::new();
        walk(value, "", 0, &mut paths);
        Some(array_of(paths.iter().map(String::as_str)))
    }))
}

/// Adds the paths below a value, each once, as JSON strings: all elements of an array share the path of its first.
fn walk(value: Json<'_>, above: &str, level: usize, paths: &mut Vec<String>) {
    if level == LEVELS_MAX {
        return;
    }
    let add = |path: String, value: Json<'_>, paths: &mut Vec<String>| {
        let json = json::string_of(&path);
        if !paths.contains(&json) {
            paths.push(json);
        }
        walk(value, &path, level + 1, paths);
    };
    for (key, value) in value.entries() {
        add(format!("{above}['{}']", key.name()), value, paths);
    }
    for element in value.elements() {
        add(format!("{above}[0]"), element, paths);
    }
}

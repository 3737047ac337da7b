//! `parse_url` and `parse_urlquery`.

use arrow::array::ArrayRef;
use serde_json::{Map, Value};

use super::super::{Arguments, KernelError};

type Result = std::result::Result<ArrayRef, KernelError>;

pub(super) fn parse(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.jsons(|row| Some(parts(texts.value(row)).to_string())))
}

pub(super) fn parse_query(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.jsons(|row| {
        let query = texts.value(row);
        let mut bag = Map::new();
        bag.insert("Query Parameters".to_owned(), parameters(query.strip_prefix('?').unwrap_or(query)));
        Some(Value::Object(bag).to_string())
    }))
}

fn parts(url: &str) -> Value {
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = rest.split_once("://").unwrap_or(("", rest));
    let (authority, path) = match rest.find('/') {
        _ if scheme.is_empty() => ("", rest),
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    // The colons of an IPv6 address stand in brackets.
    let port_at = host.rfind(':').filter(|at| !host[*at..].contains(']'));
    let (host, port) = port_at.map_or((host, ""), |at| (&host[..at], &host[at + 1..]));
    let mut bag = Map::new();
    for (field, value) in [("Scheme", scheme), ("Host", host), ("Port", port), ("Path", path), ("Username", name), ("Password", password)] {
        bag.insert(field.to_owned(), Value::from(value));
    }
    bag.insert("Query Parameters".to_owned(), parameters(query));
    bag.insert("Fragment".to_owned(), Value::from(fragment));
    Value::Object(bag)
}

fn parameters(query: &str) -> Value {
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect::<Map<_, _>>().into()
}

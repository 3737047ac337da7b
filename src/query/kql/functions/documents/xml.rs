//! `parse_xml`.

use std::borrow::Cow;

use arrow::array::ArrayRef;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

use super::super::{Arguments, KernelError};

type Result = std::result::Result<ArrayRef, KernelError>;

/// How deep elements may stand in each other; deeper ones are no valid XML here.
const DEPTH_MAX: usize = 256;

pub(super) fn parse(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.jsons(|row| {
        let text = texts.value(row).trim();
        if text.starts_with('<') { document(text).map(|value| value.to_string()) } else { None }
    }))
}

/// An element that is open: its name, attributes and children so far, and its text.
#[derive(Default)]
struct Open {
    name: String,
    fields: Map<String, Value>,
    text: String,
}

fn document(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut root = Map::new();
    loop {
        let closed = match reader.read_event().ok()? {
            Event::Start(start) => {
                if open.len() >= DEPTH_MAX {
                    return None;
                }
                open.push(opened(&start)?);
                continue;
            }
            Event::Empty(start) => opened(&start)?,
            Event::End(_) => open.pop()?,
            Event::Text(text) => {
                let text = text.decode().ok()?;
                match open.last_mut() {
                    Some(element) => element.text.push_str(&text),
                    None if text.trim().is_empty() => {}
                    None => return None,
                }
                continue;
            }
            Event::CData(text) => {
                open.last_mut()?.text.push_str(&text.decode().ok()?);
                continue;
            }
            Event::GeneralRef(reference) => {
                let name = reference.decode().ok()?;
                let letters = match reference.resolve_char_ref().ok()? {
                    Some(letter) => Cow::Owned(letter.to_string()),
                    None => Cow::Borrowed(quick_xml::escape::resolve_predefined_entity(&name)?),
                };
                open.last_mut()?.text.push_str(&letters);
                continue;
            }
            Event::Eof => return (open.is_empty() && root.len() == 1).then_some(Value::Object(root)),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => continue,
        };
        let fields = open.last_mut().map_or(&mut root, |element| &mut element.fields);
        let name = closed.name.clone();
        insert(fields, name, finished(closed));
    }
}

fn opened(start: &BytesStart<'_>) -> Option<Open> {
    let mut element = Open { name: std::str::from_utf8(start.name().as_ref()).ok()?.to_owned(), ..Open::default() };
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let value = std::str::from_utf8(&attribute.value).ok()?;
        let value = quick_xml::escape::unescape(value).ok()?;
        element.fields.insert(format!("@{}", std::str::from_utf8(attribute.key.as_ref()).ok()?), Value::from(value.as_ref()));
    }
    Some(element)
}

/// The value of an element: null, its text, or a bag.
fn finished(mut element: Open) -> Value {
    let text = element.text.trim();
    if element.fields.is_empty() {
        return if text.is_empty() { Value::Null } else { Value::from(text) };
    }
    if !text.is_empty() {
        element.fields.insert("#text".to_owned(), Value::from(text));
    }
    Value::Object(element.fields)
}

/// Elements of one name beside each other become an array.
fn insert(fields: &mut Map<String, Value>, name: String, value: Value) {
    match fields.get_mut(&name) {
        None => drop(fields.insert(name, value)),
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

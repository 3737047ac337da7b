//! JSON text to values as `serde_json` reads it, but with room for members made beforehand.
//!
//! A table of members that grows with each of them hashes and moves all earlier ones several times, which costs as much as
//! reading their text.

use std::cell::RefCell;
use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use crate::model::Object;

/// Members of a document for which there is room from the start: an alert or a row has forty.
const DOCUMENT_MEMBERS: usize = 56;
/// Members of an object inside a document; it and the other one are sizes up to which a table does not grow.
const INNER_MEMBERS: usize = 7;

/// Reads one object.
pub(crate) fn object(bytes: &[u8]) -> serde_json::Result<Object> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Tree { members: DOCUMENT_MEMBERS }.deserialize(&mut reader)?;
    reader.end()?;
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(serde_json::Error::custom("expected a JSON object")),
    }
}

thread_local! {
    /// The document that was parsed last to be recognised, so that reading it at once, as requests do, parses nothing again.
    static LAST: RefCell<Option<(Bytes, Object)>> = const { RefCell::new(None) };
}

/// Keeps what the bytes of a document were parsed to, until the next one.
pub(crate) fn keep(raw: &Bytes, object: Object) {
    LAST.set(Some((raw.clone(), object)));
}

/// Reads the object of a document.
pub(crate) fn document(raw: &Bytes) -> serde_json::Result<Object> {
    // The bytes that are kept stay where they are, so no others can have their place.
    let is_last = |(kept, _): &mut (Bytes, Object)| (kept.as_ptr(), kept.len()) == (raw.as_ptr(), raw.len());
    match LAST.with_borrow_mut(|last| last.take_if(is_last)) {
        Some((_, object)) => Ok(object),
        None => object(raw),
    }
}

/// Reads one value.
pub(crate) fn value(text: &str) -> serde_json::Result<Value> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Tree { members: INNER_MEMBERS }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Reads a value and everything below it.
#[derive(Clone, Copy)]
struct Tree {
    /// For how many members of an object there is room from the start.
    members: usize,
}

const INNER: Tree = Tree { members: INNER_MEMBERS };

impl<'de> DeserializeSeed<'de> for Tree {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(INNER)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let Some(first) = members.next_key::<String>()? else { return Ok(Value::Object(Object::new())) };
        let mut object = Object::with_capacity(self.members);
        object.insert(first, members.next_value_seed(INNER)?);
        while let Some(name) = members.next_key::<String>()? {
            object.insert(name, members.next_value_seed(INNER)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_serde_json_reads() {
        let deep = format!("{}1{}", "[".repeat(120), "]".repeat(120));
        let too_deep = format!("{}1{}", "[".repeat(130), "]".repeat(130));
        for text in [
            r#"{"b":1,"a":[true,null,-2,18446744073709551615,1.5e3,"x\u00e9\n"],"b":{"c":{}},"":""}"#,
            "{}",
            "1e999",
            "\"a",
            "{\"a\":1} x",
            "[1,]",
            "\u{feff}{}",
            &deep,
            &too_deep,
        ] {
            let expected = serde_json::from_str::<Value>(text);
            assert_eq!(value(text).map_err(|error| error.to_string()), expected.map_err(|error| error.to_string()), "{text}");
            let expected = serde_json::from_str::<Object>(text).ok();
            assert_eq!(object(text.as_bytes()).ok(), expected, "{text}");
        }
        let raw = Bytes::from_static(br#"{"a":1}"#);
        keep(&raw, object(br#"{"kept":1}"#).expect("an object"));
        assert!(document(&raw).expect("an object").contains_key("kept"), "of the same bytes");
        assert!(document(&raw).expect("an object").contains_key("a"), "once");
        keep(&raw, Object::new());
        assert!(document(&Bytes::copy_from_slice(&raw)).expect("an object").contains_key("a"), "of other bytes");
        let names = object(br#"{"b":1,"a":2,"b":3}"#).expect("an object");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), [("b".to_owned(), Value::from(3)), ("a".to_owned(), Value::from(2))]);
    }
}

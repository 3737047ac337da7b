//! Reads request structs from the parameters of a path and query string.
//!
//! One text form for every type: lists repeat (`kind=alert&kind=incident`) or are separated by commas
//! (`kind=alert,incident`; `\,` is a comma of the value), flags are `true` or `false`, a parameter that the struct does
//! not have is an error that names the nearest one. Never reads a body.

use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::suggest::nearest;
use crate::model::{Fault, FaultClass};

/// Why parameters do not make a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParamError {
    /// A parameter that the request does not have.
    #[error("parameter `{name}` is not known here")]
    Unknown {
        /// The parameter.
        name: String,
        /// Those that the request has.
        known: &'static [&'static str],
    },
    /// A parameter that the request cannot do without.
    #[error("parameter `{name}` is required")]
    Missing {
        /// The parameter.
        name: &'static str,
    },
    /// One value expected, several given.
    #[error("parameter `{name}` takes one value, found {count}")]
    Repeated {
        /// The parameter.
        name: String,
        /// How many values were given.
        count: usize,
    },
    /// A value that is none of the few that there are.
    #[error("parameter `{name}`: `{value}` is not a known value")]
    Choice {
        /// The parameter, empty until it is known.
        name: String,
        /// The value.
        value: String,
        /// Those that there are.
        known: &'static [&'static str],
    },
    /// A value that cannot be read.
    #[error("parameter `{name}`: {reason}")]
    Value {
        /// The parameter, empty until it is known.
        name: String,
        /// What was expected and found.
        reason: String,
    },
    /// Text that is no UTF-8 after percent-decoding.
    #[error("expected UTF-8 behind the percent signs of `{text}`")]
    Encoding {
        /// The text as it was sent.
        text: String,
    },
}

impl From<ParamError> for Fault {
    fn from(error: ParamError) -> Self {
        let message = error.to_string();
        let fault = |code| Fault::new(FaultClass::Invalid, code, message.clone());
        match &error {
            ParamError::Unknown { name, known } => fault("parameter_unknown").with_hint(match nearest(name, known.iter().copied()) {
                Some(near) => format!("a similar parameter is `{near}`"),
                None if known.is_empty() => "there are no parameters here".into(),
                None => format!("parameters here: {}", list(known)),
            }),
            ParamError::Missing { name } => fault("parameter_missing").with_hint(format!("add `{name}=...`")),
            ParamError::Repeated { .. } => fault("parameter_repeated").with_hint("give it once"),
            ParamError::Choice { value, known, .. } => fault("parameter_invalid").with_hint(match nearest(value, known.iter().copied()) {
                Some(near) => format!("a similar value is `{near}`"),
                None => format!("values: {}", list(known)),
            }),
            ParamError::Value { .. } => fault("parameter_invalid"),
            ParamError::Encoding { .. } => fault("parameter_encoding"),
        }
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl ParamError {
    /// Puts the parameter's name to an error that arose inside its value.
    pub(crate) fn of(self, parameter: &str) -> Self {
        match self {
            Self::Choice { name, value, known } if name.is_empty() => Self::Choice { name: parameter.into(), value, known },
            Self::Value { name, reason } if name.is_empty() => Self::Value { name: parameter.into(), reason },
            other => other,
        }
    }

    fn value(reason: impl Into<String>) -> Self {
        Self::Value { name: String::new(), reason: reason.into() }
    }
}

impl de::Error for ParamError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::value(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing { name: field }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::Unknown { name: field.into(), known: expected }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::Choice { name: String::new(), value: variant.into(), known: expected }
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::value(format!("expected {expected}, found {found}"))
    }
}

/// The parameters of one request, in the order in which their names came first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Params {
    groups: Vec<(String, Vec<String>)>,
    /// Names that came without `=`, which is enough for a flag.
    bare: Vec<String>,
}

impl Params {
    /// Reads a query string.
    pub(crate) fn parse(query: &str) -> Result<Self, ParamError> {
        let mut params = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = pair.split_once('=') else {
                let name = decode(pair)?;
                params.bare.push(name.clone());
                params.push(name, String::new());
                continue;
            };
            params.push(decode(name)?, decode(value)?);
        }
        Ok(params)
    }

    /// Adds one value.
    pub(crate) fn push(&mut self, name: String, value: String) {
        match self.groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => self.groups.push((name, vec![value])),
        }
    }

    /// Makes the request.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, ParamError> {
        T::deserialize(self)
    }
}

/// Undoes percent encoding and `+` for a space.
pub(crate) fn decode(text: &str) -> Result<String, ParamError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match (byte, tail) {
            (b'%', [high, low, behind @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex(*high) << 4 | hex(*low));
                rest = behind;
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| ParamError::Encoding { text: text.chars().take(64).collect() })
}

fn hex(digit: u8) -> u8 {
    char::from(digit).to_digit(16).map_or(0, |value| value as u8)
}

/// Percent-encodes everything but letters, digits and `-._~`.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Splits a list at its commas; `\,` is a comma of the item.
fn split_list(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let item = items.last_mut().expect("starts with one item and only grows");
        match c {
            '\\' if chars.peek() == Some(&',') => {
                chars.next();
                item.push(',');
            }
            ',' => items.push(String::new()),
            _ => item.push(c),
        }
    }
    items.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

impl<'de> de::Deserializer<'de> for Params {
    type Error = ParamError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_map(Groups { rest: self.groups.into_iter(), bare: self.bare, value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        match self.groups.iter().find(|(name, _)| !fields.contains(&name.as_str())) {
            Some((name, _)) => Err(ParamError::Unknown { name: name.clone(), known: fields }),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        match self.groups.into_iter().next() {
            Some((name, _)) => Err(ParamError::Unknown { name, known: &[] }),
            None => visitor.visit_unit(),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, ParamError> {
        self.deserialize_unit(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

struct Groups {
    rest: std::vec::IntoIter<(String, Vec<String>)>,
    bare: Vec<String>,
    value: Option<(String, Vec<String>)>,
}

impl<'de> de::MapAccess<'de> for Groups {
    type Error = ParamError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ParamError> {
        let Some((name, values)) = self.rest.next() else { return Ok(None) };
        let key = seed.deserialize(name.as_str().into_deserializer())?;
        self.value = Some((name, values));
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ParamError> {
        let (name, values) = self.value.take().expect("a value is asked for after its key");
        let bare = self.bare.contains(&name);
        seed.deserialize(Texts { values: &values, name: &name, bare }).map_err(|error| error.of(&name))
    }
}

/// The values of one parameter.
struct Texts<'a> {
    name: &'a str,
    values: &'a [String],
    /// Whether it came by its name alone.
    bare: bool,
}

impl Texts<'_> {
    fn one(&self) -> Result<&str, ParamError> {
        match self.values {
            [value] => Ok(value),
            values => Err(ParamError::Repeated { name: self.name.into(), count: values.len() }),
        }
    }

    fn number<T: std::str::FromStr>(&self, expected: &str) -> Result<T, ParamError> {
        let text = self.one()?.trim();
        text.parse().map_err(|_| ParamError::value(format!("expected {expected}, found `{}`", text.chars().take(64).collect::<String>())))
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $expected:literal),*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
            visitor.$visit(self.number($expected)?)
        })*
    };
}

impl<'de> de::Deserializer<'de> for Texts<'_> {
    type Error = ParamError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_str(self.one()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        match self.one()? {
            "" if self.bare => visitor.visit_bool(true),
            "true" | "1" => visitor.visit_bool(true),
            "false" | "0" => visitor.visit_bool(false),
            other => Err(ParamError::value(format!("expected `true` or `false`, found `{}`", other.chars().take(64).collect::<String>()))),
        }
    }

    numbers! {
        deserialize_i8 visit_i8 "a whole number", deserialize_i16 visit_i16 "a whole number", deserialize_i32 visit_i32 "a whole number",
        deserialize_i64 visit_i64 "a whole number", deserialize_u8 visit_u8 "a whole number from 0 to 255",
        deserialize_u16 visit_u16 "a whole number from 0 to 65535", deserialize_u32 visit_u32 "a whole number, 0 or more",
        deserialize_u64 visit_u64 "a whole number, 0 or more", deserialize_f32 visit_f32 "a number", deserialize_f64 visit_f64 "a number"
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        let items: Vec<String> = self.values.iter().flat_map(|value| split_list(value)).collect();
        visitor.visit_seq(Items { name: self.name, items: items.iter() })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        visitor.visit_enum(self.one()?.into_deserializer())
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        let error = |error| ParamError::value(format!("expected a JSON object: {error}"));
        let value: serde_json::Value = serde_json::from_str(self.one()?).map_err(error)?;
        de::Deserializer::deserialize_map(value, visitor).map_err(error)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

struct Items<'a> {
    name: &'a str,
    items: std::slice::Iter<'a, String>,
}

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = ParamError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ParamError> {
        let Some(item) = self.items.next() else { return Ok(None) };
        seed.deserialize(Texts { name: self.name, values: std::slice::from_ref(item), bare: false }).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::model::Time;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Sort {
        Relevance,
        Time,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Request {
        q: String,
        #[serde(default)]
        kind: Vec<String>,
        #[serde(default)]
        depth: Vec<u8>,
        sort: Option<Sort>,
        limit: Option<u32>,
        from: Option<Time>,
        #[serde(default)]
        counts: bool,
    }

    fn read(query: &str) -> Result<Request, Fault> {
        Params::parse(query).and_then(Params::read).map_err(Fault::from)
    }

    #[test]
    fn reads_every_type_from_text() {
        let request =
            read("q=a+b%20c&kind=alert,incident&kind=a%5C%2Cb&depth=1,2&sort=time&limit=7&from=2021-04-27&counts").expect("a request");
        let expected = Request {
            q: "a b c".into(),
            kind: vec!["alert".into(), "incident".into(), "a,b".into()],
            depth: vec![1, 2],
            sort: Some(Sort::Time),
            limit: Some(7),
            from: Time::parse("2021-04-27").ok(),
            counts: true,
        };
        assert_eq!(request, expected);
    }

    #[test]
    fn says_what_is_wrong_with_a_parameter() {
        let cases = [
            ("", "parameter_missing: parameter `q` is required", "add `q=...`"),
            ("q=1&limti=3", "parameter_unknown: parameter `limti` is not known here", "a similar parameter is `limit`"),
            (
                "q=1&colour=3",
                "parameter_unknown: parameter `colour` is not known here",
                "parameters here: `q`, `kind`, `depth`, `sort`, `limit`, `from`, `counts`",
            ),
            ("q=1&q=2", "parameter_repeated: parameter `q` takes one value, found 2", "give it once"),
            ("q=1&limit=ten", "parameter_invalid: parameter `limit`: expected a whole number, 0 or more, found `ten`", ""),
            ("q=1&depth=1,300", "parameter_invalid: parameter `depth`: expected a whole number from 0 to 255, found `300`", ""),
            ("q=1&sort=tiem", "parameter_invalid: parameter `sort`: `tiem` is not a known value", "a similar value is `time`"),
            ("q=1&sort=x", "parameter_invalid: parameter `sort`: `x` is not a known value", "values: `relevance`, `time`"),
            ("q=1&counts=", "parameter_invalid: parameter `counts`: expected `true` or `false`, found ``", ""),
            ("q=1&counts=maybe", "parameter_invalid: parameter `counts`: expected `true` or `false`, found `maybe`", ""),
            (
                "q=1&from=yesterday",
                "parameter_invalid: parameter `from`: expected a time such as `2021-04-28T14:31:30.021Z`, found `yesterday`",
                "",
            ),
            ("q=%FF", "parameter_encoding: expected UTF-8 behind the percent signs of `%FF`", ""),
        ];
        for (query, message, hint) in cases {
            let fault = read(query).expect_err(query);
            assert_eq!((fault.to_string().as_str(), fault.hint.as_deref().unwrap_or("")), (message, hint), "{query}");
        }
    }

    #[test]
    fn encoding_goes_there_and_back() {
        for text in ["host:WS6.theshire.local", "file:C:\\a b\\c+d.exe", "100%", "é/ü?&=#", ""] {
            assert_eq!(decode(&encode(text)).as_deref(), Ok(text));
        }
        assert_eq!(decode("50%"), Ok("50%".into()));
    }
}

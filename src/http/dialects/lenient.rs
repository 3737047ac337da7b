//! JSON as clients send it: JSON first, else the same with Python's spelling of texts, truth and nothing.
//!
//! One widely used notebook library sends `str(dict)` as the body; the service that it was written for reads it.

use serde_json::{Map, Number, Value};

use crate::model::{Fault, FaultClass};

/// Lists and objects inside each other at the most.
const DEPTH_MAX: usize = 96;

/// Reads a body; an empty one is null.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, Fault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    let strict = match serde_json::from_slice(bytes) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Fault::new(FaultClass::Invalid, "body_encoding", "expected UTF-8 in the body").at(error.valid_up_to(), bytes.len())
    })?;
    let mut reader = Reader { text, at: 0 };
    match reader.whole() {
        Some(value) => Ok(value),
        None => {
            Err(Fault::new(FaultClass::Invalid, "json_invalid", format!("expected JSON as the body: {strict}")).at(reader.at, reader.at))
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn whole(&mut self) -> Option<Value> {
        let value = self.value(0)?;
        self.blank();
        (self.at == self.text.len()).then_some(value)
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn blank(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.blank();
        let found = self.peek() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.blank();
        match self.peek()? {
            '{' => self.object(depth),
            '[' => self.list('[', ']', depth),
            '(' => self.list('(', ')', depth),
            '\'' | '"' => self.string().map(Value::String),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        self.next();
        let mut members = Map::new();
        while !self.eat('}') {
            self.blank();
            let name = self.string()?;
            if !self.eat(':') {
                return None;
            }
            members.insert(name, self.value(depth + 1)?);
            if !self.eat(',') {
                return self.eat('}').then_some(Value::Object(members));
            }
        }
        Some(Value::Object(members))
    }

    fn list(&mut self, open: char, close: char, depth: usize) -> Option<Value> {
        debug_assert_eq!(self.peek(), Some(open));
        self.next();
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.value(depth + 1)?);
            if !self.eat(',') {
                return self.eat(close).then_some(Value::Array(items));
            }
        }
        Some(Value::Array(items))
    }

    fn word(&mut self) -> Option<Value> {
        let length = self.rest().find(|c: char| c.is_whitespace() || ",]})".contains(c)).unwrap_or(self.rest().len());
        let word = &self.rest()[..length];
        let value = match word {
            "None" | "null" => Value::Null,
            "True" | "true" => Value::Bool(true),
            "False" | "false" => Value::Bool(false),
            number => Value::Number(number.parse::<Number>().ok()?),
        };
        self.at += length;
        Some(value)
    }

    fn string(&mut self) -> Option<String> {
        let quote = self.next().filter(|quote| matches!(quote, '\'' | '"'))?;
        let mut text = String::new();
        loop {
            match self.next()? {
                end if end == quote => return Some(text),
                '\\' => text.push(self.escape()?),
                other => text.push(other),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'x' => char::from_u32(self.hex(2)?)?,
            'U' => char::from_u32(self.hex(8)?)?,
            'u' => self.utf16()?,
            other => other,
        })
    }

    /// `uXXXX`, where two halves make one character.
    fn utf16(&mut self) -> Option<char> {
        let first = self.hex(4)?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        let second = (self.next()? == '\\' && self.next()? == 'u').then(|| self.hex(4)).flatten()?;
        char::decode_utf16([u16::try_from(first).ok()?, u16::try_from(second).ok()?]).next()?.ok()
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let hex = self.rest().get(..digits)?;
        let number = u32::from_str_radix(hex, 16).ok()?;
        self.at += digits;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_json_and_the_text_form_of_python_dicts() {
        let cases = [
            (r#"{"a": [1, 2.5, "x\ty"]}"#, json!({"a": [1, 2.5, "x\ty"]})),
            (
                "{'properties': {'title': 'x', 'n': None, 'on': True, 'off': False}}",
                json!({"properties": {"title": "x", "n": null, "on": true, "off": false}}),
            ),
            (r#"{'a': "it's", 'b': 'say "x"', 'c': 'it\'s'}"#, json!({"a": "it's", "b": "say \"x\"", "c": "it's"})),
            (r"{'a': 'caf\xe9 \u20ac \U0001f600 \ud83d\ude00 C:\\x'}", json!({"a": "café € 😀 😀 C:\\x"})),
            ("{'a': [1, -2, 3e4,], 'b': (), 'c': ('x',), }", json!({"a": [1, -2, 3e4], "b": [], "c": ["x"]})),
            ("", Value::Null),
            (" \n", Value::Null),
            ("\u{feff}{}", json!({})),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text.as_bytes()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_neither() {
        let deep = "[".repeat(5_000);
        for text in ["{", "{'a'}", "{'a': }", "{a: 1}", "['a' 'b']", "'", "'\\u12'", "{'a': 1} x", "nope", deep.as_str()] {
            assert_eq!(read(text.as_bytes()).map_err(|fault| fault.code), Err("json_invalid"), "{text:.20}");
        }
        assert_eq!(read(b"{'a': '\xff'}").map_err(|fault| fault.code), Err("body_encoding"));
    }
}

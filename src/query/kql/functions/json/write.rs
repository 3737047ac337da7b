//! Writing JSON text.

use std::fmt::Write;

use super::super::budget;

/// Writes a text as a JSON string.
pub fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x8 => "\\b",
            0xc => "\\f",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        if escape.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
        from = at + 1;
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// A text as a JSON string.
pub fn string_of(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    string(&mut out, text);
    out
}

/// Writes a number with its point, so that it stays a `real`; what JSON has no number for is written as its name.
pub fn real(out: &mut String, value: f64) {
    let _ = if value.is_finite() {
        write!(out, "{value:?}")
    } else if value.is_nan() {
        write!(out, "\"NaN\"")
    } else {
        write!(out, "\"{}Infinity\"", if value < 0.0 { "-" } else { "" })
    };
}

/// A number as [`real`] writes it.
pub fn real_of(value: f64) -> String {
    let mut out = String::new();
    real(&mut out, value);
    out
}

/// Drops what was written of a value that became longer than any call of a function may make, if one is running: it fails in the end.
fn give_up_if_long(out: &mut String, opening: char) {
    if out.len() > budget::EXPRESSION_BYTES_MAX && budget::exceed() {
        out.clear();
        out.push(opening);
    }
}

/// Writes an array, element by element.
#[derive(Debug)]
pub struct ArrayWriter {
    out: String,
}

impl Default for ArrayWriter {
    fn default() -> Self {
        Self { out: String::from("[") }
    }
}

impl ArrayWriter {
    /// Where the next element is to be written.
    pub fn begin(&mut self) -> &mut String {
        give_up_if_long(&mut self.out, '[');
        if self.out.len() > 1 {
            self.out.push(',');
        }
        &mut self.out
    }

    /// Adds an element that is JSON already.
    pub fn push(&mut self, json: &str) {
        self.begin().push_str(json);
    }

    /// The array.
    pub fn finish(mut self) -> String {
        self.out.push(']');
        self.out
    }
}

/// Writes a property bag in the order of insertion.
#[derive(Debug)]
pub struct BagWriter {
    out: String,
}

impl Default for BagWriter {
    fn default() -> Self {
        Self { out: String::from("{") }
    }
}

impl BagWriter {
    /// Where the value of the next property is to be written.
    pub fn begin(&mut self, name: &str) -> &mut String {
        give_up_if_long(&mut self.out, '{');
        if self.out.len() > 1 {
            self.out.push(',');
        }
        string(&mut self.out, name);
        self.out.push(':');
        &mut self.out
    }

    /// Adds a property whose name and value are written as in JSON already.
    pub fn push(&mut self, raw_name: &str, json: &str) {
        give_up_if_long(&mut self.out, '{');
        if self.out.len() > 1 {
            self.out.push(',');
        }
        self.out.extend(["\"", raw_name, "\":", json]);
    }

    /// The bag.
    pub fn finish(mut self) -> String {
        self.out.push('}');
        self.out
    }
}

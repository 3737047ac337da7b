//! Rows of JSON written straight into a buffer: no tree, no allocation for a row once the buffer has grown.

use std::io::Write;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// One JSON object in the making. Names and `plain` values need no escaping; `text` values are escaped.
#[derive(Debug, Default)]
pub(super) struct Row {
    out: Vec<u8>,
}

impl Row {
    /// Empties the buffer and opens an object.
    pub(super) fn open(&mut self) {
        self.out.clear();
        self.out.push(b'{');
    }

    /// Closes the object and ends the line.
    pub(super) fn close(&mut self) -> &[u8] {
        self.out.extend_from_slice(b"}\n");
        &self.out
    }

    /// Writes a name; the value follows.
    pub(super) fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        &mut self.out
    }

    /// A member whose value is JSON already: a number, `true`, an object.
    pub(super) fn json(&mut self, name: &str, value: impl std::fmt::Display) {
        let out = self.name(name);
        write!(out, "{value}").expect("a Vec takes every write");
    }

    /// A string without quotes, backslashes and controls.
    pub(super) fn plain(&mut self, name: &str, value: &str) {
        let out = self.name(name);
        out.push(b'"');
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
    }

    /// A string from formatted pieces without quotes, backslashes and controls.
    pub(super) fn form(&mut self, name: &str, value: std::fmt::Arguments<'_>) {
        let out = self.name(name);
        out.push(b'"');
        out.write_fmt(value).expect("a Vec takes every write");
        out.push(b'"');
    }

    /// Any string without controls.
    pub(super) fn text(&mut self, name: &str, value: &[u8]) {
        let out = self.name(name);
        out.push(b'"');
        escape(out, value);
        out.push(b'"');
    }

    /// An instant.
    pub(super) fn time(&mut self, name: &str, micros: i64) {
        let out = self.name(name);
        out.push(b'"');
        push_time(out, micros);
        out.push(b'"');
    }

    /// A list of strings that need no escaping.
    pub(super) fn list<'a>(&mut self, name: &str, values: impl IntoIterator<Item = &'a str>) {
        let out = self.name(name);
        push_list(out, values);
    }
}

/// Appends `["a","b"]`.
pub(super) fn push_list<'a>(out: &mut Vec<u8>, values: impl IntoIterator<Item = &'a str>) {
    out.push(b'[');
    for (place, value) in values.into_iter().enumerate() {
        out.extend_from_slice(if place == 0 { b"\"" } else { b",\"" });
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
    }
    out.push(b']');
}

/// Appends text as it stands inside a JSON string.
pub(super) fn escape(out: &mut Vec<u8>, text: &[u8]) {
    let mut from = 0;
    for (at, byte) in text.iter().enumerate() {
        if matches!(byte, b'"' | b'\\') {
            out.extend_from_slice(&text[from..at]);
            out.push(b'\\');
            from = at;
        }
    }
    out.extend_from_slice(&text[from..]);
}

/// Appends `2026-01-31T09:05:00.123456Z`.
pub(super) fn push_time(out: &mut Vec<u8>, micros: i64) {
    let (day, rest) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000) as u64);
    let (year, month, day) = civil(day);
    push_digits(out, year, 4);
    out.push(b'-');
    push_digits(out, month, 2);
    out.push(b'-');
    push_digits(out, day, 2);
    out.push(b'T');
    push_digits(out, rest / 3_600_000_000, 2);
    out.push(b':');
    push_digits(out, rest / 60_000_000 % 60, 2);
    out.push(b':');
    push_digits(out, rest / 1_000_000 % 60, 2);
    out.push(b'.');
    push_digits(out, rest % 1_000_000, 6);
    out.push(b'Z');
}

/// Year, month and day of a day number since 1970-01-01, from 0000-03-01 on (days counted in 400-year eras of the Gregorian calendar).
fn civil(day: i64) -> (u64, u64, u64) {
    let day = (day + 719_468) as u64;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

fn push_digits(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let from = out.len();
    out.resize(from + width, b'0');
    for place in (from..from + width).rev() {
        out[place] = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Appends the low `digits` hexadecimal digits of a number.
pub(super) fn push_hex(out: &mut Vec<u8>, number: u64, digits: u32) {
    for digit in (0..digits).rev() {
        out.push(HEX[(number >> (4 * digit)) as usize & 15]);
    }
}

/// A GUID whose last group holds `number`, so that no two numbers below 2^48 share one; the rest is `bits`.
pub(super) fn guid(bits: u64, number: u64) -> String {
    let mut out = Vec::with_capacity(36);
    push_hex(&mut out, bits >> 32, 8);
    out.push(b'-');
    push_hex(&mut out, bits >> 16, 4);
    out.extend_from_slice(b"-4");
    push_hex(&mut out, bits, 3);
    out.push(b'-');
    out.push(HEX[8 + (bits >> 12) as usize % 4]);
    push_hex(&mut out, bits >> 40, 3);
    out.push(b'-');
    push_hex(&mut out, number ^ 0x5A3C_96E1_07B4, 12);
    String::from_utf8(out).expect("hexadecimal digits are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    #[test]
    fn times_are_those_of_the_calendar() {
        for text in
            ["1970-01-01T00:00:00.000000Z", "2024-02-29T23:59:59.999999Z", "2025-12-31T00:00:00.000001Z", "2000-03-01T12:30:00.500000Z"]
        {
            let mut out = Vec::new();
            push_time(&mut out, Time::parse(text).expect("a time").micros());
            assert_eq!(String::from_utf8_lossy(&out), text);
        }
    }

    #[test]
    fn rows_are_json() {
        let mut row = Row::default();
        row.open();
        row.plain("a", "x");
        row.text("b", br#"{"p":"C:\\x"}"#);
        row.json("c", 1.5);
        row.list("d", ["u", "v"]);
        row.form("e", format_args!("{}-{}", 1, 2));
        row.time("f", 0);
        let value: serde_json::Value = serde_json::from_slice(row.close()).expect("JSON");
        let expected = serde_json::json!({"a": "x", "b": r#"{"p":"C:\\x"}"#, "c": 1.5, "d": ["u", "v"], "e": "1-2", "f": "1970-01-01T00:00:00.000000Z"});
        assert_eq!(value, expected);
    }
}

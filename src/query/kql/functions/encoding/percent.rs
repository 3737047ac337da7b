//! Texts in URLs.

use std::borrow::Cow;
use std::fmt::Write as _;

use arrow::array::ArrayRef;

use super::super::{Arguments, KernelError};

type Result = std::result::Result<ArrayRef, KernelError>;

pub(super) fn encode(call: &Arguments, space: &str) -> Result {
    let texts = call.text_column(0);
    Ok(call.texts(|row| {
        let text = texts.value(row);
        let mut encoded = String::with_capacity(text.len());
        for byte in text.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'*' | b'(' | b')' => encoded.push(char::from(byte)),
                b' ' => encoded.push_str(space),
                // Writing to a text cannot fail.
                _ => drop(write!(encoded, "%{byte:02x}")),
            }
        }
        Some(encoded)
    }))
}

pub(super) fn decode(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.texts(|row| Some(decoded(texts.value(row)))))
}

/// The text without its percent signs; what they do not fit stays.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let (source, mut bytes, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(byte) = source.get(at) {
        let code = || text.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match (byte, code().and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(code)) => {
                bytes.push(code);
                at += 3;
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*byte),
        }
        at += 1;
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

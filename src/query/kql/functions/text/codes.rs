//! Letters and their codes.

use std::fmt::Write as _;

use arrow::array::ArrayRef;

use super::super::super::tree::ScalarType;
use super::super::{Arguments, KernelError};

type Result = std::result::Result<ArrayRef, KernelError>;

pub(super) fn from_string(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.jsons(|row| {
        let mut json = String::from("[");
        for (index, letter) in texts.value(row).chars().enumerate() {
            // Writing to a text cannot fail.
            let _ = write!(json, "{}{}", if index > 0 { "," } else { "" }, u32::from(letter));
        }
        json.push(']');
        Some(json)
    }))
}

pub(super) fn to_string(call: &Arguments) -> Result {
    Ok(call.texts(|row| {
        let mut text = String::new();
        for argument in 0..call.len() {
            match call.kind(argument) {
                ScalarType::Int => text.push(letter(i64::from(call.int(argument, row)?))?),
                ScalarType::Long => text.push(letter(call.long(argument, row)?)?),
                ScalarType::Dynamic => push_codes(&mut text, &serde_json::from_str(call.json(argument, row)?).ok()?)?,
                _ => return None,
            }
        }
        Some(text)
    }))
}

fn letter(code: i64) -> Option<char> {
    char::from_u32(u32::try_from(code).ok()?)
}

fn push_codes(text: &mut String, json: &serde_json::Value) -> Option<()> {
    match json {
        serde_json::Value::Array(values) => values.iter().try_for_each(|value| push_codes(text, value)),
        value => {
            text.push(letter(value.as_i64()?)?);
            Some(())
        }
    }
}

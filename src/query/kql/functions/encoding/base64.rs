//! Base64 with padding.

use std::fmt::Write as _;

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use arrow::array::ArrayRef;

use super::super::super::values::{read, write};
use super::super::{Arguments, KernelError};

type Result = std::result::Result<ArrayRef, KernelError>;

/// The bytes; none if it is not base64.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.trim()).ok()
}

/// Bytes in base64.
pub(super) fn written(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn encode(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.texts(|row| Some(written(texts.value(row).as_bytes()))))
}

pub(super) fn decode(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.texts(|row| String::from_utf8(bytes(texts.value(row))?).ok()))
}

pub(super) fn encode_array(call: &Arguments) -> Result {
    Ok(call.texts(|row| Some(written(&serde_json::from_str::<Vec<u8>>(call.json(0, row)?).ok()?))))
}

pub(super) fn decode_array(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.jsons(|row| {
        let mut json = String::from("[");
        for (index, byte) in bytes(texts.value(row))?.iter().enumerate() {
            // Writing to a text cannot fail.
            let _ = write!(json, "{}{byte}", if index > 0 { "," } else { "" });
        }
        json.push(']');
        Some(json)
    }))
}

pub(super) fn encode_guid(call: &Arguments) -> Result {
    Ok(call.texts(|row| Some(written(&uuid::Uuid::from_u128(read::guid(call.json(0, row)?)?).to_bytes_le()))))
}

pub(super) fn decode_guid(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.jsons(|row| {
        let bytes = <[u8; 16]>::try_from(bytes(texts.value(row))?).ok()?;
        Some(write::guid(uuid::Uuid::from_bytes_le(bytes).as_u128()))
    }))
}

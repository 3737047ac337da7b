//! Texts compressed with gzip or zlib, in base64.

use std::io::{Read, Write};

use arrow::array::ArrayRef;
use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, ZlibEncoder};

use super::super::{Arguments, KernelError, budget};
use super::base64;

type Result = std::result::Result<ArrayRef, KernelError>;

/// What stands before the compressed bytes: no name, no time, an unknown system.
const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// A short text whose bytes do not compress is stored.
fn level(text: &[u8]) -> Compression {
    let compressed = deflated(text, Compression::fast());
    if compressed.is_none_or(|compressed| compressed.len() >= text.len()) { Compression::none() } else { Compression::fast() }
}

fn deflated(text: &[u8], level: Compression) -> Option<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), level);
    encoder.write_all(text).ok()?;
    encoder.finish().ok()
}

pub(super) fn gzip(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.texts(|row| {
        let text = texts.value(row).as_bytes();
        let mut sum = flate2::Crc::new();
        sum.update(text);
        let mut bytes = GZIP_HEAD.to_vec();
        bytes.extend(deflated(text, level(text))?);
        bytes.extend(sum.sum().to_le_bytes());
        bytes.extend(sum.amount().to_le_bytes());
        Some(base64::written(&bytes))
    }))
}

pub(super) fn zlib(call: &Arguments) -> Result {
    let texts = call.text_column(0);
    Ok(call.texts(|row| {
        let text = texts.value(row).as_bytes();
        let mut encoder = ZlibEncoder::new(Vec::new(), level(text));
        encoder.write_all(text).ok()?;
        Some(base64::written(&encoder.finish().ok()?))
    }))
}

pub(super) fn from_gzip(call: &Arguments) -> Result {
    decompressed(call, |bytes| whole(GzDecoder::new(bytes)))
}

pub(super) fn from_zlib(call: &Arguments) -> Result {
    decompressed(call, |bytes| whole(ZlibDecoder::new(bytes)))
}

fn decompressed(call: &Arguments, decode: fn(&[u8]) -> Decoded) -> Result {
    let texts = call.text_column(0);
    call.try_texts(|row| match base64::bytes(texts.value(row)) {
        Some(bytes) => Ok(decode(&bytes)?.unwrap_or_default()),
        None => Ok(String::new()),
    })
}

type Decoded = std::result::Result<Option<String>, KernelError>;

/// All of it as text; none if it is none.
fn whole(decoder: impl Read) -> Decoded {
    let mut bytes = Vec::new();
    let read = decoder.take(budget::left() as u64 + 1).read_to_end(&mut bytes);
    budget::fits(bytes.len(), 1)?;
    Ok(read.ok().and_then(|_| String::from_utf8(bytes).ok()))
}

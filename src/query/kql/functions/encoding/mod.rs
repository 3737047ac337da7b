//! Texts encoded and hashed: base64, compression, URLs, hexadecimal, punycode, digests.

mod base64;
mod compression;
mod hash;
mod percent;
mod punycode;

use arrow::array::ArrayRef;

pub use hash::hashes;

use super::super::tree::ScalarType;
use super::{Arguments, Family, Function, KernelError, Overload, Parameter, Takes, takes, takes_as_text};
use ScalarType::{Dynamic, Guid, Int, Long, String as Text};

type Result = std::result::Result<ArrayRef, KernelError>;

const TEXT: Parameter = takes("text", Text);
const AS_TEXT: Parameter = takes_as_text("value");
const PLAIN: Parameter = Parameter { name: "value", takes: Takes::Plain, constant: false };
const MOD: Parameter = takes("mod", Long);

const fn function(name: &'static str, summary: &'static str, overloads: &'static [Overload]) -> Function {
    Function::new(name, Family::Encoding, summary, overloads)
}

/// What compressed texts have in common.
const COMPRESSED: &str = "The bytes may differ from Kusto's; they hold the same text.";

/// The functions of this family.
pub(super) static FUNCTIONS: &[Function] = &[
    function("base64_encode_tostring", "Encodes a text in base64.", &[Overload::new(&[TEXT], Text, base64::encode)])
        .aliases(&["base64_encodestring"]),
    function(
        "base64_decode_tostring",
        "Decodes base64 that holds a text; nothing if it holds none.",
        &[Overload::new(&[TEXT], Text, base64::decode)],
    )
    .aliases(&["base64_decodestring"]),
    function(
        "base64_encode_fromarray",
        "Encodes an array of bytes in base64.",
        &[Overload::new(&[takes("bytes", Dynamic)], Text, base64::encode_array)],
    ),
    function("base64_decode_toarray", "Decodes base64 to an array of bytes.", &[Overload::new(&[TEXT], Dynamic, base64::decode_array)]),
    function(
        "base64_encode_fromguid",
        "Encodes the bytes of a GUID in base64.",
        &[Overload::new(&[takes("guid", Guid)], Text, base64::encode_guid)],
    ),
    function(
        "base64_decode_toguid",
        "Decodes base64 that holds the bytes of a GUID.",
        &[Overload::new(&[TEXT], Guid, base64::decode_guid)],
    ),
    function(
        "gzip_compress_to_base64_string",
        "Compresses a text with gzip, then encodes it in base64.",
        &[Overload::new(&[TEXT], Text, compression::gzip)],
    )
    .differs(COMPRESSED),
    function(
        "gzip_decompress_from_base64_string",
        "Decodes base64 and decompresses gzip.",
        &[Overload::new(&[TEXT], Text, compression::from_gzip)],
    ),
    function(
        "zlib_compress_to_base64_string",
        "Compresses a text with zlib, then encodes it in base64.",
        &[Overload::new(&[TEXT], Text, compression::zlib)],
    )
    .differs(COMPRESSED),
    function(
        "zlib_decompress_from_base64_string",
        "Decodes base64 and decompresses zlib.",
        &[Overload::new(&[TEXT], Text, compression::from_zlib)],
    ),
    function("url_encode", "Encodes a text for a URL, spaces as `+`.", &[Overload::new(&[TEXT], Text, |call| percent::encode(call, "+"))]),
    function(
        "url_encode_component",
        "Encodes a text for a part of a URL, spaces as `%20`.",
        &[Overload::new(&[TEXT], Text, |call| percent::encode(call, "%20"))],
    ),
    function("url_decode", "Decodes what was encoded for a URL.", &[Overload::new(&[TEXT], Text, percent::decode)]),
    function(
        "tohex",
        "Writes an integer in hexadecimal, with zeros in front up to a length.",
        &[
            Overload::new(&[takes("value", Int), takes("length", Long)], Text, to_hex).optional(1),
            Overload::new(&[takes("value", Long), takes("length", Long)], Text, to_hex).optional(1),
        ],
    ),
    function("punycode_from_string", "Writes a text in punycode.", &[Overload::new(&[TEXT], Text, punycode::encode)]),
    function("punycode_to_string", "Reads punycode.", &[Overload::new(&[TEXT], Text, punycode::decode)]),
    function("punycode_domain_to_string", "Writes a domain name in ASCII.", &[Overload::new(&[TEXT], Text, punycode::encode_domain)]),
    function(
        "punycode_domain_from_string",
        "Reads a domain name that was written in ASCII.",
        &[Overload::new(&[TEXT], Text, punycode::decode_domain)],
    ),
    function(
        "hash",
        "Gives the xxHash of a value as a number, or its rest by a divisor.",
        &[Overload::new(&[PLAIN, MOD], Long, hash::xxhash).optional(1)],
    ),
    function(
        "hash_xxhash64",
        "Gives the xxHash of a value as a number, or its rest by a divisor.",
        &[Overload::new(&[PLAIN, MOD], Long, hash::xxhash).optional(1)],
    ),
    function("hash_md5", "Gives the MD5 digest of the text of a value in hexadecimal.", &[Overload::new(&[AS_TEXT], Text, hash::md5)]),
    function("hash_sha1", "Gives the SHA-1 digest of the text of a value in hexadecimal.", &[Overload::new(&[AS_TEXT], Text, hash::sha1)]),
    function(
        "hash_sha256",
        "Gives the SHA-256 digest of the text of a value in hexadecimal.",
        &[Overload::new(&[AS_TEXT], Text, hash::sha256)],
    ),
    function(
        "new_guid",
        "Gives a random GUID.",
        &[Overload::new(&[], Guid, |call| Ok(call.jsons(|_| Some(uuid::Uuid::new_v4().to_string()))))],
    ),
];

/// The longest text that `tohex` fills up with zeros.
const HEX_LENGTH_MAX: i64 = 16;

fn to_hex(call: &Arguments) -> Result {
    Ok(call.texts(|row| {
        let length = if call.len() > 1 { call.long(1, row)?.clamp(0, HEX_LENGTH_MAX) } else { 0 };
        let width = usize::try_from(length).unwrap_or(0);
        Some(match call.kind(0) {
            Int => format!("{:0width$x}", call.int(0, row)?),
            _ => format!("{:0width$x}", call.long(0, row)?),
        })
    }))
}

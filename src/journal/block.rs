//! Documents in blocks: packed with a dictionary of their texts, compressed, and back. Reads and writes no file.
//!
//! ```text
//! stored block = plain length u32, codec u8, bytes
//! plain block  = texts (count, then length and bytes of each), documents (numbers of format, table and source, line,
//!                received as difference to the document before, hash, length of raw), raw bytes of all
//! ```
//! Numbers are LEB128.

use std::sync::Arc;

use bytes::Bytes;

use super::frame::u32_at;
use crate::model::{Document, Origin, Time};

/// Raw bytes after which a block ends: small enough that one document is read quickly, large enough to compress well.
pub(super) const BLOCK_BYTES: usize = 96 * 1024;
/// About what a document takes beside its raw bytes.
pub(super) const HEAD_BYTES: usize = 32;
const PREFIX: usize = 5;
const STORED: u8 = 0;
const ZSTD: u8 = 1;
const FLAW: &str = "a block does not decode";

/// Packs documents; keeps its buffers from block to block.
pub(super) struct Packer {
    zstd: zstd::bulk::Compressor<'static>,
    plain: Vec<u8>,
}

impl Packer {
    pub(super) fn new(level: i32) -> std::io::Result<Self> {
        Ok(Self { zstd: zstd::bulk::Compressor::new(level)?, plain: Vec::new() })
    }

    /// Packs as many of `documents` as fill one block, appends the block to `out` and returns how many they are.
    pub(super) fn pack(&mut self, documents: &[Document], out: &mut Vec<u8>) -> usize {
        let mut raw = 0;
        let fits = |document: &&Document| {
            let fits = raw < BLOCK_BYTES;
            raw += document.raw.len() + HEAD_BYTES;
            fits
        };
        let count = documents.iter().take_while(fits).count();
        let documents = &documents[..count];
        self.plain.clear();
        write_plain(documents, &mut self.plain);
        let start = out.len();
        out.extend_from_slice(&(self.plain.len() as u32).to_le_bytes());
        out.push(ZSTD);
        out.resize(start + PREFIX + zstd::zstd_safe::compress_bound(self.plain.len()), 0);
        match self.zstd.compress_to_buffer(&self.plain, &mut out[start + PREFIX..]) {
            Ok(length) if length < self.plain.len() => out.truncate(start + PREFIX + length),
            // What does not shrink is kept as it is.
            _ => {
                out.truncate(start + PREFIX);
                out[start + PREFIX - 1] = STORED;
                out.extend_from_slice(&self.plain);
            }
        }
        count
    }
}

fn write_plain(documents: &[Document], out: &mut Vec<u8>) {
    let mut texts: Vec<&Arc<str>> = Vec::new();
    let mut places = Vec::with_capacity(documents.len());
    for document in documents {
        let mut place = |text| {
            // Documents of a block share few texts, mostly the very same allocation as the one before.
            texts.iter().rposition(|known| Arc::ptr_eq(known, text) || *known == text).unwrap_or_else(|| {
                texts.push(text);
                texts.len() - 1
            })
        };
        let format = place(&document.format);
        let source = place(&document.origin.source);
        let table = document.table.as_ref().map_or(0, |table| place(table) + 1);
        places.push((format, table, source));
    }
    write_number(texts.len() as u64, out);
    for text in texts {
        write_number(text.len() as u64, out);
        out.extend_from_slice(text.as_bytes());
    }
    let mut received = 0i64;
    for (document, (format, table, source)) in documents.iter().zip(places) {
        for number in [format, table, source] {
            write_number(number as u64, out);
        }
        write_number(document.origin.line, out);
        let difference = document.received.micros().wrapping_sub(received);
        write_number(((difference << 1) ^ (difference >> 63)) as u64, out);
        received = document.received.micros();
        out.extend_from_slice(&document.hash);
        write_number(document.raw.len() as u64, out);
    }
    for document in documents {
        out.extend_from_slice(&document.raw);
    }
}

fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The plain bytes of a stored block.
pub(super) fn unpack(stored: &[u8]) -> Result<Bytes, &'static str> {
    let (prefix, bytes) = stored.split_at_checked(PREFIX).ok_or(FLAW)?;
    let length = u32_at(prefix, 0) as usize;
    let plain = match prefix[4] {
        STORED => bytes.to_vec(),
        ZSTD => zstd::bulk::decompress(bytes, length).map_err(|_| FLAW)?,
        _ => return Err("a block is compressed in an unknown way"),
    };
    if plain.len() == length { Ok(plain.into()) } else { Err(FLAW) }
}

/// All documents of a plain block; `raw` of each is a window of the block, not a copy.
pub(super) fn documents(plain: &Bytes, count: usize, out: &mut Vec<Document>) -> Result<(), &'static str> {
    let mut reader = Reader { plain, at: 0 };
    let texts = reader.texts()?;
    let mut heads = Vec::with_capacity(count.min(plain.len()));
    let mut received = 0;
    for _ in 0..count {
        heads.push(reader.head(&mut received)?);
    }
    out.reserve(count);
    let mut at = reader.at;
    for head in heads {
        out.push(head.document(plain, at, &texts)?);
        at += head.length;
    }
    if at == plain.len() { Ok(()) } else { Err(FLAW) }
}

/// The document at `place` of a plain block of `count`; `raw` is a copy, so that it does not keep the block.
pub(super) fn document(plain: &Bytes, count: usize, place: usize) -> Result<Document, &'static str> {
    let mut reader = Reader { plain, at: 0 };
    let texts = reader.texts()?;
    let (mut received, mut before, mut found) = (0, 0, None);
    for number in 0..count {
        let head = reader.head(&mut received)?;
        if number < place {
            before += head.length;
        } else if number == place {
            found = Some(head);
        }
    }
    let mut document = found.ok_or(FLAW)?.document(plain, reader.at + before, &texts)?;
    document.raw = Bytes::copy_from_slice(&document.raw);
    Ok(document)
}

struct Head {
    format: usize,
    table: usize,
    source: usize,
    line: u64,
    received: i64,
    hash: [u8; 16],
    length: usize,
}

impl Head {
    fn document(&self, plain: &Bytes, at: usize, texts: &[Arc<str>]) -> Result<Document, &'static str> {
        let text = |place: usize| texts.get(place).cloned().ok_or(FLAW);
        let end = at.checked_add(self.length).filter(|end| *end <= plain.len()).ok_or(FLAW)?;
        Ok(Document {
            format: text(self.format)?,
            table: if self.table == 0 { None } else { Some(text(self.table - 1)?) },
            origin: Origin { source: text(self.source)?, line: self.line },
            received: Time::from_micros(self.received),
            hash: self.hash,
            raw: plain.slice(at..end),
        })
    }
}

struct Reader<'a> {
    plain: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], &'static str> {
        let end = self.at.checked_add(length).ok_or(FLAW)?;
        let bytes = self.plain.get(self.at..end).ok_or(FLAW)?;
        self.at = end;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<u64, &'static str> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(FLAW)
    }

    fn length(&mut self) -> Result<usize, &'static str> {
        usize::try_from(self.number()?).map_err(|_| FLAW)
    }

    fn texts(&mut self) -> Result<Vec<Arc<str>>, &'static str> {
        let count = self.length()?;
        let mut texts = Vec::with_capacity(count.min(64));
        for _ in 0..count {
            let length = self.length()?;
            texts.push(std::str::from_utf8(self.take(length)?).map_err(|_| FLAW)?.into());
        }
        Ok(texts)
    }

    fn head(&mut self, received: &mut i64) -> Result<Head, &'static str> {
        let (format, table, source, line) = (self.length()?, self.length()?, self.length()?, self.number()?);
        let zigzag = self.number()?;
        *received = received.wrapping_add((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64));
        let hash = self.take(16)?.try_into().map_err(|_| FLAW)?;
        Ok(Head { format, table, source, line, received: *received, hash, length: self.length()? })
    }
}

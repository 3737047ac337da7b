//! Backup and way out: the documents as lines of JSON, and back. Appends nothing itself: an import gives documents to
//! the ordinary path.

use std::borrow::Cow;
use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Journal, JournalError};
use crate::model::{Document, Origin, Seq, Time};

/// The longest line of a backup that is read.
pub const LINE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// One line of a backup.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    seq: Seq,
    #[serde(borrow)]
    format: Cow<'a, str>,
    #[serde(borrow, default)]
    table: Option<Cow<'a, str>>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    line: u64,
    received: Time,
    hash: Cow<'a, str>,
    /// The document, as a string, so that it comes back byte for byte.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    raw: Option<Cow<'a, str>>,
    /// A document that is not UTF-8, in hexadecimal digits.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    raw_hex: Option<Cow<'a, str>>,
}

/// Writes all durable documents as lines of JSON, in order, and returns how many they are.
pub fn export(journal: &Journal, out: &mut dyn Write) -> Result<u64, JournalError> {
    let mut count = 0;
    let fail = |source| JournalError::io("write", "the backup".as_ref(), source);
    let mut out = io::BufWriter::with_capacity(256 * 1024, out);
    for entry in journal.read_from(Seq(0)) {
        let entry = entry?;
        for (seq, document) in (entry.first.0..).zip(&entry.documents) {
            serde_json::to_writer(&mut out, &Line::of(Seq(seq), document)).map_err(|error| fail(error.into()))?;
            out.write_all(b"\n").map_err(fail)?;
            count += 1;
        }
    }
    out.flush().map_err(fail)?;
    Ok(count)
}

impl<'a> Line<'a> {
    fn of(seq: Seq, document: &'a Document) -> Self {
        let raw = std::str::from_utf8(&document.raw).ok();
        Self {
            seq,
            format: Cow::Borrowed(&document.format),
            table: document.table.as_deref().map(Cow::Borrowed),
            source: Cow::Borrowed(&document.origin.source),
            line: document.origin.line,
            received: document.received,
            hash: Cow::Owned(to_hex(&document.hash)),
            raw: raw.map(Cow::Borrowed),
            raw_hex: raw.is_none().then(|| Cow::Owned(to_hex(&document.raw))),
        }
    }

    fn document(self, texts: &mut Texts) -> Result<Document, String> {
        let raw = match (self.raw, self.raw_hex) {
            (Some(raw), None) => raw.into_owned().into_bytes(),
            (None, Some(digits)) => from_hex(&digits).ok_or("`raw_hex` is not hexadecimal")?,
            _ => return Err("neither or both of `raw` and `raw_hex`".to_owned()),
        };
        let hash = from_hex(&self.hash).and_then(|hash| hash.try_into().ok()).ok_or("`hash` is not 16 bytes in hexadecimal digits")?;
        Ok(Document {
            format: texts.share(&self.format),
            table: self.table.map(|table| texts.share(&table)),
            origin: Origin { source: texts.share(&self.source), line: self.line },
            received: self.received,
            hash,
            raw: Bytes::from(raw),
        })
    }
}

/// Texts of the documents read last, so that equal ones share memory.
#[derive(Default)]
struct Texts(Vec<Arc<str>>);

impl Texts {
    const MAX: usize = 16;

    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.iter().find(|known| &***known == text) {
            return Arc::clone(known);
        }
        if self.0.len() == Self::MAX {
            self.0.remove(0);
        }
        let text: Arc<str> = text.into();
        self.0.push(Arc::clone(&text));
        text
    }
}

/// The documents of a backup, line by line; after an error there are no more.
///
/// They keep the time at which they were first received, and get new numbers when they are appended.
pub struct Import<R> {
    input: R,
    line: u64,
    buffer: Vec<u8>,
    texts: Texts,
    over: bool,
}

impl<R: BufRead> Import<R> {
    /// Reads what [`export`] wrote.
    pub fn new(input: R) -> Self {
        Self { input, line: 0, buffer: Vec::new(), texts: Texts::default(), over: false }
    }

    fn read(&mut self) -> Result<Option<Document>, JournalError> {
        loop {
            self.line += 1;
            self.buffer.clear();
            let read = (&mut self.input).take(LINE_BYTES_MAX).read_until(b'\n', &mut self.buffer);
            let length = read.map_err(|source| JournalError::io("read", "the backup".as_ref(), source))?;
            let problem = |problem: String| JournalError::Backup { line: self.line, problem };
            if length == 0 {
                return Ok(None);
            }
            if length as u64 == LINE_BYTES_MAX {
                return Err(problem(format!("a line of more than {LINE_BYTES_MAX} bytes")));
            }
            if self.buffer.trim_ascii().is_empty() {
                continue;
            }
            let line: Line<'_> = serde_json::from_slice(&self.buffer).map_err(|error| problem(error.to_string()))?;
            return line.document(&mut self.texts).map(Some).map_err(problem);
        }
    }
}

impl<R: BufRead> Iterator for Import<R> {
    type Item = Result<Document, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let result = self.read();
        self.over = !matches!(result, Ok(Some(_)));
        result.transpose()
    }
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

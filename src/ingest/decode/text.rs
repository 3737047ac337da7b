//! From bytes to UTF-8 text, and from text to the reader of its arrangement: JSON, rows with delimiters, lines, XML.

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;

use crate::model::Time;

use super::emit::{Emitter, Place};
use super::window::Window;
use super::{csv, json, lines, xml};

/// Bytes at the beginning of a source among which a zero tells that it is no text.
const BINARY_HEAD: usize = 512;

/// Lines of a text among which one that begins like JSON makes it worth reading.
const JSON_LINES: usize = 64;

/// What is said of a source that is no text.
const BINARY: &str = "expected text, found binary data";

/// Reads a whole source.
pub(super) fn read(mut reader: Box<dyn Read + '_>, received: Time, emitter: &mut Emitter<'_>) -> io::Result<ControlFlow<()>> {
    let mut head = Vec::new();
    (&mut reader).take(4).read_to_end(&mut head)?;
    let utf16 = match head[..] {
        [0xff, 0xfe, ..] => Some((Order::Little, 2)),
        [0xfe, 0xff, ..] => Some((Order::Big, 2)),
        // Without a mark: an ASCII character (a bracket, a column name) whose other byte is zero.
        [a, 0, b, 0] if a.is_ascii_graphic() && b.is_ascii() => Some((Order::Little, 0)),
        [0, a, 0, b] if a.is_ascii_graphic() && b.is_ascii() => Some((Order::Big, 0)),
        _ => None,
    };
    // A text that begins with zeros is none: a file that was made longer before it was written, a bomb.
    let zeros = head.starts_with(&[0, 0]);
    let mark = if head.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { utf16.map_or(0, |(_, mark)| mark) };
    let rest = Cursor::new(head.split_off(mark)).chain(reader);
    let mut window = match utf16 {
        Some((order, _)) => Window::new(Box::new(Utf16 { reader: rest, order, odd: None, high: None, out: Vec::new(), given: 0 })),
        None => Window::new(Box::new(rest)),
    };
    if zeros {
        return Ok(emitter.reject("source_binary", BINARY, Place::of(&window), &[]));
    }
    if !window.space()? {
        return Ok(ControlFlow::Continue(()));
    }
    // Captures, event logs and pictures lie in the folders of exports; no text of theirs is worth a reject for each line.
    let head = &window.bytes()[..window.bytes().len().min(BINARY_HEAD)];
    if !matches!(head[0], b'{' | b'[') && head.contains(&0) {
        let head = head.to_vec();
        return Ok(emitter.reject("source_binary", BINARY, Place::of(&window), &head));
    }
    // What is said of a source's format or table counts more than its name.
    if !emitter.is_told() && is_document(emitter.source()) {
        return Ok(no_data(&window, emitter));
    }
    while let Some(count) = preamble(window.bytes()) {
        window.consume(count);
        if !window.space()? {
            return Ok(ControlFlow::Continue(()));
        }
    }
    match window.bytes()[0] {
        b'{' => json::read(&mut window, emitter),
        b'[' if emitter.is_told() || !is_remark(window.bytes()) => json::read(&mut window, emitter),
        b'[' => Ok(no_data(&window, emitter)),
        // JSON that was written as a text once more.
        b'"' if packed(window.bytes()) => json::read(&mut window, emitter),
        _ if xml::is_events(window.bytes()) => xml::read(&mut window, emitter),
        _ => match (lines::dialect(window.bytes()), csv::delimiter(window.bytes())) {
            (Some(dialect), _) => lines::read(&mut window, dialect, received, emitter),
            (None, Some(delimiter)) => csv::read(&mut window, delimiter, emitter),
            (None, None) if !emitter.is_told() && !holds_json(window.bytes()) => Ok(no_data(&window, emitter)),
            (None, None) => json::read(&mut window, emitter),
        },
    }
}

/// Whether a text that begins the source holds an object or an array (written as a text any number of times).
fn packed(bytes: &[u8]) -> bool {
    let inner = bytes.iter().find(|byte| !matches!(byte, b'"' | b'\\' | b' ' | b'\n' | b'\r' | b'\t'));
    let object = bytes.windows(2).take(16).any(|pair| pair == b"{\\") || bytes.windows(3).take(16).any(|three| three == b"[{\\");
    object && matches!(inner, Some(b'{' | b'['))
}

/// One reject for a source that holds no data, however long it is.
fn no_data(window: &Window<'_>, emitter: &mut Emitter<'_>) -> ControlFlow<()> {
    let head = window.bytes()[..window.bytes().len().min(BINARY_HEAD)].to_vec();
    let message = "expected JSON, rows with a header, syslog, CEF, or XML of Windows events, found a document; left out as a whole";
    emitter.reject("source_not_data", message, Place::of(window), &head)
}

/// Whether a name is that of a text for people or of a program: they lie beside exports.
fn is_document(source: &str) -> bool {
    const ENDINGS: [&str; 21] = [
        "md", "markdown", "rst", "adoc", "html", "htm", "py", "ps1", "psm1", "sh", "bat", "js", "ts", "css", "yml", "yaml", "toml", "ini",
        "kql", "sql", "ipynb",
    ];
    let file = source.rsplit(['/', '\\']).next().unwrap_or_default();
    let ending = file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Bytes of lines that some tools write before the data: the types of PowerShell's CSV, the delimiter for Excel, the
/// number of a dumped record.
fn preamble(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().position(|byte| *byte == b'\n')? + 1;
    let line = bytes[..end].trim_ascii();
    let excel = line.len() == 5 && line.starts_with(b"sep=");
    (excel || line.starts_with(b"#TYPE ")).then_some(end)
}

/// Whether an object or a list begins one of the first lines.
fn holds_json(bytes: &[u8]) -> bool {
    let lines = bytes.split(|byte| *byte == b'\n').take(JSON_LINES).map(<[u8]>::trim_ascii_start);
    lines.into_iter().any(|line| line.starts_with(b"{") || line.starts_with(b"[{") || super::record_line(line).is_some())
}

/// Whether a line that begins with a bracket is a message of a program (`[INFO] text`) and no list.
fn is_remark(bytes: &[u8]) -> bool {
    let next = bytes[1..].iter().find(|byte| !byte.is_ascii_whitespace());
    !matches!(next, None | Some(b'{' | b'[' | b']' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n'))
}

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

/// Turns UTF-16 into UTF-8 as it is read; a lone half of a pair becomes U+FFFD.
struct Utf16<R> {
    reader: R,
    order: Order,
    odd: Option<u8>,
    high: Option<u16>,
    out: Vec<u8>,
    given: usize,
}

impl<R: Read> Utf16<R> {
    fn unit(&mut self, pair: [u8; 2]) {
        let unit = match self.order {
            Order::Little => u16::from_le_bytes(pair),
            Order::Big => u16::from_be_bytes(pair),
        };
        let high = self.high.take();
        if high.is_none() && (0xd800..0xdc00).contains(&unit) {
            self.high = Some(unit);
            return;
        }
        let mut text = [0; 4];
        for c in char::decode_utf16(high.into_iter().chain([unit])) {
            self.out.extend_from_slice(c.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut text).as_bytes());
        }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.out.len() {
            self.out.clear();
            self.given = 0;
            let mut chunk = [0; 8192];
            let n = self.reader.read(&mut chunk)?;
            if n == 0 {
                if self.high.take().is_some() | self.odd.take().is_some() {
                    self.out.extend_from_slice("\u{fffd}".as_bytes());
                    break;
                }
                return Ok(0);
            }
            let mut bytes = chunk[..n].iter().copied();
            if let Some(first) = self.odd.take()
                && let Some(second) = bytes.next()
            {
                self.unit([first, second]);
            }
            while let Some(first) = bytes.next() {
                match bytes.next() {
                    Some(second) => self.unit([first, second]),
                    None => self.odd = Some(first),
                }
            }
        }
        let n = buffer.len().min(self.out.len() - self.given);
        buffer[..n].copy_from_slice(&self.out[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_in_both_orders_with_pairs_and_damage() {
        let text = "{\"a\":\"é😀\"}";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, order) in [(little, Order::Little), (big, Order::Big)] {
            let mut out = String::new();
            let mut reader = Utf16 { reader: &bytes[..], order, odd: None, high: None, out: Vec::new(), given: 0 };
            reader.read_to_string(&mut out).expect("valid");
            assert_eq!(out, text);
        }
        let mut out = String::new();
        let cut = [b'a', 0, 0x3d, 0xd8, b'b', 0, b'c'];
        let mut reader = Utf16 { reader: &cut[..], order: Order::Little, odd: None, high: None, out: Vec::new(), given: 0 };
        reader.read_to_string(&mut out).expect("repaired");
        assert_eq!(out, "a\u{fffd}b\u{fffd}");
    }
}

//! JSON in all its arrangements: one document, one a line, written one behind the other, arrays, envelopes. Elements of an
//! array are read one by one, so that its size does not matter.

use std::io;
use std::ops::ControlFlow::{self, Break, Continue};

use super::emit::{Emitter, Place};
use super::envelope::{self, Content};
use super::scan::{Member, Scanned, Skip, Stop, scan};
use super::window::Window;

/// Bytes from which on an object that has not ended is asked whether it is an envelope.
const ENVELOPE_FROM: usize = 1 << 20;

/// Levels of documents inside texts, and of envelopes inside arrays, that are unpacked.
const PACKED_MAX: u8 = 3;

type Flow = io::Result<ControlFlow<()>>;

/// Leaves the calling function if the inner flow broke.
macro_rules! go {
    ($flow:expr) => {
        if $flow.is_break() {
            return Ok(Break(()));
        }
    };
}

/// Reads a source of JSON values.
pub(super) fn read(window: &mut Window<'_>, emitter: &mut Emitter<'_>) -> Flow {
    read_packed(window, emitter, 0)
}

/// The same inside a value of another source, `packed` levels deep.
fn read_packed(window: &mut Window<'_>, emitter: &mut Emitter<'_>, packed: u8) -> Flow {
    let mut reader = Reader { members: Vec::new(), elements: 0, packed };
    while window.space()? {
        let flow = match window.bytes()[0] {
            b'{' => reader.object(window, emitter)?,
            b'"' if packed < PACKED_MAX => reader.text(window, emitter)?,
            b'[' => {
                window.consume(1);
                reader.elements(window, emitter, Content::Documents, 0)?
            }
            // A comma between objects of a list whose brackets were cut off.
            b',' => {
                window.consume(1);
                Continue(())
            }
            _ if super::record_line(window.bytes()).is_some() => {
                window.line_end()?;
                Continue(())
            }
            _ => {
                let flow = emitter.reject("json_invalid", "expected a JSON object", Place::of(window), head(window.bytes()));
                window.line_end()?;
                flow
            }
        };
        go!(flow);
    }
    Ok(Continue(()))
}

struct Reader {
    members: Vec<Member>,
    /// Elements of arrays that were seen.
    elements: u64,
    /// Levels of packing around what is read.
    packed: u8,
}

/// What a scan of the value at the window's beginning found.
enum Found {
    Whole(Scanned),
    /// An object that is cut off, too large or flawed, but whose list of documents begins inside the window.
    Envelope(envelope::Envelope),
    Bad {
        code: &'static str,
        message: String,
        at: usize,
    },
}

impl Reader {
    /// An object at the top of the source.
    fn object(&mut self, window: &mut Window<'_>, emitter: &mut Emitter<'_>) -> Flow {
        match self.find(window, emitter, true)? {
            Found::Whole(found) => {
                // Whether members wrap a list is worth asking only of short lists of members.
                if self.members.len() <= 24
                    && let Some(envelope) = envelope::find(&window.bytes()[..found.end], emitter.limits())
                {
                    return self.list(window, emitter, envelope);
                }
                let flow = emitter.document(&window.bytes()[..found.end], &self.members, found.spaced, Place::of(window));
                pass(window, found);
                Ok(flow)
            }
            Found::Envelope(envelope) => self.list(window, emitter, envelope),
            Found::Bad { code, message, at } => {
                let broken_line = window.bytes()[..at.min(window.bytes().len())].contains(&b'\n');
                go!(emitter.reject(code, message, Place::of(window), head(window.bytes())));
                window.line_end()?;
                // The rest of an object over many lines is no document: go on where an object begins a line.
                while broken_line && window.more_if_empty()? && !matches!(window.bytes()[0], b'{' | b'[') {
                    window.line_end()?;
                }
                Ok(Continue(()))
            }
        }
    }

    /// A text at the top of the source, which may hold what was written as JSON before it was written as JSON again.
    fn text(&mut self, window: &mut Window<'_>, emitter: &mut Emitter<'_>) -> Flow {
        let found = loop {
            match scan_text(window.bytes()) {
                Some(end) => break Some(end),
                None if window.bytes().len() <= emitter.limits().document_bytes && window.more()? => {}
                None => break None,
            }
        };
        let inside = found.and_then(|end| inside(&window.bytes()[..end]));
        let Some((end, inside)) = found.zip(inside) else {
            let flow = emitter.reject("json_invalid", "expected a JSON object", Place::of(window), head(window.bytes()));
            window.line_end()?;
            return Ok(flow);
        };
        window.consume(end);
        self.unpack(inside, emitter)
    }

    /// Reads JSON that stood packed in a value as a source of its own.
    fn unpack(&self, bytes: Vec<u8>, emitter: &mut Emitter<'_>) -> Flow {
        read_packed(&mut Window::new(Box::new(io::Cursor::new(bytes))), emitter, self.packed + 1)
    }

    fn list(&mut self, window: &mut Window<'_>, emitter: &mut Emitter<'_>, envelope: envelope::Envelope) -> Flow {
        window.consume(envelope.list);
        self.elements(window, emitter, envelope.content, envelope.depth)
    }

    /// Elements of an array whose bracket is behind, then the rest of the `depth` containers around it.
    fn elements(&mut self, window: &mut Window<'_>, emitter: &mut Emitter<'_>, content: Content, depth: usize) -> Flow {
        let cut = |emitter: &mut Emitter<'_>, window: &Window<'_>| {
            emitter.reject("json_truncated", "expected the end of the array", Place::of(window), b"")
        };
        loop {
            if !window.space()? {
                return Ok(cut(emitter, window));
            }
            match window.bytes()[0] {
                b',' => window.consume(1),
                b']' => {
                    window.consume(1);
                    break;
                }
                _ => {
                    self.elements += 1;
                    go!(self.element(window, emitter, content)?);
                }
            }
        }
        if depth == 0 {
            return Ok(Continue(()));
        }
        let mut skip = Skip::inside(depth);
        loop {
            if let Some(end) = skip.take(window.bytes()) {
                window.consume(end);
                return Ok(Continue(()));
            }
            window.consume(window.bytes().len());
            if !window.more()? {
                return Ok(cut(emitter, window));
            }
        }
    }

    fn element(&mut self, window: &mut Window<'_>, emitter: &mut Emitter<'_>, content: Content) -> Flow {
        let place = Place { line: self.elements, offset: window.offset() };
        match self.find(window, emitter, false)? {
            Found::Whole(found) => {
                let raw = &window.bytes()[..found.end];
                let packed = (content == Content::Documents && self.packed < PACKED_MAX).then(|| self.packed_in(raw, emitter)).flatten();
                if let Some(bytes) = packed {
                    pass(window, found);
                    return self.unpack(bytes, emitter);
                }
                let flow = match content {
                    Content::Tables => super::envelope::rows(raw, &self.members, emitter, place),
                    Content::Documents if raw[0] == b'{' => emitter.document(raw, &self.members, found.spaced, place),
                    Content::Documents => emitter.reject("json_invalid", "expected a JSON object", place, head(raw)),
                };
                pass(window, found);
                Ok(flow)
            }
            Found::Envelope(_) | Found::Bad { .. } if window.bytes().is_empty() => Ok(Continue(())),
            Found::Envelope(_) => Ok(Continue(())),
            Found::Bad { code, message, .. } => {
                go!(emitter.reject(code, message, place, head(window.bytes())));
                self.resume(window)
            }
        }
    }

    /// What an element holds that is no document: an envelope of its own (pages put into one array), or JSON as text.
    fn packed_in(&self, raw: &[u8], emitter: &Emitter<'_>) -> Option<Vec<u8>> {
        match raw[0] {
            b'"' => inside(raw),
            b'{' if envelope::is_page(raw, &self.members) => envelope::find(raw, emitter.limits()).map(|_| raw.to_vec()),
            _ => None,
        }
    }

    /// Behind a broken element: on to the next line that begins an object (elements on lines of their own), else the end.
    fn resume(&mut self, window: &mut Window<'_>) -> Flow {
        loop {
            window.line_end()?;
            if !window.space()? {
                return Ok(Continue(()));
            }
            let bytes = window.bytes();
            if bytes[0] == b'{' || bytes[0] == b']' || bytes.starts_with(b",{") {
                return Ok(Continue(()));
            }
        }
    }

    /// Scans the value at the window's beginning, reading on as needed.
    fn find(&mut self, window: &mut Window<'_>, emitter: &Emitter<'_>, top: bool) -> io::Result<Found> {
        let limits = emitter.limits();
        loop {
            let bytes = window.bytes();
            match scan(bytes, limits, &mut self.members) {
                Ok(found) if found.end > limits.document_bytes => {
                    if top && let Some(envelope) = envelope::find(bytes, limits) {
                        return Ok(Found::Envelope(envelope));
                    }
                    return Ok(too_large(limits.document_bytes));
                }
                Ok(found) => return Ok(Found::Whole(found)),
                Err(Stop::Incomplete) => {
                    let large = bytes.len() > limits.document_bytes;
                    if top
                        && bytes.len() >= ENVELOPE_FROM.min(limits.document_bytes)
                        && let Some(envelope) = envelope::find(bytes, limits)
                    {
                        return Ok(Found::Envelope(envelope));
                    }
                    if large {
                        return Ok(too_large(limits.document_bytes));
                    }
                    if !window.more()? {
                        if top && let Some(envelope) = envelope::find(window.bytes(), limits) {
                            return Ok(Found::Envelope(envelope));
                        }
                        let message = "expected the end of the document, found the end of the source".to_owned();
                        return Ok(Found::Bad { code: "json_truncated", message, at: window.bytes().len() });
                    }
                }
                Err(Stop::Flaw { at, code, message }) => {
                    if top && let Some(envelope) = envelope::find(&bytes[..at], limits) {
                        return Ok(Found::Envelope(envelope));
                    }
                    let found =
                        bytes.get(at).map_or_else(String::new, |b| format!(", found `{}` at byte {at}", char::from(*b).escape_default()));
                    return Ok(Found::Bad { code, message: message + &found, at });
                }
            }
        }
    }
}

/// The end of the text that the bytes begin with, if it is there.
fn scan_text(bytes: &[u8]) -> Option<usize> {
    let mut escaped = false;
    let end = bytes.iter().skip(1).position(|byte| {
        let quote = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        quote
    })?;
    Some(end + 2)
}

/// The JSON that a text holds.
fn inside(text: &[u8]) -> Option<Vec<u8>> {
    let inner: String = serde_json::from_slice(text).ok()?;
    inner.trim_start().starts_with(['{', '[', '"']).then(|| inner.into_bytes())
}

/// Moves behind a document. A line break inside of one is white space: none can stand in a text.
fn pass(window: &mut Window<'_>, found: Scanned) {
    if found.spaced { window.consume(found.end) } else { window.consume_within_line(found.end) }
}

fn too_large(limit: usize) -> Found {
    Found::Bad { code: "document_bytes_exceeded", message: format!("expected at most {limit} bytes (document_bytes)"), at: 0 }
}

/// The beginning of what is wrong, for an excerpt.
fn head(bytes: &[u8]) -> &[u8] {
    let line = bytes.iter().take(1024).position(|b| *b == b'\n').unwrap_or(bytes.len().min(1024));
    &bytes[..line]
}

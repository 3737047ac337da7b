//! Sources and what wraps them: files, folders in the order of names, gzip, zip. Names inside archives are labels only,
//! nothing is ever written or opened under them.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::ingest::Rejected;
use crate::model::{Fault, Time};

use super::emit::Emitter;
use super::{DecodeError, Input, Item, Options, text};

/// Unpacked bytes below which no ratio is too high.
const RATIO_FROM: u64 = 64 << 20;

/// One call of `decode`.
pub(super) struct Walk<'a> {
    pub(super) options: &'a Options,
    pub(super) received: Time,
    pub(super) progress: &'a dyn Fn(u64),
    pub(super) sink: &'a mut dyn FnMut(Item) -> ControlFlow<()>,
    /// Whether the sink was given anything.
    pub(super) given: &'a Cell<bool>,
}

type Flow = Result<ControlFlow<()>, DecodeError>;

/// What has been unpacked from one outermost archive, and what is allowed.
#[derive(Clone)]
struct Meter {
    packed: Rc<Cell<u64>>,
    unpacked: Rc<Cell<u64>>,
    members: Rc<Cell<usize>>,
    depth: usize,
}

impl Walk<'_> {
    pub(super) fn input(&mut self, input: Input) -> Flow {
        match self.outermost(input) {
            // A limit stops the call whatever came before it.
            Err(error) if self.given.get() && !matches!(error, DecodeError::Limit { .. }) => self.spare(Err(error)),
            flow => flow,
        }
    }

    /// Turns the error of one source into a reject, so that it does not keep the others out.
    fn spare(&mut self, flow: Flow) -> Flow {
        let Err(error) = flow else { return flow };
        let source = match &error {
            DecodeError::Io { source_name, .. } | DecodeError::Archive { source_name, .. } | DecodeError::Limit { source_name, .. } => {
                source_name.clone()
            }
            DecodeError::Table(_) | DecodeError::Format(_) => return Err(error),
        };
        let fault = Fault::from(error);
        let rejected = Rejected { code: fault.code, message: fault.message, source, line: 1, offset: 0, excerpt: String::new() };
        Ok((self.sink)(Item::Reject(rejected)))
    }

    fn outermost(&mut self, input: Input) -> Flow {
        match input {
            Input::Path(path) => self.path(&path),
            Input::Reader { name, reader } => {
                let mut head = Vec::new();
                let meter = Meter::new();
                let mut reader = Counted { reader, progress: self.progress, meter: meter.packed.clone() };
                (&mut reader).take(4).read_to_end(&mut head).map_err(|error| io_error(&name, error))?;
                if is_zip(&head) {
                    // A zip is read from its end: a stream of one is held whole, up to the limit of one document times 32.
                    let allowed = self.options.limits.document_bytes as u64 * 32;
                    let mut bytes = head;
                    (&mut reader).take(allowed + 1).read_to_end(&mut bytes).map_err(|error| io_error(&name, error))?;
                    if bytes.len() as u64 > allowed {
                        return Err(DecodeError::Limit { source_name: name, limit: "zip_stream_bytes", allowed });
                    }
                    return self.zip(&name, Cursor::new(bytes), Meter::new());
                }
                self.stream(&name, Box::new(Cursor::new(head).chain(reader)), meter)
            }
        }
    }

    fn path(&mut self, path: &Path) -> Flow {
        let name = path.to_string_lossy().into_owned();
        let about = std::fs::metadata(path).map_err(|error| io_error(&name, error))?;
        if about.is_dir() {
            for path in entries(path).map_err(|error| io_error(&name, error))? {
                let flow = readable(&path).map_err(|error| io_error(&path.to_string_lossy(), error)).and_then(|()| self.path(&path));
                if self.spare(flow)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            return Ok(ControlFlow::Continue(()));
        }
        let mut file = File::open(path).map_err(|error| io_error(&name, error))?;
        let mut head = [0; 4];
        let got = read_some(&mut file, &mut head).map_err(|error| io_error(&name, error))?;
        if is_zip(&head[..got]) {
            file.rewind().map_err(|error| io_error(&name, error))?;
            return self.zip(&name, BufReader::new(CountedFile { file, progress: self.progress }), Meter::new());
        }
        let meter = Meter::new();
        let rest = Counted { reader: file, progress: self.progress, meter: meter.packed.clone() };
        self.stream(&name, Box::new(Cursor::new(head[..got].to_vec()).chain(rest)), meter)
    }

    /// A stream that is no zip, or a zip inside an archive.
    fn stream<'r>(&mut self, name: &str, mut reader: Box<dyn Read + 'r>, meter: Meter) -> Flow {
        let mut head = [0; 4];
        let got = read_some(&mut *reader, &mut head).map_err(|error| io_error(name, error))?;
        let head = &head[..got];
        let packed = head.starts_with(&[0x1f, 0x8b]) || is_zip(head);
        if packed && meter.depth >= self.options.limits.archive_depth {
            return Err(self.limit(name, "archive_depth", self.options.limits.archive_depth as u64));
        }
        let reader: Box<dyn Read + 'r> = Box::new(Cursor::new(head.to_vec()).chain(reader));
        if head.starts_with(&[0x1f, 0x8b]) {
            let inner = meter.deeper();
            let unpacked =
                Metered { reader: flate2::read::MultiGzDecoder::new(BufReader::new(reader)), meter: inner.clone(), walk: self.options };
            return self.stream(name, Box::new(unpacked), inner);
        }
        if is_zip(head) {
            let allowed = self.options.limits.document_bytes as u64 * 32;
            let mut bytes = Vec::new();
            reader.take(allowed + 1).read_to_end(&mut bytes).map_err(|error| io_error(name, error))?;
            if bytes.len() as u64 > allowed {
                return Err(self.limit(name, "zip_stream_bytes", allowed));
            }
            return self.zip(name, Cursor::new(bytes), meter);
        }
        let mut emitter = Emitter::new(name, self.options, self.received, self.sink);
        text::read(reader, self.received, &mut emitter).map_err(|error| io_error(name, error))
    }

    fn zip<R: Read + Seek>(&mut self, name: &str, reader: R, meter: Meter) -> Flow {
        let broken = |message: String| DecodeError::Archive { source_name: name.to_owned(), message };
        let mut archive = zip::ZipArchive::new(reader).map_err(|error| broken(error.to_string()))?;
        let mut order: Vec<(String, usize)> = Vec::new();
        for index in 0..archive.len() {
            let member = archive.by_index_raw(index).map_err(|error| broken(error.to_string()))?;
            let name = member.name().map_or_else(|_| format!("member {index}"), |name| name.into_owned());
            if member.is_file() && !name.starts_with("__MACOSX/") {
                order.push((label(&name), index));
            }
        }
        let seen = meter.members.get() + order.len();
        meter.members.set(seen);
        if seen > self.options.limits.archive_members {
            return Err(self.limit(name, "archive_members", self.options.limits.archive_members as u64));
        }
        order.sort();
        for (member, index) in order {
            let member_name = format!("{name}!/{member}");
            let inner = meter.deeper();
            let flow = match archive.by_index(index) {
                Ok(file) => {
                    inner.packed.set(inner.packed.get() + file.compressed_size());
                    let metered = Metered { reader: file, meter: inner.clone(), walk: self.options };
                    self.stream(&member_name, Box::new(metered), inner)
                }
                Err(error) => Err(DecodeError::Archive { source_name: member_name, message: error.to_string() }),
            };
            // A limit holds for the archive as a whole.
            let flow = if matches!(flow, Err(DecodeError::Limit { .. })) { flow } else { self.spare(flow) };
            if flow?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn limit(&self, name: &str, limit: &'static str, allowed: u64) -> DecodeError {
        DecodeError::Limit { source_name: name.to_owned(), limit, allowed }
    }
}

impl Meter {
    fn new() -> Self {
        Self { packed: Rc::default(), unpacked: Rc::default(), members: Rc::default(), depth: 0 }
    }

    fn deeper(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }
}

fn io_error(name: &str, error: io::Error) -> DecodeError {
    // A limit that a reader met travels through `io::Error`, as `Read` knows no other.
    if let Some(over) = error.get_ref().and_then(|inner| inner.downcast_ref::<Over>()) {
        return DecodeError::Limit { source_name: name.to_owned(), limit: over.limit, allowed: over.allowed };
    }
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            DecodeError::Archive { source_name: name.to_owned(), message: error.to_string() }
        }
        _ => DecodeError::Io { source_name: name.to_owned(), error },
    }
}

fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// What a folder holds, by name: no hidden entries, and no links to folders, which could lead in circles or out of what was asked for.
pub fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    found.retain(|path| !(is_hidden(path) || path.is_symlink() && path.is_dir()));
    found.sort();
    Ok(found)
}

/// Whether something that was met in a folder can be read without waiting for others: a pipe has no end of its own.
pub fn readable(path: &Path) -> io::Result<()> {
    let about = std::fs::metadata(path)?;
    let ends = about.is_file() || about.is_dir();
    if ends { Ok(()) } else { Err(io::Error::other("expected a file, found a pipe, socket or device; name it itself to read it")) }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// The name of an archive member as a label: one line, without steps upwards.
fn label(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    clean.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | "..")).collect::<Vec<_>>().join("/")
}

fn read_some(reader: &mut dyn Read, into: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < into.len() {
        match reader.read(&mut into[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

/// Tells the progress of what it reads.
struct Counted<'a, R> {
    reader: R,
    progress: &'a dyn Fn(u64),
    meter: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        (self.progress)(n as u64);
        self.meter.set(self.meter.get() + n as u64);
        Ok(n)
    }
}

struct CountedFile<'a> {
    file: File,
    progress: &'a dyn Fn(u64),
}

impl Read for CountedFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        (self.progress)(n as u64);
        Ok(n)
    }
}

impl Seek for CountedFile<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("expected at most {allowed} ({limit})")]
struct Over {
    limit: &'static str,
    allowed: u64,
}

/// Counts what comes out of an archive and stops a bomb.
struct Metered<'a, R> {
    reader: R,
    meter: Meter,
    walk: &'a Options,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        let limits = &self.walk.limits;
        let unpacked = self.meter.unpacked.get() + n as u64;
        self.meter.unpacked.set(unpacked);
        if unpacked > limits.archive_bytes {
            return Err(io::Error::other(Over { limit: "archive_bytes", allowed: limits.archive_bytes }));
        }
        let packed = self.meter.packed.get();
        if unpacked > RATIO_FROM && packed > 0 && unpacked / packed > limits.archive_ratio {
            return Err(io::Error::other(Over { limit: "archive_ratio", allowed: limits.archive_ratio }));
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn labels_never_lead_upwards() {
        for (name, expected) in [("a/b.json", "a/b.json"), ("../../etc/passwd", "etc/passwd"), ("/x\\..\\y\n", "x/y_"), ("./a//b", "a/b")] {
            assert_eq!(label(name), expected);
        }
    }
}

//! Sections of a snapshot file, written and read through a window, with their checksums.
//!
//! A graph of a million alerts has some of hundreds of megabytes, which need not be in memory beside what they are made of.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::plain::{Plain, put_text};

/// Where a section is, and its checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    at: u64,
    pub(super) len: u64,
    sum: u32,
}

impl Plain for Extent {
    fn put(&self, out: &mut Vec<u8>) {
        self.at.put(out);
        self.len.put(out);
        self.sum.put(out);
    }

    fn take(input: &mut &[u8]) -> Option<Self> {
        Some(Self { at: Plain::take(input)?, len: Plain::take(input)?, sum: Plain::take(input)? })
    }
}

/// Sections on their way to a file: a graph of a million alerts has some of hundreds of megabytes, which need not be in memory twice.
pub(super) struct Sink {
    file: File,
    window: Vec<u8>,
    /// Where the section began, and what of it has left the window.
    done: Extent,
}

impl Sink {
    pub(super) fn new(file: File, at: u64) -> Self {
        Self { file, window: Vec::with_capacity(WINDOW + ROW_MAX), done: Extent { at, ..Extent::default() } }
    }

    pub(super) fn put(&mut self, value: &impl Plain) -> io::Result<()> {
        value.put(&mut self.window);
        if self.window.len() < WINDOW { Ok(()) } else { self.flush() }
    }

    pub(super) fn put_text(&mut self, text: &str) -> io::Result<()> {
        put_text(text, &mut self.window);
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.window)?;
        self.done.sum = crc32c::crc32c_append(self.done.sum, &self.window);
        self.done.len += self.window.len() as u64;
        self.window.clear();
        Ok(())
    }

    pub(super) fn into_file(self) -> File {
        self.file
    }

    /// Ends the section; what comes next belongs to another.
    pub(super) fn end(&mut self) -> io::Result<Extent> {
        self.flush()?;
        let next = Extent { at: self.done.at + self.done.len, ..Extent::default() };
        Ok(std::mem::replace(&mut self.done, next))
    }
}

/// A section as it is read: what stands in the window, and the checksum of all that came through it.
pub(super) struct Section {
    file: File,
    window: Vec<u8>,
    at: usize,
    /// Bytes that have not come into the window.
    left: u64,
    expected: u32,
    sum: u32,
}

/// Bytes that are written or read at once.
const WINDOW: usize = 1 << 18;
/// No row takes more bytes.
const ROW_MAX: usize = 512;

impl Section {
    pub(super) fn open(path: &Path, extent: &Extent) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        file.seek(SeekFrom::Start(extent.at)).ok()?;
        Some(Self { file, window: Vec::with_capacity(WINDOW + ROW_MAX), at: 0, left: extent.len, expected: extent.sum, sum: 0 })
    }

    /// How many values there is room to be made for: never more than bytes are left, so that a damaged number asks for no memory
    /// that the file cannot fill.
    pub(super) fn room(&self, len: u64) -> usize {
        let left = self.left.saturating_add((self.window.len() - self.at) as u64);
        usize::try_from(len.min(left)).unwrap_or(0)
    }

    /// Reads on until so many bytes stand in the window, or all that are left.
    pub(super) fn fill(&mut self, bytes: usize) -> Option<()> {
        if self.window.len() - self.at >= bytes || self.left == 0 {
            return Some(());
        }
        self.window.drain(..self.at);
        self.at = 0;
        let (old, wanted) = (self.window.len(), self.left.min(bytes.max(WINDOW) as u64));
        // A damaged length must not ask for memory that the file cannot fill.
        let read = (&self.file).take(wanted).read_to_end(&mut self.window).ok()? as u64;
        self.sum = crc32c::crc32c_append(self.sum, &self.window[old..]);
        self.left -= read;
        (read == wanted).then_some(())
    }

    pub(super) fn next<T: Plain>(&mut self) -> Option<T> {
        self.fill(ROW_MAX)?;
        let mut input = &self.window[self.at..];
        let value = T::take(&mut input)?;
        self.at = self.window.len() - input.len();
        Some(value)
    }

    pub(super) fn next_text(&mut self) -> Option<String> {
        let len = usize::try_from(self.next::<u64>()?).ok()?;
        self.fill(len)?;
        let bytes = self.window.get(self.at..self.at.checked_add(len)?)?;
        let text = String::from_utf8(bytes.to_vec()).ok()?;
        self.at += len;
        Some(text)
    }

    /// Whether all of it was read, and is what was written.
    pub(super) fn close(self) -> Option<()> {
        (self.left == 0 && self.at == self.window.len() && self.sum == self.expected).then_some(())
    }
}

//! A window that moves over a source: the bytes that are looked at, and where they stand. Grows only up to what its user asks for.

use std::io::{self, Read};

/// Bytes that a fresh window holds: a request with one document needs no more.
const FIRST_CAPACITY: usize = 8 * 1024;
/// Bytes that it holds from the second reading on.
const CAPACITY: usize = 256 * 1024;

/// The unread part of a source, with its place.
pub(crate) struct Window<'a> {
    reader: Box<dyn Read + 'a>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    /// What broke the source behind the bytes that are there.
    broken: Option<io::Error>,
    /// Byte of the source at which the window begins.
    offset: u64,
    /// Line of the source in which the window begins, from 1.
    line: u64,
}

impl<'a> Window<'a> {
    pub(crate) fn new(reader: Box<dyn Read + 'a>) -> Self {
        Self { reader, buffer: vec![0; FIRST_CAPACITY], start: 0, end: 0, ended: false, broken: None, offset: 0, line: 1 }
    }

    /// The bytes that are there.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Fills the window; a full one grows. Says whether there are more bytes than before.
    ///
    /// A source that breaks gives the bytes before the break first, then the error.
    pub(crate) fn more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize((self.buffer.len() * 2).max(CAPACITY), 0);
        } else if self.buffer.len() > CAPACITY && self.end < CAPACITY / 2 {
            // One long document must not keep its room for the rest of the source.
            self.buffer.truncate(CAPACITY);
            self.buffer.shrink_to_fit();
        } else if self.buffer.len() < CAPACITY && self.offset > 0 {
            self.buffer.resize(CAPACITY, 0);
        }
        let before = self.end;
        while self.end < self.buffer.len() {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(n) => self.end += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if self.end > before => {
                    self.broken = Some(error);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(self.end > before)
    }

    /// Looks `bytes` ahead, as far as the source goes; what breaks it is told when its bytes are asked for.
    pub(crate) fn fill(&mut self, bytes: usize) {
        while self.bytes().len() < bytes && self.broken.is_none() {
            match self.more() {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => self.broken = Some(error),
            }
        }
    }

    /// Moves over `n` bytes.
    pub(crate) fn consume(&mut self, n: usize) {
        let bytes = &self.buffer[self.start..self.start + n];
        self.line += bytes.iter().filter(|b| **b == b'\n').count() as u64;
        self.advance(n);
    }

    /// Moves over `n` bytes that hold no line break, without a look at them.
    pub(crate) fn consume_within_line(&mut self, n: usize) {
        debug_assert!(!self.buffer[self.start..self.start + n].contains(&b'\n'));
        self.advance(n);
    }

    fn advance(&mut self, n: usize) {
        self.offset += n as u64;
        self.start += n;
    }

    /// Moves over white space (and record separators); says whether a byte follows.
    pub(crate) fn space(&mut self) -> io::Result<bool> {
        loop {
            let bytes = self.bytes();
            let blank = bytes.iter().take_while(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t' | 0x1e | 0)).count();
            let left = blank < bytes.len();
            self.consume(blank);
            if left {
                return Ok(true);
            }
            if !self.more()? {
                return Ok(false);
            }
        }
    }

    /// Whether a byte follows; reads on if the window is empty.
    pub(crate) fn more_if_empty(&mut self) -> io::Result<bool> {
        Ok(!self.bytes().is_empty() || self.more()?)
    }

    /// Moves behind the next line break, or to the end.
    pub(crate) fn line_end(&mut self) -> io::Result<()> {
        loop {
            if let Some(place) = self.bytes().iter().position(|b| *b == b'\n') {
                self.consume(place + 1);
                return Ok(());
            }
            self.consume(self.bytes().len());
            if !self.more()? {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_count_of_lines_and_bytes() {
        let mut window = Window::new(Box::new(&b"  \n\nab\ncd"[..]));
        assert!(window.space().expect("reads"));
        assert_eq!((window.line(), window.offset(), window.bytes()), (3, 4, &b"ab\ncd"[..]));
        window.line_end().expect("reads");
        assert_eq!((window.line(), window.offset(), window.bytes()), (4, 7, &b"cd"[..]));
        window.line_end().expect("reads");
        assert!(!window.space().expect("reads"));
    }

    #[test]
    fn grows_and_shrinks() {
        let mut small = Window::new(Box::new(&b"{}"[..]));
        while small.more().expect("reads") {}
        assert_eq!((small.bytes(), small.buffer.len()), (&b"{}"[..], FIRST_CAPACITY));
        let long = vec![b'x'; CAPACITY * 3];
        let mut window = Window::new(Box::new(&long[..]));
        while window.more().expect("reads") {}
        assert_eq!(window.bytes().len(), long.len());
        assert!(window.buffer.len() <= CAPACITY * 8);
    }
}

//! The progress of an ingest: a bar with rate and remaining time on a terminal, nothing elsewhere.

use std::io::{self, IsTerminal, Read};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::engine::Progress;

/// A bar over bytes.
#[derive(Clone, Debug)]
pub(crate) struct Bar(Arc<ProgressBar>);

impl Bar {
    /// A bar for `bytes` of input; none when the amount is not known.
    pub(crate) fn new(bytes: Option<u64>) -> Self {
        let bar = match bytes {
            Some(bytes) => ProgressBar::new(bytes),
            None => ProgressBar::no_length(),
        };
        let template = match bytes {
            Some(_) => "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} left {msg}",
            None => "{spinner} {bytes} {bytes_per_sec} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let shown = io::stderr().is_terminal();
        bar.set_draw_target(if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
        Self(Arc::new(bar))
    }

    /// Names what is read now.
    pub(crate) fn at(&self, source: &str) {
        self.0.set_message(super::fault::plain(source));
    }

    /// Takes the bar off the terminal.
    pub(crate) fn done(&self) {
        self.0.finish_and_clear();
    }

    /// A reader whose bytes move the bar.
    pub(crate) fn reading<R: Read>(&self, reader: R) -> Counted<R> {
        Counted { reader, bar: self.clone() }
    }
}

impl Progress for Bar {
    fn read(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    fn committed(&self, _: u64) {}
}

/// A reader whose bytes move a bar.
pub(crate) struct Counted<R> {
    reader: R,
    bar: Bar,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.bar.0.inc(length as u64);
        Ok(length)
    }
}

//! Append-only columns and texts that a snapshot shares with the writer: chunks behind `Arc`, copied when written.

use std::sync::Arc;

/// Rows of a chunk, as a power of two: small enough that a commit of one alert copies little of each column, large enough
/// that the list of chunks is short.
const BITS: usize = 9;
const SIZE: usize = 1 << BITS;
const MASK: usize = SIZE - 1;

/// A growing array whose clone costs one reference count.
///
/// The writer copies a chunk (and the list of chunks) only when a snapshot still holds it.
#[derive(Clone, Debug)]
pub(super) struct Column<T> {
    chunks: Arc<Vec<Arc<[T]>>>,
    len: usize,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self { chunks: Arc::default(), len: 0 }
    }
}

impl<T: Clone + Default> Column<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, value: T) -> u32 {
        let at = self.len;
        let chunks = Arc::make_mut(&mut self.chunks);
        if at & MASK == 0 {
            chunks.push((0..SIZE).map(|_| T::default()).collect());
        }
        Arc::make_mut(&mut chunks[at >> BITS])[at & MASK] = value;
        self.len += 1;
        at as u32
    }

    pub(super) fn get(&self, at: u32) -> &T {
        let at = at as usize;
        debug_assert!(at < self.len);
        &self.chunks[at >> BITS][at & MASK]
    }

    pub(super) fn get_mut(&mut self, at: u32) -> &mut T {
        let at = at as usize;
        debug_assert!(at < self.len);
        &mut Arc::make_mut(&mut Arc::make_mut(&mut self.chunks)[at >> BITS])[at & MASK]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter()).take(self.len)
    }

    pub(super) fn bytes(&self) -> usize {
        self.chunks.len() * (SIZE * size_of::<T>() + 32)
    }
}

impl<T: Clone + Default> FromIterator<T> for Column<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut chunks = Vec::new();
        let mut len = 0;
        let mut chunk = Vec::with_capacity(SIZE);
        for value in values {
            chunk.push(value);
            len += 1;
            if chunk.len() == SIZE {
                chunks.push(Arc::from(std::mem::replace(&mut chunk, Vec::with_capacity(SIZE))));
            }
        }
        if !chunk.is_empty() {
            chunk.resize(SIZE, T::default());
            chunks.push(chunk.into());
        }
        Self { chunks: Arc::new(chunks), len }
    }
}

/// Place of a text in [`Texts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TextRef {
    pub(super) chunk: u32,
    pub(super) start: u16,
    /// `u16::MAX` means *the whole chunk*.
    pub(super) len: u16,
}

const TEXT_CHUNK: usize = u16::MAX as usize;

/// Append-only store of texts.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    chunks: Arc<Vec<Arc<String>>>,
    /// The chunk that short texts go to.
    tail: usize,
    bytes: usize,
}

impl Default for Texts {
    fn default() -> Self {
        // The default reference stands for the empty text, so that rows need no option.
        Self { chunks: Arc::new(vec![Arc::default()]), tail: 0, bytes: 0 }
    }
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) -> TextRef {
        self.bytes += text.len();
        let chunks = Arc::make_mut(&mut self.chunks);
        if text.is_empty() {
            return TextRef::default();
        }
        if text.len() >= TEXT_CHUNK {
            chunks.push(Arc::new(text.to_owned()));
            return TextRef { chunk: chunks.len() as u32 - 1, start: 0, len: u16::MAX };
        }
        if chunks[self.tail].len() + text.len() > TEXT_CHUNK {
            self.tail = chunks.len();
            chunks.push(Arc::default());
        }
        let tail = Arc::make_mut(&mut chunks[self.tail]);
        let start = tail.len() as u16;
        tail.push_str(text);
        TextRef { chunk: self.tail as u32, start, len: text.len() as u16 }
    }

    pub(super) fn get(&self, at: TextRef) -> &str {
        let chunk = self.chunks[at.chunk as usize].as_str();
        if at.len == u16::MAX { chunk } else { &chunk[at.start as usize..at.start as usize + at.len as usize] }
    }

    pub(super) fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.capacity() + 40).sum()
    }

    pub(super) fn chunks(&self) -> impl ExactSizeIterator<Item = &str> {
        self.chunks.iter().map(|chunk| chunk.as_str())
    }

    pub(super) fn from_chunks(chunks: Vec<Arc<String>>, tail: usize) -> Option<Self> {
        let bytes = chunks.iter().map(|c| c.len()).sum();
        (tail < chunks.len()).then(|| Self { chunks: Arc::new(chunks), tail, bytes })
    }

    pub(super) fn tail(&self) -> usize {
        self.tail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_what_it_saw() {
        let mut column: Column<u32> = Column::default();
        for n in 0..5000 {
            column.push(n);
        }
        let seen = column.clone();
        *column.get_mut(3) = 77;
        *column.get_mut(4999) = 78;
        column.push(5000);
        assert_eq!(seen.iter().copied().collect::<Vec<_>>(), (0..5000).collect::<Vec<_>>());
        assert_eq!((*column.get(3), *column.get(4999), column.len()), (77, 78, 5001));
        let copied: Column<u32> = column.iter().copied().collect();
        assert_eq!(copied.iter().collect::<Vec<_>>(), column.iter().collect::<Vec<_>>());
    }

    #[test]
    fn texts_of_any_length_come_back() {
        let mut texts = Texts::default();
        let all: Vec<String> = (0..400).map(|n| "é".repeat(n * 7)).chain(["x".repeat(70_000), String::new(), "y".repeat(65_534)]).collect();
        let refs: Vec<TextRef> = all.iter().map(|t| texts.push(t)).collect();
        for (text, at) in all.iter().zip(refs) {
            assert_eq!(texts.get(at), text);
        }
        assert_eq!(texts.get(TextRef::default()), "");
    }
}

//! Columns of slices of another column's texts, without a copy.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ByteView, StringViewArray, StringViewBuilder};

use super::values::to_text;

/// Builds a column whose values are slices of another column's texts: the new column shares its buffers.
pub(super) struct Parts<'a> {
    source: &'a StringViewArray,
    built: StringViewBuilder,
    blocks: Vec<u32>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(source: &'a StringViewArray, rows: usize) -> Self {
        let mut built = StringViewBuilder::with_capacity(rows);
        let blocks = source.data_buffers().iter().map(|buffer| built.append_block(buffer.clone())).collect();
        Self { source, built, blocks }
    }

    /// Adds a slice of the text of a row; none is null.
    pub(super) fn push(&mut self, row: usize, part: Option<&str>) {
        let Some(part) = part else { return self.built.append_null() };
        let view = ByteView::from(self.source.views()[row]);
        if part.len() <= 12 || view.length <= 12 {
            return self.built.append_value(part);
        }
        // `part` lies inside the row's text, so that the distance of their addresses is its place there.
        let distance = (part.as_ptr() as usize).wrapping_sub(self.source.value(row).as_ptr() as usize);
        let shared = self.blocks.get(view.buffer_index as usize).and_then(|block| {
            let offset = view.offset.checked_add(u32::try_from(distance).ok()?)?;
            self.built.try_append_view(*block, offset, u32::try_from(part.len()).ok()?).ok()
        });
        if shared.is_none() {
            self.built.append_value(part);
        }
    }

    /// Adds a text of its own.
    pub(super) fn push_own(&mut self, text: &str) {
        self.built.append_value(text);
    }

    pub(super) fn finish(mut self) -> ArrayRef {
        Arc::new(self.built.finish())
    }
}

/// What `tostring` makes of each value of a `dynamic` column.
pub fn texts(values: &StringViewArray) -> ArrayRef {
    let mut parts = Parts::new(values, values.len());
    for row in 0..values.len() {
        if values.is_null(row) {
            parts.push_own("");
            continue;
        }
        match to_text(values.value(row)) {
            Cow::Borrowed("") => parts.push_own(""),
            Cow::Borrowed(text) => parts.push(row, Some(text)),
            Cow::Owned(text) => parts.push_own(&text),
        }
    }
    parts.finish()
}

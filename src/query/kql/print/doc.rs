//! Text with places where it may break, and its layout in lines.
//!
//! A group is on one line if it fits, else each of its own breaks is a line end. The width of every piece is known when it is made, so that
//! layout is linear.

/// Longest line that layout aims at.
const WIDTH: usize = 100;

/// Columns of one level.
const INDENT: usize = 4;

/// A piece of text with breaks.
pub(super) struct Doc {
    kind: Kind,
    /// Width on one line; `None` if it cannot be on one.
    width: Option<usize>,
}

enum Kind {
    Text(String),
    /// A space or a line end.
    Line,
    /// Nothing or a line end.
    Soft,
    /// A line end.
    Hard,
    /// An empty line's worth: a line end without indentation.
    Blank,
    Sequence(Vec<Doc>),
    Group(Box<Doc>),
    Nest(Box<Doc>),
}

impl Doc {
    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        let width = (!text.contains('\n')).then(|| text.chars().count());
        Self { kind: Kind::Text(text), width }
    }

    pub(super) fn line() -> Self {
        Self { kind: Kind::Line, width: Some(1) }
    }

    pub(super) fn soft() -> Self {
        Self { kind: Kind::Soft, width: Some(0) }
    }

    pub(super) fn hard() -> Self {
        Self { kind: Kind::Hard, width: None }
    }

    pub(super) fn blank() -> Self {
        Self { kind: Kind::Blank, width: None }
    }

    pub(super) fn nothing() -> Self {
        Self::all(Vec::new())
    }

    pub(super) fn all(docs: Vec<Self>) -> Self {
        let width = docs.iter().try_fold(0_usize, |sum, doc| Some(sum + doc.width?));
        Self { kind: Kind::Sequence(docs), width }
    }

    pub(super) fn group(self) -> Self {
        Self { width: self.width, kind: Kind::Group(Box::new(self)) }
    }

    pub(super) fn nest(self) -> Self {
        Self { width: self.width, kind: Kind::Nest(Box::new(self)) }
    }

    /// Whether it is a break without comments.
    pub(super) fn is_plain_line(&self) -> bool {
        matches!(self.kind, Kind::Line)
    }

    /// Lays the text out; ends with a line end unless there is nothing.
    pub(super) fn layout(&self) -> String {
        let mut text = String::new();
        let mut column = 0;
        let mut stack = vec![(self, 0_usize, false)];
        while let Some((doc, indent, flat)) = stack.pop() {
            match &doc.kind {
                Kind::Text(piece) => {
                    text.push_str(piece);
                    column = match piece.rsplit_once('\n') {
                        Some((_, last)) => last.chars().count(),
                        None => column + doc.width.unwrap_or_default(),
                    };
                }
                Kind::Line if flat => {
                    text.push(' ');
                    column += 1;
                }
                Kind::Soft if flat => {}
                Kind::Line | Kind::Soft | Kind::Hard => {
                    text.push('\n');
                    text.extend(std::iter::repeat_n(' ', indent * INDENT));
                    column = indent * INDENT;
                }
                Kind::Blank => text.push('\n'),
                Kind::Sequence(docs) => stack.extend(docs.iter().rev().map(|doc| (doc, indent, flat))),
                Kind::Group(inner) => {
                    let fits = inner.width.is_some_and(|width| column + width <= WIDTH);
                    stack.push((inner, indent, flat || fits));
                }
                Kind::Nest(inner) => stack.push((inner, indent + 1, flat)),
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}

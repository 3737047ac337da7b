//! Tokens: what they are and where they stand.

use crate::model::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// White space.
    Space,
    /// `// ...` up to the end of the line.
    Comment,
    /// `#connect ...`: a line for the client.
    Directive,
    /// A name or a keyword; which of both is known only in its place.
    Name,
    /// A keyword that is no name for its marks: `mv-expand`, `!has`, `in~`, `matches regex`.
    Word,
    /// `true` or `false`.
    Bool,
    /// `12` or `0x1F`
    Long,
    /// `1.5`, `1e3`
    Real,
    /// `1d`, `2.5hours`
    Timespan,
    /// `"..."`, `@'...'`, `h"..."` and multi-line strings.
    String,
    /// `datetime(...)` and its like, with the parentheses.
    Typed(Typed),
    /// A GUID that stands alone.
    RawGuid,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `|`
    Bar,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// `:`
    Colon,
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `<>`
    LessGreater,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `=`
    Equal,
    /// `==`
    EqualEqual,
    /// `=~`
    EqualTilde,
    /// `!=`
    BangEqual,
    /// `!~`
    BangTilde,
    /// `=>`
    FatArrow,
    /// `@`
    At,
    /// `?`
    Question,
    /// A character that no token starts with.
    Unknown,
    /// The end of the text.
    End,
}

/// The type in front of a typed literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// `bool(...)`
    Bool,
    /// `datetime(...)`, `date(...)`
    DateTime,
    /// `decimal(...)`
    Decimal,
    /// `guid(...)`
    Guid,
    /// `int(...)`, `int32(...)`
    Int,
    /// `long(...)`, `int64(...)`
    Long,
    /// `real(...)`, `double(...)`
    Real,
    /// `timespan(...)`, `time(...)`
    Timespan,
}

impl Typed {
    /// The type that a word in front of a parenthesis names.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "bool" => Self::Bool,
            "datetime" | "date" => Self::DateTime,
            "decimal" => Self::Decimal,
            "guid" => Self::Guid,
            "int" | "int32" => Self::Int,
            "long" | "int64" => Self::Long,
            "real" | "double" => Self::Real,
            "timespan" | "time" => Self::Timespan,
            _ => return None,
        })
    }
}

/// A piece of the text; all tokens of a text joined are the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// First byte.
    pub start: u32,
    /// Byte behind the last.
    pub end: u32,
}

impl Token {
    /// Its place in the text.
    pub fn span(self) -> Span {
        Span { start: self.start as usize, end: self.end as usize }
    }

    /// Its part of `text`, the text that it was made from.
    pub fn text(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }

    /// Whether it means nothing to the parser.
    pub fn is_trivia(self) -> bool {
        matches!(self.kind, TokenKind::Space | TokenKind::Comment)
    }
}

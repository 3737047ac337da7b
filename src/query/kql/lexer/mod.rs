//! Text to tokens. Nothing is lost: all tokens joined are the text.
//!
//! The lexer knows no grammar; it only keeps together what no grammar may take apart: `mv-expand`, `!has`, `datetime(...)`.

mod strings;
mod token;
mod words;

pub use strings::{decode, encode};
pub use token::{Token, TokenKind, Typed};
pub use words::{has_letters_of_name, is_declared_name, is_name};

use crate::model::Span;

use super::diagnostics::{Code, DIAGNOSTICS_MAX, Diagnostic};

/// Units behind the number of a timespan.
pub(super) const TIMESPAN_UNITS: &[(&[&str], i64)] = &[
    (&["d", "day", "days"], 864_000_000_000),
    (&["h", "hr", "hrs", "hour", "hours"], 36_000_000_000),
    (&["m", "min", "minute", "minutes"], 600_000_000),
    (&["s", "sec", "second", "seconds"], 10_000_000),
    (&["ms", "milli", "millis", "millisec", "millisecond", "milliseconds"], 10_000),
    (&["micro", "micros", "microsec", "microsecond", "microseconds"], 10),
    (&["tick", "ticks"], 1),
    (&["nano", "nanos", "nanosec", "nanosecond", "nanoseconds"], 0),
];

/// Letters of a GUID with dashes.
const GUID_LENGTH: usize = 36;

/// Cuts a text into tokens; the last one is [`TokenKind::End`].
///
/// The text must be shorter than 4 GiB.
pub fn lex(text: &str) -> (Vec<Token>, Vec<Diagnostic>) {
    let mut lexer = Lexer { text, at: 0, begins: true, behind_bar: false, diagnostics: Vec::new() };
    let mut tokens = Vec::with_capacity(text.len() / 3 + 2);
    let position = |at: usize| u32::try_from(at).expect("texts are shorter than 4 GiB");
    while lexer.at < text.len() {
        let start = lexer.at;
        let kind = lexer.token();
        lexer.behind_bar = match kind {
            TokenKind::Space | TokenKind::Comment => lexer.behind_bar,
            other => other == TokenKind::Bar,
        };
        lexer.begins &= matches!(kind, TokenKind::Space | TokenKind::Comment | TokenKind::Directive);
        tokens.push(Token { kind, start: position(start), end: position(lexer.at) });
    }
    let end = position(text.len());
    tokens.push(Token { kind: TokenKind::End, start: end, end });
    (tokens, lexer.diagnostics)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Whether nothing but space, comments and directives came before: only there a directive may stand.
    begins: bool,
    /// Whether an operator is to come.
    behind_bar: bool,
    diagnostics: Vec<Diagnostic>,
}

/// Whether a character is white space or as good as.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{180e}' | '\u{200b}' | '\u{feff}')
}

fn is_part_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Whether no name goes on `length` bytes from here.
    fn ends(&self, length: usize) -> bool {
        !self.rest()[length..].starts_with(is_part_of_name)
    }

    fn take(&mut self, length: usize, kind: TokenKind) -> TokenKind {
        self.at += length;
        kind
    }

    fn token(&mut self) -> TokenKind {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return TokenKind::End };
        match first {
            c if is_space(c) => {
                let length = rest.find(|c| !is_space(c)).unwrap_or(rest.len());
                self.take(length, TokenKind::Space)
            }
            '/' if rest.starts_with("//") => self.line(TokenKind::Comment),
            '#' if self.begins => self.line(TokenKind::Directive),
            '"' | '\'' => self.string(),
            '@' if rest[1..].starts_with(['"', '\'']) => self.string(),
            '`' | '~' if rest.starts_with("```") || rest.starts_with("~~~") => self.string(),
            'h' | 'H' if rest[1..].starts_with(['"', '\'', '`', '~', '@']) => self.string(),
            c if c.is_ascii_digit() => self.number(),
            c if c.is_alphabetic() || matches!(c, '_' | '$') => self.word(),
            _ => self.mark(first),
        }
    }

    fn line(&mut self, kind: TokenKind) -> TokenKind {
        let rest = self.rest();
        let length = rest.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(rest.len());
        self.take(length, kind)
    }

    fn string(&mut self) -> TokenKind {
        let Some(scanned) = strings::scan(self.rest()) else {
            let first = self.rest().chars().next().unwrap_or_default();
            return if first.is_alphabetic() { self.word() } else { self.mark(first) };
        };
        if let Some((code, start, end)) = scanned.fault {
            let message = match code {
                Code::BadEscape => "backslash with no known escape behind it",
                _ => "string without its closing quote",
            };
            let help = match code {
                Code::BadEscape => "write `\\\\`, or put `@` in front of the string to take it as it stands",
                _ => "close it on the same line, or write it between ```",
            };
            let span = Span { start: self.at + start, end: self.at + end };
            self.report(Diagnostic::error(code, span, message).with_help(help));
        }
        self.take(scanned.length, TokenKind::String)
    }

    fn word(&mut self) -> TokenKind {
        let rest = self.rest();
        let begin = rest.chars().next().map_or(0, char::len_utf8);
        let length = begin + rest[begin..].find(|c| !is_part_of_name(c)).unwrap_or(rest.len() - begin);
        let word = &rest[..length];
        let behind = &rest[length..];
        if behind.starts_with('-') {
            let is_here = |dashed: &&&str| rest.starts_with(**dashed) && self.ends(dashed.len());
            if let Some(dashed) = words::DASHED.iter().find(is_here) {
                return self.take(dashed.len(), TokenKind::Word);
            }
            // What only begins as the name of an operator is no shorter operator either.
            if self.behind_bar && words::DASHED.iter().any(|dashed| rest.starts_with(dashed)) {
                let dashed = rest.find(|c| !is_part_of_name(c) && c != '-').unwrap_or(rest.len());
                return self.take(dashed, TokenKind::Name);
            }
            if raw_guid(rest) {
                return self.take(GUID_LENGTH, TokenKind::RawGuid);
            }
        }
        if let Some(typed) = Typed::of(word).filter(|_| behind.starts_with('(')) {
            return self.typed(length, typed);
        }
        match word {
            "in" if behind.starts_with('~') && self.ends(length + 1) => self.take(length + 1, TokenKind::Word),
            "matches" if behind.starts_with(" regex") && self.ends(length + 6) => self.take(length + 6, TokenKind::Word),
            _ if words::is_bool(word) => self.take(length, TokenKind::Bool),
            _ => self.take(length, TokenKind::Name),
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < DIAGNOSTICS_MAX {
            self.diagnostics.push(diagnostic);
        }
    }

    /// A typed literal, up to its closing parenthesis on the same line.
    fn typed(&mut self, length: usize, typed: Typed) -> TokenKind {
        let rest = self.rest();
        let end = rest.find([')', '\n', '\r']).unwrap_or(rest.len());
        if rest[end..].starts_with(')') {
            return self.take(end + 1, TokenKind::Typed(typed));
        }
        let span = Span { start: self.at, end: self.at + length + 1 };
        let message = format!("expected `)` behind `{}` on the same line", &rest[..=length]);
        self.report(Diagnostic::error(Code::UnclosedLiteral, span, message));
        self.take(end, TokenKind::Typed(typed))
    }

    fn number(&mut self) -> TokenKind {
        let rest = self.rest();
        if raw_guid(rest) {
            return self.take(GUID_LENGTH, TokenKind::RawGuid);
        }
        let digits = digits(rest, 0);
        for (length, kind) in [
            (real(rest, digits), TokenKind::Real),
            (timespan(rest, digits), TokenKind::Timespan),
            (hexadecimal(rest), TokenKind::Long),
            (Some(digits), TokenKind::Long),
        ] {
            if let Some(length) = length.filter(|length| self.ends(*length)) {
                return self.take(length, kind);
            }
        }
        let length = rest.find(|c| !is_part_of_name(c)).unwrap_or(rest.len());
        self.take(length, TokenKind::Name)
    }

    fn mark(&mut self, first: char) -> TokenKind {
        let rest = self.rest();
        if let Some(word) = rest.strip_prefix('!') {
            let is = |negated: &&&str| word.starts_with(**negated) && self.ends(1 + negated.len());
            if let Some(negated) = words::NEGATED.iter().rev().find(is) {
                return self.take(1 + negated.len(), TokenKind::Word);
            }
        }
        let two = match rest.get(..2).unwrap_or_default() {
            ".." => TokenKind::DotDot,
            "<=" => TokenKind::LessEqual,
            "<>" => TokenKind::LessGreater,
            ">=" => TokenKind::GreaterEqual,
            "==" => TokenKind::EqualEqual,
            "=~" => TokenKind::EqualTilde,
            "=>" => TokenKind::FatArrow,
            "!=" => TokenKind::BangEqual,
            "!~" => TokenKind::BangTilde,
            _ => TokenKind::Unknown,
        };
        if two != TokenKind::Unknown {
            return self.take(2, two);
        }
        let one = match first {
            '(' => TokenKind::OpenParen,
            ')' => TokenKind::CloseParen,
            '[' => TokenKind::OpenBracket,
            ']' => TokenKind::CloseBracket,
            '{' => TokenKind::OpenBrace,
            '}' => TokenKind::CloseBrace,
            '|' => TokenKind::Bar,
            ',' => TokenKind::Comma,
            ';' => TokenKind::Semicolon,
            ':' => TokenKind::Colon,
            '.' => TokenKind::Dot,
            '+' => TokenKind::Plus,
            '-' => TokenKind::Minus,
            '*' => TokenKind::Star,
            '/' => TokenKind::Slash,
            '%' => TokenKind::Percent,
            '<' => TokenKind::Less,
            '>' => TokenKind::Greater,
            '=' => TokenKind::Equal,
            '@' => TokenKind::At,
            '?' => TokenKind::Question,
            _ => TokenKind::Unknown,
        };
        self.take(first.len_utf8(), one)
    }
}

/// Where the digits that begin at `from` end.
fn digits(text: &str, from: usize) -> usize {
    text[from..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |length| from + length)
}

fn real(text: &str, whole: usize) -> Option<usize> {
    let behind = &text.as_bytes()[whole..];
    let has_point = behind.first() == Some(&b'.') && (behind.get(1) != Some(&b'.') || behind.get(2) == Some(&b'.'));
    let end = if has_point { digits(text, whole + 1) } else { whole };
    match exponent(text, end) {
        Some(end) => Some(end),
        None => has_point.then_some(end),
    }
}

fn exponent(text: &str, from: usize) -> Option<usize> {
    let rest = text[from..].strip_prefix(['e', 'E'])?;
    let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let begin = text.len() - rest.len();
    Some(digits(text, begin)).filter(|end| *end > begin)
}

fn timespan(text: &str, whole: usize) -> Option<usize> {
    let number = match text[whole..].strip_prefix('.') {
        Some(_) => digits(text, whole + 1),
        None => whole,
    };
    let rest = &text[number..];
    let length = rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len());
    let is_unit = TIMESPAN_UNITS.iter().any(|(names, _)| names.contains(&&rest[..length]));
    is_unit.then_some(number + length)
}

fn hexadecimal(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let length = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
    (length > 0).then_some(2 + length)
}

/// Whether the text begins with a GUID.
fn raw_guid(text: &str) -> bool {
    text.as_bytes().get(..GUID_LENGTH).is_some_and(|guid| {
        guid.iter().enumerate().all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
    })
}

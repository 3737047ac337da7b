//! Text to tokens. Arrows are no tokens: `-[`, `]->` and their like are put together by whoever reads patterns.

use crate::model::Span;
use crate::query::kql::{Code, Diagnostic};

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name or keyword.
    Word(String),
    /// A name in backticks; never a keyword.
    Quoted(String),
    Text(String),
    Integer(i64),
    Float(f64),
    /// `$name`
    Parameter(String),
    /// Punctuation and operators.
    Sign(&'static str),
    End,
}

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lexed {
    pub(super) token: Token,
    pub(super) span: Span,
}

/// Longest first, so that `<=` is not `<`.
const SIGNS: [&str; 32] = [
    "..", "||", "=~", "<>", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ",", ";", ":", ".", "|", "&", "!", "=", "<", ">", "+", "-",
    "*", "/", "%", "^", "~", "?", "@",
];

/// Reads all tokens; the last is [`Token::End`].
pub(super) fn lex(text: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Lexed> {
    let mut lexer = Lexer { text, at: 0, diagnostics };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blanks();
        let start = lexer.at;
        let token = lexer.token();
        let is_end = token == Some(Token::End);
        if let Some(token) = token {
            tokens.push(Lexed { token, span: Span { start, end: lexer.at } });
        }
        if is_end {
            return tokens;
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn complain(&mut self, code: Code, start: usize, message: String) {
        self.diagnostics.push(Diagnostic::error(code, Span { start, end: self.at.max(start) }, message));
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blanks = rest.len() - rest.trim_start().len();
            let skipped = match &rest[blanks..] {
                comment if comment.starts_with("//") => comment.find('\n').unwrap_or(comment.len()),
                comment if comment.starts_with("/*") => comment.find("*/").map_or(comment.len(), |end| end + 2),
                _ => 0,
            };
            self.at += blanks + skipped;
            if skipped == 0 {
                return;
            }
        }
    }

    fn token(&mut self) -> Option<Token> {
        let Some(first) = self.rest().chars().next() else { return Some(Token::End) };
        match first {
            '\'' | '"' => Some(self.text(first)),
            '`' => Some(self.quoted()),
            '$' => {
                self.at += 1;
                if self.rest().starts_with('`') {
                    return match self.quoted() {
                        Token::Quoted(name) => Some(Token::Parameter(name)),
                        other => Some(other),
                    };
                }
                let name = self.word(|c| c.is_alphanumeric() || c == '_');
                if name.is_empty() {
                    self.complain(Code::CypherUnexpectedCharacter, self.at - 1, "expected the name of a parameter behind `$`".to_owned());
                    return None;
                }
                Some(Token::Parameter(name))
            }
            c if c.is_ascii_digit() => Some(self.number()),
            '.' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => Some(self.number()),
            c if c.is_alphabetic() || c == '_' => Some(Token::Word(self.word(|c| c.is_alphanumeric() || c == '_'))),
            c => {
                if let Some(sign) = SIGNS.iter().find(|sign| self.rest().starts_with(**sign)) {
                    self.at += sign.len();
                    return Some(Token::Sign(sign));
                }
                let start = self.at;
                self.at += c.len_utf8();
                self.complain(Code::CypherUnexpectedCharacter, start, format!("no token starts with `{}`", c.escape_debug()));
                None
            }
        }
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let len = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let word = rest[..len].to_owned();
        self.at += len;
        word
    }

    fn quoted(&mut self) -> Token {
        let start = self.at;
        self.at += 1;
        let mut name = String::new();
        loop {
            let Some(len) = self.rest().find('`') else {
                self.at = self.text.len();
                self.complain(Code::CypherUnclosedText, start, "expected a closing backtick".to_owned());
                return Token::Quoted(name);
            };
            name.push_str(&self.text[self.at..self.at + len]);
            self.at += len + 1;
            if !self.rest().starts_with('`') {
                return Token::Quoted(name);
            }
            name.push('`');
            self.at += 1;
        }
    }

    fn text(&mut self, quote: char) -> Token {
        let start = self.at;
        self.at += 1;
        let mut value = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                self.complain(Code::CypherUnclosedText, start, format!("expected a closing `{quote}`"));
                return Token::Text(value);
            };
            self.at += c.len_utf8();
            match c {
                c if c == quote && self.rest().starts_with(quote) => {
                    value.push(quote);
                    self.at += 1;
                }
                c if c == quote => return Token::Text(value),
                '\\' => self.escape(&mut value),
                c => value.push(c),
            }
        }
    }

    fn escape(&mut self, value: &mut String) {
        let Some(c) = self.rest().chars().next() else { return };
        self.at += c.len_utf8();
        match c {
            'n' => value.push('\n'),
            't' => value.push('\t'),
            'r' => value.push('\r'),
            'b' => value.push('\u{8}'),
            'f' => value.push('\u{c}'),
            '\\' | '\'' | '"' | '`' => value.push(c),
            'u' | 'U' => {
                let len = if c == 'u' { 4 } else { 8 };
                let digits = self.rest().get(..len).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
                match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32) {
                    Some(letter) => {
                        value.push(letter);
                        self.at += len;
                    }
                    None => self.complain(
                        Code::CypherUnexpectedCharacter,
                        self.at - 2,
                        format!("expected {len} digits of a letter behind `\\{c}`"),
                    ),
                }
            }
            // Regular expressions are written in texts: a backslash before any other letter stays.
            other => {
                value.push('\\');
                value.push(other);
            }
        }
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        if let Some(digits) = self.rest().strip_prefix("0x").or_else(|| self.rest().strip_prefix("0X")) {
            let len = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
            let value = i64::from_str_radix(&digits[..len], 16);
            self.at += 2 + len;
            return value.map_or_else(|_| self.too_large(start), Token::Integer);
        }
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
        self.at += digits(self.rest());
        let mut is_float = false;
        if self.rest().starts_with('.') && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) {
            is_float = true;
            self.at += 1;
            self.at += digits(self.rest());
        }
        if self.rest().starts_with(['e', 'E']) {
            let signed = self.rest()[1..].strip_prefix(['+', '-']).unwrap_or(&self.rest()[1..]);
            if signed.starts_with(|c: char| c.is_ascii_digit()) {
                is_float = true;
                self.at = self.text.len() - signed.len();
                self.at += digits(self.rest());
            }
        }
        let written = self.text[start..self.at].replace('_', "");
        if is_float {
            return written.parse().map_or_else(|_| self.too_large(start), Token::Float);
        }
        written.parse().map_or_else(|_| self.too_large(start), Token::Integer)
    }

    fn too_large(&mut self, start: usize) -> Token {
        self.complain(Code::CypherInvalid, start, "expected a number of 64 bits".to_owned());
        Token::Integer(0)
    }
}

//! Words of an option with their places.

use super::syntax;
use crate::model::{Fault, Time};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Number(f64),
    Time(Time),
    /// `/ ( ) , :`
    Sign(char),
    End,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Cuts a text into words; the last one is the end.
pub(super) fn lex(option: &str, text: &str) -> Result<Vec<Lexeme>, Fault> {
    let mut lexemes = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, end) = if matches!(first, '/' | '(' | ')' | ',' | ':') {
            (Token::Sign(first), at + 1)
        } else if first == '\'' {
            quoted(option, text, at)?
        } else if first.is_ascii_digit() || matches!(first, '-' | '+') {
            loose(option, text, at)?
        } else if first.is_alphabetic() || matches!(first, '_' | '@' | '$') {
            word(option, text, at)?
        } else {
            return Err(syntax(option, "a property, value or operator", &text[at..], at, at + first.len_utf8()));
        };
        lexemes.push(Lexeme { token, start: at, end });
        at = end;
    }
    lexemes.push(Lexeme { token: Token::End, start: text.len(), end: text.len() });
    Ok(lexemes)
}

/// A text in quotes, of which a doubled one is a quote of the text.
fn quoted(option: &str, text: &str, at: usize) -> Result<(Token, usize), Fault> {
    let mut found = String::new();
    let mut rest = &text[at + 1..];
    loop {
        let Some(close) = rest.find('\'') else {
            return Err(syntax(option, "a quote that closes the text", "", at, text.len()));
        };
        found.push_str(&rest[..close]);
        rest = &rest[close + 1..];
        match rest.strip_prefix('\'') {
            Some(more) => {
                found.push('\'');
                rest = more;
            }
            None => return Ok((Token::Text(found), text.len() - rest.len())),
        }
    }
}

fn word(option: &str, text: &str, at: usize) -> Result<(Token, usize), Fault> {
    let rest = &text[at..];
    let length = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '@' | '$' | '.' | '-'))).unwrap_or(rest.len());
    let (word, end) = (&rest[..length], at + length);
    if is_guid(word) {
        return Ok((Token::Text(word.to_owned()), end));
    }
    if !text[end..].starts_with('\'') {
        return Ok((Token::Word(word.to_owned()), end));
    }
    // A typed literal of older versions: `datetime'2024-01-01T00:00:00'`.
    let (inner, close) = quoted(option, text, end)?;
    let Token::Text(inner) = inner else { return Ok((inner, close)) };
    match word.to_ascii_lowercase().as_str() {
        "datetime" | "datetimeoffset" => {
            let time = Time::parse(&inner).map_err(|_| syntax(option, "a time", &inner, end, close))?;
            Ok((Token::Time(time), close))
        }
        "guid" | "binary" => Ok((Token::Text(inner), close)),
        _ => Err(syntax(option, "a property, value or operator", &text[at..], at, close)),
    }
}

/// A number, a time or an id without quotes.
fn loose(option: &str, text: &str, at: usize) -> Result<(Token, usize), Fault> {
    let rest = &text[at..];
    let mut length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | ':' | '.'))).unwrap_or(rest.len());
    let mut literal = rest[..length].to_owned();
    if let Some(zone) = zone_behind_blank(&literal, &rest[length..]) {
        literal = format!("{literal}+{zone}");
        length += 1 + zone.len();
    }
    let end = at + length;
    if let Ok(number) = literal.parse::<f64>()
        && number.is_finite()
    {
        return Ok((Token::Number(number), end));
    }
    if let Some(number) = literal.strip_suffix(['L', 'l', 'd', 'D', 'f', 'F', 'm', 'M']).and_then(|number| number.parse::<f64>().ok()) {
        return Ok((Token::Number(number), end));
    }
    if is_guid(&literal) {
        return Ok((Token::Text(literal), end));
    }
    let time = Time::parse(&literal)
        .map_err(|_| syntax(option, "a number, a time such as 2024-01-31T12:00:00Z, or a text in quotes", &literal, at, end))?;
    Ok((Token::Time(time), end))
}

/// The `hh:mm` of a zone whose `+` a client did not encode, so that it arrived as a blank.
fn zone_behind_blank<'a>(time: &str, behind: &'a str) -> Option<&'a str> {
    let zone = behind.strip_prefix(' ')?.get(..5)?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let shape = zone.as_bytes()[2] == b':' && digits(&zone[..2]) && digits(&zone[3..]);
    let ends = behind[6..].chars().next().is_none_or(|c| !c.is_ascii_alphanumeric() && c != ':');
    let zoned = time.ends_with(['Z', 'z']) || time.contains('+') || time.rsplit_once('T').is_none_or(|(_, clock)| clock.contains('-'));
    (shape && ends && !zoned).then_some(zone)
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

//! String literals: where they end, what they say and how to write them.

use super::super::diagnostics::Code;

/// Quotes of strings that span lines.
const FENCES: [&str; 2] = ["```", "~~~"];

/// Where a string ends and what is wrong with it.
pub(super) struct Scanned {
    /// Bytes of the whole literal.
    pub(super) length: usize,
    /// What is wrong and at which bytes of it.
    pub(super) fault: Option<(Code, usize, usize)>,
}

/// Finds the end of the string that `text` starts with, if it starts with one.
pub(super) fn scan(text: &str) -> Option<Scanned> {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'h' | b'H')));
    if let Some(fence) = FENCES.iter().find(|fence| text[at..].starts_with(**fence)) {
        let begin = at + fence.len();
        return Some(match text[begin..].find(fence) {
            Some(length) => Scanned { length: begin + length + fence.len(), fault: None },
            None => Scanned { length: text.len(), fault: Some((Code::UnclosedString, 0, begin)) },
        });
    }
    let is_verbatim = bytes.get(at) == Some(&b'@');
    at += usize::from(is_verbatim);
    let quote = *bytes.get(at).filter(|byte| matches!(byte, b'"' | b'\''))?;
    at += 1;
    let mut fault = None;
    loop {
        match bytes.get(at) {
            None | Some(b'\r' | b'\n') => return Some(Scanned { length: at, fault: Some((Code::UnclosedString, 0, at)) }),
            Some(byte) if *byte == quote => {
                if is_verbatim && bytes.get(at + 1) == Some(&quote) {
                    at += 2;
                    continue;
                }
                return Some(Scanned { length: at + 1, fault });
            }
            Some(b'\\') if !is_verbatim => match escape(&bytes[at..]) {
                Some((_, length)) => at += length,
                None => {
                    fault = fault.or(Some((Code::BadEscape, at, at + 1)));
                    at += 1;
                }
            },
            Some(_) => at += 1,
        }
    }
}

/// The character that an escape stands for, and its length in bytes.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let hex = |digits: usize| {
        let text = std::str::from_utf8(bytes.get(2..2 + digits)?).ok()?;
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = u32::from_str_radix(text, 16).ok().filter(|_| is_hex)?;
        Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 2 + digits))
    };
    Some(match *bytes.get(1)? {
        byte @ (b'\\' | b'\'' | b'"') => (char::from(byte), 2),
        b'a' => ('\u{7}', 2),
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'v' => ('\u{b}', 2),
        b'u' => return hex(4),
        b'U' => return hex(8),
        b'x' => return hex(2),
        first @ b'0'..=b'7' => {
            let most = if first <= b'3' { 3 } else { 2 };
            let digits = bytes[1..].iter().take(most).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            let code = bytes[1..=digits].iter().fold(0, |code, byte| code * 8 + u32::from(byte - b'0'));
            (char::from_u32(code)?, 1 + digits)
        }
        _ => return None,
    })
}

/// What a string literal says; adds it to `value`. Tells whether the literal is hidden from logs (`h"..."`).
pub fn decode(literal: &str, value: &mut String) -> bool {
    let is_hidden = literal.starts_with(['h', 'H']);
    let rest = &literal[usize::from(is_hidden)..];
    if let Some(fence) = FENCES.iter().find(|fence| rest.starts_with(**fence)) {
        let body = &rest[fence.len()..];
        value.push_str(body.strip_suffix(fence).unwrap_or(body));
        return is_hidden;
    }
    let is_verbatim = rest.starts_with('@');
    let rest = &rest[usize::from(is_verbatim)..];
    let Some(quote) = rest.chars().next() else { return is_hidden };
    let body = &rest[1..];
    if is_verbatim {
        let body = body.strip_suffix(quote).unwrap_or(body);
        let doubled = format!("{quote}{quote}");
        let mut pieces = body.split(doubled.as_str());
        value.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            value.push(quote);
            value.push_str(piece);
        }
        return is_hidden;
    }
    let mut rest = body;
    while let Some(at) = rest.find(['\\', quote]) {
        value.push_str(&rest[..at]);
        match escape(&rest.as_bytes()[at..]) {
            Some((c, length)) if rest.as_bytes()[at] == b'\\' => {
                value.push(c);
                rest = &rest[at + length..];
            }
            _ if rest[at..].starts_with(quote) => return is_hidden,
            _ => {
                value.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    value.push_str(rest);
    is_hidden
}

/// Writes a literal that says `value`.
pub fn encode(value: &str) -> String {
    let mut literal = String::with_capacity(value.len() + 2);
    literal.push('"');
    for c in value.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            c if c.is_control() => literal.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_say_what_they_say() {
        for (literal, expected, hidden) in [
            (r#""a\tb""#, "a\tb", false),
            (r"'it\'s'", "it's", false),
            (r"'\u0041\x42\103\U00000044'", "ABCD", false),
            (r#"@"a\b""c""#, "a\\b\"c", false),
            (r"@'it''s'", "it's", false),
            (r#"h@"C:\x""#, "C:\\x", true),
            ("H'x'", "x", true),
            ("```a\n\"b\\```", "a\n\"b\\", false),
            ("~~~a```b~~~", "a```b", false),
            ("h```a```", "a", true),
            ("''", "", false),
        ] {
            let scanned = scan(literal).map(|scanned| (scanned.length, scanned.fault.is_none()));
            assert_eq!(scanned, Some((literal.len(), true)), "{literal}");
            let mut value = String::new();
            assert_eq!(decode(literal, &mut value), hidden, "{literal}");
            assert_eq!(value, expected, "{literal}");
            let mut again = String::new();
            decode(&encode(&value), &mut again);
            assert_eq!(again, value, "{literal}");
        }
    }

    #[test]
    fn broken_literals_are_told() {
        for (text, length, code) in [
            ("\"abc", 4, Code::UnclosedString),
            ("'abc\nd'", 4, Code::UnclosedString),
            ("```abc``", 8, Code::UnclosedString),
            (r#""a\qb" x"#, 6, Code::BadEscape),
            (r#""\u12""#, 6, Code::BadEscape),
        ] {
            let scanned = scan(text).map(|scanned| (scanned.length, scanned.fault.map(|(code, ..)| code)));
            assert_eq!(scanned, Some((length, Some(code))), "{text}");
        }
    }
}

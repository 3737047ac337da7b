//! Walking over JSON text.

use std::borrow::Cow;

/// A JSON value, as the slice of a text in which it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a> {
    text: &'a str,
}

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`, or nothing that can be read.
    Null,
    /// `true` or `false`
    Bool,
    /// A number without point and exponent that fits 64 bits.
    Long,
    /// Any other number.
    Real,
    /// `"..."`
    Text,
    /// `[...]`
    Array,
    /// `{...}`
    Bag,
}

impl<'a> Json<'a> {
    /// The value that a text holds.
    pub fn new(text: &'a str) -> Self {
        Self { text: text.trim_ascii() }
    }

    /// Its text.
    pub fn text(self) -> &'a str {
        self.text
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        match self.text.as_bytes().first() {
            Some(b'{') => Kind::Bag,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::Text,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'-' | b'0'..=b'9') if self.text.parse::<i64>().is_ok() => Kind::Long,
            Some(b'-' | b'0'..=b'9') => Kind::Real,
            _ => Kind::Null,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        matches!(self.text.as_bytes().first(), None | Some(b'n'))
    }

    /// Its truth, if it is one.
    pub fn bool(self) -> Option<bool> {
        match self.text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Its whole number, if it is one.
    pub fn long(self) -> Option<i64> {
        self.text.as_bytes().first().filter(|first| matches!(first, b'-' | b'0'..=b'9')).and_then(|_| self.text.parse().ok())
    }

    /// Its number; texts that name what JSON has no number for (`"NaN"`, `"Infinity"`) count.
    pub fn real(self) -> Option<f64> {
        match self.text.as_bytes().first()? {
            b'-' | b'0'..=b'9' => self.text.parse().ok(),
            b'"' => match self.text {
                "\"NaN\"" => Some(f64::NAN),
                "\"Infinity\"" => Some(f64::INFINITY),
                "\"-Infinity\"" => Some(f64::NEG_INFINITY),
                _ => None,
            },
            _ => None,
        }
    }

    /// What its text says, if it is a text.
    pub fn string(self) -> Option<Cow<'a, str>> {
        let inner = self.text.strip_prefix('"')?.strip_suffix('"')?;
        Some(unescape(inner))
    }

    /// The elements of an array; none of anything else.
    pub fn elements(self) -> Elements<'a> {
        Elements { text: self.text, at: if self.text.starts_with('[') { 1 } else { self.text.len() } }
    }

    /// The properties of a bag in their order; none of anything else.
    pub fn entries(self) -> Entries<'a> {
        Entries { text: self.text, at: if self.text.starts_with('{') { 1 } else { self.text.len() } }
    }

    /// A property of a bag.
    pub fn property(self, name: &str) -> Option<Self> {
        self.entries().find(|(key, _)| key.is(name)).map(|(_, value)| value)
    }

    /// An element of an array; a negative place counts from the end.
    pub fn element(self, place: i64) -> Option<Self> {
        if place >= 0 {
            return self.elements().nth(usize::try_from(place).ok()?);
        }
        let back = usize::try_from(place.unsigned_abs()).ok()?;
        let length = self.elements().count();
        self.elements().nth(length.checked_sub(back)?)
    }
}

/// The name of a property, as it is written between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    raw: &'a str,
}

impl<'a> Key<'a> {
    /// Whether it is this name.
    pub fn is(self, name: &str) -> bool {
        self.raw == name || (self.raw.contains('\\') && unescape(self.raw) == name)
    }

    /// What it says.
    pub fn name(self) -> Cow<'a, str> {
        unescape(self.raw)
    }

    /// How it is written, without quotes.
    pub fn raw(self) -> &'a str {
        self.raw
    }
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        let bytes = self.text.as_bytes();
        let start = skip_space(bytes, self.at);
        if bytes.get(start).is_none_or(|byte| *byte == b']') {
            self.at = bytes.len();
            return None;
        }
        let Some((value, next)) = value_at(self.text, start) else {
            self.at = bytes.len();
            return None;
        };
        self.at = next;
        Some(value)
    }
}

/// The properties of a bag.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Key<'a>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let entry = entry_at(self.text, self.at);
        self.at = entry.as_ref().map_or(self.text.len(), |(_, next)| *next);
        entry.map(|(entry, _)| entry)
    }
}

/// The property at a place and where the next one starts.
fn entry_at(text: &str, at: usize) -> Option<((Key<'_>, Json<'_>), usize)> {
    let bytes = text.as_bytes();
    let start = skip_space(bytes, at);
    if bytes.get(start) != Some(&b'"') {
        return None;
    }
    let end = skip_string(bytes, start)?;
    let raw = text.get(start + 1..end - 1)?;
    let colon = skip_space(bytes, end);
    if bytes.get(colon) != Some(&b':') {
        return None;
    }
    let (value, next) = value_at(text, skip_space(bytes, colon + 1))?;
    Some(((Key { raw }, value), next))
}

/// The value at a place and where the one after its comma starts.
fn value_at(text: &str, start: usize) -> Option<(Json<'_>, usize)> {
    let bytes = text.as_bytes();
    let end = skip_value(bytes, start)?;
    let value = Json { text: text.get(start..end)? };
    let after = skip_space(bytes, end);
    let next = if bytes.get(after) == Some(&b',') { after + 1 } else { after };
    Some((value, next))
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The end of the value that starts here.
fn skip_value(bytes: &[u8], start: usize) -> Option<usize> {
    match bytes.get(start)? {
        b'"' => skip_string(bytes, start),
        b'{' | b'[' => skip_container(bytes, start),
        _ => {
            let rest = &bytes[start..];
            let length = rest.iter().position(|byte| matches!(byte, b',' | b']' | b'}' | b':' | b'"') || byte.is_ascii_whitespace());
            length.map_or(Some(bytes.len()), |length| (length > 0).then_some(start + length))
        }
    }
}

fn skip_container(bytes: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = skip_string(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The place behind the closing quote of the string that starts here: eight bytes are looked at together.
fn skip_string(bytes: &[u8], start: usize) -> Option<usize> {
    let has = |word: u64, byte: u8| {
        let word = word ^ (LOW * u64::from(byte));
        word.wrapping_sub(LOW) & !word & HIGH
    };
    let mut at = start + 1;
    loop {
        while let Some(chunk) = bytes.get(at..at + 8).and_then(|chunk| <[u8; 8]>::try_from(chunk).ok()) {
            let word = u64::from_le_bytes(chunk);
            let found = has(word, b'"') | has(word, b'\\');
            if found != 0 {
                at += (found.trailing_zeros() / 8) as usize;
                break;
            }
            at += 8;
        }
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// What the inside of a string says.
fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let Some(letter) = escape.chars().next() else { return Cow::Owned(text) };
        rest = &escape[letter.len_utf8()..];
        match letter {
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'u' => {
                let (letter, after) = unicode_escape(rest);
                text.push(letter);
                rest = after;
            }
            other => text.push(other),
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The letter of `\uXXXX`, or of two such that are halves of one, and what follows.
fn unicode_escape(rest: &str) -> (char, &str) {
    let unit = |text: &str| text.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let Some(first) = unit(rest) else { return (char::REPLACEMENT_CHARACTER, rest) };
    let after = &rest[4..];
    if !(0xD800..0xDC00).contains(&first) {
        return (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), after);
    }
    match after.strip_prefix("\\u").and_then(unit) {
        Some(second) if (0xDC00..0xE000).contains(&second) => {
            let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), &after[6..])
        }
        _ => (char::REPLACEMENT_CHARACTER, after),
    }
}

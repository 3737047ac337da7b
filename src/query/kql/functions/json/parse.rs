//! From any text to JSON text without space between its parts.

use std::borrow::Cow;

use super::write::string_of;

/// The value that a text says: itself where it is JSON, without the space between its parts, else the text as a JSON string; none of an empty text.
pub fn parse(text: &str) -> Option<Cow<'_, str>> {
    let trimmed = text.trim_ascii();
    if trimmed.is_empty() {
        return None;
    }
    match (Check { bytes: trimmed.as_bytes(), at: 0, spaced: false }).whole() {
        Some(false) => Some(Cow::Borrowed(trimmed)),
        Some(true) => Some(Cow::Owned(without_space(trimmed))),
        None => Some(Cow::Owned(string_of(text))),
    }
}

/// What may come next.
enum Want {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

struct Check<'a> {
    bytes: &'a [u8],
    at: usize,
    spaced: bool,
}

impl Check<'_> {
    /// Whether the text is JSON, and if so whether there is space between its parts. It keeps its own stack: depth costs no calls.
    fn whole(mut self) -> Option<bool> {
        let mut open: Vec<u8> = Vec::new();
        let mut want = Want::Value;
        loop {
            self.skip_space();
            let byte = *self.bytes.get(self.at)?;
            want = match want {
                Want::ValueOrEnd if byte == b']' => self.close(&mut open),
                Want::KeyOrEnd if byte == b'}' => self.close(&mut open),
                Want::Value | Want::ValueOrEnd => match byte {
                    b'{' | b'[' => {
                        open.push(byte);
                        self.at += 1;
                        if byte == b'{' { Want::KeyOrEnd } else { Want::ValueOrEnd }
                    }
                    _ => {
                        self.scalar(byte)?;
                        Want::CommaOrEnd
                    }
                },
                Want::Key | Want::KeyOrEnd => {
                    self.string()?;
                    self.skip_space();
                    self.expect(b':')?;
                    Want::Value
                }
                Want::CommaOrEnd => match (byte, open.last()?) {
                    (b',', b'{') => self.step(Want::Key),
                    (b',', _) => self.step(Want::Value),
                    (b'}', b'{') | (b']', b'[') => self.close(&mut open),
                    _ => return None,
                },
            };
            if open.is_empty() && matches!(want, Want::CommaOrEnd) {
                return (self.at == self.bytes.len()).then_some(self.spaced);
            }
        }
    }

    fn close(&mut self, open: &mut Vec<u8>) -> Want {
        open.pop();
        self.step(Want::CommaOrEnd)
    }

    fn step(&mut self, want: Want) -> Want {
        self.at += 1;
        want
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
            self.spaced = true;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.bytes.get(self.at) == Some(&byte)).then(|| self.at += 1)
    }

    fn scalar(&mut self, first: u8) -> Option<()> {
        match first {
            b'"' => self.string(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn digits(&mut self) -> Option<()> {
        let length = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += length;
        (length > 0).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.expect(b'-');
        if self.expect(b'0').is_none() {
            self.digits()?;
        }
        if self.expect(b'.').is_some() {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        loop {
            match *self.bytes.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => {
                    let digits = match self.bytes.get(self.at + 1)? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 0,
                        b'u' => 4,
                        _ => return None,
                    };
                    let digits_text = self.bytes.get(self.at + 2..self.at + 2 + digits)?;
                    if !digits_text.iter().all(u8::is_ascii_hexdigit) {
                        return None;
                    }
                    self.at += 2 + digits;
                }
                0..=0x1f => return None,
                _ => self.at += 1,
            }
        }
    }
}

/// A JSON text without the space between its parts.
fn without_space(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut inside, mut escaped, mut from) = (false, false, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b' ' | b'\t' | b'\n' | b'\r' if !inside => {
                out.push_str(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    out.push_str(&text[from..]);
    out
}

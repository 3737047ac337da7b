//! Finds where a JSON value ends and whether it is valid, without building a tree.
//!
//! What this scanner accepts, `serde_json` accepts: later reading cannot fail on form. It never recurses, so depth costs
//! no stack.

use super::Limits;

/// A member of the outermost object: places of the key (without quotes) and of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// First byte of the key's text.
    pub(crate) key: usize,
    /// Byte behind the key's text.
    pub(crate) key_end: usize,
    /// First byte of the value.
    pub(crate) value: usize,
    /// Byte behind the value.
    pub(crate) value_end: usize,
}

impl Member {
    /// The key as it is written, escapes and all.
    pub(crate) fn key<'a>(&self, raw: &'a [u8]) -> &'a [u8] {
        &raw[self.key..self.key_end]
    }

    /// The value as it is written.
    pub(crate) fn value<'a>(&self, raw: &'a [u8]) -> &'a [u8] {
        &raw[self.value..self.value_end]
    }
}

/// A complete value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// Byte behind the value.
    pub(crate) end: usize,
    /// Whether white space stands between its tokens.
    pub(crate) spaced: bool,
}

/// Why a scan stopped before the end of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The bytes end first.
    Incomplete,
    /// The value is not valid, or beyond a limit.
    Flaw {
        /// Byte of the flaw.
        at: usize,
        /// Stable name of the reason.
        code: &'static str,
        /// What was expected.
        message: String,
    },
}

fn flaw<T>(at: usize, message: &str) -> Result<T, Stop> {
    Err(Stop::Flaw { at, code: "json_invalid", message: format!("expected {message}") })
}

/// Length of a value that `scan` refuses in numbers: below it no integer is out of the range of a double.
const SHORT_NUMBER: usize = 300;

/// Scans the value that begins at the first byte and notes the members of an outermost object.
pub(crate) fn scan(bytes: &[u8], limits: &Limits, members: &mut Vec<Member>) -> Result<Scanned, Stop> {
    members.clear();
    Scanner { bytes, at: 0, stack: [0; STACK_WORDS], depth: 0, spaced: false, values: 0, limits, members }.run()
}

const STACK_WORDS: usize = 2;

/// Deepest nesting that can be asked for; a limit above it acts like it.
pub(crate) const DEPTH_CEILING: usize = STACK_WORDS * 64;

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// One bit for each open container: set for an object.
    stack: [u64; STACK_WORDS],
    depth: usize,
    spaced: bool,
    values: usize,
    limits: &'a Limits,
    members: &'a mut Vec<Member>,
}

impl Scanner<'_> {
    fn run(mut self) -> Result<Scanned, Stop> {
        'value: loop {
            self.space();
            self.values += 1;
            if self.values > self.limits.values {
                return self.over("values_exceeded", format!("at most {} values in a document", self.limits.values));
            }
            match self.peek()? {
                b'{' => {
                    self.push(true)?;
                    self.space();
                    if self.peek()? == b'}' {
                        self.at += 1;
                        self.depth -= 1;
                    } else {
                        self.key()?;
                        continue 'value;
                    }
                }
                b'[' => {
                    self.push(false)?;
                    self.space();
                    if self.peek()? == b']' {
                        self.at += 1;
                        self.depth -= 1;
                    } else {
                        continue 'value;
                    }
                }
                b'"' => {
                    self.at = string_end(self.bytes, self.at + 1)?;
                }
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                b'-' | b'0'..=b'9' => self.number()?,
                _ => return flaw(self.at, "a JSON value"),
            }
            // Behind a value: close containers until a comma asks for the next value.
            loop {
                if self.depth == 1
                    && self.in_object()
                    && let Some(member) = self.members.last_mut()
                {
                    member.value_end = self.at;
                }
                if self.depth == 0 {
                    return Ok(Scanned { end: self.at, spaced: self.spaced });
                }
                self.space();
                let close = if self.in_object() { b'}' } else { b']' };
                match self.peek()? {
                    b',' => {
                        self.at += 1;
                        if close == b'}' {
                            self.space();
                            self.key()?;
                        }
                        continue 'value;
                    }
                    b if b == close => {
                        self.at += 1;
                        self.depth -= 1;
                    }
                    _ => return flaw(self.at, if close == b'}' { "`,` or `}`" } else { "`,` or `]`" }),
                }
            }
        }
    }

    fn over<T>(&self, code: &'static str, message: String) -> Result<T, Stop> {
        Err(Stop::Flaw { at: self.at, code, message: format!("expected {message}") })
    }

    fn peek(&self) -> Result<u8, Stop> {
        self.bytes.get(self.at).copied().ok_or(Stop::Incomplete)
    }

    fn space(&mut self) {
        let from = self.at;
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
        self.spaced |= self.at > from;
    }

    fn in_object(&self) -> bool {
        let top = self.depth - 1;
        self.stack[top / 64] >> (top % 64) & 1 == 1
    }

    fn push(&mut self, object: bool) -> Result<(), Stop> {
        if self.depth >= self.limits.depth.min(DEPTH_CEILING) {
            return self.over("depth_exceeded", format!("at most {} levels of nesting", self.limits.depth.min(DEPTH_CEILING)));
        }
        let (word, bit) = (self.depth / 64, 1u64 << (self.depth % 64));
        if object {
            self.stack[word] |= bit;
        } else {
            self.stack[word] &= !bit;
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Reads a key and its colon, and stands before the value.
    fn key(&mut self) -> Result<(), Stop> {
        if self.peek()? != b'"' {
            return flaw(self.at, "a member name in quotes");
        }
        let key = self.at + 1;
        self.at = string_end(self.bytes, key)?;
        let key_end = self.at - 1;
        self.space();
        if self.peek()? != b':' {
            return flaw(self.at, "`:`");
        }
        self.at += 1;
        self.space();
        if self.depth == 1 {
            if self.members.len() >= self.limits.members {
                return self.over("members_exceeded", format!("at most {} members in an object", self.limits.members));
            }
            self.members.push(Member { key, key_end, value: self.at, value_end: self.at });
        }
        Ok(())
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Stop> {
        let rest = &self.bytes[self.at..];
        if rest.len() < word.len() {
            return if word.starts_with(rest) { Err(Stop::Incomplete) } else { flaw(self.at, "a JSON value") };
        }
        if !rest.starts_with(word) {
            return flaw(self.at, "a JSON value");
        }
        self.at += word.len();
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Stop> {
        if !self.peek()?.is_ascii_digit() {
            return flaw(self.at, "a digit");
        }
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Stop> {
        let from = self.at;
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
            if self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
                return flaw(self.at, "no digit behind a leading zero");
            }
        } else {
            self.digits()?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        let mut wide = self.at - from > SHORT_NUMBER;
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            wide = true;
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        // A number that touches the end of the bytes may go on.
        self.peek()?;
        if wide {
            let text = std::str::from_utf8(&self.bytes[from..self.at]).unwrap_or_default();
            if !text.parse::<f64>().is_ok_and(f64::is_finite) {
                return flaw(from, "a number in the range of a double");
            }
        }
        Ok(())
    }
}

/// The byte behind the closing quote of the string whose text begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> Result<usize, Stop> {
    loop {
        at = plain_end(bytes, at).ok_or(Stop::Incomplete)?;
        match bytes[at] {
            b'"' => return Ok(at + 1),
            b'\\' => at = escape_end(bytes, at)?,
            _ => return flaw(at, "no control character inside a string"),
        }
    }
}

/// The first quote, backslash or control character from `at` on, eight bytes at a time.
fn plain_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zeros = |word: u64| word.wrapping_sub(LOW) & !word;
    while let Some(chunk) = bytes.get(at..at + 8) {
        let word = u64::from_le_bytes(chunk.try_into().expect("a slice of eight bytes"));
        let quote = zeros(word ^ (LOW * b'"' as u64));
        let backslash = zeros(word ^ (LOW * b'\\' as u64));
        let control = word.wrapping_sub(LOW * 0x20) & !word;
        let found = (quote | backslash | control) & HIGH;
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    bytes.get(at..)?.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f)).map(|place| at + place)
}

fn escape_end(bytes: &[u8], at: usize) -> Result<usize, Stop> {
    match bytes.get(at + 1) {
        None => Err(Stop::Incomplete),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match hex4(bytes, at + 2)? {
            0xd800..=0xdbff => {
                match (bytes.get(at + 6), bytes.get(at + 7)) {
                    (None, _) | (Some(b'\\'), None) => return Err(Stop::Incomplete),
                    (Some(b'\\'), Some(b'u')) => {}
                    _ => return flaw(at, "the second half of a surrogate pair"),
                }
                match hex4(bytes, at + 8)? {
                    0xdc00..=0xdfff => Ok(at + 12),
                    _ => flaw(at, "the second half of a surrogate pair"),
                }
            }
            0xdc00..=0xdfff => flaw(at, "the first half of a surrogate pair"),
            _ => Ok(at + 6),
        },
        Some(_) => flaw(at, "a known escape"),
    }
}

fn hex4(bytes: &[u8], at: usize) -> Result<u32, Stop> {
    let mut code = 0;
    for place in at..at + 4 {
        let digit = bytes.get(place).ok_or(Stop::Incomplete)?;
        match (*digit as char).to_digit(16) {
            Some(digit) => code = code * 16 + digit,
            None => return flaw(place, "four hexadecimal digits"),
        }
    }
    Ok(code)
}

/// Writes a valid JSON value without white space between its tokens.
pub(crate) fn compact(raw: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut at = 0;
    while at < raw.len() {
        match raw[at] {
            b' ' | b'\n' | b'\r' | b'\t' => at += 1,
            b'"' => {
                let end = string_end(raw, at + 1).unwrap_or(raw.len());
                out.extend_from_slice(&raw[at..end]);
                at = end;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
}

/// Skips bytes of a value whose containers are open, until `depth` of them are closed.
#[derive(Debug)]
pub(crate) struct Skip {
    depth: usize,
    string: bool,
    escaped: bool,
}

impl Skip {
    /// Stands inside `depth` open containers, outside of strings.
    pub(crate) fn inside(depth: usize) -> Self {
        Self { depth, string: false, escaped: false }
    }

    /// Takes bytes; the place behind the last closing bracket once it is among them.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.string => self.escaped = true,
                b'"' => self.string = !self.string,
                _ if self.string => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(text: &str) -> Result<Scanned, Stop> {
        scan(text.as_bytes(), &Limits::default(), &mut Vec::new())
    }

    #[test]
    fn finds_the_end_of_a_value() {
        for (text, end, spaced) in [
            (r#"{"a":1}x"#, 7, false),
            (r#"{} {}"#, 2, false),
            ("{ \"a\" : [1, 2.5e3, -0, \"\\u00e9\\ud83d\\ude00\"] }\n", 46, true),
            (r#"["a\"]","b"] "#, 12, false),
            (r#"{"a":{"b":[{"c":null}]},"d":true}"#, 33, false),
        ] {
            assert_eq!(run(text), Ok(Scanned { end, spaced }), "{text}");
        }
    }

    #[test]
    fn names_the_flaw() {
        for (text, place) in [
            ("{\"a\":1,}", 7),
            ("{\"a\" 1}", 5),
            ("{\"a\":01}", 6),
            ("{\"a\":1 \"b\":2}", 7),
            ("[1,]", 3),
            ("{\"a\":\"x\ny\"}", 7),
            ("{\"a\":\"\\x\"}", 6),
            ("{\"a\":\"\\ud800\"}", 6),
            ("{\"a\":1e999}", 5),
            ("{\"a\":nul}", 5),
            ("{\"a\":+1}", 5),
        ] {
            assert!(matches!(run(text), Err(Stop::Flaw { at, code: "json_invalid", .. }) if at == place), "{text}: {:?}", run(text));
        }
    }

    #[test]
    fn notes_members() {
        let raw = br#"{ "a" : 1 , "b":{"c":[2]},"d":"e" }"#;
        let mut members = Vec::new();
        scan(raw, &Limits::default(), &mut members).expect("valid");
        let seen: Vec<(&[u8], &[u8])> = members.iter().map(|m| (m.key(raw), m.value(raw))).collect();
        assert_eq!(seen, [(&b"a"[..], &b"1"[..]), (b"b", br#"{"c":[2]}"#), (b"d", br#""e""#)]);
    }

    #[test]
    fn depth_and_counts_are_limited_without_stack() {
        let deep = "[".repeat(10_000);
        assert!(matches!(run(&deep), Err(Stop::Flaw { code: "depth_exceeded", .. })));
        let wide = format!("{{{}}}", (0..30_000).map(|n| format!("\"m{n}\":0")).collect::<Vec<_>>().join(","));
        assert!(matches!(run(&wide), Err(Stop::Flaw { code: "members_exceeded", .. })));
        let long = format!("[{}0]", "0,".repeat(Limits::default().values));
        assert!(matches!(run(&long), Err(Stop::Flaw { code: "values_exceeded", .. })));
    }

    #[test]
    fn compacts_outside_of_strings_only() {
        let mut out = Vec::new();
        compact(b"{ \"a b\" : [ 1 ,\t2 ],\r\n \"c\":\"x \\\" y\" }", &mut out);
        assert_eq!(out, br#"{"a b":[1,2],"c":"x \" y"}"#);
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in r#"[\{\}\[\],:" \\a0-9eE+.\-utrefalsn]{0,24}"#) {
            let ours = match run(&format!("{text} ")) {
                Ok(done) => text.get(done.end..).is_none_or(|rest| rest.trim_matches([' ', '\n', '\r', '\t']).is_empty()),
                Err(_) => false,
            };
            prop_assert_eq!(ours, serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }

        #[test]
        fn any_prefix_is_incomplete(value in "[a-z\"\\\\é]{0,12}", cut in 0usize..40) {
            let text = serde_json::json!({ "k": [value, 1.5, null, {"z": true}] }).to_string();
            let cut = cut.min(text.len() - 1);
            prop_assert_eq!(scan(&text.as_bytes()[..cut], &Limits::default(), &mut Vec::new()), Err(Stop::Incomplete));
        }
    }
}

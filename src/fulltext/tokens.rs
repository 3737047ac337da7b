//! How text of this field becomes words: whole names (`T1078.004`, `175.45.176.99`, `mimikatz.exe`) and their parts.
//!
//! One tokeniser serves documents and questions. White space and *hard* marks (slashes, brackets, quotes, colons ...) end a
//! chunk; *soft* marks (`.`, `-`, `_`, `@` ...) hold a chunk together but part its words. A chunk of several words gives a
//! token for the whole at the place of its first word, then the words one after the other; a GUID is a word, for nobody looks
//! for a part of one but its beginning. Case and accents are folded.

use tantivy::tokenizer::{AsciiFoldingFilter, TextAnalyzer, Token, TokenStream, Tokenizer};

/// Longest token in bytes; what is longer is cut there, in documents and questions alike.
pub(crate) const TOKEN_BYTES_MAX: usize = 128;

/// Name of the tokeniser in the schema of the index.
pub(crate) const TOKENIZER: &str = "clew2";

/// Returns the analyser of documents and questions.
pub(crate) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(SecurityTokenizer::default()).filter(AsciiFoldingFilter).build()
}

/// A token with its place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// The folded text.
    pub(crate) text: String,
    /// Count of words before it.
    pub(crate) position: usize,
    /// First byte in the text.
    pub(crate) start: usize,
    /// Byte behind the last.
    pub(crate) end: usize,
}

/// What stands between two hard marks of a question's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The whole, folded.
    pub(crate) whole: String,
    /// Its words; one that equals the whole if the chunk is a plain word.
    pub(crate) parts: Vec<Word>,
}

impl Chunk {
    /// Whether the whole names one thing, so that looking for its parts would find no more.
    pub(crate) fn is_name(&self) -> bool {
        self.parts.len() > 1 && (self.whole.parse::<std::net::IpAddr>().is_ok() || is_mac(&self.whole))
    }
}

/// Returns all tokens of `text` in order, whole chunks before their parts.
pub(crate) fn words(analyzer: &mut TextAnalyzer, text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    analyzer.token_stream(text).process(&mut |token| {
        words.push(Word { text: token.text.clone(), position: token.position, start: token.offset_from, end: token.offset_to });
    });
    words
}

/// Returns the chunks of `text` in order.
pub(crate) fn chunks(analyzer: &mut TextAnalyzer, text: &str) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut end = 0;
    let words = words(analyzer, text);
    for (at, word) in words.iter().enumerate() {
        let is_whole = words.get(at + 1).is_some_and(|next| next.position == word.position);
        match chunks.last_mut() {
            _ if is_whole => {
                end = word.end;
                chunks.push(Chunk { whole: word.text.clone(), parts: Vec::new() });
            }
            Some(chunk) if word.end <= end => chunk.parts.push(word.clone()),
            _ => {
                end = word.end;
                chunks.push(Chunk { whole: word.text.clone(), parts: vec![word.clone()] });
            }
        }
    }
    chunks
}

/// Lower-case letters and digits of `text` only: `Initial Access` and `InitialAccess` are one.
pub(crate) fn squeeze(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| if matches!(at, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() })
}

fn is_mac(text: &str) -> bool {
    text.len() == 17 && text.bytes().enumerate().all(|(at, b)| if at % 3 == 2 { matches!(b, b':' | b'-') } else { b.is_ascii_hexdigit() })
}

/// Splits text into whole names and their words.
#[derive(Clone, Default)]
pub(crate) struct SecurityTokenizer {
    token: Token,
}

/// The tokens of one text.
pub(crate) struct SecurityTokens<'a> {
    text: &'a str,
    token: &'a mut Token,
    /// Where the search for the next chunk begins.
    next_chunk: usize,
    /// The rest of the chunk whose parts are being given out.
    parts: (usize, usize),
    /// Place of the next word.
    position: usize,
}

impl Tokenizer for SecurityTokenizer {
    type TokenStream<'a> = SecurityTokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SecurityTokens<'a> {
        self.token.reset();
        SecurityTokens { text, token: &mut self.token, next_chunk: 0, parts: (0, 0), position: 0 }
    }
}

impl TokenStream for SecurityTokens<'_> {
    fn advance(&mut self) -> bool {
        if let Some((start, end)) = next_part(self.text, self.parts.0, self.parts.1) {
            self.parts.0 = end;
            self.emit(start, end);
            self.position += 1;
            return true;
        }
        let Some((start, end)) = next_chunk(self.text, self.next_chunk) else { return false };
        self.next_chunk = end;
        self.emit(start, end);
        // A chunk that is one word is given out once.
        if next_part(self.text, start, end) == Some((start, end)) || is_guid(&self.text[start..end]) {
            self.parts = (end, end);
            self.position += 1;
        } else {
            self.parts = (start, end);
        }
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

impl SecurityTokens<'_> {
    fn emit(&mut self, start: usize, end: usize) {
        self.token.offset_from = start;
        self.token.offset_to = end;
        self.token.position = self.position;
        self.token.text.clear();
        let text = &self.text.as_bytes()[start..end];
        if text.is_ascii() {
            // Hot path: nearly all words.
            self.token.text.push_str(&self.text[start..start + text.len().min(TOKEN_BYTES_MAX - 3)]);
            self.token.text.make_ascii_lowercase();
            return;
        }
        for c in self.text[start..end].chars() {
            if self.token.text.len() + 4 > TOKEN_BYTES_MAX {
                break;
            }
            match c {
                c if c.is_ascii() => self.token.text.push(c.to_ascii_lowercase()),
                c if is_combining(c) => {}
                c => self.token.text.extend(c.to_lowercase()),
            }
        }
    }
}

/// The next run of word characters and soft marks that begins and ends with a word character.
fn next_chunk(text: &str, from: usize) -> Option<(usize, usize)> {
    let start = from + text[from..].find(is_word)?;
    if let Some(end) = colon_name(text, start) {
        return Some((start, end));
    }
    let rest = &text[start..];
    let stop = rest.find(|c| !is_word(c) && !is_soft(c)).unwrap_or(rest.len());
    Some((start, start + rest[..stop].trim_end_matches(is_soft).len()))
}

/// The next run of word characters within a chunk; characters of scripts without spaces stand alone.
fn next_part(text: &str, from: usize, to: usize) -> Option<(usize, usize)> {
    let start = from + text[from..to].find(is_word)?;
    let mut chars = text[start..to].char_indices();
    let (_, first) = chars.next()?;
    let end = if is_unspaced(first) {
        chars.next().map_or(to, |(at, _)| start + at)
    } else {
        chars.find(|(_, c)| !is_word(*c) || is_unspaced(*c)).map_or(to, |(at, _)| start + at)
    };
    Some((start, end))
}

/// The end of an IPv6 or hardware address that begins at `start`: the only names that colons hold together.
fn colon_name(text: &str, start: usize) -> Option<usize> {
    let bytes = &text.as_bytes()[start..];
    // The colons of a compressed address may stand before its first digit.
    let lead = text[..start].bytes().rev().take_while(|b| *b == b':').count();
    let length = bytes.iter().take(64).take_while(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.' | b'-')).count();
    let run = std::str::from_utf8(&bytes[..length]).ok()?.trim_end_matches(['.', '-']);
    let ends = text[start + run.len()..].chars().next().is_none_or(|c| !is_word(c));
    if !ends || lead == 1 || (lead == 0 && !run.contains(':')) {
        return None;
    }
    let address = run.trim_end_matches(':');
    [run, address].into_iter().find(|name| is_mac(name) || name.parse::<std::net::Ipv6Addr>().is_ok()).map(|name| start + name.len())
}

fn is_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { c.is_alphanumeric() || is_combining(c) }
}

fn is_soft(c: char) -> bool {
    matches!(c, '.' | '-' | '_' | '@' | '\'' | '’' | '$' | '#' | '+' | '~')
}

fn is_combining(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0e7f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<(usize, String)> {
        words(&mut analyzer(), text).into_iter().map(|word| (word.position, word.text)).collect()
    }

    #[test]
    fn keeps_whole_names_and_their_parts() {
        let cases: [(&str, &[(usize, &str)]); 15] = [
            ("Suspicious Logon", &[(0, "suspicious"), (1, "logon")]),
            ("T1078.004", &[(0, "t1078.004"), (0, "t1078"), (1, "004")]),
            ("ran mimikatz.exe.", &[(0, "ran"), (1, "mimikatz.exe"), (1, "mimikatz"), (2, "exe")]),
            (r"C:\Tools\nc.exe", &[(0, "c"), (1, "tools"), (2, "nc.exe"), (2, "nc"), (3, "exe")]),
            (r"CONTOSO\svc_backup", &[(0, "contoso"), (1, "svc_backup"), (1, "svc"), (2, "backup")]),
            ("175.45.176.99:443", &[(0, "175.45.176.99"), (0, "175"), (1, "45"), (2, "176"), (3, "99"), (4, "443")]),
            ("fe80::1ff:fe23 up", &[(0, "fe80::1ff:fe23"), (0, "fe80"), (1, "1ff"), (2, "fe23"), (3, "up")]),
            ("00:1A:2b:3c:4d:5e", &[(0, "00:1a:2b:3c:4d:5e"), (0, "00"), (1, "1a"), (2, "2b"), (3, "3c"), (4, "4d"), (5, "5e")]),
            ("{2F9C5A1E-0001-4d5e-8f00-0123456789ab}.", &[(0, "2f9c5a1e-0001-4d5e-8f00-0123456789ab")]),
            ("<Ana@Contoso.com>", &[(0, "ana@contoso.com"), (0, "ana"), (1, "contoso"), (2, "com")]),
            ("host:ws6", &[(0, "host"), (1, "ws6")]),
            ("WS6$ -- a", &[(0, "ws6"), (1, "a")]),
            ("Müller cafe\u{301} STRASSE", &[(0, "muller"), (1, "cafe"), (2, "strasse")]),
            ("不審な", &[(0, "不審な"), (0, "不"), (1, "審"), (2, "な")]),
            ("-- () ..", &[]),
        ];
        for (text, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|(position, text)| (*position, (*text).to_owned())).collect();
            assert_eq!(texts(text), expected, "{text}");
        }
    }

    #[test]
    fn groups_parts_under_their_chunk() {
        let chunks = chunks(&mut analyzer(), "evil.com 10.0.0.1 x");
        let shape: Vec<_> = chunks.iter().map(|chunk| (chunk.whole.as_str(), chunk.parts.len(), chunk.is_name())).collect();
        assert_eq!(shape, [("evil.com", 2, false), ("10.0.0.1", 4, true), ("x", 1, false)]);
    }

    proptest! {
        #[test]
        fn any_text_gives_ordered_capped_tokens_inside_it(text in "\\PC{0,200}") {
            let mut last = 0;
            for word in words(&mut analyzer(), &text) {
                prop_assert!(word.position >= last);
                prop_assert!(text.get(word.start..word.end).is_some());
                last = word.position;
            }
        }
    }
}

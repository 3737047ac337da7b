//! Patterns of STIX: which values of which objects a threat indicator names.

mod syntax;

pub use syntax::{Flaw, Operator, Test, Tree, parse};

/// A value that a pattern compares with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Type of the object (`ipv4-addr`).
    pub object: String,
    /// Path of its property (`value`, `hashes.SHA-256`), without quotes.
    pub property: String,
    /// The value.
    pub value: String,
    /// Whether this value by itself tells the threat: nothing but OR joins it with the rest of the pattern.
    pub alone: bool,
}

/// What a pattern says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// The values that it compares with for equality.
    pub values: Vec<Compared>,
}

/// Groups inside groups; a pattern that nests deeper names no values.
const DEPTH_MAX: usize = 32;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Mark(char),
    Word(String),
    Text(String),
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(found) if found.eq_ignore_ascii_case(word))
    }
}

/// Reads a pattern; one that is not understood names no values.
pub fn read(text: &str) -> Pattern {
    let values = tokens(text).and_then(|tokens| {
        let mut reader = Reader { tokens: &tokens, place: 0, depth: 0 };
        let values = reader.sequence()?;
        (reader.place == tokens.len()).then_some(values)
    });
    Pattern { values: values.unwrap_or_default() }
}

struct Reader<'a> {
    tokens: &'a [Token],
    place: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.place)
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(word));
        self.place += usize::from(found);
        found
    }

    fn mark(&mut self, mark: char) -> bool {
        let found = self.peek() == Some(&Token::Mark(mark));
        self.place += usize::from(found);
        found
    }

    /// Parts of which each must follow the one before.
    fn sequence(&mut self) -> Option<Vec<Compared>> {
        self.joined("followedby", false, |reader| reader.joined("or", true, |reader| reader.joined("and", false, Self::part)))
    }

    /// Parts between a word; where the word is not OR, no value of several parts tells anything by itself.
    fn joined(&mut self, word: &str, any: bool, part: impl Fn(&mut Self) -> Option<Vec<Compared>>) -> Option<Vec<Compared>> {
        let mut values = part(self)?;
        while self.takes(word) {
            values.extend(part(self)?);
            if !any {
                values.iter_mut().for_each(|value| value.alone = false);
            }
        }
        Some(values)
    }

    /// A group with what qualifies it, or one comparison.
    fn part(&mut self) -> Option<Vec<Compared>> {
        let Some(close) = [('[', ']'), ('(', ')')].into_iter().find(|(open, _)| self.mark(*open)).map(|(_, close)| close) else {
            return self.comparison();
        };
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut values = self.sequence()?;
        self.depth -= 1;
        if !self.mark(close) {
            return None;
        }
        self.qualifiers(&mut values)?;
        Some(values)
    }

    /// `WITHIN 5 SECONDS` says nothing of a single value; repetitions and bounds in time ask for more than the value.
    fn qualifiers(&mut self, values: &mut [Compared]) -> Option<()> {
        loop {
            let (words, asks) = match self.peek() {
                Some(token) if token.is("within") => (3, false),
                Some(token) if token.is("repeats") => (3, true),
                Some(token) if token.is("start") => (self.tokens[self.place..].iter().position(|token| token.is("stop"))? + 2, true),
                _ => return Some(()),
            };
            // `START t'2024-01-01T00:00:00Z' STOP t'..'` writes each instant as one word.
            self.place = Some(self.place + words).filter(|place| *place <= self.tokens.len())?;
            if asks {
                values.iter_mut().for_each(|value| value.alone = false);
            }
        }
    }

    /// `path operator value`: the values that it holds for equal.
    fn comparison(&mut self) -> Option<Vec<Compared>> {
        if self.takes("not") {
            return self.comparison().map(|_| Vec::new());
        }
        if self.takes("exists") {
            self.place += 1;
            return Some(Vec::new());
        }
        let Some(Token::Word(path)) = self.peek().cloned() else { return None };
        let (object, property) = path.split_once(':')?;
        self.place += 1;
        let negated = self.takes("not");
        let equal: fn(&str) -> Option<String> = match self.peek()? {
            Token::Mark('=') => |text| Some(text.to_owned()),
            // An address within a network is as good as equal to it.
            token if token.is("in") || token.is("issubset") => |text| Some(text.to_owned()),
            token if token.is("like") => |text| (!text.contains(['%', '_'])).then(|| text.to_owned()),
            token if token.is("matches") => literal,
            Token::Mark('!' | '<' | '>') => |_| None,
            token if token.is("issuperset") => |_| None,
            _ => return None,
        };
        self.place += 1;
        // `!=`, `<=` and `>=` are two marks.
        self.mark('=');
        let mut written = Vec::new();
        if self.mark('(') {
            while !self.mark(')') {
                written.push(self.value()?);
            }
        } else {
            written.push(self.value()?);
        }
        let kept = written.iter().filter(|_| !negated).filter_map(|text| equal(text));
        let compared = |value| Compared { object: object.to_ascii_lowercase(), property: property.replace('\'', ""), value, alone: true };
        Some(kept.map(compared).collect())
    }

    fn value(&mut self) -> Option<String> {
        let value = match self.peek()? {
            Token::Text(text) | Token::Word(text) => text.clone(),
            Token::Mark(_) => return None,
        };
        self.place += 1;
        Some(value)
    }
}

/// The text that an anchored expression without choices stands for: `^evil\.example$`.
pub fn literal(expression: &str) -> Option<String> {
    let inner = expression.strip_prefix('^')?.strip_suffix('$')?;
    let mut text = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                escaped if escaped.is_ascii_alphanumeric() => return None,
                escaped => text.push(escaped),
            },
            '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => return None,
            plain => text.push(plain),
        }
    }
    Some(text)
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(next) = chars.next() {
        match next {
            space if space.is_whitespace() => {}
            '\'' => tokens.push(Token::Text(quoted(&mut chars)?)),
            '[' | ']' | '(' | ')' | '=' | ',' | '!' | '<' | '>' => {
                if next != ',' {
                    tokens.push(Token::Mark(next));
                }
            }
            first => {
                let mut word = String::from(first);
                while let Some(next) = chars.peek().copied().filter(|next| !next.is_whitespace() && !"[](),=!<>".contains(*next)) {
                    chars.next();
                    word.push(next);
                    if next == '\'' {
                        // A quoted part of a path: `file:hashes.'SHA-256'`.
                        word.push_str(&quoted(&mut chars)?);
                        word.push('\'');
                    }
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Some(tokens)
}

/// The text up to the closing quote.
fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            '\'' => return Some(text),
            '\\' => text.push(chars.next()?),
            other => text.push(other),
        }
    }
}

/// The pattern of one value of a known type: `ip`, `cidr`, `domain`, `url`, `email`, `file`, or a digest (`md5`, `sha1`, `sha256`).
pub fn of_value(kind: &str, value: &str) -> Option<String> {
    let quoted = value.replace('\\', "\\\\").replace('\'', "\\'");
    let version = if value.contains(':') { "ipv6-addr" } else { "ipv4-addr" };
    Some(match kind {
        "ip" => format!("[{version}:value = '{quoted}']"),
        "cidr" => format!("[{version}:value ISSUBSET '{quoted}']"),
        "domain" => format!("[domain-name:value = '{quoted}']"),
        "url" => format!("[url:value = '{quoted}']"),
        "email" => format!("[email-addr:value = '{quoted}']"),
        "file" => format!("[file:name = '{quoted}']"),
        "md5" => format!("[file:hashes.'MD5' = '{quoted}']"),
        "sha1" => format!("[file:hashes.'SHA-1' = '{quoted}']"),
        "sha256" => format!("[file:hashes.'SHA-256' = '{quoted}']"),
        _ => return None,
    })
}

/// The type of a value by its form, as [`of_value`] takes it.
pub fn kind_of_value(value: &str) -> Option<&'static str> {
    let hex = |length: usize| value.len() == length && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    if value.parse::<std::net::IpAddr>().is_ok() {
        return Some("ip");
    }
    if value.split_once('/').is_some_and(|(address, bits)| address.parse::<std::net::IpAddr>().is_ok() && bits.parse::<u8>().is_ok()) {
        return Some("cidr");
    }
    if value.contains("://") {
        return Some("url");
    }
    if hex(32) {
        return Some("md5");
    }
    if hex(40) {
        return Some("sha1");
    }
    if hex(64) {
        return Some("sha256");
    }
    if value.contains('@') {
        return Some("email");
    }
    let labels = value.split('.').count();
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    (labels > 1 && plain && !value.starts_with('.') && !value.ends_with('.')).then_some("domain")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of a pattern, those that tell the threat alone with a mark.
    fn values(text: &str) -> Vec<String> {
        let mark = |found: &Compared| if found.alone { "" } else { "~" };
        read(text).values.iter().map(|found| format!("{}{}:{}={}", mark(found), found.object, found.property, found.value)).collect()
    }

    #[test]
    fn reads_patterns() {
        let cases: [(&str, &[&str]); 20] = [
            ("[ipv4-addr:value = '198.51.100.7']", &["ipv4-addr:value=198.51.100.7"]),
            ("[url:value='http://x/' OR domain-name:value = 'x.org']", &["url:value=http://x/", "domain-name:value=x.org"]),
            ("[file:hashes.'SHA-256' = 'ab']", &["file:hashes.SHA-256=ab"]),
            ("[file:hashes.MD5 = 'ab'] OR [file:hashes.MD5 = 'cd']", &["file:hashes.MD5=ab", "file:hashes.MD5=cd"]),
            ("[ipv4-addr:value IN ('1.1.1.1', '2.2.2.2')]", &["ipv4-addr:value=1.1.1.1", "ipv4-addr:value=2.2.2.2"]),
            ("[ipv4-addr:value ISSUBSET '10.0.0.0/8']", &["ipv4-addr:value=10.0.0.0/8"]),
            ("[file:name = 'a' AND file:size = 3]", &["~file:name=a", "~file:size=3"]),
            ("[file:name LIKE 'a%']", &[]),
            ("[file:name LIKE 'a.exe' OR url:value LIKE 'http://x/%']", &["file:name=a.exe"]),
            (r"[domain-name:value MATCHES '^evil\\.example$']", &["domain-name:value=evil.example"]),
            (r"[domain-name:value MATCHES 'evil.*']", &[]),
            (r"[file:name = 'it\'s']", &["file:name=it's"]),
            ("[file:name = 'a' AND file:size = 3 OR file:name = 'b']", &["~file:name=a", "~file:size=3", "file:name=b"]),
            (
                "[file:name = 'a' AND (file:size = 3 OR file:size = 4)] OR [url:value = 'u']",
                &["~file:name=a", "~file:size=3", "~file:size=4", "url:value=u"],
            ),
            ("[url:value = 'u'] FOLLOWEDBY [file:name = 'b']", &["~url:value=u", "~file:name=b"]),
            ("([url:value = 'u'] OR [file:name = 'b']) WITHIN 600 SECONDS", &["url:value=u", "file:name=b"]),
            ("[url:value = 'u'] REPEATS 5 TIMES", &["~url:value=u"]),
            ("[url:value = 'u'] START t'2024-01-01T00:00:00Z' STOP t'2024-02-01T00:00:00Z'", &["~url:value=u"]),
            ("[file:name != 'a' AND NOT file:name = 'b' OR EXISTS file:size OR file:size > 3]", &[]),
            ("[file:name = 'open", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(values(text), expected, "{text}");
        }
        assert_eq!(values(&format!("{}a:b = 'c'{}", "(".repeat(10_000), ")".repeat(10_000))), Vec::<String>::new());
    }

    #[test]
    fn values_tell_their_type() {
        let cases = [
            ("198.51.100.7", Some("ip")),
            ("2001:db8::1", Some("ip")),
            ("10.0.0.0/8", Some("cidr")),
            ("http://x.org/a", Some("url")),
            ("x.org", Some("domain")),
            ("a@x.org", Some("email")),
            ("d41d8cd98f00b204e9800998ecf8427e", Some("md5")),
            ("hello world", None),
            ("word", None),
        ];
        for (value, kind) in cases {
            assert_eq!(kind_of_value(value), kind, "{value}");
            if let Some(kind) = kind {
                let pattern = read(&of_value(kind, value).expect("a pattern"));
                assert_eq!((pattern.values[0].value.as_str(), pattern.values[0].alone), (value, true));
            }
        }
    }
}

//! Patterns of STIX: which values of which objects a threat indicator names.

/// A value that a pattern compares with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Type of the object (`ipv4-addr`).
    pub object: String,
    /// Path of its property (`value`, `hashes.SHA-256`), without quotes.
    pub property: String,
    /// The value.
    pub value: String,
}

/// What a pattern says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// The values that it compares with for equality.
    pub values: Vec<Compared>,
    /// Whether any of the values alone tells the threat: the pattern has nothing but equality and OR.
    pub any: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Mark(char),
    Word(String),
    Text(String),
}

/// Reads a pattern; one that is not understood names no values.
pub fn read(text: &str) -> Pattern {
    let Some(tokens) = tokens(text) else { return Pattern::default() };
    let mut pattern = Pattern { values: Vec::new(), any: true };
    let mut place = 0;
    while place < tokens.len() {
        match &tokens[place] {
            Token::Mark('[' | ']' | '(' | ')') => place += 1,
            Token::Word(word) if word.eq_ignore_ascii_case("or") => place += 1,
            Token::Word(word) if word.contains(':') => match comparison(&tokens[place..]) {
                Some((values, next)) => {
                    pattern.any &= !values.is_empty();
                    pattern.values.extend(values);
                    place += next;
                }
                None => return Pattern::default(),
            },
            // AND, FOLLOWEDBY, WITHIN, REPEATS, NOT: one value alone tells nothing.
            Token::Word(_) | Token::Text(_) | Token::Mark(_) => {
                pattern.any = false;
                place += 1;
            }
        }
    }
    pattern.any &= !pattern.values.is_empty();
    pattern
}

/// A comparison at the begin of `tokens`: the values for equality, and how many tokens it takes.
fn comparison(tokens: &[Token]) -> Option<(Vec<Compared>, usize)> {
    let Token::Word(path) = tokens.first()? else { return None };
    let (object, property) = path.split_once(':')?;
    let compared =
        |value: &str| Compared { object: object.to_ascii_lowercase(), property: property.replace('\'', ""), value: value.to_owned() };
    let value = |token: &Token| match token {
        Token::Text(text) | Token::Word(text) => Some(text.clone()),
        Token::Mark(_) => None,
    };
    match tokens.get(1)? {
        Token::Mark('=') => Some((vec![compared(&value(tokens.get(2)?)?)], 3)),
        Token::Word(word) if word.eq_ignore_ascii_case("in") => {
            let end = tokens.iter().position(|token| *token == Token::Mark(')'))?;
            let values = tokens[2..end].iter().filter_map(value).map(|value| compared(&value)).collect();
            Some((values, end + 1))
        }
        // An address within a network is as good as equal to it.
        Token::Word(word) if word.eq_ignore_ascii_case("issubset") => Some((vec![compared(&value(tokens.get(2)?)?)], 3)),
        // LIKE, MATCHES, !=, < and the rest are no equality.
        _ => Some((Vec::new(), 2)),
    }
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

    fn values(text: &str) -> (Vec<String>, bool) {
        let pattern = read(text);
        (pattern.values.iter().map(|found| format!("{}:{}={}", found.object, found.property, found.value)).collect(), pattern.any)
    }

    #[test]
    fn reads_patterns() {
        let cases: [(&str, &[&str], bool); 10] = [
            ("[ipv4-addr:value = '198.51.100.7']", &["ipv4-addr:value=198.51.100.7"], true),
            ("[url:value='http://x/' OR domain-name:value = 'x.org']", &["url:value=http://x/", "domain-name:value=x.org"], true),
            ("[file:hashes.'SHA-256' = 'ab']", &["file:hashes.SHA-256=ab"], true),
            ("[file:hashes.MD5 = 'ab'] OR [file:hashes.MD5 = 'cd']", &["file:hashes.MD5=ab", "file:hashes.MD5=cd"], true),
            ("[ipv4-addr:value IN ('1.1.1.1', '2.2.2.2')]", &["ipv4-addr:value=1.1.1.1", "ipv4-addr:value=2.2.2.2"], true),
            ("[ipv4-addr:value ISSUBSET '10.0.0.0/8']", &["ipv4-addr:value=10.0.0.0/8"], true),
            ("[file:name = 'a' AND file:size = 3]", &["file:name=a", "file:size=3"], false),
            ("[file:name LIKE 'a%']", &[], false),
            (r"[file:name = 'it\'s']", &["file:name=it's"], true),
            ("[file:name = 'open", &[], false),
        ];
        for (text, expected, any) in cases {
            assert_eq!(values(text), (expected.iter().map(|text| (*text).to_owned()).collect(), any), "{text}");
        }
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
                assert_eq!((pattern.values[0].value.as_str(), pattern.any), (value, true));
            }
        }
    }
}

//! The grammar of STIX 2.1 patterns, whole: what is written wrongly is told with its place, and what is written well becomes a tree.

use crate::model::Time;

/// Groups inside groups at the most.
const DEPTH_MAX: usize = 32;

/// Where a pattern is not one of STIX, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Character at which reading stopped, counted from 1.
    pub at: usize,
    /// What should stand there.
    pub expected: &'static str,
    /// What stands there.
    pub found: String,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "expected {} at character {}, found {}", self.expected, self.at, self.found)
    }
}

/// How a test compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`, and `IN` with one value after the other.
    Equal,
    /// `LIKE`: `%` for any characters, `_` for one.
    Like,
    /// `MATCHES`: a regular expression somewhere in the value.
    Matches,
    /// `ISSUBSET`: within a network of addresses.
    IsSubset,
    /// `<`, `>=`, `ISSUPERSET`, `EXISTS`: no value by which a thing would be known.
    Other,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Type of the object (`ipv4-addr`), in lower case.
    pub object: String,
    /// Path of its property (`value`, `hashes.SHA-256`), without quotes.
    pub property: String,
    /// How it compares.
    pub operator: Operator,
    /// Whether it holds where the comparison does not.
    pub negated: bool,
    /// The values, any of which may hold.
    pub values: Vec<String>,
}

/// What a pattern asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// One comparison.
    Test(Test),
    /// Any of these.
    Any(Vec<Tree>),
    /// All of these, of one observation.
    All(Vec<Tree>),
    /// What only several observations, or their times, tell: `FOLLOWEDBY`, `AND` between observations, `REPEATS`, `START`.
    Beyond,
}

/// Reads a pattern by the grammar of STIX 2.1; words of the language may be written in any case.
pub fn parse(text: &str) -> Result<Tree, Flaw> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, place: 0, depth: 0, end: text.chars().count() + 1 };
    let tree = parser.observations()?;
    match parser.peek() {
        None => Ok(tree),
        Some(_) => parser.expected("the end, `AND`, `OR`, `FOLLOWEDBY` or a qualifier"),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Mark(&'static str),
    Word(String),
    Text(String),
    Number(f64),
    Time(String),
    /// `b'..'` and `h'..'`.
    Bytes(String),
}

#[derive(Clone, Debug)]
struct Token {
    at: usize,
    kind: Kind,
}

struct Parser<'a> {
    tokens: &'a [Token],
    place: usize,
    depth: usize,
    end: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.place).map(|token| &token.kind)
    }

    fn expected<T>(&self, expected: &'static str) -> Result<T, Flaw> {
        let (at, found) = self.tokens.get(self.place).map_or((self.end, "the end".to_owned()), |token| (token.at, shown(&token.kind)));
        Err(Flaw { at, expected, found })
    }

    fn mark(&mut self, mark: &str) -> bool {
        let is = matches!(self.peek(), Some(Kind::Mark(found)) if *found == mark);
        self.place += usize::from(is);
        is
    }

    fn word(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Some(Kind::Word(found)) if found.eq_ignore_ascii_case(word));
        self.place += usize::from(is);
        is
    }

    fn needs(&mut self, is: bool, expected: &'static str) -> Result<(), Flaw> {
        if is { Ok(()) } else { self.expected(expected) }
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Flaw>) -> Result<T, Flaw> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.expected("at most 32 groups inside each other");
        }
        let found = inner(self)?;
        self.depth -= 1;
        Ok(found)
    }

    /// Parts with a word between them.
    fn parts(&mut self, word: &str, part: fn(&mut Self) -> Result<Tree, Flaw>) -> Result<Vec<Tree>, Flaw> {
        let mut found = vec![part(self)?];
        while self.word(word) {
            found.push(part(self)?);
        }
        Ok(found)
    }

    fn observations(&mut self) -> Result<Tree, Flaw> {
        let parts = self.parts("followedby", |parser| Ok(any(parser.parts("or", Self::observed)?)))?;
        Ok(alone(parts))
    }

    fn observed(&mut self) -> Result<Tree, Flaw> {
        Ok(alone(self.parts("and", Self::observation)?))
    }

    /// `[..]` or a group, with what qualifies it.
    fn observation(&mut self) -> Result<Tree, Flaw> {
        let mut tree = if self.mark("[") {
            let tree = self.comparisons()?;
            let closed = self.mark("]");
            self.needs(closed, "`AND`, `OR` or `]`")?;
            tree
        } else if self.mark("(") {
            let tree = self.deeper(Self::observations)?;
            let closed = self.mark(")");
            self.needs(closed, "`AND`, `OR`, `FOLLOWEDBY` or `)`")?;
            tree
        } else {
            return self.expected("`[` or `(`");
        };
        loop {
            if self.word("within") {
                self.number("a number of seconds", |number| number > 0.0)?;
                let closed = self.word("seconds");
                self.needs(closed, "`SECONDS`")?;
            } else if self.word("repeats") {
                let times = self.number("how many times", |number| number >= 1.0 && number.fract() == 0.0)?;
                let closed = self.word("times");
                self.needs(closed, "`TIMES`")?;
                if times > 1.0 {
                    tree = Tree::Beyond;
                }
            } else if self.word("start") {
                self.instant()?;
                let between = self.word("stop");
                self.needs(between, "`STOP`")?;
                self.instant()?;
                tree = Tree::Beyond;
            } else {
                return Ok(tree);
            }
        }
    }

    fn number(&mut self, expected: &'static str, holds: fn(f64) -> bool) -> Result<f64, Flaw> {
        match self.peek() {
            Some(Kind::Number(number)) if holds(*number) => {
                let number = *number;
                self.place += 1;
                Ok(number)
            }
            _ => self.expected(expected),
        }
    }

    /// Version 2.0 wrote instants as plain texts.
    fn instant(&mut self) -> Result<(), Flaw> {
        match self.peek() {
            Some(Kind::Time(text) | Kind::Text(text)) if Time::parse(text).is_ok() => {
                self.place += 1;
                Ok(())
            }
            _ => self.expected("an instant such as `t'2024-01-01T00:00:00Z'`"),
        }
    }

    fn comparisons(&mut self) -> Result<Tree, Flaw> {
        Ok(any(self.parts("or", |parser| {
            let mut parts = parser.parts("and", Self::comparison)?;
            Ok(if parts.len() == 1 { parts.remove(0) } else { Tree::All(parts) })
        })?))
    }

    fn comparison(&mut self) -> Result<Tree, Flaw> {
        if self.mark("(") {
            let tree = self.deeper(Self::comparisons)?;
            let closed = self.mark(")");
            self.needs(closed, "`AND`, `OR` or `)`")?;
            return Ok(tree);
        }
        // Version 2.0 allowed `NOT` before a comparison.
        let not = self.word("not");
        if self.word("exists") {
            let (object, property) = self.path()?;
            return Ok(Tree::Test(Test { object, property, operator: Operator::Other, negated: not, values: Vec::new() }));
        }
        let (object, property) = self.path()?;
        let negated = self.word("not") != not;
        let (operator, unequal, values) = if self.mark("=") || self.mark("==") {
            (Operator::Equal, false, vec![self.literal(true)?])
        } else if self.mark("!=") || self.mark("<>") {
            (Operator::Equal, true, vec![self.literal(true)?])
        } else if ["<", "<=", ">", ">="].into_iter().any(|mark| self.mark(mark)) {
            (Operator::Other, false, vec![self.literal(false)?])
        } else if self.word("in") {
            (Operator::Equal, false, self.set()?)
        } else {
            let words = [
                ("like", Operator::Like),
                ("matches", Operator::Matches),
                ("issubset", Operator::IsSubset),
                ("issuperset", Operator::Other),
            ];
            let Some((_, operator)) = words.into_iter().find(|(word, _)| self.word(word)) else {
                return self.expected("a comparison: `=`, `!=`, `<`, `>`, `IN`, `LIKE`, `MATCHES`, `ISSUBSET` or `ISSUPERSET`");
            };
            let Some(Kind::Text(text)) = self.peek().cloned() else { return self.expected("a text in quotes") };
            self.place += 1;
            (operator, false, vec![text])
        };
        Ok(Tree::Test(Test { object, property, operator, negated: negated != unequal, values }))
    }

    /// `file:hashes.'SHA-256'`, `network-traffic:extensions.'http-request-ext'.values[*]`.
    fn path(&mut self) -> Result<(String, String), Flaw> {
        let Some(Kind::Word(object)) = self.peek().cloned() else { return self.expected("a path such as `ipv4-addr:value`") };
        self.place += 1;
        let parted = self.mark(":");
        self.needs(parted, "`:` behind the type of the object")?;
        let mut property = self.step()?;
        loop {
            if self.mark(".") {
                property.push('.');
                property.push_str(&self.step()?);
            } else if self.mark("[") {
                let index = match self.peek() {
                    Some(Kind::Number(number)) if number.fract() == 0.0 => number.to_string(),
                    Some(Kind::Mark("*")) => "*".to_owned(),
                    _ => return self.expected("a place in the list or `*`"),
                };
                self.place += 1;
                let closed = self.mark("]");
                self.needs(closed, "`]`")?;
                property.push_str(&format!("[{index}]"));
            } else {
                return Ok((object.to_ascii_lowercase(), property));
            }
        }
    }

    fn step(&mut self) -> Result<String, Flaw> {
        match self.peek().cloned() {
            Some(Kind::Word(step) | Kind::Text(step)) => {
                self.place += 1;
                Ok(step)
            }
            _ => self.expected("the name of a property"),
        }
    }

    fn literal(&mut self, or_bool: bool) -> Result<String, Flaw> {
        let found = match self.peek() {
            Some(Kind::Text(text) | Kind::Time(text) | Kind::Bytes(text)) => text.clone(),
            Some(Kind::Number(number)) => number.to_string(),
            Some(Kind::Word(word)) if or_bool && (word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false")) => {
                word.to_ascii_lowercase()
            }
            _ => return self.expected("a value: a text in quotes, a number, `true` or `false`"),
        };
        self.place += 1;
        Ok(found)
    }

    fn set(&mut self) -> Result<Vec<String>, Flaw> {
        let opened = self.mark("(");
        self.needs(opened, "`(` with the values")?;
        let mut values = Vec::new();
        if self.mark(")") {
            return Ok(values);
        }
        loop {
            values.push(self.literal(true)?);
            if self.mark(")") {
                return Ok(values);
            }
            let more = self.mark(",");
            self.needs(more, "`,` or `)`")?;
        }
    }
}

fn any(mut parts: Vec<Tree>) -> Tree {
    if parts.len() == 1 { parts.remove(0) } else { Tree::Any(parts) }
}

/// Several observations that only together tell something.
fn alone(mut parts: Vec<Tree>) -> Tree {
    if parts.len() == 1 { parts.remove(0) } else { Tree::Beyond }
}

fn shown(kind: &Kind) -> String {
    match kind {
        Kind::Mark(mark) => format!("`{mark}`"),
        Kind::Word(word) => format!("`{word}`"),
        Kind::Text(text) | Kind::Time(text) | Kind::Bytes(text) => format!("`'{text}'`"),
        Kind::Number(number) => format!("`{number}`"),
    }
}

/// Marks, the longer ones first.
const MARKS: [&str; 17] = ["==", "!=", "<>", "<=", ">=", "=", "<", ">", "[", "]", "(", ")", ",", ":", ".", "*", "+"];

fn tokens(text: &str) -> Result<Vec<Token>, Flaw> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut place = 0;
    while let Some(next) = chars.get(place).copied() {
        let begin = place;
        let begins = |mark: &str| chars[begin..].iter().take(mark.len()).copied().eq(mark.chars());
        let kind = if next.is_whitespace() {
            place += 1;
            continue;
        } else if begins("//") {
            place = (begin..chars.len()).find(|at| chars[*at] == '\n').unwrap_or(chars.len());
            continue;
        } else if begins("/*") {
            let end = (begin + 2..chars.len()).find(|at| chars[*at] == '*' && chars.get(at + 1) == Some(&'/'));
            place = end.ok_or_else(|| flaw(chars.len(), "`*/` at the end of the comment", None))? + 2;
            continue;
        } else if next == '\'' {
            Kind::Text(quoted(&chars, &mut place)?)
        } else if matches!(next, 't' | 'b' | 'h') && chars.get(begin + 1) == Some(&'\'') {
            place += 1;
            let text = quoted(&chars, &mut place)?;
            match next {
                't' if Time::parse(&text).is_err() => return Err(flaw(begin, "an instant such as `t'2024-01-01T00:00:00Z'`", Some(&text))),
                't' => Kind::Time(text),
                'h' if text.len() % 2 != 0 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                    return Err(flaw(begin, "pairs of hexadecimal digits", Some(&text)));
                }
                _ => Kind::Bytes(text),
            }
        } else if next.is_ascii_digit() || matches!(next, '-' | '+') && chars.get(begin + 1).is_some_and(char::is_ascii_digit) {
            place += 1;
            while chars
                .get(place)
                .is_some_and(|c| c.is_ascii_digit() || *c == '.' && chars.get(place + 1).is_some_and(char::is_ascii_digit))
            {
                place += 1;
            }
            let written: String = chars[begin..place].iter().collect();
            Kind::Number(written.parse().map_err(|_| flaw(begin, "a number", Some(&written)))?)
        } else if next.is_ascii_alphabetic() || next == '_' {
            while chars.get(place).is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
                place += 1;
            }
            Kind::Word(chars[begin..place].iter().collect())
        } else if let Some(mark) = MARKS.into_iter().find(|mark| begins(mark)) {
            place += mark.len();
            Kind::Mark(mark)
        } else {
            return Err(flaw(begin, "a path, a value or a mark of the language", Some(&next.to_string())));
        };
        tokens.push(Token { at: begin + 1, kind });
    }
    Ok(tokens)
}

fn flaw(place: usize, expected: &'static str, found: Option<&str>) -> Flaw {
    Flaw { at: place + 1, expected, found: found.map_or_else(|| "the end".to_owned(), |found| format!("`{found}`")) }
}

/// The text from an opening quote to the closing one; `\'` and `\\` stand for a quote and a backslash.
fn quoted(chars: &[char], place: &mut usize) -> Result<String, Flaw> {
    let mut text = String::new();
    let mut at = *place + 1;
    loop {
        match chars.get(at).copied() {
            None => return Err(flaw(at, "a closing quote", None)),
            Some('\'') => {
                *place = at + 1;
                return Ok(text);
            }
            Some('\\') => {
                at += 1;
                match chars.get(at).copied() {
                    Some(escaped @ ('\'' | '\\')) => text.push(escaped),
                    Some(other) => return Err(flaw(at, "`\\\\` or `\\'` behind a backslash", Some(&other.to_string()))),
                    None => return Err(flaw(at, "a closing quote", None)),
                }
            }
            Some(plain) => text.push(plain),
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Patterns of the specification (STIX 2.1, section 9.8) and of its validator's tests.
    #[test]
    fn patterns_of_the_specification_are_well_written() {
        let good = [
            "[file:hashes.'SHA-256' = 'aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f']",
            "[email-message:from_ref.value MATCHES '.+\\\\@example\\\\.com$' AND email-message:body_multipart[*].body_raw_ref.name MATCHES '^Final Report.+\\\\.exe$']",
            "[file:hashes.'SHA-256' = 'aa'] AND [win-registry-key:key = 'hkey']",
            "([file:hashes.MD5 = '79054025255fb1a26e4bc422aef54eb4'] FOLLOWEDBY [windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\foo\\\\bar']) WITHIN 300 SECONDS",
            "[user-account:account_type = 'unix' AND user-account:user_id = '1007' AND user-account:account_login = 'Peter'] REPEATS 3 TIMES",
            "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.33/32'] START t'2016-06-01T00:00:00Z' STOP t'2016-07-01T00:00:00Z'",
            "[artifact:mime_type = 'application/vnd.tcpdump.pcap' AND artifact:payload_bin MATCHES '\\\\xd4\\\\xc3\\\\xb2\\\\xa1\\\\x02\\\\x00\\\\x04\\\\x00']",
            "[file:extensions.'windows-pebinary-ext'.sections[*].entropy > 7.0]",
            "[file:size IN (10, 20.5, -3) AND file:is_x != true OR EXISTS file:name]",
            "[a:b = h'ff00' OR a:c = b'YQ==' OR a:d NOT = t'2014-01-13T07:03:17Z']",
            "[x-vendor:v-x = 1] // a comment\n OR /* another */ [ipv4-addr:value ISSUBSET '198.51.100.0/24']",
            "[file:name NOT LIKE 'a%' or file:name not in ('a', 'b')]",
            "[a:b[-1].c[0] IN ()]",
        ];
        for text in good {
            assert!(parse(text).is_ok(), "{text}: {}", parse(text).expect_err("a flaw"));
        }
    }

    #[test]
    fn what_is_written_wrongly_is_told_with_its_place() {
        let bad = [
            ("[ipv4-addr:value = ", 20),
            ("", 1),
            ("[]", 2),
            ("ipv4-addr:value = '1'", 1),
            ("[ipv4-addr:value = '1'", 23),
            ("[ipv4-addr:value = '1]", 23),
            ("[ipv4-addr:value '1']", 18),
            ("[ipv4-addr = '1']", 12),
            ("[ipv4-addr:value = 1.1.1.1]", 20),
            ("[ipv4-addr:value == = '1']", 21),
            ("[file:size > true]", 14),
            ("[file:name LIKE 3]", 17),
            ("[file:name IN 'a']", 15),
            ("[file:name IN ('a' 'b')]", 20),
            ("[file:name = 'a'] [file:name = 'b']", 19),
            ("[file:name = 'a'] AND", 22),
            ("[file:name = 'a'] WITHIN SECONDS", 26),
            ("[file:name = 'a'] REPEATS 1.5 TIMES", 27),
            ("[file:name = 'a'] START t'yesterday' STOP t'2016-07-01T00:00:00Z'", 25),
            ("[file:name = 'c:\\windows']", 18),
            ("[file:name = \"a\"]", 14),
            ("[file:hashes[ = 'a']", 15),
        ];
        for (text, at) in bad {
            assert_eq!(parse(text).expect_err(text).at, at, "{text}");
        }
        assert!(parse(&format!("{}[a:b = 'c']{}", "(".repeat(10_000), ")".repeat(10_000))).is_err(), "groups have a bound");
    }
}

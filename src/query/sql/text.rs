//! The text of a query: its words with their places, and names that are like other names.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, TokenizerError};

use crate::model::Span;

/// The text and its tokens.
pub(super) struct Text<'a> {
    text: &'a str,
    /// Byte at which each line begins.
    lines: Vec<usize>,
    tokens: Vec<TokenWithSpan>,
    pub(super) depth_max: usize,
}

impl<'a> Text<'a> {
    /// A text whose tokens are not known.
    pub(super) fn new(text: &'a str, depth_max: usize) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, lines, tokens: Vec::new(), depth_max }
    }

    /// Reads the tokens and says how many there are.
    pub(super) fn tokenize(&mut self) -> Result<usize, TokenizerError> {
        self.tokens = Tokenizer::new(&GenericDialect {}, self.text).tokenize_with_location()?;
        Ok(self.tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).count())
    }

    /// The place of the word at a line and column, both from 1.
    pub(super) fn span(&self, line: u64, column: u64) -> Option<Span> {
        let start = self.byte(line, column)?;
        let rest = &self.text[start..];
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let length = match rest.chars().next() {
            None => 0,
            Some(first) if word(first) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
            Some(first) => first.len_utf8(),
        };
        Some(Span { start, end: start + length })
    }

    /// The place of the first word or quoted name with this value.
    pub(super) fn find(&self, name: &str) -> Option<Span> {
        let named = |token: &&TokenWithSpan| matches!(&token.token, Token::Word(word) if word.value == name);
        let token = self.tokens.iter().find(named)?;
        let start = self.byte(token.span.start.line, token.span.start.column)?;
        let end = self.byte(token.span.end.line, token.span.end.column)?;
        Some(Span { start, end: end.max(start) })
    }

    fn byte(&self, line: u64, column: u64) -> Option<usize> {
        let from = *self.lines.get(usize::try_from(line.checked_sub(1)?).ok()?)?;
        let column = usize::try_from(column.checked_sub(1)?).ok()?;
        Some(self.text[from..].char_indices().nth(column).map_or(self.text.len(), |(at, _)| from + at))
    }
}

/// The name that is most like `name`: the same but for case, else at most a third of its letters away, else the shortest that contains it.
pub(super) fn similar<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let wanted = name.to_lowercase();
    let bound = (wanted.chars().count() / 3).max(1);
    let names: Vec<&str> = names.collect();
    let near =
        names.iter().map(|other| (distance(&wanted, &other.to_lowercase(), bound), *other)).filter(|(distance, _)| *distance <= bound);
    let longer = || {
        names.iter().filter(|other| wanted.len() >= 4 && other.to_lowercase().contains(&wanted)).map(|other| (other.len(), *other)).min()
    };
    near.min().or_else(longer).map(|(_, other)| other.to_owned())
}

/// Edits between two words, swaps of neighbours counting one; anything above the bound if the lengths differ by more.
fn distance(a: &str, b: &str, bound: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(128).collect(), b.chars().take(128).collect());
    if a.len().abs_diff(b.len()) > bound {
        return bound + 1;
    }
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = change.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names() {
        let names = ["SecurityAlert", "SecurityIncident", "SigninLogs", "Severity"];
        let cases = [
            ("Severty", Some("Severity")),
            ("securityalert", Some("SecurityAlert")),
            ("SigninLgos", Some("SigninLogs")),
            ("Logs", Some("SigninLogs")),
            ("Nothing", None),
        ];
        for (name, expected) in cases {
            assert_eq!(similar(name, names.into_iter()).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn places_are_bytes() {
        let sql = "SELECT 'ü',\n  Severty FROM t";
        let mut text = Text::new(sql, 50);
        text.tokenize().expect("tokens");
        let span = text.find("Severty").expect("is there");
        assert_eq!(&sql[span.start..span.end], "Severty");
        let span = text.span(2, 11).expect("is there");
        assert_eq!(&sql[span.start..span.end], "FROM");
    }
}

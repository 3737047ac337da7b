//! Where in a document the words of a question stand.

use tantivy::tokenizer::TextAnalyzer;

use super::entry::Entry;
use super::query::{Match, Query};
use super::schema::Field;
use super::tokens::{Word, analyzer, chunks, words};

/// Longest snippet in characters.
const SNIPPET_CHARS: usize = 200;

/// Most snippets of one document.
const SNIPPETS_MAX: usize = 6;

/// A piece of a document's text with the words that were looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The field that the text is of.
    pub field: Field,
    /// The text, or the part of a long one where most of the words stand.
    pub text: String,
    /// Begin and end of each place in characters of `text`.
    pub ranges: Vec<(usize, usize)>,
}

/// Finds the words of one question in texts.
pub struct Highlighter {
    analyzer: TextAnalyzer,
    patterns: Vec<(Vec<Field>, Pattern)>,
}

enum Pattern {
    /// Words one behind the other, the last one only begun if `open`.
    Run { words: Vec<String>, open: bool },
    /// One word within so many edits.
    Near { word: String, edits: usize },
}

impl Highlighter {
    /// Takes the words of a question; what must not be there is left out.
    pub fn new(query: &Query) -> Self {
        let mut highlighter = Self { analyzer: analyzer(), patterns: Vec::new() };
        highlighter.gather(query);
        highlighter
    }

    fn gather(&mut self, query: &Query) {
        match query {
            Query::And(all) | Query::Or(all) => all.iter().for_each(|query| self.gather(query)),
            Query::Text { fields, text, how } => {
                let chunks = chunks(&mut self.analyzer, text);
                let pattern = match (how, chunks.as_slice()) {
                    (_, []) => return,
                    (Match::Fuzzy(edits), [chunk]) => Pattern::Near { word: chunk.whole.clone(), edits: usize::from(*edits) },
                    _ => {
                        let words = chunks.iter().flat_map(|chunk| &chunk.parts).map(|word| word.text.clone()).collect();
                        Pattern::Run { words, open: *how == Match::Prefix }
                    }
                };
                self.patterns.push((fields.clone(), pattern));
            }
            _ => {}
        }
    }

    /// Returns the places in a document, those in its title first.
    pub(crate) fn snippets(&mut self, entry: &Entry) -> Vec<Snippet> {
        if self.patterns.is_empty() {
            return Vec::new();
        }
        let mut snippets = Vec::new();
        let one = |text: &String| vec![text.clone()];
        let owner: Vec<String> = entry.owner_texts().map(str::to_owned).collect();
        let tactics: Vec<String> = entry.tactics.iter().map(|tactic| tactic.to_string()).collect();
        let texts: [(Field, &[String]); 10] = [
            (Field::Title, &one(&entry.title)),
            (Field::Tag, &entry.tags),
            (Field::Owner, &owner),
            (Field::Product, &entry.products),
            (Field::Entity, &entry.entities),
            (Field::Technique, &entry.techniques),
            (Field::Tactic, &tactics),
            (Field::Type, &one(&entry.alert_type)),
            (Field::Comment, &entry.comments),
            (Field::Description, &one(&entry.description)),
        ];
        for (field, list) in texts {
            for text in list {
                if snippets.len() == SNIPPETS_MAX {
                    return snippets;
                }
                snippets.extend(self.snippet(field, text));
            }
        }
        snippets
    }

    fn snippet(&mut self, field: Field, text: &str) -> Option<Snippet> {
        let Self { analyzer, patterns } = self;
        let mut patterns = patterns.iter().filter(|(fields, _)| fields.contains(&field)).peekable();
        patterns.peek()?;
        let words = words(analyzer, text);
        let mut marks: Vec<(usize, usize)> = patterns.flat_map(|(_, pattern)| pattern.find(&words)).collect();
        marks.sort_unstable();
        let mut merged: Vec<(usize, usize)> = Vec::new();
        for (start, end) in marks {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        (!merged.is_empty()).then(|| cut(field, text, &merged))
    }
}

impl Pattern {
    /// Byte ranges of the places.
    fn find(&self, words: &[Word]) -> Vec<(usize, usize)> {
        match self {
            Self::Near { word, edits: limit } => {
                words.iter().filter(|found| edits(&found.text, word, *limit) <= *limit).map(|found| (found.start, found.end)).collect()
            }
            Self::Run { words: run, open } => {
                let fits = |word: &Word, at: usize| {
                    let (wanted, is_last) = (&run[at], at + 1 == run.len());
                    if *open && is_last { word.text.starts_with(wanted.as_str()) } else { word.text == *wanted }
                };
                let follow = |start: &Word| -> Option<(usize, usize)> {
                    let mut end = start.end;
                    for at in 1..run.len() {
                        let position = start.position + at;
                        let from = words.partition_point(|word| word.position < position);
                        end = words[from..].iter().take_while(|word| word.position == position).find(|word| fits(word, at))?.end;
                    }
                    Some((start.start, end))
                };
                words.iter().filter(|word| fits(word, 0)).filter_map(follow).collect()
            }
        }
    }
}

/// The window of a text that holds the most places.
fn cut(field: Field, text: &str, marks: &[(usize, usize)]) -> Snippet {
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let chars = |byte: usize| starts.partition_point(|start| *start < byte);
    let marks: Vec<(usize, usize)> = marks.iter().map(|(start, end)| (chars(*start), chars(*end))).collect();
    let mut from = 0;
    if starts.len() > SNIPPET_CHARS {
        let fit = |start: usize| marks.iter().filter(|mark| start <= mark.0 && mark.1 <= start + SNIPPET_CHARS).count();
        // A fifth of the window before the first place gives it context.
        let begins = marks.iter().map(|mark| mark.0.saturating_sub(SNIPPET_CHARS / 5).min(starts.len() - SNIPPET_CHARS));
        from = begins.rev().max_by_key(|start| fit(*start)).unwrap_or(0);
    }
    let to = (from + SNIPPET_CHARS).min(starts.len());
    let byte = |at: usize| starts.get(at).copied().unwrap_or(text.len());
    let ranges = marks.iter().filter(|(start, end)| *end > from && *start < to);
    let ranges = ranges.map(|(start, end)| (start.max(&from) - from, end.min(&to) - from)).collect();
    Snippet { field, text: text[byte(from)..byte(to)].to_owned(), ranges }
}

/// Edits (insertion, deletion, replacement, swap of neighbours) between two words, or more than `limit`.
pub(crate) fn edits(a: &str, b: &str, limit: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect::<Vec<_>>(), vec![0; b.len() + 1]];
    for i in 1..=a.len() {
        let [before, last, row] = &mut rows;
        row[0] = i;
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        rows.rotate_left(1);
    }
    rows[1][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits_with_swaps() {
        for (a, b, expected) in
            [("mimikatz", "mimikatz", 0), ("mimikatz", "mimkatz", 1), ("mimikatz", "imimkatz", 2), ("abcd", "abdc", 1), ("a", "wxyz", 3)]
        {
            assert_eq!(edits(a, b, 2), expected, "{a} {b}");
        }
    }

    #[test]
    fn marks_runs_prefixes_and_near_words() {
        let text = |text: &str, how| Query::Text { fields: vec![Field::Title], text: text.to_owned(), how };
        let cases: [(Query, &str, &[(usize, usize)]); 5] = [
            (text("mimikatz.exe", Match::Words), r"Ran C:\x\Mimikatz.exe twice", &[(9, 21)]),
            (text("pass the", Match::Prefix), "Pass-the-hash, pass theory, pass it", &[(0, 8), (15, 26)]),
            (text("mimkatz", Match::Fuzzy(1)), "mimikatz", &[(0, 8)]),
            (Query::Not(Box::new(text("a", Match::Words))), "a b", &[]),
            (text("175.45.176.99", Match::Words), "from 175.45.176.99:80", &[(5, 18)]),
        ];
        for (query, title, expected) in cases {
            let snippet = Highlighter::new(&query).snippet(Field::Title, title);
            assert_eq!(snippet.map(|snippet| snippet.ranges).unwrap_or_default(), expected, "{query:?}");
        }
    }

    #[test]
    fn cuts_the_window_with_most_places() {
        let long = format!("needle {} needle é needle {}", "x ".repeat(300), "y ".repeat(300));
        let query = Query::Text { fields: vec![Field::Description], text: "needle".into(), how: Match::Words };
        let snippet = Highlighter::new(&query).snippet(Field::Description, &long).expect("the word is there");
        assert_eq!(snippet.text.chars().count(), SNIPPET_CHARS);
        let marked: Vec<String> =
            snippet.ranges.iter().map(|(from, to)| snippet.text.chars().skip(*from).take(to - from).collect()).collect();
        assert_eq!(marked, ["needle", "needle"]);
    }
}

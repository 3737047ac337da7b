//! `reduce by`: texts that are alike, under the pattern of what they have in common.
//!
//! A text is a row of words. It joins the first group of as many words of which enough are the same at the same places; what differs becomes `*`.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray};
use hashbrown::HashMap;

use super::super::functions::KernelError;
use super::{RowsOperator, Running};

/// Groups of texts with the same number of words that are compared with a new text.
const GROUPS_MAX: usize = 1000;
/// The pattern of texts that are like no other.
const OTHERS: &str = "others";

/// The operator: its result has the pattern, how many texts it stands for, and one of them.
#[derive(Debug)]
pub struct Reduce {
    /// The `string` column of the texts.
    pub column: usize,
    /// The share of words, between 0 and 1, that must be the same.
    pub threshold: f64,
    /// Letters and digits of these separate words, other characters of these do not.
    pub characters: String,
}

#[derive(Debug)]
struct Group {
    /// The words that all texts share; none where they differ.
    words: Vec<Option<String>>,
    count: i64,
    representative: String,
}

impl Reduce {
    fn separates(&self, letter: char) -> bool {
        letter.is_alphanumeric() == self.characters.contains(letter)
    }

    fn words<'a>(&self, text: &'a str) -> Vec<&'a str> {
        text.split(|letter| self.separates(letter)).filter(|word| !word.is_empty()).collect()
    }

    /// The representative with `*` where words differ. A letter that was made a separator goes with the word beside it.
    fn pattern(&self, group: &Group) -> String {
        let mut pattern = String::new();
        let mut rest = group.representative.as_str();
        for word in &group.words {
            let start = rest.find(|letter| !self.separates(letter)).unwrap_or(rest.len());
            let (between, behind) = rest.split_at(start);
            let end = behind.find(|letter| self.separates(letter)).unwrap_or(behind.len());
            rest = &behind[end..];
            match word {
                Some(word) => pattern.extend([between, word]),
                None => {
                    let between = between.trim_end_matches(char::is_alphanumeric);
                    if !(between.is_empty() && pattern.ends_with('*')) {
                        pattern.extend([between, "*"]);
                    }
                }
            }
        }
        pattern.push_str(rest);
        pattern
    }
}

impl RowsOperator for Reduce {
    fn name(&self) -> &'static str {
        "reduce"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = inputs.first().ok_or_else(|| KernelError::new("`reduce` has no input"))?;
        let mut by_length: HashMap<usize, Vec<Group>> = HashMap::new();
        let mut lengths = Vec::new();
        let mut others = 0;
        for (row, text) in input.column(self.column).as_string_view().iter().enumerate() {
            if row % 1024 == 0 {
                running.go_on()?;
            }
            let text = text.unwrap_or_default();
            let words = self.words(text);
            let groups = by_length.entry(words.len()).or_insert_with(|| {
                lengths.push(words.len());
                Vec::new()
            });
            let has_room = groups.len() < GROUPS_MAX;
            match groups.iter_mut().find(|group| is_like(group, text, &words, self.threshold)) {
                Some(group) => group.add(&words),
                None if has_room => {
                    running.reserve(text.len() * 2 + 64)?;
                    let words = words.iter().map(|word| Some((*word).to_owned())).collect();
                    groups.push(Group { words, count: 1, representative: text.to_owned() });
                }
                None => others += 1,
            }
        }
        let mut found: Vec<Group> = lengths.iter().flat_map(|length| by_length.remove(length).unwrap_or_default()).collect();
        found.retain(|group| {
            let alone = group.count == 1;
            others += i64::from(alone);
            !alone
        });
        found.sort_by_key(|group| std::cmp::Reverse(group.count));
        let mut rows: Vec<(String, i64, &str)> =
            found.iter().map(|group| (self.pattern(group), group.count, group.representative.as_str())).collect();
        if others > 0 {
            rows.push((OTHERS.to_owned(), others, ""));
        }
        Ok(vec![
            Arc::new(rows.iter().map(|row| Some(row.0.as_str())).collect::<StringViewArray>()),
            Arc::new(rows.iter().map(|row| Some(row.1)).collect::<Int64Array>()),
            Arc::new(rows.iter().map(|row| Some(row.2)).collect::<StringViewArray>()),
        ])
    }
}

impl Group {
    fn add(&mut self, words: &[&str]) {
        self.count += 1;
        for (known, word) in self.words.iter_mut().zip(words) {
            if known.as_deref() != Some(word) {
                *known = None;
            }
        }
    }
}

fn is_like(group: &Group, text: &str, words: &[&str], threshold: f64) -> bool {
    let same = group.words.iter().zip(words).filter(|(known, word)| known.as_deref() == Some(*word)).count();
    group.representative == text || (same > 0 && same as f64 >= threshold * words.len() as f64)
}

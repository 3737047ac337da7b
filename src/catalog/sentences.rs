//! What rows of raw events say in one line for people, as `schema/sentences.toml` declares it.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde::Deserialize;

use super::relations::{Cell, Condition, cell, condition, keep};

/// Sentences for rows of some tables.
#[derive(Debug)]
pub struct Sentences {
    /// Tables whose rows it puts into words.
    pub tables: Vec<&'static str>,
    /// Conditions that must all hold of a row.
    pub when: Vec<Condition>,
    /// The column whose value chooses the sentence.
    by: Option<&'static str>,
    /// Sentences by value of that column, in lower case.
    say: HashMap<String, Vec<Part>>,
    /// The sentence for every other value.
    other: Option<Vec<Part>>,
}

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The text itself.
    Text(String),
    /// What a place of the row says.
    Place(Place),
    /// What is left out if one of its places has no value.
    Optional(Vec<Part>),
}

/// A place in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The first of these whose cells all have a value counts; several cells are joined by a backslash.
    pub choices: Vec<Vec<Cell>>,
    /// How the value is shown.
    pub shown: Shown,
}

/// How a value is shown in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As it stands.
    Plain,
    /// What stands behind the last slash or backslash.
    Leaf,
    /// What the code means, by the code in lower case; the code itself if nobody knows, and no value if it means nothing.
    Meaning(&'static BTreeMap<String, String>),
}

impl Sentences {
    /// The column whose value chooses the sentence, if one does.
    pub fn by(&self) -> Option<&'static str> {
        self.by
    }

    /// The sentence for a value of that column.
    pub fn of(&self, value: Option<&str>) -> Option<&[Part]> {
        let chosen = value.and_then(|value| self.say.get(&value.to_lowercase()));
        chosen.or(self.other.as_ref()).map(Vec::as_slice)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSource {
    short: BTreeMap<String, String>,
    codes: BTreeMap<String, BTreeMap<String, String>>,
    sentences: Vec<SentencesSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentencesSource {
    tables: Vec<String>,
    #[serde(default)]
    when: Vec<String>,
    by: Option<String>,
    text: Option<String>,
    #[serde(default)]
    say: BTreeMap<String, String>,
}

type Declared = HashMap<&'static str, Vec<&'static Sentences>>;

fn declared() -> &'static Declared {
    static DECLARED: OnceLock<Declared> = OnceLock::new();
    DECLARED
        .get_or_init(|| read(include_str!("../../schema/sentences.toml")).unwrap_or_else(|fault| panic!("schema/sentences.toml: {fault}")))
}

/// The sentences for rows of a table, in the order of the file.
pub fn of_table(table: &str) -> &'static [&'static Sentences] {
    declared().get(table).map_or(&[], Vec::as_slice)
}

fn read(text: &str) -> Result<Declared, String> {
    let source: FileSource = toml::from_str(text).map_err(|fault| fault.to_string())?;
    let codes = source.codes.into_iter().map(|(name, codes)| {
        let codes: BTreeMap<String, String> = codes.into_iter().map(|(code, meaning)| (code.to_lowercase(), meaning)).collect();
        (name, &*Box::leak(Box::new(codes)))
    });
    let words = Words { short: source.short, codes: codes.collect() };
    let mut declared = Declared::new();
    for source in source.sentences {
        let tables = source.tables.clone();
        let sentences: &Sentences =
            Box::leak(Box::new(words.sentences(source).map_err(|fault| format!("{}: {fault}", tables.join(", ")))?));
        for table in tables {
            declared.entry(keep(table)).or_default().push(sentences);
        }
    }
    Ok(declared)
}

/// What sentences are read with.
struct Words {
    short: BTreeMap<String, String>,
    codes: BTreeMap<String, &'static BTreeMap<String, String>>,
}

impl Words {
    fn sentences(&self, source: SentencesSource) -> Result<Sentences, String> {
        let when = source.when.iter().map(|text| condition(text)).collect::<Result<_, _>>()?;
        let mut other = source.text.as_deref().map(|text| self.sentence(text)).transpose()?;
        let mut say = HashMap::new();
        for (values, text) in &source.say {
            let sentence = self.sentence(text)?;
            if values == "*" {
                other = Some(sentence);
                continue;
            }
            for value in values.split('|') {
                say.insert(value.trim().to_lowercase(), sentence.clone());
            }
        }
        if say.is_empty() == source.by.is_some() || (say.is_empty() && other.is_none()) {
            return Err("either `text`, or `by` and `say`".to_owned());
        }
        let tables = source.tables.into_iter().map(keep).collect();
        Ok(Sentences { tables, when, by: source.by.map(keep), say, other })
    }

    fn sentence(&self, text: &str) -> Result<Vec<Part>, String> {
        let mut rest = text;
        let parts = self.parts(&mut rest).map_err(|fault| format!("{fault} in `{text}`"))?;
        if rest.is_empty() { Ok(parts) } else { Err(format!("a `]` too many in `{text}`")) }
    }

    /// Reads parts up to the end or the bracket that closes them, which stays.
    fn parts(&self, rest: &mut &str) -> Result<Vec<Part>, String> {
        let mut parts = Vec::new();
        while let Some(first) = rest.chars().next().filter(|first| *first != ']') {
            match first {
                '{' => {
                    let (place, behind) = rest[1..].split_once('}').ok_or("a place that does not end")?;
                    parts.push(Part::Place(self.place(place)?));
                    *rest = behind;
                }
                '[' => {
                    *rest = &rest[1..];
                    parts.push(Part::Optional(self.parts(rest)?));
                    *rest = rest.strip_prefix(']').ok_or("a bracket that does not end")?;
                }
                _ => {
                    let end = rest.find(['{', '[', ']']).unwrap_or(rest.len());
                    parts.push(Part::Text(rest[..end].to_owned()));
                    *rest = &rest[end..];
                }
            }
        }
        Ok(parts)
    }

    fn place(&self, text: &str) -> Result<Place, String> {
        let (choices, shown) = match text.split_once('>') {
            None => (text, Shown::Plain),
            Some((choices, "leaf")) => (choices, Shown::Leaf),
            Some((choices, codes)) => (choices, Shown::Meaning(self.codes.get(codes).ok_or_else(|| format!("no codes `{codes}`"))?)),
        };
        let mut found = Vec::new();
        for choice in choices.split('|') {
            match choice.strip_prefix('@') {
                Some(name) => {
                    let short = self.short.get(name).ok_or_else(|| format!("no short name `{name}`"))?;
                    found.extend(self.place(short)?.choices);
                }
                None => found.push(choice.split('\\').map(cell).collect::<Result<_, _>>()?),
            }
        }
        Ok(Place { choices: found, shown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::tables;

    /// Columns of the data of an event, which rows bring along and no reference of a table lists.
    const BROUGHT: [&str; 7] = ["BackupPath", "Consumer", "Device", "EventType", "Name", "Operation", "SubjectUserName"];

    fn places<'a>(parts: &'a [Part], found: &mut Vec<&'a Place>) {
        for part in parts {
            match part {
                Part::Text(_) => {}
                Part::Place(place) => found.push(place),
                Part::Optional(parts) => places(parts, found),
            }
        }
    }

    #[test]
    fn every_place_has_a_column_of_the_tables() {
        for (name, groups) in declared() {
            for sentences in groups {
                let known: Vec<_> = sentences.tables.iter().filter_map(|name| tables::table(name)).collect();
                assert!(!known.is_empty(), "`{name}` is no table");
                let is_known = |column: &str| BROUGHT.contains(&column) || known.iter().any(|table| table.column(column).is_some());
                let mut found = Vec::new();
                sentences.say.values().chain(&sentences.other).for_each(|parts| places(parts, &mut found));
                for place in found {
                    let one = place.choices.iter().any(|cells| cells.iter().all(|cell| is_known(cell.column)));
                    assert!(one, "{name}: no column of {place:?}");
                }
                for column in sentences.when.iter().map(|condition| condition.cell.column).chain(sentences.by) {
                    assert!(is_known(column), "{name}: {column}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_sentence_is_told_with_its_table() {
        let file = |sentences: &str| format!("short = {{}}\ncodes = {{}}\n[[sentences]]\ntables = [\"Syslog\"]\n{sentences}");
        for (sentences, fault) in [
            ("text = \"{Computer\"", "Syslog: a place that does not end in `{Computer`"),
            ("text = \"[{Computer}\"", "Syslog: a bracket that does not end in `[{Computer}`"),
            ("text = \"{Computer}]\"", "Syslog: a `]` too many in `{Computer}]`"),
            ("text = \"{Computer>rank}\"", "Syslog: no codes `rank` in `{Computer>rank}`"),
            ("text = \"{@who}\"", "Syslog: no short name `who` in `{@who}`"),
            ("by = \"EventID\"", "Syslog: either `text`, or `by` and `say`"),
            ("say = { 1 = \"x\" }", "Syslog: either `text`, or `by` and `say`"),
        ] {
            assert_eq!(read(&file(sentences)).map(|_| ()), Err(fault.to_owned()), "{sentences}");
        }
    }
}

//! Keywords as names, place by place, as the official analyzer has it (`tests/cases/kql/names.txt`).

use std::collections::BTreeSet;

use super::super::diagnostics::Kind;
use super::super::{Severity, parse};

const NAMES: &str = include_str!("../../../../tests/cases/kql/names.txt");

fn words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace().collect()
}

/// A place with a word where its `K` stands.
fn with(place: &str, word: &str) -> String {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut out = String::new();
    for (at, c) in place.char_indices() {
        let stands_alone = !is_part(place[..at].chars().next_back()) && !is_part(place[at + 1..].chars().next());
        if c == 'K' && stands_alone { out.push_str(word) } else { out.push(c) }
    }
    out
}

fn is_refused(text: &str) -> bool {
    let is_mistake = |severity, kind| severity == Severity::Error && kind == Kind::Syntax;
    parse(text).diagnostics.iter().any(|diagnostic| is_mistake(diagnostic.severity, diagnostic.code.kind()))
}

#[test]
fn keywords_are_names_where_the_analyzer_has_it() {
    let blocks: Vec<&str> = NAMES.split("\n\n").filter(|block| !block.starts_with('#')).collect();
    let list = |title: &str| blocks.iter().find_map(|block| block.strip_prefix(title)).map(words).expect("a list of words");
    let (all, usual) = (list("words\n"), list("usual\n"));
    let (mut wrong, mut count) = (Vec::new(), 0);
    for block in blocks {
        let Some((also, rest)) = block.strip_prefix("also").and_then(|block| block.split_once("\nbut not")) else { continue };
        let (but_not, places) = rest.split_once('\n').expect("a block has places");
        let (also, but_not) = (words(also), words(but_not));
        for line in places.trim_end().lines() {
            let (place, differs) = line.rsplit_once("  [").map_or((line, ""), |(place, differs)| (place, differs.trim_end_matches(']')));
            let differs = words(differs);
            for word in &all {
                count += 1;
                let expected = also.contains(word) || (usual.contains(word) && !but_not.contains(word));
                if (is_refused(&with(place, word)) == expected) == differs.contains(word) {
                    wrong.push(format!("{place}: {word}"));
                }
            }
        }
    }
    assert!(count > 40_000, "{count} verdicts");
    assert!(wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n"));
}

//! No text breaks the languages: fuzz targets for the lexer, the parser and the binder of KQL and for openCypher.
//!
//! What is kept for a target lies in `__fuzz__/<target>`: seeds in `corpus`, texts that once broke it in `crashes`. A run of the tests takes all of
//! them, and texts made of them by the same random steps every time; [`ROUNDS`] makes it go on for longer. With `cargo bolero test` the same
//! targets run under a fuzzer that looks for new paths (docs/testing.md).

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::catalog::TableProvider;

use super::cypher;
use super::kql::bind::{self, Given, bind};
use super::kql::bound::{Constant, ExternalFormat, Field};
use super::kql::diagnostics::DIAGNOSTICS_MAX;
use super::kql::lexer::lex;
use super::kql::lower::{Environment, LowerError, Tables, Values, lower};
use super::kql::tree::{Place, ScalarType};
use super::kql::{Diagnostic, format, parse, print};

/// How many texts are made up for each target; another number makes a longer run.
const ROUNDS: &str = "CLEW_FUZZ_ROUNDS";
/// How many are made up if nobody says.
const ROUNDS_USUAL: usize = 400;
/// Bytes of a text that is made up.
const BYTES_MAX: usize = 2_000;

/// Words and signs of KQL, one a line.
const KQL: &str = include_str!("__fuzz__/kql.words");

/// Words and signs of openCypher and GQL, one a line.
const CYPHER: &str = include_str!("__fuzz__/cypher.words");

/// Words between spaces; `\n` in one stands for the end of a line.
fn words(list: &str) -> Vec<String> {
    list.lines().map(|word| format!(" {} ", word.replace("\\n", "\n"))).collect()
}

/// What the bytes of a fuzzer say: a text as it is, or from 0x80 on a word each.
fn text_of(bytes: &[u8], list: &str) -> String {
    if let Ok(text) = str::from_utf8(bytes) {
        return text.to_owned();
    }
    let words = words(list);
    let mut text = String::new();
    for byte in bytes {
        match byte.checked_sub(0x80) {
            None => text.push(char::from(*byte)),
            Some(word) => text.push_str(&words[usize::from(word) % words.len()]),
        }
    }
    text
}

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit.max(1)
    }

    /// A place between two letters of a text.
    fn place(&mut self, text: &str) -> usize {
        let at = self.below(text.len() + 1);
        text.floor_char_boundary(at)
    }

    fn of<'a>(&mut self, texts: &'a [String]) -> &'a str {
        &texts[self.below(texts.len())]
    }
}

/// One step away from a text: a word more, a part less, twice, or of another text.
fn changed(text: &str, kept: &[String], words: &[String], numbers: &mut Numbers) -> String {
    let (a, b) = (numbers.place(text), numbers.place(text));
    let (start, end) = (a.min(b), a.max(b));
    let (before, part, behind) = (&text[..start], &text[start..end], &text[end..]);
    match numbers.below(5) {
        0 | 1 => format!("{before}{}{part}{behind}", numbers.of(words)),
        2 => format!("{before}{behind}"),
        3 => format!("{before}{part}{part}{behind}"),
        _ => {
            let other = numbers.of(kept);
            format!("{before}{}{behind}", &other[..numbers.place(other)])
        }
    }
}

/// Takes texts through a target that are made of those that are kept. One that breaks it is kept as well.
fn sweep(target: &str, list: &str, check: fn(&str)) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/query/__fuzz__").join(target);
    let mut files: Vec<PathBuf> = ["corpus", "crashes"]
        .iter()
        .flat_map(|part| fs::read_dir(folder.join(part)).into_iter().flatten())
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    assert!(files.len() >= 10, "only {} texts of {target}", files.len());
    let kept: Vec<String> = files.iter().map(|file| text_of(&fs::read(file).expect("it can be read"), list)).collect();
    let words = words(list);
    let rounds = std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS_USUAL);
    let mut numbers = Numbers(20_261_121);
    for _ in 0..rounds {
        let mut text = numbers.of(&kept).to_owned();
        for _ in 0..=numbers.below(6) {
            text = changed(&text, &kept, &words, &mut numbers);
            text.truncate(text.floor_char_boundary(BYTES_MAX));
        }
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(&text))) {
            let crashes = folder.join("crashes");
            let file = crashes.join(format!("{}.txt", &blake3::hash(text.as_bytes()).to_hex()[..16]));
            fs::create_dir_all(&crashes).and_then(|()| fs::write(&file, &text)).expect("the text can be kept");
            eprintln!("{target} breaks with {}:\n{text}", file.display());
            resume_unwind(panic);
        }
    }
}

fn lies_within(text: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some(), "{diagnostic:?} of {text:?}");
    }
}

/// Tokens lose nothing.
fn lexes(text: &str) {
    let (tokens, diagnostics) = lex(text);
    let joined: String = tokens.iter().map(|token| token.text(text)).collect();
    assert_eq!(joined, text);
    assert!(diagnostics.len() <= DIAGNOSTICS_MAX);
    lies_within(text, &diagnostics);
}

/// A text without mistakes is the same once printed and read again; formatting it twice changes nothing.
fn parses(text: &str) {
    let parsed = parse(text);
    assert!(parsed.diagnostics.len() <= DIAGNOSTICS_MAX);
    lies_within(text, &parsed.diagnostics);
    let printed = print(&parsed.query);
    if parsed.is_valid() {
        let again = parse(&printed);
        assert!(again.is_valid(), "{text}\n{printed}\n{:?}", again.diagnostics);
        assert_eq!(again.query, parsed.query, "{text}\n{printed}");
        let formatted = format(text).expect("it is valid");
        assert_eq!(format(&formatted).as_ref(), Ok(&formatted), "{text}");
    }
}

/// Tables with the names that made-up texts use, and no rows.
struct Known;

impl bind::Schemas for Known {
    fn table(&self, name: &str) -> Option<Vec<Field>> {
        let columns = [("a", ScalarType::Long), ("b", ScalarType::String), ("b c", ScalarType::Dynamic), ("t", ScalarType::DateTime)];
        ["T", "U", "V", "N"].contains(&name).then(|| columns.map(|(name, kind)| (name.to_owned(), kind)).to_vec())
    }

    fn tables(&self) -> Vec<String> {
        ["T", "U", "V", "N"].map(str::to_owned).to_vec()
    }
}

impl Tables for Known {
    fn table(&self, _: &str) -> Option<Arc<dyn TableProvider>> {
        None
    }

    fn watchlist(&self, _: &str) -> Option<Arc<dyn TableProvider>> {
        None
    }

    fn function(&self, name: &str, _: &[Constant]) -> Result<Arc<dyn TableProvider>, LowerError> {
        Err(LowerError::unsupported(name, Place::default()))
    }

    fn external(
        &self,
        _: &[String],
        _: ExternalFormat,
        _: &[(String, Constant)],
        _: &[(String, ScalarType)],
    ) -> Result<Arc<dyn TableProvider>, LowerError> {
        Err(LowerError::unsupported("files", Place::default()))
    }
}

/// What can be read is bound, and lowered to a plan or refused: what is needed beforehand has not run.
pub(super) fn binds(text: &str) {
    let parsed = parse(text);
    let given = Given { now: 639_028_224_000_000_000, ..Given::default() };
    let bound = bind(&parsed.query, &Known, &given);
    assert!(bound.diagnostics.len() <= 3 * DIAGNOSTICS_MAX);
    lies_within(text, &bound.diagnostics);
    if parsed.is_valid() && bound.runs() {
        let values = Values::default();
        for result in &bound.query.results {
            let _ = lower(&result.relation, Environment { tables: &Known, values: &values, now: given.now });
        }
    }
}

/// A graph query is read to its end.
fn reads_cypher(text: &str) {
    lies_within(text, &cypher::check(text));
}

#[test]
fn lexer() {
    bolero::check!(name = "lexer").with_iterations(0).for_each(|bytes: &[u8]| lexes(&text_of(bytes, KQL)));
    sweep("lexer", KQL, lexes);
}

#[test]
fn parser() {
    bolero::check!(name = "parser").with_iterations(0).for_each(|bytes: &[u8]| parses(&text_of(bytes, KQL)));
    sweep("parser", KQL, parses);
}

#[test]
fn binder() {
    bolero::check!(name = "binder").with_iterations(0).for_each(|bytes: &[u8]| binds(&text_of(bytes, KQL)));
    sweep("binder", KQL, binds);
}

#[test]
fn cypher_text() {
    bolero::check!(name = "cypher").with_iterations(0).for_each(|bytes: &[u8]| reads_cypher(&text_of(bytes, CYPHER)));
    sweep("cypher", CYPHER, reads_cypher);
}

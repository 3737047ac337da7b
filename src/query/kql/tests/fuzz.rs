//! No text breaks a stage: those that once did, or that look as if they might, are kept in `tests/cases/kql/fuzz`, one a file; others are made up.
//!
//! A text that a run makes up and that breaks something becomes a file there.

use std::path::Path;

use proptest::prelude::*;

use super::super::bind::{Given, Tables, bind};
use super::super::bound::Field;
use super::super::diagnostics::DIAGNOSTICS_MAX;
use super::super::lexer::lex;
use super::super::lower::{Environment, Values, lower};
use super::super::tree::ScalarType;
use super::super::{format, parse, print};
use super::laws::{pieces, query};
use super::recorded::Nothing;

/// Tables with the names that made-up texts use.
fn tables() -> Tables {
    let mut tables = Tables::default();
    let columns: Vec<Field> =
        [("a", ScalarType::Long), ("b", ScalarType::String), ("b c", ScalarType::Dynamic), ("t", ScalarType::DateTime)]
            .map(|(name, kind)| (name.to_owned(), kind))
            .to_vec();
    for name in ["T", "U", "V", "N"] {
        tables.insert(name, columns.clone());
    }
    tables
}

/// Takes a text through all stages that need no data.
fn goes_through(text: &str, tables: &Tables) {
    let joined: String = lex(text).0.iter().map(|token| token.text(text)).collect();
    assert_eq!(joined, text);
    let parsed = parse(text);
    let printed = print(&parsed.query);
    if parsed.is_valid() {
        assert_eq!(parse(&printed).query, parsed.query, "{text}\n{printed}");
        let formatted = format(text).expect("it is valid");
        assert_eq!(format(&formatted).as_ref(), Ok(&formatted), "{text}");
    }
    let given = Given { now: 639_028_224_000_000_000, ..Given::default() };
    let bound = bind(&parsed.query, tables, &given);
    assert!(bound.diagnostics.len() <= 2 * DIAGNOSTICS_MAX);
    for diagnostic in parsed.diagnostics.iter().chain(&bound.diagnostics) {
        assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some(), "{diagnostic:?} of {text:?}");
    }
    if parsed.is_valid() && bound.runs() {
        let values = Values::default();
        for result in &bound.query.results {
            // A plan or a refusal: what is needed beforehand has not run.
            let _ = lower(&result.relation, Environment { tables: &Nothing, values: &values, now: given.now });
        }
    }
}

#[test]
fn kept_texts_go_through_all_stages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/kql/fuzz");
    let tables = tables();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the kept texts are there") {
        let bytes = std::fs::read(entry.expect("a file").path()).expect("it can be read");
        goes_through(&String::from_utf8_lossy(&bytes), &tables);
        count += 1;
    }
    assert!(count >= 12, "only {count} texts");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn no_soup_of_tokens_breaks_the_binder(text in pieces()) {
        goes_through(&text, &tables());
    }

    #[test]
    fn no_query_breaks_the_binder(text in query()) {
        goes_through(&text, &tables());
    }
}

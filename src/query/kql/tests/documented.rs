//! Examples of the language's own reference with the answers that it prints (`tests/cases/kql/documented.txt`), and queries that once went wrong
//! (`tests/cases/kql/mended.txt`), and plugins from the text to the rows (`tests/cases/kql/plugins.txt`).

use std::sync::Arc;

use super::graphs::cases;
use super::recorded::{Plain, answer, same_json};

const DOCUMENTED: &str = include_str!("../../../../tests/cases/kql/documented.txt");
const MENDED: &str = include_str!("../../../../tests/cases/kql/mended.txt");

const PLUGINS: &str = include_str!("../../../../tests/cases/kql/plugins.txt");

/// Whether two tables hold the same rows in any order.
fn same_rows(found: &[Vec<serde_json::Value>], expected: &[Vec<serde_json::Value>]) -> bool {
    let mut left: Vec<_> = found.iter().collect();
    let same = |a: &[serde_json::Value], b: &[serde_json::Value]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b));
    expected.iter().all(|row| match left.iter().position(|other| same(other, row)) {
        Some(place) => {
            left.swap_remove(place);
            true
        }
        None => false,
    }) && left.is_empty()
}

#[test]
fn documented_queries_give_the_documented_rows() {
    check(DOCUMENTED);
}

#[test]
fn queries_that_once_went_wrong_give_what_they_mean() {
    check(MENDED);
}

#[test]
fn plugins_give_what_they_promise() {
    check(PLUGINS);
}

/// Runs the cases of a file.
fn check(text: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let engine = Arc::new(Plain::new());
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in cases(text) {
        count += 1;
        let (query, engine) = (case.query.to_owned(), Arc::clone(&engine));
        let found = runtime.block_on(async move { tokio::spawn(async move { answer(&engine, &query).await }).await });
        match found {
            Ok(Ok((fields, found))) => {
                let names = fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" | ");
                if names != case.columns || !same_rows(&found, &case.rows) {
                    wrong.push(format!("{}\n{names}\n{found:?}\nexpected\n{}\n{:?}", case.query, case.columns, case.rows));
                }
            }
            Ok(Err(fault)) => wrong.push(format!("{}\n{fault:?}", case.query)),
            Err(panic) => wrong.push(format!("{}\n{panic}", case.query)),
        }
    }
    assert!(wrong.is_empty(), "{} of {count} wrong\n\n{}", wrong.len(), wrong.join("\n\n"));
}

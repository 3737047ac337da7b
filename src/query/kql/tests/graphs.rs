//! Graph operators end to end: the documented examples and their kin (`tests/cases/kql/graphs.txt`).

use serde_json::Value;

use super::recorded::{Plain, answer, same_json};

const CASES: &str = include_str!("../../../../tests/cases/kql/graphs.txt");

/// Whether two tables hold the same rows in any order.
fn same_rows(found: &[Vec<Value>], expected: &[Vec<Value>]) -> bool {
    let mut left: Vec<&Vec<Value>> = found.iter().collect();
    let same = |a: &[Value], b: &[Value]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b));
    let all_met = expected.iter().all(|row| match left.iter().position(|other| same(other, row)) {
        Some(place) => {
            left.swap_remove(place);
            true
        }
        None => false,
    });
    all_met && left.is_empty()
}

/// A query with its answer.
pub(super) struct Case<'a> {
    pub(super) query: &'a str,
    /// The names of the columns, with ` | ` between them.
    pub(super) columns: &'a str,
    pub(super) rows: Vec<Vec<Value>>,
}

/// The cases of a file: blocks of a query, a line `----`, a line of columns, and a line of cells as JSON for each row.
pub(super) fn cases(text: &str) -> impl Iterator<Item = Case<'_>> {
    text.split("\n\n").filter_map(|block| block.split_once("\n----\n")).map(|(query, expected)| {
        let mut lines = expected.lines();
        let columns = lines.next().expect("a case names its columns");
        let cells = |line: &str| line.split(" | ").map(|cell| serde_json::from_str(cell).expect("cells are JSON")).collect();
        Case { query, columns, rows: lines.map(cells).collect() }
    })
}

#[test]
fn documented_graph_queries_give_the_documented_rows() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let engine = Plain::new();
    let mut wrong = Vec::new();
    let mut count = 0;
    for Case { query, columns, rows } in cases(CASES) {
        count += 1;
        match runtime.block_on(answer(&engine, query)) {
            Ok((fields, found)) => {
                let names = fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" | ");
                if names != columns || !same_rows(&found, &rows) {
                    wrong.push(format!("{query}\n{names}\n{found:?}\nexpected\n{columns}\n{rows:?}"));
                }
            }
            Err(fault) => wrong.push(format!("{query}\n{fault:?}")),
        }
    }
    assert_eq!(count, COUNT);
    assert!(wrong.is_empty(), "{} of {count} wrong\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// Cases in the file.
const COUNT: usize = 32;

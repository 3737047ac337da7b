//! Case files in `tests/cases/cypher`: queries with whole answers.

use std::sync::Arc;

use serde_json::Value as Json;

use super::super::{Answer, Settings, Value, run};
use super::graphs;

/// A query with what it must give.
struct Case {
    line: usize,
    query: String,
    ordered: bool,
    error: Option<String>,
    columns: String,
    rows: Vec<Vec<Json>>,
}

/// Reads cases: blank lines part them, `#` begins a comment.
fn cases(text: &str) -> Vec<Case> {
    let mut all: Vec<Case> = Vec::new();
    let mut block: Vec<(usize, &str)> = Vec::new();
    for (n, line) in text.lines().chain([""]).enumerate() {
        if line.starts_with('#') {
            continue;
        }
        if !line.trim().is_empty() {
            block.push((n + 1, line));
            continue;
        }
        let block = std::mem::take(&mut block);
        let Some(rule) = block.iter().position(|(_, line)| line.starts_with("----")) else {
            assert!(block.is_empty(), "a case without `----` at line {}", block[0].0);
            continue;
        };
        let said = block[rule].1.trim_start_matches('-').trim();
        let cells = |line: &str| line.split(" | ").map(|cell| serde_json::from_str(cell).expect("cells are JSON")).collect();
        all.push(Case {
            line: block[0].0,
            query: block[..rule].iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n"),
            ordered: said == "ordered",
            error: said.strip_prefix("error ").map(str::to_owned),
            columns: block.get(rule + 1).map_or_else(String::new, |(_, line)| (*line).to_owned()),
            rows: block.iter().skip(rule + 2).map(|(_, line)| cells(line)).collect(),
        });
    }
    all
}

fn shown(answer: &Answer, ordered: bool) -> Vec<String> {
    let row = |row: usize| (0..answer.columns.len()).map(|column| answer.json(row, column).to_string()).collect::<Vec<_>>().join(" | ");
    let mut rows: Vec<String> = (0..answer.rows.len()).map(row).collect();
    if !ordered {
        rows.sort();
    }
    rows
}

fn check(name: &str, text: &str, count: usize) {
    let graph = graphs::named(name);
    let map = |name: &str, value| Value::Map(Arc::new(vec![(Arc::from(name), Value::Long(value))]));
    let parameters = [("limit", Value::Long(5)), ("who", map("age", 35)), ("since", map("since", 2022))];
    let cases = cases(text);
    assert_eq!(cases.len(), count);
    let mut wrong = Vec::new();
    for case in cases {
        let named = parameters.iter().filter(|(name, _)| case.query.contains(&format!("${name}")));
        let parameters = named.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let found = run(&case.query, graph.clone(), &Settings { parameters, ..Settings::default() });
        let mut expected: Vec<String> =
            case.rows.iter().map(|row| row.iter().map(Json::to_string).collect::<Vec<_>>().join(" | ")).collect();
        if !case.ordered {
            expected.sort();
        }
        let said = match (&found, &case.error) {
            (Err(fault), Some(code)) if fault.code == code => continue,
            (Err(fault), _) => format!("{fault:?}"),
            (Ok(_), Some(code)) => format!("expected the error {code}"),
            (Ok(answer), None) => {
                let columns = answer.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(" | ");
                let rows = shown(answer, case.ordered);
                assert!(answer.batch().is_ok(), "{}", case.query);
                if columns == case.columns && rows == expected {
                    continue;
                }
                format!("{columns}\n{}\nexpected\n{}\n{}", rows.join("\n"), case.columns, expected.join("\n"))
            }
        };
        wrong.push(format!("line {}: {}\n{said}", case.line, case.query));
    }
    assert!(wrong.is_empty(), "{} wrong\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn documented_queries_over_movies_give_the_documented_rows() {
    check("movies", include_str!("../../../../tests/cases/cypher/movies.txt"), 71);
}

#[test]
fn queries_over_people_give_the_rows_of_their_graph() {
    check("people", include_str!("../../../../tests/cases/cypher/people.txt"), 68);
}

#[test]
fn documented_shortest_paths_are_found() {
    check("stations", include_str!("../../../../tests/cases/cypher/stations.txt"), 2);
}

#[test]
fn attack_paths_are_found() {
    check("security", include_str!("../../../../tests/cases/cypher/security.txt"), 5);
}

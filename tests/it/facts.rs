//! Real files give the facts that were counted from them by other means. A case is a file in `tests/cases/facts`: which
//! files to take in and what must be found afterwards; it needs no Rust.

use std::fs;
use std::path::{Path, PathBuf};

use clew::engine::IngestReport;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::Value;

use crate::support::{Clew, data};

/// What must be found, and where: in the answer of a request, of a query, or else in the report of the ingest.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fact {
    says: String,
    request: Option<String>,
    query: Option<String>,
    pointer: String,
    equals: Option<Value>,
    /// Number of items of the list or members of the object at `pointer`.
    count: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Files and folders below `../shared/data`, in the order in which they are taken in.
    files: Vec<String>,
    /// Documents that are rejected.
    #[serde(default)]
    rejected: u64,
    /// Whether the facts also hold when the lines of each file come in reverse.
    #[serde(default)]
    any_order: bool,
    fact: Vec<Fact>,
}

/// The facts that do not hold, each as a line of text.
pub(crate) async fn wrong(name: &str, facts: &[Fact], clew: &Clew, report: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for fact in facts {
        let body = match (&fact.request, &fact.query) {
            (Some(path), None) => clew.get(path).await,
            (None, Some(text)) => clew.sql(text).await,
            (None, None) => report.clone(),
            (Some(_), Some(_)) => panic!("{name}: `{}` has both a request and a query", fact.says),
        };
        let found = body.pointer(&fact.pointer).cloned().unwrap_or_default();
        let length = found.as_array().map(Vec::len).or(found.as_object().map(serde_json::Map::len));
        match (&fact.equals, fact.count) {
            (Some(expected), None) if *expected != found => {
                wrong.push(format!("{name}: {}: expected {expected}, found {found}", fact.says))
            }
            (None, Some(expected)) if Some(expected) != length => {
                wrong.push(format!("{name}: {}: expected {expected} items, found {found}", fact.says));
            }
            (Some(_), None) | (None, Some(_)) => {}
            _ => panic!("{name}: `{}` says either `equals` or `count`", fact.says),
        }
    }
    wrong
}

fn take_in(case: &Case, name: &str, reversed: bool) -> (Clew, IngestReport) {
    let clew = Clew::new();
    let mut report = IngestReport::default();
    for file in &case.files {
        let path = data(file);
        assert!(path.exists(), "{name}: `{}` is not there: the facts need the folder `shared` beside the repository", path.display());
        report.add(if reversed { clew.ingest_bytes(file, reversed_lines(&path)) } else { clew.ingest(&path) });
    }
    assert_eq!(report.rejected, case.rejected, "{name}: {:?}", report.rejects);
    (clew, report)
}

fn reversed_lines(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).expect("the file can be read");
    let text = if path.extension().is_some_and(|extension| extension == "gz") {
        std::io::read_to_string(MultiGzDecoder::new(&bytes[..])).expect("the file can be unpacked")
    } else {
        String::from_utf8(bytes).expect("the file is text")
    };
    text.lines().rev().collect::<Vec<_>>().join("\n").into_bytes()
}

async fn check(path: &Path) -> Vec<String> {
    let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
    let text = fs::read_to_string(path).expect("the case can be read");
    let case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut found = Vec::new();
    for reversed in [false, true] {
        if reversed && !case.any_order {
            break;
        }
        let (clew, report) = take_in(&case, name, reversed);
        let report = serde_json::to_value(report).expect("a report is JSON");
        let name = if reversed { format!("{name} (reversed)") } else { name.to_owned() };
        found.extend(wrong(&name, &case.fact, &clew, &report).await);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_facts_of_the_real_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/facts");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("an entry").path()).collect();
    cases.sort();
    assert!(cases.len() > 10, "the cases are found");
    let mut wrong = Vec::new();
    for case in cases {
        wrong.extend(check(&case).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

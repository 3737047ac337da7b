//! The sample data gives the answers that were counted from its files by other means.

use clew::datasets::{self, Dataset};
use serde::Deserialize;
use serde_json::Value;

use crate::support::Clew;

#[derive(Deserialize)]
struct Truth {
    fact: Vec<Fact>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fact {
    says: String,
    request: Option<String>,
    query: Option<String>,
    pointer: String,
    equals: Value,
}

async fn check(dataset: &Dataset, clew: &Clew) -> Vec<String> {
    let truth: Truth = toml::from_str(dataset.truth).unwrap_or_else(|error| panic!("{}: {error}", dataset.name));
    let mut wrong = Vec::new();
    for fact in truth.fact {
        let body = match (&fact.request, &fact.query) {
            (Some(path), None) => clew.get(path).await,
            (None, Some(text)) => clew.sql(text).await,
            _ => panic!("{}: `{}` has either a request or a query", dataset.name, fact.says),
        };
        let found = body.pointer(&fact.pointer).cloned().unwrap_or_default();
        if found != fact.equals {
            wrong.push(format!("{}: {}: expected {}, found {found}", dataset.name, fact.says, fact.equals));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn each_story_gives_its_facts() {
    let mut wrong = Vec::new();
    for dataset in datasets::ALL {
        let clew = Clew::new();
        for (name, bytes) in dataset.files {
            let report = clew.ingest_bytes(name, *bytes);
            assert_eq!(report.rejected, 0, "{}/{name}: {:?}", dataset.name, report.rejects);
            assert!(report.new > 0, "{}/{name} gives something", dataset.name);
        }
        wrong.extend(check(dataset, &clew).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_files_again_change_nothing() {
    let clew = Clew::new();
    let files: Vec<_> = datasets::ALL.iter().filter(|dataset| dataset.name != "lsass-campaign").flat_map(|dataset| dataset.files).collect();
    let first: Vec<_> = files.iter().map(|(name, bytes)| clew.ingest_bytes(name, *bytes)).collect();
    let seq = clew.engine.seq();
    for ((name, bytes), first) in files.iter().zip(first) {
        let again = clew.ingest_bytes(name, *bytes);
        assert_eq!((again.documents, again.new, again.updated), (first.documents, 0, 0), "{name}");
        assert_eq!(again.duplicate, first.new + first.updated + first.duplicate, "{name}");
    }
    assert_eq!(clew.engine.seq(), seq);
}

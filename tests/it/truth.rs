//! The sample data gives the answers that were counted from its files by other means.

use clew::datasets;
use clew::engine::IngestReport;
use clew::triage::CorrelationRequest;
use serde::Deserialize;

use crate::facts::{Fact, wrong};
use crate::support::Clew;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Truth {
    fact: Vec<Fact>,
}

#[tokio::test(flavor = "multi_thread")]
async fn each_story_gives_its_facts() {
    let mut found = Vec::new();
    for dataset in datasets::ALL {
        let clew = Clew::new();
        let mut reports = IngestReport::default();
        for (name, bytes) in dataset.files {
            let report = clew.ingest_bytes(name, *bytes);
            assert_eq!(report.rejected, 0, "{}/{name}: {:?}", dataset.name, report.rejects);
            assert!(report.new > 0, "{}/{name} gives something", dataset.name);
            reports.add(report);
        }
        clew.engine.correlate(&CorrelationRequest::default()).expect("the alerts are correlated");
        let truth: Truth = toml::from_str(dataset.truth).unwrap_or_else(|error| panic!("{}: {error}", dataset.name));
        let reports = serde_json::to_value(reports).expect("a report is JSON");
        found.extend(wrong(dataset.name, &truth.fact, &clew, &reports).await);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
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

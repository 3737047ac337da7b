//! Incremental equals rebuilt: any order of sources and any batches give the same answers, and every view can be lost.

use std::fs;
use std::path::Path;

use clew::engine::{self, Options};
use serde_json::Value;

use crate::support::{Clew, data};

const FILES: [&str; 8] = [
    "msticpy/alertlist.csv.gz",
    "msticpy/host_logons.csv",
    "derived/securityalert_2019.jsonl",
    "derived/securityincident_rest_flat_2022.json",
    "sentinel-training-lab/sign-in_adelete.csv",
    "sentinel-training-lab/azureActivity_adele.csv.gz",
    "graph-alerts-v2",
    "otrf/log4shell-linux",
];

const REQUESTS: [&str; 18] = [
    "/v1/alerts?limit=1000&sort=title",
    "/v1/incidents?limit=100",
    "/v1/incidents/116294",
    "/v1/alerts/2518522745615999999_30ac5794-a265-4420-a1b7-6335ac08e2c0",
    "/v1/entities?limit=2000",
    "/v1/entities/host:MSTICALERTSWIN1",
    "/v1/entities/account:adelev@m365x816222.onmicrosoft.com",
    "/v1/neighbors?node=host:MSTICALERTSWIN1&limit=1000",
    "/v1/neighbors?node=account:adelev@m365x816222.onmicrosoft.com&limit=1000&hops=2",
    "/v1/common?a=ip:175.45.176.99&b=ip:37.142.150.162",
    "/v1/component?node=host:UBUNTU5",
    "/v1/blast-radius?node=ip:175.45.176.99",
    "/v1/rank?limit=100",
    "/v1/rank?by=pagerank&limit=20",
    "/v1/why?a=account:MSTICAlertsWin1%5CMSTICAdmin&b=host:MSTICALERTSWIN1&limit=1000",
    "/v1/timeline?of=host:MSTICALERTSWIN1&limit=1000&buckets=10",
    "/v1/search?q=mimikatz&kind=alert&limit=100&sort=first",
    "/v1/explorations?entity=host:MSTICALERTSWIN1&counts=true",
];

const QUERIES: [&str; 3] = [
    "SELECT Type, count(*) AS n FROM SecurityEvent GROUP BY Type",
    "SELECT SystemAlertId, AlertSeverity FROM SecurityAlert ORDER BY SystemAlertId",
    "SELECT UserPrincipalName, count(*) AS n FROM SigninLogs GROUP BY UserPrincipalName ORDER BY n DESC",
];

/// Members that tell when and as the how-manieth a document came, which is another thing in another order.
const OF_ARRIVAL: [&str; 6] = ["seq", "etag", "evidence", "received", "cursor", "seconds"];

/// Leaves out what depends on arrival; lists of equal standing are put in one order.
fn settle(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|name, _| !OF_ARRIVAL.contains(&name.as_str()));
            object.values_mut().for_each(settle);
        }
        Value::Array(list) => {
            list.iter_mut().for_each(settle);
            list.sort_by_cached_key(Value::to_string);
        }
        _ => {}
    }
}

async fn answers(clew: &Clew, exact: bool) -> Vec<(String, Value)> {
    let mut answers = Vec::new();
    for path in REQUESTS {
        answers.push((path.to_owned(), clew.get(path).await));
    }
    for text in QUERIES {
        answers.push((text.to_owned(), clew.sql(text).await));
    }
    if !exact {
        answers.iter_mut().for_each(|(_, answer)| settle(answer));
    }
    answers
}

fn assert_same(what: &str, left: &[(String, Value)], right: &[(String, Value)]) {
    for ((question, left), (_, right)) in left.iter().zip(right) {
        if left != right {
            let (left, right) = (left.to_string(), right.to_string());
            let at = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count();
            let around =
                |text: &str| String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(300)..text.len().min(at + 300)]).into_owned();
            panic!("{what}: {question} differs:\n{}\n{}", around(&left), around(&right));
        }
    }
}

fn filled(options: Options, files: impl Iterator<Item = &'static str>) -> Clew {
    let clew = Clew::with(options);
    for file in files {
        assert_eq!(clew.ingest(&data(file)).rejected, 0, "{file}");
    }
    clew
}

fn assert_verified(folder: &Path) {
    let verified = engine::verify(folder, Options::default()).expect("the folder can be verified");
    assert!(verified.equal, "{verified:#?}");
    assert!(!folder.join("verify").exists(), "nothing is left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn order_and_batches_change_nothing() {
    let small = Options { commit_documents_max: 7, persist_documents: 50, ..Options::default() };
    let forward = filled(Options::default(), FILES.into_iter());
    let backward = filled(small, FILES.into_iter().rev());
    assert_eq!(forward.engine.seq(), backward.engine.seq());
    assert_same("another order", &answers(&forward, false).await, &answers(&backward, false).await);
    for clew in [forward, backward] {
        assert_verified(clew.close().path());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_with_a_view() {
    let clew = filled(Options::default(), FILES.into_iter());
    let before = answers(&clew, true).await;
    let mut folder = clew.close();

    let mut backup = Vec::new();
    let documents = engine::export(folder.path(), Options::default(), &mut backup).expect("exports");
    let other = tempfile::tempdir().expect("a folder");
    let imported = Clew::open(other, Options::default());
    assert_eq!(imported.engine.import(&mut &backup[..]).expect("imports"), documents);
    assert_eq!(imported.engine.import(&mut &backup[..]).expect("imports again"), 0);
    assert_same("an import", &before, &answers(&imported, true).await);
    drop(imported);

    for view in ["graph", "columns", "fulltext", "records"] {
        for damage in [damage as fn(&Path), remove] {
            damage(&folder.path().join(view));
            let clew = Clew::open(folder, Options::default());
            assert_same(view, &before, &answers(&clew, true).await);
            folder = clew.close();
        }
    }
    // Views of a version that read the documents otherwise are made anew, others stay.
    let mark = folder.path().join("columns/mark");
    fs::write(&mark, "").expect("a file can be written");
    folder = Clew::open(folder, Options::default()).close();
    assert!(mark.exists());
    fs::write(folder.path().join("READING"), "0").expect("a file can be written");
    let told = engine::verify(folder.path(), Options::default()).map_err(|fault| fault.code);
    assert_eq!(told, Err("reading_outdated"), "views of another reading are not wrong, but old");
    let clew = Clew::open(folder, Options::default());
    assert_same("another reading", &before, &answers(&clew, true).await);
    folder = clew.close();
    assert!(!mark.exists());
    assert_verified(folder.path());
    engine::rebuild(folder.path(), Options::default()).expect("rebuilds");
    let clew = Clew::open(folder, Options::default());
    assert_same("a rebuild", &before, &answers(&clew, true).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_directory_is_verified_and_rebuilt() {
    let clew = filled(Options::default(), FILES.into_iter());
    let before = answers(&clew, true).await;
    let verify = |when: &str| assert!(clew.engine.verify().expect("an open directory can be verified").equal, "{when}");
    verify("before");
    assert_eq!(clew.engine.rebuild().expect("an open directory can be rebuilt"), clew.engine.seq());
    assert_same("a rebuild of an open directory", &before, &answers(&clew, true).await);
    verify("after");
    let folder = clew.close();
    for leftover in ["rebuild", "verify"] {
        assert!(!folder.path().join(leftover).exists(), "{leftover}");
    }
    assert_verified(folder.path());
}

fn remove(folder: &Path) {
    fs::remove_dir_all(folder).expect("the view can be deleted");
}

/// Overwrites the middle of every file and cuts its end.
fn damage(folder: &Path) {
    for entry in fs::read_dir(folder).expect("the view is a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            damage(&path);
        } else {
            let mut bytes = fs::read(&path).expect("a file");
            let half = bytes.len() / 2;
            bytes.truncate(bytes.len() - bytes.len() / 8);
            bytes.iter_mut().skip(half).take(64).for_each(|byte| *byte ^= 0xa5);
            fs::write(&path, bytes).expect("the file can be written");
        }
    }
}

/// A query of another workspace reads the files of this one by their paths: they stay until it is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_waits_for_those_whom_the_engine_was_lent_to() {
    let clew = Clew::new();
    clew.ingest_bytes("rows.jsonl", "{\"$table\":\"Signals_CL\",\"TimeGenerated\":\"2024-01-01T00:00:00Z\",\"Name\":\"a\"}");
    clew.engine.persist().expect("rows become files");
    let lent = clew.engine.lend().await;
    let context = lent.context();
    drop(lent);
    let engine = std::sync::Arc::clone(&clew.engine);
    let rebuilding = tokio::task::spawn_blocking(move || engine.rebuild());
    // The new views are made; what is left to do is to let them change places.
    while !clew.folder.path().join("rebuild/columns").exists() {
        tokio::task::yield_now().await;
    }
    let request = clew::query::ask::ResultsRequest { text: "Signals_CL | project Name".to_owned(), ..Default::default() };
    let (asked, context) =
        tokio::task::spawn_blocking(move || (clew::query::Question::answer(request, &context), context)).await.expect("an answer");
    assert_eq!(asked.expect("the files are there").tables[0].table.rows.len(), 1);
    assert!(!rebuilding.is_finished(), "the folders stay as long as the context is there");
    drop(context);
    assert_eq!(rebuilding.await.expect("a rebuild").expect("a rebuild"), clew.engine.seq());
}

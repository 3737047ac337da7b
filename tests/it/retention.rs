//! Retention: rows that are too old leave their tables, everything else stays, and a rebuild, a restart and a backup agree.

use axum::http::StatusCode;
use clew::engine::{Define, Engine, IngestReport, Options, rebuild};
use clew::ingest;
use clew::model::Time;
use clew::triage::incident::Actor;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::Clew;

const DAY: i64 = 86_400 * 1_000_000;

/// The instant so many days ago, at noon.
fn ago(days: i64) -> String {
    let today = Time::now().micros().div_euclid(DAY) * DAY;
    Time::from_micros(today - days * DAY + DAY / 2).to_string()
}

/// Logons of the given days, four a day, of hosts that tell the day.
fn logons(days: &[i64]) -> String {
    let row = |day: i64, n: i64| {
        json!({"TimeGenerated": ago(day), "EventID": 4624, "Computer": format!("ws{day}.example.org"),
            "TargetAccount": "CONTOSO\\ana", "TargetUserName": "ana", "TargetDomainName": "CONTOSO", "LogonType": 3, "EventRecordId": n,
            "IpAddress": "203.0.113.9"})
        .to_string()
    };
    let lines: Vec<String> = days.iter().flat_map(|day| (0..4).map(move |n| row(*day, n))).collect();
    lines.join("\n")
}

fn alert(day: i64) -> String {
    json!({
        "SystemAlertId": format!("alert-{day}"), "AlertName": "Old", "AlertSeverity": "Low", "ProductName": "Azure Sentinel",
        "ProviderName": "test", "StartTime": ago(day), "EndTime": ago(day), "TimeGenerated": ago(day),
        "Entities": "[{\"$id\":\"1\",\"HostName\":\"ws1\",\"DnsDomain\":\"example.org\",\"Type\":\"host\"}]",
    })
    .to_string()
}

fn events() -> ingest::Options {
    ingest::Options { table: Some("SecurityEvent".to_owned()), ..ingest::Options::default() }
}

fn take(clew: &Clew, text: &str) -> IngestReport {
    clew.ingest_with("events.jsonl", text, &events())
}

async fn rows(clew: &Clew, table: &str) -> i64 {
    clew.sql(&format!("SELECT COUNT(*) AS n FROM {table}")).await["rows"][0][0].as_i64().expect("a number")
}

async fn apply(clew: &Clew, trial: bool) -> Value {
    let (status, report) = clew.by("eve", "POST", &format!("/v1/retention/apply?trial={trial}"), Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    report
}

async fn set(clew: &Clew, table: &str, days: u32) -> (StatusCode, Value) {
    clew.by("eve", "PUT", &format!("/v1/retention/{table}"), json!({"days": days})).await
}

fn reopen(clew: Clew) -> Clew {
    Clew::open(clew.close(), Options::default())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_too_old_leave_and_nothing_else_does() {
    let clew = Clew::new();
    let old = logons(&[400, 100, 40, 20, 1, 0]);
    assert_eq!(take(&clew, old.as_str()).new, 24);
    clew.ingest_bytes("alerts.jsonl", alert(400));
    // Without a setting nothing leaves, whatever its age.
    let idle = apply(&clew, false).await;
    assert_eq!((&idle["value"], &idle["rows"]), (&json!([]), &json!(0)));
    for table in ["SecurityAlert", "securityincident", "AlertInfo", "SecureScores", "Watchlist"] {
        let (status, body) = set(&clew, table, 30).await;
        assert_eq!((status, &body["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("retention_refused")), "{table}");
    }
    let why = "/v1/why?a=account:CONTOSO%5Cana&b=host:ws400.example.org";
    let linked = clew.get(why).await;
    assert_eq!(linked["assertions"][0]["records"].as_array().map(Vec::len), Some(4), "{linked}");
    assert_eq!(set(&clew, "SecurityEvent", 0).await.1["error"]["code"], "retention_invalid");
    assert_eq!(set(&clew, "SecurityEvent", 30).await.0, StatusCode::OK);
    assert_eq!(set(&clew, "Nothing_CL", 1).await.0, StatusCode::OK);
    let listed = clew.get("/v1/retention").await;
    assert_eq!((&listed["total"], &listed["value"][1]["days"], &listed["value"][1]["modified_by"]), (&json!(2), &json!(30), &json!("eve")));
    // A trial counts and changes nothing.
    let trial = apply(&clew, true).await;
    assert_eq!((&trial["applied"], &trial["rows"], &trial["value"][0]["files"]), (&json!(false), &json!(12), &json!(3)), "{trial}");
    let before = trial["value"][0]["before"].as_str().expect("a day");
    assert!(&ago(40)[..10] < before && before < &ago(20)[..10], "{before}");
    assert_eq!(rows(&clew, "SecurityEvent").await, 24);
    let done = apply(&clew, false).await;
    assert_eq!((&done["applied"], &done["rows"], &done["value"][0]["table"]), (&json!(true), &json!(12), &json!("SecurityEvent")));
    assert_eq!((rows(&clew, "SecurityEvent").await, rows(&clew, "SecurityAlert").await), (12, 1));
    assert_eq!(clew.get("/v1/alerts").await["total"], 1);
    let shown = clew.get("/v1/timeline?of=account:CONTOSO%5Cana&kind=event&limit=100").await;
    assert_eq!(
        (shown["value"].as_array().map(Vec::len), &shown["counts"]["event"]),
        (Some(12), &json!(12)),
        "the timeline has what is left"
    );
    let after = clew.get(why).await;
    for member in ["records", "records_complete", "count", "first", "last"] {
        assert_eq!(after["assertions"][0][member], linked["assertions"][0][member], "{member}: the journal has what the table lost");
    }
    // One table by two names has the longer of its settings.
    assert_eq!(set(&clew, "securityevent", 3_000).await.0, StatusCode::OK);
    assert_eq!(
        apply(&clew, true).await["value"],
        json!([{"table": "SecurityEvent", "days": 3000, "before": &ago(3_000)[..10], "rows": 0, "files": 0, "bytes": 0}])
    );
    assert_eq!(clew.by("eve", "DELETE", "/v1/retention/securityevent", Value::Null).await.0, StatusCode::OK);
    // The chain of changes tells who did it and what went.
    let cuts = clew.engine.context().snapshot.resources("retention_cut").expect("reads");
    let [cut] = cuts.as_slice() else { panic!("{cuts:?}") };
    assert_eq!((&*cut.resource.id, &cut.resource.value["rows"], &*cut.resource.modified_by), ("SecurityEvent", &json!(12), "eve"));
    assert_eq!(clew.get("/v1/audit/verify").await["whole"], true);
    // A second time there is nothing to do, and what left does not come back by the same file.
    assert_eq!(apply(&clew, false).await["rows"], 0);
    assert_eq!(take(&clew, &old).duplicate, 24);
    assert_eq!(rows(&clew, "SecurityEvent").await, 12);
    // Rows that come later are kept until the next time, whatever their day.
    assert_eq!(take(&clew, &logons(&[200])).new, 4);
    assert_eq!(rows(&clew, "SecurityEvent").await, 16);
    let equal = clew.engine.verify().expect("verifies");
    assert!(equal.equal, "{equal:?}");
    assert_eq!(apply(&clew, false).await["rows"], 4);
    assert_eq!(rows(&clew, "SecurityEvent").await, 12);
    agree(clew).await;
}

/// A restart, a rebuild and a backup end in the same tables.
async fn agree(clew: Clew) {
    let equal = clew.engine.verify().expect("verifies");
    assert!(equal.equal, "{equal:?}");
    let mut backup = Vec::new();
    clew.engine.export(&mut backup).expect("exports");
    let clew = reopen(clew);
    assert_eq!(rows(&clew, "SecurityEvent").await, 12, "after a restart");
    let folder = clew.close();
    rebuild(folder.path(), Options::default()).expect("rebuilds");
    let clew = Clew::open(folder, Options::default());
    assert_eq!(rows(&clew, "SecurityEvent").await, 12, "after a rebuild");
    let restored = Clew::new();
    restored.engine.import(&mut backup.as_slice()).expect("imports");
    assert_eq!(rows(&restored, "SecurityEvent").await, 12, "after an import");
    let equal = restored.engine.verify().expect("verifies");
    assert!(equal.equal, "{equal:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_in_the_middle_of_a_batch_takes_what_came_before_it() {
    // An import may put a cut and the rows on both sides of it into one batch.
    let first = Clew::new();
    take(&first, &logons(&[90, 1]));
    set(&first, "SecurityEvent", 30).await;
    assert_eq!(apply(&first, false).await["rows"], 4);
    take(&first, &logons(&[80]));
    let mut backup = Vec::new();
    first.engine.export(&mut backup).expect("exports");
    for size in [1, 3, 4_096] {
        let folder = TempDir::new().expect("a folder");
        let options = Options { commit_documents_max: size, ..Options::default() };
        let restored = Clew::open(folder, options);
        restored.engine.import(&mut backup.as_slice()).expect("imports");
        assert_eq!(rows(&restored, "SecurityEvent").await, 8, "batches of {size}");
        let late = restored.sql("SELECT COUNT(*) AS n FROM SecurityEvent WHERE Computer = 'ws80.example.org'").await;
        assert_eq!(late["rows"][0][0], 4, "batches of {size}");
        let equal = restored.engine.verify().expect("verifies");
        assert!(equal.equal, "batches of {size}: {equal:?}");
    }
}

#[test]
fn a_crash_behind_a_cut_changes_nothing() {
    let folder = TempDir::new().expect("a folder");
    let engine = Engine::open(folder.path(), Options::default()).expect("opens");
    let take = |engine: &Engine, text: String| {
        let reader = Box::new(std::io::Cursor::new(text.into_bytes()));
        let input = ingest::Input::Reader { name: "events.jsonl".to_owned(), reader };
        engine.ingest(input, &events(), &()).expect("reads").new
    };
    assert_eq!(take(&engine, logons(&[90, 1])), 8);
    let eve = Actor { name: "eve".to_owned() };
    engine.define(Define::put("retention", "SecurityEvent", json!({"days": 30})), &eve).expect("defines");
    assert_eq!(engine.retain(false, Time::now(), &eve).expect("cuts").rows, 4);
    assert_eq!(take(&engine, logons(&[80])), 4);
    // What a crash leaves: the journal whole, the views without what was applied since.
    let copy = TempDir::new().expect("a folder");
    copy_all(folder.path(), copy.path());
    drop(engine);
    std::fs::remove_file(copy.path().join("columns/position.json")).expect("the position of the tables is lost");
    let again = Engine::open(copy.path(), Options::default()).expect("opens again");
    assert_eq!(again.stats().tables.get("SecurityEvent"), Some(&8));
    assert!(again.verify().expect("verifies").equal);
}

fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).expect("a folder");
            copy_all(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a copy");
        }
    }
}

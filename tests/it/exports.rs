//! Continuous export: every item once or more under the same id, in order, over restarts and failures; files, addresses, syslog, snapshots.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::TcpListener;

use axum::http::StatusCode;
use clew::engine::Options;
use clew::model::Time;
use serde_json::{Value, json};

use crate::automation::Receiver;
use crate::support::Clew;

fn alerts(range: std::ops::Range<u32>) -> String {
    let alert = |n: u32| {
        json!({"SystemAlertId": format!("a{n:03}"), "DisplayName": "x", "AlertName": "x", "AlertSeverity": if n.is_multiple_of(2) { "High" } else { "Low" },
            "ProviderName": "Test", "ProductName": "Test", "TimeGenerated": "2026-01-01T10:00:00Z", "StartTime": "2026-01-01T10:00:00Z",
            "EndTime": "2026-01-01T10:05:00Z", "AlertType": "t", "Entities": "[]", "Type": "SecurityAlert"})
        .to_string()
    };
    range.map(|n| alert(n) + "\n").collect()
}

async fn send(clew: &Clew, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = clew.by("ana", method, path, body).await;
    assert_eq!(status, StatusCode::OK, "{method} {path}: {answer}");
    answer
}

/// One pass of the exports.
fn export(clew: &Clew, now: Time) -> Result<clew::engine::ExportPass, clew::model::Fault> {
    tokio::task::block_in_place(|| clew.engine.run_exports(now))
}

fn ids(lines: &str) -> Vec<String> {
    lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["id"].as_str().unwrap_or_default().to_owned()).collect()
}

fn files(clew: &Clew, id: &str) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(clew.folder.path().join("exports").join(id)) else { return Vec::new() };
    let mut found: Vec<(String, String)> = entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap_or_default()))
        .collect();
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_files_goes_on_after_a_restart() {
    let clew = Clew::new();
    clew.ingest_bytes("before.jsonl", alerts(0..4));
    let defined = json!({"target": {"type": "file"}, "from_beginning": true, "filter": {"severity": ["high"]}});
    send(&clew, "PUT", "/v1/exports/archive", defined).await;
    send(&clew, "PUT", "/v1/exports/new", json!({"target": {"type": "file", "format": "parquet"}})).await;
    assert_eq!(export(&clew, Time::now()).expect("it runs").sent, 2);
    clew.ingest_bytes("after.jsonl", alerts(4..8));
    let clew = Clew::open(clew.close(), Options::default());
    assert_eq!(export(&clew, Time::now()).expect("it runs").sent, 2 + 4);
    assert_eq!(export(&clew, Time::now()).expect("it runs").sent, 0);
    let sent: Vec<String> = files(&clew, "archive").iter().flat_map(|(_, text)| ids(text)).collect();
    assert_eq!(sent, ["a000", "a002", "a004", "a006"]);
    let names: Vec<String> = files(&clew, "new").into_iter().map(|(name, _)| name).collect();
    assert!(names.len() == 1 && names[0].ends_with(".parquet"), "{names:?}");
    let status = clew.get("/v1/exports/archive/status").await;
    assert_eq!(json!([status["sent"], status["batches"], status["behind"], status["error"]]), json!([4, 2, 0, null]));

    // A state that a crash left behind sends the last batch again, into the same files.
    send(&clew, "POST", "/v1/exports/archive/replay", json!({"cursor": 0})).await;
    export(&clew, Time::now()).expect("it runs");
    let all: BTreeSet<String> = files(&clew, "archive").iter().flat_map(|(_, text)| ids(text)).collect();
    assert_eq!(all.len(), 4);
    // A pause keeps the place.
    send(&clew, "PUT", "/v1/exports/new", json!({"enabled": false, "target": {"type": "file", "format": "parquet"}})).await;
    clew.ingest_bytes("more.jsonl", alerts(8..9));
    assert_eq!(export(&clew, Time::now()).expect("it runs").sent, 1, "only the archive takes it");
    send(&clew, "PUT", "/v1/exports/new", json!({"target": {"type": "file", "format": "parquet"}})).await;
    assert_eq!(export(&clew, Time::now()).expect("it runs").sent, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_fails_gets_the_same_batch_later() {
    let clew = Clew::new();
    let receiver = Receiver::start(vec![500, 200]);
    send(&clew, "PUT", "/v1/egress", json!({"hosts": ["127.0.0.1"], "private": true})).await;
    let defined = json!({"target": {"type": "http", "url": format!("http://{}/in", receiver.address), "secret": "k"}});
    let shown = send(&clew, "PUT", "/v1/exports/siem", defined).await;
    assert_eq!(shown["target"]["secret"], "********");
    clew.ingest_bytes("alerts.jsonl", alerts(0..3));
    let begin = Time::now();
    let pass = export(&clew, begin).expect("it runs");
    assert_eq!((pass.sent, pass.failed), (0, 1));
    let status = clew.get("/v1/exports/siem/status").await;
    assert_eq!(json!([status["error"], status["failures"], status["sent"]]), json!(["127.0.0.1 answered 500: ok", 1, 0]));
    assert_eq!(export(&clew, begin.plus(1)).expect("it runs").failed, 0, "it waits before it tries again");
    let clew = Clew::open(clew.close(), Options::default());
    clew.ingest_bytes("more.jsonl", alerts(3..4));
    assert_eq!(export(&clew, begin.plus(20_000_000)).expect("it runs").sent, 4);
    let got = receiver.all();
    assert_eq!(
        (got.len(), ids(&got[0].body), ids(&got[1].body)),
        (2, vec!["a000".into(), "a001".into(), "a002".into()], vec!["a000".into(), "a001".into(), "a002".into(), "a003".into()])
    );
    assert!(got[0].header("webhook-signature").starts_with("v1,"));
    let event: Value = serde_json::from_str(got[1].body.lines().next().expect("a line")).expect("JSON");
    assert_eq!(event["event_id"], format!("{}:alert:a000", event["seq"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn syslog_counts_octets_and_refuses_what_is_not_allowed() {
    let clew = Clew::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("tcp://{}", listener.local_addr().expect("an address"));
    let receiving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a caller");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("text");
        text
    });
    send(&clew, "PUT", "/v1/exports/log", json!({"target": {"type": "syslog", "address": address}})).await;
    clew.ingest_bytes("alerts.jsonl", alerts(0..2));
    let begin = Time::now();
    assert_eq!(export(&clew, begin).expect("it runs").failed, 1);
    let error = clew.get("/v1/exports/log/status").await["error"].clone();
    assert_eq!(error, "expected a host of the egress policy, found `127.0.0.1`");
    send(&clew, "PUT", "/v1/egress", json!({"hosts": ["127.0.0.1"], "private": true})).await;
    assert_eq!(export(&clew, begin.plus(60_000_000)).expect("it runs").sent, 2);
    let text = receiving.join().expect("the receiver ends");
    let (length, rest) = text.split_once(' ').expect("a length");
    let (first, second) = rest.split_at(length.parse().expect("a number"));
    assert!(first.starts_with("<107>1 ") && first.ends_with('}'), "{first}");
    assert!(second.split_once(' ').is_some_and(|(_, message)| message.starts_with("<109>1 ")), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_keep_to_their_interval_and_may_be_queries() {
    let clew = Clew::new();
    clew.ingest_bytes("alerts.jsonl", alerts(0..3));
    send(&clew, "PUT", "/v1/exports/daily", json!({"target": {"type": "file"}, "kinds": ["alert"], "schedule": {"every": "1d"}})).await;
    let query = "SecurityAlert | summarize n = count() by AlertSeverity | sort by AlertSeverity asc";
    send(&clew, "PUT", "/v1/exports/query", json!({"target": {"type": "file"}, "schedule": {"every": "1h", "query": query}})).await;
    let begin = Time::parse("2026-05-01T00:00:00Z").expect("a time");
    let hour = 3_600_000_000;
    assert_eq!(export(&clew, begin).expect("it runs").sent, 3 + 2);
    assert_eq!(export(&clew, begin.plus(hour / 2)).expect("it runs").sent, 0);
    assert_eq!(export(&clew, begin.plus(hour)).expect("it runs").sent, 2);
    assert_eq!(clew.get("/v1/exports/daily/status").await["next_snapshot"], "2026-05-02T00:00:00Z");
    let text = &files(&clew, "query")[0].1;
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["content"].clone()).collect();
    assert_eq!(rows, [json!({"AlertSeverity": "High", "n": 2}), json!({"AlertSeverity": "Low", "n": 1})]);

    // A snapshot that a limit cuts says so.
    assert_eq!(clew.get("/v1/exports/query/status").await["cut"], Value::Null);
    let query = json!({"target": {"type": "file"}, "schedule": {"every": "1h", "query": "range x from 1 to 100001 step 1"}});
    send(&clew, "PUT", "/v1/exports/query", query).await;
    assert_eq!(export(&clew, begin.plus(2 * hour)).expect("it runs").sent, 100_000);
    assert_eq!(clew.get("/v1/exports/query/status").await["cut"], "rows_max");
}

/// Before its first pass, too, a stream knows where it begins; and many exports have their turn.
#[tokio::test(flavor = "multi_thread")]
async fn every_export_knows_how_far_behind_it_is() {
    let clew = Clew::new();
    clew.ingest_bytes("alerts.jsonl", alerts(0..3));
    for place in 0..20 {
        let value = json!({"target": {"type": "file"}, "from_beginning": true});
        send(&clew, "PUT", &format!("/v1/exports/e{place:02}"), value).await;
    }
    let behind = clew.get("/v1/exports/e00/status").await["behind"].as_u64().expect("a number");
    assert!(behind >= 3, "{behind}");
    let pass = export(&clew, Time::now()).expect("it runs");
    assert!(pass.complete && pass.failed == 0, "{pass:?}");
    for place in 0..20 {
        assert_eq!(clew.get(&format!("/v1/exports/e{place:02}/status")).await["behind"], 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sample_alerts_hang_together() {
    let clew = Clew::new();
    let made = send(&clew, "POST", "/v1/simulate", json!({"bundles": ["virtualmachines", "KeyVaults"]})).await;
    assert_eq!(made["alerts"].as_array().map(Vec::len), Some(6));
    let page = clew.get("/v1/alerts?title=SAMPLE").await;
    assert_eq!(page["total"], 6);
    let detail = clew.get(&format!("/v1/alerts/{}", made["alerts"][0].as_str().expect("an id"))).await;
    assert_eq!(detail["extended"]["ExtendedProperties"]["isSampleAlert"], "true");
    let found = send(&clew, "POST", "/v1/correlate", json!({"dry_run": true})).await;
    assert_eq!(found["groups"].as_array().map(Vec::len), Some(1), "one story: {found}");
    assert_eq!(found["groups"][0]["alerts"].as_array().map(Vec::len), Some(6));
    let (status, answer) = clew.by("ana", "POST", "/v1/simulate", json!({"bundles": ["Toasters"]})).await;
    assert_eq!((status.as_u16(), answer["error"]["code"].as_str()), (400, Some("parameter_invalid")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_whole_in_every_coding() {
    let clew = Clew::new();
    for alerts in [0, 40] {
        let rows: String = (0..alerts).map(|n| json!({"$table": "Signals_CL", "Name": format!("row {n}")}).to_string() + "\n").collect();
        if alerts > 0 {
            clew.ingest_bytes("signals.jsonl", rows);
        }
        let (coding, plain) = clew.coded("/v1/export", "identity").await;
        assert_eq!(coding, None);
        assert!(plain.iter().filter(|byte| **byte == b'\n').count() >= alerts);
        let (coding, packed) = clew.coded("/v1/export", "gzip").await;
        assert_eq!(coding.as_deref(), Some("gzip"));
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).expect("gzip to its end");
        assert_eq!(String::from_utf8_lossy(&unpacked), String::from_utf8_lossy(&plain));
    }
}

//! What became of earlier ingests: one report for each, whoever gave the documents, whatever happened since.

use std::path::Path;
use std::process::{Command, Stdio};

use axum::http::StatusCode;
use clew::engine::{Options, rebuild};
use serde_json::{Value, json};

use crate::support::{Clew, Server, data, get};

fn alert(id: &str, title: &str) -> Value {
    json!({
        "SystemAlertId": id, "AlertName": title, "DisplayName": title, "AlertSeverity": "High", "ProviderName": "p", "ProductName": "P",
        "VendorName": "V", "AlertType": "T", "Status": "New", "Type": "SecurityAlert", "TimeGenerated": "2024-01-02T03:04:05Z",
        "StartTime": "2024-01-02T03:00:00Z", "EndTime": "soon", "Shoe": 43,
        "Entities": "[{\"$id\":\"1\",\"HostName\":\"ws1\",\"DnsDomain\":\"example.org\",\"Type\":\"host\"},{\"$id\":\"2\",\"Address\":\"203.0.113.9\",\"Type\":\"ip\"}]",
    })
}

async fn send(clew: &Clew, who: &str, question: &str, body: Value) -> Value {
    let (status, report) = clew.by(who, "POST", &format!("/v1/ingest{question}"), body).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    report
}

/// A report without what the clock says.
fn timeless(mut report: Value) -> Value {
    let members = report.as_object_mut().expect("an object");
    ["begun", "ended", "id", "seconds", "bytes", "rejects_file"].iter().for_each(|name| drop(members.remove(*name)));
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_tells_what_became_of_the_documents_and_survives() {
    let clew = Clew::new();
    assert_eq!(clew.get("/v1/ingests").await, json!({"value": [], "total": 0, "complete": true}));
    let body = json!([alert("a1", "One"), alert("a2", "Two"), 5]);
    send(&clew, "eve", "?source=day1.json", body.clone()).await;
    let seq = clew.engine.seq();
    send(&clew, "eve", "?source=day1.json", body).await;
    send(&clew, "joe", "?source=day2.json&format=sentinel-alert", json!([alert("a1", "One again")])).await;
    assert_eq!(clew.engine.seq().0, seq.0 + 1, "a report is no document: what is known changes nothing");

    let listed = clew.get("/v1/ingests").await;
    let rows = listed["value"].as_array().expect("rows").clone();
    let say = |row: &Value| {
        let numbers = ["documents", "new", "updated", "duplicate", "rejected", "warnings", "unmapped"].map(|name| row[name].as_u64());
        (row["by"].clone(), row["source"].clone(), numbers.map(|number| number.expect("a number")))
    };
    assert_eq!(
        rows.iter().map(say).collect::<Vec<_>>(),
        [
            (json!("joe"), json!("day2.json"), [1, 0, 1, 0, 0, 1, 1]),
            (json!("eve"), json!("day1.json"), [3, 0, 0, 2, 1, 2, 1]),
            (json!("eve"), json!("day1.json"), [3, 2, 0, 0, 1, 2, 1]),
        ]
    );
    let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().expect("an id")).collect();
    let first = clew.get(&format!("/v1/ingests/{}", ids[2])).await;
    let warned = |line: u64| {
        json!({"code": "value_unreadable", "column": "SecurityAlert.EndTime", "line": line, "message": "expected datetime, found `soon`",
            "source": "day1.json", "value": "soon"})
    };
    assert_eq!(
        timeless(first.clone()),
        json!({
            "by": "eve", "via": "http", "sources": ["day1.json"], "sources_total": 1, "requests": 1, "files": {"day1.json": 3}, "files_more": 0,
            "documents": 3, "new": 2, "updated": 0, "duplicate": 0, "rejected": 1, "rejected_by_code": {"json_invalid": 1},
            "rejects": [{"code": "json_invalid", "message": "expected a JSON object", "source": "day1.json", "line": 3, "excerpt": "5"}],
            "warnings": 2, "warnings_by_column": {"SecurityAlert.EndTime": 2}, "warned": [warned(1), warned(2)],
            "alerts": 2, "incidents": 0, "events": {}, "entities": {"host": 2, "ip": 2}, "unmapped": {"Shoe": 2},
            "formats": {"sentinel-alert": 2}, "first": "2024-01-02T03:00:00Z", "last": "2024-01-02T03:00:00Z", "seq": 2,
        })
    );
    assert!(first["begun"].as_str() <= first["ended"].as_str(), "{first}");

    // Page by page.
    let page = clew.get("/v1/ingests?limit=2").await;
    assert_eq!((&page["value"], &page["total"], &page["complete"]), (&json!(rows[..2]), &json!(3), &json!(false)));
    let rest = clew.get(&format!("/v1/ingests?limit=2&cursor={}", page["cursor"].as_str().expect("a cursor"))).await;
    assert_eq!((&rest["value"], &rest["complete"]), (&json!(rows[2..]), &json!(true)));
    for (path, status, code) in [
        ("/v1/ingests/no-such", StatusCode::NOT_FOUND, "ingest_unknown"),
        ("/v1/ingests/00000000000000001", StatusCode::NOT_FOUND, "ingest_unknown"),
        ("/v1/ingests/..%2Fserver", StatusCode::NOT_FOUND, "ingest_unknown"),
        ("/v1/ingests?cursor=garbage", StatusCode::BAD_REQUEST, "cursor_invalid"),
        ("/v1/ingests?limit=0", StatusCode::BAD_REQUEST, "limit_invalid"),
    ] {
        let (found, body) = clew.try_get(path).await;
        assert_eq!((found, &body["error"]["code"]), (status, &json!(code)), "{path}");
    }

    // A restart and a rebuild lose none.
    let folder = clew.close();
    rebuild(folder.path(), Options::default()).expect("the views can be made anew");
    let clew = Clew::open(folder, Options::default());
    assert_eq!(clew.get("/v1/ingests").await, listed);
    assert_eq!(clew.get(&format!("/v1/ingests/{}", ids[2])).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_run_leave_one_report() {
    let clew = Clew::new();
    for (day, title) in [(1, "One"), (2, "Two")] {
        send(&clew, "eve", &format!("?source=day{day}.json&run=r1"), json!([alert(&format!("a{day}"), title)])).await;
    }
    send(&clew, "joe", "?source=day3.json&run=r1", json!([alert("a3", "Three")])).await;
    let rows = clew.get("/v1/ingests").await["value"].clone();
    let row = |place: usize| (rows[place]["by"].clone(), rows[place]["requests"].clone(), rows[place]["new"].clone());
    assert_eq!((row(0), row(1)), ((json!("joe"), json!(1), json!(1)), (json!("eve"), json!(2), json!(2))), "{rows}");
    let (status, body) = clew.by("eve", "POST", "/v1/ingest?run=", json!([])).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("parameter_invalid")));
}

fn clew(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clew"));
    command.args(arguments).arg("--data").arg(folder).args(["--as", "eve"]).stdin(Stdio::null()).env_remove("CLEW_DATA");
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_command_leaves_one_report_with_and_without_a_server() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let files = ["msticpy/alertlist.csv.gz", "msticpy/host_logons.csv"].map(data);
    let files: Vec<&str> = files.iter().map(|file| file.to_str().expect("a name")).collect();
    clew(folder.path(), &["ingest", files[0], files[1]]);
    let server = Server::start(folder.path());
    clew(folder.path(), &["ingest", files[0], files[1]]);
    let there: Value = serde_json::from_str(&clew(folder.path(), &["ingests", "--json"])).expect("JSON");
    drop(server);
    let here: Value = serde_json::from_str(&clew(folder.path(), &["ingests", "--json"])).expect("JSON");
    assert_eq!(here, there);
    let say = |row: &Value| ["via", "by", "requests", "source", "new", "duplicate"].map(|name| row[name].clone());
    // Counts of the files: their README.
    assert_eq!(say(&here["value"][0]), [json!("http"), json!("eve"), json!(2), json!(files[0]), json!(0), json!(203)]);
    assert_eq!(say(&here["value"][1]), [json!("command"), json!("eve"), json!(1), json!(files[0]), json!(203), json!(0)]);
    let id = here["value"][1]["id"].as_str().expect("an id");
    let whole: Value = serde_json::from_str(&clew(folder.path(), &["ingests", id, "--json"])).expect("JSON");
    assert_eq!((&whole["sources"], &whole["files"][files[1]]), (&json!(files), &json!(14)), "{whole}");
    assert!(clew(folder.path(), &["ingests"]).starts_with("BEGUN"));
    assert!(clew(folder.path(), &["ingests", id]).contains("203 documents in"));
}

/// Lines of alerts, more than are taken in at once.
fn many(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("{}\n", alert(&format!("m{n}"), "Many"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_that_breaks_off_leaves_what_was_acknowledged_and_why() {
    let clew = Clew::new();
    // A connection that ends in the middle of the body.
    let parts = vec![Ok(many(0, 2_500)), Err(std::io::Error::other("cut")), Ok(many(2_500, 2_600))];
    let request = axum::http::Request::post("/v1/ingest?source=cut.jsonl").header("host", "127.0.0.1:8080").header("x-clew-user", "eve");
    let request = request.body(axum::body::Body::from_stream(futures::stream::iter(parts))).expect("a request");
    let answer = tower::ServiceExt::oneshot(clew.router.clone(), request).await.expect("the router answers");
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let rows = clew.get("/v1/ingests").await["value"].clone();
    let taken_in = clew.get("/v1/alerts?limit=1").await["total"].clone();
    assert!((1..=2_500).contains(&taken_in.as_u64().expect("a number")), "{taken_in}");
    assert_eq!(
        (&rows[0]["by"], &rows[0]["source"], &rows[0]["new"], &rows[0]["error"]["code"]),
        (&json!("eve"), &json!("cut.jsonl"), &taken_in, &json!("body_broken")),
        "{rows}"
    );
    // An archive of which nothing can be read.
    let broken = axum::http::Request::post("/v1/ingest?source=broken.zip").header("host", "127.0.0.1:8080").header("x-clew-user", "eve");
    let broken = broken.body(axum::body::Body::from("PK\u{3}\u{4}broken")).expect("a request");
    let answer = tower::ServiceExt::oneshot(clew.router.clone(), broken).await.expect("the router answers");
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let rows = clew.get("/v1/ingests").await["value"].clone();
    assert_eq!(
        (&rows[0]["error"]["code"], &rows[0]["documents"], &rows[0]["source"]),
        (&json!("archive_invalid"), &json!(0), &json!("broken.zip"))
    );
    let id = rows[1]["id"].as_str().expect("an id");
    let whole = clew.get(&format!("/v1/ingests/{id}")).await;
    assert_eq!((&whole["failed"], &whole["error"], &whole["new"]), (&json!(1), &rows[1]["error"], &taken_in));
    // What went in is known when it is sent again, and the report of that is without an error.
    let again = send(&clew, "eve", "?source=again.jsonl", json!((0..3).map(|n| alert(&format!("m{n}"), "Many")).collect::<Vec<_>>())).await;
    assert_eq!((&again["duplicate"], &again["new"]), (&json!(3), &json!(0)));
    let last = &clew.get("/v1/ingests").await["value"][0];
    assert_eq!((&last["duplicate"], &last["error"]), (&json!(3), &Value::Null));
}

#[test]
fn who_goes_away_in_the_middle_of_a_request_leaves_a_report() {
    use std::io::Write;

    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    let mut known = 0;
    for (source, announced, body) in [("gone.jsonl", 100_000_000, many(0, 1_500)), ("brief.jsonl", 16_000, many(1_500, 1_503))] {
        let mut connection = std::net::TcpStream::connect(&server.address).expect("the server listens");
        let head = format!("POST /v1/ingest?source={source} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {announced}\r\n\r\n");
        connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(body.as_bytes())).expect("the server reads");
        drop(connection);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        let row = loop {
            let rows = get(&server.address, "/v1/ingests").expect("an answer")["value"].clone();
            match rows.get(0).filter(|row| row["source"] == source) {
                Some(row) => break row.clone(),
                None => assert!(std::time::Instant::now() < deadline, "the report is there within a minute"),
            }
            std::thread::yield_now();
        };
        assert_eq!(row["error"]["code"], "body_broken", "{row}");
        let total = get(&server.address, "/v1/alerts?limit=1").expect("an answer")["total"].as_u64().expect("a number");
        assert_eq!(row["new"], total - known, "{row}");
        known = total;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_that_the_disk_ends_leaves_its_report() {
    let clew = Clew::new();
    // The file of rejects cannot be made: its folder is none.
    std::fs::write(clew.folder.path().join("rejects"), "in the way").expect("a file");
    let text = format!("{}5\n{}", many(0, 3_000), many(3_000, 6_000));
    let request = axum::http::Request::post("/v1/ingest?source=full.jsonl").header("host", "127.0.0.1:8080");
    let request = request.body(axum::body::Body::from(text)).expect("a request");
    let answer = tower::ServiceExt::oneshot(clew.router.clone(), request).await.expect("the router answers");
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let row = clew.get("/v1/ingests").await["value"][0].clone();
    let taken_in = clew.get("/v1/alerts?limit=1").await["total"].clone();
    assert_eq!((&row["new"], &row["error"]["code"]), (&taken_in, &json!("rejects_unwritable")), "{row}");
    assert!((1_024..=3_000).contains(&taken_in.as_u64().expect("a number")), "{taken_in}");
}

#[test]
fn a_command_that_fails_leaves_its_report_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let (good, broken, data) = (folder.path().join("good.jsonl"), folder.path().join("broken.zip"), folder.path().join("data"));
    std::fs::write(&good, many(0, 3)).expect("a file");
    std::fs::write(&broken, "PK\u{3}\u{4}broken").expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_clew"));
    command.arg("ingest").arg(&good).arg(&broken).arg("--data").arg(&data).stdin(Stdio::null()).env_remove("CLEW_DATA");
    let output = command.output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("before the error: 3 documents read, 3 new"), "{output:?}");
    let listed: Value = serde_json::from_str(&clew(&data, &["ingests", "--json"])).expect("JSON");
    let row = &listed["value"][0];
    assert_eq!((&row["new"], &row["error"]["code"], &row["sources_total"]), (&json!(3), &json!("archive_invalid"), &json!(2)), "{listed}");
    assert!(clew(&data, &["ingests"]).contains("archive_invalid"));
}

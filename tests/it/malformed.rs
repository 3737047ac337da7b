//! Input that is damaged or means harm: a clear reject with its place, the rest goes in, nothing panics.

use std::fs;
use std::io::{Cursor, Read, Write};

use clew::engine::IngestReport;
use clew::ingest::{Limits, Options};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::support::{Clew, Server};

fn alert(id: &str) -> String {
    json!({
        "SystemAlertId": id, "AlertName": "Suspicious logon", "AlertSeverity": "Low", "ProductName": "Azure Sentinel", "ProviderName": "test",
        "StartTime": "2024-01-01T00:00:00Z", "EndTime": "2024-01-01T01:00:00Z", "TimeGenerated": "2024-01-01T02:00:00Z",
        "Entities": "[{\"$id\":\"1\",\"HostName\":\"ws1\",\"DnsDomain\":\"example.org\",\"Type\":\"host\"}]",
    })
    .to_string()
}

fn alerts() -> Options {
    Options { format: Some("sentinel-alert".to_owned()), ..Options::default() }
}

/// Lines around the damaged one.
fn between(damaged: &[u8]) -> Vec<u8> {
    [alert("first").as_bytes(), b"\n", damaged, b"\n", alert("last").as_bytes(), b"\n"].concat()
}

fn places(report: &IngestReport) -> Vec<(&str, u64)> {
    report.rejects.iter().map(|reject| (reject.code.as_str(), reject.line)).collect()
}

/// Everything that was rejected stands in the file of rejects, a JSON object each, with place and excerpt.
fn check_rejects_file(name: &str, report: &IngestReport) {
    let path = report.rejects_file.as_ref().unwrap_or_else(|| panic!("{name}: a file of rejects"));
    let text = fs::read_to_string(path).expect("the file of rejects can be read");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    assert_eq!(lines.len() as u64, report.rejected, "{name}");
    for (line, reject) in lines.iter().zip(&report.rejects) {
        assert_eq!((&line["code"], &line["line"]), (&json!(reject.code), &json!(reject.line)), "{name}");
        assert_eq!((&line["source"], &line["message"]), (&json!(reject.source), &json!(reject.message)), "{name}");
        assert!(line["offset"].is_u64() && line["excerpt"].is_string(), "{name}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_costs_one_document() {
    let deep = format!("{{\"SystemAlertId\":\"deep\",\"x\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let cases: Vec<(&str, Vec<u8>, u64, &[(&str, u64)])> = vec![
        ("a cut line", between(b"{\"SystemAlertId\":\"cut\",\"AlertName\":\"x"), 2, &[("json_invalid", 2)]),
        ("a cut end", [alert("first").as_bytes(), b"\n", &alert("cut").as_bytes()[..80]].concat(), 1, &[("json_truncated", 2)]),
        ("not UTF-8", between(b"{\"SystemAlertId\":\"\xff\xfe\",\"AlertName\":\"x\"}"), 2, &[("utf8_invalid", 2)]),
        ("not a number", between(b"{\"SystemAlertId\":\"nan\",\"ConfidenceScore\":NaN}"), 2, &[("json_invalid", 2)]),
        ("NUL bytes in a text", between(b"{\"SystemAlertId\":\"a\0b\",\"AlertName\":\"x\"}"), 2, &[("json_invalid", 2)]),
        ("words", between(b"words"), 2, &[("json_invalid", 2)]),
        ("another value", between(b"17"), 2, &[("json_invalid", 2)]),
        ("an unclosed list", between(b"{\"SystemAlertId\":\"x\",\"Entities\":[{]}"), 2, &[("json_invalid", 2)]),
        ("10,000 levels", between(deep.as_bytes()), 2, &[("depth_exceeded", 2)]),
        ("an alert without an id", between(b"{\"AlertName\":\"x\"}"), 2, &[("alert_without_id", 2)]),
        ("nothing", Vec::new(), 0, &[]),
        ("zeros", vec![0; 100_000], 0, &[("source_binary", 1)]),
        ("white space", b" \n\t\r\n ".to_vec(), 0, &[]),
    ];
    for (name, bytes, new, rejects) in cases {
        let clew = Clew::new();
        let report = clew.ingest_with(name, bytes, &alerts());
        assert_eq!((report.new, places(&report).as_slice()), (new, rejects), "{name}: {report:?}");
        assert_eq!(report.documents, report.new + report.rejected, "{name}");
        if !rejects.is_empty() {
            check_rejects_file(name, &report);
        }
        assert_eq!(clew.get("/v1/alerts?limit=1").await["total"], new, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_100_mb_and_100_000_entities_keep_nothing_out() {
    let clew = Clew::new();
    let long = std::io::repeat(b'x').take(100 << 20);
    let head = format!("{}\n{{\"SystemAlertId\":\"", alert("first")).into_bytes();
    let tail = format!("\"}}\n{}\n", alert("last")).into_bytes();
    let reader = Cursor::new(head).chain(long).chain(Cursor::new(tail));
    let report = clew.ingest_reader("long", Box::new(reader), &alerts()).expect("the stream can be read");
    assert_eq!((report.new, places(&report).as_slice()), (2, &[("document_bytes_exceeded", 2)][..]));
    assert!(report.rejects[0].message.contains("document_bytes"), "names the limit: {}", report.rejects[0].message);
    let entities: Vec<Value> = (0..100_000).map(|n| json!({"$id": n.to_string(), "Type": "host", "HostName": format!("h{n}")})).collect();
    for (name, entities, code) in
        [("a list", json!(entities), "values_exceeded"), ("a text", json!(json!(entities).to_string()), "entities_exceeded")]
    {
        let mut many: Value = serde_json::from_str(&alert("many")).expect("an alert");
        many["Entities"] = entities;
        let report = clew.ingest_with(name, between(many.to_string().as_bytes()), &alerts());
        assert_eq!((report.duplicate, places(&report).as_slice()), (2, &[(code, 2)][..]), "{name}");
        check_rejects_file(name, &report);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_types_and_double_keys_are_read_or_rejected_whole() {
    let clew = Clew::new();
    let odd = [
        json!({"SystemAlertId": 17, "AlertName": ["x"], "Entities": {"a": 1}, "StartTime": {}, "AlertSeverity": 9}).to_string(),
        json!({"SystemAlertId": "entities", "AlertName": null, "Entities": "[{\"Type\":\"host\",\"HostName\":{\"x\":1}},5,null,[]]"})
            .to_string(),
        json!({"SystemAlertId": "text", "AlertName": "x", "Entities": "not JSON", "StartTime": "yesterday"}).to_string(),
        json!({"SystemAlertId": ["list"], "AlertName": "x"}).to_string(),
        "{\"SystemAlertId\":\"one\",\"SystemAlertId\":\"two\",\"AlertName\":\"a\",\"AlertName\":\"b\"}".to_owned(),
        "{\"SystemAlertId\":\"nul\\u0000\",\"AlertName\":\"a\\u0000b\"}".to_owned(),
    ];
    let report = clew.ingest_with("odd", between(odd.join("\n").as_bytes()), &alerts());
    assert_eq!((report.documents, report.new + report.rejected), (8, 8), "{report:?}");
    assert!(report.rejects.iter().all(|reject| (2..8).contains(&reject.line) && !reject.message.is_empty()), "{:?}", report.rejects);
    let total = clew.get("/v1/alerts?limit=100").await["total"].as_u64();
    assert_eq!(total, Some(report.alerts), "every document that was taken in is an alert");
    // The last of two equal keys holds, as in every reader of JSON.
    assert_eq!(clew.get("/v1/alerts/two").await["title"], "b");
    assert_eq!(clew.get("/v1/alerts/text").await["start"], Value::Null);
    for alert in clew.get("/v1/alerts?limit=100").await["value"].as_array().expect("a list") {
        let id = alert["id"].as_str().expect("an id").replace('\0', "%00");
        assert_eq!(clew.get(&format!("/v1/alerts/{id}")).await["seq"], alert["seq"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_and_the_last_year_are_times() {
    let clew = Clew::new();
    let mut lines = Vec::new();
    for (id, start, end) in [
        ("first", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("whole", "0001-01-02T00:00:00Z", "9999-12-31T23:59:59.9999999Z"),
        ("last", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z"),
        ("beyond", "10000-01-01T00:00:00Z", "2024-13-45T99:99:99Z"),
    ] {
        let mut value: Value = serde_json::from_str(&alert(id)).expect("an alert");
        value["StartTime"] = start.into();
        value["EndTime"] = end.into();
        lines.push(value.to_string());
    }
    let report = clew.ingest_with("years", lines.join("\n"), &alerts());
    assert_eq!((report.new, report.rejected), (4, 0), "{report:?}");
    let body = clew.get("/v1/timeline?of=host:ws1.example.org&buckets=10").await;
    assert_eq!(
        body["value"].as_array().map(Vec::len).unwrap_or_default() + body["undated"].as_array().map(Vec::len).unwrap_or_default(),
        4,
        "{body}"
    );
    for path in [
        "/v1/alerts?from=0001-01-01&to=9999-12-31",
        "/v1/neighbors?node=host:ws1.example.org&from=0001-01-01&to=9999-12-31",
        "/v1/blast-radius?node=alert:first&to=9999-12-31",
        "/v1/explorations?entity=host:ws1.example.org&counts=true",
        "/v1/rank?from=0001-01-01&to=9999-12-31",
        "/v1/incidents",
    ] {
        clew.get(path).await;
    }
    clew.sql("SELECT min(StartTime) AS a, max(EndTime) AS b FROM SecurityAlert").await;
    let folder = clew.close();
    let verified = clew::engine::verify(folder.path(), clew::engine::Options::default()).expect("verifies");
    assert!(verified.equal, "{verified:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_refused() {
    let clew = Clew::new();
    // A fixed generator: the same garbage in every run.
    let mut state = 7_u64;
    let garbage: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(300_000)
    .collect();
    for options in
        [Options::default(), alerts(), Options { format: Some("event".to_owned()), table: Some("T".to_owned()), ..Options::default() }]
    {
        for part in garbage.chunks(30_000) {
            let Ok(report) = clew.ingest_reader("garbage", Box::new(Cursor::new(part.to_vec())), &options) else { continue };
            assert_eq!((report.new, report.rejected > 0), (0, true), "{report:?}");
        }
    }
    assert_eq!(clew.engine.seq().0, 0);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).expect("writes to memory");
    packed.finish().expect("writes to memory")
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("writes to memory");
        zip.write_all(content).expect("writes to memory");
    }
    zip.finish().expect("writes to memory").into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_archives_cost_what_is_broken() {
    let clew = Clew::new();
    let lines: Vec<String> = (0..2_000).map(|n| alert(&format!("a{n}"))).collect();
    let packed = gzip(lines.join("\n").as_bytes());
    let report = clew.ingest_with("cut.jsonl.gz", &packed[..packed.len() / 2], &alerts());
    assert!(report.new > 500 && report.new < 2_000, "what stands before the cut goes in: {}", report.new);
    assert_eq!(report.rejects.last().map(|reject| reject.code.as_str()), Some("archive_invalid"), "{:?}", report.rejects);
    let report = clew.ingest_with("again.jsonl.gz", packed.clone(), &alerts());
    assert_eq!((report.documents, report.new + report.duplicate, report.rejected), (2_000, 2_000, 0));

    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("1.json"), alert("before")).expect("writes");
    fs::write(folder.path().join("2.json.gz"), &packed[..100]).expect("writes");
    fs::write(folder.path().join("3.zip"), b"PK\x03\x04broken").expect("writes");
    fs::write(folder.path().join("4.json"), alert("behind")).expect("writes");
    let report = clew.ingest(folder.path());
    assert_eq!(report.new, 2, "{report:?}");
    assert_eq!(report.rejected_by_code, [("archive_invalid".to_owned(), 2)].into());
    check_rejects_file("a folder", &report);
    let fault = clew.ingest_reader("broken.zip", Box::new(Cursor::new(b"PK\x03\x04broken".to_vec())), &alerts());
    assert_eq!(fault.map_err(|fault| fault.code), Err("archive_invalid"), "nothing of it can be read");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_inside_an_archive_lead_nowhere() {
    let clew = Clew::new();
    let outside = clew.folder.path().parent().expect("a parent").join("clew-traversal.json");
    let (one, two, three) = (alert("one"), alert("two"), alert("three"));
    let archive = zip(&[
        ("../clew-traversal.json", one.as_bytes()),
        ("/etc/clew-traversal.json", two.as_bytes()),
        ("a\\..\\..\\clew-traversal.json", three.as_bytes()),
    ]);
    let report = clew.ingest_with("bad.zip", archive, &alerts());
    assert_eq!((report.new, report.rejected), (3, 0), "{report:?}");
    assert!(!outside.exists() && !std::path::Path::new("/etc/clew-traversal.json").exists());
    let source = clew.get("/v1/alerts/one").await["versions"][0]["source"].clone();
    assert_eq!(source, "bad.zip!/clew-traversal.json");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_the_callers() {
    let clew = Clew::new();
    let limits = Limits { document_bytes: 200, ..Limits::default() };
    let report = clew.ingest_with("small", between(b"{\"SystemAlertId\":\"short\",\"AlertName\":\"x\"}"), &Options { limits, ..alerts() });
    assert_eq!((report.new, places(&report).as_slice()), (1, &[("document_bytes_exceeded", 1), ("document_bytes_exceeded", 3)][..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn links_in_circles_and_pipes_in_a_folder_keep_nothing_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("exports");
    fs::create_dir(&inner).expect("a folder");
    fs::write(inner.join("a.jsonl"), alert("first")).expect("a file");
    fs::write(inner.join("z.jsonl"), alert("last")).expect("a file");
    for (link, target) in [("self", "."), ("up", "../exports"), ("gone.jsonl", "nowhere.jsonl")] {
        std::os::unix::fs::symlink(target, inner.join(link)).expect("a link");
    }
    let pipe = std::process::Command::new("mkfifo").arg(inner.join("pipe.jsonl")).status().expect("mkfifo runs");
    assert!(pipe.success());
    let clew = Clew::new();
    let report = clew.ingest(folder.path());
    let codes: Vec<&str> = report.rejects.iter().map(|reject| reject.code.as_str()).collect();
    assert_eq!((report.new, codes.as_slice()), (2, &["source_not_found", "source_unreadable"][..]), "{report:?}");
    assert!(report.rejects[1].message.contains("pipe"), "{}", report.rejects[1].message);
    // The binary walks the folder once more for its progress bar.
    let data = tempfile::tempdir().expect("a folder");
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_clew"))
        .args(["ingest", "--json", "--data"])
        .args([data.path(), folder.path()])
        .output()
        .expect("the binary runs");
    let report: Value = serde_json::from_slice(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"));
    assert_eq!((&report["new"], &report["rejected"]), (&json!(2), &json!(2)), "{report}");
}

#[test]
fn heads_that_nobody_can_read_are_answered_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    let many = format!("GET /v1/health HTTP/1.1\r\nhost: {}\r\n{}\r\n", server.address, "x-a: 1\r\n".repeat(300));
    for (head, status, code) in [(many.as_str(), "431", "head_too_large"), ("no request\r\n\r\n", "400", "request_unreadable")] {
        let mut stream = std::net::TcpStream::connect(&server.address).expect("connects");
        stream.write_all(head.as_bytes()).expect("sends");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answers and closes");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["error"]["code"], code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_cannot_be_read_are_told_and_kept() {
    let clew = Clew::new();
    let rows = "TimeGenerated [UTC],UserPrincipalName,IPAddress\n\"4/28/2021, 2:31:30.021 PM\",ana@example.org,203.0.113.9\n\
        \"13/2/2024, 1:00:00.000 PM\",ben@example.org,203.0.113.9\n";
    let options = Options { table: Some("SigninLogs".to_owned()), ..Options::default() };
    let report = clew.ingest_with("signins.csv", rows, &options);
    assert_eq!((report.new, report.rejected, report.warnings), (2, 0, 1), "{report:?}");
    let told = |report: &IngestReport| -> Vec<(String, u64, String, String)> {
        report.warned.iter().map(|w| (w.source.clone(), w.line, w.column.clone(), w.value.clone())).collect()
    };
    let text = "13/2/2024, 1:00:00.000 PM";
    assert_eq!(told(&report), [("signins.csv".to_owned(), 3, "SigninLogs.TimeGenerated".to_owned(), text.to_owned())]);
    assert_eq!(report.warned[0].message, format!("expected datetime, found `{text}`"));
    let kept = clew.sql("SELECT UserPrincipalName, _Unparsed FROM SigninLogs WHERE TimeGenerated IS NULL").await;
    assert_eq!(kept["rows"], json!([["ben@example.org", {"TimeGenerated": text}]]), "{kept}");
    let mut odd: Value = serde_json::from_str(&alert("odd")).expect("an alert");
    (odd["TimeGenerated"], odd["EndTime"]) = (json!("soon"), json!("2/30/2024 1:00 PM"));
    let report = clew.ingest_with("odd.json", odd.to_string(), &Options::default());
    assert_eq!((report.new, report.warnings), (1, 2), "{report:?}");
    let mut columns: Vec<String> = report.warnings_by_column.into_keys().collect();
    columns.sort();
    assert_eq!(columns, ["SecurityAlert.EndTime", "SecurityAlert.TimeGenerated"]);
    let kept = clew.sql("SELECT EndTime, _Extra, _Unparsed FROM SecurityAlert").await;
    assert_eq!(kept["rows"], json!([[null, {"EndTime": "2/30/2024 1:00 PM"}, {"TimeGenerated": "soon"}]]), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn entities_that_are_no_list_are_told() {
    let clew = Clew::new();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let odd = [("words", json!("not json")), ("object", json!({"a": 1})), ("object in a text", json!("{\"a\":1}")), ("deep", json!(deep))];
    let fine = [("nothing", json!("")), ("null", Value::Null), ("empty", json!("[]")), ("none", json!([]))];
    for (name, entities) in odd.iter().chain(&fine) {
        let mut row: Value = serde_json::from_str(&alert(&format!("entities: {name}"))).expect("JSON");
        row["Entities"] = entities.clone();
        let report = clew.ingest_with("a.jsonl", row.to_string(), &alerts());
        assert_eq!((report.new, report.rejected), (1, 0), "{name}");
        let told: Vec<(&str, &str)> = report.warned.iter().map(|warned| (warned.column.as_str(), warned.code.as_str())).collect();
        let expected: &[_] = if odd.iter().any(|(odd, _)| odd == name) { &[("SecurityAlert.Entities", "value_unreadable")] } else { &[] };
        assert_eq!(told, expected, "{name}");
        assert_eq!(report.warnings, expected.len() as u64, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_year_1_is_no_time_in_tables_too() {
    let clew = Clew::new();
    let mut row: Value = serde_json::from_str(&alert("year-1")).expect("JSON");
    for name in ["StartTime", "EndTime", "ProcessingEndTime"] {
        row[name] = json!("0001-01-01T00:00:00Z");
    }
    let report = clew.ingest_with("a.jsonl", row.to_string(), &alerts());
    assert_eq!((report.new, report.warnings), (1, 0));
    let found = clew.sql("SELECT StartTime, EndTime, ProcessingEndTime, TimeGenerated FROM SecurityAlert").await;
    assert_eq!(found["rows"], json!([[null, null, null, "2024-01-01T02:00:00Z"]]));
}

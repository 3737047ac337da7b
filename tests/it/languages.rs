//! Queries as a person meets them: completion over the API, formats, the shell, and what stands in plans.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use axum::http::StatusCode;
use clew::datasets;
use serde_json::{Value, json};

use crate::support::{Clew, Server};

/// An engine with sign-ins, alerts and host events.
fn filled() -> Clew {
    let clew = Clew::new();
    for dataset in datasets::ALL.iter().filter(|dataset| dataset.name != "lsass-campaign") {
        for (name, bytes) in dataset.files {
            clew.ingest_bytes(name, bytes.to_vec());
        }
    }
    clew
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completion_knows_the_live_tables_and_the_place() {
    let clew = filled();
    for (text, label, kind, insert) in [
        ("SigninL^", "SigninLogs", "table", "SigninLogs"),
        ("SigninLogs | where UserPrin^", "UserPrincipalName", "column", "UserPrincipalName"),
        ("SigninLogs | summ^", "summarize", "operator", "summarize"),
        ("SigninLogs | where tolo^", "tolong", "function", "tolong("),
        ("neigh^", "neighbors", "function", "neighbors("),
    ] {
        let offset = text.find('^').expect("a place");
        let (status, body) = clew.post("/v1/query/complete", &json!({"text": text.replace('^', ""), "offset": offset})).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let first = &body["items"][0];
        assert_eq!((&first["label"], &first["kind"], &first["insert"]), (&json!(label), &json!(kind), &json!(insert)), "{text}: {body}");
        assert_eq!(body["span"]["end"], json!(offset), "{text}");
    }
    let (status, body) =
        clew.post("/v1/query/complete", &json!({"lang": "sql", "text": "SELECT UserPrin FROM SigninLogs", "offset": 15})).await;
    assert_eq!((status, &body["items"][0]["label"]), (StatusCode::OK, &Value::from("UserPrincipalName")), "{body}");
    let (status, body) = clew.post("/v1/query/complete", &json!({"lang": "klingon", "text": ""})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
}

fn clew(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_clew"))
        .args(arguments)
        .arg("--data")
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env_remove("CLEW_DATA")
        .env("RUST_LOG", "error")
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("an input").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("the program ends")
}

#[test]
fn one_bad_line_never_ends_a_batch() {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, output) = (folder.path().join("in.jsonl"), folder.path().join("out.jsonl"));
    let lines: [&[u8]; 6] = [
        b"{\"id\": 1, \"query\": \"print x = 1\"}",
        b"\xff\xfe",
        b"",
        b"[1]",
        b"{\"id\": \"e\", \"query\": 12}",
        b"{\"id\": 2, \"query\": \"print 2 |\"}",
    ];
    std::fs::write(&input, lines.join(&b'\n')).expect("written");
    let (from, to) = (input.to_str().expect("a path"), output.to_str().expect("a path"));
    let read = || -> Vec<serde_json::Value> {
        let written = std::fs::read_to_string(&output).expect("written");
        written.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    let ids = [serde_json::json!(1), serde_json::Value::Null, serde_json::Value::Null, serde_json::json!("e"), serde_json::json!(2)];
    for (command, member) in [("query", "error"), ("check", "errors")] {
        let done = clew(folder.path(), &[command, "--batch", from, "--out", to], "");
        assert!(done.status.success(), "{}", text(&done.stderr));
        let rows = read();
        assert_eq!(rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>(), ids);
        for row in &rows[1..4] {
            let error = if member == "errors" { &row[member][0] } else { &row[member] };
            assert_eq!(error["code"], "batch_line", "{row}");
        }
        assert!(!row_is_clean(&rows[4], member), "{}", rows[4]);
        assert!(row_is_clean(&rows[0], member), "{}", rows[0]);
    }
}

fn row_is_clean(row: &serde_json::Value, member: &str) -> bool {
    row[member].is_null() || row[member] == serde_json::json!([])
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_query_that_brings_its_own_rows_needs_no_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("none");
    let answer = clew(&data, &["query", "print n = 1 + 1", "--format", "jsonl"], "");
    assert!(answer.status.success(), "{}", text(&answer.stderr));
    assert_eq!(text(&answer.stdout), "{\"n\":2}\n");
    let out = folder.path().join("rows.parquet");
    let answer = clew(&data, &["query", "range n from 1 to 5 step 1", "--format", "parquet", "--out", &out.to_string_lossy()], "");
    assert!(answer.status.success(), "{}", text(&answer.stderr));
    let file = std::fs::File::open(&out).expect("a file");
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("parquet").build().expect("a reader");
    assert_eq!(reader.map(|batch| batch.expect("a batch").num_rows()).sum::<usize>(), 5);
    let answer = clew(&data, &["query", "print 1", "--format", "arrow"], "");
    let reader = arrow::ipc::reader::StreamReader::try_new(answer.stdout.as_slice(), None).expect("a stream");
    assert_eq!(reader.map(|batch| batch.expect("a batch").num_rows()).sum::<usize>(), 1);
    assert!(!data.exists(), "nothing is made");
    let answer = clew(&data, &["query", "print 1 +"], "");
    assert!(!answer.status.success() && text(&answer.stderr).contains("error[kql_"), "{}", text(&answer.stderr));
    let answer = clew(&data, &["incidents", "--format", "parquet"], "");
    assert_eq!(answer.status.code(), Some(2), "only rows of queries are written so");
}

/// What the shell says to a script, with the engine in its process and with a server in between.
#[test]
fn the_shell_answers_a_script() {
    let data = filled().close();
    let script = "\
// Comments are part of a query.
let least = 1;
SigninLogs
| summarize n = count() by ResultType
| where n > least
| sort by ResultType asc
| take 1
| project ResultType;
.format jsonl
.lang sql
SELECT count(*) AS n FROM SigninLogs WHERE 1 = 0;
.lang kql
print a = 'x;y'

.schema SigninLogs
.quit
print never = 1;
";
    let here = clew(data.path(), &["shell"], script);
    assert!(here.status.success(), "{}", text(&here.stderr));
    let said = text(&here.stdout);
    assert!(said.contains("{\"n\":0}") && said.contains("{\"a\":\"x;y\"}") && said.contains("UserPrincipalName"), "{said}");
    assert!(!said.contains("never"), "{said}");
    let server = Server::start(data.path());
    let there = clew(data.path(), &["shell"], script);
    assert_eq!(text(&there.stdout), said);
    server.kill();
    let failed = clew(data.path(), &["shell", "--format", "jsonl"], "SigninLogs | wher x;\nprint n = 1;\n.nothing\n");
    assert_eq!((failed.status.code(), text(&failed.stdout).as_str()), (Some(1), "{\"n\":1}\n"));
    let complaints = text(&failed.stderr);
    assert!(complaints.contains("kql_operator_expected") && complaints.contains("shell_usage"), "{complaints}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sorted_rows_stay_sorted_however_many_they_are() {
    let clew = Clew::new();
    let text = "range x from 1 to 40000 step 1 | extend y = hash(tostring(x), 1000) | sort by y asc, x desc | project y, x, text = strcat('n', x * 2)";
    let (status, body) = clew.post("/v1/query", &json!({"text": text, "limit": 40000})).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let rows = body["rows"].as_array().expect("rows");
    let keys: Vec<(i64, i64)> = rows.iter().map(|row| (row[0].as_i64().expect("a number"), -row[1].as_i64().expect("a number"))).collect();
    assert_eq!((keys.len(), keys.is_sorted()), (40_000, true));
}

#[test]
fn a_batch_of_checks_reads_each_line_in_its_language() {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, output) = (folder.path().join("in.jsonl"), folder.path().join("out.jsonl"));
    let lines = [
        json!({"id": 1, "lang": "cypher", "query": "MATCH (n:host) RETURN n.id LIMIT 3"}),
        json!({"id": 2, "lang": "cypher", "query": "MATCH (n RETURN n"}),
        json!({"id": 3, "query": "MATCH (n:host) RETURN n.id LIMIT 3"}),
        json!({"id": 4, "lang": "sql", "query": "SELECT 1"}),
    ];
    std::fs::write(&input, lines.map(|line| line.to_string()).join("\n")).expect("written");
    let (from, to) = (input.to_str().expect("a path"), output.to_str().expect("a path"));
    let done = clew(folder.path(), &["check", "--batch", from, "--out", to], "");
    assert!(done.status.success(), "{}", text(&done.stderr));
    let written = std::fs::read_to_string(&output).expect("written");
    let codes: Vec<Value> = written
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["errors"][0]["code"].clone())
        .map(|code| code.as_str().map_or(Value::Null, |code| code.split('_').next().unwrap_or_default().into()))
        .collect();
    assert_eq!(codes, [Value::Null, json!("cypher"), json!("kql"), json!("parameter")]);
}

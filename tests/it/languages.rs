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
    assert!(body["error"]["message"].as_str().unwrap_or_default().contains("cypher"), "{body}");
    let (status, body) = clew.post("/v1/query/complete", &json!({"lang": "cypher", "text": "MATCH (n) RET"})).await;
    assert_eq!((status, body), (StatusCode::OK, json!({"span": {"start": 13, "end": 13}, "items": []})));
}

/// A text whose plan takes seconds to make: each column reads the one before it.
fn slowly_planned() -> String {
    format!("print x = 1 {}", "| extend x = x + 1 ".repeat(390))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn making_the_plan_counts_as_time() {
    let clew = Clew::new();
    for explain in [false, true] {
        let (status, body) = clew.post("/v1/query", &json!({"text": slowly_planned(), "timeout_seconds": 1, "explain": explain})).await;
        assert_eq!((status, &body["error"]["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("query_timeout")), "{body}");
    }
    let (status, body) = clew.post("/v1/query", &json!({"text": "print 1"})).await;
    assert_eq!((status, &body["rows"]), (StatusCode::OK, &json!([[1]])), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_are_of_their_type_and_named_by_the_text() {
    let api = Clew::new();
    let kql = "declare query_parameters(n: long = 1, t: datetime = datetime(2024-01-01)); print n, t";
    for (lang, text, parameters, code, says) in [
        ("kql", kql, json!({"n": 5, "t": "2024-05-06"}), "", ""),
        ("kql", kql, json!({"n": "0x10", "t": null}), "", ""),
        ("kql", kql, json!({"n": "many"}), "kql_invalid_parameter", "type long for the parameter 'n', found 'many'"),
        ("kql", kql, json!({"n": [1]}), "kql_invalid_parameter", "found '[1]'"),
        ("kql", kql, json!({"m": 5}), "kql_unknown_parameter", "found one for 'm'"),
        ("kql", "print 1", json!({"n": 5}), "kql_unknown_parameter", "found one for 'n'"),
        ("sql", "SELECT $n", json!({"n": 5}), "", ""),
        ("sql", "SELECT $n", json!({"n": 5, "m": 5}), "sql_parameter", "$m"),
        ("cypher", "RETURN $n AS n", json!({"n": 5}), "", ""),
        ("cypher", "RETURN $n AS n", json!({"n": 5, "m": 5}), "cypher_unused_parameter", "$m"),
    ] {
        let (status, body) = api.post("/v1/query", &json!({"lang": lang, "text": text, "parameters": parameters})).await;
        assert_eq!(status.is_success(), code.is_empty(), "{text} {parameters}: {body}");
        let error = &body["error"];
        assert_eq!(error["code"].as_str().unwrap_or_default(), code, "{text} {parameters}: {body}");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains(says) && (code.is_empty() || error["hint"].is_string()), "{text} {parameters}: {body}");
    }
    let none = tempfile::tempdir().expect("a folder");
    let said = clew(none.path(), &["query", kql, "--param", "n=many"], "");
    let error = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(!said.status.success() && error.contains("found 'many'") && error.contains("n=42"), "{error}");
    let said = clew(none.path(), &["query", kql, "--param", "N=1"], "");
    let error = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(!said.status.success() && error.contains("kql_unknown_parameter") && error.contains("did you mean 'n'?"), "{error}");
}

#[test]
fn bombs_end_no_batch() {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, output) = (folder.path().join("in.jsonl"), folder.path().join("out.jsonl"));
    let bomb: String = (1..60).map(|n| format!("let f{n} = (x: long) {{ f{0}(f{0}(x)) }}; ", n - 1)).collect();
    let lines = [format!("let f0 = (x: long) {{ x }}; {bomb} print f30(1)"), "|".repeat(100_000), "print 1".to_owned()];
    let lines: String = lines.iter().enumerate().map(|(id, query)| format!("{}\n", json!({"id": id, "query": query}))).collect();
    std::fs::write(&input, lines).expect("it can be written");
    let paths = [&input, &output].map(|path| path.to_str().expect("a path").to_owned());
    let said = clew(folder.path(), &["query", "--batch", &paths[0], "--out", &paths[1]], "");
    assert!(said.status.success(), "{said:?}");
    let answers = std::fs::read_to_string(&output).expect("there are answers");
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let codes: Vec<&str> = answers.iter().map(|answer| answer["error"]["code"].as_str().unwrap_or_default()).collect();
    assert_eq!(codes, ["kql_too_large", "kql_missing_expression", ""]);
    assert_eq!(answers[2]["rows"], json!([[1]]));
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

#[test]
fn a_check_tells_what_cannot_be_read_from_what_means_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, output) = (folder.path().join("in.jsonl"), folder.path().join("out.jsonl"));
    let lines = [
        ("print 1 +", "syntax"),
        ("Nowhere | take 1", "semantic"),
        ("print a = 1 # | where false", "syntax"),
        ("print a = 1 | join (print a = 1)", "semantic"),
    ];
    let written: Vec<String> = lines.iter().map(|(query, kind)| json!({"id": kind, "query": query}).to_string()).collect();
    std::fs::write(&input, written.join("\n")).expect("written");
    let done = clew(folder.path(), &["check", "--batch", input.to_str().expect("a path"), "--out", output.to_str().expect("a path")], "");
    assert!(done.status.success(), "{}", text(&done.stderr));
    for line in std::fs::read_to_string(&output).expect("written").lines() {
        let answer: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(answer["errors"][0]["kind"], answer["id"], "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_may_be_called_a_query_as_in_batches() {
    let clew = Clew::new();
    let (status, body) = clew.post("/v1/query", &json!({"query": "print a = 1"})).await;
    assert_eq!((status, &body["rows"]), (StatusCode::OK, &json!([[1]])), "{body}");
    let (status, body) = clew.post("/v1/query/check", &json!({"query": "print a ="})).await;
    assert_eq!((status, &body["errors"][0]["kind"]), (StatusCode::OK, &json!("syntax")), "{body}");
    let (status, _) = clew.post("/v1/query/complete", &json!({"query": "print a"})).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = clew.post("/v1/query", &json!({"query": "print 1", "text": "print 2"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "only one of both");
}

#[test]
fn a_file_with_a_mistake_holds_up_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("a path").to_owned()
    };
    let files = [file("a.kql", "print a=1"), file("b.kql", "print a="), file("c.kql", "print c=3")];
    let done = clew(folder.path(), &["fmt", &files[0], &files[1], &files[2]], "");
    assert!(!done.status.success() && text(&done.stderr).contains("b.kql"), "{}", text(&done.stderr));
    let read: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).expect("read")).collect();
    assert_eq!(read, ["print a = 1\n", "print a=", "print c = 3\n"]);
}

/// Queries of a batch, each of which would make more than the machine has: none ends the process, and those within the bounds are answered.
#[test]
fn no_short_query_takes_the_memory_of_the_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, output) = (folder.path().join("in.jsonl"), folder.path().join("out.jsonl"));
    let long = "let x = strrep(strrep('a', 1024), 1024);";
    let eight = "strcat(x, x, x, x, x, x, x, x)";
    let queries = [
        "range x from 1 to 200 step 1 | extend b = range(1, 20000, 1) | mv-expand b | count".to_owned(),
        format!("print x = strrep('a', 1024){}", format!(" | extend x = {eight}").repeat(8)),
        format!("{long} range n from 1 to 300 step 1 | extend s = strcat(x, n) | summarize sum(strlen(s))"),
        format!("{long} range n from 1 to 300 step 1 | extend s = strcat(x, n) | summarize count() by s | count"),
        format!("{long} range n from 1 to 300 step 1 | summarize make_list(strcat(x, n))"),
        "print 'still there'".to_owned(),
    ];
    let lines: Vec<String> = queries.iter().map(|query| json!({"id": 1, "query": query}).to_string()).collect();
    std::fs::write(&input, lines.join("\n")).expect("written");
    let done = clew(folder.path(), &["query", "--batch", input.to_str().expect("a path"), "--out", output.to_str().expect("a path")], "");
    assert!(done.status.success(), "{}", text(&done.stderr));
    let written = std::fs::read_to_string(&output).expect("written");
    let answers: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(answers.len(), queries.len());
    assert_eq!(answers[0]["rows"], json!([[4_000_000]]));
    let explained = clew(folder.path(), &["query", "--explain", &queries[3]], "");
    assert!(explained.status.success() && text(&explained.stdout).contains("rows\n"), "{}", text(&explained.stderr));
    assert_eq!(answers[1]["error"]["code"], "kql_limit", "{}", answers[1]);
    assert_eq!(answers[2]["rows"], json!([[314_573_592]]), "{}", answers[2]);
    assert_eq!(answers[5]["rows"], json!([["still there"]]));
}

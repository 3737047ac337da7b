//! The program as a person or script meets it: exit codes, `--json` equal to the body of the API, a server in between.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use clew::engine::{Engine, Options};
use serde_json::Value;

use crate::support::{Clew, Server, data, get};

/// Commands and the requests that they stand for.
const COMMANDS: [(&[&str], &str); 19] = [
    (&["alerts", "--limit", "3"], "/v1/alerts?limit=3"),
    (
        &["alerts", "--severity", "high", "--entity", "host:MSTICALERTSWIN1", "--limit", "2"],
        "/v1/alerts?severity=high&entity=host:MSTICALERTSWIN1&limit=2",
    ),
    (&["incidents"], "/v1/incidents"),
    (&["incident", "116294"], "/v1/incidents/116294"),
    (&["entities", "--kind", "host", "--limit", "5"], "/v1/entities?kind=host&limit=5"),
    (&["entity", "host:MSTICALERTSWIN1"], "/v1/entities/host:MSTICALERTSWIN1"),
    (&["search", "logon", "--kind", "alert"], "/v1/search?q=logon&kind=alert"),
    (&["neighbors", "host:MSTICALERTSWIN1", "--limit", "9"], "/v1/neighbors?node=host:MSTICALERTSWIN1&limit=9"),
    (&["paths", "ip:92.52.10.25", "host:DHCPContoso77"], "/v1/paths?a=ip:92.52.10.25&b=host:DHCPContoso77"),
    (&["common", "ip:92.52.10.25", "ip:75.10.91.22"], "/v1/common?a=ip:92.52.10.25&b=ip:75.10.91.22"),
    (&["component", "ip:92.52.10.25"], "/v1/component?node=ip:92.52.10.25"),
    (&["blast-radius", "ip:92.52.10.25"], "/v1/blast-radius?node=ip:92.52.10.25"),
    (&["rank", "--limit", "4"], "/v1/rank?limit=4"),
    (&["similar", "116294"], "/v1/incidents/116294/similar"),
    (&["why", "ip:92.52.10.25", "host:DHCPContoso77"], "/v1/why?a=ip:92.52.10.25&b=host:DHCPContoso77"),
    (&["timeline", "host:MSTICALERTSWIN1", "--limit", "7"], "/v1/timeline?of=host:MSTICALERTSWIN1&limit=7"),
    (&["explore", "host:MSTICALERTSWIN1", "host/related-alerts"], "/v1/explore?entity=host:MSTICALERTSWIN1&query=host/related-alerts"),
    (&["explore", "ip:92.52.10.25", "--all"], "/v1/explorations?entity=ip:92.52.10.25&counts=true"),
    (&["tables", "SecurityAlert"], "/v1/tables/SecurityAlert"),
];

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clew"));
    command.args(arguments).arg("--data").arg(folder).stdin(Stdio::null()).env_remove("CLEW_DATA").env("RUST_LOG", "error");
    command
}

fn clew(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the program starts")
}

/// Standard output of a command that succeeds.
fn out(folder: &Path, arguments: &[&str]) -> String {
    let output = clew(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let text = out(folder, &[arguments, &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
}

/// Takes in files with the program itself.
fn filled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let files = ["msticpy/alertlist.csv.gz", "msticpy/host_logons.csv", "derived/securityincident_rest_flat_2022.json"].map(data);
    let files: Vec<&str> = files.iter().map(|file| file.to_str().expect("a name")).collect();
    let report = json(folder.path(), &[&["ingest"], &files[..]].concat());
    assert_eq!((&report["new"], &report["rejected"]), (&204.into(), &0.into()), "{report}");
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_the_body_of_the_api_with_and_without_a_server() {
    let folder = filled();
    let here: Vec<Value> = COMMANDS.iter().map(|(arguments, _)| json(folder.path(), arguments)).collect();
    let tables: Vec<String> = COMMANDS.iter().map(|(arguments, _)| out(folder.path(), arguments)).collect();

    let opened = Clew::open(folder, Options::default());
    for ((arguments, path), here) in COMMANDS.iter().zip(&here) {
        assert_eq!(opened.get(path).await, *here, "{arguments:?} in process");
    }
    let folder = opened.close();

    let server = Server::start(folder.path());
    for (((arguments, path), here), table) in COMMANDS.iter().zip(&here).zip(&tables) {
        assert_eq!(get(&server.address, path).as_ref(), Some(here), "{path} of the server");
        assert_eq!(json(folder.path(), arguments), *here, "{arguments:?} through the server");
        assert_eq!(out(folder.path(), arguments), *table, "{arguments:?} for people, through the server");
    }
    let more = data("derived/securityalert_2019.jsonl");
    let report = json(folder.path(), &["ingest", more.to_str().expect("a name")]);
    assert_eq!(report["new"], 25, "what a server has open is written through it: {report}");
    assert_eq!(json(folder.path(), &["alerts", "--limit", "1"])["total"], 215);
    let backup = folder.path().join("backup.jsonl");
    let backup = backup.to_str().expect("a name");
    out(folder.path(), &["export", backup]);
    for _ in 0..2 {
        assert_eq!(json(folder.path(), &["import", backup])["new"], 0, "what a server has open is restored through it");
        assert_eq!(json(folder.path(), &["verify"])["equal"], true);
        assert_eq!(json(folder.path(), &["rebuild"])["documents"], 229);
    }
    let refused = clew(folder.path(), &["repair"]);
    assert_eq!(refused.status.code(), Some(1), "a directory in use is not repaired");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("error[journal_locked]"), "{refused:?}");
    server.kill();
    assert_eq!(json(folder.path(), &["alerts", "--limit", "1"])["total"], 215, "the file of a server that is gone misleads nobody");
    assert_eq!(json(folder.path(), &["verify"])["equal"], true);
    assert_eq!(json(folder.path(), &["rebuild"])["documents"], 229);
}

#[test]
fn exit_codes_tell_usage_from_errors() {
    let folder = filled();
    for arguments in [
        &["no-such"][..],
        &["alerts", "--no-such"],
        &["paths", "host:a"],
        &["alerts", "--format", "yaml"],
        &["alerts", "--json", "--format", "csv"],
        &["ingest"],
        &["alerts", "--limit", "x"],
        &["alerts", "--severity", "Hgh"],
        &["incidents", "--status", "foo"],
        &["query", "--lang", "foo", "print 1"],
        &["ingest", "Cargo.toml", "--format", "bogus"],
        &["ingest", "Cargo.toml", "--table", "a b"],
        &["timeline", "host:MSTICALERTSWIN1", "--from", "soon"],
        &["alerts", "--limit", "0"],
        &["alerts", "--limit", "99999999"],
        &["alerts", "--cursor", "garbage"],
        &["neighbors", "host:MSTICALERTSWIN1", "--hops", "99"],
        &["neighbors", "host:MSTICALERTSWIN1", "--relation", "bogus"],
        &["neighbors", "MSTICALERTSWIN1"],
        &["entity", "bogus:1"],
        &["timeline", "host:MSTICALERTSWIN1", "--buckets", "100000"],
        &["timeline", "host:MSTICALERTSWIN1", "--cursor", "garbage"],
    ] {
        let output = clew(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
    for (arguments, code) in [
        (&["alert", "no-such"][..], "alert_unknown"),
        (&["incident", "no-such", "--json"], "incident_unknown"),
        (&["query", "--lang", "sql", "SELECT nothing FROM SecurityAlert"], "sql_"),
        (&["ingest", "/no/such/file"], "source_not_found"),
        (&["import", "/no/such/file"], "file_unusable"),
    ] {
        let output = clew(folder.path(), arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty() && said.starts_with(&format!("error[{code}")), "{arguments:?}: {said}");
    }
    let named = command(folder.path(), &["alerts", "--limit", "1"]).env("USER", "jos\u{e9}").output().expect("the program runs");
    assert!(named.status.success(), "a question does not fail for the system's user: {named:?}");
    let nowhere = folder.path().join("nowhere");
    let output = clew(&nowhere, &["alerts"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("error[data_unknown]"), "{output:?}");
    assert!(!nowhere.exists(), "a question makes no directory");
    assert!(out(folder.path(), &["--help"]).contains("Examples:"));
}

#[test]
fn a_directory_in_use_is_waited_for() {
    let folder = filled();
    let engine = Engine::open(folder.path(), Options::default()).expect("opens");
    let refused = clew(folder.path(), &["alerts", "--no-wait"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).starts_with("error[journal_locked]"), "{refused:?}");
    let more = data("derived/securityalert_2019.jsonl");
    let arguments = ["ingest", more.to_str().expect("a name"), "--json"];
    let mut child = command(folder.path(), &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    // The directory is free only after the other command has said that it waits.
    let mut said = [0; 8];
    child.stderr.as_mut().expect("piped").read_exact(&mut said).expect("says something");
    assert_eq!(&said, b"waiting:");
    drop(engine);
    let output = child.wait_with_output().expect("the program ends");
    assert!(output.status.success(), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["new"], 25, "{report}");
}

#[test]
fn what_begins_makes_its_directory() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    for (name, arguments) in [("a", &["simulate"][..]), ("b", &["incident", "create", "By hand"])] {
        let fresh = folder.path().join(name);
        let output = clew(&fresh, arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
    assert_eq!(json(&folder.path().join("b"), &["incidents"])["total"], 1);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = filled();
    for arguments in [&["alerts", "--limit", "200", "--json"][..], &["entities", "--limit", "1000"], &["export"]] {
        let mut child =
            command(folder.path(), arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
        let status = child.wait().expect("the program ends");
        assert!(status.success() && !said.contains("panic"), "{arguments:?}: {status}: {said}");
    }
}

#[test]
fn what_is_printed_can_be_read_again() {
    let folder = filled();
    let alert = "2518547570966661760_526e34b6-6578-4fc0-9db6-e126b4d673f0";
    let raw: Value = serde_json::from_str(&out(folder.path(), &["alert", alert, "--raw"])).expect("the document is JSON");
    assert_eq!(raw["SystemAlertId"], alert);
    let text = "SELECT SystemAlertId, AlertName FROM SecurityAlert WHERE AlertSeverity = $severity ORDER BY SystemAlertId";
    let query = ["query", "--lang", "sql", text, "--param", "severity=High"];
    let table = json(folder.path(), &query);
    let rows = table["rows"].as_array().expect("rows");
    assert_eq!((rows.len(), &table["columns"][0]["name"]), (102, &"SystemAlertId".into()));
    let csv = out(folder.path(), &[&query[..], &["--format", "csv"]].concat());
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let cells: Vec<Vec<String>> = reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
    let expected: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.as_array().expect("a row").iter().map(|cell| cell.as_str().expect("text").to_owned()).collect())
        .collect();
    assert_eq!(cells, expected, "CSV holds the same cells");
    let lines = out(folder.path(), &[&query[..], &["--format", "jsonl"]].concat());
    assert_eq!(lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).filter(|line| line.is_object()).count(), 102);
    let story = out(folder.path(), &["timeline", "host:MSTICALERTSWIN1", "--format", "csv", "--limit", "1000"]);
    let header = story.lines().next().unwrap_or_default();
    for column in ["message", "datetime", "timestamp_desc"] {
        assert!(header.split(',').any(|name| name.trim_matches('"') == column), "Timesketch needs `{column}`: {header}");
    }
}

//! Security events of Windows are found by explorations whichever table they arrived in.
//!
//! The counts were made over the raw files of `shared/data/otrf` by a script of its own, and stand beside what the README there says.

use std::io::Read;

use clew::ingest::Options;
use serde_json::{Map, Value, json};

use crate::support::{Clew, data};

/// What collectors write around the data of an event.
const HEAD: [&str; 33] = [
    "@timestamp",
    "@version",
    "AccountName",
    "AccountType",
    "ActivityID",
    "Category",
    "Channel",
    "Domain",
    "EventID",
    "EventReceivedTime",
    "EventTime",
    "EventType",
    "ExecutionProcessID",
    "Hostname",
    "Keywords",
    "Message",
    "Opcode",
    "OpcodeValue",
    "ProviderGuid",
    "RecordNumber",
    "Severity",
    "SeverityValue",
    "SourceModuleName",
    "SourceModuleType",
    "SourceName",
    "Task",
    "ThreadID",
    "UserID",
    "Version",
    "host",
    "port",
    "tags",
    "EventTypeOrignal",
];

/// The rows of an archive of the folder of real data.
fn raw(file: &str) -> Vec<Map<String, Value>> {
    let archive = std::fs::File::open(data(file)).expect("the real data are there");
    let mut archive = zip::ZipArchive::new(archive).expect("an archive");
    let mut text = String::new();
    archive.by_index(0).expect("a member").read_to_string(&mut text).expect("a text");
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect()
}

fn is_security(row: &Map<String, Value>) -> bool {
    row.get("Channel").and_then(Value::as_str).is_some_and(|channel| channel.eq_ignore_ascii_case("security"))
}

fn is_wanted(row: &Map<String, Value>) -> bool {
    is_security(row) || row["EventID"] == 7045
}

/// The data of an event, without its head; agents write them all as texts.
fn inner(row: &Map<String, Value>) -> Vec<(&str, String)> {
    let data = row.iter().filter(|(name, _)| !HEAD.contains(&name.as_str()));
    data.map(|(name, value)| (name.as_str(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect()
}

/// The row as forwarded events are kept: data in one object.
fn forwarded(row: &Map<String, Value>) -> Value {
    let data: Map<String, Value> = inner(row).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    json!({"Type": "WindowsEvent", "TimeGenerated": row["@timestamp"], "Channel": row["Channel"], "Provider": row["SourceName"],
        "Computer": row["Hostname"], "EventID": row["EventID"], "EventData": data})
}

/// The row as older agents write it: data as XML.
fn older(row: &Map<String, Value>) -> Value {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let data: String = inner(row).iter().map(|(name, value)| format!("<Data Name=\"{name}\">{}</Data>", escaped(value))).collect();
    let xml = format!(
        "<DataItem type=\"System.XmlData\"><EventData xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">{data}</EventData></DataItem>"
    );
    json!({"Type": "Event", "TimeGenerated": row["@timestamp"], "EventLog": row["Channel"], "Source": row["SourceName"],
        "Computer": row["Hostname"], "EventID": row["EventID"], "EventData": xml})
}

/// The same events in the table that `write` makes of them.
fn told(rows: &[Map<String, Value>], write: fn(&Map<String, Value>) -> Value) -> Clew {
    let clew = Clew::new();
    let lines: Vec<String> = rows.iter().map(|row| write(row).to_string()).collect();
    assert_eq!(clew.ingest_with("events.jsonl", lines.join("\n"), &Options::default()).rejected, 0);
    clew
}

async fn explored(clew: &Clew, entity: &str, query: &str) -> Vec<Value> {
    let entity = entity.replace('\\', "%5C").replace('$', "%24");
    let answer = clew.get(&format!("/v1/explore?entity={entity}&query={query}&limit=1000&from=2019-01-01&to=2021-01-01")).await;
    answer["table"]["rows"].as_array().expect("rows").clone()
}

async fn counted(clew: &Clew, text: &str) -> Value {
    let (status, body) = clew.post("/v1/query", &json!({ "text": text })).await;
    assert!(status.is_success(), "{text}: {body}");
    body["rows"].clone()
}

/// A file, entities and explorations of them, and numbers of events that the script counted.
struct Set {
    file: &'static str,
    asked: &'static [(&'static str, &'static str)],
    counts: &'static [(&'static str, u64, u64)],
}

const SETS: [Set; 2] = [
    Set {
        file: "otrf/lateral-movement/covenant_psremoting_grunt.zip",
        asked: &[
            ("host:HFDC01.shire.com", "host/logons"),
            ("host:HR001.shire.com", "host/processes"),
            ("host:HR001.shire.com", "host/parent-processes"),
            ("host:HR001.shire.com", "host/rare-processes"),
            ("host:HFDC01.shire.com", "host/possible-brute-force"),
            ("host:HR001.shire.com", "host/accounts-created-deleted"),
            ("account:SHIRE\\pgustavo", "account/successful-logons"),
            ("account:SHIRE\\pgustavo", "account/privileged-logons"),
            ("account:SHIRE\\pgustavo", "account/processes-run"),
            ("ip:172.18.39.105", "ip/windows-logons"),
            ("file:c:\\windows\\system32\\wsmprovhost.exe", "file/hosts-with-file"),
        ],
        counts: &[("HFDC01", 4624, 40), ("HFDC01", 4672, 14), ("HR001", 4624, 4), ("HR001", 4688, 10), ("IT001", 4688, 3)],
    },
    Set {
        file: "otrf/lateral-movement/empire_psexec_dcerpc_tcp_svcctl.zip",
        asked: &[
            ("host:WORKSTATION6.theshire.local", "host/logons"),
            ("host:WORKSTATION6.theshire.local", "host/processes"),
            ("account:THESHIRE\\pgustavo", "account/successful-logons"),
            ("account:THESHIRE\\pgustavo", "account/failed-logons"),
            ("account:THESHIRE\\pgustavo", "account/hosts-with-most-failed-logons"),
        ],
        counts: &[
            ("MORDORDC", 4624, 7),
            ("MORDORDC", 4672, 7),
            ("MORDORDC", 4688, 1),
            ("WORKSTATION6", 4688, 6),
            ("WORKSTATION6", 4697, 1),
        ],
    },
];

/// Absent values are left out of XML by who reads it.
fn without_marks(rows: &[Value]) -> Vec<Value> {
    let cell = |cell: &Value| if cell == "-" { json!("") } else { cell.clone() };
    rows.iter().map(|row| Value::Array(row.as_array().expect("a row").iter().map(cell).collect())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_that_events_arrive_in_changes_no_exploration() {
    for Set { file, asked, counts } in SETS {
        let rows: Vec<Map<String, Value>> = raw(file).into_iter().filter(is_wanted).collect();
        let agent = told(&rows, |row| Value::Object(row.clone()));
        let others = [told(&rows, forwarded), told(&rows, older)];
        for (computer, id, count) in counts {
            let text = format!("WindowsSecurityEvents | where Computer startswith '{computer}' and EventID == {id} | count");
            for clew in [&agent, &others[0], &others[1]] {
                assert_eq!(counted(clew, &text).await, json!([[count]]), "{file}: {text}");
            }
        }
        let mut answered = 0;
        for (entity, query) in asked {
            let expected = explored(&agent, entity, query).await;
            answered += usize::from(!expected.is_empty());
            assert_eq!(explored(&others[0], entity, query).await, expected, "{query} of {entity} in WindowsEvent");
            let found = explored(&others[1], entity, query).await;
            assert_eq!(without_marks(&found), without_marks(&expected), "{query} of {entity} in Event");
        }
        assert!(answered > asked.len() / 2, "{file}: {answered} of {} find something", asked.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_found_in_the_log_of_the_system_too() {
    let all = raw(SETS[1].file);
    let system: Vec<Map<String, Value>> = all.iter().filter(|row| row["EventID"] == 7045).cloned().collect();
    assert_eq!(system.len(), 1, "the service `Updater` of the attack");
    for write in [forwarded, older] {
        let clew = told(&system, write);
        let found = explored(&clew, "host:WORKSTATION6.theshire.local", "host/services-created").await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&found[0][1], &found[0][2]), (&json!("Updater"), &json!("WORKSTATION6.theshire.local")), "{found:?}");
        assert!(found[0][0].as_str().is_some_and(|line| line.contains("COMSPEC")), "{found:?}");
    }
    // Where both logs tell of it, it is one service.
    let both: Vec<Map<String, Value>> = all.into_iter().filter(is_wanted).collect();
    let found = explored(&told(&both, forwarded), "host:WORKSTATION6.theshire.local", "host/services-created").await;
    let services: Vec<&Value> = found.iter().map(|row| &row[1]).collect();
    assert_eq!(services, [&json!("Updater")], "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_of_the_workspace_goes_before_one_that_comes_with_clew() {
    let clew = Clew::new();
    assert_eq!(counted(&clew, "WindowsSecurityEvents() | count").await, json!([[0]]));
    let folder = clew.folder.path().join("queries/functions");
    std::fs::create_dir_all(&folder).expect("a folder");
    let text = "// function: WindowsSecurityEvents\n// question: What is it?\nprint Own = 1\n";
    std::fs::write(folder.join("own.kql"), text).expect("a file");
    assert_eq!(counted(&clew, "WindowsSecurityEvents() | project Own").await, json!([[1]]));
    let listed = clew.get("/v1/queries").await;
    assert_eq!(listed["problems"], json!({}), "a function is no query");
    assert!(listed["value"].as_array().expect("queries").iter().all(|query| query["name"] != "functions/own"));
}

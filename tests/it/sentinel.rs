//! The Sentinel dialect by cases: each file of `tests/cases/sentinel/` is a conversation with a workspace of its own.
//!
//! A step is `METHOD PATH STATUS`, lines `> ` of the body and lines `< ` of what the answer holds at least. `WS` stands for the
//! provider in the workspace. A text `@name` of an answer takes the value there under the name; the same in a path or body
//! gives it back. Lists are equal in length and order.

use std::collections::BTreeMap;
use std::path::Path;

use clew::engine::{Options, verify};
use serde_json::{Value, json};

use crate::support::Clew;

const WS: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/default/providers/Microsoft.SecurityInsights";

/// Two alerts of an account on a host, one with an address.
const ALERTS: &str = r#"{"TimeGenerated":"2024-03-04T08:10:00Z","SystemAlertId":"a0000000-0000-4000-8000-000000000001","DisplayName":"Suspicious sign-in","AlertName":"Suspicious sign-in","AlertSeverity":"High","AlertType":"RULE_0b5b0d9e-3a53-4f4e-9d9a-0a7f3f1f0001","Description":"odd","ProviderName":"ASI Scheduled Alerts","ProductName":"Azure Sentinel","VendorName":"Microsoft","StartTime":"2024-03-04T08:00:00Z","EndTime":"2024-03-04T08:05:00Z","Status":"New","Tactics":"InitialAccess","Techniques":"[\"T1078\"]","CompromisedEntity":"ann","RemediationSteps":"[\"Reset the password\"]","ExtendedProperties":"{\"Query Period\":\"01:00:00\",\"Query\":\"SigninLogs\"}","Entities":"[{\"$id\":\"1\",\"Type\":\"account\",\"Name\":\"ann\",\"UPNSuffix\":\"fabrikam.example\"},{\"$id\":\"2\",\"Type\":\"ip\",\"Address\":\"203.0.113.2\"},{\"$id\":\"3\",\"Type\":\"host\",\"HostName\":\"ws01\",\"DnsDomain\":\"fabrikam.example\"}]"}
{"TimeGenerated":"2024-03-04T09:10:00Z","SystemAlertId":"a0000000-0000-4000-8000-000000000002","DisplayName":"Odd process","AlertName":"Odd process","AlertSeverity":"Medium","AlertType":"OddProcess","ProductName":"Microsoft Defender for Endpoint","VendorName":"Microsoft","StartTime":"2024-03-04T09:00:00Z","EndTime":"2024-03-04T09:05:00Z","Status":"New","Tactics":"Execution","Entities":"[{\"$id\":\"1\",\"Type\":\"host\",\"HostName\":\"ws01\",\"DnsDomain\":\"fabrikam.example\"},{\"$id\":\"2\",\"Type\":\"process\",\"ProcessId\":\"0x1a\",\"CommandLine\":\"odd.exe -x\",\"CreationTimeUtc\":\"2024-03-04T09:00:00Z\",\"Host\":{\"$ref\":\"1\"}}]"}
"#;

struct Step {
    line: usize,
    method: String,
    path: String,
    status: u16,
    body: String,
    wanted: String,
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if let (Some(part), Some(step)) = (line.strip_prefix("> "), steps.last_mut()) {
            step.body.push_str(part);
        } else if let (Some(part), Some(step)) = (line.strip_prefix("< "), steps.last_mut()) {
            step.wanted.push_str(part);
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            let (head, status) = line.trim().rsplit_once(' ').expect("a step ends with its status");
            let (method, path) = head.split_once(' ').expect("a step names method and path");
            let status = status.parse().expect("a status is a number");
            steps.push(Step {
                line: at + 1,
                method: method.to_owned(),
                path: path.to_owned(),
                status,
                body: String::new(),
                wanted: String::new(),
            });
        }
    }
    steps
}

fn fill(text: &str, taken: &BTreeMap<String, String>) -> String {
    let mut filled = text.replace("WS/", &format!("{WS}/"));
    for (name, value) in taken.iter().rev() {
        filled = filled.replace(&format!("@{name}"), &value.replace('"', "\\\""));
    }
    filled
}

/// Why an answer does not hold what is wanted.
fn differs(wanted: &Value, found: &Value, taken: &mut BTreeMap<String, String>, place: &str) -> Option<String> {
    match (wanted, found) {
        (Value::String(name), found) if name.starts_with('@') => {
            let value = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            let (name, expected) = (name[1..].to_owned(), taken.get(&name[1..]).cloned());
            if expected.as_ref().is_some_and(|expected| *expected != value) {
                return Some(format!("{place}: expected {expected:?}, found {value}"));
            }
            taken.insert(name, value);
            None
        }
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(name, value)| {
            let found = found.get(name).unwrap_or(&Value::Null);
            differs(value, found, taken, &format!("{place}/{name}"))
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let mut pairs = wanted.iter().zip(found).enumerate();
            pairs.find_map(|(n, (wanted, found))| differs(wanted, found, taken, &format!("{place}/{n}")))
        }
        (wanted, found) => (wanted != found).then(|| format!("{place}: expected {wanted}, found {found}")),
    }
}

async fn converse(file: &str) {
    let clew = Clew::new();
    clew.ingest_bytes("alerts.jsonl", ALERTS);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/sentinel").join(file);
    let text = std::fs::read_to_string(&path).expect("the case is there");
    let mut taken = BTreeMap::new();
    for step in steps(&text) {
        let path = fill(&step.path, &taken).replace(' ', "%20");
        let body =
            if step.body.is_empty() { Value::Null } else { serde_json::from_str(&fill(&step.body, &taken)).expect("a body of JSON") };
        let (status, found) = clew.by("ana@fabrikam.example", &step.method, &path, body).await;
        let place = format!("{file}:{}: {} {path}", step.line, step.method);
        assert_eq!(status.as_u16(), step.status, "{place}: {found}");
        if !step.wanted.is_empty() {
            let wanted: Value = serde_json::from_str(&step.wanted.replace("WS/", &format!("{WS}/"))).expect("wanted JSON");
            let difference = differs(&wanted, &found, &mut taken, "");
            assert_eq!(difference, None, "{place}: {found}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents() {
    converse("incidents.case").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn investigation() {
    converse("investigation.case").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn belongings() {
    converse("belongings.case").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workspace() {
    converse("workspace.case").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_incident_comes_back_by_undo_and_a_rebuild_agrees() {
    let clew = Clew::new();
    let (status, made) = clew.by("ana", "POST", "/v1/incidents", json!({"title": "quokka gateway", "severity": "High"})).await;
    assert_eq!(status, 200, "{made}");
    let id = made["value"][0]["id"].as_str().expect("an id").to_owned();
    let (status, _) = clew.by("ben", "DELETE", &format!("{WS}/incidents/{id}"), Value::Null).await;
    assert_eq!(status, 204);
    let total = async |expected: u64| {
        assert_eq!(clew.get("/v1/incidents").await["total"], expected);
        assert_eq!(clew.get("/v1/search?q=quokka").await["hits"].as_array().map(Vec::len), Some(expected as usize));
    };
    total(0).await;
    // Nothing goes into what nobody sees.
    let (_, other) = clew.by("ana", "POST", "/v1/incidents", json!({"title": "wombat burrow", "severity": "Low"})).await;
    let other = other["value"][0]["id"].as_str().expect("an id").to_owned();
    for (path, body) in [
        (format!("/v1/incidents/{other}/merge"), json!({"into": id})),
        (format!("/v1/incidents/{id}/merge"), json!({"into": other})),
        (format!("/v1/incidents/{id}/comments"), json!({"message": "who reads this"})),
    ] {
        let (status, refused) = clew.by("ana", "POST", &path, body).await;
        assert_eq!((status.as_u16(), &refused["error"]["code"]), (404, &json!("incident_deleted")), "{path}");
    }
    let (status, _) = clew.by("ana", "DELETE", &format!("{WS}/incidents/{other}"), Value::Null).await;
    assert_eq!(status, 204);
    let activity = clew.get(&format!("/v1/incidents/{id}/activity")).await;
    assert_eq!((&activity["value"][0]["action"], &activity["value"][0]["actor"]), (&json!("delete"), &json!("ben")));
    let change = activity["value"][0]["change"].as_u64().expect("the number of the change");
    let (status, undone) = clew.by("ana", "POST", &format!("/v1/changes/{change}/undo"), Value::Null).await;
    assert_eq!(status, 200, "{undone}");
    total(1).await;
    let (status, _) = clew.by("ben", "DELETE", &format!("{WS}/incidents/{id}"), Value::Null).await;
    assert_eq!(status, 204);
    let folder = clew.close();
    let verified = verify(folder.path(), Options::default()).expect("verifies");
    assert!(verified.equal, "{verified:?}");
}

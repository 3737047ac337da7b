//! What was taken in as a secret is never told: not by lists, changes, activity, tables, search, dialects or the tools of assistants.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use clew::model::Time;
use serde_json::{Value, json};

use crate::support::Clew;

const SECRETS: [&str; 7] = [
    "s3cret-signing-of-hook",
    "s3cret-header-of-hook",
    "s3cret-signing-of-export",
    "s3cret-header-of-export",
    "s3cret-password-of-kafka",
    "s3cret-address-of-logic-app",
    "s3cret-key-of-event-hub",
];
const SUB: &str = "/subscriptions/20ff7fc3-e762-44dd-bd96-b71116dcdc23";

/// A directory that holds a secret of every kind, and has used some of them.
async fn filled() -> (Clew, Vec<String>) {
    let clew = Clew::new();
    let send = async |method: &str, path: &str, body: Value| {
        let (status, answer) = clew.by("ana", method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {answer}");
        answer
    };
    let hook =
        json!([{"type": "webhook", "url": "https://soar.example/hook", "secret": SECRETS[0], "headers": {"authorization": SECRETS[1]}}]);
    let rule = json!({"enabled": true, "trigger": {"on": "incident", "when": "created"}, "conditions": [], "actions": hook});
    send("PUT", "/v1/automation-rules/hook", rule).await;
    let http = json!({"type": "http", "url": "https://siem.example/in", "secret": SECRETS[2], "headers": {"authorization": SECRETS[3]}});
    send("PUT", "/v1/exports/http", json!({"enabled": true, "target": http})).await;
    let sasl = json!({"username": "u", "password": SECRETS[4]});
    let kafka = json!({"type": "kafka", "brokers": ["kafka.example:9093"], "topic": "t", "tls": true, "sasl": sasl});
    send("PUT", "/v1/exports/kafka", json!({"enabled": false, "target": kafka})).await;
    let address = format!("https://logic.example/{}", SECRETS[5]);
    let string = format!("Endpoint=sb://x.servicebus.windows.net/;SharedAccessKey={};EntityPath=hub", SECRETS[6]);
    let automation = json!({"location": "x", "properties": {"isEnabled": true, "sources": [{"eventSource": "Alerts"}], "actions": [
        {"actionType": "LogicApp", "logicAppResourceId": "/x", "uri": address}, {"actionType": "EventHub", "connectionString": string},
    ]}});
    send("PUT", &format!("{SUB}/resourceGroups/g/providers/Microsoft.Security/automations/a"), automation).await;
    let made = send("POST", "/v1/keys", json!({"role": "reader", "name": "k"})).await;
    send("POST", "/v1/incidents", json!({"id": "i1", "title": "s3cret talk", "severity": "High"})).await;
    send("POST", "/v1/simulate", json!({})).await;
    tokio::task::block_in_place(|| {
        clew.engine.run_automations(Time::now()).expect("a pass");
        clew.engine.run_exports(Time::now()).expect("a pass");
    });
    // What is kept of a key is a hash, which is nobody's business either.
    let kept = clew.engine.context().snapshot.resources("key").expect("keys");
    let hash = kept[0].resource.value["hash"].as_str().expect("a hash").to_owned();
    let key = made["secret"].as_str().expect("a secret").to_owned();
    let secrets = SECRETS.iter().map(|text| (*text).to_owned()).chain([hash, key]).collect();
    (clew, secrets)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_route_tells_a_secret() {
    let (clew, secrets) = filled().await;
    let check = |place: &str, body: &Value| {
        let text = body.to_string();
        let told: Vec<&String> = secrets.iter().filter(|secret| text.contains(secret.as_str())).collect();
        assert!(told.is_empty(), "{place} tells {told:?}: {text}");
    };
    // Every route that is read, with everything that its path could name.
    let api: Value = serde_json::from_str(&clew::http::openapi()).expect("JSON");
    let key = clew.get("/v1/keys").await["value"][0]["id"].as_str().expect("an id").to_owned();
    let ids = ["hook", "http", "kafka", "i1", "incident:i1", "SecurityAlert", key.as_str()];
    let mut answered = BTreeSet::new();
    // A backup holds everything, so only who administers the directory takes one.
    let paths = api["paths"].as_object().expect("paths");
    for (path, item) in paths.iter().filter(|(path, item)| item.get("get").is_some() && *path != "/v1/export" && *path != "/mcp") {
        let one = path.split_once('{').and_then(|(front, rest)| rest.split_once('}').map(|(_, behind)| (front, behind)));
        let tried: Vec<String> = match one {
            None => vec![path.clone()],
            Some((front, behind)) => ids.iter().map(|id| format!("{front}{id}{behind}")).collect(),
        };
        for address in tried {
            let (status, body) = clew.try_get(&address).await;
            check(&address, &body);
            if status == StatusCode::OK {
                answered.insert(item["get"]["operationId"].as_str().expect("an id").to_owned());
            }
        }
    }
    let expected = [
        "automation_rule",
        "automation_rules",
        "automation_runs",
        "changes",
        "export_status",
        "exports",
        "get_export",
        "incident",
        "incident_activity",
        "incidents",
        "keys",
        "proposals",
        "sensitive_reads",
        "stats",
        "table",
        "tables",
        "workspaces",
    ];
    for operation in expected {
        assert!(answered.contains(operation), "`{operation}` was not looked at: {answered:?}");
    }

    // The feed with whole contents, and what says that there is a key, a rule, an export.
    let feed = clew.get("/v1/changes?content=true&limit=1000").await;
    check("/v1/changes", &feed);
    let changed: Vec<&str> = feed["value"].as_array().expect("changes").iter().filter_map(|change| change["id"].as_str()).collect();
    for id in ["automation_rule/hook", "export/http", &format!("key/{key}")] {
        assert!(changed.contains(&id), "{id} is not told at all: {changed:?}");
    }

    // Every table, the words of everything, and the lists of the dialects.
    for table in clew.get("/v1/tables").await["value"].as_array().expect("tables") {
        let text = format!("['{}'] | take 10000", table["name"].as_str().expect("a name"));
        let (status, rows) = clew.post("/v1/query", &json!({"text": text, "limit": 10000})).await;
        assert_eq!(status, StatusCode::OK, "{text}: {rows}");
        check(&text, &rows);
    }
    check("/v1/search", &clew.get("/v1/search?q=s3cret&kind=incident&kind=alert&kind=entity").await);
    let list = clew.get(&format!("{SUB}/providers/Microsoft.Security/automations")).await;
    assert_eq!(
        list["value"][0]["properties"]["actions"],
        json!([{"actionType": "LogicApp", "logicAppResourceId": "/x"}, {"actionType": "EventHub"}])
    );
    check("automations", &list);
    let runs = clew.get("/v1/automation/runs").await;
    assert!(runs["value"].as_array().is_some_and(|runs| runs.len() > 1), "the rules of both doors ran: {runs}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_back_as_it_was_shown_keeps_its_secret() {
    let (clew, _) = filled().await;
    let path = format!("{SUB}/resourceGroups/g/providers/Microsoft.Security/automations/a");
    let shown = clew.get(&path).await;
    let (status, _) = clew.by("ana", "PUT", &path, shown).await;
    assert_eq!(status, StatusCode::OK);
    let kept = clew.engine.context().snapshot.resource("defender_automation", "g/a").expect("it can be read").expect("it is there");
    let actions = kept.resource.value["properties"]["actions"].to_string();
    assert!(actions.contains(SECRETS[5]) && actions.contains(SECRETS[6]), "{actions}");
}

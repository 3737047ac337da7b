//! Suppression: what a rule would dismiss is what it dismisses, nothing is lost, a rebuild gives the same, a deleted rule revives nothing.

use axum::http::StatusCode;
use clew::engine::Options;
use serde_json::{Value, json};

use crate::support::Clew;

/// An alert of a type on a host and an address.
fn alert(id: &str, kind: &str, host: &str, address: &str, minute: u32) -> String {
    let time = format!("2026-01-01T10:{minute:02}:00Z");
    json!({"SystemAlertId": id, "DisplayName": format!("title of {kind}"), "AlertName": kind, "AlertSeverity": "Medium", "ProviderName": "Test",
        "ProductName": "Test", "TimeGenerated": time, "StartTime": time, "EndTime": time, "AlertType": kind, "Status": "New", "Type": "SecurityAlert",
        "Entities": json!([{"$id": "1", "HostName": host, "DnsDomain": "contoso.com", "Type": "host"},
            {"$id": "2", "Address": address, "Type": "ip"}]).to_string()})
    .to_string()
}

fn batch() -> Vec<String> {
    let kinds = ["scan", "logon"];
    (0..12_u32)
        .map(|n| {
            let kind = kinds[n as usize % 2];
            alert(&format!("a{n:02}"), kind, &format!("ws{}", n % 3), &format!("10.0.0.{}", n % 4), n)
        })
        .collect()
}

fn rule() -> Value {
    json!({"alert_type": "SCAN", "reason": "AuthorizedTest", "conditions": [
        {"field": "entities.host.name", "in": ["WS0", "ws1"]},
        {"field": "entities.ip.address", "contains": "10.0.0."},
    ]})
}

async fn send(clew: &Clew, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = clew.by("ana", method, path, body).await;
    assert_eq!(status, StatusCode::OK, "{method} {path}: {answer}");
    answer
}

fn ids(page: &Value) -> Vec<&str> {
    let mut ids: Vec<&str> = page["value"].as_array().expect("a list").iter().filter_map(|row| row["id"].as_str()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_test_names_what_the_rule_then_dismisses() {
    let before = Clew::new();
    before.ingest_bytes("alerts.jsonl", batch().join("\n"));
    let tested = send(&before, "POST", "/v1/suppression-rules/backtest", json!({"rule": rule(), "limit": 1000})).await;
    assert_eq!(ids(&tested), ["a00", "a04", "a06", "a10"]);
    let numbers = json!([tested["total"], tested["open"], tested["examined"], tested["complete"], tested["titles"]]);
    assert_eq!(numbers, json!([4, 4, 12, true, [{"title": "title of scan", "count": 4}]]));
    let first = send(&before, "POST", "/v1/suppression-rules/backtest", json!({"rule": rule(), "limit": 3})).await;
    assert_eq!((ids(&first), &first["total"], &first["complete"]), (vec!["a04", "a06", "a10"], &json!(4), &json!(false)));
    let second =
        send(&before, "POST", "/v1/suppression-rules/backtest", json!({"rule": rule(), "limit": 3, "cursor": first["cursor"]})).await;
    assert_eq!((ids(&second), &second["complete"]), (vec!["a00"], &json!(true)));
    let later = send(&before, "POST", "/v1/suppression-rules/backtest", json!({"rule": rule(), "from": "2026-01-01T10:06:00Z"})).await;
    assert_eq!(ids(&later), ["a06", "a10"]);
    assert_eq!(before.get("/v1/alerts?status=dismissed").await["total"], 0, "a test changes nothing");

    let after = Clew::new();
    send(&after, "PUT", "/v1/suppression-rules/tests", rule()).await;
    let report = after.ingest_bytes("alerts.jsonl", batch().join("\n"));
    assert_eq!((report.new, report.alerts), (12, 12));
    let dismissed = after.get("/v1/alerts?status=dismissed").await;
    assert_eq!(ids(&dismissed), ids(&tested));
    assert_eq!(ids(&after.get("/v1/alerts?suppressed_by=tests").await), ids(&tested));
    assert_eq!(after.get("/v1/alerts").await["total"], 12, "nothing is lost");
    assert_eq!(after.get("/v1/suppression-rules").await["value"][0]["count"], 4);
    let detail = after.get("/v1/alerts/a04").await;
    assert_eq!((&detail["suppressed_by"], &detail["raw"]["SystemAlertId"]), (&json!("tests"), &json!("a04")));
    let activity = &after.get("/v1/alerts/a04/activity").await["value"][0];
    assert_eq!(json!([activity["action"], activity["rule"], activity["actor"]]), json!(["suppress", "tests", "clew:suppression"]));
    assert!(after.engine.verify().expect("views can be compared").equal, "incremental equals rebuilt");
    let again = after.ingest_bytes("alerts.jsonl", batch().join("\n"));
    assert_eq!((again.new, again.updated, again.duplicate), (0, 0, 12));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_rule_revives_nothing_and_people_may_take_up_what_it_dismissed() {
    let clew = Clew::new();
    send(&clew, "PUT", "/v1/suppression-rules/tests", rule()).await;
    clew.ingest_bytes("alerts.jsonl", batch().join("\n"));
    send(&clew, "PATCH", "/v1/alerts/a00", json!({"status": "Dismissed", "comment": "by hand"})).await;
    send(&clew, "PATCH", "/v1/alerts/a01", json!({"status": "Dismissed"})).await;
    send(&clew, "PATCH", "/v1/alerts/a04", json!({"status": "InProgress"})).await;
    assert_eq!(ids(&clew.get("/v1/alerts?suppressed_by=tests").await), ["a06", "a10"], "what people took up is theirs");
    // A later version of the source changes no state that the rule gave.
    clew.ingest_bytes("later.jsonl", alert("a06", "scan", "ws0", "10.0.0.2", 30));
    assert_eq!(clew.get("/v1/alerts/a06").await["status"], "Dismissed");
    assert_eq!(clew.get("/v1/alerts/a06").await["start"], "2026-01-01T10:30:00Z");
    assert_eq!(send(&clew, "DELETE", "/v1/suppression-rules/tests", Value::Null).await["deleted"], true);
    assert_eq!(ids(&clew.get("/v1/alerts?status=dismissed").await), ["a00", "a01", "a06", "a10"]);
    clew.ingest_bytes("new.jsonl", alert("b00", "scan", "ws0", "10.0.0.1", 40));
    assert_eq!(clew.get("/v1/alerts/b00").await["status"], "New", "a deleted rule dismisses nothing more");
    assert_eq!(clew.try_get("/v1/suppression-rules/tests").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn disabled_and_expired_rules_do_nothing_and_rules_outlive_a_restart() {
    let clew = Clew::new();
    let with = |name: &str, value: Value| {
        let mut rule = rule();
        rule[name] = value;
        rule
    };
    send(&clew, "PUT", "/v1/suppression-rules/off", with("state", json!("Disabled"))).await;
    send(&clew, "PUT", "/v1/suppression-rules/past", with("expires", json!("2026-01-01T00:00:00Z"))).await;
    assert_eq!(clew.get("/v1/suppression-rules/past").await["state"], "Expired");
    clew.ingest_bytes("one.jsonl", alert("x1", "scan", "ws0", "10.0.0.1", 1));
    assert_eq!(clew.get("/v1/alerts/x1").await["status"], "New");
    send(&clew, "PUT", "/v1/suppression-rules/off", rule()).await;
    let clew = Clew::open(clew.close(), Options::default());
    clew.ingest_bytes("two.jsonl", alert("x2", "scan", "ws0", "10.0.0.1", 2));
    assert_eq!(clew.get("/v1/alerts/x2").await["suppressed_by"], "off");
    let etag = clew.get("/v1/suppression-rules/off").await["etag"].clone();
    assert!(etag.as_str().is_some_and(|etag| etag.parse::<u64>().is_ok()));
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_are_judged_beside_their_alert() {
    let clew = Clew::new();
    let rule = json!({"alert_type": "*", "reason": "Noise", "conditions": [{"field": "entities.host.name", "equals": "two"}]});
    send(&clew, "PUT", "/v1/suppression-rules/two", rule.clone()).await;
    let piece = |alert: &str, host: &str| {
        json!({"AlertId": alert, "EntityType": "Machine", "EvidenceRole": "Impacted", "DeviceName": host, "Title": "In pieces",
            "Timestamp": "2026-01-01T10:00:00Z", "ServiceSource": "x", "DetectionSource": "y"})
        .to_string()
    };
    clew.ingest_bytes(
        "evidence.jsonl",
        [piece("p1", "one.contoso.com"), piece("p1", "two.contoso.com"), piece("p2", "one.contoso.com")].join("\n"),
    );
    assert_eq!(ids(&clew.get("/v1/alerts?status=dismissed").await), ["p1"]);
    assert_eq!(clew.get("/v1/alerts/p1").await["entities_list"].as_array().map(Vec::len), Some(2));
    let tested = send(&clew, "POST", "/v1/suppression-rules/backtest", json!({"rule": rule})).await;
    assert_eq!(ids(&tested), ["p1"]);
    assert!(clew.engine.verify().expect("views can be compared").equal);
}

#[tokio::test(flavor = "multi_thread")]
async fn suppressed_alerts_open_no_incident() {
    let clew = Clew::new();
    let rule = json!({"alert_type": "scan", "reason": "Noise", "conditions": []});
    send(&clew, "PUT", "/v1/suppression-rules/scans", rule).await;
    let lines = [
        alert("s1", "scan", "quiet", "10.1.0.1", 1),
        alert("s2", "scan", "quiet", "10.1.0.2", 2),
        alert("m1", "scan", "mixed", "10.2.0.1", 1),
        alert("m2", "logon", "mixed", "10.2.0.2", 2),
    ];
    clew.ingest_bytes("alerts.jsonl", lines.join("\n"));
    let found = send(&clew, "POST", "/v1/correlate", json!({})).await;
    let groups: Vec<&Value> = found["groups"].as_array().expect("a list").iter().map(|group| &group["alerts"]).collect();
    assert_eq!((groups, &found["opened"]), (vec![&json!(["m1", "m2"])], &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_without_sense_are_refused() {
    let clew = Clew::new();
    let cases = [
        (json!({"alert_type": "", "reason": "x", "conditions": []}), "rule_invalid"),
        (json!({"alert_type": "*", "reason": "x", "conditions": []}), "rule_invalid"),
        (json!({"alert_type": "t", "reason": " ", "conditions": []}), "rule_invalid"),
        (json!({"alert_type": "t", "reason": "x", "conditions": [{"field": "entities.ip.address"}]}), "condition_invalid"),
        (json!({"alert_type": "t", "reason": "x", "colour": 1}), "body_invalid"),
    ];
    for (body, code) in cases {
        let (status, answer) = clew.by("ana", "PUT", "/v1/suppression-rules/r", body.clone()).await;
        assert_eq!((status.as_u16(), answer["error"]["code"].as_str()), (400, Some(code)), "{body}");
    }
    let (status, answer) = clew.try_get("/v1/suppression-rules/none").await;
    assert_eq!((status.as_u16(), answer["error"]["code"].as_str()), (404, Some("definition_unknown")));
}

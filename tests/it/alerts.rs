//! The work on alerts: states, bulk changes, lost updates, undo, sources that go on, grouping of repeats.

use axum::http::StatusCode;
use clew::engine::Options;
use serde_json::{Value, json};

use crate::support::Clew;

/// An alert as Sentinel's table has it.
fn exported(id: &str, title: &str, host: &str, time: &str, status: &str) -> String {
    json!({"SystemAlertId": id, "DisplayName": title, "AlertName": title, "AlertSeverity": "Medium", "ProviderName": "Test", "ProductName": "Test",
        "TimeGenerated": time, "StartTime": time, "EndTime": time, "AlertType": "t", "Status": status,
        "Entities": json!([{"$id": "1", "HostName": host, "DnsDomain": "contoso.com", "Type": "host"}]).to_string(), "Type": "SecurityAlert"})
    .to_string()
}

fn filled() -> Clew {
    let clew = Clew::new();
    let at = |minute: u32| format!("2026-01-01T10:{minute:02}:00Z");
    let mut lines: Vec<String> = (0..5).map(|n| exported(&format!("logon-{n}"), "Suspicious logon", "ws1", &at(n), "New")).collect();
    lines.push(exported("logon-9", "Suspicious logon", "ws2", &at(9), "New"));
    lines.push(exported("tool", "Credential tool", "ws1", &at(20), "New"));
    assert_eq!(clew.ingest_bytes("alerts.jsonl", lines.join("\n")).new, 7);
    clew
}

async fn ok(clew: &Clew, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = clew.by("ana", method, path, body).await;
    assert_eq!(status, StatusCode::OK, "{method} {path}: {answer}");
    answer
}

async fn refused(clew: &Clew, method: &str, path: &str, body: Value) -> (u16, String) {
    let (status, answer) = clew.by("ana", method, path, body).await;
    (status.as_u16(), answer["error"]["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_worked_on_and_the_change_taken_back() {
    let clew = filled();
    let before = clew.get("/v1/alerts/tool").await;
    let change = json!({"status": "active", "add_tags": ["case-7"]});
    ok(&clew, "PATCH", "/v1/alerts/tool", change).await;
    let body =
        json!({"status": "dismissed", "owner": {"upn": "ana@contoso.com"}, "comment": "pentest", "classification": "BenignPositive"});
    let changed = ok(&clew, "PATCH", "/v1/alerts/tool", body).await;
    let number = changed["value"][0]["change"].as_u64().expect("the number of the change");
    assert_eq!(changed["value"][0]["kind"], "alert");
    let after = clew.get("/v1/alerts/tool").await;
    let said = json!([after["status"], after["owner"]["upn"], after["tags"], after["comments"][0]["message"], after["classification"]]);
    assert_eq!(said, json!(["Dismissed", "ana@contoso.com", ["case-7"], "pentest", "BenignPositive"]));
    assert_eq!(after["raw"], before["raw"], "the document stays the one that the source gave");
    assert_eq!(after["entities_list"], before["entities_list"]);
    assert_eq!(clew.get("/v1/alerts?status=dismissed").await["total"], 1);
    assert_eq!(clew.get("/v1/alerts?entity=host:ws1.contoso.com").await["total"], 6, "edges are counted once");

    let activity = clew.get("/v1/alerts/tool/activity").await;
    let actions: Vec<&str> = activity["value"].as_array().expect("a list").iter().filter_map(|row| row["action"].as_str()).collect();
    assert_eq!(actions, ["update", "update", "source"]);

    ok(&clew, "POST", &format!("/v1/changes/{number}/undo"), Value::Null).await;
    let undone = clew.get("/v1/alerts/tool").await;
    let said = json!([undone["status"], undone["owner"], undone["tags"], undone["comments"], undone["classification"]]);
    assert_eq!(said, json!(["New", null, ["case-7"], [], null]));
    assert_eq!(
        clew.get("/v1/audit/verify").await,
        json!({"changes": 3, "last": clew.get("/v1/audit/verify").await["last"], "whole": true})
    );
    assert!(clew.engine.verify().expect("views can be compared").equal);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_changes_of_alerts_are_refused_by_name() {
    let clew = filled();
    let stale = clew.get("/v1/alerts/tool").await["etag"].clone();
    ok(&clew, "PATCH", "/v1/alerts/tool", json!({"etag": stale, "status": "InProgress"})).await;
    let cases = [
        ("PATCH", "/v1/alerts/tool", json!({"etag": stale, "status": "Resolved"}), (409, "etag_stale")),
        ("PATCH", "/v1/alerts/tool", json!({"status": "closed-ish"}), (400, "field_invalid")),
        ("PATCH", "/v1/alerts/tool", json!({"status": "unknown"}), (400, "field_invalid")),
        ("PATCH", "/v1/alerts/none", json!({"status": "Resolved"}), (404, "alert_unknown")),
        ("PATCH", "/v1/alerts/tool", json!({"state": "Resolved"}), (400, "body_invalid")),
        ("POST", "/v1/alerts/bulk", json!({"change": {"status": "Resolved"}}), (400, "selection_invalid")),
        ("POST", "/v1/alerts/bulk", json!({"alerts": ["tool"], "filter": {}, "change": {}}), (400, "selection_invalid")),
        ("GET", "/v1/alerts?group=colour", Value::Null, (400, "parameter_invalid")),
        ("GET", "/v1/alerts?group_key=x", Value::Null, (400, "parameter_invalid")),
    ];
    for (method, path, body, expected) in cases {
        assert_eq!(refused(&clew, method, path, body.clone()).await, (expected.0, expected.1.to_owned()), "{method} {path} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_change_is_one_step() {
    let clew = filled();
    let body = json!({"filter": {"title": "logon"}, "change": {"status": "Resolved"}});
    let changed = ok(&clew, "POST", "/v1/alerts/bulk", body.clone()).await;
    assert_eq!(changed["value"].as_array().map(Vec::len), Some(6));
    assert_eq!(ok(&clew, "POST", "/v1/alerts/bulk", body).await["value"], json!([]), "what is so already does not change");
    assert_eq!(clew.get("/v1/alerts?status=resolved").await["total"], 6);
    let number = changed["value"][3]["change"].as_u64().expect("the number of a change");
    ok(&clew, "POST", &format!("/v1/changes/{number}/undo"), Value::Null).await;
    assert_eq!(clew.get("/v1/alerts?status=resolved").await["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_version_of_the_source_keeps_what_people_changed() {
    let clew = filled();
    ok(&clew, "PATCH", "/v1/alerts/tool", json!({"status": "InProgress", "add_tags": ["mine"]})).await;
    clew.ingest_bytes("later.jsonl", exported("tool", "Credential tool seen twice", "ws3", "2026-01-01T11:00:00Z", "New"));
    let check = |alert: &Value| {
        let hosts: Vec<&str> = alert["entities_list"].as_array().expect("a list").iter().filter_map(|row| row["id"].as_str()).collect();
        assert_eq!(
            json!([alert["status"], alert["tags"], alert["title"], hosts, alert["raw"]["DisplayName"]]),
            json!(["InProgress", ["mine"], "Credential tool seen twice", ["host:ws3.contoso.com"], "Credential tool seen twice"])
        );
    };
    check(&clew.get("/v1/alerts/tool").await);
    let folder = clew.close();
    let clew = Clew::open(folder, Options::default());
    check(&clew.get("/v1/alerts/tool").await);
    assert!(clew.engine.verify().expect("views can be compared").equal);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_in_pieces_keeps_its_pieces() {
    let clew = Clew::new();
    let piece = |host: &str| {
        json!({"AlertId": "p1", "EntityType": "Machine", "EvidenceRole": "Impacted", "DeviceName": host, "Title": "In pieces",
            "Timestamp": "2026-01-01T10:00:00Z", "ServiceSource": "x", "DetectionSource": "y"})
        .to_string()
    };
    clew.ingest_bytes("evidence.jsonl", [piece("one.contoso.com"), piece("two.contoso.com")].join("\n"));
    assert_eq!(clew.get("/v1/alerts/p1").await["entities_list"].as_array().map(Vec::len), Some(2));
    ok(&clew, "PATCH", "/v1/alerts/p1", json!({"status": "Resolved"})).await;
    clew.ingest_bytes("more.jsonl", piece("three.contoso.com"));
    let alert = clew.get("/v1/alerts/p1").await;
    let names = alert["entities_list"].as_array().map(Vec::len);
    assert_eq!((alert["status"].as_str(), names), (Some("Resolved"), Some(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_collapse_with_their_count() {
    let clew = filled();
    let groups = |page: &Value| -> Vec<(String, u64)> {
        let rows = page["value"].as_array().expect("a list").iter();
        rows.map(|row| (row["group"]["label"].as_str().unwrap_or_default().to_owned(), row["group"]["count"].as_u64().unwrap_or(0)))
            .collect()
    };
    let named = |list: &[(&str, u64)]| list.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>();
    let page = clew.get("/v1/alerts?group=title&sort=count").await;
    let expected = [
        ("Suspicious logon (host:ws1.contoso.com)", 5),
        ("Credential tool (host:ws1.contoso.com)", 1),
        ("Suspicious logon (host:ws2.contoso.com)", 1),
    ];
    assert_eq!(groups(&page), named(&expected));
    assert_eq!((&page["total"], &page["counters"]["status"]["New"]), (&json!(3), &json!(7)), "counters count alerts");
    assert_eq!(page["value"][0]["id"], "logon-4", "the newest stands for all");
    let page = clew.get("/v1/alerts?group=entity&sort=count").await;
    assert_eq!(groups(&page), named(&[("host:ws1.contoso.com", 6), ("host:ws2.contoso.com", 1)]));
    let page = clew.get("/v1/alerts?group=rule").await;
    assert_eq!(groups(&page), named(&[("t (Test)", 7)]));
    let page = clew.get("/v1/alerts?group=entity&group_key=host:ws2.contoso.com").await;
    assert_eq!((&page["total"], &page["value"][0]["id"], &page["value"][0]["group"]), (&json!(1), &json!("logon-9"), &Value::Null));
    let first = clew.get("/v1/alerts?group=title&limit=2").await;
    let cursor = first["cursor"].as_str().expect("there is more");
    let second = clew.get(&format!("/v1/alerts?group=title&limit=2&cursor={cursor}")).await;
    assert_eq!((second["value"].as_array().map(Vec::len), &second["complete"]), (Some(1), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn around_an_instant_and_on_the_same_resource() {
    let clew = filled();
    let row = json!({"TimeGenerated": "2026-01-01T10:03:30Z", "UserPrincipalName": "ana@contoso.com", "IPAddress": "175.45.176.99", "Type": "SigninLogs",
        "ResultType": "0", "AppDisplayName": "Portal", "CorrelationId": "c1", "UserId": "u"});
    clew.ingest_with("signins.jsonl", row.to_string(), &clew::ingest::Options { table: Some("SigninLogs".into()), ..Default::default() });
    let around = clew.get("/v1/around?of=host:ws1.contoso.com&at=2026-01-01T10:03:00Z&window=1m").await;
    let nodes: Vec<&str> = around["value"].as_array().expect("a list").iter().filter_map(|item| item["node"].as_str()).collect();
    assert_eq!(nodes, ["alert:logon-2", "alert:logon-3", "alert:logon-4"]);
    assert_eq!((&around["from"], &around["to"]), (&json!("2026-01-01T10:02:00Z"), &json!("2026-01-01T10:04:00Z")));
    let around = clew.get("/v1/around?of=ip:175.45.176.99&at=2026-01-01T10:00:00Z&window=1h").await;
    assert_eq!((&around["tables"], &around["counts"]), (&json!({"SigninLogs": 1}), &json!({"event": 1})));
    let around = clew.get("/v1/around?of=alert:tool&window=12m").await;
    assert_eq!((&around["at"], &around["counts"]["alert"]), (&json!("2026-01-01T10:20:00Z"), &json!(1)));
    let (status, answer) = clew.try_get("/v1/around?of=host:ws1.contoso.com").await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (400, &json!("instant_missing")));

    let same = &clew.get("/v1/alerts/tool").await["same_resource"];
    let newest: Vec<&str> = same["newest"].as_array().expect("a list").iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!((&same["resource"], &same["total"]), (&json!("host:ws1.contoso.com"), &json!(5)));
    assert_eq!(newest, ["logon-4", "logon-3", "logon-2", "logon-1", "logon-0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_tells_what_changed_in_order_and_goes_on_after_a_restart() {
    let clew = filled();
    let said = |page: &Value| -> Vec<String> {
        let rows = page["value"].as_array().expect("a list").iter();
        rows.map(|row| format!("{} {} {}", row["kind"], row["id"], row["action"]).replace('"', "")).collect()
    };
    let first = clew.get("/v1/changes?limit=3").await;
    assert_eq!(said(&first), ["alert logon-0 created", "alert logon-1 created", "alert logon-2 created"]);
    assert_eq!(first["complete"], false);
    let rest = clew.get(&format!("/v1/changes?cursor={}", first["cursor"].as_str().expect("a cursor"))).await;
    assert_eq!((said(&rest).len(), &rest["complete"]), (4, &json!(true)));
    let cursor = rest["cursor"].as_str().expect("a cursor").to_owned();
    let folder = clew.close();

    let clew = Clew::open(folder, Options::default());
    assert_eq!(said(&clew.get(&format!("/v1/changes?cursor={cursor}")).await), Vec::<String>::new());
    let waiting = {
        let (router, path) = (clew.router.clone(), format!("/v1/changes?cursor={cursor}&wait=50&content=true"));
        tokio::spawn(async move {
            use tower::ServiceExt;
            let request = axum::http::Request::get(path).header("host", "127.0.0.1").body(axum::body::Body::empty()).expect("a request");
            let answer = router.oneshot(request).await.expect("an answer");
            let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
            serde_json::from_slice::<Value>(&body).expect("JSON")
        })
    };
    ok(&clew, "PATCH", "/v1/alerts/tool", json!({"status": "Resolved"})).await;
    let page = waiting.await.expect("the wait ends with the change");
    assert_eq!(said(&page), ["alert tool updated"]);
    let item = &page["value"][0];
    let found = json!([item["change"], item["actor"], item["status"], item["content"]["title"]]);
    assert_eq!(found, json!(["update", "ana", "Resolved", "Credential tool"]));
    for (path, code) in [("cursor=x", "cursor_invalid"), ("wait=51", "parameter_invalid"), ("kind=colour", "parameter_invalid")] {
        assert_eq!(refused(&clew, "GET", &format!("/v1/changes?{path}"), Value::Null).await, (400, code.to_owned()), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_streams_events_that_can_be_taken_up_again() {
    use futures::StreamExt;
    use tower::ServiceExt;
    let clew = filled();
    let request = axum::http::Request::get("/v1/changes?kind=alert").header("host", "127.0.0.1");
    let request = request.header("accept", "text/event-stream").header("last-event-id", "5").body(axum::body::Body::empty());
    let answer = clew.router.clone().oneshot(request.expect("a request")).await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut stream = answer.into_body().into_data_stream();
    let mut text = String::new();
    while text.matches("\n\n").count() < 2 {
        let chunk = stream.next().await.expect("the stream goes on").expect("it is whole");
        text.push_str(std::str::from_utf8(&chunk).expect("text"));
    }
    let ids: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert_eq!(ids, ["6", "7"]);
    ok(&clew, "PATCH", "/v1/alerts/tool", json!({"status": "Resolved"})).await;
    let chunk = stream.next().await.expect("the stream goes on").expect("it is whole");
    assert!(std::str::from_utf8(&chunk).expect("text").contains("id: 8"));
    clew.engine.announce_stop();
    assert!(stream.next().await.is_none(), "the stream ends with the engine");
}

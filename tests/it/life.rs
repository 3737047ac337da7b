//! The life of an incident over the API: the rules of closing, lost updates, sources that go on, the audit.

use std::sync::Arc;

use axum::http::StatusCode;
use clew::engine::Options;
use serde_json::{Value, json};

use crate::support::Clew;

/// Two incidents of three alerts, as a source exports them.
pub(crate) fn filled() -> Clew {
    let clew = Clew::new();
    let alert = |id: &str, title: &str| {
        json!({"SystemAlertId": id, "DisplayName": title, "AlertName": title, "AlertSeverity": "Medium", "ProviderName": "Test", "ProductName": "Test",
            "TimeGenerated": "2026-01-01T10:00:00Z", "StartTime": "2026-01-01T10:00:00Z", "EndTime": "2026-01-01T10:05:00Z", "AlertType": "t",
            "Entities": "[{\"$id\":\"1\",\"HostName\":\"ws1\",\"DnsDomain\":\"contoso.com\",\"Type\":\"host\"}]", "Type": "SecurityAlert"})
    };
    let alerts: String = ["a1", "a2", "a3"].iter().map(|id| alert(id, &format!("alert {id}")).to_string() + "\n").collect();
    assert_eq!(clew.ingest_bytes("alerts.jsonl", alerts).new, 3);
    assert_eq!(clew.ingest_bytes("one.jsonl", exported("i1", 1, "first", "New", &["a1", "a2"], "2026-01-02T00:00:00Z")).new, 1);
    assert_eq!(clew.ingest_bytes("two.jsonl", exported("i2", 2, "second", "New", &["a3"], "2026-01-02T00:00:00Z")).new, 1);
    clew
}

/// An incident as Sentinel's table has it.
pub(crate) fn exported(id: &str, number: i64, title: &str, status: &str, alerts: &[&str], modified: &str) -> String {
    json!({"TenantId": "00000000-0000-0000-0000-000000000001", "IncidentName": id, "IncidentNumber": number, "Title": title, "Severity": "Medium",
        "Status": status, "AlertIds": json!(alerts).to_string(), "CreatedTime": "2026-01-01T12:00:00Z", "LastModifiedTime": modified,
        "TimeGenerated": modified, "ProviderName": "Azure Sentinel", "Type": "SecurityIncident"})
    .to_string()
}

pub(crate) async fn detail(clew: &Clew, id: &str) -> Value {
    clew.get(&format!("/v1/incidents/{id}")).await
}

pub(crate) async fn ok(clew: &Clew, user: &str, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = clew.by(user, method, path, body).await;
    assert_eq!(status, StatusCode::OK, "{method} {path}: {answer}");
    answer
}

pub(crate) async fn refused(clew: &Clew, method: &str, path: &str, body: Value) -> (u16, String) {
    let (status, answer) = clew.by("ana", method, path, body).await;
    (status.as_u16(), answer["error"]["code"].as_str().unwrap_or_default().to_owned())
}

pub(crate) fn alerts_of(detail: &Value) -> Vec<&str> {
    let rows = detail["alerts_list"].as_array().expect("a list");
    rows.iter().map(|alert| alert["id"].as_str().expect("an id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_worked_on_and_closed() {
    let clew = filled();
    ok(&clew, "ana", "PATCH", "/v1/incidents/1", json!({"status": "Active", "owner": {"upn": "ana@contoso.com"}, "add_tags": ["case-7"]}))
        .await;
    let active = detail(&clew, "i1").await;
    assert_eq!((&active["status"], &active["owner"], &active["tags"]), (&json!("Active"), &json!("ana@contoso.com"), &json!(["case-7"])));
    assert_eq!(clew.get("/v1/incidents?owner=ana@contoso.com").await["total"], 1);
    assert_eq!(clew.get("/v1/search?q=tag:case-7").await["total"], 1);

    let close = |body: Value| refused(&clew, "PATCH", "/v1/incidents/i1", body);
    assert_eq!(close(json!({"status": "Closed"})).await, (400, "classification_required".into()));
    assert_eq!(close(json!({"status": "Closed", "classification": "TruePositive"})).await, (400, "closing_comment_required".into()));
    let wrong = json!({"status": "Closed", "classification": "TruePositive", "classification_reason": "InaccurateData", "classification_comment": "x"});
    assert_eq!(close(wrong).await, (400, "field_invalid".into()));
    assert_eq!(close(json!({"classification": "TruePositive"})).await, (400, "classification_of_open".into()));
    assert_eq!(close(json!({"stauts": "Closed"})).await, (400, "body_invalid".into()));

    let closing = json!({"status": "closed", "classification": "truepositive", "classification_comment": "contained"});
    ok(&clew, "ana", "PATCH", "/v1/incidents/i1", closing.clone()).await;
    let closed = detail(&clew, "i1").await;
    let of = |name: &str| closed[name].clone();
    assert_eq!(
        (of("status"), of("classification"), of("classification_reason"), of("classification_comment")),
        (json!("Closed"), json!("TruePositive"), json!("SuspiciousActivity"), json!("contained"))
    );
    assert_eq!(ok(&clew, "ana", "PATCH", "/v1/incidents/i1", closing).await["value"], json!([]), "what is so already makes no version");

    assert_eq!(refused(&clew, "PATCH", "/v1/incidents/i1", json!({"status": "Active"})).await, (400, "reason_required".into()));
    ok(&clew, "ben", "PATCH", "/v1/incidents/i1", json!({"status": "Active", "reason": "it came back"})).await;
    let reopened = detail(&clew, "i1").await;
    assert_eq!((&reopened["status"], &reopened["classification"]), (&json!("Active"), &Value::Null));
    assert_eq!((&reopened["comments"][0]["author"], &reopened["comments"][0]["message"]), (&json!("ben"), &json!("it came back")));

    let activity = clew.get("/v1/incidents/i1/activity").await;
    let rows = activity["value"].as_array().expect("a list");
    let said: Vec<(&str, &str)> =
        rows.iter().map(|row| (row["actor"].as_str().unwrap_or(""), row["action"].as_str().unwrap_or(""))).collect();
    assert_eq!(said, [("ben", "update"), ("ana", "update"), ("ana", "update"), ("Azure Sentinel", "source")]);
    let first = &rows[2]["fields"];
    assert_eq!(
        *first,
        json!([
            {"field": "owner", "before": null, "after": {"name": null, "email": null, "upn": "ana@contoso.com", "object_id": null}},
            {"field": "status", "before": "New", "after": "Active"},
            {"field": "tags", "before": [], "after": ["case-7"]},
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_update_is_lost() {
    let clew = Arc::new(filled());
    let seen = detail(&clew, "i1").await["etag"].as_str().expect("an etag").to_owned();
    ok(&clew, "ana", "PATCH", "/v1/incidents/i1", json!({"etag": seen, "add_tags": ["first"]})).await;
    assert_eq!(refused(&clew, "PATCH", "/v1/incidents/i1", json!({"etag": seen, "title": "other"})).await, (409, "etag_stale".into()));
    assert_eq!(detail(&clew, "i1").await["title"], "first");

    let writers: Vec<_> = (0..32)
        .map(|n| {
            let clew = Arc::clone(&clew);
            tokio::spawn(async move { ok(&clew, "ana", "PATCH", "/v1/incidents/i1", json!({"add_tags": [format!("tag-{n}")]})).await })
        })
        .collect();
    for writer in writers {
        writer.await.expect("the writer ends");
    }
    let tags = detail(&clew, "i1").await["tags"].as_array().expect("a list").len();
    assert_eq!(tags, 33, "every tag of every writer is there");
    let audit = clew.get("/v1/audit/verify").await;
    assert_eq!((&audit["changes"], &audit["whole"]), (&json!(33), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_and_tasks_are_kept_one_by_one() {
    let clew = filled();
    ok(&clew, "ana", "POST", "/v1/incidents/i1/comments", json!({"id": "c1", "message": "looked at *ws1*"})).await;
    ok(&clew, "ben", "POST", "/v1/incidents/i1/comments", json!({"id": "c2", "message": "isolated"})).await;
    ok(&clew, "ana", "PATCH", "/v1/incidents/i1/comments/c1", json!({"message": "looked at ws1 and ws2"})).await;
    ok(&clew, "ben", "DELETE", "/v1/incidents/i1/comments/c2", Value::Null).await;
    ok(&clew, "ana", "POST", "/v1/incidents/i1/tasks", json!({"id": "t1", "title": "reset the password"})).await;
    ok(&clew, "ana", "PATCH", "/v1/incidents/i1/tasks/t1", json!({"completed": true})).await;
    let now = detail(&clew, "i1").await;
    let comments = now["comments"].as_array().expect("a list");
    assert_eq!((comments.len(), &comments[0]["message"], &comments[0]["author"]), (1, &json!("looked at ws1 and ws2"), &json!("ana")));
    assert_eq!((&now["tasks"][0]["title"], &now["tasks"][0]["completed"]), (&json!("reset the password"), &json!(true)));
    assert_eq!(clew.get("/v1/search?q=comment:ws2").await["total"], 1, "comments are found by their words");
    let codes = [
        refused(&clew, "POST", "/v1/incidents/i1/comments", json!({"message": " "})).await,
        refused(&clew, "PATCH", "/v1/incidents/i1/comments/c2", json!({"message": "x"})).await,
        refused(&clew, "DELETE", "/v1/incidents/i1/tasks/none", Value::Null).await,
        refused(&clew, "POST", "/v1/incidents/none/comments", json!({"message": "x"})).await,
    ];
    let expected = [(400, "field_invalid"), (404, "comment_unknown"), (404, "task_unknown"), (404, "incident_unknown")];
    assert_eq!(codes, expected.map(|(status, code)| (status, code.to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_source_says_later_joins_what_people_did() {
    let clew = filled();
    ok(&clew, "ana", "PATCH", "/v1/incidents/i1", json!({"status": "Active", "title": "renamed by ana", "add_tags": ["mine"]})).await;
    // The source adds an alert and a severity of its own; it knows nothing of Ana.
    let later = exported("i1", 1, "first", "New", &["a1", "a2", "a3"], "2026-01-03T00:00:00Z").replace("Medium", "High");
    assert_eq!(clew.ingest_bytes("later.jsonl", later.clone()).updated, 1);
    let both = detail(&clew, "i1").await;
    assert_eq!(
        (&both["title"], &both["status"], &both["severity"], &both["tags"]),
        (&json!("renamed by ana"), &json!("Active"), &json!("High"), &json!(["mine"]))
    );
    assert_eq!(alerts_of(&both), ["a1", "a2", "a3"]);
    assert_eq!(clew.ingest_bytes("later.jsonl", later).duplicate, 1, "the same export again changes nothing");
    let older = exported("i1", 1, "first", "New", &["a1"], "2026-01-01T13:00:00Z");
    clew.ingest_bytes("older.jsonl", older);
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2", "a3"], "an older export changes nothing");

    let before = detail(&clew, "i1").await;
    let folder = clew.close();
    assert!(clew::engine::verify(folder.path(), Options::default()).expect("verifies").equal);
    let clew = Clew::open(folder, Options::default());
    assert_eq!(detail(&clew, "i1").await, before, "a start from the journal shows the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_are_changed_as_one_step() {
    let clew = filled();
    let change = json!({"filter": {"status": ["open"]}, "change": {"severity": "Low", "add_tags": ["sweep"]}});
    let changed = ok(&clew, "ana", "POST", "/v1/incidents/bulk", change).await;
    assert_eq!(changed["value"].as_array().map(Vec::len), Some(2));
    ok(&clew, "ben", "PATCH", "/v1/incidents/i2", json!({"add_tags": ["kept"]})).await;
    let number = changed["value"][0]["change"].as_u64().expect("a number");
    ok(&clew, "ana", "POST", &format!("/v1/changes/{number}/undo"), Value::Null).await;
    let (one, two) = (detail(&clew, "i1").await, detail(&clew, "i2").await);
    assert_eq!((&one["severity"], &one["tags"]), (&json!("Medium"), &json!([])));
    assert_eq!((&two["severity"], &two["tags"]), (&json!("Medium"), &json!(["kept"])), "what came after the step stays");
    assert_eq!(refused(&clew, "POST", "/v1/changes/1/undo", Value::Null).await, (404, "change_unknown".into()));
    let both = json!({"incidents": ["i1"], "filter": {}, "change": {}});
    assert_eq!(refused(&clew, "POST", "/v1/incidents/bulk", both).await, (400, "selection_invalid".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_made_by_hand_and_ordered_under_others() {
    let clew = filled();
    let made =
        ok(&clew, "ana", "POST", "/v1/incidents", json!({"title": "by hand", "severity": "High", "alerts": ["a3"], "parent": "1"})).await;
    assert_eq!(made["value"][0]["number"], 3);
    let made = detail(&clew, "3").await;
    assert_eq!(
        (&made["title"], &made["severity"], &made["parent"], alerts_of(&made)),
        (&json!("by hand"), &json!("High"), &json!("i1"), vec!["a3"])
    );
    let codes = [
        refused(&clew, "POST", "/v1/incidents", json!({"severity": "High"})).await,
        refused(&clew, "POST", "/v1/incidents", json!({"title": "x", "id": "i1"})).await,
        refused(&clew, "POST", "/v1/incidents", json!({"title": "x", "alerts": ["none"]})).await,
        refused(&clew, "PATCH", "/v1/incidents/i1", json!({"parent": "3"})).await,
    ];
    let expected = [(400, "field_invalid"), (409, "incident_exists"), (404, "alert_unknown"), (409, "parent_cycle")];
    assert_eq!(codes, expected.map(|(status, code)| (status, code.to_owned())));
    ok(&clew, "ana", "POST", "/v1/incidents/3/alerts", json!({"add": ["a1"], "remove": ["a3"]})).await;
    assert_eq!(alerts_of(&detail(&clew, "3").await), ["a1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_shows_the_incidents_under_it() {
    let clew = filled();
    let children = async |parent: &str, as_of: &str| {
        let detail = clew.get(&format!("/v1/incidents/{parent}{as_of}")).await;
        let ids: Vec<String> =
            detail["children"].as_array().expect("a list").iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
        assert_eq!(detail["children_total"], ids.len());
        ids
    };
    assert!(children("1", "").await.is_empty());
    ok(&clew, "ana", "PATCH", "/v1/incidents/2", json!({"parent": "1"})).await;
    ok(&clew, "ana", "POST", "/v1/incidents", json!({"id": "hand", "title": "by hand", "severity": "High", "parent": "i1"})).await;
    assert_eq!(children("1", "").await, ["i2", "hand"]);
    let then = clew::model::Time::now().to_string();
    let list = clew.get("/v1/incidents?parent=1&sort=number").await;
    assert_eq!(json!([list["total"], list["value"][0]["id"], list["counters"]["status"]["New"]]), json!([2, "hand", 2]));
    assert_eq!(clew.get("/v1/incidents?parent=i1&severity=high").await["total"], 1);
    assert_eq!(clew.get("/v1/incidents?parent=1&entity=host:ws1.contoso.com").await["value"][0]["id"], "i2");
    assert_eq!(clew.get("/v1/incidents?parent=2").await["total"], 0);
    assert_eq!(clew.try_get("/v1/incidents?parent=none").await.0, StatusCode::NOT_FOUND);
    // Whoever is taken out again, or is deleted, is under it no longer.
    ok(&clew, "ana", "PATCH", "/v1/incidents/2", json!({"parent": null})).await;
    assert_eq!(children("1", "").await, ["hand"]);
    assert_eq!(clew.get("/v1/incidents?parent=1").await["total"], 1);
    assert_eq!(children("1", &format!("?as_of={then}")).await, ["i2", "hand"]);
    assert!(clew.engine.verify().expect("views can be compared").equal);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_of_many_versions_lists_the_newest_and_says_how_many_there_are() {
    let clew = filled();
    for n in 0..120 {
        ok(&clew, "ana", "PATCH", "/v1/incidents/1", json!({"title": format!("title {n}")})).await;
    }
    let shown = detail(&clew, "1").await;
    let versions = shown["versions"].as_array().expect("a list");
    let seqs: Vec<u64> = versions.iter().filter_map(|version| version["seq"].as_u64()).collect();
    assert_eq!((versions.len(), &shown["versions_total"], &shown["title"]), (100, &json!(121), &json!("title 119")));
    assert!(seqs.is_sorted() && versions[99]["current"] == true && Some(seqs[99]) == shown["seq"].as_u64());
    assert_eq!(clew.get("/v1/incidents/1/activity").await["value"].as_array().map(Vec::len), Some(121));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_finds_what_was_altered_or_dropped() {
    let clew = filled();
    for tag in ["one", "two", "three"] {
        ok(&clew, "ana", "PATCH", "/v1/incidents/i1", json!({"add_tags": [tag]})).await;
    }
    let mut backup = Vec::new();
    clew.engine.export(&mut backup).expect("exports");
    let lines: Vec<String> = String::from_utf8(backup).expect("text").lines().map(str::to_owned).collect();
    let audit = async |lines: &[String]| {
        let other = Clew::new();
        other.engine.import(&mut lines.join("\n").as_bytes()).expect("imports");
        let found = other.get("/v1/audit/verify").await;
        (found["whole"].as_bool(), found["changes"].as_u64(), found["broken_at"].as_u64())
    };
    assert_eq!(audit(&lines).await, (Some(true), Some(3), None));
    let changes: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains("clew-incident")).collect();
    assert_eq!(changes.len(), 3);
    let dropped: Vec<String> = lines.iter().enumerate().filter(|(at, _)| *at != changes[1]).map(|(_, line)| line.clone()).collect();
    assert_eq!(audit(&dropped).await, (Some(false), Some(2), Some(changes[2] as u64)));
    let mut swapped = lines.clone();
    swapped.swap(changes[1], changes[2]);
    assert_eq!(audit(&swapped).await.0, Some(false));
    // Without its end a chain is whole in itself; what was kept elsewhere shows that it is not all.
    let last = clew.get("/v1/audit/verify").await["last"].as_str().expect("a fingerprint").to_owned();
    let held = async |of: &Clew, anchor: &str| {
        let found = of.get(&format!("/v1/audit/verify?anchor={anchor}")).await;
        (found["whole"].as_bool(), found["anchored_at"].as_u64())
    };
    assert_eq!(held(&clew, &last.to_uppercase()).await, (Some(true), Some(changes[2] as u64 + 1)));
    ok(&clew, "ana", "PATCH", "/v1/incidents/i1", json!({"add_tags": ["four"]})).await;
    assert_eq!(held(&clew, &last).await, (Some(true), Some(changes[2] as u64 + 1)), "later changes stand behind it");
    assert_eq!(audit(&lines[..changes[2]]).await, (Some(true), Some(2), None));
    let cut = Clew::new();
    cut.engine.import(&mut lines[..changes[2]].join("\n").as_bytes()).expect("imports");
    assert_eq!(held(&cut, &last).await, (Some(false), None));
    assert_eq!(refused(&clew, "GET", "/v1/audit/verify?anchor=x", json!({})).await, (400, "anchor_invalid".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_from_the_end_is_told_until_somebody_looked_into_it() {
    let clew = filled();
    ok(&clew, "ana", "PATCH", "/v1/incidents/i1", json!({"add_tags": ["one"]})).await;
    let folder = clew.close();
    let journal = folder.path().join("journal");
    let segments = || {
        let entries = std::fs::read_dir(&journal).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut found: Vec<_> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "log")).collect();
        found.sort();
        found
    };
    let last = segments().pop().expect("a segment");
    let mut bytes = std::fs::read(&last).expect("readable");
    let whole = bytes.len();
    bytes.extend(b"half a rec");
    std::fs::write(&last, &bytes).expect("writable");
    let clew = Clew::open(folder, Options::default());
    let found = clew.get("/v1/audit/verify").await;
    let kept = format!("journal/{}.damaged-at-{whole}", last.file_name().expect("a name").to_string_lossy());
    assert_eq!((&found["whole"], &found["broken_at"], &found["cut"]), (&json!(false), &Value::Null, &json!([kept])));
    let clew = Clew::open(clew.close(), Options::default());
    assert_eq!(clew.get("/v1/audit/verify").await, found, "another start forgets nothing");
    let folder = clew.close();
    assert_eq!(std::fs::read(folder.path().join(&kept)).expect("the bytes are kept"), b"half a rec");
    std::fs::remove_file(folder.path().join(&kept)).expect("it was looked into");
    let clew = Clew::open(folder, Options::default());
    assert_eq!(clew.get("/v1/audit/verify").await["whole"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_was_closed_is_told_by_source_and_by_clew() {
    let clew = filled();
    let mut row: Value = serde_json::from_str(&exported("i3", 3, "third", "Closed", &[], "2026-01-03T00:00:00Z")).expect("JSON");
    row["ClosedTime"] = json!("2026-01-02T13:00:00Z");
    row["Classification"] = json!("Undetermined");
    assert_eq!(clew.ingest_bytes("three.jsonl", row.to_string()).new, 1);
    assert_eq!(detail(&clew, "i3").await["closed"], "2026-01-02T13:00:00Z");
    let listed = clew.get("/v1/incidents?status=Closed").await;
    assert_eq!((&listed["total"], &listed["value"][0]["closed"]), (&json!(1), &json!("2026-01-02T13:00:00Z")));
    assert_eq!(detail(&clew, "i1").await.get("closed"), None);

    ok(
        &clew,
        "ana",
        "PATCH",
        "/v1/incidents/1",
        json!({"status": "Closed", "classification": "TruePositive", "classification_comment": "contained"}),
    )
    .await;
    let closed = detail(&clew, "i1").await;
    assert_eq!((closed["closed"].is_string(), &closed["closed"]), (true, &closed["modified"]));
    ok(&clew, "ana", "PATCH", "/v1/incidents/1", json!({"status": "Active", "reason": "it came back"})).await;
    assert_eq!(detail(&clew, "i1").await.get("closed"), None, "it is open again");
}

/// Numbers go on behind the last one that every client can tell from its neighbours.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_have_no_end() {
    let clew = Clew::new();
    let last = (1_i64 << 53) - 1;
    let source = |id: &str| drop(clew.ingest_bytes(id, exported(id, last, id, "New", &[], "2026-01-02T00:00:00Z")));
    source("first");
    for id in ["b", "c"] {
        ok(&clew, "ana", "POST", "/v1/incidents", json!({"id": id, "title": id})).await;
    }
    ["d", "e"].into_iter().for_each(source);
    let mut numbers = Vec::new();
    for id in ["first", "b", "c", "d", "e"] {
        numbers.push(detail(&clew, id).await["number"].as_i64().expect("a number") - last);
    }
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
}

/// A number is one incident's, whatever ids and numbers sources bring.
#[tokio::test(flavor = "multi_thread")]
async fn no_incident_takes_the_number_of_another() {
    let clew = filled();
    let graph = |id: &str, title: &str, modified: &str| {
        json!({"@odata.type": "#microsoft.graph.security.incident", "id": id, "tenantId": "t", "status": "active", "displayName": title,
            "incidentWebUrl": "https://x/", "createdDateTime": "2026-01-13T06:32:31Z", "lastUpdateDateTime": modified, "severity": "medium",
            "classification": "unknown", "determination": "unknown", "redirectIncidentId": null, "alerts": []})
        .to_string()
    };
    // XDR numbers its incidents from 1 on, as Sentinel does.
    clew.ingest_bytes("xdr", graph("2", "of XDR", "2026-01-13T08:00:00Z"));
    let (by_number, by_id) = (detail(&clew, "2").await, detail(&clew, "id:2").await);
    assert_eq!((&by_number["id"], &by_number["number"]), (&json!("i2"), &json!(2)));
    assert_eq!(json!([by_id["id"], by_id["number"], by_id["title"]]), json!(["2", 3, "of XDR"]));
    assert_eq!(detail(&clew, "%232").await["id"], "i2");
    assert_eq!(detail(&clew, "3").await["id"], "2");
    assert_eq!(clew.get("/v1/neighbors?node=incident:2").await["nodes"][0]["id"], "incident:i2");
    assert_eq!(clew.get("/v1/neighbors?node=incident:id:2").await["nodes"][0]["id"], "incident:id:2");
    // A later version, of XDR or of people, keeps the number that it got.
    ok(&clew, "ana", "PATCH", "/v1/incidents/id:2", json!({"add_tags": ["seen"]})).await;
    clew.ingest_bytes("xdr", graph("2", "of XDR, later", "2026-01-14T08:00:00Z"));
    let later = detail(&clew, "id:2").await;
    assert_eq!(json!([later["number"], later["title"], later["tags"]]), json!([3, "of XDR, later", ["seen"]]));
    // An id that is the number of none is found by it.
    clew.ingest_bytes("xdr", graph("77", "of XDR", "2026-01-13T08:00:00Z"));
    assert_eq!((&detail(&clew, "77").await["number"], &detail(&clew, "id:77").await["id"]), (&json!(77), &json!("77")));
    // A source's own number gives way as well, and so does what a person names.
    clew.ingest_bytes("4", exported("i4", 1, "fourth", "New", &["a3"], "2026-01-02T00:00:00Z"));
    assert_eq!(detail(&clew, "i4").await["number"], 78);
    let made = ok(&clew, "ana", "POST", "/v1/incidents", json!({"id": "1", "title": "by hand"})).await;
    assert_eq!(json!([made["value"][0]["id"], made["value"][0]["number"]]), json!(["1", 79]));
    assert_eq!(detail(&clew, "1").await["id"], "i1");
    ok(&clew, "ana", "POST", "/v1/incidents/id:1/comments", json!({"message": "here"})).await;
    assert_eq!(detail(&clew, "79").await["comments"][0]["message"], "here");
    assert_eq!(detail(&clew, "i1").await["comments"], json!([]));
    let query = json!({"text": "SecurityIncident | summarize arg_max(TimeGenerated, IncidentName) by IncidentNumber | summarize dcount(IncidentName), count()"});
    assert_eq!(clew.post("/v1/query", &query).await.1["rows"], json!([[6, 6]]), "each row has the number of its incident");
    // The rules of Microsoft's clients: there the name is an id.
    let path =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w/providers/Microsoft.SecurityInsights";
    let put = json!({"properties": {"title": "put", "severity": "Low", "status": "New"}});
    let (status, answer) = clew.by("ana", "PUT", &format!("{path}/incidents/3?api-version=2025-09-01"), put).await;
    assert_eq!((status, &answer["properties"]["incidentNumber"]), (StatusCode::CREATED, &json!(80)), "{answer}");
    let comment = json!({"properties": {"message": "there"}});
    let (status, _) = clew.by("ana", "PUT", &format!("{path}/incidents/3/comments/c?api-version=2025-09-01"), comment).await;
    assert_eq!((status, detail(&clew, "80").await["comments"][0]["message"].as_str()), (StatusCode::CREATED, Some("there")));
    assert_eq!(clew.get(&format!("{path}/incidents/3?api-version=2025-09-01")).await["properties"]["title"], "put");
    assert!(clew.engine.verify().expect("views can be compared").equal);
    let clew = Clew::open(clew.close(), Options::default());
    assert_eq!(json!([detail(&clew, "2").await["id"], detail(&clew, "id:2").await["number"]]), json!(["i2", 3]));
}

//! Bookmarks over the API: kept rows, their place in incidents and graph, what a removal leaves; the policy; an incident as of a time.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::Clew;

fn filled() -> Clew {
    let clew = Clew::new();
    let alert = json!({"SystemAlertId": "a1", "DisplayName": "alert a1", "AlertName": "alert a1", "AlertSeverity": "Medium", "ProviderName": "Test",
        "ProductName": "Test", "TimeGenerated": "2026-01-01T10:00:00Z", "StartTime": "2026-01-01T10:00:00Z", "EndTime": "2026-01-01T10:05:00Z",
        "AlertType": "t", "Entities": "[{\"$id\":\"1\",\"HostName\":\"ws1\",\"DnsDomain\":\"contoso.com\",\"Type\":\"host\"}]", "Type": "SecurityAlert"});
    assert_eq!(clew.ingest_bytes("alert.json", alert.to_string()).new, 1);
    let incident = json!({"TenantId": "00000000-0000-0000-0000-000000000001", "IncidentName": "i1", "IncidentNumber": 1, "Title": "first",
        "Severity": "Medium", "Status": "New", "AlertIds": "[\"a1\"]", "CreatedTime": "2026-01-01T12:00:00Z",
        "LastModifiedTime": "2026-01-02T00:00:00Z", "TimeGenerated": "2026-01-02T00:00:00Z", "ProviderName": "Azure Sentinel", "Type": "SecurityIncident"});
    assert_eq!(clew.ingest_bytes("incident.json", incident.to_string()).new, 1);
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

fn texts<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    list.as_array().expect("a list").iter().filter_map(|item| item[member].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_kept_as_evidence_of_an_incident() {
    let clew = filled();
    let row = json!({"TimeGenerated": "2026-01-01T10:01:00Z", "Computer": "ws1", "_Seq": 1});
    let body = json!({"name": "first logon", "query": "SecurityEvent | take 1", "row": row, "incidents": ["1"], "entities": ["host:ws1.contoso.com"]});
    let kept = ok(&clew, "POST", "/v1/bookmarks", body).await;
    let id = kept["id"].as_str().expect("an id").to_owned();
    assert_eq!((&kept["incidents"], &kept["seq"], &kept["created_by"]), (&json!(["i1"]), &json!(1), &json!("ana")));
    assert_eq!(kept["event_time"], json!("2026-01-01T10:01:00Z"));
    assert_eq!(kept["hash"], json!(&blake3::hash(row.to_string().as_bytes()).to_hex()[..32]), "the fingerprint is that of the row's text");

    let incident = clew.get("/v1/incidents/1").await;
    assert_eq!(texts(&incident["bookmarks"], "name"), ["first logon"]);
    let edges = clew.get(&format!("/v1/neighbors?node=bookmark:BookmarkId%3D{id}")).await;
    let relations: Vec<(&str, &str)> = edges["edges"]
        .as_array()
        .expect("edges")
        .iter()
        .map(|edge| (edge["relation"].as_str().expect("a relation"), if edge["source"] == "incident:i1" { "in" } else { "out" }))
        .collect();
    assert_eq!(relations, [("involves", "in"), ("marks", "out")], "the latest first: {edges}");
    let (status, table) = clew.post("/v1/query", &json!({"text": "HuntingBookmark | project BookmarkName, CreatedBy, SoftDeleted"})).await;
    assert_eq!((status, &table["rows"]), (StatusCode::OK, &json!([["first logon", "ana", false]])));

    let changed = ok(&clew, "PATCH", &format!("/v1/bookmarks/{id}"), json!({"notes": "*her* first", "etag": kept["etag"]})).await;
    assert_eq!((&changed["notes"], &changed["name"]), (&json!("*her* first"), &json!("first logon")));
    let codes = [
        refused(&clew, "PATCH", &format!("/v1/bookmarks/{id}"), json!({"notes": "x", "etag": kept["etag"]})).await,
        refused(&clew, "POST", "/v1/bookmarks", json!({"query": "x"})).await,
        refused(&clew, "POST", "/v1/bookmarks", json!({"name": "x", "incidents": ["9"]})).await,
        refused(&clew, "POST", "/v1/bookmarks", json!({"name": "x", "entities": ["host:nowhere.contoso.com"]})).await,
        refused(&clew, "PATCH", "/v1/bookmarks/none", json!({"notes": "x"})).await,
        refused(&clew, "DELETE", "/v1/bookmarks/none", Value::Null).await,
    ];
    let expected = [
        (409, "etag_stale"),
        (400, "field_invalid"),
        (404, "incident_unknown"),
        (404, "entity_unknown"),
        (404, "bookmark_unknown"),
        (404, "bookmark_unknown"),
    ];
    assert_eq!(codes, expected.map(|(status, code)| (status, code.to_owned())));
    ok(&clew, "POST", "/v1/bookmarks", json!({"name": "other"})).await;
    for (filter, expected) in
        [("", 2), ("?incident=1", 1), ("?entity=host:ws1.contoso.com", 1), ("?text=first", 1), ("?text=SecurityEvent", 1), ("?label=x", 0)]
    {
        assert_eq!(clew.get(&format!("/v1/bookmarks{filter}")).await["total"], expected, "{filter}");
    }
    let page = clew.get("/v1/bookmarks?limit=1").await;
    let next = clew.get(&format!("/v1/bookmarks?limit=1&cursor={}", page["cursor"].as_str().expect("a cursor"))).await;
    assert_eq!(
        (page["complete"].clone(), next["complete"].clone(), texts(&next["value"], "name")),
        (json!(false), json!(true), vec!["first logon"])
    );

    ok(&clew, "DELETE", &format!("/v1/bookmarks/{id}"), Value::Null).await;
    let incident = clew.get("/v1/incidents/1").await;
    assert_eq!((&incident["bookmarks"], texts(&incident["entities"], "kind")), (&json!([]), vec!["host"]));
    let activity = clew.get("/v1/incidents/1/activity").await;
    assert_eq!(texts(&activity["value"], "action"), ["bookmark", "bookmark", "source"]);
    assert_eq!(ok(&clew, "POST", "/v1/verify", Value::Null).await["equal"], json!(true), "what was kept stands after a rebuild");
    assert_eq!(clew.get("/v1/audit/verify").await["whole"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_shows_as_it_was_known_at_a_time() {
    let clew = filled();
    let first = clew.get("/v1/incidents/1").await;
    let received = first["versions"][0]["received"].as_str().expect("a time").to_owned();
    let timeline = clew.get("/v1/timeline?of=incident:1").await;
    // Degrees are those of the present.
    let graph = async |hops: u32, past: &str| {
        let mut around = clew.get(&format!("/v1/neighbors?node=incident:1&hops={hops}{past}")).await;
        around["nodes"].as_array_mut().expect("a list").iter_mut().for_each(|node| node["degree"] = Value::Null);
        around
    };
    let around = [graph(1, "").await, graph(2, "").await];
    // A change of the same microsecond would be known at the same time.
    while clew::model::Time::now().to_string() == received {}
    ok(&clew, "PATCH", "/v1/incidents/1", json!({"status": "Active", "add_tags": ["case-7"]})).await;
    ok(&clew, "POST", "/v1/incidents/1/comments", json!({"message": "looked"})).await;
    let then = clew.get(&format!("/v1/incidents/1?as_of={received}")).await;
    let members =
        ["id", "status", "tags", "comments", "alerts", "first_activity", "etag", "title", "products", "alerts_missing", "techniques"];
    for member in members {
        assert_eq!(then[member], first[member], "{member}");
    }
    assert_eq!(texts(&then["alerts_list"], "id"), ["a1"]);
    assert_eq!(texts(&then["entities"], "id"), texts(&first["entities"], "id"));
    ok(&clew, "POST", "/v1/incidents/1/alerts", json!({"remove": ["a1"]})).await;
    let of_then = clew.get(&format!("/v1/timeline?of=incident:1&as_of={received}")).await;
    assert_eq!(of_then, timeline, "an alert that has left since, and none of the changes");
    let past = format!("&as_of={received}");
    assert_eq!([graph(1, &past).await, graph(2, &past).await], around, "the alert that has left since, and the status of then");
    assert_ne!([graph(1, "").await, graph(2, "").await], around);
    let unknown = refused(&clew, "GET", "/v1/neighbors?node=incident:1&as_of=2026-01-01", Value::Null).await;
    assert_eq!(unknown, (404, "node_not_known_then".to_owned()));
    let of_now = clew.get("/v1/timeline?of=incident:1").await;
    assert_eq!(texts(&of_now["value"], "kind").iter().filter(|kind| **kind == "status").count(), 1);
    assert!(!texts(&of_now["value"], "kind").contains(&"alert"), "{of_now}");
    let unknown = refused(&clew, "GET", "/v1/timeline?of=incident:1&as_of=2026-01-01", Value::Null).await;
    assert_eq!(unknown, (404, "incident_not_known_then".to_owned()));
    let unknown = refused(&clew, "GET", "/v1/timeline?of=alert:a1&as_of=2026-01-01", Value::Null).await;
    assert_eq!(unknown, (404, "alert_not_known_then".to_owned()));
    let now = clew.get("/v1/incidents/1?as_of=2100-01-01").await;
    assert_eq!((&now["status"], &now["tags"]), (&json!("Active"), &json!(["case-7"])));
    assert_eq!(refused(&clew, "GET", "/v1/incidents/1?as_of=2026-01-01", Value::Null).await, (404, "incident_not_known_then".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_decides_whether_closing_needs_a_comment() {
    let clew = filled();
    let close = json!({"status": "Closed", "classification": "Undetermined"});
    assert_eq!(refused(&clew, "PATCH", "/v1/incidents/1", close.clone()).await, (400, "closing_comment_required".to_owned()));
    assert_eq!(clew.get("/v1/policy").await, json!({"closing_comment": true}));
    assert_eq!(ok(&clew, "PUT", "/v1/policy", json!({"closing_comment": false})).await, json!({"closing_comment": false}));
    ok(&clew, "PATCH", "/v1/incidents/1", close).await;
    let group = json!({"owner": {"name": "Tier 2", "object_id": "7", "group": true}});
    ok(&clew, "PATCH", "/v1/incidents/1", group).await;
    assert_eq!(clew.get("/v1/incidents/1").await["owner"], json!("Tier 2"));
}

/// What is evidence of an incident that was merged is evidence of the one that it was merged into, as long as it is.
#[tokio::test(flavor = "multi_thread")]
async fn bookmarks_of_a_merged_incident_are_shown_by_the_other() {
    let clew = filled();
    for id in ["i2", "i3"] {
        ok(&clew, "POST", "/v1/incidents", json!({"id": id, "title": id})).await;
    }
    let keep = async |name: &str, incident: &str| {
        let body = json!({"name": name, "query": "x", "incidents": [incident], "entities": ["host:ws1.contoso.com"]});
        ok(&clew, "POST", "/v1/bookmarks", body).await["id"].as_str().expect("an id").to_owned()
    };
    let early = keep("early", "i2").await;
    let first = ok(&clew, "POST", "/v1/incidents/i2/merge", json!({"into": "i3"})).await;
    let second = ok(&clew, "POST", "/v1/incidents/i3/merge", json!({"into": "i1"})).await;
    let then = clew::model::Time::now().to_string();
    let late = keep("late", "i2").await;
    let path =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w/providers/Microsoft.SecurityInsights";
    let version = "api-version=2025-09-01";
    // Details, list, Sentinel's count, list and relations, and the graph say the same.
    let shown = async |id: &str| {
        let detail = clew.get(&format!("/v1/incidents/{id}")).await;
        let mut names = texts(&detail["bookmarks"], "name").join(" ");
        let list = clew.get(&format!("/v1/bookmarks?incident={id}")).await;
        assert_eq!(texts(&list["value"], "name").join(" "), names, "{id}");
        let incident = clew.get(&format!("{path}/incidents/{id}?{version}")).await;
        let count = incident["properties"]["additionalData"]["bookmarksCount"].as_u64().expect("a number");
        let (_, listed) = clew.by("ana", "POST", &format!("{path}/incidents/{id}/bookmarks?{version}"), json!({})).await;
        let relations = clew.get(&format!("{path}/incidents/{id}/relations?{version}")).await;
        let relations = relations["value"].as_array().expect("a list").iter();
        let marked = relations.filter(|relation| relation["properties"]["relatedResourceKind"] == "Bookmark").count() as u64;
        let edges = clew.get(&format!("/v1/neighbors?node=incident:{id}&relation=involves")).await;
        let nodes = edges["nodes"].as_array().expect("a list").iter().filter(|node| node["kind"] == "bookmark").count() as u64;
        assert_eq!((count, listed["value"].as_array().map(Vec::len), marked, nodes), (count, Some(count as usize), count, count), "{id}");
        names.insert_str(0, &format!("{count} "));
        names
    };
    assert_eq!((shown("i1").await.as_str(), shown("i2").await.as_str()), ("2 late early", "2 late early"));
    let past = clew.get(&format!("/v1/incidents/i1?as_of={then}")).await;
    assert_eq!(texts(&past["bookmarks"], "name"), ["early"]);
    let change = |answer: &Value| answer["value"][0]["change"].as_u64().expect("a number");
    ok(&clew, "POST", &format!("/v1/changes/{}/undo", change(&second)), Value::Null).await;
    assert_eq!((shown("i1").await.as_str(), shown("i3").await.as_str()), ("0 ", "2 late early"));
    let third = keep("third", "i3").await;
    ok(&clew, "POST", &format!("/v1/changes/{}/undo", change(&first)), Value::Null).await;
    assert_eq!((shown("i2").await.as_str(), shown("i3").await.as_str()), ("2 late early", "1 third"));
    // Removed where it is shown, it is gone from where it was kept.
    let merged = ok(&clew, "POST", "/v1/incidents/i2/merge", json!({"into": "i3"})).await;
    let relations = clew.get(&format!("{path}/incidents/i3/relations?{version}")).await;
    let of_early =
        relations["value"].as_array().expect("a list").iter().find(|one| one["properties"]["relatedResourceName"] == early.as_str());
    let name = of_early.expect("a relation")["name"].as_str().expect("a name").to_owned();
    let (status, _) = clew.by("ana", "DELETE", &format!("{path}/incidents/i3/relations/{name}?{version}"), Value::Null).await;
    assert!(status.is_success(), "{status}");
    assert_eq!(shown("i3").await, "2 third late");
    ok(&clew, "DELETE", &format!("/v1/bookmarks/{late}"), Value::Null).await;
    assert_eq!((shown("i2").await.as_str(), shown("i3").await.as_str()), ("0 ", "1 third"));
    ok(&clew, "PATCH", &format!("/v1/bookmarks/{third}"), json!({"incidents": ["i3", "i2"]})).await;
    ok(&clew, "POST", &format!("/v1/changes/{}/undo", change(&merged)), Value::Null).await;
    assert_eq!((shown("i2").await.as_str(), shown("i3").await.as_str()), ("1 third", "1 third"));
    assert_eq!(ok(&clew, "POST", "/v1/verify", Value::Null).await["equal"], json!(true));
}

/// A source may say that an incident went into one that is not here: what is kept of it stays its own.
#[tokio::test(flavor = "multi_thread")]
async fn evidence_goes_no_further_than_what_is_there() {
    let clew = filled();
    let redirected = json!({"@odata.type": "#microsoft.graph.security.incident", "id": "x-900", "tenantId": "t", "status": "redirected",
        "displayName": "gone elsewhere", "incidentWebUrl": "https://x/", "createdDateTime": "2026-01-13T06:32:31Z",
        "lastUpdateDateTime": "2026-01-13T08:00:00Z", "severity": "medium", "classification": "unknown", "determination": "unknown",
        "redirectIncidentId": "x-901", "alerts": []});
    assert_eq!(clew.ingest_bytes("graph.json", redirected.to_string()).new, 1);
    let body = json!({"name": "kept", "query": "x", "incidents": ["x-900"], "entities": ["host:ws1.contoso.com"]});
    ok(&clew, "POST", "/v1/bookmarks", body).await;
    assert_eq!(texts(&clew.get("/v1/incidents/x-900").await["bookmarks"], "name"), ["kept"]);
}

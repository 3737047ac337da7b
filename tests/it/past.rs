//! What was known at an instant: timelines and incidents of then, whatever came, left or was deleted since.

use serde_json::{Value, json};

use crate::support::Clew;

/// An instant behind everything that was taken in before it.
fn instant() -> String {
    let now = clew::model::Time::now();
    // What is taken in next has a later time of arrival.
    while clew::model::Time::now() == now {}
    now.to_string()
}

fn incident(modified: &str, status: &str, severity: &str) -> String {
    json!({"TenantId": "t1", "IncidentName": "i1", "IncidentNumber": 9001, "Title": "late", "Severity": severity, "Status": status,
        "AlertIds": "[\"a1\"]", "CreatedTime": "2026-01-01T00:00:00Z", "LastModifiedTime": modified, "TimeGenerated": modified,
        "ProviderName": "Azure Sentinel", "Type": "SecurityIncident"})
    .to_string()
}

fn alert(generated: &str, address: &str) -> String {
    json!({"SystemAlertId": "a1", "DisplayName": "beacon", "AlertSeverity": "Medium", "ProviderName": "Test", "AlertType": "t",
        "TimeGenerated": generated, "StartTime": "2026-01-01T10:00:00Z", "EndTime": "2026-01-01T10:05:00Z", "ProcessingEndTime": generated,
        "Entities": format!("[{{\"$id\":\"1\",\"Address\":\"{address}\",\"Type\":\"ip\"}}]"), "Type": "SecurityAlert"})
    .to_string()
}

/// Kind and message of each item.
async fn told(clew: &Clew, path: &str) -> Vec<(String, String)> {
    let answer = clew.get(path).await;
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    answer["value"].as_array().expect("items").iter().map(|item| (text(item, "kind"), text(item, "message"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_against_the_versions_of_then() {
    let clew = Clew::new();
    clew.ingest_bytes("1.json", incident("2026-01-01T00:00:00Z", "New", "Low"));
    clew.ingest_bytes("3.json", incident("2026-01-03T00:00:00Z", "Closed", "Low"));
    let before = told(&clew, "/v1/timeline?of=incident:9001&kind=status").await;
    assert_eq!(before.len(), 1, "{before:?}");
    let then = instant();
    clew.ingest_bytes("2.json", incident("2026-01-02T00:00:00Z", "Active", "High"));
    assert_eq!(told(&clew, "/v1/timeline?of=incident:9001&kind=status").await.len(), 2, "by way of Active now");
    assert_eq!(told(&clew, &format!("/v1/timeline?of=incident:9001&kind=status&as_of={then}")).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_since_was_there_then() {
    let clew = Clew::new();
    clew.ingest_bytes("alert.json", alert("2026-01-01T10:06:00Z", "9.9.9.1"));
    clew.ingest_bytes("incident.json", incident("2026-01-01T12:00:00Z", "New", "Low"));
    let (of_incident, of_entity) = ("/v1/timeline?of=incident:9001", "/v1/timeline?of=ip:9.9.9.1");
    let before = (told(&clew, of_incident).await, told(&clew, of_entity).await);
    let kinds: Vec<&str> = before.1.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["incident", "alert"]);
    let then = instant();
    let arm = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w/providers/Microsoft.SecurityInsights/incidents/i1?api-version=2024-09-01";
    let (status, answer) = clew.by("ana", "DELETE", arm, Value::Null).await;
    assert!(status.is_success(), "{answer}");
    assert_eq!(told(&clew, of_entity).await.len(), 1, "the alert alone now");
    let past = (told(&clew, &format!("{of_incident}&as_of={then}")).await, told(&clew, &format!("{of_entity}&as_of={then}")).await);
    assert_eq!(past, before);
    let (status, gone) = clew.try_get(&format!("/v1/incidents/i1?as_of={}", instant())).await;
    assert_eq!((status.as_u16(), &gone["error"]["code"]), (404, &json!("incident_not_known_then")), "it was deleted by then");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entity_has_the_alerts_that_named_it_then() {
    let clew = Clew::new();
    clew.ingest_bytes("first.json", alert("2026-01-01T10:06:00Z", "9.9.9.1"));
    let then = instant();
    clew.ingest_bytes("second.json", alert("2026-01-01T11:00:00Z", "9.9.9.2"));
    let kinds = |items: Vec<(String, String)>| items.into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
    assert_eq!(kinds(told(&clew, "/v1/timeline?of=ip:9.9.9.1").await), Vec::<String>::new());
    assert_eq!(kinds(told(&clew, &format!("/v1/timeline?of=ip:9.9.9.1&as_of={then}")).await), ["alert"]);
    assert_eq!(kinds(told(&clew, "/v1/timeline?of=ip:9.9.9.2").await), ["alert"]);
    assert_eq!(kinds(told(&clew, &format!("/v1/timeline?of=ip:9.9.9.2&as_of={then}")).await), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_in_pieces_says_what_its_pieces_said_then() {
    let clew = Clew::new();
    let piece = |severity: &str, device: &str| {
        json!({"Type": "AlertEvidence", "Timestamp": "2026-01-01T10:00:00Z", "AlertId": "da1", "Title": "X", "Severity": severity,
            "EntityType": "Machine", "DeviceId": device, "DeviceName": format!("{device}.contoso.com"), "ServiceSource": "Microsoft Defender for Endpoint"})
        .to_string()
    };
    clew.ingest_bytes("one.json", piece("Low", "d1"));
    let of = "/v1/timeline?of=alert:da1";
    let before = clew.get(of).await["value"][0]["severity"].clone();
    assert_eq!(before, json!("Low"));
    let then = instant();
    clew.ingest_bytes("two.json", piece("High", "d2"));
    assert_eq!(clew.get(of).await["value"][0]["severity"], json!("High"));
    assert_eq!(clew.get(&format!("{of}&as_of={then}")).await["value"][0]["severity"], before);
    let between = instant();
    clew.ingest_bytes("three.json", piece("Informational", "d3"));
    assert_eq!(clew.get(&format!("{of}&as_of={between}")).await["value"][0]["severity"], json!("High"), "both pieces of then");
}

/// An alert of the graph that the tests below take in: named by time, so that later ones are later.
fn named(id: &str, title: &str, minute: u32, entities: &Value) -> String {
    let at = format!("2026-01-01T10:{minute:02}:00Z");
    json!({"SystemAlertId": id, "DisplayName": title, "AlertSeverity": "Medium", "ProviderName": "Test", "AlertType": "t", "Tactics": "Execution",
        "TimeGenerated": at, "StartTime": at, "EndTime": at, "ProcessingEndTime": at, "Entities": entities.to_string(), "Type": "SecurityAlert"})
    .to_string()
}

fn holding(number: u32, title: &str, alerts: &[&str], modified: &str) -> String {
    json!({"TenantId": "t1", "IncidentName": format!("n{number}"), "IncidentNumber": number, "Title": title, "Severity": "Low", "Status": "New",
        "AlertIds": json!(alerts).to_string(), "CreatedTime": "2026-01-01T11:00:00Z", "LastModifiedTime": modified, "TimeGenerated": modified,
        "Type": "SecurityIncident"})
    .to_string()
}

fn logon(minute: u32, id: u32, address: &str) -> String {
    json!({"Type": "SecurityEvent", "TimeGenerated": format!("2026-01-01T10:{minute:02}:30Z"), "EventID": id, "Computer": "ws1.example.org",
        "TargetUserName": "ana", "TargetDomainName": "EXAMPLE", "TargetAccount": "EXAMPLE\\ana", "LogonType": 3, "IpAddress": address})
    .to_string()
}

/// What was known first: two incidents that share a host, an address, and logons.
fn earlier(clew: &Clew) {
    let host = json!({"$id": "1", "HostName": "ws1", "DnsDomain": "example.org", "Type": "host"});
    let ip = json!({"$id": "2", "Address": "9.9.9.9", "Type": "ip"});
    let bare = json!({"$id": "1", "HostName": "ws2", "NTDomain": "EXAMPLE", "Type": "host"});
    let alerts = [
        named("a1", "beacon", 0, &json!([host, ip])),
        named("a2", "beacon", 5, &json!([host])),
        named("a3", "dump", 7, &json!([bare, ip])),
    ];
    clew.ingest_bytes("alerts.jsonl", alerts.join("\n"));
    let incidents = [holding(1, "one", &["a1"], "2026-01-01T11:00:00Z"), holding(2, "one", &["a2", "a3"], "2026-01-01T11:00:00Z")];
    clew.ingest_bytes("incidents.jsonl", incidents.join("\n"));
    clew.ingest_bytes("logons.jsonl", [logon(1, 4624, "9.9.9.9"), logon(2, 4625, "9.9.9.9")].join("\n"));
}

/// What came later: new versions, links that were not there, names that turn out to be one entity, further logons of the same day.
fn later(clew: &Clew) {
    let host = json!({"$id": "1", "HostName": "ws1", "DnsDomain": "example.org", "Type": "host"});
    let both = json!({"$id": "1", "HostName": "ws2", "NTDomain": "EXAMPLE", "DnsDomain": "example.org", "Type": "host"});
    let new = json!({"$id": "2", "Address": "8.8.8.8", "Type": "ip"});
    let alerts = [
        named("a3", "credential dump", 8, &json!([both, host])),
        named("a0", "older, but told later", 1, &json!([host, new])),
        named("a4", "beacon", 9, &json!([both, new])),
    ];
    clew.ingest_bytes("more.jsonl", alerts.join("\n"));
    let incidents = [holding(1, "one, renamed", &["a1", "a0"], "2026-01-02T11:00:00Z"), holding(3, "one", &["a4"], "2026-01-01T12:00:00Z")];
    clew.ingest_bytes("changes.jsonl", incidents.join("\n"));
    clew.ingest_bytes("later.jsonl", [logon(3, 4624, "8.8.8.8"), logon(4, 4625, "9.9.9.9")].join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_to_the_graph_of_then_are_answered_as_they_were_then() {
    let then_only = Clew::new();
    earlier(&then_only);
    let clew = Clew::new();
    earlier(&clew);
    let then = instant();
    later(&clew);
    let (host, ip) = ("host:ws1.example.org", "ip:9.9.9.9");
    let mut paths = vec![
        format!("/v1/common?a={host}&b={ip}"),
        format!("/v1/component?node={host}"),
        "/v1/component?node=alert:a3".to_owned(),
        format!("/v1/blast-radius?node={ip}&hops=6"),
        format!("/v1/blast-radius?node={host}&from=2026-01-01T10:04:00Z"),
        "/v1/rank?limit=50".to_owned(),
        "/v1/rank?by=alerts".to_owned(),
        "/v1/rank?by=pagerank".to_owned(),
        "/v1/rank?kind=host&from=2026-01-01T10:02:00Z&to=2026-01-01T10:30:00Z".to_owned(),
        "/v1/incidents/1/similar?limit=10".to_owned(),
        "/v1/incidents/n2/similar?limit=10".to_owned(),
        format!("/v1/explorations?entity={host}&counts=true"),
    ];
    for mode in ["shortest", "all", "k", "rare", "time"] {
        paths.push(format!("/v1/paths?a=alert:a2&b={ip}&mode={mode}"));
        paths.push(format!("/v1/paths?a=host:EXAMPLE%5Cws2&b={host}&mode={mode}"));
    }
    for query in ["host/logons", "any/companions", "any/related-incidents", "any/relations", "related-alerts"] {
        paths.push(format!("/v1/explore?entity={host}&query={query}&limit=100"));
    }
    paths.push(format!("/v1/explore?entity={ip}&query=ip/windows-logons&from=2026-01-01"));
    for path in &paths {
        let expected = then_only.get(path).await;
        let found = clew.get(&format!("{path}&as_of={then}")).await;
        assert_eq!(found, expected, "{path}");
        // At present it is answered as if nothing were asked of the past.
        if path.contains("explor") {
            continue;
        }
        assert_eq!(clew.get(&format!("{path}&as_of=now")).await, clew.get(path).await, "{path}");
    }
    for path in [&paths[0], &paths[1], &paths[5], &paths[9], &paths[11]] {
        assert_ne!(clew.get(path).await, then_only.get(path).await, "{path}: what came later would not be seen");
    }
    // What nobody knew then is not there, whatever is asked.
    for path in ["/v1/component?node=ip:8.8.8.8&", "/v1/explorations?entity=ip:8.8.8.8&", "/v1/common?a=alert:a0&b=ip:9.9.9.9&"] {
        let (status, body) = clew.try_get(&format!("{path}as_of={then}")).await;
        assert_eq!(status.as_u16(), 404, "{path}: {body}");
    }
    let (status, body) = clew.try_get("/v1/incidents/3/similar?as_of=2020-01-01").await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (404, &json!("incident_unknown")), "before anything was taken in");
}

#[tokio::test(flavor = "multi_thread")]
async fn instants_may_be_asked_for_in_any_order() {
    let clew = Clew::new();
    let mut known = vec![(instant(), Vec::new())];
    for n in 0..6 {
        let ip = json!([{"$id": "1", "Address": format!("9.9.9.{n}"), "Type": "ip"}]);
        // Two alerts of one batch.
        clew.ingest_bytes("a.jsonl", [named(&format!("x{n}"), "x", n, &ip), named(&format!("y{n}"), "y", n, &ip)].join("\n"));
        let mut ids: Vec<String> =
            clew.get("/v1/rank?limit=50").await["value"].as_array().expect("rows").iter().map(|row| row["id"].to_string()).collect();
        ids.sort();
        assert_eq!(ids.len(), n as usize + 1);
        known.push((instant(), ids));
    }
    for at in [3, 5, 1, 0, 6, 2, 2, 4] {
        let (then, expected) = &known[at];
        let answer = clew.get(&format!("/v1/rank?limit=50&as_of={then}")).await;
        let mut ids: Vec<String> = answer["value"].as_array().expect("rows").iter().map(|row| row["id"].to_string()).collect();
        ids.sort();
        assert_eq!(&ids, expected, "{at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_then_are_not_those_of_now() {
    let clew = Clew::new();
    let ips = ["9.9.9.1", "9.9.9.2"].map(|ip| json!({"$id": ip, "Address": ip, "Type": "ip"}));
    clew.ingest_bytes("a.jsonl", named("x", "x", 1, &json!(ips)));
    let import = async |csv: &str| {
        let (status, answer) = clew.by("ana", "POST", "/v1/watchlists/bad/import", json!({"csv": csv, "key": "ip"})).await;
        assert_eq!(status.as_u16(), 200, "{answer}");
    };
    let listed = |ip: &str, instant: Option<&str>| {
        let now = clew.engine.context();
        let context = now.as_of(instant).expect("an instant");
        let node = clew::query::reference::node(&context.snapshot.graph, &format!("ip:{ip}")).expect("it is known");
        clew::query::listed::matches(&context, node).expect("the lists can be read").len()
    };
    import("ip\n9.9.9.1\n").await;
    let then = instant();
    import("ip\n9.9.9.1\n9.9.9.2\n").await;
    // The question about now leaves an index of the present lists behind.
    let of = |instant| [listed("9.9.9.1", instant), listed("9.9.9.2", instant)];
    assert_eq!(of(None), [1, 1]);
    assert_eq!(of(Some(&then)), [1, 0]);
    assert_eq!(of(None), [1, 1], "nor are those of now the ones of then");
}

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

//! What a record means: alerts and incidents by their ids, entities by names that identify them, or do not.

use serde_json::{Value, json};

use crate::support::Clew;

/// An alert as Sentinel writes it.
fn alert(id: &str, entities: &Value) -> String {
    json!({"SystemAlertId": id, "AlertName": id, "AlertSeverity": "Low", "ProviderName": "P", "ProductName": "Azure Sentinel", "AlertType": "T",
        "TimeGenerated": "2024-05-01T00:00:00Z", "StartTime": "2024-05-01T00:00:00Z", "EndTime": "2024-05-01T00:10:00Z", "Status": "New",
        "Entities": entities.to_string(), "Type": "SecurityAlert"})
    .to_string()
}

/// A member of each object of a list, sorted.
fn each(list: &Value, member: &str) -> Vec<String> {
    let mut all: Vec<String> =
        list.as_array().into_iter().flatten().map(|object| object[member].as_str().unwrap_or_default().to_owned()).collect();
    all.sort();
    all
}

/// The entities next to an alert.
async fn neighbors(clew: &Clew, alert: &str) -> Value {
    let answer = clew.get(&format!("/v1/neighbors?node=alert:{alert}&relation=involves")).await;
    let others = answer["nodes"].as_array().into_iter().flatten().filter(|node| node["kind"] != "alert").cloned();
    Value::Array(others.collect())
}

/// Two hosts have one NetBIOS name and two mails one internet message id, neither of which identifies.
#[tokio::test(flavor = "multi_thread")]
async fn an_alert_lists_the_entities_that_it_is_linked_to() {
    let clew = Clew::new();
    let host = |name: &str| json!([{"$id": "1", "Type": "host", "HostName": name, "NetBiosName": "NB1"}]);
    let mail = |id: &str| json!([{"$id": "1", "Type": "mail-message", "NetworkMessageId": id, "InternetMessageId": "<one@x>"}]);
    let (first, second) = ("11111111-aaaa-bbbb-cccc-000000000001", "22222222-aaaa-bbbb-cccc-000000000001");
    let all = [("w1", host("alpha"), "alpha"), ("w2", host("beta"), "beta"), ("w3", mail(first), first), ("w4", mail(second), second)];
    clew.ingest_bytes("weak.jsonl", all.iter().map(|(id, entities, _)| alert(id, entities)).collect::<Vec<_>>().join("\n"));
    for (id, _, name) in all {
        let listed = clew.get(&format!("/v1/alerts/{id}")).await["entities_list"].clone();
        let kind = listed[0]["kind"].as_str().expect("a kind").to_owned();
        assert_eq!(each(&listed, "id"), each(&neighbors(&clew, id).await, "id"), "{id}");
        let entity = clew.get(&format!("/v1/entities/{}", listed[0]["id"].as_str().expect("an id"))).await;
        let keys = [&entity["keys"], &entity["weak_keys"]].map(Value::to_string).concat();
        assert!(keys.contains(&format!("={name}")), "{id}: {keys}");
        // What describes an entity comes from the alerts that are linked to it.
        let property = if kind == "host" { "HostName" } else { "NetworkMessageId" };
        assert_eq!(entity["properties"][property], name, "{id}");
        let found = clew.get(&format!("/v1/search?q={name}&kind=entity")).await;
        assert_eq!(each(&found["hits"], "id"), each(&listed, "id"), "{id}");
    }
}

//! Merges of incidents, and taking them apart again: nothing is lost, whatever comes before, meanwhile and afterwards.

use std::sync::Arc;

use clew::model::{Fault, Incident};
use clew::query::Context;
use clew::triage::incident::{Actor, ChangeIncidents, IncidentMerge, Policy};
use serde_json::{Value, json};

use crate::life::{alerts_of, detail, exported, filled, ok, refused};
use crate::support::Clew;

/// What a source adds later to an incident that people merged away is where they look; what people would add there is sent on.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_to_a_merged_incident_is_in_the_other_one() {
    let clew = filled();
    ok(&clew, "ana", "POST", "/v1/incidents/i2/merge", json!({"into": "i1"})).await;
    let alert = json!({"SystemAlertId": "a4", "AlertName": "alert a4", "ProviderName": "Test", "ProductName": "Test", "AlertSeverity": "Low",
        "TimeGenerated": "2026-01-03T00:00:00Z", "StartTime": "2026-01-03T00:00:00Z", "Type": "SecurityAlert"});
    assert_eq!(clew.ingest_bytes("a4.jsonl", alert.to_string()).new, 1);
    let later = exported("i2", 2, "second", "Active", &["a3", "a4"], "2026-01-03T00:00:00Z");
    clew.ingest_bytes("later.jsonl", later.clone());
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2", "a3", "a4"]);
    assert_eq!(detail(&clew, "i2").await["status"], "Closed", "it stays merged");
    assert_eq!(clew.ingest_bytes("later.jsonl", later).new, 0, "the same again changes nothing");
    for (path, body) in [("comments", json!({"message": "late"})), ("tasks", json!({"title": "late"})), ("alerts", json!({"add": ["a3"]}))]
    {
        assert_eq!(refused(&clew, "POST", &format!("/v1/incidents/i2/{path}"), body).await, (409, "incident_merged".into()), "{path}");
    }
    assert_eq!(clew.get("/v1/audit/verify").await["whole"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn merge_and_split_lose_nothing_and_are_undone() {
    let clew = filled();
    ok(&clew, "ana", "POST", "/v1/incidents/i2/comments", json!({"message": "from two"})).await;
    let before = (detail(&clew, "i1").await, detail(&clew, "i2").await);
    let merged = ok(&clew, "ana", "POST", "/v1/incidents/i2/merge", json!({"into": "1"})).await;
    let (one, two) = (detail(&clew, "i1").await, detail(&clew, "i2").await);
    assert_eq!(alerts_of(&one), ["a1", "a2", "a3"]);
    assert_eq!(
        (&one["comments"][0]["message"], &two["status"], &two["redirect"]),
        (&json!("from two"), &json!("Closed"), &json!("incident:i1"))
    );
    assert_eq!(refused(&clew, "POST", "/v1/incidents/i2/merge", json!({"into": "i1"})).await, (409, "merged_already".into()));
    let change = merged["value"][1]["change"].as_u64().expect("a number");
    ok(&clew, "ben", "POST", &format!("/v1/changes/{change}/undo"), Value::Null).await;
    let after = (detail(&clew, "i1").await, detail(&clew, "i2").await);
    for (before, after) in [(&before.0, &after.0), (&before.1, &after.1)] {
        for field in ["status", "redirect", "comments", "severity", "alerts_list", "tags"] {
            assert_eq!(before[field], after[field], "{field} after undoing the merge");
        }
    }

    let split = ok(&clew, "ana", "POST", "/v1/incidents/i1/split", json!({"alerts": ["a2"], "title": "the other half"})).await;
    let new = split["value"][1]["id"].as_str().expect("an id").to_owned();
    assert_eq!((alerts_of(&detail(&clew, "i1").await), alerts_of(&detail(&clew, &new).await)), (vec!["a1"], vec!["a2"]));
    assert_eq!(detail(&clew, "3").await["title"], "the other half", "the new incident has the next number");
    let change = split["value"][0]["change"].as_u64().expect("a number");
    ok(&clew, "ana", "POST", &format!("/v1/changes/{change}/undo"), Value::Null).await;
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2"]);
    assert_eq!(detail(&clew, &new).await["status"], "Closed");
}

/// An alert as Sentinel's table has it.
fn alert(id: &str) -> String {
    json!({"SystemAlertId": id, "AlertName": format!("alert {id}"), "ProviderName": "Test", "ProductName": "Test", "AlertSeverity": "Low",
        "TimeGenerated": "2026-01-03T00:00:00Z", "StartTime": "2026-01-03T00:00:00Z", "Type": "SecurityAlert"})
    .to_string()
}

/// An alert of Graph, which names its incident itself.
fn of_incident(id: &str, incident: &str) -> String {
    json!({"@odata.type": "#microsoft.graph.security.alert", "id": id, "providerAlertId": id, "incidentId": incident, "status": "new",
        "severity": "medium", "title": format!("alert {id}"), "serviceSource": "microsoftDefenderForEndpoint", "evidence": [],
        "createdDateTime": "2026-01-03T00:00:00Z", "lastUpdateDateTime": "2026-01-03T00:00:00Z",
        "firstActivityDateTime": "2026-01-03T00:00:00Z", "lastActivityDateTime": "2026-01-03T00:00:00Z"})
    .to_string()
}

fn change_of(answer: &Value) -> u64 {
    answer["value"][0]["change"].as_u64().expect("a number")
}

async fn undo(clew: &Clew, answer: &Value) -> Value {
    ok(clew, "ana", "POST", &format!("/v1/changes/{}/undo", change_of(answer)), Value::Null).await
}

/// What came to a merged incident was shown by both: when they are parted, each alert is where its source says, and once.
#[tokio::test(flavor = "multi_thread")]
async fn alerts_that_came_after_a_merge_go_back_with_it() {
    let clew = filled();
    let alerts = async |id: &str| alerts_of(&detail(&clew, id).await).join(" ");
    let merged = ok(&clew, "ana", "POST", "/v1/incidents/i2/merge", json!({"into": "i1"})).await;
    for id in ["a4", "a5", "a6"] {
        clew.ingest_bytes(id, alert(id));
    }
    clew.ingest_bytes("2", exported("i2", 2, "second", "Active", &["a3", "a4", "a5"], "2026-01-03T00:00:00Z"));
    clew.ingest_bytes("g1", of_incident("g1", "i2"));
    clew.ingest_bytes("1", exported("i1", 1, "first", "Active", &["a1", "a2", "a5", "a6"], "2026-01-03T00:00:00Z"));
    assert_eq!(alerts("i1").await, "a1 a2 a3 a4 a5 a6 g1");
    let parted = undo(&clew, &merged).await;
    assert_eq!(
        (alerts("i1").await.as_str(), alerts("i2").await.as_str()),
        ("a1 a2 a5 a6", "a3 a4 a5 g1"),
        "a5 is of both by their sources"
    );
    // Merged once more, and what came in between is there.
    clew.ingest_bytes("a7", alert("a7"));
    clew.ingest_bytes("2b", exported("i2", 2, "second", "Active", &["a3", "a4", "a5", "a7"], "2026-01-04T00:00:00Z"));
    undo(&clew, &parted).await;
    assert_eq!(alerts("i1").await, "a1 a2 a3 a4 a5 a6 a7 g1");
    assert!(clew.engine.verify().expect("views can be compared").equal);
}

/// An incident whose alerts name it, and which lists none, takes them along.
#[tokio::test(flavor = "multi_thread")]
async fn alerts_that_name_their_incident_are_merged_with_it() {
    let clew = filled();
    clew.ingest_bytes("g1", of_incident("g1", "i2"));
    let merged = ok(&clew, "ana", "POST", "/v1/incidents/i2/merge", json!({"into": "i1"})).await;
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2", "a3", "g1"]);
    clew.ingest_bytes("g2", of_incident("g2", "i2"));
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2", "a3", "g1", "g2"]);
    // Taken out by people, a further version of it does not come back.
    ok(&clew, "ana", "POST", "/v1/incidents/i1/alerts", json!({"remove": ["g2"]})).await;
    clew.ingest_bytes("g2", of_incident("g2", "i2").replace("medium", "high"));
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2", "a3", "g1"]);
    undo(&clew, &merged).await;
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2"]);
    assert_eq!(alerts_of(&detail(&clew, "i2").await), ["a3", "g1", "g2"]);
}

/// An alert that comes to name a merged incident in a later version is where people look, until they take it out.
#[tokio::test(flavor = "multi_thread")]
async fn alerts_that_name_a_merged_incident_later_follow_it() {
    let clew = filled();
    let named = of_incident("g1", "i2");
    let mut unnamed: Value = serde_json::from_str(&named).expect("JSON");
    unnamed["incidentId"] = Value::Null;
    assert_eq!(clew.ingest_bytes("g1", unnamed.to_string()).new, 1);
    let merged = ok(&clew, "ana", "POST", "/v1/incidents/i2/merge", json!({"into": "i1"})).await;
    assert_eq!(clew.ingest_bytes("g1", named.clone()).updated, 1);
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2", "a3", "g1"]);
    // A version that is older than the newest says nothing of the present.
    clew.ingest_bytes("g2", unnamed.to_string().replace("g1", "g2"));
    clew.ingest_bytes("g2", of_incident("g2", "i2").replace("\"lastUpdateDateTime\":\"2026-01-03", "\"lastUpdateDateTime\":\"2026-01-02"));
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2", "a3", "g1"]);
    ok(&clew, "ana", "POST", "/v1/incidents/i1/alerts", json!({"remove": ["g1"]})).await;
    clew.ingest_bytes("g1", named.replace("medium", "high"));
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2", "a3"], "what people took out does not come back");
    undo(&clew, &merged).await;
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2"]);
    assert_eq!(alerts_of(&detail(&clew, "i2").await), ["a3", "g1"]);
    assert!(clew.engine.verify().expect("views can be compared").equal);
}

/// A merge with something that happens after it was planned and before it is written.
struct Meanwhile<F> {
    merge: IncidentMerge,
    happens: F,
}

impl<F: Fn() + Send + Sync + 'static> ChangeIncidents for Meanwhile<F> {
    fn plan(&self, context: &Context, actor: &Actor, policy: Policy) -> Result<Vec<Incident>, Fault> {
        let planned = self.merge.plan(context, actor, policy);
        (self.happens)();
        planned
    }
}

/// An alert that names its incident makes no version of it, and is not lost when it comes at the moment of the merge.
#[tokio::test(flavor = "multi_thread")]
async fn alerts_that_come_while_their_incident_is_merged_go_with_it() {
    let clew = Arc::new(filled());
    let ana = Actor { name: "ana".to_owned() };
    let there = Arc::clone(&clew);
    let happens = move || drop(there.ingest_bytes("g1", of_incident("g1", "i2")));
    let merge = IncidentMerge { incident: "i2".to_owned(), into: "i1".to_owned() };
    let merged = clew.engine.change(&Meanwhile { merge, happens }, &ana).expect("it is merged");
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2", "a3", "g1"]);
    clew.engine.undo(merged.value[0].change, &ana).expect("it is undone");
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2"]);
    assert_eq!(alerts_of(&detail(&clew, "i2").await), ["a3", "g1"]);

    // Whatever comes first, and be it in one batch.
    let mut expected = vec!["a1".to_owned(), "a2".to_owned()];
    for n in 0..12 {
        let incident = format!("m{n}");
        ok(&clew, "ana", "POST", "/v1/incidents", json!({"id": incident, "title": "m"})).await;
        let writers: Vec<_> = (0..3)
            .map(|alert| {
                let (clew, id, incident) = (Arc::clone(&clew), format!("n{n:02}-{alert}"), incident.clone());
                expected.push(id.clone());
                tokio::task::spawn_blocking(move || clew.ingest_bytes("n", of_incident(&id, &incident)).new)
            })
            .collect();
        ok(&clew, "ana", "POST", &format!("/v1/incidents/{incident}/merge"), json!({"into": "i1"})).await;
        for writer in writers {
            assert_eq!(writer.await.expect("the writer ends"), 1);
        }
    }
    assert_eq!(alerts_of(&detail(&clew, "i1").await), expected);
    assert!(clew.engine.verify().expect("views can be compared").equal);
}

/// What the source of a merged incident added and took back is of neither when they are parted.
#[tokio::test(flavor = "multi_thread")]
async fn alerts_that_a_source_took_back_after_a_merge_are_of_neither() {
    let clew = filled();
    let merged = ok(&clew, "ana", "POST", "/v1/incidents/i2/merge", json!({"into": "i1"})).await;
    clew.ingest_bytes("a4", alert("a4"));
    clew.ingest_bytes("2", exported("i2", 2, "second", "New", &["a3", "a4"], "2026-01-03T00:00:00Z"));
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2", "a3", "a4"]);
    clew.ingest_bytes("2", exported("i2", 2, "second", "New", &["a3"], "2026-01-04T00:00:00Z"));
    undo(&clew, &merged).await;
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2"]);
    assert_eq!(alerts_of(&detail(&clew, "i2").await), ["a3"]);
    assert!(clew.engine.verify().expect("views can be compared").equal);
}

/// A merge that is done again takes along what came to name the incident in between, and nothing that people had taken out.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_is_done_again_takes_what_came_in_between() {
    let clew = filled();
    let merged = ok(&clew, "ana", "POST", "/v1/incidents/i2/merge", json!({"into": "i1"})).await;
    clew.ingest_bytes("g1", of_incident("g1", "i2"));
    ok(&clew, "ana", "POST", "/v1/incidents/i1/alerts", json!({"remove": ["g1"]})).await;
    let parted = undo(&clew, &merged).await;
    assert_eq!(alerts_of(&detail(&clew, "i2").await), ["a3", "g1"]);
    clew.ingest_bytes("g2", of_incident("g2", "i2"));
    undo(&clew, &parted).await;
    assert_eq!(alerts_of(&detail(&clew, "i1").await), ["a1", "a2", "a3", "g2"]);
    assert!(clew.engine.verify().expect("views can be compared").equal);
}

/// Several incidents in one, and one in the other: what they share stays, what came by the one that goes, goes.
#[tokio::test(flavor = "multi_thread")]
async fn merges_of_merges_are_undone_from_the_last_on() {
    let clew = filled();
    clew.ingest_bytes("a4", alert("a4"));
    clew.ingest_bytes("3", exported("i3", 3, "third", "New", &["a3", "a4"], "2026-01-02T00:00:00Z"));
    let alerts = async |id: &str| alerts_of(&detail(&clew, id).await).join(" ");
    let two = ok(&clew, "ana", "POST", "/v1/incidents/i2/merge", json!({"into": "i1"})).await;
    let three = ok(&clew, "ana", "POST", "/v1/incidents/i3/merge", json!({"into": "i1"})).await;
    undo(&clew, &two).await;
    assert_eq!(alerts("i1").await, "a1 a2 a3 a4", "a3 is of the third one, too");
    undo(&clew, &three).await;
    assert_eq!((alerts("i1").await.as_str(), alerts("i3").await.as_str()), ("a1 a2", "a3 a4"));

    let two = ok(&clew, "ana", "POST", "/v1/incidents/i2/merge", json!({"into": "i1"})).await;
    let one = ok(&clew, "ana", "POST", "/v1/incidents/i1/merge", json!({"into": "i3"})).await;
    clew.ingest_bytes("a5", alert("a5"));
    clew.ingest_bytes("2", exported("i2", 2, "second", "New", &["a3", "a5"], "2026-01-03T00:00:00Z"));
    assert_eq!(alerts("i3").await, "a1 a2 a3 a4 a5", "it follows the whole way");
    let path = |answer: &Value| format!("/v1/changes/{}/undo", change_of(answer));
    assert_eq!(refused(&clew, "POST", &path(&two), Value::Null).await, (409, "merged_since".into()));
    undo(&clew, &one).await;
    assert_eq!((alerts("i1").await.as_str(), alerts("i3").await.as_str()), ("a1 a2 a3 a5", "a3 a4"));
    undo(&clew, &two).await;
    assert_eq!((alerts("i1").await.as_str(), alerts("i2").await.as_str()), ("a1 a2", "a3 a5"));

    // What was split off since belongs to a third one: first things last.
    let two = ok(&clew, "ana", "POST", "/v1/incidents/i2/merge", json!({"into": "i1"})).await;
    let split = ok(&clew, "ana", "POST", "/v1/incidents/i1/split", json!({"alerts": ["a3"]})).await;
    assert_eq!(refused(&clew, "POST", &path(&two), Value::Null).await, (409, "changed_since".into()));
    undo(&clew, &split).await;
    undo(&clew, &two).await;
    assert_eq!((alerts("i1").await.as_str(), alerts("i2").await.as_str()), ("a1 a2", "a3 a5"));
    assert_eq!(refused(&clew, "POST", "/v1/incidents/i2/split", json!({"alerts": ["a3", "a5"]})).await, (400, "split_alerts".into()));
    assert!(clew.engine.verify().expect("views can be compared").equal);
    assert_eq!(clew.get("/v1/audit/verify").await["whole"], true);
}

/// However many incidents were merged one into the other, what comes to the first is in the last.
#[tokio::test(flavor = "multi_thread")]
async fn alerts_follow_a_chain_of_merges_to_its_end() {
    const MERGES: usize = 40;
    let clew = filled();
    for n in 0..=MERGES {
        ok(&clew, "ana", "POST", "/v1/incidents", json!({"id": format!("m{n}"), "title": "m"})).await;
    }
    ok(&clew, "ana", "POST", "/v1/incidents/i2/merge", json!({"into": "m0"})).await;
    for n in 0..MERGES {
        ok(&clew, "ana", "POST", &format!("/v1/incidents/m{n}/merge"), json!({"into": format!("m{}", n + 1)})).await;
    }
    clew.ingest_bytes("a4", alert("a4"));
    clew.ingest_bytes("2", exported("i2", 2, "second", "New", &["a3", "a4"], "2026-01-03T00:00:00Z"));
    assert_eq!(alerts_of(&detail(&clew, &format!("m{MERGES}")).await), ["a3", "a4"]);
}

//! The security API of Microsoft Graph: what its clients say of incidents and alerts, look for and count.

use axum::http::StatusCode;
use clew::engine::{Options, verify};
use serde_json::{Value, json};

use crate::support::{Clew, data};

const INCIDENT: &str = "/v1.0/security/incidents/12345";
const ALERT: &str = "/v1.0/security/alerts_v2/da637551227677560813_-961444813";
const SENTINEL: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/default/providers/Microsoft.SecurityInsights/incidents/12345";

fn filled() -> Clew {
    let clew = Clew::new();
    clew.ingest(&data("graph-alerts-v2/alert_v2.json"));
    clew.ingest(&data("graph-alerts-v2/graph_incidents_list.json"));
    clew
}

async fn patch(clew: &Clew, path: &str, body: Value) -> Value {
    let (status, answer) = clew.by("ann", "PATCH", path, body.clone()).await;
    assert_eq!(status, StatusCode::OK, "{body}: {answer}");
    answer
}

fn of<'a>(value: &'a Value, names: &[&str]) -> Vec<&'a Value> {
    names.iter().map(|name| &value[*name]).collect()
}

/// The request is the one of the page "Update incident" of the reference of Microsoft Graph: an incident need not be closed to be classified.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_incident_says_what_it_was() {
    let clew = filled();
    let said = ["status", "classification", "determination", "customTags"];
    let body = json!({"classification": "truePositive", "determination": "multiStagedAttack", "customTags": ["Demo"]});
    let expected = json!(["active", "truePositive", "multiStagedAttack", ["Demo"]]);
    assert_eq!(json!(of(&patch(&clew, INCIDENT, body).await, &said)), expected);
    // It lives with the incident: every other door shows it.
    let own = clew.get("/v1/incidents/12345").await;
    let words = ["status", "classification", "classification_reason", "determination"];
    assert_eq!(json!(of(&own, &words)), json!(["New", "TruePositive", "SuspiciousActivity", "multiStagedAttack"]));
    let sentinel = clew.get(SENTINEL).await;
    let words = ["status", "classification", "classificationReason"];
    assert_eq!(json!(of(&sentinel["properties"], &words)), json!(["New", "TruePositive", "SuspiciousActivity"]));

    // Other changes leave it; the same classification again too.
    patch(&clew, INCIDENT, json!({"assignedTo": "ann@contoso.com", "status": "inProgress"})).await;
    let (status, _) =
        clew.by("ann", "PUT", SENTINEL, json!({"properties": {"title": "renamed", "severity": "High", "status": "Active"}})).await;
    assert_eq!(status, StatusCode::OK);
    let again = patch(&clew, INCIDENT, json!({"classification": "truePositive"})).await;
    assert_eq!(json!(of(&again, &said)), json!(["inProgress", "truePositive", "multiStagedAttack", ["Demo"]]));
    // The native API goes on to take a classification for what it is there: the word of closing.
    let (status, answer) = clew.by("ann", "PATCH", "/v1/incidents/12345", json!({"classification": "FalsePositive"})).await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (400, &json!("classification_of_open")));
    // Who closes it without another word closes it as what it was said to be.
    let closing = json!({"status": "Closed", "classification_comment": "host isolated"});
    assert_eq!(clew.by("ann", "PATCH", "/v1/incidents/12345", closing).await.0, StatusCode::OK);
    let closed = clew.get(INCIDENT).await;
    assert_eq!(json!(of(&closed, &said)), json!(["resolved", "truePositive", "multiStagedAttack", ["Demo"]]));
    assert_eq!(closed["resolvingComment"], "host isolated");
    // Another classification has other finer words.
    let changed = json!({"properties": {"title": "t", "severity": "High", "status": "Closed", "classification": "FalsePositive",
        "classificationReason": "InaccurateData"}});
    assert_eq!(clew.by("ann", "PUT", SENTINEL, changed).await.0, StatusCode::OK);
    assert_eq!(json!(of(&clew.get(INCIDENT).await, &said[..3])), json!(["resolved", "falsePositive", "notEnoughDataToValidate"]));
    // Opening again leaves the question open.
    let opened = patch(&clew, INCIDENT, json!({"status": "active"})).await;
    assert_eq!(json!(of(&opened, &said[..3])), json!(["active", "unknown", "unknown"]));

    let closed = clew.close();
    let verified = verify(closed.path(), Options::default()).expect("verifies");
    assert!(verified.equal, "{verified:?}");
}

/// The members of the enumeration `alertDetermination` of Microsoft Graph come back as they were sent.
#[tokio::test(flavor = "multi_thread")]
async fn determinations_are_kept_word_for_word() {
    let clew = filled();
    let pairs = [
        ("truePositive", "apt"),
        ("truePositive", "malware"),
        ("truePositive", "multiStagedAttack"),
        ("truePositive", "compromisedAccount"),
        ("truePositive", "phishing"),
        ("truePositive", "maliciousUserActivity"),
        ("truePositive", "unwantedSoftware"),
        ("informationalExpectedActivity", "securityPersonnel"),
        ("informationalExpectedActivity", "securityTesting"),
        ("informationalExpectedActivity", "confirmedUserActivity"),
        ("informationalExpectedActivity", "lineOfBusinessApplication"),
        ("falsePositive", "notMalicious"),
        ("falsePositive", "notEnoughDataToValidate"),
        ("falsePositive", "other"),
        ("falsePositive", "unknown"),
    ];
    for path in [INCIDENT, ALERT] {
        for status in ["inProgress", "resolved"] {
            for (classification, determination) in pairs {
                let body = json!({"status": status, "classification": classification, "determination": determination});
                let said = patch(&clew, path, body.clone()).await;
                assert_eq!(
                    json!(of(&said, &["status", "classification", "determination"])),
                    json!([status, classification, determination])
                );
                assert_eq!(clew.get(path).await, said);
            }
        }
        let before = clew.get(path).await;
        let (status, answer) = clew.by("ann", "PATCH", path, json!({"determination": "nosuch"})).await;
        assert_eq!((status.as_u16(), &answer["error"]["innerError"]["code"]), (400, &json!("field_invalid")), "{answer}");
        assert_eq!(clew.get(path).await, before);
    }
    let alert = clew.get("/v1/alerts/da637551227677560813_-961444813").await;
    assert_eq!((&alert["classification"], &alert["determination"]), (&json!("FalsePositive"), &json!("unknown")));
}

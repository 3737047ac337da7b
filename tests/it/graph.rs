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

/// The ids on a page of a list.
async fn ids(clew: &Clew, path: &str) -> Vec<String> {
    let page = clew.get(&path.replace(' ', "%20")).await;
    page["value"].as_array().expect("items").iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_searched_and_counted() {
    let clew = filled();
    for root in ["/v1.0/security", "/beta/security"] {
        let known = ids(&clew, &format!("{root}/incidents?$orderby=createdDateTime asc")).await;
        assert!(known.len() >= 2 && known.contains(&"12345".to_owned()), "{known:?}");
        // `Splunk` stands in one title alone; a text that stands nowhere finds nothing.
        for (text, found) in [("Splunk", &["12345"][..]), ("%22manually on one endpoint%22", &["12346"]), ("zzzzqqq", &[])] {
            let path = format!("{root}/incidents?$search={text}&$count=true");
            assert_eq!(ids(&clew, &path).await, found, "{path}");
            assert_eq!(clew.get(&path.replace(' ', "%20")).await["@odata.count"], found.len());
        }
        assert_eq!(ids(&clew, &format!("{root}/alerts_v2?$search=hidden")).await, ["da637551227677560813_-961444813"]);
        assert_eq!(ids(&clew, &format!("{root}/alerts_v2?$search=zzzzqqq")).await, Vec::<String>::new());

        for list in ["incidents", "alerts_v2"] {
            let counted = clew.get(&format!("{root}/{list}?$top=0&$count=true")).await;
            let total = clew.get(&format!("{root}/{list}/$count")).await;
            assert_eq!((&counted["value"], &counted["@odata.count"], counted.get("@odata.nextLink")), (&json!([]), &total, None));
            assert!(total.as_u64() > Some(0), "{total}");
            // What no item has is a mistake with a place, in filters and orders.
            for option in ["$filter=noSuch%20eq%201", "$filter=lastUpdatedDateTime%20gt%202024-01-01T00:00:00Z", "$orderby=nosuch"] {
                let (status, answer) = clew.try_get(&format!("{root}/{list}?{option}")).await;
                assert_eq!(
                    (status.as_u16(), &answer["error"]["innerError"]["code"]),
                    (400, &json!("odata_property")),
                    "{option}: {answer}"
                );
            }
        }
        assert_eq!(clew.get(&format!("{root}/incidents/$count?$filter=id%20eq%20'12345'")).await, 1);
        assert_eq!(clew.get(&format!("{root}/incidents/$count?$search=zzzzqqq")).await, 0);
        let evidence = format!("{root}/alerts_v2?$filter=evidence/any(e:e/remediationStatus ne 'x')&$top=1");
        assert_eq!(ids(&clew, &evidence).await.len(), 1);
    }
}

/// Alerts of an incident have options of their own, in the incident and as a list.
#[tokio::test(flavor = "multi_thread")]
async fn alerts_and_remarks_of_an_item_are_lists() {
    let clew = filled();
    // Two alerts more, so that pages have something to leave out.
    let source: Value = serde_json::from_slice(&std::fs::read(data("graph-alerts-v2/alert_v2.json")).expect("the sample")).expect("JSON");
    for (n, severity) in [(1, "high"), (2, "medium")] {
        let mut alert = source["value"][0].clone();
        (alert["id"], alert["severity"]) = (json!(format!("a{n}")), json!(severity));
        clew.ingest_bytes("alert.json", alert.to_string());
    }
    let list: Value =
        serde_json::from_slice(&std::fs::read(data("graph-alerts-v2/graph_incidents_list.json")).expect("the sample")).expect("JSON");
    let mut incident = list["value"][0].clone();
    incident["id"] = json!("28282");
    clew.ingest_bytes("incident.json", incident.to_string());
    let ids = |alerts: &Value| -> Vec<String> {
        alerts.as_array().expect("a list").iter().map(|alert| alert["id"].as_str().expect("an id").to_owned()).collect()
    };
    for root in ["/v1.0/security", "/beta/security"] {
        let whole = clew.get(&format!("{root}/incidents/28282?$expand=alerts")).await;
        assert_eq!(ids(&whole["alerts"]).len(), 3);
        let asked = clew.get(&format!("{root}/incidents/28282?$expand=alerts($top=2;$orderby=severity%20desc;$count=true)")).await;
        assert_eq!((ids(&asked["alerts"]), &asked["alerts@odata.count"]), (vec!["a1".to_owned(), "a2".to_owned()], &json!(3)));
        let listed =
            clew.get(&format!("{root}/incidents?$filter=id%20eq%20'28282'&$expand=alerts($filter=severity%20eq%20'medium')")).await;
        assert_eq!(ids(&listed["value"][0]["alerts"]), ["a2"]);
        let alerts = format!("{root}/incidents/28282/alerts");
        assert_eq!(ids(&clew.get(&alerts).await["value"]).len(), 3);
        assert_eq!(ids(&clew.get(&format!("{alerts}?$top=1&$orderby=severity%20desc")).await["value"]), ["a1"]);
        assert_eq!(clew.get(&format!("{alerts}/$count")).await, 3);
        for wrong in ["alerts,comments", "comments", "alerts($nope=1)"] {
            assert_eq!(clew.try_get(&format!("{root}/incidents/28282?$expand={wrong}")).await.0, StatusCode::BAD_REQUEST, "{wrong}");
        }
        for item in ["incidents/12345", "alerts_v2/a1"] {
            let path = format!("{root}/{item}/comments");
            let before = clew.get(&format!("{path}/$count")).await.as_u64().expect("a number");
            let (status, written) = clew.by("ann", "POST", &path, json!({"comment": "seen"})).await;
            assert_eq!(status, StatusCode::OK, "{written}");
            assert_eq!(clew.get(&path).await, written);
            assert_eq!(clew.get(&format!("{path}/$count")).await, before + 1);
        }
    }
}

//! Queries as a person meets them: completion over the API, formats, the shell, and what stands in plans.

use axum::http::StatusCode;
use clew::datasets;
use serde_json::{Value, json};

use crate::support::Clew;

/// An engine with sign-ins, alerts and host events.
fn filled() -> Clew {
    let clew = Clew::new();
    for dataset in datasets::ALL.iter().filter(|dataset| dataset.name != "lsass-campaign") {
        for (name, bytes) in dataset.files {
            clew.ingest_bytes(name, bytes.to_vec());
        }
    }
    clew
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completion_knows_the_live_tables_and_the_place() {
    let clew = filled();
    for (text, label, kind, insert) in [
        ("SigninL^", "SigninLogs", "table", "SigninLogs"),
        ("SigninLogs | where UserPrin^", "UserPrincipalName", "column", "UserPrincipalName"),
        ("SigninLogs | summ^", "summarize", "operator", "summarize"),
        ("SigninLogs | where tolo^", "tolong", "function", "tolong("),
        ("neigh^", "neighbors", "function", "neighbors("),
    ] {
        let offset = text.find('^').expect("a place");
        let (status, body) = clew.post("/v1/query/complete", &json!({"text": text.replace('^', ""), "offset": offset})).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let first = &body["items"][0];
        assert_eq!((&first["label"], &first["kind"], &first["insert"]), (&json!(label), &json!(kind), &json!(insert)), "{text}: {body}");
        assert_eq!(body["span"]["end"], json!(offset), "{text}");
    }
    let (status, body) =
        clew.post("/v1/query/complete", &json!({"lang": "sql", "text": "SELECT UserPrin FROM SigninLogs", "offset": 15})).await;
    assert_eq!((status, &body["items"][0]["label"]), (StatusCode::OK, &Value::from("UserPrincipalName")), "{body}");
    let (status, body) = clew.post("/v1/query/complete", &json!({"lang": "klingon", "text": ""})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
}

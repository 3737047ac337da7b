//! Answers of the router over an engine with a few documents: pages put together are the whole, and what finds nothing says why.

use std::io::Cursor;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::engine;
use crate::ingest as documents;

/// An engine over alerts `a0` to `a2` of one host and ten sign-ins from one address, every two of them at the same second.
struct World {
    router: Router,
    runtime: tokio::runtime::Runtime,
    _dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let engine = Engine::open(dir.path(), engine::Options::default()).expect("an engine");
        let alerts = (0..3).map(|n| {
            let entities = json!([{"$id": "1", "Type": "host", "HostName": "zebra", "DnsDomain": "example.org"}, {"$id": "2", "Type": "ip", "Address": "175.45.176.99"}]);
            json!({
                "SystemAlertId": format!("a{n}"), "AlertName": "Odd logon", "DisplayName": "Odd logon", "Description": "seen by the mongoose",
                "AlertSeverity": "High", "ProductName": "Azure Sentinel", "ProviderName": "p", "VendorName": "v", "Type": "SecurityAlert",
                "TimeGenerated": "2021-04-28T14:00:00Z", "StartTime": format!("2021-04-28T14:0{n}:00Z"), "EndTime": "2021-04-28T15:00:00Z",
                "Entities": entities.to_string(),
            })
        });
        let signins = (0..10).map(|n| {
            json!({
                "Type": "SigninLogs", "TimeGenerated": format!("2021-04-28T14:00:0{}Z", n / 2), "IPAddress": "175.45.176.99",
                "UserPrincipalName": format!("u{n}@example.org"), "ResultType": "0", "CorrelationId": format!("c{n}"), "OperationName": "Sign-in activity",
            })
        });
        for (table, rows) in [("SecurityAlert", alerts.collect::<Vec<Value>>()), ("SigninLogs", signins.collect())] {
            let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
            let input = documents::Input::Reader { name: format!("{table}.jsonl"), reader: Box::new(Cursor::new(text.into_bytes())) };
            let options = documents::Options { table: Some(table.into()), ..documents::Options::default() };
            let report = engine.ingest(input, &options, &()).expect("ingests");
            assert_eq!((report.new, report.rejected), (rows.len() as u64, 0), "{table}");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        Self { router: router(engine), runtime, _dir: dir }
    }

    fn get(&self, target: &str) -> Value {
        serde_json::from_slice(&self.bytes(target)).expect("JSON")
    }

    fn bytes(&self, target: &str) -> Vec<u8> {
        let request = Request::builder().uri(target).body(Body::empty()).expect("a well-formed request");
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.expect("the router is infallible");
            to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory").to_vec()
        })
    }

    /// The items of all pages, and how many pages there were.
    fn pages(&self, target: &str, items: &str) -> (Vec<Value>, usize) {
        let (mut all, mut pages, mut cursor) = (Vec::new(), 0, String::new());
        loop {
            let answer = self.get(&format!("{target}{cursor}"));
            all.extend(answer[items].as_array().unwrap_or_else(|| panic!("{target}: {answer}")).clone());
            pages += 1;
            assert!(pages < 100, "{target} does not end");
            match answer["cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={}", params::encode(next)),
                None => return (all, pages),
            }
        }
    }
}

#[test]
fn pages_put_together_are_the_whole() {
    let world = World::new();
    let cases = [
        ("/v1/timeline?of=ip:175.45.176.99", "value", 13),
        ("/v1/timeline?of=ip:175.45.176.99&order=newest", "value", 13),
        ("/v1/timeline?of=ip:175.45.176.99&kind=event", "value", 10),
        ("/v1/timeline?of=host:zebra&kind=alert", "value", 3),
        ("/v1/alerts?sort=title", "value", 3),
        ("/v1/entities?kind=account", "value", 10),
        ("/v1/search?q=odd&kind=alert", "hits", 3),
        ("/v1/neighbors?node=ip:175.45.176.99", "edges", 13),
    ];
    for (target, items, count) in cases {
        let (whole, pages) = world.pages(&format!("{target}&limit=100"), items);
        assert_eq!((whole.len(), pages), (count, 1), "{target}");
        for limit in [1, 2, 3, count - 1, count] {
            let (all, pages) = world.pages(&format!("{target}&limit={limit}"), items);
            assert_eq!(all, whole, "{target} by {limit}");
            assert!(pages >= count / limit, "{target} by {limit}: {pages} pages");
        }
    }
    let oldest = world.pages("/v1/timeline?of=ip:175.45.176.99&limit=4", "value").0;
    let mut newest = world.pages("/v1/timeline?of=ip:175.45.176.99&order=newest&limit=3", "value").0;
    newest.reverse();
    assert_eq!(oldest, newest);
}

#[test]
fn a_timeline_pages_back_to_where_it_was() {
    let world = World::new();
    let target = "/v1/timeline?of=ip:175.45.176.99&limit=5";
    let first = world.get(target);
    let second = world.get(&format!("{target}&cursor={}", params::encode(first["cursor"].as_str().expect("more"))));
    let back = world.get(&format!("{target}&cursor={}", params::encode(second["previous"].as_str().expect("a page before"))));
    assert_eq!(back["value"], first["value"]);
}

#[test]
fn a_search_without_hits_says_where_there_are_some() {
    let world = World::new();
    let elsewhere = |target: &str| world.get(target)["elsewhere"].clone();
    let wide = json!(["id", "title", "tag", "owner", "product", "description", "entity", "comment", "type"]);
    assert_eq!(elsewhere("/v1/search?q=odd"), json!([{"kind": "alert", "fields": [], "total": 3}]));
    assert_eq!(elsewhere("/v1/search?q=mongoose"), json!([{"kind": "alert", "fields": wide, "total": 3}]));
    assert_eq!(elsewhere("/v1/search?q=odd&kind=alert"), Value::Null);
    assert_eq!(elsewhere("/v1/search?q=wombat"), Value::Null);
    assert_eq!(world.get("/v1/search?q=wombat")["fields"], json!(["id", "title", "tag", "owner", "product"]));
}

#[test]
fn wrong_words_of_a_search_name_the_right_ones() {
    let world = World::new();
    let error = |target: &str| {
        let error = &world.get(target)["error"];
        format!("{} | {}", error["message"].as_str().unwrap_or_default(), error["hint"].as_str().unwrap_or_default())
    };
    let cases = [
        ("/v1/search?q=a&sort=relevence", "parameter `sort`: `relevence` is not a known value | a similar value is `relevance`"),
        ("/v1/search?q=a&kind=alrt", "parameter `kind`: `alrt` is not a known value | a similar value is `alert`"),
        ("/v1/search?q=a&facet=severty", "parameter `facet`: `severty` is not a known value | a similar value is `severity`"),
        (
            "/v1/search?q=host:zebra",
            "expected a field, found `host` | `entity:VALUE` finds what names an entity; `host:VALUE` is for `entity`, `neighbors` and `timeline`",
        ),
        (
            "/v1/entities/colour:red",
            "expected a kind of entity, found `colour` | kinds are host, account, ip, file, process, url, dns, filehash, mailbox and others; `clew entities` counts them",
        ),
    ];
    for (target, expected) in cases {
        assert_eq!(error(target), expected, "{target}");
    }
    assert_eq!(world.get("/v1/search?q=odd&kind=alert&sort=-time")["total"], 3);
}

#[test]
fn a_product_is_found_by_a_part_of_its_name() {
    let world = World::new();
    let total = |target: &str| world.get(target)["total"].clone();
    for (product, count) in [("Azure%20Sentinel", 3), ("sentinel", 3), ("defender", 0)] {
        assert_eq!(total(&format!("/v1/alerts?product={product}")), count, "{product}");
    }
    assert_eq!(total("/v1/alerts?status=open"), 3);
    assert_eq!(total("/v1/alerts?status=open,resolved&severity=low"), 0);
}

#[test]
fn an_export_has_every_document_and_comes_back() {
    let world = World::new();
    let backup = world.bytes("/v1/export");
    assert_eq!(backup.iter().filter(|byte| **byte == b'\n').count(), 13);
    let other = tempfile::tempdir().expect("a folder");
    let other = Engine::open(other.path(), engine::Options::default()).expect("a fresh directory opens");
    let import = || other.import(&mut &backup[..]).expect("imports");
    assert_eq!((import(), import()), (13, 0));
}

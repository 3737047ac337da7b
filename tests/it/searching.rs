//! Words together with what lists filter and sort by: one question, paged to its last row.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::Clew;

const COUNT: usize = 230;

/// What the test itself knows of an alert.
#[derive(Clone)]
struct Made {
    id: String,
    title: String,
    severity: &'static str,
    host: String,
    minute: usize,
    in_incident: bool,
}

fn made() -> Vec<Made> {
    let titles = ["Beacon to a rare host", "beacon by night", "Password spray", "BEACON by day"];
    let severities = ["Low", "High", "Medium"];
    let one = |n: usize| Made {
        // GUIDs and other ids are kept in two ways.
        id: if n.is_multiple_of(2) { format!("00000000-0000-4000-8000-{n:012}") } else { format!("alert-{n:03}") },
        title: titles[n % 4].to_owned(),
        severity: severities[n % 3],
        host: format!("ws{}", n % 5),
        minute: n * 7 % COUNT,
        in_incident: n % 3 == 1,
    };
    (0..COUNT).map(one).collect()
}

fn alert(made: &Made) -> String {
    let start = format!("2024-01-01T{:02}:{:02}:00Z", made.minute / 60, made.minute % 60);
    let entities = json!([{"$id": "1", "HostName": made.host, "DnsDomain": "example.org", "Type": "host"}]).to_string();
    json!({"SystemAlertId": made.id, "AlertName": made.title, "AlertSeverity": made.severity, "ProductName": "Azure Sentinel",
        "ProviderName": "test", "StartTime": start, "EndTime": start, "TimeGenerated": start, "Entities": entities, "Type": "SecurityAlert"})
    .to_string()
}

fn incident(number: u32, title: &str, alerts: &[&str]) -> String {
    let at = format!("2024-01-02T00:00:{number:02}Z");
    json!({"TenantId": "t", "IncidentName": format!("i{number}"), "IncidentNumber": number, "Title": title, "Severity": "High", "Status": "New",
        "AlertIds": json!(alerts).to_string(), "CreatedTime": at, "LastModifiedTime": at, "TimeGenerated": at, "Type": "SecurityIncident"})
    .to_string()
}

fn with_data(all: &[Made]) -> Clew {
    let clew = Clew::new();
    let inside: Vec<&str> = all.iter().filter(|made| made.in_incident).map(|made| made.id.as_str()).collect();
    let incidents = [incident(5, "zeta Beacon", &inside), incident(6, "Alpha beacon", &[]), incident(7, "beacon in the middle", &[])];
    let half = all.len() / 2;
    let lines = |part: &[Made]| part.iter().map(alert).collect::<Vec<_>>().join("\n");
    // In several batches, so that hits come from several layers of the index.
    clew.ingest_bytes("a.jsonl", lines(&all[..half]));
    clew.ingest_bytes("i.jsonl", incidents.join("\n"));
    clew.ingest_bytes("b.jsonl", lines(&all[half..]));
    clew
}

fn ids(hits: &[Value]) -> Vec<String> {
    hits.iter().map(|hit| hit["id"].as_str().expect("an id").to_owned()).collect()
}

/// Every hit of a search, page by page.
async fn all_pages(clew: &Clew, path: &str, limit: usize) -> Vec<Value> {
    let (mut hits, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = clew.get(&format!("{path}&limit={limit}{cursor}")).await;
        let found = page["hits"].as_array().expect("hits").clone();
        assert!(found.len() <= limit && (!found.is_empty() || hits.is_empty()), "{path}: {page}");
        hits.extend(found);
        match page["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => {
                assert_eq!((&page["complete"], &page["total"]), (&json!(true), &json!(hits.len())), "{path}");
                return hits;
            }
        }
    }
}

/// Ids in the order of titles, equals by id.
fn by_title(found: &[&Made], descending: bool) -> Vec<String> {
    let mut rows: Vec<(String, String)> = found.iter().map(|made| (made.title.to_lowercase(), made.id.clone())).collect();
    rows.sort_by(|a, b| if descending { b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)) } else { a.cmp(b) });
    rows.into_iter().map(|(_, id)| id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_and_every_filter_and_order_are_one_question() {
    let all = made();
    let clew = with_data(&all);
    let beacons = |keep: &dyn Fn(&Made) -> bool| -> Vec<&Made> {
        all.iter().filter(|made| made.title.to_lowercase().contains("beacon") && keep(made)).collect()
    };
    let everything = |_: &Made| true;
    let filters: [(&str, &dyn Fn(&Made) -> bool); 5] = [
        ("q=beacon&kind=alert", &everything),
        ("q=beacon&incident=5", &|made| made.in_incident),
        ("q=beacon&incident=none", &|made| !made.in_incident),
        ("q=beacon%20severity:High&incident=5", &|made| made.in_incident && made.severity == "High"),
        ("q=beacon&group=title&group_key=beacon%20by%20night%7Chost:ws1.example.org", &|made| {
            made.title == "beacon by night" && made.host == "ws1"
        }),
    ];
    for (filter, keep) in filters {
        let expected = beacons(keep);
        assert!(!expected.is_empty(), "{filter}");
        for limit in [7, 1000] {
            for (sort, descending) in [("title", false), ("-title", true)] {
                let found = all_pages(&clew, &format!("/v1/search?{filter}&sort={sort}"), limit).await;
                assert_eq!(ids(&found), by_title(&expected, descending), "{filter} {sort} {limit}");
            }
            for sort in ["relevance", "time", "created", "first", "activity", "severity", "number", "-severity", "-first"] {
                let found = all_pages(&clew, &format!("/v1/search?{filter}&sort={sort}"), limit).await;
                let distinct: BTreeSet<String> = ids(&found).into_iter().collect();
                let wanted: BTreeSet<String> = expected.iter().map(|made| made.id.clone()).collect();
                assert_eq!((found.len(), distinct), (wanted.len(), wanted), "{filter} {sort} {limit}");
                let times: Vec<&str> = found.iter().filter_map(|hit| hit["first_activity"].as_str()).collect();
                assert!(sort != "first" || times.is_sorted_by(|a, b| a >= b), "{times:?}");
                assert!(sort != "-first" || times.is_sorted(), "{times:?}");
            }
        }
        // The counters follow the filter, and any row can be jumped to.
        for sort in ["title", "first"] {
            let page = clew.get(&format!("/v1/search?{filter}&sort={sort}&facet=severity&offset=2&limit=1")).await;
            let counts = page["facets"][0]["values"].as_array().expect("values").iter();
            let counts: BTreeMap<&str, u64> =
                counts.filter_map(|count| Some((count["value"].as_str()?, count["count"].as_u64()?))).collect();
            let mut wanted: BTreeMap<&str, u64> = BTreeMap::new();
            expected.iter().for_each(|made| *wanted.entry(made.severity).or_default() += 1);
            assert_eq!((counts, page["total"].as_u64()), (wanted, Some(expected.len() as u64)), "{filter} {sort}");
            let whole = clew.get(&format!("/v1/search?{filter}&sort={sort}&limit=1000")).await;
            assert_eq!(page["hits"][0], whole["hits"][2], "{filter} {sort}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_of_what_words_find_are_one_hit() {
    let all = made();
    let clew = with_data(&all);
    let mut groups: BTreeMap<String, Vec<&Made>> = BTreeMap::new();
    for made in all.iter().filter(|made| made.title.to_lowercase().contains("beacon") && !made.in_incident) {
        groups.entry(format!("{}|host:{}.example.org", made.title.to_lowercase(), made.host)).or_default().push(made);
    }
    let path = "/v1/search?q=beacon&incident=none&group=title";
    let mut by_key = groups.keys().cloned().collect::<Vec<_>>();
    by_key.sort_by_key(|key| (key.split('|').next().map(str::to_owned), key.clone()));
    for limit in [4, 1000] {
        let found = all_pages(&clew, &format!("{path}&sort=title"), limit).await;
        let keys: Vec<&str> = found.iter().filter_map(|hit| hit["group"]["key"].as_str()).collect();
        assert_eq!(keys, by_key, "by {limit}");
        for hit in &found {
            let members = &groups[hit["group"]["key"].as_str().expect("a key")];
            let newest = members.iter().max_by_key(|made| made.minute).expect("a member");
            assert_eq!(
                (hit["group"]["count"].as_u64(), hit["id"].as_str()),
                (Some(members.len() as u64), Some(newest.id.as_str())),
                "{hit}"
            );
        }
        let counts: Vec<u64> =
            all_pages(&clew, &format!("{path}&sort=count"), limit).await.iter().filter_map(|hit| hit["group"]["count"].as_u64()).collect();
        assert!(counts.len() == groups.len() && counts.is_sorted_by(|a, b| a >= b), "{counts:?}");
        for sort in ["first", "last", "created", "severity", "-count"] {
            assert_eq!(all_pages(&clew, &format!("{path}&sort={sort}"), limit).await.len(), groups.len(), "{sort}");
        }
    }
    // The groups of every alert are those of the list.
    let list = clew.get("/v1/alerts?group=title&sort=title&limit=1000").await;
    let found = clew.get("/v1/search?q=*&group=title&sort=title&limit=1000").await;
    let of = |answer: &Value, rows: &str| -> Vec<Value> {
        answer[rows].as_array().expect("rows").iter().map(|row| row["group"].clone()).collect()
    };
    assert_eq!(of(&found, "hits"), of(&list, "value"));
    assert_eq!(found["total"], list["total"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hits_say_what_rows_of_lists_say() {
    let all = made();
    let clew = with_data(&all);
    let incidents = clew.get("/v1/search?q=beacon&sort=title").await;
    let titles: Vec<&str> = incidents["hits"].as_array().expect("hits").iter().filter_map(|hit| hit["title"].as_str()).collect();
    assert_eq!(titles, ["Alpha beacon", "beacon in the middle", "zeta Beacon"]);
    let inside = all.iter().filter(|made| made.in_incident).count() as u64;
    assert_eq!(incidents["hits"][2]["alerts"], json!(inside));
    let alert = &clew.get("/v1/search?q=beacon&incident=5&limit=1").await["hits"][0];
    assert_eq!((&alert["incidents"], &alert["entities"]), (&json!(["i5"]), &json!(1)));
    let entities = clew.get("/v1/search?q=example.org&kind=entity&sort=-title&limit=2").await;
    assert_eq!(ids(entities["hits"].as_array().expect("hits")), ["host:ws4.example.org", "host:ws3.example.org"]);
    assert_eq!(entities["total"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_by_name() {
    let clew = with_data(&made()[..10]);
    let cases = [
        ("q=a&kind=incident&incident=5", "search_not_alerts"),
        ("q=a&kind=alert&kind=entity&group=title", "search_not_alerts"),
        ("q=a&group_key=x", "parameter_invalid"),
        ("q=a&group=colour", "parameter_invalid"),
        ("q=a&sort=count", "search_wrong_order"),
        ("q=a&group=title&sort=relevance", "search_wrong_order"),
        ("q=a&sort=titel", "parameter_invalid"),
        ("q=a&offset=1&cursor=x", "cursor_invalid"),
    ];
    for (query, code) in cases {
        let (status, body) = clew.try_get(&format!("/v1/search?{query}")).await;
        assert_eq!((status, &body["error"]["code"]), (StatusCode::BAD_REQUEST, &json!(code)), "{query}: {body}");
        assert!(body["error"]["hint"].is_string() || query.contains("colour"), "{query}: {body}");
    }
    let (status, body) = clew.try_get("/v1/search?q=a&incident=99").await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::NOT_FOUND, &json!("incident_unknown")));
    // A cursor of one incident is none of another.
    let page = clew.get("/v1/search?q=*&incident=5&limit=1").await;
    let cursor = page["cursor"].as_str().expect("there are more");
    let (status, body) = clew.try_get(&format!("/v1/search?q=*&incident=none&limit=1&cursor={cursor}")).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("cursor_foreign")));
    // Where nothing fits, only alerts of the incident are offered elsewhere.
    let none = clew.get("/v1/search?q=ws0&incident=5").await;
    assert!(none["elsewhere"].as_array().into_iter().flatten().all(|place| place["kind"] == "alert"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_and_an_alert_of_one_title_and_id_are_two_hits() {
    let clew = Clew::new();
    let alert = json!({"SystemAlertId": "twin", "DisplayName": "beacon", "AlertSeverity": "Low", "ProviderName": "Test", "ProductName": "Test",
        "TimeGenerated": "2026-01-01T10:00:00Z", "StartTime": "2026-01-01T10:00:00Z", "EndTime": "2026-01-01T10:00:00Z", "AlertType": "t",
        "Entities": "[]", "Type": "SecurityAlert"});
    clew.ingest_bytes("alert.json", alert.to_string());
    let (status, answer) = clew.by("ana", "POST", "/v1/incidents", json!({"id": "twin", "title": "beacon"})).await;
    assert_eq!(status.as_u16(), 200, "{answer}");
    for sort in ["title", "-title"] {
        let (mut kinds, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = clew.get(&format!("/v1/search?q=beacon&kind=alert,incident&sort={sort}&limit=1{cursor}")).await;
            kinds.extend(page["hits"].as_array().expect("hits").iter().map(|hit| hit["kind"].as_str().expect("a kind").to_owned()));
            let Some(next) = page["cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        kinds.sort_unstable();
        assert_eq!(kinds, ["alert", "incident"], "{sort}");
    }
}

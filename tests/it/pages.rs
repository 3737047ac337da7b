//! Answers that are cut say so, and cursors: whose they are, what is refused, and what holds while data come in between two pages.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::Clew;

const HOST: &str = "host:ws1.example.org";

fn alert(id: &str, minute: u32, title: &str, severity: &str) -> String {
    let start = format!("2024-01-01T{:02}:{:02}:00Z", minute / 60, minute % 60);
    json!({
        "SystemAlertId": id, "AlertName": title, "AlertSeverity": severity, "ProductName": "Azure Sentinel", "ProviderName": "test",
        "StartTime": start, "EndTime": start, "TimeGenerated": start,
        "Entities": "[{\"$id\":\"1\",\"HostName\":\"ws1\",\"DnsDomain\":\"example.org\",\"Type\":\"host\"}]",
    })
    .to_string()
}

/// Alerts of one host, ten of each minute.
fn with_alerts(count: u32) -> Clew {
    let clew = Clew::new();
    let lines: Vec<String> = (0..count).map(|n| alert(&format!("a{n:03}"), n / 10, &format!("title {}", n % 7), "Low")).collect();
    assert_eq!(clew.ingest_bytes("alerts.jsonl", lines.join("\n")).new, u64::from(count));
    clew
}

fn ids(answer: &Value, list: &str) -> Vec<String> {
    answer[list].as_array().expect("a list").iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_shows_every_edge_or_says_where_it_stopped() {
    let clew = with_alerts(138);
    // The node that is asked about gives all its edges.
    let whole = clew.get(&format!("/v1/neighbors?node={HOST}&hops=2&limit=1000")).await;
    assert_eq!((whole["nodes"].as_array().map(Vec::len), &whole["complete"]), (Some(139), &json!(true)), "{whole}");
    assert_eq!((&whole["cut"], &whole["partial"], &whole["hint"]), (&Value::Null, &Value::Null, &Value::Null));
    // A node on the way gives its newest ones, and is named.
    let near = clew.get("/v1/neighbors?node=alert:a000&hops=2&limit=1000").await;
    assert_eq!((&near["complete"], &near["cut"], &near["partial"]), (&json!(false), &json!("per_node"), &json!([HOST])));
    assert!(near["hint"].as_str().expect("a way on").contains("per_node"), "{near}");
    assert_eq!(ids(&near, "nodes").len(), 2 + 50, "the alert, the host, its 50 newest alerts");
    // The limit can be raised, to the very edge.
    let raised = clew.get("/v1/neighbors?node=alert:a000&hops=2&limit=1000&per_node=138").await;
    assert_eq!((ids(&raised, "nodes").len(), &raised["complete"]), (139, &json!(true)));
    let short = clew.get("/v1/neighbors?node=alert:a000&hops=2&limit=1000&per_node=137").await;
    assert_eq!((&short["complete"], &short["partial"]), (&json!(false), &json!([HOST])));
    // The limit of nodes is told before that of edges.
    let few = clew.get("/v1/neighbors?node=alert:a000&hops=2&limit=20").await;
    assert_eq!((ids(&few, "nodes").len(), &few["cut"], &few["hint"]), (20, &json!("nodes_max"), &json!("raise `limit`")));
    for (query, code) in [("per_node=0", "limit_invalid"), ("per_node=10001", "limit_invalid"), ("cursor=x", "cursor_invalid")] {
        let (status, body) = clew.try_get(&format!("/v1/neighbors?node={HOST}&hops=2&{query}")).await;
        assert_eq!((status, &body["error"]["code"]), (StatusCode::BAD_REQUEST, &json!(code)), "{query}");
    }
    // A hub that a walk stops at makes its answer incomplete, whatever the question.
    for path in ["component?node=alert:a000&", "blast-radius?node=alert:a000&", "paths?a=alert:a000&b=alert:a137&"] {
        let stopped = clew.get(&format!("/v1/{path}hub_degree=100")).await;
        assert_eq!(
            (&stopped["complete"], &stopped["cut"], &stopped["hubs"]),
            (&json!(false), &json!("hub_degree"), &json!([HOST])),
            "{path}"
        );
        assert!(stopped["hint"].as_str().is_some_and(|hint| hint.contains("hub_degree=0")), "{path}: {stopped}");
        assert_eq!(clew.get(&format!("/v1/{path}hub_degree=0")).await["complete"], true, "{path}");
    }
    let ranked = clew.get("/v1/rank?limit=1").await;
    assert_eq!((&ranked["complete"], &ranked["cut"]), (&json!(true), &Value::Null), "there is one entity");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_counts_once_however_many_hours_it_lasts() {
    let clew = Clew::new();
    // Each of 40 people signs in from one address in each of 6 hours, twice an hour.
    let signin = |person: u32, hour: u32, minute: u32| {
        json!({
            "Type": "SigninLogs", "TimeGenerated": format!("2024-01-01T{hour:02}:{minute:02}:00Z"), "IPAddress": "198.51.100.7",
            "UserPrincipalName": format!("u{person:02}@example.org"), "ResultType": "0", "CorrelationId": format!("c{person}-{hour}-{minute}"),
            "OperationName": "Sign-in activity",
        })
        .to_string()
    };
    let rows =
        (0..6).flat_map(|hour| (0..40).flat_map(move |person| [0, 30].map(|minute| signin(person, hour, minute)))).collect::<Vec<_>>();
    assert_eq!(clew.ingest_bytes("signins.jsonl", rows.join("\n")).new, 480);
    let path = "/v1/neighbors?node=ip:198.51.100.7";
    let whole = clew.get(&format!("{path}&limit=1000")).await;
    let edges = whole["edges"].as_array().expect("a list");
    assert_eq!((edges.len(), &whole["total"], &whole["complete"]), (40, &json!(40), &json!(true)));
    for edge in edges {
        let told = (&edge["count"], &edge["first"], &edge["last"], edge["evidence"].as_array().map(Vec::len));
        assert_eq!(told, (&json!(12), &json!("2024-01-01T00:00:00Z"), &json!("2024-01-01T05:30:00Z"), Some(5)));
    }
    for limit in [1, 7, 39, 40] {
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = clew.get(&format!("{path}&limit={limit}{cursor}")).await;
            let found = page["edges"].as_array().expect("a list");
            assert!(found.len() == limit.min(40 - paged.len()), "{limit}: {} edges", found.len());
            assert_eq!(page["total"], 40, "{limit}");
            paged.extend(found.clone());
            match page["cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(&paged, edges, "{limit}");
    }
    // A window counts what lies in it.
    let window = "&from=2024-01-01T02:00:00Z&to=2024-01-01T03:59:00Z&limit=3";
    let inside = clew.get(&format!("{path}{window}")).await;
    let first = &inside["edges"][0];
    assert_eq!((&inside["total"], &first["count"], &first["first"]), (&json!(40), &json!(4), &json!("2024-01-01T02:00:00Z")), "{inside}");
}

/// Lists that page, each with a filter that is not asked for again.
const PAGED: [(&str, &str); 6] = [
    ("/v1/alerts?limit=3&sort=title", "severity=low"),
    ("/v1/alerts?limit=3", "sort=severity"),
    ("/v1/alerts?limit=1&group=title", "severity=low"),
    ("/v1/neighbors?node=host:ws1.example.org&limit=3", "direction=in"),
    ("/v1/timeline?of=host:ws1.example.org&limit=3", "order=newest"),
    ("/v1/search?q=title&kind=alert&limit=3", "sort=created"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_belongs_to_its_question() {
    let (clew, other) = (with_alerts(30), with_alerts(30));
    for (path, change) in PAGED {
        let first = clew.get(path).await;
        let cursor = first["cursor"].as_str().unwrap_or_else(|| panic!("{path}: {first}"));
        let refused = |answer: (StatusCode, Value), code: &str| {
            assert_eq!((answer.0, &answer.1["error"]["code"]), (StatusCode::BAD_REQUEST, &json!(code)), "{path}: {}", answer.1);
            assert!(answer.1["error"]["hint"].as_str().is_some_and(|hint| hint.contains("first page")), "{path}: {}", answer.1);
        };
        let (base, query) = path.split_once('?').expect("a query");
        refused(clew.try_get(&format!("{path}&{change}&cursor={cursor}")).await, "cursor_foreign");
        refused(other.try_get(&format!("{path}&cursor={cursor}")).await, "cursor_foreign");
        refused(clew.try_get(&format!("{path}&cursor={}", &cursor[1..])).await, "cursor_invalid");
        refused(clew.try_get(&format!("{path}&cursor={cursor}A")).await, "cursor_invalid");
        let elsewhere = if base == "/v1/alerts" { "/v1/entities?limit=3" } else { "/v1/alerts?limit=3" };
        refused(clew.try_get(&format!("{elsewhere}&cursor={cursor}")).await, "cursor_foreign");
        // The size of the page may change, and the same question is the same in any order of its parameters.
        let turned = format!("{base}?cursor={cursor}&{query}");
        assert_eq!(clew.get(&turned).await, clew.get(&format!("{path}&cursor={cursor}")).await, "{path}");
        assert_eq!(clew.try_get(&format!("{}&cursor={cursor}", path.replace("limit=3", "limit=5"))).await.0, StatusCode::OK);
    }
}

/// All rows of a list, page by page, with something taken in before each further page.
async fn paged(clew: &Clew, path: &str, name: impl Fn(&Value) -> String, mut meanwhile: impl FnMut(usize)) -> BTreeMap<String, usize> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut cursor = String::new();
    for page in 0.. {
        let answer = clew.get(&format!("{path}{cursor}")).await;
        for row in answer["value"].as_array().expect("rows") {
            *seen.entry(name(row)).or_default() += 1;
        }
        let Some(next) = answer["cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        meanwhile(page);
        assert!(page < 1_000, "{path} comes to an end");
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_comes_once_while_data_come_in() {
    let paths = [
        "/v1/alerts?limit=7&sort=title",
        "/v1/alerts?limit=7&sort=-title",
        "/v1/alerts?limit=7&sort=time",
        "/v1/alerts?limit=7&sort=-time",
        "/v1/timeline?of=host:ws1.example.org&kind=alert&limit=7",
        "/v1/timeline?of=host:ws1.example.org&kind=alert&limit=7&order=newest",
    ];
    for path in paths {
        let clew = with_alerts(60);
        let name = |row: &Value| row["id"].as_str().or(row["node"].as_str()).expect("a name").trim_start_matches("alert:").to_owned();
        let seen = paged(&clew, path, name, |page| {
            // New rows before and behind, of the same instants too, and a new version of rows that were and that will be shown.
            let of = |n: usize, severity: &str| alert(&format!("a{n:03}"), n as u32 / 10, &format!("title {}", n % 7), severity);
            let mut lines = vec![alert(&format!("b{page}"), page as u32, "title 3", "Low")];
            lines.extend([page, 30, 59 - page].map(|n| of(n, if page % 2 == 0 { "High" } else { "Medium" })));
            clew.ingest_bytes("meanwhile.jsonl", lines.join("\n"));
        })
        .await;
        for n in 0..60 {
            assert_eq!(seen.get(&format!("a{n:03}")), Some(&1), "{path}: a{n:03}");
        }
        assert!(seen.values().all(|times| *times == 1), "{path}: nothing comes twice: {seen:?}");
    }
}

/// A version of an alert, the `n`th of it.
fn version(n: u32) -> String {
    let at = format!("2024-02-01T{:02}:{:02}:00Z", n / 60, n % 60);
    json!({
        "SystemAlertId": "v", "AlertName": format!("version {n}"), "AlertSeverity": "Low", "ProductName": "Azure Sentinel", "ProviderName": "test",
        "StartTime": "2024-02-01T00:00:00Z", "EndTime": "2024-02-01T00:00:00Z", "TimeGenerated": at, "ProcessingEndTime": at, "Entities": "[]",
        "Type": "SecurityAlert",
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn details_of_an_alert_read_what_they_show_however_many_versions_there_are() {
    let clew = Clew::new();
    let lines: Vec<String> = (0..250).map(version).collect();
    assert_eq!(clew.ingest_bytes("versions.jsonl", lines.join("\n")).documents, 250);
    let journal = clew.engine.context().journal;
    let before = journal.looked_up();
    let detail = clew.get("/v1/alerts/v").await;
    let read = journal.looked_up() - before;
    let shown = detail["versions"].as_array().expect("versions").clone();
    assert_eq!((shown.len(), &detail["versions_total"], &detail["title"]), (100, &json!(250), &json!("version 249")));
    assert_eq!((&shown[99]["line"], &shown[99]["current"], &shown[0]["line"]), (&json!(250), &json!(true), &json!(151)));
    assert!(read <= 102, "the newest version and those that are listed: {read}");
    // All of them, page by page, whatever comes in between.
    let (mut lines, mut cursor) = (Vec::new(), String::new());
    loop {
        let before = journal.looked_up();
        let page = clew.get(&format!("/v1/alerts/v/versions?limit=60{cursor}")).await;
        assert!(journal.looked_up() - before <= 60, "a page reads what it shows");
        lines.extend(page["value"].as_array().expect("versions").iter().map(|version| version["line"].as_u64().expect("a line")));
        let Some(next) = page["cursor"].as_str() else {
            assert_eq!(page["complete"], true);
            break;
        };
        cursor = format!("&cursor={next}");
        if lines.len() == 60 {
            clew.ingest_bytes("one-more.jsonl", version(250));
        }
    }
    let expected: Vec<u64> = (1..=250).chain([1]).collect();
    assert_eq!(lines, expected);
    assert_eq!(clew.get("/v1/alerts/v/versions").await["complete"], true);
    let (status, body) = clew.try_get(&format!("/v1/alerts/{}/versions?cursor=x", "v")).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("cursor_invalid")));
}

/// A directory that was put back from an earlier copy has fewer documents: who kept a cursor of what is gone is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_what_is_gone_is_refused() {
    let clew = Clew::new();
    clew.ingest_bytes("versions.jsonl", (0..3).map(version).collect::<Vec<_>>().join("\n"));
    let page = clew.get("/v1/alerts/v/versions?limit=1").await;
    let versions = format!("/v1/alerts/v/versions?limit=1&cursor={}", page["cursor"].as_str().expect("a cursor"));
    let changes = format!("/v1/changes?cursor={}", clew.get("/v1/changes").await["cursor"].as_str().expect("a cursor"));
    for path in [&versions, &changes] {
        clew.get(path).await;
    }
    let folder = clew.close();
    for entry in std::fs::read_dir(folder.path()).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.expect("it can be removed");
    }
    let clew = Clew::open(folder, clew::engine::Options::default());
    let other = version(1).replace("\"v\"", "\"other\"");
    clew.ingest_bytes("other.json", other);
    clew.ingest_bytes("one.json", version(1));
    for path in [&versions, &changes] {
        let (status, body) = clew.try_get(path).await;
        assert_eq!((status, &body["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("cursor_invalid")), "{path}: {body}");
    }
    assert_eq!(clew.get("/v1/changes?cursor=2").await["complete"], true, "what is there is where it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_that_went_elsewhere_cost_their_former_parent_nothing() {
    let clew = Clew::new();
    let incident = |number: u32| {
        let at = format!("2024-03-01T00:{:02}:{:02}Z", number / 60, number % 60);
        json!({"TenantId": "t", "IncidentName": format!("i{number}"), "IncidentNumber": number, "Title": "x", "Severity": "Low", "Status": "New",
            "CreatedTime": at, "LastModifiedTime": at, "TimeGenerated": at, "Type": "SecurityIncident"})
        .to_string()
    };
    let lines: Vec<String> = (1..=60).map(incident).collect();
    clew.ingest_bytes("incidents.jsonl", lines.join("\n"));
    // All but the last of the children of the first leave it again, and one comes back.
    let put = async |child: u32, parent: Value| {
        let (status, body) = clew.by("ana", "PATCH", &format!("/v1/incidents/{child}"), json!({ "parent": parent })).await;
        assert!(status.is_success(), "{body}");
    };
    for child in 2..=40 {
        put(child, json!("i1")).await;
    }
    for child in 2..=39 {
        put(child, Value::Null).await;
    }
    put(7, json!("i1")).await;
    let journal = clew.engine.context().journal;
    let before = journal.looked_up();
    let detail = clew.get("/v1/incidents/1").await;
    let read = journal.looked_up() - before;
    assert_eq!((ids(&detail, "children"), &detail["children_total"]), (vec!["i7".to_owned(), "i40".to_owned()], &json!(2)));
    let versions = detail["versions"].as_array().expect("versions").len() as u64;
    assert!(read <= versions + 2, "{read} documents for {versions} versions");
    let before = journal.looked_up();
    let listed = clew.get("/v1/incidents?parent=1").await;
    assert_eq!((ids(&listed, "value").len(), journal.looked_up() - before), (2, 0));
    // The same after the views were made anew.
    clew.engine.rebuild().expect("the views can be made anew");
    assert_eq!(ids(&clew.get("/v1/incidents/1").await, "children"), ["i7", "i40"]);
}

/// The alert `a1`, and an incident that also names one which never came.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_named_is_counted_apart() {
    let clew = Clew::new();
    let alert = |id: &str| {
        json!({"SystemAlertId": id, "DisplayName": id, "AlertSeverity": "Low", "ProviderName": "Test", "ProductName": "Test", "AlertType": "t",
            "TimeGenerated": "2026-01-01T10:00:00Z", "StartTime": "2026-01-01T10:00:00Z", "Entities": "[]", "Type": "SecurityAlert"})
    };
    let incident = json!({"IncidentName": "i1", "IncidentNumber": 1, "Title": "x", "Severity": "Low", "Status": "New", "AlertIds": "[\"a1\", \"gone\"]",
        "CreatedTime": "2026-01-01T12:00:00Z", "LastModifiedTime": "2026-01-01T12:00:00Z", "ProviderName": "Azure Sentinel", "Type": "SecurityIncident"});
    clew.ingest_bytes("alert.json", alert("a1").to_string());
    clew.ingest_bytes("incident.json", incident.to_string());
    let listed = async |clew: &Clew| {
        let total = async |path: &str| clew.get(path).await["total"].clone();
        (total("/v1/alerts").await, total("/v1/incidents").await)
    };
    let counted = async |clew: &Clew| {
        let stats = clew.get("/v1/stats").await;
        ["alerts", "incidents", "alerts_absent", "incidents_absent"].map(|name| stats["graph"][name].clone())
    };
    assert_eq!((counted(&clew).await, listed(&clew).await), ([1, 1, 1, 0].map(|count| json!(count)), (json!(1), json!(1))));
    let metrics = clew.get("/metrics").await;
    let metrics = metrics.as_str().expect("text");
    assert!(metrics.contains("clew_graph{part=\"alerts\"} 1\n") && metrics.contains("clew_graph{part=\"alerts_absent\"} 1\n"), "{metrics}");
    // It comes after all, and the incident goes.
    clew.ingest_bytes("gone.json", alert("gone").to_string());
    let arm = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w/providers/Microsoft.SecurityInsights/incidents/i1?api-version=2024-09-01";
    assert_eq!(clew.by("ana", "DELETE", arm, Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!((counted(&clew).await, listed(&clew).await), ([2, 0, 0, 1].map(|count| json!(count)), (json!(2), json!(0))));
}

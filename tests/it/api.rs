//! Every route on the sample data: the documented shape, errors, pages, and what an investigation asks.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use clew::catalog::{entities, relations};
use clew::datasets;
use clew::model::Time;
use serde_json::{Map, Value, json};

use crate::schema::mismatches;
use crate::support::{Clew, data};

const KILL_CHAIN: &str = "2518522745615999999_30ac5794-a265-4420-a1b7-6335ac08e2c0";
const VAULT: &str = "azure-resource:/subscriptions/8f153238-e602-427e-a7c0-3043fbe50918/resourcegroups/gbb01/providers/microsoft.keyvault/vaults/oneloginlogs1234";

/// Good parameters of every operation that reads, by operation.
const GOOD: [(&str, &[&str]); 56] = [
    ("activities", &["/v1/activities?entity=account:adelev@m365x816222.onmicrosoft.com&hours=24"]),
    ("functions", &["/v1/functions"]),
    ("saved_queries", &["/v1/queries?purpose=hunt"]),
    ("saved_query", &["/v1/queries/hunt%2Fpassword-spray", "/v1/queries/a77992f3-25e9-4d01-99a4-5ff606cc410a"]),
    ("alert", &["/v1/alerts/da637551227677560813_-961444813", "/v1/alerts/2518522745615999999_30ac5794-a265-4420-a1b7-6335ac08e2c0"]),
    ("alert_raw", &["/v1/alerts/da637551227677560813_-961444813/raw"]),
    ("alert_versions", &["/v1/alerts/da637551227677560813_-961444813/versions"]),
    (
        "alerts",
        &[
            "/v1/alerts",
            "/v1/alerts?severity=high,low&status=New&product=Azure%20Security%20Center&sort=-severity&limit=3",
            "/v1/alerts?technique=T1564&from=2000-01-01&to=2100-01-01&title=a",
            "/v1/alerts?entity=host:MSTICALERTSWIN1&incident=none&limit=1",
            "/v1/alerts?tactic=DefenseEvasion",
        ],
    ),
    ("blast_radius", &["/v1/blast-radius?node=ip:175.45.176.99&hops=3&limit=50"]),
    ("common", &["/v1/common?a=account:johns@m365x816222.onmicrosoft.com&b=account:adelev@m365x816222.onmicrosoft.com"]),
    ("component", &["/v1/component?node=host:UBUNTU5&limit=20"]),
    (
        "entities",
        &["/v1/entities?limit=5", "/v1/entities?kind=host,ip&text=1&sort=label", "/v1/entities?from=2021-01-01&to=2022-01-01&sort=-last"],
    ),
    (
        "entity",
        &["/v1/entities/host:MSTICALERTSWIN1", "/v1/entities/account:MSTICAlertsWin1%5CMSTICAdmin", "/v1/entities/ip:175.45.176.99"],
    ),
    ("explorations", &["/v1/explorations", "/v1/explorations?entity=ip:175.45.176.99&counts=true"]),
    ("explore", &["/v1/explore?entity=host:MSTICALERTSWIN1&query=host/processes&limit=5"]),
    ("export", &["/v1/export"]),
    ("health", &["/v1/health"]),
    ("incident", &["/v1/incidents/116294", "/v1/incidents/28282"]),
    ("incidents", &["/v1/incidents", "/v1/incidents?status=open&severity=low&sort=number&limit=1"]),
    ("ingests", &["/v1/ingests", "/v1/ingests?limit=5"]),
    ("metrics", &["/metrics"]),
    (
        "neighbors",
        &["/v1/neighbors?node=incident:116294", "/v1/neighbors?node=ip:175.45.176.99&kind=account&direction=in&hops=2&from=2021-01-01"],
    ),
    ("notification_defaults", &["/v1/notifications/defaults"]),
    ("notification_settings", &["/v1/notifications/settings"]),
    ("notifications", &["/v1/notifications", "/v1/notifications?unread=true&kind=alert&limit=3"]),
    ("openapi", &["/v1/openapi.json"]),
    (
        "paths",
        &[
            "/v1/paths?a=account:johns@m365x816222.onmicrosoft.com&b=account:adelev@m365x816222.onmicrosoft.com",
            "/v1/paths?a=ip:175.45.176.99&b=ip:37.142.150.162&mode=time",
            "/v1/paths?a=ip:175.45.176.99&b=ip:37.142.150.162&mode=rare",
            "/v1/paths?a=ip:175.45.176.99&b=ip:37.142.150.162&mode=k&k=3",
            "/v1/paths?a=ip:175.45.176.99&b=ip:37.142.150.162&mode=all",
        ],
    ),
    ("metadata_endpoints", &["/metadata/endpoints?api-version=latest"]),
    ("kusto_auth_metadata", &["/v1/rest/auth/metadata"]),
    ("openid_configuration", &["/contoso/v2.0/.well-known/openid-configuration"]),
    ("automation_rules", &["/v1/automation-rules"]),
    ("bookmarks", &["/v1/bookmarks"]),
    ("egress_policy", &["/v1/egress"]),
    ("exports", &["/v1/exports"]),
    ("indicators", &["/v1/indicators"]),
    ("policy", &["/v1/policy"]),
    ("suppression_rules", &["/v1/suppression-rules"]),
    ("watchlists", &["/v1/watchlists"]),
    ("proposals", &["/v1/proposals", "/v1/proposals?state=open"]),
    ("records", &["/v1/records?seq=1"]),
    ("sign_in_ways", &["/v1/sign-in"]),
    ("retention_settings", &["/v1/retention"]),
    ("whoami", &["/v1/whoami"]),
    ("workspaces", &["/v1/workspaces"]),
    ("rank", &["/v1/rank?limit=3", "/v1/rank?by=pagerank&kind=host&from=2019-01-01&to=2019-02-01"]),
    ("posture", &["/v1/posture", "/v1/posture?subscription=none"]),
    ("ready", &["/v1/ready"]),
    ("search", &["/v1/search?q=logon&kind=incident,alert,entity&facet=severity,kind&limit=5", "/v1/search?q=command&sort=-created"]),
    ("similar", &["/v1/incidents/116294/similar"]),
    ("stats", &["/v1/stats"]),
    ("table", &["/v1/tables/SecurityEvent"]),
    ("tables", &["/v1/tables"]),
    (
        "timeline",
        &[
            "/v1/timeline?of=incident:116294",
            "/v1/timeline?of=ip:175.45.176.99&table=SigninLogs&order=newest&buckets=10",
            "/v1/timeline?of=host:MSTICALERTSWIN1&kind=alert&severity=high",
        ],
    ),
    ("incident_activity", &["/v1/incidents/116294/activity"]),
    ("verify_audit", &["/v1/audit/verify"]),
    ("why", &["/v1/why?a=account:adelev@m365x816222.onmicrosoft.com&b=ip:175.45.176.99"]),
];

fn sample() -> Clew {
    let clew = Clew::new();
    for dataset in datasets::ALL.iter().filter(|dataset| dataset.name != "lsass-campaign") {
        for (name, bytes) in dataset.files {
            clew.ingest_bytes(name, *bytes);
        }
    }
    for file in ["derived/securityalert_2019.jsonl", "derived/securityincident_rest_flat_2022.json", "graph-alerts-v2"] {
        clew.ingest(&data(file));
    }
    clew
}

/// One engine for all questions: taking in the data costs more than asking.
#[tokio::test(flavor = "multi_thread")]
async fn the_api_on_the_sample_data() {
    let clew = sample();
    every_operation_answers_in_its_shape(&clew).await;
    errors_say_what_to_do(&clew).await;
    pages_hold_everything_once(&clew).await;
    timelines_page_both_ways(&clew).await;
    why_names_source_and_line(&clew).await;
    the_timeline_of_a_host(&clew).await;
    the_way_to_a_deleted_vault(&clew).await;
    every_entity_goes_by_its_reference(&clew).await;
    every_exploration_runs(&clew).await;
    decisions_are_taken_back(&clew).await;
}

/// Operations that show what must be defined first, or ask for a proof: `access`, `alerts`, `automation`, `bookmarks`, `exports`, `ingests`,
/// `listed`, `mcp`, `sign_in` and `suppression` hold their answers.
const ELSEWHERE: [&str; 23] = [
    "alert_activity",
    "around",
    "automation_rule",
    "automation_runs",
    "bookmark",
    "retention_setting",
    "changes",
    "export_status",
    "get_export",
    "identity_token",
    "indicator",
    "indicator_matches",
    "ingest_record",
    "keys",
    "mcp_listen",
    "proposal",
    "sensitive_reads",
    "sign_in_callback",
    "sign_in_oidc",
    "suppression_rule",
    "watchlist",
    "watchlist_items",
    "watchlist_matches",
];

async fn every_operation_answers_in_its_shape(clew: &Clew) {
    let api = clew.get("/v1/openapi.json").await;
    let good: BTreeMap<&str, &[&str]> = GOOD.into_iter().collect();
    let mut asked = BTreeSet::new();
    let mut wrong = Vec::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        let Some(operation) = item.get("get") else { continue };
        let id = operation["operationId"].as_str().expect("an operation has an id");
        if ELSEWHERE.contains(&id) {
            continue;
        }
        let requests = good.get(id).unwrap_or_else(|| panic!("`{id}` ({path}) has no request in the table"));
        asked.insert(id.to_owned());
        let content = operation["responses"]["200"]["content"].as_object().expect("a described answer");
        for request in *requests {
            let (status, body) = clew.try_get(request).await;
            assert_eq!(status, StatusCode::OK, "{request}: {body}");
            if let Some(schema) = content.get("application/json").and_then(|content| content.get("schema")) {
                wrong.extend(mismatches(&api, schema, &body).into_iter().map(|problem| format!("{request}: {problem}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(asked.len(), GOOD.len(), "the table names no operation that is gone");
    let raw = clew.get("/v1/alerts/da637551227677560813_-961444813/raw").await;
    assert_eq!(raw["incidentId"], "28282", "the document as it was given");
    let (status, table) = clew.post("/v1/query", &json!({"lang": "sql", "text": "SELECT 1 AS one"})).await;
    assert_eq!((status, &table["rows"], &table["complete"]), (StatusCode::OK, &json!([[1]]), &json!(true)));
    assert_eq!(mismatches(&api, &json!({"$ref": "#/components/schemas/Table"}), &table), Vec::<String>::new());
}

async fn errors_say_what_to_do(clew: &Clew) {
    let api = clew.get("/v1/openapi.json").await;
    for (path, status, code, hinted) in [
        ("/v1/incidents/no-such", 404, "incident_unknown", true),
        ("/v1/alerts/no-such", 404, "alert_unknown", true),
        ("/v1/alerts/no-such/raw", 404, "alert_unknown", true),
        ("/v1/alerts/no-such/versions", 404, "alert_unknown", true),
        ("/v1/entities/host:no-such", 404, "entity_unknown", true),
        ("/v1/entities/no-such", 400, "entity_reference_no_kind", true),
        ("/v1/entities/ip:999.1.1.1", 400, "entity_reference_value", true),
        ("/v1/neighbors?node=alert:no-such", 404, "alert_unknown", true),
        ("/v1/neighbors", 400, "entity_reference_no_kind", true),
        ("/v1/neighbors?node=host:MSTICALERTSWIN1&direction=up", 400, "parameter_invalid", false),
        ("/v1/neighbors?node=host:MSTICALERTSWIN1&cursor=x", 400, "cursor_invalid", true),
        ("/v1/alerts?severity=Hgh", 400, "parameter_invalid", true),
        ("/v1/alerts?severty=High", 400, "parameter_unknown", true),
        ("/v1/alerts?limit=0", 400, "limit_invalid", true),
        ("/v1/alerts?limit=many", 400, "parameter_invalid", false),
        ("/v1/alerts?cursor=x", 400, "cursor_invalid", true),
        ("/v1/alerts?sort=size", 400, "parameter_invalid", false),
        ("/v1/alerts?from=yesterday", 400, "time_invalid", true),
        ("/v1/alerts?from=2020-01-02&to=2020-01-01", 400, "window_invalid", true),
        ("/v1/alerts?incident=no-such", 404, "incident_unknown", true),
        ("/v1/timeline", 400, "timeline_of_nothing", true),
        ("/v1/timeline?of=host:MSTICALERTSWIN1&cursor=x", 400, "cursor_invalid", true),
        ("/v1/paths?a=host:MSTICALERTSWIN1&b=ip:1.2.3.99", 404, "entity_unknown", true),
        ("/v1/paths?a=host:MSTICALERTSWIN1&b=ip:175.45.176.99&mode=best", 400, "parameter_invalid", false),
        ("/v1/tables/NoSuch", 404, "table_not_found", true),
        ("/v1/explore?entity=host:MSTICALERTSWIN1&query=no-such", 404, "exploration_unknown", true),
        ("/v1/search?q=%22open", 400, "search_unclosed", true),
        ("/v1/search?q=x&kind=planet", 400, "parameter_invalid", true),
        ("/v1/rank?by=size", 400, "parameter_invalid", false),
        ("/v1/no-such", 404, "route_unknown", true),
    ] {
        let (found, body) = clew.try_get(path).await;
        let error = &body["error"];
        assert_eq!((found.as_u16(), &error["code"]), (status, &json!(code)), "{path}: {body}");
        assert!(!hinted || error["hint"].is_string(), "{path}: {body}");
        assert_eq!(mismatches(&api, &json!({"$ref": "#/components/schemas/ErrorBody"}), &body), Vec::<String>::new(), "{path}");
    }
    for (text, status) in [("SELECT nothing FROM SecurityAlert", 400), ("DROP TABLE SecurityAlert", 400), ("SELECT", 400), ("", 400)] {
        let (found, body) = clew.post("/v1/query", &json!({"lang": "sql", "text": text})).await;
        assert_eq!(found.as_u16(), status, "{text}: {body}");
        assert!(body["error"]["code"].is_string() && !body["error"]["message"].as_str().unwrap_or_default().is_empty(), "{text}: {body}");
    }
    let (status, body) = clew.post("/v1/query", &json!({"lang": "sql", "txt": "SELECT 1"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
}

/// The members `list` of all pages of `path`, as texts of `name`.
async fn pages(clew: &Clew, path: &str, list: &str, name: impl Fn(&Value) -> String) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = match &cursor {
            None => clew.get(path).await,
            Some(cursor) => clew.get(&format!("{path}&cursor={}", encode(cursor))).await,
        };
        let items = page[list].as_array().unwrap_or_else(|| panic!("{path}: {page}"));
        found.extend(items.iter().map(&name));
        cursor = page["cursor"].as_str().map(str::to_owned);
        assert_eq!(page["complete"], json!(cursor.is_none()), "{path}: a page is complete or leads on");
        if cursor.is_none() {
            return found;
        }
        assert!(!items.is_empty() && found.len() < 100_000, "{path}: a page that leads on holds something");
    }
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

async fn pages_hold_everything_once(clew: &Clew) {
    let id = |row: &Value| row["id"].as_str().expect("an id").to_owned();
    for (path, total) in [("/v1/alerts?limit=17&", 227), ("/v1/incidents?limit=1&", 4), ("/v1/entities?kind=host,account,ip&limit=13&", 0)]
    {
        for sort in ["", "sort=title", "sort=-title", "sort=severity", "sort=label", "sort=-label", "sort=first", "sort=-last"] {
            let fits = clew.try_get(&format!("{path}{sort}")).await.0 == StatusCode::OK;
            if !fits {
                continue;
            }
            let found = pages(clew, &format!("{path}{sort}"), "value", id).await;
            let whole = clew
                .get(
                    &format!("{path}{sort}")
                        .replace("limit=17", "limit=9999")
                        .replace("limit=13", "limit=9999")
                        .replace("limit=1&", "limit=9999&"),
                )
                .await;
            let all: Vec<String> = whole["value"].as_array().expect("a list").iter().map(id).collect();
            assert_eq!(found, all, "{path}{sort}: pages and the whole are the same");
            assert_eq!(json!(found.len()), whole["total"], "{path}{sort}");
            assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len(), "{path}{sort}: nothing twice");
            assert!(total == 0 || total == found.len(), "{path}{sort}: {}", found.len());
        }
    }
    // An edge whose records stand on several pages comes on each, with its share of them.
    let records = |edges: &[Value]| {
        let mut records: BTreeMap<String, u64> = BTreeMap::new();
        for edge in edges {
            let name = format!("{} {} {}", edge["source"], edge["relation"], edge["target"]);
            *records.entry(name).or_default() += edge["count"].as_u64().expect("a count");
        }
        records
    };
    for filter in ["", "&direction=in&relation=involves", "&kind=process&from=2019-01-15T05:00:00Z&to=2019-01-15T06:00:00Z"] {
        let path = format!("/v1/neighbors?node=host:MSTICALERTSWIN1{filter}");
        let whole = clew.get(&format!("{path}&limit=10000")).await;
        assert_eq!(whole["complete"], true);
        let found = pages(clew, &format!("{path}&limit=37"), "edges", Value::to_string).await;
        let found: Vec<Value> = found.iter().map(|edge| serde_json::from_str(edge).expect("an edge")).collect();
        assert_eq!(records(&found), records(whole["edges"].as_array().expect("edges")), "{path}");
    }
    let hits = pages(clew, "/v1/search?q=suspicious&kind=alert&limit=7&highlight=false", "hits", |hit| hit["id"].to_string()).await;
    assert_eq!(hits.iter().collect::<BTreeSet<_>>().len(), hits.len(), "no hit twice");
    assert!(hits.len() > 7, "several pages of hits");
}

fn time(item: &Value) -> Time {
    Time::parse(item["time"].as_str().expect("a dated item")).expect("a time")
}

async fn timelines_page_both_ways(clew: &Clew) {
    let of = "of=host:MSTICALERTSWIN1&of=account:adelev@m365x816222.onmicrosoft.com";
    for order in ["oldest", "newest"] {
        let path = format!("/v1/timeline?{of}&order={order}");
        let whole = clew.get(&format!("{path}&limit=1000")).await;
        assert_eq!(whole["complete"], true);
        let whole = whole["value"].as_array().expect("items").clone();
        let mut times: Vec<Time> = whole.iter().map(time).collect();
        if order == "newest" {
            times.reverse();
        }
        assert!(times.is_sorted(), "{order}");
        let (mut forward, mut cursor, mut previous) = (Vec::new(), None::<String>, None::<String>);
        loop {
            let page = match &cursor {
                None => clew.get(&format!("{path}&limit=40")).await,
                Some(cursor) => clew.get(&format!("{path}&limit=40&cursor={}", encode(cursor))).await,
            };
            forward.extend(page["value"].as_array().expect("items").clone());
            previous = page["previous"].as_str().map(str::to_owned).or(previous);
            cursor = page["cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(forward, whole, "{order}: forward");
        let last_page = whole.len() - (whole.len() - 1) / 40 * 40;
        let mut backward: Vec<Value> = whole[whole.len() - last_page..].to_vec();
        while let Some(at) = previous {
            let page = clew.get(&format!("{path}&limit=40&cursor={}", encode(&at))).await;
            let mut items = page["value"].as_array().expect("items").clone();
            items.append(&mut backward);
            backward = items;
            previous = page["previous"].as_str().map(str::to_owned);
        }
        assert_eq!(backward, whole, "{order}: backward");
    }
}

async fn why_names_source_and_line(clew: &Clew) {
    let places = |body: &Value, table: bool| -> Vec<(String, u64)> {
        let assertions = body["assertions"].as_array().expect("assertions").iter().filter(|row| row["table"].is_string() == table);
        let records = assertions.flat_map(|row| row["records"].as_array().expect("records").clone());
        records.map(|record| (record["source"].as_str().expect("a source").to_owned(), record["line"].as_u64().expect("a line"))).collect()
    };
    let alert = "2518547570966661760_526e34b6-6578-4fc0-9db6-e126b4d673f0";
    let body = clew.get(&format!("/v1/why?a=alert:{alert}&b=host:MSTICALERTSWIN1")).await;
    assert_eq!(body["assertions"][0]["asserted_by"], format!("alert:{alert}"), "{body}");
    let said = places(&body, false);
    assert_eq!(said, [("alertlist.csv.gz".to_owned(), 1_553)], "an alert's edge");
    let body = clew.get("/v1/why?a=account:MSTICAlertsWin1%5Cadm1nistrator&b=host:MSTICALERTSWIN1").await;
    let said = places(&body, true);
    assert!(!said.is_empty() && said.iter().all(|(source, line)| source == "host_logons.csv" && *line == 4), "an event's edge: {body}");
    let file = std::fs::read_to_string(data("msticpy/host_logons.csv")).expect("the file");
    assert!(file.lines().nth(3).is_some_and(|line| line.contains("adm1nistrator")), "the fourth line says so");
}

async fn the_timeline_of_a_host(clew: &Clew) {
    let body = clew.get("/v1/timeline?of=host:MSTICALERTSWIN1&to=2019-01-31&limit=1000").await;
    let items = body["value"].as_array().expect("items");
    let count = |kind: &str| items.iter().filter(|item| item["kind"] == kind).count();
    assert_eq!((count("alert"), count("event"), items.len()), (138, 377, 515));
    assert_eq!(body["counts"], json!({"alert": 138, "event": 377}));
    assert!(items.iter().map(time).is_sorted());
    let alerts: Vec<&Value> = items.iter().filter(|item| item["kind"] == "alert").collect();
    assert_eq!(alerts.iter().map(|item| item["node"].to_string()).collect::<BTreeSet<_>>().len(), 138);
    assert_eq!(alerts[0]["time"], "2019-01-15T05:15:03Z");
    let chain = clew.get(&format!("/v1/timeline?of=alert:{KILL_CHAIN}")).await;
    assert_eq!(chain["value"].as_array().map(Vec::len), Some(3), "the alert of a kill chain brings its members: {chain}");
}

async fn the_way_to_a_deleted_vault(clew: &Clew) {
    let body = clew.get(&format!("/v1/paths?a=ip:175.45.176.99&b={}", encode(VAULT))).await;
    let path = &body["paths"][0]["nodes"];
    assert_eq!(*path, json!(["ip:175.45.176.99", "account:AdeleV@M365x816222.OnMicrosoft.com", VAULT]), "{body}");
    let body = clew.get(&format!("/v1/paths?a=ip:175.45.176.99&b={}&mode=time", encode(VAULT))).await;
    assert_eq!(body["paths"][0]["nodes"].as_array().map(Vec::len), Some(3), "she signed in before she deleted it: {body}");
    let reached = clew.get("/v1/blast-radius?node=ip:175.45.176.99&limit=500").await;
    let reached: BTreeSet<&str> = reached["reached"].as_array().expect("nodes").iter().filter_map(|node| node["id"].as_str()).collect();
    assert!(reached.contains(VAULT), "{reached:?}");
}

async fn every_entity_goes_by_its_reference(clew: &Clew) {
    let all = clew.get("/v1/entities?limit=10000").await;
    assert_eq!(all["complete"], true);
    let mut wrong = Vec::new();
    for row in all["value"].as_array().expect("entities") {
        let id = row["id"].as_str().expect("a reference");
        let (status, body) = clew.try_get(&format!("/v1/entities/{}", encode(id))).await;
        if status != StatusCode::OK || body["id"] != row["id"] {
            wrong.push(format!("{id}: {status} {}", body["id"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn every_exploration_runs(clew: &Clew) {
    let library = clew.get("/v1/explorations").await;
    let library = library["value"].as_array().expect("queries");
    assert!(library.len() >= 40, "at least 40 queries");
    let listed = clew.get("/v1/entities?limit=1").await;
    let kinds = listed["kinds"].as_object().expect("kinds").clone();
    let mut entities: Map<String, Value> = Map::new();
    for kind in kinds.keys() {
        let first = clew.get(&format!("/v1/entities?kind={kind}&limit=1")).await;
        entities.insert(kind.clone(), first["value"][0]["id"].clone());
    }
    let mut wrong = Vec::new();
    for query in library {
        let input = query["input"].as_str().expect("a kind");
        // Any entity will do for a query of any kind; a kind that the data does not have is asked by name of one that it has.
        let Some(entity) = entities.get(input).or_else(|| (input == "any").then(|| &entities["host"])) else { continue };
        let (entity, name) = (encode(entity.as_str().expect("a reference")), query["name"].as_str().expect("a name"));
        let (status, body) = clew.try_get(&format!("/v1/explore?entity={entity}&query={name}&limit=3")).await;
        if status != StatusCode::OK || body["exploration"]["problem"].is_string() {
            wrong.push(format!("{name}: {body}"));
        }
    }
    for entity in entities.values() {
        let fitting = clew.get(&format!("/v1/explorations?entity={}&counts=true", encode(entity.as_str().expect("a reference")))).await;
        for query in fitting["value"].as_array().expect("queries") {
            if query["problem"].is_string() || !query["results"].is_u64() {
                wrong.push(format!("{entity}: {query}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (entity, query) in [
        ("account:adelev@m365x816222.onmicrosoft.com", "account/azure-operations"),
        ("account:adelev@m365x816222.onmicrosoft.com", "account/sign-in-addresses"),
        ("ip:175.45.176.99", "ip/office-users"),
        ("ip:92.52.10.25", "ip/related-alerts"),
        ("host:MSTICALERTSWIN1", "host/parent-processes"),
        ("host:MSTICALERTSWIN1", "host/rare-processes"),
    ] {
        let body = clew.get(&format!("/v1/explore?entity={}&query={query}&from=2019-01-01&to=2022-01-01", encode(entity))).await;
        assert!(body["table"]["rows"].as_array().is_some_and(|rows| !rows.is_empty()), "{query} of {entity}: {body}");
    }
}

async fn decisions_are_taken_back(clew: &Clew) {
    let (a, b) = ("account:johns@m365x816222.onmicrosoft.com", "account:admin@m365x816222.onmicrosoft.com");
    let apart = (clew.get(&format!("/v1/entities/{a}")).await, clew.get(&format!("/v1/entities/{b}")).await);
    let (status, decided) = clew.post("/v1/entities/merge", &json!({"a": a, "b": b, "comment": "one person"})).await;
    assert_eq!(status, StatusCode::OK, "{decided}");
    let (one, other) = (clew.get(&format!("/v1/entities/{a}")).await, clew.get(&format!("/v1/entities/{b}")).await);
    assert_eq!(one, other, "both names lead to one entity");
    let id = decided["decision"].as_u64();
    let id = id.unwrap_or_else(|| panic!("a decision has a number: {decided}"));
    let (status, undone) = clew.post(&format!("/v1/decisions/{id}/undo"), &json!({"comment": "two persons"})).await;
    assert_eq!(status, StatusCode::OK, "{undone}");
    assert_eq!((clew.get(&format!("/v1/entities/{a}")).await, clew.get(&format!("/v1/entities/{b}")).await), apart);
}

#[tokio::test(flavor = "multi_thread")]
async fn relations_of_the_catalog_are_known_before_anything_asserts_them() {
    let clew = Clew::new();
    let alert = json!({"SystemAlertId": "a1", "AlertName": "One", "TimeGenerated": "2024-01-01T00:00:00Z", "Type": "SecurityAlert",
        "Entities": "[{\"$id\": \"1\", \"HostName\": \"web1\", \"Type\": \"host\"}]"});
    clew.ingest_bytes("a.json", alert.to_string());
    let declared = entities::relations().iter().map(|relation| relation.name);
    for name in declared.chain(relations::relations().iter().map(|relation| relation.name)).chain(["on_list", "matches_indicator"]) {
        clew.get(&format!("/v1/neighbors?node=host:web1&relation={name}")).await;
    }
    let (status, body) = clew.try_get("/v1/neighbors?node=host:web1&relation=has_adress").await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (400, &json!("relation_unknown")));
    assert_eq!(body["error"]["hint"], "a similar relation is `has_address`");
}

//! Saved queries and functions: those that come with clew on the sample data, those of people, and how they compose with rows, graph and text.

use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use clew::datasets;
use clew::engine::Options;
use clew::query::kql;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::Clew;

/// Ids under which exploration queries are public.
const PUBLIC: [&str; 55] = [
    "055a5692-555f-42bd-ac17-923a5a9994ed",
    "07da3cc8",
    "0880a6d7",
    "0f0bccef-4512-4530-a866-27056a39dcd6",
    "160c7513",
    "188ff904",
    "18b7e4e3",
    "2db8cac9",
    "37ca3555",
    "37fdc179",
    "3a45a7e3-80e0-4e05-84db-b97bd1ae452b",
    "3aed43db",
    "41146c58",
    "4a014a1b-c5a1-499f-9f54-3f7b99b0a675",
    "4c541df8",
    "4daeed0e-0e74-4f2d-990c-a958210e9dd7",
    "588f5d9f",
    "58c1516f-b78a-4d78-9e71-77c40849c27b",
    "5b57680b",
    "62527635",
    "63a4fa2f-f89d-4cf5-96a2-cb2479e49731",
    "6537a8c3",
    "6d1c2ca8",
    "77f9839a",
    "7b61d5e2-4b66-40a7-bb0f-9145b445104e",
    "7f3989bf",
    "801bacb0",
    "80218599-45b4-4402-95cc-86f9929dd43d",
    "81d63625",
    "82cdcee5",
    "82d58507",
    "84375346",
    "8a697f4c",
    "8c00a2a0",
    "935ab312",
    "980762f8",
    "98b2ce21",
    "a77992f3-25e9-4d01-99a4-5ff606cc410a",
    "aa497951",
    "b6eaa3ad-e69b-437e-9c13-bb5273dd34ab",
    "b8407195-b9a3-4565-bf08-7b23e5c57e3a",
    "b8de20fa",
    "bb6100ee",
    "c34bf507",
    "d3393571",
    "d788cd65-a7ef-448e-aa34-81185ac0e611",
    "d7cfd771",
    "dd8f30e4",
    "def383f2",
    "e32a48a9",
    "ea747f91",
    "f74ad13a-ae93-47b9-8782-b1142b95d046",
    "f87b2afb",
    "f89061dd",
    "fdb3e714",
];

fn sample() -> Clew {
    let clew = Clew::new();
    for dataset in datasets::ALL.iter().filter(|dataset| dataset.name != "lsass-campaign") {
        for (name, bytes) in dataset.files {
            clew.ingest_bytes(name, *bytes);
        }
    }
    clew
}

async fn kql(clew: &Clew, text: &str) -> Value {
    let (status, body) = clew.post("/v1/query", &json!({"text": text})).await;
    assert_eq!(status, StatusCode::OK, "{text}: {body}");
    body
}

/// The first cell of an answer.
async fn cell(clew: &Clew, text: &str) -> Value {
    kql(clew, text).await["rows"][0][0].clone()
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-._~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_on_the_sample_data() {
    // Closing brings the rows into files.
    let clew = Clew::open(sample().close(), Options::default());
    every_saved_query_is_sound(&clew).await;
    hunts_run(&clew).await;
    activities_are_told(&clew).await;
    rows_graph_and_text_are_one_query(&clew).await;
    explain_says_what_was_read(&clew).await;
    answers_are_files(&clew).await;
    bounds_of_several_files(&clew).await;
}

/// Facts of `alertlist.csv.gz`, whose alerts lie in files of several days.
async fn bounds_of_several_files(clew: &Clew) {
    let of = "SecurityAlert | where TimeGenerated between (datetime(2019-01-10) .. datetime(2019-01-16))";
    let bounds = json!(["2019-01-10T05:48:09.0000000Z", "2019-01-15T22:46:37.0000000Z"]);
    for text in [
        format!("{of} | summarize min(TimeGenerated), max(TimeGenerated)"),
        format!("{of} | summarize a = min(TimeGenerated), b = max(TimeGenerated), c = min(strlen(AlertName)) | project a, b"),
    ] {
        assert_eq!(kql(clew, &text).await["rows"][0], bounds, "{text}");
    }
}

/// Read, formatted, bound against the tables, with every part of its header.
async fn every_saved_query_is_sound(clew: &Clew) {
    let listed = clew.get("/v1/queries").await;
    assert_eq!(listed["problems"], json!({}));
    let mut counts = [0; 3];
    let mut ids = BTreeSet::new();
    for row in listed["value"].as_array().expect("queries") {
        let name = row["name"].as_str().expect("a name");
        let query = clew.get(&format!("/v1/queries/{}", encode(name))).await;
        let text = query["text"].as_str().expect("a text");
        let of_graph = text.lines().any(|line| line.starts_with("// graph:"));
        if !of_graph {
            assert_eq!(kql::format(text).expect("it is read").trim_end(), text.trim_end(), "{name} is formatted");
            let (_, remarks) = clew.post("/v1/query/check", &json!({"text": text})).await;
            assert_eq!(remarks["errors"], json!([]), "{name}");
        }
        for member in ["title", "question"] {
            assert_ne!(row[member], "", "{name} has a {member}");
        }
        assert!(row["tables"].as_array().is_some_and(|tables| !tables.is_empty()) || of_graph, "{name} names its tables");
        match row["purpose"].as_str() {
            Some("explore") => {
                counts[0] += usize::from(!of_graph);
                assert!(query["outputs"].as_array().is_some_and(|outputs| !outputs.is_empty()), "{name} says what it finds");
                assert!(of_graph || query["identifiers"].as_array().is_some_and(|sets| !sets.is_empty()), "{name} says what it needs");
            }
            Some("activity") => counts[1] += 1,
            _ => counts[2] += 1,
        }
        ids.insert(row["id"].as_str().expect("an id").to_owned());
    }
    assert!(counts[0] >= 60 && counts[1] >= 12 && counts[2] >= 12, "{counts:?}");
    let missing: Vec<_> = PUBLIC.iter().filter(|id| !ids.contains(**id)).collect();
    assert_eq!(missing, Vec::<&&str>::new());
}

async fn hunts_run(clew: &Clew) {
    let hunts = clew.get("/v1/queries?purpose=hunt").await;
    for hunt in hunts["value"].as_array().expect("hunts") {
        let name = hunt["name"].as_str().expect("a name");
        let found = kql(clew, &format!("explore('{name}')")).await;
        assert_eq!(found["complete"], json!(true), "{name}");
        assert!(found["columns"].as_array().is_some_and(|columns| columns.len() > 1), "{name}");
    }
    // A parameter of the hunt by its name; its default finds nothing in the future.
    assert_eq!(cell(clew, "explore('hunt/password-spray', begin=datetime(2100-01-01)) | count").await, json!(0));
    let (status, body) = clew.post("/v1/query", &json!({"text": "explore('hunt/password-spray', start=now())"})).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("kql_unknown_column")), "{body}");
}

async fn activities_are_told(clew: &Clew) {
    let entity = "account:adelev@m365x816222.onmicrosoft.com";
    let told = clew.get(&format!("/v1/activities?entity={}", encode(entity))).await;
    let items = told["value"].as_array().expect("items");
    assert!(!items.is_empty() && told["complete"] == json!(true), "{told}");
    let mut before = String::new();
    for item in items {
        let (first, last) = (item["first"].as_str().expect("a time"), item["last"].as_str().expect("a time"));
        assert!(first <= last && item["bucket_start"].as_str().expect("a time") <= first, "{item}");
        assert!(first >= before.as_str(), "oldest first");
        before = first.to_owned();
        assert!(!item["title"].as_str().expect("a title").contains("{{"), "{item}");
    }
    // The same rows, counted by the tables.
    let signins: u64 =
        items.iter().filter(|item| item["query"] == "activity/account/sign-ins").filter_map(|item| item["count"].as_u64()).sum();
    let rows = cell(clew, &format!("explore('activity/account/sign-ins', '{entity}') | count")).await;
    assert_eq!(json!(signins), rows);
}

async fn rows_graph_and_text_are_one_query(clew: &Clew) {
    let account = "account:adelev@m365x816222.onmicrosoft.com";
    let asked = clew.get(&format!("/v1/explore?entity={}&query=account/sign-in-addresses&limit=1000", encode(account))).await;
    let rows = kql(clew, &format!("explore('sign-in-addresses', '{account}')")).await;
    assert_eq!(rows["rows"], asked["table"]["rows"]);
    assert!(rows["rows"].as_array().is_some_and(|rows| !rows.is_empty()));
    let alerts = clew.get(&format!("/v1/explore?entity={}&query=related-alerts&limit=10000", encode(account))).await;
    let counted = cell(clew, &format!("explore('related-alerts', '{account}') | where Kind == 'alert' | count")).await;
    assert_eq!(counted, json!(alerts["table"]["rows"].as_array().map(Vec::len)));
    // From rows to the entities that they name, and on in the graph.
    let named = "SigninLogs | where IPAddress == '175.45.176.99' | evaluate entities()";
    let kinds = kql(clew, &format!("{named} | distinct EntityKind | sort by EntityKind asc")).await;
    let kinds: Vec<&str> = kinds["rows"].as_array().expect("rows").iter().filter_map(|row| row[0].as_str()).collect();
    assert!(kinds.contains(&"account") && kinds.contains(&"ip"), "{kinds:?}");
    let users = cell(clew, "SigninLogs | where IPAddress == '175.45.176.99' | summarize count_distinct(tolower(UserPrincipalName))").await;
    let found = cell(clew, &format!("{named} | where EntityKind == 'account' | summarize count_distinct(EntityId)")).await;
    assert_eq!(found, users, "one account for each user");
    let starts =
        cell(clew, "SigninLogs | where IPAddress == '175.45.176.99' | take 1 | evaluate expand(hops=2) | where Hops == 0 | count").await;
    let reached =
        kql(clew, "SigninLogs | where IPAddress == '175.45.176.99' | take 1 | evaluate expand(hops=2, kinds='account') | where Hops > 0")
            .await;
    assert!(starts.as_i64().is_some_and(|starts| starts >= 2), "{starts}");
    assert!(reached["rows"].as_array().is_some_and(|rows| !rows.is_empty() && rows.iter().all(|row| row[1] == "account")), "{reached}");
    // What a walk leaves out is said.
    let cut = kql(clew, "SigninLogs | evaluate expand(hops=3, limit=5)").await;
    assert_eq!((&cut["complete"], &cut["cut"]), (&json!(false), &json!("expand_limit")), "{cut}");
    // Text, then graph, then rows.
    let hits = "evaluate search('kind:alert logon')";
    let hosts = kql(clew, &format!("{hits} | evaluate expand(kinds='host') | where Kind == 'host' | project Node")).await;
    assert!(hosts["complete"].is_boolean(), "{hosts}");
    let direct = cell(clew, "neighbors('ip:175.45.176.99') | count").await;
    let joined =
        cell(clew, "neighbors('ip:175.45.176.99') | extend Node = Target | evaluate expand(hops=1) | where Hops == 0 | count").await;
    assert!(direct.as_i64() >= joined.as_i64(), "{direct} {joined}");
    let refused = clew.post("/v1/query", &json!({"text": "print 1 | evaluate expand()"})).await;
    assert_eq!(refused.0, StatusCode::BAD_REQUEST, "{}", refused.1);
}

async fn explain_says_what_was_read(clew: &Clew) {
    let plan = |text: &str| {
        let text = text.to_owned();
        async move {
            let (status, body) = clew.post("/v1/query", &json!({"text": text, "explain": true})).await;
            assert_eq!(status, StatusCode::OK, "{text}: {body}");
            body["rows"]
                .as_array()
                .expect("lines")
                .iter()
                .map(|row| row[0].as_str().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
                .join("\n")
        }
    };
    let whole = plan("SigninLogs | summarize count(), dcount(UserPrincipalName)").await;
    assert!(whole.contains("SigninLogs: ") && whole.contains(", 0 pruned"), "{whole}");
    let counted = plan("SigninLogs | count").await;
    assert!(counted.contains("SigninLogs: no file read; the log of the table counts "), "{counted}");
    // A constant in which a word stands is in every row, whatever the files hold.
    let rows = |text: &str| {
        let text = text.to_owned();
        async move { clew.post("/v1/query", &json!({"text": text})).await.1["rows"].clone() }
    };
    let every = rows("SigninLogs | count").await;
    assert_ne!(every, json!([[0]]));
    assert_eq!(rows("let said = 'zzqq'; SigninLogs | project IPAddress, a = said | where * has 'zzqq' | count").await, every);
    assert_eq!(rows("SigninLogs | project IPAddress | where * has 'zzqq' | count").await, json!([[0]]));
    let future = plan("SigninLogs | where TimeGenerated > datetime(2100-01-01) | project UserPrincipalName").await;
    assert!(future.contains("SigninLogs: 0 of ") && future.contains(" by time"), "{future}");
    let entity = plan("explore('sign-in-addresses', 'account:adelev@m365x816222.onmicrosoft.com')").await;
    assert!(entity.contains(" rows by the index of entities"), "{entity}");
    // Only the columns that the query reads are read.
    let columns = |plan: &str| -> Vec<u32> {
        let line = plan.lines().find(|line| line.contains("SigninLogs: ")).expect("a scan");
        line.rsplit("; ").next().unwrap_or_default().split(' ').filter_map(|word| word.parse().ok()).collect()
    };
    assert!(matches!(columns(&entity)[..], [read, all] if read < 10 && all > 20), "{entity}");
    let neighbours = "SigninLogs | sort by TimeGenerated asc, IPAddress asc | extend Before = prev(IPAddress), \
                      N = row_cumsum(1, UserPrincipalName != prev(UserPrincipalName)) | where Before != IPAddress | summarize count(), max(N)";
    let windows = plan(neighbours).await;
    assert!(matches!(columns(&windows)[..], [3, all] if all > 20), "{windows}");
    let narrow = neighbours.replace("SigninLogs |", "SigninLogs | project TimeGenerated, IPAddress, UserPrincipalName |");
    assert_eq!(rows(neighbours).await, rows(&narrow).await);
}

/// The answer of a query in a format, as bytes.
async fn file(clew: &Clew, body: &Value, accept: Option<&str>) -> (StatusCode, String, Vec<u8>) {
    let mut request = Request::post("/v1/query").header("content-type", "application/json");
    if let Some(accept) = accept {
        request = request.header("accept", accept);
    }
    let response = clew.router.clone().oneshot(request.body(Body::from(body.to_string())).expect("a request")).await.expect("an answer");
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let status = response.status();
    (status, kind, to_bytes(response.into_body(), usize::MAX).await.expect("a body").to_vec())
}

async fn answers_are_files(clew: &Clew) {
    use arrow::datatypes::{DataType, TimeUnit};
    let text = "SigninLogs | summarize Count = count(), First = min(TimeGenerated), Span = max(TimeGenerated) - min(TimeGenerated), \
                Some = make_set(Location) by UserPrincipalName | sort by UserPrincipalName asc";
    let json = kql(clew, text).await;
    let expected = ["string", "long", "datetime", "timespan", "dynamic"];
    let types = |schema: &arrow::datatypes::Schema| {
        let types: Vec<DataType> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
        assert!(matches!(
            types[..],
            [DataType::Utf8, DataType::Int64, DataType::Timestamp(TimeUnit::Microsecond, Some(_)), DataType::Duration(_), DataType::Utf8]
        ));
        let named: Vec<&str> = schema.fields().iter().map(|field| field.metadata()["kusto.type"].as_str()).collect();
        assert_eq!(named, expected);
    };
    let (status, kind, bytes) = file(clew, &json!({"text": text, "format": "arrow"}), None).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/vnd.apache.arrow.stream"));
    let reader = arrow::ipc::reader::StreamReader::try_new(bytes.as_slice(), None).expect("a stream");
    types(&reader.schema());
    let rows: usize = reader.map(|batch| batch.expect("a batch").num_rows()).sum();
    assert_eq!(Some(rows), json["rows"].as_array().map(Vec::len));
    let (status, kind, bytes) = file(clew, &json!({"text": text}), Some("application/vnd.apache.parquet")).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/vnd.apache.parquet"));
    let builder = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).expect("a file");
    types(builder.schema());
    let rows: usize = builder.build().expect("a reader").map(|batch| batch.expect("a batch").num_rows()).sum();
    assert_eq!(Some(rows), json["rows"].as_array().map(Vec::len));
    let sql = json!({"lang": "sql", "text": "SELECT UserPrincipalName, count(*) AS n FROM SigninLogs GROUP BY 1", "format": "parquet"});
    assert_eq!(file(clew, &sql, None).await.0, StatusCode::OK);
    let (status, _, body) = file(clew, &json!({"text": "print 1", "format": "xlsx"}), None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{}", String::from_utf8_lossy(&body));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_save_queries_and_functions() {
    let clew = Clew::new();
    let event = |n: u32, user: &str| {
        json!({"Type": "SigninLogs", "TimeGenerated": format!("2021-04-28T14:00:0{n}Z"), "IPAddress": "175.45.176.99", "UserPrincipalName": user,
               "ResultType": "0", "CorrelationId": format!("c{n}"), "OperationName": "Sign-in activity"})
    };
    let rows: String = [event(1, "bob@example.org"), event(2, "eve@example.org"), event(3, "eve@example.org")]
        .iter()
        .map(|row| format!("{row}\n"))
        .collect();
    clew.ingest_with(
        "SigninLogs.jsonl",
        rows,
        &clew::ingest::Options { table: Some("SigninLogs".into()), ..clew::ingest::Options::default() },
    );
    // A function, as Sentinel's saved functions: called by its name, with parameters and defaults.
    let body = json!({"parameters": "(user: string, least: long = 1)", "body": "SigninLogs | where UserPrincipalName has user | summarize n = count() by UserPrincipalName | where n >= least", "description": "sign-ins of a user"});
    let (status, saved) = clew.by("ann", "PUT", "/v1/functions/SignInsOf", body.clone()).await;
    assert_eq!(status, StatusCode::OK, "{saved}");
    assert_eq!(cell(&clew, "SignInsOf('eve') | project n").await, json!(2));
    assert_eq!(cell(&clew, "SignInsOf('bob', 2) | count").await, json!(0));
    let etag = saved["etag"].as_str().expect("an etag").to_owned();
    let (status, listed) = clew.try_get("/v1/functions").await;
    assert_eq!((status, &listed["value"][0]["name"], &listed["value"][0]["etag"]), (StatusCode::OK, &json!("SignInsOf"), &json!(etag)));
    for (path, body, code) in [
        ("/v1/functions/broken", json!({"body": "SigninLogs | wher x"}), "kql_operator_expected"),
        ("/v1/functions/bad%20name", json!({"body": "print 1"}), "name_invalid"),
        ("/v1/queries/own", json!({"text": "// input: planet\n// title: x\n\nprint 1"}), "exploration_invalid"),
        ("/v1/queries/own", json!({"text": "print 1"}), "exploration_invalid"),
    ] {
        let (status, answer) = clew.by("ann", "PUT", path, body).await;
        assert_eq!((status, &answer["error"]["code"]), (StatusCode::BAD_REQUEST, &json!(code)), "{path}: {answer}");
    }
    // An exploration of one's own, through the API and as a file; a file counts as soon as it is there.
    let text = "// title: Users of the address\n// question: Who signed in?\n// input: ip\n// output: account\n\ndeclare query_parameters(entity: dynamic);\nSigninLogs\n| where has_entity(_Entities, entity)\n| summarize Account_Aux_Count = count() by Account_UnstructuredName = UserPrincipalName\n| sort by Account_Aux_Count desc";
    let (status, saved) = clew.by("ann", "PUT", "/v1/queries/users-of", json!({"text": text})).await;
    assert_eq!(status, StatusCode::OK, "{saved}");
    let found = clew.get("/v1/explore?entity=ip:175.45.176.99&query=users-of").await;
    assert_eq!(found["table"]["rows"], json!([["eve@example.org", 2], ["bob@example.org", 1]]), "{found}");
    assert!(found["graph"]["nodes"].as_array().is_some_and(|nodes| nodes.len() == 3), "{found}");
    assert_eq!(cell(&clew, "explore('users-of', 'ip:175.45.176.99') | count").await, json!(2));
    let folder = clew.folder.path().join("queries/mine");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("first-user.kql"), text.replace("| sort by", "| top 1 by").replace("Users of", "First user of"))
        .expect("a file");
    assert_eq!(
        cell(&clew, "explore('mine/first-user', 'ip:175.45.176.99') | project Account_UnstructuredName").await,
        json!("eve@example.org")
    );
    std::fs::write(folder.join("broken.kql"), "// title: Broken\n\nSigninLogs | wher x").expect("a file");
    let listed = clew.get("/v1/queries?origin=file").await;
    assert_eq!(listed["value"].as_array().map(Vec::len), Some(1), "{listed}");
    assert!(listed["problems"]["mine/broken"].is_string(), "{listed}");
    // Deleted, nothing is left of them.
    for (path, text) in
        [("/v1/functions/SignInsOf", "SignInsOf('eve')"), ("/v1/queries/users-of", "explore('users-of', 'ip:175.45.176.99')")]
    {
        let (status, answer) = clew.by("ann", "DELETE", path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        let (status, answer) = clew.post("/v1/query", &json!({"text": text})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{text}: {answer}");
        assert_eq!(clew.by("ann", "DELETE", path, Value::Null).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

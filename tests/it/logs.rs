//! Query dialects: Log Analytics and Kusto on rows that the test brings, against the shapes that their clients read.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::Clew;

/// Three rows of a table of one's own, an hour and a day apart.
const ROWS: &str = r#"{"$table":"Signals_CL","TimeGenerated":"2024-01-01T00:00:00Z","Name":"a","Count":1,"Bag":{"k":[1,2]}}
{"$table":"Signals_CL","TimeGenerated":"2024-01-01T01:00:00.5Z","Name":"b","Count":2,"Bag":{"k":[]}}
{"$table":"Signals_CL","TimeGenerated":"2024-01-02T01:00:00Z","Name":"c","Count":3,"Bag":{"k":[3]}}
"#;

const WORKSPACE: &str = "/v1/workspaces/default/query";

fn with_rows() -> Clew {
    let clew = Clew::new();
    let report = clew.ingest_bytes("signals.json", ROWS);
    assert_eq!(report.new, 3, "{report:?}");
    clew
}

async fn logs(clew: &Clew, body: Value) -> Value {
    let (status, answer) = clew.post(WORKSPACE, &body).await;
    assert_eq!(status, StatusCode::OK, "{body}: {answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn log_analytics_answers_a_query_with_typed_columns_and_dynamic_cells_as_text() {
    let clew = with_rows();
    let text = "Signals_CL | where Name == 'a' | project Name, Count, Bag, TimeGenerated, span = 1d + 2h, r = 1.5, b = true, \
                g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), i = int(3), d = decimal(1.5), n = dynamic(null), s = dynamic('x')";
    let column = |name: &str, kind: &str| json!({"name": name, "type": kind});
    let expected = json!({"tables": [{
        "name": "PrimaryResult",
        "columns": [
            column("Name", "string"), column("Count", "long"), column("Bag", "dynamic"), column("TimeGenerated", "datetime"),
            column("span", "timespan"), column("r", "real"), column("b", "bool"), column("g", "guid"), column("i", "int"),
            column("d", "decimal"), column("n", "dynamic"), column("s", "dynamic"),
        ],
        "rows": [[
            "a", 1, "{\"k\":[1,2]}", "2024-01-01T00:00:00.0000000Z", "1.02:00:00", 1.5, true, "74be27de-1e4e-49d9-b579-fe0b331d3642", 3,
            "1.5", null, "x",
        ]],
    }]});
    assert_eq!(logs(&clew, json!({ "query": text })).await, expected);
    // The other addresses of the same query.
    let resource = "/subscriptions/s/resourcegroups/g/providers/Microsoft.Compute/virtualMachines/vm";
    for path in
        ["/workspaces/default/query", &format!("/v1{resource}/query"), &format!("{resource}/query"), "/V1/Workspaces/DEFAULT//QUERY"]
    {
        let (status, answer) = clew.post(path, &json!({ "query": text })).await;
        assert_eq!((status, &answer), (StatusCode::OK, &expected), "{path}");
    }
    let answer = clew.get("/v1/workspaces/default/query?query=Signals_CL%20%7C%20count&timespan=2024-01-01/PT90M").await;
    assert_eq!(answer["tables"][0]["rows"], json!([[2]]));
}

/// Queries in the context of a resource see the rows whose `_ResourceId` is that of the resource, or lies under it.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_by_resource_sees_the_rows_of_the_resource() {
    let clew = Clew::new();
    let id = |machine: &str| {
        format!(
            "/subscriptions/11111111-0000-0000-0000-000000000001/resourceGroups/Web/providers/Microsoft.Compute/virtualMachines/{machine}"
        )
    };
    let rows = [
        json!({"$table": "AzureActivity", "TimeGenerated": "2024-01-01T00:00:00Z", "_ResourceId": id("vm1"), "OperationNameValue": "own"}),
        json!({"$table": "AzureActivity", "TimeGenerated": "2024-01-01T00:01:00Z", "_ResourceId": id("VM1").to_uppercase(), "OperationNameValue": "case"}),
        json!({"$table": "AzureActivity", "TimeGenerated": "2024-01-01T00:02:00Z", "ResourceId": id("vm1") + "/extensions/x", "OperationNameValue": "under"}),
        json!({"$table": "AzureActivity", "TimeGenerated": "2024-01-01T00:03:00Z", "_ResourceId": id("vm12"), "OperationNameValue": "neighbour"}),
        json!({"$table": "AzureActivity", "TimeGenerated": "2024-01-01T00:04:00Z", "_ResourceId": id("vm_1"), "OperationNameValue": "pattern"}),
        json!({"$table": "Syslog", "TimeGenerated": "2024-01-01T00:05:00Z", "Computer": "vm1.contoso.com", "SyslogMessage": "by name"}),
        json!({"$table": "Syslog", "TimeGenerated": "2024-01-01T00:06:00Z", "Computer": "vm1.contoso.com", "_ResourceId": id("vm12"), "SyslogMessage": "of another group"}),
        json!({"$table": "Syslog", "TimeGenerated": "2024-01-01T00:07:00Z", "Computer": "vm10", "SyslogMessage": "other"}),
        json!({"$table": "Signals_CL", "TimeGenerated": "2024-01-01T00:08:00Z", "Name": "of nothing"}),
    ];
    let text: String = rows.iter().map(|row| row.to_string() + "\n").collect();
    assert_eq!(clew.ingest_bytes("rows.jsonl", text).new, rows.len() as u64);
    let ask = async |resource: &str, query: &str| {
        let (status, answer) = clew.post(&format!("/v1{resource}/query"), &json!({"query": query})).await;
        assert_eq!(status, StatusCode::OK, "{resource}: {answer}");
        let rows = answer["tables"][0]["rows"].as_array().expect("rows").clone();
        rows.into_iter().map(|row| row[0].as_str().expect("a text").to_owned()).collect::<Vec<_>>()
    };
    let operations = "AzureActivity | sort by TimeGenerated asc | project OperationNameValue";
    let messages = "Syslog | sort by TimeGenerated asc | project SyslogMessage";
    let (vm, group) = (id("vm1"), "/subscriptions/11111111-0000-0000-0000-000000000001/resourcegroups/web");
    assert_eq!(ask(&vm, operations).await, ["own", "case", "under"]);
    assert_eq!(ask(&vm, messages).await, ["by name"]);
    assert!(ask(&vm, "Signals_CL | project Name").await.is_empty());
    assert_eq!(ask(group, operations).await, ["own", "case", "under", "neighbour", "pattern"]);
    assert_eq!(ask(group, messages).await, ["of another group"]);
    // A workspace is a resource that has all rows, and one that nothing is known of stands for it.
    for whole in [
        format!("{group}/providers/Microsoft.OperationalInsights/workspaces/default"),
        "/subscriptions/22222222-0000-0000-0000-000000000001/resourceGroups/other".to_owned(),
    ] {
        assert_eq!(ask(&whole, messages).await, ["by name", "of another group", "other"], "{whole}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn time_spans_hold_back_rows_of_tables_in_every_form() {
    let clew = with_rows();
    let cases = [
        ("2024-01-01T00:00:00.000000Z/2024-01-01T23:00:00.000000Z", json!(["a", "b"])),
        ("2024-01-01T00:30:00Z/PT86400.0S", json!(["b"])),
        ("P1D/2024-01-02T01:00:00Z", json!(["b", "c"])),
        ("PT0.5S/2024-01-01T01:00:00.5Z", json!(["b"])),
        ("P7D", json!([])),
        ("P100Y", json!(["a", "b", "c"])),
    ];
    for (timespan, expected) in cases {
        let body = json!({"query": "Signals_CL | order by Name asc | summarize make_list(Name)", "timespan": timespan});
        let cell = logs(&clew, body).await["tables"][0]["rows"][0][0].clone();
        assert_eq!(cell, json!(expected.to_string()), "{timespan}");
    }
    // A window holds in unions, joins and sub-queries too; rows without a table have no time.
    let text = "let m = toscalar(Signals_CL | summarize max(Count)); union Signals_CL, Signals_CL | join kind=inner Signals_CL on Name \
                | summarize n = count(), m = max(m) | extend p = toscalar(print 7)";
    let answer = logs(&clew, json!({"query": text, "timespan": "2024-01-01/2024-01-01T02:00:00Z"})).await;
    assert_eq!(answer["tables"][0]["rows"], json!([[4, 2, 7]]));
    let (status, answer) = clew.post(WORKSPACE, &json!({"query": "print 1", "timespan": "a week"})).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("BadArgumentError")));
    assert_eq!(answer["error"]["innererror"]["code"], "timespan_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn log_analytics_places_mistakes_and_tells_their_kinds_apart() {
    let clew = with_rows();
    let cases = [
        ("Signals_CL | where (", "SYN0002", 1),
        ("Signals_CL\n| where Nam == 'a'", "SEM0100", 2),
        ("Nothing_CL | take 1", "SEM0100", 1),
        ("Signals_CL | frobnicate", "SYN0002", 1),
        ("", "SYN0002", 0),
    ];
    for (text, code, line) in cases {
        let (status, answer) = clew.post(WORKSPACE, &json!({ "query": text })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
        let error = &answer["error"];
        assert_eq!((&error["code"], &error["innererror"]["code"]), (&json!("BadArgumentError"), &json!(code)), "{text}: {answer}");
        assert_eq!(error["innererror"]["line"].as_u64().unwrap_or_default(), line, "{text}: {answer}");
        assert!(error["innererror"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_answer_each_query_for_itself_with_what_it_prefers() {
    let clew = with_rows();
    let request = |id: &str, query: &str, prefer: &str| {
        json!({"id": id, "body": {"query": query, "timespan": "2024-01-01/P1D"}, "headers": {"Prefer": prefer}, "workspace": "default",
               "path": "/query", "method": "POST"})
    };
    let body = json!({"requests": [
        request("1", "Signals_CL | count", "include-statistics=true,include-render=true"),
        request("b", "Signals_CL | nonsense", ""),
        request("3", "Signals_CL | summarize n = count() by Name | render piechart with (title='T')", "wait=10,include-render=true"),
    ]});
    for path in ["/v1/$batch", "/$batch"] {
        let (status, answer) = clew.post(path, &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let responses = answer["responses"].as_array().expect("responses");
        let heads: Vec<(&Value, &Value)> = responses.iter().map(|response| (&response["id"], &response["status"])).collect();
        assert_eq!(heads, [(&json!("1"), &json!(200)), (&json!("b"), &json!(400)), (&json!("3"), &json!(200))]);
        assert_eq!(responses[0]["body"]["tables"][0]["rows"], json!([[2]]));
        assert_eq!(responses[0]["body"]["statistics"]["query"]["datasetStatistics"][0]["tableRowCount"], 1);
        assert_eq!(responses[0]["body"]["render"]["visualization"], Value::Null);
        assert_eq!(responses[1]["body"]["error"]["innererror"]["code"], "SYN0002");
        assert!(responses[1]["body"].get("tables").is_none());
        let render = &responses[2]["body"]["render"];
        assert_eq!((&render["visualization"], &render["title"]), (&json!("piechart"), &json!("T")));
        assert!(responses[2]["body"].get("statistics").is_none());
    }
    let (status, _) = clew.post("/v1/$batch", &json!({"requests": []})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, answer) = clew.try_get("/v1/workspaces/default/nothing").await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::NOT_FOUND, &json!("PathNotFoundError")));
}

/// The primary results of Kusto frames: name and rows.
fn primary(frames: &Value) -> Vec<(&Value, &Value)> {
    let frames = frames.as_array().expect("frames");
    frames.iter().filter(|frame| frame["TableKind"] == "PrimaryResult").map(|frame| (&frame["TableName"], &frame["Rows"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn kusto_answers_in_frames_with_dynamic_cells_as_json() {
    let clew = with_rows();
    let body = json!({"db": "any", "csl": "Signals_CL | where Name == 'a' | project Name, Bag, TimeGenerated"});
    let (status, frames) = clew.post("/v2/rest/query", &body).await;
    assert_eq!(status, StatusCode::OK, "{frames}");
    let kinds: Vec<&Value> =
        frames.as_array().expect("frames").iter().map(|frame| frame.get("TableKind").unwrap_or(&frame["FrameType"])).collect();
    let expected = ["DataSetHeader", "QueryProperties", "PrimaryResult", "QueryCompletionInformation", "DataSetCompletion"];
    assert_eq!(kinds, expected);
    assert_eq!(frames[0], json!({"FrameType": "DataSetHeader", "IsProgressive": false, "Version": "v2.0"}));
    assert_eq!(
        frames[2],
        json!({
            "FrameType": "DataTable", "TableId": 1, "TableKind": "PrimaryResult", "TableName": "PrimaryResult",
            "Columns": [
                {"ColumnName": "Name", "ColumnType": "string"}, {"ColumnName": "Bag", "ColumnType": "dynamic"},
                {"ColumnName": "TimeGenerated", "ColumnType": "datetime"},
            ],
            "Rows": [["a", {"k": [1, 2]}, "2024-01-01T00:00:00.0000000Z"]],
        })
    );
    assert_eq!(frames[4], json!({"FrameType": "DataSetCompletion", "HasErrors": false, "Cancelled": false}));
    let (_, frames) =
        clew.post("/v2/rest/query", &json!({"db": "d", "csl": "Signals_CL | fork x=(count) y=(take 0 | project Name)"})).await;
    assert_eq!(primary(&frames), [(&json!("x"), &json!([[3]])), (&json!("y"), &json!([]))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn kusto_takes_parameters_and_options_as_a_json_string() {
    let clew = with_rows();
    let properties = |options: Value, parameters: Value| json!({"Options": options, "Parameters": parameters}).to_string();
    let text =
        "declare query_parameters(n: long, t: datetime, s: string); Signals_CL | where Count >= n and TimeGenerated >= t | project Name, s";
    let values = json!({"n": "long(2)", "t": "datetime(2024-01-01)", "s": "long(2)"});
    let (_, frames) = clew.post("/v2/rest/query", &json!({"db": "d", "csl": text, "properties": properties(json!({}), values)})).await;
    assert_eq!(primary(&frames)[0].1, &json!([["b", "long(2)"], ["c", "long(2)"]]), "{frames}");
    let scope = json!({"query_datetimescope_from": "2024-01-01T00:30:00Z", "query_datetimescope_to": "2024-01-01T02:00:00Z",
                       "query_now": "2024-02-01T00:00:00Z"});
    let body = json!({"db": "d", "csl": "Signals_CL | project Name, now()", "properties": properties(scope, json!({}))});
    let (_, frames) = clew.post("/v2/rest/query", &body).await;
    assert_eq!(primary(&frames)[0].1, &json!([["b", "2024-02-01T00:00:00.0000000Z"]]));
    // A cut answer carries its error behind the rows, or at its end only.
    for (defers, rows) in [(false, 3), (true, 2)] {
        let options = json!({"truncationmaxrecords": 2, "deferpartialqueryfailures": defers});
        let body = json!({"db": "d", "csl": "Signals_CL | project Name", "properties": properties(options, json!({}))});
        let (status, frames) = clew.post("/v2/rest/query", &body).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(primary(&frames)[0].1.as_array().map(Vec::len), Some(rows), "{frames}");
        let end = &frames[4];
        assert_eq!((&end["HasErrors"], &end["OneApiErrors"][0]["error"]["code"]), (&json!(true), &json!("LimitsExceeded")));
    }
    let (status, answer) = clew.post("/v2/rest/query", &json!({"db": "d", "csl": "print 1", "properties": "{"})).await;
    assert_eq!((status, &answer["error"]["@permanent"]), (StatusCode::BAD_REQUEST, &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn kusto_errors_say_what_they_are() {
    let clew = with_rows();
    let cases = [("Nothing | take 1", "Semantic error: SEM0100: "), ("Signals_CL | where (", "Syntax error: SYN0002: ")];
    for (text, begin) in cases {
        let (status, answer) = clew.post("/v2/rest/query", &json!({"db": "d", "csl": text})).await;
        assert_eq!((status, &answer["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("General_BadRequest")), "{answer}");
        assert!(answer["error"]["@message"].as_str().is_some_and(|message| message.starts_with(begin)), "{answer}");
        assert_eq!((&answer["error"]["@permanent"], answer["error"]["@context"].is_object()), (&json!(true), true));
    }
    let (status, answer) = clew.post("/v1/rest/mgmt", &json!({"db": "d", "csl": ".drop table Signals_CL"})).await;
    assert_eq!((status, &answer["error"]["@permanent"]), (StatusCode::BAD_REQUEST, &json!(true)), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kusto_commands_show_tables_and_schemas() {
    let clew = with_rows();
    let show = async |text: &str| {
        let (status, answer) = clew.post("/v1/rest/mgmt", &json!({"db": "default", "csl": text})).await;
        assert_eq!(status, StatusCode::OK, "{text}: {answer}");
        answer["Tables"][0].clone()
    };
    let rows = |table: &Value| table["Rows"].as_array().cloned().unwrap_or_default();
    assert!(rows(&show(".show tables").await).contains(&json!(["Signals_CL", "default", "", ""])));
    assert_eq!(rows(&show(".show databases").await)[0][0], "default");
    assert_eq!(rows(&show(".show version").await)[0][2], "Engine");
    assert_eq!(rows(&show(".show tables | where TableName == 'Signals_CL' | count").await), [json!([1])]);
    let schema = rows(&show(".show table ['Signals_CL'] schema as json").await)[0][1].as_str().map(str::to_owned).unwrap_or_default();
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let columns: Vec<(&Value, &Value)> =
        schema["OrderedColumns"].as_array().expect("columns").iter().map(|column| (&column["Name"], &column["CslType"])).collect();
    for (name, kind) in [("Name", "string"), ("Count", "long"), ("Bag", "dynamic"), ("TimeGenerated", "datetime")] {
        assert!(columns.contains(&(&json!(name), &json!(kind))), "{name}: {columns:?}");
    }
    let whole = rows(&show(".show database schema as json").await)[0][0].as_str().map(str::to_owned).unwrap_or_default();
    let whole: Value = serde_json::from_str(&whole).expect("JSON");
    assert!(whole["Databases"]["default"]["Tables"]["Signals_CL"]["OrderedColumns"].is_array());
    for text in [
        ".show cluster",
        ".show schema",
        ".show tables details",
        ".show table Signals_CL cslschema",
        ".show functions",
        ".show databases entities",
    ] {
        show(text).await;
    }
    // Version 1 of a query ends with a table of contents.
    let (_, answer) = clew.post("/v1/rest/query", &json!({"db": "d", "csl": "Signals_CL | count"})).await;
    let tables = answer["Tables"].as_array().expect("tables");
    assert_eq!((tables.len(), &tables[0]["Rows"]), (4, &json!([[3]])));
    assert_eq!(tables[0]["Columns"], json!([{"ColumnName": "Count", "DataType": "Int64", "ColumnType": "long"}]));
    let kinds: Vec<&Value> = tables[3]["Rows"].as_array().expect("rows").iter().map(|row| &row[1]).collect();
    assert_eq!(kinds, ["QueryResult", "QueryProperties", "QueryStatus"]);
    let (status, answer) = clew.post("/v1/rest/mgmt", &json!({"db": "d", "csl": ".show table Nothing"})).await;
    assert!(
        status == StatusCode::BAD_REQUEST && answer["error"]["@message"].as_str().is_some_and(|text| text.contains("SEM0100")),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn graph_lists_changes_and_hunts() {
    let clew = Clew::new();
    clew.ingest(&crate::support::data("graph-alerts-v2/alert_v2.json"));
    clew.ingest(&crate::support::data("graph-alerts-v2/graph_incidents_list.json"));
    let list = clew.get("/v1.0/security/incidents?$filter=status%20eq%20'active'&$count=true&$orderby=createdDateTime%20desc").await;
    let incident = list["value"].as_array().expect("items").iter().find(|item| item["id"] == "12345").expect("the active incident");
    assert_eq!(
        (&incident["severity"], &incident["status"], &incident["classification"]),
        (&json!("medium"), &json!("active"), &json!("unknown"))
    );
    assert!(list["value"].as_array().is_some_and(|items| items.iter().all(|item| item["id"] != "12346")), "the other one is resolved");
    assert_eq!(list["@odata.count"].as_u64(), list["value"].as_array().map(|items| items.len() as u64));
    // Pages hold each item once.
    let mut seen = Vec::new();
    let mut path = "/v1.0/security/incidents?$top=1".to_owned();
    loop {
        let page = clew.get(&path).await;
        seen.extend(page["value"].as_array().expect("items").iter().map(|item| item["id"].to_string()));
        let Some(next) = page["@odata.nextLink"].as_str() else { break };
        path = next.split_once("8080").map(|(_, path)| path.to_owned()).expect("the address that was asked");
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert!(seen.len() == count && count >= 2, "{seen:?}");
    let change = json!({"status": "resolved", "classification": "truePositive", "determination": "phishing", "assignedTo": "ann@contoso.com", "customTags": ["x"]});
    let (status, changed) = clew.by("ann", "PATCH", "/v1.0/security/incidents/12345", change).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    let words = ["status", "classification", "assignedTo"].map(|name| changed[name].as_str().unwrap_or_default().to_owned());
    assert_eq!(words, ["resolved", "truePositive", "ann@contoso.com"]);
    let (_, changed) = clew.by("ann", "PATCH", "/v1.0/security/incidents/12345", json!({"status": "active"})).await;
    assert_eq!(changed["status"], "active");
    // Why it was opened again stands in the activity log, not in a comment that nobody wrote.
    assert!(!changed["comments"].to_string().contains("Opened again"), "{changed}");
    let log = clew.get("/v1/incidents/12345/activity").await;
    assert_eq!(log["value"][0]["comment"], "Opened again through the security API of Microsoft Graph.", "{log}");
    let (status, comments) = clew.by("ann", "POST", "/v1.0/security/incidents/12345/comments", json!({"comment": "seen"})).await;
    assert_eq!(
        (status, comments["value"].as_array().and_then(|list| list.last()).map(|one| &one["comment"])),
        (StatusCode::OK, Some(&json!("seen")))
    );
    let (status, answer) = clew.by("ann", "PATCH", "/v1.0/security/incidents/12345", json!({"status": "asleep"})).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("BadRequest")));

    let id = "da637551227677560813_-961444813";
    let alerts = clew
        .get("/v1.0/security/alerts_v2?$filter=severity%20eq%20'low'%20and%20serviceSource%20eq%20'microsoftDefenderForEndpoint'")
        .await;
    let alert = alerts["value"].as_array().expect("items").iter().find(|item| item["id"] == id).expect("the alert");
    assert_eq!((&alert["status"], &alert["detectionSource"], &alert["incidentId"]), (&json!("new"), &json!("antivirus"), &json!("28282")));
    assert_eq!(alert["evidence"][0]["@odata.type"], "#microsoft.graph.security.deviceEvidence");
    let (status, changed) = clew
        .by("ann", "PATCH", &format!("/v1.0/security/alerts_v2/{id}"), json!({"status": "inProgress", "assignedTo": "ann@contoso.com"}))
        .await;
    assert_eq!(
        (status, &changed["status"], &changed["assignedTo"]),
        (StatusCode::OK, &json!("inProgress"), &json!("ann@contoso.com")),
        "{changed}"
    );
    assert_eq!(changed["evidence"], alert["evidence"]);
    let with = clew.get("/v1.0/security/incidents/28282?$expand=alerts").await;
    assert_eq!(with["alerts"][0]["id"], id);
    let (status, _) = clew.try_get("/v1.0/security/alerts_v2/none").await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    for path in ["/v1.0/security/runHuntingQuery", "/v1.0/security/microsoft.graph.security.runHuntingQuery"] {
        let (status, answer) = clew
            .post(
                path,
                &json!({"Query": "SecurityAlert | summarize n = dcount(SystemAlertId) by DisplayName | take 1", "Timespan": "P100Y"}),
            )
            .await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(answer["schema"], json!([{"name": "DisplayName", "type": "String"}, {"name": "n", "type": "Int64"}]));
        assert_eq!(answer["results"][0]["n"], 1);
    }
    let hunt = json!({"query": "SecurityAlert | where Timestamp > datetime(2020-01-01) and Timestamp == TimeGenerated | count"});
    let (status, answer) = clew.post("/v1.0/security/runHuntingQuery", &hunt).await;
    assert_eq!((status, answer["results"][0]["Count"].as_u64() > Some(0)), (StatusCode::OK, true), "{answer}");
}

/// A workspace is an engine of its own: a query of one must never answer for another in silence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_reads_the_one_workspace_that_it_names() {
    let clew = Clew::new();
    let named = |list: &Value| -> Vec<String> {
        let items = list["value"].as_array().expect("a list").iter();
        items.map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
    };
    let list = "/subscriptions/s/providers/Microsoft.OperationalInsights/workspaces";
    assert_eq!(named(&clew.get(list).await), ["default"]);
    // As long as there is one workspace, every name is its name.
    let query = |workspaces: Value| json!({"query": "print 1", "workspaces": workspaces});
    assert_eq!(clew.post("/v1/workspaces/any/query", &query(json!(["other"]))).await.0, StatusCode::OK);
    assert_eq!(clew.post("/v1/workspaces", &json!({"name": "case"})).await.0, StatusCode::OK);
    assert_eq!(named(&clew.get(list).await), ["case", "default"]);
    let solutions = clew.get("/subscriptions/s/providers/Microsoft.OperationsManagement/solutions").await;
    assert_eq!(named(&solutions), ["SecurityInsights(case)", "SecurityInsights(default)"]);
    for (workspaces, status) in [
        (json!([]), StatusCode::OK),
        (json!(["default"]), StatusCode::OK),
        (json!(["case"]), StatusCode::OK),
        (json!(["default", "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/Case"]), StatusCode::OK),
        (json!(["nowhere"]), StatusCode::NOT_FOUND),
    ] {
        let (found, answer) = clew.post("/v1/workspaces/default/query", &query(workspaces.clone())).await;
        assert_eq!(found, status, "{workspaces}: {answer}");
    }
    // Each query of a batch is answered in the workspace that it names.
    let (status, _) = clew.by("ana", "POST", "/w/case/v1/incidents", json!({"id": "i1", "title": "t"})).await;
    assert_eq!(status, StatusCode::OK);
    let ask = |workspace: &str| json!({"id": workspace, "workspace": workspace, "method": "POST", "path": "/query", "body": {"query": "Incidents | count"}});
    for (workspace, count) in [("case", 1), ("default", 0)] {
        let (status, answer) = clew.post("/v1/$batch", &json!({"requests": [ask(workspace)]})).await;
        assert_eq!((status, &answer["responses"][0]["body"]["tables"][0]["rows"]), (StatusCode::OK, &json!([[count]])), "{answer}");
    }
    let (status, answer) = clew.post("/v1/$batch", &json!({"requests": [ask("case"), ask("default"), ask("nowhere")]})).await;
    let seen: Vec<(&Value, &Value)> = answer["responses"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|response| (&response["status"], &response["body"]["tables"][0]["rows"]))
        .collect();
    assert_eq!(status, StatusCode::OK);
    assert_eq!(seen, [(&json!(200), &json!([[1]])), (&json!(200), &json!([[0]])), (&json!(404), &Value::Null)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_reads_the_workspaces_that_it_names() {
    let clew = Clew::new();
    assert_eq!(clew.post("/v1/workspaces", &json!({"name": "case"})).await.0, StatusCode::OK);
    let ingest = async |base: &str, row: Value| {
        let (status, report) = clew.by("ana", "POST", &format!("{base}/v1/ingest?source=x"), row).await;
        assert_eq!((status, &report["new"]), (StatusCode::OK, &json!(1)), "{report}");
    };
    ingest("", json!({"$table": "Signals_CL", "TimeGenerated": "2024-01-01T00:00:00Z", "Name": "own", "Level": 3})).await;
    let other = json!({"$table": "Signals_CL", "TimeGenerated": "2024-01-02T00:00:00Z", "Name": "other", "Level": 4, "Extra": "e"});
    ingest("/w/case", other).await;
    ingest("/w/case", json!({"$table": "Only_CL", "TimeGenerated": "2024-01-02T00:00:00Z", "Name": "there"})).await;
    let ask = async |body: Value| {
        let (status, answer) = clew.post("/v1/workspaces/default/query", &body).await;
        assert_eq!(status, StatusCode::OK, "{body}: {answer}");
        answer["tables"][0]["rows"].clone()
    };
    let all = "Signals_CL | sort by Name asc | project Name, Level, Extra = tostring(column_ifexists('Extra', ''))";
    assert_eq!(ask(json!({"query": all})).await, json!([["own", 3, ""]]));
    assert_eq!(ask(json!({"query": all, "workspaces": ["case", "CASE", "default"]})).await, json!([["other", 4, "e"], ["own", 3, ""]]));
    assert_eq!(ask(json!({"query": "Only_CL | project Name", "workspaces": ["case"]})).await, json!([["there"]]));
    assert_eq!(ask(json!({"query": "workspace('case').Signals_CL | project Name"})).await, json!([["other"]]));
    assert_eq!(ask(json!({"query": "workspace(\"default\").Signals_CL | project Name"})).await, json!([["own"]]));
    let both = "union Signals_CL, workspace('case').Signals_CL, workspace('case').Only_CL | where Level > 3 or isnull(Level) | summarize make_set(Name) | project tostring(array_sort_asc(set_Name))";
    assert_eq!(ask(json!({"query": both})).await, json!([[r#"["other","there"]"#]]));
    // A number that is whole here and not there is a number in both.
    ingest("", json!({"$table": "Sizes_CL", "TimeGenerated": "2024-01-01T00:00:00Z", "Size": 1})).await;
    ingest("/w/case", json!({"$table": "Sizes_CL", "TimeGenerated": "2024-01-01T00:00:00Z", "Size": 2.5})).await;
    let sizes = json!({"query": "Sizes_CL | where Size > 0 | summarize sum(Size)", "workspaces": ["case"]});
    assert_eq!(ask(sizes).await, json!([[3.5]]));
    // The window of the request and filters hold in each.
    let windowed = json!({"query": "Signals_CL | where Level >= 3 | project Name", "workspaces": ["case"], "timespan": "2024-01-02/P1D"});
    assert_eq!(ask(windowed).await, json!([["other"]]));
    // By resource and in the words of older clients.
    let resource = "/v1/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm/query";
    let (_, answer) = clew.post(resource, &json!({"query": "Signals_CL | count", "workspaceIds": ["case"]})).await;
    assert_eq!(answer["tables"][0]["rows"], json!([[2]]), "{answer}");
    let got = clew.get(&format!("{WORKSPACE}?query=workspace('case').Signals_CL%20%7C%20project%20Name")).await;
    assert_eq!(got["tables"][0]["rows"], json!([["other"]]), "the address names it as a body does");
    let (status, got) = clew.try_get(&format!("{WORKSPACE}?query=workspace('nowhere').Signals_CL")).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{got}");
    // The native query reads them too, and no name is taken for the present workspace.
    for (text, rows) in [
        ("workspace('case').Signals_CL | project Name", json!([["other"]])),
        ("database('case').Signals_CL | project Name", json!([["other"]])),
        ("workspace('default').Signals_CL | project Name", json!([["own"]])),
        ("cluster('clew').database('default').Signals_CL | project Name", json!([["own"]])),
        ("alias database D = workspace('case'); database('D').Only_CL | project Name", json!([["there"]])),
        (
            "macro-expand entity_group [workspace('default'), workspace('case')] as W (W.Signals_CL | project Name) | sort by Name asc",
            json!([["other"], ["own"]]),
        ),
        (
            "macro-expand isfuzzy=true entity_group [workspace('nowhere'), workspace('case')] as W (W.Only_CL | project Name)",
            json!([["there"]]),
        ),
    ] {
        let (status, answer) = clew.post("/v1/query", &json!({"text": text})).await;
        assert_eq!((status, &answer["rows"]), (StatusCode::OK, &rows), "{text}: {answer}");
        let (_, answer) = clew.post("/v1/query/check", &json!({"text": text})).await;
        let mistaken = answer["errors"].as_array().expect("remarks").iter().any(|remark| remark["severity"] == "error");
        assert!(!mistaken, "{text}: {answer}");
    }
    for text in [
        "workspace('nowhere').Signals_CL",
        "database('nowhere').Signals_CL",
        "cluster('nowhere').database('default').Signals_CL",
        "cluster('clew').database('nowhere').Signals_CL",
        "union database('nowhere').Sig*",
        "database('nowhere').f(1)",
    ] {
        let (_, answer) = clew.post("/v1/query", &json!({"text": text})).await;
        assert_eq!(answer["error"]["code"], "kql_unknown_workspace", "{text}: {answer}");
    }
    for text in ["workspace('nowhere').Signals_CL", "workspace('case').Nothing_CL"] {
        let (status, answer) = clew.post("/v1/workspaces/default/query", &json!({"query": text})).await;
        assert!(status.is_client_error(), "{text}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_job_is_a_table_that_queries_name() {
    let clew = with_rows();
    let base = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/default/tables";
    let job = |from: &str, limit: u64| {
        json!({"properties": {"searchResults": {"query": "Signals_CL | where Count > 0 | project Name", "limit": limit,
            "startSearchTime": from, "endSearchTime": "2024-01-03T00:00:00+00:00"}}})
    };
    let path = format!("{base}/hunt_SRCH?api-version=2021-12-01-preview");
    let (status, made) = clew.by("ana", "PUT", &path, job("2024-01-01T00:30:00+00:00", 10)).await;
    assert_eq!((status, &made["properties"]["provisioningState"]), (StatusCode::CREATED, &json!("Succeeded")), "{made}");
    assert_eq!(clew.get(&path).await["properties"]["searchResults"]["startSearchTime"], "2024-01-01T00:30:00.0000000Z");
    let rows = async |text: &str| logs(&clew, json!({ "query": text })).await["tables"][0]["rows"].clone();
    assert_eq!(rows("hunt_SRCH | sort by Name asc").await, json!([["b"], ["c"]]));
    assert_eq!(clew.by("ana", "PUT", &path, job("2024-01-01T00:00:00Z", 1)).await.0, StatusCode::OK);
    assert_eq!(rows("hunt_SRCH | count").await, json!([[1]]));
    // One job in whatever writing; a function of somebody else is left alone.
    let (status, answer) = clew.by("ana", "PUT", "/v1/functions/HUNT_SRCH", json!({"body": "print x = 42"})).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let upper = format!("{base}/HUNT_SRCH?api-version=2021-12-01-preview");
    let (status, again) = clew.by("ana", "PUT", &upper, job("2024-01-01T00:00:00Z", 1)).await;
    assert_eq!((status, &again["name"]), (StatusCode::OK, &json!("hunt_SRCH")));
    assert_eq!(rows("HUNT_SRCH").await, json!([[42]]));
    // Beside the tables that hold rows, with their columns.
    let tables = clew.get(&format!("{base}?api-version=2021-12-01-preview")).await;
    let named: Vec<&str> = tables["value"].as_array().expect("a list").iter().filter_map(|table| table["name"].as_str()).collect();
    assert!(named.contains(&"Signals_CL") && named.contains(&"hunt_SRCH"), "{named:?}");
    let columns = clew.get(&format!("{base}/signals_cl")).await["properties"]["schema"]["columns"].clone();
    assert!(columns.as_array().is_some_and(|columns| columns.iter().any(|column| column["name"] == "Count" && column["type"] == "long")));
    // Tables of the vendor's have theirs under another name.
    let schema = clew.get(&format!("{base}/SecurityAlert")).await["properties"]["schema"].clone();
    let id = json!({"name": "SystemAlertId", "type": "string", "isDefaultDisplay": false});
    assert!(
        schema["standardColumns"].as_array().is_some_and(|columns| columns.contains(&id)) && schema["columns"] == json!([]),
        "{schema}"
    );
    let cases = [
        ("PUT", format!("{base}/hunt_CL"), job("2024-01-01T00:00:00Z", 1), 400),
        ("PUT", path.clone(), job("2025-01-01T00:00:00Z", 1), 400),
        ("PUT", path.clone(), job("2024-01-01T00:00:00Z", 0), 400),
        ("PUT", path.clone(), json!({"properties": {}}), 400),
        ("DELETE", format!("{base}/Signals_CL"), Value::Null, 400),
        ("GET", format!("{base}/nothing"), Value::Null, 404),
        ("DELETE", path.clone(), Value::Null, 204),
        ("DELETE", path.clone(), Value::Null, 204),
        ("GET", path.clone(), Value::Null, 404),
    ];
    for (method, path, body, expected) in cases {
        let (status, answer) = clew.by("ana", method, &path, body).await;
        assert_eq!(status.as_u16(), expected, "{method} {path}: {answer}");
    }
    let (status, _) = clew.post(WORKSPACE, &json!({"query": "hunt_SRCH | count"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "the table went with its job");
}

/// Tables of the field show what their rows said, where the model keeps less.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_keep_the_words_of_their_source() {
    let clew = Clew::new();
    let documents = [
        json!({"Type": "SecurityAlert", "SystemAlertId": "a1", "AlertName": "Rule A", "DisplayName": "Rule A: bob", "AlertSeverity": "Low", "ProviderName": "P",
            "TimeGenerated": "2024-05-02T00:00:05Z", "ProcessingEndTime": "2024-05-02T00:00:07Z", "TenantId": "t1", "Score_d": 7,
            "ExtendedProperties": "{\"process id\":\"0x10\"}", "ExtendedLinks": "[{\"Href\":\"https://x.example\"}]",
            "Entities": "[{\"$id\":\"3\",\"HostName\":\"h1\",\"Type\":\"host\"},{\"$id\":\"4\",\"Name\":\"bob\",\"Host\":{\"$ref\":\"3\"},\"Type\":\"account\"}]"}),
        json!({"Type": "SecurityIncident", "IncidentName": "i1", "IncidentNumber": 5, "Title": "T", "Severity": "Low", "Status": "New", "TenantId": "t1",
            "LastModifiedTime": "2024-05-02T01:00:00Z", "FirstModifiedTime": "2024-05-02T00:30:00Z", "RelatedAnalyticRuleIds": ["r1"], "BookmarkIds": ["b1"],
            "AdditionalData": {"alertsCount": 1, "tactics": ["Execution"]}, "AlertIds": ["a1"]}),
        json!({"Type": "AlertInfo", "Timestamp": "2024-05-02T00:00:00Z", "AlertId": "da1", "Title": "X", "Severity": "High", "Category": "Malware",
            "ServiceSource": "Microsoft Defender for Endpoint", "DetectionSource": "EDR"}),
        json!({"Type": "AlertEvidence", "Timestamp": "2024-05-02T00:00:00Z", "AlertId": "da1", "Title": "X", "EntityType": "Machine", "EvidenceRole": "Impacted",
            "ServiceSource": "Microsoft Defender for Endpoint", "DeviceId": "d1", "DeviceName": "ws1.contoso.com", "RemoteIP": "9.9.9.9"}),
    ];
    let lines: Vec<String> = documents.iter().map(Value::to_string).collect();
    assert_eq!(clew.ingest_bytes("rows.jsonl", lines.join("\n")).rejected, 0);
    let cases = [
        (
            "SecurityAlert | where SystemAlertId == 'a1' | project AlertName, DisplayName, ProcessingEndTime, TenantId, Score_d, ExtendedProperties, ExtendedLinks, \
             Host = tostring(parse_json(Entities)[1].Host['$ref']), Id = tostring(parse_json(Entities)[0]['$id'])",
            json!([[
                "Rule A",
                "Rule A: bob",
                "2024-05-02T00:00:07.0000000Z",
                "t1",
                7,
                "{\"process id\":\"0x10\"}",
                "[{\"Href\":\"https://x.example\"}]",
                "3",
                "3"
            ]]),
        ),
        (
            "SecurityIncident | project FirstModifiedTime, RelatedAnalyticRuleIds, BookmarkIds, TenantId, tactics = AdditionalData.tactics, \
             nested = isnotnull(AdditionalData.AdditionalData)",
            json!([["2024-05-02T00:30:00.0000000Z", ["r1"], ["b1"], "t1", ["Execution"], false]]),
        ),
        ("AlertInfo | project AlertId, Title, Category", json!([["da1", "X", "Malware"]])),
        (
            "AlertEvidence | where EntityType == 'Machine' | project EvidenceRole, DeviceId, DeviceName, RemoteIP",
            json!([["Impacted", "d1", "ws1.contoso.com", "9.9.9.9"]]),
        ),
    ];
    for (text, expected) in cases {
        let (status, answer) = clew.post("/v1/query", &json!({"text": text})).await;
        assert_eq!((status, &answer["rows"]), (StatusCode::OK, &expected), "{text}: {answer}");
    }
}

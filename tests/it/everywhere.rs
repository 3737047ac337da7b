//! Questions to all tables at once, tables under both names of their time, and files beside the tables.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use clew::datasets;
use clew::engine::Options;
use clew::ingest;
use serde_json::{Value, json};

use crate::support::Clew;

async fn ask(clew: &Clew, text: &str) -> Value {
    let (status, body) = clew.post("/v1/query", &json!({"text": text})).await;
    assert_eq!(status, StatusCode::OK, "{text}: {body}");
    body
}

async fn rows(clew: &Clew, text: &str) -> Vec<Vec<Value>> {
    serde_json::from_value(ask(clew, text).await["rows"].clone()).expect("rows")
}

async fn count(clew: &Clew, text: &str) -> u64 {
    rows(clew, &format!("{text} | count")).await[0][0].as_u64().expect("a number")
}

/// Names with numbers, as `summarize n = count() by name` gives them.
async fn counts(clew: &Clew, text: &str) -> BTreeMap<String, u64> {
    let row = |row: Vec<Value>| (row[0].as_str().unwrap_or_default().to_owned(), row[1].as_u64().unwrap_or_default());
    rows(clew, text).await.into_iter().map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_tables_at_once() {
    let clew = Clew::new();
    for dataset in datasets::ALL.iter().filter(|dataset| dataset.name == "training-lab") {
        for (name, bytes) in dataset.files {
            clew.ingest_bytes(name, *bytes);
        }
    }
    let clew = Clew::open(clew.close(), Options::default());
    let listed = clew.get("/v1/tables").await;
    let full = listed["value"].as_array().expect("tables").iter().filter(|table| table["rows"].as_u64() > Some(0));
    let full: BTreeMap<String, u64> =
        full.map(|table| (table["name"].as_str().unwrap_or_default().to_owned(), table["rows"].as_u64().unwrap_or_default())).collect();
    assert!(full.len() > 5, "{full:?}");

    let (mut found, mut own) = (BTreeMap::new(), 0);
    for table in full.keys() {
        own += clew.get(&format!("/v1/tables/{table}")).await["columns"].as_array().expect("columns").len() as u64;
        match count(&clew, &format!("{table} | search 'user'")).await {
            0 => {}
            rows => drop(found.insert(table.clone(), rows)),
        }
    }
    assert!(found.len() > 2, "{found:?}");
    assert_eq!(counts(&clew, "search 'user' | summarize n = count() by ['$table']").await, found);
    assert_eq!(counts(&clew, "find 'user' | summarize n = count() by source_").await, found);
    assert_eq!(counts(&clew, "union withsource=T * | summarize n = count() by T").await, full);

    // Tables without rows give their columns, and nothing else.
    let wide = ask(&clew, "search 'user' | take 1").await;
    let columns = wide["columns"].as_array().expect("columns").len() as u64;
    assert_eq!(columns, count(&clew, "union * | getschema").await + 1);
    assert!(columns > 2 * own, "{columns} columns, {own} of tables with rows");
    assert_eq!(wide["rows"].as_array().expect("rows").len(), 1);

    // A row keeps what it holds, and has nothing in the columns of others.
    let few = "TimeGenerated, UserPrincipalName, IPAddress, ResultType";
    let expected = rows(&clew, &format!("SigninLogs | sort by TimeGenerated desc, CorrelationId asc | take 3 | project {few}")).await;
    let text = "union isfuzzy=true withsource=T * | where T == 'SigninLogs' | sort by TimeGenerated desc, CorrelationId asc | take 3";
    let widest = ask(&clew, text).await;
    let names: Vec<&str> = widest["columns"].as_array().expect("columns").iter().filter_map(|column| column["name"].as_str()).collect();
    // Where tables disagree about its type, a column stands once for each.
    let is = |known: &str, name: &str| known == name || known.strip_suffix("_string") == Some(name);
    let place = |name: &str| names.iter().position(|known| is(known, name)).expect("a column");
    let wide_rows: Vec<Vec<Value>> = serde_json::from_value(widest["rows"].clone()).expect("rows");
    let picked = |row: &Vec<Value>| few.split(", ").map(|name| row[place(name)].clone()).collect::<Vec<_>>();
    assert_eq!(wide_rows.iter().map(picked).collect::<Vec<_>>(), expected);
    let signin: Vec<String> = rows(&clew, "SigninLogs | getschema | project ColumnName")
        .await
        .into_iter()
        .map(|row| row[0].as_str().unwrap_or_default().to_owned())
        .collect();
    for (name, cell) in names.iter().zip(&wide_rows[0]) {
        let is_own = signin.iter().any(|own| name.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')));
        assert!(is_own || *name == "T" || cell.is_null() || *cell == json!(""), "{name}: {cell}");
    }

    // What a plan says of each table grows with the columns of that table, not with those of all.
    for text in
        ["search 'user' | take 1", "find 'user' | take 1", "union isfuzzy=true * | where TimeGenerated > datetime(2020-01-01) | take 1"]
    {
        let (status, body) = clew.post("/v1/query", &json!({"text": text, "explain": true})).await;
        assert_eq!(status, StatusCode::OK, "{text}: {body}");
        let size = body["rows"].to_string().len() as u64;
        assert!(size < 600 * own, "{text}: a plan of {size} bytes for {own} columns");
    }
}

fn process(n: u32, name: &str) -> Value {
    json!({"Timestamp": format!("2024-03-01T10:00:0{n}Z"), "DeviceName": "ws1", "DeviceId": "d1", "ActionType": "ProcessCreated", "FileName": name,
           "FolderPath": format!("C:\\Windows\\{name}"), "ProcessCommandLine": format!("{name} -x"), "ProcessId": n, "AccountName": "eve",
           "InitiatingProcessFileName": "explorer.exe", "ReportId": n})
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_advanced_hunting_have_two_names_for_their_time() {
    let clew = Clew::new();
    let lines: Vec<String> =
        [(1, "cmd.exe"), (2, "powershell.exe"), (3, "whoami.exe")].iter().map(|(n, name)| process(*n, name).to_string()).collect();
    clew.ingest_bytes("DeviceProcessEvents.jsonl", lines.join("\n"));
    let logons = json!({"Timestamp": "2024-03-01T09:59:00Z", "DeviceName": "ws1", "DeviceId": "d1", "ActionType": "LogonSuccess", "AccountName": "eve",
                        "LogonType": "Interactive", "ReportId": 9});
    clew.ingest_bytes("DeviceLogonEvents.jsonl", logons.to_string());

    let both = "DeviceProcessEvents | where Timestamp > datetime(2024-03-01T10:00:01Z) and TimeGenerated < datetime(2024-03-01T10:00:03Z) \
                | project Timestamp, TimeGenerated, FileName";
    let instant = "2024-03-01T10:00:02.0000000Z";
    assert_eq!(rows(&clew, both).await, [[json!(instant), json!(instant), json!("powershell.exe")]]);
    let hunt = "DeviceLogonEvents | where ActionType == 'LogonSuccess' | project DeviceId, AccountName, LogonTime = Timestamp \
                | join kind=inner (DeviceProcessEvents | where FileName in~ ('cmd.exe', 'powershell.exe') | project Timestamp, DeviceId, FileName) on DeviceId \
                | where Timestamp between (LogonTime .. LogonTime + 1h) | summarize Files = array_sort_asc(make_set(FileName)), Last = max(Timestamp) by AccountName";
    assert_eq!(rows(&clew, hunt).await, [[json!("eve"), json!(["cmd.exe", "powershell.exe"]), json!(instant)]]);
    let latest =
        "DeviceProcessEvents | summarize arg_max(Timestamp, *) by DeviceName | project Timestamp, FileName, bin(TimeGenerated, 1h)";
    assert_eq!(
        rows(&clew, latest).await,
        [[json!("2024-03-01T10:00:03.0000000Z"), json!("whoami.exe"), json!("2024-03-01T10:00:00.0000000Z")]]
    );
    let named = "union DeviceProcessEvents, DeviceLogonEvents | where Timestamp < datetime(2024-03-01T10:00:00Z) | project ActionType";
    assert_eq!(rows(&clew, named).await, [[json!("LogonSuccess")]]);
    let columns = "DeviceProcessEvents | getschema | where ColumnName in ('Timestamp', 'TimeGenerated') | project ColumnName, ColumnType";
    assert_eq!(rows(&clew, columns).await, [[json!("TimeGenerated"), json!("datetime")], [json!("Timestamp"), json!("datetime")]]);
    // Plans that an optimizer once tripped over: one aggregate twice, a list of other types, a union of stored and absent columns.
    let twice = "DeviceProcessEvents | summarize any(Timestamp), any(Timestamp), n = count(), m = count() by DeviceName, ReportId | where ReportId == 2";
    assert_eq!(rows(&clew, twice).await, [[json!("ws1"), json!(2), json!(instant), json!(instant), json!(1), json!(1)]]);
    let lists = "DeviceProcessEvents | summarize a = countif(ProcessId in ('1', '2')), b = make_set_if(FileName, ProcessId in ('3')), \
                 c = countif(ProcessId in ('1', '3')), d = array_sort_asc(make_set_if(FileName, ProcessId in ('1', '3'))) by DeviceName";
    assert_eq!(rows(&clew, lists).await, [[json!("ws1"), json!(2), json!(["whoami.exe"]), json!(2), json!(["cmd.exe", "whoami.exe"])]]);
    let parts = "union (DeviceProcessEvents | where isnotempty(FileName)), (DeviceLogonEvents | extend LogonKind = LogonType) \
                 | summarize n = count(), kinds = array_sort_asc(make_set(LogonKind)), ids = dcount(ReportId) by DeviceName, AccountName";
    assert_eq!(rows(&clew, parts).await, [[json!("ws1"), json!("eve"), json!(4), json!(["", "Interactive"]), json!(4)]]);
    // A condition on either name passes over files by time.
    let clew = Clew::open(clew.close(), Options::default());
    let body = json!({"text": "DeviceProcessEvents | where Timestamp > datetime(2100-01-01) | project FileName", "explain": true});
    let plan = clew.post("/v1/query", &body).await.1["rows"].to_string();
    assert!(plan.contains("DeviceProcessEvents: 0 of ") && plan.contains(" by time"), "{plan}");
    let (status, refused) = clew.post("/v1/query", &json!({"text": "SigninLogs | where Timestamp > ago(1d)"})).await;
    assert_eq!(
        (status, refused["error"]["code"].as_str().or(refused["code"].as_str())),
        (StatusCode::BAD_REQUEST, Some("kql_unknown_column"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn external_data_are_files_of_one_folder() {
    let clew = Clew::new();
    let folder = clew.folder.path().join("external/example.org/feeds");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("iocs.csv"), "address,score\n10.0.0.1,7\n10.0.0.2,many\n").expect("written");
    let mirrored =
        "externaldata(address: string, score: long)[@'https://example.org/feeds/iocs.csv'] with (format='csv', ignoreFirstRecord=true)";
    assert_eq!(rows(&clew, mirrored).await, [[json!("10.0.0.1"), json!(7)], [json!("10.0.0.2"), Value::Null]]);
    let joined =
        format!("let iocs = {mirrored}; datatable(ip: string)['10.0.0.1', '10.0.0.9'] | where ip in ((iocs | project address)) | count");
    assert_eq!(rows(&clew, &joined).await, [[json!(1)]]);
    for outside in ["https://example.org/other.csv", "../FORMAT", "/etc/passwd", "file:///etc/passwd"] {
        let text = format!("externaldata(a: string)[@'{outside}']");
        let (status, body) = clew.post("/v1/query", &json!({"text": text})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{text}: {body}");
        assert!(body.to_string().contains("`externaldata` cannot read"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_relation_of_a_hub_is_a_row() {
    // More than are made at a time.
    let addresses = 10_000;
    let row = |n: u32| {
        let address = format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255);
        json!({"TimeGenerated": "2026-01-02T03:04:05Z", "UserPrincipalName": "ana@contoso.com", "IPAddress": address, "ResultType": "0"})
            .to_string()
    };
    let clew = Clew::new();
    let options = ingest::Options { table: Some("SigninLogs".into()), ..ingest::Options::default() };
    clew.ingest_with("signins.jsonl", (0..addresses).map(row).collect::<Vec<_>>().join("\n"), &options);
    let asked = "Relations | where Relation == 'signed_in_from' | sort by TargetId asc \
                 | extend Again = TargetId == prev(TargetId) | summarize count(), countif(Again), dcount(SourceId)";
    assert_eq!(rows(&clew, asked).await, [[json!(addresses), json!(0), json!(1)]]);
}

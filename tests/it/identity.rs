//! What a record means: alerts and incidents by their ids, entities by names that identify them, or do not.

use clew::ingest::Options;
use serde_json::{Value, json};

use crate::support::Clew;

/// An alert as Sentinel writes it.
fn alert(id: &str, entities: &Value) -> String {
    json!({"SystemAlertId": id, "AlertName": id, "AlertSeverity": "Low", "ProviderName": "P", "ProductName": "Azure Sentinel", "AlertType": "T",
        "TimeGenerated": "2024-05-01T00:00:00Z", "StartTime": "2024-05-01T00:00:00Z", "EndTime": "2024-05-01T00:10:00Z", "Status": "New",
        "Entities": entities.to_string(), "Type": "SecurityAlert"})
    .to_string()
}

/// A member of each object of a list, sorted.
fn each(list: &Value, member: &str) -> Vec<String> {
    let mut all: Vec<String> =
        list.as_array().into_iter().flatten().map(|object| object[member].as_str().unwrap_or_default().to_owned()).collect();
    all.sort();
    all
}

/// The entities next to an alert.
async fn neighbors(clew: &Clew, alert: &str) -> Value {
    let answer = clew.get(&format!("/v1/neighbors?node=alert:{alert}&relation=involves")).await;
    let others = answer["nodes"].as_array().into_iter().flatten().filter(|node| node["kind"] != "alert").cloned();
    Value::Array(others.collect())
}

/// Two hosts have one NetBIOS name and two mails one internet message id, neither of which identifies.
#[tokio::test(flavor = "multi_thread")]
async fn an_alert_lists_the_entities_that_it_is_linked_to() {
    let clew = Clew::new();
    let host = |name: &str| json!([{"$id": "1", "Type": "host", "HostName": name, "NetBiosName": "NB1"}]);
    let mail = |id: &str| json!([{"$id": "1", "Type": "mail-message", "NetworkMessageId": id, "InternetMessageId": "<one@x>"}]);
    let (first, second) = ("11111111-aaaa-bbbb-cccc-000000000001", "22222222-aaaa-bbbb-cccc-000000000001");
    let all = [("w1", host("alpha"), "alpha"), ("w2", host("beta"), "beta"), ("w3", mail(first), first), ("w4", mail(second), second)];
    clew.ingest_bytes("weak.jsonl", all.iter().map(|(id, entities, _)| alert(id, entities)).collect::<Vec<_>>().join("\n"));
    for (id, _, name) in all {
        let listed = clew.get(&format!("/v1/alerts/{id}")).await["entities_list"].clone();
        let kind = listed[0]["kind"].as_str().expect("a kind").to_owned();
        assert_eq!(each(&listed, "id"), each(&neighbors(&clew, id).await, "id"), "{id}");
        let entity = clew.get(&format!("/v1/entities/{}", listed[0]["id"].as_str().expect("an id"))).await;
        let keys = [&entity["keys"], &entity["weak_keys"]].map(Value::to_string).concat();
        assert!(keys.contains(&format!("={name}")), "{id}: {keys}");
        // What describes an entity comes from the alerts that are linked to it.
        let property = if kind == "host" { "HostName" } else { "NetworkMessageId" };
        assert_eq!(entity["properties"][property], name, "{id}");
        let found = clew.get(&format!("/v1/search?q={name}&kind=entity")).await;
        assert_eq!(each(&found["hits"], "id"), each(&listed, "id"), "{id}");
    }
}

/// The case of a GUID means nothing: the other spelling is another version, a member, a place to look.
#[tokio::test(flavor = "multi_thread")]
async fn guids_are_one_in_any_case() {
    let (small, large) = ("ab3f0c11-2222-4333-8444-abcdefabcdef", "AB3F0C11-2222-4333-8444-ABCDEFABCDEF");
    let (chain, name) = ("cd000000-0000-4000-8000-00000000abcd", "cccccccc-0000-4000-8000-00000000abcd");
    let version = |id: &str, severity: &str, hour: u32| {
        json!({"SystemAlertId": id, "AlertName": "G", "AlertSeverity": severity, "ProviderName": "P", "ProductName": "Azure Sentinel", "AlertType": "T",
            "TimeGenerated": format!("2024-03-06T{hour:02}:00:00Z"), "StartTime": "2024-03-06T01:00:00Z", "EndTime": "2024-03-06T02:00:00Z",
            "Entities": "[]", "Status": "New", "Type": "SecurityAlert"})
        .to_string()
    };
    let killed = json!({"SystemAlertId": chain, "AlertName": "Chain", "AlertSeverity": "High", "ProviderName": "P", "ProductName": "Azure Security Center",
        "AlertType": "KillChainFusionIncident", "IsIncident": true, "TimeGenerated": "2024-03-06T06:00:00Z", "Type": "SecurityAlert",
        "Entities": json!([{"$id": "1", "SystemAlertIds": [large], "Type": "alerts"}]).to_string()});
    let incident = |id: &str, status: &str, alerts: &[&str], hour: u32| {
        let at = format!("2024-03-06T{hour:02}:00:00Z");
        json!({"IncidentName": id, "IncidentNumber": 77, "Title": "t", "Severity": "Low", "Status": status, "AlertIds": json!(alerts).to_string(),
            "LastModifiedTime": at, "CreatedTime": "2024-03-06T04:00:00Z", "TimeGenerated": at, "Type": "SecurityIncident"})
        .to_string()
    };
    let lines = [
        version(small, "Low", 3),
        version(large, "High", 4),
        killed.to_string(),
        incident(&name.to_uppercase(), "New", &[large], 4),
        incident(name, "Active", &[small, large], 5),
    ];
    for reversed in [false, true] {
        let clew = Clew::new();
        let mut lines = lines.to_vec();
        if reversed {
            lines.reverse();
        }
        for (at, line) in lines.iter().enumerate() {
            clew.ingest_bytes(&format!("{at}.jsonl"), line.clone());
        }
        let alerts = clew.get("/v1/alerts").await;
        assert_eq!(each(&alerts["value"], "id"), [small, chain]);
        for spelling in [small, large] {
            let alert = clew.get(&format!("/v1/alerts/{spelling}")).await;
            assert_eq!((&alert["id"], &alert["severity"], &alert["versions_total"]), (&json!(small), &json!("High"), &json!(2)));
        }
        assert_eq!(clew.get(&format!("/v1/alerts/{chain}")).await["members"], json!([small]));
        let incidents = clew.get("/v1/incidents").await;
        assert_eq!((&incidents["total"], each(&incidents["value"], "id")), (&json!(1), vec![name.to_owned()]));
        for spelling in [name.to_owned(), name.to_uppercase(), "77".to_owned()] {
            let found = clew.get(&format!("/v1/incidents/{spelling}")).await;
            let said = ["number", "status", "versions_total", "alerts"].map(|member| found[member].clone());
            assert_eq!(said, [json!(77), json!("Active"), json!(2), json!(1)]);
            assert_eq!((each(&found["alerts_list"], "id"), &found["alerts_missing"]), (vec![small.to_owned()], &json!([])));
        }
        let found = clew.get(&format!("/v1/search?q=id:{large}&kind=alert")).await;
        assert_eq!(each(&found["hits"], "id"), [small]);
        let joined = "SecurityIncident | mv-expand AlertId = todynamic(AlertIds) to typeof(string) | join kind=inner (SecurityAlert | distinct SystemAlertId) \
            on $left.AlertId == $right.SystemAlertId | distinct SystemAlertId";
        let (_, rows) = clew.post("/v1/query", &json!({"text": joined})).await;
        assert_eq!(rows["rows"], json!([[small]]));
        // What leaves an incident may be named in either spelling too.
        let (status, answer) = clew.post("/v1/incidents/77/alerts", &json!({"remove": [large]})).await;
        assert_eq!(status.as_u16(), 200, "{answer}");
        assert_eq!(clew.get("/v1/incidents/77").await["alerts"], 0);
    }
}

/// What stands for nothing ties no alerts together: each mention is seen in its alert and nowhere else.
#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_names_links_no_alerts() {
    let nothing = [
        json!({"Type": "ip", "Address": "-"}),
        json!({"Type": "ip", "Address": "null"}),
        json!({"Type": "ip", "Address": "LOCAL"}),
        json!({"Type": "ip", "Address": "0.0.0.0"}),
        json!({"Type": "host"}),
        json!({"Type": "host", "HostName": "N/A", "OSFamily": "Windows"}),
        json!({"Type": "account", "Name": "-"}),
    ];
    let clew = Clew::new();
    // Each twice, in alerts of its own.
    let all: Vec<(String, &Value)> = nothing.iter().chain(&nothing).enumerate().map(|(n, entity)| (format!("n{n:02}"), entity)).collect();
    clew.ingest_bytes("nothing.jsonl", all.iter().map(|(id, entity)| alert(id, &json!([entity]))).collect::<Vec<_>>().join("\n"));
    for (id, entity) in &all {
        let listed = clew.get(&format!("/v1/alerts/{id}")).await["entities_list"].clone();
        let kind = entity["Type"].as_str().expect("a kind");
        assert_eq!(each(&listed, "kind"), [kind], "{id}");
        assert_eq!(each(&listed, "id"), each(&neighbors(&clew, id).await, "id"), "{id}");
        // The reference is one that clew takes, and nothing but the alert is next to it.
        let reference = listed[0]["id"].as_str().expect("a reference");
        let entity = clew.get(&format!("/v1/entities/{reference}")).await;
        assert_eq!((&entity["alerts"], &entity["degree"]), (&json!(1), &json!(1)), "{id}: {reference}");
        for (other, _) in all.iter().filter(|(other, _)| other > id) {
            let paths = clew.get(&format!("/v1/paths?a=alert:{id}&b=alert:{other}")).await;
            assert_eq!(paths["paths"], json!([]), "{id} {other}");
        }
    }
}

/// An incident has the tactics and techniques of its alerts wherever they are asked for.
#[tokio::test(flavor = "multi_thread")]
async fn search_knows_what_incidents_inherit() {
    let clew = Clew::new();
    let at = "2024-05-01T00:00:00Z";
    let alert = |id: &str, tactics: &str, techniques: &[&str]| {
        json!({"SystemAlertId": id, "AlertName": "Odd", "AlertSeverity": "Low", "ProviderName": "P", "ProductName": "Azure Sentinel", "AlertType": "T",
            "TimeGenerated": at, "StartTime": at, "EndTime": at, "Tactics": tactics, "Techniques": json!(techniques).to_string(), "Entities": "[]",
            "Type": "SecurityAlert"})
        .to_string()
    };
    let incident = |number: u32, tactics: &[&str], alerts: &[&str]| {
        json!({"IncidentName": format!("i{number}"), "IncidentNumber": number, "Title": "Case", "Severity": "Low", "Status": "New",
            "AlertIds": json!(alerts).to_string(), "AdditionalData": json!({"tactics": tactics}).to_string(), "CreatedTime": at,
            "LastModifiedTime": at, "TimeGenerated": at, "Type": "SecurityIncident"})
        .to_string()
    };
    // The alerts come in behind their incidents.
    let lines = [
        incident(1, &["CredentialAccess"], &["a1"]),
        incident(2, &["InitialAccess"], &["a2"]),
        incident(3, &[], &["a2", "a3"]),
        alert("a1", "InitialAccess", &["T1078"]),
        alert("a2", "InitialAccess", &[]),
        alert("a3", "Impact", &["T1486"]),
    ];
    for (n, line) in lines.iter().enumerate() {
        clew.ingest_bytes(&format!("{n}.jsonl"), line.clone());
    }
    let all = ["i1", "i2", "i3"].as_slice();
    for (text, filter, expected) in [
        ("tactic:initialaccess", "tactic=InitialAccess", all),
        ("tactic:impact", "tactic=Impact", &["i3"]),
        ("tactic:credentialaccess", "tactic=CredentialAccess", &["i1"]),
        ("technique:T1078", "technique=T1078", &["i1"]),
        ("technique:T1486", "technique=T1486", &["i3"]),
    ] {
        let found = clew.get(&format!("/v1/search?q={text}&kind=incident")).await;
        let listed = clew.get(&format!("/v1/incidents?{filter}")).await;
        assert_eq!(each(&found["hits"], "id"), expected, "{text}");
        assert_eq!(each(&listed["value"], "id"), expected, "{filter}");
    }
    assert_eq!(each(&clew.get("/v1/search?q=case%20-tactic:impact&kind=incident").await["hits"], "id"), ["i1", "i2"]);
    assert_eq!(each(&clew.get("/v1/search?q=tactic:*&kind=incident").await["hits"], "id"), all);
    for sort in ["modified", "title"] {
        let found = clew.get(&format!("/v1/search?q=case&kind=incident&facet=tactic&sort={sort}&limit=2")).await;
        assert_eq!(
            found["facets"][0]["values"],
            json!([{"value": "InitialAccess", "count": 3}, {"value": "CredentialAccess", "count": 1}, {"value": "Impact", "count": 1}])
        );
    }
    let listed = clew.get("/v1/incidents").await;
    for hit in clew.get("/v1/search?q=case&kind=incident").await["hits"].as_array().expect("hits") {
        let row = listed["value"].as_array().expect("rows").iter().find(|row| row["id"] == hit["id"]).expect("the incident");
        assert_eq!(hit["tactics"], row["tactics"]);
    }
}

/// Two entities that go by one `$id` are two; one that is written out again is one, with what both say.
#[tokio::test(flavor = "multi_thread")]
async fn entities_with_one_id_are_all_kept() {
    let clew = Clew::new();
    let hosts = json!([
        {"$id": "1", "Type": "host", "HostName": "dupa", "DnsDomain": "d.com"},
        {"$id": "1", "Type": "host", "HostName": "dupb", "DnsDomain": "d.com"},
        {"$id": "2", "Type": "account", "Name": "eve", "UPNSuffix": "d.com", "Host": {"$ref": "1"}},
    ]);
    let again = json!([
        {"$id": "1", "Type": "host", "HostName": "ws1", "DnsDomain": "d.com"},
        {"$id": "1", "Type": "host", "HostName": "ws1", "DnsDomain": "d.com", "OSFamily": "Linux",
            "IpInterfaces": [{"$id": "3", "Type": "ip", "Address": "203.0.113.9"}]},
    ]);
    clew.ingest_bytes("twice.jsonl", [alert("d1", &hosts), alert("d2", &again)].join("\n"));
    let listed = clew.get("/v1/alerts/d1").await["entities_list"].clone();
    assert_eq!(each(&listed, "label"), ["dupa.d.com", "dupb.d.com", "eve@d.com"]);
    assert_eq!(each(&clew.get("/v1/search?q=dupb.d.com&kind=entity").await["hits"], "id"), ["host:dupb.d.com"]);
    let listed = clew.get("/v1/alerts/d2").await["entities_list"].clone();
    assert_eq!(each(&listed, "label"), ["203.0.113.9", "ws1.d.com"]);
    assert_eq!(listed[0]["properties"]["OSFamily"], "Linux");
}

/// A reference that clew prints is one that it takes.
#[tokio::test(flavor = "multi_thread")]
async fn things_of_unknown_kinds_are_found_by_their_references() {
    let clew = Clew::new();
    let things = json!([
        {"$id": "1", "Type": "quantum-widget", "Spin": "up"},
        {"$id": "2", "Type": "satellite", "Name": "Hubble"},
        {"$id": "3", "Type": "probe", "Id": "P=7"},
        {"$id": "4", "Type": "rover", "DisplayName": "Spirit"},
        {"$id": "5", "Type": "balloon"},
    ]);
    clew.ingest_bytes("things.jsonl", alert("u1", &things));
    for kind in ["quantum-widget", "satellite", "probe", "rover", "balloon"] {
        let listed = clew.get(&format!("/v1/entities?kind={kind}")).await["value"].clone();
        let [reference] = each(&listed, "id").try_into().expect("one thing");
        let path: String = reference.replace('=', "%3D");
        assert_eq!(clew.get(&format!("/v1/entities/{path}")).await["id"], json!(reference));
        let next = clew.get(&format!("/v1/neighbors?node={path}")).await;
        assert!(each(&next["nodes"], "id").contains(&"alert:u1".to_owned()), "{reference}: {next}");
        assert_eq!(clew.get(&format!("/v1/paths?a=alert:u1&b={path}")).await["paths"].as_array().map(Vec::len), Some(1), "{reference}");
    }
}

/// An answer of Azure Resource Graph is a list of rows, as `az graph query` prints it too.
#[tokio::test(flavor = "multi_thread")]
async fn answers_of_azure_resource_graph_hold_alerts() {
    let row = |id: &str| {
        json!({"id": format!("/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Security/locations/westeurope/alerts/{id}"),
            "name": id, "type": "microsoft.security/locations/alerts", "kind": "", "sku": null,
            "properties": {"Status": "Active", "VendorName": "Microsoft", "StartTimeUtc": "2024-03-04T10:00:00Z", "EndTimeUtc": "2024-03-04T10:10:00Z",
                "TimeGenerated": "2024-03-04T10:15:30Z", "ProductName": "Microsoft Defender for Cloud", "Severity": "High", "AlertType": "VM_LSASSDump",
                "AlertDisplayName": "LSASS memory dump", "SystemAlertId": id, "Entities": [{"$id": "4", "HostName": "web-01", "Type": "host"}]}})
    };
    let rows = json!([row("2517_a"), row("2517_b")]);
    for answer in [
        json!({"totalRecords": 2, "count": 2, "data": rows, "facets": [], "resultTruncated": "false"}),
        json!({"count": 2, "data": rows, "skip_token": null, "total_records": 2}),
    ] {
        let clew = Clew::new();
        let report = clew.ingest_bytes("answer.json", answer.to_string());
        assert_eq!((report.alerts, report.rejected), (2, 0));
        assert_eq!(each(&clew.get("/v1/alerts").await["value"], "id"), ["2517_a", "2517_b"]);
    }
}

/// The key columns of rows that come by an API are filled as Log Analytics fills them.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_the_apis_have_the_columns_of_the_tables() {
    let clew = Clew::new();
    let scope =
        "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/RG-web/providers/Microsoft.Compute/virtualMachines/web-01";
    let named = |value: &str| json!({"value": value, "localizedValue": value});
    let called = |request: Value, claims: Value, id: &str| {
        json!({"caller": "mallory@corp.example", "category": named("Administrative"), "claims": claims, "correlationId": id, "eventDataId": id,
            "eventName": named("EndRequest"), "eventTimestamp": "2024-03-04T09:40:00Z", "httpRequest": request, "level": "Informational",
            "operationName": named("Microsoft.Compute/virtualMachines/delete"), "resourceId": scope, "status": named("Succeeded"),
            "submissionTimestamp": "2024-03-04T09:42:00Z", "tenantId": "99999999-8888-7777-6666-555555555555"})
    };
    let request = json!({"clientIpAddress": "198.51.100.23", "clientRequestId": "x", "method": "DELETE"});
    clew.ingest_bytes(
        "activity.json",
        json!([called(request, json!({"ipaddr": "203.0.113.1"}), "1"), called(Value::Null, json!({"ipaddr": "203.0.113.1"}), "2")])
            .to_string(),
    );
    clew.ingest_bytes(
        "hub.json",
        json!({"records": [{"time": "2024-12-17T10:30:00Z", "resourceId": scope, "operationName": "Microsoft.Insights/actionGroups/delete",
            "category": "Administrative", "resultType": "Success", "callerIpAddress": "192.0.2.1", "correlationId": "3"}]})
        .to_string(),
    );
    let text = "AzureActivity | sort by CorrelationId asc | project CallerIpAddress, SubscriptionId, ResourceGroup, _ResourceId";
    let (_, found) = clew.post("/v1/query", &json!({"text": text})).await;
    let rest = json!(["11111111-2222-3333-4444-555555555555", "RG-web", scope.to_lowercase()]);
    let row = |ip: &str| Value::Array([json!(ip)].into_iter().chain(rest.as_array().expect("cells").clone()).collect());
    assert_eq!(found["rows"], json!([row("198.51.100.23"), row("203.0.113.1"), row("192.0.2.1")]));

    let sign_in = json!({"id": "s1", "createdDateTime": "2024-03-04T09:00:01Z", "userPrincipalName": "mallory@corp.example", "userId": "u", "appDisplayName": "a",
        "ipAddress": "198.51.100.23", "clientAppUsed": "Browser", "conditionalAccessStatus": "notApplied", "isInteractive": true,
        "status": {"errorCode": 50126}, "location": {"city": "Redmond", "countryOrRegion": "US"}});
    let context = "https://graph.microsoft.com/v1.0/$metadata#auditLogs/signIns";
    clew.ingest_bytes("signins.json", json!({"@odata.context": context, "value": [sign_in]}).to_string());
    let audit = json!({"id": "Directory_1", "activityDateTime": "2024-03-02T08:00:00Z", "activityDisplayName": "Update group", "category": "GroupManagement",
        "initiatedBy": {"user": {"id": "u", "userPrincipalName": "dora@example.net"}}, "loggedByService": "Core Directory", "operationType": "Update",
        "result": "success", "targetResources": []});
    clew.ingest_bytes("audit.json", json!({"value": [audit]}).to_string());
    for (text, expected) in [("SigninLogs | project Location", "US"), ("AuditLogs | project OperationName", "Update group")] {
        let (_, found) = clew.post("/v1/query", &json!({"text": text})).await;
        assert_eq!(found["rows"], json!([[expected]]), "{text}");
    }
}

/// A row is known in the table that it went to, and in no other.
#[tokio::test(flavor = "multi_thread")]
async fn one_row_goes_into_each_table_that_it_is_sent_to() {
    let clew = Clew::new();
    let to = |table: &str| Options { table: Some(table.to_owned()), ..Options::default() };
    let rows = "{\"x\":1,\"TimeGenerated\":\"2024-01-01T00:00:00Z\"}\n{\"x\":1,\"TimeGenerated\":\"2024-01-01T00:00:00Z\"}\n";
    for (table, new, duplicate) in [("Wrong_CL", 2, 0), ("Right_CL", 2, 0), ("Right_CL", 0, 2), ("Wrong_CL", 0, 2)] {
        let report = clew.ingest_with("rows.jsonl", rows, &to(table));
        assert_eq!((report.new, report.duplicate), (new, duplicate), "{table}");
    }
    for table in ["Wrong_CL", "Right_CL"] {
        let (_, found) = clew.post("/v1/query", &json!({"text": format!("{table} | count")})).await;
        assert_eq!(found["rows"], json!([[2]]), "{table}");
    }
    // Still known after the views were made anew.
    clew.engine.rebuild().expect("an open directory can be rebuilt");
    let report = clew.ingest_with("rows.jsonl", rows, &to("Right_CL"));
    assert_eq!((report.new, report.duplicate), (0, 2));
}

/// The tables of the present state take no rows: nobody would ever see them.
#[test]
fn rows_cannot_go_into_tables_of_the_present_state() {
    let clew = Clew::new();
    let send = |name: &str, row: &str, table: Option<&str>| {
        let options = Options { table: table.map(str::to_owned), ..Options::default() };
        clew.ingest_reader(name, Box::new(std::io::Cursor::new(row.as_bytes().to_vec())), &options)
    };
    let row = r#"{"x":1,"TimeGenerated":"2024-01-01T00:00:00Z"}"#;
    for table in ["Alerts", "Incidents", "Entities", "Relations", "alerts"] {
        assert_eq!(send("row.jsonl", row, Some(table)).map(|_| ()).expect_err(table).code, "table_name_invalid");
    }
    let report = send("row.jsonl", row, Some("SecurityAlert")).expect("it can be read");
    assert_eq!((report.new, report.rejected), (0, 1));
    let reject = &report.rejects[0];
    assert_eq!(reject.code, "table_unknown");
    assert!(reject.message.contains("`SecurityAlert`") && !reject.message.contains("--table"), "{}", reject.message);
}

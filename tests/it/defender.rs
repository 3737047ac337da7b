//! Defender for Cloud: alerts, their states, posture as documents of the vendor's API, against the shapes that its clients read.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Clew, data};

const SUB: &str = "/subscriptions/20ff7fc3-e762-44dd-bd96-b71116dcdc23";
const ALERT: &str = "2518298467986649999_4d25bfef-2d77-4a08-adc0-3e35715cc92a";
const VM: &str = "/subscriptions/20ff7fc3-e762-44dd-bd96-b71116dcdc23/resourceGroups/myRg1/providers/Microsoft.Compute/virtualMachines/vm1";

/// The example of the vendor's own API description.
fn with_alerts() -> Clew {
    let clew = Clew::new();
    let text = std::fs::read_to_string(data("defender-for-cloud/GetAlertsSubscription_example.json")).expect("the example");
    let example: Value = serde_json::from_str(&text).expect("JSON");
    let report = clew.ingest_bytes("alerts.json", example["responses"]["200"]["body"].to_string());
    assert_eq!(report.rejected, 0, "{report:?}");
    clew
}

fn names(list: &Value) -> Vec<&str> {
    list["value"].as_array().map(|items| items.iter().filter_map(|item| item["name"].as_str()).collect()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_listed_at_every_scope_and_found_at_both_levels() {
    let clew = with_alerts();
    let scopes = [
        "/providers/Microsoft.Security/alerts",
        "/resourceGroups/myRg1/providers/Microsoft.Security/alerts",
        "/providers/Microsoft.Security/locations/westeurope/alerts",
        "/resourcegroups/MYRG1/providers/microsoft.security/LOCATIONS/WestEurope/alerts?api-version=2022-01-01",
    ];
    for scope in scopes {
        let list = clew.get(&format!("{SUB}{scope}")).await;
        assert!(names(&list).contains(&ALERT), "{scope}: {list}");
    }
    let elsewhere = clew.get(&format!("{SUB}/providers/Microsoft.Security/locations/mars/alerts")).await;
    assert!(!names(&elsewhere).contains(&ALERT));
    // A group is a part of its subscription: one that is not there has nothing, samples stand in their own alone.
    let nowhere = "/resourceGroups/nosuchrg/providers/Microsoft.Security";
    for list in ["/alerts", "/locations/westeurope/alerts"] {
        assert_eq!(names(&clew.get(&format!("{SUB}{nowhere}{list}")).await), Vec::<&str>::new(), "{list}");
    }
    let listed = async |within: &str| names(&clew.get(&format!("{SUB}{within}/providers/Microsoft.Security/alerts")).await).len();
    let before = listed("").await;
    let simulate = format!("{SUB}/providers/Microsoft.Security/locations/westeurope/alerts/default/simulate");
    let body = json!({"properties": {"kind": "Bundles", "bundles": ["KeyVaults"]}});
    assert_eq!(clew.by("ann", "POST", &simulate, body).await.0, StatusCode::ACCEPTED);
    let samples = listed("/resourceGroups/Sample-RG").await;
    assert!(samples > 0 && before + samples == listed("").await, "{samples}");
    // Scripts with a subscription of their own see the whole workspace.
    let other = clew.get("/subscriptions/00000000-0000-0000-0000-000000000001/providers/Microsoft.Security/alerts").await;
    assert!(names(&other).contains(&ALERT));
    for level in ["/providers", "/resourceGroups/myRg1/providers"] {
        let alert = clew.get(&format!("{SUB}{level}/Microsoft.Security/locations/westeurope/alerts/{ALERT}")).await;
        let id = format!("{SUB}/resourceGroups/myRg1/providers/Microsoft.Security/locations/westeurope/alerts/{ALERT}");
        assert_eq!(
            (&alert["id"], &alert["name"], &alert["type"]),
            (&json!(id), &json!(ALERT), &json!("Microsoft.Security/Locations/alerts"))
        );
        let properties = &alert["properties"];
        let expected = json!({
            "alertType": "VM_EICAR", "severity": "High", "status": "Active", "intent": "Execution", "vendorName": "Microsoft",
            "alertDisplayName": "Azure Security Center test alert (not a threat)", "productComponentName": "testName",
            "startTimeUtc": "2020-02-22T00:00:00.0000000Z", "systemAlertId": ALERT, "isIncident": false,
        });
        for (name, value) in expected.as_object().expect("an object") {
            assert_eq!(&properties[name], value, "{name}: {properties}");
        }
        assert_eq!(properties["resourceIdentifiers"][0]["azureResourceId"], VM);
        assert!(properties["entities"].as_array().is_some_and(|entities| entities.iter().all(|entity| entity["type"].is_string())));
    }
    let (status, answer) = clew.try_get(&format!("{SUB}/providers/Microsoft.Security/locations/x/alerts/none")).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::NOT_FOUND, &json!("ResourceNotFound")));
}

#[tokio::test(flavor = "multi_thread")]
async fn states_of_alerts_change_with_204_and_leave_their_mark() {
    let clew = with_alerts();
    let path = format!("{SUB}/resourceGroups/myRg1/providers/Microsoft.Security/locations/westeurope/alerts/{ALERT}");
    for (verb, status) in
        [("dismiss", "Dismissed"), ("dismiss", "Dismissed"), ("resolve", "Resolved"), ("inProgress", "InProgress"), ("activate", "Active")]
    {
        let (code, body) = clew.by("ann", "POST", &format!("{path}/{verb}"), Value::Null).await;
        assert_eq!((code, body), (StatusCode::NO_CONTENT, json!("")), "{verb}");
        let alert = clew.get(&path).await;
        assert_eq!(alert["properties"]["status"], status, "{verb}");
        // What the source said of region, group and resource outlives the change.
        assert_eq!((&alert["id"], &alert["properties"]["productComponentName"]), (&json!(path), &json!("testName")));
    }
    let (code, _) = clew.by("ann", "POST", &path.replace(ALERT, "none/dismiss"), Value::Null).await;
    assert_eq!(code, StatusCode::NOT_FOUND);
}

/// Documents as the REST API and continuous export give them.
fn posture() -> String {
    let assessment = |vm: &str, name: &str, code: &str, severity: &str, changed: &str| {
        json!({
            "type": "Microsoft.Security/assessments", "id": format!("{vm}/providers/Microsoft.Security/assessments/{name}"), "name": name,
            "properties": {
                "resourceDetails": {"source": "Azure", "id": vm}, "displayName": format!("Title of {name}"),
                "status": {"code": code, "statusChangeDate": changed}, "metadata": {"severity": severity, "displayName": name},
            },
        })
    };
    let other = VM.replace("vm1", "vm2");
    let documents = [
        assessment(VM, "a1", "Healthy", "High", "2024-01-01T00:00:00Z"),
        assessment(VM, "a1", "Unhealthy", "High", "2024-02-01T00:00:00Z"),
        assessment(VM, "a2", "Unhealthy", "Low", "2024-01-01T00:00:00Z"),
        assessment(&other, "a1", "Healthy", "High", "2024-01-01T00:00:00Z"),
        json!({
            "type": "Microsoft.Security/assessments/subAssessments", "name": "s1",
            "id": format!("{VM}/providers/Microsoft.Security/assessments/a2/subAssessments/s1"),
            "properties": {
                "displayName": "OpenSSL is old", "id": "370361", "timeGenerated": "2024-02-01T00:00:00Z", "resourceDetails": {"source": "Azure", "id": VM},
                "status": {"code": "Unhealthy", "severity": "High"}, "additionalData": {"cve": [{"title": "CVE-2022-0778"}, {"title": "CVE-2022-1292"}]},
            },
        }),
        json!({
            "type": "Microsoft.Security/secureScores", "name": "ascScore", "id": format!("{SUB}/providers/Microsoft.Security/secureScores/ascScore"),
            "properties": {"displayName": "ASC score", "weight": 7, "score": {"max": 10, "current": 4.5, "percentage": 0.45}},
        }),
        json!({
            "type": "Microsoft.Security/secureScores/secureScoreControls", "name": "c1",
            "id": format!("{SUB}/providers/Microsoft.Security/secureScores/ascScore/secureScoreControls/c1"),
            "properties": {"displayName": "Patch", "healthyResourceCount": 1, "unhealthyResourceCount": 3, "notApplicableResourceCount": 0, "score": {"max": 6}},
        }),
        json!({
            "type": "Microsoft.Security/regulatoryComplianceStandards", "name": "PCI", "id": format!("{SUB}/providers/Microsoft.Security/regulatoryComplianceStandards/PCI"),
            "properties": {"state": "Failed", "passedControls": 7, "failedControls": 2, "skippedControls": 1, "unsupportedControls": 0},
        }),
        json!({
            "type": "Microsoft.Security/locations/allowedConnections", "name": "Internal", "location": "centralus",
            "id": format!("{SUB}/resourceGroups/myRg1/providers/Microsoft.Security/locations/centralus/allowedConnections/Internal"),
            "properties": {"calculatedDateTime": "2024-03-01T00:00:00Z", "connectableResources": [
                {"id": VM, "inboundConnectedResources": [{"connectedResourceId": other, "tcpPorts": "22,443"}], "outboundConnectedResources": []},
            ]},
        }),
    ];
    json!({"value": documents}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn posture_becomes_tables_attributes_and_edges() {
    let clew = Clew::new();
    let report = clew.ingest_bytes("posture.json", posture());
    assert_eq!((report.new, report.rejected), (9, 0), "{report:?}");
    let posture = clew.get("/v1/posture").await;
    assert_eq!(posture["scores"][0]["current"], 4.5);
    let control = &posture["controls"][0];
    // 6 * 1 / (1 + 3) is reached, the rest can be gained.
    assert_eq!((&control["current"], &control["potential"]), (&json!(1.5), &json!(4.5)));
    assert_eq!(posture["open"], json!({"High": 1, "Low": 1}));
    assert_eq!(posture["states"], json!({"Healthy": 1, "Unhealthy": 2}));
    assert_eq!(posture["resources"], json!({"Healthy": 1, "Unhealthy": 1}));
    assert_eq!(posture["compliance"][0]["failed"], 2);
    let reference = format!("azure-resource:{}", VM.to_lowercase());
    let detail = clew.get(&format!("/v1/entities/{}", reference.replace('/', "%2F"))).await;
    let found = &detail["posture"];
    assert_eq!(
        (&found["health"], &found["open"], &found["vulnerable"]),
        (&json!("Unhealthy"), &json!({"High": 1, "Low": 1}), &json!({"High": 1}))
    );
    assert_eq!(found["vulnerabilities"][0]["cves"], json!(["CVE-2022-0778", "CVE-2022-1292"]));
    let around = clew.get(&format!("/v1/neighbors?node={reference}")).await;
    let mut edges: Vec<(String, String, String)> = around["edges"]
        .as_array()
        .expect("edges")
        .iter()
        .map(|edge| {
            let text = |name: &str| edge[name].as_str().unwrap_or_default().to_owned();
            (text("source").rsplit('/').next().unwrap_or_default().to_owned(), text("relation"), text("role"))
        })
        .collect();
    edges.sort();
    let edge = |source: &str, relation: &str, role: &str| (source.to_owned(), relation.to_owned(), role.to_owned());
    assert_eq!(edges, [edge("vm1", "affected_by", ""), edge("vm1", "affected_by", ""), edge("vm2", "can_reach", "tcp 22,443")], "{around}");
    // Derived views say the same after they are made anew.
    assert!(clew.engine.verify().is_ok_and(|verification| verification.equal), "incremental differs from rebuilt");
}

#[tokio::test(flavor = "multi_thread")]
async fn posture_answers_in_the_shapes_of_the_vendor() {
    let clew = Clew::new();
    clew.ingest_bytes("posture.json", posture());
    let list = async |path: &str| clew.get(path).await["value"].as_array().cloned().unwrap_or_default();
    let all = list(&format!("{SUB}/providers/Microsoft.Security/assessments")).await;
    let states: Vec<(&Value, &Value)> = all.iter().map(|item| (&item["name"], &item["properties"]["status"]["code"])).collect();
    assert_eq!(states, [(&json!("a1"), &json!("Unhealthy")), (&json!("a2"), &json!("Unhealthy")), (&json!("a1"), &json!("Healthy"))]);
    assert_eq!(list(&format!("{VM}/providers/Microsoft.Security/assessments")).await.len(), 2);
    assert_eq!(list(&format!("{VM}x/providers/Microsoft.Security/assessments")).await.len(), 0);
    let one = clew.get(&format!("{VM}/providers/Microsoft.Security/assessments/A2")).await;
    assert_eq!((&one["type"], &one["properties"]["displayName"]), (&json!("Microsoft.Security/assessments"), &json!("Title of a2")));
    let finding = clew.get(&format!("{VM}/providers/Microsoft.Security/assessments/a2/subAssessments/s1")).await;
    assert_eq!((&finding["properties"]["id"], &finding["properties"]["status"]["severity"]), (&json!("370361"), &json!("High")));
    assert_eq!(list(&format!("{SUB}/providers/Microsoft.Security/subAssessments")).await.len(), 1);
    let meant = list("/providers/Microsoft.Security/assessmentMetadata").await;
    assert_eq!(meant.iter().map(|item| &item["properties"]["severity"]).collect::<Vec<_>>(), ["High", "Low"]);
    let score = clew.get(&format!("{SUB}/providers/Microsoft.Security/secureScores/ascScore")).await;
    assert_eq!(score["properties"]["score"], json!({"max": 10, "current": 4.5, "percentage": 0.45}));
    for path in ["secureScores/ascScore/secureScoreControls", "secureScoreControls"] {
        let controls = list(&format!("{SUB}/providers/Microsoft.Security/{path}")).await;
        assert_eq!(controls[0]["properties"]["score"], json!({"max": 6, "current": 1.5, "percentage": 0.25}));
        assert_eq!(controls[0]["properties"]["unhealthyResourceCount"], 3);
    }
    let standards = list(&format!("{SUB}/providers/Microsoft.Security/regulatoryComplianceStandards")).await;
    assert_eq!((&standards[0]["name"], &standards[0]["properties"]["failedControls"]), (&json!("PCI"), &json!(2)));
    let connections = list(&format!("{SUB}/providers/Microsoft.Security/allowedConnections")).await;
    let reached = &connections[0]["properties"]["connectableResources"][0];
    assert_eq!((&reached["id"], &reached["inboundConnectedResources"][0]["tcpPorts"]), (&json!(VM), &json!("22,443")));
    for empty in ["topologies", "tasks"] {
        assert_eq!(list(&format!("{SUB}/providers/Microsoft.Security/{empty}")).await, Vec::<Value>::new(), "{empty}");
    }
    assert_eq!(list(&format!("{SUB}/providers/Microsoft.Security/locations")).await.len(), 1);
    let (status, _) = clew.try_get(&format!("{SUB}/providers/Microsoft.Security/secureScores/other")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn automations_are_kept_as_they_were_written() {
    let clew = Clew::new();
    let path = format!("{SUB}/resourceGroups/g/providers/Microsoft.Security/automations/a");
    let body = json!({"location": "centralus", "tags": {"k": "v"}, "properties": {
        "isEnabled": true, "sources": [{"eventSource": "Alerts"}], "actions": [{"actionType": "LogicApp", "uri": "https://example.com"}], "scopes": [],
    }});
    for expected in [StatusCode::CREATED, StatusCode::OK] {
        let (status, answer) = clew.by("ann", "PUT", &path, body.clone()).await;
        assert_eq!(status, expected, "{answer}");
        // The address of a Logic App opens it: it is taken, and not shown.
        let mut shown = body["properties"].clone();
        shown["actions"] = json!([{"actionType": "LogicApp"}]);
        assert_eq!((&answer["id"], &answer["location"], &answer["properties"]), (&json!(path), &body["location"], &shown));
        assert!(answer["etag"].is_string());
    }
    for scope in ["", "/resourceGroups/G"] {
        let list = clew.get(&format!("{SUB}{scope}/providers/Microsoft.Security/automations")).await;
        assert_eq!(names(&list), ["a"]);
    }
    let (_, valid) = clew.by("ann", "POST", &format!("{path}/validate"), body.clone()).await;
    assert_eq!(valid["isValid"], true);
    for (rule, found) in [
        (json!({"propertyJPath": "Severity", "expectedValue": "3", "operator": "GreaterThan"}), "found `GreaterThan`"),
        (json!({"propertyJPath": "Weather", "expectedValue": "Fog", "operator": "Equals"}), "found `Weather`"),
    ] {
        let mut refused = body.clone();
        refused["properties"]["sources"][0]["ruleSets"] = json!([{ "rules": [rule] }]);
        let (status, answer) = clew.by("ann", "PUT", &path, refused).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|message| message.contains(found)), "{answer}");
    }
    let wrong = json!({"properties": {"sources": [{"eventSource": "Weather"}]}});
    let (_, valid) = clew.by("ann", "POST", &format!("{path}/validate"), wrong.clone()).await;
    assert_eq!(valid["isValid"], false);
    assert_eq!(clew.by("ann", "PUT", &path, wrong).await.0, StatusCode::BAD_REQUEST);
    for _ in 0..2 {
        assert_eq!(clew.by("ann", "DELETE", &path, Value::Null).await.0, StatusCode::NO_CONTENT);
    }
    assert_eq!(clew.try_get(&path).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn automations_run_as_rules_of_the_engine() {
    let clew = Clew::new();
    let receiver = crate::automation::Receiver::start(vec![200]);
    let allowed = json!({"hosts": ["127.0.0.1"], "private": true});
    assert_eq!(clew.by("ann", "PUT", "/v1/egress", allowed).await.0, StatusCode::OK);
    let path = format!("{SUB}/resourceGroups/g/providers/Microsoft.Security/automations/a");
    let rule = |severity: &str| json!({"rules": [{"propertyJPath": "Severity", "propertyType": "String", "expectedValue": severity, "operator": "Equals"}]});
    let body = json!({"location": "x", "properties": {
        "isEnabled": true, "sources": [{"eventSource": "Alerts", "ruleSets": [rule("High"), rule("Low")]}],
        "actions": [{"actionType": "LogicApp", "logicAppResourceId": "/x", "uri": format!("http://{}/hook", receiver.address)}],
    }});
    assert_eq!(clew.by("ann", "PUT", &path, body.clone()).await.0, StatusCode::CREATED);
    assert_eq!(clew.post("/v1/simulate", &json!({})).await.0, StatusCode::OK);
    let pass = || tokio::task::block_in_place(|| clew.engine.run_automations(clew::model::Time::now())).expect("a pass");
    let severities = clew.get("/v1/alerts").await["counters"]["severity"].clone();
    let wanted = ["High", "Low"].iter().filter_map(|severity| severities[*severity].as_u64()).sum::<u64>();
    assert!(wanted > 0 && wanted < clew.get("/v1/alerts").await["total"].as_u64().expect("a number"), "some fit: {severities}");
    assert_eq!((pass().over, receiver.all().len() as u64), (wanted, wanted));
    let sent: Value = serde_json::from_str(&receiver.all()[0].body).expect("JSON");
    assert_eq!((&sent["type"], &sent["rule"]), (&json!("alert.created"), &json!("automation/g/a/alerts")));
    // Switched off or deleted, it does nothing.
    let mut off = body;
    off["properties"]["isEnabled"] = json!(false);
    assert_eq!(clew.by("ann", "PUT", &path, off).await.0, StatusCode::OK);
    assert_eq!(clew.post("/v1/simulate", &json!({})).await.0, StatusCode::OK);
    assert_eq!(pass().started, 0);
    assert_eq!(clew.by("ann", "DELETE", &path, Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(clew.engine.context().snapshot.resources("automation").expect("rules").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn resource_graph_asks_alerts_posture_and_resources() {
    let clew = with_alerts();
    clew.ingest_bytes("posture.json", posture());
    let ask = async |body: Value| {
        let (status, answer) = clew.post("/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01", &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    };
    let query = "SecurityResources | where type == 'microsoft.security/locations/alerts' | extend severity = tostring(properties.severity), \
                 Status = tostring(properties.Status) | project name, severity, Status, resourceGroup | order by severity asc";
    let answer = ask(json!({"subscriptions": ["20ff7fc3-e762-44dd-bd96-b71116dcdc23"], "query": query})).await;
    assert_eq!((&answer["totalRecords"], &answer["count"], &answer["resultTruncated"]), (&json!(2), &json!(2), &json!("false")));
    assert_eq!(answer["data"][0], json!({"name": ALERT, "severity": "High", "Status": "Active", "resourceGroup": "myrg1"}));
    // What is known of alerts before they are read is what they say, in the one case and the other.
    let whole = ask(json!({"query": "securityresources | where type =~ 'microsoft.security/locations/alerts'"})).await;
    let alerts = whole["data"].as_array().expect("rows");
    let members =
        ["severity", "status", "alertDisplayName", "alertType", "intent", "productName", "startTimeUtc", "endTimeUtc", "systemAlertId"];
    for alert in alerts {
        for member in members {
            let capital = member[..1].to_uppercase() + &member[1..];
            for name in [member, &capital] {
                let value = &alert["properties"][name];
                let query = format!("securityresources | where properties.{name} == {value} | project name, found = properties.{name}");
                let found = ask(json!({"query": query})).await;
                let row = json!({"name": alert["name"], "found": value});
                assert!(found["data"].as_array().is_some_and(|rows| rows.contains(&row)), "{query}: {found}");
            }
        }
    }
    let counted = async |subscriptions: Value| {
        let query = "securityresources | where type =~ 'microsoft.security/locations/alerts' | summarize n = count()";
        ask(json!({"query": query, "subscriptions": subscriptions})).await["data"][0]["n"].clone()
    };
    assert_eq!(counted(json!([])).await, alerts.len());
    assert_eq!(counted(json!(["00000000-0000-0000-0000-000000000009"])).await, alerts.len(), "nothing is in it: it stands for all");
    assert_eq!(counted(json!(["20FF7FC3-e762-44dd-bd96-b71116dcdc23"])).await, 2);
    let open =
        "securityresources | where type =~ 'microsoft.security/assessments' and properties.status.code == 'Unhealthy' | project name";
    let page = ask(json!({"query": open, "options": {"$top": 1, "resultFormat": "table"}})).await;
    assert_eq!(page["data"]["columns"], json!([{"name": "name", "type": "string"}]));
    assert_eq!((&page["totalRecords"], &page["count"]), (&json!(2), &json!(1)));
    let rest = ask(json!({"query": open, "options": {"$skipToken": page["$skipToken"], "resultFormat": "table"}})).await;
    assert_eq!((&rest["count"], rest.get("$skipToken")), (&json!(1), None));
    assert_ne!(page["data"]["rows"], rest["data"]["rows"]);
    let facets = json!([{"expression": "type"}, {"expression": "nonsense("}, {"expression": "properties.edges"}]);
    let answer = ask(json!({"query": "resources | project type, properties", "facets": facets})).await;
    assert_eq!(answer["facets"][0]["resultType"], "FacetResult");
    assert_eq!(answer["facets"][0]["data"][0]["type"], "microsoft.compute/virtualmachines");
    assert_eq!(answer["facets"][1]["resultType"], "FacetError");
    assert_eq!(answer["facets"][2]["resultType"], "FacetResult", "{answer}");
    let (status, answer) = clew.post("/providers/Microsoft.ResourceGraph/resources", &json!({"query": "nothing | take 1"})).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("BadRequest")));
}

#[tokio::test(flavor = "multi_thread")]
async fn simulation_brings_every_sample_alert_of_its_bundles() {
    let clew = Clew::new();
    let path = format!("{SUB}/providers/Microsoft.Security/locations/centralus/alerts/default/simulate?api-version=2022-01-01");
    let body = json!({"properties": {"kind": "Bundles", "bundles": ["VirtualMachines", "keyvaults"]}});
    let (status, _) = clew.by("ann", "POST", &path, body).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let list = clew.get(&format!("{SUB}/providers/Microsoft.Security/locations/centralus/alerts")).await;
    let mut types: Vec<&str> =
        list["value"].as_array().expect("alerts").iter().filter_map(|alert| alert["properties"]["alertType"].as_str()).collect();
    types.sort_unstable();
    // The same as `clew simulate` brings.
    let of_machines = ["VM_C2Communication", "VM_CredentialDumpingTool", "VM_LoginBruteForceSuccess", "VM_SuspiciousPowerShell"];
    assert_eq!(types, [["KV_OperationVolumeAnomaly", "KV_SuspiciousIPAccess"].as_slice(), &of_machines].concat());
    let all = clew.get("/v1/alerts").await;
    assert_eq!((all["total"].as_u64(), names(&list).len()), (Some(6), 6), "each is in every list");
    let own = list["value"].as_array().expect("alerts").iter().all(|alert| {
        let id = alert["id"].as_str().unwrap_or_default();
        id.starts_with(&format!("{SUB}/")) && id.contains("/locations/centralus/")
    });
    assert!(own, "they are in the subscription and region of the caller: {list}");
    let ended = clew.get(&format!("{SUB}/providers/Microsoft.Security/locations/centralus/operationStatuses/x")).await;
    assert_eq!(ended["status"], "Succeeded");
    for body in [
        json!({"properties": {"kind": "Bundles", "bundles": []}}),
        json!({"properties": {"kind": "Bundles", "bundles": ["Toasters"]}}),
        json!({}),
    ] {
        assert_eq!(clew.by("ann", "POST", &path, body).await.0, StatusCode::BAD_REQUEST);
    }
}

/// The service lists what a subscription has; a workspace has one list, which a simulation adds to whatever subscription its caller writes.
#[tokio::test(flavor = "multi_thread")]
async fn simulation_hides_nothing_that_was_listed_before() {
    let clew = with_alerts();
    let sub = "/subscriptions/00000000-0000-0000-0000-000000000001";
    let listed = async |path: &str| names(&clew.get(&format!("{sub}{path}/providers/Microsoft.Security/alerts")).await).len();
    let counted = async |table: &str| {
        let query = format!("{table} | where type !has 'assessments' | summarize n = count()");
        let body = json!({"query": query, "subscriptions": ["00000000-0000-0000-0000-000000000001"]});
        let (status, answer) = clew.post("/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01", &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["data"][0]["n"].as_u64().expect("a number")
    };
    let (before, graph, resources) = (listed("").await, counted("securityresources").await, counted("resources").await);
    assert!(before > 0 && resources > 0);
    let path = format!("{sub}/providers/Microsoft.Security/locations/westeurope/alerts/default/simulate");
    let body = json!({"properties": {"kind": "Bundles", "bundles": ["AppServices"]}});
    assert_eq!(clew.by("ann", "POST", &path, body).await.0, StatusCode::ACCEPTED);
    assert_eq!(listed("").await, before + 2);
    // `clew simulate` tells of hosts and resources that refer to each other.
    let simulated = tokio::task::block_in_place(|| clew.engine.simulate(&["DNS".to_owned()], &Default::default())).expect("samples");
    assert_eq!(listed("").await, before + 2 + simulated.alerts.len());
    for group in ["Sample-RG", "no-such-rg"] {
        assert_eq!(listed(&format!("/resourceGroups/{group}")).await, before + 2 + simulated.alerts.len(), "{group}");
    }
    assert_eq!(counted("securityresources").await, graph + 2 + simulated.alerts.len() as u64);
    assert!(counted("resources").await > resources);
    // A subscription that real things are in still has its own list.
    let own = clew.get(&format!("{SUB}/providers/Microsoft.Security/alerts")).await;
    assert!(names(&own).contains(&ALERT) && names(&own).len() < before + 2, "{own}");
}

#[tokio::test(flavor = "multi_thread")]
async fn suppression_rules_are_kept_in_the_words_of_the_vendor() {
    let clew = Clew::new();
    let path = format!("{SUB}/providers/Microsoft.Security/alertsSuppressionRules/eicar");
    let body = json!({"properties": {
        "alertType": "VM_EICAR", "reason": "Test", "state": "Enabled", "comment": "a drill", "expirationDateUtc": "2999-01-01T00:00:00Z",
        "suppressionAlertsScope": {"allOf": [{"field": "entities.azure-resource.resourceid", "contains": "virtualMachines/vm1"}]},
    }});
    for _ in 0..2 {
        let (status, answer) = clew.by("ann", "PUT", &path, body.clone()).await;
        assert_eq!(
            (status, &answer["id"], &answer["type"]),
            (StatusCode::OK, &json!(path), &json!("Microsoft.Security/alertsSuppressionRules")),
            "{answer}"
        );
        for name in ["alertType", "reason", "state", "comment", "suppressionAlertsScope"] {
            assert_eq!(answer["properties"][name], body["properties"][name], "{name}");
        }
        assert_eq!(answer["properties"]["expirationDateUtc"], "2999-01-01T00:00:00.0000000Z");
    }
    for (option, count) in [("", 1), ("?AlertType=vm_eicar", 1), ("?AlertType=other", 0)] {
        let list = clew.get(&format!("{SUB}/providers/Microsoft.Security/alertsSuppressionRules{option}")).await;
        assert_eq!(names(&list).len(), count, "{option}");
    }
    let wrong = json!({"properties": {"alertType": "A", "reason": "B", "state": "Asleep"}});
    assert_eq!(clew.by("ann", "PUT", &path, wrong).await.0, StatusCode::BAD_REQUEST);
    for _ in 0..2 {
        assert_eq!(clew.by("ann", "DELETE", &path, Value::Null).await.0, StatusCode::NO_CONTENT);
    }
    assert_eq!(clew.try_get(&path).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_an_export_say_the_same_as_documents() {
    let rows = [
        json!({"Type": "SecurityRecommendation", "AssessedResourceId": VM, "RecommendationId": "abc", "RecommendationName": "abc",
               "RecommendationDisplayName": "Do it", "RecommendationSeverity": "High", "RecommendationState": "Unhealthy", "Environment": "Azure"}),
        json!({"Type": "SecurityNestedRecommendation", "AssessedResourceId": VM, "NestedRecommendationId": "n1", "ParentRecommendationId": "abc",
               "RecommendationName": "log4j", "RecommendationSeverity": "High", "RecommendationState": "Unhealthy", "VulnerabilityId": "370001",
               "AdditionalData": "{\"cve\":[{\"title\":\"CVE-2021-44228\"}]}"}),
        json!({"Type": "DeviceTvmSoftwareVulnerabilities", "DeviceId": "d1", "DeviceName": "host1.contoso.com", "CveId": "CVE-2021-44228",
               "SoftwareName": "log4j", "SoftwareVersion": "2.14", "VulnerabilitySeverityLevel": "Critical"}),
    ];
    let lines = rows.map(|mut row| {
        row["TimeGenerated"] = "2024-05-01T00:00:00Z".into();
        row.to_string()
    });
    let clew = Clew::new();
    let report = clew.ingest_bytes("export.json", lines.join("\n"));
    assert_eq!((report.new, report.rejected), (3, 0), "{report:?}");
    let around = clew.get("/v1/neighbors?node=vulnerability:CVE-2021-44228").await;
    let mut affected: Vec<(&str, &str)> = around["edges"]
        .as_array()
        .expect("edges")
        .iter()
        .filter_map(|edge| Some((edge["source"].as_str()?.split_once(':')?.0, edge["relation"].as_str()?)))
        .collect();
    affected.sort_unstable();
    assert_eq!(affected, [("azure-resource", "affected_by"), ("host", "affected_by")]);
    let host = clew.get("/v1/entities/host:host1.contoso.com").await;
    assert_eq!(host["posture"]["vulnerable"], json!({"Critical": 1}));
    let listed = clew.get(&format!("{VM}/providers/Microsoft.Security/assessments/abc")).await;
    assert_eq!(
        (&listed["properties"]["status"]["code"], &listed["properties"]["metadata"]["severity"]),
        (&json!("Unhealthy"), &json!("High"))
    );
    let finding = clew.get(&format!("{VM}/providers/Microsoft.Security/assessments/abc/subAssessments/n1")).await;
    assert_eq!(finding["properties"]["additionalData"]["cve"][0]["title"], "CVE-2021-44228");
}

#[tokio::test(flavor = "multi_thread")]
async fn automations_send_to_event_hubs_as_exports() {
    let clew = Clew::new();
    let path = format!("{SUB}/resourceGroups/g/providers/Microsoft.Security/automations/hub");
    let string = "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=Send;SharedAccessKey=abc;EntityPath=soc";
    let body = |actions: Value| {
        let rule = json!({"propertyJPath": "Severity", "propertyType": "String", "expectedValue": "High", "operator": "Equals"});
        json!({"location": "x", "properties": {"isEnabled": true, "actions": actions,
            "sources": [{"eventSource": "Alerts", "ruleSets": [{"rules": [rule]}]}, {"eventSource": "SecureScoresSnapshot"}]}})
    };
    let hub = json!([{"actionType": "EventHub", "eventHubResourceId": "/x/eventhubs/soc", "connectionString": string}]);
    let put = async |actions: Value| clew.by("ana", "PUT", &path, body(actions)).await;
    let exports = async || clew.get("/v1/exports").await["value"].as_array().expect("a list").clone();
    assert_eq!(put(hub.clone()).await.0, StatusCode::CREATED);
    let made = exports().await;
    assert_eq!(made.len(), 2, "{made:?}");
    let stream = made.iter().find(|export| export["schedule"].is_null()).expect("alerts go as they change");
    assert_eq!((&stream["target"]["brokers"], &stream["target"]["topic"]), (&json!(["ns.servicebus.windows.net:9093"]), &json!("soc")));
    assert_eq!((&stream["filter"]["severity"], stream.to_string().contains("SharedAccessKey=abc")), (&json!(["High"]), false));
    // Sent back as it was shown, it goes on; without the hub, or gone, nothing is sent any more.
    let shown = clew.get(&path).await["properties"]["actions"].clone();
    assert_eq!(put(shown).await.0, StatusCode::OK);
    assert_eq!(exports().await.len(), 2);
    assert_eq!(put(json!([{"actionType": "Workspace", "workspaceResourceId": "/x/workspaces/soc"}])).await.0, StatusCode::OK);
    assert_eq!(exports().await.len(), 0);
    assert_eq!(put(hub).await.0, StatusCode::OK);
    assert_eq!(clew.by("ana", "DELETE", &path, Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(exports().await.len(), 0);
    let (status, answer) = put(json!([{"actionType": "EventHub", "connectionString": "nothing"}])).await;
    assert_eq!((status, &answer["error"]["innererror"]["code"]), (StatusCode::BAD_REQUEST, &json!("automation_target")));
}

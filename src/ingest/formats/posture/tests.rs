//! Documents of the vendor's API as rows, entities and relations.

use serde_json::{Value, json};

use super::*;

fn events(document: Value) -> Vec<Event> {
    let Value::Object(object) = document else { panic!("an object") };
    assert_eq!(detect(&object), 100);
    let context = Context { table: None, received: Time::parse("2024-05-01T00:00:00Z").expect("a time") };
    let bodies = read(&object, &context).expect("the document can be read");
    bodies.into_iter().map(|body| if let Body::Event(event) = body { *event } else { panic!("an event") }).collect()
}

fn cell_of(event: &Event, column: &str) -> Value {
    event.columns.iter().find(|(name, _)| &**name == column).map_or(Value::Null, |(_, value)| value.clone())
}

fn links(event: &Event) -> Vec<(String, String, String, String)> {
    let label = |place: u32| event.entities[place as usize].label.clone();
    event.links.iter().map(|link| (label(link.from), link.relation.to_string(), label(link.to), link.rule.to_string())).collect()
}

const VM: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm1";

#[test]
fn an_assessment_is_a_recommendation_of_its_resource() {
    let id = format!("{VM}/providers/Microsoft.Security/assessments/21300918-b2e3-0346-785f-c77ff57d243b");
    let found = events(json!({
        "type": "Microsoft.Security/assessments", "id": id, "name": "21300918-b2e3-0346-785f-c77ff57d243b",
        "assessmentEventDataEnrichment": {"action": "Insert", "isSnapshot": true},
        "properties": {
            "resourceDetails": {"source": "Azure", "id": VM}, "displayName": "Install endpoint protection",
            "status": {"code": "Unhealthy", "statusChangeDate": "2024-04-12T09:07:18.6759138Z"},
            "metadata": {"severity": "Medium", "description": "why"},
        },
    }));
    let event = &found[0];
    assert_eq!(
        (&*event.table, event.time.map(|time| time.to_string()).as_deref()),
        ("SecurityRecommendation", Some("2024-04-12T09:07:18.675913Z"))
    );
    let expected = [
        ("AssessedResourceId", json!(VM)),
        ("RecommendationName", json!("21300918-b2e3-0346-785f-c77ff57d243b")),
        ("RecommendationState", json!("Unhealthy")),
        ("RecommendationSeverity", json!("Medium")),
        ("RecommendationDisplayName", json!("Install endpoint protection")),
        ("IsSnapshot", json!(true)),
    ];
    for (column, value) in expected {
        assert_eq!(cell_of(event, column), value, "{column}");
    }
    assert_eq!(event.entities.iter().map(|entity| entity.kind.as_str()).collect::<Vec<_>>(), ["azure-resource"]);
}

#[test]
fn findings_lead_from_the_resource_to_each_vulnerability() {
    let finding = |code: &str| {
        events(json!({
            "type": "Microsoft.Security/assessments/subAssessments",
            "id": format!("{VM}/providers/Microsoft.Security/assessments/abc/subAssessments/95f7da9c"), "name": "95f7da9c",
            "properties": {
                "displayName": "OpenSSL", "id": "370361", "timeGenerated": "2024-02-01T00:00:00Z",
                "status": {"code": code, "severity": "High"}, "resourceDetails": {"source": "Azure", "id": VM},
                "additionalData": {"assessedResourceType": "ServerVulnerability", "patchable": true,
                                   "cve": [{"title": "CVE-2022-0778", "link": "x"}, {"title": "cve-2022-1292"}]},
            },
        }))
    };
    let expected = ["CVE-2022-0778", "cve-2022-1292"]
        .map(|cve| ("vm1".to_owned(), "affected_by".to_owned(), cve.to_owned(), "SecurityNestedRecommendation.cve".to_owned()));
    assert_eq!(links(&finding("Unhealthy")[0]), expected);
    assert_eq!(links(&finding("Healthy")[0]), []);
    assert_eq!(cell_of(&finding("Unhealthy")[0], "VulnerabilityId"), "370361");
    let plain = events(json!({
        "type": "Microsoft.Security/subAssessments", "id": format!("{VM}/providers/Microsoft.Security/assessments/abc/subAssessments/1"),
        "properties": {"displayName": "Weak cipher", "id": "38601", "status": {"code": "Unhealthy"}},
    }));
    assert_eq!(links(&plain[0])[0].2, "Weak cipher");
}

#[test]
fn a_control_without_a_score_is_scored_by_its_resources() {
    let control = |score: Value| {
        events(json!({
            "type": "Microsoft.Security/secureScores/secureScoreControls",
            "id": "/subscriptions/s/providers/Microsoft.Security/secureScores/ascScore/secureScoreControls/a9909064",
            "properties": {"displayName": "Remediate vulnerabilities", "healthyResourceCount": 1, "unhealthyResourceCount": 3, "score": score},
        }))
    };
    let computed = control(json!({"max": 6}));
    assert_eq!((cell_of(&computed[0], "CurrentScore"), cell_of(&computed[0], "PercentageScore")), (json!(1.5), json!(0.25)));
    assert_eq!(computed[0].time.map(|time| time.to_string()).as_deref(), Some("2024-05-01T00:00:00Z"));
    assert_eq!(cell_of(&control(json!({"max": 6, "current": 2.0}))[0], "CurrentScore"), json!(2.0));
}

#[test]
fn allowed_connections_lead_from_each_resource_to_those_that_it_can_reach() {
    let other = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm2";
    let found = events(json!({
        "type": "Microsoft.Security/locations/allowedConnections",
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Security/locations/centralus/allowedConnections/Internal",
        "location": "centralus",
        "properties": {
            "calculatedDateTime": "2024-03-01T00:00:00Z",
            "connectableResources": [
                {"id": VM, "inboundConnectedResources": [{"connectedResourceId": other, "tcpPorts": "[22]", "udpPorts": "[53]"}], "outboundConnectedResources": []},
                {"id": other, "inboundConnectedResources": [], "outboundConnectedResources": [{"connectedResourceId": VM, "tcpPorts": "[22]"}]},
            ],
        },
    }));
    assert_eq!(found.len(), 1);
    assert_eq!((cell_of(&found[0], "TcpPorts"), cell_of(&found[0], "UdpPorts")), (json!("22"), json!("53")));
    let expected = ("vm2".to_owned(), "can_reach".to_owned(), "vm1".to_owned(), "SecurityAllowedConnections tcp 22; udp 53".to_owned());
    assert_eq!(links(&found[0]), [expected]);
}

#[test]
fn compliance_keeps_its_standard_and_control() {
    let found = events(json!({
        "type": "Microsoft.Security/regulatoryComplianceStandards/regulatoryComplianceControls/regulatoryComplianceAssessments",
        "id": "/subscriptions/s/providers/Microsoft.Security/regulatoryComplianceStandards/PCI-DSS-3.2/regulatoryComplianceControls/1.1/regulatoryComplianceAssessments/968548cb",
        "properties": {"description": "Set up MFA", "state": "Failed", "passedResources": 0, "failedResources": 2, "skippedResources": 1},
    }));
    let cells = ["ComplianceStandard", "ComplianceControl", "State", "FailedResources"].map(|column| cell_of(&found[0], column));
    assert_eq!(cells, [json!("PCI-DSS-3.2"), json!("1.1"), json!("Failed"), json!(2)]);
}

//! Findings of several producers, and what is read of them.

use std::collections::HashSet;

use serde_json::json;

use super::*;
use crate::ingest::formats::shape::tests::{alerts, context, entities, json as data};
use crate::model::{Classification, IncidentStatus};

#[test]
fn posture_findings_of_prowler() {
    let count = |file: &str| {
        let findings = data(&format!("ocsf-prowler/{file}"));
        let read: Vec<Alert> = objects(Some(&findings))
            .flat_map(|finding| {
                assert_eq!(detect(finding), 100);
                alerts(FORMAT.read, finding)
            })
            .collect();
        let distinct: HashSet<String> = read.iter().map(|alert| alert.id.clone()).collect();
        assert!(read.iter().all(|alert| alert.start.is_some() && alert.product == "Prowler" && alert.status == AlertStatus::New));
        let of = |severity| read.iter().filter(|alert| alert.severity == severity).count();
        (distinct.len(), of(Severity::Low), of(Severity::Medium), of(Severity::High))
    };
    assert_eq!(count("example_output_aws.ocsf.json"), (5, 1, 4, 0));
    assert_eq!(count("example_output_azure.ocsf.json"), (5, 1, 3, 1));
}

#[test]
fn a_detection_with_evidence() {
    let document = json!({
        "class_uid": 2004, "metadata": {"version": "1.1.0", "product": {"name": "EDR", "vendor_name": "V"}}, "severity_id": 6, "status_id": 2,
        "time": 1_700_000_000_000_i64,
        "finding_info": {"uid": "f1", "title": "Dump", "types": ["Credential"], "attacks": [{"tactic": {"uid": "TA0006", "name": "Credential Access"},
            "technique": {"uid": "T1003"}, "sub_technique": {"uid": "T1003.001"}}]},
        "device": {"hostname": "ws6.contoso.com", "ip": "10.0.0.5", "os": {"name": "Windows"}},
        "evidences": [{"actor": {"user": {"name": "bob", "domain": "CONTOSO"}},
            "process": {"pid": 7, "cmd_line": "dump.exe", "created_time": 1_700_000_000_000_i64, "file": {"path": "C:\\t\\dump.exe",
                "hashes": [{"algorithm_id": 3, "value": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]},
                "parent_process": {"pid": 3, "file": {"path": "C:\\Windows\\explorer.exe"}}},
            "dst_endpoint": {"ip": "203.0.113.9", "port": 443}}],
        "observables": [{"type_id": 2, "value": "203.0.113.9"}, {"type_id": 6, "value": "https://x.example/a"}]
    });
    let object = document.as_object().expect("an object");
    let alert = alerts(FORMAT.read, object).remove(0);
    assert_eq!((alert.severity, alert.status), (Severity::Critical, AlertStatus::InProgress));
    assert_eq!((alert.tactics.as_slice(), alert.techniques.len()), (&[Cow::Borrowed("CredentialAccess")][..], 2));
    assert_eq!(alert.start.map(|time| time.to_string()).as_deref(), Some("2023-11-14T22:13:20Z"));
    let mut kinds = entities(&alert);
    kinds.dedup();
    assert_eq!(kinds, ["account", "file", "filehash", "host", "ip", "process", "url"]);
    assert_eq!(alert.entities.iter().filter(|e| e.entity.kind.as_str() == "process").count(), 2);
    assert!(alert.links.iter().any(|link| link.relation.as_str() == "started"));
}

#[test]
fn a_security_finding_of_security_hub() {
    let document = json!({
        "class_uid": 2001, "metadata": {"version": "1.0.0", "product": {"name": "GuardDuty", "vendor_name": "AWS", "uid": "arn:aws:securityhub:x"}},
        "severity_id": 2, "status": "Success", "status_id": 1, "state_id": 4, "time": 1_700_000_000, "cloud": {"provider": "AWS"},
        "finding": {"uid": "f", "title": "t", "types": ["TTPs/Defense Evasion/Stealth:IAMUser-Disabled"], "created_time": 1_700_000_000,
            "created_time_dt": "2023-11-14T20:13:20.5", "remediation": {"desc": "look"}},
        "vulnerabilities": [{"cve": {"uid": "CVE-2024-0001"}, "title": "Old library"}],
            "malware": [{"name": "m", "classifications": ["Adware"], "path": "/usr/sbin/m"}],
        "resources": [{"uid": "AWS::IAM::AccessKey:ASIA1", "type": "AwsIamAccessKey",
            "data": "{\"AwsIamAccessKey\":{\"PrincipalId\":\"AROA:x\",\"PrincipalName\":\"Admin\",\"PrincipalType\":\"AssumedRole\"}}"}],
        "src_endpoint": {"ip": "203.0.113.9", "location": {"country": "X"}},
        "observables": [{"name": "resources[].uid", "type_id": 10, "value": "AWS::IAM::AccessKey:ASIA1"}, {"name": "src_endpoint.ip", "type_id": 2, "value": "203.0.113.9"},
            {"name": "device.hostname", "type_id": 99, "value": "h1"}, {"name": "port", "type_id": 11, "value": "443"}, {"name": "x", "type_id": 0}]
    });
    let alert = alerts(FORMAT.read, document.as_object().expect("an object")).remove(0);
    assert_eq!(alert.status, AlertStatus::Resolved, "the state is the finding's, the status its event's");
    assert_eq!((alert.tactics.as_slice(), alert.provider.as_str()), (&[Cow::Borrowed("DefenseEvasion")][..], "GuardDuty"));
    assert_eq!(
        alert.created.map(|time| time.to_string()).as_deref(),
        Some("2023-11-14T22:13:20Z"),
        "a time without a zone is none to rely on"
    );
    assert_eq!(alert.remediation, ["look"]);
    assert_eq!(entities(&alert), ["account", "file", "host", "ip", "malware", "vulnerability"], "observables say nothing again");
    let account = alert.entities.iter().find(|evidence| evidence.entity.kind.as_str() == "account").expect("who has the key");
    assert_eq!(account.entity.keys.strong.iter().map(|key| key.as_str()).collect::<Vec<_>>(), ["accesskeyid=asia1"]);
    let left = alert.extended.get("observables").and_then(Value::as_array).map(Vec::len);
    assert_eq!(left, Some(2), "what is no thing stays as it is");
}

#[test]
fn an_incident_finding_is_an_incident() {
    let document = json!({"class_uid": 2005, "metadata": {"version": "1.2.0", "uid": "i1", "product": {"name": "SOC"}}, "severity_id": 4, "status_id": 5,
        "message": "Two findings", "verdict_id": 2, "time": 1_700_000_000, "finding_info_list": [{"uid": "f1"}, {"uid": "f2"}],
        "assignee": {"name": "eve", "email_addr": "eve@x.example"}});
    let bodies = (FORMAT.read)(document.as_object().expect("an object"), &context()).expect("readable");
    let [Body::Incident(incident)] = bodies.as_slice() else { panic!("{bodies:?}") };
    assert_eq!((incident.id.as_str(), incident.severity, incident.status), ("i1", Severity::High, IncidentStatus::Closed));
    assert_eq!(incident.alert_ids, ["f1", "f2"]);
    assert_eq!(incident.classification, Some(Classification::TruePositive));
    assert_eq!(incident.modified.map(|time| time.to_string()).as_deref(), Some("2023-11-14T22:13:20Z"));
}

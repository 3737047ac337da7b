//! Findings of the shared data, and shapes that it does not hold.

use super::super::shape::tests::{alerts, context, data, entities};
use super::*;

fn finding(name: &str) -> Alert {
    let object = data(&format!("guardduty/{name}.json"));
    assert_eq!(detect(&object), 100);
    let bare = get(&object, "detail").and_then(Value::as_object).expect("a detail").clone();
    assert_eq!(detect(&bare), 95);
    let read = alerts(FORMAT.read, &object);
    assert_eq!(read, alerts(FORMAT.read, &bare), "envelope and bare finding say the same");
    read.into_iter().next().expect("one alert")
}

#[test]
fn a_sequence_of_signals() {
    let document = serde_json::json!({
        "schemaVersion": "2.0", "accountId": "1", "region": "us-east-1", "id": "s", "severity": 9, "type": "AttackSequence:S3/CompromisedData",
        "arn": "arn:aws:guardduty:us-east-1:1:detector/d/finding/s", "title": "t",
        "service": {"serviceName": "guardduty", "detection": {"sequence": {
            "actors": [{"id": "a", "user": {"name": "eve", "uid": "AIDA1", "type": "IAMUser", "credentialUid": "AKIA1", "account": {"uid": "1"}}}],
            "endpoints": [{"id": "e", "ip": "203.0.113.4", "location": {"city": "X", "country": "Y"}, "autonomousSystem": {"number": 64500}}],
            "resources": [{"uid": "arn:aws:s3:::b", "name": "b", "resourceType": "S3_BUCKET"},
                {"uid": "arn:aws:ec2:us-east-1:1:instance/i-1", "resourceType": "EC2_INSTANCE"}],
            "signals": [{"signalIndicators": [{"key": "ATTACK_TACTIC", "values": ["Discovery"]}]}],
            "sequenceIndicators": [{"key": "ATTACK_TECHNIQUE", "values": ["T1562.008 - Impair Defenses"]}, {"key": "UNUSUAL_ASN", "values": ["x"]}]}}}
    });
    let object = document.as_object().expect("an object");
    assert_eq!(detect(object), 95, "its resources stand in the sequence");
    let alert = alerts(FORMAT.read, object).remove(0);
    assert_eq!(entities(&alert), ["account", "amazon-resource", "host", "ip"]);
    assert_eq!((alert.tactics.as_slice(), alert.techniques.len()), (&[Cow::Borrowed("Discovery")][..], 1));
}

/// Types and severities as counted in the README of the data.
#[test]
fn types_severities_and_tactics() {
    let cases = [
        (
            "Credential-Access-IAM-Anomalous-Behavior",
            "CredentialAccess:IAMUser/AnomalousBehavior",
            Severity::Medium,
            &["CredentialAccess"][..],
        ),
        ("Discovery-RDS-Tor-Ip-Caller", "Discovery:RDS/TorIPCaller", Severity::Medium, &["Discovery"]),
        ("Recon-EC2-PortProbeEMRUnprotectedPort", "Recon:EC2/PortProbeEMRUnprotectedPort", Severity::High, &["Reconnaissance"]),
        ("Recon-EC2-PortProbeUnprotectedPort", "Recon:EC2/PortProbeUnprotectedPort", Severity::Low, &["Reconnaissance"]),
        ("Trojan-EC2-BlackholeTraffic", "Trojan:EC2/BlackholeTraffic", Severity::Medium, &[]),
        ("Trojan-EC2-DGADomainRequest-B", "Trojan:EC2/DGADomainRequest.B", Severity::High, &[]),
        ("UnauthorizedAccess-EC2-MaliciousIPCaller", "UnauthorizedAccess:EC2/MaliciousIPCaller.Custom", Severity::Medium, &[]),
        ("UnauthorizedAccess-EC2-MetadataDNSRebind", "UnauthorizedAccess:EC2/MetadataDNSRebind", Severity::High, &[]),
        ("UnauthorizedAccess-EC2-SSHBruteForce", "UnauthorizedAccess:EC2/SSHBruteForce", Severity::Low, &[]),
        ("UnauthorizedAccess-EC2-TorClient", "UnauthorizedAccess:EC2/TorClient", Severity::High, &[]),
    ];
    for (file, kind, severity, tactics) in cases {
        let alert = finding(file);
        assert_eq!((alert.alert_type.as_str(), alert.severity), (kind, severity));
        assert_eq!(alert.tactics, tactics, "{file}");
        assert_eq!(alert.status, AlertStatus::New);
        assert!(alert.start.is_some() && alert.start <= alert.end, "{file}");
    }
}

#[test]
fn a_brute_force_names_instance_attacker_and_addresses() {
    let alert = finding("UnauthorizedAccess-EC2-SSHBruteForce");
    assert_eq!(alert.title, "198.51.100.0 is performing SSH brute force attacks against i-99999999.");
    assert_eq!(alert.compromised_entity, "i-99999999");
    let attackers: Vec<&str> =
        alert.entities.iter().filter(|e| e.role.as_deref() == Some("attacker")).map(|e| e.entity.label.as_str()).collect();
    assert_eq!(attackers, ["198.51.100.0", "1234:5678:90ab:cdef:1234:5678:90ab:cde0"]);
    let mut kinds = entities(&alert);
    kinds.dedup();
    assert_eq!(kinds, ["host", "ip", "network-connection"]);
    let host = &alert.entities.iter().find(|e| e.entity.kind.as_str() == "host").expect("a host").entity;
    assert_eq!(host.properties["InstanceId"], "i-99999999");
    assert!(host.properties["AmazonResourceId"].as_str().is_some_and(|arn| arn.ends_with(":instance/i-99999999")));
}

#[test]
fn port_probes_dns_databases_and_keys() {
    let probes = finding("Recon-EC2-PortProbeUnprotectedPort");
    assert!(probes.entities.iter().filter(|e| e.role.as_deref() == Some("attacker")).count() >= 6);
    assert!(entities(&finding("Trojan-EC2-DGADomainRequest-B")).contains(&"dns".to_owned()));
    assert!(entities(&finding("Discovery-RDS-Tor-Ip-Caller")).contains(&"amazon-resource".to_owned()));
    let key = finding("Credential-Access-IAM-Anomalous-Behavior");
    assert_eq!(key.compromised_entity, "GeneratedFindingUserName");
    assert!(entities(&key).contains(&"account".to_owned()));
}

#[test]
fn severity_steps_and_archived_findings() {
    let cases = [
        (0.5, Severity::Informational),
        (1.0, Severity::Low),
        (3.9, Severity::Low),
        (4.0, Severity::Medium),
        (8.9, Severity::High),
        (9.0, Severity::Critical),
    ];
    for (number, expected) in cases {
        assert_eq!(severity(number), expected, "{number}");
    }
    let document = serde_json::json!({"schemaVersion": "2.0", "id": "f1", "accountId": "1", "type": "Stealth:S3/X", "severity": 2,
        "service": {"archived": true}, "resource": {"s3BucketDetails": [{"name": "b"}]}});
    let object = document.as_object().expect("an object");
    assert_eq!(detect(object), 95);
    let alert = &alerts(FORMAT.read, object)[0];
    assert_eq!((alert.status, alert.tactics.as_slice()), (AlertStatus::Dismissed, &[Cow::Borrowed("DefenseEvasion")][..]));
    assert_eq!(alert.entities[0].entity.properties["AmazonResourceId"], "arn:aws:s3:::b");
    let nothing = Object::new();
    assert!((FORMAT.read)(&nothing, &context()).is_err());
}

//! Counts of the published bundles, and the rule that no object gets lost.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::super::shape::tests::{context, data};
use super::*;

fn bodies(object: &Object) -> Vec<Body> {
    assert_eq!(detect(object), 100);
    read(object, &context()).expect("readable")
}

fn entities(bodies: &[Body]) -> impl Iterator<Item = &crate::model::Evidence> {
    bodies.iter().flat_map(|body| match body {
        Body::Alert(alert) => alert.entities.iter(),
        Body::Incident(incident) => incident.entities.iter(),
        _ => [].iter(),
    })
}

#[test]
fn observations_of_crowdstrike() {
    let bodies = bodies(&data("stix/crowdstrike_detections_20210723.json.gz"));
    let alerts: Vec<&Alert> = bodies
        .iter()
        .filter_map(|body| match body {
            Body::Alert(alert) => Some(alert.as_ref()),
            _ => None,
        })
        .collect();
    assert_eq!((bodies.len(), alerts.len()), (77, 77));
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut distinct: BTreeSet<(&str, &str)> = BTreeSet::new();
    for evidence in entities(&bodies).filter(|evidence| !evidence.nested) {
        let entity = &evidence.entity;
        *kinds.entry(entity.kind.as_str()).or_default() += 1;
        let name = ["Address", "HostName", "UserId", "Sid"].iter().find_map(|name| entity.properties.get(*name)?.as_str());
        distinct.extend(name.map(|name| (entity.kind.as_str(), name)));
    }
    let counted = |kind: &str| distinct.iter().filter(|(k, _)| *k == kind).count();
    assert_eq!((counted("ip"), counted("host"), counted("account")), (9, 4, 4));
    // As the README counts them; two addresses of one observation may be one.
    assert_eq!((kinds["file"], kinds["process"], kinds["account"], kinds["host"], kinds["nic"]), (215, 154, 77, 77, 77));
    assert_eq!((kinds["dns"], kinds["network-connection"]), (1, 1));
    let first = alerts.iter().filter_map(|alert| alert.start).min().map(|time| time.to_string());
    let last = alerts.iter().filter_map(|alert| alert.end).max().map(|time| time.to_string());
    assert_eq!((first.as_deref(), last.as_deref()), (Some("2021-05-10T18:45:39Z"), Some("2021-07-15T11:53:18Z")));
    assert!(alerts.iter().all(|alert| alert.extended.contains_key("x-crowdstrike") && alert.extended.contains_key("created_by")));
    assert!(alerts[0].links.iter().any(|link| link.relation.as_str() == "started"));
    assert_eq!((alerts[0].severity, alerts[0].compromised_entity.as_str()), (Severity::High, "WIN10-1S"));
}

#[test]
fn a_threat_report_is_an_incident_and_nothing_is_lost() {
    let bundle = data("stix/apt1.json");
    let bodies = bodies(&bundle);
    let incidents = bodies.iter().filter(|body| matches!(body, Body::Incident(_))).count();
    assert_eq!(incidents, 1);
    let mut found: BTreeSet<String> = BTreeSet::new();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    found.extend(entities(&bodies).filter_map(|evidence| text(evidence.entity.properties.get("StixId")?)));
    for body in &bodies {
        let (id, links, extended) = match body {
            Body::Alert(alert) => (&alert.id, &alert.links, &alert.extended),
            Body::Incident(incident) => (&incident.id, &incident.links, &incident.extended),
            _ => continue,
        };
        found.insert(id.clone());
        found.extend(links.iter().filter_map(|link| link.rule.strip_prefix("stix.").map(str::to_owned)));
        let kept = extended.values().filter_map(Value::as_array).flatten().chain(extended.get("created_by"));
        found.extend(kept.filter_map(|object| text(object.get("id")?)));
    }
    let lost: Vec<&str> =
        bundle["objects"].as_array().expect("objects").iter().filter_map(|o| o["id"].as_str()).filter(|id| !found.contains(*id)).collect();
    assert_eq!(lost, Vec::<&str>::new());
}

#[test]
fn a_bundle_without_records_is_one_alert() {
    let bodies = bodies(&data("stix/malicious-email-indicator-with-attachment.json"));
    let [Body::Alert(alert)] = bodies.as_slice() else { panic!("{bodies:?}") };
    assert_eq!(alert.category.as_deref(), Some("ThreatIntelligence"));
    let kinds: Vec<&str> = alert.entities.iter().map(|e| e.entity.kind.as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "threat-intelligence").count(), 2);
    assert_eq!(alert.links.iter().filter(|link| link.relation.as_str() == "indicates").count(), 2);
}

#[test]
fn observations_by_reference_and_sightings() {
    let bundle = json!({"type": "bundle", "id": "bundle--1", "objects": [
        {"type": "ipv4-addr", "id": "ipv4-addr--1", "value": "203.0.113.9"},
        {"type": "domain-name", "id": "domain-name--1", "value": "x.example", "resolves_to_refs": ["ipv4-addr--1"]},
        {"type": "observed-data", "id": "observed-data--1", "object_refs": ["domain-name--1"], "first_observed": "2024-01-01T00:00:00Z",
            "last_observed": "2024-01-02T00:00:00Z", "number_observed": 3},
        {"type": "indicator", "id": "indicator--1", "name": "C2", "pattern": "[ipv4-addr:value = '198.51.100.7']"},
        {"type": "sighting", "id": "sighting--1", "sighting_of_ref": "indicator--1", "observed_data_refs": ["observed-data--1"], "modified": "2024-01-03T00:00:00Z"},
        {"type": "grouping", "id": "grouping--1", "name": "Case", "object_refs": ["observed-data--1", "indicator--1", "malware--elsewhere"]}
    ]});
    let bodies = bodies(bundle.as_object().expect("an object"));
    let [Body::Alert(observed), Body::Alert(sighted), Body::Incident(case)] = bodies.as_slice() else { panic!("{bodies:?}") };
    assert_eq!(observed.entities.len(), 2);
    assert!(observed.links.iter().any(|link| link.relation.as_str() == "resolves_to"));
    assert_eq!((sighted.title.as_str(), sighted.members.as_slice()), ("Sighting of C2", &["observed-data--1".to_owned()][..]));
    assert_eq!(case.alert_ids, ["observed-data--1"]);
    assert_eq!(case.entities.len(), 3, "the indicator, its address, and the malware of another bundle");
}

#[test]
fn types_that_are_paths_of_patterns_are_what_they_name() {
    let hash = "b0ab7076b0fe4b758d8e6622605d94204cc1b55baf718129cafe750d835ffb21";
    let bundle = json!({"type": "bundle", "id": "bundle--1", "objects": [
        {"type": "observed-data", "id": "observed-data--1", "objects": {
            "0": {"type": "file:name", "value": "uat_file.exe"},
            "1": {"type": "file:hashes.'SHA-256'", "value": hash},
            "2": {"type": "odd:thing's 'x", "value": "y"}
        }}
    ]});
    let bodies = bodies(bundle.as_object().expect("an object"));
    let found: Vec<(&str, &str)> = entities(&bodies)
        .map(|e| (e.entity.kind.as_str(), text_of(&e.entity.properties, &["Name"]).map_or("", |_| &e.entity.label)))
        .collect();
    assert_eq!(found, [("file", "uat_file.exe"), ("filehash", ""), ("odd", "y")]);
}

#[test]
fn empty_and_foreign_bundles() {
    let empty = json!({"type": "bundle", "objects": []});
    assert_eq!(read(empty.as_object().expect("an object"), &context()).expect_err("nothing").code, "stix_empty_bundle");
    assert_eq!(detect(json!({"type": "report"}).as_object().expect("an object")), 0);
}

//! Holds the truth against a plain recount of the bytes that were written, with a normalisation of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use serde_json::Value;

use super::*;

#[derive(Default)]
struct Files {
    alerts: Vec<u8>,
    incidents: Vec<u8>,
    signins: Vec<u8>,
    security_events: Vec<u8>,
    network: Vec<u8>,
}

fn generate(seed: u64, incidents: u64, events: u64) -> (Files, Truth) {
    let mut files = Files::default();
    let mut outputs = Outputs {
        alerts: &mut files.alerts,
        incidents: &mut files.incidents,
        signins: &mut files.signins,
        security_events: &mut files.security_events,
        network: &mut files.network,
    };
    let truth = write(&Plan { seed, incidents, events }, &mut outputs).expect("a Vec takes every write");
    (files, truth)
}

fn rows(bytes: &[u8]) -> Vec<Value> {
    bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(|line| serde_json::from_slice(line).expect("JSON")).collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn tally(counts: &mut BTreeMap<String, u64>, name: &str) {
    *counts.entry(name.to_owned()).or_default() += 1;
}

/// The newest row of each id, and how many rows repeat another one byte for byte.
fn newest(bytes: &[u8], id: &str, modified: &str) -> (HashMap<String, Value>, u64) {
    let mut newest: HashMap<String, Value> = HashMap::new();
    let mut seen = HashSet::new();
    let mut duplicates = 0;
    for line in bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        if !seen.insert(line.to_vec()) {
            duplicates += 1;
            continue;
        }
        let row: Value = serde_json::from_slice(line).expect("JSON");
        match newest.get(text(&row, id)) {
            Some(old) if text(old, modified) > text(&row, modified) => {}
            _ => drop(newest.insert(text(&row, id).to_owned(), row)),
        }
    }
    (newest, duplicates)
}

fn account_of(name: &str) -> String {
    name.to_lowercase()
}

/// Identity of an entity: names are unique in the generated world, so that a host is its first label and an account its name.
fn identity(entity: &Value, list: &[Value]) -> String {
    let lower = |name: &str| text(entity, name).to_lowercase();
    match text(entity, "Type") {
        "account" => account_of(text(entity, "Name")),
        "host" => lower("HostName").split('.').next().unwrap_or_default().to_owned(),
        "ip" => text(entity, "Address").trim().parse::<IpAddr>().expect("an address").to_string(),
        "file" => format!("{}\\{}", lower("Directory"), lower("Name")),
        "filehash" => lower("Value"),
        "url" => lower("Url"),
        "dns" => lower("DomainName"),
        "azure-resource" => lower("ResourceId"),
        "cloud-application" => entity["AppId"].to_string(),
        "oauth-application" => lower("OAuthAppId"),
        "security-group" => lower("ObjectGuid"),
        "mailbox" => lower("MailboxPrimaryAddress"),
        "mail-cluster" => lower("Query"),
        "malware" => lower("Name"),
        "registry-key" => lower("Key"),
        "registry-value" => {
            let key = list.iter().find(|key| key["$id"] == entity["Key"]["$ref"]).expect("the key is in the list");
            format!("{}|{}", lower("Name"), text(key, "Key").to_lowercase())
        }
        "process" => {
            let host = list.iter().find(|host| host["$id"] == entity["Host"]["$ref"]).expect("the host is in the list");
            format!("{}|{}|{}", identity(host, list), lower("ProcessId"), lower("CreationTimeUtc"))
        }
        "mail-message" => lower("NetworkMessageId"),
        "host-logon-session" | "cloud-logon-session" => lower("SessionId"),
        other => panic!("unknown kind {other}"),
    }
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let (one, two, other) = (generate(7, 300, 500), generate(7, 300, 500), generate(8, 300, 500));
    assert_eq!(one.1, two.1);
    assert!(one.0.alerts == two.0.alerts && one.0.incidents == two.0.incidents && one.0.signins == two.0.signins);
    assert!(one.0.security_events == two.0.security_events && one.0.network == two.0.network);
    assert!(one.0.alerts != other.0.alerts);
}

#[test]
fn a_plan_of_nothing_writes_nothing() {
    let (files, truth) = generate(1, 0, 0);
    assert_eq!((files.alerts.len(), files.incidents.len(), files.signins.len()), (0, 0, 0));
    assert_eq!(
        truth,
        Truth { seed: 1, event_entities: truth.event_entities.clone(), all_entities: truth.all_entities.clone(), ..Truth::default() }
    );
}

#[test]
fn alerts_are_as_the_truth_says() {
    let (files, truth) = generate(42, 3000, 0);
    let (alerts, duplicates) = newest(&files.alerts, "SystemAlertId", "TimeGenerated");
    let mut count = Truth { seed: 42, alerts: alerts.len() as u64, alert_duplicates: duplicates, ..Truth::default() };
    count.alert_rows = rows(&files.alerts).len() as u64;
    count.alert_updates = count.alert_rows - count.alerts - duplicates;
    let mut titles = BTreeSet::new();
    let mut entities: BTreeMap<String, HashMap<String, u64>> = BTreeMap::new();
    for alert in alerts.values() {
        tally(&mut count.alerts_by_severity, text(alert, "AlertSeverity"));
        tally(&mut count.alerts_by_status, text(alert, "Status"));
        tally(&mut count.alerts_by_product, text(alert, "ProductName"));
        titles.insert(text(alert, "AlertName"));
        let list: Vec<Value> = serde_json::from_str(text(alert, "Entities")).expect("JSON in the column");
        assert!((3..=9).contains(&list.len()), "{} entities", list.len());
        let named: BTreeSet<(String, String)> = list.iter().map(|e| (text(e, "Type").to_owned(), identity(e, &list))).collect();
        assert_eq!(named.len(), list.len(), "an alert names each thing once");
        for (kind, name) in named {
            *entities.entry(kind).or_default().entry(name).or_default() += 1;
        }
    }
    count.titles = titles.len() as u64;
    for (kind, things) in &entities {
        count.entities.insert(kind.clone(), things.len() as u64);
        count.mentions.insert(kind.clone(), things.values().sum());
    }
    for hub in &truth.hubs {
        assert_eq!(entities[&hub.kind].values().max(), Some(&hub.alerts), "{hub:?}");
    }
    let of_incidents = Truth {
        incident_rows: truth.incident_rows,
        incidents: truth.incidents,
        incident_duplicates: truth.incident_duplicates,
        incidents_by_severity: truth.incidents_by_severity.clone(),
        incidents_by_status: truth.incidents_by_status.clone(),
        incidents_by_classification: truth.incidents_by_classification.clone(),
        incidents_by_owner: truth.incidents_by_owner.clone(),
        incidents_by_tag: truth.incidents_by_tag.clone(),
        incident_alerts_max: truth.incident_alerts_max,
        hubs: truth.hubs.clone(),
        event_entities: truth.event_entities.clone(),
        all_entities: truth.all_entities.clone(),
        cases: truth.cases.clone(),
        ..count
    };
    assert_eq!(of_incidents, truth);
}

#[test]
fn the_statistics_are_those_of_a_large_soc() {
    let (files, truth) = generate(3, 5000, 0);
    let share = |n: u64, of: u64| n as f64 / of as f64;
    assert!((2.0..2.7).contains(&share(truth.alerts, truth.incidents)), "{} alerts", truth.alerts);
    assert!((1800..2500).contains(&(files.alerts.len() as u64 / truth.alert_rows)), "{} bytes", files.alerts.len());
    let mentions: u64 = truth.mentions.values().sum();
    assert!((4.0..5.2).contains(&share(mentions, truth.alerts)), "{mentions} mentions");
    assert!((0.01..0.03).contains(&share(truth.alert_duplicates + truth.alert_updates, truth.alerts)));
    let hub = &truth.hubs[0];
    assert!(hub.kind == "ip" && (0.03..0.08).contains(&share(hub.alerts, truth.alerts)), "{hub:?} of {}", truth.alerts);
    let sizes: Vec<u64> = truth.hubs.iter().map(|hub| hub.alerts).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
}

#[test]
fn incidents_are_as_the_truth_says() {
    let (files, truth) = generate(42, 3000, 0);
    let (alerts, _) = newest(&files.alerts, "SystemAlertId", "TimeGenerated");
    let (incidents, duplicates) = newest(&files.incidents, "IncidentName", "LastModifiedTime");
    assert_eq!((incidents.len() as u64, duplicates), (truth.incidents, truth.incident_duplicates));
    assert_eq!(rows(&files.incidents).len() as u64, truth.incident_rows);
    let [mut severity, mut status, mut class, mut owner, mut tag] = std::array::from_fn(|_| BTreeMap::new());
    let mut members = HashSet::new();
    let mut most = 0;
    for incident in incidents.values() {
        tally(&mut severity, text(incident, "Severity"));
        tally(&mut status, text(incident, "Status"));
        if text(incident, "Status") == "Closed" {
            tally(&mut class, text(incident, "Classification"));
        }
        if let Some(mail) = incident["Owner"]["email"].as_str() {
            tally(&mut owner, mail);
        }
        for label in incident["Labels"].as_array().expect("an array") {
            tally(&mut tag, text(label, "labelName"));
        }
        let ids = incident["AlertIds"].as_array().expect("an array");
        most = most.max(ids.len() as u64);
        for id in ids {
            assert!(members.insert(id.as_str().expect("text").to_owned()), "an alert is in one incident");
            assert!(alerts.contains_key(id.as_str().expect("text")));
        }
    }
    assert_eq!(severity, truth.incidents_by_severity);
    assert_eq!(status, truth.incidents_by_status);
    assert_eq!(class, truth.incidents_by_classification);
    assert_eq!(owner, truth.incidents_by_owner);
    assert_eq!(tag, truth.incidents_by_tag);
    assert_eq!(most, truth.incident_alerts_max);
    let loose: usize = truth.cases.iter().filter(|case| case.incident.is_none()).map(|case| case.alerts.len()).sum();
    assert_eq!(members.len() + loose, alerts.len());
}

#[test]
fn cases_share_things_that_nobody_else_has() {
    let (files, truth) = generate(11, 3000, 2000);
    let (alerts, _) = newest(&files.alerts, "SystemAlertId", "TimeGenerated");
    assert_eq!(truth.cases.len(), 3);
    for case in &truth.cases {
        let name = case.account.split('@').next().expect("a name").to_lowercase();
        let naming: BTreeSet<&String> = alerts
            .iter()
            .filter(|(_, alert)| {
                let list: Vec<Value> = serde_json::from_str(text(alert, "Entities")).expect("JSON");
                list.iter().any(|e| text(e, "Type") == "account" && account_of(text(e, "Name")) == name)
            })
            .map(|(id, _)| id)
            .collect();
        assert_eq!(naming, case.alerts.iter().collect());
        let starts: Vec<&str> = case.alerts.iter().map(|id| text(&alerts[id], "StartTime")).collect();
        assert!(starts.is_sorted(), "{starts:?}");
        assert_eq!(case.tactics, ["InitialAccess", "Execution", "CredentialAccess", "LateralMovement", "Exfiltration"]);
        assert_eq!(starts[0], case.first);
        let failed =
            rows(&files.signins).iter().filter(|row| text(row, "IPAddress") == case.attacker && text(row, "ResultType") != "0").count();
        assert_eq!(failed as u64, case.failed_signins);
        let to_target = rows(&files.network).iter().filter(|row| text(row, "RemoteIP") == case.target).count();
        assert_eq!(to_target, 1);
        assert_eq!(
            rows(&files.network).iter().find(|row| text(row, "RemoteIP") == case.target).map(|row| text(row, "DeviceName").to_owned()),
            Some(case.hosts[1].clone())
        );
    }
}

#[test]
fn events_are_as_the_truth_says() {
    let (files, truth) = generate(5, 500, 4000);
    let tables = [rows(&files.signins), rows(&files.security_events), rows(&files.network)];
    let mut events = BTreeMap::new();
    let mut ids = BTreeMap::new();
    let mut failed = 0;
    let [mut accounts, mut hosts, mut ips] = std::array::from_fn(|_| BTreeSet::new());
    for row in tables.iter().flatten() {
        tally(&mut events, text(row, "Type"));
        match text(row, "Type") {
            "SigninLogs" => {
                failed += u64::from(text(row, "ResultType") != "0");
                accounts.insert(text(row, "UserPrincipalName").to_lowercase().split('@').next().expect("a name").to_owned());
                ips.insert(text(row, "IPAddress").to_owned());
            }
            "SecurityEvent" => {
                tally(&mut ids, &row["EventID"].to_string());
                accounts.insert(text(row, "Account").rsplit('\\').next().expect("a name").to_lowercase());
                hosts.insert(text(row, "Computer").to_owned());
                ips.extend(row["IpAddress"].as_str().map(str::to_owned));
            }
            _ => {
                accounts.insert(text(row, "InitiatingProcessAccountName").to_owned());
                hosts.insert(text(row, "DeviceName").to_owned());
                ips.insert(text(row, "RemoteIP").to_owned());
            }
        }
    }
    assert_eq!(events, truth.events);
    assert_eq!(ids, truth.security_events);
    assert_eq!(failed, truth.failed_signins);
    let distinct = [("account", accounts.len()), ("host", hosts.len()), ("ip", ips.len())];
    assert_eq!(truth.event_entities, distinct.map(|(kind, n)| (kind.to_owned(), n as u64)).into());
    assert_eq!(events.values().sum::<u64>(), 4000 + truth.cases.iter().map(|case| case.events).sum::<u64>());
}

#[test]
fn a_truth_survives_json() {
    let (_, truth) = generate(9, 50, 50);
    let json = serde_json::to_string(&truth).expect("JSON");
    assert_eq!(serde_json::from_str::<Truth>(&json).expect("a truth"), truth);
}

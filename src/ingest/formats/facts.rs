//! The counted facts of the real data: what the formats must make of it, whole.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use serde_json::{Value, json};

use super::{defender_alert, graph_alert, graph_incident, sentinel_alert, sentinel_incident, xdr_advanced_hunting, xdr_incident};
use crate::ingest::{Context, Format};
use crate::model::{Alert, Body, Evidence, Incident, IncidentStatus, Link, Object, Severity, Time};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/");
const FORMATS: [&Format; 8] = [
    &sentinel_alert::FORMAT,
    &sentinel_incident::FORMAT,
    &defender_alert::FORMAT,
    &graph_alert::FORMAT,
    &graph_incident::FORMAT,
    &xdr_incident::FORMAT,
    &xdr_advanced_hunting::ALERT_INFO,
    &xdr_advanced_hunting::ALERT_EVIDENCE,
];

fn text(name: &str) -> String {
    let bytes = std::fs::read(format!("{DATA}{name}")).expect("the data is at hand");
    let mut text = String::new();
    if name.ends_with(".gz") {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("gzip of UTF-8");
    } else {
        text = String::from_utf8(bytes).expect("UTF-8");
    }
    text
}

fn csv(name: &str) -> Vec<Object> {
    let text = text(name);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let row = |row: csv::StringRecord| names.iter().cloned().zip(row.iter().map(Value::from)).collect();
    reader.records().map(|record| row(record.expect("a row"))).collect()
}

fn objects(values: &Value) -> Vec<Object> {
    values.as_array().expect("an array").iter().map(|value| value.as_object().expect("an object").clone()).collect()
}

fn json_file(name: &str) -> Value {
    serde_json::from_str(&text(name)).expect("JSON")
}

/// Reads a document by the format that claims it most surely, which must be the expected one.
fn bodies(format: &str, object: &Object) -> Vec<Body> {
    let chosen = FORMATS.iter().max_by_key(|format| (format.detect)(object)).expect("there are formats");
    assert_eq!(chosen.name, format, "{object:?}");
    let context = Context { table: None, received: Time::default() };
    (chosen.read)(object, &context).expect("a document of the format")
}

fn alerts(format: &str, objects: &[Object]) -> Vec<Alert> {
    let bodies = objects.iter().flat_map(|object| bodies(format, object));
    bodies.filter_map(|body| if let Body::Alert(alert) = body { Some(*alert) } else { None }).collect()
}

fn incidents(format: &str, objects: &[Object]) -> (Vec<Incident>, Vec<Alert>) {
    let (mut incidents, mut alerts) = (Vec::new(), Vec::new());
    for body in objects.iter().flat_map(|object| bodies(format, object)) {
        match body {
            Body::Incident(incident) => incidents.push(*incident),
            Body::Alert(alert) => alerts.push(*alert),
            other => panic!("unexpected {other:?}"),
        }
    }
    (incidents, alerts)
}

type Counts = BTreeMap<String, usize>;

fn count(words: impl IntoIterator<Item = String>) -> Counts {
    words.into_iter().fold(Counts::new(), |mut counts, word| {
        *counts.entry(word).or_default() += 1;
        counts
    })
}

fn counts<const N: usize>(pairs: [(&str, usize); N]) -> Counts {
    pairs.into_iter().map(|(name, number)| (name.to_owned(), number)).collect()
}

/// Records of the lists by kind; what stands beside the list or inside other entities does not count.
fn records(alerts: &[Alert]) -> Counts {
    count(alerts.iter().flat_map(|alert| &alert.entities).filter(|e| !e.nested).map(|e| e.entity.kind.to_string()))
}

/// Distinct first keys of a kind, strong or weak.
fn distinct(alerts: &[Alert], kind: &str) -> BTreeSet<String> {
    let first = |e: &Evidence| e.entity.keys.strong.first().or(e.entity.keys.weak.first()).expect("every entity has a key").to_string();
    alerts.iter().flat_map(|alert| &alert.entities).filter(|e| e.entity.kind.as_str() == kind && !e.nested).map(first).collect()
}

fn distinct_key(alerts: &[Alert], kind: &str, set: &str) -> Vec<String> {
    let all = alerts.iter().flat_map(|alert| &alert.entities).filter(|e| e.entity.kind.as_str() == kind);
    let keys: BTreeSet<_> =
        all.flat_map(|e| e.entity.keys.strong.iter().chain(&e.entity.keys.weak)).filter(|key| key.set() == set).collect();
    keys.into_iter().map(|key| key.value().to_owned()).collect()
}

fn dangling(alerts: &[Alert]) -> usize {
    let is_reference = |value: &Value| value.as_object().is_some_and(|object| object.contains_key("$ref"));
    alerts.iter().flat_map(|alert| &alert.entities).flat_map(|e| e.entity.properties.values()).filter(|value| is_reference(value)).count()
}

fn severities(alerts: &[Alert]) -> Counts {
    count(alerts.iter().map(|alert| alert.severity.as_str().to_owned()))
}

fn shown(time: Option<Time>) -> String {
    time.map(|time| time.to_string()).unwrap_or_default()
}

fn relations(links: &[Link]) -> Counts {
    count(links.iter().map(|link| link.relation.to_string()))
}

fn described(entities: &[Evidence]) -> Vec<String> {
    entities
        .iter()
        .map(|e| format!("{}{} {} {}", if e.nested { "~" } else { "" }, e.entity.kind, e.entity.label, e.role.as_deref().unwrap_or("-")))
        .collect()
}

#[test]
fn sentinel_export_of_2019() {
    let alerts = alerts("sentinel-alert", &csv("msticpy/alertlist.csv.gz"));
    assert_eq!(alerts.len(), 189);
    assert_eq!(alerts.iter().map(|a| &a.id).collect::<BTreeSet<_>>().len(), 189);
    assert_eq!(alerts.iter().map(|a| &a.title).collect::<BTreeSet<_>>().len(), 66);
    assert_eq!(severities(&alerts), counts([("High", 102), ("Medium", 56), ("Low", 24), ("Informational", 7)]));
    assert_eq!(
        count(alerts.iter().map(|a| a.provider.clone())),
        counts([("Detection", 138), ("CustomAlertRule", 36), ("InternalDemo", 15)])
    );
    assert_eq!(alerts.iter().filter(|a| a.is_incident).count(), 0);
    assert_eq!(shown(alerts.iter().filter_map(|a| a.created).min()), "2019-01-10T05:48:09Z");
    assert_eq!(shown(alerts.iter().filter_map(|a| a.created).max()), "2019-01-15T22:46:37Z");
    assert_eq!(shown(alerts.iter().filter_map(|a| a.start).min()), "2018-12-30T00:02:00Z");
    assert_eq!(shown(alerts.iter().filter_map(|a| a.end).max()), "2019-01-15T22:18:10Z");
    assert_eq!(alerts.iter().filter(|a| a.entities.iter().any(|e| !e.nested)).count(), 176);

    let expected = counts([
        ("file", 272),
        ("process", 272),
        ("account", 205),
        ("host", 176),
        ("host-logon-session", 137),
        ("ip", 26),
        ("registry-value", 10),
        ("registry-key", 5),
    ]);
    assert_eq!(records(&alerts), expected);
    // Every `$ref` asserts a relation; where two properties of one entity refer to the same thing, both do.
    assert_eq!((alerts.iter().map(|a| a.links.len()).sum::<usize>(), dangling(&alerts)), (1295, 0));

    let hosts = ["dhcpcontoso77", "msticalertswin1", "sqlserver2ascdemo", "vm1", "vm1lin", "vm3", "vm4"];
    assert_eq!(distinct_key(&alerts, "host", "hostname"), hosts);
    assert_eq!(distinct_key(&alerts, "ip", "address"), ["183.95.154.13", "23.54.94.45", "75.10.91.22", "80.10.26.89", "92.52.10.25"]);
    let numbers = ["file", "process", "registry-value", "registry-key", "host-logon-session"].map(|kind| distinct(&alerts, kind).len());
    // 132 sessions as written; four pairs differ only in the ids of their lists.
    assert_eq!(numbers, [45, 137, 2, 1, 128]);

    let per_host = hosts.map(|host| {
        let on = |a: &&Alert| {
            a.entities.iter().any(|e| e.entity.kind.as_str() == "host" && e.entity.keys.weak.iter().any(|key| key.value() == host))
        };
        alerts.iter().filter(on).count()
    });
    assert_eq!(per_host, [24, 138, 1, 5, 1, 4, 3]);
    let admin = |a: &&Alert| {
        a.entities.iter().any(|e| e.entity.keys.strong.iter().any(|k| k.as_str() == r"ntdomain+name=msticalertswin1\msticadmin"))
    };
    assert_eq!(alerts.iter().filter(admin).count(), 113);
    assert!(distinct_key(&alerts, "account", "ntdomain+name").contains(&r"dhcpcontoso77\administratör".to_owned()));
}

#[test]
fn accounts_of_the_export_are_told_apart_by_host_and_domain() {
    let alerts = alerts("sentinel-alert", &csv("msticpy/alertlist.csv.gz"));
    let names = distinct_key(&alerts, "account", "ntdomain+name");
    let expected = [
        r"contoso\admin",
        r"contoso\internaluser",
        r"contososi\brians",
        r"dhcpcontoso77\admin",
        r"dhcpcontoso77\administrator",
        r"dhcpcontoso77\administratör",
        r"dhcpcontoso77\user",
        r"hpc\e2eintvm2$",
        r"msticalertswin1\adm1nistrator",
        r"msticalertswin1\msticadmin",
        r"msticalertswin1\msticalertswin1$",
    ];
    assert_eq!(names, expected);
}

#[test]
fn sentinel_lines_of_2019_with_a_kill_chain_incident() {
    let lines: Vec<Object> =
        text("derived/securityalert_2019.jsonl").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let alerts = alerts("sentinel-alert", &lines);
    assert_eq!(severities(&alerts), counts([("Low", 23), ("Medium", 1), ("Informational", 1)]));
    assert_eq!(shown(alerts.iter().filter_map(|a| a.created).min()), "2019-02-15T03:51:09Z");
    assert_eq!(shown(alerts.iter().filter_map(|a| a.created).max()), "2019-02-18T03:19:29Z");
    let expected = counts([("ip", 24), ("host", 24), ("account", 24), ("process", 6), ("file", 3), ("host-logon-session", 3)]);
    assert_eq!(records(&alerts), expected);
    assert_eq!((alerts.iter().map(|a| a.links.len()).sum::<usize>(), dangling(&alerts)), (25, 0));
    assert_eq!(distinct_key(&alerts, "host", "hostname"), ["msticalertslxvm2", "msticalertswin1"]);
    assert_eq!(["ip", "process", "file"].map(|kind| distinct(&alerts, kind).len()), [3, 6, 2]);
    // `dbadmin` comes with and without a reference to the only host of its alert.
    assert_eq!(distinct_key(&alerts, "account", "host+name"), ["msticalertslxvm2|dbadmin", "msticalertswin1|ian"]);

    let chains: Vec<&Alert> = alerts.iter().filter(|a| a.is_incident).collect();
    assert_eq!(chains.len(), 1);
    assert_eq!(chains[0].alert_type, "KillChainFusionIncident");
    let members = [
        "2518522745615999999_c57a0525-9ca0-4caa-aee8-fd1bb33f785b",
        "2518520981440769999_caab1270-55d3-4447-8618-16cf8672e4e1",
        "2518520973978269999_57b6af71-984e-45f3-9aac-d6bbd79eed07",
    ];
    assert_eq!(chains[0].members, members);
    assert!(chains[0].entities.iter().all(|e| e.nested));
    assert_eq!(chains[0].remediation.len(), 2);
    assert_eq!(chains[0].extended["ExtendedProperties"]["Compromised Host"], json!("MSTICALERTSLXVM2"));
}

#[test]
fn sentinel_incident_flattened_with_entities_and_alerts() {
    let document = json_file("derived/securityincident_rest_flat_2022.json");
    let (incidents, alerts) = incidents("sentinel-incident", &[document.as_object().expect("an object").clone()]);
    assert_eq!((incidents.len(), alerts.len()), (1, 1));
    let incident = &incidents[0];
    assert_eq!((incident.id.as_str(), incident.number), ("fac7e091-b7cb-4d27-88e6-61336ea63a36", Some(116_294)));
    assert_eq!((incident.severity, incident.status, incident.owner.clone()), (Severity::Low, IncidentStatus::New, None));
    assert_eq!(incident.title, "Detected obfuscated command line");
    assert_eq!(incident.products, ["Azure Security Center"]);
    assert_eq!(incident.alert_ids, ["98513445-5947-bfcb-ca66-4182c794c2ba"]);
    assert_eq!(
        described(&incident.entities),
        ["account JeffL@seccxpninja.onmicrosoft.com -", "host AdminHost -", "ip 26.68.157.223 -", "host DummyTestHost-805873551 -"]
    );
    assert_eq!(described(&alerts[0].entities), ["account JeffL -", "host DummyTestHost-805873551 -", "ip 26.68.157.223 -"]);
    assert_eq!((alerts[0].partial, alerts[0].incident.as_deref()), (true, Some(incident.id.as_str())));
    // The same person with a name in the incident and an object id in the alert.
    let shared: Vec<_> =
        incident.entities[0].entity.keys.strong.iter().filter(|key| alerts[0].entities[0].entity.keys.strong.contains(key)).collect();
    assert_eq!(shared.iter().map(|key| key.as_str()).collect::<Vec<_>>(), ["aaduserid=313a54a7-bc65-1473-fa90-e60e7d1f57c8"]);
}

#[test]
fn defender_alerts_of_the_older_api() {
    let alerts = alerts("defender-alert", &objects(&json_file("defender-for-cloud/asc_alerts_list_excerpt.json")["value"]));
    assert_eq!(alerts.len(), 7);
    let expected = counts([
        ("azure-resource", 4),
        ("host", 2),
        ("account", 2),
        ("ip", 2),
        ("k8s-cluster", 2),
        ("process", 2),
        ("url", 1),
        ("file", 1),
        ("container", 1),
        ("container-image", 1),
        ("gcp-resource", 1),
        ("k8s-namespace", 1),
        ("k8s-pod", 1),
        ("network-connection", 1),
        ("host-logon-session", 1),
    ]);
    assert_eq!(records(&alerts), expected);
    assert_eq!((alerts.iter().map(|a| a.links.len()).sum::<usize>(), dangling(&alerts)), (15, 0));
    assert_eq!(
        alerts.iter().flat_map(|a| &a.entities).filter(|e| e.entity.kind.as_str() == "ip" && !e.entity.keys.strong.is_empty()).count(),
        0
    );
    assert_eq!(distinct_key(&alerts, "ip", "address"), Vec::<String>::new());
    assert_eq!(distinct_key(&alerts, "account", "aaduserid"), Vec::<String>::new());
    assert_eq!(alerts[4].tactics, ["Persistence", "CredentialAccess"]);
    assert_eq!(alerts[0].id, "2517297133950573398_b85301c4-eb33-4210-bc4c-274bdbe93c76");
    assert_eq!((alerts[0].severity, alerts[0].alert_type.as_str()), (Severity::High, "SIMULATED_APPS_WpThemeInjection"));
    assert_eq!((alerts[0].remediation.len(), alerts[5].remediation.len()), (2, 1));
    assert_eq!(shown(alerts[0].start), "2023-01-01T15:36:44.942660Z");
    assert_eq!(relations(&alerts[3].links), counts([("part_of", 4), ("uses_image", 1)]));
    let pod = alerts[3].entities.iter().find(|e| e.entity.kind.as_str() == "k8s-pod").expect("a pod");
    let cluster = "/subscriptions/0f907ea4-bc8b-4c11-9d7e-805c2fd144fb/resourcegroups/sample-rg/providers/microsoft.security/securityconnectors/gcp-connector/securityentitydata/gcp-clusters-sample-cluster-us-central1-c";
    assert_eq!(
        pod.entity.keys.strong.iter().map(|k| k.to_string()).collect::<Vec<_>>(),
        [format!("namespace+name={cluster}|sample-namespace|sample-pod")]
    );
}

#[test]
fn defender_alerts_of_2022() {
    let list = alerts("defender-alert", &objects(&json_file("defender-for-cloud/asc_alert_api_2022-01-01.json")));
    assert_eq!(list.len(), 1);
    assert_eq!(described(&list[0].entities), ["host Sample-App -", "~azure-resource Sample-App -"]);
    assert_eq!((list[0].product.as_str(), list[0].severity, list[0].tactics.len()), ("Microsoft Defender for Cloud", Severity::High, 0));

    let example = json_file("defender-for-cloud/GetAlertsSubscription_example.json");
    let list = alerts("defender-alert", &objects(&example["responses"]["200"]["body"]["value"]));
    let ids: Vec<&str> = list.iter().map(|a| a.id.as_str()).collect();
    assert_eq!(
        ids,
        ["2518298467986649999_4d25bfef-2d77-4a08-adc0-3e35715cc92a", "2518765996949954086_2325cf9e-42a2-4f72-ae7f-9b863cba2d22"]
    );
    assert!(list.iter().all(|a| a.is_incident));
    assert_eq!(records(&list), counts([("file", 2), ("process", 2), ("ip", 1), ("host", 1), ("account", 1)]));
    assert_eq!(list.iter().map(|a| a.links.len()).sum::<usize>(), 0);
    assert_eq!(list[0].techniques, ["T1059", "T1053", "T1072", "T1059.001", "T1059.006", "T1053.002"]);
    assert_eq!(list[0].tactics, ["Execution"]);
    assert!(list[0].extended.contains_key("supportingEvidence"));
}

#[test]
fn graph_alert_with_four_kinds_of_evidence() {
    let list = alerts("graph-alert", &objects(&json_file("graph-alerts-v2/alert_v2.json")["value"]));
    assert_eq!(list.len(), 1);
    let alert = &list[0];
    assert_eq!(
        (alert.id.as_str(), alert.severity, alert.incident.as_deref()),
        ("da637551227677560813_-961444813", Severity::Low, Some("28282"))
    );
    assert_eq!((alert.techniques.as_slice(), alert.tactics.as_slice()), (&["T1564.001".to_owned()][..], &["DefenseEvasion".into()][..]));
    assert_eq!(alert.product, "Microsoft Defender for Endpoint");
    assert!(alert.remediation.iter().any(|line| line.contains('\u{FFFD}')));
    let expected = [
        "host tempDns compromised",
        r"file C:\Program Files\temp\MsSense.exe -",
        "~filehash 8963a19fb992ad9a76576c5638fd68292cffb9aaac29eb8285f9abf6196a7dec -",
        "~filehash 5f1e8acedc065031aad553b710838eb366cfee9a -",
        "process MsSense.exe (4780) -",
        r"~file C:\Program Files\temp\MsSense.exe -",
        "~filehash 8963a19fb992ad9a76576c5638fd68292cffb9aaac29eb8285f9abf6196a7dec -",
        "~filehash 5f1e8acedc065031aad553b710838eb366cfee9a -",
        r"~account NT AUTHORITY\SYSTEM -",
        "~process services.exe (668) -",
        r"~file C:\Windows\System32\services.exe -",
        r"registry-key HKEY_LOCAL_MACHINE\SYSTEM\CONTROLSET001\CONTROL\WMI\AUTOLOGGER\SENSEAUDITLOGGER -",
    ];
    assert_eq!(described(&alert.entities), expected);
    let expected = counts([("has_hash", 4), ("on_host", 3), ("ran_on", 2), ("runs_image", 2), ("ran", 1), ("started", 1), ("local_to", 1)]);
    assert_eq!(relations(&alert.links), expected);
    let system = &alert.entities[8].entity.keys;
    assert_eq!(system.strong.iter().map(|k| k.as_str()).collect::<Vec<_>>(), [r"ntdomain+name=tempdns\system"]);
}

#[test]
fn graph_incidents_without_alerts() {
    let (list, alerts) = incidents("graph-incident", &objects(&json_file("graph-alerts-v2/graph_incidents_list.json")["value"]));
    assert_eq!((list.len(), alerts.len()), (2, 0));
    assert_eq!(
        list.iter().map(|i| (i.id.as_str(), i.status, i.severity)).collect::<Vec<_>>(),
        [("12345", IncidentStatus::New, Severity::Medium), ("12346", IncidentStatus::Closed, Severity::Informational)]
    );
    assert_eq!((list[0].classification, list[0].classification_reason.as_deref()), (None, None));
    assert_eq!(list[1].modified_by.as_deref(), Some("API-App:API Action"));
}

#[test]
fn xdr_incident_with_its_alert() {
    let document = json_file("graph-alerts-v2/m365d_incident_raw.json");
    let (list, alerts) = incidents("xdr-incident", &[document.as_object().expect("an object").clone()]);
    assert_eq!((list.len(), alerts.len()), (1, 1));
    assert_eq!((list[0].id.as_str(), list[0].number, list[0].severity), ("336", Some(336), Severity::Medium));
    assert_eq!(list[0].alert_ids, ["dc3ad2104b-aa8f-3dbe-420f-0af3fe224e02"]);
    assert_eq!(
        (list[0].tactics.as_slice(), list[0].products.as_slice()),
        (&["InitialAccess".into()][..], &["Microsoft Defender for Cloud".to_owned()][..])
    );
    assert_eq!(shown(list[0].first_activity), "2026-04-30T00:19:24.638356Z");
    assert_eq!(alerts[0].incident.as_deref(), Some("336"));
    assert_eq!(described(&alerts[0].entities), ["ip 192.0.2.1 -", "account username@domain -"]);
    let keys: Vec<_> = alerts[0].entities[1].entity.keys.strong.iter().map(|k| k.as_str()).collect();
    let expected = [
        "aaduserid=92c0a42f-cb8d-4bfe-bfc0-add2dd415aa5",
        "name+dnsdomain=username@boqdevuser.local",
        "name+upnsuffix=username@domain",
        r"ntdomain+name=boqdevuser\username",
        "sid=s-1-9-9999999999-9999999999-9999999999-9999-2607",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn mimikatz_entities_as_a_map() {
    let map = json_file("msticpy/entities.json");
    let items: Vec<Value> = map.as_object().expect("a map").values().cloned().collect();
    let alert = json!({"SystemAlertId": "m", "AlertName": "mimikatz", "ProviderName": "Detection", "TimeGenerated": "2018-11-15T23:55:00Z", "Entities": items});
    let list = alerts("sentinel-alert", &[alert.as_object().expect("an object").clone()]);
    assert_eq!(records(&list), counts([("host", 1), ("file", 2), ("process", 2), ("account", 1), ("host-logon-session", 1)]));
    assert_eq!(list[0].entities.len(), 7, "an entity written out again is the same entity");
    let show = |link: &Link| {
        format!(
            "{} {} {}",
            list[0].entities[link.from as usize].entity.label, link.relation, list[0].entities[link.to as usize].entity.label
        )
    };
    let expected = [
        r"cmd.exe (5464) runs_image c:\windows\system32\cmd.exe",
        "cmd.exe (5464) ran_on MSTICALERTSWIN1",
        r"WORKGROUP\MSTICAlertsWin1$ local_to MSTICALERTSWIN1",
        r"mimikatz.exe (1720) runs_image c:\windows\servic~2\networ~1\appdata\local\temp\mimikatz.exe",
        r"WORKGROUP\MSTICAlertsWin1$ ran mimikatz.exe (1720)",
        "cmd.exe (5464) started mimikatz.exe (1720)",
        "mimikatz.exe (1720) ran_on MSTICALERTSWIN1",
        "0x3e4 on MSTICALERTSWIN1 session_on MSTICALERTSWIN1",
        r"WORKGROUP\MSTICAlertsWin1$ logged_on 0x3e4 on MSTICALERTSWIN1",
    ];
    let mut links: Vec<_> = list[0].links.iter().map(show).collect();
    let mut expected: Vec<_> = expected.map(str::to_owned).into();
    links.sort();
    expected.sort();
    assert_eq!(links, expected);
}

//! Real exports as rows: counts, times and entities against facts that were counted elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::ingest::value::text;
use crate::ingest::{Input, Item, Options, decode, read};
use crate::model::{Body, Document, Entity, Event, Kind, Origin, Time};

fn events(path: &str) -> Vec<Event> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")).join(path);
    let mut events = Vec::new();
    let mut sink = |item| {
        let Item::Document(document) = item else { panic!("{item:?}") };
        match read(&document).expect("readable").remove(0) {
            Body::Event(event) => events.push(*event),
            other => panic!("{other:?}"),
        }
        ControlFlow::Continue(())
    };
    decode(Input::Path(path), &Options::default(), Time::MIN, &|_| (), &mut sink).expect("readable");
    events
}

fn event(table: &str, row: Value) -> Event {
    let document = Document {
        format: "event".into(),
        table: Some(table.into()),
        origin: Origin { source: "test".into(), line: 1 },
        received: Time::MIN,
        hash: [0; 16],
        raw: row.to_string().into(),
    };
    match read(&document).expect("readable").remove(0) {
        Body::Event(event) => *event,
        other => panic!("{other:?}"),
    }
}

fn cell<'a>(event: &'a Event, column: &str) -> Option<&'a Value> {
    event.columns.iter().find(|(name, _)| &**name == column).map(|(_, value)| value)
}

fn cell_text(event: &Event, column: &str) -> String {
    cell(event, column).and_then(text).unwrap_or_default().into_owned()
}

fn span(events: &[Event]) -> (String, String) {
    let times = || events.iter().filter_map(|event| event.time);
    (times().min().unwrap_or_default().to_string(), times().max().unwrap_or_default().to_string())
}

fn count<'a>(events: impl IntoIterator<Item = &'a Event>, column: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(cell_text(event, column)).or_insert(0) += 1;
    }
    counts
}

fn of_kind<'a>(events: &'a [Event], kind: &Kind) -> Vec<&'a Entity> {
    events.iter().flat_map(|event| &event.entities).map(|entity| &**entity).filter(|entity| entity.kind == *kind).collect()
}

/// Distinct values of a property in lower case.
fn distinct(events: &[Event], kind: &Kind, property: &str) -> BTreeSet<String> {
    of_kind(events, kind).iter().filter_map(|e| e.properties.get(property)).filter_map(text).map(|t| t.to_lowercase()).collect()
}

/// `label relation label` of every link.
fn links(event: &Event) -> BTreeSet<String> {
    let label = |place: u32| &event.entities[place as usize].label;
    event.links.iter().map(|link| format!("{} {} {}", label(link.from), link.relation, label(link.to))).collect()
}

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn is(counts: &BTreeMap<String, usize>, expected: &[(&str, usize)]) -> bool {
    counts.iter().map(|(k, v)| (k.as_str(), *v)).eq(expected.iter().copied())
}

#[test]
fn processes_of_the_host_of_the_alerts() {
    let events = events("msticpy/processes_on_host.csv.gz");
    assert_eq!(events.len(), 363);
    assert_eq!(span(&events), ("2019-01-15T04:15:26Z".to_owned(), "2019-01-15T05:24:26.010Z".to_owned()));
    assert!(is(&count(&events, "EventID"), &[("4688", 363)]));
    assert_eq!(count(&events, "NewProcessName").len(), 68);
    assert!(is(&count(&events, "Account"), &[("MSTICAlertsWin1\\MSTICAdmin", 160), ("WORKGROUP\\MSTICAlertsWin1$", 203)]));
    assert_eq!(distinct(&events, &Kind::HOST, "HostName"), set(&["msticalertswin1"]));
    let ftp: Vec<&Event> = events_with(&events, "NewProcessId", "0x1580")
        .into_iter()
        .filter(|e| cell_text(e, "NewProcessName").ends_with("ftp.exe"))
        .collect();
    assert_eq!(ftp.len(), 1);
    assert_eq!(
        links(ftp[0])
            .iter()
            .map(|link| link.split(' ').find(|word| word.contains('_') || *word == "ran" || *word == "started").unwrap_or_default())
            .collect::<BTreeSet<_>>(),
        BTreeSet::from(["local_to", "ran", "ran_on", "runs_image", "started"])
    );
}

fn events_with<'a>(events: &'a [Event], column: &str, value: &str) -> Vec<&'a Event> {
    events.iter().filter(|event| cell_text(event, column) == value).collect()
}

#[test]
fn process_tree_and_logons_of_that_host() {
    let tree = events("msticpy/process_tree.csv");
    assert!(is(&count(&tree, "NodeRole"), &[("child", 1), ("parent", 1), ("sibling", 114), ("source", 1)]));
    assert_eq!(span(&tree), ("2019-01-15T05:15:03.047Z".to_owned(), "2019-01-15T05:15:19.617Z".to_owned()));
    let logons = events("msticpy/host_logons.csv");
    assert!(is(&count(&logons, "TargetUserName"), &[("MSTICAdmin", 2), ("SYSTEM", 11), ("adm1nistrator", 1)]));
    assert!(is(&count(&logons, "LogonType"), &[("3", 1), ("4", 2), ("5", 11)]));
    assert_eq!(span(&logons), ("2019-01-15T01:42:28.340Z".to_owned(), "2019-01-15T05:15:14.453Z".to_owned()));
    let remote = events_with(&logons, "TargetUserName", "adm1nistrator");
    assert_eq!(distinct(&logons, &Kind::IP, "Address"), set(&["fe80::38dc:e4a9:61bd:b458"]));
    let relations: BTreeSet<&str> = remote[0].links.iter().map(|link| link.relation.as_str()).collect();
    assert_eq!(relations, BTreeSet::from(["local_to", "logged_on_from", "logged_on_to", "logon_received_from"]));
}

#[test]
fn the_training_intrusion() {
    let signins = events("sentinel-training-lab/sign-in_adelete.csv");
    assert_eq!(signins.len(), 56);
    assert!(is(&count(&signins, "ResultType"), &[("0", 53), ("16000", 2), ("50058", 1)]));
    assert_eq!(span(&signins), ("2021-04-28T14:08:45.221Z".to_owned(), "2021-04-28T15:19:08.373Z".to_owned()));
    assert_eq!(distinct(&signins, &Kind::IP, "Address"), set(&["175.45.176.99"]));
    assert_eq!(distinct(&signins, &Kind::ACCOUNT, "UPNSuffix"), set(&["m365x816222.onmicrosoft.com"]));
    assert_eq!(distinct(&signins, &Kind::ACCOUNT, "Name"), set(&["adelev"]));
    assert!(matches!(cell(&signins[0], "DeviceDetail"), Some(Value::Object(_))), "typed pairs are one dynamic column");

    let office = events("sentinel-training-lab/office_activity.csv.gz");
    assert_eq!(office.len(), 266);
    assert_eq!(span(&office), ("2021-04-28T04:43:51Z".to_owned(), "2021-04-28T15:05:26Z".to_owned()));
    assert!(is(&count(&office, "OfficeWorkload"), &[("Exchange", 13), ("MicrosoftTeams", 5), ("OneDrive", 66), ("SharePoint", 182)]));
    assert_eq!(count(&office, "Operation").len(), 43);
    assert_eq!(events_with(&office, "ClientIP", "175.45.176.99").len(), 173);

    let azure = events("sentinel-training-lab/azureActivity_adele.csv.gz");
    assert_eq!(azure.len(), 23);
    assert_eq!(span(&azure), ("2021-04-28T14:31:30.021Z".to_owned(), "2021-04-28T14:44:55.615Z".to_owned()));
    let operations = count(&azure, "OperationNameValue");
    assert_eq!(operations["MICROSOFT.KEYVAULT/VAULTS/DELETE"], 6);
    assert_eq!(distinct(&azure, &Kind::AZURE_RESOURCE, "ResourceId").len(), 11);
    assert_eq!(distinct(&azure, &Kind::IP, "Address"), set(&["37.142.150.162"]));
    let adele = |events: &[Event]| {
        let keys: BTreeSet<String> =
            of_kind(events, &Kind::ACCOUNT).iter().flat_map(|e| &e.keys.strong).map(|key| key.to_string()).collect();
        keys.contains("name+upnsuffix=adelev@m365x816222.onmicrosoft.com")
    };
    assert!(adele(&signins) && adele(&office) && adele(&azure), "one account in three logs");

    let inbox = events("sentinel-training-lab/office_activity_inbox_rule.csv");
    assert_eq!(distinct(&inbox, &Kind::IP, "Address"), set(&["2a01:110:8068:7:9bf8:aa87:e00a:5f1f"]));
    let dns = events("sentinel-training-lab/solarigate-beacon-umbrella.csv");
    assert_eq!(links(&dns[0]), set(&["17.81.146.1 asked avsvmcloud.com"]));
    let audit = events("sentinel-training-lab/AuditLogs_Hunting.csv");
    assert_eq!(distinct(&audit, &Kind::IP, "Address").len(), 5);
    let cef = events("sentinel-training-lab/solarigate_CEFevent.csv");
    assert!(links(&cef[0]).contains("17.81.146.1 connected_to 15.230.137.45"), "{:?}", links(&cef[0]));
}

#[test]
fn sign_ins_with_nested_columns() {
    let events = events("derived/signinlogs_2020.jsonl.gz");
    assert_eq!(events.len(), 86);
    assert!(is(&count(&events, "Location"), &[("BE", 61), ("US", 25)]));
    assert_eq!(span(&events), ("2020-05-20T07:06:01.735Z".to_owned(), "2020-05-20T19:51:40.111Z".to_owned()));
    assert_eq!(distinct(&events, &Kind::ACCOUNT, "Name"), set(&["seb", "meganb", "demo", "ctfuser3", "zvon", "caroline"]));
    assert_eq!(distinct(&events, &Kind::IP, "Address").len(), 6);
    let failures = events.iter().flat_map(|e| &e.links).filter(|link| link.relation.as_str() == "failed_sign_in_from").count();
    assert_eq!(failures, 2);
}

#[test]
fn golden_saml_on_one_timeline() {
    let xdr = events("otrf/golden-saml/Microsoft365DefenderEvents.Zip");
    assert_eq!(xdr.len(), 9);
    assert!(is(
        &count(&xdr, "ActionType"),
        &[("Add delegated permission grant.", 1), ("Directory Services replication", 2), ("LdapSearch", 5), ("MailItemsAccessed", 1)]
    ));
    let windows = events("otrf/golden-saml/WindowsEvents.Zip");
    assert_eq!(span(&windows), ("2021-08-02T13:05:32.770Z".to_owned(), "2021-08-02T13:32:54.280Z".to_owned()));
    assert_eq!(count(&windows, "EventID")["4624"], 28);
    let audit = events("otrf/golden-saml/AADAuditEvents.Zip");
    assert_eq!(span(&audit), ("2021-08-02T13:25:12.246Z".to_owned(), "2021-08-02T13:29:25.983Z".to_owned()));
    let names = distinct(&audit, &Kind::ACCOUNT, "Name");
    assert!(names.contains("pgustavo"), "{names:?}");
}

#[test]
fn log4shell_on_linux() {
    let connections = events("otrf/log4shell-linux/vminsights_vmconnection_log4shell_cve2021_44228_jndi_reference.zip");
    let seen: BTreeSet<String> = connections
        .iter()
        .filter(|event| cell_text(event, "Direction") == "outbound")
        .map(|e| format!("{} {}:{}", cell_text(e, "ProcessName"), cell_text(e, "DestinationIp"), cell_text(e, "DestinationPort")))
        .collect();
    assert!(seen.is_superset(&set(&["java 192.168.2.6:8888", "java 192.168.2.6:1389", "bash 192.168.2.6:443"])), "{seen:?}");

    let sysmon = events("otrf/log4shell-linux/syslog_sysmon_log4shell_cve2021_44228_jndi_reference.zip");
    assert_eq!(sysmon.len(), 93);
    assert!(is(&count(&sysmon, "EventID"), &[("1", 31), ("11", 4), ("23", 2), ("3", 6), ("5", 50)]));
    assert_eq!(distinct(&sysmon, &Kind::HOST, "HostName"), set(&["ubuntu5"]));
    let shells: Vec<&Event> = sysmon.iter().filter(|e| cell_text(e, "CommandLine").starts_with("bash -c {echo,")).collect();
    assert!(!shells.is_empty());
    let relations: BTreeSet<&str> = shells[0].links.iter().map(|link| link.relation.as_str()).collect();
    assert!(relations.is_superset(&BTreeSet::from(["ran", "ran_on", "runs_image", "started"])), "{relations:?}");

    let audit = events("otrf/log4shell-linux/syslog_auoms_auditd_log4shell_cve2021_44228_jndi_reference.zip");
    assert_eq!(audit.len(), 50);
    assert!(audit.iter().all(|event| cell(event, "AuditPid").is_some_and(Value::is_i64)));
    assert!(audit.iter().any(|event| cell_text(event, "AuditExe") == "/usr/lib/jvm/java-8-openjdk-amd64/jre/bin/java"));
    let both: Vec<Event> = sysmon.into_iter().chain(audit).collect();
    assert_eq!(span(&both), ("2022-05-11T18:10:20.400Z".to_owned(), "2022-05-11T18:10:33.590Z".to_owned()));
}

#[test]
fn windows_events_of_a_collector() {
    let covenant = events("otrf/lateral-movement/covenant_psremoting_grunt.zip");
    assert_eq!(covenant.len(), 4305);
    assert_eq!(span(&covenant), ("2019-12-05T01:49:34.041Z".to_owned(), "2019-12-05T01:55:13.735Z".to_owned()));
    assert!(is(
        &count(&covenant, "Computer"),
        &[
            ("ACCT001.shire.com", 581),
            ("FILE001.shire.com", 278),
            ("HFDC01.shire.com", 853),
            ("HR001.shire.com", 1923),
            ("IT001.shire.com", 670)
        ]
    ));
    let ids = |events: &[Event], table: &str, id: i64| {
        events.iter().filter(|e| &*e.table == table && cell(e, "EventID").and_then(Value::as_i64) == Some(id)).count()
    };
    assert_eq!((ids(&covenant, "WindowsEvent", 1), ids(&covenant, "WindowsEvent", 3)), (17, 276));
    // The channel is written in two ways: 1 and 41 in "Security", 16 and 6 in "security".
    assert_eq!((ids(&covenant, "SecurityEvent", 4688), ids(&covenant, "SecurityEvent", 4624)), (17, 47));
    let started: BTreeSet<&str> = covenant
        .iter()
        .filter(|e| &*e.table == "WindowsEvent" && cell_text(e, "EventID") == "1")
        .filter_map(|e| cell(e, "ProcessGuid")?.as_str())
        .collect();
    assert_eq!(started.len(), 17, "every process is another one");

    let empire = events("otrf/lateral-movement/empire_psexec_dcerpc_tcp_svcctl.zip");
    assert_eq!(empire.len(), 4348);
    assert_eq!(distinct(&empire, &Kind::HOST, "HostName"), set(&["mordordc", "workstation5", "workstation6"]));
    let services: Vec<&Event> = empire.iter().filter(|e| cell_text(e, "EventID") == "7045").collect();
    assert!(services.iter().any(|e| links(e).iter().any(|link| link.contains("installed_on"))), "{services:?}");
    assert_eq!(count(services, "ServiceName").keys().next().map(String::as_str), Some("Updater"));
}

#[test]
fn cloud_trail_as_sentinel_has_it() {
    let events = events("aws-cloudtrail-invictus");
    assert_eq!(events.len(), 2900);
    assert_eq!(span(&events), ("2023-07-10T11:42:18Z".to_owned(), "2023-07-10T12:37:50Z".to_owned()));
    assert_eq!(count(&events, "AwsEventId").len(), 2900);
    let names = count(&events, "EventName");
    assert_eq!((names.len(), names["GetSecretValue"], names["ConsoleLogin"]), (260, 60, 2));
    let addresses = count(&events, "SourceIpAddress");
    assert_eq!((addresses.len(), addresses["192.168.10.20"]), (16, 2154));
    let types = count(&events, "UserIdentityType");
    assert_eq!((types["IAMUser"], types["AssumedRole"], types["AWSService"]), (2748, 76, 34));
    assert_eq!(events.iter().filter(|e| cell(e, "ErrorCode").is_some()).count(), 300);
    let bert = events.iter().filter(|e| cell_text(e, "UserIdentityArn").ends_with("/bert-jan")).count();
    assert_eq!(bert, 2641);
}

#[test]
fn zeek_rows() {
    let events = events("otrf/apt29-zeek/day1_combined_zeek.log.gz");
    assert_eq!(span(&events), ("2020-04-30T00:06:38.899710Z".to_owned(), "2020-04-30T00:45:00.760719Z".to_owned()));
    let ends: BTreeSet<String> =
        events.iter().flat_map(|e| [cell_text(e, "id_orig_h"), cell_text(e, "id_resp_h")]).filter(|t| !t.is_empty()).collect();
    assert_eq!(ends.len(), 6);
}

#[test]
fn network_and_mail_tables() {
    let flows = events("msticpy/az_net_flows.csv");
    assert_eq!((count(&flows, "VMName").len(), count(&flows, "FlowType").len()), (2, 3));
    assert!(cell(&flows[0], "DestPort").is_some_and(Value::is_i64), "443.0 is a whole number");
    let exchange = events("msticpy/demo_exchange_data.csv.gz");
    assert_eq!(count(&exchange, "Operation").len(), 22);
    assert_eq!(span(&exchange), ("2020-03-24T14:56:52Z".to_owned(), "2020-05-22T16:44:30Z".to_owned()));
    let syslog = events("msticpy/syslog_data.csv");
    assert_eq!(distinct(&syslog, &Kind::HOST, "HostName"), set(&["squid-uk-02"]));
    assert!(syslog.iter().any(|e| cell_text(e, "SudoCommand") == "/bin/bash" && cell_text(e, "SudoUser") == "omsagent"));
}

#[test]
fn cells_that_do_not_fit_are_kept() {
    let row = event("SecurityEvent", json!({"EventID": "many", "LogonType": "3", "@version": "1", "Version": 2, "b": {"c": [1]}}));
    let columns: Vec<(&str, &Value)> = row.columns.iter().map(|(name, value)| (&**name, value)).collect();
    assert_eq!(
        columns,
        [
            ("LogonType", &json!(3)),
            ("_version", &json!("1")),
            ("Version", &json!(2)),
            ("b", &json!({"c": [1]})),
            ("_Unparsed", &json!({"EventID": "many"}))
        ]
    );
    assert_eq!(row.time, None);
    let twice = event("T", json!({"A": 1, "a": 2}));
    let columns: Vec<(&str, &Value)> = twice.columns.iter().map(|(name, value)| (&**name, value)).collect();
    assert_eq!(columns, [("A", &json!(1)), ("a", &json!(2))]);
}

#[test]
fn one_event_in_the_writing_of_four_collectors() {
    let nxlog = json!({"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Hostname": "WS5.x.local", "@timestamp": "2020-01-01T00:00:00Z",
        "SourceName": "Microsoft-Windows-Sysmon", "ProcessID": 99, "ProcessId": "7", "ProcessGuid": "{94325212-fc0d-627b-4874-61f901560000}",
        "Image": "C:\\a.exe", "User": "X\\bob", "ParentProcessId": "6", "ParentImage": "C:\\p.exe"});
    let winlogbeat = json!({"@timestamp": "2020-01-01T00:00:00Z", "winlog": {"channel": "Microsoft-Windows-Sysmon/Operational", "event_id": 1,
        "computer_name": "WS5.x.local", "provider_name": "Microsoft-Windows-Sysmon", "event_data": {"ProcessId": "7",
        "ProcessGuid": "{94325212-fc0d-627b-4874-61f901560000}", "Image": "C:\\a.exe", "User": "X\\bob", "ParentProcessId": "6", "ParentImage": "C:\\p.exe"}}});
    let dump = json!({"Event": {"System": {"Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}}, "EventID": {"#text": 1},
        "TimeCreated": {"#attributes": {"SystemTime": "2020-01-01T00:00:00Z"}}, "Channel": "Microsoft-Windows-Sysmon/Operational", "Computer": "WS5.x.local"},
        "EventData": {"ProcessId": 7, "ProcessGuid": "{94325212-fc0d-627b-4874-61f901560000}", "Image": "C:\\a.exe", "User": "X\\bob",
        "ParentProcessId": 6, "ParentImage": "C:\\p.exe"}}});
    let sentinel = json!({"TimeGenerated": "2020-01-01T00:00:00Z", "Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Computer": "WS5.x.local",
        "Provider": "Microsoft-Windows-Sysmon", "EventData": {"ProcessId": "7", "ProcessGuid": "{94325212-fc0d-627b-4874-61f901560000}",
        "Image": "C:\\a.exe", "User": "X\\bob", "ParentProcessId": "6", "ParentImage": "C:\\p.exe"}});
    let rows: Vec<Event> = [nxlog, winlogbeat, dump, sentinel].into_iter().map(|row| event("WindowsEvent", row)).collect();
    for row in &rows {
        for (column, expected) in [
            ("Computer", json!("WS5.x.local")),
            ("EventID", json!(1)),
            ("Provider", json!("Microsoft-Windows-Sysmon")),
            ("ProcessId", json!(7)),
            ("Image", json!("C:\\a.exe")),
            ("TimeGenerated", json!("2020-01-01T00:00:00Z")),
        ] {
            assert_eq!(cell(row, column), Some(&expected), "{column} of {row:?}");
        }
        assert_eq!(row.entities, rows[0].entities);
        assert_eq!(row.links, rows[0].links);
    }
}

/// The table and the cells of the one document of a text.
fn taken(name: &str, text: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let mut sink = |item| {
        let Item::Document(document) = item else { panic!("{item:?}") };
        match read(&document).expect("readable").remove(0) {
            Body::Event(event) => events.push(*event),
            other => panic!("{other:?}"),
        }
        ControlFlow::Continue(())
    };
    let reader = Box::new(std::io::Cursor::new(text.to_owned()));
    decode(Input::Reader { name: name.to_owned(), reader }, &Options::default(), Time::MIN, &|_| (), &mut sink).expect("readable");
    events
}

#[test]
fn windows_events_of_many_collectors() {
    let data = r#""TargetUserName":"bob","TargetDomainName":"CONTOSO","IpAddress":"10.1.1.9","LogonType":"3""#;
    let system = r#""EventID":4624,"Channel":"Security","Computer":"ws1.contoso.com""#;
    let listed = data.replace("\":\"", "\",\"#text\":\"").replace(",\"", "},{\"@Name\":\"").replace("},{\"@Name\":\"#text", ",\"#text");
    let documents = [
        format!(r#"{{"EventTime":"2023-05-01 10:00:00","Hostname":"ws1.contoso.com","Channel":"Security","EventID":4624,{data}}}"#),
        format!(
            r#"{{"@timestamp":"2023-05-01T10:00:00Z","winlog":{{"event_id":4624,"channel":"Security","computer_name":"ws1.contoso.com","event_data":{{{data}}}}}}}"#
        ),
        format!(
            r#"{{"@timestamp":"2023-05-01T10:00:00Z","winlog.event_id":4624,"winlog.channel":"Security","winlog.computer_name":"ws1.contoso.com",{}}}"#,
            data.replace("\"TargetU", "\"winlog.event_data.TargetU").replace(",\"", ",\"winlog.event_data.")
        ),
        format!(
            r##"{{"Event":{{"System":{{"TimeCreated":{{"#attributes":{{"SystemTime":"2023-05-01T10:00:00Z"}}}},{system}}},"EventData":{{{data}}}}}}}"##
        ),
        format!(
            r#"{{"Event":{{"System":{{"TimeCreated":{{"@SystemTime":"2023-05-01T10:00:00Z"}},{system}}},"EventData":{{"Data":[{{"@Name":{}}}]}}}}}}"#,
            listed
        ),
        format!(
            r#"{{"System":{{"TimeCreated":{{"SystemTime":1682935200.0}},"EventID":{{"Value":4624}},"Channel":"Security","Computer":"ws1.contoso.com"}},"EventData":{{{data}}}}}"#
        ),
        format!(r#"{{"preview":false,"result":{{"_time":"x","TimeCreated":"2023-05-01 10:00:00 +0000",{system},{data}}}}}"#),
    ];
    for document in &documents {
        let events = taken("x.json", document);
        let [event] = events.as_slice() else { panic!("{document}") };
        assert_eq!(&*event.table, "SecurityEvent", "{document}");
        assert_eq!(event.time.map(|time| time.to_string()).as_deref(), Some("2023-05-01T10:00:00Z"), "{document}");
        assert_eq!(cell(event, "EventID"), Some(&json!(4624)), "{document}");
        let expected = ["10.1.1.9 WS1", "bob"];
        let found = [
            format!("{} {}", cell_text(event, "IpAddress"), cell_text(event, "Computer")[..3].to_uppercase()),
            cell_text(event, "TargetUserName"),
        ];
        assert_eq!(found, expected, "{document}");
        assert!(links(event).iter().any(|link| link.starts_with(r"CONTOSO\bob logged_on_to ws1")), "{document} {:?}", links(event));
    }
}

#[test]
fn records_of_diagnostic_settings() {
    let sign_in = r#"{"time":"2023-05-01T10:00:00Z","resourceId":"/tenants/t/providers/Microsoft.aadiam","operationName":"Sign-in activity",
        "category":"SignInLogs","resultType":"50126","callerIpAddress":"203.0.113.7","location":"US","properties":{"id":"s1","category":"x",
        "userPrincipalName":"bob@contoso.com","userId":"u1","appDisplayName":"Portal","ipAddress":"203.0.113.7","location":{"city":"X"}}}"#;
    let graph = r#"{"id":"s1","createdDateTime":"2023-05-01T10:00:00Z","userPrincipalName":"bob@contoso.com","userId":"u1","appDisplayName":"Portal",
        "ipAddress":"203.0.113.7","clientAppUsed":"Browser","status":{"errorCode":50126,"failureReason":"bad"},"location":{"city":"X"}}"#;
    for text in [sign_in, graph] {
        let event = taken("x.json", text).remove(0);
        assert_eq!((&*event.table, cell_text(&event, "ResultType").as_str()), ("SigninLogs", "50126"));
        assert_eq!(cell(&event, "LocationDetails"), Some(&json!({"city": "X"})));
        assert_eq!(event.time.map(|time| time.to_string()).as_deref(), Some("2023-05-01T10:00:00Z"));
        assert_eq!(links(&event), set(&["bob@contoso.com failed_sign_in_from 203.0.113.7"]));
    }

    let vault = "/SUBSCRIPTIONS/0AAAAAAA-0000-0000-0000-000000000001/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/V";
    let stream = format!(
        r#"{{"records":[{{"time":"2023-05-01T10:00:00Z","resourceId":"{vault}","operationName":"MICROSOFT.KEYVAULT/VAULTS/DELETE","category":"Administrative",
        "resultType":"Success","callerIpAddress":"203.0.113.7","identity":{{"authorization":{{"action":"x"}},"claims":{{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn":"bob@contoso.com"}}}},
        "level":"Information","properties":{{"statusCode":"OK"}}}}]}}"#
    );
    let list = format!(
        r#"[{{"authorization":{{"action":"x"}},"caller":"bob@contoso.com","channels":"Operation","eventDataId":"e","eventTimestamp":"2023-05-01T10:00:00Z",
        "operationName":{{"value":"MICROSOFT.KEYVAULT/VAULTS/DELETE","localizedValue":"Delete"}},"category":{{"value":"Administrative"}},
        "status":{{"value":"Success"}},"resourceId":"{vault}","httpRequest":{{"clientIpAddress":"203.0.113.7"}},"properties":null}}]"#
    );
    for text in [stream, list] {
        let event = taken("x.json", &text).remove(0);
        let names = ["OperationNameValue", "ActivityStatusValue", "CategoryValue", "Caller"];
        let expected = ["MICROSOFT.KEYVAULT/VAULTS/DELETE", "Success", "Administrative", "bob@contoso.com"];
        assert_eq!(names.map(|name| cell_text(&event, name)), expected, "{text}");
        assert_eq!((&*event.table, event.time.is_some()), ("AzureActivity", true));
        assert!(links(&event).contains("bob@contoso.com called_from 203.0.113.7"), "{:?}", links(&event));
    }
}

#[test]
fn the_audit_log_of_microsoft_365_in_four_shapes() {
    let record = r#"{"CreationTime":"2023-05-01T10:00:00","Id":"i1","Operation":"New-InboxRule","OrganizationId":"o","RecordType":1,"UserKey":"k","UserType":2,
        "Version":1,"Workload":"Exchange","ClientIP":"203.0.113.5:52000","UserId":"bob@contoso.com"}"#;
    let graph = format!(
        r#"{{"id":"i1","createdDateTime":"2023-05-01T10:00:00Z","auditLogRecordType":"ExchangeAdmin","operation":"New-InboxRule","auditData":{record}}}"#
    );
    let quoted = record.replace('\n', "").replace('"', "\"\"");
    let shell = format!(
        "RecordType,CreationDate,UserIds,Operations,AuditData\nExchangeAdmin,5/1/2023 10:00:00 AM,bob@contoso.com,New-InboxRule,\"{quoted}\"\n"
    );
    let portal = format!(
        "RecordId,CreationDate,RecordType,Operation,UserId,AuditData\ni1,2023-05-01T10:00:00.0000000Z,1,New-InboxRule,bob@contoso.com,\"{quoted}\"\n"
    );
    for (name, text) in [("a.json", record.to_owned()), ("b.json", graph), ("c.csv", shell), ("d.csv", portal)] {
        let event = taken(name, &text).remove(0);
        let names = ["OfficeWorkload", "Operation", "UserId", "OfficeId"];
        assert_eq!(names.map(|name| cell_text(&event, name)), ["Exchange", "New-InboxRule", "bob@contoso.com", "i1"], "{name}");
        assert_eq!(
            (&*event.table, event.time.map(|time| time.to_string()).as_deref()),
            ("OfficeActivity", Some("2023-05-01T10:00:00Z")),
            "{name}"
        );
        assert_eq!(links(&event), set(&["bob@contoso.com called_from 203.0.113.5"]), "{name}");
    }
}

#[test]
fn calls_of_aws_in_their_wrappers() {
    let call = r#"{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","userName":"alice","arn":"arn:aws:iam::123456789012:user/alice","accountId":"123456789012"},
        "eventTime":"2023-05-01T10:00:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","sourceIPAddress":"203.0.113.8","eventID":"e2"}"#;
    let bridge = format!(r#"{{"detail-type":"AWS API Call via CloudTrail","source":"aws.iam","detail":{call}}}"#);
    let lookup =
        format!(r#"{{"Events":[{{"EventId":"e2","EventName":"CreateUser","CloudTrailEvent":{}}}]}}"#, Value::from(call.replace('\n', "")));
    for text in [call.to_owned(), bridge, lookup] {
        let event = taken("x.json", &text).remove(0);
        assert_eq!((&*event.table, cell_text(&event, "UserIdentityUserName").as_str()), ("AWSCloudTrail", "alice"));
        assert_eq!(event.time.map(|time| time.to_string()).as_deref(), Some("2023-05-01T10:00:00Z"));
    }
}

#[test]
fn members_that_differ_in_case_and_repeats_are_all_kept() {
    let low = event("Case_CL", json!({"b": 1, "B": "two"}));
    assert_eq!((cell(&low, "b"), cell(&low, "B")), (Some(&json!(1)), Some(&json!("two"))));
    let high = event("Case_CL", json!({"B": "only"}));
    assert_eq!((cell(&high, "b"), cell(&high, "B")), (None, Some(&json!("only"))), "what was read before changes nothing");
    // Columns of the catalog are one whatever the case; marks that no column has become underscores.
    let known = event("SigninLogs", json!({"ResultType": "0", "resulttype": "1", "RESULTTYPE": "2"}));
    let cells = ["ResultType", "ResultType_2", "ResultType_3"].map(|name| cell_text(&known, name));
    assert_eq!(cells, ["0", "1", "2"]);
    let marks: serde_json::Map<String, Value> = "@#$%&+~!:;.".chars().enumerate().map(|(n, mark)| (format!("{mark}x"), json!(n))).collect();
    let many = event("Case_CL", Value::Object(marks));
    let columns: Vec<i64> = many.columns.iter().filter_map(|(_, value)| value.as_i64()).collect();
    assert_eq!(columns, (0..9).collect::<Vec<_>>());
    assert_eq!(cell(&many, "_Unparsed"), Some(&json!({"_x": [9, 10]})));
}

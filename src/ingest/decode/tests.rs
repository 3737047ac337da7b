//! Decoding as a whole: arrangements, damage, limits.

use std::io::{Cursor, Read, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use super::*;
use crate::ingest::EVENT;

const NOW: Time = Time::from_micros(1_600_000_000_000_000);

fn data(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")).join(path)
}

fn run(input: Input, options: &Options) -> (Vec<Document>, Vec<Rejected>) {
    let (mut documents, mut rejects) = (Vec::new(), Vec::new());
    let mut sink = |item| {
        match item {
            Item::Document(document) => documents.push(document),
            Item::Reject(reject) => rejects.push(reject),
        }
        ControlFlow::Continue(())
    };
    decode(input, options, NOW, &|_| (), &mut sink).expect("the source can be read");
    (documents, rejects)
}

fn rows() -> Options {
    Options { format: Some(EVENT.to_owned()), table: Some("T".to_owned()), ..Options::default() }
}

fn bytes(bytes: &[u8]) -> Input {
    Input::Reader { name: "test".to_owned(), reader: Box::new(Cursor::new(bytes.to_vec())) }
}

/// Documents as text with their places, and rejects by code with theirs.
type Checked = (Vec<(String, u64)>, Vec<(&'static str, u64)>);

fn check(source: &[u8]) -> Checked {
    let (documents, rejects) = run(bytes(source), &rows());
    (
        documents.iter().map(|d| (String::from_utf8_lossy(&d.raw).into_owned(), d.origin.line)).collect(),
        rejects.iter().map(|r| (r.code, r.line)).collect(),
    )
}

fn docs(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(text, line)| ((*text).to_owned(), *line)).collect()
}

#[test]
fn every_arrangement_of_json() {
    for (name, source, expected) in [
        ("lines", "{\"a\":1}\n\n{\"a\":2}\r\n{\"a\":3}", docs(&[(r#"{"a":1}"#, 1), (r#"{"a":2}"#, 3), (r#"{"a":3}"#, 4)])),
        ("one behind the other", "{\"a\":\n1}{\"a\":2} {\"a\":3}", docs(&[("{\"a\":\n1}", 1), (r#"{"a":2}"#, 2), (r#"{"a":3}"#, 2)])),
        ("array", " [\n{\"a\":1},\n{\"a\":2}\n]\n", docs(&[(r#"{"a":1}"#, 1), (r#"{"a":2}"#, 2)])),
        ("empty array", "[]", docs(&[])),
        ("nothing", " \n", docs(&[])),
        ("byte order mark", "\u{feff}{\"a\":1}", docs(&[(r#"{"a":1}"#, 1)])),
        ("envelope", r#"{"value":[{"a":1},{"a":2}],"nextLink":"x"}"#, docs(&[(r#"{"a":1}"#, 1), (r#"{"a":2}"#, 2)])),
        ("envelopes in lines", "{\"records\":[{\"a\":1}]}\n{\"records\":[{\"a\":2}]}", docs(&[(r#"{"a":1}"#, 1), (r#"{"a":2}"#, 2)])),
        ("search hits", r#"{"took":1,"hits":{"hits":[{"_index":"i","_source":{"a":1}}]}}"#, docs(&[(r#"{"a":1}"#, 1)])),
        (
            "query answer",
            r#"{"tables":[{"name":"PrimaryResult","columns":[{"name":"A","type":"int"},{"name":"B","type":"string"}],"rows":[[1,"x"],[2,null]]}]}"#,
            docs(&[(r#"{"A":1,"B":"x"}"#, 1), (r#"{"A":2}"#, 2)]),
        ),
        ("csv", "a,b\n1,\"x\ny\"\n,\n3,\n", docs(&[(r#"{"a":"1","b":"x\ny"}"#, 2), (r#"{"a":"3"}"#, 5)])),
        ("csv of a data frame", ",a,T [UTC]\n0,1,2\n", docs(&[(r#"{"a":"1","T":"2"}"#, 2)])),
        ("typed pairs", "F_dynamic,F_string,G\n,s,1\n{},s,2\n", docs(&[(r#"{"F":"s","G":"1"}"#, 2), (r#"{"F":"{}","G":"2"}"#, 3)])),
    ] {
        assert_eq!(check(source.as_bytes()), (expected, Vec::new()), "{name}");
    }
}

#[test]
fn damage_costs_one_document() {
    for (name, source, expected, rejects) in [
        ("cut line", &b"{\"a\":1,\"b\":\"x\n{\"a\":2}\n"[..], docs(&[(r#"{"a":2}"#, 2)]), vec![("json_invalid", 1)]),
        (
            "open object",
            b"{\"a\":{\"b\":1}\n{\"a\":2}\n{\"a\":3}",
            docs(&[(r#"{"a":2}"#, 2), (r#"{"a":3}"#, 3)]),
            vec![("json_invalid", 1)],
        ),
        (
            "words",
            b"{\"a\":1}\nwords\nmore words\n{\"a\":2}",
            docs(&[(r#"{"a":1}"#, 1), (r#"{"a":2}"#, 4)]),
            vec![("json_invalid", 2), ("json_invalid", 3)],
        ),
        ("pretty and broken", b"{\n \"a\": 1,,\n \"b\": 2\n}\n{\"a\":2}", docs(&[(r#"{"a":2}"#, 5)]), vec![("json_invalid", 1)]),
        ("cut end", b"{\"a\":1}\n{\"a\":", docs(&[(r#"{"a":1}"#, 1)]), vec![("json_truncated", 2)]),
        ("not utf-8", b"{\"a\":1}\n{\"a\":\"\xff\"}\n{\"a\":2}", docs(&[(r#"{"a":1}"#, 1), (r#"{"a":2}"#, 3)]), vec![("utf8_invalid", 2)]),
        ("cut array", b"[{\"a\":1},{\"a\":", docs(&[(r#"{"a":1}"#, 1)]), vec![("json_truncated", 2), ("json_truncated", 1)]),
        ("broken element", b"[{\"a\":1},\n{\"a\":},\n{\"a\":3}]", docs(&[(r#"{"a":1}"#, 1), (r#"{"a":3}"#, 3)]), vec![("json_invalid", 2)]),
        ("other values", b"[1,{\"a\":1},\"x\"]", docs(&[(r#"{"a":1}"#, 2)]), vec![("json_invalid", 1), ("json_invalid", 3)]),
        ("wide row", b"a,b\n1,2,3\n4,5\n", docs(&[(r#"{"a":"4","b":"5"}"#, 3)]), vec![("csv_row_width", 2)]),
        ("short row", b"a,b\n1\n", docs(&[(r#"{"a":"1"}"#, 2)]), vec![]),
        ("stray quote", b"a,b\n1,\"x\n2,y\n", docs(&[(r#"{"a":"2","b":"y"}"#, 3)]), vec![("csv_row_unended", 2)]),
        ("csv not utf-8", b"a,b\n1,\xff\n2,y\n", docs(&[(r#"{"a":"2","b":"y"}"#, 3)]), vec![("utf8_invalid", 2)]),
    ] {
        assert_eq!(check(source), (expected, rejects), "{name}");
    }
}

#[test]
fn a_line_beyond_the_limit_is_rejected_and_the_rest_goes_in() {
    let long = std::io::repeat(b'x').take(100 << 20);
    let reader = Cursor::new(b"{\"a\":1}\n{\"a\":\"".to_vec()).chain(long).chain(Cursor::new(b"\"}\n{\"a\":2}\n".to_vec()));
    let (documents, rejects) = run(Input::Reader { name: "long".to_owned(), reader: Box::new(reader) }, &rows());
    assert_eq!(documents.iter().map(|d| d.origin.line).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(rejects.iter().map(|r| (r.code, r.line, r.offset)).collect::<Vec<_>>(), [("document_bytes_exceeded", 2, 8)]);
}

#[test]
fn a_binary_source_is_one_reject() {
    let capture = b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00\n\x00\nabc\n\x00\xff\n".repeat(100);
    let (documents, rejects) = run(Input::Reader { name: "x.cap".to_owned(), reader: Box::new(Cursor::new(capture)) }, &rows());
    assert_eq!((documents.len(), rejects.iter().map(|r| (r.code, r.line)).collect::<Vec<_>>()), (0, vec![("source_binary", 1)]));
}

#[test]
fn ten_thousand_levels_are_rejected_and_the_rest_goes_in() {
    let deep = format!("{{\"a\":1}}\n{{\"a\":{}1{}}}\n{{\"a\":2}}\n", "[".repeat(10_000), "]".repeat(10_000));
    let (documents, rejects) = check(deep.as_bytes());
    assert_eq!(documents, docs(&[(r#"{"a":1}"#, 1), (r#"{"a":2}"#, 3)]));
    assert_eq!(rejects, [("depth_exceeded", 2)]);
}

/// A reader of an array that has no end in memory.
struct Endless {
    left: u64,
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const ELEMENT: &[u8] = b"{\"a\":\"0123456789012345678901234567890123456789\"},";
        let n = buffer.len().min(self.left as usize);
        for byte in &mut buffer[..n] {
            *byte = ELEMENT[self.at];
            self.at = (self.at + 1) % ELEMENT.len();
        }
        self.left -= n as u64;
        Ok(n)
    }
}

#[test]
fn a_long_array_is_read_element_by_element() {
    for head in [&b"["[..], b"{\"@odata.context\":\"x\",\"value\":["] {
        // More than the limit of a document many times over.
        let limits = Limits { document_bytes: 64 << 10, ..Limits::default() };
        let elements = 40_000u64;
        let body = Endless { left: elements * 49 - 1, at: 0 };
        let tail: &[u8] = if head == b"[" { b"]" } else { b"],\"nextLink\":null}" };
        let reader = Cursor::new(head.to_vec()).chain(body).chain(Cursor::new(tail.to_vec()));
        let mut seen = 0u64;
        let mut sink = |item| {
            assert!(matches!(item, Item::Document(_)));
            seen += 1;
            ControlFlow::Continue(())
        };
        decode(Input::Reader { name: "long".to_owned(), reader: Box::new(reader) }, &Options { limits, ..rows() }, NOW, &|_| (), &mut sink)
            .expect("reads");
        assert_eq!(seen, elements);
    }
}

#[test]
fn utf16_is_read() {
    let text: Vec<u8> = [0xff, 0xfe].into_iter().chain("{\"a\":\"é\"}\n{\"a\":2}".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(check(&text), (docs(&[(r#"{"a":"é"}"#, 1), (r#"{"a":2}"#, 2)]), Vec::new()));
}

#[test]
fn fingerprints_ignore_white_space_and_tell_equal_rows_apart() {
    let hashes = |source: &[u8]| run(bytes(source), &rows()).0.iter().map(|d| d.hash).collect::<Vec<_>>();
    let one = hashes(b"{\"a\":1,\"b\":\" x\"}");
    assert_eq!(one, hashes(b"{ \"a\" : 1,\n\"b\" : \" x\" }"));
    assert_ne!(one, hashes(b"{\"a\":1,\"b\":\"x\"}"));
    let three = hashes(b"{\"a\":1}\n{\"a\":1}\n{\"a\":1}");
    assert_eq!(three.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    assert_eq!(three, hashes(b"[{\"a\":1},{\"a\": 1},{\"a\":1}]"), "the same rows given again are the same");
}

#[test]
fn archives_in_archives() {
    let mut inner = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    inner.write_all(b"{\"a\":2}\n").expect("writes to memory");
    let inner = inner.finish().expect("writes to memory");
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let plain = zip::write::SimpleFileOptions::default();
    for (name, content) in [("b/../../c.json.gz", &inner[..]), ("a.json", b"{\"a\":1}\n")] {
        zip.start_file(name, plain).expect("writes to memory");
        zip.write_all(content).expect("writes to memory");
    }
    let zip = zip.finish().expect("writes to memory").into_inner();
    let (documents, rejects) = run(bytes(&zip), &rows());
    let seen: Vec<(&str, &[u8])> = documents.iter().map(|d| (&*d.origin.source, &d.raw[..])).collect();
    assert_eq!(seen, [("test!/a.json", &br#"{"a":1}"#[..]), ("test!/b/c.json.gz", br#"{"a":2}"#)]);
    assert!(rejects.is_empty());
    let shallow = Options { limits: Limits { archive_depth: 1, ..Limits::default() }, ..rows() };
    let error = decode(bytes(&zip), &shallow, NOW, &|_| (), &mut |_| ControlFlow::Continue(()));
    assert!(matches!(error, Err(DecodeError::Limit { limit: "archive_depth", .. })));
}

#[test]
fn a_bomb_is_stopped() {
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let line = vec![b' '; 1 << 20];
    for _ in 0..80 {
        bomb.write_all(&line).expect("writes to memory");
    }
    let bomb = bomb.finish().expect("writes to memory");
    let path = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(path.path(), &bomb).expect("writes");
    let tight = Options { limits: Limits { archive_ratio: 50, ..Limits::default() }, ..rows() };
    // A stream knows its packed bytes as a file does.
    for input in [Input::Path(path.path().to_owned()), bytes(&bomb)] {
        let error = decode(input, &tight, NOW, &|_| (), &mut |_| ControlFlow::Continue(()));
        assert!(matches!(error, Err(DecodeError::Limit { limit: "archive_ratio", .. })), "{error:?}");
    }
}

#[test]
fn errors_of_the_call() {
    let fault = |input, options: &Options| {
        let error = decode(input, options, NOW, &|_| (), &mut |_| ControlFlow::Continue(())).expect_err("cannot be read");
        Fault::from(error).code
    };
    assert_eq!(fault(Input::Path("/nowhere".into()), &Options::default()), "source_not_found");
    assert_eq!(fault(bytes(b"{}"), &Options { format: Some("x".to_owned()), ..Options::default() }), "format_unknown");
    assert_eq!(fault(bytes(b"{}"), &Options { table: Some("a b".to_owned()), ..Options::default() }), "table_name_invalid");
    assert_eq!(fault(bytes(b"\x1f\x8bbroken"), &Options::default()), "archive_invalid");
    assert_eq!(fault(bytes(b"PK\x03\x04broken"), &Options::default()), "archive_invalid");
}

#[test]
fn a_sink_that_breaks_ends_the_call() {
    let mut seen = 0;
    let mut sink = |_| {
        seen += 1;
        ControlFlow::Break(())
    };
    decode(bytes(b"{\"a\":1}\n{\"a\":2}"), &rows(), NOW, &|_| (), &mut sink).expect("reads");
    assert_eq!(seen, 1);
}

#[test]
fn an_object_that_nobody_knows_is_rejected_with_a_hint() {
    let (documents, rejects) = run(bytes(br#"{"some": {"Type": "thing"}, "other": 1}"#), &Options::default());
    assert!(documents.is_empty());
    assert_eq!(rejects.iter().map(|reject| reject.code).collect::<Vec<_>>(), ["table_unknown"]);
    assert!(rejects[0].message.ends_with("name the table with `--table NAME`"), "{}", rejects[0].message);
}

#[test]
fn entities_without_an_alert_are_called_so() {
    let (documents, rejects) = run(Input::Path(data("msticpy/entities.json")), &Options::default());
    assert!(documents.is_empty());
    let message = "expected an alert or an incident, found 7 entities without one; put them under `Entities` of an alert";
    assert_eq!(rejects.iter().map(|reject| (reject.code, reject.message.as_str())).collect::<Vec<_>>(), [("entities_alone", message)]);
    let list = br#"[{"$id": "1", "Type": "host", "HostName": "a"}, {"$id": "2", "Type": "ip", "Address": "10.0.0.1"}]"#;
    let (_, rejects) = run(bytes(list), &Options::default());
    assert_eq!(rejects.iter().map(|reject| (reject.code, reject.line)).collect::<Vec<_>>(), [("entities_alone", 1), ("entities_alone", 2)]);
}

#[test]
fn tables_of_the_real_files() {
    for (path, expected) in [
        ("msticpy/processes_on_host.csv.gz", &[("SecurityEvent", 363)][..]),
        ("msticpy/process_tree.csv", &[("SecurityEvent", 117)]),
        ("msticpy/host_logons.csv", &[("SecurityEvent", 14)]),
        ("msticpy/az_net_flows.csv", &[("AzureNetworkAnalytics_CL", 460)]),
        ("msticpy/demo_exchange_data.csv.gz", &[("OfficeActivity", 1334)]),
        ("msticpy/syslog_data.csv", &[("Syslog", 100)]),
        ("sentinel-training-lab/disable_accounts.csv", &[("SigninLogs", 4)]),
        ("sentinel-training-lab/signinLogs.csv", &[("SigninLogs", 1)]),
        ("sentinel-training-lab/sign-in_adelete.csv", &[("SigninLogs", 56)]),
        ("sentinel-training-lab/office_activity.csv.gz", &[("OfficeActivity", 266)]),
        ("sentinel-training-lab/azureActivity_adele.csv.gz", &[("AzureActivity", 23)]),
        ("sentinel-training-lab/office_activity_inbox_rule.csv", &[("OfficeActivity", 2)]),
        ("sentinel-training-lab/AuditLogs_Hunting.csv", &[("AuditLogs", 5)]),
        ("sentinel-training-lab/solarigate_CEFevent.csv", &[("CommonSecurityLog", 1)]),
        ("sentinel-training-lab/solarigate-beacon-umbrella.csv", &[("Cisco_Umbrella_dns_CL", 1)]),
        ("derived/signinlogs_2020.jsonl.gz", &[("SigninLogs", 86)]),
        ("otrf/golden-saml/AADAuditEvents.Zip", &[("AuditLogs", 4)]),
        ("otrf/golden-saml/OfficeActivityEvents.Zip", &[("OfficeActivity", 1)]),
        ("otrf/golden-saml/WindowsEvents.Zip", &[("Event", 2), ("SecurityEvent", 36)]),
        ("otrf/golden-saml/Microsoft365DefenderEvents.Zip", &[("CloudAppEvents", 2), ("DeviceEvents", 5), ("IdentityDirectoryEvents", 2)]),
        ("otrf/log4shell-linux", &[("Syslog", 143), ("VMConnection", 5)]),
        ("otrf/lateral-movement/covenant_psremoting_grunt.zip", &[("SecurityEvent", 1226), ("WindowsEvent", 3079)]),
        ("otrf/lateral-movement/empire_psexec_dcerpc_tcp_svcctl.zip", &[("SecurityEvent", 599), ("WindowsEvent", 3749)]),
        ("aws-cloudtrail-invictus", &[("AWSCloudTrail", 2900)]),
    ] {
        let (documents, rejects) = run(Input::Path(data(path)), &Options::default());
        let mut tables = std::collections::BTreeMap::new();
        for document in &documents {
            *tables.entry(document.table.as_deref().unwrap_or_default()).or_insert(0) += 1;
        }
        assert_eq!(rejects, Vec::new(), "{path}");
        assert_eq!(tables.into_iter().collect::<Vec<_>>(), expected, "{path}");
    }
}

#[test]
fn zeek_logs_go_to_a_table_each() {
    let (documents, rejects) = run(Input::Path(data("otrf/apt29-zeek/day1_combined_zeek.log.gz")), &Options::default());
    assert_eq!((documents.len(), rejects.len()), (2140, 0));
    for (table, count) in [
        ("Zeek_conn", 613),
        ("Zeek_files", 448),
        ("Zeek_ssl", 378),
        ("Zeek_x509", 378),
        ("Zeek_dce_rpc", 123),
        ("Zeek_http", 62),
        ("Zeek_dns", 53),
        ("Zeek_kerberos", 35),
    ] {
        assert_eq!(documents.iter().filter(|d| d.table.as_deref() == Some(table)).count(), count, "{table}");
    }
}

#[test]
fn formats_of_the_real_files() {
    for (path, format, count) in [
        ("msticpy/alertlist.csv.gz", "sentinel-alert", 189),
        ("derived/securityalert_2019.jsonl", "sentinel-alert", 25),
        ("derived/securityincident_rest_flat_2022.json", "sentinel-incident", 1),
        ("defender-for-cloud/asc_alerts_list_excerpt.json", "defender-alert", 7),
        ("defender-for-cloud/asc_alert_api_2022-01-01.json", "defender-alert", 1),
        ("defender-for-cloud/GetAlertsSubscription_example.json", "defender-alert", 2),
        ("graph-alerts-v2/alert_v2.json", "graph-alert", 1),
        ("graph-alerts-v2/graph_incidents_list.json", "graph-incident", 2),
        ("graph-alerts-v2/m365d_incident_raw.json", "xdr-incident", 1),
        ("guardduty", "guardduty", 10),
        ("ocsf-prowler", "ocsf", 10),
        ("stix", "stix-bundle", 3),
    ] {
        let (documents, rejects) = run(Input::Path(data(path)), &Options::default());
        assert_eq!(rejects, Vec::new(), "{path}");
        assert_eq!(documents.iter().map(|d| &*d.format).collect::<Vec<_>>(), vec![format; count], "{path}");
        for document in &documents {
            assert!(crate::ingest::read(document).is_ok(), "{path}: {:?}", crate::ingest::read(document));
        }
    }
}

#[test]
fn what_clew_writes_itself_cannot_come_from_outside() {
    for name in [crate::ingest::ALERT, crate::ingest::DECISION, crate::ingest::INCIDENT, crate::ingest::RESOURCE, "no-such-format"] {
        let input = Input::Reader { name: "x".to_owned(), reader: Box::new(std::io::empty()) };
        let options = Options { format: Some(name.to_owned()), ..Options::default() };
        let answer = decode(input, &options, Time::MIN, &|_| {}, &mut |_| ControlFlow::Continue(()));
        assert!(matches!(answer, Err(DecodeError::Format(found)) if found == name), "{name}");
    }
}

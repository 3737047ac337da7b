//! Filters and orders over a few rows: which rows each one finds, and where each error stands.

use serde_json::{Value, json};

use super::*;
use crate::model::Time;

const SCHEMA: Schema = Schema {
    properties: &[
        "name",
        "properties/incidentnumber",
        "properties/title",
        "properties/severity",
        "properties/status",
        "properties/classification",
        "properties/createdtimeutc",
        "properties/owner/assignedto",
        "properties/owner/email",
        "properties/labels",
        "properties/additionaldata/tactics",
        "properties/additionaldata/alertscount",
        "properties/isopen",
    ],
    prefix: "properties",
    ranks: &[("properties/severity", &["Informational", "Low", "Medium", "High"])],
    costly: &["properties/title"],
};

struct Row(i64, Value);

impl Record for Row {
    fn get(&self, path: &str) -> Cell<'_> {
        json_cell(&self.1, path)
    }

    fn tie(&self) -> (i64, &str) {
        (self.0, "")
    }
}

fn rows() -> Vec<Row> {
    let row = |number: i64, members: Value| Row(number, members);
    vec![
        row(
            1,
            json!({"name": "8a44b7bb-c8ae-4941-9fa0-3aecc8ef1742", "properties": {
            "incidentNumber": 1, "title": "Brute force on O'Brien", "severity": "High", "status": "New",
            "createdTimeUtc": "2024-01-01T10:00:00.0000000Z", "owner": {"assignedTo": "Ann", "email": "ann@x.example"},
            "labels": [{"labelName": "vip"}, {"labelName": "Phish"}], "isOpen": true,
            "additionalData": {"tactics": ["InitialAccess", "Execution"], "alertsCount": 3}}}),
        ),
        row(
            2,
            json!({"name": "two", "properties": {
            "incidentNumber": 2, "title": "Malware", "severity": "Low", "status": "Closed", "classification": "Undetermined",
            "createdTimeUtc": "2024-01-02T10:00:00.0000000Z", "owner": {"assignedTo": null},
            "labels": [{"labelName": "vip"}], "isOpen": false,
            "additionalData": {"tactics": ["Execution"], "alertsCount": 12}}}),
        ),
        row(
            3,
            json!({"name": "three", "properties": {
            "incidentNumber": 3, "title": "malware again", "severity": "Medium", "status": "Active",
            "createdTimeUtc": "2024-01-03T10:00:00.0000000Z", "labels": [],
            "additionalData": {"tactics": [], "alertsCount": 1}}}),
        ),
    ]
}

fn found(filter: &str) -> Result<Vec<i64>, Fault> {
    let now = Time::parse("2024-01-02T12:00:00Z").expect("a time");
    let filter = Filter::read(filter, &SCHEMA)?;
    Ok(rows().iter().filter(|row| filter.holds(*row, now)).map(|row| row.0).collect())
}

#[test]
fn filters_find_what_they_say() {
    let cases: &[(&str, &[i64])] = &[
        ("properties/severity eq 'High'", &[1]),
        ("PROPERTIES/Severity EQ 'high'", &[1]),
        ("severity eq 'High' or severity eq 'low'", &[1, 2]),
        ("properties.severity ne 'High'", &[2, 3]),
        ("properties/severity gt 'Low'", &[1, 3]),
        ("'Low' lt properties/severity", &[1, 3]),
        ("properties/severity in ('High', 'Medium')", &[1, 3]),
        ("not (properties/severity eq 'High')", &[2, 3]),
        ("not properties/severity eq 'High'", &[2, 3]),
        ("not contains(properties/title, 'malware')", &[1]),
        ("properties/incidentNumber ge 2 and properties/incidentNumber lt 3", &[2]),
        ("properties/incidentNumber eq '2'", &[2]),
        ("properties/createdTimeUtc ge 2024-01-02T10:00:00Z", &[2, 3]),
        ("properties/createdTimeUtc ge 2024-01-02T12:00:00+02:00", &[2, 3]),
        ("properties/createdTimeUtc ge 2024-01-02T12:00:00 02:00", &[2, 3]),
        ("properties/createdTimeUtc gt 2024-01-02T12:00:00 02:00 and severity eq 'Medium'", &[3]),
        ("properties/createdTimeUtc lt 2024-01-02", &[1]),
        ("properties/createdTimeUtc ge '2024-01-02T10:00:00Z'", &[2, 3]),
        ("properties/createdTimeUtc ge datetime'2024-01-03T00:00:00'", &[3]),
        ("properties/createdTimeUtc gt now()", &[3]),
        ("contains(properties/title, 'MALWARE')", &[2, 3]),
        ("contains(tolower(properties/title), tolower('MalWare'))", &[2, 3]),
        ("contains(properties/title, 'malware') eq true", &[2, 3]),
        ("substringof('malware', properties/title)", &[2, 3]),
        ("startswith(properties/title, 'brute')", &[1]),
        ("endswith(properties/title, 'AGAIN')", &[3]),
        ("length(properties/title) eq 7", &[2]),
        ("substring(properties/title, 6) eq 'force on O''Brien'", &[1]),
        ("substring(properties/title, 0, 5) eq 'BRUTE'", &[1]),
        ("year(properties/createdTimeUtc) eq 2024 and day(properties/createdTimeUtc) eq 2", &[2]),
        ("month(properties/createdTimeUtc) gt 1", &[]),
        (
            "hour(properties/createdTimeUtc) eq 10 and minute(properties/createdTimeUtc) eq 0 and second(properties/createdTimeUtc) eq 0",
            &[1, 2, 3],
        ),
        ("date(properties/createdTimeUtc) eq 2024-01-02", &[2]),
        ("floor(properties/incidentNumber) eq 2 and round(2.5) eq 3 and ceiling(2.1) eq 3", &[2]),
        ("toupper(properties/status) eq 'NEW'", &[1]),
        ("properties/title eq 'Brute force on O''Brien'", &[1]),
        ("properties/owner/assignedTo eq null", &[2, 3]),
        ("properties/owner/assignedTo ne null", &[1]),
        ("properties/owner/assignedTo eq ''", &[2, 3]),
        ("properties/owner/email eq 'ANN@X.EXAMPLE'", &[1]),
        ("properties/classification eq 'Undetermined'", &[2]),
        ("properties/classification ne 'Undetermined'", &[1, 3]),
        ("properties/labels/any(l: l/labelName eq 'VIP')", &[1, 2]),
        ("properties/labels/any(l: l/labelName eq 'vip' or l/labelName eq 'phish')", &[1, 2]),
        ("properties/labels/any(l: l/labelName eq 'vip') and properties/labels/any(x: x/labelName eq 'phish')", &[1]),
        ("properties/status eq 'New' and properties/labels/any(l: l/labelName eq 'vip')", &[1]),
        ("properties/labels/any(l: startswith(l/labelName, 'ph') and not (l/labelName eq 'x'))", &[1]),
        ("properties/labels/any()", &[1, 2]),
        ("not properties/labels/any()", &[3]),
        ("properties/labels/all(l: l/labelName eq 'vip')", &[2, 3]),
        ("properties/additionalData/tactics/any(t: t eq 'execution')", &[1, 2]),
        ("properties/additionalData/tactics/any(t: t eq 'InitialAccess' and properties/severity eq 'High')", &[1]),
        ("properties/additionalData/tactics/any(t: properties/labels/any(l: t eq 'Execution' and l/labelName eq 'phish'))", &[1]),
        ("properties/additionalData/alertsCount gt 2", &[1, 2]),
        ("properties/additionalData/alertsCount gt 2.5e0", &[1, 2]),
        ("name eq '8A44B7BB-c8ae-4941-9fa0-3aecc8ef1742'", &[1]),
        ("name eq 8a44b7bb-c8ae-4941-9fa0-3aecc8ef1742", &[1]),
        ("properties/isOpen", &[1]),
        ("properties/isOpen eq false", &[2]),
        ("true", &[1, 2, 3]),
        ("(properties/severity) eq ('High')", &[1]),
        ("((severity eq 'High') or ((severity eq 'Low')))and(status eq 'Closed')", &[2]),
    ];
    for (filter, expected) in cases {
        assert_eq!(found(filter).as_deref(), Ok(*expected), "{filter}");
    }
}

#[test]
fn errors_say_where_they_are() {
    let cases = [
        ("", "odata_syntax", 0, "a property or a value"),
        ("properties/severity", "odata_syntax", 19, ""),
        ("properties/severity eq", "odata_syntax", 22, "a property or a value"),
        ("properties/severity is 'High'", "odata_syntax", 20, "`and`, `or` or the end"),
        ("properties/severity eq 'High", "odata_syntax", 23, "a quote"),
        ("properties/severity eq 'High' 5", "odata_syntax", 30, "the end"),
        ("(properties/severity eq 'High'", "odata_syntax", 30, "`)`"),
        ("properties/severity eq #", "odata_syntax", 23, "operator"),
        ("severty eq 'High'", "odata_property", 0, "no property"),
        ("nope(properties/title)", "odata_syntax", 0, "one of contains"),
        ("contains(properties/title)", "odata_syntax", 25, "`,`"),
        ("properties/labels/any(l l/labelName eq 'x')", "odata_syntax", 24, "`:`"),
        ("properties/createdTimeUtc gt 2024-99-01", "odata_syntax", 29, "a time"),
        ("'x'", "odata_syntax", 3, "a comparison"),
    ];
    for (filter, code, start, words) in cases {
        match found(filter) {
            // A flag by itself is a filter, though of a text it is never true.
            Ok(none) => assert_eq!((none.len(), filter), (0, "properties/severity")),
            Err(fault) => {
                assert_eq!((fault.code, fault.span.map(|span| span.start)), (code, Some(start)), "{filter}: {}", fault.message);
                assert!(fault.message.contains(words), "{filter}: {}", fault.message);
            }
        }
    }
    let hint = found("severty eq 'High'").map_err(|fault| fault.hint);
    assert_eq!(hint, Err(Some("a similar property is `severity`".to_owned())));
    let deep = format!("{}true{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(found(&deep[..15_000]).map_err(|fault| fault.code), Err("filter_too_deep"));
    assert_eq!(found(&deep).map_err(|fault| fault.code), Err("filter_too_long"));
}

fn ordered(order: &str, limit: usize) -> Vec<i64> {
    let order = Order::read(order, &SCHEMA).expect("the order is good");
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let (rows, next) = page(rows().into_iter(), &order, after.as_ref(), limit);
        seen.extend(rows.iter().map(|row| row.0));
        // The place survives being written.
        after = next.map(|place| serde_json::from_str(&serde_json::to_string(&place).expect("a place")).expect("a place"));
        if after.is_none() {
            return seen;
        }
    }
}

#[test]
fn orders_are_total_over_pages() {
    let cases: &[(&str, &[i64])] = &[
        ("properties/createdTimeUtc desc", &[3, 2, 1]),
        ("createdTimeUtc", &[1, 2, 3]),
        ("properties/severity desc", &[1, 3, 2]),
        ("properties/severity ASC, properties/title desc", &[2, 3, 1]),
        ("properties/owner/assignedTo asc, properties/incidentNumber desc", &[3, 2, 1]),
        ("properties/classification", &[1, 3, 2]),
        ("properties/classification desc", &[2, 3, 1]),
        ("properties/additionalData/alertsCount", &[3, 1, 2]),
    ];
    for (order, expected) in cases {
        for limit in 1..=4 {
            assert_eq!(ordered(order, limit), *expected, "{order}, pages of {limit}");
        }
    }
    for (order, start) in [("", 0), ("properties/title up", 17), ("nothing desc", 0), ("properties/title,", 17)] {
        let fault = Order::read(order, &SCHEMA).expect_err("the order is wrong");
        assert_eq!(fault.span.map(|span| span.start), Some(start), "{order}: {}", fault.message);
    }
}

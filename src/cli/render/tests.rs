//! Whole answers as they are printed, written by hand.

use serde_json::{Value, json};

use super::*;

fn people(view: View, answer: &Value) -> String {
    for_people(view, answer, Style::default())
}

#[test]
fn a_page_of_incidents() {
    let answer = json!({
        "value": [
            {"id": "a1", "number": 7, "title": "Solorigate\u{1b}[31m beacon", "severity": "High", "status": "New", "products": ["X"],
             "tactics": ["InitialAccess", "Exfiltration"], "tags": [], "alerts": 12, "last_activity": "2021-04-28T14:31:30.021Z"},
            {"id": "b2", "number": 12, "title": "Spray", "severity": "Medium", "status": "Active", "products": [], "tactics": [], "tags": [],
             "alerts": 1, "last_activity": null},
        ],
        "total": 340, "complete": false, "cursor": "c2",
        "counters": {"status": {"New": 300, "Active": 40}, "severity": {"High": 1}},
    });
    let expected = "\
NUMBER  SEVERITY  STATUS  TITLE                   ALERTS  TACTICS                      LAST ACTIVITY
7       High      New     Solorigate [31m beacon  12      InitialAccess, Exfiltration  2021-04-28T14:31:30.021Z
12      Medium    Active  Spray                   1
2 of 340 incidents; next page: --cursor c2
status: New 300, Active 40
severity: High 1
";
    assert_eq!(people(View::Incidents, &answer), expected);
    assert_eq!(people(View::Incidents, &json!({"value": [], "total": 0, "complete": true})), "0 incidents\n");
}

#[test]
fn colours_come_only_when_asked_for() {
    let answer = json!({"value": [{"id": "a", "severity": "High", "title": "t"}], "total": 1, "complete": true});
    assert!(!people(View::Alerts, &answer).contains('\u{1b}'));
    let coloured = for_people(View::Alerts, &answer, Style { colour: true, width: None });
    assert!(coloured.contains("\u{1b}[38;5;9mHigh"), "{coloured:?}");
}

#[test]
fn a_table_of_a_query() {
    let answer = json!({
        "columns": [{"name": "Severity", "type": "string"}, {"name": "n", "type": "long"}, {"name": "share", "type": "real"}],
        "rows": [["High", 3, 0.75], [null, -1, 1e-9]],
        "complete": false, "cut": "rows_max",
    });
    let expected = "\
Severity  n   share
High      3   0.75
          -1  0.000000001
2 rows; cut by the limit `rows_max`
";
    assert_eq!(people(View::Table, &answer), expected);
    assert_eq!(csv(View::Table, &answer), "\"Severity\",\"n\",\"share\"\r\n\"High\",\"3\",\"0.75\"\r\n\"\",\"-1\",\"1e-9\"\r\n");
    assert_eq!(
        json_lines(View::Table, &answer),
        "{\"Severity\":\"High\",\"n\":3,\"share\":0.75}\n{\"Severity\":null,\"n\":-1,\"share\":1e-9}\n"
    );
    assert_eq!(notice(&answer).as_deref(), Some("cut by the limit `rows_max`"));
}

#[test]
fn no_cell_of_csv_is_a_formula() {
    for (text, expected) in [
        ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\0x", "'\0x"),
        ("a\"b,\nc", "a\"\"b,\nc"),
        ("plain", "plain"),
    ] {
        let answer = json!({"columns": [{"name": "c", "type": "string"}], "rows": [[text]], "complete": true});
        assert_eq!(csv(View::Table, &answer), format!("\"c\"\r\n\"{expected}\"\r\n"));
        let answer = json!({"columns": [{"name": "c", "type": "dynamic"}], "rows": [[[text]]], "complete": true});
        assert_eq!(csv(View::Table, &answer), format!("\"c\"\r\n\"{expected}\"\r\n"));
    }
}

fn timeline_answer() -> Value {
    json!({
        "value": [
            {"time": "2021-04-28T14:31:30.021Z", "end": "2021-04-28T15:00:00Z", "kind": "alert", "message": "Logon from *odd* place",
             "source": "Azure AD", "severity": "High", "tactics": ["InitialAccess"], "node": "alert:1", "touches": ["host:ws6"], "seq": 4},
            {"time": "2021-04-28T14:40:00Z", "kind": "event", "message": "adelev signed in", "source": "SigninLogs", "tactics": [],
             "touches": ["account:adelev"], "seq": 9, "row": {"IPAddress": "175.45.176.99", "kind": "taken"}},
            {"time": "2021-04-29T00:00:00Z", "kind": "status", "message": "closed", "source": "", "tactics": [], "touches": [], "seq": 11},
        ],
        "undated": [{"time": null, "kind": "event", "message": "no time", "source": "Syslog", "tactics": [], "touches": [], "seq": 12}],
        "counts": {"alert": 1, "event": 1, "status": 1},
        "first": "2021-04-28T14:31:30.021Z", "last": "2021-04-29T00:00:00Z",
        "buckets": [
            {"start": "2021-04-28T00:00:00Z", "end": "2021-04-29T00:00:00Z", "counts": {"alert": 1, "event": 1}},
            {"start": "2021-04-29T00:00:00Z", "end": "2021-04-30T00:00:00Z", "counts": {"status": 1}},
        ],
        "complete": true,
    })
}

#[test]
fn a_timeline_for_people_and_reports() {
    let expected = "\
2021-04-28
  14:31:30.021Z - 15:00:00Z  alert       High  Logon from *odd* place
  14:40:00Z                  SigninLogs        adelev signed in
2021-04-29
  00:00:00Z                  status            closed
without a time
                             Syslog            no time
3 items
kinds: alert 1, event 1, status 1
2021-04-28T00:00:00Z  ######################################## 2
2021-04-29T00:00:00Z  #################### 1
";
    assert_eq!(people(View::Timeline, &timeline_answer()), expected);
    let expected = "\
# Timeline

## 2021-04-28

- **14:31:30.021Z - 15:00:00Z** alert (High): Logon from \\*odd\\* place
- **14:40:00Z** event: adelev signed in

## 2021-04-29

- **00:00:00Z** status: closed

## Without a time

- event: no time
";
    assert_eq!(markdown(View::Timeline, &timeline_answer()), expected);
}

#[test]
fn a_timeline_for_timesketch() {
    let text = csv(View::Timeline, &timeline_answer());
    let mut lines = text.split("\r\n");
    assert_eq!(
        lines.next(),
        Some(r#""message","datetime","timestamp_desc","end","kind","source","severity","tactics","node","touches","seq""#)
    );
    assert_eq!(
        lines.next(),
        Some(
            r#""Logon from *odd* place","2021-04-28T14:31:30.021Z","Alert Activity Start","2021-04-28T15:00:00Z","alert","Azure AD","High","InitialAccess","alert:1","host:ws6","4""#
        )
    );
    let text = json_lines(View::Timeline, &timeline_answer());
    let line: Value = serde_json::from_str(text.lines().nth(1).expect("a second line")).expect("JSON");
    let expected = json!({
        "message": "adelev signed in", "datetime": "2021-04-28T14:40:00Z", "timestamp_desc": "Event Logged", "kind": "event",
        "source": "SigninLogs", "tactics": [], "touches": ["account:adelev"], "seq": 9, "IPAddress": "175.45.176.99",
    });
    assert_eq!(line, expected);
}

#[test]
fn edges_paths_and_reasons() {
    let edge = json!({"source": "account:a", "relation": "signed_in_from", "target": "ip:1.2.3.4", "first": "2021-01-01T00:00:00Z",
                      "last": "2021-01-02T00:00:00Z", "count": 2, "evidence": [5, 4]});
    let answer = json!({"nodes": [{"id": "account:a", "label": "a", "degree": 1}], "edges": [edge], "total": 9, "complete": false,
                        "cut": "edges_max", "hubs": ["ip:8.8.8.8"]});
    let expected = "\
NODE       EDGES
account:a  1

SOURCE     RELATION        TARGET      FIRST                 LAST                  COUNT  RECORDS
account:a  signed_in_from  ip:1.2.3.4  2021-01-01T00:00:00Z  2021-01-02T00:00:00Z  2      5, 4
1 node, 1 of 9 edges; cut by the limit `edges_max`
hubs that were not passed through: ip:8.8.8.8
";
    assert_eq!(people(View::Subgraph, &answer), expected);
    let answer = json!({"paths": [{"nodes": ["ip:1.2.3.4", "account:a"], "edges": [answer["edges"][0]], "cost": 1.0}], "nodes": [],
                        "complete": true, "hubs": []});
    let expected = "\
path 1 (cost 1)
  ip:1.2.3.4 <- signed_in_from <- account:a  2021-01-01T00:00:00Z
1 path
";
    assert_eq!(people(View::Paths, &answer), expected);
    let answer = json!({"assertions": [{"source": "alert:1", "relation": "involves", "target": "ip:1.2.3.4", "rule": "SecurityAlert.Entities",
                        "count": 1, "records": [{"seq": 4, "source": "alerts.json", "line": 7}]}], "complete": true});
    let expected = "\
alert:1 -involves-> ip:1.2.3.4
  rule: SecurityAlert.Entities
  count: 1
  SEQ  SOURCE       LINE
  4    alerts.json  7
";
    assert_eq!(people(View::Why, &answer), expected);
}

#[test]
fn one_incident() {
    let answer = json!({
        "id": "a1", "number": 7, "title": "Beacon", "severity": "High", "status": "New", "products": ["X"], "tactics": [], "tags": [],
        "alerts": 1, "seq": 3, "description": "Two\nlines ",
        "alerts_list": [{"id": "k", "title": "t", "severity": "Low", "status": "New", "product": "X", "entities": 2, "start": null}],
        "alerts_missing": ["z"], "entities": [{"id": "host:ws6", "label": "ws6", "degree": 4}],
        "comments": [{"author": "kim", "created": "2021-01-01T00:00:00Z", "message": "looks bad"}],
        "extended": {}, "versions": [{"seq": 3, "received": "2021-01-01T00:00:00Z", "source": "f.json", "line": 1, "current": true}],
    });
    let expected = "\
incident 7: Beacon
  id        a1
  severity  High
  status    New
  products  X

Two
lines

alerts
  SEVERITY  STATUS  TITLE  PRODUCT  ENTITIES  ID
  Low       New     t      X        2         k

alerts that it names but that were never seen: z

entities
  ENTITY    EDGES
  host:ws6  4

2021-01-01T00:00:00Z kim: looks bad

versions
  SEQ  RECEIVED              SOURCE  LINE  CURRENT
  3    2021-01-01T00:00:00Z  f.json  1     true
";
    assert_eq!(people(View::Incident, &answer), expected);
}

#[test]
fn what_an_ingest_did() {
    let answer = json!({
        "documents": 1000, "new": 990, "updated": 5, "duplicate": 3, "rejected": 2, "rejected_by_code": {"json_invalid": 2},
        "rejects": [{"code": "json_invalid", "message": "expected `,`", "source": "a.json", "line": 17, "excerpt": "{"}],
        "rejects_file": "clew-data/rejects/1.jsonl", "alerts": 995, "incidents": 0, "events": {}, "entities": {"host": 7, "ip": 5},
        "unmapped": {"Foo": 3}, "formats": {"sentinel-alert": 998}, "first": "2021-01-01T00:00:00Z", "last": "2021-01-02T00:00:00Z",
        "warnings": 2, "warnings_by_column": {"SigninLogs.TimeGenerated": 2},
        "warned": [{"code": "value_unreadable", "message": "expected datetime, found `soon`", "source": "b.csv", "line": 3,
                    "column": "SigninLogs.TimeGenerated", "value": "soon"}],
        "seq": 995, "bytes": 2000000, "seconds": 0.5,
    });
    let expected = "\
1000 documents in 0.5 s (2000/s, 4.0 MB/s)
  new        990
  updated    5
  duplicate  3
  rejected   2
  alerts     995
  incidents  0
time span: 2021-01-01T00:00:00Z to 2021-01-02T00:00:00Z

formats: sentinel-alert 998

entities by kind: host 7, ip 5

members that no mapping reads, kept with their records: Foo

rejected by code: json_invalid 2

rejected documents
  CODE          SOURCE  LINE  MESSAGE
  json_invalid  a.json  17    expected `,`
all rejects: clew-data/rejects/1.jsonl

2 values could not be read; their rows went in and keep them as they were written

such values by column: SigninLogs.TimeGenerated 2

unreadable values
  SOURCE  LINE  COLUMN                    MESSAGE
  b.csv   3     SigninLogs.TimeGenerated  expected datetime, found `soon`
";
    assert_eq!(people(View::Report, &answer), expected);
}

#[test]
fn hits_of_a_search() {
    let answer = json!({
        "hits": [{"kind": "incident", "id": "a1", "number": 7, "title": "Beacon", "severity": "High", "highlights": []},
                 {"kind": "entity", "id": "host:ws6", "title": "ws6"}],
        "total": 2, "facets": [{"facet": "severity", "values": [{"value": "High", "count": 1}], "complete": true}], "complete": true,
    });
    let expected = "\
KIND      NUMBER  SEVERITY  TITLE   ID
incident  7       High      Beacon  a1
entity                      ws6     host:ws6
2 hits
severity: High 1
";
    assert_eq!(people(View::Search, &answer), expected);
    assert_eq!(json_lines(View::Search, &answer).lines().count(), 2);
}

#[test]
fn what_finds_nothing_says_what_to_try() {
    let fields = json!(["id", "title"]);
    let answer = json!({"hits": [], "total": 0, "facets": [], "complete": true, "fields": fields,
                        "elsewhere": [{"kind": "alert", "fields": [], "total": 1}, {"kind": "entity", "fields": ["title", "entity"], "total": 3}]});
    let expected = "\
0 hits
words were looked for in id, title
1 alert with --kind alert
3 entities with --kind entity --field title,entity
";
    assert_eq!(people(View::Search, &answer), expected);
    let nothing = json!({"hits": [], "total": 0, "facets": [], "complete": true, "fields": fields});
    assert!(
        people(View::Search, &nothing)
            .ends_with("nothing else fits either; `begin*` finds words by their beginning, `slip~` words with a slip\n")
    );
    let why = json!({"assertions": [], "path": {"paths": [], "nodes": [], "complete": true}, "complete": true});
    assert_eq!(people(View::Why, &why), "no edge links them directly\nnor does a path; `clew paths A B --hops N` looks further\n");
    let alone = json!({"nodes": [{"id": "host:ws6", "label": "ws6", "degree": 4}], "edges": [], "complete": true});
    let expected = "no edges of this kind and time; `clew entity 'host:ws6'` counts the relations of an entity\n";
    assert_eq!(people(View::Subgraph, &alone), expected);
    assert_eq!(people(View::Common, &alone), "they have no neighbour in common; `clew paths A B` looks further\n");
}

#[test]
fn a_page_that_is_full_says_how_to_go_on() {
    let notices = [
        (json!({"complete": true}), None),
        (json!({"complete": false, "cut": "limit", "cursor": "c"}), Some("next page: --cursor c")),
        (json!({"complete": false, "cut": "limit"}), Some("there is more: raise --limit")),
        (json!({"complete": false, "cut": "k"}), Some("there are more: raise -k")),
        (json!({"complete": false, "cut": "rows_max", "cursor": "c"}), Some("cut by the limit `rows_max`; next page: --cursor c")),
    ];
    for (answer, expected) in notices {
        assert_eq!(notice(&answer).as_deref(), expected, "{answer}");
    }
    for (count, things, expected) in
        [(1, "entities", "1 entity"), (1, "nodes reached", "1 node reached"), (2, "hits", "2 hits"), (1, "queries", "1 query")]
    {
        assert_eq!(number(count, things), expected);
    }
}

#[test]
fn a_correlation_prints_its_reasons() {
    let reason = json!({"entity": "host:ws6", "earlier": "a1", "later": "a2", "gap_seconds": 5400.0});
    let group = json!({"incident": "i1", "title": "2 alerts on ws6", "severity": "High", "alerts": ["a1", "a2"], "kill_chain_order": true,
                       "first": "2021-01-01T00:00:00Z", "last": "2021-01-02T00:00:00Z", "reasons": [reason]});
    let answer = json!({"alerts": 7, "groups": [group], "opened": 1, "changed": 0, "redirected": 0, "dry_run": true});
    let expected = "\
High  2 alerts on ws6
  incident:i1
  2 alerts from 2021-01-01T00:00:00Z to 2021-01-02T00:00:00Z, in the order of the kill chain
  host:ws6 in a1 and, 1.5 h later, in a2

7 alerts looked at; incidents that a run would bring: 1 opened, 0 changed, 0 merged into others
";
    assert_eq!(people(View::Correlation, &answer), expected);
    assert_eq!(people(View::Decision, &json!({"decision": 12})), "decision 12 is made; `clew entity undo 12` takes it back\n");
    let changed = json!({"value": [{"kind": "incident", "id": "a", "number": 4, "change": 12}, {"kind": "incident", "id": "b", "change": 13}], "complete": true});
    assert_eq!(people(View::Changed, &changed), "incident 4 is changed\nincident b is changed\n`clew incident undo 12` takes it back\n");
    assert_eq!(people(View::Changed, &json!({"value": [], "complete": true})), "nothing to change: it is so already\n");
    let decided = |state: &str, value: &Value| json!({"proposal": {"state": state, "decided_by": "ana"}, "value": value, "complete": true});
    let accepted = "the proposal is accepted by ana\nincident 4 is changed\n`clew incident undo 12` takes it back\n";
    assert_eq!(people(View::Decided, &decided("accepted", &json!([changed["value"][0]]))), accepted);
    assert_eq!(people(View::Decided, &decided("rejected", &json!([]))), "the proposal is rejected by ana\n");
    let activity = json!({"value": [{"change": 12, "time": "2026-01-02T03:04:05Z", "actor": "ana", "action": "undo", "undoes": 9,
        "fields": [{"field": "status", "before": "New", "after": "Active"}, {"field": "tags", "before": null, "after": ["x"]}]}]});
    let expected = "2026-01-02T03:04:05Z  12  undo by ana of 9\n  status: New -> Active\n  tags: x\n";
    assert_eq!(people(View::Activity, &activity), expected);
}

#[test]
fn a_narrow_terminal_breaks_text_only() {
    let answer = json!({"value": [{"number": 7, "title": "a title that is longer than its column can be", "severity": "High", "last_activity": "2021-04-28T14:31:30.021Z"}],
                        "total": 1, "complete": true});
    let shown = for_people(View::Incidents, &answer, Style { colour: false, width: Some(60) });
    assert!(shown.lines().all(|line| line.chars().count() <= 60) && shown.contains("2021-04-28T14:31:30.021Z"), "{shown}");
}

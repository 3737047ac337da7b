//! Searches over a small set of records, from text to ids.

use std::sync::Arc;

use tempfile::TempDir;

use crate::fulltext::Fulltext;
use crate::journal::View;
use crate::model::{
    Alert, AlertStatus, Batch, Body, Comment, Entity, Evidence, Incident, IncidentStatus, Key, Keys, Object, Origin, Owner, Record, Seq,
    Window,
};

use super::*;

fn time(text: &str) -> Option<Time> {
    Some(Time::parse(text).expect("a time"))
}

pub(crate) fn record(seq: u64, body: Body) -> Record {
    let origin = Origin { source: Arc::from("test"), line: seq };
    Record { seq: Seq(seq), origin, received: Time::default(), hash: [0; 16], current: true, body }
}

fn entity(kind: Kind, keys: &[(&str, &str)], label: &str) -> Evidence {
    let keys = Keys { strong: keys.iter().map(|(set, value)| Key::new(set, value)).collect(), weak: Vec::new() };
    Evidence { entity: Entity::new(kind, keys, label.to_owned(), Object::new()), role: None, nested: false }
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn incidents() -> Vec<Incident> {
    let ana = Owner { name: Some("Ana Müller".into()), email: Some("ana@contoso.com".into()), ..Owner::default() };
    let bob = Owner { upn: Some("bob@contoso.com".into()), ..Owner::default() };
    vec![
        Incident {
            id: "4ba3c2e1-0d5e-4f7a-9b1c-000000000001".into(),
            number: Some(116_294),
            title: "Mimikatz credential theft tool on WORKSTATION6".into(),
            description: "Credential dumping from lsass.exe was seen".into(),
            severity: Severity::High,
            status: IncidentStatus::Active,
            owner: Some(ana.clone()),
            tags: texts(&["Needs review", "vip"]),
            products: texts(&["Microsoft Defender for Endpoint"]),
            tactics: vec!["CredentialAccess".into()],
            techniques: texts(&["T1003.001"]),
            created: time("2021-04-28T10:00:00Z"),
            modified: time("2021-04-30T10:00:00Z"),
            ..Incident::default()
        },
        Incident {
            id: "4ba3c2e1-0d5e-4f7a-9b1c-000000000002".into(),
            number: Some(116_295),
            title: "Sign-in from an unfamiliar country".into(),
            severity: Severity::Medium,
            status: IncidentStatus::New,
            products: texts(&["Azure Active Directory Identity Protection"]),
            provider: "IPC".into(),
            tactics: vec!["InitialAccess".into()],
            techniques: texts(&["T1078.004", "T1078"]),
            entities: vec![entity(Kind::IP, &[("address", "175.45.176.99")], "175.45.176.99")],
            created: time("2021-05-01T09:00:00Z"),
            modified: time("2021-05-01T09:00:00Z"),
            ..Incident::default()
        },
        Incident {
            id: "4ba3c2e1-0d5e-4f7a-9b1c-000000000003".into(),
            number: Some(7),
            title: "Test of credential rules".into(),
            severity: Severity::Low,
            status: IncidentStatus::Closed,
            classification: Some(Classification::FalsePositive),
            classification_comment: Some("scanner of the lab".into()),
            owner: Some(bob),
            tags: texts(&["vip"]),
            comments: vec![Comment {
                author: Some("Ana".into()),
                created: None,
                message: "asked 10.0.0.5 people".into(),
                ..Comment::default()
            }],
            created: time("2020-01-01T00:00:00Z"),
            modified: time("2020-01-02T00:00:00Z"),
            ..Incident::default()
        },
        Incident {
            id: "4".into(),
            number: Some(8),
            title: "不審なログイン at café".into(),
            severity: Severity::Informational,
            ..Incident::default()
        },
    ]
}

fn alerts() -> Vec<Alert> {
    let host = entity(Kind::HOST, &[("hostname+dnsdomain", "ws6.theshire.local")], "WS6.theshire.local");
    let file = entity(Kind::FILE, &[("name+directory", r"c:\tools\mimikatz.exe")], "mimikatz.exe");
    vec![
        Alert {
            id: "a1".into(),
            title: "Malicious credential theft tool execution detected".into(),
            severity: Severity::High,
            product: "Microsoft Defender for Endpoint".into(),
            entities: vec![host, file],
            created: time("2021-04-28T09:00:00Z"),
            ..Alert::default()
        },
        Alert {
            id: "a2".into(),
            title: "Anonymous IP address".into(),
            severity: Severity::Medium,
            status: AlertStatus::Resolved,
            entities: vec![entity(Kind::IP, &[("address", "175.45.176.99")], "175.45.176.99")],
            ..Alert::default()
        },
    ]
}

struct Fixture {
    view: Fulltext,
    _dir: TempDir,
}

impl Membership for Fixture {
    fn incidents_of(&self, alerts: &[String]) -> Vec<String> {
        let pairs = [("a1", "4ba3c2e1-0d5e-4f7a-9b1c-000000000001"), ("a2", "4ba3c2e1-0d5e-4f7a-9b1c-000000000003")];
        pairs.iter().filter(|(alert, _)| alerts.iter().any(|id| id == alert)).map(|(_, incident)| (*incident).to_owned()).collect()
    }

    fn tactics_inherited(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut view = Fulltext::open(&dir.path().join("fulltext")).expect("an index");
        let incidents = incidents().into_iter().map(|incident| Body::Incident(Box::new(incident)));
        let bodies = incidents.chain(alerts().into_iter().map(|alert| Body::Alert(Box::new(alert))));
        let records: Vec<Record> = (1..).zip(bodies).map(|(seq, body)| record(seq, body)).collect();
        view.apply(&Batch { last: Seq(6), records }).expect("applied");
        Self { view, _dir: dir }
    }

    fn search(&self, request: &SearchRequest) -> Result<SearchAnswer, Fault> {
        let now = Time::parse("2021-05-02T00:00:00Z").expect("a time");
        search(request, &self.view.snapshot().expect("a reader"), self, now, 1)
    }

    fn ids(&self, text: &str) -> Vec<String> {
        let answer = self.search(&SearchRequest { text: text.to_owned(), ..SearchRequest::default() }).expect(text);
        assert_eq!(answer.total, answer.hits.len() as u64, "{text}");
        // The last digit names the incident.
        answer
            .hits
            .iter()
            .map(|hit| if hit.kind == DocKind::Incident { hit.id[hit.id.len() - 1..].to_owned() } else { hit.title.clone() })
            .collect()
    }
}

const FOUND: [(&str, &[&str]); 66] = [
    // Everything, newest change first.
    ("", &["2", "1", "3", "4"]),
    ("*", &["2", "1", "3", "4"]),
    // Default fields: id, number, title, tags, owner, product.
    ("mimikatz", &["1"]),
    ("MIMIKATZ tool", &["1"]),
    ("116294", &["1"]),
    ("#116294", &["1"]),
    ("4ba3c2e1-0d5e-4f7a-9b1c-000000000002", &["2"]),
    ("4BA3C2E1-0D5E-4F7A-9B1C-000000000002", &["2"]),
    ("4ba3c2e1*", &["2", "1", "3"]),
    ("vip", &["3", "1"]),
    ("ana", &["1"]),
    ("muller", &["1"]),
    ("bob@contoso.com", &["3"]),
    ("contoso", &["3", "1"]),
    ("defender", &["1"]),
    ("lsass", &[]),
    ("cafe", &["4"]),
    ("ログイン", &["4"]),
    ("- mimikatz ..", &["1"]),
    // Phrases, prefixes, slips.
    ("\"credential theft\"", &["1"]),
    ("\"theft credential\"", &[]),
    ("sign-in", &["2"]),
    ("unfam*", &["2"]),
    ("\"needs review\"", &["1"]),
    ("mimkatz", &[]),
    ("mimkatz~", &["1"]),
    ("mmkatz~2", &["1"]),
    ("workst*", &["1"]),
    // Boolean.
    ("credential", &["3", "1"]),
    ("credential -mimikatz", &["3"]),
    ("credential NOT test", &["1"]),
    ("mimikatz OR country", &["2", "1"]),
    ("(mimikatz OR country) medium", &[]),
    ("(mimikatz OR country) severity:Medium", &["2"]),
    ("-vip", &["2", "4"]),
    ("NOT (mimikatz OR country OR test)", &["4"]),
    // Fields.
    ("title:credential", &["3", "1"]),
    ("title:(credential -test)", &["1"]),
    ("description:lsass.exe", &["1"]),
    ("description:lsass", &["1"]),
    ("comment:scanner", &["3"]),
    ("comment:10.0.0.5", &["3"]),
    ("tag:vip", &["3", "1"]),
    ("owner:ana", &["1"]),
    ("owner:unassigned", &["2", "4"]),
    ("-owner:*", &["2", "4"]),
    ("product:\"azure active directory\"", &["2"]),
    ("provider:ipc", &["2"]),
    ("tactic:InitialAccess", &["2"]),
    ("tactic:\"initial access\"", &["2"]),
    ("technique:T1078", &["2"]),
    ("technique:T1003.001", &["1"]),
    ("status:new", &["2", "4"]),
    ("status:open", &["2", "1", "4"]),
    ("classification:falsepositive", &["3"]),
    // Order.
    ("severity>=Medium", &["2", "1"]),
    ("severity:[Low TO Medium]", &["2", "3"]),
    ("number:116294", &["1"]),
    ("number<100", &["3", "4"]),
    ("created>2021-04-01", &["2", "1"]),
    ("created>2021-04-28", &["2"]),
    ("created:2021-04", &["1"]),
    ("created:[2021-04-01 TO 2021-05-01}", &["1"]),
    ("modified>3d severity:*", &["2", "1"]),
    // Entities, through the alerts of the incident too.
    ("entity:mimikatz.exe", &["1"]),
    ("entity:175.45.176.99", &["2", "3"]),
];

#[test]
fn finds_what_a_person_expects() {
    let fixture = Fixture::new();
    for (text, expected) in FOUND {
        let mut found = fixture.ids(text);
        let mut expected: Vec<String> = texts(expected);
        // The order of relevance of short texts is not promised here.
        if parse(text).is_ok_and(|expr| expr != Expr::All) {
            found.sort();
            expected.sort();
        }
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn the_title_counts_more_than_the_description() {
    let fixture = Fixture::new();
    let request = SearchRequest { text: "seen OR country".into(), fields: texts(&["title", "description"]), ..SearchRequest::default() };
    let answer = fixture.search(&request).expect("an answer");
    let order: Vec<_> = answer.hits.iter().map(|hit| hit.number).collect();
    assert_eq!(order, [Some(116_295), Some(116_294)]);
    assert!(answer.hits[0].score > answer.hits[1].score);
}

#[test]
fn finds_alerts_and_entities() {
    let fixture = Fixture::new();
    let cases: [(&str, &[&str]); 7] = [
        ("kind:alert", &["Malicious credential theft tool execution detected", "Anonymous IP address"]),
        ("kind:alert status:closed", &["Anonymous IP address"]),
        ("kind:alert entity:175.45.*", &["Anonymous IP address"]),
        ("kind:alert entity:\"tools\\mimikatz.exe\"", &["Malicious credential theft tool execution detected"]),
        ("kind:host", &["WS6.theshire.local"]),
        ("kind:entity title:mimikatz.exe", &["mimikatz.exe"]),
        ("kind:ip entity:175.45.176.99", &["175.45.176.99"]),
    ];
    for (text, expected) in cases {
        let (mut found, mut expected) = (fixture.ids(text), texts(expected));
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{text}");
    }
    let answer = fixture.search(&SearchRequest { text: "kind:host".into(), ..SearchRequest::default() }).expect("an answer");
    assert_eq!(answer.hits[0].keys.as_ref().map(|keys| keys.strong[0].as_str()), Some("hostname+dnsdomain=ws6.theshire.local"));
    assert_eq!(answer.hits[0].seq, 5);
}

#[test]
fn counts_facets_over_all_hits() {
    let fixture = Fixture::new();
    let request =
        SearchRequest { limit: 1, facets: vec![Facet::Severity, Facet::Tag, Facet::Owner, Facet::Status], ..SearchRequest::default() };
    let answer = fixture.search(&request).expect("an answer");
    let counts: Vec<Vec<(&str, u64)>> =
        answer.facets.iter().map(|facet| facet.values.iter().map(|value| (value.value.as_str(), value.count)).collect()).collect();
    assert_eq!(counts[0], [("High", 1), ("Informational", 1), ("Low", 1), ("Medium", 1)]);
    assert_eq!(counts[1], [("vip", 2), ("Needs review", 1)]);
    assert_eq!(counts[2], [("Ana Müller", 1), ("bob@contoso.com", 1)]);
    assert_eq!(counts[3], [("New", 2), ("Active", 1), ("Closed", 1)]);
    assert_eq!((answer.total, answer.complete, answer.cut), (4, false, Some("limit")));
}

#[test]
fn shows_where_the_words_stand() {
    let fixture = Fixture::new();
    let request = SearchRequest { text: "mimikatz tag:review".into(), ..SearchRequest::default() };
    let answer = fixture.search(&request).expect("an answer");
    let expected = [
        Highlight { field: "title", snippet: "Mimikatz credential theft tool on WORKSTATION6".into(), ranges: vec![[0, 8]] },
        Highlight { field: "tag", snippet: "Needs review".into(), ranges: vec![[6, 12]] },
    ];
    assert_eq!(answer.hits[0].highlights, expected);
    assert_eq!(answer.understood, "mimikatz tag:review");
}

#[test]
fn pages_over_ties_without_gaps_or_repeats() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut view = Fulltext::open(&dir.path().join("fulltext")).expect("an index");
    let tie = |seq: u64| Incident { id: format!("i{seq}"), title: "same words".into(), severity: Severity::Low, ..Incident::default() };
    for batch in 0..4u64 {
        let records = (1..=10).map(|n| record(batch * 10 + n, Body::Incident(Box::new(tie(batch * 10 + n))))).collect();
        view.apply(&Batch { last: Seq(batch * 10 + 10), records }).expect("applied");
        if batch == 1 {
            view.persist().expect("persisted");
        }
    }
    for sort in [Order::Relevance, Order::Severity, Order::Created] {
        for ascending in [false, true] {
            let reader = view.snapshot().expect("a reader");
            let mut request = SearchRequest { text: "same".into(), limit: 7, sort: Some(sort), ascending, ..SearchRequest::default() };
            let mut ids = Vec::new();
            loop {
                let answer = search(&request, &reader, &(), Time::default(), 1).expect("an answer");
                assert_eq!(answer.total, 40);
                ids.extend(answer.hits.into_iter().map(|hit| hit.id));
                request.cursor = answer.cursor;
                if request.cursor.is_none() {
                    break;
                }
            }
            let expected: Vec<String> = (1..=40).rev().map(|seq| format!("i{seq}")).collect();
            assert_eq!(ids, expected, "{sort:?}");
        }
    }
}

#[test]
fn sorts_by_values_with_absent_ones_last() {
    let fixture = Fixture::new();
    for (sort, ascending, expected) in [
        (Order::Severity, false, vec![116_294, 116_295, 7, 8]),
        (Order::Severity, true, vec![8, 7, 116_295, 116_294]),
        (Order::Created, true, vec![7, 116_294, 116_295, 8]),
        (Order::Number, false, vec![116_295, 116_294, 8, 7]),
    ] {
        let request = SearchRequest { sort: Some(sort), ascending, ..SearchRequest::default() };
        let answer = fixture.search(&request).expect("an answer");
        assert_eq!(answer.hits.iter().filter_map(|hit| hit.number).collect::<Vec<_>>(), expected, "{sort:?} {ascending}");
    }
}

#[test]
fn completes_what_is_being_typed() {
    let fixture = Fixture::new();
    let reader = fixture.view.snapshot().expect("a reader");
    for (prefix, field, expected) in [
        ("an", "owner", vec!["Ana Müller"]),
        ("v", "tag", vec!["vip"]),
        ("azure ac", "product", vec!["Azure Active Directory Identity Protection"]),
        ("unf", "title", vec!["Sign-in from an unfamiliar country"]),
        ("", "tag", vec![]),
    ] {
        let found = complete(prefix, field, &reader, 5).expect("an answer");
        assert_eq!(found.iter().map(|value| value.value.as_str()).collect::<Vec<_>>(), expected, "{prefix}");
    }
}

#[test]
fn refuses_with_a_code_and_a_hint() {
    let fixture = Fixture::new();
    let request = |text: &str| SearchRequest { text: text.to_owned(), ..SearchRequest::default() };
    let cases = [
        (request("severity:hihg"), "search_bad_value"),
        (request("status>New"), "search_no_order"),
        (request("title>x"), "search_no_order"),
        (request("number:x"), "search_bad_value"),
        (request("created:soon"), "search_bad_value"),
        (request("-- .."), "search_no_words"),
        (SearchRequest { limit: 5000, ..request("") }, "search_bad_limit"),
        (SearchRequest { cursor: Some("00".into()), ..request("") }, "cursor_invalid"),
        (SearchRequest { cursor: Some("é".repeat(28)), ..request("") }, "cursor_invalid"),
        (SearchRequest { fields: texts(&["created"]), ..request("") }, "search_bad_default_field"),
    ];
    for (request, code) in cases {
        let fault = fixture.search(&request).expect_err(code);
        assert_eq!(fault.code, code, "{request:?}");
        assert!(fault.hint.is_some());
    }
    let fault = fixture.search(&request("severity:hihg")).expect_err("no severity");
    assert_eq!(fault.hint.as_deref(), Some("did you mean `High`?"));
    assert_eq!(fault.span.map(|span| (span.start, span.end)), Some((0, 13)));
}

#[test]
fn windows_bind_to_closed_intervals() {
    let now = Time::default();
    let binder = Binder { defaults: &DEFAULT_FIELDS, now };
    let query = binder.bind(&parse("created:[2021 TO 2022-01}").expect("a tree")).expect("a question");
    let (from, to) = (time("2021-01-01T00:00:00Z"), time("2021-12-31T23:59:59.999999Z"));
    assert_eq!(query, Query::Time { field: Field::Created, window: Window { from, to } });
}

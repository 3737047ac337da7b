//! Single facts, each small enough to check by hand.

use serde_json::json;

use crate::journal::View;
use crate::model::{
    Alert, AlertStatus, Batch, Body, Event, Evidence, Incident, Keys, Kind, Link, Record, Relation, Seq, Severity, Time, Window,
};

use super::super::read::Snapshot;
use super::super::{Assertion, Cut, Direction, EdgeFilter, Graph, NodeId, NodeKind, Rank, Scope, Term};
use super::{alert, apply, at, built, decision, entity, evidence, incident, name, record, rules};

fn host(strong: &[&str], weak: &[&str]) -> crate::model::Entity {
    entity("host", strong, weak)
}

fn named(id: &str, minutes: i64, entities: Vec<crate::model::Entity>) -> Alert {
    Alert { id: id.into(), title: "T".into(), start: Some(at(minutes)), entities: evidence(entities), ..Alert::default() }
}

fn hosts(snapshot: &Snapshot) -> Vec<String> {
    let mut names: Vec<String> = snapshot.all_entities().map(|node| name(snapshot, node)).collect();
    names.sort();
    names
}

fn refs(snapshot: &Snapshot, nodes: &[NodeId]) -> Vec<String> {
    nodes.iter().map(|node| snapshot.entity_ref(*node)).collect()
}

/// What is known by two weak keys is named by the one that is its own.
#[test]
fn no_two_things_have_one_name() {
    let mail = |weak: &[&str]| entity("mail-message", &[], weak);
    let both = alert(1, named("a1", 1, vec![mail(&["internetmessageid=<m>", "networkmessageid=n1"])]));
    let other = alert(2, named("a2", 2, vec![mail(&["internetmessageid=<m>", "networkmessageid=n2"])]));
    let one = alert(3, named("a3", 3, vec![mail(&["internetmessageid=<m>"])]));
    for records in [vec![both.clone(), other.clone(), one.clone()], vec![one, other, both]] {
        let snapshot = built(&records);
        let mut refs: Vec<String> = snapshot.all_entities().map(|node| snapshot.entity_ref(node)).collect();
        refs.sort();
        let expected = ["internetmessageid=<m>", "networkmessageid=n1", "networkmessageid=n2"];
        assert_eq!(refs, expected.map(|key| format!("mail-message:{key}")));
    }
}

/// `CORP\svc` is `svc@corp.contoso.com` as long as no other domain's first label is `corp` too; then it is neither.
#[test]
fn a_short_name_of_two_domains_unites_nothing_with_either() {
    let account = |strong: &[&str]| entity("account", strong, &[]);
    let short = alert(1, named("a1", 1, vec![account(&[r"ntdomain+name=corp\svc"])]));
    let one = alert(2, named("a2", 2, vec![account(&["name+upnsuffix=svc@corp.contoso.com", r"ntdomain+name=corp\svc"])]));
    let same = alert(3, named("a3", 3, vec![account(&["name+dnsdomain=svc@corp.contoso.com", r"ntdomain+name=corp\svc"])]));
    let other = alert(4, named("a4", 4, vec![account(&["name+upnsuffix=svc@corp.fabrikam.com", r"ntdomain+name=corp\svc"])]));
    let refs_of = |records: &[Record]| {
        let snapshot = built(records);
        let mut refs: Vec<String> = snapshot.all_entities().map(|node| snapshot.entity_ref(node)).collect();
        refs.sort();
        refs
    };
    let whole = [short.clone(), one.clone(), same.clone()];
    assert_eq!(refs_of(&whole), ["account:name+dnsdomain=svc@corp.contoso.com"]);
    let torn =
        ["account:name+dnsdomain=svc@corp.contoso.com", "account:name+upnsuffix=svc@corp.fabrikam.com", r"account:ntdomain+name=corp\svc"];
    for records in [
        vec![short.clone(), one.clone(), same.clone(), other.clone()],
        vec![other.clone(), same.clone(), one.clone(), short.clone()],
        vec![same, other, short, one],
    ] {
        assert_eq!(refs_of(&records), torn);
        let snapshot = built(&records);
        let keys = Keys { strong: vec![crate::model::Key::from_text(r"ntdomain+name=corp\svc")], weak: vec![] };
        assert_eq!(refs(&snapshot, &snapshot.entities(&Kind::ACCOUNT, &keys)), [r"account:ntdomain+name=corp\svc"]);
    }
}

#[test]
fn a_weak_name_joins_the_only_host_and_leaves_when_there_are_two() {
    let full = host(&["hostname+dnsdomain=ws6.theshire.local"], &["hostname=ws6"]);
    let short = host(&[], &["hostname=ws6"]);
    let other = host(&["hostname+dnsdomain=ws6.corp.com"], &["hostname=ws6"]);
    let one = alert(1, named("a1", 1, vec![short.clone()]));
    let two = alert(2, named("a2", 2, vec![full]));
    let three = alert(3, named("a3", 3, vec![other]));
    for order in [vec![one.clone(), two.clone()], vec![two.clone(), one.clone()]] {
        let snapshot = built(&order);
        let all: Vec<NodeId> = snapshot.all_entities().collect();
        assert_eq!(refs(&snapshot, &all), ["host:hostname+dnsdomain=ws6.theshire.local"]);
        let entity = snapshot.entity_node(all[0]).expect("a host");
        assert_eq!((entity.atoms(), entity.label()), (2, "ws6.theshire.local"));
        let merges = entity.merges();
        assert_eq!((merges[0].seq, merges[0].key.as_str(), merges[0].weak, merges[0].decided), (Seq(1), "hostname=ws6", true, false));
        assert_eq!(snapshot.degree(all[0]), 2);
    }
    let snapshot = built(&[one, two, three]);
    assert_eq!(snapshot.all_entities().count(), 3);
    let weak = Keys { strong: vec![], weak: short.keys.weak };
    let found = snapshot.entities(&Kind::HOST, &weak);
    assert_eq!(found.len(), 3);
    let known = snapshot.entities_by_key("host", "hostname=ws6").into_iter().find(|n| name(&snapshot, *n) == "host(?hostname=ws6)");
    let same = snapshot.entity_node(known.expect("it stays known by its name")).expect("a host").possibly_same(10);
    assert_eq!(same.iter().map(|(_, key)| *key).collect::<Vec<_>>(), ["hostname=ws6", "hostname=ws6"]);
}

#[test]
fn a_split_and_its_undo() {
    let a = host(&["azureid=1", "hostname+ntdomain=corp\\ws6"], &[]);
    let b = host(&["azureid=2", "hostname+ntdomain=corp\\ws6"], &[]);
    let records = [
        alert(1, named("a1", 1, vec![a])),
        alert(2, named("a2", 2, vec![b])),
        decision(3, json!({"kind": "entity.split", "entity": "host:hostname+ntdomain=corp\\ws6", "key": "hostname+ntdomain=corp\\ws6"})),
        decision(4, json!({"kind": "entity.undo", "decision": 3})),
    ];
    let merged = built(&records[..2]);
    assert_eq!(merged.all_entities().count(), 1);
    let entity = merged.all_entities().next().and_then(|n| merged.entity_node(n)).expect("a host");
    assert_eq!(entity.key(), "hostname+ntdomain=corp\\ws6");
    assert_eq!(entity.merges().iter().map(|m| (m.seq.0, m.key.as_str())).collect::<Vec<_>>(), [(2, "hostname+ntdomain=corp\\ws6")]);
    assert_eq!(built(&records[..3]).all_entities().count(), 2);
    assert_eq!(hosts(&built(&records)), hosts(&merged));
}

#[test]
fn a_decided_merge_waits_for_its_keys() {
    let merge = decision(
        1,
        json!({"kind": "entity.merge", "a": {"kind": "host", "key": "azureid=1"}, "b": {"kind": "host", "key": "hostname=web"}}),
    );
    let one = alert(2, named("a1", 1, vec![host(&["azureid=1"], &[])]));
    let two = alert(3, named("a2", 2, vec![host(&[], &["hostname=web"])]));
    let snapshot = built(&[merge, one, two]);
    assert_eq!(hosts(&snapshot), ["host(!azureid=1)+host(?hostname=web)"]);
    let merges = snapshot.all_entities().next().and_then(|n| snapshot.entity_node(n)).expect("a host").merges();
    assert_eq!((merges.len(), merges[0].seq, merges[0].decided), (1, Seq(1), true));
}

#[test]
fn newer_versions_take_the_place_of_older_ones_in_any_order() {
    let version =
        |modified: i64, ip: &str, status| Alert { modified: Some(at(modified)), status, ..named("a1", 1, vec![entity("ip", &[ip], &[])]) };
    let old = alert(1, version(1, "address=1.1.1.1", AlertStatus::New));
    let new = alert(2, version(2, "address=2.2.2.2", AlertStatus::Resolved));
    for records in [[old.clone(), new.clone()], [new, old]] {
        let mut graph = Graph::in_memory(rules());
        apply(&mut graph, &records, &[1]);
        assert_eq!(graph.version_of(NodeKind::Alert, "a1"), Some((Some(at(2)), Seq(2))));
        let snapshot = graph.snapshot();
        let node = snapshot.alert("a1").expect("it is there");
        assert_eq!(refs(&snapshot, &snapshot.entities_of(node)), ["ip:address=2.2.2.2"]);
        assert_eq!(snapshot.alert_counts()[AlertStatus::Resolved as usize].iter().sum::<u32>(), 1);
        assert_eq!(snapshot.alert_counts().iter().flatten().sum::<u32>(), 1);
        let old = snapshot.entities_by_key("ip", "address=1.1.1.1")[0];
        assert_eq!(snapshot.edges(old, &EdgeFilter::default()).count(), 0);
        let with_old = EdgeFilter { superseded: true, ..EdgeFilter::default() };
        let edge = snapshot.edges(old, &with_old).next().expect("old versions stay readable");
        assert_eq!(snapshot.assertion(&edge), Assertion::Document { node, seq: Seq(1), current: false });
        assert_eq!(snapshot.versions(node).iter().map(|v| (v.seq.0, v.current)).collect::<Vec<_>>(), [(2, true), (1, false)]);
    }
}

#[test]
fn members_and_incidents_may_come_before_or_after_what_they_name() {
    let chain = alert(1, Alert { members: vec!["a2".into(), "a3".into()], ..named("a1", 9, vec![]) });
    let a2 = alert(
        2,
        Alert {
            incident: Some("i1".into()),
            product: "P".into(),
            tactics: vec!["Impact".into()],
            ..named("a2", 2, vec![host(&["azureid=1"], &[])])
        },
    );
    let case = incident(3, Incident { id: "i1".into(), number: Some(7), alert_ids: vec!["a1".into()], ..Incident::default() });
    for records in [[chain.clone(), a2.clone(), case.clone()], [case, a2, chain]] {
        let snapshot = built(&records);
        let incident = snapshot.incident_by_number(7).expect("it has the number");
        assert_eq!(refs(&snapshot, &snapshot.contained(incident)), ["alert:a1", "alert:a2"]);
        let chain = snapshot.alert("a1").expect("it is there");
        assert_eq!(refs(&snapshot, &snapshot.contained(chain)), ["alert:a2", "alert:a3"]);
        assert_eq!(refs(&snapshot, &snapshot.containers(snapshot.alert("a2").expect("it is there"))), ["alert:a1", "incident:i1"]);
        assert!(!snapshot.alert_node(snapshot.alert("a3").expect("it is referred to")).expect("an alert").known());
        assert_eq!(refs(&snapshot, &snapshot.entities_of(incident)), ["host:azureid=1"]);
        assert_eq!(snapshot.inherited(incident), (vec!["P"], vec!["Impact"], vec![]));
        assert_eq!(snapshot.all_alerts().count(), 2);
    }
}

#[test]
fn events_of_an_hour_are_one_edge() {
    let event = |seq, minutes| {
        let link = Link { from: 0, relation: Relation::known("signed_in_from"), to: 1, rule: "SigninLogs.ip".into() };
        let entities = vec![entity("account", &["name+upnsuffix=a@b.c"], &[]).into(), entity("ip", &["address=9.9.9.9"], &[]).into()];
        record(
            seq,
            Body::Event(Box::new(Event {
                table: "SigninLogs".into(),
                time: Some(at(minutes)),
                columns: vec![],
                entities,
                links: vec![link],
            })),
        )
    };
    // 1_600_000_000 is 26 min 40 s past an hour.
    let snapshot = built(&[event(1, 0), event(2, 20), event(3, 40), event(4, 10)]);
    let account = snapshot.entities_by_key("account", "name+upnsuffix=a@b.c")[0];
    let ip = snapshot.entities_by_key("ip", "address=9.9.9.9")[0];
    let edges: Vec<_> = snapshot.assertions(ip, account, &EdgeFilter::default()).collect();
    let shown: Vec<_> = edges.iter().map(|e| (e.first, e.last, e.count, snapshot.rule(e), snapshot.assertion(e))).collect();
    let by = |first, last| Assertion::Events { first: Seq(first), last: Seq(last) };
    assert_eq!(
        shown,
        [(Some(at(40)), Some(at(40)), 1, "SigninLogs.ip", by(3, 3)), (Some(at(0)), Some(at(20)), 3, "SigninLogs.ip", by(1, 4))]
    );
    let out = EdgeFilter { direction: Direction::Out, ..EdgeFilter::default() };
    assert_eq!((snapshot.edges(account, &out).count(), snapshot.edges(ip, &out).count()), (2, 0));
    let instants: Vec<_> = edges.iter().map(|edge| snapshot.instants(edge)).collect();
    assert_eq!(instants, [vec![at(40)], vec![at(0), at(10), at(20)]]);
    for (from, to, expected) in [(15, 30, 1), (5, 12, 1), (11, 19, 0), (1, 9, 0), (10, 40, 2)] {
        let window = Window { from: Some(at(from)), to: Some(at(to)) };
        assert_eq!(snapshot.count_in(ip, &window), expected, "{from} {to}");
        assert_eq!(snapshot.edges(ip, &EdgeFilter { window, ..EdgeFilter::default() }).count(), expected, "{from} {to}");
    }
}

#[test]
fn ways_take_the_events_inside_of_an_hour() {
    // From w1 over ip1 (11:20) to w2, who is at ip2 before, soon and long after, and over ip2 to w3.
    let sign_in = |seq, (user, address, minutes)| {
        let link = Link { from: 0, relation: Relation::known("signed_in_from"), to: 1, rule: "SigninLogs.ip".into() };
        let (user, address) = (format!("name+upnsuffix={user}@x.com"), format!("address={address}"));
        let entities = vec![entity("account", &[&user], &[]).into(), entity("ip", &[&address], &[]).into()];
        record(
            seq,
            Body::Event(Box::new(Event {
                table: "SigninLogs".into(),
                time: Some(at(minutes)),
                columns: vec![],
                entities,
                links: vec![link],
            })),
        )
    };
    // Minute 34 begins an hour.
    let all = [
        ("w1", "10.0.0.1", 54),
        ("w2", "10.0.0.1", 64),
        ("w2", "10.0.0.2", 39),
        ("w2", "10.0.0.2", 89),
        ("w2", "10.0.0.2", 65),
        ("w3", "10.0.0.2", 79),
    ];
    let records: Vec<_> = (1..).zip(all).map(|(seq, event)| sign_in(seq, event)).collect();
    let snapshot = built(&records);
    let account = |user: &str| snapshot.entities_by_key("account", &format!("name+upnsuffix={user}@x.com"))[0];
    let path = snapshot.timed_path(account("w1"), account("w3"), &Scope::default());
    let times: Vec<_> = path.arrivals.iter().skip(1).map(|arrival| arrival.at).collect();
    assert_eq!(times, [54, 64, 65, 79].map(|minutes| Some(at(minutes))));
    let reached = snapshot.blast_radius(account("w1"), &Scope::default()).arrivals.len();
    assert_eq!(reached, 5);
}

#[test]
fn filters_by_relation_kind_and_role() {
    let mut one = named("a1", 1, vec![host(&["azureid=1"], &[]), entity("ip", &["address=1.1.1.1"], &[])]);
    one.entities[0].role = Some("impacted".into());
    one.entities[1].nested = true;
    one.links = vec![Link { from: 1, relation: Relation::known("address_of"), to: 0, rule: "host.IpInterfaces".into() }];
    let snapshot = built(&[alert(1, one)]);
    let node = snapshot.alert("a1").expect("it is there");
    let host = snapshot.entities_by_key("host", "azureid=1")[0];
    let only = |kinds: &[&str], relations: &[&str]| EdgeFilter {
        kinds: kinds.iter().map(|k| Kind::met(*k)).collect(),
        relations: relations.iter().map(|r| Relation::met(*r)).collect(),
        ..EdgeFilter::default()
    };
    let edges = |node, filter: &EdgeFilter| {
        snapshot.edges(node, filter).map(|e| (snapshot.relation(&e), snapshot.role(&e), snapshot.is_nested(&e))).collect::<Vec<_>>()
    };
    assert_eq!(edges(node, &only(&["host"], &[])), [("involves", Some("impacted"), false)]);
    assert_eq!(edges(node, &only(&["ip"], &[])), [("involves", None, true)]);
    assert_eq!(edges(host, &only(&["alert"], &[])), [("involves", Some("impacted"), false)]);
    assert_eq!(edges(host, &only(&[], &["address_of"])), [("address_of", None, false)]);
    assert_eq!(edges(host, &only(&[], &["unheard_of"])), []);
    assert_eq!(edges(host, &only(&["file"], &[])), []);
}

#[test]
fn limits_are_named() {
    let records: Vec<Record> = (1..=30)
        .map(|n| alert(n, named(&format!("a{n}"), n as i64, vec![host(&["azureid=1"], &[]), host(&[&format!("azureid=x{n}")], &[])])))
        .collect();
    let snapshot = built(&records);
    let hub = snapshot.entities_by_key("host", "azureid=1")[0];
    let (a, b) = (snapshot.entities_by_key("host", "azureid=x3")[0], snapshot.entities_by_key("host", "azureid=x9")[0]);
    let scope = Scope::default();
    let near = snapshot.neighbors(hub, &EdgeFilter::default(), 5);
    assert_eq!((near.extent.cut, near.extent.edges_read), (Some(Cut::Results(5)), 6));
    assert_eq!(
        refs(&snapshot, &near.neighbors.iter().map(|n| n.node).collect::<Vec<_>>()),
        ["alert:a30", "alert:a29", "alert:a28", "alert:a27", "alert:a26"]
    );
    assert_eq!(snapshot.shortest_path(a, b, &scope).paths[0].nodes.len(), 5);
    let narrow = Scope { hub_degree: 10, ..Scope::default() };
    let none = snapshot.shortest_path(a, b, &narrow);
    assert_eq!((none.paths.len(), refs(&snapshot, &none.extent.hubs)), (0, vec!["host:azureid=1".to_owned()]));
    assert_eq!(snapshot.shortest_path(a, b, &Scope { hops_max: 3, ..Scope::default() }).extent.cut, Some(Cut::Hops(3)));
    assert_eq!(snapshot.component(a, &Scope { nodes_max: 7, ..Scope::default() }).extent.cut, Some(Cut::Nodes(7)));
    assert_eq!(snapshot.blast_radius(hub, &Scope { edges_max: 9, ..Scope::default() }).extent.cut, Some(Cut::Edges(9)));
    // The answer holds as many nodes as it has room for, the start beside them, however many lie open.
    let few = snapshot.blast_radius(hub, &Scope { nodes_max: 3, ..Scope::default() });
    assert_eq!((few.arrivals.len(), few.extent.cut), (4, Some(Cut::Nodes(3))));
    let ranking = snapshot.rank(Rank::Alerts, &[Kind::HOST], Window { from: Some(at(11)), to: Some(at(20)) }, usize::MAX, 1);
    assert_eq!((ranking.entities[0].node, ranking.entities[0].score, ranking.extent.cut), (hub, 10.0, Some(Cut::Results(1))));
    let rank = snapshot.rank(Rank::PageRank, &[], Window::ALL, usize::MAX, 3);
    assert_eq!(rank.entities[0].node, hub);
}

#[test]
fn similar_incidents_say_why() {
    let case = |seq: u64, id: &str, title: &str, alert: &str| {
        incident(
            seq,
            Incident {
                id: id.into(),
                title: title.into(),
                alert_ids: vec![alert.into()],
                tactics: vec!["Impact".into()],
                ..Incident::default()
            },
        )
    };
    let snapshot = built(&[
        case(1, "i1", "Beacon", "a1"),
        case(2, "i2", "Beacon", "a2"),
        case(3, "i3", "Other", "a3"),
        case(4, "i4", "Beacon", "a4"),
        alert(5, named("a1", 1, vec![host(&["azureid=1"], &[]), host(&["azureid=2"], &[])])),
        alert(6, named("a2", 2, vec![host(&["azureid=1"], &[])])),
        alert(7, named("a3", 3, vec![host(&["azureid=1"], &[]), host(&["azureid=2"], &[])])),
        alert(8, named("a4", 4, vec![host(&["azureid=9"], &[])])),
    ]);
    let one = snapshot.incident("i1").expect("it is there");
    let similar = snapshot.similar_incidents(one, &Scope::default(), 10);
    let found: Vec<_> = similar.incidents.iter().map(|s| (snapshot.entity_ref(s.node), s.terms.len())).collect();
    assert_eq!(found, [("incident:i2".to_owned(), 3), ("incident:i3".to_owned(), 3)]);
    // azureid=1: ln(5/4); azureid=2: ln(5/3).
    let expected = [(5.0f64 / 4.0).ln() + 2.0 + 0.25, (5.0f64 / 4.0).ln() + (5.0f64 / 3.0).ln() + 0.25];
    for (similar, expected) in similar.incidents.iter().zip(expected) {
        assert!((similar.score - expected).abs() < 1e-9, "{} {expected}", similar.score);
    }
    assert!(matches!(similar.incidents[0].terms[1], Term::Title { .. }));
    let related = snapshot.related_incidents(one, &Scope::default(), 10);
    assert_eq!(refs(&snapshot, &related.nodes.iter().map(|(n, _)| *n).collect::<Vec<_>>()), ["incident:i3", "incident:i2"]);
    let related = snapshot.related_alerts(one, &Scope::default(), 1);
    assert_eq!((refs(&snapshot, &[related.nodes[0].0]), related.extent.cut), (vec!["alert:a3".to_owned()], Some(Cut::Results(1))));
}

#[test]
fn times_at_the_ends_of_the_calendar() {
    let times = [None, Some(Time::MIN), Some(Time::from_micros(5)), Some(at(0)), Some(at(0).plus(1)), Some(Time::MAX)];
    let records: Vec<Record> = times
        .iter()
        .enumerate()
        .map(|(n, time)| alert(n as u64 + 1, Alert { start: *time, ..named(&format!("a{n}"), 0, vec![host(&["azureid=1"], &[])]) }))
        .collect();
    let snapshot = built(&records);
    let host = snapshot.entities_by_key("host", "azureid=1")[0];
    let ids = |window| {
        snapshot.edges(host, &EdgeFilter { window, ..EdgeFilter::default() }).map(|e| snapshot.entity_ref(e.from)).collect::<Vec<_>>()
    };
    assert_eq!(ids(Window::ALL), ["alert:a5", "alert:a4", "alert:a3", "alert:a2", "alert:a1", "alert:a0"]);
    assert_eq!(ids(Window { from: Some(at(0)), to: Some(at(0)) }), ["alert:a3"]);
    assert_eq!(ids(Window { from: None, to: Some(Time::from_micros(6)) }), ["alert:a2", "alert:a1"]);
    assert_eq!(ids(Window { from: Some(Time::MAX), to: None }), ["alert:a5"]);
    let listed: Vec<&str> = snapshot.alerts_newest(Window { from: Some(at(0)), to: None }, None).map(|a| a.id()).collect();
    assert_eq!(listed, ["a5", "a4", "a3"]);
}

#[test]
fn one_alert_with_a_hundred_thousand_entities() {
    let entities: Vec<Evidence> =
        evidence((0..100_000).map(|n| entity("ip", &[&format!("address=10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255)], &[])).collect());
    let big = Alert { entities, severity: Severity::High, ..named("a1", 1, vec![]) };
    let snapshot = built(&[alert(1, big)]);
    let node = snapshot.alert("a1").expect("it is there");
    assert_eq!(snapshot.degree(node), 100_000);
    assert_eq!(snapshot.entities_of(node).len(), 100_000);
    assert_eq!(snapshot.neighbors(node, &EdgeFilter::default(), 3).neighbors.len(), 3);
}

#[test]
fn a_damaged_file_gives_way_to_the_older_one() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let records: Vec<Record> = (1..=3).map(|n| alert(n, named(&format!("a{n}"), n as i64, vec![host(&["azureid=1"], &[])]))).collect();
    let mut graph = Graph::open(folder.path(), rules()).expect("an empty folder opens");
    for record in records {
        graph.apply(&Batch { last: record.seq, records: vec![record] }).expect("a small batch fits");
        graph.persist().expect("the folder can be written");
    }
    let mut files: Vec<_> = std::fs::read_dir(folder.path()).expect("the folder is there").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    assert_eq!(files.len(), 2);
    let opened = || Graph::open(folder.path(), rules()).expect("the folder opens").applied();
    assert_eq!(opened(), Seq(3));
    let content = std::fs::read(&files[1]).expect("the file is there");
    // A cut tail, a flipped bit anywhere, and an empty file.
    for place in [content.len() - 1, 30, 9, content.len() / 2, 0] {
        std::fs::write(&files[1], &content[..place]).expect("the file can be written");
        assert_eq!(opened(), Seq(2), "cut at {place}");
        let mut damaged = content.clone();
        damaged[place] ^= 0x10;
        std::fs::write(&files[1], &damaged).expect("the file can be written");
        assert_eq!(opened(), Seq(2), "flipped at {place}");
    }
    std::fs::write(&files[0], b"").expect("the file can be written");
    assert_eq!(opened(), Seq(0));
}

#[test]
fn a_repeated_batch_changes_nothing() {
    let mut graph = Graph::in_memory(rules());
    let batch = Batch { last: Seq(1), records: vec![alert(1, named("a1", 1, vec![host(&["azureid=1"], &[])]))] };
    graph.apply(&batch).expect("a small batch fits");
    let digest = graph.digest().expect("a digest");
    graph.apply(&batch).expect("a small batch fits");
    assert_eq!(graph.digest().expect("a digest"), digest);
    assert_eq!(graph.persist().expect_err("it has no folder").code, "graph_no_folder");
    assert_eq!(graph.stats().involves, 1);
}

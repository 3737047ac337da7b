//! Tests of the graph as a whole, against a naive model that shares no code with it.

mod algorithms;
mod examples;
mod laws;
mod naive;

use proptest::prelude::*;
use serde_json::json;

use crate::journal::View;
use crate::model::{
    Alert, AlertStatus, Batch, Body, Entity, Event, Evidence, Incident, Key, Keys, Kind, Link, Origin, Record, Relation, Seq, Severity,
    Time,
};

use super::read::Snapshot;
use super::{Graph, NodeId, NodeKind, Rules};

/// Hosts join by `hostname`, nothing else does.
pub(super) fn rules() -> Rules {
    Rules { joins: |kind, set| kind == "host" && set == "hostname", ..Rules::default() }
}

pub(super) fn at(minutes: i64) -> Time {
    Time::from_micros(1_600_000_000_000_000 + minutes * 60_000_000)
}

pub(super) fn entity(kind: &str, strong: &[&str], weak: &[&str]) -> Entity {
    let keys = |list: &[&str]| {
        let mut keys: Vec<Key> = list.iter().map(|k| Key::from_text(*k)).collect();
        keys.sort();
        keys.dedup();
        keys
    };
    let label = strong.first().or(weak.first()).and_then(|k| k.split_once('=')).map_or("", |(_, v)| v).to_owned();
    Entity::new(Kind::met(kind), Keys { strong: keys(strong), weak: keys(weak) }, label, Default::default())
}

pub(super) fn evidence(entities: Vec<Entity>) -> Vec<Evidence> {
    entities.into_iter().map(|entity| Evidence { entity, role: None, nested: false }).collect()
}

pub(super) fn record(seq: u64, body: Body) -> Record {
    let mut hash = [0; 16];
    hash[..8].copy_from_slice(&seq.to_le_bytes());
    Record { seq: Seq(seq), origin: Origin { source: "test".into(), line: seq }, received: at(0), hash, current: true, body }
}

pub(super) fn alert(seq: u64, alert: Alert) -> Record {
    record(seq, Body::Alert(Box::new(alert)))
}

pub(super) fn incident(seq: u64, incident: Incident) -> Record {
    record(seq, Body::Incident(Box::new(incident)))
}

pub(super) fn decision(seq: u64, value: serde_json::Value) -> Record {
    record(seq, Body::Decision(value.into()))
}

/// Applies records in batches that end at the given places.
pub(super) fn apply(graph: &mut Graph, records: &[Record], cuts: &[usize]) {
    let mut ends: Vec<usize> = cuts.iter().map(|c| c % (records.len() + 1)).chain([records.len()]).collect();
    ends.sort_unstable();
    let mut start = 0;
    for end in ends {
        let last = Seq(graph.applied().0 + 1);
        graph.apply(&Batch { last, records: records[start..end].to_vec() }).expect("a small batch fits");
        start = end;
    }
}

pub(super) fn built(records: &[Record]) -> Snapshot {
    let mut graph = Graph::in_memory(rules());
    apply(&mut graph, records, &[]);
    graph.snapshot()
}

/// Names a node by what it stands for, whatever its number: an entity by all its key sets.
pub(super) fn name(snapshot: &Snapshot, node: NodeId) -> String {
    if node.kind() != NodeKind::Entity {
        return snapshot.entity_ref(node);
    }
    let entities = &snapshot.0.entities;
    let mut atoms: Vec<String> = entities
        .group(node.index() as u32)
        .map(|atom| {
            let keys = entities
                .atom_keys(atom)
                .map(|(key, strong)| format!("{}{}", if strong { "!" } else { "?" }, entities.key_text(&snapshot.0.texts, key)));
            format!("{}({})", snapshot.0.name(entities.atoms.get(atom).kind), keys.collect::<String>())
        })
        .collect();
    atoms.sort();
    atoms.join("+")
}

pub(super) fn every_node(snapshot: &Snapshot) -> Vec<NodeId> {
    let alerts = (0..snapshot.0.alerts.len() as u32).map(NodeId::alert);
    let incidents = (0..snapshot.0.incidents.len() as u32).map(NodeId::incident);
    snapshot.all_entities().chain(alerts).chain(incidents).collect()
}

/// Finds the node of a name.
pub(super) fn find(snapshot: &Snapshot, wanted: &str) -> NodeId {
    every_node(snapshot).into_iter().find(|node| name(snapshot, *node) == wanted).unwrap_or_else(|| panic!("no node `{wanted}`"))
}

/// Strong keys: one names a domain by its short name, which two of the others tell in full.
const STRONG: [&str; 7] =
    ["fqdn=s0", "fqdn=s1", "fqdn=s2", "fqdn=s3", r"hostname+ntdomain=corp\s", "hostname+dnsdomain=s.corp.a", "hostname+dnsdomain=s.corp.b"];

/// A mention drawn from a small pool, so that mentions meet.
fn any_entity() -> impl Strategy<Value = Entity> {
    let strong = prop::collection::btree_set(0u8..7, 0..3);
    let weak = prop::collection::btree_set(0u8..3, 0..2);
    (prop_oneof![3 => Just("host"), 1 => Just("account"), 2 => Just("ip")], strong, weak).prop_map(|(kind, strong, weak)| {
        let strong: Vec<String> = strong.iter().map(|n| STRONG[*n as usize].to_owned()).collect();
        let mut weak: Vec<String> = weak.iter().map(|n| format!("hostname=w{n}")).collect();
        if strong.is_empty() && weak.is_empty() {
            weak.push("name=x".into());
        }
        let refs = |list: &[String]| list.iter().map(|s| s.as_str().to_owned()).collect::<Vec<_>>();
        let (strong, weak) = (refs(&strong), refs(&weak));
        entity(kind, &strong.iter().map(String::as_str).collect::<Vec<_>>(), &weak.iter().map(String::as_str).collect::<Vec<_>>())
    })
}

fn any_list() -> impl Strategy<Value = (Vec<Entity>, Vec<Link>)> {
    let link = (0u32..4, 0usize..2, 0u32..4).prop_map(|(from, relation, to)| Link {
        from,
        relation: [Relation::known("ran_on"), Relation::known("signed_in_to")][relation].clone(),
        to,
        rule: "rule".into(),
    });
    (prop::collection::vec(any_entity(), 0..4), prop::collection::vec(link, 0..3))
}

/// Some minutes; several records share an instant, and hours are crossed.
fn any_time() -> impl Strategy<Value = Option<Time>> {
    prop_oneof![1 => Just(None), 6 => (0i64..12).prop_map(|n| Some(at(n * 17)))]
}

fn any_body() -> impl Strategy<Value = Body> {
    let status = prop_oneof![Just(AlertStatus::New), Just(AlertStatus::Resolved)];
    let severity = prop_oneof![Just(Severity::Unknown), Just(Severity::Low), Just(Severity::High)];
    let text = prop_oneof![Just(""), Just("Logon"), Just("Beacon")];
    let fields = (any_time(), any_time(), any_time(), status, severity, text);
    let grouped = (prop::option::of(0u8..3), prop::collection::vec(0u8..5, 0..3), prop::bool::weighted(0.3));
    let alert = (0u8..5, fields, any_list(), grouped).prop_map(|(id, fields, list, grouped)| {
        let (modified, start, end, status, severity, title) = fields;
        let (incident, members, partial) = grouped;
        Body::Alert(Box::new(Alert {
            id: format!("a{id}"),
            title: title.into(),
            product: title.to_uppercase(),
            tactics: if title.is_empty() { Vec::new() } else { vec![["Execution", "Impact"][usize::from(id % 2)].into()] },
            modified,
            start,
            end,
            status,
            severity,
            entities: evidence(list.0),
            links: list.1,
            incident: incident.map(|n| format!("i{n}")),
            members: members.into_iter().filter(|n| *n != id && *n > 3).map(|n| format!("a{n}")).collect(),
            partial,
            ..Alert::default()
        }))
    });
    let incident = (0u8..3, any_time(), any_time(), prop::collection::vec(0u8..5, 0..3), any_list(), prop::option::of(0u8..3)).prop_map(
        |(id, modified, created, alerts, list, redirect)| {
            Body::Incident(Box::new(Incident {
                id: format!("i{id}"),
                number: Some(i64::from(id) + 100),
                title: "Case".into(),
                modified,
                created,
                alert_ids: alerts.into_iter().map(|n| format!("a{n}")).collect(),
                entities: evidence(list.0),
                links: list.1,
                redirect: redirect.map(|n| format!("i{n}")),
                ..Incident::default()
            }))
        },
    );
    let event = (any_time(), any_list()).prop_map(|(time, (entities, links))| {
        let entities = entities.into_iter().map(std::sync::Arc::new).collect();
        Body::Event(Box::new(Event { table: "SecurityEvent".into(), time, columns: Vec::new(), entities, links }))
    });
    let key = prop_oneof![(0usize..7).prop_map(|n| STRONG[n].to_owned()), (0u8..3).prop_map(|n| format!("hostname=w{n}"))];
    let decision = prop_oneof![
        key.clone().prop_map(|key| json!({"kind": "entity.split", "entity": "host:x", "key": key})),
        (key.clone(), key)
            .prop_map(|(a, b)| { json!({"kind": "entity.merge", "a": {"kind": "host", "key": a}, "b": {"kind": "host", "key": b}}) }),
        (1u64..20).prop_map(|n| json!({"kind": "entity.undo", "decision": n})),
    ];
    prop_oneof![
        6 => alert,
        2 => incident,
        5 => event,
        1 => decision.prop_map(|value| Body::Decision(value.into())),
    ]
}

/// Records numbered in the order of the journal.
pub(super) fn any_records(most: usize) -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec(any_body(), 1..most)
        .prop_map(|bodies| bodies.into_iter().enumerate().map(|(n, body)| record(n as u64 + 1, body)).collect())
}

//! Both stores against one suite, the view against a plain model, and damage.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use super::fingerprints::Fingerprints;
use super::*;
use crate::journal::View;
use crate::model::{Alert, Batch, Body, Event, Incident, Origin, Record, Seq, Time};

fn put(key: &str, value: &str) -> Op {
    Op::Put { key: key.into(), value: Bytes::copy_from_slice(value.as_bytes()) }
}

fn delete(key: &str) -> Op {
    Op::Delete { key: key.into() }
}

fn scanned(store: &dyn RecordStore, range: &KeyRange, limit: usize) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    store
        .scan(range, &mut |key, value| {
            found.push((text(key), text(value)));
            if found.len() == limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .expect("scans");
    found
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// What every store promises.
fn conforms(store: &dyn RecordStore) {
    assert_eq!(store.applied_seq(), Seq(0));
    assert_eq!(store.get(b"a/1").expect("reads"), None);
    assert_eq!(scanned(store, &KeyRange::all(), usize::MAX), []);
    store.apply(Seq(3), &[put("a/1", "one"), put("a/2", "two"), put("b/1", ""), put("c/1", "x")]).expect("applies");
    store
        .apply(Seq(7), &[put("a/2", "zwei"), delete("c/1"), delete("c/2"), put("d", "1"), put("d", "2"), put("e", "1"), delete("e")])
        .expect("applies");
    // What is applied already, and what is older, changes nothing.
    store.apply(Seq(7), &[put("a/1", "again")]).expect("is ignored");
    store.apply(Seq(5), &[delete("a/1")]).expect("is ignored");
    assert_eq!(store.applied_seq(), Seq(7));
    let expected = [("a/1", "one"), ("a/2", "zwei"), ("b/1", ""), ("d", "2")];
    assert_eq!(scanned(store, &KeyRange::all(), usize::MAX), pairs(&expected));
    assert_eq!(scanned(store, &KeyRange::prefix(b"a/".to_vec()), usize::MAX), pairs(&expected[..2]));
    assert_eq!(scanned(store, &KeyRange { start: b"a/2".to_vec(), end: Some(b"d".to_vec()) }, usize::MAX), pairs(&expected[1..3]));
    assert_eq!(scanned(store, &KeyRange { start: b"d".to_vec(), end: Some(b"a".to_vec()) }, usize::MAX), []);
    assert_eq!(scanned(store, &KeyRange::all(), 1), pairs(&expected[..1]));
    assert_eq!(store.get(b"b/1").expect("reads").as_deref(), Some(&b""[..]));
    assert_eq!(store.get(b"c/1").expect("reads"), None);
    store.apply(Seq(8), &[]).expect("a batch without changes moves the position");
    assert_eq!(store.applied_seq(), Seq(8));
    store.persist().expect("persists");
}

#[test]
fn the_memory_store_conforms() {
    conforms(&MemoryStore::new());
}

#[test]
fn the_sled_store_conforms_and_stays() {
    let folder = TempDir::new().expect("a folder");
    let (store, aside) = SledStore::open(folder.path(), SledOptions::default()).expect("opens");
    assert_eq!(aside, None);
    conforms(&store);
    drop(store);
    let (store, aside) = SledStore::open(folder.path(), SledOptions::default()).expect("opens again");
    assert_eq!((store.applied_seq(), aside), (Seq(8), None));
    assert_eq!(scanned(&store, &KeyRange::all(), usize::MAX), pairs(&[("a/1", "one"), ("a/2", "zwei"), ("b/1", ""), ("d", "2")]));
}

#[test]
fn the_prefix_of_greatest_bytes_has_no_end() {
    assert_eq!(KeyRange::prefix(vec![7, 0xff, 0xff]), KeyRange { start: vec![7, 0xff, 0xff], end: Some(vec![8]) });
    assert_eq!(KeyRange::prefix(vec![0xff]), KeyRange { start: vec![0xff], end: None });
}

#[test]
fn a_sled_store_in_use_is_refused_and_left_alone() {
    let folder = TempDir::new().expect("a folder");
    let (store, _) = SledStore::open(folder.path(), SledOptions::default()).expect("opens");
    let options = SledOptions { lock_wait: Duration::ZERO, ..SledOptions::default() };
    assert!(matches!(SledStore::open(folder.path(), options), Err(StoreError::Locked { .. })));
    conforms(&store);
}

#[test]
fn a_sled_store_that_does_not_open_is_set_aside() {
    let parent = TempDir::new().expect("a folder");
    let folder = parent.path().join("store");
    for (turn, damage) in [b"no configuration of sled".to_vec(), vec![0; 64]].into_iter().enumerate() {
        drop(SledStore::open(&folder, SledOptions::default()).expect("opens"));
        fs::write(folder.join("conf"), &damage).expect("writes");
        let (store, aside) = SledStore::open(&folder, SledOptions::default()).expect("opens an empty one");
        let aside = aside.unwrap_or_else(|| panic!("case {turn} is set aside"));
        assert_eq!(fs::read(aside.path.join("conf")).expect("is kept"), damage);
        conforms(&store);
        drop(store);
        fs::remove_dir_all(&folder).expect("removes");
    }
}

#[test]
fn a_damaged_sled_store_gives_no_wrong_value() {
    let value = "what was stored ".repeat(20);
    let keys: Vec<String> = (0..200).map(|number| format!("key/{number:03}")).collect();
    for seed in 0..12usize {
        let parent = TempDir::new().expect("a folder");
        let folder = parent.path().join("store");
        let (store, _) = SledStore::open(&folder, SledOptions::default()).expect("opens");
        let ops: Vec<Op> = keys.iter().map(|key| put(key, &value)).collect();
        store.apply(Seq(9), &ops).expect("applies");
        store.persist().expect("persists");
        drop(store);
        let path = folder.join("db");
        let mut bytes = fs::read(&path).expect("reads");
        let used = bytes.iter().rposition(|byte| *byte != 0).expect("something is stored") + 1;
        bytes[used * (2 * seed + 1) / 24] ^= 0x20;
        fs::write(&path, bytes).expect("writes");
        let (store, _) = SledStore::open(&folder, SledOptions::default()).expect("opens, or opens an empty one");
        for key in &keys {
            match store.get(key.as_bytes()) {
                Ok(found) => assert!(found.is_none_or(|found| found == value)),
                Err(StoreError::Damaged { .. } | StoreError::Failed { .. }) => {}
                Err(other) => panic!("expected damage to be named, found {other}"),
            }
        }
    }
}

fn record(seq: u64, body: Body) -> Record {
    let mut hash = [0; 16];
    hash[..8].copy_from_slice(&seq.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    Record { seq: Seq(seq), origin: Origin { source: "a".into(), line: seq }, received: Time::from_micros(0), hash, current: true, body }
}

fn alert(id: &str, modified: Option<i64>, partial: bool) -> Body {
    Body::Alert(Box::new(Alert { id: id.to_owned(), modified: modified.map(Time::from_micros), partial, ..Alert::default() }))
}

fn incident(id: &str, number: Option<i64>) -> Body {
    Body::Incident(Box::new(Incident { id: id.to_owned(), number, ..Incident::default() }))
}

fn event() -> Body {
    Body::Event(Box::new(Event { table: "SigninLogs".into(), time: None, columns: Vec::new(), entities: Vec::new(), links: Vec::new() }))
}

fn decision(kind: &str, id: &str, text: &str) -> Body {
    Body::Decision(Arc::new(json!({"kind": kind, "id": id, "text": text})))
}

fn batch(records: Vec<Record>) -> Batch {
    Batch { last: records.last().expect("a record").seq, records }
}

fn in_memory(folder: &Path) -> Records {
    Records::on(Arc::new(MemoryStore::new()), folder, None).expect("opens")
}

#[test]
fn finds_what_is_known_and_decided() {
    let folder = TempDir::new().expect("a folder");
    let mut records = Records::open(folder.path(), SledOptions::default()).expect("opens");
    let long = "x".repeat(5000);
    let bodies = vec![
        alert("A", Some(20), false),
        incident("A", Some(7)),
        event(),
        decision("rule", "r1", "old"),
        decision("rule", "r2", "only"),
        decision("rule", "r1", "new"),
        decision("rules", "r1", "other kind"),
        decision("rule\0", "r1", "another kind"),
        decision("long", &long, "one"),
        decision("long", &format!("{long}y"), "other"),
        Body::Decision(Arc::new(json!({"kind": "split", "id": 5}))),
    ];
    let all: Vec<Record> = (1..).zip(bodies).map(|(seq, body)| record(seq, body)).collect();
    assert!(!records.seen(&all[0].hash));
    records.apply(&batch(all.clone())).expect("applies");

    let check = |records: &Records| {
        assert!(all.iter().all(|record| records.seen(&record.hash)) && !records.seen(&[7; 16]));
        assert_eq!(records.known(), all.len());
        let reader = records.reader();
        let texts = |found: Vec<Decision>| -> Vec<(u64, String)> {
            found.iter().map(|decision| (decision.seq.0, decision.value["text"].to_string())).collect()
        };
        assert_eq!(texts(reader.decisions("rule").expect("reads")), [(6, "\"new\"".to_owned()), (5, "\"only\"".to_owned())]);
        assert_eq!(texts(reader.decision_log("rule", "r1").expect("reads")), [(4, "\"old\"".to_owned()), (6, "\"new\"".to_owned())]);
        assert_eq!(texts(reader.decision_log("long", &long).expect("reads")), [(9, "\"one\"".to_owned())]);
        assert_eq!(texts(reader.decisions("split").expect("reads")), [(11, "null".to_owned())]);
    };
    check(&records);
    records.persist().expect("persists");
    assert_eq!((records.applied(), records.durable()), (Seq(11), Seq(11)));
    let digest = records.digest().expect("digests");
    check(&records);
    drop(records);
    let records = Records::open(folder.path(), SledOptions::default()).expect("opens again");
    assert_eq!((records.applied(), records.durable()), (Seq(11), Seq(11)));
    check(&records);
    assert_eq!(records.digest().expect("digests"), digest);
}

#[test]
fn a_lost_store_or_file_is_rebuilt_by_replay() {
    let folder = TempDir::new().expect("a folder");
    let batches: Vec<Batch> = (0..20)
        .map(|n| batch((n * 5 + 1..n * 5 + 6).map(|seq| record(seq, decision("rule", &format!("r{}", seq % 9), ""))).collect()))
        .collect();
    let mut digest = None;
    for lost in ["nothing", "store", "fingerprints", "half the fingerprints"] {
        match lost {
            "store" => fs::remove_dir_all(folder.path().join("store")).expect("removes"),
            "fingerprints" => fs::remove_file(folder.path().join("fingerprints")).expect("removes"),
            "half the fingerprints" => {
                let path = folder.path().join("fingerprints");
                let bytes = fs::read(&path).expect("reads");
                fs::write(&path, &bytes[..bytes.len() / 2]).expect("writes");
            }
            _ => {}
        }
        let mut records = Records::open(folder.path(), SledOptions::default()).expect("opens");
        assert_eq!(records.applied(), Seq(0), "after losing {lost}");
        for batch in &batches {
            records.apply(batch).expect("applies");
        }
        records.persist().expect("persists");
        assert_eq!(records.durable(), Seq(100));
        let found = records.digest().expect("digests");
        assert_eq!(*digest.get_or_insert(found.clone()), found, "after losing {lost}");
    }
}

#[test]
fn a_failing_store_is_reported_and_reads_go_on() {
    struct Broken(MemoryStore);
    impl RecordStore for Broken {
        fn apply(&self, _: Seq, _: &[Op]) -> Result<(), StoreError> {
            Err(StoreError::Failed { action: "write", problem: "broken".to_owned() })
        }
        fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
            self.0.get(key)
        }
        fn scan(&self, range: &KeyRange, visit: Visit<'_>) -> Result<(), StoreError> {
            self.0.scan(range, visit)
        }
        fn applied_seq(&self) -> Seq {
            self.0.applied_seq()
        }
        fn persist(&self) -> Result<(), StoreError> {
            self.0.persist()
        }
    }
    let folder = TempDir::new().expect("a folder");
    let mut records = Records::on(Arc::new(Broken(MemoryStore::new())), folder.path(), None).expect("opens");
    records.apply(&batch(vec![record(1, decision("rule", "r1", ""))])).expect("follows behind");
    assert_eq!(records.persist().expect_err("fails").code, "records_failed");
    assert_eq!(records.apply(&batch(vec![record(2, event())])).expect_err("fails").code, "records_failed");
    assert_eq!((records.applied(), records.durable()), (Seq(1), Seq(0)));
    assert_eq!(records.reader().decision_log("rule", "r1").expect("reads").len(), 1);
}

#[test]
fn a_fingerprint_file_cut_or_flipped_anywhere_gives_a_true_prefix() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("fingerprints");
    let mut fingerprints = Fingerprints::open(&path).expect("opens");
    for block in 1..=4u64 {
        fingerprints.apply(Seq(block * 10), (0..block).map(|number| block * 100 + number));
        fingerprints.persist().expect("persists");
    }
    let bytes = fs::read(&path).expect("reads");
    let check = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("writes");
        let found = Fingerprints::open(&path).expect("opens");
        let blocks = found.applied().0 / 10;
        let expected: Vec<u64> = (1..=blocks).flat_map(|block| (0..block).map(move |number| block * 100 + number)).collect();
        assert_eq!(found.set().in_order().collect::<Vec<_>>(), expected);
        blocks
    };
    assert_eq!(check(&bytes), 4);
    for at in 0..bytes.len() {
        assert!(check(&bytes[..at]) < 4);
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        assert!(check(&flipped) < 4, "byte {at}");
    }
}

type Draw = (u8, u8, i64, bool);

fn drawn(seq: u64, (kind, id, time, flag): Draw) -> Record {
    let id = ["A", "B", "A\0", "", "Ä"][usize::from(id) % 5];
    let body = match kind % 4 {
        0 => alert(id, flag.then_some(time % 3), time % 5 == 0),
        1 => incident(id, flag.then_some(time % 3)),
        2 => event(),
        _ => decision(if flag { "rule" } else { "" }, id, &time.to_string()),
    };
    record(seq, body)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Any split into batches, applied live or again after a restart, gives the same content, which is that of a plain model.
    #[test]
    fn any_split_gives_the_same(draws in prop::collection::vec(any::<Draw>(), 1..60), cuts in prop::collection::vec(1usize..9, 1..60), restart in 0usize..20) {
        let all: Vec<Record> = (1..).zip(draws).map(|(seq, draw)| drawn(seq, draw)).collect();
        let (folder, other) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
        let mut whole = in_memory(folder.path());
        whole.apply(&batch(all.clone())).expect("applies");

        let store: Arc<dyn RecordStore> = Arc::new(MemoryStore::new());
        let mut split = Records::on(Arc::clone(&store), other.path(), None).expect("opens");
        let mut rest = &all[..];
        for (turn, cut) in cuts.iter().chain(std::iter::repeat(&7)).enumerate() {
            if rest.is_empty() {
                break;
            }
            if turn == restart {
                // The store keeps what it has, the fingerprints what was written; the replay begins where both are.
                drop(split);
                split = Records::on(Arc::clone(&store), other.path(), None).expect("opens again");
                rest = &all[split.applied().0 as usize..];
            }
            let (now, behind) = rest.split_at((*cut).min(rest.len()));
            split.apply(&batch(now.to_vec())).expect("applies");
            split.apply(&batch(now.to_vec())).expect("skips");
            if cut % 3 == 0 {
                split.persist().expect("persists");
            }
            rest = behind;
        }
        prop_assert_eq!(split.digest().expect("digests"), whole.digest().expect("digests"));

        let mut logs: BTreeMap<(String, String), Vec<Seq>> = BTreeMap::new();
        for record in &all {
            prop_assert!(split.seen(&record.hash));
            if let Body::Decision(value) = &record.body {
                let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
                logs.entry((text("kind"), text("id"))).or_default().push(record.seq);
            }
        }
        let reader = split.reader();
        for ((kind, id), expected) in logs {
            let found: Vec<Seq> = reader.decision_log(&kind, &id).expect("reads").iter().map(|decision| decision.seq).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

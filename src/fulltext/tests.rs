//! Behaviour of the view as a whole: freshness, replacement, pieces, restart, damage, digest.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use crate::journal::View;
use crate::model::{Alert, Batch, Body, Entity, Event, Evidence, Incident, Key, Keys, Kind, Object, Origin, Record, Seq, Severity, Time};

use super::disk::Pace;
use super::*;

fn record(seq: u64, body: Body) -> Record {
    let origin = Origin { source: Arc::from("test"), line: seq };
    Record { seq: Seq(seq), origin, received: Time::default(), hash: [0; 16], current: true, body }
}

fn incident(seq: u64, id: &str, title: &str) -> Record {
    record(seq, Body::Incident(Box::new(Incident { id: id.into(), title: title.into(), ..Incident::default() })))
}

fn entity(address: &str) -> Entity {
    let keys = Keys { strong: vec![Key::new("address", address)], weak: Vec::new() };
    Entity::new(Kind::IP, keys, address.to_owned(), Object::new())
}

fn alert(seq: u64, id: &str, title: &str, address: &str, partial: bool) -> Record {
    let entities = vec![Evidence { entity: entity(address), role: None, nested: false }];
    let severity = if partial { Severity::Unknown } else { Severity::High };
    record(seq, Body::Alert(Box::new(Alert { id: id.into(), title: title.into(), severity, entities, partial, ..Alert::default() })))
}

fn batch(records: Vec<Record>) -> Batch {
    Batch { last: records.last().map_or(Seq(0), |record| record.seq), records }
}

fn titles(searcher: &Searcher, kind: DocKind, field: Field, text: &str) -> Vec<String> {
    let query = match text {
        "" => Query::All,
        text => Query::Text { fields: vec![field], text: text.to_owned(), how: Match::Words },
    };
    let search =
        Search { query: &query, kinds: &[kind], sort: Sort::Modified, ascending: false, skip: 0, limit: 100, after: None, facets: &[] };
    let results = searcher.search(&search).expect("an answer");
    assert_eq!(results.total, results.hits.len() as u64);
    results.hits.into_iter().map(|hit| hit.entry.title).collect()
}

/// A pace at which nothing is committed unless it is asked for.
const STILL: Pace =
    Pace { visible: Duration::from_secs(3600), hidden: Duration::from_secs(3600), documents: usize::MAX, bytes: 64 << 20, merge: 8 };

#[test]
fn what_is_applied_is_found_before_it_is_committed() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut view = Fulltext::open_at(&dir.path().join("fulltext"), STILL).expect("an index");
    let before = view.snapshot().expect("a reader");
    view.apply(&batch(vec![incident(1, "a", "first light"), incident(2, "b", "second light")])).expect("applied");
    let one = view.snapshot().expect("a reader");
    assert_eq!(titles(&one, DocKind::Incident, Field::Title, "light"), ["second light", "first light"]);
    // A newer version hides the older one, in memory and on disk, for new readers only.
    view.apply(&batch(vec![incident(3, "a", "third dark")])).expect("applied");
    let two = view.snapshot().expect("a reader");
    assert_eq!(titles(&two, DocKind::Incident, Field::Title, "light"), ["second light"]);
    assert_eq!(titles(&two, DocKind::Incident, Field::Title, "dark"), ["third dark"]);
    assert_eq!((view.applied(), view.durable()), (Seq(3), Seq(0)));
    view.persist().expect("persisted");
    assert_eq!((view.applied(), view.durable()), (Seq(3), Seq(3)));
    view.apply(&batch(vec![incident(4, "b", "fourth dark")])).expect("applied");
    let three = view.snapshot().expect("a reader");
    assert_eq!(titles(&three, DocKind::Incident, Field::Title, ""), ["fourth dark", "third dark"]);
    assert_eq!(titles(&three, DocKind::Incident, Field::Title, "light"), Vec::<String>::new());
    // Old readers still see what they saw.
    assert_eq!(titles(&before, DocKind::Incident, Field::Title, ""), Vec::<String>::new());
    assert_eq!(titles(&one, DocKind::Incident, Field::Title, "light"), ["second light", "first light"]);
    assert_eq!([&before, &one, &two, &three].map(|reader| (reader.position().0, reader.documents())), [(0, 0), (2, 2), (3, 2), (4, 2)]);
}

#[test]
fn what_is_not_current_is_not_found() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut view = Fulltext::open_at(&dir.path().join("fulltext"), STILL).expect("an index");
    let old = Record { current: false, ..incident(2, "a", "late old") };
    view.apply(&batch(vec![incident(1, "a", "new"), old])).expect("applied");
    assert_eq!(titles(&view.snapshot().expect("a reader"), DocKind::Incident, Field::Title, ""), ["new"]);
}

#[test]
fn a_batch_given_again_changes_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut view = Fulltext::open_at(&dir.path().join("fulltext"), STILL).expect("an index");
    let batch = batch(vec![incident(1, "a", "one"), alert(2, "x", "two", "10.0.0.1", false)]);
    view.apply(&batch).expect("applied");
    let digest = view.digest().expect("a digest");
    view.apply(&batch).expect("applied");
    assert_eq!((view.digest().expect("a digest"), view.snapshot().expect("a reader").documents()), (digest, 3));
}

#[test]
fn reopening_finds_what_was_persisted_and_takes_the_rest_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("fulltext");
    let (first, second) = (batch(vec![incident(1, "a", "kept")]), batch(vec![incident(2, "a", "replayed"), incident(3, "b", "new")]));
    let mut view = Fulltext::open_at(&path, STILL).expect("an index");
    view.apply(&first).expect("applied");
    view.persist().expect("persisted");
    view.apply(&second).expect("applied");
    let digest = view.digest().expect("a digest");
    drop(view);
    let mut view = Fulltext::open_at(&path, STILL).expect("an index");
    assert_eq!((view.damage(), view.applied(), view.durable()), (None, Seq(1), Seq(1)));
    assert_eq!(titles(&view.snapshot().expect("a reader"), DocKind::Incident, Field::Title, ""), ["kept"]);
    view.apply(&second).expect("applied");
    assert_eq!(titles(&view.snapshot().expect("a reader"), DocKind::Incident, Field::Title, ""), ["new", "replayed"]);
    assert_eq!(view.digest().expect("a digest"), digest);
    view.persist().expect("persisted");
    assert_eq!(view.digest().expect("a digest"), digest);
    assert!(view.check().is_ok());
}

#[test]
fn a_damaged_index_is_set_aside() {
    let damages: [fn(&std::path::Path); 4] = [
        |dir| fs::write(dir.join("meta.json"), b"{").expect("written"),
        |dir| fs::remove_file(dir.join("meta.json")).expect("removed"),
        |dir| {
            let file = segment_file(dir, "term");
            let mut bytes = fs::read(&file).expect("read");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x55;
            fs::write(&file, bytes).expect("written");
        },
        |dir| {
            let file = segment_file(dir, "fast");
            let bytes = fs::read(&file).expect("read");
            fs::write(&file, &bytes[..bytes.len() / 2]).expect("written");
        },
    ];
    for (case, damage) in damages.into_iter().enumerate() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("fulltext");
        let mut view = Fulltext::open_at(&path, STILL).expect("an index");
        view.apply(&batch(vec![incident(1, "a", "one")])).expect("applied");
        view.persist().expect("persisted");
        drop(view);
        damage(&path);
        let mut view = Fulltext::open_at(&path, STILL).expect("an index");
        assert!(view.damage().is_some(), "case {case}");
        assert_eq!((view.applied(), view.snapshot().expect("a reader").documents()), (Seq(0), 0), "case {case}");
        view.apply(&batch(vec![incident(1, "a", "one")])).expect("applied");
        assert_eq!(titles(&view.snapshot().expect("a reader"), DocKind::Incident, Field::Title, "one"), ["one"], "case {case}");
        assert!(dir.path().join("fulltext.damaged").is_dir(), "case {case}");
    }
}

fn segment_file(dir: &std::path::Path, kind: &str) -> std::path::PathBuf {
    let files = fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path());
    files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == kind)).expect("a segment")
}

#[test]
fn a_second_opener_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("fulltext");
    let _view = Fulltext::open_at(&path, STILL).expect("an index");
    assert!(matches!(Fulltext::open_at(&path, STILL), Err(FulltextError::Busy { .. })));
}

#[test]
fn pieces_join_their_alert_whichever_comes_first() {
    let parts = [alert(1, "x", "", "10.0.0.1", true), alert(2, "x", "whole", "10.0.0.2", false), alert(3, "x", "later", "10.0.0.3", true)];
    for order in [[0, 1, 2], [1, 0, 2], [2, 0, 1]] {
        for persist in [false, true] {
            let dir = tempfile::tempdir().expect("a folder");
            let mut view = Fulltext::open_at(&dir.path().join("fulltext"), STILL).expect("an index");
            for (seq, part) in (1u64..).zip(order) {
                view.apply(&batch(vec![Record { seq: Seq(seq), ..parts[part].clone() }])).expect("applied");
                if persist {
                    view.persist().expect("persisted");
                }
            }
            let reader = view.snapshot().expect("a reader");
            for address in ["10.0.0.1", "10.0.0.2", "10.0.0.3"] {
                assert_eq!(titles(&reader, DocKind::Alert, Field::Entity, address), ["whole"], "{order:?} {persist} {address}");
            }
            assert_eq!(titles(&reader, DocKind::Entity, Field::Title, "").len(), 3);
        }
    }
}

#[test]
fn an_alert_is_found_by_all_that_it_says_of_its_entities() {
    let process = |label: &str, command: &str| {
        let keys = Keys { strong: vec![Key::new("host+pid", "ws6.contoso.com|4242")], weak: Vec::new() };
        let properties = Object::from_iter([("CommandLine".to_owned(), command.into())]);
        Entity::new(Kind::PROCESS, keys, label.to_owned(), properties)
    };
    let named = |seq: u64, entities: Vec<Entity>| {
        let entities = entities.into_iter().map(|entity| Evidence { entity, role: None, nested: false }).collect();
        let id = ["9b1c7a52-0d5e-4f7a-9b1c-000000000001", "9B1C7A52-0D5E-4F7A-9B1C-000000000002", "plain"][seq as usize - 1];
        record(seq, Body::Alert(Box::new(Alert { id: id.into(), title: format!("t{seq}"), entities, ..Alert::default() })))
    };
    let nameless = Entity::new(Kind::PROCESS, Keys::default(), "unknown thing".to_owned(), Object::new());
    let records = vec![
        named(1, vec![process("nc.exe (4242)", "nc.exe -l 4444")]),
        named(2, vec![process("process 4242", ""), entity("10.0.0.7")]),
        named(3, vec![nameless, entity("10.0.0.7")]),
    ];
    let dir = tempfile::tempdir().expect("a folder");
    let mut view = Fulltext::open_at(&dir.path().join("fulltext"), STILL).expect("an index");
    view.apply(&batch(records)).expect("applied");
    for persisted in [false, true] {
        let reader = view.snapshot().expect("a reader");
        for (text, expected) in [
            ("ws6.contoso.com", vec!["t2", "t1"]),
            ("nc.exe", vec!["t1"]),
            ("4444", vec!["t1"]),
            ("process 4242", vec!["t2"]),
            ("10.0.0.7", vec!["t3", "t2"]),
            ("unknown", vec!["t3"]),
            ("10.0.0.8", vec![]),
        ] {
            assert_eq!(titles(&reader, DocKind::Alert, Field::Entity, text), expected, "{text} {persisted}");
        }
        let address = Query::Text { fields: vec![Field::Entity], text: "10.0.0.7".into(), how: Match::Words };
        let without = Query::Not(Box::new(address));
        let all = ["plain", "9B1C7A52-0D5E-4F7A-9B1C-000000000002", "9b1c7a52-0d5e-4f7a-9b1c-000000000001"].map(str::to_owned);
        let ids = |query: &Query| reader.ids(query, DocKind::Alert, 10).expect("ids");
        assert_eq!(ids(&Query::All), Ids { ids: all.to_vec(), complete: true });
        assert_eq!(ids(&without), Ids { ids: all[2..].to_vec(), complete: true });
        assert_eq!(reader.ids(&Query::All, DocKind::Alert, 1).expect("ids"), Ids { ids: all[..1].to_vec(), complete: false });
        let these = Query::Ids(DocKind::Alert, all[1..].to_vec());
        assert_eq!(ids(&these), Ids { ids: all[1..].to_vec(), complete: true });
        view.persist().expect("persisted");
    }
}

#[test]
fn an_identity_is_one_document() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut view = Fulltext::open_at(&dir.path().join("fulltext"), STILL).expect("an index");
    let process = Entity::new(Kind::PROCESS, entity("1").keys, "1".to_owned(), Object::new());
    let event = Event {
        table: Arc::from("T"),
        time: None,
        columns: Vec::new(),
        entities: vec![entity("10.0.0.1").into(), process.into()],
        links: Vec::new(),
    };
    let records =
        vec![alert(1, "x", "a", "10.0.0.1", false), alert(2, "y", "b", "10.0.0.1", false), record(3, Body::Event(Box::new(event)))];
    view.apply(&batch(records)).expect("applied");
    assert_eq!(titles(&view.snapshot().expect("a reader"), DocKind::Entity, Field::Title, ""), ["10.0.0.1"]);
    view.persist().expect("persisted");
    view.apply(&batch(vec![alert(4, "z", "c", "10.0.0.1", false)])).expect("applied");
    assert_eq!(titles(&view.snapshot().expect("a reader"), DocKind::Entity, Field::Title, ""), ["10.0.0.1"]);
}

#[test]
fn more_than_memory_holds_becomes_visible_with_the_commit() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut view = Fulltext::open_at(&dir.path().join("fulltext"), STILL).expect("an index");
    let many = (1..=FRESH_DOCUMENTS_MAX as u64 + 1).map(|seq| incident(seq, &format!("i{seq}"), "many")).collect();
    view.apply(&batch(many)).expect("applied");
    assert_eq!(view.snapshot().expect("a reader").position(), Seq(0));
    view.persist().expect("persisted");
    let reader = view.snapshot().expect("a reader");
    assert_eq!((reader.position().0, reader.documents()), (FRESH_DOCUMENTS_MAX as u64 + 1, FRESH_DOCUMENTS_MAX as u64 + 1));
}

#[test]
fn what_was_applied_alone_is_found_soon_afterwards() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut view = Fulltext::open(&dir.path().join("fulltext")).expect("an index");
    view.set_alone(true);
    let last = FRESH_DOCUMENTS_MAX as u64 + 1;
    view.apply(&batch((1..=last).map(|seq| incident(seq, &format!("i{seq}"), "many")).collect())).expect("applied");
    view.set_alone(false);
    let found = || view.snapshot().expect("a reader").position() == Seq(last);
    assert!(
        (0..600).any(|_| found() || {
            std::thread::sleep(Duration::from_millis(100));
            false
        }),
        "no commit came"
    );
}

/// A record of a small world in which ids meet again and again.
fn any_record() -> impl Strategy<Value = Body> {
    (0..4u8, 0..5u8, prop::sample::select(vec!["red", "green", "blue"])).prop_map(|(what, id, title)| match what {
        0 => incident(0, &format!("i{id}"), title).body,
        1 => alert(0, &format!("a{id}"), title, &format!("10.0.0.{id}"), false).body,
        2 => alert(0, &format!("a{id}"), title, &format!("10.0.1.{id}"), true).body,
        _ => alert(0, "hub", title, &format!("10.0.2.{id}"), true).body,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_content_does_not_depend_on_batches_and_commits(
        bodies in prop::collection::vec(any_record(), 1..30),
        cuts in prop::collection::vec((0..30usize, any::<bool>()), 0..6),
    ) {
        let records: Vec<Record> = (1..).zip(bodies).map(|(seq, body)| record(seq, body)).collect();
        let answer = |view: &Fulltext| {
            let reader = view.snapshot().expect("a reader");
            let words = ["", "red", "green"].map(|word| DocKind::ALL.map(|kind| titles(&reader, kind, Field::Title, word)));
            (view.digest().expect("a digest"), reader.documents(), words)
        };
        let dir = tempfile::tempdir().expect("a folder");
        let mut whole = Fulltext::open_at(&dir.path().join("whole"), STILL).expect("an index");
        whole.apply(&batch(records.clone())).expect("applied");
        let mut split = Fulltext::open_at(&dir.path().join("split"), STILL).expect("an index");
        let mut rest = records.as_slice();
        for (cut, persist) in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            rest = later;
            if !now.is_empty() {
                split.apply(&batch(now.to_vec())).expect("applied");
                answer(&split);
            }
            if persist {
                split.persist().expect("persisted");
            }
        }
        if !rest.is_empty() {
            split.apply(&batch(rest.to_vec())).expect("applied");
        }
        prop_assert_eq!(answer(&split), answer(&whole));
        split.persist().expect("persisted");
        prop_assert_eq!(answer(&split), answer(&whole));
    }
}

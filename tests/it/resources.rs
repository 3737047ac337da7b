//! Resources: versions, etags, deletion, what a rebuild and the audit make of them.

use clew::engine::{AuditRequest, Define, Engine, Options, rebuild, verify};
use clew::model::{Seq, Stored};
use clew::triage::incident::Actor;
use serde_json::{Value, json};

use crate::support::Clew;

fn ana() -> Actor {
    Actor { name: "ana".to_owned() }
}

fn shown(found: &[Stored]) -> Vec<(String, Value)> {
    found.iter().map(|stored| (stored.resource.id.to_string(), (*stored.resource.value).clone())).collect()
}

fn all(engine: &Engine, kind: &str) -> Vec<(String, Value)> {
    shown(&engine.context().snapshot.resources(kind).expect("reads"))
}

#[test]
fn versions_follow_each_other_and_stay_readable() {
    let clew = Clew::new();
    let put = |id: &str, value: Value| clew.engine.define(Define::put("note", id, value), &ana()).expect("defines").expect("is there");
    let first = put("a", json!({"text": "one"}));
    let second = put("a", json!({"text": "two"}));
    put("b", json!({"text": "other"}));
    assert_eq!(put("a", json!({"text": "two"})), second, "an equal definition changes nothing");
    assert_eq!(second.resource.created, first.resource.created);
    assert!(second.resource.modified >= first.resource.modified && second.seq > first.seq);
    let both = [("a".to_owned(), json!({"text": "two"})), ("b".to_owned(), json!({"text": "other"}))];
    assert_eq!(all(&clew.engine, "note"), both);
    assert_eq!(all(&clew.engine, "not"), []);

    let before = clew.engine.context();
    assert_eq!(clew.engine.define(Define::delete("note", "a"), &ana()).expect("deletes"), None);
    assert_eq!(all(&clew.engine, "note"), both[1..]);
    assert_eq!(shown(&before.snapshot.resources("note").expect("reads")), both, "a snapshot keeps what it saw");
    let versions = before.snapshot.records.resource_versions("note", "a", Seq(u64::MAX)).expect("reads");
    let texts: Vec<(&Value, bool)> = versions.iter().map(|version| (&version.resource.value["text"], version.resource.deleted)).collect();
    assert_eq!(texts, [(&json!("one"), false), (&json!("two"), false), (&Value::Null, true)]);

    drop(before);
    let closed = clew.close();
    let (folder, options) = (closed.path(), Options::default());
    let verified = verify(folder, options.clone()).expect("verifies");
    assert!(verified.equal, "{verified:?}");
    rebuild(folder, options.clone()).expect("rebuilds");
    let engine = Engine::open(folder, options).expect("opens");
    assert_eq!(all(&engine, "note"), both[1..]);
    let audit = engine.audit(&AuditRequest::default()).expect("reads the journal");
    assert_eq!((audit.changes, audit.whole), (4, true));
}

#[test]
fn a_change_names_the_version_that_it_was_made_for() {
    let clew = Clew::new();
    let change = |define: Define, seen: &str| {
        let changed = clew.engine.define(define.seen(Some(seen.to_owned())), &ana());
        changed.map(|stored| stored.map(|stored| stored.etag())).map_err(|fault| fault.code)
    };
    let put = |value: u64| Define::put("note", "a", json!(value));
    assert_eq!(change(put(1), "*"), Err("etag_stale"));
    assert_eq!(change(put(1), "7"), Err("etag_stale"));
    let first = change(put(1), "").expect("is not there yet").expect("is there");
    assert_eq!(change(put(2), ""), Err("etag_stale"));
    let second = change(put(2), &format!("\"{first}\"")).expect("names the newest").expect("is there");
    assert_eq!(change(put(3), &first), Err("etag_stale"));
    assert_eq!(change(Define::delete("note", "a"), &first), Err("etag_stale"));
    assert_eq!(change(Define::delete("note", "a"), &second), Ok(None));

    let several = vec![Define::put("note", "b", json!(1)), Define::delete("note", "c").seen(Some("*".to_owned()))];
    assert_eq!(clew.engine.define_all(several, &ana()).map_err(|fault| fault.code), Err("etag_stale"));
    assert_eq!(all(&clew.engine, "note"), [], "of several changes all are made or none");
}

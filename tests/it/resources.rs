//! Resources: versions, etags, deletion, what a rebuild and the audit make of them.

use axum::http::StatusCode;
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

/// RFC 9110, 13.1.1: a condition that does not hold answers 412, `*` holds where there is a version, a list where one of it is the present one.
#[tokio::test(flavor = "multi_thread")]
async fn a_stale_version_answers_412_in_the_header_and_409_in_the_body() {
    let clew = Clew::new();
    let made = [
        ("POST", "/v1/incidents", json!({"id": "i1", "title": "case"})),
        ("POST", "/v1/bookmarks", json!({"name": "row"})),
        ("PUT", "/v1/suppression-rules/quiet", json!({"alert_type": "t", "reason": "r"})),
        ("PUT", "/v1/queries/mine", json!({"text": "// title: mine\n// question: what\n\nprint x = 1"})),
        ("PUT", "/v1/functions/mine", json!({"body": "print 1"})),
    ];
    for (method, path, body) in made {
        let (status, answer) = clew.by("ana", method, path, body).await;
        assert_eq!(status, StatusCode::OK, "{method} {path}: {answer}");
    }
    let alert = json!({"SystemAlertId": "a1", "DisplayName": "a", "AlertSeverity": "Low", "TimeGenerated": "2026-01-01T10:00:00Z", "Type": "SecurityAlert"});
    assert_eq!(clew.ingest_bytes("alert.json", alert.to_string()).new, 1);
    let bookmark = clew.get("/v1/bookmarks").await["value"][0]["id"].as_str().expect("an id").to_owned();
    let bookmark = format!("/v1/bookmarks/{bookmark}");
    let etag = async |path: &str| clew.get(path).await["etag"].as_str().map(str::to_owned).unwrap_or_default();
    let api = clew.get("/v1/openapi.json").await;
    let described = |method: &str, path: &str, answers: &[&str]| {
        let template = api["paths"].as_object().expect("paths").keys().find(|known| {
            let parts = (known.split('/'), path.split('/'));
            parts.0.clone().count() == parts.1.clone().count()
                && parts.0.zip(parts.1).all(|(known, part)| known == part || known.starts_with('{'))
        });
        let operation = &api["paths"][template.expect("a path")][method.to_lowercase()];
        let header =
            operation["parameters"].as_array().into_iter().flatten().any(|given| given["name"] == "If-Match" && given["in"] == "header");
        assert!(header, "{method} {path}: {operation}");
        for answer in answers {
            assert!(operation["responses"][*answer].is_object(), "{method} {path}: {answer}");
        }
    };
    // Whose version stands in bodies too.
    for (path, change) in
        [("/v1/incidents/i1", json!({"title": "b"})), ("/v1/alerts/a1", json!({"add_tags": ["b"]})), (&bookmark, json!({"notes": "b"}))]
    {
        described("PATCH", path, &["409", "412"]);
        let seen = etag(path).await;
        let with = |etag: &str| {
            json!({"etag": etag}).as_object().cloned().into_iter().chain(change.as_object().cloned()).flatten().collect::<Value>()
        };
        let code = |(status, answer): (StatusCode, Value)| (status.as_u16(), answer["error"]["code"].clone());
        for stale in ["\"0\"", "W/\"0\"", "\"0\", \"00\""] {
            let answer = code(clew.with_header("PATCH", path, ("if-match", stale), &change).await);
            assert_eq!(answer, (412, json!("precondition_failed")), "{path} {stale}");
        }
        // The header stands before the body.
        assert_eq!(code(clew.with_header("PATCH", path, ("if-match", "\"0\""), &with(&seen)).await).0, 412, "{path}");
        assert_eq!(code(clew.by("ana", "PATCH", path, with("0")).await), (409, json!("etag_stale")), "{path}");
        assert_eq!(etag(path).await, seen, "{path}");
        for fresh in [format!("\"{seen}\""), "*".to_owned()] {
            let (status, answer) = clew.with_header("PATCH", path, ("if-match", &fresh), &change).await;
            assert_eq!(status, StatusCode::OK, "{path} {fresh}: {answer}");
        }
        let listed = format!("\"0\", \"{}\"", etag(path).await);
        assert_eq!(clew.with_header("PATCH", path, ("if-match", &listed), &change).await.0, StatusCode::OK, "{path}");
    }
    let rule = json!({"alert_type": "t", "reason": "s"});
    let others = [
        ("/v1/suppression-rules/quiet", rule),
        ("/v1/queries/mine", json!({"text": "// title: mine\n// question: what\n\nprint x = 2"})),
        ("/v1/functions/mine", json!({"body": "print 2"})),
        (bookmark.as_str(), Value::Null),
    ];
    for (path, body) in others {
        for method in ["PUT", "DELETE"].into_iter().filter(|method| *method == "DELETE" || !body.is_null()) {
            described(method, path, &["412"]);
            let sent = if method == "PUT" { &body } else { &Value::Null };
            let (status, answer) = clew.with_header(method, path, ("if-match", "\"0\""), sent).await;
            assert_eq!((status.as_u16(), &answer["error"]["code"]), (412, &json!("precondition_failed")), "{method} {path}: {answer}");
            let (status, answer) = clew.with_header(method, path, ("if-match", "*"), sent).await;
            assert_eq!(status, StatusCode::OK, "{method} {path}: {answer}");
        }
    }
    // What is not there has no version.
    let (status, _) =
        clew.with_header("PUT", "/v1/suppression-rules/new", ("if-match", "*"), &json!({"alert_type": "t", "reason": "r"})).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
}

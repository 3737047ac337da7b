//! Notifications: who is told what, what is read stays read, and all of it follows from the journal alone.

use axum::http::StatusCode;
use clew::access::{Identity, Kind, Role};
use clew::engine::{IngestNote, IngestReport, NotificationFilter, Options};
use clew::model::{Fault, FaultClass, Time};
use serde_json::{Value, json};

use crate::automation::Receiver;
use crate::support::Clew;

const BOB: &str = "bob@contoso.com";

async fn send(clew: &Clew, by: &str, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = clew.by(by, method, path, body).await;
    assert_eq!(status, StatusCode::OK, "{method} {path}: {answer}");
    answer
}

async fn of(clew: &Clew, by: &str, query: &str) -> Value {
    send(clew, by, "GET", &format!("/v1/notifications{query}"), Value::Null).await
}

/// Kind, target and text of each, the newest first.
fn told(page: &Value) -> Vec<String> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let rows = page["value"].as_array().expect("a list").iter();
    rows.map(|one| format!("{} {}: {}", text(one, "kind"), text(one, "target"), text(one, "text"))).collect()
}

fn ids(page: &Value) -> Vec<String> {
    page["value"].as_array().expect("a list").iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

fn alert(id: &str, severity: &str, day: u32) -> String {
    let time = format!("2026-01-{day:02}T10:00:00Z");
    json!({"SystemAlertId": id, "DisplayName": format!("alert {id}"), "AlertName": "x", "AlertSeverity": severity, "ProviderName": "Test", "ProductName": "Test",
        "TimeGenerated": time, "StartTime": "2026-01-01T10:00:00Z", "EndTime": time, "AlertType": format!("type {id}"), "Entities": "[]", "Type": "SecurityAlert"})
    .to_string()
}

fn incident(id: &str, severity: &str, status: &str, owner: &str, day: u32) -> String {
    let time = format!("2026-01-{day:02}T12:00:00Z");
    json!({"IncidentName": id, "IncidentNumber": 7, "Title": format!("incident {id}"), "Severity": severity, "Status": status, "AlertIds": "[]",
        "Owner": json!({"userPrincipalName": owner}).to_string(), "CreatedTime": "2026-01-01T12:00:00Z", "LastModifiedTime": time,
        "TimeGenerated": time, "ProviderName": "Azure Sentinel", "Type": "SecurityIncident"})
    .to_string()
}

/// Everything that happens to one incident in the work of three people.
async fn worked() -> Clew {
    let clew = Clew::new();
    for id in ["a1", "a2"] {
        clew.ingest_bytes(id, alert(id, "Low", 1));
    }
    send(&clew, "ana", "POST", "/v1/incidents", json!({"id": "i1", "title": "first", "severity": "High"})).await;
    send(&clew, "ana", "PATCH", "/v1/incidents/i1", json!({"owner": {"upn": BOB}})).await;
    send(&clew, BOB, "POST", "/v1/incidents/i1/comments", json!({"message": "mine now, @ana"})).await;
    send(&clew, "ana", "POST", "/v1/incidents/i1/comments", json!({"message": "good.\nAsk @carl, he knows @BOB's host"})).await;
    send(&clew, "carl", "POST", "/v1/incidents/i1/alerts", json!({"add": ["a1", "a2"]})).await;
    send(&clew, "carl", "POST", "/v1/incidents/i1/tasks", json!({"title": "isolate"})).await;
    send(&clew, "carl", "PATCH", "/v1/incidents/i1", json!({"severity": "Critical", "add_tags": ["x"]})).await;
    send(&clew, "carl", "PATCH", "/v1/incidents/i1", json!({"add_tags": ["y"]})).await;
    let close = json!({"status": "Closed", "classification": "TruePositive", "classification_comment": "done"});
    send(&clew, "ana", "PATCH", "/v1/incidents/i1", close).await;
    send(&clew, "ana", "PATCH", "/v1/incidents/i1", json!({"status": "Active", "reason": "again"})).await;
    send(&clew, "ana", "PATCH", "/v1/incidents/i1", json!({"owner": {"name": "SOC Tier 2", "group": true}})).await;
    clew
}

const TOLD_BOB: [&str; 9] = [
    "changed incident:i1: given to SOC Tier 2",
    "changed incident:i1: reopened; comment: again",
    "changed incident:i1: closed as TruePositive",
    "changed incident:i1: severity raised from High to Critical",
    "changed incident:i1: task: isolate",
    "changed incident:i1: 2 alerts added",
    "mentioned incident:i1: good. Ask @carl, he knows @BOB's host",
    "assigned incident:i1: assigned to you",
    "incident incident:i1: new, severity High",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_what_concerns_them_and_nothing_of_their_own() {
    let clew = worked().await;
    let page = of(&clew, BOB, "").await;
    assert_eq!(told(&page), TOLD_BOB);
    let newest = &page["value"][0];
    let number = &clew.get("/v1/incidents/i1").await["number"];
    assert_eq!(
        json!([newest["actor"], newest["title"], newest["severity"], newest["number"], newest["page"], newest["read"]]),
        json!(["ana", "first", "Critical", number, format!("/incidents/{number}"), false])
    );
    assert_eq!(json!([page["unread"], page["complete"], page["seq"]]), json!([8, true, clew.engine.seq().0]));
    assert_eq!(told(&of(&clew, "ana", "").await), ["mentioned incident:i1: mine now, @ana"]);
    assert_eq!(
        told(&of(&clew, "carl", "").await),
        ["mentioned incident:i1: good. Ask @carl, he knows @BOB's host", "incident incident:i1: new, severity High"]
    );
    // Who is of the group says so.
    let settings = json!({"names": ["soc tier 2"], "kinds": ["assigned", "changed"]});
    let chosen = send(&clew, "dora", "PUT", "/v1/notifications/settings", settings.clone()).await;
    assert_eq!(chosen, json!({"chosen": settings, "kinds": ["assigned", "changed"], "severity": "High", "you": ["dora", "soc tier 2"]}));
    assert_eq!(told(&of(&clew, "dora", "").await), ["assigned incident:i1: assigned to SOC Tier 2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_stays_read_over_restarts_and_rebuilds() {
    let clew = worked().await;
    let all = of(&clew, BOB, "").await;
    let names = ids(&all);
    let read = |body: Value| send(&clew, BOB, "POST", "/v1/notifications/read", body);
    assert_eq!(all["unread"], 8, "the new incident was there before the first question");
    assert_eq!(read(json!({"ids": [names[0], names[3]]})).await, json!({"unread": 6}));
    assert_eq!(read(json!({"ids": [names[0], "999999.0"]})).await, json!({"unread": 6}), "told twice, or of what is not there");
    assert_eq!(read(json!({"through": names[6]})).await, json!({"unread": 4}));
    assert_eq!(read(json!({"through": names[8]})).await, json!({"unread": 4}), "an older mark takes nothing back");
    assert_eq!(of(&clew, "carl", "").await["unread"], 1, "marks are those of one person");
    let unread = of(&clew, BOB, "?unread=true").await;
    assert_eq!(ids(&unread), [1, 2, 4, 5].map(|place| names[place].clone()));
    for body in [json!({"ids": ["x"]}), json!({"through": "1"}), json!({"ids": ["ingest:1"]})] {
        let (status, answer) = clew.by(BOB, "POST", "/v1/notifications/read", body).await;
        assert_eq!((status, &answer["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("notification_invalid")));
    }
    let now = of(&clew, BOB, "").await;
    let folder = clew.close();
    let clew = Clew::open(folder, Options::default());
    assert_eq!(of(&clew, BOB, "").await, now);
    let folder = clew.close();
    for view in ["graph", "columns", "fulltext", "records"] {
        std::fs::remove_dir_all(folder.path().join(view)).expect("a view");
    }
    let clew = Clew::open(folder, Options::default());
    assert_eq!(of(&clew, BOB, "").await, now, "nothing but the journal and the marks is needed");
    send(&clew, BOB, "POST", "/v1/notifications/read", json!({"all": true})).await;
    send(&clew, "ana", "POST", "/v1/incidents/i1/comments", json!({"message": "@bob?"})).await;
    let page = of(&clew, BOB, "?unread=true").await;
    assert_eq!((told(&page), &page["unread"]), (vec!["mentioned incident:i1: @bob?".to_owned()], &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_join_to_the_whole_list() {
    let clew = worked().await;
    let whole = of(&clew, BOB, "").await;
    let (mut joined, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = of(&clew, BOB, &format!("?limit=2{cursor}")).await;
        joined.extend(ids(&page));
        assert_eq!(page["unread"], 8);
        // What comes between two pages moves none of them.
        send(&clew, "carl", "POST", "/v1/incidents/i1/comments", json!({"message": "@bob"})).await;
        send(&clew, BOB, "POST", "/v1/notifications/read", json!({"ids": [ids(&of(&clew, BOB, "?limit=1").await)[0]]})).await;
        match page["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(joined, ids(&whole));
    let kinds = of(&clew, BOB, "?kind=assigned&kind=incident").await;
    assert_eq!(told(&kinds), ["assigned incident:i1: assigned to you", "incident incident:i1: new, severity High"]);
    let cases = [
        (format!("?kind=assigned&limit=2{cursor}"), "cursor_foreign"),
        ("?cursor=x".to_owned(), "cursor_invalid"),
        ("?kind=asigned".to_owned(), "parameter_invalid"),
        ("?limit=0".to_owned(), "limit_invalid"),
    ];
    for (query, code) in cases {
        let (status, answer) = clew.by(BOB, "GET", &format!("/v1/notifications{query}"), Value::Null).await;
        assert_eq!((status, &answer["error"]["code"]), (StatusCode::BAD_REQUEST, &json!(code)), "{query}");
    }
    let (status, answer) = clew.by("carl", "GET", &format!("/v1/notifications?limit=2{cursor}"), Value::Null).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("cursor_foreign")), "of another person");
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_are_told_from_the_severity_on_that_somebody_chose() {
    let clew = Clew::new();
    let rule = json!({"alert_type": "type quiet", "reason": "Noise", "conditions": []});
    send(&clew, "ana", "PUT", "/v1/suppression-rules/quiet", rule).await;
    for (id, severity) in [("low", "Low"), ("medium", "Medium"), ("high", "High"), ("quiet", "High")] {
        clew.ingest_bytes(id, alert(id, severity, 1));
    }
    clew.ingest_bytes("done", incident("done", "High", "Closed", "", 1));
    clew.ingest_bytes("open", incident("open", "Medium", "New", BOB, 1));
    // The same again, a later version that raises it, and one that is older than what is known.
    clew.ingest_bytes("again", alert("high", "High", 1));
    clew.ingest_bytes("raised", alert("medium", "High", 3));
    clew.ingest_bytes("older", alert("medium", "Low", 2));
    let expected = ["alert alert:medium: severity raised from Medium to High", "alert alert:high: new, severity High"];
    assert_eq!(told(&of(&clew, "ana", "").await), expected);
    let bobs = [
        "alert alert:medium: severity raised from Medium to High",
        "assigned incident:open: assigned to you",
        "alert alert:high: new, severity High",
    ];
    assert_eq!(told(&of(&clew, BOB, "").await), bobs);

    let medium = [
        "incident incident:open: new, severity Medium",
        "alert alert:high: new, severity High",
        "alert alert:medium: new, severity Medium",
    ];
    send(&clew, "ana", "PUT", "/v1/notifications/defaults", json!({"severity": "medium"})).await;
    assert_eq!(told(&of(&clew, "ana", "").await), medium, "what was told already is told as it now is");
    send(&clew, "ana", "PUT", "/v1/notifications/settings", json!({"severity": "Critical"})).await;
    assert_eq!(told(&of(&clew, "ana", "").await), Vec::<String>::new());
    send(&clew, "ana", "PUT", "/v1/notifications/settings", json!({})).await;
    assert_eq!(told(&of(&clew, "ana", "").await), medium);
    send(&clew, "ana", "PUT", "/v1/notifications/settings", json!({"kinds": []})).await;
    assert_eq!(told(&of(&clew, "ana", "").await), Vec::<String>::new());
    let wrong = [json!({"severity": "loud"}), json!({"severity": "Unknown"}), json!({"names": [" "]}), json!({"kinds": ["x"]})];
    for body in wrong {
        let (status, _) = clew.by("ana", "PUT", "/v1/notifications/settings", body.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }

    // What people changed and a source then gives again is told once, as what came of both.
    send(&clew, "ana", "PATCH", "/v1/incidents/open", json!({"add_tags": ["x"]})).await;
    clew.ingest_bytes("later", incident("open", "High", "Active", BOB, 5));
    let later = "changed incident:open: status Active; severity raised from Medium to High";
    assert_eq!(told(&of(&clew, BOB, "?kind=changed").await), [later]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_tell_people_and_roles_without_a_webhook() {
    let clew = Clew::new();
    let notify = json!({"type": "notify", "to": ["Bob@contoso.com", "role:responder"], "text": "call the bank"});
    let rule =
        json!({"name": "bank", "enabled": true, "trigger": {"on": "incident", "when": "created"}, "conditions": [], "actions": [notify]});
    send(&clew, "ana", "PUT", "/v1/automation-rules/bank", rule).await;
    send(&clew, "ana", "POST", "/v1/incidents", json!({"id": "i1", "title": "first", "severity": "Low"})).await;
    tokio::task::block_in_place(|| clew.engine.run_automations(Time::now())).expect("the rules run");
    let page = of(&clew, BOB, "").await;
    let run = clew.get("/v1/automation/runs").await["value"][0]["id"].as_str().expect("a run").to_owned();
    assert_eq!(told(&page), [format!("rule run:{run}: call the bank")]);
    assert_eq!(json!([page["value"][0]["title"], page["value"][0]["page"]]), json!(["bank", "/admin/automation"]));
    assert_eq!(told(&of(&clew, "carl", "").await), Vec::<String>::new());
    let key = |role| Identity { name: "soc".into(), id: "1".into(), kind: Kind::Key, roles: vec![role], ..Identity::local() };
    let of_role = |role| clew.engine.notifications(&NotificationFilter::default(), &key(role), "soc").expect("an answer").value.len();
    assert_eq!([Role::Responder, Role::Reader].map(of_role), [1, 0]);
    let activity = clew.get("/v1/incidents/i1/activity").await;
    assert_eq!(activity["value"][0]["comment"], "notify done (told Bob@contoso.com, role:responder)");
    let timeline = clew.get("/v1/timeline?of=incident:i1&kind=automation").await;
    assert_eq!(timeline["value"][0]["message"], "rule bank ran: notify done (told Bob@contoso.com, role:responder)");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_told_to_those_who_administer() {
    let clew = Clew::new();
    send(&clew, "ana", "PUT", "/v1/egress", json!({"hosts": ["127.0.0.1"], "private": true})).await;
    let receiver = Receiver::start(vec![400]);
    let hook = json!({"type": "webhook", "url": format!("http://{}/hook", receiver.address)});
    let rule = json!({"enabled": true, "trigger": {"on": "incident", "when": "created"}, "conditions": [], "actions": [hook]});
    send(&clew, "ana", "PUT", "/v1/automation-rules/hook", rule).await;
    let target = json!({"type": "http", "url": format!("http://{}/in", receiver.address)});
    send(&clew, "ana", "PUT", "/v1/exports/siem", json!({"target": target})).await;
    send(&clew, "ana", "POST", "/v1/incidents", json!({"id": "i1", "title": "first"})).await;
    let now = Time::now();
    tokio::task::block_in_place(|| clew.engine.run_automations(now).map(drop).and(clew.engine.run_exports(now).map(drop)))
        .expect("both run");
    let broken = Fault::new(FaultClass::Invalid, "json_invalid", "expected a value");
    let note = IngestNote { by: "feeder".to_owned(), via: "http", sources: vec!["edge.jsonl".to_owned()], ..IngestNote::default() };
    clew.engine.note_ingest(&note, Time::now(), &IngestReport::default(), Some(&broken));
    let page = of(&clew, "ana", "?kind=failed").await;
    let kinds: Vec<&str> =
        page["value"].as_array().expect("a list").iter().filter_map(|one| one["target"].as_str()?.split(':').next()).collect();
    assert_eq!(kinds, ["ingest", "run", "export"], "{page}");
    assert_eq!(
        json!([
            page["value"][0]["title"],
            page["value"][0]["text"],
            page["value"][1]["text"],
            page["value"][2]["title"],
            page["value"][2]["page"]
        ]),
        json!([
            "edge.jsonl",
            "broke off: expected a value",
            "webhook given up: 127.0.0.1 answered 400: ok",
            "siem",
            "/admin/exports?sel=siem"
        ])
    );
    assert_eq!(told(&of(&clew, "feeder", "?kind=failed").await).len(), 2, "whose ingest broke off knows");
    assert_eq!(send(&clew, "ana", "POST", "/v1/notifications/read", json!({"ids": ids(&page)})).await["unread"], 0);
    let contributor = Identity { name: "soc".into(), id: "1".into(), kind: Kind::Key, roles: vec![Role::Contributor], ..Identity::local() };
    let failed = NotificationFilter { kind: vec!["failed".to_owned()], ..NotificationFilter::default() };
    assert_eq!(clew.engine.notifications(&failed, &contributor, "soc").expect("an answer").value, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_alerts_hide_nothing_that_was_said_to_a_person() {
    let clew = worked().await;
    let many: Vec<String> = (0..1_200).map(|n| alert(&format!("m{n:04}"), "High", 1)).collect();
    clew.ingest_bytes("many", many.join("\n"));
    let page = of(&clew, BOB, "?limit=500").await;
    assert_eq!(
        json!([page["unread"], page["since"].is_string()]),
        json!([8, true]),
        "what everybody was told before is no news, and older ones are gone"
    );
    assert_eq!(told(&of(&clew, BOB, "?kind=changed").await), TOLD_BOB[..6]);
    // Each question looks at what is new alone: the answer is the same as that of who asks for the first time.
    clew.ingest_bytes("more", alert("n1", "High", 1));
    let followed = of(&clew, BOB, "?limit=500").await;
    assert_eq!((&followed["unread"], told(&followed)[0].as_str()), (&json!(9), "alert alert:n1: new, severity High"));
    let clew = Clew::open(clew.close(), Options::default());
    assert_eq!(of(&clew, BOB, "?limit=500").await, followed);
}

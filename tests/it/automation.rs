//! Automation rules: what starts them, what they do, signed webhooks with retries and dead letters, crashes, and where they may not call.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use base64::Engine as _;
use clew::engine::Options;
use clew::model::Time;
use serde_json::{Value, json};

use crate::support::Clew;

/// A request as a receiver got it.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) head: Vec<String>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> String {
        let found = self.head.iter().find_map(|line| line.split_once(": ").filter(|(known, _)| known.eq_ignore_ascii_case(name)));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }
}

/// A receiver of webhooks on this machine; answers with the given status codes in turn, then with the last of them.
pub(crate) struct Receiver {
    pub(crate) address: String,
    pub(crate) got: Arc<Mutex<Vec<Got>>>,
}

impl Receiver {
    pub(crate) fn start(statuses: Vec<u16>) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), statuses)
    }

    fn start_at(address: std::net::SocketAddr, statuses: Vec<u16>) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let got: Arc<Mutex<Vec<Got>>> = Arc::default();
        let kept = Arc::clone(&got);
        std::thread::spawn(move || {
            for (place, stream) in listener.incoming().enumerate() {
                let Ok(mut stream) = stream else { return };
                let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
                let mut head = Vec::new();
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                        break;
                    }
                    head.push(line.trim().to_owned());
                }
                let mut request = Got { head, body: String::new() };
                let length = request.header("content-length").parse().unwrap_or(0);
                let mut body = vec![0; length];
                reader.read_exact(&mut body).expect("the body is whole");
                request.body = String::from_utf8(body).expect("UTF-8");
                kept.lock().expect("nobody panicked").push(request);
                let status = statuses.get(place).or(statuses.last()).copied().unwrap_or(200);
                let extra = if status == 302 { "location: http://127.0.0.1:1/\r\n" } else { "" };
                let answer = format!("HTTP/1.1 {status} x\r\n{extra}content-length: 2\r\nconnection: close\r\n\r\nok");
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, got }
    }

    pub(crate) fn all(&self) -> Vec<Got> {
        self.got.lock().expect("nobody panicked").clone()
    }
}

fn alert(id: &str, severity: &str) -> String {
    json!({"SystemAlertId": id, "DisplayName": format!("alert {id}"), "AlertName": "x", "AlertSeverity": severity, "ProviderName": "Test", "ProductName": "Test",
        "TimeGenerated": "2026-01-01T10:00:00Z", "StartTime": "2026-01-01T10:00:00Z", "EndTime": "2026-01-01T10:05:00Z", "AlertType": "t",
        "Entities": json!([{"$id": "1", "HostName": "ws1", "DnsDomain": "contoso.com", "Type": "host"}]).to_string(), "Type": "SecurityAlert"})
    .to_string()
}

async fn send(clew: &Clew, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = clew.by("ana", method, path, body).await;
    assert_eq!(status, StatusCode::OK, "{method} {path}: {answer}");
    answer
}

fn incident_rule(actions: Value) -> Value {
    json!({"enabled": true, "trigger": {"on": "incident", "when": "created"},
        "conditions": [{"type": "property", "property": "severity", "values": ["High"]}], "actions": actions})
}

async fn create(clew: &Clew, id: &str, severity: &str) {
    send(clew, "POST", "/v1/incidents", json!({"id": id, "title": format!("incident {id}"), "severity": severity})).await;
}

/// One pass of the rules.
fn automate(clew: &Clew, now: Time) -> Result<clew::engine::Pass, clew::model::Fault> {
    tokio::task::block_in_place(|| clew.engine.run_automations(now))
}

/// An engine that may call receivers on this machine.
async fn allowed() -> Clew {
    let clew = Clew::new();
    send(&clew, "PUT", "/v1/egress", json!({"hosts": ["127.0.0.1"], "private": true})).await;
    clew
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_changes_the_incident_as_a_service_and_never_runs_in_circles() {
    let clew = Clew::new();
    let actions = json!([
        {"type": "modify_incident", "fields": {"status": "Active", "owner": {"upn": "soc@contoso.com"}, "add_tags": ["auto"]}},
        {"type": "add_task", "title": "call the owner"},
    ]);
    send(&clew, "PUT", "/v1/automation-rules/triage", incident_rule(actions)).await;
    let on_update = json!({"enabled": true, "trigger": {"on": "incident", "when": "updated"}, "conditions": [],
        "actions": [{"type": "modify_incident", "fields": {"add_tags": ["circle"]}}]});
    send(&clew, "PUT", "/v1/automation-rules/circle", on_update).await;
    create(&clew, "high", "High").await;
    create(&clew, "low", "Low").await;
    let pass = automate(&clew, Time::now()).expect("the rules run");
    assert_eq!((pass.started, pass.over, pass.complete), (1, 1, true));
    for _ in 0..3 {
        let again = automate(&clew, Time::now()).expect("the rules run");
        assert_eq!((again.started, again.over), (0, 0), "what a rule changed starts none");
    }
    let high = clew.get("/v1/incidents/high").await;
    assert_eq!(
        json!([high["status"], high["owner"], high["tags"], high["tasks"][0]["title"]]),
        json!(["Active", "soc@contoso.com", ["auto"], "call the owner"])
    );
    assert_eq!(clew.get("/v1/incidents/low").await["status"], "New");
    let activity = clew.get("/v1/incidents/high/activity").await;
    let rows: Vec<String> = activity["value"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| format!("{} {}", row["actor"], row["action"]).replace('"', ""))
        .collect();
    assert_eq!(rows, ["clew:automation automation.run", "clew:automation task", "clew:automation update", "ana create"]);
    let done = &activity["value"][0]["actions"];
    assert_eq!(json!([done[0]["state"], done[1]["message"]]), json!(["done", "task added"]));
    assert_eq!(clew.get("/v1/audit/verify").await["whole"], true);
    assert!(clew.engine.verify().expect("views can be compared").equal);

    send(&clew, "PATCH", "/v1/incidents/low", json!({"status": "Active"})).await;
    automate(&clew, Time::now()).expect("the rules run");
    assert_eq!(clew.get("/v1/incidents/low").await["tags"], json!(["circle"]), "people's changes start the rule for updates");
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_signed_tried_again_under_one_name_and_given_up_to_be_sent_again() {
    let clew = allowed().await;
    let receiver = Receiver::start(vec![503, 200, 400, 200]);
    let url = format!("http://{}/hook", receiver.address);
    let action = json!([{"type": "webhook", "url": url, "secret": "s3cret", "headers": {"x-team": "soc"}}]);
    let defined = send(&clew, "PUT", "/v1/automation-rules/hook", incident_rule(action)).await;
    assert_eq!(json!([defined["actions"][0]["secret"], defined["actions"][0]["headers"]["x-team"]]), json!(["********", "********"]));
    create(&clew, "one", "High").await;
    let begin = Time::now();
    let pass = automate(&clew, begin).expect("the rules run");
    assert_eq!((pass.started, pass.over, pass.waiting), (1, 0, 1));
    let due = pass.due.expect("it is tried again");
    assert!(due > begin.plus(7_000_000) && due < begin.plus(13_000_000), "after about ten seconds");
    assert_eq!(automate(&clew, begin.plus(1_000_000)).expect("the rules run").over, 0, "not before its time");
    // The engine stops in between: the delivery keeps its name.
    let clew = Clew::open(clew.close(), Options::default());
    assert_eq!(automate(&clew, due.plus(1)).expect("the rules run").over, 1);
    let got = receiver.all();
    assert_eq!(got.len(), 2);
    assert_eq!((got[0].header("webhook-id"), &got[0].body), (got[1].header("webhook-id"), &got[1].body));
    for request in &got {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"s3cret");
        let signed = format!("{}.{}.{}", request.header("webhook-id"), request.header("webhook-timestamp"), request.body);
        let expected = base64::engine::general_purpose::STANDARD.encode(ring::hmac::sign(&key, signed.as_bytes()));
        assert_eq!(request.header("webhook-signature"), format!("v1,{expected}"));
        assert_eq!(request.header("x-team"), "soc");
    }
    let event: Value = serde_json::from_str(&got[0].body).expect("JSON");
    assert_eq!(
        json!([event["type"], event["object"]["title"], event["target"]]),
        json!(["incident.created", "incident one", "incident:one"])
    );

    // A refusal is final: the run is a dead letter until somebody sends it again.
    create(&clew, "two", "High").await;
    automate(&clew, Time::now()).expect("the rules run");
    let dead = clew.get("/v1/automation/runs?state=dead").await;
    let run = &dead["value"][0];
    assert_eq!(
        json!([dead["total"], run["target"], run["actions"][0]["message"]]),
        json!([1, "incident:two", "127.0.0.1 answered 400: ok"])
    );
    let again = send(&clew, "POST", &format!("/v1/automation/runs/{}/resend", run["id"].as_str().expect("an id")), Value::Null).await;
    assert_eq!(again["actions"][0]["state"], "done");
    assert_eq!(clew.get("/v1/automation/runs?state=dead").await["total"], 0);
    // Both outcomes stand on the timeline of the incident, as what they are, and in its activity with what they changed.
    let timeline = clew.get("/v1/timeline?of=incident:two&kind=automation").await;
    let items: Vec<Value> = timeline["value"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| json!([item["kind"], item["node"], item["message"], item["touches"]]))
        .collect();
    let item = |outcome: &str| json!(["automation", "incident:two", format!("rule hook ran: webhook {outcome}"), ["incident:two"]]);
    assert_eq!(items, [item("dead (127.0.0.1 answered 400: ok)"), item("done (127.0.0.1 answered 200)")]);
    assert_eq!(timeline["counts"], json!({"automation": 2}));
    assert_eq!(clew.get("/v1/timeline?of=incident:one").await["counts"]["automation"], 1);
    assert_eq!(clew.get("/v1/timeline?of=incident:two&kind=automation&severity=high").await["value"], json!([]));
    let paged = clew.get("/v1/timeline?of=incident:two&kind=automation&limit=1").await;
    let next = clew
        .get(&format!("/v1/timeline?of=incident:two&kind=automation&limit=1&cursor={}", paged["cursor"].as_str().expect("a cursor")))
        .await;
    assert_eq!(json!([paged["value"][0]["message"], next["value"][0]["message"]]), json!([items[0][2], items[1][2]]));
    let activity = clew.get("/v1/incidents/two/activity").await;
    let fields = |row: usize| {
        let field = &activity["value"][row]["fields"][0];
        json!([field["field"], field["before"]["state"], field["after"]["state"], activity["value"][row]["comment"]])
    };
    assert_eq!(fields(0), json!(["action 1: webhook", "dead", "done", "webhook done (127.0.0.1 answered 200)"]));
    assert_eq!(fields(1), json!(["action 1: webhook", null, "dead", "webhook dead (127.0.0.1 answered 400: ok)"]));
    assert_eq!(clew.get("/v1/automation/runs?rule=hook").await["total"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_the_cursor_and_the_effects_skips_nothing_and_repeats_nothing() {
    let clew = Clew::new();
    send(&clew, "PUT", "/v1/automation-rules/t", incident_rule(json!([{"type": "add_task", "title": "look"}]))).await;
    for n in 0..5 {
        create(&clew, &format!("i{n}"), "High").await;
    }
    let file = clew.folder.path().join("services/automation.json");
    automate(&clew, Time::now()).expect("the rules run");
    let tasks = |detail: Value| detail["tasks"].as_array().map(Vec::len);
    assert_eq!(tasks(clew.get("/v1/incidents/i4").await), Some(1));
    // The state as it was before: everything is looked at again, and nothing is done twice.
    std::fs::remove_file(&file).expect("the file is there");
    let clew = Clew::open(clew.close(), Options::default());
    let pass = automate(&clew, Time::now()).expect("the rules run");
    assert_eq!(pass.started, 0, "what is over is known from the journal");
    // The state as a crash leaves it between two writes: runs that are noted, none done.
    let state: Value = serde_json::from_slice(&std::fs::read(&file).expect("a file")).expect("JSON");
    assert_eq!(state["waiting"], json!([]));
    create(&clew, "late", "High").await;
    let clew = Clew::open(clew.close(), Options::default());
    assert_eq!(automate(&clew, Time::now()).expect("the rules run").over, 1);
    for n in 0..5 {
        assert_eq!(tasks(clew.get(&format!("/v1/incidents/i{n}")).await), Some(1));
    }
    assert_eq!(tasks(clew.get("/v1/incidents/late").await), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_on_alerts_and_dry_runs_and_runs_by_hand() {
    let clew = Clew::new();
    let rule = json!({"enabled": true, "trigger": {"on": "alert", "when": "created"},
        "conditions": [{"type": "property", "property": "HostName", "operator": "starts_with", "values": ["WS"]}],
        "actions": [{"type": "modify_alert", "fields": {"status": "InProgress"}}]});
    let tested = json!({"rule": rule, "target": "alert:a1"});
    clew.ingest_bytes("before.jsonl", alert("a1", "High"));
    let answer = send(&clew, "POST", "/v1/automation-rules/test", tested).await;
    assert_eq!(answer, json!({"holds": true, "actions": [{"type": "modify_alert", "would": "change status to \"InProgress\""}]}));
    send(&clew, "PUT", "/v1/automation-rules/take", rule.clone()).await;
    let mut dry = rule;
    dry["dry_run"] = true.into();
    dry["order"] = (-1).into();
    send(&clew, "PUT", "/v1/automation-rules/dry", dry).await;
    clew.ingest_bytes("after.jsonl", alert("a2", "High"));
    automate(&clew, Time::now()).expect("the rules run");
    let status = |detail: Value| detail["status"].as_str().unwrap_or_default().to_owned();
    assert_eq!(status(clew.get("/v1/alerts/a1").await), "New", "a rule looks at what comes after it");
    assert_eq!(status(clew.get("/v1/alerts/a2").await), "InProgress");
    assert_eq!(clew.get("/v1/automation/runs?state=dry_run").await["value"][0]["rule"], "automation_rule/dry");
    let run = send(&clew, "POST", "/v1/automation-rules/take/run", json!({"target": "alert:a1"})).await;
    assert_eq!(json!([run["when"], run["actions"][0]["state"]]), json!(["manual", "done"]));
    assert_eq!(status(clew.get("/v1/alerts/a1").await), "InProgress");
    // What a suppression rule dismisses starts no rule.
    send(&clew, "PUT", "/v1/suppression-rules/quiet", json!({"alert_type": "t", "reason": "Noise", "conditions": []})).await;
    clew.ingest_bytes("quiet.jsonl", alert("a3", "High"));
    automate(&clew, Time::now()).expect("the rules run");
    assert_eq!(status(clew.get("/v1/alerts/a3").await), "Dismissed");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_inside_is_called_and_no_redirect_followed() {
    let clew = Clew::new();
    let receiver = Receiver::start(vec![302, 200]);
    let hook = |url: &str| incident_rule(json!([{"type": "webhook", "url": url}]));
    let message = |runs: &Value, place: usize| runs["value"][place]["actions"][0]["message"].as_str().unwrap_or_default().to_owned();
    let cases = [
        (
            json!({"hosts": [], "private": false}),
            format!("https://{}/", receiver.address),
            "expected a host of the egress policy, found `127.0.0.1`",
        ),
        (
            json!({"hosts": ["127.0.0.1"], "private": false}),
            format!("http://{}/", receiver.address),
            "expected an address with TLS, found `http`",
        ),
        (
            json!({"hosts": ["127.0.0.1"], "private": false}),
            format!("https://{}/", receiver.address),
            "expected a public address, found `127.0.0.1`, a private or loopback address",
        ),
        (json!({"hosts": ["localhost"], "private": false}), "https://localhost/".to_owned(), "a private or loopback address"),
        (
            json!({"hosts": ["169.254.169.254"], "private": true}),
            "http://169.254.169.254/latest".to_owned(),
            "expected a public address, found `169.254.169.254`, an address of no host",
        ),
        (json!({"hosts": ["[::ffff:a9fe:a9fe]"], "private": true}), "http://[::ffff:169.254.169.254]/".to_owned(), "an address of no host"),
        (json!({"hosts": ["127.0.0.1"], "private": true}), format!("http://{}/", receiver.address), "127.0.0.1 answered 302"),
    ];
    for (place, (policy, url, expected)) in cases.iter().enumerate() {
        send(&clew, "PUT", "/v1/egress", policy.clone()).await;
        send(&clew, "PUT", "/v1/automation-rules/hook", hook(url)).await;
        create(&clew, &format!("i{place}"), "High").await;
        automate(&clew, Time::now()).expect("the rules run");
        let runs = clew.get(&format!("/v1/automation/runs?target=incident:i{place}")).await;
        assert!(message(&runs, 0).contains(expected), "{url}: {runs}");
        assert_eq!(runs["value"][0]["actions"][0]["state"], "dead", "{url}: {runs}");
    }
    assert_eq!(receiver.all().len(), 1, "only the allowed address was called, and it was not followed elsewhere");
    let (status, answer) = clew.by("ana", "PUT", "/v1/automation-rules/x", hook("https://user:pass@host/")).await;
    assert_eq!((status.as_u16(), answer["error"]["code"].as_str()), (400, Some("rule_invalid")));
}

/// A receiver that takes a request and says nothing must not keep other rules, or who asks about them, waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_receiver_holds_up_nobody_else() {
    let clew = allowed().await;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (heard, hears) = std::sync::mpsc::channel();
    let (go, goes) = std::sync::mpsc::channel::<()>();
    let receiver = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a call");
        heard.send(()).expect("the test listens");
        // Silent until the test has looked.
        let _ = goes.recv();
        drop(stream);
    });
    let slow = json!([{"type": "webhook", "url": format!("http://{address}/"), "secret": "s"}, {"type": "add_task", "title": "beside it"}]);
    send(&clew, "PUT", "/v1/automation-rules/a-slow", incident_rule(slow)).await;
    let quick = json!([{"type": "modify_incident", "fields": {"add_tags": ["quick"]}}]);
    send(&clew, "PUT", "/v1/automation-rules/b-quick", incident_rule(quick)).await;
    create(&clew, "high", "High").await;
    let engine = Arc::clone(&clew.engine);
    let working = tokio::task::spawn_blocking(move || engine.run_automations(Time::now()));
    tokio::task::block_in_place(|| hears.recv()).expect("the receiver is called");
    let waiting = tokio::task::block_in_place(|| clew.engine.waiting_runs()).expect("nothing is locked");
    let states: Vec<u32> = waiting.iter().flat_map(|run| run.actions.iter().map(|action| action.attempts)).collect();
    assert_eq!(states, [0, 1], "the call is under way, what is done here is done: {waiting:?}");
    let high = clew.get("/v1/incidents/high").await;
    assert_eq!(json!([high["tags"], high["tasks"][0]["title"]]), json!([["quick"], "beside it"]));
    go.send(()).expect("the receiver waits");
    receiver.join().expect("the receiver ends");
    let pass = working.await.expect("the pass ends").expect("the rules run");
    assert_eq!((pass.started, pass.over, pass.waiting), (2, 1, 1), "a call that broke off is tried again");
}

/// What a host answers, it answers: only silence holds up its other endpoints, and what was not tried is no attempt.
#[tokio::test(flavor = "multi_thread")]
async fn only_silence_puts_off_the_other_calls_of_a_host() {
    let attempts = |clew: &Clew| -> Vec<(String, u32, String)> {
        let waiting = tokio::task::block_in_place(|| clew.engine.waiting_runs()).expect("the runs are there");
        waiting
            .iter()
            .flat_map(|run| run.actions.iter().map(|action| (run.target.clone(), action.attempts, action.message.clone())))
            .collect()
    };
    let clew = allowed().await;
    let receiver = Receiver::start(vec![500, 200]);
    for (rule, path) in [("a-bad", "bad"), ("b-good", "good")] {
        let action = json!([{"type": "webhook", "url": format!("http://{}/{path}", receiver.address), "secret": "s"}]);
        send(&clew, "PUT", &format!("/v1/automation-rules/{rule}"), incident_rule(action)).await;
    }
    create(&clew, "one", "High").await;
    let pass = automate(&clew, Time::now()).expect("the rules run");
    assert_eq!((pass.started, pass.over, pass.waiting), (2, 1, 1), "the good one is delivered at once");
    assert_eq!(attempts(&clew), [("incident:one".to_owned(), 1, "127.0.0.1 answered 500: ok".to_owned())]);

    let clew = allowed().await;
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    let action = json!([{"type": "webhook", "url": format!("http://{nobody}/"), "secret": "s"}]);
    send(&clew, "PUT", "/v1/automation-rules/silent", incident_rule(action)).await;
    create(&clew, "one", "High").await;
    create(&clew, "two", "High").await;
    let begin = Time::now();
    let due = automate(&clew, begin).expect("the rules run").due.expect("they are tried again");
    assert!(due > begin.plus(7_000_000), "the host is left alone for a while");
    let counted: Vec<u32> = attempts(&clew).iter().map(|(_, attempts, _)| *attempts).collect();
    assert_eq!(counted, [1, 0]);
}

/// Behind a host that is gone for good, all that waits is given up when its own time is over, not one after the other; behind one that
/// comes back, all of it is delivered at once.
#[tokio::test(flavor = "multi_thread")]
async fn deliveries_to_a_silent_host_grow_old_together() {
    const WAITING: usize = 12;
    let minutes = |count: i64| count * 60_000_000;
    let clew = allowed().await;
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("an address");
    drop(silent);
    let action = json!([{"type": "webhook", "url": format!("http://{address}/"), "secret": "s"}]);
    send(&clew, "PUT", "/v1/automation-rules/silent", incident_rule(action)).await;
    for n in 0..WAITING {
        create(&clew, &format!("i{n}"), "High").await;
    }
    let begin = Time::now();
    let mut now = begin;
    // Retries are over after 2 h 36 min, give or take a fifth.
    while let Some(due) = automate(&clew, now).expect("the rules run").due {
        assert!(due > now && due < begin.plus(minutes(200)), "{due}");
        now = due;
    }
    let dead = clew.get("/v1/automation/runs?state=dead&limit=100").await;
    assert_eq!((&dead["total"], now > begin.plus(minutes(120))), (&json!(WAITING), true));
    let made: u64 = dead["value"].as_array().expect("a list").iter().filter_map(|run| run["actions"][0]["attempts"].as_u64()).sum();
    assert!(made >= 6 && made <= (WAITING * 6) as u64, "one call for all of them, {made} made");

    // Sent again, they have their time once more; then the host is back.
    let ids: Vec<String> =
        dead["value"].as_array().expect("a list").iter().filter_map(|run| run["id"].as_str().map(str::to_owned)).collect();
    for id in &ids {
        tokio::task::block_in_place(|| clew.engine.resend_automation(id, now)).expect("it is sent again");
    }
    let waiting = tokio::task::block_in_place(|| clew.engine.waiting_runs()).expect("the runs are there");
    assert_eq!(waiting.len(), WAITING);
    let held = waiting.iter().filter(|run| run.actions[0].held_up_by.as_deref() == Some("127.0.0.1")).count();
    assert_eq!(held, WAITING, "{waiting:?}");
    let back = Receiver::start_at(address, vec![200; WAITING]);
    let due = waiting.iter().filter_map(|run| run.actions[0].due).min().expect("they are tried again");
    let mut pass = automate(&clew, due).expect("the rules run");
    while pass.waiting > 0 {
        pass = automate(&clew, due).expect("the rules run");
    }
    drop(back);
    assert_eq!(clew.get("/v1/automation/runs?state=dead").await["total"], 0);
}

/// A rule of a workspace works there while the server runs, and nowhere else.
#[test]
fn rules_follow_what_happens_in_every_workspace() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = crate::support::Server::start(folder.path());
    let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent();
    let ask = |method: &str, path: &str, body: Value| -> Value {
        let request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", server.address));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = request.header("content-type", "application/json").body(body).expect("a request");
        let mut answer = agent.run(request).expect("the server answers");
        let text = answer.body_mut().read_to_string().expect("a body");
        assert_eq!(answer.status().as_u16(), 200, "{method} {path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    };
    ask("POST", "/v1/workspaces", json!({"name": "case"}));
    let rule = incident_rule(json!([{"type": "modify_incident", "fields": {"add_tags": ["seen"]}}]));
    ask("PUT", "/w/case/v1/automation-rules/tag", rule);
    for place in ["", "/w/case"] {
        ask("POST", &format!("{place}/v1/incidents"), json!({"id": "i1", "title": "t", "severity": "High"}));
    }
    let mut cursor = "0".to_owned();
    loop {
        let page = ask("GET", &format!("/w/case/v1/changes?kind=incident&wait=50&cursor={cursor}"), Value::Null);
        let changes = page["value"].as_array().expect("changes");
        assert!(!changes.is_empty(), "the rule did not run: {page}");
        if changes.iter().any(|change| change["action"] == "updated") {
            break;
        }
        cursor = page["cursor"].as_str().expect("a cursor").to_owned();
    }
    assert_eq!(ask("GET", "/w/case/v1/incidents/i1", Value::Null)["tags"], json!(["seen"]));
    assert_eq!(ask("GET", "/v1/incidents/i1", Value::Null)["tags"], json!([]));
}

//! Every operation asked by every role and by nobody; what tokens open and how they end.

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use serde_json::Value;
use tower::ServiceExt;

use super::gate::{Gate, Served};
use super::guard::Names;
use super::*;
use crate::access::{Key, KeyKind, Keys, NewKey, Right, Role, Scope, Secret};
use crate::model::Time;

fn key(name: &str, role: Role, kind: KeyKind, expires: Option<Time>, number: u8) -> (Key, String) {
    let new = NewKey { name: name.into(), kind, role, scope: Scope::All, expires };
    new.make("anna", Time::from_micros(0), [number; 16], [number; 32]).expect("a good key")
}

fn secret() -> Secret {
    Secret::new([1; 32])
}

/// A server with these keys, whose engine is still being opened.
fn server(keys: impl IntoIterator<Item = Key>, limits: Limits) -> Router {
    let limits = Limits { start_wait_max: std::time::Duration::ZERO, ..limits };
    let served = Served { run: "clewrun_0".into(), secret: secret(), people: None };
    let gate = Gate::serving(served, &limits);
    let keys: Keys = keys.into_iter().collect();
    gate.reload(|| Ok(keys)).expect("the keys are read");
    layered(App::guarded(limits, gate, Names::local("http")))
}

async fn ask(router: &Router, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Option<String>, Value) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_owned())).expect("a well-formed request");
    let response = router.clone().oneshot(request).await.expect("the router is infallible");
    let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().expect("ASCII").to_owned());
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
    (status, challenge, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn with_token(router: &Router, path: &str, token: &str) -> (u16, String) {
    let (status, _, body) = ask(router, "GET", path, &[("authorization", &format!("Bearer {token}"))], "").await;
    (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
}

/// Every operation: method, path, id.
fn asked() -> Vec<(String, String, String)> {
    let api: Value = serde_json::from_str(&openapi()).expect("JSON");
    let mut all = Vec::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let path: String =
                path.split('{').map(|part| part.split_once('}').map_or(part.to_owned(), |(_, rest)| format!("x{rest}"))).collect();
            all.push((method.to_uppercase(), path, operation["operationId"].as_str().expect("an id").to_owned()));
        }
    }
    all
}

/// A server with a key of each role.
fn of_every_role() -> (Router, Vec<(Role, (Key, String))>) {
    let keys: Vec<(Role, (Key, String))> =
        Role::ALL.into_iter().zip(1..).map(|(role, number)| (role, key(role.as_str(), role, KeyKind::Key, None, number))).collect();
    let limits = Limits { refusals_burst_max: 1e9, ..Limits::default() };
    (server(keys.iter().map(|(_, (key, _))| key.clone()), limits), keys)
}

#[tokio::test]
async fn each_operation_is_open_to_those_roles_that_have_its_right() {
    let (router, keys) = of_every_role();
    let mut refused = 0;
    for (method, path, id) in asked() {
        let right = rights::declared(&id).expect("every operation declares its right");
        if matches!(id.as_str(), "identity_token" | "oauth_token") {
            // They ask for a proof of their own.
            continue;
        }
        let (status, challenge, body) = ask(&router, &method, &path, &[], "").await;
        if right == Right::Open {
            assert!(!matches!(status, 401 | 403), "{method} {path} is open: {status}");
        } else {
            assert_eq!((status, body["error"]["code"].as_str()), (401, Some("token_missing")), "{method} {path}");
            assert_eq!(challenge.as_deref(), Some("Bearer"), "{method} {path}");
        }
        for (role, (_, token)) in &keys {
            let (status, challenge, body) = ask(&router, &method, &path, &[("authorization", &format!("Bearer {token}"))], "").await;
            if role.has(right) {
                assert!(!matches!(status, 401 | 403), "{method} {path} as {role}: {status} {body}");
            } else {
                refused += 1;
                assert_eq!((status, body["error"]["code"].as_str()), (403, Some("right_missing")), "{method} {path} as {role}");
                assert_eq!(challenge, None);
                let message = body["error"]["message"].as_str().unwrap_or_default();
                assert_eq!(message.rsplit_once("found ").map(|(_, found)| found), Some(format!("`{role}`").as_str()));
            }
        }
    }
    assert!(refused > 50, "{refused}");
}

#[tokio::test]
async fn each_operation_of_the_dialects_is_open_to_those_roles_that_have_its_right() {
    let (router, keys) = of_every_role();
    let (mut opened, mut refused) = (0, 0);
    for (method, path, operation, right) in dialects::operations() {
        assert!(!matches!(right, Right::Open | Right::Known), "{operation}: what a dialect shows needs a role");
        let (status, _, body) = ask(&router, method, &path, &[], "").await;
        assert_eq!(status, 401, "{method} {path}: {body}");
        for (role, (_, token)) in &keys {
            let (status, _, body) = ask(&router, method, &path, &[("authorization", &format!("Bearer {token}"))], "{}").await;
            if role.has(right) {
                opened += 1;
                assert!(!matches!(status, 401 | 403 | 404 | 405), "{method} {path} ({operation}) as {role}: {status} {body}");
            } else {
                refused += 1;
                assert_eq!(status, 403, "{method} {path} ({operation}) as {role}: {body}");
            }
        }
    }
    assert!(opened > 400 && refused > 200, "{opened} {refused}");
}

#[tokio::test]
async fn roles_do_what_their_names_say() {
    let operations = asked();
    let allowed = |role: Role, id: &str| {
        assert!(operations.iter().any(|(_, _, known)| known == id), "{id}");
        role.has(rights::declared(id).expect("a right"))
    };
    let table = [
        ("search", "reader responder contributor admin"),
        ("query", "reader responder contributor admin"),
        ("alert_raw", "reader responder contributor admin"),
        ("update_incident", "responder contributor admin"),
        ("merge_incident", "responder contributor admin"),
        ("add_comment", "responder contributor admin"),
        ("correlate", "contributor admin"),
        ("merge_entities", "contributor admin"),
        ("ingest", "contributor admin ingest"),
        ("export", "admin"),
        ("import", "admin"),
        ("rebuild", "admin"),
        ("keys", "admin"),
        ("create_key", "admin"),
        ("whoami", "reader responder contributor admin ingest"),
        ("health", "reader responder contributor admin ingest"),
    ];
    for (id, expected) in table {
        let roles: Vec<&str> = Role::ALL.into_iter().filter(|role| allowed(*role, id)).map(Role::as_str).collect();
        assert_eq!(roles.join(" "), expected, "{id}");
    }
}

#[tokio::test]
async fn without_a_key_everybody_is_the_owner_and_with_one_nobody_unknown() {
    let open = server([], Limits::default());
    assert_eq!(with_token(&open, "/v1/whoami", "anything").await, (200, String::new()));
    let (status, _, body) = ask(&open, "GET", "/v1/whoami", &[("x-clew-user", "ben")], "").await;
    assert_eq!((status, body["name"].as_str(), body["kind"].as_str()), (200, Some("ben"), Some("local")));
    // From another machine, anybody could give any name.
    for (peer, name) in [("127.0.0.1:1", "ben"), ("[::ffff:127.0.0.1]:1", "ben"), ("10.0.0.9:1", "local")] {
        let peer = super::auth::Peer(Some(peer.parse().expect("an address")));
        let request = Request::get("/v1/whoami")
            .header("host", "localhost")
            .header("x-clew-user", "ben")
            .extension(peer)
            .body(Body::empty())
            .expect("a request");
        let response = open.clone().oneshot(request).await.expect("the router is infallible");
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
        assert_eq!(serde_json::from_slice::<Value>(&bytes).expect("JSON")["name"], name, "{peer:?}");
    }

    let (reader, token) = key("siem", Role::Reader, KeyKind::Key, None, 7);
    let closed = server([reader.clone()], Limits::default());
    let cases = [
        (token.clone(), 200, ""),
        ("clewrun_0".to_owned(), 200, ""),
        ("clewrun_1".to_owned(), 401, "token_invalid"),
        ("anything".to_owned(), 401, "token_invalid"),
        (format!("{token}A"), 401, "token_invalid"),
        (String::new(), 401, "token_invalid"),
    ];
    for (token, status, code) in cases {
        assert_eq!(with_token(&closed, "/v1/whoami", &token).await, (status, code.to_owned()), "{token}");
    }
    // Who is known by a key has its name, whatever the request says.
    let headers = [("authorization", format!("Bearer {token}")), ("x-clew-user", "ben".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(ask(&closed, "GET", "/v1/whoami", &headers, "").await.2["name"], "siem");
    // What is not there is not there for the known only; neither is a method.
    assert_eq!(ask(&closed, "GET", "/v1/nothing", &[], "").await.0, 401);
    assert_eq!(with_token(&closed, "/v1/nothing", &token).await, (404, "route_unknown".to_owned()));
    assert_eq!(ask(&closed, "DELETE", "/v1/search", &[], "").await.0, 401);

    // A directory that ever had a key stays closed.
    let revoked = Key { revoked: Some(Time::from_micros(1)), ..reader };
    let closed = server([revoked], Limits::default());
    assert_eq!(with_token(&closed, "/v1/whoami", &token).await, (401, "token_invalid".to_owned()));
    assert_eq!(ask(&closed, "GET", "/v1/whoami", &[], "").await.0, 401);
}

#[tokio::test]
async fn tokens_are_issued_to_who_proves_a_key_or_knows_the_secret() {
    let (responder, token) = key("soar", Role::Responder, KeyKind::Principal, None, 3);
    let (old, old_token) = key("old", Role::Admin, KeyKind::Key, Some(Time::from_micros(5)), 4);
    let id = responder.id.clone();
    let router = server([responder, old], Limits { refusals_burst_max: 1e9, ..Limits::default() });
    assert_eq!(
        with_token(&router, "/v1/whoami", &token).await,
        (401, "token_invalid".to_owned()),
        "a principal's secret opens nothing itself"
    );

    let msi = async |header: &str| {
        ask(&router, "GET", "/msi/token?api-version=2019-08-01&resource=https://x/y", &[("x-identity-header", header)], "").await
    };
    let (status, _, body) = msi(&token).await;
    let members: Vec<&str> = body.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!((status, members), (200, vec!["access_token", "expires_on", "resource", "token_type"]));
    assert_eq!((body["resource"].as_str(), body["token_type"].as_str()), (Some("https://x/y"), Some("Bearer")));
    let expires: i64 = body["expires_on"].as_str().and_then(|text| text.parse().ok()).expect("seconds");
    let left = expires - Time::now().micros() / 1_000_000;
    assert!((3_500..=3_600).contains(&left), "{left}");
    let issued = body["access_token"].as_str().expect("a token");
    let (_, _, who) = ask(&router, "GET", "/v1/whoami", &[("authorization", &format!("Bearer {issued}"))], "").await;
    assert_eq!((who["name"].as_str(), who["roles"][0].as_str()), (Some("soar"), Some("responder")));

    let (_, _, body) = msi(&secret().identity_header()).await;
    let issued = body["access_token"].as_str().expect("a token");
    let (_, _, who) = ask(&router, "GET", "/v1/whoami", &[("authorization", &format!("Bearer {issued}"))], "").await;
    assert_eq!((who["kind"].as_str(), who["roles"][0].as_str()), (Some("local"), Some("admin")));

    for (header, code) in [("wrong", "token_invalid"), (old_token.as_str(), "token_expired"), ("clewrun_0", "token_invalid")] {
        let (status, _, body) = msi(header).await;
        assert_eq!((status, body["error"]["code"].as_str()), (401, Some(code)), "{header}");
    }
    assert_eq!(ask(&router, "GET", "/msi/token", &[], "").await.0, 401);

    let oauth = async |form: &str| ask(&router, "POST", "/tenant/oauth2/v2.0/token", &[], form).await;
    let (status, _, body) = oauth(&format!("grant_type=client_credentials&client_id={id}&client_secret={token}&scope=x")).await;
    let members: Vec<&str> = body.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!((status, members), (200, vec!["token_type", "expires_in", "ext_expires_in", "access_token"]));
    assert_eq!(with_token(&router, "/v1/whoami", body["access_token"].as_str().expect("a token")).await.0, 200);
    let cases = [
        (format!("grant_type=client_credentials&client_id={id}&client_secret=wrong"), 401, "invalid_client"),
        ("grant_type=client_credentials".to_owned(), 401, "invalid_client"),
        (format!("grant_type=password&client_id={id}&client_secret={token}"), 400, "unsupported_grant_type"),
        ("grant_type=client_credentials&client_id=a&client_id=b".to_owned(), 400, "invalid_request"),
    ];
    for (form, status, error) in cases {
        let (found, _, body) = oauth(&form).await;
        assert_eq!((found, body["error"].as_str()), (status, Some(error)), "{form}");
    }
}

#[tokio::test]
async fn a_token_of_the_open_time_ends_with_it() {
    let anybody = secret().issue(crate::access::Subject::Anybody, Time::now().plus(60_000_000));
    let past = secret().issue(crate::access::Subject::Owner, Time::now().plus(-1));
    let (admin, _) = key("a", Role::Admin, KeyKind::Key, None, 1);
    assert_eq!(with_token(&server([], Limits::default()), "/v1/whoami", &anybody).await.0, 200);
    let closed = server([admin], Limits::default());
    assert_eq!(with_token(&closed, "/v1/whoami", &anybody).await, (401, "token_invalid".to_owned()));
    assert_eq!(with_token(&closed, "/v1/whoami", &past).await, (401, "token_expired".to_owned()));
}

#[tokio::test]
async fn clients_find_the_token_endpoints() {
    let router = server([key("a", Role::Admin, KeyKind::Key, None, 1).0], Limits::default());
    let get = async |path: &str| ask(&router, "GET", path, &[("host", "localhost:8443")], "").await.2;
    let found = get("/contoso/v2.0/.well-known/openid-configuration").await;
    assert_eq!(found["token_endpoint"], "http://localhost:8443/contoso/oauth2/v2.0/token");
    let cloud = get("/metadata/endpoints?api-version=latest").await;
    assert_eq!(cloud["resourceManager"], "http://localhost:8443");
    assert_eq!(cloud["authentication"]["loginEndpoint"], "http://localhost:8443");
    assert_eq!(cloud["microsoftGraphResourceId"], "http://localhost:8443/");
    assert_eq!(cloud["suffixes"], serde_json::json!({}));
    let kusto = get("/v1/rest/auth/metadata").await;
    assert_eq!(kusto["AzureAD"]["LoginEndpoint"], "http://localhost:8443");
    assert_eq!(kusto["AzureAD"]["LoginMfaRequired"], false);
}

#[tokio::test]
async fn a_key_has_its_rate() {
    let (one, first) = key("one", Role::Reader, KeyKind::Key, None, 1);
    let (two, second) = key("two", Role::Reader, KeyKind::Key, None, 2);
    let limits = Limits { requests_per_second_max: 0.001, requests_burst_max: 2.0, ..Limits::default() };
    let router = server([one, two], limits);
    for _ in 0..2 {
        assert_eq!(with_token(&router, "/v1/whoami", &first).await.0, 200);
    }
    assert_eq!(with_token(&router, "/v1/whoami", &first).await, (429, "rate_limited".to_owned()));
    assert_eq!(with_token(&router, "/v1/whoami", &second).await.0, 200, "another key has a rate of its own");
    assert_eq!(with_token(&router, "/v1/whoami", "clewrun_0").await.0, 200, "the owner has none");
    let request = Request::builder().method(Method::GET).uri("/v1/whoami").header("authorization", format!("Bearer {first}"));
    let response = router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("the router is infallible");
    let wait: u64 = response.headers()["retry-after"].to_str().ok().and_then(|text| text.parse().ok()).expect("seconds");
    assert!((900..=1_000).contains(&wait), "{wait}");
}

#[tokio::test]
async fn an_address_that_guesses_is_slowed_down() {
    let limits = Limits { refusals_per_second_max: 0.001, refusals_burst_max: 2.0, ..Limits::default() };
    let (reader, token) = key("one", Role::Reader, KeyKind::Key, None, 1);
    let router = server([reader], limits);
    let from = async |peer: &str, token: &str| {
        let mut request = Request::builder()
            .uri("/v1/whoami")
            .header("host", "localhost")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .expect("a request");
        request.extensions_mut().insert(auth::Peer(Some(peer.parse().expect("an address"))));
        router.clone().oneshot(request).await.expect("the router is infallible").status().as_u16()
    };
    let (guesser, other) = ("10.0.0.1:1", "10.0.0.2:1");
    assert_eq!([from(guesser, "a").await, from(guesser, "b").await, from(guesser, "c").await], [401, 401, 429]);
    assert_eq!(from(other, "a").await, 401);
    assert_eq!(from(guesser, &token).await, 200, "a good token is not refused for what others of the address did");
}

//! Keys, TLS and tokens over a real server: the command line makes them, clients and the command line use them.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::{Value, json};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::support::Server;

fn clew(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clew"));
    command.args(arguments).arg("--data").arg(data).env("RUST_LOG", "error").env("CLEW_USER", "ana");
    command.output().expect("the binary runs")
}

fn out(data: &Path, arguments: &[&str]) -> String {
    let output = clew(data, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json_of(data: &Path, arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    serde_json::from_str(&out(data, &arguments)).expect("JSON")
}

/// A client that trusts the authority of `data`, or only the usual ones.
fn client(data: Option<&Path>) -> ureq::Agent {
    let mut config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None);
    if let Some(data) = data {
        let authority = std::fs::read(data.join("tls/ca.pem")).expect("the authority's certificate");
        let roots = vec![Certificate::from_pem(&authority).expect("a certificate")];
        config = config.tls_config(TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(roots))).build());
    }
    config.build().new_agent()
}

struct Client {
    agent: ureq::Agent,
    base: String,
}

impl Client {
    fn get(&self, path: &str, headers: &[(&str, &str)]) -> (u16, Option<String>, Value) {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.call().expect("the server answers");
        let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().expect("ASCII").to_owned());
        let status = response.status().as_u16();
        let body = response.body_mut().read_to_string().expect("a body");
        (status, challenge, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    fn with(&self, token: &str, path: &str) -> (u16, Value) {
        let (status, _, body) = self.get(path, &[("authorization", &format!("Bearer {token}"))]);
        (status, body)
    }
}

#[test]
fn clients_come_in_over_tls_with_keys_and_issued_tokens() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let made = json_of(data, &["tls", "init"]);
    let authority = std::path::absolute(data.join("tls/ca.pem")).expect("a path").display().to_string();
    assert_eq!(made["environment"]["REQUESTS_CA_BUNDLE"], json!(authority));
    let script = out(data, &["tls", "init"]);
    assert!(script.lines().any(|line| line == format!("export NODE_EXTRA_CA_CERTS={authority}")), "{script}");
    assert!(script.lines().any(|line| line == "export IDENTITY_ENDPOINT=https://localhost:8080/msi/token"), "{script}");
    let admin = out(data, &["key", "create", "--role", "admin"]).trim().to_owned();
    assert!(admin.starts_with("clew_") && !admin.contains(char::is_whitespace), "the token stands alone");

    let server = Server::start_with(data, &["--tls"]);
    let port = server.address.rsplit_once(':').expect("a port").1.to_owned();
    let here = Client { agent: client(Some(data)), base: format!("https://{}", server.address) };
    let named = Client { agent: client(Some(data)), base: format!("https://localhost:{port}") };
    assert!(client(None).get(format!("https://localhost:{port}/v1/health")).call().is_err(), "nobody trusts it by itself");
    for client in [&here, &named] {
        assert_eq!(client.get("/v1/health", &[]).0, 200);
        let (status, challenge, body) = client.get("/v1/incidents", &[]);
        assert_eq!((status, challenge.as_deref(), body["error"]["code"].as_str()), (401, Some("Bearer"), Some("token_missing")));
        assert_eq!(client.with(&admin, "/v1/incidents").0, 200);
        assert_eq!(client.with("wrong", "/v1/incidents").0, 401);
    }

    // Tokens as DefaultAzureCredential asks for them.
    let header = made["environment"]["IDENTITY_HEADER"].as_str().expect("a secret");
    for header in [header, admin.as_str()] {
        let (status, _, token) = named.get("/msi/token?api-version=2019-08-01&resource=x", &[("x-identity-header", header)]);
        assert_eq!(status, 200, "{token}");
        assert_eq!(named.with(token["access_token"].as_str().expect("a token"), "/v1/stats").0, 200);
    }

    // The command line finds its way through TLS and sign-in, and says who it is.
    let who = json_of(data, &["key", "create", "--role", "responder", "--name", "soar", "--expires", "90d"]);
    assert_eq!((who["key"]["created_by"].as_str(), who["key"]["state"].as_str()), (Some("ana"), Some("active")));
    let responder = who["secret"].as_str().expect("a token");
    assert_eq!(named.with(responder, "/v1/keys").0, 403);
    assert_eq!(named.with(responder, "/v1/whoami").1["name"], "soar");
    assert_eq!(json_of(data, &["incidents"])["total"], 0);

    // A principal's id and secret buy a token.
    let principal = json_of(data, &["key", "create", "--role", "reader", "--principal"]);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", principal["key"]["id"].as_str().expect("an id")),
        ("client_secret", principal["secret"].as_str().expect("a secret")),
    ];
    let mut answer = named.agent.post(format!("{}/any/oauth2/v2.0/token", named.base)).send_form(form).expect("the server answers");
    let token: Value = serde_json::from_str(&answer.body_mut().read_to_string().expect("a body")).expect("JSON");
    assert_eq!(named.with(token["access_token"].as_str().expect("a token"), "/v1/stats").0, 200);

    // What is revoked opens nothing from then on, nor does what it bought.
    for key in [&principal, &who] {
        out(data, &["key", "revoke", key["key"]["id"].as_str().expect("an id")]);
    }
    assert_eq!(named.with(responder, "/v1/whoami").1["error"]["code"], "token_invalid");
    assert_eq!(named.with(token["access_token"].as_str().expect("a token"), "/v1/stats").0, 401);
    let listed = json_of(data, &["key", "list"]);
    let states: Vec<(&str, &str)> = listed
        .as_array()
        .expect("keys")
        .iter()
        .map(|key| (key["name"].as_str().expect("a name"), key["state"].as_str().expect("a state")))
        .collect();
    assert_eq!(states, [("admin", "active"), ("soar", "revoked"), ("reader", "revoked")]);

    // Nothing that is kept holds a secret, and keys outlive the server.
    server.kill();
    for file in ["server.json", "access.secret", "tls/ca.key", "tls/server.key"] {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(data.join(file)).expect("the file is there").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{file}");
        }
    }
    let secret = &admin["clew_".len() + 33..];
    let export = out(data, &["export"]);
    assert!(secret.len() == 43 && export.contains("clew-resource") && !export.contains(secret));
    let server = Server::start_with(data, &["--tls"]);
    let again = Client { agent: client(Some(data)), base: format!("https://{}", server.address) };
    assert_eq!(again.with(&admin, "/v1/stats").0, 200);
    assert_eq!(again.with(responder, "/v1/stats").0, 401);
    server.kill();
    assert_eq!(json_of(data, &["audit", "verify"])["whole"], true);
}

#[test]
fn beyond_this_machine_only_over_tls_and_with_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    for arguments in [&["serve", "--listen", "0.0.0.0:0"][..], &["serve", "--tls", "--listen", "0.0.0.0:0"]] {
        let output = clew(data, arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("error[listen_refused]"), "{arguments:?}: {said}");
    }
    let token = out(data, &["key", "create", "--role", "reader"]);
    let server = Server::start_with(data, &["--tls", "--listen", "0.0.0.0:0"]);
    let client = Client { agent: client(Some(data)), base: format!("https://{}", server.address) };
    assert_eq!(client.get("/v1/stats", &[]).0, 401);
    assert_eq!(client.with(token.trim(), "/v1/stats").0, 200);
    let (status, _, body) = client.get("/v1/stats", &[("host", "evil.example"), ("authorization", &format!("Bearer {}", token.trim()))]);
    assert_eq!((status, body["error"]["code"].as_str()), (403, Some("host_refused")));
    server.kill();
}

#[test]
fn an_own_certificate_is_shown_to_others_and_the_local_one_to_commands() {
    let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (data, other) = (folder.path(), other.path());
    out(other, &["tls", "init"]);
    let file = |name: &str| other.join("tls").join(name).display().to_string();
    let server = Server::start_with(data, &["--tls-cert", &file("server.pem"), "--tls-key", &file("server.key")]);
    let theirs = Client { agent: client(Some(other)), base: format!("https://{}", server.address) };
    assert_eq!(theirs.get("/v1/health", &[]).0, 200);
    assert_eq!(json_of(data, &["incidents"])["total"], 0);
    server.kill();
}

#[test]
fn nothing_of_a_workspace_is_seen_from_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let alert = |id: &str, host: &str| {
        let time = "2021-04-28T14:00:00Z";
        let entities = json!([{"$id": "1", "Type": "host", "HostName": host}]).to_string();
        json!({
            "SystemAlertId": id, "AlertName": format!("seen on {host}"), "AlertSeverity": "High", "Type": "SecurityAlert",
            "TimeGenerated": time, "StartTime": time, "EndTime": time, "Entities": entities,
        })
    };
    let file = |name: &str, alert: &Value| {
        let path = data.join(name).join("SecurityAlert.jsonl");
        std::fs::create_dir_all(data.join(name)).expect("the folder is writable");
        std::fs::write(&path, format!("{alert}\n")).expect("the folder is writable");
        path.display().to_string()
    };
    let clew_data = data.join("data");
    out(&clew_data, &["workspace", "create", "Red"]);
    let missing = clew(&clew_data, &["ingest", &file("in", &alert("x", "x")), "--workspace", "green"]);
    assert!(String::from_utf8_lossy(&missing.stderr).contains("error[workspace_unknown]"), "a typo makes no workspace");
    out(&clew_data, &["ingest", &file("blue", &alert("blue-alert", "bluehost")), "--json"]);
    out(&clew_data, &["ingest", &file("red", &alert("red-alert", "redhost")), "--workspace", "red", "--json"]);
    let admin = out(&clew_data, &["key", "create", "--role", "admin"]).trim().to_owned();
    let red = out(&clew_data, &["key", "create", "--role", "admin", "--scope", "red"]).trim().to_owned();
    let blue = out(&clew_data, &["key", "create", "--role", "reader", "--scope", "default"]).trim().to_owned();

    let server = Server::start(&clew_data);
    let client = Client { agent: client(None), base: format!("http://{}", server.address) };
    let get = |token: &str, workspace: Option<&str>, path: &str| {
        let token = format!("Bearer {token}");
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend(workspace.map(|name| ("x-clew-workspace", name)));
        let (status, _, body) = client.get(path, &headers);
        (status, body)
    };
    // Each sees its own, by header, by address and by itself.
    for (token, workspace, prefix, own) in [
        (&admin, None, "", "blue"),
        (&admin, Some("RED"), "", "red"),
        (&admin, None, "/w/red", "red"),
        (&red, None, "", "red"),
        (&red, None, "/w/red", "red"),
        (&blue, None, "", "blue"),
        (&blue, Some("default"), "", "blue"),
    ] {
        let (status, body) = get(token, workspace, &format!("{prefix}/v1/alerts"));
        assert_eq!(
            (status, body["total"].as_u64(), body["value"][0]["id"].as_str()),
            (200, Some(1), Some(format!("{own}-alert").as_str())),
            "{own}"
        );
        let foreign = if own == "red" { "blue" } else { "red" };
        // No list, count, search, suggestion, graph, table, metric or error of it names what is elsewhere.
        for path in [
            format!("/v1/alerts/{foreign}-alert"),
            format!("/v1/entities/host:{foreign}host"),
            format!("/v1/search?q={foreign}host"),
            "/v1/entities".to_owned(),
            "/v1/stats".to_owned(),
            "/v1/tables".to_owned(),
            "/v1/changes".to_owned(),
            format!("/v1/neighbors?node=host:{foreign}host"),
        ] {
            let (status, body) = get(token, workspace, &format!("{prefix}{path}"));
            let text = body.to_string();
            assert!(status < 500, "{path}: {body}");
            // An error may repeat what was asked for, and nothing more.
            let echoed = path.contains(foreign);
            let words = [format!("{foreign}host"), format!("{foreign}-alert")];
            assert!(!text.contains(&format!("seen on {foreign}host")), "{own} {path}: {body}");
            assert!(echoed || words.iter().all(|word| !text.contains(word)), "{own} {path}: {body}");
            assert!(!path.contains("/alerts/") || status == 404, "{own} {path}: {body}");
        }
        let (_, found) = get(token, workspace, &format!("{prefix}/v1/search?q={foreign}host"));
        assert_eq!(found["total"].as_u64().unwrap_or(0), 0, "{found}");
    }
    // What may not be used is as unknown as what is not there, and its name stands nowhere.
    for workspace in ["default", "nothing"] {
        let (status, body) = get(&red, Some(workspace), "/v1/alerts");
        let mut error = body["error"].clone();
        error["request_id"] = json!("");
        let expected = json!({"code": "workspace_unknown", "message": format!("no workspace `{workspace}`"), "hint": "there are: red", "request_id": ""});
        assert_eq!((status, error), (404, expected));
    }
    let names = |token: &str| {
        let (_, body) = get(token, None, "/v1/workspaces");
        body["value"].as_array().expect("workspaces").iter().map(|one| one["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (names(&admin), names(&red), names(&blue)),
        (vec!["default".into(), "red".into()], vec!["red".to_owned()], vec!["default".to_owned()])
    );
    // An admin of one workspace is none of the server.
    let post = |token: &str, path: &str, body: Value| {
        let request = client.agent.post(format!("{}{path}", client.base)).header("authorization", format!("Bearer {token}"));
        let mut answer = request.content_type("application/json").send(body.to_string()).expect("the server answers");
        let status = answer.status().as_u16();
        let body: Value = serde_json::from_str(&answer.body_mut().read_to_string().expect("a body")).expect("JSON");
        (status, body)
    };
    assert_eq!(post(&red, "/v1/workspaces", json!({"name": "mine"})).1["error"]["code"], "workspace_refused");
    assert_eq!(post(&red, "/v1/keys", json!({"role": "admin"})).1["error"]["code"], "workspace_refused");
    assert_eq!(post(&red, "/v1/keys", json!({"role": "reader", "workspaces": ["red"]})).0, 200);
    let listed = |token: &str| get(token, None, "/v1/keys").1["value"].as_array().map(Vec::len);
    assert_eq!((listed(&red), listed(&admin)), (Some(2), Some(4)));
    assert_eq!(get(&red, None, "/metrics").0, 403);
    assert_eq!(post(&red, "/v1/ingest?format=clew-resource", json!({"kind": "key"})).0, 403);

    // Reads of what is sensitive are logged, each for its own workspace.
    assert_eq!(get(&red, None, "/v1/alerts/red-alert/raw").0, 200);
    assert_eq!(get(&admin, None, "/v1/alerts/blue-alert/raw").0, 200);
    let reads = get(&red, None, "/v1/audit/reads").1;
    let paths: Vec<&str> = reads["value"].as_array().expect("reads").iter().map(|read| read["path"].as_str().expect("a path")).collect();
    assert!(paths.contains(&"/v1/alerts/red-alert/raw") && !paths.iter().any(|path| path.contains("blue")), "{paths:?}");
    let reads = get(&admin, None, "/v1/audit/reads").1;
    assert_eq!(reads["whole"], true);
    assert_eq!((reads["value"][1]["path"].as_str(), reads["value"][1]["workspace"].as_str()), (Some("/v1/audit/reads"), Some("red")));

    // The command line means the same, with and without the server.
    let ids = || json_of(&clew_data, &["alerts", "--workspace", "red"])["value"][0]["id"].as_str().map(str::to_owned);
    assert_eq!(ids().as_deref(), Some("red-alert"));
    server.kill();
    assert_eq!(ids().as_deref(), Some("red-alert"));
}

//! People sign in from the page with an identity provider: a small one inside the test signs its own tokens and is as strict as a real one.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use url::Url;

use crate::support::Server;

const CLIENT: &str = "clew page";
const SECRET: &str = "s3cret/+&";

/// What the provider knows of a code that it gave to a browser.
struct Grant {
    challenge: String,
    redirect: String,
    nonce: String,
    groups: Value,
}

/// A provider that listens.
struct Issuer {
    address: String,
    grants: Arc<Mutex<HashMap<String, Grant>>>,
}

struct Signer {
    key: EncodingKey,
    keys: Value,
    issuer: String,
    grants: Arc<Mutex<HashMap<String, Grant>>>,
}

impl Issuer {
    fn start() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).expect("a key");
        let point = pair.public_key().as_ref();
        let coded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let keys = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "x": coded(&point[1..33]), "y": coded(&point[33..])}]});
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let grants = Arc::new(Mutex::new(HashMap::new()));
        let key = EncodingKey::from_ec_der(pkcs8.as_ref());
        let signer = Signer { key, keys, issuer: address.clone(), grants: Arc::clone(&grants) };
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| signer.serve(stream)));
        Self { address, grants }
    }

    /// Gives a code for what the browser was sent with, and the address that the browser then goes to.
    fn consent(&self, place: &Url, code: &str, nonce: Option<&str>, groups: Value) -> Url {
        let query: HashMap<String, String> = place.query_pairs().into_owned().collect();
        let expected =
            [("response_type", "code"), ("client_id", CLIENT), ("scope", "openid profile email"), ("code_challenge_method", "S256")];
        for (name, value) in expected {
            assert_eq!(query[name], value, "{place}");
        }
        let mut back = Url::parse(&query["redirect_uri"]).expect("an address");
        let grant = Grant {
            challenge: query["code_challenge"].clone(),
            redirect: query["redirect_uri"].clone(),
            nonce: nonce.map_or_else(|| query["nonce"].clone(), str::to_owned),
            groups,
        };
        self.grants.lock().expect("nobody panicked").insert(code.to_owned(), grant);
        back.query_pairs_mut().append_pair("code", code).append_pair("state", &query["state"]).append_pair("session_state", "x");
        back
    }
}

impl Signer {
    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) <= 2 {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let header = |name: &str| {
            let found = lines.iter().skip(1).filter_map(|line| line.split_once(": ")).find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_owned())
        };
        let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().expect("a number"))];
        reader.read_exact(&mut body).expect("the body comes");
        let target = lines.first().map(String::as_str).unwrap_or_default();
        let (status, answer) = match target.split(' ').take(2).collect::<Vec<_>>()[..] {
            ["GET", "/.well-known/openid-configuration"] => (200, self.description()),
            ["GET", "/keys"] => (200, self.keys.clone()),
            ["POST", "/token"] => self.token(header("authorization"), &body),
            _ => (404, json!({})),
        };
        let text = answer.to_string();
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", text.len());
        let _ = reader.into_inner().write_all((head + &text).as_bytes());
    }

    fn description(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/authorize?realm=soc"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/keys"),
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        })
    }

    /// A token for a code: once, for who can prove that it began the sign-in.
    fn token(&self, authorization: Option<String>, body: &[u8]) -> (u16, Value) {
        let form: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
        let coded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", coded(CLIENT), coded(SECRET))));
        let refused = |error: &str| (400, json!({"error": error, "error_description": "no <b>token</b> for you"}));
        if authorization.as_deref() != Some(basic.as_str()) {
            return (401, json!({"error": "invalid_client"}));
        }
        let Some(grant) = self.grants.lock().expect("nobody panicked").remove(&form["code"]) else { return refused("invalid_grant") };
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, form["code_verifier"].as_bytes()));
        if form["grant_type"] != "authorization_code" || form["redirect_uri"] != grant.redirect || challenge != grant.challenge {
            return refused("invalid_grant");
        }
        let expires = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time after 1970").as_secs() + 600;
        let claims = json!({
            "iss": self.issuer, "aud": CLIENT, "sub": "42", "exp": expires, "nonce": grant.nonce,
            "preferred_username": "ana@soc.example", "groups": grant.groups,
        });
        let header = Header { kid: Some("k1".into()), ..Header::new(Algorithm::ES256) };
        let token = jsonwebtoken::encode(&header, &claims, &self.key).expect("a token");
        (200, json!({"token_type": "Bearer", "access_token": "opaque", "id_token": token}))
    }
}

fn clew(data: &Path, arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_clew")).args(arguments).arg("--data").arg(data).env("RUST_LOG", "error").output();
    let output = output.expect("the binary runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A browser: it keeps cookies by name, and follows nothing by itself.
struct Browser {
    agent: ureq::Agent,
    base: String,
    cookies: HashMap<String, String>,
}

/// What a browser sees of an answer.
struct Seen {
    status: u16,
    location: String,
    cookies: Vec<String>,
    body: Value,
}

impl Browser {
    fn ask(&mut self, method: &str, place: &str, origin: Option<&str>) -> Seen {
        let place = if place.starts_with('/') { format!("{}{place}", self.base) } else { place.to_owned() };
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = ureq::http::Request::builder().method(method).uri(place).header("cookie", cookies.join("; "));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let body = if method == "GET" { "" } else { r#"{"title": "by hand", "severity": "high"}"# };
        let request = request.header("content-type", "application/json").body(body).expect("a request");
        let mut answer = self.agent.run(request).expect("the server answers");
        let text = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().expect("ASCII")).to_owned();
        let location = text("location");
        let set = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().expect("ASCII").to_owned());
        let cookies: Vec<String> = set.collect();
        for (name, value) in cookies.iter().filter_map(|cookie| cookie.split(';').next()?.split_once('=')) {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let body = answer.body_mut().read_to_string().expect("a body");
        Seen { status: answer.status().as_u16(), location, cookies, body: serde_json::from_str(&body).unwrap_or_default() }
    }

    fn get(&mut self, place: &str) -> Seen {
        self.ask("GET", place, None)
    }

    /// Goes to the provider; gives where the server sent it.
    fn begin(&mut self) -> Url {
        let seen = self.get("/v1/sign-in/oidc?return=/incidents/7%3Ftab%3Dgraph");
        assert_eq!(seen.status, 303);
        Url::parse(&seen.location).expect("an address elsewhere")
    }
}

const PERSON: [&str; 2] = ["SOC", "Everybody"];

#[test]
fn people_sign_in_with_their_provider_and_out_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let issuer = Issuer::start();
    std::fs::write(data.join("client.secret"), format!("{SECRET}\n")).expect("the folder is writable");
    let settings = format!(
        "[oidc]\nissuer = \"{}\"\nname = \"Example Login\"\nclient_id = \"{CLIENT}\"\nclient_secret_file = \"client.secret\"\n\
         role_claim = \"groups\"\n[oidc.roles]\nSOC = \"responder\"\n",
        issuer.address
    );
    std::fs::write(data.join("access.toml"), &settings).expect("the folder is writable");
    clew(data, &["tls", "init"]);
    let server = Server::start_with(data, &["--tls"]);
    let authority = std::fs::read(data.join("tls/ca.pem")).expect("the authority's certificate");
    let roots = vec![Certificate::from_pem(&authority).expect("a certificate")];
    let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).max_redirects(0).max_redirects_will_error(false);
    let config = config.tls_config(TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(roots))).build());
    let base = format!("https://{}", server.address);
    let mut browser = Browser { agent: config.build().new_agent(), base: base.clone(), cookies: HashMap::new() };

    let ways = browser.get("/v1/sign-in").body;
    let expected = json!({"required": true, "session": false, "ways": [
        {"way": "key", "name": "Key"}, {"way": "oidc", "name": "Example Login", "address": "/v1/sign-in/oidc"},
    ]});
    assert_eq!(ways, expected);
    assert_eq!(browser.get("/v1/incidents").status, 401);
    // Nobody is called outside until an administrator allows it.
    let refused = browser.get("/v1/sign-in/oidc?return=/incidents/7");
    assert_eq!((refused.status, refused.location.as_str()), (303, "/incidents/7?sign_in=sign_in_unavailable"));
    clew(data, &["egress", "set", "--private", "127.0.0.1"]);

    let place = browser.begin();
    assert!(place.as_str().starts_with(&format!("{}/authorize?realm=soc&", issuer.address)), "{place}");
    let back = issuer.consent(&place, "c1", None, json!(PERSON));
    assert!(back.as_str().starts_with(&format!("{base}/v1/sign-in/oidc/callback?")), "{back}");

    // Somebody else who is led there with the code gets nothing, and the code stays good.
    let mut other = Browser { agent: browser.agent.clone(), base: base.clone(), cookies: HashMap::new() };
    assert_eq!(other.get(back.as_str()).location, "/?sign_in=sign_in_stale");
    let seen = browser.get(back.as_str());
    assert_eq!((seen.status, seen.location.as_str()), (303, "/incidents/7?tab=graph"));
    let session = seen.cookies.iter().find(|cookie| cookie.starts_with("__Host-clew-session=clews_")).expect("a session");
    assert!(session.ends_with("; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict; Secure"), "{session}");
    let begun = seen.cookies.iter().find(|cookie| cookie.starts_with("__Host-clew-sign-in=;")).expect("what began is over");
    assert!(begun.ends_with("; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"), "{begun}");

    let who = browser.get("/v1/whoami").body;
    assert_eq!((&who["name"], &who["kind"], &who["roles"]), (&json!("ana@soc.example"), &json!("person"), &json!(["responder"])));
    assert_eq!(browser.get("/v1/sign-in").body["session"], true);
    // Changes come from the server's own pages.
    let cases = [(None, 403), (Some("https://evil.example"), 403), (Some("null"), 403), (Some(base.as_str()), 200)];
    for (origin, status) in cases {
        let seen = browser.ask("POST", "/v1/incidents", origin);
        assert_eq!(seen.status, status, "{origin:?}: {}", seen.body);
    }
    assert_eq!(browser.ask("POST", "/v1/keys", Some(&base)).status, 403, "the role has its bounds");

    // Roles are those of the settings as they are now, not as they were when the session began.
    let write = |text: String| std::fs::write(data.join("access.toml"), text).expect("the folder is writable");
    let may = |browser: &mut Browser| {
        let roles = browser.get("/v1/whoami").body["roles"].clone();
        (roles, browser.get("/v1/incidents").status, browser.ask("POST", "/v1/incidents", Some(&base)).status)
    };
    write(settings.replace("\"responder\"", "\"reader\""));
    assert_eq!(may(&mut browser), (json!(["reader"]), 200, 403));
    write(settings.replace("SOC =", "Elsewhere ="));
    assert_eq!(may(&mut browser), (Value::Null, 403, 403));
    write("[oidc".to_owned());
    assert_eq!(may(&mut browser), (Value::Null, 403, 403), "what cannot be read gives nobody anything back");
    write(String::new());
    assert_eq!(may(&mut browser), (Value::Null, 403, 403), "nobody has a role where no provider is named, and the server stays closed");
    write(settings.clone());
    assert_eq!(may(&mut browser), (json!(["responder"]), 200, 200));

    // The code is used up; a token of another sign-in, and somebody without a role, begin nothing.
    let mut second = Browser { agent: browser.agent.clone(), base: base.clone(), cookies: HashMap::new() };
    let failures = [
        ("c2", Some("another"), json!(PERSON), "sign_in_refused"),
        ("c3", None, json!(["Everybody"]), "sign_in_no_role"),
        ("c4", None, json!([]), "sign_in_no_role"),
    ];
    for (code, nonce, groups, why) in failures {
        let place = second.begin();
        let back = issuer.consent(&place, code, nonce, groups);
        assert_eq!(second.get(back.as_str()).location, format!("/incidents/7?tab=graph&sign_in={why}"), "{code}");
    }
    let place = second.begin();
    let mut back = issuer.consent(&place, "c5", None, json!(PERSON));
    issuer.grants.lock().expect("nobody panicked").clear();
    assert!(second.get(back.as_str()).location.ends_with("sign_in=sign_in_refused"), "the provider knows no such code");
    second.begin();
    assert!(second.get(back.as_str()).location.ends_with("sign_in=sign_in_stale"), "the state is that of the sign-in before");
    let place = second.begin();
    let state = place.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
    back.query_pairs_mut().clear().append_pair("error", "access_denied").append_pair("state", &state);
    assert!(second.get(back.as_str()).location.ends_with("sign_in=sign_in_refused"));
    assert_eq!(second.get("/v1/whoami").status, 401);

    let stolen = browser.cookies.clone();
    let out = browser.ask("POST", "/v1/sign-out", Some(&base));
    assert_eq!((out.status, &out.body), (200, &json!({"ended": true})));
    assert!(out.cookies[0].starts_with("__Host-clew-session=; Path=/; Max-Age=0;"), "{:?}", out.cookies);
    assert_eq!(browser.get("/v1/whoami").status, 401);
    browser.cookies = stolen;
    let seen = browser.get("/v1/whoami");
    assert_eq!((seen.status, &seen.body["error"]["code"]), (401, &json!("token_expired")), "the session is over, not only forgotten");
    server.kill();
}

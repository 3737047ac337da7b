//! People who sign in from the page: which ways there are, the way to the identity provider and back (authorization code with PKCE,
//! state and nonce), the session that begins there and ends with `/v1/sign-out`.
//!
//! What a browser began is known by a cookie of its own, so that nobody is signed in by somebody else's code. The session is a cookie
//! that scripts do not see and other sites do not send; `auth` takes it where no token is sent.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use utoipa::openapi::ResponseBuilder;
use utoipa::openapi::path::HttpMethod;
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::{Caller, Peer, cookie};
use super::error::ApiError;
use super::people::{Code, People};
use super::routes::{About, NoParams, Routes, json};
use crate::access::{self, SignIn};
use crate::engine::Outside;
use crate::model::{Fault, FaultClass, Time};

/// How long a person may take with the provider, in seconds.
const SIGN_IN_SECONDS: i64 = 900;
/// Longest place to go on at, in bytes.
const BACK_BYTES_MAX: usize = 2_048;
const CALLBACK: &str = "/v1/sign-in/oidc/callback";

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "system", summary };
    let operation =
        routes.operation::<NoParams, SignInWays>("/v1/sign-in", about("sign_in_ways", "Says in which ways people sign in from the page"));
    routes.add("/v1/sign-in", HttpMethod::Get, operation, get(ways));

    let elsewhere = || ResponseBuilder::new().description("The browser goes on elsewhere").build();
    let path = "/v1/sign-in/oidc";
    let summary = "Sends the browser to the identity provider";
    let mut operation = routes.operation_of_type::<BeginRequest>(path, about("sign_in_oidc", summary), "text/plain");
    operation.responses.responses.insert("303".to_owned(), elsewhere().into());
    routes.add(path, HttpMethod::Get, operation, get(begin));

    let summary = "Takes what the identity provider sends back with the browser, and begins a session";
    let mut operation = routes.operation_of_type::<CallbackRequest>(CALLBACK, about("sign_in_callback", summary), "text/plain");
    operation.responses.responses.insert("303".to_owned(), elsewhere().into());
    routes.add(CALLBACK, HttpMethod::Get, operation, get(callback));

    let operation = routes.operation::<NoParams, SignedOut>("/v1/sign-out", about("sign_out", "Ends the session of the browser"));
    routes.add("/v1/sign-out", HttpMethod::Post, operation, post(sign_out));
}

/// How people come in from the page.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct SignInWays {
    /// Whether everybody has to sign in.
    required: bool,
    /// Whether the browser that asks has a session.
    session: bool,
    /// The ways.
    ways: Vec<SignInWay>,
}

/// One way in.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct SignInWay {
    /// `key`: a key is typed in; `oidc`: the browser goes to the address and comes back.
    way: &'static str,
    /// What people call it.
    name: String,
    /// Where the browser goes; none for a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'static str>,
}

/// The end of a session.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct SignedOut {
    /// Whether there was one.
    ended: bool,
}

/// What the page says when somebody goes to the provider.
#[derive(Clone, Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct BeginRequest {
    /// Path of this server where the person goes on afterwards.
    #[param(rename = "return")]
    #[allow(dead_code, reason = "describes the parameter; `parameter` reads it")]
    back: Option<String>,
}

/// What the provider sends back with the browser.
#[derive(Clone, Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
struct CallbackRequest {
    /// What tells the sign-in from others.
    state: Option<String>,
    /// What becomes a token.
    code: Option<String>,
    /// Why there is no code.
    error: Option<String>,
    /// The same, for people.
    error_description: Option<String>,
}

impl CallbackRequest {
    /// Reads what is known; providers add parameters of their own.
    fn read(query: &str) -> Self {
        let take = |name| parameter(query, name);
        Self { state: take("state"), code: take("code"), error: take("error"), error_description: take("error_description") }
    }
}

fn parameter(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// The people of a server whose provider lets them sign in from the page.
fn people(app: &App) -> Option<&Arc<People>> {
    let people = app.gate.served()?.people.as_ref()?;
    people.provider().client_id.as_ref().map(|_| people)
}

async fn ways(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, ApiError> {
    let mut ways = vec![SignInWay { way: "key", name: "Key".to_owned(), address: None }];
    if let Some(people) = people(&app) {
        ways.push(SignInWay { way: "oidc", name: people.provider().shown_name(), address: Some("/v1/sign-in/oidc") });
    }
    json(&SignInWays { required: app.gate.is_closed()?, session: caller.has_session(), ways })
}

fn not_configured() -> ApiError {
    ApiError(
        Fault::new(FaultClass::NotFound, "sign_in_unknown", "nobody signs in with an identity provider here")
            .with_hint("`[oidc]` of `access.toml` names one; the page takes a key all the same"),
    )
}

/// What may be asked outside, and the people, for work that waits for the network.
async fn with_provider<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&People, &Outside) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let people = people(app).cloned().ok_or_else(|| not_configured().0)?;
    let engine = Arc::clone(app.default_engine()?);
    let place = people.call().await?;
    let done = tokio::task::spawn_blocking(move || {
        let _place = place;
        work(&people, &engine.outside()?)
    });
    let done = done.await;
    done.unwrap_or_else(|error| Err(Fault::new(FaultClass::Internal, "sign_in_failed", error.to_string())))
}

async fn begin(State(app): State<Arc<App>>, caller: Caller, RawQuery(query): RawQuery) -> Result<Response, ApiError> {
    let (Some(people), Some(served)) = (people(&app), app.gate.served()) else { return Err(not_configured()) };
    let back = local_path(caller.origin(), parameter(query.as_deref().unwrap_or_default(), "return").as_deref());
    let mut place = match with_provider(&app, People::authorization_url).await {
        Ok(place) => place,
        Err(fault) => return Ok(failed(&caller, &back, &fault)),
    };
    let expires = Time::now().plus(SIGN_IN_SECONDS * 1_000_000);
    let sign_in = SignIn::new(access::random()?, expires, back);
    let provider = people.provider();
    place
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", provider.client_id.as_deref().unwrap_or_default())
        .append_pair("redirect_uri", &format!("{}{CALLBACK}", caller.origin()))
        .append_pair("scope", &provider.scopes.join(" "))
        .append_pair("state", &sign_in.state(&served.secret))
        .append_pair("nonce", &sign_in.nonce(&served.secret))
        .append_pair("code_challenge", &sign_in.challenge(&served.secret))
        .append_pair("code_challenge_method", "S256");
    let kept = begun(&caller, &sign_in.to_cookie(&served.secret), SIGN_IN_SECONDS);
    Ok(elsewhere(place.as_str(), &[kept]))
}

async fn callback(
    State(app): State<Arc<App>>,
    caller: Caller,
    peer: Peer,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (Some(people), Some(served)) = (people(&app), app.gate.served()) else { return Err(not_configured()) };
    let (now, came) = (Time::now(), CallbackRequest::read(query.as_deref().unwrap_or_default()));
    let sign_in = cookie(&headers, begun_name(&caller)).and_then(|text| SignIn::of_cookie(&served.secret, text, now));
    let state = came.state.as_deref().unwrap_or_default();
    let Some(sign_in) = sign_in.filter(|sign_in| sign_in.is_state(&served.secret, state)) else {
        app.gate.count_refused(peer.ip())?;
        let message = "this browser began no such sign-in, or too long ago";
        return Ok(failed(&caller, "/", &Fault::new(FaultClass::Invalid, "sign_in_stale", message)));
    };
    let back = sign_in.back.clone();
    if let Some(error) = came.error {
        let message = format!("the provider sent back {error}: {}", came.error_description.unwrap_or_default());
        return Ok(failed(&caller, &back, &Fault::new(FaultClass::Invalid, "sign_in_refused", message)));
    }
    let (redirect, code) = (format!("{}{CALLBACK}", caller.origin()), came.code.unwrap_or_default());
    let (verifier, nonce) = (sign_in.verifier(&served.secret), sign_in.nonce(&served.secret));
    let read = with_provider(&app, move |people, outside| {
        people.sign_in(outside, &Code { code: &code, redirect: &redirect, verifier: &verifier, nonce: &nonce }, now)
    });
    let (identity, said) = match read.await {
        Ok((identity, _)) if identity.roles.is_empty() => {
            let message = format!("`{}` has none of the roles that `[oidc.roles]` names", identity.name);
            return Ok(failed(&caller, &back, &Fault::new(FaultClass::Invalid, "sign_in_no_role", message)));
        }
        Ok(signed_in) => signed_in,
        Err(fault) => {
            app.gate.count_refused(peer.ip())?;
            return Ok(failed(&caller, &back, &fault));
        }
    };
    let seconds = i64::from(people.provider().session_minutes) * 60;
    tracing::info!(name = identity.name, id = identity.id, "somebody signed in");
    let session = app.gate.begin_session(&identity, said, now, now.plus(seconds * 1_000_000))?;
    let cookies = [begun(&caller, "", 0), kept(&caller, caller.session_cookie(), &session, "/", "Strict", seconds)];
    Ok(elsewhere(&back, &cookies))
}

async fn sign_out(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, ApiError> {
    let mut response = json(&SignedOut { ended: caller.end_session(&app) })?;
    let gone = kept(&caller, caller.session_cookie(), "", "/", "Strict", 0);
    response.headers_mut().insert(header::SET_COOKIE, header_value(&gone));
    Ok(response)
}

/// The page again, which says what went wrong; the log says why.
fn failed(caller: &Caller, back: &str, fault: &Fault) -> Response {
    tracing::warn!(code = fault.code, detail = fault.message, hint = fault.hint, "a sign-in failed");
    let code = match fault.code {
        "sign_in_stale" | "sign_in_refused" | "sign_in_no_role" => fault.code,
        _ => "sign_in_unavailable",
    };
    let (path, fragment) = back.split_once('#').map_or((back, String::new()), |(path, rest)| (path, format!("#{rest}")));
    let joined = if path.contains('?') { '&' } else { '?' };
    elsewhere(&format!("{path}{joined}sign_in={code}{fragment}"), &[begun(caller, "", 0)])
}

fn elsewhere(place: &str, cookies: &[String]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, header_value(place));
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, header_value(cookie));
    }
    response
}

/// Addresses and cookies are made of ASCII that `url` and base64 wrote.
fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("/"))
}

/// Name of the cookie of a sign-in under way. Under TLS, one that browsers take from this very host only: it binds a code to its browser.
fn begun_name(caller: &Caller) -> &'static str {
    if caller.is_secure() { "__Host-clew-sign-in" } else { "clew-sign-in" }
}

/// The cookie of a sign-in under way: it comes back with the browser when the provider sends it, so other sites may lead here with it.
fn begun(caller: &Caller, value: &str, seconds: i64) -> String {
    kept(caller, begun_name(caller), value, "/", "Lax", seconds)
}

fn kept(caller: &Caller, name: &str, value: &str, path: &str, site: &str, seconds: i64) -> String {
    let secure = if caller.is_secure() { "; Secure" } else { "" };
    format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite={site}{secure}")
}

/// Where a person goes on: a path of this server, whatever was asked for.
fn local_path(origin: &str, asked: Option<&str>) -> String {
    let read = |asked: &str| {
        let base = url::Url::parse(origin).ok()?;
        let place = base.join(asked).ok()?;
        let path = &place[url::Position::BeforePath..];
        // Beginning with two slashes, it would lead to another host.
        let here = place.origin() == base.origin() && path.starts_with('/') && !path.starts_with("//") && path.len() <= BACK_BYTES_MAX;
        here.then(|| path.to_owned())
    };
    asked.filter(|asked| asked.starts_with('/')).and_then(read).unwrap_or_else(|| "/".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_go_on_here_and_nowhere_else() {
        let cases = [
            (Some("/incidents/7?tab=graph#x"), "/incidents/7?tab=graph#x"),
            (Some("/"), "/"),
            (None, "/"),
            (Some(""), "/"),
            (Some("incidents"), "/"),
            (Some("//evil.example/x"), "/"),
            (Some("/\\evil.example"), "/"),
            (Some("/..//evil.example"), "/"),
            (Some("/.//evil.example"), "/"),
            (Some("https://evil.example"), "/"),
            (Some("javascript:alert(1)"), "/"),
            (Some("/a\r\nset-cookie: x"), "/aset-cookie:%20x"),
        ];
        for (asked, expected) in cases {
            assert_eq!(local_path("https://soc.example:8443", asked), expected, "{asked:?}");
        }
        assert_eq!(local_path("https://soc.example", Some(&format!("/{}", "a".repeat(3_000)))), "/");
    }
}

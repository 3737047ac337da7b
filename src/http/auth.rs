//! The one place where a request is let through: who it comes from, the right that its operation needs, the workspace that it means.
//!
//! `authenticate` runs before every handler. It puts a `Caller` into the request, and for every operation of the native API
//! (`rights`) checks the right and puts in a `Granted`, without which no handler gets an engine: `Ready` and `By` are made of
//! it. A door that finds its operation by itself (the dialects) asks the `Caller` for it:
//!
//! ```text
//! async fn dispatch(State(app): State<Arc<App>>, caller: Caller, request: Request) -> Response {
//!     let operation = find(request.uri().path());                           // names its `Right`
//!     let granted = caller.grant_in(&app, operation.right, workspace)?;     // 401, 403, 404 as a `Fault`
//!     let engine = granted.engine(&app).await?;                             // of the workspace that is meant
//!     let actor = granted.actor()?;                                         // who changes something
//!     let links = caller.base();                                           // `https://host:port[/w/NAME]`, for nextLink
//! }
//! ```

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::error::ApiError;
use super::gate::Gate;
use super::reads::SensitiveRead;
use super::sessions::Sessions;
use super::workspaces::{WORKSPACE, Workspaces};
use crate::access::{Identity, Kind, Provider, Right, workspace_name};
use crate::engine::Engine;
use crate::model::{Fault, FaultClass, Time};
use crate::triage::incident::Actor;

/// Names who makes a change, as long as nobody signs in.
pub(crate) const USER: &str = "x-clew-user";

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Where a request came from; nowhere if it crossed no socket.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Peer(pub(crate) Option<SocketAddr>);

impl Peer {
    /// The address.
    pub(crate) fn ip(self) -> Option<IpAddr> {
        self.0.map(|address| address.ip())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or_default())
    }
}

/// Who sent a request, and what it said of itself. No right was checked yet.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    identity: Result<Arc<Identity>, Fault>,
    user: Option<HeaderValue>,
    /// The workspace that address or header name.
    chosen: Option<Arc<str>>,
    base: Arc<str>,
    /// Scheme and host alone.
    origin: Arc<str>,
    presented: Presented,
}

/// What a request presented, in which way; never shown.
#[derive(Clone)]
enum Presented {
    Nothing,
    Token(Arc<str>),
    /// A cookie, which the browser sends without being asked.
    Session(Arc<str>),
}

impl Presented {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::Token(text) | Self::Session(text) => Some(text),
        }
    }
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Token(_) => "Token(..)",
            Self::Session(_) => "Session(..)",
        })
    }
}

/// The workspace that the beginning of an address named (`/w/NAME`).
#[derive(Clone, Debug)]
struct ByAddress(Arc<str>);

/// A request that has the right which its operation needs, in a workspace that it may use.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    identity: Arc<Identity>,
    /// Of one that means no workspace, the error of whoever needs one.
    workspace: Result<Arc<str>, Fault>,
    user: Option<HeaderValue>,
}

impl Caller {
    /// The beginning of absolute links, as the client wrote it: scheme, host, and what chooses the workspace.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Scheme and host, as the client wrote them.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether the client speaks TLS, with this server or a proxy in front.
    pub(crate) fn is_secure(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// Name of the cookie of sessions. Under TLS, a name that browsers take from this very host only.
    pub(crate) fn session_cookie(&self) -> &'static str {
        session_cookie(self.is_secure())
    }

    /// Whether it came with a session that is not over.
    pub(crate) fn has_session(&self) -> bool {
        self.identity.is_ok() && matches!(self.presented, Presented::Session(_))
    }

    /// Ends the session that it came with; gives whether there was one.
    pub(crate) fn end_session(&self, app: &App) -> bool {
        matches!(&self.presented, Presented::Session(text) if app.gate.end_session(text))
    }

    /// Who it is; the error of one that was not recognised.
    pub(crate) fn identity(&self) -> Result<&Arc<Identity>, Fault> {
        self.identity.as_ref().map_err(Clone::clone)
    }

    /// Checks `right`, in the workspace that the address or the header `X-Clew-Workspace` names, or the caller's own.
    ///
    /// Errors: `token_missing`, `token_invalid`, `token_expired` (401), `right_missing` (403).
    pub(crate) fn grant(&self, app: &App, right: Right) -> Result<Granted, Fault> {
        self.grant_in(app, right, None)
    }

    /// Checks `right` in a workspace that a request names beside the one that it means.
    pub(crate) fn grant_beside(&self, app: &App, right: Right, named: &str) -> Result<Granted, Fault> {
        let identity = Arc::clone(self.identity()?);
        identity.check(right)?;
        let workspace = app.workspaces.beside(&identity.scope, named)?;
        Ok(Granted { identity, workspace: Ok(workspace.into()), user: self.user.clone() })
    }

    /// The same for a dialect whose address names a workspace in its own way; see `Workspaces::meant`.
    pub(crate) fn grant_in(&self, app: &App, right: Right, named: Option<&str>) -> Result<Granted, Fault> {
        let identity = Arc::clone(self.identity()?);
        identity.check(right)?;
        let workspace = app.workspaces.meant(&identity.scope, self.chosen.as_deref(), named).map(Arc::<str>::from);
        if let (Err(fault), Some(_)) = (&workspace, self.chosen.as_deref().or(named)) {
            return Err(fault.clone());
        }
        Ok(Granted { identity, workspace, user: self.user.clone() })
    }
}

impl Granted {
    /// Who asks.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Name of the workspace that is meant; none if several could be.
    pub(crate) fn workspace(&self) -> Option<&str> {
        self.workspace.as_deref().ok()
    }

    /// The engine of the workspace.
    pub(crate) async fn engine(&self, app: &Arc<App>) -> Result<Arc<Engine>, Fault> {
        Workspaces::engine(app, self.workspace.as_deref().map_err(Clone::clone)?).await
    }

    /// Who makes a change: the holder of the token; where nobody signs in, whoever `X-Clew-User` names.
    pub(crate) fn actor(&self) -> Result<Actor, Fault> {
        let named = self.user.as_ref().filter(|_| self.identity.kind == Kind::Local);
        let Some(name) = named else { return Ok(Actor { name: self.identity.name.clone() }) };
        let name = name.to_str().ok().map(str::trim).filter(|name| !name.is_empty() && name.len() <= 256);
        name.map(|name| Actor { name: name.to_owned() }).ok_or_else(|| {
            Fault::new(FaultClass::Invalid, "user_invalid", format!("expected 1 to 256 visible ASCII characters in `{USER}`"))
        })
    }
}

/// How often the right to something that stays open is looked at again, beside the moments when keys change.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The right to something that stays open (a stream), looked at again and again: it is lost when a key is revoked, when a key or token expires.
#[derive(Clone)]
pub(crate) struct Standing {
    app: Arc<App>,
    token: Option<Arc<str>>,
    id: String,
    right: Right,
    workspace: Option<String>,
}

impl Standing {
    /// Whether who opened it may still.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let identity = self.app.gate.recognise(self.token.as_deref(), Time::now())?;
        identity.check(self.right)?;
        let visible = self.app.workspaces.visible(&identity.scope);
        if identity.id == self.id && self.workspace.as_ref().is_none_or(|name| visible.contains(name)) {
            return Ok(());
        }
        Err(Fault::new(FaultClass::Invalid, "token_invalid", "the token opens something else than before"))
    }

    /// Waits until the right is lost or the engine stops.
    pub(crate) async fn lost(&self, engine: &Weak<Engine>) {
        let mut keys = self.app.gate.changes();
        loop {
            let Some(open) = engine.upgrade().filter(|engine| !engine.stopping()) else { return };
            if self.check().is_err() {
                return;
            }
            // Only the pulse is kept while waiting: an engine that nobody else uses may be closed.
            let stopped = open.stopped();
            drop(open);
            tokio::select! {
                () = stopped => return,
                _ = keys.changed() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }
}

impl FromRequestParts<Arc<App>> for Standing {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let granted = Granted::from_request_parts(parts, app).await?;
        let caller = Caller::from_request_parts(parts, app).await?;
        let path = parts.extensions.get::<MatchedPath>().ok_or_else(unguarded)?;
        Ok(Self {
            app: Arc::clone(app),
            token: caller.presented.text().map(Arc::from),
            id: granted.identity().id.clone(),
            right: app.needs().of(path.as_str(), &parts.method).right,
            workspace: granted.workspace().map(str::to_owned),
        })
    }
}

/// A request that the server makes of itself while it answers another.
#[derive(Clone, Copy)]
struct Inner;

/// Gives a request that the server makes of itself everything by which its sender is known: what it presented, the workspace, where it came from.
pub(crate) fn as_sender_of(parts: &Parts, request: &mut Request) {
    let said = [
        header::AUTHORIZATION,
        header::COOKIE,
        header::ORIGIN,
        header::HOST,
        FORWARDED_PROTO,
        HeaderName::from_static(USER),
        HeaderName::from_static(WORKSPACE),
    ];
    for name in said {
        if let Some(value) = parts.headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    if let Some(chosen) = parts.extensions.get::<ByAddress>() {
        request.extensions_mut().insert(chosen.clone());
    }
    if let Some(peer) = parts.extensions.get::<Peer>() {
        request.extensions_mut().insert(*peer);
    }
    request.extensions_mut().insert(Inner);
}

/// A route that no layer of this file stands before: nothing may be shown there.
fn unguarded() -> ApiError {
    ApiError(Fault::new(FaultClass::Internal, "right_unchecked", "a handler ran without a check of its right"))
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or_else(unguarded)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Granted {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or_else(unguarded)
    }
}

/// The engine of the workspace that the request means; refuses the request while it is not open.
pub(crate) struct Ready(pub(crate) Arc<Engine>);

impl FromRequestParts<Arc<App>> for Ready {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let granted = Granted::from_request_parts(parts, app).await?;
        Ok(Self(granted.engine(app).await?))
    }
}

/// Who makes a change.
pub(crate) struct By(pub(crate) Actor);

impl<S: Send + Sync> FromRequestParts<S> for By {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Ok(Self(Granted::from_request_parts(parts, state).await?.actor()?))
    }
}

/// Recognises who sends a request and checks the right that its route declares.
pub(crate) async fn authenticate(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let need = route.map(|route| app.needs().of(route.as_str(), request.method()));
    let waits = match &need {
        Some(need) => need.right != Right::Open,
        // The page says itself that the journal is still being read.
        None => !request.headers().get(header::ACCEPT).is_some_and(|kinds| kinds.as_bytes().starts_with(b"text/html")),
    };
    if waits {
        app.opened().await;
    }
    let mut caller = caller_of(&app, &request);
    if let Some(people) = app.gate.people_due() {
        let engine = app.default_engine().ok().cloned();
        let renewing = tokio::spawn(Gate::renew(people, engine));
        // Only who brings a token of the provider that was not recognised waits for its keys.
        if caller.identity.is_err() && caller.presented.text().is_some_and(Provider::signs) && renewing.await.unwrap_or(false) {
            caller = caller_of(&app, &request);
        }
    }
    let granted = match need {
        Some(need) if need.right != Right::Open => caller.grant(&app, need.right).map(Some),
        // Whoever answers at an address that is no route of ours checks for itself.
        Some(_) | None => Ok(None),
    };
    let peer = request.extensions().get::<Peer>().copied().unwrap_or_default();
    let counted = match &caller.identity {
        // The request that it belongs to was counted.
        _ if request.extensions().get::<Inner>().is_some() => Ok(()),
        Ok(identity) => app.gate.count(identity),
        Err(fault) if fault.code != "starting" && (granted.is_err() || need.is_none()) => app.gate.count_refused(peer.ip()),
        Err(_) => Ok(()),
    };
    match counted.and(forged(&caller, &request)).and(granted) {
        Ok(granted) => {
            if let (Some(need), Some(granted)) = (need.filter(|need| need.watched), &granted) {
                let path = request.uri().path().to_owned();
                if let Err(fault) = note(&app, need.operation, granted, path, peer).await {
                    return ApiError(fault).into_response();
                }
            }
            request.extensions_mut().insert(caller);
            if let Some(granted) = granted {
                request.extensions_mut().insert(granted);
            }
            next.run(request).await
        }
        Err(fault) => ApiError(fault).into_response(),
    }
}

/// Logs a read of something sensitive, before it happens. What crosses no socket comes from who owns the log.
async fn note(app: &App, operation: &str, granted: &Granted, path: String, peer: Peer) -> Result<(), Fault> {
    if app.gate.served().is_none() {
        return Ok(());
    }
    let log = app.reads()?;
    let read = SensitiveRead {
        number: 0,
        time: Time::now(),
        name: granted.actor()?.name,
        id: granted.identity().id.clone(),
        workspace: granted.workspace().unwrap_or_default().to_owned(),
        operation: operation.to_owned(),
        path,
        address: peer.ip().map(|ip| ip.to_string()),
        previous: String::new(),
    };
    let done = tokio::task::spawn_blocking(move || log.write(read)).await;
    done.unwrap_or_else(|error| Err(Fault::new(FaultClass::Internal, "read_log_failed", error.to_string())))
}

/// Takes the name of a workspace off the beginning of an address: `/w/NAME/v1/incidents` is `/v1/incidents` of `NAME`.
pub(crate) fn choose(mut request: Request) -> Request {
    let uri = request.uri();
    let found = uri.path_and_query().and_then(|path| path.as_str().strip_prefix("/w/")).and_then(|rest| rest.split_once('/'));
    let Some((name, rest)) = found.filter(|(name, _)| workspace_name(name).is_ok()) else { return request };
    let (name, rest) = (Arc::from(name), format!("/{rest}"));
    let mut parts = uri.clone().into_parts();
    if let Ok(path) = PathAndQuery::try_from(rest) {
        parts.path_and_query = Some(path);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
            request.extensions_mut().insert(ByAddress(name));
        }
    }
    request
}

/// Refuses a change that comes with a session and does not say that a page of this server asked for it: every browser says so,
/// and a foreign page was refused before. A token is sent by nobody who does not mean to.
fn forged(caller: &Caller, request: &Request) -> Result<(), Fault> {
    let said = request.headers().contains_key(header::ORIGIN);
    if said || request.method().is_safe() || !matches!(caller.presented, Presented::Session(_)) {
        return Ok(());
    }
    Err(Fault::new(FaultClass::Invalid, "origin_refused", "expected the header `Origin` beside a session, found none")
        .with_hint("programs send a token: `Authorization: Bearer TOKEN`"))
}

fn caller_of(app: &App, request: &Request) -> Caller {
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // A proxy in front says the scheme; it only decides what links and cookies of the answer to the same client say.
    let forwarded = text(FORWARDED_PROTO).and_then(|list| list.split(',').next()).map(str::trim);
    let secure = forwarded.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    let origin = app.names.base(text(header::HOST).unwrap_or("localhost"), secure);
    let presented = presented(headers, origin.starts_with("https://"));
    let identity = app.gate.recognise(presented.text(), Time::now()).map(Arc::new);
    let by_address = request.extensions().get::<ByAddress>().map(|chosen| Arc::clone(&chosen.0));
    let base = by_address.as_ref().map_or_else(|| origin.clone(), |name| format!("{origin}/w/{name}"));
    // A header that is no text names nothing that there is.
    let by_header = || headers.get(WORKSPACE).map(|name| name.to_str().unwrap_or("?").trim().into());
    // Where nobody signs in, a name is believed from this machine only: from elsewhere, anybody could give any.
    let here = request.extensions().get::<Peer>().copied().unwrap_or_default().ip().is_none_or(|ip| ip.to_canonical().is_loopback());
    let user = headers.get(USER).filter(|_| here || app.gate.is_owner(presented.text())).cloned();
    Caller { identity, user, chosen: by_address.or_else(by_header), base: base.into(), origin: origin.into(), presented }
}

/// What a request presents: a token, or else the session of its browser.
fn presented(headers: &HeaderMap, secure: bool) -> Presented {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|text| text.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        return token.map_or(Presented::Nothing, |(_, token)| Presented::Token(token.trim().into()));
    }
    let session = cookie(headers, session_cookie(secure)).filter(|text| Sessions::names(text));
    session.map_or(Presented::Nothing, |text| Presented::Session(text.into()))
}

fn session_cookie(secure: bool) -> &'static str {
    if secure { "__Host-clew-session" } else { "clew-session" }
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

//! The one place where a request is let through: who it comes from, the right that its operation needs, the workspace that it means.
//!
//! `authenticate` runs before every handler. It puts a `Caller` into the request, and for every operation of the native API
//! (`rights`) checks the right and puts in a `Granted`, without which no handler gets an engine: `Ready` and `By` are made of
//! it. A door that finds its operation by itself (the dialects) asks the `Caller` for it:
//!
//! ```ignore
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
use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::error::ApiError;
use crate::access::{DEFAULT_WORKSPACE, Identity, Kind, Right};
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
    base: Arc<str>,
}

/// A request that has the right which its operation needs, in a workspace that it may use.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    identity: Arc<Identity>,
    workspace: Arc<str>,
    user: Option<HeaderValue>,
}

impl Caller {
    /// The beginning of absolute links, as the client wrote it: scheme, host, and what chooses the workspace.
    pub(crate) fn base(&self) -> &str {
        &self.base
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

    /// The same for a dialect whose address names a workspace in its own way.
    pub(crate) fn grant_in(&self, _: &App, right: Right, _named: Option<&str>) -> Result<Granted, Fault> {
        let identity = Arc::clone(self.identity()?);
        identity.check(right)?;
        Ok(Granted { identity, workspace: DEFAULT_WORKSPACE.into(), user: self.user.clone() })
    }
}

impl Granted {
    /// Who asks.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Name of the workspace that is meant.
    pub(crate) fn workspace(&self) -> &str {
        &self.workspace
    }

    /// The engine of the workspace.
    pub(crate) async fn engine(&self, app: &Arc<App>) -> Result<Arc<Engine>, Fault> {
        app.default_engine().cloned()
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
    let unrouted = route.is_none();
    let waits = match &route {
        Some(route) => app.needs().of(route.as_str(), request.method()).right != Right::Open,
        // The page says itself that the journal is still being read.
        None => !request.headers().get(header::ACCEPT).is_some_and(|kinds| kinds.as_bytes().starts_with(b"text/html")),
    };
    if waits {
        app.opened().await;
    }
    let caller = caller(&app, request.headers());
    let granted = match route {
        Some(route) => {
            let need = app.needs().of(route.as_str(), request.method());
            if need.right == Right::Open { Ok(None) } else { caller.grant(&app, need.right).map(Some) }
        }
        // Whoever answers at an address that is no route of ours checks for itself.
        None => Ok(None),
    };
    let peer = request.extensions().get::<Peer>().copied().unwrap_or_default();
    let counted = match &caller.identity {
        Ok(identity) => app.gate.count(identity),
        Err(fault) if fault.code != "starting" && (granted.is_err() || unrouted) => app.gate.count_refused(peer.ip()),
        Err(_) => Ok(()),
    };
    match counted.and(granted) {
        Ok(granted) => {
            request.extensions_mut().insert(caller);
            if let Some(granted) = granted {
                request.extensions_mut().insert(granted);
            }
            next.run(request).await
        }
        Err(fault) => ApiError(fault).into_response(),
    }
}

fn caller(app: &App, headers: &HeaderMap) -> Caller {
    let identity = bearer(headers).and_then(|token| app.gate.recognise(token, Time::now())).map(Arc::new);
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // A proxy in front says the scheme; it only decides what links of the answer to the same client say.
    let forwarded = text(FORWARDED_PROTO).and_then(|list| list.split(',').next()).map(str::trim);
    let secure = forwarded.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    let base = app.names.base(text(header::HOST).unwrap_or("localhost"), secure);
    Caller { identity, user: headers.get(USER).cloned(), base: base.into() }
}

/// The token of a request.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Fault> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Ok(token.map(|(_, token)| token.trim()))
}

//! From a request to the handler of its dialect and back: the fallback of the router, and what every answer of a dialect carries.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::routes::{Handler, Matched, Route, Table, segments};
use super::{Call, DIALECTS, Dialect, Reply, Right, call, kusto, logs, resources};
use crate::engine::{Engine, Lent};
use crate::http::app::App;
use crate::http::auth::{Caller, Granted};
use crate::http::body;
use crate::http::error::ApiError;
use crate::model::{Fault, FaultClass};
use crate::query::{Context, Question};

/// Id that a client gives its request; answers repeat it.
pub(crate) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
/// Bytes of a body at the least that a dialect takes: clients send watchlists of up to 3.8 MB in one text.
const BODY_BYTES_MAX: usize = 4 << 20;

/// Name of the operation that an answer comes from.
#[derive(Clone, Copy)]
struct Operation(&'static str);

fn tables() -> &'static [(&'static Dialect, Table)] {
    static TABLES: OnceLock<Vec<(&'static Dialect, Table)>> = OnceLock::new();
    TABLES.get_or_init(|| DIALECTS.iter().map(|dialect| (*dialect, Table::of(dialect))).collect())
}

/// The dialect that a path belongs to.
pub(crate) fn owner(path: &str) -> Option<&'static Dialect> {
    let path = segments(path);
    owner_of(&path)
}

fn owner_of(path: &[Cow<'_, str>]) -> Option<&'static Dialect> {
    tables().iter().find(|(_, table)| table.owns(path)).map(|(dialect, _)| *dialect)
}

/// Answers what the native API does not know: an operation of a dialect, or the error of a path that nobody knows.
pub(crate) async fn answer(State(app): State<Arc<App>>, caller: Caller, request: Request) -> Response {
    let path = segments(request.uri().path());
    let is_head = request.method() == Method::HEAD;
    let mut other_method = None;
    for (dialect, table) in tables() {
        match table.find(request.method().as_str(), &path) {
            Matched::Route(route, parameters) => {
                drop(path);
                let mut response = run(app, caller, route, parameters, request).await.unwrap_or_else(IntoResponse::into_response);
                if is_head {
                    bare(&mut response);
                }
                response.extensions_mut().insert(Operation(route.operation));
                return response;
            }
            Matched::OtherMethod => other_method = other_method.or(Some(*dialect)),
            Matched::Nothing => {}
        }
    }
    if owner_of(&path).is_some()
        && let Err(fault) = caller.identity()
    {
        return ApiError(fault).into_response();
    }
    if let Some(dialect) = other_method {
        missed(&app, dialect, &path, &request);
        let message = format!("the path does not take the method {}", request.method());
        return ApiError(Fault::new(FaultClass::Invalid, "method_not_allowed", message)).into_response();
    }
    match owner_of(&path) {
        Some(dialect) => {
            missed(&app, dialect, &path, &request);
            ApiError(Fault::new(FaultClass::NotFound, "operation_unknown", "no operation is known at this path")).into_response()
        }
        None => crate::http::unknown(&caller, request.method(), request.headers()),
    }
}

/// Takes the body of an answer away and says how long it is.
fn bare(response: &mut Response) {
    if let Some(length) = response.body().size_hint().exact().filter(|length| *length > 0) {
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    *response.body_mut() = Body::empty();
}

/// Counts a request that the dialect has no operation for; only names of a closed set become a label.
fn missed(app: &App, dialect: &'static Dialect, path: &[Cow<'_, str>], request: &Request) {
    let named = |segment: &Cow<'_, str>| dialect.known.iter().find(|name| name.eq_ignore_ascii_case(segment)).copied();
    let resource = path.iter().rev().find_map(named).unwrap_or("other");
    tracing::info!(dialect = dialect.name, method = %request.method(), path = request.uri().path(), "compatibility miss");
    app.metrics.compatibility_miss(dialect.name, resource);
}

/// Operations that run queries.
const QUERIES: [&str; 7] =
    ["graph.hunting", "kusto.query", "kusto.query_v1", "logs.batch", "logs.query", "logs.query_resource", "resource_graph.resources"];
/// Parameters of paths that name a workspace.
const WORKSPACE: [&str; 3] = ["ws", "workspace", "workspaceId"];

async fn run(
    app: Arc<App>,
    caller: Caller,
    route: &'static Route,
    parameters: Vec<(&'static str, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    tracing::debug!(operation = route.operation, tier = route.tier, right = ?route.right, "operation of a dialect");
    let named = parameters.iter().find(|(name, _)| WORKSPACE.contains(name)).map(|(_, value)| value.as_str());
    let mut granted = caller.grant_in(&app, route.right, named)?;
    let named = named.map(str::to_owned);
    let (parts, body) = request.into_parts();
    let body = body::whole(body, app.limits.body_bytes_max.max(BODY_BYTES_MAX), &app.limits).await?;
    if let Some(database) = kusto::database(route.operation, &body) {
        granted = caller.grant_in(&app, route.right, Some(&database))?;
    }
    let workspaces = app.workspaces.visible(&granted.identity().scope);
    if resources::lists(route.operation) && granted.workspace().is_none() {
        // What lists workspaces reads none of them: whoever may use several need not choose one before.
        granted = caller.grant_in(&app, route.right, workspaces.first().map(String::as_str))?;
    }
    if let Some(first) = logs::first(route.operation, &body).filter(|_| named.is_none() && granted.workspace().is_none()) {
        // The path of a batch names no workspace: its queries do.
        granted = caller.grant_in(&app, route.right, Some(&first))?;
    }
    let options = call::options(&parts.uri);
    let named = logs::workspaces(route.operation, &options, &body);
    let named: Vec<_> = named.into_iter().map(|word| (caller.grant_beside(&app, route.right, &word), word)).collect();
    let there = named.iter().filter_map(|(there, _)| there.as_ref().ok()).chain([&granted]);
    app.workspaces.fit(there.filter_map(Granted::workspace))?;
    let beside = lend(&app, &granted, named).await;
    let engine = granted.engine(&app).await?;
    let actor = granted.actor()?;
    let call = Call {
        method: parts.method,
        parameters,
        options,
        path: parts.uri.path().split('/').filter(|segment| !segment.is_empty()).flat_map(|segment| ["/", segment]).collect(),
        base: caller.base().to_owned(),
        headers: parts.headers,
        body,
        actor,
        administers: granted.identity().has(Right::Administer),
        workspaces,
        beside,
    };
    let reply = match route.handler {
        Handler::Answers(handler) => engine.ask(Asked { call, handler, is_query: QUERIES.contains(&route.operation) }).await?,
        Handler::Changes(handler) => changed(engine, call, handler).await?,
    };
    Ok(reply.into_response()?)
}

/// The workspaces that a request names beside its own, each lent once and in the order of their names.
async fn lend(app: &Arc<App>, own: &Granted, mut named: Vec<(Result<Granted, Fault>, String)>) -> Vec<logs::Named> {
    let workspace = |there: &Result<Granted, Fault>| there.as_ref().ok().and_then(Granted::workspace).map(str::to_owned);
    named.sort_by_cached_key(|(there, _)| workspace(there));
    let mut lent: Option<(Option<String>, Result<Option<Arc<Lent>>, Fault>)> = None;
    let mut beside = Vec::new();
    for (there, word) in named {
        let name = workspace(&there);
        let known = lent.as_ref().filter(|(known, _)| there.is_ok() && *known == name).map(|(_, engine)| engine.clone());
        let engine = match (known, there) {
            (Some(engine), _) => engine,
            (None, Ok(there)) if there.workspace() == own.workspace() => Ok(None),
            (None, Ok(there)) => match there.engine(app).await {
                Ok(engine) => Ok(Some(Arc::new(engine.lend().await))),
                Err(fault) => Err(fault),
            },
            (None, Err(fault)) => Err(fault),
        };
        lent = Some((name, engine.clone()));
        beside.push(logs::Named { word, engine });
    }
    beside
}

async fn changed(engine: Arc<Engine>, call: Call, handler: fn(&Call, &Engine) -> Result<Reply, Fault>) -> Result<Reply, Fault> {
    let done = tokio::task::spawn_blocking(move || handler(&call, &engine)).await;
    done.map_err(|error| Fault::new(FaultClass::Internal, "change_failed", format!("the change ended early: {error}")))?
}

/// A question of a dialect.
struct Asked {
    call: Call,
    handler: fn(&Call, &Context) -> Result<Reply, Fault>,
    is_query: bool,
}

impl Question for Asked {
    type Answer = Reply;
    const NAME: &'static str = "dialect";

    fn is_query(&self) -> bool {
        self.is_query
    }

    fn answer(self, context: &Context) -> Result<Reply, Fault> {
        (self.handler)(&self.call, context)
    }
}

/// Name of the operation that an answer comes from, if a dialect gave it.
pub(crate) fn operation(response: &Response) -> Option<&'static str> {
    response.extensions().get::<Operation>().map(|operation| operation.0)
}

/// Writes an error as the dialect has it.
///
/// Some clients repeat whatever carries `Retry-After`, so that no mistake of a client may have it.
pub(crate) fn write_fault(dialect: &Dialect, response: &mut Response, fault: &Fault, id: &str) {
    let (status, body) = (dialect.fault)(fault, id);
    *response.status_mut() = status;
    // A body of texts always has a JSON form.
    let bytes = serde_json::to_vec(&body).unwrap_or_default();
    *response.body_mut() = bytes.into();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.remove(header::CONTENT_LENGTH);
    if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
        headers.remove(header::RETRY_AFTER);
    }
}

/// Adds the headers that every answer of a dialect has.
pub(crate) fn decorate(response: &mut Response, id: &str, echoed: Option<HeaderValue>) {
    let headers = response.headers_mut();
    // The id holds only characters that a header may hold.
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
    if let Some(echoed) = echoed {
        headers.insert(CLIENT_REQUEST_ID, echoed);
    }
}

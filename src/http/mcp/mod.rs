//! `/mcp`: the questions of investigators as tools of the Model Context Protocol, over streamable HTTP; `clew mcp` speaks the same over standard
//! input and output.
//!
//! A call of a tool is a request of the API that goes through every layer again, with what its sender presented: key, roles, workspace, limits and
//! the log of reads hold as for any other. A session belongs to who opened it; whoever else names it learns that there is none.

mod server;
mod tools;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request as HttpRequest, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use futures::StreamExt;
use rmcp::RoleServer;
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tower::ServiceExt;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, Required, ResponseBuilder};

use super::app::App;
use super::auth::{self, Granted, Standing};
use super::body;
use super::error::{ApiError, ErrorBody};
use super::request::Request;
use super::routes::Routes;
use crate::model::{Fault, FaultClass};

pub(crate) use server::{Api, Tools};

/// Names the session.
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
/// Sessions at a time.
const SESSIONS_MAX: usize = 256;
/// The path.
const PATH: &str = "/mcp";

/// Who opened a session, and in which workspace.
type Owner = (String, String);

/// The sessions of a server, and the API that their tools ask.
pub(crate) struct Door {
    service: StreamableHttpService<Tools<Within>, LocalSessionManager>,
    sessions: Arc<LocalSessionManager>,
    owners: Mutex<HashMap<String, Owner>>,
}

/// The API inside of the same server.
#[derive(Clone)]
struct Within(Router);

impl Api for Within {
    async fn send(&self, request: Request, call: &RequestContext<RoleServer>) -> Result<(u16, Vec<u8>), Fault> {
        let internal = |what: &str| Fault::new(FaultClass::Internal, "request_failed", format!("a tool's request: {what}"));
        let parts = call.extensions.get::<Parts>().ok_or_else(|| internal("nobody is known to have sent it"))?;
        let built = HttpRequest::builder().method(request.method()).uri(request.target()).header(header::CONTENT_TYPE, "application/json");
        let body = request.body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut sent = built.body(body).map_err(|error| internal(&error.to_string()))?;
        auth::as_sender_of(parts, &mut sent);
        let Ok(response) = self.0.clone().oneshot(sent).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.map_err(|error| internal(&error.to_string()))?;
        Ok((status, body.to_vec()))
    }
}

impl Door {
    /// The door to an API that is inside of all its layers.
    pub(super) fn to(api: Router, app: &App) -> Arc<Self> {
        let sessions = Arc::new(LocalSessionManager::default());
        // Hosts and origins were checked before a request comes here.
        let config = StreamableHttpServerConfig::default().disable_allowed_hosts().with_max_request_body_bytes(app.limits.body_bytes_max);
        let tools = move || Ok(Tools::over(Within(api.clone())));
        let service = StreamableHttpService::new(tools, Arc::clone(&sessions), config);
        Arc::new(Self { service, sessions, owners: Mutex::default() })
    }

    /// Forgets sessions that are over; refuses another one if there are too many.
    async fn make_room(&self) -> Result<(), Fault> {
        let live = self.sessions.sessions.read().await;
        self.owners.lock().unwrap_or_else(PoisonError::into_inner).retain(|id, _| live.contains_key(id.as_str()));
        if live.len() < SESSIONS_MAX {
            return Ok(());
        }
        let message = format!("{SESSIONS_MAX} sessions are open (`mcp_sessions_max`)");
        Err(Fault::new(FaultClass::Limit, "busy", message).with_hint("sessions that nobody uses end after 5 minutes").retry_after(30))
    }

    /// Refuses a session that somebody else opened as if there were none.
    fn check_owner(&self, session: &str, owner: &Owner) -> Result<(), Fault> {
        let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if owners.get(session) == Some(owner) {
            return Ok(());
        }
        Err(Fault::new(FaultClass::NotFound, "session_unknown", "no session of the sender has this id")
            .with_hint("begin anew with `initialize`"))
    }
}

/// Adds the operations.
pub(super) fn add(routes: &mut Routes) {
    let error = routes.schema::<ErrorBody>();
    let operations = [
        (HttpMethod::Post, "mcp_send", "Sends a message of the Model Context Protocol: `initialize`, `tools/list`, `tools/call`"),
        (HttpMethod::Get, "mcp_listen", "Listens to the messages of a session"),
        (HttpMethod::Delete, "mcp_end", "Ends a session"),
    ];
    for (method, id, summary) in operations {
        let operation = operation(&method, id, summary, &error);
        let handler = match method {
            HttpMethod::Post => axum::routing::post(serve),
            HttpMethod::Get => axum::routing::get(serve),
            _ => axum::routing::delete(serve),
        };
        routes.add(PATH, method, operation, handler);
    }
}

fn operation(method: &HttpMethod, id: &str, summary: &str, error: &Ref) -> Operation {
    let text = || ObjectBuilder::new().schema_type(Type::String).build();
    let header = |name: &str, needed: bool, about: &str| {
        let needed = if needed { Required::True } else { Required::False };
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).required(needed);
        parameter.description(Some(about)).schema(Some(text())).build()
    };
    let content = |kind: &str, about: &str| {
        ResponseBuilder::new().description(about).content(kind, ContentBuilder::new().schema(Some(text())).build()).build()
    };
    let error = ContentBuilder::new().schema(Some(error.clone())).build();
    let posts = matches!(method, HttpMethod::Post);
    let operation = OperationBuilder::new()
        .operation_id(Some(id))
        .tag("assistants")
        .summary(Some(summary))
        .parameter(header("Mcp-Session-Id", !posts, "The session, as `initialize` named it"))
        .response("default", ResponseBuilder::new().description("The error").content("application/json", error).build());
    let about = "Messages of the protocol, one event each";
    let operation = match method {
        HttpMethod::Post => {
            let message = ObjectBuilder::new().schema_type(Type::Object).build();
            let body = RequestBodyBuilder::new()
                .content("application/json", ContentBuilder::new().schema(Some(message)).build())
                .required(Some(Required::True))
                .build();
            let accept = header("Accept", true, "`application/json, text/event-stream`");
            let taken = ResponseBuilder::new().description("A notification was taken").build();
            operation.parameter(accept).request_body(Some(body)).response("200", content("text/event-stream", about)).response("202", taken)
        }
        HttpMethod::Get => {
            let accept = header("Accept", true, "`text/event-stream`");
            operation.parameter(accept).response("200", content("text/event-stream", about))
        }
        _ => operation.response("204", ResponseBuilder::new().description("The session is over").build()),
    };
    operation.build()
}

async fn serve(
    State(app): State<Arc<App>>,
    door: Option<Extension<Arc<Door>>>,
    granted: Granted,
    request: HttpRequest,
) -> Result<Response, ApiError> {
    let missing = || Fault::new(FaultClass::NotFound, "route_unknown", "nothing is at this path");
    let Extension(door) = door.ok_or_else(missing)?;
    let (mut parts, body) = request.into_parts();
    let standing = Standing::from_request_parts(&mut parts, &app).await?;
    // A workspace has to be meant: the tools of a session see one.
    let engine = granted.engine(&app).await?;
    let owner = (granted.identity().id.clone(), granted.workspace().unwrap_or_default().to_owned());
    let session = parts.headers.get(&SESSION).map(|id| id.to_str().unwrap_or("?").to_owned());
    match &session {
        Some(session) => door.check_owner(session, &owner)?,
        None if parts.method == Method::POST => door.make_room().await?,
        None => {}
    }
    let ends = parts.method == Method::DELETE;
    let body = Body::from(body::whole(body, app.limits.body_bytes_max, &app.limits).await?);
    let answer = door.service.handle(HttpRequest::from_parts(parts, body)).await;
    if let Some(begun) = answer.headers().get(&SESSION).and_then(|id| id.to_str().ok()).filter(|_| session.is_none()) {
        door.owners.lock().unwrap_or_else(PoisonError::into_inner).insert(begun.to_owned(), owner);
    }
    if let Some(session) = session.filter(|_| ends && answer.status().is_success()) {
        door.owners.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
    }
    if ends && answer.status() == StatusCode::ACCEPTED {
        // Clients take 200 and 204 for the end of a session.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let (parts, body) = answer.into_parts();
    if parts.status.is_client_error() || parts.status.is_server_error() {
        let text = to_bytes(Body::new(body), 64 << 10).await.unwrap_or_default();
        return Ok(refused(parts.status, &text));
    }
    // A stream that stays open ends with the right to it, and when the server stops.
    let engine = Arc::downgrade(&engine);
    let stream = Body::new(body).into_data_stream().take_until(Box::pin(async move { standing.lost(&engine).await })).fuse();
    Ok(Response::from_parts(parts, Body::from_stream(stream)))
}

/// A refusal of the protocol's library in the form of the API, with its status.
fn refused(status: StatusCode, text: &[u8]) -> Response {
    let message =
        serde_json::from_slice::<serde_json::Value>(text).ok().and_then(|said| said["error"]["message"].as_str().map(str::to_owned));
    let message = message.unwrap_or_else(|| String::from_utf8_lossy(text).trim().to_owned());
    let class = match status {
        StatusCode::NOT_FOUND => FaultClass::NotFound,
        status if status.is_server_error() => FaultClass::Internal,
        _ => FaultClass::Invalid,
    };
    let fault = Fault::new(class, "mcp_refused", message).with_hint("`/docs` shows the headers and bodies of the Model Context Protocol");
    let mut response = ApiError(fault).into_response();
    *response.status_mut() = status;
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST, DELETE"));
    }
    response
}

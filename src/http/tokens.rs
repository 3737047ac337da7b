//! The endpoints that hand out tokens in the ways that Microsoft's clients ask for them: App Service identity, OAuth client
//! credentials, and the descriptions that lead there. Tokens are opaque, end after an hour, and open what the key behind them opens.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, Required, ResponseBuilder};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::{Caller, Peer};
use super::body;
use super::error::ApiError;
use super::gate::{Gate, missing};
use super::routes::{About, NoParams, Routes, json};
use crate::access::{Presented, Subject};
use crate::model::{Fault, FaultClass, Time};

/// How long a token holds.
const TOKEN_SECONDS: i64 = 3_600;
/// Largest form of a token request, in bytes.
const FORM_BYTES_MAX: usize = 16 << 10;

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "tokens", summary };
    let summary =
        "Gives a token in the way of App Service: `IDENTITY_ENDPOINT` is this address, `IDENTITY_HEADER` a key or the server's own secret";
    let operation = routes.operation::<IdentityRequest, IdentityToken>("/msi/token", about("identity_token", summary));
    routes.add("/msi/token", HttpMethod::Get, operation, get(identity));

    let path = "/{tenant}/v2.0/.well-known/openid-configuration";
    let operation = routes.operation::<NoParams, Discovery>(path, about("openid_configuration", "Says where a tenant's tokens come from"));
    routes.add(path, HttpMethod::Get, operation, get(discovery));

    let path = "/{tenant}/oauth2/v2.0/token";
    let summary = "Gives a token for client credentials: the id of a key or service principal, and its secret";
    let mut operation = routes.operation::<NoParams, OauthToken>(path, about("oauth_token", summary));
    let schema = routes.schema::<OauthForm>();
    let form = RequestBodyBuilder::new()
        .content("application/x-www-form-urlencoded", ContentBuilder::new().schema(Some(schema)).build())
        .required(Some(Required::True));
    operation.request_body = Some(form.build().into());
    let schema = routes.schema::<OauthError>();
    for (status, meaning) in [("400", "The form is none of this endpoint"), ("401", "The client id and secret open nothing here")] {
        let content = ContentBuilder::new().schema(Some(schema.clone())).build();
        let response = ResponseBuilder::new().description(meaning).content("application/json", content).build();
        operation.responses.responses.insert(status.to_owned(), response.into());
    }
    routes.add(path, HttpMethod::Post, operation, post(oauth));

    let operation =
        routes.operation::<NoParams, Endpoints>("/metadata/endpoints", about("metadata_endpoints", "Describes this server as a cloud"));
    routes.add("/metadata/endpoints", HttpMethod::Get, operation, get(endpoints));

    let path = "/v1/rest/auth/metadata";
    let operation =
        routes.operation::<NoParams, KustoMetadata>(path, about("kusto_auth_metadata", "Says to Kusto clients where tokens come from"));
    routes.add(path, HttpMethod::Get, operation, get(kusto));
}

/// What App Service clients ask.
#[derive(Clone, Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct IdentityRequest {
    /// What the token is for; comes back as it is.
    resource: Option<String>,
}

impl IdentityRequest {
    /// Reads what is known; clients add parameters that mean nothing here (`api-version`, `client_id`).
    fn read(query: &str) -> Self {
        Self {
            resource: url::form_urlencoded::parse(query.as_bytes())
                .find(|(name, _)| name == "resource")
                .map(|(_, value)| value.into_owned()),
        }
    }
}

/// A token as App Service gives it.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct IdentityToken {
    /// The token.
    access_token: String,
    /// When it ends, in seconds since 1970, as text.
    expires_on: String,
    /// What it was asked for.
    resource: String,
    /// `Bearer`.
    token_type: &'static str,
}

/// Whom to ask for what.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Discovery {
    /// Who issues tokens.
    issuer: String,
    /// Where people would sign in; this server has no such page.
    authorization_endpoint: String,
    /// Where tokens come from.
    token_endpoint: String,
    /// Where devices would sign in.
    device_authorization_endpoint: String,
    /// Where keys of signed tokens would be; tokens here are opaque.
    jwks_uri: String,
    /// Ways in which a client proves itself.
    token_endpoint_auth_methods_supported: [&'static str; 2],
    /// Kinds of grants.
    grant_types_supported: [&'static str; 1],
    /// Kinds of answers.
    response_types_supported: [&'static str; 1],
    /// Kinds of subjects.
    subject_types_supported: [&'static str; 1],
}

/// Client credentials as a form.
#[derive(Clone, Debug, Default, ToSchema)]
struct OauthForm {
    /// `client_credentials`.
    grant_type: String,
    /// Id of the key or service principal; may stand in an `Authorization: Basic` header instead.
    client_id: Option<String>,
    /// Its secret.
    client_secret: Option<String>,
}

/// A token as OAuth gives it.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct OauthToken {
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds until it ends.
    expires_in: i64,
    /// The same.
    ext_expires_in: i64,
    /// The token.
    access_token: String,
}

/// This server as a cloud.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Endpoints {
    /// Name.
    name: &'static str,
    /// Where resources are managed.
    resource_manager: String,
    /// Where tokens come from.
    authentication: Authentication,
    /// Where logs are queried.
    log_analytics_resource_id: String,
    /// Where incidents, alerts and hunting queries of Microsoft Graph are asked; ends with a slash, as clients append to it.
    microsoft_graph_resource_id: String,
    /// Ends of names of services; none, as all are here.
    suffixes: std::collections::BTreeMap<String, String>,
}

/// Where tokens of a cloud come from.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Authentication {
    /// Address of the endpoints.
    login_endpoint: String,
    /// For whom tokens are.
    audiences: Vec<String>,
    /// The tenant when none is named.
    tenant: &'static str,
    /// What issues tokens.
    identity_provider: &'static str,
}

/// Where a Kusto client gets its token.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct KustoMetadata {
    /// The endpoints.
    #[serde(rename = "AzureAD")]
    azure_ad: KustoLogin,
}

/// A login as Kusto clients understand it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct KustoLogin {
    /// Address of the endpoints.
    login_endpoint: String,
    /// Never.
    login_mfa_required: bool,
    /// Id of the client program.
    kusto_client_app_id: &'static str,
    /// Where people would come back to.
    kusto_client_redirect_uri: String,
    /// For whom tokens are.
    kusto_service_resource_id: String,
    /// The same authority.
    first_party_authority_url: String,
}

/// A token for `subject`, and when it ends.
fn issue(gate: &Gate, subject: Subject, until: Option<Time>, now: Time) -> Result<(String, Time), Fault> {
    let served = gate.served().ok_or_else(|| {
        Fault::new(FaultClass::Unavailable, "not_serving", "tokens are given by a server").with_hint("start one: `clew serve`")
    })?;
    let hour = now.plus(TOKEN_SECONDS * 1_000_000);
    let expires = until.map_or(hour, |until| until.min(hour));
    Ok((served.secret.issue(subject, expires), expires))
}

async fn identity(State(app): State<Arc<App>>, RawQuery(query): RawQuery, headers: HeaderMap, peer: Peer) -> Result<Response, ApiError> {
    let request = IdentityRequest::read(&query.unwrap_or_default());
    let now = Time::now();
    // Machine Learning asks as App Service does, with an older name of the header (`MSI_ENDPOINT`, `MSI_SECRET`).
    let given = headers.get("x-identity-header").or_else(|| headers.get("secret"));
    let given = given.and_then(|value| value.to_str().ok()).map(str::trim);
    let (subject, until) = match bearer_of_identity(&app.gate, given, now) {
        Ok(found) => found,
        Err(fault) => {
            app.gate.count_refused(peer.ip())?;
            return Err(fault.into());
        }
    };
    let (access_token, expires) = issue(&app.gate, subject, until, now)?;
    let expires_on = (expires.micros() / 1_000_000).to_string();
    json(&IdentityToken { access_token, expires_on, resource: request.resource.unwrap_or_default(), token_type: "Bearer" })
}

/// For whom a token is asked by the header of App Service: the server's own secret, or a key.
fn bearer_of_identity(gate: &Gate, given: Option<&str>, now: Time) -> Result<(Subject, Option<Time>), Fault> {
    if !gate.is_closed()? {
        return Ok((Subject::Anybody, None));
    }
    let given = given.ok_or_else(|| missing_header(missing()))?;
    if gate.served().is_some_and(|served| served.secret.is_identity_header(given)) {
        return Ok((Subject::Owner, None));
    }
    match Presented::parse(given) {
        Some(presented) => gate.principal(presented, now),
        None => Err(Fault::new(FaultClass::Invalid, "token_invalid", "`X-IDENTITY-HEADER` opens nothing here")
            .with_hint("it is a key (`clew key create`), or the secret that `clew tls init` prints")),
    }
}

fn missing_header(fault: Fault) -> Fault {
    Fault { message: "expected the header `X-IDENTITY-HEADER`, found none".into(), ..fault }
}

async fn discovery(caller: Caller, Path(tenant): Path<String>) -> Result<Response, ApiError> {
    let at = format!("{}/{}", caller.base(), crate::http::params::encode(&tenant));
    json(&Discovery {
        issuer: format!("{at}/v2.0"),
        authorization_endpoint: format!("{at}/oauth2/v2.0/authorize"),
        token_endpoint: format!("{at}/oauth2/v2.0/token"),
        device_authorization_endpoint: format!("{at}/oauth2/v2.0/devicecode"),
        jwks_uri: format!("{at}/discovery/v2.0/keys"),
        token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
        grant_types_supported: ["client_credentials"],
        response_types_supported: ["token"],
        subject_types_supported: ["public"],
    })
}

async fn endpoints(caller: Caller) -> Result<Response, ApiError> {
    let base = caller.base().to_owned();
    json(&Endpoints {
        name: "clew",
        resource_manager: base.clone(),
        authentication: Authentication {
            login_endpoint: base.clone(),
            audiences: vec![base.clone()],
            tenant: "common",
            identity_provider: "AAD",
        },
        microsoft_graph_resource_id: format!("{base}/"),
        log_analytics_resource_id: base,
        suffixes: std::collections::BTreeMap::new(),
    })
}

async fn kusto(caller: Caller) -> Result<Response, ApiError> {
    let base = caller.base().to_owned();
    json(&KustoMetadata {
        azure_ad: KustoLogin {
            login_endpoint: base.clone(),
            login_mfa_required: false,
            kusto_client_app_id: "00000000-0000-0000-0000-000000000000",
            kusto_client_redirect_uri: format!("{base}/"),
            kusto_service_resource_id: base.clone(),
            first_party_authority_url: base,
        },
    })
}

/// An error as OAuth clients read it.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct OauthError {
    /// Its name.
    error: &'static str,
    /// What was expected.
    error_description: &'static str,
}

fn refuse(status: StatusCode, error: &'static str, error_description: &'static str) -> Response {
    (status, axum::Json(OauthError { error, error_description })).into_response()
}

async fn oauth(State(app): State<Arc<App>>, peer: Peer, request: Request) -> Result<Response, ApiError> {
    let now = Time::now();
    let (parts, content) = request.into_parts();
    let bytes = body::whole(content, FORM_BYTES_MAX, &app.limits).await?;
    let Some(form) = read_form(&bytes) else {
        return Ok(refuse(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "expected a form with grant_type, client_id and client_secret, each once",
        ));
    };
    if form.grant_type != "client_credentials" {
        return Ok(refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", "expected grant_type client_credentials"));
    }
    let basic = basic(&parts.headers);
    let credentials = match (&form.client_id, &form.client_secret, &basic) {
        (Some(id), Some(secret), _) => Some((id.as_str(), secret.as_str())),
        (_, _, Some((id, secret))) => Some((id.as_str(), secret.as_str())),
        _ => None,
    };
    let subject = if app.gate.is_closed()? {
        let found = credentials
            .and_then(|(id, secret)| Presented::principal(id, secret))
            .and_then(|presented| app.gate.principal(presented, now).ok());
        let Some(found) = found else {
            app.gate.count_refused(peer.ip())?;
            return Ok(refuse(StatusCode::UNAUTHORIZED, "invalid_client", "the client id and secret open nothing here"));
        };
        found
    } else {
        (Subject::Anybody, None)
    };
    let (access_token, expires) = issue(&app.gate, subject.0, subject.1, now)?;
    let seconds = ((expires.micros() - now.micros()) / 1_000_000).saturating_sub(1).max(0);
    json(&OauthToken { token_type: "Bearer", expires_in: seconds, ext_expires_in: seconds, access_token })
}

/// Reads a form; none if a field stands there twice or the bytes are no text.
fn read_form(bytes: &[u8]) -> Option<OauthForm> {
    std::str::from_utf8(bytes).ok()?;
    let mut form = OauthForm::default();
    for (name, value) in url::form_urlencoded::parse(bytes) {
        let place = match name.as_ref() {
            "grant_type" if form.grant_type.is_empty() => {
                form.grant_type = value.into_owned();
                continue;
            }
            "client_id" => &mut form.client_id,
            "client_secret" => &mut form.client_secret,
            "grant_type" => return None,
            _ => continue,
        };
        if place.replace(value.into_owned()).is_some() {
            return None;
        }
    }
    Some(form)
}

/// Client id and secret of an `Authorization: Basic` header; both are form-encoded in it.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |text: &str| url::form_urlencoded::parse(format!("x={text}").as_bytes()).next().map(|(_, value)| value.into_owned());
    Some((decode(id)?, decode(secret)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn forms_and_basic_headers_are_read() {
        let form = read_form(b"grant_type=client_credentials&client_id=a%2Bb&client_secret=c+d&scope=x").expect("a form");
        assert_eq!(
            (form.grant_type.as_str(), form.client_id.as_deref(), form.client_secret.as_deref()),
            ("client_credentials", Some("a+b"), Some("c d"))
        );
        assert!(read_form(b"client_id=a&client_id=b").is_none() && read_form(b"grant_type=a&grant_type=b").is_none());
        assert!(read_form(&[0xff]).is_none());
        let headers = |text: &'static str| HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(text))]);
        // `me:a%2Fb`, then `me` without a secret.
        assert_eq!(basic(&headers("Basic bWU6YSUyRmI=")), Some(("me".into(), "a/b".into())));
        assert_eq!(basic(&headers("Basic bWU=")), None);
        assert_eq!(basic(&headers("Bearer x")), None);
    }
}

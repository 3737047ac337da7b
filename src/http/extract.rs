//! Reads requests: questions from path and query string, bodies from JSON. Every refusal is a `Fault`, never a framework's plain text.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::app::App;
pub(crate) use super::auth::Ready;
use super::body;
use super::error::ApiError;
use super::params::Params;
use crate::model::{Fault, FaultClass};

/// A request struct made from the parameters of the path and of the query string together.
pub(crate) struct Ask<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Ask<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let mut params = Params::parse(parts.uri.query().unwrap_or_default())?;
        match RawPathParams::from_request_parts(parts, state).await {
            Ok(path) => path.iter().for_each(|(name, value)| params.push(name.to_owned(), value.to_owned())),
            // A route without parameters has none to give.
            Err(RawPathParamsRejection::MissingPathParams(_)) => {}
            Err(_) => return Err(Fault::new(FaultClass::Invalid, "path_encoding", "expected UTF-8 in the path").into()),
        }
        Ok(Self(params.read()?))
    }
}

/// A request struct made from a JSON body.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        // A body has no parameters beside it: a mistyped query string must not pass in silence.
        Params::parse(request.uri().query().unwrap_or_default())?.read::<()>()?;
        let bytes = body::whole(request.into_body(), app.limits.body_bytes_max, &app.limits).await?;
        Ok(Self(read_json(&bytes)?))
    }
}

/// Reads a JSON object and places an error at its byte.
pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    // A struct can be read from an array of its members in order too, which no body of the API is.
    if let Some(at) = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).filter(|at| bytes[*at] == b'[') {
        return Err(Fault::new(FaultClass::Invalid, "body_invalid", "expected a JSON object, found an array")
            .with_hint("`/docs` shows the body of every operation")
            .at(at, at));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
        let at = offset(bytes, error.line(), error.column());
        let code = if error.is_data() { "body_invalid" } else { "json_invalid" };
        Fault::new(FaultClass::Invalid, code, format!("expected a JSON body of this operation: {reason}"))
            .with_hint("`/docs` shows the body of every operation")
            .at(at, at)
    })
}

fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let start: usize = bytes.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (start + column.saturating_sub(1)).min(bytes.len())
}

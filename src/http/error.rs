//! Errors as HTTP answers: the one table of class and status, and the body `{"error": {code, message, hint?, span?, request_id}}`.
//!
//! A handler answers with an `ApiError`; the outermost layer (`observe`) writes the body, because only it knows the request's id.

use std::num::NonZeroU32;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{Fault, FaultClass, Span};

/// The body of every answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// An error as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// Stable name of the error.
    pub code: String,
    /// What was expected and what was found.
    pub message: String,
    /// One thing to try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where in the text of the request, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<ErrorSpan>,
    /// Id of the request, also in the header `x-request-id` and in the server's log.
    pub request_id: String,
}

/// A range of bytes in the text of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorSpan {
    /// First byte.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
}

impl From<Span> for ErrorSpan {
    fn from(span: Span) -> Self {
        Self { start: span.start, end: span.end }
    }
}

impl ErrorBody {
    /// The body for a fault. What is broken inside clew stays in the log; the id leads there.
    pub(crate) fn new(fault: &Fault, request_id: &str) -> Self {
        let internal = fault.class == FaultClass::Internal;
        Self {
            error: ErrorDetail {
                code: fault.code.to_owned(),
                message: if internal { "clew failed to answer".to_owned() } else { fault.message.clone() },
                hint: if internal { Some(format!("the log of clew says why, at request id `{request_id}`")) } else { fault.hint.clone() },
                span: fault.span.map(ErrorSpan::from),
                request_id: request_id.to_owned(),
            },
        }
    }
}

/// A fault on its way out of a handler.
#[derive(Clone, Debug)]
pub(crate) struct ApiError(pub(crate) Fault);

impl<F: Into<Fault>> From<F> for ApiError {
    fn from(error: F) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = status(&self.0);
        let mut response = status.into_response();
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            let seconds = self.0.retry_seconds.map_or(1, NonZeroU32::get);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// The status of a fault: by its code where HTTP has one of its own, else by its class.
pub(crate) fn status(fault: &Fault) -> StatusCode {
    match (fault.code, fault.class) {
        ("token_missing" | "token_invalid" | "token_expired", _) => StatusCode::UNAUTHORIZED,
        ("right_missing" | "workspace_ambiguous" | "workspace_refused" | "proposal_own" | "proposal_principal", _) => StatusCode::FORBIDDEN,
        ("method_not_allowed", _) => StatusCode::METHOD_NOT_ALLOWED,
        ("host_refused" | "origin_refused", _) => StatusCode::FORBIDDEN,
        ("precondition_failed", _) => StatusCode::PRECONDITION_FAILED,
        ("body_too_large", _) => StatusCode::PAYLOAD_TOO_LARGE,
        ("busy" | "too_many_queries" | "rate_limited", _) => StatusCode::TOO_MANY_REQUESTS,
        ("storage_full" | "disk_full", _) => StatusCode::INSUFFICIENT_STORAGE,
        (_, FaultClass::Invalid) => StatusCode::BAD_REQUEST,
        (_, FaultClass::NotFound) => StatusCode::NOT_FOUND,
        (_, FaultClass::Conflict) => StatusCode::CONFLICT,
        (_, FaultClass::Limit) => StatusCode::UNPROCESSABLE_ENTITY,
        (_, FaultClass::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
        (_, FaultClass::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

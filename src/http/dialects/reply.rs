//! What a handler of a dialect gives back: a status, headers, and JSON or bytes.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::model::{Fault, FaultClass};

/// An answer of a dialect.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: Content,
}

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Nothing,
    Json(Value),
    #[allow(dead_code, reason = "for dialects whose answers are no JSON")]
    Bytes(&'static str, Bytes),
}

impl Reply {
    /// 200 with JSON.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, headers: Vec::new(), body: Content::Json(body) }
    }

    /// 201 with JSON.
    pub(crate) fn created(body: Value) -> Self {
        Self::ok(body).status(StatusCode::CREATED)
    }

    /// 204 without a body.
    pub(crate) fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: Vec::new(), body: Content::Nothing }
    }

    /// 200 with text or bytes of a type.
    #[allow(dead_code, reason = "for dialects whose answers are no JSON")]
    pub(crate) fn bytes(content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self { status: StatusCode::OK, headers: Vec::new(), body: Content::Bytes(content_type, bytes.into()) }
    }

    /// The same with another status.
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same with one header more.
    #[allow(dead_code, reason = "for dialects whose answers lead elsewhere")]
    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Writes the answer.
    pub(super) fn into_response(self) -> Result<Response, Fault> {
        let (content_type, bytes) = match self.body {
            Content::Nothing => (None, Bytes::new()),
            Content::Json(value) => {
                let unwritable = |error: serde_json::Error| Fault::new(FaultClass::Internal, "answer_unwritable", error.to_string());
                (Some("application/json; charset=utf-8"), Bytes::from(serde_json::to_vec(&value).map_err(unwritable)?))
            }
            Content::Bytes(content_type, bytes) => (Some(content_type), bytes),
        };
        let mut response = (self.status, Body::from(bytes)).into_response();
        response.headers_mut().remove(header::CONTENT_TYPE);
        if let Some(content_type) = content_type {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in self.headers {
            // A value that no header can hold is of no use to the client.
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        Ok(response)
    }
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.body {
            Content::Json(value) => value.serialize(serializer),
            Content::Nothing | Content::Bytes(..) => serializer.serialize_unit(),
        }
    }
}

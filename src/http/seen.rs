//! `If-Match`: the version that a request says it saw. A stale one answers 412, where a stale `etag` of a body answers 409.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use utoipa::ToSchema;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, Required, Response, ResponseBuilder};

use super::error::ErrorBody;
use crate::model::Fault;

/// The version of the header, if the request has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct IfMatch(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

impl IfMatch {
    /// Reads the headers of a request. A text that no etag can be matches no version.
    fn of(headers: &HeaderMap) -> Self {
        let all: Vec<String> =
            headers.get_all(header::IF_MATCH).iter().map(|seen| String::from_utf8_lossy(seen.as_bytes()).into_owned()).collect();
        Self((!all.is_empty()).then(|| all.join(", ")))
    }

    /// The version that the caller saw: of the header, else of the body.
    pub(crate) fn or(&self, body: Option<String>) -> Option<String> {
        self.0.clone().or(body)
    }

    /// What a refused change answers: a stale version of the header is a condition that does not hold.
    pub(crate) fn refused(&self, fault: Fault) -> Fault {
        if self.0.is_some() { unmet(fault) } else { fault }
    }
}

/// The fault of a request whose `If-Match` names another version than the present one.
pub(crate) fn unmet(fault: Fault) -> Fault {
    if fault.code == "etag_stale" { Fault { code: "precondition_failed", ..fault } } else { fault }
}

/// Describes the header and what a stale version answers: 412 of the header, 409 of the body's `etag` if it may have one.
pub(crate) fn describe(operation: &mut Operation, body_has_etag: bool) {
    let parameter = ParameterBuilder::new()
        .name("If-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("The etag that the caller saw, `*` for any version; stands before an `etag` of the body"))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()));
    operation.parameters.get_or_insert_default().push(parameter.build().into());
    let responses = &mut operation.responses.responses;
    responses.insert("412".to_owned(), refusal("`precondition_failed`: the version of `If-Match` is not the present one").into());
    if body_has_etag {
        responses
            .insert("409".to_owned(), refusal("`etag_stale`: the version of `etag` is not the present one; or another conflict").into());
    }
}

fn refusal(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name()))).build();
    ResponseBuilder::new().description(description).content("application/json", content).build()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::model::FaultClass;

    #[test]
    fn several_headers_are_one_list_and_no_header_is_no_condition() {
        let mut headers = HeaderMap::new();
        assert_eq!(IfMatch::of(&headers).or(Some("7".to_owned())).as_deref(), Some("7"));
        headers.append(header::IF_MATCH, HeaderValue::from_static("\"1\""));
        headers.append(header::IF_MATCH, HeaderValue::from_static("W/\"2\""));
        assert_eq!(IfMatch::of(&headers).or(Some("7".to_owned())).as_deref(), Some("\"1\", W/\"2\""));
    }

    #[test]
    fn only_a_stale_version_of_the_header_is_an_unmet_condition() {
        let fault = |code| Fault::new(FaultClass::Conflict, code, "x");
        let header = IfMatch(Some("1".to_owned()));
        assert_eq!(header.refused(fault("etag_stale")).code, "precondition_failed");
        assert_eq!(header.refused(fault("parent_cycle")).code, "parent_cycle");
        assert_eq!(IfMatch::default().refused(fault("etag_stale")).code, "etag_stale");
    }
}

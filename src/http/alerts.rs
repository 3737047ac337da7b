//! `/v1/alerts`: the list, one alert, its document as it was given, its versions.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::openapi::path::HttpMethod;

use super::error::ApiError;
use super::extract::{Ask, Ready};
use super::routes::{About, Routes};
use crate::model::Fault;
use crate::query::details::{AlertRequest, AlertVersionsRequest, raw_alert};
use crate::query::lists::AlertFilter;
use crate::query::{Context, Question};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    routes.ask::<AlertFilter>(
        "/v1/alerts",
        About { id: "alerts", tag: "records", summary: "Lists alerts under a filter, with counters that follow it" },
    );
    routes.ask::<AlertRequest>(
        "/v1/alerts/{id}",
        About { id: "alert", tag: "records", summary: "Shows one alert with its entities, versions and document" },
    );
    let path = "/v1/alerts/{id}/raw";
    let about = About { id: "alert_raw", tag: "records", summary: "Gives the document of an alert's current version, byte for byte" };
    let operation = routes.operation_of_type::<AlertRequest>(path, about, "application/json");
    routes.add(path, HttpMethod::Get, operation, get(raw));
    let path = "/v1/alerts/{id}/versions";
    let about = About { id: "alert_versions", tag: "records", summary: "Lists the versions of an alert, oldest first" };
    routes.ask::<AlertVersionsRequest>(path, about);
}

async fn raw(Ready(engine): Ready, Ask(request): Ask<AlertRequest>) -> Result<Response, ApiError> {
    let bytes = engine.ask(RawDocument(request)).await?;
    let mut response = Body::from(bytes).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// The document of an alert's current version.
struct RawDocument(AlertRequest);

impl Question for RawDocument {
    type Answer = Vec<u8>;
    const NAME: &'static str = "alert_raw";

    fn answer(self, context: &Context) -> Result<Vec<u8>, Fault> {
        Ok(raw_alert(context, &self.0.id)?.to_vec())
    }
}

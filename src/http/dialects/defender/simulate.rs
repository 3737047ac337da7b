//! `alerts/default/simulate`: the sample alerts of the bundles that are asked for, in the subscription and region of the caller.

use axum::http::StatusCode;
use axum::http::header::{LOCATION, RETRY_AFTER};
use serde_json::json;

use crate::engine::Engine;
use crate::generate::samples::{BUNDLES, Place, bundle};
use crate::http::dialects::{Call, Members, Reply};
use crate::model::{Fault, FaultClass};
use crate::query::Context;

/// Takes in sample alerts.
pub(super) fn simulate(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let properties = Members::of(&call.json()?).inner("properties");
    let invalid = |message: String| Fault::new(FaultClass::Invalid, "simulation_invalid", message);
    let kind = properties.word("kind").unwrap_or_default();
    if !kind.eq_ignore_ascii_case("Bundles") {
        return Err(invalid(format!("expected `Bundles` for `properties.kind`, found `{kind}`")));
    }
    let bundles = properties.texts("bundles");
    if let Some(unknown) = bundles.iter().find(|name| bundle(name).is_none()) {
        return Err(invalid(format!("expected bundles of {}, found `{unknown}`", BUNDLES.join(", "))));
    }
    if bundles.is_empty() {
        return Err(invalid("expected at least one of `properties.bundles`, found none".to_owned()));
    }
    let region = call.parameter("region");
    let place = Place { subscription: call.parameter("sub").to_owned(), region: region.to_owned() };
    engine.simulate(&bundles, &place)?;
    let id = uuid::Uuid::new_v4();
    let path = format!("/subscriptions/{}/providers/Microsoft.Security/locations/{region}/operationStatuses/{id}", call.parameter("sub"));
    let version = call.option("api-version").unwrap_or("2022-01-01");
    let version: String = url::form_urlencoded::byte_serialize(version.as_bytes()).collect();
    let location = format!("{}{path}?api-version={version}", call.base());
    // The alerts are there already: the first look finds the operation ended.
    Ok(Reply::nothing().status(StatusCode::ACCEPTED).header(LOCATION, location).header(RETRY_AFTER, "0"))
}

/// An operation that ended: sample alerts are there before its address is known.
pub(super) fn ended(call: &Call, _: &Context) -> Result<Reply, Fault> {
    let id = call.parameter("operation");
    Ok(Reply::ok(json!({"id": call.parameter("operation"), "name": id, "status": "Succeeded"})))
}

//! Errors as Microsoft Graph writes them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::http::dialects::arm::time;
use crate::http::error::status;
use crate::model::{Fault, FaultClass, Time};

/// Status and body of an error.
pub(super) fn fault(fault: &Fault, id: &str) -> (StatusCode, Value) {
    let status = match status(fault) {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        status => status,
    };
    let code = match status.as_u16() {
        401 => "InvalidAuthenticationToken",
        403 => "Authorization_RequestDenied",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        409 => "Conflict",
        412 => "PreconditionFailed",
        429 => "TooManyRequests",
        503 => "serviceNotAvailable",
        500.. => "InternalServerError",
        _ => "BadRequest",
    };
    let message = match (&fault.hint, fault.class) {
        (_, FaultClass::Internal) => format!("clew failed to answer; its log says why, at request id {id}"),
        (Some(hint), _) => format!("{}; {hint}", fault.message),
        (None, _) => fault.message.clone(),
    };
    let inner = json!({"code": fault.code, "date": time(Time::now()), "request-id": id, "client-request-id": id});
    (status, json!({"error": {"code": code, "message": message, "innerError": inner}}))
}

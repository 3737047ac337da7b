//! Errors as Kusto writes them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::http::dialects::arm::time;
use crate::http::dialects::logs::{Mistake, mistake, place};
use crate::http::error::status;
use crate::model::{Fault, FaultClass, Time};

/// Status and body of a query or command that has no answer.
pub(super) fn of_query(fault: &Fault, text: &str, id: &str) -> (StatusCode, Value) {
    let at = fault.span.map(|span| place(text, span.start)).map(|(line, column)| format!(" [line:position={line}:{column}]"));
    let said = |kind: &str, code: &str| format!("{kind}: {code}: {}{}", message(fault), at.as_deref().unwrap_or_default());
    let (code, exception, message, permanent) = match mistake(fault) {
        Mistake::Syntax => ("General_BadRequest", "Kusto.Data.Exceptions.SyntaxException", said("Syntax error", "SYN0002"), true),
        Mistake::Semantic => ("General_BadRequest", "Kusto.Data.Exceptions.SemanticException", said("Semantic error", "SEM0100"), true),
        Mistake::Limit => {
            ("LimitsExceeded", "Kusto.Data.Exceptions.KustoServicePartialQueryFailureLimitsExceededException", message(fault), false)
        }
        Mistake::Other => return self::fault(fault, id),
    };
    (StatusCode::BAD_REQUEST, body(code, "Request is invalid and cannot be executed.", exception, &message, permanent, id))
}

/// Status and body of any other error.
pub(super) fn fault(fault: &Fault, id: &str) -> (StatusCode, Value) {
    let status = match status(fault) {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        status => status,
    };
    // Clients take 404 for a server without the endpoint.
    if fault.code == "workspace_unknown" {
        let exception = "Kusto.Data.Exceptions.EntityNotFoundException";
        return (
            StatusCode::BAD_REQUEST,
            body("BadRequest_EntityNotFound", "Request is invalid and cannot be executed.", exception, &message(fault), true, id),
        );
    }
    let (code, outer, permanent) = match status.as_u16() {
        401 => ("Unauthorized", "Authentication failed", true),
        403 => ("Forbidden", "Caller is not authorized to perform this action", true),
        404 => ("General_NotFound", "The requested path does not exist", true),
        429 => ("TooManyRequests", "Too many requests", false),
        500.. => ("InternalServiceError", "clew failed to answer; its log says why", false),
        _ => ("General_BadRequest", "Request is invalid and cannot be executed.", true),
    };
    let said = if fault.class == FaultClass::Internal { outer.to_owned() } else { message(fault) };
    (status, body(code, outer, "Kusto.Data.Exceptions.KustoBadRequestException", &said, permanent, id))
}

fn body(code: &str, outer: &str, exception: &str, message: &str, permanent: bool, id: &str) -> Value {
    let context = json!({"timestamp": time(Time::now()), "clientRequestId": id});
    json!({"error": {
        "code": code, "message": outer, "@type": exception, "@message": message, "@context": context, "@permanent": permanent,
    }})
}

/// What an answer carries that a limit cut.
pub(super) fn partial(cut: &str, id: &str, activity: &str, now: Time) -> Value {
    let message = format!("Query execution has exceeded the allowed limits (80DA0003): the limit `{cut}` cut the rows.");
    json!({"error": {
        "code": "LimitsExceeded",
        "message": "Request is invalid and cannot be executed.",
        "@type": "Kusto.Data.Exceptions.KustoServicePartialQueryFailureLimitsExceededException",
        "@message": message,
        "@context": {"timestamp": time(now), "clientRequestId": id, "activityId": activity},
        "@permanent": false,
    }})
}

fn message(fault: &Fault) -> String {
    match &fault.hint {
        Some(hint) => format!("{}; {hint}", fault.message),
        None => fault.message.clone(),
    }
}

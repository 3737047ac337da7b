//! Errors as Log Analytics writes them: the outer one says that the arguments are bad, the inner one what is wrong with the text.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::http::error::status;
use crate::model::{Fault, FaultClass};

/// Codes of mistakes that already the grammar shows.
const SYNTAX: [&str; 16] = [
    "kql_unexpected_character",
    "kql_unclosed_string",
    "kql_bad_escape",
    "kql_unclosed_literal",
    "kql_invalid_literal",
    "kql_raw_guid",
    "kql_expected",
    "kql_missing_expression",
    "kql_missing_name",
    "kql_operator_expected",
    "kql_missing_semicolon",
    "kql_unexpected_fragment",
    "kql_reserved_name",
    "kql_text_too_long",
    "kql_too_deep",
    "kql_unfilled_blank",
];

/// What kind of mistake a query has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http::dialects) enum Mistake {
    /// The grammar does not know it.
    Syntax,
    /// Names or types are wrong.
    Semantic,
    /// It would take more than it may.
    Limit,
    /// None of the query's: the server is busy or broken, or something else than the text is wrong.
    Other,
}

/// Says which.
pub(in crate::http::dialects) fn mistake(fault: &Fault) -> Mistake {
    match fault.class {
        _ if SYNTAX.contains(&fault.code) => Mistake::Syntax,
        FaultClass::Limit => Mistake::Limit,
        FaultClass::Invalid if fault.code.starts_with("kql_") => Mistake::Semantic,
        _ => Mistake::Other,
    }
}

/// Line and column of a byte, both from 1 and 0 as the service counts them.
pub(in crate::http::dialects) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at)];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count());
    (line, column)
}

/// Status and body of a query that has no answer.
pub(super) fn of_query(fault: &Fault, text: &str) -> (StatusCode, Value) {
    let (code, kind) = match mistake(fault) {
        Mistake::Syntax => ("SYN0002", "A recognition error occurred in the query."),
        Mistake::Semantic => ("SEM0100", "A semantic error occurred."),
        Mistake::Limit if fault.code == "query_timeout" => return of_time(fault),
        Mistake::Limit | Mistake::Other => return self::fault(fault, ""),
    };
    let mut inner = json!({"code": code, "message": message(fault), "kind": kind, "name": fault.code});
    if let Some(span) = fault.span {
        let (line, column) = place(text, span.start);
        inner["line"] = line.into();
        inner["pos"] = column.into();
        inner["token"] = text.get(span.start..span.end).unwrap_or_default().into();
    }
    (
        StatusCode::BAD_REQUEST,
        json!({"error": {"message": "The request had some invalid properties", "code": "BadArgumentError", "innererror": inner}}),
    )
}

/// A query that took longer than the client would wait.
fn of_time(fault: &Fault) -> (StatusCode, Value) {
    let inner = json!({"code": "QueryTimeout", "message": message(fault)});
    // 504 would be sent again, ten times: the same query takes the same time.
    (StatusCode::BAD_REQUEST, json!({"error": {"message": "The query took too long", "code": "GatewayTimeout", "innererror": inner}}))
}

fn message(fault: &Fault) -> String {
    match &fault.hint {
        Some(hint) => format!("{}; {hint}", fault.message),
        None => fault.message.clone(),
    }
}

/// Status and body of any other error.
pub(super) fn fault(fault: &Fault, request_id: &str) -> (StatusCode, Value) {
    let status = match status(fault) {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        status => status,
    };
    let (code, outer) = match status.as_u16() {
        401 => ("InvalidTokenError", "The provided authentication is not valid for this resource"),
        403 => ("InsufficientAccessError", "The provided credentials have insufficient access to perform the requested operation"),
        404 if fault.code == "workspace_unknown" => ("WorkspaceNotFoundError", "The workspace could not be found"),
        404 => ("PathNotFoundError", "The requested path does not exist"),
        429 => ("ThrottledError", "Too many requests"),
        503 => ("ServiceUnavailable", "The service cannot answer now"),
        500.. => ("InternalServerError", "clew failed to answer; its log says why"),
        _ => ("BadArgumentError", "The request had some invalid properties"),
    };
    let mut error = json!({"message": outer, "code": code});
    if fault.class != FaultClass::Internal {
        error["innererror"] = json!({"code": fault.code, "message": message(fault)});
    }
    if !request_id.is_empty() {
        error["correlationId"] = request_id.into();
    }
    (status, json!({ "error": error }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_from_one_and_letters_from_zero() {
        assert_eq!(place("abc", 0), (1, 0));
        assert_eq!(place("é|\nxy", 5), (2, 1));
        assert_eq!(place("é", 1), (1, 0));
        assert_eq!(place("a", 99), (1, 1));
    }

    #[test]
    fn mistakes_keep_their_place_and_their_kind() {
        let fault = Fault::new(FaultClass::Invalid, "kql_expected", "expected `)`").at(4, 5);
        let (status, body) = of_query(&fault, "abc\nxyz");
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(body["error"]["code"], "BadArgumentError");
        let inner = json!({
            "code": "SYN0002", "message": "expected `)`", "kind": "A recognition error occurred in the query.",
            "name": "kql_expected", "line": 2, "pos": 0, "token": "x",
        });
        assert_eq!(body["error"]["innererror"], inner);
        let fault = Fault::new(FaultClass::Invalid, "kql_unknown_table", "no table");
        assert_eq!(of_query(&fault, "").1["error"]["innererror"]["code"], "SEM0100");
    }
}

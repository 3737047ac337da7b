//! A request as a handler of a dialect sees it. Reads, decides nothing.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, Method, Uri, header};
use bytes::Bytes;
use serde_json::Value;

use super::{lenient, logs};
use crate::model::{Fault, FaultClass};
use crate::triage::incident::Actor;

/// Bytes of the name of something that a request defines at the most.
const NAME_BYTES_MAX: usize = 256;

/// A request of a dialect.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Method of the request.
    pub(super) method: Method,
    /// Parameters of the path, as the client wrote them.
    pub(super) parameters: Vec<(&'static str, String)>,
    /// Options of the query string in their order, names in lower case.
    pub(super) options: Vec<(String, String)>,
    /// The path as it came, still percent-encoded, without empty segments.
    pub(super) path: String,
    /// Scheme and authority that the client used (`https://soc.example:8443`).
    pub(super) base: String,
    /// Headers of the request.
    pub(super) headers: HeaderMap,
    /// The body.
    pub(super) body: Bytes,
    /// Who asks.
    pub(super) actor: Actor,
    /// Whether who asks may administer.
    pub(super) administers: bool,
    /// The workspaces that who asks may use.
    pub(super) workspaces: Vec<String>,
    /// Workspaces that the request names beside that of its path.
    pub(super) beside: Vec<logs::Named>,
}

impl Call {
    /// A parameter of the path; empty if the template has none of the name.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The last parameter of the path: the name of what a request defines. Refuses one that could not be said again.
    pub(crate) fn new_name(&self) -> Result<&str, Fault> {
        let name = self.parameters.last().map_or("", |(_, name)| name.as_str());
        let fits = !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.trim() == name;
        if fits && !name.contains(['/', '\\']) && !name.chars().any(char::is_control) {
            return Ok(name);
        }
        let message = format!("expected a name of 1 to {NAME_BYTES_MAX} bytes without slashes, control characters and spaces around it");
        Err(Fault::new(FaultClass::Invalid, "name_invalid", message))
    }

    /// Whether the request defines what its path names.
    pub(crate) fn is_put(&self) -> bool {
        self.method == Method::PUT
    }

    /// An option of the query string, in any case; of repeated ones the first, and none if it is empty.
    ///
    /// Clients repeat what a link carries already, so that a repeated option is no mistake.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        let named = self.options.iter().find(|(known, value)| known.eq_ignore_ascii_case(name) && !value.trim().is_empty());
        named.map(|(_, value)| value.as_str())
    }

    /// A header, if it is text.
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Who asks.
    pub(crate) fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Scheme and authority that the client used.
    #[allow(dead_code, reason = "for dialects that write addresses outside of the path that was asked")]
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The bytes of the body.
    #[allow(dead_code, reason = "for dialects whose bodies are no JSON")]
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as JSON, Python's spelling of it included; null if there is none.
    pub(crate) fn json(&self) -> Result<Value, Fault> {
        lenient::read(&self.body)
    }

    /// The body as a JSON object; empty if there is none.
    pub(crate) fn object(&self) -> Result<serde_json::Map<String, Value>, Fault> {
        match self.json()? {
            Value::Object(members) => Ok(members),
            Value::Null => Ok(serde_json::Map::new()),
            other => {
                let found = match other {
                    Value::Array(_) => "a list",
                    Value::String(_) => "a text",
                    _ => "a plain value",
                };
                Err(Fault::new(FaultClass::Invalid, "body_invalid", format!("expected a JSON object as the body, found {found}")))
            }
        }
    }
}

/// Options of a query string, names in lower case.
pub(super) fn options(uri: &Uri) -> Vec<(String, String)> {
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.map(|(name, value)| (name.to_lowercase(), value.into_owned())).collect()
}

/// Members of an object by names in any case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members(BTreeMap<String, Value>);

impl Members {
    /// The members of an object; none of anything else.
    pub(crate) fn of(value: &Value) -> Self {
        let members = value.as_object().into_iter().flatten();
        Self(members.map(|(name, value)| (name.to_lowercase(), value.clone())).collect())
    }

    /// A member that is not null.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(&name.to_lowercase()).filter(|value| !value.is_null())
    }

    /// Whether the member is given, null included.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(&name.to_lowercase())
    }

    /// A text, number or flag as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// A text that is not blank.
    pub(crate) fn word(&self, name: &str) -> Option<String> {
        self.text(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A whole number, also one in quotes.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A flag, also one in quotes.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => text.trim().to_lowercase().parse().ok(),
            _ => None,
        }
    }

    /// The texts of a list; a single text is a list of one.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
            Some(Value::String(text)) => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    /// The members of an inner object; none if there is none.
    pub(crate) fn inner(&self, name: &str) -> Self {
        self.get(name).map(Self::of).unwrap_or_default()
    }

    /// The items of an inner list.
    pub(crate) fn list(&self, name: &str) -> &[Value] {
        self.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_decoded_and_named_in_lower_case() {
        let uri: Uri = "/a?%24Filter=a%20eq%20%27b%27&$Top=5".parse().expect("a path");
        assert_eq!(options(&uri), [("$filter".into(), "a eq 'b'".into()), ("$top".to_owned(), "5".to_owned())]);
    }
}

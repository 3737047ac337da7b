//! One request as it goes to the router or over the wire; the same for both.

use serde_json::Value;

use super::params::encode;

/// A request to the API.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Request {
    path: String,
    query: Vec<(&'static str, String)>,
    /// JSON body; a request with one is a `POST`, unless it says otherwise.
    pub(crate) body: Option<Value>,
    method: Option<&'static str>,
    /// Who makes the request.
    pub(crate) user: Option<String>,
    /// The text that spans of an error point into.
    pub(crate) text: Option<String>,
}

impl Request {
    /// Reads something.
    pub(crate) fn get(path: &str) -> Self {
        Self { path: path.to_owned(), ..Self::default() }
    }

    /// Sends a JSON body.
    pub(crate) fn post(path: &str, body: Value) -> Self {
        Self { path: path.to_owned(), body: Some(body), ..Self::default() }
    }

    /// Adds a part of the path.
    pub(crate) fn part(mut self, text: &str) -> Self {
        self.path.push('/');
        self.path.push_str(&encode(text));
        self
    }

    /// Adds a parameter, if there is a value.
    pub(crate) fn with(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// Adds a flag, if it is set.
    pub(crate) fn flag(self, name: &'static str, set: bool) -> Self {
        self.with(name, set.then_some("true"))
    }

    /// Adds a list, one parameter for each item; commas of an item stay its own.
    pub(crate) fn each(mut self, name: &'static str, items: &[String]) -> Self {
        self.query.extend(items.iter().map(|item| (name, item.replace(',', "\\,"))));
        self
    }

    /// Whether the request itself says which page it wants.
    pub(crate) fn pages(&self) -> bool {
        self.query.iter().any(|(name, _)| matches!(*name, "limit" | "cursor"))
    }

    /// Names the text that spans of an error point into.
    pub(crate) fn about(mut self, text: &str) -> Self {
        self.text = Some(text.to_owned());
        self
    }

    /// Names who makes the request.
    pub(crate) fn by(self, user: Option<String>) -> Self {
        Self { user, ..self }
    }

    /// Sends a JSON body to what was asked for.
    pub(crate) fn posting(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Sends a JSON body that changes what was asked for.
    pub(crate) fn patching(self, body: Value) -> Self {
        Self { body: Some(body), method: Some("PATCH"), ..self }
    }

    /// Sends a JSON body in the place of what was asked for.
    pub(crate) fn putting(self, body: Value) -> Self {
        Self { body: Some(body), method: Some("PUT"), ..self }
    }

    /// Deletes what was asked for.
    pub(crate) fn deleting(self) -> Self {
        Self { method: Some("DELETE"), ..self }
    }

    /// `GET`, `POST`, `PATCH`, `PUT` or `DELETE`.
    pub(crate) fn method(&self) -> &'static str {
        self.method.unwrap_or(if self.body.is_some() { "POST" } else { "GET" })
    }

    /// Path and query string.
    pub(crate) fn target(&self) -> String {
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        if query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query.join("&")) }
    }
}

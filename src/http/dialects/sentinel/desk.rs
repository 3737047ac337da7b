//! What the handlers of one request share: the snapshot, and the identifiers of the workspace as the client spells them.

use serde_json::{Map, Value, json};

use crate::graph::{GraphSnapshot, NodeId};
use crate::http::dialects::Call;
use crate::model::{Fault, FaultClass, Stored};
use crate::query::Context;

/// Identifiers below the workspace that a request names.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// The path of the provider in the workspace, as the client spells subscription, group and workspace.
    workspace: String,
}

impl Scope {
    pub(super) fn of(call: &Call) -> Self {
        let [sub, group, workspace] = ["sub", "rg", "ws"].map(|name| segment(call.parameter(name)));
        let provider = "providers/Microsoft.OperationalInsights/workspaces";
        Self {
            workspace: format!("/subscriptions/{sub}/resourceGroups/{group}/{provider}/{workspace}/providers/Microsoft.SecurityInsights"),
        }
    }

    /// The identifier of something below the workspace: collections and names in turn, names of any characters.
    pub(super) fn id(&self, path: &[&str]) -> String {
        let mut id = self.workspace.clone();
        for part in path {
            id.push('/');
            id.push_str(&segment(part));
        }
        id
    }

    /// A resource: identifier, name, type, etag and properties.
    pub(super) fn resource(&self, path: &[&str], kind: &str, etag: Option<&str>, properties: Map<String, Value>) -> Value {
        let name = path.last().copied().unwrap_or_default();
        let mut resource = json!({"id": self.id(path), "name": name, "type": format!("Microsoft.SecurityInsights/{kind}")});
        if let Some(etag) = etag {
            resource["etag"] = quoted(etag).into();
        }
        resource["properties"] = Value::Object(properties);
        resource
    }
}

/// An etag as clients keep it: with its quotes.
pub(super) fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// A text as one segment of a path.
fn segment(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~@:!$'()*+,;=".contains(&byte) {
            written.push(char::from(byte));
        } else {
            written.push_str(&format!("%{byte:02X}"));
        }
    }
    written
}

/// One request at work on one snapshot.
pub(super) struct Desk<'a> {
    pub(super) context: &'a Context,
    pub(super) scope: Scope,
    /// The address that the client knows the server by.
    base: String,
}

impl<'a> Desk<'a> {
    pub(super) fn new(call: &Call, context: &'a Context) -> Self {
        Self { context, scope: Scope::of(call), base: call.base().to_owned() }
    }

    pub(super) fn graph(&self) -> &'a GraphSnapshot {
        &self.context.snapshot.graph
    }

    /// The incident of an id, in any case; one that nobody has described is not there.
    pub(super) fn incident(&self, id: &str) -> Result<NodeId, Fault> {
        incident(self.context, id).ok_or_else(|| missing("incident", id))
    }

    /// The resource of a kind and id.
    pub(super) fn stored(&self, kind: &str, id: &str) -> Result<Option<Stored>, Fault> {
        self.context.snapshot.resource(kind, id)
    }

    /// The address at which people find an incident: that of its source, else that of clew's page.
    pub(super) fn address(&self, id: &str, source: Option<String>) -> String {
        source.unwrap_or_else(|| format!("{}/incidents/{}", self.base, segment(id)))
    }
}

/// The incident of an id, in any case.
pub(super) fn incident(context: &Context, id: &str) -> Option<NodeId> {
    let graph = &context.snapshot.graph;
    let known = |id: &str| graph.incident(id).filter(|node| graph.incident_node(*node).is_some_and(|incident| incident.known()));
    known(id).or_else(|| known(&id.to_lowercase())).or_else(|| known(&id.to_uppercase()))
}

/// What is not there.
pub(super) fn missing(what: &str, id: &str) -> Fault {
    Fault::new(FaultClass::NotFound, "resource_unknown", format!("the {what} `{id}` was not found"))
}

/// Somebody, as an author or editor.
pub(super) fn person(name: &str) -> Value {
    let mail = name.contains('@').then_some(name);
    json!({"name": name, "email": mail, "objectId": null, "userPrincipalName": mail})
}

/// Checks the version that a client says it saw: in the body it answers 409 if stale, in `If-Match` 412.
///
/// An etag of something that is not there counts only in `If-Match`: clients copy whole resources to new names.
pub(super) fn check_seen(call: &Call, body: &Value, name: &str, present: Option<&str>) -> Result<(), Fault> {
    let bare = |text: &str| text.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    if let Some(seen) = call.header("if-match").map(bare) {
        let holds = if seen == "*" { present.is_some() } else { present == Some(seen.as_str()) };
        if !holds {
            return Err(stale_header(name));
        }
    }
    if call.header("if-none-match").is_some_and(|seen| seen.trim() == "*") && present.is_some() {
        return Err(stale_header(name));
    }
    let seen = crate::http::dialects::Members::of(body).word("etag").map(|etag| bare(&etag)).filter(|etag| !etag.is_empty() && etag != "*");
    match (seen, present) {
        (Some(seen), Some(present)) if seen != present => Err(stale(name)),
        _ => Ok(()),
    }
}

/// The version of a body is not the present one.
pub(super) fn stale(name: &str) -> Fault {
    Fault::new(FaultClass::Conflict, "etag_stale", format!("Newer version of resource '{name}' exists. Data was not saved."))
}

/// The version of `If-Match` is not the present one.
pub(super) fn stale_header(name: &str) -> Fault {
    Fault::new(
        FaultClass::Conflict,
        "precondition_failed",
        format!("The condition of the request on resource '{name}' does not hold. Data was not saved."),
    )
}

/// Kind and id of the resource at the end of an identifier or address (`bookmarks`, id).
pub(super) fn target(id: &str) -> Option<(String, String)> {
    let path = id.split_once("://").map_or(id, |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let segments = crate::http::dialects::segments(path);
    match segments.as_slice() {
        [.., kind, name] if !name.is_empty() => Some((kind.to_lowercase(), name.clone().into_owned())),
        _ => None,
    }
}

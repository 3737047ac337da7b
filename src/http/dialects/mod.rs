//! The dialects: what clients that were written for other products say, answered by the same engine.
//!
//! A dialect is a table of routes and an error map over calls of the engine; it decides nothing. To add one: a folder of
//! its own with `pub(super) static DIALECT: Dialect`, an entry in [`DIALECTS`], and for each operation a [`Route`] whose
//! handler is a plain function, `answers` (asks one snapshot) or `changes` (writes through the engine). A handler gets a
//! [`Call`] (path parameters as the client wrote them, query options, lenient JSON body, headers, who asks, the address
//! that the client used) and gives a [`Reply`] or a `Fault`; the frame matches paths, counts, names requests and writes
//! errors. No dialect is part of the API's own description.

pub(crate) mod arm;
mod call;
mod defender;
mod frame;
mod graph_security;
mod kusto;
mod lenient;
mod links;
mod logs;
mod reply;
mod resource_graph;
mod resources;
mod routes;
mod search;
mod sentinel;

use axum::http::StatusCode;
use serde_json::Value;

use crate::model::Fault;

pub(crate) use crate::access::Right;
pub(crate) use call::{Call, Members};
pub(crate) use frame::{CLIENT_REQUEST_ID, answer, decorate, operation, owner, write_fault};
pub(crate) use links::{read_token, write_token};
pub(crate) use reply::Reply;
pub(crate) use routes::{Route, answers, changes, segments};

/// A dialect.
pub(crate) struct Dialect {
    /// Name for metrics and logs.
    pub(crate) name: &'static str,
    /// Beginnings of paths that several routes share: a route may begin with the name (`WS/incidents`).
    pub(crate) aliases: &'static [(&'static str, &'static str)],
    /// Paths that belong to the dialect even where it has no route: there it answers 404 in its own form.
    pub(crate) owns: &'static [&'static str],
    /// The operations.
    pub(crate) routes: &'static [&'static [Route]],
    /// Names by which a path that has no route is counted; any other counts as `other`.
    pub(crate) known: &'static [&'static str],
    /// Status and body of an error; the id is that of the request.
    pub(crate) fault: fn(&Fault, &str) -> (StatusCode, Value),
}

/// The dialects; the first one that owns a path answers it.
static DIALECTS: &[&Dialect] = &[
    &sentinel::DIALECT,
    &defender::DIALECT,
    &logs::DIALECT,
    &kusto::DIALECT,
    &graph_security::DIALECT,
    &resource_graph::DIALECT,
    &arm::DIALECT,
];

/// The paths of all operations with a method, their parameters in braces.
fn templates(method: &'static str) -> impl Iterator<Item = String> {
    let routes =
        DIALECTS.iter().flat_map(|dialect| dialect.routes.iter().flat_map(|routes| routes.iter()).map(move |route| (*dialect, route)));
    routes.filter(move |(_, route)| route.method == method).map(|(dialect, route)| whole_path(dialect, route))
}

/// The path of an operation without the short name that it may begin with.
fn whole_path(dialect: &Dialect, route: &Route) -> String {
    let (first, rest) = route.path.split_once('/').unwrap_or((route.path, ""));
    let alias = dialect.aliases.iter().find(|(name, _)| *name == first).map(|(_, path)| *path);
    alias.map_or_else(|| route.path.to_owned(), |path| format!("{path}/{rest}"))
}

/// Every operation of the dialects as a client asks it: method, path, name, right.
#[cfg(test)]
pub(crate) fn operations() -> Vec<(&'static str, String, &'static str, Right)> {
    let routes =
        DIALECTS.iter().flat_map(|dialect| dialect.routes.iter().flat_map(|routes| routes.iter()).map(move |route| (*dialect, route)));
    let path = |dialect: &Dialect, route: &Route| {
        whole_path(dialect, route)
            .split('/')
            .map(|segment| if segment.starts_with('{') { "x" } else { segment })
            .collect::<Vec<_>>()
            .join("/")
    };
    routes.map(|(dialect, route)| (route.method, path(dialect, route), route.operation, route.right)).collect()
}

#[cfg(test)]
mod tests;

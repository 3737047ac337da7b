//! `/v1/query` and `/v1/tables`: free queries, and the tables that they read.

use super::routes::{About, Routes};
use crate::query::ask::{CheckRequest, CompleteRequest, QueryRequest};
use crate::query::session::{TableRequest, TablesRequest};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "query", summary };
    routes.ask_by_body::<QueryRequest>("/v1/query", about("query", "Runs a read-only query on the tables"));
    routes.ask_by_body::<CheckRequest>("/v1/query/check", about("check_query", "Says what is wrong with a KQL query, without running it"));
    routes.ask_by_body::<CompleteRequest>("/v1/query/complete", about("complete_query", "Says what may be written at a place of a query"));
    routes.ask::<TablesRequest>("/v1/tables", about("tables", "Lists the tables with their row counts"));
    routes.ask::<TableRequest>("/v1/tables/{name}", about("table", "Shows one table with its columns"));
}

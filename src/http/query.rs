//! `/v1/query` and `/v1/tables`: free queries, and the tables that they read.

use super::routes::{About, Routes};
use crate::query::sql::{QueryRequest, TableRequest, TablesRequest};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    let about = |id, summary| About { id, tag: "query", summary };
    routes.ask_by_body::<QueryRequest>("/v1/query", about("query", "Runs a read-only query on the tables"));
    routes.ask::<TablesRequest>("/v1/tables", about("tables", "Lists the tables with their row counts"));
    routes.ask::<TableRequest>("/v1/tables/{name}", about("table", "Shows one table with its columns"));
}

//! The right that each operation needs: one line for each. An operation without a line needs the right to administer, and fails a test.

use std::collections::HashMap;

use axum::http::Method;
use utoipa::openapi::path::HttpMethod;

use crate::access::Right::{self, Administer, Contribute, Ingest, Known, Open, Read, Respond};

/// Operations by id, each with the right that it needs.
const RIGHTS: &[(&str, Right)] = &[
    // Taking in.
    ("ingest", Ingest),
    // Records and search.
    ("search", Read),
    ("incidents", Read),
    ("incident", Read),
    ("similar", Read),
    ("alerts", Read),
    ("alert", Read),
    ("alert_raw", Read),
    ("alert_versions", Read),
    ("entities", Read),
    ("entity", Read),
    // Graph, explorations, timelines.
    ("neighbors", Read),
    ("paths", Read),
    ("common", Read),
    ("component", Read),
    ("blast_radius", Read),
    ("rank", Read),
    ("why", Read),
    ("records", Read),
    ("explorations", Read),
    ("explore", Read),
    ("timeline", Read),
    ("around", Read),
    // Queries.
    ("query", Read),
    ("check_query", Read),
    ("complete_query", Read),
    ("saved_queries", Read),
    ("saved_query", Read),
    ("functions", Read),
    ("activities", Read),
    ("put_query", Contribute),
    ("delete_query", Contribute),
    ("put_function", Contribute),
    ("delete_function", Contribute),
    ("tables", Read),
    ("posture", Read),
    ("table", Read),
    // Work on incidents.
    ("create_incident", Respond),
    ("update_incident", Respond),
    ("update_incidents", Respond),
    ("update_incident_alerts", Respond),
    ("merge_incident", Respond),
    ("split_incident", Respond),
    ("add_comment", Respond),
    ("edit_comment", Respond),
    ("remove_comment", Respond),
    ("add_task", Respond),
    ("edit_task", Respond),
    ("remove_task", Respond),
    ("undo_change", Respond),
    // A proposal changes nothing: who may only read may ask for a change.
    ("proposals", Read),
    ("proposal", Read),
    ("create_proposal", Read),
    ("accept_proposal", Respond),
    ("reject_proposal", Respond),
    ("update_alert", Respond),
    ("update_alerts", Respond),
    ("alert_activity", Read),
    // Rules that act on what happens, exports, and what they may call.
    ("suppression_rules", Read),
    ("suppression_rule", Read),
    ("put_suppression_rule", Contribute),
    ("delete_suppression_rule", Contribute),
    ("backtest_suppression_rule", Read),
    ("automation_rules", Read),
    ("automation_rule", Read),
    ("put_automation_rule", Contribute),
    ("delete_automation_rule", Contribute),
    ("test_automation_rule", Read),
    ("run_automation_rule", Contribute),
    ("automation_runs", Read),
    ("resend_automation_run", Contribute),
    ("automation_pass", Contribute),
    ("egress_policy", Read),
    ("put_egress_policy", Administer),
    ("exports", Read),
    ("get_export", Read),
    ("put_export", Administer),
    ("delete_export", Administer),
    ("export_status", Read),
    ("replay_export", Administer),
    ("exports_pass", Administer),
    ("simulate", Contribute),
    // Watchlists and threat indicators.
    ("watchlists", Read),
    ("watchlist", Read),
    ("put_watchlist", Contribute),
    ("delete_watchlist", Contribute),
    ("import_watchlist", Contribute),
    ("watchlist_items", Read),
    ("put_watchlist_item", Contribute),
    ("delete_watchlist_item", Contribute),
    ("watchlist_matches", Read),
    ("indicators", Read),
    ("indicator", Read),
    ("put_indicator", Contribute),
    ("delete_indicator", Contribute),
    ("import_indicators", Contribute),
    ("indicator_matches", Read),
    ("changes", Read),
    // What a person is told, has read of it and chose is their own: who may read may settle it.
    ("notifications", Read),
    ("read_notifications", Read),
    ("notification_settings", Read),
    ("put_notification_settings", Read),
    ("notification_defaults", Read),
    ("put_notification_defaults", Administer),
    ("incident_activity", Read),
    ("bookmarks", Read),
    ("bookmark", Read),
    ("create_bookmark", Respond),
    ("update_bookmark", Respond),
    ("remove_bookmark", Respond),
    ("policy", Read),
    ("set_policy", Administer),
    // Decisions on entities, and what works on its own.
    ("merge_entities", Contribute),
    ("split_entity", Contribute),
    ("undo_decision", Contribute),
    ("correlate", Contribute),
    // The directory.
    ("stats", Read),
    ("metrics", Read),
    ("export", Administer),
    ("import", Administer),
    ("verify", Administer),
    ("rebuild", Administer),
    ("verify_audit", Administer),
    ("ingests", Read),
    ("ingest_record", Read),
    ("retention_settings", Read),
    ("retention_setting", Read),
    ("put_retention_setting", Administer),
    ("delete_retention_setting", Administer),
    ("apply_retention", Administer),
    // Assistants: each call of a tool needs the right of what it asks, too.
    ("mcp_send", Read),
    ("mcp_listen", Read),
    ("mcp_end", Read),
    // The server, and who asks.
    ("health", Open),
    ("ready", Open),
    ("openapi", Open),
    ("keys", Administer),
    ("create_key", Administer),
    ("revoke_key", Administer),
    ("workspaces", Known),
    ("create_workspace", Administer),
    ("sensitive_reads", Administer),
    ("identity_token", Open),
    ("openid_configuration", Open),
    ("oauth_token", Open),
    ("metadata_endpoints", Open),
    ("kusto_auth_metadata", Open),
    ("whoami", Known),
    // Whoever signs in is not known yet.
    ("sign_in_ways", Open),
    ("sign_in_oidc", Open),
    ("sign_in_callback", Open),
    ("sign_out", Open),
];

/// Operations whose reads are logged, because they show much or secret things.
const WATCHED: &[&str] = &["alert_raw", "export", "verify_audit", "incident_activity", "alert_activity", "keys", "sensitive_reads"];

/// What an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// Id of the operation; the path of a page.
    pub(crate) operation: &'static str,
    /// The right.
    pub(crate) right: Right,
    /// Whether each use is logged.
    pub(crate) watched: bool,
}

/// The right that an operation declares.
pub(crate) fn declared(operation: &str) -> Option<Right> {
    RIGHTS.iter().find(|(id, _)| *id == operation).map(|(_, right)| *right)
}

/// What every route of the server needs.
#[derive(Debug, Default)]
pub(crate) struct Needs(HashMap<&'static str, Vec<(Method, Need)>>);

impl Needs {
    /// Adds an operation.
    pub(crate) fn operation(&mut self, path: &'static str, method: &HttpMethod, id: &str) {
        let known = RIGHTS.iter().find(|(known, _)| *known == id);
        debug_assert!(known.is_some(), "operation `{id}` declares no right: add a line to `http/rights.rs`");
        let (operation, right) = known.copied().unwrap_or(("undeclared", Administer));
        let need = Need { operation, right, watched: WATCHED.contains(&operation) };
        self.0.entry(path).or_default().push((method_of(method), need));
    }

    /// Adds a page, which needs nothing: it holds no data.
    pub(crate) fn page(&mut self, path: &'static str) {
        self.0.entry(path).or_default();
    }

    /// What `method` on the route `path` needs. A page needs nothing; a method that a route does not take, and a route that
    /// nobody declared, the right to be known and to administer.
    pub(crate) fn of(&self, path: &str, method: &Method) -> Need {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let need = |operation, right| Need { operation, right, watched: false };
        match self.0.get(path) {
            Some(operations) if operations.is_empty() => need("page", Open),
            Some(operations) => {
                let found = operations.iter().find(|(taken, _)| taken == method);
                found.map_or(need("method_not_allowed", Known), |(_, need)| *need)
            }
            None => need("undeclared", Administer),
        }
    }
}

fn method_of(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_declares_its_right_once() {
        let api: serde_json::Value = serde_json::from_str(&crate::http::openapi()).expect("JSON");
        let paths = api["paths"].as_object().expect("paths");
        let operations = paths.values().flat_map(|item| item.as_object().expect("an item").values());
        let mut served: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().expect("an id")).collect();
        let mut listed: Vec<&str> = RIGHTS.iter().map(|(id, _)| *id).collect();
        served.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, served, "`RIGHTS` and the operations of the API differ");
        assert!(WATCHED.iter().all(|id| listed.contains(id)), "a watched operation is not there");
    }

    #[test]
    fn what_nobody_declared_is_closed() {
        let mut needs = Needs::default();
        needs.operation("/v1/x", &HttpMethod::Get, "incidents");
        needs.page("/page");
        let right = |path, method| needs.of(path, &method).right;
        assert_eq!(right("/v1/x", Method::GET), Read);
        assert_eq!(right("/v1/x", Method::HEAD), Read);
        assert_eq!(right("/v1/x", Method::POST), Known);
        assert_eq!(right("/page", Method::GET), Open);
        assert_eq!(right("/elsewhere", Method::GET), Administer);
    }
}

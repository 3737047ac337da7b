//! Microsoft Graph: `security/incidents`, `security/alerts_v2` and hunting queries. Values of enumerations are in camel case.

mod alerts;
mod error;
mod evidence;
mod hunting;
mod incidents;
mod list;
mod words;

use super::{Dialect, Right, Route, answers, changes};

/// The dialect.
pub(super) static DIALECT: Dialect = Dialect {
    name: "graph_security",
    aliases: &[("V1", "/v1.0/security"), ("BETA", "/beta/security")],
    owns: &["/v1.0/{*rest}", "/beta/{*rest}"],
    routes: &[V1, BETA],
    known: &["alerts", "alerts_v2", "cases", "incidents", "secureScores", "threatIntelligence", "triggers"],
    fault: error::fault,
};

const V1: &[Route] = &[
    answers("GET", "V1/incidents", "graph.incidents.list", 1, incidents::list),
    answers("GET", "V1/incidents/$count", "graph.incidents.count", 2, incidents::count),
    answers("GET", "V1/incidents/{incident}", "graph.incidents.get", 1, incidents::get),
    changes("PATCH", "V1/incidents/{incident}", "graph.incidents.update", 1, Right::Respond, incidents::update),
    answers("GET", "V1/incidents/{incident}/alerts", "graph.incidents.alerts", 2, incidents::alerts),
    answers("GET", "V1/incidents/{incident}/alerts/$count", "graph.incidents.alerts.count", 2, incidents::alerts_count),
    answers("GET", "V1/incidents/{incident}/comments", "graph.incidents.comments", 2, incidents::comments),
    answers("GET", "V1/incidents/{incident}/comments/$count", "graph.incidents.comments.count", 2, incidents::comments_count),
    changes("POST", "V1/incidents/{incident}/comments", "graph.incidents.comment", 2, Right::Respond, incidents::comment),
    answers("GET", "V1/alerts_v2", "graph.alerts.list", 1, alerts::list),
    answers("GET", "V1/alerts_v2/$count", "graph.alerts.count", 2, alerts::count),
    answers("GET", "V1/alerts_v2/{alert}", "graph.alerts.get", 1, alerts::get),
    changes("PATCH", "V1/alerts_v2/{alert}", "graph.alerts.update", 1, Right::Respond, alerts::update),
    answers("GET", "V1/alerts_v2/{alert}/comments", "graph.alerts.comments", 2, alerts::comments),
    answers("GET", "V1/alerts_v2/{alert}/comments/$count", "graph.alerts.comments.count", 2, alerts::comments_count),
    changes("POST", "V1/alerts_v2/{alert}/comments", "graph.alerts.comment", 2, Right::Respond, alerts::comment),
    answers("POST", "V1/runHuntingQuery", "graph.hunting", 1, hunting::run),
    answers("POST", "V1/microsoft.graph.security.runHuntingQuery", "graph.hunting", 1, hunting::run),
];

const BETA: &[Route] = &[
    answers("GET", "BETA/incidents", "graph.incidents.list", 2, incidents::list),
    answers("GET", "BETA/incidents/$count", "graph.incidents.count", 2, incidents::count),
    answers("GET", "BETA/incidents/{incident}", "graph.incidents.get", 2, incidents::get),
    changes("PATCH", "BETA/incidents/{incident}", "graph.incidents.update", 2, Right::Respond, incidents::update),
    answers("GET", "BETA/incidents/{incident}/alerts", "graph.incidents.alerts", 2, incidents::alerts),
    answers("GET", "BETA/incidents/{incident}/alerts/$count", "graph.incidents.alerts.count", 2, incidents::alerts_count),
    answers("GET", "BETA/incidents/{incident}/comments", "graph.incidents.comments", 2, incidents::comments),
    answers("GET", "BETA/incidents/{incident}/comments/$count", "graph.incidents.comments.count", 2, incidents::comments_count),
    changes("POST", "BETA/incidents/{incident}/comments", "graph.incidents.comment", 2, Right::Respond, incidents::comment),
    answers("GET", "BETA/alerts_v2", "graph.alerts.list", 2, alerts::list),
    answers("GET", "BETA/alerts_v2/$count", "graph.alerts.count", 2, alerts::count),
    answers("GET", "BETA/alerts_v2/{alert}", "graph.alerts.get", 2, alerts::get),
    changes("PATCH", "BETA/alerts_v2/{alert}", "graph.alerts.update", 2, Right::Respond, alerts::update),
    answers("GET", "BETA/alerts_v2/{alert}/comments", "graph.alerts.comments", 2, alerts::comments),
    answers("GET", "BETA/alerts_v2/{alert}/comments/$count", "graph.alerts.comments.count", 2, alerts::comments_count),
    changes("POST", "BETA/alerts_v2/{alert}/comments", "graph.alerts.comment", 2, Right::Respond, alerts::comment),
    answers("POST", "BETA/runHuntingQuery", "graph.hunting", 2, hunting::run),
    answers("POST", "BETA/microsoft.graph.security.runHuntingQuery", "graph.hunting", 2, hunting::run),
];

//! What clients ask of the workspace itself: whether Sentinel is on, and which operations the provider has.

use serde_json::{Map, Value, json};

use super::desk::{Scope, missing};
use super::stored;
use crate::engine::Engine;
use crate::http::dialects::{Call, Reply, Right, Route, answers, arm, changes};
use crate::model::{Fault, FaultClass};
use crate::query::Context;

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "WS/onboardingStates", "sentinel.onboarding.list", 2, onboarding_list),
    answers("GET", "WS/onboardingStates/{name}", "sentinel.onboarding.get", 2, onboarding),
    changes("PUT", "WS/onboardingStates/{name}", "sentinel.onboarding.put", 2, Right::Contribute, onboard),
    changes("DELETE", "WS/onboardingStates/{name}", "sentinel.onboarding.delete", 2, Right::Contribute, offboard),
    answers("GET", "/providers/Microsoft.SecurityInsights/operations", "sentinel.operations", 2, operations),
    answers("GET", "WS/dataConnectors", "sentinel.data_connectors.list", 2, nothing),
    answers("GET", "WS/metadata", "sentinel.metadata.list", 2, nothing),
    answers("GET", "WS/settings", "sentinel.settings.list", 2, nothing),
    answers("GET", "WS/sourcecontrols", "sentinel.sourcecontrols.list", 2, nothing),
    answers("GET", "WS/securityMLAnalyticsSettings", "sentinel.ml_settings.list", 2, nothing),
    answers("GET", "WS/contentPackages", "sentinel.content_packages.list", 2, nothing),
    answers("GET", "WS/contentTemplates", "sentinel.content_templates.list", 2, nothing),
];

/// The one state that there is: a workspace of clew is always on.
const DEFAULT: &str = "default";

fn state(call: &Call) -> Value {
    let properties = Map::from_iter([("customerManagedKey".to_owned(), Value::from(false))]);
    Scope::of(call).resource(&["onboardingStates", DEFAULT], "onboardingStates", Some("1"), properties)
}

fn onboarding_list(call: &Call, _: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(arm::list(vec![state(call)], None)))
}

fn onboarding(call: &Call, _: &Context) -> Result<Reply, Fault> {
    let name = call.parameter("name");
    if name.eq_ignore_ascii_case(DEFAULT) { Ok(Reply::ok(state(call))) } else { Err(missing("onboarding state", name)) }
}

fn onboard(call: &Call, _: &Engine) -> Result<Reply, Fault> {
    stored::properties(&Value::Object(call.object()?), &[])?;
    let name = call.parameter("name");
    if name.eq_ignore_ascii_case(DEFAULT) {
        return Ok(Reply::ok(state(call)));
    }
    Err(Fault::new(FaultClass::Invalid, "name_invalid", format!("expected the onboarding state `default`, found `{name}`")))
}

fn offboard(call: &Call, _: &Engine) -> Result<Reply, Fault> {
    if call.parameter("name").eq_ignore_ascii_case(DEFAULT) {
        let message = "a workspace of clew cannot be taken off its incidents";
        return Err(Fault::new(FaultClass::Conflict, "onboarding_fixed", message).with_hint("delete its data directory"));
    }
    Ok(Reply::nothing())
}

/// Collections that clew keeps nothing of.
fn nothing(_: &Call, _: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(arm::list(Vec::new(), None)))
}

/// The operations of the provider, from the route table itself.
fn operations(_: &Call, _: &Context) -> Result<Reply, Fault> {
    let routes = super::DIALECT.routes.iter().flat_map(|routes| routes.iter()).filter(|route| route.path.starts_with("WS/"));
    let mut names: Vec<(String, &'static str)> = routes
        .map(|route| {
            let literals = route.path.split('/').skip(1).filter(|segment| !segment.starts_with('{'));
            let verb = match route.method {
                "GET" => "read",
                "DELETE" => "delete",
                "PUT" => "write",
                _ => "action",
            };
            (format!("Microsoft.SecurityInsights/{}/{verb}", literals.collect::<Vec<_>>().join("/")), route.operation)
        })
        .collect();
    names.sort();
    names.dedup_by(|a, b| a.0 == b.0);
    let write = |(name, operation): (String, &str)| {
        let resource = name.split('/').nth(1).unwrap_or_default().to_owned();
        json!({"name": name, "isDataAction": false, "origin": "user",
            "display": {"provider": "Microsoft Security Insights", "resource": resource, "operation": operation, "description": operation}})
    };
    Ok(Reply::ok(arm::list(names.into_iter().map(write).collect(), None)))
}

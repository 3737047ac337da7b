//! What clients ask of the workspace itself: whether Sentinel is on, and which operations the provider has.

use serde_json::{Map, Value};

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
    answers("GET", "WS/contentProductPackages", "sentinel.product_packages.list", 2, nothing),
    answers("GET", "WS/contentProductTemplates", "sentinel.product_templates.list", 2, nothing),
    answers("GET", "WS/dataConnectorDefinitions", "sentinel.data_connector_definitions.list", 2, nothing),
    answers("GET", "WS/fileImports", "sentinel.file_imports.list", 2, nothing),
    answers("GET", "WS/recommendations", "sentinel.recommendations.list", 2, nothing),
    answers("GET", "WS/officeConsents", "sentinel.office_consents.list", 2, nothing),
    answers("GET", "WS/billingStatistics", "sentinel.billing_statistics.list", 2, nothing),
    answers("GET", "WS/workspaceManagerMembers", "sentinel.workspace_manager_members.list", 2, nothing),
    answers("GET", "WS/workspaceManagerGroups", "sentinel.workspace_manager_groups.list", 2, nothing),
    answers("GET", "WS/workspaceManagerAssignments", "sentinel.workspace_manager_assignments.list", 2, nothing),
    answers("GET", "WS/workspaceManagerConfigurations", "sentinel.workspace_manager_configurations.list", 2, nothing),
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

/// The operations of the provider.
fn operations(_: &Call, _: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(arm::operations(&super::DIALECT, "Microsoft.SecurityInsights", "Microsoft Security Insights", &["WS/"])))
}

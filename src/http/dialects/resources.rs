//! What clients list before they reach a workspace: subscriptions, resource groups, workspaces and the solutions in them.
//!
//! clew has no subscriptions: every one is accepted, and the one that scripts take by default is listed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Call, Reply, Route, answers, arm};
use crate::model::{Fault, FaultClass};
use crate::query::Context;

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "/subscriptions", "arm.subscriptions.list", 2, subscriptions),
    answers("GET", "/subscriptions/{sub}", "arm.subscriptions.get", 2, subscription),
    answers("GET", "/tenants", "arm.tenants.list", 2, tenants),
    answers("GET", "/subscriptions/{sub}/resourceGroups", "arm.groups.list", 2, groups),
    answers("GET", "/subscriptions/{sub}/resourceGroups/{rg}", "arm.groups.get", 2, group),
    answers("HEAD", "/subscriptions/{sub}/resourceGroups/{rg}", "arm.groups.exists", 2, |call, context| group(call, context).map(there)),
    answers("GET", "/subscriptions/{sub}/resources", "arm.resources.list", 2, resources),
    answers("GET", "/subscriptions/{sub}/resourceGroups/{rg}/resources", "arm.resources.list_by_group", 2, resources),
    answers("GET", "/subscriptions/{sub}/providers/Microsoft.OperationalInsights/workspaces", "arm.workspaces.list", 2, workspaces),
    answers(
        "GET",
        "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.OperationalInsights/workspaces",
        "arm.workspaces.list_by_group",
        2,
        workspaces,
    ),
    answers(
        "GET",
        "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.OperationalInsights/workspaces/{ws}",
        "arm.workspaces.get",
        2,
        workspace_of_path,
    ),
    answers(
        "HEAD",
        "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.OperationalInsights/workspaces/{ws}",
        "arm.workspaces.exists",
        2,
        |call, context| workspace_of_path(call, context).map(there),
    ),
    answers("GET", "/subscriptions/{sub}/providers/Microsoft.OperationsManagement/solutions", "arm.solutions.list", 2, solutions),
    answers(
        "GET",
        "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.OperationsManagement/solutions",
        "arm.solutions.list_by_group",
        2,
        solutions,
    ),
    answers(
        "GET",
        "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.OperationsManagement/solutions/{name}",
        "arm.solutions.get",
        2,
        solution,
    ),
    answers(
        "HEAD",
        "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.OperationsManagement/solutions/{name}",
        "arm.solutions.exists",
        2,
        |call, context| solution(call, context).map(there),
    ),
    answers("GET", "/subscriptions/{sub}/providers", "arm.providers.list", 2, providers),
    answers("GET", "/subscriptions/{sub}/providers/{namespace}", "arm.providers.get", 2, provider),
];

/// The subscription that scripts take by default.
const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";
/// The group that scripts take by default.
const DEFAULT: &str = "default";
const WORKSPACES: &str = "Microsoft.OperationalInsights/workspaces";
const SOLUTIONS: &str = "Microsoft.OperationsManagement/solutions";

/// Whether an operation only tells which workspaces there are.
pub(super) fn lists(operation: &str) -> bool {
    ROUTES.iter().any(|route| route.operation == operation)
}

/// What clients that ask whether something is there take as yes.
fn there(_: Reply) -> Reply {
    Reply::nothing()
}

fn group_of(call: &Call) -> &str {
    Some(call.parameter("rg")).filter(|group| !group.is_empty()).unwrap_or(DEFAULT)
}

fn subscription_value(sub: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{sub}"), "subscriptionId": sub, "displayName": "clew", "state": "Enabled", "tenantId": SUBSCRIPTION,
        "authorizationSource": "RoleBased", "subscriptionPolicies": {"locationPlacementId": "Internal", "quotaId": "Internal", "spendingLimit": "Off"},
    })
}

fn subscriptions(_: &Call, _: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(arm::list(vec![subscription_value(SUBSCRIPTION)], None)))
}

fn subscription(call: &Call, _: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(subscription_value(call.parameter("sub"))))
}

fn tenants(_: &Call, _: &Context) -> Result<Reply, Fault> {
    let tenant = json!({"id": format!("/tenants/{SUBSCRIPTION}"), "tenantId": SUBSCRIPTION, "displayName": "clew"});
    Ok(Reply::ok(arm::list(vec![tenant], None)))
}

fn group_value(call: &Call) -> Value {
    let group = group_of(call);
    json!({
        "id": format!("/subscriptions/{}/resourceGroups/{group}", call.parameter("sub")), "name": group, "type": "Microsoft.Resources/resourceGroups",
        "location": "local", "properties": {"provisioningState": "Succeeded"},
    })
}

fn groups(call: &Call, _: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(arm::list(vec![group_value(call)], None)))
}

fn group(call: &Call, _: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(group_value(call)))
}

/// A workspace as a resource of a subscription and group.
fn workspace_in(sub: &str, group: &str, name: &str) -> Value {
    let id = format!("/subscriptions/{sub}/resourceGroups/{group}/providers/{WORKSPACES}/{name}");
    json!({
        "id": id, "name": name, "type": WORKSPACES, "location": "local",
        "properties": {"customerId": name, "provisioningState": "Succeeded", "retentionInDays": 0, "sku": {"name": "Standalone"}},
    })
}

fn workspace_value(call: &Call, name: &str) -> Value {
    workspace_in(call.parameter("sub"), group_of(call), name)
}

/// The workspaces that a caller may use, as resources of each subscription that is asked; of the default one if none is.
pub(super) fn workspaces_in(call: &Call, subscriptions: &[String]) -> Vec<Value> {
    let default = [SUBSCRIPTION.to_owned()];
    let subscriptions: &[String] = if subscriptions.is_empty() { &default } else { subscriptions };
    let within = |sub: &String| call.workspaces.iter().map(|name| workspace_in(sub, DEFAULT, name)).collect::<Vec<_>>();
    let mut values: Vec<Value> = subscriptions.iter().flat_map(within).collect();
    for value in &mut values {
        value["tenantId"] = SUBSCRIPTION.into();
    }
    values
}

fn solution_name(workspace: &str) -> String {
    format!("SecurityInsights({workspace})")
}

fn solution_value(call: &Call, workspace: &str) -> Value {
    let name = solution_name(workspace);
    let group = format!("/subscriptions/{}/resourceGroups/{}", call.parameter("sub"), group_of(call));
    json!({
        "id": format!("{group}/providers/{SOLUTIONS}/{name}"), "name": name, "type": SOLUTIONS, "location": "local",
        "plan": {"name": name, "publisher": "Microsoft", "product": "OMSGallery/SecurityInsights", "promotionCode": ""},
        "properties": {"workspaceResourceId": format!("{group}/providers/{WORKSPACES}/{workspace}"), "provisioningState": "Succeeded"},
    })
}

fn workspaces(call: &Call, _: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(arm::list(call.workspaces.iter().map(|name| workspace_value(call, name)).collect(), None)))
}

fn workspace_of_path(call: &Call, _: &Context) -> Result<Reply, Fault> {
    let name = call.parameter("ws");
    if name.is_empty() {
        return Err(Fault::new(FaultClass::NotFound, "workspace_unknown", "expected the name of a workspace"));
    }
    Ok(Reply::ok(workspace_value(call, name)))
}

fn solutions(call: &Call, _: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(arm::list(call.workspaces.iter().map(|name| solution_value(call, name)).collect(), None)))
}

fn solution(call: &Call, _: &Context) -> Result<Reply, Fault> {
    let name = call.parameter("name");
    let workspace = call.workspaces.iter().find(|workspace| solution_name(workspace).eq_ignore_ascii_case(name));
    let unknown = || Fault::new(FaultClass::NotFound, "resource_unknown", format!("the solution `{name}` was not found"));
    Ok(Reply::ok(solution_value(call, workspace.ok_or_else(unknown)?)))
}

/// A version that clients may name; every other one is answered alike.
const VERSION: &str = "2024-01-01";

/// The types of resources that can be asked for, by provider.
fn types() -> BTreeMap<String, BTreeSet<String>> {
    let mut types: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in super::templates("GET") {
        let Some((_, resource)) = path.rsplit_once("/providers/") else { continue };
        let mut segments = resource.split('/');
        let Some(namespace) = segments.next().filter(|namespace| !namespace.starts_with('{')) else { continue };
        // Types and names of resources come in turn.
        let mut kinds = Vec::new();
        while let Some(kind) = segments.next() {
            kinds.push(kind);
            if segments.next().is_some_and(|name| !name.starts_with('{')) {
                kinds.clear();
                break;
            }
        }
        if !kinds.is_empty() && !kinds.iter().any(|kind| kind.starts_with('{')) {
            types.entry(namespace.to_owned()).or_default().insert(kinds.join("/"));
        }
    }
    types
}

fn provider_value(call: &Call, namespace: &str, types: &BTreeSet<String>) -> Value {
    let kinds = types.iter().map(|kind| json!({"resourceType": kind, "locations": ["local"], "apiVersions": [VERSION]}));
    json!({
        "id": format!("/subscriptions/{}/providers/{namespace}", call.parameter("sub")), "namespace": namespace,
        "registrationState": "Registered", "registrationPolicy": "RegistrationFree", "resourceTypes": kinds.collect::<Vec<_>>(),
    })
}

fn providers(call: &Call, _: &Context) -> Result<Reply, Fault> {
    Ok(Reply::ok(arm::list(types().iter().map(|(namespace, types)| provider_value(call, namespace, types)).collect(), None)))
}

fn provider(call: &Call, _: &Context) -> Result<Reply, Fault> {
    let name = call.parameter("namespace");
    let found = types().into_iter().find(|(namespace, _)| namespace.eq_ignore_ascii_case(name));
    let unknown = || Fault::new(FaultClass::NotFound, "resource_unknown", format!("the provider `{name}` was not found"));
    let (namespace, types) = found.ok_or_else(unknown)?;
    Ok(Reply::ok(provider_value(call, &namespace, &types)))
}

/// All that is in a subscription or group; `$filter` may name one type.
fn resources(call: &Call, _: &Context) -> Result<Reply, Fault> {
    let mut values: Vec<Value> =
        call.workspaces.iter().flat_map(|name| [workspace_value(call, name), solution_value(call, name)]).collect();
    if let Some(filter) = call.option("$filter") {
        let wanted = filter.to_lowercase();
        values.retain(|value| {
            let kind = value["type"].as_str().unwrap_or_default().to_lowercase();
            !wanted.contains("resourcetype") || wanted.contains(&format!("'{kind}'"))
        });
    }
    Ok(Reply::ok(arm::list(values, None)))
}

//! Automation rules: clew's own rules, in the words of the dialect. What the dialect says beside them is kept with them.

use serde_json::{Map, Value, json};

use super::desk::{Desk, Scope, missing, person};
use super::{list, stored};
use crate::engine::Engine;
use crate::http::dialects::arm::{put as member, time};
use crate::http::dialects::{Call, Members, Reply, Right, Route, answers, changes};
use crate::model::{Fault, FaultClass, Stored, Time};
use crate::query::Context;

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "WS/automationRules", "sentinel.automation_rules.list", 2, list),
    answers("GET", "WS/automationRules/{id}", "sentinel.automation_rules.get", 2, get),
    changes("PUT", "WS/automationRules/{id}", "sentinel.automation_rules.put", 2, Right::Contribute, put),
    changes("DELETE", "WS/automationRules/{id}", "sentinel.automation_rules.delete", 2, Right::Contribute, delete),
];

/// Kind of the resources that hold automation rules.
const KIND: &str = "automation_rule";
/// Member of a rule under which the dialect keeps what it was given.
const KEPT: &str = "sentinel";
/// The last place in the order of rules.
const ORDER_MAX: i64 = 1_000;
/// Conditions inside each other at the most.
const DEPTH_MAX: usize = 8;
/// Operators of conditions: ours and theirs.
const OPERATORS: [(&str, &str); 8] = [
    ("equals", "Equals"),
    ("not_equals", "NotEquals"),
    ("contains", "Contains"),
    ("not_contains", "NotContains"),
    ("starts_with", "StartsWith"),
    ("not_starts_with", "NotStartsWith"),
    ("ends_with", "EndsWith"),
    ("not_ends_with", "NotEndsWith"),
];
/// Lists that something is added to: ours and theirs.
const LISTS: [(&str, &str); 4] = [("alerts", "Alerts"), ("tags", "Labels"), ("tactics", "Tactics"), ("comments", "Comments")];

fn invalid(what: impl Into<String>) -> Fault {
    Fault::new(FaultClass::Invalid, "automation_rule_invalid", what)
}

/// A word of a closed set, as the dialect spells it.
fn word(members: &Members, name: &str, known: &[&'static str]) -> Result<&'static str, Fault> {
    let given = members.word(name).unwrap_or_default();
    let found = known.iter().find(|known| known.eq_ignore_ascii_case(&given)).copied();
    found.ok_or_else(|| invalid(format!("expected one of {} for '{name}', found '{given}'", known.join(", "))))
}

fn ours(table: &[(&'static str, &'static str)], members: &Members, name: &str) -> Result<&'static str, Fault> {
    let known: Vec<&'static str> = table.iter().map(|(_, theirs)| *theirs).collect();
    let theirs = word(members, name, &known)?;
    Ok(table.iter().find(|(_, known)| *known == theirs).map_or("", |(ours, _)| ours))
}

fn theirs(table: &[(&'static str, &'static str)], ours: &str) -> &'static str {
    table.iter().find(|(known, _)| *known == ours).map_or("", |(_, theirs)| theirs)
}

/// The rule that a body describes.
fn rule(properties: &Map<String, Value>) -> Result<Value, Fault> {
    let members = Members::of(&Value::Object(properties.clone()));
    let order = members.number("order").filter(|order| (1..=ORDER_MAX).contains(order));
    let order = order.ok_or_else(|| invalid(format!("expected a number from 1 to {ORDER_MAX} for 'order'")))?;
    let logic = members.inner("triggeringLogic");
    let on = ours(&[("incident", "Incidents"), ("alert", "Alerts")], &logic, "triggersOn")?;
    let when = ours(&[("created", "Created"), ("updated", "Updated")], &logic, "triggersWhen")?;
    let conditions: Vec<Value> = logic.list("conditions").iter().map(|given| condition(given, 0)).collect::<Result<_, _>>()?;
    if members.list("actions").is_empty() {
        return Err(invalid("expected at least one action, found none"));
    }
    let mut steps: Vec<Members> = members.list("actions").iter().map(Members::of).collect();
    steps.sort_by_key(|step| step.number("order").unwrap_or(i64::MAX));
    let actions: Vec<Option<Value>> = steps.iter().map(|step| action(step, on)).collect::<Result<_, _>>()?;
    let mut rule = json!({
        "name": members.text("displayName").unwrap_or_default(), "enabled": logic.flag("isEnabled").unwrap_or(true), "order": order,
        "trigger": {"on": on, "when": when}, "conditions": conditions, "actions": actions.into_iter().flatten().collect::<Vec<_>>(),
        "dry_run": false,
    });
    if let Some(expires) = logic.word("expirationTimeUtc") {
        rule["expires"] = json!(Time::parse(&expires).map_err(|error| invalid(format!("Invalid value of 'expirationTimeUtc': {error}")))?);
    }
    rule["extended"] = json!({ KEPT: properties });
    Ok(rule)
}

fn condition(given: &Value, depth: usize) -> Result<Value, Fault> {
    if depth > DEPTH_MAX {
        return Err(invalid(format!("expected conditions inside each other at most {DEPTH_MAX} deep")));
    }
    let condition = Members::of(given);
    let of = condition.inner("conditionProperties");
    let kinds = ["Property", "PropertyChanged", "PropertyArrayChanged", "Boolean", "PropertyArray"];
    Ok(match word(&condition, "conditionType", &kinds)? {
        "Property" => json!({
            "type": "property", "property": of.word("propertyName").unwrap_or_default(), "operator": ours(&OPERATORS, &of, "operator")?,
            "values": of.texts("propertyValues"),
        }),
        "PropertyChanged" => {
            let side = match of.word("changeType").unwrap_or_default().to_lowercase().as_str() {
                "changedfrom" => "from",
                "changedto" => "to",
                _ => "any",
            };
            let operator = if of.has("operator") { ours(&OPERATORS, &of, "operator")? } else { "equals" };
            let values = if side == "any" { Vec::new() } else { of.texts("propertyValues") };
            json!({
                "type": "property_changed", "property": of.word("propertyName").unwrap_or_default(), "side": side, "operator": operator,
                "values": values,
            })
        }
        "PropertyArrayChanged" => json!({"type": "added", "list": ours(&LISTS, &of, "arrayType")?}),
        "Boolean" => {
            let operator = ours(&[("and", "And"), ("or", "Or")], &of, "operator")?;
            let inner: Vec<Value> =
                of.list("innerConditions").iter().map(|given| self::condition(given, depth + 1)).collect::<Result<_, _>>()?;
            json!({"type": operator, "conditions": inner})
        }
        _ => return Err(invalid("conditions of the type PropertyArray ask for custom details, which clew's alerts do not have")),
    })
}

/// An action; a playbook runs where Logic Apps are, not here: only one that is an address is called.
fn action(step: &Members, on: &str) -> Result<Option<Value>, Fault> {
    let of = step.inner("actionConfiguration");
    match word(step, "actionType", &["ModifyProperties", "RunPlaybook", "AddIncidentTask"])? {
        "RunPlaybook" => {
            let address = of.word("logicAppResourceId").filter(|id| id.starts_with("https://") || id.starts_with("http://"));
            Ok(address.map(|url| json!({"type": "webhook", "url": url})))
        }
        _ if on != "incident" => Err(invalid("expected RunPlaybook as the action of a rule on alerts")),
        "AddIncidentTask" => {
            let title = of.word("title").ok_or_else(|| invalid("expected 'title' of the task, found none"))?;
            Ok(Some(json!({"type": "add_task", "title": title, "description": of.text("description").unwrap_or_default()})))
        }
        _ => Ok(Some(json!({"type": "modify_incident", "fields": fields(&of)}))),
    }
}

/// The fields of an incident that an action sets.
fn fields(of: &Members) -> Value {
    let mut fields = Map::new();
    for (theirs, ours) in [
        ("severity", "severity"),
        ("status", "status"),
        ("classification", "classification"),
        ("classificationReason", "classification_reason"),
        ("classificationComment", "classification_comment"),
    ] {
        member(&mut fields, ours, of.word(theirs));
    }
    let owner = of.inner("owner");
    let mut parts = Map::new();
    for (theirs, ours) in [("assignedTo", "name"), ("email", "email"), ("userPrincipalName", "upn"), ("objectId", "object_id")] {
        member(&mut parts, ours, owner.word(theirs));
    }
    if !parts.is_empty() {
        fields.insert("owner".into(), Value::Object(parts));
    }
    let labels: Vec<String> = of.list("labels").iter().filter_map(|label| Members::of(label).word("labelName")).collect();
    member(&mut fields, "add_tags", json!(labels));
    Value::Object(fields)
}

/// A rule as its properties in the dialect: as they were given, else made from the rule itself.
fn properties(stored: &Stored) -> Map<String, Value> {
    let value = Members::of(&stored.resource.value);
    let kept = value.inner("extended").get(KEPT).and_then(Value::as_object).cloned();
    let mut properties = kept.unwrap_or_else(|| made(&value));
    properties.insert("displayName".into(), value.word("name").unwrap_or_else(|| stored.resource.id.to_string()).into());
    properties.insert("order".into(), value.number("order").unwrap_or(1).into());
    if let Some(logic) = properties.get_mut("triggeringLogic").and_then(Value::as_object_mut) {
        logic.insert("isEnabled".into(), value.flag("enabled").unwrap_or_default().into());
    }
    properties.insert("createdTimeUtc".into(), time(stored.resource.created).into());
    properties.insert("lastModifiedTimeUtc".into(), time(stored.resource.modified).into());
    properties.insert("createdBy".into(), person(&stored.resource.created_by));
    properties.insert("lastModifiedBy".into(), person(&stored.resource.modified_by));
    properties
}

/// A rule that was made elsewhere, as far as the dialect has words for it.
fn made(rule: &Members) -> Map<String, Value> {
    let trigger = rule.inner("trigger");
    let on = if trigger.word("on").is_some_and(|on| on == "alert") { "Alerts" } else { "Incidents" };
    let when = if trigger.word("when").is_some_and(|when| when == "updated") { "Updated" } else { "Created" };
    let conditions: Vec<Value> = rule.list("conditions").iter().filter_map(made_condition).collect();
    let given = rule.list("actions").iter().map(Members::of).filter(|given| given.word("type").is_none_or(|kind| kind != "notify"));
    let actions = given.enumerate().map(|(place, given)| made_action(place + 1, &given));
    let mut logic = json!({"triggersOn": on, "triggersWhen": when, "conditions": conditions});
    if let Some(expires) = rule.word("expires").and_then(|text| Time::parse(&text).ok()) {
        logic["expirationTimeUtc"] = time(expires).into();
    }
    Map::from_iter([("triggeringLogic".to_owned(), logic), ("actions".to_owned(), actions.collect())])
}

fn made_condition(given: &Value) -> Option<Value> {
    let condition = Members::of(given);
    let operator = theirs(&OPERATORS, &condition.word("operator").unwrap_or_else(|| "equals".to_owned()));
    let of = |kind: &str, properties: Value| Some(json!({"conditionType": kind, "conditionProperties": properties}));
    match condition.word("type")?.as_str() {
        "property" => of(
            "Property",
            json!({"propertyName": condition.word("property"), "operator": operator, "propertyValues": condition.texts("values")}),
        ),
        "property_changed" => {
            let change = match condition.word("side").as_deref() {
                Some("from") => "ChangedFrom".into(),
                Some("to") => "ChangedTo".into(),
                _ => Value::Null,
            };
            of(
                "PropertyChanged",
                json!({"propertyName": condition.word("property"), "changeType": change, "operator": operator, "propertyValues": condition.texts("values")}),
            )
        }
        "added" => of("PropertyArrayChanged", json!({"arrayType": theirs(&LISTS, &condition.word("list")?), "changeType": "Added"})),
        kind @ ("and" | "or") => {
            let inner: Vec<Value> = condition.list("conditions").iter().filter_map(made_condition).collect();
            of("Boolean", json!({"operator": if kind == "and" { "And" } else { "Or" }, "innerConditions": inner}))
        }
        _ => None,
    }
}

fn made_action(order: usize, given: &Members) -> Value {
    let (kind, configuration) = match given.word("type").unwrap_or_default().as_str() {
        "add_task" => ("AddIncidentTask", json!({"title": given.text("title"), "description": given.text("description")})),
        "webhook" => ("RunPlaybook", json!({"logicAppResourceId": given.text("url")})),
        _ => {
            let fields = given.inner("fields");
            let labels = fields.texts("add_tags").into_iter().map(|tag| json!({"labelName": tag})).collect::<Vec<_>>();
            let mut configuration = Map::new();
            for (ours, theirs) in [
                ("severity", "severity"),
                ("status", "status"),
                ("classification", "classification"),
                ("classification_reason", "classificationReason"),
                ("classification_comment", "classificationComment"),
            ] {
                member(&mut configuration, theirs, fields.word(ours));
            }
            member(&mut configuration, "labels", json!(labels));
            ("ModifyProperties", Value::Object(configuration))
        }
    };
    json!({"order": order, "actionType": kind, "actionConfiguration": configuration})
}

fn resource(scope: &Scope, stored: &Stored) -> Value {
    let mut resource =
        scope.resource(&["AutomationRules", &stored.resource.id], "AutomationRules", Some(&stored.etag()), properties(stored));
    resource["systemData"] = stored::system_data(stored);
    resource
}

fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let values: Vec<Value> = context.snapshot.resources(KIND)?.iter().map(|stored| resource(&desk.scope, stored)).collect();
    Ok(Reply::ok(list::of_values(call, "properties/order, name", values, context.now)?))
}

fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let id = call.parameter("id");
    let found = context.snapshot.resource(KIND, id)?.ok_or_else(|| missing("automation rule", id))?;
    Ok(Reply::ok(resource(&Scope::of(call), &found)))
}

fn put(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let body = Value::Object(call.object()?);
    let mut properties = stored::properties(&body, &["displayName", "order", "triggeringLogic", "actions"])?;
    for read_only in ["createdTimeUtc", "lastModifiedTimeUtc", "createdBy", "lastModifiedBy"] {
        properties.remove(read_only);
    }
    let rule = rule(&properties)?;
    stored::put(call, engine, KIND, call.parameter("id"), &body, rule, resource)
}

/// 200 with an object: newer clients read a body even where there is none.
fn delete(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    stored::delete(call, engine, KIND, call.parameter("id"))?;
    Ok(Reply::ok(json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_the_dialect_are_rules_of_clew() {
        let given = json!({
            "displayName": "vip first", "order": 7,
            "triggeringLogic": {"isEnabled": true, "triggersOn": "Incidents", "triggersWhen": "Updated", "conditions": [
                {"conditionType": "Property", "conditionProperties": {"propertyName": "IncidentTitle", "operator": "Contains", "propertyValues": ["quokka"]}},
                {"conditionType": "PropertyChanged", "conditionProperties": {"propertyName": "IncidentSeverity", "changeType": "ChangedTo", "operator": "Equals", "propertyValues": ["High"]}},
                {"conditionType": "PropertyArrayChanged", "conditionProperties": {"arrayType": "Labels", "changeType": "Added"}},
            ]},
            "actions": [
                {"order": 2, "actionType": "AddIncidentTask", "actionConfiguration": {"title": "call", "description": "soon"}},
                {"order": 1, "actionType": "ModifyProperties", "actionConfiguration": {"severity": "High", "labels": [{"labelName": "automated"}], "owner": {"email": "a@x.example"}}},
            ],
        });
        let given = given.as_object().expect("an object").clone();
        let made = rule(&given).expect("a rule");
        let expected = json!({
            "name": "vip first", "enabled": true, "order": 7, "trigger": {"on": "incident", "when": "updated"}, "dry_run": false,
            "conditions": [
                {"type": "property", "property": "IncidentTitle", "operator": "contains", "values": ["quokka"]},
                {"type": "property_changed", "property": "IncidentSeverity", "side": "to", "operator": "equals", "values": ["High"]},
                {"type": "added", "list": "tags"},
            ],
            "actions": [
                {"type": "modify_incident", "fields": {"severity": "High", "owner": {"email": "a@x.example"}, "add_tags": ["automated"]}},
                {"type": "add_task", "title": "call", "description": "soon"},
            ],
            "extended": {"sentinel": given},
        });
        assert_eq!(made, expected);
        // The same rule without what was kept gives the same logic back.
        let back = self::made(&Members::of(&made));
        assert_eq!(back["triggeringLogic"]["conditions"], given["triggeringLogic"]["conditions"]);
    }

    #[test]
    fn rules_that_cannot_act_are_refused() {
        let with = |actions: Value, on: &str| {
            let given = json!({"displayName": "x", "order": 1, "triggeringLogic": {"triggersOn": on, "triggersWhen": "Created"}, "actions": actions});
            rule(given.as_object().expect("an object")).map(|rule| rule["actions"].clone()).map_err(|fault| fault.code)
        };
        assert_eq!(with(json!([]), "Incidents"), Err("automation_rule_invalid"));
        assert_eq!(with(json!([{"actionType": "ModifyProperties"}]), "Alerts"), Err("automation_rule_invalid"));
        assert_eq!(with(json!([{"actionType": "Jump"}]), "Incidents"), Err("automation_rule_invalid"));
        let playbook = json!([{"actionType": "RunPlaybook", "actionConfiguration": {"logicAppResourceId": "https://soar.example/hook"}}]);
        assert_eq!(with(playbook, "Alerts"), Ok(json!([{"type": "webhook", "url": "https://soar.example/hook"}])));
    }
}

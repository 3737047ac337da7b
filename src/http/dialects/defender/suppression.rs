//! `alertsSuppressionRules`: the workspace's suppression rules in the vendor's words.

use serde_json::{Map, Value, json};

use crate::engine::{Define, Engine};
use crate::http::dialects::{Call, Members, Reply, arm};
use crate::model::{Fault, FaultClass, Stored, Time};
use crate::query::Context;
use crate::triage::definition::Definition;
use crate::triage::suppression::SuppressionRule;

/// The kind of the resources that are suppression rules.
const KIND: &str = "suppression_rule";
/// States of a rule.
const STATES: [&str; 3] = ["Enabled", "Disabled", "Expired"];
/// The operators of a condition.
const OPERATORS: [&str; 3] = ["in", "contains", "equals"];

fn invalid(message: String) -> Fault {
    Fault::new(FaultClass::Invalid, "rule_invalid", message)
}

fn written(call: &Call, stored: &Stored, now: Time) -> Value {
    let rule = Members::of(&stored.resource.value);
    let name = &stored.resource.id;
    let expires = rule.word("expires").and_then(|text| Time::parse(&text).ok());
    let state = rule.word("state").unwrap_or_else(|| "Enabled".to_owned());
    let over = state == "Enabled" && expires.is_some_and(|expires| expires <= now);
    let mut properties = Map::new();
    properties.insert("alertType".to_owned(), rule.text("alert_type").into());
    properties.insert("reason".to_owned(), rule.text("reason").into());
    properties.insert("state".to_owned(), if over { "Expired".into() } else { state.into() });
    arm::put(&mut properties, "comment", rule.text("comment"));
    properties.insert("lastModifiedUtc".to_owned(), arm::time(stored.resource.modified).into());
    arm::put(&mut properties, "expirationDateUtc", expires.map(arm::time));
    let conditions = rule.list("conditions");
    if !conditions.is_empty() {
        properties.insert("suppressionAlertsScope".to_owned(), json!({"allOf": conditions}));
    }
    json!({
        "id": format!("/subscriptions/{}/providers/Microsoft.Security/alertsSuppressionRules/{name}", call.parameter("sub")),
        "name": &**name,
        "type": "Microsoft.Security/alertsSuppressionRules",
        "properties": properties,
    })
}

/// The rule of a name, in any case.
fn find(call: &Call, context: &Context) -> Result<Option<Stored>, Fault> {
    let name = call.parameter("name");
    Ok(context.snapshot.resources(KIND)?.into_iter().find(|stored| stored.resource.id.eq_ignore_ascii_case(name)))
}

/// Lists rules, all or those of an alert type.
pub(super) fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let wanted = call.option("AlertType");
    let of = |stored: &&Stored| {
        let own = stored.resource.value["alert_type"].as_str().unwrap_or_default();
        wanted.is_none_or(|wanted| own.eq_ignore_ascii_case(wanted))
    };
    let stored = context.snapshot.resources(KIND)?;
    Ok(Reply::ok(arm::list(stored.iter().filter(of).map(|stored| written(call, stored, context.now)).collect(), None)))
}

pub(super) fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let name = call.parameter("name");
    let unknown = || Fault::new(FaultClass::NotFound, "rule_unknown", format!("no suppression rule has the name `{name}`"));
    let stored = find(call, context)?.ok_or_else(unknown)?;
    Ok(Reply::ok(written(call, &stored, context.now)))
}

/// A rule as it is stored, from the vendor's words; the operator of a condition is a free member of it.
fn read(properties: &Members) -> Result<Value, Fault> {
    let required = |name: &str| properties.word(name).ok_or_else(|| invalid(format!("expected `properties.{name}`, found none")));
    let state = required("state")?;
    let state = STATES.iter().find(|known| known.eq_ignore_ascii_case(&state));
    let state = state.ok_or_else(|| invalid(format!("expected one of {} for `state`", STATES.join(", "))))?;
    let expires = properties.word("expirationDateUtc").map(|text| Time::parse(&text).map_err(|error| invalid(error.to_string())));
    let scope = properties.inner("suppressionAlertsScope");
    let conditions: Vec<Value> = scope.list("allOf").iter().map(condition).collect::<Result<_, Fault>>()?;
    let alert_type = required("alertType")?;
    if alert_type == "*" && conditions.is_empty() {
        return Err(invalid("expected a condition for all alert types, found none: the rule would dismiss every alert".to_owned()));
    }
    let mut rule = json!({"alert_type": alert_type, "reason": required("reason")?, "state": state, "conditions": conditions});
    if let Some(comment) = properties.word("comment") {
        rule["comment"] = comment.into();
    }
    if let Some(expires) = expires.transpose()? {
        rule["expires"] = expires.to_string().into();
    }
    let checked: SuppressionRule = serde_json::from_value(rule.clone()).map_err(|error| invalid(error.to_string()))?;
    checked.check()?;
    Ok(rule)
}

fn condition(element: &Value) -> Result<Value, Fault> {
    let element = Members::of(element);
    let field = element.word("field").ok_or_else(|| invalid("expected `field` of a condition, found none".to_owned()))?;
    let given: Vec<&str> = OPERATORS.into_iter().filter(|name| element.has(name)).collect();
    let [operator] = given[..] else {
        return Err(invalid(format!("expected one of {} for `{field}`, found {}", OPERATORS.join(", "), given.len())));
    };
    let value = if operator == "in" { json!(element.texts(operator)) } else { json!(element.text(operator).unwrap_or_default()) };
    if value == "" || value == json!([]) {
        return Err(invalid(format!("expected a value that is not empty for `{field}`")));
    }
    let mut condition = json!({ "field": field });
    condition[operator] = value;
    Ok(condition)
}

/// Defines a rule; 200 whether it is new or not.
pub(super) fn put(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let context = engine.context();
    let mut rule = read(&Members::of(&call.json()?).inner("properties"))?;
    let present = find(call, &context)?;
    // What only the native API names outlives a change through this one.
    if let Some(name) = present.as_ref().and_then(|stored| stored.resource.value.get("name")) {
        rule["name"] = name.clone();
    }
    let id = present.map_or_else(|| call.parameter("name").to_owned(), |stored| stored.resource.id.to_string());
    let stored = engine.define(Define::put(KIND, &id, rule), call.actor())?;
    let missing = || Fault::new(FaultClass::Conflict, "rule_deleted", "somebody deleted the rule meanwhile");
    Ok(Reply::ok(written(call, &stored.ok_or_else(missing)?, context.now)))
}

/// Deletes a rule; what it dismissed stays dismissed.
pub(super) fn delete(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    if let Some(stored) = find(call, &engine.context())? {
        engine.define(Define::delete(KIND, &stored.resource.id), call.actor())?;
    }
    Ok(Reply::nothing())
}

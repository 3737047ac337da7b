//! Analytic rules as far as alerts name them: the rule that made each alert, by its type and product. Read only.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::desk::{Desk, missing};
use super::list;
use crate::graph::{AlertRef, NodeId};
use crate::http::dialects::arm::{put, when};
use crate::http::dialects::{Call, Reply, Route, answers, arm};
use crate::model::{Fault, Time};
use crate::query::Context;
use crate::query::lists::members;

pub(super) const ROUTES: &[Route] = &[
    answers("GET", "WS/alertRules", "sentinel.alert_rules.list", 2, list),
    answers("GET", "WS/alertRules/{id}", "sentinel.alert_rules.get", 2, get),
    answers("GET", "WS/alertRules/{id}/actions", "sentinel.alert_rules.actions", 2, actions),
    answers("GET", "WS/alertRules/{id}/actions/{action}", "sentinel.alert_rules.action", 2, action),
    answers("GET", "WS/alertRuleTemplates", "sentinel.alert_rule_templates.list", 2, templates),
    answers("GET", "WS/alertRuleTemplates/{id}", "sentinel.alert_rule_templates.get", 2, template),
];

const NAMESPACE: Uuid = Uuid::from_u128(0x2e64_0bd1_90c4_4b57_b7de_63f0_18a7_5c0e);

/// What a rule is, as the alerts that it made show it.
#[derive(Clone)]
struct Rule {
    id: String,
    kind: &'static str,
    name: String,
    product: String,
    newest: NodeId,
    last: Option<Time>,
    alerts: u64,
}

/// Id and kind of the rule that made an alert, with the rule's name.
fn of_alert(alert: &AlertRef<'_>) -> (String, &'static str, String) {
    let (kind, own) = match (alert.provider(), alert.product()) {
        (provider, _) if provider.contains("NRT") => ("NRT", true),
        (provider, _) if provider.contains("Scheduled") => ("Scheduled", true),
        _ if alert.alert_type().eq_ignore_ascii_case("fusion") => ("Fusion", true),
        (_, "Azure Sentinel" | "Microsoft Sentinel") => ("Scheduled", true),
        _ => ("MicrosoftSecurityIncidentCreation", false),
    };
    if !own {
        let name = if alert.product().is_empty() { alert.provider() } else { alert.product() };
        return (made(name), kind, format!("Create incidents based on {name} alerts"));
    }
    // The type of an alert of a rule ends with the id of the rule.
    let given = alert.alert_type().rsplit('_').next().filter(|last| Uuid::try_parse(last).is_ok()).map(str::to_lowercase);
    let named = if kind == "Fusion" { "Fusion" } else { alert.title() };
    (
        given
            .unwrap_or_else(|| made(&format!("{kind}/{}", if alert.alert_type().is_empty() { alert.title() } else { alert.alert_type() }))),
        kind,
        named.to_owned(),
    )
}

fn made(name: &str) -> String {
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string()
}

fn rules(desk: &Desk<'_>) -> BTreeMap<String, Rule> {
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    for alert in desk.graph().all_alerts() {
        let (id, kind, name) = of_alert(&alert);
        let rule = rules.entry(id.clone()).or_insert_with(|| Rule {
            id,
            kind,
            name,
            product: alert.product().to_owned(),
            newest: alert.node(),
            last: alert.time(),
            alerts: 0,
        });
        rule.alerts += 1;
        if alert.time() > rule.last {
            (rule.newest, rule.last) = (alert.node(), alert.time());
        }
    }
    rules
}

/// Identifiers of the rules that made the alerts of an incident.
pub(super) fn of_incident(desk: &Desk<'_>, incident: NodeId) -> Vec<String> {
    let graph = desk.graph();
    let alerts = members(graph, incident).into_iter().filter_map(|alert| graph.alert_node(alert)).filter(|alert| alert.known());
    let mut ids: Vec<String> = alerts.map(|alert| desk.scope.id(&["alertRules", &of_alert(&alert).0])).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// A span such as `01:00:00` or `1.00:00:00` as clients read it.
fn span(text: &str) -> Option<String> {
    let (days, clock) = text.split_once('.').unwrap_or(("0", text));
    let parts: Vec<u64> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [hours, minutes, seconds] = parts.as_slice() else { return None };
    let total = days.parse::<u64>().ok()? * 86_400 + hours * 3_600 + minutes * 60 + seconds;
    Some(match total {
        0 => "PT0S".to_owned(),
        total if total.is_multiple_of(86_400) => format!("P{}D", total / 86_400),
        total if total.is_multiple_of(3_600) => format!("PT{}H", total / 3_600),
        total if total.is_multiple_of(60) => format!("PT{}M", total / 60),
        total => format!("PT{total}S"),
    })
}

fn resource(desk: &Desk<'_>, rule: &Rule) -> Result<Value, Fault> {
    let graph = desk.graph();
    let mut properties = Map::new();
    properties.insert("displayName".into(), rule.name.clone().into());
    properties.insert("enabled".into(), true.into());
    put(&mut properties, "lastModifiedUtc", when(rule.last));
    match rule.kind {
        "MicrosoftSecurityIncidentCreation" => put(&mut properties, "productFilter", rule.product.clone()),
        kind => {
            let whole = super::alert::whole(desk, rule.newest)?;
            let newest = graph.alert_node(rule.newest);
            let inner = whole.extended.get("ExtendedProperties");
            let value = |name: &str| whole.extended.get(name).or_else(|| inner?.get(name));
            let extended = |names: &[&str]| names.iter().find_map(|name| value(name)).and_then(Value::as_str);
            put(&mut properties, "description", whole.description.clone());
            properties.insert("severity".into(), super::incident::severity(whole.severity).into());
            properties.insert("tactics".into(), json!(newest.map(|alert| alert.tactics().collect::<Vec<_>>()).unwrap_or_default()));
            properties.insert("techniques".into(), json!(newest.map(|alert| alert.techniques().collect::<Vec<_>>()).unwrap_or_default()));
            if kind == "Fusion" {
                properties.insert("alertRuleTemplateName".into(), rule.id.clone().into());
            } else {
                properties.insert("query".into(), extended(&["Query"]).unwrap_or_default().into());
                properties.insert("suppressionDuration".into(), "PT1H".into());
                properties.insert("suppressionEnabled".into(), false.into());
            }
            if kind == "Scheduled" {
                let read = |names: &[&str]| extended(names).and_then(span).unwrap_or_else(|| "PT1H".to_owned());
                properties.insert("queryFrequency".into(), read(&["Query Frequency", "QueryFrequency"]).into());
                properties.insert("queryPeriod".into(), read(&["Query Period", "QueryPeriod"]).into());
                let operator = extended(&["Trigger Operator", "TriggerOperator"]).map(|text| text.replace(' ', ""));
                let known = ["GreaterThan", "LessThan", "Equal", "NotEqual"];
                let operator = operator.and_then(|text| known.into_iter().find(|known| known.eq_ignore_ascii_case(&text)));
                properties.insert("triggerOperator".into(), operator.unwrap_or("GreaterThan").into());
                let threshold = extended(&["Trigger Threshold", "TriggerThreshold"]).and_then(|text| text.trim().parse::<i64>().ok());
                properties.insert("triggerThreshold".into(), threshold.unwrap_or(0).into());
            }
        }
    }
    let mut resource = desk.scope.resource(&["alertRules", &rule.id], "alertRules", Some(&rule.alerts.to_string()), properties);
    resource["kind"] = rule.kind.into();
    Ok(resource)
}

fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let values: Vec<Value> = rules(&desk).values().map(|rule| resource(&desk, rule)).collect::<Result<_, _>>()?;
    Ok(Reply::ok(list::of_values(call, "name", values, context.now)?))
}

fn find(desk: &Desk<'_>, call: &Call) -> Result<Rule, Fault> {
    let id = call.parameter("id");
    rules(desk).remove(&id.to_lowercase()).ok_or_else(|| missing("alert rule", id))
}

fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    Ok(Reply::ok(resource(&desk, &find(&desk, call)?)?))
}

/// The rules of a source run no playbook here: none has an action.
fn actions(call: &Call, context: &Context) -> Result<Reply, Fault> {
    find(&Desk::new(call, context), call)?;
    Ok(Reply::ok(arm::list(Vec::new(), None)))
}

fn action(call: &Call, context: &Context) -> Result<Reply, Fault> {
    find(&Desk::new(call, context), call)?;
    Err(missing("action", call.parameter("action")))
}

/// A rule as the template that it was made from.
fn template_of(desk: &Desk<'_>, rule: &Rule) -> Result<Value, Fault> {
    let mut template = resource(desk, rule)?;
    template["id"] = desk.scope.id(&["alertRuleTemplates", &rule.id]).into();
    template["type"] = "Microsoft.SecurityInsights/alertRuleTemplates".into();
    if let Some(properties) = template["properties"].as_object_mut() {
        for of_rules_only in ["enabled", "suppressionDuration", "suppressionEnabled", "alertRuleTemplateName"] {
            properties.remove(of_rules_only);
        }
        properties.insert("status".into(), "Installed".into());
        properties.insert("alertRulesCreatedByTemplateCount".into(), 1.into());
        let date = properties.remove("lastModifiedUtc");
        put(properties, "createdDateUTC", date.clone().unwrap_or_default());
        put(properties, "lastUpdatedDateUTC", date.unwrap_or_default());
    }
    if let Some(members) = template.as_object_mut() {
        members.remove("etag");
    }
    Ok(template)
}

fn templates(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    let values: Vec<Value> = rules(&desk).values().map(|rule| template_of(&desk, rule)).collect::<Result<_, _>>()?;
    Ok(Reply::ok(list::of_values(call, "name", values, context.now)?))
}

fn template(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let desk = Desk::new(call, context);
    Ok(Reply::ok(template_of(&desk, &find(&desk, call)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_exports_write_them() {
        for (text, expected) in [
            ("01:00:00", Some("PT1H")),
            ("1.00:00:00", Some("P1D")),
            ("14.00:00:00", Some("P14D")),
            ("00:05:00", Some("PT5M")),
            ("00:00:07", Some("PT7S")),
            ("1 hour", None),
        ] {
            assert_eq!(span(text).as_deref(), expected, "{text}");
        }
    }
}

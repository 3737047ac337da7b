//! `automations`: definitions that clients keep here as they wrote them; those that call a Logic App at its address run as automation rules of the
//! engine, each of their sources as one, and those that send to an event hub as exports (`hubs`). A workspace as a target needs nothing more: its
//! tables hold all that an automation would send there.
//!
//! What opens a target (the address of a Logic App, the connection string of an event hub) is taken and never shown, as the vendor does it.

use serde_json::{Map, Value, json};

use super::hubs;
use crate::engine::{Define, Engine};
use crate::http::dialects::{Call, Members, Reply, arm};
use crate::model::{Fault, FaultClass, Stored};
use crate::query::Context;
use crate::triage::automation::{Action, AutomationRule, Condition, KIND_DEFENDER, On, Operator, Trigger, When};
use crate::triage::definition::Definition;

/// The kind of the resources.
const KIND: &str = "defender_automation";
/// Events that an automation may begin with.
const SOURCES: [&str; 12] = [
    "Assessments",
    "AssessmentsSnapshot",
    "SubAssessments",
    "SubAssessmentsSnapshot",
    "Alerts",
    "SecureScores",
    "SecureScoresSnapshot",
    "SecureScoreControls",
    "SecureScoreControlsSnapshot",
    "RegulatoryComplianceAssessment",
    "RegulatoryComplianceAssessmentSnapshot",
    "AttackPaths",
];
/// What an automation may do.
const ACTIONS: [&str; 4] = ["LogicApp", "EventHub", "Workspace", "Internal"];

/// Members of an action that open its target.
const SECRETS: [&str; 2] = ["uri", "connectionString"];
/// What the vendor calls properties of an assessment, and the columns that hold them.
const OF_ASSESSMENTS: [(&str, &str); 5] = [
    ("name", "columns.RecommendationName"),
    ("properties.displayname", "columns.RecommendationDisplayName"),
    ("properties.metadata.displayname", "columns.RecommendationDisplayName"),
    ("properties.metadata.severity", "columns.RecommendationSeverity"),
    ("properties.status.code", "columns.RecommendationState"),
];

fn id_of(call: &Call) -> String {
    format!("{}/{}", call.parameter("rg"), call.parameter("name")).to_lowercase()
}

/// An automation under an identifier in the scope of the request.
fn written(call: &Call, stored: &Stored) -> Value {
    let mut members = stored.resource.value.as_object().cloned().unwrap_or_default();
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (group, name) = (text("_group"), text("name"));
    members.remove("_group");
    for action in actions_of(&mut members) {
        action.retain(|name, _| !SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(name)));
    }
    let id = format!("/subscriptions/{}/resourceGroups/{group}/providers/Microsoft.Security/automations/{name}", call.parameter("sub"));
    members.insert("id".to_owned(), id.into());
    members.insert("type".to_owned(), "Microsoft.Security/automations".into());
    members.insert("etag".to_owned(), format!("\"{}\"", stored.etag()).into());
    Value::Object(members)
}

/// The actions of what is kept of an automation.
fn actions_of(members: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let properties = members.get_mut("properties").and_then(Value::as_object_mut);
    let actions = properties.and_then(|properties| properties.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("actions")));
    actions.and_then(|(_, actions)| actions.as_array_mut()).into_iter().flatten().filter_map(Value::as_object_mut)
}

pub(super) fn list(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let group = call.parameter("rg");
    let inside =
        |stored: &&Stored| group.is_empty() || stored.resource.value["_group"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(group));
    let stored = context.snapshot.resources(KIND)?;
    Ok(Reply::ok(arm::list(stored.iter().filter(inside).map(|stored| written(call, stored)).collect(), None)))
}

fn found(call: &Call, context: &Context) -> Result<Option<Stored>, Fault> {
    context.snapshot.resource(KIND, &id_of(call))
}

fn unknown(call: &Call) -> Fault {
    Fault::new(FaultClass::NotFound, "automation_unknown", format!("no automation has the name `{}` in this group", call.parameter("name")))
}

pub(super) fn get(call: &Call, context: &Context) -> Result<Reply, Fault> {
    let stored = found(call, context)?.ok_or_else(|| unknown(call))?;
    Ok(Reply::ok(written(call, &stored)))
}

/// What is wrong with an automation; nothing if it can be kept.
fn mistake(body: &Members) -> Option<String> {
    let properties = body.inner("properties");
    for source in properties.list("sources") {
        let event = Members::of(source).word("eventSource").unwrap_or_default();
        if !SOURCES.iter().any(|known| known.eq_ignore_ascii_case(&event)) {
            return Some(format!("expected a known `eventSource`, found `{event}`"));
        }
    }
    for action in properties.list("actions") {
        let kind = Members::of(action).word("actionType").unwrap_or_default();
        if !ACTIONS.iter().any(|known| known.eq_ignore_ascii_case(&kind)) {
            return Some(format!("expected an `actionType` of {}, found `{kind}`", ACTIONS.join(", ")));
        }
    }
    (!body.has("properties")).then(|| "expected a member `properties`, found none".to_owned())
}

/// The members that are kept of a body.
fn kept(call: &Call, body: &Map<String, Value>) -> Value {
    let mut members = Map::new();
    for name in ["location", "kind", "tags", "properties"] {
        if let Some((_, value)) = body.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            members.insert(name.to_owned(), value.clone());
        }
    }
    members.insert("name".to_owned(), call.parameter("name").into());
    members.insert("_group".to_owned(), call.parameter("rg").into());
    Value::Object(members)
}

pub(super) fn put(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let body = call.object()?;
    if let Some(mistake) = mistake(&Members::of(&Value::Object(body.clone()))) {
        return Err(Fault::new(FaultClass::Invalid, "automation_invalid", mistake));
    }
    store(call, engine, kept(call, &body))
}

/// Changes the members that are given.
pub(super) fn patch(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let present = found(call, &engine.context())?.ok_or_else(|| unknown(call))?;
    let mut members = present.resource.value.as_object().cloned().unwrap_or_default();
    for (name, value) in call.object()? {
        match (name.to_ascii_lowercase().as_str(), value) {
            ("tags", value) => drop(members.insert("tags".to_owned(), value)),
            ("properties", Value::Object(changed)) => {
                let own = members.entry("properties").or_insert_with(|| json!({}));
                if let Value::Object(own) = own {
                    own.extend(changed);
                }
            }
            _ => {}
        }
    }
    store(call, engine, Value::Object(members))
}

/// Takes over what opens the targets from the present version, for actions at the same place that do not name it: clients send back what they
/// were shown.
fn keep_secrets(value: &mut Map<String, Value>, present: &Stored) {
    let mut before = present.resource.value.as_object().cloned().unwrap_or_default();
    let of = |action: &Map<String, Value>| {
        let mut shown = action.clone();
        shown.retain(|name, _| !SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(name)));
        shown
    };
    let known: Vec<Map<String, Value>> = actions_of(&mut before).map(|action| action.clone()).collect();
    for (action, known) in actions_of(value).zip(known) {
        if *action == of(&known) {
            *action = known;
        }
    }
}

fn store(call: &Call, engine: &Engine, value: Value) -> Result<Reply, Fault> {
    let present = found(call, &engine.context())?;
    let mut members = value.as_object().cloned().unwrap_or_default();
    if let Some(present) = &present {
        keep_secrets(&mut members, present);
    }
    let rules = rules(call.parameter("name"), &members)?;
    let value = Value::Object(members);
    let mut defines = hubs::defines(call, &engine.context(), &id_of(call), Some(&value))?;
    defines.push(Define::put(KIND, &id_of(call), value));
    for (place, rule) in rules.into_iter().enumerate() {
        let id = rule_id(call, place);
        defines.push(match rule {
            Some(rule) => Define::put(KIND_DEFENDER, &id, json!(rule)),
            None => Define::delete(KIND_DEFENDER, &id),
        });
    }
    engine.define_all(defines, call.actor())?;
    let stored = found(call, &engine.context())?.ok_or_else(|| unknown(call))?;
    let body = written(call, &stored);
    Ok(if present.is_some() { Reply::ok(body) } else { Reply::created(body) })
}

fn rule_id(call: &Call, place: usize) -> String {
    format!("{}/{}", id_of(call), SOURCES[place].to_lowercase())
}

/// The rules that an automation stands for, one place for each event that it may begin with.
fn rules(name: &str, members: &Map<String, Value>) -> Result<Vec<Option<AutomationRule>>, Fault> {
    let whole = Value::Object(members.clone());
    let whole = Members::of(&whole);
    let properties = whole.inner("properties");
    let called = properties.list("actions").iter().filter_map(|action| {
        let action = Members::of(action);
        let logic_app = action.word("actionType").is_some_and(|kind| kind.eq_ignore_ascii_case("LogicApp"));
        let url = action.text("uri").filter(|_| logic_app)?;
        Some(Action::Webhook { url, secret: String::new(), headers: Default::default(), body: None })
    });
    let actions: Vec<Action> = called.collect();
    let mut rules: Vec<Option<AutomationRule>> = SOURCES.iter().map(|_| None).collect();
    for source in properties.list("sources") {
        let source = Members::of(source);
        let event = source.word("eventSource").unwrap_or_default();
        let Some(place) = SOURCES.iter().position(|known| known.eq_ignore_ascii_case(&event)) else { continue };
        let on = match SOURCES[place] {
            "Alerts" => On::Alert,
            "Assessments" | "SubAssessments" | "RegulatoryComplianceAssessment" => On::Assessment,
            // Snapshots are exports, and scores are no single event.
            _ => continue,
        };
        if actions.is_empty() {
            continue;
        }
        let rule = AutomationRule {
            name: Some(name.to_owned()),
            enabled: properties.flag("isEnabled").unwrap_or(true),
            trigger: Trigger { on, when: When::Created },
            conditions: conditions(&source, on)?,
            actions: actions.clone(),
            ..AutomationRule::default()
        };
        rule.check()?;
        rules[place] = Some(rule);
    }
    Ok(rules)
}

/// The rule sets of a source: all rules of one of them must hold.
fn conditions(source: &Members, on: On) -> Result<Vec<Condition>, Fault> {
    let mut sets = Vec::new();
    for set in source.list("ruleSets") {
        let rules = Members::of(set);
        let held = rules.list("rules").iter().map(|rule| condition(&Members::of(rule), on)).collect::<Result<Vec<_>, Fault>>()?;
        let conditions: Vec<Condition> = held.into_iter().flatten().collect();
        if conditions.is_empty() {
            // A set without a condition always holds, and so do all of them together.
            return Ok(Vec::new());
        }
        sets.push(Condition::And { conditions });
    }
    Ok(if sets.is_empty() { sets } else { vec![Condition::Or { conditions: sets }] })
}

fn condition(rule: &Members, on: On) -> Result<Option<Condition>, Fault> {
    let refused = |code, message: String| Err(Fault::new(FaultClass::Invalid, code, message));
    let path = rule.word("propertyJPath").unwrap_or_default();
    let lower = path.to_lowercase();
    let property = match on {
        // Every assessment is of the same type.
        On::Assessment if lower == "type" => return Ok(None),
        On::Assessment => OF_ASSESSMENTS.iter().find(|(known, _)| *known == lower).map(|(_, column)| (*column).to_owned()),
        _ => Some(path.rsplit('.').next().unwrap_or_default().to_owned()).filter(|name| !name.is_empty()),
    };
    let Some(property) = property else {
        let known: Vec<&str> = OF_ASSESSMENTS.iter().map(|(known, _)| *known).collect();
        return refused("automation_property", format!("expected `propertyJPath` of {}, found `{path}`", known.join(", ")));
    };
    let operator = rule.word("operator").unwrap_or_else(|| "Equals".to_owned());
    let operator = match operator.to_lowercase().as_str() {
        "equals" => Operator::Equals,
        "notequals" => Operator::NotEquals,
        "contains" => Operator::Contains,
        "startswith" => Operator::StartsWith,
        "endswith" => Operator::EndsWith,
        _ => {
            return refused(
                "automation_operator",
                format!("expected Equals, NotEquals, Contains, StartsWith or EndsWith, found `{operator}`"),
            );
        }
    };
    let values = vec![rule.text("expectedValue").unwrap_or_default()];
    Ok(Some(Condition::Property { property, operator, values }))
}

pub(super) fn delete(call: &Call, engine: &Engine) -> Result<Reply, Fault> {
    let mut gone = vec![Define::delete(KIND, &id_of(call))];
    gone.extend((0..SOURCES.len()).map(|place| Define::delete(KIND_DEFENDER, &rule_id(call, place))));
    gone.extend(hubs::defines(call, &engine.context(), &id_of(call), None)?);
    engine.define_all(gone, call.actor())?;
    Ok(Reply::nothing())
}

/// Says whether an automation could be kept.
pub(super) fn validate(call: &Call, _: &Context) -> Result<Reply, Fault> {
    let body = call.json()?;
    let kept = body.as_object().map(|members| rules(call.parameter("name"), members).err().map(|fault| fault.message));
    let sent = hubs::check(call, &body).err().map(|fault| fault.message);
    let mistake = mistake(&Members::of(&body)).or_else(|| kept.flatten()).or(sent);
    Ok(Reply::ok(json!({"isValid": mistake.is_none(), "message": mistake.unwrap_or_else(|| "Validation succeeded".to_owned())})))
}

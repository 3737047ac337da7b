//! The activity of an incident or alert: its versions in order, each as what it changed.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::details::{bodies, document};
use super::{Context, Question, reference};
use crate::graph::NodeId;
use crate::model::{Body, Change, Fault, Seq, Time};

/// Members of a version that say how it came about.
const OF_THE_VERSION: [&str; 4] = ["modified", "modified_by", "change", "id"];

/// The kind of the decisions that keep what became of runs of automation rules.
pub const RUN: &str = "automation.run";

/// Which incident.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Path)]
pub struct ActivityRequest {
    /// Id or number.
    pub id: String,
}

/// Which alert.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Path)]
pub struct AlertActivityRequest {
    /// Id.
    pub id: String,
}

/// A field that a change gave another value.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FieldChange {
    /// The field, as the incident's version names it.
    pub field: String,
    /// Its value before.
    pub before: Value,
    /// Its value after.
    pub after: Value,
}

/// A change of an incident or alert.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Activity {
    /// Number of the change: of the document that made the version.
    pub change: u64,
    /// When it was made.
    #[schema(value_type = String)]
    pub time: Time,
    /// Who made it.
    pub actor: String,
    /// `create`, `update`, `comment`, `task`, `alerts`, `merge`, `split`, `undo`; `suppress` of an alert that a rule dismissed; `source` of a
    /// version that a source gave; `proposal.made` and `proposal.rejected` of a proposal; `automation.run` of a rule that ran.
    pub action: String,
    /// The change that this one takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undoes: Option<u64>,
    /// Id of the rule that made it, if a rule did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Id of the proposal that was made, rejected, or accepted with the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<String>,
    /// Who proposed the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<String>,
    /// What was said of a proposal, why something was changed, or what became of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Name of the step of several changes that are undone together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// File or name that the version came from.
    pub source: String,
    /// Line of the source.
    pub line: u64,
    /// What changed.
    pub fields: Vec<FieldChange>,
    /// What a rule did, action by action, of a run of an automation rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Value>>)]
    pub actions: Option<Value>,
}

/// The activity of an incident or alert.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ActivityLog {
    /// The changes, newest first.
    pub value: Vec<Activity>,
    /// Whether these are all, as they always are.
    pub complete: bool,
}

impl Question for ActivityRequest {
    type Answer = ActivityLog;
    const NAME: &'static str = "incident_activity";

    fn answer(self, context: &Context) -> Result<ActivityLog, Fault> {
        let graph = &context.snapshot.graph;
        let node = reference::incident(graph, &self.id)?;
        let id = graph.incident_node(node).map(|incident| incident.id().to_owned()).unwrap_or_default();
        log(context, node, |body| match body {
            Body::Incident(incident) if incident.id == id => Some(Said {
                members: members(&incident),
                actors: [incident.modified_by.unwrap_or_default(), incident.provider],
                change: incident.change.unwrap_or_default(),
            }),
            _ => None,
        })
    }
}

impl Question for AlertActivityRequest {
    type Answer = ActivityLog;
    const NAME: &'static str = "alert_activity";

    fn answer(self, context: &Context) -> Result<ActivityLog, Fault> {
        let graph = &context.snapshot.graph;
        let node = reference::alert(graph, &self.id)?;
        let id = graph.alert_node(node).map(|alert| alert.id().to_owned()).unwrap_or_default();
        log(context, node, |body| match body {
            Body::Alert(alert) if alert.id == id => {
                Some(Said { members: members(&alert), actors: [alert.provider, alert.product], change: alert.change.unwrap_or_default() })
            }
            _ => None,
        })
    }
}

/// What a document says of the thing whose activity is listed.
struct Said {
    members: Map<String, Value>,
    change: Change,
    /// Who may have made the version, if the change does not say.
    actors: [String; 2],
}

/// The versions of a node, newest first, each as what it changed of the one before.
fn log(context: &Context, node: NodeId, said: impl Fn(Body) -> Option<Said>) -> Result<ActivityLog, Fault> {
    let versions = context.snapshot.graph.versions(node);
    let mut seqs: Vec<(Option<Time>, Seq)> = versions.iter().map(|version| (version.modified, version.seq)).collect();
    seqs.sort_unstable();
    let mut value = Vec::with_capacity(seqs.len());
    let mut before = Map::new();
    for (modified, seq) in seqs {
        let document = document(context, seq)?;
        let Some(Said { members: after, change, actors }) = bodies(&document)?.into_iter().find_map(&said) else { continue };
        let by_source = change.action.is_empty() || change.action == "source";
        let [first, second] = actors;
        value.push(Activity {
            change: seq.0,
            time: if by_source { modified.unwrap_or(document.received) } else { document.received },
            actor: [change.actor, first, second].into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
            action: if by_source { "source".to_owned() } else { change.action },
            undoes: change.undoes,
            rule: change.rule,
            proposal: change.proposal,
            proposed_by: change.proposed_by,
            comment: change.reason,
            step: change.step,
            source: document.origin.source.to_string(),
            line: document.origin.line,
            fields: fields(&before, &after),
            actions: None,
        });
        before = after;
    }
    let about = context.snapshot.records.about(&context.snapshot.graph.entity_ref(node))?;
    if !about.is_empty() {
        let mut runs = HashMap::new();
        for seq in about {
            value.extend(decided(context, seq, &mut runs)?);
        }
        value.sort_by_key(|activity| activity.change);
    }
    value.reverse();
    Ok(ActivityLog { value, complete: true })
}

/// A decision about something, as a row of its activity; `runs` are those that earlier ones told of.
fn decided(context: &Context, seq: Seq, runs: &mut HashMap<String, Map<String, Value>>) -> Result<Option<Activity>, Fault> {
    let document = document(context, seq)?;
    let Some(Body::Decision(value)) = bodies(&document)?.into_iter().next() else { return Ok(None) };
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let (mut comment, mut changed) = (text("comment"), Vec::new());
    if value["kind"] == RUN {
        let after = results(&value);
        let before = runs.insert(text("id").unwrap_or_default(), after.clone()).unwrap_or_default();
        changed = fields(&before, &after);
        comment = comment.or_else(|| Some(outcome(&value)));
    }
    Ok(Some(Activity {
        change: seq.0,
        time: document.received,
        actor: text("actor").unwrap_or_default(),
        action: text("kind").unwrap_or_default(),
        undoes: None,
        rule: text("rule"),
        proposal: text("proposal"),
        proposed_by: None,
        comment,
        step: None,
        source: document.origin.source.to_string(),
        line: document.origin.line,
        fields: changed,
        actions: value.get("actions").cloned(),
    }))
}

/// What became of the actions of a run, by their place and type.
fn results(run: &Value) -> Map<String, Value> {
    let actions = run.get("actions").and_then(Value::as_array).into_iter().flatten().enumerate();
    let result = |(place, action): (usize, &Value)| {
        let mut result = action.as_object().cloned().unwrap_or_default();
        let kind = result.remove("type").and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default();
        (format!("action {}: {kind}", place + 1), Value::Object(result))
    };
    actions.map(result).collect()
}

/// What became of the actions of a run, in one line.
pub(super) fn outcome(run: &Value) -> String {
    let actions = run.get("actions").and_then(Value::as_array).into_iter().flatten();
    let told = actions.map(|action| {
        let text = |name: &str| action.get(name).and_then(Value::as_str).unwrap_or_default();
        let (what, state, message) = (text("type"), text("state").replace('_', " "), text("message"));
        if message.is_empty() { format!("{what} {state}") } else { format!("{what} {state} ({message})") }
    });
    let told = told.collect::<Vec<_>>().join(", ");
    if told.is_empty() { "nothing to do".to_owned() } else { told }
}

fn members(version: &impl Serialize) -> Map<String, Value> {
    match json!(version) {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Whether a value says nothing.
fn blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn fields(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<FieldChange> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).filter(|name| !OF_THE_VERSION.contains(&name.as_str())).collect();
    let of = |side: &Map<String, Value>, name: &str| side.get(name).cloned().unwrap_or(Value::Null);
    let changed = names.into_iter().filter_map(|name| {
        let (before, after) = (of(before, name), of(after, name));
        let same = before == after || blank(&before) && blank(&after);
        (!same).then(|| FieldChange { field: name.clone(), before, after })
    });
    changed.collect()
}

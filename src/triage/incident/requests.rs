//! The changes that can be asked for, and the versions that each of them plans.

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;

use super::update::{TEXT_BYTES_MAX, comment, text};
use super::{Actor, ChangeIncidents, IncidentFields, OwnerFields, Policy, Present, as_step, new_id};
use crate::model::{Change, Fault, FaultClass, Incident, Task, Time, canonical_id};
use crate::query::lists::IncidentFilter;
use crate::query::{Context, Question, reference};

/// Provider of incidents that people create.
pub(super) const PROVIDER: &str = "clew";
/// Incidents that one bulk change takes at the most.
const BULK_MAX: usize = 10_000;

/// Changes fields of one incident.
#[derive(Clone, Debug, Default)]
pub struct IncidentUpdate {
    /// Id or number.
    pub incident: String,
    /// The fields.
    pub fields: IncidentFields,
}

impl ChangeIncidents for IncidentUpdate {
    fn plan(&self, context: &Context, actor: &Actor, policy: Policy) -> Result<Vec<Incident>, Fault> {
        let present = Present::seen(context, &self.incident, self.fields.etag.as_deref())?;
        Ok(update(context, &present, &self.fields, actor, policy)?.into_iter().collect())
    }
}

fn update(context: &Context, present: &Present, fields: &IncidentFields, actor: &Actor, policy: Policy) -> Result<Option<Incident>, Fault> {
    let parent = match &fields.parent {
        Some(Some(parent)) => Some(Some(parent_of(context, &present.incident.id, parent)?)),
        Some(None) => Some(None),
        None => None,
    };
    present.change(actor, "update", context.now, |incident| {
        fields.apply(incident, actor, context.now, policy)?;
        if let Some(parent) = parent {
            incident.parent = parent;
        }
        Ok(())
    })
}

/// The id of a parent, which must not be the incident itself or below it.
fn parent_of(context: &Context, child: &str, parent: &str) -> Result<String, Fault> {
    let found = Present::find(context, parent)?.undeleted()?.incident;
    let mut above = Some(found.id.clone());
    let mut seen = BTreeSet::new();
    while let Some(id) = above {
        if id == child {
            let message = format!("expected a parent outside of incident `{child}`, found `{parent}`, which is below it");
            return Err(Fault::new(FaultClass::Conflict, "parent_cycle", message));
        }
        if !seen.insert(id.clone()) {
            break;
        }
        above = Present::of(context, &id)?.incident.parent;
    }
    Ok(found.id)
}

/// Changes the same fields of several incidents, as one step that is undone as one.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BulkUpdate {
    /// Ids or numbers of the incidents.
    pub incidents: Vec<String>,
    /// All incidents that a filter of the queue finds, instead of a list; its page is not used.
    pub filter: Option<IncidentFilter>,
    /// The fields.
    pub change: IncidentFields,
}

impl ChangeIncidents for BulkUpdate {
    fn plan(&self, context: &Context, actor: &Actor, policy: Policy) -> Result<Vec<Incident>, Fault> {
        let mut ids = self.incidents.clone();
        if let Some(filter) = &self.filter {
            if !ids.is_empty() {
                let message = "expected `incidents` or `filter`, found both";
                return Err(Fault::new(FaultClass::Invalid, "selection_invalid", message));
            }
            let page = IncidentFilter { limit: Some(BULK_MAX as u32), cursor: None, ..filter.clone() }.answer(context)?;
            if page.page.total > BULK_MAX as u64 {
                return Err(too_many(page.page.total as usize));
            }
            ids = page.page.value.into_iter().map(|row| reference::of_id(&row.id).into_owned()).collect();
        }
        if ids.is_empty() && self.filter.is_none() {
            return Err(Fault::new(FaultClass::Invalid, "selection_invalid", "expected `incidents` or `filter`, found neither"));
        }
        if ids.len() > BULK_MAX {
            return Err(too_many(ids.len()));
        }
        let mut changed = Vec::new();
        let mut seen = BTreeSet::new();
        for id in &ids {
            let present = Present::find(context, id)?;
            if seen.insert(present.incident.id.clone()) {
                changed.extend(update(context, &present, &self.change, actor, policy)?);
            }
        }
        Ok(as_step(changed))
    }
}

fn too_many(found: usize) -> Fault {
    Fault::new(FaultClass::Limit, "bulk_max", format!("expected at most {BULK_MAX} incidents in one change, found {found}"))
        .with_hint("narrow the filter")
}

/// Creates an incident by hand.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IncidentCreate {
    /// Id; made if none is given. One that is known already is refused.
    pub id: Option<String>,
    /// What an analyst reads first.
    pub title: String,
    /// The long text.
    pub description: Option<String>,
    /// Informational, Low, Medium or High.
    pub severity: Option<String>,
    /// New (default) or Active.
    pub status: Option<String>,
    /// Who works on it.
    pub owner: Option<OwnerFields>,
    /// Tags.
    pub tags: Vec<String>,
    /// Id or number of the incident that it belongs under.
    pub parent: Option<String>,
    /// Ids of its alerts.
    pub alerts: Vec<String>,
}

impl ChangeIncidents for IncidentCreate {
    fn plan(&self, context: &Context, actor: &Actor, policy: Policy) -> Result<Vec<Incident>, Fault> {
        let graph = &context.snapshot.graph;
        let id = self.id.clone().unwrap_or_else(new_id);
        let id = text("id", &id, 256)?.to_owned();
        if graph.incident(&id).and_then(|node| graph.incident_node(node)).is_some_and(|incident| incident.known() || incident.deleted()) {
            return Err(Fault::new(FaultClass::Conflict, "incident_exists", format!("an incident `{id}` is there already")));
        }
        let fields = IncidentFields {
            title: Some(self.title.clone()),
            description: self.description.clone(),
            severity: self.severity.clone(),
            status: self.status.clone(),
            owner: self.owner.clone().map(Some),
            tags: Some(self.tags.clone()),
            ..IncidentFields::default()
        };
        let mut incident = Incident { number: Some(graph.number_next()), ..opened(id, actor, context.now, "create") };
        incident.alert_ids = known_alerts(context, &self.alerts)?;
        fields.apply(&mut incident, actor, context.now, policy)?;
        incident.parent = self.parent.as_ref().map(|parent| parent_of(context, &incident.id, parent)).transpose()?;
        Ok(vec![incident])
    }
}

/// The first version of an incident that a person opens.
pub(super) fn opened(id: String, actor: &Actor, now: Time, action: &str) -> Incident {
    Incident {
        id,
        provider: PROVIDER.to_owned(),
        created: Some(now),
        modified: Some(now),
        modified_by: Some(actor.name.clone()),
        change: Some(Change { actor: actor.name.clone(), action: action.to_owned(), ..Change::default() }),
        ..Incident::default()
    }
}

fn known_alerts(context: &Context, ids: &[String]) -> Result<Vec<String>, Fault> {
    let graph = &context.snapshot.graph;
    let known = |id: &String| {
        let node = reference::alert(graph, id)?;
        Ok(graph.alert_node(node).map_or_else(|| id.clone(), |alert| alert.id().to_owned()))
    };
    ids.iter().map(known).collect()
}

/// Adds and removes alerts of an incident.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlertsUpdate {
    /// Id or number; the path gives it.
    #[serde(skip)]
    pub incident: String,
    /// Ids of alerts that join it.
    pub add: Vec<String>,
    /// Ids of alerts that leave it.
    pub remove: Vec<String>,
}

impl ChangeIncidents for AlertsUpdate {
    fn plan(&self, context: &Context, actor: &Actor, _: Policy) -> Result<Vec<Incident>, Fault> {
        let find = if self.add.is_empty() { Present::find } else { Present::unmerged };
        let present = find(context, &self.incident)?;
        let add = known_alerts(context, &self.add)?;
        let remove: Vec<_> = self.remove.iter().map(|id| canonical_id(id)).collect();
        if let Some(stranger) = remove.iter().find(|gone| !present.incident.alert_ids.iter().any(|id| *gone == id)) {
            let message = format!("expected an alert of incident `{}`, found `{stranger}`", present.incident.id);
            return Err(Fault::new(FaultClass::Invalid, "alert_not_in_incident", message));
        }
        let next = present.change(actor, "alerts", context.now, |incident| {
            incident.alert_ids.retain(|id| !remove.iter().any(|gone| gone == id));
            add_alerts(incident, add);
            Ok(())
        })?;
        Ok(next.into_iter().collect())
    }
}

pub(super) fn add_alerts(incident: &mut Incident, alerts: impl IntoIterator<Item = String>) {
    for alert in alerts {
        if !incident.alert_ids.contains(&alert) {
            incident.alert_ids.push(alert);
        }
    }
}

/// Writes a comment.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CommentAdd {
    /// Id or number; the path gives it.
    #[serde(skip)]
    pub incident: String,
    /// Id of the comment; made if none is given.
    pub id: Option<String>,
    /// The text, Markdown.
    pub message: String,
}

impl ChangeIncidents for CommentAdd {
    fn plan(&self, context: &Context, actor: &Actor, _: Policy) -> Result<Vec<Incident>, Fault> {
        let message = text("message", &self.message, TEXT_BYTES_MAX)?.to_owned();
        let mut comment = comment(actor, context.now, message);
        if let Some(id) = &self.id {
            comment.id = text("id", id, 256)?.to_owned();
        }
        let present = Present::unmerged(context, &self.incident)?;
        if present.incident.comments.iter().any(|known| known.id == comment.id) {
            let message = format!("a comment `{}` is there already", comment.id);
            return Err(Fault::new(FaultClass::Conflict, "comment_exists", message));
        }
        let next = present.change(actor, "comment", context.now, |incident| {
            incident.comments.push(comment);
            Ok(())
        })?;
        Ok(next.into_iter().collect())
    }
}

/// Rewrites a comment; earlier texts stay in the activity log.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CommentEdit {
    /// Id or number; the path gives it.
    #[serde(skip)]
    pub incident: String,
    /// Id of the comment; the path gives it.
    #[serde(skip)]
    pub comment: String,
    /// The new text, Markdown.
    pub message: String,
}

impl ChangeIncidents for CommentEdit {
    fn plan(&self, context: &Context, actor: &Actor, _: Policy) -> Result<Vec<Incident>, Fault> {
        let message = text("message", &self.message, TEXT_BYTES_MAX)?;
        let next = Present::find(context, &self.incident)?.change(actor, "comment", context.now, |incident| {
            let comment = incident.comments.iter_mut().find(|known| known.id == self.comment);
            let comment = comment.ok_or_else(|| unknown("comment", &self.comment))?;
            if comment.message != message {
                (comment.message, comment.modified) = (message.to_owned(), Some(context.now));
            }
            Ok(())
        })?;
        Ok(next.into_iter().collect())
    }
}

fn unknown(what: &'static str, id: &str) -> Fault {
    let code = if what == "comment" { "comment_unknown" } else { "task_unknown" };
    Fault::new(FaultClass::NotFound, code, format!("the incident has no {what} `{id}`"))
}

/// Removes a comment; it stays in the activity log.
#[derive(Clone, Debug, Default)]
pub struct CommentRemove {
    /// Id or number of the incident.
    pub incident: String,
    /// Id of the comment.
    pub comment: String,
}

impl ChangeIncidents for CommentRemove {
    fn plan(&self, context: &Context, actor: &Actor, _: Policy) -> Result<Vec<Incident>, Fault> {
        let next = Present::find(context, &self.incident)?.change(actor, "comment", context.now, |incident| {
            let before = incident.comments.len();
            incident.comments.retain(|known| known.id != self.comment);
            if incident.comments.len() == before { Err(unknown("comment", &self.comment)) } else { Ok(()) }
        })?;
        Ok(next.into_iter().collect())
    }
}

/// Adds a task.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TaskAdd {
    /// Id or number; the path gives it.
    #[serde(skip)]
    pub incident: String,
    /// Id of the task; made if none is given.
    pub id: Option<String>,
    /// What is to be done.
    pub title: String,
    /// The long text, Markdown.
    pub description: String,
}

impl ChangeIncidents for TaskAdd {
    fn plan(&self, context: &Context, actor: &Actor, _: Policy) -> Result<Vec<Incident>, Fault> {
        let task = Task {
            id: self.id.clone().unwrap_or_else(new_id),
            title: text("title", &self.title, 1_000)?.to_owned(),
            description: self.description.clone(),
            completed: false,
            author: Some(actor.name.clone()),
            created: Some(context.now),
            modified: None,
        };
        let present = Present::unmerged(context, &self.incident)?;
        if present.incident.tasks.iter().any(|known| known.id == task.id) {
            return Err(Fault::new(FaultClass::Conflict, "task_exists", format!("a task `{}` is there already", task.id)));
        }
        let next = present.change(actor, "task", context.now, |incident| {
            incident.tasks.push(task);
            Ok(())
        })?;
        Ok(next.into_iter().collect())
    }
}

/// Changes a task; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TaskEdit {
    /// Id or number; the path gives it.
    #[serde(skip)]
    pub incident: String,
    /// Id of the task; the path gives it.
    #[serde(skip)]
    pub task: String,
    /// What is to be done.
    pub title: Option<String>,
    /// The long text, Markdown.
    pub description: Option<String>,
    /// Whether it is done.
    pub completed: Option<bool>,
}

impl ChangeIncidents for TaskEdit {
    fn plan(&self, context: &Context, actor: &Actor, _: Policy) -> Result<Vec<Incident>, Fault> {
        let title = self.title.as_deref().map(|title| text("title", title, 1_000)).transpose()?;
        let next = Present::find(context, &self.incident)?.change(actor, "task", context.now, |incident| {
            let task = incident.tasks.iter_mut().find(|known| known.id == self.task).ok_or_else(|| unknown("task", &self.task))?;
            let before = task.clone();
            if let Some(title) = title {
                task.title = title.to_owned();
            }
            if let Some(description) = &self.description {
                task.description.clone_from(description);
            }
            task.completed = self.completed.unwrap_or(task.completed);
            if *task != before {
                task.modified = Some(context.now);
            }
            Ok(())
        })?;
        Ok(next.into_iter().collect())
    }
}

/// Removes a task; it stays in the activity log.
#[derive(Clone, Debug, Default)]
pub struct TaskRemove {
    /// Id or number of the incident.
    pub incident: String,
    /// Id of the task.
    pub task: String,
}

impl ChangeIncidents for TaskRemove {
    fn plan(&self, context: &Context, actor: &Actor, _: Policy) -> Result<Vec<Incident>, Fault> {
        let next = Present::find(context, &self.incident)?.change(actor, "task", context.now, |incident| {
            let before = incident.tasks.len();
            incident.tasks.retain(|known| known.id != self.task);
            if incident.tasks.len() == before { Err(unknown("task", &self.task)) } else { Ok(()) }
        })?;
        Ok(next.into_iter().collect())
    }
}

//! Merge and split: incidents that become one, and alerts that become an incident of their own.

use serde::Deserialize;
use utoipa::ToSchema;

use super::requests::{AlertsUpdate, add_alerts, opened};
use super::update::text;
use super::{Actor, ChangeIncidents, Policy, Present, as_step, new_id};
use crate::graph::NodeId;
use crate::model::{Fault, FaultClass, Incident, IncidentStatus};
use crate::query::Context;
use crate::triage::bookmark;

/// Merges an incident into another: its alerts, bookmarks, tags, comments and tasks go over, and it is closed with a pointer to the other.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IncidentMerge {
    /// Id or number of the incident that goes; the path gives it.
    #[serde(skip)]
    pub incident: String,
    /// Id or number of the incident that stays.
    pub into: String,
}

impl ChangeIncidents for IncidentMerge {
    fn plan(&self, context: &Context, actor: &Actor, _: Policy) -> Result<Vec<Incident>, Fault> {
        let find = |text: &str| Present::find(context, text)?.undeleted();
        let (gone, stays) = (find(&self.incident)?, find(&self.into)?);
        if gone.incident.id == stays.incident.id {
            return Err(Fault::new(FaultClass::Invalid, "merge_same", format!("`{}` is the incident itself", self.into)));
        }
        for side in [&gone.incident, &stays.incident] {
            if let Some(into) = &side.redirect {
                let message = format!("incident `{}` was merged into `{into}` already", side.id);
                return Err(Fault::new(FaultClass::Conflict, "merged_already", message));
            }
        }
        let grown = stays.change(actor, "merge", context.now, |incident| {
            add_alerts(incident, gone.incident.alert_ids.iter().cloned());
            // Alerts may name the incident themselves, which then does not list them.
            add_alerts(incident, held(context, gone.node(context)));
            for tag in &gone.incident.tags {
                if !incident.tags.contains(tag) {
                    incident.tags.push(tag.clone());
                }
            }
            incident.comments.extend(gone.incident.comments.iter().cloned());
            incident.tasks.extend(gone.incident.tasks.iter().cloned());
            for entity in gone.incident.entities.iter().map(|evidence| &evidence.entity).filter(|entity| bookmark::is_bookmark(entity)) {
                bookmark::hold(incident, entity);
            }
            incident.severity = incident.severity.max(gone.incident.severity);
            Ok(())
        })?;
        let closed = gone.change(actor, "merge", context.now, |incident| {
            incident.redirect = Some(stays.incident.id.clone());
            (incident.status, incident.closed) = (IncidentStatus::Closed, Some(context.now));
            Ok(())
        })?;
        Ok(as_step(grown.into_iter().chain(closed).collect()))
    }
}

/// The ids of the alerts that some incidents hold, in order.
pub(super) fn held(context: &Context, incidents: impl IntoIterator<Item = NodeId>) -> Vec<String> {
    let graph = &context.snapshot.graph;
    ids(context, incidents.into_iter().flat_map(|incident| graph.held(incident)))
}

/// The ids of alerts, each once, in order.
pub(super) fn ids(context: &Context, alerts: impl IntoIterator<Item = NodeId>) -> Vec<String> {
    let graph = &context.snapshot.graph;
    let mut ids: Vec<String> = alerts.into_iter().filter_map(|node| Some(graph.alert_node(node)?.id().to_owned())).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Moves alerts of an incident into a new one.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IncidentSplit {
    /// Id or number; the path gives it.
    #[serde(skip)]
    pub incident: String,
    /// Ids of the alerts that go.
    pub alerts: Vec<String>,
    /// Title of the new incident; that of the old one if none is given.
    pub title: Option<String>,
}

impl ChangeIncidents for IncidentSplit {
    fn plan(&self, context: &Context, actor: &Actor, policy: Policy) -> Result<Vec<Incident>, Fault> {
        let present = Present::unmerged(context, &self.incident)?;
        if self.alerts.is_empty() || self.alerts.len() >= present.incident.alert_ids.len() {
            let found = format!("{} of {}", self.alerts.len(), present.incident.alert_ids.len());
            let message = format!("expected some but not all alerts of incident `{}`, found {found}", present.incident.id);
            return Err(Fault::new(FaultClass::Invalid, "split_alerts", message));
        }
        let leave =
            AlertsUpdate { incident: self.incident.clone(), add: Vec::new(), remove: self.alerts.clone() }.plan(context, actor, policy)?;
        let mut new = opened(new_id(), actor, context.now, "split");
        new.number = Some(context.snapshot.graph.number_next());
        new.title = self.title.clone().unwrap_or_else(|| present.incident.title.clone());
        text("title", &new.title, 1_000)?;
        (new.severity, new.alert_ids) = (present.incident.severity, self.alerts.clone());
        (new.owner, new.tags) = (present.incident.owner.clone(), present.incident.tags.clone());
        let mut changed = leave;
        for change in changed.iter_mut().filter_map(|incident| incident.change.as_mut()) {
            "split".clone_into(&mut change.action);
        }
        changed.push(new);
        Ok(as_step(changed))
    }
}

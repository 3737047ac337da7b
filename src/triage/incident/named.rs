//! Changes by clients that choose an incident's id and send the whole incident: created or replaced, and deleted.

use super::requests::opened;
use super::update::text;
use super::{Actor, ChangeIncidents, IncidentFields, IncidentUpdate, Policy, Present};
use crate::model::{Fault, Incident, Time, canonical_id};
use crate::query::{Context, reference};

/// Creates an incident under an id, or changes the one that is there; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct IncidentPut {
    /// Id, as the client chose it.
    pub id: String,
    /// The fields; a new incident needs a title.
    pub fields: IncidentFields,
    /// First activity, if the client says one.
    pub first_activity: Option<Time>,
    /// Last activity, if the client says one.
    pub last_activity: Option<Time>,
    /// Whether closing needs a comment where the workspace wishes so, and opening again a reason.
    pub explained: bool,
}

impl ChangeIncidents for IncidentPut {
    fn plan(&self, context: &Context, actor: &Actor, policy: Policy) -> Result<Vec<Incident>, Fault> {
        let policy = if self.explained { policy } else { Policy { closing_comment: false, silent: true, ..policy } };
        let graph = &context.snapshot.graph;
        let there = graph.incident(&self.id).and_then(|node| graph.incident_node(node)).is_some_and(|incident| incident.known());
        if !there {
            return self.create(context, actor, policy);
        }
        let changed = IncidentUpdate { incident: reference::of_id(&self.id).into_owned(), fields: self.fields.clone() }
            .plan(context, actor, policy)?;
        match changed.into_iter().next() {
            Some(mut incident) => {
                self.activity(&mut incident);
                Ok(vec![incident])
            }
            None => {
                let present = Present::of(context, &self.id)?;
                let next = present.change(actor, "update", context.now, |incident| {
                    self.activity(incident);
                    Ok(())
                })?;
                Ok(next.into_iter().collect())
            }
        }
    }
}

impl IncidentPut {
    fn create(&self, context: &Context, actor: &Actor, policy: Policy) -> Result<Vec<Incident>, Fault> {
        let graph = &context.snapshot.graph;
        let mut new = opened(canonical_id(text("id", &self.id, 256)?).into_owned(), actor, context.now, "create");
        // A new incident needs a title: the rule for titles says so of an empty one.
        let fields = IncidentFields { title: Some(self.fields.title.clone().unwrap_or_default()), ..self.fields.clone() };
        fields.apply(&mut new, actor, context.now, policy)?;
        self.activity(&mut new);
        if graph.incident(&self.id).and_then(|node| graph.incident_node(node)).is_some_and(|incident| incident.deleted()) {
            // Under the id of a deleted incident a new one begins; the versions of the old one stay behind it.
            let next = Present::of(context, &self.id)?.change(actor, "create", context.now, |incident| {
                *incident = Incident { number: incident.number, change: incident.change.clone(), ..new };
                Ok(())
            })?;
            return Ok(next.into_iter().collect());
        }
        Ok(vec![Incident { number: Some(graph.number_next()), ..new }])
    }

    fn activity(&self, incident: &mut Incident) {
        incident.first_activity = self.first_activity.or(incident.first_activity);
        incident.last_activity = self.last_activity.or(incident.last_activity);
    }
}

/// Deletes an incident: it is gone from every list, its versions stay, and undoing the change brings it back.
#[derive(Clone, Debug, Default)]
pub struct IncidentDelete {
    /// Id or number.
    pub incident: String,
    /// The version that the caller saw, if it matters.
    pub etag: Option<String>,
}

impl ChangeIncidents for IncidentDelete {
    fn plan(&self, context: &Context, actor: &Actor, _: Policy) -> Result<Vec<Incident>, Fault> {
        let present = Present::seen(context, &self.incident, self.etag.as_deref())?;
        let next = present.change(actor, "delete", context.now, |incident| {
            incident.deleted = true;
            Ok(())
        })?;
        Ok(next.into_iter().collect())
    }
}

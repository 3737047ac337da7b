//! The life of an incident: created, changed, discussed, merged, split, undone.
//!
//! A change is planned from one snapshot as new versions of incidents; the engine journals them if no other change came first.

mod joining;
mod named;
mod requests;
mod undo;
pub(in crate::triage) mod update;

use crate::graph::NodeId;
use crate::model::{Body, Change, Document, Fault, FaultClass, Incident, Seq, Time};
use crate::query::{Context, details, reference};
use crate::triage::versioned::check_seen;

pub use joining::{IncidentMerge, IncidentSplit};
pub use named::{IncidentDelete, IncidentPut};
pub use requests::{
    AlertsUpdate, BulkUpdate, CommentAdd, CommentEdit, CommentRemove, IncidentCreate, IncidentUpdate, TaskAdd, TaskEdit, TaskRemove,
};
pub use undo::ChangeUndo;
pub use update::{IncidentFields, OwnerFields, Policy};

use serde::Serialize;
use utoipa::ToSchema;

/// Who makes a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Name as the activity log shows it.
    pub name: String,
}

/// Something that changes incidents.
pub trait ChangeIncidents: Send + Sync + 'static {
    /// The new versions, planned from one fixed state of all views; none if nothing would change.
    fn plan(&self, context: &Context, actor: &Actor, policy: Policy) -> Result<Vec<Incident>, Fault>;
}

/// An incident or alert that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedRecord {
    /// `incident` or `alert`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Number that people say of an incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Number of the change, by which it is undone.
    pub change: u64,
    /// Name of the version that the change made.
    pub etag: String,
}

/// What a change did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Changed {
    /// What was changed; none if all was so already.
    pub value: Vec<ChangedRecord>,
    /// Whether the list is whole, as it always is.
    pub complete: bool,
}

/// Name of the version of an incident or alert that a document made.
pub fn etag(seq: Seq) -> String {
    seq.to_string()
}

pub(super) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// The present version of an incident and the document that made it.
pub(super) struct Present {
    seq: Seq,
    pub(super) incident: Incident,
}

impl Present {
    /// Finds an incident by id or number.
    pub(super) fn find(context: &Context, text: &str) -> Result<Self, Fault> {
        let graph = &context.snapshot.graph;
        let node = reference::incident(graph, text)?;
        let id = graph.incident_node(node).map(|incident| incident.id().to_owned()).unwrap_or_default();
        let seq = details::present(graph, node).first().copied().ok_or_else(|| {
            Fault::new(
                FaultClass::NotFound,
                "incident_not_seen",
                format!("the incident `{text}` is referred to, but no document describes it"),
            )
        })?;
        Ok(Self { seq, incident: version(context, seq, &id)? })
    }

    /// Finds an incident by its id alone.
    pub(super) fn of(context: &Context, id: &str) -> Result<Self, Fault> {
        Self::find(context, &reference::of_id(id))
    }

    /// The incident, unless it was deleted: nobody would see what goes into it.
    pub(super) fn undeleted(self) -> Result<Self, Fault> {
        if self.incident.deleted {
            let message = format!("the incident `{}` was deleted", self.incident.id);
            return Err(Fault::new(FaultClass::NotFound, "incident_deleted", message).with_hint("undo its deletion first"));
        }
        Ok(self)
    }

    /// Finds an incident that more goes into; refuses one that was deleted or merged into another, where nobody would see it.
    pub(super) fn unmerged(context: &Context, text: &str) -> Result<Self, Fault> {
        let present = Self::find(context, text)?.undeleted()?;
        match &present.incident.redirect {
            None => Ok(present),
            Some(into) => Err(Fault::new(
                FaultClass::Conflict,
                "incident_merged",
                format!("expected an incident of its own, found `{}`, which was merged into `{into}`", present.incident.id),
            )
            .with_hint(format!("send it to `{into}`"))),
        }
    }

    /// Its node.
    fn node(&self, context: &Context) -> Option<NodeId> {
        context.snapshot.graph.incident(&self.incident.id)
    }

    /// Name of the version.
    pub(super) fn etag(&self) -> String {
        etag(self.seq)
    }

    /// Finds an incident and refuses it if its version is not the one that the caller saw.
    pub(super) fn seen(context: &Context, text: &str, seen: Option<&str>) -> Result<Self, Fault> {
        let present = Self::find(context, text)?;
        check_seen("incident", &present.incident.id, Some(&etag(present.seq)), seen)?;
        Ok(present)
    }

    /// The next version: as this one, changed by `change`; none if nothing changed.
    pub(super) fn change(
        &self,
        actor: &Actor,
        action: &str,
        now: Time,
        change: impl FnOnce(&mut Incident) -> Result<(), Fault>,
    ) -> Result<Option<Incident>, Fault> {
        let mut next = self.incident.clone();
        change(&mut next)?;
        if next == self.incident {
            return Ok(None);
        }
        self.stamp(&mut next, actor, action, now);
        Ok(Some(next))
    }

    /// The newest version of a source that is worked in; none of an incident that no source gave.
    fn source(&self) -> Option<Seq> {
        self.incident.change.as_ref().map_or(Some(self.seq), |change| change.source.map(Seq))
    }

    /// Says of a version that it follows this one.
    fn stamp(&self, next: &mut Incident, actor: &Actor, action: &str, now: Time) {
        // A source whose clock is ahead must not hide the change.
        let after = self.incident.modified.map(|modified| modified.plus(1));
        next.modified = after.max(Some(now));
        next.modified_by = Some(actor.name.clone());
        let source = self.source().map(|source| source.0);
        let change = Change { actor: actor.name.clone(), action: action.to_owned(), of: Some(self.seq.0), source, ..Change::default() };
        next.change = Some(change);
    }
}

/// The version of an incident that a document holds.
fn version(context: &Context, seq: Seq, id: &str) -> Result<Incident, Fault> {
    let found = version_in(&details::document(context, seq)?, id)?;
    found.ok_or_else(|| Fault::new(FaultClass::Internal, "version_missing", format!("document {seq} holds no version of incident `{id}`")))
}

/// The version of an incident that a document holds, if it holds one.
pub fn version_in(document: &Document, id: &str) -> Result<Option<Incident>, Fault> {
    let bodies = details::bodies(document)?;
    Ok(bodies.into_iter().find_map(|body| match body {
        Body::Incident(incident) if incident.id == id => Some(*incident),
        _ => None,
    }))
}

/// Gives all of several changes the name of one step, if they are several.
pub(super) fn as_step(mut incidents: Vec<Incident>) -> Vec<Incident> {
    if incidents.len() > 1 {
        let step = new_id();
        for change in incidents.iter_mut().filter_map(|incident| incident.change.as_mut()) {
            change.step = Some(step.clone());
        }
    }
    incidents
}

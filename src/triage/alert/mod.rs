//! The work of people on alerts: state, owner, tags, remarks; one by one, over a selection or over a filter.
//!
//! A change is planned from one snapshot as new versions of alerts; the engine journals them if no other change came first.

mod requests;

use crate::model::{Alert, Change, Fault, FaultClass, Seq, Time};
use crate::query::{Context, details, reference};

use super::incident::{Actor, etag};
use super::versioned;

pub use requests::{AlertBulkUpdate, AlertFields, AlertUndo, AlertUpdate};

/// Something that changes alerts.
pub trait ChangeAlerts: Send + Sync + 'static {
    /// The new versions, planned from one fixed state of all views; none if nothing would change.
    fn plan(&self, context: &Context, actor: &Actor) -> Result<Vec<Alert>, Fault>;
}

/// The present version of an alert and the document that made it.
pub(super) struct Present {
    /// The document that names the present state: the newest version, or the first piece of an alert that comes in pieces only.
    seq: Seq,
    /// The newest version, if there is one.
    newest: Option<Seq>,
    alert: Alert,
}

impl Present {
    /// Finds an alert by its id.
    pub(super) fn find(context: &Context, id: &str) -> Result<Self, Fault> {
        let graph = &context.snapshot.graph;
        let node = reference::alert(graph, id.strip_prefix("alert:").unwrap_or(id))?;
        let not_seen = || {
            let message = format!("the alert `{id}` is referred to, but no document describes it");
            Fault::new(FaultClass::NotFound, "alert_not_seen", message)
        };
        let seq = details::present(graph, node).first().copied().ok_or_else(not_seen)?;
        let id = graph.alert_node(node).map(|alert| alert.id().to_owned()).unwrap_or_default();
        if let Some(alert) = versioned::version_in::<Alert>(&details::document(context, seq)?, &id)? {
            return Ok(Self { seq, newest: Some(seq), alert });
        }
        let (whole, _) = details::whole_alert(context, &id, node)?;
        // The pieces go on to say which entities it names.
        let (entities, links) = (Vec::new(), Vec::new());
        let alert = Alert { partial: false, entities, links, ..whole.ok_or_else(not_seen)? };
        Ok(Self { seq, newest: None, alert })
    }

    /// Finds an alert and refuses it if its version is not the one that the caller saw.
    fn seen(context: &Context, id: &str, seen: Option<&str>) -> Result<Self, Fault> {
        let present = Self::find(context, id)?;
        versioned::check_seen("alert", &present.alert.id, Some(&etag(present.seq)), seen)?;
        Ok(present)
    }

    /// The next version: as this one, changed by `change`; none if nothing changed.
    pub(super) fn change(
        &self,
        actor: &Actor,
        action: &str,
        now: Time,
        change: impl FnOnce(&mut Alert) -> Result<(), Fault>,
    ) -> Result<Option<Alert>, Fault> {
        let mut next = self.alert.clone();
        change(&mut next)?;
        if next == self.alert {
            return Ok(None);
        }
        // A source whose clock is ahead must not hide the change.
        next.modified = self.alert.modified.map(|modified| modified.plus(1)).max(Some(now));
        let source = self.alert.change.as_ref().map_or(self.newest.map(|seq| seq.0), |change| change.source);
        let of = self.newest.map(|seq| seq.0);
        next.change = Some(Change { actor: actor.name.clone(), action: action.to_owned(), of, source, ..Change::default() });
        Ok(Some(next))
    }
}

/// Gives all of several changes the name of one step, if they are several.
fn as_step(mut alerts: Vec<Alert>) -> Vec<Alert> {
    if alerts.len() > 1 {
        let step = uuid::Uuid::new_v4().to_string();
        for change in alerts.iter_mut().filter_map(|alert| alert.change.as_mut()) {
            change.step = Some(step.clone());
        }
    }
    alerts
}

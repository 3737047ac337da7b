//! A timeline as it was known at an instant: by the documents that clew had taken in until then.

use super::super::details::as_of;
use super::super::{Context, reference, render};
use super::requests::TimelineItem;
use super::sentence;
use crate::graph::{AlertRef, IncidentRef, NodeId};
use crate::model::{Fault, FaultClass, Seq, Time};

/// What was known.
pub(super) struct Past {
    at: Time,
    /// The last document of that time.
    pub(super) until: Seq,
}

impl Past {
    pub(super) fn read(context: &Context, text: &str) -> Result<Self, Fault> {
        let at = reference::time(text, context.now)?;
        Ok(Self { at, until: as_of::cut(context, at)? })
    }

    /// The alerts of an incident, or none of an alert, with the entities that they named.
    pub(super) fn around(&self, context: &Context, node: NodeId) -> Result<(Vec<NodeId>, Vec<NodeId>), Fault> {
        let graph = &context.snapshot.graph;
        let known = |reference: String| reference::node(graph, &reference).ok();
        let (alerts, entities) = if let Some(alert) = graph.alert_node(node) {
            let then = as_of::alert(context, alert.id(), self.until)?.ok_or_else(|| {
                let message = format!("`{}` was not known at {}", render::reference(graph, node), self.at);
                Fault::new(FaultClass::NotFound, "alert_not_known_then", message).with_hint("its versions say when it was taken in")
            })?;
            (Vec::new(), as_of::entities(context, &[then]))
        } else {
            let incident = as_of::incident(context, node, self.at)?;
            (incident.alerts_list, incident.entities)
        };
        let alerts = alerts.into_iter().filter_map(|alert| known(format!("alert:{}", alert.id))).collect();
        Ok((alerts, entities.into_iter().filter_map(|entity| known(entity.id)).collect()))
    }

    /// The item of an alert as its newest version and its pieces of then have it; nothing if there were none.
    pub(super) fn alert(&self, context: &Context, alert: &AlertRef<'_>) -> Result<Option<TimelineItem>, Fault> {
        let now = sentence::of_alert(alert, Vec::new());
        if context.snapshot.graph.versions(alert.node()).iter().all(|version| version.seq <= self.until) {
            return Ok(Some(now));
        }
        let then = as_of::alert(context, alert.id(), self.until)?;
        Ok(then.map(|(seq, alert)| TimelineItem {
            time: alert.time(),
            end: alert.end.filter(|end| Some(*end) > alert.time()),
            severity: Some(alert.severity.as_str().to_owned()),
            tactics: alert.tactics.iter().map(|tactic| tactic.to_string()).collect(),
            message: alert.title,
            source: alert.product,
            seq: seq.0,
            ..now
        }))
    }

    /// The item of an incident as its newest version of then has it; nothing if there was none, or none any more.
    pub(super) fn incident(&self, context: &Context, incident: &IncidentRef<'_>) -> Result<Option<TimelineItem>, Fault> {
        let now = sentence::of_incident(incident, Vec::new());
        if incident.seq().is_some_and(|seq| seq <= self.until) {
            return Ok((!incident.deleted()).then_some(now));
        }
        let then = match as_of::incident(context, incident.node(), self.at) {
            Ok(then) => then.row,
            Err(fault) if fault.class == FaultClass::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let number = then.number.map(|number| format!("#{number} ")).unwrap_or_default();
        Ok(Some(TimelineItem {
            time: then.created.or(then.first_activity),
            message: format!("incident {number}opened: {}", then.title),
            severity: Some(then.severity),
            tactics: then.tactics,
            seq: then.seq,
            ..now
        }))
    }
}

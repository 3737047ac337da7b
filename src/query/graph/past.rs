//! The graph as it was known at an instant: nodes told as the documents that clew had taken in until then tell them.

use super::super::answer::{Properties, Subgraph};
use super::super::details::as_of;
use super::super::{Context, reference, render};
use crate::graph::{NodeId, NodeRef};
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

    /// Tells the nodes of an answer, those of the graph first and in its order, as they were known; an error if `start` was not.
    pub(super) fn tell(&self, context: &Context, start: NodeId, nodes: &[NodeId], answer: &mut Subgraph) -> Result<(), Fault> {
        let graph = &context.snapshot.graph;
        let first = match graph.node(start) {
            NodeRef::Entity(entity) => Some(entity.first_seq()),
            NodeRef::Alert(_) | NodeRef::Incident(_) => graph.first_seq(start),
        };
        // What others refer to is known by them before it is taken in itself.
        if answer.edges.is_empty() && first.is_none_or(|first| first > self.until) {
            let message = format!("`{}` was not known at {}", render::reference(graph, start), self.at);
            return Err(
                Fault::new(FaultClass::NotFound, "node_not_known_then", message).with_hint("leave `as_of` out to see it as it is now")
            );
        }
        for (node, shown) in nodes.iter().zip(&mut answer.nodes) {
            match graph.node(*node) {
                NodeRef::Alert(alert) if alert.seq().is_some_and(|seq| seq > self.until) => {
                    let then = as_of::alert(context, alert.id(), self.until)?;
                    let seen = then.is_some();
                    let then = then.map(|(_, alert)| alert).unwrap_or_default();
                    shown.label.clone_from(&then.title);
                    let (severity, status, start, end) = (then.severity, then.status, then.start, then.end);
                    shown.properties = Properties::Alert { severity, status, product: then.product, start, end, seen };
                }
                NodeRef::Incident(incident) if incident.seq().is_some_and(|seq| seq > self.until) => {
                    let then = as_of::incident_version(context, incident.id(), self.until)?;
                    let seen = then.is_some();
                    let then = then.map(|(_, incident)| incident).unwrap_or_default();
                    shown.label.clone_from(&then.title);
                    shown.properties = Properties::Incident {
                        number: then.number,
                        severity: then.severity,
                        status: then.status,
                        owner: as_of::owner(&then).unwrap_or_default(),
                        first_activity: then.first_activity,
                        last_activity: then.last_activity,
                        seen,
                    };
                }
                NodeRef::Entity(_) | NodeRef::Alert(_) | NodeRef::Incident(_) => {}
            }
        }
        Ok(())
    }
}

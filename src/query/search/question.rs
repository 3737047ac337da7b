//! Search as a question: the entity graph says which incidents contain an alert.

use super::super::lists::containers;
use super::super::{Context, Question, render};
use super::{Membership, SearchAnswer, SearchRequest, search};
use crate::fulltext::DocKind;
use crate::graph::GraphSnapshot;
use crate::model::Fault;

impl Membership for GraphSnapshot {
    fn incidents_of(&self, alerts: &[String]) -> Vec<String> {
        let nodes = alerts.iter().filter_map(|id| self.alert(id)).flat_map(|alert| containers(self, alert));
        let mut incidents: Vec<String> = nodes.filter_map(|incident| Some(self.incident_node(incident)?.id().to_owned())).collect();
        incidents.sort_unstable();
        incidents.dedup();
        incidents
    }
}

impl Question for SearchRequest {
    type Answer = SearchAnswer;
    const NAME: &'static str = "search";

    fn answer(self, context: &Context) -> Result<SearchAnswer, Fault> {
        let graph = &context.snapshot.graph;
        let mut answer = search(&self, &context.snapshot.fulltext, graph, context.now, context.directory)?;
        let mut seen = hashbrown::HashSet::new();
        answer.hits.retain_mut(|hit| {
            let (Some(kind), Some(keys)) = (&hit.entity_kind, &hit.keys) else {
                // The index keeps the words of a deleted incident until its next version.
                let deleted = hit.kind == DocKind::Incident
                    && graph.incident(&hit.id).and_then(|node| graph.incident_node(node)).is_some_and(|incident| incident.deleted());
                return !deleted;
            };
            // Several spellings of one entity are documents of their own; a page names the entity once.
            let Some(node) = graph.entities(kind, keys).first().copied() else { return true };
            hit.id = render::reference(graph, node);
            seen.insert(node)
        });
        if self.cursor.is_none() && answer.complete {
            answer.total = answer.hits.len() as u64;
        }
        Ok(answer)
    }
}

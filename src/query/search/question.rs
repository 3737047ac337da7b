//! Search as a question: the entity graph says which incidents contain an alert.

use super::super::lists::{containers, tactics};
use super::super::{Context, Question, render};
use super::{Asked, Hit, Membership, SearchAnswer, SearchRequest, among};
use crate::fulltext::DocKind;
use crate::graph::{Direction, EdgeFilter, GraphSnapshot};
use crate::model::{Fault, Relation};

impl Membership for GraphSnapshot {
    fn incidents_of(&self, alerts: &[String]) -> Vec<String> {
        let nodes = alerts.iter().filter_map(|id| self.alert(id)).flat_map(|alert| containers(self, alert));
        let mut incidents: Vec<String> = nodes.filter_map(|incident| Some(self.incident_node(incident)?.id().to_owned())).collect();
        incidents.sort_unstable();
        incidents.dedup();
        incidents
    }

    fn tactics_inherited(&self, incident: &str) -> Vec<String> {
        let Some(incident) = self.incident(incident).and_then(|node| self.incident_node(node)) else { return Vec::new() };
        let own: Vec<&str> = incident.tactics().collect();
        tactics(self, &incident).into_iter().filter(|tactic| !own.contains(tactic)).map(str::to_owned).collect()
    }
}

impl Question for SearchRequest {
    type Answer = SearchAnswer;
    const NAME: &'static str = "search";

    fn answer(self, context: &Context) -> Result<SearchAnswer, Fault> {
        let graph = &context.snapshot.graph;
        let asked = Asked::read(&self, context.now, context.directory)?;
        let among = among::among(&self, graph)?;
        let mut answer = if asked.needs_graph() {
            asked.of_graph(context, among.as_ref())?
        } else {
            asked.of_index(&context.snapshot.fulltext, graph, among.as_ref())?
        };
        let mut seen = hashbrown::HashSet::new();
        answer.hits.retain_mut(|hit| {
            let (Some(kind), Some(keys)) = (&hit.entity_kind, &hit.keys) else {
                // The index keeps the words of a deleted incident until its next version.
                let deleted = hit.kind == DocKind::Incident
                    && graph.incident(&hit.id).and_then(|node| graph.incident_node(node)).is_some_and(|incident| incident.deleted());
                return !deleted;
            };
            // Several spellings of one entity are documents of their own; a page names the entity once.
            let Some(node) = graph.mentioned(kind, keys) else { return true };
            hit.id = render::reference(graph, node);
            seen.insert(node)
        });
        answer.hits.iter_mut().for_each(|hit| connect(graph, hit));
        if self.cursor.is_none() && self.offset.is_none() && answer.complete {
            answer.total = answer.hits.len() as u64;
        }
        Ok(answer)
    }
}

/// Says of a hit what only the graph knows: the alerts of an incident and their tactics, the incidents and entities of an alert.
fn connect(graph: &GraphSnapshot, hit: &mut Hit) {
    match hit.kind {
        DocKind::Incident => {
            let Some(incident) = graph.incident(&hit.id).and_then(|node| graph.incident_node(node)) else { return };
            hit.alerts = Some(graph.held(incident.node()).len() as u64);
            hit.tactics = tactics(graph, &incident).into_iter().map(str::to_owned).collect();
        }
        DocKind::Alert => {
            let Some(alert) = graph.alert(&hit.id) else { return };
            let involves = EdgeFilter { relations: vec![Relation::INVOLVES], direction: Direction::Out, ..EdgeFilter::default() };
            hit.entities = Some(graph.edges(alert, &involves).count() as u64);
            hit.incidents = containers(graph, alert).filter_map(|node| Some(graph.incident_node(node)?.id().to_owned())).collect();
        }
        DocKind::Entity => {}
    }
}

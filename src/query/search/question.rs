//! Search as a question: the entity graph says which incidents contain an alert.

use super::super::lists::containers;
use super::super::{Context, Question};
use super::{Membership, SearchAnswer, SearchRequest, search};
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
        search(&self, &context.snapshot.fulltext, &context.snapshot.graph, context.now)
    }
}

//! Scopes of management paths: subscriptions, resource groups, regions. Workspaces know none of them; resources do.

use crate::generate::samples::MARK;
use crate::graph::{AlertRef, Assertion, Direction, EdgeFilter, GraphSnapshot, NodeId};
use crate::http::dialects::Call;
use crate::model::{Kind, Relation};

/// The subscription and group that a path names.
///
/// A subscription that no resource of the workspace has stands for the whole workspace, so that scripts with any subscription work; what names no
/// resource belongs to every subscription, and to no group of one that is known. Resources that only sample alerts name count for nothing: a simulation takes place in the
/// subscription of its caller and must not hide what was there before.
pub(super) struct Scope {
    /// Beginning of the identifiers of its resources, in lower case; none for the whole workspace.
    prefix: Option<String>,
    /// Whether it is a group: a part of what its subscription lists.
    is_group: bool,
}

impl Scope {
    /// The scope of a request.
    pub(super) fn of(call: &Call, graph: &GraphSnapshot) -> Self {
        let subscription = format!("/subscriptions/{}/", call.parameter("sub").to_lowercase());
        let within = |node: NodeId| resource(graph, node).is_some_and(|id| id.starts_with(&subscription));
        let known = graph.all_entities().any(|node| within(node) && !only_sampled(graph, node));
        let group = call.parameter("rg").to_lowercase();
        let is_group = !group.is_empty();
        let asked = if is_group { format!("{subscription}resourcegroups/{group}/") } else { subscription };
        Self { prefix: known.then_some(asked), is_group }
    }

    /// Whether an alert belongs to the scope.
    pub(super) fn holds(&self, graph: &GraphSnapshot, alert: &AlertRef<'_>) -> bool {
        let Some(prefix) = &self.prefix else { return true };
        let involved = EdgeFilter { relations: vec![Relation::INVOLVES], direction: Direction::Out, ..EdgeFilter::default() };
        let mut resources = graph.edges(alert.node(), &involved).filter_map(|edge| resource(graph, edge.to)).peekable();
        (resources.peek().is_none() && !self.is_group) || resources.any(|id| id.starts_with(prefix.as_str()))
    }
}

/// Whether nothing but sample alerts names an entity.
pub(in crate::http::dialects) fn only_sampled(graph: &GraphSnapshot, node: NodeId) -> bool {
    let sample = |record: NodeId| graph.alert_node(record).is_some_and(|alert| alert.title().starts_with(MARK));
    let by_sample = |edge| match graph.assertion(&edge) {
        Assertion::Document { node, .. } => sample(node),
        Assertion::Events { .. } => false,
    };
    let mut naming = graph.naming(node, None).peekable();
    // What no alert names, events or posture do.
    naming.peek().is_some() && naming.all(sample) && graph.edges(node, &EdgeFilter::default()).all(by_sample)
}

/// The identifier of a resource of Azure, in lower case.
fn resource(graph: &GraphSnapshot, node: NodeId) -> Option<String> {
    let entity = graph.entity_node(node)?;
    if entity.kind() != Kind::AZURE_RESOURCE.as_str() {
        return None;
    }
    let keys = entity.keys().into_iter().filter_map(|(key, strong)| strong.then(|| key.split_once('=')).flatten());
    keys.map(|(_, value)| value.to_lowercase()).find(|value| value.starts_with("/subscriptions/"))
}

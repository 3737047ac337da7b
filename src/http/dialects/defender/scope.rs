//! Scopes of management paths: subscriptions, resource groups, regions. Workspaces know none of them; resources do.

use crate::graph::{AlertRef, Direction, EdgeFilter, GraphSnapshot, NodeId};
use crate::http::dialects::Call;
use crate::model::{Kind, Relation};

/// The subscription and group that a path names.
///
/// A name that no resource of the workspace has stands for the whole workspace, so that scripts with any subscription work; and
/// what names no resource belongs to every scope.
pub(super) struct Scope {
    /// Beginning of the identifiers of its resources, in lower case; none for the whole workspace.
    prefix: Option<String>,
}

impl Scope {
    /// The scope of a request.
    pub(super) fn of(call: &Call, graph: &GraphSnapshot) -> Self {
        let subscription = format!("/subscriptions/{}/", call.parameter("sub").to_lowercase());
        let asked = match call.parameter("rg") {
            "" => subscription,
            group => format!("{subscription}resourcegroups/{}/", group.to_lowercase()),
        };
        let known = graph.all_entities().any(|node| resource(graph, node).is_some_and(|id| id.starts_with(&asked)));
        Self { prefix: known.then_some(asked) }
    }

    /// Whether an alert belongs to the scope.
    pub(super) fn holds(&self, graph: &GraphSnapshot, alert: &AlertRef<'_>) -> bool {
        let Some(prefix) = &self.prefix else { return true };
        let involved = EdgeFilter { relations: vec![Relation::INVOLVES], direction: Direction::Out, ..EdgeFilter::default() };
        let mut resources = graph.edges(alert.node(), &involved).filter_map(|edge| resource(graph, edge.to)).peekable();
        resources.peek().is_none() || resources.any(|id| id.starts_with(prefix.as_str()))
    }
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

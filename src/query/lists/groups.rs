//! Repeats of an alert as one row: grouped by title and resource, by entity or by rule, with counts.

use std::collections::BTreeMap;

use crate::graph::{AlertRef, GraphSnapshot, NodeId};
use crate::model::{Fault, Time};

use super::super::reference::word;
use super::super::render;
use super::requests::AlertGroup;

/// Kinds of entities that stand for the resource of an alert, the best first.
const RESOURCES: [&str; 8] = ["azure-resource", "amazon-resource", "gcp-resource", "host", "account", "mailbox", "ip", "url"];

/// What alerts are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query) enum By {
    /// Title and resource: what repeats minute by minute.
    Title,
    /// Each entity that an alert names: it stands in the groups of all of them.
    Entity,
    /// The detector: product and type.
    Rule,
}

impl By {
    /// Reads the name of a grouping.
    pub(in crate::query) fn read(text: &str) -> Result<Self, Fault> {
        let read = |text: &str| {
            Some(match text {
                "title" => Self::Title,
                "entity" => Self::Entity,
                "rule" => Self::Rule,
                _ => return None,
            })
        };
        word("group", text, read, &["title", "entity", "rule"])
    }

    /// Key and name of each group that an alert stands in.
    pub(in crate::query) fn groups_of(self, graph: &GraphSnapshot, alert: &AlertRef<'_>) -> Vec<(String, String)> {
        match self {
            Self::Title => {
                let resource = resource(graph, alert).map(|(_, reference)| reference).unwrap_or_default();
                let label = if resource.is_empty() { alert.title().to_owned() } else { format!("{} ({resource})", alert.title()) };
                vec![(format!("{}|{}", alert.title().to_lowercase(), resource), label)]
            }
            Self::Entity => {
                let entities = graph.entities_of(alert.node()).into_iter().filter_map(|node| graph.entity_node(node));
                let mut groups: Vec<(String, String)> = entities
                    .map(|entity| {
                        let reference = render::entity_reference(graph, &entity);
                        (reference.clone(), reference)
                    })
                    .collect();
                groups.sort();
                groups.dedup();
                groups
            }
            Self::Rule => {
                let product = if alert.product().is_empty() { alert.provider() } else { alert.product() };
                let rule = if alert.alert_type().is_empty() { alert.title() } else { alert.alert_type() };
                vec![(format!("{}|{}", product.to_lowercase(), rule.to_lowercase()), format!("{rule} ({product})"))]
            }
        }
    }
}

/// The entity that stands for the resource of an alert, with its reference.
pub(in crate::query) fn resource(graph: &GraphSnapshot, alert: &AlertRef<'_>) -> Option<(NodeId, String)> {
    let entities = graph.entities_of(alert.node()).into_iter().filter_map(|node| graph.entity_node(node));
    let ranked = entities.filter_map(|entity| {
        let rank = RESOURCES.iter().position(|kind| *kind == entity.kind())?;
        Some((rank, render::entity_reference(graph, &entity), entity.node()))
    });
    ranked.min().map(|(_, reference, node)| (node, reference))
}

/// The alerts of one group so far.
pub(in crate::query) struct Grouped<'a> {
    /// The newest of them, which stands for all.
    pub(in crate::query) newest: AlertRef<'a>,
    label: String,
    /// How many there are.
    pub(in crate::query) count: u64,
    first: Option<Time>,
    last: Option<Time>,
}

impl Grouped<'_> {
    /// What the row of the group says of it.
    pub(in crate::query) fn describe(&self, key: &str) -> AlertGroup {
        AlertGroup { key: key.to_owned(), label: self.label.clone(), count: self.count, first: self.first, last: self.last }
    }
}

/// Puts alerts into groups.
pub(in crate::query) fn gather<'a>(
    graph: &GraphSnapshot,
    alerts: impl Iterator<Item = AlertRef<'a>>,
    by: By,
) -> BTreeMap<String, Grouped<'a>> {
    let mut groups: BTreeMap<String, Grouped<'a>> = BTreeMap::new();
    for alert in alerts {
        for (key, label) in by.groups_of(graph, &alert) {
            let (first, last) = (alert.time(), alert.end().max(alert.time()));
            let new = Grouped { newest: alert, label, count: 0, first, last };
            let group = groups.entry(key).or_insert(new);
            group.count += 1;
            group.first = group.first.into_iter().chain(first).min();
            group.last = group.last.max(last);
            if (alert.time(), alert.id()) > (group.newest.time(), group.newest.id()) {
                group.newest = alert;
            }
        }
    }
    groups
}

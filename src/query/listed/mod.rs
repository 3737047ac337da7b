//! What watchlists and threat indicators say of the entities of the graph, over all its history: found when it is asked, from the
//! present lists, so that a changed list changes every answer at once.

mod index;
mod pattern;
mod requests;

use std::sync::{Arc, Mutex, PoisonError};

use crate::graph::{EntityRef, GraphSnapshot, NodeId};
use crate::model::{Fault, FaultClass, Indicator, Seq, Time, Watchlist, WatchlistItem};

use super::answer::{Edge, Node, Properties, Subgraph};
use super::{Context, Snapshot, render};

pub use index::Index;
pub use pattern::is_matchable;
pub use requests::{
    IndicatorFilter, IndicatorMatches, IndicatorPage, IndicatorRow, ListedEntity, ListedPage, WatchlistItemRow, WatchlistItems,
    WatchlistItemsPage, WatchlistMatches,
};

/// Entity to a watchlist that it stands on.
pub const ON_LIST: &str = "on_list";
/// Entity to a threat indicator that it matches.
pub const MATCHES_INDICATOR: &str = "matches_indicator";

/// The index of the present lists, kept from question to question until a list changes.
#[derive(Debug, Default)]
pub struct Cache(Mutex<Option<(Seq, Arc<Index>)>>);

impl Cache {
    /// The index of the lists that a snapshot shows.
    pub fn index(&self, snapshot: &Snapshot) -> Result<Arc<Index>, Fault> {
        let last = snapshot.records.last_listed()?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((seq, index)) = &*kept
            && *seq == last
            && last <= snapshot.seq
        {
            return Ok(Arc::clone(index));
        }
        let mut index = Index::default();
        for stored in snapshot.resources(WatchlistItem::KIND)? {
            let item: WatchlistItem = value(&stored)?;
            let (alias, id) = stored.resource.id.split_once('/').unwrap_or((&stored.resource.id, ""));
            index.add_item(alias, id, &item.key, stored.seq);
        }
        for stored in snapshot.resources(Indicator::KIND)? {
            let indicator: Indicator = value(&stored)?;
            index.add_indicator(&stored.resource.id, indicator, stored.seq);
        }
        index.finish();
        let index = Arc::new(index);
        // A snapshot older than the records, or one of then, may miss what came last: it has an index of its own.
        if last <= snapshot.seq {
            *kept = Some((last, Arc::clone(&index)));
        }
        Ok(index)
    }
}

fn value<T: serde::de::DeserializeOwned>(stored: &crate::model::Stored) -> Result<T, Fault> {
    serde_json::from_value((*stored.resource.value).clone()).map_err(|error| {
        let message = format!("the {} `{}` cannot be read: {error}", stored.resource.kind, stored.resource.id);
        Fault::new(FaultClass::Internal, "definition_unreadable", message)
    })
}

/// A list or indicator that an entity is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// `on_list` or `matches_indicator`.
    pub relation: &'static str,
    /// Alias of the watchlist, id of the indicator.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// The document that says so.
    pub seq: Seq,
    /// Whether the indicator holds now; lists always do.
    pub active: bool,
}

/// What lists and indicators say of an entity, lists first.
pub fn matches(context: &Context, node: NodeId) -> Result<Vec<Match>, Fault> {
    let graph = &context.snapshot.graph;
    let Some(entity) = graph.entity_node(node) else { return Ok(Vec::new()) };
    let index = context.lists.index(&context.snapshot)?;
    if index.is_empty() {
        return Ok(Vec::new());
    }
    Ok(index.of(graph, &entity, context.now))
}

/// The nodes and edges that lists and indicators add to an entity.
pub(super) fn edges(context: &Context, node: NodeId) -> Result<(Vec<Node>, Vec<Edge>), Fault> {
    let found = matches(context, node)?;
    let (mut nodes, mut edges) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
    let (first, last) = context.snapshot.graph.span(node);
    for found in found {
        let kind = if found.relation == ON_LIST { Watchlist::KIND } else { Indicator::KIND };
        let properties = if kind == Indicator::KIND { Properties::Indicator { active: found.active } } else { Properties::None };
        let id = format!("{kind}:{}", found.id);
        nodes.push(Node { id: id.clone(), kind: kind.to_owned(), label: found.label, degree: 0, properties });
        edges.push(Edge {
            source: render::reference(&context.snapshot.graph, node),
            relation: found.relation.to_owned(),
            target: id,
            role: None,
            first,
            last,
            count: 1,
            evidence: vec![found.seq.0],
        });
    }
    Ok((nodes, edges))
}

/// The entities on a list or indicator, where `text` names one (`watchlist:vips`, `indicator:ID`).
pub(super) fn of_list(context: &Context, text: &str, limit: Option<u32>) -> Result<Option<Subgraph>, Fault> {
    let lists = [(Watchlist::KIND, ON_LIST), (Indicator::KIND, MATCHES_INDICATOR)];
    let Some((kind, relation, id)) = lists.into_iter().find_map(|(kind, relation)| {
        let id = text.trim().strip_prefix(kind)?.strip_prefix(':')?;
        Some((kind, relation, id))
    }) else {
        return Ok(None);
    };
    let page = requests::listed(context, relation, kind, id, limit)?;
    let graph = &context.snapshot.graph;
    let target = format!("{kind}:{id}");
    let list = Node { id: target.clone(), kind: kind.to_owned(), label: id.to_owned(), degree: page.total, properties: Properties::None };
    let mut answer = Subgraph { nodes: vec![list], total: Some(page.total), complete: page.complete, cut: page.cut, ..Subgraph::default() };
    for listed in page.value {
        let node = super::reference::entity(graph, &listed.row.id)?;
        answer.nodes.push(render::node(graph, node));
        answer.edges.push(Edge {
            source: listed.row.id,
            relation: relation.to_owned(),
            target: target.clone(),
            role: None,
            first: listed.row.first,
            last: listed.row.last,
            count: 1,
            evidence: vec![listed.seq],
        });
    }
    Ok(Some(answer))
}

/// The entities of the graph that a test holds for, in the order of the graph.
fn entities<'a>(
    graph: &'a GraphSnapshot,
    index: &Index,
    now: Time,
    mut wanted: impl FnMut(&Match) -> bool,
) -> Vec<(EntityRef<'a>, Vec<Match>)> {
    let all = graph.all_entities().filter_map(|node| graph.entity_node(node));
    all.filter_map(|entity| {
        let found: Vec<Match> = index.of(graph, &entity, now).into_iter().filter(|found| wanted(found)).collect();
        (!found.is_empty()).then_some((entity, found))
    })
    .collect()
}

//! Links of a node: edges with the same ends and relation put together, however many hours, versions and records say them.

use hashbrown::{HashMap, HashSet};

use super::edges::{Edge, EdgeFilter, key_range};
use super::ids::{By, HOUR, NONE, NodeId, NodeKind, Source};
use super::position::EdgePosition;
use super::read::Snapshot;
use super::runs::{Link, Mention, within};
use super::wanted::{Item, Wanted};

/// Edges of a node up to which its links are counted where a page does not read all of them.
const COUNT_MAX: usize = 5_000;

/// A page of the links of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linked {
    /// The links by their newest edge, newest first; of each all its edges, newest first.
    pub links: Vec<Vec<Edge>>,
    /// Place of the last link, to go on behind it.
    pub last: Option<EdgePosition>,
    /// Whether there are links behind these.
    pub more: bool,
    /// Links on all pages; none where the node has too many edges to count them.
    pub total: Option<usize>,
}

/// What the edges of a link have in common, beside the node: the other end, whether it is the target, the relation.
type Ends = (NodeId, bool, u32);

/// A link that stands on the page, with the place of its newest edge.
struct Found {
    place: EdgePosition,
    edges: Vec<Edge>,
}

/// Where the edges of a link go.
#[derive(Clone, Copy)]
enum To {
    /// To a link of the page.
    Page(usize),
    /// Nowhere: the link stands on another page.
    Nowhere,
}

impl Snapshot {
    /// Returns the first `limit` links of a node behind a place.
    ///
    /// Of a node with many edges only those of the page are read: the newest ones, and for each link what else stands between its ends,
    /// found at the other end. Where that would cost more than reading all edges of the node, those are read.
    pub fn linked(&self, node: NodeId, filter: &EdgeFilter, after: Option<EdgePosition>, limit: usize) -> Linked {
        let node = self.canonical(node);
        let stored = self.count_in(node, &filter.window);
        let lazily = node.kind() == NodeKind::Entity && stored > limit.saturating_mul(2);
        let found = if lazily { self.newest_links(node, filter, after, limit, stored) } else { None };
        found.unwrap_or_else(|| self.all_links(node, filter, after, limit))
    }

    /// Puts edges with the same ends and relation together, in the order in which they first come.
    pub fn links(&self, edges: &[Edge]) -> Vec<Vec<Edge>> {
        let mut places: HashMap<(NodeId, NodeId, u32), usize> = HashMap::with_capacity(edges.len());
        let mut links: Vec<Vec<Edge>> = Vec::with_capacity(edges.len());
        for edge in edges {
            let place = *places.entry((edge.from, edge.to, self.0.labels.get(edge.label).relation)).or_insert(links.len());
            if place == links.len() {
                links.push(Vec::new());
            }
            links[place].push(*edge);
        }
        links
    }

    fn ends(&self, node: NodeId, edge: &Edge) -> Ends {
        (edge.other(node), edge.from == node, self.0.labels.get(edge.label).relation)
    }

    /// Reads all edges of the node.
    fn all_links(&self, node: NodeId, filter: &EdgeFilter, after: Option<EdgePosition>, limit: usize) -> Linked {
        let mut places: HashMap<Ends, To> = HashMap::new();
        let (mut page, mut total): (Vec<Found>, usize) = (Vec::new(), 0);
        let mut more = false;
        let mut edges = self.edges(node, filter);
        while let Some((place, edge)) = edges.next_placed() {
            let to = *places.entry(self.ends(node, &edge)).or_insert_with(|| {
                total += 1;
                // Links come by their newest edge, so those of earlier pages come first.
                let behind = after.is_none_or(|after| place < after);
                if !behind || page.len() == limit {
                    more |= behind;
                    return To::Nowhere;
                }
                page.push(Found { place, edges: Vec::new() });
                To::Page(page.len() - 1)
            });
            if let To::Page(at) = to {
                page[at].edges.push(edge);
            }
        }
        Linked::new(page, more, Some(total))
    }

    /// Reads the newest edges of an entity, and what else belongs to their links at the other end; none once that costs more than `stored`.
    fn newest_links(&self, node: NodeId, filter: &EdgeFilter, after: Option<EdgePosition>, limit: usize, stored: usize) -> Option<Linked> {
        let wanted = Wanted::new(&self.0, filter);
        let alone = self.0.entities.ring(node.index() as u32).size == 1;
        let mut places: HashMap<Ends, To> = HashMap::with_capacity(limit.min(stored));
        let (mut page, mut more): (Vec<Found>, bool) = (Vec::new(), false);
        let mut left = stored;
        let mut edges = self.edges_after(node, filter, after);
        while let Some((place, edge)) = edges.next_placed() {
            let ends = self.ends(node, &edge);
            match places.get(&ends) {
                Some(To::Page(at)) => {
                    page[*at].edges.push(edge);
                    continue;
                }
                Some(To::Nowhere) => continue,
                None => {}
            }
            if let Some(after) = after
                && !(alone && self.is_only(&edge))
            {
                left = left.checked_sub(self.degree(ends.0))?;
                if self.between(node, ends, &wanted).first().is_some_and(|newest| newest.position >= after) {
                    places.insert(ends, To::Nowhere);
                    continue;
                }
            }
            if page.len() == limit {
                more = true;
                break;
            }
            places.insert(ends, To::Page(page.len()));
            page.push(Found { place, edges: vec![edge] });
        }
        if more {
            for found in page.iter_mut().filter(|found| !(alone && self.is_only(&found.edges[0]))) {
                let ends = self.ends(node, &found.edges[0]);
                left = left.checked_sub(self.degree(ends.0))?;
                found.edges = self.between(node, ends, &wanted).into_iter().map(|item| item.edge).collect();
            }
        }
        let total = match after {
            None if !more => Some(page.len()),
            _ if stored > COUNT_MAX => None,
            _ => {
                let mut all: HashSet<Ends> = HashSet::with_capacity(stored);
                self.edges(node, filter).each(|edge| {
                    all.insert(self.ends(node, &edge));
                });
                Some(all.len())
            }
        };
        Some(Linked::new(page, more, total))
    }

    /// Whether an edge says that an entity of one identity is named by a record of which there is one document: then its link has no other.
    fn is_only(&self, edge: &Edge) -> bool {
        let Source::Doc(doc) = By(edge.by).source() else { return false };
        let row = self.0.docs.get(doc);
        edge.named != NONE && row.next == NONE && self.0.docs_of(NodeId::from_raw(row.node)).next() == Some(doc)
    }

    /// The edges of a link as seen from `node`, an entity, newest first: read at the other end.
    fn between(&self, node: NodeId, ends: Ends, wanted: &Wanted) -> Vec<Item> {
        let store = &*self.0;
        let (other, target, _) = ends;
        let mut items: Vec<Item> = Vec::new();
        if other.kind() == NodeKind::Entity {
            let (from, to) = key_range(&wanted.window, HOUR);
            let family = if target { &store.links_in } else { &store.links_out };
            for atom in store.entities.group(other.index() as u32) {
                let entries = family.slices(atom).flat_map(|slice| within(slice, from, to));
                let here = entries.filter(|entry| store.entity_of(entry.other) == node);
                items.extend(here.filter_map(|entry| wanted.link(store, node, entry.other, target, Link { other: atom, ..*entry })));
            }
        } else {
            let mut atoms: Vec<u32> = Vec::new();
            for doc in store.docs_of(other) {
                atoms.clear();
                atoms.extend(store.mentions_of(doc).map(|mention| mention.atom).filter(|atom| store.entity_of(*atom) == node));
                atoms.sort_unstable();
                atoms.dedup();
                items.extend(atoms.iter().filter_map(|atom| wanted.mention(store, node, *atom, Mention { key: 0, doc })));
            }
        }
        items.retain(|item| self.ends(node, &item.edge) == ends);
        items.sort_unstable_by(|a, b| b.cmp(a));
        items
    }
}

impl Linked {
    fn new(page: Vec<Found>, more: bool, total: Option<usize>) -> Self {
        let last = page.last().map(|found| found.place);
        Self { links: page.into_iter().map(|found| found.edges).collect(), last, more, total }
    }
}

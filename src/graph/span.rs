//! When a node was first and last seen, read from the ends of its sorted slices.

use crate::model::Time;

use super::edges::{EdgeFilter, bound};
use super::ids::{By, NodeId, NodeKind, sort_key, time};
use super::read::Snapshot;
use super::runs::Entry;
use super::store::Store;

/// First and last instant of a node's edges, in microseconds.
#[derive(Default)]
struct Span {
    first: Option<i64>,
    last: Option<i64>,
}

impl Span {
    /// Takes in a slice sorted by time; `interval` says when an entry held, none if it no longer counts.
    ///
    /// Reads from both ends, as far as an entry could still lie outside what is known.
    fn add<E: Entry>(&mut self, slice: &[E], interval: impl Fn(&E) -> Option<(i64, i64)>) {
        // Entries without time come first.
        let dated = &slice[slice.partition_point(|entry| entry.key() == 0)..];
        for entry in dated {
            if self.first.is_some_and(|first| entry.key() > sort_key(first)) {
                break;
            }
            if let Some((first, _)) = interval(entry) {
                self.first = Some(self.first.map_or(first, |known| known.min(first)));
            }
        }
        for entry in dated.iter().rev() {
            if self.last.is_some_and(|last| bound(entry.key()) <= last) {
                break;
            }
            if let Some((_, last)) = interval(entry) {
                self.last = self.last.max(Some(last));
            }
        }
    }
}

impl Snapshot {
    /// Returns the first and the last instant of a node's edges; a hub costs as little as any other node.
    pub fn span(&self, node: NodeId) -> (Option<Time>, Option<Time>) {
        let node = self.canonical(node);
        if node.kind() != NodeKind::Entity {
            let edges = || self.edges(node, &EdgeFilter::default());
            return (edges().filter_map(|edge| edge.first).min(), edges().filter_map(|edge| edge.last).max());
        }
        let store = &*self.0;
        let mut span = Span::default();
        for atom in store.entities.group(node.index() as u32) {
            for slice in store.mentioned.slices(atom) {
                span.add(slice, |mention| store.present(By::doc(mention.doc).0));
            }
            for slice in store.links_out.slices(atom).chain(store.links_in.slices(atom)) {
                span.add(slice, |link| if store.entity_of(link.other) == node { None } else { store.present(link.by) });
            }
        }
        (span.first.and_then(time), span.last.and_then(time))
    }
}

impl Store {
    /// Returns the interval of what stands behind an edge, if it is part of the present state.
    fn present(&self, by: u32) -> Option<(i64, i64)> {
        self.holds(by).then(|| self.interval(by))
    }
}

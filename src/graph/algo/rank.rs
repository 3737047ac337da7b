//! Which entities matter in a window: by the number of alerts that name them, or by PageRank.
//!
//! All sums are of whole numbers, so that the result does not depend on the order of summing.

use crate::model::{Kind, Window};

use super::super::ids::{NodeId, NodeKind};
use super::super::read::Snapshot;
use super::super::walk::{Cut, Dense, Extent};

/// How entities are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// By the number of alerts in the window that name them.
    Alerts,
    /// By PageRank over the alerts of the window and the entities that they name, damping 0.85, 20 rounds.
    PageRank,
}

/// An entity with its rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// The entity.
    pub node: NodeId,
    /// Number of alerts, or share of all rank.
    pub score: f64,
    /// Alerts in the window that name it.
    pub alerts: u32,
}

/// The entities that matter most.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// The best first.
    pub entities: Vec<Ranked>,
    /// How far the search went.
    pub extent: Extent,
}

const ROUNDS: usize = 20;
const WHOLE: u64 = 1 << 62;

/// Alerts of a window and the entities that each names, once.
struct Named {
    /// Place of each atom's entity among those met, plus one; 0 means not met.
    place: Vec<u32>,
    entities: Vec<NodeId>,
    counts: Vec<u32>,
    /// For each alert where its entities begin in `list`.
    starts: Vec<u32>,
    list: Vec<u32>,
}

impl Snapshot {
    /// Returns the `limit` best-ranked entities of some kinds (none means all) in a window.
    ///
    /// `edges_max` bounds the alerts' entities that are read, newest alerts first.
    pub fn rank(&self, by: Rank, kinds: &[Kind], window: Window, edges_max: usize, limit: usize) -> Ranking {
        let mut extent = Extent::default();
        let seen = self.alerts_and_entities(window, edges_max, &mut extent);
        let scores: Vec<u64> = match by {
            Rank::Alerts => seen.counts.iter().map(|count| u64::from(*count)).collect(),
            Rank::PageRank => page_rank(&seen),
        };
        let store = &self.0;
        let kinds: Vec<u32> =
            kinds.iter().filter_map(|kind| store.names.find(&store.hasher, &store.texts, kind.as_str())).collect::<Vec<_>>();
        let all = kinds.is_empty();
        let mut order: Vec<u32> = (0..seen.entities.len() as u32)
            .filter(|n| all || kinds.contains(&store.entities.atoms.get(seen.entities[*n as usize].index() as u32).kind))
            .collect();
        let key = |n: &u32| (std::cmp::Reverse(scores[*n as usize]), self.print(seen.entities[*n as usize]));
        if order.len() > limit {
            extent.cut.get_or_insert(Cut::Results(limit));
            if limit > 0 {
                order.select_nth_unstable_by_key(limit - 1, key);
            }
            order.truncate(limit);
        }
        order.sort_by_cached_key(key);
        let entities = order.into_iter().map(|n| {
            let score = scores[n as usize] as f64;
            let score = if by == Rank::PageRank { score / WHOLE as f64 } else { score };
            Ranked { node: seen.entities[n as usize], score, alerts: seen.counts[n as usize] }
        });
        Ranking { entities: entities.collect(), extent }
    }

    fn alerts_and_entities(&self, window: Window, edges_max: usize, extent: &mut Extent) -> Named {
        let store = &self.0;
        debug_assert!(Dense::of(store).place(NodeId::entity(0)) == 0);
        let mut seen = Named {
            place: vec![0; store.entities.atoms.len()],
            entities: Vec::new(),
            counts: Vec::new(),
            starts: vec![0],
            list: Vec::new(),
        };
        for alert in self.alerts_newest(window, None) {
            let first = seen.list.len();
            for doc in store.docs_of(alert.node()).filter(|doc| !store.docs.get(*doc).superseded()) {
                for mention in store.mentions_of(doc) {
                    let node = store.entity_of(mention.atom);
                    debug_assert_eq!(node.kind(), NodeKind::Entity);
                    let place = &mut seen.place[node.index()];
                    if *place == 0 {
                        seen.entities.push(node);
                        seen.counts.push(0);
                        *place = seen.entities.len() as u32;
                    }
                    seen.list.push(*place - 1);
                }
            }
            seen.list[first..].sort_unstable();
            let mut kept = first;
            for n in first..seen.list.len() {
                if n == first || seen.list[n] != seen.list[kept - 1] {
                    seen.list[kept] = seen.list[n];
                    seen.counts[seen.list[n] as usize] += 1;
                    kept += 1;
                }
            }
            seen.list.truncate(kept);
            seen.starts.push(seen.list.len() as u32);
            extent.edges_read = seen.list.len();
            if seen.list.len() >= edges_max {
                extent.cut = Some(Cut::Edges(edges_max));
                break;
            }
        }
        seen
    }
}

/// Spreads rank between alerts and entities in whole units.
fn page_rank(seen: &Named) -> Vec<u64> {
    let alerts = seen.starts.len() - 1;
    let nodes = (alerts + seen.entities.len()).max(1) as u64;
    let base = WHOLE / nodes;
    let jump = base / 100 * 15;
    let (mut entities, mut records) = (vec![base; seen.entities.len()], vec![base; alerts]);
    let damped = |rank: u64| rank / 100 * 85;
    for _ in 0..ROUNDS {
        let (mut next_entities, mut next_records) = (vec![jump; entities.len()], vec![jump; alerts]);
        for alert in 0..alerts {
            let list = &seen.list[seen.starts[alert] as usize..seen.starts[alert + 1] as usize];
            let share = damped(records[alert]) / (list.len() as u64).max(1);
            for n in list {
                next_entities[*n as usize] += share;
                next_records[alert] += damped(entities[*n as usize]) / u64::from(seen.counts[*n as usize]);
            }
        }
        (entities, records) = (next_entities, next_records);
    }
    entities
}

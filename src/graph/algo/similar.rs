//! Incidents that resemble one: shared entities weighted by rarity, equal titles, equal tactics.

use std::ops::ControlFlow;

use hashbrown::HashMap;

use super::super::ids::{NodeId, NodeKind};
use super::super::read::Snapshot;
use super::super::walk::{Cut, Extent, Scope, Walk};

/// One reason why two incidents are alike, and what it adds to the score.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// Both hold the entity; `weight` is ln((1 + alerts) / (1 + edges of the entity)), at least 0.01.
    Entity {
        /// The entity.
        node: NodeId,
        /// What it adds.
        weight: f64,
    },
    /// Both have the same title.
    Title {
        /// What it adds.
        weight: f64,
    },
    /// Both have the tactic, by themselves or through their alerts.
    Tactic {
        /// The tactic.
        tactic: String,
        /// What it adds.
        weight: f64,
    },
}

impl Term {
    /// Returns what the term adds to the score.
    pub fn weight(&self) -> f64 {
        match self {
            Self::Entity { weight, .. } | Self::Title { weight } | Self::Tactic { weight, .. } => *weight,
        }
    }
}

/// An incident that resembles another.
#[derive(Clone, Debug, PartialEq)]
pub struct SimilarIncident {
    /// The incident.
    pub node: NodeId,
    /// Sum of the terms.
    pub score: f64,
    /// Why: shared entities in canonical order, title, tactics.
    pub terms: Vec<Term>,
}

/// Incidents that resemble one.
#[derive(Clone, Debug, PartialEq)]
pub struct Similar {
    /// The most alike first.
    pub incidents: Vec<SimilarIncident>,
    /// How far the search went.
    pub extent: Extent,
}

/// Shared entities and what each adds.
type Shares = Vec<(NodeId, f64)>;

const TITLE: f64 = 2.0;
const TACTIC: f64 = 0.25;

impl Snapshot {
    /// Returns the `limit` incidents that share an entity with an incident and resemble it most.
    ///
    /// Entities above `scope.hub_degree` say nothing and are left aside.
    pub fn similar_incidents(&self, incident: NodeId, scope: &Scope, limit: usize) -> Similar {
        let mut walk = Walk::new(self, scope);
        let alerts: u32 = self.alert_counts().iter().flatten().sum();
        let mut shared: HashMap<NodeId, Shares> = HashMap::new();
        for entity in self.entities_of(incident) {
            if !walk.passes(entity) {
                continue;
            }
            let weight = (f64::from(alerts + 1) / (1.0 + self.degree(entity) as f64)).ln().max(0.01);
            let mut holders: Vec<NodeId> = Vec::new();
            let complete = walk.steps(entity, |step| {
                if step.other.kind() != NodeKind::Entity {
                    holders.push(step.other);
                }
                ControlFlow::Continue(())
            });
            let mut incidents: Vec<NodeId> = holders.iter().flat_map(|holder| self.incidents_above(*holder)).collect();
            incidents.sort_unstable();
            incidents.dedup();
            for other in incidents.into_iter().filter(|other| *other != incident) {
                shared.entry(other).or_default().push((entity, weight));
            }
            if !complete {
                break;
            }
        }
        let mut found: Vec<(NodeId, f64, Shares)> =
            shared.into_iter().map(|(node, terms)| (node, terms.iter().map(|(_, weight)| weight).sum(), terms)).collect();
        // Title and tactics add a bounded amount: who cannot reach the best `limit` with it need not be compared.
        found.sort_by_cached_key(|(node, score, _)| (std::cmp::Reverse(score.to_bits()), self.rank_key(*node)));
        let (title, tactics) = self.features(incident);
        let most = TITLE + TACTIC * tactics.len() as f64;
        if let Some(floor) = limit.checked_sub(1).and_then(|last| found.get(last)).map(|(_, score, _)| *score) {
            let kept = found.partition_point(|(_, score, _)| *score + most >= floor);
            if found.len() > limit {
                walk.cut(Cut::Results(limit));
            }
            found.truncate(kept);
        }
        let mut incidents: Vec<SimilarIncident> = found
            .into_iter()
            .map(|(node, _, entities)| {
                let mut terms: Vec<Term> = entities.into_iter().map(|(node, weight)| Term::Entity { node, weight }).collect();
                let (other_title, other_tactics) = self.features(node);
                if !title.is_empty() && title == other_title {
                    terms.push(Term::Title { weight: TITLE });
                }
                let both = tactics.iter().filter(|tactic| other_tactics.contains(tactic));
                terms.extend(both.map(|tactic| Term::Tactic { tactic: (*tactic).to_owned(), weight: TACTIC }));
                SimilarIncident { node, score: terms.iter().map(Term::weight).sum(), terms }
            })
            .collect();
        incidents.sort_by_cached_key(|similar| (std::cmp::Reverse(similar.score.to_bits()), self.rank_key(similar.node)));
        incidents.truncate(limit);
        Similar { incidents, extent: walk.finish() }
    }

    /// Returns the incidents that a record is or stands in, through kill-chain alerts too.
    fn incidents_above(&self, record: NodeId) -> Vec<NodeId> {
        let mut open = vec![record];
        let mut at = 0;
        while let Some(node) = open.get(at).copied() {
            at += 1;
            for up in self.containers(node) {
                if !open.contains(&up) {
                    open.push(up);
                }
            }
        }
        open.retain(|node| node.kind() == NodeKind::Incident);
        open
    }

    fn features(&self, incident: NodeId) -> (&str, Vec<&str>) {
        (self.incident_node(incident).map_or("", |row| row.title()), self.inherited(incident).1)
    }
}

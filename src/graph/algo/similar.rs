//! Incidents that resemble one: shared entities weighted by rarity, equal titles, equal tactics.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use super::super::ids::{NodeId, NodeKind};
use super::super::read::Snapshot;
use super::super::walk::{Cut, Extent, Marks, Scope, Walk};

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

/// A shared entity and what it adds.
type Share = (NodeId, f64);

/// An incident that shares an entity, with the sum of what its entities add.
struct Candidate {
    node: NodeId,
    /// Its number among the candidates.
    place: u32,
    score: f64,
}

const TITLE: f64 = 2.0;
const TACTIC: f64 = 0.25;

impl Snapshot {
    /// Returns the `limit` incidents that share an entity with an incident and resemble it most.
    ///
    /// Entities above `scope.hub_degree` say nothing and are left aside.
    pub fn similar_incidents(&self, incident: NodeId, scope: &Scope, limit: usize) -> Similar {
        let mut walk = Walk::new(self, scope);
        let alerts: u32 = self.alert_counts().iter().flatten().sum();
        let mut places = Marks::of(walk.store);
        let mut found: Vec<Candidate> = Vec::new();
        // Which candidate shares which entity, entity by entity.
        let mut shares: Vec<(u32, Share)> = Vec::new();
        let (mut holders, mut above): (Vec<NodeId>, Vec<NodeId>) = (Vec::new(), Vec::new());
        for entity in self.entities_of(incident) {
            if !walk.passes(entity) {
                continue;
            }
            let weight = (f64::from(alerts + 1) / (1.0 + self.degree(entity) as f64)).ln().max(0.01);
            holders.clear();
            let complete = walk.steps(entity, |step| {
                if step.other.kind() != NodeKind::Entity {
                    holders.push(step.other);
                }
                ControlFlow::Continue(())
            });
            above.clear();
            holders.iter().for_each(|holder| self.add_incidents_above(*holder, &mut above));
            above.sort_unstable();
            above.dedup();
            for other in above.iter().copied().filter(|other| *other != incident) {
                let place = places.get(other).unwrap_or_else(|| {
                    let place = found.len() as u32;
                    places.set(other, place);
                    found.push(Candidate { node: other, place, score: 0.0 });
                    place
                });
                found[place as usize].score += weight;
                shares.push((place, (entity, weight)));
            }
            if !complete {
                break;
            }
        }
        drop(places);
        if found.len() > limit {
            walk.cut(Cut::Results(limit));
        }
        let (title, tactics) = (self.incident_node(incident).map_or("", |row| row.title()), self.tactics_within(incident));
        let most = TITLE + TACTIC * tactics.len() as f64;
        // Title and tactics add a bounded amount: who cannot reach the best `limit` with it need not be compared.
        if limit > 0 && found.len() > limit {
            let (_, last, _) = found.select_nth_unstable_by(limit - 1, |a, b| b.score.total_cmp(&a.score));
            let floor = last.score;
            found.retain(|candidate| candidate.score + most >= floor);
        }
        found.sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
        // The final scores of the best so far, the least one first.
        let mut best: BinaryHeap<Reverse<u64>> = BinaryHeap::new();
        let mut kept: Vec<(NodeId, u32, f64, Vec<Term>)> = Vec::new();
        for Candidate { node, place, score } in found {
            let other_title = self.incident_node(node).map_or("", |row| row.title());
            let same_title = !title.is_empty() && title == other_title;
            let reach = score + if same_title { TITLE } else { 0.0 } + TACTIC * tactics.len() as f64;
            if best.len() == limit && best.peek().is_none_or(|Reverse(least)| reach < f64::from_bits(*least)) {
                continue;
            }
            let mut terms: Vec<Term> = Vec::new();
            if same_title {
                terms.push(Term::Title { weight: TITLE });
            }
            let other_tactics = self.tactics_within(node);
            let both = tactics.iter().filter(|tactic| other_tactics.contains(tactic));
            terms.extend(both.map(|tactic| Term::Tactic { tactic: (*tactic).to_owned(), weight: TACTIC }));
            let score = terms.iter().fold(score, |sum, term| sum + term.weight());
            best.push(Reverse(score.to_bits()));
            if best.len() > limit {
                best.pop();
            }
            kept.push((node, place, score, terms));
        }
        kept.sort_by_cached_key(|(node, _, score, _)| (Reverse(score.to_bits()), self.rank_key(*node)));
        kept.truncate(limit);
        let incidents = kept.into_iter().map(|(node, place, score, said)| {
            let entities =
                shares.iter().filter(|(of, _)| *of == place).map(|(_, (node, weight))| Term::Entity { node: *node, weight: *weight });
            SimilarIncident { node, score, terms: entities.chain(said).collect() }
        });
        Similar { incidents: incidents.collect(), extent: walk.finish() }
    }

    /// Adds the incidents that a record is or stands in, through kill-chain alerts too.
    fn add_incidents_above(&self, record: NodeId, found: &mut Vec<NodeId>) {
        if record.kind() == NodeKind::Incident {
            found.push(record);
            return;
        }
        let mut chain = vec![record];
        let mut at = 0;
        while let Some(node) = chain.get(at).copied() {
            at += 1;
            for up in self.holders(node, None) {
                match up.kind() {
                    NodeKind::Incident => found.push(up),
                    _ if !chain.contains(&up) => chain.push(up),
                    _ => {}
                }
            }
        }
    }

    /// Returns the tactics of an incident: its own and those of its alerts, sorted.
    fn tactics_within(&self, incident: NodeId) -> Vec<&str> {
        let mut tactics: Vec<&str> = Vec::new();
        if let Some(row) = self.incident_node(incident) {
            tactics.extend(row.tactics());
        }
        for row in self.held(incident).into_iter().filter_map(|alert| self.alert_node(alert)) {
            tactics.extend(row.tactics());
        }
        tactics.sort_unstable();
        tactics.dedup();
        tactics
    }
}

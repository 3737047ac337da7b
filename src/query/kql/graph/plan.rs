//! In which order the parts of a pattern are looked for.
//!
//! A search starts at the node that fewest can be, then follows the edges: first those between nodes that are known, then single edges,
//! then paths. A condition is decided as soon as all that it reads is known.

use crate::model::Fault;

use super::checks::Checks;
use super::pattern::Pattern;

/// One step of a search.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) action: Action,
    /// The conditions that can be decided behind it.
    pub(super) conditions: Vec<usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Checks what the input already knows.
    Check,
    /// Looks at every node that this one of the pattern can be.
    Scan(usize),
    /// Follows an edge of the pattern.
    Expand(Expand),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expand {
    pub(super) edge: usize,
    /// Whether it is followed from left to right.
    pub(super) forward: bool,
    /// Whether the node at its end is known.
    pub(super) is_end_known: bool,
    /// Whether both ends already hang together, so that it closes a cycle of the pattern.
    pub(super) is_closing: bool,
    /// Nodes that are known but do not hang together with the start yet: whether they are other places is decided at the end.
    pub(super) apart: Vec<usize>,
}

/// Orders the steps; `known` marks the nodes of the pattern that the input knows.
pub(super) fn plan(pattern: &Pattern, checks: &Checks, known: &[bool]) -> Result<Vec<Step>, Fault> {
    let estimates = (0..pattern.nodes.len())
        .map(|node| if known[node] { Ok(0.0) } else { checks.estimate(node) })
        .collect::<Result<Vec<f64>, Fault>>()?;
    let mut planner = Planner {
        pattern,
        estimates,
        known: known.to_vec(),
        group: (0..pattern.nodes.len()).collect(),
        is_edge_done: vec![false; pattern.edges.len()],
        is_condition_done: vec![false; pattern.conditions.len()],
    };
    let mut steps = Vec::new();
    if known.contains(&true) {
        steps.push(planner.step(Action::Check));
    }
    while let Some(action) = planner.next_edge().map(Action::Expand).or_else(|| planner.next_scan().map(Action::Scan)) {
        match &action {
            Action::Check => {}
            Action::Scan(node) => planner.known[*node] = true,
            Action::Expand(expand) => planner.follow(expand),
        }
        steps.push(planner.step(action));
    }
    Ok(steps)
}

struct Planner<'a> {
    pattern: &'a Pattern,
    estimates: Vec<f64>,
    known: Vec<bool>,
    /// Nodes that hang together by followed edges have one root.
    group: Vec<usize>,
    is_edge_done: Vec<bool>,
    is_condition_done: Vec<bool>,
}

impl Planner<'_> {
    fn root(&self, mut node: usize) -> usize {
        while self.group[node] != node {
            node = self.group[node];
        }
        node
    }

    fn next_scan(&self) -> Option<usize> {
        (0..self.known.len()).filter(|node| !self.known[*node]).min_by(|a, b| self.estimates[*a].total_cmp(&self.estimates[*b]))
    }

    fn next_edge(&self) -> Option<Expand> {
        let edges = self.pattern.edges.iter().enumerate().filter(|(n, _)| !self.is_edge_done[*n]);
        let options = edges.filter_map(|(n, edge)| {
            let (from, to) = (self.known[edge.from], self.known[edge.to]);
            let class = u8::from(edge.hops.is_some()) * 2 + u8::from(!(from && to));
            let expand = |forward, is_end_known, is_closing| {
                let start = self.root(if forward { edge.from } else { edge.to });
                let apart = (0..self.known.len()).filter(|node| self.known[*node] && self.root(*node) != start).collect();
                Expand { edge: n, forward, is_end_known, is_closing, apart }
            };
            match (from, to) {
                (false, false) => None,
                (true, true) => Some((class, 0.0, expand(true, true, self.root(edge.from) == self.root(edge.to)))),
                (true, false) => Some((class, self.estimates[edge.to], expand(true, false, false))),
                (false, true) => Some((class, self.estimates[edge.from], expand(false, false, false))),
            }
        });
        options.min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))).map(|(_, _, expand)| expand)
    }

    fn follow(&mut self, expand: &Expand) {
        let edge = &self.pattern.edges[expand.edge];
        self.is_edge_done[expand.edge] = true;
        self.known[edge.from] = true;
        self.known[edge.to] = true;
        let (a, b) = (self.root(edge.from), self.root(edge.to));
        self.group[a] = b;
    }

    /// A step with the conditions that have become decidable.
    fn step(&mut self, action: Action) -> Step {
        let mut conditions = Vec::new();
        for (n, condition) in self.pattern.conditions.iter().enumerate() {
            let is_ready =
                condition.nodes.iter().all(|node| self.known[*node]) && condition.edges.iter().all(|edge| self.is_edge_done[*edge]);
            if is_ready && !self.is_condition_done[n] {
                self.is_condition_done[n] = true;
                conditions.push(n);
            }
        }
        Step { action, conditions }
    }
}

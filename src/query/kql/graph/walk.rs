//! Paths from one node, depth first on a stack of its own, one at a time.

use crate::model::Fault;

use super::budget::Meter;
use super::checks::Checks;
use super::model::{Adjacent, Way};
use super::pattern::{Hops, Rule};

/// What a path must keep to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The edge of the pattern that it stands for.
    pub(super) edge: usize,
    pub(super) way: Way,
    pub(super) hops: Hops,
    pub(super) rule: Rule,
    /// The node at which it must end, if that is known.
    pub(super) end: Option<u32>,
    /// Whether the end already hangs together with the start.
    pub(super) is_closing: bool,
}

/// A search for paths that can be asked for the next one.
pub(super) struct Walk {
    limits: Limits,
    /// Nodes and edges that the rest of the match uses.
    used_nodes: Vec<u32>,
    used_edges: Vec<u32>,
    pub(super) edges: Vec<u32>,
    pub(super) nodes: Vec<u32>,
    frames: Vec<(Vec<Adjacent>, usize)>,
    spare: Vec<Vec<Adjacent>>,
    is_started: bool,
    /// Whether the edges of the last node have not been read yet.
    is_pending: bool,
    /// The most edges of a path that was looked at.
    pub(super) deepest: u32,
}

impl Walk {
    pub(super) fn new(start: u32, limits: Limits, used_nodes: Vec<u32>, used_edges: Vec<u32>) -> Self {
        Self {
            limits,
            used_nodes,
            used_edges,
            edges: Vec::new(),
            nodes: vec![start],
            frames: Vec::new(),
            spare: Vec::new(),
            is_started: false,
            is_pending: true,
            deepest: 0,
        }
    }

    /// Moves to the next path; false if there is none or the budget is used up.
    pub(super) fn advance(&mut self, checks: &Checks, meter: &mut Meter) -> Result<bool, Fault> {
        if !self.is_started {
            self.is_started = true;
            if self.limits.hops.min == 0 && self.is_at_end() {
                return Ok(true);
            }
        }
        loop {
            if self.is_pending {
                self.is_pending = false;
                self.open(checks, meter)?;
            }
            let Some((list, at)) = self.frames.last_mut() else { return Ok(false) };
            let Some(next) = list.get(*at).copied() else {
                if let Some((mut list, _)) = self.frames.pop() {
                    list.clear();
                    self.spare.push(list);
                }
                self.nodes.pop();
                self.edges.pop();
                continue;
            };
            *at += 1;
            if !meter.spend(1) {
                return Ok(false);
            }
            if !self.may_go(next) || !checks.edge(self.limits.edge, next.edge)? {
                continue;
            }
            self.edges.push(next.edge);
            self.nodes.push(next.node);
            self.deepest = self.deepest.max(self.edges.len() as u32);
            self.is_pending = true;
            if self.edges.len() >= self.limits.hops.min as usize && self.is_at_end() {
                return Ok(true);
            }
        }
    }

    fn is_at_end(&self) -> bool {
        self.limits.end.is_none_or(|end| self.nodes.last() == Some(&end))
    }

    /// Reads the edges of the last node, if the path may go on behind it.
    fn open(&mut self, checks: &Checks, meter: &mut Meter) -> Result<(), Fault> {
        let mut list = self.spare.pop().unwrap_or_default();
        let depth = self.edges.len();
        if let Some(node) = self.nodes.last().copied()
            && depth < self.limits.hops.max as usize
            && (depth == 0 || (!self.is_last(node) && checks.inner(self.limits.edge, node)?))
        {
            checks.graph.adjacent(node, self.limits.way, &mut list);
            meter.spend(list.len() as u64 / 8);
        }
        self.frames.push((list, 0));
        Ok(())
    }

    /// Whether a path without cycles has reached the one node at which it can only end.
    fn is_last(&self, node: u32) -> bool {
        self.limits.rule == Rule::Acyclic && self.limits.end == Some(node)
    }

    fn may_go(&self, next: Adjacent) -> bool {
        match self.limits.rule {
            Rule::Walk => true,
            Rule::Trail => !self.edges.contains(&next.edge) && !self.used_edges.contains(&next.edge),
            Rule::Acyclic => {
                let is_end = self.limits.end == Some(next.node);
                let is_used = self.nodes.contains(&next.node) || self.used_nodes.contains(&next.node);
                !is_used || (is_end && !self.limits.is_closing && !self.nodes.contains(&next.node))
            }
        }
    }
}

//! Finds every match of a pattern: chunks of partial matches go through the steps of a plan, depth first, so that memory stays bounded
//! and the order of the answer follows the order of the input.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::model::Fault;

use super::budget::Meter;
use super::checks::Checks;
use super::model::{Adjacent, PatternGraph, Way};
use super::pattern::{Pattern, Rule};
use super::plan::{Action, Expand, plan};
use super::rows::{EdgeColumn, Rows, Walked};
use super::walk::{Limits, Walk};

/// Rows of a chunk.
const CHUNK: usize = 1024;

/// Takes chunks of complete matches; breaks when it has enough.
pub(super) type Sink<'s> = dyn FnMut(Rows) -> Result<ControlFlow<()>, Fault> + 's;

/// Gives every match of a pattern that continues a row of `input`, chunk by chunk, in the order of the input.
///
/// `input` may know some of the nodes ([`Rows::start`] knows none). The search ends early when the sink breaks or the meter cuts it.
pub fn find(
    graph: &dyn PatternGraph,
    pattern: &Pattern,
    input: Rows,
    meter: &mut Meter,
    sink: &mut dyn FnMut(Rows) -> Result<ControlFlow<()>, Fault>,
) -> Result<(), Fault> {
    let checks = Checks::new(graph, pattern);
    Matcher::new(&checks, pattern).run(input, meter, sink).map(|_| ())
}

pub(super) struct Matcher<'a> {
    checks: &'a Checks<'a>,
    pattern: &'a Pattern,
    /// The most edges of any path that was looked at.
    pub(super) deepest: u32,
}

/// Where the work on one row stands.
enum Progress {
    Scan(usize),
    Hop(Vec<Adjacent>, usize),
    Paths(Box<Walk>),
}

/// A chunk in front of one step.
struct Level {
    input: Rows,
    row: usize,
    progress: Option<Progress>,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(checks: &'a Checks<'a>, pattern: &'a Pattern) -> Self {
        Self { checks, pattern, deepest: 0 }
    }

    /// Runs the search; breaks if the sink did.
    pub(super) fn run(&mut self, input: Rows, meter: &mut Meter, sink: &mut Sink<'_>) -> Result<ControlFlow<()>, Fault> {
        if input.is_empty() || self.pattern.nodes.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let known: Vec<bool> = (0..self.pattern.nodes.len()).map(|node| input.is_bound(node)).collect();
        let steps = plan(self.pattern, self.checks, &known)?;
        let parts = known.iter().filter(|known| **known).count().max(self.pattern.component_count());
        let is_apart_open = self.pattern.rule == Rule::Acyclic && parts > 1;
        let mut levels = vec![Level { input, row: 0, progress: None }];
        while meter.cut().is_none() {
            let depth = levels.len();
            let Some(level) = levels.last_mut() else { break };
            let step = &steps[depth - 1];
            let mut out = self.produce(&step.action, level, meter)?;
            if out.is_empty() {
                levels.pop();
                continue;
            }
            for condition in &step.conditions {
                if !out.is_empty() {
                    let keep = self.pattern.conditions[*condition].test.keep(&out)?;
                    out.retain(&keep);
                }
            }
            if out.is_empty() {
                continue;
            }
            if depth == steps.len() && is_apart_open {
                let keep: Vec<bool> = (0..out.len()).map(|row| self.are_apart(&out, row)).collect();
                out.retain(&keep);
                if out.is_empty() {
                    continue;
                }
            }
            if depth < steps.len() {
                levels.push(Level { input: out, row: 0, progress: None });
            } else if sink(out)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Gives the next rows behind a step; none once its chunk is used up.
    fn produce(&mut self, action: &Action, level: &mut Level, meter: &mut Meter) -> Result<Rows, Fault> {
        let mut out = level.input.like();
        match action {
            Action::Check => self.check(level, &mut out)?,
            Action::Scan(node) => self.scan(*node, level, &mut out, meter)?,
            Action::Expand(expand) => {
                let is_path = self.pattern.edges[expand.edge].hops.is_some();
                out.edges[expand.edge] = if is_path { EdgeColumn::Path(Vec::new()) } else { EdgeColumn::Edge(Vec::new()) };
                self.expand(expand, level, &mut out, meter)?;
            }
        }
        Ok(out)
    }

    fn check(&self, level: &mut Level, out: &mut Rows) -> Result<(), Fault> {
        while level.row < level.input.len() {
            let row = level.row;
            level.row += 1;
            let mut passes = true;
            for (n, column) in level.input.nodes.iter().enumerate() {
                if let Some(node) = column.get(row) {
                    passes = passes && self.checks.node(n, *node)?;
                }
            }
            if passes {
                out.push_from(&level.input, row);
            }
        }
        Ok(())
    }

    fn scan(&self, of: usize, level: &mut Level, out: &mut Rows, meter: &mut Meter) -> Result<(), Fault> {
        let candidates = self.checks.candidates(of);
        while level.row < level.input.len() {
            let mut at = match level.progress.take() {
                Some(Progress::Scan(at)) => at,
                _ => 0,
            };
            while at < candidates.len() {
                if out.len() == CHUNK || !meter.spend(1) {
                    level.progress = Some(Progress::Scan(at));
                    return Ok(());
                }
                let node = candidates.get(at);
                at += 1;
                if self.checks.node(of, node)? && !(self.pattern.rule == Rule::Acyclic && uses(&level.input, &[], level.row, node)) {
                    out.push_from(&level.input, level.row);
                    out.nodes[of].push(node);
                }
            }
            level.row += 1;
        }
        Ok(())
    }

    fn expand(&mut self, expand: &Expand, level: &mut Level, out: &mut Rows, meter: &mut Meter) -> Result<(), Fault> {
        let edge = &self.pattern.edges[expand.edge];
        let end = if expand.forward { edge.to } else { edge.from };
        while level.row < level.input.len() {
            let row = level.row;
            let mut progress = match level.progress.take() {
                Some(progress) => progress,
                None => self.open(expand, &level.input, row, meter),
            };
            loop {
                if out.len() == CHUNK || meter.cut().is_some() {
                    level.progress = Some(progress);
                    return Ok(());
                }
                let Some(node) = self.next(expand, &level.input, row, &mut progress, meter)? else { break };
                if !expand.is_end_known && !self.checks.node(end, node)? {
                    continue;
                }
                out.push_from(&level.input, row);
                if !expand.is_end_known {
                    out.nodes[end].push(node);
                }
                match (&mut out.edges[expand.edge], &progress) {
                    (EdgeColumn::Edge(edges), Progress::Hop(list, at)) => edges.push(list[at - 1].edge),
                    (EdgeColumn::Path(paths), Progress::Paths(walk)) => paths.push(walked(walk, expand.forward)),
                    _ => {}
                }
            }
            if let Progress::Paths(walk) = &progress {
                self.deepest = self.deepest.max(walk.deepest);
            }
            level.row += 1;
        }
        Ok(())
    }

    /// Begins to follow an edge of the pattern from one row.
    fn open(&self, expand: &Expand, input: &Rows, row: usize, meter: &mut Meter) -> Progress {
        let edge = &self.pattern.edges[expand.edge];
        let (start, end, way) = if expand.forward { (edge.from, edge.to, edge.way) } else { (edge.to, edge.from, edge.way.turned()) };
        let node = input.nodes[start][row];
        let Some(hops) = edge.hops else {
            let mut list = Vec::new();
            let known_end = expand.is_end_known.then(|| input.nodes[end][row]);
            self.read(node, known_end, way, &mut list);
            meter.spend(list.len() as u64 / 8);
            return Progress::Hop(list, 0);
        };
        let (mut nodes, mut edges) = (Vec::new(), Vec::new());
        match self.pattern.rule {
            Rule::Walk => {}
            Rule::Trail => input.each_edge(row, |edge| edges.push(edge)),
            Rule::Acyclic => input.each_node_but(&expand.apart, row, |node| nodes.push(node)),
        }
        let limits = Limits {
            edge: expand.edge,
            way,
            hops,
            rule: self.pattern.rule,
            end: expand.is_end_known.then(|| input.nodes[end][row]),
            is_closing: expand.is_closing,
        };
        Progress::Paths(Box::new(Walk::new(node, limits, nodes, edges)))
    }

    /// Reads the edges of a node; between two known nodes, of the one that has fewer.
    fn read(&self, node: u32, end: Option<u32>, way: Way, list: &mut Vec<Adjacent>) {
        let graph = self.checks.graph;
        match end {
            Some(end) if graph.degree(end, way.turned()) < graph.degree(node, way) => {
                graph.adjacent(end, way.turned(), list);
                list.retain(|adjacent| adjacent.node == node);
                list.iter_mut().for_each(|adjacent| adjacent.node = end);
            }
            Some(end) => {
                graph.adjacent(node, way, list);
                list.retain(|adjacent| adjacent.node == end);
            }
            None => graph.adjacent(node, way, list),
        }
    }

    /// Moves to the next way along the edge and returns the node at its end.
    fn next(&self, expand: &Expand, input: &Rows, row: usize, progress: &mut Progress, meter: &mut Meter) -> Result<Option<u32>, Fault> {
        match progress {
            Progress::Paths(walk) => Ok(walk.advance(self.checks, meter)?.then(|| walk.nodes.last().copied()).flatten()),
            Progress::Hop(list, at) => {
                while let Some(next) = list.get(*at).copied() {
                    *at += 1;
                    if !meter.spend(1) {
                        return Ok(None);
                    }
                    let is_free = match self.pattern.rule {
                        Rule::Walk => true,
                        Rule::Trail => !uses_edge(input, row, next.edge),
                        Rule::Acyclic if expand.is_end_known => !expand.is_closing && !self.is_loop(next.edge),
                        Rule::Acyclic => !uses(input, &expand.apart, row, next.node),
                    };
                    if is_free && self.checks.edge(expand.edge, next.edge)? {
                        return Ok(Some(next.node));
                    }
                }
                Ok(None)
            }
            Progress::Scan(_) => Ok(None),
        }
    }

    /// Whether no node of a match stands in two places; a path of no edge makes the nodes at its ends one place.
    fn are_apart(&self, rows: &Rows, row: usize) -> bool {
        let mut place: Vec<usize> = (0..self.pattern.nodes.len()).collect();
        for (edge, column) in self.pattern.edges.iter().zip(&rows.edges) {
            if matches!(column, EdgeColumn::Path(paths) if paths[row].edges.is_empty()) {
                let (old, new) = (place[edge.from], place[edge.to]);
                place.iter_mut().filter(|place| **place == old).for_each(|place| *place = new);
            }
        }
        let joined: Vec<usize> = (0..place.len()).filter(|node| place[*node] != *node).collect();
        let mut visited = Vec::new();
        rows.each_node_but(&joined, row, |node| visited.push(node));
        let count = visited.len();
        visited.sort_unstable();
        visited.dedup();
        visited.len() == count
    }

    fn is_loop(&self, edge: u32) -> bool {
        let (from, to) = self.checks.graph.ends(edge);
        from == to
    }
}

fn uses(rows: &Rows, apart: &[usize], row: usize, node: u32) -> bool {
    let mut found = false;
    rows.each_node_but(apart, row, |used| found |= used == node);
    found
}

fn uses_edge(rows: &Rows, row: usize, edge: u32) -> bool {
    let mut found = false;
    rows.each_edge(row, |used| found |= used == edge);
    found
}

/// The present path of a walk, read from left to right.
fn walked(walk: &Walk, forward: bool) -> Arc<Walked> {
    let (mut edges, mut nodes) = (walk.edges.clone(), walk.nodes.clone());
    if !forward {
        edges.reverse();
        nodes.reverse();
    }
    Arc::new(Walked { edges, nodes })
}

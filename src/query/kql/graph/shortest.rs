//! Finds matches of the smallest length between each pair of ends.
//!
//! Where the pattern is one path whose conditions read single elements or only its ends, a breadth-first search from the rarer end finds
//! them. Else paths are tried one length after the other, so that what is long is looked at only where nothing shorter passes.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::model::Fault;

use super::budget::Meter;
use super::checks::Checks;
use super::matcher::{Matcher, Sink};
use super::model::{Adjacent, PatternGraph};
use super::pattern::{EdgePattern, Hops, Pattern, Rule};
use super::rows::{EdgeColumn, Rows, Walked};

/// Rows of a chunk.
const CHUNK: usize = 1024;

/// How many of the shortest matches of a pair are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathOutput {
    /// One, the same in every run.
    Any,
    /// All.
    All,
}

/// Gives the shortest matches of a chain of nodes and edges for each pair of its first and last node.
///
/// The length is the number of edges. A match visits no node twice, whatever the rule of the pattern says; so a node is paired with itself
/// only by a path of no edge. `input` may know the ends, as in [`super::find`].
pub fn shortest(
    graph: &dyn PatternGraph,
    pattern: &Pattern,
    output: PathOutput,
    input: Rows,
    meter: &mut Meter,
    sink: &mut dyn FnMut(Rows) -> Result<ControlFlow<()>, Fault>,
) -> Result<(), Fault> {
    let pattern = Pattern { rule: Rule::Acyclic, ..pattern.clone() };
    let checks = Checks::new(graph, &pattern);
    match pattern.edges.as_slice() {
        [edge] if is_plain(edge, &pattern) => {
            let ends = Ends { checks: &checks, pattern: &pattern, edge, output };
            ends.run(&input, meter, sink)
        }
        _ => by_length(&checks, &pattern, output, &input, meter, sink),
    }
}

/// Whether every part of a shortest path is a shortest path itself.
fn is_plain(edge: &EdgePattern, pattern: &Pattern) -> bool {
    let conditions_read_ends = pattern.conditions.iter().all(|condition| condition.edges.is_empty());
    edge.hops.is_some_and(|hops| hops.min <= 1) && edge.from != edge.to && pattern.nodes.len() == 2 && conditions_read_ends
}

/// A search by breadth from one end.
struct Ends<'a> {
    checks: &'a Checks<'a>,
    pattern: &'a Pattern,
    edge: &'a EdgePattern,
    output: PathOutput,
}

/// What a search from one node has reached: how far, and over which edges of the level before.
type Reached = HashMap<u32, (u32, Vec<Adjacent>)>;

impl Ends<'_> {
    fn run(&self, input: &Rows, meter: &mut Meter, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let known = [input.is_bound(self.edge.from), input.is_bound(self.edge.to)];
        let is_forward = match known {
            [true, true] => distinct(&input.nodes[self.edge.from]) <= distinct(&input.nodes[self.edge.to]),
            [from, to] if from != to => from,
            _ => self.checks.estimate(self.edge.from)? <= self.checks.estimate(self.edge.to)?,
        };
        let (near, far) = if is_forward { (self.edge.from, self.edge.to) } else { (self.edge.to, self.edge.from) };
        let mut out = Output::new(input, self.pattern.edges.len());
        if input.is_bound(near) {
            return self.run_rows(input, near, far, is_forward, meter, sink, &mut out);
        }
        let candidates = self.checks.candidates(near);
        for at in 0..candidates.len() {
            if !meter.spend(1) {
                break;
            }
            let start = candidates.get(at);
            if !self.checks.node(near, start)? {
                continue;
            }
            let reached = self.search(start, is_forward, &HashSet::new(), meter)?;
            for (end, depth) in self.in_order(&reached, start, far)? {
                for row in 0..input.len() {
                    if self.emit(&mut out, input, row, (start, end, depth), &reached, is_forward, meter, sink)?.is_break() {
                        return Ok(());
                    }
                }
            }
        }
        self.flush(&mut out, sink).map(|_| ())
    }

    /// Rows that know the near end: those with the same one share a search.
    #[allow(clippy::too_many_arguments)]
    fn run_rows(
        &self,
        input: &Rows,
        near: usize,
        far: usize,
        is_forward: bool,
        meter: &mut Meter,
        sink: &mut Sink<'_>,
        out: &mut Output,
    ) -> Result<(), Fault> {
        let is_far_known = input.is_bound(far);
        let mut wanted: HashMap<u32, HashSet<u32>> = HashMap::new();
        for (row, start) in input.nodes[near].iter().enumerate() {
            let ends = wanted.entry(*start).or_default();
            if is_far_known {
                ends.insert(input.nodes[far][row]);
            }
        }
        let mut searches: HashMap<u32, Reached> = HashMap::new();
        for (row, start) in input.nodes[near].iter().enumerate() {
            if !self.checks.node(near, *start)? {
                continue;
            }
            if let Entry::Vacant(place) = searches.entry(*start) {
                place.insert(self.search(*start, is_forward, &wanted[start], meter)?);
            }
            let reached = &searches[start];
            let ends = if is_far_known {
                let end = input.nodes[far][row];
                let is_met = if end == *start { self.takes_none() } else { reached.contains_key(&end) };
                if is_met && self.checks.node(far, end)? { vec![(end, reached.get(&end).map_or(0, |met| met.0))] } else { Vec::new() }
            } else {
                self.in_order(reached, *start, far)?
            };
            for (end, depth) in ends {
                if self.emit(out, input, row, (*start, end, depth), reached, is_forward, meter, sink)?.is_break() {
                    return Ok(());
                }
            }
        }
        self.flush(out, sink).map(|_| ())
    }

    fn hops(&self) -> Hops {
        self.edge.hops.unwrap_or(Hops { min: 1, max: 1 })
    }

    fn takes_none(&self) -> bool {
        self.hops().min == 0
    }

    /// Searches from a node until everything is reached, or all that is wanted if something is.
    fn search(&self, start: u32, is_forward: bool, wanted: &HashSet<u32>, meter: &mut Meter) -> Result<Reached, Fault> {
        let way = if is_forward { self.edge.way } else { self.edge.way.turned() };
        let mut missing = wanted.iter().filter(|end| **end != start).count();
        let mut reached: Reached = HashMap::from([(start, (0, Vec::new()))]);
        if missing == 0 && !wanted.is_empty() {
            return Ok(reached);
        }
        let (mut level, mut edges) = (vec![start], Vec::new());
        for depth in 1..=self.hops().max {
            let mut next = Vec::new();
            for node in level {
                if node != start && !self.checks.inner(0, node)? {
                    continue;
                }
                edges.clear();
                self.checks.graph.adjacent(node, way, &mut edges);
                for step in &edges {
                    if !meter.spend(1) {
                        return Ok(reached);
                    }
                    let is_known = reached.get(&step.node).map(|(known, _)| *known);
                    if is_known.is_some_and(|known| known < depth || self.output == PathOutput::Any) || !self.checks.edge(0, step.edge)? {
                        continue;
                    }
                    let (_, back) = reached.entry(step.node).or_insert((depth, Vec::new()));
                    back.push(Adjacent { edge: step.edge, node });
                    if is_known.is_none() {
                        next.push(step.node);
                        missing = missing.saturating_sub(usize::from(wanted.contains(&step.node)));
                    }
                }
            }
            if next.is_empty() || (missing == 0 && !wanted.is_empty()) {
                break;
            }
            level = next;
        }
        Ok(reached)
    }

    /// The far ends of a search, near ones first.
    fn in_order(&self, reached: &Reached, start: u32, far: usize) -> Result<Vec<(u32, u32)>, Fault> {
        let mut ends = Vec::new();
        for (end, (depth, _)) in reached {
            if (*end != start || self.takes_none()) && self.checks.node(far, *end)? {
                ends.push((*end, *depth));
            }
        }
        ends.sort_unstable_by_key(|(end, depth)| (*depth, *end));
        Ok(ends)
    }

    /// Adds the paths from a far end back to the start.
    #[allow(clippy::too_many_arguments)]
    fn emit(
        &self,
        out: &mut Output,
        input: &Rows,
        row: usize,
        (start, end, depth): (u32, u32, u32),
        reached: &Reached,
        is_forward: bool,
        meter: &mut Meter,
        sink: &mut Sink<'_>,
    ) -> Result<ControlFlow<()>, Fault> {
        let mut trail = Trail { nodes: vec![end], edges: Vec::new(), turns: Vec::new() };
        while trail.next(start, depth, reached) {
            if !meter.spend(1) {
                return Ok(ControlFlow::Break(()));
            }
            let (mut nodes, mut edges) = (trail.nodes.clone(), trail.edges.clone());
            if is_forward {
                nodes.reverse();
                edges.reverse();
            }
            out.rows.push_from(input, row);
            for (of, node) in [(self.edge.from, nodes[0]), (self.edge.to, nodes[nodes.len() - 1])] {
                if !input.is_bound(of) {
                    out.rows.nodes[of].push(node);
                }
            }
            if let EdgeColumn::Path(paths) = &mut out.rows.edges[0] {
                paths.push(Arc::new(Walked { edges, nodes }));
            }
            if out.rows.len() == CHUNK && self.flush(out, sink)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if self.output == PathOutput::Any {
                break;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn flush(&self, out: &mut Output, sink: &mut Sink<'_>) -> Result<ControlFlow<()>, Fault> {
        let mut rows = std::mem::replace(&mut out.rows, out.empty.clone());
        for condition in &self.pattern.conditions {
            if !rows.is_empty() {
                let keep = condition.test.keep(&rows)?;
                rows.retain(&keep);
            }
        }
        if rows.is_empty() { Ok(ControlFlow::Continue(())) } else { sink(rows) }
    }
}

fn distinct(nodes: &[u32]) -> usize {
    nodes.iter().collect::<HashSet<_>>().len()
}

/// Rows that wait to be given.
struct Output {
    rows: Rows,
    empty: Rows,
}

impl Output {
    fn new(input: &Rows, edges: usize) -> Self {
        let mut empty = input.like();
        empty.edges = vec![EdgeColumn::Path(Vec::new()); edges];
        Self { rows: empty.clone(), empty }
    }
}

/// One way after the other from a far end back to the start.
struct Trail {
    nodes: Vec<u32>,
    edges: Vec<u32>,
    /// Which of the edges back was taken at each node.
    turns: Vec<usize>,
}

impl Trail {
    fn next(&mut self, start: u32, depth: u32, reached: &Reached) -> bool {
        if depth == 0 {
            let is_first = self.turns.is_empty();
            self.turns.push(0);
            return is_first && self.nodes == [start];
        }
        // Behind a complete way, the last turn that has another choice is taken anew.
        let mut choice = 0;
        loop {
            if self.turns.len() == depth as usize {
                choice = self.back();
            }
            let node = self.nodes[self.nodes.len() - 1];
            match reached.get(&node).and_then(|(_, back)| back.get(choice)) {
                Some(step) => {
                    self.turns.push(choice);
                    self.edges.push(step.edge);
                    self.nodes.push(step.node);
                    choice = 0;
                    if self.turns.len() == depth as usize {
                        return true;
                    }
                }
                None if self.turns.is_empty() => return false,
                None => choice = self.back(),
            }
        }
    }

    /// Takes the last turn back and returns the choice behind it.
    fn back(&mut self) -> usize {
        self.edges.pop();
        self.nodes.pop();
        self.turns.pop().map_or(0, |turn| turn + 1)
    }
}

/// Tries one total length after the other.
fn by_length(
    checks: &Checks,
    pattern: &Pattern,
    output: PathOutput,
    input: &Rows,
    meter: &mut Meter,
    sink: &mut Sink<'_>,
) -> Result<(), Fault> {
    let (first, last) = ends(pattern);
    let paths: Vec<usize> = (0..pattern.edges.len()).filter(|edge| pattern.edges[*edge].hops.is_some()).collect();
    let mut best: HashMap<(u32, u32, u32), u32> = HashMap::new();
    // With several paths the lengths of each are independent: all matches are looked at.
    let Some([path]) = paths.get(..).filter(|paths| paths.len() == 1) else {
        return all_lengths(checks, pattern, output, input, meter, sink);
    };
    let Some(hops) = pattern.edges[*path].hops else { return Ok(()) };
    let are_ends_known = input.is_bound(first) && input.is_bound(last);
    let mut length = hops.min;
    while length <= hops.max && meter.cut().is_none() {
        let mut pattern = pattern.clone();
        pattern.edges[*path].hops = Some(Hops { min: length, max: length });
        let mut matcher = Matcher::new(checks, &pattern);
        let flow = matcher.run(input.clone(), meter, &mut |mut rows| {
            let keep: Vec<bool> = (0..rows.len())
                .map(|row| {
                    let key = (rows.origin[row], rows.nodes[first][row], rows.nodes[last][row]);
                    match best.entry(key) {
                        Entry::Vacant(place) => {
                            place.insert(length);
                            true
                        }
                        Entry::Occupied(place) => output == PathOutput::All && *place.get() == length,
                    }
                })
                .collect();
            rows.retain(&keep);
            if rows.is_empty() { Ok(ControlFlow::Continue(())) } else { sink(rows) }
        })?;
        let is_done = are_ends_known && best.len() == input.len();
        if flow.is_break() || matcher.deepest < length || is_done {
            break;
        }
        length = length.saturating_add(1);
    }
    Ok(())
}

/// Looks at every match and gives the shortest of each pair at the end.
fn all_lengths(
    checks: &Checks,
    pattern: &Pattern,
    output: PathOutput,
    input: &Rows,
    meter: &mut Meter,
    sink: &mut Sink<'_>,
) -> Result<(), Fault> {
    let (first, last) = ends(pattern);
    let mut best: HashMap<(u32, u32, u32), u32> = HashMap::new();
    let mut kept: Option<(Rows, Vec<u32>)> = None;
    let mut collect = |rows: Rows| {
        let (all, lengths) = kept.get_or_insert_with(|| (rows.like(), Vec::new()));
        for row in 0..rows.len() {
            let mut length = 0;
            rows.each_edge(row, |_| length += 1);
            let shortest = best.entry((rows.origin[row], rows.nodes[first][row], rows.nodes[last][row])).or_insert(u32::MAX);
            let is_kept = length < *shortest || (length == *shortest && output == PathOutput::All);
            if is_kept {
                *shortest = length;
                all.push_from(&rows, row);
                lengths.push(length);
            }
        }
        Ok(ControlFlow::Continue(()))
    };
    if Matcher::new(checks, pattern).run(input.clone(), meter, &mut collect)?.is_break() {
        return Ok(());
    }
    let Some((mut rows, lengths)) = kept else { return Ok(()) };
    let keep: Vec<bool> = (0..rows.len())
        .map(|row| best.get(&(rows.origin[row], rows.nodes[first][row], rows.nodes[last][row])) == Some(&lengths[row]))
        .collect();
    rows.retain(&keep);
    if rows.is_empty() { Ok(()) } else { sink(rows).map(|_| ()) }
}

/// The first and last node of a chain.
fn ends(pattern: &Pattern) -> (usize, usize) {
    match (pattern.edges.first(), pattern.edges.last()) {
        (Some(first), Some(last)) => (first.from, last.to),
        _ => (0, 0),
    }
}

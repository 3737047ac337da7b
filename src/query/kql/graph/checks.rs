//! The conditions of a pattern on single elements, each decided once.

use std::cell::RefCell;
use std::sync::Arc;

use crate::model::Fault;

use super::labels::LabelTest;
use super::model::PatternGraph;
use super::pattern::{ElementTest, Pattern};

/// Nodes that are looked at to guess how many pass.
const SAMPLE: usize = 512;

/// A test that remembers its verdicts.
struct Memo {
    test: Arc<dyn ElementTest>,
    verdicts: RefCell<Vec<u8>>,
}

const UNKNOWN: u8 = 0;
const FAILS: u8 = 1;
const HOLDS: u8 = 2;

impl Memo {
    fn new(test: &Arc<dyn ElementTest>) -> Self {
        Self { test: Arc::clone(test), verdicts: RefCell::default() }
    }

    fn holds(&self, element: u32) -> Result<bool, Fault> {
        let index = element as usize;
        let known = self.verdicts.borrow().get(index).copied().unwrap_or(UNKNOWN);
        if known != UNKNOWN {
            return Ok(known == HOLDS);
        }
        let holds = self.test.holds(element)?;
        let mut verdicts = self.verdicts.borrow_mut();
        if verdicts.len() <= index {
            verdicts.resize(index + 1, UNKNOWN);
        }
        verdicts[index] = if holds { HOLDS } else { FAILS };
        Ok(holds)
    }
}

struct Check {
    labels: LabelTest,
    test: Option<Memo>,
    only: Option<Vec<u32>>,
}

/// What each node and edge of a pattern must be, for one graph.
pub(super) struct Checks<'a> {
    pub(super) graph: &'a dyn PatternGraph,
    nodes: Vec<Check>,
    edges: Vec<Check>,
    inner: Vec<Option<Memo>>,
}

impl<'a> Checks<'a> {
    pub(super) fn new(graph: &'a dyn PatternGraph, pattern: &Pattern) -> Self {
        let nodes = pattern.nodes.iter().map(|node| Check {
            labels: LabelTest::new(&node.labels, &|name| graph.node_label(name)),
            test: node.test.as_ref().map(Memo::new),
            only: node.only.clone(),
        });
        let edges = pattern.edges.iter().map(|edge| Check {
            labels: LabelTest::new(&edge.labels, &|name| graph.edge_label(name)),
            test: edge.test.as_ref().map(Memo::new),
            only: None,
        });
        let inner = pattern.edges.iter().map(|edge| edge.inner.as_ref().map(Memo::new));
        Self { graph, nodes: nodes.collect(), edges: edges.collect(), inner: inner.collect() }
    }

    /// Whether a node can be this one of the pattern.
    pub(super) fn node(&self, of: usize, node: u32) -> Result<bool, Fault> {
        let check = &self.nodes[of];
        if check.only.as_ref().is_some_and(|only| only.binary_search(&node).is_err()) {
            return Ok(false);
        }
        let has_label = check.labels.is_any()
            || check.labels.holds(&|label| self.graph.node_has(node, label), &|| !self.graph.node_labels(node).is_empty());
        if !has_label {
            return Ok(false);
        }
        check.test.as_ref().map_or(Ok(true), |test| test.holds(node))
    }

    /// Whether an edge can be (part of) this one of the pattern.
    pub(super) fn edge(&self, of: usize, edge: u32) -> Result<bool, Fault> {
        let check = &self.edges[of];
        let has_label = check.labels.is_any()
            || check.labels.holds(&|label| self.graph.edge_has(edge, label), &|| !self.graph.edge_labels(edge).is_empty());
        if !has_label {
            return Ok(false);
        }
        check.test.as_ref().map_or(Ok(true), |test| test.holds(edge))
    }

    /// Whether a node can stand inside the path of this edge of the pattern.
    pub(super) fn inner(&self, of: usize, node: u32) -> Result<bool, Fault> {
        self.inner[of].as_ref().map_or(Ok(true), |test| test.holds(node))
    }

    /// The nodes that a scan for this one of the pattern looks at.
    pub(super) fn candidates(&self, of: usize) -> Candidates<'_> {
        match &self.nodes[of].only {
            Some(only) => Candidates::Only(only),
            None => Candidates::All(self.graph.node_count() as u32),
        }
    }

    /// Guesses how many nodes can be this one of the pattern.
    pub(super) fn estimate(&self, of: usize) -> Result<f64, Fault> {
        let candidates = self.candidates(of);
        let len = candidates.len();
        let check = &self.nodes[of];
        if check.labels.is_any() && check.test.is_none() {
            return Ok(len as f64);
        }
        let step = len.div_ceil(SAMPLE).max(1);
        let (mut seen, mut passed) = (0usize, 0usize);
        for at in (0..len).step_by(step) {
            seen += 1;
            passed += usize::from(self.node(of, candidates.get(at))?);
        }
        // A sample without a hit says that hits are rare, not that there are none.
        let share = if step == 1 { passed as f64 } else { (passed as f64).max(0.5) };
        Ok(if seen == 0 { 0.0 } else { share * len as f64 / seen as f64 })
    }
}

/// Nodes to look at.
#[derive(Clone, Copy)]
pub(super) enum Candidates<'a> {
    All(u32),
    Only(&'a [u32]),
}

impl Candidates<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::All(count) => *count as usize,
            Self::Only(nodes) => nodes.len(),
        }
    }

    pub(super) fn get(&self, at: usize) -> u32 {
        match self {
            Self::All(_) => at as u32,
            Self::Only(nodes) => nodes[at],
        }
    }
}

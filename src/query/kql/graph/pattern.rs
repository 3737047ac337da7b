//! What is looked for: nodes, edges between them, and conditions.

use std::fmt;
use std::sync::Arc;

use crate::model::Fault;

use super::labels::Labels;
use super::model::Way;
use super::rows::Rows;

/// Most nodes and edges of a pattern: in which order they are looked for is a choice among all of them at each step.
pub const ELEMENTS_MAX: usize = 256;

/// Whether one node or edge passes.
pub trait ElementTest: Send + Sync {
    /// Decides; called at most once for each element of a search.
    fn holds(&self, element: u32) -> Result<bool, Fault>;
}

impl<F: Fn(u32) -> Result<bool, Fault> + Send + Sync> ElementTest for F {
    fn holds(&self, element: u32) -> Result<bool, Fault> {
        self(element)
    }
}

/// Which rows pass.
pub trait RowTest: Send + Sync {
    /// Decides for each row.
    fn keep(&self, rows: &Rows) -> Result<Vec<bool>, Fault>;
}

impl<F: Fn(&Rows) -> Result<Vec<bool>, Fault> + Send + Sync> RowTest for F {
    fn keep(&self, rows: &Rows) -> Result<Vec<bool>, Fault> {
        self(rows)
    }
}

impl fmt::Debug for dyn ElementTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ElementTest")
    }
}

impl fmt::Debug for dyn RowTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowTest")
    }
}

/// A node of a pattern.
#[derive(Clone, Debug, Default)]
pub struct NodePattern {
    /// Its labels.
    pub labels: Labels,
    /// What else must hold of it.
    pub test: Option<Arc<dyn ElementTest>>,
    /// The only nodes that it can be, where they are known; sorted, without repeats.
    pub only: Option<Vec<u32>>,
}

/// How many edges stand for one of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hops {
    /// Fewest.
    pub min: u32,
    /// Most; `u32::MAX` means any number.
    pub max: u32,
}

/// An edge of a pattern, or a path of edges that all pass.
#[derive(Clone, Debug)]
pub struct EdgePattern {
    /// The node on its left.
    pub from: usize,
    /// The node on its right.
    pub to: usize,
    /// Its direction, read from left to right.
    pub way: Way,
    /// A path of this length; none means one edge.
    pub hops: Option<Hops>,
    /// Its labels.
    pub labels: Labels,
    /// What else must hold of each edge.
    pub test: Option<Arc<dyn ElementTest>>,
    /// What must hold of each node inside a path.
    pub inner: Option<Arc<dyn ElementTest>>,
}

/// What must hold of several elements together.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The nodes that it reads.
    pub nodes: Vec<usize>,
    /// The edges that it reads.
    pub edges: Vec<usize>,
    /// Decides.
    pub test: Arc<dyn RowTest>,
}

/// What a match may visit twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// Everything.
    Walk,
    /// Nodes, but no edge.
    #[default]
    Trail,
    /// Nothing: what is matched has no cycle.
    Acyclic,
}

/// Nodes and edges that are looked for together.
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    /// Its nodes.
    pub nodes: Vec<NodePattern>,
    /// Its edges.
    pub edges: Vec<EdgePattern>,
    /// What must hold of several of them.
    pub conditions: Vec<Condition>,
    /// What a match may visit twice.
    pub rule: Rule,
}

impl Pattern {
    /// How many parts of the pattern hang together by edges; more than one gives every combination of their matches.
    pub fn component_count(&self) -> usize {
        let mut group: Vec<usize> = (0..self.nodes.len()).collect();
        let mut count = self.nodes.len();
        for edge in &self.edges {
            let (a, b) = (root(&group, edge.from), root(&group, edge.to));
            if a != b {
                group[a] = b;
                count -= 1;
            }
        }
        count
    }
}

fn root(group: &[usize], mut node: usize) -> usize {
    while group[node] != node {
        node = group[node];
    }
    node
}

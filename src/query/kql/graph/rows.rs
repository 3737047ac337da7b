//! Matches as columns of element numbers.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// A path that stands for one edge of a pattern, read from left to right.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Walked {
    /// Its edges.
    pub edges: Vec<u32>,
    /// Its nodes with both ends: one more than edges.
    pub nodes: Vec<u32>,
}

impl Walked {
    /// The nodes between the ends.
    pub fn inner_nodes(&self) -> &[u32] {
        let last = self.nodes.len().saturating_sub(1);
        self.nodes.get(1..last).unwrap_or_default()
    }
}

/// What one edge of a pattern is in each row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EdgeColumn {
    /// Not known yet.
    #[default]
    Unbound,
    /// One edge.
    Edge(Vec<u32>),
    /// A path of edges.
    Path(Vec<Arc<Walked>>),
}

/// Matches, or parts of them: a column for each node and edge of the pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The row of the input that each row grew from.
    pub origin: Vec<u32>,
    /// What each node is; empty if it is not known yet.
    pub nodes: Vec<Vec<u32>>,
    /// What each edge is.
    pub edges: Vec<EdgeColumn>,
}

impl Rows {
    /// One row in which nothing is known, for a pattern of this size.
    pub fn start(nodes: usize, edges: usize) -> Self {
        Self { origin: vec![0], nodes: vec![Vec::new(); nodes], edges: vec![EdgeColumn::Unbound; edges] }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.origin.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.origin.is_empty()
    }

    /// Some rows that follow each other; all of them as they are.
    pub(super) fn part(&self, rows: Range<usize>) -> Cow<'_, Self> {
        if rows == (0..self.len()) {
            return Cow::Borrowed(self);
        }
        let mut part = self.like();
        rows.for_each(|row| part.push_from(self, row));
        Cow::Owned(part)
    }

    pub(super) fn is_bound(&self, node: usize) -> bool {
        !self.nodes[node].is_empty()
    }

    /// No rows, with columns for whatever this one knows.
    pub(super) fn like(&self) -> Self {
        let edges = self.edges.iter().map(|edge| match edge {
            EdgeColumn::Unbound => EdgeColumn::Unbound,
            EdgeColumn::Edge(_) => EdgeColumn::Edge(Vec::new()),
            EdgeColumn::Path(_) => EdgeColumn::Path(Vec::new()),
        });
        Self { origin: Vec::new(), nodes: vec![Vec::new(); self.nodes.len()], edges: edges.collect() }
    }

    /// Adds a copy of a row of another with the same columns known.
    pub(super) fn push_from(&mut self, other: &Self, row: usize) {
        self.origin.push(other.origin[row]);
        for (mine, theirs) in self.nodes.iter_mut().zip(&other.nodes) {
            if let Some(node) = theirs.get(row) {
                mine.push(*node);
            }
        }
        for (mine, theirs) in self.edges.iter_mut().zip(&other.edges) {
            match (mine, theirs) {
                (EdgeColumn::Edge(mine), EdgeColumn::Edge(theirs)) => mine.push(theirs[row]),
                (EdgeColumn::Path(mine), EdgeColumn::Path(theirs)) => mine.push(Arc::clone(&theirs[row])),
                _ => {}
            }
        }
    }

    /// Drops the rows that are not kept.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        if keep.iter().all(|keep| *keep) {
            return;
        }
        retain(&mut self.origin, keep);
        for column in &mut self.nodes {
            retain(column, keep);
        }
        for column in &mut self.edges {
            match column {
                EdgeColumn::Unbound => {}
                EdgeColumn::Edge(edges) => retain(edges, keep),
                EdgeColumn::Path(paths) => retain(paths, keep),
            }
        }
    }

    /// Drops the rows behind the first `len`.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len() {
            return;
        }
        self.origin.truncate(len);
        for column in &mut self.nodes {
            column.truncate(len);
        }
        for column in &mut self.edges {
            match column {
                EdgeColumn::Unbound => {}
                EdgeColumn::Edge(edges) => edges.truncate(len),
                EdgeColumn::Path(paths) => paths.truncate(len),
            }
        }
    }

    /// Calls `each` with every edge of a row.
    pub(super) fn each_edge(&self, row: usize, mut each: impl FnMut(u32)) {
        for column in &self.edges {
            match column {
                EdgeColumn::Edge(edges) if row < edges.len() => each(edges[row]),
                EdgeColumn::Path(paths) if row < paths.len() => paths[row].edges.iter().for_each(|edge| each(*edge)),
                _ => {}
            }
        }
    }

    /// Calls `each` with every node of a row but those of some places of the pattern, those inside paths too.
    pub(super) fn each_node_but(&self, but: &[usize], row: usize, mut each: impl FnMut(u32)) {
        for (n, column) in self.nodes.iter().enumerate() {
            if let Some(node) = column.get(row).filter(|_| !but.contains(&n)) {
                each(*node);
            }
        }
        for column in &self.edges {
            if let EdgeColumn::Path(paths) = column
                && let Some(path) = paths.get(row)
            {
                path.inner_nodes().iter().for_each(|node| each(*node));
            }
        }
    }
}

/// Keeps what is marked; a column of something not known yet is empty.
fn retain<T>(column: &mut Vec<T>, keep: &[bool]) {
    let mut row = 0;
    column.retain(|_| {
        row += 1;
        keep[row - 1]
    });
}

//! A query whose names are places in rows and whose patterns are searches.

use crate::query::kql::graph::Pattern;

use super::aggregates::Aggregate;
use super::tree::{Expr, ExprKind, Selector, Slot, Union};

/// A whole query.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) parts: Vec<(Union, Vec<Step>)>,
    /// Names of the columns of the answer.
    pub(super) columns: Vec<String>,
}

/// What a clause does with rows.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Match(MatchPlan),
    /// The list, and the number of the first place if places are asked for.
    Unwind(Expr, Option<i64>),
    Filter(Expr),
    /// Adds a value to each row.
    Add(Expr),
    Project(Box<ProjectPlan>),
}

/// A query inside an expression.
#[derive(Clone, Debug)]
pub(super) struct SubPlan {
    /// Values of the row around it.
    pub(super) outer: usize,
    /// The places of surrounding lists whose values follow those of the row.
    pub(super) locals: Vec<usize>,
    pub(super) steps: Vec<Step>,
}

/// Searches one behind the other.
#[derive(Clone, Debug)]
pub(super) struct MatchPlan {
    pub(super) optional: bool,
    /// Values of a row before it.
    pub(super) outer: usize,
    /// Values of a row behind it.
    pub(super) width: usize,
    pub(super) searches: Vec<Search>,
}

/// One search for a pattern.
#[derive(Clone, Debug)]
pub(super) struct Search {
    pub(super) selector: Selector,
    /// The pattern with labels; tests and conditions are put in when it runs.
    pub(super) pattern: Pattern,
    /// Where the row holds each node, if it has a name.
    pub(super) nodes: Vec<Option<Slot>>,
    /// Whether the node is known before.
    pub(super) known: Vec<bool>,
    /// Where the row holds each edge, if it has a name.
    pub(super) edges: Vec<Option<usize>>,
    /// Where the row holds a path, with its nodes and edges.
    pub(super) paths: Vec<(usize, Vec<usize>, Vec<usize>)>,
    pub(super) node_tests: Vec<Vec<Test>>,
    pub(super) edge_tests: Vec<Vec<Test>>,
    pub(super) inner_tests: Vec<Vec<Test>>,
    /// What reads several of them, or a whole path.
    pub(super) conditions: Vec<Needs>,
}

/// What must hold of one element: an expression, and where it finds the element.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) condition: Expr,
    pub(super) slot: Slot,
    /// Whether the condition must not hold.
    pub(super) negated: bool,
}

/// A condition with the nodes and edges of the pattern that it reads.
#[derive(Clone, Debug)]
pub(super) struct Needs {
    pub(super) condition: Expr,
    pub(super) nodes: Vec<usize>,
    pub(super) edges: Vec<usize>,
}

/// Columns, groups, order.
#[derive(Clone, Debug)]
pub(super) struct ProjectPlan {
    pub(super) distinct: bool,
    pub(super) items: Vec<Expr>,
    pub(super) aggregates: Vec<Aggregate>,
    /// The items that make the groups.
    pub(super) groups: Vec<usize>,
    /// Keys over the row before and the columns behind it, and whether each runs downwards.
    pub(super) order: Vec<(Expr, bool)>,
    pub(super) skip: Option<Expr>,
    pub(super) limit: Option<Expr>,
    /// What must hold of the columns.
    pub(super) condition: Option<Expr>,
}

impl MatchPlan {
    /// The places of the row around it that it reads: those that its searches know beforehand, and those of its conditions.
    pub(super) fn reads(&self) -> Vec<usize> {
        let mut found = self.reads_all();
        found.retain(|slot| *slot < self.outer);
        found
    }

    fn reads_all(&self) -> Vec<usize> {
        let mut found = Vec::new();
        let mut open: Vec<&Expr> = Vec::new();
        for search in &self.searches {
            for slot in search.nodes.iter().zip(&search.known).filter(|(_, known)| **known).map(|(slot, _)| slot) {
                if let Some(Slot::Row(slot)) = slot {
                    found.push(*slot);
                }
            }
            let tests = search.node_tests.iter().chain(&search.edge_tests).chain(&search.inner_tests).flatten();
            open.extend(tests.map(|test| &test.condition).chain(search.conditions.iter().map(|needs| &needs.condition)));
        }
        found.extend(reads_of(open));
        found
    }
}

/// The places of the row that expressions read.
pub(super) fn reads_of(mut open: Vec<&Expr>) -> Vec<usize> {
    let mut found = Vec::new();
    while let Some(one) = open.pop() {
        match &one.kind {
            ExprKind::Variable(_, Slot::Row(slot)) => found.push(*slot),
            ExprKind::Found(plan) => found.extend(plan.reads()),
            ExprKind::Answered(_, plan) => found.extend(plan.reads()),
            kind => kind.each_child(&mut |child| open.push(child)),
        }
    }
    found
}

impl SubPlan {
    /// The places of the row around it that it may read: those of all its steps, also where these see other rows.
    pub(super) fn reads(&self) -> Vec<usize> {
        let mut found = Vec::new();
        for step in &self.steps {
            match step {
                Step::Match(plan) => found.extend(plan.reads_all()),
                Step::Unwind(value, _) | Step::Filter(value) | Step::Add(value) => found.extend(reads_of(vec![value])),
                Step::Project(plan) => {
                    let aggregated = plan.aggregates.iter().flat_map(|aggregate| &aggregate.arguments);
                    let keys = plan.order.iter().map(|(key, _)| key);
                    found.extend(reads_of(plan.items.iter().chain(aggregated).chain(keys).chain(&plan.condition).collect()));
                }
            }
        }
        found.retain(|slot| *slot < self.outer);
        found
    }
}

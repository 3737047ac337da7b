//! A relation on its way to a plan: rows, the value of each column over them, and the order that they are meant to have.
//!
//! Columns are expressions over the columns of the plan, so that the forms of stored values are converted only where somebody looks, and a
//! filter still sees the stored column. The order is kept as sort keys and applied where it shows: at `take`, at windows, at the end.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, Sort, SortExpr, lit};

use super::convert;

/// Rows with the values of columns.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    /// Where the rows come from.
    pub(super) plan: LogicalPlan,
    /// The value of each column; none where nobody asked.
    pub(super) columns: Vec<Option<Expr>>,
    /// The order of the rows, over columns of the plan; empty if they have none.
    pub(super) order: Vec<SortExpr>,
    /// What parts the rows inside of `mv-apply` and `partition`.
    pub(super) part: Option<Part>,
}

/// The parts of rows that are worked on one by one.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The column of the plan whose values tell the parts from each other; never null.
    pub(super) id: Column,
    /// Columns of the plan that are the same in all rows of a part.
    pub(super) carried: Vec<Column>,
    /// How many of the first sort keys order the parts themselves.
    pub(super) outer: usize,
}

/// Which columns somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needed(Vec<bool>);

impl Needed {
    /// None of so many columns.
    pub(super) fn none(columns: usize) -> Self {
        Self(vec![false; columns])
    }

    /// All of them.
    pub(super) fn all(columns: usize) -> Self {
        Self(vec![true; columns])
    }

    /// Asks for one more; a place that is not there is passed over.
    pub(super) fn add(&mut self, column: usize) {
        if let Some(place) = self.0.get_mut(column) {
            *place = true;
        }
    }

    /// Whether a column is asked for.
    pub(super) fn has(&self, column: usize) -> bool {
        self.0.get(column).copied().unwrap_or(false)
    }

    /// The places of those that are asked for.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().filter(|(_, needed)| **needed).map(|(place, _)| place)
    }
}

impl Flow {
    /// Rows without order and parts.
    pub(super) fn new(plan: LogicalPlan, columns: Vec<Option<Expr>>) -> Self {
        Self { plan, columns, order: Vec::new(), part: None }
    }

    /// Columns of the plan that must not be lost: those of the order and of the parts.
    fn hidden(&self) -> Vec<Column> {
        let mut seen = HashSet::new();
        let mut hidden = Vec::new();
        let ordering = self.order.iter().flat_map(|key| columns_of(&key.expr));
        let parts = self.part.iter().flat_map(|part| part.carried.iter().chain([&part.id]).cloned());
        for column in ordering.chain(parts) {
            if seen.insert(column.clone()) {
                hidden.push(column);
            }
        }
        hidden
    }

    /// The rows with computed columns beside what `kept` values, order and parts read.
    pub(super) fn computing(mut self, computed: Vec<(String, Expr)>, kept: &[Option<Expr>]) -> Result<Self> {
        let mut seen = HashSet::new();
        let mut expressions = Vec::new();
        for column in self.hidden().into_iter().chain(kept.iter().flatten().flat_map(columns_of)) {
            if seen.insert(column.clone()) {
                expressions.push(Expr::Column(column));
            }
        }
        expressions.extend(computed.into_iter().map(|(name, value)| value.alias(name)));
        self.plan = project(self.plan, expressions)?;
        Ok(self)
    }

    /// The rows with these columns, some of which are computed once, under the names by which the columns read them.
    pub(super) fn with_columns(self, columns: Vec<Option<Expr>>, computed: Vec<(String, Expr)>) -> Result<Self> {
        if computed.is_empty() {
            return Ok(Self { columns, ..self });
        }
        let kept: Vec<Option<Expr>> = {
            let names: HashSet<&str> = computed.iter().map(|(name, _)| name.as_str()).collect();
            let is_computed = |value: &Option<Expr>| match value {
                Some(Expr::Column(column)) => column.relation.is_none() && names.contains(column.name.as_str()),
                _ => false,
            };
            columns.iter().filter(|value| !is_computed(value)).cloned().collect()
        };
        let flow = self.computing(computed, &kept)?;
        Ok(Self { columns, ..flow })
    }

    /// The rows with sort keys applied, at most so many of them.
    pub(super) fn sorted(mut self, fetch: Option<usize>) -> Result<Self> {
        if !self.order.is_empty() {
            self.plan = LogicalPlan::Sort(Sort { expr: self.order.clone(), input: Arc::new(self.plan), fetch });
        }
        Ok(self)
    }
}

/// A projection of a plan; one without columns keeps a constant, since rows without columns cannot be passed through all nodes.
pub(super) fn project(plan: LogicalPlan, mut expressions: Vec<Expr>) -> Result<LogicalPlan> {
    if expressions.is_empty() {
        expressions.push(lit(true).alias("row"));
    }
    Ok(LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(plan))?))
}

/// The columns of the plan that an expression reads, each as often as it stands there.
pub(super) fn columns_of(expression: &Expr) -> Vec<Column> {
    let mut columns = Vec::new();
    if let Expr::Column(column) = expression {
        columns.push(column.clone());
        return columns;
    }
    let walked = expression.apply(|node| {
        if let Expr::Column(column) = node {
            columns.push(column.clone());
        }
        Ok(TreeNodeRecursion::Continue)
    });
    debug_assert!(walked.is_ok(), "the visitor never fails");
    columns
}

/// Whether computing an expression again costs nothing worth a column of its own.
pub(super) fn is_cheap(expression: &Expr) -> bool {
    match expression {
        Expr::Column(_) | Expr::Literal(..) => true,
        Expr::ScalarFunction(call) => convert::is_conversion(call.func.name()) && call.args.iter().all(is_cheap),
        _ => false,
    }
}

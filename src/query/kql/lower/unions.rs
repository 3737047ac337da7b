//! `union`, and results with many columns: what most rows lack is no expression of a plan.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::common::DFSchema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Union, lit};

use super::super::bound::{self, Relation, RelationKind, UnionInput};
use super::super::tree::{JoinKind, ScalarType};
use super::super::types::arrow_type;
use super::error::LowerError;
use super::expressions::mark;
use super::flow::{Flow, Needed, project};
use super::wide::{self, Cells, WideInput};
use super::{Lowering, constant, named, walk};

/// Cells without a column of their table from which on a union stays narrow below; fewer are cheaper as expressions, which the optimizer sees through.
const ABSENT_MIN: usize = 64;

/// A table of a union on its way to a plan.
struct Branch {
    flow: Flow,
    /// The columns of the union that it has, with their places among those asked for.
    values: Vec<(usize, Expr)>,
    /// The place of a row in the order of the table.
    number: Option<Expr>,
}

impl Lowering<'_> {
    /// The rows of all tables.
    pub(super) fn union(&mut self, relation: &Relation, inputs: &[UnionInput], needed: &Needed) -> Result<Flow, LowerError> {
        let asked: Vec<usize> = needed.places().collect();
        let mut branches = Vec::new();
        for input in inputs {
            if !self.is_empty(&input.relation) {
                branches.push(self.branch(relation, input, &asked)?);
            }
        }
        if branches.is_empty() {
            return self.empty(relation);
        }
        let mut columns: Vec<Option<Expr>> = vec![None; relation.columns.len()];
        // What no table has is the same in all rows.
        let mut filled = vec![false; asked.len()];
        branches.iter().flat_map(|branch| &branch.values).for_each(|(place, _)| filled[*place] = true);
        let null = |place: usize| constant::null(relation.columns[asked[place]].kind);
        let mut shown = Vec::new();
        for (place, filled) in filled.iter().enumerate() {
            columns[asked[place]] = Some(if *filled {
                let name = self.name(&relation.columns[asked[place]].name);
                shown.push((place, name.clone()));
                named(&name)
            } else {
                Expr::Literal(null(place), None)
            });
        }
        let ordered = branches.iter().all(|branch| branch.number.is_some());
        let order = ordered.then(|| (self.name("branch"), self.name("row")));
        let absent: usize = branches.iter().map(|branch| shown.len() - branch.values.len()).sum();
        let narrow = absent >= ABSENT_MIN;

        let mut plans = Vec::new();
        let mut cells = Vec::new();
        for (number, branch) in branches.into_iter().enumerate() {
            let own: HashMap<usize, Expr> = branch.values.into_iter().collect();
            let (mut expressions, mut placed) = (Vec::new(), Vec::new());
            for (place, name) in &shown {
                match own.get(place) {
                    Some(Expr::Literal(value, _)) if narrow => placed.push(Cells::Same(value.clone())),
                    None if narrow => placed.push(Cells::Same(null(*place))),
                    value => {
                        placed.push(Cells::Column(expressions.len()));
                        expressions.push(value.cloned().unwrap_or_else(|| Expr::Literal(null(*place), None)).alias(name));
                    }
                }
            }
            if let (Some((branch_name, row_name)), Some(row)) = (&order, branch.number) {
                for (value, name) in [(lit(number as i64), branch_name), (row, row_name)] {
                    placed.push(Cells::Column(expressions.len()));
                    expressions.push(value.alias(name));
                }
            }
            plans.push(project(branch.flow.plan, expressions)?);
            cells.push(placed);
        }
        let plan = if narrow {
            let rows = order.iter().flat_map(|(branch, row)| [branch, row]).map(|name| (name, ScalarType::Long));
            let fields = shown.iter().map(|(place, name)| (name, relation.columns[asked[*place]].kind)).chain(rows);
            let fields: Vec<Field> = fields.map(|(name, kind)| Field::new(name, arrow_type(kind), true)).collect();
            let inputs = plans.into_iter().zip(cells).map(|(plan, cells)| WideInput { plan, cells }).collect();
            wide::plan(inputs, Arc::new(DFSchema::try_from(Schema::new(fields))?))
        } else if plans.len() == 1 {
            plans.swap_remove(0)
        } else {
            LogicalPlan::Union(Union::try_new(plans.into_iter().map(Arc::new).collect())?)
        };
        let mut flow = Flow::new(plan, columns);
        if let Some((branch, row)) = order {
            flow.order = vec![named(&branch).sort(true, false), named(&row).sort(true, false)];
        }
        Ok(flow)
    }

    fn branch(&mut self, relation: &Relation, input: &UnionInput, asked: &[usize]) -> Result<Branch, LowerError> {
        let mut wanted = Needed::none(input.relation.columns.len());
        asked.iter().filter_map(|place| input.expression(*place)).for_each(|expression| mark(expression, &mut wanted));
        let flow = self.relation(&input.relation, &wanted)?;
        if flow.part.is_some() {
            return Err(LowerError::unsupported("`union` inside of `mv-apply` or `partition`", relation.place));
        }
        self.reading(&input.relation);
        let mut values = Vec::new();
        for (place, column) in asked.iter().enumerate() {
            if let Some(value) = input.expression(*column) {
                values.push((place, self.value(value, &flow.columns)?));
            }
        }
        let (flow, number) = self.place_in_order(flow)?;
        Ok(Branch { flow, values, number })
    }

    /// Whether a relation has no row for certain, since a stored table has none.
    fn is_empty(&self, relation: &Relation) -> bool {
        match &relation.kind {
            RelationKind::Empty => true,
            RelationKind::Table { table } => self.environment.tables.is_empty(table),
            RelationKind::Filter { input, .. }
            | RelationKind::Project { input, .. }
            | RelationKind::Sort { input, .. }
            | RelationKind::Serialize(input)
            | RelationKind::Distinct(input) => self.is_empty(input),
            RelationKind::Summarize { input, groups, .. } => !groups.is_empty() && self.is_empty(input),
            RelationKind::Join(join) => join.kind == JoinKind::Inner && (self.is_empty(&join.left) || self.is_empty(&join.right)),
            RelationKind::Union { inputs } => inputs.iter().all(|input| self.is_empty(&input.relation)),
            _ => false,
        }
    }

    /// The flow of a search in each table of a union by itself, so that only its own columns are looked at.
    pub(super) fn searched(
        &mut self,
        union: &Relation,
        inputs: &[UnionInput],
        condition: &bound::Expr,
        needed: &Needed,
    ) -> Result<Flow, LowerError> {
        let full: Vec<&UnionInput> = inputs.iter().filter(|input| !self.is_empty(&input.relation)).collect();
        let searched = |table: &UnionInput| {
            let condition = within(condition, table, union);
            let kind = RelationKind::Filter { input: Arc::clone(&table.relation), condition };
            let relation = Arc::new(Relation { kind, ..(*table.relation).clone() });
            UnionInput { relation, expressions: table.expressions.clone() }
        };
        let inputs: Vec<UnionInput> = full.into_iter().map(searched).collect();
        self.union(union, &inputs, needed)
    }
}

/// The named values over a plan, as its last columns.
///
/// Many columns that are the same in all rows, or that the plan has already, are no projection: that would be looked at column by column.
pub(super) fn result(plan: LogicalPlan, values: Vec<(String, Expr)>) -> Result<LogicalPlan, LowerError> {
    if values.len() < ABSENT_MIN {
        return Ok(project(plan, values.into_iter().map(|(name, value)| value.alias(name)).collect())?);
    }
    let present: HashMap<String, usize> =
        plan.schema().columns().into_iter().enumerate().map(|(place, column)| (column.flat_name(), place)).collect();
    let mut fields = Vec::with_capacity(values.len());
    let mut cells = Vec::with_capacity(values.len());
    for (name, value) in &values {
        cells.push(match value {
            Expr::Literal(value, _) => Cells::Same(value.clone()),
            Expr::Column(column) => match present.get(&column.flat_name()) {
                Some(place) => Cells::Column(*place),
                None => break,
            },
            _ => break,
        });
        fields.push(Field::new(name, value.get_type(plan.schema())?, true));
    }
    if cells.len() == values.len() {
        return Ok(wide::plan(vec![WideInput { plan, cells }], Arc::new(DFSchema::try_from(Schema::new(fields))?)));
    }
    let same = values.iter().filter(|(_, value)| matches!(value, Expr::Literal(..))).count();
    if same < ABSENT_MIN {
        return Ok(project(plan, values.into_iter().map(|(name, value)| value.alias(name)).collect())?);
    }
    let (mut cells, mut computed, mut fields) = (Vec::new(), Vec::new(), Vec::new());
    for (name, value) in values {
        fields.push(Field::new(&name, value.get_type(plan.schema())?, true));
        cells.push(match value {
            Expr::Literal(value, _) => Cells::Same(value),
            value => {
                computed.push(value.alias(name));
                Cells::Column(computed.len() - 1)
            }
        });
    }
    let plan = project(plan, computed)?;
    Ok(wide::plan(vec![WideInput { plan, cells }], Arc::new(DFSchema::try_from(Schema::new(fields))?)))
}

/// Whether a condition looks at many columns for a text.
pub(super) fn is_search(condition: &bound::Expr) -> bool {
    let mut found = false;
    walk::expressions(condition, &mut |node| found |= matches!(node.kind, bound::ExprKind::Search { .. }));
    found
}

/// A condition over a union as one over the rows of one of its tables.
fn within(condition: &bound::Expr, table: &UnionInput, union: &Relation) -> bound::Expr {
    let mut condition = condition.clone();
    put_within(&mut condition, table, union);
    condition
}

fn put_within(expression: &mut bound::Expr, table: &UnionInput, union: &Relation) {
    match &mut expression.kind {
        bound::ExprKind::Column(column) => {
            let absent = || match union.columns.get(*column).map(|column| column.kind) {
                Some(ScalarType::String) => bound::Constant::text(""),
                _ => bound::Constant::Null,
            };
            expression.kind = table.expression(*column).map_or_else(|| bound::ExprKind::Literal(absent()), |value| value.kind.clone());
            return;
        }
        bound::ExprKind::Search { columns, .. } => {
            let own = columns.iter().filter_map(|column| match table.expression(*column)?.kind {
                bound::ExprKind::Column(own) => Some(own),
                _ => None,
            });
            *columns = own.collect();
        }
        _ => {}
    }
    walk::children_mut(expression).into_iter().for_each(|inner| put_within(inner, table, union));
}

//! `join` and `lookup`.

use datafusion::common::{Column, JoinType, NullEquality};
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, LogicalPlanBuilder, Operator, SortExpr, binary_expr, lit};

use super::super::bound::{Join, Relation, Side};
use super::super::tree::{JoinKind, ScalarType};
use super::error::LowerError;
use super::expressions::mark;
use super::flow::{Flow, Needed};
use super::{Lowering, convert, named};

/// A side of a join with its keys as columns of the plan.
struct Keyed {
    flow: Flow,
    keys: Vec<Column>,
}

impl Lowering<'_> {
    /// Pairs of rows.
    pub(super) fn join(&mut self, relation: &Relation, join: &Join, needed: &Needed) -> Result<Flow, LowerError> {
        let (mut left_needed, mut right_needed) = (Needed::none(join.left.columns.len()), Needed::none(join.right.columns.len()));
        for place in needed.places() {
            let Some(output) = join.output.get(place) else { continue };
            match output.side {
                Side::Left => left_needed.add(output.column),
                Side::Right => right_needed.add(output.column),
            }
        }
        if let Some(condition) = &join.condition {
            let lefts = join.left.columns.len();
            let mut both = Needed::none(lefts + join.right.columns.len());
            mark(condition, &mut both);
            both.places().for_each(|place| if place < lefts { left_needed.add(place) } else { right_needed.add(place - lefts) });
        }
        for (left, right) in &join.keys {
            mark(left, &mut left_needed);
            mark(right, &mut right_needed);
        }
        let (left_keys, right_keys): (Vec<_>, Vec<_>) = join.keys.iter().map(|(left, right)| (left, right)).unzip();
        let lonely_left = matches!(join.kind, JoinKind::LeftOuter | JoinKind::FullOuter);
        let lonely_right = matches!(join.kind, JoinKind::RightOuter | JoinKind::FullOuter);
        let mut left = self.keyed(&join.left, &left_keys, &left_needed, lonely_right)?;
        let right = self.keyed(&join.right, &right_keys, &right_needed, lonely_left)?;
        if right.flow.part.is_some() {
            return Err(LowerError::unsupported("the rows of a part as the right side of a join", relation.place));
        }
        if left.flow.part.is_some() && (lonely_right || matches!(join.kind, JoinKind::RightSemi | JoinKind::RightAnti)) {
            return Err(LowerError::unsupported("a join of a part that keeps rows of the right side", relation.place));
        }
        if join.kind == JoinKind::InnerUnique && !left.keys.is_empty() {
            left.flow = self.first_of_each(left.flow, &left.keys)?;
        }
        self.joined(relation, join, left, right)
    }

    /// A side with its keys computed; if it may be missing in a pair, nothing of it is constant.
    fn keyed(
        &mut self,
        side: &Relation,
        keys: &[&super::super::bound::Expr],
        needed: &Needed,
        may_be_missing: bool,
    ) -> Result<Keyed, LowerError> {
        let mut flow = self.relation(side, needed)?;
        self.reading(side);
        let mut computed = Vec::new();
        let mut columns = Vec::new();
        for key in keys {
            match self.value(key, &flow.columns)? {
                Expr::Column(column) => columns.push(column),
                value => {
                    let name = self.name("key");
                    columns.push(Column::new_unqualified(&name));
                    computed.push((name, value));
                }
            }
        }
        if may_be_missing {
            for value in flow.columns.iter_mut().flatten().filter(|value| matches!(value, Expr::Literal(..))) {
                let name = self.name("constant");
                let column = named(&name);
                computed.push((name, std::mem::replace(value, column)));
            }
        }
        if computed.is_empty() {
            return Ok(Keyed { flow, keys: columns });
        }
        let mut kept: Vec<Option<Expr>> = flow.columns.clone();
        kept.retain(|value| !value.as_ref().is_some_and(|value| computed.iter().any(|(name, _)| *value == named(name))));
        kept.extend(
            columns
                .iter()
                .filter(|column| !computed.iter().any(|(name, _)| column.name == *name))
                .map(|column| Some(Expr::Column(column.clone()))),
        );
        let columns_before = flow.columns.clone();
        let flow = flow.computing(computed, &kept)?;
        Ok(Keyed { flow: Flow { columns: columns_before, ..flow }, keys: columns })
    }

    /// The first row of each key in the order of the rows.
    fn first_of_each(&mut self, flow: Flow, keys: &[Column]) -> Result<Flow, LowerError> {
        let mut by: Vec<Expr> = keys.iter().cloned().map(Expr::Column).collect();
        by.extend(flow.part.iter().map(|part| Expr::Column(part.id.clone())));
        let order = flow.order.clone();
        let (mut flow, number) = self.row_number(flow, by, order)?;
        let first = binary_expr(number, Operator::Eq, lit(1_u64));
        flow.plan = LogicalPlan::Filter(Filter::try_new(first, std::sync::Arc::new(flow.plan))?);
        Ok(flow)
    }

    fn joined(&mut self, relation: &Relation, join: &Join, left: Keyed, right: Keyed) -> Result<Flow, LowerError> {
        let kind = match join.kind {
            JoinKind::InnerUnique | JoinKind::Inner => JoinType::Inner,
            JoinKind::LeftOuter => JoinType::Left,
            JoinKind::RightOuter => JoinType::Right,
            JoinKind::FullOuter => JoinType::Full,
            JoinKind::LeftAnti => JoinType::LeftAnti,
            JoinKind::RightAnti => JoinType::RightAnti,
            JoinKind::LeftSemi => JoinType::LeftSemi,
            JoinKind::RightSemi => JoinType::RightSemi,
        };
        let filter = match &join.condition {
            Some(condition) => {
                self.reading(&join.left);
                self.kinds.extend(join.right.columns.iter().map(|column| column.kind));
                let both: Vec<Option<Expr>> = left.flow.columns.iter().chain(&right.flow.columns).cloned().collect();
                Some(self.condition(condition, &both)?)
            }
            None => None,
        };
        let order = joined_order(kind, &left.flow, &right.flow);
        let builder = LogicalPlanBuilder::from(left.flow.plan);
        let plan = if left.keys.is_empty() {
            builder.join_on(right.flow.plan, kind, filter.or_else(|| Some(lit(true))))?
        } else {
            builder.join_detailed(right.flow.plan, kind, (left.keys, right.keys), filter, NullEquality::NullEqualsNull)?
        };
        let value = |side: Side, place: usize| {
            let (columns, missing) = match side {
                Side::Left => (&left.flow.columns, matches!(kind, JoinType::Right | JoinType::Full)),
                Side::Right => (&right.flow.columns, matches!(kind, JoinType::Left | JoinType::Full)),
            };
            columns.get(place).cloned().flatten().map(|value| (value, missing))
        };
        let columns = relation.columns.iter().zip(&join.output).map(|(column, output)| {
            let (value, missing) = value(output.side, output.column)?;
            // A text that is missing is empty.
            let bare = missing && column.kind == ScalarType::String && convert::stored(&value).is_none();
            Some(if bare { convert::text(value) } else { value })
        });
        Ok(Flow { plan: plan.build()?, columns: columns.collect(), order, part: left.flow.part })
    }
}

/// Pairs stand in the order of the left rows, then of the right ones, where these are rows in memory; a sort does not outlive a join.
fn joined_order(kind: JoinType, left: &Flow, right: &Flow) -> Vec<SortExpr> {
    let own = |flow: &Flow| -> Option<Vec<SortExpr>> {
        let numbered = |key: &SortExpr| matches!(&key.expr, Expr::Column(column) if is_numbering(column));
        (!flow.order.is_empty() && flow.order.iter().all(numbered)).then(|| flow.order.clone())
    };
    let order = match kind {
        JoinType::LeftSemi | JoinType::LeftAnti => own(left),
        JoinType::RightSemi | JoinType::RightAnti => own(right),
        _ => own(left).zip(own(right)).map(|(left, right)| left.into_iter().chain(right).collect()),
    };
    order.unwrap_or_default()
}

fn is_numbering(column: &Column) -> bool {
    ["row#", "branch#", "index#"].iter().any(|prefix| column.name.starts_with(prefix))
}

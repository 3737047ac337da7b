//! Relations by kind: what each makes of the flow of its input.

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, Filter, LogicalPlan, LogicalPlanBuilder, Operator, SortExpr, WindowFrame, WindowFunctionDefinition, binary_expr, lit,
};

use super::super::bound::{self, Relation, RelationKind, SortKey};
use super::super::tree::{Direction, ScalarType};
use super::error::LowerError;
use super::expressions::{mark, text_of};
use super::flow::{Flow, Needed, is_cheap};
use super::unions::is_search;
use super::{Lowering, constant, convert, named, windows};

impl Lowering<'_> {
    /// The flow of a relation with the columns that are asked for.
    pub(super) fn relation(&mut self, relation: &Relation, needed: &Needed) -> Result<Flow, LowerError> {
        match &relation.kind {
            RelationKind::Table { table } => match self.environment.tables.table(table) {
                Some(provider) => self.table(relation, provider, needed),
                None => self.empty(relation),
            },
            RelationKind::Watchlist { name } => match self.environment.tables.watchlist(name) {
                Some(provider) => self.table(relation, provider, needed),
                None => self.empty(relation),
            },
            RelationKind::ExternalData { sources, format, properties } => {
                let columns: Vec<_> = relation.columns.iter().map(|column| (column.name.clone(), column.kind)).collect();
                let provider = self.environment.tables.external(sources, *format, properties, &columns)?;
                self.table(relation, provider, needed)
            }
            RelationKind::TableFunction { name, input, arguments } => {
                self.table_function(relation, name, input.as_deref(), arguments, needed)
            }
            RelationKind::Empty => self.empty(relation),
            RelationKind::OneRow => Ok(self.one_row()),
            RelationKind::DataTable { rows } => self.data_table(relation, rows, needed),
            RelationKind::Range { from, to, step } => self.range(relation, [from, to, step], needed),
            RelationKind::Placeholder(number) => match self.placeholders.get(number) {
                Some(flow) => Ok(flow.clone()),
                None => Err(LowerError::unsupported("a table that reads the row of another", relation.place)),
            },
            RelationKind::Filter { input, condition } => self.filter(input, condition, needed),
            RelationKind::Project { input, expressions } => self.project(relation, input, expressions, needed),
            RelationKind::Sort { input, keys } => self.sort(input, keys, needed),
            RelationKind::Serialize(input) => self.relation(input, needed),
            RelationKind::Take { input, count } | RelationKind::Sample { input, count } => {
                let count = self.count(count)?;
                let flow = self.relation(input, needed)?;
                self.first(flow, count)
            }
            RelationKind::Top { input, count, key } => {
                let count = self.count(count)?;
                let flow = self.sort(input, std::slice::from_ref(key), needed)?;
                self.first(flow, count)
            }
            RelationKind::Summarize { input, groups, aggregates } => self.summarize(relation, input, groups, aggregates, needed),
            RelationKind::Count(input) => self.count_rows(relation, input),
            RelationKind::Distinct(input) => self.distinct(relation, input),
            RelationKind::SampleDistinct { input, count, value } => {
                let count = self.count(count)?;
                let flow = self.distinct_value(relation, input, value)?;
                self.first(flow, count)
            }
            RelationKind::Join(join) => self.join(relation, join, needed),
            RelationKind::Union { inputs } => self.union(relation, inputs, needed),
            RelationKind::MvExpand(expand) => self.mv_expand(relation, expand, needed),
            RelationKind::MvApply(apply) => self.mv_apply(relation, apply, needed),
            RelationKind::Partition { input, key, placeholder, body } => self.partition(input, key, *placeholder, body, needed),
            RelationKind::Materialize { id, input } => match self.environment.values.rows(*id) {
                Some(batches) => {
                    let batches = batches.clone();
                    self.kept(input, &batches, needed)
                }
                None => self.relation(input, needed),
            },
            RelationKind::TopHitters(_)
            | RelationKind::TopNested { .. }
            | RelationKind::Reduce { .. }
            | RelationKind::Parse(_)
            | RelationKind::ParseKv { .. }
            | RelationKind::MakeSeries { .. }
            | RelationKind::Scan(_)
            | RelationKind::Evaluate(_) => self.operator(relation, needed),
            RelationKind::PartitionGraph { .. }
            | RelationKind::GraphMatch { .. }
            | RelationKind::GraphShortestPaths { .. }
            | RelationKind::GraphNodes { .. }
            | RelationKind::GraphEdges { .. } => self.graph_operator(relation, needed),
        }
    }

    fn filter(&mut self, input: &Relation, condition: &bound::Expr, needed: &Needed) -> Result<Flow, LowerError> {
        if let RelationKind::Union { inputs } = &input.kind
            && inputs.len() > 1
            && is_search(condition)
        {
            return self.searched(input, inputs, condition, needed);
        }
        let mut wanted = needed.clone();
        mark(condition, &mut wanted);
        let flow = self.relation(input, &wanted)?;
        self.reading(input);
        let (mut flow, mut rewritten) = self.windows(flow, &[(0, condition)])?;
        let condition = match rewritten.pop().flatten() {
            Some(condition) => condition,
            None => self.condition(condition, &flow.columns)?,
        };
        flow.plan = LogicalPlan::Filter(Filter::try_new(condition, Arc::new(flow.plan))?);
        Ok(flow)
    }

    fn project(&mut self, relation: &Relation, input: &Relation, expressions: &[bound::Expr], needed: &Needed) -> Result<Flow, LowerError> {
        let mut wanted = Needed::none(input.columns.len());
        let asked: Vec<(usize, &bound::Expr)> = needed.places().filter_map(|place| Some((place, expressions.get(place)?))).collect();
        asked.iter().for_each(|(_, expression)| mark(expression, &mut wanted));
        let flow = self.relation(input, &wanted)?;
        self.reading(input);
        let (flow, rewritten) = self.windows(flow, &asked)?;
        let mut columns = vec![None; relation.columns.len()];
        let mut computed = Vec::new();
        for ((place, expression), window) in asked.iter().zip(rewritten) {
            let value = match window {
                Some(value) => value,
                None => self.value(expression, &flow.columns)?,
            };
            columns[*place] = Some(if is_cheap(&value) {
                value
            } else {
                let name = self.name(&relation.columns[*place].name);
                let column = named(&name);
                computed.push((name, value));
                column
            });
        }
        Ok(flow.with_columns(columns, computed)?)
    }

    /// Orders rows: the keys go before the order that is there, so that equal ones keep it.
    pub(super) fn sort(&mut self, input: &Relation, keys: &[SortKey], needed: &Needed) -> Result<Flow, LowerError> {
        let mut wanted = needed.clone();
        keys.iter().for_each(|key| mark(&key.value, &mut wanted));
        let flow = self.relation(input, &wanted)?;
        self.reading(input);
        let mut flow = flow;
        let mut order: Vec<SortExpr> = Vec::new();
        let mut computed = Vec::new();
        for key in keys {
            let value = self.value(&key.value, &flow.columns)?;
            for (value, ascending, nulls_first) in sort_values(value, key)? {
                let value = if is_cheap(&value) {
                    value
                } else {
                    let name = self.name("key");
                    let column = named(&name);
                    computed.push((name, value));
                    column
                };
                if !matches!(value, Expr::Literal(..)) {
                    order.push(value.sort(ascending, nulls_first));
                }
            }
        }
        if !computed.is_empty() {
            let kept = flow.columns.clone();
            flow = flow.computing(computed, &kept)?;
        }
        let outer = flow.part.as_ref().map_or(0, |part| part.outer);
        flow.order.splice(outer..outer, order);
        Ok(flow)
    }

    /// The first rows, of each part if there are parts.
    pub(super) fn first(&mut self, flow: Flow, count: usize) -> Result<Flow, LowerError> {
        let Some(part) = flow.part.clone() else {
            let mut flow = flow.sorted(Some(count))?;
            flow.plan = LogicalPlanBuilder::from(flow.plan).limit(0, Some(count))?.build()?;
            return Ok(flow);
        };
        let within = flow.order.get(part.outer..).unwrap_or_default().to_vec();
        let (mut flow, number) = self.row_number(flow, vec![Expr::Column(part.id)], within)?;
        let condition = binary_expr(number, Operator::LtEq, lit(count as u64));
        flow.plan = LogicalPlan::Filter(Filter::try_new(condition, Arc::new(flow.plan))?);
        Ok(flow)
    }

    /// The number of each row in an order, from 1 on, as a column of the plan.
    pub(super) fn row_number(
        &mut self,
        mut flow: Flow,
        partition_by: Vec<Expr>,
        order_by: Vec<SortExpr>,
    ) -> Result<(Flow, Expr), LowerError> {
        let params = WindowFunctionParams {
            args: Vec::new(),
            partition_by,
            window_frame: WindowFrame::new(Some(true).filter(|_| !order_by.is_empty())),
            order_by,
            filter: None,
            null_treatment: None,
            distinct: false,
        };
        let name = self.name("number");
        let function = WindowFunction { fun: WindowFunctionDefinition::WindowUDF(row_number_udwf()), params };
        flow.plan = LogicalPlanBuilder::from(flow.plan).window(vec![Expr::from(function).alias(&name)])?.build()?;
        Ok((flow, named(&name)))
    }

    /// The place of each row in the order of the flow as one `Int64` column of the plan; none if the flow has no order.
    pub(super) fn place_in_order(&mut self, flow: Flow) -> Result<(Flow, Option<Expr>), LowerError> {
        if flow.order.is_empty() {
            return Ok((flow, None));
        }
        if let [SortExpr { expr: Expr::Column(column), asc: true, .. }] = flow.order.as_slice()
            && is_number(column)
        {
            let place = Expr::Column(column.clone());
            return Ok((flow, Some(place)));
        }
        let order = flow.order.clone();
        let (flow, number) = self.row_number(flow, Vec::new(), order)?;
        let number = datafusion::logical_expr::cast(number, arrow::datatypes::DataType::Int64);
        Ok((flow, Some(number)))
    }

    /// The rows with one column for each that is asked for, under new names, and nothing else but order and parts.
    pub(super) fn plain(&mut self, mut flow: Flow) -> Result<Flow, LowerError> {
        let mut computed = Vec::new();
        let mut columns = vec![None; flow.columns.len()];
        for (place, value) in flow.columns.iter().enumerate() {
            let Some(value) = value else { continue };
            let name = self.name("column");
            columns[place] = Some(named(&name));
            computed.push((name, value.clone()));
        }
        flow = flow.computing(computed, &[])?;
        Ok(Flow { columns, ..flow })
    }

    fn table_function(
        &mut self,
        relation: &Relation,
        name: &str,
        input: Option<&Relation>,
        arguments: &[bound::Expr],
        needed: &Needed,
    ) -> Result<Flow, LowerError> {
        let mut values = Vec::new();
        for argument in arguments {
            values.push(constant::bound(&self.constant(argument)?, argument.ty));
        }
        if let Some(input) = input {
            let columns: Vec<_> = input.columns.iter().map(|column| (column.name.clone(), column.kind)).collect();
            let operator = self.environment.tables.operator(name, &values, &columns)?;
            return self.over_columns(relation, input, operator);
        }
        let provider = self.environment.tables.function(name, &values)?;
        self.table(relation, provider, needed)
    }
}

/// Whether a column holds numbers of rows.
fn is_number(column: &Column) -> bool {
    column.name.starts_with("row#")
}

/// The keys of a plan for one key of the language: its value, whether the smallest comes first, and whether null does.
fn sort_values(value: Expr, key: &SortKey) -> Result<Vec<(Expr, bool, bool)>, LowerError> {
    let ascending = match key.direction {
        Direction::Ascending => true,
        Direction::Descending => false,
        Direction::NaturalAscending | Direction::NaturalDescending => {
            return Err(LowerError::unsupported("`granny` order", key.value.place));
        }
    };
    Ok(match key.value.ty {
        // NaN stands with the nulls, between them and the numbers.
        ScalarType::Real => {
            let odd = windows::is_odd(value.clone());
            vec![(odd, !key.nulls_first, key.nulls_first), (value, ascending, key.nulls_first)]
        }
        // Stored instants have the order of their ticks, and files know their bounds.
        ScalarType::DateTime => vec![(convert::stored(&value).cloned().unwrap_or(value), ascending, key.nulls_first)],
        ScalarType::Dynamic => vec![(text_of(value, ScalarType::Dynamic), ascending, key.nulls_first)],
        _ => vec![(value, ascending, key.nulls_first)],
    })
}

//! `summarize`, `count`, `distinct`: groups and what is computed of them.

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::common::tree_node::TreeNode;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::functions_aggregate::count::count_all;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Aggregate as AggregateNode, Expr, LogicalPlan, lit};

use super::super::aggregates::{self, Call};
use super::super::bound::{self, Aggregate, Relation};
use super::super::functions;
use super::super::tree::ScalarType;
use super::error::LowerError;
use super::expressions::mark;
use super::flow::{Flow, Needed, Part, columns_of};
use super::{Lowering, named};

/// An aggregate as it stands in the plan: its column, and how its outputs are taken out of it.
struct Placed {
    column: String,
    is_struct: bool,
}

impl Lowering<'_> {
    /// `summarize`
    pub(super) fn summarize(
        &mut self,
        relation: &Relation,
        input: &Relation,
        groups: &[bound::Expr],
        calls: &[Aggregate],
        needed: &Needed,
    ) -> Result<Flow, LowerError> {
        let mut wanted = Needed::none(input.columns.len());
        groups.iter().for_each(|group| mark(group, &mut wanted));
        // An aggregate that nobody reads is not computed.
        let mut asked = Vec::new();
        let mut place = groups.len();
        for call in calls {
            let outputs = place..place + call.outputs.len();
            place = outputs.end;
            if outputs.clone().any(|output| needed.has(output)) {
                call.arguments.iter().for_each(|argument| mark(argument, &mut wanted));
                asked.push((outputs, call));
            }
        }
        let flow = self.relation(input, &wanted)?;
        self.reading(input);
        let in_order = asked.iter().any(|(_, call)| aggregates::find(call.name).is_some_and(|known| known.order_matters));
        let (flow, order) = if in_order { self.place_in_order(flow)? } else { (flow, None) };
        let mut columns = vec![None; relation.columns.len()];
        let mut keys = Vec::new();
        for (place, group) in groups.iter().enumerate() {
            let value = self.value(group, &flow.columns)?;
            let name = self.name(&relation.columns[place].name);
            columns[place] = Some(named(&name));
            keys.push(value.alias(name));
        }
        let mut computed = Vec::new();
        for (outputs, call) in asked {
            let (expression, mut placed) = self.aggregate(call, &flow, order.as_ref())?;
            // The same aggregate twice is one column: an optimizer that puts common parts aside trips over two.
            match computed.iter().find_map(|other| same_column(other, &expression)) {
                Some(column) => placed.column = column,
                None => computed.push(expression),
            }
            for (field, output) in outputs.enumerate() {
                let column = named(&placed.column);
                columns[output] = Some(if placed.is_struct { get_field(column, aggregates::field_name(field)) } else { column });
            }
        }
        let flow = self.grouped(flow, keys, computed, columns)?;
        self.taken_apart(flow, groups.len(), needed)
    }

    /// An aggregate over the columns of a flow, under a name of its own.
    fn aggregate(&mut self, call: &Aggregate, flow: &Flow, order: Option<&Expr>) -> Result<(Expr, Placed), LowerError> {
        let unknown = || LowerError::unsupported(format!("aggregate `{}`", call.name), call.place);
        if call.name == "count" {
            // The plan's own count of rows knows statistics.
            let column = self.name(call.name);
            return Ok((count_all().alias(&column), Placed { column, is_struct: false }));
        }
        let known = aggregates::find(call.name).ok_or_else(unknown)?;
        let overload = known.overloads.get(call.overload).ok_or_else(unknown)?;
        let kinds: Vec<ScalarType> = call.arguments.iter().map(|argument| argument.ty).collect();
        let mut values = self.values(&call.arguments, &flow.columns)?;
        let order = order.filter(|_| known.order_matters);
        values.extend(order.cloned());
        if values.is_empty() {
            values.push(lit(true));
        }
        let function = known.make(Call { arguments: &kinds, ordered: order.is_some() });
        let expression = AggregateFunction::new_udf(function, values, false, None, Vec::new(), None);
        let column = self.name(call.name);
        Ok((Expr::AggregateFunction(expression).alias(&column), Placed { column, is_struct: overload.gives_struct() }))
    }

    /// Groups the rows of a flow, within each of its parts.
    fn grouped(
        &mut self,
        flow: Flow,
        mut keys: Vec<Expr>,
        mut computed: Vec<Expr>,
        columns: Vec<Option<Expr>>,
    ) -> Result<Flow, LowerError> {
        let flow = self.apart(flow, &mut keys, &mut computed)?;
        let mut order = Vec::new();
        let mut part = None;
        if let Some(parts) = &flow.part {
            keys.push(Expr::Column(parts.id.clone()));
            let mut carried = Vec::new();
            for column in &parts.carried {
                let name = self.name("carried");
                let first =
                    AggregateFunction::new_udf(first_value_udaf(), vec![Expr::Column(column.clone())], false, None, Vec::new(), None);
                computed.push(Expr::AggregateFunction(first).alias(&name));
                carried.push(Column::new_unqualified(name));
            }
            order = flow.order.get(..parts.outer).unwrap_or_default().to_vec();
            part = Some(Part { carried, ..parts.clone() });
        }
        if keys.is_empty() && computed.is_empty() {
            // One row, whatever there is: a plan has none without an aggregate.
            computed.push(count_all().alias(self.name("rows")));
        }
        let node = AggregateNode::try_new(Arc::new(flow.plan), keys, computed)?;
        Ok(Flow { plan: LogicalPlan::Aggregate(node), columns, order, part })
    }

    /// Computes what may be long of the keys and arguments in front of the groups, where fewer rows can be taken at once.
    fn apart(&mut self, flow: Flow, keys: &mut [Expr], aggregates: &mut [Expr]) -> Result<Flow, LowerError> {
        let mut values: Vec<&mut Expr> = Vec::new();
        for key in keys {
            match key {
                Expr::Alias(alias) => values.push(alias.expr.as_mut()),
                key => values.push(key),
            }
        }
        for aggregate in aggregates {
            let call = match aggregate {
                Expr::Alias(alias) => alias.expr.as_mut(),
                other => other,
            };
            match call {
                Expr::AggregateFunction(call) => values.extend(call.params.args.iter_mut()),
                other => values.push(other),
            }
        }
        let (mut lifted, mut kept) = (Vec::<(String, Expr)>::new(), Vec::new());
        for value in values {
            // A constant is asked for before there are rows.
            if !makes_texts(value) || columns_of(value).is_empty() {
                kept.push(Some(value.clone()));
                continue;
            }
            let name = match lifted.iter().find(|(_, known)| known == value) {
                Some((name, _)) => name.clone(),
                None => {
                    let name = self.name("value");
                    lifted.push((name.clone(), value.clone()));
                    name
                }
            };
            *value = named(&name);
        }
        Ok(if lifted.is_empty() { flow } else { flow.computing(lifted, &kept)? })
    }

    /// Takes the structs of aggregates with several outputs apart at once.
    fn taken_apart(&mut self, flow: Flow, groups: usize, needed: &Needed) -> Result<Flow, LowerError> {
        let mut columns = flow.columns.clone();
        let mut computed = Vec::new();
        for (place, column) in columns.iter_mut().enumerate().skip(groups) {
            match column {
                Some(value @ Expr::ScalarFunction(_)) if needed.has(place) => {
                    let name = self.name("output");
                    let whole = std::mem::replace(value, named(&name));
                    computed.push((name, whole));
                }
                _ => {}
            }
        }
        Ok(flow.with_columns(columns, computed)?)
    }

    /// `count`
    pub(super) fn count_rows(&mut self, relation: &Relation, input: &Relation) -> Result<Flow, LowerError> {
        let flow = self.relation(input, &Needed::none(input.columns.len()))?;
        let name = self.name(relation.columns.first().map_or("Count", |column| &column.name));
        self.grouped(flow, Vec::new(), vec![count_all().alias(&name)], vec![Some(named(&name))])
    }

    /// `distinct`: every column is a key.
    pub(super) fn distinct(&mut self, relation: &Relation, input: &Relation) -> Result<Flow, LowerError> {
        let flow = self.relation(input, &Needed::all(input.columns.len()))?;
        let mut keys = Vec::new();
        let mut columns = Vec::new();
        for (value, column) in flow.columns.clone().into_iter().zip(&relation.columns) {
            let Some(value) = value else { continue };
            let name = self.name(&column.name);
            columns.push(Some(named(&name)));
            keys.push(value.alias(name));
        }
        self.grouped(flow, keys, Vec::new(), columns)
    }

    /// The distinct values of an expression.
    pub(super) fn distinct_value(&mut self, relation: &Relation, input: &Relation, value: &bound::Expr) -> Result<Flow, LowerError> {
        let mut wanted = Needed::none(input.columns.len());
        mark(value, &mut wanted);
        let flow = self.relation(input, &wanted)?;
        self.reading(input);
        let value = self.value(value, &flow.columns)?;
        let name = self.name(relation.columns.first().map_or("value", |column| &column.name));
        self.grouped(flow, vec![value.alias(&name)], Vec::new(), vec![Some(named(&name))])
    }
}

/// Whether some function in an expression makes texts or dynamic values.
fn makes_texts(expression: &Expr) -> bool {
    let found = expression.exists(|node| Ok(matches!(node, Expr::ScalarFunction(call) if functions::makes_texts(&call.func))));
    found.unwrap_or(false)
}

/// The name under which the first of two expressions stands, if the second is the same under another.
fn same_column(first: &Expr, second: &Expr) -> Option<String> {
    match (first, second) {
        (Expr::Alias(first), Expr::Alias(second)) if first.expr == second.expr => Some(first.name.clone()),
        _ => None,
    }
}

impl Lowering<'_> {
    /// Groups for `make-series`: by the groups and a column of the plan; its columns are the groups, that column, the aggregates.
    pub(super) fn by_slot(&mut self, flow: Flow, groups: &[bound::Expr], slot: &str, calls: &[&Aggregate]) -> Result<Flow, LowerError> {
        let in_order = calls.iter().any(|call| aggregates::find(call.name).is_some_and(|known| known.order_matters));
        let columns = flow.columns.clone();
        let (flow, order) = if in_order { self.place_in_order(flow)? } else { (flow, None) };
        let flow = Flow { columns, ..flow };
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for group in groups {
            let value = self.value(group, &flow.columns)?;
            let name = self.name("group");
            values.push(Some(named(&name)));
            keys.push(value.alias(name));
        }
        keys.push(named(slot));
        values.push(Some(named(slot)));
        let mut computed = Vec::new();
        for call in calls {
            let (expression, placed) = self.aggregate(call, &flow, order.as_ref())?;
            computed.push(expression);
            let column = named(&placed.column);
            values.push(Some(if placed.is_struct { get_field(column, aggregates::field_name(0)) } else { column }));
        }
        let mut grouped = self.grouped(flow, keys, computed, values)?;
        grouped.order.clear();
        Ok(grouped)
    }
}

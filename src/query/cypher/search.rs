//! Runs the searches of a `MATCH` over rows.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::model::{Fault, Span};
use crate::query::kql::Code;
use crate::query::kql::graph::{Condition, EdgeColumn, ElementTest, Meter, PathOutput, Pattern, RowTest, Rows, Walked, find, shortest};

use super::evaluate::{Context, Names, fault, truth};
use super::plan::{MatchPlan, Needs, Search, Test};
use super::tree::{Expr, ExprKind, Operator, Selector, Slot};
use super::value::Value;

/// A row of values.
pub(super) type Row = Vec<Value>;

/// Takes a row with the place of the one that it continues.
pub(super) type Sink<'s> = dyn FnMut(usize, Row) -> Result<ControlFlow<()>, Fault> + 's;

/// Gives every row that continues one of the batch by a match, in their order.
pub(super) fn run(
    context: &Arc<Context>,
    plan: &MatchPlan,
    batch: &Arc<Vec<Row>>,
    locals: &Arc<Vec<Value>>,
    meter: &mut Meter,
    sink: &mut Sink<'_>,
) -> Result<(), Fault> {
    let origins: Vec<usize> = (0..batch.len()).collect();
    Run { context, plan, locals }.from(0, batch, &origins, meter, sink).map(|_| ())
}

struct Run<'a> {
    context: &'a Arc<Context>,
    plan: &'a MatchPlan,
    locals: &'a Arc<Vec<Value>>,
}

impl Run<'_> {
    /// Runs the searches from one on.
    fn from(
        &self,
        n: usize,
        batch: &Arc<Vec<Row>>,
        origins: &[usize],
        meter: &mut Meter,
        sink: &mut Sink<'_>,
    ) -> Result<ControlFlow<()>, Fault> {
        let Some(search) = self.plan.searches.get(n) else {
            for (row, origin) in batch.iter().zip(origins) {
                if sink(*origin, row.clone())?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            return Ok(ControlFlow::Continue(()));
        };
        let Some(input) = self.input(search, batch)? else { return Ok(ControlFlow::Continue(())) };
        let pattern = self.pattern(search, batch)?;
        let mut flow = ControlFlow::Continue(());
        // Searches behind this one run while it waits: they count on a meter of their own until it is back.
        let mut waiting: Vec<(Vec<Row>, Vec<usize>)> = Vec::new();
        let mut take = |rows: Rows| {
            let made = (0..rows.len()).map(|row| self.row(search, batch, &rows, row)).collect::<Vec<Row>>();
            let made_origins: Vec<usize> = rows.origin.iter().map(|origin| origins[*origin as usize]).collect();
            if n + 1 == self.plan.searches.len() {
                for (row, origin) in made.into_iter().zip(made_origins) {
                    flow = sink(origin, row)?;
                    if flow.is_break() {
                        break;
                    }
                }
            } else {
                waiting.push((made, made_origins));
            }
            Ok(flow)
        };
        match search.selector {
            Selector::Every => find(&*self.context.graph, &pattern, input, meter, &mut take)?,
            Selector::AnyShortest => shortest(&*self.context.graph, &pattern, PathOutput::Any, input, meter, &mut take)?,
            Selector::AllShortest => shortest(&*self.context.graph, &pattern, PathOutput::All, input, meter, &mut take)?,
        }
        for (made, made_origins) in waiting {
            flow = self.from(n + 1, &Arc::new(made), &made_origins, meter, sink)?;
            if flow.is_break() || meter.cut().is_some() {
                break;
            }
        }
        Ok(flow)
    }

    /// The nodes that the rows know; rows in which one is null have no match.
    fn input(&self, search: &Search, batch: &[Row]) -> Result<Option<Rows>, Fault> {
        let mut input = Rows::start(search.nodes.len(), search.edges.len());
        input.origin.clear();
        'rows: for (place, row) in batch.iter().enumerate() {
            let mut nodes = Vec::new();
            for (slot, known) in search.nodes.iter().zip(&search.known) {
                let value = match slot {
                    Some(Slot::Row(slot)) if *known => row.get(*slot),
                    Some(Slot::Local(slot)) if *known => self.locals.get(*slot),
                    _ => continue,
                };
                match value {
                    Some(Value::Node(node)) => nodes.push(*node),
                    Some(Value::Null) | None => continue 'rows,
                    Some(other) => {
                        let message = format!("expected a node in a pattern, found a value of type {}", other.type_name());
                        return Err(fault(Code::CypherType, Span { start: 0, end: 0 }, message));
                    }
                }
            }
            input.origin.push(place as u32);
            let mut nodes = nodes.into_iter();
            for (column, known) in input.nodes.iter_mut().zip(&search.known) {
                if *known {
                    column.extend(nodes.next());
                }
            }
        }
        Ok(Some(input).filter(|input| !input.is_empty()))
    }

    /// The pattern with its tests and conditions for these rows.
    fn pattern(&self, search: &Search, batch: &Arc<Vec<Row>>) -> Result<Pattern, Fault> {
        let mut pattern = search.pattern.clone();
        for (n, tests) in search.node_tests.iter().enumerate() {
            pattern.nodes[n].test = self.test(tests, Value::Node);
            if !search.known[n] {
                pattern.nodes[n].only = self.only(tests)?;
            }
        }
        for (n, tests) in search.edge_tests.iter().enumerate() {
            pattern.edges[n].test = self.test(tests, Value::Edge);
            pattern.edges[n].inner = self.test(&search.inner_tests[n], Value::Node);
        }
        for needs in &search.conditions {
            pattern.conditions.push(self.condition(search, needs, batch));
        }
        Ok(pattern)
    }

    fn test(&self, tests: &[Test], element: fn(u32) -> Value) -> Option<Arc<dyn ElementTest>> {
        if tests.is_empty() {
            return None;
        }
        let (context, tests, width) = (Arc::clone(self.context), tests.to_vec(), self.plan.width);
        Some(Arc::new(move |number: u32| {
            let mut row = vec![Value::Null; width];
            let mut locals = Vec::new();
            for test in &tests {
                match test.slot {
                    Slot::Row(slot) if slot < width => row[slot] = element(number),
                    Slot::Row(_) | Slot::Open => {}
                    Slot::Local(slot) => {
                        locals.resize(slot + 1, Value::Null);
                        locals[slot] = element(number);
                    }
                }
                let value = context.evaluate(&test.condition, Names { row: &row, aggregates: &[] }, &mut locals)?;
                let holds = truth(&value, test.condition.span)?.map(|truth| truth != test.negated);
                if holds != Some(true) {
                    return Ok(false);
                }
            }
            Ok(true)
        }))
    }

    /// The nodes that a test of equality with a text leaves, where the graph finds them by that text.
    fn only(&self, tests: &[Test]) -> Result<Option<Vec<u32>>, Fault> {
        for test in tests.iter().filter(|test| !test.negated) {
            let ExprKind::Binary(Operator::Equal, left, right) = &test.condition.kind else { continue };
            for (property, value) in [(left, right), (right, left)] {
                let ExprKind::Property(of, name) = &property.kind else { continue };
                let is_own = matches!(&of.kind, ExprKind::Variable(_, slot) if *slot == test.slot);
                if !is_own || !is_constant(value) {
                    continue;
                }
                let Value::Text(text) = self.context.value(value, &[])? else { continue };
                let found = self.context.graph.node_property(name).and_then(|place| self.context.graph.nodes_with(place, &text));
                if let Some(mut found) = found {
                    found.sort_unstable();
                    found.dedup();
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    fn condition(&self, search: &Search, needs: &Needs, batch: &Arc<Vec<Row>>) -> Condition {
        let (context, batch, locals) = (Arc::clone(self.context), Arc::clone(batch), Arc::clone(self.locals));
        let (search, condition, width) = (search.clone(), needs.condition.clone(), self.plan.width);
        let test: Arc<dyn RowTest> = Arc::new(move |rows: &Rows| {
            let mut scratch = locals.to_vec();
            (0..rows.len())
                .map(|row| {
                    let values = values(&search, width, &batch, rows, row);
                    let value = context.evaluate(&condition, Names { row: &values, aggregates: &[] }, &mut scratch)?;
                    Ok(truth(&value, condition.span)? == Some(true))
                })
                .collect::<Result<Vec<bool>, Fault>>()
        });
        Condition { nodes: needs.nodes.clone(), edges: needs.edges.clone(), test }
    }

    fn row(&self, search: &Search, batch: &[Row], rows: &Rows, row: usize) -> Row {
        values(search, self.plan.width, batch, rows, row)
    }
}

fn is_constant(expression: &Expr) -> bool {
    matches!(expression.kind, ExprKind::Literal(_) | ExprKind::Parameter(_))
}

/// The values of a row with what is known of a match.
fn values(search: &Search, width: usize, batch: &[Row], rows: &Rows, row: usize) -> Row {
    let mut values = batch[rows.origin[row] as usize].clone();
    values.resize(width.max(values.len()), Value::Null);
    for (slot, column) in search.nodes.iter().zip(&rows.nodes) {
        if let (Some(Slot::Row(slot)), Some(node)) = (slot, column.get(row)) {
            values[*slot] = Value::Node(*node);
        }
    }
    for (slot, column) in search.edges.iter().zip(&rows.edges) {
        let Some(slot) = slot else { continue };
        match column {
            EdgeColumn::Edge(edges) if row < edges.len() => values[*slot] = Value::Edge(edges[row]),
            EdgeColumn::Path(paths) if row < paths.len() => {
                values[*slot] = Value::list(paths[row].edges.iter().map(|edge| Value::Edge(*edge)).collect());
            }
            _ => {}
        }
    }
    for (slot, nodes, edges) in &search.paths {
        if let Some(path) = path(rows, row, nodes, edges) {
            values[*slot] = Value::Path(Arc::new(path));
        }
    }
    values
}

/// The whole path of a chain, if all of it is known.
fn path(rows: &Rows, row: usize, nodes: &[usize], edges: &[usize]) -> Option<Walked> {
    let mut whole = Walked { edges: Vec::new(), nodes: vec![*rows.nodes[*nodes.first()?].get(row)?] };
    for (edge, end) in edges.iter().zip(&nodes[1..]) {
        match &rows.edges[*edge] {
            EdgeColumn::Edge(edges) => {
                whole.edges.push(*edges.get(row)?);
                whole.nodes.push(*rows.nodes[*end].get(row)?);
            }
            EdgeColumn::Path(paths) => {
                let path = paths.get(row)?;
                whole.edges.extend(&path.edges);
                whole.nodes.extend(path.nodes.get(1..)?);
            }
            EdgeColumn::Unbound => return None,
        }
    }
    Some(whole)
}

//! Walks over bound trees: what lies in a relation, what lies in an expression.

use std::sync::Arc;

use super::super::bound::{Aggregate, Expr, ExprKind, Graph, GraphKind, GraphNodes, Key, Plugin, PluginArgument, Relation, RelationKind};

macro_rules! children {
    ($expression:expr, $($borrow:tt)+) => {{
        let mut found = Vec::new();
        match $($borrow)+ $expression.kind {
            ExprKind::Literal(_)
            | ExprKind::Column(_)
            | ExprKind::Scalar(_)
            | ExprKind::StepColumn { .. }
            | ExprKind::Property { .. }
            | ExprKind::Variable(_)
            | ExprKind::GraphCall { .. }
            | ExprKind::Error => {}
            ExprKind::Call { arguments: list, .. } | ExprKind::And(list) | ExprKind::Or(list) => found.extend(list),
            ExprKind::Convert(inner) | ExprKind::Negate(inner) => found.push($($borrow)+ **inner),
            ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic { left, right, .. } => {
                found.push($($borrow)+ **left);
                found.push($($borrow)+ **right);
            }
            ExprKind::Text { text, needle, .. } => {
                found.push($($borrow)+ **text);
                found.push($($borrow)+ **needle);
            }
            ExprKind::InList { value, list, .. } | ExprKind::HasList { text: value, terms: list, .. } => {
                found.push($($borrow)+ **value);
                found.extend(list);
            }
            ExprKind::InTable { value, .. } | ExprKind::HasTable { text: value, .. } => found.push($($borrow)+ **value),
            ExprKind::Between { value, from, to, .. } => {
                found.push($($borrow)+ **value);
                found.push($($borrow)+ **from);
                found.push($($borrow)+ **to);
            }
            ExprKind::Part { value, key } => {
                found.push($($borrow)+ **value);
                if let Key::Value(key) = key {
                    found.push($($borrow)+ **key);
                }
            }
            ExprKind::Search { needle, .. } => found.push($($borrow)+ **needle),
            ExprKind::Quantified { body, .. } => found.push($($borrow)+ **body),
        }
        found
    }};
}

/// The expressions directly in one; nothing of the tables in it.
fn children(expression: &Expr) -> Vec<&Expr> {
    children!(expression, &)
}

/// The expressions directly in one, to be changed.
pub(super) fn children_mut(expression: &mut Expr) -> Vec<&mut Expr> {
    children!(expression, &mut)
}

/// Visits an expression and all that stand in it, but nothing of the tables in it.
pub(super) fn expressions(expression: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(expression);
    children(expression).into_iter().for_each(|inner| expressions(inner, visit));
}

/// What lies directly in a relation: expressions first, then relations.
pub(super) struct Parts<'r> {
    /// The expressions of the operator.
    pub(super) expressions: Vec<&'r Expr>,
    /// The relations that it reads.
    pub(super) inputs: Vec<&'r Arc<Relation>>,
}

impl<'r> Parts<'r> {
    fn aggregate(&mut self, aggregate: &'r Aggregate) {
        self.expressions.extend(&aggregate.arguments);
    }

    fn plugin(&mut self, plugin: &'r Plugin) {
        self.inputs.extend(&plugin.input);
        for argument in &plugin.arguments {
            match argument {
                PluginArgument::Value(value) | PluginArgument::Named(_, value) => self.expressions.push(value),
                PluginArgument::Aggregate(aggregate) => self.aggregate(aggregate),
                PluginArgument::Table(table) => self.inputs.push(table),
                PluginArgument::TableColumn(_) => {}
            }
        }
    }

    fn graph(&mut self, graph: &'r Graph) {
        match &graph.kind {
            GraphKind::Make { edges, nodes, .. } => {
                self.inputs.push(edges);
                if let GraphNodes::Tables(tables) = nodes {
                    self.inputs.extend(tables.iter().map(|rows| &rows.table));
                }
            }
            GraphKind::Stored { arguments, .. } => self.expressions.extend(arguments),
            GraphKind::Placeholder(_) | GraphKind::Error => {}
            GraphKind::WhereNodes(inner, condition) | GraphKind::WhereEdges(inner, condition) => {
                self.graph(inner);
                self.expressions.push(condition);
            }
            GraphKind::MarkComponents { graph, .. } => self.graph(graph),
        }
    }
}

/// What lies directly in a relation.
pub(super) fn parts(relation: &Relation) -> Parts<'_> {
    let mut parts = Parts { expressions: Vec::new(), inputs: Vec::new() };
    match &relation.kind {
        RelationKind::Table { .. }
        | RelationKind::Empty
        | RelationKind::OneRow
        | RelationKind::DataTable { .. }
        | RelationKind::ExternalData { .. }
        | RelationKind::Watchlist { .. }
        | RelationKind::Placeholder(_) => {}
        RelationKind::Range { from, to, step } => parts.expressions.extend([from, to, step]),
        RelationKind::TableFunction { input, arguments, .. } => {
            parts.inputs.extend(input);
            parts.expressions.extend(arguments);
        }
        RelationKind::Filter { input, condition: value }
        | RelationKind::Take { input, count: value }
        | RelationKind::Sample { input, count: value }
        | RelationKind::Reduce { input, value, .. }
        | RelationKind::ParseKv { input, value, .. } => {
            parts.inputs.push(input);
            parts.expressions.push(value);
        }
        RelationKind::Project { input, expressions } => {
            parts.inputs.push(input);
            parts.expressions.extend(expressions);
        }
        RelationKind::Summarize { input, groups, aggregates } => {
            parts.inputs.push(input);
            parts.expressions.extend(groups);
            aggregates.iter().for_each(|aggregate| parts.aggregate(aggregate));
        }
        RelationKind::Count(input) | RelationKind::Serialize(input) | RelationKind::Distinct(input) => parts.inputs.push(input),
        RelationKind::Sort { input, keys } => {
            parts.inputs.push(input);
            parts.expressions.extend(keys.iter().map(|key| &key.value));
        }
        RelationKind::Top { input, count, key } => {
            parts.inputs.push(input);
            parts.expressions.extend([count, &key.value]);
        }
        RelationKind::SampleDistinct { input, count, value } => {
            parts.inputs.push(input);
            parts.expressions.extend([count, value]);
        }
        RelationKind::TopHitters(hitters) => {
            parts.inputs.push(&hitters.input);
            parts.expressions.extend([&hitters.count, &hitters.value]);
            parts.expressions.extend(&hitters.weight);
        }
        RelationKind::TopNested { input, levels } => {
            parts.inputs.push(input);
            for level in levels {
                parts.expressions.extend(&level.count);
                parts.expressions.push(&level.value);
                parts.expressions.extend(&level.others);
                parts.aggregate(&level.aggregate);
            }
        }
        RelationKind::Join(join) => {
            parts.inputs.extend([&join.left, &join.right]);
            parts.expressions.extend(join.keys.iter().flat_map(|(left, right)| [left, right]));
            parts.expressions.extend(&join.condition);
        }
        RelationKind::Union { inputs } => {
            for input in inputs {
                parts.inputs.push(&input.relation);
                parts.expressions.extend(input.expressions.iter().map(|(_, expression)| expression));
            }
        }
        RelationKind::MvExpand(expand) => {
            parts.inputs.push(&expand.input);
            parts.expressions.extend(expand.items.iter().map(|item| &item.value));
            parts.expressions.extend(&expand.limit);
        }
        RelationKind::MvApply(apply) => {
            parts.inputs.extend([&apply.input, &apply.body]);
            parts.expressions.extend(apply.items.iter().map(|item| &item.value));
            parts.expressions.extend(&apply.limit);
        }
        RelationKind::Partition { input, key, body, .. } => {
            parts.inputs.extend([input, body]);
            parts.expressions.push(key);
        }
        RelationKind::PartitionGraph { graph, body, .. } => {
            parts.graph(graph);
            parts.inputs.push(body);
        }
        RelationKind::Parse(parse) => {
            parts.inputs.push(&parse.input);
            parts.expressions.push(&parse.value);
        }
        RelationKind::MakeSeries { input, groups, series, axis } => {
            parts.inputs.push(input);
            parts.expressions.extend(groups);
            for one in series {
                parts.aggregate(&one.aggregate);
                parts.expressions.push(&one.default);
            }
            parts.expressions.extend([&axis.value, &axis.step]);
            parts.expressions.extend(axis.from.iter().chain(&axis.to));
        }
        RelationKind::Scan(scan) => {
            parts.inputs.push(&scan.input);
            parts.expressions.extend(scan.order.iter().map(|key| &key.value));
            parts.expressions.extend(&scan.partition);
            for step in &scan.steps {
                parts.expressions.push(&step.condition);
                parts.expressions.extend(step.assignments.iter().map(|(_, value)| value));
            }
        }
        RelationKind::Evaluate(plugin) => parts.plugin(plugin),
        RelationKind::Materialize { input, .. } => parts.inputs.push(input),
        RelationKind::GraphMatch { graph, condition, expressions, .. }
        | RelationKind::GraphShortestPaths { graph, condition, expressions, .. } => {
            parts.graph(graph);
            parts.expressions.extend(condition);
            parts.expressions.extend(expressions);
        }
        RelationKind::GraphNodes { graph, .. } | RelationKind::GraphEdges { graph, .. } => parts.graph(graph),
    }
    parts
}

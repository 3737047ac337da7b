//! What an expression is before it is bound, as far as its letters say: a value, a table or a graph.

use super::super::tree::{self, Body, Function, LetValue, Name, Operator, OperatorKind, ParameterKind, StatementKind};
use super::binder::{Binder, Meaning};

/// Deepest chain of names that is followed to see what an expression is.
const LOOK_MAX: u32 = 40;

/// What an expression is, as far as its letters say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Value,
    Table,
    Graph,
}

impl Binder<'_> {
    /// Whether an expression is a table.
    pub(super) fn is_table(&self, expr: &tree::Expr) -> bool {
        self.shape(expr, true, 0) == Shape::Table
    }

    /// Whether an expression is a graph.
    pub(super) fn is_graph(&self, expr: &tree::Expr) -> bool {
        self.shape(expr, true, 0) == Shape::Graph
    }

    fn shape(&self, expr: &tree::Expr, columns: bool, look: u32) -> Shape {
        if look > LOOK_MAX {
            return Shape::Value;
        }
        if self.pattern_of(expr).is_some() {
            return Shape::Table;
        }
        match &expr.kind {
            tree::ExprKind::Pipe(pipe) => match pipe.operators.last() {
                Some(operator) if makes_graph(operator) => Shape::Graph,
                Some(Operator { kind: OperatorKind::As(_), .. })
                    if pipe
                        .operators
                        .iter()
                        .rev()
                        .find(|operator| !matches!(operator.kind, OperatorKind::As(_)))
                        .is_some_and(makes_graph) =>
                {
                    Shape::Graph
                }
                _ => Shape::Table,
            },
            tree::ExprKind::Source(_)
            | tree::ExprKind::DataTable(_)
            | tree::ExprKind::ExternalData(_)
            | tree::ExprKind::ToTable(_)
            | tree::ExprKind::Wildcard(_)
            | tree::ExprKind::FieldWildcard(..)
            | tree::ExprKind::EntityGroup(_) => Shape::Table,
            tree::ExprKind::Materialize(inner) => match self.shape(inner, columns, look + 1) {
                Shape::Graph => Shape::Graph,
                _ => Shape::Table,
            },
            tree::ExprKind::Group(inner) => self.shape(inner, columns, look + 1),
            tree::ExprKind::DataScope(..) => Shape::Table,
            tree::ExprKind::Field(base, name) if self.is_home(base) => {
                if name.text.starts_with('$') {
                    Shape::Value
                } else {
                    Shape::Table
                }
            }
            tree::ExprKind::Method(base, call) if self.is_home(base) => self.call_shape(call, look),
            tree::ExprKind::Name(name) => self.name_shape(name, columns, look),
            tree::ExprKind::Call(call) => self.call_shape(call, look),
            _ => Shape::Value,
        }
    }

    fn name_shape(&self, name: &Name, columns: bool, look: u32) -> Shape {
        if columns && self.column_named(&name.text).is_some() {
            return Shape::Value;
        }
        match self.lookup(&name.text) {
            Some(id) => match &self.names[id].meaning {
                Meaning::Table(_) => Shape::Table,
                Meaning::Graph(_) => Shape::Graph,
                Meaning::Function(function) => self.result_shape(function, look + 1),
                Meaning::Value(..) | Meaning::Home(_) | Meaning::Group(_) | Meaning::Error => Shape::Value,
            },
            None if self.schemas.has_table(&name.text) || self.schemas.table_function(&name.text).is_some() => Shape::Table,
            None => self.schemas.function(&name.text).map_or(Shape::Value, |stored| self.result_shape(&stored.function, look + 1)),
        }
    }

    fn call_shape(&self, call: &tree::Call, look: u32) -> Shape {
        let name = call.name.text.as_str();
        if let Some(id) = self.lookup(name) {
            return match &self.names[id].meaning {
                Meaning::Function(function) => self.result_shape(function, look + 1),
                Meaning::Table(_) => Shape::Table,
                Meaning::Graph(_) => Shape::Graph,
                _ => Shape::Value,
            };
        }
        match name {
            "table" | "_GetWatchlist" | "_ASIM_GetWatchlistRaw" | "explore" => Shape::Table,
            "graph" => Shape::Graph,
            _ if super::super::functions::find(name).is_some() => Shape::Value,
            _ if self.schemas.table_function(name).is_some() => Shape::Table,
            _ => match self.schemas.function(name) {
                Some(stored) => self.result_shape(&stored.function, look + 1),
                None if self.schemas.has_table(name) && call.arguments.is_empty() => Shape::Table,
                None => Shape::Value,
            },
        }
    }

    /// What the body of a function gives.
    fn result_shape(&self, function: &Function, look: u32) -> Shape {
        match &function.body.result {
            Some(result) => self.inner_shape(result, function, &function.body, look),
            None => Shape::Value,
        }
    }

    /// What an expression in the body of a function is: its own names come first.
    fn inner_shape(&self, expr: &tree::Expr, function: &Function, body: &Body, look: u32) -> Shape {
        if look > LOOK_MAX {
            return Shape::Value;
        }
        let name = match &expr.kind {
            tree::ExprKind::Name(name) => &name.text,
            tree::ExprKind::Call(call) => &call.name.text,
            tree::ExprKind::Group(inner) => return self.inner_shape(inner, function, body, look + 1),
            _ => return self.shape(expr, false, look + 1),
        };
        self.looks(body.statements.len());
        for statement in body.statements.iter().rev() {
            if let StatementKind::Let(declared) = &statement.kind
                && declared.name.text == *name
            {
                return match &declared.value {
                    LetValue::Expr(inner) => self.inner_shape(inner, function, body, look + 1),
                    LetValue::Function(inner) => self.result_shape(inner, look + 1),
                };
            }
        }
        match function.parameters.iter().find(|parameter| parameter.name.text == *name) {
            Some(parameter) if matches!(parameter.kind, ParameterKind::Scalar(_)) => Shape::Value,
            Some(_) => Shape::Table,
            None => self.shape(expr, false, look + 1),
        }
    }
}

/// Whether an operator gives a graph.
fn makes_graph(operator: &Operator) -> bool {
    match &operator.kind {
        OperatorKind::MakeGraph(made) => made.partitioned.is_none(),
        OperatorKind::GraphMarkComponents(_) | OperatorKind::GraphWhereNodes(_) | OperatorKind::GraphWhereEdges(_) => true,
        _ => false,
    }
}

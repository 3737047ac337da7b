//! What a text must pass before it is planned: one reading statement, of bounded size, without functions that blow up.

use std::ops::ControlFlow;

use datafusion::common::DataFusionError;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Select, Statement as Ast, TableFactor,
    Value as Literal, Visit, Visitor,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;

use super::super::session::Limits;
use super::error::{SqlError, classify};
use super::text::Text;

/// Functions that multiply their input, and the place of the argument that says how often.
const MULTIPLIERS: [(&str, usize); 8] = [
    ("repeat", 1),
    ("lpad", 1),
    ("rpad", 1),
    ("array_repeat", 1),
    ("list_repeat", 1),
    ("array_resize", 1),
    ("list_resize", 1),
    ("space", 0),
];
/// Functions that are judged by all their arguments.
const SERIES: [&str; 2] = ["range", "generate_series"];

/// Parses a text and holds it against the limits.
pub(super) fn admit(text: &mut Text<'_>, sql: &str, limits: &Limits) -> Result<Statement, SqlError> {
    bound("text_max", sql.len() as u64, limits.text_max as u64)?;
    let tokens = text
        .tokenize()
        .map_err(|error| SqlError::Syntax { found: error.message, at: text.span(error.location.line, error.location.column) })?;
    bound("tokens_max", tokens as u64, limits.tokens_max as u64)?;
    let failed = |error: &DataFusionError| classify(error, text, limits);
    let parser = DFParserBuilder::new(sql).with_dialect(&GenericDialect {}).with_recursion_limit(limits.depth_max);
    let mut statements = parser.build().and_then(|mut parser| parser.parse_statements()).map_err(|error| failed(&error))?;
    let Some(statement) = statements.pop_front() else {
        return Err(SqlError::Syntax { found: "an empty text".to_owned(), at: None });
    };
    if let Some(second) = statements.pop_front() {
        return Err(SqlError::NotReadOnly { found: first_word(&second) });
    }
    let query = reading(&statement)?;
    let mut meter = Meter { limits, text, nodes: 0, connectives: 0, relations: 0, selects: 0 };
    match query.visit(&mut meter) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(statement),
    }
}

/// The query inside a statement, if it only reads.
fn reading(statement: &Statement) -> Result<&Ast, SqlError> {
    match statement {
        Statement::Statement(ast) if matches!(**ast, Ast::Query(_)) => Ok(ast),
        Statement::Statement(ast) => match ast.as_ref() {
            Ast::Explain { statement, .. } if matches!(**statement, Ast::Query(_)) => Ok(statement),
            _ => Err(SqlError::NotReadOnly { found: first_word(&Statement::Statement(ast.clone())) }),
        },
        Statement::Explain(explain) => reading(&explain.statement),
        other => Err(SqlError::NotReadOnly { found: first_word(other) }),
    }
}

fn first_word(statement: &Statement) -> String {
    statement.to_string().split_whitespace().next().unwrap_or_default().to_owned()
}

fn bound(name: &'static str, found: u64, limit: u64) -> Result<(), SqlError> {
    if found <= limit { Ok(()) } else { Err(SqlError::TooComplex { name, limit, found: found.to_string(), at: None }) }
}

struct Meter<'a, 't> {
    limits: &'a Limits,
    text: &'a Text<'t>,
    nodes: u64,
    connectives: u64,
    relations: u64,
    selects: u64,
}

impl Meter<'_, '_> {
    fn count(&mut self, name: &'static str, pick: impl Fn(&mut Self) -> &mut u64, limit: usize) -> ControlFlow<SqlError> {
        let counter = pick(self);
        *counter += 1;
        let found = *counter;
        flow(bound(name, found, limit as u64))
    }

    fn function(&self, function: &Function) -> Result<(), SqlError> {
        let name = function.name.to_string().to_ascii_lowercase();
        let arguments = match &function.args {
            FunctionArguments::List(list) => list.args.as_slice(),
            _ => &[],
        };
        if SERIES.contains(&name.as_str()) {
            return arguments.iter().try_for_each(|argument| self.repetition(&name, Some(argument)));
        }
        match MULTIPLIERS.iter().find(|(known, _)| *known == name) {
            Some((_, place)) => self.repetition(&name, arguments.get(*place)),
            None => Ok(()),
        }
    }

    /// Only a constant can be held against the limit before the query runs.
    fn repetition(&self, function: &str, argument: Option<&FunctionArg>) -> Result<(), SqlError> {
        let times = match argument {
            Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(expression))) => constant(expression),
            Some(_) => None,
            None => Some(0),
        };
        let limit = self.limits.repeat_max;
        match times {
            Some(times) if times <= limit => Ok(()),
            times => {
                let found = times.map_or_else(|| format!("no constant in `{function}`"), |times| times.to_string());
                Err(SqlError::TooComplex { name: "repeat_max", limit, found, at: self.text.find(function) })
            }
        }
    }
}

fn constant(expression: &Expr) -> Option<u64> {
    match expression {
        Expr::Value(value) => match &value.value {
            Literal::Number(number, _) => number.to_string().parse().ok(),
            // Dates and steps of a series of instants.
            Literal::SingleQuotedString(_) => Some(0),
            _ => None,
        },
        Expr::UnaryOp { expr, .. } | Expr::Nested(expr) | Expr::Cast { expr, .. } => constant(expr),
        Expr::Interval(_) | Expr::TypedString(_) => Some(0),
        _ => None,
    }
}

fn flow(result: Result<(), SqlError>) -> ControlFlow<SqlError> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

impl Visitor for Meter<'_, '_> {
    type Break = SqlError;

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<SqlError> {
        self.count("nodes_max", |meter| &mut meter.nodes, self.limits.nodes_max)?;
        match expression {
            Expr::BinaryOp { op: BinaryOperator::And | BinaryOperator::Or, .. } => {
                self.count("connectives_max", |meter| &mut meter.connectives, self.limits.connectives_max)
            }
            Expr::Function(function) => flow(self.function(function)),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<SqlError> {
        flow(bound("columns_max", select.projection.len() as u64, self.limits.columns_max as u64))?;
        self.count("selects_max", |meter| &mut meter.selects, self.limits.selects_max)
    }

    fn pre_visit_table_factor(&mut self, _: &TableFactor) -> ControlFlow<SqlError> {
        self.count("relations_max", |meter| &mut meter.relations, self.limits.relations_max)
    }
}

//! Names inside expressions; calls that must exist; aggregates that become places.

use std::sync::Arc;

use crate::model::Span;
use crate::query::kql::{Code, Diagnostic};

use super::super::aggregates::Aggregate;
use super::super::functions;
use super::super::plan::SubPlan;
use super::super::tree::{Asked, Clause, Each, Expr, ExprKind, Slot};
use super::{Resolved, Scope};

/// Resolves expressions of one clause.
pub(super) struct Names<'a> {
    pub(super) scope: &'a Scope,
    /// Names that surrounding lists bring in, with their places.
    pub(super) locals: Vec<(String, usize)>,
    /// Where aggregates go; none where they may not stand.
    pub(super) aggregates: Option<&'a mut Vec<Aggregate>>,
}

impl Names<'_> {
    pub(super) fn expression(&mut self, expression: &mut Expr) -> Resolved<()> {
        let span = expression.span;
        match &mut expression.kind {
            ExprKind::Literal(_) | ExprKind::Parameter(_) | ExprKind::Aggregate(_) | ExprKind::Found(_) | ExprKind::Answered(..) => {}
            ExprKind::Variable(name, slot) => {
                *slot = self.slot(name).ok_or_else(|| {
                    let message = format!("nothing is called `{name}` here");
                    Diagnostic::error(Code::CypherUnknownVariable, span, message)
                })?;
            }
            ExprKind::Property(inner, _)
            | ExprKind::Not(inner)
            | ExprKind::Negate(inner)
            | ExprKind::IsNull(inner, _)
            | ExprKind::HasLabels(inner, _)
            | ExprKind::IsSimple(inner)
            | ExprKind::Cast(inner, _) => self.expression(inner)?,
            ExprKind::Index(a, b) | ExprKind::Binary(_, a, b) | ExprKind::HasProperties(a, b) => {
                self.expression(a)?;
                self.expression(b)?;
            }
            ExprKind::Slice(list, first, last) => {
                self.expression(list)?;
                for bound in [first, last].into_iter().flatten() {
                    self.expression(bound)?;
                }
            }
            ExprKind::List(all) | ExprKind::And(all) | ExprKind::Or(all) | ExprKind::Apart(all) => {
                all.iter_mut().try_for_each(|one| self.expression(one))?
            }
            ExprKind::Map(entries) => entries.iter_mut().try_for_each(|(_, value)| self.expression(value))?,
            ExprKind::Case { operand, branches, otherwise } => {
                for one in operand.iter_mut().chain(otherwise) {
                    self.expression(one)?;
                }
                for (condition, value) in branches {
                    self.expression(condition)?;
                    self.expression(value)?;
                }
            }
            ExprKind::Comprehension { each, condition, body } => {
                self.each(each, |names| [condition, body].into_iter().flatten().try_for_each(|one| names.expression(one)))?;
            }
            ExprKind::Quantified { each, condition, .. } => self.each(each, |names| names.expression(condition))?,
            ExprKind::Reduce { name, first, each, body } => {
                self.expression(first)?;
                let so_far = (name.clone(), each.slot - 1);
                self.each(each, |names| {
                    names.locals.push(so_far);
                    let body = names.expression(body);
                    names.locals.pop();
                    body
                })?;
            }
            ExprKind::Exists(matched) => {
                let plan = self.scope.clone().matched(matched, &mut self.locals)?;
                expression.kind = ExprKind::Found(Arc::new(plan));
            }
            ExprKind::Subquery(asked, clauses) => {
                let asked = *asked;
                let plan = self.subquery(asked, &Arc::clone(clauses), span)?;
                expression.kind = ExprKind::Answered(asked, Arc::new(plan));
            }
            ExprKind::Call(call) => {
                if let Some(aggregate) = Aggregate::named(&call.name, call.arguments.len(), call.star) {
                    return self.aggregate(expression, aggregate);
                }
                functions::check(call, span)?;
                call.arguments.iter_mut().try_for_each(|argument| self.expression(argument))?;
            }
        }
        Ok(())
    }

    /// A query over the names of the row and of the lists around it.
    fn subquery(&self, asked: Asked, clauses: &[Clause], span: Span) -> Resolved<SubPlan> {
        let mut scope = self.scope.clone();
        let outer = scope.names.len();
        for (name, _) in &self.locals {
            // The inner one of two equal names is meant.
            scope.names.iter_mut().filter(|known| *known == name).for_each(String::clear);
            scope.names.push(name.clone());
        }
        let mut steps = Vec::new();
        for clause in clauses {
            scope.clause(clause, &mut steps)?;
        }
        if asked == Asked::Collect && scope.names.len() != 1 {
            let message = format!("expected one column inside of `COLLECT {{ }}`, found {}", scope.names.len());
            return Err(Diagnostic::error(Code::CypherInvalid, span, message));
        }
        Ok(SubPlan { outer, locals: self.locals.iter().map(|(_, slot)| *slot).collect(), steps })
    }

    fn slot(&self, name: &str) -> Option<Slot> {
        let local = self.locals.iter().rev().find(|(local, _)| local == name).map(|(_, slot)| Slot::Local(*slot));
        local.or_else(|| self.scope.place(name).map(Slot::Row))
    }

    fn each(&mut self, each: &mut Each, body: impl FnOnce(&mut Self) -> Resolved<()>) -> Resolved<()> {
        self.expression(&mut each.list)?;
        self.locals.push((each.name.clone(), each.slot));
        let body = body(self);
        self.locals.pop();
        body
    }

    /// Takes an aggregate out of the expression and leaves its place.
    fn aggregate(&mut self, expression: &mut Expr, mut aggregate: Aggregate) -> Resolved<()> {
        let span = expression.span;
        let ExprKind::Call(call) = &mut expression.kind else { return Ok(()) };
        let Some(aggregates) = self.aggregates.take() else {
            let message = format!("the aggregate `{}` stands where rows are looked at one by one", call.name);
            return Err(Diagnostic::error(Code::CypherInvalid, span, message).with_help("aggregate in `WITH` or `RETURN`"));
        };
        aggregate.distinct = call.distinct;
        let resolved = call.arguments.iter_mut().try_for_each(|argument| self.expression(argument));
        aggregate.arguments = std::mem::take(&mut call.arguments);
        expression.kind = ExprKind::Aggregate(aggregates.len());
        aggregates.push(aggregate);
        self.aggregates = Some(aggregates);
        resolved
    }
}

//! Names to places, patterns to searches, aggregates out of columns.

mod expressions;
mod patterns;

use crate::model::Span;
use crate::query::kql::{Code, Diagnostic};

use super::aggregates::Aggregate;
use super::plan::{Plan, ProjectPlan, Step};
use super::tree::{Clause, Expr, ExprKind, Page, Projection, Query, Slot};
use expressions::Names;

type Resolved<T> = Result<T, Diagnostic>;

/// Resolves a whole query.
pub(super) fn resolve(query: &Query) -> Resolved<Plan> {
    let mut parts = Vec::new();
    let mut columns: Option<Vec<String>> = None;
    for (union, clauses) in &query.parts {
        let mut scope = Scope::default();
        let mut steps = Vec::new();
        for clause in clauses {
            scope.clause(clause, &mut steps)?;
        }
        let places = scope.by_name(columns.as_deref(), clauses)?;
        if let Some(places) = places {
            steps.push(Step::Project(Box::new(reordered(&places))));
        }
        columns.get_or_insert(scope.names);
        parts.push((*union, steps));
    }
    Ok(Plan { parts, columns: columns.unwrap_or_default() })
}

/// Puts the columns of a part of a union into the order of the first.
fn reordered(places: &[usize]) -> ProjectPlan {
    let column =
        |place: &usize| Expr { kind: ExprKind::Variable(String::new(), Slot::Row(*place)), span: Span { start: 0, end: 0 }, depth: 1 };
    ProjectPlan {
        distinct: false,
        items: places.iter().map(column).collect(),
        aggregates: Vec::new(),
        groups: Vec::new(),
        order: Vec::new(),
        skip: None,
        limit: None,
        condition: None,
    }
}

/// The names that the present row has, each at its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    names: Vec<String>,
}

impl Scope {
    fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Gives a name the next place; names that nothing can refer to are empty.
    fn add(&mut self, name: &str, span: Span) -> Resolved<usize> {
        if self.place(name).is_some() {
            return Err(Diagnostic::error(Code::CypherInvalid, span, format!("the name `{name}` is already taken")));
        }
        self.names.push(name.to_owned());
        Ok(self.names.len() - 1)
    }

    /// Where the columns of a further part lie that the first part has.
    fn by_name(&self, columns: Option<&[String]>, clauses: &[Clause]) -> Resolved<Option<Vec<usize>>> {
        let Some(columns) = columns else { return Ok(None) };
        let places: Option<Vec<usize>> = columns.iter().map(|column| self.place(column)).collect();
        match places.filter(|places| places.len() == self.names.len()) {
            Some(places) => Ok(Some(places)),
            None => {
                let span = match clauses.last() {
                    Some(Clause::Project(projection)) => projection.span,
                    _ => Span { start: 0, end: 0 },
                };
                let message = format!(
                    "expected the columns `{}` in every part of a union, found `{}`",
                    columns.join("`, `"),
                    self.names.join("`, `")
                );
                Err(Diagnostic::error(Code::CypherInvalid, span, message))
            }
        }
    }

    fn clause(&mut self, clause: &Clause, steps: &mut Vec<Step>) -> Resolved<()> {
        match clause {
            Clause::Match(matched) => {
                let plan = self.matched(matched, &mut Vec::new())?;
                steps.push(Step::Match(plan));
            }
            Clause::Unwind(unwind) => {
                let list = self.plain(&unwind.list)?;
                self.add(&unwind.name.text, unwind.name.span)?;
                if let Some((name, _)) = &unwind.place {
                    self.add(&name.text, name.span)?;
                }
                steps.push(Step::Unwind(list, unwind.place.as_ref().map(|(_, first)| *first)));
            }
            Clause::Filter(condition) => steps.push(Step::Filter(self.plain(condition)?)),
            Clause::Let(bindings) => {
                for (name, value) in bindings {
                    steps.push(Step::Add(self.plain(value)?));
                    self.add(&name.text, name.span)?;
                }
            }
            Clause::Page(page) => {
                let items = (0..self.names.len()).map(|place| self.column(place)).collect();
                let plan = self.projected(items, Vec::new(), Vec::new(), page, &self.names.clone())?;
                steps.push(Step::Project(Box::new(plan)));
            }
            Clause::Project(projection) => self.projection(projection, steps)?,
        }
        Ok(())
    }

    fn column(&self, place: usize) -> Expr {
        let kind = ExprKind::Variable(self.names[place].clone(), Slot::Row(place));
        Expr { kind, span: Span { start: 0, end: 0 }, depth: 1 }
    }

    /// Resolves an expression in which no aggregate may stand.
    fn plain(&self, expression: &Expr) -> Resolved<Expr> {
        let mut expression = expression.clone();
        Names { scope: self, locals: Vec::new(), aggregates: None }.expression(&mut expression)?;
        Ok(expression)
    }

    fn projection(&mut self, projection: &Projection, steps: &mut Vec<Step>) -> Resolved<()> {
        let mut names = Vec::new();
        let (mut items, mut aggregates) = (Vec::new(), Vec::new());
        if projection.all {
            if self.names.iter().all(String::is_empty) && projection.items.is_empty() {
                return Err(Diagnostic::error(Code::CypherInvalid, projection.span, "expected names for `*` to stand for, found none"));
            }
            for place in (0..self.names.len()).filter(|place| !self.names[*place].is_empty()) {
                names.push(self.names[place].clone());
                items.push(self.column(place));
            }
        }
        let mut groups: Vec<usize> = (0..items.len()).collect();
        for item in &projection.items {
            if names.contains(&item.name) {
                let message = format!("expected different names, found two columns `{}`", item.name);
                return Err(Diagnostic::error(Code::CypherInvalid, item.value.span, message).with_help("name one of them with `AS`"));
            }
            let before = aggregates.len();
            let mut value = item.value.clone();
            Names { scope: self, locals: Vec::new(), aggregates: Some(&mut aggregates) }.expression(&mut value)?;
            if aggregates.len() == before {
                groups.push(items.len());
            }
            items.push(value);
            names.push(item.name.clone());
        }
        let mut plan = self.projected(items, aggregates, groups, &projection.page, &names)?;
        self.names = names;
        plan.distinct = projection.distinct;
        plan.condition = projection.condition.as_ref().map(|condition| self.plain(condition)).transpose()?;
        steps.push(Step::Project(Box::new(plan)));
        Ok(())
    }

    /// Resolves order, offset and limit: keys see the columns first, then the row before.
    fn projected(
        &self,
        items: Vec<Expr>,
        mut aggregates: Vec<Aggregate>,
        groups: Vec<usize>,
        page: &Page,
        names: &[String],
    ) -> Resolved<ProjectPlan> {
        let hidden = self.names.iter().map(|name| if names.contains(name) { String::new() } else { name.clone() });
        let both = Self { names: hidden.chain(names.iter().cloned()).collect() };
        let has_aggregates = !aggregates.is_empty();
        let mut order = Vec::new();
        for (key, is_down) in &page.order {
            let mut key = key.clone();
            let aggregates = has_aggregates.then_some(&mut aggregates);
            Names { scope: &both, locals: Vec::new(), aggregates }.expression(&mut key)?;
            order.push((key, *is_down));
        }
        let nothing = Self::default();
        let count = |count: &Option<Expr>| count.as_ref().map(|count| nothing.plain(count)).transpose();
        let (skip, limit) = (count(&page.skip)?, count(&page.limit)?);
        Ok(ProjectPlan { distinct: false, items, aggregates, groups, order, skip, limit, condition: None })
    }
}

/// The conditions that `AND` joins.
fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    let (mut all, mut open) = (Vec::new(), vec![condition]);
    while let Some(one) = open.pop() {
        match &one.kind {
            ExprKind::And(parts) => open.extend(parts.iter().rev()),
            _ => all.push(one),
        }
    }
    all
}

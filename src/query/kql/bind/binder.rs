//! The state of a binding: names in scope, rows in scope, diagnostics, budgets.

use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use super::super::bound::{Aggregate, Column, Constant, Expr, ExprKind, Field, Graph, PatternVariable, Relation, RelationKind, Unknown};
use super::super::diagnostics::{Code, DIAGNOSTICS_MAX, Diagnostic, Severity};
use super::super::similar::similar;
use super::super::tree::{self, Place, ScalarType};
use super::Schemas;
use super::scopes::Scopes;
use super::statements::measure;

/// Most relations on the way from a result to its sources.
const DEPTH_MAX: u32 = 400;
/// Most relations of a result, each counted as often as it is read.
const OPERATORS_MAX: u32 = 8_000;
/// Most columns of a relation.
const COLUMNS_MAX: usize = 10_000;
/// Most calls of functions inside each other.
const CALLS_MAX: u32 = 32;
/// Most expressions, operators and columns that are bound, those of functions and tables counted at each use.
const WORK_MAX: usize = 100_000;
/// Columns that are as much work as one expression.
const COLUMNS_OF_WORK: usize = 4;
/// Columns in which a term is looked for in the time of one expression.
const TESTS_OF_WORK: usize = 16;
/// Names or columns that are looked at in the time of one expression.
const LOOKS_OF_WORK: usize = 128;
/// Names that are compared to find what unknown ones may mean.
const COMPARED_MAX: usize = 50_000;

/// A name with what it means.
pub(super) struct Binding<'t> {
    /// The name that was declared before this one in the text.
    pub parent: Option<usize>,
    /// The name.
    pub name: String,
    /// What it means.
    pub meaning: Meaning<'t>,
    /// Whether anything uses it.
    pub used: bool,
    /// What is wrong with it; reported once it is used.
    pub pending: Vec<Diagnostic>,
    /// How many expressions it holds.
    pub weight: usize,
    /// How deep the tables inside of it are.
    pub reach: u32,
}

/// What a name means.
#[derive(Clone)]
pub(super) enum Meaning<'t> {
    /// A function of the query.
    Function(&'t tree::Function),
    /// A value; of the rows with this number, unless it is the same for all.
    Value(Expr, Option<u32>),
    /// A table.
    Table(Arc<Relation>),
    /// A graph.
    Graph(Arc<Graph>),
    /// A workspace.
    Home(super::homes::Home),
    /// Workspaces or tables.
    Group(&'t [tree::Expr]),
    /// Something with a mistake that is reported.
    Error,
}

/// What an expression or statement turned out to be.
#[derive(Clone)]
pub(super) enum Bound {
    /// A value.
    Value(Expr),
    /// A table.
    Table(Arc<Relation>),
    /// A graph.
    Graph(Arc<Graph>),
}

/// The rows whose columns an expression may name.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// Which rows.
    pub id: u32,
    /// Their columns.
    pub columns: Vec<Column>,
    /// Whether names that are not known are nobody's mistake.
    pub open: bool,
    /// Whether the body of a function hides the columns.
    pub hidden: bool,
    /// What else can be named.
    pub kind: RowsKind,
}

/// What else can be named beside columns.
#[derive(Clone, Debug)]
pub(super) enum RowsKind {
    /// Nothing.
    Plain,
    /// No row at all: constants only.
    None,
    /// `$left` and `$right`; so many columns are of the left.
    Join(usize),
    /// Steps of a scan.
    Scan(Rc<ScanRows>),
    /// Nodes and edges of a pattern; columns are those of `inside`, if there is any.
    Pattern(Rc<PatternRows>),
    /// The nodes of a graph.
    Nodes,
    /// The edges of a graph.
    Edges,
}

/// What the steps of a scan name.
#[derive(Clone, Debug)]
pub(super) struct ScanRows {
    /// The names of the steps.
    pub steps: Vec<String>,
    /// How many columns are of the input; the declared ones follow them.
    pub base: usize,
    /// The first values of the declared columns: what their names mean without a step.
    pub declared: Vec<Constant>,
}

/// Nodes and edges of a pattern.
#[derive(Clone, Debug)]
pub(super) struct PatternRows {
    /// The graph.
    pub graph: Arc<Graph>,
    /// The variables.
    pub variables: Vec<PatternVariable>,
    /// The edge whose parts a quantifier asks; a number that is none for the nodes between.
    pub inside: Option<usize>,
}

/// The aggregates of a `summarize` in the order in which they are met.
#[derive(Default)]
pub(super) struct Aggregates {
    /// Columns in front of them.
    pub offset: usize,
    /// The calls.
    pub calls: Vec<Aggregate>,
    /// Columns of the rows that are groups: `*` leaves them out.
    pub grouped: Vec<usize>,
}

/// Binds one text.
pub(super) struct Binder<'t> {
    pub schemas: &'t dyn Schemas,
    pub now: i64,
    /// Columns of plugins that were learned from data, by number.
    pub learned: &'t [Vec<Field>],
    /// The patterns that were declared.
    pub patterns: Vec<super::patterns::DeclaredPattern<'t>>,
    /// Other names of databases; none for one that is not there.
    pub aliases: Vec<(&'t str, Option<super::homes::Home>)>,
    /// Plugins whose columns must be learned.
    pub unknown: Vec<Unknown>,
    pub diagnostics: Vec<Diagnostic>,
    reported: HashSet<(Code, usize, usize)>,
    pub names: Vec<Binding<'t>>,
    scopes: Scopes,
    pub scope: Option<usize>,
    /// The name in front of the present list of statements.
    pub block: Option<usize>,
    pub rows: Rc<Rows>,
    pub aggregates: Option<Aggregates>,
    /// Whether the rows in scope have an order.
    pub ordered: bool,
    /// Whether the query reads a stored table: the types of its columns may differ from those that the query was written for.
    pub reads_stored: bool,
    /// What `set` statements say, in order.
    pub options: Vec<(String, Expr)>,
    /// Plugins met so far.
    pub plugins: usize,
    numbers: u32,
    pub materialized: usize,
    pub placeholders: usize,
    calls: u32,
    work: Cell<usize>,
    /// Names that were compared with unknown ones.
    compared: usize,
    /// What is reported in the end if the work was too much.
    pub exhausted: Option<Diagnostic>,
    /// The names of columns whose values are a mistake: what follows from it is not reported again.
    pub mistaken: HashSet<String>,
    /// How deep the tables inside of the expressions of the next relation are.
    pub deepest: u32,
    /// The call of a stored function that is being bound: its text is another one.
    pub outside: Option<(Place, &'t str)>,
}

impl<'t> Binder<'t> {
    pub(super) fn new(schemas: &'t dyn Schemas, now: i64, learned: &'t [Vec<Field>]) -> Self {
        let none = Rows { id: 0, columns: Vec::new(), open: false, hidden: false, kind: RowsKind::None };
        Self {
            schemas,
            now,
            learned,
            patterns: Vec::new(),
            aliases: Vec::new(),
            unknown: Vec::new(),
            diagnostics: Vec::new(),
            reported: HashSet::new(),
            names: Vec::new(),
            scopes: Scopes::default(),
            scope: None,
            block: None,
            rows: Rc::new(none),
            aggregates: None,
            ordered: false,
            reads_stored: false,
            options: Vec::new(),
            plugins: 0,
            numbers: 0,
            materialized: 0,
            placeholders: 0,
            calls: 0,
            work: Cell::new(0),
            compared: 0,
            exhausted: None,
            mistaken: HashSet::new(),
            deepest: 0,
            outside: None,
        }
    }

    /// Reports a mistake once for each place.
    pub(super) fn report(&mut self, mut diagnostic: Diagnostic) {
        if let Some((place, name)) = self.outside {
            diagnostic.span = place.span();
            diagnostic.message = format!("in the stored function '{name}': {}", diagnostic.message);
        }
        // What is not understood behind a budget that is spent is no mistake of the text.
        if !self.is_spent() {
            self.adopt(vec![diagnostic]);
        }
    }

    /// Whether another remark of this severity is heard.
    fn hears(&self, severity: Severity) -> bool {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count() < DIAGNOSTICS_MAX
    }

    /// Binds with what is reported kept apart: it is given back, and not yet reported.
    pub(super) fn apart<R>(&mut self, bind: impl FnOnce(&mut Self) -> R) -> (R, Vec<Diagnostic>) {
        let before = (std::mem::take(&mut self.diagnostics), std::mem::take(&mut self.reported));
        let result = bind(self);
        let found = std::mem::replace(&mut self.diagnostics, before.0);
        self.reported = before.1;
        (result, found)
    }

    /// Reports what was kept apart.
    pub(super) fn adopt(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            let key = (diagnostic.code, diagnostic.span.start, diagnostic.span.end);
            if self.hears(diagnostic.severity) && self.reported.insert(key) {
                self.diagnostics.push(diagnostic);
            }
        }
    }

    /// Reports a mistake.
    pub(super) fn error(&mut self, code: Code, place: Place, message: impl Into<String>) {
        self.report(Diagnostic::error(code, place.span(), message));
    }

    /// Reports a mistake with something to try.
    pub(super) fn error_with(&mut self, code: Code, place: Place, message: impl Into<String>, help: impl Into<String>) {
        self.report(Diagnostic::error(code, place.span(), message).with_help(help));
    }

    /// Reports a name that nobody knows, with the nearest one of those that are known; they are asked for only if that is heard.
    pub(super) fn unknown_name<N: AsRef<str>>(
        &mut self,
        code: Code,
        place: Place,
        what: &str,
        name: &str,
        known: impl FnOnce(&Self) -> Vec<N>,
    ) {
        if !self.hears(Severity::Error) {
            return;
        }
        let mut diagnostic = Diagnostic::error(code, place.span(), format!("no {what} is named '{name}'"));
        if self.compared < COMPARED_MAX {
            let known = known(self);
            self.compared += known.len();
            if let Some(near) = similar(name, known.iter().take(COMPARED_MAX).map(AsRef::as_ref)) {
                diagnostic = diagnostic.with_help(format!("did you mean '{near}'?"));
            }
        }
        self.report(diagnostic);
    }

    /// Reports a column that nobody knows.
    pub(super) fn unknown_column_of(&mut self, columns: &[Column], place: Place, what: &str, name: &str) {
        self.unknown_name(Code::UnknownColumn, place, what, name, |_| columns.iter().map(|column| column.name.as_str()).collect());
    }

    /// Counts a piece of work; false once the budget is spent, or so much is wrong that nothing more is reported.
    pub(super) fn works(&mut self, place: Place) -> bool {
        self.weighs(1, place)
    }

    /// Counts several pieces of work.
    pub(super) fn weighs(&mut self, weight: usize, place: Place) -> bool {
        self.spend(weight);
        if self.is_spent() && self.exhausted.is_none() {
            let message = format!(
                "expected at most {WORK_MAX} expressions, operators and columns, those of functions and tables counted at each use"
            );
            let help = "call fewer functions inside each other, or `project` the columns that are needed";
            self.exhausted = Some(Diagnostic::error(Code::TooLarge, place.span(), message).with_help(help));
        }
        !self.is_spent() && self.hears(Severity::Error)
    }

    fn is_spent(&self) -> bool {
        self.work.get() >= WORK_MAX
    }

    /// Counts columns that are made or copied.
    pub(super) fn carries(&self, columns: usize) {
        self.spend(columns / COLUMNS_OF_WORK);
    }

    /// Counts names or columns that are looked at one by one.
    pub(super) fn looks(&self, count: usize) {
        self.spend(count / LOOKS_OF_WORK);
    }

    /// Counts columns that a term is looked for in.
    pub(super) fn tests(&self, columns: usize) {
        self.spend(columns / TESTS_OF_WORK);
    }

    fn spend(&self, work: usize) {
        self.work.set(self.work.get().saturating_add(work));
    }

    /// The place of a column by its name; none once the budget is spent.
    pub(super) fn place_of(&self, columns: &[Column], name: &str) -> Option<usize> {
        if self.is_spent() {
            return None;
        }
        let found = columns.iter().position(|column| column.name == name);
        self.looks(found.unwrap_or(columns.len()));
        found
    }

    /// Runs `bind` inside of a call; none if calls nest too deep.
    pub(super) fn in_call<R>(&mut self, place: Place, bind: impl FnOnce(&mut Self) -> R) -> Option<R> {
        if self.calls == CALLS_MAX {
            self.error(Code::TooDeep, place, format!("expected at most {CALLS_MAX} functions that call each other"));
            return None;
        }
        self.calls += 1;
        let result = bind(self);
        self.calls -= 1;
        Some(result)
    }

    /// Declares a name in the present scope.
    pub(super) fn declare(&mut self, name: &str, meaning: Meaning<'t>) -> usize {
        let id = self.names.len();
        let weight = match &meaning {
            Meaning::Value(value, _) => measure(value).0,
            _ => 0,
        };
        self.scopes.declare(name, self.scope);
        let (parent, name) = (self.scope, name.to_owned());
        self.names.push(Binding { parent, name, meaning, used: false, pending: Vec::new(), weight, reach: 0 });
        self.scope = Some(id);
        id
    }

    /// The binding that a name means here.
    pub(super) fn lookup(&self, name: &str) -> Option<usize> {
        let (found, looked) = self.scopes.find(name, self.scope);
        self.looks(looked);
        found
    }

    /// The names that are visible here.
    pub(super) fn visible(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let mut next = self.scope;
        while let Some(id) = next {
            names.push(self.names[id].name.as_str());
            next = self.names[id].parent;
        }
        names
    }

    /// Binds a table that stands inside of an expression.
    pub(super) fn embedded(&mut self, table: &'t tree::Expr) -> Arc<Relation> {
        let deepest = std::mem::take(&mut self.deepest);
        let relation = self.without_rows(|binder| binder.table(table));
        self.deepest = deepest.max(relation.depth + 1);
        relation
    }

    /// A number for rows that no other rows have.
    pub(super) fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    /// Binds with the columns of a relation in scope, and outside of any aggregate.
    pub(super) fn over<R>(&mut self, relation: &Relation, bind: impl FnOnce(&mut Self) -> R) -> R {
        let ordered = relation.ordered;
        self.with_rows(relation.columns.clone(), relation.open, RowsKind::Plain, |binder| {
            binder.ordered = ordered;
            bind(binder)
        })
    }

    /// Binds with columns in scope.
    pub(super) fn with_rows<R>(&mut self, columns: Vec<Column>, open: bool, kind: RowsKind, bind: impl FnOnce(&mut Self) -> R) -> R {
        self.carries(columns.len());
        let rows = Rows { id: self.number(), columns, open, hidden: false, kind };
        self.swapped(Rc::new(rows), bind)
    }

    /// Binds without any row: constants and whole tables.
    pub(super) fn without_rows<R>(&mut self, bind: impl FnOnce(&mut Self) -> R) -> R {
        self.with_rows(Vec::new(), false, RowsKind::None, bind)
    }

    /// Binds with the columns in scope, as the body of a function does: only parameters are visible.
    pub(super) fn hiding_rows<R>(&mut self, bind: impl FnOnce(&mut Self) -> R) -> R {
        let mut rows = (*self.rows).clone();
        rows.hidden = true;
        rows.columns = Vec::new();
        rows.open = false;
        rows.kind = RowsKind::None;
        let outer = std::mem::replace(&mut self.rows, Rc::new(rows));
        let result = bind(self);
        self.rows = outer;
        result
    }

    fn swapped<R>(&mut self, rows: Rc<Rows>, bind: impl FnOnce(&mut Self) -> R) -> R {
        let rows = std::mem::replace(&mut self.rows, rows);
        let aggregates = self.aggregates.take();
        let ordered = std::mem::replace(&mut self.ordered, true);
        let result = bind(self);
        self.rows = rows;
        self.aggregates = aggregates;
        self.ordered = ordered;
        result
    }

    /// A relation over others; deeper than the limit is a mistake.
    pub(super) fn relation(&mut self, columns: Vec<Column>, kind: RelationKind, inputs: &[&Relation], place: Place) -> Arc<Relation> {
        let deepest = std::mem::take(&mut self.deepest);
        let depth = inputs.iter().map(|input| input.depth + 1).max().unwrap_or_default().max(deepest);
        if depth >= DEPTH_MAX {
            self.error_with(
                Code::TooDeep,
                place,
                format!("expected at most {DEPTH_MAX} operators one after the other"),
                "write fewer operators, or fewer tables that use each other",
            );
            return self.failed(columns, place);
        }
        let weight = match &kind {
            // What runs once is one table to all who read it.
            RelationKind::Materialize { .. } => 1,
            _ => inputs.iter().map(|input| input.weight).fold(1, u32::saturating_add),
        };
        if weight > OPERATORS_MAX || columns.len() > COLUMNS_MAX {
            let (limit, what) = match weight > OPERATORS_MAX {
                true => (OPERATORS_MAX as usize, "operators, those of a table counted for each use of it"),
                false => (COLUMNS_MAX, "columns"),
            };
            let help = "put `materialize(...)` around a table that is used often, or `project` what is needed";
            self.error_with(Code::TooLarge, place, format!("expected at most {limit} {what}"), help);
            return self.failed(Vec::new(), place);
        }
        self.carries(columns.len());
        let open = inputs.iter().any(|input| input.open);
        let ordered = keeps_order(&kind, inputs);
        Arc::new(Relation { columns, kind, ordered, open, depth, weight, place })
    }

    /// A relation that stands for a mistake: any column is known in it.
    pub(super) fn failed(&mut self, columns: Vec<Column>, place: Place) -> Arc<Relation> {
        self.carries(columns.len());
        Arc::new(Relation { columns, kind: RelationKind::Empty, ordered: true, open: true, depth: 0, weight: 1, place })
    }
}

/// Whether the rows have an order that windows may use.
fn keeps_order(kind: &RelationKind, inputs: &[&Relation]) -> bool {
    match kind {
        RelationKind::Range { .. }
        | RelationKind::OneRow
        | RelationKind::Sort { .. }
        | RelationKind::Top { .. }
        | RelationKind::Serialize(_)
        | RelationKind::Count(_)
        | RelationKind::Scan(_) => true,
        RelationKind::Filter { .. }
        | RelationKind::Project { .. }
        | RelationKind::Take { .. }
        | RelationKind::MvExpand(_)
        | RelationKind::MvApply(_)
        | RelationKind::Parse(_)
        | RelationKind::ParseKv { .. }
        | RelationKind::Materialize { .. } => inputs.iter().all(|input| input.ordered),
        _ => false,
    }
}

/// An expression that stands for a mistake.
pub(super) fn mistake(place: Place) -> Expr {
    Expr { kind: ExprKind::Error, ty: ScalarType::Dynamic, place }
}

/// An expression that stands for a mistake where the type is certain.
pub(super) fn mistake_of(ty: ScalarType, place: Place) -> Expr {
    Expr { kind: ExprKind::Error, ty, place }
}

/// A column without lineage.
pub(super) fn column(name: impl Into<String>, kind: ScalarType) -> Column {
    Column { name: name.into(), kind, lineage: None }
}

impl Expr {
    /// Whether it stands for a mistake.
    pub(super) fn is_mistake(&self) -> bool {
        matches!(self.kind, ExprKind::Error)
    }
}

//! Statements: what a text declares, and its results.

use super::super::bound::{BoundQuery, Constant, Expr, ExprKind, Field, Key, RelationKind, Render, ResultTable, Unknown};
use super::super::diagnostics::{Code, DIAGNOSTICS_MAX, Diagnostic, Severity};
use super::super::tree::{self, LetValue, Query, Statement, StatementKind};
use super::Schemas;
use super::binder::{Binder, Bound, Meaning, column};
use super::typing::is_constant;

/// Deepest expression that a name may stand for.
const HEIGHT_MAX: usize = 200;

/// The column of a query that is a value.
const VALUE: &str = "result";

/// What is given beside the text and the schemas.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The instant of the query, in ticks since the year 1.
    pub now: i64,
    /// The values of `declare query_parameters`, as texts; none is null.
    pub parameters: Vec<(String, Option<String>)>,
    /// Whether the values are an offer, of which a text declares what it takes; else one that it does not declare is a mistake.
    pub offered: bool,
    /// The columns of the relations that an earlier binding did not know, by number.
    pub learned: Vec<Vec<Field>>,
}

/// What binding gives.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The results; nothing to run if a diagnostic is an error or a relation is unknown.
    pub query: BoundQuery,
    /// Relations whose columns only their data tell, in order. Run the first, add its columns to [`Given::learned`], and bind again.
    pub unknown: Vec<Unknown>,
    /// What is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Binding {
    /// Whether nothing keeps the query from running.
    pub fn runs(&self) -> bool {
        self.unknown.is_empty() && self.diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error)
    }
}

/// Binds a text against schemas. Never fails as a whole: what is wrong is reported, the rest is bound on.
pub fn bind<'t>(query: &'t Query, schemas: &'t dyn Schemas, given: &'t Given) -> Binding {
    let mut binder = Binder::new(schemas, given.now, &given.learned);
    let mut bound = BoundQuery { results: Vec::new(), options: Vec::new() };
    for statement in &query.statements {
        match &statement.kind {
            StatementKind::Expression(expr) => binder.results(expr, &mut bound.results),
            StatementKind::Set(option) => {
                let value = option.value.as_ref().and_then(|value| match &value.kind {
                    tree::ExprKind::Name(name) => Some(Constant::text(&name.text)),
                    _ => {
                        let value = binder.value(value);
                        binder.options.push((option.name.text.clone(), value.clone()));
                        match value.kind {
                            ExprKind::Literal(constant) => Some(constant),
                            _ => None,
                        }
                    }
                });
                bound.options.push((option.name.text.clone(), value));
            }
            StatementKind::Parameters(parameters) => binder.query_parameters(parameters, &given.parameters),
            _ => binder.declaration(statement),
        }
    }
    if !given.offered {
        binder.undeclared(query, &given.parameters);
    }
    binder.unused();
    binder.weighs(0, query.place);
    let mut diagnostics = std::mem::take(&mut binder.diagnostics);
    diagnostics.extend(binder.exhausted.take());
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    Binding { query: bound, unknown: std::mem::take(&mut binder.unknown), diagnostics }
}

impl<'t> Binder<'t> {
    /// Binds a statement that declares something.
    pub(super) fn declaration(&mut self, statement: &'t Statement) {
        match &statement.kind {
            StatementKind::Let(declared) => self.declare_let(declared),
            StatementKind::Set(_) => {}
            StatementKind::Alias(alias) => self.declare_alias(alias),
            StatementKind::Restrict(_) => self.unsupported(statement.place, "'restrict access'"),
            StatementKind::Parameters(parameters) => self.query_parameters(parameters, &[]),
            StatementKind::Pattern(declaration) => self.declare_pattern(declaration),
            StatementKind::Expression(expr) => {
                self.error(Code::Misplaced, expr.place, "expected 'let', found a query of its own");
            }
        }
    }

    /// Reports something of the language that is not there.
    pub(super) fn unsupported(&mut self, place: tree::Place, what: &str) {
        self.error(Code::Unsupported, place, format!("{what} is not supported"));
    }

    fn declare_let(&mut self, declared: &'t tree::Let) {
        let name = &declared.name;
        if self.declared_here(&name.text) {
            self.error_with(Code::DuplicateName, name.place, format!("'{}' is declared twice", name.text), "use another name");
        }
        let expr = match &declared.value {
            LetValue::Function(function) => {
                self.declare(&name.text, Meaning::Function(function));
                return;
            }
            LetValue::Expr(tree::Expr { kind: tree::ExprKind::EntityGroup(members), .. }) => {
                self.declare(&name.text, Meaning::Group(members));
                return;
            }
            LetValue::Expr(expr) if self.is_home(expr) => {
                let meaning = self.home(expr).map_or(Meaning::Error, Meaning::Home);
                self.declare(&name.text, meaning);
                return;
            }
            LetValue::Expr(expr) => expr,
        };
        let diagnostics = std::mem::take(&mut self.diagnostics);
        let deepest = std::mem::take(&mut self.deepest);
        let meaning = match self.anything(expr) {
            Bound::Value(value) if value.is_mistake() => Meaning::Error,
            Bound::Value(value) if !self.measures(&value) => Meaning::Error,
            Bound::Value(value) => {
                let rows = (!is_constant(&value)).then_some(self.rows.id);
                Meaning::Value(value, rows)
            }
            Bound::Table(relation) => Meaning::Table(relation),
            Bound::Graph(graph) => Meaning::Graph(graph),
        };
        let pending = std::mem::replace(&mut self.diagnostics, diagnostics);
        let reach = std::mem::replace(&mut self.deepest, deepest);
        let id = self.declare(&name.text, meaning);
        let binding = &mut self.names[id];
        (binding.pending, binding.reach) = (pending, reach);
    }

    /// Whether a name is declared in the present list of statements.
    fn declared_here(&self, name: &str) -> bool {
        self.lookup(name).is_some_and(|id| self.block.is_none_or(|block| id > block))
    }

    /// Binds something that may be a value, a table or a graph.
    pub(super) fn anything(&mut self, expr: &'t tree::Expr) -> Bound {
        if self.is_graph(expr) {
            return Bound::Graph(self.without_rows(|binder| binder.graph(expr)));
        }
        if self.is_table(expr) {
            return Bound::Table(self.without_rows(|binder| binder.table(expr)));
        }
        // Inside of a function a value may read parameters, which are values of the row of the call.
        Bound::Value(self.hiding_rows(|binder| binder.value(expr)))
    }

    /// What a name stands for; its mistakes are reported with its first use.
    pub(super) fn resolve(&mut self, id: usize, place: tree::Place) -> Option<Bound> {
        let binding = &mut self.names[id];
        binding.used = true;
        let pending = std::mem::take(&mut binding.pending);
        let (weight, reach) = (binding.weight, binding.reach);
        self.diagnostics.extend(pending);
        self.deepest = self.deepest.max(reach);
        // A value that is used is there once more.
        if !self.weighs(weight, place) {
            return None;
        }
        match self.names[id].meaning.clone() {
            Meaning::Value(value, rows) => Some(Bound::Value(self.parameter_value(value, rows, place))),
            Meaning::Table(relation) => Some(Bound::Table(relation)),
            Meaning::Graph(graph) => Some(Bound::Graph(graph)),
            Meaning::Error => None,
            Meaning::Home(_) | Meaning::Group(_) => {
                let name = self.names[id].name.clone();
                self.error_with(
                    Code::Misplaced,
                    place,
                    format!("expected a table or a value, found '{name}', which holds tables"),
                    format!("name one of its tables: `{name}.T`"),
                );
                None
            }
            Meaning::Function(function) => {
                let required = function.parameters.iter().any(|parameter| parameter.default.is_none());
                if required {
                    let name = self.names[id].name.clone();
                    self.error_with(
                        Code::ArgumentCount,
                        place,
                        format!("the function '{name}' needs arguments"),
                        format!("write `{name}(...)`"),
                    );
                    return None;
                }
                let scope = self.names[id].parent;
                self.user_call(function, scope, &[], None, place)
            }
        }
    }

    /// Whether an expression is small enough to be used by name.
    pub(super) fn measures(&mut self, value: &Expr) -> bool {
        let fits = measure(value).1 <= HEIGHT_MAX;
        if !fits {
            self.error(Code::TooDeep, value.place, format!("expected at most {HEIGHT_MAX} expressions inside each other, names resolved"));
        }
        fits
    }

    /// Binds a query and adds its results.
    fn results(&mut self, expr: &'t tree::Expr, results: &mut Vec<ResultTable>) {
        if !self.is_table(expr) && !self.is_graph(expr) {
            let known = matches!(&expr.kind, tree::ExprKind::Name(name) if self.lookup(&name.text).is_none());
            if known {
                self.table(expr);
                return;
            }
            let value = self.value(expr);
            let one = self.relation(Vec::new(), RelationKind::OneRow, &[], expr.place);
            let relation = self.projected(&one, vec![column(VALUE, value.ty)], vec![value], expr.place);
            results.push(ResultTable { name: None, relation, render: None });
            return;
        }
        let (operators, source) = match &expr.kind {
            tree::ExprKind::Pipe(pipe) => (pipe.operators.as_slice(), Some(&pipe.source)),
            _ => (&[][..], None),
        };
        // What only the client sees stands at the end.
        let tail = operators.iter().position(|operator| {
            matches!(
                operator.kind,
                tree::OperatorKind::Render(_)
                    | tree::OperatorKind::Fork(_)
                    | tree::OperatorKind::Facet(_)
                    | tree::OperatorKind::GraphToTable(_)
            ) || super::plugins::is_preview(&operator.kind)
        });
        let (Some(source), Some(tail)) = (source, tail) else {
            let relation = self.without_rows(|binder| binder.table(expr));
            let name = last_name(expr);
            results.push(ResultTable { name, relation, render: None });
            return;
        };
        self.without_rows(|binder| {
            let flow = binder.flow(source);
            let flow = binder.operators(flow, &operators[..tail]);
            binder.finish(flow, &operators[tail..], results);
        });
    }

    /// Reports what is wrong with declarations that nobody uses, as warnings.
    fn unused(&mut self) {
        let mut pending: Vec<Diagnostic> = Vec::new();
        for binding in &mut self.names {
            pending.append(&mut binding.pending);
        }
        pending.truncate(DIAGNOSTICS_MAX);
        for mut diagnostic in pending {
            diagnostic.severity = Severity::Warning;
            diagnostic.message = format!("in a name that is not used: {}", diagnostic.message);
            self.diagnostics.push(diagnostic);
        }
    }
}

/// The name that `as` gives at the end.
fn last_name(expr: &tree::Expr) -> Option<String> {
    match &expr.kind {
        tree::ExprKind::Pipe(pipe) => match pipe.operators.last().map(|operator| &operator.kind) {
            Some(tree::OperatorKind::As(named)) => Some(named.name.text.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The properties of a `render`.
pub(super) fn rendered(render: &tree::Render) -> Render {
    let properties = render
        .settings
        .iter()
        .map(|setting| {
            let values: Vec<String> = setting
                .values
                .iter()
                .map(|value| match &value.kind {
                    tree::ExprKind::String(string) => string.value.clone(),
                    tree::ExprKind::Name(name) => name.text.clone(),
                    tree::ExprKind::Literal(literal) => literal.text.clone(),
                    _ => String::new(),
                })
                .collect();
            (setting.name.clone(), values.join(","))
        })
        .collect();
    Render { chart: render.chart.text.clone(), properties }
}

/// How many expressions an expression holds, and how deep they lie.
pub(super) fn measure(expr: &Expr) -> (usize, usize) {
    let fold = |parts: &[&Expr]| {
        parts
            .iter()
            .map(|part| measure(part))
            .fold((0_usize, 0_usize), |(weight, height), (w, h)| (weight.saturating_add(w), height.max(h)))
    };
    let list = |parts: &[Expr]| fold(&parts.iter().collect::<Vec<_>>());
    let (weight, height) = match &expr.kind {
        ExprKind::Call { arguments, .. } => list(arguments),
        ExprKind::And(parts) | ExprKind::Or(parts) => list(parts),
        ExprKind::Convert(inner) | ExprKind::Negate(inner) => measure(inner),
        ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic { left, right, .. } => fold(&[left, right]),
        ExprKind::Text { text, needle, .. } => fold(&[text, needle]),
        ExprKind::InList { value, list: values, .. } | ExprKind::HasList { text: value, terms: values, .. } => {
            let (one, other) = (measure(value), list(values));
            (one.0.saturating_add(other.0), one.1.max(other.1))
        }
        ExprKind::InTable { value, .. } | ExprKind::HasTable { text: value, .. } => measure(value),
        ExprKind::Between { value, from, to, .. } => fold(&[value, from, to]),
        ExprKind::Part { value, key: Key::Value(key) } => fold(&[value, key]),
        ExprKind::Part { value, .. } => measure(value),
        ExprKind::Search { needle, .. } => measure(needle),
        ExprKind::Quantified { body, .. } => measure(body),
        _ => (0, 0),
    };
    (weight.saturating_add(1), height + 1)
}

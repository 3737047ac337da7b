//! Trees to canonical text. Printing and reading again gives an equal tree; formatting a formatted text changes nothing.
//!
//! Layout: a statement a line; each operator of a top-level pipeline on its own line; everything else on one line if it fits.
//! Keywords with two spellings get one (`where`, `sort`, `take`, `mv-expand`); literals stay as they were written.

mod comments;
mod doc;
mod expressions;
mod finders;
mod graph;
mod names;
mod operators;

use super::diagnostics::{Diagnostic, Severity};
use super::tree::{
    Body, Expr, ExprKind, Function, Let, LetValue, Parameter, ParameterKind, PatternDeclaration, Query, Statement, StatementKind,
};
use comments::Comments;
use doc::Doc;

/// Returns the canonical text of a tree. Error nodes have no text.
pub fn print(query: &Query) -> String {
    Printer { comments: Comments::none() }.query(query).layout()
}

/// Returns the canonical text of a query text, with its comments.
///
/// Text with errors is not formatted: what was not understood would be lost.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let parsed = super::parse(text);
    if parsed.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(parsed.diagnostics);
    }
    let mut printer = Printer { comments: Comments::of(text, &parsed.tokens) };
    Ok(printer.query(&parsed.query).layout())
}

struct Printer {
    comments: Comments,
}

impl Printer {
    fn query(&mut self, query: &Query) -> Doc {
        let mut docs = self.statements(&query.statements);
        if query.statements.is_empty() {
            docs.push(self.comments.rest(true));
        } else {
            docs.push(self.comments.rest(false));
        }
        Doc::all(docs)
    }

    fn statements(&mut self, statements: &[Statement]) -> Vec<Doc> {
        let mut docs = Vec::with_capacity(statements.len() * 3);
        for (at, statement) in statements.iter().enumerate() {
            let start = statement.place.start;
            docs.push(if at == 0 { self.comments.heading(start) } else { self.comments.between_statements(start) });
            let is_last = at + 1 == statements.len();
            docs.push(self.statement(statement));
            if !is_last || !matches!(statement.kind, StatementKind::Expression(_)) {
                docs.push(Doc::text(";"));
            }
        }
        docs
    }

    fn statement(&mut self, statement: &Statement) -> Doc {
        match &statement.kind {
            StatementKind::Let(it) => self.let_statement(it),
            StatementKind::Set(set) => {
                let mut docs = vec![Doc::text(format!("set {}", names::name(&set.name)))];
                if let Some(value) = &set.value {
                    docs.push(Doc::text(" = "));
                    docs.push(self.expr(value));
                }
                Doc::all(docs)
            }
            StatementKind::Alias(alias) => {
                Doc::all(vec![Doc::text(format!("alias database {} = ", names::name(&alias.name))), self.expr(&alias.database)])
            }
            StatementKind::Restrict(tables) => {
                let tables = self.exprs(tables);
                self.enclosed("restrict access to (", tables, ")", statement.place.end)
            }
            StatementKind::Parameters(parameters) => self.parameters("declare query_parameters(", parameters, statement.place.end),
            StatementKind::Pattern(pattern) => self.pattern_declaration(pattern),
            StatementKind::Expression(expr) => self.top_level(expr),
        }
    }

    /// A query: each of its operators on its own line.
    fn top_level(&mut self, expr: &Expr) -> Doc {
        match &expr.kind {
            ExprKind::Pipe(pipe) => self.pipe(pipe, Doc::hard),
            _ => self.expr(expr),
        }
    }

    fn let_statement(&mut self, it: &Let) -> Doc {
        let head = format!("let {} =", names::name(&it.name));
        match &it.value {
            LetValue::Function(function) => Doc::all(vec![Doc::text(head + " "), self.function(function)]),
            LetValue::Expr(expr) => match &expr.kind {
                ExprKind::Pipe(_) | ExprKind::Source(_) => {
                    let line = self.comments.break_before(expr.place.start, Doc::line());
                    let inner = Doc::all(vec![line, self.expr(expr)]).nest();
                    Doc::all(vec![Doc::text(head), inner]).group()
                }
                _ => Doc::all(vec![Doc::text(head + " "), self.expr(expr)]),
            },
        }
    }

    fn function(&mut self, function: &Function) -> Doc {
        let head = if function.view { "view (" } else { "(" };
        let parameters = self.parameters(head, &function.parameters, function.body.place.start);
        Doc::all(vec![parameters, Doc::text(" "), self.body(&function.body)])
    }

    fn body(&mut self, body: &Body) -> Doc {
        let mut docs = Vec::new();
        for statement in &body.statements {
            docs.push(self.comments.break_before(statement.place.start, Doc::line()));
            docs.push(self.statement(statement));
            docs.push(Doc::text(";"));
        }
        if let Some(result) = &body.result {
            docs.push(self.comments.break_before(result.place.start, Doc::line()));
            docs.push(self.expr(result));
        }
        let end = self.comments.break_before(body.place.end, if docs.is_empty() { Doc::soft() } else { Doc::line() });
        Doc::all(vec![Doc::text("{"), Doc::all(docs).nest(), end, Doc::text("}")]).group()
    }

    fn parameters(&mut self, head: &str, parameters: &[Parameter], end: u32) -> Doc {
        let docs = parameters
            .iter()
            .map(|parameter| {
                let line = self.comments.break_before(parameter.place.start, Doc::line());
                (line, self.parameter(parameter))
            })
            .collect();
        self.enclosed(head, docs, ")", end)
    }

    fn parameter(&mut self, parameter: &Parameter) -> Doc {
        let kind = match &parameter.kind {
            ParameterKind::Scalar(kind) => kind.as_str().to_owned(),
            ParameterKind::AnyTable => "(*)".to_owned(),
            ParameterKind::Table(columns) => format!("({})", names::columns(columns)),
        };
        let head = Doc::text(format!("{}: {kind}", names::declared(&parameter.name)));
        match &parameter.default {
            Some(default) => Doc::all(vec![head, Doc::text(" = "), self.expr(default)]),
            None => head,
        }
    }

    fn pattern_declaration(&mut self, pattern: &PatternDeclaration) -> Doc {
        let mut head = format!("declare pattern {}", names::name(&pattern.name));
        if pattern.rules.is_empty() && pattern.parameters.is_empty() {
            return Doc::text(head);
        }
        head.push_str(&format!(" = ({})", names::columns(&pattern.parameters)));
        if let Some(path) = &pattern.path {
            head.push_str(&format!("[{}]", names::columns(std::slice::from_ref(path))));
        }
        let mut rules = Vec::new();
        for rule in &pattern.rules {
            rules.push(Doc::hard());
            let arguments = self.exprs(&rule.arguments);
            rules.push(self.enclosed("(", arguments, ")", rule.body.place.start));
            if let Some(path) = &rule.path {
                rules.push(Doc::text(format!(".[{}]", path.text)));
            }
            rules.push(Doc::text(" = "));
            rules.push(self.body(&rule.body));
            rules.push(Doc::text(";"));
        }
        Doc::all(vec![Doc::text(head + " {"), Doc::all(rules).nest(), Doc::hard(), Doc::text("}")])
    }
}

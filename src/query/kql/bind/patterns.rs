//! `declare pattern`: names whose calls with certain texts stand for bodies.

use super::super::bound::{Constant, Expr, ExprKind};
use super::super::diagnostics::Code;
use super::super::tree::{self, PatternDeclaration, PatternRule, ScalarType};
use super::binder::{Binder, Meaning};
use super::sources::Flow;

/// A pattern and the last name that was declared before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeclaredPattern<'t> {
    declaration: &'t PatternDeclaration,
    scope: Option<usize>,
}

/// The call of a pattern and the text behind it: `app('a')`, `app('a').name`, `app('a')['name']`.
pub(super) fn call_with_path(expr: &tree::Expr) -> Option<(&tree::Call, Option<&str>)> {
    let (base, path) = match &expr.kind {
        tree::ExprKind::Call(call) => return Some((call, None)),
        tree::ExprKind::Field(base, name) => (base, name.text.as_str()),
        tree::ExprKind::Index(base, index) => match &index.kind {
            tree::ExprKind::String(text) => (base, text.value.as_str()),
            _ => return None,
        },
        _ => return None,
    };
    match &base.kind {
        tree::ExprKind::Call(call) => Some((call, Some(path))),
        _ => None,
    }
}

impl<'t> Binder<'t> {
    /// Remembers a pattern; one without rules is only announced.
    pub(super) fn declare_pattern(&mut self, declaration: &'t PatternDeclaration) {
        self.patterns.push(DeclaredPattern { declaration, scope: self.scope });
    }

    /// The pattern that an expression calls.
    pub(super) fn pattern_of(&self, expr: &tree::Expr) -> Option<DeclaredPattern<'t>> {
        let (call, _) = call_with_path(expr).filter(|_| !self.patterns.is_empty())?;
        let name = call.name.text.as_str();
        let found = self.patterns.iter().rev().find(|pattern| pattern.declaration.name.text == name);
        found.copied().filter(|_| self.lookup(name).is_none())
    }

    /// The table of the rule that a call means.
    pub(super) fn pattern_call(&mut self, pattern: DeclaredPattern<'t>, expr: &'t tree::Expr) -> Flow {
        let place = expr.place;
        let Some((call, path)) = call_with_path(expr) else { return Flow::Table(self.failed(Vec::new(), place)) };
        let mut texts = Vec::new();
        for argument in &call.arguments {
            match self.constant_text(Some(argument), argument.value.place) {
                Some(text) => texts.push(text),
                None => return Flow::Table(self.failed(Vec::new(), place)),
            }
        }
        let Some(rule) = pattern.declaration.rules.iter().find(|rule| fits(rule, &texts, path)) else {
            let name = &call.name.text;
            let message = match path {
                Some(path) => format!("the pattern '{name}' has no rule for ({}).{path}", texts.join(", ")),
                None => format!("the pattern '{name}' has no rule for ({})", texts.join(", ")),
            };
            self.error(Code::UnknownFunction, place, message);
            return Flow::Table(self.failed(Vec::new(), place));
        };
        let outer = self.scope;
        let values = texts.iter().map(String::as_str).chain(path);
        let mut inner = pattern.scope;
        for (parameter, value) in pattern.declaration.parameters.iter().chain(&pattern.declaration.path).zip(values) {
            let value = Expr { kind: ExprKind::Literal(Constant::text(value)), ty: ScalarType::String, place };
            self.scope = inner;
            let id = self.declare(&parameter.name.text, Meaning::Value(value, None));
            self.names[id].used = true;
            inner = Some(id);
        }
        let bound = self.body(&rule.body, inner, place);
        self.scope = outer;
        match bound {
            Some(bound) => self.flow_of(bound, place),
            None => Flow::Table(self.failed(Vec::new(), place)),
        }
    }
}

/// Whether a rule is for these texts.
fn fits(rule: &PatternRule, texts: &[String], path: Option<&str>) -> bool {
    let same = |wanted: &tree::Expr, text: &String| matches!(&wanted.kind, tree::ExprKind::String(wanted) if wanted.value == *text);
    rule.arguments.len() == texts.len()
        && rule.arguments.iter().zip(texts).all(|(wanted, text)| same(wanted, text))
        && rule.path.as_ref().map(|path| path.value.as_str()) == path
}

//! Calls of functions that the query declares, or that are kept for all queries: parameters, arguments, bodies.

use std::sync::Arc;

use super::super::bound::{Constant, Expr, ExprKind, Relation};
use super::super::diagnostics::Code;
use super::super::functions;
use super::super::tree::{self, Named, Place, ScalarType, Target};
use super::super::types::common_type;
use super::binder::{Binder, Bound, Meaning, column};
use super::typing::{convert, is_constant, is_number};

/// What a call of a function is worth in expressions, beside those of its body.
const CALL_WORK: usize = 4;

impl<'t> Binder<'t> {
    /// A call of a function that is kept for all queries.
    pub(super) fn stored_call(
        &mut self,
        stored: &'t super::StoredFunction,
        arguments: &'t [Named],
        rows: Option<Arc<Relation>>,
        place: Place,
    ) -> Option<Bound> {
        let (outside, scope) = (self.outside, self.scope);
        if outside.is_some_and(|(_, name)| name == stored.name) {
            self.error(Code::Recursion, place, format!("the function '{}' calls itself", stored.name));
            return None;
        }
        let parameters = self.parameters(&stored.function, arguments, rows, None, place);
        if outside.is_none() {
            self.outside = Some((place, stored.name.as_str()));
        }
        let bound = parameters.and_then(|scope| self.body(&stored.function.body, scope, place));
        self.outside = outside;
        self.scope = scope;
        bound
    }

    /// A call of a function of the query.
    pub(super) fn user_call(
        &mut self,
        function: &'t tree::Function,
        declared: Option<usize>,
        arguments: &'t [Named],
        rows: Option<Arc<Relation>>,
        place: Place,
    ) -> Option<Bound> {
        let scope = self.scope;
        let bound = self.parameters(function, arguments, rows, declared, place).and_then(|inner| self.body(&function.body, inner, place));
        self.scope = scope;
        bound
    }

    /// Binds arguments to parameters in a scope of their own; none if some are wrong.
    fn parameters(
        &mut self,
        function: &'t tree::Function,
        arguments: &'t [Named],
        rows: Option<Arc<Relation>>,
        declared: Option<usize>,
        place: Place,
    ) -> Option<Option<usize>> {
        if !self.weighs(CALL_WORK, place) {
            return None;
        }
        let mut meanings: Vec<Option<Meaning<'t>>> = vec![None; function.parameters.len()];
        let mut next = 0;
        if let (Some(relation), Some(parameter)) = (rows, function.parameters.first()) {
            meanings[0] = Some(self.table_argument(relation, parameter, place));
            next = 1;
        }
        for argument in arguments {
            let index = match &argument.target {
                Some(Target::One(name)) => match function.parameters.iter().position(|parameter| parameter.name.text == name.text) {
                    Some(index) => index,
                    None => {
                        self.unknown_name(Code::UnknownColumn, name.place, "parameter", &name.text, |_| names_of(&function.parameters));
                        return None;
                    }
                },
                _ => next,
            };
            next = index + 1;
            let Some(parameter) = function.parameters.get(index) else {
                let message = format!("expected at most {} arguments, found {}", function.parameters.len(), arguments.len());
                self.error(Code::ArgumentCount, place, message);
                return None;
            };
            meanings[index] = Some(self.argument(&argument.value, parameter));
        }
        // Defaults and bodies see what was declared before the function, never the names of the caller.
        self.scope = declared;
        let mut inner = declared;
        for (parameter, meaning) in function.parameters.iter().zip(meanings) {
            let meaning = match (meaning, &parameter.default) {
                (Some(meaning), _) => meaning,
                (None, Some(default)) => self.without_rows(|binder| binder.argument(default, parameter)),
                (None, None) => {
                    self.error(Code::ArgumentCount, place, format!("the parameter '{}' is not given", parameter.name.text));
                    Meaning::Error
                }
            };
            self.scope = inner;
            let id = self.declare(&parameter.name.text, meaning);
            self.names[id].used = true;
            inner = Some(id);
        }
        Some(inner)
    }

    fn argument(&mut self, argument: &'t tree::Expr, parameter: &'t tree::Parameter) -> Meaning<'t> {
        match &parameter.kind {
            tree::ParameterKind::Scalar(wanted) => {
                let value = self.value(argument);
                if value.is_mistake() {
                    return Meaning::Error;
                }
                let value = self.number_as(value, *wanted);
                let value = self.wanted(value, *wanted, &parameter.name.text);
                if !self.measures(&value) {
                    return Meaning::Error;
                }
                let rows = (!is_constant(&value)).then_some(self.rows.id);
                Meaning::Value(value, rows)
            }
            _ => {
                let relation = self.without_rows(|binder| binder.table(argument));
                self.table_argument(relation, parameter, argument.place)
            }
        }
    }

    fn table_argument(&mut self, relation: Arc<Relation>, parameter: &tree::Parameter, place: Place) -> Meaning<'t> {
        match &parameter.kind {
            tree::ParameterKind::Scalar(_) => {
                self.error(Code::TableAsValue, place, format!("the parameter '{}' takes a value, found a table", parameter.name.text));
                return Meaning::Error;
            }
            tree::ParameterKind::Table(columns) if !relation.open => {
                for wanted in columns {
                    let found = relation.columns.iter().find(|column| column.name == wanted.name.text);
                    if found.is_none_or(|column| column.kind != wanted.kind) {
                        let (name, kind) = (&wanted.name.text, wanted.kind.as_str());
                        let message = format!("the parameter '{}' needs a column '{name}' of type {kind}", parameter.name.text);
                        self.error(Code::MissingColumn, place, message);
                    }
                }
            }
            // Of a table that is not known the function still has the columns that it asks for.
            tree::ParameterKind::Table(columns) => {
                let mut known = (*relation).clone();
                for wanted in columns {
                    if !known.columns.iter().any(|column| column.name == wanted.name.text) {
                        known.columns.push(column(wanted.name.text.clone(), wanted.kind));
                    }
                }
                return Meaning::Table(Arc::new(known));
            }
            tree::ParameterKind::AnyTable => {}
        }
        Meaning::Table(relation)
    }

    /// A number as one of another width, as arguments of functions are; anything else stays as it is.
    pub(super) fn number_as(&mut self, value: Expr, wanted: ScalarType) -> Expr {
        if !is_number(value.ty) || !is_number(wanted) || common_type(value.ty, wanted) == Some(wanted) {
            return value;
        }
        if let ExprKind::Literal(constant) = &value.kind {
            let constant = super::cells::converted(constant, value.ty, wanted);
            return Expr { kind: ExprKind::Literal(constant), ty: wanted, place: value.place };
        }
        let name = if wanted == ScalarType::Real { "todouble".to_owned() } else { format!("to{}", wanted.as_str()) };
        match functions::find(&name).and_then(|function| Some((function, function.choose(&[value.ty], None)?))) {
            Some((function, chosen)) => {
                let place = value.place;
                let value = convert(value, chosen.arguments[0]);
                self.built_call(function, &chosen, vec![value], place)
            }
            None => value,
        }
    }

    /// Binds a stored query whose parameters have the given values, then those that the call names, then their defaults.
    pub(super) fn stored_query(
        &mut self,
        stored: &'t super::StoredFunction,
        values: Vec<(&'static str, Constant, ScalarType)>,
        named: &'t [Named],
        place: Place,
    ) -> Option<Bound> {
        let (outside, scope) = (self.outside, self.scope);
        if outside.is_some_and(|(_, name)| name == stored.name) {
            self.error(Code::Recursion, place, format!("the query '{}' asks itself", stored.name));
            return None;
        }
        let parameters = &stored.function.parameters;
        let mut meanings: Vec<Option<Meaning<'t>>> = vec![None; parameters.len()];
        for (name, value, kind) in values {
            if let Some(index) = parameters.iter().position(|parameter| parameter.name.text == name) {
                meanings[index] = Some(Meaning::Value(Expr { kind: ExprKind::Literal(value), ty: kind, place }, None));
            }
        }
        for argument in named {
            let Some(Target::One(name)) = &argument.target else {
                self.error_with(Code::ArgumentCount, argument.place(), "expected a named argument", "write `begin=ago(1d)`");
                return None;
            };
            let Some(index) = parameters.iter().position(|parameter| parameter.name.text == name.text) else {
                self.unknown_name(Code::UnknownColumn, name.place, "parameter", &name.text, |_| names_of(parameters));
                return None;
            };
            meanings[index] = Some(self.argument(&argument.value, &parameters[index]));
        }
        if outside.is_none() {
            self.outside = Some((place, stored.name.as_str()));
        }
        self.scope = None;
        let mut inner = None;
        for (parameter, meaning) in parameters.iter().zip(meanings) {
            let meaning = match (meaning, &parameter.default) {
                (Some(meaning), _) => meaning,
                (None, Some(default)) => self.without_rows(|binder| binder.argument(default, parameter)),
                (None, None) => {
                    self.error(Code::MissingParameter, place, format!("the parameter '{}' is not given", parameter.name.text));
                    Meaning::Error
                }
            };
            self.scope = inner;
            let id = self.declare(&parameter.name.text, meaning);
            self.names[id].used = true;
            inner = Some(id);
        }
        let bound = self.body(&stored.function.body, inner, place);
        self.outside = outside;
        self.scope = scope;
        bound
    }

    /// Binds the body of a function.
    pub(super) fn body(&mut self, body: &'t tree::Body, scope: Option<usize>, place: Place) -> Option<Bound> {
        let block = std::mem::replace(&mut self.block, scope);
        let bound = self.in_call(place, |binder| {
            binder.scope = scope;
            for statement in &body.statements {
                binder.declaration(statement);
            }
            let Some(result) = &body.result else {
                binder.error(Code::NoResult, body.place, "the function gives nothing");
                return None;
            };
            if binder.is_graph(result) {
                return Some(Bound::Graph(binder.without_rows(|binder| binder.graph(result))));
            }
            if binder.is_table(result) {
                Some(Bound::Table(binder.without_rows(|binder| binder.table(result))))
            } else {
                Some(Bound::Value(binder.hiding_rows(|binder| binder.value(result))))
            }
        });
        self.block = block;
        bound.flatten()
    }
}

/// The names of parameters.
fn names_of(parameters: &[tree::Parameter]) -> Vec<&str> {
    parameters.iter().map(|parameter| parameter.name.text.as_str()).collect()
}

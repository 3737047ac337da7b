//! Calls of functions: those of the library, those that the binder answers itself, those of the query.

use std::sync::Arc;

use super::super::aggregates;
use super::super::bound::{Arithmetic, Constant, Expr, ExprKind};
use super::super::diagnostics::Code;
use super::super::functions::{self, Body, Chosen, Function, Returns, Takes};
use super::super::tree::{self, Name, Named, Place, ScalarType, Target, TypeOf};
use super::super::types::common_type;
use super::binder::{Binder, Bound, Meaning, mistake, mistake_of};
use super::expressions::{constant_of, text};
use super::typing::{convert, is_constant, is_number};
use ScalarType::{Bool, DateTime, Dynamic, Long, String as Text, Timespan};

/// Functions that ask a service of Microsoft's cloud.
const UNAVAILABLE: &[&str] = &[
    "AssignedIPAddresses",
    "DeviceFromIP",
    "FileProfile",
    "SeenBy",
    "adx",
    "ai_embeddings",
    "app",
    "arg",
    "cursor_after",
    "cursor_before_or_at",
    "cursor_current",
    "current_cursor",
    "extent_id",
    "extent_tags",
    "extentid",
    "extenttags",
    "external_table",
    "geo_info_from_ip_address",
    "materialized_view",
    "resource",
    "stored_query_result",
    "workspace",
];

impl<'t> Binder<'t> {
    /// Binds a call that gives a value.
    pub(super) fn call(&mut self, call: &'t tree::Call, place: Place) -> Expr {
        let name = call.name.text.as_str();
        if let Some(aggregate) = aggregates::find(name)
            && (self.aggregates.is_some() || functions::find(name).is_none())
            && self.lookup(name).is_none()
        {
            return self.aggregate_value(aggregate, call, place);
        }
        if let Some(id) = self.lookup(name) {
            return self.call_of_name(id, call, place);
        }
        if let Some(found) = self.special_call(call, place) {
            return found;
        }
        if let Some(function) = functions::find(name) {
            return self.library_call(function, call, place);
        }
        if let Some(stored) = self.schemas.function(name) {
            return match self.stored_call(stored, &call.arguments, None, place) {
                Some(Bound::Value(value)) => value,
                Some(_) => self.table_as_value(place),
                None => mistake(place),
            };
        }
        if self.schemas.table(name).is_some() || self.schemas.table_function(name).is_some() || matches!(name, "table" | "_GetWatchlist") {
            return self.table_as_value(place);
        }
        // What nobody knows may be an aggregate.
        let aggregates = self.aggregates.take();
        for argument in &call.arguments {
            if !self.is_table(&argument.value) && !matches!(argument.value.kind, tree::ExprKind::Star | tree::ExprKind::TypeOf(_)) {
                self.value(&argument.value);
            }
        }
        self.aggregates = aggregates;
        self.unknown_function(&call.name);
        mistake(place)
    }

    /// Reports a function that nobody knows.
    pub(super) fn unknown_function(&mut self, name: &Name) {
        if UNAVAILABLE.contains(&name.text.as_str()) {
            let message = format!("'{}' asks a service of Microsoft's cloud, which is not there", name.text);
            self.error_with(Code::Unavailable, name.place, message, "use a table or a watchlist that holds the same facts");
            return;
        }
        if functions::is_refused(&name.text) {
            self.unsupported(name.place, &format!("the function '{}'", name.text));
            return;
        }
        let mut known: Vec<String> = self.visible().into_iter().map(str::to_owned).collect();
        known.extend(self.schemas.functions());
        let mut known: Vec<&str> = known.iter().map(String::as_str).collect();
        known.extend(functions::all().flat_map(|function| function.aliases.iter().copied().chain([function.name])));
        known.extend(aggregates::all().map(|aggregate| aggregate.name));
        self.unknown_name(Code::UnknownFunction, name.place, "function", &name.text, &known);
    }

    /// A call of a name of the query, as a value.
    fn call_of_name(&mut self, id: usize, call: &'t tree::Call, place: Place) -> Expr {
        let bound = match self.names[id].meaning.clone() {
            Meaning::Function(function) => {
                self.names[id].used = true;
                let scope = self.names[id].parent;
                self.user_call(function, scope, &call.arguments, None, place)
            }
            _ => self.resolve(id, place),
        };
        match bound {
            Some(Bound::Value(value)) => value,
            Some(_) => self.table_as_value(place),
            None => mistake(place),
        }
    }

    /// A method: `database("x").f()` is `f()`, whatever stands in front is one engine.
    pub(super) fn method(&mut self, base: &'t tree::Expr, call: &'t tree::Call, place: Place) -> Expr {
        if is_database(base) {
            return self.call(call, place);
        }
        self.value(base);
        self.error(Code::Misplaced, place, format!("'{}' cannot be called behind a value", call.name.text));
        mistake(place)
    }

    /// Functions that the binder answers itself.
    fn special_call(&mut self, call: &'t tree::Call, place: Place) -> Option<Expr> {
        let arguments = &call.arguments;
        let found = match call.name.text.as_str() {
            "now" if arguments.len() <= 1 => {
                let now = Expr { kind: ExprKind::Literal(Constant::DateTime(self.now)), ty: DateTime, place };
                match arguments.first() {
                    None => now,
                    Some(offset) => {
                        let offset = self.argument_of(&offset.value, Timespan, "now");
                        self.shifted(now, Arithmetic::Add, offset, place)
                    }
                }
            }
            "ago" if arguments.len() == 1 => {
                let now = Expr { kind: ExprKind::Literal(Constant::DateTime(self.now)), ty: DateTime, place };
                let span = self.argument_of(&arguments[0].value, Timespan, "ago");
                self.shifted(now, Arithmetic::Subtract, span, place)
            }
            "column_ifexists" | "columnifexists" if arguments.len() == 2 => self.column_if_exists(arguments, place),
            "iscolumnexists" if arguments.len() == 1 => {
                let name = self.value(&arguments[0].value);
                let exists = matches!(constant_of(&name), Some(Constant::String(name)) if self.column_named(name).is_some());
                Expr { kind: ExprKind::Literal(Constant::Bool(exists)), ty: Bool, place }
            }
            "pack_all" => self.pack_all(arguments, place),
            "estimate_data_size" => self.data_size(call, place),
            "iff" | "iif" if arguments.len() == 3 => self.conditional(call, &[0], place),
            "case" if arguments.len() >= 3 && arguments.len() % 2 == 1 => {
                let conditions: Vec<usize> = (0..arguments.len() - 1).step_by(2).collect();
                self.conditional(call, &conditions, place)
            }
            "coalesce" if arguments.len() >= 2 => self.coalesced(call, place),
            "prev" | "next" if (1..=3).contains(&arguments.len()) => self.neighbour(call, place),
            "all" | "any" | "map" | "inner_nodes" | "node_id" | "node_degree_in" | "node_degree_out" | "labels" if self.in_graph() => {
                return self.graph_call(call, place);
            }
            _ => return None,
        };
        Some(found)
    }

    fn shifted(&mut self, now: Expr, operator: Arithmetic, span: Expr, place: Place) -> Expr {
        match (constant_of(&now), constant_of(&span), operator) {
            (Some(Constant::DateTime(now)), Some(Constant::Timespan(span)), operator) => {
                let ticks = if operator == Arithmetic::Add { now.checked_add(*span) } else { now.checked_sub(*span) };
                let constant = match ticks {
                    Some(ticks) if (0..=super::super::types::LAST_TICK).contains(&ticks) => Constant::DateTime(ticks),
                    _ => Constant::Null,
                };
                Expr { kind: ExprKind::Literal(constant), ty: DateTime, place }
            }
            _ => self.computed(operator, now, span, place),
        }
    }

    /// An argument of a certain type.
    pub(super) fn argument_of(&mut self, argument: &'t tree::Expr, wanted: ScalarType, function: &str) -> Expr {
        let value = self.value(argument);
        self.wanted(value, wanted, function)
    }

    /// The value as what a parameter takes.
    pub(super) fn wanted(&mut self, value: Expr, wanted: ScalarType, function: &str) -> Expr {
        if value.is_mistake() || value.ty == wanted {
            return if value.is_mistake() { mistake_of(wanted, value.place) } else { value };
        }
        if value.ty == Dynamic || common_type(value.ty, wanted) == Some(wanted) && wanted != Dynamic {
            return convert(value, wanted);
        }
        let message = format!("'{function}' takes {} here, found {}", wanted.as_str(), value.ty.as_str());
        let name = if wanted == ScalarType::Real { "double" } else { wanted.as_str() };
        self.error_with(Code::TypeMismatch, value.place, message, format!("convert it with `to{name}(...)`"));
        mistake_of(wanted, value.place)
    }

    fn column_if_exists(&mut self, arguments: &'t [Named], place: Place) -> Expr {
        let name = match &arguments[0].value.kind {
            tree::ExprKind::Name(name) if self.lookup(&name.text).is_none() => Some(name.text.clone()),
            _ => {
                let value = self.value(&arguments[0].value);
                match constant_of(&value) {
                    Some(Constant::String(name)) => Some(name.to_string()),
                    _ => None,
                }
            }
        };
        let default = self.value(&arguments[1].value);
        match name {
            Some(name) => match self.column_named(&name) {
                Some(index) => self.column_at(index, place),
                None if self.rows.open && !self.rows.hidden => mistake(place),
                None => Expr { place, ..default },
            },
            None => {
                self.error(Code::NotConstant, arguments[0].value.place, "expected the name of a column as a constant text");
                mistake(place)
            }
        }
    }

    /// A bag of all columns: the call gets whether nulls are left out, then name and value of each.
    fn pack_all(&mut self, arguments: &'t [Named], place: Place) -> Expr {
        let ignore = match arguments.first() {
            Some(argument) if !matches!(argument.value.kind, tree::ExprKind::Star) => self.argument_of(&argument.value, Bool, "pack_all"),
            _ => Expr { kind: ExprKind::Literal(Constant::Bool(false)), ty: Bool, place },
        };
        let mut packed = vec![ignore];
        let columns = if self.rows.hidden { Vec::new() } else { self.rows.columns.clone() };
        for (index, column) in columns.iter().enumerate() {
            packed.push(text(&column.name, place));
            packed.push(Expr { kind: ExprKind::Column(index), ty: column.kind, place });
        }
        self.planned("pack_all", packed, Dynamic, place)
    }

    fn data_size(&mut self, call: &'t tree::Call, place: Place) -> Expr {
        let star = call.arguments.iter().any(|argument| matches!(argument.value.kind, tree::ExprKind::Star));
        let arguments = if star {
            (0..self.rows.columns.len()).map(|index| self.column_at(index, place)).collect()
        } else {
            call.arguments.iter().map(|argument| self.value(&argument.value)).collect()
        };
        self.planned("estimate_data_size", arguments, Long, place)
    }

    /// A call of a function of the library with arguments that need no choice of a form.
    pub(super) fn planned(&mut self, name: &str, arguments: Vec<Expr>, ty: ScalarType, place: Place) -> Expr {
        match functions::find(name) {
            Some(function) => Expr { kind: ExprKind::Call { function, overload: 0, arguments }, ty, place },
            None => mistake(place),
        }
    }

    /// `iff` and `case`: some arguments are conditions, the others results of one type.
    fn conditional(&mut self, call: &'t tree::Call, conditions: &[usize], place: Place) -> Expr {
        let name = call.name.text.as_str();
        let mut arguments: Vec<Expr> = call.arguments.iter().map(|argument| self.value(&argument.value)).collect();
        for index in conditions {
            let condition = std::mem::replace(&mut arguments[*index], mistake(place));
            arguments[*index] = self.truth(condition, &format!("a condition of '{name}'"));
        }
        let results: Vec<usize> = (0..arguments.len()).filter(|index| !conditions.contains(index)).collect();
        let known: Vec<ScalarType> =
            results.iter().filter(|index| !arguments[**index].is_mistake()).map(|index| arguments[*index].ty).collect();
        let Some(ty) = self.common(name, &known, place) else { return mistake(place) };
        for index in results {
            let result = std::mem::replace(&mut arguments[index], mistake(place));
            arguments[index] = convert(result, ty);
        }
        if known.is_empty() {
            return mistake(place);
        }
        let name = if name == "iif" { "iff" } else { name };
        self.planned(name, arguments, ty, place)
    }

    /// The one type of several results: numbers widen, dynamic values become what the others are.
    fn common(&mut self, function: &str, types: &[ScalarType], place: Place) -> Option<ScalarType> {
        let plain: Vec<ScalarType> = types.iter().copied().filter(|ty| *ty != Dynamic).collect();
        let Some(first) = plain.first() else { return Some(Dynamic) };
        let common = plain.iter().try_fold(*first, |a, b| common_type(a, *b));
        if common.is_none() {
            let mut names: Vec<&str> = plain.iter().map(|ty| ty.as_str()).collect();
            names.dedup();
            let message = format!("the results of '{function}' must have one type, found {}", names.join(" and "));
            self.error_with(Code::TypeMismatch, place, message, "convert them: `tostring(...)`");
        }
        common
    }

    /// `coalesce`: one type but for the width of integers.
    fn coalesced(&mut self, call: &'t tree::Call, place: Place) -> Expr {
        let arguments: Vec<Expr> = call.arguments.iter().map(|argument| self.value(&argument.value)).collect();
        let mut types: Vec<ScalarType> = arguments.iter().filter(|argument| !argument.is_mistake()).map(|argument| argument.ty).collect();
        types.dedup();
        let Some(first) = types.first().copied() else { return mistake(place) };
        let one = types.iter().all(|ty| *ty == first);
        let integers = types.iter().all(|ty| matches!(ty, ScalarType::Int | Long));
        let ty = match (one, integers) {
            (true, _) => first,
            (false, true) => Long,
            // Beside a dynamic value, as by the other conditional functions.
            _ if types.contains(&Dynamic) => match self.common("coalesce", &types, place) {
                Some(ty) => ty,
                None => return mistake(place),
            },
            _ => {
                let names: Vec<&str> = types.iter().map(|ty| ty.as_str()).collect();
                let message = format!("the arguments of 'coalesce' must have one type, found {}", names.join(" and "));
                self.error_with(Code::TypeMismatch, place, message, "convert them: `todouble(...)`");
                return mistake(place);
            }
        };
        let arguments = arguments.into_iter().map(|argument| convert(argument, ty)).collect();
        self.planned("coalesce", arguments, ty, place)
    }

    /// `prev` and `next`: the distance and what stands where there is no such row are constants.
    fn neighbour(&mut self, call: &'t tree::Call, place: Place) -> Expr {
        let name = call.name.text.as_str();
        self.needs_order(name, place);
        let value = self.value(&call.arguments[0].value);
        let ty = value.ty;
        let mut arguments = vec![value];
        if let Some(offset) = call.arguments.get(1) {
            let offset = self.argument_of(&offset.value, Long, name);
            arguments.push(self.constant(offset));
        }
        if let Some(default) = call.arguments.get(2) {
            let default = self.value(&default.value);
            let default = if arguments[0].is_mistake() { default } else { self.wanted(default, ty, name) };
            arguments.push(self.constant(default));
        }
        if arguments.iter().any(Expr::is_mistake) {
            return if arguments[0].is_mistake() { mistake(place) } else { mistake_of(ty, place) };
        }
        self.planned(name, arguments, ty, place)
    }

    /// The value if no row changes it.
    pub(super) fn constant(&mut self, value: Expr) -> Expr {
        if value.is_mistake() || is_constant(&value) {
            return value;
        }
        self.error_with(Code::NotConstant, value.place, "expected a constant", "use a literal, or a value that no row changes");
        mistake_of(value.ty, value.place)
    }

    /// Window functions need rows in an order.
    fn needs_order(&mut self, function: &str, place: Place) {
        if self.in_scan() {
            self.error(Code::Misplaced, place, format!("'{function}' cannot stand in a step of 'scan'"));
        } else if !self.ordered && !self.rows.open {
            self.error_with(
                Code::NotOrdered,
                place,
                format!("'{function}' needs rows in an order"),
                "put `| serialize` or `| sort by ...` in front",
            );
        }
    }

    /// A call of a function of the library.
    fn library_call(&mut self, function: &'static Function, call: &'t tree::Call, place: Place) -> Expr {
        match self.chosen_call(function, call, place) {
            Some((chosen, arguments)) => self.built_call(function, &chosen, arguments, place),
            None => match function.overloads.first().map(|overload| overload.returns) {
                Some(Returns::Always(ty))
                    if function.overloads.iter().all(|other| matches!(other.returns, Returns::Always(o) if o == ty)) =>
                {
                    mistake_of(ty, place)
                }
                _ => mistake(place),
            },
        }
    }

    /// The form that a call takes, and its arguments; none if something is wrong.
    fn chosen_call(&mut self, function: &'static Function, call: &'t tree::Call, place: Place) -> Option<(Chosen, Vec<Expr>)> {
        let name = call.name.text.as_str();
        if function.family == functions::Family::Window {
            self.needs_order(name, place);
        }
        let mut named = None;
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            match &argument.value.kind {
                tree::ExprKind::TypeOf(TypeOf::Scalar(ty)) => named = Some(*ty),
                _ => arguments.push(self.value(&argument.value)),
            }
        }
        if arguments.iter().any(Expr::is_mistake) {
            return None;
        }
        let types: Vec<ScalarType> = arguments.iter().map(|argument| argument.ty).collect();
        let Some(chosen) = function.choose(&types, named) else {
            self.unfitting(function, call, &types, place);
            return None;
        };
        for (index, argument) in arguments.iter().enumerate() {
            if chosen.overload.parameter(index).is_some_and(|parameter| parameter.constant) && !is_constant(argument) {
                self.constant(argument.clone());
                return None;
            }
        }
        let arguments = arguments.into_iter().zip(&chosen.arguments).map(|(argument, ty)| convert(argument, *ty)).collect();
        Some((chosen, arguments))
    }

    fn built_call(&mut self, function: &'static Function, chosen: &Chosen, arguments: Vec<Expr>, place: Place) -> Expr {
        let overload = function.overloads.iter().position(|overload| std::ptr::eq(overload, chosen.overload)).unwrap_or_default();
        // A function of `typeof` may be planned, but is never without a form.
        debug_assert!(matches!(chosen.overload.body, Body::Kernel(_) | Body::Plan));
        Expr { kind: ExprKind::Call { function, overload, arguments }, ty: chosen.returns, place }
    }

    /// Reports arguments that no form takes.
    fn unfitting(&mut self, function: &'static Function, call: &tree::Call, types: &[ScalarType], place: Place) {
        let name = call.name.text.as_str();
        let counts = function.overloads.iter().map(|overload| {
            let most = if overload.repeat > 0 { usize::MAX } else { overload.parameters.len() };
            (overload.required, most)
        });
        let (least, most) = counts.fold((usize::MAX, 0), |(least, most), (a, b)| (least.min(a), most.max(b)));
        let given = call.arguments.len();
        if given < least || given > most {
            let expected = match (least, most) {
                (least, usize::MAX) => format!("at least {least}"),
                (least, most) if least == most => least.to_string(),
                (least, most) => format!("{least} to {most}"),
            };
            self.error_with(
                Code::ArgumentCount,
                place,
                format!("'{name}' takes {expected} arguments, found {given}"),
                signatures(function),
            );
            return;
        }
        let found: Vec<&str> = types.iter().map(|ty| ty.as_str()).collect();
        let message = format!("'{name}' does not take ({})", found.join(", "));
        self.error_with(Code::TypeMismatch, place, message, signatures(function));
    }

    /// The form of an aggregate that fits the types, by number.
    pub(super) fn aggregate_form(&self, aggregate: &aggregates::Aggregate, types: &[ScalarType]) -> Option<usize> {
        let fits = |overload: &aggregates::Overload, exact: bool| {
            types.len() >= overload.required
                && types.iter().enumerate().all(|(index, ty)| {
                    let count = overload.parameters.len();
                    let parameter = match index.checked_sub(count) {
                        None => overload.parameters.get(index),
                        Some(beyond) if overload.repeat > 0 => overload.parameters.get(count - overload.repeat + beyond % overload.repeat),
                        Some(_) => None,
                    };
                    parameter.is_some_and(|parameter| takes(parameter.takes, *ty, exact))
                })
        };
        let place = |exact| aggregate.overloads.iter().position(|overload| fits(overload, exact));
        place(true).or_else(|| place(false))
    }

    /// A call of a function that is kept for all queries.
    pub(super) fn stored_call(
        &mut self,
        stored: &'t super::StoredFunction,
        arguments: &'t [Named],
        rows: Option<Arc<super::super::bound::Relation>>,
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
        let bound = parameters.and_then(|scope| self.body(&stored.function, scope, place));
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
        rows: Option<Arc<super::super::bound::Relation>>,
        place: Place,
    ) -> Option<Bound> {
        let scope = self.scope;
        let bound = self.parameters(function, arguments, rows, declared, place).and_then(|inner| self.body(function, inner, place));
        self.scope = scope;
        bound
    }

    /// Binds arguments to parameters in a scope of their own; none if some are wrong.
    fn parameters(
        &mut self,
        function: &'t tree::Function,
        arguments: &'t [Named],
        rows: Option<Arc<super::super::bound::Relation>>,
        declared: Option<usize>,
        place: Place,
    ) -> Option<Option<usize>> {
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
                        let known: Vec<&str> = function.parameters.iter().map(|parameter| parameter.name.text.as_str()).collect();
                        self.unknown_name(Code::UnknownColumn, name.place, "parameter", &name.text, &known);
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

    fn table_argument(&mut self, relation: Arc<super::super::bound::Relation>, parameter: &tree::Parameter, place: Place) -> Meaning<'t> {
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
            _ => {}
        }
        Meaning::Table(relation)
    }

    /// Binds the body of a function.
    fn body(&mut self, function: &'t tree::Function, scope: Option<usize>, place: Place) -> Option<Bound> {
        let block = std::mem::replace(&mut self.block, scope);
        let bound = self.in_call(place, |binder| {
            binder.scope = scope;
            for statement in &function.body.statements {
                binder.declaration(statement);
            }
            let Some(result) = &function.body.result else {
                binder.error(Code::NoResult, function.body.place, "the function gives nothing");
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

    /// The value as text.
    pub(super) fn as_text(&mut self, value: Expr) -> Expr {
        match value.ty {
            Text => value,
            _ if value.is_mistake() => mistake_of(Text, value.place),
            _ => match functions::find("tostring").and_then(|function| Some((function, function.choose(&[value.ty], None)?))) {
                Some((function, chosen)) => {
                    let place = value.place;
                    let value = convert(value, chosen.arguments[0]);
                    self.built_call(function, &chosen, vec![value], place)
                }
                None => convert(value, Text),
            },
        }
    }
}

/// Whether an expression names a database or cluster, which are all this one.
pub(super) fn is_database(expr: &tree::Expr) -> bool {
    match &expr.kind {
        tree::ExprKind::Call(call) => matches!(call.name.text.as_str(), "database" | "cluster"),
        tree::ExprKind::Method(base, call) => call.name.text == "database" && is_database(base),
        _ => false,
    }
}

/// Whether a parameter takes the type.
pub(super) fn takes(takes: Takes, kind: ScalarType, exact: bool) -> bool {
    match takes {
        Takes::Only(wanted) if exact => kind == wanted,
        Takes::Only(Dynamic) => kind == Dynamic,
        Takes::Only(wanted) => kind == Dynamic || common_type(kind, wanted) == Some(wanted),
        Takes::Any | Takes::AsText => true,
        Takes::Number => is_number(kind),
        Takes::Quantity => is_number(kind) || matches!(kind, DateTime | Timespan),
        Takes::Ordered => !matches!(kind, Dynamic),
        Takes::TypeName => false,
    }
}

/// The forms of a function, as help.
fn signatures(function: &Function) -> String {
    let forms: Vec<String> = function
        .overloads
        .iter()
        .take(4)
        .map(|overload| {
            let parameters: Vec<String> = overload
                .parameters
                .iter()
                .enumerate()
                .map(|(index, parameter)| {
                    let kind = match parameter.takes {
                        Takes::Only(kind) => format!(": {}", kind.as_str()),
                        Takes::Number => ": number".to_owned(),
                        Takes::TypeName => ": typeof".to_owned(),
                        _ => String::new(),
                    };
                    if index < overload.required { format!("{}{kind}", parameter.name) } else { format!("[{}{kind}]", parameter.name) }
                })
                .collect();
            format!("`{}({}{})`", function.name, parameters.join(", "), if overload.repeat > 0 { ", ..." } else { "" })
        })
        .collect();
    format!("it takes {}", forms.join(" or "))
}

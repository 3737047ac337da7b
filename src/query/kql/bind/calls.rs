//! Calls of functions: which of the library, the query or the stored ones a name means, and what forms of the library take.

use std::borrow::Cow;

use super::super::aggregates;
use super::super::bound::{Expr, ExprKind};
use super::super::diagnostics::Code;
use super::super::functions::{self, Body, Chosen, Fit, Function, Returns, Takes};
use super::super::tree::{self, Name, Place, ScalarType, TypeOf};
use super::super::types::common_type;
use super::binder::{Binder, Bound, Meaning, mistake, mistake_of};
use super::typing::{convert, is_constant};
use ScalarType::{Dynamic, String as Text};

/// Arguments of one call at most: a plan nests them, or looks at each pair of them.
const ARGUMENTS_MAX: usize = 1_000;

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
        if call.arguments.len() > ARGUMENTS_MAX {
            let message = format!("expected at most {ARGUMENTS_MAX} arguments of '{name}', found {}", call.arguments.len());
            self.error_with(Code::TooLarge, place, message, "put long lists into a table and join it");
            return mistake(place);
        }
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
        if self.schemas.has_table(name) || self.schemas.table_function(name).is_some() || matches!(name, "table" | "_GetWatchlist") {
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
        self.unknown_name(Code::UnknownFunction, name.place, "function", &name.text, |binder| {
            let mut known: Vec<Cow<'_, str>> = binder.visible().into_iter().map(|name| Cow::Owned(name.to_owned())).collect();
            known.extend(binder.schemas.functions().into_iter().map(Cow::Owned));
            let own = functions::all().flat_map(|function| function.aliases.iter().copied().chain([function.name]));
            known.extend(own.chain(aggregates::all().map(|aggregate| aggregate.name)).map(Cow::Borrowed));
            known
        });
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

    /// A method: a function of a workspace.
    pub(super) fn method(&mut self, base: &'t tree::Expr, call: &'t tree::Call, place: Place) -> Expr {
        if self.is_home(base) {
            return match self.home(base) {
                Some(_) => self.call(call, place),
                None => mistake(place),
            };
        }
        self.value(base);
        self.error(Code::Misplaced, place, format!("'{}' cannot be called behind a value", call.name.text));
        mistake(place)
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
        self.unwanted(&value, wanted, function)
    }

    /// The value as what a function of the language takes: none of them reads a dynamic value as one of another type, but as text.
    pub(super) fn wanted_plain(&mut self, value: Expr, wanted: ScalarType, function: &str) -> Expr {
        if value.ty == Dynamic && !value.is_mistake() {
            self.unwanted(&value, wanted, function)
        } else {
            self.wanted(value, wanted, function)
        }
    }

    fn unwanted(&mut self, value: &Expr, wanted: ScalarType, function: &str) -> Expr {
        let message = format!("'{function}' takes {} here, found {}", wanted.as_str(), value.ty.as_str());
        let name = if wanted == ScalarType::Real { "double" } else { wanted.as_str() };
        self.error_with(Code::TypeMismatch, value.place, message, format!("convert it with `to{name}(...)`"));
        mistake_of(wanted, value.place)
    }

    /// A call of a function of the library with arguments that need no choice of a form.
    pub(super) fn planned(&mut self, name: &str, arguments: Vec<Expr>, ty: ScalarType, place: Place) -> Expr {
        match functions::find(name) {
            Some(function) => Expr { kind: ExprKind::Call { function, overload: 0, arguments }, ty, place },
            None => mistake(place),
        }
    }

    /// The value if no row changes it.
    pub(super) fn constant(&mut self, value: Expr) -> Expr {
        if value.is_mistake() || is_constant(&value) {
            return value;
        }
        self.error_with(Code::NotConstant, value.place, "expected a constant", "use a literal, or a value that no row changes");
        mistake_of(value.ty, value.place)
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

    pub(super) fn built_call(&mut self, function: &'static Function, chosen: &Chosen, arguments: Vec<Expr>, place: Place) -> Expr {
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
        let fits = |overload: &aggregates::Overload, fit: Fit| {
            types.len() >= overload.required
                && types.iter().enumerate().all(|(index, ty)| {
                    let count = overload.parameters.len();
                    let parameter = match index.checked_sub(count) {
                        None => overload.parameters.get(index),
                        Some(beyond) if overload.repeat > 0 => overload.parameters.get(count - overload.repeat + beyond % overload.repeat),
                        Some(_) => None,
                    };
                    parameter.is_some_and(|parameter| parameter.fits(*ty, fit))
                })
        };
        let place = |fit| aggregate.overloads.iter().position(|overload| fits(overload, fit));
        Fit::ALL.into_iter().find_map(place)
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

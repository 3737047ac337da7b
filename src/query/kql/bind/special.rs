//! Calls that the binder answers itself, or whose arguments it sees as more than values: the instant of the query, columns by name, conditions,
//! neighbouring rows.

use super::super::bound::{Arithmetic, Column, Constant, Expr, ExprKind};
use super::super::diagnostics::Code;
use super::super::functions;
use super::super::tree::{self, Named, Place, ScalarType};
use super::super::types::common_type;
use super::binder::{Binder, mistake, mistake_of};
use super::expressions::{constant_of, text};
use super::typing::{convert, is_number};
use ScalarType::{Bool, DateTime, Dynamic, Long, Timespan};

impl<'t> Binder<'t> {
    /// Functions that the binder answers itself.
    pub(super) fn special_call(&mut self, call: &'t tree::Call, place: Place) -> Option<Expr> {
        let arguments = &call.arguments;
        let found = match call.name.text.as_str() {
            "now" if arguments.len() <= 1 => {
                let now = Expr { kind: ExprKind::Literal(Constant::DateTime(self.now)), ty: DateTime, place };
                match arguments.first() {
                    None => now,
                    Some(offset) => {
                        let offset = self.value(&offset.value);
                        let offset = self.wanted_plain(offset, Timespan, "now");
                        self.shifted(now, Arithmetic::Add, offset, place)
                    }
                }
            }
            "ago" if arguments.len() == 1 => {
                let now = Expr { kind: ExprKind::Literal(Constant::DateTime(self.now)), ty: DateTime, place };
                let span = self.value(&arguments[0].value);
                let span = self.wanted_plain(span, Timespan, "ago");
                self.shifted(now, Arithmetic::Subtract, span, place)
            }
            "column_ifexists" | "columnifexists" if arguments.len() == 2 => self.column_if_exists(arguments, place),
            "iscolumnexists" if arguments.len() == 1 => {
                let name = self.value(&arguments[0].value);
                let exists = matches!(constant_of(&name), Some(Constant::String(name)) if self.column_named(name).is_some());
                Expr { kind: ExprKind::Literal(Constant::Bool(exists)), ty: Bool, place }
            }
            "pack_all" => self.pack_all(arguments, place),
            "pack_array" if matches!(arguments.as_slice(), [Named { value: tree::Expr { kind: tree::ExprKind::Star, .. }, .. }]) => {
                self.packed_row(place)
            }
            "bag_pack_columns" if !arguments.is_empty() => self.packed_columns(arguments, place),
            "estimate_data_size" => self.data_size(call, place),
            "ingestion_time" if arguments.is_empty() => self.ingestion_time(place),
            "bin_auto" if arguments.len() == 1 => self.bin_auto(arguments, place),
            "column_names_of" if arguments.len() == 1 => self.column_names_of(arguments, place),
            "around" if arguments.len() == 3 => self.around(arguments, place),
            "iff" | "iif" if arguments.len() == 3 => self.conditional(call, |index| index == 0, place),
            "case" if arguments.len() >= 3 => {
                if arguments.len().is_multiple_of(2) {
                    let message =
                        format!("'case' takes conditions with their values and one value more, found {} arguments", arguments.len());
                    self.error(Code::ArgumentCount, place, message);
                    return Some(mistake(place));
                }
                let last = arguments.len() - 1;
                self.conditional(call, |index| index < last && index % 2 == 0, place)
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

    /// All columns of the rows in scope; none once the budget is spent.
    fn whole_row(&mut self, place: Place) -> Vec<Column> {
        self.carries(self.rows.columns.len());
        if self.rows.hidden || !self.works(place) { Vec::new() } else { self.rows.columns.clone() }
    }

    /// A bag of all columns: the call gets whether nulls are left out, then name and value of each.
    fn pack_all(&mut self, arguments: &'t [Named], place: Place) -> Expr {
        let ignore = match arguments.first() {
            Some(argument) if !matches!(argument.value.kind, tree::ExprKind::Star) => self.argument_of(&argument.value, Bool, "pack_all"),
            _ => Expr { kind: ExprKind::Literal(Constant::Bool(false)), ty: Bool, place },
        };
        let mut packed = vec![ignore];
        let columns = self.whole_row(place);
        for (index, column) in columns.iter().enumerate() {
            packed.push(text(&column.name, place));
            packed.push(Expr { kind: ExprKind::Column(index), ty: column.kind, place });
        }
        self.planned("pack_all", packed, Dynamic, place)
    }

    /// An array of all columns.
    fn packed_row(&mut self, place: Place) -> Expr {
        let columns = self.whole_row(place);
        let value = |(index, column): (usize, &Column)| Expr { kind: ExprKind::Column(index), ty: column.kind, place };
        let packed = columns.iter().enumerate().map(value).collect();
        self.planned("pack_array", packed, Dynamic, place)
    }

    /// A bag of some columns: as `pack_all` of these.
    fn packed_columns(&mut self, arguments: &'t [Named], place: Place) -> Expr {
        let mut packed = vec![Expr { kind: ExprKind::Literal(Constant::Bool(false)), ty: Bool, place }];
        for argument in arguments {
            let value = self.value(&argument.value);
            match &value.kind {
                ExprKind::Column(index) => {
                    let name = self.rows.columns[*index].name.clone();
                    packed.push(text(&name, value.place));
                    packed.push(value);
                }
                ExprKind::Error => return mistake_of(Dynamic, place),
                _ => {
                    self.error(Code::Misplaced, value.place, "expected a column");
                    return mistake_of(Dynamic, place);
                }
            }
        }
        self.planned("pack_all", packed, Dynamic, place)
    }

    /// The instant of the row itself: stored tables do not record when their rows were taken in.
    fn ingestion_time(&mut self, place: Place) -> Expr {
        let stored = |name: &str| {
            let columns = if self.rows.hidden { &[][..] } else { &self.rows.columns };
            self.looks(columns.len());
            columns.iter().position(|column| column.name == name && column.kind == DateTime)
        };
        match stored("TimeGenerated").or_else(|| stored("Timestamp")) {
            Some(index) => self.column_at(index, place),
            None => Expr { kind: ExprKind::Literal(Constant::Null), ty: DateTime, place },
        }
    }

    /// Bins of the width that `set query_bin_auto_size` gives, from the point on that `set query_bin_auto_at` gives.
    fn bin_auto(&mut self, arguments: &'t [Named], place: Place) -> Expr {
        let value = self.value(&arguments[0].value);
        let option = |name: &str| self.options.iter().rev().find(|(option, _)| option == name).map(|(_, value)| value.clone());
        let (size, at) = (option("query_bin_auto_size"), option("query_bin_auto_at"));
        let Some(size) = size else {
            self.error_with(Code::MissingParameter, place, "'bin_auto' needs a width", "write `set query_bin_auto_size=1h;` in front");
            return mistake_of(value.ty, place);
        };
        let mut given = vec![value, size];
        given.extend(at);
        if given.iter().any(Expr::is_mistake) {
            return mistake(place);
        }
        let name = if given.len() == 3 { "bin_at" } else { "bin" };
        let types: Vec<ScalarType> = given.iter().map(|value| value.ty).collect();
        match functions::find(name).and_then(|function| Some((function, function.choose(&types, None)?))) {
            Some((function, chosen)) => {
                let given = given.into_iter().zip(&chosen.arguments).map(|(value, ty)| convert(value, *ty)).collect();
                self.built_call(function, &chosen, given, place)
            }
            None => {
                self.error(Code::TypeMismatch, place, "'bin_auto' does not take a value of this type beside the width that is set");
                mistake(place)
            }
        }
    }

    /// Whether a value lies not further than so much from another.
    fn around(&mut self, arguments: &'t [Named], place: Place) -> Expr {
        let [value, center, delta] = [0, 1, 2].map(|index| self.value(&arguments[index].value));
        let from = self.computed(Arithmetic::Subtract, center.clone(), delta.clone(), place);
        let to = self.computed(Arithmetic::Add, center, delta, place);
        if value.is_mistake() || from.is_mistake() || to.is_mistake() {
            return mistake_of(Bool, place);
        }
        let Some(ty) = common_type(value.ty, from.ty).filter(|ty| *ty != Dynamic) else {
            let message = format!("'around' cannot compare {} with {}", value.ty.as_str(), from.ty.as_str());
            self.error(Code::TypeMismatch, place, message);
            return mistake_of(Bool, place);
        };
        let [value, from, to] = [value, from, to].map(|value| Box::new(convert(value, ty)));
        Expr { kind: ExprKind::Between { value, negated: false, from, to }, ty: Bool, place }
    }

    /// The names of the columns of a table.
    fn column_names_of(&mut self, arguments: &'t [Named], place: Place) -> Expr {
        let relation = self.without_rows(|binder| binder.table(&arguments[0].value));
        let names: Vec<&str> = relation.columns.iter().map(|column| column.name.as_str()).collect();
        let json = serde_json::Value::from(names).to_string();
        Expr { kind: ExprKind::Literal(Constant::Dynamic(json.into())), ty: Dynamic, place }
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

    /// `iff` and `case`: some arguments are conditions, the others results, which are dynamic where they have no type in common.
    fn conditional(&mut self, call: &'t tree::Call, is_condition: impl Fn(usize) -> bool, place: Place) -> Expr {
        let name = call.name.text.as_str();
        let mut arguments: Vec<Expr> = call.arguments.iter().map(|argument| self.value(&argument.value)).collect();
        let (conditions, results): (Vec<usize>, Vec<usize>) = (0..arguments.len()).partition(|index| is_condition(*index));
        for index in conditions {
            let condition = std::mem::replace(&mut arguments[index], mistake(place));
            arguments[index] = self.wanted_plain(condition, Bool, name);
        }
        let known: Vec<ScalarType> =
            results.iter().filter(|index| !arguments[**index].is_mistake()).map(|index| arguments[*index].ty).collect();
        let plain = || known.iter().copied().filter(|ty| *ty != Dynamic);
        let ty = plain().next().map_or(Some(Dynamic), |first| plain().try_fold(first, common_type)).unwrap_or(Dynamic);
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
            _ => {
                let names: Vec<&str> = types.iter().map(|ty| ty.as_str()).collect();
                let message = format!("the arguments of 'coalesce' must have one type, found {}", names.join(" and "));
                self.error_with(Code::TypeMismatch, place, message, "convert them: `tostring(...)`, `todouble(...)`");
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
            let default = match &default.kind {
                _ if arguments[0].is_mistake() => default,
                // A number stands for the text of it.
                ExprKind::Literal(constant) if ty == ScalarType::String && is_number(default.ty) => {
                    let constant = super::cells::converted(constant, default.ty, ty);
                    Expr { kind: ExprKind::Literal(constant), ty, place: default.place }
                }
                _ => {
                    let default = self.number_as(default, ty);
                    self.wanted(default, ty, name)
                }
            };
            arguments.push(self.constant(default));
        }
        if arguments.iter().any(Expr::is_mistake) {
            return if arguments[0].is_mistake() { mistake(place) } else { mistake_of(ty, place) };
        }
        self.planned(name, arguments, ty, place)
    }

    /// Window functions need rows in an order.
    pub(super) fn needs_order(&mut self, function: &str, place: Place) {
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
}

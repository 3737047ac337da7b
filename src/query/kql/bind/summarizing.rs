//! Aggregates and `summarize`.

use std::sync::Arc;

use super::super::aggregates;
use super::super::bound::{Aggregate, Column, Expr, ExprKind, Relation, RelationKind};
use super::super::diagnostics::Code;
use super::super::tree::{self, Named, Place, ScalarType, Target};
use super::binder::{Aggregates, Binder, column, mistake};
use super::names::{Unique, implied};
use super::projecting::Columns;
use super::typing::convert;

impl<'t> Binder<'t> {
    /// An aggregate inside an expression of `summarize`: its first column.
    pub(super) fn aggregate_value(&mut self, aggregate: &'static aggregates::Aggregate, call: &'t tree::Call, place: Place) -> Expr {
        match self.aggregate_columns(aggregate, call, place) {
            Some((first, types, _)) => {
                types.first().map_or_else(|| mistake(place), |ty| Expr { kind: ExprKind::Column(first), ty: *ty, place })
            }
            None => mistake(place),
        }
    }

    /// Binds an aggregate of the present `summarize`: the place of its first column, the types of all, their names.
    fn aggregate_columns(
        &mut self,
        aggregate: &'static aggregates::Aggregate,
        call: &'t tree::Call,
        place: Place,
    ) -> Option<(usize, Vec<ScalarType>, Vec<Option<String>>)> {
        let Some(mut frame) = self.aggregates.take() else {
            self.error_with(
                Code::MisplacedAggregate,
                place,
                format!("the aggregate '{}' stands outside of 'summarize'", call.name.text),
                "compute it with `summarize` first",
            );
            return None;
        };
        let bound = self.aggregate(aggregate, call, &frame.grouped, place);
        let found = bound.map(|(bound, names)| {
            let first = frame.offset;
            frame.offset += bound.outputs.len();
            let types = bound.outputs.clone();
            frame.calls.push(bound);
            (first, types, names)
        });
        self.aggregates = Some(frame);
        found
    }

    /// Binds an aggregate over the rows in scope, and names its columns. `grouped` are the columns that `*` leaves out.
    pub(super) fn aggregate(
        &mut self,
        aggregate: &'static aggregates::Aggregate,
        call: &'t tree::Call,
        grouped: &[usize],
        place: Place,
    ) -> Option<(Aggregate, Vec<Option<String>>)> {
        let mut arguments = Vec::new();
        let mut names: Vec<(Option<String>, Option<String>)> = Vec::new();
        for argument in &call.arguments {
            if matches!(argument.value.kind, tree::ExprKind::Star) {
                self.starred_argument(aggregate, grouped, &mut arguments, &mut names, argument.value.place);
                continue;
            }
            let name = match &argument.target {
                Some(Target::One(name)) => Some(name.text.clone()),
                _ => implied(&argument.value),
            };
            let constant = match &argument.value.kind {
                tree::ExprKind::Literal(literal) => Some(literal.text.clone()),
                _ => None,
            };
            let value = self.value(&argument.value);
            let constant = constant.or_else(|| constant_text(&value));
            arguments.push(value);
            names.push((name, constant));
        }
        if arguments.iter().any(Expr::is_mistake) {
            return None;
        }
        if aggregate.name == "count" && arguments.len() == 1 && arguments[0].ty != ScalarType::Bool {
            // All rows count, whatever the value of each is; it only gives its name.
            arguments.clear();
        }
        let types: Vec<ScalarType> = arguments.iter().map(|argument| argument.ty).collect();
        let Some(overload) = self.aggregate_form(aggregate, &types) else {
            let found: Vec<&str> = types.iter().map(|ty| ty.as_str()).collect();
            let message = format!("the aggregate '{}' does not take ({})", call.name.text, found.join(", "));
            self.error_with(Code::TypeMismatch, place, message, "convert the values: `tolong(...)`, `tostring(...)`");
            return None;
        };
        let form = &aggregate.overloads[overload];
        let count = form.parameters.len();
        let mut converted = Vec::with_capacity(arguments.len());
        for (index, argument) in arguments.into_iter().enumerate() {
            let parameter = match index.checked_sub(count) {
                None => &form.parameters[index],
                Some(beyond) => &form.parameters[count - form.repeat + beyond % form.repeat],
            };
            let argument = if parameter.constant { self.constant(argument) } else { argument };
            converted.push(match parameter.takes {
                super::super::functions::Takes::Only(wanted) => convert(argument, wanted),
                super::super::functions::Takes::AsText => self.as_text(argument),
                _ => argument,
            });
        }
        let types: Vec<ScalarType> = converted.iter().map(|argument| argument.ty).collect();
        let outputs = form.columns(&types);
        let names: Vec<aggregates::ArgumentName<'_>> = names
            .iter()
            .map(|(name, constant)| aggregates::ArgumentName { name: name.as_deref(), constant: constant.as_deref() })
            .collect();
        let names = aggregate.column_names(&names);
        Some((Aggregate { name: aggregate.name, overload, arguments: converted, outputs, place }, names))
    }

    /// `*` as an argument: all columns that are neither groups nor given before.
    fn starred_argument(
        &mut self,
        aggregate: &aggregates::Aggregate,
        grouped: &[usize],
        arguments: &mut Vec<Expr>,
        names: &mut Vec<(Option<String>, Option<String>)>,
        place: Place,
    ) {
        if aggregate.name == "count" {
            return;
        }
        if !aggregate.overloads.iter().any(|overload| overload.star) {
            self.error(Code::Misplaced, place, format!("'{}' takes no '*'", aggregate.name));
            return;
        }
        let given: Vec<usize> = arguments
            .iter()
            .filter_map(|argument| match argument.kind {
                ExprKind::Column(index) => Some(index),
                _ => None,
            })
            .collect();
        self.carries(self.rows.columns.len());
        if !self.works(place) {
            return;
        }
        for index in 0..self.rows.columns.len() {
            if !grouped.contains(&index) && !given.contains(&index) {
                names.push((Some(self.rows.columns[index].name.clone()), None));
                arguments.push(self.column_at(index, place));
            }
        }
    }

    /// `summarize`
    pub(super) fn summarize(&mut self, input: &Arc<Relation>, summarize: &'t tree::Summarize, place: Place) -> Arc<Relation> {
        let rows = Arc::clone(input);
        let mut unique = Unique::default();
        let mut groups = Vec::new();
        let mut columns: Vec<Column> = Vec::new();
        let mut explicit = Columns::default();
        let (groups, frame, outputs) = self.over(&rows, |binder| {
            for by in &summarize.by {
                let value = binder.value(&by.value);
                binder.groupable(&value, "a group");
                let name = binder.group_name(by, &value, &mut unique, &mut explicit);
                let Some(name) = name else { continue };
                if value.is_mistake() {
                    // What the type of a group is that only the data tell is not known behind the groups either.
                    binder.mistaken.insert(name.clone());
                }
                let lineage = lineage_of(&value, &rows);
                columns.push(Column { name, kind: value.ty, lineage });
                groups.push(value);
            }
            if let Some(bin) = &summarize.bin {
                binder.value(bin);
                binder.error_with(Code::Unsupported, bin.place, "'bin=' behind the groups is not supported", "group by `bin(x, width)`");
            }
            let grouped = groups
                .iter()
                .filter_map(|group: &Expr| match group.kind {
                    ExprKind::Column(index) => Some(index),
                    _ => None,
                })
                .collect();
            binder.aggregates = Some(Aggregates { offset: groups.len(), calls: Vec::new(), grouped });
            let outputs = binder.summaries(&summarize.aggregates, &mut unique, &mut explicit);
            let frame = binder.aggregates.take().unwrap_or_default();
            (groups, frame, outputs)
        });
        let mut raw: Vec<Column> = columns.clone();
        for (number, ty) in frame.calls.iter().flat_map(|call| &call.outputs).enumerate() {
            raw.push(column(format!("aggregate{number}"), *ty));
        }
        let group_count = groups.len();
        let kind = RelationKind::Summarize { input: Arc::clone(input), groups, aggregates: frame.calls };
        let summarized = self.relation(raw, kind, &[input], place);
        let mut expressions: Vec<Expr> = columns
            .iter()
            .take(group_count)
            .enumerate()
            .map(|(index, column)| Expr { kind: ExprKind::Column(index), ty: column.kind, place })
            .collect();
        for (name, value) in outputs {
            columns.push(column(name, value.ty));
            expressions.push(value);
        }
        self.projected(&summarized, columns, expressions, place)
    }

    /// The name of a group; none if it is there twice.
    fn group_name(&mut self, by: &'t Named, value: &Expr, unique: &mut Unique, explicit: &mut Columns) -> Option<String> {
        let given = match &by.target {
            Some(Target::One(name)) => Some(name),
            _ => self.column_meant(&by.value, value),
        };
        match (given, implied(&by.value)) {
            (Some(name), _) => explicit.explicit(self, unique, &name.text, name.place),
            (None, Some(name)) => Some(unique.make(&name)),
            (None, None) => Some(unique.unnamed()),
        }
    }

    /// The columns of the aggregates, over groups and aggregate columns.
    fn summaries(&mut self, aggregates: &'t [Named], unique: &mut Unique, explicit: &mut Columns) -> Vec<(String, Expr)> {
        let mut outputs = Vec::new();
        for named in aggregates {
            let several = match &named.value.kind {
                tree::ExprKind::Call(call) if self.lookup(&call.name.text).is_none() => {
                    aggregates::find(&call.name.text).map(|aggregate| (aggregate, call))
                }
                _ => None,
            };
            let Some((aggregate, call)) = several else {
                let value = self.value(&named.value);
                let name = match &named.target {
                    Some(Target::One(name)) => explicit.explicit(self, unique, &name.text, name.place),
                    Some(Target::Many(names)) => names.first().and_then(|name| explicit.explicit(self, unique, &name.text, name.place)),
                    None => Some(unique.implied(implied(&named.value).as_deref())),
                };
                outputs.extend(name.map(|name| (name, value)));
                continue;
            };
            let place = named.value.place;
            let given: Vec<&tree::Name> = match &named.target {
                Some(Target::One(name)) => vec![name],
                Some(Target::Many(names)) => names.iter().collect(),
                None => Vec::new(),
            };
            match self.aggregate_columns(aggregate, call, place) {
                Some((first, types, names)) => {
                    if given.len() > types.len() {
                        let message = format!("'{}' gives {} columns, but {} names are given", call.name.text, types.len(), given.len());
                        self.error(Code::ArgumentCount, place, message);
                    }
                    for (index, ty) in types.iter().enumerate() {
                        let name = match (given.get(index), names.get(index).cloned().flatten()) {
                            (Some(name), _) => explicit.explicit(self, unique, &name.text, name.place),
                            (None, Some(name)) => Some(unique.make(&name)),
                            (None, None) => Some(unique.unnamed()),
                        };
                        let value = Expr { kind: ExprKind::Column(first + index), ty: *ty, place };
                        outputs.extend(name.map(|name| (name, value)));
                    }
                }
                None => {
                    let names: Vec<String> = if given.is_empty() {
                        implied(&named.value).into_iter().collect()
                    } else {
                        given.iter().map(|name| name.text.clone()).collect()
                    };
                    for name in names {
                        outputs.push((unique.make(&name), mistake(place)));
                    }
                }
            }
        }
        outputs
    }

    /// Reports values that cannot be groups, keys or sorted.
    pub(super) fn groupable(&mut self, value: &Expr, what: &str) {
        if value.ty == ScalarType::Dynamic && !value.is_mistake() {
            self.error_with(
                Code::DynamicKey,
                value.place,
                format!("{what} cannot be of type dynamic"),
                "convert it: `tostring(...)`, `tolong(...)`",
            );
        }
    }

    /// A standalone aggregate over a relation, as `make-series` and `top-nested` have it: with the name of its column.
    pub(super) fn sole_aggregate(&mut self, expr: &'t tree::Expr) -> Option<(Aggregate, Option<String>)> {
        let call = match &expr.kind {
            tree::ExprKind::Call(call) => call,
            tree::ExprKind::Group(inner) => return self.sole_aggregate(inner),
            _ => {
                self.error(Code::NotAggregated, expr.place, "expected an aggregate such as `count()` or `sum(x)`");
                return None;
            }
        };
        let Some(aggregate) = aggregates::find(&call.name.text) else {
            self.unknown_name(Code::UnknownFunction, call.name.place, "aggregate", &call.name.text, |_| {
                aggregates::all().map(|aggregate| aggregate.name).collect()
            });
            return None;
        };
        let (bound, names) = self.aggregate(aggregate, call, &[], expr.place)?;
        Some((bound, names.into_iter().next().flatten()))
    }
}

/// The stored column that a value is.
pub(super) fn lineage_of(value: &Expr, rows: &Relation) -> Option<super::super::bound::Lineage> {
    match value.kind {
        ExprKind::Column(index) => rows.columns.get(index).and_then(|column| column.lineage.clone()),
        _ => None,
    }
}

/// The text of a constant as it appears in a column name.
fn constant_text(value: &Expr) -> Option<String> {
    use super::super::bound::Constant;
    match &value.kind {
        ExprKind::Literal(Constant::Long(number)) => Some(number.to_string()),
        ExprKind::Literal(Constant::Int(number)) => Some(number.to_string()),
        ExprKind::Literal(Constant::Real(number)) => Some(number.0.to_string()),
        _ => None,
    }
}

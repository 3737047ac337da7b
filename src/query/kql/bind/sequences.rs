//! Operators over series, steps, parts and patterns of rows.

use std::rc::Rc;
use std::sync::Arc;

use super::super::bound::{
    Aggregate, Column, Constant, Expr, ExprKind, Hitters, PARTITION, Plugin, PluginArgument, Relation, RelationKind, Scan, ScanStep,
    SeriesAggregate, SeriesAxis, TopNestedLevel, Unknown,
};
use super::super::diagnostics::Code;
use super::super::tree::{self, Direction, ParameterKind, PartitionBody, Place, ScalarType, ScanOutput, SeriesKind, SeriesRange, Target};
use super::super::types::common_type;
use super::binder::{Binder, Meaning, RowsKind, ScanRows, column, mistake_of};
use super::expressions::long;
use super::names::{Unique, implied};
use super::parsing::word;
use super::sources::Flow;
use super::typing::{convert, is_number};
use super::uniting::{Input, Uniting};
use ScalarType::{DateTime, Dynamic, Long, Timespan};

/// Whether a step of a scan gives a column a new value.
fn assigns(scan: &tree::Scan, name: &str) -> bool {
    scan.steps.iter().flat_map(|step| &step.assignments).any(|(assigned, _)| assigned.text == name)
}

impl<'t> Binder<'t> {
    /// `make-series`
    pub(super) fn make_series(&mut self, input: &Arc<Relation>, made: &'t tree::MakeSeries, place: Place) -> Arc<Relation> {
        let rows = Arc::clone(input);
        self.over(&rows, |binder| {
            let mut unique = Unique::default();
            let mut columns = Vec::new();
            let mut groups = Vec::new();
            for by in &made.by {
                let (name, value) = binder.named_value(by, &mut unique);
                binder.groupable(&value, "a group");
                columns.push(column(name, value.ty));
                groups.push(value);
            }
            let mut series = Vec::new();
            for wanted in &made.columns {
                let Some((aggregate, name)) = binder.series_aggregate(&wanted.value.value) else { continue };
                let name = match &wanted.value.target {
                    Some(Target::One(name)) => Some(name.text.clone()),
                    _ => name,
                };
                let ty = aggregate.outputs.first().copied().unwrap_or(Dynamic);
                let default = match &wanted.default {
                    Some(default) => {
                        let value = binder.value(default);
                        let value = binder.constant(value);
                        binder.series_default(value, ty)
                    }
                    None => convert(long(0, place), if is_number(ty) { ty } else { Long }),
                };
                columns.push(column(unique.implied(name.as_deref()), Dynamic));
                series.push(SeriesAggregate { aggregate, default });
            }
            let (name, value) = binder.named_value(&made.on, &mut unique);
            columns.push(column(name, Dynamic));
            let axis = binder.axis(value, made, place);
            let kind = RelationKind::MakeSeries { input: Arc::clone(input), groups, series, axis: Box::new(axis) };
            binder.relation(columns, kind, &[input], place)
        })
    }

    /// What a series is made of: an aggregate, or a constant that stands wherever there is a row.
    fn series_aggregate(&mut self, expr: &'t tree::Expr) -> Option<(Aggregate, Option<String>)> {
        if !matches!(expr.kind, tree::ExprKind::Literal(_) | tree::ExprKind::Negative(_)) {
            return self.sole_aggregate(expr);
        }
        let value = self.value(expr);
        let value = self.constant(value);
        let outputs = vec![value.ty];
        Some((Aggregate { name: "max", overload: 0, arguments: vec![value], outputs, place: expr.place }, None))
    }

    fn series_default(&mut self, value: Expr, ty: ScalarType) -> Expr {
        if value.is_mistake() || value.ty == ty {
            return value;
        }
        // `default=real(null)` stands for nothing whatever the series is.
        let is_null = matches!(value.kind, ExprKind::Literal(Constant::Null));
        if is_null || (is_number(value.ty) && is_number(ty)) {
            let wider = if is_null { ty } else { common_type(value.ty, ty).unwrap_or(ty) };
            return convert(value, wider);
        }
        self.error(Code::TypeMismatch, value.place, format!("the default of a series of {} is {}", ty.as_str(), value.ty.as_str()));
        mistake_of(ty, value.place)
    }

    fn axis(&mut self, value: Expr, made: &'t tree::MakeSeries, place: Place) -> SeriesAxis {
        let (from, to, step, end_inside) = match &made.range {
            SeriesRange::FromToStep(steps) => {
                let from = steps.from.as_ref().map(|from| self.value(from));
                let to = steps.to.as_ref().map(|to| self.value(to));
                (from, to, Some(self.value(&steps.step)), false)
            }
            SeriesRange::InRange(arguments) => {
                let mut values = arguments.iter().map(|argument| self.value(&argument.value)).collect::<Vec<_>>().into_iter();
                (values.next(), values.next(), values.next(), true)
            }
        };
        let step = step.unwrap_or_else(|| long(1, place));
        // Of an axis that is a mistake itself nobody knows what its bounds must be.
        let (ty, unknown) = (value.ty, value.is_mistake());
        let step_ty = match ty {
            DateTime | Timespan => Timespan,
            Dynamic => step.ty,
            other => other,
        };
        if !value.is_mistake() && !matches!(ty, DateTime | Timespan) && !is_number(ty) {
            self.error(Code::TypeMismatch, value.place, format!("an axis is a number, an instant or a duration, found {}", ty.as_str()));
        }
        // The axis of integers may have a real step, and the other way round.
        let numbers = [Some(&value), from.as_ref(), to.as_ref(), Some(&step)];
        let common = numbers.into_iter().flatten().map(|bound| bound.ty).try_fold(ty, common_type).filter(|_| is_number(ty));
        let (ty, step_ty) = common.map_or((ty, step_ty), |common| (common, common));
        let value = if is_number(ty) { convert(value, ty) } else { value };
        let mut bound = |bound: Expr, ty| {
            let bound = self.constant(bound);
            if unknown { bound } else { self.wanted(bound, ty, "make-series") }
        };
        let (from, to) = (from.map(|from| bound(from, ty)), to.map(|to| bound(to, ty)));
        let step = bound(step, step_ty);
        SeriesAxis { value, from, to, step, end_inside, non_empty: made.kind == Some(SeriesKind::NonEmpty) }
    }

    /// `partition by`
    pub(super) fn partition(&mut self, input: &Arc<Relation>, partition: &'t tree::Partition, place: Place) -> Arc<Relation> {
        let rows = Arc::clone(input);
        let key = self.over(&rows, |binder| binder.value(&partition.column));
        self.groupable(&key, "the key of 'partition'");
        if let Some(scope) = &partition.scope {
            self.unsupported(scope.place, "'partition ... in'");
        }
        let operators = match &partition.body {
            PartitionBody::Operators(operators) => operators,
            PartitionBody::Query(query) => return self.partition_query(input, key, &partition.column, query, place),
        };
        self.in_parts(input, key, input.columns.len(), operators, place)
    }

    /// Operators over the rows of each value of a key, which see so many of the columns.
    pub(super) fn in_parts(
        &mut self,
        input: &Arc<Relation>,
        key: Expr,
        count: usize,
        operators: &'t [tree::Operator],
        place: Place,
    ) -> Arc<Relation> {
        let placeholder = self.placeholders;
        self.placeholders += 1;
        let seen = Arc::new(Relation {
            columns: input.columns.clone(),
            kind: RelationKind::Placeholder(placeholder),
            ordered: input.ordered,
            open: input.open,
            depth: input.depth,
            weight: 1,
            place,
        });
        let seen = self.narrowed(&seen, &(0..count).collect::<Vec<_>>(), place);
        let body = match self.operators(Flow::Table(seen), operators) {
            Flow::Table(relation) => relation,
            Flow::Graph(_) => self.graph_as_table(place),
        };
        let kind = RelationKind::Partition { input: Arc::clone(input), key, placeholder, body: Arc::clone(&body) };
        self.relation(body.columns.clone(), kind, &[input, &body], place)
    }

    /// `partition by key { query }`: the query once for each value of the key, which its name stands for inside. The values come of a first run.
    fn partition_query(
        &mut self,
        input: &Arc<Relation>,
        key: Expr,
        column: &'t tree::Expr,
        query: &'t tree::Expr,
        place: Place,
    ) -> Arc<Relation> {
        let (tree::ExprKind::Name(name), ExprKind::Column(_)) = (&column.kind, &key.kind) else {
            if !key.is_mistake() {
                self.error_with(Code::Misplaced, column.place, "expected a column", "compute it in front with `extend`");
            }
            return self.failed(Vec::new(), place);
        };
        let number = self.plugins;
        self.plugins += 1;
        let ty = key.ty;
        let nothing = if ty == ScalarType::String { Constant::text("") } else { Constant::Null };
        let learned = self.learned;
        let Some(values) = learned.get(number) else {
            let plugin = Plugin {
                name: PARTITION,
                input: Some(Arc::clone(input)),
                arguments: vec![PluginArgument::Value(key)],
                unknown: Some(number),
            };
            let asked = self.relation(Vec::new(), RelationKind::Evaluate(plugin), &[input], place);
            if !input.open {
                self.unknown.push(Unknown { id: number, relation: Arc::clone(&asked) });
            }
            // What the query gives is the same whatever the value.
            let columns = self.query_of(&name.text, nothing, ty, query, place).columns.clone();
            return Arc::new(Relation { columns, ..(*asked).clone() });
        };
        let mut inputs = Vec::new();
        for (value, _) in values {
            let value = super::cells::converted(&Constant::text(value), ScalarType::String, ty);
            let relation = self.query_of(&name.text, value, ty, query, place);
            inputs.push(Input { name: format!("union_arg{}", inputs.len()), relation });
        }
        if inputs.is_empty() {
            let columns = self.query_of(&name.text, nothing, ty, query, place).columns.clone();
            return self.relation(columns, RelationKind::Empty, &[], place);
        }
        self.united(inputs, Uniting::default(), place)
    }

    /// A query in which a name stands for a constant.
    fn query_of(&mut self, name: &str, value: Constant, ty: ScalarType, query: &'t tree::Expr, place: Place) -> Arc<Relation> {
        let (scope, block) = (self.scope, self.block);
        self.block = scope;
        let id = self.declare(name, Meaning::Value(Expr { kind: ExprKind::Literal(value), ty, place }, None));
        self.names[id].used = true;
        let relation = self.in_call(place, |binder| binder.without_rows(|binder| binder.table(query)));
        (self.scope, self.block) = (scope, block);
        relation.unwrap_or_else(|| self.failed(Vec::new(), place))
    }

    /// `scan`
    pub(super) fn scan(&mut self, input: &Arc<Relation>, scan: &'t tree::Scan, place: Place) -> Arc<Relation> {
        let rows = Arc::clone(input);
        let order: Vec<_> = self.over(&rows, |binder| scan.order.iter().map(|by| binder.sort_key(by)).collect());
        let partition: Vec<Expr> = self.over(&rows, |binder| scan.partition.iter().map(|expr| binder.value(expr)).collect());
        if order.is_empty() && !input.ordered && !input.open {
            self.error_with(Code::NotOrdered, place, "'scan' needs rows in an order", "put `| sort by ...` or `| serialize` in front");
        }
        let mut columns = input.columns.clone();
        let mut declared = Vec::new();
        for parameter in &scan.declare {
            let ParameterKind::Scalar(kind) = parameter.kind else {
                self.error(Code::Misplaced, parameter.place, "expected a column with its type");
                continue;
            };
            let first = match &parameter.default {
                Some(default) => {
                    let value = self.without_rows(|binder| binder.value(default));
                    let value = self.wanted(value, kind, &parameter.name.text);
                    match value.kind {
                        ExprKind::Literal(constant) => constant,
                        ExprKind::Error => Constant::Null,
                        _ => {
                            self.error(Code::NotConstant, default.place, "expected a literal as the first value");
                            Constant::Null
                        }
                    }
                }
                None if kind == ScalarType::String => Constant::text(""),
                None => Constant::Null,
            };
            if self.place_of(&columns, &parameter.name.text).is_some() {
                let message = format!("the column '{}' is there already", parameter.name.text);
                self.error_with(Code::DuplicateColumn, parameter.place, message, "use another name");
            }
            columns.push(column(parameter.name.text.clone(), kind));
            declared.push((kind, first));
        }
        let names: Vec<String> = scan.steps.iter().map(|step| step.name.text.clone()).collect();
        let base = input.columns.len();
        // A column of the rows that steps assign is one more state; what it is for a row takes the column's place behind the scan.
        let assigned: Vec<usize> = (0..base).filter(|index| assigns(scan, &input.columns[*index].name)).collect();
        let own = declared.len();
        for index in &assigned {
            columns.push(columns[*index].clone());
            let first = if columns[*index].kind == ScalarType::String { Constant::text("") } else { Constant::Null };
            declared.push((columns[*index].kind, first));
        }
        let open = input.open;
        let first = declared.iter().map(|(_, first): &(ScalarType, Constant)| first.clone()).collect();
        let kind = RowsKind::Scan(Rc::new(ScanRows { steps: names, base, declared: first }));
        let steps = self.with_rows(columns.clone(), open, kind, |binder| {
            scan.steps.iter().map(|step| binder.scan_step(step, &columns, base, &assigned)).collect()
        });
        let match_id = scan.settings.iter().find(|setting| setting.name == "with_match_id");
        if let Some(setting) = match_id {
            let name = setting.values.first().map(word).unwrap_or_default();
            columns.push(column(name, Long));
        }
        let bound = Scan { input: Arc::clone(input), order, partition, declared, steps, match_id: match_id.is_some() };
        let scanned = self.relation(columns, RelationKind::Scan(Box::new(bound)), &[input], place);
        if assigned.is_empty() {
            return scanned;
        }
        let states = base + own..base + own + assigned.len();
        let places: Vec<usize> = (0..scanned.columns.len())
            .filter(|index| !states.contains(index))
            .map(|index| assigned.iter().position(|column| *column == index).map_or(index, |state| states.start + state))
            .collect();
        let columns = places.iter().map(|index| scanned.columns[*index].clone()).collect();
        let value = |index: &usize| Expr { kind: ExprKind::Column(*index), ty: scanned.columns[*index].kind, place };
        let expressions = places.iter().map(value).collect();
        self.relation(columns, RelationKind::Project { input: Arc::clone(&scanned), expressions }, &[&scanned], place)
    }

    fn scan_step(&mut self, step: &'t tree::ScanStep, columns: &[Column], base: usize, assigned: &[usize]) -> ScanStep {
        let condition = self.value(&step.condition);
        let condition = self.truth(condition, "the condition of a step");
        let mut assignments = Vec::new();
        for (name, value) in &step.assignments {
            let bound = self.value(value);
            // States stand behind the columns of the rows, those of these columns under the same name.
            match columns.iter().rposition(|column| column.name == name.text) {
                Some(index) => {
                    let bound = self.wanted(bound, columns[index].kind, &name.text);
                    assignments.push((index - base, bound));
                }
                None => self.unknown_column(name),
            }
        }
        let first = columns.len() - assigned.len();
        for (state, index) in (first - base..).zip(assigned) {
            if !assignments.iter().any(|(given, _)| *given == state) {
                let unchanged = Expr { kind: ExprKind::Column(*index), ty: columns[*index].kind, place: step.name.place };
                assignments.push((state, unchanged));
            }
        }
        let last = step.output.unwrap_or(ScanOutput::All);
        ScanStep { name: step.name.text.clone(), optional: step.optional, output: last, condition, assignments }
    }

    /// `top-nested`
    pub(super) fn top_nested(&mut self, input: &Arc<Relation>, levels: &'t [tree::TopNested], place: Place) -> Arc<Relation> {
        let rows = Arc::clone(input);
        let mut columns = Vec::new();
        let mut bound = Vec::new();
        let mut unique = Unique::default();
        for level in levels {
            let count = level.count.as_ref().map(|count| self.row_count(count));
            let found = self.over(&rows, |binder| {
                let (name, value) = binder.named_value(&level.of, &mut unique);
                binder.groupable(&value, "a level");
                let others = level.others.as_ref().map(|others| {
                    let others = binder.value(others);
                    let others = binder.constant(others);
                    binder.wanted(others, value.ty, "top-nested")
                });
                let (aggregate, _) = binder.sole_aggregate(&level.by.value.value)?;
                Some((name, value, others, aggregate))
            });
            let Some((name, value, others, aggregate)) = found else { continue };
            let aggregated = match &level.by.value.target {
                Some(Target::One(name)) => unique.make(&name.text),
                _ => unique.make(&format!("aggregated_{name}")),
            };
            columns.push(column(name, value.ty));
            columns.push(column(aggregated, aggregate.outputs.first().copied().unwrap_or(Dynamic)));
            let direction = level.by.direction.unwrap_or(Direction::Descending);
            bound.push(TopNestedLevel { count, value, others, aggregate, direction });
        }
        self.relation(columns, RelationKind::TopNested { input: Arc::clone(input), levels: bound }, &[input], place)
    }

    /// `top-hitters`
    pub(super) fn top_hitters(&mut self, input: &Arc<Relation>, hitters: &'t tree::TopHitters, place: Place) -> Arc<Relation> {
        let count = self.row_count(&hitters.count);
        let rows = Arc::clone(input);
        let (name, value, weight, weighed) = self.over(&rows, |binder| {
            let (name, value) = binder.named_value(&hitters.of, &mut Unique::default());
            binder.groupable(&value, "a value of 'top-hitters'");
            let weight = hitters.by.as_ref().map(|by| {
                let weight = binder.value(&by.value);
                (weight, implied(&by.value).unwrap_or_default())
            });
            let (weight, weighed) = weight.map_or((None, None), |(weight, name)| (Some(weight), Some(name)));
            (name, value, weight, weighed)
        });
        let total = match &weighed {
            Some(weighed) => format!("approximate_sum_{weighed}"),
            None => format!("approximate_count_{name}"),
        };
        let total_kind = weight.as_ref().map_or(Long, |weight| if matches!(weight.ty, ScalarType::Int | Long) { Long } else { weight.ty });
        let columns = vec![column(name, value.ty), column(total, total_kind)];
        let bound = Hitters { input: Arc::clone(input), count, value, weight };
        self.relation(columns, RelationKind::TopHitters(Box::new(bound)), &[input], place)
    }

    /// `reduce by`
    pub(super) fn reduce(&mut self, input: &Arc<Relation>, reduce: &'t tree::Reduce, place: Place) -> Arc<Relation> {
        let rows = Arc::clone(input);
        let value = self.over(&rows, |binder| binder.value(&reduce.by.value));
        let value = self.as_text(value);
        let (mut threshold, mut characters) = (0.1, String::new());
        for setting in &reduce.with {
            let Some(expr) = setting.values.first() else { continue };
            let given = self.without_rows(|binder| binder.value(expr));
            match (setting.name.as_str(), &given.kind) {
                ("threshold", ExprKind::Literal(Constant::Real(number))) if number.0 > 0.0 && number.0 < 1.0 => threshold = number.0,
                ("characters", ExprKind::Literal(Constant::String(text))) => characters = text.to_string(),
                (_, ExprKind::Error) => {}
                (name, _) => self.error(Code::UnknownOption, setting.place, format!("'reduce' does not take this for '{name}'")),
            }
        }
        let columns = vec![column("Pattern", ScalarType::String), column("Count", Long), column("Representative", ScalarType::String)];
        let kind = RelationKind::Reduce { input: Arc::clone(input), value, threshold, characters };
        self.relation(columns, kind, &[input], place)
    }
}

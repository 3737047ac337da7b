//! Operators whose work is done by plain code over whole inputs or whole texts: `parse`, `make-series`, `scan`, `top-nested`, `reduce` and their kin.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, Filter, LogicalPlan};
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};

use super::super::aggregates::{self, field_name};
use super::super::bound::{
    self, Aggregate, ExprKind, Hitters, KvOptions, Parse, ParseColumn, Relation, RelationKind, Scan, SeriesAggregate, SeriesAxis,
    TopNestedLevel,
};
use super::super::functions::KernelError;
use super::super::rows::RowsOperator;
use super::super::rows::each::EachPart;
use super::super::rows::nested::{Computed, Input, Level, TopNested};
use super::super::rows::pairs::Pairs;
use super::super::rows::parse::{MATCHED, Pattern};
use super::super::rows::reduce::Reduce;
use super::super::rows::scan::{Scan as ScanOperator, Step};
use super::super::rows::series::{Axis, MakeSeries};
use super::super::tree::{Direction, Place, ScalarType};
use super::super::types::arrow_type;
use super::error::LowerError;
use super::expressions::mark;
use super::flow::{Flow, Needed, Part, columns_of, project};
use super::node::{RowsInput, RowsNode};
use super::{Lowering, constant, named, walk};

/// A mistake in what an operator was given, at its place.
pub(super) fn at(place: Place) -> impl Fn(KernelError) -> LowerError {
    move |error| LowerError::value(error.message, place)
}

impl Lowering<'_> {
    /// The flow of an operator without a plan of its own.
    pub(super) fn operator(&mut self, relation: &Relation, needed: &Needed) -> Result<Flow, LowerError> {
        match &relation.kind {
            RelationKind::Parse(parse) => self.parse(relation, parse, needed),
            RelationKind::ParseKv { input, value, keys, options, output } => {
                self.parse_kv(relation, (input, value), (keys, options), output, needed)
            }
            RelationKind::MakeSeries { input, groups, series, axis } => self.make_series(relation, input, groups, series, axis),
            RelationKind::Scan(scan) => self.scan(relation, scan),
            RelationKind::TopNested { input, levels } => self.top_nested(relation, input, levels),
            RelationKind::TopHitters(hitters) => self.top_hitters(relation, hitters),
            RelationKind::Reduce { input, value, threshold, characters } => {
                let operator = Reduce { column: 0, threshold: *threshold, characters: characters.clone() };
                self.over_values(relation, input, &[value], Arc::new(operator))
            }
            RelationKind::Evaluate(plugin) => self.plugin(relation, plugin),
            _ => Err(LowerError::unsupported("this operator", relation.place)),
        }
    }

    /// An operator over the given values of each row; its columns are those of the relation.
    pub(super) fn over_values(
        &mut self,
        relation: &Relation,
        input: &Relation,
        values: &[&bound::Expr],
        operator: Arc<dyn RowsOperator>,
    ) -> Result<Flow, LowerError> {
        let mut wanted = Needed::none(input.columns.len());
        values.iter().for_each(|value| mark(value, &mut wanted));
        let flow = self.relation(input, &wanted)?;
        self.reading(input);
        let mut lowered = Vec::new();
        for value in values {
            lowered.push(self.value(value, &flow.columns)?);
        }
        let given = self.operands(flow, lowered, relation.place)?;
        self.operated(relation, vec![given], operator)
    }

    /// The input of an operator: the values in order, then what its order needs, then what parts its rows. The first input of an operator is made
    /// last: what parts it parts the operator.
    pub(super) fn operands(&mut self, flow: Flow, values: Vec<Expr>, _: Place) -> Result<RowsInput, LowerError> {
        let mut expressions: Vec<Expr> = values.into_iter().map(|value| value.alias(self.name("value"))).collect();
        let mut seen = std::collections::HashSet::new();
        let parting: Vec<Column> = flow.part.iter().flat_map(|part| [&part.id].into_iter().chain(&part.carried).cloned()).collect();
        let ordering = flow.order.iter().flat_map(|key| columns_of(&key.expr)).filter(|column| !parting.contains(column));
        for column in ordering.chain(parting.iter().cloned()) {
            if seen.insert(column.clone()) {
                expressions.push(Expr::Column(column));
            }
        }
        let mut order = flow.order;
        if let Some(part) = &flow.part {
            // Rows of a part stand together, whatever orders the parts.
            order.insert(part.outer.min(order.len()), Expr::Column(part.id.clone()).sort(true, false));
        }
        self.parts = flow.part;
        Ok(RowsInput { plan: project(flow.plan, expressions)?, order })
    }

    /// The flow of an operator whose columns are those of the relation; its rows keep their order.
    pub(super) fn operated(
        &mut self,
        relation: &Relation,
        inputs: Vec<RowsInput>,
        operator: Arc<dyn RowsOperator>,
    ) -> Result<Flow, LowerError> {
        let names: Vec<String> = relation.columns.iter().map(|column| self.name(&column.name)).collect();
        let mut fields: Vec<Field> =
            relation.columns.iter().zip(&names).map(|(column, name)| Field::new(name, arrow_type(column.kind), true)).collect();
        let (operator, part) = match (self.parts.take(), inputs.first()) {
            (Some(part), Some(input)) => {
                let places = part_places(&part, input);
                let own = places.iter().map(|place| input.plan.schema().field(*place));
                let own: Vec<Field> = own.map(|field| Field::new(self.name("part"), field.data_type().clone(), true)).collect();
                let part = part_of(&own);
                fields.extend(own);
                let parted: Arc<dyn RowsOperator> = Arc::new(EachPart { operator, id: places[0], attached: places });
                (parted, part)
            }
            _ => (operator, None),
        };
        self.placed(fields, inputs, operator, names.iter().map(|name| Some(named(name))).collect(), part)
    }

    /// The flow of an operator with these fields; a last one numbers its rows.
    fn placed(
        &mut self,
        mut fields: Vec<Field>,
        inputs: Vec<RowsInput>,
        operator: Arc<dyn RowsOperator>,
        columns: Vec<Option<Expr>>,
        part: Option<Part>,
    ) -> Result<Flow, LowerError> {
        let number = self.name("row");
        fields.push(Field::new(&number, DataType::Int64, true));
        let schema = Arc::new(DFSchema::try_from(Schema::new(fields))?);
        let mut flow = Flow::new(RowsNode::plan(operator, inputs, schema, true), columns);
        flow.order.extend(part.iter().map(|part| Expr::Column(part.id.clone()).sort(true, false)));
        flow.order.push(named(&number).sort(true, false));
        flow.part = part;
        Ok(flow)
    }

    fn parse(&mut self, relation: &Relation, parse: &Parse, needed: &Needed) -> Result<Flow, LowerError> {
        let pattern = Pattern::new(parse.kind, &parse.flags, &parse.pattern).map_err(at(relation.place))?;
        let flow = self.captured(&parse.input, &parse.value, &parse.output, needed, |value| pattern.udf().call(vec![value]))?;
        let Captured { mut flow, whole, kept } = flow;
        if parse.filters {
            let matched = get_field(named(&whole), MATCHED);
            flow.plan = LogicalPlan::Filter(Filter::try_new(matched, Arc::new(flow.plan))?);
        }
        self.released(relation, flow, &whole, kept, &parse.output, needed)
    }

    fn parse_kv(
        &mut self,
        relation: &Relation,
        (input, value): (&Relation, &bound::Expr),
        (keys, options): (&[(String, ScalarType)], &KvOptions),
        output: &[ParseColumn],
        needed: &Needed,
    ) -> Result<Flow, LowerError> {
        let pairs = Pairs::new(keys.to_vec(), options.clone()).map_err(at(relation.place))?;
        let Captured { flow, whole, kept } = self.captured(input, value, output, needed, |value| pairs.udf().call(vec![value]))?;
        self.released(relation, flow, &whole, kept, output, needed)
    }

    /// The rows with what a function takes out of a text, as one struct.
    fn captured(
        &mut self,
        input: &Relation,
        value: &bound::Expr,
        output: &[ParseColumn],
        needed: &Needed,
        take: impl FnOnce(Expr) -> Expr,
    ) -> Result<Captured, LowerError> {
        let mut wanted = Needed::none(input.columns.len());
        for column in needed.places().filter_map(|place| output.get(place)) {
            if let ParseColumn::Input(place) = column {
                wanted.add(*place);
            }
        }
        let passed = wanted.clone();
        mark(value, &mut wanted);
        let flow = self.relation(input, &wanted)?;
        self.reading(input);
        let text = self.value(value, &flow.columns)?;
        let whole = self.name("parsed");
        let kept: Vec<Option<Expr>> =
            flow.columns.iter().enumerate().map(|(place, value)| value.clone().filter(|_| passed.has(place))).collect();
        let flow = flow.computing(vec![(whole.clone(), take(text))], &kept)?;
        Ok(Captured { flow, whole, kept })
    }

    /// Takes the struct apart into columns.
    fn released(
        &mut self,
        relation: &Relation,
        flow: Flow,
        whole: &str,
        kept: Vec<Option<Expr>>,
        output: &[ParseColumn],
        needed: &Needed,
    ) -> Result<Flow, LowerError> {
        let mut columns = vec![None; relation.columns.len()];
        let mut computed = Vec::new();
        for place in needed.places() {
            columns[place] = match output.get(place) {
                Some(ParseColumn::Input(column)) => kept.get(*column).cloned().flatten(),
                Some(ParseColumn::Captured(capture)) => {
                    let name = self.name(&relation.columns[place].name);
                    computed.push((name.clone(), get_field(named(whole), field_name(*capture))));
                    Some(named(&name))
                }
                None => None,
            };
        }
        let flow = flow.computing(computed, &kept)?;
        Ok(Flow { columns, ..flow })
    }

    fn make_series(
        &mut self,
        relation: &Relation,
        input: &Relation,
        groups: &[bound::Expr],
        series: &[SeriesAggregate],
        axis: &SeriesAxis,
    ) -> Result<Flow, LowerError> {
        let place = relation.place;
        let mut bound = |bound: &Option<bound::Expr>| bound.as_ref().map(|bound| self.constant(bound)).transpose();
        let (from, to) = (bound(&axis.from)?, bound(&axis.to)?);
        let step = self.constant(&axis.step)?;
        let steps = Axis::new(axis.value.ty, from.as_ref(), to.as_ref(), &step, axis.end_inside).map_err(at(place))?;
        let mut defaults = Vec::new();
        for one in series {
            let value = self.constant(&one.default)?;
            let kind = one.aggregate.outputs.first().map_or(ScalarType::Dynamic, |kind| *kind);
            defaults.push(value.cast_to(&arrow_type(kind))?);
        }
        let mut wanted = Needed::none(input.columns.len());
        groups.iter().chain([&axis.value]).for_each(|value| mark(value, &mut wanted));
        series.iter().flat_map(|one| &one.aggregate.arguments).for_each(|argument| mark(argument, &mut wanted));
        let mut flow = self.relation(input, &wanted)?;
        self.reading(input);
        let slot = self.name("slot");
        let value = self.value(&axis.value, &flow.columns)?;
        let columns = flow.columns.clone();
        flow = flow.computing(vec![(slot.clone(), steps.udf().call(vec![value]))], &columns)?;
        flow.columns = columns;
        flow.plan = LogicalPlan::Filter(Filter::try_new(named(&slot).is_not_null(), Arc::new(flow.plan))?);
        let calls: Vec<&Aggregate> = series.iter().map(|one| &one.aggregate).collect();
        let grouped = self.by_slot(flow, groups, &slot, &calls)?;
        let kinds = series.iter().map(|one| one.aggregate.outputs.first().copied().unwrap_or(ScalarType::Dynamic)).collect();
        let operator = MakeSeries { groups: groups.len(), series: kinds, defaults, axis: steps, non_empty: axis.non_empty };
        let values = grouped.columns.iter().flatten().cloned().collect();
        let given = self.operands(grouped, values, place)?;
        self.operated(relation, vec![given], Arc::new(operator))
    }

    fn scan(&mut self, relation: &Relation, scan: &Scan) -> Result<Flow, LowerError> {
        let place = relation.place;
        let input = &scan.input;
        let flow = if scan.order.is_empty() {
            self.relation(input, &Needed::all(input.columns.len()))?
        } else {
            self.sort(input, &scan.order, &Needed::all(input.columns.len()))?
        };
        self.reading(input);
        let count = input.columns.len();
        let mut values: Vec<Expr> = flow.columns.iter().flatten().cloned().collect();
        for key in &scan.partition {
            values.push(self.value(key, &flow.columns)?);
        }
        let partition = (count..values.len()).collect();
        // The rows of the operator: those of the input with all that was handed on, then the declared columns.
        let given = self.operands(flow, values, place)?;
        let own: Vec<DataType> = input
            .columns
            .iter()
            .map(|column| arrow_type(column.kind))
            .chain(scan.declared.iter().map(|(kind, _)| arrow_type(*kind)))
            .collect();
        let all = own.iter().chain(scan.steps.iter().flat_map(|_| own.iter()));
        let fields: Vec<Field> = all.enumerate().map(|(place, kind)| Field::new(format!("c{place}"), kind.clone(), true)).collect();
        let columns: Vec<Option<Expr>> = fields.iter().map(|field| Some(named(field.name()))).collect();
        let schema = DFSchema::try_from(Schema::new(fields))?;
        let mut steps = Vec::new();
        for step in &scan.steps {
            let mut compile = |value: &bound::Expr| self.compiled(value, own.len(), &columns, &schema);
            let condition = compile(&step.condition)?;
            let assignments =
                step.assignments.iter().map(|(column, value)| Ok((*column, compile(value)?))).collect::<Result<Vec<_>, LowerError>>()?;
            steps.push(Step { output: step.output, condition, assignments });
        }
        let declared = scan.declared.iter().map(|(kind, value)| constant::scalar(value, *kind)).collect();
        let operator = ScanOperator { columns: count, declared, partition, steps, match_id: scan.match_id };
        self.handing_on(relation, vec![given], Arc::new(operator), count)
    }

    /// The flow of an operator that hands on all columns of its first input, of which the first `width` are columns of the relation, and adds
    /// the others of the relation.
    pub(super) fn handing_on(
        &mut self,
        relation: &Relation,
        inputs: Vec<RowsInput>,
        operator: Arc<dyn RowsOperator>,
        width: usize,
    ) -> Result<Flow, LowerError> {
        let mut fields: Vec<Field> = Vec::new();
        for field in inputs.first().into_iter().flat_map(|input| input.plan.schema().fields()) {
            fields.push(Field::new(self.name("handed"), field.data_type().clone(), true));
        }
        let (operator, part) = match (self.parts.take(), inputs.first()) {
            (Some(part), Some(input)) => {
                let places = part_places(&part, input);
                let own: Vec<Field> = places.iter().filter_map(|place| fields.get(*place).cloned()).collect();
                let parted: Arc<dyn RowsOperator> = Arc::new(EachPart { operator, id: places[0], attached: Vec::new() });
                (parted, part_of(&own))
            }
            _ => (operator, None),
        };
        let mut columns: Vec<Option<Expr>> = fields.iter().take(width).map(|field| Some(named(field.name()))).collect();
        for column in relation.columns.iter().skip(width) {
            let name = self.name(&column.name);
            columns.push(Some(named(&name)));
            fields.push(Field::new(name, arrow_type(column.kind), true));
        }
        self.placed(fields, inputs, operator, columns, part)
    }

    /// An expression over numbered columns, ready to run; columns of steps follow those of the row.
    fn compiled(
        &mut self,
        expression: &bound::Expr,
        width: usize,
        columns: &[Option<Expr>],
        schema: &DFSchema,
    ) -> Result<Arc<dyn PhysicalExpr>, LowerError> {
        fn numbered(expression: &mut bound::Expr, width: usize) {
            if let ExprKind::StepColumn { step, column } = expression.kind {
                expression.kind = ExprKind::Column(width + step * width + column);
            }
            walk::children_mut(expression).into_iter().for_each(|inner| numbered(inner, width));
        }
        let mut expression = expression.clone();
        numbered(&mut expression, width);
        let value = self.value(&expression, columns)?;
        Ok(create_physical_expr(&value, schema, &ExecutionProps::new(), &PhysicalPlanningContext::default())?)
    }

    fn top_nested(&mut self, relation: &Relation, input: &Relation, levels: &[TopNestedLevel]) -> Result<Flow, LowerError> {
        let mut wanted = Needed::none(input.columns.len());
        for level in levels {
            mark(&level.value, &mut wanted);
            level.aggregate.arguments.iter().for_each(|argument| mark(argument, &mut wanted));
        }
        let flow = self.relation(input, &wanted)?;
        let mut values = Vec::new();
        let mut built = Vec::new();
        for level in levels {
            let count = level.count.as_ref().map(|count| self.count(count)).transpose()?;
            let others = level.others.as_ref().map(|others| self.constant(others)).transpose()?;
            self.reading(input);
            let value = self.value(&level.value, &flow.columns)?;
            values.push(value);
            let place = values.len() - 1;
            let aggregate = self.computed(&level.aggregate, &flow, &mut values)?;
            built.push(Level {
                count: count.map(|count| count as i64),
                value: place,
                kind: level.value.ty,
                others,
                aggregate,
                ascending: level.direction == Direction::Ascending,
            });
        }
        let given = self.operands(flow, values, relation.place)?;
        self.operated(relation, vec![given], Arc::new(TopNested { levels: built }))
    }

    /// An aggregate that an operator computes; its arguments join the values of the operator.
    pub(super) fn computed(&mut self, call: &Aggregate, flow: &Flow, values: &mut Vec<Expr>) -> Result<Computed, LowerError> {
        let aggregate =
            aggregates::find(call.name).ok_or_else(|| LowerError::unsupported(format!("aggregate `{}`", call.name), call.place))?;
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            arguments.push(match self.value(argument, &flow.columns)? {
                Expr::Literal(value, _) => Input::Constant(value),
                value => {
                    values.push(value);
                    Input::Column(values.len() - 1)
                }
            });
        }
        if arguments.is_empty() {
            arguments.push(Input::Constant(ScalarValue::Boolean(Some(true))));
        }
        Ok(Computed { aggregate, kinds: call.arguments.iter().map(|argument| argument.ty).collect(), arguments })
    }

    fn top_hitters(&mut self, relation: &Relation, hitters: &Hitters) -> Result<Flow, LowerError> {
        let count = self.count(&hitters.count)?;
        let kind = relation.columns.get(1).map_or(ScalarType::Long, |column| column.kind);
        let call = Aggregate {
            name: if hitters.weight.is_some() { "sum" } else { "count" },
            overload: 0,
            arguments: hitters.weight.iter().cloned().collect(),
            outputs: vec![kind],
            place: relation.place,
        };
        let needed = Needed::all(2);
        let groups = std::slice::from_ref(&hitters.value);
        let mut flow = self.summarize(relation, &hitters.input, groups, std::slice::from_ref(&call), &needed)?;
        if let Some(weight) = flow.columns.get(1).cloned().flatten() {
            flow.order = vec![weight.sort(false, false)];
        }
        self.first(flow, count)
    }
}

/// Where the columns that part the rows stand in the input of an operator: the identifier first.
fn part_places(part: &Part, input: &RowsInput) -> Vec<usize> {
    let place = |column: &Column| input.plan.schema().maybe_index_of_column(column);
    [&part.id].into_iter().chain(&part.carried).filter_map(place).collect()
}

/// Parts by the columns that an operator gives: the identifier first.
fn part_of(fields: &[Field]) -> Option<Part> {
    let mut columns = fields.iter().map(|field| Column::new_unqualified(field.name()));
    Some(Part { id: columns.next()?, carried: columns.collect(), outer: 1 })
}

/// Rows with a struct of what was taken out of a text.
struct Captured {
    flow: Flow,
    whole: String,
    kept: Vec<Option<Expr>>,
}

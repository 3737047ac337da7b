//! `evaluate`: plugins, and what must be seen of their rows where only these tell their columns.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::super::aggregates::field_name;
use super::super::bound::{self, Constant, ExprKind, Field, PARTITION, Plugin, PluginArgument, Relation, RelationKind};
use super::super::rows::RowsOperator;
use super::super::rows::bags::{BagReader, BagSurvey, Narrow, Pivot, PivotSurvey};
use super::super::rows::lookup::{Ipv4Lookup, Ipv6Lookup};
use super::super::rows::near::{RollingPercentile, RowsNear, intersections};
use super::super::rows::places::PlaceLookup;
use super::super::tree::{Place, ScalarType};
use super::error::LowerError;
use super::expressions::{converted, text_of};
use super::flow::{Flow, Needed, project};
use super::operators::at;
use super::{Environment, Lowering, named};

/// Values of the key that a `partition` with a query in braces may have, as Kusto has it.
const PARTS_MAX: usize = 64;

/// What must be seen of the rows of a plugin.
pub struct Survey<'r> {
    /// The plan to run: one column.
    pub plan: LogicalPlan,
    plugin: &'r Plugin,
    input: &'r Relation,
    place: Place,
}

/// What must be seen to know the columns of a plugin.
pub fn survey<'r>(relation: &'r Relation, environment: Environment<'_>) -> Result<Survey<'r>, LowerError> {
    let RelationKind::Evaluate(plugin) = &relation.kind else {
        return Err(LowerError::unsupported("this operator without the columns of its result", relation.place));
    };
    let (Some(input), Some(column)) = (plugin.input.as_deref(), first_column(plugin)) else {
        return Err(LowerError::unsupported(format!("`{}` without the columns of its result", plugin.name), relation.place));
    };
    let mut lowering = Lowering::new(environment);
    let mut needed = Needed::none(input.columns.len());
    needed.add(column);
    let flow = lowering.relation(input, &needed)?.sorted(None)?;
    let kind = input.columns.get(column).map_or(ScalarType::Dynamic, |column| column.kind);
    let value = flow.columns.get(column).cloned().flatten();
    let value = value.ok_or_else(|| LowerError::unsupported("this argument of a plugin", relation.place))?;
    let value = if matches!(plugin.name, "pivot" | PARTITION) { text_of(value, kind) } else { value };
    let mut plan = project(flow.plan, vec![value.alias("seen")])?;
    if plugin.name == PARTITION {
        plan = LogicalPlanBuilder::from(plan).distinct()?.limit(0, Some(PARTS_MAX + 1))?.build()?;
    }
    Ok(Survey { plan, plugin, input, place: relation.place })
}

impl Survey<'_> {
    /// The columns that follow from the rows.
    pub fn columns(&self, batches: &[RecordBatch]) -> Result<Vec<Field>, LowerError> {
        let place = self.place;
        if self.plugin.name == PARTITION {
            let mut values: Vec<Field> = Vec::new();
            for batch in batches {
                let texts = arrow::compute::cast(batch.column(0), &DataType::Utf8View)?;
                values.extend(texts.as_string_view().iter().map(|text| (text.unwrap_or_default().to_owned(), ScalarType::String)));
            }
            if values.len() > PARTS_MAX {
                return Err(LowerError::Limit { name: "parts_max", limit: PARTS_MAX as u64, place: Some(place) });
            }
            values.sort_by(|a, b| a.0.cmp(&b.0));
            return Ok(values);
        }
        if self.plugin.name == "pivot" {
            let mut seen = PivotSurvey::default();
            batches.iter().try_for_each(|batch| seen.add(batch.column(0))).map_err(at(place))?;
            let mut columns: Vec<Field> =
                pivot_groups(self.plugin, self.input).into_iter().map(|column| field(self.input, column)).collect();
            let kind = self.plugin.arguments.iter().find_map(|argument| match argument {
                PluginArgument::Aggregate(aggregate) => aggregate.outputs.first().copied(),
                _ => None,
            });
            let mut values = seen.columns();
            values.sort();
            columns.extend(values.into_iter().map(|value| (value, kind.unwrap_or(ScalarType::Long))));
            return Ok(columns);
        }
        let mut seen = BagSurvey::default();
        batches.iter().try_for_each(|batch| seen.add(batch.column(0))).map_err(at(place))?;
        self.unpacked(seen.columns())
    }

    /// The columns of the rows with the properties of the bag: one with the name of the bag itself stands in its place.
    fn unpacked(&self, properties: Vec<Field>) -> Result<Vec<Field>, LowerError> {
        let options = Unpacking::of(self.plugin, self.place)?;
        let bag = first_column(self.plugin);
        let mut slots: Vec<Field> = properties
            .into_iter()
            .filter(|(name, _)| !options.ignored.contains(name))
            .map(|(name, kind)| (format!("{}{name}", options.prefix), kind))
            .collect();
        let mut columns = Vec::new();
        for (place, column) in self.input.columns.iter().enumerate() {
            let same = slots.iter().position(|(name, _)| *name == column.name);
            match (Some(place) == bag, same) {
                (true, Some(slot)) => columns.push(slots.remove(slot)),
                (true, None) => {}
                (false, None) => columns.push((column.name.clone(), column.kind)),
                (false, Some(slot)) => match options.conflict {
                    Conflict::Error => {
                        let message = format!("expected properties that are no columns, found `{}`", column.name);
                        return Err(LowerError::value(message, self.place));
                    }
                    Conflict::ReplaceSource => columns.push(slots.remove(slot)),
                    Conflict::KeepSource => {
                        slots.remove(slot);
                        columns.push((column.name.clone(), column.kind));
                    }
                },
            }
        }
        columns.extend(slots);
        Ok(columns)
    }
}

/// What happens to a property with the name of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conflict {
    Error,
    ReplaceSource,
    KeepSource,
}

/// The options of `bag_unpack`.
struct Unpacking {
    prefix: String,
    conflict: Conflict,
    ignored: Vec<String>,
}

impl Unpacking {
    fn of(plugin: &Plugin, place: Place) -> Result<Self, LowerError> {
        let mut options = Self { prefix: String::new(), conflict: Conflict::Error, ignored: Vec::new() };
        for (position, argument) in plugin.arguments.iter().enumerate().skip(1) {
            let (name, value) = match argument {
                PluginArgument::Named(name, value) => (name.as_str(), value),
                PluginArgument::Value(value) => {
                    (["", "OutputColumnPrefix", "columnsConflict", "ignoredProperties"][position.min(3)], value)
                }
                _ => continue,
            };
            match (name, &value.kind) {
                ("OutputColumnPrefix", ExprKind::Literal(Constant::String(prefix))) => options.prefix = prefix.to_string(),
                ("columnsConflict", ExprKind::Literal(Constant::String(word))) => {
                    options.conflict = match word.as_ref() {
                        "error" => Conflict::Error,
                        "replace_source" => Conflict::ReplaceSource,
                        "keep_source" => Conflict::KeepSource,
                        other => {
                            let message = format!("expected `error`, `replace_source` or `keep_source`, found `{other}`");
                            return Err(LowerError::value(message, value.place));
                        }
                    }
                }
                ("ignoredProperties", ExprKind::Literal(Constant::Dynamic(list))) => {
                    options.ignored = serde_json::from_str(list).unwrap_or_default();
                }
                _ => return Err(LowerError::unsupported(format!("this argument of `{}`", plugin.name), place)),
            }
        }
        Ok(options)
    }
}

fn field(input: &Relation, column: usize) -> Field {
    (input.columns[column].name.clone(), input.columns[column].kind)
}

/// The column that the first argument names.
fn first_column(plugin: &Plugin) -> Option<usize> {
    plugin.arguments.first().and_then(column_of)
}

fn column_of(argument: &PluginArgument) -> Option<usize> {
    match argument {
        PluginArgument::Value(bound::Expr { kind: ExprKind::Column(column), .. }) => Some(*column),
        _ => None,
    }
}

/// The columns that a pivot groups by: those that are named, else all that it does not use.
fn pivot_groups(plugin: &Plugin, input: &Relation) -> Vec<usize> {
    let named: Vec<usize> = plugin.arguments.iter().skip(1).filter_map(column_of).collect();
    if !named.is_empty() {
        return named;
    }
    let mut used = Needed::none(input.columns.len());
    first_column(plugin).into_iter().for_each(|column| used.add(column));
    for argument in &plugin.arguments {
        if let PluginArgument::Aggregate(aggregate) = argument {
            aggregate.arguments.iter().for_each(|argument| super::expressions::mark(argument, &mut used));
        }
    }
    (0..input.columns.len()).filter(|column| !used.has(*column)).collect()
}

/// Reports arguments that a plugin does not take.
pub(super) fn unfit(plugin: &Plugin, place: Place) -> LowerError {
    LowerError::unsupported(format!("these arguments of `{}`", plugin.name), place)
}

/// The arguments of a plugin that takes values only.
pub(super) fn plain_arguments(plugin: &Plugin, place: Place) -> Result<Vec<&bound::Expr>, LowerError> {
    plugin
        .arguments
        .iter()
        .map(|argument| match argument {
            PluginArgument::Value(value) => Ok(value),
            _ => Err(unfit(plugin, place)),
        })
        .collect()
}

impl Lowering<'_> {
    /// `evaluate`
    pub(super) fn plugin(&mut self, relation: &Relation, plugin: &Plugin) -> Result<Flow, LowerError> {
        let unsupported = || LowerError::unsupported(format!("plugin `{}`", plugin.name), relation.place);
        let input = plugin.input.as_deref().ok_or_else(unsupported)?;
        if plugin.unknown.is_some() {
            return Err(unsupported());
        }
        match plugin.name {
            "identity" => self.relation(input, &Needed::all(input.columns.len())),
            "bag_unpack" => self.bag_unpack(relation, plugin, input),
            "pivot" => self.pivot(relation, plugin, input),
            "narrow" => {
                let columns = input.columns.iter().map(|column| (column.name.clone(), column.kind)).collect();
                self.over_columns(relation, input, Arc::new(Narrow { columns }))
            }
            "ipv4_lookup" | "ipv6_lookup" => self.network_lookup(relation, plugin, input),
            "geo_line_lookup" | "geo_polygon_lookup" => self.place_lookup(relation, plugin, input),
            "activity_counts_metrics"
            | "activity_engagement"
            | "activity_metrics"
            | "active_users_count"
            | "sliding_window_counts"
            | "session_count" => self.timeline(relation, plugin, input),
            "funnel_sequence_completion" => self.funnel(relation, plugin, input),
            "sequence_detect" => self.sequences(relation, plugin, input),
            "autocluster" | "basket" | "diffpatterns" => self.patterns(relation, plugin, input),
            "schema_merge" => self.merged_schemas(relation, plugin, input),
            "new_activity_metrics" => self.new_activity(relation, plugin, input),
            "rows_near" => self.rows_near(relation, plugin, input),
            "rolling_percentile" => self.rolling_percentile(relation, plugin, input),
            "dcount_intersect" => self.dcount_intersect(plugin, input),
            _ => Err(unsupported()),
        }
    }

    /// An operator over all columns of its rows.
    pub(super) fn over_columns(
        &mut self,
        relation: &Relation,
        input: &Relation,
        operator: Arc<dyn RowsOperator>,
    ) -> Result<Flow, LowerError> {
        let flow = self.relation(input, &Needed::all(input.columns.len()))?;
        let values = flow.columns.iter().flatten().cloned().collect();
        let given = self.operands(flow, values, relation.place)?;
        self.operated(relation, vec![given], operator)
    }

    fn bag_unpack(&mut self, relation: &Relation, plugin: &Plugin, input: &Relation) -> Result<Flow, LowerError> {
        let options = Unpacking::of(plugin, relation.place)?;
        let bag = first_column(plugin).ok_or_else(|| LowerError::unsupported("this argument of `bag_unpack`", relation.place))?;
        let flow = self.relation(input, &Needed::all(input.columns.len()))?;
        // A column is that of the rows unless it stands for a property.
        let of_rows = |name: &str| {
            let place = input.columns.iter().position(|column| column.name == name)?;
            (place != bag && options.conflict != Conflict::ReplaceSource).then_some(place)
        };
        let mut columns = Vec::new();
        let mut slots = Vec::new();
        for column in &relation.columns {
            match of_rows(&column.name) {
                Some(place) if input.columns[place].kind != column.kind => {
                    let (wanted, found) = (column.kind.as_str(), input.columns[place].kind.as_str());
                    return Err(LowerError::value(
                        format!("expected the column `{}` as {wanted}, found {found}", column.name),
                        relation.place,
                    ));
                }
                Some(place) => columns.push(Ok(place)),
                None => {
                    columns.push(Err(slots.len()));
                    let name = column.name.strip_prefix(options.prefix.as_str()).unwrap_or(&column.name);
                    slots.push((name.to_owned(), column.kind));
                }
            }
        }
        let value = flow.columns.get(bag).cloned().flatten();
        let value = value.ok_or_else(|| LowerError::unsupported("this argument of `bag_unpack`", relation.place))?;
        let whole = self.name("bag");
        let kept = flow.columns.clone();
        let flow = flow.computing(vec![(whole.clone(), BagReader::new(slots).udf().call(vec![value]))], &kept)?;
        let mut computed = Vec::new();
        let mut values = Vec::new();
        for (column, given) in relation.columns.iter().zip(columns) {
            values.push(match given {
                Ok(place) => kept.get(place).cloned().flatten(),
                Err(slot) => {
                    let name = self.name(&column.name);
                    computed.push((name.clone(), get_field(named(&whole), field_name(slot))));
                    Some(named(&name))
                }
            });
        }
        let flow = flow.computing(computed, &kept)?;
        Ok(Flow { columns: values, ..flow })
    }

    fn pivot(&mut self, relation: &Relation, plugin: &Plugin, input: &Relation) -> Result<Flow, LowerError> {
        let place = relation.place;
        let groups = pivot_groups(plugin, input);
        let column = first_column(plugin).ok_or_else(|| LowerError::unsupported("this argument of `pivot`", place))?;
        let flow = self.relation(input, &Needed::all(input.columns.len()))?;
        self.reading(input);
        let mut values: Vec<Expr> = groups.iter().filter_map(|group| flow.columns.get(*group).cloned().flatten()).collect();
        let text = flow.columns.get(column).cloned().flatten().map(|value| text_of(value, input.columns[column].kind));
        values.extend(text);
        let given = plugin.arguments.iter().find_map(|argument| match argument {
            PluginArgument::Aggregate(aggregate) => Some(aggregate.clone()),
            _ => None,
        });
        let counting = bound::Aggregate { name: "count", overload: 0, arguments: Vec::new(), outputs: vec![ScalarType::Long], place };
        let aggregate = self.computed(&given.unwrap_or(counting), &flow, &mut values)?;
        let names = relation.columns.iter().skip(groups.len()).map(|column| column.name.clone()).collect();
        let operator = Pivot { groups: (0..groups.len()).collect(), column: groups.len(), values: names, aggregate };
        let given = self.operands(flow, values, place)?;
        self.operated(relation, vec![given], Arc::new(operator))
    }

    fn network_lookup(&mut self, relation: &Relation, plugin: &Plugin, input: &Relation) -> Result<Flow, LowerError> {
        let place = relation.place;
        let unsupported = || LowerError::unsupported(format!("these arguments of `{}`", plugin.name), place);
        let [PluginArgument::Table(table), PluginArgument::Value(address), PluginArgument::TableColumn(network), rest @ ..] =
            plugin.arguments.as_slice()
        else {
            return Err(unsupported());
        };
        let mut keep_unmatched = false;
        let mut keys = Vec::new();
        for argument in rest {
            match argument {
                PluginArgument::Named(name, value) if name == "return_unmatched" => {
                    keep_unmatched = self.constant(value)? == ScalarValue::Boolean(Some(true));
                }
                PluginArgument::Value(value) if value.ty == ScalarType::Bool => {
                    keep_unmatched = self.constant(value)? == ScalarValue::Boolean(Some(true));
                }
                PluginArgument::TableColumn(column) => {
                    let same = input.columns.iter().position(|other| other.name == table.columns[*column].name);
                    keys.push((same.ok_or_else(unsupported)?, *column));
                }
                _ => return Err(unsupported()),
            }
        }
        let other = self.relation(table, &Needed::all(table.columns.len()))?;
        let others = other.columns.iter().flatten().cloned().collect();
        let networks = self.operands(other, others, place)?;
        let flow = self.relation(input, &Needed::all(input.columns.len()))?;
        self.reading(input);
        let mut values: Vec<Expr> = flow.columns.iter().flatten().cloned().collect();
        values.push(text_of(self.value(address, &flow.columns)?, address.ty));
        let rows = self.operands(flow, values, place)?;
        let columns = table.columns.iter().enumerate().map(|(place, column)| (place, column.kind)).collect();
        let operator = Ipv4Lookup { address: input.columns.len(), network: *network, keys, columns, keep_unmatched };
        let width = input.columns.len();
        let operator: Arc<dyn RowsOperator> =
            if plugin.name == "ipv6_lookup" { Arc::new(Ipv6Lookup(operator)) } else { Arc::new(operator) };
        self.handing_on(relation, vec![rows, networks], operator, width)
    }

    /// `geo_line_lookup(table, shape, longitude, latitude, radius, ...)` and that of polygons, whose radius may be left out.
    fn place_lookup(&mut self, relation: &Relation, plugin: &Plugin, input: &Relation) -> Result<Flow, LowerError> {
        let place = relation.place;
        let [
            PluginArgument::Table(table),
            PluginArgument::TableColumn(shape),
            PluginArgument::Value(longitude),
            PluginArgument::Value(latitude),
            rest @ ..,
        ] = plugin.arguments.as_slice()
        else {
            return Err(unfit(plugin, place));
        };
        let polygons = plugin.name == "geo_polygon_lookup";
        let (mut radius, mut keep_unmatched, mut keeps_shape) = (polygons.then_some(0.0), false, false);
        for (number, argument) in rest.iter().enumerate() {
            let (name, value) = match argument {
                PluginArgument::Named(name, value) => (name.as_str(), value),
                PluginArgument::Value(value) => {
                    (["radius", "return_unmatched", "lookup_area_radius", "return_lookup_key"][number.min(3)], value)
                }
                _ => return Err(unfit(plugin, place)),
            };
            let constant = self.constant(value)?;
            match name {
                "radius" => match constant.cast_to(&DataType::Float64)? {
                    ScalarValue::Float64(Some(metres)) if metres >= 0.0 && metres.is_finite() => radius = Some(metres),
                    _ => return Err(LowerError::value("expected a radius in metres", value.place)),
                },
                "return_unmatched" => keep_unmatched = constant == ScalarValue::Boolean(Some(true)),
                "return_lookup_key" => keeps_shape = constant == ScalarValue::Boolean(Some(true)),
                // How far the search reaches at first: it changes no answer.
                "lookup_area_radius" => {}
                _ => return Err(unfit(plugin, place)),
            }
        }
        let radius = radius.ok_or_else(|| LowerError::value("expected a radius in metres", place))?;
        let other = self.relation(table, &Needed::all(table.columns.len()))?;
        let others = other.columns.iter().flatten().cloned().collect();
        let shapes = self.operands(other, others, place)?;
        let flow = self.relation(input, &Needed::all(input.columns.len()))?;
        self.reading(input);
        let mut values: Vec<Expr> = flow.columns.iter().flatten().cloned().collect();
        for part in [longitude, latitude] {
            let value = self.value(part, &flow.columns)?;
            values.push(converted(value, part.ty, ScalarType::Real));
        }
        let rows = self.operands(flow, values, place)?;
        let columns = table.columns.iter().enumerate().filter(|(place, _)| keeps_shape || place != shape);
        let columns = columns.map(|(place, column)| (place, column.kind)).collect();
        let width = input.columns.len();
        let operator = PlaceLookup { polygons, place: [width, width + 1], shape: *shape, radius, columns, keep_unmatched };
        self.handing_on(relation, vec![rows, shapes], Arc::new(operator), width)
    }

    /// A constant of a plugin as a whole number; instants and durations in ticks.
    pub(super) fn whole(&mut self, value: &bound::Expr) -> Result<i64, LowerError> {
        match self.constant(value)?.cast_to(&DataType::Int64)? {
            ScalarValue::Int64(Some(number)) => Ok(number),
            _ => Err(LowerError::value("expected a number, instant or duration that is known beforehand", value.place)),
        }
    }

    fn rows_near(&mut self, relation: &Relation, plugin: &Plugin, input: &Relation) -> Result<Flow, LowerError> {
        let values = plain_arguments(plugin, relation.place)?;
        let [condition, count, rest @ ..] = values.as_slice() else { return Err(unfit(plugin, relation.place)) };
        let before = self.whole(count)?;
        let after = rest.first().map_or(Ok(before), |after| self.whole(after))?;
        let flow = self.relation(input, &Needed::all(input.columns.len()))?;
        self.reading(input);
        let mut values: Vec<Expr> = flow.columns.iter().flatten().cloned().collect();
        values.push(self.value(condition, &flow.columns)?);
        let given = self.operands(flow, values, relation.place)?;
        let operator = Arc::new(RowsNear { condition: input.columns.len(), before, after, columns: input.columns.len() });
        self.operated(relation, vec![given], operator)
    }

    fn rolling_percentile(&mut self, relation: &Relation, plugin: &Plugin, input: &Relation) -> Result<Flow, LowerError> {
        let values = plain_arguments(plugin, relation.place)?;
        let [value, percentile, index, bin, bins, dimensions @ ..] = values.as_slice() else { return Err(unfit(plugin, relation.place)) };
        let percentile = match self.constant(percentile)?.cast_to(&DataType::Float64)? {
            ScalarValue::Float64(Some(percentile)) => percentile,
            _ => return Err(LowerError::value("expected a percentile that is known beforehand", percentile.place)),
        };
        let (bin, bins) = (self.whole(bin)?, self.whole(bins)?);
        let asked: Vec<&bound::Expr> = [*value, *index].into_iter().chain(dimensions.iter().copied()).collect();
        let operator = RollingPercentile { value: 0, percentile, index: 1, bin, bins, dimensions: (2..asked.len()).collect() };
        self.over_values(relation, input, &asked, Arc::new(operator))
    }

    /// The rows with how many values sketches have in common.
    fn dcount_intersect(&mut self, plugin: &Plugin, input: &Relation) -> Result<Flow, LowerError> {
        let sketches = plain_arguments(plugin, input.place)?;
        let flow = self.relation(input, &Needed::all(input.columns.len()))?;
        self.reading(input);
        let mut given = Vec::new();
        for sketch in &sketches {
            given.push(self.value(sketch, &flow.columns)?);
        }
        let kept = flow.columns.clone();
        let whole = self.name("common");
        let udf = intersections(sketches.len());
        let flow = flow.computing(vec![(whole.clone(), udf.call(given))], &kept)?;
        let (mut computed, mut columns) = (Vec::new(), kept.clone());
        for slot in 0..sketches.len() {
            let name = self.name("s");
            columns.push(Some(named(&name)));
            computed.push((name, get_field(named(&whole), field_name(slot))));
        }
        let flow = flow.computing(computed, &kept)?;
        Ok(Flow { columns, ..flow })
    }
}

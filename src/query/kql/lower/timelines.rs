//! Plugins over timelines: who was active in which window, who came back, and how far through a sequence.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;

use super::super::bound::{self, Constant, ExprKind, Plugin, PluginArgument, Relation};
use super::super::functions::json::Json;
use super::super::rows::activity::{
    ActiveUsers, ActivityCounts, ActivityEngagement, ActivityMetrics, SessionCount, SlidingCounts, Timeline, Windows,
};
use super::super::rows::cohorts::NewActivity;
use super::super::rows::sequences::FunnelCompletion;
use super::super::tree::ScalarType;
use super::super::values::read;
use super::Lowering;
use super::error::LowerError;
use super::expressions::text_of;
use super::flow::{Flow, Needed};
use super::node::RowsInput;
use super::plugins::{plain_arguments, unfit};

impl Lowering<'_> {
    /// Counts of who was active in windows of time.
    pub(super) fn timeline(&mut self, relation: &Relation, plugin: &Plugin, input: &Relation) -> Result<Flow, LowerError> {
        let place = relation.place;
        let unsupported = || unfit(plugin, place);
        let values = plain_arguments(plugin, place)?;
        let fixed = match plugin.name {
            "activity_counts_metrics" | "activity_metrics" => 5,
            "active_users_count" => 8,
            _ => 6,
        };
        let (Some(id), Some(time)) = (values.first(), values.get(1)) else { return Err(unsupported()) };
        let mut number = |place: usize| -> Result<i64, LowerError> {
            let value = values.get(place).ok_or_else(unsupported)?;
            self.whole(value)
        };
        let (start, end) = (number(2)?, number(3)?);
        let (extra, window) = match plugin.name {
            "activity_counts_metrics" | "activity_metrics" => (0, 4),
            "sliding_window_counts" => (number(4)?, 5),
            "active_users_count" => (number(4)?, 7),
            _ => (number(5)?, 4),
        };
        let (period, periods) = if plugin.name == "active_users_count" { (number(5)?, number(6)?) } else { (0, 0) };
        let windows = self.window_width(values.get(window).ok_or_else(unsupported)?)?;
        let dimensions: Vec<&bound::Expr> = values.iter().skip(fixed).copied().collect();
        let asked: Vec<&bound::Expr> = [*id, *time].into_iter().chain(dimensions.iter().copied()).collect();
        let timeline = Timeline { id: 0, time: 1, start, end, windows, dimensions: (2..asked.len()).collect() };
        match plugin.name {
            "activity_engagement" => {
                if !matches!(windows, Windows::Fixed(inner) if extra > 0 && extra % inner == 0) {
                    return Err(LowerError::value("expected an outer window that is a multiple of the inner one", place));
                }
                self.over_values(relation, input, &asked, Arc::new(ActivityEngagement { timeline, outer: extra }))
            }
            "activity_counts_metrics" => self.over_values(relation, input, &asked, Arc::new(ActivityCounts(timeline))),
            "activity_metrics" => self.over_values(relation, input, &asked, Arc::new(ActivityMetrics(timeline))),
            "active_users_count" => {
                let operator = ActiveUsers { timeline, lookback: extra, period, periods };
                self.over_values(relation, input, &asked, Arc::new(operator))
            }
            "sliding_window_counts" => self.over_values(relation, input, &asked, Arc::new(SlidingCounts { timeline, lookback: extra })),
            _ => self.over_values(relation, input, &asked, Arc::new(SessionCount { timeline, pause: extra })),
        }
    }

    /// A width, or `week`, `month`, `year`.
    fn window_width(&mut self, value: &bound::Expr) -> Result<Windows, LowerError> {
        match &value.kind {
            ExprKind::Literal(Constant::String(name)) => Windows::named(name)
                .ok_or_else(|| LowerError::value(format!("expected a width, `week`, `month` or `year`, found `{name}`"), value.place)),
            _ => Ok(Windows::Fixed(self.whole(value)?.max(1))),
        }
    }

    /// `new_activity_metrics(id, time, start, end, window, cohort?, dimensions..., lookback?)`
    pub(super) fn new_activity(&mut self, relation: &Relation, plugin: &Plugin, input: &Relation) -> Result<Flow, LowerError> {
        let place = relation.place;
        let [
            PluginArgument::Value(id),
            PluginArgument::Value(time),
            PluginArgument::Value(start),
            PluginArgument::Value(end),
            PluginArgument::Value(window),
            rest @ ..,
        ] = plugin.arguments.as_slice()
        else {
            return Err(unfit(plugin, place));
        };
        let (mut cohort, mut dimensions, mut lookback) = (None, Vec::new(), None);
        for (number, argument) in rest.iter().enumerate() {
            match argument {
                PluginArgument::Value(value) if matches!(value.kind, ExprKind::Column(_)) => dimensions.push(value),
                PluginArgument::Value(value) if number == 0 => cohort = Some(self.whole(value)?),
                PluginArgument::Table(table) if number + 1 == rest.len() => lookback = Some(table),
                _ => return Err(unfit(plugin, place)),
            }
        }
        let (start, end, windows) = (self.whole(start)?, self.whole(end)?, self.window_width(window)?);
        let others = lookback.map(|table| self.ids(table, id, input)).transpose()?;
        let asked: Vec<&bound::Expr> = [id, time].into_iter().chain(dimensions).collect();
        let mut wanted = Needed::none(input.columns.len());
        asked.iter().for_each(|value| super::expressions::mark(value, &mut wanted));
        let flow = self.relation(input, &wanted)?;
        self.reading(input);
        let mut values = Vec::new();
        for value in &asked {
            values.push(self.value(value, &flow.columns)?);
        }
        let rows = self.operands(flow, values, place)?;
        let timeline = Timeline { id: 0, time: 1, start, end, windows, dimensions: (2..asked.len()).collect() };
        let operator = NewActivity { timeline, cohort };
        self.operated(relation, [rows].into_iter().chain(others).collect(), Arc::new(operator))
    }

    /// The ids of a table: of its column that is named as that of the rows, else of its first.
    fn ids(&mut self, table: &Relation, id: &bound::Expr, input: &Relation) -> Result<RowsInput, LowerError> {
        let name = match id.kind {
            ExprKind::Column(column) => Some(input.columns[column].name.as_str()),
            _ => None,
        };
        let place = table.columns.iter().position(|column| Some(column.name.as_str()) == name).unwrap_or(0);
        let Some(column) = table.columns.get(place).filter(|column| column.kind == id.ty) else {
            return Err(LowerError::value(format!("expected a table with ids of type {}", id.ty.as_str()), table.place));
        };
        let mut needed = Needed::none(table.columns.len());
        needed.add(place);
        let flow = self.relation(table, &needed)?;
        let value = flow.columns.get(place).cloned().flatten();
        let value = value.ok_or_else(|| LowerError::value(format!("no column `{}`", column.name), table.place))?;
        self.operands(flow, vec![value], table.place)
    }

    /// `funnel_sequence_completion(id, time, start, end, width, state, sequence, periods)`
    pub(super) fn funnel(&mut self, relation: &Relation, plugin: &Plugin, input: &Relation) -> Result<Flow, LowerError> {
        let values = plain_arguments(plugin, relation.place)?;
        let [id, time, start, end, width, state, sequence, periods] = values.as_slice() else {
            return Err(unfit(plugin, relation.place));
        };
        if time.ty != ScalarType::DateTime && time.ty != ScalarType::Timespan {
            return Err(LowerError::value("expected a timeline of instants or durations, as periods are durations", time.place));
        }
        let (start, end, windows) = (self.whole(start)?, self.whole(end)?, self.window_width(width)?);
        let sequence = self.listed(sequence, |value| Some(value.string().map_or_else(|| value.text().to_owned(), Cow::into_owned)))?;
        let periods = self.listed(periods, |value| value.string().and_then(|text| read::timespan(&text)))?;
        let mut wanted = Needed::none(input.columns.len());
        [*id, *time, *state].into_iter().for_each(|value| super::expressions::mark(value, &mut wanted));
        let flow = self.relation(input, &wanted)?;
        self.reading(input);
        let mut given = Vec::new();
        for value in [*id, *time] {
            given.push(self.value(value, &flow.columns)?);
        }
        given.push(text_of(self.value(state, &flow.columns)?, state.ty));
        let rows = self.operands(flow, given, relation.place)?;
        let timeline = Timeline { id: 0, time: 1, start, end, windows, dimensions: Vec::new() };
        self.operated(relation, vec![rows], Arc::new(FunnelCompletion { timeline, state: 2, sequence, periods }))
    }

    /// The elements of a constant array, which must have some.
    fn listed<T>(&mut self, value: &bound::Expr, read: impl Fn(Json<'_>) -> Option<T>) -> Result<Vec<T>, LowerError> {
        let wrong = || LowerError::value("expected an array that is known beforehand, with values that fit", value.place);
        let constant = self.constant(value)?.cast_to(&DataType::Utf8)?;
        let ScalarValue::Utf8(Some(text)) = constant else { return Err(wrong()) };
        let elements: Option<Vec<T>> = Json::new(&text).elements().map(read).collect();
        elements.filter(|elements| !elements.is_empty()).ok_or_else(wrong)
    }
}

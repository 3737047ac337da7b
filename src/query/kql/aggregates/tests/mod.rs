//! Aggregates over small tables: each case at once, over several groups, and split into parts that are put together.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, StringViewArray};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, Literal};
use serde_json::Value;

use super::super::tree::ScalarType;
use super::super::types::arrow_type;
use super::super::values::read;
use super::cells::push_json;
use super::udaf::adapter;
use super::{Call, find};

const CASES: &str = include_str!("cases.txt");

struct Case<'a> {
    name: &'a str,
    kinds: Vec<ScalarType>,
    constants: Vec<Option<Value>>,
    rows: Vec<Vec<Value>>,
    expected: &'a str,
}

/// `name(kind, =constant) | [row] [row] | result`
fn case(line: &str) -> Case<'_> {
    let mut parts = line.split('|').map(str::trim);
    let (call, rows, expected) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().expect("three parts"));
    let (name, arguments) = call.trim_end_matches(')').split_once('(').expect("a call");
    let mut kinds = Vec::new();
    let mut constants = Vec::new();
    for argument in arguments.split(", ").filter(|argument| !argument.is_empty()) {
        let (kind, constant) = argument.split_once('=').map_or((argument, None), |(kind, constant)| (kind, Some(constant)));
        kinds.push(ScalarType::from_word(kind).unwrap_or_else(|| panic!("{argument} is no type")));
        constants.push(constant.map(|text| serde_json::from_str(text).expect("a constant in JSON")));
    }
    let rows = serde_json::Deserializer::from_str(rows).into_iter().map(|row| row.expect("rows in JSON")).collect();
    Case { name, kinds, constants, rows, expected }
}

/// A column of a type out of JSON values.
pub(in super::super) fn column(kind: ScalarType, values: &[Option<&Value>]) -> ArrayRef {
    let text = |value: &&Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let values = || values.iter().map(|value| value.filter(|value| !value.is_null()));
    match kind {
        ScalarType::Bool => Arc::new(values().map(|value| value.and_then(Value::as_bool)).collect::<BooleanArray>()),
        ScalarType::Int => Arc::new(values().map(|value| value.and_then(Value::as_i64).map(|value| value as i32)).collect::<Int32Array>()),
        ScalarType::Long => Arc::new(values().map(|value| value.and_then(Value::as_i64)).collect::<Int64Array>()),
        ScalarType::Real => Arc::new(values().map(|value| value.and_then(|value| read::real(&text(&value)))).collect::<Float64Array>()),
        ScalarType::Decimal => {
            let built = values().map(|value| value.and_then(|value| read::decimal(&text(&value)))).collect::<Decimal128Array>();
            Arc::new(built.with_data_type(arrow_type(kind)))
        }
        ScalarType::DateTime => {
            Arc::new(values().map(|value| value.and_then(|value| read::datetime(&text(&value)))).collect::<Int64Array>())
        }
        ScalarType::Timespan => {
            Arc::new(values().map(|value| value.and_then(|value| read::timespan(&text(&value)))).collect::<Int64Array>())
        }
        ScalarType::String => {
            Arc::new(values().map(|value| Some(value.map(|value| text(&value)).unwrap_or_default())).collect::<StringViewArray>())
        }
        ScalarType::Guid => Arc::new(values().map(|value| value.map(|value| text(&value))).collect::<StringViewArray>()),
        ScalarType::Dynamic => Arc::new(values().map(|value| value.map(Value::to_string)).collect::<StringViewArray>()),
    }
}

/// A result as JSON; several columns as an array.
pub(in super::super) fn shown(kinds: &[ScalarType], result: &ArrayRef, row: usize) -> String {
    let mut text = String::new();
    if let Some(columns) = result.as_struct_opt() {
        let cells: Vec<String> = kinds.iter().zip(columns.columns()).map(|(kind, column)| shown(&[*kind], column, row)).collect();
        return format!("[{}]", cells.join(","));
    }
    if !push_json(&mut text, kinds[0], result, row) {
        text.push_str("null");
    }
    text
}

impl Case<'_> {
    fn call(&self) -> (Vec<Arc<dyn PhysicalExpr>>, Call<'_>) {
        let aggregate = find(self.name).unwrap_or_else(|| panic!("{} is no aggregate", self.name));
        let expr = |(place, (kind, constant)): (usize, (&ScalarType, &Option<Value>))| -> Arc<dyn PhysicalExpr> {
            match constant {
                Some(constant) => {
                    let value = ScalarValue::try_from_array(&column(*kind, &[Some(constant)]), 0).expect("a constant of its type");
                    Arc::new(Literal::new(value))
                }
                None => Arc::new(Column::new("column", place)),
            }
        };
        let exprs = self.kinds.iter().zip(&self.constants).enumerate().map(expr).collect();
        (exprs, Call { arguments: &self.kinds, ordered: aggregate.order_matters })
    }

    /// The columns of some rows: arguments, then the place in the order if that counts.
    fn columns(&self, rows: &[usize]) -> Vec<ArrayRef> {
        let mut place = 0;
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (kind, constant) in self.kinds.iter().zip(&self.constants) {
            let values: Vec<Option<&Value>> = rows.iter().map(|row| constant.as_ref().or_else(|| self.rows[*row].get(place))).collect();
            columns.push(column(*kind, &values));
            place += usize::from(constant.is_none());
        }
        if self.call().1.ordered || columns.is_empty() {
            columns.push(Arc::new(rows.iter().map(|row| *row as i64).collect::<Int64Array>()));
        }
        columns
    }

    fn outputs(&self) -> Vec<ScalarType> {
        let aggregate = find(self.name).expect("it was found before");
        let overload = aggregate.overloads.iter().find(|overload| overload.parameters.len() >= self.kinds.len() || overload.repeat > 0);
        overload.expect("a form with so many arguments").columns(&self.kinds)
    }

    fn adapter(&self) -> super::udaf::Adapter {
        let (exprs, call) = self.call();
        adapter(find(self.name).expect("it was found before"), call, &exprs).expect("constants fit")
    }

    /// All rows in the group 0 and again in the group 2; the group 1 has none.
    fn grouped(&self) -> Vec<String> {
        let mut adapter = self.adapter();
        let rows: Vec<usize> = (0..self.rows.len()).collect();
        for group in [0, 2] {
            let groups = vec![group; rows.len()];
            adapter.update_batch(&self.columns(&rows), &groups, None, 3).expect("rows are added");
        }
        let first = adapter.evaluate(EmitTo::First(1)).expect("a result");
        let rest = adapter.evaluate(EmitTo::All).expect("results");
        vec![shown(&self.outputs(), &first, 0), shown(&self.outputs(), &rest, 0), shown(&self.outputs(), &rest, 1)]
    }

    /// Rows dealt out to so many parts, the last part put in first.
    fn split(&self, parts: usize) -> String {
        let mut whole = self.adapter();
        for part in (0..parts).rev() {
            let rows: Vec<usize> = (0..self.rows.len()).filter(|row| row % parts == part).collect();
            let mut adapter = self.adapter();
            // The group 0 of a part stays empty.
            adapter.update_batch(&self.columns(&rows), &vec![1; rows.len()], None, 2).expect("rows are added");
            let state = adapter.state(EmitTo::All).expect("a state");
            whole.merge_batch(&state, &[0, 0], 1).expect("states fit");
        }
        shown(&self.outputs(), &whole.evaluate(EmitTo::All).expect("a result"), 0)
    }

    /// Each row turned into a state of its own.
    fn converted(&self) -> String {
        let mut whole = self.adapter();
        let rows: Vec<usize> = (0..self.rows.len()).collect();
        let states = whole.convert_to_state(&self.columns(&rows), None).expect("states");
        whole.merge_batch(&states, &vec![0; rows.len()], 1).expect("states fit");
        shown(&self.outputs(), &whole.evaluate(EmitTo::All).expect("a result"), 0)
    }

    fn at_once(&self) -> String {
        let mut one = self.adapter().into_one_group();
        for row in 0..self.rows.len() {
            one.update_batch(&self.columns(&[row])).expect("a row is added");
        }
        let state = one.state().expect("a state");
        let states: Vec<ArrayRef> = state.iter().map(|value| value.to_array().expect("a column")).collect();
        one.merge_batch(&states).expect("its own state fits");
        let result = one.evaluate().expect("a result").to_array().expect("a column");
        shown(&self.outputs(), &result, 0)
    }
}

#[test]
fn aggregates_give_what_the_cases_say_however_rows_are_split() {
    for line in CASES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let case = case(line);
        assert_eq!(case.at_once(), case.expected, "at once: {line}");
        let nothing = Case { rows: Vec::new(), kinds: case.kinds.clone(), constants: case.constants.clone(), ..case };
        let nothing = nothing.at_once();
        assert_eq!(case.grouped(), [case.expected, &nothing, case.expected], "in groups: {line}");
        for parts in 1..4 {
            assert_eq!(case.split(parts), case.expected, "in {parts} parts: {line}");
        }
        assert_eq!(case.converted(), case.expected, "row by row: {line}");
    }
}

#[test]
fn every_aggregate_has_a_case() {
    let names: Vec<&str> = CASES.lines().filter_map(|line| line.split_once('(')).map(|(name, _)| name).collect();
    let without: Vec<&str> = super::all().map(|aggregate| aggregate.name).filter(|name| !names.contains(name)).collect();
    assert_eq!(without, Vec::<&str>::new());
}

#[test]
fn many_leaders_survive_that_batches_are_let_go() {
    let kinds = [ScalarType::Long, ScalarType::String];
    let aggregate = find("arg_max").expect("an aggregate of the table");
    let mut adapter = adapter(aggregate, Call { arguments: &kinds, ordered: false }, &[]).expect("it takes no constants");
    let groups: Vec<usize> = (0..1000).collect();
    for batch in 0..200_i64 {
        let values: Int64Array = (0..1000).map(|row| Some((row * 31 + batch * 17) % 1009)).collect();
        let texts: StringViewArray = values.iter().map(|value| Some(format!("the text of the value {value:?}"))).collect();
        adapter.update_batch(&[Arc::new(values), Arc::new(texts)], &groups, None, 1000).expect("rows are added");
    }
    let size = adapter.size();
    assert!(size < 20_000_000, "{size}");
    let result = adapter.evaluate(EmitTo::All).expect("a result");
    for row in 0..1000 {
        let greatest = (0..200_i64).map(|batch| (row * 31 + batch * 17) % 1009).max();
        assert_eq!(
            shown(&kinds, &result, row as usize),
            format!("[{},\"the text of the value {greatest:?}\"]", greatest.unwrap_or_default())
        );
    }
}

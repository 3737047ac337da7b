//! `mv-expand`, `mv-apply` and `partition by`: arrays that become rows, and pipelines over parts of rows.
//!
//! No part is planned by itself: the body runs once over all parts, which a hidden column tells from each other.

use std::sync::Arc;

use arrow::array::{ArrayBuilder, AsArray, Int64Builder, ListArray, ListBuilder, StringViewBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Column, DataFusionError, Result as EngineResult, ScalarValue, UnnestOptions, exec_err};
use datafusion::functions_aggregate::min_max::min_udaf;
use datafusion::logical_expr::builder::unnest_with_options;
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlanBuilder, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, WindowFrame,
    WindowFunctionDefinition, cast,
};

use super::super::bound::{self, ExpandColumn, Expansion, MvApply, MvExpand, Relation, Side};
use super::super::functions::json::{Json, Kind};
use super::super::functions::{Arguments, KernelError, budget};
use super::super::tree::{ExpandKind, ScalarType};
use super::error::LowerError;
use super::expressions::{converted, kernel, mark};
use super::flow::{Flow, Needed, Part};
use super::{Lowering, named, paths};

/// Rows with the elements of arrays and, if asked for, their places.
struct Expanded {
    flow: Flow,
    items: Vec<Expr>,
    index: Expr,
}

impl Lowering<'_> {
    /// `mv-expand`
    pub(super) fn mv_expand(&mut self, relation: &Relation, expand: &MvExpand, needed: &Needed) -> Result<Flow, LowerError> {
        let mut wanted = Needed::none(expand.input.columns.len());
        for place in needed.places() {
            if let Some(ExpandColumn::Input(column)) = expand.output.get(place) {
                wanted.add(*column);
            }
        }
        let kept = wanted.clone();
        expand.items.iter().for_each(|item| mark(&item.value, &mut wanted));
        let flow = self.relation(&expand.input, &wanted)?;
        let limit = expand.limit.as_ref().map(|limit| self.count(limit)).transpose()?;
        let Expanded { mut flow, items, index } = self.expanded(flow, &expand.input, &expand.items, expand.kind, limit, &kept)?;
        let column = |output: &ExpandColumn| match output {
            ExpandColumn::Input(place) => flow.columns.get(*place).cloned().flatten(),
            ExpandColumn::Item(item) => items.get(*item).cloned(),
            ExpandColumn::Index => Some(index.clone()),
        };
        let columns: Vec<Option<Expr>> =
            (0..relation.columns.len()).map(|place| expand.output.get(place).filter(|_| needed.has(place)).and_then(&column)).collect();
        flow.columns = columns;
        self.settled(flow)
    }

    /// Computes what is not cheap, so that it is not computed again by each reader.
    fn settled(&mut self, flow: Flow) -> Result<Flow, LowerError> {
        let mut columns = flow.columns.clone();
        let mut computed = Vec::new();
        for value in columns.iter_mut().flatten().filter(|value| !super::flow::is_cheap(value)) {
            let name = self.name("item");
            let column = named(&name);
            computed.push((name, std::mem::replace(value, column)));
        }
        Ok(flow.with_columns(columns, computed)?)
    }

    fn expanded(
        &mut self,
        flow: Flow,
        input: &Relation,
        items: &[Expansion],
        kind: ExpandKind,
        limit: Option<usize>,
        kept: &Needed,
    ) -> Result<Expanded, LowerError> {
        self.reading(input);
        let ordered = !flow.order.is_empty();
        let mut lists = Vec::new();
        let mut computed = Vec::new();
        for item in items {
            let value = self.value(&item.value, &flow.columns)?;
            let value = paths::as_dynamic(value, item.value.ty);
            let name = self.name("item");
            lists.push(name.clone());
            computed.push((name, elements(value, kind, limit)));
        }
        let columns: Vec<Option<Expr>> =
            flow.columns.iter().enumerate().map(|(place, value)| value.clone().filter(|_| kept.has(place))).collect();
        let flow = flow.computing(computed, &columns)?;
        let index = self.name("index");
        let mut flow = Flow { columns: columns.clone(), ..flow };
        let positions = positions(lists.iter().map(|name| named(name)).collect());
        let all: Vec<Option<Expr>> = columns.iter().cloned().chain(lists.iter().map(|name| Some(named(name)))).collect();
        flow = flow.computing(vec![(index.clone(), positions)], &all)?;
        flow.columns = columns;
        let unnested = lists.iter().chain([&index]).map(Column::new_unqualified).collect();
        flow.plan = unnest_with_options(flow.plan, unnested, UnnestOptions::new().with_preserve_nulls(false))?;
        if ordered {
            flow.order.push(named(&index).sort(true, false));
        }
        let items = items.iter().zip(&lists).map(|(item, name)| element(named(name), item.kind)).collect();
        Ok(Expanded { flow, items, index: named(&index) })
    }

    /// `mv-apply`
    pub(super) fn mv_apply(&mut self, relation: &Relation, apply: &MvApply, needed: &Needed) -> Result<Flow, LowerError> {
        let mut wanted = Needed::none(apply.input.columns.len());
        let mut body_needed = Needed::none(apply.body.columns.len());
        for place in needed.places() {
            match apply.output.get(place) {
                Some(output) if output.side == Side::Left => wanted.add(output.column),
                Some(output) => body_needed.add(output.column),
                None => {}
            }
        }
        for column in &apply.rows {
            if let ExpandColumn::Input(place) = column {
                wanted.add(*place);
            }
        }
        let kept = wanted.clone();
        apply.items.iter().for_each(|item| mark(&item.value, &mut wanted));
        let flow = self.relation(&apply.input, &wanted)?;
        let ordered = !flow.order.is_empty();
        let outer = flow.part.clone();
        let (mut flow, id) = self.numbered(flow)?;
        flow = self.plain(flow)?;
        let limit = apply.limit.as_ref().map(|limit| self.count(limit)).transpose()?;
        let mut carried: Vec<Column> = Vec::new();
        let mut places = Vec::new();
        for place in kept.places() {
            if let Some(Expr::Column(column)) = flow.columns.get(place).and_then(Option::as_ref) {
                places.push(place);
                carried.push(column.clone());
            }
        }
        let own = carried.len();
        if let Some(outer) = &outer {
            carried.push(outer.id.clone());
            carried.extend(outer.carried.iter().cloned());
        }
        flow.part = Some(Part { id: id.clone(), carried, outer: 1 });
        flow.order = vec![Expr::Column(id).sort(true, false)];
        let Expanded { mut flow, items, index } = self.expanded(flow, &apply.input, &apply.items, ExpandKind::Bag, limit, &kept)?;
        let column = |output: &ExpandColumn| match output {
            ExpandColumn::Input(place) => flow.columns.get(*place).cloned().flatten(),
            ExpandColumn::Item(item) => items.get(*item).cloned(),
            ExpandColumn::Index => Some(index.clone()),
        };
        flow.columns = apply.rows.iter().map(column).collect();
        let flow = self.settled(flow)?;
        self.placeholders.insert(apply.placeholder, flow);
        let body = self.relation(&apply.body, &body_needed);
        self.placeholders.remove(&apply.placeholder);
        let body = body?;
        let part = body
            .part
            .as_ref()
            .ok_or_else(|| LowerError::unsupported("a body of `mv-apply` that does not read the array", relation.place))?;
        let left = |place: usize| {
            let position = places.iter().position(|kept| *kept == place)?;
            part.carried.get(position).cloned().map(Expr::Column)
        };
        let columns = (0..relation.columns.len()).map(|place| {
            let output = apply.output.get(place).filter(|_| needed.has(place))?;
            match output.side {
                Side::Left => left(output.column),
                Side::Right => body.columns.get(output.column).cloned().flatten(),
            }
        });
        let columns = columns.collect();
        let order = if ordered { body.order.clone() } else { Vec::new() };
        let part = outer.and_then(|outer| {
            let mut rest = part.carried.get(own..)?.iter().cloned();
            Some(Part { id: rest.next()?, carried: rest.collect(), outer: outer.outer })
        });
        Ok(Flow { plan: body.plan, columns, order, part })
    }

    /// The rows with a column that numbers them in their order.
    fn numbered(&mut self, flow: Flow) -> Result<(Flow, Column), LowerError> {
        let (flow, place) = match self.place_in_order(flow)? {
            (flow, Some(place)) => (flow, place),
            (flow, None) => {
                let (flow, number) = self.row_number(flow, Vec::new(), Vec::new())?;
                (flow, cast(number, DataType::Int64))
            }
        };
        if let Expr::Column(column) = place {
            return Ok((flow, column));
        }
        let name = self.name("row");
        let columns = flow.columns.clone();
        let mut flow = flow.computing(vec![(name.clone(), place)], &columns)?;
        flow.columns = columns;
        flow.order = vec![named(&name).sort(true, false)];
        Ok((flow, Column::new_unqualified(name)))
    }

    /// `partition by`
    pub(super) fn partition(
        &mut self,
        input: &Relation,
        key: &bound::Expr,
        placeholder: usize,
        body: &Relation,
        needed: &Needed,
    ) -> Result<Flow, LowerError> {
        let flow = self.relation(input, &Needed::all(input.columns.len()))?;
        if flow.part.is_some() {
            return Err(LowerError::unsupported("`partition` inside of `mv-apply` or `partition`", key.place));
        }
        let ordered = !flow.order.is_empty();
        let (flow, number) = self.numbered(flow)?;
        self.reading(input);
        let key = self.value(key, &flow.columns)?;
        // A part is known by the number of its first row.
        let params = WindowFunctionParams {
            args: vec![Expr::Column(number.clone())],
            partition_by: vec![key],
            order_by: Vec::new(),
            window_frame: WindowFrame::new(None),
            filter: None,
            null_treatment: None,
            distinct: false,
        };
        let id = self.name("row");
        let function = WindowFunction { fun: WindowFunctionDefinition::AggregateUDF(min_udaf()), params };
        let plan = LogicalPlanBuilder::from(flow.plan).window(vec![Expr::from(function).alias(&id)])?.build()?;
        let id = Column::new_unqualified(id);
        let order = vec![Expr::Column(id.clone()).sort(true, false), Expr::Column(number).sort(true, false)];
        let flow = Flow { plan, columns: flow.columns, order, part: Some(Part { id, carried: Vec::new(), outer: 1 }) };
        self.placeholders.insert(placeholder, flow);
        let result = self.relation(body, needed);
        self.placeholders.remove(&placeholder);
        let mut result = result?;
        result.part = None;
        if !ordered && result.order.len() <= 2 {
            result.order.clear();
        }
        Ok(result)
    }
}

/// An element of the type that is asked for; what is of another type is null, texts are not read.
fn element(value: Expr, kind: ScalarType) -> Expr {
    fn fitting(call: &Arguments) -> Result<arrow::array::ArrayRef, KernelError> {
        Ok(call.jsons(|row| call.json(0, row).filter(|text| Json::new(text).kind() != Kind::Text)))
    }
    match kind {
        ScalarType::Dynamic => value,
        ScalarType::Int | ScalarType::Long | ScalarType::Real | ScalarType::Bool => {
            let fitting = kernel("fitting", fitting, vec![(value, ScalarType::Dynamic)], ScalarType::Dynamic);
            converted(fitting, ScalarType::Dynamic, kind)
        }
        _ => converted(value, ScalarType::Dynamic, kind),
    }
}

/// The elements of dynamic values as a list of dynamic values.
fn elements(value: Expr, kind: ExpandKind, limit: Option<usize>) -> Expr {
    let shape = Shape::Elements { pairs: kind == ExpandKind::Array, limit: limit.unwrap_or(usize::MAX) };
    ScalarUDF::from(ListUdf { shape, signature: Signature::any(1, Volatility::Immutable) }).call(vec![value])
}

/// The places in the longest of several lists.
fn positions(lists: Vec<Expr>) -> Expr {
    ScalarUDF::from(ListUdf { shape: Shape::Positions, signature: Signature::any(lists.len(), Volatility::Immutable) }).call(lists)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Shape {
    Elements { pairs: bool, limit: usize },
    Positions,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ListUdf {
    shape: Shape,
    signature: Signature,
}

impl ScalarUDFImpl for ListUdf {
    fn name(&self) -> &str {
        match self.shape {
            Shape::Elements { .. } => "elements",
            Shape::Positions => "positions",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> EngineResult<DataType> {
        let item = match self.shape {
            Shape::Elements { .. } => DataType::Utf8View,
            Shape::Positions => DataType::Int64,
        };
        Ok(DataType::List(Arc::new(Field::new_list_field(item, true))))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> EngineResult<ColumnarValue> {
        let rows = call.number_rows;
        if let (Shape::Elements { pairs, limit }, [ColumnarValue::Scalar(ScalarValue::Utf8View(value))]) =
            (self.shape, call.args.as_slice())
        {
            let list = listed(std::iter::once(value.as_deref()), pairs, limit, rows)?;
            return Ok(ColumnarValue::Scalar(ScalarValue::List(Arc::new(list))));
        }
        let arrays = call.args.into_iter().map(|argument| argument.into_array(rows)).collect::<EngineResult<Vec<_>>>()?;
        match self.shape {
            Shape::Elements { pairs, limit } => {
                let Some(values) = arrays.first() else { return exec_err!("elements are taken of one value") };
                Ok(ColumnarValue::Array(Arc::new(listed(values.as_string_view(), pairs, limit, 1)?)))
            }
            Shape::Positions => {
                let mut lists = ListBuilder::new(Int64Builder::new());
                for row in 0..rows {
                    let longest = arrays.iter().map(|array| array.as_list::<i32>().value_length(row)).max().unwrap_or(0);
                    (0..i64::from(longest)).for_each(|place| lists.values().append_value(place));
                    lists.append(true);
                }
                Ok(ColumnarValue::Array(Arc::new(lists.finish())))
            }
        }
    }
}

/// Lists of elements, which the plan may repeat so often.
fn listed<'a>(values: impl IntoIterator<Item = Option<&'a str>>, pairs: bool, limit: usize, repeated: usize) -> EngineResult<ListArray> {
    let failed = |error: KernelError| DataFusionError::External(Box::new(error));
    let mut lists = ListBuilder::new(StringViewBuilder::new());
    let (mut bytes, limit) = (0_usize, limit.min(budget::left() / size_of::<u128>() + 1));
    for value in values {
        let before = lists.values().len();
        push_elements(lists.values(), value, pairs, limit);
        lists.append(true);
        // The elements themselves, and where they are.
        bytes += value.map_or(0, str::len) + (lists.values().len() - before) * size_of::<u128>();
        budget::fits(bytes, repeated.max(1)).map_err(failed)?;
    }
    budget::settle(bytes.saturating_mul(repeated.max(1))).map_err(failed)?;
    Ok(lists.finish())
}

fn push_elements(list: &mut StringViewBuilder, value: Option<&str>, pairs: bool, limit: usize) {
    let Some(value) = value.map(Json::new) else {
        // Null keeps its row.
        if limit > 0 {
            list.append_null();
        }
        return;
    };
    match value.kind() {
        Kind::Array => {
            for element in value.elements().take(limit) {
                if element.is_null() { list.append_null() } else { list.append_value(element.text()) }
            }
        }
        Kind::Bag => {
            for (key, value) in value.entries().take(limit) {
                let text = value.text();
                list.append_value(if pairs { format!("[\"{}\",{text}]", key.raw()) } else { format!("{{\"{}\":{text}}}", key.raw()) });
            }
        }
        _ if limit > 0 => list.append_value(value.text()),
        _ => {}
    }
}

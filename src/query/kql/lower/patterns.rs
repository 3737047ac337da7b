//! Plugins over what rows have in common, sequences of rows, and schemas.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;

use super::super::bound::{self, Constant, ExprKind, Plugin, PluginArgument, Relation};
use super::super::rows::patterns::{Dimensions, Patterns, Wanted};
use super::super::rows::schemas::SchemaMerge;
use super::super::rows::sequences::SequenceDetect;
use super::super::tree::ScalarType;
use super::error::LowerError;
use super::expressions::text_of;
use super::flow::{Flow, Needed};
use super::plugins::{plain_arguments, unfit};
use super::{Lowering, constant};

/// Share of the rows from which on a pattern counts, unless the query says another.
const THRESHOLD: f64 = 0.05;
/// The least such share.
const THRESHOLD_MIN: f64 = 0.015;
/// Values that a pattern of `basket` needs at most, unless the query says another number.
const BASKET_VALUES_MAX: usize = 5;
/// How much the number of rows counts for `autocluster` against the number of values.
const SIZE_WEIGHT: f64 = 0.5;

/// An argument, unless `~` stands for what it is without it.
fn given<'a>(values: &[&'a bound::Expr], place: usize) -> Option<&'a bound::Expr> {
    let value = values.get(place)?;
    let is_default = matches!(&value.kind, ExprKind::Literal(Constant::String(text)) if text.as_ref() == "~");
    (!is_default).then_some(value)
}

impl Lowering<'_> {
    /// `autocluster`, `basket`, `diffpatterns`
    pub(super) fn patterns(&mut self, relation: &Relation, plugin: &Plugin, input: &Relation) -> Result<Flow, LowerError> {
        let values = plain_arguments(plugin, relation.place)?;
        let mut split = None;
        let (weight, wildcards) = match plugin.name {
            "diffpatterns" => (3, 6),
            _ => (1, 3),
        };
        let mut dimensions = Dimensions {
            wildcards: self.wildcards(input, values.get(wildcards..).unwrap_or_default())?,
            apart: Vec::new(),
            weight: None,
            values_max: input.columns.len(),
        };
        if let Some(value) = given(&values, weight) {
            match value.kind {
                ExprKind::Column(column) if matches!(value.ty, ScalarType::Int | ScalarType::Long) => dimensions.weight = Some(column),
                _ => return Err(LowerError::value("expected a column of whole numbers as the weight", value.place)),
            }
        }
        dimensions.apart.extend(dimensions.weight);
        let wanted = match plugin.name {
            "basket" => {
                dimensions.values_max = self.values_max(given(&values, 2))?.unwrap_or(BASKET_VALUES_MAX);
                Wanted::Frequent(self.share(given(&values, 0), THRESHOLD, THRESHOLD_MIN)?)
            }
            "autocluster" => {
                if let Some(seeds) = given(&values, 2) {
                    return Err(LowerError::value("expected `'~'` for the number of seeds, as all patterns are looked at", seeds.place));
                }
                Wanted::Telling(self.share(given(&values, 0), SIZE_WEIGHT, 0.0)?)
            }
            _ => {
                let [column, a, b, ..] = values.as_slice() else { return Err(unfit(plugin, relation.place)) };
                dimensions.values_max = self.values_max(given(&values, 5))?.unwrap_or(dimensions.values_max);
                if let ExprKind::Column(place) = column.kind {
                    dimensions.apart.push(place);
                }
                split = Some(*column);
                let threshold = self.share(given(&values, 4), THRESHOLD, THRESHOLD_MIN)?;
                Wanted::Different { column: input.columns.len(), a: self.words(a)?, b: self.words(b)?, threshold }
            }
        };
        let flow = self.relation(input, &Needed::all(input.columns.len()))?;
        self.reading(input);
        let mut operands: Vec<Expr> = flow.columns.iter().flatten().cloned().collect();
        if let Some(split) = split {
            operands.push(text_of(self.value(split, &flow.columns)?, split.ty));
        }
        let rows = self.operands(flow, operands, relation.place)?;
        self.operated(relation, vec![rows], Arc::new(Patterns { dimensions, wanted }))
    }

    /// What stands in each column of which a pattern says nothing: null, or the constant of its type.
    fn wildcards(&mut self, input: &Relation, given: &[&bound::Expr]) -> Result<Vec<ScalarValue>, LowerError> {
        let mut wildcards: Vec<ScalarValue> = input.columns.iter().map(|column| constant::null(column.kind)).collect();
        for value in given {
            if matches!(&value.kind, ExprKind::Literal(Constant::String(text)) if text.as_ref() == "~") {
                continue;
            }
            let constant = self.constant(value)?;
            let of_type = input.columns.iter().zip(&mut wildcards).filter(|(column, _)| column.kind == value.ty);
            of_type.for_each(|(_, wildcard)| *wildcard = constant.clone());
        }
        Ok(wildcards)
    }

    /// A share from a least one to 1.
    fn share(&mut self, value: Option<&bound::Expr>, default: f64, least: f64) -> Result<f64, LowerError> {
        let Some(value) = value else { return Ok(default) };
        match self.constant(value)?.cast_to(&DataType::Float64)? {
            ScalarValue::Float64(Some(share)) if (least..=1.0).contains(&share) => Ok(share),
            _ => Err(LowerError::value(format!("expected a number from {least} to 1, or `'~'`"), value.place)),
        }
    }

    fn values_max(&mut self, value: Option<&bound::Expr>) -> Result<Option<usize>, LowerError> {
        let Some(value) = value else { return Ok(None) };
        match usize::try_from(self.whole(value)?) {
            Ok(number @ 1..) => Ok(Some(number)),
            _ => Err(LowerError::value("expected a number of dimensions from 1 on, or `'~'`", value.place)),
        }
    }

    /// A constant text.
    fn words(&mut self, value: &bound::Expr) -> Result<String, LowerError> {
        match self.constant(value)?.cast_to(&DataType::Utf8)? {
            ScalarValue::Utf8(Some(text)) if value.ty == ScalarType::String => Ok(text),
            _ => Err(LowerError::value("expected a text that is known beforehand", value.place)),
        }
    }

    /// `sequence_detect(time, step_max, span_max, step = condition, ..., dimension, ...)`
    pub(super) fn sequences(&mut self, relation: &Relation, plugin: &Plugin, input: &Relation) -> Result<Flow, LowerError> {
        let [PluginArgument::Value(time), PluginArgument::Value(step_max), PluginArgument::Value(span_max), rest @ ..] =
            plugin.arguments.as_slice()
        else {
            return Err(unfit(plugin, relation.place));
        };
        let (mut steps, mut dimensions) = (Vec::new(), Vec::new());
        for argument in rest {
            match argument {
                PluginArgument::Named(_, value) if value.ty == ScalarType::Bool && dimensions.is_empty() => steps.push(value),
                PluginArgument::Value(value) if matches!(value.kind, ExprKind::Column(_)) => dimensions.push(value),
                _ => return Err(unfit(plugin, relation.place)),
            }
        }
        if steps.is_empty() || !matches!(time.ty, ScalarType::DateTime) {
            return Err(unfit(plugin, relation.place));
        }
        let (step_max, span_max) = (self.whole(step_max)?, self.whole(span_max)?);
        let asked: Vec<&bound::Expr> = [time].into_iter().chain(steps.iter().copied()).chain(dimensions).collect();
        let operator = SequenceDetect {
            time: 0,
            steps: (1..=steps.len()).collect(),
            dimensions: (steps.len() + 1..asked.len()).collect(),
            step_max,
            span_max,
        };
        self.over_values(relation, input, &asked, Arc::new(operator))
    }

    /// `schema_merge(PreserveOrder?)`
    pub(super) fn merged_schemas(&mut self, relation: &Relation, plugin: &Plugin, input: &Relation) -> Result<Flow, LowerError> {
        let preserve_order = match plugin.arguments.as_slice() {
            [] => true,
            [PluginArgument::Value(value)] => self.constant(value)? == ScalarValue::Boolean(Some(true)),
            [PluginArgument::Named(name, value)] if name == "PreserveOrder" => self.constant(value)? == ScalarValue::Boolean(Some(true)),
            _ => return Err(unfit(plugin, relation.place)),
        };
        let wanted = [
            ("ColumnName", ScalarType::String),
            ("ColumnOrdinal", ScalarType::Long),
            ("DataType", ScalarType::String),
            ("ColumnType", ScalarType::String),
        ];
        let fits = |column: &bound::Column, (name, kind): (&str, ScalarType)| {
            column.name == name && (column.kind == kind || (kind == ScalarType::Long && column.kind == ScalarType::Int))
        };
        if input.columns.len() != wanted.len() || !input.columns.iter().zip(wanted).all(|(column, wanted)| fits(column, wanted)) {
            return Err(LowerError::value("expected rows of `getschema`", input.place));
        }
        self.over_columns(relation, input, Arc::new(SchemaMerge { preserve_order }))
    }
}

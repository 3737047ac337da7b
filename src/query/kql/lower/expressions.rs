//! Bound expressions as expressions of a plan.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Expr, Operator, binary_expr, cast, lit, when};

use super::super::bound::{self, Comparison, ExprKind, Key};
use super::super::functions::{self, Body, Function, Kernel, Returns, scalar_udf};
use super::super::tree::{Place, ScalarType};
use super::super::types::arrow_type;
use super::error::LowerError;
use super::flow::Needed;
use super::{Lowering, arithmetic, calls, constant, membership, packed, paths, pruning, texts};

/// The values of the columns that an expression may read.
pub(super) type Columns<'a> = &'a [Option<Expr>];

/// A call of a kernel.
pub(super) fn kernel(name: &'static str, body: Kernel, arguments: Vec<(Expr, ScalarType)>, returns: ScalarType) -> Expr {
    let (values, kinds) = arguments.into_iter().unzip();
    scalar_udf(name, body, kinds, returns).call(values)
}

/// A call of a function in the form that fits the types of the arguments, with the type of its result.
pub(super) fn applied(function: &'static Function, arguments: Vec<(Expr, ScalarType)>) -> Option<(Expr, ScalarType)> {
    let kinds: Vec<ScalarType> = arguments.iter().map(|(_, kind)| *kind).collect();
    let chosen = function.choose(&kinds, None)?;
    let Body::Kernel(body) = chosen.overload.body else { return None };
    let values = arguments.into_iter().zip(&chosen.arguments).map(|((value, kind), wanted)| (converted(value, kind, *wanted), *wanted));
    Some((kernel(function.name, body, values.collect(), chosen.returns), chosen.returns))
}

/// A call of a function of the library by its name.
pub(super) fn library(name: &str, arguments: Vec<(Expr, ScalarType)>) -> Option<Expr> {
    applied(functions::find(name)?, arguments).map(|(value, _)| value)
}

/// A value of another type; what does not convert is null.
pub(super) fn converted(value: Expr, from: ScalarType, to: ScalarType) -> Expr {
    use ScalarType::{DateTime, Decimal, Dynamic, Int, Long, Real, Timespan};
    match (from, to) {
        _ if from == to => value,
        (Int, Long | Real) | (Long, Real) => cast(value, arrow_type(to)),
        (DateTime | Timespan, Long) | (Long, DateTime | Timespan) => value,
        (Int | Long | Real, Decimal) | (Decimal, _) | (Dynamic, _) => {
            library(functions::conversion_to(to).name, vec![(value.clone(), from)]).unwrap_or(value)
        }
        (_, Dynamic) => paths::as_dynamic(value, from),
        _ => library(functions::conversion_to(to).name, vec![(value.clone(), from)]).unwrap_or(value),
    }
}

/// Adds the columns that an expression reads.
pub(super) fn mark(expression: &bound::Expr, needed: &mut Needed) {
    super::walk::expressions(expression, &mut |node| match &node.kind {
        ExprKind::Column(column) => needed.add(*column),
        ExprKind::Search { columns, .. } => columns.iter().for_each(|column| needed.add(*column)),
        _ => {}
    });
}

/// Parts in one chain; more of them stand in a tree, since an optimizer walks each link of a chain again for each that holds it.
const CHAIN_MAX: usize = 8;

fn both(mut expressions: Vec<Expr>, operator: Operator, none: bool) -> Expr {
    if expressions.len() > CHAIN_MAX {
        let right = expressions.split_off(expressions.len() / 2);
        return binary_expr(both(expressions, operator, none), operator, both(right, operator, none));
    }
    expressions.into_iter().reduce(|left, right| binary_expr(left, operator, right)).unwrap_or_else(|| lit(none))
}

impl Lowering<'_> {
    /// The value of an expression.
    pub(super) fn value(&mut self, expression: &bound::Expr, columns: Columns<'_>) -> Result<Expr, LowerError> {
        Ok(match &expression.kind {
            ExprKind::Literal(value) => Expr::Literal(constant::scalar(value, expression.ty), None),
            ExprKind::Column(place) => column(columns, *place, expression.place)?,
            ExprKind::Call { function, overload, .. } => {
                let called = self.call(expression, columns)?;
                match function.overloads[*overload].returns {
                    // As one value, the first of several counts.
                    Returns::Several(_) => paths::part(called, vec![paths::Step::Place(0)]),
                    _ => called,
                }
            }
            ExprKind::Convert(inner) => converted(self.value(inner, columns)?, inner.ty, expression.ty),
            ExprKind::And(parts) => both(self.values(parts, columns)?, Operator::And, true),
            ExprKind::Or(parts) => both(self.values(parts, columns)?, Operator::Or, false),
            ExprKind::Compare { operator, left, right } => {
                let (a, b) = (self.value(left, columns)?, self.value(right, columns)?);
                compare(*operator, (a, left.ty), (b, right.ty))
            }
            ExprKind::Arithmetic { operator, left, right } => {
                let (a, b) = (self.value(left, columns)?, self.value(right, columns)?);
                arithmetic::compute(*operator, (a, left.ty), (b, right.ty), expression.ty, expression.place)?
            }
            ExprKind::Negate(inner) => arithmetic::negate(self.value(inner, columns)?, inner.ty, expression.ty, expression.place)?,
            ExprKind::Text { operator, negated, case_sensitive, text, needle } => {
                let (text, needle) = (self.text(text, columns)?, self.text(needle, columns)?);
                let found = texts::matches(*operator, *case_sensitive, text, needle, expression.place)?;
                if *negated { !found } else { found }
            }
            ExprKind::InList { value, list, negated, case_sensitive } => {
                let found = self.in_list(value, list, *case_sensitive, columns)?;
                if *negated { !found } else { found }
            }
            ExprKind::InTable { value, table, negated, case_sensitive } => {
                let set = self.environment.values.set(table, expression.place)?;
                let found = membership::in_set(self.value(value, columns)?, value.ty, &set, *case_sensitive);
                if *negated { !found } else { found }
            }
            ExprKind::HasList { text, terms, all } => {
                let text = self.text(text, columns)?;
                let mut found = Vec::new();
                for term in terms {
                    found.push((self.value(term, columns)?, term.ty));
                }
                texts::has_list(text, found, *all, expression.place)?
            }
            ExprKind::HasTable { text, table, all } => {
                let terms = self.environment.values.set(table, expression.place)?;
                let terms = terms.scalars().into_iter().map(|term| (Expr::Literal(term, None), ScalarType::String)).collect();
                texts::has_list(self.text(text, columns)?, terms, *all, expression.place)?
            }
            ExprKind::Between { value, negated, from, to } => {
                let value = (self.value(value, columns)?, value.ty);
                let (from, to) = ((self.value(from, columns)?, from.ty), (self.value(to, columns)?, to.ty));
                if *negated {
                    compare(Comparison::Less, value.clone(), from).or(compare(Comparison::Greater, value, to))
                } else {
                    compare(Comparison::GreaterOrEqual, value.clone(), from).and(compare(Comparison::LessOrEqual, value, to))
                }
            }
            ExprKind::Part { .. } => self.part(expression, columns)?,
            ExprKind::Scalar(table) => Expr::Literal(self.environment.values.scalar(table, expression.ty, expression.place)?, None),
            ExprKind::Search { columns: places, matching, needle, case_sensitive } => {
                let needle = self.value(needle, columns)?;
                let (mut found, mut constant) = (Vec::new(), false);
                for place in places {
                    let value = column(columns, *place, expression.place)?;
                    constant |= !value.any_column_refs();
                    let kind = self.kinds.get(*place).copied().unwrap_or(ScalarType::String);
                    found.push(texts::searched(*matching, *case_sensitive, text_of(value, kind), needle.clone(), expression.place)?);
                }
                let name = texts::name_in_any(found.first());
                let whole = both(found, Operator::Or, false);
                // Where a column is a constant, rows may pass for what no stored column holds.
                if constant { whole } else { packed::packed(name, whole, needle)? }
            }
            ExprKind::StepColumn { .. } => return Err(LowerError::unsupported("a step of `scan` outside of it", expression.place)),
            ExprKind::Property { .. } | ExprKind::Variable(_) | ExprKind::Quantified { .. } | ExprKind::GraphCall { .. } => {
                return Err(LowerError::unsupported("a node or edge outside of a pattern", expression.place));
            }
            ExprKind::Error => return Err(LowerError::value("a mistake in the query", expression.place)),
        })
    }

    /// A call as its kernel gives it.
    fn call(&mut self, expression: &bound::Expr, columns: Columns<'_>) -> Result<Expr, LowerError> {
        let ExprKind::Call { function, overload, arguments } = &expression.kind else { return self.value(expression, columns) };
        let values = arguments.iter().map(|argument| Ok((self.value(argument, columns)?, argument.ty)));
        let values = values.collect::<Result<Vec<_>, LowerError>>()?;
        match function.overloads[*overload].body {
            Body::Kernel(body) => Ok(kernel(function.name, body, values, expression.ty)),
            Body::Plan => calls::planned(self, function.name, values, expression),
        }
    }

    /// The values of several expressions.
    pub(super) fn values(&mut self, expressions: &[bound::Expr], columns: Columns<'_>) -> Result<Vec<Expr>, LowerError> {
        expressions.iter().map(|expression| self.value(expression, columns)).collect()
    }

    /// A value as text.
    fn text(&mut self, expression: &bound::Expr, columns: Columns<'_>) -> Result<Expr, LowerError> {
        Ok(text_of(self.value(expression, columns)?, expression.ty))
    }

    /// A condition of which only truth counts: where it is null the row is as good as refused, so that comparisons may stay those of the stored columns.
    pub(super) fn condition(&mut self, expression: &bound::Expr, columns: Columns<'_>) -> Result<Expr, LowerError> {
        Ok(match &expression.kind {
            ExprKind::And(parts) => {
                let parts = parts.iter().map(|part| self.condition(part, columns)).collect::<Result<Vec<_>, _>>()?;
                both(parts, Operator::And, true)
            }
            ExprKind::Or(parts) => {
                let parts = parts.iter().map(|part| self.condition(part, columns)).collect::<Result<Vec<_>, _>>()?;
                both(parts, Operator::Or, false)
            }
            ExprKind::Compare { operator, left, right } => {
                let (a, b) = (self.value(left, columns)?, self.value(right, columns)?);
                match pruning::stored_comparison(*operator, &a, &b, left.ty) {
                    Some(stored) => stored,
                    None if left.ty == right.ty => true_comparison(*operator, (a, left.ty), (b, right.ty)),
                    None => compare(*operator, (a, left.ty), (b, right.ty)),
                }
            }
            ExprKind::Between { value, negated: false, from, to } => {
                let kind = value.ty;
                let value = self.value(value, columns)?;
                let (from, to) = (self.value(from, columns)?, self.value(to, columns)?);
                let side = |operator, bound: Expr| {
                    pruning::stored_comparison(operator, &value, &bound, kind)
                        .unwrap_or_else(|| compare(operator, (value.clone(), kind), (bound, kind)))
                };
                side(Comparison::GreaterOrEqual, from).and(side(Comparison::LessOrEqual, to))
            }
            ExprKind::InList { value, list, negated: false, case_sensitive: true } => {
                let kind = value.ty;
                let stored = self.value(value, columns)?;
                let elements = if list.iter().all(|element| element.ty == kind) { self.values(list, columns)? } else { Vec::new() };
                match pruning::stored_list(&stored, elements, kind) {
                    Some(found) => found,
                    None => self.value(expression, columns)?,
                }
            }
            _ => self.value(expression, columns)?,
        })
    }

    fn in_list(
        &mut self,
        value: &bound::Expr,
        list: &[bound::Expr],
        case_sensitive: bool,
        columns: Columns<'_>,
    ) -> Result<Expr, LowerError> {
        let kind = value.ty;
        let tested = self.value(value, columns)?;
        let (mut same, mut others) = (Vec::new(), Vec::new());
        for element in list {
            let lowered = self.value(element, columns)?;
            if element.ty == ScalarType::Dynamic && kind != ScalarType::Dynamic {
                match &lowered {
                    Expr::Literal(ScalarValue::Utf8View(json), _) => {
                        same.extend(paths::array_values(json.as_deref(), kind).into_iter().map(|value| Expr::Literal(value, None)));
                    }
                    _ => others.push(membership::in_array(tested.clone(), kind, lowered, case_sensitive)),
                }
            } else if element.ty == kind {
                same.push(lowered);
            } else {
                others.push(compare(Comparison::Equal, (tested.clone(), kind), (lowered, element.ty)));
            }
        }
        if !same.is_empty() {
            others.push(membership::in_values(tested, kind, same, case_sensitive));
        }
        Ok(both(others, Operator::Or, false))
    }

    /// A part of a dynamic value: constant steps are taken at once.
    fn part(&mut self, expression: &bound::Expr, columns: Columns<'_>) -> Result<Expr, LowerError> {
        let mut steps = Vec::new();
        let mut inner = expression;
        while let ExprKind::Part { value, key } = &inner.kind {
            let step = match key {
                Key::Name(name) => paths::Step::Name(Arc::from(name.as_str())),
                Key::Index(place) => paths::Step::Place(*place),
                Key::Value(_) => break,
            };
            steps.push(step);
            inner = value;
        }
        if let (true, ExprKind::Part { value, key: Key::Value(key) }) = (steps.is_empty(), &inner.kind) {
            let whole = self.value(value, columns)?;
            return Ok(paths::part_by_value(whole, (self.value(key, columns)?, key.ty)));
        }
        let several = matches!(&inner.kind, ExprKind::Call { function, overload, .. }
            if matches!(function.overloads[*overload].returns, Returns::Several(_)));
        let whole = if several { self.call(inner, columns)? } else { self.value(inner, columns)? };
        steps.reverse();
        Ok(paths::part(whole, steps))
    }
}

fn column(columns: Columns<'_>, place: usize, at: Place) -> Result<Expr, LowerError> {
    let value = columns.get(place).and_then(Option::as_ref);
    value.cloned().ok_or_else(|| LowerError::unsupported(format!("column {place} of this input"), at))
}

/// A value as text; texts as they are.
pub(super) fn text_of(value: Expr, kind: ScalarType) -> Expr {
    match kind {
        ScalarType::String => value,
        _ => library("tostring", vec![(value.clone(), kind)]).unwrap_or(value),
    }
}

fn operator(comparison: Comparison) -> Operator {
    match comparison {
        Comparison::Equal => Operator::Eq,
        Comparison::NotEqual => Operator::NotEq,
        Comparison::Less => Operator::Lt,
        Comparison::LessOrEqual => Operator::LtEq,
        Comparison::Greater => Operator::Gt,
        Comparison::GreaterOrEqual => Operator::GtEq,
    }
}

/// Whether a value is known not to be null.
fn is_there(value: &Expr, kind: ScalarType) -> bool {
    match value {
        Expr::Literal(value, _) => !value.is_null(),
        _ => kind == ScalarType::String,
    }
}

fn plain(comparison: Comparison, left: Expr, right: Expr, kind: ScalarType) -> Expr {
    if kind == ScalarType::Real {
        return arithmetic::compare_floats(comparison, left, right);
    }
    binary_expr(left, operator(comparison), right)
}

/// A comparison as a value: with one null `==` is false and `!=` true; with two both are null.
pub(super) fn compare(comparison: Comparison, left: (Expr, ScalarType), right: (Expr, ScalarType)) -> Expr {
    let ((a, kind), (b, other)) = (left, right);
    if kind != other || kind == ScalarType::Dynamic {
        return paths::compare_dynamic(comparison, (a, kind), (b, other));
    }
    let unequal = match comparison {
        Comparison::Equal => false,
        Comparison::NotEqual => true,
        _ => return plain(comparison, a, b, kind),
    };
    let compared = plain(comparison, a.clone(), b.clone(), kind);
    match (is_there(&a, kind), is_there(&b, kind)) {
        (true, true) => compared,
        (true, false) => decided(b.is_null(), unequal, compared),
        (false, true) => decided(a.is_null(), unequal, compared),
        (false, false) => decided(binary_expr(a.is_null(), Operator::NotEq, b.is_null()), unequal, compared),
    }
}

fn decided(condition: Expr, value: bool, otherwise: Expr) -> Expr {
    when(condition, lit(value)).otherwise(otherwise).unwrap_or_else(|_| lit(value))
}

/// A comparison of which only truth counts.
fn true_comparison(comparison: Comparison, left: (Expr, ScalarType), right: (Expr, ScalarType)) -> Expr {
    match (comparison, left.1) {
        (_, ScalarType::Dynamic) => compare(comparison, left, right),
        (Comparison::NotEqual, kind) if kind != ScalarType::Real => binary_expr(left.0, Operator::IsDistinctFrom, right.0),
        (Comparison::NotEqual, _) => compare(comparison, left, right),
        (_, kind) => plain(comparison, left.0, right.0, kind),
    }
}

/// `IN` of a plan.
pub(super) fn in_list(value: Expr, list: Vec<Expr>) -> Expr {
    Expr::InList(InList::new(Box::new(value), list, false))
}

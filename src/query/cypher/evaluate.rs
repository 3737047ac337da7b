//! The value of an expression for one row.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use regex::{Regex, RegexBuilder};

use crate::model::{Fault, FaultClass, Span};
use crate::query::kql::Code;
use crate::query::kql::graph::{Budget, Labels, Meter, PatternGraph};
use crate::query::kql::types::{TICKS_PER_DAY, TICKS_PER_SECOND, UNIX_EPOCH_TICKS};

use super::functions;
use super::operators::binary;
use super::plan::MatchPlan;
use super::tree::{CastType, Each, Expr, ExprKind, Quantifier, Slot};
use super::value::Value;
use super::{run, search};

/// Largest compiled regular expression.
const REGEX_BYTES_MAX: usize = 1 << 20;
/// What one look for a pattern inside an expression may use.
const EXISTS_EXPANSIONS_MAX: u64 = 1_000_000;

/// What expressions are evaluated with.
pub(super) struct Context {
    pub(super) graph: Arc<dyn PatternGraph>,
    pub(super) parameters: HashMap<String, Value>,
    pub(super) now: i64,
    pub(super) budget: Budget,
    regexes: Mutex<HashMap<Arc<str>, Arc<Regex>>>,
}

/// An error at a place of the text.
pub(super) fn fault(code: Code, span: Span, message: impl Into<String>) -> Fault {
    Fault::new(FaultClass::Invalid, code.as_str(), message).at(span.start, span.end)
}

/// The error of a value of the wrong type.
pub(super) fn wrong_type(span: Span, expected: &str, found: &Value) -> Fault {
    fault(Code::CypherType, span, format!("expected {expected}, found a value of type {}", found.type_name()))
}

/// The values that names of one place have: those of the row, and those of surrounding lists.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) row: &'a [Value],
    pub(super) aggregates: &'a [Value],
}

impl Context {
    pub(super) fn new(graph: Arc<dyn PatternGraph>, settings: &super::Settings) -> Self {
        let (parameters, now, budget) = (settings.parameters.clone(), settings.now, settings.budget);
        Self { graph, parameters, now, budget, regexes: Mutex::default() }
    }

    /// The value of an expression over a row.
    pub(super) fn value(self: &Arc<Self>, expression: &Expr, row: &[Value]) -> Result<Value, Fault> {
        self.evaluate(expression, Names { row, aggregates: &[] }, &mut Vec::new())
    }

    /// Whether a condition is true; null is not.
    pub(super) fn holds(self: &Arc<Self>, condition: &Expr, row: &[Value]) -> Result<bool, Fault> {
        let value = self.value(condition, row)?;
        Ok(truth(&value, condition.span)? == Some(true))
    }

    pub(super) fn evaluate(self: &Arc<Self>, expression: &Expr, names: Names<'_>, locals: &mut Vec<Value>) -> Result<Value, Fault> {
        let span = expression.span;
        Ok(match &expression.kind {
            ExprKind::Literal(value) => value.clone(),
            ExprKind::Variable(_, Slot::Row(slot)) => names.row.get(*slot).cloned().unwrap_or_default(),
            ExprKind::Variable(_, Slot::Local(slot)) => locals.get(*slot).cloned().unwrap_or_default(),
            ExprKind::Variable(name, Slot::Open) => {
                return Err(fault(Code::CypherUnknownVariable, span, format!("nothing is called `{name}` here")));
            }
            ExprKind::Parameter(name) => match self.parameters.get(name) {
                Some(value) => value.clone(),
                None => return Err(fault(Code::CypherUnknownParameter, span, format!("the parameter `${name}` has no value"))),
            },
            ExprKind::Aggregate(place) => names.aggregates.get(*place).cloned().unwrap_or_default(),
            ExprKind::Property(inner, name) => {
                let inner = self.evaluate(inner, names, locals)?;
                self.property(&inner, name, span)?
            }
            ExprKind::Index(list, index) => {
                let list = self.evaluate(list, names, locals)?;
                let index = self.evaluate(index, names, locals)?;
                self.index(&list, &index, span)?
            }
            ExprKind::Slice(list, first, last) => {
                let list = self.evaluate(list, names, locals)?;
                let mut bound = |bound: &Option<Box<Expr>>| bound.as_ref().map(|bound| self.evaluate(bound, names, locals)).transpose();
                slice(&list, bound(first)?, bound(last)?, span)?
            }
            ExprKind::List(items) => {
                Value::list(items.iter().map(|item| self.evaluate(item, names, locals)).collect::<Result<_, Fault>>()?)
            }
            ExprKind::Map(entries) => {
                let entry = |(name, value): &(Arc<str>, Expr)| Ok((Arc::clone(name), self.evaluate(value, names, locals)?));
                Value::Map(Arc::new(entries.iter().map(entry).collect::<Result<_, Fault>>()?))
            }
            ExprKind::Not(inner) => {
                let inner = self.evaluate(inner, names, locals)?;
                truth(&inner, span)?.map_or(Value::Null, |truth| Value::Bool(!truth))
            }
            ExprKind::Negate(inner) => match self.evaluate(inner, names, locals)? {
                Value::Null => Value::Null,
                Value::Long(value) => Value::Long(value.wrapping_neg()),
                Value::Real(value) => Value::Real(-value),
                Value::Duration(value) => Value::Duration(value.wrapping_neg()),
                other => return Err(wrong_type(span, "a number behind `-`", &other)),
            },
            ExprKind::And(all) => self.connected(all, false, names, locals)?,
            ExprKind::Or(all) => self.connected(all, true, names, locals)?,
            ExprKind::Binary(operator, left, right) => {
                let left = self.evaluate(left, names, locals)?;
                let right = self.evaluate(right, names, locals)?;
                binary(self, *operator, &left, &right, span)?
            }
            ExprKind::IsNull(inner, negated) => Value::Bool(self.evaluate(inner, names, locals)?.is_null() != *negated),
            ExprKind::HasLabels(inner, labels) => match self.evaluate(inner, names, locals)? {
                Value::Null => Value::Null,
                element @ (Value::Node(_) | Value::Edge(_)) => Value::Bool(self.has_labels(&element, labels)),
                other => return Err(wrong_type(span, "a node or an edge before a label", &other)),
            },
            ExprKind::Call(call) => {
                let arguments = call.arguments.iter().map(|argument| self.evaluate(argument, names, locals));
                functions::call(self, call, &arguments.collect::<Result<Vec<_>, Fault>>()?, span)?
            }
            ExprKind::Cast(inner, kind) => {
                let inner = self.evaluate(inner, names, locals)?;
                self.cast(inner, *kind)
            }
            ExprKind::Case { operand, branches, otherwise } => {
                let operand = operand.as_ref().map(|operand| self.evaluate(operand, names, locals)).transpose()?;
                for (condition, value) in branches {
                    let found = self.evaluate(condition, names, locals)?;
                    let is_met = match &operand {
                        Some(operand) => operand.equals(&found) == Some(true),
                        None => truth(&found, condition.span)? == Some(true),
                    };
                    if is_met {
                        return self.evaluate(value, names, locals);
                    }
                }
                otherwise.as_ref().map_or(Ok(Value::Null), |otherwise| self.evaluate(otherwise, names, locals))?
            }
            ExprKind::Comprehension { each, condition, body } => {
                let Some(list) = self.elements(each, names, locals)? else { return Ok(Value::Null) };
                let mut kept = Vec::new();
                for item in list.iter() {
                    set(locals, each.slot, item.clone());
                    if let Some(condition) = condition {
                        let found = self.evaluate(condition, names, locals)?;
                        if truth(&found, condition.span)? != Some(true) {
                            continue;
                        }
                    }
                    kept.push(body.as_ref().map_or_else(|| Ok(item.clone()), |body| self.evaluate(body, names, locals))?);
                }
                Value::list(kept)
            }
            ExprKind::Quantified { quantifier, each, condition } => self.quantified(*quantifier, each, condition, names, locals)?,
            ExprKind::Reduce { first, each, body, .. } => {
                let mut value = self.evaluate(first, names, locals)?;
                let Some(list) = self.elements(each, names, locals)? else { return Ok(Value::Null) };
                for item in list.iter() {
                    set(locals, each.slot - 1, value);
                    set(locals, each.slot, item.clone());
                    value = self.evaluate(body, names, locals)?;
                }
                value
            }
            ExprKind::Found(plan) => Value::Bool(self.exists(plan, names.row, locals)?),
            ExprKind::Answered(asked, plan) => {
                let budget = Budget { expansions_max: EXISTS_EXPANSIONS_MAX, ..self.budget };
                run::ask(self, *asked, plan, names.row, locals, budget)?
            }
            ExprKind::HasProperties(element, map) => {
                let element = self.evaluate(element, names, locals)?;
                let Value::Map(wanted) = self.evaluate(map, names, locals)? else {
                    return Err(fault(Code::CypherType, span, "expected a map as the value of a parameter in the place of properties"));
                };
                let mut has_all = Some(true);
                for (name, value) in wanted.iter() {
                    match self.property(&element, name, span)?.equals(value) {
                        Some(true) => {}
                        Some(false) => has_all = Some(false),
                        None => has_all = has_all.filter(|has_all| !has_all),
                    }
                }
                has_all.map_or(Value::Null, Value::Bool)
            }
            ExprKind::Apart(parts) => {
                let mut seen = HashSet::new();
                let mut is_apart = true;
                for part in parts {
                    let value = self.evaluate(part, names, locals)?;
                    let edges = value.elements().unwrap_or_else(|| Arc::new(vec![value]));
                    is_apart &= edges.iter().all(|edge| !matches!(edge, Value::Edge(number) if !seen.insert(*number)));
                }
                Value::Bool(is_apart)
            }
            ExprKind::IsSimple(path) => match self.evaluate(path, names, locals)? {
                Value::Path(path) => {
                    // The last node may be the first one.
                    let is_closed = path.nodes.len() > 1 && path.nodes.first() == path.nodes.last();
                    let inner = &path.nodes[usize::from(is_closed)..];
                    let mut seen = HashSet::new();
                    Value::Bool(inner.iter().all(|node| seen.insert(*node)))
                }
                _ => Value::Null,
            },
            ExprKind::Subquery(..) | ExprKind::Exists(_) => {
                return Err(fault(Code::CypherInvalid, span, "a pattern that was not resolved"));
            }
        })
    }

    /// `AND` or `OR`: `decisive` ends it, null is unknown.
    fn connected(self: &Arc<Self>, all: &[Expr], decisive: bool, names: Names<'_>, locals: &mut Vec<Value>) -> Result<Value, Fault> {
        let mut is_known = true;
        for one in all {
            let value = self.evaluate(one, names, locals)?;
            match truth(&value, one.span)? {
                Some(truth) if truth == decisive => return Ok(Value::Bool(decisive)),
                Some(_) => {}
                None => is_known = false,
            }
        }
        Ok(if is_known { Value::Bool(!decisive) } else { Value::Null })
    }

    fn elements(self: &Arc<Self>, each: &Each, names: Names<'_>, locals: &mut Vec<Value>) -> Result<Option<Arc<Vec<Value>>>, Fault> {
        let list = self.evaluate(&each.list, names, locals)?;
        match list.elements() {
            Some(elements) => Ok(Some(elements)),
            None if list.is_null() => Ok(None),
            None => Err(wrong_type(each.list.span, "a list behind `IN`", &list)),
        }
    }

    fn quantified(
        self: &Arc<Self>,
        quantifier: Quantifier,
        each: &Each,
        condition: &Expr,
        names: Names<'_>,
        locals: &mut Vec<Value>,
    ) -> Result<Value, Fault> {
        let Some(list) = self.elements(each, names, locals)? else { return Ok(Value::Null) };
        let (mut held, mut unknown) = (0usize, 0usize);
        for item in list.iter() {
            set(locals, each.slot, item.clone());
            let found = self.evaluate(condition, names, locals)?;
            match truth(&found, condition.span)? {
                Some(true) => held += 1,
                Some(false) => {}
                None => unknown += 1,
            }
        }
        let failed = list.len() - held - unknown;
        let verdict = match quantifier {
            Quantifier::All if failed > 0 => Some(false),
            Quantifier::Any if held > 0 => Some(true),
            Quantifier::None if held > 0 => Some(false),
            Quantifier::Single if held > 1 => Some(false),
            _ if unknown > 0 => None,
            Quantifier::All | Quantifier::None => Some(true),
            Quantifier::Any => Some(false),
            Quantifier::Single => Some(held == 1),
        };
        Ok(verdict.map_or(Value::Null, Value::Bool))
    }

    /// Whether a pattern has a match that continues the row.
    fn exists(self: &Arc<Self>, plan: &MatchPlan, row: &[Value], locals: &[Value]) -> Result<bool, Fault> {
        let mut meter = Meter::new(Budget { expansions_max: EXISTS_EXPANSIONS_MAX, ..self.budget });
        let mut is_found = false;
        let batch = Arc::new(vec![row.to_vec()]);
        let mut sink = |_: usize, _: Vec<Value>| {
            is_found = true;
            Ok(ControlFlow::Break(()))
        };
        search::run(self, plan, &batch, &Arc::new(locals.to_vec()), &mut meter, &mut sink)?;
        match meter.cut() {
            Some(cut) if !is_found => Err(cut.into()),
            _ => Ok(is_found),
        }
    }

    fn has_labels(&self, element: &Value, labels: &Labels) -> bool {
        let has = |name: &str| match element {
            Value::Node(node) => self.graph.node_label(name).into_iter().any(|label| self.graph.node_has(*node, label)),
            Value::Edge(edge) => self.graph.edge_label(name).into_iter().any(|label| self.graph.edge_has(*edge, label)),
            _ => false,
        };
        match labels {
            Labels::Any => true,
            Labels::Named(name) => has(name),
            Labels::Some => !self.labels(element).is_empty(),
            Labels::Not(inner) => !self.has_labels(element, inner),
            Labels::All(all) => all.iter().all(|one| self.has_labels(element, one)),
            Labels::One(all) => all.iter().any(|one| self.has_labels(element, one)),
        }
    }

    /// The labels of a node or edge.
    pub(super) fn labels(&self, element: &Value) -> Vec<String> {
        match element {
            Value::Node(node) => self.graph.node_labels(*node),
            Value::Edge(edge) => self.graph.edge_labels(*edge),
            _ => Vec::new(),
        }
    }

    fn property(&self, value: &Value, name: &str, span: Span) -> Result<Value, Fault> {
        Ok(match value {
            Value::Null => Value::Null,
            Value::Node(node) => {
                let place = self.graph.node_property(name);
                place.map_or(Value::Null, |place| Value::of_cell(self.graph.node_cell(place, *node)))
            }
            Value::Edge(edge) => {
                let place = self.graph.edge_property(name);
                place.map_or(Value::Null, |place| Value::of_cell(self.graph.edge_cell(place, *edge)))
            }
            Value::Map(entries) => entries.iter().find(|(known, _)| **known == *name).map(|(_, value)| value.clone()).unwrap_or_default(),
            Value::Instant(ticks) => instant_part(*ticks, name).unwrap_or_default(),
            Value::Duration(ticks) => duration_part(*ticks, name).unwrap_or_default(),
            other => return Err(wrong_type(span, &format!("something that has a property `{name}`"), other)),
        })
    }

    fn index(&self, list: &Value, index: &Value, span: Span) -> Result<Value, Fault> {
        match (list, index) {
            (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
            (Value::Node(_) | Value::Edge(_) | Value::Map(_), Value::Text(name)) => self.property(list, name, span),
            (list, Value::Long(index)) => match list.elements() {
                Some(elements) => {
                    let place = if *index < 0 { elements.len() as i64 + index } else { *index };
                    Ok(usize::try_from(place).ok().and_then(|place| elements.get(place)).cloned().unwrap_or_default())
                }
                None => Err(wrong_type(span, "a list before `[`", list)),
            },
            (_, index) => Err(wrong_type(span, "a whole number or a name inside `[ ]`", index)),
        }
    }

    fn cast(&self, value: Value, kind: CastType) -> Value {
        match (kind, value) {
            (_, Value::Null) => Value::Null,
            (CastType::Text, value) => value.to_text(&*self.graph).map_or(Value::Null, Value::text),
            (CastType::Integer, value) => functions::to_integer(&value),
            (CastType::Float, value) => functions::to_float(&value),
            (CastType::Bool, value) => functions::to_bool(&value),
            (CastType::Instant, value) => functions::to_instant(&value),
            (CastType::List, value) => value.elements().map_or(Value::Null, Value::List),
            (CastType::Record, value @ Value::Map(_)) => value,
            (CastType::Record, value @ (Value::Node(_) | Value::Edge(_))) => Value::of_json(&value.to_json(&*self.graph)),
            (CastType::Record, _) => Value::Null,
        }
    }

    /// The regular expression of a text; it must match whole texts.
    pub(super) fn regex(&self, pattern: &Arc<str>, span: Span) -> Result<Arc<Regex>, Fault> {
        let mut regexes = self.regexes.lock().map_err(|_| fault(Code::CypherInvalid, span, "regular expressions are broken"))?;
        match regexes.entry(Arc::clone(pattern)) {
            Entry::Occupied(known) => Ok(Arc::clone(known.get())),
            Entry::Vacant(place) => {
                let regex = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(REGEX_BYTES_MAX).build();
                let regex = regex.map_err(|error| {
                    let reason = error.to_string().lines().last().unwrap_or_default().to_owned();
                    fault(Code::CypherInvalid, span, format!("expected a regular expression, found `{pattern}`: {reason}"))
                })?;
                Ok(Arc::clone(place.insert(Arc::new(regex))))
            }
        }
    }
}

fn set(locals: &mut Vec<Value>, slot: usize, value: Value) {
    if locals.len() <= slot {
        locals.resize(slot + 1, Value::Null);
    }
    locals[slot] = value;
}

/// The truth of a value: none for null.
pub(super) fn truth(value: &Value, span: Span) -> Result<Option<bool>, Fault> {
    match value {
        Value::Bool(truth) => Ok(Some(*truth)),
        Value::Null => Ok(None),
        other => Err(wrong_type(span, "a condition", other)),
    }
}

fn slice(list: &Value, first: Option<Value>, last: Option<Value>, span: Span) -> Result<Value, Fault> {
    let Some(elements) = list.elements() else {
        return if list.is_null() { Ok(Value::Null) } else { Err(wrong_type(span, "a list before `[`", list)) };
    };
    let len = elements.len() as i64;
    let bound = |bound: Option<Value>, otherwise: i64| match bound {
        None => Ok(Some(otherwise)),
        Some(Value::Null) => Ok(None),
        Some(Value::Long(place)) => Ok(Some((if place < 0 { len + place } else { place }).clamp(0, len))),
        Some(other) => Err(wrong_type(span, "a whole number as a bound", &other)),
    };
    match (bound(first, 0)?, bound(last, len)?) {
        (Some(first), Some(last)) => Ok(Value::list(elements.get(first as usize..last.max(first) as usize).unwrap_or_default().to_vec())),
        _ => Ok(Value::Null),
    }
}

fn instant_part(ticks: i64, name: &str) -> Option<Value> {
    use chrono::{Datelike, Timelike};
    let since = ticks - UNIX_EPOCH_TICKS;
    let instant = chrono::DateTime::from_timestamp(since.div_euclid(TICKS_PER_SECOND), (since.rem_euclid(TICKS_PER_SECOND) * 100) as u32)?;
    Some(Value::Long(match name.to_ascii_lowercase().as_str() {
        "epochseconds" => since.div_euclid(TICKS_PER_SECOND),
        "epochmillis" => since.div_euclid(TICKS_PER_SECOND / 1000),
        "year" => instant.year().into(),
        "month" => instant.month().into(),
        "day" => instant.day().into(),
        "hour" => instant.hour().into(),
        "minute" => instant.minute().into(),
        "second" => instant.second().into(),
        "dayofweek" | "weekday" => instant.weekday().number_from_monday().into(),
        _ => return None,
    }))
}

fn duration_part(ticks: i64, name: &str) -> Option<Value> {
    Some(Value::Long(match name.to_ascii_lowercase().as_str() {
        "days" => ticks / TICKS_PER_DAY,
        "hours" => ticks / (3600 * TICKS_PER_SECOND),
        "minutes" => ticks / (60 * TICKS_PER_SECOND),
        "seconds" => ticks / TICKS_PER_SECOND,
        "milliseconds" => ticks / (TICKS_PER_SECOND / 1000),
        _ => return None,
    }))
}

//! Rows through the clauses of a query: pushed from one to the next, so that a limit ends the search before it.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::model::Fault;
use crate::query::kql::Code;
use crate::query::kql::graph::{Budget, Meter, PatternGraph};

use super::Settings;
use super::aggregates::Accumulator;
use super::answer::Answer;
use super::evaluate::{Context, Names, fault, wrong_type};
use super::plan::{MatchPlan, Plan, ProjectPlan, Step, SubPlan};
use super::search::{self, Row};
use super::tree::{Asked, Expr, Union};
use super::value::Value;

/// Rows that are handed on at once.
const BATCH: usize = 256;

/// Runs a query.
pub(super) fn run(plan: &Plan, graph: Arc<dyn PatternGraph>, settings: &Settings) -> Result<Answer, Fault> {
    let context = Arc::new(Context::new(graph, settings));
    let mut meter = Meter::new(settings.budget);
    let mut rows: Vec<Row> = Vec::new();
    for (n, (union, steps)) in plan.parts.iter().enumerate() {
        let mut states = steps.iter().map(|step| State::new(step, &context)).collect::<Result<Vec<_>, Fault>>()?;
        let mut pipeline = Pipeline { context: &context, meter: &mut meter, rows: &mut rows, is_enough: false };
        let flow = pipeline.push(steps, &mut states, vec![Row::new()])?;
        if flow.is_continue() || pipeline.meter.cut().is_none() {
            pipeline.finish(steps, &mut states)?;
        }
        if n > 0 && *union == Union::Distinct {
            let mut seen = HashSet::new();
            rows.retain(|row| seen.insert(key(row)));
        }
    }
    let fit = meter.take_rows(rows.len());
    rows.truncate(fit);
    Ok(Answer::new(plan.columns.clone(), rows, meter.cut(), Arc::clone(&context.graph)))
}

/// What a query inside an expression gives for a row.
pub(super) fn ask(
    context: &Arc<Context>,
    asked: Asked,
    plan: &SubPlan,
    row: &[Value],
    locals: &[Value],
    budget: Budget,
) -> Result<Value, Fault> {
    let mut first: Row = row.iter().take(plan.outer).cloned().collect();
    first.resize(plan.outer, Value::Null);
    first.extend(plan.locals.iter().map(|slot| locals.get(*slot).cloned().unwrap_or_default()));
    let mut meter = Meter::new(budget);
    let mut rows: Vec<Row> = Vec::new();
    let mut states = plan.steps.iter().map(|step| State::new(step, context)).collect::<Result<Vec<_>, Fault>>()?;
    let mut pipeline = Pipeline { context, meter: &mut meter, rows: &mut rows, is_enough: asked == Asked::Exists };
    let flow = pipeline.push(&plan.steps, &mut states, vec![first])?;
    if rows.is_empty() || flow.is_continue() {
        let mut pipeline = Pipeline { context, meter: &mut meter, rows: &mut rows, is_enough: asked == Asked::Exists };
        pipeline.finish(&plan.steps, &mut states)?;
    }
    match meter.cut() {
        Some(cut) if asked != Asked::Exists || rows.is_empty() => Err(cut.into()),
        _ => Ok(match asked {
            Asked::Exists => Value::Bool(!rows.is_empty()),
            Asked::Count => Value::Long(rows.len() as i64),
            Asked::Collect => Value::list(rows.into_iter().filter_map(|row| row.into_iter().next()).collect()),
        }),
    }
}

fn key(values: &[Value]) -> Vec<u8> {
    let mut key = Vec::new();
    values.iter().for_each(|value| value.write_key(&mut key));
    key
}

/// What a step remembers between rows.
enum State {
    None,
    Project(Box<Projecting>),
}

struct Projecting {
    seen: HashSet<Vec<u8>>,
    places: HashMap<Vec<u8>, usize>,
    groups: Vec<Group>,
    held: Vec<(Vec<Value>, Row)>,
    skip: usize,
    limit: usize,
}

struct Group {
    first: Row,
    accumulators: Vec<Accumulator>,
}

impl State {
    fn new(step: &Step, context: &Arc<Context>) -> Result<Self, Fault> {
        let Step::Project(plan) = step else { return Ok(Self::None) };
        let count = |count: &Option<Expr>, otherwise: usize| match count {
            None => Ok(otherwise),
            Some(count) => match context.value(count, &[])? {
                Value::Long(number) => usize::try_from(number)
                    .map_err(|_| fault(Code::CypherInvalid, count.span, format!("expected a number of rows from 0, found {number}"))),
                other => Err(wrong_type(count.span, "a number of rows", &other)),
            },
        };
        Ok(Self::Project(Box::new(Projecting {
            seen: HashSet::new(),
            places: HashMap::new(),
            groups: Vec::new(),
            held: Vec::new(),
            skip: count(&plan.skip, 0)?,
            limit: count(&plan.limit, usize::MAX)?,
        })))
    }
}

struct Pipeline<'a> {
    context: &'a Arc<Context>,
    meter: &'a mut Meter,
    rows: &'a mut Vec<Row>,
    /// Whether one row of the result is enough.
    is_enough: bool,
}

impl Pipeline<'_> {
    /// Hands rows to the first of some steps; breaks when no more are wanted.
    fn push(&mut self, steps: &[Step], states: &mut [State], batch: Vec<Row>) -> Result<ControlFlow<()>, Fault> {
        if batch.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let (Some((step, rest)), Some((state, rest_states))) = (steps.split_first(), states.split_first_mut()) else {
            self.rows.extend(batch);
            return Ok(if self.is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) });
        };
        match (step, state) {
            (Step::Match(plan), _) => self.matched(plan, rest, rest_states, batch),
            (Step::Unwind(list, place), _) => self.unwound(list, *place, rest, rest_states, batch),
            (Step::Filter(condition), _) => {
                let mut kept = Vec::new();
                for row in batch {
                    if self.context.holds(condition, &row)? {
                        kept.push(row);
                    }
                }
                self.push(rest, rest_states, kept)
            }
            (Step::Add(value), _) => {
                let mut added = Vec::with_capacity(batch.len());
                for mut row in batch {
                    let value = self.context.value(value, &row)?;
                    row.push(value);
                    added.push(row);
                }
                self.push(rest, rest_states, added)
            }
            (Step::Project(plan), State::Project(state)) => self.projected(plan, state, rest, rest_states, batch),
            (Step::Project(_), State::None) => Ok(ControlFlow::Continue(())),
        }
    }

    /// Lets every step give what it has held back.
    fn finish(&mut self, steps: &[Step], states: &mut [State]) -> Result<(), Fault> {
        for n in 0..steps.len() {
            let (before, rest_states) = states.split_at_mut(n + 1);
            if let (Step::Project(plan), Some(State::Project(state))) = (&steps[n], before.last_mut()) {
                let rows = self.finished(plan, state)?;
                let _ = self.push(&steps[n + 1..], rest_states, rows)?;
            }
        }
        Ok(())
    }

    fn matched(&mut self, plan: &MatchPlan, rest: &[Step], states: &mut [State], batch: Vec<Row>) -> Result<ControlFlow<()>, Fault> {
        let batch = Arc::new(batch);
        let (mut found, mut next) = (Vec::new(), 0);
        let empty = |row: &Row| {
            let mut row = row.clone();
            row.resize(plan.width, Value::Null);
            row
        };
        let mut flow = ControlFlow::Continue(());
        // The searches use the meter while rows go on: the steps behind count on their own and are added up afterwards.
        let mut meter = Meter::new(self.context.budget);
        std::mem::swap(&mut meter, self.meter);
        let context = Arc::clone(self.context);
        let result = search::run(&context, plan, &batch, &Arc::default(), &mut meter, &mut |origin, row| {
            if plan.optional {
                found.extend(batch[next..origin.max(next)].iter().map(empty));
                next = next.max(origin + 1);
            }
            found.push(row);
            if found.len() >= BATCH {
                flow = self.push(rest, states, std::mem::take(&mut found))?;
            }
            Ok(if self.meter.cut().is_some() { ControlFlow::Break(()) } else { flow })
        });
        self.meter.join(meter);
        result?;
        if plan.optional && flow.is_continue() && self.meter.cut().is_none() {
            found.extend(batch[next.min(batch.len())..].iter().map(empty));
        }
        if flow.is_continue() {
            flow = self.push(rest, states, found)?;
        }
        Ok(flow)
    }

    fn unwound(
        &mut self,
        list: &Expr,
        place: Option<i64>,
        rest: &[Step],
        states: &mut [State],
        batch: Vec<Row>,
    ) -> Result<ControlFlow<()>, Fault> {
        for row in batch {
            let value = self.context.value(list, &row)?;
            let elements = match value.elements() {
                Some(elements) => elements,
                None if value.is_null() => continue,
                None => Arc::new(vec![value]),
            };
            let made = elements.iter().enumerate().map(|(n, element)| {
                let mut row = row.clone();
                row.push(element.clone());
                row.extend(place.map(|first| Value::Long(first + n as i64)));
                row
            });
            if self.push(rest, states, made.collect())?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn projected(
        &mut self,
        plan: &ProjectPlan,
        state: &mut Projecting,
        rest: &[Step],
        states: &mut [State],
        batch: Vec<Row>,
    ) -> Result<ControlFlow<()>, Fault> {
        let mut out = Vec::new();
        let mut is_full = false;
        for row in batch {
            if !plan.aggregates.is_empty() {
                self.group(plan, state, row)?;
                continue;
            }
            let columns = self.columns(plan, &row, &[])?;
            if plan.distinct && !state.seen.insert(key(&columns)) {
                continue;
            }
            if !plan.order.is_empty() {
                if self.meter.take_rows(1) == 0 {
                    return Ok(ControlFlow::Break(()));
                }
                let keys = self.keys(plan, &row, &columns, &[])?;
                state.held.push((keys, columns));
                continue;
            }
            if state.skip > 0 {
                state.skip -= 1;
                continue;
            }
            if state.limit == 0 {
                is_full = true;
                break;
            }
            state.limit -= 1;
            out.push(columns);
            is_full = state.limit == 0;
            if is_full {
                break;
            }
        }
        let out = self.kept(plan, out)?;
        let flow = self.push(rest, states, out)?;
        Ok(if is_full { ControlFlow::Break(()) } else { flow })
    }

    fn kept(&self, plan: &ProjectPlan, rows: Vec<Row>) -> Result<Vec<Row>, Fault> {
        let Some(condition) = &plan.condition else { return Ok(rows) };
        let mut kept = Vec::new();
        for row in rows {
            if self.context.holds(condition, &row)? {
                kept.push(row);
            }
        }
        Ok(kept)
    }

    fn columns(&self, plan: &ProjectPlan, row: &[Value], aggregates: &[Value]) -> Result<Row, Fault> {
        plan.items.iter().map(|item| self.context.evaluate(item, Names { row, aggregates }, &mut Vec::new())).collect()
    }

    /// The sort keys of a row: they see the row before and the columns behind it.
    fn keys(&self, plan: &ProjectPlan, row: &[Value], columns: &[Value], aggregates: &[Value]) -> Result<Vec<Value>, Fault> {
        let both: Row = row.iter().chain(columns).cloned().collect();
        plan.order.iter().map(|(key, _)| self.context.evaluate(key, Names { row: &both, aggregates }, &mut Vec::new())).collect()
    }

    fn group(&mut self, plan: &ProjectPlan, state: &mut Projecting, row: Row) -> Result<(), Fault> {
        let values = plan.groups.iter().map(|item| self.context.value(&plan.items[*item], &row));
        let values = values.collect::<Result<Row, Fault>>()?;
        let next = state.groups.len();
        let place = *state.places.entry(key(&values)).or_insert(next);
        if place == next {
            if self.meter.take_rows(1) == 0 {
                return Ok(());
            }
            let accumulators = plan.aggregates.iter().map(|aggregate| aggregate.start()).collect();
            state.groups.push(Group { first: row.clone(), accumulators });
        }
        let Some(group) = state.groups.get_mut(place) else { return Ok(()) };
        for (aggregate, accumulator) in plan.aggregates.iter().zip(&mut group.accumulators) {
            let value = aggregate.arguments.first().map(|argument| self.context.value(argument, &row)).transpose()?;
            accumulator.add(aggregate, value.unwrap_or_default())?;
        }
        Ok(())
    }

    /// The rows that a projection has held back: groups, and rows in order.
    fn finished(&mut self, plan: &ProjectPlan, state: &mut Projecting) -> Result<Vec<Row>, Fault> {
        let mut groups = std::mem::take(&mut state.groups);
        if !plan.aggregates.is_empty() && plan.groups.is_empty() && groups.is_empty() {
            let accumulators = plan.aggregates.iter().map(|aggregate| aggregate.start()).collect();
            groups.push(Group { first: Row::new(), accumulators });
        }
        let has_groups = !groups.is_empty();
        for group in groups {
            let values = group.accumulators.into_iter().zip(&plan.aggregates).map(|(accumulator, aggregate)| accumulator.finish(aggregate));
            let values: Vec<Value> = values.collect();
            let columns = self.columns(plan, &group.first, &values)?;
            if !plan.distinct || state.seen.insert(key(&columns)) {
                let keys = self.keys(plan, &group.first, &columns, &values)?;
                state.held.push((keys, columns));
            }
        }
        let mut held = std::mem::take(&mut state.held);
        if !plan.order.is_empty() {
            held.sort_by(|a, b| {
                let keys = a.0.iter().zip(&b.0).zip(&plan.order);
                let unequal = keys.map(|((a, b), (_, is_down))| if *is_down { b.order(a) } else { a.order(b) }).find(|order| order.is_ne());
                unequal.unwrap_or(std::cmp::Ordering::Equal)
            });
        } else if !has_groups {
            return Ok(Vec::new());
        }
        let rows = held.into_iter().map(|(_, columns)| columns).skip(state.skip).take(state.limit).collect();
        self.kept(plan, rows)
    }
}

//! The plugins that follow steps of a sequence: `sequence_detect`, `funnel_sequence_completion`.
//!
//! Rows follow each other by their time, those of one time as they come. A row is one step of a sequence at most.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Int64Type};

use super::super::functions::KernelError;
use super::activity::Timeline;
use super::keys::{group_numbers, group_rows};
use super::{RowsOperator, Running};

/// Name of the bound of the sequences that a query finds.
const SEQUENCES_NAME: &str = "sequences_max";
/// Sequences that a query finds.
const SEQUENCES_MAX: usize = 1_000_000;
/// Steps that are followed before the query is asked whether it may go on.
const FOLLOWED_AT_ONCE: usize = 256;

fn failed(error: impl std::fmt::Display) -> KernelError {
    KernelError::new(error.to_string())
}

/// `sequence_detect`: its result has the dimensions, the time of each step, and how long the sequence takes: each combination of times once.
#[derive(Debug)]
pub struct SequenceDetect {
    /// The column of the time.
    pub time: usize,
    /// The columns that say whether a row is the step, in the order of the steps.
    pub steps: Vec<usize>,
    /// Columns that part the rows.
    pub dimensions: Vec<usize>,
    /// How far a step may be from the one before.
    pub step_max: i64,
    /// How far the last may be from the first.
    pub span_max: i64,
}

/// Where a step is taken: its times, each with the places of its rows among all rows.
type Taken = BTreeMap<i64, Vec<usize>>;

/// Sequences of one value of the dimensions, as far as they are found.
struct Detecting<'a> {
    steps: Vec<Taken>,
    step_max: i64,
    span_max: i64,
    running: &'a Running,
    /// Steps that were followed: most may lead nowhere.
    followed: usize,
    found: Vec<Vec<i64>>,
}

impl Detecting<'_> {
    /// Follows a sequence whose last step is at a time and place.
    fn follow(&mut self, times: &mut Vec<i64>, place: usize, left: usize) -> Result<(), KernelError> {
        self.followed += 1;
        if self.followed.is_multiple_of(FOLLOWED_AT_ONCE) {
            self.running.go_on()?;
        }
        if times.len() == self.steps.len() {
            if self.found.len() == left {
                return Err(KernelError::limit(SEQUENCES_NAME, SEQUENCES_MAX));
            }
            self.found.push(times.clone());
            return Ok(());
        }
        let (Some(first), Some(last)) = (times.first().copied(), times.last().copied()) else { return Ok(()) };
        let end = last.saturating_add(self.step_max).min(first.saturating_add(self.span_max));
        if end < last {
            return Ok(());
        }
        let behind = |(time, places): (&i64, &Vec<usize>)| Some((*time, *places.iter().find(|other| **other > place)?));
        let next: Vec<(i64, usize)> = self.steps[times.len()].range(last..=end).filter_map(behind).collect();
        for (time, place) in next {
            times.push(time);
            self.follow(times, place, left)?;
            times.pop();
        }
        Ok(())
    }
}

impl RowsOperator for SequenceDetect {
    fn name(&self) -> &'static str {
        "sequence_detect"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = inputs.first().ok_or_else(|| KernelError::new("`sequence_detect` has no input"))?;
        running.reserve(input.num_rows() * 48)?;
        let times = cast(input.column(self.time), &DataType::Int64).map_err(failed)?;
        let times = times.as_primitive::<Int64Type>();
        let dimensions: Vec<ArrayRef> = self.dimensions.iter().map(|column| Arc::clone(input.column(*column))).collect();
        let mut found: Vec<(Vec<i64>, u32)> = Vec::new();
        for rows in group_rows(&dimensions, input.num_rows())? {
            let Some(representative) = rows.first().and_then(|row| u32::try_from(*row).ok()) else { continue };
            let mut rows: Vec<usize> = rows.into_iter().filter(|row| times.is_valid(*row)).collect();
            rows.sort_by_key(|row| times.value(*row));
            let taken = |step: &usize| {
                let is_step = input.column(*step).as_boolean();
                let mut taken = Taken::new();
                for (place, row) in rows.iter().enumerate().filter(|(_, row)| is_step.is_valid(**row) && is_step.value(**row)) {
                    taken.entry(times.value(*row)).or_default().push(place);
                }
                taken
            };
            let steps: Vec<Taken> = self.steps.iter().map(taken).collect();
            let firsts: Vec<(i64, usize)> =
                steps.first().into_iter().flatten().filter_map(|(time, places)| Some((*time, *places.first()?))).collect();
            let mut detecting =
                Detecting { steps, step_max: self.step_max, span_max: self.span_max, running, followed: 0, found: Vec::new() };
            for (time, place) in firsts {
                detecting.follow(&mut vec![time], place, SEQUENCES_MAX.saturating_sub(found.len()))?;
            }
            running.reserve(detecting.found.len() * (self.steps.len() * 8 + 40))?;
            found.extend(detecting.found.into_iter().map(|times| (times, representative)));
        }
        found.sort();
        let rows: UInt32Array = found.iter().map(|(_, row)| Some(*row)).collect();
        let mut columns = Vec::new();
        for dimension in &dimensions {
            columns.push(take(dimension, &rows, None).map_err(failed)?);
        }
        for step in 0..self.steps.len() {
            let at: ArrayRef = Arc::new(found.iter().map(|(times, _)| Some(times[step])).collect::<Int64Array>());
            columns.push(cast(&at, input.column(self.time).data_type()).map_err(failed)?);
        }
        let durations = found.iter().map(|(times, _)| Some(times.last()?.saturating_sub(*times.first()?)));
        columns.push(Arc::new(durations.collect::<Int64Array>()));
        Ok(columns)
    }
}

/// `funnel_sequence_completion`: its result has the window, the state, the period, and how many ids come from the first state of the sequence to
/// this one within the period. Every window that has a row has all states and periods.
#[derive(Debug)]
pub struct FunnelCompletion {
    /// Rows and windows; each window for itself.
    pub timeline: Timeline,
    /// The column of the state, a text.
    pub state: usize,
    /// The sequence.
    pub sequence: Vec<String>,
    /// How long it may take.
    pub periods: Vec<i64>,
}

/// When an id is in each state of the sequence: times and places.
type Visits = Vec<Vec<(i64, usize)>>;

impl FunnelCompletion {
    /// How many states of the sequence are reached within a period, from whichever visit of the first state it is most.
    fn reached(visits: &Visits, period: i64) -> usize {
        let Some((first, others)) = visits.split_first() else { return 0 };
        let from = |(time, place): &(i64, usize)| {
            let (end, mut place, mut reached) = (time.saturating_add(period), *place, 1);
            for visits in others {
                let later = visits.partition_point(|visit| visit.1 <= place);
                let Some(visit) = visits.get(later).filter(|visit| visit.0 <= end) else { break };
                (place, reached) = (visit.1, reached + 1);
            }
            reached
        };
        first.iter().map(from).max().unwrap_or(0)
    }
}

impl RowsOperator for FunnelCompletion {
    fn name(&self) -> &'static str {
        "funnel_sequence_completion"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = inputs.first().ok_or_else(|| KernelError::new("`funnel_sequence_completion` has no input"))?;
        let states = input.column(self.state).as_string_view();
        let (ids, _) = group_numbers(&[Arc::clone(input.column(self.timeline.id))], input.num_rows())?;
        let mut windows: BTreeMap<i64, BTreeMap<usize, Visits>> = BTreeMap::new();
        for (place, (row, time)) in self.timeline.inside(input, running)?.into_iter().enumerate() {
            let window = windows.entry(self.timeline.windows.start_of(time, self.timeline.start)).or_default();
            let visits = window.entry(ids[row]).or_insert_with(|| vec![Vec::new(); self.sequence.len()]);
            for (state, visits) in self.sequence.iter().zip(visits) {
                if states.is_valid(row) && states.value(row) == state {
                    visits.push((time, place));
                }
            }
        }
        let (mut starts, mut named, mut periods, mut counts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (window, ids) in windows {
            for period in &self.periods {
                running.go_on()?;
                let reached: Vec<usize> = ids.values().map(|visits| Self::reached(visits, *period)).collect();
                for (step, state) in self.sequence.iter().enumerate() {
                    starts.push(window);
                    named.push(state.as_str());
                    periods.push(*period);
                    counts.push(reached.iter().filter(|reached| **reached > step).count() as i64);
                }
            }
        }
        let starts: ArrayRef = Arc::new(Int64Array::from(starts));
        Ok(vec![
            cast(&starts, input.column(self.timeline.time).data_type()).map_err(failed)?,
            Arc::new(StringViewArray::from_iter_values(named)),
            Arc::new(Int64Array::from(periods)),
            Arc::new(Int64Array::from(counts)),
        ])
    }
}

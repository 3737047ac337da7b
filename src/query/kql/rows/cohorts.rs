//! `new_activity_metrics`: those who are first seen in a window, and who of them is there in each window from it on.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::{cast, concat, take};

use super::super::functions::KernelError;
use super::activity::Timeline;
use super::keys::group_numbers;
use super::{RowsOperator, Running};

/// Most windows of which each is compared with each.
const COHORTS_MAX: usize = 1_000;

/// `new_activity_metrics`: its result has the window of the cohort, the window that it is compared with, the dimensions, how many ids of the second
/// no window up to the first has, how many of the cohort came back in it and did not, and which shares of the cohort these are.
#[derive(Debug)]
pub struct NewActivity {
    /// Rows and windows.
    pub timeline: Timeline,
    /// The only cohort that is asked for, in the unit of the time.
    pub cohort: Option<i64>,
}

/// A row of the result.
struct Compared {
    from: i64,
    to: i64,
    first: u32,
    new: i64,
    retained: i64,
    cohort: i64,
}

fn failed(error: impl std::fmt::Display) -> KernelError {
    KernelError::new(error.to_string())
}

impl NewActivity {
    /// The windows from start to end.
    fn windows(&self) -> Result<Vec<i64>, KernelError> {
        let timeline = &self.timeline;
        let first = timeline.windows.start_of(timeline.start, timeline.start);
        if first != timeline.start {
            return Err(KernelError::new("the timeline of `new_activity_metrics` must start where a week, month or year does"));
        }
        let mut windows = Vec::new();
        let mut window = first;
        while window <= timeline.end {
            if windows.len() == COHORTS_MAX {
                return Err(KernelError::new(format!(
                    "`new_activity_metrics` compares at most {COHORTS_MAX} windows; take a greater step"
                )));
            }
            windows.push(window);
            window = timeline.windows.next(window, timeline.start);
        }
        Ok(windows)
    }

    /// Compares the windows of one value of the dimensions; `known` are ids that are not new.
    fn compare(&self, windows: &[i64], seen: &BTreeMap<i64, HashSet<usize>>, known: &HashSet<usize>, first: u32) -> Vec<Compared> {
        let nobody = HashSet::new();
        let mut before = known.clone();
        let mut rows = Vec::new();
        for (place, from) in windows.iter().enumerate() {
            let here = seen.get(from).unwrap_or(&nobody);
            let cohort: HashSet<usize> = here.difference(&before).copied().collect();
            before.extend(here);
            if self.cohort.is_some_and(|asked| self.timeline.windows.start_of(asked, self.timeline.start) != *from) {
                continue;
            }
            for to in &windows[place..] {
                let there = seen.get(to).unwrap_or(&nobody);
                // In its own window a cohort is what is new.
                let new = if from == to { cohort.len() } else { there.difference(&before).count() };
                let retained = cohort.intersection(there).count() as i64;
                rows.push(Compared { from: *from, to: *to, first, new: new as i64, retained, cohort: cohort.len() as i64 });
            }
        }
        rows
    }
}

impl RowsOperator for NewActivity {
    fn name(&self) -> &'static str {
        "new_activity_metrics"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let timeline = &self.timeline;
        let [input, rest @ ..] = inputs.as_slice() else { return Err(KernelError::new("`new_activity_metrics` has no input")) };
        let windows = self.windows()?;
        let own = input.column(timeline.id);
        let lookback = rest.first().map(|batch| batch.column(0));
        let all = concat(&[Some(own), lookback].into_iter().flatten().map(AsRef::as_ref).collect::<Vec<&dyn Array>>()).map_err(failed)?;
        let (numbers, _) = group_numbers(&[Arc::clone(&all)], all.len())?;
        let known: HashSet<usize> = numbers[own.len()..].iter().copied().collect();
        let mut compared = Vec::new();
        for part in timeline.parts_of(input, &numbers, running)? {
            running.go_on()?;
            let seen = timeline.by_window(&part).into_iter().map(|(window, ids)| (window, ids.into_iter().collect())).collect();
            compared.extend(self.compare(&windows, &seen, &known, part.first));
        }
        compared.sort_by_key(|row| (row.from, row.to));
        let time = input.column(timeline.time).data_type();
        let longs =
            |value: fn(&Compared) -> i64| -> ArrayRef { Arc::new(compared.iter().map(|row| Some(value(row))).collect::<Int64Array>()) };
        let shares = |value: fn(&Compared) -> i64| -> ArrayRef {
            Arc::new(compared.iter().map(|row| Some(value(row) as f64 / row.cohort as f64)).collect::<Float64Array>())
        };
        let mut columns = vec![cast(&longs(|row| row.from), time).map_err(failed)?, cast(&longs(|row| row.to), time).map_err(failed)?];
        let firsts: UInt32Array = compared.iter().map(|row| Some(row.first)).collect();
        for dimension in &timeline.dimensions {
            columns.push(take(input.column(*dimension), &firsts, None).map_err(failed)?);
        }
        columns.extend([longs(|row| row.new), longs(|row| row.retained), longs(|row| row.cohort - row.retained)]);
        columns.extend([shares(|row| row.retained), shares(|row| row.cohort - row.retained)]);
        Ok(columns)
    }
}

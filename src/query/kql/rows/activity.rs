//! The plugins that count who was active when: `activity_counts_metrics`, `activity_metrics`, `activity_engagement`, `sliding_window_counts`,
//! `active_users_count`, `session_count`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Int64Type};

use super::super::functions::KernelError;
use super::super::types::TICKS_PER_DAY;
use super::super::values::write::date;
use super::keys::{group_numbers, group_rows};
use super::{RowsOperator, Running};

/// Most windows between start and end.
const WINDOWS_MAX: i64 = 1 << 20;

/// The windows into which a timeline is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windows {
    /// Of one width, from the start on; for instants and durations in ticks.
    Fixed(i64),
    /// Weeks that start on Sunday.
    Weeks,
    /// Months.
    Months,
    /// Years.
    Years,
}

impl Windows {
    /// Windows by their names: `week`, `month`, `year`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "week" => Some(Self::Weeks),
            "month" => Some(Self::Months),
            "year" => Some(Self::Years),
            _ => None,
        }
    }

    /// The start of the window in which a value lies.
    pub(super) fn start_of(self, value: i64, start: i64) -> i64 {
        let days = value.div_euclid(TICKS_PER_DAY);
        match self {
            Self::Fixed(width) => start.saturating_add(value.saturating_sub(start).div_euclid(width).saturating_mul(width)),
            // The first day of the year 1 is a Monday.
            Self::Weeks => (days - (days + 1).rem_euclid(7)) * TICKS_PER_DAY,
            Self::Months => (days - (date(days).2 - 1)) * TICKS_PER_DAY,
            Self::Years => {
                let mut first = days - (date(days).2 - 1);
                while date(first).1 > 1 {
                    first -= date(first - 1).2;
                }
                first * TICKS_PER_DAY
            }
        }
    }

    /// The start of the window behind one.
    pub(super) fn next(self, window: i64, start: i64) -> i64 {
        match self {
            Self::Fixed(width) => window.saturating_add(width),
            Self::Weeks => window + 7 * TICKS_PER_DAY,
            Self::Months => self.start_of(window + 31 * TICKS_PER_DAY, start),
            Self::Years => self.start_of(window + 366 * TICKS_PER_DAY, start),
        }
    }
}

/// Who was active when: the columns of the input and the windows.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The column of the one who was active.
    pub id: usize,
    /// The column of the time: whole numbers, instants or durations.
    pub time: usize,
    /// The first time that counts, in the unit of the column.
    pub start: i64,
    /// The last.
    pub end: i64,
    /// The windows.
    pub windows: Windows,
    /// Columns that part the rows.
    pub dimensions: Vec<usize>,
}

/// Rows between start and end: of one value of the dimensions.
#[derive(Debug)]
pub(super) struct Part {
    /// The first row that has it.
    pub(super) first: u32,
    /// Number of the id and time of each row.
    rows: Vec<(usize, i64)>,
}

fn failed(error: impl std::fmt::Display) -> KernelError {
    KernelError::new(error.to_string())
}

impl Timeline {
    fn parts(&self, input: &RecordBatch, running: &Running) -> Result<Vec<Part>, KernelError> {
        let (ids, _) = group_numbers(&[Arc::clone(input.column(self.id))], input.num_rows())?;
        self.parts_of(input, &ids, running)
    }

    /// Whether the windows have a width and are not too many.
    fn check(&self) -> Result<(), KernelError> {
        let fits = match self.windows {
            Windows::Fixed(width) => width > 0 && self.end.saturating_sub(self.start) / width <= WINDOWS_MAX,
            _ => true,
        };
        let message = || format!("a timeline may have {WINDOWS_MAX} windows of a width greater than zero; take a greater step");
        if fits { Ok(()) } else { Err(KernelError::new(message())) }
    }

    /// The rows between start and end, by the values of the dimensions; `ids` are the numbers of theirs.
    pub(super) fn parts_of(&self, input: &RecordBatch, ids: &[usize], running: &Running) -> Result<Vec<Part>, KernelError> {
        self.check()?;
        running.reserve(input.num_rows() * 48)?;
        let times = cast(input.column(self.time), &DataType::Int64).map_err(failed)?;
        let times = times.as_primitive::<Int64Type>();
        let dimensions: Vec<ArrayRef> = self.dimensions.iter().map(|column| Arc::clone(input.column(*column))).collect();
        let inside = |row: &usize| times.is_valid(*row) && (self.start..=self.end).contains(&times.value(*row));
        let part = |rows: Vec<usize>| {
            let first = rows.first().and_then(|row| u32::try_from(*row).ok()).unwrap_or_default();
            Part { first, rows: rows.into_iter().filter(inside).map(|row| (ids[row], times.value(row))).collect() }
        };
        let groups = if input.num_rows() == 0 { Vec::new() } else { group_rows(&dimensions, input.num_rows())? };
        Ok(groups.into_iter().map(part).filter(|part| !part.rows.is_empty()).collect())
    }

    /// The rows between start and end with their times, in the order of time.
    pub(super) fn inside(&self, input: &RecordBatch, running: &Running) -> Result<Vec<(usize, i64)>, KernelError> {
        self.check()?;
        running.reserve(input.num_rows() * 48)?;
        let times = cast(input.column(self.time), &DataType::Int64).map_err(failed)?;
        let times = times.as_primitive::<Int64Type>();
        let inside = |row: &usize| times.is_valid(*row) && (self.start..=self.end).contains(&times.value(*row));
        let mut rows: Vec<(usize, i64)> = (0..input.num_rows()).filter(inside).map(|row| (row, times.value(row))).collect();
        rows.sort_by_key(|(_, time)| *time);
        Ok(rows)
    }

    /// The ids of each window in which there is a row, one for each row.
    pub(super) fn by_window(&self, part: &Part) -> BTreeMap<i64, Vec<usize>> {
        let mut windows: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (id, time) in &part.rows {
            windows.entry(self.windows.start_of(*time, self.start)).or_default().push(*id);
        }
        windows
    }

    /// The columns of a result: windows, dimensions, counts.
    fn columns(&self, input: &RecordBatch, counted: Vec<Counted>, counts: usize) -> Result<Vec<ArrayRef>, KernelError> {
        let windows: ArrayRef = Arc::new(counted.iter().map(|row| Some(row.window)).collect::<Int64Array>());
        let mut columns = vec![cast(&windows, input.column(self.time).data_type()).map_err(failed)?];
        let firsts: UInt32Array = counted.iter().map(|row| Some(row.first)).collect();
        for dimension in &self.dimensions {
            columns.push(take(input.column(*dimension), &firsts, None).map_err(failed)?);
        }
        for count in 0..counts {
            columns.push(Arc::new(counted.iter().map(|row| Some(row.counts[count])).collect::<Int64Array>()));
        }
        Ok(columns)
    }
}

/// A row of a result.
#[derive(Debug)]
struct Counted {
    window: i64,
    first: u32,
    counts: [i64; 4],
}

fn distinct<'a>(ids: impl IntoIterator<Item = &'a usize>) -> HashSet<usize> {
    ids.into_iter().copied().collect()
}

fn first_input<'a>(inputs: &'a [RecordBatch], name: &str) -> Result<&'a RecordBatch, KernelError> {
    inputs.first().ok_or_else(|| KernelError::new(format!("`{name}` has no input")))
}

/// `activity_counts_metrics`: its result has the window, the dimensions, and how many rows, different ids, ids that no window before has, and ids
/// of all windows so far.
#[derive(Debug)]
pub struct ActivityCounts(pub Timeline);

impl RowsOperator for ActivityCounts {
    fn name(&self) -> &'static str {
        "activity_counts_metrics"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = first_input(&inputs, self.name())?;
        let mut counted = Vec::new();
        for part in self.0.parts(input, running)? {
            let mut known: HashSet<usize> = HashSet::new();
            for (window, ids) in self.0.by_window(&part) {
                running.go_on()?;
                let here = distinct(&ids);
                let before = known.len();
                known.extend(&here);
                let counts = [ids.len() as i64, here.len() as i64, (known.len() - before) as i64, known.len() as i64];
                counted.push(Counted { window, first: part.first, counts });
            }
        }
        counted.sort_by_key(|row| row.window);
        self.0.columns(input, counted, 4)
    }
}

/// `activity_metrics`: its result has the window, the dimensions, how many different ids there are and how many of these the window before has not,
/// and which shares of the ids of the window before came back and did not; not a number for the first window.
#[derive(Debug)]
pub struct ActivityMetrics(pub Timeline);

impl RowsOperator for ActivityMetrics {
    fn name(&self) -> &'static str {
        "activity_metrics"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = first_input(&inputs, self.name())?;
        let mut counted = Vec::new();
        for part in self.0.parts(input, running)? {
            let mut before: (Option<i64>, HashSet<usize>) = (None, HashSet::new());
            for (window, ids) in self.0.by_window(&part) {
                running.go_on()?;
                if before.0 != Some(window) {
                    before.1.clear();
                }
                let here = distinct(&ids);
                let returned = here.intersection(&before.1).count() as i64;
                let known = before.1.len() as i64;
                counted.push(Counted {
                    window,
                    first: part.first,
                    counts: [here.len() as i64, here.len() as i64 - returned, returned, known],
                });
                before = (Some(self.0.windows.next(window, self.0.start)), here);
            }
        }
        counted.sort_by_key(|row| row.window);
        let share = |part: fn(&[i64; 4]) -> i64| -> ArrayRef {
            Arc::new(counted.iter().map(|row| Some(part(&row.counts) as f64 / row.counts[3] as f64)).collect::<Float64Array>())
        };
        let shares = [share(|counts| counts[2]), share(|counts| counts[3] - counts[2])];
        let mut columns = self.0.columns(input, counted, 2)?;
        columns.extend(shares);
        Ok(columns)
    }
}

/// `active_users_count`: its result has the window, the dimensions, and how many different ids are active in it: at one of their rows in the window
/// they were there in enough periods since the time that reaches back so far.
#[derive(Debug)]
pub struct ActiveUsers {
    /// Rows and windows.
    pub timeline: Timeline,
    /// How far a row looks back, in the unit of the time.
    pub lookback: i64,
    /// The width of a period, in the unit of the time.
    pub period: i64,
    /// In how many periods one must have been there.
    pub periods: i64,
}

impl RowsOperator for ActiveUsers {
    fn name(&self) -> &'static str {
        "active_users_count"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = first_input(&inputs, self.name())?;
        if self.period <= 0 {
            return Err(KernelError::new("the period of `active_users_count` must be greater than zero"));
        }
        let timeline = &self.timeline;
        let reached = Timeline { start: timeline.start.saturating_sub(self.lookback), ..timeline.clone() };
        let mut counted = Vec::new();
        for mut part in reached.parts(input, running)? {
            running.go_on()?;
            part.rows.sort_unstable();
            let mut active: BTreeMap<i64, HashSet<usize>> = BTreeMap::new();
            for (place, (id, time)) in part.rows.iter().enumerate().filter(|(_, (_, time))| *time >= timeline.start) {
                let seen = part.rows[..=place].iter().rev().take_while(|(other, seen)| other == id && time - seen < self.lookback);
                let periods: HashSet<i64> = seen.map(|(_, seen)| (seen - timeline.start).div_euclid(self.period)).collect();
                if periods.len() as i64 >= self.periods {
                    active.entry(timeline.windows.start_of(*time, timeline.start)).or_default().insert(*id);
                }
            }
            counted.extend(active.into_iter().map(|(window, ids)| Counted {
                window,
                first: part.first,
                counts: [ids.len() as i64, 0, 0, 0],
            }));
        }
        counted.sort_by_key(|row| row.window);
        timeline.columns(input, counted, 1)
    }
}

/// `activity_engagement`: its result has the window, the dimensions, how many different ids are in it and in the longer one that ends with it, and
/// the share of the one in the other.
#[derive(Debug)]
pub struct ActivityEngagement {
    /// Rows and the inner windows.
    pub timeline: Timeline,
    /// The width of the outer windows, in the unit of the time.
    pub outer: i64,
}

impl RowsOperator for ActivityEngagement {
    fn name(&self) -> &'static str {
        "activity_engagement"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = first_input(&inputs, self.name())?;
        let timeline = &self.timeline;
        let mut counted = Vec::new();
        for part in timeline.parts(input, running)? {
            let windows = timeline.by_window(&part);
            let mut window = timeline.windows.start_of(timeline.start, timeline.start);
            while window <= timeline.end {
                running.go_on()?;
                let outer = windows.range(window.saturating_sub(self.outer).saturating_add(1)..=window).flat_map(|(_, ids)| ids);
                let outer = distinct(outer).len() as i64;
                let inner = windows.get(&window).map_or(0, |ids| distinct(ids).len() as i64);
                if outer > 0 {
                    counted.push(Counted { window, first: part.first, counts: [inner, outer, 0, 0] });
                }
                window = timeline.windows.next(window, timeline.start);
            }
        }
        counted.sort_by_key(|row| row.window);
        let ratios: Float64Array = counted.iter().map(|row| Some(row.counts[0] as f64 / row.counts[1] as f64)).collect();
        let mut columns = timeline.columns(input, counted, 2)?;
        columns.push(Arc::new(ratios));
        Ok(columns)
    }
}

/// `sliding_window_counts`: its result has the window, the dimensions, and how many rows and different ids are in the windows that reach back so far.
#[derive(Debug)]
pub struct SlidingCounts {
    /// Rows and windows.
    pub timeline: Timeline,
    /// How far a window reaches back, itself inside, in the unit of the time.
    pub lookback: i64,
}

impl RowsOperator for SlidingCounts {
    fn name(&self) -> &'static str {
        "sliding_window_counts"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = first_input(&inputs, self.name())?;
        let timeline = &self.timeline;
        // What is left over beyond whole windows does not count, but one window always does.
        let lookback = match timeline.windows {
            Windows::Fixed(width) => (self.lookback / width.max(1)).max(1) * width,
            _ => self.lookback,
        };
        let mut counted = Vec::new();
        for part in timeline.parts(input, running)? {
            let windows = timeline.by_window(&part);
            let mut window = timeline.windows.start_of(timeline.start, timeline.start);
            while window <= timeline.end {
                running.go_on()?;
                let reached = || windows.range(window.saturating_sub(lookback).saturating_add(1)..=window).flat_map(|(_, ids)| ids);
                let rows = reached().count();
                if rows > 0 {
                    counted.push(Counted { window, first: part.first, counts: [rows as i64, distinct(reached()).len() as i64, 0, 0] });
                }
                window = timeline.windows.next(window, timeline.start);
            }
        }
        counted.sort_by_key(|row| row.window);
        timeline.columns(input, counted, 2)
    }
}

/// `session_count`: its result has the window, the dimensions, and how many sessions start in it: the first row of an id, and each that comes
/// later than the pause behind the one before.
#[derive(Debug)]
pub struct SessionCount {
    /// Rows and windows.
    pub timeline: Timeline,
    /// The pause after which a session is a new one, in the unit of the time.
    pub pause: i64,
}

impl RowsOperator for SessionCount {
    fn name(&self) -> &'static str {
        "session_count"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = first_input(&inputs, self.name())?;
        let mut counted = Vec::new();
        for mut part in self.timeline.parts(input, running)? {
            running.go_on()?;
            part.rows.sort_unstable();
            let mut windows: BTreeMap<i64, i64> = BTreeMap::new();
            for (place, (id, time)) in part.rows.iter().enumerate() {
                let before = place.checked_sub(1).map(|place| part.rows[place]).filter(|(other, _)| other == id);
                if before.is_none_or(|(_, before)| time - before > self.pause) {
                    *windows.entry(self.timeline.windows.start_of(*time, self.timeline.start)).or_default() += 1;
                }
            }
            counted.extend(windows.into_iter().map(|(window, count)| Counted { window, first: part.first, counts: [count, 0, 0, 0] }));
        }
        counted.sort_by_key(|row| row.window);
        self.timeline.columns(input, counted, 1)
    }
}

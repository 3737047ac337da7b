//! `scan`: rows walked in their order through steps that remember.
//!
//! Conditions and new values that read no state are computed for all rows at once; only the others are computed row by row, over a batch of one
//! row that holds the row and the states.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, StringViewArray, UInt32Array};
use arrow::compute::{concat, take};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::utils::collect_columns;

use super::super::functions::KernelError;
use super::super::functions::budget::{Scope, in_parts};
use super::super::tree::ScanOutput;
use super::{RowsOperator, Running};

/// A step.
#[derive(Debug)]
pub struct Step {
    /// Which rows it gives.
    pub output: ScanOutput,
    /// What must hold, over the columns that [`Scan`] describes.
    pub condition: Arc<dyn PhysicalExpr>,
    /// Declared columns, by number among them, and their new values.
    pub assignments: Vec<(usize, Arc<dyn PhysicalExpr>)>,
}

/// The operator.
///
/// Expressions are over these columns, in this order: the first `columns` columns of the input; the declared columns, which mean the state of the
/// step itself before this row; then for each step the first `columns` columns of the input and the declared columns as the state of the step that is
/// evaluated knows that step: `s1.x` of the step 0 is the column `columns + declared + 0 * (columns + declared) + x`.
/// The result has the columns of the input, the declared columns and, if asked for, the number of the match.
#[derive(Debug)]
pub struct Scan {
    /// How many columns of the input may be read. The input may have more, which are handed on.
    pub columns: usize,
    /// The first values of the declared columns, in the Arrow form of their types.
    pub declared: Vec<ScalarValue>,
    /// Columns of the input that part it: each part is walked alone.
    pub partition: Vec<usize>,
    /// The steps.
    pub steps: Vec<Step>,
    /// Whether the last column of the result is the number of the match.
    pub match_id: bool,
}

/// What the state of a step knows of one step: the row that it took and the values of the declared columns.
#[derive(Clone, Debug)]
struct Seen {
    row: usize,
    declared: Vec<ArrayRef>,
}

/// The state of a step: what it knows of each step up to itself, and the number of the match.
#[derive(Clone, Debug)]
struct State {
    seen: Vec<Option<Seen>>,
    match_id: i64,
}

/// A row of the result.
#[derive(Debug)]
struct Given {
    row: usize,
    declared: Vec<ArrayRef>,
    match_id: i64,
}

/// Bytes of the texts of a column.
fn text_bytes(values: &ArrayRef) -> usize {
    values.as_string_view_opt().map_or(0, StringViewArray::total_bytes_len)
}

/// An expression: known for all rows, or computed row by row.
#[derive(Debug)]
enum Computed {
    Known(ArrayRef),
    /// With the columns that it reads.
    Later(Arc<dyn PhysicalExpr>, HashSet<usize>),
}

impl RowsOperator for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = inputs.first().ok_or_else(|| KernelError::new("`scan` has no input"))?;
        let mut walk = Walk::new(self, input, running)?;
        for part in self.parts(input)? {
            walk.part(&part)?;
        }
        walk.finish()
    }
}

impl Scan {
    fn parts(&self, input: &RecordBatch) -> Result<Vec<Vec<usize>>, KernelError> {
        let rows = input.num_rows();
        if self.partition.is_empty() {
            return Ok(vec![(0..rows).collect()]);
        }
        let keys: Vec<ArrayRef> = self.partition.iter().map(|column| Arc::clone(input.column(*column))).collect();
        super::keys::group_rows(&keys, rows)
    }
}

struct Walk<'a> {
    scan: &'a Scan,
    input: &'a RecordBatch,
    running: &'a Running,
    schema: SchemaRef,
    conditions: Vec<Computed>,
    assignments: Vec<Vec<(usize, Computed)>>,
    defaults: Vec<ArrayRef>,
    /// A null of each column that an expression may read.
    nulls: Vec<ArrayRef>,
    states: Vec<Option<State>>,
    matches: i64,
    given: Vec<Given>,
    /// The row that a step holds back until its matches end.
    held: Vec<Option<Given>>,
    /// The declared columns to which a step gives values row by row.
    made: BTreeSet<usize>,
}

fn failed(error: impl std::fmt::Display) -> KernelError {
    KernelError::new(error.to_string())
}

impl<'a> Walk<'a> {
    fn new(scan: &'a Scan, input: &'a RecordBatch, running: &'a Running) -> Result<Self, KernelError> {
        let defaults: Vec<ArrayRef> = scan.declared.iter().map(|value| value.to_array().map_err(failed)).collect::<Result<_, _>>()?;
        let read = &input.columns()[..scan.columns];
        let own: Vec<_> = read.iter().chain(&defaults).map(|column| column.data_type().clone()).collect();
        let all = own[..].iter().chain(scan.steps.iter().flat_map(|_| own.iter()));
        let schema: SchemaRef = Arc::new(Schema::new(
            all.enumerate().map(|(place, kind)| Field::new(format!("c{place}"), kind.clone(), true)).collect::<Vec<_>>(),
        ));
        let nulls: Vec<ArrayRef> = own.iter().map(|kind| arrow::array::new_null_array(kind, 1)).collect();
        let mut walk = Self {
            scan,
            input,
            running,
            schema,
            conditions: Vec::new(),
            assignments: Vec::new(),
            defaults,
            nulls,
            states: vec![None; scan.steps.len()],
            matches: 0,
            given: Vec::new(),
            held: (0..scan.steps.len()).map(|_| None).collect(),
            made: BTreeSet::new(),
        };
        for step in &scan.steps {
            let condition = walk.computed(&step.condition)?;
            walk.conditions.push(condition);
            let assigned = step.assignments.iter().map(|(column, value)| Ok((*column, walk.computed(value)?)));
            let assigned = assigned.collect::<Result<Vec<_>, KernelError>>()?;
            let later = assigned.iter().filter(|(_, value)| matches!(value, Computed::Later(..))).map(|(column, _)| *column);
            walk.made.extend(later);
            walk.assignments.push(assigned);
        }
        Ok(walk)
    }

    fn computed(&self, expression: &Arc<dyn PhysicalExpr>) -> Result<Computed, KernelError> {
        let reads: HashSet<usize> = collect_columns(expression).iter().map(|column| column.index()).collect();
        if reads.iter().any(|column| *column >= self.scan.columns) {
            return Ok(Computed::Later(Arc::clone(expression), reads));
        }
        let fields = self.schema.fields()[..self.scan.columns].to_vec();
        let options = RecordBatchOptions::new().with_row_count(Some(self.input.num_rows()));
        let read = self.input.columns()[..self.scan.columns].to_vec();
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), read, &options).map_err(failed)?;
        let mut parts = Vec::new();
        let compute = |rows: Range<usize>| {
            let values = expression.evaluate(&batch.slice(rows.start, rows.len()));
            values.and_then(|values| values.into_array(rows.len())).map_err(|error| KernelError::from(&error))
        };
        in_parts(batch.num_rows(), compute, |part| {
            self.running.reserve(text_bytes(&part))?;
            parts.push(part);
            Ok(())
        })?;
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        Ok(Computed::Known(concat(&parts).map_err(failed)?))
    }

    fn part(&mut self, rows: &[usize]) -> Result<(), KernelError> {
        self.states.iter_mut().for_each(|state| *state = None);
        for (walked, row) in rows.iter().copied().enumerate() {
            if walked % 1024 == 0 {
                self.running.go_on()?;
                self.running.reserve((rows.len() - walked).min(1024) * (64 + 256 * self.defaults.len()))?;
            }
            for step in (0..self.scan.steps.len()).rev() {
                self.step(step, row)?;
            }
        }
        (0..self.held.len()).try_for_each(|step| self.let_go(step))
    }

    fn step(&mut self, step: usize, row: usize) -> Result<(), KernelError> {
        let before = step.checked_sub(1);
        if let Some(before) = before
            && self.states[before].is_some()
            && self.holds(step, row, self.states[before].as_ref())?
        {
            let declared = self.assign(step, row, self.states[before].as_ref())?;
            self.let_go(step)?;
            self.let_go(before)?;
            let promoted = self.states[before].take();
            return self.take(step, row, declared, promoted);
        }
        if (before.is_some() && self.states[step].is_none()) || !self.holds(step, row, self.states[step].as_ref())? {
            return Ok(());
        }
        let declared = self.assign(step, row, self.states[step].as_ref())?;
        let state = self.states[step].take();
        self.take(step, row, declared, state)
    }

    /// A step takes a row into a state; without one a new match begins.
    fn take(&mut self, step: usize, row: usize, declared: Vec<ArrayRef>, state: Option<State>) -> Result<(), KernelError> {
        let mut state = state.unwrap_or_else(|| {
            self.matches += 1;
            State { seen: vec![None; self.scan.steps.len()], match_id: self.matches - 1 }
        });
        let given = Given { row, declared: declared.clone(), match_id: state.match_id };
        state.seen[step] = Some(Seen { row, declared });
        self.states[step] = Some(state);
        match self.scan.steps[step].output {
            ScanOutput::All => self.give(given)?,
            ScanOutput::Last => self.held[step] = Some(given),
            ScanOutput::None => {}
        }
        Ok(())
    }

    /// Adds a row to the result, with the texts that were made for it.
    fn give(&mut self, given: Given) -> Result<(), KernelError> {
        let bytes: usize = self.made.iter().map(|column| text_bytes(&given.declared[*column])).sum();
        if bytes > 0 {
            self.running.reserve(bytes)?;
        }
        self.given.push(given);
        Ok(())
    }

    fn let_go(&mut self, step: usize) -> Result<(), KernelError> {
        self.held[step].take().map_or(Ok(()), |given| self.give(given))
    }

    fn holds(&self, step: usize, row: usize, state: Option<&State>) -> Result<bool, KernelError> {
        let is_true = |values: &ArrayRef, row: usize| {
            let truths = values.as_any().downcast_ref::<BooleanArray>();
            truths.is_some_and(|truths| truths.is_valid(row) && truths.value(row))
        };
        Ok(match &self.conditions[step] {
            Computed::Known(values) => is_true(values, row),
            Computed::Later(condition, reads) => is_true(&self.value(condition, reads, step, row, state)?, 0),
        })
    }

    /// The declared columns after the assignments of a step; those that it does not assign keep what the match has given them.
    fn assign(&self, step: usize, row: usize, state: Option<&State>) -> Result<Vec<ArrayRef>, KernelError> {
        let mut declared = self.defaults.clone();
        for (column, value) in &self.assignments[step] {
            declared[*column] = match value {
                Computed::Known(values) => values.slice(row, 1),
                Computed::Later(value, reads) => self.value(value, reads, step, row, state)?,
            };
        }
        Ok(declared)
    }

    fn value(
        &self,
        expression: &Arc<dyn PhysicalExpr>,
        reads: &HashSet<usize>,
        step: usize,
        row: usize,
        state: Option<&State>,
    ) -> Result<ArrayRef, KernelError> {
        let width = self.scan.columns + self.defaults.len();
        let seen = |other: usize| state.and_then(|state| state.seen[other].as_ref());
        let of_row = |row: usize, column: usize| self.input.column(column).slice(row, 1);
        let declared = |step: usize, column: usize| Arc::clone(&seen(step).map_or(&self.defaults, |seen| &seen.declared)[column]);
        // What is not read costs no more than a pointer.
        let columns = (0..self.schema.fields().len()).map(|place| match (reads.contains(&place), place < width, place % width) {
            (false, _, column) => Arc::clone(&self.nulls[column]),
            (true, true, column) if column < self.scan.columns => of_row(row, column),
            (true, true, column) => declared(step, column - self.scan.columns),
            (true, false, column) if column < self.scan.columns => {
                seen(place / width - 1).map_or_else(|| Arc::clone(&self.nulls[column]), |seen| of_row(seen.row, column))
            }
            (true, false, column) => declared(place / width - 1, column - self.scan.columns),
        });
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns.collect()).map_err(failed)?;
        let _scope = Scope::open();
        expression.evaluate(&batch).and_then(|value| value.into_array(1)).map_err(|error| KernelError::from(&error))
    }

    fn finish(self) -> Result<Vec<ArrayRef>, KernelError> {
        let rows: UInt32Array = self.given.iter().map(|given| u32::try_from(given.row).ok()).collect();
        let mut columns =
            self.input.columns().iter().map(|column| take(column, &rows, None).map_err(failed)).collect::<Result<Vec<_>, _>>()?;
        for (place, default) in self.defaults.iter().enumerate() {
            let parts: Vec<&dyn Array> = self.given.iter().map(|given| given.declared[place].as_ref()).collect();
            columns.push(if parts.is_empty() { default.slice(0, 0) } else { concat(&parts).map_err(failed)? });
        }
        if self.scan.match_id {
            columns.push(Arc::new(self.given.iter().map(|given| Some(given.match_id)).collect::<Int64Array>()));
        }
        Ok(columns)
    }
}

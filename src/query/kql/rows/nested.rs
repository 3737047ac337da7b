//! `top-nested`: the greatest values, in each of them the greatest of the next level, and so on.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray, UInt32Array, make_comparator};
use arrow::compute::{SortOptions, concat, take};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;

use super::super::aggregates::Aggregate;
use super::super::functions::KernelError;
use super::super::tree::ScalarType;
use super::keys::group_numbers;
use super::{RowsOperator, Running};

/// An argument of an aggregate that an operator computes by itself.
#[derive(Clone, Debug)]
pub enum Input {
    /// A column of the input.
    Column(usize),
    /// A constant, in the Arrow form of its type.
    Constant(ScalarValue),
}

/// An aggregate that an operator computes by itself.
#[derive(Clone, Debug)]
pub struct Computed {
    /// The aggregate.
    pub aggregate: &'static Aggregate,
    /// The types of its arguments, as its overload declares them.
    pub kinds: Vec<ScalarType>,
    /// Where they come from.
    pub arguments: Vec<Input>,
}

impl Computed {
    /// The results of groups of the given rows; of an aggregate with several columns the first.
    pub(super) fn of(&self, input: &RecordBatch, rows: &UInt32Array, groups: &[usize], total: usize) -> Result<ArrayRef, KernelError> {
        let value = |argument: &Input| match argument {
            Input::Column(column) => Ok(ColumnarValue::Array(take(input.column(*column), rows, None).map_err(failed)?)),
            Input::Constant(constant) => Ok(ColumnarValue::Scalar(constant.clone())),
        };
        let values = self.arguments.iter().map(value).collect::<Result<Vec<_>, KernelError>>()?;
        let results =
            self.aggregate.compute(&self.kinds, &values, groups, total).map_err(|error| KernelError::new(error.strip_backtrace()))?;
        Ok(results.as_struct_opt().map_or_else(|| Arc::clone(&results), |columns| Arc::clone(columns.column(0))))
    }
}

/// A level.
#[derive(Clone, Debug)]
pub struct Level {
    /// How many values are taken; all if absent.
    pub count: Option<i64>,
    /// The column of the value.
    pub value: usize,
    /// Its type.
    pub kind: ScalarType,
    /// What the rest is called, in the Arrow form of that type; it is left out if absent.
    pub others: Option<ScalarValue>,
    /// The aggregate that orders; it has one column.
    pub aggregate: Computed,
    /// Whether the smallest come first.
    pub ascending: bool,
}

/// The operator: its result has for each level the value and the aggregate.
#[derive(Debug)]
pub struct TopNested {
    /// The levels.
    pub levels: Vec<Level>,
}

fn failed(error: impl std::fmt::Display) -> KernelError {
    KernelError::new(error.to_string())
}

/// The values that were taken on one level.
#[derive(Debug)]
struct Taken {
    values: ArrayRef,
    aggregates: ArrayRef,
    /// For each of the values of the level above the ones below it, in their order.
    below: Vec<Vec<usize>>,
}

/// Rows that are left on a level, and the value of the level above that each belongs to.
#[derive(Debug)]
struct Left {
    rows: Vec<u32>,
    parents: Vec<usize>,
}

impl RowsOperator for TopNested {
    fn name(&self) -> &'static str {
        "top-nested"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let input = inputs.first().ok_or_else(|| KernelError::new("`top-nested` has no input"))?;
        let rows = u32::try_from(input.num_rows()).map_err(failed)?;
        let mut left = Left { rows: (0..rows).collect(), parents: vec![0; input.num_rows()] };
        let mut above = 1;
        let mut taken = Vec::with_capacity(self.levels.len());
        for level in &self.levels {
            running.go_on()?;
            running.reserve(left.rows.len() * 32)?;
            let (level, next) = level.take(input, &left, above)?;
            above = level.values.len();
            taken.push(level);
            left = next;
        }
        let mut paths = vec![Vec::new(); self.levels.len()];
        walk(&taken, 0, 0, &mut Vec::new(), &mut paths);
        let mut columns = Vec::new();
        for ((level, taken), path) in self.levels.iter().zip(&taken).zip(paths) {
            let places = UInt32Array::from(path);
            columns.push(filled(take(&taken.values, &places, None).map_err(failed)?, level.kind));
            columns.push(take(&taken.aggregates, &places, None).map_err(failed)?);
        }
        Ok(columns)
    }
}

/// Texts are empty where they would be null.
fn filled(column: ArrayRef, kind: ScalarType) -> ArrayRef {
    if kind != ScalarType::String || column.null_count() == 0 {
        return column;
    }
    Arc::new(column.as_string_view().iter().map(|text| Some(text.unwrap_or_default())).collect::<StringViewArray>())
}

/// One path for each value that has none below it.
fn walk(taken: &[Taken], level: usize, parent: usize, path: &mut Vec<u32>, paths: &mut [Vec<Option<u32>>]) {
    let below = taken.get(level).and_then(|taken| taken.below.get(parent)).map_or(&[][..], Vec::as_slice);
    if below.is_empty() && !path.is_empty() {
        for (place, column) in paths.iter_mut().enumerate() {
            column.push(path.get(place).copied());
        }
    }
    for value in below {
        path.push(u32::try_from(*value).unwrap_or(u32::MAX));
        walk(taken, level + 1, *value, path, paths);
        path.pop();
    }
}

impl Level {
    fn take(&self, input: &RecordBatch, left: &Left, above: usize) -> Result<(Taken, Left), KernelError> {
        let rows = UInt32Array::from(left.rows.clone());
        let values = take(input.column(self.value), &rows, None).map_err(failed)?;
        let parents: ArrayRef = Arc::new(left.parents.iter().map(|parent| i64::try_from(*parent).ok()).collect::<Int64Array>());
        let (groups, count) = group_numbers(&[parents, Arc::clone(&values)], left.rows.len())?;
        let aggregates = self.aggregate.of(input, &rows, &groups, count)?;
        let mut firsts = vec![0_u32; count];
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); above];
        for (place, group) in groups.iter().enumerate().rev() {
            firsts[*group] = u32::try_from(place).map_err(failed)?;
        }
        (0..count).for_each(|group| members[left.parents[firsts[group] as usize]].push(group));
        let kept = self.order(&aggregates, &mut members)?;

        let mut number = vec![None; count];
        let mut below: Vec<Vec<usize>> = vec![Vec::new(); above];
        let mut taken_groups = Vec::new();
        for (parent, groups) in kept.iter().enumerate() {
            for group in groups {
                number[*group] = Some(taken_groups.len());
                below[parent].push(taken_groups.len());
                taken_groups.push(*group);
            }
        }
        let places: UInt32Array = taken_groups.iter().map(|group| Some(firsts[*group])).collect();
        let mut all_values = take(&values, &places, None).map_err(failed)?;
        let groups_taken: UInt32Array = taken_groups.iter().map(|group| u32::try_from(*group).ok()).collect();
        let mut all_aggregates = take(&aggregates, &groups_taken, None).map_err(failed)?;
        if let Some(name) = &self.others {
            (all_values, all_aggregates) =
                self.add_others(input, left, (&groups, &number), name, (all_values, all_aggregates), &mut below)?;
        }
        let stays = groups.iter().enumerate().filter_map(|(place, group)| number[*group].map(|number| (left.rows[place], number)));
        let (rows, parents) = stays.unzip();
        Ok((Taken { values: all_values, aggregates: all_aggregates, below }, Left { rows, parents }))
    }

    /// The groups of each value above that are taken, in their order.
    fn order(&self, aggregates: &ArrayRef, members: &mut [Vec<usize>]) -> Result<Vec<Vec<usize>>, KernelError> {
        let options = SortOptions { descending: !self.ascending, nulls_first: self.ascending };
        let compare = make_comparator(aggregates, aggregates, options).map_err(failed)?;
        let most = self.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or_default());
        Ok(members
            .iter_mut()
            .map(|groups| {
                groups.sort_by(|a, b| compare(*a, *b).then(Ordering::Equal));
                groups.iter().copied().take(most).collect()
            })
            .collect())
    }

    /// Adds a value for the rows that are in no taken group, below each value above that has such rows.
    fn add_others(
        &self,
        input: &RecordBatch,
        left: &Left,
        (groups, number): (&[usize], &[Option<usize>]),
        name: &ScalarValue,
        (values, aggregates): (ArrayRef, ArrayRef),
        below: &mut [Vec<usize>],
    ) -> Result<(ArrayRef, ArrayRef), KernelError> {
        let mut rest_of = vec![None; below.len()];
        let mut parents = Vec::new();
        let mut rows = Vec::new();
        let mut rest_groups = Vec::new();
        for (place, _) in groups.iter().enumerate().filter(|(_, group)| number[**group].is_none()) {
            let parent = left.parents[place];
            let rest = *rest_of[parent].get_or_insert_with(|| {
                parents.push(parent);
                parents.len() - 1
            });
            rows.push(left.rows[place]);
            rest_groups.push(rest);
        }
        let aggregated = self.aggregate.of(input, &UInt32Array::from(rows), &rest_groups, parents.len())?;
        for (rest, parent) in parents.iter().enumerate() {
            below[*parent].push(values.len() + rest);
        }
        let names = name.to_array_of_size(parents.len()).map_err(failed)?;
        Ok((concat(&[&values, &names]).map_err(failed)?, concat(&[&aggregates, &aggregated]).map_err(failed)?))
    }
}

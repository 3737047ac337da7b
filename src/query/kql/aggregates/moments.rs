//! Variances and covariances, by means and sums of products of differences, which neither overflow nor cancel out.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;

use super::super::tree::ScalarType;
use super::accumulate::present;
use super::udaf::{Body, Groups, Made, Rows};

/// A moment of second order, of one column with itself or of two.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    /// Of a sample: divided by one less than the count.
    Sample,
    /// Of all there is: divided by the count.
    Population,
    /// The root of that of a sample.
    SampleRoot,
    /// The root of that of all there is.
    PopulationRoot,
}

impl Moment {
    fn of(self, state: &State) -> f64 {
        let divided = |by: f64| if by > 0.0 { state.product / by } else { 0.0 };
        match self {
            Self::Sample => divided(state.count - 1.0),
            Self::Population => divided(state.count),
            Self::SampleRoot => divided(state.count - 1.0).sqrt(),
            Self::PopulationRoot => divided(state.count).sqrt(),
        }
    }
}

impl Body for Moment {
    fn result(&self, _: &[ScalarType]) -> DataType {
        DataType::Float64
    }

    fn state(&self, _: &[ScalarType]) -> Vec<DataType> {
        vec![DataType::Float64; 4]
    }

    fn groups(&self, _: &Made) -> Result<Box<dyn Groups>> {
        Ok(Box::new(Moments { states: Vec::new(), moment: *self }))
    }
}

#[derive(Clone, Debug, Default)]
struct State {
    count: f64,
    mean_x: f64,
    mean_y: f64,
    /// Sum of the products of the differences from both means.
    product: f64,
}

impl State {
    fn add(&mut self, x: f64, y: f64) {
        self.count += 1.0;
        let from_x = x - self.mean_x;
        self.mean_x += from_x / self.count;
        self.mean_y += (y - self.mean_y) / self.count;
        self.product += from_x * (y - self.mean_y);
    }

    fn merge(&mut self, other: &Self) {
        if other.count == 0.0 {
            return;
        }
        let count = self.count + other.count;
        let (by_x, by_y) = (other.mean_x - self.mean_x, other.mean_y - self.mean_y);
        self.product += other.product + by_x * by_y * self.count * other.count / count;
        self.mean_x += by_x * other.count / count;
        self.mean_y += by_y * other.count / count;
        self.count = count;
    }
}

#[derive(Debug)]
struct Moments {
    states: Vec<State>,
    moment: Moment,
}

impl Groups for Moments {
    fn grow(&mut self, groups: usize) {
        self.states.resize(groups.max(self.states.len()), State::default());
    }

    fn update(&mut self, rows: &Rows<'_>) -> Result<()> {
        let x = arrow::compute::cast(&rows.columns[0], &DataType::Float64)?;
        let y = rows.columns.get(1).map(|y| arrow::compute::cast(y, &DataType::Float64)).transpose()?;
        let y = y.as_ref().unwrap_or(&x);
        let nulls = arrow::buffer::NullBuffer::union(x.nulls(), y.nulls());
        let (x, y) = (x.as_primitive::<Float64Type>().values(), y.as_primitive::<Float64Type>().values());
        let mut add = |row: usize| self.states[rows.groups[row]].add(x[row], y[row]);
        match present(nulls.as_ref(), rows.filter) {
            None => (0..x.len()).for_each(&mut add),
            Some(present) => present.valid_indices().for_each(&mut add),
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let columns: Vec<_> = states.iter().map(|state| state.as_primitive::<Float64Type>().values()).collect();
        for (row, group) in groups.iter().enumerate() {
            let other = State { count: columns[0][row], mean_x: columns[1][row], mean_y: columns[2][row], product: columns[3][row] };
            self.states[*group].merge(&other);
        }
        Ok(())
    }

    fn finish(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let states = emit.take_needed(&mut self.states);
        Ok(Arc::new(states.iter().map(|state| Some(self.moment.of(state))).collect::<Float64Array>()))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let states = emit.take_needed(&mut self.states);
        let column = |part: fn(&State) -> f64| Arc::new(states.iter().map(|state| Some(part(state))).collect::<Float64Array>()) as ArrayRef;
        Ok(vec![column(|state| state.count), column(|state| state.mean_x), column(|state| state.mean_y), column(|state| state.product)])
    }

    fn size(&self) -> usize {
        self.states.capacity() * size_of::<State>()
    }
}

//! An operator over each part of its rows by itself, as `partition` and `mv-apply` ask for it.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::compute::{concat, take};

use super::super::functions::KernelError;
use super::keys::group_rows;
use super::{RowsOperator, Running};

/// Runs an operator once for the rows of each part, which stand together in its first input.
#[derive(Debug)]
pub struct EachPart {
    /// What runs.
    pub operator: Arc<dyn RowsOperator>,
    /// The column of the first input that tells parts from each other.
    pub id: usize,
    /// Columns of the first input that the same in all rows of a part: they stand behind the columns of the operator.
    pub attached: Vec<usize>,
}

fn failed(error: impl std::fmt::Display) -> KernelError {
    KernelError::new(error.to_string())
}

impl EachPart {
    fn part(&self, rows: RecordBatch, others: &[RecordBatch], running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let first = UInt64Array::from(vec![0; 1]);
        let attached: Vec<ArrayRef> = self.attached.iter().map(|column| Arc::clone(rows.column(*column))).collect();
        let mut inputs = vec![rows];
        inputs.extend_from_slice(others);
        let mut columns = self.operator.run(inputs, running)?;
        let count = columns.first().map_or(0, |column| column.len());
        for column in attached {
            let places =
                if column.is_empty() { UInt64Array::from(vec![None; count]) } else { UInt64Array::from(vec![first.value(0); count]) };
            columns.push(take(&column, &places, None).map_err(failed)?);
        }
        Ok(columns)
    }
}

impl RowsOperator for EachPart {
    fn name(&self) -> &'static str {
        self.operator.name()
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let Some((input, others)) = inputs.split_first() else { return self.operator.run(inputs, running) };
        if input.num_rows() == 0 {
            let columns = self.part(input.clone(), others, running)?;
            return Ok(columns.into_iter().map(|column| column.slice(0, 0)).collect());
        }
        let mut parts: Vec<Vec<ArrayRef>> = Vec::new();
        for rows in group_rows(&[Arc::clone(input.column(self.id))], input.num_rows())? {
            running.go_on()?;
            let (Some(first), Some(last)) = (rows.first(), rows.last()) else { continue };
            parts.push(self.part(input.slice(*first, last + 1 - first), others, running)?);
        }
        let width = parts.first().map_or(0, Vec::len);
        (0..width)
            .map(|column| {
                let pieces: Vec<&dyn arrow::array::Array> = parts.iter().map(|part| part[column].as_ref()).collect();
                concat(&pieces).map_err(failed)
            })
            .collect()
    }
}

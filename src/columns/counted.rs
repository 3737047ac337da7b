//! Rows without columns: what a bare count needs is in the log of the table, so no file is opened for it.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

/// As many rows of no columns as there are, made in batches as they are asked for.
#[derive(Debug)]
struct Counted {
    schema: SchemaRef,
    rows: u64,
}

impl PartitionStream for Counted {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (schema, rows) = (Arc::clone(&self.schema), self.rows);
        let step = context.session_config().batch_size().max(1);
        let batches = (0..rows).step_by(step).map(move |from| {
            let count = (rows - from).min(step as u64) as usize;
            let options = RecordBatchOptions::new().with_row_count(Some(count));
            Ok(RecordBatch::try_new_with_options(Arc::clone(&schema), Vec::new(), &options)?)
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), futures::stream::iter(batches)))
    }
}

/// Plans `rows` rows of `schema`, which has no columns, in `partitions` parts.
pub(super) fn plan(schema: &SchemaRef, rows: u64, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let parts = partitions.max(1) as u64;
    let part = |n: u64| Arc::new(Counted { schema: Arc::clone(schema), rows: rows * (n + 1) / parts - rows * n / parts });
    let parts = (0..parts).map(|n| part(n) as Arc<dyn PartitionStream>).collect();
    Ok(Arc::new(StreamingTableExec::try_new(Arc::clone(schema), parts, None, None, false, None)?))
}

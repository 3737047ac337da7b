//! Tables that a question brings: rows are made when a plan reads them, a slice at a time, and those that no answer needs never.
//!
//! A row may be known in part before it is read (a *sketch*): filters that ask for no more than that are tried on the sketch first.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringViewArray};
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, DataFusionError, Result};
use datafusion::datasource::TableType;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;

use super::super::kql::lower::first_part;
use super::super::session::field;
use crate::columns::ColumnType;
use crate::model::Fault;

/// Rows that are handed on together.
const ROWS: usize = 256;

/// A table that a question brings.
#[derive(Clone)]
pub struct GivenTable {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: Arc<dyn GivenRows>,
}

impl fmt::Debug for GivenTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GivenTable").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The rows of a table that a question brings.
pub trait GivenRows: Send + Sync + 'static {
    /// Names and types of its columns: `string` and `dynamic`.
    fn columns(&self) -> &[(&'static str, &'static str)];

    /// What sketches say.
    fn sketched(&self) -> Sketched;

    /// Sketches of some rows from `place` on, in their order; none behind the last row. Of members that sketches may say,
    /// those that are `wanted` have to be there.
    fn sketches(&self, place: usize, wanted: &BTreeSet<String>) -> std::result::Result<Vec<Sketch>, Fault>;

    /// A row as a whole, in the order of the columns; none if it turns out to be no row of the table. Blocks.
    fn row(&self, place: usize) -> std::result::Result<Option<Vec<Value>>, Fault>;
}

/// What sketches of rows say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sketched {
    /// Columns whose cells they have.
    pub columns: &'static [&'static str],
    /// Of columns of bags, the members that they have.
    pub members: &'static [(&'static str, &'static [&'static str])],
}

/// A row as far as it is known before it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// The cells, in the order of the columns.
    pub cells: Vec<Value>,
    /// Whether it is known to be a row of the table.
    pub sure: bool,
}

impl GivenTable {
    /// The table as plans read it: every cell is text, that of a dynamic column JSON. Rows are read on threads of `runtime`.
    pub(super) fn provider(&self, runtime: Handle) -> Arc<dyn TableProvider> {
        let kind = |kind: &str| if kind == "dynamic" { ColumnType::Dynamic } else { ColumnType::String };
        let fields = self.rows.columns().iter().map(|(name, of)| field(name, kind(of)));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Arc::new(Provider { rows: Arc::clone(&self.rows), schema, runtime })
    }
}

struct Provider {
    rows: Arc<dyn GivenRows>,
    schema: SchemaRef,
    runtime: Handle,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GivenRows").finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for Provider {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let known = self.rows.sketched();
        let whole = DFSchema::try_from(Arc::clone(&self.schema))?;
        let (mut wanted, mut early) = (BTreeSet::new(), Vec::new());
        for filter in filters {
            let mut members = BTreeSet::new();
            if !filter.is_volatile() && told_by_sketch(filter, &known, &mut members) {
                early.push(state.create_physical_expr(filter.clone(), &whole)?);
                wanted.append(&mut members);
            }
        }
        let places: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let columns = self.rows.columns();
        let reads = places.iter().any(|place| !known.columns.contains(&columns[*place].0));
        let schema = Arc::new(self.schema.project(&places)?);
        let reading = Reading {
            rows: Arc::clone(&self.rows),
            whole: Arc::clone(&self.schema),
            schema,
            places,
            early,
            wanted,
            reads,
            limit,
            runtime: self.runtime.clone(),
        };
        let schema = Arc::clone(&reading.schema);
        Ok(Arc::new(StreamingTableExec::try_new(schema, vec![Arc::new(reading)], None, None, false, limit)?))
    }
}

/// Whether a filter asks for nothing that sketches do not say; collects the members that it asks for.
fn told_by_sketch(filter: &Expr, known: &Sketched, wanted: &mut BTreeSet<String>) -> bool {
    if let Some((Expr::Column(column), member)) = first_part(filter)
        && let Some((_, members)) = known.members.iter().find(|(name, _)| *name == column.name)
    {
        wanted.insert(member.to_owned());
        return members.contains(&member);
    }
    if let Expr::Column(column) = filter {
        return known.columns.contains(&column.name.as_str());
    }
    let mut told = true;
    let looked = filter.apply_children(|child| {
        told &= told_by_sketch(child, known, wanted);
        Ok(if told { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    looked.is_ok() && told
}

/// One reading of the rows.
#[derive(Clone)]
struct Reading {
    rows: Arc<dyn GivenRows>,
    /// All columns.
    whole: SchemaRef,
    /// Those that are asked for.
    schema: SchemaRef,
    places: Vec<usize>,
    /// Filters that are tried on sketches.
    early: Vec<Arc<dyn PhysicalExpr>>,
    /// Members that they ask for.
    wanted: BTreeSet<String>,
    /// Whether rows have to be read for what is asked for.
    reads: bool,
    limit: Option<usize>,
    runtime: Handle,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("early", &self.early.len()).field("reads", &self.reads).finish_non_exhaustive()
    }
}

impl PartitionStream for Reading {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), 2);
        let (out, reading) = (builder.tx(), self.clone());
        builder.spawn_blocking_on(move || reading.run(&out), &self.runtime);
        builder.build()
    }
}

impl Reading {
    /// Hands rows on until there are no more, or nobody takes them.
    fn run(&self, out: &Sender<Result<RecordBatch>>) -> Result<()> {
        let failed = |fault: Fault| DataFusionError::External(fault.message.into());
        let (mut place, mut left, mut kept) = (0, self.limit.unwrap_or(usize::MAX), Vec::new());
        while left > 0 {
            let sketches = self.rows.sketches(place, &self.wanted).map_err(failed)?;
            if sketches.is_empty() || out.is_closed() {
                break;
            }
            let begin = place;
            place += sketches.len();
            let passing = self.passing(&sketches)?;
            for (at, sketch) in sketches.into_iter().enumerate().filter(|(at, _)| passing.as_ref().is_none_or(|passing| passing[*at])) {
                let row = if self.reads || !sketch.sure { self.rows.row(begin + at).map_err(failed)? } else { Some(sketch.cells) };
                let Some(row) = row else { continue };
                kept.push(row);
                left -= 1;
                if (kept.len() == ROWS || left == 0) && out.blocking_send(self.batch(&self.places, &self.schema, &kept)).is_err() {
                    return Ok(());
                }
                if kept.len() == ROWS || left == 0 {
                    kept.clear();
                }
                if left == 0 {
                    break;
                }
            }
        }
        if !kept.is_empty() {
            // Nobody may be left to take the last rows.
            let _ = out.blocking_send(self.batch(&self.places, &self.schema, &kept));
        }
        Ok(())
    }

    /// Which sketches pass the filters that they can be tried on; all if there is none.
    fn passing(&self, sketches: &[Sketch]) -> Result<Option<Vec<bool>>> {
        if self.early.is_empty() {
            return Ok(None);
        }
        let all: Vec<usize> = (0..self.whole.fields().len()).collect();
        let cells: Vec<&[Value]> = sketches.iter().map(|sketch| sketch.cells.as_slice()).collect();
        let batch = self.batch(&all, &self.whole, &cells)?;
        let mut passing = vec![true; sketches.len()];
        for filter in &self.early {
            let truths = filter.evaluate(&batch)?.into_array(sketches.len())?;
            let Some(truths) = truths.as_boolean_opt() else { continue };
            passing.iter_mut().zip(truths.iter()).for_each(|(passes, truth)| *passes &= truth == Some(true));
        }
        Ok(Some(passing))
    }

    /// Some columns of rows.
    fn batch<R: AsRef<[Value]>>(&self, places: &[usize], schema: &SchemaRef, rows: &[R]) -> Result<RecordBatch> {
        let column = |place: &usize| -> ArrayRef {
            let dynamic = self.rows.columns()[*place].1 == "dynamic";
            let cell = |row: &R| match row.as_ref().get(*place) {
                None | Some(Value::Null) => None,
                Some(Value::String(text)) if !dynamic => Some(text.clone()),
                Some(other) => Some(other.to_string()),
            };
            Arc::new(rows.iter().map(cell).collect::<StringViewArray>())
        };
        // A count of rows asks for no column.
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(schema), places.iter().map(column).collect(), &options)?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use datafusion::logical_expr::{col, lit};
    use datafusion::prelude::SessionContext;
    use serde_json::json;

    use super::*;

    /// A thousand rows with a number; of the small ones every third is no row.
    #[derive(Default)]
    struct Numbers {
        read: AtomicUsize,
    }

    impl GivenRows for Numbers {
        fn columns(&self) -> &[(&'static str, &'static str)] {
            &[("name", "string"), ("kind", "string"), ("properties", "dynamic")]
        }

        fn sketched(&self) -> Sketched {
            Sketched { columns: &["name", "kind"], members: &[("properties", &["even"])] }
        }

        fn sketches(&self, place: usize, _: &BTreeSet<String>) -> std::result::Result<Vec<Sketch>, Fault> {
            let kind = |at: usize| if at < 990 { "small" } else { "large" };
            let sketch = |at: usize| Sketch { cells: vec![at.to_string().into(), kind(at).into(), Value::Null], sure: at >= 990 };
            Ok((place..1_000.min(place + 100)).map(sketch).collect())
        }

        fn row(&self, place: usize) -> std::result::Result<Option<Vec<Value>>, Fault> {
            self.read.fetch_add(1, Ordering::Relaxed);
            let kind = if place < 990 { "small" } else { "large" };
            Ok((place >= 990 || !place.is_multiple_of(3))
                .then(|| vec![place.to_string().into(), kind.into(), json!({"even": place.is_multiple_of(2)})]))
        }
    }

    async fn ask(columns: &[&str], filter: Option<Expr>, limit: Option<usize>) -> (usize, usize) {
        let rows = Arc::new(Numbers::default());
        let table = GivenTable { name: "numbers".into(), rows: Arc::clone(&rows) as Arc<dyn GivenRows> };
        let mut frame = SessionContext::new().read_table(table.provider(Handle::current())).expect("a table");
        if let Some(filter) = filter {
            frame = frame.filter(filter).expect("a filter");
        }
        let frame = frame.select_columns(columns).expect("columns").limit(0, limit).expect("a limit");
        let found = frame.collect().await.expect("rows").iter().map(RecordBatch::num_rows).sum();
        (found, rows.read.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn only_rows_that_matter_are_read() {
        assert_eq!(ask(&["name", "properties"], None, None).await, (670, 1_000));
        assert_eq!(ask(&["properties"], Some(col("kind").eq(lit("large"))), None).await, (10, 10), "by the sketch");
        assert_eq!(ask(&["name"], Some(col("kind").eq(lit("large"))), None).await, (10, 0), "what is sure need not be read");
        assert_eq!(ask(&["name"], Some(col("name").eq(lit("4"))), None).await, (1, 1));
        let (found, read) = ask(&["properties"], None, Some(10)).await;
        assert!(found == 10 && read < 20, "{found} rows, {read} read");
    }
}

//! Tables as they look through a window of time, or as they were up to a document.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, ScalarValue};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};

use crate::model::{Seq, Window};

/// The column by which a window holds back rows.
const TIME: &str = "TimeGenerated";
/// The column that says which document a row came with.
const SEQ: &str = "_Seq";

/// The rows of a table inside of a window; a table without a time, and any through an open window, is as it is.
pub(super) fn within(provider: Arc<dyn TableProvider>, window: Window) -> Arc<dyn TableProvider> {
    match plan(&provider, window) {
        Some(plan) => Arc::new(ViewTable::new(plan, None)),
        None => provider,
    }
}

/// The rows of a table that came with a document or before it; a table whose rows do not say is as it is.
pub(super) fn until(provider: Arc<dyn TableProvider>, until: Seq) -> Arc<dyn TableProvider> {
    let says = provider.schema().field_with_name(SEQ).is_ok_and(|field| *field.data_type() == DataType::Int64);
    let condition = || Expr::Column(Column::from_name(SEQ)).lt_eq(lit(i64::try_from(until.0).unwrap_or(i64::MAX)));
    match says.then(|| kept(&provider, condition())).flatten() {
        Some(plan) => Arc::new(ViewTable::new(plan, None)),
        None => provider,
    }
}

fn plan(provider: &Arc<dyn TableProvider>, window: Window) -> Option<LogicalPlan> {
    let schema = provider.schema();
    let DataType::Timestamp(TimeUnit::Microsecond, zone) = schema.field_with_name(TIME).ok()?.data_type() else { return None };
    let column = || Expr::Column(Column::from_name(TIME));
    let instant = |micros| lit(ScalarValue::TimestampMicrosecond(Some(micros), zone.clone()));
    let from = window.from.map(|from| column().gt_eq(instant(from.micros())));
    let to = window.to.map(|to| column().lt_eq(instant(to.micros())));
    kept(provider, from.into_iter().chain(to).reduce(Expr::and)?)
}

/// The rows of a table that fit.
fn kept(provider: &Arc<dyn TableProvider>, condition: Expr) -> Option<LogicalPlan> {
    // A table can always be read whole and held against a column of its own.
    let scan = LogicalPlanBuilder::scan("stored", provider_as_source(Arc::clone(provider)), None).ok()?;
    scan.filter(condition).and_then(LogicalPlanBuilder::build).ok()
}

//! Tables as they look through a window of time.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, ScalarValue};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};

use crate::model::Window;

/// The column by which a window holds back rows.
const TIME: &str = "TimeGenerated";

/// The rows of a table inside of a window; a table without a time, and any through an open window, is as it is.
pub(super) fn within(provider: Arc<dyn TableProvider>, window: Window) -> Arc<dyn TableProvider> {
    match plan(&provider, window) {
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
    let condition = from.into_iter().chain(to).reduce(Expr::and)?;
    // A table can always be read whole and held against a column of its own.
    let scan = LogicalPlanBuilder::scan("stored", provider_as_source(Arc::clone(provider)), None).ok()?;
    scan.filter(condition).and_then(LogicalPlanBuilder::build).ok()
}

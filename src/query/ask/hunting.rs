//! Tables as advanced hunting names them: what a workspace calls `TimeGenerated` is `Timestamp` there.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};

use super::super::session::Source;

const TIME: &str = "TimeGenerated";
const TIMESTAMP: &str = "Timestamp";

/// Adds the other name of its time to each table that a text names.
pub(super) fn add(source: &mut Source, text: &str) {
    let words: BTreeSet<&str> = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
    let views: Vec<_> = words.into_iter().filter_map(|word| Some((word.to_owned(), view(&source.table(word)?)?))).collect();
    for view in views {
        source.tables.insert(0, view);
    }
}

/// A table with both names; none if it has no time, or the other name already.
fn view(table: &Arc<dyn TableProvider>) -> Option<Arc<dyn TableProvider>> {
    let schema = table.schema();
    if schema.field_with_name(TIME).is_err() || schema.field_with_name(TIMESTAMP).is_ok() {
        return None;
    }
    let column = |name: &str| Expr::Column(Column::from_name(name));
    let columns = schema.fields().iter().map(|field| column(field.name()));
    let columns: Vec<Expr> = columns.chain([column(TIME).alias(TIMESTAMP)]).collect();
    // A table can always be read whole, under its own columns.
    let scan = LogicalPlanBuilder::scan("stored", provider_as_source(Arc::clone(table)), None).ok()?;
    let plan = scan.project(columns).and_then(LogicalPlanBuilder::build).ok()?;
    Some(Arc::new(ViewTable::new(plan, None)))
}

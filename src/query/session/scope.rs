//! Tables as a resource of Azure sees them: the rows that are about it, or about what lies under it.

use std::sync::Arc;

use arrow::array::ListArray;
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, ScalarValue};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::functions_nested::array_has::array_has_any_udf;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};

use super::super::Context;
use crate::columns::{ENTITIES, entity_hash};
use crate::model::Kind;

/// Columns that hold the resource of a row.
const RESOURCE: [&str; 2] = ["_ResourceId", "ResourceId"];
/// The column that holds the name of the machine of a row.
const MACHINE: &str = "Computer";
/// Types of resources that are machines, which rows without a resource name in their own way.
const MACHINES: [&str; 2] = ["/microsoft.compute/virtualmachines/", "/microsoft.hybridcompute/machines/"];

/// A resource of Azure whose rows alone count.
#[derive(Clone, Debug)]
pub struct ResourceScope {
    /// Its identifier, in lower case.
    id: String,
    /// Its name, if it is a machine.
    machine: Option<String>,
    /// What stands in rows for keys that are the identifier, or lie under it.
    hashes: Vec<i64>,
}

impl ResourceScope {
    /// The scope of an identifier; none if nothing that the workspace knows is in it.
    pub fn of(context: &Context, id: &str) -> Option<Self> {
        let id = id.trim_end_matches('/').to_lowercase();
        let under = format!("{id}/");
        let within = |text: &str| text == id || text.starts_with(&under);
        let graph = &context.snapshot.graph;
        let mut hashes = Vec::new();
        for entity in graph.all_entities().filter_map(|node| graph.entity_node(node)) {
            // A machine may have names that it shares with others: only the key that holds the identifier counts.
            let keys = entity.keys().into_iter().filter(|(key, strong)| {
                *strong && key.split_once('=').is_some_and(|(_, value)| value.starts_with('/') && within(&value.to_lowercase()))
            });
            hashes.extend(keys.map(|(key, _)| entity_hash(&Kind::met(entity.kind()), key)));
        }
        let machine = MACHINES.iter().find_map(|kind| id.split_once(kind)).map(|(_, name)| name.to_owned());
        (!hashes.is_empty()).then_some(Self { machine: machine.filter(|name| !name.contains('/')), id, hashes })
    }

    /// The rows of a table that are about the resource.
    pub(super) fn within(&self, provider: Arc<dyn TableProvider>) -> Arc<dyn TableProvider> {
        match self.plan(&provider) {
            Some(plan) => Arc::new(ViewTable::new(plan, None)),
            None => provider,
        }
    }

    fn plan(&self, provider: &Arc<dyn TableProvider>) -> Option<LogicalPlan> {
        let condition = self.condition(&provider.schema());
        // A table can always be read whole and held against columns of its own.
        let scan = LogicalPlanBuilder::scan("stored", provider_as_source(Arc::clone(provider)), None).ok()?;
        scan.filter(condition).and_then(LogicalPlanBuilder::build).ok()
    }

    fn condition(&self, schema: &SchemaRef) -> Expr {
        let text = |name: &'static str| Text::of(schema, name);
        let resources: Vec<Text> = RESOURCE.into_iter().filter_map(text).collect();
        let own = resources.iter().flat_map(|column| [column.is(&self.id), column.begins(&format!("{}/", self.id))]);
        let mut either: Vec<Expr> = own.collect();
        if schema.field_with_name(ENTITIES).is_ok_and(|field| matches!(field.data_type(), DataType::List(_))) {
            let wanted = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(self.hashes.iter().copied().map(Some))]);
            let wanted = Expr::Literal(ScalarValue::List(Arc::new(wanted)), None);
            either.push(array_has_any_udf().call(vec![Expr::Column(Column::from_name(ENTITIES)), wanted]).is_true());
        }
        if let (Some(name), Some(column)) = (&self.machine, text(MACHINE)) {
            let named = column.is(name).or(column.begins(&format!("{name}.")));
            // Machines of two groups may have one name: what says its resource says which it is.
            either.push(resources.iter().map(Text::blank).fold(named, Expr::and));
        }
        either.into_iter().reduce(Expr::or).unwrap_or_else(|| lit(false))
    }
}

/// A column of texts.
struct Text {
    column: Expr,
    kind: DataType,
}

impl Text {
    fn of(schema: &SchemaRef, name: &str) -> Option<Self> {
        let kind = schema.field_with_name(name).ok()?.data_type().clone();
        let is_text = matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        is_text.then(|| Self { column: Expr::Column(Column::from_name(name)), kind })
    }

    fn literal(&self, text: String) -> Expr {
        lit(match self.kind {
            DataType::Utf8View => ScalarValue::Utf8View(Some(text)),
            DataType::LargeUtf8 => ScalarValue::LargeUtf8(Some(text)),
            _ => ScalarValue::Utf8(Some(text)),
        })
    }

    /// Whether it is a text, in any case.
    fn is(&self, text: &str) -> Expr {
        self.column.clone().ilike(self.literal(pattern(text))).is_true()
    }

    /// Whether it begins with a text, in any case.
    fn begins(&self, text: &str) -> Expr {
        self.column.clone().ilike(self.literal(pattern(text) + "%")).is_true()
    }

    fn blank(&self) -> Expr {
        self.column.clone().is_null().or(self.column.clone().eq(self.literal(String::new())))
    }
}

/// A text as a pattern that matches nothing else.
fn pattern(text: &str) -> String {
    text.chars().flat_map(|letter| ['%', '_', '\\'].contains(&letter).then_some('\\').into_iter().chain([letter])).collect()
}

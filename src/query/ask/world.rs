//! What a KQL text may name on a snapshot: tables, functions, saved queries, the entity graph.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;

use super::super::Context;
use super::super::explore;
use super::super::kql::bind::{Explored, Refusal, Schemas, StoredFunction, TableFunction};
use super::super::kql::bound::{Constant, ExternalFormat, Field};
use super::super::kql::diagnostics::Code;
use super::super::kql::external;
use super::super::kql::graph::PatternGraph;
use super::super::kql::lower::{LowerError, Tables};
use super::super::kql::rows::RowsOperator;
use super::super::kql::tree::{Place, ScalarType};
use super::super::kql::types::UNIX_EPOCH_TICKS;
use super::super::library::{Body, Library};
use super::super::live_graph::{self, LiveGraph};
use super::super::reference;
use super::super::session::{Source, planning};
use super::{outside, walks};
use crate::catalog::tables::{self, ColumnType};
use crate::columns::kind_of_field;
use crate::model::{Fault, Time};

/// The name of the live entity graph: `graph("entities")`.
const ENTITY_GRAPH: &str = "entities";

/// The column that holds the time of a row.
const TIME: &str = "TimeGenerated";

/// The tables of a source, and what a context knows beside them.
pub(super) struct World<'a> {
    source: &'a Source,
    context: Option<&'a Context>,
    library: OnceLock<Library>,
    /// Tables that the text names: one of hundreds of columns takes long to describe, and is asked for more than once.
    named: Mutex<HashMap<String, Option<Arc<dyn TableProvider>>>>,
}

impl<'a> World<'a> {
    /// What a source shows; with a context, saved queries and functions too.
    pub(super) fn new(source: &'a Source, context: Option<&'a Context>) -> Self {
        Self { source, context, library: OnceLock::new(), named: Mutex::default() }
    }

    /// A table by its exact name.
    fn provider(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        // Whoever panicked with it left no table half written.
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = named.get(name) {
            return known.clone();
        }
        let found = self.source.table(name);
        named.insert(name.to_owned(), found.clone());
        found
    }

    /// Saved queries and functions, read once a text names one.
    fn library(&self) -> &Library {
        self.library.get_or_init(|| match self.context.map(Library::of) {
            Some(Ok(library)) => library,
            // Without what people added, what comes with clew is still there.
            Some(Err(fault)) => {
                tracing::warn!(code = fault.code, "saved queries cannot be read: {}", fault.message);
                Library::built_in()
            }
            None => Library::built_in(),
        })
    }
}

/// The type of the language for one of the catalog.
pub(super) fn scalar(kind: ColumnType) -> ScalarType {
    ScalarType::from_word(kind.as_str()).unwrap_or(ScalarType::Dynamic)
}

/// The name of a table without that of its workspace.
fn bare(table: &str) -> &str {
    table.rsplit_once(").").map_or(table, |(_, name)| name)
}

/// Ticks of an instant.
pub(super) fn ticks(time: Time) -> i64 {
    time.micros().saturating_mul(10).saturating_add(UNIX_EPOCH_TICKS)
}

fn fields(provider: &dyn TableProvider) -> Vec<Field> {
    provider.schema().fields().iter().map(|field| (field.name().clone(), scalar(kind_of_field(field)))).collect()
}

fn typed(columns: &[(&str, ColumnType)]) -> Vec<Field> {
    columns.iter().map(|(name, kind)| ((*name).to_owned(), scalar(*kind))).collect()
}

fn refusal(code: Code, fault: Fault) -> Refusal {
    Refusal { code, message: fault.message, help: fault.hint }
}

impl Schemas for World<'_> {
    fn table(&self, name: &str) -> Option<Vec<Field>> {
        let mut fields = fields(self.provider(name)?.as_ref());
        if let Some(alias) = tables::time_alias(bare(name))
            && fields.iter().any(|(name, kind)| name == TIME && *kind == ScalarType::DateTime)
        {
            // Events may bring the other name along: what they say in it became the time of the row.
            fields.retain(|(name, _)| name != alias);
            let place = fields.iter().position(|(name, _)| name == TIME).map_or(fields.len(), |place| place + 1);
            fields.insert(place, (alias.to_owned(), ScalarType::DateTime));
        }
        Some(fields)
    }

    fn has_table(&self, name: &str) -> bool {
        self.provider(name).is_some()
    }

    fn stored_column(&self, table: &str, column: &str) -> Option<&'static str> {
        tables::time_alias(bare(table)).filter(|alias| *alias == column).map(|_| TIME)
    }

    fn tables(&self) -> Vec<String> {
        self.source.names()
    }

    fn workspace(&self, name: &str) -> Option<String> {
        self.source.workspace(name)
    }

    fn function(&self, name: &str) -> Option<&StoredFunction> {
        self.library().function(name)
    }

    fn functions(&self) -> Vec<String> {
        self.library().functions().map(|(function, _)| function.name.clone()).collect()
    }

    fn table_function(&self, name: &str) -> Option<TableFunction> {
        if let Some(walk) = walks::find(name).filter(|_| self.context.is_some()) {
            let parameters = walk.parameters.iter().map(|(name, kind)| ((*name).to_owned(), *kind, false)).collect();
            let columns = walk.columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
            return Some(TableFunction { takes_rows: true, parameters, columns, keeps_rows: walk.keeps_rows });
        }
        let (_, call) = self.source.functions.iter().find(|(known, _)| known == name)?;
        let parameters = call.parameters().iter().map(|(name, kind, required)| ((*name).to_owned(), scalar(*kind), *required)).collect();
        Some(TableFunction { takes_rows: false, parameters, columns: typed(call.columns()), keeps_rows: false })
    }

    fn table_functions(&self) -> Vec<String> {
        let walks = walks::ALL.iter().filter(|_| self.context.is_some()).map(|walk| walk.name.to_owned());
        let explore = self.context.map(|_| "explore".to_owned());
        self.source.functions.iter().map(|(name, _)| name.clone()).chain(walks).chain(explore).collect()
    }

    fn exploration(&self, name: &str, entity: Option<&str>) -> Result<Explored<'_>, Refusal> {
        let Some(entity) = entity else {
            let query = self.library().find(name, None).map_err(|fault| refusal(Code::UnknownExploration, fault))?;
            return match &query.body {
                Body::Kql(_, function) => Ok(Explored::Query(function, Vec::new())),
                Body::Graph(_) => Ok(Explored::Rows(Vec::new())),
            };
        };
        let Some(context) = self.context else {
            let message = "expected a data directory: there is no entity without one".to_owned();
            return Err(Refusal { code: Code::UnknownEntity, message, help: None });
        };
        let graph = &context.snapshot.graph;
        let start = reference::entity(graph, entity).map_err(|fault| refusal(Code::UnknownEntity, fault))?;
        let kind = graph.entity_node(start).map(|entity| entity.kind().to_owned()).unwrap_or_default();
        let query = self.library().find(name, Some(&kind)).map_err(|fault| refusal(Code::UnknownExploration, fault))?;
        let Body::Kql(_, function) = &query.body else {
            let Body::Graph(question) = query.body else { return Ok(Explored::Rows(Vec::new())) };
            return Ok(Explored::Rows(typed(explore::graph_columns(question))));
        };
        let window = explore::whole_window(context, start, query).map_err(|fault| refusal(Code::UnknownEntity, fault))?;
        let known = explore::parameters(context, start, &window).map_err(|fault| refusal(Code::UnknownEntity, fault))?;
        let text = |name: &str| known.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let instant = |time: Option<Time>, open: i64| Constant::DateTime(time.map_or(open, ticks));
        Ok(Explored::Query(
            function,
            vec![
                ("entity", Constant::Dynamic(known.get("entity").map(ToString::to_string).unwrap_or_default().into()), ScalarType::Dynamic),
                ("begin", instant(window.from, 0), ScalarType::DateTime),
                ("end", instant(window.to, super::super::kql::types::LAST_TICK), ScalarType::DateTime),
                ("value", Constant::text(&text("value")), ScalarType::String),
                ("image", Constant::text(&text("image")), ScalarType::String),
                ("reference", Constant::text(&text("reference")), ScalarType::String),
            ],
        ))
    }

    fn watchlist(&self, name: &str) -> Option<Vec<Field>> {
        let columns = self.source.watchlists.as_ref()?.columns(name)?;
        Some(columns.into_iter().map(|(name, kind)| (name, scalar(kind))).collect())
    }

    fn explorations(&self) -> Vec<(String, String)> {
        self.library().queries().map(|(_, query)| (query.name.clone(), query.title.clone())).collect()
    }

    fn graph(&self, name: &str) -> Option<(Vec<Field>, Vec<Field>)> {
        (name == ENTITY_GRAPH && self.source.graph.is_some()).then(live_graph::properties)
    }
}

impl Tables for World<'_> {
    fn table(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        self.provider(name)
    }

    fn is_empty(&self, name: &str) -> bool {
        self.source.is_empty(name)
    }

    fn watchlist(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        let found = self.source.watchlists.as_ref()?.table(name);
        found.unwrap_or_else(|fault| {
            tracing::error!(code = fault.code, message = %fault.message, "a watchlist cannot be read");
            None
        })
    }

    fn function(&self, name: &str, arguments: &[Constant]) -> Result<Arc<dyn TableProvider>, LowerError> {
        planning::step()?;
        let unknown = || LowerError::unsupported(format!("function `{name}`"), Place::default());
        let texts = texts(arguments);
        let batch = if name == "explore" {
            let context = self.context.ok_or_else(unknown)?;
            let text = |place: usize| texts.get(place).cloned().flatten().unwrap_or_default();
            let failed = |fault: Fault| LowerError::value(fault.message, Place::default());
            explore::rows_of_graph(context, self.library(), &text(0), &text(1), &self.source.cuts).map_err(failed)?
        } else {
            let (_, call) = self.source.functions.iter().find(|(known, _)| known == name).ok_or_else(unknown)?;
            call.rows(&texts)?
        };
        Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
    }

    fn operator(&self, name: &str, arguments: &[Constant], rows: &[(String, ScalarType)]) -> Result<Arc<dyn RowsOperator>, LowerError> {
        let unknown = || LowerError::unsupported(format!("`{name}` over rows"), Place::default());
        let (walk, context) = (walks::find(name).ok_or_else(unknown)?, self.context.ok_or_else(unknown)?);
        walk.operator(context, &self.source.cuts, arguments, rows).map_err(|fault| LowerError::value(fault.message, Place::default()))
    }

    fn graph(&self, name: &str, arguments: &[Constant]) -> Result<Arc<dyn PatternGraph>, LowerError> {
        let Some(graph) = self.source.graph.as_ref().filter(|_| name == ENTITY_GRAPH) else {
            return Err(LowerError::unsupported(format!("the graph `{name}`"), Place::default()));
        };
        let until = match arguments {
            [] => None,
            [Constant::DateTime(ticks)] => Some(Time::from_micros((ticks - UNIX_EPOCH_TICKS).div_euclid(10))),
            _ => {
                return Err(LowerError::value(
                    "expected an instant behind the name of the graph, as in `graph('entities', ago(1d))`",
                    Place::default(),
                ));
            }
        };
        Ok(Arc::new(LiveGraph::new(graph.clone(), until)))
    }

    fn external(
        &self,
        sources: &[String],
        format: ExternalFormat,
        properties: &[(String, Constant)],
        columns: &[(String, ScalarType)],
    ) -> Result<Arc<dyn TableProvider>, LowerError> {
        let Some(context) = self.context else {
            return Err(LowerError::unsupported("`externaldata` without a data directory", Place::default()));
        };
        let mut left = external::BYTES_MAX;
        let mut take = |source: &String| {
            let file = outside::file(&context.external, source)?;
            let rest = left.checked_sub(file.bytes.len() as u64);
            left = rest.ok_or(LowerError::Limit { name: "external_bytes_max", limit: external::BYTES_MAX, place: None })?;
            Ok(file)
        };
        let files = sources.iter().map(&mut take).collect::<Result<Vec<_>, LowerError>>()?;
        let batch = external::rows(files, format, properties, columns)?;
        Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
    }
}

/// Arguments as the functions of the session take them.
fn texts(arguments: &[Constant]) -> Vec<Option<String>> {
    let text = |argument: &Constant| match argument {
        // No text is ever null: the empty one stands for an argument that is left out.
        Constant::String(text) | Constant::Guid(text) | Constant::Dynamic(text) => Some(text.to_string()).filter(|text| !text.is_empty()),
        Constant::Long(number) => Some(number.to_string()),
        Constant::Int(number) => Some(number.to_string()),
        Constant::Bool(value) => Some(value.to_string()),
        Constant::DateTime(ticks) => Some(Time::from_micros((ticks - UNIX_EPOCH_TICKS).div_euclid(10)).to_string()),
        Constant::Null | Constant::Real(_) | Constant::Decimal(_) | Constant::Timespan(_) => None,
    };
    arguments.iter().map(text).collect()
}

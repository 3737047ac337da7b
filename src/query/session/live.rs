//! Tables of the present state, made when a query reads them: `Alerts`, `Incidents`, `Entities`, `Relations` of the entity graph, whose
//! stored counterparts keep every version, and `DynamicSummary` of what notebooks left behind.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

use super::super::lists::{alert_row, entity_row, incident_row};
use super::super::{Context, Snapshot, render};
use super::summaries;
use crate::columns::{ColumnType, TYPE_KEY, arrow_type};
use crate::graph::{Direction, Edge, EdgeFilter, NodeId, NodeRef};
use crate::model::Time;

/// Nodes whose rows are made at a time.
const NODES: usize = 4_096;
/// Edges whose rows are made at a time, however many one node has: what a sort takes in one piece has to fit into the memory of a query.
const EDGES: usize = 8_192;

/// Columns of a table with their types.
pub(super) type Columns = &'static [(&'static str, ColumnType)];

/// The arrays of a table, part by part.
pub(super) type Parts = Box<dyn Iterator<Item = Result<Vec<ArrayRef>>> + Send>;

/// A table of the present state.
pub(super) struct Live {
    pub(super) name: &'static str,
    pub(super) columns: Columns,
    /// Whether a workspace has it; looked at for every query, so it reads nothing to speak of.
    pub(super) is_there: fn(&Snapshot) -> bool,
    pub(super) rows: fn(&Snapshot) -> u64,
    pub(super) read: fn(Arc<Snapshot>) -> Parts,
}

/// The rows of some nodes, in their order.
fn of_nodes(snapshot: Arc<Snapshot>, nodes: Vec<NodeId>, build: fn(&Snapshot, &[NodeId]) -> Vec<ArrayRef>) -> Parts {
    Box::new((0..nodes.len()).step_by(NODES).map(move |at| Ok(build(&snapshot, &nodes[at..nodes.len().min(at + NODES)]))))
}

/// The rows of all edges, those of a node one behind the other.
fn of_edges(snapshot: Arc<Snapshot>) -> Parts {
    let mut nodes = all_nodes(&snapshot).into_iter();
    let mut waiting = VecDeque::new();
    Box::new(std::iter::from_fn(move || {
        while waiting.len() < EDGES
            && let Some(node) = nodes.next()
        {
            waiting.extend(edges(&snapshot, node));
        }
        let part: Vec<Edge> = waiting.drain(..waiting.len().min(EDGES)).collect();
        (!part.is_empty()).then(|| Ok(relations(&snapshot, &part)))
    }))
}

const LIVE: [Live; 5] = [
    Live {
        name: "Alerts",
        columns: &[
            ("AlertId", ColumnType::String),
            ("Title", ColumnType::String),
            ("Severity", ColumnType::String),
            ("Status", ColumnType::String),
            ("ProductName", ColumnType::String),
            ("ProviderName", ColumnType::String),
            ("AlertType", ColumnType::String),
            ("Tactics", ColumnType::String),
            ("Techniques", ColumnType::String),
            ("IncidentIds", ColumnType::String),
            ("EntityCount", ColumnType::Int),
            ("StartTime", ColumnType::DateTime),
            ("EndTime", ColumnType::DateTime),
            ("TimeGenerated", ColumnType::DateTime),
            ("_Seq", ColumnType::Long),
        ],
        rows: |snapshot| snapshot.graph.alert_counts().iter().flatten().map(|n| u64::from(*n)).sum(),
        is_there: |_| true,
        read: |snapshot| {
            let nodes = snapshot.graph.all_alerts().map(|alert| alert.node()).collect();
            of_nodes(snapshot, nodes, alerts)
        },
    },
    Live {
        name: "Incidents",
        columns: &[
            ("IncidentId", ColumnType::String),
            ("IncidentNumber", ColumnType::Long),
            ("Title", ColumnType::String),
            ("Severity", ColumnType::String),
            ("Status", ColumnType::String),
            ("Owner", ColumnType::String),
            ("Classification", ColumnType::String),
            ("Tags", ColumnType::String),
            ("ProductNames", ColumnType::String),
            ("Tactics", ColumnType::String),
            ("AlertCount", ColumnType::Int),
            ("FirstActivityTime", ColumnType::DateTime),
            ("LastActivityTime", ColumnType::DateTime),
            ("CreatedTime", ColumnType::DateTime),
            ("LastModifiedTime", ColumnType::DateTime),
            ("_Seq", ColumnType::Long),
        ],
        rows: |snapshot| snapshot.graph.incident_counts().iter().flatten().map(|n| u64::from(*n)).sum(),
        is_there: |_| true,
        read: |snapshot| {
            let nodes = snapshot.graph.all_incidents().map(|incident| incident.node()).collect();
            of_nodes(snapshot, nodes, incidents)
        },
    },
    Live {
        name: "Entities",
        columns: &[
            ("EntityId", ColumnType::String),
            ("Kind", ColumnType::String),
            ("Label", ColumnType::String),
            ("Keys", ColumnType::String),
            ("Degree", ColumnType::Long),
            ("FirstTime", ColumnType::DateTime),
            ("LastTime", ColumnType::DateTime),
        ],
        rows: |snapshot| snapshot.graph.all_entities().count() as u64,
        is_there: |_| true,
        read: |snapshot| {
            let nodes = snapshot.graph.all_entities().collect();
            of_nodes(snapshot, nodes, entities)
        },
    },
    Live {
        name: "Relations",
        columns: &[
            ("SourceId", ColumnType::String),
            ("Relation", ColumnType::String),
            ("TargetId", ColumnType::String),
            ("Role", ColumnType::String),
            ("Rule", ColumnType::String),
            ("FirstTime", ColumnType::DateTime),
            ("LastTime", ColumnType::DateTime),
            ("Count", ColumnType::Long),
        ],
        rows: |snapshot| all_nodes(snapshot).into_iter().map(|node| edges(snapshot, node).count() as u64).sum(),
        is_there: |_| true,
        read: of_edges,
    },
    summaries::TABLE,
];

/// Every table of the present state, under its name.
pub(super) fn tables(context: &Context) -> Vec<(String, Arc<dyn TableProvider>)> {
    let table = |live: &'static Live| {
        let provider: Arc<dyn TableProvider> = Arc::new(LiveTable { snapshot: Arc::clone(&context.snapshot), schema: schema(live), live });
        (live.name.to_owned(), provider)
    };
    LIVE.iter().filter(|live| (live.is_there)(&context.snapshot)).map(table).collect()
}

/// Rows of every table of the present state.
pub(super) fn counts(context: &Context) -> Vec<(&'static str, u64)> {
    let there = LIVE.iter().filter(|live| (live.is_there)(&context.snapshot));
    there.map(|live| (live.name, (live.rows)(&context.snapshot))).collect()
}

fn schema(live: &Live) -> SchemaRef {
    Arc::new(Schema::new(live.columns.iter().map(|(name, kind)| field(name, *kind)).collect::<Vec<_>>()))
}

/// A nullable column that says its Kusto type.
pub(in super::super) fn field(name: &str, kind: ColumnType) -> Field {
    Field::new(name, arrow_type(kind), true).with_metadata([(TYPE_KEY.to_owned(), kind.as_str().to_owned())].into())
}

/// A table whose rows are made when they are read, and no more of them than that.
struct LiveTable {
    snapshot: Arc<Snapshot>,
    schema: SchemaRef,
    live: &'static Live,
}

impl std::fmt::Debug for LiveTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveTable").field("name", &self.live.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for LiveTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = Self { snapshot: Arc::clone(&self.snapshot), schema: Arc::clone(&self.schema), live: self.live };
        Ok(Arc::new(StreamingTableExec::try_new(Arc::clone(&self.schema), vec![Arc::new(rows)], projection, None, false, limit)?))
    }
}

impl PartitionStream for LiveTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _task: Arc<TaskContext>) -> SendableRecordBatchStream {
        let schema = Arc::clone(&self.schema);
        let parts = (self.live.read)(Arc::clone(&self.snapshot));
        let batches = parts.map(move |part| Ok(RecordBatch::try_new(Arc::clone(&schema), part?)?));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), futures::stream::iter(batches)))
    }
}

pub(super) fn text<I: AsRef<str>>(values: impl Iterator<Item = Option<I>>) -> ArrayRef {
    Arc::new(values.collect::<StringViewArray>())
}

pub(super) fn times(values: impl Iterator<Item = Option<Time>>) -> ArrayRef {
    Arc::new(values.map(|time| time.map(Time::micros)).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}

fn longs(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

fn ints(values: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(values.map(|value| Some(i32::try_from(value).unwrap_or(i32::MAX))).collect::<Int32Array>())
}

fn alerts(snapshot: &Snapshot, nodes: &[NodeId]) -> Vec<ArrayRef> {
    let graph = &snapshot.graph;
    let alerts: Vec<_> = nodes.iter().filter_map(|node| graph.alert_node(*node)).collect();
    let rows: Vec<_> = alerts.iter().map(|alert| alert_row(graph, alert)).collect();
    vec![
        text(rows.iter().map(|row| Some(&row.id))),
        text(rows.iter().map(|row| Some(&row.title))),
        text(rows.iter().map(|row| Some(&row.severity))),
        text(rows.iter().map(|row| Some(&row.status))),
        text(rows.iter().map(|row| Some(&row.product))),
        text(alerts.iter().map(|alert| Some(alert.provider()))),
        text(alerts.iter().map(|alert| Some(alert.alert_type()))),
        text(rows.iter().map(|row| Some(row.tactics.join(", ")))),
        text(alerts.iter().map(|alert| Some(alert.techniques().collect::<Vec<_>>().join(", ")))),
        text(rows.iter().map(|row| Some(row.incidents.join(", ")))),
        ints(rows.iter().map(|row| row.entities)),
        times(rows.iter().map(|row| row.start)),
        times(rows.iter().map(|row| row.end)),
        times(alerts.iter().map(|alert| alert.created().or(alert.time()))),
        longs(rows.iter().map(|row| Some(row.seq as i64))),
    ]
}

fn incidents(snapshot: &Snapshot, nodes: &[NodeId]) -> Vec<ArrayRef> {
    let graph = &snapshot.graph;
    let rows: Vec<_> = nodes.iter().filter_map(|node| graph.incident_node(*node)).map(|incident| incident_row(graph, &incident)).collect();
    vec![
        text(rows.iter().map(|row| Some(&row.id))),
        longs(rows.iter().map(|row| row.number)),
        text(rows.iter().map(|row| Some(&row.title))),
        text(rows.iter().map(|row| Some(&row.severity))),
        text(rows.iter().map(|row| Some(&row.status))),
        text(rows.iter().map(|row| row.owner.as_ref())),
        text(rows.iter().map(|row| row.classification.as_ref())),
        text(rows.iter().map(|row| Some(row.tags.join(", ")))),
        text(rows.iter().map(|row| Some(row.products.join(", ")))),
        text(rows.iter().map(|row| Some(row.tactics.join(", ")))),
        ints(rows.iter().map(|row| row.alerts)),
        times(rows.iter().map(|row| row.first_activity)),
        times(rows.iter().map(|row| row.last_activity)),
        times(rows.iter().map(|row| row.created)),
        times(rows.iter().map(|row| row.modified)),
        longs(rows.iter().map(|row| Some(row.seq as i64))),
    ]
}

fn entities(snapshot: &Snapshot, nodes: &[NodeId]) -> Vec<ArrayRef> {
    let graph = &snapshot.graph;
    let entities: Vec<_> = nodes.iter().filter_map(|node| graph.entity_node(*node)).collect();
    let rows: Vec<_> = entities.iter().map(|entity| entity_row(graph, entity)).collect();
    vec![
        text(rows.iter().map(|row| Some(&row.id))),
        text(rows.iter().map(|row| Some(&row.kind))),
        text(rows.iter().map(|row| Some(&row.label))),
        text(entities.iter().map(|entity| Some(entity.keys().into_iter().map(|(key, _)| key).collect::<Vec<_>>().join(", ")))),
        longs(rows.iter().map(|row| Some(row.degree as i64))),
        times(rows.iter().map(|row| row.first)),
        times(rows.iter().map(|row| row.last)),
    ]
}

fn all_nodes(snapshot: &Snapshot) -> Vec<NodeId> {
    let graph = &snapshot.graph;
    let records = graph.all_alerts().map(|alert| alert.node()).chain(graph.all_incidents().map(|incident| incident.node()));
    graph.all_entities().chain(records).collect()
}

/// The outgoing edges of a node: those of all nodes are every edge of the present state, once.
fn edges(snapshot: &Snapshot, node: NodeId) -> impl Iterator<Item = Edge> + '_ {
    let out = EdgeFilter { direction: Direction::Out, ..EdgeFilter::default() };
    snapshot.graph.edges(node, &out)
}

fn relations(snapshot: &Snapshot, edges: &[Edge]) -> Vec<ArrayRef> {
    let graph = &snapshot.graph;
    let mut names = hashbrown::HashMap::new();
    let mut name = |node: NodeId| match graph.node(node) {
        NodeRef::Entity(_) => names.entry(node).or_insert_with(|| render::reference(graph, node)).clone(),
        NodeRef::Alert(_) | NodeRef::Incident(_) => render::reference(graph, node),
    };
    let sources: Vec<String> = edges.iter().map(|edge| name(edge.from)).collect();
    let targets: Vec<String> = edges.iter().map(|edge| name(edge.to)).collect();
    vec![
        text(sources.iter().map(Some)),
        text(edges.iter().map(|edge| Some(graph.relation(edge)))),
        text(targets.iter().map(Some)),
        text(edges.iter().map(|edge| graph.role(edge))),
        text(edges.iter().map(|edge| Some(graph.rule(edge)))),
        times(edges.iter().map(|edge| edge.first)),
        times(edges.iter().map(|edge| edge.last)),
        longs(edges.iter().map(|edge| Some(i64::from(edge.count)))),
    ]
}

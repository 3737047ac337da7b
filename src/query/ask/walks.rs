//! Functions that work on the rows of a query and on the entity graph: `T | evaluate entities()`, `T | evaluate expand(hops=2)`.
//!
//! Rows name entities by `_Entities`, which every stored row has, or by references in a column, as the functions of the graph give them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray, UInt32Array};
use arrow::compute::take;
use hashbrown::{HashMap, HashSet};

use super::super::kql::bound::Constant;
use super::super::kql::functions::KernelError;
use super::super::kql::rows::{RowsOperator, Running};
use super::super::kql::tree::ScalarType;
use super::super::kql::types::UNIX_EPOCH_TICKS;
use super::super::session::Cuts;
use super::super::{Context, graph as questions, reference, render};
use super::world::ticks;
use crate::catalog::entities;
use crate::graph::{Cut, EdgeFilter, NodeId, Scope};
use crate::model::{Fault, FaultClass, Kind, Relation, Time};
use ScalarType::{DateTime, Dynamic, Long, String as Text};

/// Hops at the most.
const HOPS_MAX: i64 = 16;
/// Nodes of one answer when the call names no limit.
const NODES_MAX: usize = 10_000;
/// Edges that each node of an expansion gives: all, as long as the walk may read edges at all.
const NEWEST_PER_NODE: usize = usize::MAX;
/// Columns that hold references of nodes, the first of which is taken.
const REFERENCES: &[&str] = &["Node", "EntityId", "Target", "TargetId", "Source", "SourceId", "Id"];

/// A function over rows.
pub(super) struct Walk {
    pub(super) name: &'static str,
    pub(super) parameters: &'static [(&'static str, ScalarType)],
    pub(super) columns: &'static [(&'static str, ScalarType)],
    pub(super) keeps_rows: bool,
}

/// Every function over rows.
pub(super) const ALL: &[Walk] = &[
    Walk {
        name: "entities",
        parameters: &[("column", Text)],
        columns: &[("EntityId", Text), ("EntityKind", Text), ("EntityLabel", Text)],
        keeps_rows: true,
    },
    Walk {
        name: "expand",
        parameters: &[
            ("hops", Long),
            ("kinds", Text),
            ("relations", Text),
            ("begin", DateTime),
            ("end", DateTime),
            ("limit", Long),
            ("column", Text),
        ],
        columns: &[
            ("Node", Text),
            ("Kind", Text),
            ("Label", Text),
            ("Hops", Long),
            ("Via", Text),
            ("Relation", Text),
            ("FirstTime", DateTime),
            ("LastTime", DateTime),
        ],
        keeps_rows: false,
    },
];

/// The function of a name.
pub(super) fn find(name: &str) -> Option<&'static Walk> {
    ALL.iter().find(|walk| walk.name == name)
}

/// How the nodes of a row are known.
#[derive(Clone, Copy, Debug)]
enum Naming {
    /// Hashes in a JSON array.
    Hashes(usize),
    /// References in a text or a JSON array of texts.
    References(usize),
}

impl Naming {
    fn of(rows: &[(String, ScalarType)], asked: Option<&str>) -> Result<Self, Fault> {
        let place = |wanted: &str| rows.iter().position(|(name, kind)| name == wanted && matches!(kind, Text | Dynamic));
        let missing = |message: String| {
            Fault::new(FaultClass::Invalid, "walk_column", message).with_hint("keep `_Entities`, or name a column with references of nodes")
        };
        if let Some(asked) = asked {
            let found = place(asked).ok_or_else(|| missing(format!("expected a column `{asked}` with references, found none")))?;
            return Ok(if asked == "_Entities" { Self::Hashes(found) } else { Self::References(found) });
        }
        match (place("_Entities"), REFERENCES.iter().find_map(|name| place(name))) {
            (Some(place), _) => Ok(Self::Hashes(place)),
            (None, Some(place)) => Ok(Self::References(place)),
            (None, None) => Err(missing(format!("expected rows with `_Entities` or one of {}, found neither", REFERENCES.join(", ")))),
        }
    }
}

#[derive(Clone)]
struct Rows {
    context: Context,
    naming: Naming,
}

impl Rows {
    /// The nodes that each row names.
    fn nodes(&self, rows: &RecordBatch, running: &Running) -> Result<Vec<Vec<NodeId>>, KernelError> {
        let (Naming::Hashes(place) | Naming::References(place)) = self.naming;
        let column = rows.column(place).as_string_view_opt().ok_or_else(|| KernelError::new("expected texts in the column of nodes"))?;
        let graph = &self.context.snapshot.graph;
        let cell = |row: usize| if column.is_null(row) { "" } else { column.value(row) };
        if let Naming::References(_) = self.naming {
            let mut known: HashMap<String, Option<NodeId>> = HashMap::new();
            let mut nodes = Vec::with_capacity(rows.num_rows());
            for row in 0..rows.num_rows() {
                if row % 1_024 == 0 {
                    running.go_on()?;
                }
                let text = cell(row);
                let names = match serde_json::from_str::<Vec<String>>(text) {
                    Ok(names) => names,
                    Err(_) if text.is_empty() => Vec::new(),
                    Err(_) => vec![text.to_owned()],
                };
                let find = |name: String| *known.entry(name.clone()).or_insert_with(|| reference::node(graph, &name).ok());
                nodes.push(names.into_iter().filter_map(find).collect());
            }
            return Ok(nodes);
        }
        let lists: Vec<Vec<i64>> = (0..rows.num_rows()).map(|row| serde_json::from_str(cell(row)).unwrap_or_default()).collect();
        let wanted: HashSet<i64> = lists.iter().flatten().copied().collect();
        let mut by_hash: HashMap<i64, NodeId> = HashMap::with_capacity(wanted.len());
        for (count, node) in graph.all_entities().enumerate() {
            if by_hash.len() == wanted.len() {
                break;
            }
            if count % 1_024 == 0 {
                running.go_on()?;
            }
            let hashes = questions::hashes(&self.context, node).into_iter().filter(|hash| wanted.contains(hash));
            by_hash.extend(hashes.map(|hash| (hash, node)));
        }
        let of_row = |hashes: Vec<i64>| {
            let mut nodes: Vec<NodeId> = hashes.iter().filter_map(|hash| by_hash.get(hash).copied()).collect();
            nodes.sort_unstable();
            nodes.dedup();
            nodes
        };
        Ok(lists.into_iter().map(of_row).collect())
    }
}

/// `entities`
struct Entities(Rows);

/// `expand`
struct Expand {
    rows: Rows,
    filter: EdgeFilter,
    scope: Scope,
    cuts: Cuts,
}

impl std::fmt::Debug for Entities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entities").field("naming", &self.0.naming).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Expand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expand").field("naming", &self.rows.naming).field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl Walk {
    /// The operator for constant arguments and rows with these columns.
    pub(super) fn operator(
        &self,
        context: &Context,
        cuts: &Cuts,
        arguments: &[Constant],
        rows: &[(String, ScalarType)],
    ) -> Result<Arc<dyn RowsOperator>, Fault> {
        let argument = |name: &str| {
            let place = self.parameters.iter().position(|(parameter, _)| *parameter == name)?;
            arguments.get(place).filter(|value| **value != Constant::Null)
        };
        let text = |name: &str| match argument(name) {
            Some(Constant::String(text)) if !text.trim().is_empty() => Some(text.to_string()),
            _ => None,
        };
        let rows = Rows { context: context.clone(), naming: Naming::of(rows, text("column").as_deref())? };
        if self.name == "entities" {
            return Ok(Arc::new(Entities(rows)));
        }
        let number = |name: &str, default: i64, most: i64| match argument(name) {
            Some(Constant::Long(number)) if !(1..=most).contains(number) => {
                let message = format!("expected `{name}` from 1 to {most}, found {number}");
                Err(Fault::new(FaultClass::Invalid, "parameter_invalid", message))
            }
            Some(Constant::Long(number)) => Ok(*number),
            _ => Ok(default),
        };
        let instant = |name: &str| match argument(name) {
            Some(Constant::DateTime(ticks)) => Some(Time::from_micros((ticks - UNIX_EPOCH_TICKS).div_euclid(10))),
            _ => None,
        };
        let list = |name: &str| -> Vec<String> {
            text(name)
                .map(|text| text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect())
                .unwrap_or_default()
        };
        let window = crate::model::Window { from: instant("begin"), to: instant("end") };
        let kind = |name: &String| match name.as_str() {
            "alert" | "incident" => Kind::met(name.as_str()),
            other => entities::kind_named(other),
        };
        let filter = EdgeFilter {
            relations: list("relations").into_iter().map(Relation::met).collect(),
            kinds: list("kinds").iter().map(kind).collect(),
            window,
            ..EdgeFilter::default()
        };
        let nodes_max = number("limit", NODES_MAX as i64, 1_000_000)? as usize;
        let hops_max = number("hops", 1, HOPS_MAX)? as u32;
        let scope = Scope { window, hops_max, nodes_max, ..Scope::default() };
        Ok(Arc::new(Expand { rows, filter, scope, cuts: cuts.clone() }))
    }
}

fn texts(values: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<StringViewArray>())
}

impl RowsOperator for Entities {
    fn name(&self) -> &'static str {
        "entities"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let [rows] = inputs.as_slice() else { return Err(KernelError::new("`entities` has one input")) };
        let graph = &self.0.context.snapshot.graph;
        let (mut places, mut nodes) = (Vec::new(), Vec::new());
        for (row, found) in self.0.nodes(rows, running)?.into_iter().enumerate() {
            for node in found {
                places.push(row as u32);
                nodes.push(node);
            }
        }
        running.reserve(rows.get_array_memory_size().saturating_mul(places.len().max(1) / rows.num_rows().max(1) + 1))?;
        let places = UInt32Array::from(places);
        let failed = |error: arrow::error::ArrowError| KernelError::new(error.to_string());
        let mut columns = rows.columns().iter().map(|column| take(column, &places, None)).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let mut shown: HashMap<NodeId, (String, String, String)> = HashMap::new();
        for node in &nodes {
            shown.entry(*node).or_insert_with(|| {
                let shown = render::node(graph, *node);
                (shown.id, shown.kind, shown.label)
            });
        }
        columns.push(texts(nodes.iter().map(|node| shown[node].0.clone())));
        columns.push(texts(nodes.iter().map(|node| shown[node].1.clone())));
        columns.push(texts(nodes.iter().map(|node| shown[node].2.clone())));
        Ok(columns)
    }
}

impl RowsOperator for Expand {
    fn name(&self) -> &'static str {
        "expand"
    }

    fn run(&self, inputs: Vec<RecordBatch>, running: &Running) -> Result<Vec<ArrayRef>, KernelError> {
        let [rows] = inputs.as_slice() else { return Err(KernelError::new("`expand` has one input")) };
        let graph = &self.rows.context.snapshot.graph;
        let mut starts: Vec<NodeId> = self.rows.nodes(rows, running)?.into_iter().flatten().collect();
        let mut seen = HashSet::new();
        starts.retain(|node| seen.insert(*node));
        // What the rows name counts too: a walk from more nodes than may be given has no place to go.
        if starts.len() > self.scope.nodes_max {
            starts.truncate(self.scope.nodes_max);
            self.cuts.add("expand_limit");
        }
        let found = graph.hop(&starts, &self.filter, NEWEST_PER_NODE, &self.scope);
        match &found.extent.cut {
            Some(Cut::Nodes(_)) => self.cuts.add("expand_limit"),
            Some(Cut::Edges(_)) => self.cuts.add("expand_edges_max"),
            Some(Cut::Hops(_) | Cut::Results(_) | Cut::PerNode(_)) | None => {}
        }
        if !found.extent.hubs.is_empty() {
            self.cuts.add("hub_degree");
        }
        let hops: HashMap<NodeId, u32> = found.nodes.iter().map(|reached| (reached.node, reached.hops)).collect();
        // The first edge by which a node was reached from one that is nearer.
        let mut by: HashMap<NodeId, &crate::graph::Edge> = HashMap::new();
        for edge in &found.edges {
            for (near, far) in [(edge.from, edge.to), (edge.to, edge.from)] {
                if hops.get(&near).zip(hops.get(&far)).is_some_and(|(near, far)| near + 1 == *far) {
                    by.entry(far).or_insert(edge);
                }
            }
        }
        running.go_on()?;
        let shown: Vec<_> = found.nodes.iter().map(|reached| render::node(graph, reached.node)).collect();
        let of_edge = |give: fn(&crate::graph::Edge) -> Option<Time>| -> ArrayRef {
            let times = found.nodes.iter().map(|reached| by.get(&reached.node).and_then(|edge| give(edge)).map(ticks));
            Arc::new(times.collect::<Int64Array>())
        };
        let via = |reached: NodeId| by.get(&reached).map(|edge| render::reference(graph, edge.other(reached))).unwrap_or_default();
        let relation = |reached: NodeId| by.get(&reached).map(|edge| graph.relation(edge).to_owned()).unwrap_or_default();
        Ok(vec![
            texts(shown.iter().map(|node| node.id.clone())),
            texts(shown.iter().map(|node| node.kind.clone())),
            texts(shown.iter().map(|node| node.label.clone())),
            Arc::new(found.nodes.iter().map(|reached| Some(i64::from(reached.hops))).collect::<Int64Array>()),
            texts(found.nodes.iter().map(|reached| via(reached.node))),
            texts(found.nodes.iter().map(|reached| relation(reached.node))),
            of_edge(|edge| edge.first),
            of_edge(|edge| edge.last),
        ])
    }
}

//! The two shapes of every answer: a table and a subgraph, both saying whether they are whole.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

use crate::model::{AlertStatus, IncidentStatus, Severity, Time};

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Column {
    /// Name of the column.
    pub name: String,
    /// Kusto type of its cells: `string`, `datetime`, `int`, `long`, `real`, `decimal`, `bool`, `dynamic`, `guid`, `timespan`.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// Rows under named, typed columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Table {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The rows; a cell is null, bool, number, string, or any JSON for `dynamic`.
    #[schema(value_type = Vec<Vec<Value>>)]
    pub rows: Vec<Vec<Value>>,
    /// Whether these are all rows of the answer.
    pub complete: bool,
    /// Name of the limit that cut the answer (`rows_max`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How the query asks a client to draw the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub render: Option<Render>,
}

/// How rows are to be drawn; they are the same without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Render {
    /// The chart (`timechart`).
    pub chart: String,
    /// Its properties (`xcolumn`, `title`), as texts.
    pub properties: std::collections::BTreeMap<String, String>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the order that was asked for.
    pub value: Vec<T>,
    /// How many items match in all.
    pub total: u64,
    /// Whether nothing is left behind this page.
    pub complete: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A node of a subgraph: an entity, alert or incident.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Node {
    /// Reference that every command takes: `alert:ID`, `incident:ID` or `KIND:VALUE`.
    pub id: String,
    /// `alert`, `incident` or the entity's kind.
    pub kind: String,
    /// Short text for people.
    pub label: String,
    /// How many edges the node has in the whole graph.
    pub degree: u64,
    /// Kind-specific facts: severity, status and times of alerts and incidents, keys of entities.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub properties: Properties,
}

/// Facts of a node by its kind; absent ones are left out where they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Properties {
    /// Nothing is known beyond what it is called.
    #[default]
    None,
    /// Of an entity.
    Entity {
        /// Keys that identify it alone.
        keys: Vec<String>,
    },
    /// Of an alert.
    Alert {
        /// Its severity.
        severity: Severity,
        /// Its status.
        status: AlertStatus,
        /// The product that raised it; empty if none is said.
        product: String,
        /// When it began.
        start: Option<Time>,
        /// When it ended.
        end: Option<Time>,
        /// Whether a document speaks of it.
        seen: bool,
    },
    /// Of an incident.
    Incident {
        /// The number that people say.
        number: Option<i64>,
        /// Its severity.
        severity: Severity,
        /// Its status.
        status: IncidentStatus,
        /// Who works on it; empty if nobody.
        owner: String,
        /// Its first activity.
        first_activity: Option<Time>,
        /// Its last activity.
        last_activity: Option<Time>,
        /// Whether a document speaks of it.
        seen: bool,
    },
    /// Of a threat indicator.
    Indicator {
        /// Whether it holds now.
        active: bool,
    },
}

impl Serialize for Properties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::None => {}
            Self::Entity { keys } => map.serialize_entry("keys", keys)?,
            Self::Alert { severity, status, product, start, end, seen } => {
                map.serialize_entry("severity", severity.as_str())?;
                map.serialize_entry("status", status.as_str())?;
                text(&mut map, "product", product)?;
                time(&mut map, "start", *start)?;
                time(&mut map, "end", *end)?;
                unseen(&mut map, *seen)?;
            }
            Self::Incident { number, severity, status, owner, first_activity, last_activity, seen } => {
                number.iter().try_for_each(|number| map.serialize_entry("number", number))?;
                map.serialize_entry("severity", severity.as_str())?;
                map.serialize_entry("status", status.as_str())?;
                text(&mut map, "owner", owner)?;
                time(&mut map, "first_activity", *first_activity)?;
                time(&mut map, "last_activity", *last_activity)?;
                unseen(&mut map, *seen)?;
            }
            Self::Indicator { active } => map.serialize_entry("active", active)?,
        }
        map.end()
    }
}

fn text<M: SerializeMap>(map: &mut M, name: &str, value: &str) -> Result<(), M::Error> {
    if value.is_empty() { Ok(()) } else { map.serialize_entry(name, value) }
}

fn time<M: SerializeMap>(map: &mut M, name: &str, value: Option<Time>) -> Result<(), M::Error> {
    value.iter().try_for_each(|value| map.serialize_entry(name, value))
}

/// What only others refer to says so.
fn unseen<M: SerializeMap>(map: &mut M, seen: bool) -> Result<(), M::Error> {
    if seen { Ok(()) } else { map.serialize_entry("seen", &false) }
}

/// A directed edge of a subgraph.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Edge {
    /// Reference of the node that the edge leaves.
    pub source: String,
    /// What the source does to the target.
    pub relation: String,
    /// Reference of the node that the edge enters.
    pub target: String,
    /// The part that the target plays in the source, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// First time it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub first: Option<Time>,
    /// Last time it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub last: Option<Time>,
    /// How many records assert it.
    pub count: u64,
    /// Sequence numbers of records that assert it, newest first, a few; `why` lists all.
    pub evidence: Vec<u64>,
}

/// Nodes and the edges between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Subgraph {
    /// The nodes, those that were asked about first.
    pub nodes: Vec<Node>,
    /// The edges, newest first unless the question orders them otherwise.
    pub edges: Vec<Edge>,
    /// How many edges match in all, on whatever page; absent where a node has too many to count them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Whether this is everything that was asked for.
    pub complete: bool,
    /// Name of the limit that cut the answer (`limit`, `nodes_max`, `edges_max`, `per_node`, `hub_degree`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// How to see more than that limit lets through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Hubs that were not passed through, as references.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hubs: Vec<String>,
    /// Nodes of which only the newest edges were followed (`per_node`), as references.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partial: Vec<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

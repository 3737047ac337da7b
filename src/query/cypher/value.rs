//! Values of a query while it runs, how they compare, and how people see them.

use std::cmp::Ordering;
use std::fmt::Write;
use std::sync::Arc;

use chrono::DateTime;
use serde_json::{Map, Number, Value as Json};

use crate::query::kql::graph::{Cell, PatternGraph, Walked};
use crate::query::kql::types::{TICKS_PER_DAY, TICKS_PER_SECOND, UNIX_EPOCH_TICKS};

/// A value.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// None.
    #[default]
    Null,
    /// A truth.
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// A number with a point.
    Real(f64),
    /// A text.
    Text(Arc<str>),
    /// An instant, ticks since the year 1.
    Instant(i64),
    /// A duration, ticks.
    Duration(i64),
    /// A list.
    List(Arc<Vec<Value>>),
    /// A record: names with values, in the order in which they were written.
    Map(Arc<Vec<(Arc<str>, Value)>>),
    /// A node of the graph.
    Node(u32),
    /// An edge of the graph.
    Edge(u32),
    /// A path through the graph.
    Path(Arc<Walked>),
}

impl Value {
    /// A list.
    pub fn list(values: Vec<Self>) -> Self {
        Self::List(Arc::new(values))
    }

    /// A text.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    /// The value of a property.
    pub(super) fn of_cell(cell: Cell) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Bool(value) => Self::Bool(value),
            Cell::Long(value) => Self::Long(value),
            Cell::Real(value) => Self::Real(value),
            Cell::Decimal(unscaled) => Self::Real(unscaled as f64 / 10f64.powi(crate::query::kql::types::DECIMAL_SCALE.into())),
            Cell::Text(text) => Self::text(text),
            Cell::Instant(ticks) => Self::Instant(ticks),
            Cell::Duration(ticks) => Self::Duration(ticks),
            Cell::Json(json) => serde_json::from_str(&json).map_or_else(|_| Self::text(json), |json| Self::of_json(&json)),
        }
    }

    /// The value of a JSON document.
    pub fn of_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => number.as_i64().map_or_else(|| Self::Real(number.as_f64().unwrap_or(f64::NAN)), Self::Long),
            Json::String(text) => Self::text(text),
            Json::Array(items) => Self::list(items.iter().map(Self::of_json).collect()),
            Json::Object(entries) => {
                Self::Map(Arc::new(entries.iter().map(|(name, value)| (name.as_str().into(), Self::of_json(value))).collect()))
            }
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// What messages call its type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Long(_) => "integer",
            Self::Real(_) => "float",
            Self::Text(_) => "text",
            Self::Instant(_) => "datetime",
            Self::Duration(_) => "duration",
            Self::List(_) => "list",
            Self::Map(_) => "record",
            Self::Node(_) => "node",
            Self::Edge(_) => "edge",
            Self::Path(_) => "path",
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Long(value) => Some(*value as f64),
            Self::Real(value) => Some(*value),
            _ => None,
        }
    }

    /// The elements of a list; the nodes and edges of a path in turn.
    pub(super) fn elements(&self) -> Option<Arc<Vec<Value>>> {
        match self {
            Self::List(list) => Some(Arc::clone(list)),
            Self::Path(path) => {
                let edges = path.edges.iter().map(|edge| Self::Edge(*edge));
                let mut all = Vec::with_capacity(path.nodes.len() + path.edges.len());
                let mut edges = edges.into_iter();
                for node in &path.nodes {
                    all.push(Self::Node(*node));
                    all.extend(edges.next());
                }
                Some(Arc::new(all))
            }
            _ => None,
        }
    }

    /// Whether two values are equal; unknown if one is null.
    pub(super) fn equals(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => None,
            (Self::List(a), Self::List(b)) => {
                if a.len() != b.len() {
                    return Some(false);
                }
                all_equal(a.iter().zip(b.iter()).map(|(a, b)| a.equals(b)))
            }
            (Self::Map(a), Self::Map(b)) => {
                if a.len() != b.len() {
                    return Some(false);
                }
                all_equal(a.iter().map(|(name, value)| match b.iter().find(|(other, _)| other == name) {
                    Some((_, other)) => value.equals(other),
                    None => Some(false),
                }))
            }
            (Self::Node(a), Self::Node(b)) | (Self::Edge(a), Self::Edge(b)) => Some(a == b),
            (Self::Path(a), Self::Path(b)) => Some(a == b),
            _ => Some(self.compare(other) == Some(Ordering::Equal)),
        }
    }

    /// Which of two values of comparable types is less.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Long(a), Self::Long(b)) => Some(a.cmp(b)),
            (Self::Long(_) | Self::Real(_), Self::Long(_) | Self::Real(_)) => self.number()?.partial_cmp(&other.number()?),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Instant(a), Self::Instant(b)) | (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            (Self::List(a), Self::List(b)) => {
                for (a, b) in a.iter().zip(b.iter()) {
                    match a.compare(b)? {
                        Ordering::Equal => {}
                        unequal => return Some(unequal),
                    }
                }
                Some(a.len().cmp(&b.len()))
            }
            _ => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Map(_) => 0,
            Self::Node(_) => 1,
            Self::Edge(_) => 2,
            Self::List(_) => 3,
            Self::Path(_) => 4,
            Self::Instant(_) => 5,
            Self::Duration(_) => 6,
            Self::Text(_) => 7,
            Self::Bool(_) => 8,
            Self::Long(_) | Self::Real(_) => 9,
            Self::Null => 10,
        }
    }

    /// The order of `ORDER BY`, in which every two values have one; null comes last.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank()).then_with(|| match (self, other) {
            (Self::Real(a), Self::Real(b)) => a.total_cmp(b),
            (Self::Long(_) | Self::Real(_), Self::Long(_) | Self::Real(_)) => {
                self.compare(other).unwrap_or_else(|| self.number().unwrap_or_default().total_cmp(&other.number().unwrap_or_default()))
            }
            (Self::Node(a), Self::Node(b)) | (Self::Edge(a), Self::Edge(b)) => a.cmp(b),
            (Self::Path(a), Self::Path(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) => {
                let unequal = a.iter().zip(b.iter()).map(|(a, b)| a.order(b)).find(|order| order.is_ne());
                unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (Self::Map(a), Self::Map(b)) => {
                let entries = a.iter().zip(b.iter()).map(|(a, b)| a.0.cmp(&b.0).then_with(|| a.1.order(&b.1)));
                entries.into_iter().find(|order| order.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            _ => self.compare(other).unwrap_or(Ordering::Equal),
        })
    }

    /// Adds bytes that are the same for values that are equal, nulls among them.
    pub(super) fn write_key(&self, key: &mut Vec<u8>) {
        key.push(self.rank());
        match self {
            Self::Null => {}
            Self::Bool(value) => key.push(u8::from(*value)),
            Self::Long(value) => match i64_as_exact(*value) {
                Some(float) => key.extend(float.to_bits().to_le_bytes()),
                None => key.extend(value.to_le_bytes().iter().chain(&[1])),
            },
            Self::Real(value) => key.extend((if *value == 0.0 { 0.0 } else { *value }).to_bits().to_le_bytes()),
            Self::Text(text) => {
                key.extend((text.len() as u64).to_le_bytes());
                key.extend(text.bytes());
            }
            Self::Instant(ticks) | Self::Duration(ticks) => key.extend(ticks.to_le_bytes()),
            Self::Node(element) | Self::Edge(element) => key.extend(element.to_le_bytes()),
            Self::Path(path) => {
                key.extend((path.edges.len() as u64).to_le_bytes());
                path.nodes.iter().chain(&path.edges).for_each(|element| key.extend(element.to_le_bytes()));
            }
            Self::List(list) => {
                key.extend((list.len() as u64).to_le_bytes());
                list.iter().for_each(|value| value.write_key(key));
            }
            Self::Map(entries) => {
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_by(|a, b| a.0.cmp(&b.0));
                key.extend((sorted.len() as u64).to_le_bytes());
                for (name, value) in sorted {
                    Self::Text(Arc::clone(name)).write_key(key);
                    value.write_key(key);
                }
            }
        }
    }

    /// The value as JSON: nodes and edges as their properties, paths as nodes and edges in turn.
    pub fn to_json(&self, graph: &dyn PatternGraph) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Long(value) => Json::from(*value),
            Self::Real(value) => Number::from_f64(*value).map_or_else(|| Json::String(real_text(*value)), Json::Number),
            Self::Text(text) => Json::String(text.to_string()),
            Self::Instant(ticks) => Json::String(instant_text(*ticks)),
            Self::Duration(ticks) => Json::String(duration_text(*ticks)),
            Self::List(list) => Json::Array(list.iter().map(|value| value.to_json(graph)).collect()),
            Self::Map(entries) => Json::Object(entries.iter().map(|(name, value)| (name.to_string(), value.to_json(graph))).collect()),
            Self::Node(node) => Json::Object(node_bag(graph, *node)),
            Self::Edge(edge) => Json::Object(edge_bag(graph, *edge)),
            Self::Path(_) => self.elements().map_or(Json::Null, |all| Json::Array(all.iter().map(|value| value.to_json(graph)).collect())),
        }
    }

    /// The value as text, as `toString` gives it; none for null.
    pub(super) fn to_text(&self, graph: &dyn PatternGraph) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(value) => value.to_string(),
            Self::Long(value) => value.to_string(),
            Self::Real(value) => real_text(*value),
            Self::Text(text) => text.to_string(),
            Self::Instant(ticks) => instant_text(*ticks),
            Self::Duration(ticks) => duration_text(*ticks),
            other => other.to_json(graph).to_string(),
        })
    }
}

/// The float that is exactly this number, if there is one.
fn i64_as_exact(value: i64) -> Option<f64> {
    (value.unsigned_abs() <= 1 << 53).then_some(value as f64)
}

fn all_equal(pairs: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut is_known = true;
    for pair in pairs {
        match pair {
            Some(false) => return Some(false),
            Some(true) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(true)
}

fn node_bag(graph: &dyn PatternGraph, node: u32) -> Map<String, Json> {
    let cells = graph.node_properties().iter().enumerate();
    cells
        .map(|(n, property)| (property.name.clone(), Value::of_cell(graph.node_cell(n, node)).to_json(graph)))
        .filter(|(_, value)| !value.is_null())
        .collect()
}

fn edge_bag(graph: &dyn PatternGraph, edge: u32) -> Map<String, Json> {
    let cells = graph.edge_properties().iter().enumerate();
    cells
        .map(|(n, property)| (property.name.clone(), Value::of_cell(graph.edge_cell(n, edge)).to_json(graph)))
        .filter(|(_, value)| !value.is_null())
        .collect()
}

fn real_text(value: f64) -> String {
    if value.is_finite() && value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.1}") } else { value.to_string() }
}

/// An instant with seven digits and `Z`.
pub(super) fn instant_text(ticks: i64) -> String {
    let since = ticks - UNIX_EPOCH_TICKS;
    let second = DateTime::from_timestamp(since.div_euclid(TICKS_PER_SECOND), 0).unwrap_or_default();
    format!("{}.{:07}Z", second.format("%Y-%m-%dT%H:%M:%S"), since.rem_euclid(TICKS_PER_SECOND))
}

/// A duration as `d.hh:mm:ss.fffffff`; days and fraction only where there are some.
pub(super) fn duration_text(ticks: i64) -> String {
    let mut text = String::from(if ticks < 0 { "-" } else { "" });
    let ticks = ticks.unsigned_abs();
    let (day, second) = (TICKS_PER_DAY as u64, TICKS_PER_SECOND as u64);
    if ticks >= day {
        let _ = write!(text, "{}.", ticks / day);
    }
    let seconds = ticks % day / second;
    let _ = write!(text, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if !ticks.is_multiple_of(second) {
        let _ = write!(text, ".{:07}", ticks % second);
    }
    text
}

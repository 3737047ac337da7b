//! Bookmarks: rows of an answer that somebody kept as evidence.

use serde::{Deserialize, Serialize};

use super::{Entity, Object, Time};

/// A row of any answer with the question that found it; the value of a resource of the kind `bookmark`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bookmark {
    /// What it is called.
    pub name: String,
    /// What it shows, Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Free labels.
    pub labels: Vec<String>,
    /// Text of the query that gave the row.
    pub query: String,
    /// The row, its cells by column.
    pub row: Object,
    /// Fingerprint of the row's content: BLAKE3, first 16 bytes, of its JSON text.
    pub hash: String,
    /// The document that the row was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// When what the row tells happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_time: Option<Time>,
    /// Begin of the time that the query looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_start: Option<Time>,
    /// End of the time that the query looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_end: Option<Time>,
    /// ATT&CK tactics.
    pub tactics: Vec<String>,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// Ids of the incidents whose evidence it is.
    pub incidents: Vec<String>,
    /// The entities that the row is about.
    pub entities: Vec<Entity>,
}

impl Bookmark {
    /// Kind of the resources, and of the nodes that they are in the graph.
    pub const KIND: &'static str = "bookmark";
}

//! What can be asked of the entity graph, and the shapes of the answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::model::Time;

use super::super::answer::{Edge, Node};
use super::super::lists::IncidentRow;

macro_rules! request {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
        #[serde(default, deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    };
}

request! {
    /// The edges of a node, newest first.
    NeighborsRequest {
        /// `alert:ID`, `incident:ID` or `KIND:VALUE`.
        #[param(required = true)]
        node: String,
        /// Any of these relations.
        relation: Vec<String>,
        /// Neighbours of any of these kinds (`alert` and `incident` are kinds too).
        kind: Vec<String>,
        /// `out`, `in` or `both` (default).
        direction: Option<String>,
        /// Edges not before this time; absolute or relative to now (`-7d`).
        from: Option<String>,
        /// Edges not after this time.
        to: Option<String>,
        /// Hops to walk (default 1, at the most 16).
        #[param(minimum = 1, maximum = 16)]
        hops: Option<u32>,
        /// Edges of the answer, however many records and hours assert each, or its nodes for several hops (default 100).
        #[param(minimum = 1, maximum = 10000)]
        limit: Option<u32>,
        /// For several hops: edges that each node gives, newest first (default: `limit` for the node that is asked about, 50 for others).
        #[param(minimum = 1, maximum = 10000)]
        per_node: Option<u32>,
        /// The graph as it was known at this instant, by what clew had taken in until then; absolute or relative to now (`-7d`). Which
        /// names are one entity, and degrees, are those of the present; an hour of events that was not over by then counts whole.
        as_of: Option<String>,
        /// Where the last page ended; for one hop. Each edge comes once, with all its records.
        cursor: Option<String>,
    }
}

request! {
    /// The paths between two nodes.
    PathsRequest {
        /// Node to start from.
        #[param(required = true)]
        a: String,
        /// Node to arrive at.
        #[param(required = true)]
        b: String,
        /// `shortest` (default), `all` shortest ones, `k` shortest ones, `rare` (avoids hubs by weight) or `time` (edges in non-decreasing time).
        mode: Option<String>,
        /// How many paths for `k` and `all` (default 10).
        #[param(minimum = 1, maximum = 1000)]
        k: Option<u32>,
        /// Edges of a path at the most (default 8).
        #[param(minimum = 1, maximum = 16)]
        hops: Option<u32>,
        /// Edges not before this time; absolute or relative to now.
        from: Option<String>,
        /// Edges not after this time.
        to: Option<String>,
        /// Degree above which an entity is not passed through (default 1000; 0 for no limit).
        hub_degree: Option<u64>,
        /// The graph as it was known at this instant, by what clew had taken in until then: names, degrees and versions are those of then;
        /// absolute or relative to now (`-7d`).
        as_of: Option<String>,
    }
}

request! {
    /// What two nodes have in common.
    CommonRequest {
        /// One node.
        #[param(required = true)]
        a: String,
        /// The other node.
        #[param(required = true)]
        b: String,
        /// Nodes of the answer (default 100).
        #[param(minimum = 1, maximum = 10000)]
        limit: Option<u32>,
        /// The graph as it was known at this instant, by what clew had taken in until then: names, degrees and versions are those of then;
        /// absolute or relative to now (`-7d`).
        as_of: Option<String>,
    }
}

request! {
    /// Everything connected with a node.
    ComponentRequest {
        /// Node to start from.
        #[param(required = true)]
        node: String,
        /// Edges not before this time; absolute or relative to now.
        from: Option<String>,
        /// Edges not after this time.
        to: Option<String>,
        /// Nodes of the answer (default 1000).
        #[param(minimum = 1, maximum = 100000)]
        limit: Option<u32>,
        /// Degree above which an entity is not passed through (default 1000; 0 for no limit).
        hub_degree: Option<u64>,
        /// The graph as it was known at this instant, by what clew had taken in until then: names, degrees and versions are those of then;
        /// absolute or relative to now (`-7d`).
        as_of: Option<String>,
    }
}

request! {
    /// What can be reached forward in time from a node.
    BlastRadiusRequest {
        /// Node to start from.
        #[param(required = true)]
        node: String,
        /// The instant at which it starts; absolute or relative to now (default: first time the node was seen).
        from: Option<String>,
        /// The instant at which it ends.
        to: Option<String>,
        /// Hops to walk (default 4).
        #[param(minimum = 1, maximum = 16)]
        hops: Option<u32>,
        /// Nodes of the answer (default 500).
        #[param(minimum = 1, maximum = 100000)]
        limit: Option<u32>,
        /// Degree above which an entity is not passed through (default 1000; 0 for no limit).
        hub_degree: Option<u64>,
        /// The graph as it was known at this instant, by what clew had taken in until then: names, degrees and versions are those of then;
        /// absolute or relative to now (`-7d`).
        as_of: Option<String>,
    }
}

request! {
    /// The most connected entities.
    RankRequest {
        /// `degree` (default) or `pagerank`.
        by: Option<String>,
        /// Any of these kinds.
        kind: Vec<String>,
        /// Edges not before this time; absolute or relative to now.
        from: Option<String>,
        /// Edges not after this time.
        to: Option<String>,
        /// Entities of the answer (default 20).
        #[param(minimum = 1, maximum = 10000)]
        limit: Option<u32>,
        /// The graph as it was known at this instant, by what clew had taken in until then: names, degrees and versions are those of then;
        /// absolute or relative to now (`-7d`).
        as_of: Option<String>,
    }
}

request! {
    /// Incidents that resemble one.
    SimilarRequest {
        /// Id or number of the incident.
        incident: String,
        /// Incidents of the answer (default 20).
        #[param(minimum = 1, maximum = 1000)]
        limit: Option<u32>,
        /// The graph as it was known at this instant, by what clew had taken in until then: names, degrees and versions are those of then;
        /// absolute or relative to now (`-7d`).
        as_of: Option<String>,
    }
}

request! {
    /// Every assertion behind the edges of two nodes.
    WhyRequest {
        /// One node.
        #[param(required = true)]
        a: String,
        /// The other node.
        #[param(required = true)]
        b: String,
        /// Assertions of the answer (default 100).
        #[param(minimum = 1, maximum = 10000)]
        limit: Option<u32>,
        /// Records that an assertion by raw events lists (default 20).
        #[param(minimum = 1, maximum = 10000)]
        records: Option<u32>,
    }
}

/// A path, node by node.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PathRow {
    /// References of its nodes, from `a` to `b`.
    pub nodes: Vec<String>,
    /// Its edges, in order; an edge may be walked against its direction.
    pub edges: Vec<Edge>,
    /// Its cost: edges, or the sum of the weights for `rare`.
    pub cost: f64,
    /// When it arrives, for `time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub arrival: Option<Time>,
}

/// The paths between two nodes.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PathsAnswer {
    /// The paths, best first.
    pub paths: Vec<PathRow>,
    /// The nodes of all paths.
    pub nodes: Vec<Node>,
    /// Whether these are all paths that were asked for.
    pub complete: bool,
    /// Name of the limit that cut the search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// How to see more than that limit lets through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Hubs that were not passed through.
    pub hubs: Vec<String>,
}

/// A node that can be reached, with the way to it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReachedRow {
    /// The node.
    #[serde(flatten)]
    pub node: Node,
    /// Earliest instant at which it is reached.
    #[schema(value_type = Option<String>)]
    pub arrival: Option<Time>,
    /// Edges from the start.
    pub hops: u32,
    /// Reference of the node before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

/// What can be reached forward in time.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BlastRadiusAnswer {
    /// The nodes, earliest first.
    pub reached: Vec<ReachedRow>,
    /// The edges by which they were reached.
    pub edges: Vec<Edge>,
    /// Nodes by kind.
    pub kinds: BTreeMap<String, u64>,
    /// Whether this is everything.
    pub complete: bool,
    /// Name of the limit that cut the walk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// How to see more than that limit lets through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Hubs that were not passed through.
    pub hubs: Vec<String>,
}

/// An entity with its rank.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RankRow {
    /// The entity.
    #[serde(flatten)]
    pub node: Node,
    /// Edges in the window, or PageRank (all entities' sum to 1).
    pub score: f64,
}

/// The most connected entities.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RankAnswer {
    /// The entities, highest score first.
    pub value: Vec<RankRow>,
    /// Whether these are all.
    pub complete: bool,
    /// Name of the limit that cut the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// How to see more than that limit lets through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// One reason for which an incident resembles another.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SimilarTerm {
    /// `entity`, `title` or `tactic`.
    pub kind: String,
    /// What the two share: reference of an entity, a title, a tactic.
    pub value: String,
    /// What it adds to the score.
    pub weight: f64,
}

/// An incident that resembles the one that was asked about.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SimilarRow {
    /// The incident.
    #[serde(flatten)]
    pub incident: IncidentRow,
    /// Sum of its terms.
    pub score: f64,
    /// Why, weightiest first.
    pub terms: Vec<SimilarTerm>,
}

/// Incidents that resemble one.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SimilarAnswer {
    /// The incidents, most similar first.
    pub value: Vec<SimilarRow>,
    /// Whether these are all.
    pub complete: bool,
    /// Name of the limit that cut the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// How to see more than that limit lets through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Hubs that did not count.
    pub hubs: Vec<String>,
}

/// A record that asserts an edge.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AssertionRow {
    /// Reference of the node that the edge leaves.
    pub source: String,
    /// What the source does to the target.
    pub relation: String,
    /// Reference of the node that the edge enters.
    pub target: String,
    /// Declared rule or reference that asserts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The alert or incident that says so; none for raw events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asserted_by: Option<String>,
    /// Table of the raw events that say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// First time.
    #[schema(value_type = Option<String>)]
    pub first: Option<Time>,
    /// Last time.
    #[schema(value_type = Option<String>)]
    pub last: Option<Time>,
    /// How many records.
    pub count: u64,
    /// The records: sequence number, source and line; for raw events the first ones.
    pub records: Vec<RecordPlace>,
    /// Whether these are all of them; `records` of the request raises how many are listed.
    pub records_complete: bool,
}

/// Where a record came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordPlace {
    /// Sequence number.
    pub seq: u64,
    /// File, archive member or name that the sender gave.
    pub source: String,
    /// Line of the source.
    pub line: u64,
}

/// Every assertion behind the edges of two nodes.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WhyAnswer {
    /// Direct edges between the two, newest first.
    pub assertions: Vec<AssertionRow>,
    /// Where there is no direct edge: a shortest path between the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathsAnswer>,
    /// Whether these are all.
    pub complete: bool,
    /// Name of the limit that cut the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// How to see more than that limit lets through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

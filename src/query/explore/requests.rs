//! What can be asked of the exploration queries, and the shapes of the answers.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::answer::{Subgraph, Table};

/// Which exploration queries fit an entity.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExplorationsRequest {
    /// Reference of the entity, `KIND:VALUE`; without one every query is listed.
    pub entity: Option<String>,
    /// Whether to run each query and say how many results it has.
    pub counts: bool,
    /// Window of the counts; default: the query's own around the entity's last activity.
    pub from: Option<String>,
    /// End of the window.
    pub to: Option<String>,
    /// By what clew had taken in until this instant; absolute or relative to now (`-7d`).
    pub as_of: Option<String>,
}

/// Runs one exploration query on an entity.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExploreRequest {
    /// Reference of the entity, `KIND:VALUE`.
    #[param(required = true)]
    pub entity: String,
    /// Name or id of the query.
    #[param(required = true)]
    pub query: String,
    /// Begin of the window; default: the query's own around `at`.
    pub from: Option<String>,
    /// End of the window.
    pub to: Option<String>,
    /// The instant that the query's own window lies around; default: the entity's last activity.
    pub at: Option<String>,
    /// Results (default: the query's own, mostly 10).
    #[param(minimum = 1, maximum = 10000)]
    pub limit: Option<u32>,
    /// By what clew had taken in until this instant: entities, rows and saved queries are those of then; absolute or relative to now (`-7d`).
    pub as_of: Option<String>,
}

/// An exploration query as the library lists it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ExplorationRow {
    /// Name, the file's name without its ending.
    pub name: String,
    /// Public id, where the query has one.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it answers.
    pub question: String,
    /// Kind of the entity that it takes.
    pub input: String,
    /// Kinds of the entities that it finds.
    pub outputs: Vec<String>,
    /// Tables that it reads.
    pub tables: Vec<String>,
    /// ATT&CK tactics that it looks for.
    pub tactics: Vec<String>,
    /// Results on the entity, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<u64>,
    /// With results: false if there are more than were counted (10,000, or what another limit of queries lets through).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results_complete: Option<bool>,
    /// Why it was not run or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The exploration queries that fit.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Explorations {
    /// The queries, those with results first where they were counted.
    pub value: Vec<ExplorationRow>,
    /// Always true: the library is listed whole.
    pub complete: bool,
}

/// Rows of an exploration query, and the nodes and edges that they add.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ExploreAnswer {
    /// The query.
    pub exploration: ExplorationRow,
    /// Begin of the window that was searched.
    pub from: Option<String>,
    /// End of the window that was searched.
    pub to: Option<String>,
    /// Text of the query that ran.
    pub text: String,
    /// The rows.
    pub table: Table,
    /// The nodes that the rows name, and an edge from the entity to each.
    pub graph: Subgraph,
}

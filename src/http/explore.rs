//! `/v1/explorations` and `/v1/explore`: the exploration queries that fit an entity, and their answers.

use super::routes::{About, Routes};
use crate::query::explore::{ExplorationsRequest, ExploreRequest};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    routes.ask::<ExplorationsRequest>(
        "/v1/explorations",
        About {
            id: "explorations",
            tag: "explore",
            summary: "Lists the exploration queries that fit an entity, with result counts on request",
        },
    );
    routes.ask::<ExploreRequest>(
        "/v1/explore",
        About { id: "explore", tag: "explore", summary: "Runs an exploration query: its rows, and the nodes and edges that they add" },
    );
}

//! `/v1/entities`: the list, and one entity.

use super::routes::{About, Routes};
use crate::query::details::EntityRequest;
use crate::query::lists::EntityFilter;

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    routes.ask::<EntityFilter>(
        "/v1/entities",
        About { id: "entities", tag: "records", summary: "Lists entities under a filter, with counts by kind" },
    );
    routes.ask::<EntityRequest>(
        "/v1/entities/{entity}",
        About { id: "entity", tag: "records", summary: "Shows one entity with its keys, relations, merges and look-alikes" },
    );
}

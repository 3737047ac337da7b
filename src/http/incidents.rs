//! `/v1/incidents`: the queue, one incident, and incidents like it.

use super::routes::{About, Routes};
use crate::query::details::IncidentRequest;
use crate::query::graph::SimilarRequest;
use crate::query::lists::IncidentFilter;

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    routes.ask::<IncidentFilter>(
        "/v1/incidents",
        About { id: "incidents", tag: "records", summary: "Lists incidents under a filter, with counters that follow it" },
    );
    routes.ask::<IncidentRequest>(
        "/v1/incidents/{id}",
        About {
            id: "incident",
            tag: "records",
            summary: "Shows one incident, by number or id (`id:ID` where the id is a number), with its alerts and entities",
        },
    );
    routes.ask::<SimilarRequest>(
        "/v1/incidents/{incident}/similar",
        About {
            id: "similar",
            tag: "graph",
            summary: "Finds incidents that share rare entities, titles and tactics, with the terms of each score",
        },
    );
}

//! `/v1/timeline` and `/v1/around`: what happened to some nodes, in the order of time.

use super::routes::{About, Routes};
use crate::query::timeline::{AroundRequest, TimelineRequest};

/// Adds the operations.
pub(crate) fn add(routes: &mut Routes) {
    routes.ask::<TimelineRequest>(
        "/v1/timeline",
        About {
            id: "timeline",
            tag: "explore",
            summary: "Puts alerts, events and status changes that touch some nodes in the order of time",
        },
    );
    routes.ask::<AroundRequest>(
        "/v1/around",
        About {
            id: "around",
            tag: "explore",
            summary: "Shows what touches a node within a span before and behind an instant, over all tables",
        },
    );
}

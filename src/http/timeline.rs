//! `/v1/timeline`: what happened to some nodes, in the order of time.

use super::routes::{About, Routes};
use crate::query::timeline::TimelineRequest;

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
}

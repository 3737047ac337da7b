//! What of alerts only the entity graph knows: which incident contains them, and which group of repeats they are in.

use super::super::lists::{By, containers, members};
use super::super::reference;
use super::{SearchError, SearchRequest};
use crate::fulltext::{DocKind, Query};
use crate::graph::{AlertRef, GraphSnapshot};
use crate::model::Fault;

/// Stands for alerts outside of every incident.
const OUTSIDE: &str = "none";

/// The part of a request that is about alerts alone.
fn about_alerts(request: &SearchRequest) -> Option<&'static str> {
    let parts = [("incident", &request.incident), ("group", &request.group), ("group_key", &request.group_key)];
    parts.into_iter().find(|(_, part)| part.is_some()).map(|(name, _)| name)
}

/// Whether a request is about alerts, whatever its kinds.
pub(super) fn asks_alerts(request: &SearchRequest) -> bool {
    about_alerts(request).is_some()
}

/// The grouping of a request.
pub(super) fn grouping(request: &SearchRequest) -> Result<Option<By>, Fault> {
    request.group.as_deref().map(By::read).transpose()
}

/// The alerts that a request keeps to; none if it keeps to no incident and no group.
pub(super) fn among(request: &SearchRequest, graph: &GraphSnapshot) -> Result<Option<Query>, Fault> {
    let Some(part) = about_alerts(request) else { return Ok(None) };
    if !matches!(request.kinds.as_slice(), [] | [DocKind::Alert]) {
        return Err(SearchError::NotAlerts(part).into());
    }
    let group = match (grouping(request)?, &request.group_key) {
        (Some(by), Some(key)) => Some((by, key)),
        (None, Some(_)) => return Err(SearchError::NoGrouping.into()),
        (_, None) => None,
    };
    let in_group = |alert: &AlertRef<'_>| group.is_none_or(|(by, wanted)| by.groups_of(graph, alert).iter().any(|(key, _)| key == wanted));
    let ids = |alerts: &mut dyn Iterator<Item = AlertRef<'_>>| {
        Query::Ids(DocKind::Alert, alerts.filter(in_group).map(|alert| alert.id().to_owned()).collect())
    };
    Ok(match request.incident.as_deref() {
        None if group.is_none() => None,
        None => Some(ids(&mut graph.all_alerts())),
        Some(OUTSIDE) => {
            let (inside, outside): (Vec<_>, Vec<_>) =
                graph.all_alerts().partition(|alert| containers(graph, alert.node()).next().is_some());
            Some(if group.is_some() || outside.len() <= inside.len() {
                ids(&mut outside.into_iter())
            } else {
                Query::Not(Box::new(ids(&mut inside.into_iter())))
            })
        }
        Some(id) => {
            let members = members(graph, reference::incident(graph, id)?);
            Some(ids(&mut members.into_iter().filter_map(|node| graph.alert_node(node)).filter(AlertRef::known)))
        }
    })
}

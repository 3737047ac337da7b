//! From correlated groups to incidents: which are new, which have grown, which went into another.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::correlate::{Candidate, Group, Named, Rules, correlate};
use super::versioned::version_in;
use crate::graph::{AlertRef, IncidentRef, NodeId};
use crate::model::{Alert, AlertStatus, Fault, Incident, IncidentStatus, Object, Severity};
use crate::query::{Context, details};

/// Provider of the incidents that correlation opens.
const PROVIDER: &str = "clew";

/// Correlates the alerts that no incident of another provider contains.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CorrelationRequest {
    /// Rules in TOML; members that are left out keep their defaults.
    pub rules: Option<String>,
    /// Whether only to say what would be done.
    pub dry_run: bool,
}

/// What a correlation found and did.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Correlation {
    /// Alerts that were looked at.
    pub alerts: u64,
    /// Groups that make an incident, by their first alerts.
    pub groups: Vec<Group>,
    /// Incidents that were opened.
    pub opened: u64,
    /// Incidents that were changed.
    pub changed: u64,
    /// Incidents that went into another.
    pub redirected: u64,
    /// Whether only to say what would be done.
    pub dry_run: bool,
}

/// Plans the incidents of a correlation: what it found, and the incidents to write.
pub fn plan(context: &Context, rules: &Rules) -> Result<(Correlation, Vec<Incident>), Fault> {
    let graph = &context.snapshot.graph;
    let own: BTreeMap<String, IncidentRef<'_>> = graph
        .all_incidents()
        .filter(|incident| incident.provider() == PROVIDER && incident.redirect().is_none())
        .map(|incident| (incident.id().to_owned(), incident))
        .collect();
    let free = |alert: &AlertRef<'_>| {
        let mut containers = graph.containers(alert.node()).into_iter().filter_map(|node| graph.incident_node(node));
        containers.all(|incident| incident.provider() == PROVIDER)
    };
    let candidates: Vec<Candidate> = graph.all_alerts().filter(free).map(|alert| candidate(context, &alert)).collect();
    let alerts = candidates.len() as u64;
    let mut groups = correlate(candidates, rules);
    // What rules dismissed opens no incident by itself; beside other alerts it stays evidence.
    let mut dismissed = Vec::new();
    for group in &groups {
        dismissed.push(!own.contains_key(&group.incident) && all_suppressed(context, &group.alerts)?);
    }
    let mut dismissed = dismissed.into_iter();
    groups.retain(|_| !dismissed.next().unwrap_or(false));
    let mut number = graph.number_next() - 1;
    let (mut incidents, mut opened, mut changed) = (Vec::new(), 0, 0);
    let mut home: BTreeMap<&str, &str> = BTreeMap::new();
    for group in &groups {
        home.extend(group.alerts.iter().map(|alert| (alert.as_str(), group.incident.as_str())));
        match own.get(&group.incident) {
            None => {
                opened += 1;
                number += 1;
                incidents.push(incident(group, Some(number), IncidentStatus::New));
            }
            Some(known) if members(context, known.node()) != group.alerts.iter().cloned().collect() => {
                changed += 1;
                incidents.push(incident(group, known.number(), known.status()));
            }
            Some(_) => {}
        }
    }
    let mut redirected = 0;
    let present: BTreeSet<&str> = groups.iter().map(|group| group.incident.as_str()).collect();
    for (id, known) in own.iter().filter(|(id, _)| !present.contains(id.as_str())) {
        let into = members(context, known.node()).iter().find_map(|alert| home.get(alert.as_str()).copied());
        if let Some(into) = into {
            redirected += 1;
            incidents.push(gone(id, known, into));
        }
    }
    Ok((Correlation { alerts, groups, opened, changed, redirected, dry_run: false }, incidents))
}

/// Whether suppression rules dismissed all of some alerts.
fn all_suppressed(context: &Context, alerts: &[String]) -> Result<bool, Fault> {
    let graph = &context.snapshot.graph;
    for id in alerts {
        let alert = graph.alert(id).and_then(|node| graph.alert_node(node));
        let Some(seq) = alert.filter(|alert| alert.status() == AlertStatus::Dismissed).and_then(|alert| alert.seq()) else {
            return Ok(false);
        };
        let version = version_in::<Alert>(&details::document(context, seq)?, id)?;
        if version.and_then(|alert| alert.change).and_then(|change| change.rule).is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn members(context: &Context, incident: NodeId) -> BTreeSet<String> {
    let graph = &context.snapshot.graph;
    graph.contained(incident).into_iter().filter_map(|node| Some(graph.alert_node(node)?.id().to_owned())).collect()
}

fn candidate(context: &Context, alert: &AlertRef<'_>) -> Candidate {
    let graph = &context.snapshot.graph;
    let strong = |node: NodeId| {
        let entity = graph.entity_node(node)?;
        // A thing known by a name only is no evidence that two alerts mean the same one, but a host's name is.
        let identified = entity.keys().iter().any(|(_, strong)| *strong) || entity.kind() == "host";
        identified.then(|| Named {
            reference: format!("{}:{}", entity.kind(), entity.key()),
            kind: entity.kind().to_owned(),
            label: entity.label().to_owned(),
        })
    };
    Candidate {
        id: alert.id().to_owned(),
        title: alert.title().to_owned(),
        severity: alert.severity(),
        product: alert.product().to_owned(),
        tactics: alert.tactics().map(str::to_owned).collect(),
        start: alert.time(),
        end: alert.end(),
        entities: graph.entities_of(alert.node()).into_iter().filter_map(strong).collect(),
    }
}

fn incident(group: &Group, number: Option<i64>, status: IncidentStatus) -> Incident {
    let reasons: Vec<_> = group.reasons.iter().map(|reason| json!(reason)).collect();
    Incident {
        id: group.incident.clone(),
        number,
        title: group.title.clone(),
        description: format!("{} alerts that share entities, joined by correlation.", group.alerts.len()),
        severity: Severity::parse(&group.severity).unwrap_or_default(),
        status,
        alert_ids: group.alerts.clone(),
        products: group.products.clone(),
        tactics: group.tactics.iter().cloned().map(Into::into).collect(),
        first_activity: group.first,
        last_activity: group.last,
        created: group.first,
        provider: PROVIDER.to_owned(),
        extended: Object::from_iter([("KillChainOrder".to_owned(), group.kill_chain_order.into()), ("Reasons".to_owned(), reasons.into())]),
        ..Incident::default()
    }
}

/// The last version of an incident whose alerts now belong to another.
fn gone(id: &str, known: &IncidentRef<'_>, into: &str) -> Incident {
    Incident {
        id: id.to_owned(),
        number: known.number(),
        title: known.title().to_owned(),
        severity: known.severity(),
        status: IncidentStatus::Closed,
        provider: PROVIDER.to_owned(),
        redirect: Some(into.to_owned()),
        ..Incident::default()
    }
}

//! What starts a rule: the alert, incident or assessment of a document, its version before, the entities that conditions look at.

use serde_json::{Value, json};

use crate::engine::feed;
use crate::ingest;
use crate::model::{Alert, Body, Document, Entity, Event, Fault, Incident, Seq};
use crate::query::{Context, details};
use crate::triage::automation::{ACTOR, On, Subject, When};
use crate::triage::versioned::version_in;

/// Tables whose rows are assessments.
const ASSESSMENTS: [&str; 5] =
    ["SecurityRecommendation", "SecurityNestedRecommendation", "SecurityRegulatoryCompliance", "SecureScoreControls", "SecurityAssessment"];

/// What starts a rule, taken out of its document.
pub(super) enum Found {
    Alert(Box<Alert>),
    Incident(Box<Incident>),
    Assessment(Box<Event>),
}

impl Found {
    pub(super) fn subject(&self) -> Subject<'_> {
        match self {
            Self::Alert(alert) => Subject::Alert(alert),
            Self::Incident(incident) => Subject::Incident(incident),
            Self::Assessment(event) => Subject::Assessment(event),
        }
    }

    pub(super) fn on(&self) -> On {
        match self {
            Self::Alert(_) => On::Alert,
            Self::Incident(_) => On::Incident,
            Self::Assessment(_) => On::Assessment,
        }
    }

    pub(super) fn target(&self, seq: Seq) -> String {
        match self {
            Self::Alert(alert) => format!("alert:{}", alert.id),
            Self::Incident(incident) => format!("incident:{}", incident.id),
            Self::Assessment(_) => format!("assessment:{seq}"),
        }
    }

    pub(super) fn json(&self) -> Value {
        match self {
            Self::Alert(alert) => json!(alert),
            Self::Incident(incident) => json!(incident),
            Self::Assessment(event) => {
                let columns = event.columns.iter().map(|(name, value)| (name.to_string(), value.clone()));
                json!({"table": event.table, "time": event.time, "columns": columns.collect::<serde_json::Map<_, _>>()})
            }
        }
    }
}

pub(super) fn is_assessment(document: &Document) -> bool {
    document.table.as_deref().is_some_and(|table| ASSESSMENTS.contains(&table))
}

pub(super) fn found_in(body: Body) -> Option<Found> {
    match body {
        Body::Alert(alert) => Some(Found::Alert(alert)),
        Body::Incident(incident) => Some(Found::Incident(incident)),
        Body::Event(event) if ASSESSMENTS.contains(&&*event.table) => Some(Found::Assessment(event)),
        Body::Event(_) | Body::Decision(_) | Body::Resource(_) => None,
    }
}

/// What a body starts, and when; nothing for what rules themselves wrote, so that none runs in circles.
pub(super) fn started_by(context: &Context, seq: Seq, body: Body) -> Result<Option<(Found, When)>, Fault> {
    let graph = &context.snapshot.graph;
    let change = match &body {
        Body::Alert(alert) => alert.change.as_ref(),
        Body::Incident(incident) => incident.change.as_ref(),
        _ => None,
    };
    if change.is_some_and(|change| change.rule.is_some() || change.actor == ACTOR) {
        return Ok(None);
    }
    let arrival = match &body {
        Body::Alert(alert) => feed::arrival(graph, graph.alert(&alert.id), seq),
        Body::Incident(incident) => feed::arrival(graph, graph.incident(&incident.id), seq),
        Body::Event(_) => "created",
        _ => return Ok(None),
    };
    let when = if arrival == "created" { When::Created } else { When::Updated };
    if let (Body::Alert(alert), When::Created) = (&body, when) {
        // An alert that a suppression rule dismissed as it came needs nobody's attention, a rule's neither.
        let versions = graph.alert(&alert.id).map(|node| graph.versions(node)).unwrap_or_default();
        let next = versions.iter().filter(|version| version.seq > seq && version.seq.0 <= seq.0 + 2).min_by_key(|version| version.seq);
        if let Some(next) = next
            && let Some(own) = context.journal.document(next.seq)?.filter(|document| &*document.format == ingest::ALERT)
            && version_in::<Alert>(&own, &alert.id)?.and_then(|alert| alert.change).is_some_and(|change| change.rule.is_some())
        {
            return Ok(None);
        }
    }
    Ok(found_in(body).map(|found| (found, when)))
}

/// The version before the one that a document holds.
pub(super) fn before(context: &Context, found: &Found, seq: Seq) -> Result<Option<Found>, Fault> {
    let graph = &context.snapshot.graph;
    let (node, id) = match found {
        Found::Alert(alert) => (graph.alert(&alert.id), &alert.id),
        Found::Incident(incident) => (graph.incident(&incident.id), &incident.id),
        Found::Assessment(_) => return Ok(None),
    };
    // The newest comes first.
    let versions = node.map(|node| graph.versions(node)).unwrap_or_default();
    let Some(this) = versions.iter().find(|version| version.seq == seq) else { return Ok(None) };
    let earlier = versions.iter().find(|version| !version.piece && (version.modified, version.seq) < (this.modified, this.seq));
    let Some(earlier) = earlier else { return Ok(None) };
    let document = details::document(context, earlier.seq)?;
    Ok(match found {
        Found::Alert(_) => version_in::<Alert>(&document, id)?.map(|alert| Found::Alert(Box::new(alert))),
        Found::Incident(_) => version_in::<Incident>(&document, id)?.map(|incident| Found::Incident(Box::new(incident))),
        Found::Assessment(_) => None,
    })
}

/// The entities of the alerts of an incident.
pub(super) fn entities(context: &Context, found: &Found) -> Result<Vec<Entity>, Fault> {
    let Found::Incident(incident) = found else { return Ok(Vec::new()) };
    let graph = &context.snapshot.graph;
    let mut entities = Vec::new();
    for id in &incident.alert_ids {
        let Some(node) = graph.alert(id) else { continue };
        let (alert, _) = details::whole_alert(context, id, node)?;
        entities.extend(alert.into_iter().flat_map(|alert| alert.entities).map(|evidence| evidence.entity));
    }
    Ok(entities)
}

//! Changes: plans of `triage` are made from a snapshot and journaled like every other document, chained one to the next.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

use super::Engine;
use super::commit::{Expected, Item, OVERTAKEN, Outcome, Parsed};
use super::resources::Define;
use crate::ingest;
use crate::model::{Alert, Bookmark, Change, Document, Fault, FaultClass, Incident, Origin, Resource, Seq, Stored, Time};
use crate::query::Context;
use crate::records::fingerprint;
use crate::triage::alert::{AlertUndo, ChangeAlerts};
use crate::triage::bookmark::BookmarkChange;
use crate::triage::correlate::Rules;
use crate::triage::incident::{Actor, ChangeIncidents, ChangeUndo, Changed, ChangedRecord, Policy, etag};
use crate::triage::{self, Correlation, CorrelationRequest, Decide, Decided};

/// Incidents of a correlation that are written together; one that is cut short is completed by the next.
const CHUNK_INCIDENTS: usize = 256;
/// How often a change is planned anew because a source changed the incident at the same moment.
const ATTEMPTS_MAX: usize = 16;

/// The chain of changes: only who holds its end may add to it.
#[derive(Debug)]
pub(super) struct Chain(Mutex<String>);

impl Chain {
    /// The chain that ends with the given change.
    pub(super) fn new(last: Option<String>) -> Self {
        Self(Mutex::new(last.unwrap_or_default()))
    }
}

/// What clew itself writes.
pub(super) enum Written {
    Decision(Value),
    Incident(Box<Incident>),
    Resource(Box<Resource>),
    Alert(Box<Alert>),
}

impl Engine {
    /// Takes a decision; returns when it is durable and visible.
    pub fn decide<D: Decide>(&self, decide: D) -> Result<Decided, Fault> {
        let mut decide = Some(decide);
        let seqs = self.write("decision", &mut |context| {
            let Some(decide) = decide.take() else { return Ok(Vec::new()) };
            let mut decision = decide.decision(context)?;
            // Two equal decisions, one undone in between, are two documents.
            decision["time"] = context.now.to_string().into();
            decision["id"] = uuid::Uuid::new_v4().to_string().into();
            Ok(vec![Written::Decision(decision)])
        })?;
        let seq =
            seqs.first().ok_or_else(|| Fault::new(FaultClass::Internal, "decision_lost", "the writer gave no answer for the decision"))?;
        Ok(Decided { decision: seq.0 })
    }

    /// Changes incidents; returns when the change is durable and visible.
    ///
    /// A change that a source overtakes is planned anew, so that none is lost; one that names the version that it was made
    /// for (an etag) is refused instead.
    pub fn change(&self, request: &dyn ChangeIncidents, actor: &Actor) -> Result<Changed, Fault> {
        let mut changed = Vec::new();
        let seqs = self.write("change", &mut |context| {
            let incidents = request.plan(context, actor, self.policy_of(context)?)?;
            changed = incidents.iter().map(|incident| (incident.id.clone(), incident.number)).collect();
            Ok(incidents.into_iter().map(|incident| Written::Incident(Box::new(incident))).collect())
        })?;
        let row = |((id, number), seq): ((String, Option<i64>), Seq)| {
            let kind = "incident".to_owned();
            ChangedRecord { kind, id, number, change: seq.0, etag: etag(seq) }
        };
        Ok(Changed { value: changed.into_iter().zip(seqs).map(row).collect(), complete: true })
    }

    /// Changes alerts, as [`Engine::change`] changes incidents.
    pub fn change_alerts(&self, request: &dyn ChangeAlerts, actor: &Actor) -> Result<Changed, Fault> {
        let mut changed: Vec<String> = Vec::new();
        let seqs = self.write("change", &mut |context| {
            let alerts = request.plan(context, actor)?;
            changed = alerts.iter().map(|alert| alert.id.clone()).collect();
            Ok(alerts.into_iter().map(|alert| Written::Alert(Box::new(alert))).collect())
        })?;
        let row = |(id, seq): (String, Seq)| ChangedRecord { kind: "alert".to_owned(), id, number: None, change: seq.0, etag: etag(seq) };
        Ok(Changed { value: changed.into_iter().zip(seqs).map(row).collect(), complete: true })
    }

    /// Takes a change of incidents or alerts back, with all that were one step with it.
    pub fn undo(&self, change: u64, actor: &Actor) -> Result<Changed, Fault> {
        let document = self.journal.document(Seq(change))?;
        match document {
            Some(document) if &*document.format == ingest::ALERT => self.change_alerts(&AlertUndo { change }, actor),
            _ => self.change(&ChangeUndo { change }, actor),
        }
    }

    /// What changes of incidents must keep to at present.
    pub fn policy(&self) -> Result<Policy, Fault> {
        self.policy_of(&self.context())
    }

    pub(super) fn policy_of(&self, context: &Context) -> Result<Policy, Fault> {
        Policy::of(&context.snapshot, self.options.policy)
    }

    /// Keeps, changes or deletes a bookmark, with the incidents that hold it, as one change; gives its present version.
    pub fn bookmark(&self, change: &BookmarkChange, actor: &Actor) -> Result<Option<Stored>, Fault> {
        let mut id = String::new();
        self.write("change", &mut |context| {
            let plan = change.plan(context, actor)?;
            id.clone_from(&plan.id);
            let define = Define { kind: Bookmark::KIND.to_owned(), id: plan.id, value: plan.value, seen: change.etag.clone() };
            let resource = define.plan(context, actor)?.map(|resource| Written::Resource(Box::new(resource)));
            let incidents = plan.incidents.into_iter().map(|incident| Written::Incident(Box::new(incident)));
            Ok(resource.into_iter().chain(incidents).collect())
        })?;
        self.context().snapshot.resource(Bookmark::KIND, &id)
    }

    /// Correlates alerts into incidents; returns when they are durable and visible.
    pub fn correlate(&self, request: &CorrelationRequest) -> Result<Correlation, Fault> {
        let rules = request.rules.as_deref().map_or(Ok(Rules::default()), Rules::parse)?;
        let (mut found, incidents) = triage::plan(&self.context(), &rules)?;
        found.dry_run = request.dry_run;
        if !request.dry_run && !incidents.is_empty() {
            for chunk in incidents.chunks(CHUNK_INCIDENTS) {
                let documents = chunk
                    .iter()
                    .enumerate()
                    .map(|(place, incident)| parsed(ingest::INCIDENT, "correlation", place as u64 + 1, Time::now(), incident));
                self.committer.submit(documents.collect::<Result<_, _>>()?)?;
            }
        }
        Ok(found)
    }

    /// Plans and writes documents at the end of the chain of changes; gives their numbers.
    pub(super) fn write(&self, source: &str, plan: &mut dyn FnMut(&Context) -> Result<Vec<Written>, Fault>) -> Result<Vec<Seq>, Fault> {
        let mut last = self.chain.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut attempt = 1;
        loop {
            let context = self.context();
            let written = plan(&context)?;
            let planned = context.snapshot.graph.applied();
            let mut previous = last.clone();
            let mut expected = Vec::new();
            let mut documents = Vec::with_capacity(written.len());
            for (place, written) in written.into_iter().enumerate() {
                let document = match written {
                    Written::Decision(mut value) => {
                        value["previous"] = previous.into();
                        parsed(ingest::DECISION, source, place as u64 + 1, context.now, &value)?
                    }
                    Written::Resource(mut resource) => {
                        resource.previous = previous;
                        parsed(ingest::RESOURCE, source, place as u64 + 1, context.now, &resource)?
                    }
                    Written::Incident(mut incident) => {
                        let change = incident.change.get_or_insert_with(Change::default);
                        change.previous = Some(previous);
                        let newest = change.of.map(Seq);
                        let number = incident.number.filter(|_| newest.is_none());
                        expected.push(Expected { item: Item::Incident, id: incident.id.clone(), newest, number, planned });
                        parsed(ingest::INCIDENT, source, place as u64 + 1, context.now, &incident)?
                    }
                    Written::Alert(mut alert) => {
                        let change = alert.change.get_or_insert_with(Change::default);
                        change.previous = Some(previous);
                        let newest = change.of.map(Seq);
                        expected.push(Expected { item: Item::Alert, id: alert.id.clone(), newest, number: None, planned });
                        parsed(ingest::ALERT, source, place as u64 + 1, context.now, &alert)?
                    }
                };
                previous = fingerprint(&document.document.hash);
                documents.push(document);
            }
            match self.committer.submit_if(documents, expected) {
                Ok(outcomes) => {
                    *last = previous;
                    return Ok(outcomes.into_iter().filter_map(Outcome::seq).collect());
                }
                Err(fault) if fault.code == OVERTAKEN && attempt < ATTEMPTS_MAX => attempt += 1,
                Err(fault) => return Err(fault),
            }
        }
    }
}

/// A document that clew writes, with what it says.
pub(super) fn parsed(format: &'static str, source: &str, line: u64, received: Time, value: &impl Serialize) -> Result<Parsed, Fault> {
    let unwritable = |error: serde_json::Error| Fault::new(FaultClass::Internal, "document_unwritable", error.to_string());
    let raw = bytes::Bytes::from(serde_json::to_vec(value).map_err(unwritable)?);
    let mut hash = [0; 16];
    hash.copy_from_slice(&blake3::hash(&raw).as_bytes()[..16]);
    let origin = Origin { source: source.into(), line };
    let document = Document { format: format.into(), table: None, origin, received, hash, raw };
    let bodies = ingest::read(&document).map_err(|reject| Fault::new(FaultClass::Internal, reject.code, reject.message))?;
    Ok(Parsed { document, bodies })
}

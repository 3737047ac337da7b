//! Changes: plans of `triage` are made from a snapshot and journaled like every other document.

use serde_json::Value;

use super::Engine;
use super::commit::{Outcome, Parsed};
use crate::ingest;
use crate::model::{Document, Fault, FaultClass, Origin, Seq, Time};
use crate::triage::correlate::Rules;
use crate::triage::{self, Correlation, CorrelationRequest, Decide, Decided};

/// Incidents of a correlation that are written together; one that is cut short is completed by the next.
const CHUNK_INCIDENTS: usize = 256;

impl Engine {
    /// Takes a decision; returns when it is durable and visible.
    pub fn decide<D: Decide>(&self, decide: D) -> Result<Decided, Fault> {
        let mut decision = decide.decision(&self.context())?;
        // Two equal decisions, one undone in between, are two documents.
        decision["time"] = Time::now().to_string().into();
        decision["id"] = uuid::Uuid::new_v4().to_string().into();
        let seqs = self.write(ingest::DECISION, "decision", vec![decision])?;
        let seq =
            seqs.first().ok_or_else(|| Fault::new(FaultClass::Internal, "decision_lost", "the writer gave no answer for the decision"))?;
        Ok(Decided { decision: seq.0 })
    }

    /// Correlates alerts into incidents; returns when they are durable and visible.
    pub fn correlate(&self, request: &CorrelationRequest) -> Result<Correlation, Fault> {
        let rules = request.rules.as_deref().map_or(Ok(Rules::default()), Rules::parse)?;
        let (mut found, incidents) = triage::plan(&self.context(), &rules)?;
        found.dry_run = request.dry_run;
        if !request.dry_run && !incidents.is_empty() {
            for chunk in incidents.chunks(CHUNK_INCIDENTS) {
                let documents = chunk.iter().map(|incident| serde_json::to_value(incident).unwrap_or_default()).collect();
                self.write(ingest::INCIDENT, "correlation", documents)?;
            }
        }
        Ok(found)
    }

    fn write(&self, format: &'static str, source: &str, values: Vec<Value>) -> Result<Vec<Seq>, Fault> {
        let received = Time::now();
        let mut parsed = Vec::with_capacity(values.len());
        for (place, value) in values.into_iter().enumerate() {
            let raw = bytes::Bytes::from(value.to_string());
            let mut hash = [0; 16];
            hash.copy_from_slice(&blake3::hash(&raw).as_bytes()[..16]);
            let origin = Origin { source: source.into(), line: place as u64 + 1 };
            let document = Document { format: format.into(), table: None, origin, received, hash, raw };
            let bodies = ingest::read(&document).map_err(|reject| Fault::new(FaultClass::Internal, reject.code, reject.message))?;
            parsed.push(Parsed { document, bodies });
        }
        let outcomes = self.committer.submit(parsed)?;
        Ok(outcomes
            .into_iter()
            .filter_map(|outcome| match outcome {
                Outcome::New(seq) | Outcome::Updated(seq) => Some(seq),
                Outcome::Duplicate => None,
            })
            .collect())
    }
}

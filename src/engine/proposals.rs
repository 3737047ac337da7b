//! Proposals at work: made, accepted, rejected, each as one link of the chain of changes with all that goes with it.

use serde_json::json;

use super::Engine;
use super::resources::Define;
use super::triage::Written;
use crate::model::{Fault, FaultClass, Resource, Seq, Stored};
use crate::query::Context;
use crate::triage::incident::{Actor, Changed, ChangedRecord, etag};
use crate::triage::proposal::{self, KIND, Proposal, ProposalCreate, ProposalDecide};

impl Engine {
    /// Keeps a proposal; `proposer` is what its maker is known by, whatever its name.
    pub fn propose(&self, create: &ProposalCreate, proposer: &str, actor: &Actor) -> Result<Stored, Fault> {
        let id = uuid::Uuid::new_v4().to_string();
        self.write("proposal", &mut |context| {
            let proposal = Proposal::plan(create, proposer, context, actor, self.policy_of(context)?)?;
            let made = Written::Decision(proposal.decision(proposal::MADE, &id, context, actor));
            Ok(vec![Written::Resource(Box::new(resource(&id, &proposal, context, actor)?)), made])
        })?;
        self.proposal(&id)
    }

    /// Makes the change of an open proposal as `actor`; refuses one whose incident was changed since, unless that is confirmed.
    pub fn accept_proposal(&self, id: &str, decide: &ProposalDecide, actor: &Actor) -> Result<(Stored, Changed), Fault> {
        let mut changed = Vec::new();
        let seqs = self.write("proposal", &mut |context| {
            let stored = context.snapshot.resource(KIND, id)?.ok_or_else(|| proposal::unknown(id))?;
            let (accepted, incidents) = Proposal::accept(&stored, decide, context, actor, self.policy_of(context)?)?;
            changed = incidents.iter().map(|incident| (incident.id.clone(), incident.number)).collect();
            let accepted = Written::Resource(Box::new(resource(id, &accepted, context, actor)?));
            Ok(incidents.into_iter().map(|incident| Written::Incident(Box::new(incident))).chain([accepted]).collect())
        })?;
        let row = |((id, number), seq): ((String, Option<i64>), Seq)| {
            let kind = "incident".to_owned();
            ChangedRecord { kind, id, number, change: seq.0, etag: etag(seq) }
        };
        Ok((self.proposal(id)?, Changed { value: changed.into_iter().zip(seqs).map(row).collect(), complete: true }))
    }

    /// Turns an open proposal down.
    pub fn reject_proposal(&self, id: &str, decide: &ProposalDecide, actor: &Actor) -> Result<Stored, Fault> {
        self.write("proposal", &mut |context| {
            let stored = context.snapshot.resource(KIND, id)?.ok_or_else(|| proposal::unknown(id))?;
            let rejected = Proposal::reject(&stored, decide, context, actor)?;
            let told = Written::Decision(rejected.decision(proposal::REJECTED, id, context, actor));
            Ok(vec![Written::Resource(Box::new(resource(id, &rejected, context, actor)?)), told])
        })?;
        self.proposal(id)
    }

    fn proposal(&self, id: &str) -> Result<Stored, Fault> {
        self.context().snapshot.resource(KIND, id)?.ok_or_else(|| proposal::unknown(id))
    }
}

/// The next version of the resource that keeps a proposal.
fn resource(id: &str, proposal: &Proposal, context: &Context, actor: &Actor) -> Result<Resource, Fault> {
    let unchanged = || Fault::new(FaultClass::Internal, "proposal_unchanged", "a decided proposal equals the open one");
    Define::put(KIND, id, json!(proposal)).plan(context, actor)?.ok_or_else(unchanged)
}

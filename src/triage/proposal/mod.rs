//! Proposals: changes of incidents that somebody may not or will not make, and that a person accepts or rejects.
//!
//! A proposal is a resource; it changes nothing. Accepting one plans the ordinary change as the person who accepts it, from the snapshot in which
//! the proposal is found open and the incident unchanged since.

mod requests;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::incident::update::text;
use super::incident::{Actor, ChangeIncidents, CommentAdd, IncidentFields, IncidentUpdate, Policy, Present, TaskAdd};
use crate::model::{Fault, FaultClass, Incident, Object, Seq, Stored, Time};
use crate::query::graph::RecordPlace;
use crate::query::{Context, reference};

pub use requests::{ProposalDetail, ProposalFilter, ProposalPage, ProposalRequest, detail};

/// Kind of the resources.
pub const KIND: &str = "proposal";
/// Kinds of the decisions that the activity of an incident shows.
pub const MADE: &str = "proposal.made";
/// See [`MADE`].
pub const REJECTED: &str = "proposal.rejected";

/// Open proposals of a workspace at the most.
pub const OPEN_MAX: usize = 1_000;
/// Records that a proposal cites at the most.
pub const RECORDS_MAX: usize = 100;
/// Bytes of a reason or remark at the most.
const REASON_BYTES_MAX: usize = 16 << 10;

/// What a proposal would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposalAction {
    /// Change fields, as `PATCH /v1/incidents/{id}` does.
    #[default]
    Update,
    /// Write a comment, as `POST /v1/incidents/{id}/comments` does.
    Comment,
    /// Add a task, as `POST /v1/incidents/{id}/tasks` does.
    Task,
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Nobody decided yet.
    #[default]
    Open,
    /// The change was made.
    Accepted,
    /// It was turned down.
    Rejected,
}

impl ProposalState {
    /// Every state, with its name.
    pub const ALL: [(&'static str, Self); 3] = [("open", Self::Open), ("accepted", Self::Accepted), ("rejected", Self::Rejected)];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, state)| *state == self).map_or("open", |(name, _)| name)
    }
}

/// A change that is asked for.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProposalCreate {
    /// Id or number of the incident.
    pub incident: String,
    /// What is to be done.
    pub action: ProposalAction,
    /// The body that the operation of the action takes.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub change: Object,
    /// Why, in words.
    pub reason: String,
    /// Sequence numbers of the records that say so, 1 to 100.
    pub records: Vec<u64>,
    /// The version of the incident that was looked at; the present one if none is given. Another one is refused.
    pub etag: Option<String>,
}

/// How a proposal is decided.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProposalDecide {
    /// Accepts a proposal although the incident was changed since.
    pub confirm: bool,
    /// A remark.
    pub comment: Option<String>,
}

/// What is kept of a proposal, beside who made it and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Id of the incident.
    pub incident: String,
    /// What is to be done.
    pub action: ProposalAction,
    /// The body that the operation of the action takes.
    pub change: Object,
    /// Why.
    pub reason: String,
    /// The records that say so.
    pub records: Vec<RecordPlace>,
    /// The version of the incident that it was made for.
    pub incident_etag: String,
    /// What limits and logs know the proposer by: the id of a key.
    pub proposer: String,
    /// Where it stands.
    pub state: ProposalState,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Time>,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// What was said on deciding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Reads the value of a stored proposal.
pub fn read(stored: &Stored) -> Result<Proposal, Fault> {
    serde_json::from_value((*stored.resource.value).clone()).map_err(|error| {
        let message = format!("the proposal `{}` cannot be read: {error}", stored.resource.id);
        Fault::new(FaultClass::Internal, "proposal_unreadable", message)
    })
}

/// The fault of an id that names no proposal.
pub fn unknown(id: &str) -> Fault {
    Fault::new(FaultClass::NotFound, "proposal_unknown", format!("there is no proposal `{id}`")).with_hint("`clew proposals` lists them")
}

impl Proposal {
    /// Plans a proposal; refuses what could not be accepted as things stand.
    pub fn plan(create: &ProposalCreate, proposer: &str, context: &Context, actor: &Actor, policy: Policy) -> Result<Self, Fault> {
        let reason = text("reason", &create.reason, REASON_BYTES_MAX)?.to_owned();
        let records = cited(context, &create.records)?;
        let present = Present::seen(context, &create.incident, create.etag.as_deref())?;
        let (mut open, mut own) = (0, false);
        let proposal = Self {
            incident: present.incident.id.clone(),
            action: create.action,
            change: create.change.clone(),
            reason,
            records,
            incident_etag: present.etag(),
            proposer: proposer.to_owned(),
            state: ProposalState::Open,
            decided: None,
            decided_by: None,
            comment: None,
        };
        for known in context.snapshot.resources(KIND)? {
            let known = read(&known)?;
            open += usize::from(known.state == ProposalState::Open);
            own |= known.state == ProposalState::Open
                && (&known.incident, known.action, &known.change) == (&proposal.incident, proposal.action, &proposal.change);
        }
        if own {
            let message = format!("the same change of incident `{}` is proposed already", proposal.incident);
            return Err(Fault::new(FaultClass::Conflict, "proposal_exists", message).with_hint("a person decides on it"));
        }
        if open >= OPEN_MAX {
            let message = format!("expected at most {OPEN_MAX} open proposals (`proposals_open_max`), found {open}");
            return Err(Fault::new(FaultClass::Limit, "proposals_open_max", message).with_hint("accept or reject some of them first"));
        }
        if proposal.incidents(context, actor, policy)?.is_empty() {
            return Err(Fault::new(FaultClass::Invalid, "proposal_empty", "the change would change nothing: the incident is so already"));
        }
        Ok(proposal)
    }

    /// Plans the acceptance: the proposal as it then stands, and the versions of the incident.
    pub fn accept(
        stored: &Stored,
        decide: &ProposalDecide,
        context: &Context,
        actor: &Actor,
        policy: Policy,
    ) -> Result<(Self, Vec<Incident>), Fault> {
        let proposal = read(stored)?.decide(stored, ProposalState::Accepted, decide, context, actor)?;
        let present = Present::of(context, &proposal.incident)?;
        if present.etag() != proposal.incident_etag && !decide.confirm {
            let message = format!(
                "the proposal was made for etag `{}` of incident `{}`, found `{}`",
                proposal.incident_etag,
                proposal.incident,
                present.etag()
            );
            return Err(Fault::new(FaultClass::Conflict, "proposal_stale", message)
                .with_hint("the incident was changed since: look at it, then accept with `confirm`, or reject"));
        }
        let mut incidents = proposal.incidents(context, actor, policy)?;
        for change in incidents.iter_mut().filter_map(|incident| incident.change.as_mut()) {
            change.proposal = Some(stored.resource.id.to_string());
            change.proposed_by = Some(stored.resource.created_by.to_string());
        }
        Ok((proposal, incidents))
    }

    /// Plans the rejection.
    pub fn reject(stored: &Stored, decide: &ProposalDecide, context: &Context, actor: &Actor) -> Result<Self, Fault> {
        read(stored)?.decide(stored, ProposalState::Rejected, decide, context, actor)
    }

    fn decide(
        mut self,
        stored: &Stored,
        state: ProposalState,
        decide: &ProposalDecide,
        context: &Context,
        actor: &Actor,
    ) -> Result<Self, Fault> {
        if self.state != ProposalState::Open {
            let by = self.decided_by.as_deref().unwrap_or_default();
            let message = format!("expected an open proposal, found `{}`, {} by {by}", stored.resource.id, self.state.as_str());
            return Err(Fault::new(FaultClass::Conflict, "proposal_decided", message));
        }
        self.comment = decide.comment.as_deref().map(|comment| text("comment", comment, REASON_BYTES_MAX)).transpose()?.map(str::to_owned);
        (self.state, self.decided, self.decided_by) = (state, Some(context.now), Some(actor.name.clone()));
        Ok(self)
    }

    /// The versions of the incident that the change makes.
    fn incidents(&self, context: &Context, actor: &Actor, policy: Policy) -> Result<Vec<Incident>, Fault> {
        let incident = reference::of_id(&self.incident).into_owned();
        match self.action {
            ProposalAction::Update => {
                let fields: IncidentFields = self.body()?;
                if fields.etag.is_some() {
                    return Err(invalid("the version stands in `etag` of the proposal, found one in `change`".to_owned()));
                }
                IncidentUpdate { incident, fields }.plan(context, actor, policy)
            }
            ProposalAction::Comment => CommentAdd { incident, ..self.body()? }.plan(context, actor, policy),
            ProposalAction::Task => TaskAdd { incident, ..self.body()? }.plan(context, actor, policy),
        }
    }

    fn body<T: serde::de::DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_value(Value::Object(self.change.clone()))
            .map_err(|error| invalid(format!("expected the body of the action in `change`: {error}")))
    }

    /// What the activity of the incident says of the proposal.
    pub fn decision(&self, kind: &str, id: &str, context: &Context, actor: &Actor) -> Value {
        json!({
            "id": uuid::Uuid::new_v4().to_string(), "kind": kind, "time": context.now, "actor": actor.name,
            "target": format!("incident:{}", self.incident), "proposal": id,
            "comment": if kind == MADE { Some(&self.reason) } else { self.comment.as_ref() },
        })
    }
}

fn invalid(message: String) -> Fault {
    Fault::new(FaultClass::Invalid, "proposal_change_invalid", message).with_hint("`/docs` shows the body of every operation")
}

/// Where the cited records came from; refuses numbers that no record has.
fn cited(context: &Context, records: &[u64]) -> Result<Vec<RecordPlace>, Fault> {
    if records.is_empty() || records.len() > RECORDS_MAX {
        let message = format!("expected 1 to {RECORDS_MAX} numbers of records in `records`, found {}", records.len());
        return Err(Fault::new(FaultClass::Invalid, "records_invalid", message).with_hint("every answer names its records by `seq`"));
    }
    let mut places: Vec<RecordPlace> = Vec::with_capacity(records.len());
    for seq in records {
        if places.iter().any(|place| place.seq == *seq) {
            continue;
        }
        let place = crate::query::details::place(context, Seq(*seq))?;
        places.push(place.ok_or_else(|| Fault::new(FaultClass::Invalid, "record_unknown", format!("no record has the number {seq}")))?);
    }
    Ok(places)
}

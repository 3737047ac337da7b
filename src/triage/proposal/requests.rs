//! Which proposals there are, and how answers show them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{KIND, ProposalAction, ProposalState, read, unknown};
use crate::model::{Fault, Object, Stored, Time};
use crate::query::answer::Page;
use crate::query::cursor::{Newest, Seal};
use crate::query::graph::RecordPlace;
use crate::query::{Context, Question, reference};
use crate::triage::incident::Present;

/// Proposals of a page when the request names no limit.
const LIMIT_DEFAULT: u32 = 100;
/// Proposals of a page at the most.
const LIMIT_MAX: u32 = 1_000;

/// Which proposals; the latest first.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProposalFilter {
    /// Any of: `open`, `accepted`, `rejected`; all if none is named.
    pub state: Vec<String>,
    /// Of this incident, by id or number.
    pub incident: Option<String>,
    /// Proposals of the page.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// Which proposal.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Path)]
pub struct ProposalRequest {
    /// Id.
    pub id: String,
}

/// A change of an incident that somebody asked for.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ProposalDetail {
    /// Identifies it.
    pub id: String,
    /// Where it stands.
    pub state: ProposalState,
    /// Whether the incident was changed since, of an open one.
    pub stale: bool,
    /// Id of the incident.
    pub incident: String,
    /// Number of the incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Title of the incident.
    pub title: String,
    /// What is to be done.
    pub action: ProposalAction,
    /// The body that the operation of the action takes.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub change: Object,
    /// Why.
    pub reason: String,
    /// The records that say so.
    pub records: Vec<RecordPlace>,
    /// The version of the incident that it was made for.
    pub incident_etag: String,
    /// When it was made.
    #[schema(value_type = String)]
    pub created: Time,
    /// Who made it.
    pub created_by: String,
    /// When it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub decided: Option<Time>,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// What was said on deciding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A page of proposals.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ProposalPage {
    /// The page.
    #[serde(flatten)]
    pub page: Page<ProposalDetail>,
}

/// A proposal as an answer shows it.
pub fn detail(context: &Context, stored: &Stored) -> Result<ProposalDetail, Fault> {
    let proposal = read(stored)?;
    // An incident that was deleted since has no version to compare with.
    let present = Present::of(context, &proposal.incident).ok();
    let resource = &stored.resource;
    Ok(ProposalDetail {
        id: resource.id.to_string(),
        state: proposal.state,
        stale: proposal.state == ProposalState::Open && present.as_ref().is_none_or(|present| present.etag() != proposal.incident_etag),
        incident: proposal.incident,
        number: present.as_ref().and_then(|present| present.incident.number),
        title: present.map(|present| present.incident.title).unwrap_or_default(),
        action: proposal.action,
        change: proposal.change,
        reason: proposal.reason,
        records: proposal.records,
        incident_etag: proposal.incident_etag,
        created: resource.created,
        created_by: resource.created_by.to_string(),
        decided: proposal.decided,
        decided_by: proposal.decided_by,
        comment: proposal.comment,
    })
}

impl Question for ProposalFilter {
    type Answer = ProposalPage;
    const NAME: &'static str = "proposals";

    fn answer(self, context: &Context) -> Result<ProposalPage, Fault> {
        let limit = reference::limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let names = ProposalState::ALL.map(|(name, _)| name);
        let known = |text: &str| ProposalState::ALL.iter().find(|(name, _)| *name == text).map(|(_, state)| *state);
        let states = self.state.iter().map(|text| reference::word("state", text, known, &names)).collect::<Result<Vec<_>, _>>()?;
        let graph = &context.snapshot.graph;
        let incident = match &self.incident {
            Some(text) => graph.incident_node(reference::incident(graph, text)?).map(|incident| incident.id().to_owned()),
            None => None,
        };
        let mut found = Vec::new();
        for stored in context.snapshot.resources(KIND)? {
            let proposal = read(&stored)?;
            if (states.is_empty() || states.contains(&proposal.state)) && incident.as_ref().is_none_or(|id| *id == proposal.incident) {
                found.push(stored);
            }
        }
        found.sort_by(|a, b| b.resource.created.cmp(&a.resource.created).then_with(|| a.resource.id.cmp(&b.resource.id)));
        let total = found.len() as u64;
        let seal = Seal::of(context, Self::NAME, &Self { limit: None, cursor: None, ..self.clone() });
        let after = seal.place(self.cursor.as_deref(), Newest::read)?;
        let place = |stored: &Stored| Newest::of(Some(stored.resource.created), &stored.resource.id);
        let begin = after.map_or(0, |after| found.partition_point(|stored| place(stored) <= after));
        let complete = found.len() - begin <= limit;
        let shown = &found[begin..found.len().min(begin.saturating_add(limit))];
        let value = shown.iter().map(|stored| detail(context, stored)).collect::<Result<Vec<_>, Fault>>()?;
        let cursor = shown.last().filter(|_| !complete).map(|stored| seal.close(&place(stored).write()));
        Ok(ProposalPage { page: Page { value, total, complete, cursor } })
    }
}

impl Question for ProposalRequest {
    type Answer = ProposalDetail;
    const NAME: &'static str = "proposal";

    fn answer(self, context: &Context) -> Result<ProposalDetail, Fault> {
        let stored = context.snapshot.resource(KIND, &self.id)?.ok_or_else(|| unknown(&self.id))?;
        detail(context, &stored)
    }
}

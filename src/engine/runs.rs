//! What became of the runs of automation rules: those that wait, and those that are over, newest first.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Engine;
use super::automation::{ActionState, Run};
use crate::model::Fault;
use crate::query::activity::RUN;
use crate::query::reference::{limit, word};

/// Runs of a page when the request names no limit.
const LIMIT_DEFAULT: u32 = 50;
/// Runs of a page at the most.
const LIMIT_MAX: u32 = 1_000;

/// Which runs.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunFilter {
    /// `waiting`, `done`, `dead` or `dry_run`: runs with such an action.
    pub state: Option<String>,
    /// Id of the rule.
    pub rule: Option<String>,
    /// What it ran for: `alert:ID`, `incident:ID`.
    pub target: Option<String>,
    /// Runs of the page (default 50).
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// A page of runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunPage {
    /// The runs, the latest started first.
    pub value: Vec<Run>,
    /// How many match.
    pub total: u64,
    /// Whether nothing is left behind this page.
    pub complete: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Engine {
    /// The runs under a filter.
    pub fn automation_runs(&self, filter: &RunFilter) -> Result<RunPage, Fault> {
        let limit = limit(filter.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let read = |text: &str| {
            Some(match text {
                "waiting" => ActionState::Waiting,
                "done" => ActionState::Done,
                "dead" => ActionState::Dead,
                "dry_run" => ActionState::DryRun,
                _ => return None,
            })
        };
        let state = filter.state.as_deref().map(|text| word("state", text, read, &["waiting", "done", "dead", "dry_run"])).transpose()?;
        let of_rule = |run: &Run, rule: &String| run.rule == *rule || run.rule.split_once('/').is_some_and(|(_, id)| id == rule);
        let passes = |run: &Run| {
            state.is_none_or(|state| run.actions.iter().any(|action| action.state == state))
                && filter.rule.as_ref().is_none_or(|rule| of_rule(run, rule))
                && filter.target.as_ref().is_none_or(|target| run.target == *target)
        };
        let mut runs = self.waiting_runs()?;
        let waiting: BTreeSet<String> = runs.iter().map(|run| run.id.clone()).collect();
        let decisions = self.context().snapshot.records.decisions(RUN)?;
        let over = decisions.into_iter().filter_map(|decision| serde_json::from_value::<Run>((*decision.value).clone()).ok());
        runs.extend(over.filter(|run| !waiting.contains(&run.id)));
        runs.retain(passes);
        let place = |run: &Run| (std::cmp::Reverse(run.started), run.id.clone());
        runs.sort_by_key(place);
        let total = runs.len() as u64;
        let begin = match &filter.cursor {
            Some(cursor) => runs.iter().position(|run| run.id == *cursor).map_or(runs.len(), |place| place + 1),
            None => 0,
        };
        let complete = runs.len() - begin <= limit;
        let value: Vec<Run> = runs.into_iter().skip(begin).take(limit).collect();
        let cursor = value.last().filter(|_| !complete).map(|run| run.id.clone());
        Ok(RunPage { value, total, complete, cursor })
    }
}

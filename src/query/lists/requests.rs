//! What the queues are asked for, and the shapes of the answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::model::Time;

use super::super::answer::Page;

/// Rows of a page when the request names no limit.
pub const LIMIT_DEFAULT: u32 = 50;
/// Rows of a page at the most.
pub const LIMIT_MAX: u32 = 10_000;

/// Which incidents, in which order.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IncidentFilter {
    /// Any of these severities.
    pub severity: Vec<String>,
    /// Any of these states: New, Active, Closed; `open` is New or Active.
    pub status: Vec<String>,
    /// Owner's name, mail address or principal name, in any case; `unassigned` for none.
    pub owner: Vec<String>,
    /// Any of these products: by name, or by a part of it where no product has the name.
    pub product: Vec<String>,
    /// Any of these ATT&CK tactics.
    pub tactic: Vec<String>,
    /// Any of these ATT&CK techniques; a technique stands for its sub-techniques.
    pub technique: Vec<String>,
    /// Any of these tags.
    pub tag: Vec<String>,
    /// An entity (`KIND:VALUE`) that an alert of the incident, or the incident itself, names.
    pub entity: Vec<String>,
    /// Id or number of the incident that the incidents belong under.
    pub parent: Option<String>,
    /// Last activity not before this time; absolute or relative to now (`-7d`).
    pub from: Option<String>,
    /// First activity not after this time.
    pub to: Option<String>,
    /// `severity` (default: gravest first, then last activity), `created`, `modified`, `activity`, `number`, `title`; `-` in front turns the order.
    pub sort: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 10000)]
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// Row of the whole list that the page begins with, from 0; not together with `cursor`.
    pub offset: Option<u32>,
}

/// Which alerts, in which order.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AlertFilter {
    /// Any of these severities.
    pub severity: Vec<String>,
    /// Any of these states: New, InProgress, Resolved, Dismissed, Unknown; `open` is New or InProgress.
    pub status: Vec<String>,
    /// Any of these products: by name, or by a part of it where no product has the name.
    pub product: Vec<String>,
    /// Any of these ATT&CK tactics.
    pub tactic: Vec<String>,
    /// Any of these ATT&CK techniques; a technique stands for its sub-techniques.
    pub technique: Vec<String>,
    /// An entity (`KIND:VALUE`) that the alert names.
    pub entity: Vec<String>,
    /// Id or number of the incident that contains the alert; `none` for alerts outside any.
    pub incident: Option<String>,
    /// Id of the suppression rule that dismissed the alert; those that people took up since are left out.
    pub suppressed_by: Option<String>,
    /// Words of the title, in any case.
    pub title: Option<String>,
    /// Shows repeats as one row, the newest of them: by `title` (title and resource), `entity` or `rule` (product and type).
    pub group: Option<String>,
    /// Only the alerts of this group, one by one; with `group`.
    pub group_key: Option<String>,
    /// Activity not before this time; absolute or relative to now (`-7d`).
    pub from: Option<String>,
    /// Activity not after this time.
    pub to: Option<String>,
    /// `time` (default: newest first), `severity`, `title`, `count` (of groups: most first); `-` in front turns the order.
    pub sort: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 10000)]
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// Row of the whole list that the page begins with, from 0; not together with `cursor`.
    pub offset: Option<u32>,
}

/// Which entities, in which order.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntityFilter {
    /// Any of these kinds.
    pub kind: Vec<String>,
    /// Text that the label or a key contains, in any case.
    pub text: Option<String>,
    /// Seen not before this time; absolute or relative to now (`-7d`).
    pub from: Option<String>,
    /// Seen not after this time.
    pub to: Option<String>,
    /// `degree` (default: most edges first), `label`, `last`, `first`; `-` in front turns the order.
    pub sort: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 10000)]
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// How many items of a filter stand where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counters {
    /// By status.
    pub status: BTreeMap<String, u64>,
    /// By severity.
    pub severity: BTreeMap<String, u64>,
}

/// An incident as a row of the queue.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct IncidentRow {
    /// Id of the incident.
    pub id: String,
    /// Number that people say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Title.
    pub title: String,
    /// Severity.
    pub severity: String,
    /// Status.
    pub status: String,
    /// Who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Classification it was closed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// Products of its alerts.
    pub products: Vec<String>,
    /// ATT&CK tactics of its alerts.
    pub tactics: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// How many alerts it contains, those counted that are referenced but not seen.
    pub alerts: u64,
    /// First activity.
    #[schema(value_type = Option<String>)]
    pub first_activity: Option<Time>,
    /// Last activity.
    #[schema(value_type = Option<String>)]
    pub last_activity: Option<Time>,
    /// When it was opened.
    #[schema(value_type = Option<String>)]
    pub created: Option<Time>,
    /// When it was last changed.
    #[schema(value_type = Option<String>)]
    pub modified: Option<Time>,
    /// When it was closed, if it is.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<Time>,
    /// Sequence number of the document that says so.
    pub seq: u64,
}

/// An alert as a row of the queue.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertRow {
    /// Id of the alert.
    pub id: String,
    /// Title.
    pub title: String,
    /// Severity.
    pub severity: String,
    /// Status.
    pub status: String,
    /// Product that raised it.
    pub product: String,
    /// ATT&CK tactics.
    pub tactics: Vec<String>,
    /// Incidents that contain it.
    pub incidents: Vec<String>,
    /// How many entities it names.
    pub entities: u64,
    /// The group that the row stands for, if the list is grouped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<AlertGroup>,
    /// When the activity began.
    #[schema(value_type = Option<String>)]
    pub start: Option<Time>,
    /// When the activity ended.
    #[schema(value_type = Option<String>)]
    pub end: Option<Time>,
    /// Sequence number of the document that says so.
    pub seq: u64,
}

/// Repeats of an alert that one row stands for.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertGroup {
    /// Names the group: `group_key` lists its alerts.
    pub key: String,
    /// What they have in common.
    pub label: String,
    /// How many alerts there are.
    pub count: u64,
    /// Begin of the first.
    #[schema(value_type = Option<String>)]
    pub first: Option<Time>,
    /// End of the last.
    #[schema(value_type = Option<String>)]
    pub last: Option<Time>,
}

/// An entity as a row of a list.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EntityRow {
    /// Reference that every command takes, `KIND:VALUE`.
    pub id: String,
    /// Kind.
    pub kind: String,
    /// Short text for people.
    pub label: String,
    /// How many edges it has.
    pub degree: u64,
    /// First time it was seen.
    #[schema(value_type = Option<String>)]
    pub first: Option<Time>,
    /// Last time it was seen.
    #[schema(value_type = Option<String>)]
    pub last: Option<Time>,
}

/// A page of the incident queue.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct IncidentPage {
    /// The page.
    #[serde(flatten)]
    pub page: Page<IncidentRow>,
    /// Counters over everything that matches the filter.
    pub counters: Counters,
}

/// A page of the alert list.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertPage {
    /// The page.
    #[serde(flatten)]
    pub page: Page<AlertRow>,
    /// Counters over everything that matches the filter.
    pub counters: Counters,
}

/// A page of the entity list.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EntityPage {
    /// The page.
    #[serde(flatten)]
    pub page: Page<EntityRow>,
    /// How many match by kind.
    pub kinds: BTreeMap<String, u64>,
}

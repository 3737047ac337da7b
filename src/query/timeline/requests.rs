//! What can be asked of a timeline, and the shape of the answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::model::{Object, Time};

/// Everything that touches some nodes, in time order.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TimelineRequest {
    /// Incidents (`incident:ID`), alerts (`alert:ID`) and entities (`KIND:VALUE`); a bare id or number is an incident.
    #[param(required = true, min_items = 1)]
    pub of: Vec<String>,
    /// Items not before this time; absolute or relative to now (`-7d`).
    pub from: Option<String>,
    /// Items not after this time.
    pub to: Option<String>,
    /// Any of: `alert`, `incident`, `event`, `status` (changes of incidents), `automation` (runs of rules).
    pub kind: Vec<String>,
    /// Any of these tables (events).
    pub table: Vec<String>,
    /// Any of these severities (alerts and incidents).
    pub severity: Vec<String>,
    /// Any of these ATT&CK tactics (alerts and incidents).
    pub tactic: Vec<String>,
    /// As it was known at this instant, by what clew had taken in until then; absolute or relative to now (`-7d`).
    pub as_of: Option<String>,
    /// `oldest` (default) or `newest` first.
    pub order: Option<String>,
    /// Items of the page (default 100).
    #[param(minimum = 1, maximum = 10000)]
    pub limit: Option<u32>,
    /// Where the page begins: `cursor` or `previous` of an answer to the same question.
    pub cursor: Option<String>,
    /// Histogram buckets over the whole answer (default 0, at the most 1000).
    #[param(maximum = 1000)]
    pub buckets: Option<u32>,
}

/// One item of a timeline.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TimelineItem {
    /// When it began.
    #[schema(value_type = Option<String>)]
    pub time: Option<Time>,
    /// When it ended, for what lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub end: Option<Time>,
    /// `alert`, `incident`, `event`, `status` or `automation`.
    pub kind: String,
    /// What happened, for people.
    pub message: String,
    /// Table of an event, product of an alert, name of a rule that ran.
    pub source: String,
    /// Severity of an alert or incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// ATT&CK tactics of an alert or incident.
    pub tactics: Vec<String>,
    /// Reference of the alert or incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Which of the asked nodes it touches.
    pub touches: Vec<String>,
    /// Sequence number of the document that says so.
    pub seq: u64,
    /// Sequence number of the first document that spoke of it: a later version keeps the place among items of one time.
    #[serde(skip)]
    pub place: u64,
    /// Cells of an event, or of the run of a rule, that are not empty.
    #[serde(skip_serializing_if = "Object::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub row: Object,
}

/// Items of one bucket of time.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Bucket {
    /// Begin of the bucket.
    #[schema(value_type = String)]
    pub start: Time,
    /// Begin of the next one.
    #[schema(value_type = String)]
    pub end: Time,
    /// Items by kind.
    pub counts: BTreeMap<String, u64>,
}

/// A page of a timeline.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TimelineAnswer {
    /// The dated items of the page, in order.
    pub value: Vec<TimelineItem>,
    /// Items without a time; on the first page only.
    pub undated: Vec<TimelineItem>,
    /// Whether these are all items without a time; of those from tables a page has as many as `limit`, at least 1,000.
    pub undated_complete: bool,
    /// How many dated items match in all, by kind.
    pub counts: BTreeMap<String, u64>,
    /// First and last time over everything that matches.
    #[schema(value_type = Option<String>)]
    pub first: Option<Time>,
    /// Last time over everything that matches.
    #[schema(value_type = Option<String>)]
    pub last: Option<Time>,
    /// Histogram over everything that matches.
    pub buckets: Vec<Bucket>,
    /// Whether nothing is left behind this page.
    pub complete: bool,
    /// Name of the limit that cut the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Where the page before this one begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
}

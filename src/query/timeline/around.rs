//! What happened around an instant: everything that touches a node within a span before and behind it, over all tables.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Context, Plan, Question, TimelineAnswer, TimelineRequest, asked};
use crate::graph::NodeRef;
use crate::model::{Fault, FaultClass, Time};
use crate::query::cursor::Seal;
use crate::query::reference;

/// The span before and behind the instant when the request names none.
const WINDOW_DEFAULT: &str = "1h";
/// Longest span before and behind the instant, in microseconds: 366 days.
const WINDOW_MAX: i64 = 366 * 86_400 * 1_000_000;

/// What happened around an instant.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AroundRequest {
    /// An entity (`KIND:VALUE`), or an alert (`alert:ID`) or incident with the entities that it names.
    pub of: String,
    /// The instant, absolute or relative to now; without it the begin of the alert or incident.
    pub at: Option<String>,
    /// How long before and behind it: `30m`, `1h` (default), `2d`.
    pub window: Option<String>,
    /// Any of: `alert`, `incident`, `event`, `status`, `automation`.
    pub kind: Vec<String>,
    /// Any of these tables (events).
    pub table: Vec<String>,
    /// `oldest` (default) or `newest` first.
    pub order: Option<String>,
    /// Items of the page (default 100).
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// What happened around an instant.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AroundAnswer {
    /// The instant.
    #[schema(value_type = String)]
    pub at: Time,
    /// Begin of the window.
    #[schema(value_type = String)]
    pub from: Time,
    /// End of the window.
    #[schema(value_type = String)]
    pub to: Time,
    /// How many rows of each table match in all.
    pub tables: BTreeMap<String, u64>,
    /// The page.
    #[serde(flatten)]
    pub page: TimelineAnswer,
}

impl Question for AroundRequest {
    type Answer = AroundAnswer;
    const NAME: &'static str = "around";

    fn answer(self, context: &Context) -> Result<AroundAnswer, Fault> {
        let seal = Seal::of(context, Self::NAME, &Self { limit: None, cursor: None, ..self.clone() });
        let at = self.instant(context)?;
        let window = self.window.as_deref().unwrap_or(WINDOW_DEFAULT);
        let micros = reference::span(window)?;
        if !(1..=WINDOW_MAX).contains(&micros) {
            let message = format!("expected a window of more than nothing and at most 366 days, found `{window}`");
            return Err(Fault::new(FaultClass::Invalid, "window_invalid", message));
        }
        let (from, to) = (at.plus(-micros), at.plus(micros));
        let request = TimelineRequest {
            of: vec![self.of],
            from: Some(from.to_string()),
            to: Some(to.to_string()),
            kind: self.kind,
            table: self.table,
            order: self.order,
            limit: self.limit,
            cursor: self.cursor,
            ..TimelineRequest::default()
        };
        let tables = tables(context, &request)?;
        Ok(AroundAnswer { at, from, to, tables, page: request.sealed(context, seal)? })
    }
}

impl AroundRequest {
    /// The instant that is meant.
    fn instant(&self, context: &Context) -> Result<Time, Fault> {
        if let Some(at) = &self.at {
            return reference::time(at, context.now);
        }
        let graph = &context.snapshot.graph;
        let time = match graph.node(asked(graph, &self.of)?) {
            NodeRef::Alert(alert) => alert.time(),
            NodeRef::Incident(incident) => incident.time(),
            NodeRef::Entity(_) => None,
        };
        time.ok_or_else(|| {
            Fault::new(FaultClass::Invalid, "instant_missing", format!("expected `at`: `{}` has no time of its own", self.of))
                .with_hint("name the instant, such as `at=2021-04-28T14:31:30Z`")
        })
    }
}

/// Matching rows by table.
fn tables(context: &Context, request: &TimelineRequest) -> Result<BTreeMap<String, u64>, Fault> {
    let Some(request) = Plan::read(request, context)?.trail(context) else { return Ok(BTreeMap::new()) };
    let trail = context.runtime.block_on(context.snapshot.columns.trail(&request))?;
    Ok(trail.count_by_table().into_iter().map(|(table, count)| (table.to_string(), count)).collect())
}

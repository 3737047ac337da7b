//! What a suppression rule would have dismissed: every alert whose documents it means, listed before the rule is saved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::definition::Definition;
use super::SuppressionRule;
use crate::graph::AlertRef;
use crate::model::{Alert, AlertStatus, Body, Fault, Seq, Time, Window};
use crate::query::cursor::{Newest, Seal};
use crate::query::lists::{AlertRow, row_of_alert};
use crate::query::reference::{limit, window};
use crate::query::{Context, Question, details};
use crate::triage::versioned::version_in;

/// Alerts of a page when the request names no limit.
const LIMIT_DEFAULT: u32 = 50;
/// Alerts of a page at the most.
const LIMIT_MAX: u32 = 1_000;
/// Titles that the answer counts at the most.
const TITLES_MAX: usize = 100;

/// Lists what a rule would have dismissed.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Backtest {
    /// The rule; its state and expiry do not count.
    pub rule: SuppressionRule,
    /// Only alerts not before this time; absolute or relative to now (`-30d`).
    pub from: Option<String>,
    /// Only alerts not after this time.
    pub to: Option<String>,
    /// Alerts of the page (default 50).
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// Alerts of one title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TitleCount {
    /// The title.
    pub title: String,
    /// How many alerts have it.
    pub count: u64,
}

/// What a rule would have dismissed.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BacktestAnswer {
    /// The alerts, newest first.
    pub value: Vec<AlertRow>,
    /// How many there are in all.
    pub total: u64,
    /// How many of them are New or InProgress now.
    pub open: u64,
    /// How many of them are in an incident.
    pub in_incidents: u64,
    /// How many alerts were looked at.
    pub examined: u64,
    /// The titles with most of them.
    pub titles: Vec<TitleCount>,
    /// Whether nothing is left behind this page.
    pub complete: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Question for Backtest {
    type Answer = BacktestAnswer;
    const NAME: &'static str = "backtest_suppression_rule";

    fn answer(self, context: &Context) -> Result<BacktestAnswer, Fault> {
        self.rule.check()?;
        let graph = &context.snapshot.graph;
        let window = window(self.from.as_deref(), self.to.as_deref(), context.now)?;
        let limit = limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let seal = Seal::of(context, Self::NAME, &Self { limit: None, cursor: None, ..self.clone() });
        let after = seal.place(self.cursor.as_deref(), Newest::read)?;
        let mut answer = BacktestAnswer {
            value: Vec::new(),
            total: 0,
            open: 0,
            in_incidents: 0,
            examined: 0,
            titles: Vec::new(),
            complete: true,
            cursor: None,
        };
        let mut titles: BTreeMap<String, u64> = BTreeMap::new();
        let mut meant: Vec<AlertRef<'_>> = Vec::new();
        let inside = |alert: &AlertRef<'_>| {
            let overlaps = |time: Time| window.overlaps(time, alert.end().unwrap_or(time).max(time));
            window == Window::ALL || alert.time().is_some_and(overlaps)
        };
        for alert in graph.all_alerts().filter(inside) {
            answer.examined += 1;
            // The type is known without reading a document.
            let possible = self.rule.alert_type.trim() == "*" || alert.alert_type().eq_ignore_ascii_case(self.rule.alert_type.trim());
            if !possible || !documents(context, &alert)?.iter().any(|document| self.rule.means(document)) {
                continue;
            }
            answer.total += 1;
            answer.open += u64::from(matches!(alert.status(), AlertStatus::New | AlertStatus::InProgress));
            answer.in_incidents += u64::from(!graph.containers(alert.node()).is_empty());
            *titles.entry(alert.title().to_owned()).or_default() += 1;
            meant.push(alert);
        }
        meant.sort_by(|a, b| b.time().cmp(&a.time()).then_with(|| a.id().cmp(b.id())));
        let mut last = None;
        for alert in meant {
            if after.as_ref().is_some_and(|after| Newest::of(alert.time(), alert.id()) <= *after) {
                continue;
            }
            if answer.value.len() < limit {
                answer.value.push(row_of_alert(graph, &alert));
                last = Some(Newest::of(alert.time(), alert.id()));
            } else {
                answer.complete = false;
            }
        }
        answer.cursor = last.filter(|_| !answer.complete).map(|place| seal.close(&place.write()));
        let mut titles: Vec<TitleCount> = titles.into_iter().map(|(title, count)| TitleCount { title, count }).collect();
        titles.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.title.cmp(&b.title)));
        titles.truncate(TITLES_MAX);
        answer.titles = titles;
        Ok(answer)
    }
}

/// What the documents of an alert's present state say, as the writer judges them: the source's version, and each piece beside it.
fn documents(context: &Context, alert: &AlertRef<'_>) -> Result<Vec<Alert>, Fault> {
    let mut version: Option<Alert> = None;
    let mut pieces = Vec::new();
    for seq in details::present(&context.snapshot.graph, alert.node()) {
        for body in details::bodies(&details::document(context, seq)?)? {
            match body {
                Body::Alert(said) if said.id == alert.id() && said.partial => pieces.push(*said),
                Body::Alert(said) if said.id == alert.id() => version = given(context, *said)?,
                _ => {}
            }
        }
    }
    let mut documents: Vec<Alert> = pieces.iter().map(|piece| beside(version.as_ref(), piece)).collect();
    documents.extend(version);
    Ok(documents)
}

/// The version that the source gave, where people or rules made one of their own of it.
fn given(context: &Context, version: Alert) -> Result<Option<Alert>, Fault> {
    match &version.change {
        None => Ok(Some(version)),
        Some(change) => change.source.map_or(Ok(None), |seq| version_in(&details::document(context, Seq(seq))?, &version.id)),
    }
}

/// A piece with what the version of its alert says.
pub fn beside(version: Option<&Alert>, piece: &Alert) -> Alert {
    let Some(version) = version else { return piece.clone() };
    let mut whole = version.clone();
    whole.entities.extend(piece.entities.iter().cloned());
    if whole.alert_type.is_empty() {
        whole.alert_type.clone_from(&piece.alert_type);
    }
    if whole.title.is_empty() {
        whole.title.clone_from(&piece.title);
    }
    whole
}

//! Suppression: rules that dismiss alerts as they come. They stay visible and counted, each under the name of its rule.
//!
//! A rule judges documents of an alert one by one: its version, and each piece beside the version. What a rule dismissed is
//! recorded as a version of the alert, so that a rebuild and a deleted rule change nothing of it.

mod backtest;
mod condition;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::{Alert, AlertStatus, Change, Fault, FaultClass, Seq, Stored, Time};
use crate::query::Context;
use crate::query::details::SUPPRESS;

use super::definition::Definition;

pub use backtest::beside;
pub use backtest::{Backtest, BacktestAnswer, TitleCount};
pub use condition::{Condition, entity_values};

/// The kind of the resources that are suppression rules.
pub const KIND: &str = "suppression_rule";
/// Who dismisses alerts by a rule.
const ACTOR: &str = "clew:suppression";
/// Conditions of a rule at the most.
const CONDITIONS_MAX: usize = 50;
/// The alert type that stands for all.
const ANY_TYPE: &str = "*";

/// Whether a rule works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum RuleState {
    /// It dismisses alerts.
    #[default]
    Enabled,
    /// It does nothing.
    Disabled,
    /// Its time is over: it does nothing.
    Expired,
}

/// A suppression rule as it is defined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SuppressionRule {
    /// Name for people; the id if none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The type of the alerts, in any case; `*` for all.
    pub alert_type: String,
    /// Why: `FalsePositive`, `Noise`, `AuthorizedTest` ... or any words.
    pub reason: String,
    /// More words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Enabled, Disabled or Expired.
    pub state: RuleState,
    /// When it ceases to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub expires: Option<Time>,
    /// All of these must hold; without any, the rule dismisses every alert of its type.
    pub conditions: Vec<Condition>,
}

impl SuppressionRule {
    /// Refuses a rule that could not do what its author means.
    fn sound(&self) -> Result<(), Fault> {
        let invalid = |message: String| Fault::new(FaultClass::Invalid, "rule_invalid", message);
        if self.alert_type.trim().is_empty() {
            return Err(invalid("expected `alert_type`, found none".to_owned()).with_hint("`*` stands for all types"));
        }
        if self.reason.trim().is_empty() {
            return Err(invalid("expected `reason`, found none".to_owned()).with_hint("say why such alerts need nobody's attention"));
        }
        if self.alert_type.trim() == ANY_TYPE && self.conditions.is_empty() {
            return Err(invalid("expected a condition with `alert_type: *`, found none".to_owned())
                .with_hint("a rule for all types without a condition would dismiss every alert"));
        }
        if self.conditions.len() > CONDITIONS_MAX {
            let found = self.conditions.len();
            return Err(invalid(format!("expected at most {CONDITIONS_MAX} conditions (`conditions_max`), found {found}")));
        }
        self.conditions.iter().try_for_each(Condition::check)
    }

    /// The state at an instant.
    pub fn state_at(&self, now: Time) -> RuleState {
        match self.expires {
            Some(expires) if self.state == RuleState::Enabled && expires <= now => RuleState::Expired,
            _ => self.state,
        }
    }

    /// Whether an alert is one of those that the rule means, as one document says it.
    pub fn means(&self, alert: &Alert) -> bool {
        let alert_type = self.alert_type.trim();
        (alert_type == ANY_TYPE || alert.alert_type.eq_ignore_ascii_case(alert_type))
            && self.conditions.iter().all(|condition| condition.holds(alert))
    }
}

impl Definition for SuppressionRule {
    const KIND: &'static str = KIND;
    const NAME: &'static str = "suppression rule";

    fn check(&self) -> Result<(), Fault> {
        self.sound()
    }

    fn shown(mut self, now: Time) -> Self {
        self.state = self.state_at(now);
        self
    }

    fn count(context: &Context, id: &str) -> Result<Option<u64>, Fault> {
        Ok(Some(standing(context, id)?.len() as u64))
    }
}

/// Ids of the alerts that a rule dismissed and that nobody took up since.
pub fn standing(context: &Context, rule: &str) -> Result<Vec<String>, Fault> {
    let graph = &context.snapshot.graph;
    let stands = |(id, seq): &(String, Seq)| {
        let alert = graph.alert(id).and_then(|node| graph.alert_node(node));
        alert.is_some_and(|alert| alert.status() == AlertStatus::Dismissed && alert.seq() == Some(*seq))
    };
    let by_rule = context.snapshot.records.suppressed(rule)?;
    Ok(by_rule.into_iter().filter(stands).map(|(id, _)| id).collect())
}

/// The rules of a workspace that may dismiss alerts, in the order of their ids.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<(String, SuppressionRule)>);

impl Rules {
    /// The enabled ones among stored rules.
    pub fn of(stored: Vec<Stored>) -> Self {
        let read = |stored: Stored| match serde_json::from_value::<SuppressionRule>((*stored.resource.value).clone()) {
            Ok(rule) => (rule.state == RuleState::Enabled).then(|| (stored.resource.id.to_string(), rule)),
            Err(error) => {
                tracing::error!(rule = %stored.resource.id, %error, "a suppression rule cannot be read");
                None
            }
        };
        Self(stored.into_iter().filter_map(read).collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The id of the first rule that means an alert, as one document says it.
    pub fn first_for(&self, alert: &Alert, now: Time) -> Option<&str> {
        let found = self.0.iter().find(|(_, rule)| rule.state_at(now) == RuleState::Enabled && rule.means(alert));
        found.map(|(id, _)| id.as_str())
    }
}

/// The version of an alert that a rule dismisses; `of` is the version that it follows, none of an alert in pieces.
pub fn dismissed(alert: &Alert, rule: &str, of: Option<Seq>, received: Time) -> Alert {
    let of = of.map(|seq| seq.0);
    let change =
        Change { actor: ACTOR.to_owned(), action: SUPPRESS.to_owned(), of, source: of, rule: Some(rule.to_owned()), ..Change::default() };
    Alert {
        status: AlertStatus::Dismissed,
        modified: alert.modified.map(|modified| modified.plus(1)).or(Some(received)),
        partial: false,
        change: Some(change),
        ..alert.clone()
    }
}

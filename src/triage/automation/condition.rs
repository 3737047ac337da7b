//! Conditions of automation rules: on properties, on what changed, all or any of several.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{Facts, is_property};
use super::{Trigger, When};
use crate::model::{Fault, FaultClass};

/// How deep conditions may be nested.
const DEPTH_MAX: usize = 8;
/// Values of a condition at the most.
const VALUES_MAX: usize = 1_000;

/// How a property is compared with values; case does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Is one of the values.
    #[default]
    Equals,
    /// Is none of the values.
    NotEquals,
    /// Contains one of the values.
    Contains,
    /// Contains none of the values.
    NotContains,
    /// Begins with one of the values.
    StartsWith,
    /// Begins with none of the values.
    NotStartsWith,
    /// Ends with one of the values.
    EndsWith,
    /// Ends with none of the values.
    NotEndsWith,
}

/// Which side of a change is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Any change.
    #[default]
    Any,
    /// The value before.
    From,
    /// The value after.
    To,
}

/// A condition of an automation rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = AutomationCondition)]
pub enum Condition {
    /// A property has a value. Of several values of a property one must fit; with a negation none may.
    Property {
        /// `title`, `description`, `severity`, `status`, `owner`, `tags`, `tactics`, `techniques`, `products`, `provider`, `alert_type`,
        /// `classification`, `source`, `entities.KIND`, `entities.KIND.PROPERTY`, `columns.NAME` of an assessment.
        property: String,
        /// How it is compared.
        #[serde(default)]
        operator: Operator,
        /// With what.
        values: Vec<String>,
    },
    /// A property changed with the version; for `updated`.
    PropertyChanged {
        /// The property.
        property: String,
        /// Which side is compared with `values`; `any` compares nothing.
        #[serde(default)]
        side: Side,
        /// How it is compared.
        #[serde(default)]
        operator: Operator,
        /// With what.
        #[serde(default)]
        values: Vec<String>,
    },
    /// Something was added to a list with the version: `alerts`, `tags`, `tactics`, `comments`, `tasks`; for `updated`.
    Added {
        /// The list.
        list: String,
    },
    /// All hold.
    And {
        /// The conditions.
        #[schema(no_recursion)]
        conditions: Vec<Condition>,
    },
    /// One holds.
    Or {
        /// The conditions.
        #[schema(no_recursion)]
        conditions: Vec<Condition>,
    },
}

/// Lists that something is added to.
const LISTS: [&str; 5] = ["alerts", "tags", "tactics", "comments", "tasks"];

impl Condition {
    /// Refuses a condition that could never hold.
    pub(super) fn check(&self, trigger: Trigger) -> Result<(), Fault> {
        self.sound(trigger, 0)
    }

    fn sound(&self, trigger: Trigger, depth: usize) -> Result<(), Fault> {
        let invalid = |message: String| Fault::new(FaultClass::Invalid, "condition_invalid", message);
        let known = |property: &str| {
            is_property(property).then_some(()).ok_or_else(|| {
                invalid(format!("expected a property, found `{property}`"))
                    .with_hint("write `severity`, `title`, `tags`, `entities.host.hostname`, `columns.NAME` ...")
            })
        };
        let updated = || match trigger.when {
            When::Updated => Ok(()),
            When::Created => Err(invalid("expected `when: updated` for a condition on a change, found `created`".to_owned())),
        };
        match self {
            Self::Property { property, values, .. } => {
                known(property)?;
                if values.is_empty() || values.len() > VALUES_MAX {
                    return Err(invalid(format!("expected 1 to {VALUES_MAX} values for `{property}`, found {}", values.len())));
                }
                Ok(())
            }
            Self::PropertyChanged { property, side, values, .. } => {
                updated()?;
                known(property)?;
                if (*side == Side::Any) != values.is_empty() {
                    return Err(invalid(format!("expected `values` exactly with `side: from` or `side: to` for `{property}`")));
                }
                Ok(())
            }
            Self::Added { list } if LISTS.contains(&list.as_str()) => updated(),
            Self::Added { list } => Err(invalid(format!("expected one of {} for `list`, found `{list}`", LISTS.join(", ")))),
            Self::And { conditions } | Self::Or { conditions } if depth < DEPTH_MAX && !conditions.is_empty() => {
                conditions.iter().try_for_each(|condition| condition.sound(trigger, depth + 1))
            }
            Self::And { .. } | Self::Or { .. } => {
                Err(invalid(format!("expected conditions inside, nested at most {DEPTH_MAX} deep (`depth_max`)")))
            }
        }
    }

    /// Whether the condition holds.
    pub(super) fn holds(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::Property { property, operator, values } => compare(&facts.now(property), *operator, values),
            Self::PropertyChanged { property, side, operator, values } => {
                let Some(before) = facts.before(property) else { return false };
                let after = facts.now(property);
                before != after
                    && match side {
                        Side::Any => true,
                        Side::From => compare(&before, *operator, values),
                        Side::To => compare(&after, *operator, values),
                    }
            }
            Self::Added { list } => {
                let Some(before) = facts.before(list) else { return false };
                facts.now(list).iter().any(|item| !before.contains(item))
            }
            Self::And { conditions } => conditions.iter().all(|condition| condition.holds(facts)),
            Self::Or { conditions } => conditions.iter().any(|condition| condition.holds(facts)),
        }
    }
}

/// Compares the values of a property.
fn compare(found: &[String], operator: Operator, wanted: &[String]) -> bool {
    let any = |fits: fn(&str, &str) -> bool| {
        found.iter().any(|value| {
            let value = value.trim().to_lowercase();
            wanted.iter().any(|wanted| fits(&value, &wanted.trim().to_lowercase()))
        })
    };
    match operator {
        Operator::Equals => any(|value, wanted| value == wanted),
        Operator::NotEquals => !any(|value, wanted| value == wanted),
        Operator::Contains => any(|value, wanted| value.contains(wanted)),
        Operator::NotContains => !any(|value, wanted| value.contains(wanted)),
        Operator::StartsWith => any(|value, wanted| value.starts_with(wanted)),
        Operator::NotStartsWith => !any(|value, wanted| value.starts_with(wanted)),
        Operator::EndsWith => any(|value, wanted| value.ends_with(wanted)),
        Operator::NotEndsWith => !any(|value, wanted| value.ends_with(wanted)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::facts::Subject;
    use super::*;
    use crate::model::{Incident, IncidentStatus, Severity};

    #[test]
    fn conditions_hold_for_what_they_name() {
        let before = Incident {
            id: "i".into(),
            title: "Phishing of ana".into(),
            severity: Severity::Low,
            tags: vec!["vip".into()],
            alert_ids: vec!["a".into()],
            ..Incident::default()
        };
        let after = Incident {
            severity: Severity::High,
            status: IncidentStatus::Active,
            alert_ids: vec!["a".into(), "b".into()],
            ..before.clone()
        };
        let facts = Facts { now: Subject::Incident(&after), before: Some(Subject::Incident(&before)), entities: &[] };
        let cases: Vec<(Value, bool)> = vec![
            (json!({"type": "property", "property": "severity", "values": ["high", "medium"]}), true),
            (json!({"type": "property", "property": "IncidentSeverity", "operator": "not_equals", "values": ["High"]}), false),
            (json!({"type": "property", "property": "title", "operator": "contains", "values": ["PHISH"]}), true),
            (json!({"type": "property", "property": "title", "operator": "starts_with", "values": ["of"]}), false),
            (json!({"type": "property", "property": "tags", "values": ["vip"]}), true),
            (json!({"type": "property", "property": "owner", "operator": "not_contains", "values": ["ana"]}), true),
            (json!({"type": "property_changed", "property": "severity"}), true),
            (json!({"type": "property_changed", "property": "title"}), false),
            (json!({"type": "property_changed", "property": "severity", "side": "from", "values": ["Low"]}), true),
            (json!({"type": "property_changed", "property": "severity", "side": "to", "values": ["Low"]}), false),
            (json!({"type": "added", "list": "alerts"}), true),
            (json!({"type": "added", "list": "tags"}), false),
            (
                json!({"type": "or", "conditions": [
                    {"type": "property", "property": "title", "values": ["x"]},
                    {"type": "and", "conditions": [{"type": "added", "list": "alerts"}, {"type": "property", "property": "status", "values": ["Active"]}]},
                ]}),
                true,
            ),
        ];
        let trigger = Trigger { when: When::Updated, ..Trigger::default() };
        for (written, expected) in cases {
            let condition: Condition = serde_json::from_value(written.clone()).expect("a condition");
            condition.check(trigger).expect("a sound condition");
            assert_eq!(condition.holds(&facts), expected, "{written}");
        }
    }
}

//! Workflow automation: rules on alerts, incidents and assessments that were created or updated, and what they do.
//!
//! Nothing here acts. Which rule fits and what it would do is decided here; the engine does it, as a service of its own and
//! never as the author of the rule.

mod condition;
mod facts;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::definition::Definition;
use super::incident::IncidentFields;
use super::incident::update::object;
use crate::access::Role;
use crate::model::{Fault, FaultClass, Object, Stored, Time};
use crate::triage::alert::AlertFields;

pub use condition::{Condition, Operator};
pub use facts::{Facts, Subject};

/// The kind of the resources that are automation rules.
pub const KIND: &str = "automation_rule";
/// The kind of the resources that the dialect of Defender for Cloud keeps; they are rules like the others.
pub const KIND_DEFENDER: &str = "automation";
/// Who acts by a rule.
pub const ACTOR: &str = "clew:automation";
/// What answers show in the place of a secret; put back, it keeps the secret.
pub const HIDDEN: &str = "********";
/// Actions of a rule at the most.
const ACTIONS_MAX: usize = 20;
/// Names that one action tells something at the most.
const NAMES_MAX: usize = 100;
/// Letters that it tells at the most.
const TEXT_MAX: usize = 1_000;

/// What a rule looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// Alerts.
    Alert,
    /// Incidents.
    #[default]
    Incident,
    /// Rows of posture: recommendations and results of compliance.
    Assessment,
}

impl On {
    /// The name as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Incident => "incident",
            Self::Assessment => "assessment",
        }
    }
}

/// When a rule looks at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// When it is first known.
    #[default]
    Created,
    /// At each later version.
    Updated,
}

impl When {
    /// The name as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
        }
    }
}

/// What starts a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Trigger {
    /// What it looks at.
    pub on: On,
    /// When.
    pub when: When,
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Changes fields of the incident.
    ModifyIncident {
        /// The fields.
        #[serde(deserialize_with = "object")]
        fields: Box<IncidentFields>,
    },
    /// Changes fields of the alert.
    ModifyAlert {
        /// The fields.
        #[serde(deserialize_with = "object")]
        fields: Box<AlertFields>,
    },
    /// Adds a task to the incident.
    AddTask {
        /// What is to be done.
        title: String,
        /// The long text, Markdown.
        #[serde(default)]
        description: String,
    },
    /// Tells people something, among their notifications.
    Notify {
        /// Names of people and groups; `role:responder` and its like for everybody with the role.
        to: Vec<String>,
        /// What they are told.
        text: String,
    },
    /// Sends the alert, incident or assessment to an address, signed.
    Webhook {
        /// The address; its host must be on the list of hosts that may be called.
        url: String,
        /// The secret of the signature (HMAC-SHA256); answers do not show it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        secret: String,
        /// Further headers.
        #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
        headers: std::collections::BTreeMap<String, String>,
        /// Another body than the event as JSON; `{{title}}` and other fields of the event are put in, as JSON texts without quotes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
}

impl Action {
    /// The type as it is stored and shown.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ModifyIncident { .. } => "modify_incident",
            Self::ModifyAlert { .. } => "modify_alert",
            Self::AddTask { .. } => "add_task",
            Self::Notify { .. } => "notify",
            Self::Webhook { .. } => "webhook",
        }
    }
}

/// An automation rule as it is defined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AutomationRule {
    /// Name for people; the id if none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it works.
    pub enabled: bool,
    /// Rules with a smaller number come first.
    pub order: i64,
    /// When it ceases to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub expires: Option<Time>,
    /// What starts it.
    #[serde(deserialize_with = "object")]
    pub trigger: Trigger,
    /// All of these must hold.
    pub conditions: Vec<Condition>,
    /// What it does, in this order.
    pub actions: Vec<Action>,
    /// Whether it only says what it would do.
    pub dry_run: bool,
    /// What a dialect keeps beside.
    #[serde(skip_serializing_if = "Object::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub extended: Object,
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(FaultClass::Invalid, "rule_invalid", message)
}

impl AutomationRule {
    /// Whether it works at an instant.
    pub fn works(&self, now: Time) -> bool {
        self.enabled && self.expires.is_none_or(|expires| now < expires)
    }

    /// Whether its conditions hold.
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        self.conditions.iter().all(|condition| condition.holds(facts))
    }

    fn sound(&self) -> Result<(), Fault> {
        if self.actions.is_empty() || self.actions.len() > ACTIONS_MAX {
            return Err(invalid(format!("expected 1 to {ACTIONS_MAX} actions (`actions_max`), found {}", self.actions.len())));
        }
        self.conditions.iter().try_for_each(|condition| condition.check(self.trigger))?;
        for action in &self.actions {
            match (action, self.trigger.on) {
                (Action::ModifyIncident { .. } | Action::AddTask { .. }, On::Incident) | (Action::ModifyAlert { .. }, On::Alert) => {}
                (Action::Webhook { url, .. }, _) => check_url(url)?,
                (Action::Notify { to, text }, _) => check_notice(to, text)?,
                (action, on) => {
                    return Err(invalid(format!("expected an action that fits {}, found `{}`", on.as_str(), action.as_str()))
                        .with_hint("`modify_incident` and `add_task` are for incidents, `modify_alert` is for alerts"));
                }
            }
            if let Action::AddTask { title, .. } = action
                && title.trim().is_empty()
            {
                return Err(invalid("expected `title` of the task, found none"));
            }
        }
        Ok(())
    }
}

/// Refuses what would tell nobody anything.
fn check_notice(to: &[String], text: &str) -> Result<(), Fault> {
    if to.is_empty() || to.len() > NAMES_MAX {
        return Err(invalid(format!("expected 1 to {NAMES_MAX} names in `to` (`names_max`), found {}", to.len())));
    }
    if text.trim().is_empty() || text.chars().count() > TEXT_MAX {
        return Err(invalid(format!("expected `text` of 1 to {TEXT_MAX} letters (`text_max`), found {}", text.chars().count())));
    }
    for name in to {
        match name.trim().strip_prefix("role:").map(str::parse::<Role>) {
            Some(Err(fault)) => return Err(invalid(fault.message)),
            None if name.trim().is_empty() => return Err(invalid("expected a name in `to`, found an empty text")),
            _ => {}
        }
    }
    Ok(())
}

/// Refuses an address that is none.
pub fn check_url(text: &str) -> Result<(), Fault> {
    let url =
        url::Url::parse(text).map_err(|error| invalid(format!("expected an address such as `https://soar.example/hook`: {error}")))?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let plain = url.username().is_empty() && url.password().is_none();
    if web && plain {
        return Ok(());
    }
    Err(invalid(format!("expected an address of `https` without a user in it, found `{text}`")).with_hint("put credentials into `headers`"))
}

impl Definition for AutomationRule {
    const KIND: &'static str = KIND;
    const NAME: &'static str = "automation rule";

    fn check(&self) -> Result<(), Fault> {
        self.sound()
    }

    fn keep(&mut self, present: &Self) {
        let known: Vec<&Action> = present.actions.iter().collect();
        for (place, action) in self.actions.iter_mut().enumerate() {
            let Action::Webhook { url, secret, headers, .. } = action else { continue };
            let same_url = |other: &&&Action| matches!(other, Action::Webhook { url: known, .. } if known == url);
            let before = known.get(place).filter(same_url).or_else(|| known.iter().find(same_url));
            // A secret goes with its address: put beside another address, the word for it is only a word.
            let Some(Action::Webhook { secret: old, headers: old_headers, .. }) = before.copied() else { continue };
            if secret == HIDDEN {
                secret.clone_from(old);
            }
            for (name, value) in headers.iter_mut().filter(|(_, value)| *value == HIDDEN) {
                if let Some(old) = old_headers.get(name) {
                    value.clone_from(old);
                }
            }
        }
    }

    fn shown(mut self, now: Time) -> Self {
        if self.expires.is_some_and(|expires| expires <= now) {
            self.enabled = false;
        }
        for action in &mut self.actions {
            let Action::Webhook { secret, headers, .. } = action else { continue };
            if !secret.is_empty() {
                HIDDEN.clone_into(secret);
            }
            headers.values_mut().for_each(|value| HIDDEN.clone_into(value));
        }
        self
    }
}

/// A rule of the workspace.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Kind and id of its resource.
    pub id: String,
    /// The document that defined this version; a rule looks only at what came later than its first version.
    pub since: Time,
    /// The rule.
    pub rule: AutomationRule,
}

/// The rules among stored resources, in the order in which they run.
pub fn rules(stored: Vec<Stored>) -> Vec<Rule> {
    let read = |stored: Stored| match serde_json::from_value::<AutomationRule>((*stored.resource.value).clone()) {
        Ok(rule) => Some(Rule { id: format!("{}/{}", stored.resource.kind, stored.resource.id), since: stored.resource.created, rule }),
        Err(error) => {
            tracing::error!(rule = %stored.resource.id, %error, "an automation rule cannot be read");
            None
        }
    };
    let mut rules: Vec<Rule> = stored.into_iter().filter_map(read).collect();
    rules.sort_by(|a, b| (a.rule.order, &a.id).cmp(&(b.rule.order, &b.id)));
    rules
}

/// Puts fields of an event into a template: `{{title}}` becomes the text of the member, as a JSON text without its quotes.
pub fn fill(template: &str, event: &serde_json::Value) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((path, behind)) = behind.split_once("}}") else {
            out.push_str("{{");
            rest = behind;
            continue;
        };
        let found = path.trim().split('.').try_fold(event, |value, part| value.get(part));
        let text = match found {
            None | Some(serde_json::Value::Null) => String::new(),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let quoted = serde_json::Value::from(text).to_string();
        out.push_str(&quoted[1..quoted.len() - 1]);
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn templates_take_fields_as_json_texts() {
        let event = json!({"title": "say \"hi\"\n", "object": {"severity": "High", "tags": ["a"]}});
        let cases = [
            (r#"{"text": "{{title}}"}"#, r#"{"text": "say \"hi\"\n"}"#),
            ("{{ object.severity }}/{{none}}", "High/"),
            ("{{object.tags}}", r#"[\"a\"]"#),
            ("open {{title", "open {{title"),
        ];
        for (template, expected) in cases {
            assert_eq!(fill(template, &event), expected, "{template}");
        }
    }

    #[test]
    fn a_hidden_secret_is_kept_with_its_address_only() {
        let rule = |url: &str, secret: &str| -> AutomationRule {
            serde_json::from_value(json!({"enabled": true, "actions": [{"type": "webhook", "url": url, "secret": secret}]}))
                .expect("a rule")
        };
        let secret = |rule: &AutomationRule| match &rule.actions[0] {
            Action::Webhook { secret, .. } => secret.clone(),
            other => panic!("expected a webhook, found {other:?}"),
        };
        let present = rule("https://a.example/", "s3cret");
        assert_eq!(secret(&present.clone().shown(Time::MIN)), HIDDEN);
        let mut same = rule("https://a.example/", HIDDEN);
        same.keep(&present);
        assert_eq!(secret(&same), "s3cret");
        let mut other = rule("https://evil.example/", HIDDEN);
        other.keep(&present);
        assert_eq!(secret(&other), HIDDEN, "a secret does not move to another address");
    }

    #[test]
    fn rules_without_sense_are_refused() {
        let cases = [
            json!({"actions": []}),
            json!({"trigger": {"on": "alert"}, "actions": [{"type": "add_task", "title": "x"}]}),
            json!({"actions": [{"type": "webhook", "url": "ftp://x/"}]}),
            json!({"actions": [{"type": "webhook", "url": "https://user:pass@x/"}]}),
            json!({"actions": [{"type": "add_task", "title": " "}]}),
            json!({"actions": [{"type": "notify", "to": [], "text": "x"}]}),
            json!({"actions": [{"type": "notify", "to": ["ana"], "text": " "}]}),
            json!({"actions": [{"type": "notify", "to": ["role:boss"], "text": "x"}]}),
            json!({"conditions": [{"type": "property", "property": "colour", "operator": "equals", "values": ["x"]}],
                "actions": [{"type": "add_task", "title": "x"}]}),
            json!({"conditions": [{"type": "property_changed", "property": "severity"}], "actions": [{"type": "add_task", "title": "x"}]}),
        ];
        for written in cases {
            let rule: AutomationRule = serde_json::from_value(written.clone()).expect("a rule");
            assert!(rule.check().is_err(), "{written}");
        }
    }
}

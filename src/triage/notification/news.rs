//! What a document of the journal may tell people: what a version of an incident or alert changed, what a run of a rule came to.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Kind;
use crate::model::{Alert, AlertStatus, Change, Comment, Incident, IncidentStatus, Owner, Severity, Task};

/// Letters of a comment that a notification shows.
const EXCERPT_MAX: usize = 200;

/// Something that people may have to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// What it is about: `incident:ID`, `alert:ID`, `run:ID`.
    pub target: String,
    /// Number of an incident.
    pub number: Option<i64>,
    /// Title of the incident or alert, name of the rule.
    pub title: String,
    /// Severity of an incident or alert.
    pub severity: Option<Severity>,
    /// Who did it, if somebody is known to have.
    pub actor: Option<String>,
    /// What happened.
    pub happened: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// An incident or alert has a new version.
    Changed(Box<Changed>),
    /// A change of an incident was proposed.
    Proposed {
        /// Who works on the incident.
        owner: Option<Owner>,
        /// What was said for it.
        reason: String,
    },
    /// A rule tells people something.
    Told(Vec<Notice>),
    /// A rule gave an action up.
    Failed(String),
}

/// What a version changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// Whether it is one of an incident or of an alert.
    pub kind: Kind,
    /// Who works on it.
    pub owner: Option<Owner>,
    /// Who worked on it before.
    pub owner_before: Option<Owner>,
    /// Whether it was given to somebody else.
    pub given: bool,
    /// How grave it is.
    pub severity: Severity,
    /// How grave it was; none of a first version.
    pub severity_before: Option<Severity>,
    /// Whether there is something to do on it.
    pub open: bool,
    /// What a person who works on it wants to know, each in a few words.
    pub changes: Vec<String>,
    /// Comments and tasks that were written or rewritten.
    pub texts: Vec<String>,
}

/// What a rule tells people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    /// Names, groups, and roles as `role:responder`.
    pub to: Vec<String>,
    /// What it tells.
    pub text: String,
}

/// An incident or alert as news looks at it.
#[derive(Default)]
struct Seen<'a> {
    severity: Severity,
    owner: Option<&'a Owner>,
    status: &'a str,
    /// Whether nothing is left to do on it.
    done: bool,
    classification: Option<&'static str>,
    comments: &'a [Comment],
    tasks: &'a [Task],
    alerts: &'a [String],
    /// How it went, if it is no longer there.
    gone: Option<&'static str>,
}

impl<'a> From<&'a Incident> for Seen<'a> {
    fn from(incident: &'a Incident) -> Self {
        let merged = incident.redirect.as_ref().map(|_| "merged into another incident");
        Self {
            severity: incident.severity,
            owner: incident.owner.as_ref(),
            status: incident.status.as_str(),
            done: incident.status == IncidentStatus::Closed,
            classification: incident.classification.map(|classification| classification.as_str()),
            comments: &incident.comments,
            tasks: &incident.tasks,
            alerts: &incident.alert_ids,
            gone: if incident.deleted { Some("deleted") } else { merged },
        }
    }
}

impl<'a> From<&'a Alert> for Seen<'a> {
    fn from(alert: &'a Alert) -> Self {
        Self {
            severity: alert.severity,
            owner: alert.owner.as_ref(),
            status: alert.status.as_str(),
            done: matches!(alert.status, AlertStatus::Resolved | AlertStatus::Dismissed),
            classification: alert.classification.map(|classification| classification.as_str()),
            comments: &alert.comments,
            ..Self::default()
        }
    }
}

impl News {
    /// What a version of an incident tells; `before` is the one that it changed, none of a first one.
    pub fn of_incident(before: Option<&Incident>, after: &Incident) -> Self {
        let changed = changed(Kind::Incident, before.map(Seen::from), Seen::from(after));
        let by_source = after.modified_by.clone().filter(|by| !by.is_empty());
        Self {
            target: format!("incident:{}", after.id),
            number: after.number,
            title: after.title.clone(),
            severity: Some(after.severity),
            actor: actor(after.change.as_ref()).or(by_source),
            happened: Happened::Changed(Box::new(changed)),
        }
    }

    /// What a version of an alert tells.
    pub fn of_alert(before: Option<&Alert>, after: &Alert) -> Self {
        Self {
            target: format!("alert:{}", after.id),
            number: None,
            title: after.title.clone(),
            severity: Some(after.severity),
            actor: actor(after.change.as_ref()),
            happened: Happened::Changed(Box::new(changed(Kind::Alert, before.map(Seen::from), Seen::from(after)))),
        }
    }

    /// What the proposal of a change of an incident tells.
    pub fn of_proposal(incident: &Incident, decision: &Value) -> Self {
        let text = |name: &str| decision[name].as_str().unwrap_or_default().to_owned();
        Self {
            actor: Some(text("actor")),
            happened: Happened::Proposed { owner: incident.owner.clone(), reason: text("comment") },
            ..Self::of_incident(None, incident)
        }
    }

    /// What a run of an automation rule tells: what it told people, and what it gave up.
    pub fn of_run(decision: &Value) -> Vec<Self> {
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let news = |happened| Self {
            target: format!("run:{}", text(decision, "id")),
            number: None,
            title: text(decision, "name"),
            severity: None,
            actor: None,
            happened,
        };
        let actions = || decision["actions"].as_array().into_iter().flatten();
        let told = actions().filter(|action| action["state"] == "done");
        let told: Vec<Notice> = told.filter_map(|action| serde_json::from_value(action["notice"].clone()).ok()).collect();
        let dead = actions().filter(|action| action["state"] == "dead");
        let dead: Vec<String> = dead.map(|action| format!("{} given up: {}", text(action, "type"), text(action, "message"))).collect();
        let told = (!told.is_empty()).then(|| news(Happened::Told(told)));
        told.into_iter().chain((!dead.is_empty()).then(|| news(Happened::Failed(dead.join("; "))))).collect()
    }

    /// Whether anybody could be told.
    pub fn is_any(&self) -> bool {
        match &self.happened {
            Happened::Changed(changed) => {
                let raised = changed.severity_before.is_none_or(|before| before < changed.severity);
                changed.given || !changed.changes.is_empty() || !changed.texts.is_empty() || raised && changed.open
            }
            _ => true,
        }
    }
}

/// Who changed something here; what a source's version brings is done by nobody here.
fn actor(change: Option<&Change>) -> Option<String> {
    change.filter(|change| change.action != "source").map(|change| change.actor.clone())
}

fn changed(kind: Kind, before: Option<Seen<'_>>, after: Seen<'_>) -> Changed {
    let first = before.is_none();
    let severity_before = before.as_ref().map(|before| before.severity);
    let before = before.unwrap_or_default();
    let given = before.owner != after.owner && after.owner.is_some();
    let written = written(before.comments, after.comments);
    let tasks = tasks(before.tasks, after.tasks);
    let mut texts: Vec<String> = written.iter().map(|comment| comment.message.clone()).collect();
    texts.extend(tasks.iter().map(|task| format!("{}\n{}", task.title, task.description)));
    let mut changes = Vec::new();
    if !first {
        changes.extend(after.gone.filter(|_| before.gone.is_none()).map(str::to_owned));
        if before.owner.and_then(name) != after.owner.and_then(name) {
            changes.push(after.owner.and_then(name).map_or_else(|| "given to nobody".to_owned(), |name| format!("given to {name}")));
        }
        changes.extend(status(&before, &after));
        if before.severity != after.severity {
            let word = if before.severity < after.severity { "raised" } else { "lowered" };
            changes.push(format!("severity {word} from {} to {}", before.severity.as_str(), after.severity.as_str()));
        }
        changes.extend(alerts(before.alerts, after.alerts));
        changes.extend(written.iter().map(|comment| format!("comment: {}", excerpt(&comment.message))));
        let known = |task: &&&Task| before.tasks.iter().any(|known| known.id == task.id);
        changes.extend(tasks.iter().filter(|task| !known(task)).map(|task| format!("task: {}", excerpt(&task.title))));
        let done = |task: &&Task| task.completed && before.tasks.iter().any(|known| known.id == task.id && !known.completed);
        changes.extend(after.tasks.iter().filter(done).map(|task| format!("task done: {}", excerpt(&task.title))));
    }
    Changed {
        kind,
        owner: after.owner.cloned(),
        owner_before: before.owner.cloned(),
        given,
        severity: after.severity,
        severity_before,
        open: !after.done && after.gone.is_none(),
        changes,
        texts,
    }
}

fn name(owner: &Owner) -> Option<&str> {
    [&owner.name, &owner.upn, &owner.email, &owner.object_id].into_iter().flatten().map(String::as_str).find(|name| !name.is_empty())
}

fn status(before: &Seen<'_>, after: &Seen<'_>) -> Option<String> {
    if before.status == after.status {
        return None;
    }
    Some(match (before.done, after.done, after.classification) {
        (true, false, _) => "reopened".to_owned(),
        (_, true, Some(classification)) => format!("{} as {classification}", after.status.to_lowercase()),
        _ => format!("status {}", after.status),
    })
}

/// `2 alerts added`, `1 alert removed`.
fn alerts(before: &[String], after: &[String]) -> Vec<String> {
    let missing = |these: &[String], those: &[String]| {
        let those: std::collections::HashSet<&String> = those.iter().collect();
        these.iter().filter(|id| !those.contains(id)).count()
    };
    let told = |count: usize, word: &str| {
        let things = if count == 1 { "alert" } else { "alerts" };
        (count > 0).then(|| format!("{count} {things} {word}"))
    };
    [told(missing(after, before), "added"), told(missing(before, after), "removed")].into_iter().flatten().collect()
}

/// Comments that were written or rewritten.
fn written<'a>(before: &[Comment], after: &'a [Comment]) -> Vec<&'a Comment> {
    let known = |comment: &&Comment| before.iter().any(|known| known.id == comment.id && known.message == comment.message);
    after.iter().filter(|comment| !known(comment)).collect()
}

/// Tasks that were added or reworded.
fn tasks<'a>(before: &[Task], after: &'a [Task]) -> Vec<&'a Task> {
    let same = |known: &Task, task: &Task| (&known.id, &known.title, &known.description) == (&task.id, &task.title, &task.description);
    after.iter().filter(|task| !before.iter().any(|known| same(known, task))).collect()
}

/// The beginning of a text, in one line.
pub(super) fn excerpt(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.chars().count() > EXCERPT_MAX {
            return line.chars().take(EXCERPT_MAX).chain(['…']).collect();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(severity: Severity, status: IncidentStatus) -> Incident {
        Incident { id: "i".into(), title: "t".into(), severity, status, ..Incident::default() }
    }

    fn changes(before: &Incident, after: &Incident) -> Vec<String> {
        match News::of_incident(Some(before), after).happened {
            Happened::Changed(changed) => changed.changes,
            other => panic!("expected a change, found {other:?}"),
        }
    }

    #[test]
    fn each_change_is_told_in_a_few_words() {
        let before = Incident { alert_ids: vec!["a".into(), "b".into()], ..incident(Severity::Medium, IncidentStatus::Active) };
        let owner = |name: &str| Some(Owner { upn: Some(name.into()), ..Owner::default() });
        let comment = |id: &str, message: &str| Comment { id: id.into(), message: message.into(), ..Comment::default() };
        let task = |completed| Task { id: "1".into(), title: "call".into(), completed, ..Task::default() };
        let with_task = Incident { tasks: vec![task(false)], ..before.clone() };
        let closed = incident(Severity::Medium, IncidentStatus::Closed);
        let cases = [
            (&before, Incident { tags: vec!["x".into()], ..before.clone() }, vec![]),
            (&before, Incident { severity: Severity::High, ..before.clone() }, vec!["severity raised from Medium to High"]),
            (&before, Incident { severity: Severity::Low, ..before.clone() }, vec!["severity lowered from Medium to Low"]),
            (
                &before,
                Incident { alert_ids: vec!["b".into(), "c".into(), "d".into()], ..before.clone() },
                vec!["2 alerts added", "1 alert removed"],
            ),
            (&before, Incident { owner: owner("bob"), ..before.clone() }, vec!["given to bob"]),
            (&before, Incident { comments: vec![comment("1", " first\n\nsecond ")], ..before.clone() }, vec!["comment: first second"]),
            (&before, with_task.clone(), vec!["task: call"]),
            (&with_task, Incident { tasks: vec![task(true)], ..before.clone() }, vec!["task done: call"]),
            (
                &before,
                Incident {
                    status: IncidentStatus::Closed,
                    classification: crate::model::Classification::parse("FalsePositive"),
                    ..before.clone()
                },
                vec!["closed as FalsePositive"],
            ),
            (&closed, incident(Severity::Medium, IncidentStatus::New), vec!["reopened"]),
            (&before, Incident { redirect: Some("j".into()), ..before.clone() }, vec!["merged into another incident"]),
            (&before, Incident { deleted: true, ..before.clone() }, vec!["deleted"]),
        ];
        for (before, after, expected) in cases {
            assert_eq!(changes(before, &after), expected);
        }
    }

    #[test]
    fn a_long_comment_is_cut() {
        let told = excerpt(&"word ".repeat(1_000));
        assert_eq!((told.chars().count(), told.ends_with('…')), (EXCERPT_MAX + 1, true));
        assert_eq!(excerpt(&"x".repeat(1 << 20)).chars().count(), EXCERPT_MAX + 1);
    }
}

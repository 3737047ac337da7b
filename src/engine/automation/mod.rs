//! Workflow automation at work: follows the journal behind a cursor, runs the rules, delivers webhooks, keeps what became of them.
//!
//! A run is named by its rule and the document that started it, so that whatever is done again after a crash is done under the
//! same name. What is under way stands in a file that is written before anything is done; what is over stands in the journal.

mod calls;
mod found;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;
use utoipa::ToSchema;

use super::egress;
use super::triage::Written;
use super::{Engine, files};
use crate::ingest;
use crate::model::{Document, Entity, Fault, FaultClass, Seq, Time};
use crate::query::activity::RUN;
use crate::query::{Context, details};
use crate::triage::automation::{self, ACTOR, Action, AutomationRule, Facts, KIND, KIND_DEFENDER, On, Rule};
use crate::triage::egress::EgressPolicy;
use crate::triage::notification::Notice;
use calls::Calls;
use found::{Found, before, entities, found_in, is_assessment, started_by};

/// Documents that one pass looks at.
const DOCUMENTS_MAX: u64 = 20_000;
/// Runs that one pass works on; the rest waits for the next.
const RUNS_MAX: usize = 200;
/// Namespace of the names of runs.
const NAMESPACE: uuid::Uuid = uuid::Uuid::from_u128(0x51c5_0c3e_2d6a_5f0b_8a41_9f60_3f1d_7702);

/// What became of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// It was done.
    Done,
    /// It will be tried, or tried again.
    Waiting,
    /// It was given up; it can be sent again.
    Dead,
    /// It was only looked at what it would do.
    DryRun,
}

/// An action of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionResult {
    /// Type of the action.
    #[serde(rename = "type")]
    pub action: String,
    /// What became of it.
    pub state: ActionState,
    /// What was done, or why it failed.
    pub message: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub due: Option<Time>,
    /// The host that stays silent, for whose answer it waits. It is given up when its own time is over, tried by then or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_up_by: Option<String>,
    /// Since when it waits, where that is later than the start of its run: it was sent again, or its host was found silent then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub since: Option<Time>,
    /// Whom it tells what, if it tells people something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
}

impl ActionResult {
    /// Begins anew what was given up.
    fn again(&mut self, now: Time) {
        (self.state, self.attempts, self.due, self.since, self.held_up_by) = (ActionState::Waiting, 0, None, Some(now), None);
    }
}

/// A rule that ran for one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Names the run, and each of its deliveries.
    pub id: String,
    /// Kind and id of the rule.
    pub rule: String,
    /// Name of the rule.
    pub name: String,
    /// What it ran for: `alert:ID`, `incident:ID`, `assessment:SEQ`.
    pub target: String,
    /// `created`, `updated`, or `manual`.
    pub when: String,
    /// The document that started it.
    pub seq: u64,
    /// When it was started.
    #[schema(value_type = String)]
    pub started: Time,
    /// Its actions, in order.
    pub actions: Vec<ActionResult>,
}

/// Automation of an engine: what is under way, read when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Automation {
    state: Mutex<Option<State>>,
    /// Told when calls that went on beside a pass are over.
    wake: Notify,
}

impl State {
    /// Says of a pass where things stand after it.
    fn tell(&self, pass: &mut Pass, now: Time) {
        let waits = |run: &&Run| !run.actions.iter().enumerate().any(|(place, _)| self.busy.contains(&(run.id.clone(), place)));
        let cursor = self.cursor.unwrap_or_default();
        pass.cursor = cursor.0;
        pass.waiting = self.waiting.len() as u64;
        // What is due and was not taken waits for a host that is being called: it is tried when that is over.
        let later = |due: &Time| *due > now || self.calling.is_empty();
        pass.due = self.waiting.iter().filter(waits).filter_map(Run::due).filter(later).min();
        pass.complete = cursor >= pass.end && !pass.full && pass.due.is_none_or(|due| due > now);
    }
}

impl Run {
    fn is_over(&self) -> bool {
        self.actions.iter().all(|action| action.state != ActionState::Waiting)
    }

    /// Whether an action is to be tried at `now`.
    fn is_due(&self, now: Time) -> bool {
        self.actions.iter().any(|action| action.state == ActionState::Waiting && action.due.is_none_or(|due| due <= now))
    }

    fn due(&self) -> Option<Time> {
        self.actions.iter().filter(|action| action.state == ActionState::Waiting).map(|action| action.due.unwrap_or(Time::MIN)).min()
    }
}

/// What is under way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// The last document that was looked at; none at the very first start.
    cursor: Option<Seq>,
    /// Runs that are not over, in the order in which they were started.
    waiting: Vec<Run>,
    /// Actions that somebody tries at this moment: run and place.
    #[serde(skip)]
    busy: BTreeSet<(String, usize)>,
    /// Hosts that are being called at this moment.
    #[serde(skip)]
    calling: BTreeSet<String>,
    /// Runs that are over and are being written to the journal.
    #[serde(skip)]
    keeping: BTreeSet<String>,
}

/// What a pass did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pass {
    /// The last document that was looked at.
    pub cursor: u64,
    /// Runs that were started.
    pub started: u64,
    /// Runs that are over.
    pub over: u64,
    /// Runs that wait.
    pub waiting: u64,
    /// When the next of them is due.
    #[schema(value_type = Option<String>)]
    pub due: Option<Time>,
    /// Whether everything that readers see was looked at and nothing is due.
    pub complete: bool,
    /// The last document that readers see.
    #[serde(skip)]
    end: Seq,
    /// Whether more may be due than was taken.
    #[serde(skip)]
    full: bool,
}

impl Engine {
    fn automation_file(&self) -> PathBuf {
        self.dir.join("services").join("automation.json")
    }

    fn automation_state<T>(&self, work: impl FnOnce(&mut State) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut state = self.automation.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_none() {
            *state = Some(files::read(&self.automation_file())?.unwrap_or_default());
        }
        work(state.as_mut().expect("the state was read above"))
    }

    /// Looks at what the journal holds behind the cursor, starts the rules that fit, and tries what is due; returns when all of it was tried.
    ///
    /// What it starts is written down before it is done, so that a crash skips nothing.
    pub fn run_automations(&self, now: Time) -> Result<Pass, Fault> {
        let (mut pass, calls) = self.pass(now)?;
        pass.over += self.call_all(calls, &|| now)?;
        self.tell(&mut pass, now)?;
        Ok(pass)
    }

    fn tell(&self, pass: &mut Pass, now: Time) -> Result<(), Fault> {
        self.automation_state(|state| {
            state.tell(pass, now);
            Ok(())
        })
    }

    /// A pass without the calls that it brings about, which are given, host by host.
    fn pass(&self, now: Time) -> Result<(Pass, Vec<Calls>), Fault> {
        let rules = self.rules()?;
        let mut pass = Pass::default();
        self.automation_state(|state| {
            let (started, end) = self.start_runs(state, &rules, now)?;
            (pass.started, pass.end) = (started, end);
            // A workspace that never had a rule keeps no file: nobody has to open it for the sake of its rules.
            if rules.is_empty() && state.waiting.is_empty() { Ok(()) } else { files::write(&self.automation_file(), state) }
        })?;
        let worked = self.work(&rules, now, None)?;
        (pass.over, pass.full) = (worked.over, worked.full);
        self.tell(&mut pass, now)?;
        Ok((pass, worked.calls))
    }

    fn rules(&self) -> Result<Vec<Rule>, Fault> {
        let snapshot = self.context().snapshot;
        let mut stored = snapshot.resources(KIND)?;
        stored.extend(snapshot.resources(KIND_DEFENDER)?);
        Ok(automation::rules(stored))
    }

    /// Moves the cursor on and notes the runs that begin; gives how many, and the last document that readers see.
    fn start_runs(&self, state: &mut State, rules: &[Rule], now: Time) -> Result<(u64, Seq), Fault> {
        let context = self.context();
        let working: Vec<&Rule> = rules.iter().filter(|rule| rule.rule.works(now)).collect();
        // Without a cursor nothing is known of what was looked at: a rule looks at what came after it was made.
        let after = match state.cursor {
            Some(cursor) => cursor,
            None if rules.is_empty() => context.snapshot.seq,
            None => Seq(0),
        };
        if working.is_empty() {
            state.cursor = Some(context.snapshot.seq);
            return Ok((0, context.snapshot.seq));
        }
        let since = working.iter().map(|rule| rule.since).min().unwrap_or(Time::MIN);
        let assessed = working.iter().any(|rule| rule.rule.trigger.on == On::Assessment);
        let (mut cursor, mut begun, mut failed) = (after, Vec::new(), None);
        let known: BTreeSet<String> = state.waiting.iter().map(|run| run.id.clone()).collect();
        let end = context.snapshot.seq;
        self.documents_behind(after, end, &mut |seq, document| {
            let looked = document.received >= since && (&*document.format != ingest::EVENT || assessed && is_assessment(document));
            if looked && let Err(fault) = self.begin(&context, &working, seq, document, now, &mut begun) {
                failed = Some(fault);
                return ControlFlow::Break(());
            }
            cursor = seq;
            let full = begun.len() >= RUNS_MAX || seq.0 - after.0 >= DOCUMENTS_MAX;
            if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        failed.map_or(Ok(()), Err)?;
        begun.retain(|run: &Run| !known.contains(&run.id));
        let started = begun.len() as u64;
        state.waiting.extend(begun);
        state.cursor = Some(cursor.max(after));
        Ok((started, end))
    }

    /// Notes the runs that a document starts.
    fn begin(
        &self,
        context: &Context,
        rules: &[&Rule],
        seq: Seq,
        document: &Document,
        now: Time,
        begun: &mut Vec<Run>,
    ) -> Result<(), Fault> {
        let Ok(bodies) = ingest::read(document) else { return Ok(()) };
        for body in bodies {
            let Some((found, when)) = started_by(context, seq, body)? else { continue };
            let mut rest: Option<(Option<Found>, Vec<Entity>)> = None;
            for rule in rules.iter().filter(|rule| rule.since <= document.received) {
                let trigger = rule.rule.trigger;
                if trigger.on != found.on() || trigger.when != when {
                    continue;
                }
                let (before, entities) = match &mut rest {
                    Some(rest) => rest,
                    empty => empty.insert((before(context, &found, seq)?, entities(context, &found)?)),
                };
                let facts = Facts { now: found.subject(), before: before.as_ref().map(Found::subject), entities };
                let run = new_run(rule, &found, when.as_str(), seq, now);
                if rule.rule.holds(&facts) && context.snapshot.records.decision_log(RUN, &run.id)?.is_empty() {
                    begun.push(run);
                }
            }
        }
        Ok(())
    }

    /// The event of a run as it is sent: always the same for the same run.
    fn event(&self, run: &Run) -> Result<Value, Fault> {
        let context = self.context();
        let document = details::document(&context, Seq(run.seq))?;
        let found = details::bodies(&document)?.into_iter().filter_map(found_in).find(|found| found.target(Seq(run.seq)) == run.target);
        let kind = run.target.split(':').next().unwrap_or_default();
        Ok(json!({
            "id": run.id, "type": format!("{kind}.{}", run.when), "time": document.received, "rule": run.rule, "rule_name": run.name,
            "target": run.target, "seq": run.seq, "object": found.map(|found| found.json()),
        }))
    }

    /// Keeps what became of a run in the journal.
    fn record_run(&self, run: &Run) -> Result<(), Fault> {
        let mut value = json!(run);
        value["kind"] = RUN.into();
        value["actor"] = ACTOR.into();
        let mut value = Some(value);
        self.write("automation", &mut |_| Ok(value.take().map(Written::Decision).into_iter().collect()))?;
        Ok(())
    }

    /// Says whether a rule would run for an alert or incident as it is now, and what it would do.
    pub fn test_automation(&self, rule: &AutomationRule, target: &str) -> Result<Tested, Fault> {
        let context = self.context();
        let (found, seq) = self.present(&context, target)?;
        if found.on() != rule.trigger.on {
            let message = format!("expected an {} to test the rule with, found `{target}`", rule.trigger.on.as_str());
            return Err(Fault::new(FaultClass::Invalid, "target_invalid", message));
        }
        let (before, entities) = (before(&context, &found, seq)?, entities(&context, &found)?);
        let facts = Facts { now: found.subject(), before: before.as_ref().map(Found::subject), entities: &entities };
        let tested = Rule { id: "test".to_owned(), since: Time::MIN, rule: rule.clone() };
        let event = self.event(&new_run(&tested, &found, rule.trigger.when.as_str(), seq, context.now))?;
        let policy = EgressPolicy::of(&context)?;
        let action = |action: &Action| {
            let refused = match action {
                Action::Webhook { url, .. } => refusal(&policy, url),
                _ => None,
            };
            TestedAction { action: action.as_str().to_owned(), would: would(action, &event), refused }
        };
        Ok(Tested { holds: rule.holds(&facts), actions: rule.actions.iter().map(action).collect() })
    }

    /// Starts a rule by hand for an alert or incident as it is now, whatever its trigger and conditions say.
    pub fn start_automation(&self, asked: &str, target: &str, now: Time) -> Result<Run, Fault> {
        let context = self.context();
        let (found, seq) = self.present(&context, target)?;
        let rules = self.rules()?;
        let id = format!("{KIND}/{asked}");
        let unknown = || Fault::new(FaultClass::NotFound, "definition_unknown", format!("no automation rule has the id `{asked}`"));
        let rule = rules.iter().find(|known| known.id == id || known.id == asked).ok_or_else(unknown)?;
        let mut run = new_run(rule, &found, "manual", seq, now);
        // Asked for twice, it is done twice.
        run.id = uuid::Uuid::new_v4().to_string();
        self.hand_over(run.clone(), now)?;
        let over = self.context().snapshot.records.decision_log(RUN, &run.id)?.pop();
        Ok(over.and_then(|decision| serde_json::from_value((*decision.value).clone()).ok()).unwrap_or(run))
    }

    /// Tries the actions of a run that were given up once more, under the same name.
    pub fn resend_automation(&self, id: &str, now: Time) -> Result<Run, Fault> {
        let last = self.context().snapshot.records.decision_log(RUN, id)?.pop();
        let unknown = || Fault::new(FaultClass::NotFound, "run_unknown", format!("no run has the id `{id}`"));
        let decision = last.ok_or_else(unknown)?;
        let mut run: Run = serde_json::from_value((*decision.value).clone()).map_err(|_| unknown())?;
        let dead = run.actions.iter_mut().filter(|action| action.state == ActionState::Dead);
        let count = dead.map(|action| action.again(now)).count();
        if count == 0 {
            let message = format!("expected a run with an action that was given up, found none in `{id}`");
            return Err(Fault::new(FaultClass::Conflict, "run_not_dead", message));
        }
        self.hand_over(run.clone(), now)?;
        let last = self.context().snapshot.records.decision_log(RUN, id)?.pop();
        Ok(last.and_then(|decision| serde_json::from_value((*decision.value).clone()).ok()).unwrap_or(run))
    }

    /// Puts a run among those that wait, durably, and works on it.
    fn hand_over(&self, run: Run, now: Time) -> Result<(), Fault> {
        let id = run.id.clone();
        self.automation_state(|state| {
            state.waiting.retain(|known| known.id != run.id);
            state.waiting.push(run);
            files::write(&self.automation_file(), state)
        })?;
        let worked = self.work(&self.rules()?, now, Some(&id))?;
        self.call_all(worked.calls, &|| now).map(|_| ())
    }

    /// Runs that wait, in the order in which they were started.
    pub fn waiting_runs(&self) -> Result<Vec<Run>, Fault> {
        self.automation_state(|state| Ok(state.waiting.clone()))
    }

    /// The present version of an alert or incident, and its document.
    fn present(&self, context: &Context, target: &str) -> Result<(Found, Seq), Fault> {
        let graph = &context.snapshot.graph;
        let node = crate::query::reference::node(graph, target)?;
        let not_seen = || Fault::new(FaultClass::NotFound, "target_unknown", format!("expected an alert or incident, found `{target}`"));
        let seq = details::present(graph, node).first().copied().ok_or_else(not_seen)?;
        let bodies = details::bodies(&details::document(context, seq)?)?;
        let id = graph.alert_node(node).map(|alert| alert.id()).or_else(|| graph.incident_node(node).map(|incident| incident.id()));
        let found = bodies.into_iter().filter_map(found_in).find(|found| match found {
            Found::Alert(alert) => Some(alert.id.as_str()) == id,
            Found::Incident(incident) => Some(incident.id.as_str()) == id,
            Found::Assessment(_) => false,
        });
        Ok((found.ok_or_else(not_seen)?, seq))
    }

    /// Follows the journal until the engine stops; an error is logged and tried again. Calls go on beside it, one host at a time each.
    pub(super) async fn automate(engine: std::sync::Weak<Self>) {
        const IDLE: Duration = Duration::from_secs(30);
        loop {
            let Some(open) = engine.upgrade().filter(|engine| !engine.stopping()) else { return };
            let working = Arc::clone(&open);
            let pass = tokio::task::spawn_blocking(move || working.pass(Time::now())).await;
            let pass = match pass {
                Ok(Ok((pass, calls))) => {
                    for calls in calls {
                        let calling = Arc::clone(&open);
                        open.handle().spawn_blocking(move || {
                            if let Err(fault) = calling.call(calls, &Time::now) {
                                tracing::error!(code = fault.code, message = %fault.message, "what became of webhooks cannot be kept");
                            }
                            calling.automation.wake.notify_one();
                        });
                    }
                    pass
                }
                Ok(Err(fault)) => {
                    tracing::error!(code = fault.code, message = %fault.message, "automation rules cannot run");
                    Pass { cursor: u64::MAX, complete: true, ..Pass::default() }
                }
                Err(error) => {
                    tracing::error!(%error, "a pass of automation rules ended early");
                    Pass { cursor: u64::MAX, complete: true, ..Pass::default() }
                }
            };
            if pass.complete {
                let now = Time::now();
                let until = pass.due.map_or(IDLE, |due| Duration::from_micros((due.micros() - now.micros()).max(1_000) as u64)).min(IDLE);
                let work = open.pulse_beyond(Seq(pass.cursor), until);
                let woken = Arc::clone(&open.automation);
                // Nobody keeps an engine open by waiting for it.
                drop(open);
                tokio::select! {
                    () = work => {}
                    () = woken.wake.notified() => {}
                }
            }
        }
    }
}

fn new_run(rule: &Rule, found: &Found, when: &str, seq: Seq, now: Time) -> Run {
    let target = found.target(seq);
    let waiting = |action: &Action| ActionResult {
        action: action.as_str().to_owned(),
        state: ActionState::Waiting,
        message: String::new(),
        attempts: 0,
        due: None,
        held_up_by: None,
        since: None,
        notice: match action {
            Action::Notify { to, text } => Some(Notice { to: to.clone(), text: text.clone() }),
            _ => None,
        },
    };
    Run {
        id: uuid::Uuid::new_v5(&NAMESPACE, format!("{}\n{target}\n{seq}\n{when}", rule.id).as_bytes()).to_string(),
        rule: rule.id.clone(),
        name: rule.rule.name.clone().unwrap_or_else(|| rule.id.clone()),
        target,
        when: when.to_owned(),
        seq: seq.0,
        started: now,
        actions: rule.rule.actions.iter().map(waiting).collect(),
    }
}

/// What an action would do, in words.
fn would(action: &Action, event: &Value) -> String {
    match action {
        Action::ModifyIncident { fields } => format!("change {}", given(&json!(fields))),
        Action::ModifyAlert { fields } => format!("change {}", given(&json!(fields))),
        Action::AddTask { title, .. } => format!("add the task `{title}`"),
        Action::Notify { to, text } => format!("tell {}: {text}", to.join(", ")),
        Action::Webhook { url, body, .. } => {
            let body = body.as_ref().map_or_else(|| event.to_string(), |template| automation::fill(template, event));
            format!("post {} bytes to {url}", body.len())
        }
    }
}

/// Members of an object that say something.
fn given(fields: &Value) -> String {
    let members = fields.as_object().into_iter().flatten();
    let members = members.filter(|(_, value)| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty()));
    members.map(|(name, value)| format!("{name} to {value}")).collect::<Vec<_>>().join(", ")
}

/// Why an address would not be called.
fn refusal(policy: &EgressPolicy, text: &str) -> Option<String> {
    let url = match url::Url::parse(text) {
        Ok(url) => url,
        Err(error) => return Some(error.to_string()),
    };
    let port = url.port_or_known_default().unwrap_or(443);
    egress::resolve(policy, url.scheme(), url.host_str().unwrap_or_default(), port).err().map(|fault| fault.message)
}

/// Whether a rule would run, and what it would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tested {
    /// Whether its conditions hold.
    pub holds: bool,
    /// What it would do.
    pub actions: Vec<TestedAction>,
}

/// What an action would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TestedAction {
    /// Type of the action.
    #[serde(rename = "type")]
    pub action: String,
    /// What it would do, in words.
    pub would: String,
    /// Why it could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

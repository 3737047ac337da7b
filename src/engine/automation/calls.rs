//! The actions of runs: those that change something here are done at once; webhooks are called host by host, so that one that is slow or silent
//! holds up nobody but its own deliveries. One call at a time finds out whether a host is back; all that wait for it grow old together, and
//! are tried at once when it answers.
//!
//! Nothing is locked while something is done. An action that is being tried is marked, so that no two try it at a time; what became of it is
//! kept before another attempt.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::egress::{self, ATTEMPTS_MAX, Call, Failed};
use super::super::{Engine, files};
use super::{ActionState, NAMESPACE, RUNS_MAX, Run, State, would};
use crate::model::{Fault, Incident, Time};
use crate::query::Context;
use crate::query::reference::of_id;
use crate::triage::alert::AlertUpdate;
use crate::triage::automation::{self, ACTOR, Action, Rule};
use crate::triage::egress::EgressPolicy;
use crate::triage::incident::{Actor, ChangeIncidents, IncidentUpdate, Policy, TaskAdd};

/// Hosts that are called at a time.
const HOSTS_MAX: usize = 32;
/// Calls of a host after which what became of them is kept.
const KEPT_MAX: usize = 32;
/// Time after which it is.
const KEPT_TIME_MAX: Duration = Duration::from_secs(1);

/// A webhook to call.
pub(super) struct Delivery {
    run: Run,
    place: usize,
    action: Action,
}

/// The webhooks of one host, in their order.
pub(super) struct Calls {
    host: String,
    deliveries: Vec<Delivery>,
}

/// What was done of what is due.
pub(super) struct Worked {
    /// Runs that are over.
    pub(super) over: u64,
    /// Calls that are left to make.
    pub(super) calls: Vec<Calls>,
    /// Whether more may be due than was taken.
    pub(super) full: bool,
}

/// What became of an action.
struct Tried {
    run: String,
    place: usize,
    /// Whether it was tried at all.
    counts: bool,
    /// The host that says nothing.
    silent: Option<String>,
    done: Result<(ActionState, String), Failed>,
}

/// A change that carries the name of the rule that makes it.
struct ByRule<T> {
    change: T,
    rule: String,
}

impl<T: ChangeIncidents> ChangeIncidents for ByRule<T> {
    fn plan(&self, context: &Context, actor: &Actor, policy: Policy) -> Result<Vec<Incident>, Fault> {
        let mut planned = self.change.plan(context, actor, policy)?;
        for change in planned.iter_mut().filter_map(|incident| incident.change.as_mut()) {
            change.rule = Some(self.rule.clone());
        }
        Ok(planned)
    }
}

fn service() -> Actor {
    Actor { name: ACTOR.to_owned() }
}

fn host_of(url: &str) -> String {
    url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

impl State {
    /// Takes the actions that are due, of one run or of all: nobody else takes them until they are settled. Those of a host that is being
    /// called wait.
    fn take(&mut self, rules: &BTreeMap<&str, &Rule>, now: Time, only: Option<&str>) -> Vec<(Run, usize)> {
        let mut taken = Vec::new();
        let wanted = |run: &&Run| only.is_none_or(|id| run.id == id) && run.is_due(now);
        for run in self.waiting.iter().filter(wanted) {
            if taken.len() >= RUNS_MAX {
                break;
            }
            for (place, result) in run.actions.iter().enumerate() {
                let due = result.state == ActionState::Waiting && result.due.is_none_or(|due| due <= now);
                let host = match rules.get(run.rule.as_str()).and_then(|rule| rule.rule.actions.get(place)) {
                    Some(Action::Webhook { url, .. }) => Some(host_of(url)),
                    _ => None,
                };
                if due && host.is_none_or(|host| !self.calling.contains(&host)) && self.busy.insert((run.id.clone(), place)) {
                    taken.push((run.clone(), place));
                }
            }
        }
        taken
    }
}

impl Engine {
    /// Tries what is due and can be done here.
    pub(super) fn work(&self, rules: &[Rule], now: Time, only: Option<&str>) -> Result<Worked, Fault> {
        let by_id: BTreeMap<&str, &Rule> = rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
        let taken = self.automation_state(|state| Ok(state.take(&by_id, now, only)))?;
        let full = taken.len() >= RUNS_MAX;
        let mut tried = Vec::new();
        let mut hosts: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
        for (run, place) in taken {
            let rule = by_id.get(run.rule.as_str()).map(|rule| &rule.rule);
            let action = rule.and_then(|rule| rule.actions.get(place)).filter(|action| action.as_str() == run.actions[place].action);
            let done = match (action, rule) {
                (Some(action), Some(rule)) if rule.dry_run => {
                    self.event(&run).map(|event| (ActionState::DryRun, would(action, &event))).map_err(Failed::from)
                }
                (Some(webhook @ Action::Webhook { url, .. }), _) => {
                    hosts.entry(host_of(url)).or_default().push(Delivery { run, place, action: webhook.clone() });
                    continue;
                }
                (Some(action), _) => self.act(&run, place, action).map(|message| (ActionState::Done, message)),
                (None, _) => Err(Failed { message: "the rule was changed or deleted".to_owned(), again: false, silent: false }),
            };
            tried.push(Tried { run: run.id, place, counts: true, silent: None, done });
        }
        let calls: Vec<Calls> = hosts.into_iter().map(|(host, deliveries)| Calls { host, deliveries }).collect();
        let over = self.settle(tried, now);
        let calls = self.automation_state(|state| {
            // Another pass may have begun to call a host meanwhile; and what cannot be kept is not begun.
            let begins = |calls: &Calls, state: &mut State| {
                over.is_ok() && state.calling.len() < HOSTS_MAX && state.calling.insert(calls.host.clone())
            };
            let (begun, later): (Vec<Calls>, Vec<Calls>) = calls.into_iter().partition(|calls| begins(calls, state));
            for delivery in later.iter().flat_map(|calls| &calls.deliveries) {
                state.busy.remove(&(delivery.run.id.clone(), delivery.place));
            }
            Ok(begun)
        })?;
        Ok(Worked { over: over?, calls, full })
    }

    /// Makes calls, each host on a thread of its own; gives how many runs are over.
    pub(super) fn call_all(&self, calls: Vec<Calls>, clock: &(dyn Fn() -> Time + Sync)) -> Result<u64, Fault> {
        std::thread::scope(|scope| {
            let calling: Vec<_> = calls.into_iter().map(|calls| scope.spawn(|| self.call(calls, clock))).collect();
            let over = calling.into_iter().map(|calling| match calling.join() {
                Ok(over) => over,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            over.sum()
        })
    }

    /// Makes the calls of one host, one after another; gives how many runs are over. One that stays silent is not called again at once.
    pub(super) fn call(&self, calls: Calls, clock: &(dyn Fn() -> Time + Sync)) -> Result<u64, Fault> {
        let made = catch_unwind(AssertUnwindSafe(|| self.call_each(&calls, clock)));
        // Whatever became of the calls: what was not tried is taken by a later pass, and the host may be called again.
        let left: BTreeSet<(String, usize)> = calls.deliveries.iter().map(|delivery| (delivery.run.id.clone(), delivery.place)).collect();
        self.automation_state(|state| {
            state.calling.remove(&calls.host);
            state.busy.retain(|action| !left.contains(action));
            Ok(())
        })?;
        made.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Makes the calls, and keeps what became of them.
    fn call_each(&self, calls: &Calls, clock: &(dyn Fn() -> Time + Sync)) -> Result<u64, Fault> {
        let policy = EgressPolicy::of(&self.context());
        let (mut over, mut silent, mut kept) = (Ok(0), false, Instant::now());
        let mut tried = Vec::new();
        for delivery in &calls.deliveries {
            if self.stopping() || over.is_err() {
                break;
            }
            let counts = !silent;
            let done = match &policy {
                Ok(_) if silent => Err(Failed { message: format!("{} did not answer a moment ago", calls.host), again: true, silent }),
                Ok(policy) => self.post(delivery, &calls.host, policy, clock()),
                Err(fault) => Err(Failed { message: fault.message.clone(), again: true, silent }),
            };
            silent = matches!(&done, Err(Failed { silent: true, .. }));
            if !silent && policy.is_ok() {
                self.release(&calls.host)?;
            }
            let (run, place) = (delivery.run.id.clone(), delivery.place);
            let silent = silent.then(|| calls.host.clone());
            tried.push(Tried { run, place, counts, silent, done: done.map(|message| (ActionState::Done, message)) });
            if tried.len() >= KEPT_MAX || kept.elapsed() >= KEPT_TIME_MAX {
                let more = self.settle(std::mem::take(&mut tried), clock());
                over = over.and_then(|over: u64| more.map(|more| over + more));
                kept = Instant::now();
            }
        }
        let settled = self.settle(tried, clock());
        Ok(over? + settled?)
    }

    /// Lets what waited for a host that answers be tried at once.
    fn release(&self, host: &str) -> Result<(), Fault> {
        self.automation_state(|state| {
            let actions = state.waiting.iter_mut().flat_map(|run| &mut run.actions);
            for action in actions.filter(|action| action.held_up_by.as_deref() == Some(host)) {
                (action.due, action.held_up_by) = (None, None);
            }
            Ok(())
        })
    }

    /// Calls one webhook; says what it answered.
    fn post(&self, delivery: &Delivery, host: &str, policy: &EgressPolicy, now: Time) -> Result<String, Failed> {
        let Delivery { run, place, action: Action::Webhook { url, secret, headers, body } } = delivery else {
            return Err(Failed { message: "the action calls nobody".to_owned(), again: false, silent: false });
        };
        let event: Value = self.event(run)?;
        let body = body.as_ref().map_or_else(|| event.to_string(), |template| automation::fill(template, &event));
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let id = if *place == 0 { run.id.clone() } else { format!("{}-{place}", run.id) };
        let call = Call { url, id: &id, secret, headers, content_type: "application/json", body: body.as_bytes() };
        egress::post(policy, &call, now).map(|status| format!("{host} answered {status}"))
    }

    /// Does an action that changes something here; says what was done.
    fn act(&self, run: &Run, place: usize, action: &Action) -> Result<String, Failed> {
        let id = || run.target.split_once(':').map_or("", |(_, id)| id).to_owned();
        let incident = || of_id(&id()).into_owned();
        let rule = run.rule.clone();
        match action {
            Action::ModifyIncident { fields } => {
                let change = IncidentUpdate { incident: incident(), fields: (**fields).clone() };
                let changed = self.change(&ByRule { change, rule }, &service())?;
                Ok(if changed.value.is_empty() { "it was so already" } else { "changed" }.to_owned())
            }
            Action::ModifyAlert { fields } => {
                let change = AlertUpdate { alert: id(), fields: (**fields).clone() };
                let changed = self.change_alerts(&change, &service())?;
                Ok(if changed.value.is_empty() { "it was so already" } else { "changed" }.to_owned())
            }
            Action::AddTask { title, description } => {
                let task = uuid::Uuid::new_v5(&NAMESPACE, format!("{}/{place}", run.id).as_bytes()).to_string();
                let change = TaskAdd { incident: incident(), id: Some(task), title: title.clone(), description: description.clone() };
                match self.change(&ByRule { change, rule }, &service()) {
                    Ok(_) => Ok("task added".to_owned()),
                    // An attempt before a crash got as far as this.
                    Err(fault) if fault.code == "task_exists" => Ok("task added".to_owned()),
                    Err(fault) => Err(fault.into()),
                }
            }
            // The run in the journal is what tells them.
            Action::Notify { to, .. } => Ok(format!("told {}", to.join(", "))),
            Action::Webhook { .. } => Err(Failed { message: "the action is a call".to_owned(), again: true, silent: false }),
        }
    }

    /// Keeps what became of actions; runs that are over go to the journal. Gives how many these are.
    fn settle(&self, tried: Vec<Tried>, now: Time) -> Result<u64, Fault> {
        let changed = !tried.is_empty();
        let over: Vec<Run> = self.automation_state(|state| {
            for tried in &tried {
                state.busy.remove(&(tried.run.clone(), tried.place));
            }
            for Tried { run, place, counts, silent, done } in tried {
                let Some(run) = state.waiting.iter_mut().find(|waiting| waiting.id == run) else { continue };
                let (id, started) = (run.id.clone(), run.started);
                let result = &mut run.actions[place];
                result.attempts += u32::from(counts);
                (result.due, result.held_up_by) = (None, silent);
                // What waits for a silent host has the time that attempts would take, whoever is tried for all of them; it begins with
                // the silence, not with a wait for other reasons.
                if result.held_up_by.is_some() && result.since.is_none() {
                    result.since = Some(now);
                }
                let next = match &result.held_up_by {
                    Some(_) => egress::next_try(&id, result.since.unwrap_or(started), now),
                    None => Some(now.plus(egress::pause(&id, result.attempts))),
                };
                match done {
                    Ok((state, message)) => (result.state, result.message) = (state, message),
                    Err(Failed { message, again, .. }) => {
                        result.message = message;
                        result.due = next.filter(|_| again && result.attempts < ATTEMPTS_MAX);
                        if result.due.is_none() {
                            (result.state, result.held_up_by) = (ActionState::Dead, None);
                        }
                    }
                }
            }
            if changed {
                files::write(&self.automation_file(), state)?;
            }
            let State { waiting, keeping, .. } = state;
            Ok(waiting.iter().filter(|run| run.is_over() && keeping.insert(run.id.clone())).cloned().collect())
        })?;
        if over.is_empty() {
            return Ok(0);
        }
        // A run that cannot be kept now stays among those that wait, and is kept by the next pass.
        let kept = over.iter().try_for_each(|run| self.record_run(run));
        self.automation_state(|state| {
            for run in &over {
                state.keeping.remove(&run.id);
            }
            if kept.is_ok() {
                state.waiting.retain(|run| !over.iter().any(|over| over.id == run.id));
                files::write(&self.automation_file(), state)?;
            }
            Ok(())
        })?;
        kept.map(|()| over.len() as u64)
    }
}

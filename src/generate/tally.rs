//! What was written, counted while it is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::world::{Pool, World, label};

/// The thing of a kind that most alerts name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hub {
    /// Kind of the entity (`ip`).
    pub kind: String,
    /// Its canonical text: address, user principal name, full host name, path.
    pub value: String,
    /// Alerts that name it.
    pub alerts: u64,
}

/// An injected attack with its answer: stages in the order of the kill chain that share things nobody else has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Id of the incident that holds its alerts; without one they are left for correlation to find.
    pub incident: Option<String>,
    /// Ids of its alerts, in the order of time.
    pub alerts: Vec<String>,
    /// Tactic of each alert.
    pub tactics: Vec<String>,
    /// User principal name of the account in every stage.
    pub account: String,
    /// Address that the attacker signs in from.
    pub attacker: String,
    /// Full names of the hosts: the first foothold, then where the attacker moves.
    pub hosts: Vec<String>,
    /// Address that the data goes to.
    pub target: String,
    /// Start of the first stage, RFC 3339.
    pub first: String,
    /// End of the last stage, RFC 3339.
    pub last: String,
    /// Sign-ins of the account that fail before the first that succeeds (0 without events).
    pub failed_signins: u64,
    /// Rows of events that belong to the case.
    pub events: u64,
}

/// The exact answer to what a generated data set holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// Seed of the plan.
    pub seed: u64,
    /// Lines of `SecurityAlert`.
    pub alert_rows: u64,
    /// Distinct alerts.
    pub alerts: u64,
    /// Lines that repeat an earlier alert byte for byte.
    pub alert_duplicates: u64,
    /// Lines that bring new content for an earlier alert.
    pub alert_updates: u64,
    /// Distinct alerts by severity.
    pub alerts_by_severity: BTreeMap<String, u64>,
    /// Distinct alerts by the status of their newest version.
    pub alerts_by_status: BTreeMap<String, u64>,
    /// Distinct alerts by product.
    pub alerts_by_product: BTreeMap<String, u64>,
    /// Distinct titles of alerts.
    pub titles: u64,
    /// Lines of `SecurityIncident`.
    pub incident_rows: u64,
    /// Distinct incidents.
    pub incidents: u64,
    /// Lines that repeat an earlier incident row byte for byte.
    pub incident_duplicates: u64,
    /// Distinct incidents by severity of their newest version.
    pub incidents_by_severity: BTreeMap<String, u64>,
    /// Distinct incidents by status of their newest version.
    pub incidents_by_status: BTreeMap<String, u64>,
    /// Closed incidents by classification.
    pub incidents_by_classification: BTreeMap<String, u64>,
    /// Distinct incidents by the owner's mail address.
    pub incidents_by_owner: BTreeMap<String, u64>,
    /// Distinct incidents by tag.
    pub incidents_by_tag: BTreeMap<String, u64>,
    /// Alerts of the incident that has most of them.
    pub incident_alerts_max: u64,
    /// Distinct entities of the alerts by kind, after normalisation; those inside another entity included.
    pub entities: BTreeMap<String, u64>,
    /// Distinct pairs of alert and entity by kind; those inside another entity included.
    pub mentions: BTreeMap<String, u64>,
    /// For each kind that is drawn from a pool, the entity that most alerts name; most alerts first.
    pub hubs: Vec<Hub>,
    /// Rows of events by table.
    pub events: BTreeMap<String, u64>,
    /// Rows of `SecurityEvent` by event id.
    pub security_events: BTreeMap<String, u64>,
    /// Rows of `SigninLogs` whose `ResultType` is not `0`.
    pub failed_signins: u64,
    /// Distinct accounts, hosts and addresses that the events name.
    pub event_entities: BTreeMap<String, u64>,
    /// Distinct accounts, hosts and addresses that alerts or events name.
    pub all_entities: BTreeMap<String, u64>,
    /// Injected cases.
    pub cases: Vec<Case>,
}

/// Counts of things by pool and place: four bytes a thing, the only memory that grows with a plan.
#[derive(Debug)]
pub(super) struct Tally {
    alerts: Vec<Vec<u32>>,
    events: Vec<Vec<bool>>,
    once: BTreeMap<&'static str, u64>,
}

/// Pools whose things events name too.
const EVENT_POOLS: [Pool; 3] = [Pool::Account, Pool::Host, Pool::Ip];

impl Tally {
    pub(super) fn new(world: &World) -> Self {
        Self {
            alerts: Pool::ALL.iter().map(|pool| vec![0; world.places(*pool) as usize]).collect(),
            events: EVENT_POOLS.iter().map(|pool| vec![false; world.places(*pool) as usize]).collect(),
            once: BTreeMap::new(),
        }
    }

    /// Counts one alert that names a thing.
    pub(super) fn mention(&mut self, pool: Pool, place: u64) {
        self.alerts[pool as usize][place as usize] += 1;
    }

    /// Counts a thing that no other alert names.
    pub(super) fn mention_once(&mut self, kind: &'static str) {
        *self.once.entry(kind).or_default() += 1;
    }

    /// Notes that an event names a thing.
    pub(super) fn event(&mut self, pool: Pool, place: u64) {
        self.events[pool as usize][place as usize] = true;
    }

    /// Writes the counts into the truth.
    pub(super) fn finish(self, world: &World, truth: &mut Truth) {
        for (pool, counts) in Pool::ALL.iter().zip(&self.alerts) {
            let Some((place, most)) = counts.iter().enumerate().max_by_key(|(place, n)| (**n, usize::MAX - place)) else { continue };
            if *most == 0 {
                continue;
            }
            let kind = pool.kind().to_owned();
            truth.entities.insert(kind.clone(), counts.iter().filter(|n| **n > 0).count() as u64);
            truth.mentions.insert(kind.clone(), counts.iter().map(|n| u64::from(*n)).sum());
            truth.hubs.push(Hub { kind, value: label(world, *pool, place as u64), alerts: u64::from(*most) });
        }
        truth.hubs.sort_by(|a, b| b.alerts.cmp(&a.alerts).then_with(|| a.kind.cmp(&b.kind)));
        for (kind, n) in self.once {
            truth.entities.insert(kind.to_owned(), n);
            truth.mentions.insert(kind.to_owned(), n);
        }
        for (pool, seen) in EVENT_POOLS.iter().zip(&self.events) {
            let kind = pool.kind().to_owned();
            truth.event_entities.insert(kind.clone(), seen.iter().filter(|seen| **seen).count() as u64);
            let all = seen.iter().zip(&self.alerts[*pool as usize]).filter(|(seen, n)| **seen || **n > 0).count();
            truth.all_entities.insert(kind, all as u64);
        }
    }
}

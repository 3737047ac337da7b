//! Injected attacks: five stages in kill-chain order over things that no other record names, with the answer written down.

use super::alerts::{Facts, Story, alert_ids};
use super::entities::Entities;
use super::incidents::incident_id;
use super::tally::Case;
use super::text::push_time;
use super::words::{Detection, Scene, case_rule};
use super::world::{self, Pool, World};

/// The detections of the stages, in the order of time.
pub(super) static STAGES: [Detection; 5] = [
    case_rule("Sign-in from an anonymous address after password spray", Scene::Identity, "Medium", "InitialAccess", "T1078"),
    case_rule("Encoded PowerShell launched by a signed-in user", Scene::Endpoint, "High", "Execution", "T1059"),
    case_rule("LSASS memory read by an unsigned process", Scene::Endpoint, "High", "CredentialAccess", "T1003"),
    case_rule("Remote service created from another workstation", Scene::Endpoint, "High", "LateralMovement", "T1021"),
    case_rule("Archive sent to a rare external address", Scene::Network, "High", "Exfiltration", "T1041"),
];

/// Time from the beginning of a case to the earliest start of a stage.
pub(super) const fn stage_delay(stage: usize) -> i64 {
    stage as i64 * 40 * 60_000_000
}

/// The places of a case: one account, two hosts, attacker, target and the first host's own address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cast {
    pub(super) account: u64,
    pub(super) hosts: [u64; 2],
    pub(super) attacker: u64,
    pub(super) target: u64,
    /// Private address of the first host.
    pub(super) internal: u64,
    file: u64,
}

impl Cast {
    pub(super) fn new(world: &World, case: u64) -> Self {
        let at = |pool, place| world.case_place(pool, case, place);
        Self {
            account: at(Pool::Account, 0),
            hosts: [at(Pool::Host, 0), at(Pool::Host, 1)],
            attacker: at(Pool::Ip, 1),
            target: at(Pool::Ip, 2),
            internal: at(Pool::Ip, 3),
            file: at(Pool::File, 0),
        }
    }
}

/// Whether a case comes with an incident; every second one is left for correlation to find.
pub(super) fn has_incident(case: u64) -> bool {
    case.is_multiple_of(2)
}

/// Writes the entities of one stage.
pub(super) fn cast(world: &World, case: u64, stage: usize, facts: &Facts, list: &mut Entities<'_>) {
    let cast = Cast::new(world, case);
    let account = list.thing(Pool::Account, cast.account);
    match stage {
        0 => {
            list.thing(Pool::Ip, cast.attacker);
            list.cloud_session(account, facts.start);
        }
        1 | 2 => {
            let host = list.thing(Pool::Host, cast.hosts[0]);
            list.process(cast.file, host, Some(account), None, facts.start);
        }
        3 => {
            list.thing(Pool::Host, cast.hosts[0]);
            let host = list.thing(Pool::Host, cast.hosts[1]);
            list.process(cast.file, host, Some(account), None, facts.start);
        }
        _ => {
            list.thing(Pool::Host, cast.hosts[1]);
            list.thing(Pool::Ip, cast.target);
        }
    }
}

/// The answer of a case.
pub(super) fn answer(world: &World, case: u64) -> Case {
    let story = Story::new(world, world.incidents + case);
    let cast = Cast::new(world, case);
    let alerts = alert_ids(world, &story, i64::MAX);
    let text = |time: Option<i64>| {
        let mut out = Vec::new();
        push_time(&mut out, time.unwrap_or(story.begin));
        String::from_utf8(out).expect("digits are ASCII")
    };
    Case {
        incident: has_incident(case).then(|| incident_id(world, story.index)),
        tactics: alerts.iter().map(|(facts, _)| facts.detection.tactics.to_owned()).collect(),
        account: world::upn(cast.account),
        attacker: world::address(cast.attacker),
        hosts: cast.hosts.map(world::host_fqdn).to_vec(),
        target: world::address(cast.target),
        first: text(alerts.iter().map(|(facts, _)| facts.start).min()),
        last: text(alerts.iter().map(|(facts, _)| facts.end).max()),
        alerts: alerts.into_iter().map(|(_, id)| id).collect(),
        failed_signins: 0,
        events: 0,
    }
}

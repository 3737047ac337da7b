//! Correlation: alerts that come without an incident become incidents, by shared entities in a window.
//!
//! Two alerts belong together when they name the same entity and no more than the window lies between them; what
//! belongs together through a chain of such pairs is one incident. The result depends on the alerts and the rules
//! only, never on the order in which the alerts came. Every pair that joined two groups is kept as a reason.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalog::attack;
use crate::model::{Fault, FaultClass, Severity, Time};

/// Parameters of the correlation; a TOML file may set each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Hours that may lie between two alerts which share an entity.
    pub window_hours: f64,
    /// Kinds of entities that join alerts.
    pub kinds: Vec<String>,
    /// Alerts that an entity may be named by and still join; above it the entity is a hub and joins nothing.
    pub hub_alerts: usize,
    /// Alerts that make an incident.
    pub alerts_min: usize,
}

impl Default for Rules {
    fn default() -> Self {
        let kinds = [
            "account",
            "host",
            "ip",
            "process",
            "filehash",
            "url",
            "mailbox",
            "mail-message",
            "azure-resource",
            "amazon-resource",
            "gcp-resource",
        ];
        Self { window_hours: 24.0, kinds: kinds.map(str::to_owned).to_vec(), hub_alerts: 1_000, alerts_min: 2 }
    }
}

impl Rules {
    /// Reads rules from TOML; members that are left out keep their defaults.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let rules: Self = toml::from_str(text).map_err(|error| {
            let fault =
                Fault::new(FaultClass::Invalid, "rules_invalid", format!("expected correlation rules in TOML: {}", error.message()))
                    .with_hint("members are `window_hours`, `kinds`, `hub_alerts`, `alerts_min`");
            error.span().map_or(fault.clone(), |span| fault.at(span.start, span.end))
        })?;
        if !(rules.window_hours > 0.0 && rules.window_hours <= 24.0 * 366.0) {
            let message = format!("expected `window_hours` above 0 and at most 8784, found {}", rules.window_hours);
            return Err(Fault::new(FaultClass::Invalid, "rules_invalid", message));
        }
        Ok(rules)
    }

    fn window_micros(&self) -> i64 {
        (self.window_hours * 3_600e6) as i64
    }
}

/// An alert as correlation sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Id of the alert.
    pub id: String,
    /// Title.
    pub title: String,
    /// Severity.
    pub severity: Severity,
    /// Product that raised it.
    pub product: String,
    /// ATT&CK tactics.
    pub tactics: Vec<String>,
    /// Begin of the activity; an alert without a time joins nothing.
    pub start: Option<Time>,
    /// End of the activity.
    pub end: Option<Time>,
    /// The entities that it names and that tell one thing from another.
    pub entities: Vec<Named>,
}

/// An entity that an alert names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its reference.
    pub reference: String,
    /// Its kind.
    pub kind: String,
    /// Short text for people.
    pub label: String,
}

/// Why two alerts belong together.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Reason {
    /// Reference of the entity that both name.
    pub entity: String,
    /// Id of the earlier alert.
    pub earlier: String,
    /// Id of the later alert.
    pub later: String,
    /// Seconds between the end of the earlier and the begin of the later one; 0 where they overlap.
    pub gap_seconds: f64,
}

/// Alerts that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Group {
    /// Id of the incident that the group makes: a name-based UUID of its first alert's id.
    pub incident: String,
    /// Title of the incident.
    pub title: String,
    /// Gravest severity of its alerts.
    pub severity: String,
    /// Ids of its alerts, earliest first.
    pub alerts: Vec<String>,
    /// Products of its alerts.
    pub products: Vec<String>,
    /// Tactics of its alerts, in the order of the ATT&CK matrix.
    pub tactics: Vec<String>,
    /// Whether tactics first appear in the order of the kill chain.
    pub kill_chain_order: bool,
    /// Begin of the first alert.
    #[schema(value_type = Option<String>)]
    pub first: Option<Time>,
    /// End of the last alert.
    #[schema(value_type = Option<String>)]
    pub last: Option<Time>,
    /// The pairs that joined the group, in time order; one fewer than its alerts.
    pub reasons: Vec<Reason>,
}

/// Namespace of the ids that correlation gives.
const NAMESPACE: uuid::Uuid = uuid::Uuid::from_u128(0x7b0c_5f5e_6c1d_5a38_9b41_c1e3_0f6e_2d11);

/// Id of the incident whose first alert has this id.
pub fn incident_id(first_alert: &str) -> String {
    uuid::Uuid::new_v5(&NAMESPACE, first_alert.as_bytes()).to_string()
}

/// Groups alerts; groups come in the order of their first alerts.
pub fn correlate(mut alerts: Vec<Candidate>, rules: &Rules) -> Vec<Group> {
    alerts.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    let mut groups = Groups::new(alerts.len());
    let mut reasons: Vec<(usize, Reason)> = Vec::new();
    for (entity, places) in by_entity(&alerts, rules) {
        // The latest end so far may belong to a long alert that began early.
        let mut open: Option<usize> = None;
        for place in places {
            if let Some(earlier) = open
                && let Some(gap) = gap(&alerts[earlier], &alerts[place])
                && gap <= rules.window_micros()
                && groups.join(earlier, place)
            {
                let (earlier, later) = (alerts[earlier].id.clone(), alerts[place].id.clone());
                reasons.push((place, Reason { entity: entity.to_owned(), earlier, later, gap_seconds: gap as f64 / 1e6 }));
            }
            open = Some(open.filter(|earlier| end(&alerts[*earlier]) > end(&alerts[place])).unwrap_or(place));
        }
    }
    reasons.sort_by(|(a, left), (b, right)| a.cmp(b).then_with(|| left.entity.cmp(&right.entity)));
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for place in 0..alerts.len() {
        members.entry(groups.first(place)).or_default().push(place);
    }
    let mut by_group: HashMap<usize, Vec<Reason>> = HashMap::new();
    for (place, reason) in reasons {
        by_group.entry(groups.first(place)).or_default().push(reason);
    }
    members
        .into_iter()
        .filter(|(_, places)| places.len() >= rules.alerts_min.max(1) && alerts[places[0]].start.is_some())
        .map(|(first, places)| describe(&alerts, &places, by_group.remove(&first).unwrap_or_default()))
        .collect()
}

/// Places of the alerts that name each joining entity, in time order; entities in the order of their references.
fn by_entity<'a>(alerts: &'a [Candidate], rules: &Rules) -> BTreeMap<&'a str, Vec<usize>> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, alert) in alerts.iter().enumerate().filter(|(_, alert)| alert.start.is_some()) {
        for entity in alert.entities.iter().filter(|entity| rules.kinds.contains(&entity.kind)) {
            let list = places.entry(&entity.reference).or_default();
            if list.last() != Some(&place) {
                list.push(place);
            }
        }
    }
    places.retain(|_, list| list.len() > 1 && list.len() <= rules.hub_alerts);
    places
}

fn end(alert: &Candidate) -> Option<Time> {
    alert.end.max(alert.start)
}

/// Microseconds between the end of one alert and the begin of a later one.
fn gap(earlier: &Candidate, later: &Candidate) -> Option<i64> {
    Some((later.start?.micros() - end(earlier)?.micros()).max(0))
}

fn describe(alerts: &[Candidate], places: &[usize], reasons: Vec<Reason>) -> Group {
    let members: Vec<&Candidate> = places.iter().map(|place| &alerts[*place]).collect();
    let severity = members.iter().map(|alert| alert.severity).max().unwrap_or_default();
    let mut products: Vec<String> = members.iter().map(|alert| alert.product.clone()).filter(|product| !product.is_empty()).collect();
    products.sort();
    products.dedup();
    let stages = stages(&members);
    let mut tactics: Vec<(usize, String)> =
        stages.iter().map(|tactic| (attack::tactic_order(tactic).map_or(usize::MAX, usize::from), tactic.clone())).collect();
    let kill_chain_order = tactics.len() > 1 && tactics.is_sorted_by_key(|(order, _)| *order);
    tactics.sort();
    let tactics: Vec<String> = tactics.into_iter().map(|(_, tactic)| tactic).collect();
    Group {
        incident: incident_id(&members[0].id),
        title: title(&members, &tactics),
        severity: severity.as_str().to_owned(),
        alerts: members.iter().map(|alert| alert.id.clone()).collect(),
        products,
        tactics,
        kill_chain_order,
        first: members[0].start,
        last: members.iter().filter_map(|alert| end(alert)).max(),
        reasons,
    }
}

/// Tactics in the order of their first appearance.
fn stages(members: &[&Candidate]) -> Vec<String> {
    let mut stages: Vec<String> = Vec::new();
    for tactic in members.iter().flat_map(|alert| &alert.tactics) {
        if !stages.contains(tactic) {
            stages.push(tactic.clone());
        }
    }
    stages
}

/// Kinds of entities that name an incident best, best first.
const SUBJECTS: [&str; 4] = ["host", "account", "ip", "mailbox"];

fn title(members: &[&Candidate], tactics: &[String]) -> String {
    let first = members[0];
    if members.iter().all(|alert| alert.title == first.title) {
        return first.title.clone();
    }
    let mut named: BTreeMap<&str, (usize, &Named)> = BTreeMap::new();
    for entity in members.iter().flat_map(|alert| &alert.entities) {
        named.entry(&entity.reference).or_insert((0, entity)).0 += 1;
    }
    let rank = |entity: &Named| SUBJECTS.iter().position(|kind| *kind == entity.kind).unwrap_or(SUBJECTS.len());
    let most = named.into_values().min_by_key(|(times, entity)| (std::cmp::Reverse(*times), rank(entity), &entity.reference));
    let on = most.map(|(_, entity)| format!(" on {}", entity.label)).unwrap_or_default();
    match tactics {
        [] | [_] => format!("{} alerts{on}: {}", members.len(), first.title),
        several => format!("Multi-stage activity{on}: {} alerts over {} tactics", members.len(), several.len()),
    }
}

/// Union-find whose representative is the least place.
struct Groups(Vec<usize>);

impl Groups {
    fn new(len: usize) -> Self {
        Self((0..len).collect())
    }

    fn first(&mut self, place: usize) -> usize {
        let mut root = place;
        while self.0[root] != root {
            root = self.0[root];
        }
        let mut at = place;
        while self.0[at] != root {
            at = std::mem::replace(&mut self.0[at], root);
        }
        root
    }

    fn join(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.first(a), self.first(b));
        self.0[a.max(b)] = a.min(b);
        a != b
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn alert(id: &str, start: &str, tactic: &str, entities: &[&str]) -> Candidate {
        let start = Time::parse(start).ok();
        let named = |text: &&str| {
            let (kind, label) = text.split_once(':').expect("a reference");
            Named { reference: (*text).to_owned(), kind: kind.to_owned(), label: label.to_owned() }
        };
        let entities = entities.iter().map(named).collect();
        Candidate {
            id: id.to_owned(),
            title: format!("title of {id}"),
            severity: Severity::Low,
            product: "Sentinel".to_owned(),
            tactics: vec![tactic.to_owned()],
            start,
            end: start,
            entities,
        }
    }

    fn ids(groups: &[Group]) -> Vec<Vec<&str>> {
        groups.iter().map(|group| group.alerts.iter().map(String::as_str).collect()).collect()
    }

    #[test]
    fn shared_entities_in_the_window_make_an_incident() {
        let alerts = vec![
            alert("d", "2021-01-03T00:00:01Z", "Impact", &["host:b"]),
            alert("a", "2021-01-01T00:00:00Z", "InitialAccess", &["account:x", "host:a"]),
            alert("b", "2021-01-01T10:00:00Z", "Execution", &["host:a", "file:cmd"]),
            alert("c", "2021-01-02T00:00:00Z", "Impact", &["account:x", "host:b"]),
            alert("e", "2021-01-01T00:00:00Z", "Impact", &["file:cmd"]),
        ];
        let groups = correlate(alerts, &Rules::default());
        assert_eq!(ids(&groups), [["a", "b", "c"]]);
        assert_eq!(groups[0].title, "Multi-stage activity on a: 3 alerts over 3 tactics");
        assert!(groups[0].kill_chain_order);
        let reasons: Vec<_> =
            groups[0].reasons.iter().map(|r| (r.entity.as_str(), r.earlier.as_str(), r.later.as_str(), r.gap_seconds)).collect();
        assert_eq!(reasons, [("host:a", "a", "b", 36_000.0), ("account:x", "a", "c", 86_400.0)]);
    }

    #[test]
    fn a_long_alert_bridges_what_comes_late() {
        let mut long = alert("a", "2021-01-01T00:00:00Z", "Execution", &["host:a"]);
        long.end = Time::parse("2021-01-05T00:00:00Z").ok();
        let alerts = vec![
            long,
            alert("b", "2021-01-01T01:00:00Z", "Execution", &["host:a"]),
            alert("c", "2021-01-05T12:00:00Z", "Execution", &["host:a"]),
        ];
        assert_eq!(ids(&correlate(alerts, &Rules::default())), [["a", "b", "c"]]);
    }

    #[test]
    fn hubs_join_nothing() {
        let alerts = vec![
            alert("a", "2021-01-01T00:00:00Z", "Execution", &["ip:proxy"]),
            alert("b", "2021-01-01T00:00:00Z", "Execution", &["ip:proxy"]),
        ];
        assert_eq!(correlate(alerts, &Rules { hub_alerts: 1, ..Rules::default() }), []);
    }

    #[test]
    fn rules_come_from_toml() {
        assert_eq!(Rules::parse("window_hours = 1"), Ok(Rules { window_hours: 1.0, ..Rules::default() }));
        assert_eq!(Rules::parse("window = 1").map_err(|fault| fault.code), Err("rules_invalid"));
        assert_eq!(Rules::parse("window_hours = 0").map_err(|fault| fault.code), Err("rules_invalid"));
    }

    proptest! {
        #[test]
        fn order_of_arrival_does_not_matter(
            alerts in proptest::collection::vec((0..40u32, 0..6u32, 0..6u32), 0..30),
            seed in any::<u64>(),
        ) {
            let make = |(place, (day, one, two)): (usize, (u32, u32, u32))| {
                let start = format!("2021-01-{:02}T{:02}:00:00Z", 1 + day / 4, (day % 4) * 6);
                alert(&format!("a{place}"), &start, "Execution", &[&format!("host:h{one}"), &format!("account:u{two}")])
            };
            let sorted: Vec<_> = alerts.into_iter().enumerate().map(make).collect();
            let mut shuffled = sorted.clone();
            shuffled.sort_by_key(|alert| blake3::hash(format!("{seed}{}", alert.id).as_bytes()).to_hex().to_string());
            prop_assert_eq!(correlate(sorted, &Rules::default()), correlate(shuffled, &Rules::default()));
        }
    }
}

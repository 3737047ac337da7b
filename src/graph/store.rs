//! The tables of one state of the graph. A clone shares them all; readers and the writer use the same type.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::entities;
use crate::model::{Seq, Severity};

use super::column::{Column, Texts};
use super::entities::Entities;
use super::ids::{By, NONE, NodeId, NodeKind, Source, fingerprint, hour};
use super::index::{Hasher, Index, Names};
use super::instants::Instant;
use super::nodes::{AlertRow, DocRow, IncidentRow, MentionTo, TraitTable, Traits};
use super::runs::{Family, Link, Member, Mention};

/// Events of one hour that assert the same directed edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EventsRow {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) label: u32,
    pub(super) count: u32,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) seq_min: u64,
    pub(super) seq_max: u64,
    /// The list of the instants between first and last.
    pub(super) between: u32,
}

/// Relation and rule of a link, as names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) relation: u32,
    pub(super) rule: u32,
    /// Fingerprint of both texts.
    pub(super) print: u64,
}

/// What versions and pieces of one alert say, apart; kept only for alerts that have both.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mixed {
    pub(super) version: AlertRow,
    pub(super) pieces: AlertRow,
}

/// Numbers from here on are no whole numbers to every client that reads JSON.
const NUMBER_MAX: i64 = 1 << 53;

/// Counts by status and severity.
pub(super) type Counts<const STATUSES: usize> = [[u32; 6]; STATUSES];

/// What the graph has to know of identifier sets; the catalog answers it.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Whether a mention without strong keys joins the only strong entity that holds the same weak key of this set.
    pub joins: fn(kind: &str, set: &str) -> bool,
    /// How well a set names an entity of the kind; the least is best.
    pub rank: fn(kind: &str, set: &str) -> u32,
    /// The DNS domain that a mention means by the short name of a domain in `key`, if its other key `beside` tells it.
    pub domain: for<'k> fn(key: &str, beside: &'k str) -> Option<&'k str>,
}

impl Default for Rules {
    /// Joins as the catalog declares; names name better than opaque ids.
    fn default() -> Self {
        fn joins(kind: &str, set: &str) -> bool {
            entities::kind(kind).is_some_and(|kind| kind.join_unique.contains(&set))
        }
        fn rank(_: &str, set: &str) -> u32 {
            u32::from(!set.contains("name") && (set.contains("id") || set.contains("puid")))
        }
        Self { joins, rank, domain }
    }
}

/// The DNS domain of one key whose first label is the short name of the domain in another.
fn domain<'k>(key: &str, beside: &'k str) -> Option<&'k str> {
    let (set, value) = key.split_once('=')?;
    let (other, named) = beside.split_once('=')?;
    let dns = match (set, other) {
        ("ntdomain+name", "name+upnsuffix" | "name+dnsdomain") => named.rsplit_once('@')?.1,
        ("hostname+ntdomain", "hostname+dnsdomain") => named.split_once('.')?.1,
        _ => return None,
    };
    let (short, _) = value.split_once('\\')?;
    dns.split_once('.').filter(|(label, rest)| *label == short && !rest.is_empty()).map(|_| dns)
}

#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    pub(super) rules: Rules,
    pub(super) applied: Seq,
    pub(super) hasher: Hasher,
    pub(super) texts: Texts,
    pub(super) names: Names,
    pub(super) entities: Entities,

    pub(super) traits: TraitTable,
    pub(super) alerts: Column<AlertRow>,
    pub(super) alert_index: Index,
    pub(super) mixed: Arc<BTreeMap<u32, Mixed>>,
    pub(super) incidents: Column<IncidentRow>,
    pub(super) incident_index: Index,
    pub(super) number_index: Index,
    pub(super) docs: Column<DocRow>,
    pub(super) alert_counts: Counts<5>,
    pub(super) incident_counts: Counts<3>,

    /// Entities of each document.
    pub(super) mentions: Column<MentionTo>,
    /// Documents that mention each atom.
    pub(super) mentioned: Family<Mention>,
    /// Number of mentions and links of each atom.
    pub(super) degrees: Column<u32>,
    pub(super) labels: Column<Label>,
    pub(super) label_index: Index,
    pub(super) events: Column<EventsRow>,
    pub(super) instants: Column<Instant>,
    pub(super) events_index: Index,
    pub(super) links_out: Family<Link>,
    pub(super) links_in: Family<Link>,
    /// What each container contains, and the other way about; rows by [`member_row`].
    pub(super) members: Family<Member>,
    pub(super) containers: Family<Member>,
    /// Alerts (row 0) and incidents (row 1) by time, incidents of each severity by activity ([`order_of`]); entries of times that no
    /// longer hold are passed over.
    pub(super) order: Family<Mention>,
}

/// The row of [`Store::order`] that holds the incidents of a severity.
pub(super) const fn order_of(severity: Severity) -> u32 {
    2 + severity as u32
}

/// Rows of alerts and incidents side by side, so that each family has dense rows.
pub(super) fn member_row(node: NodeId) -> u32 {
    node.index() as u32 * 2 + u32::from(node.kind() == NodeKind::Incident)
}

pub(super) fn member_node(row: u32) -> NodeId {
    if row & 1 == 1 { NodeId::incident(row / 2) } else { NodeId::alert(row / 2) }
}

/// Labels that every store begins with.
pub(super) const BY_INCIDENT: u32 = 0;
pub(super) const BY_ALERT: u32 = 1;
pub(super) const BY_KILL_CHAIN: u32 = 2;
pub(super) const BY_REDIRECT: u32 = 3;
pub(super) const BY_ENTITIES_OF_ALERT: u32 = 4;
pub(super) const BY_ENTITIES_OF_INCIDENT: u32 = 5;
const LABELS: [(&str, &str); 6] = [
    ("contains", "incident.alerts"),
    ("contains", "alert.incident"),
    ("contains", "alert.members"),
    ("merged_into", "incident.redirect"),
    ("involves", "alert.entities"),
    ("involves", "incident.entities"),
];

impl Store {
    pub(super) fn new(rules: Rules) -> Self {
        let mut store = Self { rules, ..Self::default() };
        store.intern("");
        store.traits.intern(&store.hasher, Traits::default());
        for (relation, rule) in LABELS {
            store.intern_label(relation, rule);
        }
        store
    }

    pub(super) fn intern(&mut self, name: &str) -> u32 {
        self.names.intern(&self.hasher, &mut self.texts, name)
    }

    pub(super) fn intern_label(&mut self, relation: &str, rule: &str) -> u32 {
        let label = Label { relation: self.intern(relation), rule: self.intern(rule), print: fingerprint([relation, rule]) };
        let hash = label_hash(&self.hasher, label);
        if let Some(id) = self.label_index.find(hash, |id| *self.labels.get(id) == label) {
            return id;
        }
        let id = self.labels.push(label);
        self.label_index.insert(hash, id);
        id
    }

    pub(super) fn alert_by_id(&self, id: &str) -> Option<u32> {
        self.alert_index.find(self.hasher.of(id), |n| self.texts.get(self.alerts.get(n).id) == id)
    }

    pub(super) fn incident_by_id(&self, id: &str) -> Option<u32> {
        self.incident_index.find(self.hasher.of(id), |n| self.texts.get(self.incidents.get(n).id) == id)
    }

    pub(super) fn incident_by_number(&self, number: i64) -> Option<u32> {
        let place = |n: u32| {
            let id = self.texts.get(self.incidents.get(n).id);
            (id.parse() == Ok(number), id)
        };
        let mut found: Option<u32> = None;
        self.number_index.each(self.hasher.of(Some(number)), |n| {
            if self.incidents.get(n).number == Some(number) && found.is_none_or(|old| place(n) < place(old)) {
                found = Some(n);
            }
        });
        found
    }

    /// A number that no incident has: one more than the greatest, of those that every client could write as a number of JSON.
    pub(super) fn number_next(&self) -> i64 {
        let numbers = self.incidents.iter().filter_map(|row| row.number).filter(|number| *number < NUMBER_MAX);
        let greatest = numbers.max().unwrap_or(0).max(0);
        (greatest + 1..).find(|number| self.incident_by_number(*number).is_none()).unwrap_or(greatest)
    }

    pub(super) fn name(&self, id: u32) -> &str {
        self.names.get(&self.texts, id)
    }

    /// Returns the entity that stands for the atom's group.
    pub(super) fn entity_of(&self, atom: u32) -> NodeId {
        NodeId::entity(*self.entities.rep.get(atom))
    }

    /// Returns the documents of an alert or incident, the one applied last first.
    pub(super) fn docs_of(&self, node: NodeId) -> impl Iterator<Item = u32> + '_ {
        let mut at = match node.kind() {
            NodeKind::Entity => NONE,
            NodeKind::Alert => self.alerts.get(node.index() as u32).docs,
            NodeKind::Incident => self.incidents.get(node.index() as u32).docs,
        };
        std::iter::from_fn(move || {
            (at != NONE).then(|| {
                let this = at;
                at = self.docs.get(this).next;
                this
            })
        })
    }

    /// The places of a document's mentions.
    pub(super) fn mention_range(&self, doc: u32) -> std::ops::Range<u32> {
        let next = doc as usize + 1;
        let end = if next < self.docs.len() { self.docs.get(doc + 1).mentions } else { self.mentions.len() as u32 };
        self.docs.get(doc).mentions..end
    }

    pub(super) fn mentions_of(&self, doc: u32) -> impl ExactSizeIterator<Item = MentionTo> + '_ {
        self.mention_range(doc).map(move |n| *self.mentions.get(n))
    }

    /// Returns what a record contains (`down`), or what contains it, as links without a time.
    pub(super) fn members_of(&self, node: NodeId, down: bool) -> impl Iterator<Item = Link> + '_ {
        let family = if down { &self.members } else { &self.containers };
        family.slices(member_row(node)).flatten().map(move |member| self.member_link(node, down, *member))
    }

    /// A link of containment: which records it joins, and whose document says so, tell its label.
    pub(super) fn member_link(&self, node: NodeId, down: bool, member: Member) -> Link {
        let other = NodeId::from_raw(member.other);
        let (container, contained) = if down { (node, other) } else { (other, node) };
        let label = match (container.kind(), contained.kind()) {
            (NodeKind::Alert, _) => BY_KILL_CHAIN,
            (_, NodeKind::Incident) => BY_REDIRECT,
            _ if NodeId::from_raw(self.docs.get(member.doc).node).kind() == NodeKind::Alert => BY_ALERT,
            _ => BY_INCIDENT,
        };
        Link { key: 0, other: member.other, by: By::doc(member.doc).0, label }
    }

    /// Whether what stands behind an edge is part of the present state.
    pub(super) fn holds(&self, by: u32) -> bool {
        match By(by).source() {
            Source::Doc(doc) => !self.docs.get(doc).superseded(),
            Source::Events(_) => true,
        }
    }

    /// Whether a document was the newest version of its alert or incident, or a piece of it, when the document `until` was the last one.
    pub(super) fn stood(&self, doc: u32, until: Seq) -> bool {
        let row = self.docs.get(doc);
        row.seq() <= until.0 && !self.superseded_until(row, until.0)
    }

    /// Whether a newer version had taken the place of a document when `until` had been taken in.
    pub(super) fn superseded_until(&self, row: &DocRow, until: u64) -> bool {
        let newer = |other: &DocRow| !other.piece() && other.seq() <= until && (other.modified, other.seq()) > (row.modified, row.seq());
        !row.piece() && row.superseded() && self.docs_of(NodeId::from_raw(row.node)).any(|doc| newer(self.docs.get(doc)))
    }

    /// Returns first and last instant of what stands behind an edge.
    pub(super) fn interval(&self, by: u32) -> (i64, i64) {
        match By(by).source() {
            Source::Doc(doc) => {
                let time = self.docs.get(doc).time;
                (time, time)
            }
            Source::Events(events) => {
                let row = self.events.get(events);
                (row.first, row.last)
            }
        }
    }

    pub(super) fn node_time(&self, node: NodeId) -> i64 {
        match node.kind() {
            NodeKind::Entity => super::ids::NO_TIME,
            NodeKind::Alert => self.alerts.get(node.index() as u32).time(),
            NodeKind::Incident => self.incidents.get(node.index() as u32).time(),
        }
    }

    /// Joins the runs of every family: what a snapshot file holds is found in one place, before it is read again as behind it.
    pub(super) fn compact(&mut self) {
        self.mentioned.compact();
        self.links_out.compact();
        self.links_in.compact();
        self.members.compact();
        self.containers.compact();
        self.order.compact();
    }

    /// How many alerts have the status and severity of one.
    pub(super) fn alert_count(&mut self, row: &AlertRow) -> &mut u32 {
        let traits = self.traits.get(row.traits);
        &mut self.alert_counts[traits.status as usize][traits.severity as usize]
    }

    /// Counts what is counted as it is applied, after the tables were read from a file.
    pub(super) fn recount(&mut self) {
        let mut degrees = vec![0; self.entities.atoms.len()];
        let links = self.links_out.iter().chain(self.links_in.iter()).map(|(atom, _)| atom);
        for atom in self.mentioned.iter().map(|(atom, _)| atom).chain(links) {
            degrees[atom as usize] += 1;
        }
        self.degrees = degrees.into_iter().collect();
        for n in 0..self.alerts.len() as u32 {
            let row = *self.alerts.get(n);
            *self.alert_count(&row) += u32::from(row.known());
        }
        for row in self.incidents.iter().filter(|row| row.known()) {
            self.incident_counts[row.status as usize][row.severity as usize] += 1;
        }
    }
}

pub(super) fn label_hash(hasher: &Hasher, label: Label) -> u64 {
    hasher.of((label.relation, label.rule))
}

pub(super) fn events_hash(hasher: &Hasher, row: &EventsRow) -> u64 {
    hasher.of((row.from, row.label, row.to, hour(row.first)))
}

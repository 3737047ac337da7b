//! What a timeline tells beside events, before anything is written out: alerts, incidents, their changes and runs of rules by time.
//!
//! A host may be named by thousands of alerts of which a page shows a hundred: a moment costs no text until it is shown.

use std::cmp::Ordering;

use crate::graph::{AlertRef, GraphSnapshot, IncidentRef, NodeId, Standing};
use crate::model::{Seq, Severity, Time};

use super::cursor::{Place, Way};
use super::requests::TimelineItem;
use super::{ItemKind, sentence};

/// An alert, an incident or a change of one, at its place.
pub(super) struct Moment<'a> {
    pub(super) time: Option<Time>,
    /// When it ended, for what lasts.
    pub(super) end: Option<Time>,
    /// The document that says so.
    pub(super) seq: u64,
    /// The first document that spoke of it: a later version keeps the place among moments of one time.
    place: u64,
    what: What<'a>,
    /// The item that is written out already: of a run, or of an earlier version in a timeline of the past.
    then: Option<Box<TimelineItem>>,
}

enum What<'a> {
    Alert(AlertRef<'a>),
    Incident(IncidentRef<'a>),
    /// How the incident stood before and after.
    Change(IncidentRef<'a>, Box<[Standing<'a>; 2]>),
    /// A run of a rule about an alert or incident, whose item is written out already.
    Run(NodeId),
}

impl<'a> Moment<'a> {
    pub(super) fn of_alert(graph: &GraphSnapshot, alert: AlertRef<'a>) -> Self {
        let time = alert.time();
        let end = alert.end().filter(|end| Some(*end) > time);
        Self { time, end, seq: number(alert.seq()), place: number(graph.first_seq(alert.node())), what: What::Alert(alert), then: None }
    }

    pub(super) fn of_incident(graph: &GraphSnapshot, incident: IncidentRef<'a>) -> Self {
        let time = incident.created().or(incident.time());
        let place = number(graph.first_seq(incident.node()));
        Self { time, end: None, seq: number(incident.seq()), place, what: What::Incident(incident), then: None }
    }

    /// The same moment in the words of an earlier version.
    pub(super) fn then(self, item: TimelineItem) -> Self {
        Self { time: item.time, end: item.end, seq: item.seq, then: Some(Box::new(item)), ..self }
    }

    /// Adds the changes between the versions of an incident that a timeline tells of, up to a document.
    pub(super) fn of_changes(graph: &'a GraphSnapshot, incident: IncidentRef<'a>, until: Option<Seq>, moments: &mut Vec<Self>) {
        if graph.versions_len(incident.node()) < 2 {
            return;
        }
        let mut standings = graph.standings(incident.node());
        standings.retain(|standing| until.is_none_or(|until| standing.seq <= until));
        for pair in standings.windows(2).filter(|pair| sentence::differs(&pair[0], &pair[1])) {
            let what = What::Change(incident, Box::new([pair[0], pair[1]]));
            let seq = pair[1].seq.0;
            moments.push(Self { time: pair[1].modified, end: None, seq, place: seq, what, then: None });
        }
    }

    /// A run of a rule about an alert or incident.
    pub(super) fn of_run(record: NodeId, run: TimelineItem) -> Self {
        Self { time: run.time, end: None, seq: run.seq, place: run.place, what: What::Run(record), then: Some(Box::new(run)) }
    }

    pub(super) fn kind(&self) -> ItemKind {
        match self.what {
            What::Alert(_) => ItemKind::Alert,
            What::Incident(_) => ItemKind::Incident,
            What::Change(..) => ItemKind::Status,
            What::Run(_) => ItemKind::Automation,
        }
    }

    pub(super) fn node(&self) -> NodeId {
        match &self.what {
            What::Alert(alert) => alert.node(),
            What::Incident(incident) | What::Change(incident, _) => incident.node(),
            What::Run(record) => *record,
        }
    }

    pub(super) fn severity(&self) -> Severity {
        if let Some(then) = &self.then {
            return then.severity.as_deref().and_then(Severity::parse).unwrap_or_default();
        }
        match &self.what {
            What::Alert(alert) => alert.severity(),
            What::Incident(incident) => incident.severity(),
            What::Change(_, standings) => Severity::parse(standings[1].severity).unwrap_or_default(),
            What::Run(_) => Severity::default(),
        }
    }

    pub(super) fn tactics(&self) -> Vec<&str> {
        if let Some(then) = &self.then {
            return then.tactics.iter().map(String::as_str).collect();
        }
        match &self.what {
            What::Alert(alert) => alert.tactics().collect(),
            What::Incident(incident) | What::Change(incident, _) => incident.tactics().collect(),
            What::Run(_) => Vec::new(),
        }
    }

    /// What tells moments of one document and instant apart, as [`Place::of`] its item.
    pub(super) fn name(&self) -> String {
        let kind = self.kind().as_str();
        match &self.what {
            What::Alert(alert) => format!("{kind}alert:{}", alert.id()),
            What::Incident(incident) | What::Change(incident, _) => format!("{kind}incident:{}", incident.id()),
            What::Run(_) => format!("{kind}{}", self.then.as_ref().and_then(|run| run.node.as_deref()).unwrap_or_default()),
        }
    }

    /// The order of a timeline.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        (self.time, self.place).cmp(&(other.time, other.place)).then_with(|| self.name().cmp(&other.name()))
    }

    pub(super) fn place(&self) -> Place {
        Place { way: Way::On, time: self.time.unwrap_or(Time::MIN), seq: self.place, name: self.name() }
    }

    /// The moment written out.
    pub(super) fn item(&self, touches: Vec<String>) -> TimelineItem {
        if let Some(then) = &self.then {
            return TimelineItem { place: self.place, touches, ..(**then).clone() };
        }
        let item = match &self.what {
            What::Alert(alert) => sentence::of_alert(alert, touches),
            What::Incident(incident) => sentence::of_incident(incident, touches),
            What::Change(incident, standings) => sentence::of_change(incident, &standings[0], &standings[1], touches),
            What::Run(_) => unreachable!("a run is written out when it is found"),
        };
        TimelineItem { place: self.place, ..item }
    }
}

fn number(seq: Option<Seq>) -> u64 {
    seq.map_or(0, |seq| seq.0)
}

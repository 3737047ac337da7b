//! Seeded test data with exact answers: alerts, incidents and events with the statistics of a large SOC, in Microsoft's shapes.
//!
//! The same plan gives the same bytes. Nothing here reads clew's own views: a truth is counted from what was drawn, so
//! that it can be held against what the engine finds. Incidents have 2.3 alerts on average (Zipf's law cut at 600),
//! alerts name 3 to 8 entities, a few entities are named by up to 5 % of all alerts, 2 % of the documents arrive a second
//! time, names come in several cases and forms, rows arrive late, and some attacks with known stages are injected.

mod alerts;
mod cases;
mod entities;
mod events;
mod incidents;
mod random;
pub mod samples;
mod tally;
mod text;
mod words;
mod world;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

pub use tally::{Case, Hub, Truth};

use alerts::{Again, AlertWriter, Facts, Story};
use incidents::{IncidentWriter, Work};
use tally::Tally;
use words::TITLES;
use world::{BEGIN, World};

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Chooses one of 2^64 data sets.
    pub seed: u64,
    /// Incidents; 2.3 times as many alerts come with them, and one injected case for each thousand.
    pub incidents: u64,
    /// Rows of raw events, those of the injected cases not counted.
    pub events: u64,
}

/// Where the rows go, as JSON lines; buffer them.
#[allow(missing_debug_implementations)]
pub struct Outputs<'a> {
    /// `SecurityAlert` rows.
    pub alerts: &'a mut dyn Write,
    /// `SecurityIncident` rows.
    pub incidents: &'a mut dyn Write,
    /// `SigninLogs` rows.
    pub signins: &'a mut dyn Write,
    /// `SecurityEvent` rows.
    pub security_events: &'a mut dyn Write,
    /// `DeviceNetworkEvents` rows.
    pub network: &'a mut dyn Write,
}

/// A row that waits for its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Delivery {
    due: i64,
    /// Order among rows of the same instant.
    order: u64,
    story: u64,
    row: Delivered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Delivered {
    Alert { place: u64, kind: Kind },
    Incident { version: u64, kind: Kind },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    First,
    Duplicate,
    Update,
}

/// Generates the data of a plan and returns what it holds.
///
/// Rows are written in the order of their arrival. Memory holds four bytes for each entity and the pending rows' places
/// (about 50 bytes for each alert of the last 18 of 90 days), never the rows themselves.
pub fn write(plan: &Plan, outputs: &mut Outputs<'_>) -> io::Result<Truth> {
    let world = World::new(plan);
    let mut truth = Truth { seed: plan.seed, ..Truth::default() };
    truth.cases = (0..world.cases).map(|case| cases::answer(&world, case)).collect();
    let mut writer = Writer {
        world: &world,
        tally: Tally::new(&world),
        titles: vec![false; TITLES as usize + cases::STAGES.len()],
        truth,
        alerts: AlertWriter::default(),
        incidents: IncidentWriter::default(),
    };
    let mut pending = Pending::default();
    let mut case = 0;
    for index in 0..world.incidents {
        while case < world.cases && (case * 2 + 1) * world.incidents / (world.cases * 2) <= index {
            pending.add(&world, world.incidents + case);
            case += 1;
        }
        pending.add(&world, index);
        let next = BEGIN + (index as i64 + 1) * world.step;
        while let Some(delivery) = pending.pop(next) {
            writer.deliver(delivery, outputs)?;
        }
    }
    while let Some(delivery) = pending.pop(i64::MAX) {
        writer.deliver(delivery, outputs)?;
    }
    let Writer { mut tally, titles, mut truth, .. } = writer;
    truth.titles = titles.iter().filter(|seen| **seen).count() as u64;
    events::write(&world, plan.events, outputs, &mut tally, &mut truth)?;
    tally.finish(&world, &mut truth);
    Ok(truth)
}

/// The rows that are still to come, earliest first.
#[derive(Debug, Default)]
struct Pending {
    heap: BinaryHeap<Reverse<Delivery>>,
    order: u64,
}

impl Pending {
    /// Plans all rows of one story.
    fn add(&mut self, world: &World, index: u64) {
        let story = Story::new(world, index);
        for place in 0..story.size {
            let facts = Facts::new(world, &story, place);
            self.push(facts.due, index, Delivered::Alert { place, kind: Kind::First });
            match facts.again {
                Again::No => {}
                Again::Same(delay) => self.push(facts.due + delay, index, Delivered::Alert { place, kind: Kind::Duplicate }),
                Again::Update(delay) => self.push(facts.due + delay, index, Delivered::Alert { place, kind: Kind::Update }),
            }
        }
        if story.case(world).is_some_and(|case| !cases::has_incident(case)) {
            return;
        }
        let work = Work::new(world, &story);
        for version in 0..work.versions {
            self.push(work.times[version as usize].1, index, Delivered::Incident { version, kind: Kind::First });
        }
        if let Some((version, delay)) = work.again {
            self.push(work.times[version as usize].1 + delay, index, Delivered::Incident { version, kind: Kind::Duplicate });
        }
    }

    fn push(&mut self, due: i64, story: u64, row: Delivered) {
        self.heap.push(Reverse(Delivery { due, order: self.order, story, row }));
        self.order += 1;
    }

    fn pop(&mut self, before: i64) -> Option<Delivery> {
        if self.heap.peek()?.0.due >= before {
            return None;
        }
        self.heap.pop().map(|Reverse(delivery)| delivery)
    }
}

struct Writer<'w> {
    world: &'w World,
    tally: Tally,
    titles: Vec<bool>,
    truth: Truth,
    alerts: AlertWriter,
    incidents: IncidentWriter,
}

impl Writer<'_> {
    fn deliver(&mut self, delivery: Delivery, outputs: &mut Outputs<'_>) -> io::Result<()> {
        let story = Story::new(self.world, delivery.story);
        match delivery.row {
            Delivered::Alert { place, kind } => self.alert(&story, place, kind, outputs.alerts),
            Delivered::Incident { version, kind } => self.incident(&story, version, kind, outputs.incidents),
        }
    }

    fn alert(&mut self, story: &Story, place: u64, kind: Kind, out: &mut dyn Write) -> io::Result<()> {
        let truth = &mut self.truth;
        truth.alert_rows += 1;
        match kind {
            Kind::Duplicate => truth.alert_duplicates += 1,
            Kind::Update => truth.alert_updates += 1,
            Kind::First => {
                let facts = Facts::new(self.world, story, place);
                let status = if matches!(facts.again, Again::Update(_)) { "Resolved" } else { facts.status };
                truth.alerts += 1;
                for (counts, name) in [
                    (&mut truth.alerts_by_severity, facts.detection.severity),
                    (&mut truth.alerts_by_status, status),
                    (&mut truth.alerts_by_product, facts.detection.source.product),
                ] {
                    match counts.get_mut(name) {
                        Some(n) => *n += 1,
                        None => drop(counts.insert(name.to_owned(), 1)),
                    }
                }
                self.titles[facts.rank as usize] = true;
            }
        }
        let tally = (kind == Kind::First).then_some(&mut self.tally);
        out.write_all(self.alerts.row(self.world, story, place, kind == Kind::Update, tally))
    }

    fn incident(&mut self, story: &Story, version: u64, kind: Kind, out: &mut dyn Write) -> io::Result<()> {
        self.truth.incident_rows += 1;
        self.truth.incident_duplicates += u64::from(kind == Kind::Duplicate);
        let truth = (kind == Kind::First).then_some(&mut self.truth);
        out.write_all(self.incidents.row(self.world, story, version, truth))
    }
}

#[cfg(test)]
mod tests;

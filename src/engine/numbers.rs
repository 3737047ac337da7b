//! Numbers of incidents: no two have the same one, whatever sources say.
//!
//! An incident whose source gives it a number that another has gets the next free one, in a version behind the source's. That version is
//! journaled like every other, so that a rebuild gives the same numbers.

use std::collections::HashMap;

use crate::model::{Body, Change, Fault, Incident, Record, Seq, Time};
use crate::triage::versioned::Versioned;

use super::commit::{Item, Plan, Writer};
use super::views::Views;

/// The numbers that incidents get in a batch, beside those that they have.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    given: HashMap<i64, String>,
    /// The next one that no incident has.
    next: Option<i64>,
}

impl Numbers {
    /// Whether no other incident has a number.
    pub(super) fn is_free(&self, number: i64, id: &str, views: &Views) -> bool {
        let holder = self.given.get(&number).map(String::as_str).or_else(|| views.graph.incident_by_number(number));
        holder.is_none_or(|holder| holder == id)
    }

    /// Takes note of the numbers in records of the batch; who has a number first keeps it.
    pub(super) fn note(&mut self, records: &[Record], views: &Views) {
        for record in records.iter().filter(|record| record.current) {
            if let Body::Incident(incident) = &record.body
                && let Some(number) = incident.number
                && self.is_free(number, &incident.id, views)
            {
                self.given.insert(number, incident.id.clone());
            }
        }
    }

    /// Gives an incident the next number that no other has.
    pub(super) fn give(&mut self, id: &str, views: &Views) -> i64 {
        let mut next = self.next.unwrap_or_else(|| views.graph.number_next());
        while !self.is_free(next, id, views) {
            next += 1;
        }
        self.given.insert(next, id.to_owned());
        self.next = Some(next + 1);
        next
    }
}

/// A version of a source whose number another incident has.
pub(super) struct Renumbered {
    pub(super) incident: Incident,
    number: i64,
}

impl Writer {
    /// The incidents of a document that must not keep the number that their source gives them.
    pub(super) fn renumbered(&self, bodies: &[Body], plan: &mut Plan) -> Result<Vec<Renumbered>, Fault> {
        let mut found = Vec::new();
        for body in bodies {
            let Body::Incident(incident) = body else { continue };
            let Some(given) = incident.number.filter(|_| incident.change.is_none()) else { continue };
            if plan.numbers.is_free(given, &incident.id, &self.views) {
                continue;
            }
            // An older version than the present one changes nothing.
            let newest = plan.standing.newest_of(Item::Incident, &incident.id, &self.views);
            if newest.is_some_and(|(modified, _)| incident.modified < modified) {
                continue;
            }
            let own = match newest {
                Some((_, seq)) => self.version::<Incident>(seq, &incident.id, plan)?.and_then(|known| known.number),
                None => None,
            };
            let number = own.filter(|own| *own != given).unwrap_or_else(|| plan.numbers.give(&incident.id, &self.views));
            found.push(Renumbered { incident: Incident::clone(incident), number });
        }
        Ok(found)
    }

    /// Journals the version with another number behind the source's.
    pub(super) fn renumber(&self, renumbered: Renumbered, seq: Seq, received: Time, plan: &mut Plan) -> Result<(), Fault> {
        let Renumbered { incident, number } = renumbered;
        let given = incident.number.unwrap_or_default();
        let mut next = Incident { number: Some(number), ..incident.clone() };
        next.stamp(
            &incident,
            incident.modified.map(|time| time.plus(1)),
            Change {
                actor: incident.provider().to_owned(),
                action: "source".to_owned(),
                of: Some(seq.0),
                source: Some(seq.0),
                reason: Some(format!("another incident has the number {given}")),
                ..Change::default()
            },
        );
        plan.take(super::triage::parsed(Incident::FORMAT, "reconciliation", 1, received, &next)?, &self.views);
        Ok(())
    }
}

/// Gives the records of sources the number that their incident got in a version behind them, so that every row of an incident has the same.
pub(super) fn settle(records: &mut [Record]) {
    let mut renumbered: Vec<(usize, i64)> = Vec::new();
    for (place, record) in records.iter().enumerate() {
        let Body::Incident(incident) = &record.body else { continue };
        let source = incident.change.as_ref().filter(|change| change.action == "source").and_then(|change| change.source);
        let (Some(source), Some(number)) = (source, incident.number) else { continue };
        let of_source =
            |other: &Record| matches!(&other.body, Body::Incident(theirs) if theirs.id == incident.id && theirs.change.is_none());
        let behind = records[..place].iter().rposition(|other| other.seq.0 <= source);
        let same = |at: &usize| records[*at].seq.0 == source;
        let found = behind.into_iter().flat_map(|last| (0..=last).rev()).take_while(same).find(|at| of_source(&records[*at]));
        renumbered.extend(found.map(|at| (at, number)));
    }
    for (place, number) in renumbered {
        if let Body::Incident(incident) = &mut records[place].body {
            incident.number = Some(number);
        }
    }
}

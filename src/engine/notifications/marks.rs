//! What people have read of what they were told: a place up to which everything is read, and single ones behind it.
//!
//! A mark says where a reader stands and nothing of the incident, so it lies in a file of the services and not in the journal.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Place;
use crate::model::Time;
use crate::triage::notification::Kind;

/// People whose marks are kept; those who marked nothing for the longest time go first.
const PEOPLE_MAX: usize = 10_000;

/// The marks of everybody.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Marks(BTreeMap<String, Read>);

/// What one person has read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Read {
    /// The last place up to which everything is read.
    through: Option<Place>,
    /// Single ones behind it.
    ids: BTreeSet<String>,
    /// When they asked first.
    first: Option<Time>,
    /// When something was marked last.
    marked: Option<Time>,
}

impl Read {
    /// Whether somebody has read the one of this id and kind at this place. What is told to everybody was no news any more when they came.
    pub(super) fn has(&self, place: &Place, id: &str, kind: Kind) -> bool {
        let of_all = matches!(kind, Kind::Incident | Kind::Alert);
        let before = of_all && self.first.is_some_and(|first| place.0 <= first);
        before || self.through.as_ref().is_some_and(|through| place <= through) || self.ids.contains(id)
    }
}

impl Marks {
    /// What a person has read.
    pub(super) fn of(&self, person: &str) -> Read {
        self.0.get(person).cloned().unwrap_or_default()
    }

    /// Notes that a person asks; says whether it is for the first time.
    pub(super) fn begin(&mut self, person: &str, now: Time) -> bool {
        if self.0.contains_key(person) {
            return false;
        }
        self.0.insert(person.to_owned(), Read { first: Some(now), marked: Some(now), ..Read::default() });
        while self.0.len() > PEOPLE_MAX
            && let Some(oldest) = self.0.iter().min_by_key(|(_, read)| read.marked).map(|(person, _)| person.clone())
        {
            self.0.remove(&oldest);
        }
        true
    }

    /// Marks everything up to a place, and single ones, for somebody who has asked; `kept` are those that there are, with their places: of
    /// others no mark is needed.
    pub(super) fn mark(&mut self, person: &str, through: Option<Place>, ids: &[String], kept: &BTreeMap<String, Place>, now: Time) {
        let read = self.0.entry(person.to_owned()).or_default();
        read.through = read.through.take().max(through);
        read.ids.extend(ids.iter().cloned());
        let through = read.through.clone();
        read.ids.retain(|id| kept.get(id).is_some_and(|place| Some(place) > through.as_ref()));
        read.marked = Some(now);
    }
}

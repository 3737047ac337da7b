//! What the writer journals behind a source's version: of something that people changed, both put together; of a new alert that a
//! suppression rule means, the dismissed version.

use std::collections::HashSet;

use crate::model::{Alert, Body, Change, Fault, Incident, Seq, Time};
use crate::triage::merge;
use crate::triage::suppression::{self, Rules};
use crate::triage::versioned::{Versioned, version_in};

use super::commit::{Expected, Item, Outcome, Parsed, Plan, Writer};
use super::numbers::Numbers;
use super::views::Views;

/// What has versions, as the writer tells it.
pub(super) trait Kept: Versioned {
    const ITEM: Item;
    /// The whole version in a body.
    fn in_body(body: &Body) -> Option<&Self>;
    /// What a thing that was merged into another hands on to it when a source goes on: the id of the other, and alerts that are new.
    fn handed_on(_before: &Self, _after: &Self) -> Option<(String, Vec<String>)> {
        None
    }
    /// Keeps it from a number that another has.
    fn settle_number(_before: &Self, _after: &mut Self, _numbers: &mut Numbers, _views: &Views) {}
}

impl Kept for Incident {
    const ITEM: Item = Item::Incident;

    fn in_body(body: &Body) -> Option<&Self> {
        if let Body::Incident(incident) = body { Some(incident) } else { None }
    }

    fn handed_on(before: &Self, after: &Self) -> Option<(String, Vec<String>)> {
        let new = after.alert_ids.iter().filter(|id| !before.alert_ids.contains(id)).cloned();
        Some((after.redirect.clone()?, new.collect()))
    }

    fn settle_number(before: &Self, after: &mut Self, numbers: &mut Numbers, views: &Views) {
        if let Some(number) = after.number.filter(|number| !numbers.is_free(*number, &after.id, views)) {
            let own = before.number.filter(|own| *own != number);
            after.number = Some(own.unwrap_or_else(|| numbers.give(&after.id, views)));
        }
    }
}

impl Kept for Alert {
    const ITEM: Item = Item::Alert;

    fn in_body(body: &Body) -> Option<&Self> {
        if let Body::Alert(alert) = body { Some(&**alert).filter(|alert| !alert.partial) } else { None }
    }
}

/// A new alert that a suppression rule means.
struct Suppressed {
    /// What its dismissed version says besides.
    alert: Alert,
    rule: String,
    of: Follows,
}

/// Which version a dismissed one follows.
enum Follows {
    /// That of the document which is taken.
    This,
    /// One that was there before its piece.
    Version(Seq),
    /// None: the alert comes in pieces only.
    Pieces,
}

/// A source's version beside the one that people made of an earlier one.
struct Met<T> {
    ours: T,
    theirs: T,
}

/// An alert that names its incident itself.
struct Named {
    incident: String,
    alert: String,
    /// Whether it is a piece, which adds to every version.
    piece: bool,
    /// Who gave it.
    actor: String,
}

impl Named {
    fn of(alert: &Alert) -> Option<Self> {
        let incident = alert.incident.clone()?;
        Some(Self { incident, alert: alert.id.clone(), piece: alert.partial, actor: alert.provider().to_owned() })
    }
}

/// The alerts of a document that name their incident themselves.
fn naming(bodies: &[Body]) -> Vec<Named> {
    bodies.iter().filter_map(|body| if let Body::Alert(alert) = body { Named::of(alert) } else { None }).collect()
}

impl Writer {
    /// Takes a document into the batch, and behind a source's version of what people changed, both put together.
    pub(super) fn take(&self, parsed: Parsed, plan: &mut Plan) -> Result<Outcome, Fault> {
        let incidents = self.met::<Incident>(&parsed, plan)?;
        let alerts = self.met::<Alert>(&parsed, plan)?;
        let suppressed = self.suppressed(&parsed, plan)?;
        let mut renumbered = self.renumbered(&parsed.bodies, plan)?;
        // What people changed gets its number where both versions are put together.
        renumbered.retain(|one| incidents.iter().all(|met| met.ours.id != one.incident.id));
        let received = parsed.document.received;
        let named = naming(&parsed.bodies);
        let outcome = plan.take(parsed, &self.views);
        if let Some(seq) = outcome.seq() {
            for met in incidents {
                self.reconcile(&met, seq, received, plan)?;
            }
            for renumbered in renumbered {
                self.renumber(renumbered, seq, received, plan)?;
            }
            for met in alerts {
                self.reconcile(&met, seq, received, plan)?;
            }
            for named in named {
                self.follow(named, received, plan)?;
            }
            for Suppressed { alert, rule, of } in suppressed {
                let of = match of {
                    Follows::This => Some(seq),
                    Follows::Version(seq) => Some(seq),
                    Follows::Pieces => None,
                };
                let dismissed = suppression::dismissed(&alert, &rule, of, received);
                plan.take(super::triage::parsed(Alert::FORMAT, "suppression", 1, received, &dismissed)?, &self.views);
            }
        }
        Ok(outcome)
    }

    /// The new alerts of a document that a suppression rule means.
    fn suppressed(&self, parsed: &Parsed, plan: &Plan) -> Result<Vec<Suppressed>, Fault> {
        let mut found = Vec::new();
        if self.suppression.is_empty() {
            return Ok(found);
        }
        for body in &parsed.bodies {
            let Body::Alert(alert) = body else { continue };
            if alert.change.is_some() {
                continue;
            }
            let newest = plan.standing.newest_of(Item::Alert, &alert.id, &self.views).map(|(_, seq)| seq);
            let (judged, base, of) = match (alert.partial, newest) {
                (false, None) => (Alert::clone(alert), Alert::clone(alert), Follows::This),
                // A rule is for new alerts: what is known stays what it is.
                (false, Some(_)) => continue,
                (true, None) => {
                    let (entities, links) = (Vec::new(), Vec::new());
                    (Alert::clone(alert), Alert { entities, links, ..Alert::clone(alert) }, Follows::Pieces)
                }
                (true, Some(seq)) => match self.version::<Alert>(seq, &alert.id, plan)?.filter(|version| version.change.is_none()) {
                    Some(version) => (suppression::beside(Some(&version), alert), version, Follows::Version(seq)),
                    None => continue,
                },
            };
            if let Some(rule) = self.suppression.first_for(&judged, parsed.document.received) {
                found.push(Suppressed { alert: base, rule: rule.to_owned(), of });
            }
        }
        Ok(found)
    }

    /// Reads the suppression rules anew.
    pub(super) fn read_rules(&mut self) -> Result<(), Fault> {
        self.suppression = Rules::of(self.views.records.reader().resources(suppression::KIND, self.journal.last())?);
        Ok(())
    }

    /// The versions of sources in a document whose things people changed.
    fn met<T: Kept>(&self, parsed: &Parsed, plan: &Plan) -> Result<Vec<Met<T>>, Fault> {
        let mut met = Vec::new();
        for theirs in parsed.bodies.iter().filter_map(T::in_body).filter(|version| version.change().is_none()) {
            if let Some(ours) = self.changed(theirs, plan)? {
                met.push(Met { ours, theirs: theirs.clone() });
            }
        }
        Ok(met)
    }

    /// The newest version of a thing, if people or rules of clew changed it.
    fn changed<T: Kept>(&self, theirs: &T, plan: &Plan) -> Result<Option<T>, Fault> {
        let newest = plan.standing.newest_of(T::ITEM, theirs.id(), &self.views);
        let Some((_, seq)) = newest else { return Ok(None) };
        // Most versions are a source's own: these are told by their format, unread.
        let own = |document: &crate::model::Document| &*document.format == T::FORMAT;
        let found = match plan.document(seq) {
            Some(document) => own(document).then(|| version_in::<T>(document, theirs.id())),
            None => self.journal.document(seq)?.filter(own).map(|document| version_in::<T>(&document, theirs.id())),
        };
        // An incident that no source gave belongs to clew alone; an alert always comes from a source, if only in pieces.
        let changed = |version: &T| version.change().is_some_and(|change| change.source.is_some() || T::ITEM == Item::Alert);
        Ok(found.transpose()?.flatten().filter(changed))
    }

    /// Puts a source's new version and what people changed of its last one together, unless the version is no newer.
    fn reconcile<T: Kept>(&self, met: &Met<T>, seq: Seq, received: Time, plan: &mut Plan) -> Result<(), Fault> {
        let Met { ours, theirs } = met;
        let Some(change) = ours.change() else { return Ok(()) };
        let base = match change.source {
            Some(base) => match self.version::<T>(Seq(base), theirs.id(), plan)? {
                Some(known) if (theirs.modified(), seq.0) < (known.modified(), base) => return Ok(()),
                Some(known) => known,
                None => return Ok(()),
            },
            None => ours.unworked(),
        };
        let mut both = merge(&base, ours, theirs)?.version;
        T::settle_number(ours, &mut both, &mut plan.numbers, &self.views);
        let modified = ours.modified().max(theirs.modified()).map(|time| time.plus(1));
        let of = plan.standing.newest_of(T::ITEM, theirs.id(), &self.views).map(|(_, seq)| seq.0).or(change.of);
        let rule = change.rule.clone();
        let actor = theirs.provider().to_owned();
        let handed_on = T::handed_on(ours, &both);
        both.stamp(theirs, modified, Change { actor, action: "source".to_owned(), of, source: Some(seq.0), rule, ..Change::default() });
        plan.take(super::triage::parsed(T::FORMAT, "reconciliation", 1, received, &both)?, &self.views);
        if let Some((into, alerts)) = handed_on {
            self.hand_on(into, &alerts, theirs.provider(), received, plan)?;
        }
        Ok(())
    }

    /// Gives an alert that came to name an incident which people merged to the one that it was merged into.
    fn follow(&self, named: Named, received: Time, plan: &mut Plan) -> Result<(), Fault> {
        let Named { incident, alert, piece, actor } = named;
        // Who took it out of the other one since did so although it named this one.
        if self.views.graph.holds(&incident, &alert) {
            return Ok(());
        }
        let Some((_, into)) = self.merged(&incident, plan)? else { return Ok(()) };
        let newest = plan.standing.newest_of(Item::Alert, &alert, &self.views).filter(|_| !piece);
        let version = newest.map(|(_, seq)| self.version::<Alert>(seq, &alert, plan)).transpose()?.flatten();
        if version.is_some_and(|version| version.incident.as_ref() != Some(&incident)) {
            return Ok(());
        }
        self.hand_on(into, &[alert], &actor, received, plan)
    }

    /// Gives the alerts that came to name incidents while somebody planned to merge them to those that they are merged into from now on.
    ///
    /// Such an alert makes no version of its incident, so that the plan was not overtaken.
    pub(super) fn catch_up(&self, changed: &[Expected], plan: &mut Plan) -> Result<(), Fault> {
        for Expected { id, planned, .. } in changed.iter().filter(|one| one.item == Item::Incident && !self.views.graph.is_merged(&one.id))
        {
            let Some((merged, into)) = self.merged(id, plan)? else { continue };
            let actor = merged.change.map(|change| change.actor).unwrap_or_default();
            let received = merged.modified.unwrap_or_default();
            let graph = self.views.graph.snapshot();
            let late = graph.incident(id).map(|node| graph.held_since(node, *planned)).unwrap_or_default();
            let mut late: Vec<String> = late.into_iter().filter_map(|node| Some(graph.alert_node(node)?.id().to_owned())).collect();
            late.sort_unstable();
            self.hand_on(into, &late, &actor, received, plan)?;
            let named: Vec<Named> = plan.naming(id).filter_map(Named::of).collect();
            for named in named {
                self.follow(named, received, plan)?;
            }
        }
        Ok(())
    }

    /// The newest version of an incident that people merged into another, and the id of the other.
    fn merged(&self, incident: &str, plan: &Plan) -> Result<Option<(Incident, String)>, Fault> {
        let Some((_, seq)) = plan.standing.newest_of(Item::Incident, incident, &self.views) else { return Ok(None) };
        // Nearly no incident was merged: the graph knows it without reading a document, and of this batch only what clew wrote is read.
        let may_be =
            plan.document(seq).map_or_else(|| self.views.graph.is_merged(incident), |document| &*document.format == Incident::FORMAT);
        let version = if may_be { self.version::<Incident>(seq, incident, plan)? } else { None };
        Ok(version.filter(|version| version.change.is_some()).and_then(|mut version| {
            let into = version.redirect.take()?;
            Some((version, into))
        }))
    }

    /// Gives alerts that came to an incident after it was merged to the one that it was merged into, where people look for them.
    fn hand_on(&self, into: String, alerts: &[String], actor: &str, received: Time, plan: &mut Plan) -> Result<(), Fault> {
        let mut id = into;
        let mut seen = HashSet::new();
        // A source may say of its incidents that each was merged into the other.
        while seen.insert(id.clone()) {
            let Some((_, seq)) = plan.standing.newest_of(Item::Incident, &id, &self.views) else { return Ok(()) };
            let Some(mut next) = self.version::<Incident>(seq, &id, plan)? else { return Ok(()) };
            if let Some(further) = next.redirect.take() {
                id = further;
                continue;
            }
            let before = next.alert_ids.len();
            let new: Vec<String> = alerts.iter().filter(|alert| !next.alert_ids.contains(alert)).cloned().collect();
            next.alert_ids.extend(new);
            if next.alert_ids.len() > before {
                next.modified = next.modified.map(|modified| modified.plus(1)).max(Some(received));
                next.modified_by = Some(actor.to_owned());
                let source = next.change.as_ref().map_or(Some(seq.0), |change| change.source);
                next.change =
                    Some(Change { actor: actor.to_owned(), action: "merge".to_owned(), of: Some(seq.0), source, ..Change::default() });
                plan.take(super::triage::parsed(Incident::FORMAT, "reconciliation", 1, received, &next)?, &self.views);
            }
            return Ok(());
        }
        Ok(())
    }

    /// The version of a thing in a document of this batch or of the journal.
    pub(super) fn version<T: Kept>(&self, seq: Seq, id: &str, plan: &Plan) -> Result<Option<T>, Fault> {
        match plan.document(seq) {
            Some(document) => version_in(document, id),
            None => self.journal.document(seq)?.map_or(Ok(None), |document| version_in(&document, id)),
        }
    }
}

//! What the writer journals behind a source's version of something that people changed: both put together.

use crate::model::{Alert, Body, Change, Fault, Incident, Seq};
use crate::triage::merge;
use crate::triage::versioned::{Versioned, version_in};

use super::commit::{Item, Outcome, Parsed, Plan, Writer};

/// What has versions, as the writer tells it.
trait Kept: Versioned {
    const ITEM: Item;
    /// The whole version in a body.
    fn in_body(body: &Body) -> Option<&Self>;
}

impl Kept for Incident {
    const ITEM: Item = Item::Incident;

    fn in_body(body: &Body) -> Option<&Self> {
        if let Body::Incident(incident) = body { Some(incident) } else { None }
    }
}

impl Kept for Alert {
    const ITEM: Item = Item::Alert;

    fn in_body(body: &Body) -> Option<&Self> {
        if let Body::Alert(alert) = body { Some(&**alert).filter(|alert| !alert.partial) } else { None }
    }
}

/// A source's version beside the one that people made of an earlier one.
struct Met<T> {
    ours: T,
    theirs: T,
}

impl Writer {
    /// Takes a document into the batch, and behind a source's version of what people changed, both put together.
    pub(super) fn take(&self, parsed: Parsed, plan: &mut Plan) -> Result<Outcome, Fault> {
        let incidents = self.met::<Incident>(&parsed, plan)?;
        let alerts = self.met::<Alert>(&parsed, plan)?;
        let received = parsed.document.received;
        let outcome = plan.take(parsed, &self.views);
        if let Some(seq) = outcome.seq() {
            for met in incidents {
                self.reconcile(&met, seq, received, plan)?;
            }
            for met in alerts {
                self.reconcile(&met, seq, received, plan)?;
            }
        }
        Ok(outcome)
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
    fn reconcile<T: Kept>(&self, met: &Met<T>, seq: Seq, received: crate::model::Time, plan: &mut Plan) -> Result<(), Fault> {
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
        let modified = ours.modified().max(theirs.modified()).map(|time| time.plus(1));
        let of = plan.standing.newest_of(T::ITEM, theirs.id(), &self.views).map(|(_, seq)| seq.0).or(change.of);
        let rule = change.rule.clone();
        let actor = theirs.provider().to_owned();
        both.stamp(theirs, modified, Change { actor, action: "source".to_owned(), of, source: Some(seq.0), rule, ..Change::default() });
        plan.take(super::triage::parsed(T::FORMAT, "reconciliation", 1, received, &both)?, &self.views);
        Ok(())
    }

    /// The version of a thing in a document of this batch or of the journal.
    fn version<T: Kept>(&self, seq: Seq, id: &str, plan: &Plan) -> Result<Option<T>, Fault> {
        match plan.document(seq) {
            Some(document) => version_in(document, id),
            None => self.journal.document(seq)?.map_or(Ok(None), |document| version_in(&document, id)),
        }
    }
}

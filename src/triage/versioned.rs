//! What incidents and alerts have in common: versions in documents, some of which clew itself wrote.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::{Alert, Body, Change, Document, Fault, FaultClass, Incident, Seq, Time};
use crate::query::{Context, details};

/// Refuses a version that is not the one that the caller saw, by its etag as clients write it: `*` is any version, the empty text none, of a list each may be it.
pub fn check_seen(what: &str, id: &str, present: Option<&str>, seen: Option<&str>) -> Result<(), Fault> {
    let Some(seen) = seen else { return Ok(()) };
    let holds = |one: &str| match one.trim().trim_start_matches("W/").trim_matches('"') {
        "" => present.is_none(),
        "*" => present.is_some(),
        one => present == Some(one),
    };
    if seen.split(',').any(holds) {
        return Ok(());
    }
    let expected = present.map_or_else(|| "no version".to_owned(), |etag| format!("etag `{etag}`"));
    let message = format!("expected {expected} of {what} `{id}`, found `{seen}`");
    Err(Fault::new(FaultClass::Conflict, "etag_stale", message).with_hint("somebody changed it meanwhile: read it again"))
}

/// Something whose versions are journaled as whole documents.
pub trait Versioned: Clone + PartialEq + Serialize + DeserializeOwned {
    /// The format of the versions that clew writes.
    const FORMAT: &'static str;
    /// The version that a body is, pieces left out.
    fn of(body: Body) -> Option<Self>;
    /// Identifies what it is a version of.
    fn id(&self) -> &str;
    /// Who gave it, for the activity log.
    fn provider(&self) -> &str;
    /// When the version was made.
    fn modified(&self) -> Option<Time>;
    /// How the version came about, if clew wrote it.
    fn change(&self) -> Option<&Change>;
    /// Says how and when the version came about that works in a source's.
    fn stamp(&mut self, theirs: &Self, modified: Option<Time>, change: Change);
    /// A version that differs from this one in nothing but what people change of a thing whose source never described it.
    fn unworked(&self) -> Self;
}

impl Versioned for Incident {
    const FORMAT: &'static str = crate::ingest::INCIDENT;

    fn of(body: Body) -> Option<Self> {
        if let Body::Incident(incident) = body { Some(*incident) } else { None }
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn provider(&self) -> &str {
        self.modified_by.as_deref().unwrap_or(&self.provider)
    }

    fn modified(&self) -> Option<Time> {
        self.modified
    }

    fn change(&self) -> Option<&Change> {
        self.change.as_ref()
    }

    fn stamp(&mut self, theirs: &Self, modified: Option<Time>, change: Change) {
        self.modified = modified;
        self.modified_by.clone_from(&theirs.modified_by);
        self.change = Some(change);
    }

    fn unworked(&self) -> Self {
        self.clone()
    }
}

impl Versioned for Alert {
    const FORMAT: &'static str = crate::ingest::ALERT;

    fn of(body: Body) -> Option<Self> {
        if let Body::Alert(alert) = body { Some(*alert).filter(|alert| !alert.partial) } else { None }
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn provider(&self) -> &str {
        if self.provider.is_empty() { &self.product } else { &self.provider }
    }

    fn modified(&self) -> Option<Time> {
        self.modified
    }

    fn change(&self) -> Option<&Change> {
        self.change.as_ref()
    }

    fn stamp(&mut self, _: &Self, modified: Option<Time>, change: Change) {
        self.modified = modified;
        self.change = Some(change);
    }

    fn unworked(&self) -> Self {
        let blank = Self::default();
        Self {
            status: blank.status,
            owner: blank.owner,
            tags: blank.tags,
            comments: blank.comments,
            classification: blank.classification,
            determination: blank.determination,
            ..self.clone()
        }
    }
}

/// The version of a thing that a document holds, if it holds one.
pub fn version_in<V: Versioned>(document: &Document, id: &str) -> Result<Option<V>, Fault> {
    Ok(details::bodies(document)?.into_iter().filter_map(V::of).find(|version| version.id() == id))
}

/// The version that a change made, if the document is one.
pub fn change_at<V: Versioned>(context: &Context, seq: Seq) -> Result<Option<V>, Fault> {
    let Some(document) = context.journal.document(seq)?.filter(|document| &*document.format == V::FORMAT) else { return Ok(None) };
    Ok(details::bodies(&document)?.into_iter().find_map(V::of).filter(|version| version.change().is_some()))
}

/// The changes that were one step with a change, itself among them; none if the document is no change of this kind.
pub fn step_of<V: Versioned>(context: &Context, change: u64) -> Result<Vec<(Seq, V)>, Fault> {
    let Some(first) = change_at::<V>(context, Seq(change))? else { return Ok(Vec::new()) };
    let step = first.change().and_then(|change| change.step.clone());
    let mut changes = vec![(Seq(change), first)];
    let Some(step) = step else { return Ok(changes) };
    // The documents of one step were written together.
    for stride in [-1_i64, 1] {
        let mut seq = change;
        while let Some(next) = seq.checked_add_signed(stride).filter(|seq| *seq > 0) {
            match change_at::<V>(context, Seq(next))? {
                Some(version) if version.change().and_then(|change| change.step.as_ref()) == Some(&step) => {
                    changes.push((Seq(next), version))
                }
                _ => break,
            }
            seq = next;
        }
    }
    Ok(changes)
}

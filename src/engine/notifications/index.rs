//! The latest news of a workspace, in memory: read from the journal when it is first asked for, and behind the last of it from then on.
//!
//! Which documents are news stands in the records, so nothing here depends on how much else the journal holds.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::graph::{NodeId, Version};
use crate::ingest;
use crate::model::{Body, Fault, Incident, Seq, Time};
use crate::query::Context;
use crate::query::activity::RUN;
use crate::records::NewsClass;
use crate::triage::notification::News;
use crate::triage::proposal;
use crate::triage::versioned::{Versioned, change_at, version_in};

/// Documents of each class that are kept.
fn kept_max(class: NewsClass) -> usize {
    match class {
        NewsClass::Work => 5_000,
        NewsClass::Incident => 2_000,
        NewsClass::Alert(_) => 1_000,
    }
}

/// The news of the latest documents.
#[derive(Debug, Default)]
pub(super) struct Index(Mutex<BTreeMap<NewsClass, Ring>>);

/// The latest documents of a class, the latest last.
#[derive(Debug, Default)]
struct Ring {
    /// The last document that was looked at.
    upto: Seq,
    documents: VecDeque<Document>,
    /// Whether there were more than are kept.
    cut: bool,
}

/// What one document tells.
#[derive(Debug)]
struct Document {
    seq: Seq,
    received: Time,
    news: Vec<(usize, News)>,
}

impl Index {
    /// Visits the news of some classes: the document, the place in it, when it was taken in. Gives the instant from which on all are there,
    /// if older ones are no longer kept.
    pub(super) fn visit(
        &self,
        context: &Context,
        classes: &[NewsClass],
        visit: &mut dyn FnMut(Seq, usize, Time, &News),
    ) -> Result<Option<Time>, Fault> {
        let mut rings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut since: Option<Time> = None;
        for class in classes {
            let ring = rings.entry(*class).or_default();
            ring.follow(context, *class)?;
            since = since.max(ring.documents.front().filter(|_| ring.cut).map(|document| document.received));
            for document in &ring.documents {
                for (place, news) in &document.news {
                    visit(document.seq, *place, document.received, news);
                }
            }
        }
        Ok(since)
    }
}

impl Ring {
    /// Looks at the documents behind the last one.
    fn follow(&mut self, context: &Context, class: NewsClass) -> Result<(), Fault> {
        let (until, most) = (context.snapshot.seq, kept_max(class));
        if until <= self.upto {
            return Ok(());
        }
        let mut latest = context.snapshot.records.news(class, self.upto, until, most + 1)?;
        if latest.len() > most {
            latest.truncate(most);
            self.cut = true;
        }
        for seq in latest.into_iter().rev() {
            let (received, news) = news_of(context, class, seq)?;
            self.documents.push_back(Document { seq, received, news });
        }
        while self.documents.len() > most {
            self.documents.pop_front();
            self.cut = true;
        }
        self.upto = until;
        Ok(())
    }
}

/// What a document tells, as far as it is of a class.
fn news_of(context: &Context, class: NewsClass, seq: Seq) -> Result<(Time, Vec<(usize, News)>), Fault> {
    let Some(document) = context.journal.document(seq)? else { return Ok((Time::MIN, Vec::new())) };
    // What was journaled could be read; what no longer can be is in the log of the start.
    let bodies = ingest::read(&document).unwrap_or_default();
    let mut found = Vec::new();
    for (place, body) in bodies.into_iter().enumerate().filter(|(_, body)| NewsClass::of(body) == Some(class)) {
        let news = match body {
            Body::Incident(incident) => match before(context, context.snapshot.graph.incident(&incident.id), &*incident, seq)? {
                Before::Overtaken => Vec::new(),
                Before::Nothing => vec![News::of_incident(None, &incident)],
                Before::Version(before) => vec![News::of_incident(Some(&before), &incident)],
            },
            Body::Alert(alert) => match before(context, context.snapshot.graph.alert(&alert.id), &*alert, seq)? {
                Before::Overtaken => Vec::new(),
                Before::Nothing => vec![News::of_alert(None, &alert)],
                Before::Version(before) => vec![News::of_alert(Some(&before), &alert)],
            },
            Body::Decision(decision) if decision["kind"] == RUN => News::of_run(&decision),
            Body::Decision(decision) if decision["kind"] == proposal::MADE => {
                let id = decision["target"].as_str().and_then(|target| target.strip_prefix("incident:")).unwrap_or_default();
                let of = newest_before(context, context.snapshot.graph.incident(id), seq);
                let incident = of.map(|of| version_at::<Incident>(context, of, id)).transpose()?.flatten();
                incident.map(|incident| News::of_proposal(&incident, &decision)).into_iter().collect()
            }
            Body::Decision(_) | Body::Event(_) | Body::Resource(_) => Vec::new(),
        };
        // A run may tell people something and have given something up.
        found.extend(news.into_iter().enumerate().map(|(nth, news)| (2 * place + nth, news)).filter(|(_, news)| news.is_any()));
    }
    Ok((document.received, found))
}

/// What stood before a version.
enum Before<T> {
    /// Nothing: it is the first.
    Nothing,
    /// Another version.
    Version(Box<T>),
    /// The version tells nothing: a later one was known already, or clew wrote what came of it in a version of its own.
    Overtaken,
}

fn before<T: Versioned>(context: &Context, node: Option<NodeId>, version: &T, seq: Seq) -> Result<Before<T>, Fault> {
    let at = |of: Seq| -> Result<Before<T>, Fault> {
        Ok(version_at::<T>(context, of, version.id())?.map_or(Before::Nothing, |version| Before::Version(Box::new(version))))
    };
    let change = version.change();
    let from_source = match change {
        Some(change) if change.action != "source" => {
            return match change.of {
                Some(of) => at(Seq(of)),
                // An alert that came in pieces had no version, but was known.
                None if T::FORMAT == ingest::ALERT => Ok(Before::Version(Box::new(version.unworked()))),
                None => Ok(Before::Nothing),
            };
        }
        Some(change) => change.source.map_or(seq, Seq),
        None => seq,
    };
    let versions = versions(context, node);
    let Some(this) = versions.iter().find(|known| known.seq == seq) else { return Ok(Before::Overtaken) };
    if change.is_none()
        && let Some(next) = versions.iter().find(|known| known.seq > seq && !known.piece)
    {
        let next = change_at::<T>(context, next.seq)?.and_then(|next| next.change().cloned());
        let of_this = |next: &crate::model::Change| {
            next.action == "source" && next.source == Some(seq.0) || next.rule.is_some() && next.of == Some(seq.0)
        };
        if next.as_ref().is_some_and(of_this) {
            return Ok(Before::Overtaken);
        }
    }
    let earlier = versions.iter().filter(|known| !known.piece && known.seq < from_source);
    match earlier.max_by_key(|known| (known.modified, known.seq)) {
        None => Ok(Before::Nothing),
        Some(newest) if (newest.modified, newest.seq) > (this.modified, this.seq) => Ok(Before::Overtaken),
        Some(newest) => at(newest.seq),
    }
}

/// The newest version of a thing among those that came before a document.
fn newest_before(context: &Context, node: Option<NodeId>, seq: Seq) -> Option<Seq> {
    let versions = versions(context, node);
    let earlier = versions.iter().filter(|known| !known.piece && known.seq < seq);
    earlier.max_by_key(|known| (known.modified, known.seq)).map(|known| known.seq)
}

/// The versions of an alert or incident, in the order of the journal, pieces among them.
fn versions(context: &Context, node: Option<NodeId>) -> Vec<Version> {
    let mut versions = node.map(|node| context.snapshot.graph.versions(node)).unwrap_or_default();
    versions.sort_unstable_by_key(|version| (version.seq, version.piece));
    versions.dedup_by_key(|version| version.seq);
    versions
}

fn version_at<T: Versioned>(context: &Context, seq: Seq, id: &str) -> Result<Option<T>, Fault> {
    context.journal.document(seq)?.map_or(Ok(None), |document| version_in(&document, id))
}

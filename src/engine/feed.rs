//! What changed, in the order of the journal: the feed that clients follow and that rules and exports run on.
//!
//! A cursor is the number of a document: whoever keeps it misses nothing and may see something twice, never in another order.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::Engine;
use crate::graph::{GraphSnapshot, NodeId};
use crate::ingest;
use crate::model::{Body, Document, Fault, FaultClass, Seq, Time};
use crate::query::reference::{limit, word};

/// Items of a page when the request names no limit.
const LIMIT_DEFAULT: u32 = 100;
/// Items of a page at the most.
const LIMIT_MAX: u32 = 10_000;
/// Documents that one page looks at; raw events are passed over, and there may be many.
const DOCUMENTS_MAX: u64 = 200_000;
/// Documents that are looked up one by one; of more, the journal is read in order.
const SINGLY_MAX: u64 = 4_096;
/// Longest wait for something new, in seconds.
const WAIT_MAX: u64 = 50;

/// Which changes, from where on.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedRequest {
    /// Where the last page ended; `now` for what comes next. Without it, everything from the beginning.
    pub cursor: Option<String>,
    /// Any of: `alert`, `incident`, `decision`, `resource`; all if none is named.
    pub kind: Vec<String>,
    /// Whether items carry the whole version of an alert or incident.
    pub content: bool,
    /// Items of the page (default 100); those of one document are never parted.
    pub limit: Option<u32>,
    /// Seconds to wait for a first item (default 0, at the most 50).
    pub wait: Option<u64>,
}

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FeedItem {
    /// Number of the document that says so: with `kind` and `id`, it names the item for ever.
    pub seq: u64,
    /// `alert`, `incident`, `decision` or `resource`.
    pub kind: String,
    /// Id of the alert or incident, kind of the decision, `KIND/ID` of the resource.
    pub id: String,
    /// `created`, `updated`, `deleted`, or `decided`.
    pub action: String,
    /// What was done, if clew wrote it: `update`, `merge`, `suppress`, `undo` ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// Who did it, if clew wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// When clew took it in.
    #[schema(value_type = String)]
    pub time: Time,
    /// Title of an alert or incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Severity of an alert or incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Status of an alert or incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The version, or the decision, if the request asks for content.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub content: Option<Value>,
}

/// A page of changes.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FeedPage {
    /// The changes, in the order in which they became durable.
    pub value: Vec<FeedItem>,
    /// Where the next page begins; kept, it works after any restart.
    pub cursor: String,
    /// Whether nothing is known behind this page.
    pub complete: bool,
}

/// A request that was read.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The last document that was seen.
    pub after: Seq,
    kinds: BTreeSet<&'static str>,
    content: bool,
    limit: usize,
    /// How long to wait for a first item.
    pub wait: Duration,
}

const KINDS: [&str; 4] = ["alert", "incident", "decision", "resource"];

impl FeedRequest {
    /// Reads the request; `now` stands for the last document that `engine` shows.
    pub fn read(&self, engine: &Engine) -> Result<Feed, Fault> {
        let known = |text: &str| KINDS.into_iter().find(|kind| *kind == text);
        let kinds = self.kind.iter().map(|text| word("kind", text, known, &KINDS)).collect::<Result<_, _>>()?;
        let after = match self.cursor.as_deref() {
            None => Seq(0),
            Some("now") => engine.seq(),
            Some(text) => Seq(text.parse().map_err(|_| {
                Fault::new(FaultClass::Invalid, "cursor_invalid", format!("expected a cursor of an earlier answer, found `{text}`"))
                    .with_hint("leave the cursor out to begin with the first change, or say `now`")
            })?),
        };
        if after > engine.seq() {
            let message = format!("expected a cursor of at most {}, found {after}: what it stood for is gone", engine.seq());
            return Err(Fault::new(FaultClass::Invalid, "cursor_invalid", message)
                .with_hint("the data were put back from an earlier copy: begin again without a cursor"));
        }
        let wait = self.wait.unwrap_or(0);
        if wait > WAIT_MAX {
            let message = format!("expected `wait` of at most {WAIT_MAX} seconds, found {wait}");
            return Err(Fault::new(FaultClass::Invalid, "parameter_invalid", message));
        }
        let limit = limit(self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        Ok(Feed { after, kinds, content: self.content, limit, wait: Duration::from_secs(wait) })
    }
}

impl Engine {
    /// The next page of changes, as far as readers see them.
    pub fn feed(&self, feed: &Feed) -> Result<FeedPage, Fault> {
        let snapshot = self.context().snapshot;
        let mut value = Vec::new();
        let mut cursor = feed.after;
        let end = snapshot.seq;
        self.documents_behind(feed.after, end, &mut |seq, document| {
            items(seq, document, feed, &snapshot.graph, &mut value);
            cursor = seq;
            let full = value.len() >= feed.limit || seq.0 - feed.after.0 >= DOCUMENTS_MAX;
            if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(FeedPage { value, cursor: cursor.to_string(), complete: cursor >= end })
    }

    /// Visits the documents behind `after` up to `end`, which readers see, in order, until `visit` breaks.
    pub(super) fn documents_behind(
        &self,
        after: Seq,
        end: Seq,
        visit: &mut dyn FnMut(Seq, &Document) -> ControlFlow<()>,
    ) -> Result<(), Fault> {
        if end.0.saturating_sub(after.0) <= SINGLY_MAX {
            for seq in after.0 + 1..=end.0 {
                let Some(document) = self.journal.document(Seq(seq))? else { continue };
                if visit(Seq(seq), &document).is_break() {
                    break;
                }
            }
            return Ok(());
        }
        for entry in self.journal.read_from(after) {
            let entry = entry?;
            for (place, document) in entry.documents.iter().enumerate() {
                let seq = Seq(entry.first.0 + place as u64);
                if seq > end || visit(seq, document).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Waits until readers see more than `seq`, the engine stops, or the time is over.
    pub async fn wait_beyond(&self, seq: Seq, time: Duration) {
        self.pulse_beyond(seq, time).await;
    }

    /// The same wait without keeping the engine open.
    pub(super) fn pulse_beyond(&self, seq: Seq, time: Duration) -> impl Future<Output = ()> + Send + 'static {
        let mut pulse = self.shared.pulse.subscribe();
        async move {
            let beyond = pulse.wait_for(|pulse| pulse.stopping || pulse.seq > seq);
            // A time that is over and a writer that is gone both end the wait.
            let _ = tokio::time::timeout(time, beyond).await;
        }
    }

    /// Waits until the engine is about to close or is gone, without keeping it open.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut pulse = self.shared.pulse.subscribe();
        async move {
            // A writer that is gone ends the wait, too.
            let _ = pulse.wait_for(|pulse| pulse.stopping).await;
        }
    }

    /// Tells everybody who follows the feed, and the services, that the engine is about to close.
    pub fn announce_stop(&self) {
        self.shared.pulse.send_modify(|pulse| pulse.stopping = true);
    }

    /// Whether the engine is about to close.
    pub fn stopping(&self) -> bool {
        self.shared.pulse.borrow().stopping
    }
}

/// What a document changes, of the kinds that are asked for.
fn items(seq: Seq, document: &Document, feed: &Feed, graph: &GraphSnapshot, out: &mut Vec<FeedItem>) {
    if &*document.format == ingest::EVENT {
        return;
    }
    // What was journaled could be read; what no longer can be is in the log of the start.
    let Ok(bodies) = ingest::read(document) else { return };
    for body in bodies {
        let item = item(seq, document, body, graph, feed.content);
        out.extend(item.filter(|item| feed.kinds.is_empty() || feed.kinds.contains(item.kind.as_str())));
    }
}

fn item(seq: Seq, document: &Document, body: Body, graph: &GraphSnapshot, content: bool) -> Option<FeedItem> {
    let blank = |kind: &str, id: String, action: &str| FeedItem {
        seq: seq.0,
        kind: kind.to_owned(),
        id,
        action: action.to_owned(),
        change: None,
        actor: None,
        time: document.received,
        title: None,
        severity: None,
        status: None,
        content: None,
    };
    Some(match body {
        Body::Event(_) => return None,
        Body::Alert(alert) => FeedItem {
            change: alert.change.as_ref().map(|change| change.action.clone()),
            actor: alert.change.as_ref().map(|change| change.actor.clone()),
            title: Some(alert.title.clone()),
            severity: Some(alert.severity.as_str().to_owned()),
            status: Some(alert.status.as_str().to_owned()),
            content: content.then(|| json!(alert)),
            ..blank("alert", alert.id.clone(), arrival(graph, graph.alert(&alert.id), seq))
        },
        Body::Incident(incident) => FeedItem {
            change: incident.change.as_ref().map(|change| change.action.clone()),
            actor: incident.change.as_ref().map(|change| change.actor.clone()),
            title: Some(incident.title.clone()),
            severity: Some(incident.severity.as_str().to_owned()),
            status: Some(incident.status.as_str().to_owned()),
            content: content.then(|| json!(incident)),
            ..blank("incident", incident.id.clone(), arrival(graph, graph.incident(&incident.id), seq))
        },
        Body::Decision(value) => {
            let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
            let actor = value.get("actor").and_then(Value::as_str).map(str::to_owned);
            FeedItem { actor, content: content.then(|| Value::clone(&value)), ..blank("decision", kind, "decided") }
        }
        // What a resource says is told by its own route only: it may be a key.
        Body::Resource(resource) => {
            let action = if resource.deleted {
                "deleted"
            } else if resource.created == resource.modified {
                "created"
            } else {
                "updated"
            };
            let id = format!("{}/{}", resource.kind, resource.id);
            FeedItem { actor: Some(resource.modified_by.to_string()), ..blank("resource", id, action) }
        }
    })
}

/// Whether a document was the first to speak of an alert or incident.
pub(super) fn arrival(graph: &GraphSnapshot, node: Option<NodeId>, seq: Seq) -> &'static str {
    let first = node.and_then(|node| graph.first_seq(node)).is_none_or(|first| first >= seq);
    if first { "created" } else { "updated" }
}

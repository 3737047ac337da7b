//! Continuous export at work: streams what changes behind a cursor, or sends snapshots at intervals.
//!
//! The cursor moves only after the target has taken a batch, and is written down before the next: after a crash a batch may
//! come again, under the same ids, and none is left out.

mod kafka;
mod sinks;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::egress::pause;
use super::{Engine, FeedRequest, files};
use crate::model::{Fault, FaultClass, Seq, Stored, Time};
use crate::query::Question;
use crate::query::ask::QueryRequest;
use crate::query::lists::{AlertFilter, IncidentFilter};
use crate::triage::definition::{self, Definition};
use crate::triage::egress::EgressPolicy;
use crate::triage::export::Export;

/// Items of one batch.
const BATCH: u32 = 500;
/// Batches that one pass sends of one export; the others have their turn then.
const BATCHES_MAX: usize = 40;
/// Exports that send at a time.
const AT_ONCE_MAX: usize = 8;
/// Rows of a snapshot at the most.
const SNAPSHOT_MAX: u32 = 100_000;

/// Where an export stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ExportStatus {
    /// The last document that its target has, or that it does not take.
    #[schema(value_type = Option<u64>)]
    pub cursor: Option<Seq>,
    /// Items that its target took, those counted that were sent again.
    pub sent: u64,
    /// Batches that its target took.
    pub batches: u64,
    /// When its target took the last one.
    #[schema(value_type = Option<String>)]
    pub last_sent: Option<Time>,
    /// When the next snapshot is due.
    #[schema(value_type = Option<String>)]
    pub next_snapshot: Option<Time>,
    /// Why the last attempt failed; none if it did not.
    pub error: Option<String>,
    /// Attempts that failed since the last success.
    pub failures: u32,
    /// When the first of them failed.
    #[schema(value_type = Option<String>)]
    pub failing_since: Option<Time>,
    /// When the next attempt is due after a failure.
    #[schema(value_type = Option<String>)]
    pub retry_at: Option<Time>,
    /// Name of the limit that cut the last snapshot; none if it was whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// Documents that it has not looked at yet; of an answer only.
    #[serde(skip_deserializing)]
    pub behind: u64,
}

/// What is under way, by the ids of the exports.
type State = BTreeMap<String, ExportStatus>;

/// The exports of an engine: where they stand, read when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Exports {
    state: Mutex<Option<State>>,
    /// Held during a pass; whoever only asks where an export stands does not wait for it.
    pass: Mutex<()>,
}

/// What a pass did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExportPass {
    /// Items that were sent.
    pub sent: u64,
    /// Exports whose target did not take them.
    pub failed: u64,
    /// When something is due that no change brings about.
    #[schema(value_type = Option<String>)]
    pub due: Option<Time>,
    /// Whether every export has all that readers see.
    pub complete: bool,
}

/// An item as it leaves.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Names it for ever: whoever gets it twice can tell.
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) action: String,
    pub(super) time: Time,
    pub(super) severity: String,
    pub(super) status: String,
    pub(super) title: String,
    /// The whole item.
    pub(super) value: Value,
}

impl Item {
    /// The item as JSON of at most `most` bytes: without its content if it is longer, then with what names it alone; both say so, with the
    /// name of the limit.
    pub(super) fn text_within(&self, limit: &str, most: usize) -> String {
        let whole = self.value.to_string();
        if whole.len() <= most {
            return whole;
        }
        let cut = json!({"limit": limit, "bytes": whole.len()});
        let mut brief = self.value.clone();
        if let Some(members) = brief.as_object_mut() {
            members.remove("content");
            members.insert("cut".to_owned(), cut.clone());
        }
        let brief = brief.to_string();
        if brief.len() <= most { brief } else { json!({"event_id": self.id, "kind": self.kind, "cut": cut}).to_string() }
    }
}

/// Items that go together.
pub(super) struct Batch {
    /// Names the batch: the same when it is sent again.
    pub(super) name: String,
    pub(super) items: Vec<Item>,
}

impl Engine {
    fn exports_file(&self) -> PathBuf {
        self.dir.join("services").join("exports.json")
    }

    fn export_state<T>(&self, work: impl FnOnce(&mut State) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut state = self.exports.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_none() {
            *state = Some(files::read(&self.exports_file())?.unwrap_or_default());
        }
        work(state.as_mut().expect("the state was read above"))
    }

    /// Sends what every export has to send, several at a time: a slow target holds up no other. One pass at a time.
    pub fn run_exports(&self, now: Time) -> Result<ExportPass, Fault> {
        let _alone = self.exports.pass.lock().unwrap_or_else(PoisonError::into_inner);
        let context = self.context();
        let policy = &EgressPolicy::of(&context)?;
        let stored = context.snapshot.resources(Export::KIND)?;
        self.export_state(|state| {
            state.retain(|id, _| stored.iter().any(|stored| *stored.resource.id == **id));
            Ok(())
        })?;
        let mut pass = ExportPass { complete: true, ..ExportPass::default() };
        // Whoever is done takes the next one.
        let next = Mutex::new(stored.iter());
        let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = || std::iter::from_fn(take).map(|stored| self.run_export(stored, policy, now)).collect::<Vec<_>>();
        let done = std::thread::scope(|scope| {
            let working: Vec<_> = (0..stored.len().min(AT_ONCE_MAX)).map(|_| scope.spawn(work)).collect();
            let joined = working.into_iter().map(|working| working.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            joined.flatten().collect::<Vec<_>>()
        });
        for done in done {
            let done = done?;
            pass.sent += done.sent;
            pass.failed += done.failed;
            pass.complete &= done.complete;
            pass.due = pass.due.into_iter().chain(done.due).min();
        }
        Ok(pass)
    }

    /// Sends what one export has to send. Nothing is locked meanwhile; an export that is told to begin anew in between does so.
    fn run_export(&self, stored: &Stored, policy: &EgressPolicy, now: Time) -> Result<ExportPass, Fault> {
        let mut pass = ExportPass { complete: true, ..ExportPass::default() };
        let id = stored.resource.id.to_string();
        let export: Export = definition::read(stored)?;
        let before = self.export_state(|state| {
            let status = state.entry(id.clone()).or_default();
            status.cursor.get_or_insert_with(|| begin(&export, stored));
            Ok(status.clone())
        })?;
        if !export.enabled {
            return Ok(pass);
        }
        if let Some(retry) = before.retry_at.filter(|retry| *retry > now) {
            pass.due = Some(retry);
            return Ok(pass);
        }
        let mut status = before.clone();
        let sent = if export.schedule.is_some() {
            self.snapshot_export(&id, &export, policy, &mut status, now)
        } else {
            self.stream_export(&id, &export, policy, &mut status, now, &mut pass)
        };
        match sent {
            Ok(items) => {
                pass.sent += items;
                (status.error, status.failures, status.failing_since, status.retry_at) = (None, 0, None, None);
            }
            Err(fault) => {
                tracing::warn!(export = %id, code = fault.code, message = %fault.message, "an export waits");
                status.failures += 1;
                status.failing_since.get_or_insert(now);
                status.error = Some(fault.message);
                // A target is never given up: what it misses stays in the journal.
                status.retry_at = Some(now.plus(pause(&id, status.failures)));
                pass.failed += 1;
            }
        }
        pass.due = status.next_snapshot.into_iter().chain(status.retry_at).min();
        self.export_state(|state| {
            match state.get_mut(&id) {
                Some(present) if *present == before => *present = status,
                // Somebody moved its cursor: it has more to send.
                _ => pass.complete = false,
            }
            files::write(&self.exports_file(), state)
        })?;
        Ok(pass)
    }

    /// Sends what changed behind the cursor, batch by batch; gives how many items.
    fn stream_export(
        &self,
        id: &str,
        export: &Export,
        policy: &EgressPolicy,
        status: &mut ExportStatus,
        now: Time,
        pass: &mut ExportPass,
    ) -> Result<u64, Fault> {
        let mut sent = 0;
        for _ in 0..BATCHES_MAX {
            if self.stopping() {
                return Ok(sent);
            }
            let cursor = status.cursor.unwrap_or_default();
            let request =
                FeedRequest { cursor: Some(cursor.to_string()), kind: export.wanted(), content: true, limit: Some(BATCH), wait: None };
            let page = self.feed(&request.read(self)?)?;
            let last = Seq(page.cursor.parse().unwrap_or(cursor.0));
            let items: Vec<Item> = page.value.into_iter().filter_map(|item| streamed(export, item)).collect();
            if !items.is_empty() {
                let batch = Batch { name: format!("{:020}-{:020}", cursor.0 + 1, last.0), items };
                let count = batch.items.len() as u64;
                self.deliver(id, export, policy, &batch, now)?;
                sent += count;
                (status.sent, status.batches, status.last_sent) = (status.sent + count, status.batches + 1, Some(now));
            }
            status.cursor = Some(last);
            if page.complete {
                return Ok(sent);
            }
        }
        pass.complete = false;
        Ok(sent)
    }

    /// Sends a snapshot if one is due; gives how many items.
    fn snapshot_export(
        &self,
        id: &str,
        export: &Export,
        policy: &EgressPolicy,
        status: &mut ExportStatus,
        now: Time,
    ) -> Result<u64, Fault> {
        let every = export.every().unwrap_or(86_400_000_000);
        if status.next_snapshot.is_some_and(|next| next > now) {
            return Ok(0);
        }
        let (items, cut) = self.snapshot_items(export, now)?;
        let count = items.len() as u64;
        status.cut = cut;
        let stamp = now.to_string().replace([':', '-'], "");
        for (place, part) in items.chunks(BATCH as usize).enumerate() {
            let batch = Batch { name: format!("snapshot-{stamp}-{place:06}"), items: part.to_vec() };
            self.deliver(id, export, policy, &batch, now)?;
            status.batches += 1;
        }
        status.sent += count;
        status.last_sent = Some(now);
        status.cursor = Some(self.seq());
        // The next one keeps to the interval, however long this one took or was late.
        let begin = status.next_snapshot.unwrap_or(now);
        let missed = (now.micros() - begin.micros()).div_euclid(every);
        status.next_snapshot = Some(begin.plus((missed + 1) * every));
        Ok(count)
    }

    /// The items of a snapshot, and the name of the limit that cut them.
    fn snapshot_items(&self, export: &Export, now: Time) -> Result<(Vec<Item>, Option<String>), Fault> {
        let context = self.context();
        let blank = |id: String, kind: &str, value: Value| {
            let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
            let (severity, status, title) = (text("severity"), text("status"), text("title"));
            let value = json!({"id": id, "kind": kind, "action": "snapshot", "snapshot": now, "content": value});
            Item { id, kind: kind.to_owned(), action: "snapshot".to_owned(), time: now, severity, status, title, value }
        };
        if let Some(query) = export.schedule.as_ref().and_then(|schedule| schedule.query.as_ref()) {
            let request = QueryRequest { text: query.clone(), limit: Some(SNAPSHOT_MAX), ..QueryRequest::default() };
            let table = request.answer(&context)?;
            let names: Vec<String> = table.columns.into_iter().map(|column| column.name).collect();
            let row = |(place, row): (usize, Vec<Value>)| {
                let cells: serde_json::Map<String, Value> = names.iter().cloned().zip(row).collect();
                blank(format!("{now}:row:{place}"), "row", Value::Object(cells))
            };
            return Ok((table.rows.into_iter().enumerate().map(row).collect(), table.cut));
        }
        let wanted = export.wanted();
        let mut items = Vec::new();
        if wanted.iter().any(|kind| kind == "alert") {
            let mut filter = AlertFilter { limit: Some(10_000), ..AlertFilter::default() };
            loop {
                let page = filter.clone().answer(&context)?.page;
                for row in page.value {
                    if export.passes(Some(&row.severity), Some(&row.status), Some(&row.title), &[&row.product]) {
                        items.push(blank(format!("{now}:alert:{}", row.id), "alert", json!(row)));
                    }
                }
                filter.cursor = page.cursor;
                if page.complete {
                    break;
                }
            }
        }
        if wanted.iter().any(|kind| kind == "incident") {
            let mut filter = IncidentFilter { limit: Some(10_000), ..IncidentFilter::default() };
            loop {
                let page = filter.clone().answer(&context)?.page;
                for row in page.value {
                    let products: Vec<&str> = row.products.iter().map(String::as_str).collect();
                    if export.passes(Some(&row.severity), Some(&row.status), Some(&row.title), &products) {
                        items.push(blank(format!("{now}:incident:{}", row.id), "incident", json!(row)));
                    }
                }
                filter.cursor = page.cursor;
                if page.complete {
                    break;
                }
            }
        }
        Ok((items, None))
    }

    fn deliver(&self, id: &str, export: &Export, policy: &EgressPolicy, batch: &Batch, now: Time) -> Result<(), Fault> {
        let folder = self.dir.join("exports").join(folder_name(id));
        sinks::send(&export.target, policy, &folder, id, batch, now, &self.handle())
    }

    /// Where an export stands.
    pub fn export_status(&self, id: &str) -> Result<ExportStatus, Fault> {
        let snapshot = self.context().snapshot;
        let stored = snapshot.resource(Export::KIND, id)?.ok_or_else(|| definition::unknown::<Export>(id))?;
        let begin = begin(&definition::read(&stored)?, &stored);
        self.export_state(|state| {
            let mut status = state.get(id).cloned().unwrap_or_default();
            status.behind = snapshot.seq.0.saturating_sub(status.cursor.unwrap_or(begin).0);
            Ok(status)
        })
    }

    /// Lets a stream begin anew behind a document, or a snapshot be sent at once; what its target has already comes again.
    pub fn replay_export(&self, id: &str, cursor: Seq) -> Result<ExportStatus, Fault> {
        let snapshot = self.context().snapshot;
        snapshot.resource(Export::KIND, id)?.ok_or_else(|| definition::unknown::<Export>(id))?;
        if cursor > snapshot.seq {
            let message = format!("expected a cursor of at most {}, found {cursor}", snapshot.seq);
            return Err(Fault::new(FaultClass::Invalid, "cursor_invalid", message));
        }
        self.export_state(|state| {
            let status = state.entry(id.to_owned()).or_default();
            status.cursor = Some(cursor);
            (status.error, status.failures, status.failing_since) = (None, 0, None);
            (status.retry_at, status.next_snapshot) = (None, None);
            files::write(&self.exports_file(), state)
        })?;
        self.export_status(id)
    }

    /// Follows the journal until the engine stops; an error is logged and tried again.
    pub(super) async fn export_all(engine: std::sync::Weak<Self>) {
        const IDLE: std::time::Duration = std::time::Duration::from_secs(30);
        loop {
            let Some(open) = engine.upgrade().filter(|engine| !engine.stopping()) else { return };
            let (working, seen) = (Arc::clone(&open), open.seq());
            let pass = tokio::task::spawn_blocking(move || working.run_exports(Time::now())).await;
            let pass = match pass {
                Ok(Ok(pass)) => pass,
                Ok(Err(fault)) => {
                    tracing::error!(code = fault.code, message = %fault.message, "exports cannot run");
                    ExportPass { complete: true, ..ExportPass::default() }
                }
                Err(error) => {
                    tracing::error!(%error, "a pass of exports ended early");
                    ExportPass { complete: true, ..ExportPass::default() }
                }
            };
            if pass.complete {
                let left = pass.due.map(|due| due.micros() - Time::now().micros());
                let until = left.map_or(IDLE, |left| std::time::Duration::from_micros(left.max(1_000) as u64));
                let wait = open.pulse_beyond(seen, until.min(IDLE));
                // Nobody keeps an engine open by waiting for it.
                drop(open);
                wait.await;
            }
        }
    }
}

/// The document behind which a stream begins.
fn begin(export: &Export, stored: &Stored) -> Seq {
    if export.from_beginning { Seq(0) } else { stored.seq }
}

/// A folder for an export: its id where that is a plain word, else a digest of it.
fn folder_name(id: &str) -> String {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) && id.len() <= 64;
    if plain { id.to_owned() } else { blake3::hash(id.as_bytes()).to_hex()[..32].to_owned() }
}

fn streamed(export: &Export, item: super::FeedItem) -> Option<Item> {
    let content = item.content.as_ref();
    let texts = |name: &str| -> Vec<&str> {
        match content.and_then(|content| content.get(name)) {
            Some(Value::String(text)) => vec![text.as_str()],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    };
    let products: Vec<&str> = texts("product").into_iter().chain(texts("products")).collect();
    if !export.passes(item.severity.as_deref(), item.status.as_deref(), item.title.as_deref(), &products) {
        return None;
    }
    let id = format!("{}:{}:{}", item.seq, item.kind, item.id);
    let mut value = json!(item);
    value["event_id"] = id.clone().into();
    Some(Item {
        id,
        kind: item.kind,
        action: item.action,
        time: item.time,
        severity: item.severity.unwrap_or_default(),
        status: item.status.unwrap_or_default(),
        title: item.title.unwrap_or_default(),
        value,
    })
}

//! The view of records: decisions, resources, how incidents hang together, and what is known already.
//!
//! Alerts and incidents themselves are no business of it: the graph knows their versions, the journal what these say.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::behind::{Behind, Shared};
use super::fingerprints::Fingerprints;
use super::keys;
use super::news::NewsClass;
use super::sled::{SetAside, SledOptions, SledStore};
use super::store::{KeyRange, Op, RecordStore, StoreError};
use crate::journal::View;
use crate::model::{Batch, Body, Bookmark, Fault, Indicator, Record, Resource, Seq, Stored, Watchlist, WatchlistItem};

/// A decision as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The document.
    pub seq: Seq,
    /// Its text.
    pub value: Arc<Value>,
}

/// The view; one thread applies, any number reads through [`Records::reader`].
pub struct Records {
    behind: Behind,
    fingerprints: Fingerprints,
    applied: Seq,
    /// Position of the store that outlives a crash.
    stored: Seq,
    set_aside: Option<SetAside>,
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records").field("applied", &self.applied).field("stored", &self.stored).finish_non_exhaustive()
    }
}

impl Records {
    /// Opens the records of a folder, or begins them.
    ///
    /// [`View::applied`] says from where the journal is to be replayed. It is 0 after a store was set aside, and smaller than
    /// before after a crash.
    pub fn open(folder: &Path, options: SledOptions) -> Result<Self, StoreError> {
        fs::create_dir_all(folder).map_err(|error| StoreError::failed("create", error))?;
        let (store, set_aside) = SledStore::open(&folder.join("store"), options)?;
        Self::on(Arc::new(store), folder, set_aside)
    }

    /// Opens records on any store; `folder` takes the fingerprints.
    pub(super) fn on(store: Arc<dyn RecordStore>, folder: &Path, set_aside: Option<SetAside>) -> Result<Self, StoreError> {
        let fingerprints = Fingerprints::open(&folder.join("fingerprints")).map_err(|error| StoreError::failed("open", error))?;
        let stored = store.applied_seq();
        let applied = stored.min(fingerprints.applied());
        Ok(Self { behind: Behind::new(store)?, fingerprints, applied, stored, set_aside })
    }

    /// The store that did not open and was replaced by an empty one, if that happened.
    pub fn set_aside(&self) -> Option<&SetAside> {
        self.set_aside.as_ref()
    }

    /// Whether a document of this fingerprint was applied before.
    ///
    /// Looks at the first eight bytes, in memory; with 200 million documents known, one new document in 10^11 is taken for a
    /// known one.
    pub fn seen(&self, hash: &[u8; 16]) -> bool {
        self.fingerprints.set().contains(of_hash(hash))
    }

    /// How many documents are known.
    pub fn known(&self) -> usize {
        self.fingerprints.set().len()
    }

    /// A handle for lookups, which sees everything that was applied up to each call.
    pub fn reader(&self) -> Reader {
        Reader { shared: Arc::clone(self.behind.shared()) }
    }
}

impl View for Records {
    fn name(&self) -> &'static str {
        "records"
    }

    fn applied(&self) -> Seq {
        self.applied
    }

    fn durable(&self) -> Seq {
        self.stored.min(self.fingerprints.written())
    }

    fn apply(&mut self, batch: &Batch) -> Result<(), Fault> {
        if batch.last <= self.applied {
            return Ok(());
        }
        let mut ops = Vec::new();
        for record in &batch.records {
            list_ops(record, &mut ops);
        }
        self.behind.apply(batch.last, ops)?;
        if batch.last > self.fingerprints.applied() {
            self.fingerprints.apply(batch.last, batch.records.iter().map(|record| of_hash(&record.hash)));
        }
        self.applied = batch.last;
        Ok(())
    }

    fn persist(&mut self) -> Result<(), Fault> {
        self.behind.persist()?;
        self.fingerprints.persist().map_err(|error| StoreError::failed("sync", error))?;
        // After a replay that began before the store's position, the store may be ahead of what was applied.
        self.stored = self.stored.max(self.applied);
        Ok(())
    }

    fn digest(&self) -> Result<String, Fault> {
        let mut hasher = blake3::Hasher::new();
        self.behind.shared().scan(&KeyRange::all(), &mut |key, value| {
            for part in [key, value] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
            ControlFlow::Continue(())
        })?;
        for fingerprint in self.fingerprints.set().in_order() {
            hasher.update(&fingerprint.to_le_bytes());
        }
        Ok(hasher.finalize().to_hex().to_string())
    }
}

/// Lookups in the records, from any thread; keeps the store open while it lives.
#[derive(Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

impl Reader {
    /// Ids of the alerts that a rule dismissed at any time, each with the document that did it last.
    pub fn suppressed(&self, rule: &str) -> Result<Vec<(String, Seq)>, StoreError> {
        let mut found = Vec::new();
        self.each(keys::suppressed(rule), |_, value| {
            let (seq, id) = keys::dismissed_of(value)?;
            found.push((id, seq));
            Some(())
        })?;
        Ok(found)
    }

    /// Fingerprint of the last change that people or rules made, as the next one names it.
    pub fn last_change(&self) -> Result<Option<String>, StoreError> {
        let mut last = None;
        self.each(keys::last_change(), |_, value| {
            last = Some(std::str::from_utf8(value).ok()?.to_owned());
            Some(())
        })?;
        Ok(last)
    }

    /// The latest decision of each id of a kind, in the order of ids.
    pub fn decisions(&self, kind: &str) -> Result<Vec<Decision>, StoreError> {
        let mut found: Vec<Decision> = Vec::new();
        let mut last_id = Vec::new();
        self.each(keys::decisions(kind), |key, value| {
            let decision = decision_of(key, value)?;
            let id = &key[..key.len() - 8];
            if last_id == id {
                found.pop();
            } else {
                last_id = id.to_vec();
            }
            found.push(decision);
            Some(())
        })?;
        Ok(found)
    }

    /// All decisions of a kind and id, the latest last.
    pub fn decision_log(&self, kind: &str, id: &str) -> Result<Vec<Decision>, StoreError> {
        let mut found = Vec::new();
        self.each(keys::with_text(keys::decisions(kind), id), |key, value| {
            found.push(decision_of(key, value)?);
            Some(())
        })?;
        Ok(found)
    }

    /// The resources of a kind that stand at `seq`, in the order of ids.
    pub fn resources(&self, kind: &str, seq: Seq) -> Result<Vec<Stored>, StoreError> {
        let mut found: Vec<Stored> = Vec::new();
        self.each_resource(keys::resources(kind), seq, |version| match found.last_mut() {
            Some(last) if last.resource.id == version.resource.id => *last = version,
            _ => found.push(version),
        })?;
        found.retain(|version| !version.resource.deleted);
        Ok(found)
    }

    /// The resource of a kind and id as it stands at `seq`.
    pub fn resource(&self, kind: &str, id: &str, seq: Seq) -> Result<Option<Stored>, StoreError> {
        let last = self.resource_versions(kind, id, seq)?.pop();
        Ok(last.filter(|version| !version.resource.deleted))
    }

    /// All versions of a resource up to `seq`, deletions among them, the latest last.
    pub fn resource_versions(&self, kind: &str, id: &str, seq: Seq) -> Result<Vec<Stored>, StoreError> {
        let mut found = Vec::new();
        self.each_resource(keys::with_text(keys::resources(kind), id), seq, |version| found.push(version))?;
        Ok(found)
    }

    /// The resources of a kind that stand at `seq` and whose ids begin with `prefix` (at most 400 bytes), in the order of ids.
    pub fn resources_under(&self, kind: &str, prefix: &str, seq: Seq) -> Result<Vec<Stored>, StoreError> {
        let mut found: Vec<Stored> = Vec::new();
        self.each_resource(keys::resources_under(kind, prefix), seq, |version| match found.last_mut() {
            Some(last) if last.resource.id == version.resource.id => *last = version,
            _ => found.push(version),
        })?;
        found.retain(|version| !version.resource.deleted);
        Ok(found)
    }

    /// The decisions about something (`incident:ID`), in the order of the journal.
    pub fn about(&self, target: &str) -> Result<Vec<Seq>, StoreError> {
        let mut found = Vec::new();
        self.each(keys::about(target), |key, _| {
            found.push(keys::seq_of(key)?);
            Some(())
        })?;
        Ok(found)
    }

    /// The bookmarks that are evidence of an incident at `seq`, in the order of ids.
    pub fn evidence(&self, incident: &str, seq: Seq) -> Result<Vec<Stored>, StoreError> {
        let mut found = Vec::new();
        for id in self.texts(keys::evidence(incident))? {
            found.extend(self.resource(Bookmark::KIND, &id, seq)?.filter(|stored| incidents_of(&stored.resource).any(|of| of == incident)));
        }
        Ok(found)
    }

    /// The incidents that ever said to belong under another, in the order of their ids: each with a document that says so.
    pub fn children(&self, incident: &str) -> Result<Vec<(String, Seq)>, StoreError> {
        let mut found = Vec::new();
        self.each(keys::children(incident), |key, value| {
            found.push((std::str::from_utf8(value).ok()?.to_owned(), keys::seq_of(key)?));
            Some(())
        })?;
        Ok(found)
    }

    /// Whether anything was ever decided of a kind.
    pub fn any_decision(&self, kind: &str) -> Result<bool, StoreError> {
        let mut any = false;
        self.shared.scan(&KeyRange::prefix(keys::decisions(kind)), &mut |_, _| {
            any = true;
            ControlFlow::Break(())
        })?;
        Ok(any)
    }

    /// Whether anything of a kind is defined at `seq`; reads no further than to the first that is.
    pub fn any_resource(&self, kind: &str, seq: Seq) -> Result<bool, StoreError> {
        let mut last: Option<Resource> = None;
        let is_there = |last: &Option<Resource>| last.as_ref().is_some_and(|resource| !resource.deleted);
        self.shared.scan(&KeyRange::prefix(keys::resources(kind)), &mut |key, value| {
            let Some(resource) = serde_json::from_slice::<Resource>(value).ok() else { return ControlFlow::Continue(()) };
            if is_there(&last) && last.as_ref().is_some_and(|last| last.id != resource.id) {
                return ControlFlow::Break(());
            }
            if keys::seq_of(key).is_some_and(|version| version <= seq) {
                last = Some(resource);
            }
            ControlFlow::Continue(())
        })?;
        Ok(is_there(&last))
    }

    /// The texts that the keys of a prefix have as values.
    fn texts(&self, prefix: Vec<u8>) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        self.each(prefix, |_, value| {
            found.push(std::str::from_utf8(value).ok()?.to_owned());
            Some(())
        })?;
        Ok(found)
    }

    /// The document that changed a watchlist or threat indicator last; 0 if none did.
    pub fn last_listed(&self) -> Result<Seq, StoreError> {
        let mut last = Seq(0);
        self.each(keys::last_listed(), |_, value| {
            last = Seq(u64::from_le_bytes(*value.first_chunk()?));
            Some(())
        })?;
        Ok(last)
    }

    /// The latest documents of a class of news behind `after` up to `until`, the latest first, `most` at the most.
    pub fn news(&self, class: NewsClass, after: Seq, until: Seq, most: usize) -> Result<Vec<Seq>, StoreError> {
        let mut found = Vec::new();
        let mut damaged = false;
        self.shared.scan(&KeyRange::prefix(keys::news(class)), &mut |key, _| {
            let seq = keys::seq_down_of(key);
            damaged = seq.is_none();
            let Some(seq) = seq.filter(|seq| *seq > after && found.len() < most) else { return ControlFlow::Break(()) };
            found.extend(Some(seq).filter(|seq| *seq <= until));
            ControlFlow::Continue(())
        })?;
        if damaged { Err(StoreError::Damaged { key: "news".to_owned() }) } else { Ok(found) }
    }

    fn each_resource(&self, prefix: Vec<u8>, until: Seq, mut visit: impl FnMut(Stored)) -> Result<(), StoreError> {
        self.each(prefix, |key, value| {
            let seq = keys::seq_of(key)?;
            if seq <= until {
                visit(Stored { seq, resource: serde_json::from_slice::<Resource>(value).ok()? });
            }
            Some(())
        })
    }

    /// Visits all keys of a prefix; `None` from `visit` says that the value is damaged.
    fn each(&self, prefix: Vec<u8>, mut visit: impl FnMut(&[u8], &[u8]) -> Option<()>) -> Result<(), StoreError> {
        let mut damaged = None;
        self.shared.scan(&KeyRange::prefix(prefix), &mut |key, value| match visit(key, value) {
            Some(()) => ControlFlow::Continue(()),
            None => {
                damaged = Some(StoreError::Damaged { key: key.iter().map(|byte| format!("{byte:02x}")).collect() });
                ControlFlow::Break(())
            }
        })?;
        damaged.map_or(Ok(()), Err)
    }
}

fn decision_of(key: &[u8], value: &[u8]) -> Option<Decision> {
    Some(Decision { seq: keys::seq_of(key)?, value: Arc::new(serde_json::from_slice(value).ok()?) })
}

/// The changes that a record makes; the same for the same record, whatever stands around it.
fn list_ops(record: &Record, ops: &mut Vec<Op>) {
    let mut put = |key, value| ops.push(Op::Put { key, value });
    if let Some(class) = NewsClass::of(&record.body) {
        put(keys::with_seq_down(keys::news(class), record.seq), Bytes::new());
    }
    match &record.body {
        Body::Alert(alert) => {
            if let Some(rule) = alert.change.as_ref().and_then(|change| change.rule.as_ref()) {
                put(keys::with_text(keys::suppressed(rule), &alert.id), keys::dismissed_value(record.seq, &alert.id));
            }
            if alert.change.as_ref().is_some_and(|change| change.previous.is_some()) {
                put(keys::last_change(), Bytes::from(fingerprint(&record.hash)));
            }
        }
        Body::Incident(incident) => {
            if incident.change.as_ref().is_some_and(|change| change.previous.is_some()) {
                put(keys::last_change(), Bytes::from(fingerprint(&record.hash)));
            }
            if let Some(parent) = &incident.parent {
                let key = keys::with_text(keys::children(parent), &incident.id);
                put(keys::with_seq(key, record.seq), Bytes::copy_from_slice(incident.id.as_bytes()));
            }
        }
        Body::Decision(value) => {
            let key = keys::with_text(keys::decisions(&member(value, "kind")), &member(value, "id"));
            put(keys::with_seq(key, record.seq), Bytes::from(value.to_string()));
            let target = member(value, "target");
            if !target.is_empty() {
                put(keys::with_seq(keys::about(&target), record.seq), Bytes::new());
            }
            if value.get("previous").is_some() {
                put(keys::last_change(), Bytes::from(fingerprint(&record.hash)));
            }
        }
        Body::Resource(resource) => {
            let key = keys::with_text(keys::resources(&resource.kind), &resource.id);
            let value = serde_json::to_vec(resource).expect("a resource has only text keys");
            put(keys::with_seq(key, record.seq), Bytes::from(value));
            if &*resource.kind == Bookmark::KIND {
                for incident in incidents_of(resource) {
                    put(keys::with_text(keys::evidence(incident), &resource.id), Bytes::copy_from_slice(resource.id.as_bytes()));
                }
            }
            if [Watchlist::KIND, WatchlistItem::KIND, Indicator::KIND].contains(&&*resource.kind) {
                put(keys::last_listed(), Bytes::copy_from_slice(&record.seq.0.to_le_bytes()));
            }
            put(keys::last_change(), Bytes::from(fingerprint(&record.hash)));
        }
        Body::Event(_) => {}
    }
}

/// The incidents whose evidence a bookmark is.
fn incidents_of(bookmark: &Resource) -> impl Iterator<Item = &str> {
    bookmark.value.get("incidents").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// A document's fingerprint as the next change names it.
pub fn fingerprint(hash: &[u8; 16]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A member of a decision as a text; empty if there is none.
fn member(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn of_hash(hash: &[u8; 16]) -> u64 {
    let (first, _) = hash.split_first_chunk().expect("sixteen bytes hold eight");
    u64::from_le_bytes(*first)
}

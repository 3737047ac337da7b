//! The view itself: takes batches, keeps what is known about documents that exist, persists.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use hashbrown::{HashMap, HashSet};
use tantivy::schema::Value;
use tantivy::{DocAddress, Searcher as IndexSearcher, TantivyDocument, Term};

use crate::journal::View;
use crate::model::{Alert, Batch, Body, Entity, Fault, FingerprintSet, Kind, RecentEntities, Seq};

use super::disk::{self, Pace};
use super::entry::{Entry, Parts, document_hash, no_keys};
use super::error::FulltextError;
use super::fresh::{Chunk, Fresh, Prepared};
use super::schema::{DocKind, Fields};
use super::searcher::Searcher;
use super::shared::Shared;

/// Kinds of single runs and sessions: as many as events. From raw events they are no documents; the graph leads to them.
const RUNS: [Kind; 3] = [Kind::PROCESS, Kind::HOST_LOGON_SESSION, Kind::REGISTRY_VALUE];

/// Full-text view: the words of current incidents and alerts, and of every identity under which an entity was met.
///
/// `apply` hands documents to a thread that indexes and commits them; until then readers search them in memory.
/// Costs: about 8 bytes of memory a document beside the index, 64 MiB for the writer, at most 64 MiB of documents that wait
/// for a commit (128 MiB while nobody reads), and a copy of those among them that the writer has not yet taken in.
#[derive(Debug)]
pub struct Fulltext {
    dir: PathBuf,
    fields: Arc<Fields>,
    shared: Arc<Shared>,
    pace: Pace,
    index: tantivy::Index,
    /// Hashes of the keys of all documents, so that a new one needs no look into the index.
    known: FingerprintSet,
    /// Entities met lately, whose documents are all known.
    met: RecentEntities<()>,
    /// Those of alerts that come in pieces.
    pieced: HashSet<u64>,
    /// Parts of alerts whose newest document is not committed, with the number of its chunk.
    recent: HashMap<u64, (u64, Arc<Parts>)>,
    /// Number of the next chunk.
    next: u64,
    writer: Option<JoinHandle<()>>,
    damage: Option<String>,
}

impl Fulltext {
    /// Opens the index in `dir`, or makes an empty one.
    ///
    /// An index that is damaged or of another layout is moved to `<dir>.damaged` and an empty one begun; `damage` says why.
    pub fn open(dir: &Path) -> Result<Self, FulltextError> {
        Self::open_at(dir, Pace::default())
    }

    pub(crate) fn open_at(dir: &Path, pace: Pace) -> Result<Self, FulltextError> {
        let fields = Arc::new(Fields::new());
        let disk = disk::open(dir, &fields)?;
        if let Some(damage) = &disk.damage {
            tracing::warn!(dir = %dir.display(), damage, "full-text index set aside; it is built anew from the journal");
        }
        let writer = disk::writer(&disk.index, dir)?;
        let main = disk.reader.searcher();
        let (known, pieced) = known(&main).map_err(FulltextError::Read)?;
        let shared = Arc::new(Shared::new(main, disk.position, pace));
        let thread = {
            let (shared, reader, fields) = (shared.clone(), disk.reader, fields.clone());
            std::thread::Builder::new().name("fulltext".into()).spawn(move || disk::run(&shared, writer, &reader, &fields))
        };
        let thread = thread.map_err(|source| FulltextError::Folder { path: dir.to_owned(), source })?;
        Ok(Self {
            dir: dir.to_owned(),
            fields,
            shared,
            pace,
            index: disk.index,
            known,
            met: RecentEntities::default(),
            pieced,
            recent: HashMap::new(),
            next: 1,
            writer: Some(thread),
            damage: disk.damage,
        })
    }

    /// Says whether nobody reads for now: what is applied meanwhile is committed and merged in larger parts, and found afterwards.
    pub fn set_alone(&mut self, alone: bool) {
        self.shared.set_pace(if alone { Pace::ALONE } else { self.pace });
    }

    /// Why an earlier index was set aside when this one was opened.
    pub fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }

    /// Returns a reader of everything that is visible now; it stays as it is whatever is applied later.
    ///
    /// Up to `FRESH_DOCUMENTS_MAX` documents that are not committed are visible at once, what comes on top after the next
    /// commit; `Searcher::position` says how far the reader sees.
    pub fn snapshot(&self) -> Result<Searcher, FulltextError> {
        let state = self.shared.lock();
        state.check()?;
        let (chunks, position) = state.visible();
        let fresh = Fresh::new(chunks, self.shared.layers.clone());
        Ok(Searcher::new(self.fields.clone(), state.main.clone(), fresh, position))
    }

    /// Compares every file of the index with its checksum.
    pub fn check(&self) -> Result<(), Fault> {
        disk::check(&self.index).map_err(|reason| {
            let error = FulltextError::Stored(format!("{reason} in `{}`", self.dir.display()));
            Fault::from(error)
        })
    }

    /// The chunk of a batch; on an error nothing of it is remembered.
    fn prepare(&mut self, batch: &Batch) -> Result<Chunk, FulltextError> {
        let (main, committed) = {
            let state = self.shared.lock();
            (state.main.clone(), state.committed)
        };
        self.recent.retain(|_, (number, _)| *number > committed);
        let mut builder = Builder {
            view: self,
            main,
            documents: Vec::new(),
            places: HashMap::new(),
            bytes: 0,
            new: HashSet::new(),
            new_pieced: Vec::new(),
        };
        let taken = batch.records.iter().try_for_each(|record| builder.record(record.seq, record.current, &record.body));
        let Builder { documents, bytes, new, new_pieced, .. } = builder;
        if let Err(error) = taken {
            self.met = RecentEntities::default();
            for hash in new_pieced {
                self.pieced.remove(&hash);
            }
            let failed = self.next;
            self.recent.retain(|_, (number, _)| *number != failed);
            return Err(error);
        }
        for hash in new {
            self.known.insert(hash);
        }
        let number = self.next;
        self.next += 1;
        Ok(Chunk { number, last: batch.last, documents, bytes })
    }
}

impl View for Fulltext {
    fn name(&self) -> &'static str {
        "fulltext"
    }

    fn applied(&self) -> Seq {
        self.shared.lock().applied
    }

    fn durable(&self) -> Seq {
        self.shared.lock().durable
    }

    fn apply(&mut self, batch: &Batch) -> Result<(), Fault> {
        if batch.last <= self.applied() {
            return Ok(());
        }
        let chunk = self.prepare(batch)?;
        Ok(self.shared.push(chunk)?)
    }

    fn persist(&mut self) -> Result<(), Fault> {
        Ok(self.shared.persist()?)
    }

    fn digest(&self) -> Result<String, Fault> {
        let (main, chunks) = {
            let state = self.shared.lock();
            (state.main.clone(), state.chunks.clone())
        };
        let mut newest: HashMap<u64, u64> = HashMap::new();
        for document in chunks.iter().flat_map(|chunk| &chunk.documents) {
            newest.insert(document.hash, document.content);
        }
        Ok(digest(&main, &newest).map_err(FulltextError::Read)?)
    }
}

impl Drop for Fulltext {
    fn drop(&mut self) {
        self.shared.stop();
        if let Some(writer) = self.writer.take() {
            // A panic of the thread is already in the log and in the state.
            let _ = writer.join();
        }
    }
}

/// Makes the documents of one batch.
struct Builder<'a> {
    view: &'a mut Fulltext,
    main: IndexSearcher,
    documents: Vec<Prepared>,
    /// Where the document of a hash stands, so that a batch holds each once.
    places: HashMap<u64, usize>,
    bytes: usize,
    /// Hashes of documents that there were none of before the batch.
    new: HashSet<u64>,
    new_pieced: Vec<u64>,
}

impl Builder<'_> {
    fn record(&mut self, seq: Seq, current: bool, body: &Body) -> Result<(), FulltextError> {
        match body {
            Body::Incident(incident) => {
                let names = self.entities(seq, incident.entities.iter().map(|evidence| &evidence.entity));
                if current {
                    self.put(&Entry::of_incident(incident, names, seq.0), None);
                }
            }
            Body::Alert(alert) => {
                let names = self.entities(seq, alert.entities.iter().map(|evidence| &evidence.entity));
                if current || alert.partial {
                    self.alert(seq, alert, names)?;
                }
            }
            Body::Event(event) => drop(self.entities(
                seq,
                event.entities.iter().map(|entity| &**entity).filter(|entity| !RUNS.contains(&entity.kind) && !entity.keys.is_empty()),
            )),
            Body::Decision(_) | Body::Resource(_) => {}
        }
        Ok(())
    }

    fn alert(&mut self, seq: Seq, alert: &Alert, names: Vec<u64>) -> Result<(), FulltextError> {
        let entry = Entry::of_alert(alert, names, seq.0);
        let hash = document_hash(DocKind::Alert, &alert.id);
        if !alert.partial && !self.view.pieced.contains(&hash) {
            self.put(&entry, None);
            return Ok(());
        }
        let mut parts = match self.view.recent.get(&hash) {
            Some((_, parts)) => Parts::clone(parts),
            None if self.knows(hash) => self.stored_parts(hash)?,
            None => Parts::default(),
        };
        parts.take(entry, alert.partial);
        if self.view.pieced.insert(hash) {
            self.new_pieced.push(hash);
        }
        if let Some(joined) = parts.join() {
            self.put(&joined, Some(&parts));
        }
        self.view.recent.insert(hash, (self.view.next, Arc::new(parts)));
        Ok(())
    }

    /// Whether there is a document of a hash, in this very batch or before it.
    fn knows(&self, hash: u64) -> bool {
        self.view.known.contains(hash) || self.new.contains(&hash)
    }

    /// The parts of an alert whose newest document may be committed, in a chunk, or in this very batch.
    fn stored_parts(&self, hash: u64) -> Result<Parts, FulltextError> {
        if let Some(place) = self.places.get(&hash) {
            return stored(&self.view.fields, &self.documents[*place].document);
        }
        let pending = self.view.shared.lock().chunks.clone();
        let pending = pending.iter().rev().flat_map(|chunk| chunk.documents.iter().rev()).find(|document| document.hash == hash);
        if let Some(pending) = pending {
            return stored(&self.view.fields, &pending.document);
        }
        let term = Term::from_field_u64(self.view.fields.key, hash);
        match find(&self.main, &term).map_err(FulltextError::Read)? {
            Some(address) => stored(&self.view.fields, &self.main.doc(address).map_err(FulltextError::Read)?),
            None => Ok(Parts::default()),
        }
    }

    /// Makes the documents of entities that have none yet, and names those of all.
    fn entities<'e>(&mut self, seq: Seq, entities: impl Iterator<Item = &'e Entity>) -> Vec<u64> {
        let mut names = Vec::new();
        for entity in entities {
            if no_keys(&entity.keys) {
                continue;
            }
            let identity = entity.identity();
            let hash = u64::from_le_bytes(identity[..8].try_into().expect("an identity has 16 bytes"));
            names.push(hash);
            if self.view.met.find(identity).is_some() {
                continue;
            }
            self.view.met.note(identity, ());
            if self.view.known.contains(hash) || !self.new.insert(hash) {
                continue;
            }
            let id = format!("{:032x}", u128::from_be_bytes(*identity));
            let entry = Entry::of_entity(entity, &id, seq.0);
            self.push(&entry, hash, false, None);
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    fn put(&mut self, entry: &Entry, parts: Option<&Parts>) {
        let hash = document_hash(entry.kind, &entry.id);
        let is_new = !self.view.known.contains(hash) && self.new.insert(hash);
        self.push(entry, hash, !is_new, parts);
    }

    fn push(&mut self, entry: &Entry, hash: u64, replaces: bool, parts: Option<&Parts>) {
        let made = entry.document(&self.view.fields, hash, parts);
        self.bytes += made.bytes;
        let mut prepared = Prepared { hash, content: made.content, replaces, document: made.document };
        match self.places.get(&hash) {
            Some(place) => {
                prepared.replaces = self.documents[*place].replaces;
                self.documents[*place] = prepared;
            }
            None => {
                self.places.insert(hash, self.documents.len());
                self.documents.push(prepared);
            }
        }
    }
}

/// The parts beside a stored document; a document without parts is the whole version of its alert.
fn stored(fields: &Fields, document: &TantivyDocument) -> Result<Parts, FulltextError> {
    let bytes = |field| document.get_first(field).and_then(|value| value.as_bytes().map(<[u8]>::to_vec));
    let read = |error: serde_json::Error| FulltextError::Stored(error.to_string());
    if let Some(parts) = bytes(fields.parts) {
        return serde_json::from_slice(&parts).map_err(read);
    }
    let whole = bytes(fields.source).map(|source| serde_json::from_slice(&source)).transpose().map_err(read)?;
    Ok(Parts { whole, pieces: None })
}

fn find(searcher: &IndexSearcher, term: &Term) -> tantivy::Result<Option<DocAddress>> {
    for (segment, reader) in (0u32..).zip(searcher.segment_readers()) {
        let postings = reader.inverted_index(term.field())?.read_postings(term, tantivy::schema::IndexRecordOption::Basic)?;
        let Some(mut postings) = postings else { continue };
        let mut doc = tantivy::DocSet::doc(&postings);
        while doc != tantivy::TERMINATED {
            if !reader.is_deleted(doc) {
                return Ok(Some(DocAddress::new(segment, doc)));
            }
            doc = tantivy::DocSet::advance(&mut postings);
        }
    }
    Ok(None)
}

fn known(searcher: &IndexSearcher) -> tantivy::Result<(FingerprintSet, HashSet<u64>)> {
    let (mut known, mut pieced) = (Vec::with_capacity(searcher.num_docs() as usize), HashSet::new());
    for reader in searcher.segment_readers() {
        let hashes = reader.fast_fields().u64("hash")?;
        let marks = reader.fast_fields().column_opt::<u64>("pieced")?;
        for doc in reader.doc_ids_alive() {
            let Some(hash) = hashes.first(doc) else { continue };
            known.push(hash);
            if marks.as_ref().is_some_and(|marks| marks.first(doc).is_some()) {
                pieced.insert(hash);
            }
        }
    }
    Ok((known.into(), pieced))
}

/// Sums a hash over all documents: a sum does not depend on their order.
fn digest(searcher: &IndexSearcher, newest: &HashMap<u64, u64>) -> tantivy::Result<String> {
    let (mut count, mut sum) = (0u64, 0u128);
    let mut add = |hash: u64, content: u64| {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&hash.to_le_bytes());
        bytes[8..].copy_from_slice(&content.to_le_bytes());
        let mixed = blake3::hash(&bytes);
        sum = sum.wrapping_add(u128::from_le_bytes(mixed.as_bytes()[..16].try_into().expect("a hash has 32 bytes")));
        count += 1;
    };
    for reader in searcher.segment_readers() {
        let (hashes, contents) = (reader.fast_fields().u64("hash")?, reader.fast_fields().u64("content")?);
        for doc in reader.doc_ids_alive() {
            let (hash, content) = (hashes.first(doc).unwrap_or(0), contents.first(doc).unwrap_or(0));
            if !newest.contains_key(&hash) {
                add(hash, content);
            }
        }
    }
    for (hash, content) in newest {
        add(*hash, *content);
    }
    Ok(format!("{count}-{sum:032x}"))
}

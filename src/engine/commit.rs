//! The single writer: drops what is known, numbers the rest, journals it, applies it to every view, publishes.
//!
//! Submissions that wait are committed together: one journal record, one fsync, one batch. A submission is answered
//! after the journal's flush and after its records are visible to readers.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures::channel::oneshot;
use futures::executor::block_on;

use crate::graph::{Graph, NodeKind};
use crate::ingest;
use crate::journal::Journal;
use crate::model::{Alert, Batch, Body, Document, Fault, FaultClass, Record, Seq, Time};
use crate::triage::suppression::{self, Rules};

use super::numbers::{self, Numbers};
use super::views::Views;
use super::{Options, Shared};

/// A readable document with what it says.
pub(super) struct Parsed {
    pub(super) document: Document,
    pub(super) bodies: Vec<Body>,
}

/// What became of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Said something not known before.
    New(Seq),
    /// A further version of a known alert or incident.
    Updated(Seq),
    /// Known already.
    Duplicate,
}

impl Outcome {
    /// The document's number, if it said something new.
    pub(super) fn seq(self) -> Option<Seq> {
        match self {
            Self::New(seq) | Self::Updated(seq) => Some(seq),
            Self::Duplicate => None,
        }
    }
}

/// The newest version of an incident or alert that a change was planned on; none for one that has none yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) item: Item,
    pub(super) id: String,
    pub(super) newest: Option<Seq>,
    /// The number that a new incident gets, which no other may have.
    pub(super) number: Option<i64>,
    /// The last document that the plan knew.
    pub(super) planned: Seq,
}

/// The code of the fault of a change that was planned on a version that is no longer the newest.
pub(super) const OVERTAKEN: &str = "change_overtaken";

/// Where records go back to, once they are applied, by the thread that made them: many small pieces of memory cost most where another
/// thread lets them go.
pub(super) type Back = Sender<Vec<Record>>;

/// Documents that one caller waits for.
struct Submission {
    documents: Vec<Parsed>,
    back: Option<Back>,
    /// What must still hold when they are written; else none of them is.
    expected: Vec<Expected>,
    reply: oneshot::Sender<Result<Vec<Outcome>, Fault>>,
}

/// Documents on their way to the writer.
pub(super) struct Offered(oneshot::Receiver<Result<Vec<Outcome>, Fault>>);

impl Offered {
    /// What became of each document, in order, as soon as they are durable and visible.
    pub(super) async fn done(self) -> Result<Vec<Outcome>, Fault> {
        self.0.await.map_err(|_| stopped())?
    }

    /// The same; blocks until then.
    pub(super) fn wait(self) -> Result<Vec<Outcome>, Fault> {
        block_on(self.done())
    }
}

impl Submission {
    /// Bytes of its documents.
    fn bytes(&self) -> usize {
        self.documents.iter().map(|parsed| parsed.document.raw.len()).sum()
    }
}

enum Message {
    Submit(Submission),
    /// Makes every view durable.
    Persist(SyncSender<Result<(), Fault>>),
    /// Work that needs the views for itself.
    Exclusive(Work),
    Stop,
}

/// Work on the views between two batches.
type Work = Box<dyn FnOnce(&mut Views) + Send>;

/// Handle of the writer thread.
pub(super) struct Committer {
    queue: SyncSender<Message>,
    thread: Mutex<Option<JoinHandle<Views>>>,
}

impl Committer {
    /// Starts the writer on views that have caught up with the journal.
    pub(super) fn start(views: Views, journal: Arc<Journal>, shared: Arc<Shared>, options: Options) -> Result<Self, Fault> {
        let (queue, messages) = sync_channel(options.queue_submissions_max);
        let suppression = Rules::default();
        let mut writer = Writer { views, journal, shared, options, suppression, failed: None, unpersisted: 0, before: 0 };
        writer.read_rules()?;
        let thread = std::thread::Builder::new()
            .name("clew-writer".into())
            .spawn(move || writer.run(&messages))
            .map_err(|error| Fault::new(FaultClass::Internal, "thread_failed", format!("the writer thread cannot start: {error}")))?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Commits documents and returns what became of each, in order. Blocks until they are durable and visible.
    pub(super) fn submit(&self, documents: Vec<Parsed>) -> Result<Vec<Outcome>, Fault> {
        self.send(documents, None, Vec::new())?.wait()
    }

    /// Commits documents like `submit`, but only if every incident and alert still has the version that is expected (else [`OVERTAKEN`]).
    pub(super) fn submit_if(&self, documents: Vec<Parsed>, expected: Vec<Expected>) -> Result<Vec<Outcome>, Fault> {
        self.send(documents, None, expected)?.wait()
    }

    /// Hands documents over; they are committed after those that were handed over before.
    pub(super) fn offer(&self, documents: Vec<Parsed>, back: Option<Back>) -> Result<Offered, Fault> {
        self.send(documents, back, Vec::new())
    }

    fn send(&self, documents: Vec<Parsed>, back: Option<Back>, expected: Vec<Expected>) -> Result<Offered, Fault> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Message::Submit(Submission { documents, back, expected, reply })).map_err(|_| stopped())?;
        Ok(Offered(answer))
    }

    /// Makes every view durable, so that the next start replays nothing.
    pub(super) fn persist(&self) -> Result<(), Fault> {
        let (reply, answer) = sync_channel(1);
        self.queue.send(Message::Persist(reply)).map_err(|_| stopped())?;
        answer.recv().map_err(|_| stopped())?
    }

    /// Runs `work` on the views between two batches; what is submitted meanwhile waits. Blocks until it is done.
    ///
    /// Afterwards readers see the views as `work` left them.
    pub(super) fn exclusively<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Views) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (reply, answer) = sync_channel(1);
        let work = move |views: &mut Views| drop(reply.send(work(views)));
        self.queue.send(Message::Exclusive(Box::new(work))).map_err(|_| stopped())?;
        answer.recv().map_err(|_| stopped())?
    }

    /// Stops the writer after what is queued and returns the views.
    pub(super) fn stop(&self) -> Option<Views> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        // A writer that is gone already has nothing left to stop.
        let _ = self.queue.send(Message::Stop);
        thread.join().ok()
    }
}

fn stopped() -> Fault {
    Fault::new(FaultClass::Unavailable, "writer_stopped", "the engine no longer takes documents")
        .with_hint("start clew again; the log says why it stopped")
}

pub(super) struct Writer {
    pub(super) views: Views,
    pub(super) journal: Arc<Journal>,
    shared: Arc<Shared>,
    options: Options,
    /// The rules that dismiss new alerts.
    pub(super) suppression: Rules,
    /// The first error of a view; from then on nothing is written.
    failed: Option<Fault>,
    /// Documents applied since the views were last made durable.
    unpersisted: u64,
    /// Submissions of the last batch: those who waited for it are likely to come again.
    before: usize,
}

impl Writer {
    fn run(mut self, messages: &Receiver<Message>) -> Views {
        loop {
            let (message, came) = match messages.try_recv() {
                Ok(message) => (Ok(message), true),
                Err(_) => (messages.recv_timeout(self.options.persist_idle), false),
            };
            match message {
                Ok(Message::Submit(first)) => {
                    let (group, next) = self.gather(first, came, messages);
                    self.before = group.len();
                    self.commit(group);
                    match next {
                        Some(Message::Persist(reply)) => drop(reply.send(self.persist())),
                        Some(Message::Exclusive(work)) => self.exclusive(work),
                        Some(Message::Stop) => return self.views,
                        Some(Message::Submit(_)) | None => {}
                    }
                    if self.unpersisted >= self.options.persist_documents {
                        self.persist_quietly();
                    }
                }
                Ok(Message::Persist(reply)) => drop(reply.send(self.persist())),
                Ok(Message::Exclusive(work)) => self.exclusive(work),
                Err(RecvTimeoutError::Timeout) if self.unpersisted > 0 => self.persist_quietly(),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return self.views,
            }
        }
    }

    /// Takes further submissions up to the bounds of one batch: those that are there, and those that are likely to come.
    ///
    /// A batch has a price whatever its size, so it is worth waiting for everyone who waited for the one before, if others
    /// came meanwhile (`came`); else many clients would fall into two halves. A client that is alone never waits for others.
    fn gather(&self, first: Submission, came: bool, messages: &Receiver<Message>) -> (Vec<Submission>, Option<Message>) {
        let (mut documents, mut bytes) = (first.documents.len(), first.bytes());
        let mut group = vec![first];
        let mut expected = (!came).then_some(self.before);
        let mut deadline = None;
        while documents < self.options.commit_documents_max && bytes < self.options.commit_bytes_max {
            let message = messages.try_recv().ok().or_else(|| {
                let expected = *expected.get_or_insert(self.before + group.len());
                if group.len() >= expected || bytes >= GROUP_BYTES {
                    return None;
                }
                let until = *deadline.get_or_insert_with(|| Instant::now() + GROUP_WAIT);
                messages.recv_timeout(until.saturating_duration_since(Instant::now())).ok()
            });
            match message {
                Some(Message::Submit(submission)) => {
                    documents += submission.documents.len();
                    bytes += submission.bytes();
                    group.push(submission);
                }
                other => return (group, other),
            }
        }
        (group, None)
    }

    fn exclusive(&mut self, work: Work) {
        work(&mut self.views);
        if let Err(fault) = self.shared.publish(&mut self.views) {
            tracing::error!(code = fault.code, message = %fault.message, "a view failed: writing stops");
            self.failed = Some(fault);
        }
    }

    fn persist_quietly(&mut self) {
        if let Err(fault) = self.persist() {
            tracing::error!(code = fault.code, message = %fault.message, "views cannot be made durable");
        }
    }

    fn persist(&mut self) -> Result<(), Fault> {
        if let Some(fault) = &self.failed {
            return Err(fault.clone());
        }
        self.unpersisted = 0;
        self.views.persist().inspect_err(|fault| self.failed = Some(fault.clone()))
    }

    fn commit(&mut self, group: Vec<Submission>) {
        let mut replies = Vec::with_capacity(group.len());
        let mut waiting = Vec::with_capacity(group.len());
        for Submission { documents, back, expected, reply } in group {
            waiting.push((documents, back, expected));
            replies.push(reply);
        }
        match self.write(waiting) {
            // A caller that no longer waits does not matter: its documents are in.
            Ok(outcomes) => outcomes.into_iter().zip(replies).for_each(|(outcome, reply)| drop(reply.send(outcome))),
            Err(fault) => replies.into_iter().for_each(|reply| drop(reply.send(Err(fault.clone())))),
        }
    }

    /// Writes a group of submissions as one batch; says of each what became of its documents.
    fn write(&mut self, group: Vec<(Vec<Parsed>, Option<Back>, Vec<Expected>)>) -> Result<Vec<Result<Vec<Outcome>, Fault>>, Fault> {
        if let Some(fault) = &self.failed {
            return Err(fault.clone());
        }
        let mut plan = Plan::new(self.journal.last());
        let mut outcomes = Vec::with_capacity(group.len());
        let mut makers = Vec::new();
        for (documents, back, expected) in group {
            outcomes.push(match expected.iter().find(|expected| !plan.holds(expected, &self.views)) {
                Some(expected) => Err(overtaken(expected)),
                None => {
                    let taken = documents.into_iter().map(|parsed| self.take(parsed, &mut plan)).collect::<Result<_, _>>()?;
                    self.catch_up(&expected, &mut plan)?;
                    Ok(taken)
                }
            });
            makers.push((plan.records.len(), back));
        }
        if !plan.documents.is_empty() {
            let records = self.append_and_apply(plan)?;
            give_back(records, makers);
        }
        Ok(outcomes)
    }

    /// Writes a batch; gives its records.
    fn append_and_apply(&mut self, plan: Plan) -> Result<Vec<Record>, Fault> {
        let written = plan.documents.len() as u64;
        let mut batch = Batch { last: plan.last, records: plan.records };
        numbers::settle(&mut batch.records);
        // No view may hold what the journal could still lose, so the flush comes first. A journal that refuses a batch
        // (a full disk) has written nothing and takes the next one; views that fail have lost touch with it.
        self.journal.append(plan.documents)?.wait()?;
        self.unpersisted += written;
        let of_rule = |record: &Record| matches!(&record.body, Body::Resource(resource) if &*resource.kind == suppression::KIND);
        let rules_changed = batch.records.iter().any(of_rule);
        let applied = self.views.apply(&batch).and_then(|()| self.shared.publish(&mut self.views));
        let applied = applied.and_then(|()| if rules_changed { self.read_rules() } else { Ok(()) });
        applied.inspect_err(|fault| {
            tracing::error!(code = fault.code, message = %fault.message, "a view failed: writing stops");
            self.failed = Some(fault.clone());
        })?;
        Ok(batch.records)
    }
}

/// Gives records back to those who made them; `makers` says up to which one.
fn give_back(records: Vec<Record>, makers: Vec<(usize, Option<Back>)>) {
    let mut records = records.into_iter();
    let mut given = 0;
    for (end, maker) in makers {
        let own: Vec<Record> = records.by_ref().take(end - given).collect();
        given = end;
        if let Some(maker) = maker {
            // One that makes no more lets them go here.
            let _ = maker.send(own);
        }
    }
}

fn overtaken(expected: &Expected) -> Fault {
    let what = if expected.item == Item::Alert { "alert" } else { "incident" };
    let message = format!("{what} `{}` was changed by somebody else at the same time", expected.id);
    Fault::new(FaultClass::Conflict, OVERTAKEN, message).with_hint("read it again and repeat the change")
}

/// The batch in the making: what is written, under which numbers.
pub(super) struct Plan {
    last: Seq,
    /// Number of the first document of the batch.
    first: Seq,
    documents: Vec<Document>,
    records: Vec<Record>,
    /// Documents of this very batch, by hash.
    hashes: HashSet<[u8; 16]>,
    /// Newest versions in this very batch.
    pub(super) standing: Standing,
    /// Numbers that incidents get in this very batch.
    pub(super) numbers: Numbers,
}

impl Plan {
    fn new(last: Seq) -> Self {
        Self {
            last,
            first: Seq(last.0 + 1),
            documents: Vec::new(),
            records: Vec::new(),
            hashes: HashSet::new(),
            standing: Standing::default(),
            numbers: Numbers::default(),
        }
    }

    /// Whether an incident or alert has the version that a change expects.
    fn holds(&self, expected: &Expected, views: &Views) -> bool {
        self.standing.newest_of(expected.item, &expected.id, views).map(|(_, seq)| seq) == expected.newest
            && expected.number.is_none_or(|number| self.numbers.is_free(number, &expected.id, views))
    }

    /// A document of this batch.
    pub(super) fn document(&self, seq: Seq) -> Option<&Document> {
        self.documents.get(usize::try_from(seq.0.checked_sub(self.first.0)?).ok()?)
    }

    /// The alerts of this batch that name an incident.
    pub(super) fn naming<'a>(&'a self, incident: &'a str) -> impl Iterator<Item = &'a Alert> {
        let alerts = self.records.iter().filter_map(|record| if let Body::Alert(alert) = &record.body { Some(&**alert) } else { None });
        alerts.filter(move |alert| alert.incident.as_deref() == Some(incident))
    }

    pub(super) fn take(&mut self, parsed: Parsed, views: &Views) -> Outcome {
        let Parsed { document, bodies } = parsed;
        let delivery = delivery(&document);
        if self.hashes.contains(&delivery) || views.records.seen(&delivery) {
            return Outcome::Duplicate;
        }
        self.last = Seq(self.last.0 + 1);
        self.hashes.insert(delivery);
        let (records, updated) = self.standing.records(&document, self.last, bodies, views);
        self.numbers.note(&records, views);
        self.records.extend(records);
        self.documents.push(document);
        if updated { Outcome::Updated(self.last) } else { Outcome::New(self.last) }
    }
}

/// Decides which version of each alert and incident is the current one.
///
/// The newest is the one with the greatest (modified, seq); the graph view knows the newest of earlier batches.
#[derive(Default)]
pub(super) struct Standing {
    newest: HashMap<(Item, String), (Option<Time>, Seq)>,
}

/// By what a further delivery of a document is known.
fn delivery(document: &Document) -> [u8; 16] {
    document.delivery(document.table.as_deref().filter(|_| *document.format == *ingest::EVENT))
}

/// What has versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Item {
    Alert,
    Incident,
}

/// Knows the versions of earlier batches.
pub(super) trait Newest {
    /// (modified, seq) of the newest version of an alert or incident.
    fn newest(&self, item: Item, id: &str) -> Option<(Option<Time>, Seq)>;
}

impl Newest for Graph {
    fn newest(&self, item: Item, id: &str) -> Option<(Option<Time>, Seq)> {
        let kind = match item {
            Item::Alert => NodeKind::Alert,
            Item::Incident => NodeKind::Incident,
        };
        self.version_of(kind, id)
    }
}

impl Newest for Views {
    fn newest(&self, item: Item, id: &str) -> Option<(Option<Time>, Seq)> {
        self.graph.newest(item, id)
    }
}

impl Standing {
    /// Makes the records of one document; says whether one of them is a further version of something known.
    pub(super) fn records(&mut self, document: &Document, seq: Seq, bodies: Vec<Body>, before: &impl Newest) -> (Vec<Record>, bool) {
        let mut updated = false;
        let hash = delivery(document);
        let records = bodies
            .into_iter()
            .map(|body| {
                let current = match &body {
                    Body::Alert(alert) if !alert.partial => {
                        let (current, known) = self.stands(Item::Alert, &alert.id, alert.modified, seq, before);
                        updated |= known;
                        current
                    }
                    Body::Incident(incident) => {
                        let (current, known) = self.stands(Item::Incident, &incident.id, incident.modified, seq, before);
                        updated |= known;
                        current
                    }
                    Body::Alert(_) | Body::Event(_) | Body::Decision(_) | Body::Resource(_) => true,
                };
                Record { seq, origin: document.origin.clone(), received: document.received, hash, current, body }
            })
            .collect();
        (records, updated)
    }

    /// (modified, seq) of the newest version of an alert or incident.
    pub(super) fn newest_of(&self, item: Item, id: &str, before: &impl Newest) -> Option<(Option<Time>, Seq)> {
        let earlier = |known: &HashMap<(Item, String), (Option<Time>, Seq)>| known.get(&(item, id.to_owned())).copied();
        Some(&self.newest).filter(|known| !known.is_empty()).and_then(earlier).or_else(|| before.newest(item, id))
    }

    fn stands(&mut self, item: Item, id: &str, modified: Option<Time>, seq: Seq, before: &impl Newest) -> (bool, bool) {
        let key = (item, id.to_owned());
        let known = self.newest.get(&key).copied().or_else(|| before.newest(item, id));
        let current = known.is_none_or(|newest| (modified, seq) >= newest);
        if current {
            self.newest.insert(key, (modified, seq));
        }
        (current, known.is_some())
    }
}

/// Longest wait for submissions that are likely to come.
const GROUP_WAIT: Duration = Duration::from_millis(2);
/// Bytes of a batch that waits for no more.
const GROUP_BYTES: usize = 512 << 10;

/// Idle time after which applied documents are made durable in the views.
pub(super) const PERSIST_IDLE: Duration = Duration::from_secs(5);

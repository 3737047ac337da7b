//! The engine: owns the journal and its views; one writer, immutable snapshots for readers.
//!
//! An engine is one data directory, which is one workspace. It is a value: a process opens as many as it likes, but a
//! directory has one engine at a time.

mod ahead;
mod audit;
mod automation;
mod backup;
mod commit;
mod earlier;
mod egress;
mod export;
mod feed;
mod files;
mod ingests;
mod lent;
mod load;
mod notifications;
mod numbers;
mod proposals;
mod reconcile;
mod recover;
mod report;
mod resources;
mod retention;
mod runs;
mod simulate;
mod triage;
mod turns;
mod views;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use serde::Serialize;
use tokio::runtime::Runtime;
use utoipa::ToSchema;

use crate::access::{DEFAULT_WORKSPACE, workspace_of};
use crate::graph;
use crate::journal::{self, Journal};
use crate::model::{Fault, FaultClass, Seq, Time};
use crate::query::names::EntityNames;
use crate::query::{Context, Question, Snapshot, Stop};
use crate::triage::incident::Policy;

use commit::Committer;
use turns::Turns;
use views::Views;

pub use audit::{Audit, AuditRequest};
pub use automation::{ActionResult, ActionState, Pass, Run, Tested, TestedAction};
pub use backup::export;
pub use egress::Outside;
pub use export::{ExportPass, ExportStatus};
pub use feed::{Feed, FeedItem, FeedPage, FeedRequest};
pub use ingests::{IngestError, IngestFilter, IngestNote, IngestPage, IngestRecord, IngestRow};
pub use lent::Lent;
pub use load::{Ingested, Progress};
pub use notifications::{Notification, NotificationChoice, NotificationFilter, NotificationPage, NotificationsRead, Unread};
pub use recover::{Verification, ViewVerification, rebuild, verify};
pub use report::{IngestReport, RejectedDocument, UnreadValue};
pub use resources::Define;
pub use retention::{RetentionReport, TableCut, retention_is_due};
pub use runs::{RunFilter, RunPage};
pub use simulate::Simulated;

/// Bounds of an engine; each has a default that suits two cores and a few GiB.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the journal groups, cuts and compresses.
    pub journal: journal::Options,
    /// Documents of one batch at the most.
    pub commit_documents_max: usize,
    /// Bytes of documents from which on a batch takes no further submission; the last one may exceed it by its own size.
    pub commit_bytes_max: usize,
    /// Submissions that may wait for the writer; further callers wait to be let in.
    pub queue_submissions_max: usize,
    /// Documents after which the views are made durable even under load.
    pub persist_documents: u64,
    /// Idle time after which the views are made durable.
    pub persist_idle: Duration,
    /// Questions that are answered at the same time; further ones wait.
    pub questions_max: usize,
    /// Queries among them: questions that may read everything.
    pub queries_max: usize,
    /// Queries that may wait; further ones are refused.
    pub queries_waiting_max: usize,
    /// Time after which a question is given up.
    pub question_deadline: Duration,
    /// What changes of incidents must keep to.
    pub policy: Policy,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            journal: journal::Options::default(),
            commit_documents_max: 4_096,
            commit_bytes_max: 32 << 20,
            queue_submissions_max: 1_024,
            persist_documents: 500_000,
            persist_idle: commit::PERSIST_IDLE,
            questions_max: 16,
            queries_max: 12,
            queries_waiting_max: 128,
            question_deadline: Duration::from_secs(60),
            policy: Policy::default(),
        }
    }
}

/// What writer and readers share.
struct Shared {
    snapshot: ArcSwap<Snapshot>,
    /// Wakes those who follow what changes.
    pulse: tokio::sync::watch::Sender<Pulse>,
}

/// What those who follow the changes wait for.
#[derive(Clone, Copy, Debug, Default)]
struct Pulse {
    /// The last document that readers see.
    seq: Seq,
    /// Whether the engine is about to close.
    stopping: bool,
}

impl Shared {
    /// Makes everything applied so far visible to readers, all views at one sequence number.
    fn publish(&self, views: &mut Views) -> Result<(), Fault> {
        let snapshot = views.snapshot()?;
        let seq = snapshot.seq;
        self.snapshot.store(Arc::new(snapshot));
        self.pulse.send_modify(|pulse| pulse.seq = seq);
        Ok(())
    }
}

/// One data directory, open.
pub struct Engine {
    dir: PathBuf,
    /// Stands for the directory in cursors.
    mark: u32,
    options: Options,
    journal: Arc<Journal>,
    committer: Committer,
    shared: Arc<Shared>,
    /// Runs table queries, apart from any server's runtime.
    runtime: Option<Runtime>,
    turns: Turns,
    lending: lent::Lending,
    /// The end of the chain of changes.
    chain: triage::Chain,
    names: Arc<EntityNames>,
    /// Makes the graph of earlier documents.
    earlier: Arc<earlier::Earlier>,
    /// What watchlists and indicators say, kept from question to question.
    lists: Arc<crate::query::listed::Cache>,
    /// What automation rules have under way.
    automation: Arc<automation::Automation>,
    /// Where exports stand.
    exports: export::Exports,
    /// What is kept of ingests.
    ingests: ingests::Ingests,
    /// What people are told.
    notifications: notifications::Notifications,
    opened: Instant,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// Numbers about an engine.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EngineStats {
    /// Last document that readers see.
    pub seq: u64,
    /// Last document that the journal holds.
    pub journal: u64,
    /// Numbers of the graph: nodes, edges and bytes by part.
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>)]
    pub graph: serde_json::Value,
    /// Rows by table.
    pub tables: std::collections::BTreeMap<String, u64>,
    /// Documents in the full-text index.
    pub fulltext: u64,
    /// Seconds since the engine was opened.
    pub uptime_seconds: u64,
}

impl Engine {
    /// Opens a data directory, makes it if it is not there, and lets every view catch up with the journal.
    ///
    /// Fails if another process has it open (`journal_locked`) or if the journal is damaged (`journal_corrupt`).
    pub fn open(dir: &Path, options: Options) -> Result<Arc<Self>, Fault> {
        std::fs::create_dir_all(dir).map_err(|error| {
            Fault::new(
                FaultClass::Invalid,
                "data_unusable",
                format!("expected a folder that can be written at `{}`, found: {error}", dir.display()),
            )
            .with_hint("name another folder with --data")
        })?;
        let journal = Arc::new(Journal::open(&dir.join("journal"), options.journal.clone())?);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("clew-query")
            .worker_threads(std::thread::available_parallelism().map_or(2, usize::from))
            .thread_stack_size(8 << 20)
            .enable_all()
            .build()
            .map_err(|error| Fault::new(FaultClass::Internal, "runtime_failed", format!("the query runtime cannot start: {error}")))?;
        recover::drop_outdated(dir)?;
        let mut views = Views::open(dir)?;
        recover::catch_up(&mut views, &journal)?;
        let snapshot = views.snapshot()?;
        let pulse = tokio::sync::watch::Sender::new(Pulse { seq: snapshot.seq, stopping: false });
        let shared = Arc::new(Shared { snapshot: ArcSwap::from_pointee(snapshot), pulse });
        let committer = Committer::start(views, Arc::clone(&journal), Arc::clone(&shared), options.clone())?;
        let turns = Turns::of(&options);
        let earlier = earlier::Earlier::new(Arc::clone(&journal), runtime.handle().clone());
        let chain = triage::Chain::new(shared.snapshot.load().records.last_change()?);
        let place = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        Ok(Arc::new(Self {
            dir: dir.to_owned(),
            mark: crc32c::crc32c(place.as_os_str().as_encoded_bytes()),
            options,
            journal,
            committer,
            shared,
            runtime: Some(runtime),
            turns,
            lending: lent::Lending::default(),
            chain,
            names: Arc::default(),
            earlier,
            lists: Arc::default(),
            automation: Arc::default(),
            exports: export::Exports::default(),
            ingests: ingests::Ingests::new(dir),
            notifications: notifications::Notifications::default(),
            opened: Instant::now(),
        }))
    }

    /// The data directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The last document that readers see.
    pub fn seq(&self) -> Seq {
        self.shared.snapshot.load().seq
    }

    /// A fixed state of all views at one sequence number, to ask questions of.
    pub fn context(&self) -> Context {
        Context {
            snapshot: self.shared.snapshot.load_full(),
            journal: Arc::clone(&self.journal),
            earlier: Arc::clone(&self.earlier) as Arc<dyn crate::query::Earlier>,
            until: None,
            workspace: workspace_of(&self.dir).map_or(DEFAULT_WORKSPACE, |(_, name)| name).into(),
            runtime: self.handle(),
            spill: self.dir.join("spill"),
            directory: self.mark,
            names: Arc::clone(&self.names),
            lists: Arc::clone(&self.lists),
            queries: self.dir.join("queries"),
            external: self.dir.join("external"),
            now: Time::now(),
            stop: Stop::default(),
            stays: None,
        }
    }

    /// Answers a question, a brief one at once, any other on the blocking pool, under the engine's deadline and concurrency bound.
    /// Dropping the future ends queries on tables.
    pub async fn ask<Q: Question>(self: &Arc<Self>, question: Q) -> Result<Q::Answer, Fault> {
        let at_once = self.context();
        if let Ok(_permit) = self.turns.questions.try_acquire()
            && question.is_brief(&at_once)
        {
            // Handing over to another thread and back would take longer than the answer.
            let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| question.answer(&at_once)));
            return answer.unwrap_or_else(|_| Err(Fault::new(FaultClass::Internal, "question_failed", format!("`{}` panicked", Q::NAME))));
        }
        drop(at_once);
        let deadline = self.options.question_deadline;
        let answer = async {
            let turn = self.turns.take(question.is_query()).await?;
            let context = self.context();
            let _waiting = context.stop.waiting();
            let task = self.handle().spawn_blocking(move || {
                let _turn = turn;
                question.answer(&context)
            });
            task.await
                .unwrap_or_else(|error| Err(Fault::new(FaultClass::Internal, "question_failed", format!("`{}` failed: {error}", Q::NAME))))
        };
        tokio::time::timeout(deadline, answer).await.unwrap_or_else(|_| {
            let message = format!("`{}` took longer than {} seconds", Q::NAME, deadline.as_secs());
            Err(Fault::new(FaultClass::Limit, "question_timeout", message).with_hint("narrow the time window or lower the limit"))
        })
    }

    /// Answers a question on the calling thread, without deadline.
    pub fn answer<Q: Question>(&self, question: Q) -> Result<Q::Answer, Fault> {
        question.answer(&self.context())
    }

    /// Numbers about the engine.
    pub fn stats(&self) -> EngineStats {
        let snapshot = self.shared.snapshot.load();
        EngineStats {
            seq: snapshot.seq.0,
            journal: self.journal.last().0,
            graph: graph_numbers(&snapshot.graph.stats()),
            tables: snapshot.columns.row_counts(),
            fulltext: snapshot.fulltext.documents(),
            uptime_seconds: self.opened.elapsed().as_secs(),
        }
    }

    /// Lets rules and exports follow what happens and retention keep its settings, until the engine stops.
    ///
    /// A server does so; a command that is soon over does not.
    pub fn start_services(self: &Arc<Self>) {
        self.handle().spawn(Self::automate(Arc::downgrade(self)));
        self.handle().spawn(Self::export_all(Arc::downgrade(self)));
        self.handle().spawn(Self::keep_retention(Arc::downgrade(self)));
        self.handle().spawn(Self::anchor(Arc::downgrade(self)));
    }

    /// Makes every view durable, so that the next start replays nothing.
    pub fn persist(&self) -> Result<(), Fault> {
        self.committer.persist()
    }

    /// Stops the writer, makes every view durable and returns when nothing is left to do.
    pub fn close(&self) -> Result<(), Fault> {
        if let Err(error) = self.ingests.flush() {
            tracing::error!(%error, "the reports of ingests cannot be written");
        }
        self.committer.stop().map_or(Ok(()), |mut views| views.persist())
    }

    fn handle(&self) -> tokio::runtime::Handle {
        self.runtime.as_ref().expect("the runtime lives as long as the engine").handle().clone()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Applied documents are in the journal; a view that cannot be made durable now is replayed at the next start.
        drop(self.close());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn graph_numbers(stats: &graph::Stats) -> serde_json::Value {
    let mut numbers = serde_json::json!({
        "entities": stats.entities, "identities": stats.identities, "keys": stats.keys, "alerts": stats.alerts,
        "alerts_absent": stats.alerts_absent, "incidents": stats.incidents, "incidents_absent": stats.incidents_absent,
        "documents": stats.documents, "involves": stats.involves, "links": stats.links, "aggregates": stats.aggregates,
        "contains": stats.contains, "runs": stats.runs, "bytes": stats.bytes_total(),
    });
    for (part, bytes) in &stats.bytes {
        numbers[format!("bytes_{part}")] = (*bytes).into();
    }
    numbers
}

fn closed() -> Fault {
    Fault::new(FaultClass::Unavailable, "engine_closed", "the engine is closing")
}

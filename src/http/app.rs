//! What all handlers share: the engine (once it is open), metrics, limits. Holds no request.

use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

use super::gate::Gate;
use super::guard::Names;
use super::metrics::Metrics;
use super::reads::ReadLog;
use super::rights::Needs;
use super::workspaces::Workspaces;
use crate::access::LimitSettings;
use crate::engine::Engine;
use crate::model::{Fault, FaultClass};

/// Bounds of one server, each with its default.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest body of a request other than ingest, in bytes.
    pub body_bytes_max: usize,
    /// Largest body of one ingest request as it comes over the wire, in bytes; unpacked sizes have their own limits.
    pub ingest_bytes_max: u64,
    /// Longest time that a request other than ingest may take.
    pub request_time_max: Duration,
    /// Longest silence in the body of a request.
    pub body_silence_max: Duration,
    /// Fewest bytes a second of such a body while the server waits for it, on average over `body_silence_max`.
    pub body_rate_min: u64,
    /// Longest time that a request waits for a server that is still reading its journal.
    pub start_wait_max: Duration,
    /// Longest time that the head of a request may take.
    pub head_time_max: Duration,
    /// Longest time in which a peer may take nothing of what is written to it.
    pub write_time_max: Duration,
    /// Longest time that a connection may wait for its next request.
    pub idle_time_max: Duration,
    /// Most connections at a time; more wait.
    pub connections_max: usize,
    /// Longest time that running requests get when the server stops.
    pub drain_time_max: Duration,
    /// Most connections of one address that is not of this machine; a proxy in front needs more.
    pub connections_per_address_max: usize,
    /// Longest time that the beginning of a TLS connection may take.
    pub handshake_time_max: Duration,
    /// Workspaces that are open at a time, beside the default one.
    pub workspaces_open_max: usize,
    /// Requests a second of one key or person, on average.
    pub requests_per_second_max: f64,
    /// Requests at once of one key or person.
    pub requests_burst_max: f64,
    /// Requests a second of one address that present nothing that opens, on average.
    pub refusals_per_second_max: f64,
    /// Such requests at once.
    pub refusals_burst_max: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 1 << 20,
            ingest_bytes_max: 16 << 30,
            request_time_max: Duration::from_secs(60),
            body_silence_max: Duration::from_secs(30),
            body_rate_min: 32,
            start_wait_max: Duration::from_secs(20),
            head_time_max: Duration::from_secs(10),
            write_time_max: Duration::from_secs(30),
            idle_time_max: Duration::from_secs(60),
            connections_max: 1_024,
            drain_time_max: Duration::from_secs(30),
            connections_per_address_max: 64,
            handshake_time_max: Duration::from_secs(10),
            workspaces_open_max: 8,
            requests_per_second_max: 10_000.0,
            requests_burst_max: 20_000.0,
            refusals_per_second_max: 5.0,
            refusals_burst_max: 50.0,
        }
    }
}

impl Limits {
    /// The bounds that `access.toml` sets, the others as they are.
    pub fn set(&mut self, settings: &LimitSettings) {
        fn take<T: Copy>(limit: &mut T, set: Option<T>) {
            *limit = set.unwrap_or(*limit);
        }
        take(&mut self.requests_per_second_max, settings.requests_per_second_max);
        take(&mut self.requests_burst_max, settings.requests_burst_max);
        take(&mut self.connections_max, settings.connections_max);
        take(&mut self.connections_per_address_max, settings.connections_per_address_max);
        take(&mut self.workspaces_open_max, settings.workspaces_open_max);
    }
}

/// State behind every handler.
#[derive(Debug)]
pub(crate) struct App {
    /// The engines.
    pub(crate) workspaces: Workspaces,
    reads: OnceLock<Arc<ReadLog>>,
    /// Wakes the requests that wait for the engine.
    opened: Notify,
    described: OnceLock<(Bytes, Needs)>,
    /// Who is let in.
    pub(crate) gate: Gate,
    /// Names under which it is known.
    pub(crate) names: Names,
    /// Counters of this server.
    pub(crate) metrics: Metrics,
    /// Bounds of this server.
    pub(crate) limits: Limits,
    /// Tells this server from any other that may later listen at its address.
    pub(crate) instance: String,
}

impl App {
    /// A server whose engine is still being opened: it is alive, but not ready.
    pub(crate) fn starting(limits: Limits) -> Arc<Self> {
        Self::guarded(limits, Gate::open(), Names::local("http"))
    }

    /// A server like it, with a gate.
    pub(crate) fn guarded(limits: Limits, gate: Gate, names: Names) -> Arc<Self> {
        Arc::new(Self {
            workspaces: Workspaces::new(limits.workspaces_open_max),
            reads: OnceLock::new(),
            opened: Notify::new(),
            described: OnceLock::new(),
            gate,
            names,
            metrics: Metrics::default(),
            limits,
            instance: uuid::Uuid::new_v4().to_string(),
        })
    }

    /// A server around an open engine, for who owns its directory.
    pub(crate) fn ready(engine: Arc<Engine>, limits: Limits) -> Arc<Self> {
        let app = Self::starting(limits);
        let _ = app.reads.set(Arc::new(ReadLog::of(engine.dir())));
        if let Err(fault) = app.workspaces.set_default(engine) {
            tracing::warn!(code = fault.code, detail = fault.message, "only the default workspace is known");
        }
        app
    }

    /// Makes the server ready, its keys first; later calls change nothing.
    pub(crate) fn open(&self, engine: Arc<Engine>) -> Result<(), Fault> {
        self.gate.reload(|| super::keys::load(&engine))?;
        let _ = self.reads.set(Arc::new(ReadLog::of(engine.dir())));
        self.workspaces.set_default(engine)?;
        self.opened.notify_waiters();
        Ok(())
    }

    /// The log of reads of sensitive things.
    pub(crate) fn reads(&self) -> Result<Arc<ReadLog>, Fault> {
        self.reads.get().cloned().ok_or_else(starting)
    }

    /// Waits until the engine is open, `start_wait_max` at the longest: who comes while the journal is read need not ask again.
    pub(crate) async fn opened(&self) {
        // Made before the look, so that no opening in between is missed.
        let opened = self.opened.notified();
        if self.default_engine().is_err() {
            let _ = tokio::time::timeout(self.limits.start_wait_max, opened).await;
        }
    }

    /// The engine of the default workspace, or the error of a server that is not ready. Handlers take `Ready` instead: it
    /// gives the engine of the workspace that the request means, and nothing without a right.
    pub(crate) fn default_engine(&self) -> Result<&Arc<Engine>, Fault> {
        self.workspaces.default()
    }

    /// Keeps the API description, and what each route needs.
    pub(crate) fn describe(&self, openapi: Bytes, needs: Needs) {
        let _ = self.described.set((openapi, needs));
    }

    /// The API description.
    pub(crate) fn openapi(&self) -> Bytes {
        self.described.get().map(|(openapi, _)| openapi.clone()).unwrap_or_default()
    }

    /// What each route needs.
    pub(crate) fn needs(&self) -> &Needs {
        static NONE: LazyLock<Needs> = LazyLock::new(Needs::default);
        self.described.get().map_or(&NONE, |(_, needs)| needs)
    }
}

/// The error of a server that is not ready.
pub(crate) fn starting() -> Fault {
    Fault::new(FaultClass::Unavailable, "starting", "clew is still reading its journal").with_hint("ask again when `/v1/ready` answers 200")
}

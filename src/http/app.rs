//! What all handlers share: the engine (once it is open), metrics, limits. Holds no request.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;

use super::metrics::Metrics;
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
    /// Longest silence in the body of an ingest request.
    pub body_silence_max: Duration,
    /// Longest time that the head of a request may take.
    pub head_time_max: Duration,
    /// Longest time that a connection may wait for its next request.
    pub idle_time_max: Duration,
    /// Most connections at a time; more wait.
    pub connections_max: usize,
    /// Longest time that running requests get when the server stops.
    pub drain_time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 1 << 20,
            ingest_bytes_max: 16 << 30,
            request_time_max: Duration::from_secs(60),
            body_silence_max: Duration::from_secs(30),
            head_time_max: Duration::from_secs(10),
            idle_time_max: Duration::from_secs(60),
            connections_max: 1_024,
            drain_time_max: Duration::from_secs(30),
        }
    }
}

/// State behind every handler.
#[derive(Debug)]
pub(crate) struct App {
    engine: OnceLock<Arc<Engine>>,
    openapi: OnceLock<Bytes>,
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
        Arc::new(Self {
            engine: OnceLock::new(),
            openapi: OnceLock::new(),
            metrics: Metrics::default(),
            limits,
            instance: uuid::Uuid::new_v4().to_string(),
        })
    }

    /// A server around an open engine.
    pub(crate) fn ready(engine: Arc<Engine>, limits: Limits) -> Arc<Self> {
        let app = Self::starting(limits);
        app.open(engine);
        app
    }

    /// Makes the server ready; later calls change nothing.
    pub(crate) fn open(&self, engine: Arc<Engine>) {
        // A second engine cannot come: the first one holds the directory.
        let _ = self.engine.set(engine);
    }

    /// The engine, or the error of a server that is not ready.
    pub(crate) fn engine(&self) -> Result<&Arc<Engine>, Fault> {
        self.engine.get().ok_or_else(|| {
            Fault::new(FaultClass::Unavailable, "starting", "clew is still reading its journal")
                .with_hint("ask again when `/v1/ready` answers 200")
        })
    }

    /// Keeps the API description.
    pub(crate) fn describe(&self, openapi: Bytes) {
        let _ = self.openapi.set(openapi);
    }

    /// The API description.
    pub(crate) fn openapi(&self) -> Bytes {
        self.openapi.get().cloned().unwrap_or_default()
    }
}

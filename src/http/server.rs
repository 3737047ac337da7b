//! The server around the router: accept loop with limits, `server.json`, graceful stop. Answers nothing itself.
//!
//! The loop is an own one because `axum::serve` sets no timer, and so no limit on slow heads.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;
use tower_http::compression::CompressionLayer;

use super::app::{App, Limits};
use crate::engine::Engine;
use crate::model::{Fault, FaultClass, Time};

/// What a running server writes into its data directory, so that other commands find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFile {
    /// Address and port that it listens at.
    pub address: SocketAddr,
    /// Id of its process.
    pub pid: u32,
    /// Tells this run from any other; `/v1/health` gives the same.
    pub instance: String,
    /// When it began.
    pub started: Time,
}

impl ServerFile {
    /// The file of the data directory `dir`.
    pub fn path(dir: &Path) -> PathBuf {
        dir.join("server.json")
    }

    /// What the file says, if it is there and readable.
    pub fn read(dir: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(Self::path(dir)).ok()?).ok()
    }

    /// Writes the file as a whole or not at all.
    fn write(&self, dir: &Path) -> io::Result<()> {
        let beside = dir.join("server.json.new");
        std::fs::write(&beside, serde_json::to_vec(self)?)?;
        std::fs::rename(beside, Self::path(dir))
    }
}

/// Refuses an address that other machines reach: there is no sign-in yet.
pub fn loopback(address: SocketAddr) -> Result<SocketAddr, Fault> {
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err(Fault::new(FaultClass::Invalid, "listen_refused", format!("expected a loopback address to listen at, found `{address}`"))
        .with_hint("clew has no sign-in yet: listen at 127.0.0.1 and put a proxy with sign-in or an SSH tunnel in front"))
}

/// Serves the directory `dir` at `address` until `stop` is ready, then lets running requests end.
///
/// Listens at once and is ready when `open` has given the engine; `ready` is then told the address. Returns when
/// everything that was acknowledged is durable.
pub async fn serve(
    dir: PathBuf,
    address: SocketAddr,
    limits: Limits,
    open: impl FnOnce() -> Result<Arc<Engine>, Fault> + Send + 'static,
    ready: impl FnOnce(SocketAddr, Arc<Engine>),
    stop: impl Future<Output = ()>,
) -> Result<(), Fault> {
    let listener = TcpListener::bind(loopback(address)?).await.map_err(|error| listen_failed(address, &error))?;
    let address = listener.local_addr().map_err(|error| listen_failed(address, &error))?;
    let app = App::starting(limits);
    let router = super::layered(Arc::clone(&app)).layer(CompressionLayer::new());
    let (end, ended) = tokio::sync::watch::channel(());
    let accepting = tokio::spawn(accept(listener, router, Arc::clone(&app), ended));
    let opening = tokio::task::spawn_blocking(open);
    let mut stop = pin!(stop);
    let opened = tokio::select! {
        opened = opening => opened.unwrap_or_else(|error| Err(Fault::new(FaultClass::Internal, "open_failed", error.to_string()))),
        () = &mut stop => Err(Fault::new(FaultClass::Unavailable, "stopped", "stopped before the journal was read")),
    };
    let engine = opened?;
    app.open(Arc::clone(&engine));
    let file = ServerFile { address, pid: std::process::id(), instance: app.instance.clone(), started: Time::now() };
    file.write(&dir).map_err(|error| unwritable(&dir, &error))?;
    tracing::info!(%address, dir = %dir.display(), "ready");
    ready(address, Arc::clone(&engine));
    stop.await;
    tracing::info!("stopping: running requests get {} s", app.limits.drain_time_max.as_secs());
    // Streams of changes would go on for ever.
    engine.announce_stop();
    drop(end);
    // The accept loop ends by itself; a panic in it leaves nothing to drain.
    let _ = accepting.await;
    let closed = tokio::task::spawn_blocking(move || engine.close()).await;
    // Another command falls back to the directory itself when the file is stale.
    let _ = std::fs::remove_file(ServerFile::path(&dir));
    tracing::info!("stopped");
    closed.unwrap_or_else(|error| Err(Fault::new(FaultClass::Internal, "close_failed", error.to_string())))
}

fn listen_failed(address: SocketAddr, error: &io::Error) -> Fault {
    Fault::new(FaultClass::Unavailable, "listen_failed", format!("cannot listen at `{address}`: {error}"))
        .with_hint("name another address with `--listen 127.0.0.1:PORT`; port 0 takes a free one")
}

fn unwritable(dir: &Path, error: &io::Error) -> Fault {
    Fault::new(FaultClass::Unavailable, "data_unwritable", format!("cannot write `{}`: {error}", ServerFile::path(dir).display()))
}

/// Accepts connections until `ended` closes, then waits for those that are open, as long as the limit allows.
async fn accept(listener: TcpListener, router: Router, app: Arc<App>, mut ended: tokio::sync::watch::Receiver<()>) {
    let places = Arc::new(Semaphore::new(app.limits.connections_max));
    let graceful = GracefulShutdown::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file handles, or the peer is gone: either passes.
                    tracing::warn!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            // The sender never sends: it is dropped when the server stops.
            _ = ended.changed() => break,
        };
        let connection = connection(stream, router.clone(), Arc::clone(&app), graceful.watcher());
        tokio::spawn(async move {
            connection.await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(app.limits.drain_time_max, graceful.shutdown()).await;
}

/// Serves one connection to its end.
async fn connection(stream: TcpStream, router: Router, app: Arc<App>, watcher: hyper_util::server::graceful::Watcher) {
    let _open = app.metrics.connection();
    let head = Arc::new(Head::default());
    let (arrived, answered) = (Arc::clone(&head), Arc::clone(&head));
    let served = router
        .map_request(move |request: axum::http::Request<hyper::body::Incoming>| {
            arrived.arrived();
            request.map(axum::body::Body::new)
        })
        .map_response(move |response: axum::response::Response| {
            answered.answered();
            response
        });
    let io = TokioIo::new(Watched { stream, head: Arc::clone(&head) });
    let mut http = hyper::server::conn::http1::Builder::new();
    // hyper counts the wait between two requests as part of the next head: so this is the idle limit.
    http.timer(TokioTimer::new()).header_read_timeout(app.limits.idle_time_max).max_buf_size(64 << 10);
    let connection = http.serve_connection(io, TowerToHyperService::new(served));
    tokio::select! {
        // Whatever ends a connection early is the peer's affair.
        _ = watcher.watch(connection) => {}
        () = head.too_slow(app.limits.head_time_max) => tracing::debug!("a connection was closed: its head took too long"),
    }
}

/// Since when the head of a request has been arriving, in milliseconds of an own clock; 0 while none is, the greatest
/// number while a request is being answered (its body may take its time).
#[derive(Debug, Default)]
struct Head(AtomicU64);

fn clock() -> u64 {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed().as_millis() as u64 + 1
}

impl Head {
    fn arriving(&self) {
        // Only the first byte starts the clock.
        let _ = self.0.compare_exchange(0, clock(), Ordering::Relaxed, Ordering::Relaxed);
    }

    fn arrived(&self) {
        self.0.store(u64::MAX, Ordering::Relaxed);
    }

    fn answered(&self) {
        let _ = self.0.compare_exchange(u64::MAX, 0, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Ends when a head has been arriving for longer than `limit`.
    async fn too_slow(&self, limit: Duration) {
        let mut tick = tokio::time::interval((limit / 10).max(Duration::from_millis(10)));
        loop {
            tick.tick().await;
            let since = self.0.load(Ordering::Relaxed);
            if since != 0 && since != u64::MAX && clock().saturating_sub(since) > limit.as_millis() as u64 {
                return;
            }
        }
    }
}

/// A stream that tells when the head of a request begins to arrive.
struct Watched {
    stream: TcpStream,
    head: Arc<Head>,
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.head.arriving();
        }
        polled
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }
}

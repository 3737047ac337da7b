//! The server around the router: accept loop with limits, TLS or not, `server.json`, graceful stop. Answers nothing itself.
//!
//! The loop is an own one because `axum::serve` sets no timer, and so no limit on slow heads.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;
use tower_http::compression::CompressionLayer;

use super::app::{App, Limits};
use super::auth::Peer;
use super::gate::{Gate, Served};
use super::guard::Names;
use super::head::{HEAD_BYTES_MAX, Head, Watched};
use super::people::People;
use super::tls;
use crate::access::{self, Secret, Settings};
use crate::engine::Engine;
use crate::model::{Fault, FaultClass, Time};

/// What a running server writes into its data directory, for its owner alone, so that other commands find it and get in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFile {
    /// Address and port at which this machine reaches it.
    pub address: SocketAddr,
    /// `http` or `https`.
    #[serde(default = "plain")]
    pub scheme: String,
    /// Id of its process.
    pub pid: u32,
    /// Tells this run from any other; `/v1/health` gives the same.
    pub instance: String,
    /// When it began.
    pub started: Time,
    /// Lets the owner of the directory in, as long as this run lasts.
    #[serde(default)]
    pub secret: String,
}

fn plain() -> String {
    "http".to_owned()
}

impl std::fmt::Debug for ServerFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerFile").field("address", &self.address).field("instance", &self.instance).finish_non_exhaustive()
    }
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
    fn write(&self, dir: &Path) -> Result<(), Fault> {
        let text = serde_json::to_string(self)
            .map_err(|error| Fault::new(FaultClass::Internal, "server_file_failed", format!("the file cannot be written: {error}")))?;
        tls::write(&Self::path(dir), &text, true)
    }
}

/// How to serve a data directory.
#[derive(Clone, Debug)]
pub struct Serving {
    /// The data directory.
    pub dir: PathBuf,
    /// Address and port to listen at.
    pub address: SocketAddr,
    /// Bounds.
    pub limits: Limits,
    /// The certificate to show; without one, the server speaks plain HTTP.
    pub tls: Option<tls::Identity>,
    /// Addresses under which others know the server (`https://soc.example`).
    pub public: Vec<String>,
    /// Whether to listen beyond this machine even though not everybody has to sign in over TLS.
    pub unguarded: bool,
}

impl Serving {
    /// Plain HTTP on this machine, with the usual bounds.
    pub fn new(dir: PathBuf, address: SocketAddr) -> Self {
        Self { dir, address, limits: Limits::default(), tls: None, public: Vec::new(), unguarded: false }
    }

    fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

/// Serves a directory until `stop` is ready, then lets running requests end.
///
/// Listens at once and is ready when `open` has given the engine; `ready` is then told the address. At an address that other
/// machines reach, it listens only when the engine is open and says that everybody has to sign in. Returns when everything
/// that was acknowledged is durable.
pub async fn serve(
    serving: Serving,
    open: impl FnOnce() -> Result<Arc<Engine>, Fault> + Send + 'static,
    ready: impl FnOnce(SocketAddr, Arc<Engine>),
    stop: impl Future<Output = ()>,
) -> Result<(), Fault> {
    let (app, acceptor, file) = prepare(&serving)?;
    let address = serving.address;
    let mut stop = pin!(stop);
    let opening = tokio::task::spawn_blocking(open);
    let opened = async {
        let engine = opening.await.unwrap_or_else(|error| Err(Fault::new(FaultClass::Internal, "open_failed", error.to_string())))?;
        app.open(Arc::clone(&engine))?;
        Ok(engine)
    };
    let opened = async {
        tokio::select! {
            opened = opened => opened,
            () = &mut stop => Err(Fault::new(FaultClass::Unavailable, "stopped", "stopped before the journal was read")),
        }
    };
    let begin = async || {
        let listener = TcpListener::bind(address).await.map_err(|error| listen_failed(address, &error))?;
        let bound = listener.local_addr().map_err(|error| listen_failed(address, &error))?;
        let router = super::layered(Arc::clone(&app)).layer(CompressionLayer::new());
        let (end, ended) = tokio::sync::watch::channel(());
        Ok::<_, Fault>((bound, end, tokio::spawn(accept(listener, acceptor.clone(), router, Arc::clone(&app), ended))))
    };
    let ((bound, end, accepting), engine) = if address.ip().is_loopback() {
        let begun = begin().await?;
        (begun, opened.await?)
    } else {
        let engine = opened.await?;
        may_be_reached(&serving, &app)?;
        (begin().await?, engine)
    };
    ServerFile { address: reached(bound), ..file }.write(&serving.dir)?;
    tracing::info!(address = %bound, scheme = serving.scheme(), dir = %serving.dir.display(), "ready");
    engine.start_services();
    tokio::spawn(super::workspaces::tend(Arc::clone(&app)));
    ready(bound, Arc::clone(&engine));
    stop.await;
    tracing::info!("stopping: running requests get {} s", app.limits.drain_time_max.as_secs());
    // Streams of changes would go on for ever.
    engine.announce_stop();
    app.workspaces.announce_stop();
    drop(end);
    // The accept loop ends by itself; a panic in it leaves nothing to drain.
    let _ = accepting.await;
    let closed = tokio::task::spawn_blocking(move || app.workspaces.close().and(engine.close())).await;
    // Another command falls back to the directory itself when the file is stale.
    let _ = std::fs::remove_file(ServerFile::path(&serving.dir));
    tracing::info!("stopped");
    closed.unwrap_or_else(|error| Err(Fault::new(FaultClass::Internal, "close_failed", error.to_string())))
}

/// Everything that can be wrong before anything is opened.
fn prepare(serving: &Serving) -> Result<(Arc<App>, Option<TlsAcceptor>, ServerFile), Fault> {
    let certificates = tls::Certificates::of(&serving.dir);
    let beyond = !serving.address.ip().is_loopback();
    if beyond && serving.tls.is_none() && !serving.unguarded {
        return Err(refused(serving.address, "without TLS")
            .with_hint("serve with `--tls` after `clew key create`, or listen at 127.0.0.1 and put a proxy or an SSH tunnel in front"));
    }
    let acceptor = match &serving.tls {
        None => None,
        Some(identity) => {
            std::fs::create_dir_all(&serving.dir).map_err(|error| unwritable(&serving.dir, &error))?;
            certificates.keep(chrono::Utc::now().date_naive())?;
            Some(TlsAcceptor::from(certificates.config(identity)?))
        }
    };
    let run = format!("clewrun_{}", hex(&access::random::<32>()?));
    let settings = settings(&serving.dir)?;
    let people = settings.oidc.map(|provider| Arc::new(People::new(provider, &serving.dir)));
    if let Some(Err(fault)) = people.as_ref().map(|people| people.refresh(None)) {
        // A provider that cannot be reached now is asked again; nobody comes in by it until then.
        tracing::warn!(code = fault.code, detail = fault.message, "nobody can sign in with the identity provider yet");
    }
    let mut limits = serving.limits.clone();
    limits.set(&settings.limits);
    let served = Served { run: run.clone(), secret: directory_secret(&serving.dir)?, people };
    let mut hosts = if acceptor.is_some() { certificates.names() } else { Vec::new() };
    if let Some(tls::Identity::Given { chain, .. }) = &serving.tls {
        hosts.extend(tls::names_of(chain)?);
    }
    let names = Names::new(serving.scheme(), &[serving.public.as_slice(), settings.public_urls.as_slice()].concat(), hosts, beyond)?;
    let app = App::guarded(limits.clone(), Gate::serving(served, &limits), names);
    let (pid, instance) = (std::process::id(), app.instance.clone());
    let scheme = serving.scheme().to_owned();
    let file = ServerFile { address: serving.address, scheme, pid, instance, started: Time::now(), secret: run };
    Ok((app, acceptor, file))
}

/// The settings of a data directory.
pub(crate) const SETTINGS: &str = "access.toml";

/// What `access.toml` of a data directory says.
pub(crate) fn settings(dir: &Path) -> Result<Settings, Fault> {
    let path = dir.join(SETTINGS);
    match std::fs::read_to_string(&path) {
        Ok(text) => Settings::parse(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(Fault::new(FaultClass::Invalid, "access_settings_invalid", format!("cannot read `{}`: {error}", path.display()))),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The secret that a data directory keeps; made if it is not there.
pub fn directory_secret(dir: &Path) -> Result<Secret, Fault> {
    let path = dir.join("access.secret");
    match std::fs::read_to_string(&path) {
        Ok(text) => Secret::parse(&text).ok_or_else(|| {
            Fault::new(FaultClass::Invalid, "secret_unusable", format!("expected 32 bytes in base64 in `{}`", path.display()))
                .with_hint("delete the file to get a new secret; tokens that were issued end with it")
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(dir).map_err(|error| unwritable(dir, &error))?;
            let secret = Secret::new(access::random()?);
            tls::write(&path, &secret.to_text(), true)?;
            Ok(secret)
        }
        Err(error) => Err(Fault::new(FaultClass::Unavailable, "secret_unusable", format!("cannot read `{}`: {error}", path.display()))),
    }
}

/// Refuses an address that other machines reach while not everybody has to sign in.
fn may_be_reached(serving: &Serving, app: &App) -> Result<(), Fault> {
    if serving.unguarded || app.gate.is_closed()? {
        return Ok(());
    }
    Err(refused(serving.address, "without a key or an identity provider").with_hint("make a key first: `clew key create --role admin`"))
}

fn refused(address: SocketAddr, why: &str) -> Fault {
    Fault::new(FaultClass::Invalid, "listen_refused", format!("expected a loopback address to listen at {why}, found `{address}`"))
}

/// The address at which this machine reaches a server that listens at `bound`.
fn reached(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

fn listen_failed(address: SocketAddr, error: &io::Error) -> Fault {
    Fault::new(FaultClass::Unavailable, "listen_failed", format!("cannot listen at `{address}`: {error}"))
        .with_hint("name another address with `--listen 127.0.0.1:PORT`; port 0 takes a free one")
}

fn unwritable(dir: &Path, error: &io::Error) -> Fault {
    Fault::new(FaultClass::Unavailable, "data_unwritable", format!("cannot write `{}`: {error}", dir.display()))
}

/// Accepts connections until `ended` closes, then waits for those that are open, as long as the limit allows.
async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    app: Arc<App>,
    mut ended: tokio::sync::watch::Receiver<()>,
) {
    let places = Arc::new(Semaphore::new(app.limits.connections_max));
    let addresses = Arc::new(Addresses::default());
    let graceful = GracefulShutdown::new();
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => match place {
                Ok(place) => place,
                Err(_) => break,
            },
            // A server whose places are all taken can be stopped as well.
            _ = ended.changed() => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
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
        // The end of an answer must not wait until the client has acknowledged its beginning.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "a connection keeps waiting for acknowledgements");
        }
        let Some(counted) = addresses.count(peer.ip(), app.limits.connections_per_address_max) else {
            tracing::debug!(%peer, "a connection was closed: its address has `connections_per_address_max` already");
            continue;
        };
        let (router, app, watcher, tls) = (router.clone(), Arc::clone(&app), graceful.watcher(), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => connection(stream, peer, router, app, watcher).await,
                Some(tls) => match tokio::time::timeout(app.limits.handshake_time_max, tls.accept(stream)).await {
                    Ok(Ok(stream)) => connection(stream, peer, router, app, watcher).await,
                    Ok(Err(error)) => tracing::debug!(%peer, %error, "a connection was closed: it speaks no TLS that fits"),
                    Err(_) => tracing::debug!(%peer, "a connection was closed: its handshake took too long"),
                },
            }
            drop((place, counted));
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(app.limits.drain_time_max, graceful.shutdown()).await;
}

/// Open connections by address.
#[derive(Debug, Default)]
struct Addresses(Mutex<HashMap<IpAddr, usize>>);

/// A connection that counts until it is dropped.
struct Counted(Option<(Arc<Addresses>, IpAddr)>);

impl Addresses {
    /// Counts a connection of `address`; none if it has `max` already. This machine may have as many as it likes.
    fn count(self: &Arc<Self>, address: IpAddr, max: usize) -> Option<Counted> {
        if address.is_loopback() {
            return Some(Counted(None));
        }
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        Some(Counted(Some((Arc::clone(self), address))))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some((addresses, address)) = self.0.take() else { return };
        let mut open = addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&address);
            }
        }
    }
}

/// Serves one connection to its end.
async fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: SocketAddr,
    router: Router,
    app: Arc<App>,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let _open = app.metrics.connection();
    let head = Arc::new(Head::default());
    let (arrived, answered) = (Arc::clone(&head), Arc::clone(&head));
    let served = router
        .map_request(move |mut request: axum::http::Request<hyper::body::Incoming>| {
            arrived.arrived();
            request.extensions_mut().insert(Peer(Some(peer)));
            request.map(axum::body::Body::new)
        })
        .map_response(move |response: axum::response::Response| {
            answered.answered();
            response
        });
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&head)));
    let mut http = hyper::server::conn::http1::Builder::new();
    // hyper counts the wait between two requests as part of the next head: so this is the idle limit.
    http.timer(TokioTimer::new()).header_read_timeout(app.limits.idle_time_max).max_buf_size(HEAD_BYTES_MAX);
    let connection = http.serve_connection(io, TowerToHyperService::new(served));
    tokio::select! {
        // Whatever ends a connection early is the peer's affair.
        _ = watcher.watch(connection) => {}
        why = head.too_slow(app.limits.head_time_max, app.limits.write_time_max) => tracing::debug!("a connection was closed: {why}"),
    }
}

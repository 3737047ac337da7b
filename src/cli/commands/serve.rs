//! `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::client::runtime;
use super::super::{Failure, Global};
use crate::engine::{Engine, Options};
use crate::http::{self, Limits};
use crate::model::Fault;

/// Where to listen when nothing is said.
pub(crate) const LISTEN_DEFAULT: &str = "127.0.0.1:8080";

/// Where to listen.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: clew serve --data cases/2021-04 --listen 127.0.0.1:9000")]
pub(crate) struct Serve {
    /// Loopback address and port; port 0 takes a free one
    #[arg(long, default_value = LISTEN_DEFAULT, value_name = "ADDR:PORT")]
    listen: SocketAddr,
}

impl Serve {
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let dir = global.dir();
        let opened = dir.clone();
        let ready = |address: SocketAddr, _| eprintln!("clew listens at http://{address}");
        Ok(until_stopped(dir, self.listen, move || Engine::open(&opened, Options::default()), ready)?)
    }
}

/// Serves until SIGTERM, SIGINT or ctrl-c.
pub(crate) fn until_stopped(
    dir: PathBuf,
    listen: SocketAddr,
    open: impl FnOnce() -> Result<Arc<Engine>, Fault> + Send + 'static,
    ready: impl FnOnce(SocketAddr, Arc<Engine>),
) -> Result<(), Fault> {
    let runtime = runtime()?;
    let served = runtime.block_on(http::serve(dir, listen, Limits::default(), open, ready, stopped()));
    // What still runs has had its time to end.
    runtime.shutdown_background();
    served
}

async fn stopped() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

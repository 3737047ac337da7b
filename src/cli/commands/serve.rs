//! `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::client::runtime;
use super::super::{Failure, Global};
use crate::engine::{Engine, Options};
use crate::http::tls::Identity;
use crate::http::{self, Serving};
use crate::model::Fault;

/// Where to listen when nothing is said.
pub(crate) const LISTEN_DEFAULT: &str = "127.0.0.1:8080";

/// Where to listen, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples: clew serve --data cases/2021-04 --listen 127.0.0.1:9000
          clew key create --role admin && clew serve --tls --listen 0.0.0.0:8443 --public-url https://soc.example:8443")]
pub(crate) struct Serve {
    /// Address and port; port 0 takes a free one. Beyond this machine only with --tls and at least one key
    #[arg(long, default_value = LISTEN_DEFAULT, value_name = "ADDR:PORT")]
    listen: SocketAddr,
    /// Speak TLS, with the certificate of `clew tls init`, which is made if it is not there
    #[arg(long)]
    tls: bool,
    /// Speak TLS with this certificate (PEM, then those that sign it)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key of --tls-cert
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Address under which others know this server, such as that of a proxy; may be given again
    #[arg(long, value_name = "URL")]
    public_url: Vec<String>,
    /// Listen beyond this machine although anybody there could read and change everything
    #[arg(long)]
    insecure_i_know: bool,
}

impl Serve {
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let dir = global.root();
        let opened = dir.clone();
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(chain), Some(key)) => Some(Identity::Given { chain: chain.clone(), key: key.clone() }),
            _ => self.tls.then_some(Identity::Generated),
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let ready = move |address: SocketAddr, _| eprintln!("clew listens at {scheme}://{address}");
        let serving = Serving { tls, public: self.public_url.clone(), unguarded: self.insecure_i_know, ..Serving::new(dir, self.listen) };
        Ok(until_stopped(serving, move || Engine::open(&opened, Options::default()), ready)?)
    }
}

/// Serves until SIGTERM, SIGINT or ctrl-c.
pub(crate) fn until_stopped(
    serving: Serving,
    open: impl FnOnce() -> Result<Arc<Engine>, Fault> + Send + 'static,
    ready: impl FnOnce(SocketAddr, Arc<Engine>),
) -> Result<(), Fault> {
    let runtime = runtime()?;
    let served = runtime.block_on(http::serve(serving, open, ready, stopped()));
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

//! Where questions go: to an engine opened in this process, or to the server that has the directory open.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use serde::Deserialize;
use serde_json::Value;
use tokio::runtime::Runtime;
use tower::ServiceExt;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Connector, DefaultConnector, NextTimeout};

use super::Failure;
use super::fault::Shown;
use super::giving_up::Wanted;
use super::request::Request;
use crate::engine::{Engine, Options};
use crate::http::tls::Certificates;
use crate::http::{self, ServerFile};
use crate::model::{Fault, FaultClass};

/// The code of the fault of a directory that another process has open.
pub(crate) const LOCKED: &str = "journal_locked";

/// Asks questions of one data directory.
pub(crate) enum Client {
    /// The engine is open in this process.
    Here(Here),
    /// A server has the directory open.
    There(There),
}

/// An engine in this process.
pub(crate) struct Here {
    /// The engine.
    pub(crate) engine: Arc<Engine>,
    router: Router,
    runtime: Runtime,
}

/// A server on this machine.
pub(crate) struct There {
    address: SocketAddr,
    /// Scheme and authority of its addresses.
    base: String,
    /// Lets the owner of the directory in; empty until the server is known to be the one.
    secret: String,
    /// The workspace that is meant, if it is not the default one.
    workspace: Option<String>,
    agent: ureq::Agent,
}

/// Finds the server wherever it listens, under the name that its local certificate has.
#[derive(Debug)]
struct At(SocketAddr);

impl Resolver for At {
    fn resolve(&self, _: &axum::http::Uri, _: &ureq::config::Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        addresses.push(self.0);
        Ok(addresses)
    }
}

impl Client {
    /// Finds the directory's server or opens the directory; one without data is an error.
    pub(crate) fn reading(dir: &Path) -> Result<Self, Fault> {
        if !dir.join("journal").is_dir() {
            let message = format!("no data in `{}`", dir.display());
            return Err(Fault::new(FaultClass::NotFound, "data_unknown", message)
                .with_hint("`clew ingest PATH...` makes it, `--data DIR` names another folder, `clew demo` brings sample data"));
        }
        Self::writing(dir)
    }

    /// Finds the directory's server or opens the directory, which is made if it is not there.
    pub(crate) fn writing(dir: &Path) -> Result<Self, Fault> {
        if let Some(there) = There::find(dir) {
            return Ok(Self::There(there));
        }
        if let Some((root, name)) = crate::access::workspace_of(dir)
            && root.join("journal").is_dir()
            && !dir.join("journal").is_dir()
        {
            let message = format!("no workspace `{name}` in `{}`", root.display());
            return Err(Fault::new(FaultClass::NotFound, "workspace_unknown", message)
                .with_hint("`clew workspace create NAME` makes one, `clew workspace list` shows what there is"));
        }
        match Here::open(dir) {
            Ok(here) => Ok(Self::Here(here)),
            Err(fault) if fault.code == LOCKED => match There::find(dir) {
                // A server that began between the two looks.
                Some(there) => Ok(Self::There(there)),
                None => Err(fault.with_hint("another command or a server that is still starting has it open: try again when it is done")),
            },
            Err(fault) => Err(fault),
        }
    }

    /// Sends a request and gives status and body of the answer.
    pub(crate) fn answer(&self, request: &Request) -> Result<(u16, Vec<u8>), Fault> {
        match self {
            Self::Here(here) => here.send(request, std::future::pending()),
            Self::There(there) => there.send(request),
        }
    }

    /// The same until someone gives up; a server ends what nobody waits for.
    fn answer_until(&self, request: &Request, given_up: impl Future<Output = ()>) -> Result<(u16, Vec<u8>), Fault> {
        match self {
            Self::Here(here) => here.send(request, given_up),
            Self::There(there) => there.send_until(request, given_up),
        }
    }

    /// Sends a request and gives the body of the answer; an answer that is an error is a failure.
    pub(crate) fn send(&self, request: &Request) -> Result<Vec<u8>, Failure> {
        shown(request, self.answer(request)?)
    }

    /// The same until someone gives up.
    fn send_until(&self, request: &Request, given_up: impl Future<Output = ()>) -> Result<Vec<u8>, Failure> {
        shown(request, self.answer_until(request, given_up)?)
    }

    /// Sends a request and reads the answer as JSON.
    pub(crate) fn ask(&self, request: &Request) -> Result<Value, Failure> {
        json(&self.send(request)?)
    }

    /// The same until someone gives up, which ends the question too.
    pub(crate) fn ask_until(&self, request: &Request, given_up: impl Future<Output = ()>) -> Result<Value, Failure> {
        json(&self.send_until(request, given_up)?)
    }
}

/// The body of an answer; one that is an error is a failure.
fn shown(request: &Request, (status, body): (u16, Vec<u8>)) -> Result<Vec<u8>, Failure> {
    if (200..300).contains(&status) { Ok(body) } else { Err(Failure::Answer(Shown::read(&body, status, request.text.clone()))) }
}

fn json(body: &[u8]) -> Result<Value, Failure> {
    let unreadable = |error| Fault::new(FaultClass::Internal, "answer_unreadable", format!("expected JSON: {error}"));
    Ok(serde_json::from_slice(body).map_err(unreadable)?)
}

/// Items of a page when all pages are wanted.
pub(crate) const PAGE_ITEMS: u32 = 1_000;

impl Client {
    /// Asks for every page of a list, each of `page` items, and puts the items together; `items` is the member that holds them.
    pub(crate) fn ask_all(&self, request: &Request, items: &str, page: u32) -> Result<Value, Failure> {
        let request = request.clone().with("limit", Some(page));
        let mut answer = self.ask(&request)?;
        while let Some(cursor) = answer["cursor"].as_str() {
            let mut next = self.ask(&request.clone().with("cursor", Some(cursor)))?;
            if let (Value::Array(all), Value::Array(more)) = (&mut answer[items], next[items].take()) {
                all.extend(more);
            }
            for member in ["complete", "cut", "cursor"] {
                answer[member] = next[member].take();
            }
        }
        Ok(answer)
    }
}

impl Here {
    /// Opens the directory.
    pub(crate) fn open(dir: &Path) -> Result<Self, Fault> {
        let runtime = runtime()?;
        let engine = Engine::open(dir, Options::default())?;
        Ok(Self { router: http::router(Arc::clone(&engine)), engine, runtime })
    }

    fn send(&self, request: &Request, given_up: impl Future<Output = ()>) -> Result<(u16, Vec<u8>), Fault> {
        let internal =
            |what: &str, error: &dyn std::fmt::Display| Fault::new(FaultClass::Internal, "request_failed", format!("{what}: {error}"));
        let body = request.body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut built = axum::http::Request::builder().method(request.method()).uri(request.target());
        if let Some(user) = &request.user {
            built = built.header(http::USER, user);
        }
        let request = built.body(body);
        let request = request.map_err(|error| internal("the request cannot be built", &error))?;
        let answer = async {
            let Ok(response) = self.router.clone().oneshot(request).await;
            let status = response.status().as_u16();
            let bytes = to_bytes(response.into_body(), usize::MAX).await;
            Ok((status, bytes.map_err(|error| internal("the answer cannot be read", &error))?.to_vec()))
        };
        self.runtime.block_on(async {
            tokio::select! {
                answer = answer => answer,
                () = given_up => Err(crate::query::given_up()),
            }
        })
    }
}

/// The runtime of this process's requests.
pub(crate) fn runtime() -> Result<Runtime, Fault> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| Fault::new(FaultClass::Unavailable, "runtime_failed", format!("no threads to work with: {error}")))
}

impl There {
    /// The server that the directory names, if it is alive and really the one.
    pub(crate) fn find(dir: &Path) -> Option<Self> {
        #[derive(Deserialize)]
        struct Health {
            instance: String,
        }
        // The server of a workspace is that of the directory around it.
        let around = crate::access::workspace_of(dir).filter(|(root, _)| ServerFile::path(root).is_file());
        let (dir, workspace) = around.map_or((dir, None), |(root, name)| (root, Some(name.to_owned())));
        let file = ServerFile::read(dir)?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(2)))
            .user_agent(concat!("clew/", env!("CARGO_PKG_VERSION")));
        let (config, base) = if file.scheme == "https" {
            let authority = std::fs::read(Certificates::of(dir).authority()).ok()?;
            let roots = RootCerts::Specific(Arc::new(vec![Certificate::from_pem(&authority).ok()?]));
            let config = config.tls_config(TlsConfig::builder().root_certs(roots).build()).build();
            (config, format!("https://localhost:{}", file.address.port()))
        } else {
            (config.build(), format!("http://{}", file.address))
        };
        let agent = ureq::Agent::with_parts(config, DefaultConnector::new(), At(file.address));
        let there = Self { address: file.address, base, secret: String::new(), workspace, agent };
        let (_, body) = there.send(&Request::get("/v1/health")).ok()?;
        let health: Health = serde_json::from_slice(&body).ok()?;
        // Only the server that wrote the file gets to see the secret.
        (health.instance == file.instance).then_some(Self { secret: file.secret, ..there })
    }

    /// The beginning of a request: address, who asks, by what right.
    fn begin(&self, request: &Request) -> axum::http::request::Builder {
        let mut built = axum::http::Request::builder().method(request.method()).uri(format!("{}{}", self.base, request.target()));
        if !self.secret.is_empty() {
            built = built.header("authorization", format!("Bearer {}", self.secret));
        }
        if let Some(user) = &request.user {
            built = built.header(http::USER, user);
        }
        if let Some(workspace) = &self.workspace {
            built = built.header(http::WORKSPACE, workspace);
        }
        built
    }

    fn send(&self, request: &Request) -> Result<(u16, Vec<u8>), Fault> {
        self.send_by(&self.agent, request)
    }

    fn send_by(&self, agent: &ureq::Agent, request: &Request) -> Result<(u16, Vec<u8>), Fault> {
        let built = self.begin(request);
        let answered = match &request.body {
            Some(body) => {
                let built = built.header("content-type", "application/json").body(body.to_string()).map_err(unsendable)?;
                agent.run(built)
            }
            None => agent.run(built.body(()).map_err(unsendable)?),
        };
        self.read(answered)
    }

    /// Sends a request and closes its connection when someone gives up before the answer is there.
    fn send_until(&self, request: &Request, given_up: impl Future<Output = ()>) -> Result<(u16, Vec<u8>), Fault> {
        let wanted = Wanted::default();
        let connector = DefaultConnector::new().chain(wanted.clone());
        let agent = ureq::Agent::with_parts(self.agent.config().clone(), connector, At(self.address));
        let (send, receive) = tokio::sync::oneshot::channel();
        std::thread::scope(|scope| {
            // Nobody reads what was given up.
            scope.spawn(move || drop(send.send(self.send_by(&agent, request))));
            futures::executor::block_on(async {
                tokio::select! {
                    answer = receive => answer.unwrap_or_else(|_| Err(self.lost(&"the question ended without an answer"))),
                    () = given_up => {
                        wanted.give_up();
                        Err(crate::query::given_up())
                    }
                }
            })
        })
    }

    /// Streams a body of any size and reads the answer.
    pub(crate) fn stream(&self, request: &Request, content_type: &str, body: impl Read + 'static) -> Result<Value, Failure> {
        let body = ureq::SendBody::from_owned_reader(body);
        let built = self.begin(request).method("POST").header("content-type", content_type).body(body).map_err(unsendable)?;
        answered(self.read(self.agent.run(built))?)
    }

    /// Has work done that takes as long as the data are many, and reads the answer.
    pub(crate) fn work(&self, request: &Request) -> Result<Value, Failure> {
        answered(self.send(request)?)
    }

    /// Streams the body of an answer to `out` and returns its number of lines.
    pub(crate) fn copy_lines(&self, request: &Request, out: &mut dyn Write) -> Result<u64, Failure> {
        let answered = self.agent.run(self.begin(request).body(()).map_err(unsendable)?);
        let mut response = match answered {
            Ok(response) if response.status() == 200 => response,
            other => {
                let (status, body) = self.read(other)?;
                return Err(Failure::Answer(Shown::read(&body, status, None)));
            }
        };
        let mut body = response.body_mut().with_config().limit(u64::MAX).reader();
        let (mut chunk, mut lines) = (vec![0; 256 << 10], 0);
        loop {
            let read = body.read(&mut chunk).map_err(|error| self.lost(&error))?;
            if read == 0 {
                return Ok(lines);
            }
            lines += chunk[..read].iter().filter(|byte| **byte == b'\n').count() as u64;
            out.write_all(&chunk[..read])?;
        }
    }

    fn lost(&self, error: &dyn std::fmt::Display) -> Fault {
        Fault::new(FaultClass::Unavailable, "server_lost", format!("the server at `{}` does not answer: {error}", self.address))
            .with_hint("is it still running? without it, commands open the directory themselves")
    }

    fn read(&self, answered: Result<axum::http::Response<ureq::Body>, ureq::Error>) -> Result<(u16, Vec<u8>), Fault> {
        let mut response = answered.map_err(|error| self.lost(&error))?;
        let body = response.body_mut().with_config().limit(u64::MAX).read_to_vec().map_err(|error| self.lost(&error))?;
        Ok((response.status().as_u16(), body))
    }
}

fn unsendable(error: axum::http::Error) -> Fault {
    Fault::new(FaultClass::Internal, "request_failed", format!("the request cannot be built: {error}"))
}

/// An answer of success as JSON; one that is an error is a failure.
fn answered((status, body): (u16, Vec<u8>)) -> Result<Value, Failure> {
    if status != 200 {
        return Err(Failure::Answer(Shown::read(&body, status, None)));
    }
    let unreadable = |error| Fault::new(FaultClass::Internal, "answer_unreadable", format!("expected JSON: {error}"));
    Ok(serde_json::from_slice(&body).map_err(unreadable)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_is_given_up_closes_its_connection() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let config = ureq::Agent::config_builder().proxy(None).build();
        let agent = ureq::Agent::with_parts(config, DefaultConnector::new(), At(address));
        let there = There { address, base: format!("http://{address}"), secret: String::new(), workspace: None, agent };
        let (asked, is_asked) = tokio::sync::oneshot::channel();
        // A server that reads the question, and then whatever comes until the connection ends, without ever answering.
        let server = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().expect("a connection");
            let mut begin = [0; 16];
            connection.read_exact(&mut begin).expect("a request");
            asked.send(()).expect("someone waits");
            let mut rest = Vec::new();
            connection.read_to_end(&mut rest).map(|_| begin)
        });
        let given_up = async { is_asked.await.expect("the server says so") };
        let fault = there.send_until(&Request::get("/v1/health"), given_up).expect_err("nobody answers");
        assert_eq!(fault.code, crate::query::given_up().code);
        assert_eq!(&server.join().expect("the server ends").expect("the connection ends"), b"GET /v1/health H");
    }

    #[test]
    fn reading_does_not_make_a_directory() {
        let dir = tempfile::tempdir().expect("a folder");
        let missing = dir.path().join("none");
        let fault = Client::reading(&missing).err().expect("no data is an error");
        assert_eq!((fault.code, fault.message), ("data_unknown", format!("no data in `{}`", missing.display())));
        assert!(!missing.exists());
    }

    #[test]
    fn a_stale_server_file_does_not_matter() {
        let dir = tempfile::tempdir().expect("a folder");
        drop(Here::open(dir.path()).expect("a fresh directory opens"));
        let stale = r#"{"address": "127.0.0.1:1", "pid": 1, "instance": "x", "started": "2021-01-01T00:00:00Z"}"#;
        std::fs::write(ServerFile::path(dir.path()), stale).expect("the folder is writable");
        let client = Client::reading(dir.path()).expect("opens in process");
        assert!(matches!(client, Client::Here(_)));
    }

    #[test]
    fn asks_the_router_in_process() {
        let dir = tempfile::tempdir().expect("a folder");
        let client = Client::writing(dir.path()).expect("a fresh directory opens");
        let page = client.ask(&Request::get("/v1/incidents")).expect("an answer");
        assert_eq!(
            (&page["value"], &page["total"], &page["complete"]),
            (&serde_json::json!([]), &serde_json::json!(0), &serde_json::json!(true))
        );
        let failure = client.ask(&Request::get("/v1/incidents").with("limti", Some(3))).expect_err("an unknown parameter");
        let expected = "error[parameter_unknown]: parameter `limti` is not known here\nhint: a similar parameter is `limit`\n";
        assert_eq!(super::super::fault::text(&failure), expected);
    }
}

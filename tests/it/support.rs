//! What several tests share: an engine on a fresh folder, requests to the router without a socket, a server of its own process.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use clew::engine::{Engine, IngestReport, Options};
use clew::ingest::{self, Input};
use clew::model::Fault;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

/// The folder of real data beside the repository.
pub(crate) fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(file)
}

/// An engine on a folder of its own, behind the native API.
pub(crate) struct Clew {
    pub(crate) engine: Arc<Engine>,
    pub(crate) router: Router,
    pub(crate) folder: TempDir,
}

impl Clew {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    /// An empty one with bounds of its own.
    pub(crate) fn with(options: Options) -> Self {
        Self::open(tempfile::tempdir().expect("a folder for the test"), options)
    }

    /// One on a folder that may hold data.
    pub(crate) fn open(folder: TempDir, options: Options) -> Self {
        let engine = Engine::open(folder.path(), options).expect("the folder opens");
        Self { router: clew::http::router(Arc::clone(&engine)), engine, folder }
    }

    /// Closes the engine and gives its folder.
    pub(crate) fn close(self) -> TempDir {
        self.engine.close().expect("the engine closes");
        self.folder
    }

    /// Takes in a file or folder.
    pub(crate) fn ingest(&self, path: &Path) -> IngestReport {
        self.engine.ingest(Input::Path(path.to_owned()), &ingest::Options::default(), &()).expect("the file can be read")
    }

    /// Takes in bytes under a name.
    pub(crate) fn ingest_bytes(&self, name: &str, bytes: impl Into<Vec<u8>>) -> IngestReport {
        self.ingest_with(name, bytes, &ingest::Options::default())
    }

    /// Takes in bytes under a name, with options.
    pub(crate) fn ingest_with(&self, name: &str, bytes: impl Into<Vec<u8>>, options: &ingest::Options) -> IngestReport {
        self.ingest_reader(name, Box::new(Cursor::new(bytes.into())), options).expect("the bytes can be read")
    }

    /// Takes in a stream.
    pub(crate) fn ingest_reader(&self, name: &str, reader: Box<dyn Read + Send>, options: &ingest::Options) -> Result<IngestReport, Fault> {
        self.engine.ingest(Input::Reader { name: name.to_owned(), reader }, options, &())
    }

    /// The status and body of a GET.
    pub(crate) async fn try_get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// The body of a GET that succeeds.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.try_get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// The status and body of a POST with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::post(path).header("content-type", "application/json").body(Body::from(body.to_string()));
        self.send(request.expect("a request")).await
    }

    /// The status and body of a request of any method, made by a user; without a body if it is null.
    pub(crate) async fn by(&self, user: &str, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("x-clew-user", user);
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request.header("content-type", "application/json").body(body).expect("a request")).await
    }

    /// The status and body of a request with a header of its own; without a body if it is null.
    pub(crate) async fn with_header(&self, method: &str, path: &str, header: (&str, &str), body: &Value) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header(header.0, header.1).header("content-type", "application/json");
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request.body(body).expect("a request")).await
    }

    /// The coding and bytes of the body of a GET that succeeds, as the server compresses it for a client that takes that coding.
    pub(crate) async fn coded(&self, path: &str, coding: &str) -> (Option<String>, Vec<u8>) {
        let request = Request::get(path).header("host", "127.0.0.1:8080").header("accept-encoding", coding);
        let router = self.router.clone().layer(tower_http::compression::CompressionLayer::new());
        let answer = router.oneshot(request.body(Body::empty()).expect("a request")).await.expect("the router answers");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let coding = answer.headers().get("content-encoding").and_then(|coding| coding.to_str().ok()).map(str::to_owned);
        (coding, to_bytes(answer.into_body(), usize::MAX).await.expect("the body is whole").to_vec())
    }

    /// The answer of a SQL query.
    pub(crate) async fn sql(&self, text: &str) -> Value {
        let (status, body) = self.post("/v1/query", &serde_json::json!({ "lang": "sql", "text": text })).await;
        assert_eq!(status, StatusCode::OK, "{text}: {body}");
        body
    }

    async fn send(&self, mut request: Request<Body>) -> (StatusCode, Value) {
        request.headers_mut().insert("host", "127.0.0.1:8080".parse().expect("a header"));
        let answer = self.router.clone().oneshot(request).await.expect("the router answers");
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned())))
    }
}

/// A server of its own process, killed with it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    /// Starts one on any port and waits until it is ready.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// Starts one with further arguments.
    pub(crate) fn start_with(data: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_clew"))
            .args(["serve", "--data"])
            .arg(data)
            .args(arguments)
            .args(if arguments.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] })
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            // The file is written when the server is ready.
            if let Some(address) = address(data, child.id()) {
                return Self { child, address };
            }
            if let Ok(Some(status)) = child.try_wait() {
                let mut said = String::new();
                if let Some(stderr) = &mut child.stderr {
                    let _ = stderr.read_to_string(&mut said);
                }
                panic!("the server ended with {status}: {said}");
            }
            assert!(Instant::now() < deadline, "the server is ready within a minute");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it with `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the server can be killed");
        self.child.wait().expect("the server has ended");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `kill` there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address that the process with this id wrote down.
fn address(data: &Path, pid: u32) -> Option<String> {
    let text = std::fs::read_to_string(data.join("server.json")).ok()?;
    let value: Value = serde_json::from_str(&text).ok()?;
    (value["pid"] == pid).then(|| value["address"].as_str().map(str::to_owned))?
}

/// The JSON of a GET that succeeds.
pub(crate) fn get(address: &str, path: &str) -> Option<Value> {
    let mut answer = ureq::get(format!("http://{address}{path}")).call().ok()?;
    serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()
}

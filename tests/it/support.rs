//! What several tests share: an engine on a fresh folder, requests to the router without a socket.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use clew::engine::{Engine, IngestReport, Options};
use clew::ingest::{self, Input};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

/// The folder of real data beside the repository.
pub fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(file)
}

/// An engine on a folder of its own, behind the native API.
pub struct Clew {
    pub engine: Arc<Engine>,
    pub router: Router,
    pub folder: TempDir,
}

impl Clew {
    /// An empty one.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let engine = Engine::open(folder.path(), Options::default()).expect("an empty folder opens");
        Self { router: clew::http::router(Arc::clone(&engine)), engine, folder }
    }

    /// Takes in a file or folder.
    pub fn ingest(&self, path: &Path) -> IngestReport {
        self.engine.ingest(Input::Path(path.to_owned()), &ingest::Options::default(), &()).expect("the file can be read")
    }

    /// Takes in bytes under a name.
    pub fn ingest_bytes(&self, name: &str, bytes: impl Into<Vec<u8>>) -> IngestReport {
        self.ingest_with(name, bytes, &ingest::Options::default())
    }

    /// Takes in bytes under a name, with options.
    pub fn ingest_with(&self, name: &str, bytes: impl Into<Vec<u8>>, options: &ingest::Options) -> IngestReport {
        let reader = Box::new(Cursor::new(bytes.into()));
        self.engine.ingest(Input::Reader { name: name.to_owned(), reader }, options, &()).expect("the bytes can be read")
    }

    /// The status and body of a GET.
    pub async fn try_get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// The body of a GET that succeeds.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.try_get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// The status and body of a POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::post(path).header("content-type", "application/json").body(Body::from(body.to_string()));
        self.send(request.expect("a request")).await
    }

    /// The answer of a SQL query.
    pub async fn sql(&self, text: &str) -> Value {
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

//! The log of a table in the Delta protocol: which files belong to it, its schema, and the position that it has reached.
//!
//! `delta_kernel` 0.30.1 comes without an engine (the default one is a crate of its own), hides the JSON helpers that an engine
//! needs behind an internal feature, and cannot express a change of a column's type; so the few actions needed here are written
//! by the public protocol: reader version 1, writer version 2, JSON commits put only if absent, Parquet checkpoints.
//! This module never looks into data files.

mod action;
mod checkpoint;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use serde_json::{Value, json};

pub(super) use action::{Add, FileStats};

use super::error::ColumnsError;
use super::types::TableSchema;

/// Number of commits between two checkpoints.
const CHECKPOINT_EVERY: u64 = 64;
/// Name under which the view's position stands in the `txn` actions.
pub(super) const APP_ID: &str = "clew-columns";

/// A table's log, read to its end.
#[derive(Clone, Debug)]
pub(super) struct Log {
    /// Folder of the table.
    pub(super) root: Path,
    /// The last version; none before the first commit.
    pub(super) version: Option<u64>,
    /// Identifies the table.
    id: String,
    /// When it was made, in milliseconds.
    created: i64,
    /// The schema that the log declares.
    pub(super) schema: Option<Arc<TableSchema>>,
    /// The last document whose rows are in the files.
    pub(super) position: u64,
    /// The files, by path.
    pub(super) files: BTreeMap<String, Add>,
}

/// What one commit changes.
#[derive(Debug)]
pub(super) struct Change {
    /// The table's schema behind the commit.
    pub(super) schema: Arc<TableSchema>,
    /// The last document whose rows are in the files behind the commit.
    pub(super) position: u64,
    /// Files that join.
    pub(super) add: Vec<Add>,
    /// Files that leave.
    pub(super) remove: Vec<String>,
    /// Whether rows join or only move.
    pub(super) data_change: bool,
    /// When, in milliseconds.
    pub(super) now: i64,
}

impl Log {
    /// The log of a table that does not exist yet.
    pub(super) fn new(root: Path, now: i64) -> Self {
        let id = uuid::Uuid::new_v4().to_string();
        Self { root, version: None, id, created: now, schema: None, position: 0, files: BTreeMap::new() }
    }

    /// Reads the log of the table `name` in `root`; none if there is no commit.
    pub(super) async fn read(store: &dyn ObjectStore, root: Path, name: &str) -> Result<Option<Self>, ColumnsError> {
        let mut log = Self::new(root, 0);
        let mut from = 0;
        if let Some(version) = checkpoint::last(store, &log.root).await? {
            for action in checkpoint::read(store, &log.root, version).await? {
                log.replay(&action, name)?;
            }
            log.version = Some(version);
            from = version + 1;
        }
        let folder = log.root.clone().join("_delta_log");
        let listed: Vec<_> = store.list(Some(&folder)).try_collect().await?;
        let mut commits: Vec<u64> =
            listed.iter().filter_map(|meta| commit_version(meta.location.filename()?)).filter(|v| *v >= from).collect();
        commits.sort_unstable();
        for version in commits {
            if version != from {
                return Err(log.damaged(format!("no commit {from} before commit {version}")));
            }
            let text = store.get(&commit_path(&log.root, version)).await?.bytes().await?;
            if text.is_empty() {
                return Err(log.damaged(format!("an empty commit {version}")));
            }
            for line in text.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
                let action = serde_json::from_slice(line).map_err(|error| log.damaged(format!("commit {version}: {error}")))?;
                log.replay(&action, name)?;
            }
            log.version = Some(version);
            from = version + 1;
        }
        Ok(log.version.is_some().then_some(log))
    }

    fn replay(&mut self, action: &Value, name: &str) -> Result<(), ColumnsError> {
        if let Some(add) = action.get("add").filter(|a| !a.is_null()) {
            let add = Add::from_json(add).ok_or_else(|| self.damaged(format!("the action {action}")))?;
            self.files.insert(add.path.clone(), add);
        } else if let Some(path) = action.pointer("/remove/path").and_then(Value::as_str) {
            self.files.remove(&action::decode_path(path));
        } else if let Some(version) = action.pointer("/txn/version").and_then(Value::as_u64) {
            self.position = self.position.max(version);
        } else if let Some(metadata) = action.get("metaData").filter(|m| !m.is_null()) {
            let text = metadata.get("schemaString").and_then(Value::as_str).unwrap_or_default();
            let name = metadata.get("name").and_then(Value::as_str).unwrap_or(name);
            let schema = serde_json::from_str(text).ok().and_then(|schema| TableSchema::from_delta(name.into(), &schema));
            self.schema = Some(Arc::new(schema.ok_or_else(|| self.damaged(format!("the schema {text}")))?));
            self.id = metadata.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            self.created = metadata.get("createdTime").and_then(Value::as_i64).unwrap_or_default();
        } else if let Some(version) = action.pointer("/protocol/minReaderVersion").and_then(Value::as_u64)
            && version > 1
        {
            return Err(self.damaged(format!("reader version {version}")));
        }
        Ok(())
    }

    /// Writes one commit durably and takes over what it changes. A commit that another writer made first is a conflict.
    pub(super) async fn commit(&mut self, store: &dyn ObjectStore, change: Change) -> Result<(), ColumnsError> {
        let version = self.version.map_or(0, |v| v + 1);
        let text = self.render(&change, version);
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let put = store.put_opts(&commit_path(&self.root, version), PutPayload::from(text), options).await;
        match put {
            Err(object_store::Error::AlreadyExists { .. }) => {
                return Err(ColumnsError::Conflict { table: self.root.to_string(), version });
            }
            other => other?,
        };
        self.version = Some(version);
        for path in &change.remove {
            self.files.remove(path);
        }
        self.files.extend(change.add.into_iter().map(|add| (add.path.clone(), add)));
        self.position = change.position;
        self.schema = Some(change.schema);
        if version > 0 && version.is_multiple_of(CHECKPOINT_EVERY) {
            // A missing checkpoint costs the next start time, never data.
            if let Err(error) = checkpoint::write(store, self).await {
                tracing::warn!(table = %self.root, %error, "checkpoint of a table log was not written");
            }
        }
        Ok(())
    }

    fn render(&self, change: &Change, version: u64) -> String {
        let operation = if change.data_change { "WRITE" } else { "OPTIMIZE" };
        let engine = concat!("clew/", env!("CARGO_PKG_VERSION"));
        let blind = change.remove.is_empty();
        let mut lines = vec![json!({"commitInfo": {
            "timestamp": change.now, "operation": operation, "operationParameters": {}, "engineInfo": engine, "isBlindAppend": blind,
        }})];
        if version == 0 {
            lines.push(self.protocol());
        }
        if self.schema.as_ref().is_none_or(|schema| !schema.same_as(&change.schema)) {
            lines.push(self.metadata(&change.schema));
        }
        lines.push(json!({"txn": {"appId": APP_ID, "version": change.position, "lastUpdated": change.now}}));
        for path in &change.remove {
            let size = self.files.get(path).map_or(0, |add| add.size);
            lines.push(json!({"remove": {
                "path": action::encode_path(path), "deletionTimestamp": change.now, "dataChange": change.data_change,
                "extendedFileMetadata": false, "size": size,
            }}));
        }
        lines.extend(change.add.iter().map(|add| json!({"add": add.to_json(change.data_change)})));
        let mut text = String::new();
        for line in lines {
            text.push_str(&line.to_string());
            text.push('\n');
        }
        text
    }

    fn protocol(&self) -> Value {
        json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}})
    }

    fn metadata(&self, schema: &TableSchema) -> Value {
        json!({"metaData": {
            "id": self.id,
            "name": *schema.name,
            "format": {"provider": "parquet", "options": {}},
            "schemaString": schema.delta().to_string(),
            "partitionColumns": [super::types::DAY],
            "configuration": {},
            "createdTime": self.created,
        }})
    }

    fn damaged(&self, found: String) -> ColumnsError {
        ColumnsError::Log { table: self.root.to_string(), found }
    }
}

fn commit_path(root: &Path, version: u64) -> Path {
    root.clone().join("_delta_log").join(format!("{version:020}.json"))
}

fn commit_version(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".json")?;
    (digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;
    use crate::columns::types::ColumnType;

    fn add(path: &str) -> Add {
        let stats = FileStats { rows: 3, time: Some((1, 5)), undated: 0, seq: (1, 3) };
        Add { path: path.to_owned(), day: Some("2021-04-28".to_owned()), size: 10, modified: 7, stats }
    }

    fn change(schema: &Arc<TableSchema>, position: u64, add: Vec<Add>, remove: Vec<String>) -> Change {
        Change { schema: Arc::clone(schema), position, add, remove, data_change: true, now: 1_000 }
    }

    #[tokio::test]
    async fn log_is_read_back_with_and_without_checkpoint() {
        let store = InMemory::new();
        let root = Path::from("SigninLogs");
        let schema = Arc::new(TableSchema::new("SigninLogs", [("ResultType".into(), ColumnType::String)]));
        let mut log = Log::new(root.clone(), 1_000);
        for n in 0..150u64 {
            let remove = if n % 10 == 9 { vec![format!("f{}", n - 1)] } else { Vec::new() };
            log.commit(&store, change(&schema, n + 1, vec![add(&format!("f{n}"))], remove)).await.expect("commits");
        }
        let read = Log::read(&store, root.clone(), "SigninLogs").await.expect("reads").expect("is there");
        assert_eq!((read.version, read.position, read.files.len()), (Some(149), 150, 135));
        assert_eq!(read.files, log.files);
        assert!(read.schema.as_ref().is_some_and(|s| s.same_as(&schema)));
        store.delete(&root.clone().join("_delta_log").join("_last_checkpoint")).await.expect("deletes");
        let whole = Log::read(&store, root, "SigninLogs").await.expect("reads").expect("is there");
        assert_eq!((whole.version, whole.position, whole.files), (read.version, read.position, read.files));
    }

    #[tokio::test]
    async fn second_writer_and_damage_are_refused() {
        let store = InMemory::new();
        let schema = Arc::new(TableSchema::new("T", []));
        let (mut one, mut two) = (Log::new(Path::from("T"), 0), Log::new(Path::from("T"), 0));
        one.commit(&store, change(&schema, 1, vec![], vec![])).await.expect("commits");
        assert!(matches!(two.commit(&store, change(&schema, 1, vec![], vec![])).await, Err(ColumnsError::Conflict { version: 0, .. })));
        store.put(&commit_path(&Path::from("T"), 1), PutPayload::from("")).await.expect("writes");
        assert!(matches!(Log::read(&store, Path::from("T"), "T").await, Err(ColumnsError::Log { .. })));
    }
}

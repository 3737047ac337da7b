//! Who read what shows much or secret things (raw documents, exports, logs of changes, keys): a line for each, written and
//! durable before the answer begins. Each line names the fingerprint of the one before, so that a changed or dropped one shows.
//!
//! The log belongs to the server and is no part of any workspace: reads must not change what is read.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::HttpMethod;
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::auth::Granted;
use super::error::ApiError;
use super::extract::Ask;
use super::routes::{About, Routes, json};
use crate::access::Scope;
use crate::model::{Fault, FaultClass, Time};

/// Lines of an answer when nothing is said, and at the most.
const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;

/// A read that was let through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SensitiveRead {
    /// Number of the line, from 1.
    #[serde(default)]
    pub(crate) number: u64,
    /// When.
    #[schema(value_type = String)]
    pub(crate) time: Time,
    /// Name of who asked.
    pub(crate) name: String,
    /// What keys and persons are known by when names change.
    pub(crate) id: String,
    /// The workspace.
    pub(crate) workspace: String,
    /// The operation.
    pub(crate) operation: String,
    /// The path that was asked for.
    pub(crate) path: String,
    /// The address that it was asked from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    /// Fingerprint of the line before.
    #[serde(default)]
    pub(crate) previous: String,
}

/// The log of a data directory.
#[derive(Debug)]
pub(crate) struct ReadLog {
    path: PathBuf,
    end: Mutex<Option<End>>,
}

#[derive(Debug)]
struct End {
    file: File,
    number: u64,
    fingerprint: String,
}

fn fingerprint(line: &str) -> String {
    blake3::hash(line.as_bytes()).to_hex().to_string()
}

impl ReadLog {
    /// The log of the data directory `dir`; it is opened when it is first written.
    pub(crate) fn of(dir: &Path) -> Self {
        Self { path: dir.join("audit").join("reads.jsonl"), end: Mutex::new(None) }
    }

    /// Writes a read and returns when it is durable. Blocks.
    pub(crate) fn write(&self, mut read: SensitiveRead) -> Result<(), Fault> {
        let failed = |error: io::Error| {
            Fault::new(FaultClass::Unavailable, "read_log_unwritable", format!("cannot write `{}`: {error}", self.path.display()))
                .with_hint("what is sensitive is not shown while reads of it cannot be logged")
        };
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        // A write that failed may have left a part of a line: the end is looked for anew.
        let mut present = match end.take() {
            Some(present) => present,
            None => self.open().map_err(failed)?,
        };
        read.number = present.number + 1;
        read.previous.clone_from(&present.fingerprint);
        let mut line = serde_json::to_string(&read).map_err(|error| failed(error.into()))?;
        let fingerprint = fingerprint(&line);
        line.push('\n');
        present.file.write_all(line.as_bytes()).and_then(|()| present.file.sync_data()).map_err(failed)?;
        *end = Some(End { number: read.number, fingerprint, ..present });
        Ok(())
    }

    /// Finds the end; a part of a line behind it was never acknowledged and is cut off.
    fn open(&self) -> io::Result<End> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let file = options.open(&self.path)?;
        let (mut number, mut last, mut bytes) = (0, String::new(), 0);
        let mut reader = BufReader::new(&file);
        let mut line = String::new();
        while reader.read_line(&mut line)? > 0 {
            if let Some(whole) = line.strip_suffix('\n') {
                number += 1;
                bytes += line.len() as u64;
                last = fingerprint(whole);
            }
            line.clear();
        }
        file.set_len(bytes)?;
        Ok(End { file, number, fingerprint: last })
    }

    /// The latest reads of the workspaces of `scope`, the newest first, and the first line that does not follow the one before.
    fn list(&self, scope: &Scope, limit: usize, before: Option<u64>) -> io::Result<ReadList> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ReadList::default()),
            Err(error) => return Err(error),
        };
        let (mut found, mut previous, mut broken_at, mut more) = (VecDeque::new(), String::new(), None, false);
        for (number, line) in (1..).zip(BufReader::new(file).lines()) {
            let line = line?;
            match serde_json::from_str::<SensitiveRead>(&line) {
                Ok(read) => {
                    if read.previous != previous || read.number != number {
                        broken_at = broken_at.or(Some(number));
                    }
                    if before.is_none_or(|before| number < before) && scope.holds(&read.workspace) {
                        found.push_front(read);
                        more |= found.len() > limit;
                        found.truncate(limit);
                    }
                }
                Err(_) => broken_at = broken_at.or(Some(number)),
            }
            previous = fingerprint(&line);
        }
        let cursor = found.back().filter(|_| more).map(|read| read.number.to_string());
        Ok(ReadList { value: found.into(), complete: !more, cursor, whole: broken_at.is_none(), broken_at })
    }
}

/// Which reads to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReadsRequest {
    /// Reads of the page, 100 if not given, 1,000 at the most.
    limit: Option<usize>,
    /// Goes on where the last page ended.
    cursor: Option<u64>,
}

/// Reads of sensitive things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ReadList {
    /// The reads, the newest first.
    value: Vec<SensitiveRead>,
    /// Whether there are no earlier ones.
    complete: bool,
    /// Leads on to earlier ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    /// Whether no line was changed, dropped or slipped in.
    whole: bool,
    /// The first line that does not follow the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_at: Option<u64>,
}

impl Default for ReadList {
    fn default() -> Self {
        Self { value: Vec::new(), complete: true, cursor: None, whole: true, broken_at: None }
    }
}

/// Adds the operation.
pub(crate) fn add(routes: &mut Routes) {
    let summary = "Lists who read raw documents, exports, logs of changes and keys, and says whether the log is whole";
    let about = About { id: "sensitive_reads", tag: "access", summary };
    let operation = routes.operation::<ReadsRequest, ReadList>("/v1/audit/reads", about);
    routes.add("/v1/audit/reads", HttpMethod::Get, operation, get(list));
}

async fn list(State(app): State<Arc<App>>, granted: Granted, Ask(request): Ask<ReadsRequest>) -> Result<Response, ApiError> {
    let log = app.reads()?;
    let limit = request.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
    let done = tokio::task::spawn_blocking(move || log.list(&granted.identity().scope, limit, request.cursor)).await;
    let failed = |error: String| Fault::new(FaultClass::Internal, "read_log_failed", format!("the log of reads cannot be read: {error}"));
    json(&done.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(workspace: &str, path: &str) -> SensitiveRead {
        SensitiveRead {
            number: 0,
            time: Time::from_micros(1_700_000_000_000_000),
            name: "ana".into(),
            id: "1".into(),
            workspace: workspace.into(),
            operation: "alert_raw".into(),
            path: path.into(),
            address: None,
            previous: String::new(),
        }
    }

    #[test]
    fn lines_follow_each_other_and_a_changed_one_shows() {
        let dir = tempfile::tempdir().expect("a folder");
        let log = ReadLog::of(dir.path());
        let list = |log: &ReadLog, scope: &Scope, limit, before| log.list(scope, limit, before).expect("the log can be read");
        assert_eq!(list(&log, &Scope::All, 10, None), ReadList::default());
        for (workspace, path) in [("default", "/1"), ("case", "/2"), ("default", "/3")] {
            log.write(read(workspace, path)).expect("the folder is writable");
        }
        // The next run goes on where this one ended, behind whatever a crash left.
        let mut file = OpenOptions::new().append(true).open(&log.path).expect("the log");
        file.write_all(b"{\"number\":4,").expect("the log can be written");
        let log = ReadLog::of(dir.path());
        log.write(read("default", "/4")).expect("the folder is writable");
        let paths = |list: &ReadList| list.value.iter().map(|read| read.path.clone()).collect::<Vec<_>>();
        let all = list(&log, &Scope::All, 10, None);
        assert_eq!((paths(&all), all.whole, all.complete), (vec!["/4".to_owned(), "/3".into(), "/2".into(), "/1".into()], true, true));
        let page = list(&log, &Scope::All, 2, None);
        assert_eq!((paths(&page), page.cursor.as_deref()), (vec!["/4".to_owned(), "/3".into()], Some("3")));
        let rest = list(&log, &Scope::All, 2, Some(3));
        assert_eq!((paths(&rest), rest.cursor), (vec!["/2".to_owned(), "/1".into()], None));
        let one = list(&log, &Scope::of(["case".to_owned()]), 10, None);
        assert_eq!((paths(&one), one.whole), (vec!["/2".to_owned()], true));

        let text = std::fs::read_to_string(&log.path).expect("the log");
        let lines: Vec<&str> = text.lines().collect();
        let cases = [
            (text.replace("\"/2\"", "\"/9\""), Some(3)),
            ([lines[0], lines[2], lines[3]].join("\n") + "\n", Some(2)),
            ([lines[0], lines[0], lines[1]].join("\n") + "\n", Some(2)),
            (text.replace("{\"number\":2", "{\"numbr\":2"), Some(2)),
        ];
        for (changed, broken_at) in cases {
            std::fs::write(&log.path, changed).expect("the log can be written");
            let list = list(&log, &Scope::All, 10, None);
            assert_eq!((list.whole, list.broken_at), (false, broken_at));
        }
    }
}

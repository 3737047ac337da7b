//! Records on sled: the only place that knows it. Never the only copy of anything.
//!
//! sled 0.34 survives a killed process but its `flush` does not fsync, it may panic on files that a power cut left, and
//! it checks no value. So every call is guarded against panics, every value carries a checksum, files are synced here,
//! and a store that does not open in time is set aside for a new one.
//!
//! ```text
//! value = format u8, kind u8 (first byte of the key), CRC32C u32 of key, kind, seq and payload, seq u64, payload
//! ```

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use crc32c::{crc32c, crc32c_append};

use super::store::{KeyRange, Op, RecordStore, StoreError, Visit};
use crate::model::{Seq, Time};

const FORMAT: u64 = 1;
const VALUE_FORMAT: u8 = 1;
const HEAD: usize = 14;
const FORMAT_KEY: &[u8] = b"\0format";
const LOCK_RETRY: Duration = Duration::from_millis(20);
const APPLIED_KEY: &[u8] = b"\0applied";

/// How sled is opened.
#[derive(Clone, Copy, Debug)]
pub struct SledOptions {
    /// Bytes of sled's cache; the process takes several times as many.
    pub cache_bytes: u64,
    /// The longest wait for sled to open a store.
    pub open_wait: Duration,
    /// The longest wait for another holder of the store to let it go; a process that was just forked holds it for a moment.
    pub lock_wait: Duration,
}

impl Default for SledOptions {
    fn default() -> Self {
        Self { cache_bytes: 64 * 1024 * 1024, open_wait: Duration::from_secs(30), lock_wait: Duration::from_secs(2) }
    }
}

/// A store that did not open and was moved out of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where it is now.
    pub path: PathBuf,
    /// Why it did not open.
    pub reason: String,
}

/// A store on sled.
pub struct SledStore {
    folder: PathBuf,
    db: ::sled::Db,
    applied: AtomicU64,
}

impl std::fmt::Debug for SledStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SledStore").field("folder", &self.folder).field("applied", &self.applied).finish_non_exhaustive()
    }
}

impl SledStore {
    /// Opens the store of a folder, or begins one.
    ///
    /// What does not open, in whatever way, is set aside, and an empty store takes its place: it is to be rebuilt from the
    /// journal. Only a store in use and one of an unknown format are left where they are.
    pub fn open(folder: &Path, options: SledOptions) -> Result<(Self, Option<SetAside>), StoreError> {
        let reason = match open_when_free(folder, options) {
            Ok(store) => return Ok((store, None)),
            Err(error @ (StoreError::Locked { .. } | StoreError::UnknownFormat { .. })) => return Err(error),
            Err(error) => error.to_string(),
        };
        let path = folder.with_added_extension(format!("bad-{}", Time::now().micros()));
        tracing::error!(%reason, path = %path.display(), "the records do not open and are set aside");
        fs::rename(folder, &path).map_err(|error| StoreError::failed("set aside", error))?;
        match open_when_free(folder, options) {
            Ok(store) => Ok((store, Some(SetAside { path, reason }))),
            Err(error) => {
                // An empty store does not open either: it is the disk's fault, and the old store may be as good as ever.
                let back = fs::remove_dir_all(folder).or_else(absent_is_fine).and_then(|()| fs::rename(&path, folder));
                back.map_err(|error| StoreError::failed("put back", error))?;
                Err(error)
            }
        }
    }
}

fn absent_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn open_when_free(folder: &Path, options: SledOptions) -> Result<SledStore, StoreError> {
    let deadline = Instant::now() + options.lock_wait;
    loop {
        match open_in_time(folder, options) {
            Err(StoreError::Locked { .. }) if Instant::now() < deadline => thread::sleep(LOCK_RETRY),
            other => return other,
        }
    }
}

/// Opens a store in a thread of its own, which is left behind if it does not come back.
fn open_in_time(folder: &Path, options: SledOptions) -> Result<SledStore, StoreError> {
    let (sender, receiver) = mpsc::channel();
    let path = folder.to_owned();
    let open = move || {
        // Nobody listens any more after the deadline.
        let _ = sender.send(guard("open", || open_now(&path, options.cache_bytes)));
    };
    thread::Builder::new().name("clew-records-open".to_owned()).spawn(open).map_err(|error| StoreError::failed("open", error))?;
    match receiver.recv_timeout(options.open_wait) {
        Ok(result) => result,
        Err(_) => Err(StoreError::failed("open", format!("no answer within {:?}", options.open_wait))),
    }
}

fn open_now(folder: &Path, cache_bytes: u64) -> Result<SledStore, StoreError> {
    let db = ::sled::Config::new().path(folder).cache_capacity(cache_bytes).open().map_err(|error| match error {
        // sled names a held lock by its text only.
        ::sled::Error::Io(error) if error.to_string().contains("could not acquire lock") => StoreError::Locked { path: folder.to_owned() },
        error => StoreError::failed("open", error),
    })?;
    let number = |key: &[u8]| -> Result<Option<u64>, StoreError> {
        let Some(value) = db.get(key).map_err(|error| StoreError::failed("open", error))? else { return Ok(None) };
        let payload = payload(key, &value)?;
        Ok(Some(u64::from_le_bytes(payload.try_into().map_err(|_| damaged(key))?)))
    };
    match number(FORMAT_KEY)? {
        Some(FORMAT) => {}
        Some(found) => return Err(StoreError::UnknownFormat { path: folder.to_owned(), found, known: FORMAT }),
        None if db.is_empty() => {
            let value = framed(FORMAT_KEY, Seq(0), &FORMAT.to_le_bytes());
            db.insert(FORMAT_KEY, value).map_err(|error| StoreError::failed("open", error))?;
        }
        None => return Err(StoreError::failed("open", "a store that lost its format number")),
    }
    let applied = number(APPLIED_KEY)?.unwrap_or(0);
    Ok(SledStore { folder: folder.to_owned(), db, applied: AtomicU64::new(applied) })
}

impl RecordStore for SledStore {
    fn apply(&self, seq: Seq, ops: &[Op]) -> Result<(), StoreError> {
        if seq <= self.applied_seq() {
            return Ok(());
        }
        guard("write", || {
            let mut batch = ::sled::Batch::default();
            for op in ops {
                match op {
                    Op::Put { key, value } => batch.insert(&key[..], framed(key, seq, value)),
                    Op::Delete { key } => batch.remove(&key[..]),
                }
            }
            batch.insert(APPLIED_KEY, framed(APPLIED_KEY, seq, &seq.0.to_le_bytes()));
            self.db.apply_batch(batch).map_err(|error| StoreError::failed("write", error))
        })?;
        self.applied.store(seq.0, Ordering::Release);
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        let value = guard("read", || self.db.get(key).map_err(|error| StoreError::failed("read", error)))?;
        value.map(|value| payload(key, &value).map(Bytes::copy_from_slice)).transpose()
    }

    fn scan(&self, range: &KeyRange, visit: Visit<'_>) -> Result<(), StoreError> {
        if range.is_empty() {
            return Ok(());
        }
        guard("read", || {
            let start = range.start.clone();
            let entries = match range.end.clone() {
                Some(end) => self.db.range(start..end),
                None => self.db.range(start..),
            };
            for entry in entries {
                let (key, value) = entry.map_err(|error| StoreError::failed("read", error))?;
                if let ControlFlow::Break(()) = visit(&key, payload(&key, &value)?) {
                    break;
                }
            }
            Ok(())
        })
    }

    fn applied_seq(&self) -> Seq {
        Seq(self.applied.load(Ordering::Acquire))
    }

    fn persist(&self) -> Result<(), StoreError> {
        guard("flush", || self.db.flush().map_err(|error| StoreError::failed("flush", error)))?;
        sync_all(&self.folder).map_err(|error| StoreError::failed("sync", error))
    }
}

/// Turns a panic of sled into an error.
fn guard<T>(action: &'static str, call: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(StoreError::failed(action, format!("sled panicked: {}", text.unwrap_or("without a word"))))
    })
}

fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let synced = if path.is_dir() { sync_all(&path) } else { File::open(&path).and_then(|file| file.sync_all()) };
        // sled deletes files of its own at any time.
        synced.or_else(absent_is_fine)?;
    }
    File::open(folder)?.sync_all()
}

fn framed(key: &[u8], seq: Seq, payload: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEAD + payload.len());
    value.extend_from_slice(&[VALUE_FORMAT, key[0], 0, 0, 0, 0]);
    value.extend_from_slice(&seq.0.to_le_bytes());
    value.extend_from_slice(payload);
    let check = check(key, &value);
    value[2..6].copy_from_slice(&check.to_le_bytes());
    value
}

fn check(key: &[u8], value: &[u8]) -> u32 {
    crc32c_append(crc32c_append(crc32c(key), &value[..2]), &value[6..])
}

fn payload<'a>(key: &[u8], value: &'a [u8]) -> Result<&'a [u8], StoreError> {
    let sound = value.len() >= HEAD && value[0] == VALUE_FORMAT && value[2..6] == check(key, value).to_le_bytes();
    if sound { Ok(&value[HEAD..]) } else { Err(damaged(key)) }
}

fn damaged(key: &[u8]) -> StoreError {
    StoreError::Damaged { key: key.iter().map(|byte| format!("{byte:02x}")).collect() }
}

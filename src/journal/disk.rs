//! The few operations on files by which the journal writes, its lock file and its format number.
//!
//! Reading goes to the file system directly. Writing goes through [`Disk`], so that a test can put a disk in its place
//! that loses power.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::JournalError;

/// Name and number of the format of segments.
pub(super) const FORMAT: &str = "clew journal 1";
const FORMAT_FILE: &str = "FORMAT";
const LOCK_FILE: &str = "LOCK";

/// Bytes that this process may still write where a folder lies.
pub(super) fn free_bytes(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Where segments are written.
pub(super) trait Disk: Send + Sync {
    /// Creates an empty segment.
    fn create(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>>;

    /// Opens a segment to go on behind its last byte.
    fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>>;

    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// A segment that is being written.
pub(super) trait SegmentFile: Send {
    /// Writes behind the last byte.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Drops everything from byte `length` on, durably.
    fn cut(&mut self, length: u64) -> io::Result<()>;

    /// Makes everything that was appended durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// The file system of the machine.
pub(super) struct LocalDisk;

impl Disk for LocalDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(File::create(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Box::new(file))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

impl SegmentFile for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.seek(SeekFrom::End(0))?;
        self.sync_data()
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Keeps every other process out of the journal's folder while it lives.
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would leave the lock with a child process that was forked and has not yet begun its program.
        let _ = self.file.unlock();
    }
}

impl Lock {
    /// Locks the folder, or says who has it.
    pub(super) fn take(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(LOCK_FILE);
        let fail = |source| JournalError::io("lock", &path, source);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = Vec::new();
                // The content is for people only; a lock without one is a lock all the same.
                let _ = file.take(32).read_to_end(&mut holder);
                return Err(JournalError::Locked { path, holder: String::from_utf8_lossy(&holder).trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(fail(source)),
        }
        file.set_len(0).map_err(fail)?;
        writeln!(file, "{}", std::process::id()).map_err(fail)?;
        Ok(Self { file })
    }
}

/// Creates the folder, its parents and their entries so that they outlive a power cut.
pub(super) fn create_folder(folder: &Path) -> Result<(), JournalError> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|source| JournalError::io("create", folder, source))?;
    match folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => LocalDisk.sync_folder(parent).map_err(|source| JournalError::io("sync", parent, source)),
        None => Ok(()),
    }
}

/// Checks the format number of the folder.
pub(super) fn check_format(folder: &Path) -> Result<(), JournalError> {
    let path = folder.join(FORMAT_FILE);
    let found = match fs::read(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes[..bytes.len().min(64)]).trim_end().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => "no file".to_owned(),
        Err(error) => return Err(JournalError::io("read", &path, error)),
    };
    if found == FORMAT { Ok(()) } else { Err(JournalError::UnknownFormat { path, found, known: FORMAT }) }
}

/// States the format number of a folder: a whole file or none, whatever happens.
pub(super) fn write_format(folder: &Path) -> Result<(), JournalError> {
    let (path, new) = (folder.join(FORMAT_FILE), folder.join("FORMAT.new"));
    let write = || -> io::Result<()> {
        let mut file = File::create(&new)?;
        writeln!(file, "{FORMAT}")?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        LocalDisk.sync_folder(folder)
    };
    write().map_err(|source| JournalError::io("write", &path, source))
}

/// The segments of a folder with the sequence number in their names, in order.
pub(super) fn segments(folder: &Path) -> Result<Vec<(u64, PathBuf)>, JournalError> {
    let fail = |source| JournalError::io("list", folder, source);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name();
        let number =
            name.to_str().and_then(|name| name.strip_suffix(".log")).filter(|stem| stem.len() == 20).and_then(|stem| stem.parse().ok());
        if let Some(number) = number {
            found.push((number, entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Path of the segment whose first document has the number `first`.
pub(super) fn segment_path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.log"))
}

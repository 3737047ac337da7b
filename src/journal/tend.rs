//! Checking a journal whole, and cutting it before damage. Never drops bytes: what is cut off is kept beside.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::JournalError;
use super::disk::{self, Disk, LocalDisk, Lock};
use super::walk::{Damage, Depth, survey};
use crate::model::Seq;

/// What was found in a journal, and what was done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Good segments.
    pub segments: usize,
    /// Good batches.
    pub batches: u64,
    /// The last good document.
    pub last: Seq,
    /// Bytes of the good part.
    pub bytes: u64,
    /// The first damage.
    pub damage: Option<Damage>,
    /// Files that hold what [`repair`] cut off.
    pub kept: Vec<PathBuf>,
}

impl Serialize for Report {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Place<'a> {
            segment: String,
            offset: u64,
            reason: &'a str,
            torn: bool,
        }
        #[derive(Serialize)]
        struct Shown<'a> {
            segments: usize,
            batches: u64,
            last: Seq,
            bytes: u64,
            damage: Option<Place<'a>>,
            kept: Vec<String>,
        }
        let damage = self.damage.as_ref().map(|damage| Place {
            segment: damage.segment.display().to_string(),
            offset: damage.offset,
            reason: damage.reason,
            torn: damage.torn,
        });
        let kept = self.kept.iter().map(|path| path.display().to_string()).collect();
        Shown { segments: self.segments, batches: self.batches, last: self.last, bytes: self.bytes, damage, kept }.serialize(serializer)
    }
}

/// Reads every byte of the journal of a folder and checks it, changing nothing.
pub fn verify(folder: &Path) -> Result<Report, JournalError> {
    let _lock = Lock::take(folder)?;
    disk::check_format(folder)?;
    Ok(report(folder)?.0)
}

fn report(folder: &Path) -> Result<(Report, Vec<PathBuf>), JournalError> {
    let survey = survey(folder, Depth::Blocks)?;
    let report = Report {
        segments: survey.segments.len(),
        batches: survey.records,
        last: Seq(survey.next - 1),
        bytes: survey.segments.iter().map(|segment| segment.end).sum(),
        damage: survey.damage,
        kept: Vec::new(),
    };
    Ok((report, survey.files))
}

/// What the name of a file with cut bytes has behind that of its segment.
const KEPT: &str = ".damaged-at-";

/// Cuts the journal of a folder behind the last good record before its first damage.
///
/// The damaged tail, good records behind the damage included, is kept in files beside the segments. A lost `FORMAT` file is
/// written anew.
pub fn repair(folder: &Path) -> Result<Report, JournalError> {
    let _lock = Lock::take(folder)?;
    if let Err(error) = disk::check_format(folder) {
        let lost = matches!(&error, JournalError::UnknownFormat { found, .. } if !found.starts_with("clew journal "));
        if !lost {
            return Err(error);
        }
        disk::write_format(folder)?;
    }
    let (mut report, files) = report(folder)?;
    let Some(damage) = report.damage.clone() else { return Ok(report) };
    // From the end on, so that an interrupted repair leaves a journal with the same first damage.
    for path in files.iter().rev().take_while(|path| **path != damage.segment) {
        report.kept.push(set_aside(path, 0)?);
    }
    report.kept.push(set_aside(&damage.segment, damage.offset)?);
    LocalDisk.sync_folder(folder).map_err(|source| JournalError::io("sync", folder, source))?;
    Ok(report)
}

/// Copies the bytes of a segment from `offset` on into a file beside it and returns its path.
pub(super) fn keep_beside(segment: &Path, offset: u64) -> io::Result<PathBuf> {
    let (mut kept, path) = create_beside(segment, offset)?;
    let mut file = File::open(segment)?;
    file.seek(SeekFrom::Start(offset))?;
    io::copy(&mut file, &mut kept)?;
    kept.sync_all()?;
    Ok(path)
}

/// The files of a folder that hold what was cut off, by name.
pub(super) fn kept(folder: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let list = || -> io::Result<Vec<PathBuf>> { fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect() };
    let mut found = list().map_err(|source| JournalError::io("list", folder, source))?;
    found.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains(KEPT)));
    found.sort();
    Ok(found)
}

/// Moves the bytes of a segment from `offset` on into a file of their own and returns its path.
fn set_aside(segment: &Path, offset: u64) -> Result<PathBuf, JournalError> {
    let fail = |source| JournalError::io("set aside", segment, source);
    let path = keep_beside(segment, offset).map_err(fail)?;
    let file = OpenOptions::new().write(true).open(segment).map_err(fail)?;
    if offset == 0 {
        fs::remove_file(segment).map_err(fail)?;
    } else {
        file.set_len(offset).map_err(fail)?;
        file.sync_all().map_err(fail)?;
    }
    Ok(path)
}

fn create_beside(segment: &Path, offset: u64) -> io::Result<(File, PathBuf)> {
    for turn in 0u32.. {
        let mut name = segment.as_os_str().to_owned();
        name.push(if turn == 0 { format!("{KEPT}{offset}") } else { format!("{KEPT}{offset}-{turn}") });
        match OpenOptions::new().write(true).create_new(true).open(&name) {
            Ok(file) => return Ok((file, name.into())),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

//! Work on a whole directory, with or without a server on it: `export`, `import`, `verify`, `rebuild`; `repair` of one that nobody can open.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::client::{Client, LOCKED, There};
use super::super::{Failure, Global};
use super::{Request, View, for_programs, print};
use crate::engine::{self, Options};
use crate::model::{Fault, FaultClass};

/// Where an export goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// File; standard output without it
    file: Option<PathBuf>,
}

/// Where an import comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// File; standard input without it
    file: Option<PathBuf>,
}

/// Refuses a directory without data.
fn existing(global: &Global) -> Result<PathBuf, Fault> {
    let dir = global.dir();
    if dir.join("journal").is_dir() {
        return Ok(dir);
    }
    Err(Fault::new(FaultClass::NotFound, "data_unknown", format!("no data in `{}`", dir.display()))
        .with_hint("name another folder with --data"))
}

/// Says of a directory that is in use what must happen first: this work needs it for itself.
fn alone(fault: Fault) -> Fault {
    if fault.code != LOCKED {
        return fault;
    }
    fault.with_hint("this command works on a directory that nothing else has open: stop its server (`server.json` names the process), then run it again")
}

/// Makes every view anew.
pub(crate) fn rebuild(global: &Global) -> Result<(), Failure> {
    let dir = existing(global)?;
    if let Some(there) = There::find(&dir) {
        return print(global, &there.work(&Request::post("/v1/rebuild", json!({})))?, View::Any);
    }
    let seq = engine::rebuild(&dir, Options::default()).map_err(alone)?;
    print(global, &json!({"documents": seq.0}), View::Any)
}

/// Compares every view with its rebuild.
pub(crate) fn verify(global: &Global) -> Result<(), Failure> {
    let dir = existing(global)?;
    let verification = match There::find(&dir) {
        Some(there) => there.work(&Request::post("/v1/verify", json!({})))?,
        None => json!(engine::verify(&dir, Options::default()).map_err(alone)?),
    };
    print(global, &verification, View::Any)?;
    if verification["equal"] == json!(true) {
        return Ok(());
    }
    Err(Fault::new(FaultClass::Internal, "views_differ", "a view does not equal its rebuild")
        .with_hint("`clew rebuild` makes every view anew")
        .into())
}

/// Cuts a damaged journal.
pub(crate) fn repair(global: &Global) -> Result<(), Failure> {
    let report = crate::journal::repair(&existing(global)?.join("journal")).map_err(Fault::from).map_err(alone)?;
    let kept: Vec<String> = report.kept.iter().map(|file| file.display().to_string()).collect();
    let damage = report.damage.as_ref().map(|damage| {
        json!({"segment": damage.segment.display().to_string(), "offset": damage.offset, "reason": damage.reason, "torn": damage.torn})
    });
    let answer = json!({"segments": report.segments, "batches": report.batches, "last": report.last.0, "bytes": report.bytes, "damage": damage, "kept": kept});
    print(global, &answer, View::Any)?;
    if report.damage.is_some() && !for_programs(global) {
        eprintln!("what was cut off is kept beside the journal; `clew rebuild` now makes the views from what is left");
    }
    Ok(())
}

impl Export {
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let dir = existing(global)?;
        let documents = match &self.file {
            None => {
                let mut out = Watched { out: BufWriter::new(io::stdout().lock()), left: false };
                let exported =
                    write(&dir, &mut out).and_then(|documents| out.flush().map(|()| documents).map_err(|error| unwritten(&error).into()));
                if out.left {
                    return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
                }
                exported?
            }
            Some(file) => {
                let failed = |error| unusable(file, &error);
                // An export that fails leaves the file of the last one as it was.
                let mut part = file.clone().into_os_string();
                part.push(".part");
                let mut out = BufWriter::new(File::create(&part).map_err(failed)?);
                let documents = match write(&dir, &mut out) {
                    Ok(documents) => documents,
                    Err(failure) => {
                        let _ = std::fs::remove_file(&part);
                        return Err(failure);
                    }
                };
                out.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)?;
                std::fs::rename(&part, file).map_err(failed)?;
                documents
            }
        };
        if !for_programs(global) {
            eprintln!("{documents} documents written");
        }
        Ok(())
    }
}

/// Writes all documents of a directory, from its server if it has one.
fn write(dir: &Path, out: &mut dyn Write) -> Result<u64, Failure> {
    match There::find(dir) {
        Some(there) => there.copy_lines(&Request::get("/v1/export"), out),
        None => Ok(engine::export(dir, Options::default(), out).map_err(alone)?),
    }
}

impl Import {
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let input: Box<dyn BufRead> = match &self.file {
            None => Box::new(BufReader::new(io::stdin())),
            Some(file) => Box::new(BufReader::new(File::open(file).map_err(|error| unusable(file, &error))?)),
        };
        let answer = match global.client(Client::writing)? {
            Client::There(there) => there.stream(&Request::get("/v1/import"), "application/x-ndjson", input)?,
            Client::Here(here) => {
                let mut input = input;
                let new = here.engine.import(&mut input)?;
                here.engine.close()?;
                json!({"new": new})
            }
        };
        print(global, &answer, View::Any)
    }
}

/// An output that remembers that its reader went away, which is no fault of the export.
struct Watched<W> {
    out: W,
    left: bool,
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).inspect_err(|error| self.left |= error.kind() == io::ErrorKind::BrokenPipe)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().inspect_err(|error| self.left |= error.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn unwritten(error: &io::Error) -> Fault {
    Fault::new(FaultClass::Unavailable, "output_failed", format!("the export cannot be written: {error}"))
}

fn unusable(file: &std::path::Path, error: &io::Error) -> Fault {
    Fault::new(FaultClass::NotFound, "file_unusable", format!("cannot open `{}`: {error}", file.display()))
}

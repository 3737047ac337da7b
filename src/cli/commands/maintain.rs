//! Work on a directory that no server has open: `rebuild`, `verify`, `export`, `import`, `repair`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;

use serde_json::json;

use super::super::{Failure, Global};
use super::{View, for_programs, print};
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

/// Makes every view anew.
pub(crate) fn rebuild(global: &Global) -> Result<(), Failure> {
    let seq = engine::rebuild(&existing(global)?, Options::default())?;
    print(global, &json!({"documents": seq.0}), View::Any)
}

/// Compares every view with its rebuild.
pub(crate) fn verify(global: &Global) -> Result<(), Failure> {
    let verification = engine::verify(&existing(global)?, Options::default())?;
    print(global, &verification, View::Any)?;
    if verification.equal {
        return Ok(());
    }
    Err(Fault::new(FaultClass::Internal, "views_differ", "a view does not equal its rebuild")
        .with_hint("`clew rebuild` makes every view anew")
        .into())
}

/// Cuts a damaged journal.
pub(crate) fn repair(global: &Global) -> Result<(), Failure> {
    let report = crate::journal::repair(&existing(global)?.join("journal")).map_err(Fault::from)?;
    let kept: Vec<String> = report.kept.iter().map(|file| file.display().to_string()).collect();
    let damage = report.damage.as_ref().map(|damage| {
        json!({"segment": damage.segment.display().to_string(), "offset": damage.offset, "reason": damage.reason, "torn": damage.torn})
    });
    let answer = json!({"segments": report.segments, "batches": report.batches, "last": report.last.0, "bytes": report.bytes, "damage": damage, "kept": kept});
    print(global, &answer, View::Any)
}

impl Export {
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let dir = existing(global)?;
        let documents = match &self.file {
            None => {
                let mut out = BufWriter::new(io::stdout().lock());
                let documents = engine::export(&dir, Options::default(), &mut out)?;
                out.flush()?;
                documents
            }
            Some(file) => {
                let failed = |error| unusable(file, &error);
                let mut out = BufWriter::new(File::create(file).map_err(failed)?);
                let documents = engine::export(&dir, Options::default(), &mut out)?;
                out.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)?;
                documents
            }
        };
        if !for_programs(global) {
            eprintln!("{documents} documents written");
        }
        Ok(())
    }
}

impl Import {
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        let mut input: Box<dyn BufRead> = match &self.file {
            None => Box::new(io::stdin().lock()),
            Some(file) => Box::new(BufReader::new(File::open(file).map_err(|error| unusable(file, &error))?)),
        };
        let documents = engine::import(&global.dir(), Options::default(), &mut input)?;
        print(global, &json!({"documents": documents}), View::Any)
    }
}

fn unusable(file: &std::path::Path, error: &io::Error) -> Fault {
    Fault::new(FaultClass::NotFound, "file_unusable", format!("cannot open `{}`: {error}", file.display()))
}

//! `ingest`: files, folders and standard input into the engine here or through the server there, and the summed report.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::client::{Client, Here, There};
use super::super::output::{self, Format};
use super::super::progress::Bar;
use super::super::{Failure, Global};
use super::{Request, View};
use crate::engine::{IngestNote, IngestReport, Ingested, RejectedDocument};
use crate::ingest::{Input, Options, check, entries, readable};
use crate::model::{Fault, FaultClass, Time};

/// Type of a body of any container.
const OCTETS: &str = "application/octet-stream";

/// What to take in.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  clew ingest SecurityAlert.json exports/ archive.zip
  clew ingest logs.csv --table MyTable_CL
  clew ingest findings.json --format guardduty
  zcat alerts.jsonl.gz | clew ingest -")]
pub(crate) struct Ingest {
    /// Files, folders and archives (zip, gz); `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Table for rows that name none
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
}

impl Ingest {
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        // A mistyped path must not leave an empty directory behind, nor half of the work done.
        for path in self.paths.iter().filter(|path| !is_stdin(path)) {
            path.metadata().map_err(|error| unreadable(path, &error))?;
        }
        check(&self.options(global)).map_err(Fault::from)?;
        let client = global.client(Client::writing)?;
        let bar = Bar::new(if self.paths.iter().any(|path| is_stdin(path)) {
            None
        } else {
            Some(self.paths.iter().map(|path| size(path)).sum())
        });
        let mut total = Value::Null;
        let outcome = match &client {
            Client::Here(here) => self.here(global, here, &bar, &mut total),
            Client::There(there) => self.there(global, there, &bar, &mut total),
        };
        bar.done();
        if let Err(failure) = outcome {
            if !total.is_null() {
                eprintln!("before the error: {}", summary(&total));
            }
            return Err(failure);
        }
        if let Client::Here(here) = &client {
            here.engine.close()?;
        }
        let format = if global.json { Format::Json } else { Format::Table };
        Ok(output::print(View::Report, &total, format)?)
    }

    fn options(&self, global: &Global) -> Options {
        Options { format: global.format.clone(), table: self.table.clone(), ..Options::default() }
    }

    fn here(&self, global: &Global, here: &Here, bar: &Bar, total: &mut Value) -> Result<(), Failure> {
        let begun = Time::now();
        let mut sum = IngestReport::default();
        let outcome = self.each(global, here, bar, &mut sum);
        if sum.documents > 0 || outcome.is_ok() {
            *total = report(&sum)?;
        }
        let name = |path: &PathBuf| if is_stdin(path) { "stdin".to_owned() } else { path.display().to_string() };
        let note = IngestNote {
            by: global.user().unwrap_or_else(|| "local".to_owned()),
            via: "command",
            run: None,
            sources: self.paths.iter().map(name).collect(),
            format: global.format.clone(),
            table: self.table.clone(),
        };
        // What was taken in before an error stays, and is told beside it.
        here.engine.note_ingest(&note, begun, &sum, outcome.as_ref().err());
        Ok(outcome?)
    }

    fn each(&self, global: &Global, here: &Here, bar: &Bar, sum: &mut IngestReport) -> Result<(), Fault> {
        let options = self.options(global);
        for path in &self.paths {
            bar.at(&path.display().to_string());
            let input = if is_stdin(path) {
                Input::Reader { name: "stdin".to_owned(), reader: Box::new(io::stdin()) }
            } else {
                Input::Path(path.clone())
            };
            let Ingested { report, fault } = here.engine.ingest_as_far(input, &options, bar);
            sum.add(report);
            fault.map_or(Ok(()), Err)?;
        }
        Ok(())
    }

    fn there(&self, global: &Global, there: &There, bar: &Bar, total: &mut Value) -> Result<(), Failure> {
        // The requests of one command leave one report.
        let run = format!("{}-{}", std::process::id(), Time::now().micros());
        let send = Sending { global, there, run: &run };
        for path in &self.paths {
            if is_stdin(path) {
                add(total, self.send(&send, "stdin", bar.reading(io::stdin()))?);
                continue;
            }
            let mut files = Vec::new();
            walk(path, &mut files).map_err(|error| unreadable(path, &error))?;
            for file in &files {
                bar.at(&file.display().to_string());
                // A file that was met in a folder keeps the others not out.
                let sent = match (self.file(&send, bar, file, path.is_dir()), path.is_dir()) {
                    (Err(failure), true) => refused(file, failure)?,
                    (sent, _) => sent?,
                };
                add(total, sent);
            }
        }
        Ok(())
    }

    fn file(&self, send: &Sending<'_>, bar: &Bar, file: &Path, met: bool) -> Result<Value, Failure> {
        let fail = |error: io::Error| unreadable(file, &error);
        if met {
            readable(file).map_err(fail)?;
        }
        self.send(send, &file.display().to_string(), bar.reading(File::open(file).map_err(fail)?))
    }

    fn send(&self, send: &Sending<'_>, name: &str, body: impl io::Read + 'static) -> Result<Value, Failure> {
        let request = Request::get("/v1/ingest")
            .with("format", send.global.format.as_ref())
            .with("table", self.table.as_ref())
            .with("source", Some(name))
            .with("run", Some(send.run))
            .by(send.global.user());
        send.there.stream(&request, OCTETS, body)
    }
}

/// The way of the files of one command to a server.
struct Sending<'a> {
    global: &'a Global,
    there: &'a There,
    /// Names the command.
    run: &'a str,
}

/// The report of a file that was refused whole; a failure that is not about the file is passed on.
fn refused(file: &Path, failure: Failure) -> Result<Value, Failure> {
    let (code, message) = match &failure {
        Failure::Fault(fault, _) => (fault.code.to_owned(), fault.message.clone()),
        Failure::Answer(shown) => (shown.code.clone(), shown.message.clone()),
        Failure::Output(_) => return Err(failure),
    };
    if !["archive_invalid", "archive_limit", "source_not_found", "source_unreadable"].contains(&code.as_str()) {
        return Err(failure);
    }
    let source = file.display().to_string();
    let rejects = vec![RejectedDocument { code: code.clone(), message, source, line: 1, excerpt: String::new() }];
    report(&IngestReport { documents: 1, rejected: 1, rejected_by_code: [(code, 1)].into(), rejects, ..IngestReport::default() })
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    let class = if error.kind() == io::ErrorKind::NotFound { FaultClass::NotFound } else { FaultClass::Unavailable };
    let code = if class == FaultClass::NotFound { "source_not_found" } else { "source_unreadable" };
    Fault::new(class, code, format!("cannot read `{}`: {error}", path.display()))
}

/// The files of a path in the order of their names.
fn walk(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    entries(path)?.iter().try_for_each(|entry| walk(entry, files))
}

/// Bytes of a file, or of all files in a folder; what cannot be looked at counts nothing here and is an error later.
fn size(path: &Path) -> u64 {
    let mut files = Vec::new();
    let _ = walk(path, &mut files);
    files.iter().filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum()
}

/// A report as the API gives it.
pub(crate) fn report(report: &IngestReport) -> Result<Value, Failure> {
    Ok(serde_json::to_value(report).map_err(io::Error::from)?)
}

/// One line about a report.
pub(crate) fn summary(report: &Value) -> String {
    let number = |name: &str| report[name].as_u64().unwrap_or(0);
    format!(
        "{} documents read, {} new, {} updated, {} duplicate, {} rejected",
        number("documents"),
        number("new"),
        number("updated"),
        number("duplicate"),
        number("rejected")
    )
}

/// Adds the numbers of another report: counts add up, times widen, rejects stay few.
fn add(total: &mut Value, report: Value) {
    if total.is_null() {
        *total = report;
        return;
    }
    let (Some(total), Value::Object(report)) = (total.as_object_mut(), report) else { return };
    for (name, theirs) in report {
        let mine = total.entry(name.clone()).or_insert(Value::Null);
        *mine = match (name.as_str(), std::mem::take(mine), theirs) {
            (_, Value::Null, theirs) => theirs,
            (_, mine, Value::Null) => mine,
            ("first", Value::String(mine), Value::String(theirs)) => mine.min(theirs).into(),
            ("last", Value::String(mine), Value::String(theirs)) => mine.max(theirs).into(),
            ("seq", mine, theirs) => mine.as_u64().max(theirs.as_u64()).into(),
            (_, Value::Number(mine), Value::Number(theirs)) => sum(&mine, &theirs),
            (_, Value::Array(mut mine), Value::Array(theirs)) => {
                mine.extend(theirs);
                mine.truncate(IngestReport::REJECTS_MAX);
                mine.into()
            }
            (_, mine @ Value::Object(_), theirs) => {
                let mut mine = mine;
                add(&mut mine, theirs);
                mine
            }
            (_, mine, _) => mine,
        };
    }
}

fn sum(a: &serde_json::Number, b: &serde_json::Number) -> Value {
    match (a.as_u64(), b.as_u64()) {
        (Some(a), Some(b)) => a.saturating_add(b).into(),
        _ => (a.as_f64().unwrap_or(0.0) + b.as_f64().unwrap_or(0.0)).into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reports_add_up() {
        let mut total = Value::Null;
        add(
            &mut total,
            json!({"documents": 2, "first": "2021-01-02T00:00:00Z", "last": "2021-01-03T00:00:00Z", "seq": 2, "seconds": 0.5, "entities": {"ip": 1}, "rejects": [1]}),
        );
        add(
            &mut total,
            json!({"documents": 3, "first": "2021-01-01T00:00:00Z", "last": null, "seq": 0, "seconds": 1.0, "entities": {"ip": 2, "host": 1}, "rejects": [2], "rejects_file": "x"}),
        );
        let expected = json!({"documents": 5, "first": "2021-01-01T00:00:00Z", "last": "2021-01-03T00:00:00Z", "seq": 2, "seconds": 1.5, "entities": {"ip": 3, "host": 1}, "rejects": [1, 2], "rejects_file": "x"});
        assert_eq!(total, expected);
        assert_eq!(summary(&total), "5 documents read, 0 new, 0 updated, 0 duplicate, 0 rejected");
    }
}

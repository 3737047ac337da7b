//! The command line: reads arguments, asks the same questions as the HTTP door, prints answers for people and programs.
//!
//! Exit codes: 0 done, 1 the answer is an error, 2 wrong usage. Everything a person reads of an answer is made from the
//! JSON that `--json` prints; nothing here knows how a question is answered.

mod client;
mod commands;
mod fault;
mod giving_up;
mod output;
mod progress;
mod render;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use tracing_subscriber::EnvFilter;

use crate::access::workspace_name;
use crate::http::{request, workspace_folder};
use crate::model::Fault;
use client::{Client, LOCKED};
use commands::Command;
use output::Format;

/// Folder of the data when neither `--data` nor `CLEW_DATA` names one.
const DATA_DEFAULT: &str = "clew-data";

/// Time between two looks whether a directory that is in use is free.
const LOCK_PAUSE: Duration = Duration::from_millis(200);

/// Codes of answers that say that the command was given wrongly, whoever finds it out.
const USAGE: [&str; 13] = [
    "cursor_invalid",
    "entity_reference_kind",
    "entity_reference_no_kind",
    "format_invalid",
    "format_unknown",
    "limit_invalid",
    "parameter_invalid",
    "parameter_missing",
    "parameter_repeated",
    "parameter_unknown",
    "relation_unknown",
    "table_name_invalid",
    "time_invalid",
];

const EXAMPLES: &str = "\
Examples:
  clew ingest alerts.json exports/          take in files and folders
  clew incidents --status open              what there is to do
  clew incident 42                          one incident with its alerts and entities
  clew search 'title:logon AND severity:high'
  clew explore host:WS6 --all               every question that fits a host
  clew timeline incident:42 --format csv > story.csv
  clew serve                                the same over HTTP, described at /docs
  clew demo                                 sample data, to look around";

/// Incident investigation: alerts, incidents and raw events become an entity graph, tables and a full-text index.
#[derive(Debug, Parser)]
#[command(name = "clew", version, about, after_help = EXAMPLES, max_term_width = 120)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "For every command")]
pub(crate) struct Global {
    /// Folder of the data [default: clew-data]
    #[arg(long, global = true, env = "CLEW_DATA", value_name = "DIR", hide_env_values = true)]
    data: Option<PathBuf>,
    /// Workspace of the data [default: the one that the folder itself is]
    #[arg(long, global = true, env = "CLEW_WORKSPACE", value_name = "NAME", hide_env_values = true)]
    workspace: Option<String>,
    /// Print the body that the API gives for the same question
    #[arg(long, global = true)]
    json: bool,
    /// How to print the answer: table, json, csv, jsonl or md, of `query` arrow or parquet too; of `ingest`: the format of the documents
    #[arg(long, global = true, value_name = "FORMAT")]
    format: Option<String>,
    /// End at once when another command has the data open; without it, wait until that is done
    #[arg(long, global = true)]
    no_wait: bool,
    /// Who makes changes, as the activity log names them [default: the system's user]
    #[arg(long = "as", global = true, env = "CLEW_USER", value_name = "NAME", hide_env_values = true)]
    user: Option<String>,
}

impl Global {
    /// Who makes changes.
    fn user(&self) -> Option<String> {
        let system = || ["USER", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
        self.user.clone().or_else(|| system().filter(|name| is_sendable(name)))
    }

    /// The data directory.
    fn root(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| DATA_DEFAULT.into())
    }

    /// The folder of the workspace: the data directory itself, or one inside.
    fn dir(&self) -> PathBuf {
        match self.workspace.as_deref().map(workspace_name) {
            Some(Ok(name)) => workspace_folder(&self.root(), &name),
            // A name that is none was refused before.
            _ => self.root(),
        }
    }

    /// How to print the answer.
    fn format(&self) -> Format {
        if self.json { Format::Json } else { self.asked().and_then(Result::ok).unwrap_or_default() }
    }

    /// Opens the data by `open`; waits while another command has them open, and says so.
    fn client(&self, open: fn(&Path) -> Result<Client, Fault>) -> Result<Client, Fault> {
        let dir = self.dir();
        let mut told = false;
        loop {
            match open(&dir) {
                Err(fault) if fault.code == LOCKED && !self.no_wait => {
                    if !told {
                        eprintln!("waiting: another command has `{}` open (--no-wait ends at once)", dir.display());
                        told = true;
                    }
                    thread::sleep(LOCK_PAUSE);
                }
                opened => return opened,
            }
        }
    }

    fn asked(&self) -> Option<Result<Format, String>> {
        self.format.as_deref().map(|text| Format::from_str(text, true))
    }

    /// Refuses a way of printing that there is not. `ingest` reads the same option as a format of documents.
    fn check(&self, command: &Command) -> Result<(), clap::Error> {
        let refuse = |kind, message: String| Err(Cli::command().error(kind, message));
        if let Some(Err(fault)) = self.workspace.as_deref().map(workspace_name) {
            return refuse(ErrorKind::InvalidValue, fault.message);
        }
        match self.asked() {
            _ if matches!(command, Command::Ingest(_)) => Ok(()),
            Some(Err(_)) => {
                let text = self.format.as_deref().unwrap_or_default();
                let more = if matches!(command, Command::Query(_)) { ", arrow, parquet" } else { "" };
                refuse(ErrorKind::InvalidValue, format!("expected --format table, json, csv, jsonl{more} or md, found `{text}`"))
            }
            Some(Ok(format)) if format.is_binary() && !matches!(command, Command::Query(_)) => {
                refuse(ErrorKind::InvalidValue, "only `clew query` prints arrow and parquet".to_owned())
            }
            Some(Ok(format)) if self.json && format != Format::Json => {
                refuse(ErrorKind::ArgumentConflict, "--json and another --format exclude each other".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Whether a name can stand in the head of a request; a system's user that cannot is left out, and no question fails for it.
fn is_sendable(name: &str) -> bool {
    !name.trim().is_empty() && name.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Why a command ended without its answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The answer is an error; with the text that its span points into.
    Fault(Fault, Option<String>),
    /// The answer of a server is an error.
    Answer(fault::Shown),
    /// The answer cannot be printed.
    Output(io::Error),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault, None)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Runs the command line `arguments`, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments).and_then(|cli| cli.global.check(&cli.command).map(|()| cli)) {
        Ok(cli) => cli,
        Err(error) => {
            // A help text that cannot be printed has nowhere to say so.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    trace(cli.command.serves());
    match cli.command.run(&cli.global) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprint!("{}", fault::text(&failure));
            let usage = fault::shown(&failure).is_some_and(|shown| USAGE.contains(&shown.code.as_str()));
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}

/// Sends log lines to the standard error: JSON from a server, a few words from a command.
fn trace(serves: bool) {
    let default = if serves { "info" } else { "error" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let ansi = output::colours(&io::stderr());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(io::stderr);
    // A second start within one process (tests) keeps the first one's log.
    let _ = if serves { builder.json().try_init() } else { builder.without_time().try_init() };
}

#[cfg(test)]
mod tests;
